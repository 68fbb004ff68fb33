/* file_work.c - the archivist's part in uploads and downloads. */
#include "server/file_work.h"

#include "server/limits.h"
#include "server/storage_parts.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static_assert(STORE_HASH_BYTES == 32, "a file's name is its SHA-256");

struct file_work *file_work_create(struct bytes room)
{
    struct file_work *work = calloc(1, sizeof *work);
    struct job *job = job_new(JOB_FILE, room);
    if (work == NULL || job == NULL) {
        free(work);
        free(job);
        return NULL;
    }
    work->job = job;
    job->file = work;
    work->file.room_length = (uint8_t)room.length;
    memcpy(work->file.room, room.data, room.length);
    return work;
}

void file_work_free(struct file_work *work)
{
    if (work == NULL)
        return;
    EVP_MD_CTX_free(work->digest);
    free(work->data);
    free(work->job);
    free(work);
}

void storage_file(struct storage *storage, struct file_work *work)
{
    queue_push(storage, &storage->to_archivist, work->job);
}

struct file_work *storage_file_done(struct storage *storage)
{
    pthread_mutex_lock(&storage->mutex);
    struct file_work *work = storage->files_first;
    if (work != NULL) {
        storage->files_first = work->next;
        if (storage->files_first == NULL)
            storage->files_last = NULL;
    }
    pthread_mutex_unlock(&storage->mutex);
    return work;
}

static void give_back(struct storage *storage, struct file_work *work)
{
    work->next = NULL;
    pthread_mutex_lock(&storage->mutex);
    if (storage->files_last != NULL)
        storage->files_last->next = work;
    else
        storage->files_first = work;
    storage->files_last = work;
    pthread_mutex_unlock(&storage->mutex);
    wake_hub(storage);
}

/* --- Uploads ------------------------------------------------------------------------------------ */

static enum file_outcome outcome_of(enum store_result result)
{
    switch (result) {
    case STORE_OK:
        return FILE_DONE;
    case STORE_NOT_FOUND:
        return FILE_NOT_THERE;
    case STORE_FULL:
        return FILE_STORE_FULL;
    case STORE_DAMAGED:
        return FILE_DAMAGED;
    case STORE_BUSY:
    case STORE_FENCED:
    case STORE_UNKNOWN:
    case STORE_FAILED:
    case STORE_MEMORY:
        return FILE_FAILED;
    }
    return FILE_FAILED;
}

/* Whether there is space for it; and its digest begins. */
static enum file_outcome admit(struct storage *storage, struct file_work *work)
{
    struct store *store = storage->store;
    struct store_held held;
    enum store_result result = store->files->held(store, store_file_room(&work->file), &held);
    if (result != STORE_OK)
        return outcome_of(result);
    uint64_t bytes = work->file.bytes;
    if (held.files >= work->bounds.room_files || held.bytes + bytes > work->bounds.room_bytes)
        return FILE_ROOM_FULL;
    if (held.all_bytes + bytes > work->bounds.all_bytes)
        return FILE_STORE_FULL;
    work->crowded = held.all_bytes + bytes > work->bounds.all_bytes / 2;
    work->digest = EVP_MD_CTX_new();
    if (work->digest == NULL || EVP_DigestInit_ex(work->digest, EVP_sha256(), NULL) != 1)
        return FILE_FAILED;
    return FILE_DONE;
}

/* The time at which a new file is held to have been wanted: now, or earlier where it is not to stay
 * for a whole grace unless something names it. */
static uint64_t wanted_ms(const struct storage *storage, const struct file_work *work)
{
    uint64_t now_ms = storage->options.wall_ms(), grace_ms = storage->options.file_grace_ms;
    uint64_t unnamed_ms = UNNAMED_S * UINT64_C(1000);
    return work->crowded && grace_ms > unnamed_ms ? now_ms - (grace_ms - unnamed_ms) : now_ms;
}

static enum file_outcome finish(struct storage *storage, struct file_work *work, bool begun)
{
    struct store *store = storage->store;
    struct store_file *file = &work->file;
    struct bytes bytes = {work->data, work->taken};
    if (EVP_DigestFinal_ex(work->digest, file->hash, NULL) != 1)
        return FILE_FAILED;
    file->added_ms = storage->options.wall_ms();
    file->used_ms = wanted_ms(storage, work);
    if (!begun)
        return outcome_of(
            store->files->put(store, store_file_room(file), bytes, file, &work->added));
    enum store_result result = store->files->write(store, work->upload, bytes);
    if (result == STORE_OK)
        result = store->files->end(store, work->upload, file, &work->added);
    if (result == STORE_OK)
        work->upload = 0;
    return outcome_of(result);
}

static enum file_outcome write_run(struct storage *storage, struct file_work *work, bool begun)
{
    struct store *store = storage->store;
    enum store_result result = STORE_OK;
    if (!begun)
        result = store->files->begin(store, store_file_room(&work->file), work->file.bytes,
                                     &work->upload);
    if (result == STORE_OK)
        result = store->files->write(store, work->upload, (struct bytes){work->data, work->taken});
    return outcome_of(result);
}

/* The next run; one that is the whole file is put in one transaction. */
static enum file_outcome write_on(struct storage *storage, struct file_work *work)
{
    pthread_mutex_lock(&storage->mutex);
    bool fails = storage->figures.archive_fails || storage->fenced;
    pthread_mutex_unlock(&storage->mutex);
    bool begun = work->upload > 0;
    enum file_outcome outcome = fails ? FILE_FAILED : FILE_DONE;
    if (outcome == FILE_DONE && !begun)
        outcome = admit(storage, work);
    if (outcome != FILE_DONE)
        return outcome;
    work->taken = work->last ? work->length : work->length - work->length % STORE_FILE_PART;
    if (EVP_DigestUpdate(work->digest, work->data, work->taken) != 1)
        return FILE_FAILED;
    return work->last ? finish(storage, work, begun) : write_run(storage, work, begun);
}

/* What cannot be dropped now goes when the store is opened again. */
static void drop(struct storage *storage, struct file_work *work)
{
    if (work->upload == 0)
        return;
    enum store_result result = storage->store->files->drop(storage->store, work->upload);
    (void)result;
    work->upload = 0;
}

/* --- Downloads ---------------------------------------------------------------------------------- */

static void take_part(void *context, struct bytes part)
{
    struct file_work *work = context;
    work->data = malloc(part.length);
    if (work->data == NULL)
        return;
    memcpy(work->data, part.data, part.length);
    work->length = (uint32_t)part.length;
}

static enum file_outcome look(struct storage *storage, struct file_work *work)
{
    struct store *store = storage->store;
    struct store_file file;
    enum store_result result =
        store->files->find(store, store_file_room(&work->file), work->file.hash, &file);
    if (result == STORE_OK)
        work->file = file;
    return outcome_of(result);
}

static enum file_outcome read_part(struct storage *storage, struct file_work *work)
{
    struct store *store = storage->store;
    enum file_outcome outcome = work->part == 0 ? look(storage, work) : FILE_DONE;
    if (outcome != FILE_DONE)
        return outcome;
    outcome = outcome_of(store->files->read(store, store_file_room(&work->file), work->file.hash,
                                            work->part, take_part, work));
    return outcome == FILE_DONE && work->data == NULL ? FILE_FAILED : outcome;
}

/* --- The thread --------------------------------------------------------------------------------- */

void archivist_file(struct storage *storage, struct file_work *work)
{
    switch (work->task) {
    case FILE_WRITE:
        work->outcome = write_on(storage, work);
        if (work->outcome != FILE_DONE)
            drop(storage, work);
        break;
    case FILE_DROP:
        drop(storage, work);
        work->outcome = FILE_DONE;
        break;
    case FILE_READ:
        work->outcome = read_part(storage, work);
        break;
    case FILE_LOOK:
        work->outcome = look(storage, work);
        break;
    }
    give_back(storage, work);
}
