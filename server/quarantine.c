/* quarantine.c - rooms that are not to be loaded: the archivist's. A mark that the archive does not take
 * is tried again until it does; nobody gets in meanwhile. */
#include "server/storage_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* Where the one of this name is, or the end. */
static struct job **place_of(struct storage *storage, struct bytes name)
{
    struct job **at = &storage->quarantines;
    while (*at != NULL && !bytes_equal(job_name(*at), name))
        at = &(*at)->next;
    return at;
}

/* One that was counted when it was ordered has come to its end. */
static void end(struct storage *storage, struct job *job)
{
    free(job);
    pthread_mutex_lock(&storage->mutex);
    storage->figures.quarantines--;
    pthread_mutex_unlock(&storage->mutex);
    wake_hub(storage);
}

/* Asked twice where the archive was damaged, since it may have been replaced. */
static enum store_result mark(struct storage *storage, const struct job *job)
{
    struct store *store = storage->store;
    struct bytes reason = bytes_of(job->event.text);
    enum store_result result = store->quarantine(store, job_name(job), reason);
    return result == STORE_DAMAGED ? store->quarantine(store, job_name(job), reason) : result;
}

struct job *quarantine_new(struct storage *storage, struct bytes name, const char *reason)
{
    struct job *job = job_new(JOB_QUARANTINE, name);
    if (job == NULL)
        return NULL;
    snprintf(job->event.text, sizeof job->event.text, "%s", reason);
    pthread_mutex_lock(&storage->mutex);
    storage->figures.quarantines++;
    pthread_mutex_unlock(&storage->mutex);
    return job;
}

void quarantine_keep_log(struct storage *storage, struct bytes name)
{
    struct tail *tail = tail_find(storage, name);
    if (tail != NULL)
        tail->broken = true;
}

void quarantine_room(struct storage *storage, struct job *job)
{
    quarantine_keep_log(storage, job_name(job));
    (void)quarantine_forget(storage, job_name(job));
    if (mark(storage, job) == STORE_OK) {
        end(storage, job);
        return;
    }
    storage_trouble(storage, "cannot quarantine %.*s yet: %.50s", (int)job->event.name_length,
                    (const char *)job->event.name, storage->store->place(storage->store));
    job->next = storage->quarantines;
    storage->quarantines = job;
}

const char *quarantine_reason(struct storage *storage, struct bytes name)
{
    const struct job *job = *place_of(storage, name);
    return job != NULL ? job->event.text : NULL;
}

bool quarantine_forget(struct storage *storage, struct bytes name)
{
    struct job **at = place_of(storage, name);
    struct job *job = *at;
    if (job == NULL)
        return false;
    *at = job->next;
    end(storage, job);
    return true;
}

/* What a room is damaged by stands in nobody else's way; whatever else it is would be met again. */
void quarantines_again(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    bool fenced = storage->fenced;
    pthread_mutex_unlock(&storage->mutex);
    if (fenced)
        return;
    for (struct job **at = &storage->quarantines; *at != NULL;) {
        struct job *job = *at;
        quarantine_keep_log(storage, job_name(job));
        enum store_result result = mark(storage, job);
        if (result == STORE_OK) {
            *at = job->next;
            end(storage, job);
            continue;
        }
        if (result != STORE_DAMAGED)
            return;
        at = &job->next;
    }
}
