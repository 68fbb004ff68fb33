#include "sync/replica_state.h"

#include <string.h>

enum definition {
    DEFINITION_COLLECTION = 0,
    DEFINITION_FIELD = 1,
    DEFINITION_EVENT = 2
};

void replica_names_clear(struct replica_names *names, const struct memory *memory)
{
    for (size_t i = 0; i < COLLECTIONS_MAX; i++)
        memory_release(memory, names->collections[i]);
    for (size_t i = 0; i < EVENT_NAMES_MAX; i++)
        memory_release(memory, names->events[i]);
    *names = (struct replica_names){0};
}

/* Copies a name and puts a NUL behind it, for those who print. */
static struct bytes read_name(struct reader *reader, uint8_t data[NAME_BYTES_MAX + 1])
{
    struct bytes name = read_string(reader);
    if (name.length == 0 || name.length > NAME_BYTES_MAX) {
        reader_fail(reader, STATUS_MALFORMED);
        return (struct bytes){NULL, 0};
    }
    memcpy(data, name.data, name.length);
    data[name.length] = 0;
    return (struct bytes){data, name.length};
}

static void *allocate_cleared(struct reader *reader, const struct memory *memory, size_t size)
{
    if (reader->status != STATUS_OK)
        return NULL;
    void *block = memory_allocate(memory, size);
    if (block == NULL)
        reader_fail(reader, STATUS_MEMORY);
    else
        memset(block, 0, size);
    return block;
}

static void
read_collection(struct replica_names *names, const struct memory *memory, struct reader *reader)
{
    uint32_t number = (uint32_t)read_integer_in(reader, 0, COLLECTIONS_MAX - 1);
    if (names->collections[number] != NULL)
        reader_fail(reader, STATUS_MALFORMED);
    struct replica_collection *collection = allocate_cleared(reader, memory, sizeof *collection);
    if (collection == NULL)
        return;
    collection->number = number;
    collection->name = read_name(reader, collection->name_data);
    collection->presence = read_integer_in(reader, 0, 1) == 1;
    collection->scope = (uint32_t)read_integer_in(reader, SCOPE_EVERYONE, SCOPE_COUNT - 1);
    if (reader->status == STATUS_OK)
        names->collections[number] = collection;
    else
        memory_release(memory, collection);
}

static void read_field(struct replica_names *names, struct reader *reader)
{
    uint32_t number = (uint32_t)read_integer_in(reader, 0, COLLECTIONS_MAX - 1);
    uint32_t index = (uint32_t)read_integer_in(reader, 0, FIELDS_MAX - 1);
    struct replica_collection *collection = names->collections[number];
    if (collection == NULL || collection->fields[index].defined) {
        reader_fail(reader, STATUS_MALFORMED);
        return;
    }
    struct replica_field *field = &collection->fields[index];
    field->name = read_name(reader, field->name_data);
    field->type = (enum field_type)read_integer_in(reader, 0, FIELD_TYPE_COUNT - 1);
    field->merge = (enum merge)read_integer_in(reader, 0, MERGE_COUNT - 1);
    field->minimum = read_integer(reader);
    field->maximum = read_integer(reader);
    field->steps = (uint32_t)read_integer_in(reader, 1, UINT32_MAX);
    if (field->merge == MERGE_ADD && !replica_field_is_number(field))
        reader_fail(reader, STATUS_MALFORMED);
    if (field->merge == MERGE_APPEND && replica_field_is_number(field))
        reader_fail(reader, STATUS_MALFORMED);
    if (reader->status != STATUS_OK)
        return;
    field->defined = true;
    if (collection->field_count <= index)
        collection->field_count = index + 1;
}

static void
read_event(struct replica_names *names, const struct memory *memory, struct reader *reader)
{
    uint32_t number = (uint32_t)read_integer_in(reader, 0, EVENT_NAMES_MAX - 1);
    if (names->events[number] != NULL)
        reader_fail(reader, STATUS_MALFORMED);
    struct replica_event *event = allocate_cleared(reader, memory, sizeof *event);
    if (event == NULL)
        return;
    event->number = number;
    event->name = read_name(reader, event->name_data);
    event->kept = (uint32_t)read_integer_in(reader, 0, EVENTS_KEPT_MAX);
    if (reader->status == STATUS_OK)
        names->events[number] = event;
    else
        memory_release(memory, event);
}

/* One definition; later versions may have put elements at its end. */
static void
read_definition(struct replica_names *names, const struct memory *memory, struct reader *reader)
{
    static const uint32_t elements[] = {
        [DEFINITION_COLLECTION] = 5,
        [DEFINITION_FIELD] = 9,
        [DEFINITION_EVENT] = 4,
    };
    uint32_t count = read_array(reader);
    enum definition definition =
        (enum definition)read_integer_in(reader, DEFINITION_COLLECTION, DEFINITION_EVENT);
    if (count < elements[definition]) {
        reader_fail(reader, STATUS_MALFORMED);
        return;
    }
    switch (definition) {
    case DEFINITION_COLLECTION:
        read_collection(names, memory, reader);
        break;
    case DEFINITION_FIELD:
        read_field(names, reader);
        break;
    case DEFINITION_EVENT:
        read_event(names, memory, reader);
        break;
    }
    replica_skip(reader, count - elements[definition]);
    if (reader->status == STATUS_OK)
        names->count++;
}

enum status
replica_names_read(struct replica_names *names, const struct memory *memory, struct reader *reader)
{
    while (!reader_done(reader))
        read_definition(names, memory, reader);
    return reader->status;
}

const struct replica_collection *replica_names_collection(const struct replica_names *names,
                                                          struct bytes name)
{
    for (size_t i = 0; i < COLLECTIONS_MAX; i++)
        if (names->collections[i] != NULL && bytes_equal(names->collections[i]->name, name))
            return names->collections[i];
    return NULL;
}

const struct replica_event *replica_names_event(const struct replica_names *names,
                                                struct bytes name)
{
    for (size_t i = 0; i < EVENT_NAMES_MAX; i++)
        if (names->events[i] != NULL && bytes_equal(names->events[i]->name, name))
            return names->events[i];
    return NULL;
}
