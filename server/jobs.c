/* jobs.c - what the hub and the storage's threads hand each other, and the queues that it goes through. */
#include "server/storage_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct job *job_new(enum job_kind kind, struct bytes name)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    job->kind = kind;
    job->event.name_length = (uint8_t)name.length;
    if (name.length > 0)
        memcpy(job->event.name, name.data, name.length);
    return job;
}

struct bytes job_name(const struct job *job)
{
    return (struct bytes){job->event.name, job->event.name_length};
}

void jobs_free(struct job *job)
{
    for (struct job *next; job != NULL; job = next) {
        next = job->next;
        free(job->batch);
        if (job->file != NULL)
            file_work_free(job->file);
        else
            job_free(job);
    }
}

void event_free(const struct storage_event *event)
{
    room_destroy(event->room);
    moment_free(event->moment);
    more_free(event->more);
    recording_free(event->recording);
}

void job_free(struct job *job)
{
    event_free(&job->event);
    jobs_free(job->removals);
    free(job->track);
    free(job->note);
    free(job);
}

static enum queue_lane lane_of(const struct job *job)
{
    switch (job->kind) {
    case JOB_LOAD:
    case JOB_NOTE:
    case JOB_FILE:
        return LANE_ASKED;
    case JOB_MOMENT:
        return job->event.moment->goes_on ? LANE_ASKED : LANE_WATCHED;
    case JOB_MORE:
    case JOB_RECORDING:
        return LANE_WATCHED;
    default:
        return LANE_TOLD;
    }
}

bool job_asks(const struct job *job)
{
    return lane_of(job) != LANE_TOLD;
}

void queue_push(struct storage *storage, struct queue *queue, struct job *job)
{
    struct lane *lane = &queue->lanes[lane_of(job)];
    pthread_mutex_lock(&storage->mutex);
    job->next = NULL;
    if (lane->last != NULL)
        lane->last->next = job;
    else
        lane->first = job;
    lane->last = job;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&storage->mutex);
}

static enum queue_lane next_lane(struct queue *queue)
{
    bool asked = queue->lanes[LANE_ASKED].first != NULL;
    bool watched = queue->lanes[LANE_WATCHED].first != NULL;
    if (queue->lanes[LANE_TOLD].first != NULL)
        return LANE_TOLD;
    if (asked && (!watched || queue->passed < WATCHED_AFTER)) {
        queue->passed += watched;
        return LANE_ASKED;
    }
    queue->passed = 0;
    return LANE_WATCHED;
}

static struct job *take_first(struct queue *queue)
{
    struct lane *lane = &queue->lanes[next_lane(queue)];
    struct job *job = lane->first;
    if (job == NULL)
        return NULL;
    lane->first = job->next;
    if (lane->first == NULL)
        lane->last = NULL;
    return job;
}

struct job *queue_pop(struct storage *storage, struct queue *queue, uint64_t until_ms)
{
    struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                             .tv_nsec = (long)(until_ms % 1000) * 1000000};
    pthread_mutex_lock(&storage->mutex);
    int waited = until_ms == QUEUE_AT_ONCE ? ETIMEDOUT : 0;
    struct job *job;
    while ((job = take_first(queue)) == NULL && waited == 0)
        waited = until_ms == QUEUE_FOR_EVER
                     ? pthread_cond_wait(&queue->filled, &storage->mutex)
                     : pthread_cond_timedwait(&queue->filled, &storage->mutex, &until);
    pthread_mutex_unlock(&storage->mutex);
    return job;
}

bool queue_is_asked(struct storage *storage, struct queue *queue)
{
    pthread_mutex_lock(&storage->mutex);
    bool asked = queue->lanes[LANE_ASKED].first != NULL || queue->lanes[LANE_WATCHED].first != NULL;
    pthread_mutex_unlock(&storage->mutex);
    return asked;
}

void queue_init(struct queue *queue)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->filled, &attributes);
    pthread_condattr_destroy(&attributes);
}

void queue_free(struct queue *queue)
{
    for (int i = 0; i < QUEUE_LANES; i++)
        jobs_free(queue->lanes[i].first);
    pthread_cond_destroy(&queue->filled);
}
