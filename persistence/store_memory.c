#include "persistence/store_memory.h"

#include "persistence/flush.h"
#include "persistence/store_place.h"

#include <assert.h>
#include <stdatomic.h>
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

struct room {
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

struct flush {
    struct flush *next;
    uint64_t number;
    size_t length;
    uint8_t bytes[];
};

struct store_memory {
    struct store store;
    uint64_t bytes_max;
    _Atomic uint64_t bytes;
    _Atomic uint64_t incarnation;

    struct flush *flushes, **flushes_end; /* {journal thread} from here, ascending */
    uint64_t fence, last, released;

    struct room **rooms; /* {archive thread} from here, by name */
    uint32_t rooms_capacity;
    uint32_t room_count;
};

static struct store_memory *memory_of(struct store *store)
{
    return (struct store_memory *)store;
}

/* --- The bound ---------------------------------------------------------------------------------- */

static bool charge(struct store_memory *memory, uint64_t bytes)
{
    uint64_t used = atomic_load(&memory->bytes);
    do {
        if (used > memory->bytes_max || bytes > memory->bytes_max - used)
            return false;
    } while (!atomic_compare_exchange_weak(&memory->bytes, &used, used + bytes));
    return true;
}

static void give_back(struct store_memory *memory, uint64_t bytes)
{
    atomic_fetch_sub(&memory->bytes, bytes);
}

static void raise_incarnation(struct store_memory *memory, uint64_t incarnation)
{
    uint64_t seen = atomic_load(&memory->incarnation);
    while (incarnation > seen &&
           !atomic_compare_exchange_weak(&memory->incarnation, &seen, incarnation))
        continue;
}

/* --- Journal ------------------------------------------------------------------------------------ */

static enum store_result claim(struct store *store, uint64_t *fence)
{
    *fence = ++memory_of(store)->fence;
    return STORE_OK;
}

static enum store_result renew(struct store *store, uint64_t fence)
{
    return memory_of(store)->fence == fence ? STORE_OK : STORE_FENCED;
}

static enum store_result append_again(const struct store_memory *memory,
                                      const struct store_flush *flush)
{
    if (flush->number <= memory->released)
        return STORE_OK;
    const struct flush *there = memory->flushes;
    while (there->number != flush->number)
        there = there->next;
    if (bytes_equal((struct bytes){there->bytes, there->length}, flush->bytes))
        return STORE_OK;
    store_place_set("memory: flush %llu: there is another one", (unsigned long long)flush->number);
    return STORE_FAILED;
}

static enum store_result append(struct store *store,
                                uint64_t fence,
                                const struct store_flush *flush)
{
    struct store_memory *memory = memory_of(store);
    assert(flush->number > 0 && flush->number <= memory->last + 1);
    if (memory->fence != fence)
        return STORE_FENCED;
    if (flush->number <= memory->last)
        return append_again(memory, flush);

    uint64_t cost = sizeof(struct flush) + flush->bytes.length;
    if (!charge(memory, cost))
        return STORE_FULL;
    struct flush *added = malloc(sizeof *added + flush->bytes.length);
    if (added == NULL) {
        give_back(memory, cost);
        return STORE_MEMORY;
    }
    *added = (struct flush){.number = flush->number, .length = flush->bytes.length};
    if (flush->bytes.length > 0)
        memcpy(added->bytes, flush->bytes.data, flush->bytes.length);
    *memory->flushes_end = added;
    memory->flushes_end = &added->next;
    memory->last = flush->number;

    struct flush_reader reader = {.bytes = flush->bytes};
    struct flush_entry entry;
    while (flush_next(&reader, &entry))
        raise_incarnation(memory, entry.incarnation);
    return STORE_OK;
}

static enum store_result flushes(struct store *store,
                                 store_flush_visitor *visitor,
                                 void *context,
                                 uint64_t *last)
{
    const struct store_memory *memory = memory_of(store);
    *last = memory->released;
    for (const struct flush *flush = memory->flushes; flush != NULL; flush = flush->next) {
        struct store_flush view = {.number = flush->number,
                                   .bytes = {flush->bytes, flush->length}};
        *last = flush->number;
        if (!visitor(context, &view))
            break;
    }
    return STORE_OK;
}

static enum store_result release(struct store *store, uint64_t number)
{
    struct store_memory *memory = memory_of(store);
    assert(number <= memory->last);
    while (memory->flushes != NULL && memory->flushes->number <= number) {
        struct flush *flush = memory->flushes;
        memory->flushes = flush->next;
        give_back(memory, sizeof *flush + flush->length);
        free(flush);
    }
    if (memory->flushes == NULL)
        memory->flushes_end = &memory->flushes;
    if (number > memory->released)
        memory->released = number;
    return STORE_OK;
}

/* There is no file to turn one's back on. */
static enum store_result renew_journal(struct store *store)
{
    (void)store;
    return STORE_OK;
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
    return memory_grow(&(struct memory){0},
                       (void **)&blobs->items,
                       &blobs->capacity,
                       blobs->count + 1,
                       sizeof *blobs->items);
}

/* Index of the first blob that begins at or after the tick. */
static uint32_t place_of(const struct blobs *blobs, uint64_t first)
{
    uint32_t index = blobs->count;
    while (index > 0 && blobs->items[index - 1]->first >= first)
        index--;
    return index;
}

static void take_out(struct store_memory *memory, struct blobs *blobs, uint32_t index)
{
    give_back(memory, blob_cost(blobs->items[index]));
    free(blobs->items[index]);
    blobs->count--;
    memmove(&blobs->items[index],
            &blobs->items[index + 1],
            (blobs->count - index) * sizeof *blobs->items);
}

/* Room for one more has been reserved. One of the same tick makes way. */
static void put_in(struct store_memory *memory, struct blobs *blobs, struct blob *blob)
{
    uint32_t index = place_of(blobs, blob->first);
    if (index < blobs->count && blobs->items[index]->first == blob->first)
        take_out(memory, blobs, index);
    memmove(&blobs->items[index + 1],
            &blobs->items[index],
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

static int compare_names(const struct room *room, struct bytes name)
{
    size_t shorter = room->name_length < name.length ? room->name_length : name.length;
    int order = memcmp(room->name, name.data, shorter);
    if (order != 0)
        return order;
    return (room->name_length > name.length) - (room->name_length < name.length);
}

/* Index of the first room whose name is not before this one. */
static uint32_t room_index(const struct store_memory *memory, struct bytes name)
{
    uint32_t low = 0, high = memory->room_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_names(memory->rooms[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct room *find(const struct store_memory *memory, struct bytes name)
{
    uint32_t index = room_index(memory, name);
    if (index < memory->room_count && compare_names(memory->rooms[index], name) == 0)
        return memory->rooms[index];
    return NULL;
}

static enum store_result add_room(struct store_memory *memory,
                                  struct bytes name,
                                  uint64_t wall_ms,
                                  struct room **added)
{
    assert(name.length > 0 && name.length <= ROOM_NAME_MAX);
    if (!charge(memory, sizeof **added))
        return STORE_FULL;
    struct room *room = calloc(1, sizeof *room);
    if (room == NULL || !memory_grow(&(struct memory){0},
                                     (void **)&memory->rooms,
                                     &memory->rooms_capacity,
                                     memory->room_count + 1,
                                     sizeof(struct room *))) {
        give_back(memory, sizeof *room);
        free(room);
        return STORE_MEMORY;
    }
    room->created_ms = wall_ms;
    room->name_length = name.length;
    memcpy(room->name, name.data, name.length);
    uint32_t index = room_index(memory, name);
    memmove(&memory->rooms[index + 1],
            &memory->rooms[index],
            (memory->room_count - index) * sizeof(struct room *));
    memory->rooms[index] = room;
    memory->room_count++;
    *added = room;
    return STORE_OK;
}

static void empty_room(struct store_memory *memory, struct room *room)
{
    while (room->segments.count > 0)
        take_out(memory, &room->segments, room->segments.count - 1);
    while (room->snapshots.count > 0)
        take_out(memory, &room->snapshots, room->snapshots.count - 1);
    room->last = 0;
}

static void free_room(struct store_memory *memory, struct room *room)
{
    empty_room(memory, room);
    give_back(memory, sizeof *room);
    free(room->segments.items);
    free(room->snapshots.items);
    free(room);
}

static void forget_room(struct store_memory *memory, struct room *room)
{
    uint32_t index = room_index(memory, (struct bytes){room->name, room->name_length});
    memory->room_count--;
    memmove(&memory->rooms[index],
            &memory->rooms[index + 1],
            (memory->room_count - index) * sizeof(struct room *));
    free_room(memory, room);
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

static bool visit_room(const struct room *room, store_room_visitor *visitor, void *context)
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
    struct room *room;
    bool added; /* the room is new */
    struct blob *segment, *snapshot;
};

static enum store_result damage(const char *what)
{
    store_place_set("memory: %s", what);
    return STORE_DAMAGED;
}

static enum store_result stage_blob(struct store_memory *memory,
                                    struct blobs *blobs,
                                    const struct store_blob *from,
                                    uint64_t wall_ms,
                                    struct blob **blob)
{
    assert(from->first > 0 && from->first <= from->last && from->last <= STORE_TICK_MAX);
    if (!reserve(blobs))
        return STORE_MEMORY;
    if (!charge(memory, sizeof **blob + from->bytes.length))
        return STORE_FULL;
    *blob = blob_create(from, wall_ms);
    if (*blob != NULL)
        return STORE_OK;
    give_back(memory, sizeof **blob + from->bytes.length);
    return STORE_MEMORY;
}

static enum store_result stage(struct store_memory *memory,
                               const struct store_sealed *sealed,
                               uint64_t wall_ms,
                               struct staged *staged)
{
    enum store_result result = STORE_OK;
    staged->room = find(memory, sealed->name);
    if (staged->room == NULL) {
        result = add_room(memory, sealed->name, wall_ms, &staged->room);
        staged->added = result == STORE_OK;
    }
    if (result != STORE_OK)
        return result;
    struct room *room = staged->room;
    const struct store_blob *segment = &sealed->segment, *snapshot = &sealed->snapshot;
    if (segment->bytes.length > 0 && segment->last > room->last) {
        if (segment->first <= room->last)
            return damage("a part of the segment is there");
        result = stage_blob(memory, &room->segments, segment, wall_ms, &staged->segment);
    }
    if (result != STORE_OK || snapshot->bytes.length == 0)
        return result;
    if (room->state == STORE_ROOM_QUARANTINED)
        return damage("the room is quarantined");
    return stage_blob(memory, &room->snapshots, snapshot, wall_ms, &staged->snapshot);
}

static void unstage(struct store_memory *memory, struct staged *staged)
{
    struct blob *blobs[] = {staged->segment, staged->snapshot};
    for (size_t i = 0; i < 2; i++) {
        if (blobs[i] == NULL)
            continue;
        give_back(memory, blob_cost(blobs[i]));
        free(blobs[i]);
    }
    if (staged->added)
        forget_room(memory, staged->room);
}

static void apply_blob(struct store_memory *memory,
                       struct room *room,
                       struct blobs *blobs,
                       struct blob *blob)
{
    if (blob == NULL)
        return;
    if (blob->incarnation > room->incarnation)
        room->incarnation = blob->incarnation;
    raise_incarnation(memory, blob->incarnation);
    put_in(memory, blobs, blob);
}

static void apply(struct store_memory *memory,
                  const struct store_sealed *sealed,
                  const struct staged *staged,
                  uint64_t wall_ms)
{
    struct room *room = staged->room;
    if (room->state == STORE_ROOM_DELETED) {
        room->state = STORE_ROOM_WELL;
        room->created_ms = wall_ms;
        room->kind_length = 0;
    }
    if (room->kind_length == 0 && sealed->kind.length > 0) {
        assert(sealed->kind.length <= NAME_BYTES_MAX);
        room->kind_length = sealed->kind.length;
        memcpy(room->kind, sealed->kind.data, sealed->kind.length);
    }
    if (staged->segment != NULL)
        room->last = staged->segment->last;
    apply_blob(memory, room, &room->segments, staged->segment);
    apply_blob(memory, room, &room->snapshots, staged->snapshot);
}

static enum store_result seal(struct store *store,
                              const struct store_sealed *sealed,
                              size_t count,
                              uint64_t wall_ms)
{
    struct store_memory *memory = memory_of(store);
    struct staged *staged = calloc(count > 0 ? count : 1, sizeof *staged);
    if (staged == NULL)
        return STORE_MEMORY;
    enum store_result result = STORE_OK;
    for (size_t i = 0; i < count && result == STORE_OK; i++)
        result = stage(memory, &sealed[i], wall_ms, &staged[i]);
    for (size_t i = 0; i < count; i++) {
        if (result == STORE_OK)
            apply(memory, &sealed[i], &staged[i], wall_ms);
        else
            unstage(memory, &staged[i]);
    }
    free(staged);
    return result;
}

/* --- Reading ------------------------------------------------------------------------------------ */

static enum store_result room(struct store *store,
                              struct bytes name,
                              store_room_visitor *visitor,
                              void *context)
{
    const struct room *room = find(memory_of(store), name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    visit_room(room, visitor, context);
    return STORE_OK;
}

static enum store_result snapshot(struct store *store,
                                  struct bytes name,
                                  uint64_t tick,
                                  store_blob_visitor *visitor,
                                  void *context)
{
    const struct room *room = find(memory_of(store), name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    const struct blobs *blobs = &room->snapshots;
    uint32_t after = tick < UINT64_MAX ? place_of(blobs, tick + 1) : blobs->count;
    if (after == 0)
        return STORE_NOT_FOUND;
    visit_blob(blobs->items[after - 1], visitor, context);
    return STORE_OK;
}

static enum store_result read(struct store *store,
                              struct bytes name,
                              uint64_t after,
                              store_blob_visitor *visitor,
                              void *context)
{
    const struct room *room = find(memory_of(store), name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    bool more = true;
    for (uint32_t i = 0; i < room->segments.count && more; i++)
        if (room->segments.items[i]->last > after)
            more = visit_blob(room->segments.items[i], visitor, context);
    return STORE_OK;
}

static enum store_result rooms(struct store *store, store_room_visitor *visitor, void *context)
{
    const struct store_memory *memory = memory_of(store);
    bool more = true;
    for (uint32_t i = 0; i < memory->room_count && more; i++)
        more = visit_room(memory->rooms[i], visitor, context);
    return STORE_OK;
}

/* --- What happens to a room --------------------------------------------------------------------- */

static enum store_result quarantine(struct store *store, struct bytes name, struct bytes reason)
{
    struct store_memory *memory = memory_of(store);
    struct room *room = find(memory, name);
    enum store_result result = STORE_OK;
    if (room == NULL)
        result = add_room(memory, name, 0, &room);
    if (result != STORE_OK)
        return result;
    room->state = STORE_ROOM_QUARANTINED;
    room->reason_length = reason.length < STORE_REASON_MAX ? reason.length : STORE_REASON_MAX;
    if (room->reason_length > 0)
        memcpy(room->reason, reason.data, room->reason_length);
    return STORE_OK;
}

static enum store_result release_quarantine(struct store *store, struct bytes name)
{
    struct room *room = find(memory_of(store), name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    if (room->state == STORE_ROOM_QUARANTINED) {
        room->state = STORE_ROOM_WELL;
        room->reason_length = 0;
    }
    return STORE_OK;
}

static enum store_result remove_room(struct store *store, struct bytes name)
{
    struct room *room = find(memory_of(store), name);
    if (room == NULL)
        return STORE_NOT_FOUND;
    empty_room(memory_of(store), room);
    room->state = STORE_ROOM_DELETED;
    room->reason_length = 0;
    return STORE_OK;
}

/* The oldest blob that may go: of all rooms those before the newest snapshot. */
static struct blobs *oldest(const struct store_memory *memory)
{
    struct blobs *found = NULL;
    for (uint32_t i = 0; i < memory->room_count; i++) {
        struct room *room = memory->rooms[i];
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

static enum store_result reclaim(struct store *store, uint64_t bytes, uint64_t *freed)
{
    struct store_memory *memory = memory_of(store);
    *freed = 0;
    struct blobs *blobs;
    while (*freed < bytes && (blobs = oldest(memory)) != NULL) {
        *freed += blobs->items[0]->length;
        take_out(memory, blobs, 0);
    }
    return *freed > 0 || bytes == 0 ? STORE_OK : STORE_NOT_FOUND;
}

/* Memory does not rot, or nothing here could tell. */
static enum store_result check(struct store *store,
                               store_damage_visitor *visitor,
                               store_progress *progress,
                               void *context)
{
    (void)store;
    (void)visitor;
    if (progress != NULL)
        progress(context, 1, 1);
    return STORE_OK;
}

/* --- Both --------------------------------------------------------------------------------------- */

static uint64_t incarnation(struct store *store)
{
    return atomic_load(&memory_of(store)->incarnation);
}

static const char *place(const struct store *store)
{
    (void)store;
    return store_place();
}

static void close_store(struct store *store)
{
    struct store_memory *memory = memory_of(store);
    if (memory->last > 0) {
        enum store_result released = release(store, memory->last);
        (void)released;
    }
    for (uint32_t i = 0; i < memory->room_count; i++)
        free_room(memory, memory->rooms[i]);
    free(memory->rooms);
    free(memory);
}

struct store *store_memory_create(uint64_t bytes_max)
{
    struct store_memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL)
        return NULL;
    memory->bytes_max = bytes_max;
    memory->flushes_end = &memory->flushes;
    memory->store = (struct store){
        .claim = claim,
        .renew = renew,
        .append = append,
        .flushes = flushes,
        .release = release,
        .renew_journal = renew_journal,
        .seal = seal,
        .room = room,
        .snapshot = snapshot,
        .read = read,
        .rooms = rooms,
        .quarantine = quarantine,
        .release_quarantine = release_quarantine,
        .remove = remove_room,
        .reclaim = reclaim,
        .check = check,
        .incarnation = incarnation,
        .place = place,
        .close = close_store,
    };
    return &memory->store;
}
