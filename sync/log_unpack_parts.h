/* log_unpack_parts.h - the stages of unpacking a piece: log_unpack_columns.c reads what was told out of its columns,
 * log_unpack.c follows forms.
 *
 * It is read as hostile: whatever stands in it, each step takes a byte of it or gives one, and no more is given
 * than it said. What fails first is the unpacker's status; from then on nothing is taken, and zeros are given.
 */
#ifndef SYNC_LOG_UNPACK_PARTS_H
#define SYNC_LOG_UNPACK_PARTS_H

#include "sync/log_pack_parts.h"

struct source {
    const uint8_t *data;
    size_t left;
};

struct in_column {
    struct source heads[STRIDES], tail;
    uint32_t places; /* how many of them there are */
    enum order order;
    uint32_t stride, shift;
    uint8_t byte; /* of the tail, of which so many bits are left */
    uint32_t bits_left;
};

struct in_subject {
    struct bytes who, what;
    uint32_t follows;
    uint32_t same, other; /* form + 1; 0: none yet */
};

/* Where a thread stood when it was last asked for. */
struct known_thread {
    uint32_t column, who;
    uint32_t base; /* + 1; 0: none */
};
#define KNOWN_THREADS 256u /* a power of two */

struct unpacker {
    struct memory memory;
    struct known_thread known[KNOWN_THREADS]; /* most are soon asked for again */
    struct in_column *columns;
    uint32_t column_count;
    struct in_subject *subjects;
    uint32_t subject_count, subject_capacity;
    struct bytes *forms;
    uint32_t form_count, form_capacity;
    struct bytes *strings;
    uint32_t string_count, string_capacity;
    struct lexicon threads; /* of column and subject */
    uint32_t *bases;        /* of each thread among the traces */
    uint32_t base_capacity;
    struct trace *traces;
    uint32_t trace_count, trace_capacity;
    struct source definitions, bytes;
    uint32_t subject; /* the last one */
    uint32_t items;   /* that were counted, and are to follow; 0: none were */
    uint64_t number;  /* the last one that was given as a number */
    bool acts_alone;  /* there are no entries, and so no heads of them */
    bool one_run;     /* of heads in each column, whatever its stride */
    uint64_t tick, wall_ms;
    struct trace spare; /* of a thread that there is no memory for */
    struct writer writer;
    enum status status;
};

void unpack_fail(struct unpacker *unpacker, enum status status);
void unpack_must(struct unpacker *unpacker, bool holds); /* else it is malformed */

/* Room for so many elements of an array that grows. */
bool unpack_grow(struct unpacker *unpacker,
                 void **array,
                 uint32_t *capacity,
                 uint32_t wanted,
                 size_t element);

struct bytes take_bytes(struct unpacker *unpacker, struct source *source, uint64_t length);
uint64_t take_number(struct unpacker *unpacker, struct source *source);
struct bytes take_text(struct unpacker *unpacker, struct source *source);

/* A number as it was told; what it was made of; both at once, of whoever's it is. */
uint64_t take_told(struct unpacker *unpacker, struct in_column *column, uint32_t place);
uint64_t value_of(const struct in_column *column, struct trace *trace, uint64_t told);
uint64_t take_value(struct unpacker *unpacker, uint32_t column, uint32_t who);

/* Where a subject's numbers in a column stand, good until the next one is asked for; the spare trace when that
 * is not to be had. */
struct trace *thread_of(struct unpacker *unpacker, uint32_t column, uint32_t who);

#endif
