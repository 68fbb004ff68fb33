/* check_race_play.c - whole races, from the lobby to the next one: who wins what, who leaves and comes
 * back, what is told beyond the room. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/log_read.h"
#include "tests/race_world.h"
#include "tests/run_suite.h"

/* --- A whole race -------------------------------------------------------------------------------- */

static void expect_results(uint32_t racers)
{
    static const uint32_t points[] = {25, 20, 16, 13, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1};
    const struct race_memory *race = race_now();
    uint32_t sum = 0, expected = 1, medals = 0, positions = 0;
    int32_t fastest = 0;
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        const struct racer *racer = &race->racers[i];
        if (racer->state == RACER_NONE)
            continue;
        ck_assert_int_eq(racer->state, RACER_FINISHED);
        ck_assert_uint_eq(racer->laps, race->laps);
        ck_assert_int_gt(racer->total, 0);
        sum += racer->gained;
        medals += racer->medal;
        positions |= 1u << (racer->position - 1);
        if (racer->best > 0 && (fastest == 0 || racer->best < fastest))
            fastest = racer->best;
    }
    for (uint32_t i = 0; i < racers; i++)
        expected += points[i];
    ck_assert_uint_eq(sum, expected);
    ck_assert_uint_eq(medals, 1 + 2 + 3);
    ck_assert_uint_eq(positions, (1u << racers) - 1);
    ck_assert_int_gt(fastest, 0);
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        const struct racer *racer = &race->racers[i];
        if ((racer->records & RECORD_FASTEST) != 0)
            ck_assert_int_eq(racer->best, fastest);
    }
}

START_TEST(two_members_and_six_bots_race_and_race_again)
{
    uint32_t ada = racer_joins();
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 6);
    ck_assert_uint_eq(racers_in(RACER_RACING), 8);
    run_to(PHASE_RESULTS);
    expect_results(8);
    uint32_t points = racer_at(ada)->points;
    ck_assert_uint_eq(points, racer_at(ada)->gained);
    ck_assert_int_gt(race_now()->bests[shortest_track()].lap, 0);
    run_for(RACERS_MAX + FRAME_TICKS);
    ck_assert_int_eq(wish(ada, "'ready' true"), STATUS_OK);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_RESULTS);
    ck_assert_int_eq(wish(bob, "'ready' true"), STATUS_OK);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_COUNTDOWN);
    ck_assert_uint_eq(race_now()->round, 2);
    ck_assert_uint_eq(racer_at(ada)->gained, 0);
    run_to(PHASE_RESULTS);
    expect_results(8);
    ck_assert_uint_eq(racer_at(ada)->points, points + racer_at(ada)->gained);
    run_to(PHASE_LOBBY);
    ck_assert_uint_eq(racers_in(RACER_WAITING), 2);
    ck_assert_uint_eq(racers_in(RACER_NONE), RACERS_MAX - 2);
}
END_TEST

/* Each can be driven by bots and members in every lap, and nobody is put back or penalised for it. */
START_TEST(every_track_is_raced_on)
{
    racer_joins();
    run_for(FRAME_TICKS);
    race_of((uint32_t)_i, 1, 15);
    run_to(PHASE_RESULTS);
    expect_results(16);
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        ck_assert_int_eq(race_now()->racers[i].penalty, 0);
}
END_TEST

START_TEST(who_comes_during_a_race_watches_it_and_drives_in_the_next)
{
    racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 1);
    run_for(100);
    uint32_t late = racer_joins();
    ck_assert_ptr_null(racer_at(late));
    run_to(PHASE_RESULTS);
    ck_assert_ptr_null(racer_at(late));
    run_to(PHASE_LOBBY);
    ck_assert_ptr_nonnull(racer_at(late));
}
END_TEST

/* --- Those who leave, and come back -------------------------------------------------------------- */

START_TEST(who_leaves_for_good_is_classified_last)
{
    uint32_t ada = racer_joins();
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 2);
    run_for(300);
    struct racer *gone = racer_at(bob);
    struct bytes id = racer_id((uint32_t)(gone - race_now()->racers));
    ck_assert(room_field(room, RACE_CARS, 0, id, SHOWN_X).set);
    racer_stops(bob);
    room_leave(room, bob);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(gone->state, RACER_RETIRED);
    ck_assert(!room_field(room, RACE_CARS, 0, id, SHOWN_X).set);
    run_to(PHASE_RESULTS);
    ck_assert_uint_eq(gone->position, 4);
    ck_assert_uint_eq(gone->gained, 0);
    ck_assert_uint_eq(gone->medal, 0);
    ck_assert_uint_gt(gone->name.length, 0);
    ck_assert_int_eq(racer_at(ada)->state, RACER_FINISHED);
}
END_TEST

START_TEST(a_race_without_members_is_soon_over)
{
    uint32_t ada = racer_joins();
    racer_joins_as(99, ROLE_VIEWER);
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 3, 3);
    run_for(100);
    racer_stops(ada);
    room_leave(room, ada);
    run_for(BOTS_LEFT_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_RACING);
    run();
    ck_assert_int_eq(race_now()->phase, PHASE_RESULTS);
    ck_assert_uint_eq(racers_in(RACER_LATE), 3);
    run_for(RACERS_MAX + FRAME_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_LOBBY);
    ck_assert_uint_eq(racers_in(RACER_NONE), RACERS_MAX);
}
END_TEST

START_TEST(bots_do_not_keep_members_waiting)
{
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(set(ada, "'laps' 1 'bots' 15 'level' 0"), STATUS_OK);
    ck_assert_int_eq(wish(ada, "'ready' true"), STATUS_OK);
    run_to(PHASE_RACING);
    const struct racer *racer = racer_at(ada);
    while (racer->state == RACER_RACING)
        run();
    ck_assert_uint_gt(racers_in(RACER_RACING), 0);
    run_for(BOTS_LEFT_TICKS + 1);
    ck_assert_int_eq(race_now()->phase, PHASE_RESULTS);
}
END_TEST

START_TEST(a_lost_connection_keeps_the_car_and_it_is_driven_meanwhile)
{
    uint32_t ada = racer_joins_as(1, ROLE_EDITOR);
    racer_joins_as(2, ROLE_EDITOR);
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 2, 0);
    run_for(600);
    struct racer *racer = racer_at(ada);
    racer_stops(ada);
    room_disconnect(room, ada);
    run_for(PILOT_TICKS / 2);
    ck_assert(!racer->piloted);
    run_for(PILOT_TICKS);
    ck_assert(racer->piloted);
    int64_t travel = racer->travel;
    run_for(5 * SECOND_TICKS);
    ck_assert_int_gt(racer->travel, travel);
    ck_assert_uint_eq(join(room, 1, ROLE_EDITOR), ada);
    racer_drives(ada);
    run_for(2);
    ck_assert(!racer->piloted);
    ck_assert_ptr_eq(racer_at(ada), racer);
    run_for(FRAME_TICKS);
    int64_t told = 0;
    ck_assert(
        room_number(room, RACE_OWN, room_seat_member(room, ada), bytes_of("car"), OWN_TICK, &told));
    ck_assert_int_gt(told, (int64_t)room_tick_number(room) - 2 * FRAME_TICKS);
    run_to(PHASE_RESULTS);
    ck_assert_int_eq(racer->state, RACER_FINISHED);
    ck_assert(racer->helped);
}
END_TEST

START_TEST(laps_that_were_driven_for_a_member_are_no_records)
{
    uint32_t ada = racer_joins();
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 0);
    racer_stops(ada);
    run_to(PHASE_RESULTS);
    ck_assert(racer_at(ada)->helped);
    ck_assert_int_eq(racer_at(ada)->best, 0);
    ck_assert_int_gt(racer_at(bob)->best, 0);
    ck_assert_int_eq(race_now()->bests[shortest_track()].lap, racer_at(bob)->best);
}
END_TEST

/* Whoever comes in the middle of a lap has to know when it began. */
START_TEST(the_beginning_of_a_lap_is_told)
{
    racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 2, 0);
    const struct racer *racer = &race_now()->racers[0];
    run_for(FRAME_TICKS);
    expect_value(room, "drivers", 0, "0", "began", "0");
    while (racer->laps == 0)
        run();
    run_for(FRAME_TICKS);
    char began[16];
    snprintf(began, sizeof began, "%d", racer->last);
    expect_value(room, "drivers", 0, "0", "began", began);
}
END_TEST

START_TEST(stragglers_are_not_waited_for_for_ever)
{
    uint32_t ada = racer_joins();
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 0);
    while (race_now()->phase == PHASE_RACING) {
        racer_sends(ada, CAR_COAST); /* it is here, and stands */
        run();
    }
    ck_assert_int_eq(racer_at(ada)->state, RACER_LATE);
    ck_assert_int_eq(racer_at(bob)->state, RACER_FINISHED);
    ck_assert_uint_eq(racer_at(ada)->position, 2);
    ck_assert_uint_eq(racer_at(ada)->gained, 0);
}
END_TEST

/* --- The same again ------------------------------------------------------------------------------ */

static uint64_t play(uint64_t seed)
{
    struct bytes snapshot;
    setup_race();
    room_destroy(room);
    options.seed = seed;
    create();
    racer_joins();
    racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 6);
    run_to(PHASE_RESULTS);
    run_for(RACERS_MAX);
    snapshot = snapshot_of(room);
    uint64_t hash = hash_bytes(0, snapshot);
    free((void *)(uintptr_t)snapshot.data);
    teardown_race();
    return hash;
}

START_TEST(the_same_seed_and_inputs_make_the_same_race)
{
    uint64_t first = play(3);
    ck_assert_uint_eq(play(3), first);
    ck_assert_uint_ne(play(4), first);
}
END_TEST

/* --- What is told beyond the room ------------------------------------------------------------------ */

struct told {
    uint32_t laps, races, wrong;
    int32_t sum;
};

static void
take_result(void *context, const struct log_entry *entry, const struct log_result *result)
{
    struct told *told = context;
    char laps[64], races[64];
    (void)entry;
    snprintf(laps, sizeof laps, "race/%s/laps", tracks[shortest_track()].name);
    snprintf(races, sizeof races, "race/%s/races/1", tracks[shortest_track()].name);
    bool named = bytes_equal(result->name, bytes_of("Driver 1")) ||
                 bytes_equal(result->name, bytes_of("Driver 2"));
    told->laps += bytes_equal(result->board, bytes_of(laps));
    told->races += bytes_equal(result->board, bytes_of(races));
    told->wrong += !named || result->score <= 0;
    told->sum += (int32_t)result->score;
}

START_TEST(members_times_go_to_the_boards_once)
{
    struct told told = {0};
    uint32_t ada = racer_joins();
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 3);
    run_to(PHASE_RESULTS);
    run_for(10 * SECOND_TICKS);
    struct bytes log = {race_log.data, race_log.length};
    ck_assert_int_eq(log_results(log, take_result, &told), STATUS_OK);
    ck_assert_uint_eq(told.laps, 2);
    ck_assert_uint_eq(told.races, 2);
    ck_assert_uint_eq(told.wrong, 0);
    ck_assert_int_eq(told.sum, racer_at(ada)->best + racer_at(ada)->total + racer_at(bob)->best +
                                   racer_at(bob)->total);
}
END_TEST

START_TEST(who_was_driven_for_is_on_no_board)
{
    struct told told = {0};
    uint32_t ada = racer_joins();
    racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 0);
    racer_stops(ada);
    run_to(PHASE_RESULTS);
    run_for(RACERS_MAX + 1);
    struct bytes log = {race_log.data, race_log.length};
    ck_assert_int_eq(log_results(log, take_result, &told), STATUS_OK);
    ck_assert_uint_eq(told.laps, 1);
    ck_assert_uint_eq(told.races, 1);
}
END_TEST

static int64_t card_number(const char *key)
{
    uint64_t stamp;
    struct reader reader = reader_on(room_card_shown(room, &stamp));
    for (uint32_t pairs = read_map(&reader); pairs > 0; pairs--) {
        if (bytes_equal(read_string(&reader), bytes_of(key)))
            return read_integer(&reader);
        read_value(&reader);
    }
    ck_abort_msg("the card has no %s", key);
}

START_TEST(the_card_says_who_may_still_come)
{
    uint64_t first, second;
    ck_assert_int_eq(card_number("seats"), RACERS_MAX);
    racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(card_number("drivers"), 1);
    ck_assert_int_eq(card_number("seats"), RACERS_MAX - 1);
    ck_assert_int_eq(card_number("phase"), PHASE_LOBBY);
    room_card_shown(room, &first);
    run_for(10 * FRAME_TICKS);
    room_card_shown(room, &second);
    ck_assert_uint_eq(first, second);
    race_of(shortest_track(), 1, 0);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(card_number("phase"), PHASE_RACING);
    ck_assert_int_eq(card_number("laps"), 1);
}
END_TEST

START_TEST(a_race_that_is_not_to_be_listed_has_no_card)
{
    uint64_t stamp;
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(outcome(room, ada, "[1 'settings' 'next' 'listed' false]"), STATUS_OK);
    run_for(FRAME_TICKS);
    ck_assert_uint_eq(room_card_shown(room, &stamp).length, 0);
    ck_assert_int_eq(outcome(room, ada, "[1 'settings' 'next' 'listed' true]"), STATUS_OK);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(card_number("drivers"), 1);
}
END_TEST

static Suite *play_suite(void)
{
    Suite *suite = suite_create("race_play");
    TCase *whole = tcase_create("whole");
    tcase_add_checked_fixture(whole, setup_race, teardown_race);
    tcase_set_timeout(whole, 120);
    tcase_add_test(whole, two_members_and_six_bots_race_and_race_again);
    tcase_add_loop_test(whole, every_track_is_raced_on, 0, (int)track_count);
    tcase_add_test(whole, who_comes_during_a_race_watches_it_and_drives_in_the_next);
    suite_add_tcase(suite, whole);
    TCase *leaving = tcase_create("leaving");
    tcase_add_checked_fixture(leaving, setup_race, teardown_race);
    tcase_set_timeout(leaving, 120);
    tcase_add_test(leaving, who_leaves_for_good_is_classified_last);
    tcase_add_test(leaving, a_race_without_members_is_soon_over);
    tcase_add_test(leaving, bots_do_not_keep_members_waiting);
    tcase_add_test(leaving, a_lost_connection_keeps_the_car_and_it_is_driven_meanwhile);
    tcase_add_test(leaving, laps_that_were_driven_for_a_member_are_no_records);
    tcase_add_test(leaving, the_beginning_of_a_lap_is_told);
    tcase_add_test(leaving, stragglers_are_not_waited_for_for_ever);
    suite_add_tcase(suite, leaving);
    TCase *again = tcase_create("again");
    tcase_set_timeout(again, 120);
    tcase_add_test(again, the_same_seed_and_inputs_make_the_same_race);
    suite_add_tcase(suite, again);
    TCase *told = tcase_create("told");
    tcase_add_checked_fixture(told, setup_logged_race, teardown_race);
    tcase_set_timeout(told, 120);
    tcase_add_test(told, members_times_go_to_the_boards_once);
    tcase_add_test(told, who_was_driven_for_is_on_no_board);
    tcase_add_test(told, the_card_says_who_may_still_come);
    tcase_add_test(told, a_race_that_is_not_to_be_listed_has_no_card);
    suite_add_tcase(suite, told);
    return suite;
}

int main(void)
{
    return run_suite(play_suite());
}
