#include "tools/link.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sync/limits.h"
#include "sync/wire.h"
#include "tools/bench/websocket.h"

/* A source address has some 28,000 ports towards one server. */
#define LINKS_PER_ADDRESS 10000u

#define INPUT_BYTES    (1u << 20)
#define EVENTS_AT_ONCE 512
#define REASON_BYTES   128u

/* xorshift64* (Vigna 2014): masks must not repeat, no more is asked of them. */
static uint64_t random_next(struct links *links)
{
    links->random ^= links->random >> 12;
    links->random ^= links->random << 25;
    links->random ^= links->random >> 27;
    return links->random * UINT64_C(2685821657736338717);
}

bool links_open(struct links *links)
{
    while (links->random == 0)
        if (getrandom(&links->random, sizeof links->random, 0) < 0)
            return false;
    links->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    links->input = malloc(INPUT_BYTES);
    links->output = malloc(WS_HEADER_MAX + MESSAGE_BYTES_MAX);
    return links->epoll_fd >= 0 && links->input != NULL && links->output != NULL;
}

void links_close(struct links *links)
{
    close(links->epoll_fd);
    free(links->input);
    free(links->output);
}

static void release(struct link *link)
{
    close(link->fd);
    free(link->held);
    link->held = NULL;
    link->held_length = 0;
    link->state = LINK_CLOSED;
}

static void lose(struct links *links, struct link *link, int code, const char *reason)
{
    if (link->state == LINK_CLOSED)
        return;
    release(link);
    links->events->closed(link, code, reason);
}

static void watch(struct links *links, struct link *link, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = link};
    if (epoll_ctl(links->epoll_fd, operation, link->fd, &event) != 0)
        lose(links, link, 0, strerror(errno));
}

void link_open(struct links *links,
               struct link *link,
               const char *room,
               uint32_t number,
               int receive_buffer)
{
    *link = (struct link){.state = LINK_CONNECTING, .room = room};
    link->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->fd < 0) {
        lose(links, link, 0, strerror(errno));
        return;
    }
    int on = 1;
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(link->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (receive_buffer > 0)
        setsockopt(link->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    struct sockaddr_in source = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK + number / LINKS_PER_ADDRESS),
    };
    if (bind(link->fd, (struct sockaddr *)&source, sizeof source) != 0 ||
        (connect(link->fd, (struct sockaddr *)&links->server, sizeof links->server) != 0 &&
         errno != EINPROGRESS)) {
        lose(links, link, 0, strerror(errno));
        return;
    }
    watch(links, link, EPOLL_CTL_ADD, EPOLLOUT);
}

/* --- Sending ------------------------------------------------------------------------------------- */

static bool send_frame(struct links *links,
                       struct link *link,
                       enum ws_opcode opcode,
                       const uint8_t *payload,
                       size_t length)
{
    uint8_t *message = links->output;
    if (length > MESSAGE_BYTES_MAX)
        return false;
    size_t bytes =
        ws_write_masked(message, opcode, payload, length, (uint32_t)(random_next(links) >> 32));
    ssize_t sent = send(link->fd, message, bytes, MSG_NOSIGNAL);
    if (sent == (ssize_t)bytes) {
        link->traffic.wire_out += bytes;
        return true;
    }
    if (sent >= 0 || errno != EAGAIN)
        lose(links, link, 0, sent < 0 ? strerror(errno) : "a message went half");
    return false;
}

bool link_send(struct links *links, struct link *link, const uint8_t *payload, size_t length)
{
    if (link->state != LINK_OPEN || !send_frame(links, link, WS_BINARY, payload, length))
        return false;
    link->traffic.messages_out++;
    link->traffic.payload_out += length;
    return true;
}

void link_close(struct links *links, struct link *link)
{
    static const uint8_t done[2] = {CLOSE_DONE >> 8, CLOSE_DONE & 0xff};
    if (link->state == LINK_OPEN)
        (void)send_frame(links, link, WS_CLOSE, done, sizeof done);
    if (link->state != LINK_CLOSED)
        release(link);
}

/* --- The upgrade --------------------------------------------------------------------------------- */

static void request_upgrade(struct links *links, struct link *link)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        lose(links, link, 0, strerror(error));
        return;
    }
    uint64_t nonce[2] = {random_next(links), random_next(links)};
    char key[WS_KEY_BYTES + 1], request[512];
    EVP_EncodeBlock((unsigned char *)key, (const unsigned char *)nonce, sizeof nonce);
    int length = snprintf(request, sizeof request,
                          "GET " WIRE_PATH "%s HTTP/1.1\r\nHost: localhost:%u\r\n"
                          "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Protocol: " WIRE_SUBPROTOCOL "\r\n\r\n",
                          link->room, ntohs(links->server.sin_port), key);
    if (send(link->fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
        lose(links, link, 0, strerror(errno));
        return;
    }
    link->state = LINK_UPGRADING;
    watch(links, link, EPOLL_CTL_MOD, EPOLLIN);
}

/* Takes the answer off the front; returns the bytes used, 0 while it is not whole. */
static size_t take_upgrade(struct links *links, struct link *link, struct bytes input)
{
    const uint8_t *end = memmem(input.data, input.length, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    if (memcmp(input.data, "HTTP/1.1 101", strlen("HTTP/1.1 101")) != 0) {
        const char *head = (const char *)input.data;
        char reason[REASON_BYTES];
        snprintf(reason, sizeof reason, "%.*s", (int)strcspn(head, "\r"), head);
        lose(links, link, atoi(head + strcspn(head, " \r")), reason);
        return 0;
    }
    link->state = LINK_OPEN;
    links->events->opened(link);
    return (size_t)(end + 4 - input.data);
}

/* --- Receiving ----------------------------------------------------------------------------------- */

static void take_close(struct links *links, struct link *link, struct bytes payload)
{
    char reason[REASON_BYTES] = "closed";
    int code = 0;
    if (payload.length >= 2) {
        code = payload.data[0] << 8 | payload.data[1];
        snprintf(reason, sizeof reason, "%.*s", (int)(payload.length - 2),
                 (const char *)payload.data + 2);
    }
    lose(links, link, code, reason);
}

/* Takes one whole frame off the front; returns the bytes used, 0 while it is not whole. */
static size_t take_frame(struct links *links, struct link *link, struct bytes input)
{
    struct ws_header header;
    if (!ws_read_header(input.data, input.length, &header))
        return 0;
    if (header.payload > MESSAGE_BYTES_MAX || header.masked) {
        lose(links, link, 0, "the server broke WebSocket's framing");
        return 0;
    }
    if (header.payload > input.length - header.length)
        return 0;
    struct bytes payload = {input.data + header.length, (size_t)header.payload};
    link->traffic.wire_in += header.length + payload.length;
    switch (header.opcode) {
    case WS_BINARY:
        link->traffic.messages_in++;
        link->traffic.payload_in += payload.length;
        links->events->message(link, payload);
        break;
    case WS_PING:
        (void)send_frame(links, link, WS_PONG, payload.data, payload.length);
        break;
    case WS_PONG:
        break;
    case WS_CLOSE:
        take_close(links, link, payload);
        break;
    default:
        lose(links, link, 0, "the server sent text or a fragment");
        break;
    }
    return header.length + payload.length;
}

static void hold(struct links *links, struct link *link, struct bytes rest)
{
    free(link->held);
    link->held = NULL;
    link->held_length = rest.length;
    if (rest.length == 0)
        return;
    link->held = malloc(rest.length);
    if (link->held == NULL)
        lose(links, link, 0, "no memory");
    else
        memcpy(link->held, rest.data, rest.length);
}

/* Reads what is there, behind what was held. */
static void receive(struct links *links, struct link *link)
{
    size_t held = link->held_length;
    if (held > 0)
        memcpy(links->input, link->held, held);
    ssize_t got = recv(link->fd, links->input + held, INPUT_BYTES - held, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        lose(links, link, 0, got < 0 ? strerror(errno) : "the connection was cut");
        return;
    }
    struct bytes input = {links->input, held + (size_t)got};
    while (link->state != LINK_CLOSED && input.length > 0) {
        size_t used = link->state == LINK_OPEN ? take_frame(links, link, input)
                                               : take_upgrade(links, link, input);
        if (used == 0)
            break;
        input.data += used;
        input.length -= used;
    }
    if (link->state != LINK_CLOSED)
        hold(links, link, input);
}

void link_pause(struct links *links, struct link *link)
{
    link->paused = true;
    watch(links, link, EPOLL_CTL_MOD, 0);
}

void link_resume(struct links *links, struct link *link)
{
    link->paused = false;
    watch(links, link, EPOLL_CTL_MOD, EPOLLIN);
}

void links_turn(struct links *links, int timeout_ms)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(links->epoll_fd, events, EVENTS_AT_ONCE, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct link *link = events[i].data.ptr;
        if (link->state == LINK_CLOSED)
            continue;
        if (link->state == LINK_CONNECTING)
            request_upgrade(links, link);
        else if (!link->paused)
            receive(links, link);
        else if ((events[i].events & (EPOLLERR | EPOLLHUP)) != 0)
            lose(links, link, 0, "the connection was cut");
    }
}
