/* store_delete.c - `tutti delete ROOM` and `tutti release ROOM`: orders about one room, for the server
 * that has the folder or, where none does, for the files. */
#include "sync/wire.h"
#include "tools/commands.h"
#include "tools/store_options.h"
#include "tools/store_order.h"
#include "tools/store_text.h"

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
static enum store_result
delete_room(struct store_folder *folder, const void *about, const char **why)
{
    struct store *store = folder->store;
    struct bytes room = bytes_of(about);
    (void)why;
    const struct store_tail *tail = store_folder_tail(folder, room);
    enum store_result result = tail != NULL ? STORE_OK : find_stored(store, room);
    return result == STORE_NOT_FOUND
               ? result
               : store->remove(store, room, tail != NULL ? tail->incarnation : 0);
}

static enum store_result
release_room(struct store_folder *folder, const void *about, const char **why)
{
    struct store *store = folder->store;
    struct bytes room = bytes_of(about);
    (void)why;
    enum store_result result = find_stored(store, room);
    return result == STORE_OK ? store->release_quarantine(store, room) : result;
}

static int command(int count, char **arguments, const char *usage, struct store_order order)
{
    struct store_options options;
    enum store_options_result read =
        store_options_read(&options, count, arguments, usage, STORE_TAKES_ARGUMENT);
    if (read != STORE_OPTIONS_RUN)
        return read == STORE_OPTIONS_HELP ? 0 : 2;
    const char *room = options.argument;
    if (!wire_room_name_valid(bytes_of(room)))
        return complain(order.what, "that is no room's name");
    char request[ROOM_NAME_MAX + 16];
    snprintf(request, sizeof request, "%s %s", order.what, room);
    order.request = request;
    order.nothing = "there is no such room";
    order.about = room;
    return store_order(&order, options.data);
}

int command_delete(int count, char **arguments)
{
    return command(count, arguments, delete_usage,
                   (struct store_order){.what = "delete", .carry_out = delete_room});
}

int command_release(int count, char **arguments)
{
    return command(count, arguments, release_usage,
                   (struct store_order){.what = "release", .carry_out = release_room});
}
