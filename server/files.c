#include "server/files.h"

#include "server/file_type.h"
#include "server/hub.h"
#include "sync/files.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

static_assert(UPLOAD_BUFFER_BYTES % STORE_FILE_PART == 0, "a run is whole parts");
static_assert(FILE_HASH_BYTES == STORE_HASH_BYTES, "what records name is what is stored");

#define SECOND_US UINT64_C(1000000)

/* --- Denials ------------------------------------------------------------------------------------ */

__attribute__((format(printf, 4, 5))) static void
deny(struct http_denial *denial, int status, enum refusal refusal, const char *format, ...)
{
    va_list arguments;
    *denial = (struct http_denial){.status = status, .refusal = refusal};
    va_start(arguments, format);
    vsnprintf(denial->text, sizeof denial->text, format, arguments);
    va_end(arguments);
}

static void deny_busy(struct http_denial *denial, enum refusal refusal, const char *text)
{
    deny(denial, 503, refusal, "%s", text);
    denial->retry_s = 2;
}

static void deny_outcome(struct http_denial *denial, enum file_outcome outcome)
{
    switch (outcome) {
    case FILE_DONE:
        return;
    case FILE_NOT_THERE:
        deny(denial, 404, REFUSAL_FILE, "no such file");
        return;
    case FILE_ROOM_FULL:
        deny(denial, 507, REFUSAL_FILES_OF_ROOM, "the room has all the files that it may have");
        return;
    case FILE_STORE_FULL:
        deny(denial, 507, REFUSAL_FILES, "the server has no space left for files");
        return;
    case FILE_DAMAGED:
        deny(denial, 500, REFUSAL_FILE, "the file is damaged where it is stored");
        return;
    case FILE_FAILED:
        deny_busy(denial, REFUSAL_FILE, "the disk does not answer");
        return;
    }
}

/* --- Uploads ------------------------------------------------------------------------------------ */

static const char no_memory[] = "the server has no memory left";
static const char kinds[] = "images of type PNG, JPEG, GIF or WebP are taken";

static uint32_t uploads_of(const struct hub *hub, const struct address *address)
{
    const struct upload *upload;
    uint32_t count = 0;
    DL_FOREACH(hub->files.uploads, upload)
    {
        count += address != NULL && upload->session->address == address;
    }
    return count;
}

/* The room has to be awake: who uploads is in it, and its kind and roles are known. NULL with a
 * denial. */
static struct room_host *find_room(struct hub *hub,
                                   const struct session *session,
                                   struct bytes room,
                                   struct http_denial *denial)
{
    struct room_host *host = NULL;
    struct hub_denial unused;
    if (!hub_room_find(hub, room, &host, &unused) || host == NULL)
        deny(denial, 404, REFUSAL_FILE_ROOM, "nobody is in that room; join it first");
    else if (!rules_name_files(room_rules(host->room)))
        deny(denial, 403, REFUSAL_FILE_ROOM, "rooms of kind %s have no files",
             room_rules(host->room)->name);
    else if (hub_role(hub, session) < ROLE_EDITOR)
        deny(denial, 403, REFUSAL_FILE_ROOM, "viewers cannot upload");
    else
        return host;
    return NULL;
}

static bool may_begin(struct hub *hub,
                      const struct session *session,
                      uint64_t length,
                      struct http_denial *denial)
{
    struct addresses *addresses = &hub->addresses;
    struct address *address = session->address;
    uint32_t kib = (uint32_t)((length + 1023) / 1024);
    if (kib < UPLOAD_KIB_MIN)
        kib = UPLOAD_KIB_MIN;
    if (hub->draining)
        deny_busy(denial, REFUSAL_DRAINING, "the server is going down");
    else if (hub->files.upload_count >= UPLOADS_MAX)
        deny_busy(denial, REFUSAL_UPLOADS, "too many uploads are under way");
    else if (uploads_of(hub, session->address) >= UPLOADS_PER_ADDRESS_MAX) {
        deny(denial, 429, REFUSAL_UPLOADS, "too many uploads from this address are under way");
        denial->retry_s = 2;
    } else if (!address_may(addresses, address, ADDRESS_SENDS_FILES, kib, hub->now_us)) {
        deny(denial, 429, REFUSAL_FILE_RATE, "too many bytes of files from this address");
        denial->retry_s = address_wait_s(addresses, address, ADDRESS_SENDS_FILES, kib, hub->now_us);
    } else if (!address_may(addresses, address, ADDRESS_FILLS_FILES, kib, hub->now_us)) {
        deny(denial, 429, REFUSAL_FILE_RATE, "this address has sent its share of files");
        denial->retry_s = address_wait_s(addresses, address, ADDRESS_FILLS_FILES, kib, hub->now_us);
    } else {
        return true;
    }
    return false;
}

static struct upload *make(struct hub *hub, struct bytes room, uint64_t length)
{
    struct upload *upload = calloc(1, sizeof *upload);
    struct file_work *work = file_work_create(room);
    uint32_t capacity = UPLOAD_BUFFER_BYTES + UPLOAD_SLACK;
    if (length < capacity)
        capacity = (uint32_t)length;
    if (work != NULL)
        work->data = malloc(capacity);
    if (upload == NULL || work == NULL || work->data == NULL) {
        file_work_free(work);
        free(upload);
        return NULL;
    }
    const struct file_limits *limits = &hub->limits.files;
    work->task = FILE_WRITE;
    work->owner = upload;
    work->capacity = capacity;
    work->file.bytes = length;
    work->bounds = (struct file_bounds){.room_files = ROOM_FILES_MAX,
                                        .room_bytes = limits->room_bytes,
                                        .all_bytes = (uint64_t)limits->all_mib << 20};
    *upload = (struct upload){.hub = hub, .work = work, .length = length, .began_us = hub->now_us};
    return upload;
}

struct upload *upload_begin(struct hub *hub,
                            struct session *session,
                            struct bytes room,
                            uint64_t length,
                            struct http_denial *denial)
{
    struct room_host *host = find_room(hub, session, room, denial);
    if (host == NULL)
        return NULL;
    if (length < FILE_TYPE_BYTES) {
        deny(denial, 415, REFUSAL_FILE_TYPE, "%s", kinds);
        return NULL;
    }
    if (length > hub->limits.files.file_bytes) {
        deny(denial, 413, REFUSAL_FILE_BYTES, "a file may have up to %u bytes",
             hub->limits.files.file_bytes);
        return NULL;
    }
    if (!may_begin(hub, session, length, denial))
        return NULL;
    /* What becomes of the room becomes of its files: so it is one that is stored. */
    struct upload *upload = room_host_keep(host) ? make(hub, room, length) : NULL;
    if (upload == NULL) {
        deny_busy(denial, REFUSAL_MEMORY, no_memory);
        return NULL;
    }
    upload->session = session;
    DL_APPEND(hub->files.uploads, upload);
    hub->files.upload_count++;
    hub->counters.uploads++;
    return upload;
}

static enum file_step step_to(struct upload *upload, enum file_step step)
{
    upload->step = step;
    return step;
}

static bool is_too_slow(const struct upload *upload)
{
    bool crowded = upload->hub->files.upload_count > UPLOADS_MAX / 2;
    uint64_t least = crowded ? UPLOAD_CROWDED_BYTES_PER_SECOND : UPLOAD_BYTES_PER_SECOND;
    uint64_t allowed_s = UPLOAD_S + upload->length / least;
    return upload->hub->now_us > upload->began_us + allowed_s * SECOND_US;
}

/* Looks at what it is as soon as that can be told. */
static bool is_taken(struct upload *upload)
{
    struct file_work *work = upload->work;
    if (work->file.type == FILE_UNKNOWN && work->length >= FILE_TYPE_BYTES)
        work->file.type = (uint8_t)file_type_of((struct bytes){work->data, work->length});
    if (work->file.type == FILE_UNKNOWN && work->length >= FILE_TYPE_BYTES)
        deny(&upload->denial, 415, REFUSAL_FILE_TYPE, "%s", kinds);
    else if (is_too_slow(upload))
        deny(&upload->denial, 408, REFUSAL_SLOW, "the upload took too long");
    else
        return true;
    return false;
}

/* Every byte comes by here once, in order. */
static bool is_small_enough(struct upload *upload, struct bytes bytes)
{
    image_size_read(&upload->size, bytes);
    if (upload->size.pixels <= IMAGE_PIXELS_MAX)
        return true;
    deny(&upload->denial, 413, REFUSAL_FILE_PIXELS, "an image may have up to %u pixels",
         IMAGE_PIXELS_MAX);
    return false;
}

/* A run that is full, or the last one, goes to the archivist. Once it has begun there, it goes with
 * its room; one that has not would be left behind by a room that has gone meanwhile. */
static enum file_step hand_over(struct upload *upload)
{
    struct file_work *work = upload->work;
    struct hub *hub = upload->hub;
    work->last = upload->arrived == upload->length;
    if (!work->last && work->length < UPLOAD_BUFFER_BYTES)
        return step_to(upload, FILE_STEP_MORE);
    struct bytes room = store_file_room(&work->file);
    if (work->upload == 0 && find_room(hub, upload->session, room, &upload->denial) == NULL)
        return step_to(upload, FILE_STEP_DENIED);
    upload->away = true;
    storage_file(hub->storage, work);
    return step_to(upload, FILE_STEP_PAUSE);
}

/* For the next run; false with a denial. */
static bool keep_early(struct upload *upload, struct bytes bytes)
{
    size_t length = upload->early.length + bytes.length;
    uint8_t *data = (uint8_t *)(uintptr_t)upload->early.data;
    if (length > UPLOAD_SLACK) {
        deny_busy(&upload->denial, REFUSAL_MEMORY, "bytes came faster than the disk takes them");
        return false;
    }
    data = realloc(data, length);
    if (data == NULL) {
        deny_busy(&upload->denial, REFUSAL_MEMORY, no_memory);
        return false;
    }
    memcpy(data + upload->early.length, bytes.data, bytes.length);
    upload->early = (struct bytes){data, length};
    return true;
}

static void append(struct file_work *work, struct bytes bytes)
{
    assert(bytes.length <= work->capacity - work->length);
    memcpy(work->data + work->length, bytes.data, bytes.length);
    work->length += (uint32_t)bytes.length;
}

enum file_step upload_take(struct upload *upload, struct bytes bytes)
{
    if (upload->step == FILE_STEP_DENIED || upload->step == FILE_STEP_DONE || bytes.length == 0)
        return upload->step;
    upload->hub->counters.file_bytes_in += bytes.length;
    bool announced = bytes.length <= upload->length - upload->arrived;
    upload->arrived += bytes.length;
    if (!announced) {
        deny(&upload->denial, 400, REFUSAL_FILE_BYTES, "more bytes came than were announced");
        return step_to(upload, FILE_STEP_DENIED);
    }
    if (!is_small_enough(upload, bytes))
        return step_to(upload, FILE_STEP_DENIED);
    if (upload->away)
        return keep_early(upload, bytes) ? upload->step : step_to(upload, FILE_STEP_DENIED);
    append(upload->work, bytes);
    return is_taken(upload) ? hand_over(upload) : step_to(upload, FILE_STEP_DENIED);
}

/* The archivist has given the work back. */
static void upload_returned(struct upload *upload)
{
    struct file_work *work = upload->work;
    upload->away = false;
    if (upload->step == FILE_STEP_DENIED)
        return;
    if (work->outcome != FILE_DONE) {
        deny_outcome(&upload->denial, work->outcome);
        step_to(upload, FILE_STEP_DENIED);
    } else if (work->last) {
        upload->file = work->file;
        upload->added = work->added;
        upload->hub->counters.files_added += work->added;
        step_to(upload, FILE_STEP_DONE);
    } else {
        work->length -= work->taken;
        memmove(work->data, work->data + work->taken, work->length);
        if (upload->early.length > 0)
            append(work, upload->early);
        free((void *)(uintptr_t)upload->early.data);
        upload->early = (struct bytes){0};
        (void)hand_over(upload);
    }
}

void upload_end(struct upload *upload)
{
    if (upload == NULL)
        return;
    struct hub *hub = upload->hub;
    struct file_work *work = upload->work;
    DL_DELETE(hub->files.uploads, upload);
    hub->files.upload_count--;
    hub->counters.uploads--;
    work->owner = NULL;
    if (!upload->away && work->upload > 0) {
        work->task = FILE_DROP;
        storage_file(hub->storage, work);
    } else if (!upload->away) {
        file_work_free(work);
    }
    free((void *)(uintptr_t)upload->early.data);
    free(upload);
}

/* --- Downloads ---------------------------------------------------------------------------------- */

static void give_turns(struct hub *hub)
{
    while (hub->files.downloads != NULL && hub->files.parts < DOWNLOADS_MAX) {
        struct download *download = hub->files.downloads;
        DL_DELETE(hub->files.downloads, download);
        hub->files.parts++;
        download->waits = false;
        download->holds = true;
        download->away = true;
        storage_file(hub->storage, download->work);
    }
}

static enum file_step wait_for_part(struct download *download)
{
    download->waits = true;
    download->step = FILE_STEP_PAUSE;
    DL_APPEND(download->hub->files.downloads, download);
    give_turns(download->hub);
    return FILE_STEP_PAUSE;
}

struct download *download_begin(struct hub *hub,
                                struct session *session,
                                struct bytes room,
                                const uint8_t hash[STORE_HASH_BYTES],
                                bool whole)
{
    struct download *download = calloc(1, sizeof *download);
    struct file_work *work = file_work_create(room);
    if (download == NULL || work == NULL) {
        free(download);
        file_work_free(work);
        return NULL;
    }
    work->task = whole ? FILE_READ : FILE_LOOK;
    work->owner = download;
    memcpy(work->file.hash, hash, STORE_HASH_BYTES);
    *download = (struct download){.hub = hub, .session = session, .work = work, .whole = whole};
    (void)wait_for_part(download);
    return download;
}

static void let_part_go(struct download *download)
{
    free(download->work->data);
    download->work->data = NULL;
    download->work->length = 0;
    download->part = (struct bytes){0};
    download->holds = false;
    download->hub->files.parts--;
}

static void download_returned(struct download *download)
{
    struct file_work *work = download->work;
    download->away = false;
    if (work->outcome != FILE_DONE) {
        deny_outcome(&download->denial, work->outcome);
        download->step = FILE_STEP_DENIED;
    } else {
        download->part = (struct bytes){work->data, work->length};
        download->given_us = download->hub->now_us;
        download->step = FILE_STEP_MORE;
    }
    if (download->step == FILE_STEP_DENIED || !download->whole)
        let_part_go(download);
}

enum file_step download_turn(struct download *download)
{
    uint64_t held_us = download->hub->now_us - download->given_us;
    if (download->step == FILE_STEP_MORE && held_us > DOWNLOAD_PART_S * SECOND_US) {
        deny(&download->denial, 408, REFUSAL_SLOW, "the download took too long");
        download->step = FILE_STEP_DENIED;
    }
    return download->step;
}

const struct store_file *download_file(const struct download *download)
{
    return &download->work->file;
}

enum file_step download_next(struct download *download)
{
    struct hub *hub = download->hub;
    struct file_work *work = download->work;
    hub->counters.file_bytes_out += download->part.length;
    let_part_go(download);
    work->part++;
    if (work->part * STORE_FILE_PART < work->file.bytes)
        return wait_for_part(download);
    hub->counters.files_sent++;
    download->step = FILE_STEP_DONE;
    give_turns(hub);
    return FILE_STEP_DONE;
}

void download_end(struct download *download)
{
    if (download == NULL)
        return;
    struct hub *hub = download->hub;
    if (download->waits)
        DL_DELETE(hub->files.downloads, download);
    download->work->owner = NULL;
    if (!download->away) {
        if (download->holds)
            let_part_go(download);
        file_work_free(download->work);
    }
    free(download);
    give_turns(hub);
}

/* --- Turns -------------------------------------------------------------------------------------- */

/* Whose owner has gone meanwhile. */
static void abandon(struct hub *hub, struct file_work *work)
{
    bool download = work->task == FILE_READ || work->task == FILE_LOOK;
    if (download)
        hub->files.parts--;
    if (work->task == FILE_WRITE && work->upload > 0) {
        work->task = FILE_DROP;
        storage_file(hub->storage, work);
        return;
    }
    file_work_free(work);
}

static void wake(struct hub *hub, const struct session *session)
{
    hub->transport->want_write(session->socket);
}

void files_turn(struct hub *hub)
{
    struct file_work *work;
    while ((work = storage_file_done(hub->storage)) != NULL) {
        if (work->owner == NULL) {
            abandon(hub, work);
        } else if (work->task == FILE_WRITE) {
            struct upload *upload = work->owner;
            upload_returned(upload);
            wake(hub, upload->session);
        } else {
            struct download *download = work->owner;
            download_returned(download);
            wake(hub, download->session);
        }
    }
    give_turns(hub);
}
