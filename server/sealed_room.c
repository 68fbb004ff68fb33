/* sealed_room.c - what of a room goes into the archive in one sealing: its log and its track, packed, what
 * happened in them in short, and a snapshot where one is due. The archivist's. */
#include "server/storage_parts.h"
#include "sync/log_piece.h"
#include "sync/snapshot.h"
#include "sync/summary.h"

#include <stdlib.h>
#include <string.h>

/* A snapshot is due when the log behind the last one is longer than this, and than twice that one: then
 * loading a room costs at most some times what the room is, or a few milliseconds, and snapshots are the
 * smaller part of what is stored. */
#define SNAPSHOT_LOG_BYTES (1u << 20)

/* The same for a room that sleeps, so that it wakes quickly: but one that is opened often, and hardly changed, is
 * not written down whole each time. */
#define SNAPSHOT_ASLEEP_BYTES (16u << 10)

/* And in any room behind so much of a recording, most of which may be presence: what goes of it goes from one
 * snapshot to the next. Here, too, snapshots stay the smaller part. */
#define SNAPSHOT_RECORDED_S     3600u
#define SNAPSHOT_RECORDED_BYTES (4u << 20)

static_assert(SUMMARY_BYTES_MAX <= STORE_SUMMARY_MAX, "every summary is taken");

/* --- Snapshots ------------------------------------------------------------------------------------ */

static bool is_long(const struct storage_piece *piece, const struct rules *rules)
{
    uint64_t ticks = piece->last - piece->after;
    return ticks / rules->tick_hz >= SNAPSHOT_RECORDED_S ||
           piece->recorded_bytes > SNAPSHOT_RECORDED_BYTES;
}

bool storage_snapshot_due(const struct storage_piece *piece, const struct rules *rules, bool asleep)
{
    if (piece->last <= piece->after)
        return false;
    if (is_long(piece, rules) && piece->recorded_bytes > 2 * piece->snapshot_stored)
        return true;
    if (asleep)
        return piece->log_bytes > SNAPSHOT_ASLEEP_BYTES && piece->log_bytes > piece->snapshot_bytes;
    return piece->log_bytes > SNAPSHOT_LOG_BYTES && piece->log_bytes > 2 * piece->snapshot_bytes;
}

/* Of a kind that nobody has here none can be made. */
static bool snapshot_due(const struct storage *storage,
                         const struct sealed_room *room,
                         const struct store_sealed *sealed)
{
    const struct rules *rules = kind_find(storage->options.kinds, sealed->kind);
    return !room->tail->broken && rules != NULL &&
           storage_snapshot_due(&room->piece, rules, room->tail->asleep);
}

static void
write_snapshot(const struct room *built, struct sealed_room *room, struct store_blob *snapshot)
{
    size_t length = snapshot_bytes(built);
    uint8_t *whole = length <= STORE_BLOB_MAX ? malloc(length) : NULL;
    if (whole == NULL)
        return;
    struct writer writer = writer_on(whole, length);
    snapshot_write(built, &writer);
    snapshot->bytes = log_piece_pack(writer_bytes(&writer), snapshot_pack, &room->snapshot);
    snapshot->first = snapshot->last = room_tick_number(built);
    room->next = (struct storage_piece){.after = snapshot->first,
                                        .last = snapshot->first,
                                        .snapshot_bytes = length,
                                        .snapshot_stored = snapshot->bytes.length};
    if (room->snapshot == NULL)
        room->snapshot = whole;
    else
        free(whole);
}

/* Builds the room from its log and writes it down. */
static void
make_snapshot(struct storage *storage, struct sealed_room *room, struct store_blob *snapshot)
{
    struct tail *tail = room->tail;
    struct loading loading = loading_begin(storage);
    enum store_result result = loading_read(&loading, tail_name(tail), tail);
    const struct room *built = replay_room(&loading.replay);
    if (loading.replay.ended) {
        tail->broken = true; /* it is to go, and only its log says so */
    } else if (result == STORE_OK && loading.replay.status == STATUS_OK && built != NULL) {
        write_snapshot(built, room, snapshot);
    } else if (loading.replay.status != STATUS_MEMORY) {
        tail->broken = true; /* loading it will say so, and leave it as it is */
    }
    replay_abandon(&loading.replay);
}

/* --- Logs and tracks ------------------------------------------------------------------------------ */

void log_time(struct bytes log, uint64_t *began_ms, uint64_t *ended_ms)
{
    struct reader reader = reader_on(log);
    struct log_entry entry;
    while (log_read_entry(&reader, &entry)) {
        *began_ms = *began_ms == 0 ? entry.wall_ms : *began_ms;
        *ended_ms = entry.wall_ms;
    }
}

static struct bytes summary_of(struct bytes log, struct bytes track, uint8_t **owned)
{
    uint8_t buffer[SUMMARY_BYTES_MAX];
    struct writer writer = writer_on(buffer, sizeof buffer);
    summary_write(log, track, &writer);
    *owned = writer.status == STATUS_OK ? malloc(writer.length) : NULL;
    if (*owned == NULL)
        return (struct bytes){0};
    memcpy(*owned, buffer, writer.length);
    return (struct bytes){*owned, writer.length};
}

/* --- All of it ------------------------------------------------------------------------------------ */

bool sealed_room_due(const struct storage *storage, struct tail *tail, struct sealed_room *room)
{
    *room = (struct sealed_room){.tail = tail, .part = track_part_due(storage, tail)};
    return tail->log.length > 0 || room->part.length > 0;
}

/* What a log begins with that is all of a room is read as soon as a snapshot, and counts as one. */
static struct storage_piece piece_with(const struct tail *tail, size_t log, size_t track)
{
    struct storage_piece piece = tail->piece;
    uint64_t whole = 0; /* as it is stored */
    if (tail->whole > 0) {
        whole = (uint64_t)log * tail->whole / tail->log.length;
        piece.snapshot_bytes = tail->whole;
        piece.snapshot_stored = whole;
    }
    piece.log_bytes += tail->log.length - tail->whole;
    piece.recorded_bytes += log - whole + track;
    piece.last = tail->last;
    return piece;
}

struct store_sealed sealed_room_make(struct storage *storage, struct sealed_room *room)
{
    struct tail *tail = room->tail;
    struct track_part *part = &room->part;
    struct bytes log = {tail->log.data, tail->log.length};
    struct bytes track = {tail->track.bytes.data, part->length};
    struct store_sealed sealed = {
        .name = tail_name(tail),
        /* A log without its beginning is kept as well: loading it says what is missing. */
        .kind =
            tail->kind_length > 0 ? (struct bytes){tail->kind, tail->kind_length} : bytes_of("?"),
        .segment = {.incarnation = tail->incarnation, .first = tail->first, .last = tail->last},
        .track = {.incarnation = tail->track.incarnation, .first = part->first, .last = part->last},
        .snapshot = {.incarnation = tail->incarnation},
        .began_ms = part->began_ms,
        .ended_ms = part->ended_ms,
    };
    if (log.length > 0)
        sealed.began_ms = sealed.ended_ms = 0;
    log_time(log, &sealed.began_ms, &sealed.ended_ms);
    sealed.segment.bytes = log_piece_pack(log, log_pack, &room->segment);
    sealed.track.bytes = log_piece_pack(track, log_pack, &room->track);
    room->piece = piece_with(tail, sealed.segment.bytes.length, sealed.track.bytes.length);
    if (snapshot_due(storage, room, &sealed))
        make_snapshot(storage, room, &sealed.snapshot);
    if (log.length > 0 && room_is_kept(storage, sealed.kind, tail))
        sealed.summary = summary_of(log, track, &room->summary);
    return sealed;
}

void sealed_room_done(struct storage *storage, struct sealed_room *room)
{
    struct tail *tail = room->tail;
    track_drop_front(storage, tail, room->part.length);
    tail_empty(storage, tail);
}

void sealed_room_free(struct sealed_room *room)
{
    free(room->segment);
    free(room->track);
    free(room->snapshot);
    free(room->summary);
}
