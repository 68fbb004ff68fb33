#include "persistence/sqlite_file.h"

#include "persistence/sqlite_log.h"
#include "persistence/store_place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 2000

/* A row is a blob and a few numbers beside it. */
#define ROW_BYTES_MAX (STORE_BLOB_MAX + (1u << 20))

/* The WAL file is cut down to this when it starts over. */
#define WAL_BYTES_KEPT "67108864"

/* Rows are written once and seldom read: beyond the inner pages the kernel's copy will do. */
#define CACHE_KIB "64"

bool sqlite_path(char path[SQLITE_FILE_PATH_MAX], const char *folder, const char *name)
{
    int length = snprintf(path, SQLITE_FILE_PATH_MAX, "%s/%s", folder, name);
    return length > 0 && (size_t)length < SQLITE_FILE_PATH_MAX;
}

/* --- Results ------------------------------------------------------------------------------------ */

static bool no_space(int system_errno)
{
    return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
}

static enum store_result result_of_ioerr(int code, int system_errno)
{
    switch (code) {
    case SQLITE_IOERR_NOMEM:
        return STORE_MEMORY;
    case SQLITE_IOERR_SHORT_READ: /* the file ends before a page that it should have */
        return STORE_DAMAGED;
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_SHMSIZE:
        return no_space(system_errno) ? STORE_FULL : STORE_FAILED;
    case SQLITE_IOERR_BLOCKED:
    case SQLITE_IOERR_LOCK:
    case SQLITE_IOERR_RDLOCK:
        return system_errno == EAGAIN ? STORE_BUSY : STORE_FAILED;
    default: /* fsync, read, truncate, ...: what the disk says cannot be trusted any more */
        return STORE_FAILED;
    }
}

static enum store_result result_of(int code, int system_errno)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STORE_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_BUSY;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_NOMEM:
        return STORE_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_CONSTRAINT: /* no statement of ours breaks one where the tables are sound */
    case SQLITE_MISMATCH:
    case SQLITE_ERROR: /* the schema is not what our statements were written for */
        return STORE_DAMAGED;
    case SQLITE_IOERR:
        return result_of_ioerr(code, system_errno);
    case SQLITE_CANTOPEN:
        return no_space(system_errno) ? STORE_FULL : STORE_FAILED;
    default:
        return STORE_FAILED;
    }
}

/* Those that SQLite takes for a damaged file system. */
static bool is_refusal(int system_errno)
{
#ifdef EDEVERR
    if (system_errno == EDEVERR)
        return true;
#endif
    return system_errno == EIO || system_errno == ENXIO || system_errno == ERANGE;
}

/* A file's last errno outlives reads that succeed; one behind the end of the file takes it away. */
static bool take_refusal(sqlite3_file *file)
{
    int system_errno = 0;
    if (file == NULL || file->pMethods == NULL)
        return false;
    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &system_errno);
    if (!is_refusal(system_errno))
        return false;
    char byte;
    sqlite3_int64 end = 0;
    if (file->pMethods->xFileSize(file, &end) == SQLITE_OK)
        file->pMethods->xRead(file, &byte, 1, end);
    return true;
}

/* SQLite takes a read that the disk refuses for a damaged file system, and that for a damaged file.
 * But it tells nothing of the bytes: they may be there for the next who asks. Each refusal counts
 * once, so that the next who asks is told the truth about them. */
static bool has_refused(sqlite3 *db)
{
    sqlite3_file *file = NULL, *log = NULL;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    bool file_refused = take_refusal(file);
    return take_refusal(log) || file_refused;
}

enum store_result sqlite_file_result(struct sqlite_file *file, int code)
{
    enum store_result result = result_of(code, sqlite3_system_errno(file->db));
    /* There is no database where there was no memory to open it. */
    bool refused = result != STORE_OK && file->db != NULL && has_refused(file->db);
    if (result == STORE_DAMAGED && (code & 0xff) == SQLITE_CORRUPT && refused)
        result = STORE_FAILED;
    if (result != STORE_OK)
        store_place_set("%s: %s (%d)", file->name, sqlite3_errmsg(file->db), code);
    if (result == STORE_DAMAGED)
        file->corrupt = true;
    return result;
}

/* --- Opening ------------------------------------------------------------------------------------ */

/* SQLite makes files as the process's mask has it; one that is there keeps its mode, and the files
 * beside it take it over. */
static enum store_result make_private(struct sqlite_file *file)
{
    int fd = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        enum store_result result = no_space(errno) ? STORE_FULL : STORE_FAILED;
        store_place_set("%s: %s", file->name, strerror(errno));
        return result;
    }
    close(fd);
    return STORE_OK;
}

static enum store_result enter_wal(struct sqlite_file *file)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(file->db, "PRAGMA journal_mode=WAL", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    bool entered =
        code == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    /* The row comes before the commit that makes it true. */
    if (entered)
        code = sqlite3_step(statement);
    enum store_result result = sqlite_file_result(file, code);
    sqlite3_finalize(statement);
    if (result == STORE_OK && !entered) {
        store_place_set("%s: no write-ahead log to be had", file->name);
        return STORE_FAILED;
    }
    return result;
}

/* What an earlier process left in the log may be in the kernel's memory alone, where a sync had
 * failed, and what is appended to that would be lost with it; now it is written anew. A reader that
 * stands in the way is no reason not to start. */
static enum store_result start_with_empty_log(struct sqlite_file *file)
{
    enum store_result result = sqlite_file_empty_log(file);
    return result == STORE_BUSY ? STORE_OK : result;
}

/* SQLite syncs the folder when it makes a log, and does not tell when that fails. */
static enum store_result sync_names(const struct sqlite_file *file, const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (!synced)
        store_place_set("%s: sync of the folder: %s", file->name, strerror(errno));
    if (fd >= 0)
        close(fd);
    return synced ? STORE_OK : STORE_FAILED;
}

static enum store_result configure(struct sqlite_file *file,
                                   const struct sqlite_file_options *options)
{
    sqlite3 *db = file->db;
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, (int)ROW_BYTES_MAX);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(db, SQLITE_LIMIT_TRIGGER_DEPTH, 0);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);

    /* A checkpoint without being told would come in the middle of somebody's commit. */
    sqlite3_wal_autocheckpoint(db, 0);
    enum store_result result = sqlite_file_exec(file, "PRAGMA mmap_size=0;"
                                                      "PRAGMA cache_size=-" CACHE_KIB ";"
                                                      "PRAGMA cell_size_check=ON;"
                                                      "PRAGMA secure_delete=OFF;"
                                                      "PRAGMA synchronous=FULL");
    if (result != STORE_OK)
        return result;
    if (options->use == SQLITE_FILE_READ) {
        sqlite_file_retire(file);
        return sqlite_file_exec(file, "PRAGMA query_only=ON");
    }
    if (options->use == SQLITE_FILE_COPY)
        return STORE_OK;
    /* The vacuum's mode holds only when it is set before the first table is made. */
    result = sqlite_file_exec(file, "PRAGMA page_size=4096");
    if (result == STORE_OK && options->shrinks)
        result = sqlite_file_exec(file, "PRAGMA auto_vacuum=INCREMENTAL");
    if (result == STORE_OK)
        result = enter_wal(file);
    if (result == STORE_OK)
        result = sqlite_file_exec(file, "PRAGMA journal_size_limit=" WAL_BYTES_KEPT);
    return result;
}

enum store_result sqlite_file_open(struct sqlite_file *file,
                                   const struct sqlite_file_options *options)
{
    assert(strlen(options->name) < SQLITE_FILE_NAME_MAX);
    *file = (struct sqlite_file){0};
    file->reads = options->use == SQLITE_FILE_READ;
    strcpy(file->name, options->name);
    if (!sqlite_path(file->path, options->place->folder, options->name)) {
        store_place_set("%s: the folder's name is too long", options->name);
        return STORE_FAILED;
    }
    enum store_result result = STORE_OK;
    if (options->use != SQLITE_FILE_READ)
        result = make_private(file);
    if (result == STORE_OK && options->use == SQLITE_FILE_OWN && options->place->sync)
        result = sqlite_log_check(file->path, file->name);
    if (result != STORE_OK)
        return result;
    int code = sqlite3_open_v2(file->path, &file->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                               options->place->vfs);
    result = sqlite_file_result(file, code);
    if (result == STORE_OK)
        result = configure(file, options);
    if (result == STORE_OK && options->use == SQLITE_FILE_OWN)
        result = start_with_empty_log(file);
    if (result == STORE_OK && options->use == SQLITE_FILE_OWN)
        result = sync_names(file, options->place->folder);
    if (result != STORE_OK)
        sqlite_file_close(file);
    return result;
}

void sqlite_file_close(struct sqlite_file *file)
{
    for (size_t i = 0; i < file->statement_count; i++) {
        sqlite3_finalize(file->statements[i]);
        file->statements[i] = NULL;
    }
    sqlite3_close(file->db);
    file->statement_count = 0;
    file->db = NULL;
}

void sqlite_file_retire(struct sqlite_file *file)
{
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

enum store_result sqlite_file_set_sync(struct sqlite_file *file, bool sync)
{
    return sqlite_file_exec(file, sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

/* --- Statements --------------------------------------------------------------------------------- */

enum store_result
sqlite_file_prepare(struct sqlite_file *file, const char *const sql[], size_t count)
{
    assert(count <= SQLITE_STATEMENTS_MAX);
    assert(file->statement_count == 0);
    for (size_t i = 0; i < count; i++) {
        int code = sqlite3_prepare_v3(file->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &file->statements[i], NULL);
        if (code != SQLITE_OK)
            return sqlite_file_result(file, code);
        file->statement_count = i + 1;
    }
    return STORE_OK;
}

enum store_result sqlite_file_exec(struct sqlite_file *file, const char *sql)
{
    return sqlite_file_result(file, sqlite3_exec(file->db, sql, NULL, NULL, NULL));
}

enum store_result sqlite_file_run(struct sqlite_file *file, sqlite3_stmt *statement)
{
    enum store_result result = sqlite_file_result(file, sqlite3_step(statement));
    sqlite3_reset(statement);
    return result;
}

enum store_result sqlite_file_step(struct sqlite_file *file, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return STORE_OK;
    enum store_result result = sqlite_file_result(file, code);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? STORE_NOT_FOUND : result;
}

enum store_result sqlite_file_begin(struct sqlite_file *file)
{
    return sqlite_file_exec(file, "BEGIN IMMEDIATE");
}

enum store_result sqlite_file_end(struct sqlite_file *file, enum store_result result)
{
    if (result == STORE_OK)
        result = sqlite_file_exec(file, "COMMIT");
    /* SQLite has rolled back by itself after most failures; then there is nothing to roll back. */
    if (result != STORE_OK && !sqlite3_get_autocommit(file->db))
        sqlite3_exec(file->db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

enum store_result sqlite_file_checkpoint(struct sqlite_file *file)
{
    int code = sqlite3_wal_checkpoint_v2(file->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return sqlite_file_result(file, code);
}

enum store_result sqlite_file_empty_log(struct sqlite_file *file)
{
    int code = sqlite3_wal_checkpoint_v2(file->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return sqlite_file_result(file, code);
}

void sqlite_bind_bytes(sqlite3_stmt *statement, int index, struct bytes bytes)
{
    assert(bytes.length <= ROW_BYTES_MAX);
    /* A null pointer would be bound as NULL, which is not an empty blob. */
    const void *data = bytes.length > 0 ? (const void *)bytes.data : "";
    sqlite3_bind_blob(statement, index, data, (int)bytes.length, SQLITE_STATIC);
}

void sqlite_bind_number(sqlite3_stmt *statement, int index, uint64_t number)
{
    sqlite3_bind_int64(statement, index, (sqlite3_int64)number);
}

struct bytes sqlite_column_view(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column);
    return (struct bytes){data, data != NULL ? (size_t)sqlite3_column_bytes(statement, column) : 0};
}

uint64_t sqlite_column_number(sqlite3_stmt *statement, int column)
{
    return (uint64_t)sqlite3_column_int64(statement, column);
}
