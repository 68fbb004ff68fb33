#include "persistence/archive_parts.h"

/* Rows of one transaction: on a full disk a small one may still find room where a large one does
 * not, and what it frees is room for the next. */
#define ROWS_AT_ONCE 32u

/* Pages given back to the file system at a time. */
#define GIVE_BACK "PRAGMA incremental_vacuum(4096)"

/* What lies before the newest snapshot of a room that is well, oldest first. */
static const char candidates[] =
    "SELECT 0, blob.id, blob.last, blob.stored, blob.part, blob.parts, sealed_ms"
    " FROM segment AS blob JOIN room ON room.id = blob.id >> 36"
    " WHERE room.state = 0 AND blob.last <= room.snapshot_tick"
    " UNION ALL "
    "SELECT 1, blob.id, blob.last, blob.stored, blob.part, blob.parts, sealed_ms"
    " FROM snapshot AS blob JOIN room ON room.id = blob.id >> 36"
    " WHERE room.state = 0 AND blob.last < room.snapshot_tick"
    " ORDER BY sealed_ms, blob.id LIMIT ?1";

static enum store_result
find_candidates(struct archive *archive, struct blob_head found[], size_t *count)
{
    *count = 0;
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(archive->file.db, candidates, -1, &row, NULL);
    enum store_result result = sqlite_file_result(&archive->file, code);
    if (result == STORE_OK)
        sqlite_bind_number(row, 1, ROWS_AT_ONCE);
    while (result == STORE_OK && (result = sqlite_file_step(&archive->file, row)) == STORE_OK) {
        found[(*count)++] =
            (struct blob_head){.table = sqlite_column_number(row, 0) == 0 ? SEGMENTS : SNAPSHOTS,
                               .id = sqlite_column_number(row, 1),
                               .last = sqlite_column_number(row, 2),
                               .stored = sqlite_column_number(row, 3),
                               .part = sqlite_column_number(row, 4),
                               .parts = sqlite_column_number(row, 5)};
    }
    sqlite3_finalize(row);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* Where the room's log begins when its segments up to `tick` are gone. */
static enum store_result
begin_later(struct archive *archive, struct archive_room *room, uint64_t tick)
{
    struct blob_head next;
    enum store_result result = archive_head_first(archive, SEGMENTS, blob_id(room->id, tick + 1),
                                                  blob_id(room->id, STORE_TICK_MAX), &next);
    if (result == STORE_OK)
        room->room.first = id_tick(next.id);
    if (result != STORE_NOT_FOUND)
        return result;
    room->room.first = room->room.last = 0;
    return STORE_OK;
}

static enum store_result
drop(struct archive *archive, struct archive_room *room, const struct blob_head *blob)
{
    enum store_result result = archive_blob_drop(archive, blob);
    room->room.bytes -= blob->stored < room->room.bytes ? blob->stored : room->room.bytes;
    return result;
}

/* What ends at the tick or before it. */
static enum store_result
drop_up_to(struct archive *archive, struct archive_room *room, enum blob_table table, uint64_t tick)
{
    struct blob_head head;
    uint64_t from = blob_id(room->id, 0), to = blob_id(room->id, tick);
    enum store_result result;
    while ((result = archive_head_first(archive, table, from, to, &head)) == STORE_OK &&
           head.last <= tick) {
        result = drop(archive, room, &head);
        if (result != STORE_OK)
            return result;
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* What belongs to a segment goes with it. */
static enum store_result
drop_candidate(struct archive *archive, const struct blob_head *blob, uint64_t *freed)
{
    struct archive_room room;
    enum store_result result = archive_room_at(archive, blob->id >> TICK_BITS, &room);
    uint64_t before = room.room.bytes;
    if (result == STORE_OK)
        result = drop(archive, &room, blob);
    if (result == STORE_OK && blob->table == SEGMENTS)
        result = begin_later(archive, &room, id_tick(blob->id));
    if (result == STORE_OK && blob->table == SEGMENTS)
        result = drop_up_to(archive, &room, TRACKS, blob->last);
    if (result == STORE_OK && blob->table == SEGMENTS)
        result = drop_up_to(archive, &room, SUMMARIES, blob->last);
    if (result != STORE_OK)
        return result;
    *freed += before - room.room.bytes;
    return archive_room_write(archive, &room, false);
}

static enum store_result drop_some(struct archive *archive, uint64_t bytes, uint64_t *freed)
{
    struct blob_head found[ROWS_AT_ONCE];
    size_t count;
    enum store_result result = find_candidates(archive, found, &count);
    if (result != STORE_OK)
        return result;
    if (count == 0)
        return STORE_NOT_FOUND;
    uint64_t dropped = 0;
    for (size_t i = 0; i < count && dropped < bytes && result == STORE_OK; i++)
        result = drop_candidate(archive, &found[i], &dropped);
    if (result == STORE_OK)
        *freed += dropped;
    return result;
}

enum store_result archive_reclaim(struct archive *archive, uint64_t bytes, uint64_t *freed)
{
    *freed = 0;
    enum store_result result = STORE_OK;
    while (result == STORE_OK && *freed < bytes) {
        uint64_t before = *freed;
        result = archive_begin(archive);
        if (result != STORE_OK)
            break;
        result = archive_end(archive, drop_some(archive, bytes - *freed, freed));
        if (result != STORE_OK)
            *freed = before;
    }
    if (*freed > 0 && (result == STORE_OK || result == STORE_NOT_FOUND)) {
        /* Room that stays in the file serves the next sealing; only a journal that shares the disk
         * needs it given back, so a failure here is none of the caller's. */
        enum store_result given = sqlite_file_exec(&archive->file, GIVE_BACK);
        if (given == STORE_OK)
            given = sqlite_file_checkpoint(&archive->file);
        (void)given;
        return STORE_OK;
    }
    return result;
}
