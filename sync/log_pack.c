/* log_pack.c - a piece of a log as columns: what each entry is made of goes beside what is like it. */
#include "sync/log_pack.h"

#include <assert.h>
#include <string.h>

#include "sync/deflate.h"
#include "sync/hash.h"
#include "sync/log_pack_parts.h"

/* A subject has had no such form. */
#define FORM_NONE UINT32_MAX

/* What is deflated with a code of its own is worth it from so many bytes on. */
#define BLOCK_BYTES_MIN 256u

struct subject {
    uint32_t follows; /* what came behind it last */
    uint32_t same, other;
};

/* The numbers of one subject in one column. */
struct thread {
    uint32_t number; /* among its column's */
    uint64_t last;   /* string + 1, or bits */
};

struct packer {
    struct memory memory;
    struct entry_parts parts;
    struct column *columns;
    uint32_t column_count, column_capacity;
    struct lexicon subject_words, form_words, string_words, thread_words;
    struct subject *subjects;
    uint32_t subject_capacity;
    struct thread *threads;
    uint32_t thread_capacity;
    struct chunk definitions, bytes, key;
    uint32_t subject; /* the last one */
    uint64_t tick, wall_ms;
    uint8_t version;
    enum status status;
};

static void must(struct packer *packer, bool done)
{
    if (!done)
        packer->status = STATUS_MEMORY;
}

/* The word's number, and whether it is new. */
static bool
take_word(struct packer *packer, struct lexicon *words, struct bytes word, uint32_t *number)
{
    uint32_t known = words->count;
    *number = 0;
    must(packer, lexicon_take(words, word, number));
    if (words->count > LOG_WORDS_MAX)
        packer->status = STATUS_LIMIT;
    return *number == known;
}

/* --- Columns ------------------------------------------------------------------------------------- */

static bool is_plain(uint32_t column, enum part part)
{
    return column == COLUMN_SUBJECTS || column == COLUMN_FORMS || column == COLUMN_OTHERS ||
           part == PART_STRING || part == PART_FLOAT || part == PART_DOUBLE;
}

static struct column *column_of(struct packer *packer, uint32_t number)
{
    void *columns = packer->columns;
    bool grown = memory_grow(&packer->memory, &columns, &packer->column_capacity, number + 1,
                             sizeof *packer->columns);
    packer->columns = columns;
    must(packer, grown);
    if (!grown)
        return NULL;
    if (number >= packer->column_count)
        packer->column_count = number + 1;
    return &packer->columns[number];
}

/* NULL where the packer has failed; good until the next one is asked for. */
static struct thread *thread_of(struct packer *packer, uint32_t column, uint32_t who)
{
    uint32_t pair[] = {column, who}, number;
    struct column *of = column_of(packer, column);
    void *threads = packer->threads;
    bool is_new = take_word(packer, &packer->thread_words,
                            (struct bytes){(const uint8_t *)pair, sizeof pair}, &number);
    must(packer, memory_grow(&packer->memory, &threads, &packer->thread_capacity, number + 1,
                             sizeof *packer->threads));
    packer->threads = threads;
    if (packer->status != STATUS_OK)
        return NULL;
    if (is_new)
        packer->threads[number] = (struct thread){.number = of->threads++};
    return &packer->threads[number];
}

static void
put_sample(struct packer *packer, uint32_t column, uint32_t thread, uint64_t value, uint32_t place)
{
    struct column *of = &packer->columns[column];
    void *samples = of->samples;
    bool grown =
        memory_grow(&packer->memory, &samples, &of->capacity, of->count + 1, sizeof *of->samples);
    of->samples = samples;
    must(packer, grown);
    if (grown)
        of->samples[of->count++] =
            (struct sample){.value = value, .thread = thread, .place = place};
}

static void put_number(struct packer *packer, uint32_t column, uint32_t who, uint64_t value)
{
    const struct thread *thread = thread_of(packer, column, who);
    if (thread != NULL)
        put_sample(packer, column, thread->number, value, 0);
}

/* One of the columns that every piece begins with. */
static void put_symbol(struct packer *packer, uint32_t column, uint64_t symbol)
{
    put_number(packer, column, 0, symbol);
    if (packer->status == STATUS_OK)
        packer->columns[column].plain = is_plain(column, PART_NUMBER);
}

static void put_items(struct packer *packer, uint32_t who, const struct hole *hole)
{
    struct reader items = reader_on(hole->bytes);
    const struct thread *thread = thread_of(packer, hole->column, who);
    if (thread == NULL)
        return;
    uint32_t number = thread->number;
    packer->columns[hole->column].listed |= hole->column != COLUMN_OTHERS;
    for (uint32_t i = 0; i < hole->value; i++)
        put_sample(packer, hole->column, number, (uint64_t)read_integer(&items), i);
}

/* --- Words --------------------------------------------------------------------------------------- */

static void put_bytes(struct packer *packer, struct chunk *chunk, struct bytes bytes)
{
    must(packer, chunk_add(&packer->memory, chunk, bytes));
}

/* Bytes that are hardly the same again: their number stands in the column. */
static void put_alone(struct packer *packer, uint32_t who, const struct hole *hole)
{
    put_number(packer, hole->column, who, hole->bytes.length);
    put_bytes(packer, &packer->bytes, hole->bytes);
}

/* Its length, and the bytes. */
static void put_text(struct packer *packer, struct chunk *chunk, struct bytes text)
{
    must(packer, chunk_add_number(&packer->memory, chunk, text.length));
    put_bytes(packer, chunk, text);
}

static void put_string(struct packer *packer, uint32_t who, const struct hole *hole)
{
    uint32_t number;
    bool is_new = take_word(packer, &packer->string_words, hole->bytes, &number);
    struct thread *thread = thread_of(packer, hole->column, who);
    if (thread == NULL)
        return;
    bool repeats = thread->last == (uint64_t)number + 1;
    thread->last = (uint64_t)number + 1;
    put_sample(packer, hole->column, thread->number,
               repeats ? SYMBOL_REPEATS : SYMBOL_STRING + (uint64_t)number, 0);
    if (is_new)
        put_text(packer, &packer->bytes, hole->bytes);
}

/* Only what differs from the bits before. */
static void put_bits(struct packer *packer, uint32_t who, const struct hole *hole)
{
    struct thread *thread = thread_of(packer, hole->column, who);
    if (thread == NULL)
        return;
    uint64_t differs = thread->last ^ hole->value;
    thread->last = hole->value;
    put_sample(packer, hole->column, thread->number, differs, 0);
}

static void follow_subject(struct packer *packer, uint32_t subject)
{
    struct subject *before = &packer->subjects[packer->subject];
    bool follows = before->follows == subject;
    before->follows = subject;
    packer->subject = subject;
    put_symbol(packer, COLUMN_SUBJECTS,
               follows ? SYMBOL_FOLLOWS : SYMBOL_SUBJECT + (uint64_t)subject);
}

static bool make_subjects(struct packer *packer, uint32_t count)
{
    void *subjects = packer->subjects;
    bool grown = memory_grow(&packer->memory, &subjects, &packer->subject_capacity, count,
                             sizeof *packer->subjects);
    packer->subjects = subjects;
    must(packer, grown);
    return grown;
}

/* Those that every piece begins with have numbers like all others: a byte each, which no key of others is. */
static bool make_fixed_subjects(struct packer *packer)
{
    uint32_t number;
    for (uint8_t i = 0; i < SUBJECTS_FIXED; i++)
        take_word(packer, &packer->subject_words, (struct bytes){&i, 1}, &number);
    return make_subjects(packer, SUBJECTS_FIXED);
}

/* The same act of the same one about the same record is one subject. */
static void put_subject(struct packer *packer, uint64_t act, struct bytes who, struct bytes what)
{
    uint32_t subject;
    struct chunk *key = &packer->key;
    key->length = 0;
    must(packer, chunk_add_number(&packer->memory, key, act));
    put_text(packer, key, who);
    put_bytes(packer, key, what);
    bool is_new =
        take_word(packer, &packer->subject_words, (struct bytes){key->data, key->length}, &subject);
    if (packer->status != STATUS_OK || !make_subjects(packer, subject + 1))
        return;
    if (is_new) {
        packer->subjects[subject] =
            (struct subject){.follows = SUBJECT_END, .same = FORM_NONE, .other = FORM_NONE};
        put_text(packer, &packer->definitions, who);
        put_text(packer, &packer->definitions, what);
    }
    follow_subject(packer, subject);
}

static void put_form(struct packer *packer, struct bytes form)
{
    uint32_t number;
    bool is_new = take_word(packer, &packer->form_words, form, &number);
    if (packer->status != STATUS_OK)
        return;
    struct subject *subject = &packer->subjects[packer->subject];
    uint64_t symbol = subject->same == number    ? SYMBOL_SAME
                      : subject->other == number ? SYMBOL_OTHER
                                                 : SYMBOL_FORM + (uint64_t)number;
    if (symbol != SYMBOL_SAME) {
        subject->other = subject->same;
        subject->same = number;
    }
    put_symbol(packer, COLUMN_FORMS, symbol);
    if (is_new)
        put_text(packer, &packer->definitions, form);
}

/* --- Entries ------------------------------------------------------------------------------------- */

static void put_hole(struct packer *packer, const struct act_parts *act, const struct hole *hole)
{
    uint32_t who = packer->subject;
    switch (hole->part) {
    case PART_NUMBER:
    case PART_COUNT:
    case PART_WORD:
        put_number(packer, hole->column, who, hole->value);
        return;
    case PART_ITEMS:
    case PART_LIST:
        put_items(packer, who, hole);
        return;
    case PART_STRING:
        put_string(packer, who, hole);
        break;
    case PART_FLOAT:
    case PART_DOUBLE:
        put_bits(packer, who, hole);
        break;
    case PART_BINARY:
    case PART_TEXT:
        put_alone(packer, who, hole);
        return;
    case PART_NEXT:
        put_subject(packer, act->act, act->who, hole->bytes);
        return;
    case PART_LITERAL:
    case PART_WHO:
    case PART_WHAT:
    case PART_COUNT_OF_KINDS:
        return;
    }
    if (packer->status == STATUS_OK)
        packer->columns[hole->column].plain = true;
}

static void put_act(struct packer *packer, const struct act_parts *act)
{
    const struct entry_parts *parts = &packer->parts;
    put_subject(packer, act->act, act->who, act->what);
    put_form(packer,
             (struct bytes){parts->forms.data + act->form_from, act->form_to - act->form_from});
    for (uint32_t i = act->holes_from; i < act->holes_to && packer->status == STATUS_OK; i++)
        put_hole(packer, act, &parts->holes[i]);
}

static bool put_acts(void *context)
{
    struct packer *packer = context;
    const struct entry_parts *parts = &packer->parts;
    for (uint32_t i = 0; i < parts->act_count && packer->status == STATUS_OK; i++)
        put_act(packer, &parts->acts[i]);
    return packer->status == STATUS_OK;
}

static void put_entry(struct packer *packer)
{
    const struct entry_parts *parts = &packer->parts;
    if (!put_acts(packer))
        return;
    follow_subject(packer, SUBJECT_END);
    uint32_t thread = parts->since < WALL_THREADS ? (uint32_t)parts->since : 0;
    put_number(packer, COLUMN_SINCE, 0, parts->since);
    put_number(packer, COLUMN_TICKS, 0, parts->tick - packer->tick - parts->since);
    put_number(packer, COLUMN_WALL, thread, parts->wall_ms - packer->wall_ms);
    packer->tick = parts->tick;
    packer->wall_ms = parts->wall_ms;
}

static bool put_raw(void *context, struct bytes bytes)
{
    struct packer *packer = context;
    follow_subject(packer, SUBJECT_RAW);
    put_number(packer, COLUMN_LENGTHS, 0, bytes.length);
    put_bytes(packer, &packer->bytes, bytes);
    return packer->status == STATUS_OK;
}

/* False: these are no entries, or there is no memory. */
static bool put_entries(struct packer *packer, struct bytes entries)
{
    while (entries.length > 0 && packer->status == STATUS_OK) {
        struct bytes entry = {entries.data, packed_length(entries)};
        if (entry.length == 0)
            return false;
        if (entry_take_apart(&packer->parts, entry))
            put_entry(packer);
        else
            (void)put_raw(packer, entry);
        must(packer, packer->parts.status == STATUS_OK);
        entries.data += entry.length;
        entries.length -= entry.length;
    }
    return packer->status == STATUS_OK;
}

static bool put_snapshot(struct packer *packer, struct bytes snapshot)
{
    struct snapshot_taker taker = {.acts = put_acts, .between = put_raw, .context = packer};
    packer->version = LOG_PACK_VERSION_ACTS;
    return snapshot_take_apart(&packer->parts, snapshot, &taker);
}

/* --- The body ------------------------------------------------------------------------------------ */

struct body {
    struct chunk table, heads, tails;
};

static bool body_add(struct packer *packer, struct body *body, struct column *column)
{
    const struct memory *memory = &packer->memory;
    if (!column_settle(memory, column) || !column_write(memory, column, &body->heads, &body->tails))
        return false;
    uint8_t kind = (uint8_t)(column->order | (column->stride - 1) << ORDER_BITS |
                             column->shift << (ORDER_BITS + STRIDE_BITS));
    bool added = chunk_add(memory, &body->table, (struct bytes){&kind, 1});
    for (uint32_t i = 0; i < column->stride; i++)
        added = added && chunk_add_number(memory, &body->table, column->heads[i]);
    return added && chunk_add_number(memory, &body->table, column->tail);
}

static bool body_write(struct packer *packer, struct body *body)
{
    const struct memory *memory = &packer->memory;
    if (!chunk_add_number(memory, &body->table, packer->column_count))
        return false;
    for (uint32_t i = 0; i < packer->column_count; i++)
        if (!body_add(packer, body, &packer->columns[i]))
            return false;
    return chunk_add_number(memory, &body->table, packer->definitions.length);
}

/* What the parts of the body are deflated as: each with a code of its own, little ones together. */
struct blocks {
    struct deflate_part *parts;
    uint32_t count;
};

static void block_add(struct blocks *blocks,
                      const struct chunk *chunk,
                      uint32_t from,
                      uint32_t length,
                      bool numbers)
{
    struct deflate_part *last = blocks->count == 0 ? NULL : &blocks->parts[blocks->count - 1];
    if (length == 0)
        return;
    struct bytes bytes = {chunk->data + from, length};
    bool adjoins = last != NULL && numbers && last->numbers &&
                   last->bytes.data + last->bytes.length == bytes.data;
    if (adjoins && (last->bytes.length < BLOCK_BYTES_MIN || length < BLOCK_BYTES_MIN))
        last->bytes.length += length;
    else
        blocks->parts[blocks->count++] = (struct deflate_part){bytes, numbers};
}

static void blocks_make(const struct packer *packer, const struct body *body, struct blocks *blocks)
{
    const struct column *columns = packer->columns;
    uint32_t head = 0, tail = 0;
    block_add(blocks, &body->table, 0, body->table.length, false);
    for (uint32_t i = 0; i < packer->column_count; i++)
        for (uint32_t k = 0; k < columns[i].stride; head += columns[i].heads[k++])
            block_add(blocks, &body->heads, head, columns[i].heads[k], true);
    for (uint32_t i = 0; i < packer->column_count; tail += columns[i++].tail)
        block_add(blocks, &body->tails, tail, columns[i].tail, true);
    block_add(blocks, &packer->definitions, 0, packer->definitions.length, false);
    block_add(blocks, &packer->bytes, 0, packer->bytes.length, false);
}

/* The head, and behind it the body deflated; as long as that stays shorter than the entries. */
static bool pack_write(struct packer *packer,
                       const struct body *body,
                       struct bytes entries,
                       struct writer *writer)
{
    uint8_t bytes[LOG_PACK_HEAD_MAX];
    const struct memory fixed = packer->memory;
    struct chunk head = {.data = bytes, .capacity = sizeof bytes};
    uint64_t hash = hash_bytes(0, entries);
    uint64_t length = (uint64_t)body->table.length + body->heads.length + body->tails.length +
                      packer->definitions.length + packer->bytes.length;
    struct blocks blocks = {
        memory_allocate(&fixed,
                        ((STRIDES + 1) * (size_t)packer->column_count + 3) * sizeof *blocks.parts),
        0};
    bool written =
        blocks.parts != NULL && length <= LOG_PACK_BODY_MAX &&
        chunk_add(&fixed, &head,
                  (struct bytes){(const uint8_t[]){LOG_PACK_MARK, packer->version}, 2}) &&
        chunk_add_number(&fixed, &head, entries.length) && chunk_add_number(&fixed, &head, length);
    for (unsigned i = 0; i < sizeof hash; i++)
        bytes[head.length++] = (uint8_t)(hash >> 8 * i);
    size_t room = writer->capacity - writer->length;
    room = room < entries.length ? room : entries.length;
    if (written && room > head.length) {
        blocks_make(packer, body, &blocks);
        uint8_t *to = writer->data + writer->length;
        size_t deflated =
            deflate_parts(&fixed, blocks.parts, blocks.count, to + head.length, room - head.length);
        memcpy(to, bytes, head.length);
        written = deflated > 0;
        writer->length += written ? head.length + deflated : 0;
    } else {
        written = false;
    }
    memory_release(&fixed, blocks.parts);
    return written;
}

/* --- A piece ------------------------------------------------------------------------------------- */

static struct packer packer_on(const struct memory *memory, uint64_t seed)
{
    return (struct packer){.memory = *memory,
                           .parts = entry_parts_on(memory, seed),
                           .subject_words = lexicon_on(memory, seed),
                           .form_words = lexicon_on(memory, seed),
                           .string_words = lexicon_on(memory, seed),
                           .thread_words = lexicon_on(memory, seed),
                           .version = LOG_PACK_VERSION};
}

static void packer_free(struct packer *packer)
{
    const struct memory *memory = &packer->memory;
    for (uint32_t i = 0; i < packer->column_count; i++)
        memory_release(memory, packer->columns[i].samples);
    memory_release(memory, packer->columns);
    memory_release(memory, packer->subjects);
    memory_release(memory, packer->threads);
    memory_release(memory, packer->definitions.data);
    memory_release(memory, packer->bytes.data);
    memory_release(memory, packer->key.data);
    lexicon_free(&packer->subject_words);
    lexicon_free(&packer->form_words);
    lexicon_free(&packer->string_words);
    lexicon_free(&packer->thread_words);
    entry_parts_free(&packer->parts);
}

size_t log_pack_bytes_max(size_t length)
{
    return length;
}

static bool pack_with(const struct memory *memory,
                      bool (*put)(struct packer *packer, struct bytes bytes),
                      struct bytes bytes,
                      struct writer *writer)
{
    if (bytes.length == 0 || bytes.length > LOG_PACK_BYTES_MAX)
        return false;
    struct packer packer = packer_on(memory, hash_bytes(0, bytes));
    struct body body = {0};
    bool packed = make_fixed_subjects(&packer) && column_of(&packer, COLUMNS_FIXED - 1) != NULL &&
                  put(&packer, bytes) && body_write(&packer, &body) &&
                  pack_write(&packer, &body, bytes, writer);
    memory_release(memory, body.table.data);
    memory_release(memory, body.heads.data);
    memory_release(memory, body.tails.data);
    packer_free(&packer);
    return packed;
}

bool log_pack(const struct memory *memory, struct bytes entries, struct writer *writer)
{
    return pack_with(memory, put_entries, entries, writer);
}

bool snapshot_pack(const struct memory *memory, struct bytes snapshot, struct writer *writer)
{
    return pack_with(memory, put_snapshot, snapshot, writer);
}
