/* timeline.c - what there is of a room's past, out of the summaries of its segments: the archivist's. No
 * log is read for it; behind what is not kept any more a snapshot tells who was there. */
#include "server/storage_parts.h"
#include "sync/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Presence comes into the archive this much later, at most. */
#define PRESENCE_BEHIND_S 30u

struct recording_text {
    struct recording_text *next;
    uint8_t bytes[];
};

void recording_free(struct recording *recording)
{
    if (recording == NULL)
        return;
    free(recording->buckets);
    free(recording->lives);
    free(recording->gaps);
    free(recording->stays);
    free(recording->sessions);
    free(recording->markers);
    for (struct recording_text *text; (text = recording->texts) != NULL;) {
        recording->texts = text->next;
        free(text);
    }
    free(recording);
}

struct job *
storage_recording(struct storage *storage, struct bytes name, uint64_t awake_to, void *ticket)
{
    struct recording *recording = calloc(1, sizeof *recording);
    struct job *job = recording != NULL ? job_new(JOB_RECORDING, name) : NULL;
    if (job == NULL) {
        free(recording);
        return NULL;
    }
    job->event.kind = STORAGE_RECORDING;
    job->event.recording = recording;
    job->number = awake_to;
    job->event.ticket = ticket;
    queue_push(storage, &storage->to_archivist, job);
    return job;
}

/* --- Gathering ------------------------------------------------------------------------------------ */

struct timeline {
    struct storage *storage;
    struct bytes name;
    struct recording *recording;
    uint32_t tick_hz;
    uint64_t incarnation; /* of the life that goes on */
    uint64_t last;        /* tick that was told of last */
    uint64_t logged;      /* and of the log; 0: nothing yet */
    uint64_t shown;       /* tick at which presence was told of last */
    size_t open;          /* stays before this one are over */
    bool failed;          /* there was no memory */
};

/* A place behind the others; NULL without memory, or where there are as many as may be. */
static void *add(struct timeline *timeline, void *array, size_t *count, size_t size, size_t most)
{
    void **items = array;
    if (timeline->failed || *count >= most)
        return NULL;
    if ((*count & (*count - 1)) == 0) { /* it grows at powers of two */
        void *grown = realloc(*items, (*count > 0 ? 2 * *count : 1) * size);
        timeline->failed = grown == NULL;
        if (grown == NULL)
            return NULL;
        *items = grown;
    }
    uint8_t *place = (uint8_t *)*items + (*count)++ * size;
    memset(place, 0, size);
    return place;
}

static struct bytes keep(struct timeline *timeline, struct bytes bytes)
{
    if (bytes.length == 0)
        return (struct bytes){0};
    struct recording_text *text = malloc(sizeof *text + bytes.length);
    timeline->failed |= text == NULL;
    if (text == NULL)
        return (struct bytes){0};
    memcpy(text->bytes, bytes.data, bytes.length);
    text->next = timeline->recording->texts;
    timeline->recording->texts = text;
    return (struct bytes){text->bytes, bytes.length};
}

static void
add_gap(struct timeline *timeline, uint64_t from, uint64_t to, enum recording_gap_kind kind)
{
    struct recording *recording = timeline->recording;
    struct recording_gap *gap =
        add(timeline, &recording->gaps, &recording->gap_count, sizeof *gap, RECORDING_GAPS_MAX);
    if (gap != NULL)
        *gap = (struct recording_gap){.from = from, .to = to, .kind = kind};
}

/* --- Who was there -------------------------------------------------------------------------------- */

static void end_stays(struct timeline *timeline, uint64_t tick)
{
    struct recording *recording = timeline->recording;
    for (size_t i = timeline->open; i < recording->stay_count; i++)
        if (recording->stays[i].to == UINT64_MAX)
            recording->stays[i].to = tick;
    timeline->open = recording->stay_count;
}

static void end_stay(struct timeline *timeline, uint32_t seat, uint64_t tick)
{
    struct recording *recording = timeline->recording;
    for (size_t i = timeline->open; i < recording->stay_count; i++) {
        struct recording_stay *stay = &recording->stays[i];
        if (stay->seat == seat && stay->to == UINT64_MAX)
            stay->to = tick;
    }
    while (timeline->open < recording->stay_count &&
           recording->stays[timeline->open].to != UINT64_MAX)
        timeline->open++;
}

static void begin_stay(struct timeline *timeline, const struct summary_change *change)
{
    struct recording *recording = timeline->recording;
    end_stay(timeline, change->seat, change->tick);
    struct recording_stay *stay =
        add(timeline, &recording->stays, &recording->stay_count, sizeof *stay, RECORDING_STAYS_MAX);
    if (stay == NULL)
        return;
    *stay = (struct recording_stay){.seat = change->seat,
                                    .member = change->member,
                                    .from = change->tick,
                                    .to = UINT64_MAX,
                                    .user = keep(timeline, change->user)};
}

/* --- What happened -------------------------------------------------------------------------------- */

/* In the middle of a life before: that ended in a crash, with the presence that was not sealed. */
static void begin_life(struct timeline *timeline, const struct summary_change *change)
{
    struct recording *recording = timeline->recording;
    end_stays(timeline, change->tick - 1);
    if (change->incarnation == timeline->incarnation)
        return;
    uint64_t behind = (uint64_t)PRESENCE_BEHIND_S * timeline->tick_hz;
    if (timeline->incarnation != 0 && timeline->shown + behind >= change->tick)
        add_gap(timeline, timeline->shown, change->tick, GAP_PRESENCE);
    timeline->incarnation = change->incarnation;
    timeline->shown = change->tick; /* in this life, as far as it is known */
    struct recording_life *life =
        add(timeline, &recording->lives, &recording->life_count, sizeof *life, RECORDING_LIVES_MAX);
    if (life != NULL)
        *life = (struct recording_life){change->incarnation, change->tick};
}

static void take_change(void *context, const struct summary_change *change)
{
    struct timeline *timeline = context;
    switch (change->kind) {
    case SUMMARY_JOINED:
        begin_stay(timeline, change);
        break;
    case SUMMARY_LEFT:
        end_stay(timeline, change->seat, change->tick);
        break;
    case SUMMARY_NOBODY:
        end_stays(timeline, change->tick);
        break;
    case SUMMARY_WOKE:
        begin_life(timeline, change);
        break;
    case SUMMARY_HOLE:
        if (timeline->incarnation == 0)
            begin_life(timeline, change);
        else
            add_gap(timeline, change->known, change->tick, GAP_HOLE);
        break;
    }
    timeline->last = change->tick;
}

static void take_second(void *context, const struct summary_second *second)
{
    struct timeline *timeline = context;
    struct recording *recording = timeline->recording;
    if (second->presence > 0)
        timeline->shown = second->tick;
    if (second->tick < recording->room.first)
        return;
    uint64_t bucket = (second->tick - recording->room.first) / recording->bucket_ticks;
    if (bucket >= recording->bucket_count)
        return;
    recording->buckets[bucket].operations += second->operations;
    recording->buckets[bucket].presence += second->presence;
}

static void pass_change(void *context, const struct summary_change *change)
{
    (void)context;
    (void)change;
}

static void pass_second(void *context, const struct summary_second *second)
{
    (void)context;
    (void)second;
}

/* Changes first: what was shown in a piece in which a life began was shown in that one. A summary that is
 * damaged tells less. */
static void take_summary(struct timeline *timeline, struct bytes summary)
{
    struct summary_visitor changes = {
        .second = pass_second, .change = take_change, .context = timeline};
    struct summary_visitor seconds = {
        .second = take_second, .change = pass_change, .context = timeline};
    enum status status = summary_read(summary, &changes);
    if (status == STATUS_OK)
        status = summary_read(summary, &seconds);
}

/* --- Where the log begins anew --------------------------------------------------------------------- */

struct lead {
    struct timeline *timeline;
    uint64_t tick; /* which the snapshot leads to */
};

static bool take_snapshot(void *context, const struct store_blob *snapshot)
{
    const struct lead *lead = context;
    struct timeline *timeline = lead->timeline;
    struct summary_visitor changes = {
        .second = pass_second, .change = take_change, .context = timeline};
    if (snapshot->first <= timeline->logged)
        return false;
    struct loading loading = loading_begin(timeline->storage);
    if (replay_snapshot(&loading.replay, snapshot->bytes) == STATUS_OK)
        summary_room(replay_room(&loading.replay), lead->tick, &changes);
    timeline->failed |= loading.replay.status == STATUS_MEMORY;
    replay_abandon(&loading.replay);
    return false;
}

/* Those who were there before were so in pieces that are not kept. One that cannot be built tells nothing. */
static void begin_anew(struct timeline *timeline, uint64_t tick)
{
    struct store *store = timeline->storage->store;
    struct lead lead = {.timeline = timeline, .tick = tick};
    enum store_result result = store->snapshot(store, timeline->name, tick, take_snapshot, &lead);
    (void)result;
}

static bool take_segment(void *context, const struct store_segment *segment)
{
    struct timeline *timeline = context;
    struct recording *recording = timeline->recording;
    if (segment->gap) {
        end_stays(timeline, timeline->last);
        add_gap(timeline, timeline->last, segment->first, GAP_DROPPED);
    }
    if (segment->bytes > 0 && (segment->gap || timeline->logged == 0))
        begin_anew(timeline, segment->first);
    if (segment->bytes > 0)
        timeline->logged = segment->last;
    if (recording->began_ms == 0)
        recording->began_ms = segment->began_ms;
    if (segment->ended_ms != 0)
        recording->ended_ms = segment->ended_ms;
    if (segment->summary.length > 0)
        take_summary(timeline, segment->summary);
    timeline->last = segment->last;
    return !timeline->failed;
}

static void take_tail(struct timeline *timeline, const struct tail *tail)
{
    uint8_t buffer[SUMMARY_BYTES_MAX];
    struct writer writer = writer_on(buffer, sizeof buffer);
    struct recording *recording = timeline->recording;
    struct track_part part = {0};
    struct bytes log = {tail->log.data, tail->log.length};
    struct bytes track = {tail->track.bytes.data, tail->track.bytes.length};
    log_time(log, &part.began_ms, &part.ended_ms);
    log_time(track, &part.began_ms, &part.ended_ms);
    if (recording->began_ms == 0)
        recording->began_ms = part.began_ms;
    if (part.ended_ms > recording->ended_ms)
        recording->ended_ms = part.ended_ms;
    summary_write(log, track, &writer);
    if (writer.status == STATUS_OK)
        take_summary(timeline, writer_bytes(&writer));
}

/* --- What people noted ---------------------------------------------------------------------------- */

static bool take_session(void *context, const struct store_session *session)
{
    struct timeline *timeline = context;
    struct recording *recording = timeline->recording;
    struct store_session *kept = add(timeline, &recording->sessions, &recording->session_count,
                                     sizeof *kept, STORE_SESSIONS_MAX);
    if (kept == NULL)
        return false;
    *kept = *session;
    kept->room = keep(timeline, session->room);
    kept->kind = keep(timeline, session->kind);
    kept->title = keep(timeline, session->title);
    return true;
}

/* Of one that is in the archive the title and the pin count that it has there. */
static void take_running(struct timeline *timeline, const struct store_session *session)
{
    struct recording *recording = timeline->recording;
    size_t i = 0;
    while (i < recording->session_count && recording->sessions[i].id != session->id)
        i++;
    if (i == recording->session_count && !take_session(timeline, session))
        return;
    recording->sessions[i].last = session->last;
    recording->sessions[i].ended_ms = session->ended_ms;
}

/* Those that are not sealed, or of which that is not told yet. The one that goes on has come as far as the room. */
static void
take_sessions(struct timeline *timeline, struct storage *storage, const struct tail *tail)
{
    const struct recording *recording = timeline->recording;
    struct tail copy = *tail;
    struct putting putting = {.storage = storage};
    sessions_take(&putting, &copy);
    if (copy.session.id != 0)
        sessions_take_open(&putting, &copy, recording->room.last, recording->ended_ms);
    for (size_t i = 0; i < putting.count; i++)
        take_running(timeline, &putting.sessions[i]);
}

static bool take_marker(void *context, const struct store_marker *marker)
{
    struct timeline *timeline = context;
    struct recording *recording = timeline->recording;
    struct store_marker *kept = add(timeline, &recording->markers, &recording->marker_count,
                                    sizeof *kept, STORE_MARKERS_MAX);
    if (kept == NULL)
        return false;
    *kept = *marker;
    kept->room = keep(timeline, marker->room);
    kept->title = keep(timeline, marker->title);
    kept->colour = keep(timeline, marker->colour);
    kept->by = keep(timeline, marker->by);
    return true;
}

/* --- All of it ------------------------------------------------------------------------------------ */

static bool make_buckets(struct storage *storage, struct timeline *timeline)
{
    struct recording *recording = timeline->recording;
    struct bytes kind = {recording->room.kind, recording->room.kind_length};
    const struct rules *rules = kind_find(storage->options.kinds, kind);
    uint64_t ticks = recording->room.last - recording->room.first + 1;
    timeline->tick_hz = rules != NULL ? rules->tick_hz : 1;
    recording->bucket_ticks = (ticks + RECORDING_BUCKETS_MAX - 1) / RECORDING_BUCKETS_MAX;
    if (recording->bucket_ticks < timeline->tick_hz)
        recording->bucket_ticks = timeline->tick_hz;
    recording->bucket_count = (ticks + recording->bucket_ticks - 1) / recording->bucket_ticks;
    recording->buckets = calloc(recording->bucket_count, sizeof *recording->buckets);
    return recording->buckets != NULL;
}

static enum store_result
read_store(struct storage *storage, struct bytes name, struct timeline *timeline)
{
    struct store *store = storage->store;
    enum store_result result = store->segments(store, name, 0, take_segment, timeline);
    if (result == STORE_OK || result == STORE_NOT_FOUND)
        result = store->sessions->list(store, name, take_session, timeline);
    if (result == STORE_OK || result == STORE_NOT_FOUND)
        result = store->sessions->markers(store, name, take_marker, timeline);
    return result == STORE_NOT_FOUND ? STORE_OK : result;
}

void archivist_recording(struct storage *storage, struct job *job)
{
    struct recording *recording = job->event.recording;
    struct timeline timeline = {.storage = storage, .name = job_name(job), .recording = recording};
    const struct tail *tail = NULL;
    recording->result = MOMENT_FORSAKEN;
    if (archivist_is_asked(storage, job))
        recording->result =
            recorded_room_find(storage, job_name(job), &recording->room, &tail, recording->text);
    const struct tail *known = tail_find(storage, job_name(job));
    if (job->number > recording->room.last)
        recording->room.last = job->number;
    if (recording->result == MOMENT_DONE && !make_buckets(storage, &timeline))
        recording->result = MOMENT_FAILED;
    if (recording->result == MOMENT_DONE) {
        enum store_result result = read_store(storage, job_name(job), &timeline);
        if (result == STORE_OK && tail != NULL)
            take_tail(&timeline, tail);
        if (job->number > 0)
            recording->ended_ms = storage->options.wall_ms();
        if (result == STORE_OK && known != NULL)
            take_sessions(&timeline, storage, known);
        recording->result = timeline.failed ? MOMENT_FAILED : moment_result_of(result);
        if (result != STORE_OK)
            snprintf(recording->text, sizeof recording->text, "%s",
                     storage->store->place(storage->store));
    }
    storage_answer(storage, job);
}
