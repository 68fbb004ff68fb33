/* check_race_forked.c - races made of a moment of another room: they wait for somebody, and whoever comes
 * drives on from there. */
#include <check.h>

#include "sync/kinds.h"
#include "sync/rerun.h"
#include "tests/race_world.h"
#include "tests/run_suite.h"

static uint32_t position[2]; /* of Ada and Bob at the moment */

static struct room *loaded(void)
{
    bool clean;
    return kept_log_replay(&race_log, &options, &kinds_built_in, &clean);
}

/* Ada and Bob drive against three bots; then the race is forked, and nobody is there. */
static void race_is_forked(void)
{
    uint32_t ada = racer_joins_named(1, "Ada"), bob = racer_joins_named(2, "Bob");
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 2, 3);
    run_for(1500);
    ck_assert_int_eq(race_now()->phase, PHASE_RACING);
    position[0] = racer_at(ada)->position;
    position[1] = racer_at(bob)->position;
    racer_stops(ada);
    racer_stops(bob);
    struct room *forked = loaded();
    room_set_fork(forked, bytes_of("race"), 1, room_tick_number(forked));
    room_destroy(room);
    room = forked;
    ck_assert_int_eq(room_wake(room, 2), STATUS_OK);
    kept_log_free(&race_log);
    room_log_stop(room);
    kept_log_resume(&race_log, room); /* written down whole, in a log of its own */
}

static uint32_t cars_offered(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        const struct racer *racer = &race_now()->racers[i];
        count += racer->member == 0 && racer->skill > 0 && racer->helped;
    }
    return count;
}

START_TEST(it_stands_still_until_somebody_comes)
{
    race_is_forked();
    run();
    struct race_memory before = *race_now();
    run_for(RETURN_TICKS + 2);
    ck_assert_mem_eq(race_now(), &before, sizeof before);
    ck_assert_uint_eq(cars_offered(), 2);
    ck_assert_uint_eq(racers_in(RACER_RACING), 5);
    racer_joins_as(3, ROLE_VIEWER);
    run();
    ck_assert_uint_gt(race_now()->clock, before.clock);
    ck_assert_uint_eq(cars_offered(), 2); /* who watches takes none */
}
END_TEST

START_TEST(who_drove_under_this_name_drives_on)
{
    race_is_forked();
    uint32_t bob = racer_joins_named(3, "Bob");
    struct racer *racer = racer_at(bob);
    ck_assert_ptr_nonnull(racer);
    ck_assert_uint_eq(racer->position, position[1]);
    ck_assert_uint_eq(racer->skill, 0);
    ck_assert_uint_eq(cars_offered(), 1);
    int64_t travel = racer->travel;
    run_for(5 * SECOND_TICKS);
    ck_assert(!racer->piloted);
    ck_assert_int_gt(racer->travel, travel);
    run_to(PHASE_RESULTS);
    ck_assert_int_eq(racer->state, RACER_FINISHED);
    ck_assert(racer->helped); /* on no board */
    run_to(PHASE_LOBBY);
    ck_assert_ptr_nonnull(racer_at(bob));
}
END_TEST

START_TEST(who_did_not_takes_the_first_car_that_is_free)
{
    race_is_forked();
    uint32_t cleo = racer_joins_named(3, "Cleo");
    bool ada_leads = position[0] < position[1];
    struct racer *racer = racer_at(cleo);
    ck_assert_uint_eq(racer->position, position[ada_leads ? 0 : 1]);
    ck_assert(bytes_equal(racer_name(&racer->name), bytes_of("Cleo")));
    ck_assert_uint_eq(racer->points, 0);
    uint32_t dan = racer_joins_named(4, "Dan"), eve = racer_joins_named(5, "Eve");
    ck_assert_ptr_nonnull(racer_at(dan));
    ck_assert_ptr_null(racer_at(eve)); /* bots keep theirs */
    ck_assert_uint_eq(cars_offered(), 0);
}
END_TEST

START_TEST(laps_of_another_are_not_those_of_who_takes_the_car)
{
    race_is_forked();
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race_now()->racers[i].state != RACER_NONE)
            race_now()->racers[i].best = 1000;
    run();
    ck_assert_uint_eq(cars_offered(), 2);
    racer_joins_named(3, "Cleo");
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        const struct racer *racer = &race_now()->racers[i];
        if (racer->helped)
            ck_assert(racer->best == 0 && racer->spoilt);
    }
}
END_TEST

static void sleeps_and_wakes(void)
{
    ck_assert_int_eq(room_sleep(room), STATUS_OK);
    kept_log_take(&race_log, room);
    struct room *slept = room;
    room = loaded();
    room_destroy(slept);
    ck_assert_int_eq(room_wake(room, 3), STATUS_OK);
    kept_log_take(&race_log, room);
}

/* Visitors whose connection goes before they are in. */
START_TEST(wakings_for_nobody_lose_no_car)
{
    race_is_forked();
    for (int i = 0; i < 4; i++)
        sleeps_and_wakes();
    run();
    ck_assert_uint_eq(race_now()->awaited, AWAITS_ANYONE);
    ck_assert_uint_eq(cars_offered(), 2);
}
END_TEST

START_TEST(it_goes_on_while_somebody_watches)
{
    race_is_forked();
    uint32_t deadline = race_now()->deadline;
    racer_joins_as(3, ROLE_VIEWER);
    run_for(BOTS_LEFT_TICKS + 2);
    ck_assert_int_eq(race_now()->phase, PHASE_RACING);
    ck_assert_uint_eq(race_now()->deadline, deadline);
    ck_assert_ptr_nonnull(racer_at(racer_joins_named(4, "Ada")));
}
END_TEST

/* Of those who had left before the moment, too. */
START_TEST(nothing_from_before_is_told_to_boards)
{
    race_is_forked();
    struct racer *home = &race_now()->racers[0];
    ck_assert_uint_ne(home->member, 0);
    home->member = 0;
    home->state = RACER_FINISHED;
    home->laps = race_now()->laps;
    home->best = home->last = 40000;
    home->total = 90000;
    run();
    ck_assert_uint_eq(cars_offered(), 1);
    ck_assert(home->helped && home->best == 0);
}
END_TEST

/* When it has slept it is woken as any other. */
START_TEST(it_waits_for_anyone_once)
{
    race_is_forked();
    run_for(SECOND_TICKS);
    ck_assert_uint_eq(race_now()->awaited, AWAITS_ANYONE);
    sleeps_and_wakes();
    run();
    ck_assert_uint_eq(race_now()->awaited, RETURN_TICKS - 1);
    ck_assert_uint_eq(cars_offered(), 2);
    ck_assert_ptr_nonnull(racer_at(racer_joins_named(3, "Ada")));
}
END_TEST

/* The server ends before anybody was there. */
START_TEST(a_crash_right_behind_it_loses_no_car)
{
    race_is_forked();
    struct room *lost = room;
    room = loaded();
    room_destroy(lost);
    ck_assert_int_eq(room_wake(room, 3), STATUS_OK);
    run();
    ck_assert_uint_eq(race_now()->awaited, AWAITS_ANYONE);
    ck_assert_uint_eq(cars_offered(), 2);
}
END_TEST

START_TEST(its_rules_run_again_to_the_same)
{
    race_is_forked();
    run_for(10);
    racer_joins_named(3, "Cleo");
    run_for(40 * SECOND_TICKS);
    struct rerun rerun = rerun_begin(&options, &kinds_built_in, 0);
    ck_assert_int_eq(rerun_log(&rerun, (struct bytes){race_log.data, race_log.length}), STATUS_OK);
    const struct rerun_difference *difference = &rerun.difference;
    ck_assert_msg(!rerun.differs, "tick %u, what %d: %s %s %s", (unsigned)difference->tick,
                  difference->what, difference->collection, difference->record, difference->field);
    ck_assert_uint_gt(rerun.ticks, 30 * SECOND_TICKS);
    rerun_abandon(&rerun);
}
END_TEST

static Suite *forked_suite(void)
{
    Suite *suite = suite_create("race_forked");
    TCase *forked = tcase_create("forked");
    tcase_add_checked_fixture(forked, setup_logged_race, teardown_race);
    tcase_set_timeout(forked, 120);
    tcase_add_test(forked, it_stands_still_until_somebody_comes);
    tcase_add_test(forked, who_drove_under_this_name_drives_on);
    tcase_add_test(forked, who_did_not_takes_the_first_car_that_is_free);
    tcase_add_test(forked, laps_of_another_are_not_those_of_who_takes_the_car);
    tcase_add_test(forked, nothing_from_before_is_told_to_boards);
    tcase_add_test(forked, it_goes_on_while_somebody_watches);
    tcase_add_test(forked, wakings_for_nobody_lose_no_car);
    tcase_add_test(forked, it_waits_for_anyone_once);
    tcase_add_test(forked, a_crash_right_behind_it_loses_no_car);
    tcase_add_test(forked, its_rules_run_again_to_the_same);
    suite_add_tcase(suite, forked);
    return suite;
}

int main(void)
{
    return run_suite(forked_suite());
}
