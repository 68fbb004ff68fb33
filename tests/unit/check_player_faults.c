/* check_player_faults.c - recordings that are played where something is missing, damaged, too large or not
 * to be had. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/room_parts.h"
#include "tests/film.h"
#include "tests/helpers.h"
#include "tests/notation.h"
#include "tests/run_suite.h"
#include "tests/shown.h"

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
    screening.recording = &film;
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
        struct bytes log = recording_log(&film, 20, 120);
        uint8_t *copy = malloc(log.length);
        memcpy(copy, log.data, log.length);
        copy[chance_below(&chance, (uint32_t)log.length)] ^=
            (uint8_t)(1 + chance_below(&chance, 255));
        struct replay moment = recording_replay(&film, 20, screening.options, screening.kinds);
        ck_assert_int_eq(screening.under_way.wants, PLAYER_MOMENT);
        screening.under_way = (struct player_wish){0};
        player_load(screening.player, &moment,
                    (struct recorded){.log = (struct bytes){copy, log.length},
                                      .track = recording_track(&film, 20, 120),
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
    struct replay none = replay_begin(screening.options, screening.kinds);
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
    struct room *room = room_create(screening.options);
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
    struct replay moment = recording_replay(&film, 400, screening.options, screening.kinds);
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
    struct replay moment = recording_replay(&other, 1, &open, screening.kinds);
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
    struct replay moment = recording_replay(&film, 1, screening.options, screening.kinds);
    player_load(player, &moment, (struct recorded){.log = recording_log(&film, 1, 500), .to = 500});
    player_tick(player);
    counted.left = UINT64_MAX;
    ck_assert_int_eq(room_prepare(player_room(player)), STATUS_OK);
    player_tick(player);
    ck_assert_uint_eq(shown_hash(player_room(player)), recording_shown(&film, 1));
    player_destroy(player);
    ck_assert_uint_eq(counted.live, 0);
    screening_open(&screening, 1);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("player_faults");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, film_setup, film_teardown);
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
    Suite *suite = suite_create("player_faults");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
