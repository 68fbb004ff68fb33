#include "persistence/flush.h"

#include "sync/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A number takes seven bits a byte, lowest first, the high bit on all but the last. */
#define NUMBER_BYTES_MAX 10u

/* The byte of the name's length, the name, and four numbers. */
#define HEAD_BYTES_MAX (1u + ROOM_NAME_MAX + 4u * NUMBER_BYTES_MAX)

static bool grow(struct flush_buffer *buffer, size_t wanted)
{
    if (wanted <= buffer->capacity)
        return true;
    size_t capacity = buffer->capacity < 1024 ? 1024 : buffer->capacity;
    while (capacity < wanted) {
        if (capacity > SIZE_MAX / 2)
            return false;
        capacity *= 2;
    }
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool flush_reserve(struct flush_buffer *buffer, size_t bytes)
{
    return bytes <= SIZE_MAX / 2 && grow(buffer, buffer->length + HEAD_BYTES_MAX + bytes);
}

static void put_number(struct flush_buffer *buffer, uint64_t number)
{
    while (number >= 0x80) {
        buffer->data[buffer->length++] = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    buffer->data[buffer->length++] = (uint8_t)number;
}

static void put_bytes(struct flush_buffer *buffer, struct bytes bytes)
{
    if (bytes.length > 0)
        memcpy(buffer->data + buffer->length, bytes.data, bytes.length);
    buffer->length += bytes.length;
}

bool flush_add(struct flush_buffer *buffer, const struct flush_entry *entry)
{
    assert(entry->room.length > 0 && entry->room.length <= ROOM_NAME_MAX);
    assert(entry->first <= entry->last);

    if (entry->bytes.length > SIZE_MAX - HEAD_BYTES_MAX - buffer->length)
        return false;
    if (!grow(buffer, buffer->length + HEAD_BYTES_MAX + entry->bytes.length))
        return false;
    buffer->data[buffer->length++] = (uint8_t)entry->room.length;
    put_bytes(buffer, entry->room);
    put_number(buffer, entry->incarnation);
    put_number(buffer, entry->first);
    put_number(buffer, entry->last - entry->first);
    put_number(buffer, entry->bytes.length);
    put_bytes(buffer, entry->bytes);
    return true;
}

/* After damage every further read gives nothing, so that one look at the end is enough. */
static struct bytes take_bytes(struct flush_reader *reader, uint64_t length)
{
    if (reader->damaged || length > reader->bytes.length - reader->at) {
        reader->damaged = true;
        return (struct bytes){0};
    }
    struct bytes taken = {reader->bytes.data + reader->at, (size_t)length};
    reader->at += taken.length;
    return taken;
}

static uint64_t take_number(struct flush_reader *reader)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 7 * NUMBER_BYTES_MAX; shift += 7) {
        struct bytes byte = take_bytes(reader, 1);
        if (reader->damaged)
            return 0;
        uint64_t digits = byte.data[0] & 0x7f;
        if (digits << shift >> shift != digits)
            break;
        number |= digits << shift;
        if (byte.data[0] < 0x80)
            return number;
    }
    reader->damaged = true;
    return 0;
}

bool flush_next(struct flush_reader *reader, struct flush_entry *entry)
{
    if (reader->damaged || reader->at == reader->bytes.length)
        return false;
    uint8_t name_length = take_bytes(reader, 1).data[0];
    if (name_length == 0 || name_length > ROOM_NAME_MAX)
        reader->damaged = true;
    entry->room = take_bytes(reader, name_length);
    entry->incarnation = take_number(reader);
    entry->first = take_number(reader);
    uint64_t span = take_number(reader);
    if (span > UINT64_MAX - entry->first)
        reader->damaged = true;
    entry->last = entry->first + span;
    entry->bytes = take_bytes(reader, take_number(reader));
    return !reader->damaged;
}
