#include "tools/store_folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wanted {
    uint64_t id;
    struct store_session *found;
};

static bool find_session(void *context, const struct store_session *session)
{
    struct wanted *wanted = context;
    if (session->id != wanted->id)
        return true;
    *wanted->found = *session;
    return false;
}

enum store_result
store_session_find(struct store *store, struct bytes room, uint64_t id, struct store_session *found)
{
    *found = (struct store_session){0};
    struct wanted wanted = {.id = id, .found = found};
    enum store_result result = store->sessions->list(store, room, find_session, &wanted);
    return result == STORE_OK && found->id == 0 ? STORE_NOT_FOUND : result;
}

const char *store_folder_path(const char *option)
{
    const char *path = option != NULL ? option : getenv("TUTTI_DATA");
    return path != NULL && path[0] != '\0' ? path : "data";
}

/* --- Tails -------------------------------------------------------------------------------------- */

static struct store_tail *find(const struct store_folder *folder, struct bytes name)
{
    struct store_tail *tail = NULL;
    HASH_FIND(hh, folder->tails, name.data, (unsigned)name.length, tail);
    return tail;
}

const struct store_tail *store_folder_tail(const struct store_folder *folder, struct bytes name)
{
    const struct store_tail *tail = find(folder, name);
    return tail != NULL && tail->deleted ? NULL : tail;
}

bool store_folder_deletes(const struct store_folder *folder, struct bytes name)
{
    const struct store_tail *tail = find(folder, name);
    return tail != NULL && tail->deleted;
}

static struct store_tail *find_or_make(struct store_folder *folder, struct bytes name)
{
    struct store_tail *tail = find(folder, name);
    if (tail != NULL)
        return tail;
    tail = calloc(1, sizeof *tail);
    if (tail == NULL)
        return NULL;
    tail->name_length = (uint8_t)name.length;
    memcpy(tail->name, name.data, name.length);
    HASH_ADD(hh, folder->tails, name, (unsigned)tail->name_length, tail);
    return tail;
}

static void forget(struct store_folder *folder, struct store_tail *tail)
{
    HASH_DELETE(hh, folder->tails, tail);
    free(tail->log.data);
    free(tail);
}

struct sealed {
    bool deleted;
    uint64_t incarnation, last;
};

static bool take_sealed(void *context, const struct store_room *room)
{
    struct sealed *sealed = context;
    sealed->deleted = room->state == STORE_ROOM_DELETED;
    sealed->incarnation = room->incarnation;
    sealed->last = room->last;
    return false;
}

/* What a room wrote before it was deleted is nothing any more, what is sealed is there already. */
static bool is_past(struct store_folder *folder, const struct flush_entry *entry)
{
    struct sealed sealed = {0};
    struct store *store = folder->store;
    return store->room(store, entry->room, take_sealed, &sealed) == STORE_OK &&
           entry->incarnation <= sealed.incarnation &&
           (sealed.deleted || entry->last <= sealed.last);
}

static bool take_deletion(struct store_folder *folder, const struct flush_entry *entry)
{
    struct sealed sealed = {.deleted = true};
    struct store *store = folder->store;
    struct store_tail *tail = find(folder, entry->room);
    enum store_result result = store->room(store, entry->room, take_sealed, &sealed);
    if (tail != NULL)
        forget(folder, tail);
    if (result == STORE_NOT_FOUND || sealed.deleted || sealed.incarnation > entry->incarnation)
        return true;
    tail = find_or_make(folder, entry->room);
    if (tail != NULL)
        tail->deleted = true;
    return tail != NULL;
}

static bool take_entry(struct store_folder *folder, const struct flush_entry *entry)
{
    if (flush_entry_deletes(entry))
        return take_deletion(folder, entry);
    struct store_tail *tail = find(folder, entry->room);
    if (tail == NULL && is_past(folder, entry))
        return true;
    tail = find_or_make(folder, entry->room);
    if (tail == NULL || !flush_reserve(&tail->log, entry->bytes.length))
        return false;
    if (tail->log.length == 0)
        tail->first = entry->first;
    tail->deleted = false;
    tail->last = entry->last;
    tail->incarnation = entry->incarnation;
    if (entry->bytes.length > 0)
        memcpy(tail->log.data + tail->log.length, entry->bytes.data, entry->bytes.length);
    tail->log.length += entry->bytes.length;
    return true;
}

static bool take_flush(void *context, const struct store_flush *flush)
{
    struct store_folder *folder = context;
    struct flush_reader reader = {.bytes = flush->bytes};
    struct flush_entry entry;
    while (flush_next(&reader, &entry))
        if (!take_entry(folder, &entry)) {
            snprintf(folder->error, sizeof folder->error, "no memory");
            return false;
        }
    if (reader.damaged)
        snprintf(folder->error, sizeof folder->error, "journal: flush %llu: damaged",
                 (unsigned long long)flush->number);
    return !reader.damaged;
}

/* --- Opening ------------------------------------------------------------------------------------ */

bool store_folder_take(struct store_folder *folder, struct store *store)
{
    uint64_t last;
    folder->store = store;
    enum store_result result = store->flushes(store, take_flush, folder, &last);
    if (result != STORE_OK)
        snprintf(folder->error, sizeof folder->error, "%s: %s", store_result_text(result),
                 store->place(store));
    return folder->error[0] == '\0';
}

bool store_folder_open(struct store_folder *folder, const char *path)
{
    *folder = (struct store_folder){0};
    char archive[4096];
    snprintf(archive, sizeof archive, "%s/archive.db", path);
    if (access(archive, F_OK) != 0) {
        snprintf(folder->error, sizeof folder->error, "%.100s: there is no data of rooms", path);
        return false;
    }
    char error[STORE_SQLITE_ERROR_MAX];
    struct store *store;
    if (store_sqlite_open_to_read(path, &store, error) != STORE_OK) {
        snprintf(folder->error, sizeof folder->error, "%s", error);
        return false;
    }
    return store_folder_take(folder, store);
}

void store_folder_close(struct store_folder *folder)
{
    struct store_tail *tail, *next;
    HASH_ITER(hh, folder->tails, tail, next)
    {
        forget(folder, tail);
    }
    if (folder->store != NULL)
        folder->store->close(folder->store);
    folder->store = NULL;
}
