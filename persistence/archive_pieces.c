/* archive_pieces.c - pieces of a room's recording: which is the oldest that may go, and its going.
 *
 * A piece goes from its end, the snapshot that it begins with last: what is left of it by a call that ends in
 * the middle, or a crash, is led to by what is before. */
#include "persistence/archive_pieces.h"
#include "persistence/archive_sessions.h"

/* Rows of one transaction: on a full disk a small one may still find room where a large one does
 * not, and what it frees is room for the next. */
#define ROWS_AT_ONCE 32u

/* Of a piece that is begun all goes in the same call, up to this: an hour of a room has 1,080. */
#define PIECE_ROWS_MAX 1200u

/* A segment or a track that may go; of a segment what the log has before it and behind; id 0 for none. */
struct row {
    enum blob_table table;
    struct blob_head blob, before, behind;
};

/* --- Finding ------------------------------------------------------------------------------------- */

/* Where a session does not check, or nobody can tell, all of the room is needed. */
static enum store_result find_pins(struct dropping *dropping, const struct archive_room *room)
{
    struct archive *archive = dropping->archive;
    struct retention_pins *pins = &dropping->pins;
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

/* The id up to which to look on for what begins before this blob, and is not needed as it is. */
static uint64_t id_before(const struct archive_room *room,
                          const struct blob_head *blob,
                          const struct retention_pin *needs)
{
    uint64_t base = blob_id(room->id, needs->base);
    return base < blob->id ? base : blob->id - 1;
}

/* The last segment stays where one before it does: it is the end that the log goes on from. */
static enum store_result find_neighbours(struct archive *archive,
                                         const struct archive_room *room,
                                         struct row *row,
                                         bool *may)
{
    uint64_t id = row->blob.id;
    enum store_result result = STORE_NOT_FOUND;
    row->before = row->behind = (struct blob_head){0};
    if (id_tick(id) > 0)
        result = archive_head_last(archive, SEGMENTS, blob_id(room->id, 0), id - 1, &row->before);
    if (result == STORE_OK || result == STORE_NOT_FOUND)
        result = archive_head_first(archive, SEGMENTS, id + 1, blob_id(room->id, STORE_TICK_MAX),
                                    &row->behind);
    *may = row->before.id == 0 || row->behind.id != 0;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* The last segment of the piece that may go. One that began before the piece may reach into it. */
static enum store_result find_segment(struct dropping *dropping,
                                      const struct archive_room *room,
                                      const struct archive_piece *piece,
                                      struct row *row)
{
    struct archive *archive = dropping->archive;
    uint64_t from = blob_id(room->id, 0), to = blob_id(room->id, piece->up_to);
    enum store_result result;
    while ((result = archive_head_last(archive, SEGMENTS, from, to, &row->blob)) == STORE_OK) {
        struct retention_pin needs = {.base = STORE_TICK_MAX};
        bool may = row->blob.last <= piece->up_to;
        if (row->blob.last <= piece->after)
            return STORE_NOT_FOUND;
        if (retention_needs(&dropping->pins, id_tick(row->blob.id), row->blob.last, &needs))
            may = false;
        else if (may)
            result = find_neighbours(archive, room, row, &may);
        row->table = SEGMENTS;
        if (may || result != STORE_OK)
            return result;
        to = id_before(room, &row->blob, &needs);
    }
    return result;
}

/* The last track that ends in the piece, or before it, and may go. */
static enum store_result find_piece_track(struct dropping *dropping,
                                          const struct archive_room *room,
                                          const struct archive_piece *piece,
                                          struct row *row)
{
    uint64_t from = blob_id(room->id, 0), to = blob_id(room->id, piece->up_to);
    enum store_result result;
    row->table = TRACKS;
    while ((result = archive_head_last(dropping->archive, TRACKS, from, to, &row->blob)) ==
           STORE_OK) {
        struct retention_pin needs = {.base = STORE_TICK_MAX};
        bool needed =
            retention_needs(&dropping->pins, id_tick(row->blob.id), row->blob.last, &needs);
        if (!needed && row->blob.last <= piece->up_to)
            return STORE_OK;
        to = id_before(room, &row->blob, &needs);
    }
    return result;
}

/* What goes next of the piece: the last that was recorded of it, and presence before its log. */
static enum store_result find_row(struct dropping *dropping,
                                  const struct archive_room *room,
                                  const struct archive_piece *piece,
                                  struct row *row)
{
    struct row track;
    enum store_result result = find_segment(dropping, room, piece, row);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return result;
    bool none = result == STORE_NOT_FOUND;
    result = find_piece_track(dropping, room, piece, &track);
    if (result == STORE_OK && (none || track.blob.id >= row->blob.id))
        *row = track;
    return result == STORE_NOT_FOUND && !none ? STORE_OK : result;
}

static bool snapshot_may_go(const struct dropping *dropping, const struct archive_piece *piece)
{
    return piece->after > 0 && !retention_needs_snapshot(&dropping->pins, piece->after);
}

/* Whether anything of the piece may go. */
static enum store_result may_go(struct dropping *dropping,
                                const struct archive_room *room,
                                const struct archive_piece *piece,
                                bool *may)
{
    struct row row;
    *may = snapshot_may_go(dropping, piece);
    if (*may)
        return STORE_OK;
    enum store_result result = find_row(dropping, room, piece, &row);
    *may = result == STORE_OK;
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* Past pieces all of which a session needs. */
static enum store_result
pass_pins(struct dropping *dropping, const struct archive_room *room, uint64_t *after)
{
    for (size_t i = 0; i < dropping->pins.count; i++) {
        const struct retention_pin *pin = &dropping->pins.pins[i];
        struct blob_head last;
        if (pin->base > *after || pin->last <= *after)
            continue;
        enum store_result result =
            archive_head_last(dropping->archive, SNAPSHOTS, blob_id(room->id, 0),
                              blob_id(room->id, pin->last), &last);
        if (result == STORE_OK && id_tick(last.id) > *after)
            *after = id_tick(last.id);
        if (result != STORE_OK && result != STORE_NOT_FOUND)
            return result;
    }
    return STORE_OK;
}

/* The oldest piece of which something may go. */
static enum store_result
find_piece(struct dropping *dropping, const struct archive_room *room, struct archive_piece *piece)
{
    *piece = (struct archive_piece){0};
    for (bool may = false;;) {
        struct blob_head snapshot;
        enum store_result result = pass_pins(dropping, room, &piece->after);
        if (result == STORE_OK)
            result = archive_head_first(dropping->archive, SNAPSHOTS,
                                        blob_id(room->id, piece->after) + 1,
                                        blob_id(room->id, STORE_TICK_MAX), &snapshot);
        if (result != STORE_OK)
            return result;
        piece->up_to = id_tick(snapshot.id);
        piece->sealed_ms = snapshot.sealed_ms;
        result = may_go(dropping, room, piece, &may);
        if (result != STORE_OK || may)
            return result;
        piece->after = piece->up_to;
    }
}

/* The oldest track that may go. */
static enum store_result
find_track(struct dropping *dropping, const struct archive_room *room, struct archive_piece *piece)
{
    struct blob_head track;
    uint64_t from = blob_id(room->id, 0), to = blob_id(room->id, STORE_TICK_MAX);
    for (;;) {
        struct retention_pin needs;
        enum store_result result = archive_head_first(dropping->archive, TRACKS, from, to, &track);
        if (result != STORE_OK)
            return result;
        if (!retention_needs(&dropping->pins, id_tick(track.id), track.last, &needs))
            break;
        from = blob_id(room->id, needs.last) + 1;
    }
    *piece = (struct archive_piece){
        .track = true, .after = track.id, .up_to = track.id, .sealed_ms = track.sealed_ms};
    return STORE_OK;
}

enum store_result archive_piece_oldest(struct dropping *dropping,
                                       const struct archive_room *room,
                                       struct archive_piece *piece)
{
    enum store_result result = find_pins(dropping, room);
    if (result == STORE_OK)
        result = find_piece(dropping, room, piece);
    return result == STORE_NOT_FOUND ? find_track(dropping, room, piece) : result;
}

/* --- Dropping ------------------------------------------------------------------------------------ */

static enum store_result
drop_blob(struct dropping *dropping, struct archive_room *room, const struct blob_head *blob)
{
    uint64_t bytes = blob->stored < room->room.bytes ? blob->stored : room->room.bytes;
    room->room.bytes -= bytes;
    dropping->rows++;
    return archive_blob_drop(dropping->archive, blob);
}

static enum store_result
drop_at(struct dropping *dropping, struct archive_room *room, enum blob_table table, uint64_t id)
{
    struct blob_head blob;
    enum store_result result = archive_head_first(dropping->archive, table, id, id, &blob);
    if (result == STORE_OK)
        return drop_blob(dropping, room, &blob);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

/* With what was told of it, where no segment of that tick tells more. */
static enum store_result
drop_track(struct dropping *dropping, struct archive_room *room, const struct blob_head *track)
{
    struct blob_head segment;
    enum store_result result = drop_blob(dropping, room, track);
    if (result != STORE_OK)
        return result;
    result = archive_head_first(dropping->archive, SEGMENTS, track->id, track->id, &segment);
    return result == STORE_NOT_FOUND ? drop_at(dropping, room, SUMMARIES, track->id) : result;
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

/* Moments without it: those behind what is before it, up to the piece's end or to what is behind. */
static enum store_result drop_markers(struct archive *archive,
                                      const struct archive_room *room,
                                      const struct archive_piece *piece,
                                      const struct row *segment)
{
    uint64_t from = segment->before.id != 0 ? segment->before.last + 1 : 0;
    uint64_t to = segment->blob.last;
    if (segment->behind.id != 0)
        to = id_tick(segment->behind.id) - 1;
    if (segment->before.id != 0 && to > piece->up_to)
        to = piece->up_to;
    return archive_markers_drop(archive, room->room.name, from, to);
}

static enum store_result drop_segment(struct dropping *dropping,
                                      struct archive_room *room,
                                      const struct archive_piece *piece,
                                      const struct row *segment)
{
    struct archive *archive = dropping->archive;
    uint64_t id = segment->blob.id;
    enum store_result result = drop_blob(dropping, room, &segment->blob);
    if (result == STORE_OK)
        result = archive_gaps_drop(archive, id, id);
    if (result == STORE_OK)
        result = close_up(archive, room, &segment->before, &segment->behind);
    if (result == STORE_OK)
        result = drop_at(dropping, room, SUMMARIES, id);
    return result == STORE_OK ? drop_markers(archive, room, piece, segment) : result;
}

static enum store_result
drop_lone_track(struct dropping *dropping, struct archive_room *room, uint64_t id)
{
    struct archive *archive = dropping->archive;
    struct blob_head track;
    enum store_result result = archive_head_first(archive, TRACKS, id, id, &track);
    if (result == STORE_OK)
        result = drop_track(dropping, room, &track);
    if (result == STORE_OK)
        result = archive_sessions_drop_empty(archive, room->room.name, room->id, track.last);
    return result;
}

/* Some of the piece; *more where others are left. */
static enum store_result drop_some(struct dropping *dropping,
                                   struct archive_room *room,
                                   const struct archive_piece *piece,
                                   bool *more)
{
    struct archive *archive = dropping->archive;
    enum store_result result = STORE_OK;
    *more = !piece->track;
    if (piece->track)
        return drop_lone_track(dropping, room, piece->after);
    for (unsigned count = 0; count < ROWS_AT_ONCE && result == STORE_OK; count++) {
        struct row row;
        result = find_row(dropping, room, piece, &row);
        if (result == STORE_OK)
            result = row.table == TRACKS ? drop_track(dropping, room, &row.blob)
                                         : drop_segment(dropping, room, piece, &row);
    }
    *more = result == STORE_OK;
    if (result == STORE_NOT_FOUND)
        result = snapshot_may_go(dropping, piece)
                     ? drop_at(dropping, room, SNAPSHOTS, blob_id(room->id, piece->after))
                     : STORE_OK;
    if (result == STORE_OK)
        result = archive_sessions_drop_empty(archive, room->room.name, room->id, piece->up_to);
    return result;
}

static enum store_result drop_rows(struct dropping *dropping,
                                   struct archive_room *room,
                                   const struct archive_piece *piece,
                                   bool *more)
{
    uint64_t before = room->room.bytes;
    enum store_result result = archive_begin(dropping->archive);
    if (result != STORE_OK)
        return result;
    result = drop_some(dropping, room, piece, more);
    if (result == STORE_OK)
        result = archive_room_write(dropping->archive, room, false);
    result = archive_end(dropping->archive, result);
    if (result == STORE_OK)
        dropping->freed += before - room->room.bytes;
    return result;
}

enum store_result archive_piece_drop(struct dropping *dropping,
                                     struct archive_room *room,
                                     const struct archive_piece *piece)
{
    bool more = true;
    uint64_t end = dropping->rows + PIECE_ROWS_MAX;
    enum store_result result = STORE_OK;
    while (more && result == STORE_OK) {
        result = drop_rows(dropping, room, piece, &more);
        more = more && (dropping->rows < end || dropping->rows < dropping->rows_max);
    }
    return result;
}
