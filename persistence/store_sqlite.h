/* store_sqlite.h - a store in two SQLite files of one folder.
 *
 *   struct store_sqlite_options options = {.folder = "data", .sync = true};
 *   char error[STORE_SQLITE_ERROR_MAX];
 *   struct store *store;
 *   if (store_sqlite_open(&options, &store, error) != STORE_OK)
 *       tell `error` and stop
 *   else if (error[0] != '\0')
 *       tell it: something was damaged, set aside and salvaged
 *
 *   journal-<generation>.db   one row per flush; a new generation when the disk has failed
 *   archive.db                rooms, their segments and snapshots
 *   *.corrupt-<n>             a damaged file as it was found: never deleted, never read again
 *
 * One process at a time: folder.h holds the lock. Others may read (backup.h does).
 */
#ifndef PERSISTENCE_STORE_SQLITE_H
#define PERSISTENCE_STORE_SQLITE_H

#include "persistence/store.h"

#define STORE_SQLITE_ERROR_MAX 256u

struct store_sqlite_options {
    const char *folder; /* exists; its owner's alone */
    bool sync;          /* an append is on the disk, not only in the kernel's hands; sealings are
                         * on the disk either way */

    /* Name of the SQLite VFS that all reading and writing of the files goes through; NULL for the
     * default one. The folder itself is listed, and damaged files are renamed, with the C library,
     * so a VFS has to keep real files under their own names. */
    const char *vfs;
};

/* On STORE_OK `error` is empty, or tells what was salvaged. Else there is no store, and `error`
 * tells why, for people. STORE_FAILED: the disk fails, or the files do not belong together, or
 * a newer version has written them. */
MUST_CHECK enum store_result store_sqlite_open(const struct store_sqlite_options *options,
                                               struct store **store,
                                               char error[STORE_SQLITE_ERROR_MAX]);

/* The store as it is now, for reading alone, at rest or beside the server that writes it: journal and
 * archive together tell of all that was durable when it was opened, some of it twice. Nothing is
 * salvaged: damage is told as it is met. Calls that would write fail. While it is open the owner's
 * files cannot shrink. */
MUST_CHECK enum store_result store_sqlite_open_to_read(const char *folder,
                                                       struct store **store,
                                                       char error[STORE_SQLITE_ERROR_MAX]);

#endif
