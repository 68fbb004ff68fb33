/* salvage.h - opening files that may be damaged: what can be read is kept, nothing is deleted.
 *
 * A damaged file is renamed to `<name>.corrupt-<n>`, its WAL with it, when all that can be read of
 * it stands in a new file. A room that lost something comes back quarantined, with the reason.
 */
#ifndef PERSISTENCE_SALVAGE_H
#define PERSISTENCE_SALVAGE_H

#include "persistence/archive.h"
#include "persistence/journal.h"

/* What was salvaged, for people; stays empty where all was well. */
struct salvage_report {
    char *text;
    size_t capacity;
};

MUST_CHECK enum store_result salvage_archive_open(struct archive *archive,
                                                  const struct sqlite_place *place,
                                                  struct salvage_report *report);

/* Replaces the archive, which nobody has open, by what can be read of it. */
MUST_CHECK enum store_result salvage_archive(const struct sqlite_place *place,
                                             struct salvage_report *report);

/* The archive's store: a journal of another one is refused. */
MUST_CHECK enum store_result salvage_journal_open(struct journal *journal,
                                                  const struct sqlite_place *place,
                                                  const uint8_t store[STORE_ID_BYTES],
                                                  struct salvage_report *report);

#endif
