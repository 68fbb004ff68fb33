/* moments.h - what the storage gives of a room's past: the room as it was after a tick, what followed
 * that, and what there is to see at all.
 *
 *   storage_moment(storage, name, incarnation, tick, ticket);   answered by STORAGE_MOMENT
 *   if (event.moment->result == MOMENT_DONE) use replay_room(&event.moment->replay)
 *   storage_more(storage, name, event.moment->follows.to, ticket);     and so on, by STORAGE_MORE
 *   storage_recording(storage, name, awake_to, ticket);         what a timeline shows
 *
 * A moment is the end of a tick. Ticks of a room ascend over all of its incarnations; those that a
 * crash took are given again, so that only together with an incarnation a tick means one thing for ever.
 *
 * Ownership  of the one whose ticket it is; each is freed with its own function, NULL too.
 */
#ifndef SERVER_MOMENTS_H
#define SERVER_MOMENTS_H

#include "persistence/flush.h"
#include "persistence/store.h"
#include "sync/log.h"

enum moment_result {
    MOMENT_DONE,
    MOMENT_NONE,       /* no such room, or its incarnation never had that tick */
    MOMENT_UNRECORDED, /* its past is not kept */
    MOMENT_GAP, /* nothing was written down of that tick, or it is not kept any more; `next` goes on */
    MOMENT_LOST,        /* that incarnation ended in a crash before the tick was on the disk */
    MOMENT_QUARANTINED, /* nothing goes on from there before it is released */
    MOMENT_DAMAGED,     /* `text` says where */
    MOMENT_KIND, /* of a kind that this server does not have, or that declares other names by now */
    MOMENT_FAILED,  /* no memory, or the disk does not answer: try again */
    MOMENT_FORSAKEN /* nobody waited for it, or the storage stops */
};

/* Of the recording as it is when the answer is given. */
struct recorded_room {
    uint8_t kind_length;
    uint8_t kind[NAME_BYTES_MAX];
    uint64_t incarnation; /* in which the moment lies; of a recording the newest */
    uint64_t first, last; /* ticks that are kept; of an awake room up to what was flushed */
};

/* What a room did, behind a tick. */
struct stretch {
    struct flush_buffer log, track; /* whole entries, as the engine wrote them */
    uint64_t to;                    /* every entry up to this tick is in it */
    bool end;                       /* nothing follows as yet */
};

struct moment {
    enum moment_result result;
    struct recorded_room room;
    struct replay replay; /* DONE: the room after `tick`, with its seats and their presence */
    bool goes_on; /* it was asked for as an origin; then `exact`: it is the room that was, whole */
    bool exact;
    uint64_t tick;
    struct stretch follows; /* up to the end of the segment in which the moment lies */
    uint64_t next;          /* GAP: the first tick behind it */
    char text[STORE_PLACE_MAX];
};

struct more {
    enum moment_result result;
    struct recorded_room room;
    struct stretch stretch;
    uint64_t next; /* GAP: where a moment has to be asked for to go on */
    char text[STORE_PLACE_MAX];
};

/* Frees the replay too, if it was not taken: who takes it puts an empty one in its place. */
void moment_free(struct moment *moment);
void more_free(struct more *more);

/* --- All of it ------------------------------------------------------------------------------------ */

/* Of more the rest is left out. */
#define RECORDING_BUCKETS_MAX 2000u
#define RECORDING_LIVES_MAX   1000u
#define RECORDING_GAPS_MAX    1000u
#define RECORDING_STAYS_MAX   2000u

enum recording_gap_kind {
    GAP_DROPPED, /* not kept any more */
    GAP_HOLE,    /* never written down */
    GAP_PRESENCE /* a crash took presence, and nothing else */
};

/* Of the ticks between these two nothing is there, or not all. */
struct recording_gap {
    uint64_t from, to;
    enum recording_gap_kind kind;
};

struct recording_life {
    uint64_t incarnation, first;
};

/* How much happened in so many ticks. */
struct recording_bucket {
    uint32_t operations, presence;
};

/* Somebody was there. */
struct recording_stay {
    uint32_t seat, member;
    uint64_t from, to; /* to: UINT64_MAX while it goes on */
    struct bytes user; /* packed; empty for none */
};

struct recording_text;

/* What a timeline shows. */
struct recording {
    enum moment_result result;
    struct recorded_room room;   /* with the newest incarnation */
    uint64_t began_ms, ended_ms; /* since 1970; 0 where nobody knows */
    uint64_t bucket_ticks;
    struct recording_bucket *buckets; /* from room.first on */
    struct recording_life *lives;
    struct recording_gap *gaps;
    struct recording_stay *stays;
    struct store_session *sessions;
    struct store_marker *markers;
    size_t bucket_count, life_count, gap_count, stay_count, session_count, marker_count;
    struct recording_text *texts; /* which the views above show */
    char text[STORE_PLACE_MAX];
};

void recording_free(struct recording *recording);

#endif
