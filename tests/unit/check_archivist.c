/* check_archivist.c - what the archivist makes of a journal whose end a crash has left behind. */
#include "persistence/store_memory.h"
#include "server/storage.h"
#include "sync/rules.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

#include <check.h>

/* Outlives the storages over it, as a disk does. */
static struct store *store;
static void (*close_store)(struct store *store);
static enum store_result (*release)(struct store *store, uint64_t number);
static struct storage *storage;

static void keep_open(struct store *kept)
{
    (void)kept;
}

/* The journal is not told any more that something was sealed. */
static enum store_result lose_release(struct store *of, uint64_t number)
{
    (void)of;
    (void)number;
    return STORE_FULL;
}

static void live(void)
{
    char error[STORAGE_ERROR_MAX];
    storage =
        storage_create(&(struct storage_options){.store = store, .kinds = &kinds_built_in}, error);
    ck_assert_msg(storage != NULL, "%s", error);
}

/* All is flushed and sealed; the crash comes before the journal knows. */
static void crash_after_sealing(void)
{
    store->release = lose_release;
    ck_assert(storage_stop(storage));
    ck_assert(!storage_figures(storage).archive_fails);
    storage_destroy(storage);
    storage = NULL;
    store->release = release;
}

static void setup(void)
{
    store = store_memory_create(1 << 20);
    ck_assert_ptr_nonnull(store);
    close_store = store->close;
    release = store->release;
    store->close = keep_open;
    live();
}

static void teardown(void)
{
    storage_destroy(storage);
    close_store(store);
}

static void write_tick(uint64_t incarnation, uint64_t tick)
{
    struct flush_entry entry = {.room = bytes_of("lobby"),
                                .incarnation = incarnation,
                                .first = tick,
                                .last = tick,
                                .bytes = bytes_of("some")};
    ck_assert(storage_log(storage, &entry));
    storage_flush(storage, 0, true);
    storage_work(storage);
    struct storage_event event;
    while (storage_next(storage, &event))
        ck_assert_int_ne(event.kind, STORAGE_TROUBLE);
}

static bool add_up(void *context, const struct store_blob *segment)
{
    uint64_t *ticks = context;
    *ticks = *ticks * 10 + segment->first;
    if (segment->last != segment->first)
        *ticks = *ticks * 10 + segment->last;
    return true;
}

/* The first and last ticks of all segments, as digits. */
static void expect_segments(uint64_t digits)
{
    uint64_t ticks = 0;
    ck_assert_int_eq(store->read(store, bytes_of("lobby"), 0, add_up, &ticks), STORE_OK);
    ck_assert_uint_eq(ticks, digits);
}

START_TEST(what_was_sealed_is_not_sealed_again_with_what_came_after)
{
    write_tick(1, 1);
    write_tick(1, 2);
    crash_after_sealing();
    live();
    write_tick(2, 3);
    ck_assert(storage_stop(storage));
    ck_assert(!storage_figures(storage).archive_fails);
    expect_segments(123);
}
END_TEST

static void remove_lobby(void)
{
    ck_assert(storage_remove(storage, bytes_of("lobby"), 1));
    storage_flush(storage, 0, true);
}

static void expect_answer(enum storage_event_kind kind, enum store_result answer)
{
    struct storage_event event;
    storage_work(storage);
    unsigned answers = 0;
    while (storage_next(storage, &event)) {
        if (event.kind == STORAGE_FLUSHED)
            continue;
        ck_assert_int_eq(event.kind, kind);
        ck_assert_int_eq(event.answer, answer);
        ck_assert(bytes_equal((struct bytes){event.name, event.name_length}, bytes_of("lobby")));
        answers++;
    }
    ck_assert_uint_eq(answers, 1);
}

START_TEST(a_room_that_was_deleted_and_made_new_has_its_new_log_alone)
{
    write_tick(1, 7);
    write_tick(1, 8);
    remove_lobby();
    expect_answer(STORAGE_REMOVED, STORE_OK);
    write_tick(2, 1);
    write_tick(2, 2);
    crash_after_sealing();
    live();
    write_tick(3, 3);
    ck_assert(storage_stop(storage));
    ck_assert(!storage_figures(storage).archive_fails);
    expect_segments(123);
}
END_TEST

START_TEST(removing_and_releasing_are_answered)
{
    remove_lobby();
    expect_answer(STORAGE_REMOVED, STORE_NOT_FOUND);
    ck_assert(storage_release_room(storage, bytes_of("lobby")));
    expect_answer(STORAGE_RELEASED, STORE_NOT_FOUND);
    write_tick(1, 1);
    remove_lobby();
    expect_answer(STORAGE_REMOVED, STORE_OK);
    remove_lobby();
    expect_answer(STORAGE_REMOVED, STORE_NOT_FOUND);
    write_tick(2, 1);
    ck_assert_int_eq(store->quarantine(store, bytes_of("lobby"), bytes_of("why")), STORE_OK);
    ck_assert(storage_release_room(storage, bytes_of("lobby")));
    expect_answer(STORAGE_RELEASED, STORE_OK);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("archivist");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_was_sealed_is_not_sealed_again_with_what_came_after);
    tcase_add_test(tcase, a_room_that_was_deleted_and_made_new_has_its_new_log_alone);
    tcase_add_test(tcase, removing_and_releasing_are_answered);

    Suite *suite = suite_create("archivist");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
