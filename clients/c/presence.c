#include <stdlib.h>
#include <string.h>

#include "clients/c/client.h"

static struct own_field *find(struct presence *presence, const char *name)
{
    for (uint32_t i = 0; i < presence->count; i++)
        if (strcmp(presence->fields[i].name, name) == 0)
            return &presence->fields[i];
    return NULL;
}

static bool values_equal(const struct tutti_value *a, const struct tutti_value *b)
{
    if (a->type != b->type || a->boolean != b->boolean || a->integer != b->integer)
        return false;
    if (a->type == TUTTI_REAL)
        return a->real == b->real;
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

static const struct replica_field *definition(const struct replica_collection *collection,
                                              const char *name)
{
    int number = collection == NULL ? -1 : replica_field(collection, bytes_of(name));
    return number < 0 ? NULL : &collection->fields[number];
}

/* The server would refuse a record that is too large; it is refused here already. */
static enum tutti_status
check_size(const struct presence *presence, const struct own_field *replaced, size_t length)
{
    size_t total = length;
    for (uint32_t i = 0; i < presence->count; i++)
        if (&presence->fields[i] != replaced)
            total += presence->fields[i].value.length;
    return total > RECORD_BYTES_MAX ? TUTTI_LIMIT : TUTTI_OK;
}

static enum tutti_status check_value(const struct tutti_value *value,
                                     const struct replica_field *field)
{
    size_t capacity = value->length + 16;
    uint8_t *scratch = malloc(capacity);
    if (scratch == NULL)
        return TUTTI_MEMORY;
    struct writer writer = writer_on(scratch, capacity);
    value_pack(&writer, value, field);
    free(scratch);
    return (enum tutti_status)writer.status;
}

enum tutti_status presence_put(struct presence *presence,
                               const char *name,
                               const struct tutti_value *value,
                               const struct replica_collection *collection)
{
    size_t name_length = strlen(name);
    if (name_length == 0 || name_length > NAME_BYTES_MAX)
        return TUTTI_LIMIT;
    struct own_field *own = find(presence, name);
    if (own != NULL && values_equal(&own->value, value))
        return TUTTI_OK;
    enum tutti_status status = check_size(presence, own, value->length);
    if (status == TUTTI_OK)
        status = check_value(value, definition(collection, name));
    if (status == TUTTI_OK && own == NULL && presence->count == FIELDS_MAX)
        status = TUTTI_LIMIT;
    if (status != TUTTI_OK)
        return status;
    uint8_t *copy = NULL;
    if (value->length > 0) {
        copy = malloc(value->length);
        if (copy == NULL)
            return TUTTI_MEMORY;
        memcpy(copy, value->data, value->length);
    }
    if (own == NULL) {
        own = &presence->fields[presence->count++];
        *own = (struct own_field){0};
        memcpy(own->name, name, name_length + 1);
    }
    free(own->bytes);
    own->bytes = copy;
    own->value = *value;
    own->value.data = copy;
    own->dirty = true;
    return TUTTI_OK;
}

void presence_release(struct presence *presence)
{
    for (uint32_t i = 0; i < presence->count; i++)
        free(presence->fields[i].bytes);
    presence->count = 0;
}

bool presence_dirty(const struct presence *presence)
{
    for (uint32_t i = 0; i < presence->count; i++)
        if (presence->fields[i].dirty)
            return true;
    return false;
}

void presence_renew(struct presence *presence)
{
    for (uint32_t i = 0; i < presence->count; i++) {
        presence->fields[i].dirty = true;
        presence->fields[i].told = false;
    }
    presence->next_us = 0;
}

/* The number that goes over the wire for a field of numbers; false for any other. */
static bool
wire_number(const struct own_field *own, const struct replica_field *field, int64_t *number)
{
    if (field->type != FIELD_INT && field->type != FIELD_FIXED)
        return false;
    uint8_t packed[16];
    struct writer writer = writer_on(packed, sizeof packed);
    value_pack(&writer, &own->value, field);
    struct reader reader = reader_on(writer_bytes(&writer));
    if (writer.status != STATUS_OK || read_type(&reader) != PACK_INTEGER)
        return false;
    *number = read_integer(&reader);
    return true;
}

/* The mask of dirty fields when all of them can go as differences, else 0. */
static uint32_t moved_mask(const struct presence *presence,
                           const struct replica_collection *collection)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < presence->count; i++) {
        const struct own_field *own = &presence->fields[i];
        if (!own->dirty)
            continue;
        int number = replica_field(collection, bytes_of(own->name));
        int64_t value;
        if (number < 0 || number > 6 || !own->told ||
            !wire_number(own, &collection->fields[number], &value))
            return 0;
        mask |= 1u << number;
    }
    return mask <= CLIENT_MOVED_MASK_MAX ? mask : 0;
}

static void write_moved(struct presence *presence,
                        struct writer *writer,
                        const struct replica_collection *collection,
                        uint32_t mask)
{
    pack_array(writer, 1 + (uint32_t)__builtin_popcount(mask));
    pack_integer(writer, CLIENT_MOVED + mask);
    for (uint32_t number = 0; mask >> number != 0; number++) {
        if ((mask >> number & 1) == 0)
            continue;
        struct own_field *own = find(presence, (const char *)collection->fields[number].name.data);
        int64_t value = own->told_number;
        (void)wire_number(own, &collection->fields[number], &value);
        pack_integer(writer, (int64_t)zigzag(value - own->told_number));
        own->told_number = value;
        own->dirty = false;
    }
}

/* How many fields are dirty, without those whose value does not fit the field's definition. */
static uint32_t weed(struct presence *presence,
                     const struct writer *writer,
                     const struct replica_collection *collection)
{
    uint32_t dirty = 0;
    for (uint32_t i = 0; i < presence->count; i++) {
        struct own_field *own = &presence->fields[i];
        if (!own->dirty)
            continue;
        struct writer probe = *writer;
        value_pack(&probe, &own->value, definition(collection, own->name));
        own->dirty = probe.status == STATUS_OK;
        dirty += own->dirty;
    }
    return dirty;
}

static void write_whole(struct presence *presence,
                        struct writer *writer,
                        const struct replica_collection *collection)
{
    uint32_t dirty = weed(presence, writer, collection);
    if (dirty == 0)
        return;
    pack_array(writer, 1 + 2 * dirty);
    pack_integer(writer, CLIENT_PRESENCE);
    for (uint32_t i = 0; i < presence->count; i++) {
        struct own_field *own = &presence->fields[i];
        if (!own->dirty)
            continue;
        const struct replica_field *field = definition(collection, own->name);
        if (field == NULL)
            pack_string(writer, bytes_of(own->name));
        else
            pack_integer(writer, field - collection->fields);
        value_pack(writer, &own->value, field);
        own->told = field != NULL && wire_number(own, field, &own->told_number);
        own->dirty = false;
    }
}

void presence_write(struct presence *presence,
                    struct writer *writer,
                    const struct replica_collection *collection)
{
    uint32_t mask = moved_mask(presence, collection);
    if (mask != 0)
        write_moved(presence, writer, collection, mask);
    else
        write_whole(presence, writer, collection);
}
