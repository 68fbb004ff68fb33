/* check_log_pack_damage.c - packed pieces of logs that are damaged, and what is too large to be one. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/deflate.h"
#include "sync/log_pack_parts.h"
#include "tests/notation.h"
#include "tests/packing.h"
#include "tests/run_suite.h"

static struct bytes bytes_at(const void *data, size_t length)
{
    return (struct bytes){data, length};
}

/* --- Damage ------------------------------------------------------------------------------------------ */

static struct bytes some_piece(struct bytes *from)
{
    struct writer writer = writer_on(entries, sizeof entries);
    for (size_t i = 0; i < ODD_ENTRIES; i++)
        add_entry(&writer, odd_entries[i]);
    for (size_t i = 0; i < 20; i++)
        add_entry(&writer, odd_entries[i]);
    *from = writer_bytes(&writer);
    struct bytes piece = packed(log_pack, *from);
    ck_assert_ptr_nonnull(piece.data);
    return piece;
}

/* Deflated bytes may say the same in another way; unpacks() looks that it is the same. */
START_TEST(any_bit_that_flips_is_found_or_means_nothing)
{
    struct bytes from, piece = some_piece(&from);
    uint8_t *data = (uint8_t *)(uintptr_t)piece.data;
    unsigned meaningless = 0;
    for (size_t i = 0; i < 8 * piece.length; i++) {
        data[i / 8] ^= (uint8_t)(1u << i % 8);
        meaningless += unpacks(piece, from) == STATUS_OK;
        data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    ck_assert_uint_lt(meaningless, 8 * piece.length / 20);
    ck_assert_int_eq(unpacks(piece, from), STATUS_OK);
    free(data);
}
END_TEST

START_TEST(no_more_and_no_less_than_a_piece_is_one)
{
    struct bytes from, piece = some_piece(&from);
    for (size_t i = 0; i < piece.length; i++)
        ck_assert_msg(unpacks(bytes_at(piece.data, i), from) != STATUS_OK, "%zu bytes", i);
    uint8_t *longer = malloc(piece.length + 1);
    memcpy(longer, piece.data, piece.length);
    longer[piece.length] = 0;
    ck_assert_int_ne(unpacks(bytes_at(longer, piece.length + 1), from), STATUS_OK);
    free(longer);
    piece_free(piece);
}
END_TEST

START_TEST(what_a_log_begins_with_is_no_piece)
{
    ck_assert(!log_is_packed(bytes_at("", 0)));
    ck_assert(!log_is_packed(entries_of("[1 1 50 [4 0]]")));
    ck_assert_int_eq(unpacks(bytes_at("", 0), bytes_at("", 0)), STATUS_TRUNCATED);
    ck_assert_int_eq(unpacks(entries_of("[1 1 50 [4 0]]"), bytes_at("", 0)), STATUS_MALFORMED);
}
END_TEST

/* A piece whose head says this, before nothing. */
static enum status headed(unsigned version, uint64_t length, uint64_t body)
{
    const struct memory memory = memory_counted(&packing);
    uint8_t bytes[64] = {LOG_PACK_MARK, (uint8_t)version};
    struct chunk head = {.data = bytes, .length = 2, .capacity = sizeof bytes};
    ck_assert(chunk_add_number(&memory, &head, length));
    ck_assert(chunk_add_number(&memory, &head, body));
    return unpacks(bytes_at(bytes, head.length + LOG_PACK_HASH + 1), bytes_at("", 0));
}

START_TEST(sizes_are_looked_at_before_there_is_memory_for_them)
{
    ck_assert_int_eq(headed(LOG_PACK_VERSION + 1, 100, 100), STATUS_KIND);
    ck_assert_int_eq(headed(LOG_PACK_VERSION, LOG_PACK_BYTES_MAX + 1, 100), STATUS_LIMIT);
    ck_assert_int_eq(headed(LOG_PACK_VERSION, 100, LOG_PACK_BODY_MAX + 1), STATUS_LIMIT);
    ck_assert_int_eq(headed(LOG_PACK_VERSION, UINT64_MAX, UINT64_MAX), STATUS_LIMIT);
    ck_assert_int_eq(headed(LOG_PACK_VERSION, 0, 100), STATUS_MALFORMED);
    ck_assert_int_eq(headed(LOG_PACK_VERSION, 100, 2 * INFLATED_MOST), STATUS_MALFORMED);
    ck_assert_uint_eq(packing.peak, 0);
    ck_assert_int_eq(headed(LOG_PACK_VERSION, LOG_PACK_BYTES_MAX, 2 * INFLATED_MOST - 1),
                     STATUS_MALFORMED);
    ck_assert_uint_eq(packing.peak, LOG_PACK_BYTES_MAX);
}
END_TEST

START_TEST(without_memory_nothing_is_left_behind)
{
    struct bytes from, piece = some_piece(&from);
    packs_or_gives_up(log_pack, from, piece);
    piece_free(piece);
}
END_TEST

/* --- Limits ------------------------------------------------------------------------------------------ */

/* One entry with so many fields of presence, each of which is a column. */
START_TEST(columns_beyond_the_last_share_one)
{
    static const uint32_t around[] = {LOG_COLUMNS_MAX - COLUMNS_FIXED - 1,
                                      LOG_COLUMNS_MAX - COLUMNS_FIXED,
                                      LOG_COLUMNS_MAX - COLUMNS_FIXED + 1, 3 * LOG_COLUMNS_MAX};
    uint32_t count = around[_i];
    struct writer writer = writer_on(entries, sizeof entries);
    for (unsigned round = 0; round < 4; round++) {
        pack_array(&writer, 4);
        notation_pack(&writer, "2 1 50");
        pack_array(&writer, 2 + 2 * count);
        notation_pack(&writer, "33 1");
        for (uint32_t i = 0; i < count; i++) {
            pack_integer(&writer, i);
            if (i % 3 == 1)
                pack_string(&writer, bytes_of(i % 2 == 0 ? "even" : "odd"));
            else if (i % 3 == 2)
                pack_double(&writer, 0.1 * i);
            else
                pack_integer(&writer, round * i);
        }
    }
    ck_assert_int_eq(writer.status, STATUS_OK);
    ck_assert_uint_gt(there_and_back(writer_bytes(&writer)), 0);
}
END_TEST

#define STRINGS_BYTES_MAX (8u << 20)

/* One entry with so many strings that are all unlike each other. */
static size_t strings(uint32_t count)
{
    static uint8_t many[STRINGS_BYTES_MAX];
    struct writer writer = writer_on(many, sizeof many);
    pack_array(&writer, 4);
    notation_pack(&writer, "2 1 50");
    pack_array(&writer, 1 + count);
    pack_integer(&writer, 99);
    for (uint32_t i = 0; i < count; i++) {
        char text[16];
        snprintf(text, sizeof text, "%08u", i);
        pack_string(&writer, bytes_of(text));
    }
    ck_assert_int_eq(writer.status, STATUS_OK);
    return there_and_back(writer_bytes(&writer));
}

START_TEST(a_piece_with_more_words_than_may_be_is_not_packed)
{
    ck_assert_uint_gt(strings(LOG_WORDS_MAX - 1), 0);
    ck_assert_uint_gt(strings(LOG_WORDS_MAX), 0);
    ck_assert_uint_eq(strings(LOG_WORDS_MAX + 1), 0);
}
END_TEST

/* One entry, so many bytes long. */
static struct bytes zeros(size_t length)
{
    static const char head[] = "\x94\x02\x01\x32\x92\x0f\xc6";
    uint8_t *data = calloc(1, length);
    size_t rest = length - (sizeof head - 1) - 4;
    memcpy(data, head, sizeof head - 1);
    for (unsigned i = 0; i < 4; i++)
        data[sizeof head - 1 + i] = (uint8_t)(rest >> 8 * (3 - i));
    return bytes_at(data, length);
}

START_TEST(a_piece_is_only_so_long)
{
    struct bytes piece = zeros(LOG_PACK_BYTES_MAX + 1);
    ck_assert_ptr_null(packed(log_pack, piece).data);
    piece_free(piece);
    for (size_t less = 0; less < 2; less++) {
        piece = zeros(LOG_PACK_BYTES_MAX - less);
        /* Behind it the table's few bytes make more of it than a body may be. */
        ck_assert_uint_eq(there_and_back(piece), 0);
        piece_free(piece);
    }
    piece = zeros(LOG_PACK_BYTES_MAX - 4096);
    ck_assert_uint_gt(there_and_back(piece), 0);
    piece_free(piece);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_pack_damage");
    TCase *tcase = tcase_create("damage");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, packing_begin, NULL);
    tcase_add_test(tcase, any_bit_that_flips_is_found_or_means_nothing);
    tcase_add_test(tcase, no_more_and_no_less_than_a_piece_is_one);
    tcase_add_test(tcase, what_a_log_begins_with_is_no_piece);
    tcase_add_test(tcase, sizes_are_looked_at_before_there_is_memory_for_them);
    tcase_add_test(tcase, without_memory_nothing_is_left_behind);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("limits");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, packing_begin, NULL);
    tcase_add_loop_test(tcase, columns_beyond_the_last_share_one, 0, 4);
    tcase_add_test(tcase, a_piece_with_more_words_than_may_be_is_not_packed);
    tcase_add_test(tcase, a_piece_is_only_so_long);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
