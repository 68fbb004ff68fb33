#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/pack.h"
#include "sync/replica.h"
#include "tests/notation.h"
#include "tests/run_suite.h"
#include "tools/histogram.h"
#include "tools/json.h"
#include "tools/load.h"
#include "tools/load_trail.h"
#include "tools/metrics.h"
#include "tools/table.h"

/* --- Frames --------------------------------------------------------------------------------------- */

static const struct {
    const char *message, *texts[3];
} frames[] = {
    {"[0 3]", {"kind 0: frame", "ticks + 3"}},
    {"[1 3 [2 5 1 8]]", {"news: 2 decided, durable + 5", "refused: 1"}},
    {"[6 1 -2 4 nil]",
     {"inputs were there -2 ticks before they were needed", "4 ticks had none", "no news"}},
    {"[6 1 nil 0 [1 0]]", {"no input arrived", "0 ticks had none", "news: 1 decided"}},
    {"[6 1 nil 0 nil [16 0]]", {"no input arrived", "scope presence", "place + 0"}},
};

START_TEST(a_frame_of_each_kind_is_shown)
{
    uint8_t bytes[128];
    char *text = NULL;
    size_t length;
    struct writer writer = writer_on(bytes, sizeof bytes);
    struct replica *replica = replica_create(&(struct memory){0});
    FILE *out = open_memstream(&text, &length);
    notation_pack(&writer, frames[_i].message);
    frame_print(out, replica, writer_bytes(&writer));
    fclose(out);
    for (int i = 0; i < 3 && frames[_i].texts[i] != NULL; i++)
        ck_assert_msg(strstr(text, frames[_i].texts[i]) != NULL, "%s", text);
    ck_assert_ptr_null(strstr(text, "cannot be read"));
    free(text);
    replica_destroy(replica);
}
END_TEST

/* --- Histogram ------------------------------------------------------------------------------------ */

START_TEST(quantiles_of_a_histogram)
{
    static struct histogram histogram;
    histogram = (struct histogram){0};
    ck_assert_uint_eq(histogram_quantile(&histogram, 0.5), 0);
    for (uint64_t i = 1; i <= 1000; i++)
        histogram_add(&histogram, i * 100);
    ck_assert_uint_eq(histogram.most, 100000);
    ck_assert_uint_eq(histogram_quantile(&histogram, 1), 100000);
    uint64_t median = histogram_quantile(&histogram, 0.5);
    uint64_t late = histogram_quantile(&histogram, 0.99);
    ck_assert(median >= 50000 && median <= 52000);
    ck_assert(late >= 99000 && late <= 100000);
}
END_TEST

START_TEST(a_histogram_takes_any_value)
{
    static struct histogram histogram;
    histogram = (struct histogram){0};
    static const uint64_t values[] = {0, 1, 31, 32, 63, 64, 65, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        histogram_add(&histogram, values[i]);
    ck_assert_uint_eq(histogram.count, 9);
    ck_assert_uint_eq(histogram_quantile(&histogram, 0), 0);
    ck_assert_uint_eq(histogram_quantile(&histogram, 0.3), 31);
}
END_TEST

/* --- Figures of a server -------------------------------------------------------------------------- */

START_TEST(what_came_between_two_readings)
{
    const struct spread before = {3, {0.001, 0.01, INFINITY}, {10, 10, 10}};
    const struct spread after = {3, {0.001, 0.01, INFINITY}, {16, 19, 20}};
    const struct spread never = {0};
    ck_assert_double_eq(spread_total(&before, &after), 10);
    ck_assert_double_eq(spread_quantile(&before, &after, 0.5), 0.001);
    ck_assert_double_eq(spread_quantile(&before, &after, 0.9), 0.01);
    ck_assert_double_eq(spread_quantile(&before, &after, 1), 0.01); /* beyond it nothing is known */
    ck_assert_double_eq_tol(spread_above(&before, &after, 0.001), 0.4, 1e-9);
    ck_assert_double_eq_tol(spread_above(&before, &after, 0.01), 0.1, 1e-9);
    ck_assert_double_eq(spread_quantile(&after, &after, 0.5), 0);
    ck_assert_double_eq(spread_quantile(&never, &never, 0.5), 0);
    ck_assert_double_eq(spread_above(&never, &never, 0.01), 0);
    ck_assert_double_eq(spread_total(&never, &after), 20);
}
END_TEST

/* --- Trails --------------------------------------------------------------------------------------- */

static struct trail trail;
static uint64_t seen;

static void trail_setup(void)
{
    trail = (struct trail){0};
    seen = 0;
}

static enum trail_outcome look(int32_t x, int32_t y, uint64_t *superseded)
{
    struct trail_match match = {0};
    enum trail_outcome outcome = trail_match(&trail, &seen, x, y, &match);
    *superseded = match.superseded;
    return outcome;
}

START_TEST(values_are_found_in_the_order_they_were_sent)
{
    uint64_t superseded;
    ck_assert(trail_is_last(&trail, 9, 9)); /* nothing was sent */
    for (int32_t i = 0; i < 10; i++)
        trail_sent(&trail, i, -i, (uint64_t)i);
    ck_assert_int_eq(look(0, 0, &superseded), TRAIL_NEW);
    ck_assert_int_eq(look(3, -3, &superseded), TRAIL_NEW);
    ck_assert_uint_eq(superseded, 2);
    ck_assert_int_eq(look(3, -3, &superseded), TRAIL_AGAIN);
    ck_assert_int_eq(look(1, -1, &superseded), TRAIL_BACKWARDS);
    ck_assert_int_eq(look(3, 3, &superseded), TRAIL_FOREIGN);
    ck_assert(trail_is_last(&trail, 9, -9) && !trail_is_last(&trail, 3, -3));
}
END_TEST

START_TEST(a_trail_forgets_what_is_long_ago)
{
    uint64_t superseded;
    for (int32_t i = 0; i < 3 * (int32_t)TRAIL_KEPT; i++)
        trail_sent(&trail, i, i, 0);
    ck_assert_int_eq(look(5, 5, &superseded), TRAIL_FOREIGN);
    ck_assert_int_eq(look(2 * (int32_t)TRAIL_KEPT, 2 * (int32_t)TRAIL_KEPT, &superseded),
                     TRAIL_NEW);
    ck_assert_uint_eq(superseded, 2 * TRAIL_KEPT);
}
END_TEST

/* --- JSON ----------------------------------------------------------------------------------------- */

static const struct {
    const char *packed, *json;
} values[] = {
    {"nil", "null"},
    {"[1 -7 2.5 true false nil]", "[1,-7,2.5,true,false,null]"},
    {"0.1", "0.1"},
    {"'a\"b\\c\nd\x7f'", "\"a\\\"b\\\\c\\nd\\u007f\""},
    {"x00ff10", "{\"base64\":\"AP8Q\"}"},
    {"x00ff", "{\"base64\":\"AP8=\"}"},
    {"[['x'] []]", "[[\"x\"],[]]"},
};

static void expect_json(struct bytes packed, const char *wanted)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    json_packed(out, packed);
    fclose(out);
    ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(packed_values_become_json)
{
    uint8_t buffer[256];
    struct writer writer = writer_on(buffer, sizeof buffer);
    notation_pack(&writer, values[_i].packed);
    expect_json(writer_bytes(&writer), values[_i].json);
}
END_TEST

START_TEST(maps_become_objects_and_damage_null)
{
    uint8_t buffer[64];
    struct writer writer = writer_on(buffer, sizeof buffer);
    pack_map(&writer, 2);
    pack_string(&writer, bytes_of("k"));
    pack_integer(&writer, 1);
    pack_string(&writer, bytes_of("l"));
    pack_array(&writer, 0);
    expect_json(writer_bytes(&writer), "{\"k\":1,\"l\":[]}");
    expect_json((struct bytes){buffer, writer.length - 1}, "null");
}
END_TEST

/* What people wrote gives a terminal no orders, and stays in its column. */
START_TEST(a_cell_is_plain_text)
{
    static const char text[] = "a\x1b[2J\x7f\xc2\x9b"
                               "2J\xc2\xa0\xc3\xa9\xc2";
    char *shown = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&shown, &length);
    ck_assert_ptr_nonnull(out);
    size_t width = table_write_plain(out, text, sizeof text - 1, TABLE_CELL_MAX);
    fclose(out);
    ck_assert_str_eq(shown, "a [2J  2J\xc2\xa0\xc3\xa9\xc2");
    ck_assert_uint_eq(width, 12);
    free(shown);
}
END_TEST

static Suite *tool_parts_suite(void)
{
    Suite *suite = suite_create("tool_parts");
    TCase *cases = tcase_create("parts");
    tcase_add_checked_fixture(cases, trail_setup, NULL);
    tcase_add_loop_test(cases, a_frame_of_each_kind_is_shown, 0,
                        (int)(sizeof frames / sizeof frames[0]));
    tcase_add_test(cases, quantiles_of_a_histogram);
    tcase_add_test(cases, a_histogram_takes_any_value);
    tcase_add_test(cases, what_came_between_two_readings);
    tcase_add_test(cases, values_are_found_in_the_order_they_were_sent);
    tcase_add_test(cases, a_trail_forgets_what_is_long_ago);
    tcase_add_loop_test(cases, packed_values_become_json, 0,
                        (int)(sizeof values / sizeof values[0]));
    tcase_add_test(cases, maps_become_objects_and_damage_null);
    tcase_add_test(cases, a_cell_is_plain_text);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return run_suite(tool_parts_suite());
}
