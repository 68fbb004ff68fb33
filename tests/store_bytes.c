#include "tests/store_bytes.h"

#include <check.h>
#include <stdlib.h>

struct bytes store_world_room(unsigned room)
{
    static const char *const names[WORLD_ROOMS] = {"lobby", "lobby2", "a", "race-of-sunday",
                                                   "zz_top"};
    return bytes_of(names[room]);
}

const char *name_of(unsigned room)
{
    return (const char *)store_world_room(room).data;
}

uint64_t incarnation_of(unsigned room)
{
    return 100 + room;
}

static struct chance chance_for(const struct store_world *world, uint64_t tick, unsigned room)
{
    return chance_of(world->options.seed * 1000003 + tick * 64 + room * 7919 +
                     (uint64_t)world->salt[tick] * 104729);
}

static void fill(struct chance *chance, uint8_t *bytes, size_t length, bool dense)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)chance_bits(chance);
        bytes[i] = dense ? byte : byte & 3;
    }
}

size_t entry_fill(const struct store_world *world,
                  uint64_t tick,
                  unsigned room,
                  uint8_t bytes[ENTRY_BYTES_MAX])
{
    struct chance chance = chance_for(world, tick, room);
    if (chance_below(&chance, 3) == 0 && room != tick % WORLD_ROOMS)
        return 0;
    size_t length = 1 + chance_below(&chance, 200);
    if (world->options.large && chance_below(&chance, 10) == 0)
        length = ENTRY_BYTES_MAX - chance_below(&chance, 100);
    fill(&chance, bytes, length, chance_below(&chance, 2) == 0);
    return length;
}

size_t snapshot_fill(const struct store_world *world, uint64_t tick, unsigned room, uint8_t *bytes)
{
    struct chance chance = chance_for(world, tick, room + WORLD_ROOMS);
    size_t length = 1 + chance_below(&chance, 2000);
    if (world->options.large && chance_below(&chance, 4) == 0)
        length = SNAPSHOT_BYTES_MAX - chance_below(&chance, 1u << 20);
    fill(&chance, bytes, length, chance_below(&chance, 2) == 0);
    return length;
}

size_t track_fill(const struct store_world *world,
                  uint64_t tick,
                  unsigned room,
                  uint8_t bytes[ENTRY_BYTES_MAX])
{
    struct chance chance = chance_for(world, tick, room + 2 * WORLD_ROOMS);
    size_t length = 1 + chance_below(&chance, 400);
    fill(&chance, bytes, length, true);
    return length;
}

struct store_blob
segment_of(const struct store_world *world, unsigned room, uint64_t from, uint64_t to)
{
    struct store_blob blob = {.incarnation = incarnation_of(room)};
    size_t capacity = 1;
    uint8_t *bytes = NULL;
    for (uint64_t tick = from; tick <= to; tick++) {
        capacity += ENTRY_BYTES_MAX;
        bytes = realloc(bytes, capacity);
        ck_assert_ptr_nonnull(bytes);
        size_t length = entry_fill(world, tick, room, bytes + blob.bytes.length);
        if (length == 0)
            continue;
        if (blob.first == 0)
            blob.first = tick;
        blob.last = tick;
        blob.bytes.length += length;
    }
    blob.bytes.data = bytes;
    return blob;
}
