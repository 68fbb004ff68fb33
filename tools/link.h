/* link.h - many WebSocket connections on plain sockets, in one thread, counted to the byte.
 *
 *   struct links links = {.server = address, .events = &events};
 *   links_open(&links);
 *   link_open(&links, link, "room", number, 0);  then events.opened or events.closed
 *   link_send(&links, link, payload, length);
 *   links_turn(&links, timeout_ms);              calls events
 *
 * For load generators: no TLS, no fragments (a server that sends them loses the link), and a
 * message goes out at once or not at all. A connection that waits between messages holds no
 * buffer.
 *
 * Ownership  the caller keeps each struct link at its place until it is closed.
 * Errors     whatever happens to a connection comes as events.closed, once.
 */
#ifndef TOOLS_LINK_H
#define TOOLS_LINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "sync/base.h"

enum link_state {
    LINK_CLOSED,
    LINK_CONNECTING,
    LINK_UPGRADING,
    LINK_OPEN
};

/* Bytes of payload, and on the wire with WebSocket's framing; control frames in the latter only. */
struct link_traffic {
    uint64_t messages_in, payload_in, wire_in;
    uint64_t messages_out, payload_out, wire_out;
};

struct link {
    int fd;
    enum link_state state;
    bool paused;
    const char *room; /* the caller's */
    uint8_t *held;    /* the start of what has not arrived whole */
    size_t held_length;
    struct link_traffic traffic;
};

struct link_events {
    void (*opened)(struct link *link);
    void (*message)(struct link *link, struct bytes payload);
    void (*closed)(struct link *link, int code, const char *reason);
};

struct links {
    struct sockaddr_in server;
    const struct link_events *events;
    int epoll_fd;
    uint64_t random;
    uint8_t *input, *output; /* one for all */
};

/* False without epoll or memory. */
bool links_open(struct links *links);
void links_close(struct links *links);

/* `number` spreads connections over source addresses 127.0.0.x; `receive_buffer` is the socket's
 * in bytes, 0 for the system's choice. */
void link_open(struct links *links,
               struct link *link,
               const char *room,
               uint32_t number,
               int receive_buffer);

/* False when the socket does not take it; a link of which half a message is out is closed. */
bool link_send(struct links *links, struct link *link, const uint8_t *payload, size_t length);

/* Stops reading, goes on reading. */
void link_pause(struct links *links, struct link *link);
void link_resume(struct links *links, struct link *link);

/* Says goodbye; no event follows. */
void link_close(struct links *links, struct link *link);

/* Waits for something to happen, at most `timeout_ms`, and handles all that has. */
void links_turn(struct links *links, int timeout_ms);

#endif
