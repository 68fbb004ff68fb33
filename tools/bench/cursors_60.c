/* cursors_60.c - `cursors` as fast as a race: a kind of 60 ticks and 60 frames a second, without rules.
 *
 * A shared object for the server's --kinds; `compare` measures rooms of the size of a race with it.
 */
#include "sync/rules.h"

static const struct field_rules fields[] = {
    {.name = "x", .type = FIELD_FIXED, .maximum = 131070, .steps = 2},
    {.name = "y", .type = FIELD_FIXED, .maximum = 131070, .steps = 2},
};

static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE, .fields = fields, .field_count = 2},
};

static const struct rules rules = {
    .name = "cursors-60",
    .tick_hz = 60,
    .frame_hz = 60,
    .collections = collections,
    .collection_count = 1,
};

const struct room_kind room_kind = ROOM_KIND(&rules);
