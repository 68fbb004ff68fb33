#include "sync/tape.h"

#include <assert.h>
#include <string.h>

static bool has_next(const struct tape *tape)
{
    return tape->next.bytes.length > 0;
}

static struct reader reader_from(const struct tape *tape, uint32_t at)
{
    struct bytes rest = {NULL, 0};
    if (at < tape->length)
        rest = (struct bytes){tape->data + at, tape->length - at};
    return reader_on(rest);
}

/* Reads the entry behind; views are into the tape's own bytes. */
static void look(struct tape *tape)
{
    struct reader reader = reader_from(tape, tape->behind);
    tape->next = (struct log_entry){0};
    struct log_entry entry;
    if (tape->status != STATUS_OK)
        return;
    if (log_read_entry(&reader, &entry)) {
        tape->next = entry;
        tape->behind += (uint32_t)reader.at;
    }
    tape->status = reader.status;
}

bool tape_add(struct tape *tape, const struct memory *memory, struct bytes entries)
{
    uint32_t from = tape->behind - (uint32_t)tape->next.bytes.length;
    uint32_t left = tape->length - from;
    void *data = tape->data;
    if (entries.length > UINT32_MAX - left)
        return false;
    if (from > 0 && left > 0)
        memmove(tape->data, tape->data + from, left);
    tape->length = left;
    tape->looked -= from < tape->looked ? from : tape->looked;
    tape->behind = 0;
    bool grown = memory_grow(memory, &data, &tape->capacity, left + (uint32_t)entries.length, 1);
    tape->data = data;
    if (grown && entries.length > 0) {
        memcpy(tape->data + left, entries.data, entries.length);
        tape->length += (uint32_t)entries.length;
    }
    look(tape);
    return grown;
}

uint64_t tape_tick(const struct tape *tape)
{
    return has_next(tape) ? tape->next.tick : TAPE_END;
}

struct log_entry tape_take(struct tape *tape)
{
    struct log_entry entry = tape->next;
    assert(has_next(tape));
    look(tape);
    return entry;
}

static bool is_busy(const struct log_entry *entry)
{
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    while (log_read_act(&acts, &act)) {
        if (act.act == ACT_PRESENT)
            return false;
        if (act.act != ACT_HASH && act.act != ACT_MEMORY && act.act != ACT_RANDOM)
            return true;
    }
    return false;
}

uint64_t tape_busy(struct tape *tape)
{
    uint32_t next = tape->behind - (uint32_t)tape->next.bytes.length;
    if (has_next(tape) && tape->busy != TAPE_END && tape->busy >= tape->next.tick)
        return tape->busy;
    tape->busy = TAPE_END;
    tape->looked = tape->looked > next ? tape->looked : next;
    uint32_t from = tape->looked;
    struct reader reader = reader_from(tape, from);
    struct log_entry entry;
    while (tape->busy == TAPE_END && log_read_entry(&reader, &entry)) {
        tape->looked = from + (uint32_t)reader.at;
        if (is_busy(&entry))
            tape->busy = entry.tick;
    }
    return tape->busy;
}

void tape_free(struct tape *tape, const struct memory *memory)
{
    memory_release(memory, tape->data);
    *tape = (struct tape){0};
}
