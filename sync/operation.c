#include "sync/operation.h"

#include <assert.h>
#include <string.h>

/* One value in canonical form can take this much: a float of 5 bytes may become an integer of 9. */
#define CANONICAL_BYTES_MAX (2 * RECORD_BYTES_MAX)

/* A number or a name, as the document allows for collections, fields and events. */
struct reference {
    int64_t number; /* -1 for a name */
    struct bytes name;
};

struct edit {
    enum verb verb;
    unsigned guards;
    struct reference target; /* collection or event */
    struct bytes id;
    uint64_t stamp;
    uint32_t sequence;
    uint32_t to;
    struct bytes arguments; /* packed values */
    uint32_t argument_count;
};

/* --- Reading ------------------------------------------------------------------------------------- */

static struct reference read_reference(struct reader *reader)
{
    struct reference reference = {.number = -1};
    if (read_type(reader) == PACK_STRING) {
        reference.name = read_string(reader);
        if (!schema_name_valid(reference.name))
            reader_fail(reader, STATUS_MALFORMED);
    } else {
        reference.number = read_integer_in(reader, 0, INTEGER_MAX);
    }
    return reference;
}

static struct bytes read_record_id(struct reader *reader)
{
    struct bytes id = read_string(reader);
    if (id.length < 1 || id.length > RECORD_ID_BYTES_MAX)
        reader_fail(reader, STATUS_MALFORMED);
    for (size_t i = 0; i < id.length; i++)
        if (id.data[i] < 0x21 || id.data[i] > 0x7e)
            reader_fail(reader, STATUS_MALFORMED);
    return id;
}

/* `count` elements: pairs of a field and a value, or a field and its items. */
static void check_arguments(struct reader *reader, enum verb verb, uint32_t count)
{
    bool pairs = verb == VERB_PUT || verb == VERB_SET || verb == VERB_ADD;
    if ((pairs && count % 2 != 0) || (verb == VERB_APPEND && count == 0) ||
        (verb == VERB_DELETE && count != 0) || (verb == VERB_EMIT && count != 1))
        reader_fail(reader, STATUS_MALFORMED);
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++) {
        if ((pairs && i % 2 == 0) || (verb == VERB_APPEND && i == 0))
            read_reference(reader);
        else
            read_value(reader);
    }
}

static struct edit read_edit(struct reader *reader)
{
    struct edit edit = {0};
    uint32_t count = read_array(reader);
    int64_t head = read_integer_in(reader, 0, 63);
    edit.verb = (enum verb)(head & 7);
    edit.guards = (unsigned)(head >> 3);
    if (edit.verb > VERB_EMIT || (edit.verb == VERB_EMIT && edit.guards != 0))
        reader_fail(reader, STATUS_MALFORMED);
    uint32_t used = 3;
    edit.target = read_reference(reader);
    if (edit.verb == VERB_EMIT) {
        edit.to = (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
    } else {
        edit.id = read_record_id(reader);
        if ((edit.guards & GUARD_STAMP) != 0) {
            edit.stamp = (uint64_t)read_integer_in(reader, 0, INTEGER_MAX);
            used++;
        }
        if ((edit.guards & GUARD_MINE) != 0) {
            edit.sequence = (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
            used++;
        }
    }
    if (count < used)
        reader_fail(reader, STATUS_MALFORMED);
    if (reader->status != STATUS_OK)
        return edit;
    edit.argument_count = count - used;
    size_t from = reader->at;
    check_arguments(reader, edit.verb, edit.argument_count);
    edit.arguments = (struct bytes){reader->data + from, reader->at - from};
    return edit;
}

uint32_t operation_count(struct reader *reader)
{
    uint32_t count = read_array(reader);
    if (count < 1 || count > EDITS_MAX)
        reader_fail(reader, STATUS_MALFORMED);
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++)
        read_edit(reader);
    return count;
}

/* --- Names ---------------------------------------------------------------------------------------- */

/* The number of a collection; below 0 minus a status. */
static int resolve_collection(const struct actor *actor, const struct reference *reference)
{
    struct schema *schema = &actor->state->schema;
    int number = (int)reference->number;
    if (reference->number < 0) {
        number = schema_collection(schema, reference->name);
        if (number < 0 && schema->learns)
            number = schema_learn_collection(schema, &actor->state->heap, reference->name);
        if (number < 0)
            return schema->learns ? -STATUS_LIMIT : -STATUS_NOT_FOUND;
    } else if (reference->number >= schema->collection_count) {
        return -STATUS_NOT_FOUND;
    }
    const struct collection *collection = &schema->collections[number];
    if (actor->server)
        return number;
    if (collection->sight == SIGHT_SERVER ||
        (collection->sight == SIGHT_ROLE && actor->role < (enum role)collection->role))
        return -STATUS_NOT_FOUND; /* what is out of sight is not told from what is not there */
    if (collection->server_only || collection->sight == SIGHT_PRESENCE)
        return -STATUS_DENIED;
    return number;
}

static int resolve_field(const struct actor *actor,
                         int collection,
                         const struct reference *reference,
                         enum merge merge)
{
    struct schema *schema = &actor->state->schema;
    const struct collection *known = &schema->collections[collection];
    if (reference->number >= 0)
        return reference->number < known->field_count ? (int)reference->number : -STATUS_NOT_FOUND;
    int number = collection_field(known, reference->name);
    if (number >= 0)
        return number;
    if (!known->learns)
        return -STATUS_NOT_FOUND;
    number = schema_learn_field(schema, &actor->state->heap, collection, reference->name, merge);
    return number >= 0 ? number : -STATUS_LIMIT;
}

static int resolve_event(const struct actor *actor, const struct reference *reference)
{
    struct schema *schema = &actor->state->schema;
    if (reference->number >= 0)
        return reference->number < schema->event_count ? (int)reference->number
                                                       : -STATUS_NOT_FOUND;
    int number = schema_event(schema, reference->name);
    if (number < 0 && schema->learns)
        number = schema_learn_event(schema, &actor->state->heap, reference->name);
    if (number < 0)
        return schema->learns ? -STATUS_LIMIT : -STATUS_NOT_FOUND;
    return number;
}

static struct scope *scope_for(const struct actor *actor, int collection)
{
    const struct collection *known = &actor->state->schema.collections[collection];
    if (known->sight == SIGHT_MEMBER)
        return actor->mine;
    if (known->sight == SIGHT_SERVER)
        return actor->state->server;
    return actor->state->scopes[collection_scope(known)];
}

/* --- Values --------------------------------------------------------------------------------------- */

static bool item_fits(const struct field *field, struct reader *reader)
{
    enum pack_type type = read_type(reader);
    if (field->type == FIELD_INTS) {
        int64_t item = type == PACK_INTEGER ? read_integer(reader) : INT64_MAX;
        return item >= INT32_MIN && item <= INT32_MAX;
    }
    read_value(reader);
    return type != PACK_ARRAY && type != PACK_MAP && type != PACK_NIL;
}

/* A list's items, which the reader stands at. */
static enum status
check_items(const struct field *field, struct reader *reader, uint32_t count, uint64_t held)
{
    if (held + count > (uint64_t)field->maximum)
        return STATUS_RANGE;
    for (uint32_t i = 0; i < count; i++)
        if (!item_fits(field, reader))
            return STATUS_TYPE;
    return STATUS_OK;
}

static enum status check_list(const struct field *field, struct reader *reader)
{
    if (read_type(reader) != PACK_ARRAY)
        return STATUS_TYPE;
    return check_items(field, reader, read_array(reader), 0);
}

static enum status check_number(const struct field *field, struct reader *reader)
{
    if (read_type(reader) != PACK_INTEGER)
        return STATUS_TYPE;
    int64_t number = read_integer(reader);
    return number >= field->minimum && number <= field->maximum ? STATUS_OK : STATUS_RANGE;
}

static enum status
check_length(const struct field *field, struct reader *reader, enum pack_type type)
{
    if (read_type(reader) != type)
        return STATUS_TYPE;
    struct bytes bytes = type == PACK_STRING ? read_string(reader) : read_binary(reader);
    return bytes.length <= (size_t)field->maximum ? STATUS_OK : STATUS_RANGE;
}

/* Whether one packed value may stand in the field. */
static enum status check_value(const struct field *field, struct bytes packed)
{
    struct reader reader = reader_on(packed);
    if (read_type(&reader) == PACK_NIL)
        return STATUS_OK;
    if (field->merge == MERGE_APPEND)
        return check_list(field, &reader);
    switch ((enum field_type)field->type) {
    case FIELD_ANY:
    case FIELD_TYPE_COUNT:
        return STATUS_OK;
    case FIELD_BOOL:
        return read_type(&reader) == PACK_BOOL ? STATUS_OK : STATUS_TYPE;
    case FIELD_INT:
    case FIELD_FIXED:
        return check_number(field, &reader);
    case FIELD_STRING:
        return check_length(field, &reader, PACK_STRING);
    case FIELD_BINARY:
        return check_length(field, &reader, PACK_BINARY);
    case FIELD_INTS:
        return check_list(field, &reader);
    }
    return STATUS_TYPE;
}

/* The values in the reader, one after the other in canonical form. */
static struct bytes canonical(struct reader *reader, uint32_t count, struct writer *writer)
{
    size_t from = writer->length;
    for (uint32_t i = 0; i < count; i++)
        value_canonical(reader, writer);
    return (struct bytes){writer->data + from, writer->length - from};
}

static size_t canonical_bytes(struct bytes packed)
{
    uint8_t scratch[CANONICAL_BYTES_MAX];
    struct writer writer = writer_on(scratch, sizeof scratch);
    struct reader reader = reader_on(packed);
    while (!reader_done(&reader))
        value_canonical(&reader, &writer);
    return writer.status == STATUS_OK ? writer.length : CANONICAL_BYTES_MAX;
}

/* Puts one checked value into a field. */
static void apply_value(const struct actor *actor,
                        struct record *record,
                        int number,
                        struct bytes packed)
{
    const struct field *field =
        &actor->state->schema.collections[record->collection].fields[number];
    struct reader reader = reader_on(packed);
    if (read_type(&reader) == PACK_NIL) {
        state_unset(actor->state, record, number, actor->author);
        return;
    }
    if (field_is_number(field)) {
        state_set_number(actor->state, record, number, read_integer(&reader), actor->author);
        return;
    }
    uint8_t scratch[CANONICAL_BYTES_MAX];
    struct writer writer = writer_on(scratch, sizeof scratch);
    if (field->merge == MERGE_APPEND) {
        uint32_t count = read_array(&reader);
        state_set_list(actor->state, record, number, canonical(&reader, count, &writer), count,
                       actor->author);
        return;
    }
    state_set_packed(actor->state, record, number, canonical(&reader, 1, &writer), actor->author);
}

/* --- Checking ------------------------------------------------------------------------------------- */

/* What the group has done to a record so far. */
struct touched {
    const struct scope *scope;
    int collection;
    struct bytes id;
    bool exists;
    bool deleted;    /* by the group */
    uint64_t length; /* of its values then, at most */
};

struct group {
    struct touched touched[EDITS_MAX];
    uint32_t touched_count;
    uint32_t created;
    uint64_t bytes; /* that the values take, at most */
};

static struct touched *group_touch(struct group *group,
                                   const struct scope *scope,
                                   int collection,
                                   struct bytes id,
                                   const struct record *record)
{
    for (uint32_t i = 0; i < group->touched_count; i++) {
        struct touched *touched = &group->touched[i];
        if (touched->scope == scope && touched->collection == collection &&
            bytes_equal(touched->id, id))
            return touched;
    }
    struct touched *touched = &group->touched[group->touched_count++];
    bool live = record != NULL && record->kind == RECORD_LIVE;
    *touched = (struct touched){scope, collection, id, live, false, live ? record->length : 0};
    return touched;
}

static bool all_mine(const struct record *record, uint32_t member)
{
    for (int i = 0; i < record->cell_count; i++)
        if (record->content.cells[i].stamp > 0 && record->content.cells[i].author != member)
            return false;
    return true;
}

/* Whether the record is there, or not there, as the verb and its guards need it. */
static enum status check_existence(const struct actor *actor,
                                   const struct edit *edit,
                                   const struct record *record,
                                   struct group *group,
                                   struct touched *touched)
{
    bool tombstone = record != NULL && record->kind == RECORD_TOMBSTONE;
    if (touched->exists) {
        if ((edit->guards & GUARD_NEW) != 0)
            return STATUS_EXISTS;
        bool known = record != NULL && record->kind == RECORD_LIVE; /* else the group made it */
        if (known && (edit->guards & GUARD_STAMP) != 0 && record->stamp > edit->stamp)
            return STATUS_STALE;
        if (known && edit->verb == VERB_DELETE && (edit->guards & GUARD_MINE) != 0 &&
            !all_mine(record, actor->author.member))
            return STATUS_STALE;
        if (edit->verb == VERB_DELETE) {
            touched->exists = false;
            touched->deleted = true;
        }
        return STATUS_OK;
    }
    bool mine = tombstone && record->owner == actor->author.member;
    bool again = (edit->guards & GUARD_MINE) != 0 && mine;
    if (touched->deleted || (tombstone && !(edit->verb == VERB_PUT && again)))
        return STATUS_DELETED;
    bool presence = actor->state->schema.collections[touched->collection].sight == SIGHT_PRESENCE;
    if (edit->verb != VERB_PUT || presence)
        return STATUS_NOT_FOUND;
    touched->exists = true;
    group->created++;
    group->bytes += RECORD_RESERVE / 8;
    return STATUS_OK;
}

/* A field's value grows the record by what is new less what it replaces. */
static enum status check_size(const struct record *record,
                              int field,
                              size_t bytes,
                              bool replaces,
                              struct group *group,
                              struct touched *touched)
{
    const struct cell *cell = NULL;
    if (replaces && record != NULL && record->kind == RECORD_LIVE)
        cell = record_cell(record, field);
    uint64_t freed = 0;
    if (cell != NULL && (cell->type == CELL_SHORT || cell->type == CELL_PACKED))
        freed = cell->aux.length;
    if (cell != NULL && cell->type == CELL_LIST)
        freed = list_bytes(cell);
    touched->length += bytes;
    touched->length -= freed < touched->length ? freed : touched->length;
    group->bytes += bytes > freed ? bytes - freed : 0;
    return touched->length <= RECORD_BYTES_MAX ? STATUS_OK : STATUS_LIMIT;
}

static enum status check_pairs(const struct actor *actor,
                               const struct edit *edit,
                               int collection,
                               const struct record *record,
                               struct group *group,
                               struct touched *touched)
{
    struct reader reader = reader_on(edit->arguments);
    for (uint32_t i = 0; i < edit->argument_count; i += 2) {
        struct reference reference = read_reference(&reader);
        int number = resolve_field(actor, collection, &reference, MERGE_SET);
        if (number < 0)
            return (enum status)-number;
        struct bytes packed = read_value(&reader);
        const struct collection *known = &actor->state->schema.collections[collection];
        const struct field *field = &known->fields[number];
        /* A member's numbers in its presence are its own: it sends differences to them. */
        if (known->sight == SIGHT_PRESENCE && field_is_number(field))
            return STATUS_DENIED;
        enum status status = check_value(field, packed);
        if (status == STATUS_OK && !field_is_number(field))
            status =
                check_size(record, number, canonical_bytes(packed), true, group, touched);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status check_append(const struct actor *actor,
                                const struct edit *edit,
                                int collection,
                                const struct record *record,
                                struct group *group,
                                struct touched *touched)
{
    struct reader reader = reader_on(edit->arguments);
    struct reference reference = read_reference(&reader);
    int number = resolve_field(actor, collection, &reference, MERGE_APPEND);
    if (number < 0)
        return (enum status)-number;
    const struct field *field = &actor->state->schema.collections[collection].fields[number];
    if (field->merge != MERGE_APPEND)
        return STATUS_TYPE;
    const struct cell *cell = NULL;
    if (record != NULL && record->kind == RECORD_LIVE)
        cell = record_cell(record, number);
    uint64_t held = cell != NULL && cell->type == CELL_LIST ? list_count(cell) : 0;
    struct bytes items = {reader.data + reader.at, reader.length - reader.at};
    enum status status = check_items(field, &reader, edit->argument_count - 1, held);
    if (status != STATUS_OK)
        return status;
    return check_size(record, number, canonical_bytes(items), false, group, touched);
}

/* What a number would be after adding; false where that is out of the field's range. */
static bool
sum_in_range(const struct field *field, const struct record *record, int number, int64_t amount)
{
    const struct cell *cell = NULL;
    if (record != NULL && record->kind == RECORD_LIVE)
        cell = record_cell(record, number);
    int64_t held = cell != NULL && cell->type == CELL_NUMBER ? cell->value.number : 0;
    if (amount < -2 * INTEGER_MAX || amount > 2 * INTEGER_MAX)
        return false;
    return held + amount >= field->minimum && held + amount <= field->maximum;
}

static enum status check_add(const struct actor *actor,
                             const struct edit *edit,
                             int collection,
                             const struct record *record)
{
    struct reader reader = reader_on(edit->arguments);
    for (uint32_t i = 0; i < edit->argument_count; i += 2) {
        struct reference reference = read_reference(&reader);
        int number = resolve_field(actor, collection, &reference, MERGE_ADD);
        if (number < 0)
            return (enum status)-number;
        const struct field *field = &actor->state->schema.collections[collection].fields[number];
        if (!field_is_number(field) || field->merge != MERGE_ADD ||
            read_type(&reader) != PACK_INTEGER)
            return STATUS_TYPE;
        if (!sum_in_range(field, record, number, read_integer(&reader)))
            return STATUS_RANGE;
    }
    return STATUS_OK;
}

static enum status check_emit(const struct actor *actor, const struct edit *edit, struct group *group)
{
    int number = resolve_event(actor, &edit->target);
    if (number < 0)
        return (enum status)-number;
    size_t bytes = canonical_bytes(edit->arguments);
    if (bytes > EVENT_BYTES_MAX)
        return STATUS_LIMIT;
    if (edit->to != 0 && room_private_scope(actor->room, edit->to) == NULL)
        return STATUS_NOT_FOUND;
    group->bytes += bytes;
    return STATUS_OK;
}

static enum status
accepted(const struct actor *actor, const struct edit *edit, struct bytes name)
{
    if (actor->server || actor->rules->accept == NULL)
        return STATUS_OK;
    char text[NAME_BYTES_MAX + 1] = {0};
    memcpy(text, name.data, name.length);
    struct edit_view view = {.member = actor->author.member,
                             .role = actor->role,
                             .collection = text,
                             .id = edit->id,
                             .verb = (int)edit->verb,
                             .arguments = edit->arguments};
    return actor->rules->accept(actor->room, &view);
}

static enum status check_edit(const struct actor *actor, const struct edit *edit, struct group *group)
{
    const struct schema *schema = &actor->state->schema;
    if (!actor->server && actor->role < ROLE_EDITOR)
        return STATUS_DENIED;
    enum status status;
    if (edit->verb == VERB_EMIT) {
        status = check_emit(actor, edit, group);
        if (status != STATUS_OK)
            return status;
        int event = resolve_event(actor, &edit->target);
        return accepted(actor, edit, schema->events[event].name);
    }
    int collection = resolve_collection(actor, &edit->target);
    if (collection < 0)
        return (enum status)-collection;
    const struct scope *scope = scope_for(actor, collection);
    if (scope == NULL)
        return STATUS_NOT_FOUND;
    const struct record *record = state_find(actor->state, scope, collection, edit->id);
    struct touched *touched = group_touch(group, scope, collection, edit->id, record);
    status = check_existence(actor, edit, record, group, touched);
    if (status != STATUS_OK)
        return status;
    switch (edit->verb) {
    case VERB_PUT:
    case VERB_SET:
        status = check_pairs(actor, edit, collection, record, group, touched);
        break;
    case VERB_APPEND:
        status = check_append(actor, edit, collection, record, group, touched);
        break;
    case VERB_ADD:
        status = check_add(actor, edit, collection, record);
        break;
    case VERB_DELETE:
        if (schema->collections[collection].sight == SIGHT_PRESENCE)
            status = STATUS_DENIED;
        break;
    case VERB_EMIT:
        break;
    }
    if (status != STATUS_OK)
        return status;
    return accepted(actor, edit, schema->collections[collection].name);
}

static enum status check_limits(const struct actor *actor, const struct group *group)
{
    const struct state *state = actor->state;
    if (actor->server)
        return STATUS_OK;
    if (group->created > 0 && state->shared + group->created > actor->limits->records)
        return STATUS_LIMIT;
    if (group->bytes > 0 && state->heap.used + group->bytes > actor->limits->state_bytes)
        return STATUS_LIMIT;
    return STATUS_OK;
}

/* --- Applying ------------------------------------------------------------------------------------- */

/* Under the guard "if mine": was the field's last change this client's operation? */
static bool field_is_mine(const struct actor *actor,
                          const struct edit *edit,
                          const struct record *record,
                          int field)
{
    const struct cell *cell = record_cell(record, field);
    if (cell == NULL)
        return record->owner == actor->author.member;
    return cell->author == actor->author.member && cell->sequence == edit->sequence;
}

static void apply_pairs(const struct actor *actor,
                        const struct edit *edit,
                        struct record *record,
                        bool guarded)
{
    struct reader reader = reader_on(edit->arguments);
    for (uint32_t i = 0; i < edit->argument_count; i += 2) {
        struct reference reference = read_reference(&reader);
        int field = resolve_field(actor, record->collection, &reference, MERGE_SET);
        struct bytes packed = read_value(&reader);
        if (!guarded || field_is_mine(actor, edit, record, field))
            apply_value(actor, record, field, packed);
    }
}

static void apply_append(const struct actor *actor, const struct edit *edit, struct record *record)
{
    struct reader reader = reader_on(edit->arguments);
    struct reference reference = read_reference(&reader);
    int field = resolve_field(actor, record->collection, &reference, MERGE_APPEND);
    uint8_t scratch[CANONICAL_BYTES_MAX];
    struct writer writer = writer_on(scratch, sizeof scratch);
    uint32_t count = edit->argument_count - 1;
    state_append(actor->state, record, field, canonical(&reader, count, &writer), count,
                 actor->author);
}

static void apply_add(const struct actor *actor, const struct edit *edit, struct record *record)
{
    struct reader reader = reader_on(edit->arguments);
    for (uint32_t i = 0; i < edit->argument_count; i += 2) {
        struct reference reference = read_reference(&reader);
        int number = resolve_field(actor, record->collection, &reference, MERGE_ADD);
        const struct field *field =
            &actor->state->schema.collections[record->collection].fields[number];
        int64_t amount = read_integer(&reader);
        /* Several additions of one group were each checked alone: together they stop at the
         * bounds. */
        const struct cell *cell = record_cell(record, number);
        int64_t sum = amount + (cell != NULL && cell->type == CELL_NUMBER ? cell->value.number : 0);
        sum = sum < field->minimum ? field->minimum : sum;
        sum = sum > field->maximum ? field->maximum : sum;
        state_set_number(actor->state, record, number, sum, actor->author);
    }
}

static void apply_emit(const struct actor *actor, const struct edit *edit)
{
    int event = resolve_event(actor, &edit->target);
    struct state *state = actor->state;
    struct scope *scope = state->scopes[SCOPE_EVERYONE];
    if (state->schema.events[event].presence)
        scope = state->scopes[SCOPE_PRESENCE];
    if (edit->to != 0)
        scope = room_private_scope(actor->room, edit->to);
    uint8_t scratch[CANONICAL_BYTES_MAX];
    struct writer writer = writer_on(scratch, sizeof scratch);
    struct reader reader = reader_on(edit->arguments);
    state_emit(state, scope, event, actor->author.member, canonical(&reader, 1, &writer));
}

static void apply_edit(const struct actor *actor, const struct edit *edit)
{
    if (edit->verb == VERB_EMIT) {
        apply_emit(actor, edit);
        return;
    }
    int collection = resolve_collection(actor, &edit->target);
    struct scope *scope = scope_for(actor, collection);
    struct record *record = state_find(actor->state, scope, collection, edit->id);
    bool live = record != NULL && record->kind == RECORD_LIVE;
    if (!live && edit->verb == VERB_PUT)
        record = state_make(actor->state, scope, collection, edit->id, actor->author.member);
    assert(record != NULL && record->kind == RECORD_LIVE);
    switch (edit->verb) {
    case VERB_PUT:
    case VERB_SET:
        apply_pairs(actor, edit, record, live && (edit->guards & GUARD_MINE) != 0);
        return;
    case VERB_APPEND:
        apply_append(actor, edit, record);
        return;
    case VERB_ADD:
        apply_add(actor, edit, record);
        return;
    case VERB_DELETE:
        state_remove(actor->state, record, actor->author.member);
        return;
    case VERB_EMIT:
        return;
    }
}

enum status operation_apply(const struct actor *actor, struct reader *reader)
{
    struct group group = {.touched_count = 0};
    uint32_t count = read_array(reader);
    struct reader again = *reader;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count; i++) {
        struct edit edit = read_edit(reader);
        if (status == STATUS_OK)
            status = check_edit(actor, &edit, &group);
    }
    if (status == STATUS_OK)
        status = check_limits(actor, &group);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        struct edit edit = read_edit(&again);
        apply_edit(actor, &edit);
    }
    return status;
}

/* --- Presence ------------------------------------------------------------------------------------- */

void presence_check(struct reader *reader, uint32_t count)
{
    if (count == 0 || count > 2 * FIELDS_MAX)
        reader_fail(reader, STATUS_MALFORMED);
    check_arguments(reader, VERB_SET, count);
}

static bool field_of_server(const struct field *field)
{
    return bytes_equal(field->name, bytes_of("user")) || bytes_equal(field->name, bytes_of("away"));
}

enum status presence_set(
    const struct actor *actor, struct record *record, struct reader *reader, uint32_t count)
{
    struct group group = {.touched_count = 0};
    struct touched touched = {.length = record->length};
    struct reader again = *reader;
    for (uint32_t i = 0; i < count; i += 2) {
        struct reference reference = read_reference(reader);
        int number = resolve_field(actor, 0, &reference, MERGE_SET);
        if (number < 0)
            return (enum status)-number;
        const struct field *field = &actor->state->schema.collections[0].fields[number];
        if (field_of_server(field))
            return STATUS_DENIED;
        struct bytes packed = read_value(reader);
        enum status status = check_value(field, packed);
        if (status == STATUS_OK && !field_is_number(field))
            status =
                check_size(record, number, canonical_bytes(packed), true, &group, &touched);
        if (status == STATUS_OK)
            status = check_limits(actor, &group);
        if (status != STATUS_OK)
            return status;
    }
    for (uint32_t i = 0; i < count; i += 2) {
        struct reference reference = read_reference(&again);
        int number = resolve_field(actor, 0, &reference, MERGE_SET);
        apply_value(actor, record, number, read_value(&again));
    }
    return STATUS_OK;
}

enum status presence_move(
    const struct actor *actor, struct record *record, uint32_t mask, struct reader *reader)
{
    const struct collection *presence = &actor->state->schema.collections[0];
    int64_t values[FIELDS_MAX];
    for (uint32_t left = mask; left != 0; left &= left - 1) {
        int number = __builtin_ctz(left);
        const struct cell *cell = record_cell(record, number);
        int64_t difference = unzigzag((uint64_t)read_integer_in(reader, 0, 4 * INTEGER_MAX));
        if (number >= presence->field_count || cell == NULL || cell->type != CELL_NUMBER)
            return STATUS_TYPE;
        const struct field *field = &presence->fields[number];
        values[number] = cell->value.number + difference;
        if (values[number] < field->minimum || values[number] > field->maximum)
            return STATUS_RANGE;
    }
    for (uint32_t left = mask; left != 0; left &= left - 1) {
        int number = __builtin_ctz(left);
        state_set_number(actor->state, record, number, values[number], actor->author);
    }
    return STATUS_OK;
}
