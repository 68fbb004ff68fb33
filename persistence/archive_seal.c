/* archive_seal.c - what goes into the archive: a room's part of a sealing. */
#include "persistence/archive_parts.h"

#include <assert.h>
#include <string.h>

/* --- Sealing ------------------------------------------------------------------------------------ */

/* Packs and adds the blob, whose numbers are set but for the room's. */
static enum store_result add_packed(struct archive *archive,
                                    struct archive_room *room,
                                    struct archive_blob *blob,
                                    struct bytes bytes)
{
    blob->name_length = room->room.name.length;
    memcpy(blob->name, room->room.name.data, blob->name_length);
    enum store_result result = archive_blob_pack(blob, bytes);
    if (result == STORE_OK)
        result = archive_blob_add(archive, blob);
    if (result == STORE_OK)
        room->room.bytes += blob->stored_length;
    archive_blob_free(blob);
    if (blob->incarnation > room->room.incarnation)
        room->room.incarnation = blob->incarnation;
    return result;
}

static enum store_result add_blob(struct archive *archive,
                                  struct archive_room *room,
                                  enum blob_table table,
                                  const struct store_blob *bytes,
                                  uint64_t wall_ms)
{
    assert(bytes->first > 0 && bytes->first <= bytes->last);
    assert(bytes->last <= STORE_TICK_MAX);
    struct archive_blob blob = {.table = table,
                                .id = blob_id(room->id, bytes->first),
                                .incarnation = bytes->incarnation,
                                .last = bytes->last,
                                .previous = table == SEGMENTS ? room->room.last : 0,
                                .sealed_ms = wall_ms};
    return add_packed(archive, room, &blob, bytes->bytes);
}

/* Takes out the blob whose place another one gets, where there is one. */
static enum store_result
make_way(struct archive *archive, struct archive_room *room, enum blob_table table, uint64_t tick)
{
    struct blob_head old;
    uint64_t id = blob_id(room->id, tick);
    enum store_result result = archive_head_first(archive, table, id, id, &old);
    if (result != STORE_OK)
        return result == STORE_NOT_FOUND ? STORE_OK : result;
    room->room.bytes -= old.stored < room->room.bytes ? old.stored : room->room.bytes;
    return archive_blob_drop(archive, &old);
}

static enum store_result seal_segment(struct archive *archive,
                                      struct archive_room *room,
                                      const struct store_blob *segment,
                                      uint64_t wall_ms)
{
    if (segment->first <= room->room.last)
        return archive_damage(SEGMENTS, room->room.name, segment->first, "a part of it is there");
    enum store_result result = add_blob(archive, room, SEGMENTS, segment, wall_ms);
    room->room.last = segment->last;
    if (room->room.first == 0)
        room->room.first = segment->first;
    return result;
}

/* Where the room's last track ends; 0 without one. */
static enum store_result
find_track_end(struct archive *archive, const struct archive_room *room, uint64_t *end)
{
    struct blob_head head;
    enum store_result result = archive_head_last(archive, TRACKS, blob_id(room->id, 0),
                                                 blob_id(room->id, STORE_TICK_MAX), &head);
    *end = result == STORE_OK ? head.last : 0;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

static enum store_result seal_summary(struct archive *archive,
                                      struct archive_room *room,
                                      const struct store_sealed *sealed,
                                      const struct store_blob *of,
                                      uint64_t wall_ms)
{
    assert(sealed->summary.length <= STORE_SUMMARY_MAX);
    struct archive_blob blob = {.table = SUMMARIES,
                                .id = blob_id(room->id, of->first),
                                .incarnation = of->incarnation,
                                .last = of->last,
                                .sealed_ms = wall_ms,
                                .began_ms = sealed->began_ms,
                                .ended_ms = sealed->ended_ms};
    enum store_result result = make_way(archive, room, SUMMARIES, of->first);
    return result == STORE_OK ? add_packed(archive, room, &blob, sealed->summary) : result;
}

/* What was recorded, and what is told of it: of a piece that is there already nothing is added. */
static enum store_result seal_recording(struct archive *archive,
                                        struct archive_room *room,
                                        const struct store_sealed *sealed,
                                        uint64_t wall_ms)
{
    const struct store_blob *segment = &sealed->segment, *track = &sealed->track, *of = NULL;
    uint64_t track_end = 0;
    enum store_result result = STORE_OK;
    if (track->bytes.length > 0)
        result = find_track_end(archive, room, &track_end);
    if (result == STORE_OK && track->bytes.length > 0 && track->first > track_end) {
        of = track;
        result = add_blob(archive, room, TRACKS, track, wall_ms);
    }
    if (result == STORE_OK && segment->bytes.length > 0 && segment->last > room->room.last) {
        of = segment;
        result = seal_segment(archive, room, segment, wall_ms);
    }
    bool told = sealed->summary.length > 0 || sealed->began_ms > 0;
    if (result == STORE_OK && of != NULL && told)
        result = seal_summary(archive, room, sealed, of, wall_ms);
    return result;
}

static enum store_result seal_snapshot(struct archive *archive,
                                       struct archive_room *room,
                                       const struct store_blob *snapshot,
                                       uint64_t wall_ms)
{
    assert(snapshot->first == snapshot->last);
    if (room->room.state == STORE_ROOM_QUARANTINED)
        return archive_damage(SNAPSHOTS, room->room.name, snapshot->first,
                              "the room is quarantined");
    enum store_result result = make_way(archive, room, SNAPSHOTS, snapshot->first);
    if (result == STORE_OK)
        result = add_blob(archive, room, SNAPSHOTS, snapshot, wall_ms);
    if (snapshot->first > room->room.snapshot_tick)
        room->room.snapshot_tick = snapshot->first;
    return result;
}

/* Behind the tick `behind` the log goes on, where that is above its end: what lies between is not kept. */
static enum store_result seal_behind(struct archive *archive,
                                     struct archive_room *room,
                                     const struct store_sealed *sealed,
                                     uint64_t behind,
                                     uint64_t wall_ms)
{
    uint64_t end = room->room.last;
    bool leaps = sealed->segment.bytes.length > 0 && behind > end;
    if (leaps)
        room->room.last = behind;
    enum store_result result = seal_recording(archive, room, sealed, wall_ms);
    if (result == STORE_OK && leaps && end > 0)
        result = archive_gap_set(archive, room->room.name, blob_id(room->id, sealed->segment.first),
                                 end);
    return result;
}

enum store_result archive_seal_room(struct archive *archive,
                                    const struct store_sealed *sealed,
                                    uint64_t behind,
                                    uint64_t wall_ms)
{
    struct archive_room room;
    enum store_result result = archive_room_find(archive, sealed->name, &room);
    bool add = result == STORE_NOT_FOUND;
    if (add)
        result = archive_room_begin(archive, sealed->name, &room);
    if (result != STORE_OK)
        return result;

    /* A deleted room that is sealed again is a new one of the same name. */
    if (room.room.state == STORE_ROOM_DELETED) {
        room.room.state = STORE_ROOM_WELL;
        room.room.created_ms = 0;
        room.room.kind.length = 0;
    }
    if (room.room.created_ms == 0)
        room.room.created_ms = wall_ms;
    if (room.room.kind.length == 0)
        archive_room_set_kind(&room, sealed->kind);
    result = seal_behind(archive, &room, sealed, behind, wall_ms);
    if (result == STORE_OK && sealed->snapshot.bytes.length > 0)
        result = seal_snapshot(archive, &room, &sealed->snapshot, wall_ms);
    if (result == STORE_OK)
        result = archive_room_write(archive, &room, add);
    return result;
}

enum store_result archive_seal(struct archive *archive,
                               const struct store_sealed *sealed,
                               size_t count,
                               uint64_t wall_ms)
{
    enum store_result result = archive_begin(archive);
    if (result != STORE_OK)
        return result;
    for (size_t i = 0; i < count && result == STORE_OK; i++)
        result = archive_seal_room(archive, &sealed[i], 0, wall_ms);
    return archive_end(archive, result);
}

/* --- Setting aside ------------------------------------------------------------------------------ */

/* The tick behind which nothing is stored of the room; `told` when segments that check lead there. */
static enum store_result
find_end(struct archive *archive, const struct archive_room *room, uint64_t *end, bool *told)
{
    struct archive_blob blob;
    uint64_t from = blob_id(room->id, 0), to = blob_id(room->id, STORE_TICK_MAX);
    enum store_result result = archive_blob_last(archive, SEGMENTS, from, to, &blob);
    *told = false;
    if (result == STORE_NOT_FOUND)
        return STORE_OK;
    if (result != STORE_OK && (result != STORE_DAMAGED || blob.id < from || blob.id > to))
        return result;
    if (result == STORE_OK) {
        *told = archive_blob_verify(&blob, room->room.name) == STORE_OK;
        archive_blob_free(&blob);
    }
    uint64_t last = *told ? blob.last : blob_tick(&blob);
    if (last > *end)
        *end = last;
    return STORE_OK;
}

static enum store_result add_aside(struct archive *archive,
                                   struct archive_room *room,
                                   const struct store_blob *segment,
                                   uint64_t wall_ms)
{
    uint64_t end = room->room.last;
    bool told;
    enum store_result result = find_end(archive, room, &end, &told);
    if (result != STORE_OK || (told && segment->last <= end))
        return result;
    /* Its bytes may tell of ticks that are there too; where it stands it is in nobody's way. */
    struct store_blob placed = *segment;
    if (placed.first <= end)
        placed.first = end + 1;
    if (placed.last < placed.first)
        placed.last = placed.first;
    if (placed.last > STORE_TICK_MAX)
        return archive_damage(SEGMENTS, room->room.name, end, "no tick is left behind it");
    room->room.last = end;
    result = add_blob(archive, room, SEGMENTS, &placed, wall_ms);
    room->room.last = placed.last;
    if (room->room.first == 0)
        room->room.first = placed.first;
    return result;
}

static enum store_result set_aside(struct archive *archive,
                                   const struct store_sealed *sealed,
                                   struct bytes reason,
                                   uint64_t wall_ms)
{
    struct archive_room room;
    enum store_result result = archive_room_find(archive, sealed->name, &room);
    bool add = result == STORE_NOT_FOUND;
    bool traced = result == STORE_DAMAGED && !archive->file.corrupt;
    if (add)
        result = archive_room_begin(archive, sealed->name, &room);
    else if (traced)
        result = archive_room_trace(archive, sealed->name, &room);
    if (result == STORE_OK && sealed->segment.bytes.length > 0)
        result = add_aside(archive, &room, &sealed->segment, wall_ms);
    if (result != STORE_OK || traced) {
        if (result == STORE_OK && room.room.incarnation > archive->incarnation)
            archive->incarnation = room.room.incarnation;
        return result;
    }
    room.room.state = STORE_ROOM_QUARANTINED;
    archive_room_set_reason(&room, reason);
    if (room.room.kind.length == 0)
        archive_room_set_kind(&room, sealed->kind);
    return archive_room_write(archive, &room, add);
}

enum store_result archive_set_aside(struct archive *archive,
                                    const struct store_sealed *sealed,
                                    struct bytes reason,
                                    uint64_t wall_ms)
{
    enum store_result result = archive_begin(archive);
    if (result == STORE_OK)
        result = archive_end(archive, set_aside(archive, sealed, reason, wall_ms));
    return result;
}
