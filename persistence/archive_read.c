#include "persistence/archive_parts.h"
#include "persistence/store_place.h"

#include <stdlib.h>
#include <string.h>

enum store_result
archive_room(struct archive *archive, struct bytes name, store_room_visitor *visitor, void *context)
{
    struct archive_room room;
    enum store_result result = archive_room_find(archive, name, &room);
    if (result == STORE_OK)
        visitor(context, &room.room);
    return result;
}

enum store_result archive_rooms(struct archive *archive, store_room_visitor *visitor, void *context)
{
    uint8_t names[2][ROOM_NAME_MAX];
    struct bytes name = {names[0], 0};
    for (unsigned turn = 1;; turn ^= 1) {
        size_t length = 0;
        enum store_result result = archive_name_after(archive, name, names[turn], &length);
        if (result != STORE_OK)
            return result == STORE_NOT_FOUND ? STORE_OK : result;
        name = (struct bytes){names[turn], length};
        struct archive_room room;
        result = archive_room_find(archive, name, &room);
        if (result == STORE_DAMAGED && !archive->file.corrupt) {
            room = (struct archive_room){.room = {.state = STORE_ROOM_QUARANTINED}};
            archive_room_set_name(&room, name);
            archive_room_set_reason(&room, bytes_of(store_place()));
        } else if (result != STORE_OK) {
            return result;
        }
        if (!visitor(context, &room.room))
            return STORE_OK;
    }
}

enum store_result archive_place_damage(enum store_result result,
                                       enum blob_table table,
                                       struct bytes name,
                                       uint64_t tick)
{
    if (result == STORE_DAMAGED && strncmp(store_place(), "archive ", 8) != 0)
        return archive_damage(table, name, tick, "the file is damaged there");
    return result;
}

enum store_result archive_blob_visit(const struct archive_blob *blob,
                                     store_blob_visitor *visitor,
                                     void *context,
                                     bool *more)
{
    uint8_t *bytes;
    enum store_result result = archive_blob_unpack(blob, &bytes);
    if (result != STORE_OK)
        return result;
    struct store_blob view = {.incarnation = blob->incarnation,
                              .first = blob_tick(blob),
                              .last = blob->last,
                              .bytes = {bytes, (size_t)blob->length}};
    *more = visitor(context, &view);
    free(bytes);
    return STORE_OK;
}

/* --- Snapshots ---------------------------------------------------------------------------------- */

enum store_result archive_snapshot(struct archive *archive,
                                   struct bytes name,
                                   uint64_t tick,
                                   store_blob_visitor *visitor,
                                   void *context)
{
    struct archive_room room;
    enum store_result result = archive_room_find(archive, name, &room);
    if (result != STORE_OK)
        return result;
    uint64_t newest = room.room.snapshot_tick;
    uint64_t up_to = tick < STORE_TICK_MAX ? tick : STORE_TICK_MAX;
    struct archive_blob blob;
    result =
        archive_blob_last(archive, SNAPSHOTS, blob_id(room.id, 0), blob_id(room.id, up_to), &blob);
    if (result == STORE_NOT_FOUND && newest > 0 && newest <= up_to)
        return archive_damage(SNAPSHOTS, name, newest, "missing");
    if (result != STORE_OK)
        return archive_place_damage(result, SNAPSHOTS, name, up_to);
    if (newest <= up_to && blob_tick(&blob) != newest)
        result = archive_damage(SNAPSHOTS, name, newest, "missing");
    if (result == STORE_OK)
        result = archive_blob_verify(&blob, name);
    bool more;
    if (result == STORE_OK)
        result = archive_blob_visit(&blob, visitor, context, &more);
    archive_blob_free(&blob);
    return result;
}

/* --- The log ------------------------------------------------------------------------------------ */

struct walk {
    struct archive *archive;
    const struct archive_room *room;
    uint64_t at; /* the last tick that has been told of, or that was not asked for */
};

/* The first segment that tells of ticks after walk->at: it may have begun before. */
static enum store_result find_first(const struct walk *walk, struct archive_blob *segment)
{
    uint64_t begin = blob_id(walk->room->id, 0);
    uint64_t end = blob_id(walk->room->id, STORE_TICK_MAX);
    uint64_t after = blob_id(walk->room->id, walk->at);
    enum store_result result = archive_blob_last(walk->archive, SEGMENTS, begin, after, segment);
    if (result == STORE_OK && segment->last > walk->at)
        return STORE_OK;
    if (result == STORE_OK)
        archive_blob_free(segment);
    else if (result != STORE_NOT_FOUND)
        return result;
    return archive_blob_first(walk->archive, SEGMENTS, after + 1, end, segment);
}

static enum store_result
walk_on(struct walk *walk, store_blob_visitor *visitor, void *context, bool *more)
{
    struct archive_blob segment;
    enum store_result result = find_first(walk, &segment);
    if (result == STORE_NOT_FOUND)
        return archive_damage(SEGMENTS, walk->room->room.name, walk->room->room.last, "missing");
    if (result != STORE_OK)
        return archive_place_damage(result, SEGMENTS, walk->room->room.name, walk->at + 1);
    result = archive_blob_verify(&segment, walk->room->room.name);
    if (result == STORE_OK)
        result = archive_segment_follows(walk->archive, walk->room, &segment, walk->at);
    if (result == STORE_OK) {
        walk->at = segment.last;
        result = archive_blob_visit(&segment, visitor, context, more);
    }
    archive_blob_free(&segment);
    return result;
}

enum store_result archive_read(struct archive *archive,
                               struct bytes name,
                               uint64_t after,
                               store_blob_visitor *visitor,
                               void *context)
{
    struct archive_room room;
    enum store_result result = archive_room_find(archive, name, &room);
    if (result != STORE_OK)
        return result;
    struct walk walk = {.archive = archive, .room = &room, .at = after};
    bool more = true;
    while (more && result == STORE_OK && walk.at < room.room.last)
        result = walk_on(&walk, visitor, context, &more);
    return result;
}
