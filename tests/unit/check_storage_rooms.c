/* check_storage_rooms.c - what was stored of a room comes back as it was, or says why not; what was
 * deleted does not. */
#include "persistence/backup.h"
#include "sync/hash.h"
#include "sync/rules.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"
#include "tests/storage_life.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* --- Rooms come back ------------------------------------------------------------------------------- */

START_TEST(a_room_comes_back_from_the_journal_the_archive_and_both)
{
    life_again(_i);
    ck_assert_int_eq(lobby_load().result, LOAD_NONE);
    lobby_make(5);
    lobby_write(1, 10);
    lobby_expect(false); /* out of the tail */
    life_crash();
    life_next();
    lobby_expect(false); /* out of the journal */
    life_end(true);
    life_next();
    lobby_expect(false); /* out of the archive */
    ck_assert_uint_ge(storage_incarnation(life.storage), 5);
    lobby_write(2, 10);
    lobby_expect(false); /* out of the archive and the tail */
    lobby_sleeps();
    lobby_expect(true);
    life_crash();
    life_next();
    lobby_expect(true);
    life_end(true);
    life_next();
    lobby_expect(true);
}
END_TEST

START_TEST(a_long_log_gets_a_snapshot_that_leads_to_the_same_room)
{
    life_again(_i);
    lobby_make(5);
    for (unsigned i = 1; i <= 12; i++)
        lobby_write(i, 2000);
    lobby_sleeps();
    life_end(true);
    life_next();
    uint32_t segments = faulty_store_calls(&life.faulty, CALL_READ);
    lobby_expect(true);
    ck_assert_uint_eq(faulty_store_calls(&life.faulty, CALL_READ), segments + 1);
    struct storage_event event = lobby_load();
    ck_assert_int_eq(room_wake(event.room, 6), STATUS_OK);
    room_destroy(life.room);
    life.room = event.room;
    lobby_flush();
    lobby_write(40, 10);
    life_end(true);
    life_next();
    lobby_expect(false);
}
END_TEST

static bool count_snapshot(void *context, const struct store_blob *blob)
{
    *(uint64_t *)context = blob->first;
    return true;
}

START_TEST(snapshots_are_made_of_rooms_that_sleep_with_a_long_log)
{
    uint64_t tick = 0;
    lobby_make(5);
    for (unsigned i = 1; i <= 12; i++)
        lobby_write(i, _i == 0 ? 100 : 2000);
    lobby_sleeps();
    life_end(true);
    enum store_result result =
        life.faulty.under->snapshot(life.faulty.under, lobby, UINT64_MAX, count_snapshot, &tick);
    ck_assert_int_eq(result, _i == 0 ? STORE_NOT_FOUND : STORE_OK);
    ck_assert_uint_eq(tick, _i == 0 ? 0 : room_tick_number(life.room));
}
END_TEST

/* Its log begins with all of it, which are so many records that do not pack. */
static void lobby_make_whole(unsigned records)
{
    static uint8_t entry[8 << 20];
    char line[2100];
    uint32_t noise = 1;
    struct writer writer = writer_on(entry, sizeof entry);
    life.room = room_create(&(struct room_options){
        .rules = &kind_every, .incarnation = 5, .logs = true, .saves = true});
    ck_assert_ptr_nonnull(life.room);
    room_log_stop(life.room);
    for (unsigned i = 0; i < records; i++) {
        uint32_t seat = join(life.room, 1, ROLE_EDITOR);
        int length = snprintf(line, sizeof line, "[0 'papers' 'w%u' 'text' '", i);
        for (int letter = 0; letter < 2000; letter++) {
            noise = noise * 1664525 + 1013904223;
            line[length++] = (char)('0' + (noise >> 27));
        }
        memcpy(line + length, "']", 3);
        ck_assert_int_eq(outcome(life.room, seat, line), STATUS_OK);
        room_leave(life.room, seat);
        step(life.room);
    }
    ck_assert_uint_le(room_log_resume_bytes(life.room), sizeof entry);
    room_log_resume(life.room, 1000, &writer);
    ck_assert_int_eq(writer.status, STATUS_OK);
    log_entry(lobby, 5, room_logged(life.room), writer_bytes(&writer));
    lobby_flush();
}

static const struct {
    unsigned records, writes; /* what comes behind it */
    bool gets_snapshot;
} wholes[] = {
    {12, 0, false},
    {12, 10, false}, /* less than it is */
    {12, 15, true},
    {3500, 0, false}, /* more than what is recorded without a snapshot */
};

START_TEST(a_log_that_begins_with_all_of_a_new_room_stands_for_a_snapshot)
{
    uint64_t tick = 0;
    life_again(2);
    lobby_make_whole(wholes[_i].records);
    for (unsigned i = 1; i <= wholes[_i].writes; i++)
        lobby_write(i, 2000);
    lobby_sleeps();
    life_end(true);
    enum store_result result =
        life.faulty.under->snapshot(life.faulty.under, lobby, UINT64_MAX, count_snapshot, &tick);
    ck_assert_int_eq(result, wholes[_i].gets_snapshot ? STORE_OK : STORE_NOT_FOUND);
    life_next();
    lobby_expect(true);
}
END_TEST

/* The log alone, as it is packed, is below the bound of one transaction, with the snapshot it is above. */
#define HZ   60u
#define HOUR (UINT64_C(3600) * HZ)
#define KIB  UINT64_C(1024)
#define MIB  (1024 * KIB)

static const struct {
    const char *what;
    struct storage_piece piece;
    bool asleep, due;
} pieces[] = {
    {"nothing", {0}, false, false},
    {"presence of less than an hour", {.recorded_bytes = 9, .last = HOUR - 1}, false, false},
    {"presence of an hour", {.recorded_bytes = 9, .last = HOUR}, false, true},
    {"an hour of nothing", {.last = HOUR}, false, false},
    {"an hour behind a snapshot",
     {.recorded_bytes = 9, .after = 7, .last = HOUR + 6},
     false,
     false},
    {"an hour that is no more than twice its snapshot",
     {.recorded_bytes = 20 * KIB, .last = 9 * HOUR, .snapshot_stored = 10 * KIB},
     false,
     false},
    {"an hour that is more than twice its snapshot",
     {.recorded_bytes = 20 * KIB + 1, .last = HOUR, .snapshot_stored = 10 * KIB},
     true,
     true},
    {"some MiB within a minute", {.recorded_bytes = 4 * MIB, .last = 60 * HZ}, false, false},
    {"more within a minute", {.recorded_bytes = 4 * MIB + 1, .last = 60 * HZ}, false, true},
    {"more, at the tick of its snapshot",
     {.recorded_bytes = 4 * MIB + 1, .after = 5, .last = 5},
     false,
     false},
    {"a long log", {.log_bytes = MIB, .last = 9}, false, false},
    {"a longer log", {.log_bytes = MIB + 1, .last = 9}, false, true},
    {"a longer log of a large room",
     {.log_bytes = MIB + 1, .last = 9, .snapshot_bytes = MIB},
     false,
     false},
    {"a log of a room that sleeps", {.log_bytes = 16 * KIB, .last = 9}, true, false},
    {"a longer log of a room that sleeps", {.log_bytes = 16 * KIB + 1, .last = 9}, true, true},
    {"a longer log of a large room that sleeps",
     {.log_bytes = 16 * KIB + 1, .last = 9, .snapshot_bytes = 17 * KIB},
     true,
     false},
};

START_TEST(a_snapshot_is_due_by_log_time_and_bytes)
{
    static const struct rules rules = {.tick_hz = HZ};
    ck_assert_msg(storage_snapshot_due(&pieces[_i].piece, &rules, pieces[_i].asleep) ==
                      pieces[_i].due,
                  "%s", pieces[_i].what);
}
END_TEST

START_TEST(a_snapshot_counts_in_what_one_transaction_takes)
{
    life_end(true);
    life.options.sealing_bytes = _i == 0 ? 1u << 20 : 1000;
    life_next();
    lobby_make(5);
    for (unsigned i = 1; i <= 12; i++)
        lobby_write(i, 2000);
    lobby_sleeps();
    log_entry(bytes_of("noise"), 1, 1, bytes_of("some bytes"));
    hand_over();
    await_event(STORAGE_FLUSHED);
    ck_assert_uint_lt(storage_figures(life.storage).kept_bytes, 40000);
    life_end(true);
    ck_assert_uint_eq(life.faulty.calls[CALL_SEAL], _i == 0 ? 1 : 2);
}
END_TEST

static uint64_t now_ms;

static uint64_t hand_held_ms(void)
{
    return now_ms;
}

static void seal(void)
{
    struct storage_event event;
    now_ms += STORAGE_SEAL_MS;
    storage_work(life.storage);
    while (storage_next(life.storage, &event))
        ck_assert_ptr_null(event.room);
}

/* A small room that is made of a long log takes its time. 0: nobody waits; 1: many do. */
START_TEST(a_step_ends_behind_a_long_log_that_was_read_where_somebody_waits)
{
    life_end(true);
    now_ms = 1000000;
    life.options.clock_ms = hand_held_ms;
    life_next();
    lobby_make(5);
    for (unsigned i = 1; i <= 160; i++)
        lobby_write(1, 2000);
    seal();
    lobby_write(1, 10);
    lobby_sleeps();
    log_entry(bytes_of("noise"), 1, 1, bytes_of("some bytes"));
    lobby_flush();
    uint32_t sealings = faulty_store_calls(&life.faulty, CALL_SEAL);
    for (int i = 0; i < 60 * _i; i++)
        ck_assert(storage_load(life.storage, bytes_of("nobody"), NULL));
    seal();
    ck_assert_uint_eq(faulty_store_calls(&life.faulty, CALL_SEAL) - sealings, _i == 0 ? 1 : 2);
}
END_TEST

START_TEST(a_crash_between_sealing_and_release_doubles_nothing)
{
    life_again(_i);
    for (uint64_t incarnation = 5; incarnation < 9; incarnation++) {
        if (incarnation == 5)
            lobby_make(incarnation);
        lobby_write((unsigned)incarnation, 10);
        faulty_store_fail(&life.faulty, CALL_RELEASE, STORE_BUSY, FAULTY_FOR_EVER);
        life_end(true); /* it seals */
        faulty_store_fail(&life.faulty, CALL_RELEASE, STORE_OK, 0);
        life_next();
        lobby_expect(false);
        struct storage_event event = lobby_load();
        ck_assert_int_eq(room_wake(event.room, incarnation + 1), STATUS_OK);
        room_destroy(life.room);
        life.room = event.room;
        lobby_flush();
        ck_assert(!storage_figures(life.storage).archive_fails);
    }
    life_end(true);
    ck_assert(!life.saw_trouble);
    life_next();
    lobby_expect(false);
}
END_TEST

static bool take_room(void *context, const struct store_room *room)
{
    *(struct store_room *)context = *room;
    return false;
}

/* There is nothing of it but a snapshot. */
static void expect_snapshot_alone(void)
{
    struct store *store = life.faulty.under;
    struct store_room room = {0};
    ck_assert_int_eq(store->room(store, lobby, take_room, &room), STORE_OK);
    ck_assert_int_eq(room.state, STORE_ROOM_WELL);
    ck_assert_uint_eq(room.last, 0);
    ck_assert_uint_eq(room.snapshot_tick, room_tick_number(life.room));
}

/* Of a room that is not recorded the log goes as soon as there is a snapshot: what the journal still has of it
 * is no news. */
START_TEST(a_crash_does_not_bring_back_a_log_that_was_dropped)
{
    life_again(_i);
    life_end(true);
    life.options.record = "none";
    life_next();
    lobby_make(5);
    for (unsigned i = 1; i <= 12; i++)
        lobby_write(i, 2000);
    lobby_sleeps();
    faulty_store_fail(&life.faulty, CALL_RELEASE, STORE_BUSY, FAULTY_FOR_EVER);
    life_end(true);
    expect_snapshot_alone();
    faulty_store_fail(&life.faulty, CALL_RELEASE, STORE_OK, 0);
    life_next();
    lobby_expect(true);
    life_end(true);
    expect_snapshot_alone();
}
END_TEST

START_TEST(a_kind_that_is_not_here_is_told_and_nothing_is_touched)
{
    lobby_make(5);
    room_destroy(life.room);
    life.room =
        room_create(&(struct room_options){.rules = &kind_open, .incarnation = 6, .logs = true});
    static uint8_t entry[256];
    struct writer writer = writer_on(entry, sizeof entry);
    room_log_write(life.room, 1, &writer);
    log_entry(bytes_of("strange"), 6, 1, writer_bytes(&writer));
    hand_over();
    await_event(STORAGE_FLUSHED);
    ck_assert(storage_load(life.storage, bytes_of("strange"), &life.storage));
    ck_assert_int_eq(await_event(STORAGE_LOADED).result, LOAD_KIND);
    life_end(true);
    life_next();
    ck_assert(storage_load(life.storage, bytes_of("strange"), &life.storage));
    ck_assert_int_eq(await_event(STORAGE_LOADED).result, LOAD_KIND);
    struct storage_event event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_DONE);
    room_destroy(event.room);
}
END_TEST

/* The same name, and one event less. */

/* 0: nothing but a log, 1: a snapshot too. */
START_TEST(a_kind_that_has_changed_is_told_and_nothing_is_touched)
{
    struct rules changed = kind_every;
    changed.event_count--;
    const struct kinds changed_kinds = {.rules = {&changed}, .count = 1};
    const struct kinds *kinds = life.options.kinds;
    lobby_make(5);
    for (unsigned i = 1; i <= 12; i++)
        lobby_write(i, _i == 0 ? 10 : 2000);
    lobby_sleeps();
    life_end(true);
    life.options.kinds = &changed_kinds;
    life_next();
    struct storage_event event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_KIND);
    ck_assert_ptr_nonnull(strstr(event.text, "changed"));
    life_end(true);
    life.options.kinds = kinds;
    life_next();
    lobby_expect(true); /* it is as it was for whoever has the kind */
}
END_TEST

START_TEST(a_log_that_leads_nowhere_is_quarantined_and_stays_so)
{
    lobby_make(5);
    lobby_write(1, 10);
    log_entry(lobby, 5, room_logged(life.room) + 7, bytes_of("\x94\x20\x01\x01\x92\x04\x00"));
    hand_over();
    await_event(STORAGE_FLUSHED);
    struct storage_event event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_QUARANTINED);
    ck_assert_uint_gt(strlen(event.text), 0);
    if (_i == 0)
        life_crash();
    else
        life_end(true);
    life_next();
    ck_assert_int_eq(lobby_load().result, LOAD_QUARANTINED);
    life_end(true);
    ck_assert(!life.saw_trouble);
    life_next();
    event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_QUARANTINED);
    ck_assert_uint_gt(strlen(event.text), 0);
}
END_TEST

START_TEST(an_archive_that_does_not_answer_makes_a_load_fail_and_no_more)
{
    static const enum store_call calls[] = {CALL_ROOM, CALL_SNAPSHOT, CALL_READ};
    lobby_make(5);
    lobby_write(1, 10);
    lobby_sleeps();
    life_end(true);
    life_next();
    faulty_store_fail(&life.faulty, calls[_i], _i == 1 ? STORE_MEMORY : STORE_BUSY, 1);
    ck_assert_int_eq(lobby_load().result, LOAD_FAILED);
    lobby_expect(true);
}
END_TEST

/* What its members know of it may be later than what the backup has. */
START_TEST(a_restored_room_that_only_the_journal_knew_is_another)
{
    struct scratch restored = scratch_make();
    struct store *store;
    char error[STORE_SQLITE_ERROR_MAX];
    life_again(2);
    lobby_make(5);
    lobby_write(1, 10);
    lobby_sleeps();
    lobby_expect(true);
    life_crash();
    ck_assert_msg(store_sqlite_restore(life.scratch.path, restored.path, NULL, NULL, error) ==
                      STORE_OK,
                  "%s", error);
    faulty_store_free(&life.faulty);
    struct store_sqlite_options files = {.folder = restored.path, .sync = true};
    ck_assert_int_eq(store_sqlite_open(&files, &store, error), STORE_OK);
    faulty_store_init(&life.faulty, store);
    life_next();
    struct storage_event event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_DONE);
    ck_assert(!event.clean);
    ck_assert_uint_eq(event.incarnation, 6);
    ck_assert_uint_eq(room_hash_kept(event.room), room_hash_kept(life.room));
    room_destroy(event.room);
    life_end(true);
    scratch_remove(&restored);
}
END_TEST

/* --- Removal --------------------------------------------------------------------------------------- */

START_TEST(a_removed_room_does_not_come_back_and_a_new_one_is_its_own)
{
    life_again(_i);
    lobby_make(5);
    lobby_write(1, 10);
    lobby_sleeps();
    lobby_remove();
    ck_assert_int_eq(await_event(STORAGE_REMOVED).answer, STORE_OK);
    ck_assert_int_eq(lobby_load().result, LOAD_NONE);
    life_crash();
    life_next();
    struct storage_event event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_NONE);
    ck_assert_uint_eq(event.incarnation, 5);
    lobby_make(6);
    lobby_write(7, 10);
    lobby_expect(false);
    life_crash();
    life_next();
    lobby_expect(false);
    life_end(true);
    life_next();
    lobby_expect(false);
    faulty_store_fail(&life.faulty, CALL_RELEASE, STORE_BUSY, FAULTY_FOR_EVER);
    lobby_write(8, 10);
    life_end(true);
    faulty_store_fail(&life.faulty, CALL_RELEASE, STORE_OK, 0);
    life_next();
    lobby_expect(false);
}
END_TEST

START_TEST(a_removal_that_fails_is_tried_again_before_anything_is_forgotten)
{
    lobby_make(5);
    lobby_write(1, 10);
    lobby_sleeps();
    faulty_store_fail(&life.faulty, CALL_REMOVE, _i == 0 ? STORE_BUSY : STORE_FULL, 2);
    lobby_remove();
    ck_assert_int_eq(await_event(STORAGE_REMOVED).answer, _i == 0 ? STORE_BUSY : STORE_FULL);
    ck_assert_int_eq(lobby_load().result, LOAD_FAILED); /* tried again, and failed again */
    struct storage_event event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_NONE);
    ck_assert_uint_eq(event.incarnation, 5);
    life_end(true);
    ck_assert_uint_ge(life.faulty.calls[CALL_RELEASE], 1);
    life_next();
    ck_assert_int_eq(lobby_load().result, LOAD_NONE);
}
END_TEST

START_TEST(a_room_that_had_ended_is_not_loaded_even_if_nobody_removed_it)
{
    lobby_make(5);
    for (unsigned i = 1; i <= 12; i++)
        lobby_write(i, 2000);
    room_end(life.room, "game over");
    step(life.room);
    lobby_sleeps();
    if (_i == 0)
        life_crash();
    else
        life_end(true);
    life_next();
    struct storage_event event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_NONE);
    ck_assert_uint_eq(event.incarnation, 5);
}
END_TEST

START_TEST(removing_what_is_not_there_says_so)
{
    lobby_remove();
    struct storage_event event = await_event(STORAGE_REMOVED);
    ck_assert_int_eq(event.answer, STORE_NOT_FOUND);
    ck_assert(bytes_equal((struct bytes){event.name, event.name_length}, lobby));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage of rooms");
    TCase *calm = tcase_create("rooms");
    tcase_add_checked_fixture(calm, life_setup, life_teardown);
    tcase_set_timeout(calm, 20);
    tcase_add_loop_test(calm, a_room_comes_back_from_the_journal_the_archive_and_both, 0, 4);
    tcase_add_loop_test(calm, a_long_log_gets_a_snapshot_that_leads_to_the_same_room, 0, 4);
    tcase_add_loop_test(calm, snapshots_are_made_of_rooms_that_sleep_with_a_long_log, 0, 2);
    tcase_add_loop_test(calm, a_log_that_begins_with_all_of_a_new_room_stands_for_a_snapshot, 0,
                        (int)(sizeof wholes / sizeof wholes[0]));
    tcase_add_loop_test(calm, a_snapshot_is_due_by_log_time_and_bytes, 0,
                        (int)(sizeof pieces / sizeof pieces[0]));
    tcase_add_loop_test(calm, a_snapshot_counts_in_what_one_transaction_takes, 0, 2);
    tcase_add_loop_test(calm, a_step_ends_behind_a_long_log_that_was_read_where_somebody_waits, 0,
                        2);
    tcase_add_loop_test(calm, a_crash_between_sealing_and_release_doubles_nothing, 0, 4);
    tcase_add_loop_test(calm, a_crash_does_not_bring_back_a_log_that_was_dropped, 0, 4);
    tcase_add_test(calm, a_kind_that_is_not_here_is_told_and_nothing_is_touched);
    tcase_add_loop_test(calm, a_kind_that_has_changed_is_told_and_nothing_is_touched, 0, 2);
    tcase_add_loop_test(calm, a_log_that_leads_nowhere_is_quarantined_and_stays_so, 0, 2);
    tcase_add_loop_test(calm, an_archive_that_does_not_answer_makes_a_load_fail_and_no_more, 0, 3);
    tcase_add_loop_test(calm, a_removed_room_does_not_come_back_and_a_new_one_is_its_own, 0, 4);
    tcase_add_loop_test(calm, a_removal_that_fails_is_tried_again_before_anything_is_forgotten, 0,
                        2);
    tcase_add_loop_test(calm, a_room_that_had_ended_is_not_loaded_even_if_nobody_removed_it, 0, 2);
    tcase_add_test(calm, a_restored_room_that_only_the_journal_knew_is_another);
    tcase_add_test(calm, removing_what_is_not_there_says_so);
    suite_add_tcase(suite, calm);

    return run_suite(suite);
}
