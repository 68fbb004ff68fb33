#include "sync/schema.h"

#include <assert.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/wire.h"

/* Widest bounds, for declarations that leave them out. */
static void field_bounds(struct field *field)
{
    if (field->steps == 0)
        field->steps = 1;
    if (field->minimum != 0 || field->maximum != 0)
        return;
    if (field_is_number(field)) {
        field->minimum = -INTEGER_MAX;
        field->maximum = INTEGER_MAX;
    } else {
        field->maximum = RECORD_BYTES_MAX;
    }
}

struct field schema_field(const struct field_rules *rules)
{
    struct field field = {.minimum = rules->minimum,
                          .maximum = rules->maximum,
                          .steps = rules->steps,
                          .type = (uint8_t)rules->type,
                          .merge = (uint8_t)rules->merge,
                          .file = rules->file};
    if (rules->name != NULL)
        field.name = bytes_of(rules->name);
    field_bounds(&field);
    return field;
}

/* Makes room for one more element of an array in the heap; what it was is copied. */
static void *grow(struct heap *heap, void *array, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    uint32_t grown = *capacity == 0 ? 4 : *capacity * 2;
    void *block = heap_take(heap, grown * size);
    if (count > 0) {
        memcpy(block, array, count * size);
        heap_give(heap, array, *capacity * size);
    }
    *capacity = grown;
    return block;
}

static void define(struct schema *schema, struct heap *heap, struct definition definition)
{
    schema->definitions = grow(heap, schema->definitions, schema->definition_count,
                               &schema->definition_capacity, sizeof *schema->definitions);
    schema->definitions[schema->definition_count++] = definition;
}

static int add_collection(struct schema *schema, struct heap *heap, struct collection collection)
{
    if (schema->collection_count == COLLECTIONS_MAX)
        return -1;
    schema->collections = grow(heap, schema->collections, schema->collection_count,
                               &schema->collection_capacity, sizeof *schema->collections);
    uint32_t number = schema->collection_count++;
    schema->collections[number] = collection;
    if (collection.sight != SIGHT_SERVER)
        define(schema, heap, (struct definition){.kind = 0, .number = (uint8_t)number});
    return (int)number;
}

static int add_field(struct schema *schema, struct heap *heap, int number, struct field field)
{
    struct collection *collection = &schema->collections[number];
    if (collection->field_count == FIELDS_MAX)
        return -1;
    uint32_t capacity = collection->field_capacity;
    collection->fields = grow(heap, collection->fields, collection->field_count, &capacity,
                              sizeof *collection->fields);
    collection->field_capacity = (uint8_t)capacity;
    field_bounds(&field);
    uint8_t index = collection->field_count++;
    collection->fields[index] = field;
    if (collection->sight != SIGHT_SERVER)
        define(schema, heap, (struct definition){1, index, (uint8_t)number});
    return index;
}

static int add_event(struct schema *schema, struct heap *heap, struct event_name event)
{
    if (schema->event_count == EVENT_NAMES_MAX)
        return -1;
    schema->events = grow(heap, schema->events, schema->event_count, &schema->event_capacity,
                          sizeof *schema->events);
    uint32_t number = schema->event_count++;
    schema->events[number] = event;
    define(schema, heap, (struct definition){.kind = 2, .number = (uint8_t)number});
    return (int)number;
}

static void
declare_collection(struct schema *schema, struct heap *heap, const struct collection_rules *rules)
{
    int number = add_collection(schema, heap,
                                (struct collection){.name = bytes_of(rules->name),
                                                    .sight = (uint8_t)rules->sight,
                                                    .role = (uint8_t)rules->role,
                                                    .server_only = rules->server_only,
                                                    .learns = rules->learns});
    assert(number >= 0);
    if (rules->sight == SIGHT_PRESENCE) {
        int user = add_field(schema, heap, number,
                             (struct field){.name = bytes_of("user"), .type = FIELD_ANY});
        int away = add_field(schema, heap, number,
                             (struct field){.name = bytes_of("away"), .type = FIELD_BOOL});
        assert(user == PRESENCE_USER && away == PRESENCE_AWAY);
    }
    for (uint32_t i = 0; i < rules->field_count; i++) {
        const struct field_rules *field = &rules->fields[i];
        add_field(schema, heap, number, schema_field(field));
    }
}

size_t schema_bytes(const struct rules *rules)
{
    size_t fields = 2;
    for (uint32_t i = 0; i < rules->collection_count; i++)
        fields += rules->collections[i].field_count + 4;
    size_t names = fields + rules->collection_count + rules->event_count;
    /* Doubling keeps at most the old and the new array, rounded up: four times the content. */
    return 4 * (fields * sizeof(struct field) + names * sizeof(struct definition) +
                (rules->collection_count + 4) * sizeof(struct collection) +
                (rules->event_count + 4) * sizeof(struct event_name)) +
           1024;
}

void schema_init(struct schema *schema, struct heap *heap, const struct rules *rules)
{
    *schema = (struct schema){.learns = rules->learns};
    for (uint32_t i = 0; i < rules->collection_count; i++)
        declare_collection(schema, heap, &rules->collections[i]);
    for (uint32_t i = 0; i < rules->event_count; i++) {
        const struct event_rules *event = &rules->events[i];
        add_event(schema, heap,
                  (struct event_name){.name = bytes_of(event->name),
                                      .kept = event->kept > 0 ? event->kept : EVENTS_KEPT_DEFAULT,
                                      .presence = event->presence});
    }
}

int schema_collection(const struct schema *schema, struct bytes name)
{
    for (uint32_t i = 0; i < schema->collection_count; i++)
        if (bytes_equal(schema->collections[i].name, name))
            return (int)i;
    return -1;
}

int schema_event(const struct schema *schema, struct bytes name)
{
    for (uint32_t i = 0; i < schema->event_count; i++)
        if (bytes_equal(schema->events[i].name, name))
            return (int)i;
    return -1;
}

int collection_field(const struct collection *collection, struct bytes name)
{
    for (int i = 0; i < collection->field_count; i++)
        if (bytes_equal(collection->fields[i].name, name))
            return i;
    return -1;
}

static struct bytes name_copy(struct heap *heap, struct bytes name)
{
    uint8_t *copy = heap_take(heap, name.length);
    memcpy(copy, name.data, name.length);
    return (struct bytes){copy, name.length};
}

struct collection schema_learnt_collection(struct bytes name)
{
    return (struct collection){.name = name, .learns = true};
}

const struct field *schema_learnt_field(enum merge merge)
{
    static const struct field fields[MERGE_COUNT] = {
        [MERGE_SET] = {.type = FIELD_ANY, .maximum = RECORD_BYTES_MAX, .steps = 1, .file = true},
        [MERGE_APPEND] = {.type = FIELD_ANY,
                          .merge = MERGE_APPEND,
                          .maximum = RECORD_BYTES_MAX,
                          .steps = 1},
        [MERGE_ADD] = {.type = FIELD_INT,
                       .merge = MERGE_ADD,
                       .minimum = -INTEGER_MAX,
                       .maximum = INTEGER_MAX,
                       .steps = 1},
    };
    return &fields[merge];
}

int schema_learn_collection(struct schema *schema, struct heap *heap, struct bytes name)
{
    if (schema->collection_count == COLLECTIONS_MAX)
        return -1;
    return add_collection(schema, heap, schema_learnt_collection(name_copy(heap, name)));
}

int schema_learn_event(struct schema *schema, struct heap *heap, struct bytes name)
{
    if (schema->event_count == EVENT_NAMES_MAX)
        return -1;
    return add_event(
        schema, heap,
        (struct event_name){.name = name_copy(heap, name), .kept = EVENTS_KEPT_DEFAULT});
}

int schema_learn_field(struct schema *schema,
                       struct heap *heap,
                       int collection,
                       struct bytes name,
                       enum merge merge)
{
    if (schema->collections[collection].field_count == FIELDS_MAX)
        return -1;
    struct field field = *schema_learnt_field(merge);
    field.name = name_copy(heap, name);
    return add_field(schema, heap, collection, field);
}

bool schema_name_valid(struct bytes name)
{
    if (name.length < 1 || name.length > NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.length; i++)
        if (name.data[i] < 0x20 || name.data[i] == 0x7f)
            return false;
    return true;
}

int collection_scope(const struct collection *collection)
{
    switch ((enum sight)collection->sight) {
    case SIGHT_EVERYONE:
        return SCOPE_EVERYONE;
    case SIGHT_PRESENCE:
        return SCOPE_PRESENCE;
    case SIGHT_MEMBER:
        return SCOPE_MINE;
    case SIGHT_ROLE:
        return SCOPE_ROLE + collection->role;
    case SIGHT_SERVER:
        break;
    }
    return -1;
}

void schema_write_definition(const struct schema *schema, uint32_t index, struct writer *writer)
{
    const struct definition *definition = &schema->definitions[index];
    if (definition->kind == 2) {
        const struct event_name *event = &schema->events[definition->number];
        pack_array(writer, 4);
        pack_integer(writer, definition->kind);
        pack_integer(writer, definition->number);
        pack_string(writer, event->name);
        pack_integer(writer, event->kept);
        return;
    }
    if (definition->kind == 0) {
        const struct collection *collection = &schema->collections[definition->number];
        pack_array(writer, 5);
        pack_integer(writer, definition->kind);
        pack_integer(writer, definition->number);
        pack_string(writer, collection->name);
        pack_integer(writer, collection->sight == SIGHT_PRESENCE ? 1 : 0);
        pack_integer(writer, collection_scope(collection));
        return;
    }
    const struct collection *collection = &schema->collections[definition->collection];
    const struct field *field = &collection->fields[definition->number];
    pack_array(writer, 9);
    pack_integer(writer, definition->kind);
    pack_integer(writer, definition->collection);
    pack_integer(writer, definition->number);
    pack_string(writer, field->name);
    pack_integer(writer, field->type);
    pack_integer(writer, field->merge);
    pack_integer(writer, field->minimum);
    pack_integer(writer, field->maximum);
    pack_integer(writer, field->steps);
}

/* --- What a kind declares ------------------------------------------------------------------------ */

static uint64_t hash_declared(uint64_t hash, struct bytes name, const int64_t *numbers, int count)
{
    uint8_t packed[64];
    struct writer writer = writer_on(packed, sizeof packed);
    for (int i = 0; i < count; i++)
        pack_integer(&writer, numbers[i]);
    return hash_bytes(hash_bytes(hash, name), writer_bytes(&writer));
}

/* Collections and fields keep their numbers: those of the kind come first, and presence has two of
 * its own in any kind. */
uint64_t schema_declared_hash(const struct schema *schema, const struct rules *rules)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < rules->collection_count; i++) {
        const struct collection *collection = &schema->collections[i];
        uint32_t fields = rules->collections[i].field_count;
        fields += collection->sight == SIGHT_PRESENCE ? PRESENCE_FIELDS : 0;
        const int64_t seen[] = {collection->sight, collection->role, fields};
        hash = hash_declared(hash, collection->name, seen, 3);
        for (uint32_t k = 0; k < fields; k++) {
            const struct field *field = &collection->fields[k];
            const int64_t bounds[] = {field->type, field->merge, field->minimum, field->maximum,
                                      field->steps};
            hash = hash_declared(hash, field->name, bounds, 5);
        }
    }
    for (uint32_t i = 0; i < rules->event_count; i++) {
        const struct event_name *event = &schema->events[i];
        const int64_t kept[] = {event->kept, event->presence};
        hash = hash_declared(hash, event->name, kept, 2);
    }
    const int64_t memory[] = {rules->memory_bytes};
    return memory[0] > 0 ? hash_declared(hash, bytes_of("memory"), memory, 1) : hash;
}
