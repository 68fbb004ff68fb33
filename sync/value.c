/* value.c - what fits in a field, and its canonical form. */
#include "sync/operation_parts.h"

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
enum status
value_check_items(const struct field *field, struct reader *reader, uint32_t count, uint64_t held)
{
    if (held + count > (uint64_t)field->maximum)
        return STATUS_RANGE;
    uint32_t short_ones = field->type == FIELD_INTS ? read_short_integers(reader, count) : 0;
    for (uint32_t i = short_ones; i < count; i++)
        if (!item_fits(field, reader))
            return STATUS_TYPE;
    return STATUS_OK;
}

static enum status check_list(const struct field *field, struct reader *reader)
{
    if (read_type(reader) != PACK_ARRAY)
        return STATUS_TYPE;
    return value_check_items(field, reader, read_array(reader), 0);
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

enum status value_check(const struct field *field, struct bytes packed)
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

struct bytes canonical(struct reader *reader, uint32_t count, struct writer *writer)
{
    size_t from = writer->length, at = reader->at;
    uint32_t short_ones = read_short_integers(reader, count);
    pack_raw(writer, (struct bytes){reader->data + at, reader->at - at}, short_ones);
    for (uint32_t i = short_ones; i < count; i++)
        value_canonical(reader, writer);
    return (struct bytes){writer->data + from, writer->length - from};
}

size_t canonical_bytes(struct bytes packed)
{
    struct writer writer = writer_on(NULL, CANONICAL_BYTES_MAX);
    struct reader reader = reader_on(packed);
    read_short_integers(&reader, UINT32_MAX);
    writer.length = reader.at;
    while (!reader_done(&reader))
        value_canonical(&reader, &writer);
    return writer.status == STATUS_OK ? writer.length : CANONICAL_BYTES_MAX;
}

void value_apply(const struct actor *actor, struct record *record, int number, struct bytes packed)
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
