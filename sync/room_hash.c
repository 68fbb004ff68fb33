/* room_hash.c - the state hash of a room: see sync/hash.h. */
#include "sync/hash.h"
#include "sync/room_parts.h"

static uint64_t hash_list(uint64_t hash, const struct cell *cell)
{
    for (const struct segment *segment = cell->value.first; segment != NULL;
         segment = segment->next) {
        struct reader reader = reader_on((struct bytes){segment->data, segment->length});
        while (!reader_done(&reader))
            hash = hash_bytes(hash, read_value(&reader));
    }
    return hash;
}

static uint64_t hash_record(const struct schema *schema, const struct record *record)
{
    const struct collection *collection = &schema->collections[record->collection];
    uint64_t hash = hash_bytes(hash_bytes(0, collection->name), record_id(record));
    for (int i = 0; i < record->cell_count; i++) {
        const struct cell *cell = record_cell(record, i);
        if (cell == NULL || cell->type == CELL_HOLE)
            continue;
        hash = hash_bytes(hash, collection->fields[i].name);
        if (cell->type == CELL_LIST) {
            hash = hash_list(hash, cell);
        } else if (cell->type == CELL_NUMBER) {
            uint8_t packed[9];
            struct writer writer = writer_on(packed, sizeof packed);
            pack_integer(&writer, cell->value.number);
            hash = hash_bytes(hash, writer_bytes(&writer));
        } else {
            hash = hash_bytes(hash, cell_packed(cell));
        }
    }
    return hash;
}

static uint64_t hash_scope(const struct schema *schema, const struct scope *scope)
{
    uint64_t sum = 0;
    for (const struct record *record = scope->oldest; record != NULL; record = record->newer) {
        if (record->kind == RECORD_LIVE)
            sum += hash_record(schema, record);
        if (record->kind != RECORD_EVENT)
            continue;
        uint64_t hash = hash_bytes(0, schema->events[record->collection].name);
        hash = hash_member(hash, record->owner);
        sum += hash_bytes(hash, (struct bytes){record->content.value, record->length});
    }
    return sum;
}

static uint64_t hash_private_scopes(const struct room *room)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < room->client_buckets; i++)
        for (const struct client *client = room->clients[i]; client != NULL; client = client->chain)
            if (client->mine != NULL)
                sum += hash_scope(&room->state.schema, client->mine);
    return sum;
}

uint64_t room_memory_hash(const struct room *room)
{
    size_t length = room->rules->memory_bytes;
    return length > 0 ? hash_bytes(0, (struct bytes){room->memory.data, length}) : 0;
}

uint64_t room_hash_kept(const struct room *room)
{
    uint64_t sum = hash_private_scopes(room) + room_memory_hash(room);
    for (int i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++)
        if (i != SCOPE_PRESENCE && room->state.scopes[i] != NULL)
            sum += hash_scope(&room->state.schema, room->state.scopes[i]);
    if (room->state.server != NULL)
        sum += hash_scope(&room->state.schema, room->state.server);
    return sum;
}

uint64_t room_hash(const struct room *room, uint32_t number)
{
    const struct schema *schema = &room->state.schema;
    uint64_t sum = 0;
    if (number == SEAT_NONE)
        return room_hash_kept(room) + hash_scope(schema, room->state.scopes[SCOPE_PRESENCE]);
    for (int i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++) {
        enum wire_scope scope = (enum wire_scope)i;
        if (seat_sees(room, &room->seats[number], scope))
            sum += hash_scope(schema, seat_scope(room, &room->seats[number], scope));
    }
    return sum;
}
