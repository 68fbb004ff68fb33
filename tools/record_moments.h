/* record_moments.h - what a live room was at some moments of its life, so that whoever reads its recording
 * can tell whether it comes out the same.
 *
 *   moments_open(&moments, "moments.txt", frames, seed)
 *   moments_note(&moments, room);          at the end of each tick in which a frame is due
 *   moments_close(&moments)
 *
 * RECORD_MOMENTS of them, by chance, and any is as likely as any other. The file has a line for each: its
 * tick and incarnation, and as hexadecimal numbers the hash of all that members see, presence too, and the
 * hash of all that is kept, the rules' memory too (sync/hash.h).
 *
 * Errors     false with errno.
 */
#ifndef TOOLS_RECORD_MOMENTS_H
#define TOOLS_RECORD_MOMENTS_H

#include <stdio.h>

#include "sync/room.h"

#define RECORD_MOMENTS 200u

struct moments {
    FILE *file; /* NULL: none are noted */
    uint64_t random;
    uint64_t left, wanted; /* moments that are to come, and how many of them are to be noted */
};

/* So many moments come at least. */
MUST_CHECK bool
moments_open(struct moments *moments, const char *path, uint64_t count, uint64_t seed);
void moments_note(struct moments *moments, const struct room *room);

/* False when not all of them were written. */
MUST_CHECK bool moments_close(struct moments *moments);

/* What members see of a room, and those who look at a recording of it: everything but its rules' memory. */
uint64_t room_hash_seen(const struct room *room);

#endif
