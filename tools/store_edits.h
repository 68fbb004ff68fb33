/* store_edits.h - what somebody did to a room's records, edit by edit, for people and for programs.
 *
 *   struct edits_told told = edits_of(operation, schema);
 *   struct edit_told edit;
 *   while (edits_next(&told, &edit))
 *       edit_write_values(stdout, &edit);
 *
 * Names that an operation has by number come from the schema, which may be NULL. Fixed-point numbers are
 * told as pages see them.
 */
#ifndef TOOLS_STORE_EDITS_H
#define TOOLS_STORE_EDITS_H

#include "sync/operation_parts.h"

#include <stdio.h>

struct edits_told {
    struct reader reader;
    uint32_t left;
    const struct schema *schema;
};

struct edit_told {
    struct edit edit;
    const char *verb;
    struct bytes target; /* name of the collection or the event; empty: by number, and not known */
    const struct collection *collection; /* NULL: not known, or an event */
};

struct edits_told edits_of(struct bytes operation, const struct schema *schema);
bool edits_next(struct edits_told *told, struct edit_told *edit);

/* The target's name, or its number as a text, as JSON. */
void edit_write_target(FILE *out, const struct edit_told *edit);

/* As JSON: fields with their values, a list with what was added to it, an event's value, nil for a delete. */
void edit_write_values(FILE *out, const struct edit_told *edit);

/* A value of a field, which may be NULL, as JSON. */
void field_write_value(FILE *out, const struct field *field, struct bytes packed);

/* All edits of an operation, as an array of JSON. */
void operation_write(FILE *out, struct bytes operation, const struct schema *schema);

#endif
