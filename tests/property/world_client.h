/* world_client.h - the clients of a random world: they connect, send operations, presence and inputs, and
 * hear what the room says, in order and late.
 *
 * Errors     what does not hold ends the test, with the world's seed.
 */
#ifndef TESTS_PROPERTY_WORLD_CLIENT_H
#define TESTS_PROPERTY_WORLD_CLIENT_H

#include "sync/frame.h"
#include "tests/kept_log.h"
#include "tests/property/play.h"

#define CLIENTS_MAX 6
#define QUEUE_MAX   64
#define SENT_MAX    64

struct message {
    uint8_t *data;
    size_t length;
    enum role role; /* the member's when the frame was made */
};

struct sent {
    uint32_t sequence;
    bool counts; /* adds 1 to the shared sum if applied */
    size_t length;
    uint8_t operation[512];
};

struct client {
    uint8_t key[CLIENT_KEY_BYTES];
    struct replica *replica;
    bool connected, welcomed, choked;
    uint32_t seat, member;
    enum role role; /* at the last frame made */
    uint64_t incarnation;
    uint32_t sequence, decided; /* used; known to be decided */
    struct sent sent[SENT_MAX]; /* undecided, oldest first */
    uint32_t sent_count;
    uint32_t first_unsent;          /* of `sent`, on this connection */
    uint64_t tick, durable, awaits; /* awaits: of the frame that told the last outcome */
    uint32_t added;                 /* operations that count and were applied */
    bool placed;                    /* presence was set on this connection */
    bool inputs_sent;               /* likewise */
    int64_t x, y;
    struct message queue[QUEUE_MAX];
    uint32_t queued;
};

struct world {
    const struct play *play;
    struct room *room;
    struct frames *frames;
    struct client clients[CLIENTS_MAX];
    uint32_t client_count;
    uint64_t random;
    uint32_t ids; /* distinct record ids in play */
    uint32_t grace_ticks, tombstones;
    uint32_t keys;            /* that the room remembers */
    struct kept_log log, all; /* behind the newest snapshot; from the beginning */
    bool unlogged;            /* there is a hole in it now */
    unsigned seed;
};

/* The next choice of this world. */
uint32_t chance(struct world *world, uint32_t bound);

/* A client that is connected takes its own seat over. */
void connect_client(struct world *world, struct client *client);
/* It says so, or its connection breaks. */
void disconnect_client(struct world *world, struct client *client);

/* Messages to a client wait in its queue until they are delivered or dropped. */
void queue_add(struct client *client, const uint8_t *data, size_t length);
void queue_drop(struct client *client);
void deliver(struct world *world, struct client *client, uint32_t count);

/* An operation is made now, and sent with send_operations(), again after each new connection. */
void make_operation(struct world *world, struct client *client);
void send_operations(struct world *world, struct client *client);
void send_presence(struct world *world, struct client *client);
/* Some are late, some early, some for a tick that has one. */
void send_inputs(struct world *world, struct client *client);

#endif
