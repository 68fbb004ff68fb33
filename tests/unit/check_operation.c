#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/operation.h"
#include "tests/pair.h"
#include "tests/run_suite.h"

/* --- Verbs --------------------------------------------------------------------------------------- */

START_TEST(put_makes_a_record_and_sets_its_fields)
{
    good("[0 'shapes' 'a' 'n' 5 'text' 'hi']");
    expect("shapes", "a", "n", "5");
    expect("shapes", "a", "text", "'hi'");
    good("[0 'shapes' 'a' 'n' 6]");
    expect("shapes", "a", "n", "6");
    expect("shapes", "a", "text", "'hi'");
    ck_assert_uint_eq(room_records(room), 1);
}
END_TEST

START_TEST(set_changes_only_what_is_there)
{
    refused("[1 'shapes' 'a' 'n' 5]", STATUS_NOT_FOUND);
    good("[0 'shapes' 'a']");
    good("[1 'shapes' 'a' 'n' 5 'text' 'x']");
    good("[1 'shapes' 'a' 'text' nil]");
    expect("shapes", "a", "n", "5");
    expect("shapes", "a", "text", "nil");
}
END_TEST

START_TEST(append_adds_to_the_tail)
{
    refused("[2 'shapes' 'a' 'points' 1]", STATUS_NOT_FOUND);
    good("[0 'shapes' 'a'] [2 'shapes' 'a' 'points' 1 2]");
    good("[2 'shapes' 'a' 'points' 3]");
    expect("shapes", "a", "points", "[1 2 3]");
    good("[1 'shapes' 'a' 'points' [9]]");
    good("[2 'shapes' 'a' 'points' 10]");
    expect("shapes", "a", "points", "[9 10]");
    refused("[2 'shapes' 'a' 'n' 1]", STATUS_TYPE);
    refused("[2 'shapes' 'a' 'points' 'text']", STATUS_TYPE);
    refused("[2 'shapes' 'a' 'points' 4000000000]", STATUS_TYPE);
    refused("[2 'shapes' 'a' 'lines' nil]", STATUS_TYPE);
    refused("[2 'shapes' 'a' 'lines' [1]]", STATUS_TYPE);
}
END_TEST

START_TEST(add_counts_from_zero_and_from_both)
{
    good("[0 'shapes' 'a'] [3 'shapes' 'a' 'votes' 2]");
    ck_assert_int_eq(outcome(room, bob, "[3 'shapes' 'a' 'votes' 3]"), STATUS_OK);
    expect("shapes", "a", "votes", "5");
    good("[1 'shapes' 'a' 'votes' -10]");
    refused("[3 'shapes' 'a' 'votes' -1]", STATUS_RANGE);
    good("[3 'shapes' 'a' 'votes' 20]");
    refused("[3 'shapes' 'a' 'votes' 1]", STATUS_RANGE);
    refused("[3 'shapes' 'a' 'n' 1]", STATUS_TYPE);
    refused("[3 'shapes' 'a' 'votes' 'x']", STATUS_TYPE);
    refused("[3 'shapes' 'a' 'votes' 1.5]", STATUS_TYPE);
    expect("shapes", "a", "votes", "10");
}
END_TEST

START_TEST(delete_ends_a_record_for_good)
{
    refused("[4 'shapes' 'a']", STATUS_NOT_FOUND);
    good("[0 'shapes' 'a' 'n' 1]");
    good("[4 'shapes' 'a']");
    ck_assert_uint_eq(room_records(room), 0);
    static const struct row rows[] = {
        {"[0 'shapes' 'a' 'n' 1]", STATUS_DELETED},
        {"[1 'shapes' 'a' 'n' 1]", STATUS_DELETED},
        {"[2 'shapes' 'a' 'points' 1]", STATUS_DELETED},
        {"[3 'shapes' 'a' 'votes' 1]", STATUS_DELETED},
        {"[4 'shapes' 'a']", STATUS_DELETED},
        {"[8 'shapes' 'a']", STATUS_DELETED},
    };
    EACH_ROW(rows);
}
END_TEST

START_TEST(an_edit_with_nothing_to_do_changes_nothing)
{
    good("[0 'shapes' 'a']");
    ck_assert_uint_eq(room_records(room), 1);
    uint64_t before = room_hash(room, SEAT_NONE);
    good("[0 'shapes' 'a']");
    good("[1 'shapes' 'a']");
    good("[2 'shapes' 'a' 'points']");
    good("[3 'shapes' 'a']");
    good("[33 'shapes' 'a' 9 'n' nil]");
    ck_assert_uint_eq(room_hash(room, SEAT_NONE), before);
    expect("shapes", "a", "points", "nil");
}
END_TEST

START_TEST(emit_reaches_everyone_or_one_member)
{
    uint64_t before = room_hash(room, bob);
    good("[5 'chat' 1 'to myself']");
    ck_assert_uint_eq(room_hash(room, bob), before);
    good("[5 'chat' 2 'to bob']");
    ck_assert_uint_ne(room_hash(room, bob), before);
    before = room_hash(room, bob);
    good("[5 'chat' 0 'to all']");
    ck_assert_uint_ne(room_hash(room, bob), before);
    refused("[5 'chat' 3 'nobody']", STATUS_NOT_FOUND);
    refused("[5 99 0 'x']", STATUS_NOT_FOUND);
}
END_TEST

/* --- Values -------------------------------------------------------------------------------------- */

START_TEST(values_fit_their_fields)
{
    good("[0 'shapes' 'a']");
    static const struct row rows[] = {
        {"[1 'shapes' 'a' 'n' 1000]", STATUS_OK},
        {"[1 'shapes' 'a' 'n' 1001]", STATUS_RANGE},
        {"[1 'shapes' 'a' 'n' -1000]", STATUS_OK},
        {"[1 'shapes' 'a' 'n' -1001]", STATUS_RANGE},
        {"[1 'shapes' 'a' 'n' '5']", STATUS_TYPE},
        {"[1 'shapes' 'a' 'n' 0.5]", STATUS_TYPE},
        {"[1 'shapes' 'a' 'n' true]", STATUS_TYPE},
        {"[1 'shapes' 'a' 'fix' 80]", STATUS_OK},
        {"[1 'shapes' 'a' 'fix' 81]", STATUS_RANGE},
        {"[1 'shapes' 'a' 'on' true]", STATUS_OK},
        {"[1 'shapes' 'a' 'on' 1]", STATUS_TYPE},
        {"[1 'shapes' 'a' 'text' '12345678']", STATUS_OK},
        {"[1 'shapes' 'a' 'text' '123456789']", STATUS_RANGE},
        {"[1 'shapes' 'a' 'text' x00]", STATUS_TYPE},
        {"[1 'shapes' 'a' 'data' x00112233]", STATUS_OK},
        {"[1 'shapes' 'a' 'data' x0011223344]", STATUS_RANGE},
        {"[1 'shapes' 'a' 'data' 'ab']", STATUS_TYPE},
        {"[1 'shapes' 'a' 'ints' [1 -2 2147483647]]", STATUS_OK},
        {"[1 'shapes' 'a' 'ints' [1 -2 -2147483648]]", STATUS_OK},
        {"[1 'shapes' 'a' 'ints' [2147483648]]", STATUS_TYPE},
        {"[1 'shapes' 'a' 'ints' [1 2 3 4]]", STATUS_RANGE},
        {"[1 'shapes' 'a' 'ints' [1 'x']]", STATUS_TYPE},
        {"[1 'shapes' 'a' 'ints' 1]", STATUS_TYPE},
        {"[1 'shapes' 'a' 'points' 1]", STATUS_TYPE},
        {"[1 'shapes' 'a' 'any' [1 [2 'x' nil]]]", STATUS_OK},
        {"[1 'shapes' 'a' 99 1]", STATUS_NOT_FOUND},
        {"[1 'shapes' 'a' 'unknown' 1]", STATUS_NOT_FOUND},
        {"[1 99 'a' 'n' 1]", STATUS_NOT_FOUND},
    };
    EACH_ROW(rows);
    for (int field = 0; field < 10; field++) {
        char edit[64];
        snprintf(edit, sizeof edit, "[1 'shapes' 'a' %d nil]", field);
        good(edit);
    }
    expect("shapes", "a", "any", "nil");
}
END_TEST

START_TEST(any_values_are_kept_in_canonical_form)
{
    good("[0 'papers' 'p' 'v' 0.5]");
    static const uint8_t message[] = {0x92, 1,   0x91, 0x95, 0,   0xa6, 'p', 'a',  'p',
                                      'e',  'r', 's',  0xa1, 'p', 0xa1, 'v', 0xcb, 0x40,
                                      0x14, 0,   0,    0,    0,   0,    0}; /* 5.0, as 64 bits */
    ck_assert_int_eq(room_submit(room, ada, (struct bytes){message, sizeof message}), STATUS_OK);
    step(room);
    expect("papers", "p", "v", "5");
}
END_TEST

/* --- Guards -------------------------------------------------------------------------------------- */

START_TEST(if_new_lets_only_the_first_put)
{
    good("[8 'shapes' 'a' 'n' 1]");
    refused("[8 'shapes' 'a' 'n' 2]", STATUS_EXISTS);
}
END_TEST

START_TEST(if_stamp_refuses_what_was_changed_since)
{
    good("[0 'shapes' 'a' 'n' 1]"); /* made with stamp 1, its field with 2 */
    refused("[16 'shapes' 'a' 1 'n' 2]", STATUS_STALE);
    refused("[17 'shapes' 'a' 1 'n' 2]", STATUS_STALE);
    refused("[18 'shapes' 'a' 1 'points' 2]", STATUS_STALE);
    refused("[19 'shapes' 'a' 1 'votes' 2]", STATUS_STALE);
    refused("[20 'shapes' 'a' 1]", STATUS_STALE);
    good("[17 'shapes' 'a' 2 'n' 2]"); /* 3 */
    good("[18 'shapes' 'a' 3 'points' 2]");
    good("[19 'shapes' 'a' 4 'votes' 2]");
    good("[16 'shapes' 'a' 5 'n' 9]");
    good("[20 'shapes' 'a' 9007199254740992]");
}
END_TEST

START_TEST(if_mine_changes_only_fields_of_that_operation)
{
    good("[0 'shapes' 'a' 'n' 1 'text' 'one' 'on' true]"); /* 1 */
    ck_assert_int_eq(outcome(room, bob, "[1 'shapes' 'a' 'text' 'bob']"), STATUS_OK);
    good("[1 'shapes' 'a' 'on' false]"); /* 2 */
    good("[33 'shapes' 'a' 1 'n' 7 'text' 'seven' 'on' nil 'fix' 8]");
    expect("shapes", "a", "n", "7");        /* operation 1 was the last */
    expect("shapes", "a", "text", "'bob'"); /* someone else's */
    expect("shapes", "a", "on", "false");   /* mine, but of operation 2 */
    expect("shapes", "a", "fix", "8");      /* unset, and the record is mine */
    ck_assert_int_eq(outcome(room, bob, "[33 'shapes' 'a' 0 'any' 1]"), STATUS_OK);
    expect("shapes", "a", "any", "nil"); /* unset, but the record is not bob's */
}
END_TEST

/* What a guard leaves alone is known to the edits behind it, before anything is applied. */
START_TEST(edits_behind_a_guard_count_on_what_it_leaves)
{
    good("[0 'shapes' 'a' 'votes' 5]");                                  /* ada's first */
    good("[33 'shapes' 'a' 1 'votes' -10] [3 'shapes' 'a' 'votes' 20]"); /* from -10 on */
    expect("shapes", "a", "votes", "10");
    refused("[33 'shapes' 'a' 1 'votes' -10] [3 'shapes' 'a' 'votes' 1]", STATUS_RANGE);
    good("[33 'shapes' 'a' 1 'votes' -10] [3 'shapes' 'a' 'votes' -1]"); /* from 10 on */
    expect("shapes", "a", "votes", "9");
    refused("[33 'shapes' 'a' 4 'votes' -10] [3 'shapes' 'a' 'votes' -1]", STATUS_RANGE);
    /* The fields of a record that the same operation makes are its own. */
    good("[0 'shapes' 'b' 'votes' 1] [33 'shapes' 'b' 6 'votes' 2 'n' 3]");
    expect("shapes", "b", "votes", "2");
    good("[0 'shapes' 'c' 'votes' 1] [33 'shapes' 'c' 6 'votes' 2 'n' 3]");
    expect("shapes", "c", "votes", "1");
    expect("shapes", "c", "n", "3");
}
END_TEST

START_TEST(if_mine_deletes_only_what_is_wholly_mine)
{
    good("[0 'shapes' 'a' 'n' 1]");
    ck_assert_int_eq(outcome(room, bob, "[1 'shapes' 'a' 'text' 'b']"), STATUS_OK);
    refused("[36 'shapes' 'a' 1]", STATUS_STALE);
    good("[1 'shapes' 'a' 'text' 'c']");
    good("[36 'shapes' 'a' 0]");
    ck_assert_uint_eq(room_records(room), 0);
}
END_TEST

START_TEST(if_mine_undoes_only_my_own_delete)
{
    good("[0 'shapes' 'a' 'n' 1] [0 'shapes' 'b' 'n' 1]");
    good("[4 'shapes' 'a']");
    ck_assert_int_eq(outcome(room, bob, "[4 'shapes' 'b']"), STATUS_OK);
    good("[32 'shapes' 'a' 1 'n' 1 'text' 'back']");
    expect("shapes", "a", "text", "'back'");
    refused("[32 'shapes' 'b' 1 'n' 1]", STATUS_DELETED);
    refused("[33 'shapes' 'b' 1 'n' 1]", STATUS_DELETED);
}
END_TEST

/* A client that has seen the delete means to make it again; one that has not is too late. */
START_TEST(if_stamp_makes_again_what_is_known_to_be_deleted)
{
    good("[0 'shapes' 'a' 'n' 1 'text' 'old']"); /* made with stamp 1, its fields with 2 and 3 */
    ck_assert_int_eq(outcome(room, bob, "[4 'shapes' 'a']"), STATUS_OK); /* 4 */
    static const struct row rows[] = {
        {"[16 'shapes' 'a' 3 'n' 2]", STATUS_DELETED},
        {"[17 'shapes' 'a' 4 'n' 2]", STATUS_DELETED},
        {"[18 'shapes' 'a' 4 'points' 2]", STATUS_DELETED},
        {"[19 'shapes' 'a' 4 'votes' 2]", STATUS_DELETED},
        {"[20 'shapes' 'a' 4]", STATUS_DELETED},
    };
    EACH_ROW(rows);
    good("[24 'shapes' 'a' 4 'n' 2]");
    expect("shapes", "a", "n", "2");
    expect("shapes", "a", "text", "nil");
    refused("[24 'shapes' 'a' 99 'n' 2]", STATUS_EXISTS);
    refused("[4 'shapes' 'a'] [16 'shapes' 'a' 99 'n' 3]", STATUS_DELETED);
    ck_assert_int_eq(outcome(room, bob, "[4 'shapes' 'a']"), STATUS_OK);
    good("[16 'shapes' 'a' 99 'n' 3]");
    expect("shapes", "a", "n", "3");
}
END_TEST

/* --- Groups -------------------------------------------------------------------------------------- */

START_TEST(a_group_applies_whole_or_not_at_all)
{
    refused("[0 'shapes' 'a' 'n' 1] [1 'shapes' 'none' 'n' 1]", STATUS_NOT_FOUND);
    refused("[0 'shapes' 'a' 'n' 1] [5 'chat' 0 'hi'] [0 'shapes' 'b' 'n' 'x']", STATUS_TYPE);
    ck_assert_uint_eq(room_records(room), 0);
}
END_TEST

START_TEST(edits_of_a_group_see_those_before)
{
    static const struct row rows[] = {
        {"[0 'shapes' 'a'] [1 'shapes' 'a' 'n' 1] [2 'shapes' 'a' 'points' 1]", STATUS_OK},
        {"[8 'shapes' 'b'] [8 'shapes' 'b']", STATUS_EXISTS},
        {"[0 'shapes' 'c'] [4 'shapes' 'c']", STATUS_OK},
        {"[0 'shapes' 'd'] [4 'shapes' 'd'] [0 'shapes' 'd']", STATUS_DELETED},
        {"[4 'shapes' 'a'] [1 'shapes' 'a' 'n' 2]", STATUS_DELETED},
        {"[4 'shapes' 'a'] [4 'shapes' 'a']", STATUS_DELETED},
        {"[4 'shapes' 'a'] [32 'shapes' 'a' 0]", STATUS_DELETED},
        {"[3 'shapes' 'a' 'votes' 8] [3 'shapes' 'a' 'votes' 5]", STATUS_RANGE},
        {"[3 'shapes' 'a' 'votes' 8 'votes' 5]", STATUS_RANGE},
        {"[3 'shapes' 'a' 'votes' 8 'votes' -5] [3 'shapes' 'a' 'votes' 7]", STATUS_OK},
        {"[1 'shapes' 'a' 'votes' -10] [3 'shapes' 'a' 'votes' 20]", STATUS_OK},
        {"[1 'shapes' 'a' 'votes' nil] [3 'shapes' 'a' 'votes' -10]", STATUS_OK},
        {"[1 'shapes' 'a' 'points' [1 2 3 4 5 6 7 8 9 10]]"
         " [2 'shapes' 'a' 'points' 1 2 3 4 5 6 7 8 9 10]",
         STATUS_OK},
        {"[2 'shapes' 'a' 'points' 1]", STATUS_RANGE},
        {"[1 'shapes' 'a' 'points' [1]] [2 'shapes' 'a' 'points' 2]", STATUS_OK},
        {"[2 'shapes' 'a' 'points' 1 2 3 4 5 6 7 8 9] [2 'shapes' 'a' 'points' 1 2 3 4 5 6 7 8 9]"
         " [2 'shapes' 'a' 'points' 3]",
         STATUS_RANGE},
    };
    EACH_ROW(rows);
    expect("shapes", "a", "votes", "-10");
    expect("shapes", "a", "points", "[1 2]");
}
END_TEST

/* --- Permissions ----------------------------------------------------------------------------------- */

START_TEST(a_viewer_writes_nothing_shared)
{
    uint32_t eve = join(room, 3, ROLE_VIEWER);
    step(room);
    ck_assert_int_eq(outcome(room, eve, "[0 'shapes' 'a']"), STATUS_DENIED);
    ck_assert_int_eq(outcome(room, eve, "[5 'chat' 0 'hi']"), STATUS_DENIED);
    ck_assert_int_eq(outcome(room, eve, "[0 'hands' 'a']"), STATUS_DENIED);
    ck_assert_int_eq(presence(room, eve, "'x' 3"), STATUS_OK);
    expect_value(room, "presence", 0, "3", "x", "3");
}
END_TEST

START_TEST(what_the_server_writes_members_do_not)
{
    ck_assert_int_eq(server_edit(room, 0, "[0 'weather' 'w' 'wind' 3]"), STATUS_OK);
    refused("[1 'weather' 'w' 'wind' 4]", STATUS_DENIED);
    refused("[4 'weather' 'w']", STATUS_DENIED);
    refused("[0 3 'v']", STATUS_DENIED);
    expect("weather", "w", "wind", "3");
}
END_TEST

START_TEST(what_is_out_of_sight_is_not_there)
{
    good("[0 'secrets' 's' 'v' 1]");
    ck_assert_int_eq(outcome(room, bob, "[1 'secrets' 's' 'v' 2]"), STATUS_NOT_FOUND);
    ck_assert_int_eq(outcome(room, bob, "[0 4 's']"), STATUS_NOT_FOUND);
    ck_assert_int_eq(server_edit(room, 0, "[0 'ledger' 'l' 'v' 1]"), STATUS_OK);
    refused("[1 'ledger' 'l' 'v' 2]", STATUS_NOT_FOUND);
    expect("secrets", "s", "v", "1");
    expect("ledger", "l", "v", "1");
}
END_TEST

START_TEST(private_records_are_each_members_own)
{
    good("[0 'hands' 'h' 'card' 1]");
    ck_assert_int_eq(outcome(room, bob, "[1 'hands' 'h' 'card' 9]"), STATUS_NOT_FOUND);
    ck_assert_int_eq(outcome(room, bob, "[0 'hands' 'h' 'card' 2]"), STATUS_OK);
    ck_assert_int_eq(server_edit(room, 2, "[1 'hands' 'h' 'card' 3]"), STATUS_OK);
    ck_assert_int_eq(server_edit(room, 0, "[1 'hands' 'h' 'card' 3]"), STATUS_NOT_FOUND);
    expect_value(room, "hands", 1, "h", "card", "1");
    expect_value(room, "hands", 2, "h", "card", "3");
}
END_TEST

START_TEST(presence_is_not_written_by_operations)
{
    refused("[1 'presence' '1' 'note' 1]", STATUS_DENIED);
    refused("[4 'presence' '2']", STATUS_DENIED);
    refused("[0 0 '1']", STATUS_DENIED);
    ck_assert_int_eq(server_edit(room, 0, "[1 'presence' '1' 'note' 5]"), STATUS_OK);
    expect("presence", "1", "note", "5");
    ck_assert_int_eq(server_edit(room, 0, "[1 'presence' '1' 'x' 5]"), STATUS_DENIED);
    ck_assert_int_eq(server_edit(room, 0, "[4 'presence' '1']"), STATUS_DENIED);
    ck_assert_int_eq(server_edit(room, 0, "[0 'presence' '9']"), STATUS_NOT_FOUND);
}
END_TEST

/* --- Presence -------------------------------------------------------------------------------------- */

START_TEST(presence_sets_and_moves_a_members_own_record)
{
    ck_assert_int_eq(presence(room, ada, "'x' 100 'y' 50 'note' 'hi'"), STATUS_OK);
    expect("presence", "1", "x", "100");
    /* Fields 2 and 3 are x and y: the kind's own follow `user` and `away`. */
    ck_assert_int_eq(submit(room, ada, "[28 5 4]"), STATUS_OK);
    step(room);
    expect("presence", "1", "x", "97");
    expect("presence", "1", "y", "52");
    expect("presence", "2", "x", "nil");
}
END_TEST

START_TEST(presence_refused_changes_nothing)
{
    ck_assert_int_eq(presence(room, ada, "'x' 1 'note' 1"), STATUS_OK);
    static const struct row rows[] = {
        {"'x' 5 'user' 'other'", STATUS_DENIED},
        {"'x' 5 'away' true", STATUS_DENIED},
        {"'x' 5 'y' 4001", STATUS_RANGE},
        {"'x' 5 'y' 'text'", STATUS_TYPE},
        {"'x' 5 40 1", STATUS_NOT_FOUND},
        {"'x' 5 'y'", STATUS_MALFORMED},
        {"", STATUS_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(presence(room, ada, rows[i].edits) == rows[i].status, "%s", rows[i].edits);
    expect("presence", "1", "x", "1");
    ck_assert_int_eq(submit(room, ada, "[28 1 1]"), STATUS_OK); /* y was never set */
    step(room);
    ck_assert_int_eq(submit(room, ada, "[20 3]"), STATUS_OK); /* -2 is out of range */
    step(room);
    ck_assert_int_eq(submit(room, ada, "[18 3]"), STATUS_OK); /* field 1 holds no number */
    step(room);
    expect("presence", "1", "x", "1");
    ck_assert_uint_eq(room_refusals(room)[STATUS_RANGE], 2);
    ck_assert_uint_eq(room_refusals(room)[STATUS_TYPE], 3);
}
END_TEST

START_TEST(presence_takes_so_many_bytes)
{
    ck_assert_int_eq(presence(room, ada, padded("'note' '", RECORD_BYTES_MAX - 3, "'")), STATUS_OK);
    ck_assert_int_eq(presence(room, ada, padded("'note' '", RECORD_BYTES_MAX - 2, "'")),
                     STATUS_LIMIT);
    ck_assert_int_eq(presence(room, ada, "'note' 1"), STATUS_OK);
}
END_TEST

/* --- Malformed ------------------------------------------------------------------------------------- */

START_TEST(malformed_edits_are_refused_before_the_inbox)
{
    static const char *const lines[] = {
        "[6 'shapes' 'a']",
        "[7 'shapes' 'a']",
        "[64 'shapes' 'a']",
        "[-1 'shapes' 'a']",
        "['0' 'shapes' 'a']",
        "[0 'shapes']",
        "[0]",
        "[]",
        "0",
        "[0 'shapes' 'a' 'n']",
        "[1 'shapes' 'a' 'n' 1 'on']",
        "[2 'shapes' 'a']",
        "[3 'shapes' 'a' 'votes']",
        "[4 'shapes' 'a' 1]",
        "[5 'chat' 0]",
        "[5 'chat' 0 1 2]",
        "[5 'chat' 'x' 1]",
        "[9 'shapes' 'a']",
        "[10 'shapes' 'a' 'points']",
        "[12 'shapes' 'a']",
        "[34 'shapes' 'a' 1 'points']",
        "[35 'shapes' 'a' 1]",
        "[21 'chat' 0 1]",
        "[13 'chat' 0 1]",
        "[16 'shapes' 'a']",
        "[16 'shapes' 'a' -1]",
        "[32 'shapes' 'a' 4294967296]",
        "[16 'shapes' 'a' 9007199254740993]",
        "[0 'shapes' 'a' 'n' 9007199254740993]",
        "[0 nil 'a']",
        "[0 'shapes' 'a' nil 1]",
        "[5 'chat' 4294967296 1]",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        enum status status = outcome(room, ada, lines[i]);
        ck_assert_msg(status == STATUS_MALFORMED || status == STATUS_TRUNCATED, "%s", lines[i]);
    }
}
END_TEST

START_TEST(every_truncated_operation_is_refused)
{
    static const uint8_t message[] = {0x92, 1,    0x92, 0x97, 0x31, 0xa6, 's', 'h', 'a',
                                      'p',  'e',  's',  0xa1, 'a',  5,    7,   0,   0xcd,
                                      0x01, 0x00, 0x95, 2,    1,    0xa1, 'b', 8,   3};
    struct counted_memory exact = {.left = UINT64_MAX};
    struct memory memory = memory_counted(&exact);
    ck_assert_int_eq(room_submit(room, ada, (struct bytes){message, sizeof message}), STATUS_OK);
    for (size_t length = 0; length < sizeof message; length++) {
        uint8_t *copy = memory_allocate(&memory, length + 1);
        memcpy(copy, message, length);
        ck_assert_int_eq(room_submit(room, ada, (struct bytes){copy, length}), STATUS_TRUNCATED);
        memory_release(&memory, copy);
    }
}
END_TEST

int main(void)
{
    TCase *mixed = tcase_create("mixed");
    tcase_set_timeout(mixed, 30);
    tcase_add_checked_fixture(mixed, setup_pair, teardown_pair);
    tcase_add_test(mixed, put_makes_a_record_and_sets_its_fields);
    tcase_add_test(mixed, set_changes_only_what_is_there);
    tcase_add_test(mixed, append_adds_to_the_tail);
    tcase_add_test(mixed, add_counts_from_zero_and_from_both);
    tcase_add_test(mixed, delete_ends_a_record_for_good);
    tcase_add_test(mixed, an_edit_with_nothing_to_do_changes_nothing);
    tcase_add_test(mixed, emit_reaches_everyone_or_one_member);
    tcase_add_test(mixed, values_fit_their_fields);
    tcase_add_test(mixed, any_values_are_kept_in_canonical_form);
    tcase_add_test(mixed, if_new_lets_only_the_first_put);
    tcase_add_test(mixed, if_stamp_refuses_what_was_changed_since);
    tcase_add_test(mixed, if_mine_changes_only_fields_of_that_operation);
    tcase_add_test(mixed, edits_behind_a_guard_count_on_what_it_leaves);
    tcase_add_test(mixed, if_mine_deletes_only_what_is_wholly_mine);
    tcase_add_test(mixed, if_mine_undoes_only_my_own_delete);
    tcase_add_test(mixed, if_stamp_makes_again_what_is_known_to_be_deleted);
    tcase_add_test(mixed, a_group_applies_whole_or_not_at_all);
    tcase_add_test(mixed, edits_of_a_group_see_those_before);
    tcase_add_test(mixed, a_viewer_writes_nothing_shared);
    tcase_add_test(mixed, what_the_server_writes_members_do_not);
    tcase_add_test(mixed, what_is_out_of_sight_is_not_there);
    tcase_add_test(mixed, private_records_are_each_members_own);
    tcase_add_test(mixed, presence_is_not_written_by_operations);
    tcase_add_test(mixed, presence_sets_and_moves_a_members_own_record);
    tcase_add_test(mixed, presence_refused_changes_nothing);
    tcase_add_test(mixed, presence_takes_so_many_bytes);
    tcase_add_test(mixed, malformed_edits_are_refused_before_the_inbox);
    tcase_add_test(mixed, every_truncated_operation_is_refused);

    Suite *suite = suite_create("operation");
    suite_add_tcase(suite, mixed);
    return run_suite(suite);
}
