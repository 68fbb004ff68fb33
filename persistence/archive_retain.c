/* archive_retain.c - what goes of recordings, and when.
 *
 * A piece of a room's log lies between two snapshots: it goes with the first of them, so that what is left
 * begins with one. What lies behind the newest snapshot stays; tracks there, which nobody needs to come
 * back, may go by themselves. Rooms are looked at one after the other, some with each call; a round over
 * all of them finds which have the oldest pieces. */
#include "persistence/archive_parts.h"
#include "persistence/archive_sessions.h"
#include "persistence/retention.h"
#include "persistence/store_place.h"

#include <stdlib.h>
#include <string.h>

/* Rows of one transaction: on a full disk a small one may still find room where a large one does
 * not, and what it frees is room for the next. */
#define ROWS_AT_ONCE 32u

/* Of one call that is not to free so much. */
#define ROWS_MAX  512u
#define ROOMS_MAX 512u

/* Pages given back to the file system at a time. */
#define GIVE_BACK "PRAGMA incremental_vacuum(4096)"

struct retaining {
    struct archive *archive;
    const struct store_retention *retention;
    struct retention_pins pins; /* of the room that is looked at */
    uint64_t wanted;            /* bytes that are to go in any case */
    uint64_t freed;
    uint64_t rows, rooms; /* so many may still be dropped and looked at */
};

/* What goes at one time: a piece of the log, or one track. */
struct piece {
    bool track;
    uint64_t after, up_to; /* ticks of the snapshots around it; of the track both its id */
    uint64_t sealed_ms;    /* all of it was, by then */
};

/* --- Finding ------------------------------------------------------------------------------------- */

/* Where a session does not check, or nobody can tell, all of the room is needed. */
static enum store_result find_pins(struct retaining *retaining, const struct archive_room *room)
{
    struct archive *archive = retaining->archive;
    struct retention_pins *pins = &retaining->pins;
    struct archive_row row;
    sqlite3_stmt *walk;
    enum store_result result =
        archive_table_walk(archive, &archive_session_table, "WHERE room = ?1", &walk);
    pins->count = 0;
    if (result == STORE_OK)
        sqlite_bind_bytes(walk, 1, room->room.name);
    while (result == STORE_OK &&
           (result = archive_table_next(archive, &archive_session_table, walk, &row)) == STORE_OK) {
        struct blob_head base;
        if (!row.session.pinned || pins->count == STORE_SESSIONS_MAX)
            continue;
        enum store_result found = archive_head_last(archive, SNAPSHOTS, blob_id(room->id, 0),
                                                    blob_id(room->id, row.session.first), &base);
        pins->pins[pins->count++] = (struct retention_pin){
            .base = found == STORE_OK ? id_tick(base.id) : 0, .last = row.session.last};
        if (found != STORE_OK && found != STORE_NOT_FOUND)
            result = found;
    }
    sqlite3_finalize(walk);
    if (result == STORE_DAMAGED && !archive->file.corrupt) {
        pins->pins[0] = RETENTION_ALL;
        pins->count = 1;
        return STORE_OK;
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* The first segment of the piece that may go. */
static enum store_result find_segment(struct retaining *retaining,
                                      const struct archive_room *room,
                                      const struct piece *piece,
                                      struct blob_head *segment)
{
    struct archive *archive = retaining->archive;
    uint64_t from = blob_id(room->id, 0), to = blob_id(room->id, piece->up_to);
    enum store_result result =
        archive_head_last(archive, SEGMENTS, from, blob_id(room->id, piece->after), segment);
    if (result == STORE_OK) /* it may reach into the piece */
        from = segment->id;
    while (result == STORE_OK || result == STORE_NOT_FOUND) {
        result = archive_head_first(archive, SEGMENTS, from, to, segment);
        if (result != STORE_OK)
            return result;
        if (segment->last > piece->up_to)
            return STORE_NOT_FOUND;
        uint64_t needed =
            retention_needed_to(&retaining->pins, id_tick(segment->id), segment->last);
        if (segment->last > piece->after && needed == 0)
            return STORE_OK;
        from = needed > id_tick(segment->id) ? blob_id(room->id, needed) : segment->id;
        from++;
    }
    return result;
}

/* The last segment stays where one before it does: it is the end that the log goes on from. */
static enum store_result may_drop(struct archive *archive,
                                  const struct archive_room *room,
                                  const struct blob_head *segment,
                                  struct blob_head *before,
                                  struct blob_head *behind,
                                  bool *may)
{
    enum store_result result = STORE_NOT_FOUND;
    *before = *behind = (struct blob_head){0};
    if (id_tick(segment->id) > 0)
        result =
            archive_head_last(archive, SEGMENTS, blob_id(room->id, 0), segment->id - 1, before);
    if (result == STORE_OK || result == STORE_NOT_FOUND)
        result = archive_head_first(archive, SEGMENTS, segment->id + 1,
                                    blob_id(room->id, STORE_TICK_MAX), behind);
    *may = before->id == 0 || behind->id != 0;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* Whether anything of the piece may go. */
static enum store_result may_go(struct retaining *retaining,
                                const struct archive_room *room,
                                const struct piece *piece,
                                bool *may)
{
    struct blob_head segment, before, behind;
    *may = piece->after > 0 && !retention_needs_snapshot(&retaining->pins, piece->after);
    if (*may)
        return STORE_OK;
    enum store_result result = find_segment(retaining, room, piece, &segment);
    if (result != STORE_OK)
        return result == STORE_NOT_FOUND ? STORE_OK : result;
    return may_drop(retaining->archive, room, &segment, &before, &behind, may);
}

/* Past pieces all of which a session needs. */
static enum store_result
pass_pins(struct retaining *retaining, const struct archive_room *room, uint64_t *after)
{
    for (size_t i = 0; i < retaining->pins.count; i++) {
        const struct retention_pin *pin = &retaining->pins.pins[i];
        struct blob_head last;
        if (pin->base > *after || pin->last <= *after)
            continue;
        enum store_result result =
            archive_head_last(retaining->archive, SNAPSHOTS, blob_id(room->id, 0),
                              blob_id(room->id, pin->last), &last);
        if (result == STORE_OK && id_tick(last.id) > *after)
            *after = id_tick(last.id);
        if (result != STORE_OK && result != STORE_NOT_FOUND)
            return result;
    }
    return STORE_OK;
}

/* The oldest piece of the log of which something may go. */
static enum store_result
find_piece(struct retaining *retaining, const struct archive_room *room, struct piece *piece)
{
    *piece = (struct piece){0};
    for (bool may = false;;) {
        struct blob_head snapshot;
        enum store_result result = pass_pins(retaining, room, &piece->after);
        if (result == STORE_OK)
            result = archive_head_first(retaining->archive, SNAPSHOTS,
                                        blob_id(room->id, piece->after) + 1,
                                        blob_id(room->id, STORE_TICK_MAX), &snapshot);
        if (result != STORE_OK)
            return result;
        piece->up_to = id_tick(snapshot.id);
        piece->sealed_ms = snapshot.sealed_ms;
        result = may_go(retaining, room, piece, &may);
        if (result != STORE_OK || may)
            return result;
        piece->after = piece->up_to;
    }
}

/* The oldest track that may go. */
static enum store_result
find_track(struct retaining *retaining, const struct archive_room *room, struct piece *piece)
{
    struct blob_head track;
    uint64_t from = blob_id(room->id, 0), to = blob_id(room->id, STORE_TICK_MAX), needed;
    enum store_result result;
    for (;;) {
        result = archive_head_first(retaining->archive, TRACKS, from, to, &track);
        if (result != STORE_OK)
            return result;
        needed = retention_needed_to(&retaining->pins, id_tick(track.id), track.last);
        if (needed == 0)
            break;
        from = blob_id(room->id, needed) + 1;
    }
    *piece = (struct piece){
        .track = true, .after = track.id, .up_to = track.id, .sealed_ms = track.sealed_ms};
    return STORE_OK;
}

/* STORE_NOT_FOUND where nothing of the room may go. */
static enum store_result
find_oldest(struct retaining *retaining, const struct archive_room *room, struct piece *piece)
{
    enum store_result result = find_pins(retaining, room);
    if (result == STORE_OK)
        result = find_piece(retaining, room, piece);
    return result == STORE_NOT_FOUND ? find_track(retaining, room, piece) : result;
}

/* --- Dropping ------------------------------------------------------------------------------------ */

static enum store_result
drop_blob(struct retaining *retaining, struct archive_room *room, const struct blob_head *blob)
{
    uint64_t bytes = blob->stored < room->room.bytes ? blob->stored : room->room.bytes;
    room->room.bytes -= bytes;
    return archive_blob_drop(retaining->archive, blob);
}

static enum store_result
drop_at(struct retaining *retaining, struct archive_room *room, enum blob_table table, uint64_t id)
{
    struct blob_head blob;
    enum store_result result = archive_head_first(retaining->archive, table, id, id, &blob);
    if (result == STORE_OK)
        return drop_blob(retaining, room, &blob);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* With what was told of it, where no segment of that tick tells more. */
static enum store_result
drop_track(struct retaining *retaining, struct archive_room *room, const struct blob_head *track)
{
    struct blob_head segment;
    enum store_result result = drop_blob(retaining, room, track);
    if (result != STORE_OK)
        return result;
    result = archive_head_first(retaining->archive, SEGMENTS, track->id, track->id, &segment);
    return result == STORE_NOT_FOUND ? drop_at(retaining, room, SUMMARIES, track->id) : result;
}

/* What the log is when the segment between these two is gone. */
static enum store_result close_up(struct archive *archive,
                                  struct archive_room *room,
                                  const struct blob_head *before,
                                  const struct blob_head *behind)
{
    if (before->id != 0)
        return archive_gap_set(archive, room->room.name, behind->id, before->last);
    room->room.first = id_tick(behind->id);
    if (behind->id == 0)
        room->room.last = 0;
    return behind->id != 0 ? archive_gaps_drop(archive, behind->id, behind->id) : STORE_OK;
}

static enum store_result drop_segment(struct retaining *retaining,
                                      struct archive_room *room,
                                      const struct blob_head *segment,
                                      const struct blob_head *before,
                                      const struct blob_head *behind)
{
    struct archive *archive = retaining->archive;
    enum store_result result = drop_blob(retaining, room, segment);
    if (result == STORE_OK)
        result = archive_gaps_drop(archive, segment->id, segment->id);
    if (result == STORE_OK)
        result = close_up(archive, room, before, behind);
    if (result == STORE_OK)
        result = drop_at(retaining, room, SUMMARIES, segment->id);
    if (result == STORE_OK)
        result =
            archive_markers_drop(archive, room->room.name, id_tick(segment->id), segment->last);
    return result;
}

/* Some segments of the piece; *more where others are left. */
static enum store_result drop_segments(struct retaining *retaining,
                                       struct archive_room *room,
                                       const struct piece *piece,
                                       bool *more)
{
    enum store_result result = STORE_OK;
    *more = true;
    for (unsigned row = 0; row < ROWS_AT_ONCE && result == STORE_OK; row++) {
        struct blob_head segment, before, behind;
        bool may = false;
        result = find_segment(retaining, room, piece, &segment);
        if (result == STORE_OK)
            result = may_drop(retaining->archive, room, &segment, &before, &behind, &may);
        *more = result == STORE_OK && may;
        if (!*more)
            break;
        result = drop_segment(retaining, room, &segment, &before, &behind);
        retaining->rows -= retaining->rows > 0;
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* Some tracks that end in the piece or before. */
static enum store_result drop_tracks(struct retaining *retaining,
                                     struct archive_room *room,
                                     const struct piece *piece,
                                     bool *more)
{
    struct blob_head track;
    uint64_t from = blob_id(room->id, 0), to = blob_id(room->id, piece->up_to);
    enum store_result result = STORE_OK;
    for (unsigned row = 0; row < ROWS_AT_ONCE && result == STORE_OK;) {
        result = archive_head_first(retaining->archive, TRACKS, from, to, &track);
        if (result != STORE_OK || track.last > piece->up_to)
            return result == STORE_NOT_FOUND ? STORE_OK : result;
        from = track.id + 1;
        if (retention_needed_to(&retaining->pins, id_tick(track.id), track.last) > 0)
            continue;
        result = drop_track(retaining, room, &track);
        retaining->rows -= retaining->rows > 0;
        row++;
    }
    *more = true;
    return result;
}

static enum store_result
drop_lone_track(struct retaining *retaining, struct archive_room *room, uint64_t id)
{
    struct archive *archive = retaining->archive;
    struct blob_head track;
    enum store_result result = archive_head_first(archive, TRACKS, id, id, &track);
    if (result == STORE_OK)
        result = drop_track(retaining, room, &track);
    if (result == STORE_OK)
        result = archive_sessions_drop_empty(archive, room->room.name, room->id, track.last);
    return result;
}

/* The snapshot goes first: what it leads to is not a room without it. */
static enum store_result drop_some(struct retaining *retaining,
                                   struct archive_room *room,
                                   const struct piece *piece,
                                   bool *more)
{
    struct archive *archive = retaining->archive;
    enum store_result result = STORE_OK;
    *more = false;
    if (piece->track)
        return drop_lone_track(retaining, room, piece->after);
    if (piece->after > 0 && !retention_needs_snapshot(&retaining->pins, piece->after))
        result = drop_at(retaining, room, SNAPSHOTS, blob_id(room->id, piece->after));
    if (result == STORE_OK)
        result = drop_segments(retaining, room, piece, more);
    if (result == STORE_OK && !*more)
        result = drop_tracks(retaining, room, piece, more);
    if (result == STORE_OK && !*more)
        result = archive_sessions_drop_empty(archive, room->room.name, room->id, piece->up_to);
    return result;
}

static enum store_result drop_rows(struct retaining *retaining,
                                   struct archive_room *room,
                                   const struct piece *piece,
                                   bool *more)
{
    uint64_t before = room->room.bytes;
    enum store_result result = archive_begin(retaining->archive);
    if (result != STORE_OK)
        return result;
    result = drop_some(retaining, room, piece, more);
    if (result == STORE_OK)
        result = archive_room_write(retaining->archive, room, false);
    result = archive_end(retaining->archive, result);
    if (result == STORE_OK)
        retaining->freed += before - room->room.bytes;
    return result;
}

/* All of the piece, as far as this call goes. */
static enum store_result
drop_piece(struct retaining *retaining, struct archive_room *room, const struct piece *piece)
{
    bool more = true;
    enum store_result result = STORE_OK;
    retaining->rows -= retaining->rows > 0;
    while (more && result == STORE_OK) {
        result = drop_rows(retaining, room, piece, &more);
        more = more && retaining->rows > 0;
    }
    return result;
}

/* --- One room ------------------------------------------------------------------------------------ */

static void note_old(struct archive *archive, uint64_t room, uint64_t sealed_ms)
{
    size_t place = archive->old_count;
    while (place > 0 && archive->oldest[place - 1].sealed_ms > sealed_ms)
        place--;
    if (place == ARCHIVE_OLD_MAX)
        return;
    if (archive->old_count < ARCHIVE_OLD_MAX)
        archive->old_count++;
    memmove(&archive->oldest[place + 1], &archive->oldest[place],
            (archive->old_count - 1 - place) * sizeof archive->oldest[0]);
    archive->oldest[place] = (struct archive_old){.room = room, .sealed_ms = sealed_ms};
}

/* The room where something may go at all: STORE_NOT_FOUND where not. */
static enum store_result
find_room(const struct retaining *retaining, uint64_t id, struct archive_room *room)
{
    enum store_result result = archive_room_at(retaining->archive, id, room);
    if (result == STORE_DAMAGED && !retaining->archive->file.corrupt)
        return STORE_NOT_FOUND; /* it is salvaged at the next start */
    bool may = result == STORE_OK && room->room.state == STORE_ROOM_WELL &&
               !retention_spares(retaining->retention, room->room.name);
    return result == STORE_OK && !may ? STORE_NOT_FOUND : result;
}

/* What is too old of it, or too much; and how old the rest is. */
static enum store_result trim(struct retaining *retaining, uint64_t id)
{
    const struct store_retention *retention = retaining->retention;
    struct archive_room room;
    struct piece piece;
    enum store_result result = find_room(retaining, id, &room);
    while (result == STORE_OK) {
        result = find_oldest(retaining, &room, &piece);
        if (result != STORE_OK)
            break;
        bool large = retention->room_bytes > 0 && room.room.bytes > retention->room_bytes;
        if ((!large && piece.sealed_ms >= retention->before_ms) || retaining->rows == 0) {
            if (retention->only.length == 0)
                note_old(retaining->archive, id, piece.sealed_ms);
            return STORE_OK;
        }
        result = drop_piece(retaining, &room, &piece);
    }
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* --- All rooms ----------------------------------------------------------------------------------- */

/* Goes on with the round; *round when it has come to its end. */
static enum store_result look_on(struct retaining *retaining, bool *round)
{
    struct archive *archive = retaining->archive;
    enum store_result result = STORE_OK;
    if (archive->looked_at == 0)
        archive->old_count = 0;
    while (result == STORE_OK && retaining->rooms > 0 && archive->looked_at < archive->rooms) {
        retaining->rooms--;
        result = trim(retaining, ++archive->looked_at);
    }
    *round = result == STORE_OK && archive->looked_at >= archive->rooms;
    if (*round)
        archive->looked_at = 0;
    return result;
}

static enum store_result weigh(struct archive *archive)
{
    sqlite3_stmt *row;
    if (archive->stored_known)
        return STORE_OK;
    enum store_result result =
        archive_statement(archive, "SELECT coalesce(sum(bytes), 0) FROM room", &row);
    if (result == STORE_OK)
        result = sqlite_file_step(&archive->file, row);
    if (result == STORE_OK)
        archive->stored = sqlite_column_number(row, 0);
    archive->stored_known = result == STORE_OK;
    sqlite3_finalize(row);
    return result;
}

static bool too_much(const struct retaining *retaining)
{
    uint64_t most = retaining->retention->all_bytes;
    return retaining->freed < retaining->wanted || (most > 0 && retaining->archive->stored > most);
}

/* Takes the room out that is first among the old, drops its oldest piece, and puts it back with the next: in
 * its order, as far as that is known when more rooms have old pieces than are noted. */
static enum store_result drop_first(struct retaining *retaining, bool all_noted)
{
    struct archive *archive = retaining->archive;
    uint64_t id = archive->oldest[0].room;
    struct archive_room room;
    struct piece piece;
    memmove(&archive->oldest[0], &archive->oldest[1],
            --archive->old_count * sizeof archive->oldest[0]);
    enum store_result result = find_room(retaining, id, &room);
    if (result == STORE_OK)
        result = find_oldest(retaining, &room, &piece);
    if (result == STORE_OK)
        result = drop_piece(retaining, &room, &piece);
    if (result == STORE_OK)
        result = find_oldest(retaining, &room, &piece);
    if (result != STORE_OK)
        return result == STORE_NOT_FOUND ? STORE_OK : result;
    size_t count = archive->old_count;
    if (all_noted || (count > 0 && piece.sealed_ms <= archive->oldest[count - 1].sealed_ms))
        note_old(archive, id, piece.sealed_ms);
    return STORE_OK;
}

/* What is oldest of any room, as long as there is too much. */
static enum store_result drop_oldest(struct retaining *retaining)
{
    struct archive *archive = retaining->archive;
    bool all_noted = archive->old_count < ARCHIVE_OLD_MAX;
    if (retaining->retention->all_bytes == 0 && retaining->wanted == 0)
        return STORE_OK;
    enum store_result result = weigh(archive);
    while (result == STORE_OK && archive->old_count > 0 && retaining->rows > 0 &&
           too_much(retaining))
        result = drop_first(retaining, all_noted);
    return result;
}

/* Round after round, until nothing has gone in one. */
static enum store_result run(struct retaining *retaining)
{
    bool round = true;
    uint64_t freed;
    enum store_result result;
    do {
        freed = retaining->freed;
        result = look_on(retaining, &round);
        if (result == STORE_OK && round)
            result = drop_oldest(retaining);
    } while (result == STORE_OK && round && retaining->freed > freed && retaining->rows > 0 &&
             retaining->rooms > 0 && too_much(retaining));
    return result;
}

/* Room that stays in the file serves the next sealing; only a journal that shares the disk needs it given
 * back. */
static enum store_result give_back(struct archive *archive)
{
    if (!archive->owes_room)
        return STORE_OK;
    enum store_result result = sqlite_file_exec(&archive->file, GIVE_BACK);
    if (result != STORE_OK)
        return result;
    archive->owes_room = false;
    return sqlite_file_checkpoint(&archive->file);
}

/* A disk that has failed is to see the same transaction again before it sees another one: of two that were
 * not synced nobody could tell which came first. So nothing is given back then, and the round begins anew. */
static enum store_result begin_and_run(struct archive *archive,
                                       const struct store_retention *retention,
                                       uint64_t wanted,
                                       uint64_t *freed)
{
    *freed = 0;
    struct retaining *retaining = calloc(1, sizeof *retaining);
    if (retaining == NULL)
        return STORE_MEMORY;
    retaining->archive = archive;
    retaining->retention = retention;
    retaining->wanted = wanted;
    retaining->rows = wanted > 0 ? UINT64_MAX : ROWS_MAX;
    retaining->rooms = wanted > 0 ? UINT64_MAX : ROOMS_MAX;
    enum store_result result = run(retaining);
    *freed = retaining->freed;
    free(retaining);
    archive->owes_room |= *freed > 0;
    if (result == STORE_FAILED || result == STORE_FULL)
        archive->looked_at = 0;
    return result == STORE_OK ? give_back(archive) : result;
}

/* Of one room, outside of the round. */
static enum store_result
retain_one(struct archive *archive, const struct store_retention *retention, uint64_t *freed)
{
    struct archive_room room;
    struct retaining *retaining = calloc(1, sizeof *retaining);
    *freed = 0;
    if (retaining == NULL)
        return STORE_MEMORY;
    *retaining = (struct retaining){.archive = archive, .retention = retention, .rows = ROWS_MAX};
    enum store_result result = archive_room_find(archive, retention->only, &room);
    if (result == STORE_OK)
        result = trim(retaining, room.id);
    *freed = retaining->freed;
    free(retaining);
    archive->owes_room |= *freed > 0;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

enum store_result
archive_retain(struct archive *archive, const struct store_retention *retention, uint64_t *freed)
{
    if (retention->only.length > 0)
        return retain_one(archive, retention, freed);
    return begin_and_run(archive, retention, 0, freed);
}

enum store_result archive_reclaim(struct archive *archive, uint64_t bytes, uint64_t *freed)
{
    static const struct store_retention none;
    *freed = 0;
    if (bytes == 0)
        return STORE_OK;
    archive->looked_at = 0;
    enum store_result result = begin_and_run(archive, &none, bytes, freed);
    if (*freed > 0)
        return STORE_OK;
    return result == STORE_OK ? STORE_NOT_FOUND : result;
}
