/* check_store.c - the contract of persistence/store.h, run against every store there is: the journal,
 * and both halves at once. check_store_rooms.c has the archive.
 *
 * Read as the definition: what a new store has to do, it has to do here.
 */
#include "persistence/store_memory.h"
#include "tests/contract.h"
#include "tests/run_suite.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* --- Journal ------------------------------------------------------------------------------------ */

START_TEST(what_is_appended_is_walked_in_order)
{
    claim();
    expect_flushes("", 0);
    ok(append(1, "a"));
    ok(append(2, ""));
    ok(append(3, "c"));
    expect_flushes("1:a 2: 3:c ", 3);
    reopen();
    expect_flushes("1:a 2: 3:c ", 3);
}
END_TEST

START_TEST(a_walk_of_flushes_ends_when_the_visitor_says_so)
{
    claim();
    ok(append(1, "a"));
    ok(append(2, "b"));
    ok(append(3, "c"));
    struct seen seen = {.left = 2};
    uint64_t last;
    ok(store->flushes(store, see_flush, &seen, &last));
    ck_assert_str_eq(seen.text, "1:a 2:b ");
    ck_assert_uint_eq(last, 2);
}
END_TEST

START_TEST(a_flush_that_is_there_is_not_added_again)
{
    claim();
    ok(append(1, "a"));
    ok(append(2, "b"));
    ok(append(2, "b"));
    ok(append(1, "a"));
    expect_flushes("1:a 2:b ", 2);
    ok(store->release(store, 1));
    ok(append(1, "a"));
    expect_flushes("2:b ", 2);
}
END_TEST

START_TEST(another_flush_of_a_number_that_is_taken_fails)
{
    claim();
    ok(append(1, "a"));
    gives(STORE_FAILED, append(1, "b"));
    expect_flushes("1:a ", 1);
}
END_TEST

START_TEST(released_flushes_are_forgotten_but_not_their_numbers)
{
    claim();
    ok(append(1, "a"));
    ok(append(2, "b"));
    ok(append(3, "c"));
    ok(store->release(store, 2));
    expect_flushes("3:c ", 3);
    ok(store->release(store, 1));
    expect_flushes("3:c ", 3);
    ok(store->release(store, 3));
    expect_flushes("", 3);
    reopen();
    claim();
    expect_flushes("", 3);
    ok(append(4, "d"));
    expect_flushes("4:d ", 4);
}
END_TEST

START_TEST(who_claims_fences_the_one_before)
{
    uint64_t first, second;
    ok(store->claim(store, &first));
    fence = first;
    ok(append(1, "a"));
    ok(store->renew(store, first));
    ok(store->claim(store, &second));
    ck_assert_uint_gt(second, first);
    gives(STORE_FENCED, append(2, "b"));
    gives(STORE_FENCED, store->renew(store, first));
    fence = second;
    ok(append(2, "c"));
    ok(store->renew(store, second));
    expect_flushes("1:a 2:c ", 2);
}
END_TEST

START_TEST(fences_grow_over_restarts)
{
    uint64_t first, second;
    ok(store->claim(store, &first));
    reopen();
    ok(store->claim(store, &second));
    ck_assert_uint_gt(second, first);
}
END_TEST

START_TEST(a_large_flush_comes_back)
{
    claim();
    size_t length = 8u << 20;
    uint8_t *bytes = malloc(length);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    struct store_flush flush = {.number = 1, .bytes = {bytes, length}};
    ok(store->append(store, fence, &flush));
    ok(store->append(store, fence, &flush));
    bytes[length - 1] ^= 1;
    gives(STORE_FAILED, store->append(store, fence, &flush));
    free(bytes);
}
END_TEST

START_TEST(a_new_journal_goes_on_where_the_old_one_was)
{
    claim();
    ok(append(1, "a"));
    ok(append(2, "b"));
    ok(append(3, "c"));
    ok(store->release(store, 1));
    ok(store->renew_journal(store));
    ok(append(2, "b"));
    ok(append(3, "c"));
    ok(append(4, "d"));
    expect_flushes("2:b 3:c 4:d ", 4);
    reopen();
    claim();
    expect_flushes("2:b 3:c 4:d ", 4);
    ok(store->release(store, 4));
    ok(append(5, "e"));
    reopen();
    expect_flushes("5:e ", 5);
}
END_TEST

START_TEST(a_crash_within_the_renewal_of_a_journal_loses_nothing)
{
    claim();
    ok(append(1, "a"));
    ok(append(2, "b"));
    ok(append(3, "c"));
    ok(store->renew_journal(store));
    ok(append(1, "a"));
    reopen();
    expect_flushes("1:a 2:b 3:c ", 3);
    claim();
    ok(store->renew_journal(store));
    ok(store->renew_journal(store));
    expect_flushes("1:a 2:b 3:c ", 3);
}
END_TEST

START_TEST(a_fence_holds_in_a_new_journal)
{
    claim();
    ok(append(1, "a"));
    ok(store->renew_journal(store));
    uint64_t old = fence;
    claim();
    ck_assert_uint_gt(fence, old);
    fence = old;
    gives(STORE_FENCED, append(2, "b"));
}
END_TEST

/* --- Threads ------------------------------------------------------------------------------------ */

static void *append_and_release(void *context)
{
    (void)context;
    for (uint64_t number = 1; number <= 300; number++) {
        ok(append(number, "flush"));
        if (number % 10 == 0)
            ok(store->release(store, number - 5));
        if (number % 100 == 0)
            ok(store->renew(store, fence));
    }
    return NULL;
}

START_TEST(each_half_has_a_thread_of_its_own)
{
    claim();
    pthread_t journal;
    ck_assert_int_eq(pthread_create(&journal, NULL, append_and_release, NULL), 0);
    for (uint64_t tick = 1; tick <= 60; tick++) {
        ok(seal_segment("a", tick, tick, "log"));
        ok(seal_snapshot("a", tick, "state"));
        struct seen seen = {0};
        ok(store->snapshot(store, bytes_of("a"), tick, see_blob, &seen));
        ck_assert_uint_eq(store->incarnation(store), 5);
    }
    ck_assert_int_eq(pthread_join(journal, NULL), 0);
    expect_flushes("296:flush 297:flush 298:flush 299:flush 300:flush ", 300);
    ck_assert_uint_eq(tell("a").room.last, 60);
}
END_TEST

/* --- The bound of the one in memory -------------------------------------------------------------- */

START_TEST(a_full_store_keeps_what_it_has)
{
    store = store_memory_create(2000);
    claim();
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ok(append(1, "a"));
    gives(STORE_FULL, append(2, text));
    expect_flushes("1:a ", 1);
    ok(seal_segment("a", 1, 1, "kept"));
    gives(STORE_FULL, seal_segment("a", 2, 2, text));
    struct store_sealed sealed[] = {
        {.name = bytes_of("b"), .kind = bytes_of("open"), .segment = blob(1, 3, "b")},
        {.name = bytes_of("c"), .kind = bytes_of("open"), .segment = blob(1, 3, text)},
    };
    gives(STORE_FULL, store->seal(store, sealed, 2, WALL_MS));
    expect_rooms("a ");
    expect_log("a", 0, "1-1:kept ");
    text[900] = '\0';
    ok(append(2, text));
    gives(STORE_FULL, append(3, text));
    ok(store->release(store, 2));
    ok(append(3, text));
    store->close(store);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, what_is_appended_is_walked_in_order);
    tcase_add_test(tests, a_walk_of_flushes_ends_when_the_visitor_says_so);
    tcase_add_test(tests, a_flush_that_is_there_is_not_added_again);
    tcase_add_test(tests, another_flush_of_a_number_that_is_taken_fails);
    tcase_add_test(tests, released_flushes_are_forgotten_but_not_their_numbers);
    tcase_add_test(tests, who_claims_fences_the_one_before);
    tcase_add_test(tests, fences_grow_over_restarts);
    tcase_add_test(tests, a_large_flush_comes_back);
    tcase_add_test(tests, a_new_journal_goes_on_where_the_old_one_was);
    tcase_add_test(tests, a_crash_within_the_renewal_of_a_journal_loses_nothing);
    tcase_add_test(tests, a_fence_holds_in_a_new_journal);
    tcase_add_test(tests, each_half_has_a_thread_of_its_own);
}

int main(void)
{
    Suite *suite = suite_create("store");
    contract_cases(suite, add_tests);
    TCase *bound = tcase_create("bound");
    tcase_add_test(bound, a_full_store_keeps_what_it_has);
    suite_add_tcase(suite, bound);
    return run_suite(suite);
}
