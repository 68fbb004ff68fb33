#include "sync/authors.h"

#include "sync/room_parts.h"

uint64_t authors_stamp(const struct room *room)
{
    const struct scope *scope = room->state.scopes[SCOPE_EVERYONE];
    return scope != NULL ? scope->stamp : 0;
}

uint32_t authors_collections(const struct room *room)
{
    return (uint32_t)room->state.schema.collection_count;
}

struct bytes authors_collection(const struct room *room, uint32_t index)
{
    return room->state.schema.collections[index].name;
}

/* A tombstone stays where its record was made again: it says nothing any more. */
static bool is_meant(const struct authored *it, const struct record *record)
{
    const struct state *state = &it->room->state;
    if (it->kind == AUTHORED_RECORDS)
        return record->kind == RECORD_LIVE;
    return record->kind == RECORD_TOMBSTONE &&
           state_find(state, record->scope, record->collection, record_id(record)) == record;
}

/* From this one on. */
static void find(struct authored *it, const struct record *record)
{
    while (record != NULL && !is_meant(it, record))
        record = record->newer;
    it->record = record;
    it->there = record != NULL;
    if (!it->there)
        return;
    it->collection = record->collection;
    it->id = record_id(record);
    it->member = record->owner;
}

void authors_begin(const struct room *room, enum authored_kind kind, struct authored *it)
{
    const struct scope *scope = room->state.scopes[SCOPE_EVERYONE];
    *it = (struct authored){.room = room, .kind = kind};
    find(it, scope != NULL ? scope->oldest : NULL);
}

void authors_next(struct authored *it)
{
    find(it, it->record->newer);
}

bool authored_field(const struct authored *it,
                    uint32_t *index,
                    struct bytes *name,
                    uint32_t *member)
{
    const struct record *record = it->record;
    if (record->kind != RECORD_LIVE)
        return false;
    const struct collection *collection = &it->room->state.schema.collections[it->collection];
    while (*index < record->cell_count) {
        int field = (int)(*index)++;
        const struct cell *cell = record_cell(record, field);
        if (cell == NULL || cell->author == record->owner)
            continue;
        *name = collection->fields[field].name;
        *member = cell->author;
        return true;
    }
    return false;
}
