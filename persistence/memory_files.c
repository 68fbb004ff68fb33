#include "persistence/memory_files.h"

#include "persistence/store_place.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct memory_file {
    struct memory_file *next;
    uint64_t upload; /* its number while it arrives, then 0 */
    struct store_file file;
    uint64_t length; /* of what has arrived */
    uint8_t bytes[];
};

static uint64_t cost(const struct memory_file *file)
{
    return sizeof *file + file->file.bytes;
}

static struct memory_file **upload_place(struct memory_files *files, uint64_t upload)
{
    struct memory_file **place = &files->first;
    while (*place != NULL && (*place)->upload != upload)
        place = &(*place)->next;
    return place;
}

static int compare(const struct memory_file *file, struct bytes room, const uint8_t *hash)
{
    int order = bytes_order(store_file_room(&file->file), room);
    return order != 0 ? order : memcmp(file->file.hash, hash, STORE_HASH_BYTES);
}

/* Where a file of this name is, or would be. */
static struct memory_file *const *
file_place(const struct memory_files *files, struct bytes room, const uint8_t *hash)
{
    struct memory_file *const *place = &files->first;
    while (*place != NULL && ((*place)->upload > 0 || compare(*place, room, hash) < 0))
        place = &(*place)->next;
    return place;
}

static struct memory_file *
find(const struct memory_files *files, struct bytes room, const uint8_t *hash)
{
    struct memory_file *file = *file_place(files, room, hash);
    return file != NULL && compare(file, room, hash) == 0 ? file : NULL;
}

static void take_out(struct memory_files *files, struct memory_file **place)
{
    struct memory_file *file = *place;
    *place = file->next;
    files->bytes -= file->file.bytes;
    memory_budget_give(files->budget, cost(file));
    free(file);
}

void memory_files_free(struct memory_files *files)
{
    while (files->first != NULL)
        take_out(files, &files->first);
}

void memory_files_drop_room(struct memory_files *files, struct bytes room)
{
    for (struct memory_file **place = &files->first; *place != NULL;) {
        if (bytes_equal(store_file_room(&(*place)->file), room))
            take_out(files, place);
        else
            place = &(*place)->next;
    }
}

/* --- Arriving ----------------------------------------------------------------------------------- */

enum store_result
memory_files_begin(struct memory_files *files, struct bytes room, uint64_t bytes, uint64_t *upload)
{
    assert(bytes > 0 && bytes <= STORE_FILE_MAX);
    assert(room.length > 0 && room.length <= ROOM_NAME_MAX);
    uint64_t wanted = sizeof(struct memory_file) + bytes;
    if (files->bytes + bytes > files->budget->bytes_max / 2 ||
        !memory_budget_take(files->budget, wanted))
        return STORE_FULL;
    struct memory_file *file = malloc(wanted);
    if (file == NULL) {
        memory_budget_give(files->budget, wanted);
        return STORE_MEMORY;
    }
    *upload = ++files->last_upload;
    *file = (struct memory_file){.next = files->first,
                                 .upload = *upload,
                                 .file = {.room_length = (uint8_t)room.length, .bytes = bytes}};
    memcpy(file->file.room, room.data, room.length);
    files->first = file;
    files->bytes += bytes;
    return STORE_OK;
}

static enum store_result other_bytes(void)
{
    store_place_set("a file: other bytes than announced");
    return STORE_DAMAGED;
}

enum store_result
memory_files_write(struct memory_files *files, uint64_t upload, struct bytes bytes)
{
    struct memory_file *file = *upload_place(files, upload);
    if (file == NULL)
        return STORE_NOT_FOUND;
    if (bytes.length > file->file.bytes - file->length)
        return other_bytes();
    if (bytes.length > 0)
        memcpy(file->bytes + file->length, bytes.data, bytes.length);
    file->length += bytes.length;
    return STORE_OK;
}

enum store_result memory_files_end(struct memory_files *files,
                                   uint64_t upload,
                                   const struct store_file *file,
                                   bool *added)
{
    struct memory_file **place = upload_place(files, upload);
    struct memory_file *arrived = *place;
    if (arrived == NULL)
        return STORE_NOT_FOUND;
    if (arrived->length != arrived->file.bytes)
        return other_bytes();
    struct bytes room = store_file_room(&arrived->file);
    struct memory_file *there = find(files, room, file->hash);
    *added = there == NULL;
    if (there != NULL) {
        if (file->used_ms > there->file.used_ms)
            there->file.used_ms = file->used_ms;
        take_out(files, place);
        return STORE_OK;
    }
    *place = arrived->next;
    arrived->upload = 0;
    memcpy(arrived->file.hash, file->hash, STORE_HASH_BYTES);
    arrived->file.type = file->type;
    arrived->file.added_ms = file->added_ms;
    arrived->file.used_ms = file->used_ms;
    place = (struct memory_file **)(uintptr_t)file_place(files, room, file->hash);
    arrived->next = *place;
    *place = arrived;
    return STORE_OK;
}

enum store_result memory_files_put(struct memory_files *files,
                                   struct bytes room,
                                   struct bytes bytes,
                                   const struct store_file *file,
                                   bool *added)
{
    uint64_t upload;
    enum store_result result = memory_files_begin(files, room, bytes.length, &upload);
    if (result == STORE_OK)
        result = memory_files_write(files, upload, bytes);
    return result == STORE_OK ? memory_files_end(files, upload, file, added) : result;
}

enum store_result memory_files_drop(struct memory_files *files, uint64_t upload)
{
    struct memory_file **place = upload_place(files, upload);
    if (*place == NULL)
        return STORE_NOT_FOUND;
    take_out(files, place);
    return STORE_OK;
}

/* --- There -------------------------------------------------------------------------------------- */

enum store_result memory_files_find(const struct memory_files *files,
                                    struct bytes room,
                                    const uint8_t hash[STORE_HASH_BYTES],
                                    struct store_file *file)
{
    const struct memory_file *found = find(files, room, hash);
    if (found == NULL)
        return STORE_NOT_FOUND;
    *file = found->file;
    return STORE_OK;
}

enum store_result memory_files_read(const struct memory_files *files,
                                    struct bytes room,
                                    const uint8_t hash[STORE_HASH_BYTES],
                                    uint64_t part,
                                    store_part_visitor *visitor,
                                    void *context)
{
    const struct memory_file *file = find(files, room, hash);
    if (file == NULL || part > file->length / STORE_FILE_PART ||
        part * STORE_FILE_PART >= file->length)
        return STORE_NOT_FOUND;
    uint64_t at = part * STORE_FILE_PART, left = file->length - at;
    visitor(context,
            (struct bytes){file->bytes + at, left < STORE_FILE_PART ? left : STORE_FILE_PART});
    return STORE_OK;
}

/* What comes behind the one that the visitor was shown, which may be gone since. */
enum store_result memory_files_list(const struct memory_files *files,
                                    struct bytes room,
                                    store_file_visitor *visitor,
                                    void *context)
{
    uint8_t hash[STORE_HASH_BYTES] = {0};
    const struct memory_file *file = *file_place(files, room, hash);
    while (file != NULL && bytes_equal(store_file_room(&file->file), room)) {
        struct store_file seen = file->file;
        if (!visitor(context, &seen))
            break;
        memcpy(hash, seen.hash, sizeof hash);
        file = *file_place(files, room, hash);
        if (file != NULL && compare(file, room, hash) == 0)
            file = file->next;
    }
    return STORE_OK;
}

void memory_files_held(const struct memory_files *files, struct bytes room, struct store_held *held)
{
    *held = (struct store_held){.all_bytes = files->bytes};
    for (const struct memory_file *file = files->first; file != NULL; file = file->next) {
        if (!bytes_equal(store_file_room(&file->file), room))
            continue;
        held->files++;
        held->bytes += file->file.bytes;
    }
}

enum store_result memory_files_use(struct memory_files *files,
                                   struct bytes room,
                                   const struct store_use *uses,
                                   size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct memory_file *file = find(files, room, uses[i].hash);
        if (file != NULL && uses[i].used_ms > file->file.used_ms)
            file->file.used_ms = uses[i].used_ms;
    }
    return STORE_OK;
}

enum store_result memory_files_remove(struct memory_files *files,
                                      struct bytes room,
                                      const uint8_t hash[STORE_HASH_BYTES])
{
    if (find(files, room, hash) == NULL)
        return STORE_NOT_FOUND;
    take_out(files, (struct memory_file **)(uintptr_t)file_place(files, room, hash));
    return STORE_OK;
}

enum store_result memory_files_stalest(const struct memory_files *files, struct store_file *file)
{
    const struct memory_file *stalest = NULL;
    for (const struct memory_file *each = files->first; each != NULL; each = each->next)
        if (each->upload == 0 && (stalest == NULL || each->file.used_ms < stalest->file.used_ms))
            stalest = each;
    if (stalest == NULL)
        return STORE_NOT_FOUND;
    *file = stalest->file;
    return STORE_OK;
}
