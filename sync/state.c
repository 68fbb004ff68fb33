#include "sync/state.h"

#include <assert.h>
#include <string.h>

#include "sync/hash.h"

#define BUCKETS_MIN 16u

/* --- Scopes ------------------------------------------------------------------------------------ */

struct scope *state_add_scope(struct state *state)
{
    struct scope *scope = heap_take(&state->heap, sizeof *scope);
    memset(scope, 0, sizeof *scope);
    return scope;
}

static struct scope **scope_of(struct state *state, const struct collection *collection)
{
    return collection->sight == SIGHT_SERVER ? &state->server
                                             : &state->scopes[collection_scope(collection)];
}

bool state_init(struct state *state,
                const struct memory *memory,
                const struct rules *rules,
                uint32_t tombstones_max,
                uint64_t seed)
{
    *state = (struct state){.memory = *memory, .tombstones_max = tombstones_max, .seed = seed};
    heap_init(&state->heap, *memory);
    size_t scopes = (SCOPE_COUNT + 1) * heap_rounded(SCOPE_BYTES);
    if (!state_reserve(state, 0, schema_bytes(rules) + scopes)) {
        state_free(state);
        return false;
    }
    schema_init(&state->schema, &state->heap, rules);
    state->scopes[SCOPE_EVERYONE] = state_add_scope(state);
    for (uint32_t i = 0; i < state->schema.collection_count; i++) {
        const struct collection *collection = &state->schema.collections[i];
        struct scope **scope = scope_of(state, collection);
        if (collection->sight != SIGHT_MEMBER && *scope == NULL)
            *scope = state_add_scope(state);
    }
    return true;
}

static void scope_free_slots(struct state *state, struct scope *scope)
{
    if (scope == NULL)
        return;
    state->slot_bytes -= scope->slot_capacity * sizeof *scope->slots;
    memory_release(&state->memory, scope->slots);
}

void state_free(struct state *state)
{
    for (int i = 0; i < SCOPE_COUNT; i++)
        scope_free_slots(state, state->scopes[i]);
    scope_free_slots(state, state->server);
    memory_release(&state->memory, state->buckets);
    heap_free(&state->heap);
}

void scope_settle(struct scope *scope)
{
    scope->difference = scope->stamp;
}

bool scope_reserve(struct state *state, struct scope *scope, uint32_t records)
{
    uint32_t before = scope->slot_capacity;
    void *slots = scope->slots;
    bool grown = memory_grow(&state->memory, &slots, &scope->slot_capacity,
                             scope->slot_count + records, sizeof *scope->slots);
    scope->slots = slots;
    state->slot_bytes += (scope->slot_capacity - before) * sizeof *scope->slots;
    return grown;
}

/* Free slots are a chain: slots[free] holds the next one, + 1, as a number. */
static uint32_t slot_take(struct scope *scope, struct record *record)
{
    uint32_t slot = scope->slot_free;
    if (slot > 0) {
        slot--;
        scope->slot_free = (uint32_t)(uintptr_t)scope->slots[slot];
    } else {
        assert(scope->slot_count < scope->slot_capacity);
        slot = scope->slot_count++;
    }
    scope->slots[slot] = record;
    return slot;
}

static void slot_give(struct scope *scope, uint32_t slot)
{
    scope->slots[slot] = (struct record *)(uintptr_t)scope->slot_free;
    scope->slot_free = slot + 1;
}

static void list_add(struct scope *scope, struct record *record)
{
    record->stamp = ++scope->stamp;
    record->older = scope->newest;
    record->newer = NULL;
    if (scope->newest != NULL)
        scope->newest->newer = record;
    else
        scope->oldest = record;
    scope->newest = record;
}

static void list_remove(struct scope *scope, struct record *record)
{
    if (record->older != NULL)
        record->older->newer = record->newer;
    else
        scope->oldest = record->newer;
    if (record->newer != NULL)
        record->newer->older = record->older;
    else
        scope->newest = record->older;
}

/* The record changes: it takes the next stamp and moves to the list's end. */
static uint64_t touch(struct record *record)
{
    struct scope *scope = record->scope;
    if (scope->newest == record) {
        record->stamp = ++scope->stamp;
    } else {
        list_remove(scope, record);
        list_add(scope, record);
    }
    return record->stamp;
}

/* --- The index by id ----------------------------------------------------------------------------- */

static uint32_t
bucket_of(const struct state *state, const struct scope *scope, int collection, struct bytes id)
{
    (void)scope; /* equal ids of several members share a bucket: they are few */
    uint64_t hash = hash_bytes(state->seed + (uint64_t)collection, id);
    return (uint32_t)hash & (state->bucket_count - 1);
}

static void index_add(struct state *state, struct record *record)
{
    uint32_t bucket = bucket_of(state, record->scope, record->collection, record_id(record));
    record->chain = state->buckets[bucket];
    state->buckets[bucket] = record;
    state->indexed++;
}

static void index_remove(struct state *state, struct record *record)
{
    uint32_t bucket = bucket_of(state, record->scope, record->collection, record_id(record));
    struct record **link = &state->buckets[bucket];
    while (*link != NULL && *link != record)
        link = &(*link)->chain;
    if (*link == NULL)
        return; /* a tombstone whose id has a record again */
    *link = record->chain;
    state->indexed--;
}

static bool index_reserve(struct state *state, uint32_t records)
{
    uint64_t wanted = state->bucket_count < BUCKETS_MIN ? BUCKETS_MIN : state->bucket_count;
    while (wanted < (uint64_t)state->indexed + records)
        wanted *= 2;
    if (wanted == state->bucket_count)
        return true;
    struct record **buckets = memory_allocate(&state->memory, wanted * sizeof(struct record *));
    if (buckets == NULL)
        return false;
    memset(buckets, 0, wanted * sizeof(struct record *));
    struct record **old = state->buckets;
    uint32_t old_count = state->bucket_count;
    state->buckets = buckets;
    state->bucket_count = (uint32_t)wanted;
    state->indexed = 0;
    for (uint32_t i = 0; i < old_count; i++) {
        for (struct record *record = old[i], *next; record != NULL; record = next) {
            next = record->chain;
            index_add(state, record);
        }
    }
    memory_release(&state->memory, old);
    return true;
}

bool state_reserve(struct state *state, uint32_t records, size_t bytes)
{
    return index_reserve(state, records) && heap_reserve(&state->heap, bytes);
}

struct record *
state_find(const struct state *state, const struct scope *scope, int collection, struct bytes id)
{
    struct record *record = state->buckets[bucket_of(state, scope, collection, id)];
    while (record != NULL && (record->scope != scope || record->collection != collection ||
                              !bytes_equal(record_id(record), id)))
        record = record->chain;
    return record;
}

/* --- Records ------------------------------------------------------------------------------------- */

size_t record_reserve(uint32_t fields)
{
    size_t bytes = heap_rounded(sizeof(struct record) + RECORD_ID_BYTES_MAX);
    if (fields > 0)
        bytes += heap_rounded(fields * sizeof(struct cell));
    /* The arrays before the last one: each has at most half of the next. */
    for (uint32_t count = fields > 0 ? fields - 1 : 0; count > 0; count /= 2)
        bytes += heap_rounded(count * sizeof(struct cell));
    return bytes;
}

static size_t record_bytes(const struct record *record)
{
    return sizeof *record + record->id_length;
}

static void tombstone_add(struct scope *scope, struct record *record)
{
    record->kind = RECORD_TOMBSTONE;
    record->content.younger = NULL;
    if (scope->tombstone_newest != NULL)
        scope->tombstone_newest->content.younger = record;
    else
        scope->tombstone_oldest = record;
    scope->tombstone_newest = record;
    scope->tombstones++;
}

static struct record *entry_make(struct state *state, struct scope *scope, struct bytes id)
{
    struct record *record = heap_take(&state->heap, sizeof *record + id.length);
    *record = (struct record){.scope = scope, .id_length = (uint8_t)id.length};
    if (id.length > 0)
        memcpy(record->id, id.data, id.length);
    list_add(scope, record);
    return record;
}

static bool is_shared(const struct state *state, const struct record *record)
{
    return state->schema.collections[record->collection].sight != SIGHT_PRESENCE;
}

/* The id is used again: its tombstone stays in the list alone. */
static void
index_forget(struct state *state, const struct scope *scope, int collection, struct bytes id)
{
    struct record *tombstone = state_find(state, scope, collection, id);
    if (tombstone == NULL)
        return;
    assert(tombstone->kind == RECORD_TOMBSTONE);
    index_remove(state, tombstone);
}

static void live_add(struct state *state, struct record *record)
{
    record->kind = RECORD_LIVE;
    index_add(state, record);
    record->scope->live++;
    if (is_shared(state, record))
        state->shared++;
}

struct record *state_make(struct state *state,
                          struct scope *scope,
                          int collection,
                          struct bytes id,
                          uint32_t owner)
{
    index_forget(state, scope, collection, id);
    struct record *record = entry_make(state, scope, id);
    record->collection = (uint8_t)collection;
    record->owner = owner;
    record->created = record->stamp;
    record->slot = slot_take(scope, record);
    live_add(state, record);
    return record;
}

static void segments_free(struct state *state, struct segment *segment)
{
    while (segment != NULL) {
        struct segment *next = segment->next;
        heap_give(&state->heap, segment, sizeof *segment + segment->capacity);
        segment = next;
    }
}

/* Lets go of what a cell holds; its type and value are the caller's to set. */
static void cell_clear(struct state *state, struct record *record, struct cell *cell)
{
    if (cell->type == CELL_PACKED)
        heap_give(&state->heap, cell->value.packed, cell->aux.length);
    if (cell->type == CELL_PACKED || cell->type == CELL_SHORT)
        record->length -= cell->aux.length;
    if (cell->type == CELL_LIST) {
        record->length -= list_bytes(cell);
        segments_free(state, cell->value.first);
    }
}

static void cells_free(struct state *state, struct record *record)
{
    for (int i = 0; i < record->cell_count; i++)
        cell_clear(state, record, &record->content.cells[i]);
    if (record->cell_count > 0)
        heap_give(&state->heap, record->content.cells, record->cell_count * sizeof(struct cell));
    record->cell_count = 0;
}

/* Tombstones above the limit go, oldest first, and the horizon rises to the last one gone. */
static void tombstones_prune(struct state *state, struct scope *scope)
{
    while (scope->tombstones > state->tombstones_max) {
        struct record *tombstone = scope->tombstone_oldest;
        scope->tombstone_oldest = tombstone->content.younger;
        if (scope->tombstone_oldest == NULL)
            scope->tombstone_newest = NULL;
        scope->tombstones--;
        scope->horizon = tombstone->stamp;
        list_remove(scope, tombstone);
        index_remove(state, tombstone);
        heap_give(&state->heap, tombstone, record_bytes(tombstone));
    }
}

void state_remove(struct state *state, struct record *record, uint32_t by)
{
    struct scope *scope = record->scope;
    assert(record->kind == RECORD_LIVE);
    if (is_shared(state, record))
        state->shared--;
    cells_free(state, record);
    slot_give(scope, record->slot);
    scope->live--;
    touch(record);
    record->owner = by;
    tombstone_add(scope, record);
    tombstones_prune(state, scope);
}

void state_remove_scope(struct state *state, struct scope *scope)
{
    for (struct record *record = scope->oldest, *newer; record != NULL; record = newer) {
        newer = record->newer;
        if (record->kind == RECORD_LIVE) {
            state->shared -= is_shared(state, record) ? 1 : 0;
            cells_free(state, record);
        }
        if (record->kind == RECORD_EVENT)
            heap_give(&state->heap, record->content.value, record->length);
        else
            index_remove(state, record);
        heap_give(&state->heap, record, record_bytes(record));
    }
    scope_free_slots(state, scope);
    heap_give(&state->heap, scope, sizeof *scope);
}

/* --- Fields -------------------------------------------------------------------------------------- */

const struct cell *record_cell(const struct record *record, int field)
{
    if (field >= record->cell_count || record->content.cells[field].stamp == 0)
        return NULL;
    return &record->content.cells[field];
}

struct bytes cell_packed(const struct cell *cell)
{
    const uint8_t *data = cell->type == CELL_SHORT ? cell->value.inside : cell->value.packed;
    return (struct bytes){data, cell->aux.length};
}

uint32_t list_count(const struct cell *cell)
{
    return cell->aux.last == NULL ? 0 : cell->aux.last->start + cell->aux.last->count;
}

uint32_t list_bytes(const struct cell *cell)
{
    return cell->aux.last == NULL ? 0 : cell->aux.last->offset + cell->aux.last->length;
}

void cell_write(struct writer *writer, const struct cell *cell)
{
    switch ((enum cell_type)cell->type) {
    case CELL_HOLE:
        pack_nil(writer);
        return;
    case CELL_NUMBER:
        pack_integer(writer, cell->value.number);
        return;
    case CELL_SHORT:
    case CELL_PACKED:
        pack_raw(writer, cell_packed(cell), 1);
        return;
    case CELL_LIST:
        pack_array(writer, list_count(cell));
        for (const struct segment *segment = cell->value.first; segment != NULL;
             segment = segment->next)
            pack_raw(writer, (struct bytes){segment->data, segment->length}, segment->count);
    }
}

size_t cell_write_bytes(const struct cell *cell)
{
    switch ((enum cell_type)cell->type) {
    case CELL_HOLE:
        return 1;
    case CELL_NUMBER:
        return pack_integer_bytes(cell->value.number);
    case CELL_SHORT:
    case CELL_PACKED:
        return cell->aux.length;
    case CELL_LIST:
        return 5 + list_bytes(cell);
    }
    return 0;
}

/* Cells up to this field, and as many more as there were, so that they grow seldom. */
static struct cell *cell_at(struct state *state, struct record *record, int field)
{
    if (field >= record->cell_count) {
        int known = state->schema.collections[record->collection].field_count;
        int count = field < 2 * record->cell_count ? 2 * record->cell_count : field + 1;
        assert(field < known);
        count = count < known ? count : known;
        struct cell *cells = heap_take(&state->heap, (size_t)count * sizeof *cells);
        size_t used = record->cell_count * sizeof *cells;
        if (used > 0) {
            memcpy(cells, record->content.cells, used);
            heap_give(&state->heap, record->content.cells, used);
        }
        memset((uint8_t *)cells + used, 0, (size_t)count * sizeof *cells - used);
        record->content.cells = cells;
        record->cell_count = (uint8_t)count;
    }
    return &record->content.cells[field];
}

static void cell_sign(struct cell *cell, struct author author)
{
    cell->author = author.member;
    cell->sequence = author.sequence;
}

/* Keeps what a number was at the frame before, for differences (rule 6). */
static void cell_keep_before(const struct record *record, struct cell *cell)
{
    if (cell->stamp > record->scope->difference)
        return; /* changed since that frame already: kept then */
    cell->has_before = cell->type == CELL_NUMBER;
    if (cell->has_before)
        cell->aux.before = cell->value.number;
}

void state_set_number(struct state *state,
                      struct record *record,
                      int field,
                      int64_t number,
                      struct author author)
{
    struct cell *cell = cell_at(state, record, field);
    cell_sign(cell, author);
    if (cell->type == CELL_NUMBER && cell->value.number == number)
        return;
    cell_keep_before(record, cell);
    cell->type = CELL_NUMBER;
    cell->value.number = number;
    cell->stamp = touch(record);
}

static void
cell_hold(struct state *state, struct record *record, struct cell *cell, struct bytes packed)
{
    cell->type = packed.length <= sizeof cell->value.inside ? CELL_SHORT : CELL_PACKED;
    uint8_t *data = cell->value.inside;
    if (cell->type == CELL_PACKED)
        data = cell->value.packed = heap_take(&state->heap, packed.length);
    memcpy(data, packed.data, packed.length);
    cell->aux.length = (uint32_t)packed.length;
    record->length += (uint32_t)packed.length;
}

void state_set_packed(struct state *state,
                      struct record *record,
                      int field,
                      struct bytes packed,
                      struct author author)
{
    struct cell *cell = cell_at(state, record, field);
    cell_sign(cell, author);
    if ((cell->type == CELL_SHORT || cell->type == CELL_PACKED) &&
        bytes_equal(cell_packed(cell), packed))
        return;
    cell_clear(state, record, cell);
    cell_hold(state, record, cell, packed);
    cell->stamp = touch(record);
}

void state_unset(struct state *state, struct record *record, int field, struct author author)
{
    struct cell *cell = cell_at(state, record, field);
    cell_sign(cell, author);
    if (cell->type == CELL_HOLE)
        return;
    cell_keep_before(record, cell);
    cell_clear(state, record, cell);
    cell->type = CELL_HOLE;
    cell->stamp = touch(record);
}

static void segment_add(struct state *state,
                        struct cell *cell,
                        struct bytes items,
                        uint32_t count,
                        uint64_t stamp)
{
    /* What rounding up gives away serves the items that follow. */
    uint32_t capacity =
        heap_rounded(sizeof(struct segment) + items.length) - (uint32_t)sizeof(struct segment);
    struct segment *segment = heap_take(&state->heap, sizeof *segment + capacity);
    *segment = (struct segment){.offset = list_bytes(cell),
                                .stamp = stamp,
                                .start = list_count(cell),
                                .count = count,
                                .length = (uint32_t)items.length,
                                .capacity = capacity};
    memcpy(segment->data, items.data, items.length);
    if (cell->aux.last != NULL)
        cell->aux.last->next = segment;
    else
        cell->value.first = segment;
    cell->aux.last = segment;
}

void state_set_list(struct state *state,
                    struct record *record,
                    int field,
                    struct bytes items,
                    uint32_t count,
                    struct author author)
{
    struct cell *cell = cell_at(state, record, field);
    cell_sign(cell, author);
    cell_clear(state, record, cell);
    cell->type = CELL_LIST;
    cell->value.first = NULL;
    cell->aux.last = NULL;
    cell->stamp = touch(record);
    if (count > 0)
        segment_add(state, cell, items, count, cell->stamp);
    record->length += (uint32_t)items.length;
}

void state_append(struct state *state,
                  struct record *record,
                  int field,
                  struct bytes items,
                  uint32_t count,
                  struct author author)
{
    struct cell *cell = cell_at(state, record, field);
    if (cell->type != CELL_LIST) {
        state_set_list(state, record, field, items, count, author);
        return;
    }
    cell_sign(cell, author);
    if (count == 0)
        return;
    struct scope *scope = record->scope;
    if (scope->tick != state->tick) {
        scope->tick = state->tick;
        scope->tick_began = scope->stamp;
    }
    cell->stamp = touch(record);
    record->length += (uint32_t)items.length;
    struct segment *last = cell->aux.last;
    /* Items of one tick share a segment; those that a frame has shown would travel again. */
    if (last != NULL && last->stamp > scope->tick_began &&
        items.length <= last->capacity - last->length) {
        memcpy(last->data + last->length, items.data, items.length);
        last->length += (uint32_t)items.length;
        last->count += count;
        last->stamp = cell->stamp;
        return;
    }
    segment_add(state, cell, items, count, cell->stamp);
}

/* --- Events -------------------------------------------------------------------------------------- */

static void event_forget(struct state *state, struct scope *scope, int event)
{
    struct record *before = NULL;
    struct record *oldest = scope->event_oldest;
    while (oldest->collection != event) {
        before = oldest;
        oldest = oldest->chain;
    }
    if (before != NULL)
        before->chain = oldest->chain;
    else
        scope->event_oldest = oldest->chain;
    if (scope->event_newest == oldest)
        scope->event_newest = before;
    scope->event_counts[event]--;
    list_remove(scope, oldest);
    heap_give(&state->heap, oldest->content.value, oldest->length);
    heap_give(&state->heap, oldest, record_bytes(oldest));
}

static void event_add(struct state *state, struct record *entry, struct bytes value)
{
    struct scope *scope = entry->scope;
    entry->kind = RECORD_EVENT;
    entry->length = (uint32_t)value.length;
    entry->content.value = heap_take(&state->heap, value.length);
    memcpy(entry->content.value, value.data, value.length);
    if (scope->event_newest != NULL)
        scope->event_newest->chain = entry;
    else
        scope->event_oldest = entry;
    scope->event_newest = entry;
    scope->event_counts[entry->collection]++;
}

void state_emit(struct state *state,
                struct scope *scope,
                int event,
                uint32_t from,
                struct bytes value)
{
    struct record *entry = entry_make(state, scope, (struct bytes){NULL, 0});
    entry->collection = (uint8_t)event;
    entry->owner = from;
    entry->created = entry->stamp;
    event_add(state, entry, value);
    if (scope->event_counts[event] > state->schema.events[event].kept)
        event_forget(state, scope, event);
}
