/* check_shim_vfs.c - that the shim is a disk to be afraid of: SQLite by itself loses on it exactly
 * what its settings let it lose. Without this no test on top of it would mean anything.
 *
 * Each world: rows 1, 2, 3 ... of known bytes, each its own transaction, some checkpoints, a power
 * cut at a call by chance, and a look at what is there.
 */
#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tests/shim_vfs.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEEDS 150

static struct scratch scratch;
static struct shim_vfs *shim;
static char path[SCRATCH_PATH_MAX + 16];

static void power_up(uint64_t seed)
{
    scratch = scratch_make();
    shim = shim_vfs_create("shim", seed);
    snprintf(path, sizeof path, "%s/rows.db", scratch.path);
}

static void clear_up(void)
{
    shim_vfs_destroy(shim);
    scratch_remove(&scratch);
}

/* --- One table of rows ----------------------------------------------------------------------------- */

static int run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static sqlite3 *open_rows(const char *journal_mode, const char *synchronous)
{
    char sql[256];
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int result = sqlite3_open_v2(path, &db, flags, "shim");
    snprintf(sql, sizeof sql,
             "PRAGMA journal_mode = %s; PRAGMA synchronous = %s; PRAGMA wal_autocheckpoint = 0;"
             "CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, data BLOB)",
             journal_mode, synchronous);
    if (result == SQLITE_OK)
        result = run(db, sql);
    if (result == SQLITE_OK)
        return db;
    sqlite3_close(db);
    return NULL;
}

static int put_row(sqlite3 *db, uint64_t id)
{
    char sql[160];
    snprintf(
        sql, sizeof sql,
        "INSERT OR IGNORE INTO rows VALUES (%llu, printf('%%.%llus', printf('%%2000d', %llu)))",
        (unsigned long long)id, (unsigned long long)(id * 331 % 2000), (unsigned long long)id);
    return run(db, sql);
}

static bool one_number(sqlite3 *db, const char *sql, uint64_t *number)
{
    sqlite3_stmt *statement = NULL;
    bool got = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
               sqlite3_step(statement) == SQLITE_ROW;
    if (got)
        *number = (uint64_t)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return got;
}

static bool is_whole(sqlite3 *db)
{
    uint64_t well;
    return one_number(db,
                      "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'",
                      &well) &&
           well == 1;
}

/* Rows 1 to the result are there and right, and no others; false for anything else. */
static bool count_rows(sqlite3 *db, uint64_t *count)
{
    uint64_t last, wrong;
    return one_number(db, "SELECT count(*) FROM rows", count) &&
           one_number(db, "SELECT ifnull(max(id), 0) FROM rows", &last) &&
           one_number(db,
                      "SELECT count(*) FROM rows WHERE data IS NOT "
                      "printf('%.' || (id * 331 % 2000) || 's', printf('%2000d', id))",
                      &wrong) &&
           last == *count && wrong == 0;
}

/* --- Power cuts ------------------------------------------------------------------------------------ */

struct tally {
    unsigned lost;       /* worlds where rows were missing whose commit had succeeded */
    unsigned unreadable; /* worlds where the file was damaged, or held something else */
};

static void
one_world(uint64_t seed, const char *journal_mode, const char *synchronous, struct tally *tally)
{
    power_up(seed);
    struct chance chance = chance_of(seed);
    shim_vfs_fault(shim, (struct shim_fault){.calls = SHIM_CALL_ALL & ~SHIM_CALL(READ),
                                             .at = 1 + chance_below(&chance, 150),
                                             .power_off = true});
    uint64_t committed = 0, count = 0;
    sqlite3 *db = open_rows(journal_mode, synchronous);
    while (db && committed < 60 && put_row(db, committed + 1) == SQLITE_OK) {
        committed++;
        if (chance_below(&chance, 12) == 0 && run(db, "PRAGMA wal_checkpoint(PASSIVE)"))
            break;
    }
    shim_vfs_power_off(shim);
    sqlite3_close(db);
    shim_vfs_power_on(shim, SHIM_LOSS_CHANCE);

    db = open_rows(journal_mode, synchronous);
    if (!db || !is_whole(db) || !count_rows(db, &count))
        tally->unreadable++;
    else if (count < committed)
        tally->lost++;
    else
        ck_assert_uint_le(count, committed + 1); /* the one that was cut short may be there */
    sqlite3_close(db);
    clear_up();
}

static struct tally worlds(const char *journal_mode, const char *synchronous)
{
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        one_world(seed, journal_mode, synchronous, &tally);
    printf("%s, synchronous %s: %d power cuts, %u lost commits, %u unreadable\n", journal_mode,
           synchronous, SEEDS, tally.lost, tally.unreadable);
    return tally;
}

START_TEST(full_loses_nothing)
{
    struct tally tally = worlds("WAL", "FULL");
    ck_assert_uint_eq(tally.lost, 0);
    ck_assert_uint_eq(tally.unreadable, 0);
}
END_TEST

START_TEST(a_rollback_journal_loses_nothing)
{
    struct tally tally = worlds("DELETE", "EXTRA");
    ck_assert_uint_eq(tally.lost, 0);
    ck_assert_uint_eq(tally.unreadable, 0);
}
END_TEST

START_TEST(normal_loses_the_last_commits_and_stays_whole)
{
    struct tally tally = worlds("WAL", "NORMAL");
    ck_assert_uint_gt(tally.lost, SEEDS / 4);
    ck_assert_uint_eq(tally.unreadable, 0);
}
END_TEST

START_TEST(off_damages_files)
{
    struct tally tally = worlds("WAL", "OFF");
    ck_assert_uint_gt(tally.lost, SEEDS / 4);
    ck_assert_uint_gt(tally.unreadable, 0);
}
END_TEST

START_TEST(a_killed_process_loses_nothing_even_with_off)
{
    power_up(1);
    sqlite3 *db = open_rows("WAL", "OFF");
    for (uint64_t id = 1; id <= 20; id++)
        ck_assert_int_eq(put_row(db, id), SQLITE_OK);
    ck_assert_uint_gt(shim_vfs_waiting(shim), 0);
    shim_vfs_power_off(shim);
    sqlite3_close(db);
    shim_vfs_power_on(shim, SHIM_LOSS_NONE);
    uint64_t count;
    db = open_rows("WAL", "OFF");
    ck_assert(count_rows(db, &count));
    ck_assert_uint_eq(count, 20);
    sqlite3_close(db);
    clear_up();
}
END_TEST

/* --- Faults ---------------------------------------------------------------------------------------- */

static const struct fault_row {
    const char *name;
    struct shim_fault fault;
} faults[] = {
    {"full", {.calls = SHIM_CALL(WRITE), .result = SQLITE_FULL}},
    {"full half-way", {.calls = SHIM_CALL(WRITE), .result = SQLITE_FULL, .partial = true}},
    {"write", {.calls = SHIM_CALL(WRITE), .result = SQLITE_IOERR_WRITE, .lasting = true}},
    {"sync", {.calls = SHIM_CALL(SYNC), .result = SQLITE_IOERR_FSYNC}},
    {"truncate", {.calls = SHIM_CALL(TRUNCATE), .result = SQLITE_IOERR_TRUNCATE}},
    {"read", {.calls = SHIM_CALL(READ), .result = SQLITE_IOERR_READ}},
    {"open", {.calls = SHIM_CALL(OPEN), .result = SQLITE_CANTOPEN}},
    {"remove", {.calls = SHIM_CALL(REMOVE), .result = SQLITE_IOERR_DELETE}},
};

/* Commits that succeeded are there after a life in which one call failed, and the process died. */
static bool passes_untouched(struct shim_fault fault)
{
    power_up(fault.at);
    shim_vfs_fault(shim, fault);
    uint64_t committed = 0, count = 0;
    for (unsigned life = 0; life < 2; life++) {
        sqlite3 *db = open_rows("WAL", "FULL");
        for (unsigned i = 0; db && i < 5 && put_row(db, committed + 1) == SQLITE_OK; i++)
            committed++;
        sqlite3_close(db);
    }
    bool untouched = shim_vfs_failures(shim) == 0;
    shim_vfs_power_off(shim);
    shim_vfs_power_on(shim, SHIM_LOSS_NONE);
    sqlite3 *db = open_rows("WAL", "FULL");
    ck_assert_ptr_nonnull(db);
    ck_assert(is_whole(db));
    ck_assert(count_rows(db, &count));
    ck_assert_uint_ge(count, committed);
    sqlite3_close(db);
    clear_up();
    return untouched;
}

START_TEST(each_call_fails_when_told)
{
    struct shim_fault fault = faults[_i].fault;
    fault.at = 1;
    while (!passes_untouched(fault)) {
        fault.at++;
        ck_assert_uint_lt(fault.at, 1000);
    }
    ck_assert_uint_gt(fault.at, 1);
    printf("%s: %llu calls, each failed once\n", faults[_i].name,
           (unsigned long long)(fault.at - 1));
}
END_TEST

/* What made databases panic on a failed sync: the next one succeeds, and the bytes are gone. */
START_TEST(a_sync_after_a_failed_one_proves_nothing)
{
    static const char text[] = "acknowledged";
    unsigned lost = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        power_up(seed);
        char read[sizeof text] = {0};
        int flags = SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        sqlite3_vfs *vfs = sqlite3_vfs_find("shim");
        sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
        ck_assert_int_eq(vfs->xOpen(vfs, path, file, flags, NULL), SQLITE_OK);
        ck_assert_int_eq(file->pMethods->xWrite(file, text, sizeof text, 0), SQLITE_OK);
        shim_vfs_fault(shim, (struct shim_fault){
                                 .calls = SHIM_CALL(SYNC), .at = 1, .result = SQLITE_IOERR_FSYNC});
        ck_assert_int_eq(file->pMethods->xSync(file, SQLITE_SYNC_FULL), SQLITE_IOERR_FSYNC);
        ck_assert_int_eq(file->pMethods->xSync(file, SQLITE_SYNC_FULL), SQLITE_OK);
        ck_assert_int_eq(file->pMethods->xRead(file, read, sizeof read, 0), SQLITE_OK);
        ck_assert_str_eq(read, text);
        shim_vfs_power_off(shim);
        ck_assert_int_eq(file->pMethods->xClose(file), SQLITE_OK);
        shim_vfs_power_on(shim, SHIM_LOSS_ALL);
        ck_assert_int_eq(vfs->xOpen(vfs, path, file, flags, NULL), SQLITE_OK);
        int result = file->pMethods->xRead(file, read, sizeof read, 0);
        if (result == SQLITE_IOERR_SHORT_READ)
            lost++;
        else
            ck_assert_str_eq(read, text);
        ck_assert_int_eq(file->pMethods->xClose(file), SQLITE_OK);
        free(file);
        clear_up();
    }
    ck_assert_uint_gt(lost, 0);
    ck_assert_uint_lt(lost, 40);
}
END_TEST

/* --- Names ----------------------------------------------------------------------------------------- */

START_TEST(a_name_lasts_when_its_folder_is_synced)
{
    power_up(1);
    char moved[sizeof path + 8];
    snprintf(moved, sizeof moved, "%s.moved", path);
    sqlite3 *db = open_rows("DELETE", "EXTRA");
    ck_assert_int_eq(put_row(db, 1), SQLITE_OK);
    sqlite3_close(db);
    ck_assert_int_eq(rename(path, moved), 0);
    ck_assert_int_ne(access(path, F_OK), 0);
    shim_vfs_power_off(shim);
    shim_vfs_power_on(shim, SHIM_LOSS_ALL);
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_ne(access(moved, F_OK), 0);
    clear_up();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shim_vfs");
    TCase *cuts = tcase_create("power cuts");
    tcase_set_timeout(cuts, 120);
    tcase_add_test(cuts, full_loses_nothing);
    tcase_add_test(cuts, a_rollback_journal_loses_nothing);
    tcase_add_test(cuts, normal_loses_the_last_commits_and_stays_whole);
    tcase_add_test(cuts, off_damages_files);
    tcase_add_test(cuts, a_killed_process_loses_nothing_even_with_off);
    tcase_add_test(cuts, a_name_lasts_when_its_folder_is_synced);
    suite_add_tcase(suite, cuts);
    TCase *failing = tcase_create("faults");
    tcase_set_timeout(failing, 60);
    tcase_add_loop_test(failing, each_call_fails_when_told, 0, sizeof faults / sizeof faults[0]);
    tcase_add_test(failing, a_sync_after_a_failed_one_proves_nothing);
    suite_add_tcase(suite, failing);
    return run_suite(suite);
}
