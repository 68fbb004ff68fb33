/* check_race_play.c - whole races, from the lobby to the next one: who wins what, who leaves and comes
 * back, what is kept, and what it costs to show. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/kinds.h"
#include "sync/log_read.h"
#include "tests/race_world.h"

static uint32_t shortest(void)
{
    uint32_t found = 0;
    for (uint32_t i = 1; i < track_count; i++)
        if (tracks[i].length < tracks[found].length)
            found = i;
    return found;
}

static uint32_t racers_in(enum racer_state state)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < RACERS_MAX; i++)
        count += race_now()->racers[i].state == state;
    return count;
}

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
    race_of(shortest(), 1, 6);
    ck_assert_uint_eq(racers_in(RACER_RACING), 8);
    run_to(PHASE_RESULTS);
    expect_results(8);
    uint32_t points = racer_at(ada)->points;
    ck_assert_uint_eq(points, racer_at(ada)->gained);
    ck_assert_int_gt(race_now()->bests[shortest()].lap, 0);
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
    race_of(shortest(), 1, 1);
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
    race_of(shortest(), 1, 2);
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
    race_of(shortest(), 3, 3);
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
    race_of(shortest(), 2, 0);
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
    race_of(shortest(), 1, 0);
    racer_stops(ada);
    run_to(PHASE_RESULTS);
    ck_assert(racer_at(ada)->helped);
    ck_assert_int_eq(racer_at(ada)->best, 0);
    ck_assert_int_gt(racer_at(bob)->best, 0);
    ck_assert_int_eq(race_now()->bests[shortest()].lap, racer_at(bob)->best);
}
END_TEST

START_TEST(stragglers_are_not_waited_for_for_ever)
{
    uint32_t ada = racer_joins();
    uint32_t bob = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest(), 1, 0);
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
    race_of(shortest(), 1, 6);
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
    race_of(shortest(), 1, 6);
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

START_TEST(a_race_survives_its_server)
{
    racer_joins_as(1, ROLE_EDITOR);
    racer_joins_as(2, ROLE_EDITOR);
    run_for(FRAME_TICKS);
    race_of(shortest(), 2, 3);
    run_for(1500);
    int64_t travel = racer_at(0)->travel;
    struct room *built = built_again();
    room_destroy(room);
    room = built;
    options.logs = false;
    ck_assert_int_eq(room_wake(room, 2), STATUS_OK);
    racer_stops(0);
    racer_stops(1);
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

/* What comes from a disk may be anything: no number of it leads out of a table or a range. */
START_TEST(a_spoilt_memory_harms_nobody)
{
    struct chance chance = chance_of(5);
    uint32_t dropped = 0;
    racer_joins_as(1, ROLE_EDITOR);
    run_for(FRAME_TICKS);
    race_of(shortest(), 2, 5);
    run_for(900);
    kept_log_compact(&race_log, &options, &kinds_built_in);
    for (int round = 0; round < 300; round++) {
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
    ck_assert_uint_lt(dropped, 295);
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
    for (uint32_t turn = 0; turn < 400; turn++) {
        does_something(chance_below(&chance, CROWD), &chance);
        if (race_now()->phase == PHASE_LOBBY && chance_below(&chance, 4) == 0)
            run_for(READY_TICKS / 2);
        run_for(chance_below(&chance, 60));
        ck_assert_ptr_null(room_ended(room));
        ck_assert(race_sound(race_now()));
    }
    while (!room_frame_due(room))
        run();
    expect_equal(2);
    ck_assert_uint_gt(race_now()->round, 0);
    expect_log_makes_the_same();
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
    snprintf(laps, sizeof laps, "race/%s/laps", tracks[shortest()].name);
    snprintf(races, sizeof races, "race/%s/races/1", tracks[shortest()].name);
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
    race_of(shortest(), 1, 3);
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
    race_of(shortest(), 1, 0);
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
    race_of(shortest(), 1, 0);
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
    race_of(shortest(), 1, 0);
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

/* --- Cheats -------------------------------------------------------------------------------------- */

/* Whatever inputs it sends, a car does what cars do. */
START_TEST(wild_inputs_break_no_law)
{
    struct chance chance = chance_of(11);
    uint32_t ada = racer_joins();
    run_for(FRAME_TICKS);
    race_of(shortest(), 1, 15);
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
    race_of(shortest(), 1, 0);
    racer_stops(ada);
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
    tcase_add_test(leaving, stragglers_are_not_waited_for_for_ever);
    suite_add_tcase(suite, leaving);
    TCase *again = tcase_create("again");
    tcase_set_timeout(again, 120);
    tcase_add_test(again, the_same_seed_and_inputs_make_the_same_race);
    suite_add_tcase(suite, again);
    TCase *kept = tcase_create("kept");
    tcase_add_checked_fixture(kept, setup_logged_race, teardown_race);
    tcase_set_timeout(kept, 120);
    tcase_add_test(kept, the_log_makes_the_same_race);
    tcase_add_test(kept, a_race_survives_its_server);
    tcase_add_test(kept, a_spoilt_memory_harms_nobody);
    tcase_add_loop_test(kept, a_restless_crowd_breaks_no_race, 0, 4);
    tcase_add_test(kept, members_times_go_to_the_boards_once);
    tcase_add_test(kept, who_was_driven_for_is_on_no_board);
    tcase_add_test(kept, the_card_says_who_may_still_come);
    tcase_add_test(kept, a_race_that_is_not_to_be_listed_has_no_card);
    suite_add_tcase(suite, kept);
    TCase *seen = tcase_create("seen");
    tcase_add_checked_fixture(seen, setup_race, teardown_race);
    tcase_set_timeout(seen, 120);
    tcase_add_loop_test(seen, a_car_costs_at_most_five_bytes_a_frame, 0, (int)track_count);
    tcase_add_test(seen, a_driver_alone_is_told_where_it_is_once_a_second);
    tcase_add_loop_test(seen, a_driver_knows_its_car_to_the_bit_after_each_frame, 0,
                        (int)track_count);
    suite_add_tcase(suite, seen);
    TCase *cheats = tcase_create("cheats");
    tcase_add_checked_fixture(cheats, setup_race, teardown_race);
    tcase_set_timeout(cheats, 120);
    tcase_add_test(cheats, wild_inputs_break_no_law);
    tcase_add_test(cheats, only_inputs_for_their_tick_count);
    suite_add_tcase(suite, cheats);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(play_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
