/* summary.h - what happened in a piece of a recording, in few bytes: for a timeline, which looks through
 * hours of it without reading any.
 *
 *   uint8_t buffer[SUMMARY_BYTES_MAX];
 *   struct writer writer = writer_on(buffer, sizeof buffer);
 *   summary_write(log, track, &writer);
 *   status = summary_read(bytes, &(struct summary_visitor){.second = ..., .change = ...});
 *
 * Told are the seconds in which something happened, with how much, and every change of who is there.
 * Seats are told of, not members: who sits where is known from the pieces before.
 *
 * Errors     what is not to be read of a log ends the summary of it; reading takes bytes from a disk:
 *            damage is a status, never an assert.
 * Format     [1, [tick, second, operations, presence, ...], [[change, tick, wall_ms, ...], ...]]; ticks and
 *            seconds of the first array are differences to the ones before.
 */
#ifndef SYNC_SUMMARY_H
#define SYNC_SUMMARY_H

#include "sync/pack.h"
#include "sync/room.h"

#define SUMMARY_FORMAT 1u

/* Of more seconds or changes of one piece the rest is left out. */
#define SUMMARY_SECONDS_MAX 600u
#define SUMMARY_CHANGES_MAX 200u

/* A user that takes more is told as nil. */
#define SUMMARY_USER_MAX 128u

/* Longest summary: a second takes four integers, a change five beside its user. */
#define SUMMARY_BYTES_MAX                                                                          \
    (16u + SUMMARY_SECONDS_MAX * 36u + SUMMARY_CHANGES_MAX * (48u + SUMMARY_USER_MAX))

enum summary_change_kind {
    SUMMARY_JOINED = 0, /* seat, member, user or nil */
    SUMMARY_LEFT = 1,   /* seat */
    SUMMARY_NOBODY = 2, /* all have left: it sleeps */
    SUMMARY_WOKE = 3,   /* incarnation, which it goes on with; nobody is there */
    SUMMARY_HOLE = 4    /* incarnation, the last tick that is known before this one */
};

struct summary_change {
    enum summary_change_kind kind;
    uint64_t tick, wall_ms;
    uint32_t seat, member;
    struct bytes user; /* packed; empty for none */
    uint64_t incarnation;
    uint64_t known; /* HOLE */
};

struct summary_second {
    uint64_t tick;       /* of the first entry in it */
    uint64_t second;     /* since 1970 */
    uint32_t operations; /* and inputs */
    uint32_t presence;   /* entries of the track */
};

struct summary_visitor {
    void (*second)(void *context, const struct summary_second *second);
    void (*change)(void *context, const struct summary_change *change);
    void *context;
};

void summary_write(struct bytes log, struct bytes track, struct writer *writer);

/* Tells of a room, as it is between two ticks, what summaries before this tick would have told: its life and
 * who is there. */
void summary_room(const struct room *room, uint64_t tick, const struct summary_visitor *visitor);

/* Calls the visitor with all of it. At damage what stands before it has been told. */
MUST_CHECK enum status summary_read(struct bytes summary, const struct summary_visitor *visitor);

#endif
