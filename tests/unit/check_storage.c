/* check_storage.c - flushes: what is said to be saved is, in its order, however the disk fails. */
#include "tests/run_suite.h"
#include "tests/storage_life.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One flush of no meaning. */
static void flush(uint64_t tick)
{
    log_entry(bytes_of("noise"), 1, tick, bytes_of("some bytes"));
    hand_over();
}

static void flush_and_await(uint64_t tick)
{
    flush(tick);
    await_event(STORAGE_FLUSHED);
}

static void expect_appended(const char *expected)
{
    char line[512] = "";
    for (uint32_t i = 0; i < life.faulty.appended_count; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), "%u ",
                 (unsigned)life.faulty.appended[i]);
    ck_assert_str_eq(line, expected);
}

/* --- Flushes --------------------------------------------------------------------------------------- */

START_TEST(flushes_become_durable_in_their_order)
{
    life_again(_i);
    uint64_t told = 0;
    for (uint64_t tick = 1; tick <= 30; tick++) {
        uint64_t number = storage_open_number(life.storage);
        flush(tick);
        while (told + STORAGE_FLUSHES_MAX <= number && told < number) {
            ck_assert_uint_eq(await_event(STORAGE_FLUSHED).number, told + 1);
            told++;
        }
    }
    life_end(true);
    ck_assert_uint_ge(life.faulty.appended_count, 15);
    for (uint32_t i = 0; i < life.faulty.appended_count; i++)
        ck_assert_uint_eq(life.faulty.appended[i], i + 1);
    life_next();
    ck_assert_uint_eq(storage_open_number(life.storage), life.faulty.appended_count + 1);
}
END_TEST

START_TEST(while_two_are_under_way_the_rest_goes_out_together)
{
    faulty_store_stall(&life.faulty, CALL_APPEND, true);
    for (uint64_t tick = 1; tick <= 10; tick++)
        flush(tick);
    ck_assert_uint_eq(storage_open_number(life.storage), 3);
    ck_assert_uint_gt(storage_figures(life.storage).waiting_bytes, 10 * strlen("some bytes"));
    faulty_store_stall(&life.faulty, CALL_APPEND, false);
    await_event(STORAGE_FLUSHED);
    await_event(STORAGE_FLUSHED);
    hand_over();
    ck_assert_uint_eq(await_event(STORAGE_FLUSHED).number, 3);
    ck_assert_uint_eq(storage_figures(life.storage).waiting_bytes, 0);
    ck_assert_uint_eq(storage_figures(life.storage).waiting_us, 0);
}
END_TEST

START_TEST(what_may_pass_is_tried_again_in_the_same_journal)
{
    static const enum store_result passing[] = {STORE_FULL, STORE_BUSY, STORE_MEMORY};
    flush_and_await(1);
    faulty_store_fail(&life.faulty, CALL_APPEND, passing[_i], _i == 2 ? 5 : 2);
    flush(2);
    await_event(STORAGE_TROUBLE);
    await_event(STORAGE_WELL);
    ck_assert_uint_eq(await_event(STORAGE_FLUSHED).number, 2);
    ck_assert(!storage_figures(life.storage).failing);
    ck_assert_uint_eq(faulty_store_calls(&life.faulty, CALL_RENEW_JOURNAL), 0);
    life_end(true);
    ck_assert_int_eq(life.faulty.calls[CALL_RECLAIM] > 0, passing[_i] == STORE_FULL);
    expect_appended(_i == 2 ? "1 2 2 2 2 2 2 " : "1 2 2 2 ");
}
END_TEST

START_TEST(a_journal_that_lies_is_left_and_the_next_gets_all_that_is_kept)
{
    static const enum store_result lies[] = {STORE_FAILED, STORE_DAMAGED};
    for (uint64_t tick = 1; tick <= 3; tick++)
        flush_and_await(tick);
    faulty_store_fail(&life.faulty, CALL_APPEND, lies[_i], 1);
    flush(4);
    await_event(STORAGE_TROUBLE);
    await_event(STORAGE_WELL);
    ck_assert_uint_eq(await_event(STORAGE_FLUSHED).number, 4);
    flush_and_await(5);
    ck_assert_uint_eq(storage_figures(life.storage).generations, 1);
    ck_assert_uint_eq(faulty_store_calls(&life.faulty, CALL_RENEW_JOURNAL), 1);
    expect_appended("1 2 3 4 1 2 3 4 5 ");
}
END_TEST

START_TEST(a_new_journal_that_fails_too_is_tried_until_it_holds_all)
{
    life_again(1 | _i << 1);
    flush_and_await(1);
    flush_and_await(2);
    faulty_store_fail(&life.faulty, CALL_APPEND, STORE_FAILED,
                      2); /* the first, and of the new one */
    flush(3);
    ck_assert_uint_eq(await_event(STORAGE_FLUSHED).number, 3);
    ck_assert(life.saw_trouble && life.saw_well);
    expect_appended("1 2 3 1 1 2 3 ");
    life_crash();
    life_next(); /* nothing is missing in what the journal tells now */
    ck_assert_uint_eq(storage_open_number(life.storage), 4);
    flush_and_await(4);
}
END_TEST

START_TEST(what_nobody_can_tell_is_asked_again)
{
    flush_and_await(1);
    life.faulty.done_all_the_same = _i == 1;
    faulty_store_fail(&life.faulty, CALL_APPEND, STORE_UNKNOWN, 2);
    flush_and_await(2);
    ck_assert(!life.saw_trouble);
    ck_assert_uint_eq(faulty_store_calls(&life.faulty, CALL_RENEW_JOURNAL), 0);
    expect_appended("1 2 2 2 ");
}
END_TEST

START_TEST(a_server_that_lost_its_store_writes_nothing_more)
{
    flush_and_await(1);
    faulty_store_fail(&life.faulty, CALL_APPEND, STORE_FENCED, 1);
    flush(2);
    await_event(STORAGE_FENCED);
    flush(3);
    life_end(false);
    expect_appended("1 2 ");
    ck_assert_uint_eq(life.faulty.calls[CALL_SEAL], 0);
    ck_assert_uint_eq(life.faulty.calls[CALL_RELEASE], 0);
}
END_TEST

START_TEST(the_ring_is_full_by_bytes_while_the_disk_fails)
{
    life_end(true);
    life.options.ring_bytes = 8000;
    life_next();
    static char large[5000];
    log_entry(bytes_of("noise"), 1, 1, (struct bytes){(const uint8_t *)large, 3000});
    hand_over();
    await_event(STORAGE_FLUSHED);
    ck_assert(!storage_is_full(life.storage, life.now_us));
    faulty_store_fail(&life.faulty, CALL_APPEND, STORE_FULL, FAULTY_FOR_EVER);
    flush(2);
    await_event(STORAGE_TROUBLE);
    ck_assert(!storage_is_full(life.storage, life.now_us));
    log_entry(bytes_of("noise"), 1, 3, (struct bytes){(const uint8_t *)large, sizeof large});
    ck_assert(storage_is_full(life.storage, life.now_us));
    faulty_store_fail(&life.faulty, CALL_APPEND, STORE_OK, 0);
    await_event(STORAGE_WELL);
    ck_assert(!storage_is_full(life.storage, life.now_us));
}
END_TEST

START_TEST(the_ring_is_full_by_time_while_the_disk_fails)
{
    uint64_t since_us = life.now_us + STORAGE_FLUSH_US;
    faulty_store_fail(&life.faulty, CALL_APPEND, STORE_BUSY, FAULTY_FOR_EVER);
    flush(1);
    await_event(STORAGE_TROUBLE);
    ck_assert_uint_eq(storage_figures(life.storage).waiting_us, since_us);
    ck_assert(!storage_is_full(life.storage, since_us + STORAGE_RING_S * UINT64_C(1000000)));
    ck_assert(storage_is_full(life.storage, since_us + STORAGE_RING_S * UINT64_C(1000000) + 1));
    faulty_store_fail(&life.faulty, CALL_APPEND, STORE_OK, 0);
    await_event(STORAGE_WELL);
}
END_TEST

START_TEST(a_full_disk_makes_the_archive_give_up_some_of_the_past)
{
    faulty_store_fail(&life.faulty, CALL_APPEND, STORE_FULL, FAULTY_FOR_EVER);
    flush(1);
    await_event(STORAGE_TROUBLE);
    faulty_store_await(&life.faulty, CALL_RECLAIM, 2); /* again, as long as it is full */
    faulty_store_fail(&life.faulty, CALL_APPEND, STORE_OK, 0);
    ck_assert_uint_eq(await_event(STORAGE_FLUSHED).number, 1);
}
END_TEST

/* 0: one failure is none, 1: the journal that was begun anew fails too. */
START_TEST(a_disk_that_is_lost_is_told_once)
{
    flush_and_await(1);
    for (uint64_t tick = 2; tick < 4; tick++) {
        faulty_store_fail(&life.faulty, CALL_APPEND, STORE_FAILED, _i == 0 ? 1 : 6);
        flush(tick);
        await_event(STORAGE_FLUSHED);
        ck_assert_uint_eq(life.lost, _i == 0 ? 0 : 1);
    }
}
END_TEST

START_TEST(a_stop_does_not_wait_for_a_disk_that_hangs)
{
    flush_and_await(1);
    faulty_store_stall(&life.faulty, CALL_APPEND, true);
    flush(2);
    faulty_store_await(&life.faulty, CALL_APPEND, 2);
    ck_assert(!storage_stop(life.storage));
    storage_destroy(life.storage); /* which leaves the thread what it has */
    _exit(EXIT_SUCCESS);
}
END_TEST

START_TEST(a_stop_does_not_wait_for_ever_and_says_what_is_lost)
{
    flush_and_await(1);
    faulty_store_fail(&life.faulty, CALL_APPEND, _i == 0 ? STORE_FULL : STORE_FAILED,
                      FAULTY_FOR_EVER);
    flush(2);
    await_event(STORAGE_TROUBLE);
    flush(3);
    life_end(false);
    faulty_store_fail(&life.faulty, CALL_APPEND, STORE_OK, 0);
    life_next();
    ck_assert_uint_eq(storage_open_number(life.storage), 2);
}
END_TEST

START_TEST(a_journal_that_cannot_be_read_whole_is_not_cut_short)
{
    char error[STORAGE_ERROR_MAX];
    uint64_t fence;
    struct store *under = life.faulty.under;
    flush_and_await(1);
    life_crash();
    ck_assert_int_eq(under->claim(under, &fence), STORE_OK);
    struct store_flush strange = {.number = 2, .bytes = bytes_of("no entry at all")};
    ck_assert_int_eq(under->append(under, fence, &strange), STORE_OK);
    ck_assert_ptr_null(storage_create(&life.options, error));
    ck_assert_ptr_nonnull(strstr(error, store_result_text(STORE_DAMAGED)));
}
END_TEST

/* --- Who asks ------------------------------------------------------------------------------------- */

/* What is durable when a load is done is part of the room, whoever has asked first. */
START_TEST(what_was_flushed_goes_before_what_was_asked_for)
{
    ck_assert(storage_load(life.storage, bytes_of("noise"), NULL));
    flush(1);
    ck_assert_int_eq(await_event(STORAGE_LOADED).result, LOAD_QUARANTINED);
}
END_TEST

START_TEST(a_stop_does_not_wait_for_loads)
{
    for (int i = 0; i < 3; i++)
        ck_assert(storage_load(life.storage, lobby, NULL));
    flush(1);
    ck_assert(storage_stop(life.storage));
    ck_assert_uint_eq(storage_figures(life.storage).loads, 0);
    ck_assert_uint_eq(storage_figures(life.storage).seals, 1);
}
END_TEST

START_TEST(who_removes_behind_what_cannot_be_taken_is_answered)
{
    log_entry(bytes_of("noise"), 1, STORE_TICK_MAX + 1, bytes_of("some bytes"));
    ck_assert(storage_remove(life.storage, bytes_of("one"), 1));
    ck_assert(storage_remove(life.storage, bytes_of("two"), 1));
    hand_over();
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(await_event(STORAGE_REMOVED).answer, STORE_FAILED);
}
END_TEST

static bool add_up(void *context, const struct store_blob *segment)
{
    uint64_t *ticks = context;
    *ticks += segment->first == segment->last ? segment->first : 1000;
    return segment->incarnation == 2;
}

/* So long that it would be sealed on the way to its deletion, into the room that came after it. */
START_TEST(what_the_journal_deletes_further_on_is_not_sealed)
{
    size_t length = 4u << 20;
    uint8_t *bytes = calloc(1, length);
    ck_assert_ptr_nonnull(bytes);
    life_again(2);
    faulty_store_fail(&life.faulty, CALL_SEAL, STORE_BUSY, FAULTY_FOR_EVER);
    for (uint64_t tick = 1; tick <= 7; tick++) {
        log_entry(bytes_of("noise"), 1, tick, (struct bytes){bytes, length});
        hand_over();
        await_event(STORAGE_FLUSHED);
    }
    free(bytes);
    ck_assert(storage_remove(life.storage, bytes_of("noise"), 1));
    hand_over();
    await_event(STORAGE_REMOVED);
    log_entry(bytes_of("noise"), 2, 1, bytes_of("some bytes"));
    hand_over();
    faulty_store_fail(&life.faulty, CALL_SEAL, STORE_OK, 0);
    faulty_store_fail(&life.faulty, CALL_RELEASE, STORE_FULL, FAULTY_FOR_EVER);
    life_end(true);
    life_next();
    life_end(true);
    uint64_t ticks = 0;
    struct store *under = life.faulty.under;
    ck_assert_int_eq(under->read(under, bytes_of("noise"), 0, add_up, &ticks), STORE_OK);
    ck_assert_uint_eq(ticks, 1);
}
END_TEST

/* --- The archive fails ----------------------------------------------------------------------------- */

START_TEST(an_archive_that_lies_never_lets_the_journal_forget)
{
    flush_and_await(1);
    faulty_store_fail(&life.faulty, CALL_SEAL, _i == 0 ? STORE_FAILED : STORE_DAMAGED, 2);
    faulty_store_fail(&life.faulty, CALL_SET_ASIDE, STORE_DAMAGED, 2);
    life_end(true);
    uint32_t seals = life.faulty.calls[CALL_SEAL];
    ck_assert_uint_eq(seals, _i == 0 ? 1 : 2);
    ck_assert_uint_eq(life.faulty.calls[CALL_RELEASE], 0);
    faulty_store_fail(&life.faulty, CALL_SEAL, STORE_OK, 0);
    faulty_store_fail(&life.faulty, CALL_SET_ASIDE, STORE_OK, 0);
    life_next(); /* a new server tries again */
    life_end(true);
    ck_assert_uint_eq(life.faulty.calls[CALL_SEAL], seals + 1);
    ck_assert_uint_eq(life.faulty.calls[CALL_RELEASE], 1);
}
END_TEST

/* More of one room than is sealed at once otherwise: it waits, and all rooms can still be loaded. */
START_TEST(a_full_archive_lets_the_log_of_a_room_grow)
{
    size_t length = 4u << 20;
    uint8_t *bytes = calloc(1, length);
    ck_assert_ptr_nonnull(bytes);
    life_again(2);
    faulty_store_fail(&life.faulty, CALL_SEAL, STORE_FULL, FAULTY_FOR_EVER);
    for (uint64_t tick = 1; tick <= 6; tick++) {
        log_entry(bytes_of("noise"), 1, tick, (struct bytes){bytes, length});
        hand_over();
        await_event(STORAGE_FLUSHED);
    }
    free(bytes);
    ck_assert(storage_load(life.storage, bytes_of("other"), NULL));
    ck_assert_int_eq(await_event(STORAGE_LOADED).result, LOAD_NONE);
    ck_assert(!storage_figures(life.storage).archive_fails);
    faulty_store_fail(&life.faulty, CALL_SEAL, STORE_OK, 0);
    life_end(true);
    life_next();
    ck_assert_uint_eq(storage_figures(life.storage).kept_bytes, 0);
}
END_TEST

START_TEST(a_full_archive_fills_the_ring_and_passes)
{
    life_end(true);
    life.options.seal_ms = 1;
    life.options.ring_bytes = 500;
    life_next();
    faulty_store_fail(&life.faulty, CALL_SEAL, STORE_FULL, FAULTY_FOR_EVER);
    uint64_t tick = 1;
    while (!storage_is_full(life.storage, life.now_us))
        flush_and_await(tick++);
    if (!life.saw_trouble)
        await_event(STORAGE_TROUBLE);
    ck_assert_uint_ge(storage_figures(life.storage).kept_bytes, life.options.ring_bytes);
    faulty_store_fail(&life.faulty, CALL_SEAL, STORE_OK, 0);
    life_end(true);
    ck_assert_uint_lt(tick, 200);
    life_next();
    ck_assert_uint_eq(storage_figures(life.storage).kept_bytes, 0); /* the journal is empty */
}
END_TEST

START_TEST(an_archive_that_hangs_fills_the_ring)
{
    life_end(true);
    life.options.seal_ms = 1;
    life.options.ring_bytes = 500;
    life_next();
    faulty_store_stall(&life.faulty, CALL_SEAL, true);
    flush_and_await(1);
    uint64_t tick = 2;
    while (tick < 200 && !storage_is_full(life.storage, life.now_us))
        flush_and_await(tick++);
    ck_assert_uint_lt(tick, 200);
    ck_assert(storage_figures(life.storage).archive_behind);
    ck_assert(!storage_is_interrupted(life.storage, life.now_us)); /* all of it is saved */
    faulty_store_stall(&life.faulty, CALL_SEAL, false);
    life_end(true);
    life_next();
    ck_assert(!storage_is_full(life.storage, life.now_us));
}
END_TEST

/* The archive hangs, and the journal does not take what came last. */
START_TEST(a_stop_that_leaves_a_thread_behind_says_what_is_lost)
{
    life_end(true);
    life.options.seal_ms = 1;
    life_next();
    uint32_t seals = faulty_store_calls(&life.faulty, CALL_SEAL);
    faulty_store_stall(&life.faulty, CALL_SEAL, true);
    flush_and_await(1);
    faulty_store_await(&life.faulty, CALL_SEAL, seals + 1);
    if (_i == 1)
        faulty_store_fail(&life.faulty, CALL_APPEND, STORE_FULL, FAULTY_FOR_EVER);
    flush(2);
    ck_assert_int_eq(storage_stop(life.storage), _i == 0);
    ck_assert(storage_hangs(life.storage));
    storage_destroy(life.storage);
    _exit(EXIT_SUCCESS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storage");
    TCase *calm = tcase_create("flushes");
    tcase_add_checked_fixture(calm, life_setup, life_teardown);
    tcase_set_timeout(calm, 20);
    tcase_add_loop_test(calm, flushes_become_durable_in_their_order, 0, 4);
    tcase_add_test(calm, a_journal_that_cannot_be_read_whole_is_not_cut_short);
    tcase_add_test(calm, what_was_flushed_goes_before_what_was_asked_for);
    tcase_add_test(calm, a_stop_does_not_wait_for_loads);
    tcase_add_test(calm, who_removes_behind_what_cannot_be_taken_is_answered);
    tcase_add_test(calm, what_the_journal_deletes_further_on_is_not_sealed);
    tcase_add_test(calm, a_full_archive_lets_the_log_of_a_room_grow);
    tcase_add_loop_test(calm, an_archive_that_lies_never_lets_the_journal_forget, 0, 2);
    suite_add_tcase(suite, calm);

    TCase *bad = tcase_create("disks");
    tcase_add_checked_fixture(bad, life_setup_threads, life_teardown);
    tcase_set_timeout(bad, 30);
    tcase_add_test(bad, while_two_are_under_way_the_rest_goes_out_together);
    tcase_add_loop_test(bad, what_may_pass_is_tried_again_in_the_same_journal, 0, 3);
    tcase_add_loop_test(bad, a_journal_that_lies_is_left_and_the_next_gets_all_that_is_kept, 0, 2);
    tcase_add_loop_test(bad, a_new_journal_that_fails_too_is_tried_until_it_holds_all, 0, 2);
    tcase_add_loop_test(bad, what_nobody_can_tell_is_asked_again, 0, 2);
    tcase_add_test(bad, a_server_that_lost_its_store_writes_nothing_more);
    tcase_add_test(bad, the_ring_is_full_by_bytes_while_the_disk_fails);
    tcase_add_test(bad, the_ring_is_full_by_time_while_the_disk_fails);
    tcase_add_test(bad, a_full_disk_makes_the_archive_give_up_some_of_the_past);
    tcase_add_loop_test(bad, a_disk_that_is_lost_is_told_once, 0, 2);
    tcase_add_exit_test(bad, a_stop_does_not_wait_for_a_disk_that_hangs, EXIT_SUCCESS);
    tcase_add_loop_test(bad, a_stop_does_not_wait_for_ever_and_says_what_is_lost, 0, 2);
    tcase_add_test(bad, a_full_archive_fills_the_ring_and_passes);
    tcase_add_test(bad, an_archive_that_hangs_fills_the_ring);
    suite_add_tcase(suite, bad);

    TCase *hanging = tcase_create("hanging");
    tcase_add_checked_fixture(hanging, life_setup_threads, life_teardown);
    tcase_set_timeout(hanging, 60);
    for (int i = 0; i < 2; i++)
        tcase_add_loop_exit_test(hanging, a_stop_that_leaves_a_thread_behind_says_what_is_lost,
                                 EXIT_SUCCESS, i, i + 1);
    suite_add_tcase(suite, hanging);

    return run_suite(suite);
}
