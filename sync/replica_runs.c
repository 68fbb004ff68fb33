#include "sync/replica_state.h"

#include <string.h>

void replica_skip(struct reader *reader, uint64_t count)
{
    for (; count > 0 && reader->status == STATUS_OK; count--) {
        switch (read_type(reader)) {
        case PACK_NIL:
            read_nil(reader);
            break;
        case PACK_BOOL:
            (void)read_bool(reader);
            break;
        case PACK_INTEGER:
            (void)read_integer(reader);
            break;
        case PACK_FLOAT:
            (void)read_double(reader);
            break;
        case PACK_STRING:
            (void)read_string(reader);
            break;
        case PACK_BINARY:
            (void)read_binary(reader);
            break;
        case PACK_ARRAY:
            count += read_array(reader);
            break;
        case PACK_MAP:
            count += 2 * (uint64_t)read_map(reader);
            break;
        case PACK_BAD:
            reader_fail(reader, reader->at == reader->length ? STATUS_TRUNCATED : STATUS_MALFORMED);
            break;
        }
    }
}

/* --- Values of fields --------------------------------------------------------------------------- */

static void unset(const struct replica_target *target, struct replica_record *record, uint32_t i)
{
    uint32_t bit = UINT32_C(1) << i;
    if ((record->set & bit) == 0)
        return;
    record->set &= ~bit;
    replica_note_fields(target->changes, record, bit);
}

static void store_number(const struct replica_target *target,
                         struct reader *reader,
                         struct replica_record *record,
                         uint32_t i,
                         int64_t number)
{
    uint32_t bit = UINT32_C(1) << i;
    if (reader->status != STATUS_OK)
        return;
    if ((record->set & bit) != 0 && record->values[i].number == number)
        return;
    struct replica_value *value = replica_record_value(record, target->memory, i);
    if (value == NULL) {
        reader_fail(reader, STATUS_MEMORY);
        return;
    }
    value->number = number;
    record->set |= bit;
    replica_note_fields(target->changes, record, bit);
}

static void store_packed(const struct replica_target *target,
                         struct reader *reader,
                         struct replica_record *record,
                         uint32_t i,
                         struct bytes packed,
                         uint32_t items)
{
    uint32_t bit = UINT32_C(1) << i;
    if (reader->status != STATUS_OK)
        return;
    struct replica_value *value = replica_record_value(record, target->memory, i);
    if (value == NULL) {
        reader_fail(reader, STATUS_MEMORY);
        return;
    }
    if ((record->set & bit) != 0 && value->items == items &&
        bytes_equal((struct bytes){value->data, value->length}, packed))
        return;
    record->set |= bit;
    replica_note_fields(target->changes, record, bit);
    reader_fail(reader, replica_value_assign(value, target->memory, packed));
    value->items = items;
}

/* `count` items of a list. Returns their bytes. */
static struct bytes read_items(struct reader *reader, enum field_type type, uint32_t count)
{
    size_t from = reader->at;
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++) {
        enum pack_type item = read_type(reader);
        if (type == FIELD_INTS)
            (void)read_integer_in(reader, INT32_MIN, INT32_MAX);
        else if (item == PACK_ARRAY || item == PACK_MAP)
            reader_fail(reader, STATUS_MALFORMED);
        else
            (void)read_value(reader);
    }
    return (struct bytes){reader->data + from, reader->at - from};
}

/* One whole value of a field that is no number and no list. */
static struct bytes read_packed(struct reader *reader, enum field_type type)
{
    size_t from = reader->at;
    switch (type) {
    case FIELD_ANY:
        return read_value(reader);
    case FIELD_BOOL:
        (void)read_bool(reader);
        break;
    case FIELD_STRING:
        (void)read_string(reader);
        break;
    case FIELD_BINARY:
        (void)read_binary(reader);
        break;
    case FIELD_INTS:
        (void)read_items(reader, type, read_array(reader));
        break;
    case FIELD_INT:
    case FIELD_FIXED:
    case FIELD_TYPE_COUNT:
        reader_fail(reader, STATUS_MALFORMED);
        break;
    }
    return (struct bytes){reader->data + from, reader->at - from};
}

static void read_field(const struct replica_target *target,
                       struct reader *reader,
                       struct replica_record *record,
                       uint32_t i)
{
    const struct replica_field *field = &record->collection->fields[i];
    if (read_type(reader) == PACK_NIL) {
        read_nil(reader);
        unset(target, record, i);
    } else if (replica_field_is_number(field)) {
        int64_t number = read_integer_in(reader, -INTEGER_MAX, INTEGER_MAX);
        store_number(target, reader, record, i, number);
    } else if (field->merge == MERGE_APPEND) {
        uint32_t items = read_array(reader);
        struct bytes packed = read_items(reader, field->type, items);
        store_packed(target, reader, record, i, packed, items);
    } else {
        store_packed(target, reader, record, i, read_packed(reader, field->type), 1);
    }
}

static void move_field(const struct replica_target *target,
                       struct reader *reader,
                       struct replica_record *record,
                       uint32_t i)
{
    int64_t moved = unzigzag((uint64_t)read_integer_in(reader, 0, INT64_MAX));
    if ((record->set >> i & 1) == 0 || !replica_field_is_number(&record->collection->fields[i])) {
        reader_fail(reader, STATUS_MALFORMED);
        return;
    }
    int64_t held = record->values[i].number;
    if (moved < -INTEGER_MAX - held || moved > INTEGER_MAX - held)
        reader_fail(reader, STATUS_MALFORMED);
    else
        store_number(target, reader, record, i, held + moved);
}

/* --- Runs -------------------------------------------------------------------------------------- */

/* A collection stands in one scope; a run of it in another breaks the format. */
static const struct replica_collection *
collection_of(const struct replica_target *target, struct reader *reader, int64_t number)
{
    const struct replica_collection *collection =
        number < COLLECTIONS_MAX ? target->names->collections[number] : NULL;
    if (collection != NULL && collection->scope == target->number)
        return collection;
    reader_fail(reader, STATUS_MALFORMED);
    return NULL;
}

static uint32_t read_mask(struct reader *reader, const struct replica_collection *collection)
{
    uint32_t mask = (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
    for (uint32_t i = 0; i < FIELDS_MAX; i++)
        if ((mask >> i & 1) != 0 && !collection->fields[i].defined)
            reader_fail(reader, STATUS_MALFORMED);
    return mask;
}

/* A count of things that take at least a byte each. */
static uint32_t read_count(struct reader *reader)
{
    int64_t left = (int64_t)(reader->length - reader->at);
    return (uint32_t)read_integer_in(reader, 0, left < UINT32_MAX ? left : UINT32_MAX);
}

static int64_t read_slot(struct reader *reader)
{
    return read_integer_in(reader, 0, REPLICA_SLOTS_MAX - 1);
}

/* The next slot of a gap-coded list; the one before the first is -1. */
static int64_t read_gap(struct reader *reader, int64_t previous)
{
    int64_t slot = previous + 1 + read_slot(reader);
    if (slot >= REPLICA_SLOTS_MAX)
        reader_fail(reader, STATUS_MALFORMED);
    return slot;
}

/* A record that a run changes: it must be there, and of the run's collection. */
static struct replica_record *record_at(const struct replica_target *target,
                                        struct reader *reader,
                                        const struct replica_collection *collection,
                                        int64_t slot)
{
    struct replica_record *record = replica_scope_at(target->scope, slot);
    if (record != NULL && record->collection == collection)
        return record;
    reader_fail(reader, STATUS_MALFORMED);
    return NULL;
}

static void read_deletes(const struct replica_target *target, struct reader *reader)
{
    uint32_t count = read_count(reader);
    int64_t slot = -1;
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++) {
        slot = read_gap(reader, slot);
        struct replica_record *record = replica_scope_at(target->scope, slot);
        if (reader->status == STATUS_OK && record != NULL)
            replica_scope_remove(target->scope, target->memory, target->changes, record);
    }
}

/* A shared record's id, or a member's number, which becomes the id in decimal. */
static void read_id(struct reader *reader, struct replica_record *named)
{
    if (named->collection->presence) {
        named->member = (uint32_t)read_integer_in(reader, 1, UINT32_MAX);
        uint8_t digits[DECIMAL_DIGITS];
        struct bytes decimal = bytes_decimal(named->member, digits);
        named->id_length = (uint8_t)decimal.length;
        memcpy(named->id, decimal.data, decimal.length);
        return;
    }
    struct bytes id = read_string(reader);
    if (id.length == 0 || id.length > RECORD_ID_BYTES_MAX) {
        reader_fail(reader, STATUS_MALFORMED);
        return;
    }
    for (size_t i = 0; i < id.length; i++)
        if (id.data[i] < 0x21 || id.data[i] > 0x7e)
            reader_fail(reader, STATUS_MALFORMED);
    memcpy(named->id, id.data, id.length);
    named->id_length = (uint8_t)id.length;
}

static void read_puts(const struct replica_target *target,
                      struct reader *reader,
                      const struct replica_collection *collection)
{
    uint32_t mask = read_mask(reader, collection);
    uint32_t count = read_count(reader);
    for (uint32_t n = 0; n < count && reader->status == STATUS_OK; n++) {
        struct replica_record named = {.collection = collection};
        named.slot = (uint32_t)read_slot(reader);
        read_id(reader, &named);
        if (reader->status != STATUS_OK)
            return;
        struct replica_record *record =
            replica_scope_put(target->scope, target->memory, target->changes, &named);
        if (record == NULL) {
            reader_fail(reader, STATUS_MEMORY);
            return;
        }
        for (uint32_t i = 0; i < collection->field_count; i++) {
            if ((mask >> i & 1) != 0)
                read_field(target, reader, record, i);
            else
                unset(target, record, i);
        }
    }
}

/* The values of one record in a run that sets or moves. */
static void read_fields(const struct replica_target *target,
                        struct reader *reader,
                        struct replica_record *record,
                        uint32_t mask,
                        bool moved)
{
    for (uint32_t i = 0; i < FIELDS_MAX && mask >> i != 0; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        if (reader->status != STATUS_OK)
            return;
        if (moved)
            move_field(target, reader, record, i);
        else
            read_field(target, reader, record, i);
    }
}

/* The list of gaps is read twice: a second reader walks it beside the values. */
static void read_by_gaps(const struct replica_target *target,
                         struct reader *reader,
                         const struct replica_collection *collection,
                         bool moved)
{
    uint32_t mask = read_mask(reader, collection);
    uint32_t count = read_count(reader);
    struct reader gaps = *reader;
    replica_skip(reader, count);
    int64_t slot = -1;
    for (uint32_t n = 0; n < count && reader->status == STATUS_OK; n++) {
        slot = read_gap(&gaps, slot);
        reader_fail(reader, gaps.status);
        struct replica_record *record = record_at(target, reader, collection, slot);
        if (record != NULL)
            read_fields(target, reader, record, mask, moved);
    }
}

static void read_by_bitmap(const struct replica_target *target,
                           struct reader *reader,
                           const struct replica_collection *collection,
                           bool moved)
{
    uint32_t mask = read_mask(reader, collection);
    int64_t first = read_slot(reader);
    struct bytes bitmap = read_binary(reader);
    for (size_t bit = 0; bit < 8 * bitmap.length && reader->status == STATUS_OK; bit++) {
        if ((bitmap.data[bit / 8] >> (bit % 8) & 1) == 0)
            continue;
        struct replica_record *record = record_at(target, reader, collection, first + (int64_t)bit);
        if (record != NULL)
            read_fields(target, reader, record, mask, moved);
    }
}

static void read_append(const struct replica_target *target,
                        struct reader *reader,
                        const struct replica_collection *collection)
{
    uint32_t i = (uint32_t)read_integer_in(reader, 0, FIELDS_MAX - 1);
    struct replica_record *record = record_at(target, reader, collection, read_slot(reader));
    const struct replica_field *field = &collection->fields[i];
    if (!field->defined || field->merge != MERGE_APPEND)
        reader_fail(reader, STATUS_MALFORMED);
    if (reader->status != STATUS_OK)
        return;
    uint32_t bit = UINT32_C(1) << i;
    uint32_t held = (record->set & bit) != 0 ? record->values[i].items : 0;
    uint32_t start = (uint32_t)read_integer_in(reader, 0, held);
    uint32_t count = read_count(reader);
    struct bytes items = read_items(reader, field->type, count);
    struct replica_value *value = replica_record_value(record, target->memory, i);
    if (value == NULL) {
        reader_fail(reader, STATUS_MEMORY);
        return;
    }
    if (reader->status != STATUS_OK)
        return;
    if ((record->set & bit) == 0)
        value->length = 0;
    value->items = held;
    replica_value_truncate(value, start);
    record->set |= bit;
    replica_note_fields(target->changes, record, bit);
    reader_fail(reader, replica_value_append(value, target->memory, items, count));
}

static void read_event(const struct replica_target *target, struct reader *reader, int64_t number)
{
    const struct replica_event *event =
        number < EVENT_NAMES_MAX ? target->names->events[number] : NULL;
    if (event == NULL)
        reader_fail(reader, STATUS_MALFORMED);
    uint32_t from = (uint32_t)read_integer_in(reader, 0, UINT32_MAX);
    struct bytes value = read_value(reader);
    if (reader->status != STATUS_OK)
        return;
    struct replica_occurrence *occurrence =
        memory_allocate(target->memory, sizeof *occurrence + value.length);
    if (occurrence == NULL) {
        reader_fail(reader, STATUS_MEMORY);
        return;
    }
    uint8_t *copy = (uint8_t *)(occurrence + 1);
    memcpy(copy, value.data, value.length);
    *occurrence = (struct replica_occurrence){
        .event = event,
        .scope = target->number,
        .from = from,
        .history = target->history,
        .value = {copy, value.length},
    };
    replica_note_event(target->changes, occurrence);
}

static void read_run(const struct replica_target *target, struct reader *reader)
{
    int64_t head = read_integer_in(reader, 0, 8 * COLLECTIONS_MAX - 1);
    int64_t number = head / 8;
    enum run_form form = (enum run_form)(head % 8);
    if (form == RUN_DELETE) {
        if (number != 0)
            reader_fail(reader, STATUS_MALFORMED);
        read_deletes(target, reader);
        return;
    }
    if (form == RUN_EVENT) {
        read_event(target, reader, number);
        return;
    }
    const struct replica_collection *collection = collection_of(target, reader, number);
    if (collection == NULL)
        return;
    if (form == RUN_PUT)
        read_puts(target, reader, collection);
    else if (form == RUN_APPEND)
        read_append(target, reader, collection);
    else if (form == RUN_SET_GAPS || form == RUN_MOVED_GAPS)
        read_by_gaps(target, reader, collection, form == RUN_MOVED_GAPS);
    else
        read_by_bitmap(target, reader, collection, form == RUN_MOVED_BITMAP);
}

enum status replica_runs_read(const struct replica_target *target, struct reader *reader)
{
    while (!reader_done(reader))
        read_run(target, reader);
    return reader->status;
}
