/* log_unpack_columns.c - what was told in a piece's columns, number by number. */
#include "sync/log_unpack_parts.h"

void unpack_fail(struct unpacker *unpacker, enum status status)
{
    if (unpacker->status == STATUS_OK)
        unpacker->status = status;
}

void unpack_must(struct unpacker *unpacker, bool holds)
{
    if (!holds)
        unpack_fail(unpacker, STATUS_MALFORMED);
}

/* --- Bytes --------------------------------------------------------------------------------------- */

struct bytes take_bytes(struct unpacker *unpacker, struct source *source, uint64_t length)
{
    struct bytes taken = {source->data, (size_t)length};
    if (unpacker->status != STATUS_OK || length > source->left) {
        unpack_fail(unpacker, STATUS_TRUNCATED);
        return (struct bytes){NULL, 0};
    }
    source->data += length;
    source->left -= (size_t)length;
    return taken;
}

uint64_t take_number(struct unpacker *unpacker, struct source *source)
{
    uint64_t number = 0;
    if (source->left > 0 && source->data[0] < 0x80) { /* most are */
        source->left--;
        return *source->data++;
    }
    for (unsigned shift = 0; shift < 64; shift += 7) {
        struct bytes byte = take_bytes(unpacker, source, 1);
        if (byte.length == 0)
            return 0;
        number |= (uint64_t)(byte.data[0] & 0x7f) << shift;
        if (byte.data[0] < 0x80)
            return number;
    }
    unpack_fail(unpacker, STATUS_MALFORMED);
    return 0;
}

struct bytes take_text(struct unpacker *unpacker, struct source *source)
{
    uint64_t length = take_number(unpacker, source);
    return take_bytes(unpacker, source, length);
}

/* One element more of an array that grows. */
bool unpack_grow(struct unpacker *unpacker,
                 void **array,
                 uint32_t *capacity,
                 uint32_t wanted,
                 size_t element)
{
    bool grown = memory_grow(&unpacker->memory, array, capacity, wanted, element);
    if (!grown)
        unpack_fail(unpacker, STATUS_MEMORY);
    return grown;
}

/* --- Columns ------------------------------------------------------------------------------------- */

static uint64_t take_bits(struct unpacker *unpacker, struct in_column *column, uint32_t count)
{
    uint64_t bits = 0;
    for (; count > 0 && unpacker->status == STATUS_OK; count--) {
        if (column->bits_left == 0) {
            struct bytes byte = take_bytes(unpacker, &column->tail, 1);
            column->byte = byte.length > 0 ? byte.data[0] : 0;
            column->bits_left = 8;
        }
        bits = bits << 1 | ((uint32_t)column->byte >> --column->bits_left & 1u);
    }
    return bits;
}

/* A number as it was told. */
uint64_t take_told(struct unpacker *unpacker, struct in_column *column, uint32_t place)
{
    struct source *heads = &column->heads[place < column->places ? place : 0];
    if (heads->left == 0) {
        unpack_fail(unpacker, STATUS_TRUNCATED);
        return 0;
    }
    uint8_t head = *heads->data++;
    heads->left--;
    if (head < HEAD_LONG)
        return head;
    uint32_t behind = head - HEAD_LONG + BITS_LONG;
    unpack_must(unpacker, head <= HEAD_MOST);
    return UINT64_C(1) << (behind & 63u) | take_bits(unpacker, column, behind);
}

/* Where a subject's numbers in a column stand among the traces; false when that is not to be had. */
static bool find_thread(struct unpacker *unpacker, uint32_t column, uint32_t who, uint32_t *base)
{
    uint32_t pair[] = {column, who}, known = unpacker->threads.count, number;
    uint32_t stride = unpacker->columns[column].stride;
    void *bases = unpacker->bases, *traces = unpacker->traces;
    if (!lexicon_take(&unpacker->threads, (struct bytes){(const uint8_t *)pair, sizeof pair},
                      &number)) {
        unpack_fail(unpacker, STATUS_MEMORY);
        return false;
    }
    if (number < known) {
        *base = unpacker->bases[number];
        return true;
    }
    bool grown = known < LOG_WORDS_MAX;
    if (!grown)
        unpack_fail(unpacker, STATUS_LIMIT);
    grown = grown && unpack_grow(unpacker, &bases, &unpacker->base_capacity, number + 1,
                                 sizeof *unpacker->bases);
    unpacker->bases = bases;
    grown = grown && unpack_grow(unpacker, &traces, &unpacker->trace_capacity,
                                 unpacker->trace_count + stride, sizeof *unpacker->traces);
    unpacker->traces = traces;
    if (!grown)
        return false;
    *base = unpacker->bases[number] = unpacker->trace_count;
    unpacker->trace_count += stride;
    return true;
}

/* The same; the spare trace when there is none. */
struct trace *thread_of(struct unpacker *unpacker, uint32_t column, uint32_t who)
{
    struct known_thread *known = &unpacker->known[(who * 31u + column) % KNOWN_THREADS];
    uint32_t base;
    if (unpacker->status != STATUS_OK)
        return &unpacker->spare;
    if (known->base > 0 && known->column == column && known->who == who)
        return &unpacker->traces[known->base - 1];
    if (!find_thread(unpacker, column, who, &base))
        return &unpacker->spare;
    *known = (struct known_thread){.column = column, .who = who, .base = base + 1};
    return &unpacker->traces[base];
}

/* What was told back to what it was made of. */
uint64_t value_of(const struct in_column *column, struct trace *trace, uint64_t told)
{
    if (column->order == ORDER_NATURAL)
        return told << column->shift;
    uint64_t difference = (uint64_t)unzigzag(told) << column->shift;
    uint64_t value = trace_expects(trace, column->order) + difference;
    trace_take(trace, value);
    return value;
}

uint64_t take_value(struct unpacker *unpacker, uint32_t number, uint32_t who)
{
    struct in_column *column = &unpacker->columns[number];
    uint64_t told = take_told(unpacker, column, 0);
    bool alone = column->order == ORDER_NATURAL || column->order == ORDER_VALUE;
    struct trace *trace = alone ? &unpacker->spare : thread_of(unpacker, number, who);
    return value_of(column, trace, told);
}
