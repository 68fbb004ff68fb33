/* check_race_seen.c - what of a race is seen, what that costs, and what a driver knows of its own car before
 * it is told. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/race_world.h"
#include "tests/run_suite.h"

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

/* --- What a driver foresees ----------------------------------------------------------------------- */

/* What its page is told of its car. */
struct told {
    struct car car;
    int64_t tick, tow, next, changes, cause;
};

static int64_t own_number(uint32_t member, enum own_car_field field)
{
    int64_t number = 0;
    room_number(room, RACE_OWN, member, bytes_of("car"), field, &number);
    return number;
}

/* False where it is no news. */
static bool listen(struct told *told, uint32_t seat)
{
    uint32_t member = room_seat_member(room, seat);
    if (own_number(member, OWN_TICK) == told->tick)
        return false;
    told->tick = own_number(member, OWN_TICK);
    told->tow = own_number(member, OWN_TOW);
    told->next = own_number(member, OWN_NEXT);
    told->changes = own_number(member, OWN_CHANGES);
    told->cause = own_number(member, OWN_CAUSE);
    struct field_view state = room_field(room, RACE_OWN, member, bytes_of("car"), OWN_STATE);
    struct reader reader = reader_on(state.packed);
    struct bytes bytes = read_binary(&reader);
    ck_assert_uint_eq(bytes.length, sizeof told->car);
    memcpy(&told->car, bytes.data, bytes.length);
    return true;
}

static void foresee(struct car *car, const struct told *told, uint64_t tick, uint32_t input)
{
    int64_t tow = (int64_t)tick <= told->changes ? told->tow : told->next;
    car_step(car, input, race_track(race_now()), (uint32_t)tow);
}

/* Among fifteen bots, with inputs that get lost: after each frame it knows its car to the bit. */
START_TEST(a_driver_knows_its_car_to_the_bit_after_each_frame)
{
    struct chance chance = chance_of(3);
    struct told told = {.tick = 0};
    struct car car;
    uint32_t ada = racer_joins();
    uint32_t frames_told = 0, frames_seen = 0;
    run_for(FRAME_TICKS);
    race_of((uint32_t)_i, 1, 15);
    ck_assert(listen(&told, ada));
    car = told.car;
    const struct racer *racer = racer_at(ada);
    while (racer->state == RACER_RACING) {
        uint32_t input = driver_input(&car, race_track(race_now()), 200, 0);
        bool lost = chance_below(&chance, 40) == 0;
        racer_sends(ada, input);
        if (lost)
            racer_stops(ada);
        run();
        if (lost)
            racer_drives_on(ada);
        foresee(&car, &told, room_tick_number(room), input);
        if (!room_frame_due(room) || racer->state != RACER_RACING)
            continue;
        bool news = listen(&told, ada);
        car = news ? told.car : car;
        ck_assert_mem_eq(&car, &racer->car, sizeof racer->car);
        frames_seen++;
        frames_told += news;
    }
    ck_assert_uint_gt(frames_seen, 300);
    ck_assert_uint_lt(frames_told, frames_seen);
}
END_TEST

/* A page whose car is ahead of the room by what half a second's way there and back takes. */
#define LEAD 25u
#define KEPT 64u /* ticks */

struct page {
    struct told told;
    struct car cars[KEPT]; /* by tick, up to the newest */
    uint32_t inputs[KEPT];
    uint64_t newest;
};

static void page_step(struct page *page, uint64_t tick)
{
    page->cars[tick % KEPT] = page->cars[(tick - 1) % KEPT];
    foresee(&page->cars[tick % KEPT], &page->told, tick, page->inputs[tick % KEPT]);
}

/* By what it sees, which is what it foresees. */
static void page_drives(struct page *page, uint64_t until)
{
    while (page->newest < until) {
        const struct car *car = &page->cars[page->newest % KEPT];
        uint64_t tick = ++page->newest;
        page->inputs[tick % KEPT] = driver_input(car, race_track(race_now()), 255, 0);
        page_step(page, tick);
    }
}

static void page_takes(struct page *page)
{
    uint64_t tick = (uint64_t)page->told.tick;
    page->cars[tick % KEPT] = page->told.car;
    while (tick < page->newest)
        page_step(page, ++tick);
}

/* A race in which this one starts behind all others. */
static void race_from_behind(uint32_t seat, uint32_t track)
{
    char pairs[48];
    ck_assert_int_eq(set(seat, "'laps' 1 'bots' 15 'level' 3"), STATUS_OK);
    snprintf(pairs, sizeof pairs, "'ready' true 'vote' %u", track);
    ck_assert_int_eq(wish(seat, pairs), STATUS_OK);
    run_to(PHASE_COUNTDOWN);
    struct race_memory *race = race_now();
    struct racer *racer = racer_at(seat);
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race->racers[i].grid == RACERS_MAX)
            race->racers[i].grid = racer->grid;
    racer->grid = RACERS_MAX;
    cars_line_up(race);
    run_to(PHASE_RACING);
}

/* In a field of sixteen: what the room says of a car is what its driver had foreseen, as long as nothing touched
 * it. Slipstreams come and go meanwhile. */
START_TEST(a_driver_foresees_its_car_as_long_as_nobody_touches_it)
{
    static struct page page;
    uint32_t ada = racer_joins();
    uint32_t tows = 0, untouched = 0, wrong = 0;
    bool touched = false;
    run_for(FRAME_TICKS);
    race_from_behind(ada, (uint32_t)_i);
    page = (struct page){.newest = room_tick_number(room)};
    ck_assert(listen(&page.told, ada));
    page.cars[page.newest % KEPT] = page.told.car;
    const struct racer *racer = racer_at(ada);
    while (racer->state == RACER_RACING) {
        page_drives(&page, room_tick_number(room) + LEAD);
        racer_sends(ada, page.inputs[(room_tick_number(room) + 1) % KEPT]);
        run();
        touched |= (racer->car.signs & CAR_BUMPED) != 0;
        int64_t before = page.told.next;
        if (!room_frame_due(room) || racer->state != RACER_RACING || !listen(&page.told, ada))
            continue;
        const struct car *foreseen = &page.cars[(uint64_t)page.told.tick % KEPT];
        bool same = memcmp(foreseen, &page.told.car, sizeof *foreseen) == 0;
        ck_assert_int_eq(page.told.cause, touched ? CAUSE_TOUCHED : 0);
        tows += page.told.next != before;
        untouched += !touched;
        wrong += !touched && !same;
        touched = false;
        if (!same)
            page_takes(&page);
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_gt(tows, 5);
    ck_assert_uint_gt(untouched, 10);
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
    tcase_add_loop_test(seen, a_driver_foresees_its_car_as_long_as_nobody_touches_it, 0,
                        (int)track_count);
    suite_add_tcase(suite, seen);
    return suite;
}

int main(void)
{
    return run_suite(seen_suite());
}
