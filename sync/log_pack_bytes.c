/* log_pack_bytes.c - bytes that grow as they are written, and how long a value is. */
#include <string.h>

#include "sync/log_pack_parts.h"

/* --- Chunks -------------------------------------------------------------------------------------- */

bool chunk_add(const struct memory *memory, struct chunk *chunk, struct bytes bytes)
{
    void *data = chunk->data;
    if (bytes.length > UINT32_MAX / 2 - chunk->length)
        return false;
    bool grown =
        memory_grow(memory, &data, &chunk->capacity, chunk->length + (uint32_t)bytes.length, 1);
    chunk->data = data;
    if (grown && bytes.length > 0) {
        memcpy(chunk->data + chunk->length, bytes.data, bytes.length);
        chunk->length += (uint32_t)bytes.length;
    }
    return grown;
}

bool chunk_add_number(const struct memory *memory, struct chunk *chunk, uint64_t number)
{
    uint8_t bytes[VARINT_MAX];
    size_t length = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[length++] = (uint8_t)(number | 0x80);
    bytes[length++] = (uint8_t)number;
    return chunk_add(memory, chunk, (struct bytes){bytes, length});
}

/* --- Values, whatever they are ------------------------------------------------------------------- */

uint64_t packed_natural(struct bytes bytes)
{
    uint64_t natural = 0;
    for (size_t i = 0; i < bytes.length; i++)
        natural = natural << 8 | bytes.data[i];
    return natural;
}

/* Of one head: its own bytes and those that it announces, and how many values are to follow. */
static bool read_head(struct bytes bytes, uint64_t *length, uint64_t *values)
{
    static const uint8_t bytes_of_size[0x20] = {
        [0x04] = 1, [0x05] = 2, [0x06] = 4, [0x07] = 1, [0x08] = 2, [0x09] = 4, [0x19] = 1,
        [0x1a] = 2, [0x1b] = 4, [0x1c] = 2, [0x1d] = 4, [0x1e] = 2, [0x1f] = 4};
    static const uint8_t bytes_behind[0x20] = {
        [0x07] = 1, [0x08] = 1, [0x09] = 1, [0x0a] = 4, [0x0b] = 8, [0x0c] = 1,
        [0x0d] = 2, [0x0e] = 4, [0x0f] = 8, [0x10] = 1, [0x11] = 2, [0x12] = 4,
        [0x13] = 8, [0x14] = 2, [0x15] = 3, [0x16] = 5, [0x17] = 9, [0x18] = 17};
    uint8_t head = bytes.data[0];
    *length = 1;
    *values = 0;
    if (head < 0x80 || head >= 0xe0)
        return true;
    if (head < 0xa0)
        *values = head < 0x90 ? 2u * (head & 0x0fu) : head & 0x0fu;
    else if (head < 0xc0)
        *length += head & 0x1fu;
    if (head < 0xc0)
        return true;
    size_t size = bytes_of_size[head - 0xc0];
    if (head == 0xc1 || size > bytes.length - 1)
        return false;
    uint64_t count = packed_natural((struct bytes){bytes.data + 1, size});
    *length += size + bytes_behind[head - 0xc0] + (head < 0xdc ? count : 0);
    *values = head < 0xdc ? 0 : head < 0xde ? count : 2 * count;
    return true;
}

size_t packed_length(struct bytes bytes)
{
    size_t at = 0;
    uint64_t left = 1;
    while (left > 0) {
        uint64_t length, values;
        struct bytes rest = {bytes.data + at, bytes.length - at};
        if (rest.length == 0 || !read_head(rest, &length, &values) || length > rest.length)
            return 0;
        at += (size_t)length;
        left += values - 1;
        if (left > bytes.length - at)
            return 0;
    }
    return at;
}
