/* shown.h - what a recording shows of a room: a hash of what everyone sees, what roles see and who is
 * there, which is the same for a room and for another one that follows it. */
#ifndef TESTS_SHOWN_H
#define TESTS_SHOWN_H

#include "sync/room.h"

/* Without the collection `replay` and members of a replay room's own. */
uint64_t shown_hash(const struct room *room);

/* Every part of the room's structure hangs together: orders, slots, counts, lists. */
void expect_sound(const struct room *room);

#endif
