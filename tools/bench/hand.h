/* hand.h - a hand on a mouse: where the pointer is, step by step, the way people move it.
 *
 *   struct hand hand;
 *   hand_init(&hand, seed);
 *   every 1/20 s: hand_move(&hand, 0.05); use hand.x and hand.y
 *
 * The pointer reaches for a target along the minimum-jerk curve, rests, and reaches for the next.
 * Short reaches are commoner than long ones (distances are log-uniform) and a longer one takes
 * more time, by its logarithm, between HAND_REACH_MIN_S and HAND_REACH_MAX_S.
 *
 * Units      positions are half pixels of a screen of 1920 x 1080; time is seconds.
 * Source     Flash and Hogan 1985 (minimum jerk); Fitts 1954 (time grows with log distance).
 * Ownership  a plain value; the same seed and steps give the same path.
 */
#ifndef TOOLS_BENCH_HAND_H
#define TOOLS_BENCH_HAND_H

#include <stdint.h>

#define HAND_WIDTH  3840
#define HAND_HEIGHT 2160

#define HAND_REACH_MIN_S 0.3
#define HAND_REACH_MAX_S 1.2
#define HAND_PAUSE_MAX_S 0.3

struct hand {
    int32_t x, y; /* 0..HAND_WIDTH - 1, 0..HAND_HEIGHT - 1 */

    /* Of hand.c alone. */
    uint64_t random;
    double from_x, from_y, to_x, to_y;
    double reach_s, pause_s; /* how long this reach and the rest after it take */
    double elapsed_s;        /* since this reach began */
};

/* Somewhere on the screen, at the start of a reach. */
void hand_init(struct hand *hand, uint64_t seed);

/* Lets `seconds` pass (0 or more). */
void hand_move(struct hand *hand, double seconds);

#endif
