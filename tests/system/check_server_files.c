/* check_server_files.c - images of rooms over real sockets: server/README.md, "Files". */
#include "sync/wire.h"
#include "tests/raw_client.h"
#include "tests/run_suite.h"
#include "tests/server_process.h"

#include <check.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KIB        1024u
#define FILE_MAX   (300 * KIB)
#define ANSWER_MAX (512 * KIB)

static struct server_process server;
static struct raw_client ada; /* who is in the room */
static uint8_t image[400 * KIB];

static void start(const char *const *flags)
{
    server = server_start_with(flags);
    ck_assert_int_eq(raw_open(&ada, server.port, "lobby"), 101);
    raw_hello(&ada, 1, "'board'");
    raw_expect(&ada, SERVER_WELCOME);
    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)(i * 31 + i / 251);
    memcpy(image, "\x89PNG\r\n\x1a\n", 8);
}

static void setup(void)
{
    start((const char *const[]){"--max-file-bytes", "307200", "--max-room-file-bytes", "1048576",
                                "--allow-origin", "https://draw.example", NULL});
}

static void teardown(void)
{
    raw_shut(&ada);
    server_stop(&server);
    ck_assert_int_eq(server.exit_status, 0);
}

/* --- One request -------------------------------------------------------------------------------- */

struct answer {
    int status;
    size_t length; /* of the body */
    bool ended;    /* the connection is over */
    char head[4096];
    uint8_t body[ANSWER_MAX];
};
static struct answer answer;

static struct raw_client *open_socket(struct raw_client *client)
{
    raw_connect(client, server.port, 0);
    return client;
}

static bool more(struct raw_client *client, uint8_t *buffer, size_t *length, size_t capacity)
{
    struct pollfd ready = {.fd = client->fd, .events = POLLIN};
    ck_assert_msg(poll(&ready, 1, RAW_WAIT_MS) == 1, "no answer");
    ck_assert_uint_lt(*length, capacity);
    ssize_t got = recv(client->fd, buffer + *length, capacity - *length, 0);
    if (got > 0)
        *length += (size_t)got;
    return got > 0;
}

static const char *header(const char *name)
{
    static char value[512];
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\n%s: ", name);
    const char *found = strstr(answer.head, wanted);
    if (found == NULL)
        return NULL;
    found += strlen(wanted);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(found, "\r\n"), found);
    return value;
}

/* The next answer on the connection, with its body unless it is to a HEAD. */
static int take_answer(struct raw_client *client, bool with_body)
{
    static uint8_t input[sizeof answer.head + ANSWER_MAX];
    size_t length = 0;
    const uint8_t *end = NULL;
    answer.status = 0;
    answer.ended = false;
    while (end == NULL) {
        if (!more(client, input, &length, sizeof input)) {
            answer.ended = true;
            return 0;
        }
        end = memmem(input, length, "\r\n\r\n", 4);
    }
    size_t head = (size_t)(end - input) + 2;
    ck_assert_uint_lt(head, sizeof answer.head);
    memcpy(answer.head, input, head);
    answer.head[head] = '\0';
    answer.status = atoi(answer.head + strlen("HTTP/1.1 "));
    const char *said = header("content-length");
    size_t wanted = said != NULL && with_body ? strtoul(said, NULL, 10) : 0;
    while (length - head - 2 < wanted && more(client, input, &length, sizeof input))
        continue;
    answer.length = length - head - 2;
    memcpy(answer.body, input + head + 2, answer.length);
    return answer.status;
}

static void send_head(struct raw_client *client,
                      const char *method,
                      const char *path,
                      const char *headers,
                      long length)
{
    char head[1024];
    char announced[64] = "";
    if (length >= 0)
        snprintf(announced, sizeof announced, "Content-Length: %ld\r\n", length);
    int written = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s%s\r\n",
                           method, path, server.port, announced, headers);
    raw_send(client, head, (size_t)written);
}

static int
ask(const char *method, const char *path, const char *headers, const void *body, long length)
{
    struct raw_client client;
    send_head(open_socket(&client), method, path, headers, length);
    if (length > 0)
        raw_send(&client, body, (size_t)length);
    int status = take_answer(&client, strcmp(method, "HEAD") != 0);
    raw_shut(&client);
    return status;
}

static int post(const void *body, size_t length)
{
    return ask("POST", "/v1/rooms/lobby/files", "", body, (long)length);
}

/* Of the image's first bytes. */
static const char *path_of(size_t length)
{
    static char path[128];
    uint8_t hash[32];
    ck_assert_int_eq(EVP_Digest(image, length, hash, NULL, EVP_sha256(), NULL), 1);
    size_t at = (size_t)snprintf(path, sizeof path, "/v1/rooms/lobby/files/");
    for (size_t i = 0; i < sizeof hash; i++)
        at += (size_t)snprintf(path + at, sizeof path - at, "%02x", hash[i]);
    return path;
}

static void expect_file(size_t length)
{
    ck_assert_int_eq(ask("GET", path_of(length), "", NULL, -1), 200);
    ck_assert_uint_eq(answer.length, length);
    ck_assert_mem_eq(answer.body, image, length);
}

static void await_metric(const char *name, double value)
{
    for (int i = 0; i < 6000 && server_metric(&server, name) != value; i++)
        usleep(10000);
    ck_assert_msg(server_metric(&server, name) == value, "%s is %f", name,
                  server_metric(&server, name));
}

/* --- There and back ----------------------------------------------------------------------------- */

START_TEST(an_image_goes_up_and_comes_back)
{
    static const size_t lengths[] = {12,        1000,          64 * KIB,     64 * KIB + 1,
                                     256 * KIB, 256 * KIB + 1, FILE_MAX - 1, FILE_MAX};
    size_t length = lengths[_i];
    ck_assert_int_eq(
        ask("POST", "/v1/rooms/lobby/files", "Content-Type: text/html\r\n", image, (long)length),
        201);
    ck_assert_str_eq(header("location"), path_of(length));
    ck_assert_str_eq(header("content-type"), "application/json");
    answer.body[answer.length] = '\0';
    ck_assert_ptr_nonnull(strstr((char *)answer.body, path_of(length) + 22));
    ck_assert_ptr_nonnull(strstr((char *)answer.body, "\"type\":\"image/png\""));
    expect_file(length);
    ck_assert_str_eq(header("content-type"), "image/png");
    ck_assert_str_eq(header("x-content-type-options"), "nosniff");
    ck_assert_str_eq(header("content-security-policy"), "default-src 'none'; sandbox");
    ck_assert_str_eq(header("cache-control"), "private, max-age=31536000, immutable");
    ck_assert_int_eq(post(image, length), 200);

    char tag[160];
    snprintf(tag, sizeof tag, "If-None-Match: \"%s\"\r\n", path_of(length) + 22);
    ck_assert_int_eq(ask("GET", path_of(length), tag, NULL, -1), 304);
    ck_assert_int_eq(ask("HEAD", path_of(length), "", NULL, -1), 200);
    ck_assert_int_eq(atoi(header("content-length")), (int)length);
    ck_assert_uint_eq(answer.length, 0);
}
END_TEST

START_TEST(several_go_over_one_connection)
{
    struct raw_client client;
    open_socket(&client);
    for (size_t i = 0; i < 3; i++) {
        size_t length = 90 * KIB + i;
        send_head(&client, "POST", "/v1/rooms/lobby/files", "", (long)length);
        raw_send(&client, image, length);
        ck_assert_int_eq(take_answer(&client, true), 201);
        send_head(&client, "GET", path_of(length), "", -1);
        ck_assert_int_eq(take_answer(&client, true), 200);
        ck_assert_uint_eq(answer.length, length);
        send_head(&client, "GET", "/readyz", "", -1);
        ck_assert_int_eq(take_answer(&client, true), 200);
    }
    raw_shut(&client);
}
END_TEST

START_TEST(an_upload_may_come_byte_by_byte)
{
    struct raw_client client;
    send_head(open_socket(&client), "POST", "/v1/rooms/lobby/files", "", 500);
    for (size_t i = 0; i < 500; i++)
        raw_send(&client, image + i, 1);
    ck_assert_int_eq(take_answer(&client, true), 201);
    raw_shut(&client);
    expect_file(500);
}
END_TEST

START_TEST(images_outlive_their_server)
{
    struct raw_client client;
    ck_assert_int_eq(post(image, 100 * KIB), 201);
    send_head(open_socket(&client), "POST", "/v1/rooms/lobby/files", "", FILE_MAX);
    raw_send(&client, image, 280 * KIB); /* and never the rest */
    server_signal(&server, _i == 0 ? SIGTERM : SIGKILL);
    raw_shut(&client);
    server_restart(&server);
    expect_file(100 * KIB);
    ck_assert_int_eq(ask("GET", path_of(FILE_MAX), "", NULL, -1), 404);
}
END_TEST

/* --- What is refused ---------------------------------------------------------------------------- */

START_TEST(who_sends_too_much_is_told_so)
{
    ck_assert_int_eq(post(image, FILE_MAX + 1), 413);
    ck_assert_str_eq(header("connection"), "close");
    ck_assert_ptr_nonnull(strstr((char *)answer.body, "307200"));
    ck_assert(server_metric(&server, "tutti_refused_total{reason=\"file_bytes\"}") == 1);
    ck_assert_int_eq(ask("POST", "/v1/rooms/lobby/files", "", "", 0), 415);
    ck_assert_int_eq(ask("POST", "/v1/rooms/lobby/files", "", image, -1), 411);
    ck_assert_int_eq(
        ask("POST", "/v1/rooms/lobby/files", "Transfer-Encoding: chunked\r\n", image, -1), 411);
}
END_TEST

START_TEST(a_room_that_is_full_takes_no_more)
{
    ck_assert_int_eq(post(image, FILE_MAX), 201);
    ck_assert_int_eq(post(image, FILE_MAX - 1), 201);
    ck_assert_int_eq(post(image, FILE_MAX - 2), 201);
    long left = 1048576 - 3 * (long)FILE_MAX + 3;
    ck_assert_int_eq(post(image, (size_t)left + 1), 507);
    ck_assert_int_eq(post(image, (size_t)left), 201);
    ck_assert_int_eq(post(image, 12), 507);
}
END_TEST

START_TEST(what_is_no_image_is_refused)
{
    static const char svg[] = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>";
    ck_assert_int_eq(
        ask("POST", "/v1/rooms/lobby/files", "Content-Type: image/png\r\n", svg, (long)strlen(svg)),
        415);
    memset(image, 'x', 12);
    ck_assert_int_eq(post(image, FILE_MAX), 415);
    ck_assert_str_eq(header("connection"), "close");
}
END_TEST

START_TEST(each_refusal_has_its_status)
{
    static const struct {
        const char *method, *path, *headers;
        int status;
    } cases[] = {
        {"POST", "/v1/rooms/nobody/files", "", 404},
        {"POST", "/v1/rooms/no.body/files", "", 400},
        {"POST", "/v1/rooms//files", "", 405}, /* two slashes are one */
        {"POST", "/v1/rooms/lobby/files/", "", 405},
        {"POST", "/v1/rooms/lobby/filesx", "", 405}, /* no page takes a POST */
        {"PUT", "/v1/rooms/lobby/files", "", 405},
        {"DELETE", "/v1/rooms/lobby/files", "", 405},
        {"GET", "/v1/rooms/lobby/files", "", 405},
        {"GET", "/v1/rooms/lobby/files/", "", 404},
        {"GET", "/v1/rooms/lobby/files/../../../etc/passwd", "", 404},
        {"GET",
         "/v1/rooms/lobby/files/"
         "ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD",
         "", 404},
        {"GET",
         "/v1/rooms/lobby/files/"
         "abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd",
         "", 404},
        {"POST", "/v1/rooms/lobby/files", "Origin: https://evil.example\r\n", 403},
        {"GET", "/v1/rooms/lobby/files/x", "Origin: https://evil.example\r\n", 403},
        {"OPTIONS", "/v1/rooms/lobby/files", "Origin: https://evil.example\r\n", 403},
    };
    const char *method = cases[_i].method;
    bool posts = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
    int status = ask(method, cases[_i].path, cases[_i].headers, image, posts ? 1000 : -1);
    ck_assert_msg(status == cases[_i].status, "%d: %s", status, answer.head);
    ck_assert_int_eq(raw_get(server.port, "/readyz", (char *)answer.body, 1000), 200);
}
END_TEST
#define REFUSALS 15

START_TEST(pages_that_may_are_told_that_they_may)
{
    static const char origin[] = "Origin: https://draw.example\r\n";
    ck_assert_int_eq(ask("OPTIONS", "/v1/rooms/lobby/files", origin, NULL, -1), 204);
    ck_assert_str_eq(header("access-control-allow-origin"), "https://draw.example");
    ck_assert_ptr_nonnull(strstr(header("access-control-allow-methods"), "POST"));
    ck_assert_int_eq(ask("POST", "/v1/rooms/lobby/files", origin, image, 1000), 201);
    ck_assert_str_eq(header("access-control-allow-origin"), "https://draw.example");
    ck_assert_int_eq(ask("GET", path_of(1000), origin, NULL, -1), 200);
    ck_assert_str_eq(header("access-control-allow-origin"), "https://draw.example");
    ck_assert_int_eq(ask("GET", path_of(1000), "", NULL, -1), 200);
    ck_assert_ptr_null(header("access-control-allow-origin"));
    ck_assert_str_eq(header("vary"), "origin");
}
END_TEST

/* --- Many, and slow ones ------------------------------------------------------------------------ */

#define UPLOADS 64

START_TEST(slow_uploads_are_bounded_and_stop_nobody)
{
    static struct raw_client slow[UPLOADS];
    ck_assert_int_eq(post(image, 5000), 201);
    for (int i = 0; i < UPLOADS; i++) {
        send_head(open_socket(&slow[i]), "POST", "/v1/rooms/lobby/files", "", 100000);
        raw_send(&slow[i], image, 100);
    }
    await_metric("tutti_uploads", UPLOADS);
    ck_assert_int_eq(post(image, 6000), 503);
    ck_assert_ptr_nonnull(header("retry-after"));
    expect_file(5000);
    raw_say(&ada, "[3 77]");
    raw_expect(&ada, SERVER_CLOCK);
    for (int i = 0; i < UPLOADS; i++)
        raw_shut(&slow[i]);
    await_metric("tutti_uploads", 0);
    ck_assert_int_eq(post(image, 6000), 201);
}
END_TEST

START_TEST(an_upload_that_breaks_off_leaves_nothing)
{
    struct raw_client client;
    for (int i = 0; i < 6; i++) { /* twice what the room may have */
        send_head(open_socket(&client), "POST", "/v1/rooms/lobby/files", "", FILE_MAX);
        raw_send(&client, image, 270 * KIB);
        await_metric("tutti_uploads", 1);
        raw_shut(&client);
        await_metric("tutti_uploads", 0);
    }
    ck_assert_int_eq(post(image, FILE_MAX), 201);
    expect_file(FILE_MAX);
}
END_TEST

START_TEST(an_address_is_held_to_its_rate)
{
    teardown();
    start((const char *const[]){"--count-loopback", "--max-file-bytes", "307200",
                                "--file-burst-per-address", "340", "--file-rate-per-address", "60",
                                NULL});
    ck_assert_int_eq(post(image, 260 * KIB), 201);
    ck_assert_int_eq(post(image, 150 * KIB), 429);
    ck_assert_ptr_nonnull(header("retry-after"));
    ck_assert_int_eq(post(image, 38 * KIB), 201);
    ck_assert(server_metric(&server, "tutti_refused_total{reason=\"file_rate\"}") == 1);
}
END_TEST

START_TEST(in_memory_there_are_images_too)
{
    teardown();
    start((const char *const[]){"--durability", "memory", NULL});
    ck_assert_int_eq(post(image, FILE_MAX), 201);
    expect_file(FILE_MAX);
}
END_TEST

START_TEST(what_nothing_shows_is_let_go)
{
    teardown();
    start((const char *const[]){"--file-grace", "10", NULL});
    ck_assert_int_eq(post(image, 1000), 201);
    expect_file(1000);
    for (int i = 0; i < 6000 && ask("GET", path_of(1000), "", NULL, -1) == 200; i++)
        usleep(10000);
    ck_assert_int_eq(answer.status, 404);
    ck_assert(server_metric(&server, "tutti_files_collected_total") == 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server_files");
    TCase *tests = tcase_create("files");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, an_image_goes_up_and_comes_back, 0, 8);
    tcase_add_test(tests, several_go_over_one_connection);
    tcase_add_test(tests, an_upload_may_come_byte_by_byte);
    tcase_add_loop_test(tests, images_outlive_their_server, 0, 2);
    tcase_add_test(tests, who_sends_too_much_is_told_so);
    tcase_add_test(tests, a_room_that_is_full_takes_no_more);
    tcase_add_test(tests, what_is_no_image_is_refused);
    tcase_add_loop_test(tests, each_refusal_has_its_status, 0, REFUSALS);
    tcase_add_test(tests, pages_that_may_are_told_that_they_may);
    tcase_add_test(tests, slow_uploads_are_bounded_and_stop_nobody);
    tcase_add_test(tests, an_upload_that_breaks_off_leaves_nothing);
    tcase_add_test(tests, an_address_is_held_to_its_rate);
    tcase_add_test(tests, in_memory_there_are_images_too);
    tcase_add_test(tests, what_nothing_shows_is_let_go);
    suite_add_tcase(suite, tests);

    return run_suite(suite);
}
