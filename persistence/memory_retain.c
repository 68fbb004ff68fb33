/* memory_retain.c - as archive_retain.c, and in the same order: a piece of a recording lies between two
 * snapshots, and goes with the first of them. */
#include "persistence/memory_retain.h"

#include "persistence/memory_room.h"
#include "persistence/retention.h"

#include <stdlib.h>

struct retaining {
    struct memory_rooms *rooms;
    struct memory_sessions *sessions;
    const struct store_retention *retention;
    struct retention_pins pins; /* of the room that is looked at */
    uint64_t wanted, freed;     /* bytes */
};

/* What goes at one time: a piece of the recording, or one track behind the newest snapshot. */
struct piece {
    bool track;
    uint64_t after, up_to; /* ticks of the snapshots around it; of the track both its first */
    uint64_t sealed_ms;
};

static struct bytes name_of(const struct memory_room *room)
{
    return (struct bytes){room->name, room->name_length};
}

/* --- Finding ------------------------------------------------------------------------------------- */

struct pinning {
    struct retention_pins *pins;
    const struct memory_room *room;
};

static bool add_pin(void *context, const struct store_session *session)
{
    struct pinning *pinning = context;
    const struct blobs *snapshots = &pinning->room->snapshots;
    uint32_t behind = memory_blobs_place(snapshots, session->first + 1);
    if (session->pinned && pinning->pins->count < STORE_SESSIONS_MAX)
        pinning->pins->pins[pinning->pins->count++] = (struct retention_pin){
            .base = behind > 0 ? snapshots->items[behind - 1]->first : 0, .last = session->last};
    return true;
}

static bool is_needed(const struct retaining *retaining, const struct blob *blob)
{
    struct retention_pin needs;
    return retention_needs(&retaining->pins, blob->first, blob->last, &needs);
}

static bool may_drop(const struct retaining *retaining,
                     const struct memory_room *room,
                     const struct piece *piece,
                     uint32_t index)
{
    const struct blob *segment = room->segments.items[index];
    return segment->last > piece->after && segment->last <= piece->up_to &&
           (index == 0 || index + 1 < room->segments.count) && !is_needed(retaining, segment);
}

/* The last segment of the piece that may go; as many as there are, for none. */
static uint32_t find_segment(const struct retaining *retaining,
                             const struct memory_room *room,
                             const struct piece *piece)
{
    for (uint32_t index = room->segments.count; index > 0; index--)
        if (may_drop(retaining, room, piece, index - 1))
            return index - 1;
    return room->segments.count;
}

/* Likewise of the tracks that end in the piece, or before it. */
static uint32_t find_piece_track(const struct retaining *retaining,
                                 const struct memory_room *room,
                                 const struct piece *piece)
{
    for (uint32_t index = room->tracks.count; index > 0; index--)
        if (room->tracks.items[index - 1]->last <= piece->up_to &&
            !is_needed(retaining, room->tracks.items[index - 1]))
            return index - 1;
    return room->tracks.count;
}

static bool snapshot_may_go(const struct retaining *retaining, const struct piece *piece)
{
    return piece->after > 0 && !retention_needs_snapshot(&retaining->pins, piece->after);
}

static bool
find_piece(const struct retaining *retaining, const struct memory_room *room, struct piece *piece)
{
    *piece = (struct piece){0};
    for (uint32_t i = 0; i < room->snapshots.count; i++) {
        const struct blob *snapshot = room->snapshots.items[i];
        piece->up_to = snapshot->first;
        piece->sealed_ms = snapshot->sealed_ms;
        if (snapshot_may_go(retaining, piece) ||
            find_segment(retaining, room, piece) < room->segments.count ||
            find_piece_track(retaining, room, piece) < room->tracks.count)
            return true;
        piece->after = piece->up_to;
    }
    return false;
}

static bool
find_track(const struct retaining *retaining, const struct memory_room *room, struct piece *piece)
{
    for (uint32_t i = 0; i < room->tracks.count; i++) {
        const struct blob *track = room->tracks.items[i];
        if (is_needed(retaining, track))
            continue;
        *piece = (struct piece){.track = true,
                                .after = track->first,
                                .up_to = track->first,
                                .sealed_ms = track->sealed_ms};
        return true;
    }
    return false;
}

/* The oldest of the room that may go, where it is not spared. */
static bool
find_oldest(struct retaining *retaining, const struct memory_room *room, struct piece *piece)
{
    if (room->state != STORE_ROOM_WELL || retention_spares(retaining->retention, name_of(room)))
        return false;
    struct pinning pinning = {.pins = &retaining->pins, .room = room};
    retaining->pins.count = 0;
    memory_sessions_each(retaining->sessions, retaining->rooms, name_of(room), add_pin, &pinning);
    return find_piece(retaining, room, piece) || find_track(retaining, room, piece);
}

/* --- Dropping ------------------------------------------------------------------------------------ */

static void drop(struct retaining *retaining, struct blobs *blobs, uint32_t index)
{
    retaining->freed += blobs->items[index]->length;
    memory_blobs_take(retaining->rooms->budget, blobs, index);
}

static void drop_at(struct retaining *retaining, struct blobs *blobs, uint64_t tick)
{
    uint32_t index = memory_blobs_place(blobs, tick);
    if (index < blobs->count && blobs->items[index]->first == tick)
        drop(retaining, blobs, index);
}

static bool begins_segment(const struct memory_room *room, uint64_t tick)
{
    uint32_t index = memory_blobs_place(&room->segments, tick);
    return index < room->segments.count && room->segments.items[index]->first == tick;
}

static void drop_track(struct retaining *retaining, struct memory_room *room, uint32_t index)
{
    uint64_t first = room->tracks.items[index]->first;
    drop(retaining, &room->tracks, index);
    if (!begins_segment(room, first))
        drop_at(retaining, &room->summaries, first);
}

static void drop_segment(struct retaining *retaining,
                         struct memory_room *room,
                         const struct piece *piece,
                         uint32_t index)
{
    const struct blobs *log = &room->segments;
    uint64_t first = log->items[index]->first, to = log->items[index]->last;
    uint64_t from = index > 0 ? log->items[index - 1]->last + 1 : 0;
    if (index + 1 < log->count)
        to = log->items[index + 1]->first - 1;
    if (index > 0 && to > piece->up_to)
        to = piece->up_to;
    drop(retaining, &room->segments, index);
    drop_at(retaining, &room->summaries, first);
    memory_markers_drop(retaining->sessions, name_of(room), from, to);
}

static void
drop_rows(struct retaining *retaining, struct memory_room *room, const struct piece *piece)
{
    uint32_t index;
    while ((index = find_piece_track(retaining, room, piece)) < room->tracks.count)
        drop_track(retaining, room, index);
    while ((index = find_segment(retaining, room, piece)) < room->segments.count)
        drop_segment(retaining, room, piece, index);
    if (snapshot_may_go(retaining, piece))
        drop_at(retaining, &room->snapshots, piece->after);
}

static void
drop_piece(struct retaining *retaining, struct memory_room *room, const struct piece *piece)
{
    uint64_t end = piece->up_to;
    if (piece->track) {
        uint32_t index = memory_blobs_place(&room->tracks, piece->after);
        end = room->tracks.items[index]->last;
        drop_track(retaining, room, index);
    } else {
        drop_rows(retaining, room, piece);
    }
    memory_sessions_drop_empty(retaining->sessions, retaining->rooms, name_of(room), end);
}

/* --- All rooms ----------------------------------------------------------------------------------- */

static void trim(struct retaining *retaining, struct memory_room *room)
{
    const struct store_retention *retention = retaining->retention;
    struct piece piece;
    while (find_oldest(retaining, room, &piece)) {
        bool large = retention->room_bytes > 0 && memory_room_bytes(room) > retention->room_bytes;
        if (!large && piece.sealed_ms >= retention->before_ms)
            return;
        drop_piece(retaining, room, &piece);
    }
}

static bool too_much(const struct retaining *retaining)
{
    uint64_t bytes = 0, most = retaining->retention->all_bytes;
    for (uint32_t i = 0; i < retaining->rooms->count && most > 0; i++)
        bytes += memory_room_bytes(retaining->rooms->rooms[i]);
    return retaining->freed < retaining->wanted || bytes > most;
}

/* False where nothing may go. */
static bool drop_oldest(struct retaining *retaining)
{
    struct memory_room *oldest = NULL;
    struct piece piece, found;
    for (uint32_t i = 0; i < retaining->rooms->count; i++) {
        struct memory_room *room = retaining->rooms->rooms[i];
        if (!find_oldest(retaining, room, &found) ||
            (oldest != NULL && piece.sealed_ms <= found.sealed_ms))
            continue;
        oldest = room;
        piece = found;
    }
    if (oldest == NULL || !find_oldest(retaining, oldest, &piece))
        return false;
    drop_piece(retaining, oldest, &piece);
    return true;
}

enum store_result memory_retain(struct memory_rooms *rooms,
                                struct memory_sessions *sessions,
                                const struct store_retention *retention,
                                uint64_t wanted,
                                uint64_t *freed)
{
    struct retaining *retaining = calloc(1, sizeof *retaining);
    *freed = 0;
    if (retaining == NULL)
        return STORE_MEMORY;
    retaining->rooms = rooms;
    retaining->sessions = sessions;
    retaining->retention = retention;
    retaining->wanted = wanted;
    for (uint32_t i = 0; i < rooms->count; i++)
        if (retention->only.length == 0 || bytes_equal(retention->only, name_of(rooms->rooms[i])))
            trim(retaining, rooms->rooms[i]);
    while (too_much(retaining) && drop_oldest(retaining))
        continue;
    *freed = retaining->freed;
    free(retaining);
    return STORE_OK;
}
