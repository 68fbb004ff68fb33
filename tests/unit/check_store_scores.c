/* check_store_scores.c - the contract of struct store, scores: what every store promises; and what the
 * archive's table promises beyond it: older formats, damage, salvage. */
#include "persistence/store_sqlite.h"
#include "tests/contract.h"
#include "tests/run_suite.h"
#include "tests/store_formats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct store_score named(const char *board, const char *name, int64_t score)
{
    return (struct store_score){.board = bytes_of(board),
                                .name = bytes_of(name),
                                .details = bytes_of("d"),
                                .score = score,
                                .at_ms = WALL_MS};
}

static enum store_result write_one(struct store_score score)
{
    return store->write_scores(store, &score, 1);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

struct seen_scores {
    char lines[16][160];
    unsigned count, left; /* visits before it says stop; 0 for all */
};

static bool see_score(void *context, const struct store_score *score)
{
    struct seen_scores *seen = context;
    ck_assert_uint_lt(seen->count, 16);
    snprintf(seen->lines[seen->count++], sizeof seen->lines[0],
             "%.*s/%.*s=%" PRId64 "%s(%.*s)@%" PRIu64, (int)score->board.length,
             (const char *)score->board.data, (int)score->name.length,
             (const char *)score->name.data, score->score, score->high ? "high" : "low",
             (int)score->details.length, (const char *)score->details.data, score->at_ms - WALL_MS);
    ck_assert(!score->gone);
    return seen->left == 0 || --seen->left > 0;
}

static void expect_scores(const char *wanted)
{
    char text[4096] = "";
    struct seen_scores seen = {0};
    ok(store->scores(store, see_score, &seen));
    qsort(seen.lines, seen.count, sizeof seen.lines[0], by_text);
    for (unsigned i = 0; i < seen.count; i++) {
        strcat(text, seen.lines[i]);
        strcat(text, " ");
    }
    ck_assert_str_eq(text, wanted);
}

/* --- Every store ---------------------------------------------------------------------------------- */

START_TEST(scores_are_kept_by_board_order_and_name)
{
    struct store_score scores[] = {named("laps", "Ada", 61500), named("laps", "Ada", 70000),
                                   named("laps", "Bob", -5), named("races", "Ada", 9)};
    scores[1].high = true;
    scores[2].at_ms += 3;
    scores[3].details.length = 0;
    expect_scores("");
    ok(store->write_scores(store, scores, 4));
    for (int i = 0; i < 2; i++) {
        expect_scores("laps/Ada=61500low(d)@0 laps/Ada=70000high(d)@0 laps/Bob=-5low(d)@3 "
                      "races/Ada=9low()@0 ");
        reopen();
    }
}
END_TEST

START_TEST(one_takes_the_place_of_what_had_its_key)
{
    ok(write_one(named("laps", "Ada", 2)));
    ok(write_one(named("laps", "Bob", 3)));
    ok(write_one(named("laps", "Ada", 1)));
    expect_scores("laps/Ada=1low(d)@0 laps/Bob=3low(d)@0 ");
    struct store_score gone = named("laps", "Ada", 0);
    gone.gone = true;
    ok(write_one(gone));
    ok(write_one(gone)); /* what is not there goes as well */
    expect_scores("laps/Bob=3low(d)@0 ");
    struct store_score both[] = {gone, named("laps", "Ada", 7)};
    ok(store->write_scores(store, both, 2)); /* in their order */
    reopen();
    expect_scores("laps/Ada=7low(d)@0 laps/Bob=3low(d)@0 ");
    ok(store->write_scores(store, NULL, 0));
}
END_TEST

static bool compare_longest(void *context, const struct store_score *score)
{
    const struct store_score *wanted = context;
    ck_assert(bytes_equal(score->board, wanted->board));
    ck_assert(bytes_equal(score->name, wanted->name));
    ck_assert(bytes_equal(score->details, wanted->details));
    ck_assert_int_eq(score->score, wanted->score);
    ck_assert_uint_eq(score->at_ms, wanted->at_ms);
    return true;
}

START_TEST(any_bytes_and_numbers_come_back)
{
    uint8_t bytes[RESULT_DETAILS_BYTES_MAX];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    struct store_score score = {.board = {bytes, BOARD_BYTES_MAX},
                                .name = {bytes, RESULT_NAME_BYTES_MAX},
                                .details = {bytes, sizeof bytes},
                                .score = _i == 0 ? -INTEGER_MAX : INTEGER_MAX,
                                .at_ms = INTEGER_MAX};
    ok(write_one(score));
    reopen();
    ok(store->scores(store, compare_longest, &score));
}
END_TEST

START_TEST(a_visitor_says_stop)
{
    ok(write_one(named("laps", "Ada", 1)));
    ok(write_one(named("laps", "Bob", 2)));
    struct seen_scores seen = {.left = 1};
    ok(store->scores(store, see_score, &seen));
    ck_assert_uint_eq(seen.count, 1);
}
END_TEST

START_TEST(they_stay_when_rooms_go)
{
    ok(seal_segment("lobby", 1, 2, "log"));
    ok(write_one(named("laps", "Ada", 1)));
    ok(store->remove(store, bytes_of("lobby"), 5));
    reopen();
    expect_scores("laps/Ada=1low(d)@0 ");
}
END_TEST

/* --- In a file ------------------------------------------------------------------------------------- */

static void run_sql(const char *sql)
{
    archive_run_sql(store_folder(), sql);
}

static void count_damage(void *context, struct bytes room, const char *place)
{
    ck_assert_uint_eq(room.length, 0);
    ck_assert_msg(strncmp(place, "archive score number ", 21) == 0, "%s", place);
    ++*(unsigned *)context;
}

static unsigned damages(void)
{
    unsigned count = 0;
    ok(store->check(store, count_damage, NULL, &count));
    return count;
}

static void write_three(void)
{
    ok(write_one(named("laps", "Ada", 1)));
    ok(write_one(named("laps", "Bob", 2)));
    ok(write_one(named("laps", "Cid", 3)));
}

START_TEST(one_that_does_not_check_is_passed_over)
{
    static const char *const changes[] = {"score = 0",     "at_ms = 1", "name = x'58'",
                                          "board = x'58'", "high = 1",  "details = x''"};
    char sql[128];
    write_three();
    ck_assert_uint_eq(damages(), 0);
    snprintf(sql, sizeof sql, "UPDATE score SET %s WHERE id = 2", changes[_i]);
    run_sql(sql);
    expect_scores("laps/Ada=1low(d)@0 laps/Cid=3low(d)@0 ");
    ck_assert_uint_eq(damages(), 1);
    if (_i > 1)
        return;
    ok(write_one(named("laps", "Bob", 4))); /* a new one takes its place */
    expect_scores("laps/Ada=1low(d)@0 laps/Bob=4low(d)@0 laps/Cid=3low(d)@0 ");
    ck_assert_uint_eq(damages(), 0);
}
END_TEST

START_TEST(a_salvage_takes_what_checks)
{
    ok(seal_segment("lobby", 1, 2, "log"));
    write_three();
    run_sql("UPDATE score SET score = 9 WHERE id = 2");
    store->close(store);
    run_sql("DELETE FROM room; UPDATE meta SET value = 5 WHERE key = 'suspect'");
    ck_assert_str_ne(open_store(), "");
    expect_scores("laps/Ada=1low(d)@0 laps/Cid=3low(d)@0 ");
    ck_assert_uint_eq(damages(), 0);
}
END_TEST

/* The archive as format 3 has it, which knew of no scores. */
static void go_back_to_format_3(void)
{
    claim();
    ok(append(1, "x"));
    ok(seal_segment("lobby", 1, 2, "log"));
    store->close(store);
    archive_go_back(store_folder(), 3);
}

START_TEST(an_archive_without_scores_is_brought_forward)
{
    go_back_to_format_3();
    ck_assert_str_eq(open_store(), "");
    expect_scores("");
    write_three();
    reopen();
    expect_scores("laps/Ada=1low(d)@0 laps/Bob=2low(d)@0 laps/Cid=3low(d)@0 ");
    expect_rooms("lobby ");
    ck_assert_uint_eq(damages(), 0);
}
END_TEST

START_TEST(an_archive_without_scores_can_be_read_as_it_is)
{
    char error[STORE_SQLITE_ERROR_MAX];
    go_back_to_format_3();
    ck_assert_msg(store_sqlite_open_to_read(store_folder(), &store, error) == STORE_OK, "%s",
                  error);
    expect_scores("");
    expect_rooms("lobby ");
    ck_assert_uint_eq(damages(), 0);
}
END_TEST

static void add_contract(TCase *tests)
{
    tcase_add_test(tests, scores_are_kept_by_board_order_and_name);
    tcase_add_test(tests, one_takes_the_place_of_what_had_its_key);
    tcase_add_loop_test(tests, any_bytes_and_numbers_come_back, 0, 2);
    tcase_add_test(tests, a_visitor_says_stop);
    tcase_add_test(tests, they_stay_when_rooms_go);
}

int main(void)
{
    Suite *suite = suite_create("store_scores");
    contract_cases(suite, add_contract);

    TCase *tests = tcase_create("in a file");
    tcase_add_checked_fixture(tests, make_sqlite_disk, drop_store);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, one_that_does_not_check_is_passed_over, 0, 6);
    tcase_add_test(tests, a_salvage_takes_what_checks);
    tcase_add_test(tests, an_archive_without_scores_is_brought_forward);
    tcase_add_test(tests, an_archive_without_scores_can_be_read_as_it_is);
    suite_add_tcase(suite, tests);

    return run_suite(suite);
}
