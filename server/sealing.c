/* sealing.c - what was flushed goes into the archive, and what was deleted out of it: the
 * archivist's. */
#include "server/storage_parts.h"

#include "sync/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A snapshot is due when the log behind the last one is longer than this, and than half of it: then
 * loading a room costs at most one and a half times what the room is, and making snapshots costs at
 * most three times what is logged. */
#define SNAPSHOT_LOG_BYTES (256u << 10)

/* For a room that sleeps, so that it wakes quickly. */
#define SNAPSHOT_ASLEEP_BYTES (16u << 10)

/* Rooms sealed in one transaction. A load waits for all that a sealing has. */
#define SEAL_ROOMS 256u

/* Scores written in one transaction. */
#define SEAL_SCORES 256u

/* --- One room ------------------------------------------------------------------------------------ */

static bool snapshot_due(const struct tail *tail)
{
    uint64_t log = tail->since_snapshot + tail->log.length;
    if (tail->broken)
        return false;
    if (tail->asleep && log > SNAPSHOT_ASLEEP_BYTES)
        return true;
    return log > SNAPSHOT_LOG_BYTES && log > tail->snapshot_bytes / 2;
}

/* Builds the room from its log and writes it down; the caller frees the bytes. */
static struct bytes make_snapshot(struct storage *storage, struct tail *tail, uint64_t *tick)
{
    struct loading loading = loading_begin(storage);
    struct bytes bytes = {0};
    enum store_result result = loading_read(&loading, tail_name(tail), tail);
    const struct room *room = replay_room(&loading.replay);
    if (loading.replay.ended) {
        tail->broken = true; /* it is to go, and only its log says so */
    } else if (result == STORE_OK && loading.replay.status == STATUS_OK && room != NULL) {
        size_t length = snapshot_bytes(room);
        uint8_t *data = length <= STORE_BLOB_MAX ? malloc(length) : NULL;
        if (data != NULL) {
            struct writer writer = writer_on(data, length);
            snapshot_write(room, &writer);
            bytes = writer_bytes(&writer);
            *tick = room_tick_number(room);
        }
    } else if (loading.replay.status != STATUS_MEMORY) {
        tail->broken = true; /* loading it will say so, and leave it as it is */
    }
    replay_abandon(&loading.replay);
    return bytes;
}

static struct store_sealed sealed_of(struct storage *storage, struct tail *tail)
{
    uint64_t tick = 0;
    struct bytes snapshot = {0};
    if (snapshot_due(tail))
        snapshot = make_snapshot(storage, tail, &tick);
    return (struct store_sealed){
        .name = tail_name(tail),
        /* A log without its beginning is kept as well: loading it says what is missing. */
        .kind =
            tail->kind_length > 0 ? (struct bytes){tail->kind, tail->kind_length} : bytes_of("?"),
        .segment = {.incarnation = tail->incarnation,
                    .first = tail->first,
                    .last = tail->last,
                    .bytes = {tail->log.data, tail->log.length}},
        .snapshot = {.incarnation = tail->incarnation,
                     .first = tick,
                     .last = tick,
                     .bytes = snapshot},
    };
}

static void clear_sealed(struct storage *storage, struct tail *tail, size_t snapshot_bytes)
{
    tail->since_snapshot += tail->log.length;
    if (snapshot_bytes > 0) {
        tail->since_snapshot = 0;
        tail->snapshot_bytes = snapshot_bytes;
    }
    tail_empty(storage, tail);
    if (tail->asleep)
        tail_forget(storage, tail);
}

static void count_sealed(struct storage *storage, uint64_t segments, uint64_t snapshots)
{
    pthread_mutex_lock(&storage->mutex);
    storage->figures.seals += segments;
    storage->figures.snapshots += snapshots;
    pthread_mutex_unlock(&storage->mutex);
}

/* --- Failures ------------------------------------------------------------------------------------ */

/* Fails once and for all where the disk lied: what it says it has can no longer be taken for safe,
 * so the journal goes on keeping it. */
void archivist_seal_failed(struct storage *storage, enum store_result result)
{
    bool for_ever = result == STORE_FAILED || result == STORE_DAMAGED;
    pthread_mutex_lock(&storage->mutex);
    bool known = storage->figures.archive_fails;
    storage->figures.failures++;
    storage->figures.archive_fails |= for_ever;
    pthread_mutex_unlock(&storage->mutex);
    if (!known)
        storage_trouble(storage, "the archive: %s: %.80s", store_result_text(result),
                        storage->store->place(storage->store));
    if (for_ever)
        storage_lost(storage);
}

/* STORE_DAMAGED may mean that the archive as a whole was, and has been replaced meanwhile. */
static enum store_result
seal_twice(struct storage *storage, const struct store_sealed *sealed, size_t count)
{
    struct store *store = storage->store;
    uint64_t wall_ms = storage->options.wall_ms();
    enum store_result result = store->seal(store, sealed, count, wall_ms);
    return result == STORE_DAMAGED ? store->seal(store, sealed, count, wall_ms) : result;
}

/* What is stored of this room alone is damaged: its log goes beside that, so that the journal need
 * not keep it, nor any other room's because of it. */
static enum store_result
set_aside(struct storage *storage, struct tail *tail, const struct store_sealed *sealed)
{
    struct store *store = storage->store;
    char why[STORE_PLACE_MAX];
    snprintf(why, sizeof why, "%s", store->place(store));
    struct bytes reason = {(const uint8_t *)why, strlen(why)};
    uint64_t wall_ms = storage->options.wall_ms();
    enum store_result result = store->set_aside(store, sealed, reason, wall_ms);
    if (result == STORE_DAMAGED)
        result = store->set_aside(store, sealed, reason, wall_ms);
    if (result != STORE_OK)
        return result;
    if (tail->aside)
        return STORE_OK;
    tail->broken = true;
    tail->aside = true;
    pthread_mutex_lock(&storage->mutex);
    storage->figures.set_aside++;
    pthread_mutex_unlock(&storage->mutex);
    storage_trouble(storage, "quarantined: %s", why);
    return STORE_OK;
}

/* --- Many rooms ---------------------------------------------------------------------------------- */

struct sealing {
    struct storage *storage;
    size_t count;
    uint64_t bytes;
    struct store_sealed sealed[SEAL_ROOMS];
    struct tail *tails[SEAL_ROOMS];
};

static void add_tail(struct sealing *sealing, struct tail *tail)
{
    struct store_sealed *sealed = &sealing->sealed[sealing->count];
    sealing->tails[sealing->count++] = tail;
    *sealed = sealed_of(sealing->storage, tail);
    sealing->bytes += sealed->segment.bytes.length + sealed->snapshot.bytes.length;
}

/* As many as one transaction takes. */
static void collect(struct sealing *sealing)
{
    struct storage *storage = sealing->storage;
    for (struct tail *tail = storage->tails, *next; tail != NULL; tail = next) {
        next = tail->hh.next;
        if (sealing->count == SEAL_ROOMS || sealing->bytes >= storage->options.sealing_bytes)
            return;
        bool alone = tail->aside; /* it would fail the others' transaction */
        if (tail->removed || (alone && sealing->count > 0))
            continue;
        if (tail->log.length > 0)
            add_tail(sealing, tail);
        else if (tail->asleep)
            tail_forget(storage, tail);
        if (alone && sealing->count > 0)
            return;
    }
}

/* Seals these rooms, each of them but what is damaged; where that is, halving finds out. */
static enum store_result seal_range(struct sealing *sealing, size_t from, size_t count)
{
    struct storage *storage = sealing->storage;
    const struct store_sealed *sealed = &sealing->sealed[from];
    struct tail **tails = &sealing->tails[from];
    enum store_result result = STORE_DAMAGED;
    if (count > 1 || !tails[0]->aside)
        result = seal_twice(storage, sealed, count);
    if (result == STORE_DAMAGED && count > 1) {
        result = seal_range(sealing, from, count / 2);
        if (result == STORE_OK)
            result = seal_range(sealing, from + count / 2, count - count / 2);
        return result;
    }
    bool aside = result == STORE_DAMAGED;
    if (aside)
        result = set_aside(storage, tails[0], sealed);
    if (result != STORE_OK)
        return result;
    uint64_t snapshots = 0;
    for (size_t i = 0; i < count; i++) {
        size_t snapshot_bytes = aside ? 0 : sealed[i].snapshot.bytes.length;
        snapshots += snapshot_bytes > 0 ? 1 : 0;
        clear_sealed(storage, tails[i], snapshot_bytes);
    }
    count_sealed(storage, count, snapshots);
    return STORE_OK;
}

/* Some of the tails; *more where others may be left. */
static enum store_result seal_some(struct storage *storage, bool *more)
{
    struct sealing sealing = {.storage = storage};
    collect(&sealing);
    *more = sealing.count > 0;
    enum store_result result = *more ? seal_range(&sealing, 0, sealing.count) : STORE_OK;
    for (size_t i = 0; i < sealing.count; i++)
        free((uint8_t *)(uintptr_t)sealing.sealed[i].snapshot.bytes.data);
    return result;
}

/* --- Rooms that were deleted --------------------------------------------------------------------- */

enum store_result archivist_remove_again(struct storage *storage, struct tail *tail)
{
    struct store *store = storage->store;
    enum store_result result = store->remove(store, tail_name(tail), tail->incarnation);
    if (result == STORE_DAMAGED) /* the archive may have been replaced */
        result = store->remove(store, tail_name(tail), tail->incarnation);
    if (result == STORE_OK)
        tail_forget(storage, tail);
    else
        archivist_seal_failed(storage, result);
    return result;
}

enum store_result archivist_remove(struct storage *storage, struct bytes name, uint64_t incarnation)
{
    struct known known = {0};
    struct tail *tail = tail_find(storage, name);
    enum store_result result = room_known(storage, name, &known);
    /* One of a later life is in the archive: the journal is behind, and tells of the one before. */
    bool later = result == STORE_OK && known.incarnation > incarnation;
    bool none = later || result == STORE_NOT_FOUND || known.state == STORE_ROOM_DELETED;
    if (tail != NULL && later)
        tail_forget(storage, tail);
    if (later)
        return STORE_NOT_FOUND;
    if (tail == NULL && none)
        return quarantine_forget(storage, name) ? STORE_OK : STORE_NOT_FOUND;
    tail = tail_of(storage, name);
    if (tail == NULL)
        return STORE_MEMORY;
    (void)quarantine_forget(storage, name);
    tail_empty(storage, tail);
    tail->incarnation = incarnation;
    tail->removed = true;
    return archivist_remove_again(storage, tail);
}

/* All that it can; false where something is left. */
static bool remove_deleted(struct storage *storage)
{
    bool all = true;
    for (struct tail *tail = storage->tails, *next; tail != NULL; tail = next) {
        next = tail->hh.next;
        if (tail->removed && archivist_remove_again(storage, tail) != STORE_OK)
            all = false;
    }
    return all;
}

/* --- Boards -------------------------------------------------------------------------------------- */

/* What has changed of them; the journal keeps the results that say so until then. */
static enum store_result seal_boards(struct storage *storage)
{
    struct store *store = storage->store;
    struct store_score scores[SEAL_SCORES];
    enum store_result result = STORE_OK;
    size_t count;
    while (result == STORE_OK &&
           (count = boards_unsaved(storage->boards, scores, SEAL_SCORES)) > 0) {
        result = store->write_scores(store, scores, count);
        if (result == STORE_DAMAGED) /* the archive may have been replaced */
            result = store->write_scores(store, scores, count);
        if (result == STORE_OK)
            boards_saved(storage->boards);
    }
    return result;
}

/* --- All of it ----------------------------------------------------------------------------------- */

enum store_result archivist_seal(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    bool fenced = storage->fenced;
    bool fails = storage->figures.archive_fails || fenced;
    pthread_mutex_unlock(&storage->mutex);
    storage->sealed_ms = storage->options.clock_ms();
    if (!fenced)
        quarantines_again(storage);
    if (fails)
        return STORE_FAILED;
    bool removed = remove_deleted(storage);
    bool more = true;
    enum store_result result = STORE_OK;
    while (more && result == STORE_OK)
        result = seal_some(storage, &more);
    if (result == STORE_OK)
        result = seal_boards(storage);
    if (result != STORE_OK)
        archivist_seal_failed(storage, result);
    bool behind = result != STORE_OK || !removed;
    pthread_mutex_lock(&storage->mutex);
    storage->figures.archive_behind = behind;
    pthread_mutex_unlock(&storage->mutex);
    /* The journal forgets what is in the archive once nothing else rests on it; the next time will
     * do where there is no memory for that. */
    struct job *job = behind ? NULL : job_new(JOB_RELEASE, (struct bytes){0});
    if (job == NULL)
        return result;
    job->number = storage->taken;
    queue_push(storage, &storage->to_writer, job);
    return result;
}

enum store_result archivist_seal_early(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    bool behind = storage->figures.archive_behind;
    pthread_mutex_unlock(&storage->mutex);
    return behind ? STORE_BUSY : archivist_seal(storage);
}
