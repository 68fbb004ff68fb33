/* store_recording.h - what is kept of a room beside its state: what was recorded when, and how much of
 * that stays.
 *
 *   store->segments(store, name, after, visitor, context);      a timeline, without the recordings
 *   store->tracks(store, name, tick, visitor, context);         presence, as it was sealed
 *   store->retain(store, &(struct store_retention){.room_bytes = 1u << 30}, &freed);
 *
 * A recording goes in pieces, oldest first: a snapshot, the segments from there up to the next one, and
 * what belongs to them. So what is left begins with a snapshot, and a log that was kept in its middle, for
 * a session that is pinned, has gaps.
 */
#ifndef PERSISTENCE_STORE_RECORDING_H
#define PERSISTENCE_STORE_RECORDING_H

#include "sync/base.h"

/* Longest summary of a segment. */
#define STORE_SUMMARY_MAX 65536u

/* What was sealed of a room at one time. */
struct store_segment {
    uint64_t incarnation;
    uint64_t first, last; /* ticks */
    uint64_t began_ms,
        ended_ms;         /* since 1970, of its first and its last entry; 0 where nobody knows */
    uint64_t bytes;       /* of its log, as stored; 0: there was presence alone */
    struct bytes summary; /* as it was sealed; empty for none */
    bool gap;             /* the log between the segment before and this one is not kept */
};

/* How much stays; a limit of 0 is none. What is needed to bring a room back always stays, and so does what
 * a pinned session needs. */
struct store_retention {
    uint64_t before_ms;         /* since 1970: what was sealed before goes */
    uint64_t room_bytes;        /* most of one room, as stored */
    uint64_t all_bytes;         /* most of all rooms together: what is oldest of any goes first */
    const struct bytes *spared; /* names of rooms of which nothing goes now */
    size_t spared_count;
    struct bytes only; /* of this room alone; empty: of all */
};

#endif
