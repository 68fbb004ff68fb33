#include "persistence/archive.h"

#include "persistence/archive_files.h"
#include "persistence/archive_parts.h"
#include "persistence/archive_scores.h"
#include "persistence/archive_sessions.h"
#include "persistence/store_place.h"

#include <assert.h>
#include <inttypes.h>

/* All of the schema has to fit on the file's first page, which a salvage may have to take from another
 * file: so tables of later formats say less of what their rows' checksums guard anyway. */
#define BLOB_NUMBERS(also)                                                                         \
    "(id INTEGER PRIMARY KEY, room BLOB" also ", incarnation INTEGER" also ", last INTEGER" also   \
    ", previous INTEGER" also ", sealed_ms INTEGER" also ", codec INTEGER" also                    \
    ", length INTEGER" also ", stored INTEGER" also ", part INTEGER" also ", parts INTEGER" also   \
    ", checksum INTEGER" also ","
#define BLOB_COLUMNS    BLOB_NUMBERS(" NOT NULL") " bytes BLOB NOT NULL) STRICT;"
#define TRACK_COLUMNS   BLOB_NUMBERS("") " bytes BLOB) STRICT;"
#define SUMMARY_COLUMNS BLOB_NUMBERS("") " began_ms INTEGER, ended_ms INTEGER, bytes BLOB) STRICT;"

static const char *const migrations[] = {
    "CREATE TABLE room(id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, kind BLOB NOT NULL,"
    " incarnation INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, snapshot_tick INTEGER NOT NULL,"
    " state INTEGER NOT NULL, reason BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;"
    "CREATE TABLE segment" BLOB_COLUMNS "CREATE TABLE snapshot" BLOB_COLUMNS
    "CREATE TABLE part(id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT",
    ARCHIVE_FILES_SQL,
    ARCHIVE_NAMES_SQL,
    ARCHIVE_SCORES_SQL,
    "CREATE TABLE track" TRACK_COLUMNS "CREATE TABLE summary" SUMMARY_COLUMNS,
    ARCHIVE_SESSIONS_SQL,
    ARCHIVE_GAPS_SQL,
};
#define FORMAT (sizeof migrations / sizeof migrations[0])

#define FORMAT_WITH_NAMES  3u
#define FORMAT_WITH_TRACKS 5u
#define FORMAT_WITH_GAPS   7u

#define BLOB_ROW                                                                                   \
    "id, room, incarnation, last, previous, sealed_ms, codec, length, stored, part, parts,"        \
    " checksum, bytes"
#define BLOB_VALUES "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13"

#define ONE_OF(row, name, order)                                                                   \
    "SELECT " row " FROM " name " WHERE id BETWEEN ?1 AND ?2 ORDER BY id" order " LIMIT 1"

/* In the order of enum blob_statement. */
#define BLOB_SQL(name, row, values)                                                                \
    "INSERT INTO " name "(" row ") VALUES(" values ")", ONE_OF(row, name, ""),                     \
        ONE_OF(row, name, " DESC"), ONE_OF(BLOB_HEAD_ROW, name, ""),                               \
        ONE_OF(BLOB_HEAD_ROW, name, " DESC"), "DELETE FROM " name " WHERE id = ?1"

const char *const archive_sql[ARCHIVE_STATEMENTS] = {
    [ROOM_FIND] = "SELECT " ARCHIVE_ROOM_ROW " FROM room WHERE name = ?1",
    [ROOM_AT] = "SELECT " ARCHIVE_ROOM_ROW " FROM room WHERE id = ?1",
    [ROOM_NEXT] = "SELECT name FROM room WHERE name > ?1 ORDER BY name LIMIT 1",
    [ROOM_ID] = "SELECT id FROM room WHERE name = ?1",
    [ROOM_ADD] = "INSERT INTO room(" ARCHIVE_ROOM_ROW ") VALUES"
                 "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [ROOM_SET] = "UPDATE room SET kind = ?3, incarnation = ?4, first = ?5, last = ?6,"
                 " created_ms = ?7, bytes = ?8, snapshot_tick = ?9, state = ?10, reason = ?11,"
                 " checksum = ?12 WHERE id = ?1 AND name = ?2",
    [PART_ADD] = "INSERT INTO part(id, owner, bytes) VALUES(?1, ?2, ?3)",
    [PART_READ] = "SELECT bytes FROM part WHERE id = ?1 AND owner = ?2",
    [PART_LAST] = "SELECT coalesce(max(id), 0) FROM part",
    [PART_DROP] = "DELETE FROM part WHERE id BETWEEN ?1 AND ?2 AND owner = ?3",
    [BLOBS_BEGIN] = BLOB_SQL("segment", BLOB_ROW, BLOB_VALUES),
    BLOB_SQL("snapshot", BLOB_ROW, BLOB_VALUES),
    BLOB_SQL("track", BLOB_ROW, BLOB_VALUES),
    BLOB_SQL("summary", BLOB_ROW ", began_ms, ended_ms", BLOB_VALUES ", ?14, ?15"),
    [GAP_FIRST] = ONE_OF("id, room, last, checksum", "gap", ""),
    [GAP_SET] = "REPLACE INTO gap(id, room, last, checksum) VALUES(?1, ?2, ?3, ?4)",
    [GAP_DROP] = "DELETE FROM gap WHERE id BETWEEN ?1 AND ?2",
};
static_assert(ARCHIVE_STATEMENTS <= SQLITE_STATEMENTS_MAX, "a file keeps the archive's statements");

/* --- Opening ------------------------------------------------------------------------------------ */

static enum store_result fill_new(struct archive *archive)
{
    sqlite3_randomness(STORE_ID_BYTES, archive->store);
    enum store_result result = sqlite_meta_set_store(&archive->file, archive->store);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(&archive->file, "rooms", 0);
    return result;
}

static enum store_result fill_names(struct archive *archive)
{
    uint64_t rooms, found = 0;
    enum store_result result = sqlite_meta_number(&archive->file, "rooms", &rooms);
    if (result == STORE_OK)
        result = archive_names_make(archive, &found);
    if (result == STORE_OK && found != rooms) {
        store_place_set("archive rows of rooms: %" PRIu64 " of %" PRIu64 " are there", found,
                        rooms);
        return STORE_DAMAGED;
    }
    if (result == STORE_OK)
        result = sqlite_meta_set_number(&archive->file, "incarnation", archive->incarnation);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(&archive->file, "suspect", 0);
    return result;
}

static enum store_result fill(struct sqlite_file *file, uint64_t from, void *context)
{
    struct archive *archive = context;
    (void)file; /* which is the archive's */
    enum store_result result = from == 0 ? fill_new(archive) : STORE_OK;
    return result == STORE_OK && from < FORMAT_WITH_NAMES ? fill_names(archive) : result;
}

/* What a file of an older format, which is only read, does not have. */
static enum store_result read_names(struct archive *archive)
{
    uint64_t format, suspect = 0;
    enum store_result result = sqlite_meta_number(&archive->file, "format", &format);
    archive->chained = result == STORE_OK && format >= FORMAT_WITH_NAMES;
    if (!archive->chained)
        return result;
    result = sqlite_meta_number(&archive->file, "incarnation", &archive->incarnation);
    if (result == STORE_OK)
        result = sqlite_meta_number(&archive->file, "suspect", &suspect);
    archive->noted = archive->incarnation;
    archive->suspect = archive->suspect_noted = suspect != 0;
    return result;
}

/* Where the format cannot be read it is taken for ours: if it is not, the statements say so. */
enum store_result archive_prepare(struct archive *archive)
{
    if (sqlite_meta_number(&archive->file, "format", &archive->format) != STORE_OK)
        archive->format = FORMAT;
    archive->tracked = archive->format >= FORMAT_WITH_TRACKS;
    archive->gapped = archive->format >= FORMAT_WITH_GAPS;
    return sqlite_file_prepare(&archive->file, archive_sql,
                               archive->gapped    ? ARCHIVE_STATEMENTS
                               : archive->tracked ? UNGAPPED_STATEMENTS
                                                  : UNTRACKED_STATEMENTS);
}

enum store_result archive_open_file(struct archive *archive,
                                    const struct sqlite_place *place,
                                    const char *name,
                                    enum sqlite_file_use use)
{
    *archive = (struct archive){.place = *place};
    struct sqlite_file *file = &archive->file;
    enum store_result result = sqlite_file_open(
        file,
        &(struct sqlite_file_options){.place = place, .name = name, .use = use, .shrinks = true});
    if (result != STORE_OK)
        return result;
    result = sqlite_file_migrate(file, migrations, FORMAT, fill, archive);
    if (result == STORE_OK)
        result = sqlite_meta_store(file, archive->store);
    if (result == STORE_OK)
        result = sqlite_meta_number(file, "rooms", &archive->rooms);
    if (result == STORE_OK)
        result = read_names(archive);
    if (result == STORE_OK)
        result = archive_prepare(archive);
    if (result != STORE_OK)
        archive_close(archive);
    return result;
}

/* Looks at every room's row; at no segment and no snapshot. */
static enum store_result verify_rooms(struct archive *archive)
{
    for (uint64_t id = 1; id <= archive->rooms; id++) {
        struct archive_room room;
        uint64_t indexed = 0;
        enum store_result result = archive_room_at(archive, id, &room);
        if (result == STORE_OK)
            result = archive_room_id(archive, room.room.name, &indexed);
        if (result == STORE_NOT_FOUND || (result == STORE_OK && indexed != id)) {
            store_place_set("archive row of room number %" PRIu64 ": missing", id);
            return STORE_DAMAGED;
        }
        if (result != STORE_OK)
            return result;
    }
    return STORE_OK;
}

void archive_note_suspicion(struct archive *archive)
{
    if (!archive->suspect || archive->suspect_noted || archive->file.db == NULL)
        return;
    archive->suspect_noted = sqlite_meta_set_number(&archive->file, "suspect", 1) == STORE_OK;
}

/* The room may have been deleted since: then there is nothing to mend. */
static enum store_result settle_suspicion(struct archive *archive)
{
    enum store_result result = verify_rooms(archive);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(&archive->file, "suspect", 0);
    if (result == STORE_OK)
        archive->suspect = archive->suspect_noted = false;
    return result;
}

enum store_result archive_open(struct archive *archive, const struct sqlite_place *place)
{
    enum store_result result = archive_open_file(archive, place, ARCHIVE_NAME, SQLITE_FILE_OWN);
    if (result != STORE_OK)
        return result;
    if (archive->suspect)
        result = settle_suspicion(archive);
    if (result == STORE_OK)
        result = archive_files_tidy(archive);
    if (result != STORE_OK)
        archive_close(archive);
    return result;
}

void archive_close(struct archive *archive)
{
    archive_files_close(archive);
    archive_names_close(archive);
    sqlite_file_close(&archive->file);
}

/* --- Transactions ------------------------------------------------------------------------------- */

enum store_result archive_begin(struct archive *archive)
{
    archive->added = 0;
    return sqlite_file_begin(&archive->file);
}

/* Synced whatever the store's mode is: what is sealed leaves the journal, and a journal that knew of
 * it before the archive's disk did would leave a hole in a room's log. */
enum store_result archive_end(struct archive *archive, enum store_result result)
{
    if (result == STORE_OK && archive->added > 0)
        result = sqlite_meta_set_number(&archive->file, "rooms", archive->rooms + archive->added);
    if (result == STORE_OK && archive->incarnation > archive->noted)
        result = sqlite_meta_set_number(&archive->file, "incarnation", archive->incarnation);
    result = sqlite_file_end(&archive->file, result);
    if (result != STORE_OK) {
        archive->file_bytes_known = archive->stored_known = false;
        return result;
    }
    archive->noted = archive->incarnation;
    archive->rooms += archive->added;
    archive->added = 0;
    /* Safe in the WAL, whatever comes of this: the next one tries again. */
    enum store_result checkpointed = sqlite_file_checkpoint(&archive->file);
    (void)checkpointed;
    return STORE_OK;
}
