/* check_beat.c - ticks keep their time: no drift, bounded catching up, the rest dropped. */
#include "server/beat.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>

#define SECOND UINT64_C(1000000)
#define START  UINT64_C(123456789)

static struct beat beat;

START_TEST(the_first_tick_is_one_period_away)
{
    beat_start(&beat, 20, START);
    ck_assert_uint_eq(beat_next_us(&beat), START + SECOND / 20);
    ck_assert_uint_eq(beat_take(&beat, START + SECOND / 20 - 1).steps, 0);
    ck_assert_uint_eq(beat_take(&beat, START + SECOND / 20).steps, 1);
}
END_TEST

/* Every rate, woken a little late each time: after a minute exactly 60 x hz ticks. */
START_TEST(late_wake_ups_do_not_add_up)
{
    uint32_t hz = (uint32_t)_i;
    beat_start(&beat, hz, START);
    uint64_t ticks = 0;
    uint64_t end_us = START + 60 * SECOND;
    for (uint64_t now_us = START; now_us < end_us;) {
        now_us = beat_next_us(&beat) + SECOND / hz / 3;
        struct beat_due due = beat_take(&beat, now_us);
        ck_assert_uint_eq(due.steps, 1);
        ck_assert_uint_eq(due.dropped, 0);
        ck_assert_uint_eq(due.late_us, SECOND / hz / 3);
        ticks++;
    }
    ck_assert_uint_eq(ticks, 60 * hz);
}
END_TEST

START_TEST(a_hiccup_is_made_up_for)
{
    beat_start(&beat, 20, START);
    struct beat_due due = beat_take(&beat, START + 3 * SECOND / 20);
    ck_assert_uint_eq(due.steps, 3);
    ck_assert_uint_eq(due.dropped, 0);
    ck_assert_uint_eq(due.late_us, 2 * SECOND / 20);
}
END_TEST

START_TEST(a_long_stop_is_dropped_and_counted)
{
    beat_start(&beat, 20, START);
    struct beat_due due = beat_take(&beat, START + 10 * SECOND);
    ck_assert_uint_eq(due.steps, BEAT_CATCHUP_MAX);
    ck_assert_uint_eq(due.dropped, 200 - BEAT_CATCHUP_MAX);
    ck_assert_uint_eq(beat_next_us(&beat), START + 10 * SECOND + SECOND / 20);
}
END_TEST

/* Whatever the delays: the deadline that follows is in the future, and within a period. */
START_TEST(the_next_deadline_is_always_ahead)
{
    srand((unsigned)_i);
    uint32_t hz = 1 + (uint32_t)rand() % BEAT_HZ_MAX;
    beat_start(&beat, hz, START);
    uint64_t now_us = START;
    uint64_t passed = 0;
    for (int i = 0; i < 2000; i++) {
        now_us += (uint64_t)(rand() % 500000);
        struct beat_due due = beat_take(&beat, now_us);
        passed += due.steps + due.dropped;
        ck_assert_uint_le(due.steps, BEAT_CATCHUP_MAX);
        ck_assert_uint_gt(beat_next_us(&beat), now_us);
        ck_assert_uint_le(beat_next_us(&beat), now_us + SECOND / hz + 1);
    }
    ck_assert_uint_eq(passed, beat.count);
    ck_assert_uint_ge(passed + 1, (now_us - START) * hz / SECOND);
}
END_TEST

START_TEST(a_year_is_exact)
{
    beat_start(&beat, 60, START);
    beat_take(&beat, START + 365 * 86400 * SECOND);
    ck_assert_uint_eq(beat.count, UINT64_C(365) * 86400 * 60);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("beat");
    tcase_add_test(tcase, the_first_tick_is_one_period_away);
    tcase_add_loop_test(tcase, late_wake_ups_do_not_add_up, 1, BEAT_HZ_MAX + 1);
    tcase_add_test(tcase, a_hiccup_is_made_up_for);
    tcase_add_test(tcase, a_long_stop_is_dropped_and_counted);
    tcase_add_loop_test(tcase, the_next_deadline_is_always_ahead, 0, 50);
    tcase_add_test(tcase, a_year_is_exact);
    Suite *suite = suite_create("beat");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
