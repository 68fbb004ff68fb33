/* flush.h - what rooms wrote in one interval, as one run of bytes: the unit that is made durable.
 *
 *   flush_add(&buffer, &(struct flush_entry){.room = name, .first = 7, .last = 7, .bytes = log});
 *   struct flush_reader reader = {.bytes = flush};
 *   while (flush_next(&reader, &entry)) ...          then reader.damaged tells how it ended
 *
 * An entry's bytes: length of the name (1 byte), name, incarnation, first, last - first, length of
 * the log, log. Numbers take seven bits a byte, lowest first, the high bit on all but the last.
 *
 * Entries of a room stand in the order of their ticks; a room may have several in one flush. One
 * without ticks (first and last are 0, no bytes) says that the room was deleted: what was written of
 * it in this incarnation or one before, here or in the archive, counts no more.
 * Reading takes bytes from a disk: damage ends the walk and is told, never asserted.
 */
#ifndef PERSISTENCE_FLUSH_H
#define PERSISTENCE_FLUSH_H

#include "sync/base.h"

struct flush_entry {
    struct bytes room;    /* its name, 1..ROOM_NAME_MAX */
    uint64_t incarnation; /* of the room */
    uint64_t first, last; /* ticks that the bytes tell of */
    struct bytes bytes;   /* entries of the engine's log, one after the other */
};

static inline bool flush_entry_deletes(const struct flush_entry *entry)
{
    return entry->last == 0;
}

/* Bytes that grow. Freed with free(data). */
struct flush_buffer {
    uint8_t *data;
    size_t length, capacity;
};

/* Room for one entry with so many bytes, so that flush_add() does not fail. */
MUST_CHECK bool flush_reserve(struct flush_buffer *buffer, size_t bytes);

/* False without memory: nothing was added. */
MUST_CHECK bool flush_add(struct flush_buffer *buffer, const struct flush_entry *entry);

struct flush_reader {
    struct bytes bytes;
    size_t at;
    bool damaged;
};

/* The next entry, its parts views into the bytes; false at the end or at damage. */
bool flush_next(struct flush_reader *reader, struct flush_entry *entry);

#endif
