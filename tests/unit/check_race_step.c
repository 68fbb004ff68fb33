/* check_race_step.c - how a car drives: its figures, its walls, and what two cars do to each other. */
#include "sync/race_step.h"
#include "tests/helpers.h"
#include "tests/open_ground.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define METRES(length)     ((double)(length) / RACE_METRE)
#define PER_SECOND(speed)  ((double)(speed)*RACE_TICK_HZ / RACE_METRE)
#define RACE_SPEED(metres) ((metres)*RACE_METRE / RACE_TICK_HZ)
#define FULL_LEFT          0u
#define FULL_RIGHT         30u
#define AHEAD              (CAR_COAST | CAR_THROTTLE)
#define CENTIMETRE         (RACE_METRE / 100)

/* ck_assert() writes to a pipe each time; these are claimed millions of times. */
#define HOLDS(claim)                                                                               \
    do {                                                                                           \
        if (!(claim))                                                                              \
            ck_abort_msg("does not hold: %s", #claim);                                             \
    } while (0)

static struct open_ground ground;
static struct car car;

static void setup(void)
{
    open_ground_make(&ground, 90, SURFACE_GRASS);
    car_place(&car, &ground.track, 0, 0);
}

static void drive(uint32_t input, uint32_t ticks)
{
    for (uint32_t i = 0; i < ticks; i++)
        car_step(&car, input, &ground.track, 0);
}

/* The same on a treadmill: it stays where it is, whatever its speed. */
static void drive_on_the_spot(uint32_t input, uint32_t tow, uint32_t ticks)
{
    for (uint32_t i = 0; i < ticks; i++) {
        struct car at = car;
        car_step(&car, input, &ground.track, tow);
        car.x = at.x;
        car.y = at.y;
        car.segment = at.segment;
    }
}

/* At a speed straight ahead. */
static void roll(int32_t metres_per_second)
{
    car.vx =
        (int32_t)((int64_t)RACE_SPEED(metres_per_second) * race_cosine(car.heading) / TRACK_UNIT);
    car.vy =
        (int32_t)((int64_t)RACE_SPEED(metres_per_second) * race_sine(car.heading) / TRACK_UNIT);
}

/* In thousandths of a radian, how far its way turns from its nose. */
static int32_t slip(void)
{
    int64_t fx = race_cosine(car.heading), fy = race_sine(car.heading);
    int64_t along = car.vx * fx + car.vy * fy, aside = car.vy * fx - car.vx * fy;
    return along > 0 ? (int32_t)(aside * 1000 / along) : INT32_MAX;
}

START_TEST(throttle_drives_it_ahead_from_the_grid)
{
    car_grid(&car, &ground.track, 0);
    drive(AHEAD, RACE_TICK_HZ);
    ck_assert_double_gt(PER_SECOND(car_ahead(&car)), 9);
    ck_assert_double_lt(PER_SECOND(car_ahead(&car)), 11);
}
END_TEST

START_TEST(top_speed_is_as_declared)
{
    drive_on_the_spot(AHEAD, 0, 60 * RACE_TICK_HZ);
    ck_assert_double_gt(PER_SECOND(car_speed(&car)), CAR_TOP_MPS - 1);
    ck_assert_double_lt(PER_SECOND(car_speed(&car)), CAR_TOP_MPS + 1);
}
END_TEST

START_TEST(a_tow_makes_it_faster)
{
    drive_on_the_spot(AHEAD, CAR_TOW_MAX, 60 * RACE_TICK_HZ);
    ck_assert_double_gt(PER_SECOND(car_speed(&car)), CAR_TOWED_MPS - 1);
    ck_assert_double_lt(PER_SECOND(car_speed(&car)), CAR_TOWED_MPS + 1);

    struct car other = car;
    car_step(&car, AHEAD, &ground.track, CAR_TOW_MAX);
    car_step(&other, AHEAD, &ground.track, UINT32_MAX);
    ck_assert_mem_eq(&car, &other, sizeof car);
}
END_TEST

START_TEST(brakes_stop_it_within_the_declared_distance)
{
    roll(CAR_TOP_MPS);
    double way = 0;
    int ticks = 0;
    for (; car_ahead(&car) > 0; ticks++) {
        ck_assert_int_lt(ticks, 10 * RACE_TICK_HZ);
        drive(CAR_COAST | CAR_BRAKE, 1);
        way += METRES(car_speed(&car));
    }
    ck_assert_double_gt(way, CAR_BRAKING_M - 5);
    ck_assert_double_lt(way, CAR_BRAKING_M + 5);
}
END_TEST

START_TEST(brakes_turn_into_reverse_and_throttle_out_of_it)
{
    roll(5);
    drive(CAR_COAST | CAR_BRAKE, 5 * RACE_TICK_HZ);
    ck_assert_double_lt(PER_SECOND(car_ahead(&car)), -9);
    ck_assert_double_gt(PER_SECOND(car_ahead(&car)), -11);
    drive(AHEAD, 3 * RACE_TICK_HZ);
    ck_assert_int_gt(car_ahead(&car), 0);
}
END_TEST

START_TEST(without_hands_and_feet_it_comes_to_rest_and_stays)
{
    roll(20);
    car.spin = 300;
    drive(CAR_COAST, 60 * RACE_TICK_HZ);
    struct car resting = car;
    ck_assert_int_eq(car_speed(&car), 0);
    ck_assert_int_eq(car.spin, 0);
    drive(CAR_COAST, RACE_TICK_HZ);
    ck_assert_mem_eq(&car, &resting, sizeof car);
}
END_TEST

START_TEST(steering_weakens_with_speed)
{
    int32_t best = 0;
    for (int32_t metres = 0; metres < 80; metres++) {
        int32_t turn = car_turn_max(RACE_SPEED(metres));
        best = turn > best ? turn : best;
        ck_assert_int_eq(car_turn_max(-RACE_SPEED(metres)), turn);
    }
    ck_assert_int_gt(best, 3 * car_turn_max(RACE_SPEED(60)));
    ck_assert_int_eq(car_turn_max(0), 0);
}
END_TEST

START_TEST(left_and_right_turn_it_to_their_sides)
{
    roll(20);
    uint16_t heading = car.heading;
    drive(FULL_RIGHT | CAR_THROTTLE, 30);
    int16_t right = (int16_t)(car.heading - heading);
    setup();
    roll(20);
    drive(FULL_LEFT | CAR_THROTTLE, 30);
    ck_assert_int_gt(right, 1000);
    ck_assert_int_lt((int16_t)(car.heading - heading), -1000);

    /* What stands above the range of steering counts as its end. */
    setup();
    roll(20);
    struct car other = car;
    drive(31, 1);
    car_step(&other, FULL_RIGHT, &ground.track, 0);
    ck_assert_mem_eq(&car, &other, sizeof car);
}
END_TEST

START_TEST(backwards_the_nose_goes_the_other_way)
{
    drive(CAR_COAST | CAR_BRAKE, 60);
    uint16_t heading = car.heading;
    drive(FULL_RIGHT | CAR_BRAKE, 30);
    ck_assert_int_lt((int16_t)(car.heading - heading), -500);
}
END_TEST

START_TEST(on_asphalt_steering_alone_does_not_throw_it)
{
    roll(40);
    for (int i = 0; i < 2 * RACE_TICK_HZ; i++) {
        drive(FULL_RIGHT | CAR_THROTTLE, 1);
        ck_assert_int_lt(abs(slip()), 200);
    }
}
END_TEST

START_TEST(the_handbrake_throws_it_sideways_throttle_keeps_it_there_and_lifting_catches_it)
{
    roll(30);
    drive(FULL_RIGHT | CAR_HANDBRAKE, 40);
    ck_assert_int_gt(abs(slip()), 250);
    ck_assert(car.signs & CAR_SLIDES);
    drive(FULL_RIGHT | CAR_THROTTLE, RACE_TICK_HZ);
    ck_assert_msg(car.signs & CAR_SLIDES, "throttle and steering keep the slide");
    drive(CAR_COAST, RACE_TICK_HZ);
    ck_assert(!(car.signs & CAR_SLIDES));
    ck_assert_int_lt(abs(slip()), 50);
}
END_TEST

/* The speed after a minute of throttle on a surface. */
static double top_speed_on(enum surface surface)
{
    open_ground_make(&ground, 4, surface);
    car_place(&car, &ground.track, 0, 50 * RACE_METRE);
    drive_on_the_spot(AHEAD, 0, 60 * RACE_TICK_HZ);
    ck_assert_uint_eq(car.surface, surface);
    return PER_SECOND(car_speed(&car));
}

START_TEST(grass_is_slow_and_sand_slower)
{
    double asphalt = top_speed_on(SURFACE_ASPHALT), kerb = top_speed_on(SURFACE_KERB);
    double grass = top_speed_on(SURFACE_GRASS), sand = top_speed_on(SURFACE_SAND);
    ck_assert_double_lt(kerb, asphalt);
    ck_assert_double_lt(grass, kerb * 2 / 3);
    ck_assert_double_lt(sand, grass * 2 / 3);
    ck_assert_double_gt(sand, 5);
}
END_TEST

/* --- Walls ------------------------------------------------------------------------------------- */

struct corner {
    double x, y;
};

static struct corner beside(const struct track_point *point, double offset)
{
    double tx = (double)point->tx / TRACK_UNIT, ty = (double)point->ty / TRACK_UNIT;
    return (struct corner){METRES(point->x) - ty * offset, METRES(point->y) + tx * offset};
}

/* Whether a car is outside its piece of the track as one would draw it; reckoned without the functions
 * under test. The corners go round clockwise on the screen, so what is inside is to the right of all sides. */
static bool is_outside(const struct track *track, const struct car *of)
{
    const struct track_point *a = &track->points[of->segment];
    const struct track_point *b = &track->points[(of->segment + 1u) % track->count];
    struct corner corners[4] = {
        beside(a, -(double)a->left / TRACK_WIDTHS), beside(b, -(double)b->left / TRACK_WIDTHS),
        beside(b, (double)b->right / TRACK_WIDTHS), beside(a, (double)a->right / TRACK_WIDTHS)};
    for (int i = 0; i < 4; i++) {
        struct corner from = corners[i], to = corners[(i + 1) % 4];
        double dx = to.x - from.x, dy = to.y - from.y;
        if (dx * (METRES(of->y) - from.y) - dy * (METRES(of->x) - from.x) < -0.05)
            return true;
    }
    return false;
}

static struct car wild_car(struct chance *chance, const struct track *track)
{
    struct car wild;
    car_place(&wild, track, (int64_t)chance_below(chance, (uint32_t)track->length), 0);
    wild.heading = (uint16_t)chance_bits(chance);
    wild.vx = (int32_t)((int64_t)CAR_SPEED_MAX * race_cosine(wild.heading) / TRACK_UNIT);
    wild.vy = (int32_t)((int64_t)CAR_SPEED_MAX * race_sine(wild.heading) / TRACK_UNIT);
    return wild;
}

static void expect_inside(const struct track *track, const struct car *of, const char *what)
{
    struct track_place place;
    track_find(track, of->x, of->y, of->segment, &place);
    if (place.offset > place.right - CAR_RADIUS + CENTIMETRE ||
        place.offset < -(place.left - CAR_RADIUS + CENTIMETRE) || is_outside(track, of))
        ck_abort_msg("%s, %s: outside at (%.2f, %.2f), %.2f m beside the centre, %.1f m along",
                     track->name, what, METRES(of->x), METRES(of->y), METRES(place.offset),
                     METRES(place.along));
}

/* _i is the seed. Full speed from any place in any direction, held at full throttle or steered at random. */
START_TEST(no_wall_is_ever_passed)
{
    struct chance chance = chance_of((uint64_t)_i);
    const struct track *track = &tracks[(uint32_t)_i % track_count];
    for (int run = 0; run < 400; run++) {
        struct car wild = wild_car(&chance, track);
        uint32_t input = run % 2 == 0 ? AHEAD : (uint32_t)chance_bits(&chance) & 255;
        for (int tick = 0; tick < 150; tick++) {
            struct car before = wild;
            car_step(&wild, input, track, CAR_TOW_MAX);
            expect_inside(track, &wild, run % 2 == 0 ? "straight on" : "at random");
            HOLDS(car_speed(&wild) <= CAR_SPEED_MAX);
            HOLDS(abs(wild.x - before.x) < 3 * RACE_METRE);
            HOLDS(abs(wild.y - before.y) < 3 * RACE_METRE);
        }
    }
}
END_TEST

START_TEST(any_bits_are_a_car_on_the_track_after_one_step)
{
    struct chance chance = chance_of(7);
    for (int run = 0; run < 200000; run++) {
        const struct track *track = &tracks[chance_below(&chance, track_count)];
        uint64_t bits[3] = {chance_bits(&chance), chance_bits(&chance), chance_bits(&chance)};
        struct car wild;
        memcpy(&wild, bits, sizeof wild);
        car_step(&wild, (uint32_t)chance_bits(&chance), track, (uint32_t)chance_bits(&chance));
        struct track_place place;
        track_find(track, wild.x, wild.y, wild.segment, &place);
        HOLDS(place.offset <= place.right);
        HOLDS(place.offset >= -place.left);
        HOLDS(car_speed(&wild) <= CAR_SPEED_MAX + CAR_SPEED_MAX / 50);
        HOLDS(wild.surface < SURFACE_COUNT);
    }
}
END_TEST

/* Into the wall on the right at some degrees, at 30 m/s: the speed that is left along it. */
static double left_after_hitting_at(int degrees)
{
    setup();
    car_place(&car, &ground.track, 0, 97 * RACE_METRE);
    car.heading = (uint16_t)(car.heading + degrees * 65536 / 360);
    roll(30);
    for (int i = 0; i < 60 && !(car.signs & CAR_WALL); i++)
        drive(AHEAD, 1);
    ck_assert_msg(car.signs & CAR_WALL, "the wall is there");
    struct track_place place;
    track_find(&ground.track, car.x, car.y, car.segment, &place);
    return PER_SECOND(track_speed(&place, car.vx, car.vy));
}

START_TEST(a_wall_costs_more_the_steeper_it_is_met)
{
    double flat = left_after_hitting_at(8), middle = left_after_hitting_at(25);
    double steep = left_after_hitting_at(60);
    ck_assert_double_gt(flat, 26);
    ck_assert_double_lt(flat, 30);
    ck_assert_double_lt(middle, flat);
    ck_assert_double_lt(steep, middle / 2);
}
END_TEST

START_TEST(a_nose_at_the_wall_comes_free_by_throttle)
{
    car_place(&car, &ground.track, 0, 97 * RACE_METRE);
    car.heading = (uint16_t)(car.heading + 80 * 65536 / 360);
    drive(AHEAD, 4 * RACE_TICK_HZ);
    struct track_place place;
    track_find(&ground.track, car.x, car.y, car.segment, &place);
    ck_assert_double_gt(PER_SECOND(track_speed(&place, car.vx, car.vy)), 3);
}
END_TEST

/* --- Two cars ---------------------------------------------------------------------------------- */

static struct car car_at(double x, double y, int degrees, double speed)
{
    struct car at = {.x = (int32_t)(x * RACE_METRE), .y = (int32_t)(y * RACE_METRE)};
    at.heading = (uint16_t)(degrees * 65536 / 360);
    at.vx = (int32_t)(RACE_SPEED(speed) * race_cosine(at.heading) / TRACK_UNIT);
    at.vy = (int32_t)(RACE_SPEED(speed) * race_sine(at.heading) / TRACK_UNIT);
    return at;
}

START_TEST(cars_touch_from_just_below_their_width)
{
    struct car a = car_at(0, 0, 0, 0), b = car_at(0, 0, 0, 0);
    b.y = CAR_WIDTH;
    ck_assert_int_eq(car_contact(&a, &b), 0);
    b.y = CAR_WIDTH - 1;
    ck_assert_int_eq(car_contact(&a, &b), 1);
    ck_assert(a.signs & b.signs & CAR_BUMPED);

    a = car_at(0, 0, 0, 0), b = car_at(0, 0, 0, 0);
    b.x = CAR_LENGTH + CENTIMETRE;
    ck_assert_int_eq(car_contact(&a, &b), 0);
    b.x = CAR_LENGTH - CENTIMETRE;
    ck_assert_int_eq(car_contact(&a, &b), 1);
}
END_TEST

START_TEST(a_faster_car_hands_its_speed_to_the_one_before_it)
{
    struct car a = car_at(0, 0, 0, 30), b = car_at(4.1, 0, 0, 20);
    int32_t impact = car_contact(&a, &b);
    ck_assert_double_gt(PER_SECOND(impact), 9.9);
    ck_assert_double_lt(PER_SECOND(impact), 10.1);
    ck_assert_double_lt(PER_SECOND(a.vx), 24);
    ck_assert_double_gt(PER_SECOND(b.vx), 26);
    ck_assert_int_eq(car_contact(&a, &b), 1); /* they part already */
}
END_TEST

START_TEST(a_push_at_the_tail_turns_it)
{
    struct car a = car_at(0, 0, 90, 10), b = car_at(1.2, 1.5, 180, 20);
    ck_assert_int_gt(car_contact(&a, &b), 1);
    ck_assert_int_ne(b.spin, 0);
}
END_TEST

START_TEST(momentum_stays_and_the_order_plays_no_part)
{
    struct chance chance = chance_of(3);
    int touched = 0;
    for (int run = 0; run < 100000; run++) {
        struct car a = car_at(0, 0, (int)chance_below(&chance, 360), chance_below(&chance, 70));
        struct car b = car_at((double)chance_below(&chance, 80) / 10 - 4,
                              (double)chance_below(&chance, 80) / 10 - 4,
                              (int)chance_below(&chance, 360), chance_below(&chance, 70));
        struct car c = a, d = b, start = a;
        int64_t x = (int64_t)a.x + b.x, y = (int64_t)a.y + b.y;
        int64_t vx = (int64_t)a.vx + b.vx, vy = (int64_t)a.vy + b.vy;
        int64_t energy =
            (int64_t)car_speed(&a) * car_speed(&a) + (int64_t)car_speed(&b) * car_speed(&b);
        int32_t impact = car_contact(&a, &b);
        touched += impact > 0;
        HOLDS(car_contact(&d, &c) == impact);
        if (memcmp(&a, &b, sizeof a) != 0) {
            HOLDS(memcmp(&a, &c, sizeof a) == 0);
            HOLDS(memcmp(&b, &d, sizeof b) == 0);
        }
        HOLDS((int64_t)a.x + b.x == x);
        HOLDS((int64_t)a.y + b.y == y);
        HOLDS((int64_t)a.vx + b.vx == vx);
        HOLDS((int64_t)a.vy + b.vy == vy);
        HOLDS(abs(a.x - start.x) + abs(a.y - start.y) <= 2 * CAR_PUSH_MAX);
        int64_t after =
            (int64_t)car_speed(&a) * car_speed(&a) + (int64_t)car_speed(&b) * car_speed(&b);
        HOLDS(after <= energy + energy / 500 + CAR_SPEED_MAX);
    }
    ck_assert_int_gt(touched, 20000);
}
END_TEST

START_TEST(cars_that_overlap_part_within_a_second)
{
    struct chance chance = chance_of(4);
    for (int run = 0; run < 1000; run++) {
        struct car a = car_at(0, 0, (int)chance_below(&chance, 360), 0);
        struct car b = car_at((double)chance_below(&chance, 400) / 100 - 2,
                              (double)chance_below(&chance, 400) / 100 - 2,
                              (int)chance_below(&chance, 360), 0);
        int ticks = 0;
        while (car_contact(&a, &b) != 0)
            HOLDS(ticks++ < RACE_TICK_HZ);
    }
}
END_TEST

START_TEST(the_draught_is_right_behind_a_fast_car)
{
    struct car ahead = car_at(0, 0, 0, 40);
    struct car near = car_at(-5, 0, 0, 40), far = car_at(-20, 0, 0, 40);
    ck_assert_uint_gt(car_tow(&near, &ahead), CAR_TOW_MAX * 3 / 4);
    ck_assert_uint_le(car_tow(&near, &ahead), CAR_TOW_MAX);
    ck_assert_uint_gt(car_tow(&near, &ahead), car_tow(&far, &ahead));
    ck_assert_uint_gt(car_tow(&far, &ahead), 0);
    ck_assert_uint_eq(car_tow(&ahead, &near), 0);

    struct car others[] = {car_at(-30, 0, 0, 40), car_at(-10, 2.1, 0, 40), car_at(-10, -2.1, 0, 40),
                           car_at(-10, 0, 60, 40), car_at(-10, 0, 180, 40)};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_uint_eq(car_tow(&others[i], &ahead), 0);
    struct car slow = car_at(0, 0, 0, 15);
    ck_assert_uint_eq(car_tow(&near, &slow), 0);
}
END_TEST

START_TEST(sines_are_sines_and_roots_are_roots)
{
    for (uint32_t angle = 0; angle < 65536; angle += 7) {
        int64_t sine = race_sine((uint16_t)angle), cosine = race_cosine((uint16_t)angle);
        int64_t square = sine * sine + cosine * cosine;
        HOLDS(llabs(square - (int64_t)TRACK_UNIT * TRACK_UNIT) < TRACK_UNIT * 6);
        HOLDS(race_sine((uint16_t)(0u - angle)) == -sine);
    }
    ck_assert_int_eq(race_sine(0x4000), TRACK_UNIT);
    ck_assert_int_eq(race_cosine(0x8000), -TRACK_UNIT);
    for (uint64_t root = 0; root < 100000; root += 13) {
        HOLDS(race_root(root * root) == root);
        HOLDS(race_root(root * root + 2 * root) == root);
    }
    ck_assert_uint_eq(race_root(UINT64_MAX), UINT32_MAX);
}
END_TEST

int main(void)
{
    TCase *driving = tcase_create("driving");
    tcase_add_checked_fixture(driving, setup, NULL);
    tcase_add_test(driving, throttle_drives_it_ahead_from_the_grid);
    tcase_add_test(driving, top_speed_is_as_declared);
    tcase_add_test(driving, a_tow_makes_it_faster);
    tcase_add_test(driving, brakes_stop_it_within_the_declared_distance);
    tcase_add_test(driving, brakes_turn_into_reverse_and_throttle_out_of_it);
    tcase_add_test(driving, without_hands_and_feet_it_comes_to_rest_and_stays);
    tcase_add_test(driving, steering_weakens_with_speed);
    tcase_add_test(driving, left_and_right_turn_it_to_their_sides);
    tcase_add_test(driving, backwards_the_nose_goes_the_other_way);
    tcase_add_test(driving, on_asphalt_steering_alone_does_not_throw_it);
    tcase_add_test(driving,
                   the_handbrake_throws_it_sideways_throttle_keeps_it_there_and_lifting_catches_it);
    tcase_add_test(driving, grass_is_slow_and_sand_slower);
    tcase_add_test(driving, sines_are_sines_and_roots_are_roots);

    TCase *walls = tcase_create("walls");
    tcase_add_checked_fixture(walls, setup, NULL);
    tcase_add_loop_test(walls, no_wall_is_ever_passed, 0, 12);
    tcase_add_test(walls, any_bits_are_a_car_on_the_track_after_one_step);
    tcase_add_test(walls, a_wall_costs_more_the_steeper_it_is_met);
    tcase_add_test(walls, a_nose_at_the_wall_comes_free_by_throttle);
    tcase_set_timeout(walls, 60);

    TCase *contact = tcase_create("contact");
    tcase_add_test(contact, cars_touch_from_just_below_their_width);
    tcase_add_test(contact, a_faster_car_hands_its_speed_to_the_one_before_it);
    tcase_add_test(contact, a_push_at_the_tail_turns_it);
    tcase_add_test(contact, momentum_stays_and_the_order_plays_no_part);
    tcase_add_test(contact, cars_that_overlap_part_within_a_second);
    tcase_add_test(contact, the_draught_is_right_behind_a_fast_car);
    tcase_set_timeout(contact, 60);

    Suite *suite = suite_create("race_step");
    suite_add_tcase(suite, driving);
    suite_add_tcase(suite, walls);
    suite_add_tcase(suite, contact);
    return run_suite(suite);
}
