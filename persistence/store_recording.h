/* store_recording.h - what is kept of a room beside its state: what was recorded when.
 *
 *   store->segments(store, name, after, visitor, context);      a timeline, without the recordings
 *   store->tracks(store, name, tick, visitor, context);         presence, as it was sealed
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
};

#endif
