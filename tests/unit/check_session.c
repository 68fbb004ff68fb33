/* check_session.c - one connection: its hello, its deadlines, its limits, its end. */
#include "server/room_host.h"
#include "tests/hub_world.h"
#include "tests/notation.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdio.h>

/* --- Joining ------------------------------------------------------------------------------------ */

START_TEST(hello_gets_a_welcome_and_the_first_frame)
{
    struct peer *ada = peer_join(0, "lobby");
    ck_assert_int_eq(ada->session->state, SESSION_JOINED);
    ck_assert_int_eq(peer_messages(ada, SERVER_WELCOME), 1);
    ck_assert_int_eq(peer_messages(ada, SERVER_FRAME), 0);
    world_pass(60);
    ck_assert_int_eq(peer_messages(ada, SERVER_FRAME), 1);
    world_pass(1000);
    ck_assert_msg(peer_messages(ada, SERVER_FRAME) <= 2, "a quiet room sends nothing");
    ck_assert_uint_eq(hub_members(world.hub), 1);
}
END_TEST

START_TEST(presence_reaches_the_others)
{
    struct peer *ada = peer_join(0, "lobby");
    struct peer *ben = peer_join(1, "lobby");
    world_pass(200);
    int before = peer_messages(ben, SERVER_FRAME);
    peer_say(ada, "[2 'x' 5]");
    world_pass(60);
    ck_assert_int_eq(peer_messages(ben, SERVER_FRAME), before + 1);
}
END_TEST

static const struct {
    const char *message;
    int code;
} first_messages[] = {
    {"[1 [[0 'a' 'b']]]", 4008},
    {"[3 5]", 4008},
    {"[4]", 4008},
    {"[0 1 x00 'open' nil 0 0 0 []]", 4000},
    {"[0 2 'anything']", 4002},
    {"[0 1 x000102030405060708090a0b0c0d0e0f 'nosuch' nil 0 0 0 []]", 4012},
    {"[0 1 x000102030405060708090a0b0c0d0e0f '' nil 0 0 0 []]", 4012},
    {"7", 4000},
};

START_TEST(what_comes_first_must_be_a_good_hello)
{
    struct peer *peer = peer_open(0);
    session_upgraded(peer->session, bytes_of("lobby"));
    peer_say(peer, first_messages[_i].message);
    world_store();
    ck_assert_int_eq(peer_close_code(peer), first_messages[_i].code);
    ck_assert_int_eq(peer->session->state, SESSION_CLOSING);
    ck_assert_uint_eq(world.hub->counters.connections, 0);
}
END_TEST

START_TEST(nil_takes_the_kind_that_the_room_has)
{
    struct peer *ada = peer_open(0);
    session_upgraded(ada->session, bytes_of("lobby"));
    peer_hello(ada, 0, "'cursors'");
    struct peer *ben = peer_open(1);
    session_upgraded(ben->session, bytes_of("lobby"));
    peer_hello(ben, 1, "nil");
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    struct peer *eve = peer_open(2);
    session_upgraded(eve->session, bytes_of("lobby"));
    peer_hello(eve, 2, "'open'");
    ck_assert_int_eq(peer_close_code(eve), 4012);
}
END_TEST

START_TEST(the_same_key_takes_the_seat_over)
{
    struct peer *older = peer_join(0, "lobby");
    world_pass(100);
    struct peer *newer = peer_open(1);
    session_upgraded(newer->session, bytes_of("lobby"));
    peer_hello(newer, 0, "'open'");
    ck_assert_int_eq(peer_close_code(older), 4009);
    ck_assert_int_eq(newer->session->state, SESSION_JOINED);
    peer_disconnect(older);
    world_pass(100);
    ck_assert_uint_eq(hub_members(world.hub), 1);
    ck_assert_int_ge(peer_messages(newer, SERVER_FRAME), 1);
    ck_assert_uint_eq(world.hub->counters.takeovers, 1);
}
END_TEST

START_TEST(a_second_hello_is_malformed)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_hello(ada, 0, "'open'");
    ck_assert_int_eq(peer_close_code(ada), 4000);
}
END_TEST

/* --- Deadlines ----------------------------------------------------------------------------------- */

START_TEST(a_slow_handshake_is_cut)
{
    struct peer *peer = peer_open(0);
    world_pass(HANDSHAKE_S * 1000 - 1500);
    ck_assert(!peer->killed);
    world_pass(3000);
    ck_assert(peer->killed);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_HANDSHAKE_SLOW], 1);
}
END_TEST

START_TEST(silence_before_hello_is_closed)
{
    struct peer *peer = peer_open(0);
    session_upgraded(peer->session, bytes_of("lobby"));
    world_pass(HELLO_S * 1000 - 1500);
    ck_assert_int_eq(peer_close_code(peer), 0);
    world_pass(3000);
    ck_assert_int_eq(peer_close_code(peer), 4008);
}
END_TEST

START_TEST(a_silent_member_is_asked_and_then_closed)
{
    struct peer *ada = peer_join(0, "lobby");
    struct bytes payload = {0};
    world_pass(PING_AFTER_S * 1000 + 1500);
    ck_assert_int_eq(peer_last_frame(ada, &payload), 9);
    ck_assert_uint_ge(payload.length, 1);
    world_pass((SILENT_S - PING_AFTER_S) * 1000);
    ck_assert_int_eq(peer_close_code(ada), 4013);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_SILENT], 1);
}
END_TEST

START_TEST(any_sign_of_life_counts)
{
    struct peer *ada = peer_join(0, "lobby");
    for (int i = 0; i < 6; i++) {
        world_pass(PING_AFTER_S * 1000);
        session_alive(ada->session);
    }
    ck_assert_int_eq(peer_close_code(ada), 0);
    ck_assert_int_eq(ada->session->state, SESSION_JOINED);
}
END_TEST

START_TEST(who_does_not_close_in_return_is_cut)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_say(ada, "[4]");
    ck_assert_int_eq(peer_close_code(ada), 1000);
    ck_assert(!ada->killed);
    world_pass(CLOSING_S * 1000 + 1500);
    ck_assert(ada->killed);
}
END_TEST

START_TEST(who_stops_reading_is_cut_at_last)
{
    struct peer *ada = peer_join(0, "lobby");
    struct peer *ben = peer_join(1, "lobby");
    world_pass(100);
    ada->choked = true;
    for (uint32_t i = 0; i < SLOW_S - 2; i++) {
        peer_say(ben, "[2 'x' 1]");
        session_alive(ada->session);
        world_pass(1000);
    }
    ck_assert(!ada->killed);
    for (int i = 0; i < 5; i++) {
        peer_say(ben, "[2 'x' 2]");
        session_alive(ada->session);
        world_pass(1000);
    }
    ck_assert(ada->killed);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_SLOW], 1);
}
END_TEST

/* --- Slow readers --------------------------------------------------------------------------------- */

START_TEST(a_choked_member_is_skipped_and_caught_up_in_one_message)
{
    struct peer *ada = peer_join(0, "lobby");
    struct peer *ben = peer_join(1, "lobby");
    world_pass(200);
    ada->choked = true;
    size_t before = ada->out_length;
    int frames = peer_messages(ada, SERVER_FRAME);
    for (int i = 0; i < 40; i++) {
        char line[32];
        snprintf(line, sizeof line, "[2 'x' %d]", i);
        peer_say(ben, line);
        world_pass(50);
    }
    ck_assert_uint_eq(ada->out_length, before);
    ck_assert_uint_ge(world.hub->counters.skipped, 30);
    ada->choked = false;
    session_writable(ada->session);
    ck_assert_int_eq(peer_messages(ada, SERVER_FRAME), frames + 1);
    ck_assert_uint_lt(ada->out_length - before, 64);
    session_writable(ada->session);
    ck_assert_int_eq(peer_messages(ada, SERVER_FRAME), frames + 1);
}
END_TEST

START_TEST(of_clock_questions_the_newest_waits)
{
    struct peer *ada = peer_join(0, "lobby");
    world_pass(100);
    ada->choked = true;
    peer_say(ada, "[3 7]");
    peer_say(ada, "[3 8]");
    ck_assert_int_eq(peer_messages(ada, SERVER_CLOCK), 0);
    ada->choked = false;
    session_writable(ada->session);
    ck_assert_int_eq(peer_messages(ada, SERVER_CLOCK), 1);
    struct bytes payload = {0};
    peer_last_frame(ada, &payload);
    struct reader reader = reader_on(payload);
    read_array(&reader);
    read_integer(&reader);
    ck_assert_int_eq(read_integer(&reader), 8);
}
END_TEST

START_TEST(a_large_state_goes_out_in_turns)
{
    struct peer *ada = peer_join(0, "lobby");
    static uint8_t message[MESSAGE_BYTES_MAX];
    static uint8_t blob[30000];
    for (int i = 0; i < 24; i++) {
        char head[64];
        struct writer writer = writer_on(message, sizeof message);
        snprintf(head, sizeof head, "'files' 'record%d' 'data'", i);
        pack_array(&writer, 2);
        pack_integer(&writer, CLIENT_OPERATIONS);
        pack_array(&writer, 1);
        pack_array(&writer, 5);
        pack_integer(&writer, 0);
        notation_pack(&writer, head);
        pack_binary(&writer, (struct bytes){blob, sizeof blob});
        peer_receive(ada, writer_bytes(&writer));
        world_pass(500);
    }
    ck_assert_int_eq(peer_close_code(ada), 0);
    struct peer *ben = peer_join(1, "lobby");
    world_pass(50);
    ck_assert(ben->wants_write);
    int turns = 0;
    while (ben->wants_write && turns < 20) {
        ben->wants_write = false;
        session_writable(ben->session);
        turns++;
    }
    ck_assert_uint_gt(ben->out_length, 24 * sizeof blob);
    ck_assert_int_ge(turns, 2);
    ck_assert_int_lt(turns, 20);
    ck_assert(!ben->session->behind);
}
END_TEST

/* --- What peers may not do ------------------------------------------------------------------------- */

START_TEST(the_size_of_a_message_has_a_limit)
{
    struct peer *at = peer_join(0, "lobby");
    peer_piece(at, 1000, MESSAGE_BYTES_MAX - 1000, true, false);
    ck_assert_int_eq(peer_close_code(at), 0);
    struct peer *above = peer_join(1, "lobby");
    peer_piece(above, 1000, MESSAGE_BYTES_MAX - 999, true, false);
    ck_assert_int_eq(peer_close_code(above), 1009);
    struct peer *huge = peer_join(2, "lobby");
    peer_piece(huge, 10, SIZE_MAX, true, false);
    ck_assert_int_eq(peer_close_code(huge), 1009);
    struct peer *slowly = peer_join(3, "lobby");
    peer_piece(slowly, 40000, 0, true, false);
    ck_assert_uint_ge(world.hub->counters.assembly_bytes, 40000);
    peer_piece(slowly, 25537, 0, false, false);
    ck_assert_int_eq(peer_close_code(slowly), 1009);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_MESSAGE_BYTES], 3);
}
END_TEST

START_TEST(a_message_in_pieces_is_put_together)
{
    struct peer *ada = peer_join(0, "lobby");
    uint8_t buffer[64];
    struct writer writer = writer_on(buffer, sizeof buffer);
    notation_pack(&writer, "[3 123456]");
    for (size_t i = 0; i < writer.length; i++) {
        struct chunk chunk = {.bytes = {buffer + i, 1},
                              .first = i == 0,
                              .final = i + 1 == writer.length,
                              .binary = true};
        session_receive(ada->session, &chunk);
    }
    ck_assert_int_eq(peer_messages(ada, SERVER_CLOCK), 1);
    ck_assert_uint_eq(world.hub->counters.assembly_bytes, 0);
    ck_assert_ptr_null(ada->session->assembly);
}
END_TEST

START_TEST(a_message_may_begin_empty)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_piece(ada, 0, 0, true, false);
    uint8_t buffer[16];
    struct writer writer = writer_on(buffer, sizeof buffer);
    notation_pack(&writer, "[3 1]");
    struct chunk rest = {.bytes = writer_bytes(&writer), .final = true, .binary = true};
    session_receive(ada->session, &rest);
    ck_assert_int_eq(peer_messages(ada, SERVER_CLOCK), 1);
}
END_TEST

START_TEST(an_unfinished_message_goes_with_its_connection)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_piece(ada, 5000, 1000, true, false);
    ck_assert_uint_gt(world.hub->counters.assembly_bytes, 0);
    peer_disconnect(ada);
    ck_assert_uint_eq(world.hub->counters.assembly_bytes, 0);
}
END_TEST

START_TEST(text_is_refused)
{
    struct peer *ada = peer_join(0, "lobby");
    struct chunk chunk = {.bytes = bytes_of("hi"), .first = true, .final = true};
    session_receive(ada->session, &chunk);
    ck_assert_int_eq(peer_close_code(ada), 1003);
}
END_TEST

START_TEST(one_message_too_many_is_refused)
{
    struct peer *ada = peer_join(0, "lobby");
    uint32_t burst = ada->session->host->message_rate.burst;
    ck_assert_uint_eq(burst, 2 * (3 * 20 + 60));
    for (uint32_t i = 0; i < burst; i++)
        peer_say(ada, "[3 1]");
    ck_assert_int_eq(peer_close_code(ada), 0);
    peer_say(ada, "[3 1]");
    ck_assert_int_eq(peer_close_code(ada), 4011);
    ck_assert(peer_close_says(ada, "; retry_ms="));
}
END_TEST

START_TEST(empty_pieces_cost_as_much_as_messages)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_piece(ada, 1, 0, true, false);
    for (int i = 0; i < 239; i++)
        peer_piece(ada, 0, 0, false, false);
    ck_assert_int_eq(peer_close_code(ada), 0);
    peer_piece(ada, 0, 0, false, false);
    ck_assert_int_eq(peer_close_code(ada), 4011);
}
END_TEST

START_TEST(one_byte_too_many_is_refused)
{
    struct peer *ada = peer_join(0, "lobby");
    world.hub->limits.bytes_rate = (struct bucket_rate){.per_second = 1000, .burst = 50000};
    bucket_fill(&ada->session->bytes, &world.hub->limits.bytes_rate, world.now_us);
    peer_piece(ada, 50000, 1000, true, false);
    ck_assert_int_eq(peer_close_code(ada), 0);
    peer_piece(ada, 1, 999, false, false);
    ck_assert_int_eq(peer_close_code(ada), 4011);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_BYTES_RATE], 1);
}
END_TEST

static const char *const malformed[] = {
    "[]",  "[5]",     "[15 1]", "[-1]",  "[127 1]", "[4 1]",
    "[3]", "[3 'x']", "[3 -1]", "['x']", "nil",     "[2 1]",
};

START_TEST(malformed_messages_are_refused)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_say(ada, malformed[_i]);
    ck_assert_msg(peer_close_code(ada) == 4000, "%s got %d", malformed[_i], peer_close_code(ada));
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_MALFORMED], 1);
}
END_TEST

START_TEST(nothing_happens_after_a_close)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_say(ada, "[]");
    size_t before = ada->out_length;
    peer_say(ada, "[3 1]");
    peer_say(ada, "[]");
    world_pass(1000);
    ck_assert_uint_eq(ada->out_length, before);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_MALFORMED], 1);
}
END_TEST

static const struct {
    const char *payload; /* as in a close frame, at most two bytes of it */
    size_t length;
    int answer;
    uint64_t members; /* left in the room, of two */
} closes[] = {
    {"\x03\xe8", 2, 1000, 1}, {"\x03\xe9", 2, 1001, 1}, {"", 0, 0, 2},
    {"\x0f\xa0", 2, 4000, 2}, {"\x03\xea", 2, 1002, 2}, {"\x03", 1, 1002, 2},
    {"\x03\xed", 2, 1002, 2}, {"\x00\x00", 2, 1002, 2}, {"\x07\xd0", 2, 1002, 2},
    {"\x13\x88", 2, 1002, 2}, {"\xff\xff", 2, 1002, 2},
};

START_TEST(a_close_by_wish_gives_the_seat_up)
{
    struct peer *ada = peer_join(0, "lobby");
    peer_join(1, "lobby");
    world_pass(100);
    struct bytes payload = {(const uint8_t *)closes[_i].payload, closes[_i].length};
    session_peer_closed(ada->session, payload);
    struct bytes answer = {0};
    ck_assert_int_eq(peer_last_frame(ada, &answer), 8);
    ck_assert_uint_eq(answer.length, closes[_i].answer != 0 ? 2 : 0);
    if (answer.length > 0)
        ck_assert_int_eq(peer_close_code(ada), closes[_i].answer);
    world_pass(100);
    ck_assert_uint_eq(hub_members(world.hub), closes[_i].members);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, world_setup, world_teardown);
    tcase_set_timeout(tcase, 30);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static Suite *session_suite(void)
{
    Suite *suite = suite_create("session");
    TCase *joining = add_case(suite, "joining");
    tcase_add_test(joining, hello_gets_a_welcome_and_the_first_frame);
    tcase_add_test(joining, presence_reaches_the_others);
    tcase_add_loop_test(joining, what_comes_first_must_be_a_good_hello, 0,
                        sizeof first_messages / sizeof first_messages[0]);
    tcase_add_test(joining, nil_takes_the_kind_that_the_room_has);
    tcase_add_test(joining, the_same_key_takes_the_seat_over);
    tcase_add_test(joining, a_second_hello_is_malformed);

    TCase *deadlines = add_case(suite, "deadlines");
    tcase_add_test(deadlines, a_slow_handshake_is_cut);
    tcase_add_test(deadlines, silence_before_hello_is_closed);
    tcase_add_test(deadlines, a_silent_member_is_asked_and_then_closed);
    tcase_add_test(deadlines, any_sign_of_life_counts);
    tcase_add_test(deadlines, who_does_not_close_in_return_is_cut);
    tcase_add_test(deadlines, who_stops_reading_is_cut_at_last);

    TCase *slow = add_case(suite, "slow readers");
    tcase_add_test(slow, a_choked_member_is_skipped_and_caught_up_in_one_message);
    tcase_add_test(slow, of_clock_questions_the_newest_waits);
    tcase_add_test(slow, a_large_state_goes_out_in_turns);

    TCase *limits = add_case(suite, "limits");
    tcase_add_test(limits, the_size_of_a_message_has_a_limit);
    tcase_add_test(limits, a_message_in_pieces_is_put_together);
    tcase_add_test(limits, a_message_may_begin_empty);
    tcase_add_test(limits, an_unfinished_message_goes_with_its_connection);
    tcase_add_test(limits, text_is_refused);
    tcase_add_test(limits, one_message_too_many_is_refused);
    tcase_add_test(limits, empty_pieces_cost_as_much_as_messages);
    tcase_add_test(limits, one_byte_too_many_is_refused);
    tcase_add_loop_test(limits, malformed_messages_are_refused, 0,
                        sizeof malformed / sizeof malformed[0]);
    tcase_add_test(limits, nothing_happens_after_a_close);

    TCase *ends = add_case(suite, "ends");
    tcase_add_loop_test(ends, a_close_by_wish_gives_the_seat_up, 0,
                        sizeof closes / sizeof closes[0]);
    return suite;
}

int main(void)
{
    return run_suite(session_suite());
}
