/* check_removal_cut - a room is deleted and made anew, and the power fails at any call to the disk:
 * it comes back whole or not at all, not at all once that was answered, and never in its successor.
 *
 * The disk is the shim's: what was not synced is there, in part, or not, as the seed has it.
 */
#include "persistence/store_sqlite.h"
#include "server/storage.h"
#include "sync/log.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tests/shim_vfs.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>

#define CALLS_MAX 2000u

/* Records of the room that is deleted, and of the one that follows it. */
#define RECORDS_OLD 3u
#define RECORDS_NEW 1u

/* Where the room is when it is deleted. */
enum whereabouts {
    IN_JOURNAL,
    IN_ARCHIVE,
    IN_BOTH,
    WHEREABOUTS
};

static const struct bytes lobby = {(const uint8_t *)"lobby", 5};

static struct scratch scratch;
static struct shim_vfs *shim;
static struct storage *storage;
static struct room *room;
static uint64_t now_ms;
static struct {
    bool answered;
    enum store_result answer;
    uint64_t flushed; /* number of the last flush that is durable */
} seen;

static uint64_t hand_held_ms(void)
{
    return now_ms;
}

/* --- The server ---------------------------------------------------------------------------------- */

static void live(void)
{
    char error[STORE_SQLITE_ERROR_MAX];
    struct store *store;
    struct store_sqlite_options files = {.folder = scratch.path, .sync = true, .vfs = "shim"};
    ck_assert_msg(store_sqlite_open(&files, &store, error) == STORE_OK, "%s", error);
    ck_assert_str_eq(error, "");
    storage = storage_create(&(struct storage_options){.store = store,
                                                       .rooms = {.saves = true},
                                                       .kinds = &kinds_built_in,
                                                       .clock_ms = hand_held_ms},
                             error);
    ck_assert_msg(storage != NULL, "%s", error);
}

static void work(void)
{
    struct storage_event event;
    storage_flush(storage, 0, true);
    storage_work(storage);
    while (storage_next(storage, &event)) {
        if (event.kind == STORAGE_FLUSHED)
            seen.flushed = event.number;
        if (event.kind != STORAGE_REMOVED)
            continue;
        seen.answered = true;
        seen.answer = event.answer;
    }
}

static void work_and_seal(void)
{
    work();
    now_ms += STORAGE_SEAL_MS;
    work();
}

static void die(void)
{
    shim_vfs_power_off(shim);
    storage_abandon(storage);
    (void)storage_stop(storage);
    storage_destroy(storage);
    shim_vfs_power_on(shim, SHIM_LOSS_CHANCE);
    shim_vfs_fault(shim, (struct shim_fault){0});
}

/* --- The room ------------------------------------------------------------------------------------ */

static void log_room(void)
{
    static uint8_t entry[1 << 16];
    struct writer writer = writer_on(entry, sizeof entry);
    if (!room_log_pending(room))
        return;
    room_log_write(room, 1000, &writer);
    uint64_t tick = room_logged(room);
    ck_assert(storage_log(storage, &(struct flush_entry){.room = lobby,
                                                         .incarnation = room_incarnation(room),
                                                         .first = tick,
                                                         .last = tick,
                                                         .bytes = writer_bytes(&writer)}));
}

static void write_record(uint32_t seat, unsigned number)
{
    char line[64];
    snprintf(line, sizeof line, "[0 'papers' 'p%u' 'x' %u]", number, number);
    ck_assert_int_eq(outcome(room, seat, line), STATUS_OK);
    log_room();
}

static uint32_t make_room(uint64_t incarnation)
{
    room_destroy(room);
    room = room_create(&(struct room_options){
        .rules = &kind_open, .incarnation = incarnation, .logs = true, .saves = true});
    ck_assert_ptr_nonnull(room);
    log_room();
    return join(room, 1, ROLE_EDITOR);
}

/* Not sealed by the way. */
static void prepare(enum whereabouts where)
{
    live();
    uint32_t seat = make_room(5);
    write_record(seat, 1);
    write_record(seat, 2);
    if (where == IN_JOURNAL)
        work();
    else
        work_and_seal();
    if (where != IN_ARCHIVE)
        write_record(seat, 3);
    work();
}

static uint32_t records_before(enum whereabouts where)
{
    return where == IN_ARCHIVE ? RECORDS_OLD - 1 : RECORDS_OLD;
}

/* The number of the flush that holds all of the successor; 0 when nobody could make it. */
static uint64_t delete_and_make_anew(void)
{
    seen.answered = false;
    ck_assert(storage_remove(storage, lobby, 5));
    work();
    if (!seen.answered || seen.answer != STORE_OK)
        return 0;
    uint64_t number = storage_open_number(storage);
    uint32_t seat = make_room(9);
    write_record(seat, 1);
    work_and_seal();
    return number;
}

/* --- What is there ------------------------------------------------------------------------------- */

static void check_room(enum whereabouts where, uint64_t number, uint64_t at)
{
    struct storage_event event;
    bool deleted = seen.answered && seen.answer == STORE_OK;
    bool successor = number > 0 && seen.flushed >= number;
    ck_assert(storage_load(storage, lobby, NULL));
    storage_work(storage);
    do
        ck_assert(storage_next(storage, &event));
    while (event.kind != STORAGE_LOADED);
    uint32_t records = event.room != NULL ? room_records(event.room) : 0;
    bool is_old =
        event.result == LOAD_DONE && event.incarnation == 5 && records == records_before(where);
    bool is_new = event.result == LOAD_DONE && event.incarnation == 9 && records <= RECORDS_NEW;
    bool is_none = event.result == LOAD_NONE && event.incarnation >= 5;
    room_destroy(event.room);
    const char *expected = successor ? "the successor" : deleted ? "none" : "the old one or none";
    bool good = successor ? is_new && records == RECORDS_NEW
                : deleted ? is_none || (number > 0 && is_new)
                          : is_none || is_old;
    ck_assert_msg(good, "call %" PRIu64 ": %s, not result %d, incarnation %" PRIu64 ", %u records",
                  at, expected, (int)event.result, event.incarnation, records);
    ck_assert(!storage_figures(storage).archive_fails);
}

/* Whether the work came to its end before that many calls. */
static bool passes_untouched(enum whereabouts where, uint64_t at)
{
    scratch = scratch_make();
    shim = shim_vfs_create("shim", at);
    seen.flushed = 0;
    now_ms = 1000000;
    prepare(where);
    shim_vfs_fault(shim, (struct shim_fault){.calls = SHIM_CALL_ALL, .at = at, .power_off = true});
    uint64_t number = delete_and_make_anew();
    bool untouched = shim_vfs_power(shim);
    die();
    live();
    check_room(where, number, at);
    /* And what the next start makes of it is the same. */
    now_ms += STORAGE_SEAL_MS;
    work();
    ck_assert(storage_stop(storage));
    storage_destroy(storage);
    live();
    check_room(where, number, at);
    ck_assert(storage_stop(storage));
    storage_destroy(storage);
    shim_vfs_destroy(shim);
    scratch_remove(&scratch);
    return untouched;
}

START_TEST(a_deleted_room_is_there_whole_or_not_at_all)
{
    uint64_t at = 1;
    while (!passes_untouched((enum whereabouts)_i, at))
        ck_assert_uint_lt(++at, CALLS_MAX);
    printf("the power failed at each of %" PRIu64 " calls\n", at - 1);
    ck_assert_uint_gt(at, 10);
    room_destroy(room);
    room = NULL;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("removal cut");
    TCase *cases = tcase_create("every call");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, a_deleted_room_is_there_whole_or_not_at_all, 0, WHEREABOUTS);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
