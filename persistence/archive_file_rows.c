#include "persistence/archive_file_rows.h"

#include "persistence/archive_parts.h"
#include "persistence/checksum.h"
#include "persistence/store_place.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert(STORE_FILE_MAX / STORE_FILE_PART < 1u << FILE_PART_BITS, "a part fits its id");

static_assert(STATEMENTS == ARCHIVE_FILE_STATEMENTS, "an archive keeps them all");

#define ROW    "id, room, hash, type, bytes, parts, sum, added_ms, used_ms, checksum"
#define SELECT "SELECT " ROW " FROM file "

static const char *const sql[STATEMENTS] = {
    [FILE_ADD] = "INSERT INTO file(" ROW ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [FILE_FIND] = SELECT "WHERE room = ?1 AND hash = ?2",
    [FILE_AFTER] = SELECT "WHERE id >= ?1 ORDER BY id LIMIT 1",
    [FILE_BEFORE] = SELECT "WHERE id <= ?1 ORDER BY id DESC LIMIT 1",
    [FILE_NEXT] = SELECT "WHERE room = ?1 AND hash > ?2 AND length(hash) = 32"
                         " ORDER BY hash",
    [FILE_OF_ROOM] = SELECT "WHERE room = ?1 LIMIT 1",
    [FILE_ARRIVING] = SELECT "WHERE used_ms = 9223372036854775807 LIMIT 1",
    [FILE_STALEST] = SELECT "ORDER BY used_ms",
    [FILE_HELD] = "SELECT count(*), coalesce(sum(bytes), 0) FROM file WHERE room = ?1",
    [FILE_ALL] = "SELECT coalesce(sum(bytes), 0) FROM file",
    [FILE_SET] = ("UPDATE file SET hash = ?3, type = ?4, bytes = ?5, parts = ?6, sum = ?7,"
                  " added_ms = ?8, used_ms = ?9, checksum = ?10 WHERE id = ?1 AND room = ?2"),
    [FILE_DROP] = "DELETE FROM file WHERE id = ?1",
    [FILE_PART_ADD] = "INSERT INTO file_part(id, checksum, bytes) VALUES(?1, ?2, ?3)",
    [FILE_PART_READ] = "SELECT checksum, bytes FROM file_part WHERE id = ?1",
    [FILE_PARTS_DROP] = "DELETE FROM file_part WHERE id BETWEEN ?1 AND ?2",
};

/* --- Statements --------------------------------------------------------------------------------- */

static enum store_result has_tables(struct archive *archive)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(
        archive->file.db, "SELECT 1 FROM sqlite_schema WHERE name = 'file_part'", -1, &row, NULL);
    enum store_result result = sqlite_file_result(&archive->file, code);
    if (result == STORE_OK)
        result = sqlite_file_step(&archive->file, row);
    sqlite3_finalize(row);
    return result;
}

enum store_result file_rows_ready(struct archive *archive)
{
    if (archive->file.db == NULL) {
        store_place_set("archive: it could not be replaced");
        return STORE_FAILED;
    }
    if (archive->file_rows[STATEMENTS - 1] != NULL)
        return STORE_OK;
    enum store_result result = has_tables(archive);
    for (int i = 0; i < STATEMENTS && result == STORE_OK; i++) {
        sqlite3_finalize(archive->file_rows[i]);
        int code = sqlite3_prepare_v3(archive->file.db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &archive->file_rows[i], NULL);
        result = sqlite_file_result(&archive->file, code);
    }
    return result;
}

void archive_files_close(struct archive *archive)
{
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(archive->file_rows[i]);
        archive->file_rows[i] = NULL;
    }
    archive->file_bytes_known = false;
}

/* --- Rows --------------------------------------------------------------------------------------- */

struct bytes file_row_hash(const struct file_row *row)
{
    return row->arriving ? (struct bytes){row->upload, UPLOAD_BYTES}
                         : (struct bytes){row->file.hash, STORE_HASH_BYTES};
}

static uint64_t sum_of(const struct file_row *row)
{
    const struct store_file *file = &row->file;
    const uint64_t numbers[] = {row->id,  file->type,     file->bytes,  row->parts,
                                row->sum, file->added_ms, file->used_ms};
    return checksum(numbers, sizeof numbers / sizeof numbers[0], store_file_room(file),
                    file_row_hash(row));
}

enum store_result file_damage(struct bytes room, struct bytes hash, const char *what)
{
    char text[9] = "";
    for (size_t i = 0; i < 4 && i < hash.length; i++)
        snprintf(text + 2 * i, 3, "%02x", hash.data[i]);
    store_place_set("archive file %s of room %s: %s", text, printable(room).text, what);
    return STORE_DAMAGED;
}

enum store_result file_row_damage(const struct file_row *row, const char *what)
{
    return file_damage(store_file_room(&row->file), file_row_hash(row), what);
}

static enum store_result take_row(struct file_row *row, sqlite3_stmt *statement)
{
    *row = (struct file_row){.id = sqlite_column_number(statement, 0)};
    struct store_file *file = &row->file;
    struct bytes room = sqlite_column_view(statement, 1);
    struct bytes hash = sqlite_column_view(statement, 2);
    row->arriving = hash.length == UPLOAD_BYTES;
    file->room_length = (uint8_t)(room.length < ROOM_NAME_MAX ? room.length : ROOM_NAME_MAX);
    if (file->room_length > 0)
        memcpy(file->room, room.data, file->room_length);
    if (row->arriving)
        memcpy(row->upload, hash.data, UPLOAD_BYTES);
    else if (hash.length == STORE_HASH_BYTES)
        memcpy(file->hash, hash.data, STORE_HASH_BYTES);
    file->type = (uint8_t)sqlite_column_number(statement, 3);
    file->bytes = sqlite_column_number(statement, 4);
    row->parts = sqlite_column_number(statement, 5);
    row->sum = sqlite_column_number(statement, 6);
    file->added_ms = sqlite_column_number(statement, 7);
    file->used_ms = sqlite_column_number(statement, 8);
    return sqlite_column_number(statement, 9) == sum_of(row) ? STORE_OK
                                                             : file_row_damage(row, "checksum");
}

static enum store_result end_reading(sqlite3_stmt *statement, enum store_result result)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return result;
}

enum store_result
file_row_read(struct archive *archive, sqlite3_stmt *statement, struct file_row *row)
{
    *row = (struct file_row){0};
    enum store_result result = sqlite_file_step(&archive->file, statement);
    if (result == STORE_OK)
        result = take_row(row, statement);
    return end_reading(statement, result);
}

enum store_result
file_row_read_sound(struct archive *archive, sqlite3_stmt *statement, struct file_row *row)
{
    *row = (struct file_row){0};
    enum store_result result = sqlite_file_step(&archive->file, statement);
    while (result == STORE_OK && take_row(row, statement) != STORE_OK)
        result = sqlite_file_step(&archive->file, statement);
    return end_reading(statement, result);
}

enum store_result file_row_write(struct archive *archive,
                                 enum archive_file_statement number,
                                 const struct file_row *row)
{
    const struct store_file *file = &row->file;
    sqlite3_stmt *statement = archive->file_rows[number];
    if (row->id > 0)
        sqlite_bind_number(statement, 1, row->id);
    sqlite_bind_bytes(statement, 2, store_file_room(file));
    sqlite_bind_bytes(statement, 3, file_row_hash(row));
    sqlite_bind_number(statement, 4, file->type);
    sqlite_bind_number(statement, 5, file->bytes);
    sqlite_bind_number(statement, 6, row->parts);
    sqlite_bind_number(statement, 7, row->sum);
    sqlite_bind_number(statement, 8, file->added_ms);
    sqlite_bind_number(statement, 9, file->used_ms);
    sqlite_bind_number(statement, 10, sum_of(row));
    enum store_result result = sqlite_file_run(&archive->file, statement);
    sqlite3_clear_bindings(statement);
    if (result == STORE_OK && sqlite3_changes(archive->file.db) != 1)
        result = file_row_damage(row, "missing");
    return result;
}

/* --- Parts -------------------------------------------------------------------------------------- */

static uint64_t part_id(const struct file_row *row, uint64_t part)
{
    return row->id << FILE_PART_BITS | part;
}

static uint64_t part_sum(uint64_t id, struct bytes bytes)
{
    return checksum(&id, 1, (struct bytes){0}, bytes);
}

/* What the parts' checksums come to, one after the other. */
static uint64_t joined(uint64_t sum, uint64_t part)
{
    const uint64_t numbers[] = {sum, part};
    return checksum(numbers, 2, (struct bytes){0}, (struct bytes){0});
}

static uint64_t part_length(const struct file_row *row, uint64_t part)
{
    uint64_t left = row->file.bytes - part * STORE_FILE_PART;
    return left < STORE_FILE_PART ? left : STORE_FILE_PART;
}

uint64_t file_row_parts(const struct file_row *row)
{
    return (row->file.bytes + STORE_FILE_PART - 1) / STORE_FILE_PART;
}

enum store_result file_part_add(struct archive *archive, struct file_row *row, struct bytes bytes)
{
    if (row->parts >= file_row_parts(row) || bytes.length != part_length(row, row->parts))
        return file_row_damage(row, "other bytes than announced");
    sqlite3_stmt *statement = archive->file_rows[FILE_PART_ADD];
    uint64_t id = part_id(row, row->parts);
    uint64_t sum = part_sum(id, bytes);
    sqlite_bind_number(statement, 1, id);
    sqlite_bind_number(statement, 2, sum);
    sqlite_bind_bytes(statement, 3, bytes);
    enum store_result result = sqlite_file_run(&archive->file, statement);
    sqlite3_clear_bindings(statement);
    row->parts++;
    row->sum = joined(row->sum, sum);
    return result;
}

enum store_result file_part_read(struct archive *archive,
                                 const struct file_row *row,
                                 uint64_t part,
                                 uint64_t *sum,
                                 store_part_visitor *visitor,
                                 void *context)
{
    sqlite3_stmt *statement = archive->file_rows[FILE_PART_READ];
    sqlite_bind_number(statement, 1, part_id(row, part));
    enum store_result result = sqlite_file_step(&archive->file, statement);
    if (result == STORE_OK) {
        struct bytes bytes = sqlite_column_view(statement, 1);
        uint64_t own = part_sum(part_id(row, part), bytes);
        *sum = joined(*sum, own);
        if (bytes.length != part_length(row, part) || sqlite_column_number(statement, 0) != own)
            result = file_row_damage(row, "a part's checksum");
        else
            visitor(context, bytes);
    } else if (result == STORE_NOT_FOUND) {
        result = file_row_damage(row, "a part is missing");
    }
    sqlite3_reset(statement);
    return result;
}

enum store_result file_row_drop(struct archive *archive, const struct file_row *row)
{
    sqlite3_stmt *parts = archive->file_rows[FILE_PARTS_DROP];
    sqlite_bind_number(parts, 1, part_id(row, 0));
    sqlite_bind_number(parts, 2, part_id(row, (1u << FILE_PART_BITS) - 1));
    enum store_result result = sqlite_file_run(&archive->file, parts);
    if (result == STORE_OK) {
        sqlite_bind_number(archive->file_rows[FILE_DROP], 1, row->id);
        result = sqlite_file_run(&archive->file, archive->file_rows[FILE_DROP]);
    }
    archive->file_bytes -= row->file.bytes;
    return result;
}
