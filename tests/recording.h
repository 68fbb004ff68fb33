/* recording.h - a room that is recorded as a server does it, log and track, and what it was at each
 * tick.
 *
 *   struct recording recording = {0};
 *   step(room);  recording_take(&recording, room, false);           each tick
 *   struct replay replay = recording_replay(&recording, tick, &options, &kinds);
 *   ck_assert_uint_eq(room_hash(replay_room(&replay), SEAT_NONE), recording_hash(&recording, tick));
 */
#ifndef TESTS_RECORDING_H
#define TESTS_RECORDING_H

#include "sync/track.h"
#include "tests/kept_log.h"

/* The end of a tick. */
struct recorded_moment {
    uint64_t hash;     /* of all that the room held, presence too */
    uint64_t shown;    /* of what a recording shows of it: shown_hash() */
    size_t log, track; /* how long they were */
    bool known;        /* it is recorded: not in a hole */
};

struct recording {
    struct kept_log log;
    uint8_t *track;
    size_t track_length, track_capacity;
    struct recorded_moment *moments; /* by tick; ticks that were not taken are as the one before */
    uint64_t last;
    bool hole; /* what is taken now is not recorded: the room's log was stopped */
};

/* Takes what the tick just made has to write; a keyframe of presence where one is asked for. */
void recording_take(struct recording *recording, struct room *room, bool keyframe);
/* The log goes on behind a hole. */
void recording_resume(struct recording *recording, struct room *room);
/* What came behind this tick is lost in a crash. */
void recording_cut(struct recording *recording, uint64_t tick);

uint64_t recording_hash(const struct recording *recording, uint64_t tick);
uint64_t recording_shown(const struct recording *recording, uint64_t tick);
bool recording_knows(const struct recording *recording, uint64_t tick);

/* What came behind one tick, up to another; good until more is taken. */
struct bytes recording_log(const struct recording *recording, uint64_t after, uint64_t to);
struct bytes recording_track(const struct recording *recording, uint64_t after, uint64_t to);

/* From the beginning up to a moment. */
struct replay recording_replay(const struct recording *recording,
                               uint64_t tick,
                               const struct room_options *options,
                               const struct kinds *kinds);

void recording_forget(struct recording *recording);

#endif
