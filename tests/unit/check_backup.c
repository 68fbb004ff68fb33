/* check_backup.c - copies of a store, taken at rest and while it is written. */
#include "persistence/backup.h"
#include "persistence/flush.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/run_suite.h"
#include "tests/scratch.h"

static struct scratch scratch, above;
static char target[SCRATCH_PATH_MAX + 32], restored[SCRATCH_PATH_MAX + 32];
static char error[STORE_SQLITE_ERROR_MAX];

static void make_folders(void)
{
    scratch = scratch_make();
    above = scratch_make();
    snprintf(target, sizeof target, "%s/backup", above.path);
    snprintf(restored, sizeof restored, "%s/restored", above.path);
}

static void remove_folder(const char *path)
{
    struct scratch folder;
    ck_assert_uint_lt(strlen(path), sizeof folder.path);
    strcpy(folder.path, path);
    if (access(path, F_OK) == 0)
        scratch_remove(&folder);
}

static void remove_folders(void)
{
    remove_folder(target);
    remove_folder(restored);
    scratch_remove(&above);
    scratch_remove(&scratch);
}

static struct store *open_store(const char *folder)
{
    struct store *store;
    enum store_result result = store_sqlite_open(
        &(struct store_sqlite_options){.folder = folder, .sync = true}, &store, error);
    ck_assert_msg(result == STORE_OK && error[0] == '\0', "%s", error);
    return store;
}

#define ok(call) ck_assert_int_eq(call, STORE_OK)

/* Flush n holds the number n alone; so does the segment of tick n. */
static void append(struct store *store, uint64_t fence, uint64_t number)
{
    struct bytes bytes = {(const uint8_t *)&number, sizeof number};
    ok(store->append(store, fence, &(struct store_flush){.number = number, .bytes = bytes}));
}

static void seal(struct store *store, uint64_t tick)
{
    struct store_blob blob = {.incarnation = 7,
                              .first = tick,
                              .last = tick,
                              .bytes = {(const uint8_t *)&tick, sizeof tick}};
    struct store_sealed sealed = {
        .name = bytes_of("room"), .kind = bytes_of("open"), .segment = blob, .snapshot = blob};
    ok(store->seal(store, &sealed, 1, 1));
}

/* Flushes to `last`, those to `sealed` in the archive. */
static void fill(struct store *store, uint64_t *fence, uint64_t sealed, uint64_t last)
{
    ok(store->claim(store, fence));
    for (uint64_t number = 1; number <= last; number++) {
        append(store, *fence, number);
        if (number <= sealed)
            seal(store, number);
    }
    ok(store->release(store, sealed));
}

/* The numbers that were found, each once and in order. */
struct found {
    uint64_t last;
};

static void take(struct found *found, struct bytes bytes)
{
    uint64_t number;
    ck_assert_uint_eq(bytes.length, sizeof number);
    memcpy(&number, bytes.data, sizeof number);
    ck_assert_uint_le(number, found->last + 1);
    if (number > found->last)
        found->last = number;
}

static bool take_segment(void *context, const struct store_blob *blob)
{
    take(context, blob->bytes);
    return true;
}

static bool take_flush(void *context, const struct store_flush *flush)
{
    take(context, flush->bytes);
    return true;
}

static uint64_t read_all(struct store *store)
{
    struct found found = {0};
    uint64_t last;
    ok(store->read(store, bytes_of("room"), 0, take_segment, &found));
    ok(store->flushes(store, take_flush, &found, &last));
    return found.last;
}

static bool take_incarnation(void *context, const struct store_room *room)
{
    *(uint64_t *)context = room->incarnation;
    return true;
}

START_TEST(a_backup_at_rest_holds_everything)
{
    uint64_t fence;
    struct store *store = open_store(scratch.path);
    fill(store, &fence, 30, 50);
    store->close(store);
    ck_assert_int_eq(store_sqlite_backup(scratch.path, target, NULL, NULL, error), STORE_OK);
    struct stat status;
    ck_assert_int_eq(stat(target, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0700);
    store = open_store(target);
    ck_assert_uint_eq(read_all(store), 50);
    store->close(store);
}
END_TEST

static bool is_ada(void *context, const struct store_score *score)
{
    ck_assert(bytes_equal(score->name, bytes_of("Ada")));
    ck_assert_int_eq(score->score, 61500);
    ++*(unsigned *)context;
    return true;
}

START_TEST(a_backup_holds_the_scores)
{
    struct store_score score = {.board = bytes_of("laps"), .name = bytes_of("Ada"), .score = 61500};
    unsigned count = 0;
    struct store *store = open_store(scratch.path);
    ok(store->write_scores(store, &score, 1));
    store->close(store);
    ck_assert_int_eq(store_sqlite_backup(scratch.path, target, NULL, NULL, error), STORE_OK);
    store = open_store(target);
    ok(store->scores(store, is_ada, &count));
    ck_assert_uint_eq(count, 1);
    store->close(store);
}
END_TEST

START_TEST(a_backup_of_two_generations_holds_both)
{
    uint64_t fence;
    struct store *store = open_store(scratch.path);
    fill(store, &fence, 5, 9);
    ok(store->renew_journal(store));
    append(store, fence, 6);
    ck_assert_int_eq(store_sqlite_backup(scratch.path, target, NULL, NULL, error), STORE_OK);
    store->close(store);
    store = open_store(target);
    ck_assert_uint_eq(read_all(store), 9);
    store->close(store);
}
END_TEST

static void write_for_long(const int *ready, const int *stop)
{
    uint64_t fence, last = 200, sealed = 100;
    struct store *store = open_store(scratch.path);
    fill(store, &fence, sealed, last);
    ck_assert_int_eq(write(*ready, "", 1), 1);
    struct timeval none = {0};
    fd_set set;
    do {
        append(store, fence, ++last);
        if (last % 5 == 0) {
            while (sealed < last)
                seal(store, ++sealed);
            ok(store->release(store, sealed));
        }
        if (last % 40 == 0) {
            ok(store->renew_journal(store));
            for (uint64_t number = sealed + 1; number <= last; number++)
                append(store, fence, number);
        }
        FD_ZERO(&set);
        FD_SET(*stop, &set);
    } while (last < 20000 && select(*stop + 1, &set, NULL, NULL, &none) == 0);
    store->close(store);
}

START_TEST(a_backup_under_a_writer_has_no_hole)
{
    int ready[2], stop[2];
    char byte;
    ck_assert(pipe(ready) == 0 && pipe(stop) == 0);
    pid_t writer = fork();
    ck_assert_int_ge(writer, 0);
    if (writer == 0) {
        close(stop[1]);
        write_for_long(&ready[1], &stop[0]);
        _exit(0);
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    for (int round = 0; round < 10; round++) {
        enum store_result result = store_sqlite_backup(scratch.path, target, NULL, NULL, error);
        ck_assert_msg(result == STORE_OK, "%s", error);
        struct store *store = open_store(target);
        ck_assert_uint_ge(read_all(store), 200);
        store->close(store);
        remove_folder(target);
    }
    close(stop[1]);
    int status;
    ck_assert_int_eq(waitpid(writer, &status, 0), writer);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_restored_store_is_another_one)
{
    uint64_t fence, incarnation = 0;
    struct store *store = open_store(scratch.path);
    fill(store, &fence, 30, 50);
    store->close(store);
    ck_assert_int_eq(store_sqlite_backup(scratch.path, target, NULL, NULL, error), STORE_OK);
    ck_assert_int_eq(store_sqlite_restore(target, restored, NULL, NULL, error), STORE_OK);
    ck_assert_str_eq(error, "");
    store = open_store(restored);
    ck_assert_uint_eq(read_all(store), 50);
    ok(store->room(store, bytes_of("room"), take_incarnation, &incarnation));
    ck_assert_uint_eq(incarnation, 8);
    store->close(store);

    /* Its journal is not to be mixed with the archive that it came from. */
    char journal[SCRATCH_PATH_MAX + 96], other[SCRATCH_PATH_MAX + 96];
    snprintf(journal, sizeof journal, "%s/journal-1.db", restored);
    snprintf(other, sizeof other, "%s/journal-2.db", scratch.path);
    ck_assert_int_eq(rename(journal, other), 0);
    enum store_result result = store_sqlite_open(
        &(struct store_sqlite_options){.folder = scratch.path, .sync = true}, &store, error);
    ck_assert_int_eq(result, STORE_FAILED);
    ck_assert_ptr_nonnull(strstr(error, "another store"));
}
END_TEST

struct logged {
    const char *room;
    uint64_t incarnation;
    uint64_t tick; /* 0: it is deleted */
};

static void append_logged(struct store *store, const struct logged entries[], size_t count)
{
    uint64_t fence;
    ok(store->claim(store, &fence));
    for (size_t i = 0; i < count; i++) {
        struct flush_buffer buffer = {0};
        ck_assert(flush_add(&buffer, &(struct flush_entry){.room = bytes_of(entries[i].room),
                                                           .incarnation = entries[i].incarnation,
                                                           .first = entries[i].tick,
                                                           .last = entries[i].tick}));
        struct store_flush flush = {.number = i + 1, .bytes = {buffer.data, buffer.length}};
        ok(store->append(store, fence, &flush));
        free(buffer.data);
    }
}

static bool take_row(void *context, const struct store_room *room)
{
    struct store_room *row = context;
    *row = *room;
    return false;
}

static void expect_row(struct store *store, const char *name, int state, uint64_t incarnation)
{
    struct store_room row = {0};
    ok(store->room(store, bytes_of(name), take_row, &row));
    ck_assert_msg(row.state == (enum store_room_state)state && row.incarnation == incarnation,
                  "%s: state %d, incarnation %d", name, (int)row.state, (int)row.incarnation);
}

/* `room` is sealed in incarnation 7. */
START_TEST(every_room_of_a_restored_store_has_a_higher_incarnation)
{
    static const struct logged entries[] = {
        {"room", 9, 2}, {"room", 8, 1},  {"new", 4, 1},  {"new", 4, 2},  {"gone", 5, 1},
        {"gone", 6, 0}, {"never", 6, 0}, {"anew", 5, 1}, {"anew", 6, 0}, {"anew", 7, 1},
    };
    struct store *store = open_store(scratch.path);
    seal(store, 1);
    append_logged(store, entries, sizeof entries / sizeof entries[0]);
    store->close(store);
    ok(store_sqlite_backup(scratch.path, target, NULL, NULL, error));
    ok(store_sqlite_restore(target, restored, NULL, NULL, error));
    ck_assert_str_eq(error, "");
    store = open_store(restored);
    expect_row(store, "room", STORE_ROOM_WELL, 10);
    expect_row(store, "new", STORE_ROOM_WELL, 5);
    expect_row(store, "gone", STORE_ROOM_DELETED, 7);
    expect_row(store, "anew", STORE_ROOM_WELL, 8);
    struct store_room row;
    ck_assert_int_eq(store->room(store, bytes_of("never"), take_row, &row), STORE_NOT_FOUND);
    ck_assert_uint_eq(store->incarnation(store), 10);
    store->close(store);
}
END_TEST

START_TEST(nothing_is_written_over)
{
    uint64_t fence;
    struct store *store = open_store(scratch.path);
    fill(store, &fence, 3, 5);
    store->close(store);
    ck_assert_int_eq(mkdir(target, 0700), 0);
    ck_assert_int_eq(store_sqlite_backup(scratch.path, target, NULL, NULL, error), STORE_OK);
    ck_assert_int_eq(store_sqlite_backup(scratch.path, target, NULL, NULL, error), STORE_FAILED);
    ck_assert_ptr_nonnull(strstr(error, "not empty"));
    ck_assert_int_eq(store_sqlite_restore(target, scratch.path, NULL, NULL, error), STORE_FAILED);
    ck_assert_int_eq(store_sqlite_restore(above.path, restored, NULL, NULL, error), STORE_FAILED);
    ck_assert_ptr_nonnull(strstr(error, "no store"));
}
END_TEST

static bool stop_at_once(void *context, uint64_t done, uint64_t all)
{
    ck_assert_uint_le(done, all);
    ++*(unsigned *)context;
    return false;
}

START_TEST(a_stopped_backup_leaves_nothing)
{
    uint64_t fence;
    unsigned calls = 0;
    struct store *store = open_store(scratch.path);
    fill(store, &fence, 3, 5);
    ck_assert_int_eq(store_sqlite_backup(scratch.path, target, stop_at_once, &calls, error),
                     STORE_FAILED);
    ck_assert_uint_eq(calls, 1);
    ck_assert_int_eq(access(target, F_OK), -1);
    strcat(target, ".partial");
    ck_assert_int_eq(access(target, F_OK), -1);
    store->close(store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backup");
    TCase *tests = tcase_create("backup");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_folders, remove_folders);
    tcase_add_test(tests, a_backup_at_rest_holds_everything);
    tcase_add_test(tests, a_backup_holds_the_scores);
    tcase_add_test(tests, a_backup_of_two_generations_holds_both);
    tcase_add_test(tests, a_backup_under_a_writer_has_no_hole);
    tcase_add_test(tests, a_restored_store_is_another_one);
    tcase_add_test(tests, every_room_of_a_restored_store_has_a_higher_incarnation);
    tcase_add_test(tests, nothing_is_written_over);
    tcase_add_test(tests, a_stopped_backup_leaves_nothing);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
