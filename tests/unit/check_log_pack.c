/* check_log_pack.c - pieces of logs and tracks in few bytes, and to the byte the same again. Those that are
 * damaged or too large are in check_log_pack_damage.c. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/kinds.h"
#include "sync/log_read.h"
#include "tests/board_room.h"
#include "tests/notation.h"
#include "tests/packing.h"
#include "tests/race_world.h"
#include "tests/run_suite.h"

static struct bytes bytes_at(const void *data, size_t length)
{
    return (struct bytes){data, length};
}

/* --- Entries in notation --------------------------------------------------------------------------- */

/* The same entry so often: long enough to be worth packing, whatever it is. */
static struct bytes repeated(struct bytes entry)
{
    size_t length = 0;
    ck_assert_uint_lt(50 * entry.length, sizeof entries);
    for (int i = 0; i < 50; i++, length += entry.length)
        memmove(entries + length, entry.data, entry.length);
    return bytes_at(entries, length);
}

START_TEST(any_entry_comes_back)
{
    struct bytes entry = entries_of(odd_entries[_i]);
    there_and_back(entry);
    ck_assert_uint_gt(there_and_back(repeated(entry)), 0);
}
END_TEST

/* Every array with a head of three bytes, as a member may have sent it. */
START_TEST(any_entry_comes_back_that_is_written_the_long_way)
{
    struct writer writer = writer_on(entries, sizeof entries);
    notation_pack(&writer, odd_entries[_i]);
    ck_assert_uint_gt(there_and_back(repeated(writer_bytes(&writer))), 0);
}
END_TEST

START_TEST(all_of_them_come_back_from_one_piece)
{
    struct writer writer = writer_on(entries, sizeof entries);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < ODD_ENTRIES; i++)
            add_entry(&writer, odd_entries[i]);
    ck_assert_uint_gt(there_and_back(writer_bytes(&writer)), 0);
}
END_TEST

#define OTHERWISE(text)                                                                            \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }
static const struct {
    const char *data;
    size_t length;
} otherwise_entries[] = {
    OTHERWISE("\xdc\x00\x04\x02\x01\x32\x92\x04\x00"),                 /* array 16 */
    OTHERWISE("\xdd\x00\x00\x00\x04\x02\x01\x32\x92\x04\x00"),         /* array 32 */
    OTHERWISE("\x94\xcc\x02\x01\x32\x92\x04\x00"),                     /* uint 8 of a tick */
    OTHERWISE("\x94\x02\xd0\x01\x32\x92\x04\x00"),                     /* int 8 */
    OTHERWISE("\x94\x02\x01\x32\x92\x04\xcd\x00\x05"),                 /* of a seat */
    OTHERWISE("\x94\x02\x01\x32\x92\xcc\x04\x05"),                     /* of an act */
    OTHERWISE("\x94\x02\x01\x32\x93\x09\x01\xcd\x00\x05"),             /* of a number */
    OTHERWISE("\x94\x02\x01\x32\x93\x09\x01\xd1\x01\x00"),             /* int 16 of 256 */
    OTHERWISE("\x94\x02\x01\x32\x93\x09\x01\xd3\0\0\0\0\0\0\0\x05"),   /* int 64 */
    OTHERWISE("\x94\x02\x01\x32\x93\x09\x01\xcf\xff\0\0\0\0\0\0\x05"), /* beyond int 64 */
    OTHERWISE("\x94\x02\x01\x32\x92\x08\xd9\x01\x61"),                 /* string 8 */
    OTHERWISE("\x94\x02\x01\x32\x92\x08\xda\x00\x01\x61"),             /* string 16 */
    OTHERWISE("\x94\x02\x01\x32\x92\x08\xa1\xff"),                     /* no UTF-8 */
    OTHERWISE("\x94\x02\x01\x32\x92\x0f\xc5\x00\x01\x61"),             /* binary 16 */
    OTHERWISE("\x94\x02\x01\x32\x93\x0e\x00\xdc\x00\x01\x05"),         /* array 16 of numbers */
    OTHERWISE("\x94\x02\x01\x32\x93\x0e\x00\xdc\x00\x01\xc0"),         /* array 16 of others */
    OTHERWISE("\x94\x02\x01\x32\x93\x0e\x00\xde\x00\x01\xa1\x61\x05"), /* map 16 */
    OTHERWISE("\x94\x02\x01\x32\x93\x0e\x00\x81\x05\x05"), /* a map's key that is no string */
    OTHERWISE("\x94\x02\x01\x32\x93\x0e\x00\xd4\x01\x02"), /* an extension */
    OTHERWISE("\x94\x02\x01\x32\x93\x0e\x00\xc7\x02\x01\x02\x03"), /* ext 8 */
    OTHERWISE("\x94\x02\x01\x32\x93\x0e\x00\xca\x7f\x80\x00\x00"), /* infinity */
    OTHERWISE("\x94\x02\x01\x32\x93\x0e\x00\xca\x3f\x80\x00\x00"), /* a float 1.0 */
    OTHERWISE("\x94\x02\x01\x32\x94\x06\x00\x00\x91\xdc\x00\x06\x02\x01\xa1\x61\x07\x01\x02"),
    OTHERWISE("\x94\x02\x01\x32\x94\x06\x00\x00\x91\x96\x02\x01\xa1\x61\x07\x01\xcd\x00\x02"),
    OTHERWISE("\x94\x02\x01\x32\x94\x06\x00\x00\x91\x95\x00\x01\xd9\x01\x61\x07\x01"),
};

START_TEST(what_is_written_otherwise_comes_back)
{
    struct bytes entry = bytes_at(otherwise_entries[_i].data, otherwise_entries[_i].length);
    there_and_back(entry);
    ck_assert_uint_gt(there_and_back(repeated(entry)), 0);
}
END_TEST

static const struct {
    const char *data;
    size_t length;
} no_entries[] = {
    OTHERWISE(""),
    OTHERWISE("\xc1"),
    OTHERWISE("\xc1\x01"),
    OTHERWISE("\x94\x02\x01\x32\x92\x04"),
    OTHERWISE("\x94\x02\x01\x32\x92\xc1\x04"),
    OTHERWISE("\x94\x02\x01\x32\x92\x04\x00\x94"),
    OTHERWISE("\xdd\xff\xff\xff\xff\x00"),
    OTHERWISE("\xdf\xff\xff\xff\xff\x00"),
    OTHERWISE("\xc6\xff\xff\xff\xff\x00"),
    OTHERWISE("\xc9\xff\xff\xff\xff\x00"),
    OTHERWISE("\xdd\x00\x00"),
};

START_TEST(what_is_no_log_is_not_packed)
{
    struct bytes piece = bytes_at(no_entries[_i].data, no_entries[_i].length);
    ck_assert_ptr_null(packed(log_pack, piece).data);
    /* Nor behind entries that would be. */
    struct bytes log = repeated(entries_of("[2 1 50 [4 0]]"));
    if (piece.length > 0)
        memcpy(entries + log.length, piece.data, piece.length);
    ck_assert_int_eq(there_and_back(bytes_at(entries, log.length + piece.length)) == 0,
                     piece.length > 0);
}
END_TEST

/* --- Anything at all --------------------------------------------------------------------------------- */

static void any_bytes(struct chance *chance, struct writer *writer, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)(chance_below(chance, 3) == 0 ? chance_bits(chance) : 'a');
        pack_raw(writer, bytes_at(&byte, 1), 0);
    }
}

static void any_number(struct chance *chance, struct writer *writer)
{
    uint64_t bits = chance_bits(chance) >> chance_below(chance, 64);
    if (chance_below(chance, 4) > 0) {
        pack_integer(writer, (int64_t)(chance_below(chance, 2) == 0 ? bits : ~bits));
        return;
    }
    uint8_t size = (uint8_t)chance_below(chance, 8);
    uint8_t head = (uint8_t)(0xcc + size);
    pack_raw(writer, bytes_at(&head, 1), 0);
    for (unsigned i = 0; i < 1u << (size & 3); i++) {
        uint8_t byte = (uint8_t)(bits >> 8 * i);
        pack_raw(writer, bytes_at(&byte, 1), 0);
    }
}

/* A value in one of all the ways in which it may be written. */
static void any_value(struct chance *chance, struct writer *writer, unsigned depth)
{
    static const uint8_t heads[] = {0xc0, 0xc2, 0xc3, 0xc4, 0xc5, 0xc7, 0xca,
                                    0xcb, 0xd9, 0xda, 0xdc, 0xdd, 0xde, 0xd6};
    static const uint8_t rest[] = {0, 0, 0, 0, 0, 0, 4, 8, 0, 0, 0, 0, 0, 5};
    uint32_t count = chance_below(chance, depth < 6 ? 5 : 1);
    switch (chance_below(chance, 6)) {
    case 0:
        pack_string(writer, bytes_at("abcdefghijkl", chance_below(chance, 12)));
        return;
    case 1:
        pack_binary_head(writer, 4 * count * 5);
        any_bytes(chance, writer, 4 * count * 5);
        return;
    case 2:
        pack_array(writer, count);
        break;
    case 3: {
        uint32_t which = chance_below(chance, sizeof heads);
        uint8_t head[5] = {heads[which]};
        bool sized = head[0] == 0xc4 || head[0] == 0xc7 || head[0] == 0xd9;
        bool wide = head[0] == 0xc5 || head[0] == 0xda || head[0] == 0xdc || head[0] == 0xde;
        size_t length = sized ? 2 : wide ? 3 : head[0] == 0xdd ? 5 : 1;
        head[length - 1] = length > 1 ? (uint8_t)count : head[0];
        pack_raw(writer, bytes_at(head, length), 0);
        any_bytes(chance, writer,
                  head[0] >= 0xdc && head[0] < 0xe0 ? 0
                  : length > 1                      ? count + (head[0] == 0xc7)
                                                    : rest[which]);
        count = head[0] == 0xde ? 2 * count : head[0] >= 0xdc ? count : 0;
        break;
    }
    default:
        any_number(chance, writer);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        any_value(chance, writer, depth + 1);
}

START_TEST(anything_comes_back)
{
    struct chance chance = chance_of((uint64_t)_i + 1);
    struct writer writer = writer_on(entries, 20000);
    size_t whole = 0;
    while (writer.status == STATUS_OK) {
        whole = writer.length;
        uint32_t acts = chance_below(&chance, 4);
        if (chance_below(&chance, 8) == 0) {
            any_value(&chance, &writer, 0);
            continue;
        }
        pack_array(&writer, 3 + acts);
        for (int i = 0; i < 3; i++)
            pack_integer(&writer, (int64_t)chance_below(&chance, 1000));
        for (uint32_t i = 0; i < acts; i++) {
            uint32_t elements = chance_below(&chance, 6);
            pack_array(&writer, 1 + elements);
            pack_integer(&writer, (int64_t)chance_below(&chance, 40));
            for (uint32_t k = 0; k < elements; k++)
                any_value(&chance, &writer, 1);
        }
    }
    there_and_back(bytes_at(entries, whole));
}
END_TEST

/* --- Rooms ------------------------------------------------------------------------------------------- */

static void race_of_16(uint32_t drivers)
{
    char settings[64];
    uint32_t seats[RACERS_MAX];
    for (uint32_t i = 0; i < drivers; i++)
        seats[i] = racer_joins_as(i + 1, ROLE_EDITOR);
    snprintf(settings, sizeof settings, "'laps' 20 'bots' %u", RACERS_MAX - drivers);
    set(seats[0], settings);
    for (uint32_t i = 0; i < drivers; i++)
        wish(seats[i], "'ready' true");
    run_to(PHASE_RACING);
}

/* 6 MB an hour, and 10 s to a piece. */
#define RACE_PIECE_MOST (6000000u / 360)

START_TEST(a_race_takes_few_bytes)
{
    race_of_16(1);
    there_and_back(bytes_at(race_log.data, race_log.length));
    for (int i = 0; i < 3; i++) {
        size_t from = race_log.length;
        run_for(10 * RACE_TICK_HZ);
        size_t took = there_and_back(bytes_at(race_log.data + from, race_log.length - from));
        ck_assert_uint_gt(took, 0);
        ck_assert_uint_lt(took, RACE_PIECE_MOST);
    }
}
END_TEST

/* Wherever it is cut between two entries. */
START_TEST(a_piece_may_have_any_number_of_entries)
{
    race_of_16(3);
    struct reader log = reader_on(bytes_at(race_log.data, race_log.length));
    struct log_entry entry;
    for (size_t from = 0, count = 0; log_read_entry(&log, &entry); count++) {
        if (count % 7 != 0)
            there_and_back(entry.bytes);
        there_and_back(bytes_at(race_log.data + from, log.at - from));
        if (count % 20 == 19)
            from = log.at;
    }
}
END_TEST

static void board_takes(struct kept_log *log)
{
    char line[256];
    for (int i = 0; i < 8; i++) {
        snprintf(line, sizeof line,
                 "[0 'objects' 's%d' 'type' 0 'z' 'a%d' 'x' %d 'y' 0 'colour' %d]", i, i, i * 800,
                 i % 3);
        bobs(line, STATUS_OK);
        kept_log_take(log, room);
        for (int k = 0; k < 5; k++) {
            snprintf(line, sizeof line, "[2 'objects' 's%d' 'points' %d -2 64 3 1 65 %d 0 66]", i,
                     k, 2 * k);
            bobs(line, STATUS_OK);
            kept_log_take(log, room);
        }
        snprintf(line, sizeof line,
                 "[0 'objects' 'n' 'type' 7 'z' 'b' 'x' 1 'y' 2 'w' 80 'h' 80]"
                 "[0 'objects' 'm%d' 'type' 7 'z' 'c' 'x' 1 'y' 2 'w' 80 'h' 80]",
                 i);
        carols(line, STATUS_OK);
        carols("[2 'objects' 'n' 'text' x0102030405060708]", STATUS_OK);
        carols("[1 'objects' 'nowhere' 'x' 1]", STATUS_NOT_FOUND);
        bobs("[5 'chat' 0 {'text' 'what is it?' 'name' 'Bob'}]", STATUS_OK);
        carols("[0 'comments' 'c' 'x' 5 'y' 6 'text' 'why?' 'at' 1700000000000]", STATUS_OK);
        snprintf(line, sizeof line, "[4 'objects' 'm%d'][0 'objects' 'n' 'z' 'd']", i);
        carols(line, STATUS_OK);
        kept_log_take(log, room);
    }
}

START_TEST(a_board_comes_back)
{
    struct kept_log log = {0};
    setup_viewers();
    options =
        (struct room_options){.rules = &kind_board, .incarnation = 1, .logs = true, .saves = true};
    create();
    ada = join(room, 1, ROLE_OWNER);
    bob = join(room, 2, ROLE_EDITOR);
    carol = join(room, 3, ROLE_EDITOR);
    board_takes(&log);
    ck_assert_uint_gt(log.length, 3000);
    size_t took = there_and_back(bytes_at(log.data, log.length));
    ck_assert_uint_gt(took, 0);
    ck_assert_uint_lt(took, log.length / 4);
    kept_log_free(&log);
    teardown_viewers();
}
END_TEST

/* --- What was packed before ------------------------------------------------------------------------- */

/* Pieces outlive the program that made them: this one is read for as long as there is version 1. */
static const uint8_t version_1[] = {
    0xc1, 0x01, 0x9f, 0x0c, 0x93, 0x05, 0xd8, 0x0b, 0xf9, 0x92, 0x15, 0x07, 0x97, 0x0f, 0xe2, 0x66,
    0xa8, 0x60, 0x60, 0x08, 0x60, 0x60, 0xd2, 0x60, 0x60, 0xd0, 0x60, 0x50, 0xd2, 0x60, 0x66, 0x00,
    0x83, 0x64, 0x30, 0x17, 0x28, 0x28, 0x5c, 0xc1, 0x60, 0x0e, 0x20, 0x0e, 0x0e, 0x8a, 0x18, 0x84,
    0xa2, 0x20, 0x80, 0x85, 0xbf, 0x2c, 0x07, 0x94, 0x54, 0x4e, 0x3d, 0xd4, 0x48, 0xcd, 0xe1, 0x0b,
    0x0b, 0xef, 0xc0, 0x0c, 0x49, 0x76, 0xdd, 0x85, 0x12, 0x4a, 0x28, 0xa1, 0x84, 0x12, 0x4a, 0x28,
    0xa1, 0x84, 0x12, 0x4a, 0x28, 0xa1, 0x84, 0x12, 0x4a, 0x28, 0xa1, 0x84, 0x12, 0x4a, 0x28, 0x2b,
    0xcb, 0x93, 0x96, 0x99, 0x9f, 0x99, 0xeb, 0x32, 0x73, 0x7e, 0xbe, 0x13, 0xdb, 0x66, 0xe4, 0x30,
    0xd4, 0xff, 0xf2, 0x82, 0x5b, 0x16, 0xcd, 0xa1, 0x00, 0x31, 0x32, 0x30, 0x88, 0x30, 0x30, 0x4d,
    0x53, 0xe4, 0x64, 0x60, 0x64, 0x62, 0x64, 0x67, 0x60, 0x5b, 0x5a, 0x5c, 0x92, 0x58, 0x92, 0xca,
    0xc2, 0xc1, 0xc8, 0xc8, 0xcc, 0xb8, 0xb0, 0x58, 0x94, 0x81, 0x69, 0x0a, 0x1b, 0x27, 0x03, 0x13,
    0xc3, 0x44, 0x26, 0x4e, 0x16, 0xa0, 0x0a, 0x2e, 0x06, 0x46, 0x76, 0x66, 0x2e, 0x46, 0x46, 0x06,
    0xc0, 0x58, 0x53, 0x8a, 0x12, 0xcb, 0x8b, 0x01,
};

START_TEST(a_piece_of_version_1_is_read_for_ever)
{
    char line[128];
    struct writer writer = writer_on(entries, sizeof entries);
    for (int i = 0; i < 40; i++) {
        snprintf(line, sizeof line,
                 "[%d 1 %d [33 %d 2 %d 'state' 'draws'] [6 1 0 [[2 1 's' 7 %d -3 64]]]]", 100 + i,
                 5000 + 50 * i, i % 2, i * i * 40, i);
        add_entry(&writer, line);
    }
    ck_assert_int_eq(unpacks(bytes_at(version_1, sizeof version_1), writer_bytes(&writer)),
                     STATUS_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_pack");
    TCase *tcase = tcase_create("entries");
    tcase_add_checked_fixture(tcase, packing_begin, NULL);
    tcase_add_loop_test(tcase, any_entry_comes_back, 0, ODD_ENTRIES);
    tcase_add_loop_test(tcase, any_entry_comes_back_that_is_written_the_long_way, 0, ODD_ENTRIES);
    tcase_add_test(tcase, all_of_them_come_back_from_one_piece);
    tcase_add_loop_test(tcase, what_is_written_otherwise_comes_back, 0,
                        (int)(sizeof otherwise_entries / sizeof otherwise_entries[0]));
    tcase_add_loop_test(tcase, what_is_no_log_is_not_packed, 0,
                        (int)(sizeof no_entries / sizeof no_entries[0]));
    tcase_add_loop_test(tcase, anything_comes_back, 0, 40);
    tcase_add_test(tcase, a_piece_of_version_1_is_read_for_ever);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("rooms");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, packing_begin, NULL);
    tcase_add_checked_fixture(tcase, setup_logged_race, teardown_race);
    tcase_add_test(tcase, a_race_takes_few_bytes);
    tcase_add_test(tcase, a_piece_may_have_any_number_of_entries);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("boards");
    tcase_add_checked_fixture(tcase, packing_begin, NULL);
    tcase_add_test(tcase, a_board_comes_back);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
