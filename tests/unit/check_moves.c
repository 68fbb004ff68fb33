/* check_moves.c - many members that come and go at once: rules are told of so many in a tick, of all of
 * them in the end, and memory is set aside for no more. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tests/helpers.h"
#include "tests/kept_log.h"
#include "tests/run_suite.h"

#define MANY 3000u
#define KEYS 10u /* the first of those many */

enum {
    PRESENCE,
    NOTES,
    HANDS
};

static const struct field_rules fields[] = {{.name = "n", .type = FIELD_INT}};
static const struct collection_rules collections[] = {
    [PRESENCE] = {.name = "presence", .sight = SIGHT_PRESENCE},
    [NOTES] = {.name = "notes", .fields = fields, .field_count = 1},
    [HANDS] = {.name = "hands", .sight = SIGHT_MEMBER, .fields = fields, .field_count = 1},
};

static struct rules kind;
static const struct kinds kinds = {.rules = {&kind}, .count = 1};
static struct room_options options;
static struct room *room;
static struct kept_log kept;
static uint32_t seats[MANY];
static unsigned came, went; /* told of, in the last tick */

static void put(struct room *of, int collection, uint32_t member, uint32_t id, int64_t number)
{
    char text[16];
    snprintf(text, sizeof text, "m%u", id);
    struct field_value value = {.number = number};
    ck_assert_int_eq(room_put(of, collection, member, bytes_of(text), &value, 1), STATUS_OK);
}

static void joined(struct room *of, uint32_t member)
{
    came++;
    put(of, HANDS, member, member, 1);
}

static void left(struct room *of, uint32_t member)
{
    went++;
    put(of, NOTES, 0, member, room_random(of, 100));
}

static void setup(void)
{
    kind = (struct rules){.name = "game",
                          .tick_hz = 20,
                          .frame_hz = 20,
                          .collections = collections,
                          .collection_count = sizeof collections / sizeof collections[0],
                          .tick_records = 1,
                          .tick_bytes = 1,
                          .member_records = 1,
                          .member_bytes = 1,
                          .joined = joined,
                          .left = left};
    options = (struct room_options){.rules = &kind, .incarnation = 7, .logs = true};
    kept = (struct kept_log){0};
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
}

/* What was written down leads to the same, whoever waited. */
static void teardown(void)
{
    bool clean;
    kept_log_take(&kept, room);
    struct room *again = kept_log_replay(&kept, &options, &kinds, &clean);
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    room_destroy(again);
    room_destroy(room);
    kept_log_free(&kept);
}

static void tick(void)
{
    came = went = 0;
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    room_tick(room);
    kept_log_take(&kept, room);
}

static void come(unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++)
        seats[i] = join(room, KEYS + i, ROLE_EDITOR);
}

static void go(unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++)
        room_leave(room, seats[i]);
}

/* --- How many ------------------------------------------------------------------------------------- */

START_TEST(so_many_come_and_go_in_a_tick)
{
    unsigned count = MEMBERS_MOVING_MAX - 1 + (unsigned)_i, rest = _i == 2 ? 1 : 0;
    come(0, count);
    tick();
    ck_assert_uint_eq(came, count - rest);
    tick();
    ck_assert_uint_eq(came, rest);
    go(0, count);
    tick();
    ck_assert_uint_eq(went, count - rest);
    ck_assert_uint_eq(room_members(room), rest);
    tick();
    ck_assert_uint_eq(went, rest);
    ck_assert_uint_eq(room_members(room), 0);
}
END_TEST

static const struct {
    uint32_t records, bytes;
    unsigned most;
} shares[] = {
    {TICK_RECORDS_MAX / MEMBERS_MOVING_MAX, 1, MEMBERS_MOVING_MAX},
    {TICK_RECORDS_MAX / MEMBERS_MOVING_MAX + 1, 1, MEMBERS_MOVING_MAX - 1},
    {1, TICK_BYTES_MAX / MEMBERS_MOVING_MAX, MEMBERS_MOVING_MAX},
    {1, TICK_BYTES_MAX / MEMBERS_MOVING_MAX + 1, MEMBERS_MOVING_MAX - 1},
    {TICK_RECORDS_MAX, TICK_BYTES_MAX, 1},
};

START_TEST(fewer_where_much_may_be_written_about_each)
{
    kind.member_records = shares[_i].records;
    kind.member_bytes = shares[_i].bytes;
    come(0, MEMBERS_MOVING_MAX);
    tick();
    ck_assert_uint_eq(came, shares[_i].most);
}
END_TEST

START_TEST(who_is_told_of_nobody_waits_for_nobody)
{
    kind.joined = kind.left = NULL;
    come(0, MANY);
    tick();
    for (unsigned i = 0; i < MANY; i++)
        ck_assert(room_member_here(room, room_seat_member(room, seats[i])));
    go(0, MANY);
    tick();
    ck_assert_uint_eq(room_members(room), 0);
}
END_TEST

/* --- Thousands ------------------------------------------------------------------------------------ */

/* What a tick sets aside beside what there is: some for each private scope, and for the notes. */
#define SPARE_BYTES (8u << 20)

static void all_come(void)
{
    unsigned all = 0;
    come(0, MANY);
    while (all < MANY) {
        tick();
        ck_assert_uint_eq(came, MANY - all < MEMBERS_MOVING_MAX ? MANY - all : MEMBERS_MOVING_MAX);
        all += came;
    }
}

static void all_go(void)
{
    uint64_t before = room_footprint(room);
    unsigned all = 0;
    while (all < MANY) {
        tick();
        ck_assert_uint_eq(went, MANY - all < MEMBERS_MOVING_MAX ? MANY - all : MEMBERS_MOVING_MAX);
        all += went;
        ck_assert_uint_lt(room_footprint(room), before + SPARE_BYTES);
    }
    ck_assert_uint_eq(room_members(room), 0);
    ck_assert_uint_eq(room_records(room),
                      2 * MANY); /* a note of each, and its hand, which is kept */
}

START_TEST(thousands_leave_at_once)
{
    all_come();
    go(0, MANY);
    all_go();
}
END_TEST

START_TEST(the_grace_of_thousands_is_over_at_once)
{
    room_set_grace(room, 3);
    all_come();
    for (unsigned i = 0; i < MANY; i++)
        room_disconnect(room, seats[i]);
    for (int i = 0; i < 2; i++) {
        tick();
        ck_assert_uint_eq(went, 0);
        ck_assert(room_member_away(room, room_seat_member(room, seats[MANY - 1])));
    }
    all_go();
}
END_TEST

/* --- Who waits ------------------------------------------------------------------------------------ */

/* Those who come behind so many others. */
#define FIRST_LATE (MEMBERS_MOVING_MAX)

static uint32_t late_one(unsigned number)
{
    return seats[FIRST_LATE + number];
}

START_TEST(what_came_for_who_waits_is_taken_behind_its_join)
{
    uint32_t ada = join(room, 1, ROLE_EDITOR);
    tick();
    come(0, FIRST_LATE + 1);
    ck_assert_int_eq(submit(room, late_one(0), "[1 [[0 'notes' 'late' 'n' 1]]]"), STATUS_OK);
    ck_assert_int_eq(room_set_role(room, late_one(0), ROLE_OWNER), STATUS_OK);
    ck_assert_int_eq(submit(room, ada, "[1 [[0 'notes' 'ada' 'n' 1]]]"), STATUS_OK);
    tick();
    uint32_t member = room_seat_member(room, late_one(0));
    expect_value(room, "notes", 0, "ada", "n", "1"); /* who is here waits for nobody */
    expect_value(room, "notes", 0, "late", "n", "nil");
    ck_assert(!room_member_here(room, member));
    tick();
    ck_assert_uint_eq(came, 1);
    ck_assert(room_member_here(room, member));
    ck_assert_int_eq(room_member_role(room, member), ROLE_OWNER);
    expect_value(room, "notes", 0, "late", "n", "1");
    tick();
    ck_assert_uint_eq(room_waiting_bytes(room), 0);
    ck_assert_uint_eq(room_refusals(room)[STATUS_DENIED], 0);
}
END_TEST

START_TEST(who_waits_may_leave_be_away_and_come_back)
{
    come(0, FIRST_LATE + 3);
    room_leave(room, late_one(0));
    room_disconnect(room, late_one(1));
    room_disconnect(room, late_one(2));
    uint32_t away = room_seat_member(room, late_one(1));
    tick();
    ck_assert_uint_eq(went, 0);
    ck_assert_uint_eq(join(room, KEYS + FIRST_LATE + 2, ROLE_EDITOR), late_one(2));
    tick();
    ck_assert_uint_eq(came, 3);
    ck_assert_uint_eq(went, 1); /* of whom the rules were told before */
    ck_assert(room_member_away(room, away));
    ck_assert(!room_member_away(room, room_seat_member(room, late_one(2))));
    ck_assert_uint_eq(room_members(room), FIRST_LATE + 2);
}
END_TEST

/* Nothing is taken that was not set aside. */
START_TEST(just_enough_is_set_aside)
{
    come(0, 2 * FIRST_LATE + 1);
    for (unsigned i = 0; i < FIRST_LATE; i++)
        ck_assert_int_eq(submit(room, late_one(i), "[1 [[0 'hands' 'h' 'n' 1]]]"), STATUS_OK);
    for (int i = 0; i < 6; i++) {
        step(room);
        kept_log_take(&kept, room);
        go(0, i == 2 ? 2 * FIRST_LATE + 1 : 0);
    }
    ck_assert_uint_eq(room_members(room), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("moves");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, so_many_come_and_go_in_a_tick, 0, 3);
    tcase_add_loop_test(tcase, fewer_where_much_may_be_written_about_each, 0,
                        sizeof shares / sizeof shares[0]);
    tcase_add_test(tcase, who_is_told_of_nobody_waits_for_nobody);
    tcase_add_test(tcase, thousands_leave_at_once);
    tcase_add_test(tcase, the_grace_of_thousands_is_over_at_once);
    tcase_add_test(tcase, what_came_for_who_waits_is_taken_behind_its_join);
    tcase_add_test(tcase, who_waits_may_leave_be_away_and_come_back);
    tcase_add_test(tcase, just_enough_is_set_aside);
    Suite *suite = suite_create("moves");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
