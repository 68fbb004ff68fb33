/* checksum.h - what tells a row that was written from one that has changed since.
 *
 * XXH3, 64 bits, of a row's bytes, seeded with that of what names the row: a row that strays to
 * another place does not check there.
 */
#ifndef PERSISTENCE_CHECKSUM_H
#define PERSISTENCE_CHECKSUM_H

#include "sync/base.h"

#define CHECKSUM_NUMBERS_MAX 12u

/* Of the numbers, 8 bytes each, lowest first, then the name, then the bytes, each seeded with the
 * one before. */
uint64_t checksum(const uint64_t numbers[], size_t count, struct bytes name, struct bytes bytes);

#endif
