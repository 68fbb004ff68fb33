/* check_board_rights.c - who may change what on a board: locks, the words of comments, viewers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/board_parts.h"
#include "tests/board_room.h"
#include "tests/run_suite.h"

/* --- Locks --------------------------------------------------------------------------------------- */

START_TEST(what_is_locked_changes_in_nothing_but_its_lock)
{
    good("[0 'objects' 'a' " BOX " 'lock' 1] [0 'objects' 'pen' " STROKE
         " 'points' [1 1 1] 'lock' 1]");
    for (uint32_t member = 0; member < 2; member++) { /* the owner no more than others */
        uint32_t who = member == 0 ? ada : bob;
        ck_assert_int_eq(outcome(room, who, "[1 'objects' 'a' 'x' 1]"), STATUS_LOCKED);
        ck_assert_int_eq(outcome(room, who, "[0 'objects' 'a' 'x' 1]"), STATUS_LOCKED);
        ck_assert_int_eq(outcome(room, who, "[1 'objects' 'a' 'x' nil]"), STATUS_LOCKED);
        ck_assert_int_eq(outcome(room, who, "[2 'objects' 'pen' 'points' 1 1 1]"), STATUS_LOCKED);
        ck_assert_int_eq(outcome(room, who, "[4 'objects' 'a']"), STATUS_LOCKED);
        ck_assert_int_eq(outcome(room, who, "[1 'objects' 'a' 'lock' 1 'x' 1]"), STATUS_LOCKED);
        ck_assert_int_eq(outcome(room, who, "[1 'objects' 'a' 'lock' 2 'x' 1]"), STATUS_LOCKED);
        ck_assert_int_eq(outcome(room, who, "[1 'objects' 'a']"), STATUS_OK);
        ck_assert_int_eq(outcome(room, who, "[1 'objects' 'a' 'lock' 1]"), STATUS_OK);
    }
    bobs("[1 'objects' 'a' 'lock' nil 'x' 5]", STATUS_OK);
    expect("objects", "a", "x", "5");
    bobs("[1 'objects' 'pen' 'lock' 0] [4 'objects' 'pen']", STATUS_OK);
    bobs("[1 'objects' 'a' 'lock' 1] [1 'objects' 'a' 'x' 6]", STATUS_LOCKED);
    expect("objects", "a", "lock", "nil");
}
END_TEST

START_TEST(what_is_kept_is_its_keepers_and_the_owners)
{
    good("[0 'objects' 'a' " BOX "]");
    bobs("[1 'objects' 'a' 'lock' 2]", STATUS_OK);
    carols("[1 'objects' 'a' 'x' 1]", STATUS_LOCKED);
    carols("[1 'objects' 'a' 'lock' 0]", STATUS_LOCKED);
    carols("[1 'objects' 'a' 'lock' 2]", STATUS_LOCKED);
    carols("[1 'objects' 'a' 'lock' 0 'x' 1]", STATUS_LOCKED);
    carols("[4 'objects' 'a']", STATUS_LOCKED);
    carols("[1 'objects' 'a']", STATUS_OK);                   /* which changes nothing */
    carols("[33 'objects' 'a' 1 'lock' 0 'x' 1]", STATUS_OK); /* nothing of it is carol's */
    expect("objects", "a", "lock", "2");
    bobs("[1 'objects' 'a' 'x' 2]", STATUS_OK);
    good("[1 'objects' 'a' 'x' 3]");
    good("[1 'objects' 'a' 'lock' 1]");
    carols("[1 'objects' 'a' 'lock' 2]", STATUS_OK);
    bobs("[1 'objects' 'a' 'x' 4]", STATUS_LOCKED);
    good("[4 'objects' 'a']");
}
END_TEST

/* Or nobody could ever take it away, or even know of it. */
START_TEST(what_does_not_show_takes_no_lock)
{
    good("[0 'objects' 'pen' " STROKE "] [0 'objects' 'line' " ARROW "]");
    static const struct row rows[] = {
        {"[1 'objects' 'pen' 'lock' 1]", STATUS_INCOMPLETE},
        {"[1 'objects' 'line' 'lock' 2]", STATUS_INCOMPLETE},
        {"[1 'objects' 'pen' 'lock' 0]", STATUS_OK},
        {"[0 'objects' 'a' " STROKE " 'lock' 2]", STATUS_INCOMPLETE},
        {"[0 'objects' 'a' " STROKE " 'points' [] 'lock' 2]", STATUS_INCOMPLETE},
        {"[0 'objects' 'a' " STROKE " 'points' [1 1 1] 'lock' 2]", STATUS_OK},
        {"[1 'objects' 'a' 'points' nil]", STATUS_INCOMPLETE},
        {"[1 'objects' 'a' 'points' nil 'lock' 0]", STATUS_OK},
        {"[2 'objects' 'pen' 'points' 1 1 1] [1 'objects' 'pen' 'lock' 1]", STATUS_OK},
        {"[1 'objects' 'line' 'points' [8 8]] [1 'objects' 'line' 'lock' 2]", STATUS_OK},
    };
    EACH_ROW(rows);
}
END_TEST

START_TEST(undo_goes_round_no_lock_of_another)
{
    bobs("[0 'objects' 'a' " BOX "]", STATUS_OK);             /* 1 */
    bobs("[1 'objects' 'a' 'x' 5 'lock' 1]", STATUS_OK);      /* 2 */
    bobs("[33 'objects' 'a' 2 'x' 0 'lock' nil]", STATUS_OK); /* 3: taken back in one edit */
    expect("objects", "a", "x", "0");
    bobs("[33 'objects' 'a' 3 'x' 5 'lock' 1]", STATUS_OK); /* 4: and again */
    bobs("[33 'objects' 'a' 4 'x' 0 'lock' nil]", STATUS_OK);
    carols("[1 'objects' 'a' 'lock' 1]", STATUS_OK);
    bobs("[33 'objects' 'a' 5 'x' 9]", STATUS_LOCKED);
    bobs("[36 'objects' 'a' 1]", STATUS_STALE);
    bobs("[33 'objects' 'a' 1 'x' 9]", STATUS_OK); /* not by operation 1: nothing to change */
    expect("objects", "a", "x", "0");
    bobs("[0 'objects' 'b' " BOX " 'lock' 1]", STATUS_OK);
    bobs("[4 'objects' 'b']", STATUS_LOCKED);
    bobs("[36 'objects' 'b' 9]", STATUS_OK); /* all of it is bob's own, and its lock */
    bobs("[32 'objects' 'b' 11 " BOX " 'lock' 1]", STATUS_OK);
}
END_TEST

/* Whether a guard lets the lock go is known before anything is applied. */
START_TEST(a_lock_that_a_guard_leaves_holds)
{
    bobs("[0 'objects' 'a' " BOX " 'lock' 1]", STATUS_OK);
    carols("[1 'objects' 'a' 'lock' 1]", STATUS_OK);
    bobs("[33 'objects' 'a' 1 'lock' nil] [1 'objects' 'a' 'x' 5]", STATUS_LOCKED);
    carols("[33 'objects' 'a' 1 'lock' nil] [1 'objects' 'a' 'x' 5]", STATUS_OK);
    expect("objects", "a", "x", "5");
}
END_TEST

/* --- Comments ------------------------------------------------------------------------------------ */

START_TEST(a_comment_has_a_place_and_words)
{
    static const struct row rows[] = {
        {"[0 'comments' 'c' 'x' 1 'y' 2]", STATUS_INCOMPLETE},
        {"[0 'comments' 'c' 'x' 1 'text' 'why']", STATUS_INCOMPLETE},
        {"[0 'comments' 'c' 'y' 1 'text' 'why']", STATUS_INCOMPLETE},
        {"[0 'comments' 'c' " WORDS " 'name' 'Ada' 'colour' 3 'at' 1700000000000]", STATUS_OK},
        {"[1 'comments' 'c' 'text' nil]", STATUS_INCOMPLETE},
        {"[0 'replies' 'r' 'comment' 'c']", STATUS_INCOMPLETE},
        {"[0 'replies' 'r' 'text' 'so']", STATUS_INCOMPLETE},
        {"[0 'replies' 'r' 'comment' 'none' 'text' 'so']", STATUS_NOT_FOUND},
        {"[0 'replies' 'r' 'comment' 'c' 'text' 'so']", STATUS_OK},
        {"[1 'replies' 'r' 'comment' nil]", STATUS_INCOMPLETE},
    };
    EACH_ROW(rows);
    good(padded("[1 'comments' 'c' 'text' '", 4000, "']"));
    refused(padded("[1 'comments' 'c' 'text' '", 4001, "']"), STATUS_RANGE);
    good(padded("[1 'replies' 'r' 'text' '", 4000, "']"));
    refused(padded("[1 'replies' 'r' 'text' '", 4001, "']"), STATUS_RANGE);
    good(padded("[1 'comments' 'c' 'name' '", 80, "']"));
    refused(padded("[1 'comments' 'c' 'name' '", 81, "']"), STATUS_RANGE);
    good("[1 'replies' 'r' 'at' 8640000000000000]");
    refused("[1 'replies' 'r' 'at' 8640000000000001]", STATUS_RANGE);
    good(padded("[1 'replies' 'r' 'name' '", 80, "']"));
    refused(padded("[1 'replies' 'r' 'name' '", 81, "']"), STATUS_RANGE);
    refused("[1 'comments' 'c' 'at' -1]", STATUS_RANGE);
}
END_TEST

START_TEST(a_comments_words_are_its_authors_and_the_owners)
{
    bobs("[0 'comments' 'c' " WORDS "]", STATUS_OK);
    carols("[1 'comments' 'c' 'text' 'because']", STATUS_DENIED);
    carols("[1 'comments' 'c' 'name' 'Eve']", STATUS_DENIED);
    carols("[1 'comments' 'c' 'colour' 1]", STATUS_DENIED);
    carols("[1 'comments' 'c' 'at' 1]", STATUS_DENIED);
    carols("[4 'comments' 'c']", STATUS_DENIED);
    carols("[1 'comments' 'c' 'resolved' true]", STATUS_OK);
    carols("[1 'comments' 'c' 'resolved' false 'x' 5 'y' 6 'on' nil]", STATUS_OK);
    bobs("[1 'comments' 'c' 'text' 'how?']", STATUS_OK);
    good("[1 'comments' 'c' 'text' 'who?']");
    carols("[0 'replies' 'r' 'comment' 'c' 'text' 'so']", STATUS_OK);
    bobs("[1 'replies' 'r' 'text' 'no']", STATUS_DENIED);
    bobs("[4 'replies' 'r']", STATUS_DENIED);
    carols("[1 'replies' 'r' 'text' 'or so']", STATUS_OK);
    good("[4 'replies' 'r']");
    bobs("[4 'comments' 'c']", STATUS_OK);
}
END_TEST

START_TEST(replies_go_with_their_comment)
{
    bobs("[0 'comments' 'c' " WORDS "]", STATUS_OK);
    carols(
        "[0 'replies' 'r' 'comment' 'c' 'text' 'so'] [0 'replies' 's' 'comment' 'c' 'text' 'so']",
        STATUS_OK);
    bobs("[4 'replies' 'r'] [4 'comments' 'c']", STATUS_DENIED); /* it is still there then */
    bobs("[4 'comments' 'c'] [4 'replies' 'r']", STATUS_OK);
    carols("[0 'replies' 't' 'comment' 'c' 'text' 'late']", STATUS_DELETED);
    bobs("[4 'replies' 's']", STATUS_OK); /* one that came meanwhile */
    /* Taken back in the other order, as undo does. */
    bobs("[32 'replies' 'r' 2 'comment' 'c' 'text' 'so'] [32 'comments' 'c' 2 " WORDS "]",
         STATUS_OK);
    expect("replies", "r", "comment", "'c'");
}
END_TEST

START_TEST(a_comment_outlives_what_it_is_on)
{
    good("[0 'objects' 'a' " BOX "] [0 'comments' 'c' " WORDS " 'on' 'a']");
    bobs("[4 'objects' 'a'] [1 'comments' 'c' 'on' nil 'x' 800 'y' 800]", STATUS_OK);
    expect("comments", "c", "x", "800");
    expect("comments", "c", "text", "'why?'");
}
END_TEST

/* --- Viewers ------------------------------------------------------------------------------------- */

START_TEST(a_viewer_changes_nothing)
{
    good("[0 'objects' 'a' " BOX "] [0 'comments' 'c' " WORDS "]");
    ck_assert_int_eq(outcome(room, dan, "[1 'objects' 'a' 'x' 1]"), STATUS_DENIED);
    ck_assert_int_eq(outcome(room, dan, "[0 'comments' 'd' " WORDS "]"), STATUS_DENIED);
    ck_assert_int_eq(outcome(room, dan, "[5 'chat' 0 {'text' 'hi'}]"), STATUS_DENIED);
    ck_assert_int_eq(presence(room, dan, "'x' 5 'y' 6 'view' [0 0 800 600]"), STATUS_OK);
}
END_TEST

int main(void)
{
    TCase *locks = tcase_create("locks");
    tcase_add_checked_fixture(locks, setup_board, teardown_pair);
    tcase_add_test(locks, what_is_locked_changes_in_nothing_but_its_lock);
    tcase_add_test(locks, what_is_kept_is_its_keepers_and_the_owners);
    tcase_add_test(locks, what_does_not_show_takes_no_lock);
    tcase_add_test(locks, undo_goes_round_no_lock_of_another);
    tcase_add_test(locks, a_lock_that_a_guard_leaves_holds);
    tcase_add_test(locks, a_viewer_changes_nothing);

    TCase *comments = tcase_create("comments");
    tcase_add_checked_fixture(comments, setup_board, teardown_pair);
    tcase_add_test(comments, a_comment_has_a_place_and_words);
    tcase_add_test(comments, a_comments_words_are_its_authors_and_the_owners);
    tcase_add_test(comments, replies_go_with_their_comment);
    tcase_add_test(comments, a_comment_outlives_what_it_is_on);

    Suite *suite = suite_create("board_rights");
    suite_add_tcase(suite, locks);
    suite_add_tcase(suite, comments);
    return run_suite(suite);
}
