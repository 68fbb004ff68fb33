/* moments.h - what the storage gives of a room's past: the room as it was after a tick, what followed
 * that, and what there is to see at all.
 *
 *   storage_moment(storage, name, incarnation, tick, ticket);   answered by STORAGE_MOMENT
 *   if (event.moment->result == MOMENT_DONE) use replay_room(&event.moment->replay)
 *   storage_more(storage, name, event.moment->follows.to, ticket);     and so on, by STORAGE_MORE
 *   storage_recording(storage, name, ticket);                   what a timeline shows
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
    MOMENT_NONE, /* no such room, or its incarnation never had that tick */
    MOMENT_GAP, /* nothing was written down of that tick, or it is not kept any more; `next` goes on */
    MOMENT_LOST,    /* that incarnation ended in a crash before the tick was on the disk */
    MOMENT_DAMAGED, /* `text` says where */
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

#endif
