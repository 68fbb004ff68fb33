/* check_bucket.c - the token bucket against a clock that the test holds in its hand. */
#include "server/bucket.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>

#define SECOND UINT64_C(1000000)

static const struct bucket_rate rate = {.per_second = 10, .burst = 5};
static struct bucket bucket;

static void setup(void)
{
    bucket_fill(&bucket, &rate, SECOND);
}

START_TEST(starts_full_and_runs_dry)
{
    for (int i = 0; i < 5; i++)
        ck_assert_msg(bucket_take(&bucket, &rate, SECOND, 1), "token %d of the burst", i);
    ck_assert(!bucket_take(&bucket, &rate, SECOND, 1));
}
END_TEST

START_TEST(takes_all_or_nothing)
{
    ck_assert(!bucket_take(&bucket, &rate, SECOND, 6));
    ck_assert(bucket_take(&bucket, &rate, SECOND, 5));
}
END_TEST

START_TEST(the_wait_is_exact_to_the_microsecond)
{
    ck_assert(bucket_take(&bucket, &rate, SECOND, 5));
    uint64_t wait_us = bucket_wait_us(&bucket, &rate, SECOND, 1);
    ck_assert_uint_eq(wait_us, SECOND / 10);
    ck_assert(!bucket_take(&bucket, &rate, SECOND + wait_us - 1, 1));
    ck_assert(bucket_take(&bucket, &rate, SECOND + wait_us, 1));
}
END_TEST

START_TEST(more_than_a_burst_waits_for_a_full_bucket)
{
    ck_assert(bucket_take(&bucket, &rate, SECOND, 5));
    ck_assert_uint_eq(bucket_wait_us(&bucket, &rate, SECOND, 100), SECOND / 2);
}
END_TEST

START_TEST(a_clock_that_steps_back_gives_nothing)
{
    ck_assert(bucket_take(&bucket, &rate, 2 * SECOND, 5));
    ck_assert(!bucket_take(&bucket, &rate, SECOND, 1));
    ck_assert(!bucket_take(&bucket, &rate, 2 * SECOND, 1));
}
END_TEST

START_TEST(idle_for_ever_fills_to_the_burst_only)
{
    ck_assert(bucket_take(&bucket, &rate, SECOND, 5));
    ck_assert(bucket_take(&bucket, &rate, UINT64_MAX, 5));
    ck_assert(!bucket_take(&bucket, &rate, UINT64_MAX, 1));
}
END_TEST

START_TEST(the_largest_rate_does_not_overflow)
{
    const struct bucket_rate largest = {BUCKET_TOKENS_MAX, BUCKET_TOKENS_MAX};
    bucket_fill(&bucket, &largest, 0);
    ck_assert(bucket_take(&bucket, &largest, 0, BUCKET_TOKENS_MAX));
    ck_assert(!bucket_take(&bucket, &largest, 0, 1));
    ck_assert(bucket_take(&bucket, &largest, 1, 1000));
    ck_assert(bucket_take(&bucket, &largest, UINT64_MAX, BUCKET_TOKENS_MAX));
}
END_TEST

/* Whatever the pattern of calls, no window of time yields more than burst + rate x time. */
START_TEST(never_exceeds_the_rate)
{
    srand((unsigned)_i);
    uint64_t now_us = SECOND;
    uint64_t taken = 0;
    for (int call = 0; call < 2000; call++) {
        now_us += (uint64_t)(rand() % 50000);
        uint32_t tokens = (uint32_t)(rand() % 4);
        if (bucket_take(&bucket, &rate, now_us, tokens))
            taken += tokens;
        ck_assert_uint_le(taken, 5 + (now_us - SECOND) * 10 / SECOND);
    }
    ck_assert_uint_ge(taken, (now_us - SECOND) * 10 / SECOND * 9 / 10);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("bucket");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, starts_full_and_runs_dry);
    tcase_add_test(tcase, takes_all_or_nothing);
    tcase_add_test(tcase, the_wait_is_exact_to_the_microsecond);
    tcase_add_test(tcase, more_than_a_burst_waits_for_a_full_bucket);
    tcase_add_test(tcase, a_clock_that_steps_back_gives_nothing);
    tcase_add_test(tcase, idle_for_ever_fills_to_the_burst_only);
    tcase_add_test(tcase, the_largest_rate_does_not_overflow);
    tcase_add_loop_test(tcase, never_exceeds_the_rate, 0, 20);
    Suite *suite = suite_create("bucket");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
