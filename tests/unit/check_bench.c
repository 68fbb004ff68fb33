/* check_bench.c - the parts of tools/bench that a wrong figure could hide in: the hand's path, the
 * framing, and the messages, which the engine's own reader takes apart. */
#include "sync/frame.h"
#include "sync/kinds.h"
#include "sync/pack.h"
#include "sync/room.h"
#include "sync/wire.h"
#include "tests/run_suite.h"
#include "tools/bench/dialect.h"
#include "tools/bench/hand.h"
#include "tools/bench/websocket.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_S 0.05

/* The hand */

START_TEST(hand_stays_on_the_screen)
{
    struct hand hand;
    hand_init(&hand, (uint64_t)_i);
    for (int step = 0; step < 5000; step++) {
        ck_assert_int_ge(hand.x, 0);
        ck_assert_int_lt(hand.x, HAND_WIDTH);
        ck_assert_int_ge(hand.y, 0);
        ck_assert_int_lt(hand.y, HAND_HEIGHT);
        hand_move(&hand, STEP_S);
    }
}
END_TEST

START_TEST(hand_repeats_its_path_by_seed)
{
    struct hand one, same, other;
    hand_init(&one, 7);
    hand_init(&same, 7);
    hand_init(&other, 8);
    bool differs = false;
    for (int step = 0; step < 200; step++) {
        hand_move(&one, STEP_S);
        hand_move(&same, STEP_S);
        hand_move(&other, STEP_S);
        ck_assert_int_eq(one.x, same.x);
        ck_assert_int_eq(one.y, same.y);
        differs |= one.x != other.x;
    }
    ck_assert(differs);
}
END_TEST

/* A jump of a third of the screen in 20 ms is no hand's; one that never rests is not either. */
START_TEST(hand_glides_and_rests)
{
    struct hand hand;
    hand_init(&hand, (uint64_t)_i);
    int rests = 0;
    for (int step = 0; step < 5000; step++) {
        int32_t x = hand.x, y = hand.y;
        hand_move(&hand, 0.02);
        ck_assert_int_lt(abs(hand.x - x), HAND_WIDTH / 3);
        rests += hand.x == x && hand.y == y;
    }
    ck_assert_int_gt(rests, 100);
    ck_assert_int_lt(rests, 2500);
}
END_TEST

/* Framing */

START_TEST(accept_is_that_of_the_rfc)
{
    char accept[WS_ACCEPT_BYTES + 1];
    ws_accept("dGhlIHNhbXBsZSBub25jZQ==", accept);
    ck_assert_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
END_TEST

static const size_t payload_lengths[] = {0, 1, 125, 126, 65535, 65536};

START_TEST(headers_are_read_back)
{
    uint8_t data[WS_HEADER_MAX];
    size_t length = ws_write_header(data, WS_BINARY, payload_lengths[_i]);
    struct ws_header header;
    for (size_t part = 0; part < length; part++)
        ck_assert(!ws_read_header(data, part, &header));
    ck_assert(ws_read_header(data, length, &header));
    ck_assert_uint_eq(header.length, length);
    ck_assert_uint_eq(header.payload, payload_lengths[_i]);
    ck_assert_uint_eq(header.opcode, WS_BINARY);
    ck_assert(!header.masked);
}
END_TEST

START_TEST(masked_messages_are_read_back)
{
    const uint8_t payload[] = "seven or more bytes";
    uint8_t message[WS_HEADER_MAX + sizeof payload];
    size_t length = ws_write_masked(message, WS_PING, payload, sizeof payload, 0xa1b2c3d4);
    struct ws_header header;
    ck_assert(ws_read_header(message, length, &header));
    ck_assert_uint_eq(header.opcode, WS_PING);
    ck_assert(header.masked);
    ck_assert_uint_eq(header.length + header.payload, length);
    ck_assert_mem_ne(message + header.length, payload, sizeof payload);
    ws_mask(message + header.length, header.payload, header.mask);
    ck_assert_mem_eq(message + header.length, payload, sizeof payload);
}
END_TEST

START_TEST(http_headers_are_found_whatever_their_case)
{
    const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nsec-websocket-KEY:  b\r\n\r\n";
    ck_assert(strncmp(http_header(head, "Sec-WebSocket-Key"), "b\r\n", 3) == 0);
    ck_assert_ptr_null(http_header(head, "Sec-WebSocket"));
    ck_assert_ptr_null(http_header(head, "GET / HTTP/1.1"));
}
END_TEST

/* The dialects */

static uint8_t out[SPEECH_BYTES_MAX];

/* A speaker who has been welcomed and told the numbers of x and y. */
static struct speaker joined_speaker(uint8_t field_x, uint8_t field_y)
{
    struct speaker speaker = {.dialect = DIALECT_TUTTI, .kind = "cursors"};
    uint8_t names[] = {0x93, 0,   0, 0x94, 0, 2, 0x99, 1,    0,   0, 0xa1, 'x', 3,   0,
                       0,    127, 2, 0x99, 1, 0, 0,    0xa1, 'y', 3, 0,    0,   127, 2};
    names[9] = field_x;
    names[20] = field_y;
    static const uint8_t welcome[] = {0x9e, SERVER_WELCOME, 1};

    speaker_hear(&speaker, names, sizeof names); /* not before the welcome */
    ck_assert(!speaker.joined);
    speaker_hear(&speaker, welcome, sizeof welcome);
    ck_assert(!speaker.joined);
    speaker_hear(&speaker, names, sizeof names);
    ck_assert(speaker.joined);
    ck_assert_uint_eq(speaker.field_x, field_x);
    ck_assert_uint_eq(speaker.field_y, field_y);
    return speaker;
}

START_TEST(hello_is_one_the_server_reads)
{
    struct speaker speaker = {.dialect = DIALECT_TUTTI, .kind = "cursors"};
    const uint8_t key[SPEAKER_KEY_BYTES] = {1, 2, 3};
    struct bytes message = {out, speak_hello(&speaker, UINT32_MAX, key, out)};
    ck_assert(!speaker.joined);

    struct reader reader = reader_on(message);
    ck_assert_uint_eq(read_array(&reader), 9);
    ck_assert_int_eq(read_integer(&reader), CLIENT_HELLO);
    ck_assert_int_eq(read_integer(&reader), WIRE_VERSION);
    ck_assert(bytes_equal(read_binary(&reader), (struct bytes){key, sizeof key}));
    ck_assert(bytes_equal(read_string(&reader), bytes_of("cursors")));
    ck_assert_uint_gt(read_value(&reader).length, 0); /* user */
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(read_integer(&reader), 0); /* sequence, decided, incarnation */
    ck_assert_uint_eq(read_array(&reader), 0);
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
}
END_TEST

/* Follows the messages as a server does; what it ends up with is where the hand is. */
static void follow(struct bytes message, const uint8_t fields[2], int64_t at[2])
{
    struct reader reader = reader_on(message);
    uint32_t elements = read_array(&reader);
    int64_t kind = read_integer(&reader);
    if (kind == CLIENT_PRESENCE) {
        ck_assert_uint_eq(elements, 5);
        for (int i = 0; i < 2; i++) {
            int64_t field = read_integer(&reader);
            at[field == fields[1]] = read_integer(&reader);
        }
    } else {
        ck_assert_int_gt(kind, CLIENT_MOVED);
        ck_assert_int_le(kind, CLIENT_MOVED + CLIENT_MOVED_MASK_MAX);
        for (uint8_t field = 0; field < 7; field++)
            if ((kind - CLIENT_MOVED) >> field & 1)
                at[field == fields[1]] += unzigzag((uint64_t)read_integer(&reader));
    }
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
}

static const uint8_t field_pairs[][2] = {{0, 1}, {2, 3}, {5, 0}, {6, 5}, {9, 20}};

START_TEST(positions_lead_to_where_the_hand_is)
{
    const uint8_t *fields = field_pairs[_i];
    struct speaker speaker = joined_speaker(fields[0], fields[1]);
    struct hand hand;
    hand_init(&hand, (uint64_t)_i);
    int64_t at[2] = {-1, -1};
    for (int step = 0; step < 2000; step++) {
        size_t length = speak_position(&speaker, hand.x, hand.y, out);
        if (length > 0)
            follow((struct bytes){out, length}, fields, at);
        ck_assert_int_eq(at[0], hand.x);
        ck_assert_int_eq(at[1], hand.y);
        ck_assert_uint_eq(speak_position(&speaker, hand.x, hand.y, out), 0);
        hand_move(&hand, STEP_S);
    }
}
END_TEST

START_TEST(what_was_not_sent_is_said_whole)
{
    struct speaker speaker = joined_speaker(2, 3);
    int64_t kind;
    ck_assert_uint_gt(speak_position(&speaker, 10, 10, out), 0);
    size_t length = speak_position(&speaker, 11, 10, out);
    ck_assert_int_eq(wire_read_kind((struct bytes){out, length}, &kind), STATUS_OK);
    ck_assert_int_eq(kind, CLIENT_MOVED + 4);
    speaker_forget(&speaker);
    length = speak_position(&speaker, 11, 10, out);
    ck_assert_int_eq(wire_read_kind((struct bytes){out, length}, &kind), STATUS_OK);
    ck_assert_int_eq(kind, CLIENT_PRESENCE);
}
END_TEST

START_TEST(clock_is_one_the_server_reads)
{
    struct speaker speaker = {.dialect = DIALECT_TUTTI, .kind = "cursors"};
    int64_t echo;
    size_t length = speak_clock(&speaker, UINT64_C(123456789012), out);
    ck_assert_int_eq(wire_read_clock((struct bytes){out, length}, &echo), STATUS_OK);
    ck_assert_int_eq(echo, INT64_C(123456789012));
}
END_TEST

/* Where the room has the seat's pointer. */
static int64_t read_pointer(const struct room *room, uint32_t seat, uint32_t field)
{
    int64_t number = INT64_MIN;
    uint32_t member = room_seat_member(room, seat);
    ck_assert(room_number(room, 0, member, (struct bytes){0}, field, &number));
    return number;
}

static void tick(struct room *room)
{
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    room_tick(room);
}

/* Joins a room of cursors as the swarm does: hello, welcome, the first frame. */
static struct speaker join_room(struct room *room, struct frames *frames, uint32_t *seat)
{
    struct speaker speaker = {.dialect = DIALECT_TUTTI, .kind = "cursors"};
    const uint8_t key[SPEAKER_KEY_BYTES] = {9};
    struct hello hello;
    struct bytes message = {out, speak_hello(&speaker, 1, key, out)};
    ck_assert_int_eq(wire_read_hello(message, &hello), STATUS_OK);
    ck_assert_int_eq(room_join(room, &hello, ROLE_EDITOR, seat), STATUS_OK);

    static uint8_t welcome[1024];
    struct writer writer = writer_on(welcome, sizeof welcome);
    wire_write_welcome(&writer, room, *seat, &(struct wire_limits){.message_bytes = 65536});
    ck_assert_int_eq(writer.status, STATUS_OK);
    speaker_hear(&speaker, welcome, writer.length);
    ck_assert(speaker.welcomed);

    tick(room);
    ck_assert(frames_begin(frames, room));
    struct frame frame = frames_next(frames, *seat);
    ck_assert_ptr_nonnull(frame.message);
    speaker_hear(&speaker, frame.message, frame.length);
    ck_assert(speaker.joined);
    frames_end(frames, true);
    return speaker;
}

START_TEST(a_room_of_cursors_follows_the_hand)
{
    struct room *room =
        room_create(&(struct room_options){.rules = &kind_cursors, .incarnation = 1});
    struct frames *frames = frames_create(&(struct memory){0});
    uint32_t seat;
    struct speaker speaker = join_room(room, frames, &seat);
    struct hand hand;
    hand_init(&hand, 1);
    for (int step = 0; step < 500; step++) {
        size_t length = speak_position(&speaker, hand.x, hand.y, out);
        if (length > 0)
            ck_assert_int_eq(room_submit(room, seat, (struct bytes){out, length}), STATUS_OK);
        tick(room);
        ck_assert_int_eq(read_pointer(room, seat, 2), hand.x);
        ck_assert_int_eq(read_pointer(room, seat, 3), hand.y);
        hand_move(&hand, STEP_S);
    }
    frames_destroy(frames);
    room_destroy(room);
}
END_TEST

START_TEST(the_floor_is_told_two_int16)
{
    struct speaker speaker = {.dialect = DIALECT_FLOOR};
    const uint8_t key[SPEAKER_KEY_BYTES] = {0};
    ck_assert_uint_eq(speak_hello(&speaker, 1, key, out), 0);
    ck_assert(speaker.joined);
    int16_t said[2];
    ck_assert_uint_eq(speak_position(&speaker, 3839, 7, out), sizeof said);
    memcpy(said, out, sizeof said);
    ck_assert_int_eq(said[0], 3839);
    ck_assert_int_eq(said[1], 7);
    ck_assert_uint_eq(speak_clock(&speaker, 1, out), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("bench");
    tcase_add_loop_test(tcase, hand_stays_on_the_screen, 0, 20);
    tcase_add_test(tcase, hand_repeats_its_path_by_seed);
    tcase_add_loop_test(tcase, hand_glides_and_rests, 0, 20);
    tcase_add_test(tcase, accept_is_that_of_the_rfc);
    tcase_add_loop_test(tcase, headers_are_read_back, 0, 6);
    tcase_add_test(tcase, masked_messages_are_read_back);
    tcase_add_test(tcase, http_headers_are_found_whatever_their_case);
    tcase_add_test(tcase, hello_is_one_the_server_reads);
    tcase_add_loop_test(tcase, positions_lead_to_where_the_hand_is, 0, 5);
    tcase_add_test(tcase, what_was_not_sent_is_said_whole);
    tcase_add_test(tcase, clock_is_one_the_server_reads);
    tcase_add_test(tcase, a_room_of_cursors_follows_the_hand);
    tcase_add_test(tcase, the_floor_is_told_two_int16);

    Suite *suite = suite_create("bench");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
