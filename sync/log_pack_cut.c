/* log_pack_cut.c - what is packed cut into forms and holes: numbers, strings, whole values. */
#include "sync/log_pack_cut.h"

#include <string.h>

#include "sync/limits.h"

/* Deeper values than rooms have do not fit. */
#define DEPTH_MAX (VALUE_DEPTH_MAX + 2)

/* Binaries so long, and of whole words, are structures: their words are numbers. */
#define WORDS_BYTES_MIN 20u
#define WORDS_BYTES_MAX 64u
#define WORD_BYTES      4u

/* --- Paths: what a column is of ------------------------------------------------------------------ */

size_t path_add(struct cutter *cutter, struct bytes step)
{
    size_t before = cutter->path_length;
    size_t length = step.length;
    if (length > PATH_BYTES_MAX - before)
        length = PATH_BYTES_MAX - before;
    if (length > 0)
        memcpy(cutter->path + before, step.data, length);
    cutter->path_length = before + length;
    return before;
}

size_t path_step(struct cutter *cutter, uint64_t step)
{
    uint8_t byte = step < UINT8_MAX ? (uint8_t)step : UINT8_MAX;
    return path_add(cutter, (struct bytes){&byte, 1});
}

static uint32_t column_here(struct cutter *cutter, enum part part)
{
    struct entry_parts *parts = cutter->parts;
    uint32_t known = 0;
    size_t before = path_step(cutter, part);
    if (!lexicon_take(&parts->columns, (struct bytes){cutter->path, cutter->path_length}, &known))
        parts->status = STATUS_MEMORY;
    cutter->path_length = before;
    return known < LOG_COLUMNS_MAX - COLUMNS_FIXED ? COLUMNS_FIXED + known : COLUMN_OTHERS;
}

/* --- Forms and their holes ----------------------------------------------------------------------- */

struct bytes cutter_between(const struct cutter *cutter, size_t from, size_t to)
{
    return (struct bytes){cutter->reader.data + from, to - from};
}

void form_add(struct cutter *cutter, uint64_t number)
{
    struct entry_parts *parts = cutter->parts;
    if (!chunk_add_number(&parts->memory, &parts->forms, number))
        parts->status = STATUS_MEMORY;
}

static void literal_until(struct cutter *cutter, size_t to)
{
    struct entry_parts *parts = cutter->parts;
    struct bytes literal = cutter_between(cutter, cutter->literal_from, to);
    if (literal.length == 0)
        return;
    form_add(cutter, PART_LITERAL);
    form_add(cutter, literal.length);
    if (!chunk_add(&parts->memory, &parts->forms, literal))
        parts->status = STATUS_MEMORY;
}

/* Cuts from..to out as this part. */
void cut_part(struct cutter *cutter, size_t from, size_t to, enum part part)
{
    literal_until(cutter, from);
    form_add(cutter, part);
    cutter->literal_from = to;
}

static void add_hole(struct cutter *cutter, const struct hole *hole)
{
    struct entry_parts *parts = cutter->parts;
    void *holes = parts->holes;
    if (memory_grow(&parts->memory, &holes, &parts->hole_capacity, parts->hole_count + 1,
                    sizeof *hole)) {
        parts->holes = holes;
        parts->holes[parts->hole_count++] = *hole;
    } else {
        parts->status = STATUS_MEMORY;
    }
}

/* The same for one with a column. */
void cut_hole(struct cutter *cutter, size_t from, size_t to, struct hole hole)
{
    hole.column = column_here(cutter, hole.part);
    cut_part(cutter, from, to, hole.part);
    form_add(cutter, hole.column);
    add_hole(cutter, &hole);
}

/* --- Values -------------------------------------------------------------------------------------- */

/* Heads of strings and binaries have the least length beyond this, or 2. */
static size_t head_bytes(size_t length, size_t shortest)
{
    if (length < shortest)
        return 1;
    return length <= UINT8_MAX && shortest != 16 ? 2 : length <= UINT16_MAX ? 3 : 5;
}

void cutter_must(struct cutter *cutter, bool holds)
{
    if (!holds)
        reader_fail(&cutter->reader, STATUS_MALFORMED);
}

/* As pack_integer() writes it. */
static bool integer_is_short(struct bytes packed, int64_t value)
{
    uint8_t first = value >= 0 ? 0xcc : 0xd0;
    return packed.length == pack_integer_bytes(value) &&
           (packed.length == 1 || (packed.data[0] >= first && packed.data[0] < first + 4));
}

int64_t cutter_integer(struct cutter *cutter)
{
    size_t from = cutter->reader.at;
    int64_t value = read_integer(&cutter->reader);
    cutter_must(cutter,
                cutter->reader.status != STATUS_OK ||
                    integer_is_short(cutter_between(cutter, from, cutter->reader.at), value));
    return value;
}

void cut_integer(struct cutter *cutter)
{
    size_t from = cutter->reader.at;
    int64_t value = cutter_integer(cutter);
    cut_hole(cutter, from, cutter->reader.at,
             (struct hole){.part = PART_NUMBER, .value = (uint64_t)value});
}

static void cut_string(struct cutter *cutter)
{
    size_t from = cutter->reader.at;
    struct bytes text = read_string(&cutter->reader);
    cutter_must(cutter, cutter->reader.at - from == text.length + head_bytes(text.length, 32));
    cut_hole(cutter, from, cutter->reader.at, (struct hole){.part = PART_STRING, .bytes = text});
}

static uint64_t little_endian(const uint8_t *data)
{
    uint32_t word =
        data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
    return (uint64_t)(int32_t)word;
}

static void cut_words(struct cutter *cutter, size_t from, struct bytes data)
{
    for (size_t i = 0; i < data.length; i += WORD_BYTES) {
        size_t before = path_step(cutter, i / WORD_BYTES);
        cut_hole(cutter, from + i, from + i + WORD_BYTES,
                 (struct hole){.part = PART_WORD, .value = little_endian(data.data + i)});
        cutter->path_length = before;
    }
}

void cut_binary(struct cutter *cutter)
{
    size_t from = cutter->reader.at;
    struct bytes data = read_binary(&cutter->reader);
    if (cutter->reader.status != STATUS_OK)
        return;
    if (data.length % WORD_BYTES == 0 && data.length >= WORDS_BYTES_MIN &&
        data.length <= WORDS_BYTES_MAX) {
        cut_words(cutter, cutter->reader.at - data.length, data);
        return;
    }
    cutter_must(cutter, cutter->reader.at - from == data.length + head_bytes(data.length, 0));
    cut_hole(cutter, from, cutter->reader.at, (struct hole){.part = PART_BINARY, .bytes = data});
}

static void cut_float(struct cutter *cutter)
{
    size_t from = cutter->reader.at;
    read_double(&cutter->reader);
    if (cutter->reader.status != STATUS_OK)
        return;
    size_t length = cutter->reader.at - from - 1;
    cut_hole(cutter, from, cutter->reader.at,
             (struct hole){
                 .part = length == sizeof(uint32_t) ? PART_FLOAT : PART_DOUBLE,
                 .value = packed_natural(cutter_between(cutter, from + 1, from + 1 + length))});
}

/* Whether so many integers stand next, each as it is written. */
bool integers_follow(const struct cutter *cutter, uint32_t count)
{
    struct cutter ahead = *cutter;
    for (uint32_t i = 0; i < count && ahead.reader.status == STATUS_OK; i++)
        cutter_integer(&ahead);
    return count > 0 && ahead.reader.status == STATUS_OK;
}

/* The head from..to of an array of them and `more` elements; they stand next, or later. */
void cut_count(struct cutter *cutter, size_t from, size_t to, uint32_t count, uint32_t more)
{
    cut_hole(cutter, from, to, (struct hole){.part = PART_COUNT, .value = count});
    form_add(cutter, more);
}

/* As pack_array() writes it. */
bool head_is_short(size_t from, size_t to, uint32_t elements)
{
    return to - from == head_bytes(elements, 16);
}

void cut_items(struct cutter *cutter, uint32_t count)
{
    size_t from = cutter->reader.at;
    for (uint32_t i = 0; i < count; i++)
        read_integer(&cutter->reader);
    size_t to = cutter->reader.at;
    cut_hole(cutter, from, to,
             (struct hole){
                 .part = PART_ITEMS, .value = count, .bytes = cutter_between(cutter, from, to)});
}

static void cut_array(struct cutter *cutter, unsigned depth)
{
    size_t from = cutter->reader.at;
    uint32_t count = read_array(&cutter->reader);
    if (head_is_short(from, cutter->reader.at, count) && integers_follow(cutter, count)) {
        cut_count(cutter, from, cutter->reader.at, count, 0);
        cut_items(cutter, count);
        return;
    }
    for (uint32_t i = 0; i < count && cutter->reader.status == STATUS_OK; i++) {
        size_t before = path_step(cutter, i);
        cut_value(cutter, depth + 1);
        cutter->path_length = before;
    }
}

static void cut_map(struct cutter *cutter, unsigned depth)
{
    uint32_t count = read_map(&cutter->reader);
    for (uint32_t i = 0; i < count && cutter->reader.status == STATUS_OK; i++) {
        size_t before = path_add(cutter, read_string(&cutter->reader));
        cut_value(cutter, depth + 1);
        cutter->path_length = before;
    }
}

/* Recursion is bounded by DEPTH_MAX. */
void cut_text(struct cutter *cutter)
{
    size_t from = cutter->reader.at;
    struct bytes text = read_string(&cutter->reader);
    cutter_must(cutter, cutter->reader.at - from == text.length + head_bytes(text.length, 32));
    cut_hole(cutter, from, cutter->reader.at, (struct hole){.part = PART_TEXT, .bytes = text});
}

bool cut_list(struct cutter *cutter, uint32_t count)
{
    size_t from = cutter->reader.at;
    struct cutter inside = *cutter;
    struct bytes data = read_binary(&cutter->reader);
    inside.reader = reader_on(data);
    if (cutter->reader.status != STATUS_OK || !integers_follow(&inside, count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        read_integer(&inside.reader);
    bool whole = reader_done(&inside.reader) &&
                 cutter->reader.at - from == data.length + head_bytes(data.length, 0);
    if (whole)
        cut_hole(cutter, from, cutter->reader.at,
                 (struct hole){.part = PART_LIST, .value = count, .bytes = data});
    return whole;
}

void cut_value(struct cutter *cutter, unsigned depth)
{
    struct reader *reader = &cutter->reader;
    cutter_must(cutter, depth < DEPTH_MAX);
    switch (read_type(reader)) {
    case PACK_NIL:
        read_nil(reader);
        return;
    case PACK_BOOL:
        read_bool(reader);
        return;
    case PACK_INTEGER:
        cut_integer(cutter);
        return;
    case PACK_FLOAT:
        cut_float(cutter);
        return;
    case PACK_STRING:
        cut_string(cutter);
        return;
    case PACK_BINARY:
        cut_binary(cutter);
        return;
    case PACK_ARRAY:
        cut_array(cutter, depth);
        return;
    case PACK_MAP:
        cut_map(cutter, depth);
        return;
    case PACK_BAD:
        cutter_must(cutter, false);
    }
}

/* --- Acts ---------------------------------------------------------------------------------------- */

void cut_next(struct cutter *cutter, size_t from, size_t to)
{
    cut_part(cutter, from, to, PART_NEXT);
    add_hole(cutter, &(struct hole){.part = PART_NEXT, .bytes = cutter_between(cutter, from, to)});
}

void cut_who(struct cutter *cutter)
{
    size_t from = cutter->reader.at;
    read_integer(&cutter->reader);
    cutter->who = cutter_between(cutter, from, cutter->reader.at);
    cut_part(cutter, from, cutter->reader.at, PART_WHO);
}

void act_begin(struct cutter *cutter, struct act_parts *act)
{
    struct entry_parts *parts = cutter->parts;
    *act = (struct act_parts){.form_from = parts->forms.length, .holes_from = parts->hole_count};
    cutter->literal_from = cutter->reader.at;
    cutter->path_length = 0;
    cutter->who = cutter->what = (struct bytes){NULL, 0};
}

void act_end(struct cutter *cutter, struct act_parts *act)
{
    struct entry_parts *parts = cutter->parts;
    literal_until(cutter, cutter->reader.at);
    act->who = cutter->who;
    act->what = cutter->what;
    act->form_to = parts->forms.length;
    act->holes_to = parts->hole_count;
    void *acts = parts->acts;
    if (!memory_grow(&parts->memory, &acts, &parts->act_capacity, parts->act_count + 1,
                     sizeof *act)) {
        parts->status = STATUS_MEMORY;
        return;
    }
    parts->acts = acts;
    parts->acts[parts->act_count++] = *act;
}

/* --- Parts --------------------------------------------------------------------------------------- */

struct entry_parts entry_parts_on(const struct memory *memory, uint64_t seed)
{
    return (struct entry_parts){.memory = *memory, .columns = lexicon_on(memory, seed)};
}

void entry_parts_free(struct entry_parts *parts)
{
    lexicon_free(&parts->columns);
    memory_release(&parts->memory, parts->acts);
    memory_release(&parts->memory, parts->holes);
    memory_release(&parts->memory, parts->forms.data);
}

void entry_parts_clear(struct entry_parts *parts)
{
    parts->act_count = parts->hole_count = parts->forms.length = 0;
}
