/* writer.c - the thread that makes flushes durable, whatever the disk does. */
#include "server/storage_parts.h"
#include "sync/log_read.h"

#include <stdio.h>
#include <stdlib.h>

/* Between two attempts on a disk that fails. */
#define RETRY_MS_MIN 250u
#define RETRY_MS_MAX 5000u

void writer_keep(struct storage *storage, struct batch *batch)
{
    batch->next = NULL;
    if (storage->kept_last != NULL)
        storage->kept_last->next = batch;
    else
        storage->kept = batch;
    storage->kept_last = batch;
    pthread_mutex_lock(&storage->mutex);
    storage->figures.kept_bytes += batch->length;
    pthread_mutex_unlock(&storage->mutex);
}

static enum store_result append(struct storage *storage, const struct batch *batch)
{
    struct store_flush flush = {.number = batch->number, .bytes = batch_bytes(batch)};
    return storage->store->append(storage->store, storage->fence, &flush);
}

/* A journal in a new file, with all that is not in the archive. */
enum store_result writer_renew(struct storage *storage)
{
    enum store_result result = storage->store->renew_journal(storage->store);
    for (const struct batch *batch = storage->kept; batch != NULL && result == STORE_OK;
         batch = batch->next)
        result = append(storage, batch);
    if (result == STORE_OK) {
        pthread_mutex_lock(&storage->mutex);
        storage->figures.generations++;
        pthread_mutex_unlock(&storage->mutex);
    }
    return result;
}

static bool stopping(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    bool result = storage->stopping;
    pthread_mutex_unlock(&storage->mutex);
    return result;
}

static void report(struct storage *storage, enum store_result result, bool *told)
{
    pthread_mutex_lock(&storage->mutex);
    storage->figures.failing = true;
    storage->figures.failures++;
    pthread_mutex_unlock(&storage->mutex);
    if (*told)
        return;
    *told = true;
    storage_trouble(storage, "%s: %.80s", store_result_text(result),
                    storage->store->place(storage->store));
}

/* The archive gives up some of the past, so that the present can be saved. */
static void ask_for_space(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    bool asked = storage->reclaiming;
    pthread_mutex_unlock(&storage->mutex);
    struct job *job = asked ? NULL : job_new(JOB_RECLAIM, (struct bytes){0});
    if (job == NULL)
        return;
    pthread_mutex_lock(&storage->mutex);
    storage->reclaiming = true;
    pthread_mutex_unlock(&storage->mutex);
    queue_push(storage, &storage->to_archivist, job);
}

static bool is_transient(enum store_result result)
{
    return result == STORE_BUSY || result == STORE_FULL || result == STORE_MEMORY;
}

/* One attempt. A journal that has failed otherwise than by being full is not written again. */
static enum store_result attempt(struct storage *storage, const struct batch *batch, bool *suspect)
{
    enum store_result result = *suspect ? writer_renew(storage) : STORE_OK;
    if (result == STORE_OK) {
        *suspect = false;
        result = append(storage, batch);
    }
    for (int i = 0; i < 3 && (result == STORE_UNKNOWN || result == STORE_MEMORY); i++)
        result = append(storage, batch);
    return result;
}

/* Between two attempts; shorter when the server begins to stop meanwhile. */
static void rest(struct storage *storage, uint32_t ms, bool knows_end)
{
    uint64_t until_ms = storage->options.clock_ms() + ms;
    struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                             .tv_nsec = (long)(until_ms % 1000) * 1000000};
    pthread_mutex_lock(&storage->mutex);
    int waited = 0;
    while (waited == 0 && storage->stopping == knows_end)
        waited = pthread_cond_timedwait(&storage->to_writer.filled, &storage->mutex, &until);
    pthread_mutex_unlock(&storage->mutex);
}

/* Waits until the disk takes the batch; false when that is given up. */
static bool save(struct storage *storage, const struct batch *batch)
{
    bool told = false;
    bool suspect = false;
    uint64_t gives_up_ms = 0;
    uint32_t wait_ms = RETRY_MS_MIN;
    for (;;) {
        bool was_suspect = suspect;
        enum store_result result = attempt(storage, batch, &suspect);
        if (result == STORE_OK)
            break;
        if (result == STORE_FENCED) {
            pthread_mutex_lock(&storage->mutex);
            storage->fenced = true;
            pthread_mutex_unlock(&storage->mutex);
            wake_hub(storage);
            return false;
        }
        report(storage, result, &told);
        if (was_suspect && !is_transient(result))
            storage_lost(storage);
        suspect = suspect || !is_transient(result);
        if (suspect && !was_suspect)
            continue;
        if (stopping(storage) && gives_up_ms == 0) {
            gives_up_ms = storage->options.clock_ms() + STOP_SECONDS * 1000u;
            wait_ms = RETRY_MS_MIN;
        }
        if ((gives_up_ms > 0 && storage->options.clock_ms() >= gives_up_ms) || !storage->threads)
            return false;
        if (result == STORE_FULL)
            ask_for_space(storage);
        rest(storage, wait_ms, gives_up_ms > 0);
        wait_ms = 2 * wait_ms < RETRY_MS_MAX ? 2 * wait_ms : RETRY_MS_MAX;
    }
    if (told) {
        pthread_mutex_lock(&storage->mutex);
        storage->figures.failing = false;
        pthread_mutex_unlock(&storage->mutex);
        storage_tell(storage, STORAGE_WELL, "");
    }
    return true;
}

static void write_flush(struct storage *storage, struct job *job)
{
    struct batch *batch = job->batch;
    if (storage->gave_up || !save(storage, batch)) {
        /* Nothing may become durable behind a gap. */
        storage->gave_up = true;
        free(batch);
        job_free(job);
        return;
    }
    writer_keep(storage, batch);
    pthread_mutex_lock(&storage->mutex);
    storage->figures.waiting_bytes -= batch->length;
    storage->figures.flushes++;
    storage->figures.flush_bytes += batch->length;
    const struct job *next = storage->to_writer.lanes[LANE_TOLD].first;
    while (next != NULL && next->batch == NULL)
        next = next->next;
    storage->figures.waiting_us = next != NULL ? next->batch->since_us : 0;
    pthread_mutex_unlock(&storage->mutex);
    uint64_t number = batch->number;
    queue_push(storage, &storage->to_archivist, job); /* before the hub can speak of it */
    pthread_mutex_lock(&storage->mutex);
    storage->saved = number;
    pthread_mutex_unlock(&storage->mutex);
    wake_hub(storage);
}

/* What is in the archive need not be kept; the journal forgets it when it can. */
static void release(struct storage *storage, uint64_t number)
{
    if (storage->gave_up || storage->store->release(storage->store, number) != STORE_OK)
        return;
    uint64_t bytes = 0;
    while (storage->kept != NULL && storage->kept->number <= number) {
        struct batch *batch = storage->kept;
        storage->kept = batch->next;
        bytes += batch->length;
        free(batch);
    }
    if (storage->kept == NULL)
        storage->kept_last = NULL;
    pthread_mutex_lock(&storage->mutex);
    storage->figures.kept_bytes -= bytes;
    pthread_mutex_unlock(&storage->mutex);
}

/* A name that is looked for among results. */
struct wanted {
    struct bytes board, name; /* no board: any */
    bool found;
};

static void look_at(void *context, const struct log_entry *entry, const struct log_result *result)
{
    struct wanted *wanted = context;
    (void)entry;
    bool there = wanted->board.length == 0 || bytes_equal(result->board, wanted->board);
    wanted->found |= there && bytes_equal(result->name, wanted->name);
}

static void look_through(const struct batch *batch, struct wanted *wanted)
{
    struct flush_reader reader = {.bytes = batch_bytes(batch)};
    struct flush_entry entry;
    while (!wanted->found && flush_next(&reader, &entry)) {
        if (flush_entry_deletes(&entry))
            continue;
        /* Who loads the room says where it is damaged. */
        enum status status = log_results(entry.bytes, look_at, wanted);
        (void)status;
    }
}

/* What is kept yet would be told again after a crash; what came after the order counts. */
static void answer_strike(struct storage *storage, struct job *job)
{
    struct wanted wanted = {.board = {job->event.board, job->event.board_length},
                            .name = job_name(job)};
    for (const struct batch *batch = storage->kept; batch != NULL && batch->number <= job->number;
         batch = batch->next)
        look_through(batch, &wanted);
    job->event.kind = STORAGE_STRUCK;
    if (wanted.found) {
        job->event.answer = STORE_BUSY;
        snprintf(job->event.text, sizeof job->event.text,
                 "it is off the board, but a crash may bring it back: ask again");
    }
    storage_answer(storage, job);
}

bool writer_do(struct storage *storage, struct job *job)
{
    switch (job->kind) {
    case JOB_FLUSH:
        write_flush(storage, job); /* which is the archivist's then */
        return true;
    case JOB_TRACK:
        queue_push(storage, &storage->to_archivist, job);
        return true;
    case JOB_RELEASE:
        release(storage, job->number);
        free(job);
        return true;
    case JOB_STRIKE:
        answer_strike(storage, job);
        return true;
    default:
        queue_push(storage, &storage->to_archivist, job); /* the end goes on to it */
        return false;
    }
}

void *writer_run(void *context)
{
    struct storage *storage = context;
    pthread_setname_np(pthread_self(), "writer");
    while (writer_do(storage, queue_pop(storage, &storage->to_writer, QUEUE_FOR_EVER)))
        continue;
    return NULL;
}

void writer_free(struct storage *storage)
{
    while (storage->kept != NULL) {
        struct batch *batch = storage->kept;
        storage->kept = batch->next;
        free(batch);
    }
}
