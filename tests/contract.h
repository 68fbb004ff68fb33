/* contract.h - every store there is, for the tests of what they all promise, and words for those.
 *
 *   static void add_tests(TCase *tests) { tcase_add_test(tests, what_is_sealed_is_read); }
 *   contract_cases(suite, add_tests);      each test runs against each store, opened in `store`
 *
 *   ok(seal_segment("a", 1, 3, "log"));
 *   expect_log("a", 0, "1-3:log ");
 */
#ifndef TESTS_CONTRACT_H
#define TESTS_CONTRACT_H

#include "persistence/store.h"

#include <check.h>

#define WALL_MS 1700000000000u

extern struct store *store; /* of the test that runs */
extern uint64_t fence;      /* of the last claim() */

void contract_cases(Suite *suite, void (*add)(TCase *tests));

/* For tests of the store in files alone: a fixture, its folder, and what the store says where it is
 * opened after store->close(). */
void make_sqlite_disk(void);
void drop_store(void);
const char *store_folder(void);
const char *open_store(void);

/* What a store keeps, it keeps over this; the one in memory keeps nothing and is left as it is. */
void reopen(void);

/* --- Calls --------------------------------------------------------------------------------------- */

#define gives(wanted, call)                                                                        \
    do {                                                                                           \
        enum store_result result_ = (call);                                                        \
        ck_assert_msg(result_ == (wanted), "%s: %s, not %s (%s)", #call,                           \
                      store_result_text(result_), store_result_text(wanted), store->place(store)); \
    } while (0)
#define ok(call) gives(STORE_OK, call)

void claim(void);
enum store_result append(uint64_t number, const char *text);

/* Blobs are of incarnation 5, rooms of kind `open`. */
struct store_blob blob(uint64_t first, uint64_t last, const char *text);
enum store_result seal_segment(const char *name, uint64_t first, uint64_t last, const char *text);
enum store_result seal_snapshot(const char *name, uint64_t tick, const char *text);

/* --- What is there -------------------------------------------------------------------------------- */

/* What visitors saw, as text: "1:a 2:b " of flushes, "1-3:abc " of blobs, "a b " of rooms. */
struct seen {
    char text[4096];
    size_t length;
    unsigned left; /* visits before it says stop; 0 for all */
};

/* Visitors, with a struct seen. */
bool see_flush(void *context, const struct store_flush *flush);
bool see_blob(void *context, const struct store_blob *blob);
bool see_name(void *context, const struct store_room *room);

void expect_flushes(const char *wanted, uint64_t wanted_last);
void expect_log(const char *name, uint64_t after, const char *wanted);
void expect_snapshot(const char *name, uint64_t tick, const char *wanted);
void expect_rooms(const char *wanted);

/* A room as room() tells of it, with the texts that its views show. */
struct told {
    struct store_room room;
    char name[ROOM_NAME_MAX + 1], kind[NAME_BYTES_MAX + 1], reason[STORE_REASON_MAX + 1];
};

bool see_room(void *context, const struct store_room *room); /* a visitor, with a struct told */
struct told tell(const char *name);

#endif
