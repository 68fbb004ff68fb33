/* check_rerun_race.c - races that run again over their logs: those that were just raced, and those that
 * other builds have raced (tests/recordings).
 *
 * A change of the race's rules on purpose changes what they do: then RECORD=tests/recordings makes the
 * recordings anew. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/kinds.h"
#include "sync/rerun.h"
#include "tests/race_recorded.h"
#include "tests/run_suite.h"

static void expect_the_same(struct bytes log, uint64_t ticks)
{
    struct rerun rerun = rerun_begin(&options, &kinds_built_in, 0);
    enum status status = rerun_log(&rerun, log);
    const struct rerun_difference *difference = &rerun.difference;
    ck_assert_int_eq(status, STATUS_OK);
    ck_assert_msg(!rerun.differs, "tick %u, what %d: %s %s %s", (unsigned)difference->tick,
                  difference->what, difference->collection, difference->record, difference->field);
    ck_assert_uint_eq(rerun.last, ticks);
    ck_assert_uint_eq(rerun.ticks, ticks - 1); /* but the opening */
    rerun_abandon(&rerun);
}

static struct bytes race_bytes(void)
{
    return (struct bytes){race_log.data, race_log.length};
}

START_TEST(a_race_of_people_and_bots_runs_again)
{
    recorded_race_begins((uint64_t)_i, 1, 6);
    for (int i = 0; i < 40 && race_now()->phase == PHASE_RACING; i++)
        recorded_race_goes_on(5 * SECOND_TICKS);
    run_to(PHASE_LOBBY);
    run_for(10);
    expect_the_same(race_bytes(), room_logged(room));
}
END_TEST

#define MOMENTS 12u

/* In the middle of a race the memory is ten seconds old in the log, and to the bit here. */
START_TEST(any_moment_of_a_race_is_had_with_its_memory)
{
    static struct race_memory memories[MOMENTS];
    uint64_t at[MOMENTS], hashes[MOMENTS];
    recorded_race_begins(9, 1, 3);
    for (uint32_t i = 0; i < MOMENTS; i++) {
        recorded_race_goes_on(97 + i);
        at[i] = room_tick_number(room);
        hashes[i] = room_hash_kept(room);
        memcpy(&memories[i], room_memory(room), sizeof memories[i]);
    }
    for (uint32_t i = 0; i < MOMENTS; i++) {
        bool exact, clean;
        enum status status;
        struct replay replay =
            rerun_moment(&options, &kinds_built_in, (struct bytes){0}, race_bytes(), at[i], &exact);
        ck_assert(exact);
        struct room *then = replay_end(&replay, &clean, &status);
        ck_assert_int_eq(status, STATUS_OK);
        ck_assert_uint_eq(room_tick_number(then), at[i]);
        ck_assert_uint_eq(room_hash_kept(then), hashes[i]);
        ck_assert_mem_eq(room_memory(then), &memories[i], sizeof memories[i]);
        room_destroy(then);
    }
}
END_TEST

/* Where hashes are written down often the memory stands with them alone: as it was in front of their entry. */
START_TEST(a_race_runs_again_from_a_memory_that_stands_with_a_hash)
{
    bool exact;
    recorded_race_begins(9, 1, 3);
    do
        recorded_race_goes_on(1);
    while (room_logged(room) != room_tick_number(room)); /* as a server does it, behind an entry */
    uint64_t from = room_tick_number(room);
    ck_assert_int_eq(room_log_hash(room), STATUS_OK);
    recorded_race_goes_on(40);
    struct rerun rerun = rerun_begin(&options, &kinds_built_in, from + (uint64_t)_i);
    rerun.moment = true;
    ck_assert_int_eq(rerun_log(&rerun, race_bytes()), STATUS_OK);
    ck_assert_int_eq(rerun_pass(&rerun, room_tick_number(room)), STATUS_OK);
    ck_assert(!rerun.differs);
    struct replay replay = rerun_end(&rerun, &exact);
    ck_assert(exact == (_i == 0));
    if (exact)
        ck_assert_uint_eq(room_hash_kept(replay_room(&replay)), room_hash_kept(room));
    replay_abandon(&replay);
}
END_TEST

START_TEST(a_race_of_another_build_runs_again)
{
    struct bytes log = recording("race.entries");
    struct reader reader = reader_on(log);
    struct log_entry entry = {0};
    while (log_read_entry(&reader, &entry))
        continue;
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
    expect_the_same(log, entry.tick);
    free((void *)(uintptr_t)log.data);
}
END_TEST

/* In the place of all others. */
START_TEST(a_recording_is_made)
{
    char path[512];
    recorded_race_begins(3, 1, 1);
    recorded_race_goes_on(7 * SECOND_TICKS);
    snprintf(path, sizeof path, "%s/race.entries", getenv("RECORD"));
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(race_log.data, 1, race_log.length, file), race_log.length);
    ck_assert_int_eq(fclose(file), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("rerun_race");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup_logged_race, teardown_race);
    if (getenv("RECORD") != NULL) {
        tcase_add_test(tcase, a_recording_is_made);
    } else {
        tcase_add_loop_test(tcase, a_race_of_people_and_bots_runs_again, 0, 8);
        tcase_add_test(tcase, any_moment_of_a_race_is_had_with_its_memory);
        tcase_add_loop_test(tcase, a_race_runs_again_from_a_memory_that_stands_with_a_hash, 0, 2);
        tcase_add_test(tcase, a_race_of_another_build_runs_again);
    }
    Suite *suite = suite_create("rerun_race");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
