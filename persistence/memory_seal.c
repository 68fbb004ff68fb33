/* memory_seal.c - what goes into the store that forgets: all of a sealing, or nothing. */
#include "persistence/memory_room.h"

#include "persistence/store_place.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What one room's part comes to, made before anything is changed. */
struct staged {
    struct memory_room *room;
    bool added; /* the room is new */
    struct blob *segment, *track, *summary, *snapshot;
};

static enum store_result damage(const char *what)
{
    store_place_set("memory: %s", what);
    return STORE_DAMAGED;
}

static enum store_result
stage_summary(struct memory_rooms *rooms, const struct store_sealed *sealed, struct staged *staged)
{
    assert(sealed->summary.length <= STORE_SUMMARY_MAX);
    const struct blob *of = staged->segment != NULL ? staged->segment : staged->track;
    if (of == NULL || (sealed->summary.length == 0 && sealed->began_ms == 0))
        return STORE_OK;
    struct store_blob summary = {.incarnation = of->incarnation,
                                 .first = of->first,
                                 .last = of->last,
                                 .bytes = sealed->summary};
    enum store_result result = memory_blob_make(rooms->budget, &staged->room->summaries, &summary,
                                                of->sealed_ms, &staged->summary);
    if (result != STORE_OK)
        return result;
    staged->summary->began_ms = sealed->began_ms;
    staged->summary->ended_ms = sealed->ended_ms;
    return STORE_OK;
}

/* What was recorded, and what is told of it: of a piece that is there already nothing is added. */
static enum store_result stage_recording(struct memory_rooms *rooms,
                                         const struct store_sealed *sealed,
                                         uint64_t wall_ms,
                                         struct staged *staged)
{
    struct memory_room *room = staged->room;
    const struct store_blob *segment = &sealed->segment, *track = &sealed->track;
    enum store_result result = STORE_OK;
    if (segment->bytes.length > 0 && segment->last > room->last) {
        if (segment->first <= room->last)
            return damage("a part of the segment is there");
        result =
            memory_blob_make(rooms->budget, &room->segments, segment, wall_ms, &staged->segment);
    }
    if (result == STORE_OK && track->bytes.length > 0 &&
        track->first > memory_blobs_last(&room->tracks))
        result = memory_blob_make(rooms->budget, &room->tracks, track, wall_ms, &staged->track);
    return result == STORE_OK ? stage_summary(rooms, sealed, staged) : result;
}

static enum store_result stage(struct memory_rooms *rooms,
                               const struct store_sealed *sealed,
                               uint64_t wall_ms,
                               struct staged *staged)
{
    enum store_result result = STORE_OK;
    staged->room = memory_room_find(rooms, sealed->name);
    if (staged->room == NULL) {
        result = memory_room_add(rooms, sealed->name, wall_ms, &staged->room);
        staged->added = result == STORE_OK;
    }
    if (result != STORE_OK)
        return result;
    result = stage_recording(rooms, sealed, wall_ms, staged);
    if (result != STORE_OK || sealed->snapshot.bytes.length == 0)
        return result;
    if (staged->room->state == STORE_ROOM_QUARANTINED)
        return damage("the room is quarantined");
    return memory_blob_make(rooms->budget, &staged->room->snapshots, &sealed->snapshot, wall_ms,
                            &staged->snapshot);
}

static void unstage(struct memory_rooms *rooms, struct staged *staged)
{
    memory_blob_drop(rooms->budget, staged->segment);
    memory_blob_drop(rooms->budget, staged->track);
    memory_blob_drop(rooms->budget, staged->summary);
    memory_blob_drop(rooms->budget, staged->snapshot);
    if (staged->added)
        memory_room_forget(rooms, staged->room);
}

static void apply_blob(struct memory_rooms *rooms,
                       struct memory_room *room,
                       struct blobs *blobs,
                       struct blob *blob)
{
    if (blob == NULL)
        return;
    if (blob->incarnation > room->incarnation)
        room->incarnation = blob->incarnation;
    memory_budget_met(rooms->budget, blob->incarnation);
    memory_blobs_put(rooms->budget, blobs, blob);
}

static void apply(struct memory_rooms *rooms,
                  const struct store_sealed *sealed,
                  const struct staged *staged,
                  uint64_t wall_ms)
{
    struct memory_room *room = staged->room;
    if (room->state == STORE_ROOM_DELETED) {
        room->state = STORE_ROOM_WELL;
        room->created_ms = 0;
        room->kind_length = 0;
    }
    if (room->created_ms == 0)
        room->created_ms = wall_ms;
    if (room->kind_length == 0 && sealed->kind.length > 0) {
        assert(sealed->kind.length <= NAME_BYTES_MAX);
        room->kind_length = sealed->kind.length;
        memcpy(room->kind, sealed->kind.data, sealed->kind.length);
    }
    if (staged->segment != NULL) {
        staged->segment->previous = room->last;
        room->last = staged->segment->last;
    }
    apply_blob(rooms, room, &room->segments, staged->segment);
    apply_blob(rooms, room, &room->tracks, staged->track);
    apply_blob(rooms, room, &room->summaries, staged->summary);
    apply_blob(rooms, room, &room->snapshots, staged->snapshot);
}

enum store_result memory_rooms_seal(struct memory_rooms *rooms,
                                    const struct store_sealed *sealed,
                                    size_t count,
                                    uint64_t wall_ms)
{
    struct staged *staged = calloc(count > 0 ? count : 1, sizeof *staged);
    if (staged == NULL)
        return STORE_MEMORY;
    enum store_result result = STORE_OK;
    for (size_t i = 0; i < count && result == STORE_OK; i++)
        result = stage(rooms, &sealed[i], wall_ms, &staged[i]);
    for (size_t i = 0; i < count; i++) {
        if (result == STORE_OK)
            apply(rooms, &sealed[i], &staged[i], wall_ms);
        else
            unstage(rooms, &staged[i]);
    }
    free(staged);
    return result;
}

enum store_result memory_rooms_set_aside(struct memory_rooms *rooms,
                                         const struct store_sealed *sealed,
                                         struct bytes reason,
                                         uint64_t wall_ms)
{
    const struct memory_room *room = memory_room_find(rooms, sealed->name);
    struct store_sealed placed = {
        .name = sealed->name, .kind = sealed->kind, .segment = sealed->segment};
    if (room != NULL && placed.segment.first <= room->last && placed.segment.last > room->last)
        placed.segment.first = room->last + 1;
    enum store_result result = memory_rooms_seal(rooms, &placed, 1, wall_ms);
    return result == STORE_OK ? memory_rooms_quarantine(rooms, sealed->name, reason) : result;
}
