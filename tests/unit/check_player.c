/* check_player.c - recordings played: what is asked of the player, what it shows and tells, and what it
 * does where something is missing. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/follow.h"
#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tests/helpers.h"
#include "tests/notation.h"
#include "tests/run_suite.h"
#include "tests/screening.h"
#include "tests/shown.h"

#define HZ 20

static const struct kinds kinds = {.rules = {&kind_mixed, &kind_open}, .count = 2};
static struct room_options options;
static struct recording recording;
static struct screening screening;

enum {
    READY,
    LOADING,
    FAILED
};

/* A line is drawn, two move; then nothing for 10 s, and again. 500 ticks. */
static void record(void)
{
    struct frames *frames = frames_create(&(struct memory){0});
    struct room *room = room_create(&options);
    recording_take(&recording, room, false);
    uint32_t ada = join(room, 1, ROLE_EDITOR);
    uint32_t bob = join(room, 2, ROLE_EDITOR);
    for (uint64_t tick = 2; tick <= 500; tick++) {
        char message[128];
        unsigned n = (unsigned)tick;
        bool idle = tick > 150 && tick <= 350;
        if (tick == 2)
            submit(room, ada, "[1 [[0 'shapes' 'a' 'n' 0]]]");
        else if (!idle && tick % 3 == 0) {
            snprintf(message, sizeof message,
                     "[1 [[1 'shapes' 'a' 'n' %u] "
                     "[2 'shapes' 'a' 'points']]]",
                     n);
            submit(room, ada, message);
        }
        snprintf(message, sizeof message, "[2 'x' %u 'y' %u]", n, 2 * n);
        if (!idle)
            submit(room, tick % 2 == 0 || tick > 449 ? ada : bob, message);
        if (tick == 100)
            submit(room, bob, "[1 [[5 'chat' 0 'hello']]]");
        if (tick == 450)
            room_leave(room, bob);
        if (tick % 200 == 0)
            ck_assert_int_eq(room_log_hash(room), STATUS_OK);
        step(room);
        recording_take(&recording, room, tick % 100 == 1);
        if (frames_begin(frames, room)) {
            frames_next(frames, ada);
            frames_end(frames, true);
        }
    }
    room_destroy(room);
    frames_destroy(frames);
}

static void setup(void)
{
    options = (struct room_options){.rules = &kind_mixed, .incarnation = 3, .logs = true};
    recording = (struct recording){0};
    record();
    screening = (struct screening){
        .recording = &recording, .options = &options, .kinds = &kinds, .reach = 100};
}

static void teardown(void)
{
    screening_close(&screening);
    recording_forget(&recording);
}

static void open_at(uint64_t tick)
{
    screening_open(&screening, tick);
    screening_viewer(&screening);
    screening_viewer(&screening);
    screening_ticks(&screening, 3);
}

static void says(const char *pairs)
{
    ck_assert_int_eq(screening_say(&screening, 0, pairs), STATUS_OK);
}

static int64_t told(const char *field)
{
    return screening_number(&screening, field);
}

static void expect_at(int64_t tick)
{
    ck_assert_int_eq(told("tick"), tick);
    screening_expect(&screening);
}

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
    ck_assert_uint_eq(shown_hash(player_room(screening.player)), recording_shown(&recording, 10));
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

/* --- What is missing ------------------------------------------------------------------------------ */

START_TEST(it_stands_still_until_more_is_there)
{
    open_at(1);
    screening.holds = true;
    says("'playing' true 'speed' 64");
    screening_ticks(&screening, 40);
    int64_t tick = told("tick");
    ck_assert_int_lt(tick, 500);
    ck_assert_int_eq(told("state"), LOADING);
    screening_expect(&screening);
    screening.holds = false;
    screening_bring(&screening);
    screening_ticks(&screening, 3);
    ck_assert_int_gt(told("tick"), tick);
    screening_expect(&screening);
}
END_TEST

START_TEST(over_a_gap_it_goes_on_behind_it)
{
    screening.lost = 60;
    screening.found = 90;
    open_at(1);
    says("'playing' true");
    bool before = false, behind = false;
    for (int i = 0; i < 120; i++) {
        screening_tick(&screening);
        screening_expect(&screening);
        int64_t tick = told("tick");
        ck_assert(tick <= 60 || tick >= 90);
        before |= tick == 60;
        behind |= tick == 90;
    }
    ck_assert(before && behind);
    says("'seek' 40");
    screening_ticks(&screening, 2);
    ck_assert_int_le(told("tick"), 43);
    screening_expect(&screening);
}
END_TEST

START_TEST(what_is_not_to_be_had_is_told)
{
    open_at(100);
    screening.holds = true;
    says("'playing' true 'seek' 10");
    player_fail(screening.player, "the moment was lost in a crash");
    screening.under_way = (struct player_wish){0};
    screening_tick(&screening);
    ck_assert_int_eq(told("state"), FAILED);
    expect_value(player_room(screening.player), "replay", 0, "player", "reason",
                 "'the moment was lost in a crash'");
    screening_ticks(&screening, 5);
    ck_assert_int_eq(told("tick"), 100);
    screening.holds = false;
    says("'seek' 20");
    screening_ticks(&screening, 2);
    ck_assert_int_eq(told("state"), READY);
    ck_assert_int_eq(told("reason"), -1);
    screening_expect(&screening);
}
END_TEST

START_TEST(reasons_are_cut_where_a_character_ends)
{
    char reason[2 * ROOM_REASON_BYTES_MAX + 1] = "";
    for (int i = 0; i < (int)ROOM_REASON_BYTES_MAX; i++)
        memcpy(reason + 2 * i, "\xc3\xa9", 3);
    reason[0] = 'a';
    memmove(reason + 1, reason + 2, sizeof reason - 2);
    open_at(100);
    screening.holds = true;
    says("'seek' 10");
    player_fail(screening.player, reason);
    screening.under_way = (struct player_wish){0};
    screening_tick(&screening);
    ck_assert_int_eq(told("state"), FAILED);
}
END_TEST

START_TEST(a_recording_that_ends_early_ends)
{
    screening.recording = &recording;
    open_at(1);
    screening.holds = true;
    says("'playing' true 'speed' 64");
    screening_ticks(&screening, 20);
    ck_assert_int_eq(screening.under_way.wants, PLAYER_MORE);
    struct player_wish wish = screening.under_way;
    screening.under_way = (struct player_wish){0};
    player_feed(screening.player, (struct recorded){.to = wish.tick}); /* nothing, and no end */
    screening_ticks(&screening, 20);
    ck_assert_int_eq(screening.under_way.wants, PLAYER_NOTHING); /* it is not asked for ever */
}
END_TEST

START_TEST(damage_stops_it)
{
    open_at(1);
    unsigned failures = 0;
    struct chance chance = chance_of(11);
    for (int round = 0; round < 200; round++) {
        screening.holds = true;
        says("'seek' 400");
        screening_tick(&screening);
        if (screening.under_way.wants != PLAYER_NOTHING)
            screening_bring(&screening);
        says("'playing' true 'speed' 64 'seek' 20");
        screening_tick(&screening);
        while (screening.under_way.wants == PLAYER_MORE) {
            screening_bring(&screening);
            screening_tick(&screening);
        }
        struct bytes log = recording_log(&recording, 20, 120);
        uint8_t *copy = malloc(log.length);
        memcpy(copy, log.data, log.length);
        copy[chance_below(&chance, (uint32_t)log.length)] ^=
            (uint8_t)(1 + chance_below(&chance, 255));
        struct replay moment = recording_replay(&recording, 20, &options, &kinds);
        ck_assert_int_eq(screening.under_way.wants, PLAYER_MOMENT);
        screening.under_way = (struct player_wish){0};
        player_load(screening.player, &moment,
                    (struct recorded){.log = (struct bytes){copy, log.length},
                                      .track = recording_track(&recording, 20, 120),
                                      .to = 120,
                                      .end = true});
        free(copy);
        screening_ticks(&screening, 12);
        failures += told("state") == FAILED ? 1 : 0;
    }
    ck_assert_uint_gt(failures, 20);
    screening.holds = false;
    says("'seek' 20 'playing' false");
    screening_ticks(&screening, 3);
    expect_at(20);
}
END_TEST

START_TEST(a_moment_that_is_none_fails)
{
    open_at(100);
    screening.holds = true;
    says("'seek' 10");
    struct replay none = replay_begin(&options, &kinds);
    screening.under_way = (struct player_wish){0};
    player_load(screening.player, &none, (struct recorded){0});
    screening_tick(&screening);
    ck_assert_int_eq(told("state"), FAILED);
    ck_assert_int_eq(told("tick"), 100);
}
END_TEST

/* --- Making one ----------------------------------------------------------------------------------- */

static enum status makes(const struct rules *rules)
{
    enum status status;
    struct player *player = player_create(
        &(struct player_options){.rules = rules, .incarnation = 1, .first = 1, .last = 9}, &status);
    ck_assert((player == NULL) == (status != STATUS_OK));
    player_destroy(player);
    return status;
}

static struct bytes packed(uint8_t *buffer, size_t size, const char *const *lines, size_t count)
{
    struct writer writer = writer_on(buffer, size);
    for (size_t i = 0; i < count; i++)
        notation_pack(&writer, lines[i]);
    ck_assert_int_eq(writer.status, STATUS_OK);
    return writer_bytes(&writer);
}

/* A room of so many records of 30,000 bytes, and how many seeks it takes in 40 ticks that ask for one each. */
static unsigned seeks_taken(unsigned records)
{
    struct recording large = {0};
    struct room *room = room_create(&options);
    static char message[32000];
    uint32_t seat = SEAT_NONE;
    recording_take(&large, room, false);
    for (unsigned i = 0; i < records; i++) {
        if (i % 50 == 0) /* one may not do more without a frame */
            seat = join(room, 1 + i / 50, ROLE_EDITOR);
        snprintf(message, sizeof message, "[1 [[0 'papers' 'p%u' 'text' '%030000u']]]", i, i);
        ck_assert_int_eq(submit(room, seat, message), STATUS_OK);
        if (i % 4 == 3 || i + 1 == records) {
            step(room);
            recording_take(&large, room, false);
        }
    }
    uint64_t first = large.last;
    for (unsigned i = 0; i < 800; i++)
        step(room);
    recording_take(&large, room, false);
    ck_assert_uint_ge(room_bytes(room), records * 30000u);
    room_destroy(room);
    screening.recording = &large;
    screening.reach = 1000;
    open_at(first);
    unsigned taken = 0;
    for (unsigned i = 1; i <= 40; i++) {
        int64_t before = told("tick");
        snprintf(message, sizeof message, "'seek' %u", (unsigned)first + 20 * i);
        says(message);
        taken += told("tick") != before ? 1 : 0;
    }
    screening_ticks(&screening, 10);
    ck_assert_int_eq(told("tick"), (int64_t)first + 800); /* the newest wish */
    expect_at(told("tick"));
    recording_forget(&large);
    return taken;
}

/* Who looks at a large room does not take the time of all. */
START_TEST(seeks_cost_no_more_than_they_may)
{
    ck_assert_uint_eq(seeks_taken(1), 40);
    screening_close(&screening);
    unsigned taken = seeks_taken(280); /* 8 MiB: one in five ticks */
    ck_assert_uint_ge(taken, 5);
    ck_assert_uint_le(taken, 10);
}
END_TEST

/* Where the first viewer points to; -1: nowhere. */
static int64_t viewers_x(void)
{
    uint8_t value[16];
    size_t length = read_field(player_room(screening.player), "presence", 0, "2147483648", "x",
                               value, sizeof value);
    struct reader reader = reader_on((struct bytes){value, length});
    return length == 0 ? -1 : read_integer(&reader);
}

/* No server gives out such numbers; a track from elsewhere may have them. */
START_TEST(nobody_recorded_is_taken_for_a_viewer)
{
    static const char *const track[] = {"[401 1 1000 [32] [33 2147483648 2 7] [33 1 2 7]]",
                                        "[402 1 1000 [34 2147483648]]"};
    uint8_t buffer[128];
    open_at(1);
    screening.holds = true;
    says("'seek' 400 'playing' true");
    ck_assert_int_eq(screening.under_way.wants, PLAYER_MOMENT);
    screening.under_way = (struct player_wish){0};
    struct room *room = player_room(screening.player);
    submit(room, screening.seats[0], "[2 'x' 3]");
    struct replay moment = recording_replay(&recording, 400, &options, &kinds);
    player_load(screening.player, &moment,
                (struct recorded){
                    .track = packed(buffer, sizeof buffer, track, 2), .to = 420, .end = true});
    screening_ticks(&screening, 10);
    ck_assert_int_eq(told("tick"), 409);
    ck_assert_int_eq(viewers_x(), 3);
    submit(room, screening.seats[0], "[2 'x' 4]");
    screening_tick(&screening);
    ck_assert_int_eq(viewers_x(), 4);
}
END_TEST

/* Its tables are not those of the room that shows it. */
START_TEST(a_moment_of_another_kind_is_damage)
{
    struct recording other = {0};
    struct room_options open = {.rules = &kind_open, .incarnation = 3, .logs = true};
    struct room *room = room_create(&open);
    recording_take(&other, room, false);
    step(room);
    recording_take(&other, room, false);
    room_destroy(room);
    open_at(1);
    screening.holds = true;
    says("'seek' 400");
    ck_assert_int_eq(screening.under_way.wants, PLAYER_MOMENT);
    screening.under_way = (struct player_wish){0};
    struct replay moment = recording_replay(&other, 1, &open, &kinds);
    player_load(screening.player, &moment, (struct recorded){.to = 400});
    ck_assert_ptr_null(moment.room);
    screening_ticks(&screening, 2);
    ck_assert_int_eq(told("state"), FAILED);
    screening.holds = false;
    says("'seek' 20");
    screening_ticks(&screening, 3);
    expect_at(20);
    recording_forget(&other);
}
END_TEST

START_TEST(a_kind_leaves_room_for_the_player)
{
    static struct collection_rules many[COLLECTIONS_MAX];
    static char names[COLLECTIONS_MAX][8];
    many[0] = (struct collection_rules){.name = "presence", .sight = SIGHT_PRESENCE};
    for (unsigned i = 1; i < COLLECTIONS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "c%u", i);
        many[i] = (struct collection_rules){.name = names[i]};
    }
    struct rules rules = {.name = "many", .tick_hz = 20, .frame_hz = 20, .collections = many};
    rules.collection_count = COLLECTIONS_MAX - 1;
    ck_assert_int_eq(makes(&rules), STATUS_OK);
    rules.collection_count = COLLECTIONS_MAX;
    ck_assert_int_eq(makes(&rules), STATUS_KIND);
    many[1].name = "replay";
    rules.collection_count = 3;
    ck_assert_int_eq(makes(&rules), STATUS_KIND);
    for (uint32_t i = 0; i < kinds_built_in.count; i++)
        ck_assert_int_eq(makes(kinds_built_in.rules[i]), STATUS_OK);
    screening_open(&screening, 1);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
    struct counted_memory counted = {0};
    struct player *player = NULL;
    for (unsigned i = 0; player == NULL && i < 100; i++) {
        enum status status;
        counted.left = i;
        player = player_create(&(struct player_options){.rules = &kind_mixed,
                                                        .incarnation = 1,
                                                        .first = 1,
                                                        .last = 500,
                                                        .memory = memory_counted(&counted)},
                               &status);
        ck_assert(player != NULL || (status == STATUS_MEMORY && counted.live == 0));
    }
    ck_assert_ptr_nonnull(player);
    counted.left = 0; /* none for what follows, and for what is shown */
    player_asked(player);
    struct replay moment = recording_replay(&recording, 1, &options, &kinds);
    player_load(player, &moment,
                (struct recorded){.log = recording_log(&recording, 1, 500), .to = 500});
    player_tick(player);
    counted.left = UINT64_MAX;
    ck_assert_int_eq(room_prepare(player_room(player)), STATUS_OK);
    player_tick(player);
    ck_assert_uint_eq(shown_hash(player_room(player)), recording_shown(&recording, 1));
    player_destroy(player);
    ck_assert_uint_eq(counted.live, 0);
    screening_open(&screening, 1);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("player");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
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
    tcase_add_test(tcase, the_newest_wish_is_the_one_that_counts);
    tcase_add_test(tcase, what_is_no_longer_wished_for_is_thrown_away);
    tcase_add_test(tcase, it_stands_still_until_more_is_there);
    tcase_add_test(tcase, over_a_gap_it_goes_on_behind_it);
    tcase_add_test(tcase, what_is_not_to_be_had_is_told);
    tcase_add_test(tcase, reasons_are_cut_where_a_character_ends);
    tcase_add_test(tcase, a_recording_that_ends_early_ends);
    tcase_add_test(tcase, damage_stops_it);
    tcase_add_test(tcase, a_moment_that_is_none_fails);
    tcase_add_test(tcase, seeks_cost_no_more_than_they_may);
    tcase_add_test(tcase, nobody_recorded_is_taken_for_a_viewer);
    tcase_add_test(tcase, a_moment_of_another_kind_is_damage);
    tcase_add_test(tcase, a_kind_leaves_room_for_the_player);
    tcase_add_test(tcase, without_memory_there_is_none);
    Suite *suite = suite_create("player");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
