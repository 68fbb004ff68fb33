#include "server/storage_parts.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t clock_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

uint64_t wall_clock_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* --- Events -------------------------------------------------------------------------------------- */

void storage_answer(struct storage *storage, struct job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&storage->mutex);
    if (storage->told_last != NULL)
        storage->told_last->next = job;
    else
        storage->told_first = job;
    storage->told_last = job;
    pthread_mutex_unlock(&storage->mutex);
    wake_hub(storage);
}

void storage_tell(struct storage *storage, enum storage_event_kind kind, const char *text)
{
    struct job *job = job_new(JOB_TELL, (struct bytes){0});
    if (job == NULL)
        return;
    job->event.kind = kind;
    snprintf(job->event.text, sizeof job->event.text, "%s", text);
    storage_answer(storage, job);
}

void storage_trouble(struct storage *storage, const char *format, ...)
{
    char text[STORE_PLACE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    storage_tell(storage, STORAGE_TROUBLE, text);
}

/* Once the storage stops, nobody listens. */
void wake_hub(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    if (storage->options.wake != NULL && !storage->stopping)
        storage->options.wake(storage->options.context);
    pthread_mutex_unlock(&storage->mutex);
}

void storage_lost(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    bool told = storage->lost;
    storage->lost = true;
    pthread_mutex_unlock(&storage->mutex);
    if (!told)
        storage_tell(storage, STORAGE_LOST, "");
}

/* Flushes end one after the other, so that a number tells of them all: no memory is needed to say
 * so, and none is forgotten. */
static bool next_flushed(struct storage *storage, struct storage_event *event)
{
    pthread_mutex_lock(&storage->mutex);
    bool flushed = storage->saved > storage->told;
    pthread_mutex_unlock(&storage->mutex);
    if (!flushed)
        return false;
    *event = (struct storage_event){.kind = STORAGE_FLUSHED, .number = ++storage->told};
    storage->under_way--;
    return true;
}

/* So does a store that is another server's. */
static bool next_fenced(struct storage *storage, struct storage_event *event)
{
    pthread_mutex_lock(&storage->mutex);
    bool fenced = storage->fenced && !storage->told_fenced;
    pthread_mutex_unlock(&storage->mutex);
    if (!fenced)
        return false;
    storage->told_fenced = true;
    *event = (struct storage_event){.kind = STORAGE_FENCED};
    return true;
}

bool storage_next(struct storage *storage, struct storage_event *event)
{
    pthread_mutex_lock(&storage->mutex);
    struct job *job = storage->told_first;
    if (job != NULL) {
        storage->told_first = job->next;
        if (storage->told_first == NULL)
            storage->told_last = NULL;
    }
    pthread_mutex_unlock(&storage->mutex);
    if (job == NULL)
        return next_flushed(storage, event) || next_fenced(storage, event);
    *event = job->event;
    free(job);
    return true;
}

/* --- Flushes ------------------------------------------------------------------------------------- */

bool storage_reserve(struct storage *storage, size_t bytes)
{
    return flush_reserve(&storage->open, bytes);
}

struct bytes batch_bytes(const struct batch *batch)
{
    return (struct bytes){batch->data, batch->length};
}

bool storage_log(struct storage *storage, const struct flush_entry *entry)
{
    assert(!storage->stopped);
    return flush_add(&storage->open, entry);
}

uint64_t storage_open_number(const struct storage *storage)
{
    return storage->next_number;
}

static bool is_empty(const struct storage *storage)
{
    return storage->open.length == 0;
}

/* Without a flush to go with. */
static uint64_t track_due_us(const struct storage *storage)
{
    return storage->open_track.length == 0 ? UINT64_MAX : storage->track_us + STORAGE_TRACK_US;
}

/* Memory of just its size: a batch is kept until it is sealed. */
struct batch *batch_new(struct bytes bytes)
{
    struct batch *batch = malloc(sizeof *batch + bytes.length);
    if (batch == NULL)
        return NULL;
    *batch = (struct batch){.length = bytes.length};
    memcpy(batch->data, bytes.data, bytes.length);
    return batch;
}

static struct batch *take_open(struct storage *storage)
{
    struct flush_buffer *open = &storage->open;
    struct batch *batch = batch_new((struct bytes){open->data, open->length});
    if (batch == NULL)
        return NULL;
    open->length = 0;
    if (open->capacity > STORAGE_FLUSH_BYTES) {
        free(open->data);
        *open = (struct flush_buffer){0};
    }
    return batch;
}

/* Behind its log, which has gone out. */
static void hand_over_track(struct storage *storage, uint64_t now_us)
{
    struct job *job = job_new(JOB_TRACK, (struct bytes){0});
    if (job == NULL)
        return;
    tracks_hand_over(storage, job);
    storage->track_us = now_us;
    queue_push(storage, &storage->to_writer, job);
}

void storage_flush(struct storage *storage, uint64_t now_us, bool urgent)
{
    if (is_empty(storage) && now_us >= track_due_us(storage))
        hand_over_track(storage, now_us);
    if (is_empty(storage) || (!urgent && now_us < storage->flushed_us + STORAGE_FLUSH_US))
        return;
    /* What comes while two are under way goes out together. */
    bool behind = storage->under_way >= STORAGE_FLUSHES_MAX;
    struct job *job = behind ? NULL : job_new(JOB_FLUSH, (struct bytes){0});
    if (job == NULL)
        return;
    job->batch = take_open(storage);
    if (job->batch == NULL) {
        free(job);
        return;
    }
    tracks_hand_over(storage, job);
    storage->track_us = now_us;
    storage->under_way++;
    job->removals = storage->removals;
    storage->removals = NULL;
    job->batch->number = storage->next_number++;
    job->batch->since_us = now_us;
    storage->flushed_us = now_us;
    pthread_mutex_lock(&storage->mutex);
    storage->figures.waiting_bytes += job->batch->length;
    if (storage->figures.waiting_us == 0)
        storage->figures.waiting_us = now_us;
    pthread_mutex_unlock(&storage->mutex);
    queue_push(storage, &storage->to_writer, job);
}

uint64_t storage_flush_us(const struct storage *storage)
{
    return is_empty(storage) ? track_due_us(storage) : storage->flushed_us + STORAGE_FLUSH_US;
}

/* So much may be kept for an archive that answers nothing: by then it hangs, or is far too slow. */
#define KEPT_RINGS 4u

struct storage_load_figures storage_figures(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    struct storage_load_figures figures = storage->figures;
    pthread_mutex_unlock(&storage->mutex);
    figures.waiting_bytes += storage->open.length;
    figures.archive_behind |= figures.kept_bytes >= KEPT_RINGS * storage->options.ring_bytes;
    return figures;
}

bool storage_flush_is_full(const struct storage *storage)
{
    return storage->open.length >= STORAGE_FLUSH_BYTES;
}

static bool waits_longer(const struct storage_load_figures *figures, uint64_t now_us, uint64_t us)
{
    return figures->waiting_us > 0 && now_us > figures->waiting_us + us;
}

bool storage_is_interrupted(struct storage *storage, uint64_t now_us)
{
    struct storage_load_figures figures = storage_figures(storage);
    return figures.failing || waits_longer(&figures, now_us, STORAGE_LATE_US);
}

bool storage_is_full(struct storage *storage, uint64_t now_us)
{
    struct storage_load_figures figures = storage_figures(storage);
    bool trouble = figures.failing || figures.archive_fails || figures.archive_behind;
    uint64_t bytes = figures.waiting_bytes + (trouble ? figures.kept_bytes : 0);
    return bytes >= storage->options.ring_bytes ||
           waits_longer(&figures, now_us, storage->options.ring_s * UINT64_C(1000000));
}

/* --- Rooms --------------------------------------------------------------------------------------- */

static struct job *ask(struct storage *storage, enum job_kind kind, struct bytes name, void *ticket)
{
    struct job *job = job_new(kind, name);
    if (job == NULL)
        return NULL;
    job->event.ticket = ticket;
    queue_push(storage, &storage->to_archivist, job);
    return job;
}

struct job *storage_load(struct storage *storage, struct bytes name, void *ticket)
{
    return ask(storage, JOB_LOAD, name, ticket);
}

void storage_forsake(struct storage *storage, struct job *load, bool forsaken)
{
    pthread_mutex_lock(&storage->mutex);
    load->forsaken = forsaken;
    pthread_mutex_unlock(&storage->mutex);
}

void storage_slept(struct storage *storage, struct bytes name)
{
    (void)ask(storage, JOB_SLEPT, name, NULL); /* else it is only sealed without a snapshot */
}

bool storage_remove(struct storage *storage, struct bytes name, uint64_t incarnation)
{
    struct flush_entry entry = {.room = name, .incarnation = incarnation};
    struct job *job = job_new(JOB_REMOVE, name);
    if (job == NULL || !storage_log(storage, &entry)) {
        free(job);
        return false;
    }
    if (storage->removals == NULL)
        storage->removals = job;
    else
        storage->removals_last->next = job;
    storage->removals_last = job;
    return true;
}

bool storage_quarantine(struct storage *storage, struct bytes name, const char *reason)
{
    struct job *job = quarantine_new(storage, name, reason);
    if (job == NULL)
        return false;
    queue_push(storage, &storage->to_archivist, job);
    return true;
}

static_assert(RESULT_NAME_BYTES_MAX <= ROOM_NAME_MAX, "an event has room for it");

bool storage_strike(struct storage *storage, struct bytes board, struct bytes name)
{
    struct job *job = job_new(JOB_STRIKE, name);
    if (job == NULL)
        return false;
    job->event.board_length = (uint8_t)board.length;
    if (board.length > 0)
        memcpy(job->event.board, board.data, board.length);
    queue_push(storage, &storage->to_archivist, job);
    return true;
}

bool storage_release_room(struct storage *storage, struct bytes name)
{
    return ask(storage, JOB_RELEASE_ROOM, name, NULL) != NULL;
}

/* --- Beginning and end --------------------------------------------------------------------------- */

/* A flush that cannot be taken must not be the end of the journal: what follows would be lost. */
struct taking {
    struct storage *storage;
    enum store_result result;
};

static bool foresee(void *context, const struct store_flush *flush)
{
    struct taking *taking = context;
    bool foreseen = tails_foresee(taking->storage, flush->bytes);
    taking->result = foreseen ? STORE_OK : STORE_MEMORY;
    return foreseen;
}

static bool take_flush(void *context, const struct store_flush *flush)
{
    struct taking *taking = context;
    struct storage *storage = taking->storage;
    taking->result = STORE_MEMORY;
    struct batch *batch = batch_new(flush->bytes);
    if (batch == NULL)
        return false;
    batch->number = flush->number;
    writer_keep(storage, batch);
    struct job *nobody_asked = NULL;
    taking->result = tails_take(storage, batch, &nobody_asked);
    return taking->result == STORE_OK;
}

/* Asked again where the archive was damaged, since it has been replaced then. */
static enum store_result read_boards(struct storage *storage)
{
    struct store *store = storage->store;
    enum store_result result = store->scores(store, boards_put, storage->boards);
    if (result != STORE_DAMAGED)
        return result;
    storage_trouble(storage, "the archive: %.80s", store->place(store));
    storage->options.salvaged = true;
    return store->scores(store, boards_put, storage->boards);
}

/* The journal's flushes, as they were when its server ended. */
static enum store_result read_journal(struct storage *storage)
{
    struct store *store = storage->store;
    struct taking taking = {.storage = storage, .result = STORE_OK};
    uint64_t last = 0;
    enum store_result result = store->claim(store, &storage->fence);
    if (result == STORE_OK)
        result = store->flushes(store, foresee, &taking, &last);
    /* Damage is met again by the one who takes what lies before it. */
    if ((result == STORE_OK || result == STORE_DAMAGED) && taking.result == STORE_OK)
        result = store->flushes(store, take_flush, &taking, &last);
    tails_foresaw(storage);
    if (result == STORE_OK && taking.result != STORE_OK)
        return taking.result;
    /* What was behind the damage is missing, and the rooms that it told of will say so. */
    if (result == STORE_DAMAGED) {
        storage_trouble(storage, "lost from the journal on: %.80s", store->place(store));
        storage->options.salvaged = true;
        result = writer_renew(storage);
    }
    storage->next_number = last + 1;
    storage->taken = storage->saved = storage->told = last;
    uint64_t highest = store->incarnation(store);
    storage->incarnation = highest > storage->incarnation ? highest : storage->incarnation;
    return result;
}

/* It hands the end on to the archivist. */
static void end_writer(struct storage *storage)
{
    struct job *stop = storage->stop;
    storage->stop = NULL;
    queue_push(storage, &storage->to_writer, stop);
}

static bool start_threads(struct storage *storage)
{
    if (storage->options.wake == NULL)
        return true;
    if (pthread_create(&storage->writer_thread, NULL, writer_run, storage) != 0)
        return false;
    if (pthread_create(&storage->archivist_thread, NULL, archivist_run, storage) != 0) {
        end_writer(storage);
        pthread_join(storage->writer_thread, NULL);
        return false;
    }
    storage->threads = true;
    return true;
}

struct storage *storage_create(const struct storage_options *options, char error[STORAGE_ERROR_MAX])
{
    struct storage *storage = calloc(1, sizeof *storage);
    struct job *stop = job_new(JOB_STOP, (struct bytes){0});
    struct boards *boards = boards_create();
    if (storage == NULL || stop == NULL || boards == NULL) {
        free(storage);
        free(stop);
        boards_destroy(boards);
        options->store->close(options->store);
        snprintf(error, STORAGE_ERROR_MAX, "no memory");
        return NULL;
    }
    storage->stop = stop;
    storage->boards = boards;
    storage->options = *options;
    storage->store = options->store;
    if (storage->options.ring_bytes == 0)
        storage->options.ring_bytes = STORAGE_RING_BYTES;
    if (storage->options.ring_s == 0)
        storage->options.ring_s = STORAGE_RING_S;
    if (storage->options.clock_ms == NULL)
        storage->options.clock_ms = clock_ms;
    if (storage->options.wall_ms == NULL)
        storage->options.wall_ms = wall_clock_ms;
    if (storage->options.seal_ms == 0)
        storage->options.seal_ms = STORAGE_SEAL_MS;
    if (storage->options.sealing_bytes == 0)
        storage->options.sealing_bytes = STORAGE_SEALING_BYTES;
    if (storage->options.track_bytes == 0)
        storage->options.track_bytes = STORAGE_TRACK_BYTES;
    pthread_mutex_init(&storage->mutex, NULL);
    queue_init(&storage->to_writer);
    queue_init(&storage->to_archivist);
    storage->sealed_ms = storage->options.clock_ms();
    enum store_result result = read_boards(storage);
    if (result == STORE_OK)
        result = read_journal(storage);
    if (result == STORE_OK && start_threads(storage))
        return storage;
    snprintf(error, STORAGE_ERROR_MAX, "%s: %s",
             result == STORE_OK ? "threads" : store_result_text(result),
             storage->store->place(storage->store));
    storage->stopped = true;
    storage_destroy(storage);
    return NULL;
}

void storage_abandon(struct storage *storage)
{
    storage->gave_up = true;
}

void storage_work(struct storage *storage)
{
    struct job *job;
    enum turn turn;
    assert(!storage->threads);
    do {
        while ((job = queue_pop(storage, &storage->to_writer, QUEUE_AT_ONCE)) != NULL)
            writer_do(storage, job);
        job = queue_pop(storage, &storage->to_archivist, QUEUE_AT_ONCE);
        turn = archivist_turn(storage, job);
    } while (turn == TURN_BUSY || (turn == TURN_DONE && job != NULL));
}

/* What the threads have done, so that one that goes on is told from one that hangs. */
static uint64_t progress_of(struct storage *storage)
{
    struct storage_load_figures figures = storage_figures(storage);
    return figures.flushes + figures.failures + figures.seals + figures.loads;
}

/* False when nothing happens for so many seconds. */
static bool join_thread(struct storage *storage, pthread_t thread, uint32_t seconds)
{
    uint64_t progress;
    struct timespec until;
    do {
        progress = progress_of(storage);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += seconds;
        if (pthread_timedjoin_np(thread, NULL, &until) == 0)
            return true;
    } while (progress_of(storage) != progress);
    return false;
}

/* False when a flush could not be waited for. */
static bool join_threads(struct storage *storage)
{
    bool written = join_thread(storage, storage->writer_thread, STOP_SECONDS);
    /* The end of the writer is what tells the archivist of its own. */
    storage->hangs =
        !written || !join_thread(storage, storage->archivist_thread, STOP_SEAL_SECONDS);
    storage->threads = false;
    return written;
}

bool storage_stop(struct storage *storage)
{
    assert(!storage->stopped);
    pthread_mutex_lock(&storage->mutex);
    storage->stopping = true;
    pthread_mutex_unlock(&storage->mutex);
    storage->under_way = 0; /* the last flush goes out whatever waits before it */
    storage_flush(storage, storage->flushed_us, true);
    bool handed_over = is_empty(storage);
    if (handed_over && storage->open_track.length > 0)
        hand_over_track(storage, storage->flushed_us);
    end_writer(storage);
    bool written = true;
    if (storage->threads)
        written = join_threads(storage);
    else
        storage_work(storage);
    storage->stopped = true;
    if (storage->hangs)
        return handed_over && written && !storage->gave_up; /* the writer's, which is joined then */
    /* What the archivist sealed last. */
    for (struct job *job; (job = queue_pop(storage, &storage->to_writer, QUEUE_AT_ONCE)) != NULL;)
        writer_do(storage, job);
    return handed_over && !storage->gave_up;
}

bool storage_hangs(const struct storage *storage)
{
    return storage->hangs;
}

void storage_destroy(struct storage *storage)
{
    if (storage == NULL)
        return;
    if (!storage->stopped)
        (void)storage_stop(storage);
    if (storage->hangs)
        return;
    struct storage_event event;
    while (storage_next(storage, &event))
        event_free(&event);
    for (struct file_work *work; (work = storage_file_done(storage)) != NULL;)
        file_work_free(work);
    free(storage->stop);
    jobs_free(storage->removals);
    free(storage->open.data);
    free(storage->open_track.data);
    queue_free(&storage->to_writer);
    queue_free(&storage->to_archivist);
    writer_free(storage);
    archivist_free(storage);
    retention_free(storage);
    rules_again_free(storage);
    boards_destroy(storage->boards);
    storage->store->close(storage->store);
    pthread_mutex_destroy(&storage->mutex);
    free(storage);
}

struct boards *storage_boards(struct storage *storage)
{
    return storage->boards;
}

uint64_t storage_incarnation(const struct storage *storage)
{
    return storage->incarnation;
}
