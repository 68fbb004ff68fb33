/* modules.h - room kinds from shared objects, as an operator puts them into a folder.
 *
 *   struct modules modules = {0};
 *   struct kinds kinds = kinds_built_in;
 *   char error[MODULES_ERROR_MAX];
 *   if (!modules_open(&modules, "kinds", &kinds, error)) ...
 *   modules_close(&modules);           when the last room is gone
 *
 * Every *.so of the folder, in the order of their names, exports one kind as the end of sync/rules.h
 * says. They are code that runs in this process: folder and files must belong to whoever runs it, or
 * to root, and nobody else may be allowed to write them.
 *
 * Errors     one sentence that names the file, and what to do where that is not plain. What was
 *            opened until then stays open, for modules_close().
 * Limits     KINDS_MAX, those built in counted.
 */
#ifndef SERVER_MODULES_H
#define SERVER_MODULES_H

#include "sync/kinds.h"

#define MODULES_ERROR_MAX 512u

struct modules {
    void *handles[KINDS_MAX];
    uint32_t count;
};

MUST_CHECK bool modules_open(struct modules *modules,
                             const char *folder,
                             struct kinds *kinds,
                             char error[MODULES_ERROR_MAX]);
void modules_close(struct modules *modules);

#endif
