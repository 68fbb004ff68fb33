/* check_sealing.c - sealing into real files of which something is damaged while the storage runs:
 * one room's damage is that room's alone. How much one transaction of a sealing takes, and what may come
 * between two of them. */
#include "persistence/store_sqlite.h"
#include "server/storage.h"
#include "tests/run_suite.h"
#include "tests/scratch.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define ROOMS 5

static struct scratch scratch;
static struct store *store;
static struct storage *storage;
static char salvaged[STORE_SQLITE_ERROR_MAX];
static uint64_t now_ms;
static uint64_t ticks[ROOMS];
static size_t lengths[ROOMS][32]; /* of what was logged in each */
static char trouble[STORE_PLACE_MAX];

/* What went to the store in one transaction each. */
static struct {
    size_t count;
    uint64_t bytes;
} sealings[64];
static size_t sealing_count;
static void (*sealed_so_many)(size_t count); /* told at the end of each */
static enum store_result sealing_fails;      /* STORE_OK: it does not */
static enum store_result (*seal)(struct store *, const struct store_sealed *, size_t, uint64_t);

static uint64_t hand_held_ms(void)
{
    return now_ms;
}

static const struct kinds none;

static enum store_result
note_sealing(struct store *of, const struct store_sealed *sealed, size_t count, uint64_t wall_ms)
{
    ck_assert_uint_lt(sealing_count, sizeof sealings / sizeof sealings[0]);
    sealings[sealing_count].count = count;
    sealings[sealing_count].bytes = 0;
    for (size_t i = 0; i < count; i++)
        sealings[sealing_count].bytes +=
            sealed[i].segment.bytes.length + sealed[i].snapshot.bytes.length;
    enum store_result result = sealing_fails;
    if (result == STORE_OK)
        result = seal(of, sealed, count, wall_ms);
    sealing_count++;
    if (sealed_so_many != NULL)
        sealed_so_many(sealing_count);
    return result;
}

static void live(uint64_t sealing_bytes)
{
    char error[STORAGE_ERROR_MAX];
    struct store_sqlite_options files = {.folder = scratch.path, .sync = true};
    ck_assert_int_eq(store_sqlite_open(&files, &store, salvaged), STORE_OK);
    seal = store->seal;
    store->seal = note_sealing;
    storage = storage_create(&(struct storage_options){.store = store,
                                                       .kinds = &none,
                                                       .clock_ms = hand_held_ms,
                                                       .sealing_bytes = sealing_bytes},
                             error);
    ck_assert_msg(storage != NULL, "%s", error);
}

static void setup(void)
{
    scratch = scratch_make();
    now_ms = 1000000;
    trouble[0] = '\0';
    memset(ticks, 0, sizeof ticks);
    sealed_so_many = NULL;
    sealing_fails = STORE_OK;
    live(0);
}

static void end(void)
{
    ck_assert(storage_stop(storage));
    storage_destroy(storage);
    storage = NULL;
}

static void teardown(void)
{
    storage_destroy(storage);
    scratch_remove(&scratch);
}

/* --- Words --------------------------------------------------------------------------------------- */

static struct bytes room_name(unsigned room)
{
    static const char *const names[ROOMS] = {"room0", "room1", "room2", "room3", "room4"};
    return bytes_of(names[room]);
}

static void log_tick(unsigned room, size_t length)
{
    static uint8_t bytes[300 << 10];
    uint64_t tick = ++ticks[room];
    ck_assert_uint_lt(tick, sizeof lengths[0] / sizeof lengths[0][0]);
    lengths[room][tick] = length;
    memset(bytes, (int)('a' + tick), sizeof bytes);
    bytes[length - 1] = 0xdb; /* a string that does not end: what is no log is not packed */
    struct flush_entry entry = {.room = room_name(room),
                                .incarnation = 7,
                                .first = tick,
                                .last = tick,
                                .bytes = {bytes, length}};
    ck_assert(storage_log(storage, &entry));
}

static void work(void)
{
    struct storage_event event;
    storage_flush(storage, 0, true);
    storage_work(storage);
    while (storage_next(storage, &event))
        if (event.kind == STORAGE_TROUBLE)
            memcpy(trouble, event.text, sizeof trouble);
}

static void log_all(void)
{
    for (unsigned room = 0; room < ROOMS; room++)
        log_tick(room, 100);
    work();
}

static void seal_all(void)
{
    sealing_count = 0;
    now_ms += STORAGE_SEAL_MS;
    work();
}

/* From beside the storage, as a bad disk would do it. */
static void damage(const char *sql)
{
    char path[SCRATCH_PATH_MAX + 32];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/archive.db", scratch.path);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    ck_assert_int_gt(sqlite3_changes(db), 0);
    sqlite3_close(db);
}

static bool take_room(void *context, const struct store_room *room)
{
    *(struct store_room *)context = *room;
    return false;
}

/* Of a room that is well in the archive, the last tick there. */
static uint64_t sealed_tick(unsigned room)
{
    struct store_room found = {0};
    ck_assert_int_eq(store->room(store, room_name(room), take_room, &found), STORE_OK);
    ck_assert_int_eq(found.state, STORE_ROOM_WELL);
    return found.last;
}

struct letters {
    size_t seen[32];
};

static bool take_letters(void *context, const struct store_blob *segment)
{
    struct letters *letters = context;
    for (size_t i = 0; i < segment->bytes.length; i++)
        if (segment->bytes.data[i] != 0xdb)
            letters->seen[segment->bytes.data[i] - 'a']++;
    return true;
}

/* Every tick of the room is in the archive's log, once. */
static void expect_log(unsigned room)
{
    struct letters letters = {0};
    ck_assert_int_eq(store->read(store, room_name(room), 0, take_letters, &letters), STORE_OK);
    for (uint64_t tick = 1; tick <= ticks[room]; tick++)
        ck_assert_msg(letters.seen[tick] == lengths[room][tick] - 1, "tick %d", (int)tick);
}

static struct storage_event load(unsigned room)
{
    struct storage_event event;
    ck_assert(storage_load(storage, room_name(room), NULL));
    storage_work(storage);
    do
        ck_assert(storage_next(storage, &event));
    while (event.kind != STORAGE_LOADED);
    return event;
}

/* The journal holds nothing that the archive has not: it has been released. */
static void expect_nothing_kept(void)
{
    struct storage_load_figures figures = storage_figures(storage);
    ck_assert(!figures.archive_fails);
    ck_assert(!figures.archive_behind);
    ck_assert_uint_eq(figures.kept_bytes, 0);
}

/* --- Damage -------------------------------------------------------------------------------------- */

static const char spoil_row[] =
    "UPDATE room SET incarnation = incarnation + 1 WHERE name = CAST('room2' AS BLOB)";

START_TEST(a_damaged_row_stops_no_other_room)
{
    log_all();
    seal_all();
    damage(spoil_row);
    for (int round = 0; round < 3; round++) {
        log_all();
        seal_all();
        expect_nothing_kept();
        for (unsigned room = 0; room < ROOMS; room++)
            if (room != 2)
                ck_assert_uint_eq(sealed_tick(room), ticks[room]);
    }
    /* It is known from the first time on: the others need not fail with it again. */
    ck_assert_uint_eq(sealing_count, 1);
    ck_assert_uint_eq(storage_figures(storage).set_aside, 1);
    ck_assert_msg(strstr(trouble, "room2: checksum") != NULL, "%s", trouble);
    struct storage_event event = load(2);
    ck_assert_int_eq(event.result, LOAD_QUARANTINED);
    ck_assert_msg(strstr(event.text, "room2: checksum") != NULL, "%s", event.text);
    expect_nothing_kept();
}
END_TEST

/* 0: what was logged since is set aside before; 1: the journal has it. */
START_TEST(a_damaged_row_is_salvaged_with_all_of_its_log_at_the_next_start)
{
    log_all();
    seal_all();
    if (_i == 0)
        damage(spoil_row);
    else
        sealing_fails = STORE_BUSY;
    log_all();
    log_all();
    end();
    sealing_fails = STORE_OK;
    if (_i == 1) {
        damage(spoil_row);
        live(0); /* which meets it in the journal, and sets that aside */
        ck_assert_str_eq(salvaged, "");
        end();
    }
    live(0);
    ck_assert_msg(strstr(salvaged, "archive.db.corrupt-1") != NULL, "%s", salvaged);
    struct storage_event event = load(2);
    ck_assert_int_eq(event.result, LOAD_QUARANTINED);
    ck_assert_msg(strstr(event.text, "room2: checksum") != NULL, "%s", event.text);
    log_all();
    seal_all();
    expect_nothing_kept();
    for (unsigned room = 0; room < ROOMS; room++)
        expect_log(room);
    end();
    live(0);
    ck_assert_str_eq(salvaged, "");
    ck_assert_int_eq(load(2).result, LOAD_QUARANTINED);
    ck_assert_uint_eq(sealed_tick(1), ticks[1]);
}
END_TEST

START_TEST(many_damaged_rows_are_found_one_by_one)
{
    log_all();
    seal_all();
    damage("UPDATE room SET created_ms = 5 WHERE id IN (1, 2, 5)");
    log_all();
    seal_all();
    expect_nothing_kept();
    ck_assert_uint_eq(storage_figures(storage).set_aside, 3);
    ck_assert_uint_eq(sealed_tick(2), ticks[2]);
    ck_assert_uint_eq(sealed_tick(3), ticks[3]);
}
END_TEST

/* Where the next segment is to stand, another one stands: the file as a whole is not sound. */
START_TEST(a_row_in_the_way_has_the_archive_replaced)
{
    log_all();
    seal_all();
    damage("INSERT INTO segment SELECT 2 << 36 | 2, room, incarnation, last, previous, sealed_ms,"
           " codec, length, stored, part, parts, checksum, bytes FROM segment WHERE id >> 36 = 4");
    log_all();
    seal_all();
    expect_nothing_kept();
    ck_assert_msg(strstr(trouble, "quarantined") == NULL, "%s", trouble);
    for (unsigned room = 0; room < ROOMS; room++)
        expect_log(room);
}
END_TEST

START_TEST(a_room_whose_row_is_damaged_can_be_deleted)
{
    struct storage_event event;
    log_all();
    seal_all();
    damage(spoil_row);
    log_all();
    if (_i == 1)
        seal_all();
    ck_assert(storage_remove(storage, room_name(2), 7));
    storage_flush(storage, 0, true);
    storage_work(storage);
    do
        ck_assert(storage_next(storage, &event));
    while (event.kind != STORAGE_REMOVED);
    ck_assert_msg(event.answer == STORE_OK, "%s", event.text);
    ck_assert_int_eq(load(2).result, LOAD_NONE);
    seal_all();
    expect_nothing_kept();
    end();
    live(0);
    ck_assert_str_eq(salvaged, "");
    event = load(2);
    ck_assert_int_eq(event.result, LOAD_NONE);
    ck_assert_uint_ge(event.incarnation, 7);
}
END_TEST

/* --- How much at once ---------------------------------------------------------------------------- */

/* 0: below the bound, which a third room then reaches; 1: at it; 2: above. */
START_TEST(a_transaction_takes_no_more_than_it_may)
{
    static const size_t first[] = {3, 2, 2};
    end();
    live(1000);
    for (unsigned room = 0; room < 4; room++)
        log_tick(room, 499 + (size_t)_i);
    work();
    seal_all();
    ck_assert_uint_eq(sealing_count, 2);
    ck_assert_uint_eq(sealings[0].count, first[_i]);
    ck_assert_uint_eq(sealings[1].count, 4 - first[_i]);
    expect_nothing_kept();
}
END_TEST

START_TEST(one_room_may_be_more_than_that)
{
    end();
    live(1000);
    for (unsigned room = 0; room < 3; room++)
        log_tick(room, 3000);
    work();
    seal_all();
    ck_assert_uint_eq(sealing_count, 3);
    for (size_t i = 0; i < sealing_count; i++)
        ck_assert_uint_eq(sealings[i].bytes, 3000);
    expect_nothing_kept();
}
END_TEST

/* --- In steps ------------------------------------------------------------------------------------ */

static void ask_behind_the_first(size_t count)
{
    ck_assert_uint_eq(storage_figures(storage).loads, count == 1 ? 0 : 1);
    if (count == 1)
        ck_assert(storage_load(storage, room_name(ROOMS - 1), NULL));
}

START_TEST(who_asks_is_answered_before_the_next_step)
{
    end();
    live(1);
    log_all();
    sealed_so_many = ask_behind_the_first;
    seal_all();
    ck_assert_uint_eq(sealing_count, ROOMS);
    expect_nothing_kept();
}
END_TEST

static void ask_always(size_t count)
{
    ck_assert_uint_eq(storage_figures(storage).loads, 8 * (count - 1));
    for (int i = 0; i < 20; i++)
        ck_assert(storage_load(storage, room_name(0), NULL));
}

START_TEST(many_who_ask_do_not_hold_it_up)
{
    end();
    live(1);
    log_all();
    sealed_so_many = ask_always;
    seal_all();
    ck_assert_uint_eq(sealing_count, ROOMS);
    expect_nothing_kept();
}
END_TEST

/* 0: nobody waits; 1: many do. */
START_TEST(a_step_is_short_where_somebody_waits)
{
    for (unsigned room = 0; room < ROOMS; room++)
        log_tick(room, 300 << 10);
    work();
    for (int i = 0; i < 60 * _i; i++)
        ck_assert(storage_load(storage, room_name(0), NULL));
    seal_all();
    ck_assert_uint_eq(sealing_count, _i == 0 ? 1 : ROOMS);
    expect_nothing_kept();
}
END_TEST

/* Of a room that is sealed already, of one that is not, and whatever has all of it sealed at once. */
static void go_on_behind_the_second(size_t count)
{
    if (count != 2)
        return;
    for (unsigned room = 0; room < ROOMS; room++)
        log_tick(room, 200);
    storage_flush(storage, 0, true);
}

static void strike_behind_the_second(size_t count)
{
    go_on_behind_the_second(count);
    if (count == 2)
        ck_assert(storage_strike(storage, bytes_of(""), bytes_of("Ada")));
}

static void crash_and_live(void)
{
    sealed_so_many = NULL;
    sealing_fails = STORE_BUSY;
    end();
    sealing_fails = STORE_OK;
    live(1);
}

static void expect_all(void)
{
    seal_all();
    expect_nothing_kept();
    for (unsigned room = 0; room < ROOMS; room++) {
        ck_assert_uint_eq(sealed_tick(room), ticks[room]);
        expect_log(room);
    }
}

/* Bit 0: the server crashes behind the round; bit 1: what was begun is begun anew, and all at once. */
START_TEST(what_is_logged_between_two_steps_stays_in_the_journal)
{
    end();
    live(1);
    log_all();
    sealed_so_many = (_i & 2) != 0 ? strike_behind_the_second : go_on_behind_the_second;
    seal_all();
    ck_assert_uint_gt(storage_figures(storage).kept_bytes, 0);
    if ((_i & 1) != 0)
        crash_and_live();
    sealed_so_many = NULL;
    expect_all();
}
END_TEST

static size_t fails_behind;

static void fail_behind_so_many(size_t count)
{
    if (count >= fails_behind)
        sealing_fails = STORE_BUSY;
}

/* By a crash, or by an archive that is busy for a while. */
START_TEST(a_round_that_is_cut_short_loses_and_doubles_nothing)
{
    for (int crash = 0; crash < 2; crash++) {
        end();
        live(1);
        log_all();
        fails_behind = (size_t)_i;
        sealing_fails = _i == 0 ? STORE_BUSY : STORE_OK;
        sealed_so_many = fail_behind_so_many;
        seal_all();
        ck_assert_uint_eq(sealing_count, _i < ROOMS ? (size_t)_i + 1 : ROOMS);
        ck_assert_int_eq(storage_figures(storage).archive_behind, _i < ROOMS);
        log_all();
        if (crash)
            crash_and_live();
        sealed_so_many = NULL;
        sealing_fails = STORE_OK;
        expect_all();
    }
}
END_TEST

static enum store_result fail_to_remove(struct store *of, struct bytes name, uint64_t incarnation)
{
    (void)of;
    (void)name;
    (void)incarnation;
    return STORE_FAILED;
}

static void remove_behind_the_second(size_t count)
{
    if (count != 2)
        return;
    store->remove = fail_to_remove;
    ck_assert(storage_remove(storage, room_name(0), 7));
    storage_flush(storage, 0, true);
}

START_TEST(once_the_archive_has_failed_the_journal_keeps_all)
{
    end();
    live(1);
    log_all();
    uint64_t logged = storage_figures(storage).kept_bytes;
    sealed_so_many = remove_behind_the_second;
    seal_all();
    ck_assert_uint_eq(sealing_count, 2);
    ck_assert(storage_figures(storage).archive_fails);
    ck_assert_uint_gt(storage_figures(storage).kept_bytes, logged);
    crash_and_live();
    ck_assert_int_eq(load(0).result, LOAD_NONE);
    seal_all();
    expect_nothing_kept();
    for (unsigned room = 1; room < ROOMS; room++)
        expect_log(room);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("sealing");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, a_damaged_row_stops_no_other_room);
    tcase_add_loop_test(tcase, a_damaged_row_is_salvaged_with_all_of_its_log_at_the_next_start, 0,
                        2);
    tcase_add_test(tcase, many_damaged_rows_are_found_one_by_one);
    tcase_add_test(tcase, a_row_in_the_way_has_the_archive_replaced);
    tcase_add_loop_test(tcase, a_room_whose_row_is_damaged_can_be_deleted, 0, 2);
    tcase_add_loop_test(tcase, a_transaction_takes_no_more_than_it_may, 0, 3);
    tcase_add_test(tcase, one_room_may_be_more_than_that);
    tcase_add_test(tcase, who_asks_is_answered_before_the_next_step);
    tcase_add_test(tcase, many_who_ask_do_not_hold_it_up);
    tcase_add_loop_test(tcase, a_step_is_short_where_somebody_waits, 0, 2);
    tcase_add_loop_test(tcase, what_is_logged_between_two_steps_stays_in_the_journal, 0, 4);
    tcase_add_test(tcase, once_the_archive_has_failed_the_journal_keeps_all);
    tcase_add_loop_test(tcase, a_round_that_is_cut_short_loses_and_doubles_nothing, 0, ROOMS + 1);

    Suite *suite = suite_create("sealing");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
