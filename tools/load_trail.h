/* load_trail.h - what a member has sent of late, so that what others receive is found in it.
 *
 *   trail_sent(trail, x, y, now_us);
 *   switch (trail_match(trail, &seen, x, y, &match)) ...
 *
 * A receiver goes through what was sent from the front to the back: `seen` counts how far it is.
 * Values that it never got because newer ones came first are superseded, which is how the
 * protocol works; a value that was never sent, or that comes after a newer one, is an error.
 */
#ifndef TOOLS_LOAD_TRAIL_H
#define TOOLS_LOAD_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

/* 12 seconds at 20 Hz: nobody who reads is further behind. */
#define TRAIL_KEPT 256u

struct sent {
    int32_t x, y;
    uint64_t at_us;
};

struct trail {
    struct sent ring[TRAIL_KEPT];
    uint64_t count; /* ever sent */
};

enum trail_outcome {
    TRAIL_NEW,
    TRAIL_AGAIN,     /* what was seen last, once more */
    TRAIL_BACKWARDS, /* older than what was seen last */
    TRAIL_FOREIGN    /* never sent, or too long ago */
};

struct trail_match {
    uint64_t sent_us;    /* of TRAIL_NEW */
    uint64_t superseded; /* between it and the one seen before */
};

void trail_sent(struct trail *trail, int32_t x, int32_t y, uint64_t now_us);
enum trail_outcome trail_match(const struct trail *trail,
                               uint64_t *seen,
                               int32_t x,
                               int32_t y,
                               struct trail_match *match);

/* True when (x, y) is what was sent last, or nothing was sent. */
bool trail_is_last(const struct trail *trail, int32_t x, int32_t y);

#endif
