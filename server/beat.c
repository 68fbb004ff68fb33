#include "server/beat.h"

#include <assert.h>

#define SECOND UINT64_C(1000000)

static uint64_t deadline(const struct beat *beat, uint64_t count)
{
    /* Split so that the product stays small for as long as any machine runs. */
    uint64_t seconds = count / beat->hz;
    return beat->start_us + seconds * SECOND + count % beat->hz * SECOND / beat->hz;
}

void beat_start(struct beat *beat, uint32_t hz, uint64_t now_us)
{
    assert(hz >= 1 && hz <= BEAT_HZ_MAX);
    *beat = (struct beat){.start_us = now_us, .hz = hz};
}

uint64_t beat_next_us(const struct beat *beat)
{
    return deadline(beat, beat->count + 1);
}

struct beat_due beat_take(struct beat *beat, uint64_t now_us)
{
    struct beat_due due = {0};
    uint64_t next_us = beat_next_us(beat);
    if (now_us < next_us)
        return due;

    due.late_us = now_us - next_us;
    while (due.steps < BEAT_CATCHUP_MAX && beat_next_us(beat) <= now_us) {
        beat->count++;
        due.steps++;
    }
    if (beat_next_us(beat) <= now_us) {
        uint64_t elapsed_us = now_us - beat->start_us;
        uint64_t reached = elapsed_us / SECOND * beat->hz + elapsed_us % SECOND * beat->hz / SECOND;
        /* Deadlines are rounded down, so this may be one short of the last that has passed. */
        while (deadline(beat, reached + 1) <= now_us)
            reached++;
        due.dropped = reached - beat->count;
        beat->count = reached;
    }
    return due;
}
