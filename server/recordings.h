/* recordings.h - what people ask for and order about the recordings of rooms, over HTTP, as the hub sees it:
 * server/README.md, "Recordings". It knows no sockets; ws_recordings.c does.
 *
 *   struct order *order = order_begin(hub, session, &request, length, &denial);
 *   order_take(order, bytes);         its body, as it comes
 *   order_carry_out(order);           when all of that is there; without a body at once
 *   after the transport's want_write(): order->step
 *   order_end(order);
 *
 * Whether the page that asks may has been decided before.
 *
 * Threads    the hub's.
 */
#ifndef SERVER_RECORDINGS_H
#define SERVER_RECORDINGS_H

#include "server/forks.h"

/* A body is a few names and numbers. */
#define ORDER_BODY_MAX 2048u

enum order_kind {
    ORDER_TIMELINE, /* what there is */
    ORDER_AUTHORS,  /* who did what, up to now or a moment */
    ORDER_FORK,
    ORDER_MARK,
    ORDER_UNMARK,
    ORDER_SESSION, /* its title, its pin */
    ORDER_SESSION_GONE
};

enum order_step {
    ORDER_WAITS, /* for its body, or for what comes of it */
    ORDER_DONE,  /* order->status, with order->json as the answer */
    ORDER_DENIED /* order->denial */
};

struct order {
    struct asker asker;        /* first */
    struct order *prev, *next; /* among the hub's that wait for the storage */
    struct hub *hub;
    struct session *session; /* NULL: nobody waits for it any more */
    enum order_kind kind;
    enum order_step step;
    bool asks;       /* the storage has yet to answer */
    struct job *job; /* of what is read, as long as it asks */
    int status;
    struct http_denial denial;
    char *json; /* owned; NULL for none */
    size_t json_length;
    struct fork *fork;
    bool now;                   /* authors: of no moment */
    uint64_t tick, incarnation; /* of a marker, or of authors */
    uint64_t id;                /* of a session */
    uint8_t room_length;
    uint8_t room[ROOM_NAME_MAX];
    size_t length, arrived; /* of the body */
    char body[ORDER_BODY_MAX];
};

/* True for a path that is about a room's recording. */
bool recordings_asked(struct bytes path);

/* Methods that those paths have. */
#define RECORDING_METHODS "GET, HEAD, POST, DELETE, OPTIONS"

/* `length` is the body's. NULL with a denial. */
struct order *order_begin(struct hub *hub,
                          struct session *session,
                          const struct http_request *request,
                          uint64_t length,
                          struct http_denial *denial);

/* No more than the length that was announced. */
void order_take(struct order *order, struct bytes bytes);
void order_carry_out(struct order *order);

/* Looks at what it waits for. */
enum order_step order_turn(struct order *order);

/* NULL is fine. What was ordered happens all the same. */
void order_end(struct order *order);

/* The hub is destroyed: what the storage still has to say is not heard. */
void orders_end(struct hub *hub);

#endif
