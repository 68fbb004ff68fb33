/* check_log.c - one line per event, whatever bytes a peer puts into it and however often. */
#include "server/log.h"
#include "tests/run_suite.h"

#include <check.h>
#include <string.h>

static struct log logger;
static char written[LOG_LINE_MAX + 1];
static int lines;

static void sink(void *context, const char *line, size_t length)
{
    (void)context;
    ck_assert_uint_le(length, LOG_LINE_MAX);
    memcpy(written, line, length);
    written[length] = '\0';
    lines++;
}

static void setup(void)
{
    log_init(&logger, LOG_LEVEL_INFO, sink, NULL);
    lines = 0;
    written[0] = '\0';
}

static void write_value(struct bytes value)
{
    struct log_line line = log_begin(&logger, LOG_REFUSED);
    log_text(&line, "path", value);
    log_end(&line);
}

START_TEST(a_line_is_level_event_and_pairs)
{
    struct log_line line = log_begin(&logger, LOG_LISTENING);
    log_text(&line, "address", bytes_of("127.0.0.1:7777"));
    log_number(&line, "count", -3);
    log_text(&line, "words", bytes_of("two words"));
    log_end(&line);
    ck_assert_str_eq(written,
                     "info listening address=127.0.0.1:7777 count=-3 words=\"two words\"\n");
}
END_TEST

START_TEST(what_is_less_important_is_left_out)
{
    struct log_line line = log_begin(&logger, LOG_SESSION_CLOSED);
    log_text(&line, "room", bytes_of("a"));
    log_end(&line);
    ck_assert_int_eq(lines, 0);
}
END_TEST

START_TEST(a_value_cannot_forge_a_line)
{
    write_value(bytes_of("a\ninfo listening \"x\\y\"\x1b[2J"));
    ck_assert_str_eq(written,
                     "info refused path=\"a\\x0ainfo listening \\\"x\\\\y\\\"\\x1b[2J\"\n");
    ck_assert_int_eq(lines, 1);
}
END_TEST

/* Every byte value appears as printable ASCII, and the only newline is the last byte. */
START_TEST(every_byte_is_made_harmless)
{
    uint8_t byte = (uint8_t)_i;
    write_value((struct bytes){&byte, 1});
    size_t length = strlen(written);
    ck_assert_int_eq(written[length - 1], '\n');
    for (size_t i = 0; i + 1 < length; i++)
        ck_assert(written[i] >= 0x20 && written[i] < 0x7f);
}
END_TEST

START_TEST(an_empty_value_is_quoted)
{
    write_value((struct bytes){0});
    ck_assert_str_eq(written, "info refused path=\"\"\n");
}
END_TEST

START_TEST(a_value_is_cut_at_its_limit)
{
    static char value[2 * LOG_VALUE_MAX];
    memset(value, 'a', sizeof value);
    write_value((struct bytes){(const uint8_t *)value, LOG_VALUE_MAX});
    ck_assert_uint_eq(strlen(written), strlen("info refused path=\n") + LOG_VALUE_MAX);
    write_value((struct bytes){(const uint8_t *)value, LOG_VALUE_MAX + 1});
    ck_assert_uint_eq(strlen(written), strlen("info refused path=\"...\"\n") + LOG_VALUE_MAX);
}
END_TEST

START_TEST(many_values_still_make_one_line)
{
    static uint8_t value[LOG_VALUE_MAX];
    struct log_line line = log_begin(&logger, LOG_REFUSED);
    for (int i = 0; i < 20; i++)
        log_text(&line, "key", (struct bytes){value, sizeof value});
    log_end(&line);
    ck_assert_uint_eq(strlen(written), LOG_LINE_MAX);
    ck_assert_int_eq(written[LOG_LINE_MAX - 1], '\n');
}
END_TEST

START_TEST(a_flood_is_held_back_and_told_of)
{
    log_clock(&logger, 5000000);
    for (unsigned i = 0; i < LOG_RATE + 7; i++)
        write_value(bytes_of("a"));
    ck_assert_int_eq(lines, LOG_RATE);

    struct log_line line = log_begin(&logger, LOG_LISTENING);
    log_end(&line);
    ck_assert_str_eq(written, "info listening\n"); /* other events are not held back by it */

    log_clock(&logger, 6000000);
    write_value(bytes_of("b"));
    ck_assert_str_eq(written, "info refused left_out=7 path=b\n");
}
END_TEST

START_TEST(levels_have_names)
{
    enum log_level level;
    ck_assert(log_level_named("debug", &level));
    ck_assert_int_eq(level, LOG_LEVEL_DEBUG);
    ck_assert(!log_level_named("loud", &level));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("log");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_line_is_level_event_and_pairs);
    tcase_add_test(tcase, what_is_less_important_is_left_out);
    tcase_add_test(tcase, a_value_cannot_forge_a_line);
    tcase_add_loop_test(tcase, every_byte_is_made_harmless, 0, 256);
    tcase_add_test(tcase, an_empty_value_is_quoted);
    tcase_add_test(tcase, a_value_is_cut_at_its_limit);
    tcase_add_test(tcase, many_values_still_make_one_line);
    tcase_add_test(tcase, a_flood_is_held_back_and_told_of);
    tcase_add_test(tcase, levels_have_names);
    Suite *suite = suite_create("log");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
