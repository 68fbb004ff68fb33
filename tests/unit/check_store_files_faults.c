/* check_store_files_faults.c - files on a disk that fails, loses power, or without memory, at one
 * call after the other: what was said to be there is there, whole; what was not is there whole or not at all;
 * and the file beside it stays. */
#include "persistence/store_sqlite.h"
#include "tests/failing_memory.h"
#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tests/shim_vfs.h"

#include <check.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define AT_MAX 3000u
#define LENGTH (STORE_FILE_PART + 77)

static struct store *store;
static struct scratch scratch;
static char error[STORE_SQLITE_ERROR_MAX];

static enum store_result open_store(void)
{
    struct store_sqlite_options options = {.folder = scratch.path, .vfs = "shim", .sync = true};
    return store_sqlite_open(&options, &store, error);
}

static uint8_t byte_at(uint8_t letter, size_t at)
{
    return (uint8_t)(letter * 131 + at * 7 + at / 251);
}

static struct store_file named(uint8_t letter)
{
    struct store_file file = {.type = 1, .added_ms = 5, .used_ms = 5};
    memset(file.hash, letter, STORE_HASH_BYTES);
    return file;
}

/* All of it, as the archivist does it: what fails in the middle is dropped, if that can be. */
static enum store_result put(uint8_t letter, bool at_once)
{
    static uint8_t bytes[LENGTH];
    for (size_t i = 0; i < LENGTH; i++)
        bytes[i] = byte_at(letter, i);
    const struct store_files *files = store->files;
    struct store_file file = named(letter);
    uint64_t upload;
    bool added;
    if (at_once)
        return files->put(store, bytes_of("lobby"), (struct bytes){bytes, LENGTH}, &file, &added);
    enum store_result result = files->begin(store, bytes_of("lobby"), LENGTH, &upload);
    if (result != STORE_OK)
        return result;
    size_t first = STORE_FILE_PART;
    result = files->write(store, upload, (struct bytes){bytes, first});
    if (result == STORE_OK)
        result = files->write(store, upload, (struct bytes){bytes + first, LENGTH - first});
    if (result == STORE_OK)
        result = files->end(store, upload, &file, &added);
    if (result != STORE_OK) {
        enum store_result dropped = files->drop(store, upload);
        (void)dropped;
    }
    return result;
}

static enum store_result remove_file(uint8_t letter)
{
    struct store_file file = named(letter);
    return store->files->remove(store, bytes_of("lobby"), file.hash);
}

struct reading {
    uint8_t letter;
    size_t at;
};

static void compare(void *context, struct bytes part)
{
    struct reading *reading = context;
    for (size_t i = 0; i < part.length; i++)
        if (part.data[i] != byte_at(reading->letter, reading->at + i))
            ck_abort_msg("byte %zu of file %u is another", reading->at + i, reading->letter);
    reading->at += part.length;
}

/* Whether it is there; then it is whole. */
static bool is_there(uint8_t letter)
{
    struct store_file file = named(letter), found;
    enum store_result result = store->files->find(store, bytes_of("lobby"), file.hash, &found);
    ck_assert_msg(result == STORE_OK || result == STORE_NOT_FOUND, "%s", store->place(store));
    if (result == STORE_NOT_FOUND)
        return false;
    struct reading reading = {.letter = letter};
    for (uint64_t part = 0; result == STORE_OK; part++)
        result = store->files->read(store, bytes_of("lobby"), file.hash, part, compare, &reading);
    ck_assert_msg(result == STORE_NOT_FOUND, "%s", store->place(store));
    ck_assert_uint_eq(reading.at, LENGTH);
    return true;
}

static void no_damage(void *context, struct bytes room, const char *place)
{
    (void)context;
    (void)room;
    ck_abort_msg("%s", place);
}

/* Nothing of an upload is left when the store was opened anew. */
static void expect_held(uint64_t files)
{
    struct store_held held;
    ck_assert_int_eq(store->files->held(store, bytes_of("lobby"), &held), STORE_OK);
    ck_assert_uint_eq(held.files, files);
    ck_assert_uint_eq(held.all_bytes, files * LENGTH);
    ck_assert_int_eq(store->check(store, no_damage, NULL, NULL), STORE_OK);
}

/* Every one of the first, then so many that a run stays short: later calls repeat the first. */
static uint64_t next_call(uint64_t at)
{
    ck_assert_uint_lt(at, AT_MAX);
    return at + 1 + at / 4;
}

/* --- The disk ----------------------------------------------------------------------------------- */

static const struct way {
    const char *name;
    struct shim_fault fault;
} ways[] = {
    {"full", {.calls = SHIM_CALL(WRITE), .result = SQLITE_FULL, .partial = true}},
    {"write", {.calls = SHIM_CALL(WRITE), .result = SQLITE_IOERR_WRITE}},
    {"write for long", {.calls = SHIM_CALL(WRITE), .result = SQLITE_IOERR_WRITE, .lasting = true}},
    {"sync", {.calls = SHIM_CALL(SYNC), .result = SQLITE_IOERR_FSYNC}},
    {"read", {.calls = SHIM_CALL(READ), .result = SQLITE_IOERR_READ}},
    {"power", {.calls = SHIM_CALL_ALL & ~SHIM_CALL(READ), .power_off = true}},
};
#define WAYS (sizeof ways / sizeof ways[0])

enum deed {
    PUTTING,
    PUTTING_AT_ONCE,
    REMOVING
};
#define DEEDS 3

/* True when the fault came behind all that happened. */
static bool goes_well(const struct way *way, uint64_t at, enum deed deed)
{
    bool removes = deed == REMOVING;
    scratch = scratch_make();
    struct shim_vfs *shim = shim_vfs_create("shim", at);
    struct shim_fault fault = way->fault;
    fault.at = at;
    ck_assert_int_eq(open_store(), STORE_OK);
    ck_assert_int_eq(put('a', false), STORE_OK);
    ck_assert_int_eq(put('b', true), STORE_OK);

    shim_vfs_fault(shim, fault);
    enum store_result result = removes ? remove_file('b') : put('c', deed == PUTTING_AT_ONCE);
    bool well = shim_vfs_calls(shim) < at;
    bool power = shim_vfs_power(shim);
    ck_assert_msg(result == STORE_OK || !well, "%s: %s", way->name, store->place(store));
    shim_vfs_fault(shim, (struct shim_fault){0});
    if (power && at % 2 == 0) { /* it goes on without a restart */
        ck_assert(is_there('a'));
        if (result == STORE_OK)
            ck_assert(removes ? !is_there('b') : is_there('c'));
    }
    shim_vfs_power_off(shim);
    store->close(store);
    shim_vfs_power_on(shim, SHIM_LOSS_CHANCE);

    ck_assert_msg(open_store() == STORE_OK, "%s at %" PRIu64 ": %s", way->name, at, error);
    ck_assert_str_eq(error, "");
    ck_assert(is_there('a'));
    bool b = is_there('b'), c = is_there('c');
    if (result == STORE_OK)
        ck_assert_msg(removes ? !b : b && c, "%s at %" PRIu64, way->name, at);
    if (!removes)
        ck_assert(b);
    expect_held(1u + b + c);
    store->close(store);
    shim_vfs_destroy(shim);
    scratch_remove(&scratch);
    return well;
}

START_TEST(calls_of_the_disk_may_fail)
{
    static const char *const deeds[DEEDS] = {"putting", "putting at once", "removing"};
    const struct way *way = &ways[_i / DEEDS];
    enum deed deed = (enum deed)(_i % DEEDS);
    uint64_t at = 1;
    while (!goes_well(way, at, deed))
        at = next_call(at);
    printf("%s, %s: up to call %" PRIu64 "\n", deeds[deed], way->name, at);
    ck_assert_uint_gt(at, 1);
}
END_TEST

/* --- Memory ------------------------------------------------------------------------------------- */

static bool has_memory(uint64_t at, bool at_once)
{
    scratch = scratch_make();
    struct shim_vfs *shim = shim_vfs_create("shim", at);
    ck_assert_int_eq(open_store(), STORE_OK);
    ck_assert_int_eq(put('a', false), STORE_OK);
    failing_memory_at(at);
    failing_memory_counts(true);
    enum store_result result = put('c', at_once);
    failing_memory_counts(false);
    bool untouched = failing_memory_count() < at;
    failing_memory_at(0);
    ck_assert(result == STORE_OK || !untouched);
    ck_assert(is_there('a'));
    ck_assert(result != STORE_OK || is_there('c'));
    ck_assert_int_eq(put('c', at_once), STORE_OK);
    ck_assert(is_there('c'));
    store->close(store);
    ck_assert_int_eq(open_store(), STORE_OK);
    ck_assert_str_eq(error, "");
    expect_held(2);
    store->close(store);
    shim_vfs_destroy(shim);
    scratch_remove(&scratch);
    return untouched;
}

START_TEST(allocations_may_fail)
{
    uint64_t at = 1;
    failing_memory_install();
    while (!has_memory(at, _i == 1))
        at = next_call(at);
    printf("up to allocation %" PRIu64 "\n", at);
    ck_assert_uint_gt(at, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_files_faults");
    TCase *tests = tcase_create("faults");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, calls_of_the_disk_may_fail, 0, DEEDS * WAYS);
    tcase_add_loop_test(tests, allocations_may_fail, 0, 2);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
