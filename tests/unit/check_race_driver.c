/* check_race_driver.c - drivers that are no persons: round every track, from anywhere, in company. */
#include "sync/race_driver.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>

#define DRIVEN_MPS 20 /* the best are faster on average, wherever it winds */
#define TICKS_MAX  (240 * RACE_TICK_HZ)

/* Ticks until a car has gone so many laps from where it is; TICKS_MAX when it never does. */
static int32_t ticks_for(struct car *car, const struct track *track, uint32_t skill, int32_t laps)
{
    int64_t gone = 0;
    int32_t along = -1;
    for (int32_t tick = 0; tick < TICKS_MAX; tick++) {
        car_step(car, driver_input(car, track, skill, 0), track, 0);
        struct track_place place;
        track_find(track, car->x, car->y, car->segment, &place);
        gone += along < 0 ? 0 : track_advance(track, along, place.along);
        along = place.along;
        if (gone >= (int64_t)laps * track->length)
            return tick;
    }
    return TICKS_MAX;
}

START_TEST(every_grade_gets_round_and_better_ones_sooner)
{
    const struct track *track = &tracks[_i];
    int32_t last = TICKS_MAX;
    for (uint32_t skill = 0; skill <= DRIVER_SKILL_MAX; skill += 51) {
        struct car car;
        car_grid(&car, track, 0);
        int32_t ticks = ticks_for(&car, track, skill, 2);
        ck_assert_msg(ticks < last, "%s, skill %u: %d ticks", track->name, skill, ticks);
        last = ticks;
    }
    int32_t metres = track->length / RACE_METRE;
    ck_assert_int_lt(last, 2 * metres * RACE_TICK_HZ / DRIVEN_MPS);

    struct car car;
    car_grid(&car, track, 0);
    ck_assert_int_eq(ticks_for(&car, track, UINT32_MAX, 2), last);
}
END_TEST

/* The best stay on the road and off the walls when nobody is in their way. */
START_TEST(the_best_drive_cleanly)
{
    const struct track *track = &tracks[_i];
    struct car car;
    car_grid(&car, track, 3);
    int astray = 0, walls = 0;
    for (int tick = 0; tick < 60 * RACE_TICK_HZ; tick++) {
        car_step(&car, driver_input(&car, track, DRIVER_SKILL_MAX, 0), track, 0);
        astray += car.surface != SURFACE_ASPHALT && car.surface != SURFACE_KERB;
        walls += (car.signs & CAR_WALL) != 0;
    }
    ck_assert_int_eq(walls, 0);
    ck_assert_int_eq(astray, 0);
}
END_TEST

START_TEST(they_come_back_from_anywhere)
{
    const struct track *track = &tracks[_i];
    struct chance chance = chance_of((uint64_t)_i);
    for (int run = 0; run < 150; run++) {
        struct car car;
        car_place(&car, track, (int64_t)chance_below(&chance, (uint32_t)track->length),
                  (int32_t)chance_below(&chance, 24 * RACE_METRE) - 12 * RACE_METRE);
        car.heading = (uint16_t)chance_bits(&chance);
        car.vx = (int32_t)chance_below(&chance, RACE_METRE) - RACE_METRE / 2;
        car.vy = (int32_t)chance_below(&chance, RACE_METRE) - RACE_METRE / 2;
        struct car start = car;
        uint32_t skill = chance_below(&chance, DRIVER_SKILL_MAX + 1);
        ck_assert_msg(ticks_for(&car, track, skill, 1) < TICKS_MAX / 2,
                      "%s, skill %u: from (%d, %d), heading %u, speed (%d, %d)", track->name, skill,
                      start.x, start.y, start.heading, start.vx, start.vy);
    }
}
END_TEST

struct field {
    struct car cars[CAR_GRID];
    int64_t gone[CAR_GRID];
    int32_t along[CAR_GRID];
};

static const struct car *
nearest_ahead(const struct field *field, const struct track *track, uint32_t i)
{
    const struct car *nearest = NULL;
    int32_t least = track->length;
    for (uint32_t j = 0; j < CAR_GRID; j++) {
        int32_t gap = track_advance(track, field->along[i], field->along[j]);
        if (j != i && gap > 0 && gap < least) {
            least = gap;
            nearest = &field->cars[j];
        }
    }
    return nearest;
}

static void drive_field(struct field *field, const struct track *track)
{
    uint32_t inputs[CAR_GRID], tows[CAR_GRID];
    for (uint32_t i = 0; i < CAR_GRID; i++) {
        const struct car *ahead = nearest_ahead(field, track, i);
        const struct car *car = &field->cars[i];
        int32_t lane = ahead != NULL ? driver_lane(car, track, ahead, 0) : 0;
        inputs[i] = driver_input(car, track, i * 17, lane);
        tows[i] = ahead != NULL ? car_tow(car, ahead) : 0;
    }
    for (uint32_t i = 0; i < CAR_GRID; i++)
        car_step(&field->cars[i], inputs[i], track, tows[i]);
    for (uint32_t i = 0; i < CAR_GRID; i++) {
        for (uint32_t j = i + 1; j < CAR_GRID; j++)
            car_contact(&field->cars[i], &field->cars[j]);
    }
}

START_TEST(sixteen_race_and_all_arrive)
{
    const struct track *track = &tracks[_i];
    struct field field = {0};
    for (uint32_t i = 0; i < CAR_GRID; i++) {
        car_grid(&field.cars[i], track, i);
        field.along[i] = (int32_t)field.cars[i].segment * track->spacing;
    }
    uint32_t arrived = 0;
    for (int32_t tick = 0; tick < TICKS_MAX && arrived < CAR_GRID; tick++) {
        drive_field(&field, track);
        arrived = 0;
        for (uint32_t i = 0; i < CAR_GRID; i++) {
            struct car *car = &field.cars[i];
            struct track_place place;
            track_find(track, car->x, car->y, car->segment, &place);
            field.gone[i] += track_advance(track, field.along[i], place.along);
            field.along[i] = place.along;
            arrived += field.gone[i] > 2 * (int64_t)track->length;
        }
    }
    ck_assert_uint_eq(arrived, CAR_GRID);
}
END_TEST

START_TEST(who_is_slower_and_in_the_way_is_passed_on_the_roomier_side)
{
    const struct track *track = &tracks[0];
    struct car car, slow;
    car_place(&car, track, 10 * RACE_METRE, 0);
    car.vx = RACE_METRE / 2;
    int32_t line = track_line(track, 25 * (int64_t)RACE_METRE);
    car_place(&slow, track, 25 * RACE_METRE, line + RACE_METRE / 2);
    int32_t lane = driver_lane(&car, track, &slow, 0);
    ck_assert_int_ge(abs(lane - RACE_METRE / 2), CAR_WIDTH);
    ck_assert_int_eq(lane<0, line + RACE_METRE / 2> 0);

    slow.vx = 2 * car.vx; /* it gets away */
    ck_assert_int_eq(driver_lane(&car, track, &slow, 77), 77);
    slow.vx = 0;
    car_place(&slow, track, 60 * RACE_METRE, line);
    ck_assert_int_eq(driver_lane(&car, track, &slow, 77), 77);
    car_place(&slow, track, 5 * RACE_METRE, line);
    ck_assert_int_eq(driver_lane(&car, track, &slow, 77), 77);
}
END_TEST

int main(void)
{
    int count = (int)track_count;
    TCase *tcase = tcase_create("race_driver");
    tcase_add_loop_test(tcase, every_grade_gets_round_and_better_ones_sooner, 0, count);
    tcase_add_loop_test(tcase, the_best_drive_cleanly, 0, count);
    tcase_add_loop_test(tcase, they_come_back_from_anywhere, 0, count);
    tcase_add_loop_test(tcase, sixteen_race_and_all_arrive, 0, count);
    tcase_add_test(tcase, who_is_slower_and_in_the_way_is_passed_on_the_roomier_side);
    tcase_set_timeout(tcase, 60);

    Suite *suite = suite_create("race_driver");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
