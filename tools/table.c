#include "tools/table.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Between cells; what people wrote has none, since it shows as a blank. */
#define CELL_END '\0'
#define GAP      2

struct table {
    const char *const *heads;
    int columns;
    FILE *cells;
    char *text;
    size_t length;
    size_t count; /* cells begun */
};

struct table *table_create(const char *const *heads, int columns)
{
    assert(columns <= TABLE_COLUMNS_MAX);
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    *table = (struct table){.heads = heads, .columns = columns};
    table->cells = open_memstream(&table->text, &table->length);
    if (table->cells == NULL) {
        free(table);
        return NULL;
    }
    return table;
}

FILE *table_cell(struct table *table)
{
    if (table == NULL)
        return stderr;
    if (table->count++ > 0)
        putc(CELL_END, table->cells);
    return table->cells;
}

static bool is_control(char letter)
{
    return (unsigned char)letter < 0x20 || letter == 0x7f;
}

/* Bytes that go on with a character of UTF-8 take no place of their own. */
static bool goes_on(char letter)
{
    return ((unsigned char)letter & 0xc0) == 0x80;
}

/* U+0080 to U+009F, of two bytes: a terminal may take one for the beginning of an order. */
static bool is_long_control(const char *text, size_t left)
{
    return left > 1 && (unsigned char)text[0] == 0xc2 && ((unsigned char)text[1] & 0xe0) == 0x80;
}

size_t table_write_plain(FILE *out, const char *text, size_t length, size_t most)
{
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < length; i++)
        all += !goes_on(text[i]);
    for (size_t i = 0; i < length; i++) {
        shown += !goes_on(text[i]);
        if (all > most && shown >= most) {
            fputs("…", out);
            return most;
        }
        bool is_long = is_long_control(text + i, length - i);
        putc(is_long || is_control(text[i]) ? ' ' : text[i], out);
        i += is_long;
    }
    return shown;
}

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += !goes_on(*text);
    return width < TABLE_CELL_MAX ? width : TABLE_CELL_MAX;
}

static void write_cell(FILE *out, const char *text, size_t width, bool is_last)
{
    size_t shown = table_write_plain(out, text, strlen(text), TABLE_CELL_MAX);
    for (; !is_last && shown < width + GAP; shown++)
        putc(' ', out);
    if (is_last)
        putc('\n', out);
}

void table_write_padded(FILE *out, const char *text, size_t width)
{
    size_t shown = table_write_plain(out, text, strlen(text), SIZE_MAX);
    for (; shown < width; shown++)
        putc(' ', out);
}

static const char *next_cell(const char *cell)
{
    return cell + strlen(cell) + 1;
}

void table_print(struct table *table, FILE *out)
{
    size_t widths[TABLE_COLUMNS_MAX];
    if (table == NULL)
        return;
    fflush(table->cells);
    for (int i = 0; i < table->columns; i++)
        widths[i] = width_of(table->heads[i]);
    const char *cell = table->text;
    for (size_t i = 0; i < table->count; i++, cell = next_cell(cell)) {
        size_t *width = &widths[i % (size_t)table->columns];
        *width = width_of(cell) > *width ? width_of(cell) : *width;
    }
    for (int i = 0; i < table->columns; i++)
        write_cell(out, table->heads[i], widths[i], i + 1 == table->columns);
    cell = table->text;
    for (size_t i = 0; i < table->count; i++, cell = next_cell(cell)) {
        size_t column = i % (size_t)table->columns;
        write_cell(out, cell, widths[column], column + 1 == (size_t)table->columns);
    }
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    fclose(table->cells);
    free(table->text);
    free(table);
}
