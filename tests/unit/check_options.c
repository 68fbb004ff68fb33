/* check_options.c - what the person says reaches the options, and mistakes are answered in words. */
#include "server/options.h"
#include "server/storage.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct options options;
static char error[OPTIONS_ERROR_MAX];

static char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

static char *some_environment(const char *name)
{
    static char rooms[] = "7", origin[] = "https://a.example,http://b.example:8080", empty[] = "";
    if (strcmp(name, "TUTTI_MAX_ROOMS") == 0)
        return rooms;
    if (strcmp(name, "TUTTI_ALLOW_ORIGIN") == 0)
        return origin;
    return strcmp(name, "TUTTI_DATA") == 0 ? empty : NULL;
}

/* Reads up to three arguments. */
static enum options_result
read_with(options_getenv *environment, const char *a, const char *b, const char *c)
{
    static char copies[4][128]; /* the options keep views into them */
    const char *said[] = {"tutti-server", a, b, c};
    char *argv[5] = {0};
    int argc = 0;
    for (int i = 0; i < 4 && said[i] != NULL; i++) {
        snprintf(copies[i], sizeof copies[i], "%s", said[i]);
        argv[argc++] = copies[i];
    }
    return options_read(&options, argc, argv, environment, error);
}

static enum options_result read_args(const char *a, const char *b, const char *c)
{
    return read_with(no_environment, a, b, c);
}

START_TEST(nothing_said_is_enough)
{
    ck_assert_int_eq(read_args(NULL, NULL, NULL), OPTIONS_RUN);
    ck_assert_str_eq(options.listen.address, "127.0.0.1");
    ck_assert_uint_eq(options.listen.port, 7777);
    ck_assert(options.listen.loopback);
    ck_assert_str_eq(options.data, "data");
    ck_assert_uint_eq(options.limits.connections, 20000);
    ck_assert_uint_eq(options.limits.room.members, 5000);
    ck_assert_uint_eq(options.limits.linger_s, 60);
    ck_assert_uint_eq(options.storage_ring, STORAGE_RING_BYTES);
    ck_assert_int_eq(options.log_level, LOG_LEVEL_INFO);
}
END_TEST

START_TEST(a_flag_takes_its_value_either_way)
{
    ck_assert_int_eq(read_args("--max-rooms", "12", NULL), OPTIONS_RUN);
    ck_assert_uint_eq(options.limits.rooms, 12);
    ck_assert_int_eq(read_args("--max-rooms=13", "--count-loopback", NULL), OPTIONS_RUN);
    ck_assert_uint_eq(options.limits.rooms, 13);
    ck_assert(options.limits.count_loopback);
}
END_TEST

START_TEST(recordings_may_be_larger_than_four_gib)
{
    ck_assert_int_eq(read_args(NULL, NULL, NULL), OPTIONS_RUN);
    ck_assert_uint_eq(options.keep_room_bytes, 1u << 30);
    ck_assert_int_eq(read_args("--keep-room-bytes", "5368709120", NULL), OPTIONS_RUN);
    ck_assert_uint_eq(options.keep_room_bytes, UINT64_C(5) << 30);
    ck_assert_uint_eq(options.keep_disk, 80); /* its neighbour */
    ck_assert_int_eq(read_args("--keep-room-bytes", "1125899906842624", NULL), OPTIONS_RUN);
    ck_assert_uint_eq(options.keep_room_bytes, UINT64_C(1) << 50);
    ck_assert_int_eq(read_args("--keep-room-bytes", "1125899906842625", NULL), OPTIONS_BAD);
    ck_assert_int_eq(read_args("--keep-days", "4294967296", NULL), OPTIONS_BAD);
}
END_TEST

START_TEST(the_environment_stands_behind_the_flags)
{
    ck_assert_int_eq(read_with(some_environment, NULL, NULL, NULL), OPTIONS_RUN);
    ck_assert_uint_eq(options.limits.rooms, 7);
    ck_assert_uint_eq(options.allowed_origin_count, 2);
    ck_assert_str_eq(options.data, "data"); /* an empty variable says nothing */
    ck_assert_int_eq(read_with(some_environment, "--max-rooms", "8", NULL), OPTIONS_RUN);
    ck_assert_uint_eq(options.limits.rooms, 8);
}
END_TEST

static const struct {
    const char *text;
    const char *address; /* NULL: refused */
    uint16_t port;
    bool loopback;
} endpoints[] = {
    {"127.0.0.1:7777", "127.0.0.1", 7777, true},
    {"127.1.2.3:1", "127.1.2.3", 1, true},
    {"localhost:80", "127.0.0.1", 80, true},
    {"[::1]:0", "::1", 0, true},
    {"0.0.0.0:65535", "0.0.0.0", 65535, false},
    {"[::]:9", "::", 9, false},
    {"192.168.1.2:9", "192.168.1.2", 9, false},
    {"::1:9", NULL, 0, false},
    {"127.0.0.1", NULL, 0, false},
    {"127.0.0.1:", NULL, 0, false},
    {"127.0.0.1:65536", NULL, 0, false},
    {"127.0.0.1:-1", NULL, 0, false},
    {"127.0.0.1:8x", NULL, 0, false},
    {"example.com:80", NULL, 0, false},
    {"[127.0.0.1]:80", NULL, 0, false},
    {":80", NULL, 0, false},
    {"[]:80", NULL, 0, false},
    {"", NULL, 0, false},
};

START_TEST(an_endpoint_is_taken_apart)
{
    struct endpoint endpoint;
    bool good = endpoint_parse(&endpoint, endpoints[_i].text);
    ck_assert_msg(good == (endpoints[_i].address != NULL), "%s", endpoints[_i].text);
    if (!good)
        return;
    ck_assert_str_eq(endpoint.address, endpoints[_i].address);
    ck_assert_uint_eq(endpoint.port, endpoints[_i].port);
    ck_assert(endpoint.loopback == endpoints[_i].loopback);
}
END_TEST

START_TEST(others_can_reach_it_only_when_that_is_said)
{
    ck_assert_int_eq(read_args("--listen", "0.0.0.0:80", NULL), OPTIONS_BAD);
    ck_assert_ptr_nonnull(strstr(error, "--insecure"));
    ck_assert_int_eq(read_args("--listen", "0.0.0.0:80", "--insecure"), OPTIONS_RUN);
}
END_TEST

static const struct {
    const char *arguments[2];
    const char *says;
} mistakes[] = {
    {{"--max-room", "1"}, "no such option: --max-room"},
    {{"max-rooms", "1"}, "no such option"},
    {{"--", NULL}, "no such option"},
    {{"--max-rooms", NULL}, "needs a value"},
    {{"--max-rooms", "0"}, "from 1"},
    {{"--max-rooms", "-1"}, "whole number"},
    {{"--max-rooms", "9x"}, "\"9x\""},
    {{"--max-rooms", "99999999999999999999"}, "whole number"},
    {{"--bytes-burst", "65535"}, "from 65536"},
    {{"--max-file-bytes", "67108865"}, "raise --file-burst-per-address"},
    {{"--file-burst-per-address", "8191"}, "which is 8191 KiB"},
    {{"--file-share-per-address", "8191"}, "raise --file-share-per-address"},
    {{"--listen", "nowhere"}, "ADDRESS:PORT"},
    {{"--log-level", "loud"}, "error, warn, info or debug"},
    {{"--allow-origin", "example.com"}, "https://"},
    {{"--allow-origin", "https://example.com/page"}, "https://"},
    {{"--allow-origin", "https://"}, "https://"},
    {{"--data", ""}, "empty"},
};

START_TEST(a_mistake_is_answered_in_words)
{
    ck_assert_int_eq(read_args(mistakes[_i].arguments[0], mistakes[_i].arguments[1], NULL),
                     OPTIONS_BAD);
    ck_assert_msg(strstr(error, mistakes[_i].says) != NULL, "it says: %s", error);
}
END_TEST

START_TEST(the_longest_image_may_be_sent)
{
    ck_assert_int_eq(read_args("--max-file-bytes", "67108864", NULL), OPTIONS_RUN);
    ck_assert_int_eq(read_args("--file-burst-per-address=8192", NULL, NULL), OPTIONS_RUN);
    ck_assert_int_eq(
        read_args("--max-file-bytes=1073741824", "--file-burst-per-address=1048576", NULL),
        OPTIONS_RUN);
}
END_TEST

START_TEST(help_names_every_option_once)
{
    ck_assert_int_eq(read_args("--help", NULL, NULL), OPTIONS_HELP);
    ck_assert_int_eq(read_args("--version", NULL, NULL), OPTIONS_VERSION);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    options_print_help(out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "--max-connections-per-address N\n"));
    ck_assert_ptr_nonnull(strstr(text, "(default: 127.0.0.1:7777); also TUTTI_LISTEN"));
    free(text);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("options");
    tcase_add_test(tcase, nothing_said_is_enough);
    tcase_add_test(tcase, a_flag_takes_its_value_either_way);
    tcase_add_test(tcase, recordings_may_be_larger_than_four_gib);
    tcase_add_test(tcase, the_environment_stands_behind_the_flags);
    tcase_add_loop_test(tcase, an_endpoint_is_taken_apart, 0,
                        sizeof endpoints / sizeof endpoints[0]);
    tcase_add_test(tcase, others_can_reach_it_only_when_that_is_said);
    tcase_add_loop_test(tcase, a_mistake_is_answered_in_words, 0,
                        sizeof mistakes / sizeof mistakes[0]);
    tcase_add_test(tcase, the_longest_image_may_be_sent);
    tcase_add_test(tcase, help_names_every_option_once);
    Suite *suite = suite_create("options");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
