#include "tools/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "sync/pack.h"

void json_text(FILE *out, const char *text, size_t length)
{
    putc('"', out);
    for (size_t i = 0; i < length; i++) {
        unsigned char letter = (unsigned char)text[i];
        if (letter == '"' || letter == '\\')
            fprintf(out, "\\%c", letter);
        else if (letter == '\n')
            fputs("\\n", out);
        else if (letter < 0x20 || letter == 0x7f)
            fprintf(out, "\\u%04x", letter);
        else
            putc(letter, out);
    }
    putc('"', out);
}

/* Up to here whole numbers are written as people write them. */
#define WHOLE_MAX 1e15

/* The shortest of the forms that read back as the same number. */
void json_number(FILE *out, double number)
{
    char text[40];
    if (fabs(number) < WHOLE_MAX && number == floor(number)) {
        fprintf(out, "%.0f", number);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    fputs(text, out);
}

void json_base64(FILE *out, struct bytes data)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < data.length; i += 3) {
        size_t left = data.length - i;
        uint32_t bits = (uint32_t)data.data[i] << 16;
        bits |= left > 1 ? (uint32_t)data.data[i + 1] << 8 : 0;
        bits |= left > 2 ? data.data[i + 2] : 0;
        putc(letters[bits >> 18], out);
        putc(letters[bits >> 12 & 63], out);
        putc(left > 1 ? letters[bits >> 6 & 63] : '=', out);
        putc(left > 2 ? letters[bits & 63] : '=', out);
    }
}

static void write_binary(FILE *out, struct bytes data)
{
    fputs("{\"base64\":\"", out);
    json_base64(out, data);
    fputs("\"}", out);
}

static void write_next(FILE *out, struct reader *reader);

static void write_map(FILE *out, struct reader *reader)
{
    uint32_t count = read_map(reader);
    putc('{', out);
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++) {
        struct bytes key = read_string(reader);
        fputs(i > 0 ? "," : "", out);
        json_text(out, (const char *)key.data, key.length);
        putc(':', out);
        write_next(out, reader);
    }
    putc('}', out);
}

/* Values come through read_value() first, so that their depth is bounded. */
static void write_next(FILE *out, struct reader *reader)
{
    struct bytes bytes;
    switch (read_type(reader)) {
    case PACK_NIL:
        read_nil(reader);
        fputs("null", out);
        break;
    case PACK_BOOL:
        fputs(read_bool(reader) ? "true" : "false", out);
        break;
    case PACK_INTEGER:
        fprintf(out, "%" PRId64, read_integer(reader));
        break;
    case PACK_FLOAT:
        json_number(out, read_double(reader));
        break;
    case PACK_STRING:
        bytes = read_string(reader);
        json_text(out, (const char *)bytes.data, bytes.length);
        break;
    case PACK_BINARY:
        write_binary(out, read_binary(reader));
        break;
    case PACK_ARRAY: {
        uint32_t count = read_array(reader);
        putc('[', out);
        for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i++) {
            fputs(i > 0 ? "," : "", out);
            write_next(out, reader);
        }
        putc(']', out);
        break;
    }
    case PACK_MAP:
        write_map(out, reader);
        break;
    case PACK_BAD:
        fputs("null", out);
        break;
    }
}

void json_packed(FILE *out, struct bytes packed)
{
    struct reader check = reader_on(packed);
    (void)read_value(&check);
    if (reader_end(&check) != STATUS_OK) {
        fputs("null", out);
        return;
    }
    struct reader reader = reader_on(packed);
    write_next(out, &reader);
}

void json_value(FILE *out, struct tutti_value value)
{
    struct tutti_value item;
    switch (value.type) {
    case TUTTI_NIL:
        fputs("null", out);
        break;
    case TUTTI_BOOL:
        fputs(value.boolean ? "true" : "false", out);
        break;
    case TUTTI_INTEGER:
        fprintf(out, "%" PRId64, value.integer);
        break;
    case TUTTI_REAL:
        json_number(out, value.real);
        break;
    case TUTTI_TEXT:
        json_text(out, value.data, value.length);
        break;
    case TUTTI_BINARY:
        write_binary(out, (struct bytes){value.data, value.length});
        break;
    case TUTTI_PACKED:
        json_packed(out, (struct bytes){value.data, value.length});
        break;
    case TUTTI_ITEMS:
        putc('[', out);
        for (bool first = true; tutti_item_next(&value, &item); first = false) {
            fputs(first ? "" : ",", out);
            json_value(out, item);
        }
        putc(']', out);
        break;
    }
}
