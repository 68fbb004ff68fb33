/* snapshot.c - a room as bytes. The order here is the format; snapshot_read.c follows it. */
#include "sync/snapshot.h"

#include "sync/room_parts.h"
#include "sync/snapshot_parts.h"

/* --- What both directions know ------------------------------------------------------------------- */

enum snapshot_cell snapshot_cell_of(const struct field *field)
{
    if (field_is_number(field))
        return SNAPSHOT_NUMBER;
    return field->merge == MERGE_APPEND ? SNAPSHOT_LIST : SNAPSHOT_PACKED;
}

/* --- Writing ------------------------------------------------------------------------------------- */

/* Any 64 bits, which msgpack's signed integers hold. */
static void write_bits(struct writer *writer, uint64_t bits)
{
    pack_integer(writer, (int64_t)bits);
}

static void write_field_name(struct writer *writer, int number, const struct field *field)
{
    pack_integer(writer, 1);
    pack_integer(writer, number);
    pack_string(writer, field->name);
    pack_integer(writer, field->merge);
}

static void write_learnt(struct writer *writer, const struct schema *schema, uint32_t index)
{
    const struct definition *definition = &schema->definitions[index];
    if (definition->kind == 1) {
        const struct collection *collection = &schema->collections[definition->collection];
        write_field_name(writer, definition->collection, &collection->fields[definition->number]);
        return;
    }
    pack_integer(writer, definition->kind);
    pack_string(writer, definition->kind == 0 ? schema->collections[definition->number].name
                                              : schema->events[definition->number].name);
}

/* Fields of the server's own collections are learnt too, but no member gets their definitions. */
static uint32_t write_server_names(struct writer *writer, const struct room *room)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < room->rules->collection_count; i++) {
        const struct collection *collection = &room->state.schema.collections[i];
        if (collection->sight != SIGHT_SERVER)
            continue;
        for (uint32_t k = room->rules->collections[i].field_count; k < collection->field_count;
             k++) {
            write_field_name(writer, (int)i, &collection->fields[k]);
            count++;
        }
    }
    return count;
}

/* Names that were learnt, in the order of their definitions, so that numbers and places agree. */
static void write_names(struct writer *writer, const struct room *room)
{
    const struct schema *schema = &room->state.schema;
    struct writer counting = writer_on(NULL, SIZE_MAX);
    uint32_t hidden = write_server_names(&counting, room);
    write_bits(writer, schema_declared_hash(schema, room->rules));
    pack_integer(writer, schema->definition_count - room->declared + hidden);
    for (uint32_t i = room->declared; i < schema->definition_count; i++)
        write_learnt(writer, schema, i);
    write_server_names(writer, room);
}

static void write_list(struct writer *writer, const struct cell *cell)
{
    uint32_t count = 0;
    const struct segment *segment;
    for (segment = cell->value.first; segment != NULL; segment = segment->next)
        count++;
    pack_integer(writer, count);
    for (segment = cell->value.first; segment != NULL; segment = segment->next) {
        write_bits(writer, segment->stamp);
        pack_integer(writer, segment->count);
        pack_binary(writer, (struct bytes){segment->data, segment->length});
    }
}

static void write_cell(struct writer *writer, const struct cell *cell)
{
    write_bits(writer, cell->stamp);
    if (cell->stamp == 0)
        return;
    pack_integer(writer, cell->author);
    pack_integer(writer, cell->sequence);
    switch ((enum cell_type)cell->type) {
    case CELL_HOLE:
        pack_integer(writer, SNAPSHOT_HOLE);
        return;
    case CELL_NUMBER:
        pack_integer(writer, SNAPSHOT_NUMBER);
        pack_integer(writer, cell->value.number);
        return;
    case CELL_SHORT:
    case CELL_PACKED:
        pack_integer(writer, SNAPSHOT_PACKED);
        pack_binary(writer, cell_packed(cell));
        return;
    case CELL_LIST:
        pack_integer(writer, SNAPSHOT_LIST);
        write_list(writer, cell);
    }
}

static void write_entry(struct writer *writer, const struct record *record)
{
    pack_integer(writer, record->kind);
    write_bits(writer, record->stamp);
    pack_integer(writer, record->collection);
    pack_integer(writer, record->owner);
    if (record->kind == RECORD_EVENT) {
        pack_binary(writer, (struct bytes){record->content.value, record->length});
        return;
    }
    write_bits(writer, record->created);
    pack_integer(writer, record->slot);
    pack_string(writer, record_id(record));
    if (record->kind == RECORD_TOMBSTONE)
        return;
    pack_integer(writer, record->cell_count);
    for (int i = 0; i < record->cell_count; i++)
        write_cell(writer, &record->content.cells[i]);
}

static void write_entries(struct writer *writer, const struct scope *scope)
{
    uint32_t count = 0;
    const struct record *record;
    for (record = scope->oldest; record != NULL; record = record->newer)
        count++;
    pack_integer(writer, count);
    for (record = scope->oldest; record != NULL; record = record->newer)
        write_entry(writer, record);
}

static void write_scope(struct writer *writer, const struct scope *scope)
{
    pack_bool(writer, scope != NULL);
    if (scope == NULL)
        return;
    write_bits(writer, scope->stamp);
    write_bits(writer, scope->horizon);
    pack_integer(writer, scope->slot_count);
    write_entries(writer, scope);
    /* The free slots, in the order in which they will be taken. */
    uint32_t slot = scope->slot_free;
    for (; slot > 0; slot = (uint32_t)(uintptr_t)scope->slots[slot - 1])
        pack_integer(writer, slot - 1);
}

#define NO_SEAT (-1)

static void write_client(struct writer *writer, const struct client *client, int64_t seat)
{
    uint32_t first = client_refusals_after(client, 0);
    pack_binary(writer, (struct bytes){client->key, CLIENT_KEY_BYTES});
    pack_integer(writer, seat);
    pack_integer(writer, client->member);
    pack_integer(writer, client->sequence);
    pack_integer(writer, client->refused - first);
    for (uint32_t i = first; i < client->refused; i++) {
        pack_integer(writer, client_refusal(client, i)->sequence);
        pack_integer(writer, client_refusal(client, i)->status);
    }
    /* One that nothing was ever in is made again when it is needed. */
    bool used = client->mine != NULL && client->mine->stamp > 0;
    write_scope(writer, used ? client->mine : NULL);
}

/* Those without a seat first, oldest first: the order in which they will be forgotten. Of a room that
 * sleeps the others have none any more either. */
static void write_clients(struct writer *writer, const struct room *room)
{
    pack_integer(writer, room->last_member);
    pack_integer(writer, room->client_count);
    for (const struct client *client = room->client_oldest; client != NULL; client = client->newer)
        write_client(writer, client, NO_SEAT);
    for (uint32_t i = 0; i < room->seat_count; i++)
        if (room->seats[i].state != SEAT_FREE)
            write_client(writer, room->seats[i].client, room->asleep ? NO_SEAT : (int64_t)i);
}

static void write_timers(struct writer *writer, const struct room *room)
{
    pack_integer(writer, room->timer_count);
    for (uint32_t i = 0; i < room->timer_count; i++) {
        write_bits(writer, room->timers[i].due);
        pack_integer(writer, room->timers[i].number);
    }
}

/* Under which limits the room has been forgetting, so that a replay can tell whether it goes on by
 * the same ones; 0 where it did not. */
static void write_origin(struct writer *writer, const struct room *room)
{
    pack_bool(writer, room->asleep);
    pack_integer(writer, room->foreign ? 0 : room->options.limits.tombstones);
    pack_integer(writer, room->foreign ? 0 : room->options.limits.clients);
}

void snapshot_write(const struct room *room, struct writer *writer)
{
    pack_integer(writer, SNAPSHOT_FORMAT);
    pack_string(writer, bytes_of(room->rules->name));
    write_bits(writer, room->options.incarnation);
    write_bits(writer, room->tick);
    write_origin(writer, room);
    write_bits(writer, room->random[0]);
    write_bits(writer, room->random[1]);
    write_timers(writer, room);
    write_names(writer, room);
    if (room->rules->memory_bytes > 0)
        pack_binary(writer, (struct bytes){room->memory.data, room->rules->memory_bytes});
    for (int i = 0; i < SCOPE_COUNT; i++)
        if (i != SCOPE_PRESENCE)
            write_scope(writer, room->state.scopes[i]);
    write_scope(writer, room->state.server);
    write_clients(writer, room);
    snapshot_write_life(room, writer);
    snapshot_write_seats(room, writer);
    write_bits(writer, room->state.scopes[SCOPE_PRESENCE]->stamp);
    if (room->options.unrecorded)
        pack_bool(writer, true);
}

size_t snapshot_bytes(const struct room *room)
{
    struct writer writer = writer_on(NULL, SIZE_MAX);
    snapshot_write(room, &writer);
    return writer.length;
}
