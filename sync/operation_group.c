/* operation_group.c - what the edits of an operation will have done to the records that they touch,
 * before any of them is applied: for the checks of those that follow, and for the rules. */
#include "sync/operation_parts.h"

void group_begin(struct group *group)
{
    fresh_begin(&group->fresh);
    group->touched_count = 0;
    group->created = 0;
    group->bytes = 0;
    group->changes = 0;
    group->before_written = 0;
}

static const struct touched *
find(const struct group *group, const struct scope *scope, int collection, struct bytes id)
{
    for (uint32_t i = 0; i < group->touched_count; i++) {
        const struct touched *touched = &group->touched[i];
        if (touched->scope == scope && touched->collection == collection &&
            bytes_equal(touched->id, id))
            return touched;
    }
    return NULL;
}

/* The fields are left as they are until something is foreseen for them: they are large, and most
 * operations touch few. */
static void touch(struct touched *touched,
                  const struct scope *scope,
                  int collection,
                  struct bytes id,
                  const struct record *record)
{
    touched->scope = scope;
    touched->record = record;
    touched->collection = collection;
    touched->id = id;
    touched->exists = record != NULL && record->kind == RECORD_LIVE;
    touched->made = false;
    touched->deleted = false;
    touched->length = touched->exists ? record->length : 0;
    touched->foreseen = 0;
    touched->written = 0;
}

struct touched *group_touch(struct group *group,
                            const struct scope *scope,
                            int collection,
                            struct bytes id,
                            const struct record *record)
{
    const struct touched *known = find(group, scope, collection, id);
    if (known != NULL)
        return &group->touched[known - group->touched];
    struct touched *touched = &group->touched[group->touched_count++];
    touch(touched, scope, collection, id, record);
    return touched;
}

/* --- Fields -------------------------------------------------------------------------------------- */

/* As the room has it; NULL where it never was set, or its record is not there. */
static const struct cell *cell_of(const struct touched *touched, int field)
{
    const struct record *record = touched->record;
    if (record == NULL || record->kind != RECORD_LIVE)
        return NULL;
    return record_cell(record, field);
}

struct holding holding_of(const struct touched *touched, int field)
{
    if ((touched->foreseen >> field & 1) != 0)
        return touched->fields[field];
    const struct cell *cell = cell_of(touched, field);
    struct holding holding = {0};
    if (cell == NULL)
        return holding;
    holding.set = cell->type != CELL_HOLE;
    switch ((enum cell_type)cell->type) {
    case CELL_HOLE:
        break;
    case CELL_NUMBER:
        holding.number = cell->value.number;
        break;
    case CELL_SHORT:
    case CELL_PACKED:
        holding.packed = cell_packed(cell);
        holding.bytes = cell->aux.length;
        break;
    case CELL_LIST:
        holding.number = list_count(cell);
        holding.bytes = list_bytes(cell);
        break;
    }
    return holding;
}

bool foreseen_mine(const struct actor *actor,
                   const struct edit *edit,
                   const struct touched *touched,
                   int field)
{
    if ((touched->written >> field & 1) != 0)
        return edit->sequence == actor->author.sequence;
    const struct cell *cell = cell_of(touched, field);
    if (cell != NULL)
        return cell->author == actor->author.member && cell->sequence == edit->sequence;
    return touched->made || touched->record->owner == actor->author.member;
}

enum status foresee(struct group *group, struct touched *touched, int field, struct holding holding)
{
    struct holding before = holding_of(touched, field);
    uint32_t bit = UINT32_C(1) << field;
    bool ever = (touched->written & bit) != 0 || cell_of(touched, field) != NULL;
    if ((group->changes & bit) == 0) {
        group->before[field] = before;
        group->before_written = (group->before_written & ~bit) | (touched->written & bit);
        group->changes |= bit;
    }
    touched->fields[field] = holding;
    touched->foreseen |= bit;
    touched->written |= holding.set || ever ? bit : 0;         /* unset for ever has no author */
    touched->length += (uint64_t)holding.bytes - before.bytes; /* modulo 2^64: it is part of it */
    group->bytes += holding.bytes > before.bytes ? holding.bytes - before.bytes : 0;
    return touched->length <= RECORD_BYTES_MAX ? STATUS_OK : STATUS_LIMIT;
}

/* --- What rules see ------------------------------------------------------------------------------ */

static struct field_view view_of(const struct edit_context *context,
                                 const struct touched *touched,
                                 int field,
                                 struct holding holding,
                                 bool written)
{
    const struct cell *cell = cell_of(touched, field);
    struct field_view view = {.set = holding.set, .number = holding.number};
    view.author = written ? context->actor->author.member : cell != NULL ? cell->author : 0;
    view.packed = holding.packed;
    return view;
}

struct field_view edit_leaves(const struct edit_view *edit, int field)
{
    const struct touched *touched = edit->context->touched;
    return view_of(edit->context, touched, field, holding_of(touched, field),
                   (touched->written >> field & 1) != 0);
}

struct field_view edit_finds(const struct edit_view *edit, int field)
{
    const struct group *group = edit->context->group;
    if ((group->changes >> field & 1) == 0)
        return edit_leaves(edit, field);
    return view_of(edit->context, edit->context->touched, field, group->before[field],
                   (group->before_written >> field & 1) != 0);
}

static const struct scope *scope_of(const struct actor *actor, int collection)
{
    return scope_for(actor, &actor->state->schema.collections[collection]);
}

struct field_view
edit_field(const struct edit_view *edit, int collection, struct bytes id, int field)
{
    const struct edit_context *context = edit->context;
    const struct scope *scope = scope_of(context->actor, collection);
    const struct touched *touched = find(context->group, scope, collection, id);
    struct touched as_it_is;
    if (touched == context->touched && touched != NULL)
        return edit_finds(edit, field);
    if (touched == NULL) {
        touch(&as_it_is, scope, collection, id,
              state_find(context->actor->state, scope, collection, id));
        touched = &as_it_is;
    }
    if (!touched->exists)
        return (struct field_view){0};
    return view_of(context, touched, field, holding_of(touched, field),
                   (touched->written >> field & 1) != 0);
}

/* Whether an edit behind this one makes the record, or makes it again. */
static bool is_coming(const struct edit_context *context, int collection, struct bytes id)
{
    struct bytes name = context->actor->state->schema.collections[collection].name;
    struct reader rest = *context->rest;
    for (uint32_t i = 0; i < context->rest_count; i++) {
        struct edit edit = read_edit(&rest);
        bool same = edit.target.number == collection ||
                    (edit.target.number < 0 && bytes_equal(edit.target.name, name));
        if (edit.verb == VERB_PUT && same && bytes_equal(edit.id, id))
            return true;
    }
    return false;
}

enum standing edit_standing(const struct edit_view *edit, int collection, struct bytes id)
{
    const struct edit_context *context = edit->context;
    const struct scope *scope = scope_of(context->actor, collection);
    const struct touched *touched = find(context->group, scope, collection, id);
    struct touched as_it_is;
    if (touched == NULL) {
        touch(&as_it_is, scope, collection, id,
              state_find(context->actor->state, scope, collection, id));
        touched = &as_it_is;
    }
    if (touched->exists)
        return STANDING_LIVE;
    if (is_coming(context, collection, id))
        return STANDING_COMING;
    return touched->record != NULL || touched->deleted ? STANDING_DELETED : STANDING_NONE;
}
