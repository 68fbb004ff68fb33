#include "clients/c/client.h"

/* The time of the question, so that the answer to an older one is told apart. */
int64_t clock_echo(uint64_t asked_us)
{
    return (int64_t)(asked_us % (uint64_t)INTEGER_MAX);
}

void clock_ask(struct server_clock *clock, uint64_t now_us)
{
    clock->asked = true;
    clock->asked_us = now_us;
}

bool clock_answered(struct server_clock *clock, const struct clock_answer *answer, uint64_t now_us)
{
    if (!clock->asked || answer->echo != clock_echo(clock->asked_us))
        return false;
    clock->asked = false;
    uint64_t round_trip = now_us - clock->asked_us;
    uint64_t middle = clock->asked_us + round_trip / 2;
    clock->samples[clock->count++ % CLOCK_SAMPLES] = (struct clock_sample){
        .round_trip_us = round_trip,
        .offset_us = (int64_t)(answer->wall_ms * 1000) - (int64_t)middle,
    };
    return true;
}

/* The quickest exchange has the least room for error. */
const struct clock_sample *clock_best(const struct server_clock *clock)
{
    const struct clock_sample *best = NULL;
    for (uint32_t i = 0; i < CLOCK_SAMPLES && i < clock->count; i++)
        if (best == NULL || clock->samples[i].round_trip_us < best->round_trip_us)
            best = &clock->samples[i];
    return best;
}
