/* archive_timeline.c - what was recorded beside the log: presence, and what there is at all. */
#include "persistence/archive_parts.h"
#include "persistence/archive_table.h"

#include <stdlib.h>

/* The blob of this table from which on ticks are told that are not below `tick`, or above it where it
 * ends there: the last that begins up to it, else the first. */
static enum store_result find_start(struct archive *archive,
                                    enum blob_table table,
                                    uint64_t room,
                                    uint64_t tick,
                                    struct blob_head *head)
{
    uint64_t up_to = tick < STORE_TICK_MAX ? tick : STORE_TICK_MAX;
    enum store_result result =
        archive_head_last(archive, table, blob_id(room, 0), blob_id(room, up_to), head);
    if (result != STORE_NOT_FOUND || up_to == STORE_TICK_MAX)
        return result;
    return archive_head_first(archive, table, blob_id(room, up_to + 1),
                              blob_id(room, STORE_TICK_MAX), head);
}

/* --- Presence ------------------------------------------------------------------------------------ */

/* The next track from *from on, which goes on behind it. */
static enum store_result visit_track(struct archive *archive,
                                     const struct archive_room *room,
                                     uint64_t *from,
                                     store_blob_visitor *visitor,
                                     void *context,
                                     bool *more)
{
    struct archive_blob track;
    uint64_t to = blob_id(room->id, STORE_TICK_MAX);
    enum store_result result = archive_blob_first(archive, TRACKS, *from, to, &track);
    if (result == STORE_OK) {
        result = archive_blob_verify(&track, room->room.name);
        if (result == STORE_OK)
            result = archive_blob_visit(&track, visitor, context, more);
        archive_blob_free(&track);
    }
    bool reached = track.id >= *from && track.id < to;
    *more = *more && reached;
    if (reached)
        *from = track.id + 1;
    if (result == STORE_DAMAGED && reached && !archive->file.corrupt)
        return STORE_OK;
    return archive_place_damage(result, TRACKS, room->room.name, id_tick(*from));
}

enum store_result archive_tracks(struct archive *archive,
                                 struct bytes name,
                                 uint64_t tick,
                                 store_blob_visitor *visitor,
                                 void *context)
{
    struct archive_room room;
    struct blob_head start;
    enum store_result result = archive_room_find(archive, name, &room);
    if (result != STORE_OK)
        return result;
    result = find_start(archive, TRACKS, room.id, tick, &start);
    uint64_t from = start.id;
    bool more = true;
    while (result == STORE_OK && more)
        result = visit_track(archive, &room, &from, visitor, context, &more);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* --- The timeline -------------------------------------------------------------------------------- */

struct timeline {
    struct archive *archive;
    const struct archive_room *room;
    uint64_t log_at, told_at; /* ids from which on segments and summaries are still to come */
    uint64_t log_end;         /* tick where the segment before ends */
};

/* Where the walk of a table begins: what it tells of ends above `after`. */
static enum store_result
find_begin(const struct timeline *timeline, enum blob_table table, uint64_t after, uint64_t *at)
{
    struct blob_head head;
    uint64_t room = timeline->room->id;
    enum store_result result = find_start(timeline->archive, table, room, after, &head);
    *at = blob_id(room, 0);
    if (result == STORE_OK)
        *at = head.last > after ? head.id : head.id + 1;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

static enum store_result find_next(const struct timeline *timeline,
                                   enum blob_table table,
                                   uint64_t from,
                                   struct blob_head *head,
                                   uint64_t *id)
{
    uint64_t to = blob_id(timeline->room->id, STORE_TICK_MAX);
    enum store_result result = archive_head_first(timeline->archive, table, from, to, head);
    *id = result == STORE_OK ? head->id : UINT64_MAX;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* Without it where it does not check. */
static enum store_result visit_told(const struct timeline *timeline,
                                    uint64_t id,
                                    struct store_segment *told,
                                    uint8_t **bytes)
{
    struct archive_blob summary;
    enum store_result result = archive_blob_first(timeline->archive, SUMMARIES, id, id, &summary);
    if (result == STORE_OK) {
        result = archive_blob_verify(&summary, timeline->room->room.name);
        if (result == STORE_OK)
            result = archive_blob_unpack(&summary, bytes);
        archive_blob_free(&summary);
    }
    if (result == STORE_OK) {
        told->incarnation = summary.incarnation;
        told->last = summary.last;
        told->began_ms = summary.began_ms;
        told->ended_ms = summary.ended_ms;
        told->summary = (struct bytes){*bytes, (size_t)summary.length};
    }
    bool known = result == STORE_DAMAGED && !timeline->archive->file.corrupt;
    return known ? STORE_OK : result;
}

/* The next piece of the timeline, STORE_NOT_FOUND behind the last: a segment, a summary, or both. */
static enum store_result
visit_next(struct timeline *timeline, store_segment_visitor *visitor, void *context, bool *more)
{
    struct blob_head log, told;
    uint64_t log_id, told_id;
    uint8_t *bytes = NULL;
    enum store_result result = find_next(timeline, SEGMENTS, timeline->log_at, &log, &log_id);
    if (result == STORE_OK)
        result = find_next(timeline, SUMMARIES, timeline->told_at, &told, &told_id);
    if (result != STORE_OK)
        return result;
    uint64_t id = log_id < told_id ? log_id : told_id;
    if (id == UINT64_MAX)
        return STORE_NOT_FOUND;
    const struct blob_head *head = log_id == id ? &log : &told;
    struct store_segment segment = {.incarnation = head->incarnation,
                                    .first = id_tick(id),
                                    .last = head->last,
                                    .bytes = log_id == id ? log.stored : 0};
    segment.gap = log_id == id && timeline->log_end > 0 && log.previous > timeline->log_end;
    if (told_id == id)
        result = visit_told(timeline, id, &segment, &bytes);
    timeline->log_end = log_id == id ? log.last : timeline->log_end;
    timeline->log_at = log_id == id ? id + 1 : timeline->log_at;
    timeline->told_at = told_id == id ? id + 1 : timeline->told_at;
    if (result == STORE_OK)
        *more = visitor(context, &segment);
    free(bytes);
    return result;
}

/* Where the log ends before the walk begins; 0 where that is its beginning. */
static enum store_result find_log_end(struct timeline *timeline)
{
    struct blob_head head;
    uint64_t begin = blob_id(timeline->room->id, 0);
    if (timeline->log_at <= begin)
        return STORE_OK;
    enum store_result result =
        archive_head_last(timeline->archive, SEGMENTS, begin, timeline->log_at - 1, &head);
    timeline->log_end = result == STORE_OK ? head.last : 0;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

enum store_result archive_segments(struct archive *archive,
                                   struct bytes name,
                                   uint64_t after,
                                   store_segment_visitor *visitor,
                                   void *context)
{
    struct archive_room room;
    struct timeline timeline = {.archive = archive, .room = &room};
    enum store_result result = archive_room_find(archive, name, &room);
    if (result != STORE_OK)
        return result;
    result = find_begin(&timeline, SEGMENTS, after, &timeline.log_at);
    if (result == STORE_OK)
        result = find_begin(&timeline, SUMMARIES, after, &timeline.told_at);
    if (result == STORE_OK)
        result = find_log_end(&timeline);
    bool more = true;
    while (result == STORE_OK && more)
        result = visit_next(&timeline, visitor, context, &more);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* --- How much it takes ---------------------------------------------------------------------------- */

/* From the last blob that begins up to the first tick; ?1 to ?4: the ids of the room's tick 0, of the first
 * and the last tick, and the first tick. */
#define STORED_IN(table)                                                                           \
    "(SELECT coalesce(sum(stored), 0) FROM " table " WHERE id BETWEEN coalesce((SELECT max(id)"    \
    " FROM " table " WHERE id BETWEEN ?1 AND ?2), ?2) AND ?3 AND last >= ?4)"

enum store_result archive_weighing(struct archive *archive, sqlite3_stmt **statement)
{
    return archive_statement(archive, "SELECT " STORED_IN("segment") " + " STORED_IN("track"),
                             statement);
}

enum store_result archive_weigh(struct archive *archive,
                                sqlite3_stmt *statement,
                                uint64_t room,
                                uint64_t first,
                                uint64_t last,
                                uint64_t *bytes)
{
    sqlite_bind_number(statement, 1, blob_id(room, 0));
    sqlite_bind_number(statement, 2, blob_id(room, first));
    sqlite_bind_number(statement, 3, blob_id(room, last));
    sqlite_bind_number(statement, 4, first);
    enum store_result result = sqlite_file_step(&archive->file, statement);
    if (result == STORE_OK)
        *bytes = sqlite_column_number(statement, 0);
    sqlite3_reset(statement);
    return result;
}

enum store_result
archive_recorded(struct archive *archive, struct bytes name, uint64_t after, uint64_t *bytes)
{
    struct archive_room room;
    sqlite3_stmt *statement;
    enum store_result result = archive_room_find(archive, name, &room);
    *bytes = 0;
    if (result != STORE_OK || after >= STORE_TICK_MAX)
        return result;
    result = archive_weighing(archive, &statement);
    if (result == STORE_OK)
        result = archive_weigh(archive, statement, room.id, after + 1, STORE_TICK_MAX, bytes);
    sqlite3_finalize(statement);
    return result;
}
