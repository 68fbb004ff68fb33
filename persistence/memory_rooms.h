/* memory_rooms.h - the archive half of the store that forgets. See struct store. */
#ifndef PERSISTENCE_MEMORY_ROOMS_H
#define PERSISTENCE_MEMORY_ROOMS_H

#include "persistence/memory_blobs.h"

struct memory_room;

struct memory_rooms {
    struct memory_budget *budget;
    struct memory_room **rooms; /* by name */
    uint32_t capacity;
    uint32_t count;
};

void memory_rooms_free(struct memory_rooms *rooms);

MUST_CHECK enum store_result memory_rooms_seal(struct memory_rooms *rooms,
                                               const struct store_sealed *sealed,
                                               size_t count,
                                               uint64_t wall_ms);
MUST_CHECK enum store_result memory_rooms_set_aside(struct memory_rooms *rooms,
                                                    const struct store_sealed *sealed,
                                                    struct bytes reason,
                                                    uint64_t wall_ms);
MUST_CHECK enum store_result memory_rooms_room(const struct memory_rooms *rooms,
                                               struct bytes name,
                                               store_room_visitor *visitor,
                                               void *context);
MUST_CHECK enum store_result memory_rooms_snapshot(const struct memory_rooms *rooms,
                                                   struct bytes name,
                                                   uint64_t tick,
                                                   store_blob_visitor *visitor,
                                                   void *context);
MUST_CHECK enum store_result memory_rooms_read(const struct memory_rooms *rooms,
                                               struct bytes name,
                                               uint64_t after,
                                               store_blob_visitor *visitor,
                                               void *context);
MUST_CHECK enum store_result memory_rooms_tracks(const struct memory_rooms *rooms,
                                                 struct bytes name,
                                                 uint64_t tick,
                                                 store_blob_visitor *visitor,
                                                 void *context);
MUST_CHECK enum store_result memory_rooms_segments(const struct memory_rooms *rooms,
                                                   struct bytes name,
                                                   uint64_t after,
                                                   store_segment_visitor *visitor,
                                                   void *context);
/* Bytes of what was recorded in these ticks: its log and its tracks. */
uint64_t memory_rooms_weigh(const struct memory_rooms *rooms,
                            struct bytes name,
                            uint64_t first,
                            uint64_t last);
MUST_CHECK enum store_result memory_rooms_recorded(const struct memory_rooms *rooms,
                                                   struct bytes name,
                                                   uint64_t after,
                                                   uint64_t *bytes);
MUST_CHECK enum store_result
memory_rooms_each(const struct memory_rooms *rooms, store_room_visitor *visitor, void *context);
MUST_CHECK enum store_result
memory_rooms_quarantine(struct memory_rooms *rooms, struct bytes name, struct bytes reason);
MUST_CHECK enum store_result memory_rooms_release(struct memory_rooms *rooms, struct bytes name);
MUST_CHECK enum store_result
memory_rooms_remove(struct memory_rooms *rooms, struct bytes name, uint64_t incarnation);

#endif
