/* json.h - values of rooms as JSON.
 *
 * A string is written so that no byte of it means anything to whatever reads the text: control
 * characters and `<`, `>`, `&` are escaped. Binary becomes a string of hex digits, since JSON has none.
 */
#ifndef SERVER_JSON_H
#define SERVER_JSON_H

#include "sync/pack.h"

#include <stdio.h>

/* UTF-8, in quotes. */
void json_write_string(FILE *out, struct bytes text);

/* The next value of the reader, which is one that read_value() takes; null for anything else. */
void json_write_value(FILE *out, struct reader *reader);

#endif
