/* archive_scores.h - scores on boards: the archive's table `score`. See struct store. */
#ifndef PERSISTENCE_ARCHIVE_SCORES_H
#define PERSISTENCE_ARCHIVE_SCORES_H

#include "persistence/archive_table.h"

#define ARCHIVE_SCORES_SQL                                                                         \
    "CREATE TABLE score(id INTEGER PRIMARY KEY, board BLOB NOT NULL, high INTEGER NOT NULL,"       \
    " name BLOB NOT NULL, score INTEGER NOT NULL, at_ms INTEGER NOT NULL, details BLOB NOT NULL,"  \
    " checksum INTEGER NOT NULL, UNIQUE(board, high, name)) STRICT"

extern const struct archive_table archive_score_table;

MUST_CHECK enum store_result
archive_scores_write(struct archive *archive, const struct store_score *scores, size_t count);
MUST_CHECK enum store_result
archive_scores_each(struct archive *archive, store_score_visitor *visitor, void *context);

#endif
