/* store_bytes.h - what a store's world writes: all of it follows from the seed, the tick and the room. */
#ifndef TESTS_STORE_BYTES_H
#define TESTS_STORE_BYTES_H

#include "tests/store_world.h"

#define ENTRY_BYTES_MAX    8192u
#define SNAPSHOT_BYTES_MAX (3u << 20)
#define WALL_MS            UINT64_C(1700000000000)

#define SCORE_BOARD   "laps"
#define SCORE_NAME    "Ada"
#define SCORE_DETAILS "\x91\x03"
#define SESSION_ID    UINT64_C(0xfedcba9876543210)
#define SESSION_TITLE "a lesson"
#define PINNED_ROOM   0u

const char *name_of(unsigned room);
uint64_t incarnation_of(unsigned room);

/* The room's entry of that tick; length 0: it has none. */
size_t entry_fill(const struct store_world *world,
                  uint64_t tick,
                  unsigned room,
                  uint8_t bytes[ENTRY_BYTES_MAX]);

size_t snapshot_fill(const struct store_world *world, uint64_t tick, unsigned room, uint8_t *bytes);

/* Presence of a sealing that ends at that tick; its first byte is what is told of it. */
size_t track_fill(const struct store_world *world,
                  uint64_t tick,
                  unsigned room,
                  uint8_t bytes[ENTRY_BYTES_MAX]);

/* Entries of the room with ticks of from..to, one after the other; the first and last of them. The caller
 * frees the bytes. */
struct store_blob
segment_of(const struct store_world *world, unsigned room, uint64_t from, uint64_t to);

#endif
