/* store_check.c - `tutti check`: reads all that is stored and builds every room from it. */
#include "sync/hash.h"
#include "tools/commands.h"
#include "tools/store_history.h"
#include "tools/store_options.h"
#include "tools/store_text.h"

#include <inttypes.h>
#include <string.h>

static const char usage[] =
    "usage: tutti check [--data DIR] [--kinds DIR]\n"
    "\n"
    "Reads journal and archive, compares every checksum, and builds every room from what is "
    "stored,\n"
    "as a server would. Prints a line for each damage with its place. Nothing is changed.\n"
    "The exit status is 0 only when all is well.\n"
    "\n" STORE_DATA_USAGE STORE_KINDS_USAGE;

struct checking {
    struct store_folder folder;
    const struct kinds *kinds;
    struct progress progress;
    uint64_t rooms, built, damages, all;
};

static void tell_damage(struct checking *checking, struct bytes room, const char *place)
{
    progress_end(&checking->progress);
    if (room.length > 0)
        printf("damaged: room %.*s: %s\n", (int)room.length, (const char *)room.data, place);
    else
        printf("damaged: %s\n", place);
    checking->damages++;
}

static void on_damage(void *context, struct bytes room, const char *place)
{
    tell_damage(context, room, place);
}

static bool on_progress(void *context, uint64_t done, uint64_t all)
{
    struct checking *checking = context;
    return progress_show(&checking->progress, done, all);
}

/* The newest snapshot has to be what the log leads to, from its beginning or, where that is not kept any more, from
 * the snapshot before all that is. */
static void
compare_with_log(struct checking *checking, struct store_history *history, const struct room *room)
{
    struct replay replay = history_replay_begin(checking->kinds);
    if (!history_begin(history, &replay) ||
        !history_replay(history, FROM_BEGINNING, UINT64_MAX, &replay))
        tell_damage(checking, history->name, history->error);
    else if (room_hash_kept(replay.room) != room_hash_kept(room))
        tell_damage(checking, history->name, "its snapshot is not what its log leads to");
    replay_abandon(&replay);
}

static void build(struct checking *checking, struct bytes name)
{
    char text[ROOM_NAME_MAX + 1];
    struct store_history history;
    memcpy(text, name.data, name.length);
    text[name.length] = '\0';
    if (!history_find(&history, &checking->folder, text)) {
        tell_damage(checking, name, history.error);
        return;
    }
    struct replay replay = history_replay_begin(checking->kinds);
    if (history_replay(&history, FROM_SNAPSHOT, UINT64_MAX, &replay)) {
        compare_with_log(checking, &history, replay.room);
        checking->built++;
    } else {
        tell_damage(checking, name, history.error);
    }
    replay_abandon(&replay);
}

static bool count_room(void *context, const struct store_room *room)
{
    struct checking *checking = context;
    (void)room;
    checking->all++;
    return true;
}

/* A room that was quarantined before it had anything to keep, and released. */
static bool is_nothing(const struct checking *checking, const struct store_room *room)
{
    return room->last == 0 && room->snapshot_tick == 0 &&
           store_folder_tail(&checking->folder, room->name) == NULL;
}

static bool build_stored(void *context, const struct store_room *room)
{
    struct checking *checking = context;
    progress_show(&checking->progress, checking->rooms++, checking->all);
    if (room->state == STORE_ROOM_QUARANTINED) {
        char place[STORE_REASON_MAX + 16];
        snprintf(place, sizeof place, "quarantined: %.*s", (int)room->reason.length,
                 (const char *)room->reason.data);
        tell_damage(checking, room->name, place);
    } else if (room->state == STORE_ROOM_WELL && !is_nothing(checking, room)) {
        build(checking, room->name);
    }
    return true;
}

static bool note_found(void *context, const struct store_room *room)
{
    bool *found = context;
    *found = room->state != STORE_ROOM_DELETED;
    return false;
}

static void build_unsealed(struct checking *checking)
{
    struct store *store = checking->folder.store;
    for (const struct store_tail *tail = checking->folder.tails; tail != NULL;
         tail = tail->hh.next) {
        struct bytes name = {tail->name, tail->name_length};
        bool found = false;
        enum store_result result = store->room(store, name, note_found, &found);
        if (!found && (result == STORE_OK || result == STORE_NOT_FOUND))
            build(checking, name);
    }
}

static int check(struct checking *checking, const char *path)
{
    bool opened = store_folder_open(&checking->folder, path);
    struct store *store = checking->folder.store;
    if (store == NULL)
        return complain("check", checking->folder.error);
    checking->progress.what = "reading";
    enum store_result result = store->check(store, on_damage, on_progress, checking);
    if (!opened && checking->damages == 0)
        tell_damage(checking, (struct bytes){0}, checking->folder.error);
    checking->progress.what = "building rooms";
    if (result == STORE_OK)
        result = store->rooms(store, count_room, checking);
    if (result == STORE_OK)
        result = store->rooms(store, build_stored, checking);
    if (result == STORE_DAMAGED)
        tell_damage(checking, (struct bytes){0}, store->place(store));
    else if (result != STORE_OK)
        return complain("check", store->place(store));
    build_unsealed(checking);
    progress_end(&checking->progress);
    printf("%" PRIu64 " rooms built, %" PRIu64 " damages\n", checking->built, checking->damages);
    return checking->damages == 0 ? 0 : 1;
}

int command_check(int count, char **arguments)
{
    struct store_options options;
    enum store_options_result read =
        store_options_read(&options, count, arguments, usage, STORE_TAKES_KINDS);
    if (read != STORE_OPTIONS_RUN)
        return read == STORE_OPTIONS_HELP ? 0 : 2;
    struct checking checking = {.kinds = &options.kinds};
    int result = check(&checking, options.data);
    store_folder_close(&checking.folder);
    return result;
}
