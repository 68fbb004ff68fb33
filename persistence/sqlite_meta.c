/* The table of facts that every file of a store has, and the format that stands in it. */
#include "persistence/checksum.h"
#include "persistence/sqlite_file.h"
#include "persistence/store_place.h"

#include <string.h>

/* Never changed: every version finds the format of every other here. */
static const char make_meta[] = "CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL,"
                                " value ANY NOT NULL, checksum INTEGER NOT NULL)"
                                " STRICT, WITHOUT ROWID";

/* Facts are read when a file is opened and change about once a second: not worth keeping prepared
 * statements for. */
static enum store_result
prepare(struct sqlite_file *file, const char *sql, const char *key, sqlite3_stmt **statement)
{
    int code = sqlite3_prepare_v2(file->db, sql, -1, statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(*statement, 1, key, -1, SQLITE_STATIC);
    return sqlite_file_result(file, code);
}

static enum store_result damaged(const struct sqlite_file *file, const char *key)
{
    store_place_set("%s: meta %s: checksum", file->name, key);
    return STORE_DAMAGED;
}

static enum store_result read_row(struct sqlite_file *file, const char *key, sqlite3_stmt **row)
{
    enum store_result result =
        prepare(file, "SELECT value, checksum FROM meta WHERE key = ?1", key, row);
    if (result == STORE_OK)
        result = sqlite_file_step(file, *row);
    if (result != STORE_NOT_FOUND)
        return result;
    store_place_set("%s: meta %s: missing", file->name, key);
    return STORE_DAMAGED;
}

static enum store_result write_row(struct sqlite_file *file, sqlite3_stmt *row, uint64_t sum)
{
    sqlite_bind_number(row, 3, sum);
    return sqlite_file_run(file, row);
}

static const char replace[] = "REPLACE INTO meta(key, value, checksum) VALUES(?1, ?2, ?3)";

enum store_result sqlite_meta_number(struct sqlite_file *file, const char *key, uint64_t *number)
{
    sqlite3_stmt *row = NULL;
    enum store_result result = read_row(file, key, &row);
    if (result == STORE_OK) {
        *number = sqlite_column_number(row, 0);
        uint64_t sum = checksum(number, 1, bytes_of(key), (struct bytes){0});
        if (sqlite3_column_type(row, 0) != SQLITE_INTEGER || sqlite_column_number(row, 1) != sum)
            result = damaged(file, key);
    }
    sqlite3_finalize(row);
    return result;
}

enum store_result sqlite_meta_set_number(struct sqlite_file *file, const char *key, uint64_t number)
{
    sqlite3_stmt *row = NULL;
    enum store_result result = prepare(file, replace, key, &row);
    if (result == STORE_OK) {
        sqlite_bind_number(row, 2, number);
        result = write_row(file, row, checksum(&number, 1, bytes_of(key), (struct bytes){0}));
    }
    sqlite3_finalize(row);
    return result;
}

enum store_result sqlite_meta_store(struct sqlite_file *file, uint8_t store[STORE_ID_BYTES])
{
    sqlite3_stmt *row = NULL;
    enum store_result result = read_row(file, "store", &row);
    if (result == STORE_OK) {
        struct bytes value = sqlite_column_view(row, 0);
        uint64_t sum = checksum(NULL, 0, bytes_of("store"), value);
        if (value.length != STORE_ID_BYTES || sqlite_column_number(row, 1) != sum)
            result = damaged(file, "store");
        else
            memcpy(store, value.data, STORE_ID_BYTES);
    }
    sqlite3_finalize(row);
    return result;
}

enum store_result sqlite_meta_set_store(struct sqlite_file *file,
                                        const uint8_t store[STORE_ID_BYTES])
{
    struct bytes value = {store, STORE_ID_BYTES};
    sqlite3_stmt *row = NULL;
    enum store_result result = prepare(file, replace, "store", &row);
    if (result == STORE_OK) {
        sqlite_bind_bytes(row, 2, value);
        result = write_row(file, row, checksum(NULL, 0, bytes_of("store"), value));
    }
    sqlite3_finalize(row);
    return result;
}

/* --- Formats ------------------------------------------------------------------------------------ */

static enum store_result first_row(struct sqlite_file *file, const char *query, uint64_t *number)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(file->db, query, -1, &row, NULL);
    enum store_result result = sqlite_file_result(file, code);
    if (result == STORE_OK)
        result = sqlite_file_step(file, row);
    if (result == STORE_OK)
        *number = sqlite_column_number(row, 0);
    sqlite3_finalize(row);
    return result;
}

/* STORE_NOT_FOUND for a file without any table: a new one, or one whose making was cut short. One
 * that holds more than the list of its tables has had some. */
static enum store_result find_tables(struct sqlite_file *file)
{
    uint64_t one, pages;
    enum store_result result = first_row(file, "SELECT 1 FROM sqlite_schema", &one);
    if (result != STORE_NOT_FOUND)
        return result;
    result = first_row(file, "PRAGMA page_count", &pages);
    if (result != STORE_OK || pages <= 1)
        return result == STORE_OK ? STORE_NOT_FOUND : result;
    store_place_set("%s: no tables in %llu pages", file->name, (unsigned long long)pages);
    return STORE_DAMAGED;
}

static enum store_result find_format(struct sqlite_file *file, uint64_t *format)
{
    enum store_result result = find_tables(file);
    if (result == STORE_OK)
        return sqlite_meta_number(file, "format", format);
    *format = 0;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

static enum store_result run_migrations(struct sqlite_file *file,
                                        const char *const migrations[],
                                        uint64_t format,
                                        uint64_t newest,
                                        sqlite_file_fill *fill,
                                        void *context)
{
    enum store_result result = STORE_OK;
    if (format == 0)
        result = sqlite_file_exec(file, make_meta);
    for (uint64_t step = format; step < newest && result == STORE_OK; step++)
        result = sqlite_file_exec(file, migrations[step]);
    if (result == STORE_OK)
        result = sqlite_meta_set_number(file, "format", newest);
    if (result == STORE_OK)
        result = fill(file, format, context);
    return result;
}

enum store_result sqlite_file_migrate(struct sqlite_file *file,
                                      const char *const migrations[],
                                      uint64_t newest,
                                      sqlite_file_fill *fill,
                                      void *context)
{
    uint64_t format;
    enum store_result result = find_format(file, &format);
    if (result != STORE_OK || format == newest)
        return result;
    if (format > newest) {
        store_place_set("%s: written by a newer version (format %llu, this one knows %llu)",
                        file->name, (unsigned long long)format, (unsigned long long)newest);
        return STORE_FAILED;
    }
    if (file->reads) /* its owner brings it forward; what it lacks is not there for us */
        return STORE_OK;
    result = sqlite_file_begin(file);
    if (result != STORE_OK)
        return result;
    return sqlite_file_end(file, run_migrations(file, migrations, format, newest, fill, context));
}
