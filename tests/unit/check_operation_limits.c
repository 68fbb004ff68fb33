/* check_operation_limits.c - names that operations teach, and every limit below, at and above. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tests/pair.h"
#include "tests/run_suite.h"

static void open_setup(void)
{
    pair_in(&kind_open);
}

/* --- Names ---------------------------------------------------------------------------------------- */

START_TEST(names_are_learnt_where_the_kind_learns)
{
    good("[0 'new' 'a' 'one' 1 'two' [1]] [2 'new' 'a' 'list' 1] [3 'new' 'a' 'sum' 4]");
    good("[1 7 'a' 0 2]"); /* the collection after the kind's own seven, its first field */
    expect("new", "a", "one", "2");
    expect("new", "a", "list", "[1]");
    expect("new", "a", "sum", "4");
    refused("[2 'new' 'a' 'one' 1]", STATUS_TYPE);
    refused("[3 'new' 'a' 'list' 1]", STATUS_TYPE);
    good("[1 'new' 'a' 'sum' 9007199254740992]");
    refused("[3 'new' 'a' 'sum' 1]", STATUS_RANGE);
    refused("[0 'shapes' 'a' 'new' 1]", STATUS_NOT_FOUND);
    good("[5 'honk' 0 1]");
}
END_TEST

START_TEST(a_kind_that_does_not_learn_refuses_names)
{
    room_destroy(room);
    room = room_of(&kind_cursors);
    ada = join(room, 1, ROLE_OWNER);
    step(room);
    refused("[0 'new' 'a']", STATUS_NOT_FOUND);
    refused("[5 'honk' 0 1]", STATUS_NOT_FOUND);
    good("[5 'chat' 0 'hi']");
    ck_assert_int_eq(presence(room, ada, "'hat' 1"), STATUS_NOT_FOUND);
}
END_TEST

/* What the room knows, by number and in bytes. */
struct known {
    uint32_t collections, events, definitions;
    uint32_t fields[COLLECTIONS_MAX];
    uint64_t bytes;
};

static struct known known(void)
{
    const struct schema *schema = &room->state.schema;
    struct known known = {schema->collection_count, schema->event_count, schema->definition_count,
                          .bytes = room->state.heap.used};
    for (uint32_t i = 0; i < schema->collection_count; i++)
        known.fields[i] = schema->collections[i].field_count;
    return known;
}

static void expect_known(struct known before)
{
    struct known now = known();
    ck_assert_uint_eq(now.collections, before.collections);
    ck_assert_uint_eq(now.events, before.events);
    ck_assert_uint_eq(now.definitions, before.definitions);
    ck_assert_mem_eq(now.fields, before.fields, sizeof now.fields);
    ck_assert_uint_eq(now.bytes, before.bytes);
}

START_TEST(a_refused_operation_teaches_no_names)
{
    static const struct row rows[] = {
        {"[0 'new' 'a' 'one' 1] [5 'honk' 0 1] [1 'shapes' 'none']", STATUS_NOT_FOUND},
        {"[0 'papers' 'a' 'one' 1 'two' 2] [0 'shapes' 'a' 'n' 'x']", STATUS_TYPE},
        {"[0 'new' 'a'] [2 'new' 'a' 'list' 1] [3 'new' 'a' 'list' 1]", STATUS_TYPE},
        {"[0 'new' 'a'] [3 'new' 'a' 'sum' 1] [0 'more' 'b'] [24 'new' 'a' 5]", STATUS_EXISTS},
        {"[1 'new' 'a' 'one' 1]", STATUS_NOT_FOUND},
        {"[5 'honk' 99 1]", STATUS_NOT_FOUND},
        {"[0 'new' 'a'] [1 7 'a' 'f' 1] [1 8 'a' 'f' 1]", STATUS_NOT_FOUND},
        {"[0 'new' 'a' 'f' 1] [1 'new' 'a' 0 2] [1 'new' 'a' 1 2]", STATUS_NOT_FOUND},
    };
    refused("[1 'shapes' 'none']", STATUS_NOT_FOUND); /* the first one takes memory */
    struct known before = known();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        refused(rows[i].edits, rows[i].status);
        expect_known(before);
    }
    ck_assert_int_eq(presence(room, ada, "'hat' 1 'x' 'text'"), STATUS_TYPE);
    expect_known(before);
    refused("[5 'chat' 2 'hi'] [1 'shapes' 'none']", STATUS_NOT_FOUND);
    expect_known(before);
    ck_assert_int_eq(server_edit(room, 0, "[0 'ledger' 'l' 'one' 1] [4 'ledger' 'none']"),
                     STATUS_NOT_FOUND);
    expect_known(before);
}
END_TEST

START_TEST(names_count_for_the_edits_behind_them_in_the_group)
{
    good("[0 'new' 'a' 'one' 1] [1 7 'a' 0 2 'two' 3] [2 'new' 'a' 'list' 4] [2 7 'a' 2 5]"
         " [3 'new' 'a' 'sum' 6] [3 7 'a' 3 1] [5 'honk' 0 1] [5 3 0 2]");
    expect("new", "a", "one", "2");
    expect("new", "a", "two", "3");
    expect("new", "a", "list", "[4 5]");
    expect("new", "a", "sum", "7");
    ck_assert_uint_eq(known().collections, 8);
    ck_assert_uint_eq(known().events, 4);
}
END_TEST

START_TEST(a_group_cannot_teach_more_names_than_there_may_be)
{
    static char line[MESSAGE_BYTES_MAX];
    size_t at = (size_t)snprintf(line, sizeof line, "[0 'c' 'a'");
    for (unsigned i = 0; i < FIELDS_MAX; i++)
        at += (size_t)snprintf(line + at, sizeof line - at, " 'f%u' 1", i);
    struct known before = known();
    snprintf(line + at, sizeof line - at, " 'more' 1]");
    ck_assert_int_eq(outcome(room, ada, line), STATUS_LIMIT);
    ck_assert_uint_eq(known().definitions, before.definitions);
    snprintf(line + at, sizeof line - at, "]");
    good(line);
    at = 0;
    for (unsigned i = 0; i < COLLECTIONS_MAX - 2; i++)
        at += (size_t)snprintf(line + at, sizeof line - at, "[0 'c%u' 'a'] ", i);
    snprintf(line + at, sizeof line - at, "[0 'more' 'a']");
    ck_assert_int_eq(outcome(room, ada, line), STATUS_LIMIT);
    line[at] = 0;
    good(line);
    ck_assert_uint_eq(known().collections, COLLECTIONS_MAX);
}
END_TEST

START_TEST(collections_are_learnt_up_to_64)
{
    char edits[96];
    for (unsigned i = 1; i < COLLECTIONS_MAX; i += 3) { /* few enough to be in flight */
        snprintf(edits, sizeof edits, "[0 'c%u' 'a'] [0 'c%u' 'a'] [0 'c%u' 'a']", i, i + 1, i + 2);
        good(edits);
    }
    refused("[0 'more' 'a']", STATUS_LIMIT);
    good("[0 'c1' 'b']");
}
END_TEST

START_TEST(fields_are_learnt_up_to_32)
{
    char edit[64];
    good("[0 'c' 'a']");
    for (unsigned i = 0; i < FIELDS_MAX; i++) {
        snprintf(edit, sizeof edit, "[1 'c' 'a' 'f%u' 1]", i);
        good(edit);
    }
    refused("[1 'c' 'a' 'more' 1]", STATUS_LIMIT);
    refused("[2 'c' 'a' 'more' 1]", STATUS_LIMIT);
    refused("[3 'c' 'a' 'more' 1]", STATUS_LIMIT);
    good("[1 'c' 'a' 'f31' 2]");
}
END_TEST

START_TEST(events_are_learnt_up_to_32)
{
    char edit[64];
    for (unsigned i = 0; i < EVENT_NAMES_MAX; i++) {
        snprintf(edit, sizeof edit, "[5 'e%u' 0 1]", i);
        good(edit);
    }
    refused("[5 'more' 0 1]", STATUS_LIMIT);
}
END_TEST

/* --- Limits --------------------------------------------------------------------------------------- */

START_TEST(names_and_ids_have_bounded_lengths)
{
    good(padded("[0 '", NAME_BYTES_MAX, "' 'a' 'f' 1]"));
    refused(padded("[0 '", NAME_BYTES_MAX + 1, "' 'a' 'f' 1]"), STATUS_MALFORMED);
    good(padded("[0 'papers' 'a' '", NAME_BYTES_MAX, "' 1]"));
    refused(padded("[0 'papers' 'a' '", NAME_BYTES_MAX + 1, "' 1]"), STATUS_MALFORMED);
    good(padded("[5 '", NAME_BYTES_MAX, "' 0 1]"));
    refused(padded("[5 '", NAME_BYTES_MAX + 1, "' 0 1]"), STATUS_MALFORMED);
    good(padded("[0 'papers' '", RECORD_ID_BYTES_MAX, "' 'f' 1]"));
    refused(padded("[0 'papers' '", RECORD_ID_BYTES_MAX + 1, "' 'f' 1]"), STATUS_MALFORMED);
    static const struct row rows[] = {
        {"[0 '' 'a']", STATUS_MALFORMED},
        {"[0 'papers' '']", STATUS_MALFORMED},
        {"[0 'papers' 'a b']", STATUS_MALFORMED},
        {"[0 'papers' '\x7f']", STATUS_MALFORMED},
        {"[0 'papers' '\xc3\xa4']", STATUS_MALFORMED},
        {"[0 'papers' '!~']", STATUS_OK},
        {"[0 '\xc3\xa4' 'a']", STATUS_OK},
        {"[0 '\xc3' 'a']", STATUS_MALFORMED},
        {"[0 'papers' 7]", STATUS_MALFORMED},
        {"[0 -1 'a']", STATUS_MALFORMED},
    };
    EACH_ROW(rows);
}
END_TEST

static enum status group_of(unsigned edits)
{
    char line[EDITS_MAX * 40];
    size_t at = 0;
    line[0] = 0;
    for (unsigned i = 0; i < edits; i++)
        at += (size_t)snprintf(line + at, sizeof line - at, "[0 'papers' 'r%u' 'f' 1] ", i);
    return outcome(room, ada, line);
}

START_TEST(a_group_has_1_to_64_edits)
{
    ck_assert_int_eq(group_of(0), STATUS_MALFORMED);
    ck_assert_int_eq(group_of(EDITS_MAX - 1), STATUS_OK);
    ck_assert_int_eq(group_of(EDITS_MAX), STATUS_OK);
    ck_assert_int_eq(group_of(EDITS_MAX + 1), STATUS_MALFORMED);
}
END_TEST

START_TEST(a_record_takes_so_many_bytes)
{
    good(padded("[0 'papers' 'a' 'f' '", RECORD_BYTES_MAX - 4, "']"));
    good(padded("[0 'papers' 'a' 'f' '", RECORD_BYTES_MAX - 3, "']")); /* three bytes of head */
    refused(padded("[0 'papers' 'a' 'f' '", RECORD_BYTES_MAX - 2, "']"), STATUS_LIMIT);
    refused("[1 'papers' 'a' 'g' true]", STATUS_LIMIT);
    good("[1 'papers' 'a' 'f' 1 'g' true]");
    good("[0 'papers' 'b'] [2 'papers' 'b' 'list' 1]");
    refused(padded("[2 'papers' 'b' 'list' '", RECORD_BYTES_MAX - 3, "']"), STATUS_LIMIT);
    good(padded("[2 'papers' 'b' 'list' '", RECORD_BYTES_MAX - 4, "']"));
    refused("[2 'papers' 'b' 'list' true]", STATUS_LIMIT);
}
END_TEST

/* What is written over again and again is taken off only once. */
START_TEST(a_group_cannot_pass_the_records_limit)
{
    good(padded("[0 'papers' 'a' 'f' '", 16000, "']"));
    good(padded("[1 'papers' 'a' 'g' '", 16000, "']"));
    refused(padded("[1 'papers' 'a' 'f' 1] [1 'papers' 'a' 'f' 1] [1 'papers' 'a' 'f' 1]"
                   " [1 'papers' 'a' 'h' '",
                   30000, "']"),
            STATUS_LIMIT);
    good(
        padded("[1 'papers' 'a' 'f' 1] [1 'papers' 'a' 'g' 1] [1 'papers' 'a' 'h' '", 30000, "']"));
    refused(padded("[33 'papers' 'a' 99 'h' nil] [1 'papers' 'a' 'f' '", 10000, "']"),
            STATUS_LIMIT);
}
END_TEST

START_TEST(an_event_takes_so_many_bytes)
{
    good(padded("[5 'chat' 0 '", EVENT_BYTES_MAX - 4, "']"));
    good(padded("[5 'chat' 0 '", EVENT_BYTES_MAX - 3, "']"));
    refused(padded("[5 'chat' 0 '", EVENT_BYTES_MAX - 2, "']"), STATUS_LIMIT);
}
END_TEST

START_TEST(a_room_takes_so_many_records)
{
    struct room_options limited = {.rules = &kind_open, .incarnation = 1, .limits = {.records = 3}};
    room_destroy(room);
    room = room_create(&limited);
    ada = join(room, 1, ROLE_EDITOR);
    good("[0 'c' 'a'] [0 'c' 'b']");
    refused("[0 'c' 'd'] [0 'c' 'e']", STATUS_LIMIT);
    good("[0 'c' 'd']");
    refused("[0 'c' 'e']", STATUS_LIMIT);
    good("[1 'c' 'a' 'f' 1]");
    good("[4 'c' 'a']");
    good("[0 'c' 'e']");
}
END_TEST

START_TEST(a_room_takes_so_many_bytes)
{
    struct room_options limited = {
        .rules = &kind_open, .incarnation = 1, .limits = {.state_bytes = 100000}};
    room_destroy(room);
    room = room_create(&limited);
    ada = join(room, 1, ROLE_EDITOR);
    unsigned taken = 0;
    enum status status;
    do {
        char before[64];
        snprintf(before, sizeof before, "[0 'c' 'r%u' 'f' '", taken);
        status = outcome(room, ada, padded(before, 10000, "']"));
        taken += status == STATUS_OK ? 1 : 0;
    } while (status == STATUS_OK && taken < 20);
    ck_assert_int_eq(status, STATUS_LIMIT);
    ck_assert_uint_ge(taken, 5);
    ck_assert_uint_lt(taken, 10);
    ck_assert_uint_lt(room_bytes(room), 110000);
    good("[4 'c' 'r0']");
    good(padded("[0 'c' 'again' 'f' '", 10000, "']"));
}
END_TEST

int main(void)
{
    TCase *mixed = tcase_create("mixed");
    tcase_set_timeout(mixed, 30);
    tcase_add_checked_fixture(mixed, setup_pair, teardown_pair);
    tcase_add_test(mixed, names_are_learnt_where_the_kind_learns);
    tcase_add_test(mixed, a_kind_that_does_not_learn_refuses_names);
    tcase_add_test(mixed, a_refused_operation_teaches_no_names);
    tcase_add_test(mixed, names_count_for_the_edits_behind_them_in_the_group);
    tcase_add_test(mixed, names_and_ids_have_bounded_lengths);
    tcase_add_test(mixed, a_group_has_1_to_64_edits);
    tcase_add_test(mixed, a_record_takes_so_many_bytes);
    tcase_add_test(mixed, a_group_cannot_pass_the_records_limit);
    tcase_add_test(mixed, an_event_takes_so_many_bytes);
    tcase_add_test(mixed, a_room_takes_so_many_records);
    tcase_add_test(mixed, a_room_takes_so_many_bytes);

    TCase *open = tcase_create("open");
    tcase_add_checked_fixture(open, open_setup, teardown_pair);
    tcase_add_test(open, collections_are_learnt_up_to_64);
    tcase_add_test(open, fields_are_learnt_up_to_32);
    tcase_add_test(open, a_group_cannot_teach_more_names_than_there_may_be);
    tcase_add_test(open, events_are_learnt_up_to_32);

    Suite *suite = suite_create("operation_limits");
    suite_add_tcase(suite, mixed);
    suite_add_tcase(suite, open);
    return run_suite(suite);
}
