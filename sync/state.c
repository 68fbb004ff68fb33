/* state.c - scopes, the order of what is in them, and the index by id. */
#include "sync/state_parts.h"

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
    *state = (struct state){.memory = *memory,
                            .tombstones_max = tombstones_max,
                            .frame_ticks = rules->tick_hz / rules->frame_hz,
                            .seed = seed};
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

void scope_free_slots(struct state *state, struct scope *scope)
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
uint32_t slot_take(struct scope *scope, struct record *record)
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

void slot_give(struct scope *scope, uint32_t slot)
{
    scope->slots[slot] = (struct record *)(uintptr_t)scope->slot_free;
    scope->slot_free = slot + 1;
}

/* --- The order of stamps -------------------------------------------------------------------------- */

void order_add(struct record *record)
{
    struct scope *scope = record->scope;
    record->stamp = ++scope->stamp;
    record->older = scope->newest;
    record->newer = NULL;
    if (scope->newest != NULL)
        scope->newest->newer = record;
    else
        scope->oldest = record;
    scope->newest = record;
}

void order_remove(struct scope *scope, struct record *record)
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

uint64_t touch(struct record *record)
{
    struct scope *scope = record->scope;
    if (scope->newest == record) {
        record->stamp = ++scope->stamp;
    } else {
        order_remove(scope, record);
        order_add(record);
    }
    return record->stamp;
}

struct record *scope_beyond(const struct scope *scope, uint64_t stamp)
{
    if (stamp == 0)
        return scope->oldest;
    struct record *first = NULL;
    for (struct record *record = scope->newest; record != NULL && record->stamp > stamp;
         record = record->older)
        first = record;
    return first;
}

/* --- The index by id ----------------------------------------------------------------------------- */

static uint32_t
bucket_of(const struct state *state, const struct scope *scope, int collection, struct bytes id)
{
    (void)scope; /* equal ids of several members share a bucket: they are few */
    uint64_t hash = hash_bytes(state->seed + (uint64_t)collection, id);
    return (uint32_t)hash & (state->bucket_count - 1);
}

void index_add(struct state *state, struct record *record)
{
    uint32_t bucket = bucket_of(state, record->scope, record->collection, record_id(record));
    record->chain = state->buckets[bucket];
    state->buckets[bucket] = record;
    state->indexed++;
}

void index_remove(struct state *state, struct record *record)
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
