#include "sync/files.h"

#include "sync/room_parts.h"

/* A binary value of so many bytes, as it is packed. */
#define BINARY_8 0xc4u
#define HEAD     2u

static const uint8_t *hash_in(const struct cell *cell)
{
    if (cell == NULL || cell->type != CELL_PACKED)
        return NULL;
    struct bytes packed = cell_packed(cell);
    bool is_hash = packed.length == HEAD + FILE_HASH_BYTES && packed.data[0] == BINARY_8 &&
                   packed.data[1] == FILE_HASH_BYTES;
    return is_hash ? packed.data + HEAD : NULL;
}

static void visit_scope(const struct schema *schema,
                        const struct scope *scope,
                        room_file_visitor *visitor,
                        void *context)
{
    const struct record *record = scope != NULL ? scope->oldest : NULL;
    for (; record != NULL; record = record->newer) {
        if (record->kind != RECORD_LIVE)
            continue;
        const struct collection *collection = &schema->collections[record->collection];
        for (int i = 0; i < record->cell_count; i++) {
            const uint8_t *hash =
                collection->fields[i].file ? hash_in(record_cell(record, i)) : NULL;
            if (hash != NULL)
                visitor(context, hash);
        }
    }
}

void room_each_file(const struct room *room, room_file_visitor *visitor, void *context)
{
    const struct schema *schema = &room->state.schema;
    for (int i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++)
        if (i != SCOPE_PRESENCE && i != SCOPE_MINE)
            visit_scope(schema, room->state.scopes[i], visitor, context);
    visit_scope(schema, room->state.server, visitor, context);
    for (uint32_t i = 0; i < room->client_buckets; i++)
        for (const struct client *client = room->clients[i]; client != NULL; client = client->chain)
            visit_scope(schema, client->mine, visitor, context);
}

bool rules_name_files(const struct rules *rules)
{
    bool named = rules->learns;
    for (uint32_t i = 0; i < rules->collection_count; i++) {
        const struct collection_rules *collection = &rules->collections[i];
        if (collection->sight == SIGHT_PRESENCE)
            continue;
        named = named || collection->learns;
        for (uint32_t j = 0; j < collection->field_count; j++)
            named = named || collection->fields[j].file;
    }
    return named;
}
