/* race_step.h - the motion of a car: one tick of it, two cars that touch, the draught behind one.
 *
 *   struct car car;
 *   car_grid(&car, track, 0);                             the first place of the grid
 *   each tick:
 *       car_step(&car, input, track, tow);                for every car
 *       impact = car_contact(&car, &other);               for every pair that is close
 *
 * The server and the browser run the same step: it is pure, in integers, freestanding and without library
 * calls, and is compiled for both, as part of race.wasm for the latter.
 *
 * Units      race_track.h: 1/65536 m, 1/65536 m per tick of 1/60 s, 1/65536 of a turn (clockwise on a screen).
 * Errors     none: any bits in a car and any input give a car that is on the track and within the limits.
 * Limits     speed stays within CAR_SPEED_MAX, position within the walls of the track.
 */
#ifndef SYNC_RACE_STEP_H
#define SYNC_RACE_STEP_H

#include "sync/race_track.h"

/* What a driver does in a tick, a number 0..255: steering -15..15 (to the right is positive) counted from
 * CAR_STEER_CENTRE in the low five bits, and the pedals. */
enum {
    CAR_STEER_MASK = 31,
    CAR_STEER_CENTRE = 15,
    CAR_THROTTLE = 32,
    CAR_BRAKE = 64, /* and drives backwards once the car stands */
    CAR_HANDBRAKE = 128,
    CAR_COAST = CAR_STEER_CENTRE /* hands and feet off */
};

/* Most that car_step() takes as `tow`: right behind another car. */
#define CAR_TOW_MAX 256

/* What to expect of a car on asphalt, in metres and seconds: its top speed alone and towed, and the way in which
 * it stops from the first. Held by tests. */
#define CAR_TOP_MPS   58
#define CAR_TOWED_MPS 65
#define CAR_BRAKING_M 93

/* No car is faster, whatever pushes it: 80 m/s. */
#define CAR_SPEED_MAX (80 * RACE_METRE / RACE_TICK_HZ)

/* A car is two circles, one behind the other. */
#define CAR_RADIUS RACE_METRE
#define CAR_NOSE   (RACE_METRE * 6 / 5) /* from the middle to the centre of either */
#define CAR_LENGTH (2 * (CAR_NOSE + CAR_RADIUS))
#define CAR_WIDTH  (2 * CAR_RADIUS)

/* Two cars leave each other by no more than this much each in a tick. */
#define CAR_PUSH_MAX (RACE_METRE / 8)

enum {              /* of car.signs: what happened in the last tick, for sound, smoke and judges */
    CAR_SLIDES = 1, /* it goes sideways */
    CAR_WALL = 2,   /* it touched a wall */
    CAR_BUMPED = 4, /* it touched a car */
    CAR_BRAKES = 8  /* its brake lights are on */
};

/* 24 bytes without gaps, little-endian in the browser and wherever it is sent. */
struct car {
    int32_t x, y;
    int32_t vx, vy;
    uint16_t heading;
    int16_t spin;     /* angle per tick */
    uint16_t segment; /* of the track */
    uint8_t surface;  /* enum surface under its middle */
    uint8_t signs;
};

/* One tick. `input` beyond its range is read by its low eight bits; `tow` is 0..CAR_TOW_MAX, see car_tow(). */
void car_step(struct car *car, uint32_t input, const struct track *track, uint32_t tow);

/* Two cars after their steps. Where they overlap they are pushed apart and, when they came closer,
 * exchange momentum: what one gains the other loses, to the last bit. Swapping the cars changes nothing.
 * Returns the speed at which they met, at least 1; 0 when they do not touch. A push may put a car up to
 * CAR_PUSH_MAX into a wall; its next step takes it out. */
int32_t car_contact(struct car *a, struct car *b);

/* How much draught `car` has from `ahead`: 0..CAR_TOW_MAX. A car takes the most of what it has from all. */
uint32_t car_tow(const struct car *car, const struct car *ahead);

/* Puts a car on the track: standing, looking in the direction of driving. `along` may be any number. */
void car_place(struct car *car, const struct track *track, int64_t along, int32_t offset);

/* On the n-th place of the grid, 0 in front; there is one for each n < 16. */
#define CAR_GRID 16
void car_grid(struct car *car, const struct track *track, uint32_t place);

/* Speed along its nose; negative backwards. */
int32_t car_ahead(const struct car *car);

/* Length of its motion in a tick. */
int32_t car_speed(const struct car *car);

/* How fast the front wheels turn the car at this speed when steered all the way: angle per tick. */
int32_t car_turn_max(int32_t ahead);

/* Sine and cosine, TRACK_UNIT for 1. */
int32_t race_sine(uint16_t angle);
int32_t race_cosine(uint16_t angle);

/* The square root, rounded down. */
uint32_t race_root(uint64_t square);

#endif
