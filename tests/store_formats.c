#include "tests/store_formats.h"

#include "persistence/checksum.h"

#include <check.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>

/* What leads back from each format to the one before. */
static const char *const steps[] = {
    [2] = "DROP TABLE file; DROP TABLE file_part",
    [3] = "DROP TABLE chain; DELETE FROM meta WHERE key IN ('incarnation', 'suspect')",
    [4] = "DROP TABLE score",
    [5] = "DROP TABLE track; DROP TABLE summary",
    [6] = "DROP TABLE session; DROP TABLE marker",
    [7] = "DROP TABLE gap",
};

void archive_run_sql(const char *folder, const char *sql)
{
    char path[1024];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/archive.db", folder);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    sqlite3_close(db);
}

void archive_go_back(const char *folder, uint64_t format)
{
    char sql[256];
    for (uint64_t step = sizeof steps / sizeof steps[0] - 1; step > format; step--)
        archive_run_sql(folder, steps[step]);
    snprintf(sql, sizeof sql,
             "UPDATE meta SET value = %" PRIu64 ", checksum = %" PRId64 " WHERE key = 'format'",
             format, (int64_t)checksum(&format, 1, bytes_of("format"), (struct bytes){0}));
    archive_run_sql(folder, sql);
}
