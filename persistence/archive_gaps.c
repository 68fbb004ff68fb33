/* archive_gaps.c - where a log has no middle any more: each segment behind a gap, with the end of what is
 * kept before it. A segment that is not there and lies in none is missing. */
#include "persistence/archive_parts.h"
#include "persistence/checksum.h"
#include "persistence/store_place.h"

#include <inttypes.h>

/* Not over the room's id, which may change when a file is salvaged. */
static uint64_t sum_of(struct bytes room, uint64_t tick, uint64_t last)
{
    const uint64_t numbers[] = {tick, last};
    return checksum(numbers, 2, room, (struct bytes){0});
}

/* The lowest of a range of ids: STORE_NOT_FOUND without one. */
static enum store_result find(struct archive *archive,
                              struct bytes room,
                              uint64_t from,
                              uint64_t to,
                              uint64_t *id,
                              uint64_t *last)
{
    if (!archive->gapped)
        return STORE_NOT_FOUND;
    sqlite3_stmt *row = archive->file.statements[GAP_FIRST];
    sqlite_bind_number(row, 1, from);
    sqlite_bind_number(row, 2, to);
    enum store_result result = sqlite_file_step(&archive->file, row);
    if (result != STORE_OK)
        return result;
    *id = sqlite_column_number(row, 0);
    *last = sqlite_column_number(row, 2);
    bool sound = bytes_equal(sqlite_column_view(row, 1), room) &&
                 sqlite_column_number(row, 3) == sum_of(room, id_tick(*id), *last);
    sqlite3_reset(row);
    if (sound)
        return STORE_OK;
    store_place_set("archive gap of room %s at tick %" PRIu64 ": checksum", printable(room).text,
                    id_tick(*id));
    return STORE_DAMAGED;
}

enum store_result archive_gap_at(struct archive *archive,
                                 struct bytes room,
                                 uint64_t segment,
                                 uint64_t after,
                                 bool *there)
{
    uint64_t id, last = 0;
    enum store_result result = find(archive, room, segment, segment, &id, &last);
    *there = result == STORE_OK && last <= after;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

enum store_result
archive_gap_set(struct archive *archive, struct bytes room, uint64_t segment, uint64_t last)
{
    sqlite3_stmt *row = archive->file.statements[GAP_SET];
    sqlite_bind_number(row, 1, segment);
    sqlite_bind_bytes(row, 2, room);
    sqlite_bind_number(row, 3, last);
    sqlite_bind_number(row, 4, sum_of(room, id_tick(segment), last));
    enum store_result result = sqlite_file_run(&archive->file, row);
    sqlite3_clear_bindings(row);
    return result;
}

enum store_result archive_gaps_drop(struct archive *archive, uint64_t from, uint64_t to)
{
    if (!archive->gapped)
        return STORE_OK;
    sqlite3_stmt *row = archive->file.statements[GAP_DROP];
    sqlite_bind_number(row, 1, from);
    sqlite_bind_number(row, 2, to);
    return sqlite_file_run(&archive->file, row);
}

enum store_result archive_gaps_salvage(struct archive *from,
                                       struct archive *to,
                                       struct bytes room,
                                       uint64_t from_room,
                                       uint64_t to_room)
{
    uint64_t at = blob_id(from_room, 0), end = blob_id(from_room, STORE_TICK_MAX), id, last;
    enum store_result result;
    while ((result = find(from, room, at, end, &id, &last)) == STORE_OK) {
        result = archive_gap_set(to, room, blob_id(to_room, id_tick(id)), last);
        if (result != STORE_OK)
            return result;
        at = id + 1;
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}
