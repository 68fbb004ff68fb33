#include "persistence/store_sqlite.h"

#include "persistence/archive_files.h"
#include "persistence/archive_import.h"
#include "persistence/archive_parts.h"
#include "persistence/archive_scores.h"
#include "persistence/archive_sessions.h"
#include "persistence/journal.h"
#include "persistence/salvage.h"
#include "persistence/store_place.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct store_sqlite {
    struct store store;
    bool owns;              /* the folder: else it is only read */
    struct journal journal; /* {journal thread} */
    struct archive archive; /* {archive thread} */
    _Atomic uint64_t incarnation;
};

static struct store_sqlite *sqlite_of(struct store *store)
{
    return (struct store_sqlite *)store;
}

static struct journal *journal_of(struct store *store)
{
    return &sqlite_of(store)->journal;
}

static struct archive *archive_of(struct store *store)
{
    return &sqlite_of(store)->archive;
}

/* Both halves raise it, each from its thread. */
static void raise_incarnation(struct store *store, uint64_t incarnation)
{
    _Atomic uint64_t *highest = &sqlite_of(store)->incarnation;
    uint64_t seen = atomic_load(highest);
    while (incarnation > seen && !atomic_compare_exchange_weak(highest, &seen, incarnation))
        continue;
}

/* --- Journal ------------------------------------------------------------------------------------ */

static enum store_result claim(struct store *store, uint64_t *fence)
{
    return journal_claim(journal_of(store), fence);
}

static enum store_result renew(struct store *store, uint64_t fence)
{
    return journal_renew(journal_of(store), fence);
}

static enum store_result
append(struct store *store, uint64_t fence, const struct store_flush *flush)
{
    enum store_result result = journal_append(journal_of(store), fence, flush);
    if (result == STORE_OK)
        raise_incarnation(store, journal_incarnation(journal_of(store)));
    return result;
}

static enum store_result
flushes(struct store *store, store_flush_visitor *visitor, void *context, uint64_t *last)
{
    return journal_flushes(journal_of(store), visitor, context, last);
}

static enum store_result release(struct store *store, uint64_t number)
{
    return journal_release(journal_of(store), number);
}

static enum store_result renew_journal(struct store *store)
{
    return journal_start_generation(journal_of(store));
}

/* --- Archive ------------------------------------------------------------------------------------ */

/* Ids of files that were given by the one before are not given again. */
static enum store_result open_again(struct archive *archive)
{
    struct sqlite_place files = archive->place;
    uint64_t last_file = archive->last_file;
    enum store_result result = archive_open(archive, &files);
    archive->last_file = last_file;
    return result;
}

/* A file whose pages do not hold together would refuse every sealing from now on, and the journal
 * would grow for ever. */
static void replace_archive(struct archive *archive)
{
    char text[STORE_PLACE_MAX] = "";
    struct salvage_report report = {.text = text, .capacity = sizeof text};
    struct sqlite_place files = archive->place;
    sqlite_file_retire(&archive->file);
    archive_close(archive);
    enum store_result result = salvage_archive(&files, &report);
    if (result == STORE_OK)
        result = open_again(archive);
    if (result == STORE_OK)
        store_place_set("%s", text);
}

/* It may be missing: then it could not be replaced the last time. */
static enum store_result begin_writing(struct archive *archive)
{
    return archive->file.db != NULL ? STORE_OK : open_again(archive);
}

static enum store_result end_writing(struct store *store, enum store_result result)
{
    struct archive *archive = archive_of(store);
    if (result == STORE_OK)
        raise_incarnation(store, archive->incarnation);
    if (result == STORE_DAMAGED && archive->file.corrupt)
        replace_archive(archive);
    else
        archive_note_suspicion(archive);
    return result;
}

static enum store_result
seal(struct store *store, const struct store_sealed *sealed, size_t count, uint64_t wall_ms)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_seal(archive, sealed, count, wall_ms);
    return end_writing(store, result);
}

static enum store_result set_aside(struct store *store,
                                   const struct store_sealed *sealed,
                                   struct bytes reason,
                                   uint64_t wall_ms)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_set_aside(archive, sealed, reason, wall_ms);
    return end_writing(store, result);
}

static enum store_result
room(struct store *store, struct bytes name, store_room_visitor *visitor, void *context)
{
    enum store_result result = archive_room(archive_of(store), name, visitor, context);
    return sqlite_of(store)->owns ? end_writing(store, result) : result;
}

static enum store_result snapshot(struct store *store,
                                  struct bytes name,
                                  uint64_t tick,
                                  store_blob_visitor *visitor,
                                  void *context)
{
    return archive_snapshot(archive_of(store), name, tick, visitor, context);
}

static enum store_result read(struct store *store,
                              struct bytes name,
                              uint64_t after,
                              store_blob_visitor *visitor,
                              void *context)
{
    return archive_read(archive_of(store), name, after, visitor, context);
}

static enum store_result tracks(struct store *store,
                                struct bytes name,
                                uint64_t tick,
                                store_blob_visitor *visitor,
                                void *context)
{
    return archive_tracks(archive_of(store), name, tick, visitor, context);
}

static enum store_result segments(struct store *store,
                                  struct bytes name,
                                  uint64_t after,
                                  store_segment_visitor *visitor,
                                  void *context)
{
    return archive_segments(archive_of(store), name, after, visitor, context);
}

static enum store_result
recorded(struct store *store, struct bytes name, uint64_t after, uint64_t *bytes)
{
    return archive_recorded(archive_of(store), name, after, bytes);
}

static enum store_result rooms(struct store *store, store_room_visitor *visitor, void *context)
{
    return archive_rooms(archive_of(store), visitor, context);
}

static enum store_result quarantine(struct store *store, struct bytes name, struct bytes reason)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_quarantine(archive, name, reason);
    return end_writing(store, result);
}

static enum store_result release_quarantine(struct store *store, struct bytes name)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_release_quarantine(archive, name);
    return end_writing(store, result);
}

static enum store_result remove_room(struct store *store, struct bytes name, uint64_t incarnation)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_remove(archive, name, incarnation);
    return end_writing(store, result);
}

static enum store_result
retain(struct store *store, const struct store_retention *retention, uint64_t *freed)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    *freed = 0;
    if (result == STORE_OK)
        result = archive_retain(archive, retention, freed);
    return end_writing(store, result);
}

static enum store_result reclaim(struct store *store, uint64_t bytes, uint64_t *freed)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    *freed = 0;
    if (result == STORE_OK)
        result = archive_reclaim(archive, bytes, freed);
    return end_writing(store, result);
}

static enum store_result
check(struct store *store, store_damage_visitor *visitor, store_progress *progress, void *context)
{
    return archive_check(archive_of(store), visitor, progress, context);
}

enum store_result store_sqlite_import(struct store *store,
                                      const struct store_import_room *room,
                                      store_import_fill *fill,
                                      void *context)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    /* The journal may know of later ones. */
    if (archive->incarnation < atomic_load(&sqlite_of(store)->incarnation))
        archive->incarnation = atomic_load(&sqlite_of(store)->incarnation);
    if (result == STORE_OK)
        result = archive_import(archive, room, fill, context);
    return end_writing(store, result);
}

/* --- Scores -------------------------------------------------------------------------------------- */

static enum store_result
write_scores(struct store *store, const struct store_score *scores, size_t count)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_scores_write(archive, scores, count);
    return end_writing(store, result);
}

static enum store_result scores(struct store *store, store_score_visitor *visitor, void *context)
{
    enum store_result result = archive_scores_each(archive_of(store), visitor, context);
    return sqlite_of(store)->owns ? end_writing(store, result) : result;
}

/* --- Sessions ------------------------------------------------------------------------------------ */

static enum store_result
session_put(struct store *store, const struct store_session *sessions, size_t count)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_sessions_put(archive, sessions, count);
    return end_writing(store, result);
}

static enum store_result session_entitle(struct store *store, uint64_t id, struct bytes title)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_session_entitle(archive, id, title);
    return end_writing(store, result);
}

static enum store_result session_pin(struct store *store, uint64_t id, bool pinned)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_session_pin(archive, id, pinned);
    return end_writing(store, result);
}

static enum store_result session_remove(struct store *store, uint64_t id)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_session_remove(archive, id);
    return end_writing(store, result);
}

static enum store_result
session_list(struct store *store, struct bytes room, store_session_visitor *visitor, void *context)
{
    return archive_sessions_list(archive_of(store), room, visitor, context);
}

static enum store_result mark(struct store *store, const struct store_marker *marker)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_mark(archive, marker);
    return end_writing(store, result);
}

static enum store_result unmark(struct store *store, const struct store_marker *marker)
{
    struct archive *archive = archive_of(store);
    enum store_result result = begin_writing(archive);
    if (result == STORE_OK)
        result = archive_unmark(archive, marker);
    return end_writing(store, result);
}

static enum store_result
markers(struct store *store, struct bytes room, store_marker_visitor *visitor, void *context)
{
    return archive_markers(archive_of(store), room, visitor, context);
}

static const struct store_sessions session_functions = {
    .put = session_put,
    .entitle = session_entitle,
    .pin = session_pin,
    .remove = session_remove,
    .list = session_list,
    .mark = mark,
    .unmark = unmark,
    .markers = markers,
};

/* --- Files --------------------------------------------------------------------------------------- */

static enum store_result
file_begin(struct store *store, struct bytes room, uint64_t bytes, uint64_t *upload)
{
    return archive_file_begin(archive_of(store), room, bytes, upload);
}

static enum store_result file_write(struct store *store, uint64_t upload, struct bytes bytes)
{
    return archive_file_write(archive_of(store), upload, bytes);
}

static enum store_result
file_end(struct store *store, uint64_t upload, const struct store_file *file, bool *added)
{
    return archive_file_end(archive_of(store), upload, file, added);
}

static enum store_result file_put(struct store *store,
                                  struct bytes room,
                                  struct bytes bytes,
                                  const struct store_file *file,
                                  bool *added)
{
    return archive_file_put(archive_of(store), room, bytes, file, added);
}

static enum store_result file_drop(struct store *store, uint64_t upload)
{
    return archive_file_drop(archive_of(store), upload);
}

static enum store_result
file_find(struct store *store, struct bytes room, const uint8_t *hash, struct store_file *file)
{
    return archive_file_find(archive_of(store), room, hash, file);
}

static enum store_result file_read(struct store *store,
                                   struct bytes room,
                                   const uint8_t *hash,
                                   uint64_t part,
                                   store_part_visitor *visitor,
                                   void *context)
{
    return archive_file_read(archive_of(store), room, hash, part, visitor, context);
}

static enum store_result
file_list(struct store *store, struct bytes room, store_file_visitor *visitor, void *context)
{
    return archive_file_list(archive_of(store), room, visitor, context);
}

static enum store_result file_held(struct store *store, struct bytes room, struct store_held *held)
{
    return archive_file_held(archive_of(store), room, held);
}

static enum store_result
file_use(struct store *store, struct bytes room, const struct store_use *uses, size_t count)
{
    return archive_file_use(archive_of(store), room, uses, count);
}

static enum store_result file_remove(struct store *store, struct bytes room, const uint8_t *hash)
{
    return archive_file_remove(archive_of(store), room, hash);
}

static enum store_result file_stalest(struct store *store, struct store_file *file)
{
    return archive_file_stalest(archive_of(store), file);
}

static const struct store_files file_functions = {
    .begin = file_begin,
    .write = file_write,
    .end = file_end,
    .put = file_put,
    .drop = file_drop,
    .find = file_find,
    .read = file_read,
    .list = file_list,
    .held = file_held,
    .use = file_use,
    .remove = file_remove,
    .stalest = file_stalest,
};

/* --- Both --------------------------------------------------------------------------------------- */

static uint64_t incarnation(struct store *store)
{
    return atomic_load(&sqlite_of(store)->incarnation);
}

static const char *place(const struct store *store)
{
    (void)store;
    return store_place();
}

static void close_store(struct store *store)
{
    journal_close(journal_of(store));
    archive_close(archive_of(store));
    free(store);
}

static const struct store functions = {
    .claim = claim,
    .renew = renew,
    .append = append,
    .flushes = flushes,
    .release = release,
    .renew_journal = renew_journal,
    .seal = seal,
    .set_aside = set_aside,
    .room = room,
    .snapshot = snapshot,
    .read = read,
    .tracks = tracks,
    .segments = segments,
    .recorded = recorded,
    .rooms = rooms,
    .quarantine = quarantine,
    .release_quarantine = release_quarantine,
    .remove = remove_room,
    .retain = retain,
    .reclaim = reclaim,
    .check = check,
    .write_scores = write_scores,
    .scores = scores,
    .files = &file_functions,
    .sessions = &session_functions,
    .incarnation = incarnation,
    .place = place,
    .close = close_store,
};

static enum store_result open_halves(struct store_sqlite *sqlite,
                                     const struct sqlite_place *files,
                                     struct salvage_report *report)
{
    enum store_result result = salvage_archive_open(&sqlite->archive, files, report);
    if (result != STORE_OK)
        return result;
    result = salvage_journal_open(&sqlite->journal, files, sqlite->archive.store, report);
    if (result != STORE_OK)
        archive_close(&sqlite->archive);
    return result;
}

/* The archive is seen as it is after the journal: what a sealing moves from one to the other
 * meanwhile is in both, not in neither. */
static enum store_result open_halves_to_read(struct store_sqlite *sqlite,
                                             const struct sqlite_place *files)
{
    enum store_result result =
        archive_open_file(&sqlite->archive, files, ARCHIVE_NAME, SQLITE_FILE_READ);
    if (result != STORE_OK)
        return result;
    result = journal_open_to_read(&sqlite->journal, files, sqlite->archive.store);
    if (result == STORE_NOT_FOUND) {
        store_place_set("%s: no journal is there", files->folder);
        result = STORE_FAILED;
    }
    if (result == STORE_OK) {
        result = sqlite_file_exec(&sqlite->archive.file, "BEGIN");
        if (result == STORE_OK)
            result = sqlite_meta_number(&sqlite->archive.file, "rooms", &sqlite->archive.rooms);
        if (result != STORE_OK)
            journal_close(&sqlite->journal);
    }
    if (result != STORE_OK)
        archive_close(&sqlite->archive);
    return result;
}

static struct store_sqlite *make(char error[STORE_SQLITE_ERROR_MAX])
{
    struct store_sqlite *sqlite = calloc(1, sizeof *sqlite);
    error[0] = '\0';
    if (sqlite == NULL)
        snprintf(error, STORE_SQLITE_ERROR_MAX, "no memory");
    else
        sqlite->store = functions;
    return sqlite;
}

/* Without its halves it cannot be used: it is gone then. */
static enum store_result conclude(enum store_result result,
                                  struct store_sqlite *sqlite,
                                  struct store **store,
                                  char error[STORE_SQLITE_ERROR_MAX])
{
    if (result == STORE_OK) {
        *store = &sqlite->store;
        raise_incarnation(*store, sqlite->archive.incarnation);
        raise_incarnation(*store, journal_incarnation(&sqlite->journal));
        return STORE_OK;
    }
    snprintf(error, STORE_SQLITE_ERROR_MAX, "%s: %s", store_result_text(result), store_place());
    free(sqlite);
    return result;
}

enum store_result store_sqlite_open(const struct store_sqlite_options *options,
                                    struct store **store,
                                    char error[STORE_SQLITE_ERROR_MAX])
{
    struct store_sqlite *sqlite = make(error);
    *store = NULL;
    if (sqlite == NULL)
        return STORE_MEMORY;
    sqlite->owns = true;
    struct sqlite_place files = {
        .folder = options->folder, .vfs = options->vfs, .sync = options->sync};
    struct salvage_report report = {.text = error, .capacity = STORE_SQLITE_ERROR_MAX};
    return conclude(open_halves(sqlite, &files, &report), sqlite, store, error);
}

enum store_result store_sqlite_open_to_read(const char *folder,
                                            struct store **store,
                                            char error[STORE_SQLITE_ERROR_MAX])
{
    struct store_sqlite *sqlite = make(error);
    *store = NULL;
    if (sqlite == NULL)
        return STORE_MEMORY;
    struct sqlite_place files = {.folder = folder};
    return conclude(open_halves_to_read(sqlite, &files), sqlite, store, error);
}
