#include "tests/raw_client.h"

#include "sync/wire.h"
#include "tests/notation.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPCODE_BINARY 2
#define OPCODE_CLOSE  8

void raw_connect(struct raw_client *client, uint16_t port, int receive_buffer)
{
    memset(client, 0, offsetof(struct raw_client, input));
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(client->fd, 0);
    if (receive_buffer > 0)
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    struct timeval patience = {.tv_sec = RAW_WAIT_MS / 1000};
    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    ck_assert_int_eq(connect(client->fd, (struct sockaddr *)&address, sizeof address), 0);
}

void raw_shut(struct raw_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

void raw_send(struct raw_client *client, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    while (length > 0) {
        ssize_t sent = send(client->fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the server has cut it; what it said before can still be read */
        bytes += sent;
        length -= (size_t)sent;
    }
}

void raw_frame(struct raw_client *client, uint8_t first, struct bytes payload)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    uint8_t *frame = malloc(payload.length + 14);
    ck_assert_ptr_nonnull(frame);
    size_t extra = payload.length < 126 ? 0 : payload.length <= UINT16_MAX ? 2 : 8;
    frame[0] = first;
    frame[1] = (uint8_t)(0x80 | (extra == 0 ? payload.length : extra == 2 ? 126 : 127));
    for (size_t i = 0; i < extra; i++)
        frame[2 + i] = (uint8_t)((uint64_t)payload.length >> (8 * (extra - 1 - i)));
    memcpy(frame + 2 + extra, mask, sizeof mask);
    uint8_t *masked = frame + 2 + extra + sizeof mask;
    for (size_t i = 0; i < payload.length; i++)
        masked[i] = payload.data[i] ^ mask[i % 4];
    raw_send(client, frame, 2 + extra + sizeof mask + payload.length);
    free(frame);
}

void raw_say(struct raw_client *client, const char *line)
{
    uint8_t buffer[1024];
    struct writer writer = writer_on(buffer, sizeof buffer);
    notation_pack(&writer, line);
    ck_assert_int_eq(writer.status, STATUS_OK);
    raw_frame(client, 0x80 | OPCODE_BINARY, writer_bytes(&writer));
}

void raw_hello(struct raw_client *client, int key, const char *kind)
{
    char line[160];
    snprintf(line, sizeof line, "[0 1 x000102030405060708090a0b0c0d%04x %s nil 0 0 0 []]",
             (unsigned)key, kind);
    raw_say(client, line);
}

/* --- Reading ------------------------------------------------------------------------------------ */

/* Waits for more input; false when the connection is over. */
static bool read_more(struct raw_client *client, int wait_ms)
{
    if (client->taken > 0) {
        memmove(client->input, client->input + client->taken, client->length - client->taken);
        client->length -= client->taken;
        client->taken = 0;
    }
    ck_assert_uint_lt(client->length, RAW_INPUT_MAX);
    struct pollfd ready = {.fd = client->fd, .events = POLLIN};
    ck_assert_msg(poll(&ready, 1, wait_ms) == 1, "nothing came in %d ms", wait_ms);
    ssize_t got =
        recv(client->fd, client->input + client->length, RAW_INPUT_MAX - client->length, 0);
    if (got <= 0)
        return false;
    client->length += (size_t)got;
    return true;
}

bool raw_is_quiet(struct raw_client *client, int milliseconds)
{
    struct pollfd ready = {.fd = client->fd, .events = POLLIN};
    return client->length == client->taken && poll(&ready, 1, milliseconds) == 0;
}

/* One frame, when it is there whole. */
static bool take_frame(struct raw_client *client, uint8_t *opcode, struct bytes *payload)
{
    const uint8_t *frame = client->input + client->taken;
    size_t have = client->length - client->taken;
    if (have < 2)
        return false;
    ck_assert_msg((frame[1] & 0x80) == 0, "the server masked a frame");
    size_t length = frame[1];
    size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (have < 2 + extra)
        return false;
    if (extra > 0)
        length = 0;
    for (size_t i = 0; i < extra; i++)
        length = length << 8 | frame[2 + i];
    if (have < 2 + extra + length)
        return false;
    *opcode = frame[0] & 0x0f;
    *payload = (struct bytes){frame + 2 + extra, length};
    client->taken += 2 + extra + length;
    client->got += 2 + extra + length;
    return true;
}

struct bytes raw_next(struct raw_client *client)
{
    for (;;) {
        uint8_t opcode;
        struct bytes payload;
        if (!take_frame(client, &opcode, &payload)) {
            if (!read_more(client, RAW_WAIT_MS))
                return (struct bytes){0};
            continue;
        }
        if (opcode == OPCODE_BINARY)
            return payload;
        if (opcode != OPCODE_CLOSE)
            continue;
        client->close_code = payload.length >= 2 ? payload.data[0] << 8 | payload.data[1] : 1005;
        if (payload.length > 2)
            snprintf(client->reason, sizeof client->reason, "%.*s", (int)payload.length - 2,
                     (const char *)payload.data + 2);
        raw_frame(client, 0x80 | OPCODE_CLOSE,
                  (struct bytes){payload.data, payload.length >= 2 ? 2u : 0u});
    }
}

struct bytes raw_expect(struct raw_client *client, int kind)
{
    for (;;) {
        struct bytes message = raw_next(client);
        ck_assert_msg(message.length > 0,
                      "closed with %d %s while waiting for a message of kind %d",
                      client->close_code, client->reason, kind);
        int64_t found;
        ck_assert_int_eq(wire_read_kind(message, &found), STATUS_OK);
        if (found == kind || (kind == SERVER_FRAME && server_message_is_frame(found)))
            return message;
    }
}

int raw_end(struct raw_client *client)
{
    while (raw_next(client).length > 0)
        continue;
    return client->close_code != 0 ? client->close_code : 1006;
}

/* --- HTTP --------------------------------------------------------------------------------------- */

int raw_status(struct raw_client *client)
{
    static const char end[] = "\r\n\r\n";
    for (;;) {
        const char *text = (const char *)client->input + client->taken;
        const char *found = memmem(text, client->length - client->taken, end, 4);
        if (found != NULL) {
            int status = atoi(text + strlen("HTTP/1.1 "));
            client->taken += (size_t)(found - text) + 4;
            return status;
        }
        if (!read_more(client, RAW_WAIT_MS))
            return 0;
    }
}

int raw_upgrade(struct raw_client *client, const char *room)
{
    char request[512];
    int length = snprintf(request, sizeof request,
                          "GET /v1/rooms/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                          "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                          "Sec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                          "Sec-WebSocket-Protocol: tutti.v1\r\n\r\n",
                          room);
    raw_send(client, request, (size_t)length);
    return raw_status(client);
}

int raw_open(struct raw_client *client, uint16_t port, const char *room)
{
    raw_connect(client, port, 0);
    return raw_upgrade(client, room);
}

int raw_get(uint16_t port, const char *path, char *body, size_t capacity)
{
    struct raw_client *client = malloc(sizeof *client);
    ck_assert_ptr_nonnull(client);
    raw_connect(client, port, 0);
    char request[512];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
    raw_send(client, request, (size_t)length);
    int status = raw_status(client);
    while (read_more(client, RAW_WAIT_MS))
        continue;
    ck_assert_uint_lt(client->length - client->taken, capacity);
    memcpy(body, client->input + client->taken, client->length - client->taken);
    body[client->length - client->taken] = '\0';
    raw_shut(client);
    free(client);
    return status;
}
