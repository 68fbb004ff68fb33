/* check_wheel.c - deadlines come at their second, once, in any order of setting and clearing. */
#include "server/wheel.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>

#define COUNT 300

struct thing {
    struct wheel_entry entry;
    uint32_t came_s; /* 0: not yet */
};

static struct wheel wheel;
static struct thing things[COUNT];
static uint32_t due_count;

static void note(void *context, struct wheel_entry *entry)
{
    (void)context;
    struct thing *thing = (struct thing *)entry;
    ck_assert(!wheel_holds(entry));
    ck_assert_msg(thing->came_s == 0, "it came twice");
    thing->came_s = wheel.now_s;
    due_count++;
}

static void setup(void)
{
    wheel_init(&wheel, 1000);
    due_count = 0;
    for (int i = 0; i < COUNT; i++)
        things[i] = (struct thing){0};
}

START_TEST(a_deadline_comes_at_its_second)
{
    wheel_set(&wheel, &things[0].entry, 1010);
    wheel_advance(&wheel, 1009, note, NULL);
    ck_assert_uint_eq(due_count, 0);
    wheel_advance(&wheel, 1010, note, NULL);
    ck_assert_uint_eq(things[0].came_s, 1010);
    ck_assert_uint_eq(wheel.count, 0);
}
END_TEST

START_TEST(one_that_has_passed_comes_with_the_next_second)
{
    wheel_set(&wheel, &things[0].entry, 3);
    wheel_advance(&wheel, 1001, note, NULL);
    ck_assert_uint_eq(things[0].came_s, 1001);
}
END_TEST

START_TEST(one_beyond_a_turn_is_not_early)
{
    wheel_set(&wheel, &things[0].entry, 1000 + 3 * WHEEL_SLOTS);
    for (uint32_t second = 1001; second < 1000 + 3 * WHEEL_SLOTS; second++)
        wheel_advance(&wheel, second, note, NULL);
    ck_assert_uint_eq(due_count, 0);
    wheel_advance(&wheel, 1000 + 3 * WHEEL_SLOTS, note, NULL);
    ck_assert_uint_eq(due_count, 1);
}
END_TEST

START_TEST(a_jump_of_the_clock_misses_nobody)
{
    for (uint32_t i = 0; i < COUNT; i++)
        wheel_set(&wheel, &things[i].entry, 1001 + i);
    wheel_advance(&wheel, 1000 + 10 * COUNT, note, NULL);
    ck_assert_uint_eq(due_count, COUNT);
}
END_TEST

START_TEST(set_again_means_moved)
{
    wheel_set(&wheel, &things[0].entry, 1005);
    wheel_set(&wheel, &things[0].entry, 1020);
    ck_assert_uint_eq(wheel.count, 1);
    wheel_advance(&wheel, 1019, note, NULL);
    ck_assert_uint_eq(due_count, 0);
}
END_TEST

START_TEST(cleared_ones_do_not_come)
{
    for (uint32_t i = 0; i < COUNT; i++)
        wheel_set(&wheel, &things[i].entry, 1010);
    for (uint32_t i = 0; i < COUNT; i += 2)
        wheel_clear(&wheel, &things[i].entry);
    wheel_clear(&wheel, &things[0].entry);
    wheel_advance(&wheel, 1010, note, NULL);
    ck_assert_uint_eq(due_count, COUNT / 2);
}
END_TEST

/* Clears its neighbour in the same slot and sets itself anew. */
static void disturb(void *context, struct wheel_entry *entry)
{
    struct thing *other = context;
    note(NULL, entry);
    wheel_clear(&wheel, &other->entry);
    if (entry != &other->entry)
        wheel_set(&wheel, entry, wheel.now_s + WHEEL_SLOTS);
}

START_TEST(a_callback_may_change_the_wheel)
{
    for (uint32_t i = 0; i < 10; i++)
        wheel_set(&wheel, &things[i].entry, 1010);
    struct thing *cleared = &things[4];
    wheel_advance(&wheel, 1010, disturb, cleared);
    ck_assert_uint_eq(due_count + (cleared->came_s == 0), 10);
    ck_assert_uint_eq(wheel.count, 9);
}
END_TEST

static void again(void *context, struct wheel_entry *entry)
{
    note(context, entry);
    wheel_set(&wheel, entry, wheel.now_s + 5);
}

START_TEST(emptying_takes_each_once_though_it_is_set_again)
{
    for (uint32_t i = 0; i < COUNT; i++)
        wheel_set(&wheel, &things[i].entry, 1001 + i);
    wheel_empty(&wheel, again, NULL);
    ck_assert_uint_eq(due_count, COUNT);
    ck_assert_uint_eq(wheel.count, COUNT);
}
END_TEST

START_TEST(random_deadlines_all_come_at_their_second)
{
    srand((unsigned)_i);
    uint32_t due_s[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        due_s[i] = 1001 + (uint32_t)(rand() % 200);
        wheel_set(&wheel, &things[i].entry, 1001 + (uint32_t)(rand() % 200));
    }
    for (uint32_t i = 0; i < COUNT; i++)
        wheel_set(&wheel, &things[i].entry, due_s[i]);
    for (uint32_t second = 1001; second <= 1201; second++)
        wheel_advance(&wheel, second, note, NULL);
    for (uint32_t i = 0; i < COUNT; i++)
        ck_assert_uint_eq(things[i].came_s, due_s[i]);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("wheel");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_deadline_comes_at_its_second);
    tcase_add_test(tcase, one_that_has_passed_comes_with_the_next_second);
    tcase_add_test(tcase, one_beyond_a_turn_is_not_early);
    tcase_add_test(tcase, a_jump_of_the_clock_misses_nobody);
    tcase_add_test(tcase, set_again_means_moved);
    tcase_add_test(tcase, cleared_ones_do_not_come);
    tcase_add_test(tcase, a_callback_may_change_the_wheel);
    tcase_add_test(tcase, emptying_takes_each_once_though_it_is_set_again);
    tcase_add_loop_test(tcase, random_deadlines_all_come_at_their_second, 0, 20);
    Suite *suite = suite_create("wheel");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
