/* salvage_parts.h - what salvaging the journal and the archive have in common. */
#ifndef PERSISTENCE_SALVAGE_PARTS_H
#define PERSISTENCE_SALVAGE_PARTS_H

#include "persistence/salvage.h"

/* Adds a sentence to the report. */
__attribute__((format(printf, 2, 3))) void
salvage_tell(struct salvage_report *report, const char *format, ...);

/* True when the folder has a file of this name that is not empty. */
bool salvage_exists(const struct sqlite_place *place, const char *name);

/* Deletes a file of SQLite's and what SQLite keeps beside it. */
void salvage_delete(const struct sqlite_place *place, const char *name);

/* Renames it to "<name>.corrupt-<n>", with the first n that is free, and its WAL likewise: so that
 * the two are still one database. One whose file is gone already has only its WAL renamed. */
MUST_CHECK enum store_result salvage_set_aside(const struct sqlite_place *place,
                                               const char *name,
                                               char aside[SQLITE_FILE_NAME_MAX]);
MUST_CHECK enum store_result
salvage_rename(const struct sqlite_place *place, const char *from, const char *to);
MUST_CHECK enum store_result salvage_sync_folder(const struct sqlite_place *place);

/* False when commits in the middle of its WAL were damaged: what SQLite would read is older than
 * what was written. Only where every commit is synced can that be told from a power cut. */
bool salvage_log_is_sound(const struct sqlite_place *place, const char *name);

/* False where the first page says that pages are laid out otherwise than ours. */
bool salvage_form_is_sound(const struct sqlite_place *place, const char *name);

/* Copies the file, with the pages of its WAL in their places. `model`, unless NULL, gives the first
 * page: an empty file of the same format, which has the same tables at the same pages, so that a
 * damaged header or schema does not cost the rows. */
MUST_CHECK enum store_result salvage_copy(const struct sqlite_place *place,
                                          const char *name,
                                          const char *model,
                                          const char *copy);

MUST_CHECK enum store_result salvage_journal(const struct sqlite_place *place,
                                             const uint8_t store[STORE_ID_BYTES],
                                             struct salvage_report *report);

/* The second half of salvage_archive(): what was built takes the damaged file's place. Also after a
 * crash in its middle. */
#define ARCHIVE_SALVAGED "archive.db-salvaged"
MUST_CHECK enum store_result salvage_archive_finish(const struct sqlite_place *place,
                                                    char aside[SQLITE_FILE_NAME_MAX]);

#endif
