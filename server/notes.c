/* notes.c - markers and sessions as people want them: the archivist's. */
#include "server/storage_parts.h"

#include <stdlib.h>
#include <string.h>

/* --- Copies ---------------------------------------------------------------------------------------- */

static struct bytes copy(uint8_t **at, struct bytes bytes)
{
    struct bytes copied = {*at, bytes.length};
    if (bytes.length > 0)
        memcpy(*at, bytes.data, bytes.length);
    *at += bytes.length;
    return copied;
}

/* In one piece, with its texts behind it. */
static struct note *note_copy(const struct note *note)
{
    const struct store_marker *marker = &note->marker;
    struct note *copied = malloc(sizeof *copied + marker->room.length + marker->title.length +
                                 marker->colour.length + marker->by.length);
    if (copied == NULL)
        return NULL;
    uint8_t *at = (uint8_t *)(copied + 1);
    *copied = *note;
    copied->marker.room = copy(&at, marker->room);
    copied->marker.title = copy(&at, marker->title);
    copied->marker.colour = copy(&at, marker->colour);
    copied->marker.by = copy(&at, marker->by);
    return copied;
}

bool storage_note(struct storage *storage, const struct note *note, void *ticket)
{
    struct job *job = job_new(JOB_NOTE, note->marker.room);
    if (job == NULL)
        return false;
    job->event.ticket = ticket;
    job->note = note_copy(note);
    if (job->note == NULL) {
        job_free(job);
        return false;
    }
    queue_push(storage, &storage->to_archivist, job);
    return true;
}

/* --- Moments --------------------------------------------------------------------------------------- */

struct wanted {
    uint64_t tick, incarnation;
    bool behind; /* there is a piece behind the tick */
};

/* Of those that have the tick the last is the newest. A tick between two pieces in which nothing happened has the
 * incarnation of what comes next: waking takes the tick behind the last. */
static bool take_segment(void *context, const struct store_segment *segment)
{
    struct wanted *wanted = context;
    if (segment->first > wanted->tick) {
        if (wanted->incarnation == 0 && !segment->gap)
            wanted->incarnation = segment->incarnation;
        wanted->behind = true;
        return false;
    }
    if (segment->last >= wanted->tick)
        wanted->incarnation = segment->incarnation;
    return true;
}

/* Of a tick that is written down; 0 where that is not known. */
static uint64_t incarnation_at(struct storage *storage, struct bytes room, uint64_t tick)
{
    struct wanted wanted = {.tick = tick};
    const struct tail *tail = tail_find(storage, room);
    bool waits = tail != NULL && tail->log.length > 0;
    if (waits && tick >= tail->first)
        return tail->incarnation;
    enum store_result result = storage->store->segments(
        storage->store, room, tick > 0 ? tick - 1 : 0, take_segment, &wanted);
    (void)result; /* what does not check has no moments */
    if (wanted.incarnation == 0 && !wanted.behind && waits)
        return tail->incarnation;
    return wanted.incarnation;
}

/* The incarnation in which the room had that tick; 0 where it never had it, or that is not known. Beyond all that is
 * written down of it an awake room has its ticks in the one that goes on. */
static uint64_t incarnation_of(struct storage *storage, const struct note *note)
{
    struct recorded_room recorded;
    const struct tail *tail;
    char text[STORE_PLACE_MAX];
    uint64_t tick = note->marker.tick;
    if (recorded_room_find(storage, note->marker.room, &recorded, &tail, text) != MOMENT_DONE ||
        tick < recorded.first)
        return 0;
    if (tick > recorded.last)
        return tick <= note->awake_to ? note->awake_incarnation : 0;
    return incarnation_at(storage, note->marker.room, tick);
}

/* --- Carried out ----------------------------------------------------------------------------------- */

static enum store_result
mark(struct storage *storage, const struct note *note, uint64_t *incarnation)
{
    struct store *store = storage->store;
    struct store_marker marker = note->marker;
    if (marker.incarnation == 0)
        marker.incarnation = incarnation_of(storage, note);
    if (marker.incarnation == 0)
        return STORE_NOT_FOUND;
    *incarnation = marker.incarnation;
    return note->kind == NOTE_MARK ? store->sessions->mark(store, &marker)
                                   : store->sessions->unmark(store, &marker);
}

struct sought {
    uint64_t id;
    bool found;
};

static bool take_session(void *context, const struct store_session *session)
{
    struct sought *sought = context;
    sought->found |= session->id == sought->id;
    return !sought->found;
}

/* One of another room is none: whoever knows a room's name may say something of that alone. */
static enum store_result find_session(struct store *store, const struct note *note)
{
    struct sought sought = {.id = note->session};
    enum store_result result =
        store->sessions->list(store, note->marker.room, take_session, &sought);
    return result == STORE_OK && !sought.found ? STORE_NOT_FOUND : result;
}

/* One that has begun since the room was sealed. */
static enum store_result put_running(struct storage *storage, struct bytes room)
{
    const struct tail *tail = tail_find(storage, room);
    struct putting putting = {.storage = storage};
    if (tail == NULL)
        return STORE_NOT_FOUND;
    struct tail copy = *tail;
    sessions_take(&putting, &copy);
    return sessions_put(&putting);
}

static enum store_result edit_session(struct storage *storage, const struct note *note)
{
    struct store *store = storage->store;
    enum store_result result = find_session(store, note);
    if (result == STORE_NOT_FOUND)
        result = put_running(storage, note->marker.room);
    if (result == STORE_OK)
        result = find_session(store, note);
    if (result == STORE_OK && note->kind == NOTE_SESSION_GONE)
        return store->sessions->remove(store, note->session);
    if (result == STORE_OK && note->entitles)
        result = store->sessions->entitle(store, note->session, note->marker.title);
    if (result == STORE_OK && note->pins)
        result = store->sessions->pin(store, note->session, note->pinned);
    return result;
}

/* A marker of a room that is not there would be one of a later room of its name. */
static bool is_there(struct storage *storage, struct bytes room)
{
    struct recorded_room recorded;
    const struct tail *tail;
    char text[STORE_PLACE_MAX];
    return recorded_room_find(storage, room, &recorded, &tail, text) == MOMENT_DONE;
}

void archivist_note(struct storage *storage, struct job *job)
{
    const struct note *note = job->note;
    enum store_result result = STORE_NOT_FOUND;
    if (is_there(storage, note->marker.room))
        result = note->kind == NOTE_MARK || note->kind == NOTE_UNMARK
                     ? mark(storage, note, &job->event.incarnation)
                     : edit_session(storage, note);
    free(job->note);
    job->note = NULL;
    archivist_answer(storage, job, STORAGE_NOTED, result);
}
