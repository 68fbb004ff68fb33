#include "tools/bench/swarm_client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* One source address has some 28,000 ports towards one server; loopback has many addresses. */
#define CLIENTS_PER_ADDRESS 10000u

#define INPUT_BYTES (256u << 10)

/* What a room may send before a member has understood its first frame. */
#define JOINING_BYTES_MAX (8u << 20)

/* xorshift64* (Vigna 2014): masks must not repeat, no more is asked of them. */
static uint64_t random_next(struct swarm *swarm)
{
    swarm->random ^= swarm->random >> 12;
    swarm->random ^= swarm->random << 25;
    swarm->random ^= swarm->random >> 27;
    return swarm->random * UINT64_C(2685821657736338717);
}

static void watch(struct swarm *swarm, struct client *client, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(swarm->epoll_fd, operation, client->fd, &event) != 0)
        err(EXIT_FAILURE, "epoll_ctl");
}

static void client_lose(struct swarm *swarm, struct client *client, const char *why)
{
    if (swarm->lost++ == 0)
        fprintf(stderr, "swarm: client %u lost: %s\n", client->number, why);
    if (client->state == CLIENT_JOINED)
        swarm->joined--;
    else
        swarm->connecting--;
    client->state = CLIENT_LOST;
    close(client->fd);
    free(client->joining);
    client->joining = NULL;
}

/* False when nothing of it was sent. Messages are tiny: one that goes half is a broken link. */
static bool client_send(struct swarm *swarm,
                        struct client *client,
                        enum ws_opcode opcode,
                        const uint8_t *payload,
                        size_t length)
{
    uint8_t message[WS_HEADER_MAX + SPEECH_BYTES_MAX];
    assert(length <= SPEECH_BYTES_MAX);
    size_t bytes =
        ws_write_masked(message, opcode, payload, length, (uint32_t)(random_next(swarm) >> 32));
    ssize_t sent = send(client->fd, message, bytes, MSG_NOSIGNAL);
    if (sent == (ssize_t)bytes) {
        swarm->bytes_sent += bytes;
        return true;
    }
    if (sent < 0 && errno == EAGAIN)
        swarm->sends_blocked++;
    else
        client_lose(swarm, client, sent < 0 ? strerror(errno) : "a message went half");
    return false;
}

/* Opening */

void client_open(struct swarm *swarm, struct client *client, uint32_t number)
{
    *client = (struct client){.number = number,
                              .state = CLIENT_CONNECTING,
                              .speaker = {.dialect = swarm->dialect, .kind = swarm->kind}};
    hand_init(&client->hand, number);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        err(EXIT_FAILURE, "socket for client %u", number);

    int on = 1;
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct sockaddr_in source = {.sin_family = AF_INET,
                                 .sin_addr.s_addr =
                                     htonl(INADDR_LOOPBACK + number / CLIENTS_PER_ADDRESS)};
    if (bind(client->fd, (struct sockaddr *)&source, sizeof source) != 0)
        err(EXIT_FAILURE, "bind for client %u", number);
    if (connect(client->fd, (struct sockaddr *)&swarm->server, sizeof swarm->server) != 0 &&
        errno != EINPROGRESS)
        err(EXIT_FAILURE, "connect for client %u", number);

    swarm->connecting++;
    watch(swarm, client, EPOLL_CTL_ADD, EPOLLOUT);
}

static void request_upgrade(struct swarm *swarm, struct client *client)
{
    uint64_t nonce[2] = {random_next(swarm), random_next(swarm)};
    char key[WS_KEY_BYTES + 1];
    EVP_EncodeBlock((unsigned char *)key, (const unsigned char *)nonce, sizeof nonce);

    char request[512];
    int length = snprintf(request, sizeof request,
                          "GET /v1/rooms/bench-%u HTTP/1.1\r\nHost: localhost:%u\r\n"
                          "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Protocol: " WS_SUBPROTOCOL "\r\n\r\n",
                          client->number % swarm->rooms, ntohs(swarm->server.sin_port), key);
    if (send(client->fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
        client_lose(swarm, client, strerror(errno));
        return;
    }
    client->state = CLIENT_UPGRADING;
    watch(swarm, client, EPOLL_CTL_MOD, EPOLLIN);
}

/* Joining */

static void join_when_ready(struct swarm *swarm, struct client *client)
{
    if (!client->speaker.joined)
        return;
    client->state = CLIENT_JOINED;
    swarm->connecting--;
    swarm->joined++;
}

/* Takes the answer to the upgrade off `data`; returns the bytes used, 0 while it is not whole. */
static size_t
take_upgrade(struct swarm *swarm, struct client *client, const uint8_t *data, size_t length)
{
    const uint8_t *end = memmem(data, length, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    if (memcmp(data, "HTTP/1.1 101", strlen("HTTP/1.1 101")) != 0) {
        char why[64];
        snprintf(why, sizeof why, "%.*s", (int)strcspn((const char *)data, "\r"),
                 (const char *)data);
        client_lose(swarm, client, why);
        return 0;
    }
    client->state = CLIENT_JOINING;

    uint64_t key[2] = {random_next(swarm), random_next(swarm)};
    uint8_t hello[SPEECH_BYTES_MAX];
    size_t hello_length =
        speak_hello(&client->speaker, client->number, (const uint8_t *)key, hello);
    if (hello_length > 0)
        client_send(swarm, client, WS_BINARY, hello, hello_length);
    if (client->state == CLIENT_JOINING)
        join_when_ready(swarm, client);
    return (size_t)(end + 4 - data);
}

static void
lose_closed(struct swarm *swarm, struct client *client, const uint8_t *payload, size_t length)
{
    char why[160] = "closed without a code";
    if (length >= 2)
        snprintf(why, sizeof why, "closed with %u %.*s", (unsigned)payload[0] << 8 | payload[1],
                 (int)(length - 2), (const char *)payload + 2);
    client_lose(swarm, client, why);
}

static void take_control(struct swarm *swarm,
                         struct client *client,
                         const struct ws_header *header,
                         const uint8_t *payload)
{
    if (header->opcode == WS_CLOSE)
        lose_closed(swarm, client, payload, header->payload);
    else if (header->opcode == WS_PING)
        client_send(swarm, client, WS_PONG, payload, header->payload);
}

/* Takes one whole message off `data`; returns the bytes used, 0 while it is not whole. */
static size_t
take_message(struct swarm *swarm, struct client *client, const uint8_t *data, size_t length)
{
    struct ws_header header;
    if (!ws_read_header(data, length, &header) || header.payload > length - header.length)
        return 0;
    const uint8_t *payload = data + header.length;
    if (header.opcode >= WS_CLOSE) {
        take_control(swarm, client, &header, payload);
    } else {
        speaker_hear(&client->speaker, payload, header.payload);
        join_when_ready(swarm, client);
    }
    return header.length + header.payload;
}

static bool before_joined(const struct client *client)
{
    return client->state == CLIENT_UPGRADING || client->state == CLIENT_JOINING;
}

static void keep(struct client *client, const uint8_t *data, size_t length)
{
    size_t needed = client->joining_length + length + 1; /* with a terminator */
    if (needed > client->joining_capacity) {
        client->joining_capacity = 2 * needed;
        client->joining = realloc(client->joining, client->joining_capacity);
        if (client->joining == NULL || needed > JOINING_BYTES_MAX)
            errx(EXIT_FAILURE, "client %u: %zu bytes came before it could join", client->number,
                 needed);
    }
    memcpy(client->joining + client->joining_length, data, length);
    client->joining_length += length;
    client->joining[client->joining_length] = '\0';
}

static void skim(struct swarm *swarm, struct client *client, const uint8_t *data, size_t length);

static void
take_joining(struct swarm *swarm, struct client *client, const uint8_t *data, size_t length)
{
    keep(client, data, length);
    uint8_t *kept = client->joining;
    size_t kept_length = client->joining_length;
    size_t used = 0, step = 1;
    while (step > 0 && before_joined(client)) {
        step = client->state == CLIENT_UPGRADING
                   ? take_upgrade(swarm, client, kept + used, kept_length - used)
                   : take_message(swarm, client, kept + used, kept_length - used);
        used += step;
    }

    if (before_joined(client)) {
        memmove(kept, kept + used, kept_length - used);
        client->joining_length = kept_length - used;
    } else if (client->state == CLIENT_JOINED) {
        client->joining = NULL;
        skim(swarm, client, kept + used, kept_length - used);
        free(kept);
    }
}

/* Joined */

/* Counts a data frame, obeys a control frame. `held` starts with a whole header; returns how many
 * of its bytes belong to it, 0 while a control frame is not whole. */
static size_t take_held(struct swarm *swarm, struct client *client, const struct ws_header *header)
{
    if (header->opcode < WS_CLOSE) {
        swarm->frames_received++;
        swarm->bytes_received += header->payload;
        client->skip = header->payload;
        return header->length;
    }
    size_t whole = header->length + header->payload;
    if (client->held_length < whole)
        return 0;
    take_control(swarm, client, header, client->held + header->length);
    return whole;
}

static void skim(struct swarm *swarm, struct client *client, const uint8_t *data, size_t length)
{
    while (length > 0 && client->state == CLIENT_JOINED) {
        if (client->skip > 0) {
            size_t skipped = client->skip < length ? client->skip : length;
            client->skip -= skipped;
            data += skipped;
            length -= skipped;
            continue;
        }

        size_t held_before = client->held_length;
        size_t space = sizeof client->held - held_before;
        size_t added = length < space ? length : space;
        memcpy(client->held + held_before, data, added);
        client->held_length = (uint8_t)(held_before + added);

        struct ws_header header;
        size_t taken = 0;
        if (ws_read_header(client->held, client->held_length, &header))
            taken = take_held(swarm, client, &header);
        if (taken == 0)
            return;
        data += taken - held_before;
        length -= taken - held_before;
        client->held_length = 0;
    }
}

void client_turn(struct swarm *swarm, struct client *client, uint32_t events)
{
    static uint8_t input[INPUT_BYTES]; /* shared by all clients: nothing stays in it */

    if (client->state == CLIENT_LOST)
        return;
    if (client->state == CLIENT_CONNECTING && events & EPOLLOUT && !(events & EPOLLERR)) {
        request_upgrade(swarm, client);
        return;
    }

    ssize_t got = recv(client->fd, input, sizeof input, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        client_lose(swarm, client, got == 0 ? "the server hung up" : strerror(errno));
    else if (client->state == CLIENT_JOINED)
        skim(swarm, client, input, (size_t)got);
    else
        take_joining(swarm, client, input, (size_t)got);
}

void client_point(struct swarm *swarm, struct client *client, double seconds)
{
    if (client->state != CLIENT_JOINED)
        return;
    hand_move(&client->hand, seconds);

    uint8_t message[SPEECH_BYTES_MAX];
    size_t length = speak_position(&client->speaker, client->hand.x, client->hand.y, message);
    if (length == 0)
        return;
    if (client_send(swarm, client, WS_BINARY, message, length))
        swarm->positions_sent++;
    else
        speaker_forget(&client->speaker);
}

void client_clock(struct swarm *swarm, struct client *client, uint64_t now_ms)
{
    if (client->state != CLIENT_JOINED)
        return;
    uint8_t message[SPEECH_BYTES_MAX];
    size_t length = speak_clock(&client->speaker, now_ms, message);
    if (length > 0 && client_send(swarm, client, WS_BINARY, message, length))
        swarm->clocks_sent++;
}

void client_close(struct swarm *swarm, struct client *client)
{
    if (client->state == CLIENT_UNOPENED || client->state == CLIENT_LOST)
        return;
    static const uint8_t done[] = {1000 >> 8, 1000 & 0xff};
    if (client->state >= CLIENT_JOINING &&
        !client_send(swarm, client, WS_CLOSE, done, sizeof done) && client->state == CLIENT_LOST)
        return;
    close(client->fd);
    free(client->joining);
    client->joining = NULL;
    client->state = CLIENT_UNOPENED;
}
