/* store_moment.h - a moment of a stored room, as people write it down.
 *
 *   lobby                            the last that is saved
 *   lobby@1200                       after tick 1200
 *   lobby@1200.7                     after that tick of incarnation 7, or not at all
 *   lobby@2026-01-03T12:30           as it was then (UTC; with seconds and a Z, too)
 */
#ifndef TOOLS_STORE_MOMENT_H
#define TOOLS_STORE_MOMENT_H

#include "sync/limits.h"
#include "tools/store_history.h"

struct store_moment {
    char room[ROOM_NAME_MAX + 1];
    uint64_t tick;        /* UINT64_MAX: the last */
    uint64_t incarnation; /* 0: whichever has it */
    uint64_t wall_ms;     /* since 1970; 0: a tick is meant */
};

/* False where it is none. */
bool moment_read(struct store_moment *moment, const char *text);

/* A time as above, in milliseconds since 1970; false where it is none. */
bool moment_read_time(const char *text, uint64_t *wall_ms);

/* Builds the room as it was; the caller abandons the replay, which was begun. False with an error in the
 * history, which is that of the moment's room. */
bool moment_replay(const struct store_moment *moment,
                   struct store_history *history,
                   struct replay *replay);

#endif
