/* check_hub.c - sessions, rooms and their deadlines, with the clock and the sockets in the test's
 * hand: no network, no sleep. */
#include "persistence/store_memory.h"
#include "server/hub.h"
#include "server/pages.h"
#include "tests/notation.h"

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND    UINT64_C(1000000)
#define OUT_MAX   (1u << 20)
#define PEERS     8
#define STORE_MAX 1000000u

/* One connection as its client sees it. */
struct peer {
    struct session *session;
    bool choked, killed, wants_write;
    size_t out_length;
    uint8_t out[OUT_MAX];
};

static struct hub *hub;
static struct store *store;
static struct log logger;
static struct peer *peers[PEERS];
static uint64_t now_us;

/* --- A transport that does what the test says --------------------------------------------------- */

static bool fake_choked(void *socket)
{
    return ((struct peer *)socket)->choked;
}

static bool fake_send(void *socket, uint8_t *frame, size_t length)
{
    struct peer *peer = socket;
    ck_assert_msg(!peer->choked, "sent into a socket that takes nothing");
    ck_assert_uint_le(peer->out_length + length, OUT_MAX);
    memcpy(peer->out + peer->out_length, frame, length);
    peer->out_length += length;
    return true;
}

static void fake_want_write(void *socket)
{
    ((struct peer *)socket)->wants_write = true;
}

static void fake_kill(void *socket)
{
    ((struct peer *)socket)->killed = true;
}

static const struct transport fake = {.choked = fake_choked,
                                      .send = fake_send,
                                      .want_write = fake_want_write,
                                      .kill = fake_kill};

static void discard(void *context, const char *line, size_t length)
{
    (void)context;
    (void)line;
    (void)length;
}

/* --- The world ---------------------------------------------------------------------------------- */

static struct hub_options options(void)
{
    return (struct hub_options){
        .limits =
            {
                .connections = 100,
                .connections_per_address = 100,
                .rooms = 100,
                .room_rate = {.per_second = 100, .burst = 100},
                .bytes_rate = {.per_second = 65536, .burst = 1 << 20},
                .grace_s = 5,
                .linger_s = 30,
            },
        .transport = &fake,
        .store = store,
        .log = &logger,
        .now_us = now_us,
        .wall_us = 1700000000 * SECOND,
        .seed = 42,
    };
}

static void setup(void)
{
    now_us = 1000 * SECOND;
    log_init(&logger, LOG_LEVEL_DEBUG, discard, NULL);
    store = store_memory_create(STORE_MAX);
    struct hub_options fresh = options();
    hub = hub_create(&fresh);
    ck_assert_ptr_nonnull(hub);
    memset(peers, 0, sizeof peers);
}

static void disconnect(struct peer *peer)
{
    if (peer->session != NULL)
        session_destroy(peer->session);
    peer->session = NULL;
}

static void teardown(void)
{
    for (int i = 0; i < PEERS; i++) {
        if (peers[i] == NULL)
            continue;
        disconnect(peers[i]);
        free(peers[i]);
    }
    hub_destroy(hub);
    store->close(store);
}

/* Lets time pass in steps of 10 ms, with all beats that fall due. */
static void pass(uint64_t milliseconds)
{
    for (uint64_t until_us = now_us + milliseconds * 1000; now_us < until_us;) {
        now_us += 10000;
        hub_turn(hub, now_us, 1700000000 * SECOND + now_us);
        while (hub_next_us(hub) <= now_us)
            hub_beat(hub);
    }
}

static struct peer *open_peer(int index)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(0x0a000001u + (uint32_t)index)};
    struct peer *peer = calloc(1, sizeof *peer);
    peers[index] = peer;
    peer->session = session_open(hub, (struct sockaddr *)&address);
    ck_assert_ptr_nonnull(peer->session);
    peer->session->socket = peer;
    return peer;
}

static void receive(struct peer *peer, struct bytes message)
{
    struct chunk chunk = {.bytes = message, .first = true, .final = true, .binary = true};
    session_receive(peer->session, &chunk);
}

/* Sends a message written as in tests/notation.h. */
static void say(struct peer *peer, const char *line)
{
    uint8_t buffer[1024];
    struct writer writer = writer_on(buffer, sizeof buffer);
    notation_pack(&writer, line);
    receive(peer, writer_bytes(&writer));
}

static void say_hello(struct peer *peer, int key, const char *kind)
{
    char line[160];
    snprintf(line, sizeof line, "[0 1 x000102030405060708090a0b0c0d0e%02x %s nil 0 0 0 []]", key,
             kind);
    say(peer, line);
}

static struct peer *join(int index, const char *room)
{
    struct peer *peer = open_peer(index);
    session_upgraded(peer->session, bytes_of(room));
    say_hello(peer, index, "'open'");
    return peer;
}

/* The last whole frame that went to the peer: opcode and payload. */
static uint8_t last_frame(const struct peer *peer, struct bytes *payload)
{
    uint8_t opcode = 0;
    for (size_t at = 0; at < peer->out_length;) {
        const uint8_t *frame = peer->out + at;
        size_t length = frame[1];
        size_t header = 2;
        if (length == 126) {
            length = (size_t)frame[2] << 8 | frame[3];
            header = 4;
        }
        opcode = frame[0] & 0x0f;
        *payload = (struct bytes){frame + header, length};
        at += header + length;
        ck_assert_uint_le(at, peer->out_length);
    }
    return opcode;
}

static int close_code(const struct peer *peer)
{
    struct bytes payload = {0};
    if (last_frame(peer, &payload) != 8)
        return 0;
    return payload.data[0] << 8 | payload.data[1];
}

static bool close_says(const struct peer *peer, const char *text)
{
    struct bytes payload = {0};
    return last_frame(peer, &payload) == 8 &&
           memmem(payload.data, payload.length, text, strlen(text)) != NULL;
}

/* Messages of this kind that went to the peer. */
static int messages_of_kind(const struct peer *peer, int kind)
{
    int count = 0;
    for (size_t at = 0; at < peer->out_length;) {
        const uint8_t *frame = peer->out + at;
        size_t length = frame[1], header = 2;
        if (length == 126) {
            length = (size_t)frame[2] << 8 | frame[3];
            header = 4;
        }
        int64_t found;
        if ((frame[0] & 0x0f) == 2 &&
            wire_read_kind((struct bytes){frame + header, length}, &found) == STATUS_OK)
            count += found == kind || (kind == SERVER_FRAME && found == SERVER_FRAME_NEWS);
        at += header + length;
    }
    return count;
}

/* --- Joining ------------------------------------------------------------------------------------ */

START_TEST(hello_gets_a_welcome_and_the_first_frame)
{
    struct peer *ada = join(0, "lobby");
    ck_assert_int_eq(ada->session->state, SESSION_JOINED);
    ck_assert_int_eq(messages_of_kind(ada, SERVER_WELCOME), 1);
    ck_assert_int_eq(messages_of_kind(ada, SERVER_FRAME), 0);
    pass(60);
    ck_assert_int_eq(messages_of_kind(ada, SERVER_FRAME), 1);
    pass(1000);
    ck_assert_msg(messages_of_kind(ada, SERVER_FRAME) <= 2, "a quiet room sends nothing");
    ck_assert_uint_eq(hub_members(hub), 1);
}
END_TEST

START_TEST(presence_reaches_the_others)
{
    struct peer *ada = join(0, "lobby");
    struct peer *ben = join(1, "lobby");
    pass(200);
    int before = messages_of_kind(ben, SERVER_FRAME);
    say(ada, "[2 'x' 5]");
    pass(60);
    ck_assert_int_eq(messages_of_kind(ben, SERVER_FRAME), before + 1);
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
    struct peer *peer = open_peer(0);
    session_upgraded(peer->session, bytes_of("lobby"));
    say(peer, first_messages[_i].message);
    ck_assert_int_eq(close_code(peer), first_messages[_i].code);
    ck_assert_int_eq(peer->session->state, SESSION_CLOSING);
    ck_assert_uint_eq(hub->counters.connections, 0);
}
END_TEST

START_TEST(nil_takes_the_kind_that_the_room_has)
{
    struct peer *ada = open_peer(0);
    session_upgraded(ada->session, bytes_of("lobby"));
    say_hello(ada, 0, "'cursors'");
    struct peer *ben = open_peer(1);
    session_upgraded(ben->session, bytes_of("lobby"));
    say_hello(ben, 1, "nil");
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    struct peer *eve = open_peer(2);
    session_upgraded(eve->session, bytes_of("lobby"));
    say_hello(eve, 2, "'open'");
    ck_assert_int_eq(close_code(eve), 4012);
}
END_TEST

START_TEST(the_same_key_takes_the_seat_over)
{
    struct peer *older = join(0, "lobby");
    pass(100);
    struct peer *newer = open_peer(1);
    session_upgraded(newer->session, bytes_of("lobby"));
    say_hello(newer, 0, "'open'");
    ck_assert_int_eq(close_code(older), 4009);
    ck_assert_int_eq(newer->session->state, SESSION_JOINED);
    disconnect(older);
    pass(100);
    ck_assert_uint_eq(hub_members(hub), 1);
    ck_assert_int_ge(messages_of_kind(newer, SERVER_FRAME), 1);
    ck_assert_uint_eq(hub->counters.takeovers, 1);
}
END_TEST

START_TEST(a_second_hello_is_malformed)
{
    struct peer *ada = join(0, "lobby");
    say_hello(ada, 0, "'open'");
    ck_assert_int_eq(close_code(ada), 4000);
}
END_TEST

/* --- Deadlines ----------------------------------------------------------------------------------- */

START_TEST(a_slow_handshake_is_cut)
{
    struct peer *peer = open_peer(0);
    pass(HANDSHAKE_S * 1000 - 1500);
    ck_assert(!peer->killed);
    pass(3000);
    ck_assert(peer->killed);
    ck_assert_uint_eq(hub->counters.refused[REFUSAL_HANDSHAKE_SLOW], 1);
}
END_TEST

START_TEST(silence_before_hello_is_closed)
{
    struct peer *peer = open_peer(0);
    session_upgraded(peer->session, bytes_of("lobby"));
    pass(HELLO_S * 1000 - 1500);
    ck_assert_int_eq(close_code(peer), 0);
    pass(3000);
    ck_assert_int_eq(close_code(peer), 4008);
}
END_TEST

START_TEST(a_silent_member_is_asked_and_then_closed)
{
    struct peer *ada = join(0, "lobby");
    struct bytes payload = {0};
    pass(PING_AFTER_S * 1000 + 1500);
    ck_assert_int_eq(last_frame(ada, &payload), 9);
    ck_assert_uint_ge(payload.length, 1);
    pass((SILENT_S - PING_AFTER_S) * 1000);
    ck_assert_int_eq(close_code(ada), 4013);
    ck_assert_uint_eq(hub->counters.refused[REFUSAL_SILENT], 1);
}
END_TEST

START_TEST(any_sign_of_life_counts)
{
    struct peer *ada = join(0, "lobby");
    for (int i = 0; i < 6; i++) {
        pass(PING_AFTER_S * 1000);
        session_alive(ada->session);
    }
    ck_assert_int_eq(close_code(ada), 0);
    ck_assert_int_eq(ada->session->state, SESSION_JOINED);
}
END_TEST

START_TEST(who_does_not_close_in_return_is_cut)
{
    struct peer *ada = join(0, "lobby");
    say(ada, "[4]");
    ck_assert_int_eq(close_code(ada), 1000);
    ck_assert(!ada->killed);
    pass(CLOSING_S * 1000 + 1500);
    ck_assert(ada->killed);
}
END_TEST

START_TEST(who_stops_reading_is_cut_at_last)
{
    struct peer *ada = join(0, "lobby");
    struct peer *ben = join(1, "lobby");
    pass(100);
    ada->choked = true;
    for (uint32_t i = 0; i < SLOW_S - 2; i++) {
        say(ben, "[2 'x' 1]");
        session_alive(ada->session);
        pass(1000);
    }
    ck_assert(!ada->killed);
    for (int i = 0; i < 5; i++) {
        say(ben, "[2 'x' 2]");
        session_alive(ada->session);
        pass(1000);
    }
    ck_assert(ada->killed);
    ck_assert_uint_eq(hub->counters.refused[REFUSAL_SLOW], 1);
}
END_TEST

/* --- Slow readers --------------------------------------------------------------------------------- */

START_TEST(a_choked_member_is_skipped_and_caught_up_in_one_message)
{
    struct peer *ada = join(0, "lobby");
    struct peer *ben = join(1, "lobby");
    pass(200);
    ada->choked = true;
    size_t before = ada->out_length;
    int frames = messages_of_kind(ada, SERVER_FRAME);
    for (int i = 0; i < 40; i++) {
        char line[32];
        snprintf(line, sizeof line, "[2 'x' %d]", i);
        say(ben, line);
        pass(50);
    }
    ck_assert_uint_eq(ada->out_length, before);
    ck_assert_uint_ge(hub->counters.skipped, 30);
    ada->choked = false;
    session_writable(ada->session);
    ck_assert_int_eq(messages_of_kind(ada, SERVER_FRAME), frames + 1);
    ck_assert_uint_lt(ada->out_length - before, 64);
    session_writable(ada->session);
    ck_assert_int_eq(messages_of_kind(ada, SERVER_FRAME), frames + 1);
}
END_TEST

START_TEST(of_clock_questions_the_newest_waits)
{
    struct peer *ada = join(0, "lobby");
    pass(100);
    ada->choked = true;
    say(ada, "[3 7]");
    say(ada, "[3 8]");
    ck_assert_int_eq(messages_of_kind(ada, SERVER_CLOCK), 0);
    ada->choked = false;
    session_writable(ada->session);
    ck_assert_int_eq(messages_of_kind(ada, SERVER_CLOCK), 1);
    struct bytes payload = {0};
    last_frame(ada, &payload);
    struct reader reader = reader_on(payload);
    read_array(&reader);
    read_integer(&reader);
    ck_assert_int_eq(read_integer(&reader), 8);
}
END_TEST

START_TEST(a_large_state_goes_out_in_turns)
{
    struct peer *ada = join(0, "lobby");
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
        receive(ada, writer_bytes(&writer));
        pass(500);
    }
    ck_assert_int_eq(close_code(ada), 0);
    struct peer *ben = join(1, "lobby");
    pass(50);
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

static void piece(struct peer *peer, size_t length, size_t rest, bool first, bool final)
{
    static const uint8_t zeros[MESSAGE_BYTES_MAX + 1];
    struct chunk chunk = {
        .bytes = {zeros, length}, .rest = rest, .first = first, .final = final, .binary = true};
    session_receive(peer->session, &chunk);
}

START_TEST(the_size_of_a_message_has_a_limit)
{
    struct peer *at = join(0, "lobby");
    piece(at, 1000, MESSAGE_BYTES_MAX - 1000, true, false);
    ck_assert_int_eq(close_code(at), 0);
    struct peer *above = join(1, "lobby");
    piece(above, 1000, MESSAGE_BYTES_MAX - 999, true, false);
    ck_assert_int_eq(close_code(above), 1009);
    struct peer *huge = join(2, "lobby");
    piece(huge, 10, SIZE_MAX, true, false);
    ck_assert_int_eq(close_code(huge), 1009);
    struct peer *slowly = join(3, "lobby");
    piece(slowly, 40000, 0, true, false);
    ck_assert_uint_ge(hub->counters.assembly_bytes, 40000);
    piece(slowly, 25537, 0, false, false);
    ck_assert_int_eq(close_code(slowly), 1009);
    ck_assert_uint_eq(hub->counters.refused[REFUSAL_MESSAGE_BYTES], 3);
}
END_TEST

START_TEST(a_message_in_pieces_is_put_together)
{
    struct peer *ada = join(0, "lobby");
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
    ck_assert_int_eq(messages_of_kind(ada, SERVER_CLOCK), 1);
    ck_assert_uint_eq(hub->counters.assembly_bytes, 0);
    ck_assert_ptr_null(ada->session->assembly);
}
END_TEST

START_TEST(a_message_may_begin_empty)
{
    struct peer *ada = join(0, "lobby");
    piece(ada, 0, 0, true, false);
    uint8_t buffer[16];
    struct writer writer = writer_on(buffer, sizeof buffer);
    notation_pack(&writer, "[3 1]");
    struct chunk rest = {.bytes = writer_bytes(&writer), .final = true, .binary = true};
    session_receive(ada->session, &rest);
    ck_assert_int_eq(messages_of_kind(ada, SERVER_CLOCK), 1);
}
END_TEST

START_TEST(an_unfinished_message_goes_with_its_connection)
{
    struct peer *ada = join(0, "lobby");
    piece(ada, 5000, 1000, true, false);
    ck_assert_uint_gt(hub->counters.assembly_bytes, 0);
    disconnect(ada);
    ck_assert_uint_eq(hub->counters.assembly_bytes, 0);
}
END_TEST

START_TEST(text_is_refused)
{
    struct peer *ada = join(0, "lobby");
    struct chunk chunk = {.bytes = bytes_of("hi"), .first = true, .final = true};
    session_receive(ada->session, &chunk);
    ck_assert_int_eq(close_code(ada), 1003);
}
END_TEST

START_TEST(one_message_too_many_is_refused)
{
    struct peer *ada = join(0, "lobby");
    uint32_t burst = ada->session->host->message_rate.burst;
    ck_assert_uint_eq(burst, 2 * (3 * 20 + 60));
    for (uint32_t i = 0; i < burst; i++)
        say(ada, "[3 1]");
    ck_assert_int_eq(close_code(ada), 0);
    say(ada, "[3 1]");
    ck_assert_int_eq(close_code(ada), 4011);
    ck_assert(close_says(ada, "; retry_ms="));
}
END_TEST

START_TEST(empty_pieces_cost_as_much_as_messages)
{
    struct peer *ada = join(0, "lobby");
    piece(ada, 1, 0, true, false);
    for (int i = 0; i < 239; i++)
        piece(ada, 0, 0, false, false);
    ck_assert_int_eq(close_code(ada), 0);
    piece(ada, 0, 0, false, false);
    ck_assert_int_eq(close_code(ada), 4011);
}
END_TEST

START_TEST(one_byte_too_many_is_refused)
{
    struct peer *ada = join(0, "lobby");
    hub->limits.bytes_rate = (struct bucket_rate){.per_second = 1000, .burst = 50000};
    bucket_fill(&ada->session->bytes, &hub->limits.bytes_rate, now_us);
    piece(ada, 50000, 1000, true, false);
    ck_assert_int_eq(close_code(ada), 0);
    piece(ada, 1, 999, false, false);
    ck_assert_int_eq(close_code(ada), 4011);
    ck_assert_uint_eq(hub->counters.refused[REFUSAL_BYTES_RATE], 1);
}
END_TEST

static const char *const malformed[] = {
    "[]",  "[5]",     "[15 1]", "[-1]",  "[127 1]", "[4 1]",
    "[3]", "[3 'x']", "[3 -1]", "['x']", "nil",     "[2 1]",
};

START_TEST(malformed_messages_are_refused)
{
    struct peer *ada = join(0, "lobby");
    say(ada, malformed[_i]);
    ck_assert_msg(close_code(ada) == 4000, "%s got %d", malformed[_i], close_code(ada));
    ck_assert_uint_eq(hub->counters.refused[REFUSAL_MALFORMED], 1);
}
END_TEST

START_TEST(nothing_happens_after_a_close)
{
    struct peer *ada = join(0, "lobby");
    say(ada, "[]");
    size_t before = ada->out_length;
    say(ada, "[3 1]");
    say(ada, "[]");
    pass(1000);
    ck_assert_uint_eq(ada->out_length, before);
    ck_assert_uint_eq(hub->counters.refused[REFUSAL_MALFORMED], 1);
}
END_TEST

START_TEST(rooms_have_a_limit)
{
    hub->limits.rooms = 2;
    join(0, "one");
    join(1, "two");
    struct peer *third = join(2, "three");
    ck_assert_int_eq(close_code(third), 4015);
    ck_assert(close_says(third, "; retry_ms="));
    struct peer *old = join(3, "two");
    ck_assert_int_eq(old->session->state, SESSION_JOINED);
    ck_assert_uint_eq(hub->counters.refused[REFUSAL_ROOMS], 1);
}
END_TEST

START_TEST(new_rooms_have_a_rate)
{
    hub->limits.room_rate = (struct bucket_rate){.per_second = 1, .burst = 1};
    join(0, "one");
    ck_assert_int_eq(close_code(join(1, "two")), 4015);
    pass(1000);
    ck_assert_int_eq(join(2, "two")->session->state, SESSION_JOINED);
}
END_TEST

START_TEST(members_have_a_limit)
{
    hub->limits.room.members = 2;
    join(0, "lobby");
    join(1, "lobby");
    struct peer *third = join(2, "lobby");
    ck_assert_int_eq(close_code(third), 4010);
    ck_assert(close_says(third, "; retry_ms="));
}
END_TEST

START_TEST(connections_have_a_limit)
{
    enum refusal refusal;
    const char *text;
    hub->limits.connections = 1;
    join(0, "lobby");
    struct peer *second = open_peer(1);
    ck_assert_int_eq(hub_admit(hub, second->session, &refusal, &text), 503);
    ck_assert_int_eq(refusal, REFUSAL_CONNECTIONS);
    hub->limits.connections = 2;
    ck_assert_int_eq(hub_admit(hub, second->session, &refusal, &text), 101);
}
END_TEST

static struct session *open_from(uint32_t address)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    return session_open(hub, (struct sockaddr *)&from);
}

START_TEST(connections_of_one_address_have_a_limit)
{
    enum refusal refusal;
    const char *text;
    struct session *sessions[4];
    hub->limits.connections_per_address = 2;
    for (int i = 0; i < 4; i++) {
        sessions[i] = open_from(0x0a000001);
        ck_assert_ptr_nonnull(sessions[i]);
        ck_assert_int_eq(hub_admit(hub, sessions[i], &refusal, &text), i < 2 ? 101 : 429);
    }
    ck_assert_ptr_null(open_from(0x0a000001));
    struct session *other = open_from(0x0a000002);
    ck_assert_int_eq(hub_admit(hub, other, &refusal, &text), 101);
    session_destroy(sessions[0]);
    session_destroy(sessions[1]);
    ck_assert_int_eq(hub_admit(hub, sessions[2], &refusal, &text), 101);
    session_destroy(sessions[2]);
    session_destroy(sessions[3]);
    session_destroy(other);
    ck_assert_ptr_null(hub->addresses.table);
}
END_TEST

START_TEST(loopback_is_counted_only_when_told_so)
{
    enum refusal refusal;
    const char *text;
    hub->limits.connections_per_address = 1;
    struct session *a = open_from(0x7f000001), *b = open_from(0x7f000001);
    ck_assert_int_eq(hub_admit(hub, b, &refusal, &text), 101);
    hub->limits.count_loopback = true;
    struct session *c = open_from(0x7f000001), *d = open_from(0x7f000001);
    ck_assert_int_eq(hub_admit(hub, d, &refusal, &text), 429);
    session_destroy(a);
    session_destroy(b);
    session_destroy(c);
    session_destroy(d);
}
END_TEST

/* --- Rooms come and go ----------------------------------------------------------------------------- */

START_TEST(an_empty_room_stands_still_then_sleeps_and_comes_back)
{
    struct peer *ada = join(0, "lobby");
    say(ada, "[1 [[0 'shapes' 'a' 'x' 1]]]");
    pass(200);
    struct room *room = ada->session->host->room;
    uint64_t incarnation = room_incarnation(room);
    ck_assert_uint_eq(room_records(room), 1);
    say(ada, "[4]");
    disconnect(ada);
    pass(1000);
    ck_assert_uint_eq(HASH_COUNT(hub->rooms), 1);
    uint64_t ticks = hub->counters.ticks;
    pass(20000);
    ck_assert_uint_eq(hub->counters.ticks, ticks);
    pass(12000);
    ck_assert_uint_eq(HASH_COUNT(hub->rooms), 0);
    ck_assert_uint_eq(store->count(store), 1);
    ck_assert_uint_eq(hub->counters.rooms_slept, 1);

    struct peer *ben = join(1, "lobby");
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_uint_eq(hub->counters.rooms_woken, 1);
    ck_assert_uint_eq(room_incarnation(ben->session->host->room), incarnation);
    ck_assert_uint_eq(room_records(ben->session->host->room), 1);
}
END_TEST

START_TEST(who_comes_back_in_time_keeps_the_room_awake)
{
    disconnect(join(0, "lobby"));
    pass(20000); /* grace, then empty for 15 s */
    struct peer *ben = join(1, "lobby");
    pass(20000);
    session_alive(ben->session);
    pass(20000);
    ck_assert_uint_eq(hub->counters.rooms_slept, 0);
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
}
END_TEST

START_TEST(a_broken_connection_keeps_its_seat_for_the_grace_period)
{
    struct peer *ada = join(0, "lobby");
    join(1, "lobby");
    pass(100);
    disconnect(ada);
    pass(3000);
    ck_assert_uint_eq(hub_members(hub), 2);
    pass(3000);
    ck_assert_uint_eq(hub_members(hub), 1);
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
    struct peer *ada = join(0, "lobby");
    join(1, "lobby");
    pass(100);
    struct bytes payload = {(const uint8_t *)closes[_i].payload, closes[_i].length};
    session_peer_closed(ada->session, payload);
    struct bytes answer = {0};
    ck_assert_int_eq(last_frame(ada, &answer), 8);
    ck_assert_uint_eq(answer.length, closes[_i].answer != 0 ? 2 : 0);
    if (answer.length > 0)
        ck_assert_int_eq(close_code(ada), closes[_i].answer);
    pass(100);
    ck_assert_uint_eq(hub_members(hub), closes[_i].members);
}
END_TEST

START_TEST(a_full_store_leaves_the_room_awake)
{
    struct peer *ada = join(0, "lobby");
    pass(100);
    store->close(store);
    store = hub->store = store_memory_create(0);
    say(ada, "[4]");
    disconnect(ada);
    pass(40000);
    ck_assert_uint_eq(HASH_COUNT(hub->rooms), 1);
    ck_assert_uint_ge(hub->counters.store_failures, 1);
    ck_assert_int_eq(join(1, "lobby")->session->state, SESSION_JOINED);
}
END_TEST

START_TEST(a_room_that_cannot_be_read_is_not_written_over)
{
    struct snapshot damaged = {
        .kind = bytes_of("open"), .incarnation = 9, .tick = 1, .bytes = bytes_of("rubbish")};
    ck_assert_int_eq(store->put(store, bytes_of("lobby"), &damaged), STATUS_OK);
    struct peer *ada = join(0, "lobby");
    ck_assert_int_eq(close_code(ada), 4017);
    pass(60000);
    struct snapshot kept;
    ck_assert_int_eq(store->get(store, bytes_of("lobby"), &kept), STATUS_OK);
    ck_assert(bytes_equal(kept.bytes, bytes_of("rubbish")));
}
END_TEST

/* --- Time, health, the end ------------------------------------------------------------------------- */

START_TEST(ticks_keep_their_rate_and_drop_what_is_too_late)
{
    join(0, "lobby");
    pass(10000);
    ck_assert_uint_ge(hub->counters.ticks, 199);
    ck_assert_uint_le(hub->counters.ticks, 200);
    uint64_t before = hub->counters.ticks;
    now_us += 5 * SECOND;
    hub_turn(hub, now_us, now_us);
    hub_beat(hub);
    ck_assert_uint_eq(hub->counters.ticks, before + BEAT_CATCHUP_MAX);
    ck_assert_uint_eq(hub->counters.ticks_dropped, 100 - BEAT_CATCHUP_MAX);
}
END_TEST

static int health(void)
{
    struct http_request request = {.method = HTTP_GET, .path = bytes_of("/healthz")};
    struct http_response response;
    ck_assert(pages_answer(hub, &request, &response));
    http_release(&response);
    return response.status;
}

START_TEST(health_sees_that_ticks_stand_still)
{
    struct peer *ada = join(0, "lobby");
    pass(1000);
    ck_assert_int_eq(health(), 200);
    now_us += 4 * SECOND;
    hub_turn(hub, now_us, now_us);
    ck_assert_int_eq(health(), 503);
    hub_beat(hub);
    ck_assert_int_eq(health(), 200);
    ck_assert_int_eq(ada->session->state, SESSION_JOINED);
}
END_TEST

START_TEST(metrics_are_one_table)
{
    join(0, "lobby");
    pass(1000);
    struct http_request request = {.method = HTTP_GET, .path = bytes_of("/metrics")};
    struct http_response response;
    ck_assert(pages_answer(hub, &request, &response));
    static const char *const wanted[] = {
        "\ntutti_connections 1\n",
        "\ntutti_members 1\n",
        "\ntutti_rooms 1\n",
        "\ntutti_tick_lateness_seconds_count ",
        "\nprocess_cpu_seconds_total ",
        "\nprocess_resident_memory_bytes ",
        "tutti_refused_total{reason=\"slow\"} 0\n",
        "tutti_closed_total{code=\"4011\"} 0\n",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        ck_assert_msg(
            memmem(response.body.data, response.body.length, wanted[i], strlen(wanted[i])) != NULL,
            "no %s", wanted[i]);
    http_release(&response);
    request.path = bytes_of("/nothing");
    ck_assert(!pages_answer(hub, &request, &response));
}
END_TEST

START_TEST(a_drain_sends_everyone_away)
{
    enum refusal refusal;
    const char *text;
    struct peer *ada = join(0, "lobby");
    struct peer *choked = join(1, "lobby");
    struct peer *hello = open_peer(2);
    struct peer *page = open_peer(3);
    session_upgraded(hello->session, bytes_of("lobby"));
    choked->choked = true;
    pass(100);
    hub_drain(hub);
    ck_assert_int_eq(close_code(ada), 4001);
    ck_assert(close_says(ada, "; retry_ms="));
    ck_assert(choked->killed);
    ck_assert_int_eq(close_code(hello), 4001);
    ck_assert(page->killed);
    ck_assert_int_eq(hub_admit(hub, page->session, &refusal, &text), 503);
    ck_assert(!hub_is_empty(hub));
    for (int i = 0; i < 4; i++)
        disconnect(peers[i]);
    ck_assert(hub_is_empty(hub));
}
END_TEST

START_TEST(a_member_costs_little)
{
    ck_assert_uint_le(sizeof(struct session), 144);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static Suite *hub_suite(void)
{
    Suite *suite = suite_create("hub");
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
    tcase_add_test(limits, rooms_have_a_limit);
    tcase_add_test(limits, new_rooms_have_a_rate);
    tcase_add_test(limits, members_have_a_limit);
    tcase_add_test(limits, connections_have_a_limit);
    tcase_add_test(limits, connections_of_one_address_have_a_limit);
    tcase_add_test(limits, loopback_is_counted_only_when_told_so);
    tcase_add_test(limits, a_member_costs_little);

    TCase *rooms = add_case(suite, "rooms");
    tcase_add_test(rooms, an_empty_room_stands_still_then_sleeps_and_comes_back);
    tcase_add_test(rooms, who_comes_back_in_time_keeps_the_room_awake);
    tcase_add_test(rooms, a_broken_connection_keeps_its_seat_for_the_grace_period);
    tcase_add_loop_test(rooms, a_close_by_wish_gives_the_seat_up, 0,
                        sizeof closes / sizeof closes[0]);
    tcase_add_test(rooms, a_full_store_leaves_the_room_awake);
    tcase_add_test(rooms, a_room_that_cannot_be_read_is_not_written_over);

    TCase *time = add_case(suite, "time");
    tcase_add_test(time, ticks_keep_their_rate_and_drop_what_is_too_late);
    tcase_add_test(time, health_sees_that_ticks_stand_still);
    tcase_add_test(time, metrics_are_one_table);
    tcase_add_test(time, a_drain_sends_everyone_away);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(hub_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
