/* tracks.c - presence as rooms record it, on its way into the archive: gathered by the hub, sent along
 * with the flush that it belongs to, and kept by the archivist until it is sealed.
 *
 * Nobody waits for a track and nothing counts as unsaved because of one. What there is no room for is
 * left out, and the room begins anew with a keyframe. */
#include "server/storage_parts.h"
#include "sync/log_read.h"
#include "sync/track.h"

#include <stdlib.h>
#include <string.h>

/* --- The hub's ------------------------------------------------------------------------------------ */

static void count_refused(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    storage->figures.tracks_refused++;
    pthread_mutex_unlock(&storage->mutex);
}

bool storage_track(struct storage *storage, const struct flush_entry *entry)
{
    pthread_mutex_lock(&storage->mutex);
    uint64_t waiting = storage->figures.track_bytes;
    pthread_mutex_unlock(&storage->mutex);
    waiting += storage->open_track.length + entry->bytes.length;
    if (waiting <= storage->options.track_bytes && flush_add(&storage->open_track, entry))
        return true;
    count_refused(storage);
    return false;
}

void tracks_hand_over(struct storage *storage, struct job *job)
{
    struct flush_buffer *open = &storage->open_track;
    if (open->length == 0)
        return;
    job->track = batch_new((struct bytes){open->data, open->length});
    if (job->track == NULL)
        return; /* it goes with the next */
    pthread_mutex_lock(&storage->mutex);
    storage->figures.track_bytes += open->length;
    pthread_mutex_unlock(&storage->mutex);
    free(open->data);
    *open = (struct flush_buffer){0};
}

/* --- The archivist's ------------------------------------------------------------------------------ */

/* Sealed before its time when so much has come. */
#define TRACK_SEAL_BYTES (16u << 20)

static bool begins_whole(struct bytes entries)
{
    struct reader reader = reader_on(entries);
    struct log_entry entry;
    return log_read_entry(&reader, &entry) && track_is_keyframe(&entry);
}

static void forget_bytes(struct storage *storage, uint64_t bytes)
{
    pthread_mutex_lock(&storage->mutex);
    storage->figures.track_bytes -= bytes;
    pthread_mutex_unlock(&storage->mutex);
}

void track_empty(struct storage *storage, struct tail *tail)
{
    forget_bytes(storage, tail->track.bytes.length);
    free(tail->track.bytes.data);
    tail->track = (struct tail_track){0};
}

/* What is left begins with a keyframe, or is nothing. */
void track_drop_front(struct storage *storage, struct tail *tail, size_t length)
{
    struct flush_buffer *bytes = &tail->track.bytes;
    if (length == bytes->length) {
        track_empty(storage, tail);
        return;
    }
    forget_bytes(storage, length);
    bytes->length -= length;
    memmove(bytes->data, bytes->data + length, bytes->length);
}

/* Of a room whose log is not here the track would not be told from another's: one that is deleted, or of
 * an incarnation before. */
static bool take(struct storage *storage, const struct flush_entry *entry)
{
    struct tail *tail = tail_find(storage, entry->room);
    if (tail == NULL || tail->removed || tail->incarnation != entry->incarnation)
        return false;
    struct tail_track *track = &tail->track;
    if (track->incarnation != entry->incarnation)
        track_empty(storage, tail);
    bool begins = track->bytes.length == 0;
    if ((begins && !begins_whole(entry->bytes)) || !buffer_append(&track->bytes, entry->bytes))
        return false;
    track->incarnation = entry->incarnation;
    track->last = entry->last;
    track->taken_ms = storage->options.clock_ms();
    return true;
}

void tracks_take(struct storage *storage, const struct batch *batch)
{
    if (batch == NULL)
        return;
    struct flush_reader reader = {.bytes = batch_bytes(batch)};
    struct flush_entry entry;
    uint64_t taken = 0;
    while (flush_next(&reader, &entry))
        if (take(storage, &entry))
            taken += entry.bytes.length;
        else
            count_refused(storage);
    forget_bytes(storage, batch->length - taken);
    pthread_mutex_lock(&storage->mutex);
    uint64_t bytes = storage->figures.track_bytes;
    pthread_mutex_unlock(&storage->mutex);
    if (bytes > TRACK_SEAL_BYTES && bytes > storage->options.track_bytes / 2)
        archivist_seal_early(storage);
}

/* Nothing has come for so long that the next entry is a keyframe. */
static bool is_quiet(const struct storage *storage, const struct tail_track *track)
{
    return storage->options.clock_ms() >= track->taken_ms + STORAGE_TRACK_QUIET_MS;
}

struct track_part track_part_due(const struct storage *storage, const struct tail *tail)
{
    struct track_part part = {0}, all = {0};
    struct reader reader =
        reader_on((struct bytes){tail->track.bytes.data, tail->track.bytes.length});
    struct log_entry entry;
    while (log_read_entry(&reader, &entry) && entry.tick <= tail->last) {
        if (all.length > 0 && track_is_keyframe(&entry))
            part = all;
        if (all.length == 0) {
            all.first = entry.tick;
            all.began_ms = entry.wall_ms;
        }
        all.last = entry.tick;
        all.ended_ms = entry.wall_ms;
        all.length = reader.at;
    }
    bool over = storage->ends || tail->asleep || is_quiet(storage, &tail->track);
    return over ? all : part;
}
