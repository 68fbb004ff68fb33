/* notation.h - msgpack written as a line of text, so that a test reads like the wire document.
 *
 *   uint8_t buffer[256];
 *   struct writer writer = writer_on(buffer, sizeof buffer);
 *   notation_pack(&writer, "[10 3 9 1 1 0 'a' 5]");
 *
 * 12 -7 integers · 'text' strings · nil true false · [ ] arrays · { } maps, key and value in turn · x00ff binary · 1.5 floats
 *
 * Errors     a mistake in the notation is a mistake in the test: it aborts.
 */
#ifndef TESTS_NOTATION_H
#define TESTS_NOTATION_H

#include "sync/pack.h"

/* Packs all values of the line; returns how many there were at the top. */
uint32_t notation_pack(struct writer *writer, const char *line);

#endif
