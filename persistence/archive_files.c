#include "persistence/archive_file_rows.h"
#include "persistence/archive_parts.h"

#include <assert.h>
#include <string.h>

/* --- Finding ------------------------------------------------------------------------------------ */

static enum store_result
find(struct archive *archive, struct bytes room, const uint8_t *hash, struct file_row *row)
{
    enum store_result result = file_rows_ready(archive);
    if (result != STORE_OK)
        return result;
    sqlite3_stmt *statement = archive->file_rows[FILE_FIND];
    sqlite_bind_bytes(statement, 1, room);
    sqlite_bind_bytes(statement, 2, (struct bytes){hash, STORE_HASH_BYTES});
    result = file_row_read(archive, statement, row);
    /* A tree whose order is damaged answers with rows that were not asked for. */
    if (result == STORE_OK && (!bytes_equal(store_file_room(&row->file), room) ||
                               memcmp(row->file.hash, hash, STORE_HASH_BYTES) != 0)) {
        *row = (struct file_row){0};
        result = file_damage(room, (struct bytes){hash, STORE_HASH_BYTES}, "out of order");
    }
    return result;
}

static enum store_result find_upload(struct archive *archive, uint64_t upload, struct file_row *row)
{
    enum store_result result = file_rows_ready(archive);
    if (result != STORE_OK)
        return result;
    sqlite3_stmt *statement = archive->file_rows[FILE_AFTER];
    sqlite_bind_number(statement, 1, upload);
    result = file_row_read(archive, statement, row);
    return result == STORE_OK && (row->id != upload || !row->arriving) ? STORE_NOT_FOUND : result;
}

/* Damaged or not, where it was found. */
static enum store_result
drop_found(struct archive *archive, enum store_result result, struct file_row *row)
{
    if (result != STORE_OK && (result != STORE_DAMAGED || row->id == 0))
        return result;
    if (result == STORE_DAMAGED)
        archive->file_bytes_known = false;
    return file_row_drop(archive, row);
}

/* --- Arriving ----------------------------------------------------------------------------------- */

/* An id is never given twice, though its file may be gone: it is what an upload is known by. */
static enum store_result add_upload(struct archive *archive, struct file_row *row)
{
    sqlite3_stmt *last = archive->file_rows[FILE_BEFORE];
    struct file_row before;
    sqlite_bind_number(last, 1, FOR_EVER);
    enum store_result result = file_row_read(archive, last, &before);
    if (result != STORE_OK && result != STORE_NOT_FOUND && before.id == 0)
        return result;
    if (archive->last_file < before.id)
        archive->last_file = before.id;
    row->id = ++archive->last_file; /* a part of the checksum: known before the row is written */
    sqlite3_randomness(UPLOAD_BYTES, row->upload);
    archive->file_bytes += row->file.bytes;
    return file_row_write(archive, FILE_ADD, row);
}

static struct file_row upload_row(struct bytes room, uint64_t bytes)
{
    assert(bytes > 0 && bytes <= STORE_FILE_MAX);
    assert(room.length > 0 && room.length <= ROOM_NAME_MAX);
    struct file_row row = {.arriving = true, .file = {.bytes = bytes, .used_ms = FOR_EVER}};
    row.file.room_length = (uint8_t)room.length;
    memcpy(row.file.room, room.data, room.length);
    return row;
}

static enum store_result begin_transaction(struct archive *archive)
{
    enum store_result result = file_rows_ready(archive);
    return result == STORE_OK ? archive_begin(archive) : result;
}

enum store_result
archive_upload_begin(struct archive *archive, struct bytes room, uint64_t bytes, uint64_t *upload)
{
    struct file_row row = upload_row(room, bytes);
    enum store_result result = file_rows_ready(archive);
    if (result == STORE_OK)
        result = add_upload(archive, &row);
    *upload = row.id;
    return result;
}

enum store_result
archive_file_begin(struct archive *archive, struct bytes room, uint64_t bytes, uint64_t *upload)
{
    enum store_result result = begin_transaction(archive);
    return result == STORE_OK
               ? archive_end(archive, archive_upload_begin(archive, room, bytes, upload))
               : result;
}

static enum store_result
add_parts(struct archive *archive, struct file_row *row, struct bytes bytes)
{
    enum store_result result = STORE_OK;
    for (size_t at = 0; at < bytes.length && result == STORE_OK; at += STORE_FILE_PART) {
        size_t left = bytes.length - at;
        result = file_part_add(
            archive, row,
            (struct bytes){bytes.data + at, left < STORE_FILE_PART ? left : STORE_FILE_PART});
    }
    return result;
}

enum store_result archive_upload_write(struct archive *archive, uint64_t upload, struct bytes bytes)
{
    struct file_row row;
    enum store_result result = find_upload(archive, upload, &row);
    if (result == STORE_OK)
        result = add_parts(archive, &row, bytes);
    return result == STORE_OK ? file_row_write(archive, FILE_SET, &row) : result;
}

enum store_result archive_file_write(struct archive *archive, uint64_t upload, struct bytes bytes)
{
    enum store_result result = begin_transaction(archive);
    return result == STORE_OK ? archive_end(archive, archive_upload_write(archive, upload, bytes))
                              : result;
}

static enum store_result
conclude(struct archive *archive, struct file_row *row, const struct store_file *file, bool *added)
{
    struct file_row there;
    if (row->parts != file_row_parts(row))
        return file_row_damage(row, "fewer bytes than announced");
    row->arriving = false;
    memcpy(row->file.hash, file->hash, STORE_HASH_BYTES);
    row->file.type = file->type;
    row->file.added_ms = file->added_ms;
    row->file.used_ms = file->used_ms;
    enum store_result result = find(archive, store_file_room(&row->file), file->hash, &there);
    *added = result != STORE_OK;
    if (result == STORE_OK) {
        row->file.added_ms = there.file.added_ms;
        if (there.file.used_ms > row->file.used_ms)
            row->file.used_ms = there.file.used_ms;
    }
    /* The new one takes its place: the old one's parts may be damaged. */
    result = drop_found(archive, result, &there);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return result;
    return file_row_write(archive, FILE_SET, row);
}

enum store_result archive_upload_end(struct archive *archive,
                                     uint64_t upload,
                                     const struct store_file *file,
                                     bool *added)
{
    struct file_row row;
    enum store_result result = find_upload(archive, upload, &row);
    return result == STORE_OK ? conclude(archive, &row, file, added) : result;
}

enum store_result archive_file_end(struct archive *archive,
                                   uint64_t upload,
                                   const struct store_file *file,
                                   bool *added)
{
    enum store_result result = begin_transaction(archive);
    return result == STORE_OK
               ? archive_end(archive, archive_upload_end(archive, upload, file, added))
               : result;
}

enum store_result archive_file_put(struct archive *archive,
                                   struct bytes room,
                                   struct bytes bytes,
                                   const struct store_file *file,
                                   bool *added)
{
    struct file_row row = upload_row(room, bytes.length);
    enum store_result result = begin_transaction(archive);
    if (result != STORE_OK)
        return result;
    result = add_upload(archive, &row);
    if (result == STORE_OK)
        result = add_parts(archive, &row, bytes);
    if (result == STORE_OK)
        result = conclude(archive, &row, file, added);
    return archive_end(archive, result);
}

/* --- Leaving ------------------------------------------------------------------------------------ */

enum store_result archive_file_drop(struct archive *archive, uint64_t upload)
{
    struct file_row row;
    enum store_result result = begin_transaction(archive);
    if (result != STORE_OK)
        return result;
    return archive_end(archive, drop_found(archive, find_upload(archive, upload, &row), &row));
}

enum store_result archive_file_remove(struct archive *archive,
                                      struct bytes room,
                                      const uint8_t hash[STORE_HASH_BYTES])
{
    struct file_row row;
    enum store_result result = begin_transaction(archive);
    if (result != STORE_OK)
        return result;
    return archive_end(archive, drop_found(archive, find(archive, room, hash, &row), &row));
}

/* Drops rows that the statement finds, until it finds none. */
static enum store_result drop_all(struct archive *archive, int number, struct bytes room)
{
    enum store_result result = STORE_OK;
    while (result == STORE_OK) {
        struct file_row row;
        if (room.length > 0)
            sqlite_bind_bytes(archive->file_rows[number], 1, room);
        result = file_row_read(archive, archive->file_rows[number], &row);
        result = drop_found(archive, result, &row);
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

enum store_result archive_files_drop_room(struct archive *archive, struct bytes room)
{
    enum store_result result = file_rows_ready(archive);
    return result == STORE_OK ? drop_all(archive, FILE_OF_ROOM, room) : result;
}

enum store_result archive_files_tidy(struct archive *archive)
{
    struct file_row row;
    enum store_result result = file_rows_ready(archive);
    if (result != STORE_OK)
        return result == STORE_NOT_FOUND ? STORE_OK : result;
    result = file_row_read(archive, archive->file_rows[FILE_ARRIVING], &row);
    if (result == STORE_NOT_FOUND)
        return STORE_OK;
    if (result == STORE_OK || result == STORE_DAMAGED)
        result = archive_begin(archive);
    if (result != STORE_OK)
        return result;
    return archive_end(archive, drop_all(archive, FILE_ARRIVING, (struct bytes){0}));
}

/* --- There -------------------------------------------------------------------------------------- */

enum store_result archive_file_find(struct archive *archive,
                                    struct bytes room,
                                    const uint8_t hash[STORE_HASH_BYTES],
                                    struct store_file *file)
{
    struct file_row row;
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
    struct file_row row;
    enum store_result result = find(archive, room, hash, &row);
    if (result == STORE_OK && part >= row.parts)
        result = STORE_NOT_FOUND;
    uint64_t sum = 0;
    return result == STORE_OK ? file_part_read(archive, &row, part, &sum, visitor, context)
                              : result;
}

enum store_result archive_file_list(struct archive *archive,
                                    struct bytes room,
                                    store_file_visitor *visitor,
                                    void *context)
{
    uint8_t hash[STORE_HASH_BYTES] = {0};
    enum store_result result = file_rows_ready(archive);
    for (bool first = true; result == STORE_OK; first = false) {
        struct file_row row;
        sqlite_bind_bytes(archive->file_rows[FILE_NEXT], 1, room);
        sqlite_bind_bytes(archive->file_rows[FILE_NEXT], 2,
                          (struct bytes){hash, first ? 0 : STORE_HASH_BYTES});
        result = file_row_read_sound(archive, archive->file_rows[FILE_NEXT], &row);
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
    enum store_result result = file_rows_ready(archive);
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
    struct file_row row;
    enum store_result result = find(archive, room, use->hash, &row);
    if (result == STORE_NOT_FOUND || (result == STORE_OK && use->used_ms <= row.file.used_ms))
        return STORE_OK;
    row.file.used_ms = use->used_ms;
    return result == STORE_OK ? file_row_write(archive, FILE_SET, &row) : result;
}

enum store_result archive_file_use(struct archive *archive,
                                   struct bytes room,
                                   const struct store_use *uses,
                                   size_t count)
{
    enum store_result result = begin_transaction(archive);
    if (result != STORE_OK)
        return result;
    for (size_t i = 0; i < count && result == STORE_OK; i++)
        result = set_used(archive, room, &uses[i]);
    return archive_end(archive, result);
}

enum store_result archive_file_stalest(struct archive *archive, struct store_file *file)
{
    struct file_row row;
    enum store_result result = file_rows_ready(archive);
    if (result == STORE_OK)
        result = file_row_read_sound(archive, archive->file_rows[FILE_STALEST], &row);
    if (result == STORE_OK && row.arriving)
        return STORE_NOT_FOUND;
    if (result == STORE_OK)
        *file = row.file;
    return result;
}
