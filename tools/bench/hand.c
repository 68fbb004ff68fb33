#include "tools/bench/hand.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#define REACH_MIN (2 * 20.0)   /* half pixels: to the next word */
#define REACH_MAX (2 * 1200.0) /* from one end of the screen to the other */
#define TURN      6.283185307179586

/* SplitMix64 (Steele, Lea, Flood 2014): any seed will do, neighbouring ones too. */
static uint64_t random_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

/* Uniform in [0, 1). */
static double random_share(struct hand *hand)
{
    return (double)(random_next(&hand->random) >> 11) * 0x1p-53;
}

static bool on_screen(double x, double y)
{
    return x >= 0 && x <= HAND_WIDTH - 1 && y >= 0 && y <= HAND_HEIGHT - 1;
}

/* Draws until the target is on the screen; a short reach fits even from a corner. */
static void reach_begin(struct hand *hand)
{
    double share;
    do {
        share = random_share(hand);
        double distance = REACH_MIN * exp(share * log(REACH_MAX / REACH_MIN));
        double angle = random_share(hand) * TURN;
        hand->to_x = hand->from_x + distance * cos(angle);
        hand->to_y = hand->from_y + distance * sin(angle);
    } while (!on_screen(hand->to_x, hand->to_y));

    hand->reach_s = HAND_REACH_MIN_S + share * (HAND_REACH_MAX_S - HAND_REACH_MIN_S);
    hand->pause_s = random_share(hand) * HAND_PAUSE_MAX_S;
}

/* The share of the way gone after a share of the time: no speed and no force at either end. */
static double minimum_jerk(double time)
{
    return time * time * time * (10 + time * (6 * time - 15));
}

void hand_init(struct hand *hand, uint64_t seed)
{
    *hand = (struct hand){.random = seed};
    hand->from_x = random_share(hand) * (HAND_WIDTH - 1);
    hand->from_y = random_share(hand) * (HAND_HEIGHT - 1);
    reach_begin(hand);
    hand_move(hand, 0);
}

void hand_move(struct hand *hand, double seconds)
{
    assert(seconds >= 0);

    hand->elapsed_s += seconds;
    while (hand->elapsed_s >= hand->reach_s + hand->pause_s) {
        hand->elapsed_s -= hand->reach_s + hand->pause_s;
        hand->from_x = hand->to_x;
        hand->from_y = hand->to_y;
        reach_begin(hand);
    }

    double way = minimum_jerk(fmin(hand->elapsed_s / hand->reach_s, 1));
    hand->x = (int32_t)lround(hand->from_x + (hand->to_x - hand->from_x) * way);
    hand->y = (int32_t)lround(hand->from_y + (hand->to_y - hand->from_y) * way);
}
