/* store_rooms.c - `tutti rooms`: every room of a server, awake or stored. */
#include "tools/commands.h"
#include "tools/store_folder.h"
#include "tools/store_options.h"
#include "tools/store_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: tutti rooms [--data DIR]\n"
    "\n"
    "Prints a line of JSON for each room: those that are awake as the running server has them\n"
    "(\"stored\":false where there is nothing in one that would be kept), all others as they\n"
    "are stored: asleep, quarantined (with the reason) or deleted.\n"
    "\n" STORE_DATA_USAGE;

/* A room that the server has in memory. */
struct awake {
    UT_hash_handle hh;
    uint8_t name_length;
    uint8_t name[ROOM_NAME_MAX];
};

struct listing {
    struct store_folder folder;
    char *lines; /* the server's; NULL without a server */
    struct awake *awake;
};

static bool is_awake(const struct listing *listing, struct bytes name)
{
    struct awake *found = NULL;
    HASH_FIND(hh, listing->awake, name.data, (unsigned)name.length, found);
    return found != NULL;
}

/* The server's lines begin with the room's name, which needs no escaping. */
static bool note_awake(struct listing *listing)
{
    static const char begin[] = "{\"room\":\"";
    for (const char *line = listing->lines; line != NULL && *line != '\0';) {
        const char *name = line + sizeof begin - 1;
        size_t length = strncmp(line, begin, sizeof begin - 1) == 0 ? strcspn(name, "\"\n") : 0;
        struct awake *room = calloc(1, sizeof *room);
        if (room == NULL)
            return false;
        room->name_length = (uint8_t)(length < ROOM_NAME_MAX ? length : ROOM_NAME_MAX);
        memcpy(room->name, name, room->name_length);
        HASH_ADD(hh, listing->awake, name, (unsigned)room->name_length, room);
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return true;
}

static void forget_awake(struct listing *listing)
{
    struct awake *room, *next;
    HASH_ITER(hh, listing->awake, room, next)
    {
        HASH_DELETE(hh, listing->awake, room);
        free(room);
    }
    free(listing->lines);
}

static bool print_stored(void *context, const struct store_room *room)
{
    static const char *const states[] = {"asleep", "quarantined", "deleted"};
    const struct listing *listing = context;
    const struct store_tail *tail = store_folder_tail(&listing->folder, room->name);
    if (is_awake(listing, room->name))
        return true;
    bool deleted = store_folder_deletes(&listing->folder, room->name);
    enum store_room_state state = deleted ? STORE_ROOM_DELETED : room->state;
    bool lives_on = tail != NULL && room->state == STORE_ROOM_DELETED;
    fputs("{\"room\":", stdout);
    print_text(room->name);
    fputs(",\"kind\":", stdout);
    print_text(room->kind);
    printf(",\"state\":\"%s\",\"first\":%" PRIu64 ",\"tick\":%" PRIu64 ",\"stored_bytes\":%" PRIu64
           ",\"snapshot\":%" PRIu64 ",\"created\":",
           lives_on ? states[0] : states[state], room->first,
           tail != NULL && tail->last > room->last ? tail->last : room->last, room->bytes,
           room->snapshot_tick);
    print_time(room->created_ms);
    if (room->reason.length > 0) {
        fputs(",\"reason\":", stdout);
        print_text(room->reason);
    }
    puts("}");
    return true;
}

static bool note_found(void *context, const struct store_room *room)
{
    bool *found = context;
    (void)room;
    *found = true;
    return false;
}

/* Rooms so new that the archive does not know them. */
static void print_unsealed(struct listing *listing)
{
    struct store *store = listing->folder.store;
    for (const struct store_tail *tail = listing->folder.tails; tail != NULL;
         tail = tail->hh.next) {
        struct bytes name = {tail->name, tail->name_length};
        bool found = false;
        if (store->room(store, name, note_found, &found) != STORE_NOT_FOUND || found ||
            is_awake(listing, name))
            continue;
        fputs("{\"room\":", stdout);
        print_text(name);
        printf(",\"state\":\"asleep\",\"first\":%" PRIu64 ",\"tick\":%" PRIu64
               ",\"stored_bytes\":%zu}\n",
               tail->first, tail->last, tail->log.length);
    }
}

static int list(struct listing *listing, const char *path)
{
    char error[ADMIN_ERROR_MAX];
    enum admin_result asked = admin_ask(path, "rooms", &listing->lines, error);
    if (asked != ADMIN_OK && asked != ADMIN_ABSENT)
        return complain("rooms", error);
    if (!note_awake(listing))
        return complain("rooms", "no memory");
    if (listing->lines != NULL)
        fputs(listing->lines, stdout);
    /* A server that keeps nothing has no files. */
    if (!store_folder_open(&listing->folder, path))
        return listing->lines != NULL ? 0 : complain("rooms", listing->folder.error);
    struct store *store = listing->folder.store;
    enum store_result result = store->rooms(store, print_stored, listing);
    if (result != STORE_OK)
        return complain("rooms", store->place(store));
    print_unsealed(listing);
    return 0;
}

int command_rooms(int count, char **arguments)
{
    struct store_options options;
    enum store_options_result read = store_options_read(&options, count, arguments, usage, 0);
    if (read != STORE_OPTIONS_RUN)
        return read == STORE_OPTIONS_HELP ? 0 : 2;
    struct listing listing = {0};
    int result = list(&listing, options.data);
    store_folder_close(&listing.folder);
    forget_awake(&listing);
    return result;
}
