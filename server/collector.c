/* collector.c - the archivist's part in letting files go that nothing names any more.
 *
 * A file is wanted as long as a record of its room holds its hash, and for the grace after that: an
 * undo may bring the record back. When it was last wanted stands beside it; that of a file that is
 * in use is looked up once in a grace, by building its room from its newest snapshot and the log
 * behind it. What was named where a segment of the log begins was wanted until that segment ends.
 * What cannot be read cannot be asked: its files stay.
 */
#include "server/storage_parts.h"
#include "sync/files.h"

#include <stdlib.h>
#include <string.h>

/* Files let go in one look at a room. */
#define REMOVALS_MAX 64u

struct wanted {
    struct store_use use; /* until when it is known to have been wanted */
    bool named;           /* by the room as it is built so far */
};

struct looking {
    struct storage *storage;
    struct replay replay;
    struct wanted *files; /* of the room, by hash */
    size_t count, capacity;
    bool failed;
};

/* --- What there is ------------------------------------------------------------------------------ */

static bool add_file(void *context, const struct store_file *file)
{
    struct looking *looking = context;
    if (looking->count == looking->capacity) {
        size_t capacity = 2 * looking->capacity + 16;
        struct wanted *files = realloc(looking->files, capacity * sizeof *files);
        looking->failed = files == NULL;
        if (files == NULL)
            return false;
        looking->files = files;
        looking->capacity = capacity;
    }
    struct wanted *wanted = &looking->files[looking->count++];
    *wanted = (struct wanted){.use.used_ms = file->used_ms};
    memcpy(wanted->use.hash, file->hash, STORE_HASH_BYTES);
    return true;
}

/* --- What is wanted ----------------------------------------------------------------------------- */

static int compare(const void *hash, const void *file)
{
    return memcmp(hash, ((const struct wanted *)file)->use.hash, STORE_HASH_BYTES);
}

static void mark(void *context, const uint8_t hash[FILE_HASH_BYTES])
{
    struct looking *looking = context;
    struct wanted *found =
        bsearch(hash, looking->files, looking->count, sizeof *looking->files, compare);
    if (found != NULL)
        found->named = true;
}

static void mark_named(struct looking *looking)
{
    for (size_t i = 0; i < looking->count; i++)
        looking->files[i].named = false;
    if (looking->replay.room != NULL)
        room_each_file(looking->replay.room, mark, looking);
}

static void wanted_until(struct looking *looking, uint64_t wall_ms)
{
    for (size_t i = 0; i < looking->count; i++) {
        struct wanted *file = &looking->files[i];
        if (file->named && file->use.used_ms < wall_ms)
            file->use.used_ms = wall_ms;
    }
}

static bool take_snapshot(void *context, const struct store_blob *blob)
{
    struct looking *looking = context;
    return replay_snapshot(&looking->replay, blob->bytes) == STATUS_OK;
}

static bool is_well(const struct looking *looking)
{
    return looking->replay.status == STATUS_OK;
}

static bool take_segment(void *context, const struct store_blob *blob)
{
    struct looking *looking = context;
    mark_named(looking);
    size_t length;
    if (replay_piece(&looking->replay, blob->bytes, &length) != STATUS_OK)
        return false;
    wanted_until(looking, looking->replay.wall_ms);
    return true;
}

/* False when what is stored cannot be read. */
static bool build_stored(struct looking *looking, struct bytes name)
{
    struct store *store = looking->storage->store;
    enum store_result result = store->snapshot(store, name, UINT64_MAX, take_snapshot, looking);
    if (result == STORE_NOT_FOUND)
        result = STORE_OK;
    const struct room *room = looking->replay.room;
    if (result == STORE_OK && is_well(looking))
        result = store->read(store, name, room != NULL ? room_tick_number(room) : 0, take_segment,
                             looking);
    return (result == STORE_OK || result == STORE_NOT_FOUND) && is_well(looking);
}

/* False when nobody can tell. */
static bool find_wanted(struct looking *looking, struct bytes name, uint64_t now_ms)
{
    struct known known = {0};
    const struct tail *tail = tail_find(looking->storage, name);
    enum store_result result = room_known(looking->storage, name, &known);
    bool stored = known_is_there(result, &known), waits = tail != NULL && tail->log.length > 0;
    if ((result != STORE_OK && result != STORE_NOT_FOUND) || known.state == STORE_ROOM_QUARANTINED)
        return false;
    if (stored && !build_stored(looking, name))
        return false;
    if (waits &&
        !take_segment(looking, &(struct store_blob){.bytes = {tail->log.data, tail->log.length}}))
        return false;
    if (looking->replay.room == NULL || looking->replay.ended)
        return true; /* wanted by nobody */
    mark_named(looking);
    wanted_until(looking, now_ms);
    return true;
}

/* --- What goes ---------------------------------------------------------------------------------- */

static bool remember(struct looking *looking, struct bytes name)
{
    struct store *store = looking->storage->store;
    struct store_use *uses = malloc((looking->count + 1) * sizeof *uses);
    if (uses == NULL)
        return false;
    for (size_t i = 0; i < looking->count; i++)
        uses[i] = looking->files[i].use;
    enum store_result result = store->files->use(store, name, uses, looking->count);
    free(uses);
    return result == STORE_OK;
}

static bool let_go(struct looking *looking, struct bytes name, uint64_t before_ms)
{
    struct storage *storage = looking->storage;
    uint64_t removed = 0;
    enum store_result result = STORE_OK;
    for (size_t i = 0; i < looking->count && removed < REMOVALS_MAX && result == STORE_OK; i++) {
        const struct store_use *use = &looking->files[i].use;
        if (use->used_ms > before_ms)
            continue;
        result = storage->store->files->remove(storage->store, name, use->hash);
        removed += result == STORE_OK;
    }
    pthread_mutex_lock(&storage->mutex);
    storage->figures.files_collected += removed;
    pthread_mutex_unlock(&storage->mutex);
    return result == STORE_OK;
}

static bool look_at_room(struct storage *storage, struct bytes name, uint64_t now_ms)
{
    struct store *store = storage->store;
    struct room_options options = storage->options.rooms;
    options.seed = storage->options.seed;
    struct looking looking = {.storage = storage,
                              .replay = replay_begin(&options, storage->options.kinds)};
    bool done = store->files->list(store, name, add_file, &looking) == STORE_OK && !looking.failed;
    if (done && !find_wanted(&looking, name, now_ms)) {
        for (size_t i = 0; i < looking.count; i++)
            looking.files[i].named = true; /* asked again when a grace is over */
        wanted_until(&looking, now_ms);
    }
    done = done && remember(&looking, name) &&
           let_go(&looking, name, now_ms - storage->options.file_grace_ms);
    replay_abandon(&looking.replay);
    free(looking.files);
    return done;
}

/* True while something that was logged may not be in the archive for long: what it names is not
 * known. The lock is held. */
static bool hides(const struct storage *storage)
{
    const struct storage_load_figures *figures = &storage->figures;
    uint64_t waits_us = storage->options.seal_ms * UINT64_C(1000);
    bool waits = figures->waiting_us > 0 &&
                 storage->options.clock_ms() * UINT64_C(1000) > figures->waiting_us + waits_us;
    return figures->failing || figures->archive_fails || figures->archive_behind || waits;
}

/* While not everything gets into the archive, nothing goes. */
bool archivist_collect(struct storage *storage)
{
    uint64_t grace_ms = storage->options.file_grace_ms;
    uint64_t now_ms = storage->options.wall_ms();
    struct store_file stalest;
    pthread_mutex_lock(&storage->mutex);
    bool refrains = hides(storage) || storage->fenced || storage->stopping;
    pthread_mutex_unlock(&storage->mutex);
    if (refrains || storage->incomplete || grace_ms == 0)
        return false;
    return storage->store->files->stalest(storage->store, &stalest) == STORE_OK &&
           now_ms >= grace_ms && stalest.used_ms <= now_ms - grace_ms &&
           look_at_room(storage, store_file_room(&stalest), now_ms);
}
