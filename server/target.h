/* target.h - what the path of a request names below WIRE_PATH: a room, a replay of it, or something else
 * that is the room's.
 *
 *   switch (target_read(path, query, &target)) { case TARGET_GOOD: ... }
 *   struct bytes name = target_host(&target, buffer);     among the rooms of a hub
 *
 * A replay is at ROOM/replay/NAME, and says with ?at=TICK or ?at=TICK.INCARNATION where it begins;
 * whoever opens one that is there already comes in where that one is.
 *
 * Ownership  names are views into the path.
 */
#ifndef SERVER_TARGET_H
#define SERVER_TARGET_H

#include "sync/wire.h"

#define REPLAY_NAME_MAX 32u

/* ROOM/NAME: what a replay is called in a hub, since no room can be called so. */
#define HUB_NAME_MAX (ROOM_NAME_MAX + 1 + REPLAY_NAME_MAX)

/* Longest text of a target. */
#define TARGET_TEXT_MAX 256u

enum target_fault {
    TARGET_GOOD,
    TARGET_PATH,        /* there is nothing of this path */
    TARGET_ROOM_NAME,   /* no name of a room */
    TARGET_REPLAY_NAME, /* no name of a replay */
    TARGET_MOMENT       /* the query says no moment */
};

struct target {
    struct bytes room;
    struct bytes replay;  /* empty: the room itself */
    uint64_t tick;        /* where a replay begins; 0: at the first moment that there is */
    uint64_t incarnation; /* of that tick; 0: the newest that has it */
    bool unrecorded;      /* of a room that is not there yet: its past is not to be kept */
};

/* Takes WIRE_PATH ROOM/REST apart. False for another path; rest->data is NULL where there is no slash
 * behind the room. Whether the room's name is one is not looked at. */
bool target_split(struct bytes path, struct bytes *room, struct bytes *rest);

/* In the query of a path that is a room's own, only record=no means something. */
enum target_fault target_read(struct bytes path, struct bytes query, struct target *target);

/* A good one as a text to keep: NAME, NAME?record=no or NAME/replay/NAME?at=TICK.INCARNATION; and a target of views
 * into that again. */
struct bytes target_write(const struct target *target, char text[TARGET_TEXT_MAX]);
enum target_fault target_recall(struct bytes text, struct target *target);

/* TICK or TICK.INCARNATION: whole numbers of 1 to 16 digits, at most INTEGER_MAX. The incarnation stays what
 * it was where there is none. */
bool target_moment(struct bytes text, uint64_t *tick, uint64_t *incarnation);

/* The name of the room, or of the replay, which is written into the buffer. */
struct bytes target_host(const struct target *target, uint8_t buffer[HUB_NAME_MAX]);

#endif
