#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sync/heap.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

static struct heap heap;

static void setup(void)
{
    heap_init(&heap, (struct memory){0});
}

static void teardown(void)
{
    heap_free(&heap);
}

START_TEST(a_reserved_block_is_taken_and_given_back)
{
    ck_assert(heap_reserve(&heap, 100));
    uint64_t *block = heap_take(&heap, 40);
    ck_assert_uint_eq((uintptr_t)block % 8, 0);
    memset(block, 1, 40);
    ck_assert_uint_eq(heap.used, heap_rounded(40));
    heap_give(&heap, block, 40);
    ck_assert_uint_eq(heap.used, 0);
}
END_TEST

/* Powers of two, and one and a half times those. */
START_TEST(sizes_are_rounded_up_to_their_classes)
{
    static const struct {
        size_t bytes;
        uint32_t rounded;
    } rows[] = {
        {1, 16},    {16, 16},     {17, 24},     {24, 24},       {25, 32},        {32, 32},
        {33, 48},   {48, 48},     {49, 64},     {65, 96},       {96, 96},        {97, 128},
        {129, 192}, {1025, 1536}, {1537, 2048}, {65537, 98304}, {98305, 131072}, {131072, 131072},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_uint_eq(heap_rounded(rows[i].bytes), rows[i].rounded);
    for (size_t bytes = 1; bytes <= HEAP_BLOCK_MAX; bytes++) {
        uint32_t rounded = heap_rounded(bytes);
        if (rounded < bytes || (bytes > 16 && rounded >= 2 * bytes))
            ck_abort_msg("%zu bytes are rounded to %u", bytes, rounded);
    }
}
END_TEST

START_TEST(a_block_given_back_serves_the_next_of_its_class)
{
    ck_assert(heap_reserve(&heap, 1000));
    void *first = heap_take(&heap, 60);
    void *second = heap_take(&heap, 60);
    heap_give(&heap, first, 60);
    heap_give(&heap, second, 60);
    ck_assert_ptr_eq(heap_take(&heap, 50), second);
    ck_assert_ptr_eq(heap_take(&heap, 64), first);
}
END_TEST

START_TEST(no_memory_leaves_the_heap_as_it_was)
{
    struct counted_memory counted = {.left = 1};
    struct heap poor;
    heap_init(&poor, memory_counted(&counted));
    ck_assert(heap_reserve(&poor, 64));
    void *block = heap_take(&poor, 64);
    struct heap before = poor;
    ck_assert(!heap_reserve(&poor, 1u << 20));
    ck_assert_mem_eq(&before, &poor, sizeof poor);
    heap_give(&poor, block, 64);
    heap_free(&poor);
    ck_assert_uint_eq(counted.live, 0);
}
END_TEST

/* What is taken of large blocks piece by piece leaves no bytes that serve nothing. */
START_TEST(no_bytes_are_lost_between_blocks)
{
    struct chance chance = chance_of((uint64_t)_i);
    uint64_t left = 3072;
    ck_assert(heap_reserve(&heap, 2 * 3072));
    heap_give(&heap, heap_take(&heap, 3072), 3072);
    while (left > 0) {
        size_t bytes = 8 + 8 * (size_t)chance_below(&chance, left < 64 ? 2 : 12);
        uint8_t *end = heap.unused;
        heap_take(&heap, bytes);
        if (heap.unused != end)
            break; /* no free block served it */
        left -= heap_rounded(bytes);
    }
    uint64_t free_bytes = 0;
    for (unsigned class = 0; class < HEAP_CLASSES; class ++) {
        uint32_t bytes = (16u << (class / 2)) * (2 + (class & 1)) / 2;
        for (void *block = heap.free[class]; block != NULL; memcpy(&block, block, sizeof(void *)))
            free_bytes += bytes;
    }
    ck_assert_uint_eq(free_bytes, left);
}
END_TEST

#define BLOCKS 500

/* Whatever is taken and given in whatever order: no two blocks overlap, nothing asserts, and what
 * was reserved is enough. */
START_TEST(blocks_never_overlap)
{
    struct chance chance = chance_of((uint64_t)_i);
    struct {
        uint8_t *data;
        size_t bytes;
        uint8_t mark;
    } blocks[BLOCKS] = {0};
    uint64_t used = 0;
    for (int round = 0; round < 5000; round++) {
        uint32_t i = chance_below(&chance, BLOCKS);
        if (blocks[i].data != NULL) {
            for (size_t k = 0; k < blocks[i].bytes; k++)
                if (blocks[i].data[k] != blocks[i].mark)
                    ck_abort_msg("byte %zu of block %u is another's", k, i);
            heap_give(&heap, blocks[i].data, blocks[i].bytes);
            used -= heap_rounded(blocks[i].bytes);
            blocks[i].data = NULL;
            continue;
        }
        size_t bytes =
            1 + (chance_bits(&chance) & 1023) % (size_t)(1 + chance_below(&chance, 1024));
        ck_assert(heap_reserve(&heap, heap_rounded(bytes)));
        blocks[i].data = heap_take(&heap, bytes);
        blocks[i].bytes = bytes;
        blocks[i].mark = (uint8_t)round;
        memset(blocks[i].data, (uint8_t)round, bytes);
        used += heap_rounded(bytes);
        ck_assert_uint_eq(heap.used, used);
    }
    ck_assert_uint_ge(heap.footprint, used);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("heap");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_reserved_block_is_taken_and_given_back);
    tcase_add_test(tcase, sizes_are_rounded_up_to_their_classes);
    tcase_add_test(tcase, a_block_given_back_serves_the_next_of_its_class);
    tcase_add_test(tcase, no_memory_leaves_the_heap_as_it_was);
    tcase_add_loop_test(tcase, no_bytes_are_lost_between_blocks, 0, 50);
    tcase_add_loop_test(tcase, blocks_never_overlap, 0, 10);

    Suite *suite = suite_create("heap");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
