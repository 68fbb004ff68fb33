/* steady.c - a kind that counts: its number goes up by STEP in each tick, one that is built with another STEP
 * is the same kind with other rules. */
#include "sync/rules.h"

#ifndef STEP
#define STEP 1
#endif

struct count {
    int64_t number;
};

static const struct field_rules fields[] = {{.name = "n", .type = FIELD_INT}};
static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE},
    {.name = "counts", .server_only = true, .fields = fields, .field_count = 1},
};

static void tick(struct room *room)
{
    struct count *count = room_memory(room);
    count->number += STEP;
    const struct field_value number = {.field = 0, .number = count->number};
    (void)room_put(room, 1, 0, bytes_of("all"), &number, 1);
}

static const struct rules rules = {
    .name = "steady",
    .tick_hz = 20,
    .frame_hz = 20,
    .collections = collections,
    .collection_count = 2,
    .tick_records = 1,
    .memory_bytes = sizeof(struct count),
    .memory_ticks = 10,
    .tick = tick,
};

const struct room_kind room_kind = ROOM_KIND(&rules);
