/* check_frame_runs.c - how what has changed is written, and how short. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/run_suite.h"
#include "tests/viewers.h"

/* --- Runs ------------------------------------------------------------------------------------------ */

static void cursors(uint32_t count)
{
    options.rules = &kind_cursors;
    create();
    for (uint32_t i = 0; i < count; i++)
        viewer(ROLE_EDITOR);
    tick_for(count);
    for (uint32_t i = 0; i < count; i++) {
        char line[64];
        snprintf(line, sizeof line, "[2 'x' %u 'y' %u]", 1000 + i, 2000 - i);
        ck_assert_int_eq(submit(room, i, line), STATUS_OK);
    }
    tick_for(count);
}

/* Everyone's next frame, all the same: the forms of its presence runs, in order. */
static struct seen forms_after_tick(uint32_t count, int *forms, uint32_t *runs)
{
    struct seen seen = tick_for(count);
    const struct section_seen *section = section_of(&seen, SCOPE_PRESENCE);
    struct reader reader = section->runs;
    size_t end = seen.length;
    expect_equal(count);
    *runs = 0;
    while (reader.at < end && *runs < 4) {
        int form = (int)read_integer(&reader) % 8;
        uint32_t mask = (uint32_t)read_integer(&reader);
        uint32_t records = 0;
        forms[(*runs)++] = form;
        if (form == RUN_MOVED_BITMAP || form == RUN_SET_BITMAP) {
            read_integer(&reader);
            struct bytes bitmap = read_binary(&reader);
            for (size_t i = 0; i < bitmap.length; i++)
                records += (uint32_t)__builtin_popcount(bitmap.data[i]);
        } else {
            records = (uint32_t)read_integer(&reader);
            for (uint32_t i = 0; i < records; i++)
                read_integer(&reader);
        }
        for (uint32_t i = 0; i < records * (uint32_t)__builtin_popcount(mask); i++)
            read_value(&reader);
        ck_assert_int_eq(reader.status, STATUS_OK);
    }
    return seen;
}

START_TEST(a_50_cursor_frame_takes_at_most_2_8_bytes_a_cursor)
{
    cursors(50);
    struct chance chance = chance_of(7);
    for (uint32_t i = 0; i < 50; i++) {
        char line[64];
        if (i % 5 == 4)
            continue;
        snprintf(line, sizeof line, "[28 %u %u]", 1 + chance_below(&chance, 80),
                 1 + chance_below(&chance, 80));
        ck_assert_int_eq(submit(room, i, line), STATUS_OK);
    }
    int forms[4];
    uint32_t runs;
    struct seen seen = forms_after_tick(50, forms, &runs);
    ck_assert_uint_eq(runs, 1);
    ck_assert_int_eq(forms[0], RUN_MOVED_BITMAP);
    ck_assert(seen.shared);
    ck_assert_msg(seen.length <= 40 * 28 / 10, "%zu bytes", seen.length);
}
END_TEST

START_TEST(few_of_many_go_by_gaps)
{
    cursors(50);
    int forms[4];
    uint32_t runs;
    ck_assert_int_eq(submit(room, 3, "[28 2 4]"), STATUS_OK);
    ck_assert_int_eq(submit(room, 47, "[28 2 4]"), STATUS_OK);
    struct seen seen = forms_after_tick(50, forms, &runs);
    ck_assert_uint_eq(runs, 1);
    ck_assert_int_eq(forms[0], RUN_MOVED_GAPS);
    ck_assert_uint_le(seen.length, 18);
}
END_TEST

START_TEST(a_hand_that_moved_only_sideways_joins_the_others)
{
    cursors(20);
    int forms[4];
    uint32_t runs;
    for (uint32_t i = 0; i < 20; i++)
        ck_assert_int_eq(submit(room, i, i % 7 == 0 ? "[20 3]" : "[28 3 3]"), STATUS_OK);
    forms_after_tick(20, forms, &runs);
    ck_assert_uint_eq(runs, 1);
    for (uint32_t i = 0; i < 20; i++) /* as many each way: two runs are shorter */
        ck_assert_int_eq(submit(room, i, i < 10 ? "[20 3]" : "[24 3]"), STATUS_OK);
    forms_after_tick(20, forms, &runs);
    ck_assert_uint_eq(runs, 2);
}
END_TEST

START_TEST(a_hand_there_and_back_sends_nothing_of_itself)
{
    cursors(3);
    ck_assert_int_eq(submit(room, 1, "[20 6]"), STATUS_OK);
    ck_assert_int_eq(submit(room, 1, "[20 5]"), STATUS_OK);
    ck_assert_int_eq(submit(room, 2, "[20 2]"), STATUS_OK);
    struct seen seen = tick_for(3);
    ck_assert_uint_le(seen.length, 16);
    expect_equal(3);
}
END_TEST

START_TEST(who_missed_a_frame_gets_whole_values)
{
    cursors(3);
    ck_assert_int_eq(submit(room, 1, "[20 6]"), STATUS_OK);
    step(room);
    ck_assert(frames_begin(frames, room));
    next(0);
    frames_skip(frames, 1);
    next(2);
    frames_end(frames, true);
    ck_assert_int_eq(submit(room, 1, "[20 6]"), STATUS_OK);
    step(room);
    ck_assert(frames_begin(frames, room));
    struct seen healthy = next(0);
    struct seen late = next(1);
    next(2);
    frames_end(frames, true);
    struct reader reader = section_of(&healthy, SCOPE_PRESENCE)->runs;
    ck_assert_int_eq(read_integer(&reader) % 8, RUN_MOVED_GAPS);
    ck_assert_int_eq(late.head.ticks, 2);
    ck_assert(!late.shared);
    expect_equal(3);
}
END_TEST

START_TEST(a_list_sends_only_its_tail)
{
    create();
    viewer(ROLE_EDITOR);
    tick_for(1);
    static char line[8192] = "[0 'papers' 'p'] [2 'papers' 'p' 'points'";
    for (int i = 0; i < 1000; i++)
        strcat(line, " 77");
    do_one(0, strcat(line, "]"));
    ck_assert_uint_gt(round_for(1).length, 1000);
    do_one(0, "[2 'papers' 'p' 'points' 1 2]");
    ck_assert_uint_lt(round_for(1).length, 32);
    expect_equal(1);
    do_one(0, "[1 'papers' 'p' 'points' []]");
    round_for(1);
    expect_equal(1);
}
END_TEST

START_TEST(made_and_removed_between_two_frames_was_never_there)
{
    create();
    viewer(ROLE_EDITOR);
    tick_for(1);
    do_one(0, "[0 'shapes' 'a' 'text' 'abc'] [4 'shapes' 'a']");
    struct seen seen = round_for(1);
    ck_assert_uint_eq(section_of(&seen, SCOPE_EVERYONE)->elements, 0);
    expect_equal(1);
}
END_TEST

int main(void)
{
    TCase *runs = tcase_create("runs");
    tcase_add_checked_fixture(runs, setup_viewers, teardown_viewers);
    tcase_add_test(runs, a_50_cursor_frame_takes_at_most_2_8_bytes_a_cursor);
    tcase_add_test(runs, few_of_many_go_by_gaps);
    tcase_add_test(runs, a_hand_that_moved_only_sideways_joins_the_others);
    tcase_add_test(runs, a_hand_there_and_back_sends_nothing_of_itself);
    tcase_add_test(runs, who_missed_a_frame_gets_whole_values);
    tcase_add_test(runs, a_list_sends_only_its_tail);
    tcase_add_test(runs, made_and_removed_between_two_frames_was_never_there);

    Suite *suite = suite_create("frame_runs");
    suite_add_tcase(suite, runs);
    return run_suite(suite);
}
