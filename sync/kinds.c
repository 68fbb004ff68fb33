/* kinds.c - the room kinds that every server has: the small ones, and the list of all. */
#include "sync/kinds.h"

#include "sync/limits.h"

/* --- open: any collection, any field, any event; names are learnt as they appear ----------------- */

static const struct collection_rules open_collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE, .learns = true},
};

const struct rules kind_open = {
    .name = "open",
    .tick_hz = 20,
    .frame_hz = 20,
    .records_presence = true,
    .collections = open_collections,
    .collection_count = 1,
    .learns = true,
};

/* --- cursors: where everyone points, in half pixels of a page of up to 65,535 x 65,535 ----------- */

#define CURSOR_STEPS 2u
#define CURSOR_MAX   (65535 * (int64_t)CURSOR_STEPS)

static const struct field_rules cursor_fields[] = {
    {.name = "x", .type = FIELD_FIXED, .maximum = CURSOR_MAX, .steps = CURSOR_STEPS},
    {.name = "y", .type = FIELD_FIXED, .maximum = CURSOR_MAX, .steps = CURSOR_STEPS},
    {.name = "state", .type = FIELD_ANY},
    {.name = "typing", .type = FIELD_BOOL},
};

static const struct collection_rules cursor_collections[] = {
    {.name = "presence",
     .sight = SIGHT_PRESENCE,
     .fields = cursor_fields,
     .field_count = sizeof cursor_fields / sizeof cursor_fields[0]},
};

static const struct event_rules cursor_events[] = {
    {.name = "chat", .kept = 200},
    {.name = "reaction", .kept = 32, .presence = true},
};

const struct rules kind_cursors = {
    .name = "cursors",
    .tick_hz = 20,
    .frame_hz = 20,
    .records_presence = true,
    .collections = cursor_collections,
    .collection_count = 1,
    .events = cursor_events,
    .event_count = sizeof cursor_events / sizeof cursor_events[0],
};

/* --- All of them ---------------------------------------------------------------------------------- */

const struct kinds kinds_built_in = {
    .rules = {&kind_open, &kind_cursors, &kind_board, &kind_race},
    .count = 4,
};

const struct rules *kind_find(const struct kinds *kinds, struct bytes name)
{
    for (uint32_t i = 0; i < kinds->count; i++)
        if (bytes_equal(bytes_of(kinds->rules[i]->name), name))
            return kinds->rules[i];
    return NULL;
}

enum status kinds_add(struct kinds *kinds, const struct rules *rules)
{
    if (kind_find(kinds, bytes_of(rules->name)) != NULL)
        return STATUS_EXISTS;
    if (kinds->count == KINDS_MAX)
        return STATUS_LIMIT;
    kinds->rules[kinds->count++] = rules;
    return STATUS_OK;
}
