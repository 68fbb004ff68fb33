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
    trace_take(trace, value);
    return value - expected;
}

static uint64_t told_of(uint64_t difference, enum order order, uint32_t shift)
{
    bool down = order != ORDER_NATURAL && (int64_t)difference < 0;
    uint64_t shifted = down ? ~(~difference >> shift) : difference >> shift;
    return order == ORDER_NATURAL ? shifted : zigzag((int64_t)shifted);
}

static uint32_t bits_of(uint64_t number)
{
    return number == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(number);
}

/* What is left to say of all its numbers in an order, about, and without how many zeros. */
static uint64_t
cost_of(const struct column *column, const struct traces *traces, enum order order, uint32_t *shift)
{
    uint64_t bits = 0, any = 1u << SHIFT_MAX, others = 0;
    for (uint32_t i = 0; i < column->count; i++) {
        const struct sample *sample = &column->samples[i];
        uint64_t difference = difference_of(trace_of(traces, sample), sample->value, order);
        any |= difference;
        others += difference == 0 ? 0u : 1u;
        bits += bits_of(told_of(difference, order, 0));
    }
    *shift = (uint32_t)__builtin_ctzll(any);
    return bits - others * *shift;
}

bool column_settle(const struct memory *memory, struct column *column)
{
    struct traces traces;
    uint64_t least = UINT64_MAX;
    column->order = ORDER_NATURAL;
    column->stride = 1;
    column->shift = 0;
    if (column->plain || column->count == 0)
        return true;
    if (!traces_begin(memory, column, &traces))
        return false;
    for (uint32_t stride = 1; stride <= (column->listed ? STRIDES : 1); stride++) {
        for (unsigned order = 0; order < ORDERS; order++) {
            uint32_t shift;
            traces_clear(&traces, column, stride);
            uint64_t cost = cost_of(column, &traces, (enum order)order, &shift);
            if (cost < least) {
                least = cost;
                column->order = (enum order)order;
                column->stride = stride;
                column->shift = shift;
            }
        }
    }
    memory_release(memory, traces.at);
    return true;
}

/* Bits that gather, the highest first. */
struct bits {
    struct chunk *to;
    uint8_t byte;
    uint32_t used; /* of the byte */
};

static bool
bits_add(const struct memory *memory, struct bits *bits, uint64_t number, uint32_t count)
{
    bool added = true;
    while (count-- > 0 && added) {
        bits->byte = (uint8_t)((uint32_t)bits->byte << 1 | (uint32_t)(number >> count & 1));
        if (++bits->used == 8) {
            added = chunk_add(memory, bits->to, (struct bytes){&bits->byte, 1});
            bits->used = 0;
        }
    }
    return added;
}

static bool tell(const struct memory *memory, uint64_t told, struct chunk *heads, struct bits *tail)
{
    uint32_t behind = told < HEAD_LONG ? 0 : bits_of(told) - 1;
    uint8_t head = told < HEAD_LONG ? (uint8_t)told : (uint8_t)(HEAD_LONG + behind - BITS_LONG);
    return chunk_add(memory, heads, (struct bytes){&head, 1}) &&
           bits_add(memory, tail, told, behind);
}

/* The numbers of each place stand together, since they are like each other; bits stand as they come. */
static bool tell_all(const struct memory *memory,
                     const struct column *column,
                     struct traces *traces,
                     struct chunk heads[STRIDES],
                     struct chunk *tails)
{
    struct bits tail = {.to = tails};
    bool written = true;
    for (uint32_t i = 0; i < column->count && written; i++) {
        const struct sample *sample = &column->samples[i];
        uint64_t difference = difference_of(trace_of(traces, sample), sample->value, column->order);
        written = tell(memory, told_of(difference, column->order, column->shift),
                       &heads[sample->place % column->stride], &tail);
    }
    return written && (tail.used == 0 || bits_add(memory, &tail, 0, 8 - tail.used));
}

bool column_write(const struct memory *memory,
                  struct column *column,
                  struct chunk *heads,
                  struct chunk *tails)
{
    struct traces traces;
    struct chunk places[STRIDES] = {{0}};
    uint32_t before = tails->length;
    if (!traces_begin(memory, column, &traces))
        return false;
    traces_clear(&traces, column, column->stride);
    bool written = tell_all(memory, column, &traces, places, tails);
    for (uint32_t i = 0; i < column->stride; i++) {
        struct bytes place = {places[i].data, places[i].length};
        written = written && chunk_add(memory, heads, place);
        column->heads[i] = places[i].length;
        memory_release(memory, places[i].data);
    }
    column->tail = tails->length - before;
    memory_release(memory, traces.at);
    return written;
}
