/* store_order.h - orders about what is stored: for the server that has the folder or, where none does,
 * for the files.
 *
 * Only tools/store_*.[ch] may include persistence/.
 */
#ifndef TOOLS_STORE_ORDER_H
#define TOOLS_STORE_ORDER_H

#include "tools/store_folder.h"

struct store_order {
    const char *what;    /* the command's name */
    const char *request; /* to a server: see server/admin.h */
    const char *nothing; /* what is told where there is nothing that it could be done to */

    /* On the files, which nobody else has meanwhile; `about` is the order's. Anything but STORE_OK and
     * STORE_NOT_FOUND is told with the store's place, or with *why where that is set. */
    enum store_result (*carry_out)(struct store_folder *folder,
                                   const void *about,
                                   const char **why);
    const void *about;
};

/* The exit status. */
int store_order(const struct store_order *order, const char *path);

#endif
