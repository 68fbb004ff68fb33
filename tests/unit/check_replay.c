/* check_replay.c - what a replay leaves out, and what it must not. */
#include <check.h>
#include <stdlib.h>

#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tests/helpers.h"
#include "tests/kept_log.h"

static struct rules kind; /* a copy of kind_mixed, for callbacks */
static const char *on_joining;
static struct room_options options;
static struct room *room, *again;
static struct kept_log kept;

static void joined(struct room *of, uint32_t member)
{
    ck_assert_int_eq(rules_edit(of, member, on_joining), STATUS_OK);
}

static const struct rules *find(struct bytes name)
{
    return bytes_equal(name, bytes_of(kind.name)) ? &kind : NULL;
}

static void setup(void)
{
    kind = kind_mixed;
    kind.joined = joined;
    options = (struct room_options){.rules = &kind, .incarnation = 1, .logs = true};
    kept = (struct kept_log){0};
    again = NULL;
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
}

static void teardown(void)
{
    room_destroy(room);
    room_destroy(again);
    kept_log_free(&kept);
}

static void replay(void)
{
    bool clean;
    kept_log_take(&kept, room);
    again = kept_log_replay(&kept, &options, find, &clean);
    ck_assert_ptr_nonnull(again);
}

static void expect_same_definitions(void)
{
    uint32_t count = room->state.schema.definition_count;
    ck_assert_uint_eq(again->state.schema.definition_count, count);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t one[256], two[256];
        struct writer a = writer_on(one, sizeof one);
        struct writer b = writer_on(two, sizeof two);
        schema_write_definition(&room->state.schema, i, &a);
        schema_write_definition(&again->state.schema, i, &b);
        ck_assert(bytes_equal(writer_bytes(&a), writer_bytes(&b)));
    }
}

START_TEST(names_that_rules_teach_in_presence_keep_their_numbers)
{
    on_joining = "[1 'presence' '1' 'hat' 'red'] [2 'presence' '1' 'tags' 'new' 'shy'] [0 'papers' "
                 "'p' 'v' 1]";
    uint32_t ada = join(room, 1, ROLE_EDITOR);
    step(room);
    ck_assert_int_eq(presence(room, ada, "'mood' 'good'"), STATUS_OK);
    ck_assert_int_eq(outcome(room, ada, "[1 'papers' 'p' 'w' 2]"), STATUS_OK);
    replay();
    expect_same_definitions();
    expect_value(again, "papers", 0, "p", "w", "2");
}
END_TEST

START_TEST(an_event_to_one_member_is_kept_whatever_its_name)
{
    on_joining = "[5 'wave' 1 'hello'] [0 'hands' 'h' 'card' 1]";
    uint32_t ada = join(room, 1, ROLE_OWNER);
    step(room);
    ck_assert_int_eq(outcome(room, ada, "[5 'wave' 0 'all'] [5 'wave' 1 'again']"), STATUS_OK);
    replay();
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    const struct scope *one = client_find(room, hello_of(1).key)->mine;
    const struct scope *two = client_find(again, hello_of(1).key)->mine;
    ck_assert_uint_eq(two->stamp, one->stamp);
    ck_assert_uint_eq(two->stamp, 4);
}
END_TEST

START_TEST(refused_operations_teach_no_names_in_a_replay_either)
{
    on_joining = "[0 'papers' 'p']";
    uint32_t ada = join(room, 1, ROLE_EDITOR);
    step(room);
    ck_assert_int_eq(outcome(room, ada, "[0 'new' 'a' 'f' 1] [1 'papers' 'none']"),
                     STATUS_NOT_FOUND);
    ck_assert_int_eq(outcome(room, ada, "[0 'other' 'a' 'g' 1]"), STATUS_OK);
    replay();
    expect_same_definitions();
    ck_assert_int_eq(schema_collection(&again->state.schema, bytes_of("new")), -1);
    ck_assert_uint_eq(client_find(again, hello_of(1).key)->refused, 1);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("replay");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, names_that_rules_teach_in_presence_keep_their_numbers);
    tcase_add_test(tcase, an_event_to_one_member_is_kept_whatever_its_name);
    tcase_add_test(tcase, refused_operations_teach_no_names_in_a_replay_either);

    Suite *suite = suite_create("replay");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
