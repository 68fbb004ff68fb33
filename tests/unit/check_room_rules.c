/* check_room_rules.c - what rules may do in a room, and the memory that a tick needs. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

static struct room_options options;
static struct room *room;
static struct rules kind; /* a copy of kind_mixed, for callbacks */

static void setup(void)
{
    kind = kind_mixed;
    options = (struct room_options){.rules = &kind, .incarnation = 7, .grace_ticks = 5};
    room = NULL;
}

static void teardown(void)
{
    room_destroy(room);
}

static void create(void)
{
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
}

/* --- Rules ----------------------------------------------------------------------------------------- */

static char heard[512];

static void hear(const char *what, uint32_t number)
{
    size_t length = strlen(heard);
    snprintf(heard + length, sizeof heard - length, "%s%u ", what, number);
}

static void expect_heard(const char *text)
{
    ck_assert_str_eq(heard, text);
    heard[0] = 0;
}

static void on_created(struct room *one)
{
    (void)one;
    hear("created", 0);
}

static void on_joined(struct room *one, uint32_t member)
{
    char edit[64];
    snprintf(edit, sizeof edit, "[0 'hands' 'h' 'of' %u]", member);
    ck_assert_int_eq(rules_edit(one, member, edit), STATUS_OK);
    hear("joined", member);
}

static void on_left(struct room *one, uint32_t member)
{
    (void)one;
    hear("left", member);
}

static enum status on_accept(struct room *one, const struct edit_view *edit)
{
    static const char *const targets[] = {"presence", "shapes"};
    (void)one;
    hear(edit->verb == VERB_EMIT ? "chat" : targets[edit->target], (uint32_t)edit->verb);
    return edit->id.length == 3 ? STATUS_REFUSED : STATUS_OK;
}

static void on_tick(struct room *one)
{
    (void)one;
    hear("tick", 0);
}

static void on_timer(struct room *one, uint32_t timer)
{
    hear("timer", timer);
    if (timer == 100)
        ck_assert_int_eq(room_set_timer(one, 7, 1), STATUS_OK);
}

START_TEST(rules_are_called_in_their_order)
{
    kind.created = on_created;
    kind.joined = on_joined;
    kind.left = on_left;
    kind.accept = on_accept;
    kind.tick = on_tick;
    create();
    expect_heard("created0 ");
    uint32_t ada = join(room, 1, ROLE_EDITOR);
    uint32_t bob = join(room, 2, ROLE_EDITOR);
    step(room);
    expect_heard("joined1 joined2 tick0 ");
    expect_value(room, "hands", 2, "h", "of", "2");
    ck_assert_int_eq(outcome(room, ada, "[0 'shapes' 'ab'] [5 'chat' 0 1]"), STATUS_OK);
    expect_heard("shapes0 chat5 tick0 ");
    ck_assert_int_eq(outcome(room, ada, "[0 'shapes' 'cd'] [0 'shapes' 'abc']"), STATUS_REFUSED);
    expect_heard("shapes0 shapes0 tick0 ");
    ck_assert_uint_eq(room_records(room), 3);
    room_leave(room, bob);
    step(room);
    expect_heard("left2 tick0 ");
}
END_TEST

static void deal_to_all(struct room *one)
{
    for (uint32_t member = 1; member <= 3; member++)
        ck_assert_int_eq(rules_edit(one, member, "[0 'hands' 'card' 'v' 1]"), STATUS_OK);
}

START_TEST(rules_may_write_for_members_that_hold_nothing_private)
{
    create();
    for (unsigned key = 1; key <= 3; key++)
        join(room, key, ROLE_EDITOR);
    step(room);
    kind.tick = deal_to_all;
    step(room);
    expect_value(room, "hands", 3, "card", "v", "1");
}
END_TEST

START_TEST(timers_run_when_due_and_in_their_order)
{
    kind.timer = on_timer;
    create();
    ck_assert_int_eq(room_set_timer(room, 3, 2), STATUS_OK);
    ck_assert_int_eq(room_set_timer(room, 1, 1), STATUS_OK);
    ck_assert_int_eq(room_set_timer(room, 2, 2), STATUS_OK);
    ck_assert_int_eq(room_set_timer(room, 9, 1), STATUS_OK);
    ck_assert_int_eq(room_set_timer(room, 9, 3), STATUS_OK); /* replaces */
    ck_assert_int_eq(room_set_timer(room, 8, 1), STATUS_OK);
    ck_assert_int_eq(room_set_timer(room, 8, 0), STATUS_OK); /* cancels */
    step(room);
    expect_heard("timer1 ");
    step(room);
    expect_heard("timer3 timer2 ");
    step(room);
    expect_heard("timer9 ");
    step(room);
    expect_heard("");
    ck_assert_int_eq(room_set_timer(room, 100, 1), STATUS_OK); /* sets one in its callback */
    step(room);
    expect_heard("timer100 ");
    step(room);
    expect_heard("timer7 ");
}
END_TEST

START_TEST(so_many_timers_may_run)
{
    kind.timer = on_timer;
    create();
    for (uint32_t timer = 0; timer < ROOM_TIMERS_MAX; timer++)
        ck_assert_int_eq(room_set_timer(room, timer, 100), STATUS_OK);
    ck_assert_int_eq(room_set_timer(room, ROOM_TIMERS_MAX, 100), STATUS_LIMIT);
    ck_assert_int_eq(room_set_timer(room, 5, 50), STATUS_OK);
    ck_assert_int_eq(room_set_timer(room, 6, 0), STATUS_OK);
    ck_assert_int_eq(room_set_timer(room, ROOM_TIMERS_MAX, 100), STATUS_OK);
}
END_TEST

/* PCG32 of its reference, stream and seed 42. */
START_TEST(the_random_stream_never_changes)
{
    options.seed = 42;
    create();
    static const uint32_t dice[] = {1, 0, 3, 3, 0, 1, 5, 0, 1, 5};
    for (size_t i = 0; i < sizeof dice / sizeof dice[0]; i++)
        ck_assert_uint_eq(room_random(room, 6), dice[i]);
    room_destroy(room);
    create();
    static const uint32_t wide[] = {1684778745, 1229066268, 1793278615, 1312053665};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        ck_assert_uint_eq(room_random(room, 3000000000), wide[i]);
    ck_assert_uint_eq(room_random(room, 1), 0);
}
END_TEST

START_TEST(a_room_that_was_ended_says_why)
{
    create();
    ck_assert_ptr_null(room_ended(room));
    room_end(room, "the race is over");
    ck_assert_str_eq(room_ended(room), "the race is over");
}
END_TEST

START_TEST(malformed_edits_of_rules_are_told)
{
    create();
    uint8_t byte = 0x91;
    ck_assert_int_eq(room_edit(room, 0, (struct bytes){&byte, 1}), STATUS_TRUNCATED);
    ck_assert_int_eq(server_edit(room, 0, "[9 'shapes' 'a']"), STATUS_MALFORMED);
    ck_assert_int_eq(server_edit(room, 5, "[0 'hands' 'h']"), STATUS_NOT_FOUND);
    ck_assert_uint_eq(room_records(room), 0);
}
END_TEST

/* --- Memory ---------------------------------------------------------------------------------------- */

/* A life that meets every place that takes memory; each step is tried again where there was none. */
static uint64_t live_through(struct counted_memory *counted, uint64_t allowed)
{
    counted->left = allowed;
    room = room_create(&options);
    if (room == NULL) {
        ck_assert_uint_eq(counted->live, 0);
        counted->left = UINT64_MAX;
        create();
    }
    for (unsigned key = 1; key <= 6; key++) {
        struct hello hello = hello_of(key);
        uint32_t seat;
        uint32_t members = room_members(room);
        enum status status = room_join(room, &hello, ROLE_OWNER, &seat);
        if (status != STATUS_OK) {
            ck_assert_int_eq(status, STATUS_MEMORY);
            ck_assert_uint_eq(room_members(room), members);
            counted->left = UINT64_MAX;
            seat = join(room, key, ROLE_OWNER);
        }
        char line[256];
        snprintf(line, sizeof line,
                 "[1 [[0 'shapes' 'r%u' 'n' 1 'points' [1 2]] [0 'hands' 'h' 'v' %u]] [[0 'new%u' "
                 "'a' 'b' "
                 "'a longer text'] [0 'secrets' 's%u']] [[5 'chat' 1 'hi']]]",
                 key, key, key, key);
        status = submit(room, seat, line);
        if (status != STATUS_OK) {
            ck_assert_int_eq(status, STATUS_MEMORY);
            counted->left = UINT64_MAX;
            ck_assert_int_eq(submit(room, seat, line), STATUS_OK);
        }
        forget_spare_memory(room);
        if (room_prepare(room) != STATUS_OK) {
            counted->left = UINT64_MAX;
            ck_assert_int_eq(room_prepare(room), STATUS_OK);
        }
        counted->forbidden = true;
        room_tick(room);
        counted->forbidden = false;
    }
    uint64_t left = counted->left;
    counted->left = UINT64_MAX;
    return left;
}

START_TEST(each_allocation_may_fail_and_the_room_goes_on)
{
    struct counted_memory counted = {.left = UINT64_MAX};
    options.memory = memory_counted(&counted);
    live_through(&counted, UINT64_MAX);
    uint64_t hash = room_hash(room, SEAT_NONE);
    room_destroy(room);
    ck_assert_uint_eq(counted.live, 0);
    bool failed = true;
    for (uint64_t allowed = 0; failed; allowed++) {
        failed = live_through(&counted, allowed) == UINT64_MAX;
        ck_assert_uint_eq(room_hash(room, SEAT_NONE), hash);
        room_destroy(room);
        ck_assert_uint_eq(counted.live, 0);
        ck_assert_uint_lt(allowed, 500);
    }
    room = NULL;
}
END_TEST

/* As many names as a room takes, taught in one tick by operations as short as can be. */
START_TEST(a_tick_that_teaches_every_name_has_the_memory_for_it)
{
    static struct counted_memory counted; /* teardown gives the room's memory back */
    counted = (struct counted_memory){.left = UINT64_MAX};
    options.memory = memory_counted(&counted);
    options.rules = &kind_open;
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    static char line[MESSAGE_BYTES_MAX];
    size_t at = (size_t)snprintf(line, sizeof line, "[1 [");
    for (int collection = 0; collection < 63; collection++) {
        at += (size_t)snprintf(line + at, sizeof line - at, "[0 '%c' 'r'", '0' + collection);
        for (int field = 0; field < (int)FIELDS_MAX; field++)
            at += (size_t)snprintf(line + at, sizeof line - at, " '%c' %s", 'A' + field,
                                   _i == 0 ? "0" : "[0]");
        at += (size_t)snprintf(line + at, sizeof line - at, "]");
    }
    snprintf(line + at, sizeof line - at, "]]");
    ck_assert_int_eq(submit(room, seat, line), STATUS_OK);
    forget_spare_memory(room);
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    counted.forbidden = true;
    room_tick(room);
    counted.forbidden = false;
    ck_assert_uint_eq(room_records(room), 63);
}
END_TEST

int main(void)
{
    TCase *rules = tcase_create("rules");
    tcase_add_checked_fixture(rules, setup, teardown);
    tcase_add_test(rules, rules_are_called_in_their_order);
    tcase_add_test(rules, rules_may_write_for_members_that_hold_nothing_private);
    tcase_add_test(rules, timers_run_when_due_and_in_their_order);
    tcase_add_test(rules, so_many_timers_may_run);
    tcase_add_test(rules, the_random_stream_never_changes);
    tcase_add_test(rules, a_room_that_was_ended_says_why);
    tcase_add_test(rules, malformed_edits_of_rules_are_told);

    TCase *memory = tcase_create("memory");
    tcase_set_timeout(memory, 60);
    tcase_add_checked_fixture(memory, setup, teardown);
    tcase_add_test(memory, each_allocation_may_fail_and_the_room_goes_on);
    tcase_add_loop_test(memory, a_tick_that_teaches_every_name_has_the_memory_for_it, 0, 2);

    Suite *suite = suite_create("room_rules");
    suite_add_tcase(suite, rules);
    suite_add_tcase(suite, memory);
    return run_suite(suite);
}
