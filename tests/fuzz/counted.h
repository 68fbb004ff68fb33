/* counted.h - memory for what is fuzzed: it counts bytes and gives no more than it may. */
#ifndef TESTS_FUZZ_COUNTED_H
#define TESTS_FUZZ_COUNTED_H

#include <stdlib.h>
#include <string.h>

#include "sync/base.h"

#define COUNTED_HEAD 16u /* keeps what follows aligned */

struct counted {
    size_t held;     /* bytes not yet given back */
    size_t most;     /* more than this is refused */
    uint32_t blocks; /* so many more may be had */
    bool refused;    /* it has come to that */
};

static inline void *counted_allocate(void *context, size_t bytes)
{
    struct counted *counted = context;
    counted->refused |= bytes > counted->most - counted->held || counted->blocks == 0;
    if (bytes > counted->most - counted->held || counted->blocks == 0)
        return NULL;
    uint8_t *block = malloc(COUNTED_HEAD + bytes);
    if (block == NULL)
        abort();
    memcpy(block, &bytes, sizeof bytes);
    counted->held += bytes;
    counted->blocks--;
    return block + COUNTED_HEAD;
}

static inline void counted_release(void *context, void *data)
{
    struct counted *counted = context;
    uint8_t *block = (uint8_t *)data - COUNTED_HEAD;
    size_t bytes;
    memcpy(&bytes, block, sizeof bytes);
    counted->held -= bytes;
    free(block);
}

static inline struct memory counted_memory(struct counted *counted)
{
    return (struct memory){counted_allocate, counted_release, counted};
}

#endif
