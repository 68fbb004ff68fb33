/* beat.h - the clock of ticks: when the next one is due, and how many to make up for.
 *
 *   struct beat beat;
 *   beat_start(&beat, 20, now_us);
 *   wake up at beat_next_us(&beat), then
 *   struct beat_due due = beat_take(&beat, now_us);     do due.steps ticks
 *
 * Deadlines are start + n / hz, computed from n: they never drift, however late each one is
 * noticed. Whoever falls behind makes up BEAT_CATCHUP_MAX ticks at a time; what is beyond that is
 * dropped, since a server that tries to make up all of it never gets out of the hole.
 *
 * Units      microseconds on the caller's monotonic clock, which is handed in.
 */
#ifndef SERVER_BEAT_H
#define SERVER_BEAT_H

#include <stdbool.h>
#include <stdint.h>

#define BEAT_HZ_MAX 120u

/* At 20 Hz a hiccup of 150 ms is made up for; a longer one shows as a jump. */
#define BEAT_CATCHUP_MAX 3u

struct beat {
    uint64_t start_us;
    uint64_t count; /* ticks made or dropped since */
    uint32_t hz;
};

struct beat_due {
    uint32_t steps;   /* ticks to make now, 0..BEAT_CATCHUP_MAX */
    uint64_t late_us; /* by how much the first of them is late */
    uint64_t dropped; /* ticks that are not made at all */
};

/* The first tick is due one period after now. `hz` is 1..BEAT_HZ_MAX. */
void beat_start(struct beat *beat, uint32_t hz, uint64_t now_us);

uint64_t beat_next_us(const struct beat *beat);

/* What is due at now_us. Afterwards the next deadline is later than now_us. */
struct beat_due beat_take(struct beat *beat, uint64_t now_us);

#endif
