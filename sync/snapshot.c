#include "sync/snapshot.h"

#include <string.h>

#include "sync/room_parts.h"

/* Of the bytes below; a reader knows its own and those before it. */
#define SNAPSHOT_FORMAT 1

/* --- Writing ------------------------------------------------------------------------------------- */

/* 64 bits of any kind: msgpack's integers stop at what int64 holds. */
static void write_bits(struct writer *writer, uint64_t value)
{
    pack_integer(writer, (int64_t)(value >> 32));
    pack_integer(writer, (int64_t)(value & UINT32_MAX));
}

static void write_stamp(struct writer *writer, uint64_t stamp)
{
    pack_integer(writer, (int64_t)stamp);
}

/* Names that were learnt, in the order of their definitions. */
static void write_names(struct writer *writer, const struct room *room)
{
    const struct schema *schema = &room->state.schema;
    pack_integer(writer, room->declared);
    pack_integer(writer, schema->definition_count - room->declared);
    for (uint32_t i = room->declared; i < schema->definition_count; i++) {
        const struct definition *definition = &schema->definitions[i];
        pack_integer(writer, definition->kind);
        if (definition->kind == 0) {
            pack_string(writer, schema->collections[definition->number].name);
        } else if (definition->kind == 2) {
            pack_string(writer, schema->events[definition->number].name);
        } else {
            const struct collection *collection = &schema->collections[definition->collection];
            pack_integer(writer, definition->collection);
            pack_string(writer, collection->fields[definition->number].name);
            pack_integer(writer, collection->fields[definition->number].merge);
        }
    }
}

/* Fields that rules have written into collections which nobody sees: no definitions. */
static void write_hidden_names(struct writer *writer, const struct room *room)
{
    const struct schema *schema = &room->state.schema;
    for (uint32_t i = 0; i < schema->collection_count; i++) {
        const struct collection *collection = &schema->collections[i];
        if (collection->sight != SIGHT_SERVER)
            continue;
        pack_integer(writer, collection->field_count);
        for (int field = 0; field < collection->field_count; field++) {
            pack_string(writer, collection->fields[field].name);
            pack_integer(writer, collection->fields[field].merge);
        }
    }
}

static void write_cell(struct writer *writer, const struct cell *cell)
{
    write_stamp(writer, cell->stamp);
    if (cell->stamp == 0)
        return;
    pack_integer(writer, cell->author);
    pack_integer(writer, cell->sequence);
    pack_integer(writer, cell->type);
    switch ((enum cell_type)cell->type) {
    case CELL_HOLE:
        return;
    case CELL_NUMBER:
        pack_integer(writer, cell->value.number);
        return;
    case CELL_SHORT:
    case CELL_PACKED:
        pack_binary(writer, cell_packed(cell));
        return;
    case CELL_LIST:
        for (const struct segment *segment = cell->value.first; segment != NULL;
             segment = segment->next) {
            pack_integer(writer, segment->count);
            write_stamp(writer, segment->stamp);
            pack_binary(writer, (struct bytes){segment->data, segment->length});
        }
        pack_integer(writer, 0); /* no segment has no item */
    }
}

static void write_entry(struct writer *writer, const struct record *record)
{
    pack_integer(writer, record->kind);
    pack_integer(writer, record->collection);
    write_stamp(writer, record->stamp);
    pack_integer(writer, record->owner);
    if (record->kind == RECORD_EVENT) {
        pack_binary(writer, (struct bytes){record->content.value, record->length});
        return;
    }
    write_stamp(writer, record->created);
    pack_integer(writer, record->slot);
    pack_string(writer, record_id(record));
    if (record->kind == RECORD_TOMBSTONE)
        return;
    pack_integer(writer, record->cell_count);
    for (int i = 0; i < record->cell_count; i++)
        write_cell(writer, &record->content.cells[i]);
}

static uint32_t entries(const struct scope *scope)
{
    uint32_t count = 0;
    for (const struct record *record = scope->oldest; record != NULL; record = record->newer)
        count++;
    return count;
}

/* nil for a scope that is not there. */
static void write_scope(struct writer *writer, const struct scope *scope)
{
    if (scope == NULL) {
        pack_nil(writer);
        return;
    }
    write_stamp(writer, scope->stamp);
    write_stamp(writer, scope->horizon);
    pack_integer(writer, scope->slot_count);
    pack_integer(writer, entries(scope));
    for (const struct record *record = scope->oldest; record != NULL; record = record->newer)
        write_entry(writer, record);
}

static void write_client(struct writer *writer, const struct client *client)
{
    pack_binary(writer, (struct bytes){client->key, CLIENT_KEY_BYTES});
    pack_integer(writer, client->member);
    pack_integer(writer, client->sequence);
    uint32_t first = client_refusals_after(client, 0);
    pack_integer(writer, client->refused - first);
    for (uint32_t i = first; i < client->refused; i++) {
        pack_integer(writer, client_refusal(client, i)->sequence);
        pack_integer(writer, client_refusal(client, i)->status);
    }
    write_scope(writer, client->mine);
}

/* Those without a seat first, oldest first: the order in which they will be forgotten. */
static void write_clients(struct writer *writer, const struct room *room)
{
    pack_integer(writer, room->last_member);
    pack_integer(writer, room->client_count);
    for (const struct client *client = room->client_oldest; client != NULL; client = client->newer)
        write_client(writer, client);
    for (uint32_t i = 0; i < room->seat_count; i++)
        if (room->seats[i].state != SEAT_FREE)
            write_client(writer, room->seats[i].client);
}

void snapshot_write(const struct room *room, struct writer *writer)
{
    pack_integer(writer, SNAPSHOT_FORMAT);
    pack_string(writer, bytes_of(room->rules->name));
    pack_integer(writer, (int64_t)room->options.incarnation);
    write_bits(writer, room->tick);
    write_bits(writer, room->random[0]);
    write_bits(writer, room->random[1]);
    pack_integer(writer, room->timer_count);
    for (uint32_t i = 0; i < room->timer_count; i++) {
        write_bits(writer, room->timers[i].due);
        pack_integer(writer, room->timers[i].number);
    }
    write_names(writer, room);
    write_hidden_names(writer, room);
    write_clients(writer, room);
    write_stamp(writer, room->state.scopes[SCOPE_PRESENCE]->stamp);
    for (int i = 0; i < SCOPE_COUNT; i++)
        if (i != SCOPE_PRESENCE)
            write_scope(writer, room->state.scopes[i]);
    write_scope(writer, room->state.server);
}

size_t snapshot_bytes(const struct room *room)
{
    struct writer writer = writer_on(NULL, SIZE_MAX);
    snapshot_write(room, &writer);
    return writer.length;
}

/* --- Reading ------------------------------------------------------------------------------------- */

/* Where reading stands, and the room that is being made. */
struct loader {
    struct reader reader;
    struct room *room;
};

static void fail(struct loader *loader, enum status status)
{
    reader_fail(&loader->reader, status);
}

static bool failed(const struct loader *loader)
{
    return loader->reader.status != STATUS_OK;
}

/* Heap for what comes next, so that taking it cannot fail. */
static bool reserve(struct loader *loader, size_t bytes)
{
    if (!failed(loader) && !heap_reserve(&loader->room->state.heap, bytes))
        fail(loader, STATUS_MEMORY);
    return !failed(loader);
}

static uint64_t load_bits(struct loader *loader)
{
    uint64_t high = (uint64_t)read_integer_in(&loader->reader, 0, UINT32_MAX);
    return high << 32 | (uint64_t)read_integer_in(&loader->reader, 0, UINT32_MAX);
}

static uint64_t load_stamp(struct loader *loader, uint64_t newest)
{
    return (uint64_t)read_integer_in(&loader->reader, 0, (int64_t)newest);
}

static uint32_t load_number(struct loader *loader, uint32_t maximum)
{
    return (uint32_t)read_integer_in(&loader->reader, 0, maximum);
}

/* A count of things that each take a byte or more. */
static uint32_t load_count(struct loader *loader)
{
    size_t left = loader->reader.length - loader->reader.at;
    return load_number(loader, left < UINT32_MAX ? (uint32_t)left : UINT32_MAX);
}

static void load_name(struct loader *loader)
{
    struct schema *schema = &loader->room->state.schema;
    struct heap *heap = &loader->room->state.heap;
    uint32_t kind = load_number(loader, 2);
    uint32_t collection = kind == 1 ? load_number(loader, COLLECTIONS_MAX - 1) : 0;
    struct bytes name = read_string(&loader->reader);
    uint32_t merge = kind == 1 ? load_number(loader, MERGE_COUNT - 1) : 0;
    if (!schema_name_valid(name) || (kind == 1 && collection >= schema->collection_count))
        fail(loader, STATUS_MALFORMED);
    if (!reserve(loader, SCHEMA_TICK_BYTES + SCHEMA_NAME_BYTES))
        return;
    int number;
    if (kind == 0)
        number = schema_learn_collection(schema, heap, name);
    else if (kind == 1)
        number = schema_learn_field(schema, heap, (int)collection, name, (enum merge)merge);
    else
        number = schema_learn_event(schema, heap, name);
    if (number < 0)
        fail(loader, STATUS_MALFORMED);
}

static void load_names(struct loader *loader)
{
    if (load_number(loader, UINT32_MAX) != loader->room->declared)
        fail(loader, STATUS_KIND);
    for (uint32_t left = load_count(loader); left > 0 && !failed(loader); left--)
        load_name(loader);
}

static void load_hidden_field(struct loader *loader, uint32_t collection, int number)
{
    struct state *state = &loader->room->state;
    struct bytes name = read_string(&loader->reader);
    enum merge merge = (enum merge)load_number(loader, MERGE_COUNT - 1);
    if (!schema_name_valid(name))
        fail(loader, STATUS_MALFORMED);
    if (!reserve(loader, SCHEMA_TICK_BYTES + SCHEMA_NAME_BYTES))
        return;
    int found = collection_field(&state->schema.collections[collection], name);
    if (found < 0)
        found = schema_learn_field(&state->schema, &state->heap, (int)collection, name, merge);
    if (found != number)
        fail(loader, STATUS_KIND);
}

static void load_hidden_names(struct loader *loader)
{
    const struct schema *schema = &loader->room->state.schema;
    for (uint32_t i = 0; i < schema->collection_count; i++) {
        if (schema->collections[i].sight != SIGHT_SERVER)
            continue;
        int count = (int)load_number(loader, FIELDS_MAX);
        for (int field = 0; field < count && !failed(loader); field++)
            load_hidden_field(loader, i, field);
    }
}

static void load_list(struct loader *loader, struct record *record, int field)
{
    uint64_t cell_stamp = record->content.cells[field].stamp;
    uint64_t newest = 0;
    uint32_t count;
    while ((count = load_count(loader)) > 0) {
        uint64_t stamp = load_stamp(loader, cell_stamp);
        struct bytes items = read_binary(&loader->reader);
        struct reader check = reader_on(items);
        for (uint32_t i = 0; i < count; i++)
            read_value(&check);
        if (stamp <= newest || reader_end(&check) != STATUS_OK || items.length > RECORD_BYTES_MAX)
            fail(loader, STATUS_MALFORMED);
        if (!reserve(loader, 2 * (sizeof(struct segment) + items.length)))
            return;
        state_load_items(&loader->room->state, record, field, items, count, stamp);
        newest = stamp;
    }
}

static void load_packed(struct loader *loader, struct record *record, int field)
{
    struct bytes packed = read_binary(&loader->reader);
    struct reader value = reader_on(packed);
    read_value(&value);
    if (reader_end(&value) != STATUS_OK || packed.length > RECORD_BYTES_MAX)
        fail(loader, STATUS_MALFORMED);
    if (reserve(loader, 2 * packed.length + 16))
        state_load_packed(&loader->room->state, record, field, packed);
}

static void load_cell(struct loader *loader, struct record *record, int number)
{
    struct cell *cell = &record->content.cells[number];
    cell->stamp = load_stamp(loader, record->stamp);
    if (cell->stamp == 0)
        return;
    cell->author = load_number(loader, UINT32_MAX);
    cell->sequence = load_number(loader, UINT32_MAX);
    const struct field *field =
        &loader->room->state.schema.collections[record->collection].fields[number];
    enum cell_type type = (enum cell_type)load_number(loader, CELL_LIST);
    enum cell_type wanted = CELL_PACKED;
    if (field_is_number(field))
        wanted = CELL_NUMBER;
    else if (field->merge == MERGE_APPEND)
        wanted = CELL_LIST;
    if (type == CELL_HOLE)
        return;
    if ((type == CELL_SHORT ? CELL_PACKED : type) != wanted)
        fail(loader, STATUS_MALFORMED);
    if (failed(loader))
        return;
    if (type == CELL_NUMBER) {
        cell->value.number = read_integer(&loader->reader);
        cell->type = CELL_NUMBER;
    } else if (type == CELL_LIST) {
        cell->type = CELL_LIST;
        load_list(loader, record, number);
    } else {
        load_packed(loader, record, number);
    }
}

static void load_record(struct loader *loader, struct scope *scope, struct loaded_entry *entry)
{
    struct state *state = &loader->room->state;
    entry->created = load_stamp(loader, entry->stamp);
    entry->slot = load_number(loader, UINT32_MAX - 1);
    entry->id = read_string(&loader->reader);
    if (entry->number >= state->schema.collection_count || entry->slot >= scope->slot_count ||
        entry->id.length < 1 || entry->id.length > RECORD_ID_BYTES_MAX ||
        (entry->kind == RECORD_LIVE && scope->slots[entry->slot] != NULL))
        fail(loader, STATUS_MALFORMED);
    if (!failed(loader) && !state_reserve(state, 1, RECORD_RESERVE))
        fail(loader, STATUS_MEMORY);
    if (failed(loader))
        return;
    const struct record *same = state_find(state, scope, (int)entry->number, entry->id);
    if (same != NULL && same->kind == RECORD_LIVE) {
        fail(loader, STATUS_MALFORMED);
        return;
    }
    struct record *record = state_load_entry(state, scope, entry);
    if (entry->kind == RECORD_TOMBSTONE)
        return;
    uint32_t known = state->schema.collections[entry->number].field_count;
    uint32_t cells = load_number(loader, known);
    for (uint32_t i = 0; i < cells && !failed(loader); i++) {
        state_load_cells(state, record);
        load_cell(loader, record, (int)i);
    }
}

static void load_event(struct loader *loader, struct scope *scope, struct loaded_entry *entry)
{
    struct state *state = &loader->room->state;
    entry->value = read_binary(&loader->reader);
    struct reader value = reader_on(entry->value);
    read_value(&value);
    if (entry->number >= state->schema.event_count || reader_end(&value) != STATUS_OK ||
        entry->value.length > EVENT_BYTES_MAX ||
        scope->event_counts[entry->number] >= state->schema.events[entry->number].kept)
        fail(loader, STATUS_MALFORMED);
    if (reserve(loader, RECORD_RESERVE + 2 * entry->value.length))
        state_load_entry(state, scope, entry);
}

/* Into a scope that is there and empty; the head of it, nil or not, is read already. */
static void load_entries(struct loader *loader, struct scope *scope)
{
    uint64_t newest = 0;
    uint64_t last = load_stamp(loader, INTEGER_MAX);
    scope->horizon = load_stamp(loader, last);
    uint32_t slots = load_count(loader);
    if (!failed(loader) && !scope_reserve(&loader->room->state, scope, slots))
        fail(loader, STATUS_MEMORY);
    if (failed(loader))
        return;
    scope->slot_count = slots;
    for (uint32_t left = load_count(loader); left > 0 && !failed(loader); left--) {
        struct loaded_entry entry = {0};
        entry.kind = (enum record_kind)load_number(loader, RECORD_EVENT);
        entry.number = load_number(loader, UINT8_MAX);
        entry.stamp = load_stamp(loader, last);
        entry.owner = load_number(loader, UINT32_MAX);
        if (entry.stamp <= newest)
            fail(loader, STATUS_MALFORMED);
        newest = entry.stamp;
        if (entry.kind == RECORD_EVENT)
            load_event(loader, scope, &entry);
        else
            load_record(loader, scope, &entry);
    }
    state_load_end(scope, last);
}

static bool load_nothing(struct loader *loader)
{
    if (read_type(&loader->reader) != PACK_NIL)
        return false;
    read_nil(&loader->reader);
    return true;
}

static void load_scope(struct loader *loader, struct scope *scope)
{
    if (load_nothing(loader) != (scope == NULL))
        fail(loader, STATUS_KIND);
    if (scope != NULL && !failed(loader))
        load_entries(loader, scope);
}

static void load_refusals(struct loader *loader, struct client *client)
{
    uint32_t count = load_number(loader, OPERATIONS_IN_FLIGHT_MAX);
    if (!reserve(loader, 2 * REFUSALS_BYTES))
        return;
    uint32_t sequence = client->sequence;
    for (uint32_t i = 0; i < count && !failed(loader); i++) {
        client->sequence = load_number(loader, sequence);
        client_refuse(loader->room, client, (enum status)load_number(loader, STATUS_COUNT - 1));
    }
    client->sequence = sequence;
}

static void load_client(struct loader *loader)
{
    struct room *room = loader->room;
    struct bytes key = read_binary(&loader->reader);
    uint32_t member = load_number(loader, room->last_member);
    if (key.length != CLIENT_KEY_BYTES || member == 0)
        fail(loader, STATUS_MALFORMED);
    if (failed(loader))
        return;
    if (client_find(room, key.data) != NULL) {
        fail(loader, STATUS_MALFORMED);
        return;
    }
    struct client *client = client_restore(room, key.data, member);
    if (client == NULL) {
        fail(loader, STATUS_MEMORY);
        return;
    }
    client->sequence = load_number(loader, UINT32_MAX);
    load_refusals(loader, client);
    if (load_nothing(loader) || !reserve(loader, 2 * SCOPE_BYTES))
        return;
    client->mine = state_add_scope(&room->state);
    load_entries(loader, client->mine);
}

static void load_timers(struct loader *loader)
{
    struct room *room = loader->room;
    uint32_t count = load_number(loader, ROOM_TIMERS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        room->timers[i].due = load_bits(loader);
        room->timers[i].number = load_number(loader, UINT32_MAX);
    }
    if (count > 0 && room->rules->timer == NULL)
        fail(loader, STATUS_KIND);
    room->timer_count = failed(loader) ? 0 : count;
}

static void load_room(struct loader *loader)
{
    struct room *room = loader->room;
    room->tick = load_bits(loader);
    room->random[0] = load_bits(loader);
    room->random[1] = load_bits(loader);
    load_timers(loader);
    load_names(loader);
    load_hidden_names(loader);
    room->last_member = load_number(loader, UINT32_MAX);
    for (uint32_t left = load_count(loader); left > 0 && !failed(loader); left--)
        load_client(loader);
    struct scope *presence = room->state.scopes[SCOPE_PRESENCE];
    uint64_t stamp = load_stamp(loader, INTEGER_MAX - 1) + 1;
    presence->horizon = stamp;
    state_load_end(presence, stamp);
    for (int i = 0; i < SCOPE_COUNT && !failed(loader); i++)
        if (i != SCOPE_PRESENCE)
            load_scope(loader, room->state.scopes[i]);
    load_scope(loader, room->state.server);
    room->names_framed = room->state.schema.definition_count;
}

struct room *
snapshot_read(const struct room_options *options, struct bytes bytes, enum status *status)
{
    struct loader loader = {.reader = reader_on(bytes)};
    struct room_options made = *options;
    if (read_integer(&loader.reader) != SNAPSHOT_FORMAT)
        fail(&loader, STATUS_MALFORMED);
    if (!bytes_equal(read_string(&loader.reader), bytes_of(options->rules->name)))
        fail(&loader, STATUS_KIND);
    made.incarnation = (uint64_t)read_integer_in(&loader.reader, 1, INTEGER_MAX);
    if (!failed(&loader)) {
        loader.room = room_make(&made);
        if (loader.room == NULL)
            fail(&loader, STATUS_MEMORY);
    }
    if (!failed(&loader))
        load_room(&loader);
    *status = reader_end(&loader.reader);
    if (*status == STATUS_OK)
        return loader.room;
    room_destroy(loader.room);
    return NULL;
}
