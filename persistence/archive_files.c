#include "persistence/archive_files.h"

#include "persistence/archive_parts.h"
#include "persistence/checksum.h"
#include "persistence/store_place.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define UPLOAD_BYTES 16u /* in the place of a hash */
#define FOR_EVER     ((uint64_t)INT64_MAX)
#define PART_BITS    16u

static_assert(STORE_FILE_MAX / STORE_FILE_PART < 1u << PART_BITS, "a part fits its id");

enum {
    FILE_ADD,
    FILE_FIND,
    FILE_AFTER,
    FILE_BEFORE,
    FILE_NEXT,
    FILE_OF_ROOM,
    FILE_ARRIVING,
    FILE_STALEST,
    FILE_HELD,
    FILE_ALL,
    FILE_SET,
    FILE_DROP,
    FILE_PART_ADD,
    FILE_PART_READ,
    FILE_PARTS_DROP,
    STATEMENTS
};
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
    [FILE_SET] = "UPDATE file SET hash = ?3, type = ?4, bytes = ?5, parts = ?6, sum = ?7,"
                 " added_ms = ?8, used_ms = ?9, checksum = ?10 WHERE id = ?1 AND room = ?2",
    [FILE_DROP] = "DELETE FROM file WHERE id = ?1",
    [FILE_PART_ADD] = "INSERT INTO file_part(id, checksum, bytes) VALUES(?1, ?2, ?3)",
    [FILE_PART_READ] = "SELECT checksum, bytes FROM file_part WHERE id = ?1",
    [FILE_PARTS_DROP] = "DELETE FROM file_part WHERE id BETWEEN ?1 AND ?2",
};

/* A row of `file`. */
struct row {
    uint64_t id;
    struct store_file file;
    uint8_t upload[UPLOAD_BYTES];
    bool arriving; /* `upload` stands in the place of the hash */
    uint64_t parts, sum;
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

/* STORE_NOT_FOUND where the file is of a format that knew of no files. */
static enum store_result ready(struct archive *archive)
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

static struct bytes hash_view(const struct row *row)
{
    return row->arriving ? (struct bytes){row->upload, UPLOAD_BYTES}
                         : (struct bytes){row->file.hash, STORE_HASH_BYTES};
}

static uint64_t sum_of(const struct row *row)
{
    const struct store_file *file = &row->file;
    const uint64_t numbers[] = {row->id,  file->type,     file->bytes,  row->parts,
                                row->sum, file->added_ms, file->used_ms};
    return checksum(numbers, sizeof numbers / sizeof numbers[0], store_file_room(file),
                    hash_view(row));
}

static enum store_result damage(struct bytes room, struct bytes hash, const char *what)
{
    char text[9] = "";
    for (size_t i = 0; i < 4 && i < hash.length; i++)
        snprintf(text + 2 * i, 3, "%02x", hash.data[i]);
    store_place_set("archive file %s of room %s: %s", text, printable(room).text, what);
    return STORE_DAMAGED;
}

static enum store_result row_damage(const struct row *row, const char *what)
{
    return damage(store_file_room(&row->file), hash_view(row), what);
}

static enum store_result take_row(struct row *row, sqlite3_stmt *statement)
{
    *row = (struct row){.id = sqlite_column_number(statement, 0)};
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
                                                             : row_damage(row, "checksum");
}

static enum store_result end_reading(sqlite3_stmt *statement, enum store_result result)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return result;
}

/* The row that the statement, with its values bound, leads to. */
static enum store_result read_row(struct archive *archive, sqlite3_stmt *statement, struct row *row)
{
    *row = (struct row){0};
    enum store_result result = sqlite_file_step(&archive->file, statement);
    if (result == STORE_OK)
        result = take_row(row, statement);
    return end_reading(statement, result);
}

/* The first one that checks. */
static enum store_result
read_sound_row(struct archive *archive, sqlite3_stmt *statement, struct row *row)
{
    *row = (struct row){0};
    enum store_result result = sqlite_file_step(&archive->file, statement);
    while (result == STORE_OK && take_row(row, statement) != STORE_OK)
        result = sqlite_file_step(&archive->file, statement);
    return end_reading(statement, result);
}

static enum store_result write_row(struct archive *archive, int number, const struct row *row)
{
    const struct store_file *file = &row->file;
    sqlite3_stmt *statement = archive->file_rows[number];
    if (row->id > 0)
        sqlite_bind_number(statement, 1, row->id);
    sqlite_bind_bytes(statement, 2, store_file_room(file));
    sqlite_bind_bytes(statement, 3, hash_view(row));
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
        result = row_damage(row, "missing");
    return result;
}

static enum store_result
find(struct archive *archive, struct bytes room, const uint8_t *hash, struct row *row)
{
    enum store_result result = ready(archive);
    if (result != STORE_OK)
        return result;
    sqlite3_stmt *statement = archive->file_rows[FILE_FIND];
    sqlite_bind_bytes(statement, 1, room);
    sqlite_bind_bytes(statement, 2, (struct bytes){hash, STORE_HASH_BYTES});
    result = read_row(archive, statement, row);
    /* A tree whose order is damaged answers with rows that were not asked for. */
    if (result == STORE_OK && (!bytes_equal(store_file_room(&row->file), room) ||
                               memcmp(row->file.hash, hash, STORE_HASH_BYTES) != 0))
        result = damage(room, (struct bytes){hash, STORE_HASH_BYTES}, "out of order");
    return result;
}

static enum store_result find_upload(struct archive *archive, uint64_t upload, struct row *row)
{
    enum store_result result = ready(archive);
    if (result != STORE_OK)
        return result;
    sqlite3_stmt *statement = archive->file_rows[FILE_AFTER];
    sqlite_bind_number(statement, 1, upload);
    result = read_row(archive, statement, row);
    return result == STORE_OK && (row->id != upload || !row->arriving) ? STORE_NOT_FOUND : result;
}

static enum store_result end(struct archive *archive, enum store_result result)
{
    result = archive_end(archive, result);
    if (result != STORE_OK)
        archive->file_bytes_known = false;
    return result;
}

/* --- Parts -------------------------------------------------------------------------------------- */

static uint64_t part_id(const struct row *row, uint64_t part)
{
    return row->id << PART_BITS | part;
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

static enum store_result add_part(struct archive *archive, struct row *row, struct bytes bytes)
{
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

static uint64_t part_length(const struct row *row, uint64_t part)
{
    uint64_t left = row->file.bytes - part * STORE_FILE_PART;
    return left < STORE_FILE_PART ? left : STORE_FILE_PART;
}

/* `sum` is joined by the part's checksum. */
static enum store_result read_part(struct archive *archive,
                                   const struct row *row,
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
            result = row_damage(row, "a part's checksum");
        else
            visitor(context, bytes);
    } else if (result == STORE_NOT_FOUND) {
        result = row_damage(row, "a part is missing");
    }
    sqlite3_reset(statement);
    return result;
}

static enum store_result drop(struct archive *archive, const struct row *row)
{
    sqlite3_stmt *parts = archive->file_rows[FILE_PARTS_DROP];
    sqlite_bind_number(parts, 1, part_id(row, 0));
    sqlite_bind_number(parts, 2, part_id(row, (1u << PART_BITS) - 1));
    enum store_result result = sqlite_file_run(&archive->file, parts);
    if (result == STORE_OK) {
        sqlite_bind_number(archive->file_rows[FILE_DROP], 1, row->id);
        result = sqlite_file_run(&archive->file, archive->file_rows[FILE_DROP]);
    }
    archive->file_bytes_known = false;
    return result;
}

/* Damaged or not, where it was found. */
static enum store_result
drop_found(struct archive *archive, enum store_result result, struct row *row)
{
    if (result == STORE_OK || (result == STORE_DAMAGED && row->id > 0))
        return drop(archive, row);
    return result;
}

/* --- Arriving ----------------------------------------------------------------------------------- */

static enum store_result add_upload(struct archive *archive, struct row *row)
{
    /* The id is a part of the checksum: found before the row is written. */
    sqlite3_stmt *last = archive->file_rows[FILE_BEFORE];
    struct row before;
    sqlite_bind_number(last, 1, FOR_EVER);
    enum store_result result = read_row(archive, last, &before);
    if (result != STORE_OK && result != STORE_NOT_FOUND && before.id == 0)
        return result;
    row->id = before.id + 1;
    sqlite3_randomness(UPLOAD_BYTES, row->upload);
    return write_row(archive, FILE_ADD, row);
}

enum store_result
archive_file_begin(struct archive *archive, struct bytes room, uint64_t bytes, uint64_t *upload)
{
    assert(bytes > 0 && bytes <= STORE_FILE_MAX);
    assert(room.length > 0 && room.length <= ROOM_NAME_MAX);
    struct row row = {.arriving = true, .file = {.bytes = bytes, .used_ms = FOR_EVER}};
    row.file.room_length = (uint8_t)room.length;
    memcpy(row.file.room, room.data, room.length);
    enum store_result result = ready(archive);
    if (result == STORE_OK)
        result = archive_begin(archive);
    if (result != STORE_OK)
        return result;
    result = end(archive, add_upload(archive, &row));
    if (result == STORE_OK)
        archive->file_bytes += bytes;
    *upload = row.id;
    return result;
}

static enum store_result add_parts(struct archive *archive, uint64_t upload, struct bytes bytes)
{
    struct row row;
    enum store_result result = find_upload(archive, upload, &row);
    for (size_t at = 0; at < bytes.length && result == STORE_OK; at += STORE_FILE_PART) {
        size_t left = bytes.length - at;
        assert(row.parts * STORE_FILE_PART < row.file.bytes);
        result = add_part(
            archive, &row,
            (struct bytes){bytes.data + at, left < STORE_FILE_PART ? left : STORE_FILE_PART});
    }
    return result == STORE_OK ? write_row(archive, FILE_SET, &row) : result;
}

enum store_result archive_file_write(struct archive *archive, uint64_t upload, struct bytes bytes)
{
    enum store_result result = ready(archive);
    if (result == STORE_OK)
        result = archive_begin(archive);
    return result == STORE_OK ? end(archive, add_parts(archive, upload, bytes)) : result;
}

static enum store_result
conclude(struct archive *archive, uint64_t upload, const struct store_file *file, bool *added)
{
    struct row row, there;
    enum store_result result = find_upload(archive, upload, &row);
    if (result != STORE_OK)
        return result;
    assert(row.parts == (row.file.bytes + STORE_FILE_PART - 1) / STORE_FILE_PART);
    row.arriving = false;
    memcpy(row.file.hash, file->hash, STORE_HASH_BYTES);
    row.file.type = file->type;
    row.file.added_ms = file->added_ms;
    row.file.used_ms = file->used_ms;
    result = find(archive, store_file_room(&row.file), file->hash, &there);
    *added = result != STORE_OK;
    if (result == STORE_OK) {
        row.file.added_ms = there.file.added_ms;
        if (there.file.used_ms > row.file.used_ms)
            row.file.used_ms = there.file.used_ms;
    }
    /* The new one takes its place: the old one's parts may be damaged. */
    result = drop_found(archive, result, &there);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return result;
    return write_row(archive, FILE_SET, &row);
}

enum store_result archive_file_end(struct archive *archive,
                                   uint64_t upload,
                                   const struct store_file *file,
                                   bool *added)
{
    enum store_result result = ready(archive);
    if (result == STORE_OK)
        result = archive_begin(archive);
    return result == STORE_OK ? end(archive, conclude(archive, upload, file, added)) : result;
}

/* --- Leaving ------------------------------------------------------------------------------------ */

enum store_result archive_file_drop(struct archive *archive, uint64_t upload)
{
    struct row row;
    enum store_result result = ready(archive);
    if (result == STORE_OK)
        result = archive_begin(archive);
    if (result != STORE_OK)
        return result;
    return end(archive, drop_found(archive, find_upload(archive, upload, &row), &row));
}

enum store_result archive_file_remove(struct archive *archive,
                                      struct bytes room,
                                      const uint8_t hash[STORE_HASH_BYTES])
{
    struct row row;
    enum store_result result = ready(archive);
    if (result == STORE_OK)
        result = archive_begin(archive);
    if (result != STORE_OK)
        return result;
    return end(archive, drop_found(archive, find(archive, room, hash, &row), &row));
}

/* Drops rows that the statement finds, until it finds none. */
static enum store_result drop_all(struct archive *archive, int number, struct bytes room)
{
    enum store_result result = STORE_OK;
    while (result == STORE_OK) {
        struct row row;
        if (room.length > 0)
            sqlite_bind_bytes(archive->file_rows[number], 1, room);
        result = read_row(archive, archive->file_rows[number], &row);
        result = drop_found(archive, result, &row);
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

enum store_result archive_files_drop_room(struct archive *archive, struct bytes room)
{
    enum store_result result = ready(archive);
    return result == STORE_OK ? drop_all(archive, FILE_OF_ROOM, room) : result;
}

enum store_result archive_files_tidy(struct archive *archive)
{
    struct row row;
    enum store_result result = ready(archive);
    if (result == STORE_OK)
        result = read_row(archive, archive->file_rows[FILE_ARRIVING], &row);
    if (result == STORE_NOT_FOUND)
        return STORE_OK;
    if (result == STORE_OK || result == STORE_DAMAGED)
        result = archive_begin(archive);
    if (result != STORE_OK)
        return result;
    return end(archive, drop_all(archive, FILE_ARRIVING, (struct bytes){0}));
}

/* --- There -------------------------------------------------------------------------------------- */

enum store_result archive_file_find(struct archive *archive,
                                    struct bytes room,
                                    const uint8_t hash[STORE_HASH_BYTES],
                                    struct store_file *file)
{
    struct row row;
    enum store_result result = find(archive, room, hash, &row);
    if (result == STORE_OK)
        *file = row.file;
    return result;
}

enum store_result archive_file_read(struct archive *archive,
                                    struct bytes room,
                                    const uint8_t hash[STORE_HASH_BYTES],
                                    uint64_t part,
                                    store_part_visitor *visitor,
                                    void *context)
{
    struct row row;
    enum store_result result = find(archive, room, hash, &row);
    if (result == STORE_OK && part >= row.parts)
        result = STORE_NOT_FOUND;
    uint64_t sum = 0;
    return result == STORE_OK ? read_part(archive, &row, part, &sum, visitor, context) : result;
}

enum store_result archive_file_list(struct archive *archive,
                                    struct bytes room,
                                    store_file_visitor *visitor,
                                    void *context)
{
    uint8_t hash[STORE_HASH_BYTES] = {0};
    enum store_result result = ready(archive);
    for (bool first = true; result == STORE_OK; first = false) {
        struct row row;
        sqlite_bind_bytes(archive->file_rows[FILE_NEXT], 1, room);
        sqlite_bind_bytes(archive->file_rows[FILE_NEXT], 2,
                          (struct bytes){hash, first ? 0 : STORE_HASH_BYTES});
        result = read_sound_row(archive, archive->file_rows[FILE_NEXT], &row);
        if (result == STORE_OK && !visitor(context, &row.file))
            return STORE_OK;
        memcpy(hash, row.file.hash, STORE_HASH_BYTES);
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

static enum store_result count_all(struct archive *archive)
{
    sqlite3_stmt *row = archive->file_rows[FILE_ALL];
    enum store_result result = sqlite_file_step(&archive->file, row);
    if (result == STORE_OK) {
        archive->file_bytes = sqlite_column_number(row, 0);
        archive->file_bytes_known = true;
    }
    sqlite3_reset(row);
    return result;
}

enum store_result
archive_file_held(struct archive *archive, struct bytes room, struct store_held *held)
{
    *held = (struct store_held){0};
    enum store_result result = ready(archive);
    if (result == STORE_OK && !archive->file_bytes_known)
        result = count_all(archive);
    if (result != STORE_OK)
        return result == STORE_NOT_FOUND ? STORE_OK : result;
    sqlite3_stmt *row = archive->file_rows[FILE_HELD];
    sqlite_bind_bytes(row, 1, room);
    result = sqlite_file_step(&archive->file, row);
    if (result == STORE_OK)
        *held = (struct store_held){.files = sqlite_column_number(row, 0),
                                    .bytes = sqlite_column_number(row, 1),
                                    .all_bytes = archive->file_bytes};
    sqlite3_reset(row);
    return result;
}

static enum store_result
set_used(struct archive *archive, struct bytes room, const struct store_use *use)
{
    struct row row;
    enum store_result result = find(archive, room, use->hash, &row);
    if (result == STORE_NOT_FOUND || (result == STORE_OK && use->used_ms <= row.file.used_ms))
        return STORE_OK;
    row.file.used_ms = use->used_ms;
    return result == STORE_OK ? write_row(archive, FILE_SET, &row) : result;
}

enum store_result archive_file_use(struct archive *archive,
                                   struct bytes room,
                                   const struct store_use *uses,
                                   size_t count)
{
    enum store_result result = ready(archive);
    if (result == STORE_OK)
        result = archive_begin(archive);
    if (result != STORE_OK)
        return result;
    for (size_t i = 0; i < count && result == STORE_OK; i++)
        result = set_used(archive, room, &uses[i]);
    return end(archive, result);
}

enum store_result archive_file_stalest(struct archive *archive, struct store_file *file)
{
    struct row row;
    enum store_result result = ready(archive);
    if (result == STORE_OK)
        result = read_sound_row(archive, archive->file_rows[FILE_STALEST], &row);
    if (result == STORE_OK && row.arriving)
        return STORE_NOT_FOUND;
    if (result == STORE_OK)
        *file = row.file;
    return result;
}

/* --- All of them -------------------------------------------------------------------------------- */

static enum store_result
next_by_id(struct archive *archive, bool upwards, uint64_t id, struct row *row)
{
    sqlite3_stmt *statement = archive->file_rows[upwards ? FILE_AFTER : FILE_BEFORE];
    sqlite_bind_number(statement, 1, id);
    return read_row(archive, statement, row);
}

static void look_away(void *context, struct bytes part)
{
    (void)context;
    (void)part;
}

static enum store_result check_parts(struct archive *archive, const struct row *row)
{
    enum store_result result = STORE_OK;
    uint64_t sum = 0;
    for (uint64_t part = 0; part < row->parts && result == STORE_OK; part++)
        result = read_part(archive, row, part, &sum, look_away, NULL);
    return result == STORE_OK && sum != row->sum ? row_damage(row, "another file's part") : result;
}

enum store_result archive_files_check(struct archive *archive,
                                      store_damage_visitor *visitor,
                                      bool (*step)(void *context),
                                      void *visitor_context,
                                      void *step_context)
{
    enum store_result result = ready(archive);
    struct row row = {0};
    bool more = true;
    while (result == STORE_OK && more) {
        uint64_t before = row.id;
        result = next_by_id(archive, true, before + 1, &row);
        if (result == STORE_OK)
            result = check_parts(archive, &row);
        if (result == STORE_DAMAGED) {
            visitor(visitor_context, store_file_room(&row.file), store_place());
            if (row.id <= before)
                return STORE_OK; /* the file's pages are damaged here; nothing behind is found */
            result = STORE_OK;
        }
        if (result == STORE_OK)
            more = step(step_context);
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* --- Salvage ------------------------------------------------------------------------------------ */

struct copying {
    struct archive *to;
    struct row row; /* as it grows there */
    enum store_result result;
};

static void copy_part(void *context, struct bytes part)
{
    struct copying *copying = context;
    copying->result = add_part(copying->to, &copying->row, part);
}

/* With the same id, which its parts' checksums rest on. */
static enum store_result copy_parts(struct archive *from, struct archive *to, const struct row *row)
{
    struct copying copying = {.to = to, .row = *row};
    copying.row.parts = copying.row.sum = 0;
    enum store_result result = STORE_OK;
    uint64_t sum = 0;
    for (uint64_t part = 0; part < row->parts && result == STORE_OK; part++) {
        result = read_part(from, row, part, &sum, copy_part, &copying);
        if (result == STORE_OK)
            result = copying.result;
    }
    if (result == STORE_OK && copying.row.sum != row->sum)
        result = row_damage(row, "another file's part");
    return result == STORE_OK ? write_row(to, FILE_ADD, &copying.row) : result;
}

static enum store_result copy(struct archive *from, struct archive *to, const struct row *row)
{
    enum store_result result = archive_begin(to);
    return result == STORE_OK ? end(to, copy_parts(from, to, row)) : result;
}

/* Files with ids in [*low, *high], which it narrows, until one cannot be reached. */
static enum store_result salvage_run(struct archive *from,
                                     struct archive *to,
                                     bool upwards,
                                     uint64_t *low,
                                     uint64_t *high,
                                     unsigned *kept,
                                     unsigned *lost)
{
    while (*low <= *high) {
        struct row row;
        enum store_result result = next_by_id(from, upwards, upwards ? *low : *high, &row);
        if (result != STORE_OK && (result != STORE_DAMAGED || row.id < *low || row.id > *high))
            return result;
        if (upwards)
            *low = row.id + 1;
        else
            *high = row.id - 1;
        if (result == STORE_OK && row.arriving)
            continue;
        if (result == STORE_OK)
            result = copy(from, to, &row);
        *kept += result == STORE_OK;
        *lost += result == STORE_DAMAGED;
        if (result != STORE_OK && result != STORE_DAMAGED)
            return result;
    }
    return STORE_NOT_FOUND;
}

enum store_result
archive_files_salvage(struct archive *from, struct archive *to, unsigned *kept, unsigned *lost)
{
    uint64_t low = 1, high = FOR_EVER >> PART_BITS;
    enum store_result result = ready(from);
    if (result == STORE_OK)
        result = ready(to);
    if (result == STORE_OK)
        result = salvage_run(from, to, true, &low, &high, kept, lost);
    if (result == STORE_DAMAGED)
        result = salvage_run(from, to, false, &low, &high, kept, lost);
    return result == STORE_NOT_FOUND || result == STORE_DAMAGED ? STORE_OK : result;
}
