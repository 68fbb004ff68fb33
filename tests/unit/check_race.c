/* check_race.c - the lobby of a race: who has a car, what drivers may ask for and what is refused, when
 * it starts. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/hash.h"
#include "tests/notation.h"
#include "tests/race_world.h"
#include "tests/run_suite.h"

/* The fields of a record, as everyone sees them. */
static void shows(const char *collection, const char *id, const char *field, const char *value)
{
    run_for(FRAME_TICKS);
    expect_value(room, collection, 0, id, field, value);
}

static uint32_t joins_named(unsigned key, const char *user)
{
    static uint8_t packed[USER_BYTES_MAX];
    struct writer writer = writer_on(packed, sizeof packed);
    notation_pack(&writer, user);
    struct hello hello = hello_of(key);
    hello.user = writer_bytes(&writer);
    uint32_t seat;
    ck_assert_int_eq(room_join(room, &hello, ROLE_EDITOR, &seat), STATUS_OK);
    run();
    return seat;
}

/* --- Cars ---------------------------------------------------------------------------------------- */

START_TEST(a_member_gets_a_car_and_its_own_name)
{
    joins_named(1, "{'picture' [1 2] 'name' 'Ada'}");
    shows("drivers", "0", "name", "'Ada'");
    shows("drivers", "0", "member", "1");
    shows("drivers", "0", "state", "1");
    shows("drivers", "0", "colour", "0");
    joins_named(2, "'Bob'");
    shows("drivers", "1", "name", "'Driver 2'");
    shows("drivers", "1", "colour", "1");
    joins_named(3, "{'name' 12}");
    shows("drivers", "2", "name", "'Driver 3'");
    joins_named(4, "{'name' ''}");
    shows("drivers", "3", "name", "'Driver 4'");
    shows("race", "now", "phase", "0");
}
END_TEST

START_TEST(a_long_name_ends_with_a_whole_character)
{
    joins_named(1, "{'name' 'abcdefghijklmnopqrstuvw\xc3\xa4z'}"); /* 23 and 2 bytes */
    shows("drivers", "0", "name", "'abcdefghijklmnopqrstuvw'");
    joins_named(2, "{'name' 'abcdefghijklmnopqrstuv\xc3\xa4z'}");
    shows("drivers", "1", "name", "'abcdefghijklmnopqrstuv\xc3\xa4'");
    joins_named(3, "{'name' 'a\x07\nb'}");
    shows("drivers", "2", "name", "'ab'");
}
END_TEST

START_TEST(viewers_have_no_car)
{
    uint32_t seat = racer_joins_as(1, ROLE_VIEWER);
    run_for(2 * SEATING_TICKS);
    ck_assert_ptr_null(racer_at(seat));
    shows("drivers", "0", "state", "nil");
}
END_TEST

START_TEST(who_watches_gives_its_car_up_and_gets_one_again)
{
    uint32_t seat = racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(presence(room, seat, "'watch' true"), STATUS_OK);
    run_for(FRAME_TICKS);
    ck_assert_ptr_null(racer_at(seat));
    shows("drivers", "0", "state", "nil");
    run_for(2 * SEATING_TICKS);
    ck_assert_ptr_null(racer_at(seat));
    ck_assert_int_eq(presence(room, seat, "'watch' false"), STATUS_OK);
    run_for(SEATING_TICKS + FRAME_TICKS);
    ck_assert_ptr_nonnull(racer_at(seat));
}
END_TEST

START_TEST(sixteen_have_cars_and_the_next_one_takes_what_is_left)
{
    uint32_t seats[RACERS_MAX + 1];
    for (uint32_t i = 0; i <= RACERS_MAX; i++)
        seats[i] = racer_joins();
    for (uint32_t i = 0; i <= RACERS_MAX; i++)
        ck_assert(i < RACERS_MAX ? racer_at(seats[i]) != NULL : racer_at(seats[i]) == NULL);
    shows("drivers", "15", "member", "16");
    racer_stops(seats[3]);
    room_leave(room, seats[3]);
    run_for(SEATING_TICKS + FRAME_TICKS);
    ck_assert_ptr_eq(racer_at(seats[RACERS_MAX]), &race_now()->racers[3]);
    shows("drivers", "3", "member", "17");
}
END_TEST

START_TEST(colours_differ_until_drivers_want_the_same)
{
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(wish(ada, "'colour' 1"), STATUS_OK);
    run_for(FRAME_TICKS);
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_uint_eq(racer_at(bob)->colour, 2);
    ck_assert_int_eq(wish(bob, "'colour' 1"), STATUS_OK);
    shows("drivers", "1", "colour", "1");
}
END_TEST

/* --- Wishes -------------------------------------------------------------------------------------- */

struct row {
    const char *edits;
    enum status status;
};

static void expect_rows(uint32_t seat, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum status status = outcome(room, seat, rows[i].edits);
        ck_assert_msg(status == rows[i].status, "%s: %s", rows[i].edits, status_text(status));
    }
}
#define EXPECT_ROWS(seat, rows) expect_rows(seat, rows, sizeof rows / sizeof rows[0])

START_TEST(drivers_ask_for_their_own_car_alone)
{
    static const struct row rows[] = {
        {"[1 'drivers' '0' 'name' 'Ada' 'colour' 15 'ready' false 'vote' 0]", STATUS_OK},
        {"[1 'drivers' '0' 'vote' nil 'ready' nil]", STATUS_OK},
        {"[0 'drivers' '0' 'colour' 3]", STATUS_OK},
        {"[1 'drivers' '0' 'colour' 16]", STATUS_RANGE},
        {"[1 'drivers' '0' 'colour' -1]", STATUS_RANGE},
        {"[1 'drivers' '0' 'ready' 1]", STATUS_TYPE},
        {"[1 'drivers' '0' 'vote' 15]", STATUS_RANGE}, /* there are not so many */
        {"[1 'drivers' '0' 'vote' 16]", STATUS_RANGE},
        {"[1 'drivers' '0' 'name' 'abcdefghijklmnopqrstuvwx']", STATUS_OK},
        {"[1 'drivers' '0' 'name' 'abcdefghijklmnopqrstuvwxy']", STATUS_RANGE},
        {"[1 'drivers' '0' 'name' '']", STATUS_RANGE},
        {"[1 'drivers' '0' 'name' nil]", STATUS_RANGE},
        {"[1 'drivers' '0' 'name' 'a\x7f']", STATUS_RANGE},
        {"[1 'drivers' '0' 'name' 'a\x1f']", STATUS_RANGE},
        {"[1 'drivers' '0' 'name' 5]", STATUS_TYPE},
        {"[1 'drivers' '1' 'ready' true]", STATUS_DENIED},
        {"[1 'drivers' '2' 'ready' true]", STATUS_NOT_FOUND},
        {"[0 'drivers' '2' 'ready' true]", STATUS_DENIED},
        {"[0 'drivers' '2' 'member' 1]", STATUS_DENIED},
        {"[0 'drivers' '16' 'ready' true]", STATUS_DENIED},
        {"[0 'drivers' 'x' 'ready' true]", STATUS_DENIED},
        {"[4 'drivers' '0']", STATUS_DENIED},
        {"[4 'drivers' '1']", STATUS_DENIED},
        {"[1 'drivers' '0' 'ready' true 'points' 100]", STATUS_DENIED},
    };
    uint32_t ada = racer_joins();
    racer_joins();
    run_for(FRAME_TICKS);
    EXPECT_ROWS(ada, rows);
    shows("drivers", "0", "ready", "false");
    shows("drivers", "0", "colour", "3");
}
END_TEST

/* Everything of a driver's record that is not a wish. */
START_TEST(drivers_do_not_write_what_the_race_says)
{
    char edit[96];
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    for (uint32_t field = DRIVER_WISHES; field < DRIVER_FIELDS; field++) {
        snprintf(edit, sizeof edit, "[1 'drivers' '0' %u nil]", field);
        ck_assert_msg(outcome(room, ada, edit) == STATUS_DENIED, "%s", edit);
    }
    static const struct row rows[] = {
        {"[1 'race' 'now' 'phase' 2]", STATUS_DENIED},
        {"[4 'race' 'now']", STATUS_DENIED},
        {"[0 'cars' '0' 'x' 1]", STATUS_DENIED},
        {"[0 'own' 'car' 'tick' 1]", STATUS_DENIED},
    };
    EXPECT_ROWS(ada, rows);
}
END_TEST

START_TEST(nobody_moves_a_car_but_by_inputs)
{
    static const struct row rows[] = {
        {"[1 'cars' '0' 'x' 0]", STATUS_DENIED},
        {"[1 'cars' '1' 'x' 0 'y' 0 'speed' 400]", STATUS_DENIED},
        {"[3 'cars' '0' 'x' 8]", STATUS_DENIED},
        {"[4 'cars' '1']", STATUS_DENIED},
        {"[1 'own' 'car' 'state' x0000]", STATUS_DENIED},
        {"[1 'drivers' '0' 'lap' 1]", STATUS_DENIED},
        {"[1 'drivers' '0' 'ready' true]", STATUS_REFUSED},
        {"[1 'settings' 'next' 'laps' 1]", STATUS_REFUSED},
        {"[1 'race' 'now' 'laps' 1]", STATUS_DENIED},
    };
    uint32_t ada = racer_joins();
    racer_joins();
    run_for(FRAME_TICKS);
    race_of(0, 1, 0);
    run_for(30);
    EXPECT_ROWS(ada, rows);
    ck_assert_int_eq(race_now()->phase, PHASE_RACING);
}
END_TEST

START_TEST(settings_are_those_of_whoever_drives)
{
    static const struct row rows[] = {
        {"[1 'settings' 'next' 'laps' 1 'bots' 15 'level' 3]", STATUS_OK},
        {"[1 'settings' 'next' 'laps' 20 'bots' 0 'level' 0]", STATUS_OK},
        {"[1 'settings' 'next' 'laps' 0]", STATUS_RANGE},
        {"[1 'settings' 'next' 'laps' 21]", STATUS_RANGE},
        {"[1 'settings' 'next' 'bots' 16]", STATUS_RANGE},
        {"[1 'settings' 'next' 'level' 4]", STATUS_RANGE},
        {"[1 'settings' 'next' 'laps' nil]", STATUS_INCOMPLETE},
        {"[0 'settings' 'other' 'laps' 2]", STATUS_DENIED},
        {"[4 'settings' 'next']", STATUS_DENIED},
    };
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    EXPECT_ROWS(ada, rows);
    shows("settings", "next", "laps", "20");
    shows("race", "now", "laps", "20");
    ck_assert_int_eq(presence(room, ada, "'watch' true"), STATUS_OK);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(set(ada, "'laps' 2"), STATUS_DENIED);
    uint32_t owner = racer_joins_as(9, ROLE_OWNER);
    ck_assert_int_eq(presence(room, owner, "'watch' true"), STATUS_OK);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(set(owner, "'laps' 2"), STATUS_OK);
}
END_TEST

START_TEST(a_chat_line_is_short)
{
    static char line[CHAT_BYTES_MAX + 64];
    uint32_t ada = racer_joins();
    for (unsigned extra = 0; extra < 2; extra++) {
        char text[CHAT_BYTES_MAX + 2];
        memset(text, 'a', CHAT_BYTES_MAX + extra);
        text[CHAT_BYTES_MAX + extra] = 0;
        snprintf(line, sizeof line, "[5 'chat' 0 '%s']", text);
        ck_assert_int_eq(outcome(room, ada, line), extra == 0 ? STATUS_OK : STATUS_RANGE);
    }
    ck_assert_int_eq(outcome(room, ada, "[5 'chat' 0 '']"), STATUS_RANGE);
    ck_assert_int_eq(outcome(room, ada, "[5 'chat' 0 12]"), STATUS_TYPE);
}
END_TEST

/* --- The start ----------------------------------------------------------------------------------- */

START_TEST(it_starts_when_all_are_ready)
{
    uint32_t ada = racer_joins();
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(wish(ada, "'ready' true"), STATUS_OK);
    run_for(10 * SECOND_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_LOBBY);
    ck_assert_int_eq(wish(bob, "'ready' true"), STATUS_OK);
    run_for(FRAME_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_COUNTDOWN);
    shows("drivers", "0", "ready", "false");
    shows("drivers", "0", "state", "2");
    run_for(COUNTDOWN_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_RACING);
}
END_TEST

START_TEST(it_starts_some_time_after_the_first_is_ready)
{
    uint32_t ada = racer_joins();
    racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(wish(ada, "'ready' true"), STATUS_OK);
    run_for(READY_TICKS - 2 * FRAME_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_LOBBY);
    run_for(3 * FRAME_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_COUNTDOWN);
}
END_TEST

START_TEST(who_is_no_longer_ready_stops_the_clock)
{
    uint32_t ada = racer_joins();
    racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(wish(ada, "'ready' true"), STATUS_OK);
    run_for(READY_TICKS / 2);
    ck_assert_int_eq(wish(ada, "'ready' false"), STATUS_OK);
    run_for(READY_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_LOBBY);
    shows("race", "now", "ends", "0");
}
END_TEST

START_TEST(who_is_away_is_not_waited_for)
{
    uint32_t ada = racer_joins();
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    racer_stops(bob);
    room_disconnect(room, bob);
    ck_assert_int_eq(wish(ada, "'ready' true"), STATUS_OK);
    run_for(2 * FRAME_TICKS);
    ck_assert_int_eq(race_now()->phase, PHASE_COUNTDOWN);
    ck_assert_ptr_nonnull(racer_at(bob)); /* it may come back to its car */
}
END_TEST

START_TEST(cars_stand_until_the_tick_that_was_told)
{
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(wish(ada, "'ready' true"), STATUS_OK);
    run_to(PHASE_COUNTDOWN);
    struct racer *racer = racer_at(ada);
    struct car standing = racer->car;
    run_for(FRAME_TICKS);
    int64_t starts = 0;
    ck_assert(room_number(room, RACE_RACE, 0, bytes_of("now"), RACE_STARTS, &starts));
    while (room_tick_number(room) + 1 < (uint64_t)starts) {
        racer_sends(ada, CAR_STEER_CENTRE | CAR_THROTTLE);
        run();
        ck_assert_mem_eq(&racer->car, &standing, sizeof standing);
    }
    racer_sends(ada, CAR_STEER_CENTRE | CAR_THROTTLE);
    run();
    ck_assert_mem_ne(&racer->car, &standing, sizeof standing);
    run_for(FRAME_TICKS);
    int64_t still = 0;
    ck_assert(room_number(room, RACE_RACE, 0, bytes_of("now"), RACE_STARTS, &still));
    ck_assert_int_eq(still, starts);
}
END_TEST

START_TEST(most_votes_choose_the_track)
{
    uint32_t seats[3];
    for (int i = 0; i < 3; i++)
        seats[i] = racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(wish(seats[0], "'vote' 2"), STATUS_OK);
    shows("race", "now", "track", "2");
    ck_assert_int_eq(wish(seats[1], "'vote' 1"), STATUS_OK);
    shows("race", "now", "track", "2"); /* as many: it stays */
    ck_assert_int_eq(wish(seats[2], "'vote' 1"), STATUS_OK);
    shows("race", "now", "track", "1");
    ck_assert_int_eq(wish(seats[2], "'vote' nil"), STATUS_OK);
    ck_assert_int_eq(wish(seats[1], "'vote' nil"), STATUS_OK);
    shows("race", "now", "track", "2");
}
END_TEST

START_TEST(bots_take_the_places_that_are_left)
{
    uint32_t ada = racer_joins();
    racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(set(ada, "'bots' 15"), STATUS_OK);
    race_of(0, 1, 15);
    bool places[RACERS_MAX] = {false};
    uint32_t bots = 0;
    for (uint32_t i = 0; i < RACERS_MAX; i++) {
        const struct racer *racer = &race_now()->racers[i];
        ck_assert_uint_eq(racer->state, RACER_RACING);
        ck_assert_uint_gt(racer->name.length, 0);
        ck_assert_uint_eq(racer->skill == 0, racer->member != 0);
        ck_assert(racer->grid >= 1 && racer->grid <= RACERS_MAX && !places[racer->grid - 1]);
        places[racer->grid - 1] = true;
        bots += racer->skill > 0;
    }
    ck_assert_uint_eq(bots, RACERS_MAX - 2);
}
END_TEST

START_TEST(who_leaves_during_the_countdown_is_replaced_by_a_bot)
{
    uint32_t ada = racer_joins();
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    ck_assert_int_eq(set(ada, "'bots' 0"), STATUS_OK);
    ck_assert_int_eq(wish(ada, "'ready' true"), STATUS_OK);
    ck_assert_int_eq(wish(bob, "'ready' true"), STATUS_OK);
    run_to(PHASE_COUNTDOWN);
    struct racer *racer = racer_at(bob);
    racer_stops(bob);
    room_leave(room, bob);
    run_for(FRAME_TICKS);
    ck_assert_uint_eq(racer->state, RACER_RACING);
    ck_assert_uint_gt(racer->skill, 0);
    ck_assert_uint_eq(racer->member, 0);
    racer_stops(ada);
    room_leave(room, ada);
    run_for(2);
    ck_assert_int_eq(race_now()->phase, PHASE_LOBBY);
    ck_assert_uint_eq(race_now()->racers[0].state, RACER_NONE);
}
END_TEST

START_TEST(an_idle_lobby_writes_nothing)
{
    racer_joins();
    run_for(4 * SECOND_TICKS);
    uint64_t hash = room_hash(room, SEAT_NONE);
    struct race_memory before = *race_now();
    run_for(20 * SECOND_TICKS);
    ck_assert_uint_eq(room_hash(room, SEAT_NONE), hash);
    ck_assert_mem_eq(race_now(), &before, sizeof before);
}
END_TEST

static Suite *race_suite(void)
{
    Suite *suite = suite_create("race");
    TCase *cars = tcase_create("cars");
    tcase_add_checked_fixture(cars, setup_race, teardown_race);
    tcase_add_test(cars, a_member_gets_a_car_and_its_own_name);
    tcase_add_test(cars, a_long_name_ends_with_a_whole_character);
    tcase_add_test(cars, viewers_have_no_car);
    tcase_add_test(cars, who_watches_gives_its_car_up_and_gets_one_again);
    tcase_add_test(cars, sixteen_have_cars_and_the_next_one_takes_what_is_left);
    tcase_add_test(cars, colours_differ_until_drivers_want_the_same);
    suite_add_tcase(suite, cars);
    TCase *wishes = tcase_create("wishes");
    tcase_add_checked_fixture(wishes, setup_race, teardown_race);
    tcase_add_test(wishes, drivers_ask_for_their_own_car_alone);
    tcase_add_test(wishes, drivers_do_not_write_what_the_race_says);
    tcase_add_test(wishes, nobody_moves_a_car_but_by_inputs);
    tcase_add_test(wishes, settings_are_those_of_whoever_drives);
    tcase_add_test(wishes, a_chat_line_is_short);
    suite_add_tcase(suite, wishes);
    TCase *start = tcase_create("start");
    tcase_add_checked_fixture(start, setup_race, teardown_race);
    tcase_set_timeout(start, 60);
    tcase_add_test(start, it_starts_when_all_are_ready);
    tcase_add_test(start, it_starts_some_time_after_the_first_is_ready);
    tcase_add_test(start, who_is_no_longer_ready_stops_the_clock);
    tcase_add_test(start, who_is_away_is_not_waited_for);
    tcase_add_test(start, cars_stand_until_the_tick_that_was_told);
    tcase_add_test(start, most_votes_choose_the_track);
    tcase_add_test(start, bots_take_the_places_that_are_left);
    tcase_add_test(start, who_leaves_during_the_countdown_is_replaced_by_a_bot);
    tcase_add_test(start, an_idle_lobby_writes_nothing);
    suite_add_tcase(suite, start);
    return suite;
}

int main(void)
{
    return run_suite(race_suite());
}
