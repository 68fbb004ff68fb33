/* sqlite_log.h - whether a WAL lost commits in its middle.
 *
 * SQLite takes the first frame that does not check for the end of the log, and what follows is gone
 * without a word. After a power cut that is right: where every commit is synced, only the last one
 * can be incomplete. When two commits end behind such a frame, the first of them had been synced
 * when the second was written: the frame has been damaged since.
 *
 * Source     SQLite's file format, section "The Write-Ahead Log".
 */
#ifndef PERSISTENCE_SQLITE_LOG_H
#define PERSISTENCE_SQLITE_LOG_H

#include "persistence/store.h"

/* Looks at "<path>-wal", before SQLite does. STORE_DAMAGED, with a place that begins with `name`;
 * STORE_OK for a log that is sound, cut short, empty or not there. */
MUST_CHECK enum store_result sqlite_log_check(const char *path, const char *name);

/* Writes the pages of "<path>-wal" into the file `fd`, as a checkpoint would, up to the last commit;
 * and does so with frames that do not check as well. Rows have checksums of their own, so that a
 * damaged page costs what is on it, and not all that came after. */
MUST_CHECK enum store_result sqlite_log_apply(const char *path, int fd);

#endif
