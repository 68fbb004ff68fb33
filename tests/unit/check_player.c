/* check_player.c - recordings played: what is asked of the player, what it shows and tells. What it does
 * where something is missing is in check_player_faults.c. */
#include <check.h>
#include <stdio.h>

#include "sync/follow.h"
#include "sync/room_parts.h"
#include "tests/film.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"
#include "tests/shown.h"

#define HZ 20

/* --- What it shows -------------------------------------------------------------------------------- */

START_TEST(it_begins_where_it_is_told_to_and_waits)
{
    screening_open(&screening, 120);
    screening_viewer(&screening);
    ck_assert_int_eq(told("state"), LOADING);
    ck_assert_int_eq(told("tick"), 120);
    screening_ticks(&screening, 2);
    expect_at(120);
    screening_ticks(&screening, 20);
    expect_at(120);
    ck_assert_int_eq(told("state"), READY);
    ck_assert_int_eq(told("playing"), 0);
    ck_assert_int_eq(told("speed"), 4);
    ck_assert_int_eq(told("first"), 1);
    ck_assert_int_eq(told("last"), 500);
    ck_assert_int_eq(told("hz"), HZ);
    ck_assert_int_eq(told("incarnation"), 3);
    ck_assert_int_eq(told("wall"), 1000 + 120 * 50);
    ck_assert_int_eq(told("live"), 0);
    ck_assert_int_eq(told("reason"), -1);
}
END_TEST

START_TEST(it_plays_tick_by_tick)
{
    open_at(1);
    says("'playing' true");
    for (int64_t tick = told("tick"); tick < 150; tick++) {
        screening_tick(&screening);
        expect_at(tick + 1);
        ck_assert_int_eq(told("wall"), 1000 + (tick + 1) * 50);
    }
    says("'playing' false");
    int64_t tick = told("tick");
    screening_ticks(&screening, 5);
    expect_at(tick);
}
END_TEST

START_TEST(it_plays_as_fast_as_it_is_told_to)
{
    static const struct {
        const char *speed;
        int64_t in_40;
    } rows[] = {{"'speed' 1", 10},
                {"'speed' 2", 20},
                {"'speed' 4", 40},
                {"'speed' 6", 60},
                {"'speed' 64", 640}};
    open_at(1);
    says("'playing' true");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        says("'seek' 10");
        screening_ticks(&screening, 2);
        says(rows[i].speed);
        int64_t from = told("tick");
        for (int k = 0; k < 40; k++) {
            screening_tick(&screening);
            screening_expect(&screening);
        }
        int64_t to = from + rows[i].in_40;
        ck_assert_int_eq(told("tick"), to < 500 ? to : 500);
    }
}
END_TEST

START_TEST(it_goes_wherever_it_is_sent)
{
    static const unsigned ticks[] = {400, 30, 31, 45, 500, 1, 499, 120, 90, 0, 90, 100, 900};
    open_at(250);
    for (size_t i = 0; i < sizeof ticks / sizeof ticks[0]; i++) {
        char pairs[32];
        snprintf(pairs, sizeof pairs, "'seek' %u", ticks[i]);
        says(pairs);
        screening_ticks(&screening, 2);
        expect_at(ticks[i] == 0 ? 1 : ticks[i] > 500 ? 500 : ticks[i]);
        ck_assert_int_eq(told("seek"), -1);
        ck_assert_int_eq(told("state"), READY);
    }
}
END_TEST

START_TEST(what_is_there_is_not_asked_for_again)
{
    open_at(10);
    unsigned brought = screening.brought;
    says("'seek' 60");
    says("'seek' 61");
    expect_at(61);
    ck_assert_uint_le(screening.brought, brought + 1); /* what follows */
    says("'seek' 60");
    screening_tick(&screening);
    expect_at(60);
}
END_TEST

START_TEST(a_step_goes_on_and_a_leap_is_another_moment)
{
    open_at(99);
    const struct scope *everyone = player_room(screening.player)->state.scopes[SCOPE_EVERYONE];
    uint64_t horizon = everyone->horizon;
    says("'seek' 100"); /* chat */
    ck_assert_uint_eq(everyone->horizon, horizon);
    says("'seek' 99");
    screening_tick(&screening);
    ck_assert_uint_gt(everyone->horizon, horizon);
    horizon = everyone->horizon;
    says("'seek' 130");
    ck_assert_uint_gt(everyone->horizon, horizon);
    expect_at(130);
}
END_TEST

START_TEST(it_repeats_a_part)
{
    open_at(1);
    says("'from' 20 'until' 30 'playing' true 'seek' 25");
    int64_t least = 100, most = 0;
    for (int i = 0; i < 60; i++) {
        screening_tick(&screening);
        screening_expect(&screening);
        least = told("tick") < least ? told("tick") : least;
        most = told("tick") > most ? told("tick") : most;
    }
    ck_assert_int_eq(least, 20);
    ck_assert_int_eq(most, 30);
    ck_assert_int_eq(told("playing"), 1);
    says("'until' 15"); /* before `from`: nothing is repeated */
    screening_ticks(&screening, 40);
    ck_assert_int_gt(told("tick"), 30);
}
END_TEST

START_TEST(it_passes_over_what_is_idle)
{
    open_at(140);
    says("'playing' true 'skip' true");
    int ticks = 0;
    for (; told("tick") < 360; ticks++) {
        screening_tick(&screening);
        screening_expect(&screening);
        ck_assert(told("tick") <= 150 || told("tick") >= 200);
    }
    ck_assert_int_le(ticks, 50); /* of 220, with hashes and a keyframe in them */
    says("'skip' false 'seek' 160");
    screening_ticks(&screening, 100);
    ck_assert_int_lt(told("tick"), 270);
}
END_TEST

START_TEST(it_stops_at_the_end)
{
    open_at(490);
    says("'playing' true");
    screening_ticks(&screening, 15);
    expect_at(500);
    ck_assert_int_eq(told("playing"), 0);
    ck_assert_int_eq(told("state"), READY);
    says("'playing' true");
    ck_assert_int_eq(told("playing"), 0);
}
END_TEST

START_TEST(where_the_room_is_live_it_waits_for_more)
{
    screening.last = 120;
    screening_open(&screening, 110);
    screening_viewer(&screening);
    player_extend(screening.player, 120, true);
    screening_ticks(&screening, 3);
    says("'playing' true 'speed' 8");
    screening_ticks(&screening, 20);
    expect_at(120);
    ck_assert_int_eq(told("playing"), 1);
    ck_assert_int_eq(told("live"), 1);
    ck_assert_int_eq(told("state"), READY);
    for (screening.last = 121; screening.last < 150; screening.last++) {
        player_extend(screening.player, screening.last, true);
        screening_ticks(&screening, 2);
        expect_at((int64_t)screening.last);
        ck_assert_int_eq(told("last"), (int64_t)screening.last);
    }
    screening.last = 300;
    player_extend(screening.player, 300, false);
    screening_tick(&screening);
    ck_assert_int_eq(told("live"), 0);
    screening_ticks(&screening, 200);
    expect_at(300);
    ck_assert_int_eq(told("playing"), 0);
}
END_TEST

/* --- What members do ------------------------------------------------------------------------------ */

START_TEST(members_say_how_it_plays_and_nothing_else)
{
    static const struct {
        const char *message;
        enum status status;
    } rows[] = {
        {"[1 [[1 'replay' 'player' 'tick' 5]]]", STATUS_DENIED},
        {"[1 [[1 'replay' 'player' 'seek' 5 'state' 0]]]", STATUS_DENIED},
        {"[1 [[0 'replay' 'other' 'seek' 5]]]", STATUS_DENIED},
        {"[1 [[4 'replay' 'player']]]", STATUS_DENIED},
        {"[1 [[0 'shapes' 'mine' 'n' 5]]]", STATUS_DENIED},
        {"[1 [[1 'shapes' 'a' 'n' 5]]]", STATUS_DENIED},
        {"[1 [[4 'shapes' 'a']]]", STATUS_DENIED},
        {"[1 [[5 'chat' 0 'psst']]]", STATUS_DENIED},
        {"[1 [[5 'wave' 0 'psst']]]", STATUS_DENIED},
        {"[1 [[0 'brand new' 'a' 'n' 5]]]", STATUS_NOT_FOUND},
        {"[1 [[1 'replay' 'player' 'speed' 0]]]", STATUS_RANGE},
        {"[1 [[1 'replay' 'player' 'speed' 65]]]", STATUS_RANGE},
        {"[1 [[1 'replay' 'player' 'seek' -1]]]", STATUS_RANGE},
        {"[1 [[1 'replay' 'player' 'playing' 1]]]", STATUS_TYPE},
    };
    open_at(100);
    struct room *room = player_room(screening.player);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t before = room_refusals(room)[rows[i].status];
        submit(room, screening.seats[0], rows[i].message);
        screening_tick(&screening);
        ck_assert_msg(room_refusals(room)[rows[i].status] == before + 1, "%s", rows[i].message);
        expect_at(100);
    }
    says("'speed' 64");
    says("'speed' 1");
}
END_TEST

START_TEST(viewers_point_beside_those_who_were_there)
{
    open_at(100);
    struct room *room = player_room(screening.player);
    ck_assert_uint_eq(room_seat_member(room, screening.seats[0]), FOLLOW_OWN_MEMBERS);
    ck_assert_uint_eq(room_seat_member(room, screening.seats[1]), FOLLOW_OWN_MEMBERS + 1);
    submit(room, screening.seats[0], "[2 'x' 11 'y' 12]");
    screening_tick(&screening);
    says("'playing' true");
    screening_ticks(&screening, 30);
    expect_value(room, "presence", 0, "2147483648", "x", "11");
    says("'seek' 20");
    screening_ticks(&screening, 2);
    expect_value(room, "presence", 0, "2147483648", "x", "11");
    expect_at(told("tick"));
}
END_TEST

/* The tick that a viewer shows. */
static int64_t seen_tick(uint32_t viewer)
{
    const struct replica *replica = screening.replicas[viewer];
    const struct replica_collection *replay = replica_collection(replica, bytes_of("replay"));
    const struct replica_record *player = replica_find(replica, replay, bytes_of("player"));
    return replica_number(player, replica_field(replay, bytes_of("tick")));
}

/* Also where one of them is sent it later; but nobody waits for long for who takes nothing at all. */
START_TEST(another_moment_shows_to_all_in_one_frame)
{
    const unsigned patience = HZ / 4, choked = _i == 0 ? 2 : 2 * patience;
    unsigned first = 0, second = 0;
    open_at(120);
    screening_ticks(&screening, 3);
    frames_limit_sections(screening.frames, 1); /* a message for each record */
    says("'seek' 440");
    screening.choked = 2;
    for (unsigned tick = 1; tick <= 3 * patience; tick++) {
        if (tick > choked)
            screening.choked = 0;
        screening_tick(&screening);
        first += seen_tick(0) != 440 ? 1 : 0;
        second += seen_tick(1) != 440 ? 1 : 0;
    }
    ck_assert_int_eq(seen_tick(0), 440);
    ck_assert_int_eq(seen_tick(1), 440);
    if (_i == 0)
        ck_assert_uint_eq(first, second);
    else
        ck_assert_uint_eq(first, patience);
    ck_assert_uint_ge(second, choked);
}
END_TEST

START_TEST(the_newest_wish_is_the_one_that_counts)
{
    open_at(100);
    screening.holds = true;
    says("'seek' 10");
    ck_assert_int_eq(told("state"), LOADING);
    says("'seek' 300");
    says("'seek' 400");
    ck_assert_uint_eq(screening.under_way.tick, 10);
    screening_bring(&screening);
    screening_tick(&screening);
    ck_assert_uint_eq(shown_hash(player_room(screening.player)), recording_shown(&film, 10));
    ck_assert_int_eq(told("state"), LOADING);
    ck_assert_uint_eq(screening.under_way.tick, 400);
    screening_bring(&screening);
    screening_tick(&screening);
    expect_at(400);
    ck_assert_int_eq(told("state"), READY);
}
END_TEST

START_TEST(what_is_no_longer_wished_for_is_thrown_away)
{
    open_at(100);
    screening.holds = true;
    says("'seek' 10");
    says("'seek' 110"); /* that is there */
    expect_at(110);
    ck_assert_int_eq(told("state"), READY);
    screening_bring(&screening);
    screening_tick(&screening);
    expect_at(110);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("player");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, film_setup, film_teardown);
    tcase_add_test(tcase, it_begins_where_it_is_told_to_and_waits);
    tcase_add_test(tcase, it_plays_tick_by_tick);
    tcase_add_test(tcase, it_plays_as_fast_as_it_is_told_to);
    tcase_add_test(tcase, it_goes_wherever_it_is_sent);
    tcase_add_test(tcase, what_is_there_is_not_asked_for_again);
    tcase_add_test(tcase, a_step_goes_on_and_a_leap_is_another_moment);
    tcase_add_test(tcase, it_repeats_a_part);
    tcase_add_test(tcase, it_passes_over_what_is_idle);
    tcase_add_test(tcase, it_stops_at_the_end);
    tcase_add_test(tcase, where_the_room_is_live_it_waits_for_more);
    tcase_add_test(tcase, members_say_how_it_plays_and_nothing_else);
    tcase_add_test(tcase, viewers_point_beside_those_who_were_there);
    tcase_add_loop_test(tcase, another_moment_shows_to_all_in_one_frame, 0, 2);
    tcase_add_test(tcase, the_newest_wish_is_the_one_that_counts);
    tcase_add_test(tcase, what_is_no_longer_wished_for_is_thrown_away);
    Suite *suite = suite_create("player");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
