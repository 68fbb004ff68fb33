/* check_storage_memory.c - the N-th allocation fails, for every N, while the storage is asked for
 * something: who asked is told that it cannot, or gets an answer. */
#include "persistence/store_memory.h"
#include "server/storage.h"
#include "sync/log.h"
#include "tests/failing_memory.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>

#define AT_MAX 2000u

static const struct bytes lobby = {(const uint8_t *)"lobby", 5};
static struct storage *storage;
static enum storage_load_result load_result;
static unsigned loaded, removed, released, flushed;

/* A room's beginning is in the journal. */
static void prepare(void)
{
    char error[STORAGE_ERROR_MAX];
    static uint8_t bytes[1 << 16];
    struct writer writer = writer_on(bytes, sizeof bytes);
    storage = storage_create(&(struct storage_options){.store = store_memory_create(1 << 20),
                                                       .rooms = {.saves = true},
                                                       .kinds = &kinds_built_in},
                             error);
    ck_assert_ptr_nonnull(storage);
    struct room *room = room_create(
        &(struct room_options){.rules = &kind_open, .incarnation = 5, .logs = true, .saves = true});
    ck_assert_ptr_nonnull(room);
    room_log_write(room, 1000, &writer);
    uint64_t tick = room_logged(room);
    ck_assert(storage_log(storage, &(struct flush_entry){.room = lobby,
                                                         .incarnation = 5,
                                                         .first = tick,
                                                         .last = tick,
                                                         .bytes = writer_bytes(&writer)}));
    room_destroy(room);
    storage_flush(storage, 0, true);
    storage_work(storage);
    struct storage_event event;
    while (storage_next(storage, &event))
        continue;
    loaded = removed = released = flushed = 0;
}

static void take_events(void)
{
    struct storage_event event;
    while (storage_next(storage, &event)) {
        if (event.kind == STORAGE_LOADED)
            load_result = event.result;
        loaded += event.kind == STORAGE_LOADED;
        removed += event.kind == STORAGE_REMOVED;
        released += event.kind == STORAGE_RELEASED;
        flushed += event.kind == STORAGE_FLUSHED;
        room_destroy(event.room);
    }
}

/* Whether the work made fewer allocations than that. */
static bool passes_untouched(uint64_t at)
{
    prepare();
    failing_memory_at(at);
    failing_memory_counts(true);
    unsigned loads = storage_load(storage, lobby, NULL) != NULL;
    storage_work(storage); /* else the removal goes first */
    unsigned releases = storage_release_room(storage, lobby);
    unsigned removals = storage_remove(storage, lobby, 5);
    storage_flush(storage, 0, true);
    storage_work(storage);
    failing_memory_counts(false);
    bool untouched = failing_memory_count() < at;
    failing_memory_at(0);
    /* A flush that could not be handed over goes out now. */
    storage_flush(storage, 0, true);
    storage_work(storage);
    take_events();
    ck_assert_msg(loaded == loads && released == releases && removed == removals,
                  "allocation %" PRIu64 ": %u of %u, %u of %u, %u of %u", at, loaded, loads,
                  released, releases, removed, removals);
    ck_assert_uint_eq(flushed, removals);
    ck_assert(!untouched || loads + releases + removals == 3);
    ck_assert(!untouched || load_result == LOAD_DONE);
    ck_assert(storage_stop(storage));
    storage_destroy(storage);
    return untouched;
}

START_TEST(who_asks_is_answered_whatever_becomes_of_the_memory)
{
    uint64_t at = 1;
    failing_memory_install();
    while (!passes_untouched(at))
        ck_assert_uint_lt(++at, AT_MAX);
    printf("allocations 1..%" PRIu64 " failed\n", at - 1);
    ck_assert_uint_gt(at, 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage without memory");
    TCase *cases = tcase_create("allocations");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, who_asks_is_answered_whatever_becomes_of_the_memory);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
