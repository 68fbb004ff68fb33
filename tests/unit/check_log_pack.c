/* check_log_pack.c - pieces of logs and tracks in few bytes, and to the byte the same again. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/deflate.h"
#include "sync/kinds.h"
#include "sync/log_pack_parts.h"
#include "sync/log_read.h"
#include "tests/board_room.h"
#include "tests/notation.h"
#include "tests/race_world.h"
#include "tests/run_suite.h"

static struct counted_memory counted;

static void setup(void)
{
    counted = (struct counted_memory){.left = UINT64_MAX};
}

static struct memory memory_here(void)
{
    return memory_counted(&counted);
}

static struct bytes bytes_at(const void *data, size_t length)
{
    return (struct bytes){data, length};
}

/* The piece packed, data NULL where it is not; the caller frees it. */
static struct bytes packed(struct bytes entries)
{
    struct memory memory = memory_here();
    size_t capacity = log_pack_bytes_max(entries.length);
    uint8_t *data = malloc(capacity + 1);
    struct writer writer = writer_on(data, capacity);
    bool done = log_pack(&memory, entries, &writer);
    ck_assert_uint_eq(counted.live, 0);
    ck_assert_int_eq(writer.status, STATUS_OK);
    if (done) {
        ck_assert_uint_lt(writer.length, entries.length);
        ck_assert(log_is_packed(writer_bytes(&writer)));
        return writer_bytes(&writer);
    }
    ck_assert_uint_eq(writer.length, 0);
    free(data);
    return bytes_at(NULL, 0);
}

static enum status unpacks(struct bytes piece, struct bytes expected)
{
    struct memory memory = memory_here();
    uint8_t *again = NULL;
    size_t length = 0;
    enum status status = log_unpack(&memory, piece, &again, &length);
    if (status == STATUS_OK) {
        ck_assert_uint_eq(length, expected.length);
        ck_assert_mem_eq(again, expected.data, length);
        memory_release(&memory, again);
    } else {
        ck_assert_ptr_null(again);
    }
    ck_assert_uint_eq(counted.live, 0);
    return status;
}

/* Packs it and looks that it comes back; how many bytes it took, 0 where it is not packed. */
static size_t there_and_back(struct bytes entries)
{
    struct bytes piece = packed(entries);
    if (piece.data != NULL)
        ck_assert_int_eq(unpacks(piece, entries), STATUS_OK);
    free((void *)(uintptr_t)piece.data);
    return piece.length;
}

/* --- Entries in notation --------------------------------------------------------------------------- */

#define ENTRIES_BYTES_MAX (1u << 20)
static uint8_t entries[ENTRIES_BYTES_MAX];

/* As a room writes it, all in the shortest way; where that is not to be had, as it is. */
static void add_entry(struct writer *writer, const char *line)
{
    static uint8_t bytes[1u << 16];
    struct writer long_way = writer_on(bytes, sizeof bytes);
    notation_pack(&long_way, line);
    struct reader reader = reader_on(writer_bytes(&long_way));
    size_t before = writer->length;
    value_canonical(&reader, writer);
    if (reader_end(&reader) != STATUS_OK) {
        writer->length = before;
        pack_raw(writer, writer_bytes(&long_way), 1);
    }
    ck_assert_int_eq(writer->status, STATUS_OK);
}

static struct bytes entries_of(const char *line)
{
    struct writer writer = writer_on(entries, sizeof entries);
    add_entry(&writer, line);
    return writer_bytes(&writer);
}

/* The same entry so often: long enough to be worth packing, whatever it is. */
static struct bytes repeated(struct bytes entry)
{
    size_t length = 0;
    ck_assert_uint_lt(50 * entry.length, sizeof entries);
    for (int i = 0; i < 50; i++, length += entry.length)
        memmove(entries + length, entry.data, entry.length);
    return bytes_at(entries, length);
}

static const char *const odd_entries[] = {
    /* what logs are made of */
    "[1 1 1700000000000 [0 'race' [2 7 5000 10000 x0001020304050607] x0011223344556677 "
    "x8899aabbccddeeff]]",
    "[2 1 50 [1 [2 7 5000 10000 x0001020304050607]]]",
    "[2 1 50 [2 9 x0001020304050607]]",
    "[2 1 50 [3 0 x000102030405060708090a0b0c0d0e0f 1 5 2 {'name' 'Ada' 'hue' 12}]]",
    "[2 1 50 [3 0 x000102030405060708090a0b0c0d0e0f 1 5 2 nil] [4 0] [5 0 3]]",
    "[2 1 50 [6 0 0 [[0 1 'a' 0 5 1 'text' 2 nil 3 true 4 1.5 5 x00ff]]]]",
    "[2 1 50 [6 0 0 [[1 'shapes' 'a' 'x' 1.25 'y' -1.1 'any' {'a' [1 'b' nil] 'c' {}}]]]]",
    "[2 1 50 [6 0 3 [[2 1 'a' 7 1 2 3 4 5 6 7 8 9 10 -70000 70000 5000000000]]]]",
    "[2 1 50 [6 0 0 [[2 1 'a' 7 1 'two' 3]] ] [6 1 0 [[2 1 'a' 7]]]]",
    "[2 1 50 [6 0 0 [[3 1 'a' 7 -1 8 2]]]]",
    "[2 1 50 [6 0 0 [[4 1 'a'] [0 1 'b' 0 1] [8 1 'c'] [16 1 'd' 99 0 1] [48 1 'e' 99 7 0 1]]]]",
    "[2 1 50 [6 0 0 [[50 1 'e' 99 7 4 1 2 3]]] [6 0 0 [[36 1 'e' 12]]]]",
    "[2 1 50 [6 0 0 [[5 0 0 'hello'] [5 'chat' 12 {'text' 'hi'}] [0 1 'z' 0 1]]]]",
    "[2 1 50 [7 3 [[0 5 'car' 1 720 6 x397d300178f44800f7440000f38100005a2c3b003d000000]]]]",
    "[2 1 50 [8 'tool'] [9 2 100] [10 x0001020304050607] [11 'over'] [12 x0001020304050607]]",
    "[2 1 50 [14 0 25] [14 1 nil] [14 2 [1 2]] [15 x0102030405] [16 'laps' 'Ada' 71234 {'position' "
    "1}]]",
    "[2 1 50 [16 'laps' 'Ada' 71234 nil]]",
    /* and tracks */
    "[2 1 50 [32] [33 1 2 100 3 200 4 nil 'name' 'x'] [34 2] [35 1 4 {'x' 1 'emoji' 'o'}]]",
    /* and others, so far unknown or never */
    "[2 1 50]",
    "[2 1 50 [99] [99 'a' 1] [99 1 [[]] [1 [2 [3]]] {}] [700 1]]",
    "[2 1 50 [33 1 2]]",
    "[2 1 50 [6 0 0 [[0 1 'a' 0]]]]",
    "[2 1 50 [6 0 0 [[7 1 'a' 0 5]]]]",
    "[2 1 50 [6 0 0 [[0]]]]",
    "[2 1 50 [6 0 0 5]]",
    "[2 1 50 [6 0 0 []]]",
    "[2 1 50 [6]]",
    "[2 1 50 []]",
    "[2 1 50 ['a' 1]]",
    "[2 1 50 5]",
    "[2 1]",
    "[-2 -1 -50 [4 -1]]",
    "['a' 1 2 [4 1]]",
    "{'a' 1}",
    "nil",
    "[2 1 50 [99 [[[[[[[[[[[[[[[[1 2 3]]]]]]]]]]]]]]]]]]",
    "[2 1 50 [99 '' x '0123456789012345678901234567890' '01234567890123456789012345678901']]",
    "[9007199254740992 9007199254740992 9007199254740992 [4 9007199254740992]]",
    "[9223372036854775807 0 -9223372036854775808 [9 9223372036854775807 -9223372036854775808]]",
};

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
        for (size_t i = 0; i < sizeof odd_entries / sizeof odd_entries[0]; i++)
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
    ck_assert_ptr_null(packed(piece).data);
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

/* --- Damage ------------------------------------------------------------------------------------------ */

static struct bytes some_piece(struct bytes *from)
{
    struct writer writer = writer_on(entries, sizeof entries);
    for (size_t i = 0; i < sizeof odd_entries / sizeof odd_entries[0]; i++)
        add_entry(&writer, odd_entries[i]);
    for (size_t i = 0; i < 20; i++)
        add_entry(&writer, odd_entries[i]);
    *from = writer_bytes(&writer);
    struct bytes piece = packed(*from);
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
    free((void *)(uintptr_t)piece.data);
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
    const struct memory memory = memory_here();
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
    ck_assert_uint_eq(counted.peak, 0);
    ck_assert_int_eq(headed(LOG_PACK_VERSION, LOG_PACK_BYTES_MAX, 2 * INFLATED_MOST - 1),
                     STATUS_MALFORMED);
    ck_assert_uint_eq(counted.peak, LOG_PACK_BYTES_MAX);
}
END_TEST

START_TEST(without_memory_nothing_is_left_behind)
{
    struct bytes from, piece = some_piece(&from);
    struct memory memory = memory_here();
    uint8_t *data = malloc(from.length);
    bool done = false;
    uint64_t blocks = 0;
    for (; !done; blocks++) {
        struct writer writer = writer_on(data, from.length);
        counted.left = blocks;
        done = log_pack(&memory, from, &writer);
        ck_assert_uint_eq(counted.live, 0);
        ck_assert_uint_eq(writer.length, done ? piece.length : 0);
    }
    ck_assert_uint_gt(blocks, 20);
    ck_assert_mem_eq(data, piece.data, piece.length);
    free(data);
    enum status status = STATUS_MEMORY;
    for (blocks = 0; status != STATUS_OK; blocks++) {
        counted.left = blocks;
        status = unpacks(piece, from);
        ck_assert(status == STATUS_MEMORY || status == STATUS_OK);
    }
    ck_assert_uint_gt(blocks, 5);
    free((void *)(uintptr_t)piece.data);
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
    ck_assert_ptr_null(packed(piece).data);
    free((void *)(uintptr_t)piece.data);
    for (size_t less = 0; less < 2; less++) {
        piece = zeros(LOG_PACK_BYTES_MAX - less);
        /* Behind it the table's few bytes make more of it than a body may be. */
        ck_assert_uint_eq(there_and_back(piece), 0);
        free((void *)(uintptr_t)piece.data);
    }
    piece = zeros(LOG_PACK_BYTES_MAX - 4096);
    ck_assert_uint_gt(there_and_back(piece), 0);
    free((void *)(uintptr_t)piece.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_pack");
    TCase *tcase = tcase_create("entries");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_loop_test(tcase, any_entry_comes_back, 0,
                        (int)(sizeof odd_entries / sizeof odd_entries[0]));
    tcase_add_loop_test(tcase, any_entry_comes_back_that_is_written_the_long_way, 0,
                        (int)(sizeof odd_entries / sizeof odd_entries[0]));
    tcase_add_test(tcase, all_of_them_come_back_from_one_piece);
    tcase_add_loop_test(tcase, what_is_written_otherwise_comes_back, 0,
                        (int)(sizeof otherwise_entries / sizeof otherwise_entries[0]));
    tcase_add_loop_test(tcase, what_is_no_log_is_not_packed, 0,
                        (int)(sizeof no_entries / sizeof no_entries[0]));
    tcase_add_loop_test(tcase, anything_comes_back, 0, 40);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("rooms");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_checked_fixture(tcase, setup_logged_race, teardown_race);
    tcase_add_test(tcase, a_race_takes_few_bytes);
    tcase_add_test(tcase, a_piece_may_have_any_number_of_entries);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("boards");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_board_comes_back);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("damage");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, any_bit_that_flips_is_found_or_means_nothing);
    tcase_add_test(tcase, no_more_and_no_less_than_a_piece_is_one);
    tcase_add_test(tcase, a_piece_of_version_1_is_read_for_ever);
    tcase_add_test(tcase, what_a_log_begins_with_is_no_piece);
    tcase_add_test(tcase, sizes_are_looked_at_before_there_is_memory_for_them);
    tcase_add_test(tcase, without_memory_nothing_is_left_behind);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("limits");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_loop_test(tcase, columns_beyond_the_last_share_one, 0, 4);
    tcase_add_test(tcase, a_piece_with_more_words_than_may_be_is_not_packed);
    tcase_add_test(tcase, a_piece_is_only_so_long);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
