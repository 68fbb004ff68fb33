/* pack.h - msgpack: a writer into a fixed buffer and a bounded reader, both with a sticky status.
 *
 *   struct writer writer = writer_on(buffer, sizeof buffer);
 *   pack_array(&writer, 2); pack_integer(&writer, 7); pack_string(&writer, bytes_of("hi"));
 *   if (writer.status == STATUS_OK) use writer_bytes(&writer)
 *
 *   struct reader reader = reader_on(message);
 *   uint32_t count = read_array(&reader); int64_t number = read_integer(&reader);
 *   if (reader_end(&reader) != STATUS_OK) refuse
 *
 * Errors     a failed writer or reader does nothing more and returns zeros; look once at the end.
 *            A reader never reads past its bytes and trusts no declared count.
 * Ownership  views returned by a reader point into its bytes. Nothing is allocated.
 * Source     the msgpack specification; writing is msgpack-c's, reading is checked against it.
 */
#ifndef SYNC_PACK_H
#define SYNC_PACK_H

#include "sync/base.h"

struct writer {
    uint8_t *data;
    size_t capacity;
    size_t length;
    uint32_t items; /* values begun since the writer was made or the count was last reset */
    enum status status;
};

/* Without a buffer it only counts the bytes. */
struct writer writer_on(uint8_t *buffer, size_t capacity);
struct bytes writer_bytes(const struct writer *writer);

void pack_nil(struct writer *writer);
void pack_bool(struct writer *writer, bool value);
void pack_integer(struct writer *writer, int64_t value);
void pack_double(struct writer *writer, double value); /* canonical: see value_canonical() */
void pack_string(struct writer *writer, struct bytes text);
void pack_binary(struct writer *writer, struct bytes data);
/* The same where the bytes, so many of them, are what is packed next. */
void pack_binary_head(struct writer *writer, size_t length);
void pack_array(struct writer *writer, uint32_t count);
void pack_map(struct writer *writer, uint32_t count);

/* Values that are packed already; `items` says how many. */
void pack_raw(struct writer *writer, struct bytes packed, uint32_t items);

/* An array whose count is known only after its elements: three bytes, filled in by the end call.
 * At most 65,535 elements. */
struct open_array {
    size_t at;
    uint32_t items;
};
struct open_array pack_array_begin(struct writer *writer);
void pack_array_end(struct writer *writer, struct open_array open);

/* Bytes that pack_integer() takes for the value, 1..9. */
size_t pack_integer_bytes(int64_t value);

/* Zigzag: small differences of either sign become small naturals. */
uint64_t zigzag(int64_t value);
int64_t unzigzag(uint64_t value);

enum pack_type {
    PACK_NIL,
    PACK_BOOL,
    PACK_INTEGER,
    PACK_FLOAT,
    PACK_STRING,
    PACK_BINARY,
    PACK_ARRAY,
    PACK_MAP,
    PACK_BAD /* the end, an extension, or a failed reader */
};

struct reader {
    const uint8_t *data;
    size_t length;
    size_t at;
    enum status status;
};

struct reader reader_on(struct bytes bytes);

/* STATUS_OK when all went well and every byte was read; else what was wrong first. */
MUST_CHECK enum status reader_end(const struct reader *reader);
bool reader_done(const struct reader *reader); /* failed, or no byte left */
void reader_fail(struct reader *reader, enum status status);

enum pack_type read_type(const struct reader *reader); /* of the next value; reads nothing */
void read_nil(struct reader *reader);
bool read_bool(struct reader *reader);
int64_t read_integer(struct reader *reader); /* within int64; larger is MALFORMED */
int64_t read_integer_in(struct reader *reader, int64_t minimum, int64_t maximum);
/* Passes over the next values as long as they are integers of 16 bits at most in their shortest form, and over no
 * more than `count`: how many those were. They are canonical. */
uint32_t read_short_integers(struct reader *reader, uint32_t count);
double read_double(struct reader *reader);       /* float 32 or 64; not finite is MALFORMED */
struct bytes read_string(struct reader *reader); /* checked UTF-8 */
struct bytes read_binary(struct reader *reader);
uint32_t read_array(struct reader *reader); /* count <= bytes left */
uint32_t read_map(struct reader *reader);   /* pairs <= bytes left / 2 */

/* Skips one value of the kind that clients may send: VALUE_DEPTH_MAX deep, map keys distinct
 * strings, integers within INTEGER_MAX, floats finite, strings UTF-8. Returns its bytes. */
struct bytes read_value(struct reader *reader);

/* Reads such a value and writes it in canonical form: integral floats within INTEGER_MAX as
 * integers, floats that fit exactly as float 32, everything shortest. */
void value_canonical(struct reader *reader, struct writer *writer);

#endif
