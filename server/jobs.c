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

void queue_push(struct storage *storage, struct queue *queue, struct job *job)
{
    bool asked = job->kind == JOB_LOAD || job->kind == JOB_MOMENT || job->kind == JOB_MORE ||
                 job->kind == JOB_RECORDING || job->kind == JOB_NOTE || job->kind == JOB_FILE;
    struct lane *lane = &queue->lanes[asked ? LANE_ASKED : LANE_TOLD];
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

static struct job *take_first(struct queue *queue)
{
    for (int i = 0; i < QUEUE_LANES; i++) {
        struct lane *lane = &queue->lanes[i];
        struct job *job = lane->first;
        if (job == NULL)
            continue;
        lane->first = job->next;
        if (lane->first == NULL)
            lane->last = NULL;
        return job;
    }
    return NULL;
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
