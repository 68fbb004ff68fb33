#include "sync/heap.h"

#include <assert.h>
#include <string.h>

/* Small enough for a room of a few people, and doubled as a room grows. */
#define CHUNK_BYTES_MIN 2048u
#define CHUNK_BYTES_MAX (1u << 20)

struct heap_chunk {
    struct heap_chunk *next;
    uint64_t bytes;
};

/* Classes: 16, 24, 32, 48, 64, 96, ... 2^17. */
static unsigned class_of(size_t bytes)
{
    assert(bytes > 0 && bytes <= HEAP_BLOCK_MAX);
    if (bytes <= 16)
        return 0;
    unsigned power = 63u - (unsigned)__builtin_clzll((unsigned long long)(bytes - 1));
    bool upper = bytes > (size_t)3 << (power - 1); /* above one and a half times 2^power */
    return 2 * (power - 4) + (upper ? 2 : 1);
}

static uint32_t class_bytes(unsigned class)
{
    uint32_t power = UINT32_C(16) << (class / 2);
    return (class & 1) != 0 ? power + power / 2 : power;
}

static_assert(HEAP_CLASSES >= 2 * (17 - 4) + 1, "the largest block has a class");

void heap_init(struct heap *heap, struct memory memory)
{
    *heap = (struct heap){.memory = memory};
}

void heap_free(struct heap *heap)
{
    while (heap->chunks != NULL) {
        struct heap_chunk *chunk = heap->chunks;
        heap->chunks = chunk->next;
        memory_release(&heap->memory, chunk);
    }
    heap_init(heap, heap->memory);
}

uint32_t heap_rounded(size_t bytes)
{
    return class_bytes(class_of(bytes));
}

static void free_add(struct heap *heap, unsigned class, uint8_t *block)
{
    memcpy(block, &heap->free[class], sizeof(void *));
    heap->free[class] = block;
}

/* Makes free blocks of a run of memory, largest first. All but those of 24 bytes are multiples of
 * 16, so that one of 24 leaves nothing over; only 8 bytes alone are lost. */
static void cut(struct heap *heap, uint8_t *from, uint8_t *to)
{
    if ((to - from) % 16 == 8 && to - from >= 24) {
        free_add(heap, class_of(24), from);
        from += 24;
    }
    for (unsigned class = HEAP_CLASSES; class -- > 0;) {
        uint32_t bytes = class_bytes(class);
        while (bytes <= HEAP_BLOCK_MAX && (size_t)(to - from) >= bytes) {
            free_add(heap, class, from);
            from += bytes;
        }
    }
}

/* Whether cutting a block of the one class from one of the other loses nothing. */
static bool cuts(unsigned class, unsigned from)
{
    return class_bytes(from) - class_bytes(class) != 8;
}

/* A free block of this class: one that was given back, or the front of a larger one. NULL when all
 * that are left are smaller. */
static void *take_free(struct heap *heap, unsigned class)
{
    unsigned found = class;
    while (found < HEAP_CLASSES && (heap->free[found] == NULL || !cuts(class, found)))
        found++;
    if (found == HEAP_CLASSES)
        return NULL;
    uint8_t *block = heap->free[found];
    memcpy(&heap->free[found], block, sizeof(void *));
    cut(heap, block + class_bytes(class), block + class_bytes(found));
    return block;
}

bool heap_reserve(struct heap *heap, size_t bytes)
{
    if ((size_t)(heap->end - heap->unused) >= bytes)
        return true;
    size_t wanted = heap->footprint;
    if (wanted < CHUNK_BYTES_MIN)
        wanted = CHUNK_BYTES_MIN;
    if (wanted > CHUNK_BYTES_MAX)
        wanted = CHUNK_BYTES_MAX;
    if (wanted < bytes)
        wanted = (bytes + 15) & ~(size_t)15;
    struct heap_chunk *chunk = memory_allocate(&heap->memory, sizeof *chunk + wanted);
    if (chunk == NULL)
        return false;
    cut(heap, heap->unused, heap->end);
    *chunk = (struct heap_chunk){.next = heap->chunks, .bytes = wanted};
    heap->chunks = chunk;
    heap->unused = (uint8_t *)(chunk + 1);
    heap->end = heap->unused + wanted;
    heap->footprint += sizeof *chunk + wanted;
    return true;
}

void *heap_take(struct heap *heap, size_t bytes)
{
    unsigned class = class_of(bytes);
    uint32_t rounded = class_bytes(class);
    uint8_t *block = take_free(heap, class);
    if (block == NULL) {
        assert((size_t)(heap->end - heap->unused) >= rounded);
        block = heap->unused;
        heap->unused += rounded;
    }
    heap->used += rounded;
    return block;
}

void heap_give(struct heap *heap, void *block, size_t bytes)
{
    unsigned class = class_of(bytes);
    free_add(heap, class, block);
    heap->used -= class_bytes(class);
}
