/* check_authors.c - who made, changed and removed what everyone in a room sees. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/authors.h"
#include "tests/pair.h"
#include "tests/run_suite.h"

#define TOLD_MAX 512

static uint32_t member_ada, member_bob;

static void setup(void)
{
    setup_pair();
    member_ada = room_seat_member(room, ada);
    member_bob = room_seat_member(room, bob);
}

static void bobs(const char *edits)
{
    ck_assert_int_eq(outcome(room, bob, edits), STATUS_OK);
}

static const char *called(uint32_t member)
{
    return member == member_ada   ? "ada"
           : member == member_bob ? "bob"
           : member == 0          ? "rules"
                                  : "?";
}

/* As `shapes a ada x=bob;`, and so on. */
static void tells(enum authored_kind kind, const char *expected)
{
    char told[TOLD_MAX] = "";
    struct authored it;
    for (authors_begin(room, kind, &it); it.there; authors_next(&it)) {
        struct bytes collection = authors_collection(room, it.collection), name;
        uint32_t index = 0, member;
        size_t at = strlen(told);
        at += (size_t)snprintf(told + at, sizeof told - at, "%.*s %.*s %s", (int)collection.length,
                               (const char *)collection.data, (int)it.id.length,
                               (const char *)it.id.data, called(it.member));
        while (authored_field(&it, &index, &name, &member))
            at += (size_t)snprintf(told + at, sizeof told - at, " %.*s=%s", (int)name.length,
                                   (const char *)name.data, called(member));
        snprintf(told + at, sizeof told - at, ";");
    }
    ck_assert_str_eq(told, expected);
}

START_TEST(a_record_is_its_makers_but_for_what_others_changed)
{
    tells(AUTHORED_RECORDS, "");
    good("[0 'shapes' 'a' 'n' 1 'text' 'x'] [0 'shapes' 'b' 'n' 1]");
    tells(AUTHORED_RECORDS, "shapes a ada;shapes b ada;");
    bobs("[1 'shapes' 'a' 'n' 2]");
    tells(AUTHORED_RECORDS, "shapes b ada;shapes a ada n=bob;");
    bobs("[1 'shapes' 'a' 'text' nil] [2 'shapes' 'a' 'points' 1]");
    good("[1 'shapes' 'a' 'n' 2]"); /* what it is already is hers from here on */
    tells(AUTHORED_RECORDS, "shapes b ada;shapes a ada text=bob points=bob;");
    ck_assert_int_eq(server_edit(room, 0, "[1 'shapes' 'b' 'n' 3]"), STATUS_OK);
    step(room);
    tells(AUTHORED_RECORDS, "shapes a ada text=bob points=bob;shapes b ada n=rules;");
}
END_TEST

START_TEST(what_is_removed_is_whose_who_removed_it)
{
    good("[0 'shapes' 'a'] [0 'shapes' 'b']");
    uint64_t before = authors_stamp(room);
    bobs("[4 'shapes' 'a']");
    ck_assert_uint_eq(authors_stamp(room), before + 1);
    good("[4 'shapes' 'b']");
    tells(AUTHORED_RECORDS, "");
    tells(AUTHORED_REMOVALS, "shapes a bob;shapes b ada;");
    bobs("[24 'shapes' 'b' 99 'n' 1]"); /* makes it again */
    tells(AUTHORED_REMOVALS, "shapes a bob;");
    tells(AUTHORED_RECORDS, "shapes b bob;");
    good("[4 'shapes' 'b']");
    tells(AUTHORED_REMOVALS, "shapes a bob;shapes b ada;");
}
END_TEST

/* Roles' and members' own records, the rules' own, presence and events. */
START_TEST(what_not_everyone_sees_is_not_told)
{
    good("[0 'secrets' 's' 'v' 1] [0 'hands' 'h' 'card' 1] [5 'chat' 0 'hello']");
    ck_assert_int_eq(server_edit(room, 0, "[0 'ledger' 'l' 'v' 1]"), STATUS_OK);
    good("[0 'secrets' 't'] [4 'secrets' 't']");
    tells(AUTHORED_RECORDS, "");
    tells(AUTHORED_REMOVALS, "");
}
END_TEST

int main(void)
{
    TCase *authors = tcase_create("authors");
    tcase_add_checked_fixture(authors, setup, teardown_pair);
    tcase_add_test(authors, a_record_is_its_makers_but_for_what_others_changed);
    tcase_add_test(authors, what_is_removed_is_whose_who_removed_it);
    tcase_add_test(authors, what_not_everyone_sees_is_not_told);

    Suite *suite = suite_create("authors");
    suite_add_tcase(suite, authors);
    return run_suite(suite);
}
