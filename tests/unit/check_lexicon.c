/* check_lexicon.c - runs of bytes and their numbers. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/lexicon.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

static struct counted_memory counted;
static struct lexicon lexicon;

static void setup(void)
{
    counted = (struct counted_memory){.left = UINT64_MAX};
    struct memory memory = memory_counted(&counted);
    lexicon = lexicon_on(&memory, 7);
}

static void teardown(void)
{
    lexicon_free(&lexicon);
    ck_assert_uint_eq(counted.live, 0);
}

static uint32_t number_of(const char *word)
{
    uint32_t number = UINT32_MAX;
    ck_assert(lexicon_take(&lexicon, bytes_of(word), &number));
    return number;
}

START_TEST(words_are_numbered_as_they_come)
{
    ck_assert_uint_eq(number_of("one"), 0);
    ck_assert_uint_eq(number_of("two"), 1);
    ck_assert_uint_eq(number_of("one"), 0);
    ck_assert_uint_eq(number_of(""), 2);
    ck_assert_uint_eq(number_of("on"), 3);
    ck_assert_uint_eq(number_of(""), 2);
    ck_assert_uint_eq(lexicon.count, 4);
}
END_TEST

START_TEST(many_keep_their_numbers)
{
    char word[16];
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 5000; i++) {
            snprintf(word, sizeof word, "word %u", i);
            ck_assert_uint_eq(number_of(word), i);
        }
    }
    ck_assert_uint_eq(lexicon.count, 5000);
}
END_TEST

START_TEST(it_is_empty_after_it_was_freed)
{
    number_of("one");
    lexicon_free(&lexicon);
    ck_assert_uint_eq(lexicon.count, 0);
    ck_assert_uint_eq(number_of("two"), 0);
}
END_TEST

/* Whichever allocation fails, at whatever word. */
START_TEST(without_memory_it_is_as_it_was)
{
    char word[16];
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t number;
        snprintf(word, sizeof word, "%u", i * 7919);
        for (counted.left = 0; !lexicon_take(&lexicon, bytes_of(word), &number);) {
            ck_assert_uint_eq(lexicon.count, i);
            counted.left++;
        }
        ck_assert_uint_eq(number, i);
    }
    counted.left = 0;
    ck_assert_uint_eq(number_of("0"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lexicon");
    TCase *tcase = tcase_create("lexicon");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, words_are_numbered_as_they_come);
    tcase_add_test(tcase, many_keep_their_numbers);
    tcase_add_test(tcase, it_is_empty_after_it_was_freed);
    tcase_add_test(tcase, without_memory_it_is_as_it_was);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
