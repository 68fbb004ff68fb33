/* archivist.c - the thread that loads rooms and seals what was flushed into the archive. */
#include "server/storage_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* Tails beyond this are sealed before their time. */
#define SEAL_BYTES (16u << 20)

/* While a sealing goes on, a step of it comes at the latest behind so many answers; behind each of them where
 * tails have grown to twice what began it, and before anything else where they have to three times. */
#define ANSWERS_A_STEP 8u

/* Who was answered often asks for the next thing at once: that is waited for before a step. */
#define STEP_GRACE_MS 5u

/* Freed in the archive when the disk is full: a little, so that no more of the past goes than must. */
#define RECLAIM_BYTES (8u << 20)

static void slept(struct storage *storage, struct bytes name)
{
    struct tail *tail = tail_find(storage, name);
    if (tail != NULL)
        tail->asleep = true;
}

void archivist_answer(struct storage *storage,
                      struct job *job,
                      enum storage_event_kind kind,
                      enum store_result result)
{
    static const char *const left = "the archive still has its bytes: ";
    job->event.kind = kind;
    job->event.answer = result;
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        snprintf(job->event.text, sizeof job->event.text, "%s%s: %.60s",
                 kind == STORAGE_REMOVED ? left : "", store_result_text(result),
                 storage->store->place(storage->store));
    storage_answer(storage, job);
}

/* One whose mark the archive never had is released all the same. */
static void release_room(struct storage *storage, struct job *job)
{
    struct known known = {0};
    struct store *store = storage->store;
    enum store_result result = room_known(storage, job_name(job), &known);
    if (result == STORE_OK && known.state == STORE_ROOM_DELETED)
        result = STORE_NOT_FOUND;
    if (result == STORE_OK)
        result = store->release_quarantine(store, job_name(job));
    if ((result == STORE_OK || result == STORE_NOT_FOUND) &&
        quarantine_forget(storage, job_name(job)))
        result = STORE_OK;
    struct tail *tail = tail_find(storage, job_name(job));
    if (result == STORE_OK && tail != NULL)
        tail->broken = false; /* where it is, the next load or snapshot finds out */
    archivist_answer(storage, job, STORAGE_RELEASED, result);
}

/* The journal tells of the name until it has forgotten what is sealed by now: so the writer answers, also
 * where the name is off the boards since it was asked for before. */
static void strike(struct storage *storage, struct job *job)
{
    struct bytes board = {job->event.board, job->event.board_length};
    bool found = boards_strike(storage->boards, board, job_name(job)) > 0 ||
                 boards_owe(storage->boards, board, job_name(job));
    enum store_result result = archivist_seal(storage);
    job->event.answer = found ? STORE_OK : STORE_NOT_FOUND;
    job->number = storage->taken;
    if (result == STORE_OK || !found)
        queue_push(storage, &storage->to_writer, job);
    else
        archivist_answer(storage, job, STORAGE_STRUCK, result);
}

/* What it could free does not matter: the writer tries again, and asks again. */
static void reclaim(struct storage *storage)
{
    uint64_t freed;
    enum store_result result = storage->store->reclaim(storage->store, RECLAIM_BYTES, &freed);
    (void)result;
    pthread_mutex_lock(&storage->mutex);
    storage->reclaiming = false;
    pthread_mutex_unlock(&storage->mutex);
}

bool archivist_is_asked(struct storage *storage, const struct job *job)
{
    pthread_mutex_lock(&storage->mutex);
    bool wanted = !job->forsaken && !storage->stopping;
    pthread_mutex_unlock(&storage->mutex);
    return wanted;
}

static void load(struct storage *storage, struct job *job)
{
    job->event.kind = STORAGE_LOADED;
    job->event.result = LOAD_FORSAKEN;
    if (archivist_is_asked(storage, job))
        archivist_load(storage, job_name(job), &job->event);
    storage_answer(storage, job);
}

/* Before what is kept for the archive fills the ring. */
static uint64_t tails_early(const struct storage *storage)
{
    uint64_t half = storage->options.ring_bytes / 2;
    return half < SEAL_BYTES ? half : SEAL_BYTES;
}

static void take_flush(struct storage *storage, struct job *job)
{
    /* What they do not take the journal has, and the archive never will. */
    if (tails_take(storage, job->batch, &job->removals) != STORE_OK)
        archivist_seal_failed(storage, STORE_FAILED);
    tracks_take(storage, job->track);
    for (struct job *order; (order = job->removals) != NULL;) {
        job->removals = order->next;
        archivist_answer(storage, order, STORAGE_REMOVED, STORE_FAILED);
    }
    if (storage->tail_bytes > tails_early(storage))
        archivist_seal_early(storage);
    while (storage->tail_bytes > 3 * tails_early(storage) && storage->round.phase != ROUND_OVER)
        archivist_seal_step(storage);
}

/* False: it was the last. */
static bool do_job(struct storage *storage, struct job *job)
{
    switch (job->kind) {
    case JOB_FLUSH:
        take_flush(storage, job);
        break;
    case JOB_TRACK:
        tracks_take(storage, job->track);
        break;
    case JOB_LOAD:
        load(storage, job);
        return true;
    case JOB_MOMENT:
        archivist_moment(storage, job);
        return true;
    case JOB_MORE:
        archivist_more(storage, job);
        return true;
    case JOB_NOTE:
        archivist_note(storage, job);
        return true;
    case JOB_RECORDING:
        archivist_recording(storage, job);
        return true;
    case JOB_QUARANTINE:
        quarantine_room(storage, job);
        return true;
    case JOB_RELEASE_ROOM:
        release_room(storage, job);
        return true;
    case JOB_STRIKE:
        strike(storage, job);
        return true;
    case JOB_SLEPT:
        slept(storage, job_name(job));
        break;
    case JOB_RECLAIM:
        reclaim(storage);
        break;
    case JOB_FILE:
        archivist_file(storage, job->file);
        return true;
    case JOB_STOP:
        storage->ends = true;
        (void)archivist_seal(storage);
        free(job);
        return false;
    case JOB_RELEASE:
    case JOB_REMOVE:
    case JOB_TELL:
        break; /* none of its own */
    }
    job_free(job);
    return true;
}

static bool step_is_due(const struct storage *storage, bool idle)
{
    uint32_t answers = storage->tail_bytes > 2 * tails_early(storage) ? 1 : ANSWERS_A_STEP;
    return idle || storage->round.served >= answers;
}

enum turn archivist_turn(struct storage *storage, struct job *job)
{
    struct round *round = &storage->round;
    bool idle = job == NULL;
    bool asked = !idle && job_asks(job);
    if (!idle && !do_job(storage, job))
        return TURN_OVER;
    round->served += asked;
    if (storage->options.clock_ms() >= storage->sealed_ms + storage->options.seal_ms)
        archivist_seal_begin(storage);
    if (round->phase == ROUND_OVER && idle)
        archivist_idle(storage);
    if (round->phase != ROUND_OVER && step_is_due(storage, idle)) {
        archivist_seal_step(storage);
        round->served = 0;
    } else if (idle) {
        round->served = 0; /* nobody has asked again */
    }
    return round->phase != ROUND_OVER || storage->retentions > 0 ? TURN_BUSY : TURN_DONE;
}

static uint64_t next_turn_ms(const struct storage *storage, enum turn turn)
{
    if (turn == TURN_DONE)
        return storage->sealed_ms + storage->options.seal_ms;
    return storage->round.served > 0 ? storage->options.clock_ms() + STEP_GRACE_MS : QUEUE_AT_ONCE;
}

void *archivist_run(void *context)
{
    struct storage *storage = context;
    enum turn turn = TURN_DONE;
    pthread_setname_np(pthread_self(), "archivist");
    while (turn != TURN_OVER) {
        struct job *job = queue_pop(storage, &storage->to_archivist, next_turn_ms(storage, turn));
        turn = archivist_turn(storage, job);
    }
    return NULL;
}

void archivist_free(struct storage *storage)
{
    while (storage->tails != NULL)
        tail_forget(storage, storage->tails);
    for (struct job *job; (job = storage->quarantines) != NULL;) {
        storage->quarantines = job->next;
        free(job);
    }
}
