/* race_recorded.h - a race of people and bots as it is written down, and recordings that are kept in
 * tests/recordings: what was made by other builds.
 *
 * The room is that of race_world.h.
 */
#ifndef TESTS_RACE_RECORDED_H
#define TESTS_RACE_RECORDED_H

#include "tests/race_world.h"

/* Two members and so many bots on the shortest track, up to the race's first tick; their inputs are missing now
 * and then. */
void recorded_race_begins(uint64_t seed, unsigned laps, unsigned bots);

/* So many ticks in which inputs are late, connections break and come back, and one looks on. */
void recorded_race_goes_on(uint32_t ticks);

/* The log of that recording; the caller frees data. */
struct bytes recording(const char *name);

#endif
