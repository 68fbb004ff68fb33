/* check_power_cut.c - a store through power cuts: what it said is saved is there afterwards.
 *
 * A seed makes a world: lives of a server one after the other, each with flushes, seals, releases,
 * new journals and clean restarts in random order. In some of them a call of the disk fails, and is
 * answered as a server does; each is ended by a power cut at any of the disk's calls, by a kill or by
 * nothing. After each the store has to open, and hold all that it
 * acknowledged, nothing that nobody wrote, and no hole. With `os` the last of it may be gone; that
 * some of it is gone shows that the test can tell.
 *
 * POWER_CUT_SEEDS (how many) and POWER_CUT_FIRST (the first) in the environment choose other seeds.
 */
#include <check.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tests/shim_vfs.h"
#include "tests/store_world.h"

#define LIVES     3u
#define STEPS     36u
#define TRIES     4u
#define CALLS_MAX 260u
#define BIG_SEEDS 32u /* one of so many has flushes and snapshots of many pages */

/* A sanitized build takes several times as long, and looks for other things. */
#ifdef __SANITIZE_ADDRESS__
#define SEEDS 100
#else
#define SEEDS 500
#endif

struct tally {
    uint64_t worlds, lives, cuts, kept, lost;
};

static uint64_t environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

typedef enum store_result deed(struct store_world *world);

static enum store_result reopen(struct store_world *world)
{
    store_world_close(world);
    return store_world_open(world);
}

static deed *random_deed(struct chance *chance)
{
    uint32_t step = chance_below(chance, 100);
    if (step < 72)
        return store_world_append;
    if (step < 84)
        return store_world_seal;
    if (step < 92)
        return store_world_release;
    if (step < 94)
        return store_world_retain;
    return step < 96 ? store_world_renew : reopen;
}

/* What has failed gets a new journal, and all is tried again. */
static enum store_result insist(struct store_world *world, deed *act)
{
    bool renewing = false;
    enum store_result result = act(world);
    for (unsigned i = 0; i < TRIES && result != STORE_OK; i++) {
        if (!world->store) {
            result = store_world_open(world);
            continue;
        }
        bool archive = act == store_world_seal || act == store_world_retain;
        renewing = renewing || (result == STORE_FAILED && !archive) || act == store_world_renew;
        if (renewing)
            result = store_world_renew(world);
        if (result == STORE_OK || !renewing)
            result = act(world);
        renewing = renewing && result != STORE_OK;
    }
    return result;
}

/* How a life is disturbed, beside its end. */
static struct shim_fault random_fault(struct chance *chance)
{
    static const struct shim_fault faults[] = {
        {.calls = SHIM_CALL_ALL & ~SHIM_CALL(READ), .power_off = true},
        {.calls = SHIM_CALL(SYNC), .result = SQLITE_IOERR_FSYNC},
        {.calls = SHIM_CALL(WRITE), .result = SQLITE_FULL, .partial = true},
        {.calls = SHIM_CALL(WRITE), .result = SQLITE_IOERR_WRITE},
        {.calls = SHIM_CALL(READ), .result = SQLITE_IOERR_READ},
    };
    size_t which = chance_below(chance, 8);
    size_t count = sizeof faults / sizeof faults[0];
    struct shim_fault fault = faults[which < count ? which : 0];
    fault.at = 1 + chance_below(chance, fault.power_off ? CALLS_MAX : CALLS_MAX / 4);
    return fault;
}

/* Ends with the store closed and the power back. */
static void live_and_die(struct store_world *world, struct shim_vfs *shim, struct chance *chance)
{
    uint32_t manner = chance_below(chance, 8);
    if (manner >= 2)
        shim_vfs_fault(shim, random_fault(chance));
    enum store_result result = insist(world, store_world_open);
    for (unsigned i = 0; result == STORE_OK && i < STEPS; i++)
        result = insist(world, random_deed(chance));
    ck_assert_msg(result == STORE_OK || !shim_vfs_power(shim),
                  "seed %" PRIu64 ": %s on a disk that is well: %s", world->options.seed,
                  store_result_text(result),
                  world->store ? world->store->place(world->store) : world->error);
    if (manner != 0)
        shim_vfs_power_off(shim);
    store_world_close(world);
    shim_vfs_power_on(shim, manner == 1 ? SHIM_LOSS_NONE : SHIM_LOSS_CHANCE);
}

static void look_again(struct store_world *world, bool sync, struct tally *tally)
{
    struct store_sight sight;
    uint64_t seed = world->options.seed;
    enum store_result result = store_world_open(world);
    ck_assert_msg(result == STORE_OK && world->error[0] == '\0',
                  "seed %" PRIu64 ": unreadable: %s: %s", seed, store_result_text(result),
                  world->error);
    store_world_look(world, &sight);
    ck_assert_msg(sight.wrong == 0 && sight.holes == 0 && sight.errors == 0 &&
                      (!sync || sight.lost == 0),
                  "seed %" PRIu64 ": %" PRIu64 " lost, %" PRIu64 " wrong, %" PRIu64
                  " holes, %" PRIu64 " errors; first %s",
                  seed, sight.lost, sight.wrong, sight.holes, sight.errors, sight.first);
    if (sight.last < world->acknowledged)
        tally->lost += world->acknowledged - sight.last;
    tally->kept += sight.last;
    store_world_adopt(world, &sight);
    store_world_close(world);
}

static void one_world(uint64_t seed, bool sync, struct tally *tally)
{
    struct scratch scratch = scratch_make();
    struct shim_vfs *shim = shim_vfs_create("shim", seed);
    struct chance chance = chance_of(seed);
    struct store_world world;
    store_world_init(&world, &(struct store_world_options){.folder = scratch.path,
                                                           .vfs = "shim",
                                                           .sync = sync,
                                                           .large = seed % BIG_SEEDS == 0,
                                                           .seed = seed});
    for (unsigned life = 0; life < LIVES; life++) {
        live_and_die(&world, shim, &chance);
        look_again(&world, sync, tally);
        tally->lives++;
    }
    tally->worlds++;
    shim_vfs_destroy(shim);
    scratch_remove(&scratch);
}

static struct tally worlds(bool sync)
{
    struct tally tally = {0};
    uint64_t first = environment("POWER_CUT_FIRST", 1);
    uint64_t seeds = environment("POWER_CUT_SEEDS", sync ? SEEDS : SEEDS / 4);
    for (uint64_t seed = first; seed < first + seeds; seed++)
        one_world(seed, sync, &tally);
    printf("%s: %" PRIu64 " worlds, %" PRIu64 " lives, %" PRIu64 " flushes kept, %" PRIu64
           " acknowledged and lost\n",
           sync ? "disk" : "os", tally.worlds, tally.lives, tally.kept, tally.lost);
    return tally;
}

START_TEST(disk_loses_nothing_that_it_acknowledged)
{
    ck_assert_uint_eq(worlds(true).lost, 0);
}
END_TEST

START_TEST(os_loses_the_last_flushes_and_stays_readable)
{
    ck_assert_uint_gt(worlds(false).lost, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("power_cut");
    TCase *cuts = tcase_create("cuts");
    tcase_set_timeout(cuts, 400);
    tcase_add_test(cuts, disk_loses_nothing_that_it_acknowledged);
    tcase_add_test(cuts, os_loses_the_last_flushes_and_stays_readable);
    suite_add_tcase(suite, cuts);
    return run_suite(suite);
}
