/* operation_check.c - whether an operation may be applied, all of it. */
#include <string.h>

#include "sync/operation_parts.h"
#include "sync/room_parts.h"

/* What a new record counts for beside its values, against the room's memory. */
#define RECORD_COST 256u

static bool all_mine(const struct record *record, uint32_t member)
{
    for (int i = 0; i < record->cell_count; i++)
        if (record->content.cells[i].stamp > 0 && record->content.cells[i].author != member)
            return false;
    return true;
}

/* Only who deleted it, or who says to have seen that it is deleted, makes a record again. */
static bool
may_revive(const struct actor *actor, const struct edit *edit, const struct record *gone)
{
    if (actor->server)
        return true;
    if ((edit->guards & GUARD_STAMP) != 0 && gone->stamp <= edit->stamp)
        return true;
    return (edit->guards & GUARD_MINE) != 0 && gone->owner == actor->author.member;
}

/* Whether the record is there, or not there, as the verb and its guards need it. */
static enum status check_existence(const struct actor *actor,
                                   const struct edit *edit,
                                   struct group *group,
                                   struct touched *touched)
{
    const struct record *record = touched->record;
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
    if (touched->deleted ||
        (tombstone && !(edit->verb == VERB_PUT && may_revive(actor, edit, record))))
        return STATUS_DELETED;
    const struct collection *collection = collection_of(actor, &group->fresh, touched->collection);
    if (edit->verb != VERB_PUT || collection->sight == SIGHT_PRESENCE)
        return STATUS_NOT_FOUND;
    touched->exists = true;
    touched->made = true;
    group->created++;
    group->bytes += RECORD_COST;
    return STATUS_OK;
}

/* --- Verbs --------------------------------------------------------------------------------------- */

/* A whole value, which value_check() has passed, as the field will hold it. */
static struct holding holding_whole(const struct field *field, struct bytes packed)
{
    struct reader reader = reader_on(packed);
    struct holding holding = {.set = read_type(&reader) != PACK_NIL};
    if (!holding.set)
        return holding;
    if (field_is_number(field)) {
        holding.number = read_integer(&reader);
        return holding;
    }
    holding.packed = packed;
    holding.bytes = (uint32_t)canonical_bytes(packed);
    if (field->merge == MERGE_APPEND)
        holding.number = read_array(&reader);
    return holding;
}

/* `guarded`: only what is this client's is changed. */
static enum status check_pairs(const struct actor *actor,
                               const struct edit *edit,
                               bool guarded,
                               struct group *group,
                               struct touched *touched)
{
    int collection = touched->collection;
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
        if (status == STATUS_OK && (!guarded || foreseen_mine(actor, edit, touched, number)))
            status = foresee(group, touched, number, holding_whole(field, packed));
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status check_append(const struct actor *actor,
                                const struct edit *edit,
                                struct group *group,
                                struct touched *touched)
{
    int collection = touched->collection;
    struct reader reader = reader_on(edit->arguments);
    struct reference reference = read_reference(&reader);
    int number = resolve_field(actor, collection, &reference, MERGE_APPEND, &group->fresh);
    if (number < 0)
        return (enum status) - number;
    const struct field *field = field_of(actor, &group->fresh, collection, number);
    if (field->merge != MERGE_APPEND)
        return STATUS_TYPE;
    uint32_t count = edit->argument_count - 1;
    if (count == 0)
        return STATUS_OK;
    struct holding holding = holding_of(touched, number);
    struct bytes items = {reader.data + reader.at, reader.length - reader.at};
    enum status status = value_check_items(field, &reader, count, (uint64_t)holding.number);
    if (status != STATUS_OK)
        return status;
    holding.packed = (struct bytes){0};
    holding.number += count;
    holding.bytes += (uint32_t)canonical_bytes(items);
    holding.set = true;
    return foresee(group, touched, number, holding);
}

static enum status check_add(const struct actor *actor,
                             const struct edit *edit,
                             struct group *group,
                             struct touched *touched)
{
    int collection = touched->collection;
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
        struct holding holding = holding_of(touched, number);
        holding.number += read_integer(&reader);
        holding.set = true;
        if (holding.number < field->minimum || holding.number > field->maximum)
            return STATUS_RANGE;
        enum status status = foresee(group, touched, number, holding);
        if (status != STATUS_OK)
            return status;
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
    if (edit->to != 0 && !room_member_here(actor->room, edit->to))
        return STATUS_NOT_FOUND;
    group->bytes += bytes;
    return STATUS_OK;
}

static enum status accepted(const struct actor *actor,
                            const struct edit *edit,
                            const struct edit_context *context,
                            int target,
                            bool makes)
{
    struct room *room = actor->room;
    if (actor->server || actor->rules->accept == NULL)
        return STATUS_OK;
    if (room->ended != NULL)
        return STATUS_REFUSED; /* nobody judges any more */
    const struct touched *touched = context->touched;
    struct edit_view view = {.member = actor->author.member,
                             .role = actor->role,
                             .verb = edit->verb,
                             .target = target,
                             .id = edit->id,
                             .owner = actor->author.member,
                             .makes = makes,
                             .if_mine = (edit->guards & GUARD_MINE) != 0,
                             .arguments = edit->arguments,
                             .context = context};
    if (touched != NULL)
        view.changes = context->group->changes;
    if (touched != NULL && !touched->made)
        view.owner = touched->record->owner;
    room->judging = true;
    enum status status = actor->rules->accept(room, &view);
    room->judging = false;
    if ((unsigned)status < STATUS_COUNT)
        return status;
    room_break(room, "the rules' accept returned a status that there is not");
    return STATUS_REFUSED;
}

static enum status check_verb(const struct actor *actor,
                              const struct edit *edit,
                              bool makes,
                              struct group *group,
                              struct touched *touched)
{
    switch (edit->verb) {
    case VERB_PUT:
    case VERB_SET:
        return check_pairs(actor, edit, !makes && (edit->guards & GUARD_MINE) != 0, group, touched);
    case VERB_APPEND:
        return check_append(actor, edit, group, touched);
    case VERB_ADD:
        return check_add(actor, edit, group, touched);
    case VERB_DELETE:
        return collection_of(actor, &group->fresh, touched->collection)->sight == SIGHT_PRESENCE
                   ? STATUS_DENIED
                   : STATUS_OK;
    case VERB_EMIT:
        break;
    }
    return STATUS_OK;
}

/* `rest` stands at the edits behind this one, of which there are so many. */
static enum status check_edit(const struct actor *actor,
                              const struct edit *edit,
                              struct group *group,
                              const struct reader *rest,
                              uint32_t rest_count)
{
    if (!actor->server && actor->role < ROLE_EDITOR)
        return STATUS_DENIED;
    struct edit_context context = {
        .actor = actor, .group = group, .rest = rest, .rest_count = rest_count};
    enum status status;
    if (edit->verb == VERB_EMIT) {
        int event = resolve_event(actor, &edit->target, &group->fresh);
        status = check_emit(actor, edit, group, event);
        return status == STATUS_OK ? accepted(actor, edit, &context, event, false) : status;
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
    bool existed = touched->exists;
    status = check_existence(actor, edit, group, touched);
    bool makes = !existed && touched->exists;
    if (status == STATUS_OK)
        status = check_verb(actor, edit, makes, group, touched);
    context.touched = touched;
    return status == STATUS_OK ? accepted(actor, edit, &context, collection, makes) : status;
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
    struct touched *touched = group_touch(&group, record->scope, 0, record_id(record), record);
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
            status = foresee(&group, touched, number, holding_whole(field, packed));
        if (status != STATUS_OK)
            return status;
    }
    return check_limits(actor, &group);
}

enum status operation_check(const struct actor *actor,
                            struct reader *reader,
                            uint32_t count,
                            struct edit edits[EDITS_MAX])
{
    struct group group;
    group_begin(&group);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count; i++) {
        edits[i] = read_edit(reader);
        group.changes = 0;
        if (status == STATUS_OK)
            status = check_edit(actor, &edits[i], &group, reader, count - i - 1);
    }
    return status == STATUS_OK ? check_limits(actor, &group) : status;
}
