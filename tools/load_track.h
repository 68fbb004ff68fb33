/* load_track.h - what a member has sent of late, so that what others receive is found in it.
 *
 *   track_sent(track, x, y, now_us);
 *   switch (track_match(track, &seen, x, y, &match)) ...
 *
 * A receiver goes through what was sent from the front to the back: `seen` counts how far it is.
 * Values that it never got because newer ones came first are superseded, which is how the
 * protocol works; a value that was never sent, or that comes after a newer one, is an error.
 */
#ifndef TOOLS_LOAD_TRACK_H
#define TOOLS_LOAD_TRACK_H

#include <stdbool.h>
#include <stdint.h>

/* 12 seconds at 20 Hz: nobody who reads is further behind. */
#define TRACK_KEPT 256u

struct sent {
    int32_t x, y;
    uint64_t at_us;
};

struct track {
    struct sent ring[TRACK_KEPT];
    uint64_t count; /* ever sent */
};

enum track_outcome {
    TRACK_NEW,
    TRACK_AGAIN,     /* what was seen last, once more */
    TRACK_BACKWARDS, /* older than what was seen last */
    TRACK_FOREIGN    /* never sent, or too long ago */
};

struct track_match {
    uint64_t sent_us;    /* of TRACK_NEW */
    uint64_t superseded; /* between it and the one seen before */
};

void track_sent(struct track *track, int32_t x, int32_t y, uint64_t now_us);
enum track_outcome track_match(const struct track *track,
                               uint64_t *seen,
                               int32_t x,
                               int32_t y,
                               struct track_match *match);

/* True when (x, y) is what was sent last, or nothing was sent. */
bool track_is_last(const struct track *track, int32_t x, int32_t y);

#endif
