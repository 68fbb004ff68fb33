/* log.h - a room's log: what it did, tick by tick; and a room built again from it.
 *
 *   options.logs = true;                                  the room writes down what it does
 *   room_tick(room);
 *   if (room_log_pending(room)) room_log_write(room, wall_ms, &writer);
 *   room_save(room, tick);                                when all up to this tick is on the disk
 *
 *   struct replay replay = replay_begin(&options, &kinds_built_in);
 *   replay_snapshot(&replay, bytes);                      where there is one
 *   replay_log(&replay, bytes);                           what follows it, in its order
 *   room = replay_end(&replay, &status);
 *
 * One entry for each tick that changed something: the tick, the wall time and the acts in the order
 * in which they took effect: who joined and left, each operation with its outcome, which input came
 * in force, and what the rules wrote, their memory and the results that they gave. Of presence it has
 * no more than what rules can see: sync/rerun.h. Replaying applies the acts without asking the rules, through the same code: records, stamps,
 * slots, authors, outcomes, timers and the random stream come out as they were, the rules' memory as it
 * was written down last.
 *
 * A log may have holes: ticks that were played and not written down (room_log_stop()). Behind one
 * it begins anew with all that the room is. The incarnation stays: what members saw meanwhile did
 * happen, and is only not recorded.
 *
 * Errors     replaying takes bytes from a disk: damage gives a status, never an assert.
 * Format     log.c. Entries are msgpack arrays, one after the other, their ticks ascending.
 */
#ifndef SYNC_LOG_H
#define SYNC_LOG_H

#include "sync/kinds.h"
#include "sync/room.h"

/* Changes whenever the same acts would lead to other stamps or slots than before, or the format
 * does. Clients' places do not outlive the first. */
#define LOG_FORMAT 3

/* From which on the same acts lead to the same stamps and slots; and from which on the log has all that
 * rules can see, so that they can be run over it again. */
#define LOG_FORMAT_SAME     2u
#define LOG_FORMAT_COMPLETE 3u

/* Of a room's first entry, which opens it. */
#define LOG_TICK_FIRST 1u

enum act {
    ACT_OPENED = 0,    /* kind, origin, random state, random stream: the first of a room */
    ACT_WOKEN = 1,     /* origin: nobody is seated */
    ACT_SLEPT = 2,     /* presence stamp, hash of what is kept: nobody is seated any more */
    ACT_JOINED = 3,    /* seat, key, member, sequence, role, user or nil */
    ACT_LEFT = 4,      /* seat */
    ACT_ROLE = 5,      /* seat, role */
    ACT_OPERATION = 6, /* seat, status, operation */
    ACT_EDIT = 7,      /* member, operation: of the rules */
    ACT_NAMED = 8,     /* name of a field of presence */
    ACT_TIMER = 9,     /* number, ticks */
    ACT_RANDOM = 10,   /* state after the tick */
    ACT_ENDED = 11,    /* reason */
    ACT_HASH = 12,     /* of what is kept, after all acts before it */
    ACT_RESUMED = 13,  /* origin, snapshot: behind a hole; alone in its entry */
    ACT_INPUT = 14,    /* seat, input or nil: what is in force from this tick on */
    ACT_MEMORY = 15,   /* the rules' memory, whole, as it is after the tick */
    ACT_RESULT = 16,   /* board, name, score, details or nil: of a game; changes nothing here */
    ACT_AWAY = 17,     /* seat: its connection is lost, and from here on it shows */
    ACT_HERE =
        18, /* seat, role, user or nil: it came or came back, and from here on it shows; nil: as it was */
    ACT_HELD = 19, /* seat, bool: the input in force is held from this tick on; is its own again */
    ACT_TOLD = 20, /* seat, [field, value, ...]: presence that rules look at */
    ACT_UNRECORDED = 21, /* of its past is kept what brings it back: behind OPENED */

    /* Of a track alone: sync/track.h. */
    ACT_PRESENT = 32, /* first in its entry, which has all presence that there is */
    ACT_SHOWN = 33,   /* member, then field, value, ...: what it shows now, nil: no longer */
    ACT_GONE = 34,    /* member */
    ACT_SAID = 35     /* event, from, value */
};

/* An origin says by what the acts behind it were made: LOG_FORMAT, incarnation, limits of tombstones
 * and of client keys, fingerprint of the names that the kind declares (format 1 has none). */

/* --- Writing ------------------------------------------------------------------------------------ */

/* True when there is something to write down. */
bool room_log_pending(const struct room *room);

/* Most bytes that room_log_write() takes now. */
size_t room_log_bytes(const struct room *room);

/* Most bytes that the entry of the next tick takes, after room_prepare(); or of the one in which it
 * falls asleep or wakes. */
size_t room_log_bytes_max(const struct room *room);

/* The entry of the tick just made. What is not written before the next tick comes with that one's. */
void room_log_write(struct room *room, uint64_t wall_ms, struct writer *writer);

/* Everything that was logged up to `tick` is on the disk. */
void room_save(struct room *room, uint64_t tick);

/* True while nothing that the room has done has to outlive it: since it was made no operation was
 * decided, nothing written and no timer set by its rules. Who came and went, and names that presence
 * taught, do not count. Such a log need not be kept: a room made new is as good. Nor does it have all
 * that the room is, while its rules' memory is what they began with: who keeps it all the same begins
 * with room_log_resume(). */
bool room_is_blank(const struct room *room);

/* The durable tick: everything up to its end survives. */
uint64_t room_durable(const struct room *room);
uint64_t room_logged(const struct room *room); /* tick of the last entry */

/* What the room does from here on is not written down; nor is what waits to be. The durable tick
 * stands still. Between two ticks. */
void room_log_stop(struct room *room);

/* An entry with all that the room is, behind which its log goes on; and most bytes that it takes.
 * Between two ticks; it takes one of its own where none was made since room_log_stop(). */
void room_log_resume(struct room *room, uint64_t wall_ms, struct writer *writer);
size_t room_log_resume_bytes(const struct room *room);

/* The room's time goes on by a tick in which it falls asleep: nobody is seated after it. On MEMORY
 * nothing has changed. Do not tick it any more. */
MUST_CHECK enum status room_sleep(struct room *room);

/* A room from replay_end() is about to be used: by its own incarnation, or by a new one, in which
 * nothing counts that clients hold. Again, for a new one, as long as nobody is seated. */
MUST_CHECK enum status room_wake(struct room *room, uint64_t incarnation);

/* Puts the hash of what is kept into the log, so that a replay can tell whether it came out right. */
MUST_CHECK enum status room_log_hash(struct room *room);

/* --- Reading ------------------------------------------------------------------------------------ */

/* A result of a game: see room_result(). Views. */
struct log_result {
    struct bytes board, name;
    int64_t score;
    struct bytes details; /* packed; empty: none */
};

struct replay {
    struct room_options options;
    const struct kinds *kinds;
    struct room *room;  /* NULL before the first entry or snapshot */
    uint64_t tick;      /* of the entry being applied */
    uint64_t wall_ms;   /* of the last entry; 0 for none */
    bool ended;         /* by its rules: it is not to come back */
    bool changed;       /* with KIND: the kind is there, and what it declares is not what it was */
    enum status status; /* of the first failure */
    struct {
        uint64_t began; /* tick from which on entries of a track are about those who are seated */
        uint64_t tick;  /* of its last entry */
        bool shown;     /* presence is what the track says: nothing is missing since a keyframe */
    } track;
};

/* Limits, memory, grace and the seed of the indexes come from the options, all else from the bytes.
 * What the room remembered under other limits it remembers until replay_end(). */
struct replay replay_begin(const struct room_options *options, const struct kinds *kinds);

/* The kind that a log begins with; empty where it begins with neither the room's opening nor all that
 * it is. */
struct bytes log_kind(struct bytes log);

/* Whether a log that opens the room says that it is not recorded. */
bool log_opens_unrecorded(struct bytes log);

/* The room as it was after one tick; entries up to that tick are skipped. Packed, or as it was written. */
MUST_CHECK enum status replay_snapshot(struct replay *replay, struct bytes bytes);

/* Entries, whole ones. KIND: no such kind, or its names have changed. MEMORY. NOT_FOUND: one is
 * missing in between. REFUSED: the state has another hash than was logged. Else the bytes are damaged. */
MUST_CHECK enum status replay_log(struct replay *replay, struct bytes bytes);

/* The room as it was after the last entry, nobody seated, not logging before room_wake(). NULL with
 * a status; NOT_FOUND when there was nothing. `clean`: it slept, and its incarnation may go on, as the
 * limits are those that it had. */
struct room *replay_end(struct replay *replay, bool *clean, enum status *status);

/* Frees what replay_end() was not called for. */
void replay_abandon(struct replay *replay);

/* The room after the last entry as a snapshot would have it: for making one of it. */
const struct room *replay_room(const struct replay *replay);

#endif
