#include "tests/recording.h"

#include <check.h>
#include <stdlib.h>

#include "sync/hash.h"
#include "tests/shown.h"

static void take_track(struct recording *recording, struct room *room, bool keyframe)
{
    if (!room_track_pending(room))
        return;
    size_t bound = room_track_bytes(room, keyframe);
    if (recording->track_length + bound > recording->track_capacity) {
        recording->track_capacity = 2 * (recording->track_length + bound);
        recording->track = realloc(recording->track, recording->track_capacity);
    }
    struct writer writer = writer_on(recording->track + recording->track_length, bound);
    room_track_write(room, 1000 + 50 * room_tick_number(room), keyframe, &writer);
    ck_assert_int_eq(writer.status, STATUS_OK);
    recording->track_length += writer.length;
}

static void note_moment(struct recording *recording, const struct room *room)
{
    uint64_t tick = room_tick_number(room);
    struct recorded_moment before = {0};
    if (recording->moments != NULL)
        before = recording->moments[recording->last];
    recording->moments =
        realloc(recording->moments, (size_t)(tick + 1) * sizeof *recording->moments);
    for (uint64_t i = recording->last; i < tick; i++)
        recording->moments[i] = before;
    recording->moments[tick] = (struct recorded_moment){.hash = room_hash(room, SEAT_NONE),
                                                        .shown = shown_hash(room),
                                                        .log = recording->log.length,
                                                        .track = recording->track_length,
                                                        .known = !recording->hole};
    recording->last = tick;
}

void recording_take(struct recording *recording, struct room *room, bool keyframe)
{
    if (!recording->hole) {
        kept_log_take(&recording->log, room);
        take_track(recording, room, keyframe);
    }
    note_moment(recording, room);
}

void recording_resume(struct recording *recording, struct room *room)
{
    kept_log_resume(&recording->log, room);
    recording->hole = false;
    take_track(recording, room, false);
    note_moment(recording, room);
}

void recording_cut(struct recording *recording, uint64_t tick)
{
    if (tick >= recording->last)
        return;
    recording->last = tick;
    recording->log.length = recording->moments[tick].log;
    recording->track_length = recording->moments[tick].track;
}

static struct recorded_moment moment_at(const struct recording *recording, uint64_t tick)
{
    return recording->moments[tick < recording->last ? tick : recording->last];
}

uint64_t recording_hash(const struct recording *recording, uint64_t tick)
{
    return moment_at(recording, tick).hash;
}

uint64_t recording_shown(const struct recording *recording, uint64_t tick)
{
    return moment_at(recording, tick).shown;
}

bool recording_knows(const struct recording *recording, uint64_t tick)
{
    return moment_at(recording, tick).known;
}

struct bytes recording_log(const struct recording *recording, uint64_t after, uint64_t to)
{
    size_t from = moment_at(recording, after).log;
    return (struct bytes){recording->log.data + from, moment_at(recording, to).log - from};
}

struct bytes recording_track(const struct recording *recording, uint64_t after, uint64_t to)
{
    size_t from = moment_at(recording, after).track;
    if (recording->track == NULL)
        return (struct bytes){NULL, 0};
    return (struct bytes){recording->track + from, moment_at(recording, to).track - from};
}

struct replay recording_replay(const struct recording *recording,
                               uint64_t tick,
                               const struct room_options *options,
                               const struct kinds *kinds)
{
    struct replay replay = replay_begin(options, kinds);
    ck_assert_int_eq(replay_log(&replay, recording_log(recording, 0, tick)), STATUS_OK);
    ck_assert_int_eq(replay_track(&replay, recording_track(recording, 0, tick)), STATUS_OK);
    return replay;
}

void recording_forget(struct recording *recording)
{
    kept_log_free(&recording->log);
    free(recording->track);
    free(recording->moments);
    *recording = (struct recording){0};
}
