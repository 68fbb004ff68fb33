/* room.h - one room: seats, a bounded inbox, and the fixed step that turns it into state.
 *
 *   struct room *room = room_create(&(struct room_options){.rules = &kind_open, .incarnation = 1});
 *   room_join(room, &hello, ROLE_EDITOR, &seat);   wire_write_welcome(&writer, room, seat, &limits);
 *   room_submit(room, seat, message);              each message, as it arrives
 *   room_prepare(room); room_tick(room);           each 1/tick_hz
 *   frames_*(...)                                  see sync/frame.h
 *
 * Units      time is the room's tick. The engine knows no clock.
 * Ownership  room_create() allocates, room_destroy() frees. Messages are copied.
 * Errors     what clients send is answered with a status; only a caller's mistake is asserted.
 * Limits     struct room_limits and sync/limits.h.
 * Threads    none: one owner at a time.
 */
#ifndef SYNC_ROOM_H
#define SYNC_ROOM_H

#include "sync/base.h"
#include "sync/limits.h"
#include "sync/rules.h"
#include "sync/wire.h"

#define SEAT_NONE UINT32_MAX

/* Zero in a field means its default in sync/limits.h. */
struct room_limits {
    uint32_t members;     /* seats, those in their grace period included */
    uint32_t records;     /* live records, presence not counted */
    uint32_t state_bytes; /* memory of all that the room holds: records, values, tombstones, events,
                             names, and what it remembers of members and client keys */
    uint32_t tombstones;  /* per scope; the oldest are pruned, which raises the horizon */
    uint32_t inbox_bytes; /* what may wait for one tick */
    uint32_t clients;     /* client keys remembered */
};

struct room_options {
    const struct rules *rules;
    struct room_limits limits;
    uint64_t incarnation; /* 1..INTEGER_MAX */
    uint64_t seed;        /* of room_random() */
    uint32_t grace_ticks; /* how long a broken connection's seat is kept */
    bool logs;            /* it writes down what it does: sync/log.h */
    bool saves;           /* what it writes down gets saved, and members are told */
    bool unrecorded;      /* its past is not to be kept beyond what brings it back */
    struct memory memory;
};

/* The moment of another room that a room goes on from. */
struct room_fork {
    uint64_t incarnation, tick;
    uint8_t name_length; /* 0: from none */
    uint8_t name[ROOM_NAME_MAX];
};

/* NULL when there is no memory. Calls rules->created. */
struct room *room_create(const struct room_options *options);
void room_destroy(struct room *room);

/* Takes a seat: a new one, or the one that this client key has, even if it looks connected
 * (the caller closes the older connection of that seat). The presence record appears with the next
 * tick, or a later one where many come at once. STATUS_FULL, STATUS_MEMORY, STATUS_LIMIT: nothing has changed. */
MUST_CHECK enum status
room_join(struct room *room, const struct hello *hello, enum role role, uint32_t *seat);

/* The member gives its seat up; it is free after the next tick, or a later one where many go at once. */
void room_leave(struct room *room, uint32_t seat);

/* The connection broke: the seat is kept for grace_ticks, the member shows as away. */
void room_disconnect(struct room *room, uint32_t seat);

/* How long a seat is kept, for connections that break from now on. */
void room_set_grace(struct room *room, uint32_t ticks);

/* Gives the member another role from the next tick on. Scopes come into and out of its sight. */
MUST_CHECK enum status room_set_role(struct room *room, uint32_t seat, enum role role);

/* Puts an `operations` or `presence` message into the inbox, where the next tick takes it, and
 * `inputs` where their own ticks do.
 * TRUNCATED, MALFORMED: the connection is to be closed with 4000. LIMIT: with 4011. MEMORY: 4017.
 * With any of them nothing of the message is taken. */
MUST_CHECK enum status room_submit(struct room *room, uint32_t seat, struct bytes message);

/* Sets aside the memory that the next tick may need. On STATUS_MEMORY do not tick. */
MUST_CHECK enum status room_prepare(struct room *room);

/* One step: the inbox in its order, timers, the rules' tick. Allocates nothing. */
void room_tick(struct room *room);

/* Presence that the tick just made has refused, and inputs that were since the one before: whom to
 * send a notice. Valid until the next tick. */
struct notice {
    uint32_t seat;
    enum status status;
};
const struct notice *room_notices(const struct room *room, uint32_t *count);

/* Figures, for metrics and for deciding when to put a room to sleep; more in sync/rules.h. */
uint64_t room_incarnation(const struct room *room);
/* NULL for a room that was made new. It is part of what the room is: a snapshot has it. */
const struct room_fork *room_forked_from(const struct room *room);
/* Before anyone joins; 1 to ROOM_NAME_MAX characters. */
void room_set_fork(struct room *room, struct bytes name, uint64_t incarnation, uint64_t tick);
/* Whether its past may be kept. Decided as it is made, for good: log and snapshots have it. */
bool room_is_recorded(const struct room *room);
const struct rules *room_rules(const struct room *room);
/* Whether its rules take the memory that they have here: one that a tick of theirs has left they do. In its first tick
 * a room that was loaded clears one that they do not. */
bool room_is_sound(const struct room *room);
uint32_t room_records(const struct room *room);   /* live records, presence not counted */
uint64_t room_bytes(const struct room *room);     /* state, as room_limits.state_bytes counts it */
uint64_t room_footprint(const struct room *room); /* all memory taken from struct memory */
size_t room_waiting_bytes(const struct room *room); /* of messages that the next tick takes */
uint32_t room_seat_member(const struct room *room, uint32_t seat);

/* How often something was refused or thrown away, by status, since room_create(). */
const uint64_t *room_refusals(const struct room *room); /* [STATUS_COUNT] */

/* What became of inputs that fit, likewise. */
struct input_counts {
    uint64_t taken;
    uint64_t late;      /* their tick was over */
    uint64_t early;     /* more than INPUT_AHEAD_MAX ticks ahead */
    uint64_t duplicate; /* for a tick that had one; the first counts */
    uint64_t missed;    /* ticks without one of a member that had begun to send */
};
const struct input_counts *room_input_counts(const struct room *room);

/* What its rules say. */
const char *room_ended(const struct room *room); /* the reason; NULL while it goes on */
/* It ended since they did what they may not. What it has logged is whole, and not to be thrown away. */
bool room_is_broken(const struct room *room);
/* The card as of the last tick: empty for none. *stamp is another one whenever it is another card. */
struct bytes room_card_shown(const struct room *room, uint64_t *stamp);

#endif
