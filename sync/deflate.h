/* deflate.h - DEFLATE without a header (RFC 1951), and back; the only files that see zlib.
 *
 *   struct deflater *deflater = deflater_create(&memory);      once; its memory is used again
 *   size_t length = deflater_run(deflater, plain, buffer, capacity);
 *   size_t length = deflate_parts(&memory, parts, count, buffer, capacity);
 *   status = inflate_bytes(&memory, deflated, buffer, size);
 *
 * Errors     inflate_bytes() takes hostile bytes: MALFORMED where they are not exactly `size`
 *            deflated bytes and no more, MEMORY without memory.
 * Threads    one owner at a time.
 */
#ifndef SYNC_DEFLATE_H
#define SYNC_DEFLATE_H

#include <stdbool.h>

#include "sync/base.h"

/* Fewer bytes than these are not worth it. */
#define DEFLATE_BYTES_MIN 1024u

/* Whether so many bytes may be deflated now, which takes its time. */
typedef bool deflate_may(void *context, size_t bytes);

struct deflater;

/* NULL when there is no memory. Running it allocates nothing. */
struct deflater *deflater_create(const struct memory *memory);
void deflater_destroy(struct deflater *deflater);

/* How many bytes of the buffer it took; 0 where they do not fit with one to spare. */
size_t
deflater_run(struct deflater *deflater, struct bytes plain, uint8_t *buffer, size_t capacity);

/* A part of what is deflated, with a code of its own: worth it where parts are unlike each other and have
 * some hundred bytes. */
struct deflate_part {
    struct bytes bytes;
    bool numbers; /* nothing in it repeats but single bytes in a row: it is not looked for */
};

/* The parts, one behind the other. Smaller and slower than by a deflater. 0 without memory as well. */
size_t deflate_parts(const struct memory *memory,
                     const struct deflate_part *parts,
                     uint32_t count,
                     uint8_t *buffer,
                     size_t capacity);

MUST_CHECK enum status
inflate_bytes(const struct memory *memory, struct bytes deflated, uint8_t *buffer, size_t size);

#endif
