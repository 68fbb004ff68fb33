/* check_store_allocations.c - the N-th allocation fails, SQLite's or our own, for every N: the call
 * says so or does without, and nothing is lost by it.
 */
#include "tests/failing_memory.h"
#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tests/shim_vfs.h"
#include "tests/store_world.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>

#define AT_MAX 10000u

typedef enum store_result deed(struct store_world *world);

static enum store_result reopen(struct store_world *world)
{
    store_world_close(world);
    return store_world_open(world);
}

static enum store_result renew(struct store_world *world)
{
    return store_world_renew(world);
}

static const struct scenario {
    const char *name;
    deed *act;
} scenarios[] = {
    {"append", store_world_append}, {"seal", store_world_seal}, {"release", store_world_release},
    {"new journal", renew},         {"open", reopen},           {"retain", store_world_retain},
};
#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

static void prepare(struct store_world *world, bool sealed)
{
    ck_assert_int_eq(store_world_open(world), STORE_OK);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(store_world_append(world), STORE_OK);
    if (sealed)
        ck_assert_int_eq(store_world_seal(world), STORE_OK);
}

static void all_is_there(struct store_world *world)
{
    struct store_sight sight;
    enum store_result result = reopen(world);
    ck_assert_msg(result == STORE_OK, "%s", world->error);
    ck_assert_str_eq(world->error, "");
    store_world_look(world, &sight);
    ck_assert_msg(sight.lost + sight.wrong + sight.holes + sight.errors == 0, "%s", sight.first);
}

/* Whether the step made fewer allocations than that. */
static bool passes_untouched(const struct scenario *scenario, uint64_t at, unsigned *refused)
{
    struct scratch scratch = scratch_make();
    struct shim_vfs *shim = shim_vfs_create("shim", at);
    struct store_world world;
    store_world_init(&world, &(struct store_world_options){.folder = scratch.path,
                                                           .seed = 5,
                                                           .in_store = failing_memory_counts});
    prepare(&world, scenario->act != store_world_seal);
    failing_memory_at(at);
    enum store_result result = scenario->act(&world);
    bool untouched = failing_memory_count() < at;
    failing_memory_at(0);
    /* SQLite has places where it takes a lack of memory for a disk that fails. */
    bool told = result == STORE_MEMORY || result == STORE_FAILED;
    ck_assert_msg(result == STORE_OK || (told && !untouched), "%s at %" PRIu64 ": %s: %s",
                  scenario->name, at, store_result_text(result),
                  world.store ? world.store->place(world.store) : world.error);
    if (result != STORE_OK) {
        (*refused)++;
        ck_assert_int_eq(scenario->act(&world), STORE_OK);
    }
    ck_assert_int_eq(store_world_append(&world), STORE_OK);
    all_is_there(&world);
    store_world_close(&world);
    shim_vfs_destroy(shim);
    scratch_remove(&scratch);
    return untouched;
}

START_TEST(every_allocation_may_fail)
{
    const struct scenario *scenario = &scenarios[_i];
    unsigned refused = 0;
    uint64_t at = 1;
    failing_memory_install();
    while (!passes_untouched(scenario, at, &refused))
        ck_assert_uint_lt(++at, AT_MAX);
    printf("%s: allocations 1..%" PRIu64 " failed, %u of them refused the call\n", scenario->name,
           at - 1, refused);
    ck_assert_uint_gt(refused, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_allocations");
    TCase *loop = tcase_create("allocations");
    tcase_set_timeout(loop, 300);
    tcase_add_loop_test(loop, every_allocation_may_fail, 0, SCENARIOS);
    suite_add_tcase(suite, loop);
    return run_suite(suite);
}
