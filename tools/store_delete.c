/* store_delete.c - `tutti delete ROOM` and `tutti release ROOM`: orders about one room, for the server
 * that has the folder or, where none does, for the files. */
#include "persistence/folder.h"
#include "sync/wire.h"
#include "tools/commands.h"
#include "tools/store_folder.h"
#include "tools/store_options.h"
#include "tools/store_text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char delete_usage[] = "usage: tutti delete ROOM [--data DIR]\n"
                                   "\n"
                                   "Ends a room for good: whoever is in it is told so, and nothing "
                                   "of it stays stored but its name.\n"
                                   "\n" STORE_DATA_USAGE;

static const char release_usage[] =
    "usage: tutti release ROOM [--data DIR]\n"
    "\n"
    "Lets a room be opened again that is quarantined because what is stored of it was damaged. "
    "Where\n"
    "it still is, the next who joins puts it back into quarantine.\n"
    "\n" STORE_DATA_USAGE;

typedef enum store_result order(struct store_folder *folder, struct bytes room);

static bool note_state(void *context, const struct store_room *room)
{
    enum store_room_state *state = context;
    *state = room->state;
    return false;
}

static enum store_result find_stored(struct store *store, struct bytes room)
{
    enum store_room_state state = STORE_ROOM_WELL;
    enum store_result result = store->room(store, room, note_state, &state);
    return result == STORE_OK && state == STORE_ROOM_DELETED ? STORE_NOT_FOUND : result;
}

/* The archive learns the incarnation that is over, and what the journal still tells of it is taken
 * for nothing. */
static enum store_result delete_room(struct store_folder *folder, struct bytes room)
{
    struct store *store = folder->store;
    const struct store_tail *tail = store_folder_tail(folder, room);
    enum store_result result = tail != NULL ? STORE_OK : find_stored(store, room);
    return result == STORE_NOT_FOUND
               ? result
               : store->remove(store, room, tail != NULL ? tail->incarnation : 0);
}

static enum store_result release_room(struct store_folder *folder, struct bytes room)
{
    struct store *store = folder->store;
    enum store_result result = find_stored(store, room);
    return result == STORE_OK ? store->release_quarantine(store, room) : result;
}

static int carry_out(const char *what, const char *path, const char *room, order *do_it)
{
    struct store_folder folder = {0};
    char error[STORE_SQLITE_ERROR_MAX];
    struct store *store;
    struct store_sqlite_options options = {.folder = path, .sync = true};
    if (store_sqlite_open(&options, &store, error) != STORE_OK)
        return complain(what, error);
    if (error[0] != '\0')
        complain(what, error); /* what was salvaged */
    int status = 0;
    if (!store_folder_take(&folder, store)) {
        status = complain(what, folder.error);
    } else {
        enum store_result result = do_it(&folder, bytes_of(room));
        if (result == STORE_NOT_FOUND)
            status = complain(what, "there is no such room");
        else if (result != STORE_OK)
            status = complain(what, store->place(store));
    }
    store_folder_close(&folder);
    return status;
}

/* With the folder's lock: no server starts meanwhile. */
static int carry_out_at_rest(const char *what, const char *path, const char *room, order *do_it)
{
    struct folder folder;
    if (access(path, F_OK) != 0)
        return complain(what, strerror(errno));
    switch (folder_open(&folder, path)) {
    case FOLDER_OPEN:
        break;
    case FOLDER_LOCKED:
        return complain(what, "a server has this folder, and does not answer");
    case FOLDER_FAILED:
        return complain(what, strerror(errno));
    }
    int status = carry_out(what, path, room, do_it);
    folder_close(&folder);
    return status;
}

static int command(const char *what, int count, char **arguments, const char *usage, order *do_it)
{
    struct store_options options;
    enum store_options_result read =
        store_options_read(&options, count, arguments, usage, STORE_TAKES_ARGUMENT);
    if (read != STORE_OPTIONS_RUN)
        return read == STORE_OPTIONS_HELP ? 0 : 2;
    const char *room = options.argument;
    if (!wire_room_name_valid(bytes_of(room)))
        return complain(what, "that is no room's name");
    char request[ROOM_NAME_MAX + 16], error[ADMIN_ERROR_MAX];
    snprintf(request, sizeof request, "%s %s", what, room);
    switch (admin_ask(options.data, request, NULL, error)) {
    case ADMIN_OK:
        return 0;
    case ADMIN_NONE:
        return complain(what, "there is no such room");
    case ADMIN_FAILED:
        return complain(what, error);
    case ADMIN_ABSENT:
        break;
    }
    return carry_out_at_rest(what, options.data, room, do_it);
}

int command_delete(int count, char **arguments)
{
    return command("delete", count, arguments, delete_usage, delete_room);
}

int command_release(int count, char **arguments)
{
    return command("release", count, arguments, release_usage, release_room);
}
