/* check_inputs.c - one value a tick and member: when it counts, how long it stays, what is refused. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/room_parts.h"
#include "tests/notation.h"
#include "tests/run_suite.h"
#include "tests/viewers.h"

static struct rules kind; /* a copy of kind_mixed */
static struct input_rules input;

static void setup(void)
{
    setup_viewers();
    kind = kind_mixed;
    input = *kind_mixed.input;
    kind.input = &input;
    options.rules = &kind;
}

static void say(uint32_t seat, const char *message)
{
    enum status status = submit(room, seat, message);
    ck_assert_msg(status == STATUS_OK, "%s: %s", message, status_text(status));
}

static void expect_none(uint32_t member)
{
    int64_t number;
    ck_assert_uint_eq(room_input(room, member).length, 0);
    ck_assert(!room_input_number(room, member, &number));
    ck_assert_uint_eq(room_input_held(room, member), 0);
}

static void expect_input(uint32_t member, int64_t wanted, uint32_t held)
{
    int64_t number;
    ck_assert_msg(room_input_number(room, member, &number), "at tick %d there is none",
                  (int)room_tick_number(room));
    ck_assert_int_eq(number, wanted);
    ck_assert_uint_eq(room_input_held(room, member), held);
}

static void expect_counts(struct input_counts wanted)
{
    const struct input_counts *counts = room_input_counts(room);
    ck_assert_uint_eq(counts->taken, wanted.taken);
    ck_assert_uint_eq(counts->late, wanted.late);
    ck_assert_uint_eq(counts->early, wanted.early);
    ck_assert_uint_eq(counts->duplicate, wanted.duplicate);
}

/* A member of a new room, seated at tick 1; its next input is for that tick. */
static uint32_t create_with(enum role role)
{
    create();
    uint32_t seat = viewer(role);
    step(room);
    return seat;
}

/* --- When it counts --------------------------------------------------------------------------------- */

START_TEST(one_is_in_force_at_its_tick_and_held_as_long_as_the_kind_says)
{
    input.hold = (uint32_t)_i;
    uint32_t ada = create_with(ROLE_EDITOR);
    say(ada, "[5 2 7]"); /* tick 3 */
    expect_none(1);
    step(room);
    expect_none(1);
    for (uint32_t held = 0; held <= input.hold; held++) {
        step(room);
        expect_input(1, 7, held);
    }
    for (int i = 0; i < 3; i++) {
        step(room);
        expect_none(1);
    }
}
END_TEST

START_TEST(the_next_ones_own_value_ends_the_holding)
{
    uint32_t ada = create_with(ROLE_EDITOR);
    say(ada, "[5 1 7 7]");
    say(ada, "[5 1 -9]");
    step(room);
    expect_input(1, 7, 0);
    step(room);
    expect_input(1, 7, 0);
    step(room);
    expect_input(1, 7, 1);
    step(room);
    expect_input(1, -9, 0);
}
END_TEST

/* At tick 1: each by how many ticks its tick is behind the next one. */
static const struct {
    int gap;
    struct input_counts counts;
} arrivals[] = {
    {-1, {.late = 1}},
    {0, {.late = 1}},
    {1, {.taken = 1}},
    {2, {.taken = 1}},
    {INPUT_AHEAD_MAX, {.taken = 1}},
    {INPUT_AHEAD_MAX + 1, {.early = 1}},
    {1000000, {.early = 1}},
};

START_TEST(what_is_late_or_too_early_is_dropped_and_counted)
{
    char message[32];
    uint32_t ada = create_with(ROLE_EDITOR);
    snprintf(message, sizeof message, "[5 %d 5]", arrivals[_i].gap);
    say(ada, message);
    expect_counts(arrivals[_i].counts);
    for (int tick = 2; tick < 200; tick++) {
        step(room);
        bool is_its_tick = arrivals[_i].counts.taken > 0 && tick == 1 + arrivals[_i].gap;
        ck_assert_int_eq(room_input(room, 1).length > 0 && room_input_held(room, 1) == 0,
                         is_its_tick);
    }
}
END_TEST

START_TEST(the_first_one_for_a_tick_counts)
{
    uint32_t ada = create_with(ROLE_EDITOR);
    say(ada, "[5 1 1 2 3]");
    say(ada, "[5 -2 8 9]"); /* ticks 3 and 4 again */
    say(ada, "[5 0 4]");    /* tick 5 */
    expect_counts((struct input_counts){.taken = 4, .duplicate = 2});
    for (int i = 1; i <= 4; i++) {
        step(room);
        expect_input(1, i, 0);
    }
}
END_TEST

START_TEST(each_message_counts_on_from_the_one_before)
{
    uint32_t ada = create_with(ROLE_EDITOR);
    say(ada, "[5 1 1]");
    say(ada, "[5 0 2]");
    say(ada, "[5 3 3 4]");
    step(room);
    expect_input(1, 1, 0);
    step(room);
    expect_input(1, 2, 0);
    for (int held = 1; held <= 2; held++) {
        step(room);
        expect_input(1, 2, (uint32_t)held);
    }
    step(room);
    expect_none(1);
    step(room);
    expect_input(1, 3, 0);
    step(room);
    expect_input(1, 4, 0);
    expect_counts((struct input_counts){.taken = 4});
}
END_TEST

START_TEST(a_ring_goes_round)
{
    char message[64];
    uint32_t ada = create_with(ROLE_EDITOR);
    say(ada, "[5 1 0]");
    for (int i = 1; i < 300; i++) {
        snprintf(message, sizeof message, "[5 0 %d]", i);
        say(ada, message);
        step(room);
        expect_input(1, i - 1, 0);
    }
    ck_assert_uint_eq(room_input_counts(room)->missed, 0);
}
END_TEST

START_TEST(a_message_holds_as_many_as_the_limit_says)
{
    char message[256] = "[5 1";
    uint32_t ada = create_with(ROLE_EDITOR);
    for (unsigned i = 0; i < INPUTS_MESSAGE_MAX - 1; i++)
        strcat(message, " 1");
    size_t length = strlen(message);
    strcpy(message + length, "]");
    say(ada, message);
    strcpy(message + length, " 1]");
    say(ada, message);
    expect_counts((struct input_counts){.taken = 2 * INPUTS_MESSAGE_MAX - 1});
    strcpy(message + length, " 1 1]");
    ck_assert_int_eq(submit(room, ada, message), STATUS_MALFORMED);
    ck_assert_int_eq(submit(room, ada, "[5 0]"), STATUS_MALFORMED);
    expect_counts((struct input_counts){.taken = 2 * INPUTS_MESSAGE_MAX - 1});
}
END_TEST

START_TEST(ticks_are_naturals_that_a_double_holds)
{
    uint32_t ada = create_with(ROLE_EDITOR);
    ck_assert_int_eq(submit(room, ada, "[5 -2 1]"), STATUS_MALFORMED);
    say(ada, "[5 -1 1]"); /* tick 0 */
    expect_counts((struct input_counts){.late = 1});
    struct inputs *inputs = room->seats[ada].inputs;
    inputs->next = (uint64_t)INTEGER_MAX - 2;
    ck_assert_int_eq(submit(room, ada, "[5 0 1 1 1]"), STATUS_MALFORMED);
    say(ada, "[5 0 1 1]");
    ck_assert_int_eq(submit(room, ada, "[5 1 1]"), STATUS_MALFORMED);
    say(ada, "[5 -4294967296 1]");
    ck_assert_int_eq(submit(room, ada, "[5 -4294967297 1]"), STATUS_MALFORMED);
    ck_assert_int_eq(submit(room, ada, "[5 4294967297 1]"), STATUS_MALFORMED);
    expect_counts((struct input_counts){.late = 1, .early = 3});
}
END_TEST

START_TEST(a_flood_takes_nothing_but_the_ring)
{
    uint32_t ada = create_with(ROLE_EDITOR);
    uint32_t bob = viewer(ROLE_EDITOR);
    say(ada, "[5 0 1]");
    uint64_t footprint = room_footprint(room);
    for (int i = 0; i < 10000; i++)
        say(ada, "[5 0 1 2 3 4 5 6 7 8]");
    ck_assert_uint_eq(room_footprint(room), footprint);
    ck_assert_uint_eq(room->inbox.length,
                      inbox_padded(sizeof(struct inbox_entry))); /* bob's join */
    say(bob, "[5 0 7]");
    say(bob, "[1 [[0 'shapes' 'a' 'n' 5]]]");
    expect_counts((struct input_counts){
        .taken = INPUT_AHEAD_MAX + 1, .late = 1, .early = 80000 - INPUT_AHEAD_MAX});
    step(room);
    expect_input(2, 7, 0);
    expect_value(room, "shapes", 0, "a", "n", "5");
}
END_TEST

/* --- What is refused ---------------------------------------------------------------------------------- */

/* What the next tick has to tell of this seat's messages, of which there was one that is refused. */
static void expect_notice(uint32_t seat, enum status status)
{
    uint32_t count;
    uint64_t before = room_refusals(room)[status];
    room_notices(room, &count);
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_ge(before, 1);
    step(room);
    const struct notice *notices = room_notices(room, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(notices[0].seat, seat);
    ck_assert_int_eq(notices[0].status, status);
    step(room);
    room_notices(room, &count);
    ck_assert_uint_eq(count, 0);
}

static const struct {
    const char *value;
    enum status status;
} misfits[] = {
    {"1001", STATUS_RANGE}, {"-1001", STATUS_RANGE}, {"'1'", STATUS_TYPE}, {"1.5", STATUS_TYPE},
    {"nil", STATUS_TYPE},   {"[1]", STATUS_TYPE},    {"x01", STATUS_TYPE}, {"true", STATUS_TYPE},
};

START_TEST(what_does_not_fit_is_refused_with_all_of_its_message)
{
    char message[64];
    uint32_t ada = create_with(ROLE_EDITOR);
    snprintf(message, sizeof message, "[5 1 1 %s 3]", misfits[_i].value);
    say(ada, message);
    expect_counts((struct input_counts){0});
    expect_notice(ada, misfits[_i].status);
    expect_none(1);
    say(ada, "[5 0 4]"); /* for tick 5: what was refused was sent */
    step(room);
    expect_none(1);
    step(room);
    expect_input(1, 4, 0);
}
END_TEST

START_TEST(a_bound_itself_is_taken)
{
    uint32_t ada = create_with(ROLE_EDITOR);
    say(ada, "[5 1 1000 -1000]");
    step(room);
    expect_input(1, 1000, 0);
    step(room);
    expect_input(1, -1000, 0);
}
END_TEST

START_TEST(a_kind_that_takes_none_refuses_them_and_keeps_nothing)
{
    options.rules = &kind_cursors;
    uint32_t ada = create_with(ROLE_EDITOR);
    uint64_t bytes = room_bytes(room);
    say(ada, "[5 0 1]");
    expect_notice(ada, STATUS_DENIED);
    ck_assert_int_eq(submit(room, ada, "[5 0]"), STATUS_MALFORMED);
    ck_assert_int_eq(submit(room, ada, "[5 1 1 {1 2}]"), STATUS_MALFORMED);
    ck_assert_uint_eq(room_bytes(room), bytes);
    ck_assert(!room->seats[ada].has_inputs);
    expect_none(1);
    struct seen seen = round_for(1);
    ck_assert(!seen.head.inputs);
}
END_TEST

START_TEST(viewers_send_none)
{
    uint32_t ada = create_with(ROLE_VIEWER);
    say(ada, "[5 1 1]");
    expect_counts((struct input_counts){0});
    expect_notice(ada, STATUS_DENIED);
    ck_assert_int_eq(room_set_role(room, ada, ROLE_EDITOR), STATUS_OK);
    step(room);
    say(ada, "[5 2 5 6 7 8 9]"); /* from tick 5 on */
    step(room);
    expect_input(1, 5, 0);
    ck_assert_int_eq(room_set_role(room, ada, ROLE_VIEWER), STATUS_OK);
    step(room); /* the role comes with this tick, behind its input */
    expect_input(1, 6, 0);
    step(room);
    expect_none(1);
}
END_TEST

START_TEST(notices_of_inputs_share_the_limit_of_a_tick)
{
    uint32_t count;
    uint32_t ada = create_with(ROLE_EDITOR);
    for (unsigned i = 0; i < NOTICES_MAX - 1; i++)
        say(ada, "[5 0 'x']");
    for (unsigned i = 0; i < 3; i++)
        say(ada, "[2 'x' 'not a number']");
    step(room);
    room_notices(room, &count);
    ck_assert_uint_eq(count, NOTICES_MAX);
    ck_assert_uint_eq(room_refusals(room)[STATUS_TYPE], NOTICES_MAX + 2);
    step(room);
    room_notices(room, &count);
    ck_assert_uint_eq(count, 0);
}
END_TEST

/* --- Types -------------------------------------------------------------------------------------------- */

static void expect_packed(uint32_t member, const char *value)
{
    uint8_t noted[64], wanted[64];
    struct writer note = writer_on(noted, sizeof noted);
    struct writer want = writer_on(wanted, sizeof wanted);
    notation_pack(&note, value);
    struct reader reader = reader_on(writer_bytes(&note));
    value_canonical(&reader, &want);
    ck_assert(bytes_equal(room_input(room, member), writer_bytes(&want)));
}

START_TEST(ints_are_taken_up_to_what_packs_into_the_limit)
{
    input.value = (struct field_rules){.type = FIELD_INTS, .maximum = 6};
    uint32_t ada = create_with(ROLE_EDITOR);
    say(ada, "[5 1 [1 -2] [] [-2147483648 70000 -70000 2147483647 -2147483648 -2147483648]]");
    step(room);
    expect_packed(1, "[1 -2]");
    step(room);
    expect_packed(1, "[]");
    step(room);
    expect_packed(1, "[-2147483648 70000 -70000 2147483647 -2147483648 -2147483648]");
    say(ada, "[5 0 [1 2 3 4 5 6 7]]");
    expect_notice(ada, STATUS_RANGE);
}
END_TEST

START_TEST(binaries_are_taken_up_to_what_packs_into_the_limit)
{
    char message[128] = "[5 1 x00 x";
    input.value = (struct field_rules){.type = FIELD_BINARY, .maximum = INPUT_BYTES_MAX - 2};
    uint32_t ada = create_with(ROLE_EDITOR);
    for (unsigned i = 0; i < INPUT_BYTES_MAX - 2; i++)
        strcat(message, "ab");
    size_t length = strlen(message);
    strcpy(message + length, "]");
    say(ada, message);
    step(room);
    expect_packed(1, "x00");
    step(room);
    ck_assert_uint_eq(room_input(room, 1).length, INPUT_BYTES_MAX);
    strcpy(message + length, "ab]");
    say(ada, message);
    expect_notice(ada, STATUS_RANGE);
}
END_TEST

START_TEST(an_integer_in_a_long_form_is_kept_in_its_shortest)
{
    static const uint8_t message[] = {0x93, 0x05, 0x01, 0xd3, 0, 0, 0, 0, 0, 0, 0, 7};
    uint32_t ada = create_with(ROLE_EDITOR);
    ck_assert_int_eq(room_submit(room, ada, (struct bytes){message, sizeof message}), STATUS_OK);
    step(room);
    expect_packed(1, "7");
}
END_TEST

START_TEST(a_declaration_without_bounds_takes_any_integer)
{
    input.value = (struct field_rules){.type = FIELD_INT};
    uint32_t ada = create_with(ROLE_EDITOR);
    say(ada, "[5 1 9007199254740992 -9007199254740992]");
    step(room);
    expect_input(1, INTEGER_MAX, 0);
    step(room);
    expect_input(1, -INTEGER_MAX, 0);
}
END_TEST

/* --- Connections ---------------------------------------------------------------------------------------- */

START_TEST(whoever_is_away_wants_nothing_from_the_next_tick_on)
{
    uint32_t ada = create_with(ROLE_EDITOR);
    say(ada, "[5 1 1 2 3 4 5]");
    step(room);
    expect_input(1, 1, 0);
    room_disconnect(room, ada);
    step(room);
    expect_none(1);
    step(room);
    expect_none(1);
    ck_assert_uint_eq(join(room, 1, ROLE_EDITOR), ada);
    step(room); /* tick 5, for which the old connection has sent one */
    expect_none(1);
    say(ada, "[5 1 8]"); /* the welcome's tick was 4 */
    step(room);
    expect_input(1, 8, 0);
}
END_TEST

START_TEST(a_seat_that_is_taken_over_begins_anew)
{
    uint32_t ada = create_with(ROLE_EDITOR);
    say(ada, "[5 1 1 2 3]");
    step(room);
    expect_input(1, 1, 0);
    ck_assert_uint_eq(join(room, 1, ROLE_EDITOR), ada);
    step(room);
    expect_none(1);
    step(room);
    expect_none(1);
}
END_TEST

static uint32_t left_with; /* the length of the input of who has left */

static void on_left(struct room *of, uint32_t member)
{
    left_with = (uint32_t)room_input(of, member).length;
}

START_TEST(whoever_leaves_gives_the_ring_back)
{
    left_with = 99;
    kind.left = on_left;
    create();
    viewer(ROLE_EDITOR);
    step(room);
    uint32_t bob = join(room, 2, ROLE_EDITOR);
    step(room);
    uint64_t before = room_bytes(room);
    say(bob, "[5 1 1 2 3]");
    ck_assert_uint_gt(room_bytes(room), before);
    step(room);
    expect_input(2, 1, 0);
    room_leave(room, bob);
    step(room);
    ck_assert_uint_eq(left_with, 0);
    ck_assert_uint_lt(room_bytes(room), before);
    ck_assert_uint_eq(room->input_seats, 0);
    expect_none(2);
    ck_assert_uint_eq(join(room, 3, ROLE_EDITOR), bob);
    step(room);
    expect_none(3);
}
END_TEST

START_TEST(members_do_not_meet_in_their_inputs)
{
    create();
    uint32_t ada = viewer(ROLE_EDITOR);
    uint32_t bob = viewer(ROLE_EDITOR);
    step(room);
    say(ada, "[5 1 1 2]");
    say(bob, "[5 2 8 9]");
    step(room);
    expect_input(1, 1, 0);
    expect_none(2);
    step(room);
    expect_input(1, 2, 0);
    expect_input(2, 8, 0);
    step(room);
    expect_input(1, 2, 1);
    expect_input(2, 9, 0);
    expect_none(3);
}
END_TEST

/* --- Rules ---------------------------------------------------------------------------------------------- */

static int64_t seen_by_accept, seen_by_tick;

static enum status on_accept(struct room *of, const struct edit_view *edit)
{
    if (!room_input_number(of, edit->member, &seen_by_accept))
        seen_by_accept = -1;
    return STATUS_OK;
}

static void on_tick(struct room *of)
{
    if (!room_input_number(of, 1, &seen_by_tick))
        seen_by_tick = -1;
}

START_TEST(all_callbacks_of_a_tick_see_the_same)
{
    kind.accept = on_accept;
    kind.tick = on_tick;
    uint32_t ada = create_with(ROLE_EDITOR);
    say(ada, "[5 1 6 7]");
    for (int i = 6; i <= 7; i++) {
        do_one(ada, "[0 'shapes' 'a' 'n' 5]");
        ck_assert_int_eq(seen_by_accept, i);
        ck_assert_int_eq(seen_by_tick, i);
    }
}
END_TEST

/* --- Memory --------------------------------------------------------------------------------------------- */

START_TEST(a_seat_that_sends_none_costs_what_it_did)
{
    ck_assert_uint_le(sizeof(struct seat), 136); /* 128 before there were inputs */
    uint32_t ada = create_with(ROLE_EDITOR);
    uint64_t bytes = room_bytes(room);
    step(room);
    ck_assert_uint_eq(room_bytes(room), bytes);
    ck_assert(!room->seats[ada].has_inputs);
}
END_TEST

START_TEST(without_memory_nothing_is_taken)
{
    struct counted_memory counted = {.left = UINT64_MAX};
    options.memory = memory_counted(&counted);
    create();
    uint32_t ada = join(room, 1, ROLE_EDITOR);
    step(room);
    forget_spare_memory(room);
    counted.left = 0;
    ck_assert_int_eq(submit(room, ada, "[5 1 7]"), STATUS_MEMORY);
    expect_counts((struct input_counts){0});
    counted.left = UINT64_MAX;
    say(ada, "[5 1 7]");
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    counted.forbidden = true;
    room_tick(room);
    counted.forbidden = false;
    expect_input(1, 7, 0);
    room_destroy(room);
    room = NULL;
    ck_assert_uint_eq(counted.live, 0);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, setup, teardown_viewers);
    suite_add_tcase(suite, tcase);
    return tcase;
}

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void)
{
    Suite *suite = suite_create("inputs");
    TCase *ticks = add_case(suite, "ticks");
    tcase_add_loop_test(ticks, one_is_in_force_at_its_tick_and_held_as_long_as_the_kind_says, 0, 4);
    tcase_add_test(ticks, the_next_ones_own_value_ends_the_holding);
    tcase_add_loop_test(ticks, what_is_late_or_too_early_is_dropped_and_counted, 0,
                        COUNT(arrivals));
    tcase_add_test(ticks, the_first_one_for_a_tick_counts);
    tcase_add_test(ticks, each_message_counts_on_from_the_one_before);
    tcase_add_test(ticks, a_ring_goes_round);
    tcase_add_test(ticks, a_message_holds_as_many_as_the_limit_says);
    tcase_add_test(ticks, ticks_are_naturals_that_a_double_holds);
    tcase_add_test(ticks, a_flood_takes_nothing_but_the_ring);
    TCase *refusals = add_case(suite, "refusals");
    tcase_add_loop_test(refusals, what_does_not_fit_is_refused_with_all_of_its_message, 0,
                        COUNT(misfits));
    tcase_add_test(refusals, a_bound_itself_is_taken);
    tcase_add_test(refusals, a_kind_that_takes_none_refuses_them_and_keeps_nothing);
    tcase_add_test(refusals, viewers_send_none);
    tcase_add_test(refusals, notices_of_inputs_share_the_limit_of_a_tick);
    TCase *types = add_case(suite, "types");
    tcase_add_test(types, ints_are_taken_up_to_what_packs_into_the_limit);
    tcase_add_test(types, binaries_are_taken_up_to_what_packs_into_the_limit);
    tcase_add_test(types, an_integer_in_a_long_form_is_kept_in_its_shortest);
    tcase_add_test(types, a_declaration_without_bounds_takes_any_integer);
    TCase *connections = add_case(suite, "connections");
    tcase_add_test(connections, whoever_is_away_wants_nothing_from_the_next_tick_on);
    tcase_add_test(connections, a_seat_that_is_taken_over_begins_anew);
    tcase_add_test(connections, whoever_leaves_gives_the_ring_back);
    tcase_add_test(connections, members_do_not_meet_in_their_inputs);
    tcase_add_test(connections, all_callbacks_of_a_tick_see_the_same);
    TCase *memory = add_case(suite, "memory");
    tcase_add_test(memory, a_seat_that_sends_none_costs_what_it_did);
    tcase_add_test(memory, without_memory_nothing_is_taken);
    return run_suite(suite);
}
