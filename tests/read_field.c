#include "tests/read_field.h"

#include <check.h>

#include "sync/room_parts.h"

static const struct record *
record_of(const struct room *room, int collection, uint32_t member, struct bytes id)
{
    const struct collection *known = &room->state.schema.collections[collection];
    const struct scope *scope = room->state.server;
    if (known->sight == SIGHT_MEMBER) {
        const struct seat *seat = member_seat(room, member);
        scope = seat == NULL ? NULL : seat->client->mine;
    } else if (known->sight != SIGHT_SERVER) {
        scope = room->state.scopes[collection_scope(known)];
    }
    return scope == NULL ? NULL : state_find(&room->state, scope, collection, id);
}

size_t read_field(const struct room *room,
                  const char *collection_name,
                  uint32_t member,
                  const char *id,
                  const char *field_name,
                  uint8_t *buffer,
                  size_t capacity)
{
    const struct schema *schema = &room->state.schema;
    int collection = schema_collection(schema, bytes_of(collection_name));
    if (collection < 0)
        return 0;
    int field = collection_field(&schema->collections[collection], bytes_of(field_name));
    const struct record *record = record_of(room, collection, member, bytes_of(id));
    bool live = record != NULL && record->kind == RECORD_LIVE;
    const struct cell *cell = !live || field < 0 ? NULL : record_cell(record, field);
    if (cell == NULL || cell->type == CELL_HOLE)
        return 0;
    struct writer writer = writer_on(buffer, capacity);
    cell_write(&writer, cell);
    ck_assert_int_eq(writer.status, STATUS_OK);
    return writer.length;
}
