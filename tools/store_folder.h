/* store_folder.h - a data folder as the commands about stored rooms see it.
 *
 *   struct store_folder folder;
 *   if (!store_folder_open(&folder, path)) tell folder.error
 *   folder.store->rooms(folder.store, ...);  store_folder_tail(&folder, name);
 *   store_folder_close(&folder);
 *
 * The files are read as they are now, whether a server writes them or not: it need not be asked.
 * What only it can do goes through its admin socket (server/README.md).
 *
 * Only tools/store_*.[ch] may include persistence/: they are the commands about its files.
 */
#ifndef TOOLS_STORE_FOLDER_H
#define TOOLS_STORE_FOLDER_H

#include "persistence/flush.h"
#include "persistence/store_sqlite.h"

#include <stdio.h>
#include <uthash.h>

/* What the journal has of a room, and the archive perhaps not yet. */
struct store_tail {
    UT_hash_handle hh;
    struct flush_buffer log; /* entries, as the engine wrote them */
    uint64_t incarnation;
    uint64_t first, last;
    bool deleted; /* the room, and the archive may not know it yet */
    uint8_t name_length;
    uint8_t name[ROOM_NAME_MAX];
};

struct store_folder {
    struct store *store;
    struct store_tail *tails; /* by name */
    char error[STORE_SQLITE_ERROR_MAX + 64];
};

/* Opens the folder's store for reading, and reads its journal. False with an error. */
bool store_folder_open(struct store_folder *folder, const char *path);

/* The same from a store that is open already, which the folder owns from here on. */
bool store_folder_take(struct store_folder *folder, struct store *store);
void store_folder_close(struct store_folder *folder);

/* NULL where the journal has nothing of the room. */
const struct store_tail *store_folder_tail(const struct store_folder *folder, struct bytes name);

/* True where the journal says that the room was deleted, whatever the archive still has of it. */
bool store_folder_deletes(const struct store_folder *folder, struct bytes name);

/* One session of the room; its texts are not kept. STORE_NOT_FOUND where the room has none of this id. */
MUST_CHECK enum store_result store_session_find(struct store *store,
                                                struct bytes room,
                                                uint64_t id,
                                                struct store_session *found);

/* Where the data is: the option's value, else TUTTI_DATA, else "data". */
const char *store_folder_path(const char *option);

/* --- The server that writes it ------------------------------------------------------------------ */

enum admin_result {
    ADMIN_OK,
    ADMIN_NONE,   /* no such room */
    ADMIN_ABSENT, /* no server listens there */
    ADMIN_FAILED  /* `error` says why */
};

/* One request to the server that has the folder; what it answers but for the last line goes to `lines`,
 * which the caller frees, or nowhere where that is NULL. */
#define ADMIN_ERROR_MAX 256u
enum admin_result
admin_ask(const char *path, const char *request, char **lines, char error[ADMIN_ERROR_MAX]);

#endif
