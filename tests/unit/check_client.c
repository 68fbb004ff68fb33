#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base.h"
#include "tests/lone_client.h"
#include "tests/notation.h"
#include "tests/run_suite.h"

/* --- Joining --------------------------------------------------------------------------------------- */

/* A welcome with the elements of today, this one the last. */
static void welcome_forked(const char *forked)
{
    char message[512];
    snprintf(message, sizeof message,
             "[2 5 9 100 20 20 'cursors' 0 false false [] 0"
             " [65536 1000 1000 1000000 1000000 4 32768] [] 0 nil %s]",
             forked);
    hear(message);
}

START_TEST(where_a_room_comes_from_is_told)
{
    ck_assert_str_eq(tutti_forked_from(lone.client).room, "");
    tutti_opened(lone.client, lone.now);
    expect_output(HELLO);
    welcome_forked("['lobby' 3 1200 'more']");
    struct tutti_fork fork = tutti_forked_from(lone.client);
    ck_assert_str_eq(fork.room, "lobby");
    ck_assert_uint_eq(fork.incarnation, 3);
    ck_assert_uint_eq(fork.tick, 1200);
}
END_TEST

START_TEST(a_room_may_come_from_none)
{
    tutti_opened(lone.client, lone.now);
    expect_output(HELLO);
    welcome_forked("nil");
    ck_assert_str_eq(tutti_forked_from(lone.client).room, "");
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_LOADING);
}
END_TEST

START_TEST(joining_goes_from_hello_to_live)
{
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_CONNECTING);
    expect_silence();
    tutti_opened(lone.client, lone.now);
    expect_output(HELLO);
    expect_silence();
    welcome(0, false, "", "");
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_LOADING);
    ck_assert_str_eq(tutti_kind(lone.client), "cursors");
    hear(STATE);
    expect_told("loading +presence/5 live ");
    ck_assert_uint_eq(tutti_member(lone.client), 5);
    ck_assert_uint_eq(tutti_tick(lone.client), 101);
    ck_assert_ptr_nonnull(tutti_find_member(lone.client, 5));
}
END_TEST

START_TEST(frames_become_records_and_events)
{
    go_live();
    hear("[0 1 [16 1 1 3 1 1 8 25 40] [8 1 9 0 1 0 'a' 7 8 'hi']]");
    expect_told("+presence/8 +shapes/a chat 8 'hi' ");
    ck_assert_double_eq(tutti_number(tutti_find_member(lone.client, 8), "x"), 12.5);
    hear("[0 1 [16 1 4 1 1 1 4] [8 1 0 1 0]]");
    expect_told("-a ~8:1 ");
    ck_assert_double_eq(tutti_number(tutti_find_member(lone.client, 8), "x"), 13.5);
    ck_assert_ptr_null(tutti_find(lone.client, "shapes", "a"));
}
END_TEST

START_TEST(notices_are_handed_on)
{
    go_live();
    hear("[4 10 'out of range']");
    expect_told("notice 10 'out of range' ");
}
END_TEST

START_TEST(a_malformed_message_ends_the_connection_not_the_client)
{
    go_live();
    hear("[0 1 [8 1 9]]");
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_DISCONNECT);
    ck_assert_int_eq(tutti_close_code(lone.client), 4000);
    hear("[0 1]"); /* too late */
    break_link(4000, "");
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_WAITING);
    reconnect(HELLO); /* it holds nothing that it would trust */
}
END_TEST

/* --- Presence --------------------------------------------------------------------------------------- */

START_TEST(presence_goes_whole_first_then_as_differences)
{
    ck_assert_int_eq(tutti_presence(lone.client, "x", tutti_real(12.5)), TUTTI_OK);
    ck_assert_int_eq(tutti_presence(lone.client, "y", tutti_integer(3)), TUTTI_OK);
    go_live();
    lone.now += SECOND;
    tutti_presence(lone.client, "x", tutti_real(13));
    tutti_presence(lone.client, "y", tutti_real(2.5));
    expect_output("[19 2 1]");
    lone.now += SECOND;
    tutti_presence(lone.client, "y", tutti_real(1000));
    expect_output("[18 3990]");
    expect_silence();
}
END_TEST

START_TEST(presence_is_sent_once_a_frame_and_only_the_newest)
{
    go_live();
    tutti_presence(lone.client, "x", tutti_real(1));
    expect_output("[2 0 2]");
    tutti_presence(lone.client, "x", tutti_real(2));
    tutti_presence(lone.client, "x", tutti_real(3));
    expect_silence();
    ck_assert_uint_eq(tutti_deadline(lone.client), lone.now + SECOND / 20);
    lone.now += SECOND / 20;
    expect_output("[17 8]"); /* from 2 steps to 6: zigzag of 4 */
    tutti_presence(lone.client, "x", tutti_real(3));
    lone.now += SECOND;
    expect_silence();
}
END_TEST

START_TEST(presence_that_is_no_number_goes_whole)
{
    go_live();
    tutti_presence(lone.client, "state", tutti_text("idle"));
    tutti_presence(lone.client, "mood", tutti_bool(true)); /* a name the room does not know */
    expect_output("[2 2 'idle' 'mood' true]");
    lone.now += SECOND;
    tutti_presence(lone.client, "x", tutti_nil());
    expect_output("[2 0 nil]");
    lone.now += SECOND;
    tutti_presence(lone.client, "x", tutti_integer(4));
    expect_output("[2 0 8]");
}
END_TEST

START_TEST(presence_is_told_again_on_a_new_connection)
{
    go_live();
    tutti_presence(lone.client, "x", tutti_real(1));
    expect_output("[2 0 2]");
    break_link(0, "");
    reconnect("[0 1 x07070707070707070707070707070707 'cursors' 'Ada' 0 0 9 [0 6 1 0 2 1] 1]");
    welcome(0, true, "0 1 2", "");
    resume();
    expect_output("[2 0 2]");
}
END_TEST

START_TEST(presence_that_does_not_fit_is_refused)
{
    go_live();
    static char large[40000];
    ck_assert_int_eq(tutti_presence(lone.client, "state", tutti_text_of(large, sizeof large)),
                     TUTTI_LIMIT);
    ck_assert_int_eq(tutti_presence(lone.client, "x", tutti_real(1e300)), TUTTI_RANGE);
    ck_assert_int_eq(tutti_presence(lone.client, "x", tutti_real((double)INFINITY)),
                     TUTTI_MALFORMED);
    ck_assert_int_eq(tutti_presence(lone.client, "state", tutti_text("\xff")), TUTTI_MALFORMED);
    expect_silence();
}
END_TEST

/* --- Operations -------------------------------------------------------------------------------------- */

START_TEST(operations_need_a_room_first)
{
    struct tutti_pair pair = {.name = "n", .value = tutti_integer(1)};
    ck_assert_int_eq(tutti_put(lone.client, "shapes", "a", &pair, 1), TUTTI_REFUSED);
}
END_TEST

START_TEST(operations_go_out_together_and_are_decided_in_order)
{
    go_live();
    put_shape("a");
    put_shape("b");
    put_shape("c");
    expect_output("[1 [[0 'shapes' 'a' 'n' 1]] [[0 'shapes' 'b' 'n' 1]] [[0 'shapes' 'c' 'n' 1]]]");
    expect_silence();
    ck_assert_uint_eq(tutti_pending(lone.client), 3);
    hear("[1 1 [2 0 1 8] [8 1 9 0 1 0 'b']]"); /* the first of two was refused */
    expect_told("+shapes/b #1@1=8 #2@2=0 !2 ");
    hear("[1 1 [1 0]]");
    expect_told("#3@3=0 !3 ");
    ck_assert_uint_eq(tutti_pending(lone.client), 0);
}
END_TEST

START_TEST(every_verb_and_guard_has_its_form)
{
    go_live();
    struct tutti_pair items[] = {{"p", tutti_integer(1)}, {NULL, tutti_integer(2)}};
    struct tutti_pair pair = {"n", tutti_real(1.5)};
    struct tutti_edit edits[] = {
        {.verb = TUTTI_PUT, .collection = "s", .id = "a", .guards = TUTTI_IF_NEW},
        {.verb = TUTTI_SET,
         .collection = "s",
         .id = "a",
         .guards = TUTTI_IF_STAMP | TUTTI_IF_MINE,
         .stamp = 300,
         .sequence = 6,
         .fields = &pair,
         .count = 1},
        {.verb = TUTTI_APPEND, .collection = "s", .id = "a", .fields = items, .count = 2},
        {.verb = TUTTI_ADD, .collection = "s", .id = "a", .fields = &pair, .count = 1},
        {.verb = TUTTI_DELETE,
         .collection = "s",
         .id = "a",
         .guards = TUTTI_IF_MINE,
         .sequence = 2},
        {.verb = TUTTI_EMIT, .collection = "chat", .to = 7, .fields = &pair, .count = 1},
    };
    uint64_t operation = 0;
    ck_assert_int_eq(tutti_submit(lone.client, edits, 6, &operation), TUTTI_OK);
    ck_assert_uint_eq(operation, 1);
    expect_output("[1 [[8 's' 'a'] [49 's' 'a' 300 6 'n' 1.5] [2 's' 'a' 'p' 1 2]"
                  " [3 's' 'a' 'n' 1.5] [36 's' 'a' 2] [5 'chat' 7 1.5]]]");
}
END_TEST

START_TEST(no_more_operations_in_flight_than_the_server_takes)
{
    go_live();
    for (int i = 0; i < 6; i++)
        put_shape("a");
    ck_assert_uint_gt(tutti_output(lone.client, lone.now, lone.output, sizeof lone.output), 0);
    lone.now += SECOND;
    expect_silence(); /* 4 are on their way, which is the limit */
    hear("[1 1 [3 0]]");
    expect_output("[1 [[0 'shapes' 'a' 'n' 1]] [[0 'shapes' 'a' 'n' 1]]]");
}
END_TEST

START_TEST(the_queue_is_bounded)
{
    go_live();
    break_link(0, "");
    for (int i = 0; i < 100; i++)
        put_shape("a");
    ck_assert_int_eq(tutti_delete(lone.client, "shapes", "a"), TUTTI_LIMIT);
    ck_assert_uint_eq(tutti_pending(lone.client), 100);
}
END_TEST

START_TEST(operations_that_cannot_be_are_refused)
{
    go_live();
    ck_assert_int_eq(tutti_delete(lone.client, "shapes", ""), TUTTI_RANGE);
    ck_assert_int_eq(tutti_delete(lone.client, "shapes", "with space"), TUTTI_RANGE);
    ck_assert_int_eq(tutti_delete(lone.client, "shapes", "1234567890123456789012345"), TUTTI_RANGE);
    ck_assert_int_eq(tutti_delete(lone.client, "", "a"), TUTTI_RANGE);
    ck_assert_int_eq(tutti_submit(lone.client, NULL, 0, NULL), TUTTI_LIMIT);
    ck_assert_int_eq(tutti_emit(lone.client, "chat", tutti_packed("\xc1", 1)), TUTTI_MALFORMED);
    ck_assert_int_eq(tutti_emit(lone.client, "chat", tutti_integer(INT64_MAX)), TUTTI_MALFORMED);
    static char large[70000];
    ck_assert_int_eq(tutti_emit(lone.client, "chat", tutti_text_of(large, sizeof large)),
                     TUTTI_LIMIT);
    expect_silence();
}
END_TEST

START_TEST(after_a_break_exactly_the_unknown_is_sent_again)
{
    go_live();
    put_shape("a");
    put_shape("b");
    put_shape("c");
    ck_assert_uint_gt(tutti_output(lone.client, lone.now, lone.output, sizeof lone.output), 0);
    break_link(0, "");
    put_shape("d");
    reconnect("[0 1 x07070707070707070707070707070707 'cursors' 'Ada' 3 0 9 [0 6 1 0 2 1] 1]");
    /* The server has had the first two, and refused the second. */
    lone.told[0] = 0;
    welcome(2, true, "0 1 2", "2 7");
    expect_told("#1@1=0 #2@2=7 !1 loading ");
    resume();
    expect_output("[1 [[0 'shapes' 'c' 'n' 1]] [[0 'shapes' 'd' 'n' 1]]]");
    hear("[1 1 [2 0]]");
    expect_told("#3@3=0 #4@4=0 !3 !4 ");
}
END_TEST

START_TEST(what_was_sent_is_uncertain_when_the_server_has_forgotten)
{
    go_live();
    put_shape("a");
    put_shape("b");
    ck_assert_uint_gt(tutti_output(lone.client, lone.now, lone.output, sizeof lone.output), 0);
    hear("[1 1 [1 0]]");
    break_link(0, "");
    put_shape("c");
    reconnect("[0 1 x07070707070707070707070707070707 'cursors' 'Ada' 2 1 9 [0 6 1 0 2 1] 1]");
    lone.told[0] = 0;
    welcome(2, false, "", "");
    expect_told("?2 loading ");
    hear(STATE);
    expect_output("[1 [[0 'shapes' 'c' 'n' 1]]]");
    hear("[1 1 [1 0]]");
    ck_assert_ptr_nonnull(strstr(lone.told, "#3@3=0 "));
}
END_TEST

START_TEST(known_never_to_have_arrived_is_not_uncertain_later)
{
    go_live();
    put_shape("a");
    ck_assert_uint_gt(tutti_output(lone.client, lone.now, lone.output, sizeof lone.output), 0);
    break_link(0, "");
    reconnect("[0 1 x07070707070707070707070707070707 'cursors' 'Ada' 1 0 9 [0 6 1 0 2 1] 1]");
    welcome(0, true, "0 1 2", "");
    break_link(0, ""); /* before it could be sent again */
    reconnect("[0 1 x07070707070707070707070707070707 'cursors' 'Ada' 1 0 9 [0 6 1 0 2 1] 1]");
    lone.told[0] = 0;
    welcome(1, false, "0 1 2", "");
    expect_told("loading ");
    resume();
    expect_output("[1 [[0 'shapes' 'a' 'n' 1]]]");
}
END_TEST

START_TEST(news_of_what_was_never_sent_is_malformed)
{
    go_live();
    hear("[1 1 [1 0]]");
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_DISCONNECT);
}
END_TEST

START_TEST(a_hasty_caller_is_held_to_the_servers_pace)
{
    tutti_opened(lone.client, lone.now);
    expect_output(HELLO);
    hear("[2 5 9 100 20 20 'cursors' 0 false false [] 0 [65536 10 10 100000 100000 64 32768]"
         " []]");
    hear(STATE);
    int sent = 0;
    for (int i = 0; i < 50; i++) {
        put_shape("a");
        sent += tutti_output(lone.client, lone.now, lone.output, sizeof lone.output) > 0;
    }
    ck_assert_int_le(sent, 8);
    ck_assert_uint_gt(tutti_deadline(lone.client), lone.now);
    /* The rest then goes together. */
    lone.now = tutti_deadline(lone.client);
    ck_assert_uint_gt(tutti_output(lone.client, lone.now, lone.output, sizeof lone.output), 500);
}
END_TEST

/* --- Connections -------------------------------------------------------------------------------------- */

START_TEST(waits_grow_up_to_a_bound_and_end_with_success)
{
    uint64_t last = 0;
    for (int i = 0; i < 12; i++) {
        tutti_closed(lone.client, lone.now, 0, "", 0);
        uint64_t wait = tutti_deadline(lone.client) - lone.now;
        ck_assert_uint_ge(wait, last / 2);
        ck_assert_uint_le(wait, 20 * SECOND);
        last = wait;
        lone.now += wait - 1;
        tutti_advance(lone.client, lone.now);
        ck_assert_int_eq(tutti_wish(lone.client), TUTTI_STAY);
        lone.now++;
        tutti_advance(lone.client, lone.now);
        ck_assert_int_eq(tutti_wish(lone.client), TUTTI_CONNECT);
    }
    ck_assert_uint_ge(last, 10 * SECOND);
    go_live();
    tutti_closed(lone.client, lone.now, 0, "", 0);
    ck_assert_uint_le(tutti_deadline(lone.client) - lone.now, SECOND / 4);
}
END_TEST

START_TEST(the_servers_hint_is_heeded)
{
    go_live();
    break_link(4001, "the server is restarting; retry_ms=3000");
    ck_assert_uint_ge(tutti_deadline(lone.client) - lone.now, 3 * SECOND);
    ck_assert_uint_le(tutti_deadline(lone.client) - lone.now, 4 * SECOND);
    int code;
    ck_assert_ptr_nonnull(strstr(tutti_state_reason(lone.client, &code), "restarting"));
    ck_assert_int_eq(code, 4001);
}
END_TEST

static const struct {
    int code;
    enum tutti_state state;
} closes[] = {
    {0, TUTTI_WAITING},    {1002, TUTTI_ENDED},   {1003, TUTTI_ENDED},   {1006, TUTTI_WAITING},
    {1009, TUTTI_ENDED},   {4000, TUTTI_ENDED},   {4001, TUTTI_WAITING}, {4002, TUTTI_ENDED},
    {4008, TUTTI_ENDED},   {4009, TUTTI_ENDED},   {4010, TUTTI_WAITING}, {4011, TUTTI_WAITING},
    {4012, TUTTI_ENDED},   {4013, TUTTI_WAITING}, {4014, TUTTI_ENDED},   {4015, TUTTI_WAITING},
    {4016, TUTTI_WAITING}, {4017, TUTTI_WAITING}, {4018, TUTTI_ENDED},   {400, TUTTI_ENDED},
    {403, TUTTI_ENDED},    {404, TUTTI_ENDED},    {429, TUTTI_WAITING},  {503, TUTTI_WAITING},
};

START_TEST(every_close_code_has_its_answer)
{
    go_live();
    break_link(closes[_i].code, "");
    ck_assert_int_eq(tutti_state(lone.client), closes[_i].state);
    ck_assert_str_ne(tutti_state_reason(lone.client, NULL), "");
    if (closes[_i].state == TUTTI_ENDED) {
        ck_assert_uint_eq(tutti_deadline(lone.client), UINT64_MAX);
        ck_assert_int_eq(tutti_wish(lone.client), TUTTI_STAY);
    }
}
END_TEST

START_TEST(a_server_that_does_not_answer_is_left)
{
    tutti_opened(lone.client, lone.now);
    expect_output(HELLO);
    ck_assert_uint_eq(tutti_deadline(lone.client), lone.now + 10 * SECOND);
    lone.now += 10 * SECOND;
    tutti_advance(lone.client, lone.now);
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_DISCONNECT);
    break_link(0, "");
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_WAITING);
}
END_TEST

START_TEST(the_clock_is_asked_and_its_silence_ends_the_connection)
{
    go_live(); /* asks at 1,000 s, so the echo is 1,000,000,000 */
    lone.now += 40000;
    hear("[3 1000000000 1700000000000 120]");
    ck_assert_uint_eq(tutti_round_trip_us(lone.client), 40000);
    ck_assert_uint_eq(tutti_server_ms(lone.client, lone.now), 1700000000020);
    ck_assert_uint_eq(tutti_deadline(lone.client), lone.now + 5 * SECOND);
    lone.now += 5 * SECOND;
    expect_output("[3 1005040000]");
    lone.now += 10 * SECOND;
    tutti_advance(lone.client, lone.now);
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_DISCONNECT);
}
END_TEST

START_TEST(leaving_says_so_and_ends)
{
    go_live();
    tutti_leave(lone.client);
    expect_output("[4]");
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_ENDED);
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_DISCONNECT);
    ck_assert_int_eq(tutti_close_code(lone.client), 1000);
    break_link(1000, "");
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_STAY);
    ck_assert_int_eq(tutti_delete(lone.client, "shapes", "a"), TUTTI_REFUSED);
}
END_TEST

START_TEST(leaving_while_waiting_ends_at_once)
{
    break_link(0, "");
    tutti_leave(lone.client);
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_ENDED);
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_STAY);
}
END_TEST

START_TEST(ids_have_twelve_characters_of_base64url)
{
    char id[13];
    tutti_new_id(lone.client, id);
    ck_assert_uint_eq(strlen(id), 12);
    ck_assert_uint_eq(
        strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 12);
}
END_TEST

START_TEST(every_truncated_or_mutated_message_is_survived)
{
    static const char *const messages[] = {
        "[2 5 9 100 20 20 'cursors' 0 false false [] 0 [65536 9 9 9 9 4 32768] [1 2] 7]",
        "[1 1 [1 0 0 8] [16 1 1 3 1 1 8 25 40]]",
        "[3 1000000000 1700000000000 120]",
        "[4 10 'out of range']",
        "[5 1]",
    };
    uint64_t random = 88172645463325252u;
    static uint8_t buffer[512];
    for (int round = 0; round < 4000; round++) {
        if (round % 8 == 0) {
            lone_teardown();
            lone_setup();
            go_live();
            put_shape("a");
            (void)tutti_output(lone.client, lone.now, lone.output, sizeof lone.output);
        }
        struct writer writer = writer_on(buffer, sizeof buffer);
        notation_pack(&writer, messages[round % 5]);
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t length = writer.length;
        if (round % 3 == 0)
            length = random % length;
        else
            buffer[random % length] = (uint8_t)(random >> 32);
        uint8_t *exact = malloc(length + (length == 0));
        memcpy(exact, buffer, length);
        tutti_received(lone.client, lone.now, exact, length);
        free(exact);
    }
}
END_TEST

static Suite *client_suite(void)
{
    Suite *suite = suite_create("client");
    TCase *cases = tcase_create("state machine");
    tcase_add_checked_fixture(cases, lone_setup, lone_teardown);
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, joining_goes_from_hello_to_live);
    tcase_add_test(cases, where_a_room_comes_from_is_told);
    tcase_add_test(cases, a_room_may_come_from_none);
    tcase_add_test(cases, frames_become_records_and_events);
    tcase_add_test(cases, notices_are_handed_on);
    tcase_add_test(cases, a_malformed_message_ends_the_connection_not_the_client);
    tcase_add_test(cases, presence_goes_whole_first_then_as_differences);
    tcase_add_test(cases, presence_is_sent_once_a_frame_and_only_the_newest);
    tcase_add_test(cases, presence_that_is_no_number_goes_whole);
    tcase_add_test(cases, presence_is_told_again_on_a_new_connection);
    tcase_add_test(cases, presence_that_does_not_fit_is_refused);
    tcase_add_test(cases, operations_need_a_room_first);
    tcase_add_test(cases, operations_go_out_together_and_are_decided_in_order);
    tcase_add_test(cases, every_verb_and_guard_has_its_form);
    tcase_add_test(cases, no_more_operations_in_flight_than_the_server_takes);
    tcase_add_test(cases, the_queue_is_bounded);
    tcase_add_test(cases, operations_that_cannot_be_are_refused);
    tcase_add_test(cases, after_a_break_exactly_the_unknown_is_sent_again);
    tcase_add_test(cases, what_was_sent_is_uncertain_when_the_server_has_forgotten);
    tcase_add_test(cases, known_never_to_have_arrived_is_not_uncertain_later);
    tcase_add_test(cases, news_of_what_was_never_sent_is_malformed);
    tcase_add_test(cases, a_hasty_caller_is_held_to_the_servers_pace);
    tcase_add_test(cases, waits_grow_up_to_a_bound_and_end_with_success);
    tcase_add_test(cases, the_servers_hint_is_heeded);
    tcase_add_loop_test(cases, every_close_code_has_its_answer, 0,
                        (int)(sizeof closes / sizeof closes[0]));
    tcase_add_test(cases, a_server_that_does_not_answer_is_left);
    tcase_add_test(cases, the_clock_is_asked_and_its_silence_ends_the_connection);
    tcase_add_test(cases, leaving_says_so_and_ends);
    tcase_add_test(cases, leaving_while_waiting_ends_at_once);
    tcase_add_test(cases, ids_have_twelve_characters_of_base64url);
    tcase_add_test(cases, every_truncated_or_mutated_message_is_survived);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return run_suite(client_suite());
}
