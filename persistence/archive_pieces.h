/* archive_pieces.h - pieces of a room's recording, as retention drops them.
 *
 *   struct dropping dropping = {.archive = archive, .rows_max = 512};
 *   while (archive_piece_oldest(&dropping, &room, &piece) == STORE_OK && piece.sealed_ms < before_ms)
 *       result = archive_piece_drop(&dropping, &room, &piece);
 *
 * A piece lies between two snapshots: log, tracks, what is told of them, and the first snapshot, so that what
 * is left begins with one. What a pinned session needs stays. What lies behind the newest snapshot stays, but
 * for its tracks, which nobody needs to come back: each of them is a piece.
 */
#ifndef PERSISTENCE_ARCHIVE_PIECES_H
#define PERSISTENCE_ARCHIVE_PIECES_H

#include "persistence/archive_parts.h"
#include "persistence/retention.h"

struct dropping {
    struct archive *archive;
    struct retention_pins pins; /* of the room that is looked at */
    uint64_t freed;             /* bytes */
    uint64_t rows, rows_max;    /* that were dropped, and how many are enough for a call */
};

struct archive_piece {
    bool track;            /* one behind the newest snapshot */
    uint64_t after, up_to; /* ticks of the snapshots around it; of the track both its id */
    uint64_t sealed_ms;    /* all of it was, by then */
};

/* STORE_NOT_FOUND where nothing of the room may go. */
MUST_CHECK enum store_result archive_piece_oldest(struct dropping *dropping,
                                                  const struct archive_room *room,
                                                  struct archive_piece *piece);

/* All of it, but for what a call cannot do of a long one: that is a piece from then on. */
MUST_CHECK enum store_result archive_piece_drop(struct dropping *dropping,
                                                struct archive_room *room,
                                                const struct archive_piece *piece);

#endif
