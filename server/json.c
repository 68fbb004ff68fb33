#include "server/json.h"

#include "sync/limits.h"

#include <inttypes.h>

void json_write_string(FILE *out, struct bytes text)
{
    putc('"', out);
    for (size_t i = 0; i < text.length; i++) {
        uint8_t byte = text.data[i];
        if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f || byte == '<' || byte == '>' || byte == '&')
            fprintf(out, "\\u%04x", byte);
        else
            putc(byte, out);
    }
    putc('"', out);
}

static void binary(FILE *out, struct bytes data)
{
    putc('"', out);
    for (size_t i = 0; i < data.length; i++)
        fprintf(out, "%02x", data.data[i]);
    putc('"', out);
}

static void value(FILE *out, struct reader *reader, uint32_t depth);

static void array(FILE *out, struct reader *reader, uint32_t depth)
{
    uint32_t count = read_array(reader);
    putc('[', out);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            putc(',', out);
        value(out, reader, depth);
    }
    putc(']', out);
}

static void map(FILE *out, struct reader *reader, uint32_t depth)
{
    uint32_t count = read_map(reader);
    putc('{', out);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            putc(',', out);
        json_write_string(out, read_string(reader));
        putc(':', out);
        value(out, reader, depth);
    }
    putc('}', out);
}

static void value(FILE *out, struct reader *reader, uint32_t depth)
{
    enum pack_type type = depth <= VALUE_DEPTH_MAX ? read_type(reader) : PACK_BAD;
    switch (type) {
    case PACK_BOOL:
        fputs(read_bool(reader) ? "true" : "false", out);
        return;
    case PACK_INTEGER:
        fprintf(out, "%" PRId64, read_integer(reader));
        return;
    case PACK_FLOAT:
        fprintf(out, "%.17g", read_double(reader));
        return;
    case PACK_STRING:
        json_write_string(out, read_string(reader));
        return;
    case PACK_BINARY:
        binary(out, read_binary(reader));
        return;
    case PACK_ARRAY:
        array(out, reader, depth + 1);
        return;
    case PACK_MAP:
        map(out, reader, depth + 1);
        return;
    case PACK_NIL:
        read_nil(reader);
        break;
    case PACK_BAD:
        reader_fail(reader, STATUS_MALFORMED);
        break;
    }
    fputs("null", out);
}

void json_write_value(FILE *out, struct reader *reader)
{
    value(out, reader, 0);
}
