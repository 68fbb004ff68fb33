/* check_marks.c - quarantines that the archive does not take: nobody gets in meanwhile, and it has them in
 * the end. */
#include "tests/run_suite.h"
#include "tests/storage_life.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static uint64_t now_ms;

static uint64_t clock_ms(void)
{
    return now_ms;
}

static void setup(void)
{
    life_setup();
    life.options.clock_ms = clock_ms;
    life_end(true);
    life_next();
    lobby_make(5);
    lobby_write(1, 10);
}

static void fail_marks(enum store_result result, uint32_t times)
{
    faulty_store_fail(&life.faulty, CALL_QUARANTINE, result, times);
}

static uint64_t waiting(void)
{
    return storage_figures(life.storage).quarantines;
}

static void order(void)
{
    ck_assert(storage_quarantine(life.storage, lobby, "the rules of this room went wrong"));
    ck_assert_uint_eq(waiting(), 1);
}

static void expect_refused(const char *reason)
{
    struct storage_event event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_QUARANTINED);
    ck_assert_msg(strstr(event.text, reason) != NULL, "%s", event.text);
}

/* What is due with the next sealing. */
static void work_later(void)
{
    now_ms += STORAGE_SEAL_MS;
    storage_work(life.storage);
}

static const enum store_result failures[] = {STORE_BUSY, STORE_FULL, STORE_FAILED, STORE_MEMORY,
                                             STORE_DAMAGED};
#define FAILURES ((int)(sizeof failures / sizeof failures[0]))

START_TEST(a_mark_is_tried_until_the_archive_takes_it)
{
    fail_marks(failures[_i], FAULTY_FOR_EVER);
    order();
    expect_refused("went wrong");
    ck_assert(life.saw_trouble);
    work_later();
    ck_assert_uint_eq(waiting(), 1);
    expect_refused("went wrong");
    fail_marks(STORE_OK, 0);
    work_later();
    ck_assert_uint_eq(waiting(), 0);
    life_crash();
    life_next();
    expect_refused("went wrong"); /* as the archive says */
}
END_TEST

START_TEST(an_archive_that_was_replaced_is_asked_again_at_once)
{
    fail_marks(STORE_DAMAGED, 1);
    order();
    storage_work(life.storage);
    ck_assert_uint_eq(waiting(), 0);
    expect_refused("went wrong");
}
END_TEST

START_TEST(the_end_tries_once_more)
{
    fail_marks(STORE_FULL, 1);
    order();
    storage_work(life.storage);
    ck_assert_uint_eq(waiting(), 1);
    life_end(true);
    life_next();
    expect_refused("went wrong");
}
END_TEST

/* One room's damage is in no other's way. */
START_TEST(all_of_them_get_there)
{
    fail_marks(STORE_DAMAGED, FAULTY_FOR_EVER);
    order();
    ck_assert(storage_quarantine(life.storage, bytes_of("attic"), "likewise"));
    storage_work(life.storage);
    ck_assert_uint_eq(waiting(), 2);
    fail_marks(STORE_DAMAGED, 2); /* of the first that is tried */
    work_later();
    ck_assert_uint_eq(waiting(), 1);
    work_later();
    ck_assert_uint_eq(waiting(), 0);
}
END_TEST

START_TEST(ordered_twice_it_waits_once)
{
    fail_marks(STORE_FULL, FAULTY_FOR_EVER);
    order();
    storage_work(life.storage);
    ck_assert(storage_quarantine(life.storage, lobby, "again"));
    storage_work(life.storage);
    ck_assert_uint_eq(waiting(), 1);
    expect_refused("again");
}
END_TEST

START_TEST(a_room_is_released_before_its_mark_got_there)
{
    fail_marks(STORE_FULL, FAULTY_FOR_EVER);
    order();
    expect_refused("went wrong");
    faulty_store_fail(&life.faulty, CALL_ROOM, STORE_BUSY, 1); /* it cannot be told just now */
    ck_assert(storage_release_room(life.storage, lobby));
    ck_assert_int_eq(await_event(STORAGE_RELEASED).answer, STORE_BUSY);
    expect_refused("went wrong");
    ck_assert(storage_release_room(life.storage, lobby));
    ck_assert_int_eq(await_event(STORAGE_RELEASED).answer, STORE_OK);
    ck_assert_uint_eq(waiting(), 0);
    lobby_expect(false);
}
END_TEST

/* 0: one that is stored; 1: one of which there is nothing but the order. */
START_TEST(a_room_is_deleted_before_its_mark_got_there)
{
    struct bytes name = _i == 0 ? lobby : bytes_of("attic");
    fail_marks(STORE_FULL, FAULTY_FOR_EVER);
    ck_assert(storage_quarantine(life.storage, name, "why"));
    storage_work(life.storage);
    ck_assert(storage_remove(life.storage, name, 5));
    hand_over();
    ck_assert_int_eq(await_event(STORAGE_REMOVED).answer, STORE_OK);
    ck_assert_uint_eq(waiting(), 0);
    fail_marks(STORE_OK, 0);
    work_later();
    ck_assert(storage_load(life.storage, name, NULL) != NULL);
    ck_assert_int_eq(await_event(STORAGE_LOADED).result, LOAD_NONE);
}
END_TEST

/* 0: a room like any other; 1: one that is ordered while nothing of it waits to be sealed. */
START_TEST(no_snapshot_is_made_of_what_comes_after_the_order)
{
    life_end(true);
    life_next();
    fail_marks(STORE_FULL, FAULTY_FOR_EVER);
    if (_i == 1)
        order();
    for (unsigned number = 2; number < 12; number++)
        lobby_write(number, 2000);
    lobby_sleeps();
    storage_work(life.storage);
    work_later();
    ck_assert_uint_eq(storage_figures(life.storage).snapshots, _i == 0 ? 1 : 0);
}
END_TEST

/* A log that leads nowhere: found by a load, and the archive does not take that. */
START_TEST(a_damaged_log_is_marked_later)
{
    log_entry(bytes_of("attic"), 5, 1, bytes_of("no log"));
    hand_over();
    (void)await_event(STORAGE_FLUSHED);
    fail_marks(STORE_FULL, FAULTY_FOR_EVER);
    for (int i = 0; i < 2; i++) {
        ck_assert(storage_load(life.storage, bytes_of("attic"), NULL) != NULL);
        ck_assert_int_eq(await_event(STORAGE_LOADED).result, LOAD_QUARANTINED);
        ck_assert_uint_eq(waiting(), 1);
    }
    fail_marks(STORE_OK, 0);
    work_later();
    ck_assert_uint_eq(waiting(), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("marks");
    tcase_add_checked_fixture(tcase, setup, life_teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, a_mark_is_tried_until_the_archive_takes_it, 0, FAILURES);
    tcase_add_test(tcase, an_archive_that_was_replaced_is_asked_again_at_once);
    tcase_add_test(tcase, the_end_tries_once_more);
    tcase_add_test(tcase, all_of_them_get_there);
    tcase_add_test(tcase, ordered_twice_it_waits_once);
    tcase_add_test(tcase, a_room_is_released_before_its_mark_got_there);
    tcase_add_loop_test(tcase, a_room_is_deleted_before_its_mark_got_there, 0, 2);
    tcase_add_loop_test(tcase, no_snapshot_is_made_of_what_comes_after_the_order, 0, 2);
    tcase_add_test(tcase, a_damaged_log_is_marked_later);
    Suite *suite = suite_create("marks");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
