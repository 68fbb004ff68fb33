#include "sync/operation.h"

#include <assert.h>

#include "sync/operation_parts.h"
#include "sync/room_parts.h"

static uint32_t list_fields(const struct collection *collection)
{
    uint32_t count = 0;
    for (int i = 0; i < collection->field_count; i++)
        count += collection->fields[i].merge == MERGE_APPEND ? 1 : 0;
    return count;
}

size_t edit_reserve(const struct schema *schema)
{
    uint32_t fields = 0;
    uint32_t lists = 0;
    bool learns = schema->learns;
    for (uint32_t i = 0; i < schema->collection_count; i++) {
        const struct collection *collection = &schema->collections[i];
        uint32_t own = list_fields(collection);
        fields = collection->field_count > fields ? collection->field_count : fields;
        lists = own > lists ? own : lists;
        learns |= collection->learns;
    }
    if (learns)
        fields = lists = FIELDS_MAX;
    size_t scope = heap_rounded(SCOPE_BYTES) + heap_rounded(PLACES_BYTES);
    size_t names = learns ? SCHEMA_EDIT_BYTES : 0;
    size_t joined = lists > 0 ? SEGMENT_SMALL : 0;
    return record_reserve(fields) + lists * (size_t)heap_rounded(sizeof(struct segment) + 1) +
           joined + heap_rounded(sizeof(struct event_ring)) + names + scope +
           heap_rounded(REFUSALS_BYTES);
}

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

static void
apply_pairs(const struct actor *actor, const struct edit *edit, struct record *record, bool guarded)
{
    struct reader reader = reader_on(edit->arguments);
    for (uint32_t i = 0; i < edit->argument_count; i += 2) {
        struct reference reference = read_reference(&reader);
        int field = resolve_field(actor, record->collection, &reference, MERGE_SET, NULL);
        struct bytes packed = read_value(&reader);
        if (!guarded || field_is_mine(actor, edit, record, field))
            value_apply(actor, record, field, packed);
    }
}

static void apply_append(const struct actor *actor, const struct edit *edit, struct record *record)
{
    struct reader reader = reader_on(edit->arguments);
    struct reference reference = read_reference(&reader);
    int field = resolve_field(actor, record->collection, &reference, MERGE_APPEND, NULL);
    uint8_t scratch[CANONICAL_BYTES_MAX];
    struct writer writer = writer_on(scratch, sizeof scratch);
    uint32_t count = edit->argument_count - 1;
    if (count == 0)
        return;
    state_append(actor->state, record, field, canonical(&reader, count, &writer), count,
                 actor->author);
}

static void apply_add(const struct actor *actor, const struct edit *edit, struct record *record)
{
    struct reader reader = reader_on(edit->arguments);
    for (uint32_t i = 0; i < edit->argument_count; i += 2) {
        struct reference reference = read_reference(&reader);
        int number = resolve_field(actor, record->collection, &reference, MERGE_ADD, NULL);
        int64_t amount = read_integer(&reader);
        const struct cell *cell = record_cell(record, number);
        int64_t sum = amount + (cell != NULL && cell->type == CELL_NUMBER ? cell->value.number : 0);
        state_set_number(actor->state, record, number, sum, actor->author);
    }
}

static void apply_emit(const struct actor *actor, const struct edit *edit)
{
    int event = resolve_event(actor, &edit->target, NULL);
    struct state *state = actor->state;
    bool presence = state->schema.events[event].presence && edit->to == 0;
    if (presence && actor->replay)
        return;
    struct scope *scope = state->scopes[presence ? SCOPE_PRESENCE : SCOPE_EVERYONE];
    if (edit->to != 0)
        scope = room_private_scope(actor->room, edit->to);
    uint8_t scratch[CANONICAL_BYTES_MAX];
    struct writer writer = writer_on(scratch, sizeof scratch);
    struct reader reader = reader_on(edit->arguments);
    state_emit(state, scope, event, actor->author.member, canonical(&reader, 1, &writer));
}

bool left_out(const struct actor *actor, const struct collection *collection)
{
    return actor->replay && collection->sight == SIGHT_PRESENCE;
}

/* The names that an edit taught keep their numbers where the edit itself is left out. */
static void learn_fields(const struct actor *actor, const struct edit *edit, int collection)
{
    enum merge merge = edit->verb == VERB_APPEND ? MERGE_APPEND
                       : edit->verb == VERB_ADD  ? MERGE_ADD
                                                 : MERGE_SET;
    uint32_t step = edit->verb == VERB_APPEND ? edit->argument_count : 2;
    struct reader reader = reader_on(edit->arguments);
    for (uint32_t i = 0; i < edit->argument_count; i += step) {
        struct reference reference = read_reference(&reader);
        resolve_field(actor, collection, &reference, merge, NULL);
        read_value(&reader);
    }
}

static void apply_edit(const struct actor *actor, const struct edit *edit)
{
    if (edit->verb == VERB_EMIT) {
        apply_emit(actor, edit);
        return;
    }
    int collection = resolve_collection(actor, &edit->target, NULL);
    const struct collection *known = &actor->state->schema.collections[collection];
    if (left_out(actor, known)) {
        learn_fields(actor, edit, collection);
        return;
    }
    struct scope *scope = scope_for(actor, known);
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
    struct edit edits[EDITS_MAX];
    uint32_t count = read_array(reader);
    if (count > EDITS_MAX)
        return STATUS_MALFORMED;
    enum status status = operation_check(actor, reader, count, edits);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        apply_edit(actor, &edits[i]);
    return status;
}

/* --- Presence ------------------------------------------------------------------------------------- */

void presence_check(struct reader *reader, uint32_t count)
{
    if (count == 0 || count > 2 * FIELDS_MAX)
        reader_fail(reader, STATUS_MALFORMED);
    check_arguments(reader, VERB_SET, count);
}

enum status presence_set(const struct actor *actor,
                         struct record *record,
                         struct reader *reader,
                         uint32_t count)
{
    struct reader again = *reader;
    enum status status = presence_check_values(actor, record, reader, count);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i += 2) {
        struct reference reference = read_reference(&again);
        int number = resolve_field(actor, 0, &reference, MERGE_SET, NULL);
        value_apply(actor, record, number, read_value(&again));
    }
    return status;
}

enum status presence_move(const struct actor *actor,
                          struct record *record,
                          uint32_t mask,
                          struct reader *reader)
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
