/* json.h - packed values and texts as JSON, on one line.
 *
 *   json_text(stdout, name, length); putchar(':'); json_packed(stdout, packed);
 *
 * Binary becomes {"base64":"..."}. What is not well-formed becomes null.
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stddef.h>
#include <stdio.h>

#include "clients/c/tutti.h"
#include "sync/base.h"

void json_text(FILE *out, const char *text, size_t length);
void json_number(FILE *out, double number);
void json_base64(FILE *out, struct bytes data); /* the letters alone */
void json_packed(FILE *out, struct bytes packed);

/* Lists become arrays. */
void json_value(FILE *out, struct tutti_value value);

#endif
