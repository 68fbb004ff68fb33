#include "persistence/archive_files.h"
#include "persistence/archive_parts.h"
#include "persistence/archive_table.h"
#include "persistence/salvage_parts.h"
#include "persistence/store_place.h"

#include <stdio.h>
#include <string.h>

#define ARCHIVE_MODEL "archive.db-model"
#define ARCHIVE_COPY  "archive.db-copy"

/* Where the number of rooms is lost too: so many ids without a trace are the end of them. */
#define MISSES_MAX 4096u

struct salvage {
    struct archive from, to;
    uint64_t rooms; /* of the damaged file; 0 when that is not known */
    unsigned kept, quarantined, nameless;
    unsigned files, files_lost;
};

/* --- One room ----------------------------------------------------------------------------------- */

struct found {
    struct archive_room row;
    bool any;     /* there is a trace of it */
    bool damaged; /* something of it is lost */
    bool untold;  /* and so is something that it comes back without */
    char why[STORE_PLACE_MAX];
};

static void note_damage(struct found *found)
{
    if (!found->damaged)
        snprintf(found->why, sizeof found->why, "%s", store_place());
    found->damaged = true;
}

/* A room can be what it was without its presence. */
static void note_blob(struct found *found, enum blob_table table)
{
    if (table < TRACKS)
        note_damage(found);
    else
        found->untold = true;
}

/* Copies one blob. STORE_DAMAGED when it is not worth copying. */
static enum store_result
take_blob(struct salvage *salvage, struct found *found, struct archive_blob *blob)
{
    enum store_result result = archive_blob_verify(blob, found->row.room.name);
    if (result != STORE_OK)
        return result;
    struct store_room *room = &found->row.room;
    uint64_t tick = blob_tick(blob);
    blob->id = blob_id(found->row.id, tick);
    result = archive_blob_add(&salvage->to, blob);
    if (result != STORE_OK)
        return result;
    room->bytes += blob->stored_length;
    if (blob->incarnation > room->incarnation)
        room->incarnation = blob->incarnation;
    if (blob->table == SEGMENTS && (room->first == 0 || tick < room->first))
        room->first = tick;
    if (blob->table == SEGMENTS && blob->last > room->last)
        room->last = blob->last;
    if (blob->table == SNAPSHOTS && tick > room->snapshot_tick)
        room->snapshot_tick = tick;
    return STORE_OK;
}

typedef enum store_result blob_reader(struct archive *archive,
                                      enum blob_table table,
                                      uint64_t from,
                                      uint64_t to,
                                      struct archive_blob *blob);

/* Copies blobs with ids in [*from, *to], which it narrows, until one cannot be reached. */
static enum store_result take_run(struct salvage *salvage,
                                  struct found *found,
                                  enum blob_table table,
                                  bool upwards,
                                  uint64_t *from,
                                  uint64_t *to)
{
    blob_reader *reader = upwards ? archive_blob_first : archive_blob_last;
    while (*from <= *to) {
        struct archive_blob blob;
        enum store_result result = reader(&salvage->from, table, *from, *to, &blob);
        if (result != STORE_OK)
            return result;
        if (upwards)
            *from = blob.id + 1;
        else
            *to = blob.id - 1;
        result = take_blob(salvage, found, &blob);
        archive_blob_free(&blob);
        if (result == STORE_DAMAGED)
            note_blob(found, table);
        else if (result != STORE_OK)
            return result;
    }
    return STORE_NOT_FOUND;
}

/* From both ends: one bad page in the middle costs what is on it. */
static enum store_result
take_table(struct salvage *salvage, struct found *found, enum blob_table table, uint64_t id)
{
    uint64_t from = blob_id(id, 0), to = blob_id(id, STORE_TICK_MAX);
    enum store_result result = take_run(salvage, found, table, true, &from, &to);
    if (result == STORE_DAMAGED) {
        note_blob(found, table);
        result = take_run(salvage, found, table, false, &from, &to);
    }
    return result == STORE_NOT_FOUND || result == STORE_DAMAGED ? STORE_OK : result;
}

/* The name as a blob of the room has it. */
static bool name_from_blob(struct salvage *salvage, uint64_t id, struct archive_room *row)
{
    for (unsigned i = 0; i < 4; i++) {
        blob_reader *reader = i % 2 == 0 ? archive_blob_first : archive_blob_last;
        enum blob_table table = i < 2 ? SEGMENTS : SNAPSHOTS;
        struct archive_blob blob;
        if (reader(&salvage->from, table, blob_id(id, 0), blob_id(id, STORE_TICK_MAX), &blob) !=
            STORE_OK)
            continue;
        struct bytes name = {blob.name, blob.name_length};
        bool sound = archive_blob_verify(&blob, name) == STORE_OK;
        if (sound)
            archive_room_set_name(row, name);
        archive_blob_free(&blob);
        if (sound)
            return true;
    }
    return false;
}

/* The name as the index has it, which has no checksum: good enough for a room in quarantine. */
static bool name_from_index(struct salvage *salvage, uint64_t id, struct archive_room *row)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(salvage->from.file.db,
                                  "SELECT name FROM room INDEXED BY sqlite_autoindex_room_1"
                                  " WHERE +id = ?1",
                                  -1, &statement, NULL);
    bool found = false;
    if (code == SQLITE_OK) {
        sqlite_bind_number(statement, 1, id);
        found =
            sqlite3_step(statement) == SQLITE_ROW && sqlite_column_view(statement, 0).length > 0;
    }
    if (found)
        archive_room_set_name(row, sqlite_column_view(statement, 0));
    sqlite3_finalize(statement);
    return found;
}

/* What the damaged file says of the room, under the id that it gets in the new one. */
static enum store_result find_room(struct salvage *salvage, uint64_t id, struct found *found)
{
    *found = (struct found){0};
    enum store_result result = archive_room_at(&salvage->from, id, &found->row);
    found->any = result == STORE_OK || result == STORE_DAMAGED;
    if (result != STORE_OK && result != STORE_DAMAGED && result != STORE_NOT_FOUND)
        return result;
    if (result != STORE_OK) {
        if (result == STORE_NOT_FOUND)
            store_place_set("archive row of room number %llu: missing", (unsigned long long)id);
        note_damage(found);
        found->row = (struct archive_room){0};
        if (name_from_blob(salvage, id, &found->row) || name_from_index(salvage, id, &found->row))
            found->any = true;
    }
    found->row.id = salvage->to.rooms + 1;
    return STORE_OK;
}

static void compare_with_row(struct found *found, const struct store_room *was)
{
    const struct store_room *is = &found->row.room;
    if (found->damaged)
        return;
    if (is->first != was->first || is->last != was->last)
        archive_damage(SEGMENTS, is->name, was->last, "missing");
    else if (is->snapshot_tick != was->snapshot_tick)
        archive_damage(SNAPSHOTS, is->name, was->snapshot_tick, "missing");
    else if (is->bytes != was->bytes && !found->untold)
        archive_damage(SEGMENTS, is->name, was->last, "some are missing");
    else
        return;
    note_damage(found);
}

static enum store_result take_room(struct salvage *salvage, uint64_t id, struct found *found)
{
    struct store_room was = found->row.room;
    struct store_room *room = &found->row.room;
    room->first = room->last = room->bytes = room->snapshot_tick = 0;
    enum store_result result = STORE_OK;
    for (unsigned table = 0; table < BLOB_TABLES && result == STORE_OK; table++)
        result = take_table(salvage, found, (enum blob_table)table, id);
    if (result == STORE_OK)
        result = archive_gaps_salvage(&salvage->from, &salvage->to, room->name, id, found->row.id);
    if (result == STORE_DAMAGED) {
        note_damage(found);
        result = STORE_OK;
    }
    if (result != STORE_OK)
        return result;
    compare_with_row(found, &was);
    if (found->damaged) {
        room->state = STORE_ROOM_QUARANTINED;
        archive_room_set_reason(&found->row, bytes_of(found->why));
        salvage->quarantined++;
    }
    salvage->kept++;
    return archive_room_write(&salvage->to, &found->row, true);
}

/* --- All of them -------------------------------------------------------------------------------- */

static enum store_result take_rooms(struct salvage *salvage)
{
    unsigned misses = 0;
    for (uint64_t id = 1; salvage->rooms > 0 ? id <= salvage->rooms : misses < MISSES_MAX; id++) {
        struct found found;
        enum store_result result = find_room(salvage, id, &found);
        if (result != STORE_OK)
            return result;
        misses = found.any ? 0 : misses + 1;
        uint64_t taken = 0;
        bool named = found.row.room.name.length > 0;
        if (named)
            result = archive_room_id(&salvage->to, found.row.room.name, &taken);
        if (result != STORE_OK)
            return result;
        if (!named || taken > 0) {
            salvage->nameless += found.any || salvage->rooms > 0;
            continue;
        }
        result = archive_begin(&salvage->to);
        if (result == STORE_OK)
            result = archive_end(&salvage->to, take_room(salvage, id, &found));
        if (result != STORE_OK)
            return result;
    }
    return STORE_OK;
}

/* Its facts are read as far as they can be. */
static enum store_result
open_damaged(struct salvage *salvage, const struct sqlite_place *place, const char *name)
{
    struct archive *from = &salvage->from;
    *from = (struct archive){.place = *place};
    enum store_result result = sqlite_file_open(
        &from->file,
        &(struct sqlite_file_options){.place = place, .name = name, .use = SQLITE_FILE_READ});
    if (result != STORE_OK)
        return result;
    result = archive_prepare(from);
    if (result != STORE_OK) {
        archive_close(from);
        return result;
    }
    if (sqlite_meta_number(&from->file, "rooms", &salvage->rooms) != STORE_OK)
        salvage->rooms = 0;
    return STORE_OK;
}

static enum store_result
open_copy(struct salvage *salvage, const struct sqlite_place *place, const char *model)
{
    enum store_result result = salvage_copy(place, ARCHIVE_NAME, model, ARCHIVE_COPY);
    return result == STORE_OK ? open_damaged(salvage, place, ARCHIVE_COPY) : result;
}

static enum store_result make_model(const struct sqlite_place *place)
{
    struct archive model;
    salvage_delete(place, ARCHIVE_MODEL);
    enum store_result result = archive_open_file(&model, place, ARCHIVE_MODEL, SQLITE_FILE_OWN);
    if (result == STORE_OK)
        archive_close(&model);
    return result;
}

/* As it is, where that can be read; a copy takes as much of the disk again. */
static enum store_result open_from(struct salvage *salvage, const struct sqlite_place *place)
{
    enum store_result result = STORE_DAMAGED;
    bool readable = salvage_form_is_sound(place, ARCHIVE_NAME);
    if (readable && salvage_log_is_sound(place, ARCHIVE_NAME))
        result = open_damaged(salvage, place, ARCHIVE_NAME);
    if (readable && result == STORE_DAMAGED)
        result = open_copy(salvage, place, NULL);
    if (result == STORE_DAMAGED)
        result = make_model(place);
    else
        return result;
    if (result == STORE_OK)
        result = open_copy(salvage, place, ARCHIVE_MODEL);
    salvage_delete(place, ARCHIVE_MODEL);
    return result;
}

/* The new archive is the same store, where the old one or its journal can still tell which. */
static enum store_result keep_identity(struct salvage *salvage, const struct sqlite_place *place)
{
    uint8_t store[STORE_ID_BYTES];
    if (sqlite_meta_store(&salvage->from.file, store) != STORE_OK &&
        journal_files_store(place, store) != STORE_OK)
        return STORE_OK;
    return sqlite_meta_set_store(&salvage->to.file, store);
}

static enum store_result take_tables(struct salvage *salvage)
{
    enum store_result result = STORE_OK;
    for (size_t i = 0; i < ARCHIVE_TABLES && result == STORE_OK; i++)
        result = archive_table_salvage(&salvage->from, &salvage->to, archive_tables[i]);
    return result;
}

static enum store_result build(struct salvage *salvage, const struct sqlite_place *place)
{
    salvage_delete(place, ARCHIVE_SALVAGED);
    enum store_result result =
        archive_open_file(&salvage->to, place, ARCHIVE_SALVAGED, SQLITE_FILE_OWN);
    if (result != STORE_OK)
        return result;
    result = open_from(salvage, place);
    if (result == STORE_OK) {
        result = keep_identity(salvage, place);
        /* Also that of rooms of which nothing is left. */
        if (sqlite_meta_number(&salvage->from.file, "incarnation", &salvage->to.incarnation) !=
            STORE_OK)
            salvage->to.incarnation = 0;
        if (result == STORE_OK)
            result = take_rooms(salvage);
        if (result == STORE_OK)
            result = archive_files_salvage(&salvage->from, &salvage->to, &salvage->files,
                                           &salvage->files_lost);
        if (result == STORE_OK)
            result = take_tables(salvage);
        archive_close(&salvage->from);
    }
    /* It is renamed without its WAL. */
    if (result == STORE_OK)
        result = sqlite_file_empty_log(&salvage->to.file);
    archive_close(&salvage->to);
    salvage_delete(place, ARCHIVE_COPY);
    return result;
}

enum store_result salvage_archive_finish(const struct sqlite_place *place,
                                         char aside[SQLITE_FILE_NAME_MAX])
{
    enum store_result result = salvage_set_aside(place, ARCHIVE_NAME, aside);
    if (result == STORE_OK)
        result = salvage_rename(place, ARCHIVE_SALVAGED, ARCHIVE_NAME);
    if (result == STORE_OK)
        result = salvage_sync_folder(place);
    return result;
}

enum store_result salvage_archive(const struct sqlite_place *place, struct salvage_report *report)
{
    char why[STORE_PLACE_MAX], aside[SQLITE_FILE_NAME_MAX];
    snprintf(why, sizeof why, "%s", store_place());
    struct salvage salvage = {0};
    enum store_result result = build(&salvage, place);
    if (result == STORE_OK)
        result = salvage_archive_finish(place, aside);
    if (result == STORE_OK)
        salvage_tell(report,
                     "%s; set aside as %s; %u rooms kept, %u of them in quarantine, %u lost. ", why,
                     aside, salvage.kept, salvage.quarantined, salvage.nameless);
    if (result == STORE_OK && salvage.files + salvage.files_lost > 0)
        salvage_tell(report, "%u files kept, %u lost. ", salvage.files, salvage.files_lost);
    return result;
}
