/* check_sealing.c - sealing into real files of which something is damaged while the storage runs:
 * one room's damage is that room's alone. And how much one transaction of a sealing takes. */
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
static char trouble[STORE_PLACE_MAX];

/* What went to the store in one transaction each. */
static struct {
    size_t count;
    uint64_t bytes;
} sealings[64];
static size_t sealing_count;
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
    sealing_count++;
    return seal(of, sealed, count, wall_ms);
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
    static uint8_t bytes[4096];
    uint64_t tick = ++ticks[room];
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
    bool seen[64];
};

static bool take_letters(void *context, const struct store_blob *segment)
{
    struct letters *letters = context;
    for (size_t i = 0; i < segment->bytes.length; i++)
        if (segment->bytes.data[i] != 0xdb)
            letters->seen[segment->bytes.data[i] - 'a'] = true;
    return true;
}

/* Every tick of the room is in the archive's log. */
static void expect_log(unsigned room)
{
    struct letters letters = {0};
    ck_assert_int_eq(store->read(store, room_name(room), 0, take_letters, &letters), STORE_OK);
    for (uint64_t tick = 1; tick <= ticks[room]; tick++)
        ck_assert_msg(letters.seen[tick], "tick %d", (int)tick);
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

static enum store_result
refuse(struct store *of, const struct store_sealed *sealed, size_t count, uint64_t wall_ms)
{
    (void)of;
    (void)sealed;
    (void)count;
    (void)wall_ms;
    return STORE_BUSY;
}

/* 0: what was logged since is set aside before; 1: the journal has it. */
START_TEST(a_damaged_row_is_salvaged_with_all_of_its_log_at_the_next_start)
{
    log_all();
    seal_all();
    if (_i == 0)
        damage(spoil_row);
    else
        store->seal = refuse;
    log_all();
    log_all();
    end();
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

    Suite *suite = suite_create("sealing");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
