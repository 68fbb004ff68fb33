/* check_input_frames.c - what frames and the welcome tell of inputs, and whom. */
#include <check.h>
#include <string.h>

#include "sync/limits.h"
#include "tests/run_suite.h"
#include "tests/viewers.h"

static struct rules kind; /* a copy of kind_mixed */
static struct input_rules input;

static void setup(void)
{
    setup_viewers();
    kind = kind_mixed;
    input = *kind_mixed.input;
    kind.input = &input;
    options.rules = &kind;
}

static void say(uint32_t seat, const char *message)
{
    ck_assert_int_eq(submit(room, seat, message), STATUS_OK);
}

#define NOTHING_ARRIVED INT64_MIN

static void expect_report(struct seen seen, int64_t margin, int64_t missed)
{
    ck_assert_ptr_nonnull(seen.at);
    ck_assert(seen.head.inputs);
    ck_assert_int_eq(seen.head.arrived, margin != NOTHING_ARRIVED);
    if (margin != NOTHING_ARRIVED)
        ck_assert_int_eq(seen.head.margin, margin);
    ck_assert_int_eq(seen.head.missed, missed);
}

START_TEST(frames_tell_the_least_margin_and_what_was_missed)
{
    create();
    uint32_t ada = viewer(ROLE_EDITOR);
    ck_assert(!tick_for(1).head.inputs);
    say(ada, "[5 3 7 8]"); /* ticks 4 and 5: none is missed before them */
    say(ada, "[5 0 9]");
    expect_report(tick_for(1), 2, 0);
    step(room);
    ck_assert(!frames_begin(frames, room)); /* nothing came, nothing is in force */
    expect_report(tick_for(1), NOTHING_ARRIVED, 0);
    tick_for(1);
    tick_for(1);
    expect_report(tick_for(1), NOTHING_ARRIVED, 1); /* tick 7: held */
    say(ada, "[5 -3 1]");                           /* tick 4 */
    say(ada, "[5 5 1]");                            /* tick 10 */
    expect_report(tick_for(1), -4, 1);
    step(room); /* tick 9: it was held for two */
    say(ada, "[5 100 1]");
    expect_report(tick_for(1), 101, 1);
    ck_assert_uint_eq(room_input_counts(room)->missed, 3);
}
END_TEST

START_TEST(who_has_stopped_gets_no_frame_for_that_alone)
{
    create();
    uint32_t ada = viewer(ROLE_EDITOR);
    tick_for(1);
    say(ada, "[5 1 7]");
    for (int64_t missed = 0; missed < 4; missed++) /* taken, held twice, lapsed */
        expect_report(tick_for(1), missed == 0 ? 0 : NOTHING_ARRIVED, missed > 0);
    for (int i = 0; i < 10; i++) {
        step(room);
        ck_assert(!frames_begin(frames, room));
    }
    say(ada, "[2 'x' 5]");
    expect_report(tick_for(1), NOTHING_ARRIVED, 11);
    expect_equal(1);
}
END_TEST

START_TEST(a_slow_reader_is_told_once_and_whole)
{
    create();
    uint32_t ada = viewer(ROLE_EDITOR);
    tick_for(1);
    say(ada, "[5 1 7]");
    for (int i = 0; i < 5; i++) {
        step(room);
        ck_assert(frames_begin(frames, room));
        frames_skip(frames, ada);
        frames_end(frames, true);
    }
    say(ada, "[5 -1 1]"); /* tick 2 again, at tick 6 */
    step(room);
    struct seen seen = round_for(1);
    expect_report(seen, -5, 5);
    ck_assert_int_eq(seen.head.ticks, 6);
    say(ada, "[2 'x' 5]");
    expect_report(tick_for(1), NOTHING_ARRIVED, 1);
}
END_TEST

START_TEST(frames_that_are_rarer_than_ticks_sum_up)
{
    kind.tick_hz = 60;
    kind.frame_hz = 20;
    create();
    uint32_t ada = viewer(ROLE_EDITOR);
    step(room);
    say(ada, "[5 4 7]"); /* tick 5 */
    step(room);
    say(ada, "[5 0 8]");
    step(room);
    ck_assert(room_frame_due(room));
    expect_report(round_for(1), 3, 0);
    step(room);
    step(room);
    say(ada, "[5 0 9]"); /* tick 7 */
    step(room);
    expect_report(round_for(1), 1, 0);
    for (int i = 0; i < 3; i++)
        step(room);
    expect_report(round_for(1), NOTHING_ARRIVED, 2);
}
END_TEST

START_TEST(news_come_with_inputs)
{
    create();
    uint32_t ada = viewer(ROLE_EDITOR);
    tick_for(1);
    say(ada, "[5 1 7]");
    say(ada, "[1 [[0 'shapes' 'a' 'n' 1]] [[1 'shapes' 'none' 'n' 1]]]");
    struct seen seen = tick_for(1);
    expect_report(seen, 0, 0);
    ck_assert(seen.head.news);
    ck_assert_int_eq(seen.head.decided, 2);
    ck_assert_uint_eq(seen.head.refusals, 1);
    ck_assert_int_eq(seen.head.status[0], STATUS_NOT_FOUND);
    seen = tick_for(1);
    expect_report(seen, NOTHING_ARRIVED, 1);
    ck_assert(!seen.head.news);
    expect_equal(1);
}
END_TEST

START_TEST(who_sends_none_shares_frames_as_before)
{
    kind = kind_cursors; /* nobody has a scope of its own in it */
    kind.input = &input;
    create();
    for (int i = 0; i < 4; i++)
        viewer(ROLE_EDITOR);
    tick_for(4);
    say(0, "[5 1 7]");
    say(1, "[2 'x' 3]");
    step(room);
    ck_assert(frames_begin(frames, room));
    struct seen own = next(0);
    expect_report(own, 0, 0);
    ck_assert(!own.shared);
    struct seen first = next(1);
    ck_assert(first.shared && !first.head.inputs);
    for (uint32_t seat = 2; seat < 4; seat++)
        ck_assert_ptr_eq(next(seat).at, first.at);
    frames_end(frames, true);
    ck_assert_int_eq(own.head.sections, first.head.sections);
    step(room); /* nothing but the input that is held: one frame, to who has sent it */
    ck_assert(frames_begin(frames, room));
    expect_report(next(0), NOTHING_ARRIVED, 1);
    for (uint32_t seat = 1; seat < 4; seat++)
        ck_assert_ptr_null(next(seat).at);
    frames_end(frames, true);
    say(2, "[2 'x' 4]");
    tick_for(4);
    expect_equal(4);
}
END_TEST

START_TEST(a_new_connection_gets_frames_as_any_until_it_sends)
{
    create();
    uint32_t ada = viewer(ROLE_EDITOR);
    tick_for(1);
    say(ada, "[5 1 7 8 9]");
    expect_report(tick_for(1), 0, 0);
    ck_assert_uint_eq(join(room, 1, ROLE_EDITOR), ada);
    replica_welcome(replicas[ada], 0, true);
    struct seen seen = tick_for(1);
    ck_assert_ptr_nonnull(seen.at);
    ck_assert(!seen.head.inputs);
    say(ada, "[5 1 7]");
    expect_report(tick_for(1), 0, 0);
    expect_equal(1);
}
END_TEST

/* --- The welcome ---------------------------------------------------------------------------------------- */

START_TEST(the_welcome_declares_what_is_taken)
{
    static const struct wire_limits limits = {0};
    static const int64_t wanted[] = {FIELD_INT, -1000, 1000, 1, 2, INPUT_AHEAD_MAX};
    uint8_t bytes[512];
    create();
    uint32_t ada = viewer(ROLE_EDITOR);
    struct writer writer = writer_on(bytes, sizeof bytes);
    wire_write_welcome(&writer, room, ada, &limits);
    struct reader reader = reader_on(writer_bytes(&writer));
    ck_assert_uint_eq(read_array(&reader), 18);
    for (int i = 0; i < 15; i++)
        read_value(&reader);
    ck_assert_uint_eq(read_array(&reader), 6);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(read_integer(&reader), wanted[i]);
    read_value(&reader);            /* where it was forked from */
    ck_assert(!read_bool(&reader)); /* recorded */
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("frames");
    tcase_add_checked_fixture(tcase, setup, teardown_viewers);
    tcase_add_test(tcase, frames_tell_the_least_margin_and_what_was_missed);
    tcase_add_test(tcase, who_has_stopped_gets_no_frame_for_that_alone);
    tcase_add_test(tcase, a_slow_reader_is_told_once_and_whole);
    tcase_add_test(tcase, frames_that_are_rarer_than_ticks_sum_up);
    tcase_add_test(tcase, news_come_with_inputs);
    tcase_add_test(tcase, who_sends_none_shares_frames_as_before);
    tcase_add_test(tcase, a_new_connection_gets_frames_as_any_until_it_sends);
    tcase_add_test(tcase, the_welcome_declares_what_is_taken);
    Suite *suite = suite_create("input_frames");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
