#include "tests/packing.h"

#include <check.h>
#include <stdlib.h>

#include "tests/notation.h"

struct counted_memory packing;

void packing_begin(void)
{
    packing = (struct counted_memory){.left = UINT64_MAX};
}

struct bytes packed(piece_pack *pack, struct bytes bytes)
{
    struct memory memory = memory_counted(&packing);
    size_t capacity = log_pack_bytes_max(bytes.length);
    uint8_t *data = malloc(capacity + 1);
    struct writer writer = writer_on(data, capacity);
    bool done = pack(&memory, bytes, &writer);
    ck_assert_uint_eq(packing.live, 0);
    ck_assert_int_eq(writer.status, STATUS_OK);
    if (done) {
        ck_assert_uint_lt(writer.length, bytes.length);
        ck_assert(log_is_packed(writer_bytes(&writer)));
        return writer_bytes(&writer);
    }
    ck_assert_uint_eq(writer.length, 0);
    free(data);
    return (struct bytes){NULL, 0};
}

void piece_free(struct bytes piece)
{
    free((void *)(uintptr_t)piece.data);
}

enum status unpacks(struct bytes piece, struct bytes expected)
{
    struct memory memory = memory_counted(&packing);
    uint8_t *again = NULL;
    size_t length = 0;
    enum status status = log_unpack(&memory, piece, &again, &length);
    ck_assert((again != NULL) == (status == STATUS_OK));
    if (status == STATUS_OK) {
        ck_assert_uint_eq(length, expected.length);
        ck_assert_mem_eq(again, expected.data, length);
    }
    memory_release(&memory, again);
    ck_assert_uint_eq(packing.live, 0);
    return status;
}

size_t there_and_back(struct bytes log)
{
    struct bytes piece = packed(log_pack, log);
    if (piece.data != NULL)
        ck_assert_int_eq(unpacks(piece, log), STATUS_OK);
    piece_free(piece);
    return piece.length;
}

static void packs_with_few_blocks(piece_pack *pack, struct bytes bytes, struct bytes piece)
{
    struct memory memory = memory_counted(&packing);
    uint8_t *data = malloc(bytes.length);
    bool done = false;
    uint64_t blocks = 0;
    for (; !done; blocks++) {
        struct writer writer = writer_on(data, bytes.length);
        packing.left = blocks;
        done = pack(&memory, bytes, &writer);
        ck_assert_uint_eq(packing.live, 0);
        ck_assert_uint_eq(writer.length, done ? piece.length : 0);
    }
    ck_assert_uint_gt(blocks, 20);
    ck_assert_mem_eq(data, piece.data, piece.length);
    free(data);
}

void packs_or_gives_up(piece_pack *pack, struct bytes bytes, struct bytes piece)
{
    packs_with_few_blocks(pack, bytes, piece);
    enum status status = STATUS_MEMORY;
    uint64_t blocks = 0;
    for (; status != STATUS_OK; blocks++) {
        packing.left = blocks;
        status = unpacks(piece, bytes);
        ck_assert(status == STATUS_MEMORY || status == STATUS_OK);
    }
    ck_assert_uint_gt(blocks, 5);
}

/* --- Entries in notation --------------------------------------------------------------------------- */

uint8_t entries[ENTRIES_BYTES_MAX];

void add_entry(struct writer *writer, const char *line)
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

struct bytes entries_of(const char *line)
{
    struct writer writer = writer_on(entries, sizeof entries);
    add_entry(&writer, line);
    return writer_bytes(&writer);
}

const char *const odd_entries[] = {
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
