/* moments.c - what was in a room, asked by the hub and found by the archivist: the same archive and tails
 * that a load reads, up to a tick. */
#include "server/storage_parts.h"
#include "sync/log_piece.h"
#include "sync/log_read.h"
#include "sync/rerun.h"
#include "sync/track.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Asked --------------------------------------------------------------------------------------- */

static void stretch_free(struct stretch *stretch)
{
    free(stretch->log.data);
    free(stretch->track.data);
}

void moment_free(struct moment *moment)
{
    if (moment == NULL)
        return;
    replay_abandon(&moment->replay);
    stretch_free(&moment->follows);
    free(moment);
}

void more_free(struct more *more)
{
    if (more == NULL)
        return;
    stretch_free(&more->stretch);
    free(more);
}

static struct job *ask(struct storage *storage,
                       struct bytes name,
                       uint64_t incarnation,
                       uint64_t tick,
                       bool goes_on,
                       void *ticket)
{
    struct moment *moment = calloc(1, sizeof *moment);
    struct job *job = moment != NULL ? job_new(JOB_MOMENT, name) : NULL;
    if (job == NULL) {
        free(moment);
        return NULL;
    }
    moment->room.incarnation = incarnation;
    moment->tick = tick;
    moment->goes_on = goes_on;
    job->event.kind = STORAGE_MOMENT;
    job->event.moment = moment;
    job->event.ticket = ticket;
    queue_push(storage, &storage->to_archivist, job);
    return job;
}

struct job *storage_moment(struct storage *storage,
                           struct bytes name,
                           uint64_t incarnation,
                           uint64_t tick,
                           void *ticket)
{
    return ask(storage, name, incarnation, tick, false, ticket);
}

struct job *storage_origin(struct storage *storage,
                           struct bytes name,
                           uint64_t incarnation,
                           uint64_t tick,
                           void *ticket)
{
    return ask(storage, name, incarnation, tick, true, ticket);
}

struct job *storage_more(struct storage *storage, struct bytes name, uint64_t after, void *ticket)
{
    struct more *more = calloc(1, sizeof *more);
    struct job *job = more != NULL ? job_new(JOB_MORE, name) : NULL;
    if (job == NULL) {
        free(more);
        return NULL;
    }
    more->stretch.to = after;
    job->event.kind = STORAGE_MORE;
    job->event.more = more;
    job->event.ticket = ticket;
    queue_push(storage, &storage->to_archivist, job);
    return job;
}

/* --- One walk through a log ---------------------------------------------------------------------- */

/* Entries up to a tick lead to a room, where one is wanted; those behind it are kept. */
struct walk {
    struct storage *storage;
    struct bytes name;
    const struct tail *tail; /* NULL for none */
    struct recorded_room *room;
    struct replay *replay; /* NULL: what is before the tick is known */
    struct rerun *rerun;   /* of the same replay; NULL: rules need not run */
    uint64_t tick;
    uint64_t begin; /* the snapshot that leads to it is of this tick or before */
    uint64_t at;    /* of the last entry that was looked at */
    struct stretch *stretch;
    struct flush_buffer shown; /* of the track, up to the tick */
    uint64_t reached;          /* tick up to which the archive was read */
    bool cut;                  /* what follows in the archive is not kept */
    enum moment_result result;
    uint64_t next; /* GAP */
    char *text;    /* of STORE_PLACE_MAX */
};

static bool stop(struct walk *walk, enum moment_result result, const char *text)
{
    walk->result = result;
    snprintf(walk->text, STORE_PLACE_MAX, "%s", text);
    return false;
}

static bool stop_at_gap(struct walk *walk, uint64_t next)
{
    walk->next = next;
    return stop(walk, MOMENT_GAP, "");
}

enum moment_result moment_result_of(enum store_result result)
{
    switch (result) {
    case STORE_OK:
        return MOMENT_DONE;
    case STORE_NOT_FOUND:
        return MOMENT_GAP;
    case STORE_DAMAGED:
        return MOMENT_DAMAGED;
    default:
        return MOMENT_FAILED;
    }
}

static bool stop_for_replay(struct walk *walk)
{
    enum status status = walk->replay->status;
    if (status == STATUS_MEMORY)
        return stop(walk, MOMENT_FAILED, status_text(status));
    return stop(walk, status == STATUS_KIND ? MOMENT_KIND : MOMENT_DAMAGED,
                loading_complaint(walk->replay));
}

static bool apply(struct walk *walk, const struct log_entry *entry)
{
    struct replay *replay = walk->replay;
    if (replay == NULL)
        return true;
    /* What led there is not kept any more. */
    if (replay->room == NULL && log_kind(entry->bytes).length == 0)
        return stop_at_gap(walk, entry->tick);
    enum status status = walk->rerun == NULL ? replay_log(replay, entry->bytes)
                                             : rerun_log(walk->rerun, entry->bytes);
    return status == STATUS_OK || stop_for_replay(walk);
}

/* Of the ticks before it since the one that was asked for, nothing is known. */
static bool is_behind_gap(const struct walk *walk, const struct log_entry *entry)
{
    uint64_t known = entry->tick - entry->since;
    if (entry->resumes)
        return walk->replay != NULL && known < walk->tick;
    return known > walk->tick && known > walk->at;
}

static bool take_entry(struct walk *walk, const struct log_entry *entry)
{
    if (entry->tick <= walk->at)
        return true; /* it stands in the archive and in the journal */
    bool first = walk->at <= walk->tick;
    bool gap = entry->tick > walk->tick && first && is_behind_gap(walk, entry);
    walk->at = entry->tick;
    if (entry->tick <= walk->tick)
        return apply(walk, entry);
    if (gap)
        return stop_at_gap(walk, entry->tick);
    return buffer_append(&walk->stretch->log, entry->bytes) ||
           stop(walk, MOMENT_FAILED, status_text(STATUS_MEMORY));
}

static void take_log(struct walk *walk, struct bytes bytes)
{
    struct reader log = reader_on(bytes);
    struct log_entry entry;
    while (walk->result == MOMENT_DONE && log_read_entry(&log, &entry) && take_entry(walk, &entry))
        continue;
    if (walk->result == MOMENT_DONE && reader_end(&log) != STATUS_OK)
        stop(walk, MOMENT_DAMAGED, "its log, which is not to be read");
}

/* Whether what the segment has leads to the tick, and no rules run over it: then its entries need not be looked at one
 * by one. */
static bool is_replayed(const struct walk *walk, const struct store_blob *segment)
{
    bool runs = walk->rerun != NULL && segment->last >= walk->rerun->from;
    return walk->replay != NULL && !runs && segment->last <= walk->tick;
}

static void take_all(struct walk *walk, struct bytes bytes, uint64_t last)
{
    struct replay *replay = walk->replay;
    struct reader log = reader_on(bytes);
    struct log_entry first;
    if (!log_read_entry(&log, &first))
        stop(walk, MOMENT_DAMAGED, "its log, which is not to be read");
    else if (replay->room == NULL && log_kind(bytes).length == 0)
        stop_at_gap(walk, first.tick);
    else if (replay_log(replay, bytes) != STATUS_OK)
        stop_for_replay(walk);
    walk->at = last;
}

static void stop_for_piece(struct walk *walk, enum status status)
{
    stop(walk, status == STATUS_MEMORY ? MOMENT_FAILED : MOMENT_DAMAGED, status_text(status));
}

static bool take_snapshot(void *context, const struct store_blob *blob)
{
    struct walk *walk = context;
    walk->at = walk->reached = blob->first;
    return replay_snapshot(walk->replay, blob->bytes) == STATUS_OK || stop_for_replay(walk);
}

/* Ends with the segment that goes on beyond the tick. */
static bool take_segment(void *context, const struct store_blob *segment)
{
    struct walk *walk = context;
    struct log_piece piece;
    enum status status = log_piece_open(&piece, segment->bytes);
    if (status != STATUS_OK)
        stop_for_piece(walk, status);
    else if (is_replayed(walk, segment))
        take_all(walk, piece.entries, segment->last);
    else
        take_log(walk, piece.entries);
    log_piece_close(&piece);
    walk->reached = segment->last;
    if (walk->result != MOMENT_DONE || segment->last <= walk->tick)
        return walk->result == MOMENT_DONE;
    walk->stretch->to = segment->last;
    return false;
}

static bool take_next(void *context, const struct store_segment *segment)
{
    struct walk *walk = context;
    if (segment->bytes == 0)
        return true; /* presence alone */
    walk->cut = true;
    walk->next = segment->first;
    return false;
}

static bool take_tick(void *context, const struct store_blob *blob)
{
    *(uint64_t *)context = blob->first;
    return false;
}

/* The first moment behind what is not kept: that of the next segment, where a snapshot leads to it. The end of a
 * log stays alone, and then it is the newest snapshot. 0 for none. */
static uint64_t first_behind(const struct walk *walk)
{
    struct store *store = walk->storage->store;
    uint64_t leads = 0;
    enum store_result result = store->snapshot(store, walk->name, walk->next, take_tick, &leads);
    if (result == STORE_OK && leads > walk->tick)
        return walk->next;
    result = store->snapshot(store, walk->name, UINT64_MAX, take_tick, &leads);
    return result == STORE_OK && leads > walk->tick ? leads : 0;
}

/* The archive's log ended before the tick, or right there: because there is no more of it, or because what
 * comes next was dropped. */
static void look_behind_gap(struct walk *walk)
{
    struct store *store = walk->storage->store;
    enum store_result result = store->segments(store, walk->name, walk->tick, take_next, walk);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        stop(walk, moment_result_of(result), store->place(store));
    else if (walk->cut && (walk->replay == NULL || walk->reached < walk->tick))
        stop_at_gap(walk, first_behind(walk));
}

static void read_archive(struct walk *walk)
{
    struct store *store = walk->storage->store;
    enum store_result result = STORE_OK;
    if (walk->replay != NULL)
        result = store->snapshot(store, walk->name, walk->begin, take_snapshot, walk);
    if (walk->result != MOMENT_DONE)
        return;
    if (result == STORE_OK || result == STORE_NOT_FOUND) {
        uint64_t after = walk->replay != NULL ? walk->at : walk->tick;
        result = store->read(store, walk->name, after, take_segment, walk);
    }
    if (walk->result == MOMENT_DONE && result != STORE_OK && result != STORE_NOT_FOUND)
        stop(walk, moment_result_of(result), store->place(store));
    if (walk->result == MOMENT_DONE && walk->stretch->to == walk->tick)
        look_behind_gap(walk);
}

/* --- Its track ------------------------------------------------------------------------------------ */

/* Presence at the moment is what the last keyframe up to it shows, and what came behind that. One of another
 * incarnation was over when this one began. */
static bool take_shown(struct walk *walk, const struct log_entry *entry, uint64_t incarnation)
{
    if (walk->replay == NULL || incarnation != room_incarnation(walk->replay->room))
        return true;
    if (track_is_keyframe(entry))
        walk->shown.length = 0;
    return buffer_append(&walk->shown, entry->bytes);
}

static void take_track(struct walk *walk, struct bytes bytes, uint64_t incarnation)
{
    struct reader track = reader_on(bytes);
    struct log_entry entry;
    while (walk->result == MOMENT_DONE && log_read_entry(&track, &entry) &&
           entry.tick <= walk->stretch->to) {
        bool taken = entry.tick <= walk->tick ? take_shown(walk, &entry, incarnation)
                                              : buffer_append(&walk->stretch->track, entry.bytes);
        if (!taken)
            stop(walk, MOMENT_FAILED, status_text(STATUS_MEMORY));
    }
    if (track.status != STATUS_OK)
        stop(walk, MOMENT_DAMAGED, "its track, which is not to be read");
}

static bool take_track_piece(void *context, const struct store_blob *blob)
{
    struct walk *walk = context;
    if (blob->first > walk->stretch->to)
        return false;
    struct log_piece piece;
    enum status status = log_piece_open(&piece, blob->bytes);
    if (status == STATUS_OK)
        take_track(walk, piece.entries, blob->incarnation);
    else
        stop_for_piece(walk, status);
    log_piece_close(&piece);
    return walk->result == MOMENT_DONE;
}

static void read_track(struct walk *walk)
{
    struct store *store = walk->storage->store;
    const struct tail *tail = walk->tail;
    enum store_result result = store->tracks(store, walk->name, walk->tick, take_track_piece, walk);
    if (walk->result == MOMENT_DONE && result != STORE_OK && result != STORE_NOT_FOUND)
        stop(walk, moment_result_of(result), store->place(store));
    if (walk->result == MOMENT_DONE && tail != NULL) {
        const struct tail_track *track = &tail->track;
        take_track(walk, (struct bytes){track->bytes.data, track->bytes.length},
                   track->incarnation);
    }
    if (walk->result == MOMENT_DONE && walk->replay != NULL &&
        replay_track(walk->replay, (struct bytes){walk->shown.data, walk->shown.length}) !=
            STATUS_OK)
        stop_for_replay(walk);
}

/* --- Both ----------------------------------------------------------------------------------------- */

/* All that is there of the room is there up to its last tick: a track comes behind its log. */
static void read_tail(struct walk *walk)
{
    const struct tail *tail = walk->tail;
    take_log(walk, (struct bytes){tail->log.data, tail->log.length});
    walk->stretch->to = walk->room->last;
}

/* What there is, beginning at a moment or behind it. */
static void walk_through(struct walk *walk)
{
    walk->stretch->to = walk->tick;
    read_archive(walk);
    bool sealed = walk->stretch->to > walk->tick;
    if (walk->result == MOMENT_DONE && !sealed && !walk->cut && walk->tail != NULL)
        read_tail(walk);
    if (walk->result == MOMENT_DONE && walk->replay != NULL && walk->replay->room == NULL)
        stop_at_gap(walk, 0);
    if (walk->result == MOMENT_DONE)
        read_track(walk);
    free(walk->shown.data);
    walk->stretch->end = walk->stretch->to >= walk->room->last;
}

/* --- Rooms --------------------------------------------------------------------------------------- */

static void set_kind(struct recorded_room *room, const uint8_t *kind, uint8_t length)
{
    room->kind_length = length;
    memcpy(room->kind, kind, length);
}

static uint64_t last_of(const struct tail *tail, uint64_t sealed)
{
    uint64_t last = tail->track.last > tail->last ? tail->track.last : tail->last;
    return last > sealed ? last : sealed;
}

static enum moment_result
failed(enum moment_result result, const char *why, char text[STORE_PLACE_MAX])
{
    snprintf(text, STORE_PLACE_MAX, "%s", why);
    return result;
}

/* What the archive has of it, and what waits; nothing of both: it is none. */
static bool
fill_room(struct recorded_room *room, const struct known *known, const struct tail *tail)
{
    bool sealed = known != NULL && known->last + known->snapshot_tick > 0;
    *room = (struct recorded_room){0};
    if (sealed) {
        /* Without a log the newest snapshot is all there is. */
        room->first = known->last > 0 ? known->first : known->snapshot_tick;
        room->last = known->last > 0 ? known->last : known->snapshot_tick;
        room->incarnation = known->incarnation;
        set_kind(room, known->kind, known->kind_length);
    }
    if (tail == NULL)
        return sealed;
    room->last = last_of(tail, room->last);
    room->incarnation = tail->incarnation;
    set_kind(room, tail->kind, tail->kind_length);
    if (!sealed)
        room->first = tail->first;
    return true;
}

enum moment_result recorded_room_find(struct storage *storage,
                                      struct bytes name,
                                      struct recorded_room *room,
                                      const struct tail **waits,
                                      char text[STORE_PLACE_MAX])
{
    struct known known = {0};
    const struct tail *tail = tail_find(storage, name);
    enum store_result result = room_known(storage, name, &known);
    if (storage->incomplete)
        return failed(MOMENT_FAILED, "", text);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return failed(moment_result_of(result), storage->store->place(storage->store), text);
    if (tail != NULL && tail->removed)
        return failed(MOMENT_NONE, "", text);
    bool some = tail != NULL && tail->log.length + tail->track.bytes.length > 0;
    *waits = some ? tail : NULL;
    if (!fill_room(room, known_is_there(result, &known) ? &known : NULL, *waits))
        return failed(MOMENT_NONE, "", text);
    bool kept = room_is_kept(storage, (struct bytes){room->kind, room->kind_length}, tail);
    if (kept && (tail == NULL || tail->kind_length == 0))
        kept = !room_was_unrecorded(storage, name);
    return kept ? MOMENT_DONE : failed(MOMENT_UNRECORDED, "", text);
}

static void find_room(struct walk *walk)
{
    walk->result =
        recorded_room_find(walk->storage, walk->name, walk->room, &walk->tail, walk->text);
}

/* The tick is one of another incarnation than that which was asked for. */
static void check_incarnation(struct walk *walk, uint64_t wanted)
{
    uint64_t found = room_incarnation(walk->replay->room);
    walk->room->incarnation = found;
    if (wanted != 0 && wanted != found)
        stop(walk, wanted < found ? MOMENT_LOST : MOMENT_NONE, "");
}

static struct rerun begin_rerun(struct storage *storage, struct rules_again *again)
{
    return (struct rerun){.replay = loading_begin(storage).replay,
                          .from = RERUN_NEVER,
                          .moment = true,
                          .tick = rules_again_tick,
                          .context = again};
}

static void start_over(struct walk *walk)
{
    struct rerun *rerun = walk->rerun;
    struct rules_again *again = rerun->context;
    rerun_abandon(rerun);
    *rerun = begin_rerun(walk->storage, again);
    stretch_free(walk->stretch);
    *walk->stretch = (struct stretch){0};
    walk->shown = (struct flush_buffer){0};
    walk->at = walk->reached = walk->next = 0;
    walk->cut = false;
    walk->result = MOMENT_DONE;
    walk->text[0] = '\0';
}

/* From which tick on rules run: the moment's, where they have nothing to remember. */
static uint64_t rules_from(const struct walk *walk, bool stood_still)
{
    struct bytes kind = {walk->room->kind, walk->room->kind_length};
    const struct rules *rules = kind_find(walk->storage->options.kinds, kind);
    bool remember = walk->rerun != NULL && rules != NULL && rules->memory_bytes > 0;
    return remember ? rules_again_from(rules, walk->tick, stood_still) : walk->tick;
}

static void walk_from(struct walk *walk, uint64_t begin, uint64_t from)
{
    walk->begin = begin;
    if (walk->rerun != NULL)
        walk->rerun->from = from;
    walk_through(walk);
}

/* They begin with a memory that the log has, and behind a snapshot the first one may come late: so the snapshot is one
 * from before that. The newest memory may be old, if it stood still. Where nothing leads on from there any more, the
 * snapshot is the last one before the moment. */
static void walk_to_moment(struct walk *walk)
{
    uint64_t from = rules_from(walk, false), before = rules_from(walk, true);
    walk_from(walk, from, from);
    bool done = walk->result == MOMENT_DONE;
    if (from == walk->tick || (done && (rerun_is_exact(walk->rerun) || walk->rerun->over)))
        return;
    if (done && before == from)
        return;
    start_over(walk);
    if (done)
        walk_from(walk, before, before);
    if (done && walk->result == MOMENT_DONE)
        return;
    start_over(walk);
    walk_from(walk, walk->tick, from);
}

static void find_moment(struct walk *walk, struct moment *moment, uint64_t wanted)
{
    const struct recorded_room *room = walk->room;
    if (moment->tick != 0 && moment->tick < room->first) {
        stop_at_gap(walk, room->first);
        return;
    }
    if (moment->tick < room->first)
        moment->tick = room->first;
    if (moment->tick > room->last)
        moment->tick = room->last;
    walk->tick = moment->tick;
    walk_to_moment(walk);
    if (walk->result == MOMENT_DONE)
        check_incarnation(walk, wanted);
}

/* What its rules did to it they would do to another room that begins so. */
static void check_quarantine(struct walk *walk)
{
    struct known known = {0};
    enum store_result result = room_known(walk->storage, walk->name, &known);
    bool marked = result == STORE_OK && known.state == STORE_ROOM_QUARANTINED;
    if (marked || quarantine_reason(walk->storage, walk->name) != NULL)
        stop(walk, MOMENT_QUARANTINED, "");
}

void archivist_moment(struct storage *storage, struct job *job)
{
    struct moment *moment = job->event.moment;
    uint64_t wanted = moment->room.incarnation;
    struct rules_again again;
    bool runs = moment->goes_on && rules_again_begin(storage, job_name(job), &again);
    struct rerun rerun = begin_rerun(storage, &again);
    struct walk walk = {.storage = storage,
                        .name = job_name(job),
                        .room = &moment->room,
                        .replay = &rerun.replay,
                        .rerun = runs ? &rerun : NULL,
                        .stretch = &moment->follows,
                        .text = moment->text};
    if (!archivist_is_asked(storage, job))
        stop(&walk, MOMENT_FORSAKEN, "");
    else
        find_room(&walk);
    if (walk.result == MOMENT_DONE && moment->goes_on)
        check_quarantine(&walk);
    if (walk.result == MOMENT_DONE)
        find_moment(&walk, moment, wanted);
    if (walk.result == MOMENT_DONE && moment->goes_on &&
        rerun_pass(&rerun, moment->tick) != STATUS_OK)
        stop_for_replay(&walk);
    moment->replay = rerun_end(&rerun, &moment->exact);
    if (walk.result != MOMENT_DONE)
        replay_abandon(&moment->replay);
    moment->result = walk.result;
    moment->next = walk.next;
    storage_answer(storage, job);
}

void archivist_more(struct storage *storage, struct job *job)
{
    struct more *more = job->event.more;
    struct walk walk = {.storage = storage,
                        .name = job_name(job),
                        .room = &more->room,
                        .tick = more->stretch.to,
                        .stretch = &more->stretch,
                        .text = more->text};
    if (!archivist_is_asked(storage, job))
        stop(&walk, MOMENT_FORSAKEN, "");
    else
        find_room(&walk);
    if (walk.result == MOMENT_DONE && walk.tick + 1 < more->room.first)
        stop_at_gap(&walk, more->room.first);
    if (walk.result == MOMENT_DONE)
        walk_through(&walk);
    more->result = walk.result;
    more->next = walk.next;
    storage_answer(storage, job);
}
