/* log_pack_entry.c - an entry taken apart: what its acts say, and how they say it.
 *
 * Everything that is not cut out as a hole is a part of the act's form, as it stands. So only what is
 * cut out has to be written in the one way in which it is put together again; what is not, makes the entry
 * one that does not fit.
 */
#include <string.h>

#include "sync/limits.h"
#include "sync/log.h"
#include "sync/log_pack_parts.h"
#include "sync/operation.h"

/* An edit's head: sync/README.md, "operations". */
#define VERB_MASK      7u
#define VERB_BITS      3u
#define GUARDS_WITH_IT (GUARD_STAMP | GUARD_MINE) /* those that come with an element */
#define HEAD_MAX       ((GUARD_NEW | GUARDS_WITH_IT) << VERB_BITS | VERB_EMIT)

/* ACT_SHOWN of a track: a member's presence, pairs of field and value. */
#define ACT_OF_PRESENCE 33

/* Deeper values than rooms have do not fit. */
#define DEPTH_MAX (VALUE_DEPTH_MAX + 2)

/* What a column is of; longer descriptions share one. */
#define PATH_BYTES_MAX 192u

/* Binaries so long, and of whole words, are structures: their words are numbers. */
#define WORDS_BYTES_MIN 20u
#define WORDS_BYTES_MAX 64u
#define WORD_BYTES      4u

struct cutter {
    struct entry_parts *parts;
    struct reader reader;
    size_t literal_from; /* what stands from here on is in no part yet */
    uint8_t path[PATH_BYTES_MAX];
    size_t path_length;
    struct bytes who, what;
};

/* --- Paths: what a column is of ------------------------------------------------------------------ */

static size_t path_add(struct cutter *cutter, struct bytes step)
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

static size_t path_step(struct cutter *cutter, uint64_t step)
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

static struct bytes between(const struct cutter *cutter, size_t from, size_t to)
{
    return (struct bytes){cutter->reader.data + from, to - from};
}

static void form_add(struct cutter *cutter, uint64_t number)
{
    struct entry_parts *parts = cutter->parts;
    if (!chunk_add_number(&parts->memory, &parts->forms, number))
        parts->status = STATUS_MEMORY;
}

static void literal_until(struct cutter *cutter, size_t to)
{
    struct entry_parts *parts = cutter->parts;
    struct bytes literal = between(cutter, cutter->literal_from, to);
    if (literal.length == 0)
        return;
    form_add(cutter, PART_LITERAL);
    form_add(cutter, literal.length);
    if (!chunk_add(&parts->memory, &parts->forms, literal))
        parts->status = STATUS_MEMORY;
}

/* Cuts from..to out as this part. */
static void cut_part(struct cutter *cutter, size_t from, size_t to, enum part part)
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
static void cut_hole(struct cutter *cutter, size_t from, size_t to, struct hole hole)
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

static void must(struct cutter *cutter, bool holds)
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

static int64_t take_integer(struct cutter *cutter)
{
    size_t from = cutter->reader.at;
    int64_t value = read_integer(&cutter->reader);
    must(cutter, cutter->reader.status != STATUS_OK ||
                     integer_is_short(between(cutter, from, cutter->reader.at), value));
    return value;
}

static void cut_integer(struct cutter *cutter)
{
    size_t from = cutter->reader.at;
    int64_t value = take_integer(cutter);
    cut_hole(cutter, from, cutter->reader.at,
             (struct hole){.part = PART_NUMBER, .value = (uint64_t)value});
}

static void cut_string(struct cutter *cutter)
{
    size_t from = cutter->reader.at;
    struct bytes text = read_string(&cutter->reader);
    must(cutter, cutter->reader.at - from == text.length + head_bytes(text.length, 32));
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

static void cut_binary(struct cutter *cutter)
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
    must(cutter, cutter->reader.at - from == data.length + head_bytes(data.length, 0));
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
             (struct hole){.part = length == sizeof(uint32_t) ? PART_FLOAT : PART_DOUBLE,
                           .value = packed_natural(between(cutter, from + 1, from + 1 + length))});
}

/* Whether so many integers stand next, each as it is written. */
static bool integers_follow(const struct cutter *cutter, uint32_t count)
{
    struct cutter ahead = *cutter;
    for (uint32_t i = 0; i < count && ahead.reader.status == STATUS_OK; i++)
        take_integer(&ahead);
    return count > 0 && ahead.reader.status == STATUS_OK;
}

/* The head from..to of an array of them and `more` elements; they stand next, or later. */
static void cut_count(struct cutter *cutter, size_t from, size_t to, uint32_t count, uint32_t more)
{
    cut_hole(cutter, from, to, (struct hole){.part = PART_COUNT, .value = count});
    form_add(cutter, more);
}

/* As pack_array() writes it. */
static bool head_is_short(size_t from, size_t to, uint32_t elements)
{
    return to - from == head_bytes(elements, 16);
}

static void cut_items(struct cutter *cutter, uint32_t count)
{
    size_t from = cutter->reader.at;
    for (uint32_t i = 0; i < count; i++)
        read_integer(&cutter->reader);
    size_t to = cutter->reader.at;
    cut_hole(cutter, from, to,
             (struct hole){.part = PART_ITEMS, .value = count, .bytes = between(cutter, from, to)});
}

static void cut_value(struct cutter *cutter, unsigned depth);

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
static void cut_value(struct cutter *cutter, unsigned depth)
{
    struct reader *reader = &cutter->reader;
    must(cutter, depth < DEPTH_MAX);
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
        must(cutter, false);
    }
}

/* --- Acts ---------------------------------------------------------------------------------------- */

/* A collection's, field's or event's number or name, which stays in the form. */
static struct bytes take_name(struct cutter *cutter)
{
    struct reader *reader = &cutter->reader;
    size_t from = reader->at;
    if (read_type(reader) == PACK_STRING)
        read_string(reader);
    else
        read_integer(reader);
    return between(cutter, from, reader->at);
}

static void cut_pairs(struct cutter *cutter, uint32_t elements)
{
    must(cutter, elements % 2 == 0);
    for (uint32_t i = 0; i < elements && cutter->reader.status == STATUS_OK; i += 2) {
        size_t before = path_add(cutter, take_name(cutter));
        cut_value(cutter, 0);
        cutter->path_length = before;
    }
}

/* Whose act it is: its seat, member or number. */
static void cut_who(struct cutter *cutter)
{
    size_t from = cutter->reader.at;
    read_integer(&cutter->reader);
    cutter->who = between(cutter, from, cutter->reader.at);
    cut_part(cutter, from, cutter->reader.at, PART_WHO);
}

/* The collection and the record from..to; of the first edit it is what the act is about. */
static void cut_what(struct cutter *cutter, size_t from, size_t to)
{
    struct bytes what = between(cutter, from, to);
    if (cutter->what.length == 0) {
        cutter->what = what;
        cut_part(cutter, from, to, PART_WHAT);
    } else {
        cut_part(cutter, from, to, PART_NEXT);
        add_hole(cutter, &(struct hole){.part = PART_NEXT, .bytes = what});
    }
}

static void cut_event(struct cutter *cutter, uint32_t elements)
{
    must(cutter, elements == 4);
    path_add(cutter, take_name(cutter));
    cut_integer(cutter); /* to whom */
    path_step(cutter, 0);
    cut_value(cutter, 0);
}

/* Items of one field: integers that the edit's head counts, or others. */
static void cut_append(struct cutter *cutter, uint32_t count, bool counted)
{
    if (counted) {
        cut_items(cutter, count);
        return;
    }
    for (uint32_t i = 0; i < count && cutter->reader.status == STATUS_OK; i++)
        cut_value(cutter, 0);
}

/* Of an edit of a record: what stands before fields and values. */
struct edit_head {
    size_t from, to; /* the array's head */
    size_t what_from, what_to;
    uint32_t verb, guards; /* those with an element */
    uint32_t left;         /* elements behind guards */
};

static void cut_record_edit(struct cutter *cutter, const struct edit_head *edit)
{
    struct cutter ahead = *cutter;
    ahead.reader.at = edit->what_to;
    for (uint32_t i = 0; i < edit->guards; i++)
        read_integer(&ahead.reader);
    bool appends = edit->verb == VERB_APPEND && edit->left > 0;
    struct bytes field = appends ? take_name(&ahead) : (struct bytes){NULL, 0};
    uint32_t items = appends ? edit->left - 1 : 0;
    bool counted = head_is_short(edit->from, edit->to, 3 + edit->guards + edit->left) &&
                   integers_follow(&ahead, items);
    if (counted) {
        size_t before = path_add(cutter, field);
        cut_count(cutter, edit->from, edit->to, items, 3 + edit->guards + 1);
        cutter->path_length = before;
    }
    cut_what(cutter, edit->what_from, edit->what_to);
    for (uint32_t i = 0; i < edit->guards; i++)
        cut_integer(cutter);
    if (appends) {
        path_add(cutter, take_name(cutter));
        cut_append(cutter, items, counted);
    } else {
        cut_pairs(cutter, edit->left);
    }
}

static void cut_edit(struct cutter *cutter)
{
    struct reader *reader = &cutter->reader;
    struct edit_head edit = {.from = reader->at};
    uint32_t elements = read_array(reader);
    edit.to = reader->at;
    uint32_t head = (uint32_t)read_integer_in(reader, 0, HEAD_MAX);
    edit.verb = head & VERB_MASK;
    edit.guards = (uint32_t)__builtin_popcount(head >> VERB_BITS & GUARDS_WITH_IT);
    cutter->path_length = 0;
    path_step(cutter, ACT_EDIT);
    if (edit.verb == VERB_EMIT) {
        cut_event(cutter, elements);
        return;
    }
    edit.what_from = reader->at;
    path_add(cutter, take_name(cutter));
    read_string(reader);
    edit.what_to = reader->at;
    must(cutter, edit.verb < VERB_EMIT && elements >= 3 + edit.guards);
    if (reader->status != STATUS_OK)
        return;
    edit.left = elements - 3 - edit.guards;
    cut_record_edit(cutter, &edit);
}

static void cut_operation(struct cutter *cutter)
{
    uint32_t edits = read_array(&cutter->reader);
    for (uint32_t i = 0; i < edits && cutter->reader.status == STATUS_OK; i++)
        cut_edit(cutter);
}

static void cut_elements(struct cutter *cutter, int64_t act, uint32_t elements)
{
    struct reader *reader = &cutter->reader;
    if (elements > 0 && read_type(reader) == PACK_INTEGER) {
        cut_who(cutter);
        elements--;
    }
    if (act == ACT_OPERATION && elements == 2) {
        read_integer(reader); /* what became of it */
        cut_operation(cutter);
    } else if (act == ACT_EDIT && elements == 1) {
        cut_operation(cutter);
    } else if (act == ACT_OF_PRESENCE) {
        cut_pairs(cutter, elements);
    } else {
        for (uint32_t i = 0; i < elements && reader->status == STATUS_OK; i++) {
            size_t before = path_step(cutter, i);
            cut_value(cutter, 0);
            cutter->path_length = before;
        }
    }
}

static void cut_act(struct cutter *cutter)
{
    struct entry_parts *parts = cutter->parts;
    struct reader *reader = &cutter->reader;
    struct act_parts act = {.form_from = parts->forms.length, .holes_from = parts->hole_count};
    cutter->literal_from = reader->at;
    cutter->path_length = 0;
    cutter->who = cutter->what = (struct bytes){NULL, 0};
    uint32_t elements = read_array(reader);
    act.act = (uint64_t)read_integer(reader);
    must(cutter, elements > 0);
    path_step(cutter, act.act);
    if (reader->status != STATUS_OK)
        return;
    cut_elements(cutter, (int64_t)act.act, elements - 1);
    literal_until(cutter, reader->at);
    act.who = cutter->who;
    act.what = cutter->what;
    act.form_to = parts->forms.length;
    act.holes_to = parts->hole_count;
    void *acts = parts->acts;
    if (!memory_grow(&parts->memory, &acts, &parts->act_capacity, parts->act_count + 1,
                     sizeof act)) {
        parts->status = STATUS_MEMORY;
        return;
    }
    parts->acts = acts;
    parts->acts[parts->act_count++] = act;
}

/* --- Entries ------------------------------------------------------------------------------------- */

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

bool entry_take_apart(struct entry_parts *parts, struct bytes entry)
{
    struct cutter cutter = {.parts = parts, .reader = reader_on(entry)};
    struct reader *reader = &cutter.reader;
    parts->act_count = parts->hole_count = parts->forms.length = 0;
    size_t from = reader->at;
    uint32_t elements = read_array(reader);
    must(&cutter, elements >= 3 && head_is_short(from, reader->at, elements));
    parts->tick = (uint64_t)take_integer(&cutter);
    parts->since = (uint64_t)take_integer(&cutter);
    parts->wall_ms = (uint64_t)take_integer(&cutter);
    for (uint32_t i = 3; i < elements && reader->status == STATUS_OK; i++)
        cut_act(&cutter);
    return reader_end(reader) == STATUS_OK && parts->status == STATUS_OK;
}
