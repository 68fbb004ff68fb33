/* check_race_kept.c - races that are loaded again: what goes on, who is waited for, and that a memory from
 * a disk may hold anything. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/kinds.h"
#include "tests/race_world.h"
#include "tests/run_suite.h"

/* --- The same again ------------------------------------------------------------------------------ */

static struct room *built_again(void)
{
    bool clean;
    return kept_log_replay(&race_log, &options, &kinds_built_in, &clean);
}

/* Asleep, when all that is to be kept is written down. */
static void expect_log_makes_the_same(void)
{
    ck_assert_int_eq(room_sleep(room), STATUS_OK);
    kept_log_take(&race_log, room);
    struct room *built = built_again();
    ck_assert_uint_eq(room_hash_kept(built), room_hash_kept(room));
    ck_assert_mem_eq(room_memory(built), race_now(), sizeof(struct race_memory));
    room_destroy(built);
}

START_TEST(the_log_makes_the_same_race)
{
    racer_joins();
    racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 6);
    run_to(PHASE_RESULTS);
    run_for(RACERS_MAX + 1);
    for (uint32_t seat = 0; seat < 2; seat++) {
        racer_stops(seat);
        room_leave(room, seat);
    }
    run();
    expect_log_makes_the_same();
}
END_TEST

/* The server dies and comes back: the room is what its log has, and nobody is there. */
static void server_restarts(void)
{
    struct room *built = built_again();
    room_destroy(room);
    room = built;
    options.logs = false; /* it goes on in no log */
    ck_assert_int_eq(room_wake(room, 2), STATUS_OK);
    for (uint32_t seat = 0; seat < 4; seat++)
        racer_stops(seat);
}

START_TEST(a_race_survives_its_server)
{
    racer_joins_as(1, ROLE_EDITOR);
    racer_joins_as(2, ROLE_EDITOR);
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 2, 3);
    run_for(1500);
    int64_t travel = racer_at(0)->travel;
    server_restarts();
    uint32_t ada = racer_joins_as(1, ROLE_EDITOR);
    ck_assert_int_eq(race_now()->phase, PHASE_RACING);
    struct racer *racer = racer_at(ada);
    ck_assert_ptr_nonnull(racer);
    ck_assert_int_le(racer->travel, travel + 2 * RACE_METRE);
    ck_assert_uint_eq(racers_in(RACER_RACING), 5);
    run_for(RETURN_TICKS + 2);
    ck_assert_uint_eq(racers_in(RACER_RETIRED), 1); /* bob has not come back */
    run_to(PHASE_RESULTS);
    ck_assert_int_eq(racer->state, RACER_FINISHED);
}
END_TEST

/* --- Who is waited for --------------------------------------------------------------------------- */

static bool has_place(uint32_t member)
{
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        if (race_now()->racers[i].member == member)
            return true;
    return false;
}

/* Members 1 and 2; the second one is home, the first one is not, and so it is kept. */
static void second_comes_home(void)
{
    uint32_t ada = racer_joins_as(1, ROLE_EDITOR);
    uint32_t bob = racer_joins_as(2, ROLE_EDITOR);
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 1, 0);
    racer_nearly_home(bob, 10);
    for (uint32_t i = 0; i < 15 * SECOND_TICKS; i++) {
        racer_sends(ada, CAR_COAST);
        run();
    }
    ck_assert_int_eq(racer_at(bob)->state, RACER_FINISHED);
    ck_assert_int_eq(race_now()->phase, PHASE_RACING);
}

static void race_is_over(void)
{
    race_now()->deadline = race_now()->clock + 1;
    run();
    ck_assert_int_eq(race_now()->phase, PHASE_RESULTS);
    run_for(RACERS_MAX + FRAME_TICKS);
}

START_TEST(who_was_home_and_does_not_come_back_has_no_place_any_more)
{
    second_comes_home();
    server_restarts();
    uint32_t ada = racer_joins_as(1, ROLE_EDITOR);
    run_for(RETURN_TICKS - 2);
    ck_assert(has_place(2));
    run_for(2);
    ck_assert(!has_place(2));
    ck_assert_uint_eq(racers_in(RACER_FINISHED), 1); /* its result stands */
    race_is_over();
    ck_assert_int_eq(wish(ada, "'ready' true"), STATUS_OK);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_COUNTDOWN);
    ck_assert_uint_eq(racers_in(RACER_RACING), 1);
}
END_TEST

START_TEST(who_comes_back_in_time_has_its_place)
{
    second_comes_home();
    server_restarts();
    racer_joins_as(1, ROLE_EDITOR);
    run_for(RETURN_TICKS / 2);
    uint32_t bob = racer_joins_as(2, ROLE_EDITOR);
    run_for(RETURN_TICKS);
    ck_assert_int_eq(racer_at(bob)->state, RACER_FINISHED);
    race_is_over();
    ck_assert_uint_gt(racer_at(bob)->points, 0);
}
END_TEST

/* Results and the next race wait for nobody who is not there; its place is kept meanwhile. */
START_TEST(who_has_not_come_back_yet_is_not_asked_whether_it_is_ready)
{
    second_comes_home();
    server_restarts();
    uint32_t ada = racer_joins_as(1, ROLE_EDITOR);
    race_is_over();
    ck_assert_int_eq(race_now()->phase, PHASE_RESULTS);
    ck_assert(has_place(2));
    ck_assert_int_eq(wish(ada, "'ready' true"), STATUS_OK);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_COUNTDOWN);
    ck_assert_uint_eq(racers_in(RACER_RACING), 2);
    run_for(RETURN_TICKS);
    ck_assert(!has_place(2));
    ck_assert_uint_eq(racers_in(RACER_RETIRED), 1);
}
END_TEST

START_TEST(a_race_that_nobody_comes_back_to_comes_to_an_end)
{
    racer_joins_as(1, ROLE_EDITOR);
    racer_joins_as(2, ROLE_EDITOR);
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 3, 3);
    run_for(700);
    server_restarts();
    racer_joins_as(9, ROLE_VIEWER);
    run_for(RETURN_TICKS);
    ck_assert_uint_eq(racers_in(RACER_RETIRED), 2);
    run_for(BOTS_LEFT_TICKS + 1);
    ck_assert_int_eq(race_now()->phase, PHASE_RESULTS);
    run_for(RACERS_MAX + FRAME_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_LOBBY);
    ck_assert_uint_eq(racers_in(RACER_NONE), RACERS_MAX);
}
END_TEST

/* --- A memory from a disk ------------------------------------------------------------------------- */

/* Several at once, through the log and the room's own waking. */
START_TEST(a_spoilt_memory_harms_nobody)
{
    struct chance chance = chance_of(5);
    uint32_t dropped = 0;
    racer_joins_as(1, ROLE_EDITOR);
    run_for(FRAME_TICKS);
    race_of(shortest_track(), 2, 5);
    run_for(900);
    kept_log_compact(&race_log, &options, &kinds_built_in);
    for (int round = 0; round < 60; round++) {
        struct room *built = built_again();
        uint8_t *memory = room_memory(built);
        for (uint32_t spoilt = 1 + chance_below(&chance, 4); spoilt > 0; spoilt--)
            memory[chance_below(&chance, sizeof(struct race_memory))] =
                (uint8_t)chance_bits(&chance);
        ck_assert_int_eq(room_wake(built, 2), STATUS_OK);
        join(built, 1, ROLE_EDITOR);
        for (int i = 0; i < 40; i++)
            step(built);
        ck_assert_ptr_null(room_ended(built));
        dropped += ((struct race_memory *)room_memory(built))->phase == PHASE_LOBBY;
        room_destroy(built);
    }
    ck_assert_uint_gt(dropped, 5);
    ck_assert_uint_lt(dropped, 55);
}
END_TEST

/* --- Whatever members do ------------------------------------------------------------------------- */

#define CROWD 22u

enum whereabouts {
    GONE,
    HERE,
    LOST
};

static struct {
    enum whereabouts at;
    uint32_t seat;
} crowd[CROWD];

static void asks_something(uint32_t seat, struct chance *chance)
{
    static const char *const asked[] = {
        "[1 'settings' 'next' 'laps' 1 'bots' 4]",
        "[1 'settings' 'next' 'bots' 15 'level' 3]",
        "[1 'settings' 'next' 'laps' 20 'bots' 0]",
        "[5 'chat' 0 'hello']",
        "[4 'drivers' '0']",
    };
    char pairs[64];
    uint32_t choice = chance_below(chance, 12);
    const struct racer *racer = racer_at(seat);
    enum status status = STATUS_OK;
    if (choice < 5)
        status = outcome(room, seat, asked[choice]);
    else if (choice == 5)
        status = presence(room, seat, "'watch' true");
    else if (choice == 6)
        status = presence(room, seat, "'watch' false");
    else if (racer != NULL && race_now()->phase != PHASE_COUNTDOWN) {
        uint32_t vote = chance_below(chance, track_count); /* in this order by any compiler */
        uint32_t colour = chance_below(chance, COLOURS);
        int name = 'a' + (int)chance_below(chance, 26);
        snprintf(pairs, sizeof pairs, "'ready' true 'vote' %u 'colour' %u 'name' '%c'", vote,
                 colour, name);
        run_for(FRAME_TICKS); /* its record is there */
        status = racer_at(seat) == racer ? wish(seat, pairs) : STATUS_OK;
    }
    ck_assert(status == STATUS_OK || status == STATUS_DENIED || status == STATUS_REFUSED);
    kept_log_take(&race_log, room);
}

static void does_something(unsigned who, struct chance *chance)
{
    static const enum role roles[] = {ROLE_VIEWER, ROLE_EDITOR, ROLE_EDITOR, ROLE_OWNER};
    uint32_t choice = chance_below(chance, 8);
    if (crowd[who].at != HERE) {
        crowd[who].seat = racer_joins_as(100 + who, roles[chance_below(chance, 4)]);
        crowd[who].at = HERE;
    } else if (choice == 0) {
        racer_stops(crowd[who].seat);
        room_leave(room, crowd[who].seat);
        crowd[who].at = GONE;
        run();
    } else if (choice == 1) {
        racer_stops(crowd[who].seat);
        room_disconnect(room, crowd[who].seat);
        crowd[who].at = LOST;
        run();
    } else if (choice == 2) {
        racer_stops(crowd[who].seat);
    } else {
        asks_something(crowd[who].seat, chance);
    }
}

/* More than there are cars come, go, lose their connections, stop sending, vote and quarrel; two look on.
 * Nothing of it ends the room, the two see what is there, and the log makes the same of it. */
START_TEST(a_restless_crowd_breaks_no_race)
{
    struct chance chance = chance_of((uint64_t)_i);
    memset(crowd, 0, sizeof crowd);
    room_set_grace(room, 5 * SECOND_TICKS);
    racer_stops(racer_joins_as(1, ROLE_EDITOR));
    racer_stops(racer_joins_as(2, ROLE_VIEWER));
    frames_for(2);
    for (uint32_t turn = 0; turn < 250; turn++) {
        does_something(chance_below(&chance, CROWD), &chance);
        if (race_now()->phase == PHASE_LOBBY && chance_below(&chance, 4) == 0)
            run_for(READY_TICKS / 2);
        run_for(chance_below(&chance, 60));
        ck_assert_ptr_null(room_ended(room));
        ck_assert(race_sound(race_now(), room_tick_number(room)));
    }
    while (!room_frame_due(room))
        run();
    expect_equal(2);
    ck_assert_uint_gt(race_now()->round, 0);
    expect_log_makes_the_same();
}
END_TEST

static Suite *kept_suite(void)
{
    Suite *suite = suite_create("race_kept");
    TCase *kept = tcase_create("kept");
    tcase_add_checked_fixture(kept, setup_logged_race, teardown_race);
    tcase_set_timeout(kept, 120);
    tcase_add_test(kept, the_log_makes_the_same_race);
    tcase_add_test(kept, a_race_survives_its_server);
    tcase_add_test(kept, who_was_home_and_does_not_come_back_has_no_place_any_more);
    tcase_add_test(kept, who_comes_back_in_time_has_its_place);
    tcase_add_test(kept, who_has_not_come_back_yet_is_not_asked_whether_it_is_ready);
    tcase_add_test(kept, a_race_that_nobody_comes_back_to_comes_to_an_end);
    tcase_add_test(kept, a_spoilt_memory_harms_nobody);
    tcase_add_loop_test(kept, a_restless_crowd_breaks_no_race, 0, 3);
    suite_add_tcase(suite, kept);
    return suite;
}

int main(void)
{
    return run_suite(kept_suite());
}
