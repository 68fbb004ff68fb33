#include "persistence/store_memory.h"

#include "sync/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Running out of memory while a name is added is an answer here, not the end of the process. */
#define HASH_NONFATAL_OOM                1
#define uthash_nonfatal_oom(added_entry) ((added_entry)->lost = true)
#include <uthash.h>

struct entry {
    UT_hash_handle hh;
    uint64_t incarnation;
    uint64_t tick;
    uint8_t *bytes;
    size_t length;
    uint8_t name[ROOM_NAME_MAX];
    uint8_t kind[NAME_BYTES_MAX];
    uint8_t name_length;
    uint8_t kind_length;
    bool lost; /* the table had no memory for it */
};

struct store_memory {
    struct store store;
    struct entry *entries;
    uint64_t bytes;
    uint64_t bytes_max;
    uint64_t incarnation; /* highest seen */
};

static struct store_memory *memory_of(struct store *store)
{
    return (struct store_memory *)store;
}

static struct entry *find(const struct store_memory *memory, struct bytes name)
{
    struct entry *entry = NULL;
    HASH_FIND(hh, memory->entries, name.data, (unsigned)name.length, entry);
    return entry;
}

static uint64_t cost(size_t length)
{
    return sizeof(struct entry) + length;
}

static void forget(struct store_memory *memory, struct entry *entry)
{
    HASH_DELETE(hh, memory->entries, entry);
    memory->bytes -= cost(entry->length);
    free(entry->bytes);
    free(entry);
}

static void set_snapshot(struct entry *entry, const struct snapshot *snapshot, uint8_t *bytes)
{
    free(entry->bytes);
    entry->bytes = bytes;
    entry->length = snapshot->bytes.length;
    entry->incarnation = snapshot->incarnation;
    entry->tick = snapshot->tick;
    entry->kind_length = (uint8_t)snapshot->kind.length;
    memcpy(entry->kind, snapshot->kind.data, snapshot->kind.length);
}

static struct entry *add(struct store_memory *memory, struct bytes name)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->name_length = (uint8_t)name.length;
    memcpy(entry->name, name.data, name.length);
    HASH_ADD(hh, memory->entries, name, (unsigned)entry->name_length, entry);
    if (entry->lost) {
        free(entry);
        return NULL;
    }
    memory->bytes += cost(0);
    return entry;
}

static enum status put(struct store *store, struct bytes name, const struct snapshot *snapshot)
{
    assert(name.length > 0 && name.length <= ROOM_NAME_MAX);
    assert(snapshot->kind.length > 0 && snapshot->kind.length <= NAME_BYTES_MAX);

    struct store_memory *memory = memory_of(store);
    struct entry *entry = find(memory, name);
    uint64_t kept = memory->bytes - (entry != NULL ? cost(entry->length) : 0);
    if (kept > memory->bytes_max || cost(snapshot->bytes.length) > memory->bytes_max - kept)
        return STATUS_LIMIT;

    uint8_t *bytes = malloc(snapshot->bytes.length > 0 ? snapshot->bytes.length : 1);
    if (bytes != NULL && entry == NULL)
        entry = add(memory, name);
    if (bytes == NULL || entry == NULL) {
        free(bytes);
        return STATUS_MEMORY;
    }
    if (snapshot->bytes.length > 0)
        memcpy(bytes, snapshot->bytes.data, snapshot->bytes.length);
    memory->bytes += cost(snapshot->bytes.length) - cost(entry->length);
    set_snapshot(entry, snapshot, bytes);
    if (entry->incarnation > memory->incarnation)
        memory->incarnation = entry->incarnation;
    return STATUS_OK;
}

static struct snapshot view(const struct entry *entry)
{
    return (struct snapshot){
        .kind = {entry->kind, entry->kind_length},
        .incarnation = entry->incarnation,
        .tick = entry->tick,
        .bytes = {entry->bytes, entry->length},
    };
}

static enum status get(struct store *store, struct bytes name, struct snapshot *snapshot)
{
    const struct entry *entry = find(memory_of(store), name);
    if (entry == NULL)
        return STATUS_NOT_FOUND;
    *snapshot = view(entry);
    return STATUS_OK;
}

static enum status remove_room(struct store *store, struct bytes name)
{
    struct entry *entry = find(memory_of(store), name);
    if (entry != NULL)
        forget(memory_of(store), entry);
    return STATUS_OK;
}

static void each(struct store *store, store_visitor *visitor, void *context)
{
    for (struct entry *entry = memory_of(store)->entries; entry != NULL; entry = entry->hh.next) {
        struct snapshot snapshot = view(entry);
        if (!visitor(context, (struct bytes){entry->name, entry->name_length}, &snapshot))
            return;
    }
}

static uint64_t next_incarnation(struct store *store, uint64_t wall_us)
{
    struct store_memory *memory = memory_of(store);
    memory->incarnation = wall_us > memory->incarnation ? wall_us : memory->incarnation + 1;
    return memory->incarnation;
}

static uint64_t count(const struct store *store)
{
    return HASH_COUNT(((const struct store_memory *)store)->entries);
}

static uint64_t bytes(const struct store *store)
{
    return ((const struct store_memory *)store)->bytes;
}

static void close_store(struct store *store)
{
    struct store_memory *memory = memory_of(store);
    while (memory->entries != NULL)
        forget(memory, memory->entries);
    free(memory);
}

struct store *store_memory_create(uint64_t bytes_max)
{
    struct store_memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL)
        return NULL;
    memory->bytes_max = bytes_max;
    memory->store = (struct store){
        .put = put,
        .get = get,
        .remove = remove_room,
        .each = each,
        .next_incarnation = next_incarnation,
        .count = count,
        .bytes = bytes,
        .close = close_store,
    };
    return &memory->store;
}
