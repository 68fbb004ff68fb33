/* rules_records.c - records and events as rules write and read them: by number, without packing
 * anything. A write stands in the log as the operation that does the same, so that a replay knows
 * only operations. */
#include <string.h>

#include "sync/log.h"
#include "sync/operation_parts.h"
#include "sync/room_parts.h"

/* --- Where a record is ---------------------------------------------------------------------------- */

static const struct collection *collection_at(const struct room *room, int number)
{
    const struct schema *schema = &room->state.schema;
    return number >= 0 && (uint32_t)number < schema->collection_count ? &schema->collections[number]
                                                                      : NULL;
}

/* The live record or the tombstone, or NULL. */
static struct record *find(const struct room *room, int number, uint32_t member, struct bytes id)
{
    const struct collection *collection = &room->state.schema.collections[number];
    const struct scope *scope = room->state.server;
    switch ((enum sight)collection->sight) {
    case SIGHT_PRESENCE:
        return presence_find(room, member);
    case SIGHT_MEMBER: {
        const struct seat *seat = member_seat(room, member);
        scope = seat == NULL ? NULL : seat->client->mine;
        break;
    }
    case SIGHT_EVERYONE:
    case SIGHT_ROLE:
        scope = room->state.scopes[collection_scope(collection)];
        break;
    case SIGHT_SERVER:
        break;
    }
    return scope == NULL ? NULL : state_find(&room->state, scope, number, id);
}

static bool is_live(const struct record *record)
{
    return record != NULL && record->kind == RECORD_LIVE;
}

static struct scope *
scope_to_write(struct room *room, const struct collection *collection, uint32_t member)
{
    if (collection->sight == SIGHT_MEMBER)
        return room_private_scope(room, member);
    if (collection->sight == SIGHT_SERVER)
        return room->state.server;
    return room->state.scopes[collection_scope(collection)];
}

/* What a write is about. */
struct target {
    struct room *room;
    const struct collection *collection;
    int number;
    uint32_t member; /* 0 where the collection needs none */
    struct bytes id;
    struct record *record; /* live, a tombstone or NULL */
};

static enum status
aim(struct target *target, struct room *room, int number, uint32_t member, struct bytes id)
{
    const struct collection *collection = collection_at(room, number);
    if (collection == NULL)
        return STATUS_NOT_FOUND;
    bool presence = collection->sight == SIGHT_PRESENCE;
    bool owned = presence || collection->sight == SIGHT_MEMBER;
    if (presence ? id.length > 0 : !record_id_valid(id))
        return STATUS_MALFORMED;
    if (owned && !room_member_here(room, member))
        return STATUS_NOT_FOUND;
    *target = (struct target){.room = room,
                              .collection = collection,
                              .number = number,
                              .member = owned ? member : 0,
                              .id = id,
                              .record = find(room, number, member, id)};
    return presence && target->record == NULL ? STATUS_NOT_FOUND : STATUS_OK;
}

/* --- Values --------------------------------------------------------------------------------------- */

enum value_kind {
    VALUE_UNSET,
    VALUE_NUMBER,
    VALUE_PACKED,
    VALUE_LIST
};

/* A checked value, as the field will hold it. */
struct value {
    int field;
    enum value_kind kind;
    int64_t number;      /* or how many items */
    struct bytes packed; /* canonical; of a list its items */
};

/* Those that change something. */
struct values {
    uint32_t count;
    uint32_t named; /* fields, a bit each */
    uint64_t bytes;
    uint64_t length; /* of the record's values then */
    struct value list[FIELDS_MAX];
    struct writer packed; /* where the canonical forms are */
    uint8_t scratch[CANONICAL_BYTES_MAX];
};

/* A number for a field that holds no numbers, packed. */
static enum status pack_number(const struct field *field, int64_t number, struct writer *writer)
{
    if (field->type == FIELD_BOOL && (number == 0 || number == 1))
        pack_bool(writer, number == 1);
    else if (field->type == FIELD_ANY && number >= -INTEGER_MAX && number <= INTEGER_MAX)
        pack_integer(writer, number);
    else
        return field->type == FIELD_BOOL || field->type == FIELD_ANY ? STATUS_RANGE : STATUS_TYPE;
    return STATUS_OK;
}

static enum status read_packed(const struct field *field,
                               struct bytes packed,
                               struct writer *writer,
                               struct value *value)
{
    struct reader whole = reader_on(packed);
    struct reader reader = whole;
    read_value(&whole);
    if (reader_end(&whole) != STATUS_OK)
        return STATUS_MALFORMED;
    enum status status = value_check(field, packed);
    if (status != STATUS_OK || read_type(&reader) == PACK_NIL)
        return status;
    if (field_is_number(field)) {
        value->kind = VALUE_NUMBER;
        value->number = read_integer(&reader);
        return STATUS_OK;
    }
    bool list = field->merge == MERGE_APPEND;
    uint32_t items = list ? read_array(&reader) : 1;
    value->kind = list ? VALUE_LIST : VALUE_PACKED;
    value->number = items;
    value->packed = canonical(&reader, items, writer);
    return writer->status == STATUS_OK ? STATUS_OK : STATUS_LIMIT;
}

static enum status check_value(const struct field *field,
                               const struct field_value *from,
                               struct writer *writer,
                               struct value *value)
{
    uint8_t number[9];
    struct writer small = writer_on(number, sizeof number);
    struct bytes packed = from->packed;
    if (packed.length == 0 && field_is_number(field)) {
        value->kind = VALUE_NUMBER;
        value->number = from->number;
        return from->number >= field->minimum && from->number <= field->maximum ? STATUS_OK
                                                                                : STATUS_RANGE;
    }
    if (packed.length == 0) {
        enum status status = pack_number(field, from->number, &small);
        if (status != STATUS_OK)
            return status;
        packed = writer_bytes(&small);
    }
    return read_packed(field, packed, writer, value);
}

/* Whether the field holds this already, by the server's word. */
static bool is_so(const struct cell *cell, const struct value *value)
{
    if (cell == NULL)
        return value->kind == VALUE_UNSET;
    if (cell->author != 0 || cell->sequence != 0)
        return false;
    switch (value->kind) {
    case VALUE_UNSET:
        return cell->type == CELL_HOLE;
    case VALUE_NUMBER:
        return cell->type == CELL_NUMBER && cell->value.number == value->number;
    case VALUE_PACKED:
        return (cell->type == CELL_SHORT || cell->type == CELL_PACKED) &&
               bytes_equal(cell_packed(cell), value->packed);
    case VALUE_LIST:
        return cell->type == CELL_LIST && list_is(cell, value->packed, (uint32_t)value->number);
    }
    return false;
}

static uint32_t bytes_held(const struct cell *cell)
{
    if (cell == NULL)
        return 0;
    if (cell->type == CELL_LIST)
        return list_bytes(cell);
    return cell->type == CELL_SHORT || cell->type == CELL_PACKED ? cell->aux.length : 0;
}

static enum status
add_value(const struct target *target, const struct field_value *from, struct values *values)
{
    const struct collection *collection = target->collection;
    if (from->field >= collection->field_count)
        return STATUS_NOT_FOUND;
    const struct field *field = &collection->fields[from->field];
    bool presence = collection->sight == SIGHT_PRESENCE;
    bool members_own = field_is_number(field) || from->field < PRESENCE_FIELDS ||
                       (target->room->logged_fields >> from->field & 1) != 0;
    if (presence && members_own)
        return STATUS_DENIED;
    if ((values->named >> from->field & 1) != 0)
        return STATUS_MALFORMED;
    values->named |= UINT32_C(1) << from->field;
    struct value *value = &values->list[values->count];
    *value = (struct value){.field = (int)from->field};
    enum status status = check_value(field, from, &values->packed, value);
    if (status != STATUS_OK)
        return status;
    bool live = is_live(target->record);
    const struct cell *cell = live ? record_cell(target->record, value->field) : NULL;
    if (is_so(cell, value))
        return STATUS_OK;
    values->bytes += value->packed.length;
    values->length += value->packed.length;
    values->length -= bytes_held(cell); /* modulo 2^64: it is part of it */
    values->count++;
    return STATUS_OK;
}

/* --- Writing -------------------------------------------------------------------------------------- */

static void set_value(struct state *state, struct record *record, const struct value *value)
{
    struct author server = {0, 0};
    switch (value->kind) {
    case VALUE_UNSET:
        state_unset(state, record, value->field, server);
        return;
    case VALUE_NUMBER:
        state_set_number(state, record, value->field, value->number, server);
        return;
    case VALUE_PACKED:
        state_set_packed(state, record, value->field, value->packed, server);
        return;
    case VALUE_LIST:
        state_set_list(state, record, value->field, value->packed, (uint32_t)value->number, server);
    }
}

static void pack_value(struct writer *writer, const struct value *value)
{
    pack_integer(writer, value->field);
    switch (value->kind) {
    case VALUE_UNSET:
        pack_nil(writer);
        return;
    case VALUE_NUMBER:
        pack_integer(writer, value->number);
        return;
    case VALUE_PACKED:
        pack_raw(writer, value->packed, 1);
        return;
    case VALUE_LIST:
        pack_array(writer, (uint32_t)value->number);
        pack_raw(writer, value->packed, (uint32_t)value->number);
    }
}

/* One edit of so many elements; those behind its head are the caller's to write. */
static bool log_begin(struct writer *writer,
                      struct room *room,
                      uint32_t member,
                      enum verb verb,
                      uint32_t elements)
{
    if (!log_edit_begin(room, member, writer))
        return false;
    pack_array(writer, 1);
    pack_array(writer, elements);
    pack_integer(writer, verb);
    return true;
}

static void log_put(const struct target *target, const struct values *values)
{
    struct writer writer;
    if (!log_begin(&writer, target->room, target->member, VERB_PUT, 3 + 2 * values->count))
        return;
    pack_integer(&writer, target->number);
    pack_string(&writer, target->id);
    for (uint32_t i = 0; i < values->count; i++)
        pack_value(&writer, &values->list[i]);
    log_edit_end(target->room, &writer);
}

enum status room_put(struct room *room,
                     int collection,
                     uint32_t member,
                     struct bytes id,
                     const struct field_value *from,
                     uint32_t count)
{
    struct target target;
    struct values values;
    enum status status = aim(&target, room, collection, member, id);
    if (status != STATUS_OK)
        return status;
    bool live = is_live(target.record);
    values.count = values.named = 0;
    values.bytes = 0;
    values.length = live ? target.record->length : 0;
    values.packed = writer_on(values.scratch, sizeof values.scratch);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = add_value(&target, &from[i], &values);
    if (status != STATUS_OK)
        return status;
    if (values.length > RECORD_BYTES_MAX)
        return STATUS_LIMIT;
    if (live && values.count == 0)
        return STATUS_OK;
    if (!allowance_spend(room, 1, values.bytes))
        return STATUS_LIMIT;
    struct scope *scope = scope_to_write(room, target.collection, member);
    struct record *record = target.record;
    if (!live)
        record = state_make(&room->state, scope, collection, id, 0);
    for (uint32_t i = 0; i < values.count; i++)
        set_value(&room->state, record, &values.list[i]);
    if (target.collection->sight != SIGHT_PRESENCE)
        log_put(&target, &values);
    return STATUS_OK;
}

enum status room_remove(struct room *room, int collection, uint32_t member, struct bytes id)
{
    struct target target;
    struct writer writer;
    enum status status = aim(&target, room, collection, member, id);
    if (status != STATUS_OK)
        return status;
    if (target.collection->sight == SIGHT_PRESENCE)
        return STATUS_DENIED;
    if (!is_live(target.record))
        return STATUS_NOT_FOUND;
    if (!allowance_spend(room, 1, 0))
        return STATUS_LIMIT;
    room->private_changed |= target.collection->sight == SIGHT_MEMBER;
    state_remove(&room->state, target.record, 0);
    if (!log_begin(&writer, room, target.member, VERB_DELETE, 3))
        return STATUS_OK;
    pack_integer(&writer, collection);
    pack_string(&writer, id);
    log_edit_end(room, &writer);
    return STATUS_OK;
}

enum status room_emit(struct room *room, int event, uint32_t to, struct bytes packed)
{
    const struct schema *schema = &room->state.schema;
    uint8_t scratch[CANONICAL_BYTES_MAX];
    struct writer writer = writer_on(scratch, sizeof scratch);
    struct reader reader = reader_on(packed);
    if (event < 0 || (uint32_t)event >= schema->event_count ||
        (to != 0 && !room_member_here(room, to)))
        return STATUS_NOT_FOUND;
    struct bytes value = canonical(&reader, 1, &writer);
    if (reader_end(&reader) != STATUS_OK)
        return STATUS_MALFORMED;
    if (writer.status != STATUS_OK || value.length > EVENT_BYTES_MAX ||
        !allowance_spend(room, 1, value.length))
        return STATUS_LIMIT;
    bool presence = schema->events[event].presence && to == 0;
    struct scope *scope = room->state.scopes[presence ? SCOPE_PRESENCE : SCOPE_EVERYONE];
    if (to != 0)
        scope = room_private_scope(room, to);
    state_emit(&room->state, scope, event, 0, value);
    if (presence || !log_begin(&writer, room, 0, VERB_EMIT, 4))
        return STATUS_OK;
    pack_integer(&writer, event);
    pack_integer(&writer, to);
    pack_raw(&writer, value, 1);
    log_edit_end(room, &writer);
    return STATUS_OK;
}

enum status room_edit(struct room *room, uint32_t member, struct bytes operation)
{
    struct reader reader = reader_on(operation);
    struct reader check = reader;
    operation_count(&check);
    enum status status = reader_end(&check);
    if (status != STATUS_OK)
        return status;
    struct actor actor = {.room = room,
                          .state = &room->state,
                          .rules = room->rules,
                          .limits = &room->options.limits,
                          .role = ROLE_ADMIN,
                          .server = true,
                          .replay = room->replaying};
    if (member != 0)
        actor.mine = room_private_scope(room, member);
    status = operation_apply(&actor, &reader);
    if (status == STATUS_OK)
        log_edit(room, member, operation);
    return status;
}

/* --- Reading -------------------------------------------------------------------------------------- */

static const struct cell *
cell_of(const struct room *room, int collection, uint32_t member, struct bytes id, uint32_t field)
{
    if (collection_at(room, collection) == NULL || field >= FIELDS_MAX)
        return NULL;
    const struct record *record = find(room, collection, member, id);
    return is_live(record) ? record_cell(record, (int)field) : NULL;
}

struct field_view room_field(const struct room *room,
                             int collection,
                             uint32_t member,
                             struct bytes id,
                             uint32_t field)
{
    const struct cell *cell = cell_of(room, collection, member, id, field);
    struct field_view view = {0};
    if (cell == NULL)
        return view;
    view.author = cell->author;
    view.set = cell->type != CELL_HOLE;
    switch ((enum cell_type)cell->type) {
    case CELL_HOLE:
        return (struct field_view){0};
    case CELL_NUMBER:
        view.number = cell->value.number;
        break;
    case CELL_SHORT:
    case CELL_PACKED:
        view.packed = cell_packed(cell);
        break;
    case CELL_LIST:
        view.number = list_count(cell);
        break;
    }
    return view;
}

bool room_number(const struct room *room,
                 int collection,
                 uint32_t member,
                 struct bytes id,
                 uint32_t field,
                 int64_t *number)
{
    const struct cell *cell = cell_of(room, collection, member, id, field);
    if (cell == NULL)
        return false;
    if (cell->type == CELL_NUMBER) {
        *number = cell->value.number;
        return true;
    }
    if (cell->type != CELL_SHORT)
        return false;
    struct reader reader = reader_on(cell_packed(cell));
    enum pack_type type = read_type(&reader);
    if (type == PACK_BOOL)
        *number = read_bool(&reader) ? 1 : 0;
    else if (type == PACK_INTEGER)
        *number = read_integer(&reader);
    return type == PACK_BOOL || type == PACK_INTEGER;
}
