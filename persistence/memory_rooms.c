#include "persistence/memory_room.h"

#include "persistence/store_place.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- Rooms -------------------------------------------------------------------------------------- */

static int compare_names(const struct memory_room *room, struct bytes name)
{
    return bytes_order((struct bytes){room->name, room->name_length}, name);
}

/* Index of the first room whose name is not before this one. */
static uint32_t room_index(const struct memory_rooms *rooms, struct bytes name)
{
    uint32_t low = 0, high = rooms->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_names(rooms->rooms[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct memory_room *memory_room_find(const struct memory_rooms *rooms, struct bytes name)
{
    uint32_t index = room_index(rooms, name);
    if (index < rooms->count && compare_names(rooms->rooms[index], name) == 0)
        return rooms->rooms[index];
    return NULL;
}

enum store_result memory_room_add(struct memory_rooms *rooms,
                                  struct bytes name,
                                  uint64_t wall_ms,
                                  struct memory_room **added)
{
    assert(name.length > 0 && name.length <= ROOM_NAME_MAX);
    if (!memory_budget_take(rooms->budget, sizeof **added))
        return STORE_FULL;
    struct memory_room *room = calloc(1, sizeof *room);
    if (room == NULL || !memory_grow(&(struct memory){0}, (void **)&rooms->rooms, &rooms->capacity,
                                     rooms->count + 1, sizeof(struct memory_room *))) {
        memory_budget_give(rooms->budget, sizeof *room);
        free(room);
        return STORE_MEMORY;
    }
    room->created_ms = wall_ms;
    room->name_length = name.length;
    memcpy(room->name, name.data, name.length);
    uint32_t index = room_index(rooms, name);
    memmove(&rooms->rooms[index + 1], &rooms->rooms[index],
            (rooms->count - index) * sizeof(struct memory_room *));
    rooms->rooms[index] = room;
    rooms->count++;
    *added = room;
    return STORE_OK;
}

static void empty_room(struct memory_rooms *rooms, struct memory_room *room)
{
    memory_blobs_free(rooms->budget, &room->segments);
    memory_blobs_free(rooms->budget, &room->snapshots);
    memory_blobs_free(rooms->budget, &room->tracks);
    memory_blobs_free(rooms->budget, &room->summaries);
    room->last = 0;
}

static void free_room(struct memory_rooms *rooms, struct memory_room *room)
{
    empty_room(rooms, room);
    memory_budget_give(rooms->budget, sizeof *room);
    free(room);
}

void memory_room_forget(struct memory_rooms *rooms, struct memory_room *room)
{
    uint32_t index = room_index(rooms, (struct bytes){room->name, room->name_length});
    rooms->count--;
    memmove(&rooms->rooms[index], &rooms->rooms[index + 1],
            (rooms->count - index) * sizeof(struct memory_room *));
    free_room(rooms, room);
}

uint64_t memory_room_bytes(const struct memory_room *room)
{
    return memory_blobs_bytes(&room->segments) + memory_blobs_bytes(&room->snapshots) +
           memory_blobs_bytes(&room->tracks) + memory_blobs_bytes(&room->summaries);
}

bool memory_room_gap(const struct memory_room *room, uint32_t segment)
{
    struct blob **items = room->segments.items;
    return segment > 0 && items[segment]->previous > items[segment - 1]->last;
}

static bool visit_room(const struct memory_room *room, store_room_visitor *visitor, void *context)
{
    const struct blobs *log = &room->segments;
    struct store_room view = {
        .name = {room->name, room->name_length},
        .kind = {room->kind, room->kind_length},
        .incarnation = room->incarnation,
        .first = log->count > 0 ? log->items[0]->first : 0,
        .last = memory_blobs_last(log),
        .created_ms = room->created_ms,
        .bytes = memory_room_bytes(room),
        .snapshot_tick = memory_blobs_last(&room->snapshots),
        .state = room->state,
        .reason = {room->reason, room->reason_length},
    };
    return visitor(context, &view);
}

/* --- Reading ------------------------------------------------------------------------------------ */

enum store_result memory_rooms_room(const struct memory_rooms *rooms,
                                    struct bytes name,
                                    store_room_visitor *visitor,
                                    void *context)
{
    const struct memory_room *room = memory_room_find(rooms, name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    visit_room(room, visitor, context);
    return STORE_OK;
}

enum store_result memory_rooms_snapshot(const struct memory_rooms *rooms,
                                        struct bytes name,
                                        uint64_t tick,
                                        store_blob_visitor *visitor,
                                        void *context)
{
    const struct memory_room *room = memory_room_find(rooms, name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    const struct blobs *blobs = &room->snapshots;
    uint32_t after = tick < UINT64_MAX ? memory_blobs_place(blobs, tick + 1) : blobs->count;
    if (after == 0)
        return STORE_NOT_FOUND;
    memory_blob_visit(blobs->items[after - 1], visitor, context);
    return STORE_OK;
}

enum store_result memory_rooms_read(const struct memory_rooms *rooms,
                                    struct bytes name,
                                    uint64_t after,
                                    store_blob_visitor *visitor,
                                    void *context)
{
    const struct memory_room *room = memory_room_find(rooms, name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    bool more = true;
    for (uint32_t i = 0; i < room->segments.count && more; i++) {
        const struct blob *segment = room->segments.items[i];
        if (segment->last <= after)
            continue;
        if (memory_room_gap(room, i) && segment->previous > after) {
            store_place_set("memory: that part of the log is not kept");
            return STORE_NOT_FOUND;
        }
        more = memory_blob_visit(segment, visitor, context);
        after = segment->last;
    }
    return STORE_OK;
}

enum store_result memory_rooms_tracks(const struct memory_rooms *rooms,
                                      struct bytes name,
                                      uint64_t tick,
                                      store_blob_visitor *visitor,
                                      void *context)
{
    const struct memory_room *room = memory_room_find(rooms, name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    const struct blobs *tracks = &room->tracks;
    uint32_t behind = tick < UINT64_MAX ? memory_blobs_place(tracks, tick + 1) : tracks->count;
    bool more = true;
    for (uint32_t i = behind > 0 ? behind - 1 : 0; i < tracks->count && more; i++)
        more = memory_blob_visit(tracks->items[i], visitor, context);
    return STORE_OK;
}

static const struct blob *item_at(const struct blobs *blobs, uint32_t index)
{
    return index < blobs->count ? blobs->items[index] : NULL;
}

/* What the next of both tells: a segment, a summary, or the two of one tick. */
static struct store_segment
next_segment(const struct memory_room *room, uint32_t *log_at, uint32_t *told_at)
{
    const struct blob *log = item_at(&room->segments, *log_at);
    const struct blob *told = item_at(&room->summaries, *told_at);
    if (log != NULL && told != NULL && log->first != told->first)
        *(log->first < told->first ? &told : &log) = NULL;
    bool gap = log != NULL && memory_room_gap(room, *log_at);
    *log_at += log != NULL;
    *told_at += told != NULL;
    const struct blob *from = told != NULL ? told : log;
    struct store_segment segment = {.incarnation = from->incarnation,
                                    .first = from->first,
                                    .last = from->last,
                                    .began_ms = from->began_ms,
                                    .ended_ms = from->ended_ms,
                                    .gap = gap};
    if (log != NULL)
        segment.bytes = log->length;
    if (told != NULL)
        segment.summary = (struct bytes){told->bytes, told->length};
    return segment;
}

enum store_result memory_rooms_segments(const struct memory_rooms *rooms,
                                        struct bytes name,
                                        uint64_t after,
                                        store_segment_visitor *visitor,
                                        void *context)
{
    const struct memory_room *room = memory_room_find(rooms, name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    uint32_t log_at = 0, told_at = 0;
    bool more = true;
    while (more && (log_at < room->segments.count || told_at < room->summaries.count)) {
        struct store_segment segment = next_segment(room, &log_at, &told_at);
        if (segment.last > after)
            more = visitor(context, &segment);
    }
    return STORE_OK;
}

static uint64_t weigh(const struct blobs *blobs, uint64_t first, uint64_t last)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < blobs->count; i++)
        if (blobs->items[i]->last >= first && blobs->items[i]->first <= last)
            bytes += blobs->items[i]->length;
    return bytes;
}

uint64_t memory_rooms_weigh(const struct memory_rooms *rooms,
                            struct bytes name,
                            uint64_t first,
                            uint64_t last)
{
    const struct memory_room *room = memory_room_find(rooms, name);
    if (room == NULL)
        return 0;
    return weigh(&room->segments, first, last) + weigh(&room->tracks, first, last);
}

enum store_result memory_rooms_recorded(const struct memory_rooms *rooms,
                                        struct bytes name,
                                        uint64_t after,
                                        uint64_t *bytes)
{
    bool there = memory_room_find(rooms, name) != NULL;
    *bytes =
        after < STORE_TICK_MAX ? memory_rooms_weigh(rooms, name, after + 1, STORE_TICK_MAX) : 0;
    return there ? STORE_OK : STORE_NOT_FOUND;
}

enum store_result
memory_rooms_each(const struct memory_rooms *rooms, store_room_visitor *visitor, void *context)
{
    bool more = true;
    for (uint32_t i = 0; i < rooms->count && more; i++)
        more = visit_room(rooms->rooms[i], visitor, context);
    return STORE_OK;
}

/* --- What happens to a room --------------------------------------------------------------------- */

enum store_result
memory_rooms_quarantine(struct memory_rooms *rooms, struct bytes name, struct bytes reason)
{
    struct memory_room *room = memory_room_find(rooms, name);
    enum store_result result = STORE_OK;
    if (room == NULL)
        result = memory_room_add(rooms, name, 0, &room);
    if (result != STORE_OK)
        return result;
    room->state = STORE_ROOM_QUARANTINED;
    room->reason_length = reason.length < STORE_REASON_MAX ? reason.length : STORE_REASON_MAX;
    if (room->reason_length > 0)
        memcpy(room->reason, reason.data, room->reason_length);
    return STORE_OK;
}

enum store_result memory_rooms_release(struct memory_rooms *rooms, struct bytes name)
{
    struct memory_room *room = memory_room_find(rooms, name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    if (room->state == STORE_ROOM_QUARANTINED) {
        room->state = STORE_ROOM_WELL;
        room->reason_length = 0;
    }
    return STORE_OK;
}

enum store_result
memory_rooms_remove(struct memory_rooms *rooms, struct bytes name, uint64_t incarnation)
{
    struct memory_room *room = memory_room_find(rooms, name);
    enum store_result result = room != NULL ? STORE_OK : STORE_NOT_FOUND;
    if (room == NULL && incarnation > 0)
        result = memory_room_add(rooms, name, 0, &room);
    if (result != STORE_OK)
        return result;
    empty_room(rooms, room);
    room->state = STORE_ROOM_DELETED;
    room->reason_length = 0;
    if (incarnation > room->incarnation)
        room->incarnation = incarnation;
    memory_budget_met(rooms->budget, room->incarnation);
    return STORE_OK;
}

void memory_rooms_free(struct memory_rooms *rooms)
{
    for (uint32_t i = 0; i < rooms->count; i++)
        free_room(rooms, rooms->rooms[i]);
    free(rooms->rooms);
}
