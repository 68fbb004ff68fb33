/* check_server.c - the server's own process over real sockets: its limits, one below, at and one
 * above; who does not read; how it ends. */
#include "sync/limits.h"
#include "sync/wire.h"
#include "tests/notation.h"
#include "tests/raw_client.h"
#include "tests/run_suite.h"
#include "tests/server_process.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS 8

/* AddressSanitizer keeps what was freed for a while, so memory says little then. */
#ifdef __SANITIZE_ADDRESS__
#define WATCHED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED true
#endif
#endif
#ifndef WATCHED
#define WATCHED false
#endif

static struct server_process server;
static struct raw_client clients[CLIENTS];

static void start(const char *const *flags)
{
    server = server_start_with(flags);
    for (int i = 0; i < CLIENTS; i++)
        clients[i].fd = -1;
}

static void setup(void)
{
    start((const char *const[]){NULL});
}

static void teardown(void)
{
    for (int i = 0; i < CLIENTS; i++)
        raw_shut(&clients[i]);
    bool running = server.pid != 0;
    server_stop(&server);
    if (running)
        ck_assert_int_eq(server.exit_status, 0);
}

static void wait_ms(long milliseconds)
{
    nanosleep(
        &(struct timespec){.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000},
        NULL);
}

/* Joins, and takes the welcome and the first frame. */
static struct raw_client *join(int index, const char *room)
{
    struct raw_client *client = &clients[index];
    ck_assert_int_eq(raw_open(client, server.port, room), 101);
    raw_hello(client, index, "'open'");
    raw_expect(client, SERVER_WELCOME);
    raw_expect(client, SERVER_FRAME);
    return client;
}

/* Opens, says hello, and is told this close code. */
static struct raw_client *join_refused(int index, const char *room, int code)
{
    struct raw_client *client = &clients[index];
    ck_assert_int_eq(raw_open(client, server.port, room), 101);
    raw_hello(client, index, "'open'");
    ck_assert_int_eq(raw_end(client), code);
    raw_shut(client);
    return client;
}

/* --- Working ------------------------------------------------------------------------------------- */

START_TEST(a_move_reaches_the_others)
{
    struct raw_client *ada = join(0, "lobby"), *ben = join(1, "lobby");
    raw_expect(ada, SERVER_FRAME); /* ben is there */
    raw_say(ada, "[2 'x' 5]");
    raw_expect(ben, SERVER_FRAME);
    raw_say(ada, "[3 77]");
    raw_expect(ada, SERVER_CLOCK);
    ck_assert(server_metric(&server, "tutti_members") == 2);
    ck_assert(server_metric(&server, "tutti_beat_seconds_count") > 0);
    ck_assert(server_metric(&server, "tutti_beat_seconds_sum") > 0);
}
END_TEST

START_TEST(a_quiet_room_sends_nothing)
{
    struct raw_client *ada = join(0, "lobby");
    ck_assert(raw_is_quiet(ada, 500));
    ck_assert(server_metric(&server, "tutti_frames_out_total") == 1);
}
END_TEST

/* The library keeps what came with the handshake, and hands it out when it is idle. */
START_TEST(a_hello_may_come_with_the_handshake)
{
    struct raw_client *ada = &clients[0];
    raw_connect(ada, server.port, 0);
    static const char request[] = "GET /v1/rooms/lobby HTTP/1.1\r\nHost: localhost\r\n"
                                  "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                  "Sec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                  "Sec-WebSocket-Protocol: tutti.v1\r\n\r\n";
    uint8_t both[512];
    size_t length = strlen(request);
    memcpy(both, request, length);
    struct writer writer = writer_on(both + length + 6, sizeof both - length - 6);
    notation_pack(&writer, "[0 1 x000102030405060708090a0b0c0d0e0f nil nil 0 0 0 []]");
    both[length] = 0x82;
    both[length + 1] = (uint8_t)(0x80 | writer.length);
    memset(both + length + 2, 0, 4); /* a mask of zeros changes nothing */
    raw_send(ada, both, length + 6 + writer.length);
    ck_assert_int_eq(raw_status(ada), 101);
    raw_expect(ada, SERVER_WELCOME);
}
END_TEST

START_TEST(pages_and_health_are_served)
{
    char body[4096];
    ck_assert_int_eq(raw_get(server.port, "/healthz", body, sizeof body), 200);
    ck_assert_ptr_nonnull(strstr(body, "\"status\":\"ok\""));
    ck_assert_int_eq(raw_get(server.port, "/readyz", body, sizeof body), 200);
    ck_assert_int_eq(raw_get(server.port, "/nothing", body, sizeof body), 404);
    ck_assert_int_eq(raw_get(server.port, "/../../etc/passwd", body, sizeof body), 404);
    ck_assert_int_eq(raw_get(server.port, "/v1/rooms/lobby", body, sizeof body), 404);
}
END_TEST

START_TEST(one_connection_serves_many_requests)
{
    struct raw_client *ada = &clients[0];
    raw_connect(ada, server.port, 0);
    static const char request[] = "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (int i = 0; i < 20; i++) {
        raw_send(ada, request, strlen(request));
        ck_assert_int_eq(raw_status(ada), 200);
    }
    ck_assert(server_metric(&server, "tutti_sockets_accepted_total") == 2);
}
END_TEST

START_TEST(the_same_client_takes_its_seat_over)
{
    struct raw_client *older = join(0, "lobby");
    struct raw_client *newer = &clients[1];
    ck_assert_int_eq(raw_open(newer, server.port, "lobby"), 101);
    raw_hello(newer, 0, "'open'");
    raw_expect(newer, SERVER_WELCOME);
    ck_assert_int_eq(raw_end(older), 4009);
    raw_expect(newer, SERVER_FRAME);
    ck_assert(server_metric(&server, "tutti_members") == 1);
}
END_TEST

START_TEST(a_leave_is_answered_with_the_end)
{
    struct raw_client *ada = join(0, "lobby");
    raw_say(ada, "[4]");
    ck_assert_int_eq(raw_end(ada), 1000);
}
END_TEST

/* --- Limits -------------------------------------------------------------------------------------- */

/* An operation that puts a binary, in a message of exactly this many bytes. */
static struct bytes message_of(size_t bytes)
{
    static uint8_t message[MESSAGE_BYTES_MAX + 64], value[MESSAGE_BYTES_MAX];
    for (size_t length = bytes - 64;; length++) {
        struct writer writer = writer_on(message, sizeof message);
        pack_array(&writer, 2);
        pack_integer(&writer, CLIENT_OPERATIONS);
        pack_array(&writer, 1);
        pack_array(&writer, 5);
        pack_integer(&writer, 0);
        notation_pack(&writer, "'files' 'a' 'data'");
        pack_binary(&writer, (struct bytes){value, length});
        if (writer.length == bytes)
            return writer_bytes(&writer);
        ck_assert_uint_lt(writer.length, bytes);
    }
}

START_TEST(a_message_of_the_limit_is_taken)
{
    struct raw_client *ada = join(0, "lobby");
    raw_frame(ada, 0x82, message_of(MESSAGE_BYTES_MAX - 1));
    raw_frame(ada, 0x82, message_of(MESSAGE_BYTES_MAX));
    raw_say(ada, "[3 1]");
    raw_expect(ada, SERVER_CLOCK);
}
END_TEST

START_TEST(a_message_above_the_limit_is_closed)
{
    struct raw_client *ada = join(0, "lobby");
    raw_frame(ada, 0x82, message_of(MESSAGE_BYTES_MAX + 1));
    ck_assert_int_eq(raw_end(ada), 1009);
}
END_TEST

/* In pieces of 1, 700 and 30,000 bytes, with pings in between. */
START_TEST(a_message_in_fragments_counts_as_a_whole)
{
    static const size_t sizes[] = {1, 700, 30000};
    size_t size = sizes[_i % 3];
    size_t total = size == 1 ? 900 : _i < 3 ? MESSAGE_BYTES_MAX : MESSAGE_BYTES_MAX + 1;
    struct raw_client *ada = join(0, "lobby");
    struct bytes message = message_of(total);
    for (size_t at = 0; at < total; at += size) {
        size_t length = total - at < size ? total - at : size;
        uint8_t first = (uint8_t)((at + length == total ? 0x80 : 0) | (at == 0 ? 2 : 0));
        raw_frame(ada, first, (struct bytes){message.data + at, length});
        if (at / size % 16 == 3)
            raw_frame(ada, 0x89, bytes_of("?"));
    }
    if (total > MESSAGE_BYTES_MAX) {
        ck_assert_int_eq(raw_end(ada), 1009);
    } else {
        raw_say(ada, "[3 1]");
        raw_expect(ada, SERVER_CLOCK);
    }
    ck_assert(server_metric(&server, "tutti_assembly_bytes") == 0);
}
END_TEST

START_TEST(messages_have_a_rate)
{
    server_stop(&server);
    start((const char *const[]){"--message-rate", "1", "--message-burst", "20", NULL});
    struct raw_client *ada = join(0, "lobby");
    for (int i = 0; i < 20; i++)
        raw_say(ada, "[3 1]");
    for (int i = 0; i < 20; i++)
        raw_expect(ada, SERVER_CLOCK);
    for (int i = 0; i < 25; i++)
        raw_say(ada, "[3 1]");
    ck_assert_int_eq(raw_end(ada), 4011);
    ck_assert_ptr_nonnull(strstr(ada->reason, "; retry_ms="));
    ck_assert(server_metric(&server, "tutti_refused_total{reason=\"message_rate\"}") == 1);
}
END_TEST

START_TEST(connections_have_a_limit)
{
    server_stop(&server);
    start((const char *const[]){"--max-connections", "3", NULL});
    for (int i = 0; i < 3; i++)
        join(i, "lobby");
    ck_assert_int_eq(raw_open(&clients[3], server.port, "lobby"), 503);
    ck_assert(server_metric(&server, "tutti_refused_total{reason=\"connections\"}") == 1);
    raw_say(&clients[0], "[4]");
    raw_end(&clients[0]);
    raw_shut(&clients[0]);
    raw_shut(&clients[3]);
    join(3, "lobby");
}
END_TEST

START_TEST(connections_of_one_address_have_a_limit)
{
    server_stop(&server);
    start((const char *const[]){"--max-connections-per-address", "3", "--count-loopback", NULL});
    for (int i = 0; i < 3; i++)
        join(i, "lobby");
    ck_assert_int_eq(raw_open(&clients[3], server.port, "lobby"), 429);
    raw_shut(&clients[3]);
    raw_shut(&clients[0]);
    for (int tries = 0; tries < 100; tries++) { /* until the server has seen the ends */
        if (raw_open(&clients[3], server.port, "lobby") == 101)
            return;
        raw_shut(&clients[3]);
        wait_ms(20);
    }
    ck_abort_msg("a place that was given up stays taken");
}
END_TEST

START_TEST(rooms_have_a_limit)
{
    server_stop(&server);
    start((const char *const[]){"--max-rooms", "2", NULL});
    join(0, "one");
    join(1, "two");
    ck_assert_ptr_nonnull(strstr(join_refused(2, "three", 4015)->reason, "; retry_ms="));
    join(3, "two");
}
END_TEST

START_TEST(members_have_a_limit)
{
    server_stop(&server);
    start((const char *const[]){"--max-members", "2", NULL});
    join(0, "lobby");
    join(1, "lobby");
    ck_assert_ptr_nonnull(strstr(join_refused(2, "lobby", 4010)->reason, "; retry_ms="));
    join(3, "another");
}
END_TEST

START_TEST(records_have_a_limit)
{
    server_stop(&server);
    start((const char *const[]){"--max-records", "2", NULL});
    struct raw_client *ada = join(0, "lobby");
    raw_say(ada, "[1 [[0 'a' 'r1' 'x' 1]] [[0 'a' 'r2' 'x' 1]] [[0 'a' 'r3' 'x' 1]]]");
    struct bytes frame = raw_expect(ada, SERVER_FRAME_NEWS);
    struct reader reader = reader_on(frame);
    read_array(&reader);
    read_integer(&reader);
    read_integer(&reader);
    ck_assert_uint_eq(read_array(&reader), 4);
    ck_assert_int_eq(read_integer(&reader), 3); /* decided */
    read_integer(&reader);                      /* durable */
    ck_assert_int_eq(read_integer(&reader), 0); /* the newest of them was refused */
    ck_assert_int_eq(read_integer(&reader), STATUS_LIMIT);
}
END_TEST

/* The system gives the server few files; the rest of the peers wait outside until some leave. */
START_TEST(a_server_without_files_waits_for_some)
{
    enum {
        FILES = 64,
        PEERS = 54
    };
    int peers[PEERS];
    server_stop(&server);
    struct rlimit few = {.rlim_cur = FILES, .rlim_max = FILES};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    start((const char *const[]){NULL});
    for (int i = 0; i < PEERS; i++) {
        raw_connect(&clients[0], server.port, 0);
        peers[i] = clients[0].fd;
    }
    wait_ms(300);
    for (int i = 0; i < PEERS; i++)
        close(peers[i]);
    clients[0].fd = -1;
    ck_assert(server_metric(&server, "tutti_accept_pauses_total") > 0);
    ck_assert(server_metric(&server, "tutti_accept_pauses_total") < 100);
    join(0, "lobby");
}
END_TEST

/* --- Who does not read ---------------------------------------------------------------------------- */

/* Moves a large presence until the server skips the slow one, and for some time after. */
static int flood(struct raw_client *writer, int moves)
{
    static uint8_t message[9000], value[8000];
    int skipped_at = -1;
    for (int i = 0; i < moves; i++) {
        struct writer packed = writer_on(message, sizeof message);
        value[0] = (uint8_t)i;
        pack_array(&packed, 3);
        pack_integer(&packed, CLIENT_PRESENCE);
        notation_pack(&packed, "'blob'");
        pack_binary(&packed, (struct bytes){value, sizeof value});
        raw_frame(writer, 0x82, writer_bytes(&packed));
        raw_expect(writer, SERVER_FRAME);
        if (skipped_at < 0 && i % 10 == 9 &&
            server_metric(&server, "tutti_frames_skipped_total") > 0)
            skipped_at = i;
    }
    return skipped_at;
}

/* True when the message carries the value whose first byte is this. */
static bool carries(struct bytes message, uint8_t first)
{
    const uint8_t wanted[] = {0xc5, 8000 >> 8, 8000 & 0xff, first, 0};
    return memmem(message.data, message.length, wanted, sizeof wanted) != NULL;
}

START_TEST(who_stops_reading_costs_nothing_and_catches_up)
{
    server_stop(&server);
    start((const char *const[]){"--bytes-rate", "10000000", "--bytes-burst", "100000000",
                                "--durability", "memory", NULL});
    struct raw_client *writer = join(0, "lobby");
    struct raw_client *slow = &clients[1];
    raw_connect(slow, server.port, 4096);
    ck_assert_int_eq(raw_upgrade(slow, "lobby"), 101);
    raw_hello(slow, 1, "'open'");
    raw_expect(slow, SERVER_WELCOME);
    raw_expect(writer, SERVER_FRAME);

    ck_assert_int_ge(flood(writer, 30), 0);
    double before = server_metric(&server, "process_resident_memory_bytes");
    double recorded = server_metric(&server, "tutti_track_bytes_total");
    flood(writer, 100);
    double grown = server_metric(&server, "process_resident_memory_bytes") - before;
    /* What is recorded waits to be sealed, with a quarter more of memory than it is long. */
    recorded = server_metric(&server, "tutti_track_bytes_total") - recorded;
    grown -= 1.25 * recorded;
    ck_assert_msg(WATCHED || grown < 256 * 1024, "it grew by %.0f bytes", grown);

    size_t stale = slow->got;
    while (!carries(raw_expect(slow, SERVER_FRAME), 99))
        continue;
    stale = slow->got - stale;
    ck_assert_msg(stale < 200 * 1024, "%zu bytes came before the newest", stale);
}
END_TEST

/* --- The end -------------------------------------------------------------------------------------- */

START_TEST(a_drain_says_when_to_come_back)
{
    struct raw_client *ada = join(0, "lobby"), *ben = join(1, "other");
    struct raw_client *deaf = join(2, "lobby"); /* never answers the close */
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    ck_assert_int_eq(raw_end(ada), 4001);
    ck_assert_ptr_nonnull(strstr(ada->reason, "; retry_ms="));
    ck_assert_int_eq(raw_end(ben), 4001);
    server_signal(&server, 0);
    ck_assert_int_eq(server.exit_status, 0);
    raw_shut(deaf);
}
END_TEST

START_TEST(a_second_signal_ends_it_at_once)
{
    join(0, "lobby");
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    server_signal(&server, SIGINT);
    ck_assert_int_eq(server.exit_status, 0);
}
END_TEST

/* Runs the program to its end; its exit status. */
static int run(const char *const *arguments)
{
    pid_t pid = fork();
    if (pid == 0) {
        close(STDERR_FILENO);
        execv(TEST_SERVER, (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(what_cannot_be_is_refused_at_the_start)
{
    const char *same_data[] = {TEST_SERVER, "--listen",    "127.0.0.1:0",
                               "--data",    server.folder, NULL};
    ck_assert_int_eq(run(same_data), 1);
    const char *open[] = {TEST_SERVER, "--listen", "0.0.0.0:0", NULL};
    ck_assert_int_eq(run(open), 2);
    char taken[32];
    snprintf(taken, sizeof taken, "127.0.0.1:%u", server.port);
    const char *port[] = {TEST_SERVER, "--listen", taken, "--data", "/tmp/tutti-check-port", NULL};
    ck_assert_int_eq(run(port), 1);
    unlink("/tmp/tutti-check-port/lock");
    rmdir("/tmp/tutti-check-port");
}
END_TEST

START_TEST(who_comes_and_goes_leaves_nothing_behind)
{
    for (int i = 0; i < 300; i++) {
        struct raw_client *client = &clients[i % CLIENTS];
        ck_assert_int_eq(raw_open(client, server.port, "lobby"), 101);
        if (i % 3 > 0)
            raw_hello(client, i, "'open'");
        if (i % 3 > 1)
            raw_frame(client, 0x02, bytes_of("half a message"));
        raw_shut(client);
    }
    for (int tries = 0; tries < 200 && server_metric(&server, "tutti_sockets") > 1; tries++)
        wait_ms(20);
    ck_assert(server_metric(&server, "tutti_sockets") == 1);
    ck_assert(server_metric(&server, "tutti_connections") == 0);
    ck_assert(server_metric(&server, "tutti_assembly_bytes") == 0);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("server");
    TCase *working = add_case(suite, "working");
    tcase_add_test(working, a_move_reaches_the_others);
    tcase_add_test(working, a_quiet_room_sends_nothing);
    tcase_add_test(working, a_hello_may_come_with_the_handshake);
    tcase_add_test(working, pages_and_health_are_served);
    tcase_add_test(working, one_connection_serves_many_requests);
    tcase_add_test(working, the_same_client_takes_its_seat_over);
    tcase_add_test(working, a_leave_is_answered_with_the_end);

    TCase *limits = add_case(suite, "limits");
    tcase_add_test(limits, a_message_of_the_limit_is_taken);
    tcase_add_test(limits, a_message_above_the_limit_is_closed);
    tcase_add_loop_test(limits, a_message_in_fragments_counts_as_a_whole, 0, 6);
    tcase_add_test(limits, messages_have_a_rate);
    tcase_add_test(limits, connections_have_a_limit);
    tcase_add_test(limits, connections_of_one_address_have_a_limit);
    tcase_add_test(limits, rooms_have_a_limit);
    tcase_add_test(limits, members_have_a_limit);
    tcase_add_test(limits, records_have_a_limit);
    tcase_add_test(limits, a_server_without_files_waits_for_some);

    TCase *slow = add_case(suite, "slow");
    tcase_add_test(slow, who_stops_reading_costs_nothing_and_catches_up);

    TCase *end = add_case(suite, "end");
    tcase_add_test(end, a_drain_says_when_to_come_back);
    tcase_add_test(end, a_second_signal_ends_it_at_once);
    tcase_add_test(end, what_cannot_be_is_refused_at_the_start);
    tcase_add_test(end, who_comes_and_goes_leaves_nothing_behind);

    return run_suite(suite);
}
