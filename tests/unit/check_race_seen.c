/* check_race_seen.c - what of a race is seen, what that costs, and what a driver knows of its own car before
 * it is told. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/race_world.h"

/* --- What is seen of it -------------------------------------------------------------------------- */

/* x, y, heading and speed of 16 cars at 20 Hz, with everything else that the frames hold. */
START_TEST(a_car_costs_at_most_five_bytes_a_frame)
{
    racer_joins_as(1, ROLE_EDITOR);
    uint32_t looker = racer_joins_as(2, ROLE_VIEWER);
    racer_stops(looker);
    run_for(FRAME_TICKS);
    race_of((uint32_t)_i, 1, 15);
    run_for(SECOND_TICKS);
    frames_for(2);
    run_for(SECOND_TICKS);
    framed_bytes = framed_count = 0;
    while (race_now()->phase == PHASE_RACING && racers_in(RACER_RACING) == RACERS_MAX)
        run();
    double bytes = (double)framed_bytes / (double)framed_count / RACERS_MAX;
    printf("track %d: %.2f bytes per car and frame\n", _i, bytes);
    ck_assert_uint_gt(framed_count, 300);
    ck_assert_uint_le(framed_bytes, 5 * RACERS_MAX * framed_count);
    expect_equal(2);
}
END_TEST

/* What a driver can foresee by its own inputs is told once a second. */
START_TEST(a_driver_alone_is_told_where_it_is_once_a_second)
{
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 0);
    run_for(SECOND_TICKS);
    int64_t told = 0;
    unsigned times = 0;
    for (uint32_t i = 0; i < 10 * SECOND_TICKS; i++) {
        int64_t now = 0;
        run();
        room_number(room, RACE_OWN, room_seat_member(room, ada), bytes_of("car"), OWN_TICK, &now);
        times += now != told;
        told = now;
    }
    ck_assert_uint_ge(times, 9);
    ck_assert_uint_le(times, 12);
}
END_TEST

/* What its page knows of a car: by its own inputs, and by what it is told. */
struct foreseen {
    struct car car;
    int64_t told, tow;
};

static void listen(struct foreseen *foreseen, uint32_t seat)
{
    uint32_t member = room_seat_member(room, seat);
    int64_t tick = 0;
    room_number(room, RACE_OWN, member, bytes_of("car"), OWN_TICK, &tick);
    if (tick == foreseen->told)
        return;
    struct field_view state = room_field(room, RACE_OWN, member, bytes_of("car"), OWN_STATE);
    struct reader reader = reader_on(state.packed);
    struct bytes bytes = read_binary(&reader);
    ck_assert_uint_eq(bytes.length, sizeof foreseen->car);
    memcpy(&foreseen->car, bytes.data, bytes.length);
    room_number(room, RACE_OWN, member, bytes_of("car"), OWN_TOW, &foreseen->tow);
    foreseen->told = tick;
}

/* Among fifteen bots, with inputs that get lost: after each frame it knows its car to the bit. */
START_TEST(a_driver_knows_its_car_to_the_bit_after_each_frame)
{
    struct chance chance = chance_of(3);
    struct foreseen foreseen = {.told = 0};
    uint32_t ada = racer_joins();
    uint32_t frames_told = 0, frames_seen = 0;
    run_for(FRAME_TICKS);
    race_of((uint32_t)_i, 1, 15);
    listen(&foreseen, ada);
    const struct racer *racer = racer_at(ada);
    while (racer->state == RACER_RACING) {
        const struct track *track = race_track(race_now());
        uint32_t input = driver_input(&foreseen.car, track, 200, 0);
        bool lost = chance_below(&chance, 40) == 0;
        racer_sends(ada, input);
        if (lost)
            racer_stops(ada);
        int64_t told = foreseen.told;
        run();
        if (lost)
            racer_drives_on(ada);
        car_step(&foreseen.car, input, track, (uint32_t)foreseen.tow);
        if (!room_frame_due(room) || racer->state != RACER_RACING)
            continue;
        listen(&foreseen, ada);
        ck_assert_mem_eq(&foreseen.car, &racer->car, sizeof racer->car);
        frames_seen++;
        frames_told += foreseen.told != told;
    }
    ck_assert_uint_gt(frames_seen, 300);
    ck_assert_uint_lt(frames_told, frames_seen);
}
END_TEST

static Suite *seen_suite(void)
{
    Suite *suite = suite_create("race_seen");
    TCase *seen = tcase_create("seen");
    tcase_add_checked_fixture(seen, setup_race, teardown_race);
    tcase_set_timeout(seen, 120);
    tcase_add_loop_test(seen, a_car_costs_at_most_five_bytes_a_frame, 0, (int)track_count);
    tcase_add_test(seen, a_driver_alone_is_told_where_it_is_once_a_second);
    tcase_add_loop_test(seen, a_driver_knows_its_car_to_the_bit_after_each_frame, 0,
                        (int)track_count);
    suite_add_tcase(suite, seen);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(seen_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
