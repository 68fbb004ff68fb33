#include "sync/replica_state.h"

#include <string.h>

#include "sync/hash.h"

/* --- Values ------------------------------------------------------------------------------------ */

bool replica_field_is_number(const struct replica_field *field)
{
    return field->type == FIELD_INT || field->type == FIELD_FIXED;
}

struct replica_value *
replica_record_value(struct replica_record *record, const struct memory *memory, uint32_t field)
{
    void *values = record->values;
    if (!memory_grow(memory, &values, &record->value_capacity, field + 1, sizeof *record->values))
        return NULL;
    record->values = values;
    return &record->values[field];
}

/* Makes room for `more` bytes behind the first `used` of a value. */
static bool
value_reserve(struct replica_value *value, const struct memory *memory, uint32_t used, size_t more)
{
    if (more > REPLICA_TRANSFER_BYTES_MAX - used)
        return false;
    void *data = value->data;
    if (!memory_grow(memory, &data, &value->capacity, used + (uint32_t)more, 1))
        return false;
    value->data = data;
    return true;
}

enum status
replica_value_assign(struct replica_value *value, const struct memory *memory, struct bytes packed)
{
    value->length = 0;
    value->items = 0;
    return replica_value_append(value, memory, packed, 1);
}

enum status replica_value_append(struct replica_value *value,
                                 const struct memory *memory,
                                 struct bytes packed,
                                 uint32_t items)
{
    if (!value_reserve(value, memory, value->length, packed.length))
        return STATUS_MEMORY;
    if (packed.length > 0)
        memcpy(value->data + value->length, packed.data, packed.length);
    value->length += (uint32_t)packed.length;
    value->items += items;
    return STATUS_OK;
}

void replica_value_truncate(struct replica_value *value, uint32_t items)
{
    if (items >= value->items)
        return;
    struct reader reader = reader_on((struct bytes){value->data, value->length});
    replica_skip(&reader, items);
    value->length = (uint32_t)reader.at;
    value->items = items;
}

static void record_release(struct replica_record *record, const struct memory *memory)
{
    for (uint32_t i = 0; i < record->value_capacity; i++)
        memory_release(memory, record->values[i].data);
    memory_release(memory, record->values);
    memory_release(memory, record);
}

/* --- Changes ----------------------------------------------------------------------------------- */

static void
note(struct replica_changes *changes, struct replica_record *record, enum replica_change change)
{
    if (record->change == CHANGE_NONE) {
        record->noted = NULL;
        if (changes->last == NULL)
            changes->first = record;
        else
            changes->last->noted = record;
        changes->last = record;
    }
    record->change = change;
}

void replica_note_fields(struct replica_changes *changes,
                         struct replica_record *record,
                         uint32_t mask)
{
    if (record->change == CHANGE_ADDED || mask == 0)
        return;
    note(changes, record, CHANGE_FIELDS);
    record->changed |= mask;
}

void replica_note_event(struct replica_changes *changes, struct replica_occurrence *occurrence)
{
    occurrence->next = NULL;
    if (changes->last_event == NULL)
        changes->first_event = occurrence;
    else
        changes->last_event->next = occurrence;
    changes->last_event = occurrence;
}

void replica_changes_append(struct replica_changes *changes, struct replica_changes *more)
{
    if (more->first != NULL) {
        if (changes->last == NULL)
            changes->first = more->first;
        else
            changes->last->noted = more->first;
        changes->last = more->last;
    }
    if (more->first_event != NULL) {
        if (changes->last_event == NULL)
            changes->first_event = more->first_event;
        else
            changes->last_event->next = more->first_event;
        changes->last_event = more->last_event;
    }
    *more = (struct replica_changes){0};
}

void replica_changes_drop_events(struct replica_changes *changes,
                                 const struct memory *memory,
                                 uint32_t scope)
{
    struct replica_occurrence *event = changes->first_event;
    changes->first_event = NULL;
    changes->last_event = NULL;
    while (event != NULL) {
        struct replica_occurrence *next = event->next;
        if (scope == SCOPE_COUNT || scope == event->scope)
            memory_release(memory, event);
        else
            replica_note_event(changes, event);
        event = next;
    }
}

void replica_changes_settle(struct replica_changes *changes, const struct memory *memory)
{
    struct replica_record *record = changes->first;
    while (record != NULL) {
        struct replica_record *next = record->noted;
        if (record->change == CHANGE_REMOVED || record->change == CHANGE_VANISHED) {
            record_release(record, memory);
        } else {
            record->change = CHANGE_NONE;
            record->changed = 0;
        }
        record = next;
    }
    changes->first = NULL;
    changes->last = NULL;
}

/* The record is out of its scope's tables and lives on only to be told about. */
static void note_removed(struct replica_changes *changes,
                         const struct memory *memory,
                         struct replica_record *record)
{
    if (changes == NULL)
        record_release(record, memory);
    else
        note(changes, record, record->change == CHANGE_ADDED ? CHANGE_VANISHED : CHANGE_REMOVED);
}

/* --- The index by name --------------------------------------------------------------------------
 * Linear probing; removing shifts later entries back, so that there are no marks of the dead. */

static uint32_t index_home(const struct replica_scope *scope, uint32_t number, struct bytes id)
{
    return (uint32_t)hash_bytes(number, id) & (scope->index_capacity - 1);
}

static struct bytes id_of(const struct replica_record *record)
{
    return (struct bytes){record->id, record->id_length};
}

static void index_insert(struct replica_scope *scope, struct replica_record *record)
{
    uint32_t at = index_home(scope, record->collection->number, id_of(record));
    while (scope->index[at] != NULL)
        at = (at + 1) & (scope->index_capacity - 1);
    scope->index[at] = record;
}

static bool index_reserve(struct replica_scope *scope, const struct memory *memory)
{
    if (2 * (scope->count + 1) <= scope->index_capacity)
        return true;
    uint32_t capacity = scope->index_capacity == 0 ? 16 : 2 * scope->index_capacity;
    struct replica_record **grown = memory_allocate(memory, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    memset(grown, 0, capacity * sizeof *grown);
    struct replica_record **old = scope->index;
    uint32_t old_capacity = scope->index_capacity;
    scope->index = grown;
    scope->index_capacity = capacity;
    for (uint32_t i = 0; i < old_capacity; i++)
        if (old[i] != NULL)
            index_insert(scope, old[i]);
    memory_release(memory, old);
    return true;
}

static void index_remove(struct replica_scope *scope, const struct replica_record *record)
{
    uint32_t last = scope->index_capacity - 1;
    uint32_t hole = index_home(scope, record->collection->number, id_of(record));
    while (scope->index[hole] != record)
        hole = (hole + 1) & last;
    for (uint32_t at = (hole + 1) & last; scope->index[at] != NULL; at = (at + 1) & last) {
        const struct replica_record *entry = scope->index[at];
        uint32_t home = index_home(scope, entry->collection->number, id_of(entry));
        if (((at - home) & last) < ((at - hole) & last))
            continue; /* its home is behind the hole: it is found where it is */
        scope->index[hole] = scope->index[at];
        hole = at;
    }
    scope->index[hole] = NULL;
}

struct replica_record *replica_scope_find(const struct replica_scope *scope,
                                          const struct replica_collection *collection,
                                          struct bytes id)
{
    if (scope->index_capacity == 0)
        return NULL;
    uint32_t at = index_home(scope, collection->number, id);
    for (; scope->index[at] != NULL; at = (at + 1) & (scope->index_capacity - 1)) {
        struct replica_record *record = scope->index[at];
        if (record->collection->number == collection->number && bytes_equal(id_of(record), id))
            return record;
    }
    return NULL;
}

/* --- A scope ----------------------------------------------------------------------------------- */

struct replica_record *replica_scope_at(const struct replica_scope *scope, int64_t slot)
{
    if (slot < 0 || slot >= scope->slot_capacity)
        return NULL;
    return scope->slots[slot];
}

void replica_scope_remove(struct replica_scope *scope,
                          const struct memory *memory,
                          struct replica_changes *changes,
                          struct replica_record *record)
{
    index_remove(scope, record);
    scope->slots[record->slot] = NULL;
    scope->count--;
    note_removed(changes, memory, record);
}

struct replica_record *replica_scope_put(struct replica_scope *scope,
                                         const struct memory *memory,
                                         struct replica_changes *changes,
                                         const struct replica_record *named)
{
    struct replica_record *known = replica_scope_find(scope, named->collection, id_of(named));
    if (known != NULL && known->slot == named->slot)
        return known;
    void *slots = scope->slots;
    if (!memory_grow(memory, &slots, &scope->slot_capacity, named->slot + 1, sizeof *scope->slots))
        return NULL;
    scope->slots = slots;
    if (!index_reserve(scope, memory))
        return NULL;
    struct replica_record *record = memory_allocate(memory, sizeof *record);
    if (record == NULL)
        return NULL;
    *record = *named;
    if (known != NULL)
        replica_scope_remove(scope, memory, changes, known);
    if (scope->slots[named->slot] != NULL)
        replica_scope_remove(scope, memory, changes, scope->slots[named->slot]);
    scope->slots[record->slot] = record;
    index_insert(scope, record);
    scope->count++;
    note(changes, record, CHANGE_ADDED);
    return record;
}

static void log_clear(struct replica_log *log, const struct memory *memory)
{
    while (log->first != NULL) {
        struct replica_occurrence *next = log->first->next;
        memory_release(memory, log->first);
        log->first = next;
    }
    *log = (struct replica_log){0};
}

void replica_scope_clear(struct replica_scope *scope,
                         const struct memory *memory,
                         struct replica_changes *changes)
{
    for (uint32_t i = 0; i < scope->slot_capacity; i++)
        if (scope->slots[i] != NULL)
            note_removed(changes, memory, scope->slots[i]);
    for (size_t i = 0; i < EVENT_NAMES_MAX; i++)
        log_clear(&scope->logs[i], memory);
    memory_release(memory, scope->slots);
    memory_release(memory, scope->index);
    *scope = (struct replica_scope){0};
}

static bool
fields_equal(const struct replica_record *a, uint32_t i, const struct replica_record *b, uint32_t k)
{
    bool a_set = (a->set >> i & 1) != 0;
    bool b_set = (b->set >> k & 1) != 0;
    if (!a_set || !b_set)
        return a_set == b_set;
    const struct replica_value *x = &a->values[i], *y = &b->values[k];
    bool a_number = replica_field_is_number(&a->collection->fields[i]);
    if (a_number != replica_field_is_number(&b->collection->fields[k]))
        return false;
    if (a_number)
        return x->number == y->number;
    return x->items == y->items &&
           bytes_equal((struct bytes){x->data, x->length}, (struct bytes){y->data, y->length});
}

/* The fields of `record`, by its own numbers, that differ from its older self. */
static uint32_t fields_changed(const struct replica_record *record,
                               const struct replica_record *older)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < record->collection->field_count; i++) {
        int k = (int)i;
        if (record->collection != older->collection)
            k = replica_field(older->collection, record->collection->fields[i].name);
        bool equal =
            k < 0 ? (record->set >> i & 1) == 0 : fields_equal(record, i, older, (uint32_t)k);
        if (!equal)
            mask |= UINT32_C(1) << i;
    }
    return mask;
}

/* `record` stands where `older` stood: what was noted as added becomes what changed. */
static void
succeed(struct replica_record *record, struct replica_record *older, const struct memory *memory)
{
    if (older->change != CHANGE_ADDED) {
        record->change = CHANGE_FIELDS;
        record->changed = fields_changed(record, older);
        if (record->collection == older->collection)
            record->changed |= older->changed;
    }
    if (older->change == CHANGE_NONE)
        record_release(older, memory);
    else
        older->change = CHANGE_VANISHED; /* it is in the list of changes, which frees it */
}

void replica_scope_replace(struct replica_scope *old,
                           const struct replica_scope *scope,
                           const struct replica_names *names,
                           const struct memory *memory,
                           struct replica_changes *changes)
{
    for (uint32_t i = 0; i < old->slot_capacity; i++) {
        struct replica_record *older = old->slots[i];
        if (older == NULL)
            continue;
        old->slots[i] = NULL;
        const struct replica_collection *collection =
            replica_names_collection(names, older->collection->name);
        struct replica_record *record = NULL;
        if (collection != NULL)
            record = replica_scope_find(scope, collection, id_of(older));
        if (record != NULL)
            succeed(record, older, memory);
        else
            note_removed(changes, memory, older);
    }
    replica_scope_clear(old, memory, changes);
}

void replica_scope_keep(struct replica_scope *scope,
                        const struct memory *memory,
                        struct replica_occurrence *occurrence)
{
    struct replica_log *log = &scope->logs[occurrence->event->number];
    uint32_t kept = occurrence->event->kept;
    occurrence->next = NULL;
    if (log->last == NULL)
        log->first = occurrence;
    else
        log->last->next = occurrence;
    log->last = occurrence;
    log->count++;
    while (log->count > kept) {
        struct replica_occurrence *oldest = log->first;
        log->first = oldest->next;
        if (log->first == NULL)
            log->last = NULL;
        log->count--;
        memory_release(memory, oldest);
    }
}
