/* check_flush.c - what rooms wrote in one interval, as bytes and back. */
#include "persistence/flush.h"
#include "sync/limits.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct flush_buffer buffer;

static void empty_buffer(void)
{
    buffer = (struct flush_buffer){0};
}

static void free_buffer(void)
{
    free(buffer.data);
}

static struct flush_entry entry_of(const char *room, uint64_t first, uint64_t last, const char *log)
{
    return (struct flush_entry){.room = bytes_of(room),
                                .incarnation = 1700000000000000,
                                .first = first,
                                .last = last,
                                .bytes = bytes_of(log)};
}

static void add(const struct flush_entry *entry)
{
    ck_assert(flush_add(&buffer, entry));
}

static struct bytes flush(void)
{
    return (struct bytes){buffer.data, buffer.length};
}

static void expect(struct flush_reader *reader, const struct flush_entry *wanted)
{
    struct flush_entry entry;
    ck_assert(flush_next(reader, &entry));
    ck_assert(bytes_equal(entry.room, wanted->room));
    ck_assert(bytes_equal(entry.bytes, wanted->bytes));
    ck_assert_uint_eq(entry.incarnation, wanted->incarnation);
    ck_assert_uint_eq(entry.first, wanted->first);
    ck_assert_uint_eq(entry.last, wanted->last);
}

static void expect_end(struct flush_reader *reader)
{
    struct flush_entry entry;
    ck_assert(!flush_next(reader, &entry));
    ck_assert(!flush_next(reader, &entry));
    ck_assert(!reader->damaged);
}

START_TEST(what_is_added_is_read_in_order)
{
    struct flush_entry entries[] = {entry_of("lobby", 7, 7, "one"), entry_of("a", 1, 300, ""),
                                    entry_of("lobby", 8, 9, "two")};
    for (size_t i = 0; i < 3; i++)
        add(&entries[i]);
    struct flush_reader reader = {.bytes = flush()};
    for (size_t i = 0; i < 3; i++)
        expect(&reader, &entries[i]);
    expect_end(&reader);
}
END_TEST

START_TEST(nothing_is_an_empty_flush)
{
    struct flush_reader reader = {.bytes = {0}};
    expect_end(&reader);
}
END_TEST

START_TEST(the_bytes_are_as_documented)
{
    static const uint8_t wanted[] = {2, 'r', '1', 0xac, 0x02, 0x81, 0x01, 0x02, 3, 'a', 'b', 'c'};
    struct flush_entry entry = {.room = bytes_of("r1"),
                                .incarnation = 300,
                                .first = 129,
                                .last = 131,
                                .bytes = bytes_of("abc")};
    add(&entry);
    ck_assert(bytes_equal(flush(), (struct bytes){wanted, sizeof wanted}));
}
END_TEST

START_TEST(extremes_are_kept)
{
    uint8_t name[ROOM_NAME_MAX];
    memset(name, 0xff, sizeof name);
    struct flush_entry entry = {.room = {name, sizeof name},
                                .incarnation = UINT64_MAX,
                                .first = 0,
                                .last = UINT64_MAX,
                                .bytes = {name, 1}};
    add(&entry);
    struct flush_entry late = entry;
    late.first = UINT64_MAX;
    add(&late);
    struct flush_reader reader = {.bytes = flush()};
    expect(&reader, &entry);
    expect(&reader, &late);
    expect_end(&reader);
}
END_TEST

START_TEST(every_cut_is_damage)
{
    struct flush_entry entries[] = {entry_of("lobby", 700, 7000, "one"), entry_of("a", 1, 3, "x")};
    add(&entries[0]);
    size_t first = buffer.length;
    add(&entries[1]);
    for (size_t length = 1; length < buffer.length; length++) {
        if (length == first)
            continue;
        /* Of its own size, so that a sanitizer sees a byte too far. */
        uint8_t *cut = malloc(length);
        ck_assert_ptr_nonnull(cut);
        memcpy(cut, buffer.data, length);
        struct flush_reader reader = {.bytes = {cut, length}};
        struct flush_entry entry;
        while (flush_next(&reader, &entry))
            continue;
        ck_assert_msg(reader.damaged, "cut at %zu", length);
        free(cut);
    }
}
END_TEST

static void expect_damage(const uint8_t *bytes, size_t length)
{
    struct flush_reader reader = {.bytes = {bytes, length}};
    struct flush_entry entry;
    ck_assert(!flush_next(&reader, &entry));
    ck_assert(reader.damaged);
}

START_TEST(what_nobody_writes_is_damage)
{
    static const uint8_t no_name[] = {0, 1, 1, 1, 0};
    expect_damage(no_name, sizeof no_name);

    uint8_t long_name[ROOM_NAME_MAX + 6] = {ROOM_NAME_MAX + 1};
    expect_damage(long_name, sizeof long_name);

    static const uint8_t last_wraps[] = {1,    'r',  1,    2,    0xff, 0xff, 0xff, 0xff,
                                         0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0};
    expect_damage(last_wraps, sizeof last_wraps);

    static const uint8_t number_wraps[] = {1,    'r',  0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                           0xff, 0xff, 0xff, 0x02, 1,    0,    0};
    expect_damage(number_wraps, sizeof number_wraps);

    static const uint8_t endless_number[] = {1,    'r',  0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                             0x80, 0x80, 0x80, 0x80, 0x80, 0,    0,    0};
    expect_damage(endless_number, sizeof endless_number);

    static const uint8_t too_long[] = {1,    'r',  1,    1,    0,    0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 'x'};
    expect_damage(too_long, sizeof too_long);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flush");
    TCase *tests = tcase_create("flush");
    tcase_add_checked_fixture(tests, empty_buffer, free_buffer);
    tcase_add_test(tests, what_is_added_is_read_in_order);
    tcase_add_test(tests, nothing_is_an_empty_flush);
    tcase_add_test(tests, the_bytes_are_as_documented);
    tcase_add_test(tests, extremes_are_kept);
    tcase_add_test(tests, every_cut_is_damage);
    tcase_add_test(tests, what_nobody_writes_is_damage);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
