/* check_replay.c - what a replay leaves out, and what it must not. */
#include <check.h>
#include <stdlib.h>

#include "sync/hash.h"
#include "sync/log_read.h"
#include "sync/room_parts.h"
#include "tests/helpers.h"
#include "tests/kept_log.h"
#include "tests/notation.h"
#include "tests/run_suite.h"

static struct rules kind; /* a copy of kind_mixed, for callbacks */
static const char *on_joining;
static struct room_options options;
static struct room *room, *again;
static struct kept_log kept;

static void joined(struct room *of, uint32_t member)
{
    ck_assert_int_eq(rules_edit(of, member, on_joining), STATUS_OK);
}

static const struct kinds kinds = {.rules = {&kind}, .count = 1};

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
    again = kept_log_replay(&kept, &options, &kinds, &clean);
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

/* As deep as values go; the operation around them goes deeper. */
#define DEEPEST "[[[[[[[1]]]]]]]"

START_TEST(values_as_deep_as_may_be_are_replayed_refused_and_left_out)
{
    on_joining = "[0 'papers' 'p' 'v' " DEEPEST "]";
    uint32_t ada = join(room, 1, ROLE_EDITOR);
    step(room);
    ck_assert_int_eq(outcome(room, ada, "[0 'papers' 'a' 'v' " DEEPEST "]"), STATUS_OK);
    ck_assert_int_eq(outcome(room, ada, "[1 'papers' 'none' 'v' " DEEPEST "]"), STATUS_NOT_FOUND);
    replay();
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    ck_assert_uint_eq(client_find(again, hello_of(1).key)->refused, 1);

    /* What a snapshot has is left out, by whoever reads the log from its beginning. */
    struct bytes snapshot = snapshot_of(room);
    struct replay twice = replay_begin(&options, &kinds);
    ck_assert_int_eq(replay_snapshot(&twice, snapshot), STATUS_OK);
    ck_assert_int_eq(replay_log(&twice, (struct bytes){kept.data, kept.length}), STATUS_OK);
    replay_abandon(&twice);
    free((void *)(uintptr_t)snapshot.data);
}
END_TEST

START_TEST(a_log_is_taken_apart_into_entries_and_acts)
{
    static const enum act expected[] = {ACT_OPENED, ACT_JOINED,    ACT_HERE,
                                        ACT_EDIT,   ACT_OPERATION, ACT_OPERATION};
    on_joining = "[0 'papers' 'p']";
    uint32_t ada = join(room, 1, ROLE_EDITOR);
    step(room);
    ck_assert_int_eq(outcome(room, ada, "[0 'papers' 'a' 'v' " DEEPEST "]"), STATUS_OK);
    ck_assert_int_eq(outcome(room, ada, "[1 'papers' 'none' 'v' 1]"), STATUS_NOT_FOUND);
    replay();
    struct reader log = reader_on((struct bytes){kept.data, kept.length});
    struct log_entry entry;
    struct log_act act = {0};
    size_t acts = 0, bytes = 0;
    while (log_read_entry(&log, &entry)) {
        struct reader inside = reader_on(entry.acts);
        bytes += entry.bytes.length;
        while (log_read_act(&inside, &act)) {
            ck_assert_uint_lt(acts, sizeof expected / sizeof expected[0]);
            ck_assert_int_eq(act.act, expected[acts++]);
        }
        ck_assert_int_eq(reader_end(&inside), STATUS_OK);
    }
    ck_assert_int_eq(reader_end(&log), STATUS_OK);
    ck_assert_uint_eq(acts, sizeof expected / sizeof expected[0]);
    ck_assert_uint_eq(bytes, kept.length);
    ck_assert_int_eq(act.status, STATUS_NOT_FOUND);
    for (size_t cut = 1; cut < kept.length; cut++) {
        log = reader_on((struct bytes){kept.data, cut});
        while (log_read_entry(&log, &entry))
            continue;
        ck_assert(reader_end(&log) != STATUS_OK || log.at == cut);
    }
}
END_TEST

/* Where the snapshot says that the room sleeps: behind its format, kind, incarnation and tick. */
static uint8_t *asleep_in(struct bytes snapshot)
{
    struct reader reader = reader_on(snapshot);
    read_integer(&reader);
    read_string(&reader);
    read_integer(&reader);
    read_integer(&reader);
    ck_assert_int_eq(read_type(&reader), PACK_BOOL);
    return (uint8_t *)(uintptr_t)snapshot.data + reader.at;
}

START_TEST(nobody_sits_in_a_room_that_sleeps)
{
    on_joining = "[0 'papers' 'p']";
    join(room, 1, ROLE_EDITOR);
    step(room);
    struct bytes snapshot = snapshot_of(room);
    struct replay one = replay_begin(&options, &kinds);
    *asleep_in(snapshot) = 0xc3;
    ck_assert_int_eq(replay_snapshot(&one, snapshot), STATUS_MALFORMED);
    replay_abandon(&one);
    free((void *)(uintptr_t)snapshot.data);

    room_leave(room, 0);
    step(room);
    ck_assert_int_eq(room_sleep(room), STATUS_OK);
    kept_log_take(&kept, room);
    static const char entry[] =
        "[5 1 1000 [3 0 x00000000000000000000000000000002 2 0 1 nil]]"; /* behind tick 4 */
    uint8_t bytes[128];
    struct writer writer = writer_on(bytes, sizeof bytes);
    notation_pack(&writer, entry);
    struct replay two = replay_begin(&options, &kinds);
    ck_assert_uint_eq(room_tick_number(room), 4);
    ck_assert_int_eq(replay_log(&two, (struct bytes){kept.data, kept.length}), STATUS_OK);
    ck_assert_int_eq(replay_log(&two, writer_bytes(&writer)), STATUS_MALFORMED);
    replay_abandon(&two);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("replay");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, names_that_rules_teach_in_presence_keep_their_numbers);
    tcase_add_test(tcase, an_event_to_one_member_is_kept_whatever_its_name);
    tcase_add_test(tcase, refused_operations_teach_no_names_in_a_replay_either);
    tcase_add_test(tcase, values_as_deep_as_may_be_are_replayed_refused_and_left_out);
    tcase_add_test(tcase, a_log_is_taken_apart_into_entries_and_acts);
    tcase_add_test(tcase, nobody_sits_in_a_room_that_sleeps);

    Suite *suite = suite_create("replay");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
