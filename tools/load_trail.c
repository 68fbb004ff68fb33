#include "tools/load_trail.h"

static const struct sent *sent_at(const struct trail *trail, uint64_t number)
{
    return &trail->ring[number % TRAIL_KEPT];
}

static bool sent_is(const struct trail *trail, uint64_t number, int32_t x, int32_t y)
{
    return sent_at(trail, number)->x == x && sent_at(trail, number)->y == y;
}

void trail_sent(struct trail *trail, int32_t x, int32_t y, uint64_t now_us)
{
    trail->ring[trail->count++ % TRAIL_KEPT] = (struct sent){x, y, now_us};
}

enum trail_outcome trail_match(const struct trail *trail,
                               uint64_t *seen,
                               int32_t x,
                               int32_t y,
                               struct trail_match *match)
{
    uint64_t oldest = trail->count > TRAIL_KEPT ? trail->count - TRAIL_KEPT : 0;
    uint64_t first = *seen > oldest ? *seen : oldest;
    for (uint64_t i = first; i < trail->count; i++) {
        if (!sent_is(trail, i, x, y))
            continue;
        match->sent_us = sent_at(trail, i)->at_us;
        match->superseded = i - *seen;
        *seen = i + 1;
        return TRAIL_NEW;
    }
    if (*seen > oldest && sent_is(trail, *seen - 1, x, y))
        return TRAIL_AGAIN;
    for (uint64_t i = oldest; i < first; i++)
        if (sent_is(trail, i, x, y))
            return TRAIL_BACKWARDS;
    return TRAIL_FOREIGN;
}

bool trail_is_last(const struct trail *trail, int32_t x, int32_t y)
{
    return trail->count == 0 || sent_is(trail, trail->count - 1, x, y);
}
