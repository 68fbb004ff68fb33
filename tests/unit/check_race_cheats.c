/* check_race_cheats.c - whatever a driver sends: sync/README.md, "Cheating", says what answers it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/race_world.h"
#include "tests/run_suite.h"

/* --- Inputs --------------------------------------------------------------------------------------- */

/* Whatever inputs it sends, a car does what cars do. */
START_TEST(wild_inputs_break_no_law)
{
    struct chance chance = chance_of(11);
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 15);
    struct racer *racer = racer_at(ada);
    for (int i = 0; i < 3000 && race_now()->phase == PHASE_RACING; i++) {
        struct car before = racer->car;
        uint16_t ghost = racer->ghost;
        racer_sends(ada, chance_below(&chance, 256));
        run();
        ck_assert_int_le(car_speed(&racer->car), CAR_SPEED_MAX);
        bool rescued = racer->ghost > ghost;
        int32_t far = CAR_SPEED_MAX + 15 * CAR_PUSH_MAX;
        ck_assert(rescued ||
                  (abs(racer->car.x - before.x) <= far && abs(racer->car.y - before.y) <= far));
    }
}
END_TEST

/* What is no input is refused, and changes nothing; what is too late or too early does not count. */
START_TEST(only_inputs_for_their_tick_count)
{
    static const char *const messages[] = {"[5 0 256]", "[5 0 -1]", "[5 0 31 'x']", "[5 0 nil]"};
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 0);
    racer_stops(ada);
    uint64_t duplicates = room_input_counts(room)->duplicate;
    int64_t input = 0;
    ck_assert_int_eq(submit(room, ada, "[5 0 47]"), STATUS_OK);
    ck_assert_int_eq(submit(room, ada, "[5 -1 143]"), STATUS_OK); /* another one for that tick */
    run();
    ck_assert(room_input_number(room, room_seat_member(room, ada), &input));
    ck_assert_int_eq(input, 47);
    ck_assert_uint_eq(room_input_counts(room)->duplicate, duplicates + 1);
    run_for(HOLD_TICKS + 1);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(submit(room, ada, messages[i]), STATUS_OK);
        run();
        ck_assert_uint_eq(room_input(room, room_seat_member(room, ada)).length, 0);
    }
    struct input_counts before = *room_input_counts(room);
    ck_assert_int_eq(submit(room, ada, "[5 0 47 47]"), STATUS_OK); /* for ticks that are over */
    ck_assert_int_eq(submit(room, ada, "[5 100000 47]"), STATUS_OK);
    run();
    ck_assert_uint_eq(room_input(room, room_seat_member(room, ada)).length, 0);
    ck_assert_uint_eq(room_input_counts(room)->late, before.late + 2);
    ck_assert_uint_eq(room_input_counts(room)->early, before.early + 1);
}
END_TEST

/* A clock that runs fast: two inputs for each tick. They wait for their ticks, and the car goes as it would. */
START_TEST(more_inputs_make_no_car_faster)
{
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 0);
    struct racer *racer = racer_at(ada);
    struct car honest = racer->car;
    struct input_counts before = *room_input_counts(room);
    racer_stops(ada);
    ck_assert_int_eq(submit(room, ada, "[5 0 47]"), STATUS_OK);
    for (uint32_t i = 0; i < 3 * SECOND_TICKS; i++) {
        ck_assert_int_eq(submit(room, ada, "[5 0 47 47]"), STATUS_OK);
        run();
        if (i < INPUT_AHEAD_MAX) {
            car_step(&honest, 47, race_track(race_now()), 0);
            ck_assert_mem_eq(&racer->car, &honest, sizeof honest);
        }
    }
    const struct input_counts *counts = room_input_counts(room);
    ck_assert_uint_gt(counts->early, before.early);
    ck_assert_uint_le(counts->taken - before.taken, 3 * SECOND_TICKS + INPUT_AHEAD_MAX);
}
END_TEST

static bool stands(const struct car *car)
{
    return car->vx == 0 && car->vy == 0;
}

/* An input says of no car which one it is for: it is for the car of whoever sent it, if it has one. */
START_TEST(inputs_move_the_own_car_alone)
{
    uint32_t ada = racer_joins();
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 0);
    struct car standing = racer_at(ada)->car;
    racer_sends(ada, CAR_COAST);
    uint32_t eve = racer_joins(); /* too late for a car */
    racer_sends(ada, CAR_COAST);
    uint32_t zoe = racer_joins_as(99, ROLE_VIEWER);
    ck_assert_ptr_null(racer_at(eve));
    racer_at(ada)->ghost = racer_at(bob)->ghost = UINT16_MAX; /* nor by a push */
    uint64_t denied = room_refusals(room)[STATUS_DENIED];
    for (uint32_t i = 0; i < 3 * SECOND_TICKS; i++) {
        racer_sends(ada, CAR_COAST);
        racer_sends(bob, CAR_STEER_CENTRE | CAR_THROTTLE);
        racer_sends(eve, CAR_STEER_CENTRE | CAR_THROTTLE);
        racer_sends(zoe, CAR_STEER_CENTRE | CAR_THROTTLE);
        run();
    }
    ck_assert_int_eq(racer_at(ada)->car.x, standing.x);
    ck_assert_int_eq(racer_at(ada)->car.y, standing.y);
    ck_assert(stands(&racer_at(ada)->car));
    ck_assert(!stands(&racer_at(bob)->car));
    ck_assert_uint_eq(racers_in(RACER_RACING), 2);
    ck_assert_uint_ge(room_refusals(room)[STATUS_DENIED], denied + 3 * SECOND_TICKS); /* zoe's */
}
END_TEST

/* --- Wishes --------------------------------------------------------------------------------------- */

/* Neither who watches nor a viewer says when it starts, or how it is to be. */
START_TEST(who_has_no_car_decides_nothing)
{
    static const char *const edits[] = {
        "[1 'drivers' '0' 'ready' true]",
        "[1 'drivers' '0' 'name' 'Eve' 'colour' 3]",
        "[1 'drivers' '0' 'vote' 1]",
        "[0 'drivers' '7' 'member' 3 'ready' true]",
        "[1 'settings' 'next' 'laps' 1]",
        "[1 'race' 'now' 'phase' 1]",
        "[4 'drivers' '0']",
        "[4 'settings' 'next']",
    };
    racer_joins();
    uint32_t eve = racer_joins();
    uint32_t zoe = racer_joins_as(99, ROLE_VIEWER);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(presence(room, eve, "'watch' true"), STATUS_OK);
    run_for(FRAME_TICKS);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        ck_assert_msg(outcome(room, eve, edits[i]) == STATUS_DENIED, "%s", edits[i]);
        ck_assert_msg(outcome(room, zoe, edits[i]) == STATUS_DENIED, "%s", edits[i]);
    }
    run_for(READY_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_LOBBY);
}
END_TEST

/* Whoever may no longer drive gives its car up when the next race is prepared. */
START_TEST(a_member_that_becomes_a_viewer_loses_its_car)
{
    uint32_t ada = racer_joins();
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(room_set_role(room, bob, ROLE_VIEWER), STATUS_OK);
    run_for(2 * FRAME_TICKS);
    ck_assert_ptr_null(racer_at(bob));
    ck_assert_int_eq(wish(ada, "'ready' true"), STATUS_OK);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_COUNTDOWN);
}
END_TEST

/* Who leaves a race that it loses has lost it: there is no second start. */
START_TEST(who_left_a_race_is_in_it_no_more)
{
    racer_joins_as(1, ROLE_EDITOR);
    uint32_t bob = racer_joins_as(2, ROLE_EDITOR);
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 0);
    run_for(100);
    racer_stops(bob);
    room_leave(room, bob);
    run();
    bob = racer_joins_as(2, ROLE_EDITOR);
    run_for(2 * SEATING_TICKS);
    ck_assert_ptr_null(racer_at(bob));
    ck_assert_uint_eq(racers_in(RACER_RETIRED), 1);
    ck_assert_uint_eq(racers_in(RACER_RACING), 1);
}
END_TEST

/* --- Names ---------------------------------------------------------------------------------------- */

/* No name is empty to the eye, or runs the other way. */
START_TEST(names_are_seen_as_they_are)
{
    static const char *const wrong[] = {
        " ",
        "\xc2\xa0\xe3\x80\x80",     /* wide spaces */
        "\xe2\x80\x8b\xe2\x80\x8d", /* of no width */
        "Ada\xe2\x80\xae",          /* right to left from here on */
        ("\xe2\x81\xa6"
         "Ada\xe2\x81\xa9"), /* an isolate */
        "A\xc2\x85",         /* a control of the second set */
        "A\xef\xbb\xbf",
        "A\xf3\xa0\x80\xa1", /* a tag */
        "\xe2\xa0\x80",      /* braille without dots */
    };
    static const char *const right[] = {
        "Ada L",
        "\xd0\x90\xd0\xb4\xd0\xb0",
        "\xe6\x84\x9b",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80", /* joined of two */
        "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae", /* with a non-joiner, as its script has it */
    };
    char pairs[64];
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(pairs, sizeof pairs, "'name' '%s'", wrong[i]);
        ck_assert_msg(wish(ada, pairs) == STATUS_RANGE, "%zu", i);
    }
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        snprintf(pairs, sizeof pairs, "'name' '%s'", right[i]);
        ck_assert_msg(wish(ada, pairs) == STATUS_OK, "%zu", i);
        run_for(FRAME_TICKS);
        ck_assert(bytes_equal(racer_name(&racer_at(ada)->name), bytes_of(right[i])));
    }
}
END_TEST

/* What a member says of itself is not asked about, so it is mended. */
START_TEST(names_that_members_come_with_are_made_so)
{
    struct racer_name name;
    name_set(&name, bytes_of("\xe2\x80\xae"
                             "Ada\x07 \xe2\x80\x8b"
                             "L"));
    ck_assert(bytes_equal(racer_name(&name), bytes_of("Ada L")));
    name_set(&name, bytes_of(" \xe2\x80\x8d "));
    ck_assert_uint_eq(name.length, 0);
    static const char whole[] = "abcdefghijklmnopqrstuvw\xc3\xa4"; /* 25 bytes */
    name_set(&name, bytes_of(whole));
    ck_assert_uint_eq(name.length, RACER_NAME_MAX - 1);
}
END_TEST

static Suite *cheats_suite(void)
{
    Suite *suite = suite_create("race_cheats");
    TCase *cheats = tcase_create("cheats");
    tcase_add_checked_fixture(cheats, setup_race, teardown_race);
    tcase_set_timeout(cheats, 120);
    tcase_add_test(cheats, wild_inputs_break_no_law);
    tcase_add_test(cheats, only_inputs_for_their_tick_count);
    tcase_add_test(cheats, more_inputs_make_no_car_faster);
    tcase_add_test(cheats, inputs_move_the_own_car_alone);
    tcase_add_test(cheats, who_has_no_car_decides_nothing);
    tcase_add_test(cheats, a_member_that_becomes_a_viewer_loses_its_car);
    tcase_add_test(cheats, who_left_a_race_is_in_it_no_more);
    tcase_add_test(cheats, names_are_seen_as_they_are);
    tcase_add_test(cheats, names_that_members_come_with_are_made_so);
    suite_add_tcase(suite, cheats);
    return suite;
}

int main(void)
{
    return run_suite(cheats_suite());
}
