/* table.h - rows for people to read, with columns as wide as what is in them.
 *
 *   static const char *const heads[] = {"room", "ticks"};
 *   struct table *table = table_create(heads, 2);
 *   print_into(table_cell(table));  fprintf(table_cell(table), "%d", 5);      row by row
 *   table_print(table, stdout);
 *   table_free(table);
 *
 * What people wrote cannot move the cursor: control characters show as blanks.
 *
 * Limits     a cell shows TABLE_CELL_MAX characters at most.
 * Errors     without memory there is nothing to print: table_create() gives NULL, which the others take.
 */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include <stdio.h>

#define TABLE_COLUMNS_MAX 12
#define TABLE_CELL_MAX    100

struct table *table_create(const char *const *heads, int columns);

/* Where the next cell is written, from left to right and row by row; good until the next call. */
FILE *table_cell(struct table *table);

void table_print(struct table *table, FILE *out);
void table_free(struct table *table);

/* A text on one line, cut to so many characters; how many were written. */
size_t table_write_plain(FILE *out, const char *text, size_t length, size_t most);

/* The same, with blanks behind it up to a width; a longer one is not cut. */
void table_write_padded(FILE *out, const char *text, size_t width);

#endif
