#include "persistence/memory_rooms.h"

#include "persistence/store_place.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct blob {
    uint64_t incarnation;
    uint64_t first, last;
    uint64_t sealed_ms;
    size_t length;
    uint8_t bytes[];
};

/* In the order of their first ticks. */
struct blobs {
    struct blob **items;
    uint32_t capacity;
    uint32_t count;
};

struct memory_room {
    uint64_t incarnation;
    uint64_t created_ms;
    enum store_room_state state;
    struct blobs segments, snapshots;
    uint64_t last; /* tick that was sealed last, also when its segment is gone */
    size_t name_length, kind_length, reason_length;
    uint8_t name[ROOM_NAME_MAX];
    uint8_t kind[NAME_BYTES_MAX];
    uint8_t reason[STORE_REASON_MAX];
};

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

/* --- Blobs -------------------------------------------------------------------------------------- */

static uint64_t blob_cost(const struct blob *blob)
{
    return sizeof *blob + blob->length;
}

static struct blob *blob_create(const struct store_blob *from, uint64_t wall_ms)
{
    struct blob *blob = malloc(sizeof *blob + from->bytes.length);
    if (blob == NULL)
        return NULL;
    *blob = (struct blob){.incarnation = from->incarnation,
                          .first = from->first,
                          .last = from->last,
                          .sealed_ms = wall_ms,
                          .length = from->bytes.length};
    memcpy(blob->bytes, from->bytes.data, from->bytes.length);
    return blob;
}

static bool reserve(struct blobs *blobs)
{
    return memory_grow(&(struct memory){0}, (void **)&blobs->items, &blobs->capacity,
                       blobs->count + 1, sizeof *blobs->items);
}

/* Index of the first blob that begins at or after the tick. */
static uint32_t place_of(const struct blobs *blobs, uint64_t first)
{
    uint32_t index = blobs->count;
    while (index > 0 && blobs->items[index - 1]->first >= first)
        index--;
    return index;
}

static void take_out(struct memory_rooms *rooms, struct blobs *blobs, uint32_t index)
{
    memory_budget_give(rooms->budget, blob_cost(blobs->items[index]));
    free(blobs->items[index]);
    blobs->count--;
    memmove(&blobs->items[index], &blobs->items[index + 1],
            (blobs->count - index) * sizeof *blobs->items);
}

/* Room for one more has been reserved. One of the same tick makes way. */
static void put_in(struct memory_rooms *rooms, struct blobs *blobs, struct blob *blob)
{
    uint32_t index = place_of(blobs, blob->first);
    if (index < blobs->count && blobs->items[index]->first == blob->first)
        take_out(rooms, blobs, index);
    memmove(&blobs->items[index + 1], &blobs->items[index],
            (blobs->count - index) * sizeof *blobs->items);
    blobs->items[index] = blob;
    blobs->count++;
}

static bool visit_blob(const struct blob *blob, store_blob_visitor *visitor, void *context)
{
    struct store_blob view = {.incarnation = blob->incarnation,
                              .first = blob->first,
                              .last = blob->last,
                              .bytes = {blob->bytes, blob->length}};
    return visitor(context, &view);
}

/* --- Rooms -------------------------------------------------------------------------------------- */

static int compare_names(const struct memory_room *room, struct bytes name)
{
    size_t shorter = room->name_length < name.length ? room->name_length : name.length;
    int order = memcmp(room->name, name.data, shorter);
    if (order != 0)
        return order;
    return (room->name_length > name.length) - (room->name_length < name.length);
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

static struct memory_room *find(const struct memory_rooms *rooms, struct bytes name)
{
    uint32_t index = room_index(rooms, name);
    if (index < rooms->count && compare_names(rooms->rooms[index], name) == 0)
        return rooms->rooms[index];
    return NULL;
}

static enum store_result add_room(struct memory_rooms *rooms,
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
    while (room->segments.count > 0)
        take_out(rooms, &room->segments, room->segments.count - 1);
    while (room->snapshots.count > 0)
        take_out(rooms, &room->snapshots, room->snapshots.count - 1);
    room->last = 0;
}

static void free_room(struct memory_rooms *rooms, struct memory_room *room)
{
    empty_room(rooms, room);
    memory_budget_give(rooms->budget, sizeof *room);
    free(room->segments.items);
    free(room->snapshots.items);
    free(room);
}

static void forget_room(struct memory_rooms *rooms, struct memory_room *room)
{
    uint32_t index = room_index(rooms, (struct bytes){room->name, room->name_length});
    rooms->count--;
    memmove(&rooms->rooms[index], &rooms->rooms[index + 1],
            (rooms->count - index) * sizeof(struct memory_room *));
    free_room(rooms, room);
}

static uint64_t newest_tick(const struct blobs *blobs)
{
    return blobs->count > 0 ? blobs->items[blobs->count - 1]->last : 0;
}

static uint64_t stored_bytes(const struct blobs *blobs)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < blobs->count; i++)
        bytes += blobs->items[i]->length;
    return bytes;
}

static bool visit_room(const struct memory_room *room, store_room_visitor *visitor, void *context)
{
    const struct blobs *log = &room->segments;
    struct store_room view = {
        .name = {room->name, room->name_length},
        .kind = {room->kind, room->kind_length},
        .incarnation = room->incarnation,
        .first = log->count > 0 ? log->items[0]->first : 0,
        .last = newest_tick(log),
        .created_ms = room->created_ms,
        .bytes = stored_bytes(log) + stored_bytes(&room->snapshots),
        .snapshot_tick = newest_tick(&room->snapshots),
        .state = room->state,
        .reason = {room->reason, room->reason_length},
    };
    return visitor(context, &view);
}

/* --- Sealing ------------------------------------------------------------------------------------ */

/* What one room's part comes to, made before anything is changed. */
struct staged {
    struct memory_room *room;
    bool added; /* the room is new */
    struct blob *segment, *snapshot;
};

static enum store_result damage(const char *what)
{
    store_place_set("memory: %s", what);
    return STORE_DAMAGED;
}

static enum store_result stage_blob(struct memory_rooms *rooms,
                                    struct blobs *blobs,
                                    const struct store_blob *from,
                                    uint64_t wall_ms,
                                    struct blob **blob)
{
    assert(from->first > 0 && from->first <= from->last && from->last <= STORE_TICK_MAX);
    if (!reserve(blobs))
        return STORE_MEMORY;
    if (!memory_budget_take(rooms->budget, sizeof **blob + from->bytes.length))
        return STORE_FULL;
    *blob = blob_create(from, wall_ms);
    if (*blob != NULL)
        return STORE_OK;
    memory_budget_give(rooms->budget, sizeof **blob + from->bytes.length);
    return STORE_MEMORY;
}

static enum store_result stage(struct memory_rooms *rooms,
                               const struct store_sealed *sealed,
                               uint64_t wall_ms,
                               struct staged *staged)
{
    enum store_result result = STORE_OK;
    staged->room = find(rooms, sealed->name);
    if (staged->room == NULL) {
        result = add_room(rooms, sealed->name, wall_ms, &staged->room);
        staged->added = result == STORE_OK;
    }
    if (result != STORE_OK)
        return result;
    struct memory_room *room = staged->room;
    const struct store_blob *segment = &sealed->segment, *snapshot = &sealed->snapshot;
    if (segment->bytes.length > 0 && segment->last > room->last) {
        if (segment->first <= room->last)
            return damage("a part of the segment is there");
        result = stage_blob(rooms, &room->segments, segment, wall_ms, &staged->segment);
    }
    if (result != STORE_OK || snapshot->bytes.length == 0)
        return result;
    if (room->state == STORE_ROOM_QUARANTINED)
        return damage("the room is quarantined");
    return stage_blob(rooms, &room->snapshots, snapshot, wall_ms, &staged->snapshot);
}

static void unstage(struct memory_rooms *rooms, struct staged *staged)
{
    struct blob *blobs[] = {staged->segment, staged->snapshot};
    for (size_t i = 0; i < 2; i++) {
        if (blobs[i] == NULL)
            continue;
        memory_budget_give(rooms->budget, blob_cost(blobs[i]));
        free(blobs[i]);
    }
    if (staged->added)
        forget_room(rooms, staged->room);
}

static void apply_blob(struct memory_rooms *rooms,
                       struct memory_room *room,
                       struct blobs *blobs,
                       struct blob *blob)
{
    if (blob == NULL)
        return;
    if (blob->incarnation > room->incarnation)
        room->incarnation = blob->incarnation;
    memory_budget_met(rooms->budget, blob->incarnation);
    put_in(rooms, blobs, blob);
}

static void apply(struct memory_rooms *rooms,
                  const struct store_sealed *sealed,
                  const struct staged *staged,
                  uint64_t wall_ms)
{
    struct memory_room *room = staged->room;
    if (room->state == STORE_ROOM_DELETED) {
        room->state = STORE_ROOM_WELL;
        room->created_ms = 0;
        room->kind_length = 0;
    }
    if (room->created_ms == 0)
        room->created_ms = wall_ms;
    if (room->kind_length == 0 && sealed->kind.length > 0) {
        assert(sealed->kind.length <= NAME_BYTES_MAX);
        room->kind_length = sealed->kind.length;
        memcpy(room->kind, sealed->kind.data, sealed->kind.length);
    }
    if (staged->segment != NULL)
        room->last = staged->segment->last;
    apply_blob(rooms, room, &room->segments, staged->segment);
    apply_blob(rooms, room, &room->snapshots, staged->snapshot);
}

enum store_result memory_rooms_seal(struct memory_rooms *rooms,
                                    const struct store_sealed *sealed,
                                    size_t count,
                                    uint64_t wall_ms)
{
    struct staged *staged = calloc(count > 0 ? count : 1, sizeof *staged);
    if (staged == NULL)
        return STORE_MEMORY;
    enum store_result result = STORE_OK;
    for (size_t i = 0; i < count && result == STORE_OK; i++)
        result = stage(rooms, &sealed[i], wall_ms, &staged[i]);
    for (size_t i = 0; i < count; i++) {
        if (result == STORE_OK)
            apply(rooms, &sealed[i], &staged[i], wall_ms);
        else
            unstage(rooms, &staged[i]);
    }
    free(staged);
    return result;
}

/* --- Reading ------------------------------------------------------------------------------------ */

enum store_result memory_rooms_room(const struct memory_rooms *rooms,
                                    struct bytes name,
                                    store_room_visitor *visitor,
                                    void *context)
{
    const struct memory_room *room = find(rooms, name);
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
    const struct memory_room *room = find(rooms, name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    const struct blobs *blobs = &room->snapshots;
    uint32_t after = tick < UINT64_MAX ? place_of(blobs, tick + 1) : blobs->count;
    if (after == 0)
        return STORE_NOT_FOUND;
    visit_blob(blobs->items[after - 1], visitor, context);
    return STORE_OK;
}

enum store_result memory_rooms_read(const struct memory_rooms *rooms,
                                    struct bytes name,
                                    uint64_t after,
                                    store_blob_visitor *visitor,
                                    void *context)
{
    const struct memory_room *room = find(rooms, name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    bool more = true;
    for (uint32_t i = 0; i < room->segments.count && more; i++)
        if (room->segments.items[i]->last > after)
            more = visit_blob(room->segments.items[i], visitor, context);
    return STORE_OK;
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
    struct memory_room *room = find(rooms, name);
    enum store_result result = STORE_OK;
    if (room == NULL)
        result = add_room(rooms, name, 0, &room);
    if (result != STORE_OK)
        return result;
    room->state = STORE_ROOM_QUARANTINED;
    room->reason_length = reason.length < STORE_REASON_MAX ? reason.length : STORE_REASON_MAX;
    if (room->reason_length > 0)
        memcpy(room->reason, reason.data, room->reason_length);
    return STORE_OK;
}

enum store_result memory_rooms_set_aside(struct memory_rooms *rooms,
                                         const struct store_sealed *sealed,
                                         struct bytes reason,
                                         uint64_t wall_ms)
{
    const struct memory_room *room = find(rooms, sealed->name);
    struct store_sealed placed = {
        .name = sealed->name, .kind = sealed->kind, .segment = sealed->segment};
    if (room != NULL && placed.segment.first <= room->last && placed.segment.last > room->last)
        placed.segment.first = room->last + 1;
    enum store_result result = memory_rooms_seal(rooms, &placed, 1, wall_ms);
    return result == STORE_OK ? memory_rooms_quarantine(rooms, sealed->name, reason) : result;
}

enum store_result memory_rooms_release(struct memory_rooms *rooms, struct bytes name)
{
    struct memory_room *room = find(rooms, name);
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
    struct memory_room *room = find(rooms, name);
    enum store_result result = room != NULL ? STORE_OK : STORE_NOT_FOUND;
    if (room == NULL && incarnation > 0)
        result = add_room(rooms, name, 0, &room);
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

/* The oldest blob that may go: of all rooms those before the newest snapshot. */
static struct blobs *oldest(const struct memory_rooms *rooms)
{
    struct blobs *found = NULL;
    for (uint32_t i = 0; i < rooms->count; i++) {
        struct memory_room *room = rooms->rooms[i];
        struct blobs *segments = &room->segments, *snapshots = &room->snapshots;
        if (room->state != STORE_ROOM_WELL)
            continue;
        uint64_t newest = newest_tick(snapshots);
        bool segment_may = segments->count > 0 && segments->items[0]->last <= newest;
        bool snapshot_may = snapshots->count > 1;
        if (segment_may &&
            (found == NULL || segments->items[0]->sealed_ms < found->items[0]->sealed_ms))
            found = segments;
        if (snapshot_may &&
            (found == NULL || snapshots->items[0]->sealed_ms < found->items[0]->sealed_ms))
            found = snapshots;
    }
    return found;
}

enum store_result memory_rooms_reclaim(struct memory_rooms *rooms, uint64_t bytes, uint64_t *freed)
{
    *freed = 0;
    struct blobs *blobs;
    while (*freed < bytes && (blobs = oldest(rooms)) != NULL) {
        *freed += blobs->items[0]->length;
        take_out(rooms, blobs, 0);
    }
    return *freed > 0 || bytes == 0 ? STORE_OK : STORE_NOT_FOUND;
}

void memory_rooms_free(struct memory_rooms *rooms)
{
    for (uint32_t i = 0; i < rooms->count; i++)
        free_room(rooms, rooms->rooms[i]);
    free(rooms->rooms);
}
