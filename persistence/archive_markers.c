#include "persistence/archive_parts.h"
#include "persistence/archive_sessions.h"
#include "persistence/checksum.h"
#include "persistence/store_place.h"

#include <assert.h>

/* Over the lengths too, so that no byte of one text counts for another. */
static uint64_t sum_of(const struct store_marker *marker)
{
    const uint64_t numbers[] = {marker->tick, marker->incarnation, marker->title.length,
                                marker->colour.length, marker->by.length};
    uint64_t named =
        checksum(numbers, sizeof numbers / sizeof numbers[0], marker->room, marker->title);
    return checksum(&named, 1, marker->colour, marker->by);
}

static bool take(sqlite3_stmt *statement, struct archive_row *row)
{
    row->marker = (struct store_marker){
        .room = sqlite_column_view(statement, 1),
        .tick = sqlite_column_number(statement, 2),
        .incarnation = sqlite_column_number(statement, 3),
        .title = sqlite_column_view(statement, 4),
        .colour = sqlite_column_view(statement, 5),
        .by = sqlite_column_view(statement, 6),
    };
    const struct store_marker *marker = &row->marker;
    return sum_of(marker) == sqlite_column_number(statement, 7) && marker->room.length > 0 &&
           marker->room.length <= ROOM_NAME_MAX && marker->title.length <= STORE_TITLE_MAX &&
           marker->colour.length <= STORE_COLOUR_MAX && marker->by.length <= STORE_BY_MAX;
}

static void bind_key(sqlite3_stmt *statement, const struct store_marker *marker)
{
    sqlite_bind_bytes(statement, 1, marker->room);
    sqlite_bind_number(statement, 2, marker->tick);
    sqlite_bind_number(statement, 3, marker->incarnation);
}

static enum store_result write(struct archive *archive, const struct store_marker *marker)
{
    sqlite3_stmt *row;
    enum store_result result = archive_statement(
        archive,
        "INSERT INTO marker(room, tick, incarnation, title, colour, author, checksum)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(room, tick, incarnation) DO UPDATE SET"
        " title = ?4, colour = ?5, author = ?6, checksum = ?7",
        &row);
    if (result == STORE_OK) {
        bind_key(row, marker);
        sqlite_bind_bytes(row, 4, marker->title);
        sqlite_bind_bytes(row, 5, marker->colour);
        sqlite_bind_bytes(row, 6, marker->by);
        sqlite_bind_number(row, 7, sum_of(marker));
        result = sqlite_file_run(&archive->file, row);
    }
    sqlite3_finalize(row);
    return result;
}

static enum store_result add(struct archive *archive, const struct archive_row *row)
{
    return write(archive, &row->marker);
}

const struct archive_table archive_marker_table = {
    .name = "marker",
    .since = 6,
    .row = "id, room, tick, incarnation, title, colour, author, checksum",
    .take = take,
    .add = add,
};

/* STORE_FULL where the room has too many. */
static enum store_result count(struct archive *archive, struct bytes room)
{
    sqlite3_stmt *row;
    enum store_result result =
        archive_statement(archive, "SELECT count(*) FROM marker WHERE room = ?1", &row);
    if (result == STORE_OK) {
        sqlite_bind_bytes(row, 1, room);
        result = sqlite_file_step(&archive->file, row);
    }
    bool full = result == STORE_OK && sqlite_column_number(row, 0) > STORE_MARKERS_MAX;
    sqlite3_finalize(row);
    if (!full)
        return result;
    store_place_set("archive markers of room %s: more than %u", printable(room).text,
                    STORE_MARKERS_MAX);
    return STORE_FULL;
}

enum store_result archive_mark(struct archive *archive, const struct store_marker *marker)
{
    assert(marker->room.length > 0 && marker->room.length <= ROOM_NAME_MAX);
    assert(marker->tick <= STORE_TICK_MAX && marker->title.length <= STORE_TITLE_MAX);
    assert(marker->colour.length <= STORE_COLOUR_MAX && marker->by.length <= STORE_BY_MAX);
    enum store_result result = archive_begin(archive);
    if (result != STORE_OK)
        return result;
    result = write(archive, marker);
    if (result == STORE_OK)
        result = count(archive, marker->room);
    return archive_end(archive, result);
}

static enum store_result drop(struct archive *archive, const struct store_marker *marker)
{
    sqlite3_stmt *row;
    enum store_result result = archive_statement(
        archive, "DELETE FROM marker WHERE room = ?1 AND tick = ?2 AND incarnation = ?3", &row);
    if (result == STORE_OK) {
        bind_key(row, marker);
        result = sqlite_file_run(&archive->file, row);
    }
    sqlite3_finalize(row);
    bool none = result == STORE_OK && sqlite3_changes(archive->file.db) == 0;
    return none ? STORE_NOT_FOUND : result;
}

enum store_result archive_unmark(struct archive *archive, const struct store_marker *marker)
{
    enum store_result result = archive_begin(archive);
    return result == STORE_OK ? archive_end(archive, drop(archive, marker)) : result;
}

enum store_result
archive_markers_drop(struct archive *archive, struct bytes room, uint64_t first, uint64_t last)
{
    sqlite3_stmt *statement;
    enum store_result result = archive_statement(
        archive, "DELETE FROM marker WHERE room = ?1 AND tick BETWEEN ?2 AND ?3", &statement);
    if (result == STORE_OK) {
        sqlite_bind_bytes(statement, 1, room);
        sqlite_bind_number(statement, 2, first);
        sqlite_bind_number(statement, 3, last);
        result = sqlite_file_run(&archive->file, statement);
    }
    sqlite3_finalize(statement);
    return result;
}

enum store_result archive_markers(struct archive *archive,
                                  struct bytes room,
                                  store_marker_visitor *visitor,
                                  void *context)
{
    sqlite3_stmt *walk;
    struct archive_row row;
    enum store_result result = archive_table_walk(
        archive, &archive_marker_table, "WHERE room = ?1 ORDER BY tick, incarnation", &walk);
    if (result != STORE_OK || walk == NULL)
        return result;
    sqlite_bind_bytes(walk, 1, room);
    bool more = true;
    while (more && archive_table_step(archive, &archive_marker_table, walk, &row, &result))
        more = visitor(context, &row.marker);
    sqlite3_finalize(walk);
    return result;
}
