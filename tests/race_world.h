/* race_world.h - a room of the kind `race` and members that drive in it: by a law, with inputs of their
 * own that come one tick before they count.
 *
 *   setup_race();  uint32_t ada = racer_joins();
 *   wish(ada, "'ready' true");  run_to(PHASE_RACING);  run_to(PHASE_RESULTS);
 *
 * The room is that of viewers.h. No other than those with frames_for() look at its frames.
 */
#ifndef TESTS_RACE_WORLD_H
#define TESTS_RACE_WORLD_H

#include "sync/race_parts.h"
#include "tests/kept_log.h"
#include "tests/viewers.h"

void setup_race(void);
void setup_logged_race(void); /* its log is kept in race_log */
void teardown_race(void);
extern struct kept_log race_log;

/* The room's memory; and the place that a member of this seat has, NULL where it has none. */
struct race_memory *race_now(void);
struct racer *racer_at(uint32_t seat);
uint32_t racers_in(enum racer_state state);

/* The one that is raced on soonest. */
uint32_t shortest_track(void);

/* A member that wants a car, and drives it at a good pace from the start on. */
uint32_t racer_joins(void);
uint32_t racer_joins_as(unsigned key, enum role role);
uint32_t racer_joins_named(unsigned key, const char *name); /* an editor */

/* Its car stands so many metres before the line, in its first lap, with all gates but that behind it. */
void racer_nearly_home(uint32_t seat, int32_t metres);

/* From now on it sends nothing; it sends again; it sends on a new connection. */
void racer_stops(uint32_t seat);
void racer_drives_on(uint32_t seat);
void racer_drives(uint32_t seat);

/* The input for the next tick, instead of that by the law. */
void racer_sends(uint32_t seat, uint32_t input);

/* One operation of the member's on its own driver, or on the settings: what became of it. */
enum status wish(uint32_t seat, const char *pairs);
enum status set(uint32_t seat, const char *pairs);

/* One tick, in which all drive. */
void run(void);
void run_for(uint32_t ticks);
/* Until the phase is this one; fails after half an hour of the room's time. */
void run_to(enum race_phase phase);

/* A race of so many laps and good bots on this track, up to its first tick. */
void race_of(uint32_t track, unsigned laps, unsigned bots);

/* Everyone's frames are made and applied from here on; the bytes that the last seat got. */
void frames_for(uint32_t seats);
extern uint64_t framed_bytes, framed_count;

#endif
