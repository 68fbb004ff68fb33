/* check_store_faults.c - the N-th call of the disk fails, for every N until nobody notices.
 *
 * A scenario is a piece of a server's life. It runs once for each N and each way to fail, answered
 * as a server answers: what is full is tried again, what has failed gets a new journal. Then the
 * disk is well again, and the store has to go on; in a second run the server is killed first, and
 * another one starts. Then the power is cut, and all that was acknowledged has to be there.
 */
#include "persistence/sqlite_file.h"
#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tests/shim_vfs.h"
#include "tests/store_world.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define TRIES   4
#define AT_MAX  3000u
#define RESULTS (STORE_MEMORY + 1)

/* --- Ways to fail ---------------------------------------------------------------------------------- */

#define MAY(result) (1u << STORE_##result)

static const struct way {
    const char *name;
    struct shim_fault fault;
    unsigned answers; /* what the store may say to it */
} ways[] = {
    {"full", {.calls = SHIM_CALL(WRITE), .result = SQLITE_FULL}, MAY(FULL)},
    {"full, half written",
     {.calls = SHIM_CALL(WRITE), .result = SQLITE_FULL, .partial = true},
     MAY(FULL)},
    {"full for long",
     {.calls = SHIM_CALL(WRITE), .result = SQLITE_FULL, .lasting = true},
     MAY(FULL)},
    {"write", {.calls = SHIM_CALL(WRITE), .result = SQLITE_IOERR_WRITE}, MAY(FULL) | MAY(FAILED)},
    {"write for long",
     {.calls = SHIM_CALL(WRITE), .result = SQLITE_IOERR_WRITE, .lasting = true},
     MAY(FULL) | MAY(FAILED)},
    {"sync", {.calls = SHIM_CALL(SYNC), .result = SQLITE_IOERR_FSYNC}, MAY(FAILED)},
    {"sync for long",
     {.calls = SHIM_CALL(SYNC), .result = SQLITE_IOERR_FSYNC, .lasting = true},
     MAY(FAILED)},
    {"sync of the folder",
     {.calls = SHIM_CALL(SYNC_FOLDER), .result = SQLITE_IOERR_DIR_FSYNC},
     MAY(FAILED)},
    {"truncate", {.calls = SHIM_CALL(TRUNCATE), .result = SQLITE_IOERR_TRUNCATE}, MAY(FAILED)},
    {"read", {.calls = SHIM_CALL(READ), .result = SQLITE_IOERR_READ}, MAY(FAILED)},
    {"open", {.calls = SHIM_CALL(OPEN), .result = SQLITE_CANTOPEN}, MAY(FAILED)},
    {"remove", {.calls = SHIM_CALL(REMOVE), .result = SQLITE_IOERR_DELETE}, MAY(FAILED)},
};
#define WAYS (sizeof ways / sizeof ways[0])

/* --- A server's answers ---------------------------------------------------------------------------- */

struct trial {
    const struct way *way;
    uint64_t at;
    struct store_world world;
    struct shim_vfs *shim;
    bool killed;   /* the server dies when it has a new journal, else at the end */
    bool renewing; /* a new journal has not got all of it yet */
    unsigned seen; /* MAY() bits of all answers */
};

typedef enum store_result deed(struct store_world *world);

static enum store_result answered(struct trial *trial, enum store_result result)
{
    trial->seen |= 1u << result;
    ck_assert_msg(
        result == STORE_OK || trial->way->answers & 1u << result, "%s at %" PRIu64 ": %s: %s",
        trial->way->name, shim_vfs_calls(trial->shim), store_result_text(result),
        trial->world.store ? trial->world.store->place(trial->world.store) : trial->world.error);
    return result;
}

static enum store_result reopen(struct store_world *world)
{
    store_world_close(world);
    return store_world_open(world);
}

static enum store_result with_policy(struct trial *trial, deed *act)
{
    enum store_result result = STORE_FAILED;
    for (unsigned i = 0; i < TRIES && result != STORE_OK; i++) {
        if (!trial->world.store) {
            result = answered(trial, store_world_open(&trial->world));
            if (result != STORE_OK)
                continue;
        }
        if (trial->renewing) {
            result = answered(trial, store_world_renew(&trial->world));
            trial->renewing = result != STORE_OK;
            if (trial->renewing)
                continue;
            if (trial->killed)
                return STORE_FAILED;
        }
        result = answered(trial, act(&trial->world));
        bool archive = act == store_world_seal || act == store_world_retain;
        if (result == STORE_FAILED && trial->world.store && !archive)
            trial->renewing = true;
    }
    return result;
}

/* --- Scenarios ------------------------------------------------------------------------------------- */

static void nothing(struct trial *trial)
{
    (void)trial;
}

static void must(struct trial *trial, deed *act)
{
    enum store_result result = act(&trial->world);
    ck_assert_msg(result == STORE_OK, "%s: %s", store_result_text(result),
                  trial->world.store ? trial->world.store->place(trial->world.store)
                                     : trial->world.error);
}

static void ten_flushes(struct trial *trial)
{
    must(trial, store_world_open);
    for (int i = 0; i < 10; i++)
        must(trial, store_world_append);
}

static void sealed_and_more(struct trial *trial)
{
    ten_flushes(trial);
    must(trial, store_world_seal);
    must(trial, store_world_release);
    for (int i = 0; i < 5; i++)
        must(trial, store_world_append);
}

/* Rooms with snapshots that are not their only ones. */
static void sealed_often(struct trial *trial)
{
    must(trial, store_world_open);
    for (int i = 0; i < 6; i++) {
        must(trial, store_world_append);
        must(trial, store_world_seal);
        must(trial, store_world_release);
    }
}

/* Nothing of it is in SQLite's caches. */
static void sealed_and_opened(struct trial *trial)
{
    sealed_and_more(trial);
    must(trial, reopen);
}

static void open_fresh(struct trial *trial)
{
    with_policy(trial, store_world_append);
}

static void append_20(struct trial *trial)
{
    for (int i = 0; i < 20; i++)
        if (with_policy(trial, store_world_append) != STORE_OK)
            return;
}

static void seal_and_release(struct trial *trial)
{
    if (with_policy(trial, store_world_seal) == STORE_OK &&
        with_policy(trial, store_world_release) == STORE_OK)
        with_policy(trial, store_world_append);
}

static void renew(struct trial *trial)
{
    trial->renewing = true;
    with_policy(trial, store_world_append);
}

static void close_and_open(struct trial *trial)
{
    reopen(&trial->world);
    with_policy(trial, store_world_append);
}

static void retain(struct trial *trial)
{
    if (with_policy(trial, store_world_retain) == STORE_OK)
        with_policy(trial, store_world_append);
}

static void read_all(struct trial *trial)
{
    struct store_sight sight;
    store_world_look(&trial->world, &sight);
    ck_assert_msg(sight.wrong == 0, "%s", sight.first);
    ck_assert_msg(sight.errors != 0 || sight.lost == 0, "%s", sight.first);
}

static const struct scenario {
    const char *name;
    void (*before)(struct trial *trial); /* on a disk that is well */
    void (*run)(struct trial *trial);
} scenarios[] = {
    {"open fresh", nothing, open_fresh},
    {"append x20", ten_flushes, append_20},
    {"seal, release", ten_flushes, seal_and_release},
    {"new journal", ten_flushes, renew},
    {"new journal after a seal", sealed_and_more, renew},
    {"close, open", sealed_and_more, close_and_open},
    {"retain", sealed_often, retain},
    {"read all", sealed_and_opened, read_all},
};
#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

/* --- The loop -------------------------------------------------------------------------------------- */

static void all_is_there(struct trial *trial)
{
    struct store_sight sight;
    store_world_close(&trial->world);
    enum store_result result = store_world_open(&trial->world);
    ck_assert_msg(result == STORE_OK, "%s at %" PRIu64 ": %s: %s", trial->way->name, trial->at,
                  store_result_text(result), trial->world.error);
    ck_assert_str_eq(trial->world.error, ""); /* nothing was taken for damage */
    store_world_look(&trial->world, &sight);
    ck_assert_msg(sight.lost + sight.wrong + sight.holes + sight.errors == 0,
                  "%s at %" PRIu64 ": %s", trial->way->name, trial->at, sight.first);
    store_world_adopt(&trial->world, &sight);
}

/* The server dies of it, and the next one takes for saved what it finds; the kernel shows it. */
static void kill_and_adopt(struct trial *trial)
{
    shim_vfs_power_off(trial->shim);
    store_world_close(&trial->world);
    shim_vfs_power_on(trial->shim, SHIM_LOSS_NONE);
    trial->renewing = trial->killed = false;
    all_is_there(trial);
}

/* Whether the N-th call was never made. */
static bool passes_untouched(const struct scenario *scenario,
                             const struct way *way,
                             uint64_t at,
                             bool killed,
                             unsigned *seen)
{
    struct scratch scratch = scratch_make();
    struct trial trial = {
        .way = way, .at = at, .killed = killed, .shim = shim_vfs_create("shim", at)};
    store_world_init(&trial.world,
                     &(struct store_world_options){
                         .folder = scratch.path, .vfs = "shim", .sync = true, .seed = at});
    scenario->before(&trial);
    struct shim_fault fault = way->fault;
    fault.at = at;
    shim_vfs_fault(trial.shim, fault);
    scenario->run(&trial);
    bool untouched = shim_vfs_failures(trial.shim) == 0;
    *seen |= trial.seen;

    shim_vfs_fault(trial.shim, (struct shim_fault){0});
    if (killed)
        kill_and_adopt(&trial);
    ck_assert_int_eq(with_policy(&trial, store_world_append), STORE_OK);
    ck_assert_int_eq(with_policy(&trial, store_world_seal), STORE_OK);
    ck_assert_int_eq(with_policy(&trial, store_world_append), STORE_OK);
    shim_vfs_power_off(trial.shim);
    store_world_close(&trial.world);
    shim_vfs_power_on(trial.shim, SHIM_LOSS_CHANCE);
    all_is_there(&trial);
    ck_assert_int_eq(with_policy(&trial, store_world_append), STORE_OK);
    all_is_there(&trial);
    store_world_close(&trial.world);
    shim_vfs_destroy(trial.shim);
    scratch_remove(&scratch);
    return untouched;
}

static void print_answers(unsigned seen)
{
    for (unsigned result = 0; result < RESULTS; result++)
        if (seen & 1u << result)
            printf(" \"%s\"", store_result_text((enum store_result)result));
    printf("\n");
}

START_TEST(every_call_may_fail)
{
    const struct scenario *scenario = &scenarios[(unsigned)_i / WAYS];
    const struct way *way = &ways[(unsigned)_i % WAYS];
    unsigned seen = 0;
    uint64_t at = 1;
    for (bool untouched = false; !untouched; at++) {
        ck_assert_uint_lt(at, AT_MAX);
        untouched = passes_untouched(scenario, way, at, false, &seen);
        if (!passes_untouched(scenario, way, at, true, &seen))
            untouched = false;
    }
    printf("%s, %s: failed at 1..%" PRIu64 ", answers", scenario->name, way->name, at - 2);
    print_answers(seen);
}
END_TEST

/* --- What the disk refuses, and what is damaged --------------------------------------------------- */

/* More than fits in memory, so that the disk is asked each time. */
static enum store_result ask_disk(struct sqlite_file *file, struct shim_vfs *shim, int result)
{
    static const int refusals[] = {EIO, ENXIO, ERANGE};
    static int turn;
    bool refuses = result == SQLITE_IOERR_CORRUPTFS;
    shim_vfs_fault(shim, (struct shim_fault){.calls = SHIM_CALL(READ),
                                             .at = result != SQLITE_OK ? 2 : 0,
                                             .result = result,
                                             .refusal = refuses ? refusals[turn++ % 3] : 0});
    enum store_result answer = sqlite_file_step(file, file->statements[0]);
    sqlite3_reset(file->statements[0]);
    ck_assert_uint_eq(shim_vfs_failures(shim), result != SQLITE_OK ? 1 : 0);
    return answer;
}

START_TEST(damage_is_told_as_such_after_a_read_that_was_refused)
{
    static const char *const sql[] = {"SELECT count(*) FROM t WHERE x LIKE '%y%'"};
    struct scratch scratch = scratch_make();
    struct shim_vfs *shim = shim_vfs_create("shim", 1);
    struct sqlite_place place = {.folder = scratch.path, .vfs = "shim", .sync = true};
    struct sqlite_file file;
    ck_assert_int_eq(
        sqlite_file_open(&file, &(struct sqlite_file_options){.place = &place, .name = "t.db"}),
        STORE_OK);
    ck_assert_int_eq(sqlite_file_exec(&file, "CREATE TABLE t(x);"
                                             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                                             "SELECT i + 1 FROM n WHERE i < 1000) "
                                             "INSERT INTO t SELECT hex(zeroblob(500)) FROM n"),
                     STORE_OK);
    if (_i == 1) /* else the pages are in the log */
        ck_assert_int_eq(sqlite_file_empty_log(&file), STORE_OK);
    ck_assert_int_eq(sqlite_file_prepare(&file, sql, 1), STORE_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(ask_disk(&file, shim, SQLITE_IOERR_CORRUPTFS), STORE_FAILED);
        ck_assert(!file.corrupt);
        ck_assert_int_eq(ask_disk(&file, shim, SQLITE_OK), STORE_OK);
    }
    ck_assert_int_eq(ask_disk(&file, shim, SQLITE_CORRUPT), STORE_DAMAGED);
    sqlite_file_close(&file);
    shim_vfs_destroy(shim);
    scratch_remove(&scratch);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_faults");
    TCase *faults = tcase_create("faults");
    tcase_set_timeout(faults, 300);
    tcase_add_loop_test(faults, every_call_may_fail, 0, SCENARIOS * WAYS);
    tcase_add_loop_test(faults, damage_is_told_as_such_after_a_read_that_was_refused, 0, 2);
    suite_add_tcase(suite, faults);
    return run_suite(suite);
}
