/* raw_client.h - a client on a bare socket, for tests: it can do everything right, and anything
 * wrong, one byte at a time.
 *
 *   struct raw_client ada;
 *   ck_assert_int_eq(raw_open(&ada, port, "lobby"), 101);
 *   raw_hello(&ada, 1, "'open'");
 *   raw_say(&ada, "[2 'x' 5]");
 *   struct bytes message = raw_expect(&ada, SERVER_FRAME);
 *
 * Every wait is bounded by RAW_WAIT_MS; what does not come in that time fails the test. A second of the
 * server's processor time can take most of it where much else runs.
 */
#ifndef TESTS_RAW_CLIENT_H
#define TESTS_RAW_CLIENT_H

#include "sync/base.h"

#define RAW_WAIT_MS   120000
#define RAW_INPUT_MAX (1u << 20)

struct raw_client {
    int fd;
    int close_code; /* of the close frame that came; 0 before, 1005 for one without */
    char reason[128];
    size_t got; /* bytes of WebSocket frames that came */
    size_t length, taken;
    uint8_t input[RAW_INPUT_MAX];
};

/* Connects. The receive buffer is made small where that is not 0, in bytes. */
void raw_connect(struct raw_client *client, uint16_t port, int receive_buffer);

/* Connects and asks for a WebSocket to the room; the HTTP status. */
int raw_open(struct raw_client *client, uint16_t port, const char *room);

/* The same on a connected socket. */
int raw_upgrade(struct raw_client *client, const char *room);

/* The status of the next HTTP response; its body, if there is one, is not read. */
int raw_status(struct raw_client *client);

void raw_shut(struct raw_client *client);

/* Bytes as they are. */
void raw_send(struct raw_client *client, const void *data, size_t length);

/* A masked frame; the first byte carries FIN and opcode. */
void raw_frame(struct raw_client *client, uint8_t first, struct bytes payload);

/* A binary message, as in tests/notation.h. */
void raw_say(struct raw_client *client, const char *line);

/* A hello with this key and kind (a notation), and nothing known of the room. */
void raw_hello(struct raw_client *client, int key, const char *kind);

/* The next message of the server; empty when the connection is over. Pings are passed over, a
 * close is noted. */
struct bytes raw_next(struct raw_client *client);

/* The next message of this kind; others are passed over. SERVER_FRAME takes all sorts. */
struct bytes raw_expect(struct raw_client *client, int kind);

/* Reads until the connection is over; the close code, 1006 when there was none. */
int raw_end(struct raw_client *client);

/* True when nothing more comes within the milliseconds. */
bool raw_is_quiet(struct raw_client *client, int milliseconds);

/* GET over HTTP; the status. The body is NUL-terminated. */
int raw_get(uint16_t port, const char *path, char *body, size_t capacity);

#endif
