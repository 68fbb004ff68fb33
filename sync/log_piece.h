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

#include "sync/base.h"

struct log_piece {
    struct bytes entries;
    uint8_t *unpacked; /* NULL: they were not packed */
};

MUST_CHECK enum status log_piece_open(struct log_piece *piece, struct bytes stored);
void log_piece_close(struct log_piece *piece);

#endif
