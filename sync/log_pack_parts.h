/* log_pack_parts.h - what packing and unpacking a piece of a log share, and the stages of packing.
 *
 * Packing: log_pack_entry.c takes entries apart and log_pack_snapshot.c snapshots, both by means of log_pack_cut.c;
 * log_pack.c puts what they are made of into columns,
 * log_pack_columns.c finds for each of these how its numbers are told, and they are deflated. Unpacking,
 * log_unpack.c, knows nothing of acts: it follows forms. sync/README.md, "Packed logs", is the format.
 */
#ifndef SYNC_LOG_PACK_PARTS_H
#define SYNC_LOG_PACK_PARTS_H

#include <assert.h>

#include "sync/lexicon.h"
#include "sync/log_pack.h"

/* What a form is made of, in the order of what it stands for. */
enum part {
    PART_LITERAL = 0, /* length, bytes */
    PART_NUMBER = 1,  /* column: an integer */
    PART_COUNT = 2,   /* column, more: the head of an array of so many items and `more` elements */
    PART_ITEMS = 3,   /* column: the items, integers */
    PART_STRING = 4,  /* column */
    PART_BINARY = 5,  /* column: of its length */
    PART_WORD = 6,    /* column: four bytes, a little-endian integer */
    PART_FLOAT = 7,   /* column: 32 bits */
    PART_DOUBLE = 8,  /* column: 64 bits */
    PART_WHO = 9,     /* of the subject */
    PART_WHAT = 10,   /* of the subject */
    PART_NEXT =
        11, /* a subject: it is the subject from here on, and what it is about stands here */
    PART_LIST = 12, /* column: a binary of integers, as many as the last PART_NUMBER says */
    PART_TEXT = 13, /* column: a string of its length */
    PART_COUNT_OF_KINDS
};

/* The columns that every piece begins with. */
enum {
    COLUMN_SUBJECTS = 0, /* of each act, and each SUBJECT_END and SUBJECT_RAW */
    COLUMN_FORMS = 1,    /* of each act */
    COLUMN_SINCE = 2,    /* of each entry: ticks since the one before */
    COLUMN_TICKS = 3,    /* by how much its tick is not what these add up to */
    COLUMN_WALL = 4, /* ms since the entry before; a thread for each `since` below WALL_THREADS */
    COLUMN_LENGTHS = 5, /* of entries that are carried as they stand */
    COLUMN_OTHERS = 6,  /* what is in no other column */
    COLUMNS_FIXED
};
#define WALL_THREADS 64u

/* The subjects that every piece begins with. */
enum {
    SUBJECT_END = 0, /* an entry ends here */
    SUBJECT_RAW = 1, /* an entry that is carried as it stands */
    SUBJECTS_FIXED
};

/* A symbol of COLUMN_SUBJECTS: what followed the subject before when that stood last, or one by its number. */
#define SYMBOL_FOLLOWS 0u
#define SYMBOL_SUBJECT 1u

/* A symbol of COLUMN_FORMS: the form of the subject's last act, the other one that it had last, or one by its
 * number. */
#define SYMBOL_SAME  0u
#define SYMBOL_OTHER 1u
#define SYMBOL_FORM  2u

/* A symbol of strings: the last one of the thread, or one by its number. */
#define SYMBOL_REPEATS 0u
#define SYMBOL_STRING  1u

/* More columns than a kind has fields; what would need another goes into COLUMN_OTHERS. */
#define LOG_COLUMNS_MAX 1024u

/* Most subjects, forms, strings and threads; a piece with more is not packed. */
#define LOG_WORDS_MAX (1u << 18)

/* DEFLATE makes no more of one byte. */
#define INFLATED_MOST 1032u

/* Most bytes of what is deflated. */
#define LOG_PACK_BODY_MAX LOG_PACK_BYTES_MAX

/* Mark, version, two lengths, the hash. */
#define LOG_PACK_HEAD_MAX 32u
#define LOG_PACK_HASH     8u
#define VARINT_MAX        10u

/* --- Numbers of a column ------------------------------------------------------------------------- */

/* What a column's numbers are told as: differences to what is expected after those before in the same
 * thread, which is the subject's; of lists in every `stride`th item. */
enum order {
    ORDER_NATURAL = 0,    /* nothing: they stand there as they are, and are not zigzagged */
    ORDER_VALUE = 1,      /* 0 */
    ORDER_DIFFERENCE = 2, /* the last one */
    ORDER_STEP = 3,       /* as far from the last one as that was from the one before it */
    ORDER_HALF = 4,       /* half as far */
    ORDERS
};
#define ORDER_BITS  3u
#define STRIDE_BITS 2u
#define STRIDES     (1u << STRIDE_BITS)

struct trace {
    uint64_t last, step;
    bool begun;
};

static inline uint64_t trace_expects(const struct trace *trace, enum order order)
{
    switch (order) {
    case ORDER_DIFFERENCE:
        return trace->last;
    case ORDER_STEP:
        return trace->last + trace->step;
    case ORDER_HALF:
        return trace->last + (uint64_t)((int64_t)trace->step / 2);
    case ORDER_NATURAL:
    case ORDER_VALUE:
    case ORDERS:
        break;
    }
    return 0;
}

static inline void trace_take(struct trace *trace, uint64_t value)
{
    trace->step = trace->begun ? value - trace->last : 0;
    trace->last = value;
    trace->begun = true;
}

/* What is told is a byte below HEAD_LONG; above it one that says how many bits there are behind the highest one,
 * which stand in the column's tail. */
#define HEAD_LONG 192u
#define BITS_LONG 7u
#define HEAD_MOST (HEAD_LONG + 63u - BITS_LONG)
static_assert(HEAD_LONG >= 1u << BITS_LONG && HEAD_MOST <= UINT8_MAX, "any number has a head");

/* Differences that are all multiples of a power of two are told without its zeros. */
#define SHIFT_MAX 7u

/* --- Taking apart -------------------------------------------------------------------------------- */

/* Grows as it is written to. */
struct chunk {
    uint8_t *data;
    uint32_t length, capacity;
};

MUST_CHECK bool chunk_add(const struct memory *memory, struct chunk *chunk, struct bytes bytes);
MUST_CHECK bool chunk_add_number(const struct memory *memory, struct chunk *chunk, uint64_t number);

/* Where a form does not say what stands there. */
struct hole {
    enum part part;
    uint32_t column;
    uint64_t value; /* an integer, bits; PART_ITEMS, LIST: how many */
    /* PART_ITEMS, LIST, STRING, TEXT, BINARY, NEXT: what stands there, packed but for the heads of strings and
     * binaries. */
    struct bytes bytes;
};

struct act_parts {
    uint64_t act;
    struct bytes who, what; /* packed; empty: none */
    uint32_t form_from, form_to;
    uint32_t holes_from, holes_to;
};

/* An entry taken apart. Views into its bytes. */
struct entry_parts {
    struct memory memory;
    struct lexicon columns; /* by what they are of */
    uint64_t tick, since, wall_ms;
    struct act_parts *acts;
    uint32_t act_count, act_capacity;
    struct hole *holes;
    uint32_t hole_count, hole_capacity;
    struct chunk forms;
    enum status status; /* MEMORY, for good */
};

struct entry_parts entry_parts_on(const struct memory *memory, uint64_t seed);
void entry_parts_free(struct entry_parts *parts);
void entry_parts_clear(struct entry_parts *parts); /* of acts, but not of columns */

/* Takes one apart. False when it does not fit: then only the columns may have become more. */
bool entry_take_apart(struct entry_parts *parts, struct bytes entry);

/* What a snapshot is made of, in its order: acts, which are in the parts when they are asked for, and bytes
 * between them. False from one of them ends it. */
struct snapshot_taker {
    bool (*acts)(void *context);
    bool (*between)(void *context, struct bytes bytes);
    void *context;
};

/* Takes one apart. False when it does not fit, or the taker says so. */
bool snapshot_take_apart(struct entry_parts *parts,
                         struct bytes snapshot,
                         const struct snapshot_taker *taker);

/* The bytes of the value that begins here, whatever msgpack it is; 0 where none does. */
size_t packed_length(struct bytes bytes);

/* The highest byte first, as in msgpack. */
uint64_t packed_natural(struct bytes bytes);

/* --- Columns ------------------------------------------------------------------------------------- */

struct sample {
    uint64_t value;
    uint32_t thread; /* of its column */
    uint32_t place;  /* in a list */
};

struct column {
    struct sample *samples;
    uint32_t count, capacity;
    uint32_t threads;
    bool plain;  /* of symbols: its numbers are told as they are */
    bool listed; /* it has items of lists */
    enum order order;
    uint32_t stride, shift;
    uint32_t heads[STRIDES]; /* of each place within the stride */
    uint32_t tail;           /* bytes of its tail */
};

/* Finds the order, stride and shift in which the column takes fewest bits. False without memory. */
MUST_CHECK bool column_settle(const struct memory *memory, struct column *column);

/* Adds the bytes of its heads, place by place, and of its tail, and notes how many these are. */
MUST_CHECK bool column_write(const struct memory *memory,
                             struct column *column,
                             struct chunk *heads,
                             struct chunk *tails);

#endif
