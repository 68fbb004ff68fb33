#include "persistence/archive_parts.h"
#include "persistence/checksum.h"
#include "persistence/store_place.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CODEC_RAW  0u
#define CODEC_ZLIB 1u

/* Higher levels take twice the time for a hundredth of the size. */
#define ZLIB_LEVEL 6

static const char *const table_names[BLOB_TABLES] =
    {[SEGMENTS] = "segment", [SNAPSHOTS] = "snapshot", [TRACKS] = "track", [SUMMARIES] = "summary"};

enum store_result
archive_damage(enum blob_table table, struct bytes name, uint64_t tick, const char *what)
{
    store_place_set("archive %s of room %s at tick %" PRIu64 ": %s", table_names[table],
                    printable(name).text, tick, what);
    return STORE_DAMAGED;
}

/* --- Packing ------------------------------------------------------------------------------------ */

enum store_result archive_blob_pack(struct archive_blob *blob, struct bytes bytes)
{
    assert(bytes.length <= STORE_BLOB_MAX);
    uLongf packed = compressBound(bytes.length);
    blob->stored = malloc(packed);
    if (blob->stored == NULL)
        return STORE_MEMORY;
    if (compress2(blob->stored, &packed, bytes.data, bytes.length, ZLIB_LEVEL) != Z_OK)
        return STORE_MEMORY;
    blob->length = bytes.length;
    blob->codec = packed < bytes.length ? CODEC_ZLIB : CODEC_RAW;
    if (blob->codec == CODEC_RAW) {
        packed = bytes.length;
        if (packed > 0)
            memcpy(blob->stored, bytes.data, packed);
    }
    blob->stored_length = packed;
    return STORE_OK;
}

static struct bytes name_of(const struct archive_blob *blob)
{
    return (struct bytes){blob->name, blob->name_length};
}

static enum store_result damage(const struct archive_blob *blob, const char *what)
{
    return archive_damage(blob->table, name_of(blob), blob_tick(blob), what);
}

enum store_result archive_blob_unpack(const struct archive_blob *blob, uint8_t **bytes)
{
    if (blob->length > STORE_BLOB_MAX)
        return damage(blob, "length");
    *bytes = malloc(blob->length > 0 ? blob->length : 1);
    if (*bytes == NULL)
        return STORE_MEMORY;
    bool good = false;
    if (blob->codec == CODEC_RAW && blob->length == blob->stored_length) {
        if (blob->length > 0)
            memcpy(*bytes, blob->stored, blob->length);
        good = true;
    } else if (blob->codec == CODEC_ZLIB) {
        uLongf length = blob->length;
        int code = uncompress(*bytes, &length, blob->stored, blob->stored_length);
        if (code == Z_MEM_ERROR) {
            free(*bytes);
            return STORE_MEMORY;
        }
        good = code == Z_OK && length == blob->length;
    }
    if (good)
        return STORE_OK;
    free(*bytes);
    return damage(blob, "cannot be unpacked");
}

void archive_blob_free(struct archive_blob *blob)
{
    free(blob->stored);
    blob->stored = NULL;
}

/* --- Checksums ---------------------------------------------------------------------------------- */

/* Not over the room's id nor the parts' places: those may change when a file is salvaged. */
static uint64_t sum_of(const struct archive_blob *blob, struct bytes name)
{
    const uint64_t numbers[] = {blob->table,       blob_tick(blob), blob->last,  blob->previous,
                                blob->incarnation, blob->sealed_ms, blob->codec, blob->length,
                                blob->began_ms,    blob->ended_ms};
    size_t count = sizeof numbers / sizeof numbers[0];
    struct bytes stored = {blob->stored, blob->stored_length};
    return checksum(numbers, blob->table == SUMMARIES ? count : count - 2, name, stored);
}

enum store_result archive_blob_verify(const struct archive_blob *blob, struct bytes name)
{
    if (bytes_equal(name, name_of(blob)) && blob->checksum == sum_of(blob, name))
        return STORE_OK;
    return archive_damage(blob->table, name, blob_tick(blob), "checksum");
}

enum store_result archive_segment_follows(struct archive *archive,
                                          const struct archive_room *room,
                                          const struct archive_blob *segment,
                                          uint64_t after)
{
    bool gap;
    if (segment->previous <= after || blob_tick(segment) == room->room.first)
        return STORE_OK;
    enum store_result result = archive_gap_at(archive, room->room.name, segment->id, after, &gap);
    if (result != STORE_OK)
        return result;
    if (!gap)
        return archive_damage(SEGMENTS, room->room.name, segment->previous, "missing");
    store_place_set("archive log of room %s: ticks %" PRIu64 " to %" PRIu64 " are not kept",
                    printable(room->room.name).text, after + 1, segment->previous);
    return STORE_NOT_FOUND;
}

/* A part names the blob that it belongs to: numbers that were damaged reach nobody else's parts. */
static uint64_t owner_of(enum blob_table table, uint64_t id)
{
    uint64_t owner = id << 1 | (table == SNAPSHOTS || table == SUMMARIES);
    return table < TRACKS ? owner : ~owner;
}

/* --- Writing ------------------------------------------------------------------------------------ */

static enum store_result
add_part(struct archive *archive, const struct archive_blob *blob, struct bytes bytes)
{
    sqlite3_stmt *row = archive->file.statements[PART_ADD];
    sqlite_bind_number(row, 1, blob->part + blob->parts);
    sqlite_bind_number(row, 2, owner_of(blob->table, blob->id));
    sqlite_bind_bytes(row, 3, bytes);
    return sqlite_file_run(&archive->file, row);
}

static sqlite3_stmt *
statement_of(struct archive *archive, enum blob_table table, enum blob_statement which)
{
    return archive->file.statements[BLOB_STATEMENT(table, which)];
}

static enum store_result add_parts(struct archive *archive, struct archive_blob *blob)
{
    sqlite3_stmt *row = archive->file.statements[PART_LAST];
    enum store_result result = sqlite_file_step(&archive->file, row);
    if (result != STORE_OK)
        return result;
    blob->part = sqlite_column_number(row, 0) + 1;
    sqlite3_reset(row);
    for (size_t at = BLOB_PART_MAX; at < blob->stored_length && result == STORE_OK;
         at += BLOB_PART_MAX) {
        size_t rest = blob->stored_length - at;
        struct bytes part = {blob->stored + at, rest < BLOB_PART_MAX ? rest : BLOB_PART_MAX};
        result = add_part(archive, blob, part);
        blob->parts++;
    }
    return result;
}

enum store_result archive_blob_add(struct archive *archive, struct archive_blob *blob)
{
    blob->part = 0;
    blob->parts = 0;
    size_t whole = blob->stored_length < BLOB_PART_MAX ? blob->stored_length : BLOB_PART_MAX;
    if (whole < blob->stored_length) {
        enum store_result result = add_parts(archive, blob);
        if (result != STORE_OK)
            return result;
    }
    blob->checksum = sum_of(blob, name_of(blob));
    sqlite3_stmt *row = statement_of(archive, blob->table, BLOB_ADD);
    sqlite_bind_number(row, 1, blob->id);
    sqlite_bind_bytes(row, 2, name_of(blob));
    sqlite_bind_number(row, 3, blob->incarnation);
    sqlite_bind_number(row, 4, blob->last);
    sqlite_bind_number(row, 5, blob->previous);
    sqlite_bind_number(row, 6, blob->sealed_ms);
    sqlite_bind_number(row, 7, blob->codec);
    sqlite_bind_number(row, 8, blob->length);
    sqlite_bind_number(row, 9, blob->stored_length);
    sqlite_bind_number(row, 10, blob->part);
    sqlite_bind_number(row, 11, blob->parts);
    sqlite_bind_number(row, 12, blob->checksum);
    sqlite_bind_bytes(row, 13, (struct bytes){blob->stored, whole});
    if (blob->table == SUMMARIES) {
        sqlite_bind_number(row, 14, blob->began_ms);
        sqlite_bind_number(row, 15, blob->ended_ms);
    }
    enum store_result result = sqlite_file_run(&archive->file, row);
    sqlite3_clear_bindings(row);
    return result;
}

enum store_result archive_blob_drop(struct archive *archive, const struct blob_head *head)
{
    enum store_result result = STORE_OK;
    if (head->parts > 0) {
        sqlite3_stmt *parts = archive->file.statements[PART_DROP];
        sqlite_bind_number(parts, 1, head->part);
        sqlite_bind_number(parts, 2, head->part + head->parts - 1);
        sqlite_bind_number(parts, 3, owner_of(head->table, head->id));
        result = sqlite_file_run(&archive->file, parts);
    }
    if (result != STORE_OK)
        return result;
    sqlite3_stmt *row = statement_of(archive, head->table, BLOB_DROP);
    sqlite_bind_number(row, 1, head->id);
    result = sqlite_file_run(&archive->file, row);
    if (result == STORE_OK && sqlite3_changes(archive->file.db) == 0)
        result = archive_damage(head->table, (struct bytes){0}, id_tick(head->id), "out of order");
    return result;
}

enum store_result
archive_blobs_drop(struct archive *archive, enum blob_table table, uint64_t from, uint64_t to)
{
    for (;;) {
        struct blob_head head;
        enum store_result result = archive_head_first(archive, table, from, to, &head);
        if (result != STORE_OK)
            return result == STORE_NOT_FOUND ? STORE_OK : result;
        result = archive_blob_drop(archive, &head);
        if (result != STORE_OK)
            return result;
    }
}

/* --- Reading ------------------------------------------------------------------------------------ */

static enum store_result append(struct archive_blob *blob, struct bytes bytes, size_t capacity)
{
    if (bytes.length > capacity - blob->stored_length)
        return damage(blob, "parts");
    if (bytes.length > 0)
        memcpy(blob->stored + blob->stored_length, bytes.data, bytes.length);
    blob->stored_length += bytes.length;
    return STORE_OK;
}

static enum store_result
read_parts(struct archive *archive, struct archive_blob *blob, size_t capacity)
{
    sqlite3_stmt *row = archive->file.statements[PART_READ];
    enum store_result result = STORE_OK;
    for (uint64_t i = 0; i < blob->parts && result == STORE_OK; i++) {
        sqlite_bind_number(row, 1, blob->part + i);
        sqlite_bind_number(row, 2, owner_of(blob->table, blob->id));
        result = sqlite_file_step(&archive->file, row);
        if (result == STORE_NOT_FOUND)
            return damage(blob, "a part is missing");
        if (result == STORE_OK)
            result = append(blob, sqlite_column_view(row, 0), capacity);
        sqlite3_reset(row);
    }
    return result;
}

static void take_columns(struct archive_blob *blob, sqlite3_stmt *row)
{
    blob->id = sqlite_column_number(row, 0);
    struct bytes name = sqlite_column_view(row, 1);
    blob->name_length = name.length < ROOM_NAME_MAX ? name.length : ROOM_NAME_MAX;
    if (blob->name_length > 0)
        memcpy(blob->name, name.data, blob->name_length);
    blob->incarnation = sqlite_column_number(row, 2);
    blob->last = sqlite_column_number(row, 3);
    blob->previous = sqlite_column_number(row, 4);
    blob->sealed_ms = sqlite_column_number(row, 5);
    blob->codec = sqlite_column_number(row, 6);
    blob->length = sqlite_column_number(row, 7);
    blob->part = sqlite_column_number(row, 9);
    blob->parts = sqlite_column_number(row, 10);
    blob->checksum = sqlite_column_number(row, 11);
    if (blob->table != SUMMARIES)
        return;
    blob->began_ms = sqlite_column_number(row, 13);
    blob->ended_ms = sqlite_column_number(row, 14);
}

static enum store_result
take_row(struct archive *archive, struct archive_blob *blob, sqlite3_stmt *row)
{
    take_columns(blob, row);
    struct bytes bytes = sqlite_column_view(row, 12);
    if (bytes.length > BLOB_PART_MAX || blob->parts > BLOB_PARTS_MAX)
        return damage(blob, "parts");
    size_t capacity = bytes.length + (size_t)blob->parts * BLOB_PART_MAX;
    blob->stored = malloc(capacity > 0 ? capacity : 1);
    if (blob->stored == NULL)
        return STORE_MEMORY;
    enum store_result result = append(blob, bytes, capacity);
    if (result == STORE_OK)
        result = read_parts(archive, blob, capacity);
    return result;
}

/* The row of a range that the statement names. */
static enum store_result step_to(struct archive *archive,
                                 enum blob_table table,
                                 enum blob_statement which,
                                 uint64_t from,
                                 uint64_t to,
                                 sqlite3_stmt **row)
{
    if (table >= TRACKS && !archive->tracked)
        return STORE_NOT_FOUND;
    *row = statement_of(archive, table, which);
    sqlite_bind_number(*row, 1, from);
    sqlite_bind_number(*row, 2, to);
    return sqlite_file_step(&archive->file, *row);
}

static enum store_result read_one(struct archive *archive,
                                  enum blob_table table,
                                  enum blob_statement which,
                                  uint64_t from,
                                  uint64_t to,
                                  struct archive_blob *blob)
{
    sqlite3_stmt *row = NULL;
    *blob = (struct archive_blob){.table = table};
    enum store_result result = step_to(archive, table, which, from, to, &row);
    if (result == STORE_OK)
        result = take_row(archive, blob, row);
    sqlite3_reset(row);
    /* A tree whose order is damaged answers with rows that were not asked for. */
    if (result == STORE_OK && (blob->id < from || blob->id > to))
        result = damage(blob, "out of order");
    if (result != STORE_OK)
        archive_blob_free(blob);
    return result;
}

enum store_result archive_blob_first(struct archive *archive,
                                     enum blob_table table,
                                     uint64_t from,
                                     uint64_t to,
                                     struct archive_blob *blob)
{
    return read_one(archive, table, BLOB_FIRST, from, to, blob);
}

enum store_result archive_blob_last(struct archive *archive,
                                    enum blob_table table,
                                    uint64_t from,
                                    uint64_t to,
                                    struct archive_blob *blob)
{
    return read_one(archive, table, BLOB_LAST, from, to, blob);
}

static enum store_result read_head(struct archive *archive,
                                   enum blob_table table,
                                   enum blob_statement which,
                                   uint64_t from,
                                   uint64_t to,
                                   struct blob_head *head)
{
    sqlite3_stmt *row = NULL;
    enum store_result result = step_to(archive, table, which, from, to, &row);
    if (result != STORE_OK)
        return result;
    *head = (struct blob_head){.table = table,
                               .id = sqlite_column_number(row, 0),
                               .last = sqlite_column_number(row, 1),
                               .previous = sqlite_column_number(row, 2),
                               .incarnation = sqlite_column_number(row, 3),
                               .sealed_ms = sqlite_column_number(row, 4),
                               .stored = sqlite_column_number(row, 5),
                               .part = sqlite_column_number(row, 6),
                               .parts = sqlite_column_number(row, 7)};
    sqlite3_reset(row);
    if (head->id >= from && head->id <= to)
        return STORE_OK;
    return archive_damage(table, (struct bytes){0}, id_tick(head->id), "out of order");
}

enum store_result archive_head_first(struct archive *archive,
                                     enum blob_table table,
                                     uint64_t from,
                                     uint64_t to,
                                     struct blob_head *head)
{
    return read_head(archive, table, BLOB_HEAD, from, to, head);
}

enum store_result archive_head_last(struct archive *archive,
                                    enum blob_table table,
                                    uint64_t from,
                                    uint64_t to,
                                    struct blob_head *head)
{
    return read_head(archive, table, BLOB_HEAD_LAST, from, to, head);
}
