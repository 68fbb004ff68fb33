/* snapshot_read.c - a room out of its bytes, in the order in which snapshot.c writes them.
 *
 * The room's own primitives put everything in its place: before each one the scope's stamp is
 * wound back and its next slot laid out, so that it gives the stamp and the slot that were. What
 * they assert is checked first: bytes may be damaged anywhere. */
#include <stdlib.h>
#include <string.h>

#include "sync/operation_parts.h"
#include "sync/room_parts.h"
#include "sync/snapshot.h"
#include "sync/snapshot_parts.h"

/* Where reading stands, and the room that is being made. */
struct loader {
    struct reader reader;
    struct room *room;
    uint32_t format;
};

static void damaged(struct loader *loader)
{
    reader_fail(&loader->reader, STATUS_MALFORMED);
}

static bool failed(const struct loader *loader)
{
    return loader->reader.status != STATUS_OK;
}

/* Heap for one block, so that taking it cannot fail. */
static bool reserve(struct loader *loader, size_t bytes)
{
    if (!failed(loader) && !heap_reserve(&loader->room->state.heap, heap_rounded(bytes)))
        reader_fail(&loader->reader, STATUS_MEMORY);
    return !failed(loader);
}

static uint64_t load_bits(struct loader *loader)
{
    return (uint64_t)read_integer(&loader->reader);
}

static uint64_t load_stamp(struct loader *loader, uint64_t least, uint64_t most)
{
    if (least > most)
        damaged(loader);
    return (uint64_t)read_integer_in(&loader->reader, (int64_t)least, (int64_t)most);
}

static uint32_t load_number(struct loader *loader, uint32_t most)
{
    return (uint32_t)read_integer_in(&loader->reader, 0, most);
}

/* A count of things that each take a byte or more. */
static uint32_t load_count(struct loader *loader)
{
    uint32_t count = load_number(loader, UINT32_MAX);
    if (count > loader->reader.length - loader->reader.at)
        damaged(loader);
    return failed(loader) ? 0 : count;
}

/* --- Names --------------------------------------------------------------------------------------- */

static void load_field_name(struct loader *loader)
{
    struct schema *schema = &loader->room->state.schema;
    uint32_t collection = load_number(loader, COLLECTIONS_MAX - 1);
    struct bytes name = read_string(&loader->reader);
    enum merge merge = (enum merge)load_number(loader, MERGE_COUNT - 1);
    if (failed(loader) || collection >= schema->collection_count || !schema_name_valid(name) ||
        collection_field(&schema->collections[collection], name) >= 0 ||
        schema_learn_field(schema, &loader->room->state.heap, (int)collection, name, merge) < 0)
        damaged(loader);
}

static void load_name(struct loader *loader)
{
    struct schema *schema = &loader->room->state.schema;
    struct heap *heap = &loader->room->state.heap;
    uint32_t kind = load_number(loader, 2);
    if (kind == 1) {
        load_field_name(loader);
        return;
    }
    struct bytes name = read_string(&loader->reader);
    if (failed(loader) || !schema_name_valid(name))
        damaged(loader);
    else if (kind == 0 && (schema_collection(schema, name) >= 0 ||
                           schema_learn_collection(schema, heap, name) < 0))
        damaged(loader);
    else if (kind == 2 &&
             (schema_event(schema, name) >= 0 || schema_learn_event(schema, heap, name) < 0))
        damaged(loader);
}

/* More names than this no room has. */
#define NAMES_MAX (COLLECTIONS_MAX * (FIELDS_MAX + 1) + EVENT_NAMES_MAX)

static void load_names(struct loader *loader)
{
    if (load_bits(loader) != schema_declared_hash(&loader->room->state.schema, loader->room->rules))
        reader_fail(&loader->reader, STATUS_KIND);
    uint32_t count = load_count(loader);
    if (count > NAMES_MAX)
        damaged(loader);
    size_t bytes = SCHEMA_TICK_BYTES + count * (size_t)(SCHEMA_EDIT_BYTES + NAME_BYTES_MAX);
    if (count > 0 && !failed(loader) && !heap_reserve(&loader->room->state.heap, bytes))
        reader_fail(&loader->reader, STATUS_MEMORY);
    for (uint32_t i = 0; i < count && !failed(loader); i++)
        load_name(loader);
}

/* --- Records --------------------------------------------------------------------------------------- */

static void
load_packed(struct loader *loader, struct record *record, int field, struct author author)
{
    const struct field *known =
        &loader->room->state.schema.collections[record->collection].fields[field];
    struct bytes packed = read_binary(&loader->reader);
    struct reader value = reader_on(packed);
    bool nil = read_type(&value) == PACK_NIL; /* no value: that is a hole */
    read_value(&value);
    if (reader_end(&value) != STATUS_OK || packed.length > RECORD_BYTES_MAX || nil ||
        value_check(known, packed) != STATUS_OK)
        damaged(loader);
    if (reserve(loader, packed.length))
        state_set_packed(&loader->room->state, record, field, packed, author);
}

/* The first segment begins the list, each further one is appended. */
static void load_list(struct loader *loader, struct record *record, int field, struct author author)
{
    struct state *state = &loader->room->state;
    struct scope *scope = record->scope;
    const struct field *known = &state->schema.collections[record->collection].fields[field];
    uint64_t newest = record->content.cells[field].stamp;
    uint64_t stamp = record->created - 1;
    uint32_t segments = load_count(loader);
    uint64_t held = 0;
    if (segments == 0) {
        state_set_list(state, record, field, (struct bytes){NULL, 0}, 0, author);
        return;
    }
    for (uint32_t i = 0; i < segments && !failed(loader); i++) {
        stamp = load_stamp(loader, stamp + 1, newest);
        uint32_t count = load_count(loader);
        struct bytes items = read_binary(&loader->reader);
        struct reader reader = reader_on(items);
        if (failed(loader) || count == 0 || items.length > RECORD_BYTES_MAX ||
            value_check_items(known, &reader, count, held) != STATUS_OK ||
            reader_end(&reader) != STATUS_OK)
            damaged(loader);
        if (!reserve(loader, sizeof(struct segment) + items.length))
            return;
        held += count;
        scope->stamp = stamp - 1;
        if (i == 0)
            state_set_list(state, record, field, items, count, author);
        else
            state_restore_segment(state, record, field, items, count);
    }
    if (stamp != newest)
        damaged(loader);
}

static void
load_numeric(struct loader *loader, struct record *record, int field, struct author author)
{
    const struct field *known =
        &loader->room->state.schema.collections[record->collection].fields[field];
    int64_t number = read_integer_in(&loader->reader, known->minimum, known->maximum);
    if (!failed(loader))
        state_set_number(&loader->room->state, record, field, number, author);
}

/* The stamp is that of the cell's last change; 0 where it never was set. */
static void load_cell(struct loader *loader, struct record *record, int field)
{
    const struct field *known =
        &loader->room->state.schema.collections[record->collection].fields[field];
    struct cell *cell = &record->content.cells[field];
    uint64_t stamp = load_stamp(loader, 0, record->stamp);
    if (failed(loader) || stamp == 0)
        return;
    struct author author = {.member = load_number(loader, UINT32_MAX),
                            .sequence = load_number(loader, UINT32_MAX)};
    enum snapshot_cell type = (enum snapshot_cell)load_number(loader, SNAPSHOT_LIST);
    if (stamp < record->created || (type != SNAPSHOT_HOLE && type != snapshot_cell_of(known)))
        damaged(loader);
    if (failed(loader))
        return;
    uint64_t newest = record->stamp;
    cell->stamp = stamp;
    record->scope->stamp = stamp - 1;
    switch (type) {
    case SNAPSHOT_HOLE:
        state_unset(&loader->room->state, record, field, author);
        break;
    case SNAPSHOT_NUMBER:
        load_numeric(loader, record, field, author);
        break;
    case SNAPSHOT_PACKED:
        load_packed(loader, record, field, author);
        break;
    case SNAPSHOT_LIST:
        load_list(loader, record, field, author);
        break;
    }
    record->stamp = record->scope->stamp = newest;
}

static void load_cells(struct loader *loader, struct record *record)
{
    const struct schema *schema = &loader->room->state.schema;
    uint32_t count = load_count(loader);
    if (count > schema->collections[record->collection].field_count)
        damaged(loader);
    if (count == 0 || !reserve(loader, count * sizeof(struct cell)))
        return;
    record->content.cells = heap_take(&loader->room->state.heap, count * sizeof(struct cell));
    record->cell_count = (uint8_t)count;
    memset(record->content.cells, 0, count * sizeof(struct cell));
    for (uint32_t i = 0; i < count && !failed(loader); i++)
        load_cell(loader, record, (int)i);
    if (record->length > RECORD_BYTES_MAX)
        damaged(loader);
}

/* A record or a tombstone, made as the room would make it. A tombstone's slot is nobody's: whoever
 * has it now came later. */
static void
load_record(struct loader *loader, struct scope *scope, int number, bool live, uint64_t stamp)
{
    struct state *state = &loader->room->state;
    uint32_t collection = load_number(loader, COLLECTIONS_MAX - 1);
    uint32_t owner = load_number(loader, UINT32_MAX);
    uint64_t created = load_stamp(loader, 1, live ? stamp : stamp - 1);
    uint32_t slot = load_number(loader, UINT32_MAX);
    struct bytes id = read_record_id(&loader->reader);
    if (failed(loader) || collection >= state->schema.collection_count ||
        collection_scope(&state->schema.collections[collection]) != number ||
        slot >= scope->slot_count || scope->slots[slot] != NULL) {
        damaged(loader);
        return;
    }
    if (!reserve(loader, sizeof(struct record) + id.length))
        return;
    if (!state_reserve(state, 1, 0)) {
        reader_fail(&loader->reader, STATUS_MEMORY);
        return;
    }
    const struct record *same = state_find(state, scope, (int)collection, id);
    if (same != NULL && same->kind == RECORD_LIVE) {
        damaged(loader);
        return;
    }
    scope->slot_free = slot + 1;
    scope->stamp = stamp - (live ? 1 : 2);
    struct record *record = state_make(state, scope, (int)collection, id, owner);
    record->created = created;
    if (live) {
        load_cells(loader, record);
        return;
    }
    state_remove(state, record, owner);
    scope->slot_free = 0;
}

static void load_event(struct loader *loader, struct scope *scope, int number, uint64_t stamp)
{
    struct state *state = &loader->room->state;
    uint32_t event = load_number(loader, EVENT_NAMES_MAX - 1);
    uint32_t from = load_number(loader, UINT32_MAX);
    struct bytes packed = read_binary(&loader->reader);
    struct reader value = reader_on(packed);
    read_value(&value);
    if (failed(loader) || event >= state->schema.event_count || reader_end(&value) != STATUS_OK ||
        packed.length > EVENT_BYTES_MAX ||
        (number != SCOPE_MINE &&
         (number != SCOPE_EVERYONE || state->schema.events[event].presence)))
        damaged(loader);
    if (failed(loader))
        return;
    if (!heap_reserve(&state->heap, event_reserve(packed.length))) {
        reader_fail(&loader->reader, STATUS_MEMORY);
        return;
    }
    scope->stamp = stamp - 1;
    state_emit(state, scope, (int)event, from, packed);
}

/* --- Scopes ---------------------------------------------------------------------------------------- */

/* The chain of free slots: each slot that no record has, once, in the order of their use. */
static void load_free_slots(struct loader *loader, struct scope *scope)
{
    uint32_t last = 0;
    for (uint32_t left = scope->slot_count - scope->live; left > 0; left--) {
        uint32_t slot = load_number(loader, scope->slot_count - 1) + 1;
        if (failed(loader) || slot == last || scope->slots[slot - 1] != NULL) {
            damaged(loader);
            return;
        }
        if (last == 0)
            scope->slot_free = slot;
        else
            scope->slots[last - 1] = (struct record *)(uintptr_t)slot;
        last = slot;
    }
}

static void load_entries(struct loader *loader, struct scope *scope, int number, uint64_t newest)
{
    uint32_t count = load_count(loader);
    uint64_t stamp = 0;
    for (uint32_t i = 0; i < count && !failed(loader); i++) {
        enum record_kind kind = (enum record_kind)load_number(loader, RECORD_EVENT);
        stamp = load_stamp(loader, stamp + 1, newest);
        if (kind == RECORD_TOMBSTONE && stamp < 2)
            damaged(loader);
        if (failed(loader))
            return;
        if (kind == RECORD_EVENT)
            load_event(loader, scope, number, stamp);
        else
            load_record(loader, scope, number, kind == RECORD_LIVE, stamp);
    }
}

/* `number` is the wire's, -1 for the server's own. */
static void load_scope(struct loader *loader, struct scope *scope, int number)
{
    uint64_t stamp = load_stamp(loader, 0, (uint64_t)INTEGER_MAX);
    scope->horizon = load_stamp(loader, 0, stamp);
    uint32_t slots = load_count(loader); /* each is a record's, or follows as a free one */
    if (failed(loader))
        return;
    if (!scope_reserve(&loader->room->state, scope, slots)) {
        reader_fail(&loader->reader, STATUS_MEMORY);
        return;
    }
    scope->slot_count = slots;
    load_entries(loader, scope, number, stamp);
    load_free_slots(loader, scope);
    scope->stamp = scope->difference = stamp;
}

/* Whether a scope follows; it does where the kind has one. */
static bool load_presence_of(struct loader *loader, const struct scope *scope)
{
    bool there = read_bool(&loader->reader);
    if (!failed(loader) && there != (scope != NULL))
        reader_fail(&loader->reader, STATUS_KIND);
    return there && !failed(loader);
}

static void load_scopes(struct loader *loader)
{
    struct state *state = &loader->room->state;
    for (int i = 0; i < SCOPE_COUNT; i++)
        if (i != SCOPE_PRESENCE && load_presence_of(loader, state->scopes[i]))
            load_scope(loader, state->scopes[i], i);
    if (load_presence_of(loader, state->server))
        load_scope(loader, state->server, -1);
}

/* --- Clients --------------------------------------------------------------------------------------- */

static void load_refusals(struct loader *loader, struct client *client, uint32_t newest)
{
    uint32_t count = load_number(loader, OPERATIONS_IN_FLIGHT_MAX);
    for (uint32_t i = 0; i < count && !failed(loader); i++) {
        uint32_t sequence = load_number(loader, newest);
        uint32_t status = load_number(loader, STATUS_COUNT - 1);
        if (sequence <= client->sequence || status == STATUS_OK)
            damaged(loader);
        if (!reserve(loader, REFUSALS_BYTES))
            return;
        client->sequence = sequence;
        client_refuse(loader->room, client, (enum status)status);
    }
    client->sequence = newest;
}

static void load_seat(struct loader *loader, struct client *client, uint32_t seat)
{
    struct room *room = loader->room;
    bool taken = seat < room->seat_count && room->seats[seat].state != SEAT_FREE;
    if (taken || room->asleep)
        damaged(loader);
    else if (!failed(loader) && !seat_replay(room, client, seat))
        reader_fail(&loader->reader, STATUS_MEMORY);
}

/* A scope, and the places that come with it for whoever is seated. */
static bool reserve_private(struct loader *loader)
{
    size_t bytes = heap_rounded(SCOPE_BYTES) + heap_rounded(PLACES_BYTES);
    if (!failed(loader) && !heap_reserve(&loader->room->state.heap, bytes))
        reader_fail(&loader->reader, STATUS_MEMORY);
    return !failed(loader);
}

static void load_client(struct loader *loader, uint32_t last_member)
{
    struct bytes key = read_binary(&loader->reader);
    int64_t seat = read_integer_in(&loader->reader, -1, ROOM_MEMBERS_MAX - 1);
    uint32_t member = load_number(loader, last_member);
    uint32_t sequence = load_number(loader, UINT32_MAX);
    if (failed(loader) || key.length != CLIENT_KEY_BYTES || member == 0 ||
        client_find(loader->room, key.data) != NULL) {
        damaged(loader);
        return;
    }
    struct client *client = client_restore(loader->room, key.data, member);
    if (client == NULL) {
        reader_fail(&loader->reader, STATUS_MEMORY);
        return;
    }
    load_refusals(loader, client, sequence);
    if (seat >= 0)
        load_seat(loader, client, (uint32_t)seat);
    if (read_bool(&loader->reader) && reserve_private(loader))
        load_scope(loader, client_private_scope(loader->room, client), SCOPE_MINE);
}

static int compare_members(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Two members of one number would have one presence record. */
static void check_members(struct loader *loader)
{
    struct room *room = loader->room;
    uint32_t count = 0;
    if (failed(loader) || room->client_count == 0)
        return;
    uint32_t *members =
        memory_allocate(&room->options.memory, room->client_count * sizeof *members);
    if (members == NULL) {
        reader_fail(&loader->reader, STATUS_MEMORY);
        return;
    }
    for (uint32_t i = 0; i < room->client_buckets; i++)
        for (const struct client *client = room->clients[i]; client != NULL; client = client->chain)
            members[count++] = client->member;
    qsort(members, count, sizeof *members, compare_members);
    for (uint32_t i = 1; i < count; i++)
        if (members[i] == members[i - 1])
            damaged(loader);
    memory_release(&room->options.memory, members);
}

static void load_clients(struct loader *loader)
{
    struct room *room = loader->room;
    room->last_member = load_number(loader, UINT32_MAX - 1);
    uint32_t count = load_count(loader);
    for (uint32_t i = 0; i < count && !failed(loader); i++)
        load_client(loader, room->last_member);
    check_members(loader);
}

/* --- The room -------------------------------------------------------------------------------------- */

static void load_timers(struct loader *loader)
{
    struct room *room = loader->room;
    uint64_t due = room->tick;
    uint32_t count = load_number(loader, ROOM_TIMERS_MAX);
    if (count > 0 && room->rules->timer == NULL)
        reader_fail(&loader->reader, STATUS_KIND);
    for (uint32_t i = 0; i < count && !failed(loader); i++) {
        due = load_stamp(loader, due, UINT64_MAX >> 1);
        room->timers[i] = (struct timer){due, load_number(loader, UINT32_MAX)};
    }
    room->timer_count = failed(loader) ? 0 : count;
}

/* Its size is part of what the kind declares. */
static void load_memory(struct loader *loader)
{
    struct room *room = loader->room;
    if (room->rules->memory_bytes == 0 || failed(loader))
        return;
    struct bytes memory = read_binary(&loader->reader);
    if (memory.length != room->rules->memory_bytes)
        damaged(loader);
    else
        memcpy(room->memory.data, memory.data, memory.length);
}

/* Its stamp: what was made here of those who are seated stands below. */
static void load_presence(struct loader *loader)
{
    struct scope *presence = loader->room->state.scopes[SCOPE_PRESENCE];
    uint64_t stamp = load_stamp(loader, 0, (uint64_t)INTEGER_MAX - 1) + 1;
    presence->stamp = presence->horizon = presence->difference = stamp;
}

static void load_origin(struct loader *loader)
{
    struct room *room = loader->room;
    room->asleep = read_bool(&loader->reader);
    struct room_limits limits = {.tombstones = load_number(loader, UINT32_MAX),
                                 .clients = load_number(loader, UINT32_MAX)};
    room->foreign = limits.tombstones == 0 || limits.clients == 0;
    if (!room->foreign)
        room_set_memory(room, &limits);
}

static void load_room(struct loader *loader)
{
    struct room *room = loader->room;
    room->tick = room->state.tick = load_stamp(loader, 0, (uint64_t)INTEGER_MAX);
    load_origin(loader);
    room->random[0] = load_bits(loader);
    room->random[1] = load_bits(loader);
    if ((room->random[1] & 1) == 0)
        damaged(loader); /* no stream: all its numbers may be the same one */
    load_timers(loader);
    load_names(loader);
    load_memory(loader);
    load_scopes(loader);
    load_clients(loader);
    room->replaying = true;
    bool bare = loader->format == SNAPSHOT_FORMAT_BARE;
    if (!bare) {
        snapshot_load_life(room, &loader->reader);
        snapshot_load_seats(room, &loader->reader);
    }
    load_presence(loader);
    if (bare)
        snapshot_load_inputs(room, &loader->reader);
    else if (!reader_done(&loader->reader))
        room->options.unrecorded = read_bool(&loader->reader);
}

struct bytes snapshot_kind(struct bytes bytes)
{
    struct reader reader = reader_on(bytes);
    read_integer_in(&reader, SNAPSHOT_FORMAT_BARE, SNAPSHOT_FORMAT);
    struct bytes kind = read_string(&reader);
    return reader.status == STATUS_OK ? kind : (struct bytes){0};
}

struct room *
snapshot_read(const struct room_options *options, struct bytes bytes, enum status *status)
{
    struct room *room = snapshot_load(options, bytes, status);
    if (room != NULL) {
        struct room_limits limits = options->limits;
        room_default_limits(&limits);
        room_set_memory(room, &limits);
        seats_drop(room);
        room_settle(room);
    }
    return room;
}

struct room *
snapshot_load(const struct room_options *options, struct bytes bytes, enum status *status)
{
    struct loader loader = {.reader = reader_on(bytes)};
    struct room_options own = *options;
    loader.format = (uint32_t)load_stamp(&loader, SNAPSHOT_FORMAT_BARE, SNAPSHOT_FORMAT);
    struct bytes kind = read_string(&loader.reader);
    if (!failed(&loader) && !bytes_equal(kind, bytes_of(options->rules->name)))
        reader_fail(&loader.reader, STATUS_KIND);
    own.incarnation = load_stamp(&loader, 1, (uint64_t)INTEGER_MAX);
    *status = loader.reader.status;
    if (failed(&loader))
        return NULL;
    loader.room = room_make(&own);
    *status = STATUS_MEMORY;
    if (loader.room == NULL)
        return NULL;
    load_room(&loader);
    *status = reader_end(&loader.reader);
    if (*status == STATUS_OK)
        return loader.room;
    room_destroy(loader.room);
    return NULL;
}
