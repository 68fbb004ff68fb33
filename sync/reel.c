#include "sync/reel.h"

#include "sync/room_parts.h"
#include "sync/track.h"

bool reel_is_loaded(const struct reel *reel)
{
    return reel->replay.room != NULL;
}

struct reel reel_of(struct replay *moment, uint64_t tick)
{
    struct reel reel = {.replay = *moment,
                        .at = tick,
                        .to = tick,
                        .entry_tick = moment->room->tick,
                        .entry_wall_ms = moment->wall_ms};
    moment->room = NULL;
    return reel;
}

void reel_free(struct reel *reel, const struct memory *memory)
{
    replay_abandon(&reel->replay);
    tape_free(&reel->log, memory);
    tape_free(&reel->track, memory);
    *reel = (struct reel){0};
}

bool reel_add(struct reel *reel, const struct memory *memory, struct recorded recorded)
{
    reel->end = recorded.end;
    reel->to = recorded.to > reel->to ? recorded.to : reel->to;
    return tape_add(&reel->log, memory, recorded.log) &&
           tape_add(&reel->track, memory, recorded.track);
}

struct tape *reel_next(struct reel *reel)
{
    return tape_tick(&reel->log) <= tape_tick(&reel->track) ? &reel->log : &reel->track;
}

bool reel_play(struct reel *reel, struct tape *tape)
{
    const struct room *room = reel->replay.room;
    uint64_t began = reel->replay.track.began;
    struct log_entry entry = tape_take(tape);
    enum status status = tape == &reel->log ? replay_log(&reel->replay, entry.bytes)
                                            : replay_track(&reel->replay, entry.bytes);
    (void)status; /* it stays in the replay: reel_status() */
    reel->entry_tick = entry.tick;
    reel->entry_wall_ms = entry.wall_ms;
    return reel->replay.room != room || reel->replay.track.began != began;
}

enum status reel_status(const struct reel *reel)
{
    if (reel->replay.status != STATUS_OK)
        return reel->replay.status;
    return reel->log.status != STATUS_OK ? reel->log.status : reel->track.status;
}
