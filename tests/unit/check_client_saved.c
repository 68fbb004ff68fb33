/* check_client_saved - what the C client keeps until it is saved, and what it sends again. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/lone_client.h"
#include "tests/run_suite.h"

#define DISK 2

/* Places of one who was live. */
#define HELD "0 6 1 0 2 1"

/* Live at tick 101, durable up to 95. */
static void go_live_on_disk(void)
{
    tutti_opened(lone.client, lone.now);
    expect_output(HELLO);
    welcome_at(9, 100, 0, false, "", DISK, 5);
    hear(STATE);
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_LIVE);
    drain_output();
    lone.told[0] = 0;
}

static void come_back(uint32_t sequence, uint32_t decided, uint32_t incarnation, const char *places)
{
    char hello[128];
    snprintf(hello, sizeof hello,
             "[0 1 x07070707070707070707070707070707 'cursors' 'Ada' %u %u %u [%s] 1]", sequence,
             decided, incarnation, places);
    reconnect(hello);
    lone.told[0] = 0;
}

/* The whole state, in a room that the client held nothing of. */
static void load_anew(void)
{
    hear(STATE);
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_LIVE);
    lone.told[0] = 0;
}

/* Puts a record, sends it, and has it applied at tick 102. */
static void apply_one(void)
{
    put_shape("a");
    drain_output();
    hear("[1 1 [1 0]]");
    expect_told("#1@1=0 ");
}

/* --- Saved ------------------------------------------------------------------------------------------ */

START_TEST(saved_is_told_when_the_durable_tick_has_come_to_the_outcome)
{
    go_live_on_disk();
    ck_assert_int_eq(tutti_durability(lone.client), TUTTI_DURABLE_DISK);
    apply_one();
    ck_assert_uint_eq(tutti_pending(lone.client), 0);
    ck_assert_uint_eq(tutti_unsaved(lone.client), 1);
    hear("[1 2 [0 6]]"); /* durable up to 101 */
    expect_told("");
    hear("[1 1 [0 1]]");
    expect_told("!1 ");
    ck_assert_uint_eq(tutti_unsaved(lone.client), 0);
}
END_TEST

START_TEST(one_frame_may_tell_the_outcome_and_that_it_is_saved)
{
    go_live_on_disk();
    put_shape("a");
    drain_output();
    hear("[1 1 [1 7]]");
    expect_told("#1@1=0 !1 ");
}
END_TEST

START_TEST(what_was_refused_has_nothing_to_save)
{
    go_live_on_disk();
    put_shape("a");
    drain_output();
    hear("[1 1 [1 0 0 8]]");
    expect_told("#1@1=8 ");
    ck_assert_uint_eq(tutti_unsaved(lone.client), 0);
    hear("[1 1 [0 7]]");
    expect_told("");
}
END_TEST

START_TEST(in_memory_what_is_decided_is_as_safe_as_it_gets)
{
    go_live();
    ck_assert_int_eq(tutti_durability(lone.client), TUTTI_DURABLE_MEMORY);
    put_shape("a");
    ck_assert_uint_eq(tutti_unsaved(lone.client), 1);
    drain_output();
    hear("[1 1 [1 0]]");
    expect_told("#1@1=0 !1 ");
    ck_assert_uint_eq(tutti_unsaved(lone.client), 0);
}
END_TEST

START_TEST(what_is_not_saved_is_bounded)
{
    go_live_on_disk();
    for (int i = 0; i < 100; i++)
        put_shape("a");
    for (int i = 0; i < 25; i++) {
        drain_output();
        hear("[1 1 [4 0]]");
    }
    ck_assert_uint_eq(tutti_pending(lone.client), 0);
    ck_assert_uint_eq(tutti_unsaved(lone.client), 100);
    ck_assert_int_eq(tutti_delete(lone.client, "shapes", "a"), TUTTI_LIMIT);
    hear("[1 1 [0 7]]"); /* durable up to 102: four of them */
    ck_assert_uint_eq(tutti_unsaved(lone.client), 96);
    ck_assert_int_eq(tutti_delete(lone.client, "shapes", "a"), TUTTI_OK);
}
END_TEST

/* --- A connection that broke, a server that went on ------------------------------------------------- */

START_TEST(what_is_decided_waits_for_its_tick_on_the_next_connection)
{
    go_live_on_disk();
    apply_one();
    break_link(0, "");
    come_back(1, 1, 9, HELD);
    welcome_at(9, 110, 1, true, "", DISK, 9); /* durable up to 101 */
    expect_told("loading ");
    resume();
    drain_output();
    ck_assert_uint_eq(tutti_repeated(lone.client), 0);
    hear("[1 1 [0 1]]");
    expect_told("!1 ");
}
END_TEST

START_TEST(a_welcome_may_tell_that_all_is_saved)
{
    go_live_on_disk();
    put_shape("a");
    put_shape("b");
    drain_output();
    hear("[1 1 [1 0]]");
    expect_told("#1@1=0 ");
    break_link(0, "");
    come_back(2, 1, 9, HELD);
    welcome_at(9, 110, 2, true, "", DISK, 0);
    expect_told("#2@2=0 !1 !2 loading ");
}
END_TEST

/* --- A server that crashed --------------------------------------------------------------------------- */

START_TEST(what_a_crash_has_lost_is_sent_again_with_its_sequences)
{
    go_live_on_disk();
    put_shape("a");
    put_shape("b");
    put_shape("c");
    put_shape("d");
    drain_output();
    hear("[1 1 [3 0 1 8]]"); /* the second was refused; of the fourth nothing is known */
    expect_told("#1@1=0 #2@2=8 #3@3=0 ");
    break_link(0, "");
    put_shape("e");
    come_back(4, 3, 9, HELD);
    welcome_at(10, 101, 1, true, "", DISK, 0);
    expect_told("!1 loading ");
    ck_assert_uint_eq(tutti_pending(lone.client), 4);
    ck_assert_uint_eq(tutti_unsaved(lone.client), 3);
    load_anew();
    /* In place of the second goes one that is refused as well. */
    expect_output("[1 [[4 0 '-']] [[0 'shapes' 'c' 'n' 1]] [[0 'shapes' 'd' 'n' 1]]"
                  " [[0 'shapes' 'e' 'n' 1]]]");
    ck_assert_uint_eq(tutti_repeated(lone.client), 3);
    hear("[1 1 [4 0 3 8]]");       /* at tick 103 */
    expect_told("#4@4=0 #5@5=0 "); /* of the third it was told before */
    ck_assert_uint_eq(tutti_pending(lone.client), 0);
    hear("[1 1 [0 1]]"); /* durable up to the tick that had told of the third before the crash */
    expect_told("");
    hear("[1 1 [0 1]]");
    expect_told("!3 !4 !5 ");
    ck_assert_uint_eq(tutti_unsaved(lone.client), 0);
}
END_TEST

START_TEST(what_was_applied_and_lost_may_be_refused_the_second_time)
{
    go_live_on_disk();
    apply_one();
    break_link(0, "");
    come_back(1, 1, 9, HELD);
    welcome_at(10, 101, 0, true, "", DISK, 0);
    load_anew();
    expect_output("[1 [[0 'shapes' 'a' 'n' 1]]]");
    hear("[1 1 [1 1 0 4]]");
    expect_told("#1@1=4 ");
    ck_assert_uint_eq(tutti_unsaved(lone.client), 0);
}
END_TEST

START_TEST(a_link_that_breaks_after_a_crash_leaves_outcomes_to_the_next_welcome)
{
    go_live_on_disk();
    apply_one();
    put_shape("b");
    drain_output();
    break_link(0, "");
    come_back(2, 1, 9, HELD);
    welcome_at(10, 101, 0, true, "", DISK, 0);
    load_anew();
    drain_output();
    break_link(0, "");
    come_back(2, 0, 10, HELD);
    welcome_at(10, 103, 2, true, "1 4", DISK, 1); /* the first was refused this time */
    expect_told("#1@1=4 #2@2=0 loading ");
    load_anew();
    hear("[1 0 [0 1]]");
    expect_told("!2 ");
}
END_TEST

/* --- A server that has forgotten ---------------------------------------------------------------------- */

START_TEST(uncertain_is_what_was_sent_and_is_not_saved)
{
    go_live_on_disk();
    put_shape("a");
    put_shape("b");
    put_shape("c");
    put_shape("d");
    drain_output();
    hear("[1 1 [1 7]]");
    expect_told("#1@1=0 !1 ");
    hear("[1 1 [2 0 1 8]]");
    expect_told("#2@2=8 #3@3=0 ");
    break_link(0, "");
    put_shape("e");
    come_back(4, 3, 9, HELD);
    welcome_at(10, 3, 4, false, "", DISK, 3);
    expect_told("?3 ?4 loading ");
    hear(STATE);
    expect_output("[1 [[0 'shapes' 'e' 'n' 1]]]");
    ck_assert_uint_eq(tutti_unsaved(lone.client), 1);
}
END_TEST

START_TEST(what_a_welcome_told_to_be_lost_is_not_uncertain_later)
{
    go_live_on_disk();
    apply_one();
    break_link(0, "");
    come_back(1, 1, 9, HELD);
    welcome_at(10, 101, 0, true, "", DISK, 0);
    break_link(0, ""); /* before it could be sent again */
    come_back(1, 0, 10, "");
    welcome_at(11, 5, 1, false, "", DISK, 0);
    expect_told("loading ");
    hear(STATE);
    expect_output("[1 [[0 'shapes' 'a' 'n' 1]]]");
}
END_TEST

/* --- The server's disk, and servers that lie ----------------------------------------------------------- */

START_TEST(the_state_of_saving_is_handed_on)
{
    go_live_on_disk();
    hear("[5 1]");
    expect_told("saving 1 ");
    hear("[5 1]");
    expect_told("");
    hear("[5 2]");
    expect_told("saving 2 ");
    ck_assert_int_eq(tutti_saving(lone.client), TUTTI_SAVING_PAUSED);
    break_link(0, "");
    come_back(0, 0, 9, HELD);
    welcome_at(9, 110, 0, true, "", DISK, 0);
    expect_told("saving 0 loading ");
}
END_TEST

static const char *const lies[] = {
    "[5 3]", "[5]", "[5 0 0]", "[1 1 [0 8]]", /* durable up to 103 at tick 102 */
};

START_TEST(what_cannot_be_ends_the_connection)
{
    go_live_on_disk();
    hear(lies[_i]);
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_DISCONNECT);
    ck_assert_int_eq(tutti_close_code(lone.client), 4000);
}
END_TEST

START_TEST(a_welcome_from_before_the_first_tick_is_malformed)
{
    tutti_opened(lone.client, lone.now);
    expect_output(HELLO);
    welcome_at(9, 100, 0, false, "", DISK, 101);
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_DISCONNECT);
}
END_TEST

static Suite *saved_suite(void)
{
    Suite *suite = suite_create("client: saved");
    TCase *cases = tcase_create("saved");
    tcase_add_checked_fixture(cases, lone_setup, lone_teardown);
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, saved_is_told_when_the_durable_tick_has_come_to_the_outcome);
    tcase_add_test(cases, one_frame_may_tell_the_outcome_and_that_it_is_saved);
    tcase_add_test(cases, what_was_refused_has_nothing_to_save);
    tcase_add_test(cases, in_memory_what_is_decided_is_as_safe_as_it_gets);
    tcase_add_test(cases, what_is_not_saved_is_bounded);
    tcase_add_test(cases, what_is_decided_waits_for_its_tick_on_the_next_connection);
    tcase_add_test(cases, a_welcome_may_tell_that_all_is_saved);
    tcase_add_test(cases, what_a_crash_has_lost_is_sent_again_with_its_sequences);
    tcase_add_test(cases, what_was_applied_and_lost_may_be_refused_the_second_time);
    tcase_add_test(cases, a_link_that_breaks_after_a_crash_leaves_outcomes_to_the_next_welcome);
    tcase_add_test(cases, uncertain_is_what_was_sent_and_is_not_saved);
    tcase_add_test(cases, what_a_welcome_told_to_be_lost_is_not_uncertain_later);
    tcase_add_test(cases, the_state_of_saving_is_handed_on);
    tcase_add_loop_test(cases, what_cannot_be_ends_the_connection, 0,
                        (int)(sizeof lies / sizeof lies[0]));
    tcase_add_test(cases, a_welcome_from_before_the_first_tick_is_malformed);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return run_suite(saved_suite());
}
