#include "persistence/archive_files.h"
#include "persistence/archive_parts.h"
#include "persistence/archive_table.h"
#include "persistence/journal.h"
#include "persistence/store_place.h"

#include <stdlib.h>
#include <string.h>

struct check {
    struct archive *archive;
    store_damage_visitor *visitor;
    store_progress *progress; /* NULL for none */
    void *context;
    uint64_t done, all; /* blobs and flushes */
    uint64_t found;     /* damages */
    uint64_t stored;    /* bytes of the room that is looked at */
    bool stopped;
};

/* Damage is what is looked for: it is reported, and the search goes on. */
static enum store_result report(struct check *check, enum store_result result, struct bytes room)
{
    if (result != STORE_DAMAGED)
        return result;
    check->found++;
    check->visitor(check->context, room, store_place());
    return STORE_OK;
}

static void step(struct check *check)
{
    check->done++;
    if (check->all < check->done)
        check->all = check->done; /* counted where rows were missed */
    if (check->progress != NULL && !check->progress(check->context, check->done, check->all))
        check->stopped = true;
}

static enum store_result check_blob(const struct check *check,
                                    const struct archive_room *room,
                                    const struct archive_blob *blob,
                                    uint64_t previous)
{
    enum store_result result = archive_blob_verify(blob, room->room.name);
    if (result != STORE_OK)
        return result;
    if (blob->table == SEGMENTS)
        result = archive_segment_follows(check->archive, room, blob, previous);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return result;
    uint8_t *bytes;
    result = archive_blob_unpack(blob, &bytes);
    if (result == STORE_OK)
        free(bytes);
    return result;
}

/* The numbers in the room's row have to be those of its last blob; what is recorded beside the log may
 * end anywhere. */
static enum store_result
check_end(const struct archive_room *room, enum blob_table table, uint64_t last)
{
    uint64_t wanted = table == SEGMENTS ? room->room.last : room->room.snapshot_tick;
    if (table >= TRACKS || last == wanted)
        return STORE_OK;
    return archive_damage(table, room->room.name, wanted, "missing");
}

static enum store_result
check_blobs(struct check *check, const struct archive_room *room, enum blob_table table)
{
    uint64_t from = blob_id(room->id, 0), to = blob_id(room->id, STORE_TICK_MAX);
    uint64_t last = 0;
    while (!check->stopped) {
        struct archive_blob blob;
        enum store_result result = archive_blob_first(check->archive, table, from, to, &blob);
        if (result == STORE_NOT_FOUND)
            return report(check, check_end(room, table, last), room->room.name);
        if (result == STORE_OK) {
            result = report(check, check_blob(check, room, &blob, last), room->room.name);
            last = blob.last;
            from = blob.id + 1;
            check->stored += blob.stored_length;
            archive_blob_free(&blob);
            step(check);
        } else if (result == STORE_DAMAGED) {
            /* The file's pages are damaged here; what lies behind is not to be found this way. */
            return report(check, result, room->room.name);
        }
        if (result != STORE_OK)
            return result;
    }
    return STORE_OK;
}

/* Each name leads to its room's row, and they are as many as the rooms. */
static enum store_result check_names(struct check *check)
{
    uint8_t names[2][ROOM_NAME_MAX];
    struct bytes name = {names[0], 0};
    uint64_t count = 0;
    enum store_result result = STORE_OK;
    for (unsigned turn = 1; result == STORE_OK && !check->stopped; turn ^= 1) {
        struct archive_room room;
        size_t length = 0;
        result = archive_name_after(check->archive, name, names[turn], &length);
        name = (struct bytes){names[turn], length};
        if (result == STORE_OK)
            result = archive_room_find(check->archive, name, &room);
        count += result == STORE_OK;
    }
    if (result == STORE_NOT_FOUND)
        result = STORE_OK;
    if (result == STORE_OK && !check->stopped && count != check->archive->rooms) {
        store_place_set("archive names of rooms: %llu of %llu are there", (unsigned long long)count,
                        (unsigned long long)check->archive->rooms);
        result = STORE_DAMAGED;
    }
    return report(check, result, (struct bytes){0});
}

/* Presence and summaries, which nothing follows from, are missed by what they took. */
static enum store_result check_bytes(struct check *check, const struct archive_room *room)
{
    if (check->stopped || check->stored == room->room.bytes)
        return STORE_OK;
    return archive_damage(TRACKS, room->room.name, room->room.last, "some are missing");
}

static enum store_result check_room(struct check *check, const struct archive_room *room)
{
    uint64_t found = check->found;
    enum store_result result = STORE_OK;
    check->stored = 0;
    for (unsigned table = 0; table < BLOB_TABLES && result == STORE_OK; table++)
        result = check_blobs(check, room, (enum blob_table)table);
    if (result == STORE_OK && check->found == found)
        result = report(check, check_bytes(check, room), room->room.name);
    return result;
}

static enum store_result check_rooms(struct check *check)
{
    for (uint64_t id = 1; id <= check->archive->rooms && !check->stopped; id++) {
        struct archive_room room;
        enum store_result result = archive_room_at(check->archive, id, &room);
        if (result == STORE_OK)
            result = check_room(check, &room);
        if (result == STORE_NOT_FOUND) {
            store_place_set("archive row of room number %llu: missing", (unsigned long long)id);
            result = STORE_DAMAGED;
        }
        result = report(check, result, (struct bytes){0});
        if (result != STORE_OK)
            return result;
    }
    return STORE_OK;
}

/* --- Files -------------------------------------------------------------------------------------- */

static bool step_on(void *context)
{
    struct check *check = context;
    step(check);
    return !check->stopped;
}

static enum store_result check_files(struct check *check)
{
    if (check->stopped)
        return STORE_OK;
    enum store_result result =
        archive_files_check(check->archive, check->visitor, step_on, check->context, check);
    return report(check, result, (struct bytes){0});
}

/* --- Small rows --------------------------------------------------------------------------------- */

static enum store_result check_tables(struct check *check)
{
    enum store_result result = STORE_OK;
    for (size_t i = 0; i < ARCHIVE_TABLES && result == STORE_OK; i++) {
        if (check->stopped)
            return STORE_OK;
        result =
            archive_table_check(check->archive, archive_tables[i], check->visitor, check->context);
        result = report(check, result, (struct bytes){0});
    }
    return result;
}

/* --- The journal -------------------------------------------------------------------------------- */

static bool count_flush(void *context, const struct store_flush *flush)
{
    struct check *check = context;
    (void)flush;
    step(check);
    return !check->stopped;
}

/* Through connections of its own: those that write belong to another thread. */
static enum store_result check_journal(struct check *check)
{
    if (check->stopped)
        return STORE_OK;
    struct journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL)
        return STORE_MEMORY;
    enum store_result result =
        journal_open_to_read(journal, &check->archive->place, check->archive->store);
    uint64_t last;
    if (result == STORE_OK) {
        check->all += journal_unreleased(journal);
        result = journal_flushes(journal, count_flush, check, &last);
        journal_close(journal);
    }
    free(journal);
    return report(check, result, (struct bytes){0});
}

/* --- The file's structure ----------------------------------------------------------------------- */

static enum store_result check_structure(struct check *check)
{
    if (check->stopped)
        return STORE_OK;
    struct sqlite_file *file = &check->archive->file;
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(file->db, "PRAGMA quick_check(20)", -1, &row, NULL);
    enum store_result result = sqlite_file_result(file, code);
    while (result == STORE_OK && (result = sqlite_file_step(file, row)) == STORE_OK) {
        const char *text = (const char *)sqlite3_column_text(row, 0);
        if (text == NULL || strcmp(text, "ok") == 0)
            continue;
        store_place_set("%s: %s", file->name, text);
        check->visitor(check->context, (struct bytes){0}, store_place());
    }
    sqlite3_finalize(row);
    if (result == STORE_NOT_FOUND)
        result = STORE_OK;
    return report(check, result, (struct bytes){0});
}

static enum store_result count_blobs(struct check *check)
{
    struct sqlite_file *file = &check->archive->file;
    sqlite3_stmt *row = NULL;
#define COUNT_BLOBS "SELECT (SELECT count(*) FROM segment) + (SELECT count(*) FROM snapshot)"
    int code =
        sqlite3_prepare_v2(file->db,
                           check->archive->tracked ? COUNT_BLOBS " + (SELECT count(*) FROM track)"
                                                                 " + (SELECT count(*) FROM summary)"
                                                   : COUNT_BLOBS,
                           -1, &row, NULL);
    enum store_result result = sqlite_file_result(file, code);
    if (result == STORE_OK)
        result = sqlite_file_step(file, row);
    if (result == STORE_OK)
        check->all = sqlite_column_number(row, 0);
    sqlite3_finalize(row);
    return report(check, result, (struct bytes){0});
}

enum store_result archive_check(struct archive *archive,
                                store_damage_visitor *visitor,
                                store_progress *progress,
                                void *context)
{
    struct check check = {
        .archive = archive, .visitor = visitor, .progress = progress, .context = context};
    enum store_result result = count_blobs(&check);
    if (result == STORE_OK)
        result = check_rooms(&check);
    if (result == STORE_OK)
        result = check_names(&check);
    if (result == STORE_OK)
        result = check_files(&check);
    if (result == STORE_OK)
        result = check_tables(&check);
    if (result == STORE_OK)
        result = check_journal(&check);
    if (result == STORE_OK)
        result = check_structure(&check);
    return result;
}
