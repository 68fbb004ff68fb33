/* snapshot.h - everything that a room is, as bytes; and a room made from them again.
 *
 *   size_t length = snapshot_bytes(room);
 *   struct writer writer = writer_on(buffer, length);  snapshot_write(room, &writer);
 *   room = snapshot_read(&options, writer_bytes(&writer), &status);
 *
 * Kept: names, records with their stamps, authors and lists, tombstones, events, private scopes,
 * what is remembered of client keys, the random stream, timers, the rules' memory, the tick, the
 * incarnation. A room
 * made from it goes on as the one that was written would have: the same inputs lead to the same
 * state, stamps and slots, and places that clients hold stay good.
 * Not kept: seats, whose clients have left (rules->left is not called; a replay goes on with them,
 * and with the inputs in force), what waits in the inbox, and presence: its scope takes one more
 * stamp and a horizon there, so that a place from before is never mistaken for one from after.
 *
 * Errors     reading takes bytes from a disk: damage gives a status, never an assert, and no more
 *            memory than a fixed multiple of the bytes.
 * Format     one msgpack stream that begins with its version; snapshot.c says what follows.
 */
#ifndef SYNC_SNAPSHOT_H
#define SYNC_SNAPSHOT_H

#include "sync/room.h"

/* Bytes that snapshot_write() takes. */
size_t snapshot_bytes(const struct room *room);

void snapshot_write(const struct room *room, struct writer *writer);

/* Rules, limits, grace, memory and the seed of the indexes come from the options, all else from
 * the bytes; rules->created is not called. NULL with a status: KIND when the bytes are another
 * kind's or the names that the kind declares have changed, MEMORY, else the bytes are damaged. */
struct room *
snapshot_read(const struct room_options *options, struct bytes bytes, enum status *status);

#endif
