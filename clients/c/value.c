#include <math.h>
#include <string.h>

#include "clients/c/client.h"

static bool field_is(const struct replica_field *field, enum field_type type)
{
    return field != NULL && field->defined && field->type == type;
}

/* Numbers, as steps where the field is a fixed-point one. */
static void pack_number(struct writer *writer, double value, const struct replica_field *field)
{
    if (!isfinite(value)) {
        writer->status = STATUS_MALFORMED;
        return;
    }
    if (!field_is(field, FIELD_FIXED)) {
        pack_double(writer, value);
        return;
    }
    double steps = round(value * field->steps);
    if (fabs(steps) > (double)INTEGER_MAX)
        writer->status = STATUS_RANGE;
    else
        pack_integer(writer, (int64_t)steps);
}

static void pack_checked(struct writer *writer, struct bytes packed)
{
    struct reader reader = reader_on(packed);
    value_canonical(&reader, writer);
    enum status status = reader_end(&reader);
    if (writer->status == STATUS_OK)
        writer->status = status;
}

void value_pack(struct writer *writer,
                const struct tutti_value *value,
                const struct replica_field *field)
{
    size_t from = writer->length;
    struct bytes bytes = {value->data, value->length};
    switch (value->type) {
    case TUTTI_NIL:
        pack_nil(writer);
        return;
    case TUTTI_BOOL:
        pack_bool(writer, value->boolean);
        return;
    case TUTTI_INTEGER:
        if (field_is(field, FIELD_FIXED))
            pack_number(writer, (double)value->integer, field);
        else
            pack_integer(writer, value->integer);
        break;
    case TUTTI_REAL:
        pack_number(writer, value->real, field);
        return;
    case TUTTI_TEXT:
        pack_string(writer, bytes);
        break;
    case TUTTI_BINARY:
        pack_binary(writer, bytes);
        return;
    case TUTTI_PACKED:
        pack_checked(writer, bytes);
        return;
    case TUTTI_ITEMS:
        writer->status = STATUS_TYPE;
        return;
    }
    /* Integers have a range and text has to be UTF-8: the reader knows. */
    if (writer->status != STATUS_OK)
        return;
    struct reader reader = reader_on((struct bytes){writer->data + from, writer->length - from});
    (void)read_value(&reader);
    writer->status = reader_end(&reader);
}

struct tutti_value value_unpack(struct bytes packed)
{
    struct reader reader = reader_on(packed);
    struct bytes bytes;
    switch (read_type(&reader)) {
    case PACK_BOOL:
        return tutti_bool(read_bool(&reader));
    case PACK_INTEGER:
        return tutti_integer(read_integer(&reader));
    case PACK_FLOAT:
        return tutti_real(read_double(&reader));
    case PACK_STRING:
        bytes = read_string(&reader);
        return tutti_text_of((const char *)bytes.data, bytes.length);
    case PACK_BINARY:
        bytes = read_binary(&reader);
        return tutti_binary(bytes.data, bytes.length);
    case PACK_ARRAY:
    case PACK_MAP:
        return tutti_packed(packed.data, packed.length);
    case PACK_NIL:
    case PACK_BAD:
        break;
    }
    return tutti_nil();
}

struct tutti_value tutti_text(const char *text)
{
    return tutti_text_of(text, strlen(text));
}

bool tutti_item_next(struct tutti_value *items, struct tutti_value *item)
{
    if (items->type != TUTTI_ITEMS || items->integer == 0)
        return false;
    struct reader reader = reader_on((struct bytes){items->data, items->length});
    *item = value_unpack(read_value(&reader));
    items->data = (const uint8_t *)items->data + reader.at;
    items->length -= reader.at;
    items->integer--;
    return true;
}
