/* log_piece.h - a piece of a log or of a track, or a snapshot, as it is kept: packed, or as the engine wrote it.
 *
 *   struct log_piece piece;
 *   enum status status = log_piece_open(&piece, stored);
 *   if (status == STATUS_OK) read piece.entries
 *   log_piece_close(&piece);
 *
 * Ownership  what was kept as it is is a view into the stored bytes.
 * Errors     those of log_unpack(); the piece is empty then, and may be closed.
 */
#ifndef SYNC_LOG_PIECE_H
#define SYNC_LOG_PIECE_H

#include "sync/log_pack.h"

struct log_piece {
    struct bytes entries;
    uint8_t *unpacked; /* NULL: they were not packed */
};

MUST_CHECK enum status log_piece_open(struct log_piece *piece, struct bytes stored);
void log_piece_close(struct log_piece *piece);

/* What is longer is kept as it is: packing takes some 16 times the memory of what is packed. */
#define LOG_PIECE_PACKED_MAX (8u << 20)

/* The bytes as they are to be kept: packed by log_pack() or snapshot_pack(), *owned then the caller's to free;
 * else, where they would not become shorter or there is no memory, as they are. */
typedef bool
log_piece_packer(const struct memory *memory, struct bytes bytes, struct writer *writer);
struct bytes log_piece_pack(struct bytes bytes, log_piece_packer *pack, uint8_t **owned);

#endif
