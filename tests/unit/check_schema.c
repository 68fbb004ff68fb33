#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/schema.h"
#include "tests/helpers.h"
#include "tests/notation.h"
#include "tests/run_suite.h"

static struct heap heap;
static struct schema schema;

static void setup(void)
{
    heap_init(&heap, (struct memory){0});
    ck_assert(heap_reserve(&heap, schema_bytes(&kind_mixed)));
    schema_init(&schema, &heap, &kind_mixed);
    ck_assert(heap_reserve(&heap, SCHEMA_TICK_BYTES + 100 * SCHEMA_EDIT_BYTES));
}

static void teardown(void)
{
    heap_free(&heap);
}

static void expect_definition(uint32_t index, const char *line)
{
    uint8_t got[256], wanted[256], noted[256];
    struct writer writer = writer_on(got, sizeof got);
    struct writer note = writer_on(noted, sizeof noted);
    struct writer want = writer_on(wanted, sizeof wanted);
    schema_write_definition(&schema, index, &writer);
    notation_pack(&note, line);
    struct reader reader = reader_on(writer_bytes(&note));
    value_canonical(&reader, &want);
    ck_assert_msg(bytes_equal(writer_bytes(&writer), writer_bytes(&want)), "%s", line);
}

START_TEST(a_kinds_names_have_numbers_in_their_order)
{
    ck_assert_int_eq(schema_collection(&schema, bytes_of("presence")), 0);
    ck_assert_int_eq(schema_collection(&schema, bytes_of("shapes")), 1);
    ck_assert_int_eq(schema_collection(&schema, bytes_of("ledger")), 6);
    ck_assert_int_eq(schema_collection(&schema, bytes_of("none")), -1);
    ck_assert_int_eq(schema_event(&schema, bytes_of("chat")), 0);
    ck_assert_int_eq(schema_event(&schema, bytes_of("wave")), 1);
    ck_assert_int_eq(schema_event(&schema, bytes_of("shapes")), -1);
    const struct collection *presence = &schema.collections[0];
    ck_assert_int_eq(collection_field(presence, bytes_of("user")), 0);
    ck_assert_int_eq(collection_field(presence, bytes_of("away")), 1);
    ck_assert_int_eq(collection_field(presence, bytes_of("x")), 2);
    ck_assert_int_eq(collection_field(presence, bytes_of("z")), -1);
}
END_TEST

START_TEST(definitions_are_written_as_the_wire_has_them)
{
    expect_definition(0, "[0 0 'presence' 1 2]");
    expect_definition(1, "[1 0 0 'user' 0 0 0 32768 1]");
    expect_definition(2, "[1 0 1 'away' 1 0 0 32768 1]");
    expect_definition(3, "[1 0 2 'x' 3 0 0 4000 2]");
    expect_definition(6, "[0 1 'shapes' 0 1]");
    expect_definition(7, "[1 1 0 'n' 2 0 -1000 1000 1]");
    expect_definition(8, "[1 1 1 'fix' 3 0 -80 80 8]");
    expect_definition(10, "[1 1 3 'text' 4 0 0 8 1]");
    expect_definition(14, "[1 1 7 'votes' 2 2 -10 10 1]");
    expect_definition(15, "[1 1 8 'points' 6 1 0 20 1]");
    expect_definition(17, "[0 2 'papers' 0 1]");
    expect_definition(18, "[0 3 'weather' 0 1]");
    expect_definition(19, "[1 3 0 'wind' 2 0 -9007199254740992 9007199254740992 1]");
    expect_definition(20, "[0 4 'secrets' 0 6]");
    expect_definition(21, "[0 5 'hands' 0 3]");
    expect_definition(23, "[2 0 'chat' 3]"); /* nobody learns of the ledger */
    expect_definition(24, "[2 1 'wave' 2]");
    ck_assert_uint_eq(schema.definition_count, 26);
}
END_TEST

START_TEST(learnt_names_are_copied_and_defined_in_their_order)
{
    char name[] = "fresh";
    int number = schema_learn_collection(&schema, &heap, bytes_of(name));
    ck_assert_int_eq(number, 7);
    ck_assert_int_eq(schema_learn_field(&schema, &heap, number, bytes_of(name), MERGE_SET), 0);
    ck_assert_int_eq(schema_learn_field(&schema, &heap, number, bytes_of("list"), MERGE_APPEND), 1);
    ck_assert_int_eq(schema_learn_field(&schema, &heap, number, bytes_of("sum"), MERGE_ADD), 2);
    ck_assert_int_eq(schema_learn_event(&schema, &heap, bytes_of("honk")), 3);
    memset(name, 'x', 5);
    expect_definition(26, "[0 7 'fresh' 0 1]");
    expect_definition(27, "[1 7 0 'fresh' 0 0 0 32768 1]");
    expect_definition(28, "[1 7 1 'list' 0 1 0 32768 1]");
    expect_definition(29, "[1 7 2 'sum' 2 2 -9007199254740992 9007199254740992 1]");
    expect_definition(30, "[2 3 'honk' 64]");
    ck_assert_int_eq(schema_collection(&schema, bytes_of("fresh")), 7);
    /* The server's own are learnt without a definition. */
    ck_assert_int_eq(schema_learn_field(&schema, &heap, 6, bytes_of("v"), MERGE_SET), 1);
    ck_assert_uint_eq(schema.definition_count, 31);
}
END_TEST

START_TEST(learning_stops_at_its_limits)
{
    char name[16];
    for (int i = 7; i < (int)COLLECTIONS_MAX; i++) {
        snprintf(name, sizeof name, "c%d", i);
        ck_assert_int_eq(schema_learn_collection(&schema, &heap, bytes_of(name)), i);
    }
    ck_assert_int_eq(schema_learn_collection(&schema, &heap, bytes_of("more")), -1);
    for (int i = 0; i < (int)FIELDS_MAX; i++) {
        snprintf(name, sizeof name, "f%d", i);
        ck_assert_int_eq(schema_learn_field(&schema, &heap, 7, bytes_of(name), MERGE_SET), i);
    }
    ck_assert_int_eq(schema_learn_field(&schema, &heap, 7, bytes_of("more"), MERGE_SET), -1);
    for (int i = 3; i < (int)EVENT_NAMES_MAX; i++) {
        snprintf(name, sizeof name, "e%d", i);
        ck_assert_int_eq(schema_learn_event(&schema, &heap, bytes_of(name)), i);
    }
    ck_assert_int_eq(schema_learn_event(&schema, &heap, bytes_of("more")), -1);
}
END_TEST

START_TEST(names_have_bounds_and_no_control_characters)
{
    char name[NAME_BYTES_MAX + 2] = {0};
    ck_assert(!schema_name_valid(bytes_of("")));
    ck_assert(schema_name_valid(bytes_of("a b")));
    ck_assert(schema_name_valid(bytes_of("\xe2\x82\xac")));
    ck_assert(!schema_name_valid(bytes_of("a\n")));
    ck_assert(!schema_name_valid(bytes_of("\x7f")));
    ck_assert(!schema_name_valid((struct bytes){(const uint8_t *)"\0", 1}));
    memset(name, 'a', NAME_BYTES_MAX);
    ck_assert(schema_name_valid(bytes_of(name)));
    memset(name, 'a', NAME_BYTES_MAX + 1);
    ck_assert(!schema_name_valid(bytes_of(name)));
}
END_TEST

START_TEST(kinds_are_found_by_name)
{
    const struct kinds *kinds = &kinds_built_in;
    ck_assert_ptr_eq(kind_find(kinds, bytes_of("open")), &kind_open);
    ck_assert_ptr_eq(kind_find(kinds, bytes_of("cursors")), &kind_cursors);
    ck_assert_ptr_eq(kind_find(kinds, bytes_of("board")), &kind_board);
    ck_assert_ptr_eq(kind_find(kinds, bytes_of("race")), &kind_race);
    ck_assert_ptr_null(kind_find(kinds, bytes_of("Open")));
    ck_assert_ptr_null(kind_find(kinds, bytes_of("")));
}
END_TEST

START_TEST(kinds_are_added_under_names_of_their_own)
{
    static char names[KINDS_MAX + 1][8];
    static struct rules rules[KINDS_MAX + 1];
    struct kinds kinds = kinds_built_in;
    uint32_t added = 0;
    for (uint32_t i = 0; i <= KINDS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "kind%u", i);
        rules[i] = (struct rules){.name = names[i]};
        added += kinds_add(&kinds, &rules[i]) == STATUS_OK;
    }
    ck_assert_uint_eq(added, KINDS_MAX - kinds_built_in.count);
    ck_assert_ptr_eq(kind_find(&kinds, bytes_of("kind0")), &rules[0]);
    ck_assert_ptr_eq(kind_find(&kinds, bytes_of(names[added - 1])), &rules[added - 1]);
    ck_assert_int_eq(kinds_add(&kinds, &rules[added]), STATUS_LIMIT);
    ck_assert_int_eq(kinds_add(&kinds, &rules[0]), STATUS_EXISTS);
    ck_assert_int_eq(kinds_add(&kinds, &kind_open), STATUS_EXISTS);
    ck_assert_uint_eq(kinds.count, KINDS_MAX);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("schema");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_kinds_names_have_numbers_in_their_order);
    tcase_add_test(tcase, definitions_are_written_as_the_wire_has_them);
    tcase_add_test(tcase, learnt_names_are_copied_and_defined_in_their_order);
    tcase_add_test(tcase, learning_stops_at_its_limits);
    tcase_add_test(tcase, names_have_bounds_and_no_control_characters);
    tcase_add_test(tcase, kinds_are_found_by_name);
    tcase_add_test(tcase, kinds_are_added_under_names_of_their_own);

    Suite *suite = suite_create("schema");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
