/* backup.h - copies of a store's folder, taken at rest or while a server writes to it.
 *
 *   char error[STORE_SQLITE_ERROR_MAX];
 *   if (store_sqlite_backup("data", "data-of-friday", progress, context, error) != STORE_OK)
 *       tell `error`
 *
 * A backup is a folder like the one it was taken from; a server could run on it. The journal is
 * copied before the archive: what is released in between is in the archive's copy, and what stands
 * in both is told of twice. Every room is whole as of some moment of the copying.
 *
 * The target must not exist, or be an empty folder. It appears under its name when it is complete
 * and synced; what was written of it until then is in "<target>.partial", which is removed when the
 * work fails or is stopped.
 */
#ifndef PERSISTENCE_BACKUP_H
#define PERSISTENCE_BACKUP_H

#include "persistence/store_sqlite.h"

/* Progress counts pages of 4 KiB, file by file; NULL for none. A stopped backup is STORE_FAILED. */
MUST_CHECK enum store_result store_sqlite_backup(const char *from,
                                                 const char *to,
                                                 store_progress *progress,
                                                 void *context,
                                                 char error[STORE_SQLITE_ERROR_MAX]);

/* A backup as a store of its own, with a new identity: members who saw what came after the backup
 * must not take its rooms for the ones that they knew, so every room's incarnation is raised, also of
 * one that only the journal knows, which gets a row in the archive for that. Reads all of it; on STORE_OK `error` tells what does not check, and is empty when everything does. */
MUST_CHECK enum store_result store_sqlite_restore(const char *from,
                                                  const char *to,
                                                  store_progress *progress,
                                                  void *context,
                                                  char error[STORE_SQLITE_ERROR_MAX]);

#endif
