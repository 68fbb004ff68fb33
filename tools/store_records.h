/* store_records.h - records of a room as lines of JSON. */
#ifndef TOOLS_STORE_RECORDS_H
#define TOOLS_STORE_RECORDS_H

#include "sync/state.h"

#include <stdio.h>

/* Fields from `first` on, as an object of JSON. */
void record_write_values(FILE *out,
                         const struct collection *collection,
                         const struct record *record,
                         int first);

/* A record or an event, and a line's end; `member` is the only one who sees it, 0 for none. */
void record_write(FILE *out,
                  const struct schema *schema,
                  const struct record *record,
                  uint32_t member);

/* 64 hex digits of a file's hash, quoted. */
void hash_write(FILE *out, const uint8_t *hash);

#endif
