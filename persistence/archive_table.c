#include "persistence/archive_table.h"

#include "persistence/archive_parts.h"
#include "persistence/archive_scores.h"
#include "persistence/archive_sessions.h"
#include "persistence/store_place.h"

#include <stdio.h>

#define SQL_MAX 512u

const struct archive_table *const archive_tables[ARCHIVE_TABLES] = {
    &archive_score_table, &archive_session_table, &archive_marker_table};

enum store_result
archive_statement(struct archive *archive, const char *sql, sqlite3_stmt **statement)
{
    *statement = NULL;
    return sqlite_file_result(&archive->file,
                              sqlite3_prepare_v2(archive->file.db, sql, -1, statement, NULL));
}

enum store_result archive_table_walk(struct archive *archive,
                                     const struct archive_table *table,
                                     const char *rest,
                                     sqlite3_stmt **walk)
{
    char sql[SQL_MAX];
    *walk = NULL;
    if (archive->format < table->since)
        return STORE_OK;
    int length = snprintf(sql, sizeof sql, "SELECT %s FROM %s %s", table->row, table->name, rest);
    assert(length > 0 && (size_t)length < sizeof sql);
    (void)length;
    return archive_statement(archive, sql, walk);
}

enum store_result archive_table_next(struct archive *archive,
                                     const struct archive_table *table,
                                     sqlite3_stmt *walk,
                                     struct archive_row *row)
{
    *row = (struct archive_row){0};
    if (walk == NULL)
        return STORE_NOT_FOUND;
    enum store_result result = sqlite_file_step(&archive->file, walk);
    if (result != STORE_OK)
        return result;
    row->id = sqlite_column_number(walk, 0);
    if (table->take(walk, row))
        return STORE_OK;
    store_place_set("archive %s number %llu: checksum", table->name, (unsigned long long)row->id);
    return STORE_DAMAGED;
}

bool archive_table_step(struct archive *archive,
                        const struct archive_table *table,
                        sqlite3_stmt *walk,
                        struct archive_row *row,
                        enum store_result *result)
{
    do
        *result = archive_table_next(archive, table, walk, row);
    while (*result == STORE_DAMAGED && row->id > 0);
    if (*result == STORE_OK)
        return true;
    if (*result == STORE_NOT_FOUND)
        *result = STORE_OK;
    return false;
}

enum store_result archive_table_check(struct archive *archive,
                                      const struct archive_table *table,
                                      store_damage_visitor *visitor,
                                      void *context)
{
    sqlite3_stmt *walk;
    struct archive_row row;
    enum store_result result = archive_table_walk(archive, table, "ORDER BY id", &walk);
    if (result != STORE_OK)
        return result;
    do {
        result = archive_table_next(archive, table, walk, &row);
        if (result == STORE_DAMAGED)
            visitor(context, (struct bytes){0}, store_place());
    } while (result == STORE_OK || (result == STORE_DAMAGED && row.id > 0));
    sqlite3_finalize(walk);
    return result == STORE_NOT_FOUND || result == STORE_DAMAGED ? STORE_OK : result;
}

/* --- Salvage ------------------------------------------------------------------------------------- */

/* Ids are numbers with a sign to SQLite, and in its order. */
struct run {
    int64_t low, high;
};

/* Rows of the run, which it narrows, until one cannot be reached. */
static enum store_result take_run(struct archive *from,
                                  struct archive *to,
                                  const struct archive_table *table,
                                  bool upwards,
                                  struct run *run)
{
    sqlite3_stmt *walk;
    struct archive_row row;
    enum store_result result =
        archive_table_walk(from, table,
                           upwards ? "WHERE id BETWEEN ?1 AND ?2 ORDER BY id"
                                   : "WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC",
                           &walk);
    if (result == STORE_OK && walk != NULL) {
        sqlite_bind_number(walk, 1, (uint64_t)run->low);
        sqlite_bind_number(walk, 2, (uint64_t)run->high);
    }
    while (result == STORE_OK) {
        result = archive_table_next(from, table, walk, &row);
        if (row.id == 0)
            break;
        int64_t id = (int64_t)row.id;
        if (upwards)
            run->low = id < INT64_MAX ? id + 1 : id;
        else
            run->high = id > INT64_MIN ? id - 1 : id;
        result = result == STORE_OK ? table->add(to, &row) : STORE_OK;
    }
    sqlite3_finalize(walk);
    return result;
}

static enum store_result
take_all(struct archive *from, struct archive *to, const struct archive_table *table)
{
    struct run run = {INT64_MIN, INT64_MAX};
    enum store_result result = take_run(from, to, table, true, &run);
    if (result == STORE_DAMAGED)
        result = take_run(from, to, table, false, &run);
    return result == STORE_NOT_FOUND || result == STORE_DAMAGED ? STORE_OK : result;
}

enum store_result
archive_table_salvage(struct archive *from, struct archive *to, const struct archive_table *table)
{
    enum store_result result = archive_begin(to);
    return result == STORE_OK ? archive_end(to, take_all(from, to, table)) : result;
}
