#include "tests/store_world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "persistence/flush.h"
#include "tests/store_bytes.h"

static void in_store(const struct store_world *world, bool begins)
{
    if (world->options.in_store)
        world->options.in_store(begins);
}

void store_world_init(struct store_world *world, const struct store_world_options *options)
{
    memset(world, 0, sizeof *world);
    world->options = *options;
}

enum store_result store_world_open(struct store_world *world)
{
    struct store_sqlite_options options = {
        .folder = world->options.folder, .sync = world->options.sync, .vfs = world->options.vfs};
    ck_assert_ptr_null(world->store);
    in_store(world, true);
    enum store_result result = store_sqlite_open(&options, &world->store, world->error);
    in_store(world, false);
    if (result != STORE_OK) {
        world->store = NULL;
        return result;
    }
    in_store(world, true);
    result = world->store->claim(world->store, &world->fence);
    in_store(world, false);
    if (result != STORE_OK) {
        snprintf(world->error, sizeof world->error, "%s", world->store->place(world->store));
        store_world_close(world);
    }
    return result;
}

void store_world_close(struct store_world *world)
{
    if (world->store)
        world->store->close(world->store);
    world->store = NULL;
}

static enum store_result append_tick(struct store_world *world, uint64_t tick)
{
    static uint8_t bytes[ENTRY_BYTES_MAX];
    struct flush_buffer buffer = {0};
    for (unsigned room = 0; room < WORLD_ROOMS; room++) {
        size_t length = entry_fill(world, tick, room, bytes);
        struct flush_entry entry = {.room = store_world_room(room),
                                    .incarnation = incarnation_of(room),
                                    .first = tick,
                                    .last = tick,
                                    .bytes = {bytes, length}};
        if (length != 0)
            ck_assert(flush_add(&buffer, &entry));
    }
    struct store_flush flush = {.number = world->number[tick],
                                .bytes = {buffer.data, buffer.length}};
    in_store(world, true);
    enum store_result result = world->store->append(world->store, world->fence, &flush);
    in_store(world, false);
    free(buffer.data);
    return result;
}

enum store_result store_world_append(struct store_world *world)
{
    uint64_t tick = world->acknowledged + 1;
    ck_assert_uint_le(tick, WORLD_TICKS_MAX);
    world->attempted = tick;
    world->number[tick] = world->last_number + 1;
    enum store_result result = append_tick(world, tick);
    if (result == STORE_OK) {
        world->acknowledged = tick;
        world->in_journal[tick] = true;
        world->last_number++;
    }
    return result;
}

/* One of each order, both of the last tick that is sealed. */
/* The same by either order. */

static enum store_result write_score(struct store_world *world, uint64_t tick)
{
    struct store_score scores[2] = {{.board = bytes_of(SCORE_BOARD),
                                     .name = bytes_of(SCORE_NAME),
                                     .details = bytes_of(SCORE_DETAILS),
                                     .score = (int64_t)tick,
                                     .at_ms = tick}};
    scores[1] = scores[0];
    scores[1].high = true;
    in_store(world, true);
    enum store_result result = world->store->write_scores(world->store, scores, 2);
    in_store(world, false);
    if (result == STORE_OK)
        world->scored = tick;
    return result;
}

/* A session that goes on. */

static enum store_result put_session(struct store_world *world, uint64_t tick)
{
    struct store_session session = {.id = SESSION_ID,
                                    .room = store_world_room(PINNED_ROOM),
                                    .kind = bytes_of("open"),
                                    .first = 1,
                                    .last = tick,
                                    .ended_ms = WALL_MS + tick,
                                    .title = bytes_of(SESSION_TITLE),
                                    .pinned = true};
    in_store(world, true);
    enum store_result result = world->store->sessions->put(world->store, &session, 1);
    in_store(world, false);
    if (result == STORE_OK)
        world->told_to = tick;
    return result;
}

/* One room's presence. */
static void add_track(const struct store_world *world, struct store_sealed *sealed, unsigned room)
{
    static uint8_t bytes[ENTRY_BYTES_MAX];
    const struct store_blob *segment = &sealed->segment;
    sealed->track = *segment;
    sealed->track.bytes = (struct bytes){bytes, track_fill(world, segment->last, room, bytes)};
    sealed->summary = (struct bytes){bytes, 1};
    sealed->began_ms = WALL_MS + segment->first;
    sealed->ended_ms = WALL_MS + segment->last;
}

enum store_result store_world_seal(struct store_world *world)
{
    struct store_sealed sealed[WORLD_ROOMS];
    unsigned rooms[WORLD_ROOMS];
    size_t count = 0;
    uint8_t *snapshot = NULL;
    uint64_t to = world->acknowledged;
    for (unsigned room = 0; room < WORLD_ROOMS; room++) {
        struct store_blob segment = segment_of(world, room, world->sealed[room] + 1, to);
        if (segment.first == 0) {
            free((void *)(uintptr_t)segment.bytes.data);
            continue;
        }
        rooms[count] = room;
        sealed[count] = (struct store_sealed){
            .name = store_world_room(room), .kind = bytes_of("open"), .segment = segment};
        if (room == to % WORLD_ROOMS)
            add_track(world, &sealed[count], room);
        count++;
    }
    if (count != 0) {
        size_t which = to % count;
        snapshot = malloc(SNAPSHOT_BYTES_MAX);
        ck_assert_ptr_nonnull(snapshot);
        sealed[which].snapshot = (struct store_blob){
            .incarnation = incarnation_of(rooms[which]),
            .first = to,
            .last = to,
            .bytes = {snapshot, snapshot_fill(world, to, rooms[which], snapshot)}};
        world->offered[rooms[which]][to] = true;
    }
    in_store(world, true);
    enum store_result result = world->store->seal(world->store, sealed, count, WALL_MS + to);
    in_store(world, false);
    for (size_t i = 0; i < count; i++) {
        if (result == STORE_OK) {
            world->sealed[rooms[i]] = to;
            world->tracked[rooms[i]][sealed[i].track.last] = true;
            if (sealed[i].snapshot.bytes.length != 0)
                world->snapshot[rooms[i]] = to;
        }
        free((void *)(uintptr_t)sealed[i].segment.bytes.data);
    }
    free(snapshot);
    if (result == STORE_OK && to > 0)
        result = write_score(world, to);
    return result == STORE_OK && to > 0 ? put_session(world, to) : result;
}

/* A room without entries after what it sealed has nothing to wait for. */
static uint64_t sealed_by_all(const struct store_world *world)
{
    static uint8_t bytes[ENTRY_BYTES_MAX];
    uint64_t tick = world->released;
    for (; tick < world->acknowledged; tick++)
        for (unsigned room = 0; room < WORLD_ROOMS; room++)
            if (tick + 1 > world->sealed[room] && entry_fill(world, tick + 1, room, bytes) != 0)
                return tick;
    return tick;
}

enum store_result store_world_release(struct store_world *world)
{
    uint64_t tick = sealed_by_all(world);
    if (tick == world->released)
        return STORE_OK;
    in_store(world, true);
    enum store_result result = world->store->release(world->store, world->number[tick]);
    in_store(world, false);
    if (result == STORE_OK)
        world->released = tick;
    return result;
}

/* Whether it happens or not, what may go counts as gone. */
enum store_result store_world_retain(struct store_world *world)
{
    struct store_retention retention = {.before_ms = UINT64_MAX};
    uint64_t freed, sealed = world->sealed[PINNED_ROOM];
    enum store_result result = STORE_OK;
    if (world->told_to < sealed) /* a sealing was cut short before it came to the session */
        result = put_session(world, sealed);
    if (result != STORE_OK)
        return result;
    for (unsigned room = 0; room < WORLD_ROOMS; room++)
        if (room != PINNED_ROOM)
            world->retained[room] = world->acknowledged;
    in_store(world, true);
    result = world->store->retain(world->store, &retention, &freed);
    in_store(world, false);
    return result;
}

enum store_result store_world_renew(struct store_world *world)
{
    in_store(world, true);
    enum store_result result = world->store->renew_journal(world->store);
    in_store(world, false);
    for (uint64_t tick = world->released + 1; result == STORE_OK && tick <= world->acknowledged;
         tick++)
        if (world->in_journal[tick])
            result = append_tick(world, tick);
    return result;
}

void store_world_adopt(struct store_world *world, const struct store_sight *sight)
{
    for (uint64_t tick = sight->last + 1; tick <= world->attempted; tick++)
        world->salt[tick]++;
    world->acknowledged = world->attempted = sight->last;
    world->last_number = sight->last_number;
    memcpy(world->in_journal, sight->in_journal, sizeof world->in_journal);
    /* The archive may be ahead of a journal that lost its end: numbers are used again, ticks are not. */
    for (uint64_t tick = 1; tick <= sight->last; tick++)
        if (world->number[tick] > sight->last_number)
            world->number[tick] = sight->last_number;
    world->released = 0;
    while (world->released < sight->last && !sight->in_journal[world->released + 1])
        world->released++;
    for (unsigned room = 0; room < WORLD_ROOMS; room++) {
        world->snapshot[room] = sight->last_snapshot[room];
        world->sealed[room] = sight->last_sealed[room];
        for (uint64_t tick = sight->last + 1; tick <= WORLD_TICKS_MAX; tick++)
            world->offered[room][tick] = world->tracked[room][tick] = false;
    }
}
