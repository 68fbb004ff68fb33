/* reel.h - a stretch of a recording on its way: the room as far as it was played, and what follows.
 *
 *   struct reel reel = reel_of(&moment, tick);
 *   reel_add(&reel, &memory, what_follows);
 *   for (struct tape *tape = reel_next(&reel); tape_tick(tape) <= tick; tape = reel_next(&reel))
 *       reel_play(&reel, tape);
 *
 * Ownership  what is added is copied; the replay is the reel's.
 * Errors     reel_status() says what is wrong with what was played, or comes next.
 */
#ifndef SYNC_REEL_H
#define SYNC_REEL_H

#include "sync/player.h"
#include "sync/tape.h"

/* All zero: nothing is on it. */
struct reel {
    struct replay replay;
    struct tape log, track;
    uint64_t at;                        /* the end of this tick is shown */
    uint64_t to;                        /* what follows is there up to here */
    bool end;                           /* and nothing more is recorded */
    uint64_t entry_tick, entry_wall_ms; /* of the last entry that was played */
};

bool reel_is_loaded(const struct reel *reel);

/* Takes the replay, whose room is there. */
struct reel reel_of(struct replay *moment, uint64_t tick);
void reel_free(struct reel *reel, const struct memory *memory);

/* False without memory. */
MUST_CHECK bool reel_add(struct reel *reel, const struct memory *memory, struct recorded recorded);

/* Where the next entry is; of a tick the log's comes first. */
struct tape *reel_next(struct reel *reel);

/* Plays the next entry of this tape. True where the replay's room is another one than it was, or those in
 * it are: a log has the room anew behind a hole, and who was there before it slept has gone. */
bool reel_play(struct reel *reel, struct tape *tape);

enum status reel_status(const struct reel *reel);

#endif
