/* store_portable_images.c - the images that go along with a recording. */
#include "tools/store_portable_parts.h"

#include <stdlib.h>
#include <string.h>

/* A binary of 32 bytes, as a record that names a file has it. */
static const uint8_t name_head[] = {0xc4, STORE_HASH_BYTES};

struct counting {
    struct portable_work *work;
    size_t capacity;
};

static bool take_file(void *context, const struct store_file *file)
{
    struct counting *counting = context;
    struct portable_work *work = counting->work;
    if (work->image_count == counting->capacity) {
        size_t capacity = 2 * counting->capacity + 16;
        struct portable_image *images = realloc(work->images, capacity * sizeof *images);
        if (images == NULL)
            return portable_fails(work, STORE_MEMORY, "no memory");
        work->images = images;
        counting->capacity = capacity;
    }
    work->images[work->image_count++] =
        (struct portable_image){.file = *file, .named = work->export->session == 0};
    return true;
}

static int by_hash(const void *a, const void *b)
{
    const struct portable_image *left = a, *right = b;
    return memcmp(left->file.hash, right->file.hash, STORE_HASH_BYTES);
}

bool portable_list_images(struct portable_work *work)
{
    struct counting counting = {.work = work};
    if (!portable_store_said(
            work, work->store->files->list(work->store, work->name, take_file, &counting)))
        return false;
    if (work->image_count > 0)
        qsort(work->images, work->image_count, sizeof *work->images, by_hash);
    return true;
}

void portable_note_images(struct portable_work *work, struct bytes written)
{
    struct portable_image wanted;
    if (work->image_count == 0 || work->export->session == 0)
        return;
    const uint8_t *at = written.data, *end = written.data + written.length;
    while ((at = memmem(at, (size_t)(end - at), name_head, sizeof name_head)) != NULL) {
        at += sizeof name_head;
        if ((size_t)(end - at) < STORE_HASH_BYTES)
            return;
        memcpy(wanted.file.hash, at, STORE_HASH_BYTES);
        struct portable_image *found =
            bsearch(&wanted, work->images, work->image_count, sizeof *work->images, by_hash);
        if (found != NULL)
            found->named = true;
    }
}

static void write_part(void *context, struct bytes part)
{
    struct portable_work *work = context;
    if (work->result == STORE_OK)
        (void)portable_put(work, &(struct portable_piece){.kind = PORTABLE_PART, .bytes = part});
}

static bool write_image(struct portable_work *work, const struct store_file *file)
{
    struct portable_piece piece = {.kind = PORTABLE_FILE,
                                   .length = file->bytes,
                                   .type = file->type,
                                   .added_ms = file->added_ms,
                                   .used_ms = file->used_ms,
                                   .hash = {file->hash, STORE_HASH_BYTES}};
    if (!portable_put(work, &piece))
        return false;
    uint64_t parts = (file->bytes + STORE_FILE_PART - 1) / STORE_FILE_PART;
    for (uint64_t i = 0; i < parts; i++)
        if (!portable_store_said(work, work->store->files->read(work->store, work->name, file->hash,
                                                                i, write_part, work)))
            return false;
    return true;
}

bool portable_images(struct portable_work *work)
{
    for (size_t i = 0; i < work->image_count; i++)
        if (work->images[i].named && !write_image(work, &work->images[i].file))
            return false;
    return true;
}
