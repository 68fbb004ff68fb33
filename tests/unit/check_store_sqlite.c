/* check_store_sqlite.c - what a store in two SQLite files promises beyond the contract: which files
 * there are, who may read them, how they are made, refused, salvaged and kept small. */
#include "persistence/checksum.h"
#include "persistence/store_sqlite.h"

#include <check.h>
#include <dirent.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tests/store_formats.h"

#define PATH_BYTES (SCRATCH_PATH_MAX + 300)

static struct scratch scratch;
static char error[STORE_SQLITE_ERROR_MAX];

static void make_folder(void)
{
    scratch = scratch_make();
}

static void remove_folder(void)
{
    scratch_remove(&scratch);
}

static enum store_result try_open(struct store **store)
{
    return store_sqlite_open(&(struct store_sqlite_options){.folder = scratch.path, .sync = true},
                             store, error);
}

static struct store *open_store(void)
{
    struct store *store;
    enum store_result result = try_open(&store);
    ck_assert_msg(result == STORE_OK, "%s", error);
    return store;
}

static const char *path_of(const char *name)
{
    static char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", scratch.path, name);
    return path;
}

static bool exists(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

static void run_sql(const char *name, const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path_of(name), &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    sqlite3_close(db);
}

#define ok(call) ck_assert_int_eq(call, STORE_OK)

static enum store_result
append(struct store *store, uint64_t fence, uint64_t number, const char *text)
{
    return store->append(store, fence,
                         &(struct store_flush){.number = number, .bytes = bytes_of(text)});
}

static void seal(struct store *store, const char *name, uint64_t tick, const char *text)
{
    struct store_blob blob = {
        .incarnation = 7, .first = tick, .last = tick, .bytes = bytes_of(text)};
    struct store_sealed sealed = {
        .name = bytes_of(name), .kind = bytes_of("open"), .segment = blob, .snapshot = blob};
    ok(store->seal(store, &sealed, 1, 1));
}

static bool count_flush(void *context, const struct store_flush *flush)
{
    (void)flush;
    ++*(unsigned *)context;
    return true;
}

static bool count_blob(void *context, const struct store_blob *blob)
{
    (void)blob;
    ++*(unsigned *)context;
    return true;
}

static bool take_state(void *context, const struct store_room *room)
{
    *(enum store_room_state *)context = room->state;
    return true;
}

static enum store_room_state state_of(struct store *store, const char *name)
{
    enum store_room_state state;
    ok(store->room(store, bytes_of(name), take_state, &state));
    return state;
}

/* --- Files -------------------------------------------------------------------------------------- */

START_TEST(files_are_for_their_owner_alone)
{
    umask(0);
    uint64_t fence;
    struct store *store = open_store();
    ok(store->claim(store, &fence));
    ok(append(store, fence, 1, "x"));
    seal(store, "a", 1, "x");
    DIR *folder = opendir(scratch.path);
    const struct dirent *entry;
    unsigned files = 0;
    while ((entry = readdir(folder)) != NULL) {
        struct stat status;
        if (entry->d_name[0] == '.')
            continue;
        ck_assert_int_eq(stat(path_of(entry->d_name), &status), 0);
        ck_assert_msg((status.st_mode & 0777) == 0600, "%s: %o", entry->d_name,
                      (unsigned)status.st_mode);
        files++;
    }
    ck_assert_uint_eq(files, 6);
    closedir(folder);
    store->close(store);
}
END_TEST

START_TEST(a_clean_close_leaves_two_files)
{
    struct store *store = open_store();
    seal(store, "a", 1, "x");
    store->close(store);
    ck_assert(exists("archive.db") && exists("journal-1.db"));
    ck_assert(!exists("archive.db-wal") && !exists("journal-1.db-wal"));
}
END_TEST

START_TEST(an_old_generation_stays_until_all_of_it_is_released)
{
    uint64_t fence;
    struct store *store = open_store();
    ok(store->claim(store, &fence));
    for (uint64_t number = 1; number <= 3; number++)
        ok(append(store, fence, number, "x"));
    ok(store->renew_journal(store));
    for (uint64_t number = 1; number <= 3; number++)
        ok(append(store, fence, number, "x"));
    ok(store->release(store, 2));
    ck_assert(exists("journal-1.db") && exists("journal-2.db"));
    ok(store->release(store, 3));
    ck_assert(!exists("journal-1.db") && !exists("journal-1.db-wal"));
    ck_assert(exists("journal-2.db"));
    store->close(store);
}
END_TEST

/* Three flushes that no release takes away, written anew into one journal after the other. */
START_TEST(a_journal_may_fail_any_number_of_times)
{
    struct store *store = open_store();
    uint64_t fence;
    ok(store->claim(store, &fence));
    for (int generation = 0; generation < 50; generation++) {
        for (uint64_t number = 1; number <= 3; number++)
            ok(append(store, fence, number, "kept"));
        ok(store->renew_journal(store));
        if (generation % 3 == 0)
            ok(append(store, fence, 1, "kept")); /* and fails before it has them all */
        if (generation % 3 == 0)
            ok(store->renew_journal(store));
    }
    store->close(store);
    store = open_store();
    ok(append(store, fence, 4, "next"));
    for (uint64_t number = 1; number <= 3; number++)
        ok(append(store, fence, number, "kept")); /* they are there */
    store->close(store);
}
END_TEST

START_TEST(generations_without_flushes_leave_no_files)
{
    struct store *store = open_store();
    for (int i = 0; i < 40; i++)
        ok(store->renew_journal(store));
    ck_assert(!exists("journal-40.db") && exists("journal-41.db"));
    store->close(store);
}
END_TEST

START_TEST(the_log_of_the_journal_stays_small)
{
    uint64_t fence;
    off_t largest = 0;
    char *text = malloc(10001);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', 10000);
    text[10000] = '\0';
    struct store *store = open_store();
    ok(store->claim(store, &fence));
    for (uint64_t number = 1; number <= 2000; number++) {
        ok(append(store, fence, number, text));
        struct stat status;
        ck_assert_int_eq(stat(path_of("journal-1.db-wal"), &status), 0);
        largest = status.st_size > largest ? status.st_size : largest;
        if (number % 200 == 0)
            ok(store->release(store, number));
    }
    struct stat file;
    ck_assert_int_eq(stat(path_of("journal-1.db"), &file), 0);
    ck_assert_int_lt(largest, 2 << 20);
    ck_assert_int_lt(file.st_size, 4 << 20);
    store->close(store);
    free(text);
}
END_TEST

START_TEST(reclaimed_space_goes_back_to_the_disk)
{
    struct stat before, after;
    uint64_t freed;
    char *text = malloc((1u << 20) + 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < 1u << 20; i++)
        text[i] = (char)('a' + i * 2654435761u % 25);
    text[1u << 20] = '\0';
    struct store *store = open_store();
    for (uint64_t tick = 1; tick <= 8; tick++) {
        text[tick] = '!';
        seal(store, "a", tick, text);
    }
    ck_assert_int_eq(stat(path_of("archive.db"), &before), 0);
    ok(store->reclaim(store, UINT64_MAX, &freed));
    store->close(store);
    ck_assert_int_eq(stat(path_of("archive.db"), &after), 0);
    ck_assert_int_lt(after.st_size, before.st_size - (off_t)freed / 2);
    free(text);
}
END_TEST

/* --- Refusals ----------------------------------------------------------------------------------- */

static void refuse(const char *wanted)
{
    struct store *store;
    ck_assert_int_eq(try_open(&store), STORE_FAILED);
    ck_assert_ptr_null(store);
    ck_assert_msg(strstr(error, wanted) != NULL, "%s", error);
}

static void make_store(void)
{
    uint64_t fence;
    struct store *store = open_store();
    ok(store->claim(store, &fence));
    for (uint64_t number = 1; number <= 9; number++) {
        ok(append(store, fence, number, "flush"));
        seal(store, number % 2 != 0 ? "odd" : "even", number, "log");
    }
    store->close(store);
}

static void set_format(const char *file, uint64_t format)
{
    char sql[128];
    snprintf(sql, sizeof sql,
             "UPDATE meta SET value = %" PRIu64 ", checksum = %" PRId64 " WHERE key = 'format'",
             format, (int64_t)checksum(&format, 1, bytes_of("format"), (struct bytes){0}));
    run_sql(file, sql);
}

START_TEST(a_newer_format_is_refused)
{
    static const char *const files[] = {"archive.db", "journal-1.db"};
    make_store();
    set_format(files[_i], 99);
    refuse("newer version");
}
END_TEST

/* As a server left it that knew no names in their order. */
static void make_older_archive(void)
{
    make_store();
    archive_go_back(scratch.path, 2);
}

static bool note_name(void *context, const struct store_room *room)
{
    char *names = context;
    strncat(names, (const char *)room->name.data, room->name.length);
    strcat(names, " ");
    return true;
}

static void expect_rooms(struct store *store, const char *wanted)
{
    char names[64] = "";
    ok(store->rooms(store, note_name, names));
    ck_assert_str_eq(names, wanted);
    ck_assert_int_eq(store->room(store, bytes_of("none"), take_state, NULL), STORE_NOT_FOUND);
}

START_TEST(an_older_archive_gets_its_names)
{
    make_older_archive();
    for (int i = 0; i < 2; i++) {
        struct store *store = open_store();
        ck_assert_str_eq(error, "");
        ck_assert_uint_eq(store->incarnation(store), 7);
        expect_rooms(store, i == 0 ? "even odd " : "even more odd ");
        if (i == 0)
            seal(store, "more", 1, "log");
        store->close(store);
    }
}
END_TEST

START_TEST(an_older_archive_is_read_as_it_is)
{
    struct store *store;
    make_older_archive();
    ok(store_sqlite_open_to_read(scratch.path, &store, error));
    expect_rooms(store, "even odd ");
    store->close(store);
}
END_TEST

/* A salvage puts another file's first page in the place of one that is damaged. */
START_TEST(the_schema_fits_on_the_first_page)
{
    uint8_t kind = 0;
    if (_i == 0)
        make_store();
    else
        make_older_archive();
    struct store *store = open_store();
    store->close(store);
    FILE *file = fopen(path_of("archive.db"), "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 100, SEEK_SET), 0);
    ck_assert_uint_eq(fread(&kind, 1, 1, file), 1);
    ck_assert_uint_eq(kind, 0x0d); /* a leaf, with all of it */
    fclose(file);
}
END_TEST

START_TEST(a_damaged_older_archive_is_salvaged)
{
    make_older_archive();
    run_sql("archive.db", "UPDATE room SET bytes = 77 WHERE name = CAST('odd' AS BLOB)");
    struct store *store = open_store();
    ck_assert_msg(strstr(error, "archive.db.corrupt-1") != NULL, "%s", error);
    ck_assert_int_eq(state_of(store, "odd"), STORE_ROOM_QUARANTINED);
    ck_assert_int_eq(state_of(store, "even"), STORE_ROOM_WELL);
    store->close(store);
}
END_TEST

START_TEST(a_journal_without_its_archive_is_refused)
{
    make_store();
    ck_assert_int_eq(unlink(path_of("archive.db")), 0);
    refuse("without its archive");
    ck_assert(!exists("archive.db"));
}
END_TEST

START_TEST(a_journal_of_another_store_is_refused)
{
    make_store();
    ck_assert_int_eq(unlink(path_of("archive.db")), 0);
    char kept[PATH_BYTES];
    strcpy(kept, path_of("kept"));
    ck_assert_int_eq(rename(path_of("journal-1.db"), kept), 0);
    make_store();
    ck_assert_int_eq(rename(kept, path_of("journal-2.db")), 0);
    refuse("another store");
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_refused)
{
    struct store *store;
    ck_assert_int_eq(
        store_sqlite_open(&(struct store_sqlite_options){.folder = "/proc/no/such"}, &store, error),
        STORE_FAILED);
}
END_TEST

/* --- Salvage ------------------------------------------------------------------------------------ */

static void overwrite(const char *name, off_t at, const char *bytes, size_t length)
{
    FILE *file = fopen(path_of(name), "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, at, SEEK_SET), 0);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

static void expect_salvage(const char *aside)
{
    ck_assert_msg(strstr(error, aside) != NULL, "%s", error);
    ck_assert(exists(aside));
}

START_TEST(a_destroyed_first_page_costs_nothing)
{
    static const char *const files[] = {"archive.db", "journal-1.db"};
    static const char *const aside[] = {"archive.db.corrupt-1", "journal-1.db.corrupt-1"};
    static const char noise[4096] = "no database";
    make_store();
    overwrite(files[_i], 0, noise, sizeof noise);
    struct store *store = open_store();
    expect_salvage(aside[_i]);
    unsigned flushes = 0, blobs = 0;
    uint64_t last, fence;
    ok(store->flushes(store, count_flush, &flushes, &last));
    ck_assert_uint_eq(flushes, 9);
    ck_assert_uint_eq(last, 9);
    ok(store->read(store, bytes_of("odd"), 0, count_blob, &blobs));
    ck_assert_uint_eq(blobs, 5);
    ck_assert_int_eq(state_of(store, "odd"), STORE_ROOM_WELL);
    ck_assert_int_eq(state_of(store, "even"), STORE_ROOM_WELL);
    ok(store->claim(store, &fence));
    ok(append(store, fence, 10, "goes on"));
    store->close(store);
    store = open_store();
    ck_assert_str_eq(error, "");
    store->close(store);
}
END_TEST

/* Nobody looks at rooms when the store is opened, until one was met whose row does not check. */
START_TEST(a_room_that_lost_something_comes_back_in_quarantine)
{
    make_store();
    run_sql("archive.db", "UPDATE room SET incarnation = 77 WHERE name = CAST('odd' AS BLOB)");
    struct store *store = open_store();
    ck_assert_str_eq(error, "");
    ck_assert_int_eq(state_of(store, "even"), STORE_ROOM_WELL);
    expect_rooms(store, "even odd ");
    ck_assert_int_eq(store->room(store, bytes_of("odd"), take_state, NULL), STORE_DAMAGED);
    store->close(store);
    store = open_store();
    expect_salvage("archive.db.corrupt-1");
    ck_assert_int_eq(state_of(store, "odd"), STORE_ROOM_QUARANTINED);
    ck_assert_int_eq(state_of(store, "even"), STORE_ROOM_WELL);
    unsigned blobs = 0;
    ok(store->read(store, bytes_of("odd"), 0, count_blob, &blobs));
    ck_assert_uint_eq(blobs, 5);
    store->close(store);
}
END_TEST

/* What is there and is not found is missed, however that came. */
START_TEST(a_room_that_cannot_be_found_comes_back_in_quarantine)
{
    static const char *const damages[] = {
        "DELETE FROM room WHERE name = CAST('odd' AS BLOB)",
        "UPDATE room SET name = CAST('odc' AS BLOB) WHERE name = CAST('odd' AS BLOB)",
    };
    make_store();
    run_sql("archive.db", damages[_i]);
    struct store *store = open_store();
    ck_assert_str_eq(error, "");
    ck_assert_int_eq(store->room(store, bytes_of("odd"), take_state, NULL), STORE_DAMAGED);
    ck_assert(exists("archive.db.corrupt-1"));
    ck_assert_int_eq(state_of(store, "odd"), STORE_ROOM_QUARANTINED);
    ck_assert_int_eq(state_of(store, "even"), STORE_ROOM_WELL);
    store->close(store);
}
END_TEST

/* Without its neighbours nobody can tell that a room is not there. The rooms themselves can. */
START_TEST(names_that_are_damaged_are_made_anew)
{
    static const char *const damages[] = {
        "UPDATE chain SET next = CAST('p' AS BLOB) WHERE name = CAST('even' AS BLOB)",
        "DELETE FROM chain WHERE name = CAST('even' AS BLOB)",
        "DELETE FROM chain",
    };
    make_store();
    run_sql("archive.db", damages[_i]);
    struct store *store = open_store();
    ck_assert_str_eq(error, "");
    char names[64] = "";
    ck_assert_int_eq(store->rooms(store, note_name, names), STORE_DAMAGED);
    ck_assert_int_eq(store->room(store, bytes_of("more"), take_state, NULL), STORE_DAMAGED);
    ck_assert_int_eq(store->room(store, bytes_of("more"), take_state, NULL), STORE_NOT_FOUND);
    expect_rooms(store, "even odd ");
    ck_assert_int_eq(state_of(store, "odd"), STORE_ROOM_WELL);
    ck_assert_int_eq(state_of(store, "even"), STORE_ROOM_WELL);
    store->close(store);
}
END_TEST

/* Who reads beside the owner leaves the mending to it. */
START_TEST(a_store_that_is_only_read_replaces_nothing)
{
    make_store();
    run_sql("archive.db", "DELETE FROM chain");
    struct store *store;
    ok(store_sqlite_open_to_read(scratch.path, &store, error));
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(store->room(store, bytes_of("none"), take_state, NULL), STORE_DAMAGED);
    store->close(store);
    ck_assert(!exists("archive.db.corrupt-1"));
}
END_TEST

static int root_of(const char *table)
{
    sqlite3 *db;
    sqlite3_stmt *row;
    ck_assert_int_eq(sqlite3_open(path_of("archive.db"), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = ?1",
                                        -1, &row, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(row, 1, table, -1, SQLITE_STATIC);
    ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
    int root = sqlite3_column_int(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return root;
}

START_TEST(an_archive_that_takes_no_more_is_replaced)
{
    static const char noise[4096] = "no page";
    make_store();
    overwrite("archive.db", (off_t)(root_of("segment") - 1) * 4096, noise, sizeof noise);
    struct store *store = open_store();
    struct store_blob blob = {.first = 20, .last = 20, .bytes = bytes_of("log")};
    struct store_sealed sealed = {
        .name = bytes_of("new"), .kind = bytes_of("open"), .segment = blob};
    ck_assert_int_eq(store->seal(store, &sealed, 1, 1), STORE_DAMAGED);
    ck_assert_msg(strstr(store->place(store), "archive.db.corrupt-1") != NULL, "%s",
                  store->place(store));
    ok(store->seal(store, &sealed, 1, 1));
    ck_assert_int_eq(state_of(store, "new"), STORE_ROOM_WELL);
    ck_assert_int_eq(state_of(store, "odd"), STORE_ROOM_QUARANTINED);
    unsigned snapshots = 0;
    ok(store->snapshot(store, bytes_of("odd"), 9, count_blob, &snapshots));
    ck_assert_uint_eq(snapshots, 1);
    store->close(store);
}
END_TEST

START_TEST(a_second_salvage_leaves_the_first_ones_file_alone)
{
    make_store();
    for (int i = 0; i < 2; i++) {
        overwrite("archive.db", 0, "damaged", 7);
        struct store *store = open_store();
        store->close(store);
    }
    ck_assert(exists("archive.db.corrupt-1") && exists("archive.db.corrupt-2"));
}
END_TEST

START_TEST(a_salvage_that_was_cut_short_is_finished)
{
    make_store();
    char other[PATH_BYTES];
    strcpy(other, path_of("archive.db-salvaged"));
    ck_assert_int_eq(rename(path_of("archive.db"), other), 0);
    struct store *store = open_store();
    ck_assert_int_eq(state_of(store, "odd"), STORE_ROOM_WELL);
    store->close(store);
    ck_assert(!exists("archive.db-salvaged"));
}
END_TEST

START_TEST(a_row_that_strays_to_another_room_is_not_served)
{
    make_store();
    run_sql("archive.db", "DELETE FROM segment WHERE id = (1 << 36 | 3);"
                          "UPDATE segment SET id = (1 << 36 | 3) WHERE id = (2 << 36 | 4)");
    struct store *store = open_store();
    unsigned blobs = 0;
    ck_assert_int_eq(store->read(store, bytes_of("odd"), 0, count_blob, &blobs), STORE_DAMAGED);
    ck_assert_uint_eq(blobs, 1);
    ck_assert_ptr_nonnull(strstr(store->place(store), "room odd at tick 3"));
    blobs = 0;
    ck_assert_int_eq(store->read(store, bytes_of("even"), 0, count_blob, &blobs), STORE_DAMAGED);
    ck_assert_uint_eq(blobs, 1);
    store->close(store);
}
END_TEST

START_TEST(after_a_damaged_flush_a_new_journal_goes_on)
{
    make_store();
    run_sql("journal-1.db", "UPDATE flush SET bytes = CAST('other' AS BLOB) WHERE number = 6");
    struct store *store = open_store();
    unsigned flushes = 0;
    uint64_t last, fence;
    ck_assert_int_eq(store->flushes(store, count_flush, &flushes, &last), STORE_DAMAGED);
    ck_assert_uint_eq(flushes, 5);
    ck_assert_uint_eq(last, 5);
    ok(store->claim(store, &fence));
    ok(store->renew_journal(store));
    ok(append(store, fence, 6, "anew"));
    store->close(store);
    store = open_store();
    flushes = 0;
    ok(store->flushes(store, count_flush, &flushes, &last));
    ck_assert_uint_eq(flushes, 6);
    ck_assert_uint_eq(last, 6);
    store->close(store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_sqlite");
    TCase *tests = tcase_create("store_sqlite");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, files_are_for_their_owner_alone);
    tcase_add_test(tests, a_clean_close_leaves_two_files);
    tcase_add_test(tests, an_old_generation_stays_until_all_of_it_is_released);
    tcase_add_test(tests, a_journal_may_fail_any_number_of_times);
    tcase_add_test(tests, generations_without_flushes_leave_no_files);
    tcase_add_test(tests, the_log_of_the_journal_stays_small);
    tcase_add_test(tests, reclaimed_space_goes_back_to_the_disk);
    tcase_add_loop_test(tests, a_newer_format_is_refused, 0, 2);
    tcase_add_test(tests, an_older_archive_gets_its_names);
    tcase_add_test(tests, an_older_archive_is_read_as_it_is);
    tcase_add_loop_test(tests, the_schema_fits_on_the_first_page, 0, 2);
    tcase_add_test(tests, a_damaged_older_archive_is_salvaged);
    tcase_add_test(tests, a_journal_without_its_archive_is_refused);
    tcase_add_test(tests, a_journal_of_another_store_is_refused);
    tcase_add_test(tests, a_folder_that_is_not_there_is_refused);
    tcase_add_loop_test(tests, a_destroyed_first_page_costs_nothing, 0, 2);
    tcase_add_test(tests, a_room_that_lost_something_comes_back_in_quarantine);
    tcase_add_loop_test(tests, a_room_that_cannot_be_found_comes_back_in_quarantine, 0, 2);
    tcase_add_loop_test(tests, names_that_are_damaged_are_made_anew, 0, 3);
    tcase_add_test(tests, a_store_that_is_only_read_replaces_nothing);
    tcase_add_test(tests, an_archive_that_takes_no_more_is_replaced);
    tcase_add_test(tests, a_second_salvage_leaves_the_first_ones_file_alone);
    tcase_add_test(tests, a_salvage_that_was_cut_short_is_finished);
    tcase_add_test(tests, a_row_that_strays_to_another_room_is_not_served);
    tcase_add_test(tests, after_a_damaged_flush_a_new_journal_goes_on);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
