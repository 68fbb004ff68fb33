#include "persistence/backup.h"

#include "persistence/archive_parts.h"
#include "persistence/flush.h"
#include "persistence/journal.h"
#include "persistence/salvage_parts.h"
#include "persistence/store_place.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between steps a writer gets its turn at the disk. */
#define STEP_PAGES 64
#define PAUSE_MS   1

/* Generations come and go while they are copied: then the listing is taken anew. */
#define TRIES 4u

struct backup {
    struct sqlite_place from, to;
    char partial[SQLITE_FILE_PATH_MAX];
    store_progress *progress;
    void *context;
    bool stopped;
};

static enum store_result failed(const char *what)
{
    enum store_result result = errno == ENOSPC || errno == EDQUOT ? STORE_FULL : STORE_FAILED;
    store_place_set("%s: %s", what, strerror(errno));
    return result;
}

/* --- One file ----------------------------------------------------------------------------------- */

static enum store_result
run_steps(struct backup *backup, struct sqlite_file *to, sqlite3_backup *work)
{
    int code;
    do {
        code = sqlite3_backup_step(work, STEP_PAGES);
        uint64_t all = (uint64_t)sqlite3_backup_pagecount(work);
        uint64_t left = (uint64_t)sqlite3_backup_remaining(work);
        if (backup->progress != NULL && !backup->progress(backup->context, all - left, all)) {
            store_place_set("stopped");
            backup->stopped = true;
            return STORE_FAILED;
        }
        if (code != SQLITE_DONE)
            sqlite3_sleep(PAUSE_MS);
    } while (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED);
    return sqlite_file_result(to, code);
}

/* STORE_NOT_FOUND for a file without tables: a journal that is just being made. */
static enum store_result has_tables(struct sqlite_file *file)
{
    static const char *const query[] = {"SELECT 1 FROM sqlite_schema"};
    enum store_result result = sqlite_file_prepare(file, query, 1);
    if (result == STORE_OK)
        result = sqlite_file_step(file, file->statements[0]);
    if (result == STORE_OK)
        sqlite3_reset(file->statements[0]);
    return result;
}

/* The source is read as it is now: with a transaction open, its writer's commits stay out, and the
 * copying need not begin anew at each of them. */
static enum store_result
copy_pages(struct backup *backup, struct sqlite_file *from, struct sqlite_file *to)
{
    enum store_result result = sqlite_file_exec(from, "BEGIN");
    if (result == STORE_OK)
        result = has_tables(from);
    if (result != STORE_OK)
        return result;
    sqlite3_backup *work = sqlite3_backup_init(to->db, "main", from->db, "main");
    if (work == NULL)
        return sqlite_file_result(to, sqlite3_errcode(to->db));
    result = run_steps(backup, to, work);
    int code = sqlite3_backup_finish(work);
    return result == STORE_OK ? sqlite_file_result(to, code) : result;
}

static enum store_result copy_file(struct backup *backup, const char *name)
{
    struct sqlite_file from, to;
    enum store_result result =
        sqlite_file_open(&from, &(struct sqlite_file_options){
                                    .place = &backup->from, .name = name, .use = SQLITE_FILE_READ});
    if (result != STORE_OK)
        return result;
    result = sqlite_file_open(
        &to,
        &(struct sqlite_file_options){.place = &backup->to, .name = name, .use = SQLITE_FILE_COPY});
    if (result == STORE_OK) {
        result = copy_pages(backup, &from, &to);
        sqlite_file_close(&to);
    }
    sqlite_file_close(&from);
    return result;
}

/* --- The folder --------------------------------------------------------------------------------- */

static enum store_result copy_journals(struct backup *backup)
{
    uint64_t generations[JOURNAL_GENERATIONS_MAX];
    size_t count;
    enum store_result result =
        journal_files_list(&backup->from, generations, JOURNAL_GENERATIONS_MAX, &count);
    for (size_t i = 0; i < count && result == STORE_OK; i++) {
        char name[SQLITE_FILE_NAME_MAX];
        journal_file_name(name, generations[i]);
        salvage_delete(&backup->to, name);
        result = copy_file(backup, name);
        if (result == STORE_NOT_FOUND) {
            salvage_delete(&backup->to, name);
            result = STORE_OK;
        }
    }
    return result;
}

static enum store_result copy_all(struct backup *backup)
{
    enum store_result result = copy_journals(backup);
    for (unsigned again = 1; again < TRIES && result == STORE_FAILED && !backup->stopped; again++)
        result = copy_journals(backup);
    if (result == STORE_OK)
        result = copy_file(backup, ARCHIVE_NAME);
    if (result == STORE_OK)
        result = salvage_sync_folder(&backup->to);
    return result;
}

static bool is_empty(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return errno == ENOENT;
    bool empty = true;
    const struct dirent *entry;
    while (empty && (entry = readdir(folder)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(folder);
    return empty;
}

/* Only our own files are in it; anything else stays, and the folder with it. */
static void remove_partial(const struct backup *backup)
{
    uint64_t generations[JOURNAL_GENERATIONS_MAX];
    size_t count;
    if (journal_files_list(&backup->to, generations, JOURNAL_GENERATIONS_MAX, &count) == STORE_OK)
        for (size_t i = 0; i < count; i++) {
            char name[SQLITE_FILE_NAME_MAX];
            journal_file_name(name, generations[i]);
            salvage_delete(&backup->to, name);
        }
    salvage_delete(&backup->to, ARCHIVE_NAME);
    rmdir(backup->partial);
}

static enum store_result begin(struct backup *backup, const char *from, const char *to)
{
    int length = snprintf(backup->partial, sizeof backup->partial, "%s.partial", to);
    if (length < 0 || (size_t)length >= sizeof backup->partial) {
        errno = ENAMETOOLONG;
        return failed(to);
    }
    backup->from = (struct sqlite_place){.folder = from};
    backup->to = (struct sqlite_place){.folder = backup->partial, .sync = true};
    if (!is_empty(to)) {
        store_place_set("%s: is not empty", to);
        return STORE_FAILED;
    }
    if (!salvage_exists(&backup->from, ARCHIVE_NAME)) {
        store_place_set("%s: no store is there", from);
        return STORE_FAILED;
    }
    if (mkdir(backup->partial, 0700) != 0) {
        if (errno != EEXIST)
            return failed(backup->partial);
        remove_partial(backup); /* of a backup that was cut short */
        if (mkdir(backup->partial, 0700) != 0)
            return failed(backup->partial);
    }
    return STORE_OK;
}

/* The folder above is synced, for the new name to last. */
static enum store_result finish(const struct backup *backup, const char *to)
{
    if (rename(backup->partial, to) != 0)
        return failed(to);
    char above[SQLITE_FILE_PATH_MAX];
    snprintf(above, sizeof above, "%s/..", to);
    return salvage_sync_folder(&(struct sqlite_place){.folder = above});
}

static enum store_result tell(enum store_result result, char error[STORE_SQLITE_ERROR_MAX])
{
    if (result != STORE_OK)
        snprintf(error, STORE_SQLITE_ERROR_MAX, "%s: %s", store_result_text(result), store_place());
    return result;
}

/* --- Restoring ---------------------------------------------------------------------------------- */

static void note_damage(void *context, struct bytes room, const char *place)
{
    char *error = context;
    (void)room;
    if (error[0] == '\0')
        snprintf(error, STORE_SQLITE_ERROR_MAX, "does not check: %s", place);
}

/* A row for what the journal tells of a room, as far as the archive does not know it. */
static enum store_result take_entry(struct archive *archive, const struct flush_entry *entry)
{
    struct archive_room room;
    bool deletes = flush_entry_deletes(entry);
    enum store_result result = archive_room_find(archive, entry->room, &room);
    bool add = result == STORE_NOT_FOUND && !deletes;
    if (add)
        result = archive_room_begin(archive, entry->room, &room);
    if (result == STORE_NOT_FOUND || result == STORE_DAMAGED)
        return STORE_OK; /* nothing to delete; or it is salvaged when the store is opened */
    if (result != STORE_OK || entry->incarnation < room.room.incarnation)
        return result;
    if (deletes)
        return archive_room_empty(archive, entry->room, entry->incarnation);
    if (entry->incarnation == room.room.incarnation && !add)
        return STORE_OK;
    if (room.room.state == STORE_ROOM_DELETED) /* and made new since */
        room.room.state = STORE_ROOM_WELL;
    room.room.incarnation = entry->incarnation;
    return archive_room_write(archive, &room, add);
}

struct taking {
    struct archive *archive;
    enum store_result result;
};

static bool take_flush(void *context, const struct store_flush *flush)
{
    struct taking *taking = context;
    struct flush_reader reader = {.bytes = flush->bytes};
    struct flush_entry entry;
    while (taking->result == STORE_OK && flush_next(&reader, &entry))
        taking->result = take_entry(taking->archive, &entry);
    return taking->result == STORE_OK;
}

/* Rooms that are in the journal alone, or in a later incarnation there, have members too. */
static enum store_result take_journal(const struct backup *backup, struct archive *archive)
{
    struct taking taking = {.archive = archive};
    struct journal *journal = calloc(1, sizeof *journal);
    uint64_t last;
    if (journal == NULL)
        return STORE_MEMORY;
    enum store_result result = journal_open_to_read(journal, &backup->to, archive->store);
    if (result == STORE_OK) {
        result = journal_flushes(journal, take_flush, &taking, &last);
        journal_close(journal);
    }
    free(journal);
    /* What follows a damaged flush is given up when the store is opened. */
    bool told = result == STORE_OK || result == STORE_NOT_FOUND || result == STORE_DAMAGED;
    return told ? taking.result : result;
}

static enum store_result raise_incarnations(struct archive *archive)
{
    enum store_result result = STORE_OK;
    uint64_t rooms = archive->rooms + archive->added;
    for (uint64_t id = 1; id <= rooms && result == STORE_OK; id++) {
        struct archive_room room;
        result = archive_room_at(archive, id, &room);
        if (result == STORE_OK) {
            room.room.incarnation++;
            result = archive_room_write(archive, &room, false);
        } else if (result == STORE_DAMAGED || result == STORE_NOT_FOUND) {
            result = STORE_OK; /* it is salvaged when the store is opened */
        }
    }
    return result;
}

static enum store_result set_journal_store(const struct backup *backup, const uint8_t *store)
{
    uint64_t generations[JOURNAL_GENERATIONS_MAX];
    size_t count;
    enum store_result result =
        journal_files_list(&backup->to, generations, JOURNAL_GENERATIONS_MAX, &count);
    for (size_t i = 0; i < count && result == STORE_OK; i++) {
        struct sqlite_file file;
        char name[SQLITE_FILE_NAME_MAX];
        journal_file_name(name, generations[i]);
        result = sqlite_file_open(&file, &(struct sqlite_file_options){.place = &backup->to,
                                                                       .name = name,
                                                                       .use = SQLITE_FILE_OWN});
        if (result != STORE_OK)
            break;
        result = sqlite_meta_set_store(&file, store);
        if (result == STORE_OK)
            result = sqlite_file_empty_log(&file);
        sqlite_file_close(&file);
    }
    return result;
}

static enum store_result make_new(const struct backup *backup, char *error)
{
    struct archive archive;
    enum store_result result =
        archive_open_file(&archive, &backup->to, ARCHIVE_NAME, SQLITE_FILE_OWN);
    if (result != STORE_OK)
        return result;
    result = archive_check(&archive, note_damage, NULL, error);
    uint8_t store[STORE_ID_BYTES];
    sqlite3_randomness(STORE_ID_BYTES, store);
    if (result == STORE_OK)
        result = archive_begin(&archive);
    if (result == STORE_OK) {
        result = take_journal(backup, &archive);
        if (result == STORE_OK)
            result = raise_incarnations(&archive);
        if (result == STORE_OK)
            result = sqlite_meta_set_store(&archive.file, store);
        result = archive_end(&archive, result);
    }
    if (result == STORE_OK)
        result = sqlite_file_empty_log(&archive.file);
    archive_close(&archive);
    if (result == STORE_OK)
        result = set_journal_store(backup, store);
    return result;
}

/* --- Both ---------------------------------------------------------------------------------------- */

static enum store_result
make_copy(struct backup *backup, const char *from, const char *to, bool restores, char *error)
{
    error[0] = '\0';
    enum store_result result = begin(backup, from, to);
    if (result != STORE_OK)
        return tell(result, error);
    result = copy_all(backup);
    if (result == STORE_OK && restores)
        result = make_new(backup, error);
    if (result == STORE_OK)
        result = finish(backup, to);
    if (result != STORE_OK) {
        tell(result, error);
        remove_partial(backup);
    }
    return result;
}

enum store_result store_sqlite_backup(const char *from,
                                      const char *to,
                                      store_progress *progress,
                                      void *context,
                                      char error[STORE_SQLITE_ERROR_MAX])
{
    struct backup backup = {.progress = progress, .context = context};
    return make_copy(&backup, from, to, false, error);
}

enum store_result store_sqlite_restore(const char *from,
                                       const char *to,
                                       store_progress *progress,
                                       void *context,
                                       char error[STORE_SQLITE_ERROR_MAX])
{
    struct backup backup = {.progress = progress, .context = context};
    return make_copy(&backup, from, to, true, error);
}
