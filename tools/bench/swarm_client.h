/* swarm_client.h - one WebSocket client of the swarm: joins, speaks, counts what it gets.
 *
 *   client_open(swarm, client, number);       connects; the rest comes with its events
 *   client_turn(swarm, client, events);       on every event of its socket
 *   client_point(swarm, client, seconds);     moves its hand and says where it is
 *
 * Until it has joined, a client keeps what arrives until it is whole; from then on it looks at
 * frame headers only, so that receiving costs the same whatever the frames say.
 *
 * Errors     a lost client is counted, the first one's reason is told on stderr.
 */
#ifndef TOOLS_BENCH_SWARM_CLIENT_H
#define TOOLS_BENCH_SWARM_CLIENT_H

#include "tools/bench/dialect.h"
#include "tools/bench/hand.h"
#include "tools/bench/websocket.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum client_state {
    CLIENT_UNOPENED,
    CLIENT_CONNECTING,
    CLIENT_UPGRADING,
    CLIENT_JOINING,
    CLIENT_JOINED,
    CLIENT_LOST
};

struct client {
    int fd;
    enum client_state state;
    uint32_t number;
    struct hand hand;
    struct speaker speaker;

    uint8_t *joining; /* all that came before it joined and is not yet understood */
    size_t joining_length, joining_capacity;

    uint64_t skip; /* payload still to come that nobody looks at */
    uint8_t held_length;
    uint8_t held[WS_HEADER_MAX + WS_CONTROL_MAX]; /* a header, or a whole control frame */
};

struct swarm {
    /* Set before the first client opens. */
    int epoll_fd;
    struct sockaddr_in server;
    enum dialect dialect;
    const char *kind; /* of a Tutti server's rooms */
    uint32_t rooms;
    uint64_t random;

    uint32_t connecting, joined, lost;
    uint64_t frames_received; /* data messages, payload in bytes_received */
    uint64_t bytes_received;
    uint64_t positions_sent, clocks_sent;
    uint64_t bytes_sent; /* framing included */
    uint64_t sends_blocked;
};

void client_open(struct swarm *swarm, struct client *client, uint32_t number);
void client_turn(struct swarm *swarm, struct client *client, uint32_t events);

/* Both do nothing for a client that has not joined. */
void client_point(struct swarm *swarm, struct client *client, double seconds);
void client_clock(struct swarm *swarm, struct client *client, uint64_t now_ms);

/* Says goodbye, so that the server gives the seat up, and frees what the client holds. */
void client_close(struct swarm *swarm, struct client *client);

#endif
