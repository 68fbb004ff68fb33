#include "tests/contract.h"

#include "persistence/store_memory.h"
#include "persistence/store_sqlite.h"
#include "tests/scratch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BYTES_MAX (256u << 20)

enum kind {
    MEMORY,
    SQLITE_DISK,
    SQLITE_OS
};

static enum kind kind;
static struct scratch scratch;
struct store *store;

const char *open_store(void)
{
    static char says[STORE_SQLITE_ERROR_MAX];
    if (kind == MEMORY) {
        store = store_memory_create(BYTES_MAX);
        ck_assert_ptr_nonnull(store);
        return "";
    }
    struct store_sqlite_options options = {.folder = scratch.path, .sync = kind == SQLITE_DISK};
    ck_assert_msg(store_sqlite_open(&options, &store, says) == STORE_OK, "%s", says);
    return says;
}

static void open_well(void)
{
    ck_assert_str_eq(open_store(), "");
}

static void make_memory(void)
{
    kind = MEMORY;
    open_well();
}

void make_sqlite_disk(void)
{
    kind = SQLITE_DISK;
    scratch = scratch_make();
    open_well();
}

static void make_sqlite_os(void)
{
    kind = SQLITE_OS;
    scratch = scratch_make();
    open_well();
}

const char *store_folder(void)
{
    return scratch.path;
}

void drop_store(void)
{
    store->close(store);
    if (kind != MEMORY)
        scratch_remove(&scratch);
}

void reopen(void)
{
    if (kind == MEMORY)
        return;
    store->close(store);
    open_well();
}

/* --- Words for the tests ------------------------------------------------------------------------ */

uint64_t fence;

void claim(void)
{
    ok(store->claim(store, &fence));
}

enum store_result append(uint64_t number, const char *text)
{
    return store->append(store, fence,
                         &(struct store_flush){.number = number, .bytes = bytes_of(text)});
}

struct store_blob blob(uint64_t first, uint64_t last, const char *text)
{
    return (struct store_blob){
        .incarnation = 5, .first = first, .last = last, .bytes = bytes_of(text)};
}

enum store_result seal_segment(const char *name, uint64_t first, uint64_t last, const char *text)
{
    struct store_sealed sealed = {
        .name = bytes_of(name), .kind = bytes_of("open"), .segment = blob(first, last, text)};
    return store->seal(store, &sealed, 1, WALL_MS);
}

enum store_result seal_snapshot(const char *name, uint64_t tick, const char *text)
{
    struct store_sealed sealed = {
        .name = bytes_of(name), .kind = bytes_of("open"), .snapshot = blob(tick, tick, text)};
    return store->seal(store, &sealed, 1, WALL_MS + tick);
}

static bool see(struct seen *seen, const char *where, struct bytes bytes)
{
    size_t length = strlen(where);
    ck_assert_uint_lt(seen->length + length + bytes.length + 1, sizeof seen->text);
    memcpy(seen->text + seen->length, where, length);
    seen->length += length;
    if (bytes.length > 0)
        memcpy(seen->text + seen->length, bytes.data, bytes.length);
    seen->length += bytes.length;
    seen->text[seen->length++] = ' ';
    return seen->left == 0 || --seen->left > 0;
}

bool see_flush(void *context, const struct store_flush *flush)
{
    char where[32];
    snprintf(where, sizeof where, "%" PRIu64 ":", flush->number);
    return see(context, where, flush->bytes);
}

bool see_blob(void *context, const struct store_blob *seen)
{
    char where[64];
    snprintf(where, sizeof where, "%" PRIu64 "-%" PRIu64 ":", seen->first, seen->last);
    return see(context, where, seen->bytes);
}

bool see_name(void *context, const struct store_room *room)
{
    return see(context, "", room->name);
}

void expect_flushes(const char *wanted, uint64_t wanted_last)
{
    struct seen seen = {0};
    uint64_t last;
    ok(store->flushes(store, see_flush, &seen, &last));
    ck_assert_str_eq(seen.text, wanted);
    ck_assert_uint_eq(last, wanted_last);
}

void expect_log(const char *name, uint64_t after, const char *wanted)
{
    struct seen seen = {0};
    ok(store->read(store, bytes_of(name), after, see_blob, &seen));
    ck_assert_str_eq(seen.text, wanted);
}

void expect_snapshot(const char *name, uint64_t tick, const char *wanted)
{
    struct seen seen = {0};
    ok(store->snapshot(store, bytes_of(name), tick, see_blob, &seen));
    ck_assert_str_eq(seen.text, wanted);
}

void expect_rooms(const char *wanted)
{
    struct seen seen = {0};
    ok(store->rooms(store, see_name, &seen));
    ck_assert_str_eq(seen.text, wanted);
}

static void copy(char *to, struct bytes from)
{
    if (from.length > 0)
        memcpy(to, from.data, from.length);
    to[from.length] = '\0';
}

bool see_room(void *context, const struct store_room *room)
{
    struct told *told = context;
    told->room = *room;
    copy(told->name, room->name);
    copy(told->kind, room->kind);
    copy(told->reason, room->reason);
    return true;
}

struct told tell(const char *name)
{
    struct told told = {0};
    ok(store->room(store, bytes_of(name), see_room, &told));
    return told;
}

/* --- Cases ---------------------------------------------------------------------------------------- */

void contract_cases(Suite *suite, void (*add)(TCase *tests))
{
    static const struct {
        const char *name;
        void (*make)(void);
    } stores[] = {
        {"memory", make_memory}, {"sqlite_disk", make_sqlite_disk}, {"sqlite_os", make_sqlite_os}};
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        TCase *tests = tcase_create(stores[i].name);
        tcase_set_timeout(tests, 30);
        tcase_add_checked_fixture(tests, stores[i].make, drop_store);
        add(tests);
        suite_add_tcase(suite, tests);
    }
}
