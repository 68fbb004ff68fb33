/* memory_room.h - one room of the store that forgets, for the files of its archive half. */
#ifndef PERSISTENCE_MEMORY_ROOM_H
#define PERSISTENCE_MEMORY_ROOM_H

#include "persistence/memory_rooms.h"

struct memory_room {
    uint64_t incarnation;
    uint64_t created_ms;
    enum store_room_state state;
    struct blobs segments, snapshots, tracks, summaries;
    uint64_t last; /* tick that was sealed last, also when its segment is gone */
    size_t name_length, kind_length, reason_length;
    uint8_t name[ROOM_NAME_MAX];
    uint8_t kind[NAME_BYTES_MAX];
    uint8_t reason[STORE_REASON_MAX];
};

struct memory_room *memory_room_find(const struct memory_rooms *rooms, struct bytes name);
MUST_CHECK enum store_result memory_room_add(struct memory_rooms *rooms,
                                             struct bytes name,
                                             uint64_t wall_ms,
                                             struct memory_room **added);
/* Whether the log between the segment before this one and it is not kept. */
bool memory_room_gap(const struct memory_room *room, uint32_t segment);

uint64_t memory_room_bytes(const struct memory_room *room);
void memory_room_forget(struct memory_rooms *rooms, struct memory_room *room);

#endif
