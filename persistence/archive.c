#include "persistence/archive.h"

#include "persistence/archive_files.h"
#include "persistence/archive_parts.h"
#include "persistence/archive_scores.h"
#include "persistence/store_place.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define BLOB_COLUMNS                                                                               \
    "(id INTEGER PRIMARY KEY, room BLOB NOT NULL, incarnation INTEGER NOT NULL,"                   \
    " last INTEGER NOT NULL, previous INTEGER NOT NULL, sealed_ms INTEGER NOT NULL,"               \
    " codec INTEGER NOT NULL, length INTEGER NOT NULL, stored INTEGER NOT NULL,"                   \
    " part INTEGER NOT NULL, parts INTEGER NOT NULL, checksum INTEGER NOT NULL,"                   \
    " bytes BLOB NOT NULL) STRICT;"

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
};
#define FORMAT (sizeof migrations / sizeof migrations[0])

#define FORMAT_WITH_NAMES 3u

#define BLOB_ROW                                                                                   \
    "id, room, incarnation, last, previous, sealed_ms, codec, length, stored, part, parts,"        \
    " checksum, bytes"
#define BLOB_VALUES " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"

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
    [BLOB_ADD + SEGMENTS] = "INSERT INTO segment(" BLOB_ROW ")" BLOB_VALUES,
    [BLOB_ADD + SNAPSHOTS] = "INSERT INTO snapshot(" BLOB_ROW ")" BLOB_VALUES,
    [BLOB_FIRST + SEGMENTS] =
        "SELECT " BLOB_ROW " FROM segment WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1",
    [BLOB_FIRST + SNAPSHOTS] =
        "SELECT " BLOB_ROW " FROM snapshot WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1",
    [BLOB_LAST + SEGMENTS] =
        "SELECT " BLOB_ROW " FROM segment WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1",
    [BLOB_LAST + SNAPSHOTS] =
        "SELECT " BLOB_ROW " FROM snapshot WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1",
    [BLOB_HEAD + SEGMENTS] =
        "SELECT id, part, parts FROM segment WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1",
    [BLOB_HEAD + SNAPSHOTS] =
        "SELECT id, part, parts FROM snapshot WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1",
    [BLOB_DROP + SEGMENTS] = "DELETE FROM segment WHERE id = ?1",
    [BLOB_DROP + SNAPSHOTS] = "DELETE FROM snapshot WHERE id = ?1",
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
        result = sqlite_file_prepare(file, archive_sql, ARCHIVE_STATEMENTS);
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
        archive->file_bytes_known = false;
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

/* --- Sealing ------------------------------------------------------------------------------------ */

static enum store_result add_blob(struct archive *archive,
                                  struct archive_room *room,
                                  enum blob_table table,
                                  const struct store_blob *bytes,
                                  uint64_t wall_ms)
{
    struct archive_blob blob = {.table = table,
                                .id = blob_id(room->id, bytes->first),
                                .incarnation = bytes->incarnation,
                                .last = bytes->last,
                                .previous = table == SEGMENTS ? room->room.last : 0,
                                .sealed_ms = wall_ms};
    blob.name_length = room->room.name.length;
    memcpy(blob.name, room->room.name.data, blob.name_length);
    enum store_result result = archive_blob_pack(&blob, bytes->bytes);
    if (result == STORE_OK)
        result = archive_blob_add(archive, &blob);
    if (result == STORE_OK)
        room->room.bytes += blob.stored_length;
    archive_blob_free(&blob);
    if (bytes->incarnation > room->room.incarnation)
        room->room.incarnation = bytes->incarnation;
    return result;
}

static enum store_result seal_segment(struct archive *archive,
                                      struct archive_room *room,
                                      const struct store_blob *segment,
                                      uint64_t wall_ms)
{
    assert(segment->first > 0 && segment->first <= segment->last);
    assert(segment->last <= STORE_TICK_MAX);
    if (segment->last <= room->room.last)
        return STORE_OK;
    if (segment->first <= room->room.last)
        return archive_damage(SEGMENTS, room->room.name, segment->first, "a part of it is there");
    enum store_result result = add_blob(archive, room, SEGMENTS, segment, wall_ms);
    room->room.last = segment->last;
    if (room->room.first == 0)
        room->room.first = segment->first;
    return result;
}

static enum store_result seal_snapshot(struct archive *archive,
                                       struct archive_room *room,
                                       const struct store_blob *snapshot,
                                       uint64_t wall_ms)
{
    assert(snapshot->first > 0 && snapshot->first == snapshot->last);
    assert(snapshot->last <= STORE_TICK_MAX);
    if (room->room.state == STORE_ROOM_QUARANTINED)
        return archive_damage(SNAPSHOTS, room->room.name, snapshot->first,
                              "the room is quarantined");
    struct archive_blob old;
    uint64_t id = blob_id(room->id, snapshot->first);
    enum store_result result = archive_blob_first(archive, SNAPSHOTS, id, id, &old);
    if (result == STORE_OK) {
        room->room.bytes -= old.stored_length;
        archive_blob_free(&old);
        result = archive_blobs_drop(archive, SNAPSHOTS, id, id);
    }
    if (result == STORE_OK || result == STORE_NOT_FOUND)
        result = add_blob(archive, room, SNAPSHOTS, snapshot, wall_ms);
    if (snapshot->first > room->room.snapshot_tick)
        room->room.snapshot_tick = snapshot->first;
    return result;
}

static enum store_result
seal_room(struct archive *archive, const struct store_sealed *sealed, uint64_t wall_ms)
{
    struct archive_room room;
    enum store_result result = archive_room_find(archive, sealed->name, &room);
    bool add = result == STORE_NOT_FOUND;
    if (add)
        result = archive_room_begin(archive, sealed->name, &room);
    if (result != STORE_OK)
        return result;

    /* A deleted room that is sealed again is a new one of the same name. */
    if (room.room.state == STORE_ROOM_DELETED) {
        room.room.state = STORE_ROOM_WELL;
        room.room.created_ms = 0;
        room.room.kind.length = 0;
    }
    if (room.room.created_ms == 0)
        room.room.created_ms = wall_ms;
    if (room.room.kind.length == 0)
        archive_room_set_kind(&room, sealed->kind);
    if (sealed->segment.bytes.length > 0)
        result = seal_segment(archive, &room, &sealed->segment, wall_ms);
    if (result == STORE_OK && sealed->snapshot.bytes.length > 0)
        result = seal_snapshot(archive, &room, &sealed->snapshot, wall_ms);
    if (result == STORE_OK)
        result = archive_room_write(archive, &room, add);
    return result;
}

enum store_result archive_seal(struct archive *archive,
                               const struct store_sealed *sealed,
                               size_t count,
                               uint64_t wall_ms)
{
    enum store_result result = archive_begin(archive);
    if (result != STORE_OK)
        return result;
    for (size_t i = 0; i < count && result == STORE_OK; i++)
        result = seal_room(archive, &sealed[i], wall_ms);
    return archive_end(archive, result);
}

/* --- Setting aside ------------------------------------------------------------------------------ */

/* The tick behind which nothing is stored of the room; `told` when segments that check lead there. */
static enum store_result
find_end(struct archive *archive, const struct archive_room *room, uint64_t *end, bool *told)
{
    struct archive_blob blob;
    uint64_t from = blob_id(room->id, 0), to = blob_id(room->id, STORE_TICK_MAX);
    enum store_result result = archive_blob_last(archive, SEGMENTS, from, to, &blob);
    *told = false;
    if (result == STORE_NOT_FOUND)
        return STORE_OK;
    if (result != STORE_OK && (result != STORE_DAMAGED || blob.id < from || blob.id > to))
        return result;
    if (result == STORE_OK) {
        *told = archive_blob_verify(&blob, room->room.name) == STORE_OK;
        archive_blob_free(&blob);
    }
    uint64_t last = *told ? blob.last : blob_tick(&blob);
    if (last > *end)
        *end = last;
    return STORE_OK;
}

static enum store_result add_aside(struct archive *archive,
                                   struct archive_room *room,
                                   const struct store_blob *segment,
                                   uint64_t wall_ms)
{
    uint64_t end = room->room.last;
    bool told;
    enum store_result result = find_end(archive, room, &end, &told);
    if (result != STORE_OK || (told && segment->last <= end))
        return result;
    /* Its bytes may tell of ticks that are there too; where it stands it is in nobody's way. */
    struct store_blob placed = *segment;
    if (placed.first <= end)
        placed.first = end + 1;
    if (placed.last < placed.first)
        placed.last = placed.first;
    if (placed.last > STORE_TICK_MAX)
        return archive_damage(SEGMENTS, room->room.name, end, "no tick is left behind it");
    room->room.last = end;
    result = add_blob(archive, room, SEGMENTS, &placed, wall_ms);
    room->room.last = placed.last;
    if (room->room.first == 0)
        room->room.first = placed.first;
    return result;
}

static enum store_result set_aside(struct archive *archive,
                                   const struct store_sealed *sealed,
                                   struct bytes reason,
                                   uint64_t wall_ms)
{
    struct archive_room room;
    enum store_result result = archive_room_find(archive, sealed->name, &room);
    bool add = result == STORE_NOT_FOUND;
    bool traced = result == STORE_DAMAGED && !archive->file.corrupt;
    if (add)
        result = archive_room_begin(archive, sealed->name, &room);
    else if (traced)
        result = archive_room_trace(archive, sealed->name, &room);
    if (result == STORE_OK && sealed->segment.bytes.length > 0)
        result = add_aside(archive, &room, &sealed->segment, wall_ms);
    if (result != STORE_OK || traced) {
        if (result == STORE_OK && room.room.incarnation > archive->incarnation)
            archive->incarnation = room.room.incarnation;
        return result;
    }
    room.room.state = STORE_ROOM_QUARANTINED;
    archive_room_set_reason(&room, reason);
    if (room.room.kind.length == 0)
        archive_room_set_kind(&room, sealed->kind);
    return archive_room_write(archive, &room, add);
}

enum store_result archive_set_aside(struct archive *archive,
                                    const struct store_sealed *sealed,
                                    struct bytes reason,
                                    uint64_t wall_ms)
{
    enum store_result result = archive_begin(archive);
    if (result == STORE_OK)
        result = archive_end(archive, set_aside(archive, sealed, reason, wall_ms));
    return result;
}
