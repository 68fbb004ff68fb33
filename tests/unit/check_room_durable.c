/* check_room_durable.c - the durable tick of a room: what of its log is saved. */
#include "sync/hash.h"
#include "tests/logged_room.h"
#include "tests/run_suite.h"

START_TEST(the_durable_tick_is_the_last_saved_entry_or_now)
{
    seat_both();
    uint64_t first = room_logged(room);
    ck_assert_uint_eq(room_durable(room), 0);
    room_save(room, first);
    ck_assert_uint_eq(room_durable(room), first);
    tick();
    tick(); /* in which nothing happens */
    ck_assert_uint_eq(room_logged(room), first);
    ck_assert_uint_eq(room_durable(room), room_tick_number(room));
    outcome(room, ada, "[0 'papers' 'p']");
    ck_assert_uint_eq(room_durable(room), first); /* not even written down */
    kept_log_take(&kept, room);
    ck_assert_uint_eq(room_durable(room), first);
    room_save(room, first);
    ck_assert_uint_eq(room_durable(room), first);
    room_save(room, room_logged(room));
    ck_assert_uint_eq(room_durable(room), room_tick_number(room));
}
END_TEST

START_TEST(the_durable_tick_stands_still_in_a_hole)
{
    seat_both();
    room_save(room, room_logged(room));
    tick(); /* in which nothing happens */
    uint64_t before = room_durable(room);
    ck_assert_uint_eq(before, room_tick_number(room));
    does(ada, "[0 'papers' 'p']", STATUS_OK);
    uint64_t written_down = room_logged(room);
    ck_assert_uint_lt(room_durable(room), written_down);
    room_save(room, written_down - 1);
    before = room_durable(room);
    room_log_stop(room);
    outcome(room, ada, "[0 'papers' 'q']");
    ck_assert(!room_log_pending(room));
    ck_assert_uint_eq(room_durable(room), before);
    room_save(room, written_down); /* what had been written down reached the disk */
    ck_assert_uint_eq(room_durable(room), written_down);
    kept_log_resume(&kept, room);
    ck_assert_uint_eq(room_durable(room), written_down);
    room_save(room, room_logged(room));
    ck_assert_uint_eq(room_durable(room), room_tick_number(room));
}
END_TEST

START_TEST(a_hole_begins_behind_what_was_told_to_be_saved)
{
    seat_both();
    room_save(room, room_logged(room));
    tick();
    tick();
    uint64_t told = room_durable(room);
    ck_assert_uint_gt(told, room_logged(room));
    room_log_stop(room);
    step(room);
    ck_assert_uint_eq(room_durable(room), told);
}
END_TEST

START_TEST(what_is_not_written_comes_with_the_next_entry)
{
    struct replay replay;
    seat_both();
    outcome(room, ada, "[0 'papers' 'p']");
    outcome(room, ada, "[0 'papers' 'q']");
    ck_assert(room_log_pending(room));
    kept_log_take(&kept, room);
    ck_assert(!room_log_pending(room));
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_OK);
    ck_assert_uint_eq(room_hash_kept(replay_room(&replay)), room_hash_kept(room));
    replay_abandon(&replay);
}
END_TEST

START_TEST(a_room_that_does_not_log_is_always_saved)
{
    room_destroy(room);
    options.logs = options.saves = false;
    room = room_create(&options);
    uint32_t seat = join(room, 1, ROLE_OWNER);
    outcome(room, seat, "[0 'papers' 'p']");
    ck_assert(!room_log_pending(room));
    ck_assert_uint_eq(room_durable(room), room_tick_number(room));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("room durable");
    TCase *durable = tcase_create("durable");
    tcase_add_checked_fixture(durable, setup_logged, teardown_logged);
    tcase_add_test(durable, the_durable_tick_is_the_last_saved_entry_or_now);
    tcase_add_test(durable, the_durable_tick_stands_still_in_a_hole);
    tcase_add_test(durable, a_hole_begins_behind_what_was_told_to_be_saved);
    tcase_add_test(durable, what_is_not_written_comes_with_the_next_entry);
    tcase_add_test(durable, a_room_that_does_not_log_is_always_saved);
    suite_add_tcase(suite, durable);
    return run_suite(suite);
}
