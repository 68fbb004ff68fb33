#include "tools/store_order.h"

#include "persistence/folder.h"
#include "tools/store_text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int carry_out(const struct store_order *order, const char *path)
{
    struct store_folder folder = {0};
    char error[STORE_SQLITE_ERROR_MAX];
    struct store *store;
    struct store_sqlite_options options = {.folder = path, .sync = true};
    if (store_sqlite_open(&options, &store, error) != STORE_OK)
        return complain(order->what, error);
    if (error[0] != '\0')
        complain(order->what, error); /* what was salvaged */
    int status = 0;
    if (!store_folder_take(&folder, store)) {
        status = complain(order->what, folder.error);
    } else {
        const char *why = NULL;
        enum store_result result = order->carry_out(&folder, order->about, &why);
        if (result == STORE_NOT_FOUND)
            status = complain(order->what, order->nothing);
        else if (result != STORE_OK)
            status = complain(order->what, why != NULL ? why : store->place(store));
    }
    store_folder_close(&folder);
    return status;
}

/* With the folder's lock: no server starts meanwhile. */
static int carry_out_at_rest(const struct store_order *order, const char *path)
{
    struct folder folder;
    if (access(path, F_OK) != 0)
        return complain(order->what, strerror(errno));
    switch (folder_open(&folder, path)) {
    case FOLDER_OPEN:
        break;
    case FOLDER_LOCKED:
        return complain(order->what, "a server has this folder, and does not answer");
    case FOLDER_FAILED:
        return complain(order->what, strerror(errno));
    }
    int status = carry_out(order, path);
    folder_close(&folder);
    return status;
}

int store_order(const struct store_order *order, const char *path)
{
    char error[ADMIN_ERROR_MAX];
    switch (admin_ask(path, order->request, NULL, error)) {
    case ADMIN_OK:
        return 0;
    case ADMIN_NONE:
        return complain(order->what, order->nothing);
    case ADMIN_FAILED:
        return complain(order->what, error);
    case ADMIN_ABSENT:
        break;
    }
    return carry_out_at_rest(order, path);
}
