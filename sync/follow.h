/* follow.h - a room that shows what another one is: whatever differs is written into it as new stamps,
 * so that its members see one moment become another as they see any change.
 *
 *   struct follow follow = {0};
 *   room_follow(&follow, target, source, true);     another moment, or the first one
 *   room_follow(&follow, target, source, false);    `source` went on: the cost is what changed in it
 *
 * What everyone sees goes over, what roles see, and presence; never what one member sees or the server
 * alone. Authors go along. The target's kind declares what the source's does, in that order; collections
 * that it declares behind those, and members from FOLLOW_OWN_MEMBERS on, are its own and stay. Names
 * that were learnt are matched, and learnt where the target does not know them. What finds no name there
 * is left out: where no more fit, where it is the name of a collection of the target's own, or a field's
 * merge is another one.
 *
 * Events of a source that goes on happen; those of another moment have happened: whoever looks gets them
 * as history.
 *
 * Between two ticks of either. It takes the memory that it needs.
 */
#ifndef SYNC_FOLLOW_H
#define SYNC_FOLLOW_H

#include "sync/limits.h"
#include "sync/room.h"
#include "sync/wire.h"

/* Members of the source have lower numbers; presence of those who have not is left out. */
#define FOLLOW_OWN_MEMBERS (UINT32_C(1) << 31)

/* All zero before the first call. */
struct follow {
    const struct room *source;           /* of the last call; NULL: nothing is known of it */
    uint64_t places[SCOPE_COUNT];        /* how far its scopes were followed */
    uint32_t names;                      /* of its definitions that have been matched */
    int8_t collections[COLLECTIONS_MAX]; /* its numbers in the target; -1: left out */
    int8_t fields[COLLECTIONS_MAX][FIELDS_MAX];
    int8_t events[EVENT_NAMES_MAX];
};

/* `jump`: `source` is not the room of the last call, or has not merely gone on since. MEMORY: part of
 * it is shown, and the next call shows all of it. */
MUST_CHECK enum status
room_follow(struct follow *follow, struct room *target, const struct room *source, bool jump);

#endif
