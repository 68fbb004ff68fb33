/* heap.h - a room's memory for values: reserved outside the tick, handed out inside it.
 *
 *   heap_reserve(&heap, worst);           between ticks; may fail
 *   void *block = heap_take(&heap, n);    in the tick; cannot fail within what was reserved
 *   heap_give(&heap, block, n);           the same n
 *
 * Blocks come in size classes of powers of two and one and a half times those; a freed block
 * serves the next one of its class, or smaller ones, and nothing is lost in between. What was
 * reserved is touched only when no free block serves, so that reserving anew costs memory only as
 * the room grows. Blocks are aligned to 8 bytes and not cleared.
 *
 * Errors     taking more than was reserved is a caller's mistake and is asserted.
 */
#ifndef SYNC_HEAP_H
#define SYNC_HEAP_H

#include "sync/base.h"

#define HEAP_CLASSES   28u
#define HEAP_BLOCK_MAX (UINT32_C(1) << 17)

struct heap {
    struct memory memory;
    struct heap_chunk *chunks;
    uint8_t *unused, *end;    /* of the newest chunk */
    void *free[HEAP_CLASSES]; /* each block's first word points to the next */
    uint64_t used;            /* bytes in taken blocks, rounded up to their classes */
    uint64_t footprint;       /* bytes of all chunks */
};

void heap_init(struct heap *heap, struct memory memory);
void heap_free(struct heap *heap); /* all blocks at once */

/* What a block of this size really takes. */
uint32_t heap_rounded(size_t bytes);

/* After true, blocks whose rounded sizes add up to `bytes` can be taken, whatever their order. */
MUST_CHECK bool heap_reserve(struct heap *heap, size_t bytes);

void *heap_take(struct heap *heap, size_t bytes); /* 1..HEAP_BLOCK_MAX */
void heap_give(struct heap *heap, void *block, size_t bytes);

#endif
