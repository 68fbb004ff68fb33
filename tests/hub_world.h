/* hub_world.h - a hub whose clock and sockets are in the test's hand: no network, no sleep.
 *
 *   tcase_add_checked_fixture(tcase, world_setup, world_teardown);
 *   struct peer *ada = peer_join(0, "lobby");
 *   peer_say(ada, "[2 'x' 5]");              as in tests/notation.h
 *   world_pass(60);                          milliseconds, with all beats that fall due
 *   ck_assert_int_eq(peer_messages(ada, SERVER_FRAME), 1);
 */
#ifndef TESTS_HUB_WORLD_H
#define TESTS_HUB_WORLD_H

#include "server/hub.h"

#define SECOND UINT64_C(1000000)

/* Peers have numbers below this. */
#define WORLD_PEERS 8

/* What may be sent to one peer in a test. */
#define PEER_OUT_MAX (1u << 20)

/* One connection as its client sees it. */
struct peer {
    struct session *session; /* NULL when it is gone */
    bool choked;             /* set by the test: its socket takes nothing */
    bool killed, wants_write;
    size_t out_length;
    uint8_t out[PEER_OUT_MAX];
};

struct world {
    struct hub *hub;
    struct store *store;     /* in memory, behind the storage */
    struct storage *storage; /* without threads: it works in world_store() */
    struct log log;
    struct peer *peers[WORLD_PEERS];
    uint64_t now_us;
    const struct kinds *kinds; /* the built-in ones, before the test says otherwise */
    uint64_t ring_bytes;       /* of the next storage; 0: its default */
    const char *record;        /* kinds that the next server records; NULL: all */
    bool seals;                /* the next storage has the world's clock: it seals in due time */
    bool hangs;                /* the disk does not answer: world_store() does nothing */
    bool loses;                /* not all can be saved at the end */
};

extern struct world world;

void world_setup(void);
void world_teardown(void);
void world_pass(uint64_t milliseconds);
void world_store(void);

/* The server is gone at once, and another one comes up on what the store holds. */
void world_crash(void);

/* The server stops in peace; likewise. */
void world_restart(void);

/* The clock jumps, and nothing is done about it. */
void world_jump(uint64_t microseconds);

/* An accepted socket, from an address of its own. */
struct peer *peer_open(int index);
struct peer *peer_open_from(int index, uint32_t address); /* IPv4 */

/* The same, upgraded and joined with a key of its own, in kind `open`. */
struct peer *peer_join(int index, const char *room);
void peer_hello_only(struct peer *peer, int key, const char *kind); /* the storage does nothing */
void peer_hello(struct peer *peer, int key, const char *kind);
void peer_say(struct peer *peer, const char *line);
void peer_receive(struct peer *peer, struct bytes message);

/* Zeros as a piece of a message. */
void peer_piece(struct peer *peer, size_t length, size_t rest, bool first, bool final);

/* The socket is gone. */
void peer_disconnect(struct peer *peer);
void peer_free(int index); /* the peer too: its number may be given again */

/* The last frame that went to the peer: opcode and payload; 0 when none did. */
uint8_t peer_last_frame(const struct peer *peer, struct bytes *payload);

/* Of the last frame, when it is a close; else 0. */
int peer_close_code(const struct peer *peer);
bool peer_close_says(const struct peer *peer, const char *text);

/* How many messages of this kind went to the peer; SERVER_FRAME counts all sorts. */
int peer_messages(const struct peer *peer, int kind);

#endif
