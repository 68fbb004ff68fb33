/* import.h - a room that was recorded elsewhere, taken into a store: all of it in one transaction.
 *
 *   enum store_result fill(void *context, struct store_import *import)
 *   {
 *       ... store_import_seal(import, &sealed, behind), ...      in the order of its ticks
 *       return STORE_OK;                                         else nothing of it has happened
 *   }
 *   store_sqlite_import(store, &room, fill, context);
 *
 * The room comes in under a name that nobody has, in an incarnation above all that are known to the store and
 * all that the room was in: members who knew it elsewhere must not take it for the one that they know.
 *
 * Errors     as in store.h; STORE_FAILED where the name is taken, with the place.
 * Threads    that of the archive half.
 */
#ifndef PERSISTENCE_IMPORT_H
#define PERSISTENCE_IMPORT_H

#include "persistence/store_sqlite.h"

struct store_import;
typedef enum store_result store_import_fill(void *context, struct store_import *import);

struct store_import_room {
    struct bytes name;
    uint64_t made_ms; /* since 1970, when it was first sealed */
    uint64_t wall_ms; /* now */
};

/* Of a store of store_sqlite_open(). */
MUST_CHECK enum store_result store_sqlite_import(struct store *store,
                                                 const struct store_import_room *room,
                                                 store_import_fill *fill,
                                                 void *context);

/* --- Within it ------------------------------------------------------------------------------------ */

/* As seal() does. The segment goes on behind the tick `behind`, where that is not 0: what lies between that
 * and the segment before is not kept. The name is the import's. */
MUST_CHECK enum store_result
store_import_seal(struct store_import *import, const struct store_sealed *sealed, uint64_t behind);

/* With its title and pin; the id is made of its room, incarnation and first tick. */
MUST_CHECK enum store_result store_import_session(struct store_import *import,
                                                  const struct store_session *session);
MUST_CHECK enum store_result store_import_marker(struct store_import *import,
                                                 const struct store_marker *marker);

/* A file, then its bytes in parts of STORE_FILE_PART, then its end. */
MUST_CHECK enum store_result
store_import_file(struct store_import *import, uint64_t bytes, uint64_t *upload);
MUST_CHECK enum store_result
store_import_part(struct store_import *import, uint64_t upload, struct bytes bytes);
MUST_CHECK enum store_result
store_import_file_end(struct store_import *import, uint64_t upload, const struct store_file *file);

#endif
