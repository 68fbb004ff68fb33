/* check_client_inputs.c - what a client says of its inputs, and what it hears of them. */
#include <check.h>
#include <stdio.h>

#include "sync/limits.h"
#include "tests/lone_client.h"
#include "tests/run_suite.h"

/* Member 5 at tick 100 of a room at 20 Hz, whose kind takes these. */
static void go_live_with(const char *input)
{
    char message[256];
    tutti_opened(lone.client, lone.now);
    expect_output(HELLO);
    snprintf(message, sizeof message,
             "[2 5 9 100 20 20 'cursors' 0 false false [] 0"
             " [65536 1000 1000 1000000 1000000 4 32768] [] 0 %s]",
             input);
    hear(message);
    hear(STATE);
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_LIVE);
    drain_output();
    lone.told[0] = 0;
}

#define INTEGERS "[2 -100 100 1 3 64]"

static enum tutti_status give(uint64_t tick, int64_t value)
{
    return tutti_input(lone.client, tick, tutti_integer(value));
}

START_TEST(the_welcome_tells_what_the_room_takes)
{
    go_live_with(INTEGERS);
    struct tutti_input_terms terms = tutti_input_terms(lone.client);
    ck_assert(terms.taken);
    ck_assert_uint_eq(terms.type, 2);
    ck_assert_int_eq(terms.minimum, -100);
    ck_assert_int_eq(terms.maximum, 100);
    ck_assert_uint_eq(terms.hold, 3);
    ck_assert_uint_eq(terms.ahead, 64);
    ck_assert_uint_eq(tutti_tick_rate(lone.client), 20);
}
END_TEST

START_TEST(a_room_that_takes_none_is_sent_none)
{
    go_live(); /* a server that does not know them */
    ck_assert(!tutti_input_terms(lone.client).taken);
    ck_assert_int_eq(give(105, 1), TUTTI_DENIED);
    expect_silence();
}
END_TEST

START_TEST(ticks_in_a_row_go_in_one_message)
{
    ck_assert_int_eq(give(101, 1), TUTTI_REFUSED); /* it is not live */
    go_live_with(INTEGERS);
    ck_assert_int_eq(give(101, 1), TUTTI_OK);
    ck_assert_uint_eq(tutti_deadline(lone.client), 0);
    expect_output("[5 0 1]");
    ck_assert_int_eq(give(102, 2), TUTTI_OK);
    ck_assert_int_eq(give(103, 3), TUTTI_OK);
    ck_assert_int_eq(give(110, -100), TUTTI_OK);
    expect_output("[5 0 2 3]");
    expect_output("[5 6 -100]");
    expect_silence();
    ck_assert_int_eq(give(110, 5), TUTTI_STALE);
    ck_assert_int_eq(give(109, 5), TUTTI_STALE);
    ck_assert_int_eq(give(111, 5), TUTTI_OK);
    expect_output("[5 0 5]");
}
END_TEST

START_TEST(as_many_wait_and_go_as_the_limits_say)
{
    char message[512] = "[5 0";
    size_t length = 4;
    go_live_with(INTEGERS);
    for (uint64_t i = 0; i < INPUT_AHEAD_MAX; i++)
        ck_assert_int_eq(give(101 + i, 0), TUTTI_OK);
    ck_assert_int_eq(give(101 + INPUT_AHEAD_MAX, 0), TUTTI_LIMIT);
    for (unsigned i = 0; i < INPUTS_MESSAGE_MAX; i++)
        length += (size_t)snprintf(message + length, sizeof message - length, " 0");
    snprintf(message + length, sizeof message - length, "]");
    expect_output(message);
    expect_output(message);
    expect_silence();
    ck_assert_int_eq(give(101 + INPUT_AHEAD_MAX, 0), TUTTI_OK);
}
END_TEST

START_TEST(what_the_room_would_refuse_is_not_sent)
{
    go_live_with(INTEGERS);
    ck_assert_int_eq(give(101, 101), TUTTI_RANGE);
    ck_assert_int_eq(give(101, -101), TUTTI_RANGE);
    ck_assert_int_eq(tutti_input(lone.client, 101, tutti_text("1")), TUTTI_TYPE);
    ck_assert_int_eq(tutti_input(lone.client, 101, tutti_nil()), TUTTI_TYPE);
    ck_assert_int_eq(give(101 + (UINT64_C(1) << 33), 1), TUTTI_RANGE);
    expect_silence();
    ck_assert_int_eq(give(101, 100), TUTTI_OK);
    expect_output("[5 0 100]");
}
END_TEST

START_TEST(other_types_go_as_they_are)
{
    static const uint8_t packed[] = {0x92, 0x01, 0xfe};
    go_live_with("[6 0 6 1 0 64]");
    ck_assert_int_eq(tutti_input(lone.client, 101, tutti_packed(packed, sizeof packed)), TUTTI_OK);
    expect_output("[5 0 [1 -2]]");
    ck_assert_int_eq(tutti_input(lone.client, 102, tutti_binary("ab", 2)), TUTTI_TYPE);
}
END_TEST

START_TEST(a_binary_is_taken_up_to_its_bound)
{
    static const char bytes[31];
    go_live_with("[5 0 30 1 0 64]");
    ck_assert_int_eq(tutti_input(lone.client, 101, tutti_binary(bytes, 30)), TUTTI_OK);
    ck_assert_int_ne(tutti_input(lone.client, 102, tutti_binary(bytes, 31)), TUTTI_OK);
}
END_TEST

START_TEST(frames_tell_what_became_of_them)
{
    go_live_with(INTEGERS);
    hear("[6 2 -3 1 nil]");
    expect_told("inputs 103 margin -3 missed 1 ");
    hear("[6 1 nil 0 nil [16 1 1 3 1 1 8 25 40]]");
    expect_told("+presence/8 inputs 104 missed 0 ");
    hear("[6 1 5 0 [0 0]]");
    expect_told("inputs 105 margin 5 missed 0 ");
    hear("[0 1]");
    expect_told("");
    ck_assert_uint_eq(tutti_tick(lone.client), 106);
}
END_TEST

START_TEST(outcomes_come_with_them_too)
{
    go_live_with(INTEGERS);
    put_shape("a");
    put_shape("b");
    expect_output("[1 [[0 'shapes' 'a' 'n' 1]] [[0 'shapes' 'b' 'n' 1]]]");
    hear("[6 1 0 0 [2 0 0 8]]");
    expect_told("#1@1=0 #2@2=8 !1 inputs 102 margin 0 missed 0 ");
}
END_TEST

START_TEST(a_new_connection_counts_from_its_own_welcome)
{
    go_live_with(INTEGERS);
    give(110, 1);
    expect_output("[5 9 1]");
    give(111, 1);
    break_link(0, "");
    ck_assert_int_eq(give(112, 1), TUTTI_REFUSED);
    reconnect("[0 1 x07070707070707070707070707070707 'cursors' 'Ada' 0 0 9 [0 6 1 0 2 1] 1]");
    hear("[2 5 9 200 20 20 'cursors' 0 true true [0 1 2] 0"
         " [65536 1000 1000 1000000 1000000 4 32768] [] 0 " INTEGERS "]");
    resume();
    drain_output();
    ck_assert_int_eq(give(200, 1), TUTTI_STALE);
    ck_assert_int_eq(give(203, 1), TUTTI_OK);
    expect_output("[5 2 1]");
}
END_TEST

START_TEST(inputs_go_before_operations)
{
    go_live_with(INTEGERS);
    put_shape("a");
    give(101, 1);
    expect_output("[5 0 1]");
    expect_output("[1 [[0 'shapes' 'a' 'n' 1]]]");
}
END_TEST

START_TEST(the_rooms_tick_goes_on_between_frames)
{
    go_live_with(INTEGERS); /* asks the clock */
    lone.now += SECOND;
    ck_assert_uint_eq(tutti_tick_now(lone.client, lone.now), 120);
    lone.now += SECOND; /* two seconds for the way there and back */
    hear("[3 1000000000 1700000000000 115]");
    ck_assert_uint_eq(tutti_tick_now(lone.client, lone.now), 135);
    hear("[0 49]"); /* tick 150 */
    ck_assert_uint_eq(tutti_tick_now(lone.client, lone.now), 150);
}
END_TEST

static const char *const malformed[] = {
    "[6 1 0 0]", "[6 1 'x' 0 nil]", "[6 1 0 -1 nil]", "[6 1 0 nil nil]", "[6 1 0 0 [0]]", "[7 1]",
};

START_TEST(malformed_frames_end_the_connection)
{
    go_live_with(INTEGERS);
    hear(malformed[_i]);
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_DISCONNECT);
    ck_assert_int_eq(tutti_close_code(lone.client), 4000);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("inputs");
    tcase_add_checked_fixture(tcase, lone_setup, lone_teardown);
    tcase_add_test(tcase, the_welcome_tells_what_the_room_takes);
    tcase_add_test(tcase, a_room_that_takes_none_is_sent_none);
    tcase_add_test(tcase, ticks_in_a_row_go_in_one_message);
    tcase_add_test(tcase, as_many_wait_and_go_as_the_limits_say);
    tcase_add_test(tcase, what_the_room_would_refuse_is_not_sent);
    tcase_add_test(tcase, other_types_go_as_they_are);
    tcase_add_test(tcase, a_binary_is_taken_up_to_its_bound);
    tcase_add_test(tcase, frames_tell_what_became_of_them);
    tcase_add_test(tcase, outcomes_come_with_them_too);
    tcase_add_test(tcase, a_new_connection_counts_from_its_own_welcome);
    tcase_add_test(tcase, inputs_go_before_operations);
    tcase_add_test(tcase, the_rooms_tick_goes_on_between_frames);
    tcase_add_loop_test(tcase, malformed_frames_end_the_connection, 0,
                        (int)(sizeof malformed / sizeof malformed[0]));
    Suite *suite = suite_create("client_inputs");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
