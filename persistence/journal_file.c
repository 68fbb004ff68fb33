#include "persistence/journal_file.h"

#include "persistence/checksum.h"
#include "persistence/flush.h"
#include "persistence/store_place.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Flushes come every 50 ms: about one checkpoint a second, so that the WAL stays small. */
#define CHECKPOINT_APPENDS 20u
#define CHECKPOINT_BYTES   (4u << 20)

static const char *const migrations[] = {
    "CREATE TABLE flush(number INTEGER PRIMARY KEY, incarnation INTEGER NOT NULL,"
    " checksum INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT",
};
#define FORMAT (sizeof migrations / sizeof migrations[0])

enum {
    ADD,
    READ,
    RELEASE,
    FENCE,
    STATEMENTS
};

/* Adding looks at the fence in the same statement: nothing comes between. */
static const char *const sql[STATEMENTS] = {
    [ADD] = "INSERT INTO flush(number, incarnation, checksum, bytes)"
            " SELECT ?1, ?2, ?3, ?4 FROM meta WHERE key = 'fence' AND value = ?5"
            " ON CONFLICT(number) DO NOTHING",
    [READ] = "SELECT incarnation, checksum, bytes FROM flush WHERE number = ?1",
    [RELEASE] = "DELETE FROM flush WHERE number <= ?1",
    [FENCE] = "SELECT value FROM meta WHERE key = 'fence'",
};

void journal_file_name(char name[SQLITE_FILE_NAME_MAX], uint64_t generation)
{
    snprintf(name, SQLITE_FILE_NAME_MAX, "journal-%" PRIu64 ".db", generation);
}

static uint64_t sum_of(uint64_t number, uint64_t incarnation, struct bytes bytes)
{
    const uint64_t numbers[] = {number, incarnation};
    return checksum(numbers, 2, bytes_of("flush"), bytes);
}

/* --- Opening ------------------------------------------------------------------------------------ */

static enum store_result fill(struct sqlite_file *file, uint64_t from, void *context)
{
    const struct journal_facts *facts = context;
    (void)from; /* there is one format, and new files come to it */
    enum store_result result = sqlite_meta_set_store(file, facts->store);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(file, "fence", facts->fence);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(file, "released", facts->released);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(file, "after", facts->after);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(file, "last", 0);
    return result;
}

static enum store_result read_facts(struct journal_file *journal, uint64_t *last)
{
    struct sqlite_file *file = &journal->file;
    enum store_result result = sqlite_meta_store(file, journal->facts.store);
    if (result == STORE_OK)
        result = sqlite_meta_number(file, "fence", &journal->facts.fence);
    if (result == STORE_OK)
        result = sqlite_meta_number(file, "released", &journal->facts.released);
    if (result == STORE_OK)
        result = sqlite_meta_number(file, "after", &journal->facts.after);
    if (result == STORE_OK)
        result = sqlite_meta_number(file, "last", last);
    return result;
}

/* What its rows span. Reads no bytes of flushes. */
static enum store_result read_span(struct journal_file *journal, uint64_t last)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(journal->file.db,
                                  "SELECT min(number), max(number), max(incarnation) FROM flush",
                                  -1, &row, NULL);
    enum store_result result = sqlite_file_result(&journal->file, code);
    if (result == STORE_OK)
        result = sqlite_file_step(&journal->file, row);
    if (result == STORE_OK) {
        journal->first = sqlite_column_number(row, 0);
        journal->last = sqlite_column_number(row, 1);
        journal->incarnation = sqlite_column_number(row, 2);
        if (last > journal->facts.released && last > journal->last)
            journal->last = last;
    }
    sqlite3_finalize(row);
    return result;
}

/* From now on the last flush is missed when it is gone. One that is damaged is nothing to go by, and
 * a disk that cannot take the note will say so when it matters. */
static void note_last(struct journal_file *journal)
{
    struct bytes bytes;
    if (journal->file.db == NULL || !journal->owned || journal->failed ||
        journal->last <= journal->noted)
        return;
    if (journal_file_read(journal, journal->last, &bytes) != STORE_OK)
        return;
    journal_file_rest(journal);
    enum store_result result = sqlite_meta_set_number(&journal->file, "last", journal->last);
    if (result == STORE_OK)
        journal->noted = journal->last;
    journal->failed = result == STORE_FAILED || result == STORE_DAMAGED;
}

static enum store_result open_file(struct journal_file *journal,
                                   const struct sqlite_place *place,
                                   enum sqlite_file_use use,
                                   const struct journal_facts *facts)
{
    char name[SQLITE_FILE_NAME_MAX];
    journal_file_name(name, journal->generation);
    struct sqlite_file *file = &journal->file;
    enum store_result result = sqlite_file_open(
        file, &(struct sqlite_file_options){.place = place, .name = name, .use = use});
    if (result != STORE_OK)
        return result;

    struct journal_facts filling = *facts;
    result = sqlite_file_migrate(file, migrations, FORMAT, fill, &filling);
    /* A reader beside the writer sees the file as it is now, until it is closed. */
    if (result == STORE_OK && use == SQLITE_FILE_READ)
        result = sqlite_file_exec(file, "BEGIN");
    uint64_t last = 0;
    if (result == STORE_OK)
        result = read_facts(journal, &last);
    if (result == STORE_OK && memcmp(journal->facts.store, facts->store, STORE_ID_BYTES) != 0) {
        store_place_set("%s: belongs to another store", file->name);
        result = STORE_FAILED;
    }
    if (result == STORE_OK)
        result = read_span(journal, last);
    if (result == STORE_OK)
        result = sqlite_file_prepare(file, sql, STATEMENTS);
    journal->noted = last;
    journal->owned = use == SQLITE_FILE_OWN;
    if (result == STORE_OK && journal->owned)
        result = sqlite_file_set_sync(file, place->sync);
    if (result == STORE_OK)
        note_last(journal);
    return result;
}

enum store_result journal_file_open(struct journal_file *journal,
                                    const struct sqlite_place *place,
                                    uint64_t generation,
                                    enum sqlite_file_use use,
                                    const struct journal_facts *facts)
{
    *journal = (struct journal_file){.generation = generation};
    enum store_result result = open_file(journal, place, use, facts);
    if (result != STORE_OK)
        sqlite_file_close(&journal->file);
    return result;
}

/* What can be read of the facts; the rest stays as it is. */
static void guess_facts(struct journal_file *journal)
{
    struct sqlite_file *file = &journal->file;
    struct journal_facts *facts = &journal->facts;
    uint64_t last, number;
    bool known = sqlite_meta_number(file, "released", &facts->released) == STORE_OK;
    if (sqlite_meta_number(file, "fence", &number) == STORE_OK)
        facts->fence = number;
    if (sqlite_meta_number(file, "after", &number) == STORE_OK)
        facts->after = number;
    if (sqlite_meta_number(file, "last", &last) != STORE_OK)
        last = 0;
    /* Without an end, a walk goes on until the first flush that is not there. */
    if (read_span(journal, last) != STORE_OK)
        journal->last = FLUSH_NUMBER_MAX - 1;
    if (!known)
        facts->released = journal->first > 0 ? journal->first - 1 : 0;
}

enum store_result journal_file_open_damaged(struct journal_file *journal,
                                            const struct sqlite_place *place,
                                            uint64_t generation,
                                            const char *name)
{
    *journal =
        (struct journal_file){.generation = generation, .facts = {.after = FLUSH_NUMBER_MAX}};
    struct sqlite_file *file = &journal->file;
    enum store_result result = sqlite_file_open(
        file, &(struct sqlite_file_options){.place = place, .name = name, .use = SQLITE_FILE_READ});
    if (result != STORE_OK)
        return result;
    result = sqlite_file_prepare(file, sql, STATEMENTS);
    if (result == STORE_OK)
        guess_facts(journal);
    else
        sqlite_file_close(file);
    return result;
}

enum store_result journal_file_make_model(const struct sqlite_place *place, const char *name)
{
    struct sqlite_file file;
    struct journal_facts facts = {0};
    enum store_result result = sqlite_file_open(
        &file, &(struct sqlite_file_options){.place = place, .name = name, .use = SQLITE_FILE_OWN});
    if (result != STORE_OK)
        return result;
    result = sqlite_file_migrate(&file, migrations, FORMAT, fill, &facts);
    if (result == STORE_OK)
        result = sqlite_file_empty_log(&file);
    sqlite_file_close(&file);
    return result;
}

void journal_file_close(struct journal_file *journal)
{
    note_last(journal);
    sqlite_file_close(&journal->file);
}

void journal_file_delete(struct journal_file *journal, const struct sqlite_place *place)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    journal_file_close(journal);
    sqlite3_vfs *vfs = sqlite3_vfs_find(place->vfs);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char path[SQLITE_FILE_PATH_MAX + 8];
        snprintf(path, sizeof path, "%s%s", journal->file.path, endings[i]);
        vfs->xDelete(vfs, path, 1);
    }
}

/* --- Flushes ------------------------------------------------------------------------------------ */

static uint64_t highest_incarnation(struct bytes flush)
{
    struct flush_reader reader = {.bytes = flush};
    struct flush_entry entry;
    uint64_t highest = 0;
    while (flush_next(&reader, &entry))
        if (entry.incarnation > highest)
            highest = entry.incarnation;
    return highest;
}

enum store_result
journal_file_read(struct journal_file *journal, uint64_t number, struct bytes *bytes)
{
    sqlite3_stmt *row = journal->file.statements[READ];
    sqlite_bind_number(row, 1, number);
    enum store_result result = sqlite_file_step(&journal->file, row);
    if (result != STORE_OK)
        return result;
    *bytes = sqlite_column_view(row, 2);
    uint64_t sum = sum_of(number, sqlite_column_number(row, 0), *bytes);
    if (sum == sqlite_column_number(row, 1))
        return STORE_OK;
    journal_file_rest(journal);
    store_place_set("%s: flush %" PRIu64 ": checksum", journal->file.name, number);
    return STORE_DAMAGED;
}

void journal_file_rest(struct journal_file *journal)
{
    sqlite3_reset(journal->file.statements[READ]);
}

enum store_result journal_file_fence(struct journal_file *journal, uint64_t *fence)
{
    sqlite3_stmt *row = journal->file.statements[FENCE];
    enum store_result result = sqlite_file_step(&journal->file, row);
    if (result == STORE_OK)
        *fence = sqlite_column_number(row, 0);
    sqlite3_reset(row);
    return result == STORE_NOT_FOUND ? STORE_DAMAGED : result;
}

/* Nothing was added: the fence is another one, or the number is taken. */
static enum store_result
why_not_added(struct journal_file *journal, uint64_t fence, const struct store_flush *flush)
{
    uint64_t current;
    enum store_result result = journal_file_fence(journal, &current);
    if (result != STORE_OK)
        return result;
    if (current != fence)
        return STORE_FENCED;
    struct bytes bytes;
    result = journal_file_read(journal, flush->number, &bytes);
    if (result != STORE_OK)
        return result == STORE_NOT_FOUND ? STORE_DAMAGED : result;
    bool same = bytes_equal(bytes, flush->bytes);
    journal_file_rest(journal);
    if (same)
        return STORE_OK;
    store_place_set("%s: flush %" PRIu64 ": there is another one", journal->file.name,
                    flush->number);
    return STORE_DAMAGED;
}

static enum store_result add(struct journal_file *journal,
                             uint64_t fence,
                             const struct store_flush *flush,
                             uint64_t incarnation)
{
    sqlite3_stmt *row = journal->file.statements[ADD];
    sqlite_bind_number(row, 1, flush->number);
    sqlite_bind_number(row, 2, incarnation);
    sqlite_bind_number(row, 3, sum_of(flush->number, incarnation, flush->bytes));
    sqlite_bind_bytes(row, 4, flush->bytes);
    sqlite_bind_number(row, 5, fence);
    enum store_result result = sqlite_file_run(&journal->file, row);
    sqlite3_clear_bindings(row);
    if (result == STORE_OK && sqlite3_changes(journal->file.db) == 0)
        return why_not_added(journal, fence, flush);
    return result;
}

/* The checkpoint that follows brings flushes up to this one into the file. */
static enum store_result add_and_note(struct journal_file *journal,
                                      uint64_t fence,
                                      const struct store_flush *flush,
                                      uint64_t incarnation)
{
    enum store_result result = sqlite_file_begin(&journal->file);
    if (result != STORE_OK)
        return result;
    result = add(journal, fence, flush, incarnation);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(&journal->file, "last", flush->number);
    return sqlite_file_end(&journal->file, result);
}

/* What is in the WAL is safe there. Only a disk that fails concerns the next append. */
static void checkpoint(struct journal_file *journal)
{
    journal->appends = 0;
    journal->bytes = 0;
    enum store_result result = sqlite_file_checkpoint(&journal->file);
    journal->failed = result == STORE_FAILED || result == STORE_DAMAGED;
}

static enum store_result failed(const struct journal_file *journal)
{
    store_place_set("%s: the disk has failed under it", journal->file.name);
    return STORE_FAILED;
}

enum store_result
journal_file_append(struct journal_file *journal, uint64_t fence, const struct store_flush *flush)
{
    if (journal->failed)
        return failed(journal);
    bool due = journal->appends + 1 >= CHECKPOINT_APPENDS || journal->bytes >= CHECKPOINT_BYTES;
    uint64_t incarnation = highest_incarnation(flush->bytes);
    enum store_result result = due ? add_and_note(journal, fence, flush, incarnation)
                                   : add(journal, fence, flush, incarnation);
    if (result == STORE_DAMAGED)
        result = STORE_FAILED;
    if (result == STORE_FAILED)
        journal->failed = true;
    if (result != STORE_OK)
        return result;

    if (journal->last == 0)
        journal->first = flush->number;
    if (flush->number > journal->last)
        journal->last = flush->number;
    if (incarnation > journal->incarnation)
        journal->incarnation = incarnation;
    journal->appends++;
    journal->bytes += flush->bytes.length;
    if (due) {
        journal->noted = flush->number;
        checkpoint(journal);
    }
    return STORE_OK;
}

/* --- Facts -------------------------------------------------------------------------------------- */

enum store_result journal_file_claim(struct journal_file *journal)
{
    if (journal->failed)
        return failed(journal);
    enum store_result result = sqlite_file_begin(&journal->file);
    if (result != STORE_OK)
        return result;
    uint64_t fence;
    result = sqlite_meta_number(&journal->file, "fence", &fence);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(&journal->file, "fence", fence + 1);
    result = sqlite_file_end(&journal->file, result);
    if (result == STORE_OK)
        journal->facts.fence = fence + 1;
    if (result == STORE_FAILED)
        journal->failed = true;
    return result;
}

enum store_result journal_file_release(struct journal_file *journal, uint64_t number)
{
    if (journal->failed)
        return failed(journal);
    enum store_result result = sqlite_file_begin(&journal->file);
    if (result != STORE_OK)
        return result;
    sqlite3_stmt *row = journal->file.statements[RELEASE];
    sqlite_bind_number(row, 1, number);
    result = sqlite_file_run(&journal->file, row);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(&journal->file, "released", number);
    result = sqlite_file_end(&journal->file, result);
    if (result == STORE_OK)
        journal->facts.released = number;
    if (result == STORE_FAILED)
        journal->failed = true;
    return result;
}

/* --- The folder --------------------------------------------------------------------------------- */

static bool generation_of(const char *name, uint64_t *generation)
{
    char again[SQLITE_FILE_NAME_MAX];
    if (sscanf(name, "journal-%" SCNu64 ".db", generation) != 1 || *generation == 0)
        return false;
    journal_file_name(again, *generation);
    return strcmp(name, again) == 0;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

enum store_result journal_files_list(const struct sqlite_place *place,
                                     uint64_t generations[],
                                     size_t capacity,
                                     size_t *count)
{
    *count = 0;
    DIR *folder = opendir(place->folder);
    if (folder == NULL) {
        store_place_set("%s: %s", place->folder, strerror(errno));
        return STORE_FAILED;
    }
    enum store_result result = STORE_OK;
    const struct dirent *entry;
    while (result == STORE_OK && (entry = readdir(folder)) != NULL) {
        uint64_t generation;
        if (!generation_of(entry->d_name, &generation))
            continue;
        if (*count == capacity) {
            store_place_set("%s: more than %zu journals", place->folder, capacity);
            result = STORE_FAILED;
        } else {
            generations[(*count)++] = generation;
        }
    }
    closedir(folder);
    qsort(generations, *count, sizeof generations[0], compare);
    return result;
}

enum store_result journal_files_store(const struct sqlite_place *place,
                                      uint8_t store[STORE_ID_BYTES])
{
    uint64_t generations[64];
    size_t count;
    enum store_result result = journal_files_list(place, generations, 64, &count);
    if (result != STORE_OK)
        return result;
    result = STORE_NOT_FOUND;
    for (size_t i = count; i-- > 0 && result != STORE_OK;) {
        char name[SQLITE_FILE_NAME_MAX];
        struct sqlite_file file;
        journal_file_name(name, generations[i]);
        result = sqlite_file_open(
            &file,
            &(struct sqlite_file_options){.place = place, .name = name, .use = SQLITE_FILE_READ});
        if (result != STORE_OK)
            continue;
        result = sqlite_meta_store(&file, store);
        sqlite_file_close(&file);
    }
    return result;
}
