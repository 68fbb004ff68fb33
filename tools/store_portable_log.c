/* store_portable_log.c - a room's log and its presence, run by run, as they go into a portable file. */
#include "sync/log_piece.h"
#include "sync/room.h"
#include "sync/snapshot.h"
#include "sync/track.h"
#include "tools/store_portable_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Entries that are packed anew go in pieces of so many bytes; one entry may come on top. */
#define PIECE_LOG_BYTES (LOG_PIECE_PACKED_MAX / 2)

static bool without_memory(struct portable_work *work)
{
    return portable_fails(work, STORE_MEMORY, "no memory");
}

/* --- Entries -------------------------------------------------------------------------------------- */

/* Entries of ticks above `after` up to `to`: they stand beside one another. */
struct cut {
    struct bytes bytes;
    struct log_entry head; /* the first of them */
    uint64_t first, last;  /* ticks; 0: there are none */
    size_t count;
    uint64_t incarnation; /* in which the room is behind them; 0: as before */
};

/* An origin is the first that an entry has. */
static uint64_t incarnation_of(const struct log_entry *entry)
{
    struct reader acts = reader_on(entry->acts);
    struct log_act act;
    return log_read_act(&acts, &act) ? act.origin.incarnation : 0;
}

static struct cut cut_entries(struct bytes entries, uint64_t after, uint64_t to, size_t most)
{
    struct cut cut = {.bytes = {entries.data, 0}};
    struct reader reader = reader_on(entries);
    struct log_entry entry;
    while (log_read_entry(&reader, &entry) && entry.tick <= to && cut.bytes.length < most) {
        if (entry.tick <= after)
            continue;
        if (cut.count++ == 0) {
            cut.head = entry;
            cut.bytes.data = entry.bytes.data;
            cut.first = entry.tick;
        }
        uint64_t incarnation = incarnation_of(&entry);
        cut.incarnation = incarnation > 0 ? incarnation : cut.incarnation;
        cut.last = entry.tick;
        cut.bytes.length = (size_t)(entry.bytes.data + entry.bytes.length - cut.bytes.data);
    }
    return cut;
}

static bool
put_packed(struct portable_work *work, struct portable_piece piece, log_piece_packer *pack)
{
    uint8_t *packed = NULL;
    piece.bytes = log_piece_pack(piece.bytes, pack, &packed);
    bool put = portable_put(work, &piece);
    free(packed);
    return put;
}

/* The blob as it is stored where all of it is wanted; else what is, packed anew. */
static bool put_cut(struct portable_work *work,
                    struct portable_piece piece,
                    const struct store_blob *stored,
                    const struct cut *cut)
{
    piece.first = cut->first;
    piece.last = cut->last;
    piece.bytes = cut->bytes;
    if (stored == NULL || stored->first != cut->first || stored->last != cut->last)
        return put_packed(work, piece, log_pack);
    piece.bytes = stored->bytes;
    return portable_put(work, &piece);
}

/* --- Where a run begins --------------------------------------------------------------------------- */

static bool note_snapshot(void *context, const struct store_blob *snapshot)
{
    *(uint64_t *)context = snapshot->first;
    return false;
}

static int by_number(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static bool list_snapshots(struct portable_work *work)
{
    size_t capacity = 0;
    for (uint64_t tick = UINT64_MAX; tick > 0; tick--) {
        enum store_result result =
            work->store->snapshot(work->store, work->name, tick, note_snapshot, &tick);
        if (result == STORE_NOT_FOUND)
            break;
        if (!portable_store_said(work, result))
            return false;
        if (work->snapshot_count == capacity) {
            capacity = 2 * capacity + 64;
            uint64_t *ticks = realloc(work->snapshots, capacity * sizeof *ticks);
            if (ticks == NULL)
                return without_memory(work);
            work->snapshots = ticks;
        }
        work->snapshots[work->snapshot_count++] = tick;
    }
    if (work->snapshot_count > 0)
        qsort(work->snapshots, work->snapshot_count, sizeof *work->snapshots, by_number);
    return true;
}

static struct portable_piece begin_at(struct portable_work *work, const struct store_blob *snapshot)
{
    work->run = work->at = snapshot->first;
    work->incarnation = snapshot->incarnation;
    work->in_run = true;
    return (struct portable_piece){.kind = PORTABLE_SNAPSHOT,
                                   .incarnation = snapshot->incarnation,
                                   .first = snapshot->first,
                                   .bytes = snapshot->bytes};
}

static bool put_stored(void *context, const struct store_blob *snapshot)
{
    struct portable_work *work = context;
    struct portable_piece piece = begin_at(work, snapshot);
    return portable_put(work, &piece);
}

static bool begin_with_stored(struct portable_work *work, uint64_t tick)
{
    return portable_store_said(
        work, work->store->snapshot(work->store, work->name, tick, put_stored, work));
}

/* The room as it was before the session. */
static bool begin_with_built(struct portable_work *work)
{
    struct store_history *history = work->export->history;
    struct replay replay = history_replay_begin(work->export->kinds);
    bool done = history_replay(history, FROM_SNAPSHOT, work->after, &replay);
    if (!done)
        portable_fails(work, STORE_DAMAGED, history->error);
    const struct room *room = replay_room(&replay);
    size_t length = done ? snapshot_bytes(room) : 0;
    uint8_t *bytes = done ? malloc(length) : NULL;
    if (bytes != NULL) {
        struct writer writer = writer_on(bytes, length);
        snapshot_write(room, &writer);
        struct store_blob snapshot = {room_incarnation(room), room_tick_number(room),
                                      room_tick_number(room), writer_bytes(&writer)};
        portable_note_images(work, snapshot.bytes);
        done = length <= STORE_BLOB_MAX
                   ? put_packed(work, begin_at(work, &snapshot), snapshot_pack)
                   : portable_fails(work, STORE_FULL, "the room is too large for a snapshot");
    } else if (done) {
        done = without_memory(work);
    }
    free(bytes);
    replay_abandon(&replay);
    return done;
}

/* The snapshot that the entry goes on from, or the first one behind it: then what lies between cannot be
 * built by anyone, and does not go along. Where there is none the run begins with a later piece, if any. */
static bool begin_run(struct portable_work *work, const struct log_entry *entry, uint64_t last)
{
    if (work->after > 0)
        return begin_with_built(work);
    uint64_t from = entry->tick - entry->since;
    for (size_t i = 0; i < work->snapshot_count; i++) {
        uint64_t tick = work->snapshots[i];
        if (tick == from || (tick >= entry->tick && tick <= last))
            return begin_with_stored(work, tick);
    }
    return true;
}

/* --- Presence ------------------------------------------------------------------------------------- */

/* Presence can be shown from a keyframe on: of what is not wanted from its beginning the rest waits for one. */
static struct cut cut_track(const struct portable_work *work, struct bytes entries)
{
    uint64_t after = work->shown > work->run ? work->shown : work->run;
    after = after > work->after ? after : work->after;
    struct reader reader = reader_on(entries);
    struct log_entry entry;
    while (log_read_entry(&reader, &entry) && (entry.tick <= after || !track_is_keyframe(&entry)))
        after = entry.tick;
    return cut_entries(entries, after, work->logged, SIZE_MAX);
}

static bool take_track(void *context, const struct store_blob *track)
{
    struct portable_work *work = context;
    if (track->first > work->logged || (track->last > work->logged && !work->ended))
        return false;
    if (track->last <= work->shown)
        return true;
    struct log_piece piece;
    enum status status = log_piece_open(&piece, track->bytes);
    if (status == STATUS_MEMORY)
        return without_memory(work);
    if (status != STATUS_OK)
        return true; /* nothing rests on it */
    struct cut cut = cut_track(work, piece.entries);
    bool done = true;
    if (cut.count > 0) {
        done = put_cut(
            work,
            (struct portable_piece){.kind = PORTABLE_TRACK, .incarnation = track->incarnation},
            track, &cut);
        work->shown = cut.last;
    }
    log_piece_close(&piece);
    return done;
}

/* What was shown up to where the log has come, a piece as soon as it has come to its end. */
static bool write_tracks(struct portable_work *work)
{
    enum store_result result =
        work->store->tracks(work->store, work->name, work->shown + 1, take_track, work);
    /* Of a room that only the journal knows there are none. */
    return portable_store_said(work, result == STORE_NOT_FOUND ? STORE_OK : result);
}

/* --- The log -------------------------------------------------------------------------------------- */

static bool tell_progress(struct portable_work *work)
{
    struct portable_export *export = work->export;
    uint64_t last = work->to < export->history->last ? work->to : export->history->last;
    return export->progress == NULL ||
           export->progress(export->context, work->at - work->after, last - work->after) ||
           portable_fails(work, STORE_BUSY, "stopped");
}

/* Some entries, with the presence of their ticks. */
static bool
write_entries(struct portable_work *work, const struct store_blob *stored, const struct cut *cut)
{
    bool begins = !work->in_run;
    if (cut->incarnation > 0)
        work->incarnation = cut->incarnation;
    if (begins)
        work->run = cut->first - 1;
    work->in_run = true;
    work->at = work->logged = cut->last;
    portable_note_images(work, cut->bytes);
    struct portable_piece piece = {
        .kind = PORTABLE_LOG, .incarnation = work->incarnation, .begins = begins};
    return put_cut(work, piece, stored, cut) && write_tracks(work) && tell_progress(work);
}

/* All entries that are wanted of a blob, or of the tail, where `stored` is NULL. */
static bool
take_entries(struct portable_work *work, const struct store_blob *stored, struct bytes entries)
{
    size_t most = stored != NULL ? SIZE_MAX : PIECE_LOG_BYTES;
    for (;;) {
        uint64_t after = work->at > work->after ? work->at : work->after;
        struct cut cut = cut_entries(entries, after, work->to, most);
        if (cut.count == 0)
            return true;
        bool opens = log_kind(cut.head.bytes).length > 0;
        if (work->in_run || opens) {
            if (!write_entries(work, stored, &cut))
                return false;
        } else if (!begin_run(work, &cut.head, cut.last)) {
            return false;
        } else if (!work->in_run) {
            work->at = cut.last; /* nothing leads to them */
        }
    }
}

static bool take_segment(void *context, const struct store_blob *segment)
{
    struct portable_work *work = context;
    struct log_piece piece;
    enum status status = log_piece_open(&piece, segment->bytes);
    bool done = status == STATUS_OK;
    if (!done)
        portable_fails(work, status == STATUS_MEMORY ? STORE_MEMORY : STORE_DAMAGED,
                       "a piece of its log is not to be read: see tutti check");
    done = done && take_entries(work, segment, piece.entries);
    log_piece_close(&piece);
    return done && segment->last < work->to;
}

static bool find_next(void *context, const struct store_segment *segment)
{
    struct portable_work *work = context;
    if (segment->bytes == 0 || segment->first <= work->at)
        return true;
    work->at = segment->first - 1;
    return false;
}

/* Up to the next gap; false where there is nothing behind it, or the work has failed. */
static bool write_run(struct portable_work *work)
{
    uint64_t from = work->at > work->after ? work->at : work->after;
    enum store_result result = work->store->read(work->store, work->name, from, take_segment, work);
    if (work->result != STORE_OK || result == STORE_OK)
        return false;
    if (result != STORE_NOT_FOUND)
        return portable_store_said(work, result);
    uint64_t before = work->at;
    work->in_run = false;
    result = work->store->segments(work->store, work->name, before, find_next, work);
    return portable_store_said(work, result) && work->at > before;
}

static bool write_tail(struct portable_work *work)
{
    const struct store_tail *tail = work->export->history->tail;
    if (work->result != STORE_OK || tail == NULL)
        return work->result == STORE_OK;
    return take_entries(work, NULL, (struct bytes){tail->log.data, tail->log.length});
}

/* Nothing is left of its log but what came before its last snapshot. */
static bool write_last_snapshot(struct portable_work *work)
{
    bool wanted = work->result == STORE_OK && !work->in_run && work->after == 0;
    return !wanted || work->snapshot_count == 0 ? work->result == STORE_OK
                                                : begin_with_stored(work, UINT64_MAX);
}

bool portable_recorded(struct portable_work *work)
{
    const struct store_history *history = work->export->history;
    if (history->archived) {
        if (!list_snapshots(work))
            return false;
        while (write_run(work))
            continue;
    }
    if (!write_tail(work))
        return false;
    work->ended = true;
    if (!write_tracks(work) || !write_last_snapshot(work))
        return false;
    return work->in_run || portable_fails(work, STORE_DAMAGED, "nothing is kept of those ticks");
}
