/* records.c - what comes and goes in a scope: records, their tombstones, events. */
#include <assert.h>
#include <string.h>

#include "sync/state_parts.h"

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
    order_add(record);
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
        order_remove(scope, tombstone);
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

/* --- Events -------------------------------------------------------------------------------------- */

size_t event_reserve(size_t bytes)
{
    return heap_rounded(sizeof(struct record)) + heap_rounded(sizeof(struct event_ring)) +
           heap_rounded(bytes);
}

static struct event_ring *ring_of(struct state *state, struct scope *scope, int event)
{
    struct event_ring *ring = scope->events;
    while (ring != NULL && ring->event != event)
        ring = ring->next;
    if (ring != NULL)
        return ring;
    ring = heap_take(&state->heap, sizeof *ring);
    *ring = (struct event_ring){.next = scope->events, .event = (uint8_t)event};
    scope->events = ring;
    return ring;
}

static void ring_add(struct event_ring *ring, struct record *entry)
{
    if (ring->newest == NULL) {
        entry->chain = entry;
    } else {
        entry->chain = ring->newest->chain;
        ring->newest->chain = entry;
    }
    ring->newest = entry;
    ring->count++;
}

static void event_free(struct state *state, struct record *event)
{
    heap_give(&state->heap, event->content.value, event->length);
    heap_give(&state->heap, event, record_bytes(event));
}

/* The oldest of the ring, which has another one. */
static void event_forget(struct state *state, struct event_ring *ring)
{
    struct record *oldest = ring->newest->chain;
    assert(oldest != ring->newest);
    ring->newest->chain = oldest->chain;
    ring->count--;
    order_remove(oldest->scope, oldest);
    event_free(state, oldest);
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
    entry->kind = RECORD_EVENT;
    entry->length = (uint32_t)value.length;
    entry->content.value = heap_take(&state->heap, value.length);
    memcpy(entry->content.value, value.data, value.length);
    struct event_ring *ring = ring_of(state, scope, event);
    ring_add(ring, entry);
    if (ring->count > state->schema.events[event].kept)
        event_forget(state, ring);
}

/* --- All at once --------------------------------------------------------------------------------- */

static void rings_free(struct state *state, struct scope *scope)
{
    while (scope->events != NULL) {
        struct event_ring *ring = scope->events;
        scope->events = ring->next;
        heap_give(&state->heap, ring, sizeof *ring);
    }
}

/* Places from before are below the horizon, and none is equal to it. */
static void begin_anew(struct scope *scope)
{
    scope->horizon = ++scope->stamp;
}

void state_drop_events(struct state *state, struct scope *scope)
{
    for (struct record *record = scope->oldest, *newer; record != NULL; record = newer) {
        newer = record->newer;
        if (record->kind != RECORD_EVENT)
            continue;
        order_remove(scope, record);
        event_free(state, record);
    }
    rings_free(state, scope);
    begin_anew(scope);
}

static void entries_free(struct state *state, struct scope *scope)
{
    for (struct record *record = scope->oldest, *newer; record != NULL; record = newer) {
        newer = record->newer;
        if (record->kind == RECORD_EVENT) {
            event_free(state, record);
            continue;
        }
        if (record->kind == RECORD_LIVE) {
            state->shared -= is_shared(state, record) ? 1 : 0;
            cells_free(state, record);
        }
        index_remove(state, record);
        heap_give(&state->heap, record, record_bytes(record));
    }
    rings_free(state, scope);
}

void state_clear_scope(struct state *state, struct scope *scope)
{
    entries_free(state, scope);
    *scope = (struct scope){.stamp = scope->stamp,
                            .difference = scope->difference,
                            .slots = scope->slots,
                            .slot_capacity = scope->slot_capacity};
    begin_anew(scope);
}

void state_remove_scope(struct state *state, struct scope *scope)
{
    entries_free(state, scope);
    scope_free_slots(state, scope);
    heap_give(&state->heap, scope, sizeof *scope);
}
