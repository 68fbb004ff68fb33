/* stillborn.c - kinds whose rooms do not live to see a tick: `stillborn` ends the server, `unborn`,
 * built with ENDLESS, does not come back. */
#include "sync/rules.h"

#include <stdlib.h>

#ifdef ENDLESS
#define NAME "unborn"
#else
#define NAME "stillborn"
#endif

static void created(struct room *room)
{
    (void)room;
#ifdef ENDLESS
    for (volatile unsigned turns = 0;;)
        turns = turns + 1;
#else
    abort();
#endif
}

static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE}};

static const struct rules rules = {
    .name = NAME,
    .tick_hz = 20,
    .frame_hz = 20,
    .collections = collections,
    .collection_count = 1,
    .created = created,
};

const struct room_kind room_kind = ROOM_KIND(&rules);
