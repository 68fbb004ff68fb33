/* operation_read.c - edits out of their bytes. */
#include "sync/operation_parts.h"

struct reference read_reference(struct reader *reader)
{
    struct reference reference = {.number = -1};
    if (read_type(reader) == PACK_STRING) {
        reference.name = read_string(reader);
        if (!schema_name_valid(reference.name))
            reader_fail(reader, STATUS_MALFORMED);
    } else {
        reference.number = read_integer_in(reader, 0, INTEGER_MAX);
    }
    return reference;
}

bool record_id_valid(struct bytes id)
{
    for (size_t i = 0; i < id.length; i++)
        if (id.data[i] < 0x21 || id.data[i] > 0x7e)
            return false;
    return id.length >= 1 && id.length <= RECORD_ID_BYTES_MAX;
}

struct bytes read_record_id(struct reader *reader)
{
    struct bytes id = read_string(reader);
    if (!record_id_valid(id))
        reader_fail(reader, STATUS_MALFORMED);
    return id;
}

void check_arguments(struct reader *reader, enum verb verb, uint32_t count)
{
    bool pairs = verb == VERB_PUT || verb == VERB_SET || verb == VERB_ADD;
    if ((pairs && count % 2 != 0) || (verb == VERB_APPEND && count == 0) ||
        (verb == VERB_DELETE && count != 0) || (verb == VERB_EMIT && count != 1))
        reader_fail(reader, STATUS_MALFORMED);
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++) {
        if (verb == VERB_APPEND && i == 1) /* items: the most there is of an operation */
            i += read_short_integers(reader, count - 1);
        if (i == count)
            return;
        if ((pairs && i % 2 == 0) || (verb == VERB_APPEND && i == 0))
            read_reference(reader);
        else
            read_value(reader);
    }
}

/* The guards that a verb may have. */
static unsigned guards_of(enum verb verb)
{
    switch (verb) {
    case VERB_PUT:
        return GUARD_NEW | GUARD_STAMP | GUARD_MINE;
    case VERB_SET:
    case VERB_DELETE:
        return GUARD_STAMP | GUARD_MINE;
    case VERB_APPEND:
    case VERB_ADD:
        return GUARD_STAMP;
    case VERB_EMIT:
        break;
    }
    return 0;
}

struct edit read_edit(struct reader *reader)
{
    struct edit edit = {0};
    uint32_t count = read_array(reader);
    int64_t head = read_integer_in(reader, 0, 63);
    edit.verb = (enum verb)(head & 7);
    edit.guards = (unsigned)(head >> 3);
    if (edit.verb > VERB_EMIT || (edit.guards & ~guards_of(edit.verb)) != 0)
        reader_fail(reader, STATUS_MALFORMED);
    uint32_t used = 3 + (uint32_t)__builtin_popcount(edit.guards & (GUARD_STAMP | GUARD_MINE));
    if (count < used)
        reader_fail(reader, STATUS_MALFORMED);
    edit.target = read_reference(reader);
    if (edit.verb == VERB_EMIT) {
        edit.to = (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
    } else {
        edit.id = read_record_id(reader);
        if ((edit.guards & GUARD_STAMP) != 0)
            edit.stamp = (uint64_t)read_integer_in(reader, 0, INTEGER_MAX);
        if ((edit.guards & GUARD_MINE) != 0)
            edit.sequence = (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
    }
    if (reader->status != STATUS_OK)
        return edit;
    edit.argument_count = count - used;
    size_t from = reader->at;
    check_arguments(reader, edit.verb, edit.argument_count);
    edit.arguments = (struct bytes){reader->data + from, reader->at - from};
    return edit;
}

uint32_t operation_count(struct reader *reader)
{
    uint32_t count = read_array(reader);
    if (count < 1 || count > EDITS_MAX)
        reader_fail(reader, STATUS_MALFORMED);
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++)
        read_edit(reader);
    return count;
}
