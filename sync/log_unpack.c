/* log_unpack.c - a packed piece of a log put together again. */
#include <string.h>

#include "sync/deflate.h"
#include "sync/hash.h"
#include "sync/limits.h"
#include "sync/log_unpack_parts.h"

#define WORD_BYTES 4u

/* An entry's head: an array's and three integers. */
#define ENTRY_HEAD_MAX 32u

#define BINARY_HEAD_MAX 5u

static void give(struct unpacker *unpacker, struct bytes bytes)
{
    pack_raw(&unpacker->writer, bytes, 1);
    unpack_must(unpacker, unpacker->writer.status == STATUS_OK);
}

/* --- Subjects, forms and strings ----------------------------------------------------------------- */

/* Whether `number` is the next new one of so many; one beyond that is damage. */
static bool is_new(struct unpacker *unpacker, uint64_t number, uint32_t known)
{
    unpack_must(unpacker, number <= known);
    if (unpacker->status != STATUS_OK || number < known)
        return false;
    if (known == LOG_WORDS_MAX)
        unpack_fail(unpacker, STATUS_LIMIT);
    return unpacker->status == STATUS_OK;
}

static void learn_subject(struct unpacker *unpacker)
{
    struct bytes who = take_text(unpacker, &unpacker->definitions);
    struct bytes what = take_text(unpacker, &unpacker->definitions);
    void *subjects = unpacker->subjects;
    if (unpack_grow(unpacker, &subjects, &unpacker->subject_capacity, unpacker->subject_count + 1,
                    sizeof *unpacker->subjects)) {
        unpacker->subjects = subjects;
        unpacker->subjects[unpacker->subject_count++] =
            (struct in_subject){.who = who, .what = what, .follows = SUBJECT_END};
    }
}

static uint32_t take_subject(struct unpacker *unpacker)
{
    struct in_subject *before = &unpacker->subjects[unpacker->subject];
    uint64_t symbol = take_value(unpacker, COLUMN_SUBJECTS, 0);
    uint64_t subject = symbol == SYMBOL_FOLLOWS ? before->follows : symbol - SYMBOL_SUBJECT;
    if (is_new(unpacker, subject, unpacker->subject_count))
        learn_subject(unpacker);
    if (unpacker->status != STATUS_OK)
        return SUBJECT_END;
    unpacker->subjects[unpacker->subject].follows = (uint32_t)subject;
    unpacker->subject = (uint32_t)subject;
    return unpacker->subject;
}

static void learn_text(struct unpacker *unpacker,
                       struct source *source,
                       struct bytes **texts,
                       uint32_t *count,
                       uint32_t *capacity)
{
    struct bytes text = take_text(unpacker, source);
    void *grown = *texts;
    if (unpack_grow(unpacker, &grown, capacity, *count + 1, sizeof **texts)) {
        *texts = grown;
        (*texts)[(*count)++] = text;
    }
}

static struct bytes take_form(struct unpacker *unpacker)
{
    struct in_subject *subject = &unpacker->subjects[unpacker->subject];
    uint64_t symbol = take_value(unpacker, COLUMN_FORMS, 0);
    uint64_t form = symbol == SYMBOL_SAME    ? (uint64_t)subject->same - 1
                    : symbol == SYMBOL_OTHER ? (uint64_t)subject->other - 1
                                             : symbol - SYMBOL_FORM;
    if (is_new(unpacker, form, unpacker->form_count))
        learn_text(unpacker, &unpacker->definitions, &unpacker->forms, &unpacker->form_count,
                   &unpacker->form_capacity);
    if (unpacker->status != STATUS_OK)
        return (struct bytes){NULL, 0};
    if (symbol != SYMBOL_SAME) {
        subject->other = subject->same;
        subject->same = (uint32_t)form + 1;
    }
    return unpacker->forms[form];
}

/* --- Parts --------------------------------------------------------------------------------------- */

/* What was given from there on moves on, and these stand in front of it. */
static void give_before(struct unpacker *unpacker, size_t from, struct bytes bytes)
{
    struct writer *to = &unpacker->writer;
    unpack_must(unpacker, bytes.length <= to->capacity - to->length);
    if (unpacker->status != STATUS_OK)
        return;
    memmove(to->data + from + bytes.length, to->data + from, to->length - from);
    memcpy(to->data + from, bytes.data, bytes.length);
    to->length += bytes.length;
}

static void give_integer(struct unpacker *unpacker, uint64_t value)
{
    struct writer *to = &unpacker->writer;
    if (value < 0x80 && to->length < to->capacity) { /* most are */
        to->data[to->length++] = (uint8_t)value;
        return;
    }
    pack_integer(&unpacker->writer, (int64_t)value);
}

static void give_word(struct unpacker *unpacker, uint64_t value)
{
    uint8_t bytes[WORD_BYTES];
    for (unsigned i = 0; i < WORD_BYTES; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    give(unpacker, (struct bytes){bytes, sizeof bytes});
}

static void give_float(struct unpacker *unpacker, uint32_t column, unsigned length)
{
    uint8_t bytes[1 + sizeof(uint64_t)] = {length == sizeof(uint32_t) ? 0xca : 0xcb};
    uint64_t differs = take_value(unpacker, column, unpacker->subject);
    struct trace *trace = thread_of(unpacker, column, unpacker->subject);
    trace->last ^= differs;
    unpack_must(unpacker, unpacker->columns[column].order == ORDER_NATURAL &&
                              (length == sizeof differs || trace->last <= UINT32_MAX));
    for (unsigned i = 0; i < length; i++)
        bytes[1 + i] = (uint8_t)(trace->last >> 8 * (length - 1 - i));
    give(unpacker, (struct bytes){bytes, 1 + length});
}

static void give_string(struct unpacker *unpacker, uint32_t column)
{
    uint64_t symbol = take_value(unpacker, column, unpacker->subject);
    struct trace *trace = thread_of(unpacker, column, unpacker->subject);
    uint64_t string = symbol == SYMBOL_REPEATS ? trace->last - 1 : symbol - SYMBOL_STRING;
    unpack_must(unpacker, unpacker->columns[column].order == ORDER_NATURAL);
    if (is_new(unpacker, string, unpacker->string_count))
        learn_text(unpacker, &unpacker->bytes, &unpacker->strings, &unpacker->string_count,
                   &unpacker->string_capacity);
    if (unpacker->status != STATUS_OK)
        return;
    trace->last = string + 1;
    pack_string(&unpacker->writer, unpacker->strings[string]);
}

static void give_binary(struct unpacker *unpacker, uint32_t column)
{
    uint64_t length = take_value(unpacker, column, unpacker->subject);
    struct bytes data = take_bytes(unpacker, &unpacker->bytes, length);
    if (unpacker->status == STATUS_OK)
        pack_binary(&unpacker->writer, data);
}

static void give_count(struct unpacker *unpacker, uint32_t column, uint64_t more)
{
    uint64_t count = take_value(unpacker, column, unpacker->subject);
    unpack_must(unpacker, count <= LOG_PACK_BYTES_MAX && more <= LOG_PACK_BYTES_MAX);
    if (unpacker->status != STATUS_OK)
        return;
    pack_array(&unpacker->writer, (uint32_t)(count + more));
    unpacker->items = (uint32_t)count;
}

/* Those that were counted: none are, where nothing would be taken for them. */
static void give_items(struct unpacker *unpacker, uint32_t number)
{
    struct in_column *column = &unpacker->columns[number];
    const struct trace *first = thread_of(unpacker, number, unpacker->subject);
    uint32_t stride = column->stride;
    struct trace *traces = unpacker->status == STATUS_OK ? unpacker->traces : NULL;
    unpack_must(unpacker, unpacker->items > 0);
    for (uint32_t i = 0; i < unpacker->items && unpacker->status == STATUS_OK; i++) {
        uint32_t place = i % stride;
        struct trace *trace = &traces[first - traces + place];
        give_integer(unpacker, value_of(column, trace, take_told(unpacker, column, place)));
    }
    unpacker->items = 0;
}

/* What the subject says of itself; nothing is no part. */
static void give_subject(struct unpacker *unpacker, struct bytes bytes)
{
    unpack_must(unpacker, bytes.length > 0);
    if (unpacker->status == STATUS_OK)
        give(unpacker, bytes);
}

static void give_next(struct unpacker *unpacker)
{
    unpack_must(unpacker, take_subject(unpacker) >= SUBJECTS_FIXED);
    if (unpacker->status == STATUS_OK)
        give_subject(unpacker, unpacker->subjects[unpacker->subject].what);
}

static uint32_t take_column(struct unpacker *unpacker, struct source *form)
{
    uint64_t column = take_number(unpacker, form);
    unpack_must(unpacker, column < unpacker->column_count);
    return unpacker->status == STATUS_OK ? (uint32_t)column : COLUMN_OTHERS;
}

/* The items first: only then it is known how long they are. */
static void give_list(struct unpacker *unpacker, uint32_t column)
{
    struct writer *to = &unpacker->writer;
    uint8_t bytes[BINARY_HEAD_MAX];
    struct writer head = writer_on(bytes, sizeof bytes);
    size_t from = to->length;
    unpack_must(unpacker, unpacker->items == 0 && unpacker->number <= LOG_PACK_BYTES_MAX);
    unpacker->items = unpacker->status == STATUS_OK ? (uint32_t)unpacker->number : 0;
    give_items(unpacker, column);
    pack_binary_head(&head, to->length - from);
    give_before(unpacker, from, writer_bytes(&head));
}

static void give_text(struct unpacker *unpacker, uint32_t column)
{
    uint64_t length = take_value(unpacker, column, unpacker->subject);
    struct bytes text = take_bytes(unpacker, &unpacker->bytes, length);
    if (unpacker->status == STATUS_OK)
        pack_string(&unpacker->writer, text);
}

static void give_literal(struct unpacker *unpacker, struct source *form)
{
    struct bytes literal = take_text(unpacker, form);
    unpack_must(unpacker, literal.length > 0);
    if (unpacker->status == STATUS_OK)
        give(unpacker, literal);
}

static void give_hole(struct unpacker *unpacker, enum part part, struct source *form)
{
    uint32_t column = take_column(unpacker, form);
    switch (part) {
    case PART_NUMBER:
        unpacker->number = take_value(unpacker, column, unpacker->subject);
        give_integer(unpacker, unpacker->number);
        return;
    case PART_WORD:
        give_word(unpacker, take_value(unpacker, column, unpacker->subject));
        return;
    case PART_COUNT:
        give_count(unpacker, column, take_number(unpacker, form));
        return;
    case PART_ITEMS:
        give_items(unpacker, column);
        return;
    case PART_STRING:
        give_string(unpacker, column);
        return;
    case PART_BINARY:
        give_binary(unpacker, column);
        return;
    case PART_LIST:
        give_list(unpacker, column);
        return;
    case PART_TEXT:
        give_text(unpacker, column);
        return;
    case PART_FLOAT:
        give_float(unpacker, column, sizeof(uint32_t));
        return;
    case PART_DOUBLE:
        give_float(unpacker, column, sizeof(uint64_t));
        return;
    case PART_LITERAL:
    case PART_WHO:
    case PART_WHAT:
    case PART_NEXT:
    case PART_COUNT_OF_KINDS:
        return;
    }
}

static void give_part(struct unpacker *unpacker, struct source *form)
{
    const struct in_subject *subject = &unpacker->subjects[unpacker->subject];
    uint64_t part = take_number(unpacker, form);
    unpack_must(unpacker, part < PART_COUNT_OF_KINDS);
    if (unpacker->status != STATUS_OK)
        return;
    if (part == PART_LITERAL)
        give_literal(unpacker, form);
    else if (part == PART_WHO)
        give_subject(unpacker, subject->who);
    else if (part == PART_WHAT)
        give_subject(unpacker, subject->what);
    else if (part == PART_NEXT)
        give_next(unpacker);
    else
        give_hole(unpacker, (enum part)part, form);
}

static void give_act(struct unpacker *unpacker)
{
    struct bytes bytes = take_form(unpacker);
    struct source form = {bytes.data, bytes.length};
    while (form.left > 0 && unpacker->status == STATUS_OK) {
        give_part(unpacker, &form);
        unpack_must(unpacker, unpacker->writer.status == STATUS_OK);
    }
}

/* --- Entries ------------------------------------------------------------------------------------- */

/* In front of its acts, which stand there already from `from` on. */
static void give_head(struct unpacker *unpacker, size_t from, uint32_t acts)
{
    uint8_t bytes[ENTRY_HEAD_MAX];
    struct writer head = writer_on(bytes, sizeof bytes);
    uint64_t since = take_value(unpacker, COLUMN_SINCE, 0);
    uint32_t thread = since < WALL_THREADS ? (uint32_t)since : 0;
    unpacker->tick += since + take_value(unpacker, COLUMN_TICKS, 0);
    unpacker->wall_ms += take_value(unpacker, COLUMN_WALL, thread);
    pack_array(&head, 3 + acts);
    pack_integer(&head, (int64_t)unpacker->tick);
    pack_integer(&head, (int64_t)since);
    pack_integer(&head, (int64_t)unpacker->wall_ms);
    give_before(unpacker, from, writer_bytes(&head));
}

static void give_entry(struct unpacker *unpacker)
{
    size_t from = unpacker->writer.length;
    uint32_t acts = 0, subject = take_subject(unpacker);
    if (subject == SUBJECT_RAW) {
        uint64_t length = take_value(unpacker, COLUMN_LENGTHS, 0);
        give(unpacker, take_bytes(unpacker, &unpacker->bytes, length));
        return;
    }
    if (unpacker->acts_alone) {
        unpack_must(unpacker, subject != SUBJECT_END);
        give_act(unpacker);
        return;
    }
    for (; subject != SUBJECT_END; subject = take_subject(unpacker)) {
        unpack_must(unpacker, subject != SUBJECT_RAW);
        give_act(unpacker);
        acts++;
    }
    give_head(unpacker, from, acts);
}

/* --- A piece ------------------------------------------------------------------------------------- */

static void read_column(struct unpacker *unpacker, struct source *body, struct in_column *column)
{
    struct bytes kind = take_bytes(unpacker, body, 1);
    if (kind.length == 0)
        return;
    column->order = (enum order)(kind.data[0] & ((1u << ORDER_BITS) - 1));
    column->stride = (kind.data[0] >> ORDER_BITS & (STRIDES - 1)) + 1u;
    column->shift = kind.data[0] >> (ORDER_BITS + STRIDE_BITS);
    column->places = unpacker->one_run ? 1 : column->stride;
    for (uint32_t i = 0; i < column->places; i++)
        column->heads[i].left = (size_t)take_number(unpacker, body);
    column->tail.left = (size_t)take_number(unpacker, body);
    unpack_must(unpacker, column->order < ORDERS);
}

static void cut_source(struct unpacker *unpacker, struct source *body, struct source *part)
{
    part->data = take_bytes(unpacker, body, part->left).data;
}

/* Where in the body everything stands. */
static void read_table(struct unpacker *unpacker, struct source *body)
{
    uint64_t count = take_number(unpacker, body);
    unpack_must(unpacker, count >= COLUMNS_FIXED && count <= LOG_COLUMNS_MAX);
    if (unpacker->status != STATUS_OK)
        return;
    size_t size = (size_t)count * sizeof *unpacker->columns;
    unpacker->columns = memory_allocate(&unpacker->memory, size);
    if (unpacker->columns == NULL) {
        unpack_fail(unpacker, STATUS_MEMORY);
        return;
    }
    memset(unpacker->columns, 0, size);
    unpacker->column_count = (uint32_t)count;
    for (uint32_t i = 0; i < count; i++)
        read_column(unpacker, body, &unpacker->columns[i]);
    unpacker->definitions.left = (size_t)take_number(unpacker, body);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < unpacker->columns[i].places; k++)
            cut_source(unpacker, body, &unpacker->columns[i].heads[k]);
    for (uint32_t i = 0; i < count; i++)
        cut_source(unpacker, body, &unpacker->columns[i].tail);
    cut_source(unpacker, body, &unpacker->definitions);
    unpacker->bytes = *body;
}

/* Nothing stands there that was not asked for. */
static bool all_taken(const struct unpacker *unpacker)
{
    size_t left = unpacker->definitions.left + unpacker->bytes.left;
    for (uint32_t i = 0; i < unpacker->column_count; i++) {
        const struct in_column *column = &unpacker->columns[i];
        for (uint32_t k = 0; k < column->places; k++)
            left |= column->heads[k].left;
        left |= column->tail.left;
    }
    return left == 0;
}

static void unpack_body(struct unpacker *unpacker, struct bytes bytes, uint64_t hash)
{
    struct source body = {bytes.data, bytes.length};
    struct writer *writer = &unpacker->writer;
    void *subjects = NULL;
    if (!unpack_grow(unpacker, &subjects, &unpacker->subject_capacity, SUBJECTS_FIXED,
                     sizeof *unpacker->subjects))
        return;
    unpacker->subjects = subjects;
    unpacker->subject_count = SUBJECTS_FIXED;
    read_table(unpacker, &body);
    while (unpacker->status == STATUS_OK && writer->length < writer->capacity)
        give_entry(unpacker);
    unpack_must(unpacker, unpacker->status != STATUS_OK ||
                              (all_taken(unpacker) && hash_bytes(0, writer_bytes(writer)) == hash));
}

static void unpacker_free(struct unpacker *unpacker)
{
    const struct memory *memory = &unpacker->memory;
    memory_release(memory, unpacker->columns);
    memory_release(memory, unpacker->subjects);
    memory_release(memory, unpacker->forms);
    memory_release(memory, unpacker->strings);
    memory_release(memory, unpacker->bases);
    memory_release(memory, unpacker->traces);
    lexicon_free(&unpacker->threads);
}

struct head {
    uint64_t length, body_length, hash;
};

static struct head read_head(struct unpacker *unpacker, struct source *packed)
{
    struct bytes mark = take_bytes(unpacker, packed, 2);
    if (mark.length > 0 && mark.data[0] != LOG_PACK_MARK)
        unpack_fail(unpacker, STATUS_MALFORMED);
    uint8_t version = mark.length > 0 ? mark.data[1] : LOG_PACK_VERSION;
    unpacker->acts_alone = version == LOG_PACK_VERSION_ACTS;
    unpacker->one_run = version == LOG_PACK_VERSION_OLD;
    if (version < LOG_PACK_VERSION_OLD || version > LOG_PACK_VERSION)
        unpack_fail(unpacker, STATUS_KIND);
    struct head head = {.length = take_number(unpacker, packed)};
    head.body_length = take_number(unpacker, packed);
    struct bytes hash = take_bytes(unpacker, packed, LOG_PACK_HASH);
    for (size_t i = 0; i < hash.length; i++)
        head.hash |= (uint64_t)hash.data[i] << 8 * i;
    if (head.length > LOG_PACK_BYTES_MAX || head.body_length > LOG_PACK_BODY_MAX)
        unpack_fail(unpacker, STATUS_LIMIT);
    unpack_must(unpacker, head.length > 0 && head.body_length / INFLATED_MOST <= packed->left);
    return head;
}

bool log_is_packed(struct bytes bytes)
{
    return bytes.length > 0 && bytes.data[0] == LOG_PACK_MARK;
}

size_t log_piece_length(struct bytes piece)
{
    struct unpacker unpacker = {0};
    struct source source = {piece.data, piece.length};
    if (!log_is_packed(piece))
        return piece.length;
    struct head head = read_head(&unpacker, &source);
    return unpacker.status == STATUS_OK ? (size_t)head.length : 0;
}

enum status
log_unpack(const struct memory *memory, struct bytes packed, uint8_t **entries, size_t *length)
{
    struct source source = {packed.data, packed.length};
    struct unpacker unpacker = {.memory = *memory,
                                .threads = lexicon_on(memory, hash_bytes(0, packed))};
    struct head head = read_head(&unpacker, &source);
    if (unpacker.status != STATUS_OK)
        return unpacker.status;
    uint8_t *body = memory_allocate(memory, (size_t)head.body_length + 1);
    uint8_t *given = memory_allocate(memory, (size_t)head.length);
    if (body == NULL || given == NULL)
        unpack_fail(&unpacker, STATUS_MEMORY);
    else
        unpack_fail(&unpacker, inflate_bytes(memory, (struct bytes){source.data, source.left}, body,
                                             (size_t)head.body_length));
    if (unpacker.status == STATUS_OK) {
        unpacker.writer = writer_on(given, (size_t)head.length);
        unpack_body(&unpacker, (struct bytes){body, (size_t)head.body_length}, head.hash);
    }
    memory_release(memory, body);
    unpacker_free(&unpacker);
    if (unpacker.status != STATUS_OK) {
        memory_release(memory, given);
        return unpacker.status;
    }
    *entries = given;
    *length = (size_t)head.length;
    return STATUS_OK;
}
