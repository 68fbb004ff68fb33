#include "tools/store_history.h"

#include "sync/log_piece.h"
#include "sync/track.h"

#include <inttypes.h>
#include <string.h>

static bool fail(struct store_history *history, const char *what, const char *why)
{
    snprintf(history->error, sizeof history->error, "%.120s: %.120s", what, why);
    return false;
}

static bool take_room(void *context, const struct store_room *room)
{
    struct store_history *history = context;
    history->state = room->state;
    history->archived = room->state != STORE_ROOM_DELETED;
    history->first = room->first;
    history->last = room->last;
    history->incarnation = room->incarnation;
    return false;
}

struct finding_gap {
    struct store_history *history;
    uint64_t last; /* tick of the segment before */
};

static bool find_gap(void *context, const struct store_segment *segment)
{
    struct finding_gap *finding = context;
    struct store_history *history = finding->history;
    if (segment->gap) {
        history->whole_from = segment->first;
        history->gap_after = finding->last;
    }
    if (segment->bytes > 0) {
        finding->last = history->sealed_last = segment->last;
        history->segments++;
    }
    return true;
}

bool history_find(struct store_history *history, struct store_folder *folder, const char *name)
{
    *history = (struct store_history){.folder = folder, .name = bytes_of(name)};
    struct store *store = folder->store;
    struct finding_gap finding = {.history = history};
    enum store_result result = store->room(store, history->name, take_room, history);
    if (result == STORE_OK)
        result = store->segments(store, history->name, 0, find_gap, &finding);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return fail(history, store_result_text(result), store->place(store));
    if (store_folder_deletes(folder, history->name))
        return fail(history, name, "there is no such room");
    history->tail = store_folder_tail(folder, history->name);
    if (!history->archived && history->tail == NULL)
        return fail(history, name, "there is no such room");
    if (history->tail == NULL)
        return true;
    if (history->first == 0)
        history->first = history->tail->first;
    if (history->tail->last > history->last)
        history->last = history->tail->last;
    history->incarnation = history->tail->incarnation;
    return true;
}

struct replay history_replay_begin(const struct kinds *kinds)
{
    struct room_options options = {
        .limits = {.members = 1u << 20, .records = UINT32_MAX, .state_bytes = UINT32_MAX}};
    return replay_begin(&options, kinds);
}

/* --- The log, entry by entry -------------------------------------------------------------------- */

struct walk {
    struct store_history *history;
    history_visitor *visitor;
    void *context;
    uint64_t at;    /* of the last entry that was told of */
    uint64_t up_to; /* what is not kept is missed where it is not behind this tick */
    bool stopped;
    bool damaged;
};

static void fail_walk(struct walk *walk)
{
    char where[64];
    snprintf(where, sizeof where, "the log after tick %" PRIu64, walk->at);
    walk->damaged = true;
    fail(walk->history, where, "not to be read");
}

static void walk_bytes(struct walk *walk, struct bytes bytes)
{
    struct reader log = reader_on(bytes);
    struct log_entry entry;
    while (!walk->stopped && log_read_entry(&log, &entry)) {
        if (entry.tick <= walk->at)
            continue;
        walk->at = entry.tick;
        walk->stopped = !walk->visitor(walk->context, &entry);
    }
    if (!walk->stopped && reader_end(&log) != STATUS_OK)
        fail_walk(walk);
}

static bool walk_segment(void *context, const struct store_blob *segment)
{
    struct walk *walk = context;
    struct log_piece piece;
    if (log_piece_open(&piece, segment->bytes) == STATUS_OK)
        walk_bytes(walk, piece.entries);
    else
        fail_walk(walk);
    log_piece_close(&piece);
    return !walk->stopped && !walk->damaged;
}

static bool walk_log(struct walk *walk)
{
    struct store_history *history = walk->history;
    struct store *store = history->folder->store;
    if (history->archived) {
        enum store_result result = store->read(store, history->name, walk->at, walk_segment, walk);
        bool beyond = result == STORE_NOT_FOUND && walk->at >= walk->up_to;
        if (result != STORE_OK && !beyond)
            return fail(history, store_result_text(result), store->place(store));
    }
    if (history->tail != NULL && !walk->stopped && !walk->damaged)
        walk_bytes(walk, (struct bytes){history->tail->log.data, history->tail->log.length});
    return !walk->damaged;
}

/* --- Replaying ---------------------------------------------------------------------------------- */

struct building {
    struct store_history *history;
    struct replay *replay;
    uint64_t up_to;
    bool in_hole; /* of that tick the log tells nothing */
};

const char *history_complaint(const struct replay *replay)
{
    if (replay->status == STATUS_REFUSED)
        return "it leads to another state than it says";
    if (replay->changed)
        return "its kind declares other names now";
    return replay->status == STATUS_NOT_FOUND ? "a part of it is missing"
                                              : status_text(replay->status);
}

static bool fail_replay(struct building *building, const char *what, uint64_t tick)
{
    char where[64];
    snprintf(where, sizeof where, "the %s of tick %" PRIu64, what, tick);
    return fail(building->history, where, history_complaint(building->replay));
}

static bool fail_hole(struct building *building, const struct log_entry *entry)
{
    char what[80];
    building->in_hole = true;
    snprintf(what, sizeof what, "ticks %" PRIu64 " to %" PRIu64, entry->tick - entry->since + 1,
             entry->tick - 1);
    return fail(building->history, what, "not recorded, the disk took nothing then");
}

static bool take_snapshot(void *context, const struct store_blob *blob)
{
    struct building *building = context;
    if (replay_snapshot(building->replay, blob->bytes) != STATUS_OK)
        fail_replay(building, "snapshot", blob->first);
    return false;
}

static bool apply_entry(void *context, const struct log_entry *entry)
{
    struct building *building = context;
    bool in_hole = entry->resumes && building->up_to > entry->tick - entry->since;
    if (entry->tick > building->up_to && in_hole)
        return fail_hole(building, entry);
    if (entry->tick > building->up_to)
        return false;
    if (replay_log(building->replay, entry->bytes) != STATUS_OK)
        return fail_replay(building, "log", entry->tick);
    return true;
}

static bool start_from_snapshot(struct building *building, uint64_t tick)
{
    struct store_history *history = building->history;
    struct store *store = history->folder->store;
    if (!history->archived)
        return true;
    enum store_result result = store->snapshot(store, history->name, tick, take_snapshot, building);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return fail(history, store_result_text(result), store->place(store));
    return building->replay->status == STATUS_OK;
}

bool history_replay(struct store_history *history,
                    enum history_from from,
                    uint64_t tick,
                    struct replay *replay)
{
    struct building building = {.history = history, .replay = replay, .up_to = tick};
    if (from == FROM_SNAPSHOT && !start_from_snapshot(&building, tick))
        return false;
    struct walk walk = {
        .history = history, .visitor = apply_entry, .context = &building, .up_to = tick};
    if (from == FROM_BEGINNING && history->whole_from > 0)
        walk.at = history->whole_from - 1;
    if (replay->room != NULL)
        walk.at = room_tick_number(replay->room);
    if (!walk_log(&walk) || replay->status != STATUS_OK || building.in_hole)
        return false;
    if (replay->room == NULL)
        return fail(history, "nothing is kept", "the room was not there at that tick");
    return true;
}

/* --- Times ------------------------------------------------------------------------------------------ */

struct dating {
    uint64_t wall_ms;
    uint64_t piece; /* first tick of the last one that begins before */
    uint64_t tick;
};

static bool look_at_piece(void *context, const struct store_segment *segment)
{
    struct dating *dating = context;
    if (segment->bytes > 0 && segment->began_ms <= dating->wall_ms)
        dating->piece = segment->first;
    return segment->began_ms <= dating->wall_ms;
}

static bool look_at_time(void *context, const struct log_entry *entry)
{
    struct dating *dating = context;
    if (entry->wall_ms > dating->wall_ms)
        return false;
    dating->tick = entry->tick;
    return true;
}

bool history_tick_at(struct store_history *history, uint64_t wall_ms, uint64_t *tick)
{
    struct dating dating = {.wall_ms = wall_ms};
    struct store *store = history->folder->store;
    if (history->archived) {
        enum store_result result = store->segments(store, history->name, 0, look_at_piece, &dating);
        if (result != STORE_OK)
            return fail(history, store_result_text(result), store->place(store));
    }
    struct walk walk = {.history = history,
                        .visitor = look_at_time,
                        .context = &dating,
                        .at = dating.piece > 0 ? dating.piece - 1 : 0,
                        .up_to = UINT64_MAX};
    /* Behind what is not kept the walk may end before it comes to the journal. */
    bool walked = walk_log(&walk);
    *tick = dating.tick;
    if (dating.tick > 0)
        return true;
    return walked && fail(history, "nothing is kept", "the room was not there at that time");
}

/* --- Presence --------------------------------------------------------------------------------------- */

static bool show_track(void *context, const struct store_blob *track)
{
    struct building *building = context;
    struct replay *replay = building->replay;
    struct log_piece piece;
    if (track->first > building->up_to)
        return false;
    if (log_piece_open(&piece, track->bytes) == STATUS_OK) {
        struct reader entries = reader_on(piece.entries);
        struct log_entry entry;
        while (replay->status == STATUS_OK && log_read_entry(&entries, &entry) &&
               entry.tick <= building->up_to)
            if (replay_track(replay, entry.bytes) != STATUS_OK)
                fail_replay(building, "track", entry.tick);
    }
    log_piece_close(&piece);
    return replay->status == STATUS_OK;
}

bool history_show_presence(struct store_history *history, uint64_t tick, struct replay *replay)
{
    struct store *store = history->folder->store;
    struct building building = {.history = history, .replay = replay, .up_to = tick};
    if (!history->archived)
        return true;
    enum store_result result =
        store->tracks(store, history->name, room_tick_number(replay->room), show_track, &building);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return fail(history, store_result_text(result), store->place(store));
    return replay->status == STATUS_OK;
}

/* --- All of it -------------------------------------------------------------------------------------- */

/* All that leads to what the room is. */
static struct walk
walk_begin(struct store_history *history, history_visitor *visitor, void *context)
{
    return (struct walk){.history = history,
                         .visitor = visitor,
                         .context = context,
                         .at = history->whole_from > 0 ? history->whole_from - 1 : 0,
                         .up_to = UINT64_MAX};
}

static bool look_at_first(void *context, const struct log_entry *entry)
{
    bool *opens = context;
    *opens = log_kind(entry->bytes).length > 0;
    return false;
}

static bool note_tick(void *context, const struct store_blob *blob)
{
    *(uint64_t *)context = blob->first;
    return false;
}

/* Of the newest snapshot up to a tick; 0 for none. One that cannot be had is missed when it is read. */
static uint64_t snapshot_up_to(const struct store_history *history, uint64_t tick)
{
    struct store *store = history->folder->store;
    uint64_t found = 0;
    bool there = history->archived &&
                 store->snapshot(store, history->name, tick, note_tick, &found) == STORE_OK;
    return there ? found : 0;
}

/* Retention leaves the end of a log behind a gap, or alone, with a snapshot that stands for it. */
static bool is_end(const struct store_history *history, uint64_t newest)
{
    return history->gap_after > 0 || (history->segments <= 1 && history->sealed_last <= newest);
}

bool history_begin(struct store_history *history, struct replay *replay)
{
    bool opens = false;
    struct walk first = walk_begin(history, look_at_first, &opens);
    if (!walk_log(&first))
        return false;
    uint64_t tick = opens ? 0 : snapshot_up_to(history, first.at);
    if (!opens && tick <= history->gap_after) {
        tick = snapshot_up_to(history, UINT64_MAX);
        if (tick > 0 && !is_end(history, tick))
            return fail(history, "the log", "what led to its beginning is missing");
        history->whole_from = tick > 0 ? tick + 1 : history->whole_from;
    }
    struct building building = {.history = history, .replay = replay};
    return tick == 0 || start_from_snapshot(&building, tick);
}

bool history_start(struct store_history *history, uint64_t tick, struct replay *replay)
{
    struct building building = {.history = history, .replay = replay};
    return start_from_snapshot(&building, tick);
}

bool history_entries(struct store_history *history, history_visitor *visitor, void *context)
{
    struct walk walk = walk_begin(history, visitor, context);
    return walk_log(&walk);
}
