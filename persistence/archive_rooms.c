#include "persistence/archive_files.h"
#include "persistence/archive_parts.h"
#include "persistence/archive_sessions.h"
#include "persistence/checksum.h"
#include "persistence/store_place.h"

#include <inttypes.h>
#include <string.h>

struct printable printable(struct bytes name)
{
    struct printable printable;
    size_t length = name.length < ROOM_NAME_MAX ? name.length : ROOM_NAME_MAX;
    for (size_t i = 0; i < length; i++) {
        bool plain = name.data[i] > ' ' && name.data[i] < 0x7f;
        printable.text[i] = plain ? (char)name.data[i] : '.';
    }
    printable.text[length] = '\0';
    return printable;
}

static struct bytes keep(uint8_t *own, size_t capacity, struct bytes bytes)
{
    size_t length = bytes.length < capacity ? bytes.length : capacity;
    if (length > 0)
        memmove(own, bytes.data, length);
    return (struct bytes){own, length};
}

void archive_room_set_name(struct archive_room *room, struct bytes name)
{
    room->room.name = keep(room->name, sizeof room->name, name);
}

void archive_room_set_kind(struct archive_room *room, struct bytes kind)
{
    room->room.kind = keep(room->kind, sizeof room->kind, kind);
}

void archive_room_set_reason(struct archive_room *room, struct bytes reason)
{
    room->room.reason = keep(room->reason, sizeof room->reason, reason);
}

static uint64_t sum_of(const struct archive_room *row)
{
    const struct store_room *room = &row->room;
    const uint64_t numbers[] = {
        row->id,     room->incarnation,   room->first, room->last,       room->created_ms,
        room->bytes, room->snapshot_tick, room->state, room->kind.length};
    uint8_t texts[NAME_BYTES_MAX + STORE_REASON_MAX];
    if (room->kind.length > 0)
        memcpy(texts, room->kind.data, room->kind.length);
    if (room->reason.length > 0)
        memcpy(texts + room->kind.length, room->reason.data, room->reason.length);
    struct bytes rest = {texts, room->kind.length + room->reason.length};
    return checksum(numbers, sizeof numbers / sizeof numbers[0], room->name, rest);
}

/* A value that the code does not know never checks: nobody has written it. */
static enum store_room_state state_of(uint64_t number)
{
    return number <= STORE_ROOM_DELETED ? (enum store_room_state)number : STORE_ROOM_QUARANTINED;
}

enum store_result
archive_room_take(struct archive *archive, sqlite3_stmt *statement, struct archive_room *row)
{
    *row = (struct archive_room){.id = sqlite_column_number(statement, 0)};
    archive_room_set_name(row, sqlite_column_view(statement, 1));
    archive_room_set_kind(row, sqlite_column_view(statement, 2));
    struct store_room *room = &row->room;
    room->incarnation = sqlite_column_number(statement, 3);
    room->first = sqlite_column_number(statement, 4);
    room->last = sqlite_column_number(statement, 5);
    room->created_ms = sqlite_column_number(statement, 6);
    room->bytes = sqlite_column_number(statement, 7);
    room->snapshot_tick = sqlite_column_number(statement, 8);
    room->state = state_of(sqlite_column_number(statement, 9));
    archive_room_set_reason(row, sqlite_column_view(statement, 10));
    row->stored = room->bytes;
    if (sqlite_column_number(statement, 11) == sum_of(row))
        return STORE_OK;
    archive->suspect = true;
    store_place_set("archive row of room %s: checksum", printable(room->name).text);
    return STORE_DAMAGED;
}

static enum store_result
read_row(struct archive *archive, sqlite3_stmt *statement, struct archive_room *room)
{
    enum store_result result = sqlite_file_step(&archive->file, statement);
    if (result == STORE_OK)
        result = archive_room_take(archive, statement, room);
    sqlite3_reset(statement);
    return result;
}

enum store_result
archive_room_find(struct archive *archive, struct bytes name, struct archive_room *room)
{
    sqlite3_stmt *statement = archive->file.statements[ROOM_FIND];
    sqlite_bind_bytes(statement, 1, name);
    enum store_result result = read_row(archive, statement, room);
    bool known = false;
    if (result == STORE_NOT_FOUND) {
        result = archive_name_known(archive, name, &known);
        if (result != STORE_OK || !known)
            return result == STORE_OK ? STORE_NOT_FOUND : result;
    }
    if (result != STORE_OK || (!known && bytes_equal(room->room.name, name)))
        return result;
    archive->file.corrupt = true;
    store_place_set("archive row of room %s: %s", printable(name).text,
                    known ? "missing" : "another name");
    return STORE_DAMAGED;
}

enum store_result archive_room_at(struct archive *archive, uint64_t id, struct archive_room *room)
{
    sqlite3_stmt *statement = archive->file.statements[ROOM_AT];
    sqlite_bind_number(statement, 1, id);
    return read_row(archive, statement, room);
}

enum store_result archive_room_id(struct archive *archive, struct bytes name, uint64_t *id)
{
    sqlite3_stmt *statement = archive->file.statements[ROOM_ID];
    sqlite_bind_bytes(statement, 1, name);
    enum store_result result = sqlite_file_step(&archive->file, statement);
    *id = result == STORE_OK ? sqlite_column_number(statement, 0) : 0;
    sqlite3_reset(statement);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

enum store_result
archive_room_trace(struct archive *archive, struct bytes name, struct archive_room *room)
{
    struct archive_room other;
    uint64_t id;
    enum store_result result = archive_room_id(archive, name, &id);
    if (result == STORE_OK && id > 0)
        result = archive_room_at(archive, id, &other);
    if (result == STORE_OK) {
        store_place_set("archive row of room %s: missing", printable(name).text);
        archive->file.corrupt = true;
        return STORE_DAMAGED;
    }
    if (result != STORE_DAMAGED || archive->file.corrupt)
        return result == STORE_NOT_FOUND ? STORE_DAMAGED : result;
    *room = (struct archive_room){.id = id};
    archive_room_set_name(room, name);
    return STORE_OK;
}

enum store_result archive_room_write(struct archive *archive, struct archive_room *row, bool add)
{
    const struct store_room *room = &row->room;
    sqlite3_stmt *statement = archive->file.statements[add ? ROOM_ADD : ROOM_SET];
    sqlite_bind_number(statement, 1, row->id);
    sqlite_bind_bytes(statement, 2, room->name);
    sqlite_bind_bytes(statement, 3, room->kind);
    sqlite_bind_number(statement, 4, room->incarnation);
    sqlite_bind_number(statement, 5, room->first);
    sqlite_bind_number(statement, 6, room->last);
    sqlite_bind_number(statement, 7, room->created_ms);
    sqlite_bind_number(statement, 8, room->bytes);
    sqlite_bind_number(statement, 9, room->snapshot_tick);
    sqlite_bind_number(statement, 10, room->state);
    sqlite_bind_bytes(statement, 11, room->reason);
    sqlite_bind_number(statement, 12, sum_of(row));
    enum store_result result = sqlite_file_run(&archive->file, statement);
    sqlite3_clear_bindings(statement);
    if (result != STORE_OK)
        return result;
    if (sqlite3_changes(archive->file.db) == 1) {
        archive->added += add;
        archive->stored += room->bytes - row->stored;
        row->stored = room->bytes;
        if (room->incarnation > archive->incarnation)
            archive->incarnation = room->incarnation;
        return add ? archive_name_add(archive, room->name) : STORE_OK;
    }
    store_place_set("archive row of room %s: missing", printable(room->name).text);
    return STORE_DAMAGED;
}

/* --- What happens to a room --------------------------------------------------------------------- */

enum store_result
archive_room_begin(struct archive *archive, struct bytes name, struct archive_room *room)
{
    *room = (struct archive_room){.id = archive->rooms + archive->added + 1};
    archive_room_set_name(room, name);
    if (room->id <= ROOM_ID_MAX)
        return STORE_OK;
    store_place_set("archive: no more rooms can be numbered");
    return STORE_FAILED;
}

static enum store_result quarantine(struct archive *archive, struct bytes name, struct bytes reason)
{
    /* One that is only in the journal as yet gets its row now, so that the mark outlives this. */
    struct archive_room room;
    enum store_result result = archive_room_find(archive, name, &room);
    bool add = result == STORE_NOT_FOUND;
    if (add)
        result = archive_room_begin(archive, name, &room);
    if (result != STORE_OK)
        return result;
    room.room.state = STORE_ROOM_QUARANTINED;
    archive_room_set_reason(&room, reason);
    return archive_room_write(archive, &room, add);
}

enum store_result
archive_quarantine(struct archive *archive, struct bytes name, struct bytes reason)
{
    enum store_result result = archive_begin(archive);
    if (result == STORE_OK)
        result = archive_end(archive, quarantine(archive, name, reason));
    return result;
}

static enum store_result release_quarantine(struct archive *archive, struct bytes name)
{
    struct archive_room room;
    enum store_result result = archive_room_find(archive, name, &room);
    if (result != STORE_OK || room.room.state != STORE_ROOM_QUARANTINED)
        return result;
    room.room.state = STORE_ROOM_WELL;
    room.room.reason.length = 0;
    return archive_room_write(archive, &room, false);
}

enum store_result archive_release_quarantine(struct archive *archive, struct bytes name)
{
    enum store_result result = archive_begin(archive);
    if (result == STORE_OK)
        result = archive_end(archive, release_quarantine(archive, name));
    return result;
}

/* A row that does not check is written anew: nothing of the room is to be mended any more. */
static enum store_result find_to_remove(struct archive *archive,
                                        struct bytes name,
                                        uint64_t incarnation,
                                        struct archive_room *row,
                                        bool *add)
{
    enum store_result result = archive_room_find(archive, name, row);
    *add = result == STORE_NOT_FOUND && incarnation > 0;
    if (*add)
        return archive_room_begin(archive, name, row);
    if (result == STORE_DAMAGED && !archive->file.corrupt)
        return archive_room_trace(archive, name, row);
    return result;
}

enum store_result
archive_room_empty(struct archive *archive, struct bytes name, uint64_t incarnation)
{
    struct archive_room row = {0};
    bool add;
    enum store_result result = find_to_remove(archive, name, incarnation, &row, &add);
    uint64_t from = blob_id(row.id, 0), to = blob_id(row.id, STORE_TICK_MAX);
    for (unsigned table = 0; table < BLOB_TABLES && result == STORE_OK; table++)
        result = archive_blobs_drop(archive, (enum blob_table)table, from, to);
    if (result == STORE_OK)
        result = archive_gaps_drop(archive, from, to);
    if (result == STORE_OK)
        result = archive_files_drop_room(archive, name);
    if (result == STORE_OK)
        result = archive_sessions_drop_room(archive, name);
    if (result != STORE_OK)
        return result;
    struct store_room *room = &row.room;
    room->first = room->last = room->snapshot_tick = room->bytes = 0;
    room->state = STORE_ROOM_DELETED;
    room->reason.length = 0;
    if (incarnation > room->incarnation)
        room->incarnation = incarnation;
    return archive_room_write(archive, &row, add);
}

enum store_result archive_remove(struct archive *archive, struct bytes name, uint64_t incarnation)
{
    enum store_result result = archive_begin(archive);
    if (result == STORE_OK)
        result = archive_end(archive, archive_room_empty(archive, name, incarnation));
    /* Rows that cannot be reached for removing are the file's trouble: it wants to be replaced. */
    archive->file.corrupt |= result == STORE_DAMAGED;
    return result;
}
