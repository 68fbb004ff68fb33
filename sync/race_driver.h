/* race_driver.h - a driver that is no person: what it does with a car, tick by tick.
 *
 *   int32_t lane = driver_lane(&car, track, &next, wish);
 *   uint32_t input = driver_input(&car, track, skill, lane);
 *   car_step(&car, input, track, tow);
 *
 * It sees what a person sees and has no other means: its only way to the car is the input. It remembers nothing,
 * so that the same car in the same place is driven the same way.
 *
 * Units      race_track.h.
 */
#ifndef SYNC_RACE_DRIVER_H
#define SYNC_RACE_DRIVER_H

#include "sync/race_step.h"

#define DRIVER_SKILL_MAX 255

/* The input for this tick. `skill` is 0..DRIVER_SKILL_MAX; the best drive the racing line at all the pace it
 * allows, the worst at two thirds of it. `lane` moves them to the right of that line, as far as there is
 * road. Off the road, against a wall or the wrong way round, they come back by themselves. */
uint32_t
driver_input(const struct car *car, const struct track *track, uint32_t skill, int32_t lane);

/* The lane with which to pass `other`, where that is ahead and in the way; else `wish`. */
int32_t driver_lane(const struct car *car,
                    const struct track *track,
                    const struct car *other,
                    int32_t wish);

#endif
