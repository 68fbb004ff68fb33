/* guard.h - steps of rooms whose rules may do anything: the server goes on, or knows who ended it.
 *
 *   struct guard *guard = guard_create(folder);
 *   switch (guard_tick(guard, &account, name, room)) { ... }
 *
 * Three things can go wrong with a step, and each costs the room it happened in alone:
 *
 *   it does not end     after TICK_CPU_MAX_MS of this thread's processor time it is left in the
 *                       middle: GUARD_STUCK
 *   steps take too long more than a second of it for a second's worth of ticks, those left out that
 *                       took a lot of messages: GUARD_SLOW
 *   the process dies    by a signal of its own: the room's name is written into the file `ticking` of
 *                       the data folder, and the next start asks guard_blame()
 *
 * A step allocates nothing, holds no lock and waits for nothing, so that it can be left. What it was
 * about to write is in no order: the room may not be touched again, nor be freed.
 *
 * Units      nanoseconds of processor time; wall time alone blames nobody.
 * Threads    a guard belongs to the thread that made it; each thread may have one.
 * Process    SIGVTALRM is the guards'; signals of a crash pass through them to whoever had them.
 */
#ifndef SERVER_GUARD_H
#define SERVER_GUARD_H

#include "sync/room.h"

/* Of one step. A tick that takes a fifth of this has already made a room of 20 Hz stutter. */
#define TICK_CPU_MAX_MS 1000u

enum guard_end {
    GUARD_WELL,
    GUARD_SLOW,  /* the room is as it should be */
    GUARD_BROKE, /* room_is_broken(), and room_ended() says why */
    GUARD_STUCK  /* the room may not be touched again */
};

/* What a room's steps took lately; all zero to begin with. */
struct guard_account {
    uint64_t spent_ns;
    uint32_t ticks;
    bool exact; /* this second is measured in processor time, the last took too long by the wall */
};

struct guard;

/* `folder` is a descriptor of the data folder; -1: the name is written nowhere. NULL with errno. Who is
 * to blame stands in the file until guard_forget(), or until somebody else is. */
struct guard *guard_create(int folder);
void guard_forget(struct guard *guard);
void guard_destroy(struct guard *guard);

/* True when rules of the kind run at all. A room of one without may do without a guard. */
bool guard_is_for(const struct rules *rules);

/* room_tick(). */
enum guard_end guard_tick(struct guard *guard,
                          struct guard_account *account,
                          struct bytes name,
                          struct room *room);

/* room_create(), with its callback. *room is NULL without memory, and where it is stuck. */
enum guard_end guard_open(struct guard *guard,
                          struct bytes name,
                          const struct room_options *options,
                          struct room **room);

/* Whose step ended the process that had this data folder before. */
#define GUARD_REASON_MAX 128u
struct guard_blame {
    uint8_t name[ROOM_NAME_MAX];
    size_t name_length;
    char reason[GUARD_REASON_MAX];
};

/* False when nobody is to blame: nor for a process that was killed, or lost its power. */
bool guard_blame(int folder, struct guard_blame *blame);

#endif
