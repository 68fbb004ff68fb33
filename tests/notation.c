#include "tests/notation.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *at)
{
    fprintf(stderr, "notation: cannot read \"%s\"\n", at);
    abort();
}

static const char *skip_spaces(const char *at)
{
    while (*at == ' ' || *at == '\n')
        at++;
    return at;
}

static const char *pack_text(struct writer *writer, const char *at)
{
    const char *end = strchr(at + 1, '\'');
    if (end == NULL)
        fail(at);
    pack_string(writer, (struct bytes){(const uint8_t *)at + 1, (size_t)(end - at - 1)});
    return end + 1;
}

static const char *pack_hex(struct writer *writer, const char *at)
{
    uint8_t data[256];
    size_t length = 0;
    for (at++; isxdigit((unsigned char)at[0]) && isxdigit((unsigned char)at[1]); at += 2) {
        char digits[3] = {at[0], at[1], 0};
        if (length == sizeof data)
            fail(at);
        data[length++] = (uint8_t)strtoul(digits, NULL, 16);
    }
    pack_binary(writer, (struct bytes){data, length});
    return at;
}

static const char *pack_number(struct writer *writer, const char *at)
{
    char *end, *float_end;
    long long number = strtoll(at, &end, 10);
    double real = strtod(at, &float_end);
    if (end == at)
        fail(at);
    if (float_end > end) {
        pack_double(writer, real);
        return float_end;
    }
    pack_integer(writer, number);
    return end;
}

static const char *pack_one(struct writer *writer, const char *at);

/* How many there are is known at the end: they are packed twice. */
static const char *pack_pairs(struct writer *writer, const char *at)
{
    uint32_t values = 0;
    const char *end = skip_spaces(at);
    for (struct writer counted = writer_on(NULL, 0); *end != '}';
         end = skip_spaces(end), values++) {
        if (*end == 0)
            fail(at);
        end = pack_one(&counted, end);
    }
    if (values % 2 != 0)
        fail(at);
    pack_map(writer, values / 2);
    for (uint32_t i = 0; i < values; i++)
        at = pack_one(writer, skip_spaces(at));
    return end + 1;
}

static const char *pack_one(struct writer *writer, const char *at)
{
    if (*at == '\'')
        return pack_text(writer, at);
    if (*at == 'x')
        return pack_hex(writer, at);
    if (strncmp(at, "nil", 3) == 0) {
        pack_nil(writer);
        return at + 3;
    }
    if (strncmp(at, "true", 4) == 0) {
        pack_bool(writer, true);
        return at + 4;
    }
    if (strncmp(at, "false", 5) == 0) {
        pack_bool(writer, false);
        return at + 5;
    }
    if (*at == '{')
        return pack_pairs(writer, at + 1);
    if (*at != '[')
        return pack_number(writer, at);
    struct open_array array = pack_array_begin(writer);
    for (at = skip_spaces(at + 1); *at != ']'; at = skip_spaces(at)) {
        if (*at == 0)
            fail(at);
        at = pack_one(writer, at);
    }
    pack_array_end(writer, array);
    return at + 1;
}

uint32_t notation_pack(struct writer *writer, const char *line)
{
    uint32_t before = writer->items;
    for (line = skip_spaces(line); *line != 0; line = skip_spaces(line))
        line = pack_one(writer, line);
    if (writer->status != STATUS_OK)
        fail("too long a line");
    return writer->items - before;
}
