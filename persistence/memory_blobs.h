/* memory_blobs.h - blobs of a room in the store that forgets, and the bound on all that it holds. */
#ifndef PERSISTENCE_MEMORY_BLOBS_H
#define PERSISTENCE_MEMORY_BLOBS_H

#include "persistence/store.h"

#include <stdatomic.h>

/* Bytes that both halves use, each from its thread, and the highest incarnation they met. */
struct memory_budget {
    uint64_t bytes_max;
    _Atomic uint64_t bytes;
    _Atomic uint64_t incarnation;
};

/* False when that much is not left: nothing was taken. */
bool memory_budget_take(struct memory_budget *budget, uint64_t bytes);
void memory_budget_give(struct memory_budget *budget, uint64_t bytes);
void memory_budget_met(struct memory_budget *budget, uint64_t incarnation);

struct blob {
    uint64_t incarnation;
    uint64_t first, last;
    uint64_t previous; /* of segments: last tick of the one before */
    uint64_t sealed_ms;
    uint64_t began_ms, ended_ms; /* of summaries */
    size_t length;
    uint8_t bytes[];
};

/* In the order of their first ticks. */
struct blobs {
    struct blob **items;
    uint32_t capacity;
    uint32_t count;
};

/* Room for one more in the array, and a blob for that place, which the caller puts in or drops:
 * STORE_FULL, STORE_MEMORY. */
MUST_CHECK enum store_result memory_blob_make(struct memory_budget *budget,
                                              struct blobs *blobs,
                                              const struct store_blob *from,
                                              uint64_t wall_ms,
                                              struct blob **blob);
void memory_blob_drop(struct memory_budget *budget, struct blob *blob); /* NULL is fine */

/* One of the same tick makes way. */
void memory_blobs_put(struct memory_budget *budget, struct blobs *blobs, struct blob *blob);
void memory_blobs_take(struct memory_budget *budget, struct blobs *blobs, uint32_t index);
void memory_blobs_free(struct memory_budget *budget, struct blobs *blobs);

/* Index of the first blob that begins at or after the tick. */
uint32_t memory_blobs_place(const struct blobs *blobs, uint64_t tick);

uint64_t memory_blobs_last(const struct blobs *blobs); /* tick; 0 without any */
uint64_t memory_blobs_bytes(const struct blobs *blobs);

bool memory_blob_visit(const struct blob *blob, store_blob_visitor *visitor, void *context);

#endif
