#include "sync/replica_state.h"

#include "sync/hash.h"

/* --- Definitions -------------------------------------------------------------------------------- */

const struct replica_collection *replica_collection(const struct replica *replica,
                                                    struct bytes name)
{
    return replica_names_collection(&replica_shown(replica)->names, name);
}

const struct replica_collection *replica_collection_at(const struct replica *replica,
                                                       uint32_t number)
{
    return number < COLLECTIONS_MAX ? replica_shown(replica)->names.collections[number] : NULL;
}

const struct replica_event *replica_event(const struct replica *replica, struct bytes name)
{
    return replica_names_event(&replica_shown(replica)->names, name);
}

const struct replica_event *replica_event_at(const struct replica *replica, uint32_t number)
{
    return number < EVENT_NAMES_MAX ? replica_shown(replica)->names.events[number] : NULL;
}

int replica_field(const struct replica_collection *collection, struct bytes name)
{
    for (uint32_t i = 0; i < collection->field_count; i++)
        if (collection->fields[i].defined && bytes_equal(collection->fields[i].name, name))
            return (int)i;
    return -1;
}

/* --- Records ------------------------------------------------------------------------------------ */

const struct replica_record *replica_find(const struct replica *replica,
                                          const struct replica_collection *collection,
                                          struct bytes id)
{
    if (collection == NULL)
        return NULL;
    return replica_scope_find(&replica_shown(replica)->parts[collection->scope].scope, collection,
                              id);
}

const struct replica_record *replica_find_member(const struct replica *replica,
                                                 const struct replica_collection *collection,
                                                 uint32_t member)
{
    uint8_t digits[DECIMAL_DIGITS];
    return replica_find(replica, collection, bytes_decimal(member, digits));
}

const struct replica_record *replica_next(const struct replica *replica,
                                          const struct replica_collection *collection,
                                          const struct replica_record *previous)
{
    if (collection == NULL)
        return NULL;
    const struct replica_scope *scope = &replica_shown(replica)->parts[collection->scope].scope;
    for (uint32_t slot = previous == NULL ? 0 : previous->slot + 1; slot < scope->slot_capacity;
         slot++)
        if (scope->slots[slot] != NULL && scope->slots[slot]->collection == collection)
            return scope->slots[slot];
    return NULL;
}

uint32_t replica_count(const struct replica *replica)
{
    uint32_t count = 0;
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        count += replica_shown(replica)->parts[i].scope.count;
    return count;
}

const struct replica_collection *replica_record_collection(const struct replica_record *record)
{
    return record->collection;
}

struct bytes replica_record_id(const struct replica_record *record)
{
    return (struct bytes){record->id, record->id_length};
}

uint32_t replica_record_member(const struct replica_record *record)
{
    return record->member;
}

/* --- Values ------------------------------------------------------------------------------------- */

uint32_t replica_record_mask(const struct replica_record *record)
{
    return record->set;
}

bool replica_has(const struct replica_record *record, int field)
{
    return field >= 0 && field < (int)FIELDS_MAX && (record->set >> field & 1) != 0;
}

static bool holds_number(const struct replica_record *record, int field)
{
    return replica_field_is_number(&record->collection->fields[field]);
}

int64_t replica_number(const struct replica_record *record, int field)
{
    if (!replica_has(record, field) || !holds_number(record, field))
        return 0;
    return record->values[field].number;
}

struct bytes replica_packed(const struct replica_record *record, int field, uint32_t *items)
{
    if (!replica_has(record, field) || holds_number(record, field)) {
        *items = 0;
        return (struct bytes){NULL, 0};
    }
    const struct replica_value *value = &record->values[field];
    *items = value->items;
    return (struct bytes){value->data, value->length};
}

void replica_pack(const struct replica_record *record, int field, struct writer *writer)
{
    if (!replica_has(record, field)) {
        pack_nil(writer);
        return;
    }
    const struct replica_value *value = &record->values[field];
    if (holds_number(record, field)) {
        pack_integer(writer, value->number);
        return;
    }
    if (record->collection->fields[field].merge == MERGE_APPEND)
        pack_array(writer, value->items);
    pack_raw(writer, (struct bytes){value->data, value->length}, value->items);
}

/* --- Events ------------------------------------------------------------------------------------- */

const struct replica_occurrence *replica_occurrence_next(const struct replica *replica,
                                                         const struct replica_event *event,
                                                         const struct replica_occurrence *previous)
{
    const struct replica_world *world = replica_shown(replica);
    uint32_t scope = SCOPE_EVERYONE;
    if (previous != NULL) {
        if (previous->next != NULL)
            return previous->next;
        scope = previous->scope + 1;
    }
    for (; event != NULL && scope < SCOPE_COUNT; scope++)
        if (world->parts[scope].scope.logs[event->number].first != NULL)
            return world->parts[scope].scope.logs[event->number].first;
    return NULL;
}

/* --- The state hash ----------------------------------------------------------------------------- */

/* A list chains item by item, anything else as one value. */
static uint64_t hash_value(uint64_t hash, const struct replica_record *record, uint32_t field)
{
    const struct replica_value *value = &record->values[field];
    if (holds_number(record, (int)field)) {
        uint8_t buffer[9];
        struct writer writer = writer_on(buffer, sizeof buffer);
        pack_integer(&writer, value->number);
        return hash_bytes(hash, writer_bytes(&writer));
    }
    struct reader reader = reader_on((struct bytes){value->data, value->length});
    for (uint32_t i = 0; i < value->items; i++) {
        size_t from = reader.at;
        replica_skip(&reader, 1);
        hash = hash_bytes(hash, (struct bytes){value->data + from, reader.at - from});
    }
    return hash;
}

static uint64_t hash_record(const struct replica_record *record)
{
    uint64_t hash = hash_bytes(0, record->collection->name);
    hash = hash_bytes(hash, replica_record_id(record));
    for (uint32_t i = 0; i < record->collection->field_count; i++) {
        if ((record->set >> i & 1) == 0)
            continue;
        hash = hash_bytes(hash, record->collection->fields[i].name);
        hash = hash_value(hash, record, i);
    }
    return hash;
}

static uint64_t hash_occurrence(const struct replica_occurrence *occurrence)
{
    uint64_t hash = hash_bytes(0, occurrence->event->name);
    hash = hash_member(hash, occurrence->from);
    return hash_bytes(hash, occurrence->value);
}

uint64_t replica_hash(const struct replica *replica)
{
    uint64_t sum = 0;
    for (uint32_t i = SCOPE_EVERYONE; i < SCOPE_COUNT; i++) {
        const struct replica_scope *scope = &replica_shown(replica)->parts[i].scope;
        for (uint32_t slot = 0; slot < scope->slot_capacity; slot++)
            if (scope->slots[slot] != NULL)
                sum += hash_record(scope->slots[slot]);
        for (uint32_t event = 0; event < EVENT_NAMES_MAX; event++)
            for (const struct replica_occurrence *one = scope->logs[event].first; one != NULL;
                 one = one->next)
                sum += hash_occurrence(one);
    }
    return sum;
}
