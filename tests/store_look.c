/* What a store holds, compared with what its world said is saved. */
#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "persistence/flush.h"
#include "tests/store_bytes.h"

struct look {
    struct store_world *world;
    struct store_sight *sight;
    bool there[WORLD_ROOMS][WORLD_TICKS_MAX + 1];
    bool track[WORLD_ROOMS][WORLD_TICKS_MAX + 1], summary[WORLD_ROOMS][WORLD_TICKS_MAX + 1];
    unsigned room;
    uint64_t told_to; /* by the session */
};

__attribute__((format(printf, 3, 4))) static void
note(struct store_sight *sight, uint64_t *counter, const char *format, ...)
{
    (*counter)++;
    if (sight->first[0])
        return;
    va_list values;
    va_start(values, format);
    vsnprintf(sight->first, sizeof sight->first, format, values);
    va_end(values);
}

static bool is_entry(const struct look *look, const struct flush_entry *entry, unsigned room)
{
    static uint8_t bytes[ENTRY_BYTES_MAX];
    if (!bytes_equal(entry->room, store_world_room(room)) ||
        entry->incarnation != incarnation_of(room) || entry->first != entry->last)
        return false;
    size_t length = entry_fill(look->world, entry->first, room, bytes);
    return length != 0 && bytes_equal(entry->bytes, (struct bytes){bytes, length});
}

/* Exactly the entries of its tick, in the order of the rooms. */
static bool visit_flush(void *context, const struct store_flush *flush)
{
    struct look *look = context;
    struct store_sight *sight = look->sight;
    static uint8_t bytes[ENTRY_BYTES_MAX];
    struct flush_reader reader = {.bytes = flush->bytes};
    struct flush_entry entry;
    uint64_t tick = 0;
    unsigned room = 0;
    bool well = true;
    for (; flush_next(&reader, &entry); room++) {
        tick = entry.first;
        well = well && tick >= 1 && tick <= look->world->attempted;
        while (well && room < WORLD_ROOMS && entry_fill(look->world, tick, room, bytes) == 0)
            room++;
        well = well && room < WORLD_ROOMS && is_entry(look, &entry, room);
        if (!well)
            break;
        look->there[room][tick] = true;
    }
    while (well && tick && room < WORLD_ROOMS && entry_fill(look->world, tick, room, bytes) == 0)
        room++;
    if (!well || reader.damaged || room != WORLD_ROOMS ||
        look->world->number[tick] != flush->number)
        note(sight, &sight->wrong, "flush %" PRIu64 " (tick %" PRIu64 ")", flush->number, tick);
    else
        sight->in_journal[tick] = true;
    if (sight->last_number && flush->number != sight->last_number + 1)
        note(sight, &sight->wrong, "flush %" PRIu64 " after %" PRIu64, flush->number,
             sight->last_number);
    sight->last_number = flush->number;
    return true;
}

static bool visit_segment(void *context, const struct store_blob *blob)
{
    struct look *look = context;
    uint64_t *last = &look->sight->last_sealed[look->room];
    bool well =
        blob->first > *last && blob->last >= blob->first && blob->last <= look->world->attempted;
    if (well) {
        struct store_blob made = segment_of(look->world, look->room, blob->first, blob->last);
        well = bytes_equal(made.bytes, blob->bytes) && made.first == blob->first &&
               made.last == blob->last && made.incarnation == blob->incarnation;
        free((void *)(uintptr_t)made.bytes.data);
    }
    if (!well) {
        note(look->sight, &look->sight->wrong, "segment of %s at %" PRIu64 "..%" PRIu64,
             name_of(look->room), blob->first, blob->last);
        return false;
    }
    for (uint64_t tick = blob->first; tick <= blob->last; tick++)
        look->there[look->room][tick] = true;
    *last = blob->last;
    return true;
}

static bool visit_snapshot(void *context, const struct store_blob *blob)
{
    struct look *look = context;
    struct store_world *world = look->world;
    bool well = blob->first == blob->last && blob->last <= world->attempted &&
                world->offered[look->room][blob->last] &&
                blob->incarnation == incarnation_of(look->room);
    if (well) {
        uint8_t *bytes = malloc(SNAPSHOT_BYTES_MAX);
        ck_assert_ptr_nonnull(bytes);
        size_t length = snapshot_fill(world, blob->last, look->room, bytes);
        well = bytes_equal(blob->bytes, (struct bytes){bytes, length});
        free(bytes);
    }
    if (!well)
        note(look->sight, &look->sight->wrong, "snapshot of %s at %" PRIu64, name_of(look->room),
             blob->last);
    else
        look->sight->last_snapshot[look->room] = blob->last;
    return true;
}

static bool visit_track(void *context, const struct store_blob *blob)
{
    struct look *look = context;
    static uint8_t bytes[ENTRY_BYTES_MAX];
    bool well = blob->first <= blob->last && blob->last <= look->world->attempted &&
                blob->incarnation == incarnation_of(look->room);
    if (well) {
        size_t length = track_fill(look->world, blob->last, look->room, bytes);
        well = bytes_equal(blob->bytes, (struct bytes){bytes, length});
    }
    if (!well)
        note(look->sight, &look->sight->wrong, "track of %s to %" PRIu64, name_of(look->room),
             blob->last);
    else
        look->track[look->room][blob->last] = true;
    return true;
}

/* Its numbers are not checked where nothing is told of it. */
static bool visit_timeline(void *context, const struct store_segment *segment)
{
    struct look *look = context;
    static uint8_t bytes[ENTRY_BYTES_MAX];
    if (segment->began_ms == 0)
        return true;
    bool well = segment->began_ms == WALL_MS + segment->first &&
                segment->ended_ms == WALL_MS + segment->last &&
                segment->last <= look->world->attempted;
    if (well) {
        track_fill(look->world, segment->last, look->room, bytes);
        well = bytes_equal(segment->summary, (struct bytes){bytes, 1});
    }
    if (!well)
        note(look->sight, &look->sight->wrong, "what is told of %s to %" PRIu64,
             name_of(look->room), segment->last);
    else
        look->summary[look->room][segment->last] = true;
    return true;
}

static bool visit_room(void *context, const struct store_room *found)
{
    struct look *look = context;
    struct store_sight *sight = look->sight;
    bool well = bytes_equal(found->name, store_world_room(look->room)) &&
                bytes_equal(found->kind, bytes_of("open")) &&
                found->incarnation == incarnation_of(look->room) &&
                found->last <= look->world->attempted &&
                found->snapshot_tick <= look->world->attempted;
    if (!well && found->state == STORE_ROOM_WELL)
        note(sight, &sight->wrong,
             "%s: kind %.*s, incarnation %" PRIu64 ", ticks to %" PRIu64 ", snapshot at %" PRIu64,
             name_of(look->room), (int)found->kind.length, (const char *)found->kind.data,
             found->incarnation, found->last, found->snapshot_tick);
    if (found->state != STORE_ROOM_WELL)
        sight->hurt[look->room] = true;
    return true;
}

static void look_at_archive(struct look *look, unsigned room)
{
    struct store *store = look->world->store;
    struct bytes name = store_world_room(room);
    look->room = room;
    enum store_result results[] = {store->room(store, name, visit_room, look),
                                   store->snapshot(store, name, UINT64_MAX, visit_snapshot, look),
                                   store->read(store, name, 0, visit_segment, look),
                                   store->tracks(store, name, 0, visit_track, look),
                                   store->segments(store, name, 0, visit_timeline, look)};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
        if (results[i] != STORE_OK && results[i] != STORE_NOT_FOUND) {
            look->sight->hurt[room] = true;
            note(look->sight, &look->sight->errors, "%s: %s", store_result_text(results[i]),
                 store->place(store));
        }
}

static void compare_tracks(struct look *look)
{
    for (unsigned room = 0; room < WORLD_ROOMS; room++)
        for (uint64_t tick = 1; tick <= look->world->acknowledged; tick++)
            if (look->world->tracked[room][tick] && tick > look->world->retained[room] &&
                !(look->track[room][tick] && look->summary[room][tick]))
                note(look->sight, &look->sight->lost, "presence of %s to tick %" PRIu64,
                     name_of(room), tick);
}

/* What is there has to be the beginning of what was said. */
static void compare(struct look *look)
{
    static uint8_t bytes[ENTRY_BYTES_MAX];
    struct store_world *world = look->world;
    struct store_sight *sight = look->sight;
    bool whole = true;
    for (uint64_t tick = 1; tick <= world->attempted; tick++) {
        unsigned there = 0, missing = 0;
        for (unsigned room = 0; room < WORLD_ROOMS; room++) {
            if (entry_fill(world, tick, room, bytes) == 0)
                continue;
            if (look->there[room][tick]) {
                there++;
                continue;
            }
            if (tick <= world->retained[room] && tick <= sight->last_snapshot[room])
                continue;
            missing++;
            if (tick > world->acknowledged)
                continue;
            note(sight, &sight->lost, "%s at tick %" PRIu64, name_of(room), tick);
            sight->lost_of[room]++;
        }
        whole = whole && missing == 0;
        if (whole)
            sight->last = tick;
        else if (there != 0)
            note(sight, &sight->holes, "a hole before tick %" PRIu64, tick);
    }
    compare_tracks(look);
    for (unsigned room = 0; room < WORLD_ROOMS; room++) {
        if (sight->last_snapshot[room] >= world->snapshot[room])
            continue;
        note(sight, &sight->lost, "snapshot of %s at tick %" PRIu64, name_of(room),
             world->snapshot[room]);
        sight->lost_of[room]++;
    }
}

struct scores {
    uint64_t count, score;
    bool high, low;
    bool wrong;
};

static bool visit_score(void *context, const struct store_score *score)
{
    struct scores *scores = context;
    scores->wrong |= scores->count > 0 && (uint64_t)score->score != scores->score;
    scores->wrong |= score->at_ms != (uint64_t)score->score ||
                     !bytes_equal(score->board, bytes_of(SCORE_BOARD)) ||
                     !bytes_equal(score->name, bytes_of(SCORE_NAME)) ||
                     !bytes_equal(score->details, bytes_of(SCORE_DETAILS)) ||
                     (score->high ? scores->high : scores->low);
    scores->high |= score->high;
    scores->low |= !score->high;
    scores->score = (uint64_t)score->score;
    scores->count++;
    return true;
}

/* Both of one writing, of what was saved last or was tried after that. */
static void look_at_scores(struct look *look)
{
    struct store_world *world = look->world;
    struct scores scores = {0};
    enum store_result result = world->store->scores(world->store, visit_score, &scores);
    if (result != STORE_OK)
        note(look->sight, &look->sight->errors, "scores: %s", store_result_text(result));
    else if (scores.score < world->scored || scores.count == 1)
        note(look->sight, &look->sight->lost,
             "%" PRIu64 " scores of %" PRIu64 ", not two of %" PRIu64, scores.count, scores.score,
             world->scored);
    if (scores.wrong || scores.count > 2)
        note(look->sight, &look->sight->wrong, "%" PRIu64 " scores, not two of one writing",
             scores.count);
    world->scored = scores.score > world->scored ? scores.score : world->scored;
}

static bool visit_session(void *context, const struct store_session *session)
{
    struct look *look = context;
    bool well = session->id == SESSION_ID &&
                bytes_equal(session->room, store_world_room(PINNED_ROOM)) && session->first == 1 &&
                session->ended_ms == WALL_MS + session->last &&
                bytes_equal(session->title, bytes_of(SESSION_TITLE)) && session->pinned;
    if (!well || look->told_to > 0)
        note(look->sight, &look->sight->wrong, "session to %" PRIu64, session->last);
    look->told_to = session->last;
    return true;
}

static void look_at_sessions(struct look *look)
{
    struct store_world *world = look->world;
    enum store_result result =
        world->store->sessions->list(world->store, (struct bytes){0}, visit_session, look);
    if (result != STORE_OK)
        note(look->sight, &look->sight->errors, "sessions: %s", store_result_text(result));
    else if (look->told_to < world->told_to)
        note(look->sight, &look->sight->lost, "session to %" PRIu64 ", not to %" PRIu64,
             look->told_to, world->told_to);
    world->told_to = look->told_to > world->told_to ? look->told_to : world->told_to;
}

void store_world_look(struct store_world *world, struct store_sight *sight)
{
    static struct look look;
    memset(sight, 0, sizeof *sight);
    memset(&look, 0, sizeof look);
    look.world = world;
    look.sight = sight;
    struct store *store = world->store;
    uint64_t last = 0;
    enum store_result result = store->flushes(store, visit_flush, &look, &last);
    if (result != STORE_OK) {
        sight->journal_hurt = true;
        note(sight, &sight->errors, "%s: %s", store_result_text(result), store->place(store));
    }
    if (sight->last_number == 0)
        sight->last_number = last;
    else if (last != sight->last_number)
        note(sight, &sight->wrong, "the walk ends at %" PRIu64 ", it says", last);
    for (unsigned room = 0; room < WORLD_ROOMS; room++)
        look_at_archive(&look, room);
    for (unsigned room = 0; room < WORLD_ROOMS; room++)
        if (world->retained[room] > 0 && sight->last_sealed[room] < sight->last_snapshot[room])
            sight->last_sealed[room] = sight->last_snapshot[room];
    look_at_scores(&look);
    look_at_sessions(&look);
    compare(&look);
}
