/* log_pack_columns.c - the numbers of a column, told in as few bits as one of the orders takes. */
#include <string.h>

#include "sync/log_pack_parts.h"

/* Where a column's threads stand, one for each place within the stride. */
struct traces {
    struct trace *at;
    uint32_t stride;
};

static bool
traces_begin(const struct memory *memory, const struct column *column, struct traces *traces)
{
    size_t count = (size_t)column->threads * STRIDES;
    *traces = (struct traces){.at = memory_allocate(memory, (count + 1) * sizeof *traces->at)};
    return traces->at != NULL;
}

static void traces_clear(struct traces *traces, const struct column *column, uint32_t stride)
{
    traces->stride = stride;
    memset(traces->at, 0, (size_t)column->threads * stride * sizeof *traces->at);
}

static struct trace *trace_of(const struct traces *traces, const struct sample *sample)
{
    return &traces->at[sample->thread * traces->stride + sample->place % traces->stride];
}

static uint64_t difference_of(struct trace *trace, uint64_t value, enum order order)
{
    uint64_t expected = trace_expects(trace, order);
    if (order == ORDER_NATURAL)
        return value;
    trace_take(trace, value);
    return zigzag((int64_t)(value - expected));
}

static uint32_t bits_of(uint64_t number)
{
    return number == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(number);
}

/* What is left to say of all its numbers, about. */
static uint64_t cost_of(const struct column *column, const struct traces *traces, enum order order)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < column->count; i++) {
        const struct sample *sample = &column->samples[i];
        bits += bits_of(difference_of(trace_of(traces, sample), sample->value, order));
    }
    return bits;
}

bool column_settle(const struct memory *memory, struct column *column)
{
    struct traces traces;
    uint64_t least = UINT64_MAX;
    column->order = ORDER_NATURAL;
    column->stride = 1;
    if (column->plain || column->count == 0)
        return true;
    if (!traces_begin(memory, column, &traces))
        return false;
    for (uint32_t stride = 1; stride <= (column->listed ? STRIDES : 1); stride++) {
        for (unsigned order = 0; order < ORDERS; order++) {
            traces_clear(&traces, column, stride);
            uint64_t cost = cost_of(column, &traces, (enum order)order);
            if (cost < least) {
                least = cost;
                column->order = (enum order)order;
                column->stride = stride;
            }
        }
    }
    memory_release(memory, traces.at);
    return true;
}

static uint32_t bytes_of_number(uint64_t number)
{
    uint32_t count = 1;
    while (count < sizeof number && number >> 8 * count != 0)
        count++;
    return count;
}

static bool write_difference(const struct memory *memory,
                             uint64_t difference,
                             struct chunk *heads,
                             struct chunk *tails)
{
    uint8_t head = (uint8_t)difference, tail[sizeof difference];
    uint32_t count = bytes_of_number(difference);
    if (difference < HEAD_LONG)
        return chunk_add(memory, heads, (struct bytes){&head, 1});
    head = (uint8_t)(HEAD_LONG + count - 1);
    for (uint32_t i = 0; i < count; i++)
        tail[i] = (uint8_t)(difference >> 8 * (count - 1 - i));
    return chunk_add(memory, heads, (struct bytes){&head, 1}) &&
           chunk_add(memory, tails, (struct bytes){tail, count});
}

bool column_write(const struct memory *memory,
                  const struct column *column,
                  struct chunk *heads,
                  struct chunk *tails)
{
    struct traces traces;
    struct trace none = {0};
    bool written = true;
    if (!traces_begin(memory, column, &traces))
        return false;
    traces_clear(&traces, column, column->stride);
    for (uint32_t i = 0; i < column->count && written; i++) {
        const struct sample *sample = &column->samples[i];
        struct trace *trace = column->order <= ORDER_VALUE ? &none : trace_of(&traces, sample);
        uint64_t difference = difference_of(trace, sample->value, column->order);
        written = write_difference(memory, difference, heads, tails);
    }
    memory_release(memory, traces.at);
    return written;
}
