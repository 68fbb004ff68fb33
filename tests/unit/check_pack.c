#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sync/limits.h"
#include "sync/pack.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

#define BUFFER_BYTES 65536

static uint8_t buffer[BUFFER_BYTES];

static struct bytes bytes_at(const uint8_t *data, size_t length)
{
    return (struct bytes){data, length};
}

static enum status value_status(struct bytes bytes)
{
    struct reader reader = reader_on(bytes);
    read_value(&reader);
    return reader_end(&reader);
}

/* --- Round trips --------------------------------------------------------------------------------- */

START_TEST(what_is_written_is_read)
{
    struct writer writer = writer_on(buffer, sizeof buffer);
    pack_array(&writer, 2);
    pack_integer(&writer, 7);
    pack_string(&writer, bytes_of("hi"));
    ck_assert_int_eq(writer.status, STATUS_OK);
    ck_assert_uint_eq(writer.items, 1);

    struct reader reader = reader_on(writer_bytes(&writer));
    ck_assert_uint_eq(read_array(&reader), 2);
    ck_assert_int_eq(read_integer(&reader), 7);
    ck_assert(bytes_equal(read_string(&reader), bytes_of("hi")));
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
}
END_TEST

/* Both sides of each border between widths. */
START_TEST(integers_take_their_shortest_form_at_every_border)
{
    static const struct {
        int64_t value;
        size_t bytes;
    } rows[] = {
        {0, 1},           {127, 1},          {128, 2},        {255, 2},         {256, 3},
        {65535, 3},       {65536, 5},        {UINT32_MAX, 5}, {4294967296, 9},  {INT64_MAX, 9},
        {-1, 1},          {-32, 1},          {-33, 2},        {-128, 2},        {-129, 3},
        {-32768, 3},      {-32769, 5},       {INT32_MIN, 5},  {-2147483649, 9}, {INT64_MIN, 9},
        {INTEGER_MAX, 9}, {-INTEGER_MAX, 9},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct writer writer = writer_on(buffer, sizeof buffer);
        pack_integer(&writer, rows[i].value);
        ck_assert_uint_eq(writer.length, rows[i].bytes);
        ck_assert_uint_eq(pack_integer_bytes(rows[i].value), rows[i].bytes);
        struct reader reader = reader_on(writer_bytes(&writer));
        ck_assert_int_eq(read_integer(&reader), rows[i].value);
        ck_assert_int_eq(reader_end(&reader), STATUS_OK);
    }
}
END_TEST

START_TEST(integers_of_any_width_are_read)
{
    static const struct {
        size_t length;
        uint8_t bytes[9];
        int64_t value;
    } rows[] = {
        {2, {0xcc, 5}, 5},
        {3, {0xcd, 0, 5}, 5},
        {5, {0xce, 0, 0, 0, 5}, 5},
        {9, {0xcf, 0, 0, 0, 0, 0, 0, 0, 5}, 5},
        {2, {0xd0, 0xff}, -1},
        {3, {0xd1, 0xff, 0xff}, -1},
        {5, {0xd2, 0xff, 0xff, 0xff, 0xff}, -1},
        {9, {0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, -1},
        {9, {0xcf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reader reader = reader_on(bytes_at(rows[i].bytes, rows[i].length));
        ck_assert_int_eq(read_integer(&reader), rows[i].value);
        ck_assert_int_eq(reader_end(&reader), STATUS_OK);
    }
    static const uint8_t above[] = {0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0};
    struct reader reader = reader_on(bytes_at(above, sizeof above));
    read_integer(&reader);
    ck_assert_int_eq(reader_end(&reader), STATUS_MALFORMED);
}
END_TEST

START_TEST(integers_of_values_stay_exact_in_a_double)
{
    static const int64_t inside[] = {INTEGER_MAX, -INTEGER_MAX};
    static const int64_t outside[] = {INTEGER_MAX + 1, -INTEGER_MAX - 1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < 2; i++) {
        struct writer writer = writer_on(buffer, sizeof buffer);
        pack_integer(&writer, inside[i]);
        ck_assert_int_eq(value_status(writer_bytes(&writer)), STATUS_OK);
    }
    for (size_t i = 0; i < 4; i++) {
        struct writer writer = writer_on(buffer, sizeof buffer);
        pack_integer(&writer, outside[i]);
        ck_assert_int_eq(value_status(writer_bytes(&writer)), STATUS_MALFORMED);
    }
}
END_TEST

START_TEST(zigzag_holds_every_integer)
{
    static const int64_t values[] = {0,   -1,        1,         -2,        63,
                                     -64, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    ck_assert_uint_eq(zigzag(0), 0);
    ck_assert_uint_eq(zigzag(-1), 1);
    ck_assert_uint_eq(zigzag(1), 2);
    ck_assert_uint_eq(zigzag(INT64_MIN), UINT64_MAX);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        ck_assert_int_eq(unzigzag(zigzag(values[i])), values[i]);
}
END_TEST

START_TEST(a_full_buffer_stops_the_writer_and_is_not_passed)
{
    for (size_t capacity = 0; capacity < 8; capacity++) {
        memset(buffer, 0xee, 16);
        struct writer writer = writer_on(buffer, capacity);
        pack_array(&writer, 2);
        pack_string(&writer, bytes_of("abcd"));
        pack_integer(&writer, 1000);
        ck_assert_int_eq(writer.status, STATUS_LIMIT);
        ck_assert_uint_le(writer.length, capacity);
        ck_assert_uint_eq(buffer[capacity], 0xee);
    }
}
END_TEST

START_TEST(a_writer_without_a_buffer_counts)
{
    struct writer counting = writer_on(NULL, SIZE_MAX);
    struct writer writing = writer_on(buffer, sizeof buffer);
    struct writer *both[] = {&counting, &writing};
    for (int i = 0; i < 2; i++) {
        struct open_array open = pack_array_begin(both[i]);
        pack_double(both[i], 0.1);
        pack_binary(both[i], bytes_of("data"));
        pack_array_end(both[i], open);
    }
    ck_assert_uint_eq(counting.length, writing.length);
    ck_assert_uint_eq(counting.items, writing.items);
}
END_TEST

START_TEST(an_open_array_counts_what_it_holds)
{
    struct writer writer = writer_on(buffer, sizeof buffer);
    struct open_array outer = pack_array_begin(&writer);
    pack_array(&writer, 2);
    pack_nil(&writer);
    pack_map(&writer, 1);
    pack_string(&writer, bytes_of("k"));
    pack_bool(&writer, true);
    pack_integer(&writer, 3);
    pack_array_end(&writer, outer);
    ck_assert_uint_eq(writer.items, 1);
    ck_assert_uint_eq(buffer[0], 0xdc);
    ck_assert_uint_eq(buffer[2], 2);
    ck_assert_int_eq(value_status(writer_bytes(&writer)), STATUS_OK);
}
END_TEST

START_TEST(an_open_array_takes_65535_elements_and_no_more)
{
    for (uint32_t count = 65534; count <= 65536; count++) {
        struct writer writer = writer_on(NULL, SIZE_MAX);
        struct open_array open = pack_array_begin(&writer);
        pack_raw(&writer, bytes_at(NULL, 0), count);
        pack_array_end(&writer, open);
        ck_assert_int_eq(writer.status, count <= 65535 ? STATUS_OK : STATUS_LIMIT);
    }
}
END_TEST

/* --- Canonical form -------------------------------------------------------------------------------- */

static void expect_canonical(const void *from, size_t from_length, const void *to, size_t length)
{
    struct reader reader = reader_on(bytes_at(from, from_length));
    struct writer writer = writer_on(buffer, sizeof buffer);
    value_canonical(&reader, &writer);
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
    ck_assert_uint_eq(writer.length, length);
    ck_assert_mem_eq(buffer, to, length);
}

START_TEST(values_have_one_canonical_form)
{
    expect_canonical("\xcb\x3f\xf0\0\0\0\0\0\0", 9, "\x01", 1);                   /* 1.0 */
    expect_canonical("\xca\xbf\x80\0\0", 5, "\xff", 1);                           /* -1.0f */
    expect_canonical("\xcb\x80\0\0\0\0\0\0\0", 9, "\0", 1);                       /* -0.0 */
    expect_canonical("\xcb\x3f\xe0\0\0\0\0\0\0", 9, "\xca\x3f\0\0\0", 5);         /* 0.5 */
    expect_canonical("\xcb\x43\x40\0\0\0\0\0\0", 9, "\xcf\0\x20\0\0\0\0\0\0", 9); /* 2^53 */
    expect_canonical("\xcb\x43\x50\0\0\0\0\0\0", 9, "\xca\x5a\x80\0\0", 5);       /* 2^54 */
    expect_canonical("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", 9,
                     "\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", 9); /* 0.1 */
    expect_canonical("\xd3\0\0\0\0\0\0\0\x05", 9, "\x05", 1);
    expect_canonical("\xd9\x01"
                     "a",
                     3,
                     "\xa1"
                     "a",
                     2);
    expect_canonical("\xc6\0\0\0\x01z", 6, "\xc4\x01z", 3);
    expect_canonical("\xdd\0\0\0\x01\xcc\x01", 7, "\x91\x01", 2);
    expect_canonical("\xdf\0\0\0\x01\xda\0\x01k\xc3", 10, "\x81\xa1k\xc3", 4);
}
END_TEST

START_TEST(what_is_canonical_stays_as_it_is)
{
    static const char value[] = "\x83\xa1"
                                "a\x92\x01\xca\x3f\0\0\0\xa1"
                                "b\xc0\xa1"
                                "c\xc4\x01\xff";
    expect_canonical(value, sizeof value - 1, value, sizeof value - 1);
}
END_TEST

/* --- Refusals -------------------------------------------------------------------------------------- */

START_TEST(every_truncation_is_told)
{
    static const char value[] = "\x84\xa1"
                                "a\x93\x01\xca\x3f\0\0\0\xcb\x3f\xb9\x99\x99\x99\x99\x99"
                                "\x9a\xa1"
                                "b\xc0\xa1"
                                "c\xc4\x01\xff\xa1"
                                "d\xcd\x12\x34";
    size_t length = sizeof value - 1;
    ck_assert_int_eq(value_status(bytes_at((const uint8_t *)value, length)), STATUS_OK);
    for (size_t i = 0; i < length; i++) {
        uint8_t *exact = malloc(i + 1); /* the sanitizer sees a byte too many */
        memcpy(exact, value, i);
        ck_assert_int_eq(value_status(bytes_at(exact, i)), STATUS_TRUNCATED);
        free(exact);
    }
}
END_TEST

START_TEST(nesting_stops_at_its_limit)
{
    for (unsigned depth = VALUE_DEPTH_MAX - 1; depth <= VALUE_DEPTH_MAX + 1; depth++) {
        memset(buffer, 0x91, depth - 1);
        buffer[depth - 1] = 0x90;
        enum status wanted = depth <= VALUE_DEPTH_MAX ? STATUS_OK : STATUS_MALFORMED;
        ck_assert_int_eq(value_status(bytes_at(buffer, depth)), wanted);
    }
    memset(buffer, 0x91, sizeof buffer);
    ck_assert_int_eq(value_status(bytes_at(buffer, sizeof buffer)), STATUS_MALFORMED);
}
END_TEST

START_TEST(huge_declared_counts_are_refused_at_once)
{
    static const char *const heads[] = {"\xdd\xff\xff\xff\xff\x01", "\xdf\xff\xff\xff\xff\x01",
                                        "\xdb\xff\xff\xff\xff\x01", "\xc6\xff\xff\xff\xff\x01",
                                        "\xdc\xff\xff\x01\x01\x01", "\xdd\0\0\0\x02\x01"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        ck_assert_int_eq(value_status(bytes_at((const uint8_t *)heads[i], 6)), STATUS_TRUNCATED);
}
END_TEST

START_TEST(only_utf8_is_a_string)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"\x7f", true},
        {"\xc2\x80", true},
        {"\xdf\xbf", true},
        {"\xe0\xa0\x80", true},
        {"\xed\x9f\xbf", true},
        {"\xee\x80\x80", true},
        {"\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\x80", false},
        {"\xbf", false},
        {"\xc0\x80", false},
        {"\xc1\xbf", false},
        {"\xc2", false},
        {"\xc2\x7f", false},
        {"\xc2\xc0", false},
        {"\xe0\x9f\xbf", false},
        {"\xe0\xa0", false},
        {"\xe1\x80\x7f", false},
        {"\xed\xa0\x80", false},
        {"\xed\xbf\xbf", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf0\x90\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
        {"a\xe2\x82\xac"
         "b",
         true},
        {"a\xe2\x82"
         "b",
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct writer writer = writer_on(buffer, sizeof buffer);
        pack_string(&writer, bytes_of(rows[i].text));
        ck_assert_msg((value_status(writer_bytes(&writer)) == STATUS_OK) == rows[i].good, "row %zu",
                      i);
    }
}
END_TEST

START_TEST(only_finite_floats_are_values)
{
    static const char *const bad[] = {"\xca\x7f\x80\0\0", "\xca\xff\x80\0\0", "\xca\x7f\xc0\0\0"};
    static const char *const wide[] = {"\xcb\x7f\xf0\0\0\0\0\0\0", "\xcb\xff\xf0\0\0\0\0\0\0",
                                       "\xcb\x7f\xf8\0\0\0\0\0\x01"};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(value_status(bytes_at((const uint8_t *)bad[i], 5)), STATUS_MALFORMED);
        ck_assert_int_eq(value_status(bytes_at((const uint8_t *)wide[i], 9)), STATUS_MALFORMED);
    }
}
END_TEST

START_TEST(extensions_and_the_unused_byte_are_malformed)
{
    static const uint8_t heads[] = {0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8};
    memset(buffer, 0, 64);
    for (size_t i = 0; i < sizeof heads; i++) {
        buffer[0] = heads[i];
        ck_assert_int_eq(value_status(bytes_at(buffer, 64)), STATUS_MALFORMED);
    }
}
END_TEST

static enum status map_status(uint32_t keys, bool twice)
{
    struct writer writer = writer_on(buffer, sizeof buffer);
    pack_map(&writer, keys);
    for (uint32_t i = 0; i < keys; i++) {
        uint8_t digits[DECIMAL_DIGITS];
        pack_string(&writer, bytes_decimal(twice && i == keys - 1 ? 0 : i, digits));
        pack_nil(&writer);
    }
    return value_status(writer_bytes(&writer));
}

START_TEST(a_map_has_at_most_64_distinct_string_keys)
{
    ck_assert_int_eq(map_status(0, false), STATUS_OK);
    ck_assert_int_eq(map_status(MAP_KEYS_MAX, false), STATUS_OK);
    ck_assert_int_eq(map_status(MAP_KEYS_MAX + 1, false), STATUS_MALFORMED);
    ck_assert_int_eq(map_status(2, true), STATUS_MALFORMED);
    ck_assert_int_eq(map_status(MAP_KEYS_MAX, true), STATUS_MALFORMED);
    ck_assert_int_eq(value_status(bytes_at((const uint8_t *)"\x81\x01\x01", 3)), STATUS_MALFORMED);
}
END_TEST

START_TEST(bytes_after_a_message_are_malformed)
{
    struct reader reader = reader_on(bytes_at((const uint8_t *)"\x01\x01", 2));
    read_integer(&reader);
    ck_assert(!reader_done(&reader));
    ck_assert_int_eq(reader_end(&reader), STATUS_MALFORMED);
}
END_TEST

START_TEST(a_failed_reader_gives_zeros_and_keeps_its_first_status)
{
    struct reader reader = reader_on(bytes_at((const uint8_t *)"\x05\x93", 2));
    ck_assert_int_eq(read_integer_in(&reader, 0, 4), 0);
    ck_assert_int_eq(read_integer(&reader), 0);
    ck_assert_uint_eq(read_array(&reader), 0);
    ck_assert_uint_eq(read_string(&reader).length, 0);
    ck_assert_uint_eq(read_value(&reader).length, 0);
    reader_fail(&reader, STATUS_LIMIT);
    ck_assert_int_eq(reader_end(&reader), STATUS_MALFORMED);
    ck_assert_int_eq(read_type(&reader), PACK_BAD);
}
END_TEST

int main(void)
{
    TCase *writing = tcase_create("writing");
    tcase_add_test(writing, what_is_written_is_read);
    tcase_add_test(writing, integers_take_their_shortest_form_at_every_border);
    tcase_add_test(writing, integers_of_any_width_are_read);
    tcase_add_test(writing, integers_of_values_stay_exact_in_a_double);
    tcase_add_test(writing, zigzag_holds_every_integer);
    tcase_add_test(writing, a_full_buffer_stops_the_writer_and_is_not_passed);
    tcase_add_test(writing, a_writer_without_a_buffer_counts);
    tcase_add_test(writing, an_open_array_counts_what_it_holds);
    tcase_add_test(writing, an_open_array_takes_65535_elements_and_no_more);
    tcase_add_test(writing, values_have_one_canonical_form);
    tcase_add_test(writing, what_is_canonical_stays_as_it_is);

    TCase *refusals = tcase_create("refusals");
    tcase_add_test(refusals, every_truncation_is_told);
    tcase_add_test(refusals, nesting_stops_at_its_limit);
    tcase_add_test(refusals, huge_declared_counts_are_refused_at_once);
    tcase_add_test(refusals, only_utf8_is_a_string);
    tcase_add_test(refusals, only_finite_floats_are_values);
    tcase_add_test(refusals, extensions_and_the_unused_byte_are_malformed);
    tcase_add_test(refusals, a_map_has_at_most_64_distinct_string_keys);
    tcase_add_test(refusals, bytes_after_a_message_are_malformed);
    tcase_add_test(refusals, a_failed_reader_gives_zeros_and_keeps_its_first_status);

    Suite *suite = suite_create("pack");
    suite_add_tcase(suite, writing);
    suite_add_tcase(suite, refusals);
    return run_suite(suite);
}
