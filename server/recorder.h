/* recorder.h - presence in a room, written down beside its log: a track.
 *
 *   recorder_take(host);      after the frames of a tick
 *
 * It costs nobody anything to lose: nothing waits for it, and a crash takes its last seconds. Of a room
 * that is not stored it waits, as its log does; when it has grown worth keeping, the room is stored.
 */
#ifndef SERVER_RECORDER_H
#define SERVER_RECORDER_H

#include "persistence/flush.h"

/* Presence of a room that is not stored: beyond this it is one that is. */
#define TRACK_UNSTORED_MAX 4096u

/* At least so often an entry tells all presence that there is, as long as any changes. */
#define KEYFRAME_S 10u

struct room_host;

struct recorder {
    struct flush_buffer waiting; /* of a room that is not stored */
    uint64_t first;              /* tick of what waits */
    uint64_t last;               /* tick of the last entry */
    uint64_t keyframe;           /* of the last that told all */
    bool whole;                  /* the next has to tell all */
};

/* Writes down what presence did since it was last asked. */
void recorder_take(struct room_host *host);

/* The room is stored from here on: with all that waits, or as of now. */
void recorder_stored(struct room_host *host);
void recorder_forget(struct room_host *host);

#endif
