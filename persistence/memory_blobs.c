#include "persistence/memory_blobs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- The bound ---------------------------------------------------------------------------------- */

bool memory_budget_take(struct memory_budget *budget, uint64_t bytes)
{
    uint64_t used = atomic_load(&budget->bytes);
    do {
        if (used > budget->bytes_max || bytes > budget->bytes_max - used)
            return false;
    } while (!atomic_compare_exchange_weak(&budget->bytes, &used, used + bytes));
    return true;
}

void memory_budget_give(struct memory_budget *budget, uint64_t bytes)
{
    atomic_fetch_sub(&budget->bytes, bytes);
}

void memory_budget_met(struct memory_budget *budget, uint64_t incarnation)
{
    uint64_t seen = atomic_load(&budget->incarnation);
    while (incarnation > seen &&
           !atomic_compare_exchange_weak(&budget->incarnation, &seen, incarnation))
        continue;
}

/* --- One blob ----------------------------------------------------------------------------------- */

static uint64_t cost_of(size_t length)
{
    return sizeof(struct blob) + length;
}

enum store_result memory_blob_make(struct memory_budget *budget,
                                   struct blobs *blobs,
                                   const struct store_blob *from,
                                   uint64_t wall_ms,
                                   struct blob **blob)
{
    assert(from->first > 0 && from->first <= from->last && from->last <= STORE_TICK_MAX);
    size_t length = from->bytes.length;
    if (!memory_grow(&(struct memory){0}, (void **)&blobs->items, &blobs->capacity,
                     blobs->count + 1, sizeof *blobs->items))
        return STORE_MEMORY;
    if (!memory_budget_take(budget, cost_of(length)))
        return STORE_FULL;
    struct blob *made = malloc(sizeof *made + length);
    if (made == NULL) {
        memory_budget_give(budget, cost_of(length));
        return STORE_MEMORY;
    }
    *made = (struct blob){.incarnation = from->incarnation,
                          .first = from->first,
                          .last = from->last,
                          .sealed_ms = wall_ms,
                          .length = length};
    if (length > 0)
        memcpy(made->bytes, from->bytes.data, length);
    *blob = made;
    return STORE_OK;
}

void memory_blob_drop(struct memory_budget *budget, struct blob *blob)
{
    if (blob == NULL)
        return;
    memory_budget_give(budget, cost_of(blob->length));
    free(blob);
}

bool memory_blob_visit(const struct blob *blob, store_blob_visitor *visitor, void *context)
{
    struct store_blob view = {.incarnation = blob->incarnation,
                              .first = blob->first,
                              .last = blob->last,
                              .bytes = {blob->bytes, blob->length}};
    return visitor(context, &view);
}

/* --- Many --------------------------------------------------------------------------------------- */

uint32_t memory_blobs_place(const struct blobs *blobs, uint64_t tick)
{
    uint32_t index = blobs->count;
    while (index > 0 && blobs->items[index - 1]->first >= tick)
        index--;
    return index;
}

void memory_blobs_take(struct memory_budget *budget, struct blobs *blobs, uint32_t index)
{
    memory_blob_drop(budget, blobs->items[index]);
    blobs->count--;
    memmove(&blobs->items[index], &blobs->items[index + 1],
            (blobs->count - index) * sizeof *blobs->items);
}

void memory_blobs_put(struct memory_budget *budget, struct blobs *blobs, struct blob *blob)
{
    uint32_t index = memory_blobs_place(blobs, blob->first);
    if (index < blobs->count && blobs->items[index]->first == blob->first)
        memory_blobs_take(budget, blobs, index);
    memmove(&blobs->items[index + 1], &blobs->items[index],
            (blobs->count - index) * sizeof *blobs->items);
    blobs->items[index] = blob;
    blobs->count++;
}

void memory_blobs_free(struct memory_budget *budget, struct blobs *blobs)
{
    while (blobs->count > 0)
        memory_blobs_take(budget, blobs, blobs->count - 1);
    free(blobs->items);
    *blobs = (struct blobs){0};
}

uint64_t memory_blobs_last(const struct blobs *blobs)
{
    return blobs->count > 0 ? blobs->items[blobs->count - 1]->last : 0;
}

uint64_t memory_blobs_bytes(const struct blobs *blobs)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < blobs->count; i++)
        bytes += blobs->items[i]->length;
    return bytes;
}
