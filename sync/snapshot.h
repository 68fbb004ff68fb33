/* snapshot.h - everything that a room is, as bytes; and a room made from them again.
 *
 * Kept: names, records with their stamps, authors and lists, tombstones, events, private scopes,
 * what is remembered of client keys, the random stream, timers, the tick. Not kept: seats and
 * presence, whose scope takes one more stamp and a horizon there, so that a place from before is
 * never mistaken for one from after.
 *
 * Errors     reading takes bytes from a disk: damage gives a status, never an assert.
 */
#ifndef SYNC_SNAPSHOT_H
#define SYNC_SNAPSHOT_H

#include "sync/room.h"

/* Bytes that snapshot_write() takes. */
size_t snapshot_bytes(const struct room *room);

void snapshot_write(const struct room *room, struct writer *writer);

/* A room as it was; rules, limits and memory come from the options, incarnation, seed of the index
 * and all else as noted there. NULL with a status: KIND when it is another kind's or the kind's
 * names have changed, MEMORY, else the bytes are damaged. */
struct room *
snapshot_read(const struct room_options *options, struct bytes bytes, enum status *status);

#endif
