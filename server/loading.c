/* loading.c - a room out of the archive and the tails: the archivist's. */
#include "server/storage_parts.h"

#include "sync/log_pack.h"
#include "sync/log_piece.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static bool take_snapshot(void *context, const struct store_blob *blob)
{
    struct loading *loading = context;
    loading->piece.snapshot_bytes = log_piece_length(blob->bytes);
    loading->piece.snapshot_stored = blob->bytes.length;
    loading->piece.after = blob->first;
    return replay_snapshot(&loading->replay, blob->bytes) == STATUS_OK;
}

enum status replay_piece(struct replay *replay, struct bytes stored, size_t *length)
{
    struct log_piece piece;
    enum status status = log_piece_open(&piece, stored);
    *length = piece.entries.length;
    if (status == STATUS_OK)
        status = replay_log(replay, piece.entries);
    else
        replay->status = status;
    log_piece_close(&piece);
    return status;
}

static bool take_segment(void *context, const struct store_blob *blob)
{
    struct loading *loading = context;
    size_t length;
    enum status status = replay_piece(&loading->replay, blob->bytes, &length);
    if (loading->piece.after == 0)
        loading->piece.after = blob->first - 1;
    loading->piece.log_bytes += length;
    return status == STATUS_OK;
}

enum store_result loading_read(struct loading *loading, struct bytes name, const struct tail *tail)
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

struct loading loading_begin(struct storage *storage)
{
    struct room_options options = storage->options.rooms;
    options.seed = storage->options.seed;
    return (struct loading){.storage = storage,
                            .replay = replay_begin(&options, storage->options.kinds)};
}

/* Without memory for the mark the next load comes to the same end. */
static void quarantine(struct storage *storage, struct bytes name, struct storage_event *event)
{
    quarantine_keep_log(storage, name);
    struct job *job = quarantine_new(storage, name, event->text);
    event->result = LOAD_QUARANTINED;
    if (job != NULL)
        quarantine_room(storage, job);
}

const char *loading_complaint(const struct replay *replay)
{
    if (replay->status == STATUS_KIND)
        return replay->changed ? "its kind has changed since it was saved"
                               : "its kind is none of this server's";
    if (replay->status == STATUS_REFUSED)
        return "which leads to another state than it says";
    return replay->status == STATUS_NOT_FOUND ? "of which a part is missing"
                                              : status_text(replay->status);
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
        snprintf(event->text, sizeof event->text, "%s", loading_complaint(&loading->replay));
    } else if (status != STATUS_OK) {
        snprintf(event->text, sizeof event->text, "its log, %s",
                 loading_complaint(&loading->replay));
        quarantine(storage, name, event);
    } else if (loading->replay.room == NULL) {
        event->result = LOAD_NONE;
    } else if (loading->replay.ended) {
        /* The server ended before it was deleted; what comes after it begins at its first tick. */
        event->incarnation = room_incarnation(loading->replay.room);
        result = archivist_remove(storage, name, event->incarnation);
        bool gone = result == STORE_OK || result == STORE_NOT_FOUND;
        event->result = gone ? LOAD_NONE : LOAD_FAILED;
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

static bool note_summary(void *context, const struct store_segment *segment)
{
    bool *told = context;
    if (segment->bytes > 0)
        *told = segment->summary.length > 0;
    return true;
}

/* Only the log says so, but where the end of it is summed up it does not have to be read. */
bool room_was_unrecorded(struct storage *storage, struct bytes name)
{
    struct known known = {0};
    struct store *store = storage->store;
    bool told = false;
    enum store_result result = room_known(storage, name, &known);
    if (result == STORE_OK && known.last > 0)
        result = store->segments(store, name, known.last - 1, note_summary, &told);
    if (result != STORE_OK || told)
        return false;
    struct loading loading = loading_begin(storage);
    result = loading_read(&loading, name, NULL);
    const struct room *room = replay_room(&loading.replay);
    bool unrecorded = result == STORE_OK && room != NULL && !room_is_recorded(room);
    replay_abandon(&loading.replay);
    return unrecorded;
}

static void remember(struct storage *storage,
                     const struct storage_event *event,
                     struct bytes name,
                     const struct loading *loading)
{
    struct tail *tail = tail_of(storage, name);
    if (tail == NULL)
        return;
    struct store *store = storage->store;
    uint64_t begins = tail->piece.after;
    tail->piece = loading->piece;
    if (tail->piece.after == 0)
        tail->piece.after = begins;
    /* A store that does not tell makes the next snapshot come later. */
    uint64_t *recorded = &tail->piece.recorded_bytes;
    if (store->recorded(store, name, tail->piece.after, recorded) != STORE_OK)
        *recorded = 0;
    tail->unrecorded = !room_is_recorded(event->room);
    tail->asleep = false;
}

/* Every part of it, with what the journal has. */
static void load_stored(struct storage *storage,
                        struct bytes name,
                        const struct tail *tail,
                        const struct known *known,
                        struct storage_event *event)
{
    struct loading loading = loading_begin(storage);
    conclude(&loading, name, loading_read(&loading, name, tail), event);
    replay_abandon(&loading.replay);
    if (event->result == LOAD_DONE)
        remember(storage, event, name, &loading);
    /* A restored backup: what members know of the room may be later than what it is. */
    if (known->incarnation > event->incarnation) {
        event->incarnation = known->incarnation;
        event->clean = false;
    }
}

void archivist_load(struct storage *storage, struct bytes name, struct storage_event *event)
{
    struct known known = {0};
    struct tail *tail = tail_find(storage, name);
    bool removed =
        tail == NULL || !tail->removed || archivist_remove_again(storage, tail) == STORE_OK;
    tail = tail_find(storage, name);
    enum store_result result = room_known(storage, name, &known);
    const char *reason = quarantine_reason(storage, name);
    event->incarnation = known.incarnation;
    if (storage->incomplete || !removed) {
        event->result = LOAD_FAILED;
    } else if (reason != NULL) {
        event->result = LOAD_QUARANTINED;
        snprintf(event->text, sizeof event->text, "%s", reason);
    } else if (result == STORE_OK && known.state == STORE_ROOM_QUARANTINED) {
        event->result = LOAD_QUARANTINED;
        memcpy(event->text, known.reason, sizeof event->text);
    } else if (result == STORE_DAMAGED) { /* its own row: there is no place for a mark */
        event->result = LOAD_QUARANTINED;
        snprintf(event->text, sizeof event->text, "%s", storage->store->place(storage->store));
    } else if (result != STORE_OK && result != STORE_NOT_FOUND) {
        event->result = LOAD_FAILED;
    } else if (!known_is_there(result, &known) && tail == NULL) {
        event->result = LOAD_NONE;
    } else {
        load_stored(storage, name, tail, &known, event);
    }
    pthread_mutex_lock(&storage->mutex);
    storage->figures.loads++;
    pthread_mutex_unlock(&storage->mutex);
}
