/* store_portable.h - a stored room, or one session of it, written as a portable file.
 *
 *   struct portable_export work = {.history = &history, .kinds = &kinds, .session = id};
 *   if (portable_export(&work, path) != STORE_OK) tell work.error
 *
 * All that is kept of the room goes in as it is stored: its log and its presence from the first tick on, gaps
 * and all, its sessions, markers and images, and the snapshots that its log goes on from. Snapshots between
 * do not: whoever takes the file makes them. Of a session it is what lies between its first and its last
 * tick, on top of the room as it was before, with the images that are named in it.
 *
 * Only tools/store_*.[ch] may include persistence/.
 */
#ifndef TOOLS_STORE_PORTABLE_H
#define TOOLS_STORE_PORTABLE_H

#include "persistence/portable.h"
#include "tools/store_history.h"

struct portable_export {
    struct store_history *history;
    const struct kinds *kinds;
    uint64_t session; /* 0: all of the room */

    /* Called as ticks are written. False stops. NULL for none. */
    bool (*progress)(void *context, uint64_t done, uint64_t all);
    void *context;

    uint64_t bytes; /* of the file */
    char error[PORTABLE_ERROR_MAX];
};

MUST_CHECK enum store_result portable_export(struct portable_export *work, const char *path);

#endif
