#include "tests/shown.h"

#include <check.h>
#include <stdlib.h>

#include "sync/follow.h"
#include "sync/hash.h"
#include "sync/room_parts.h"

static uint64_t hash_cell(uint64_t hash, const struct cell *cell)
{
    size_t length = cell_write_bytes(cell);
    uint8_t *packed = malloc(length);
    struct writer writer = writer_on(packed, length);
    cell_write(&writer, cell);
    hash = hash_bytes(hash, writer_bytes(&writer));
    free(packed);
    return hash;
}

/* Fields add up, whatever their numbers. */
static uint64_t hash_record(const struct collection *collection, const struct record *record)
{
    uint64_t name = hash_bytes(hash_bytes(0, collection->name), record_id(record)), sum = name;
    for (int i = 0; i < record->cell_count; i++) {
        const struct cell *cell = record_cell(record, i);
        if (cell != NULL && cell->type != CELL_HOLE)
            sum += hash_cell(hash_bytes(name, collection->fields[i].name), cell);
    }
    return hash_member(sum, record->owner);
}

/* Events stand in their order. */
static uint64_t hash_event(uint64_t hash, const struct schema *schema, const struct record *event)
{
    hash = hash_bytes(hash, schema->events[event->collection].name);
    hash = hash_member(hash, event->owner);
    return hash_bytes(hash, (struct bytes){event->content.value, event->length});
}

static bool is_shown(const struct collection *collection, const struct record *record)
{
    if (collection->sight == SIGHT_PRESENCE)
        return record->owner < FOLLOW_OWN_MEMBERS;
    return !bytes_equal(collection->name, bytes_of("replay"));
}

uint64_t shown_hash(const struct room *room)
{
    const struct schema *schema = &room->state.schema;
    uint64_t sum = 0;
    for (int i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++) {
        const struct scope *scope = room->state.scopes[i];
        uint64_t events = (uint64_t)i;
        if (scope == NULL || i == SCOPE_MINE)
            continue;
        for (const struct record *record = scope->oldest; record != NULL; record = record->newer) {
            if (record->kind == RECORD_EVENT)
                events = hash_event(events, schema, record);
            if (record->kind != RECORD_LIVE)
                continue;
            const struct collection *collection = &schema->collections[record->collection];
            sum += is_shown(collection, record) ? hash_record(collection, record) : 0;
        }
        sum += events;
    }
    return sum;
}

static void expect_sound_lists(const struct record *record)
{
    for (int i = 0; i < record->cell_count; i++) {
        const struct cell *cell = &record->content.cells[i];
        uint32_t items = 0, bytes = 0;
        ck_assert_uint_le(cell->stamp, record->stamp);
        if (cell->type != CELL_LIST)
            continue;
        for (const struct segment *at = cell->value.first; at != NULL; at = at->next) {
            ck_assert_uint_eq(at->start, items);
            ck_assert_uint_eq(at->offset, bytes);
            ck_assert_uint_le(at->stamp, cell->stamp);
            items += at->count;
            bytes += at->length;
        }
        ck_assert_uint_eq(list_count(cell), items);
    }
}

static void expect_sound_scope(const struct state *state, const struct scope *scope)
{
    uint64_t stamp = 0;
    uint32_t live = 0, tombstones = 0;
    const struct record *older = NULL;
    for (const struct record *record = scope->oldest; record != NULL; record = record->newer) {
        ck_assert_ptr_eq(record->older, older);
        ck_assert_uint_gt(record->stamp, stamp);
        stamp = record->stamp;
        older = record;
        tombstones += record->kind == RECORD_TOMBSTONE ? 1 : 0;
        if (record->kind != RECORD_LIVE)
            continue;
        live++;
        ck_assert_ptr_eq(scope->slots[record->slot], record);
        ck_assert_ptr_eq(state_find(state, scope, record->collection, record_id(record)), record);
        expect_sound_lists(record);
    }
    ck_assert_ptr_eq(scope->newest, older);
    ck_assert_uint_le(stamp, scope->stamp);
    ck_assert_uint_le(scope->horizon, scope->stamp);
    ck_assert_uint_eq(live, scope->live);
    ck_assert_uint_eq(tombstones, scope->tombstones);
}

void expect_sound(const struct room *room)
{
    for (int i = 0; i < SCOPE_COUNT; i++)
        if (room->state.scopes[i] != NULL)
            expect_sound_scope(&room->state, room->state.scopes[i]);
}
