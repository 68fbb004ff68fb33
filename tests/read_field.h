/* read_field.h - what a room holds, by the names of things. */
#ifndef TESTS_READ_FIELD_H
#define TESTS_READ_FIELD_H

#include "sync/room.h"

/* One field's value as msgpack, in the caller's buffer: its length, 0 when it is unset or its record is
 * not there. A record of presence is named by its member in decimal. */
size_t read_field(const struct room *room,
                  const char *collection,
                  uint32_t member,
                  const char *id,
                  const char *field,
                  uint8_t *buffer,
                  size_t capacity);

#endif
