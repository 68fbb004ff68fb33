/* log_pack.h - a piece of a log or of a track, or a snapshot, in few bytes; to the byte the same again.
 *
 *   size_t capacity = log_pack_bytes_max(entries.length);
 *   struct writer writer = writer_on(buffer, capacity);
 *   if (!log_pack(&memory, entries, &writer)) keep the entries as they are
 *
 *   if (!snapshot_pack(&memory, snapshot, &writer)) likewise
 *
 *   if (log_is_packed(bytes)) status = log_unpack(&memory, bytes, &entries, &length);
 *   memory_release(&memory, entries);
 *
 * A log says the same things over and over: who wrote which fields, and numbers near those that
 * stood there before. A packed piece says each of these once, puts the numbers of each field beside one
 * another as differences, and deflates what is left. sync/README.md, "Packed logs", is the format.
 *
 * Pieces     whole entries, any number of them. What is no entry of today is carried as it stands, as
 *            long as it is msgpack. Each piece is packed for itself. A snapshot is a piece: its records
 *            stand beside one another as acts do.
 * Errors     log_unpack() takes hostile bytes: TRUNCATED and MALFORMED where they are damaged, KIND of a
 *            version that is not known here, LIMIT where it would be longer than LOG_PACK_BYTES_MAX,
 *            MEMORY. What it gives is what was packed: a hash over it stands in the piece.
 * Ownership  what log_unpack() gives is the caller's, to be released to the same memory.
 * Cost       some 16 times the piece in memory while it is packed, three times while it is unpacked.
 */
#ifndef SYNC_LOG_PACK_H
#define SYNC_LOG_PACK_H

#include "sync/pack.h"

/* A longer piece is not packed: it holds a room's whole state, which deflates as well by itself. */
#define LOG_PACK_BYTES_MAX (64u << 20)

/* A byte that no msgpack begins with, and the version of what is behind it. */
#define LOG_PACK_MARK    0xc1u
#define LOG_PACK_VERSION 3u

/* That of what is no entries, but acts alone: a snapshot. And one that is still read. */
#define LOG_PACK_VERSION_ACTS 2u
#define LOG_PACK_VERSION_OLD  1u

/* Most bytes that log_pack() writes for a piece so long. */
size_t log_pack_bytes_max(size_t length);

/* Writes the piece packed. False, and nothing is written: it would not be shorter, it is no log, it is too
 * long, or there is no memory. */
MUST_CHECK bool log_pack(const struct memory *memory, struct bytes entries, struct writer *writer);

/* The same of a snapshot, which is no longer than LOG_PACK_BYTES_MAX either. */
MUST_CHECK bool
snapshot_pack(const struct memory *memory, struct bytes snapshot, struct writer *writer);

/* Whether the bytes begin as those of log_pack() do; no log and no snapshot does. */
bool log_is_packed(struct bytes bytes);

/* How long a piece, packed or not, is when it is not; 0 where it is too damaged to say so. */
size_t log_piece_length(struct bytes piece);

/* The piece again. On any other status than OK nothing is given. */
MUST_CHECK enum status
log_unpack(const struct memory *memory, struct bytes packed, uint8_t **entries, size_t *length);

#endif
