/* check_store.c - the contract of persistence/store.h, run against every store there is. */
#include "persistence/folder.h"
#include "persistence/store_memory.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES_MAX 100000u

static struct store *open_memory(void)
{
    return store_memory_create(BYTES_MAX);
}

/* A new store goes here, and has to pass all of it. */
static struct store *(*const stores[])(void) = {open_memory};
#define STORES (sizeof stores / sizeof stores[0])

static struct snapshot snapshot_of(const char *text)
{
    return (struct snapshot){
        .kind = bytes_of("open"), .incarnation = 5, .tick = 77, .bytes = bytes_of(text)};
}

static enum status put(struct store *store, const char *name, const char *text)
{
    struct snapshot snapshot = snapshot_of(text);
    return store->put(store, bytes_of(name), &snapshot);
}

START_TEST(what_is_put_is_got)
{
    struct store *store = stores[_i]();
    struct snapshot snapshot;
    ck_assert_int_eq(store->get(store, bytes_of("a"), &snapshot), STATUS_NOT_FOUND);
    ck_assert_int_eq(put(store, "a", "first"), STATUS_OK);
    ck_assert_int_eq(put(store, "b", ""), STATUS_OK);
    ck_assert_int_eq(store->get(store, bytes_of("a"), &snapshot), STATUS_OK);
    ck_assert(bytes_equal(snapshot.bytes, bytes_of("first")));
    ck_assert(bytes_equal(snapshot.kind, bytes_of("open")));
    ck_assert_uint_eq(snapshot.incarnation, 5);
    ck_assert_uint_eq(snapshot.tick, 77);
    ck_assert_int_eq(store->get(store, bytes_of("b"), &snapshot), STATUS_OK);
    ck_assert_uint_eq(snapshot.bytes.length, 0);
    ck_assert_uint_eq(store->count(store), 2);
    store->close(store);
}
END_TEST

START_TEST(a_second_snapshot_takes_the_first_ones_place)
{
    struct store *store = stores[_i]();
    struct snapshot snapshot;
    ck_assert_int_eq(put(store, "a", "a long first snapshot"), STATUS_OK);
    uint64_t before = store->bytes(store);
    ck_assert_int_eq(put(store, "a", "short"), STATUS_OK);
    ck_assert_int_eq(store->get(store, bytes_of("a"), &snapshot), STATUS_OK);
    ck_assert(bytes_equal(snapshot.bytes, bytes_of("short")));
    ck_assert_uint_eq(store->count(store), 1);
    ck_assert_uint_lt(store->bytes(store), before);
    store->close(store);
}
END_TEST

START_TEST(what_is_removed_is_gone)
{
    struct store *store = stores[_i]();
    struct snapshot snapshot;
    ck_assert_int_eq(put(store, "a", "x"), STATUS_OK);
    ck_assert_int_eq(store->remove(store, bytes_of("a")), STATUS_OK);
    ck_assert_int_eq(store->remove(store, bytes_of("a")), STATUS_OK);
    ck_assert_int_eq(store->get(store, bytes_of("a"), &snapshot), STATUS_NOT_FOUND);
    ck_assert_uint_eq(store->bytes(store), 0);
    store->close(store);
}
END_TEST

START_TEST(a_full_store_keeps_what_it_has)
{
    struct store *store = stores[_i]();
    static char text[BYTES_MAX];
    memset(text, 'x', sizeof text - 1);
    struct snapshot snapshot;
    ck_assert_int_eq(put(store, "a", "kept"), STATUS_OK);
    ck_assert_int_eq(put(store, "b", text), STATUS_LIMIT);
    ck_assert_int_eq(put(store, "a", text), STATUS_LIMIT);
    ck_assert_int_eq(store->get(store, bytes_of("a"), &snapshot), STATUS_OK);
    ck_assert(bytes_equal(snapshot.bytes, bytes_of("kept")));
    ck_assert_uint_eq(store->count(store), 1);
    /* Exactly as much as fits is taken. */
    size_t room = BYTES_MAX - (size_t)store->bytes(store) + strlen("kept");
    text[room] = '\0';
    ck_assert_int_eq(put(store, "a", text), STATUS_OK);
    ck_assert_uint_eq(store->bytes(store), BYTES_MAX);
    store->close(store);
}
END_TEST

static bool add_length(void *context, struct bytes name, const struct snapshot *snapshot)
{
    size_t *sum = context;
    *sum += name.length + snapshot->bytes.length;
    return *sum < 1000;
}

START_TEST(each_room_is_visited_until_told_to_stop)
{
    struct store *store = stores[_i]();
    char name[16];
    for (int i = 10; i < 60; i++) {
        snprintf(name, sizeof name, "room%d", i);
        ck_assert_int_eq(put(store, name, "1234"), STATUS_OK);
    }
    size_t sum = 0;
    store->each(store, add_length, &sum);
    ck_assert_uint_eq(sum, 50 * 10);
    sum = 995;
    store->each(store, add_length, &sum);
    ck_assert_uint_eq(sum, 1005);
    store->close(store);
}
END_TEST

START_TEST(incarnations_only_grow)
{
    struct store *store = stores[_i]();
    uint64_t first = store->next_incarnation(store, 1000);
    ck_assert_uint_eq(first, 1000);
    ck_assert_uint_eq(store->next_incarnation(store, 1000), 1001);
    ck_assert_uint_eq(store->next_incarnation(store, 10), 1002);
    struct snapshot snapshot = snapshot_of("x");
    snapshot.incarnation = 9000;
    ck_assert_int_eq(store->put(store, bytes_of("a"), &snapshot), STATUS_OK);
    ck_assert_uint_eq(store->next_incarnation(store, 2000), 9001);
    store->close(store);
}
END_TEST

/* --- The data folder ------------------------------------------------------------------------------ */

static char place[64];

static void make_place(void)
{
    strcpy(place, "/tmp/tutti-check-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place));
}

static void clear_place(void)
{
    char path[96];
    snprintf(path, sizeof path, "%s/data/lock", place);
    unlink(path);
    snprintf(path, sizeof path, "%s/data", place);
    rmdir(path);
    rmdir(place);
}

START_TEST(one_server_has_the_folder)
{
    char path[96];
    struct folder folder, other;
    snprintf(path, sizeof path, "%s/data", place);
    ck_assert_int_eq(folder_open(&folder, path), FOLDER_OPEN);
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0700);
    ck_assert_int_eq(folder_open(&other, path), FOLDER_LOCKED);
    folder_close(&folder);
    ck_assert_int_eq(folder_open(&other, path), FOLDER_OPEN);
    folder_close(&other);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_fails)
{
    struct folder folder;
    ck_assert_int_eq(folder_open(&folder, "/proc/no/such/folder"), FOLDER_FAILED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *contract = tcase_create("contract");
    tcase_add_loop_test(contract, what_is_put_is_got, 0, STORES);
    tcase_add_loop_test(contract, a_second_snapshot_takes_the_first_ones_place, 0, STORES);
    tcase_add_loop_test(contract, what_is_removed_is_gone, 0, STORES);
    tcase_add_loop_test(contract, a_full_store_keeps_what_it_has, 0, STORES);
    tcase_add_loop_test(contract, each_room_is_visited_until_told_to_stop, 0, STORES);
    tcase_add_loop_test(contract, incarnations_only_grow, 0, STORES);
    suite_add_tcase(suite, contract);
    TCase *folder = tcase_create("folder");
    tcase_add_checked_fixture(folder, make_place, clear_place);
    tcase_add_test(folder, one_server_has_the_folder);
    tcase_add_test(folder, a_folder_that_cannot_be_made_fails);
    suite_add_tcase(suite, folder);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
