/* retention.c - how long the past stays: what is beyond the limits goes with the sealings, a little each time,
 * and goes on as long as it does and the archivist has nothing else to do.
 * The archivist's; what is watched is the hub's to say. */
#include "server/storage_parts.h"

#include <stdlib.h>
#include <string.h>

/* --- Watched -------------------------------------------------------------------------------------- */

/* The lock is held. */
static struct watched *find(const struct storage *storage, struct bytes name)
{
    struct watched *watched = NULL;
    HASH_FIND(hh, storage->watched, name.data, (unsigned)name.length, watched);
    return watched;
}

static struct watched *add(struct storage *storage, struct bytes name)
{
    struct watched *watched = calloc(1, sizeof *watched);
    if (watched == NULL)
        return NULL;
    watched->name_length = (uint8_t)name.length;
    memcpy(watched->name, name.data, name.length);
    HASH_ADD(hh, storage->watched, name, (unsigned)watched->name_length, watched);
    if (!watched->lost)
        return watched;
    free(watched);
    return NULL;
}

bool storage_watch(struct storage *storage, struct bytes name)
{
    pthread_mutex_lock(&storage->mutex);
    struct watched *watched = find(storage, name);
    if (watched == NULL)
        watched = add(storage, name);
    if (watched != NULL)
        watched->count++;
    pthread_mutex_unlock(&storage->mutex);
    return watched != NULL;
}

void storage_unwatch(struct storage *storage, struct bytes name)
{
    pthread_mutex_lock(&storage->mutex);
    struct watched *watched = find(storage, name);
    if (watched != NULL && --watched->count == 0) {
        HASH_DELETE(hh, storage->watched, watched);
        free(watched);
    }
    pthread_mutex_unlock(&storage->mutex);
}

void retention_free(struct storage *storage)
{
    struct watched *watched, *next;
    HASH_ITER(hh, storage->watched, watched, next)
    {
        HASH_DELETE(hh, storage->watched, watched);
        free(watched);
    }
}

/* --- Kept ----------------------------------------------------------------------------------------- */

/* A call of retain() looks at some rooms and drops some rows. So many go on idle behind one that dropped any:
 * with them it gets around thousands of rooms. */
#define RETENTIONS_IDLE 16u

/* Copies of the names of all that are watched, and views of them. */
struct spared {
    struct bytes *names;
    uint8_t (*texts)[ROOM_NAME_MAX];
    size_t count;
};

/* False without memory. */
static bool copy_watched(struct storage *storage, struct spared *spared)
{
    pthread_mutex_lock(&storage->mutex);
    size_t count = HASH_COUNT(storage->watched);
    spared->names = calloc(count + 1, sizeof *spared->names);
    spared->texts = calloc(count + 1, sizeof *spared->texts);
    bool copied = spared->names != NULL && spared->texts != NULL;
    for (const struct watched *watched = storage->watched; copied && watched != NULL;
         watched = watched->hh.next) {
        uint8_t *text = spared->texts[spared->count];
        memcpy(text, watched->name, watched->name_length);
        spared->names[spared->count++] = (struct bytes){text, watched->name_length};
    }
    pthread_mutex_unlock(&storage->mutex);
    return copied;
}

static void free_spared(struct spared *spared)
{
    free(spared->names);
    free(spared->texts);
}

static struct store_retention retention_now(struct storage *storage)
{
    const struct storage_options *options = &storage->options;
    uint64_t now_ms = options->wall_ms();
    bool old = options->keep_ms > 0 && now_ms > options->keep_ms;
    return (struct store_retention){
        .before_ms = old ? now_ms - options->keep_ms : 0,
        .room_bytes = options->keep_room_bytes,
        .all_bytes = options->keep_bytes != NULL ? options->keep_bytes(options->context) : 0,
    };
}

static void count_dropped(struct storage *storage, enum store_result result, uint64_t bytes)
{
    pthread_mutex_lock(&storage->mutex);
    storage->figures.dropped_bytes += result == STORE_OK ? bytes : 0;
    pthread_mutex_unlock(&storage->mutex);
}

/* What a disk that is full or busy does not let go goes when there is another snapshot. */
enum store_result archivist_forget_past(struct storage *storage, struct bytes name)
{
    struct store_retention retention = {.only = name, .before_ms = UINT64_MAX};
    uint64_t freed = 0;
    enum store_result result = storage->store->retain(storage->store, &retention, &freed);
    count_dropped(storage, result, freed);
    return result == STORE_FAILED || result == STORE_DAMAGED ? result : STORE_OK;
}

/* What an archive does not drop now goes with the next sealing. */
static bool drop_past(struct storage *storage)
{
    struct store_retention retention = retention_now(storage);
    struct spared spared = {0};
    uint64_t freed = 0;
    pthread_mutex_lock(&storage->mutex);
    bool refrains = storage->figures.archive_fails || storage->fenced || storage->stopping;
    pthread_mutex_unlock(&storage->mutex);
    bool wanted = retention.before_ms + retention.room_bytes + retention.all_bytes > 0;
    if (refrains || !wanted)
        return false;
    if (copy_watched(storage, &spared)) {
        retention.spared = spared.names;
        retention.spared_count = spared.count;
        enum store_result result = storage->store->retain(storage->store, &retention, &freed);
        count_dropped(storage, result, freed);
    }
    free_spared(&spared);
    return freed > 0;
}

void archivist_retain(struct storage *storage)
{
    storage->retentions = drop_past(storage) ? RETENTIONS_IDLE : 0;
}

void archivist_idle(struct storage *storage)
{
    if (storage->retentions > 0)
        storage->retentions = drop_past(storage) ? RETENTIONS_IDLE : storage->retentions - 1;
}
