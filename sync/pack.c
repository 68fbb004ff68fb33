#include "sync/pack.h"

#include <math.h>
#include <msgpack.h>
#include <string.h>

#include "sync/limits.h"

/* --- Writing: msgpack-c into a fixed buffer ------------------------------------------------- */

struct writer writer_on(uint8_t *buffer, size_t capacity)
{
    return (struct writer){.data = buffer, .capacity = capacity, .status = STATUS_OK};
}

struct bytes writer_bytes(const struct writer *writer)
{
    return (struct bytes){writer->data, writer->length};
}

static int writer_put(void *context, const char *data, size_t length)
{
    struct writer *writer = context;
    if (writer->status != STATUS_OK)
        return 0;
    if (length > writer->capacity - writer->length) {
        writer->status = STATUS_LIMIT;
        return 0;
    }
    if (writer->data != NULL)
        memcpy(writer->data + writer->length, data, length);
    writer->length += length;
    return 0;
}

static msgpack_packer packer_on(struct writer *writer)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, writer, writer_put);
    return packer;
}

void pack_nil(struct writer *writer)
{
    msgpack_packer packer = packer_on(writer);
    msgpack_pack_nil(&packer);
    writer->items++;
}

void pack_bool(struct writer *writer, bool value)
{
    msgpack_packer packer = packer_on(writer);
    if (value)
        msgpack_pack_true(&packer);
    else
        msgpack_pack_false(&packer);
    writer->items++;
}

void pack_integer(struct writer *writer, int64_t value)
{
    msgpack_packer packer = packer_on(writer);
    msgpack_pack_int64(&packer, value);
    writer->items++;
}

void pack_double(struct writer *writer, double value)
{
    if (value == trunc(value) && fabs(value) <= (double)INTEGER_MAX) {
        pack_integer(writer, (int64_t)value);
        return;
    }
    msgpack_packer packer = packer_on(writer);
    if ((double)(float)value == value)
        msgpack_pack_float(&packer, (float)value);
    else
        msgpack_pack_double(&packer, value);
    writer->items++;
}

void pack_string(struct writer *writer, struct bytes text)
{
    msgpack_packer packer = packer_on(writer);
    msgpack_pack_str(&packer, text.length);
    msgpack_pack_str_body(&packer, text.data, text.length);
    writer->items++;
}

void pack_binary(struct writer *writer, struct bytes data)
{
    msgpack_packer packer = packer_on(writer);
    msgpack_pack_bin(&packer, data.length);
    msgpack_pack_bin_body(&packer, data.data, data.length);
    writer->items++;
}

void pack_binary_head(struct writer *writer, size_t length)
{
    msgpack_packer packer = packer_on(writer);
    msgpack_pack_bin(&packer, length);
    writer->items++;
}

/* The elements that follow will each count one; together with them the array counts one. The
 * arithmetic is modulo 2^32 on purpose. */
void pack_array(struct writer *writer, uint32_t count)
{
    msgpack_packer packer = packer_on(writer);
    msgpack_pack_array(&packer, count);
    writer->items += 1 - count;
}

void pack_map(struct writer *writer, uint32_t count)
{
    msgpack_packer packer = packer_on(writer);
    msgpack_pack_map(&packer, count);
    writer->items += 1 - 2 * count;
}

void pack_raw(struct writer *writer, struct bytes packed, uint32_t items)
{
    if (packed.length > 0)
        writer_put(writer, (const char *)packed.data, packed.length);
    writer->items += items;
}

struct open_array pack_array_begin(struct writer *writer)
{
    struct open_array open = {writer->length, writer->items};
    writer_put(writer, "\xdc\0\0", 3); /* array 16 */
    return open;
}

void pack_array_end(struct writer *writer, struct open_array open)
{
    uint32_t count = writer->items - open.items;
    writer->items = open.items + 1;
    if (count > UINT16_MAX)
        writer->status = STATUS_LIMIT;
    if (writer->status != STATUS_OK || writer->data == NULL)
        return;
    writer->data[open.at + 1] = (uint8_t)(count >> 8);
    writer->data[open.at + 2] = (uint8_t)count;
}

size_t pack_integer_bytes(int64_t value)
{
    if (value >= -32 && value < 128)
        return 1;
    if (value >= INT8_MIN && value <= UINT8_MAX)
        return 2;
    if (value >= INT16_MIN && value <= UINT16_MAX)
        return 3;
    if (value >= INT32_MIN && value <= UINT32_MAX)
        return 5;
    return 9;
}

uint64_t zigzag(int64_t value)
{
    return value >= 0 ? (uint64_t)value << 1 : ((uint64_t) - (value + 1) << 1) | 1;
}

int64_t unzigzag(uint64_t value)
{
    return (value & 1) == 0 ? (int64_t)(value >> 1) : -(int64_t)(value >> 1) - 1;
}

/* --- Reading: a cursor over hostile bytes ---------------------------------------------------- */

struct reader reader_on(struct bytes bytes)
{
    return (struct reader){.data = bytes.data, .length = bytes.length, .status = STATUS_OK};
}

enum status reader_end(const struct reader *reader)
{
    if (reader->status == STATUS_OK && reader->at != reader->length)
        return STATUS_MALFORMED;
    return reader->status;
}

bool reader_done(const struct reader *reader)
{
    return reader->status != STATUS_OK || reader->at == reader->length;
}

void reader_fail(struct reader *reader, enum status status)
{
    if (reader->status == STATUS_OK)
        reader->status = status;
}

/* The next `length` bytes, or NULL and a failed reader. */
static const uint8_t *take(struct reader *reader, size_t length)
{
    if (reader->status != STATUS_OK)
        return NULL;
    if (length > reader->length - reader->at) {
        reader->status = STATUS_TRUNCATED;
        return NULL;
    }
    const uint8_t *data = reader->data + reader->at;
    reader->at += length;
    return data;
}

/* A big-endian natural of 1, 2, 4 or 8 bytes. */
static uint64_t take_natural(struct reader *reader, size_t length)
{
    const uint8_t *data = take(reader, length);
    if (data == NULL)
        return 0;
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++)
        value = value << 8 | data[i];
    return value;
}

static uint8_t take_head(struct reader *reader)
{
    const uint8_t *head = take(reader, 1);
    return head == NULL ? 0xc1 : *head; /* 0xc1 is never used in msgpack */
}

enum pack_type read_type(const struct reader *reader)
{
    if (reader_done(reader))
        return PACK_BAD;
    uint8_t head = reader->data[reader->at];
    if (head < 0x80 || head >= 0xe0)
        return PACK_INTEGER;
    if (head < 0x90)
        return PACK_MAP;
    if (head < 0xa0)
        return PACK_ARRAY;
    if (head < 0xc0)
        return PACK_STRING;
    static const uint8_t types[0x20] = {
        PACK_NIL,     PACK_BAD,     PACK_BOOL,    PACK_BOOL,    PACK_BINARY,  PACK_BINARY,
        PACK_BINARY,  PACK_BAD,     PACK_BAD,     PACK_BAD,     PACK_FLOAT,   PACK_FLOAT,
        PACK_INTEGER, PACK_INTEGER, PACK_INTEGER, PACK_INTEGER, PACK_INTEGER, PACK_INTEGER,
        PACK_INTEGER, PACK_INTEGER, PACK_BAD,     PACK_BAD,     PACK_BAD,     PACK_BAD,
        PACK_BAD,     PACK_STRING,  PACK_STRING,  PACK_STRING,  PACK_ARRAY,   PACK_ARRAY,
        PACK_MAP,     PACK_MAP,
    };
    return types[head - 0xc0];
}

void read_nil(struct reader *reader)
{
    if (take_head(reader) != 0xc0)
        reader_fail(reader, STATUS_MALFORMED);
}

bool read_bool(struct reader *reader)
{
    uint8_t head = take_head(reader);
    if (head != 0xc2 && head != 0xc3)
        reader_fail(reader, STATUS_MALFORMED);
    return head == 0xc3;
}

int64_t read_integer(struct reader *reader)
{
    uint8_t head = take_head(reader);
    if (head < 0x80)
        return head;
    if (head >= 0xe0)
        return (int8_t)head;
    if (head < 0xcc || head > 0xd3) {
        reader_fail(reader, STATUS_MALFORMED);
        return 0;
    }
    uint64_t value = take_natural(reader, (size_t)1 << (head & 3));
    switch (head) {
    case 0xd0:
        return (int8_t)value;
    case 0xd1:
        return (int16_t)value;
    case 0xd2:
        return (int32_t)value;
    case 0xd3:
        return (int64_t)value;
    }
    if (value > INT64_MAX) {
        reader_fail(reader, STATUS_MALFORMED);
        return 0;
    }
    return (int64_t)value;
}

/* Bytes of the integer here, which has its shortest form and at most 16 bits; 0 where none is. */
static size_t short_integer_bytes(const uint8_t *data, size_t left)
{
    uint8_t head = data[0];
    if (head < 0x80 || head >= 0xe0)
        return 1;
    if (head == 0xcc || head == 0xd0) {
        bool fits = left >= 2 && data[1] >= 0x80 && (head == 0xcc || data[1] < 0xe0);
        return fits ? 2 : 0;
    }
    if ((head != 0xcd && head != 0xd1) || left < 3)
        return 0;
    uint16_t bits = (uint16_t)(data[1] << 8 | data[2]);
    bool fits = head == 0xcd ? bits > UINT8_MAX : bits >= 0x8000 && bits < 0xff80;
    return fits ? 3 : 0;
}

uint32_t read_short_integers(struct reader *reader, uint32_t count)
{
    uint32_t passed = 0;
    size_t at = reader->at;
    if (reader->status != STATUS_OK)
        return 0;
    for (; passed < count && at < reader->length; passed++) {
        size_t length = short_integer_bytes(reader->data + at, reader->length - at);
        if (length == 0)
            break;
        at += length;
    }
    reader->at = at;
    return passed;
}

int64_t read_integer_in(struct reader *reader, int64_t minimum, int64_t maximum)
{
    int64_t value = read_integer(reader);
    if (value >= minimum && value <= maximum)
        return value;
    reader_fail(reader, STATUS_MALFORMED);
    return minimum;
}

double read_double(struct reader *reader)
{
    uint8_t head = take_head(reader);
    double value = 0;
    if (head == 0xca) {
        uint32_t bits = (uint32_t)take_natural(reader, 4);
        float narrow;
        memcpy(&narrow, &bits, sizeof narrow);
        value = narrow;
    } else if (head == 0xcb) {
        uint64_t bits = take_natural(reader, 8);
        memcpy(&value, &bits, sizeof value);
    } else {
        reader_fail(reader, STATUS_MALFORMED);
    }
    if (!isfinite(value))
        reader_fail(reader, STATUS_MALFORMED);
    return reader->status == STATUS_OK ? value : 0;
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool utf8_valid(struct bytes text)
{
    for (size_t i = 0; i < text.length;) {
        uint8_t lead = text.data[i++];
        if (lead < 0x80)
            continue;
        uint8_t low = 0x80, high = 0xbf; /* of the second byte */
        size_t rest;
        if (lead >= 0xc2 && lead <= 0xdf) {
            rest = 1;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            rest = 2;
            low = lead == 0xe0 ? 0xa0 : low;
            high = lead == 0xed ? 0x9f : high;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            rest = 3;
            low = lead == 0xf0 ? 0x90 : low;
            high = lead == 0xf4 ? 0x8f : high;
        } else {
            return false;
        }
        if (rest > text.length - i || text.data[i] < low || text.data[i] > high)
            return false;
        for (size_t k = 1; k < rest; k++)
            if ((text.data[i + k] & 0xc0) != 0x80)
                return false;
        i += rest;
    }
    return true;
}

struct bytes read_string(struct reader *reader)
{
    uint8_t head = take_head(reader);
    size_t length = 0;
    if (head >= 0xa0 && head <= 0xbf)
        length = head & 0x1f;
    else if (head >= 0xd9 && head <= 0xdb)
        length = take_natural(reader, (size_t)1 << (head - 0xd9));
    else
        reader_fail(reader, STATUS_MALFORMED);
    struct bytes text = {take(reader, length), length};
    if (text.data != NULL && !utf8_valid(text))
        reader_fail(reader, STATUS_MALFORMED);
    return reader->status == STATUS_OK ? text : (struct bytes){NULL, 0};
}

struct bytes read_binary(struct reader *reader)
{
    uint8_t head = take_head(reader);
    size_t length = 0;
    if (head >= 0xc4 && head <= 0xc6)
        length = take_natural(reader, (size_t)1 << (head - 0xc4));
    else
        reader_fail(reader, STATUS_MALFORMED);
    struct bytes data = {take(reader, length), length};
    return reader->status == STATUS_OK ? data : (struct bytes){NULL, 0};
}

/* A count of elements that each take at least `least` bytes: more cannot follow. */
static uint32_t bounded_count(struct reader *reader, uint64_t count, size_t least)
{
    if (reader->status == STATUS_OK && count > (reader->length - reader->at) / least)
        reader->status = STATUS_TRUNCATED;
    return reader->status == STATUS_OK ? (uint32_t)count : 0;
}

uint32_t read_array(struct reader *reader)
{
    uint8_t head = take_head(reader);
    if (head >= 0x90 && head <= 0x9f)
        return bounded_count(reader, head & 0x0f, 1);
    if (head == 0xdc || head == 0xdd)
        return bounded_count(reader, take_natural(reader, head == 0xdc ? 2 : 4), 1);
    reader_fail(reader, STATUS_MALFORMED);
    return 0;
}

uint32_t read_map(struct reader *reader)
{
    uint8_t head = take_head(reader);
    if (head >= 0x80 && head <= 0x8f)
        return bounded_count(reader, head & 0x0f, 2);
    if (head == 0xde || head == 0xdf)
        return bounded_count(reader, take_natural(reader, head == 0xde ? 2 : 4), 2);
    reader_fail(reader, STATUS_MALFORMED);
    return 0;
}

/* --- Values of clients ------------------------------------------------------------------------ */

static void walk_value(struct reader *reader, struct writer *writer, unsigned depth);

static void walk_map(struct reader *reader, struct writer *writer, unsigned depth)
{
    uint32_t count = read_map(reader);
    if (count > MAP_KEYS_MAX)
        reader_fail(reader, STATUS_MALFORMED);
    if (writer != NULL)
        pack_map(writer, count);
    struct bytes keys[MAP_KEYS_MAX];
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++) {
        keys[i] = read_string(reader);
        for (uint32_t k = 0; k < i; k++)
            if (bytes_equal(keys[k], keys[i]))
                reader_fail(reader, STATUS_MALFORMED);
        if (writer != NULL)
            pack_string(writer, keys[i]);
        walk_value(reader, writer, depth + 1);
    }
}

/* Reads one value; writes its canonical form when there is a writer. Recursion is bounded by
 * VALUE_DEPTH_MAX. */
static void walk_value(struct reader *reader, struct writer *writer, unsigned depth)
{
    if (depth >= VALUE_DEPTH_MAX) {
        reader_fail(reader, STATUS_MALFORMED);
        return;
    }
    switch (read_type(reader)) {
    case PACK_NIL:
        read_nil(reader);
        if (writer != NULL)
            pack_nil(writer);
        return;
    case PACK_BOOL: {
        bool value = read_bool(reader);
        if (writer != NULL)
            pack_bool(writer, value);
        return;
    }
    case PACK_INTEGER: {
        int64_t value = read_integer_in(reader, -INTEGER_MAX, INTEGER_MAX);
        if (writer != NULL)
            pack_integer(writer, value);
        return;
    }
    case PACK_FLOAT: {
        double value = read_double(reader);
        if (writer != NULL)
            pack_double(writer, value);
        return;
    }
    case PACK_STRING: {
        struct bytes text = read_string(reader);
        if (writer != NULL)
            pack_string(writer, text);
        return;
    }
    case PACK_BINARY: {
        struct bytes data = read_binary(reader);
        if (writer != NULL)
            pack_binary(writer, data);
        return;
    }
    case PACK_ARRAY: {
        uint32_t count = read_array(reader);
        if (writer != NULL)
            pack_array(writer, count);
        bool flat = writer == NULL && depth + 1 < VALUE_DEPTH_MAX;
        for (uint32_t i = flat ? read_short_integers(reader, count) : 0;
             i < count && reader->status == STATUS_OK; i++)
            walk_value(reader, writer, depth + 1);
        return;
    }
    case PACK_MAP:
        walk_map(reader, writer, depth);
        return;
    case PACK_BAD:
        reader_fail(reader, reader->at == reader->length ? STATUS_TRUNCATED : STATUS_MALFORMED);
    }
}

struct bytes read_value(struct reader *reader)
{
    size_t from = reader->at;
    if (read_short_integers(reader, 1) == 0)
        walk_value(reader, NULL, 0);
    if (reader->status != STATUS_OK)
        return (struct bytes){NULL, 0};
    return (struct bytes){reader->data + from, reader->at - from};
}

void value_canonical(struct reader *reader, struct writer *writer)
{
    walk_value(reader, writer, 0);
}
