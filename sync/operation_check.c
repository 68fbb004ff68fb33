/* operation_check.c - whether an operation may be applied, all of it. */
#include <string.h>

#include "sync/operation_parts.h"

/* What a new record counts for beside its values, against the room's memory. */
#define RECORD_COST 256u

/* What the group has done to a record so far. */
struct touched {
    const struct scope *scope;
    int collection;
    struct bytes id;
    bool exists;
    bool deleted;               /* by the group */
    uint64_t length;            /* of its values then, at most */
    uint32_t foreseen;          /* fields that the group changes, a bit each, and for those: */
    uint64_t bytes[FIELDS_MAX]; /* what the value will take, at most */
    int64_t held[FIELDS_MAX];   /* the number, or how many items */
};

struct group {
    struct touched touched[EDITS_MAX];
    uint32_t touched_count;
    uint32_t created;
    uint64_t bytes; /* that the values take, at most */
    struct fresh_names fresh;
};

/* What is touched is cleared one by one: it is large, and most groups are small. */
static void group_begin(struct group *group)
{
    fresh_begin(&group->fresh);
    group->touched_count = 0;
    group->created = 0;
    group->bytes = 0;
}

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
    *touched = (struct touched){.scope = scope,
                                .collection = collection,
                                .id = id,
                                .exists = live,
                                .length = live ? record->length : 0};
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
    const struct collection *collection = collection_of(actor, &group->fresh, touched->collection);
    if (edit->verb != VERB_PUT || collection->sight == SIGHT_PRESENCE)
        return STATUS_NOT_FOUND;
    touched->exists = true;
    group->created++;
    group->bytes += RECORD_COST;
    return STATUS_OK;
}

/* --- What the edits of a group do to a field, one after the other -------------------------------- */

static const struct cell *cell_of(const struct record *record, int field)
{
    if (record == NULL || record->kind != RECORD_LIVE)
        return NULL;
    return record_cell(record, field);
}

static uint64_t bytes_held(const struct touched *touched, const struct record *record, int field)
{
    if ((touched->foreseen >> field & 1) != 0)
        return touched->bytes[field];
    const struct cell *cell = cell_of(record, field);
    if (cell == NULL)
        return 0;
    if (cell->type == CELL_LIST)
        return list_bytes(cell);
    return cell->type == CELL_SHORT || cell->type == CELL_PACKED ? cell->aux.length : 0;
}

/* A number, or how many items a list has. */
static int64_t held(const struct touched *touched, const struct record *record, int field)
{
    if ((touched->foreseen >> field & 1) != 0)
        return touched->held[field];
    const struct cell *cell = cell_of(record, field);
    if (cell != NULL && cell->type == CELL_NUMBER)
        return cell->value.number;
    return cell != NULL && cell->type == CELL_LIST ? list_count(cell) : 0;
}

/* Notes what a field will hold. Where a guard may leave it as it is (`unsure`), the larger counts. */
static enum status foresee(struct group *group,
                           struct touched *touched,
                           const struct record *record,
                           int field,
                           uint64_t bytes,
                           int64_t now_held,
                           bool unsure)
{
    uint64_t before = bytes_held(touched, record, field);
    int64_t was_held = held(touched, record, field);
    if (unsure && bytes < before)
        bytes = before;
    if (unsure && now_held < was_held)
        now_held = was_held;
    touched->bytes[field] = bytes;
    touched->held[field] = now_held;
    touched->foreseen |= UINT32_C(1) << field;
    touched->length += bytes - before; /* modulo 2^64: `before` is part of it */
    group->bytes += bytes > before ? bytes - before : 0;
    return touched->length <= RECORD_BYTES_MAX ? STATUS_OK : STATUS_LIMIT;
}

/* A whole value, which value_check() has passed. */
static enum status foresee_value(struct group *group,
                                 struct touched *touched,
                                 const struct record *record,
                                 const struct field *field,
                                 int number,
                                 struct bytes packed,
                                 bool unsure)
{
    struct reader reader = reader_on(packed);
    enum pack_type type = read_type(&reader);
    int64_t now_held = 0;
    if (field_is_number(field) && type == PACK_INTEGER)
        now_held = read_integer(&reader);
    if (field->merge == MERGE_APPEND && type == PACK_ARRAY)
        now_held = read_array(&reader);
    uint64_t bytes = field_is_number(field) ? 0 : canonical_bytes(packed);
    return foresee(group, touched, record, number, bytes, now_held, unsure);
}

/* --- Verbs --------------------------------------------------------------------------------------- */

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
        int number = resolve_field(actor, collection, &reference, MERGE_SET, &group->fresh);
        if (number < 0)
            return (enum status) - number;
        struct bytes packed = read_value(&reader);
        const struct field *field = field_of(actor, &group->fresh, collection, number);
        /* A member's numbers in its presence are its own: it sends differences to them. */
        bool presence = collection_of(actor, &group->fresh, collection)->sight == SIGHT_PRESENCE;
        if (presence && field_is_number(field))
            return STATUS_DENIED;
        enum status status = value_check(field, packed);
        if (status == STATUS_OK)
            status = foresee_value(group, touched, record, field, number, packed,
                                   (edit->guards & GUARD_MINE) != 0);
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
    int number = resolve_field(actor, collection, &reference, MERGE_APPEND, &group->fresh);
    if (number < 0)
        return (enum status) - number;
    const struct field *field = field_of(actor, &group->fresh, collection, number);
    if (field->merge != MERGE_APPEND)
        return STATUS_TYPE;
    uint32_t count = edit->argument_count - 1;
    int64_t before = held(touched, record, number);
    struct bytes items = {reader.data + reader.at, reader.length - reader.at};
    enum status status = value_check_items(field, &reader, count, (uint64_t)before);
    if (status != STATUS_OK)
        return status;
    uint64_t bytes = bytes_held(touched, record, number) + canonical_bytes(items);
    return foresee(group, touched, record, number, bytes, before + count, false);
}

static enum status check_add(const struct actor *actor,
                             const struct edit *edit,
                             int collection,
                             const struct record *record,
                             struct group *group,
                             struct touched *touched)
{
    struct reader reader = reader_on(edit->arguments);
    for (uint32_t i = 0; i < edit->argument_count; i += 2) {
        struct reference reference = read_reference(&reader);
        int number = resolve_field(actor, collection, &reference, MERGE_ADD, &group->fresh);
        if (number < 0)
            return (enum status) - number;
        const struct field *field = field_of(actor, &group->fresh, collection, number);
        if (!field_is_number(field) || field->merge != MERGE_ADD ||
            read_type(&reader) != PACK_INTEGER)
            return STATUS_TYPE;
        int64_t sum = held(touched, record, number) + read_integer(&reader);
        if (sum < field->minimum || sum > field->maximum)
            return STATUS_RANGE;
        foresee(group, touched, record, number, 0, sum, false);
    }
    return STATUS_OK;
}

static enum status
check_emit(const struct actor *actor, const struct edit *edit, struct group *group, int number)
{
    if (number < 0)
        return (enum status) - number;
    size_t bytes = canonical_bytes(edit->arguments);
    if (bytes > EVENT_BYTES_MAX)
        return STATUS_LIMIT;
    if (edit->to != 0 && !room_seats(actor->room, edit->to))
        return STATUS_NOT_FOUND;
    group->bytes += bytes;
    return STATUS_OK;
}

static enum status accepted(const struct actor *actor, const struct edit *edit, struct bytes name)
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

static enum status
check_edit(const struct actor *actor, const struct edit *edit, struct group *group)
{
    if (!actor->server && actor->role < ROLE_EDITOR)
        return STATUS_DENIED;
    enum status status;
    if (edit->verb == VERB_EMIT) {
        int event = resolve_event(actor, &edit->target, &group->fresh);
        status = check_emit(actor, edit, group, event);
        return status == STATUS_OK ? accepted(actor, edit, event_of(actor, &group->fresh, event))
                                   : status;
    }
    int collection = resolve_collection(actor, &edit->target, &group->fresh);
    if (collection < 0)
        return (enum status) - collection;
    const struct collection *known = collection_of(actor, &group->fresh, collection);
    if (left_out(actor, known))
        return STATUS_OK;
    const struct scope *scope = scope_for(actor, known);
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
        status = check_add(actor, edit, collection, record, group, touched);
        break;
    case VERB_DELETE:
        if (known->sight == SIGHT_PRESENCE)
            status = STATUS_DENIED;
        break;
    case VERB_EMIT:
        break;
    }
    if (status != STATUS_OK)
        return status;
    return accepted(actor, edit, known->name);
}

static enum status check_limits(const struct actor *actor, const struct group *group)
{
    const struct state *state = actor->state;
    uint64_t bytes = group->bytes + group->fresh.bytes;
    if (actor->server)
        return STATUS_OK;
    if (group->created > 0 && state->shared + group->created > actor->limits->records)
        return STATUS_LIMIT;
    if (bytes > 0 && state->heap.used + bytes > actor->limits->state_bytes)
        return STATUS_LIMIT;
    return STATUS_OK;
}

static bool field_of_server(const struct field *field)
{
    return bytes_equal(field->name, bytes_of("user")) || bytes_equal(field->name, bytes_of("away"));
}

enum status presence_check_values(const struct actor *actor,
                                  const struct record *record,
                                  struct reader *reader,
                                  uint32_t count)
{
    struct group group;
    group_begin(&group);
    struct touched touched = {.length = record->length};
    for (uint32_t i = 0; i < count; i += 2) {
        struct reference reference = read_reference(reader);
        int number = resolve_field(actor, 0, &reference, MERGE_SET, &group.fresh);
        if (number < 0)
            return (enum status) - number;
        const struct field *field = field_of(actor, &group.fresh, 0, number);
        if (field_of_server(field))
            return STATUS_DENIED;
        struct bytes packed = read_value(reader);
        enum status status = value_check(field, packed);
        if (status == STATUS_OK)
            status = foresee_value(&group, &touched, record, field, number, packed, false);
        if (status != STATUS_OK)
            return status;
    }
    return check_limits(actor, &group);
}

enum status operation_check(const struct actor *actor, struct reader *reader, uint32_t count)
{
    struct group group;
    group_begin(&group);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count; i++) {
        struct edit edit = read_edit(reader);
        if (status == STATUS_OK)
            status = check_edit(actor, &edit, &group);
    }
    return status == STATUS_OK ? check_limits(actor, &group) : status;
}
