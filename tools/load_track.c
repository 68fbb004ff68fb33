#include "tools/load_track.h"

static const struct sent *sent_at(const struct track *track, uint64_t number)
{
    return &track->ring[number % TRACK_KEPT];
}

static bool sent_is(const struct track *track, uint64_t number, int32_t x, int32_t y)
{
    return sent_at(track, number)->x == x && sent_at(track, number)->y == y;
}

void track_sent(struct track *track, int32_t x, int32_t y, uint64_t now_us)
{
    track->ring[track->count++ % TRACK_KEPT] = (struct sent){x, y, now_us};
}

enum track_outcome track_match(const struct track *track,
                               uint64_t *seen,
                               int32_t x,
                               int32_t y,
                               struct track_match *match)
{
    uint64_t oldest = track->count > TRACK_KEPT ? track->count - TRACK_KEPT : 0;
    uint64_t first = *seen > oldest ? *seen : oldest;
    for (uint64_t i = first; i < track->count; i++) {
        if (!sent_is(track, i, x, y))
            continue;
        match->sent_us = sent_at(track, i)->at_us;
        match->superseded = i - *seen;
        *seen = i + 1;
        return TRACK_NEW;
    }
    if (*seen > oldest && sent_is(track, *seen - 1, x, y))
        return TRACK_AGAIN;
    for (uint64_t i = oldest; i < first; i++)
        if (sent_is(track, i, x, y))
            return TRACK_BACKWARDS;
    return TRACK_FOREIGN;
}

bool track_is_last(const struct track *track, int32_t x, int32_t y)
{
    return track->count == 0 || sent_is(track, track->count - 1, x, y);
}
