/* check_follow.c - a room that shows another one: what goes over, what it costs, and what its members
 * see of it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/follow.h"
#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tests/helpers.h"
#include "tests/notation.h"
#include "tests/run_suite.h"
#include "tests/shown.h"

static struct rules kind;
static struct collection_rules collections[16];
static struct room *source, *target;
static struct follow follow;
static struct frames *frames;
static struct replica *replica;
static uint32_t ada, bob, viewer;

/* What the target's kind has of its own. */
static const struct field_rules own_fields[] = {{.name = "n", .type = FIELD_INT}};

static struct rules with_own(const struct rules *rules)
{
    struct rules more = *rules;
    memcpy(collections, rules->collections, rules->collection_count * sizeof collections[0]);
    collections[rules->collection_count] =
        (struct collection_rules){.name = "replay", .fields = own_fields, .field_count = 1};
    more.collections = collections;
    more.collection_count++;
    return more;
}

static void close_rooms(void)
{
    room_destroy(source);
    room_destroy(target);
    replica_destroy(replica);
}

static void open_rooms(const struct rules *rules)
{
    kind = with_own(rules);
    source = room_create(&(struct room_options){.rules = rules, .incarnation = 1});
    target = room_create(&(struct room_options){.rules = &kind, .incarnation = 1});
    target->last_member = FOLLOW_OWN_MEMBERS - 1;
    follow = (struct follow){0};
    ada = join(source, 1, ROLE_OWNER);
    bob = join(source, 2, ROLE_EDITOR);
    viewer = join(target, 9, ROLE_OWNER);
    step(source);
    step(target);
    ck_assert_int_eq(outcome(target, viewer, "[0 'replay' 'player' 'n' 5]"), STATUS_OK);
    ck_assert_int_eq(presence(target, viewer, "'x' 7"), STATUS_OK);
    replica = replica_create(&(struct memory){0});
    replica_welcome(replica, 0, false);
}

static void setup(void)
{
    frames = frames_create(&(struct memory){0});
    open_rooms(&kind_mixed);
}

static void teardown(void)
{
    close_rooms();
    frames_destroy(frames);
}

/* She hears of it, so that she may go on. */
static void good(const char *edits)
{
    ck_assert_int_eq(outcome(source, ada, edits), STATUS_OK);
    ck_assert(frames_begin(frames, source));
    frames_next(frames, ada);
    frames_end(frames, true);
}

static void show(bool jump)
{
    step(target);
    ck_assert_int_eq(room_follow(&follow, target, source, jump), STATUS_OK);
    expect_sound(target);
    ck_assert_uint_eq(shown_hash(target), shown_hash(source));
    ck_assert_ptr_nonnull(presence_find(target, FOLLOW_OWN_MEMBERS)); /* the viewer's own */
    expect_value(target, "replay", 0, "player", "n", "5");
    frames_apply(frames, target, viewer, replica);
    ck_assert(replica_complete(replica));
    ck_assert_uint_eq(replica_hash(replica), room_hash(target, viewer));
}

static uint64_t stamps(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < SCOPE_COUNT; i++)
        sum += target->state.scopes[i] != NULL ? target->state.scopes[i]->stamp : 0;
    return sum;
}

/* Another room takes the place of the source. */
static struct room *other_source(void)
{
    struct room *before = source;
    source = room_create(&(struct room_options){.rules = before->rules, .incarnation = 1});
    ada = join(source, 1, ROLE_OWNER);
    step(source);
    return before;
}

START_TEST(a_room_shows_what_another_one_is)
{
    good("[0 'shapes' 'a' 'n' 5 'text' 'one' 'on' true 'any' {'k' [1 2]}] "
         "[2 'shapes' 'a' 'points' 1 2 3] [3 'shapes' 'a' 'votes' 2]");
    good("[0 'secrets' 's' 'hidden' 1]");
    good("[5 'chat' 0 'hello'] [5 'wave' 0 'there']");
    ck_assert_int_eq(presence(source, ada, "'x' 10 'note' 'here'"), STATUS_OK);
    show(true);
    expect_value(target, "shapes", 0, "a", "points", "[1 2 3]");
    expect_value(target, "presence", 0, "1", "note", "'here'");
    good("[1 'shapes' 'a' 'n' 6 'text' nil] [2 'shapes' 'a' 'points' 4] [0 'shapes' 'b']");
    good("[4 'shapes' 'b'] [5 'chat' 0 'again']");
    ck_assert_int_eq(presence(source, ada, "'x' 12"), STATUS_OK);
    room_leave(source, bob);
    step(source);
    show(false);
    expect_value(target, "shapes", 0, "a", "points", "[1 2 3 4]");
}
END_TEST

START_TEST(where_nothing_changed_nothing_does)
{
    good("[0 'shapes' 'a' 'n' 5] [2 'shapes' 'a' 'points' 1 2 3] [5 'chat' 0 'hello']");
    show(true);
    uint64_t before = stamps();
    show(false);
    show(true);
    ck_assert_uint_eq(stamps(), before);
}
END_TEST

START_TEST(what_changed_alone_takes_stamps)
{
    good("[0 'shapes' 'a' 'n' 5] [0 'shapes' 'b' 'n' 5 'text' 'one']");
    show(true);
    uint64_t before = stamps();
    good("[1 'shapes' 'b' 'n' 6]");
    show(false);
    ck_assert_uint_eq(stamps(), before + 1);
    good("[1 'shapes' 'a' 'n' 6]");
    show(true); /* another moment may cost no more */
    ck_assert_uint_eq(stamps(), before + 2);
}
END_TEST

START_TEST(what_one_member_or_the_server_sees_stays)
{
    good("[0 'hands' 'h' 'cards' 3]");
    ck_assert_int_eq(server_edit(source, 0, "[0 'ledger' 'all' 'joined' 2]"), STATUS_OK);
    show(true);
    ck_assert_uint_eq(target->state.server->live, 0);
    const struct scope *mine = client_find(target, hello_of(9).key)->mine;
    ck_assert(mine == NULL || mine->live == 0);
}
END_TEST

START_TEST(authors_go_along)
{
    good("[0 'shapes' 'a' 'n' 5]");
    ck_assert_int_eq(outcome(source, bob, "[1 'shapes' 'a' 'text' 'b']"), STATUS_OK);
    show(true);
    const struct record *record =
        state_find(&target->state, target->state.scopes[SCOPE_EVERYONE], 1, bytes_of("a"));
    ck_assert_uint_eq(record->owner, 1);
    ck_assert_uint_eq(record_cell(record, 0)->author, 1);
    ck_assert_uint_eq(record_cell(record, 0)->sequence, 1);
    ck_assert_uint_eq(record_cell(record, 3)->author, 2);
}
END_TEST

/* --- Names ---------------------------------------------------------------------------------------- */

START_TEST(names_are_learnt_and_matched)
{
    good("[0 'rocks' 'r' 'size' 1] [2 'rocks' 'r' 'cracks' 'a'] [3 'rocks' 'r' 'count' 4]");
    good("[0 'papers' 'p' 'title' 't'] [5 'bump' 0 1]");
    ck_assert_int_eq(presence(source, ada, "'mood' 'good'"), STATUS_OK);
    show(true);
    expect_value(target, "rocks", 0, "r", "count", "4");
    good("[0 'rivers' 'x' 'length' 9] [1 'rocks' 'r' 'colour' 'grey'] [5 'splash' 0 2]");
    show(false);
    expect_value(target, "rivers", 0, "x", "length", "9");
    struct room *before = other_source(); /* the same names, in another order */
    good("[5 'splash' 0 3] [0 'rivers' 'x' 'depth' 1] [0 'rocks' 'r' 'colour' 'red']");
    show(true);
    expect_value(target, "rocks", 0, "r", "count", "nil");
    expect_value(target, "papers", 0, "p", "title", "nil");
    room_destroy(before);
}
END_TEST

START_TEST(a_name_of_the_target_s_own_is_left_out)
{
    good("[0 'replay' 'player' 'n' 8 'm' 9] [0 'replay' 'other' 'n' 8]");
    good("[0 'rocks' 'r' 'n' 8]");
    show(true);
    good("[1 'replay' 'player' 'n' 9] [4 'replay' 'other']");
    show(false);
    expect_value(target, "rocks", 0, "r", "n", "8");
}
END_TEST

START_TEST(names_that_do_not_fit_are_left_out)
{
    char edits[64];
    for (uint32_t i = source->state.schema.collection_count; i < COLLECTIONS_MAX; i++) {
        snprintf(edits, sizeof edits, "[0 'many%u' 'r' 'n' %u]", i, i);
        good(edits);
    }
    step(target);
    ck_assert_int_eq(room_follow(&follow, target, source, true), STATUS_OK);
    ck_assert_uint_eq(target->state.schema.collection_count, COLLECTIONS_MAX);
    expect_value(target, "many62", 0, "r", "n", "62");
    expect_value(target, "many63", 0, "r", "n", "nil");
    good("[1 'many63' 'r' 'n' 1] [1 'many62' 'r' 'n' 2]");
    ck_assert_int_eq(room_follow(&follow, target, source, false), STATUS_OK);
    expect_value(target, "many62", 0, "r", "n", "2");
    expect_sound(target);
}
END_TEST

START_TEST(a_field_of_another_merge_is_left_out)
{
    good("[0 'rocks' 'r' 'size' 1 'name' 'a']");
    show(true);
    struct room *before = other_source();
    good("[0 'rocks' 'r' 'name' 'b'] [2 'rocks' 'r' 'size' 1 2]");
    step(target);
    ck_assert_int_eq(room_follow(&follow, target, source, true), STATUS_OK);
    expect_value(target, "rocks", 0, "r", "size", "nil");
    expect_value(target, "rocks", 0, "r", "name", "'b'");
    room_destroy(before);
}
END_TEST

/* --- Lists ---------------------------------------------------------------------------------------- */

static uint32_t list_start(void)
{
    const struct record *record =
        state_find(&target->state, target->state.scopes[SCOPE_EVERYONE], 1, bytes_of("a"));
    const struct cell *cell = record_cell(record, 9); /* lines */
    return cell->aux.last == NULL ? 0 : cell->aux.last->start;
}

START_TEST(lists_grow_at_their_tails)
{
    good("[0 'shapes' 'a'] [2 'shapes' 'a' 'lines' 'one' 2 3.5]");
    show(true);
    good("[2 'shapes' 'a' 'lines' 'four' 'five']");
    show(false);
    ck_assert_uint_eq(list_start(), 3);
    good("[2 'shapes' 'a' 'lines' 'six']");
    good("[2 'shapes' 'a' 'lines' 'seven']");
    show(true); /* another moment with more of it */
    ck_assert_uint_ge(list_start(), 5);
    good("[1 'shapes' 'a' 'lines' ['one' 2]]");
    show(false);
    good("[1 'shapes' 'a' 'lines' []]");
    show(true);
    good("[1 'shapes' 'a' 'lines' nil]");
    show(false);
    good("[1 'shapes' 'a' 'lines' ['x']]");
    show(true);
}
END_TEST

/* One item at a time, in other pieces than the source has them. */
START_TEST(lists_are_the_same_however_they_came)
{
    char edits[64];
    struct chance chance = chance_of(7);
    close_rooms();
    open_rooms(&kind_open);
    good("[0 'shapes' 'a']");
    for (int i = 0; i < 400; i++) {
        snprintf(edits, sizeof edits, "[2 'shapes' 'a' 'p' '%0*u']",
                 1 + (int)chance_below(&chance, 30), chance_below(&chance, 1000));
        good(edits);
        if (chance_below(&chance, 5) == 0)
            show(chance_below(&chance, 2) == 0);
    }
    show(false);
}
END_TEST

/* --- Events --------------------------------------------------------------------------------------- */

static struct {
    unsigned happened, history;
} heard;

static void on_event(void *context, const struct replica_occurrence *event)
{
    (void)context;
    if (event->history)
        heard.history++;
    else
        heard.happened++;
}

static void listen(void)
{
    static const struct replica_watcher watcher = {.event = on_event};
    heard.happened = heard.history = 0;
    replica_watch(replica, &watcher);
}

START_TEST(events_of_a_room_that_goes_on_happen)
{
    show(true);
    listen();
    good("[5 'chat' 0 'one'] [5 'wave' 0 'two']");
    show(false);
    ck_assert_uint_eq(heard.happened, 2);
    good("[5 'chat' 0 '1'] [5 'chat' 0 '2'] [5 'chat' 0 '3'] [5 'chat' 0 '4'] [5 'chat' 0 '5']");
    show(false);
    ck_assert_uint_eq(heard.happened, 5); /* three are kept */
    ck_assert_uint_eq(heard.history, 0);
}
END_TEST

START_TEST(events_of_another_moment_have_happened)
{
    good("[5 'chat' 0 'one'] [5 'wave' 0 'two']");
    show(true);
    listen();
    good("[5 'chat' 0 'three'] [5 'chat' 0 'four']");
    show(true);
    ck_assert_uint_eq(heard.happened, 0);
    ck_assert_uint_eq(heard.history, 3);
    struct room *before = other_source();
    good("[5 'chat' 0 'one']");
    show(true);
    ck_assert_uint_eq(heard.happened, 0);
    ck_assert_uint_eq(heard.history, 4);
    show(true); /* the same moment: nobody hears anything */
    ck_assert_uint_eq(heard.history, 4);
    room_destroy(before);
}
END_TEST

/* --- What the source forgot ----------------------------------------------------------------------- */

START_TEST(more_may_go_than_the_source_remembers)
{
    room_destroy(source);
    source = room_create(&(struct room_options){
        .rules = &kind_mixed, .incarnation = 1, .limits = {.tombstones = 2}});
    ada = join(source, 1, ROLE_OWNER);
    step(source);
    good("[0 'shapes' 'a'] [0 'shapes' 'b'] [0 'shapes' 'c'] [0 'shapes' 'd'] [0 'shapes' 'e']");
    show(true);
    listen();
    good("[4 'shapes' 'a'] [4 'shapes' 'b'] [4 'shapes' 'c'] [4 'shapes' 'd'] [5 'chat' 0 'x']");
    show(false);
    ck_assert_uint_eq(heard.happened, 1);
    ck_assert_uint_eq(heard.history, 0);
}
END_TEST

START_TEST(a_record_that_was_made_again_is_another_one)
{
    good("[0 'shapes' 'a' 'n' 5 'text' 'one']");
    show(true);
    good("[4 'shapes' 'a']");
    good("[32 'shapes' 'a' 1 'n' 5]");
    show(false);
    good("[4 'shapes' 'a']");
    good("[32 'shapes' 'a' 1 'n' 6]");
    show(true);
}
END_TEST

/* More removals than the target remembers either. */
START_TEST(any_number_may_go_at_once)
{
    char edits[64];
    room_set_memory(target, &(struct room_limits){.tombstones = 3, .clients = 100});
    for (int i = 0; i < 200; i++) {
        snprintf(edits, sizeof edits, "[0 'shapes' 'r%d' 'n' %d]", i, i);
        good(edits);
    }
    show(true);
    struct room *before = other_source();
    good("[0 'shapes' 'r77' 'n' 77]");
    show(true);
    room_destroy(before);
}
END_TEST

START_TEST(who_is_shown_gets_no_word_from_viewers)
{
    ck_assert_int_eq(presence(source, ada, "'x' 1"), STATUS_OK);
    show(true);
    ck_assert_int_eq(outcome(target, viewer, "[5 'chat' 1 'psst']"), STATUS_NOT_FOUND);
    ck_assert_uint_eq(room_member_next(target, 0), FOLLOW_OWN_MEMBERS);
    ck_assert_uint_eq(room_member_next(target, 1), 0);
    show(false);
}
END_TEST

START_TEST(without_memory_the_next_call_goes_on)
{
    static struct counted_memory counted; /* as long as the target */
    char edits[128];
    counted = (struct counted_memory){.left = UINT64_MAX};
    room_destroy(target);
    target = room_create(&(struct room_options){
        .rules = &kind, .incarnation = 1, .memory = memory_counted(&counted)});
    target->last_member = FOLLOW_OWN_MEMBERS - 1;
    for (int i = 0; i < 60; i++) {
        snprintf(edits, sizeof edits,
                 "[0 'shapes' 'r%d' 'any' 'a longer value of %d'] "
                 "[2 'shapes' 'r%d' 'lines' 1 2 3] [5 'chat' 0 %d]",
                 i, i, i, i);
        good(edits);
    }
    good("[0 'rocks' 'r' 'n' 1]");
    unsigned tries = 0;
    enum status status = STATUS_MEMORY;
    for (; status == STATUS_MEMORY && tries < 100; tries++) {
        counted.left = 1;
        status = room_follow(&follow, target, source, tries == 0);
        expect_sound(target);
    }
    counted.left = UINT64_MAX;
    ck_assert_int_eq(status, STATUS_OK);
    ck_assert_uint_gt(tries, 2);
    ck_assert_uint_eq(shown_hash(target), shown_hash(source));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("follow");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_room_shows_what_another_one_is);
    tcase_add_test(tcase, where_nothing_changed_nothing_does);
    tcase_add_test(tcase, what_changed_alone_takes_stamps);
    tcase_add_test(tcase, what_one_member_or_the_server_sees_stays);
    tcase_add_test(tcase, authors_go_along);
    tcase_add_test(tcase, names_are_learnt_and_matched);
    tcase_add_test(tcase, a_name_of_the_target_s_own_is_left_out);
    tcase_add_test(tcase, names_that_do_not_fit_are_left_out);
    tcase_add_test(tcase, a_field_of_another_merge_is_left_out);
    tcase_add_test(tcase, lists_grow_at_their_tails);
    tcase_add_test(tcase, lists_are_the_same_however_they_came);
    tcase_add_test(tcase, events_of_a_room_that_goes_on_happen);
    tcase_add_test(tcase, events_of_another_moment_have_happened);
    tcase_add_test(tcase, more_may_go_than_the_source_remembers);
    tcase_add_test(tcase, a_record_that_was_made_again_is_another_one);
    tcase_add_test(tcase, any_number_may_go_at_once);
    tcase_add_test(tcase, who_is_shown_gets_no_word_from_viewers);
    tcase_add_test(tcase, without_memory_the_next_call_goes_on);
    Suite *suite = suite_create("follow");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
