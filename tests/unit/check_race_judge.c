/* check_race_judge.c - judgements of a race, each from both sides, over cars that are put where the case
 * needs them. */
#include <check.h>
#include <string.h>

#include "sync/race_parts.h"
#include "tests/run_suite.h"

#define METRES(n) ((n)*RACE_METRE)

static struct race_memory race;
static struct racer *racer;
static const struct track *track;

static struct racer *starts(uint32_t place)
{
    struct racer *one = &race.racers[place];
    one->state = RACER_RACING;
    one->member = place + 1;
    one->position = one->grid = (uint8_t)(place + 1);
    car_grid(&one->car, track, place);
    judge_begin(&race, one);
    return one;
}

static void setup(void)
{
    memset(&race, 0, sizeof race);
    race.phase = PHASE_RACING;
    race.laps = 2;
    track = race_track(&race);
    racer = starts(0);
}

/* One tick in which the car comes so far along the track, from the line on. */
static void comes_to(struct racer *one, int64_t travel)
{
    race.clock++;
    car_place(&one->car, track, travel, 0);
    one->car.surface = SURFACE_ASPHALT;
    judge_tick(&race, one);
}

/* In steps of a metre. */
static void drives_to(struct racer *one, int64_t travel)
{
    while (one->travel + METRES(1) < travel)
        comes_to(one, one->travel + METRES(1));
    comes_to(one, travel);
}

static int64_t gate_at(uint32_t gate)
{
    return (int64_t)track->checkpoints[gate] * track->spacing;
}

/* --- Gates and laps ------------------------------------------------------------------------------ */

START_TEST(the_grid_is_behind_the_line)
{
    for (uint32_t place = 0; place < CAR_GRID; place++) {
        struct racer *one = starts(place);
        ck_assert_int_lt(one->travel, 0);
        ck_assert_int_gt(one->travel, -METRES(400));
    }
}
END_TEST

START_TEST(gates_come_one_after_the_other_and_make_a_lap)
{
    drives_to(racer, METRES(1));
    ck_assert_uint_eq(racer->under_way, 1);
    ck_assert_uint_eq(racer->laps, 0);
    for (uint32_t gate = 1; gate < track->checkpoint_count; gate++) {
        ck_assert_uint_eq(racer->gate, gate);
        drives_to(racer, gate_at(gate) + METRES(1));
    }
    ck_assert_uint_eq(racer->gate, 0);
    ck_assert_uint_eq(racer->laps, 0);
    drives_to(racer, track->length - METRES(1));
    ck_assert_uint_eq(racer->laps, 0);
    drives_to(racer, track->length + METRES(1));
    ck_assert_uint_eq(racer->laps, 1);
    ck_assert_uint_eq(racer->gate, 1);
    ck_assert_int_gt(racer->last, 0);
    ck_assert_int_eq(racer->best, racer->last);
    ck_assert_int_eq(racer->state, RACER_RACING);
    drives_to(racer, 2 * (int64_t)track->length + METRES(1));
    ck_assert_int_eq(racer->state, RACER_FINISHED);
    ck_assert_uint_eq(race.members_home, 1);
    ck_assert_int_ge(racer->total, racer->best);
}
END_TEST

START_TEST(reaching_a_line_is_passing_it)
{
    drives_to(racer, METRES(1));
    drives_to(racer, gate_at(1) - METRES(1) / 2);
    ck_assert_uint_eq(racer->gate, 1);
    comes_to(racer, gate_at(1) + METRES(1) / 2);
    ck_assert_uint_eq(racer->gate, 2);
}
END_TEST

START_TEST(a_gate_is_not_passed_by_a_leap)
{
    drives_to(racer, METRES(1));
    drives_to(racer, gate_at(1) - METRES(10));
    comes_to(racer, gate_at(1) + METRES(10));
    ck_assert_uint_eq(racer->gate, 1);
    drives_to(racer, gate_at(1) + METRES(30));
    ck_assert_int_eq(judge_warning(racer), WARNING_MISSED);
    drives_to(racer, gate_at(2) + METRES(1));
    ck_assert_uint_eq(racer->gate, 1);
    drives_to(racer, track->length + METRES(1));
    ck_assert_uint_eq(racer->laps, 0);
}
END_TEST

static void backs_to(int64_t travel)
{
    while (racer->travel - METRES(1) > travel)
        comes_to(racer, racer->travel - METRES(1));
    comes_to(racer, travel);
}

START_TEST(a_missed_gate_is_passed_by_going_back)
{
    drives_to(racer, METRES(1));
    drives_to(racer, gate_at(1) - METRES(10));
    comes_to(racer, gate_at(1) + METRES(10));
    drives_to(racer, gate_at(1) + METRES(20));
    ck_assert_int_eq(judge_warning(racer), WARNING_MISSED);
    backs_to(gate_at(1) + METRES(1));
    ck_assert(racer->missed);
    backs_to(gate_at(1) - METRES(2));
    ck_assert(!racer->missed);
    ck_assert_uint_eq(racer->gate, 1); /* not by passing it backwards */
    drives_to(racer, gate_at(1) + METRES(1));
    ck_assert_uint_eq(racer->gate, 2);
}
END_TEST

START_TEST(the_line_back_and_forth_is_no_lap)
{
    for (int times = 0; times < 5; times++) {
        drives_to(racer, METRES(3));
        backs_to(-METRES(3));
    }
    ck_assert_uint_eq(racer->laps, 0);
    drives_to(racer, METRES(3));
    ck_assert_uint_eq(racer->gate, 1);
}
END_TEST

START_TEST(a_lap_the_wrong_way_round_is_none)
{
    drives_to(racer, METRES(1));
    backs_to(-(int64_t)track->length - METRES(5));
    drives_to(racer, -(int64_t)track->length + METRES(5));
    ck_assert_uint_eq(racer->laps, 0);
    ck_assert_uint_eq(racer->gate, 1);
}
END_TEST

START_TEST(times_are_taken_where_the_line_was_within_the_tick)
{
    racer->travel = 0;
    race.clock = 99;
    racer->under_way = true;
    racer->gate = 0;
    racer->laps = 0;
    racer->lap_began = 1000;
    car_place(&racer->car, track, -METRES(1), 0);
    racer->along = (int32_t)(track->length - METRES(1));
    racer->travel = track->length - METRES(1);
    comes_to(racer, (int64_t)track->length + METRES(3)); /* a quarter of the tick before the line */
    ck_assert_uint_eq(racer->laps, 1);
    int32_t exact = (99 * 4 + 1) * 1000 / (4 * RACE_TICK_HZ);
    ck_assert_int_ge(racer->last, exact - 1000 - 2);
    ck_assert_int_le(racer->last, exact - 1000 + 2);
}
END_TEST

/* --- Short cuts, the wrong way, rescue ----------------------------------------------------------- */

/* A tick in which it drives `driven` and comes `metres` on. */
static void slips(int64_t travel, int32_t driven, enum surface surface)
{
    race.clock++;
    car_place(&racer->car, track, travel, 0);
    racer->car.surface = (uint8_t)surface;
    racer->car.vx = driven;
    racer->car.vy = 0;
    judge_tick(&race, racer);
}

static void cuts(int ticks, int32_t driven, enum surface surface)
{
    for (int i = 0; i < ticks; i++)
        slips(racer->travel + METRES(1), driven, surface);
    slips(racer->travel + METRES(1), METRES(1), SURFACE_ASPHALT);
}

START_TEST(who_comes_farther_off_the_road_than_it_drives_has_cut)
{
    drives_to(racer, METRES(1));
    cuts(14, METRES(1) / 2, SURFACE_GRASS); /* 7 m */
    ck_assert_int_eq(racer->penalty, 0);
    cuts(18, METRES(1) / 2, SURFACE_SAND); /* 9 m */
    ck_assert_int_eq(racer->penalty, 2000);
    ck_assert_int_eq(judge_warning(racer), WARNING_CUT);
    ck_assert(racer->spoilt);
    cuts(200, METRES(1), SURFACE_GRASS); /* along the road: slow, and no short cut */
    ck_assert_int_eq(racer->penalty, 2000);
    ck_assert_int_eq(judge_warning(racer), WARNING_NONE);
    cuts(20, METRES(1) / 2, SURFACE_KERB);
    ck_assert_int_eq(racer->penalty, 2000);
}
END_TEST

START_TEST(driving_wide_does_not_pay_for_a_cut)
{
    drives_to(racer, METRES(1));
    for (int i = 0; i < 20; i++)
        slips(racer->travel + METRES(1), METRES(3), SURFACE_GRASS);
    cuts(18, METRES(1) / 2, SURFACE_GRASS);
    ck_assert_int_eq(racer->penalty, 2000);
}
END_TEST

START_TEST(a_lap_with_a_cut_is_no_record_and_costs_at_the_end)
{
    race.laps = 1;
    drives_to(racer, METRES(1));
    cuts(18, METRES(1) / 2, SURFACE_GRASS);
    drives_to(racer, (int64_t)track->length + METRES(1));
    ck_assert_int_eq(racer->state, RACER_FINISHED);
    ck_assert_int_eq(racer->best, 0);
    ck_assert_int_eq(race.bests[0].lap, 0);
    ck_assert_int_eq(racer->total, racer->last + 2000);
}
END_TEST

/* Off the road up to the line and over it: `metres` of short cut so far. */
static void cuts_over_the_line(int64_t line, int metres)
{
    drives_to(racer, line - METRES(2 * metres) + METRES(1) / 2);
    for (int i = 0; i < 2 * metres; i++)
        slips(racer->travel + METRES(1), METRES(1) / 2, SURFACE_GRASS);
    ck_assert_int_gt(racer->travel, line);
}

START_TEST(a_cut_that_ends_at_the_line_is_judged_with_its_lap)
{
    race.laps = 1;
    drives_to(racer, METRES(1));
    cuts_over_the_line(track->length, 9);
    ck_assert_int_eq(racer->state, RACER_FINISHED);
    ck_assert_int_eq(racer->penalty, 2000);
    ck_assert_int_eq(racer->total, racer->last + 2000);
    ck_assert_int_eq(racer->best, 0);
    ck_assert_int_eq(race.bests[0].lap, 0);
}
END_TEST

START_TEST(a_cut_is_no_shorter_for_a_line_in_its_middle)
{
    drives_to(racer, METRES(1));
    cuts_over_the_line(track->length, 7);
    ck_assert_uint_eq(racer->laps, 1);
    ck_assert_int_eq(racer->penalty, 0);
    ck_assert_int_gt(racer->best, 0);
    cuts(4, METRES(1) / 2, SURFACE_GRASS); /* 9 m in all */
    ck_assert_int_eq(racer->penalty, 2000);
    ck_assert(racer->spoilt);
}
END_TEST

START_TEST(who_is_put_back_after_a_cut_has_cut)
{
    drives_to(racer, METRES(1));
    for (int i = 0; i < 18; i++)
        slips(racer->travel + METRES(1), METRES(1) / 2, SURFACE_SAND);
    judge_rescue(&race, racer);
    ck_assert_int_eq(racer->penalty, 2000);
    ck_assert(racer->spoilt);
}
END_TEST

START_TEST(penalties_stay_a_time)
{
    racer->penalty = PENALTY_MAX - 2000;
    drives_to(racer, METRES(1));
    cuts(18, METRES(1) / 2, SURFACE_GRASS);
    ck_assert_int_eq(racer->penalty, PENALTY_MAX);
    cuts(18, METRES(1) / 2, SURFACE_GRASS);
    ck_assert_int_eq(racer->penalty, PENALTY_MAX);
}
END_TEST

START_TEST(the_wrong_way_is_told_after_a_while)
{
    drives_to(racer, METRES(100));
    int64_t from = racer->travel;
    backs_to(from - METRES(40));
    ck_assert_int_eq(judge_warning(racer), WARNING_NONE);
    backs_to(from - METRES(60));
    ck_assert_int_eq(judge_warning(racer), WARNING_WRONG_WAY);
    drives_to(racer, racer->travel + METRES(2));
    ck_assert_int_eq(judge_warning(racer), WARNING_NONE);
}
END_TEST

START_TEST(a_car_that_is_put_back_passes_nothing_by_it)
{
    drives_to(racer, METRES(1));
    drives_to(racer, gate_at(1) - METRES(10));
    comes_to(racer, gate_at(1) + METRES(20));
    comes_to(racer, gate_at(1) + METRES(21));
    judge_rescue(&race, racer);
    ck_assert_int_lt(racer->travel, gate_at(1));
    ck_assert_uint_eq(racer->gate, 1);
    ck_assert_uint_gt(racer->ghost, 0);
    ck_assert_int_eq(car_speed(&racer->car), 0);
    drives_to(racer, gate_at(1) + METRES(1));
    ck_assert_uint_eq(racer->gate, 2);
    int64_t far = racer->travel;
    judge_rescue(&race, racer);
    ck_assert_int_eq(racer->travel, far);
}
END_TEST

/* --- The order ----------------------------------------------------------------------------------- */

START_TEST(the_order_is_how_far_they_came_as_far_as_it_counts)
{
    struct racer *second = starts(1);
    struct racer *third = starts(2);
    drives_to(racer, METRES(20));
    drives_to(second, METRES(40));
    drives_to(third, METRES(30));
    judge_order(&race);
    ck_assert_uint_eq(second->position, 1);
    ck_assert_uint_eq(third->position, 2);
    ck_assert_uint_eq(racer->position, 3);
    drives_to(third, gate_at(1) - METRES(10));
    comes_to(third, gate_at(1) + METRES(10)); /* by a leap */
    drives_to(third, gate_at(2));
    drives_to(second, gate_at(1) + METRES(1));
    judge_order(&race);
    ck_assert_uint_eq(second->position, 1);
    ck_assert_uint_eq(third->position, 2);
}
END_TEST

START_TEST(equals_keep_their_order)
{
    struct racer *second = starts(1);
    second->travel = racer->travel;
    judge_order(&race);
    ck_assert_uint_eq(racer->position, 1);
    racer->position = 2;
    second->position = 1;
    judge_order(&race);
    ck_assert_uint_eq(second->position, 1);
}
END_TEST

START_TEST(a_gap_is_to_the_first_one_at_the_gate)
{
    struct racer *second = starts(1);
    drives_to(racer, METRES(1));
    drives_to(racer, gate_at(1) + METRES(1));
    ck_assert_int_eq(racer->gap, 0);
    uint32_t before = race.clock;
    race.clock += 30;
    second->travel = second->along = 0;
    second->under_way = true;
    second->gate = 1;
    comes_to(second, gate_at(1) - METRES(1));
    comes_to(second, gate_at(1) + METRES(1));
    int32_t expected = (int32_t)(race.clock - before) * 1000 / RACE_TICK_HZ;
    ck_assert_int_ge(second->gap, expected - 20);
    ck_assert_int_le(second->gap, expected + 20);
}
END_TEST

START_TEST(two_at_a_gate_in_one_tick_have_no_gap_below_nothing)
{
    struct racer *second = starts(1);
    drives_to(racer, METRES(1));
    drives_to(second, METRES(1));
    drives_to(racer, gate_at(1) - METRES(2));
    drives_to(second, gate_at(1) - METRES(2));
    race.clock = 1000;
    comes_to(racer, gate_at(1) + METRES(1) / 8);
    race.clock = 1000; /* the same tick */
    comes_to(second, gate_at(1) + METRES(4));
    ck_assert_int_ge(racer->gap, 0);
    ck_assert_int_eq(second->gap, 0);
}
END_TEST

START_TEST(penalties_count_among_those_who_are_home)
{
    struct racer *second = starts(1);
    struct racer *late = starts(2);
    struct racer *retired = starts(3);
    racer->state = second->state = RACER_FINISHED;
    racer->total = 62000;
    second->total = 61000;
    late->state = RACER_LATE;
    retired->state = RACER_RETIRED;
    retired->travel = METRES(500);
    judge_order(&race);
    ck_assert_uint_eq(second->position, 1);
    ck_assert_uint_eq(racer->position, 2);
    ck_assert_int_eq(racer->gap, 1000);
    ck_assert_uint_eq(late->position, 3);
    ck_assert_uint_eq(retired->position, 4);
}
END_TEST

/* --- Results ------------------------------------------------------------------------------------- */

START_TEST(points_medals_and_the_fastest_lap)
{
    for (uint32_t i = 0; i < 5; i++) {
        struct racer *one = starts(i);
        one->state = i < 4 ? RACER_FINISHED : RACER_RACING;
        one->total = 60000 + (int32_t)i;
        one->best = i == 2 ? 20000 : 30000;
        one->points = 100;
    }
    results_count(&race);
    static const uint8_t gained[] = {25, 20, 16 + 1, 13, 0};
    static const uint8_t medals[] = {1, 2, 3, 0, 0};
    for (uint32_t i = 0; i < 5; i++) {
        const struct racer *one = &race.racers[i];
        ck_assert_uint_eq(one->position, i + 1);
        ck_assert_uint_eq(one->gained, gained[i]);
        ck_assert_uint_eq(one->points, 100u + gained[i]);
        ck_assert_uint_eq(one->medal, medals[i]);
        ck_assert_uint_eq(one->records & RECORD_FASTEST, i == 2 ? RECORD_FASTEST : 0);
    }
    ck_assert_int_eq(race.racers[4].state, RACER_LATE);
}
END_TEST

START_TEST(the_rooms_best_lap_is_a_members)
{
    struct racer *bot = starts(1);
    bot->skill = 200;
    bot->member = 0;
    bot->best = 10000;
    results_lap(&race, bot);
    ck_assert_int_eq(race.bests[0].lap, 0);
    racer->best = 20000;
    racer->name.length = 3;
    memcpy(racer->name.text, "Ada", 3);
    results_lap(&race, racer);
    ck_assert_int_eq(race.bests[0].lap, 20000);
    ck_assert(bytes_equal(racer_name(&race.bests[0].name), bytes_of("Ada")));
    struct racer *slower = starts(2);
    slower->best = 20000;
    results_lap(&race, slower);
    ck_assert_uint_eq(slower->records, 0);
    slower->best = 19999;
    results_lap(&race, slower);
    ck_assert_uint_eq(slower->records, RECORD_ROOM);
    ck_assert_uint_eq(racer->records, 0);
}
END_TEST

static Suite *judge_suite(void)
{
    Suite *suite = suite_create("race_judge");
    TCase *gates = tcase_create("gates");
    tcase_add_checked_fixture(gates, setup, NULL);
    tcase_add_test(gates, the_grid_is_behind_the_line);
    tcase_add_test(gates, gates_come_one_after_the_other_and_make_a_lap);
    tcase_add_test(gates, reaching_a_line_is_passing_it);
    tcase_add_test(gates, a_gate_is_not_passed_by_a_leap);
    tcase_add_test(gates, a_missed_gate_is_passed_by_going_back);
    tcase_add_test(gates, the_line_back_and_forth_is_no_lap);
    tcase_add_test(gates, a_lap_the_wrong_way_round_is_none);
    tcase_add_test(gates, times_are_taken_where_the_line_was_within_the_tick);
    suite_add_tcase(suite, gates);
    TCase *ways = tcase_create("ways");
    tcase_add_checked_fixture(ways, setup, NULL);
    tcase_add_test(ways, who_comes_farther_off_the_road_than_it_drives_has_cut);
    tcase_add_test(ways, driving_wide_does_not_pay_for_a_cut);
    tcase_add_test(ways, a_lap_with_a_cut_is_no_record_and_costs_at_the_end);
    tcase_add_test(ways, a_cut_that_ends_at_the_line_is_judged_with_its_lap);
    tcase_add_test(ways, a_cut_is_no_shorter_for_a_line_in_its_middle);
    tcase_add_test(ways, who_is_put_back_after_a_cut_has_cut);
    tcase_add_test(ways, penalties_stay_a_time);
    tcase_add_test(ways, the_wrong_way_is_told_after_a_while);
    tcase_add_test(ways, a_car_that_is_put_back_passes_nothing_by_it);
    suite_add_tcase(suite, ways);
    TCase *order = tcase_create("order");
    tcase_add_checked_fixture(order, setup, NULL);
    tcase_add_test(order, the_order_is_how_far_they_came_as_far_as_it_counts);
    tcase_add_test(order, equals_keep_their_order);
    tcase_add_test(order, a_gap_is_to_the_first_one_at_the_gate);
    tcase_add_test(order, two_at_a_gate_in_one_tick_have_no_gap_below_nothing);
    tcase_add_test(order, penalties_count_among_those_who_are_home);
    tcase_add_test(order, points_medals_and_the_fastest_lap);
    tcase_add_test(order, the_rooms_best_lap_is_a_members);
    suite_add_tcase(suite, order);
    return suite;
}

int main(void)
{
    return run_suite(judge_suite());
}
