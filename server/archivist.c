/* archivist.c - the thread that loads rooms and seals what was flushed into the archive. */
#include "server/storage_parts.h"

#include "sync/snapshot.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A snapshot is due when the log behind the last one is longer than this, and than half of it: then
 * loading a room costs at most one and a half times what the room is, and making snapshots costs at
 * most three times what is logged. */
#define SNAPSHOT_LOG_BYTES (256u << 10)

/* For a room that sleeps, so that it wakes quickly. */
#define SNAPSHOT_ASLEEP_BYTES (16u << 10)

/* Sealed before its time, so that tails do not grow without bound. */
#define SEAL_BYTES (16u << 20)

/* Rooms sealed in one transaction: a load waits for one at most. */
#define SEAL_ROOMS 256u

/* Freed in the archive when the disk is full: a little, so that no more of the past goes than must. */
#define RECLAIM_BYTES (8u << 20)

/* --- Loading ------------------------------------------------------------------------------------- */

struct loading {
    struct storage *storage;
    struct replay replay;
    uint64_t snapshot_bytes, log_bytes;
};

static bool take_snapshot(void *context, const struct store_blob *blob)
{
    struct loading *loading = context;
    loading->snapshot_bytes = blob->bytes.length;
    return replay_snapshot(&loading->replay, blob->bytes) == STATUS_OK;
}

static bool take_segment(void *context, const struct store_blob *blob)
{
    struct loading *loading = context;
    loading->log_bytes += blob->bytes.length;
    return replay_log(&loading->replay, blob->bytes) == STATUS_OK;
}

/* Everything of the room, applied; what the store says of it. */
static enum store_result
read_room(struct loading *loading, struct bytes name, const struct tail *tail)
{
    struct store *store = loading->storage->store;
    enum store_result result = store->snapshot(store, name, UINT64_MAX, take_snapshot, loading);
    uint64_t after = 0;
    if (loading->replay.room != NULL)
        after = room_tick_number(loading->replay.room);
    if (result == STORE_NOT_FOUND)
        result = STORE_OK;
    if (result == STORE_OK && loading->replay.status == STATUS_OK)
        result = store->read(store, name, after, take_segment, loading);
    if (result == STORE_NOT_FOUND)
        result = STORE_OK;
    if (result == STORE_OK && loading->replay.status == STATUS_OK && tail != NULL) {
        struct bytes log = {tail->log.data, tail->log.length};
        enum status status = replay_log(&loading->replay, log);
        assert(status == loading->replay.status); /* which conclude() looks at */
        (void)status;
    }
    return result;
}

static struct loading loading_begin(struct storage *storage)
{
    struct room_options options = storage->options.rooms;
    options.seed = storage->options.seed;
    return (struct loading){.storage = storage,
                            .replay = replay_begin(&options, storage->options.find)};
}

static void quarantine(struct storage *storage, struct bytes name, struct storage_event *event)
{
    struct bytes reason = {(const uint8_t *)event->text, strlen(event->text)};
    struct tail *tail = tail_find(storage, name);
    event->result = LOAD_QUARANTINED;
    if (tail != NULL)
        tail->broken = true; /* its log is kept, and no snapshot is made of it */
    if (storage->store->quarantine(storage->store, name, reason) != STORE_OK)
        return; /* the next load comes to the same end */
}

/* Turns what was read into an answer. */
static void conclude(struct loading *loading,
                     struct bytes name,
                     enum store_result result,
                     struct storage_event *event)
{
    struct storage *storage = loading->storage;
    enum status status = loading->replay.status;
    if (result == STORE_DAMAGED) {
        snprintf(event->text, sizeof event->text, "%s", storage->store->place(storage->store));
        quarantine(storage, name, event);
    } else if (result != STORE_OK || status == STATUS_MEMORY) {
        event->result = LOAD_FAILED;
    } else if (status == STATUS_KIND) {
        event->result = LOAD_KIND;
    } else if (status != STATUS_OK) {
        snprintf(event->text, sizeof event->text, "its log, %s",
                 status == STATUS_REFUSED     ? "which leads to another state than it says"
                 : status == STATUS_NOT_FOUND ? "of which a part is missing"
                                              : status_text(status));
        quarantine(storage, name, event);
    } else if (loading->replay.room == NULL) {
        event->result = LOAD_NONE;
    } else if (loading->replay.ended) {
        event->result = LOAD_NONE; /* the server ended before it could be removed */
        event->incarnation = room_incarnation(loading->replay.room);
    } else {
        event->room = replay_end(&loading->replay, &event->clean, &status);
        event->result = event->room != NULL ? LOAD_DONE : LOAD_FAILED;
    }
    if (event->room == NULL)
        return;
    /* A folder that was restored from a backup has its rooms in incarnations that nobody has seen. */
    event->clean = event->clean && event->incarnation <= room_incarnation(event->room) &&
                   !storage->options.salvaged;
    if (event->incarnation < room_incarnation(event->room))
        event->incarnation = room_incarnation(event->room);
}

static void
remember_lengths(struct storage *storage, struct bytes name, const struct loading *loading)
{
    struct tail *tail = tail_of(storage, name);
    if (tail == NULL)
        return;
    tail->since_snapshot = loading->log_bytes;
    tail->snapshot_bytes = loading->snapshot_bytes;
    tail->asleep = false;
}

static enum store_result remove_stored(struct storage *storage, struct bytes name);

static void load(struct storage *storage, const struct job *job)
{
    struct bytes name = {job->name, job->name_length};
    struct storage_event event = {.kind = STORAGE_LOADED, .ticket = job->ticket};
    struct known known = {0};
    const struct tail *tail = tail_find(storage, name);
    bool removed = tail == NULL || !tail->removed || remove_stored(storage, name) == STORE_OK;
    tail = tail_find(storage, name);
    enum store_result result = storage->store->room(storage->store, name, take_known, &known);
    event.incarnation = known.incarnation;
    if (storage->incomplete || !removed) {
        event.result = LOAD_FAILED;
    } else if (result == STORE_OK && known.state == STORE_ROOM_QUARANTINED) {
        event.result = LOAD_QUARANTINED;
        memcpy(event.text, known.reason, sizeof event.text);
    } else if ((result == STORE_NOT_FOUND || known.state == STORE_ROOM_DELETED) && tail == NULL) {
        event.result = LOAD_NONE;
    } else if (result != STORE_OK && result != STORE_NOT_FOUND) {
        event.result = LOAD_FAILED;
    } else {
        struct loading loading = loading_begin(storage);
        conclude(&loading, name, read_room(&loading, name, tail), &event);
        /* What comes under its name begins anew, and does not go on behind its log. */
        if (loading.replay.ended && remove_stored(storage, name) != STORE_OK)
            event.result = LOAD_FAILED;
        replay_abandon(&loading.replay);
        if (event.result == LOAD_DONE)
            remember_lengths(storage, name, &loading);
        /* A restored backup: what members know of the room may be later than what it is. */
        if (known.incarnation > event.incarnation) {
            event.incarnation = known.incarnation;
            event.clean = false;
        }
    }
    pthread_mutex_lock(&storage->mutex);
    storage->figures.loads++;
    pthread_mutex_unlock(&storage->mutex);
    post(storage, &event);
}

/* --- Sealing ------------------------------------------------------------------------------------- */

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
    enum store_result result = read_room(&loading, tail_name(tail), tail);
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

static void
clear_sealed(struct storage *storage, struct tail *tail, const struct store_sealed *sealed)
{
    storage->tail_bytes -= tail->log.length;
    tail->since_snapshot += tail->log.length;
    tail->log.length = 0;
    if (sealed->snapshot.bytes.length > 0) {
        tail->since_snapshot = 0;
        tail->snapshot_bytes = sealed->snapshot.bytes.length;
    }
    free(tail->log.data);
    tail->log = (struct flush_buffer){0};
    if (tail->asleep)
        tail_forget(storage, tail);
}

/* Fails once and for all where the disk lied: what it says it has can no longer be taken for safe,
 * so the journal goes on keeping it. */
static void seal_failed(struct storage *storage, enum store_result result)
{
    struct storage_event event = {.kind = STORAGE_TROUBLE};
    bool for_ever = result == STORE_FAILED || result == STORE_DAMAGED;
    pthread_mutex_lock(&storage->mutex);
    storage->figures.failures++;
    storage->figures.archive_fails |= for_ever;
    pthread_mutex_unlock(&storage->mutex);
    snprintf(event.text, sizeof event.text, "the archive: %s: %.80s", store_result_text(result),
             storage->store->place(storage->store));
    post(storage, &event);
}

/* Some of the tails; false when it failed or nothing was left. */
static bool seal_some(struct storage *storage, uint64_t wall_ms)
{
    struct store_sealed sealed[SEAL_ROOMS];
    struct tail *tails[SEAL_ROOMS];
    size_t count = 0;
    uint64_t snapshots = 0;
    for (struct tail *tail = storage->tails, *next; tail != NULL && count < SEAL_ROOMS;
         tail = next) {
        next = tail->hh.next;
        if (tail->removed)
            continue;
        if (tail->log.length == 0) {
            if (tail->asleep)
                tail_forget(storage, tail);
            continue;
        }
        tails[count] = tail;
        sealed[count] = sealed_of(storage, tail);
        snapshots += sealed[count].snapshot.bytes.length > 0 ? 1 : 0;
        count++;
    }
    if (count == 0)
        return false;
    enum store_result result = storage->store->seal(storage->store, sealed, count, wall_ms);
    if (result == STORE_DAMAGED) /* once, when a damaged archive has been replaced */
        result = storage->store->seal(storage->store, sealed, count, wall_ms);
    for (size_t i = 0; i < count; i++) {
        uint8_t *snapshot = (uint8_t *)(uintptr_t)sealed[i].snapshot.bytes.data;
        if (result == STORE_OK)
            clear_sealed(storage, tails[i], &sealed[i]);
        free(snapshot);
    }
    pthread_mutex_lock(&storage->mutex);
    storage->figures.seals += result == STORE_OK ? count : 0;
    storage->figures.snapshots += result == STORE_OK ? snapshots : 0;
    storage->figures.archive_behind = result != STORE_OK;
    bool archive_failed_before = storage->figures.archive_fails;
    pthread_mutex_unlock(&storage->mutex);
    if (result != STORE_OK && !archive_failed_before)
        seal_failed(storage, result);
    return result == STORE_OK;
}

/* Of a room that is stored. What it wrote last is sealed first, so that the archive knows the
 * incarnation that is over. Where that fails it stays, with its log, until it is tried again. */
static enum store_result remove_stored(struct storage *storage, struct bytes name)
{
    struct tail *tail = tail_find(storage, name);
    enum store_result result = STORE_OK;
    if (tail != NULL && tail->log.length > 0) {
        tail->broken = true;
        struct store_sealed sealed = sealed_of(storage, tail);
        result = storage->store->seal(storage->store, &sealed, 1, wall_clock_ms());
    }
    if (result == STORE_OK)
        result = storage->store->remove(storage->store, name);
    if (result == STORE_NOT_FOUND)
        result = STORE_OK;
    if (result != STORE_OK) {
        seal_failed(storage, result);
        tail = tail_of(storage, name);
    }
    if (tail != NULL && result == STORE_OK)
        tail_forget(storage, tail);
    else if (tail != NULL)
        tail->removed = true;
    return result;
}

static void remove_again(struct storage *storage)
{
    for (struct tail *tail = storage->tails, *next; tail != NULL; tail = next) {
        next = tail->hh.next;
        if (tail->removed && remove_stored(storage, tail_name(tail)) != STORE_OK)
            return;
    }
}

static bool has_tails(const struct storage *storage)
{
    return storage->tail_bytes > 0;
}

void archivist_seal(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    bool fails = storage->figures.archive_fails || storage->fenced;
    pthread_mutex_unlock(&storage->mutex);
    storage->sealed_ms = storage->options.clock_ms();
    if (fails)
        return;
    remove_again(storage);
    uint64_t wall_ms = wall_clock_ms();
    while (seal_some(storage, wall_ms))
        continue;
    if (has_tails(storage))
        return;
    struct job *job = job_new(JOB_RELEASE, (struct bytes){0});
    if (job == NULL)
        return;
    job->number = storage->taken;
    queue_push(storage, &storage->to_writer, job);
}

/* --- The thread ---------------------------------------------------------------------------------- */

static void slept(struct storage *storage, struct bytes name)
{
    struct tail *tail = tail_find(storage, name);
    if (tail != NULL)
        tail->asleep = true;
}

static void post_answer(struct storage *storage,
                        enum storage_event_kind kind,
                        struct bytes name,
                        enum store_result answer)
{
    struct storage_event event = {
        .kind = kind, .answer = answer, .name_length = (uint8_t)name.length};
    memcpy(event.name, name.data, name.length);
    if (answer != STORE_OK && answer != STORE_NOT_FOUND)
        snprintf(event.text, sizeof event.text, "%s: %.80s", store_result_text(answer),
                 storage->store->place(storage->store));
    post(storage, &event);
}

static bool is_stored(struct storage *storage, struct bytes name, enum store_result *result)
{
    struct known known = {0};
    *result = storage->store->room(storage->store, name, take_known, &known);
    if (*result == STORE_OK && known.state == STORE_ROOM_DELETED)
        *result = STORE_NOT_FOUND;
    return *result == STORE_OK;
}

static void remove_room(struct storage *storage, struct bytes name)
{
    enum store_result result = STORE_OK;
    if (tail_find(storage, name) != NULL || is_stored(storage, name, &result))
        result = remove_stored(storage, name);
    post_answer(storage, STORAGE_REMOVED, name, result);
}

static void release_room(struct storage *storage, struct bytes name)
{
    enum store_result result;
    if (is_stored(storage, name, &result))
        result = storage->store->release_quarantine(storage->store, name);
    post_answer(storage, STORAGE_RELEASED, name, result);
}

/* What it could free does not matter: the writer tries again, and asks again. */
static void reclaim(struct storage *storage)
{
    uint64_t freed;
    enum store_result result = storage->store->reclaim(storage->store, RECLAIM_BYTES, &freed);
    (void)result;
    pthread_mutex_lock(&storage->mutex);
    storage->reclaiming = false;
    pthread_mutex_unlock(&storage->mutex);
}

/* Before its time, where much has come; an archive that took nothing is asked again in due time. */
static void seal_early(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    bool behind = storage->figures.archive_behind;
    pthread_mutex_unlock(&storage->mutex);
    if (storage->tail_bytes > SEAL_BYTES && !behind)
        archivist_seal(storage);
}

bool archivist_do(struct storage *storage, struct job *job)
{
    struct bytes name = {job->name, job->name_length};
    bool goes_on = true;
    switch (job->kind) {
    case JOB_FLUSH:
        if (!tails_take(storage, job->batch))
            seal_failed(storage, STORE_FAILED); /* the journal has it, the archive never will */
        seal_early(storage);
        break;
    case JOB_LOAD:
        load(storage, job);
        break;
    case JOB_SLEPT:
        slept(storage, name);
        break;
    case JOB_REMOVE:
        remove_room(storage, name);
        break;
    case JOB_RELEASE_ROOM:
        release_room(storage, name);
        break;
    case JOB_RECLAIM:
        reclaim(storage);
        break;
    default:
        archivist_seal(storage);
        goes_on = false;
        break;
    }
    free(job);
    return goes_on;
}

void *archivist_run(void *context)
{
    struct storage *storage = context;
    pthread_setname_np(pthread_self(), "archivist");
    for (bool goes_on = true; goes_on;) {
        struct job *job = queue_pop(storage, &storage->to_archivist,
                                    storage->sealed_ms + storage->options.seal_ms);
        if (job != NULL)
            goes_on = archivist_do(storage, job);
        if (goes_on && storage->options.clock_ms() >= storage->sealed_ms + storage->options.seal_ms)
            archivist_seal(storage);
    }
    return NULL;
}

void archivist_free(struct storage *storage)
{
    while (storage->tails != NULL)
        tail_forget(storage, storage->tails);
}
