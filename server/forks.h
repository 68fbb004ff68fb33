/* forks.h - a new live room that begins with a moment of a recorded one.
 *
 *   struct fork *fork = fork_begin(hub, session, &wish, &denial);
 *   after the transport's want_write(): fork->step
 *   fork_end(fork);
 *
 * The name is looked for in the store first: while that goes on the room is one that is being opened, so
 * whoever comes waits for it, and nobody else makes it. Then the moment is, and the room of it is written
 * down whole, under an incarnation of its own. That it is there is told when it is on the disk. The room
 * that the moment is of is only read.
 *
 * Threads    the hub's.
 */
#ifndef SERVER_FORKS_H
#define SERVER_FORKS_H

#include "server/http.h"
#include "server/hub.h"
#include "server/moments.h"

enum fork_step {
    FORK_WAITS,
    FORK_MADE,
    FORK_DENIED /* fork->denial */
};

struct fork_wish {
    struct bytes source;  /* a room's name */
    struct bytes name;    /* of the new one; empty: one that nobody can guess */
    uint64_t tick;        /* 0: the first that there is; beyond the last: the last */
    uint64_t incarnation; /* 0: the newest that has the tick */
};

struct fork {
    struct hub *hub;
    struct session *session; /* NULL: nobody waits for it any more */
    enum fork_step step;
    struct http_denial denial;
    uint64_t tick, incarnation; /* wished for; once it is made, those that it was made of */
    uint8_t source_length, name_length;
    uint8_t source[ROOM_NAME_MAX], name[ROOM_NAME_MAX];
};

/* NULL with a denial. */
struct fork *fork_begin(struct hub *hub,
                        struct session *session,
                        const struct fork_wish *wish,
                        struct http_denial *denial);

struct bytes fork_source(const struct fork *fork);
struct bytes fork_name(const struct fork *fork);

/* What was begun goes on. NULL is fine. */
void fork_end(struct fork *fork);

/* Why there is no such moment, in words for people. */
struct http_denial moment_denial(enum moment_result result, enum refusal refusal);

/* --- For the opening of its room ------------------------------------------------------------------ */

/* The room of the moment, which is no longer the moment's. NULL with a denial. */
struct room *fork_room(struct fork *fork, struct moment *moment, struct http_denial *denial);

/* What came of it; the fork may be gone then. */
void fork_made(struct fork *fork);
void fork_denied(struct fork *fork, const struct http_denial *denial);

#endif
