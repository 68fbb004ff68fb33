#include "tests/shim_disk.h"

#include "tests/failing_memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Files ---------------------------------------------------------------------------------------- */

static void file_resize(struct shim_file *file, size_t length)
{
    if (length > file->capacity) {
        file->capacity = length * 2;
        file->data = sure_memory(file->data, file->capacity);
    }
    if (length > file->length)
        memset(file->data + file->length, 0, length - file->length);
    file->length = length;
}

static void file_write(struct shim_file *file, uint64_t offset, const uint8_t *data, size_t length)
{
    if (length == 0)
        return;
    if (offset + length > file->length)
        file_resize(file, (size_t)offset + length);
    memcpy(file->data + offset, data, length);
}

static struct shim_file *file_new(struct shim_disk *disk)
{
    disk->files = sure_memory(disk->files, (disk->file_count + 1) * sizeof(struct shim_file *));
    struct shim_file *file = sure_memory(NULL, sizeof *file);
    *file = (struct shim_file){0};
    return disk->files[disk->file_count++] = file;
}

/* --- Names ---------------------------------------------------------------------------------------- */

static struct shim_name *names_find(const struct shim_names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i].path, path) == 0)
            return &names->names[i];
    return NULL;
}

static void names_drop(struct shim_names *names, const char *path)
{
    struct shim_name *name = names_find(names, path);
    if (name)
        *name = names->names[--names->count];
}

static void names_put(struct shim_names *names, const char *path, struct shim_file *file)
{
    names_drop(names, path);
    names->names = sure_memory(names->names, (names->count + 1) * sizeof(struct shim_name));
    struct shim_name *name = &names->names[names->count++];
    name->file = file;
    assert(strlen(path) < sizeof name->path);
    strcpy(name->path, path);
}

static void names_change(struct shim_names *names, const struct shim_change *change)
{
    if (change->path_old[0])
        names_drop(names, change->path_old);
    if (change->path_new[0])
        names_put(names, change->path_new, change->file);
}

/* --- Changes -------------------------------------------------------------------------------------- */

static struct shim_change *change_add(struct shim_disk *disk, enum shim_change_kind kind)
{
    if (disk->change_count == disk->change_capacity) {
        disk->change_capacity = disk->change_capacity * 2 + 64;
        disk->changes =
            sure_memory(disk->changes, disk->change_capacity * sizeof(struct shim_change));
    }
    struct shim_change *change = &disk->changes[disk->change_count++];
    memset(change, 0, sizeof *change);
    change->kind = kind;
    return change;
}

static void change_apply(struct shim_disk *disk, const struct shim_change *change)
{
    switch (change->kind) {
    case SHIM_WRITE:
        file_write(change->file, change->offset, change->data, change->length);
        break;
    case SHIM_TRUNCATE:
        file_resize(change->file, (size_t)change->offset);
        break;
    case SHIM_NAME:
        names_change(&disk->held, change);
        break;
    }
}

/* Some sectors of a write reach the disk, others do not. */
static void change_apply_torn(const struct shim_change *change, struct chance *chance)
{
    for (size_t at = 0; at < change->length;) {
        size_t part = SHIM_SECTOR - (size_t)((change->offset + at) % SHIM_SECTOR);
        if (part > change->length - at)
            part = change->length - at;
        if (chance_below(chance, 2) == 0)
            file_write(change->file, change->offset + at, change->data + at, part);
        at += part;
    }
}

/* Takes the changes of one file, or those of the names, off the list. */
static void settle(struct shim_disk *disk, const struct shim_file *file, struct chance *failing)
{
    size_t kept = 0;
    for (size_t i = 0; i < disk->change_count; i++) {
        struct shim_change *change = &disk->changes[i];
        bool meant =
            file ? change->kind != SHIM_NAME && change->file == file : change->kind == SHIM_NAME;
        if (!meant) {
            disk->changes[kept++] = *change;
            continue;
        }
        if (!failing || chance_below(failing, 2) == 0)
            change_apply(disk, change);
        free(change->data);
    }
    disk->change_count = kept;
}

/* --- What processes do ---------------------------------------------------------------------------- */

static void read_whole(struct shim_file *file, const char *path)
{
    FILE *stream = fopen(path, "rb");
    assert(stream != NULL);
    struct stat status = {0};
    fstat(fileno(stream), &status);
    file_resize(file, (size_t)status.st_size);
    size_t read = file->length == 0 ? 0 : fread(file->data, 1, file->length, stream);
    assert(read == file->length);
    fclose(stream);
}

struct shim_file *shim_disk_find(struct shim_disk *disk, const char *path)
{
    struct shim_name *name = names_find(&disk->seen, path);
    if (name)
        return name->file;
    if (access(path, F_OK) != 0)
        return NULL;
    struct shim_file *file = file_new(disk);
    read_whole(file, path);
    names_put(&disk->seen, path, file);
    names_put(&disk->held, path, file);
    return file;
}

static void change_names(struct shim_disk *disk,
                         struct shim_file *file,
                         const char *path_old,
                         const char *path_new)
{
    struct shim_change *change = change_add(disk, SHIM_NAME);
    change->file = file;
    assert(strlen(path_old) < sizeof change->path_old);
    assert(strlen(path_new) < sizeof change->path_new);
    strcpy(change->path_old, path_old);
    strcpy(change->path_new, path_new);
    names_change(&disk->seen, change);
}

struct shim_file *shim_disk_make(struct shim_disk *disk, const char *path)
{
    struct shim_file *file = file_new(disk);
    change_names(disk, file, "", path);
    return file;
}

void shim_disk_write(struct shim_disk *disk,
                     struct shim_file *file,
                     const void *data,
                     size_t length,
                     uint64_t offset)
{
    struct shim_change *change = change_add(disk, SHIM_WRITE);
    change->file = file;
    change->offset = offset;
    change->length = length;
    change->data = sure_memory(NULL, length + 1);
    memcpy(change->data, data, length);
}

void shim_disk_truncate(struct shim_disk *disk, struct shim_file *file, uint64_t length)
{
    struct shim_change *change = change_add(disk, SHIM_TRUNCATE);
    change->file = file;
    change->offset = length;
}

void shim_disk_rename(struct shim_disk *disk, const char *from, const char *to)
{
    struct shim_name *name = names_find(&disk->seen, from);
    if (name)
        change_names(disk, name->file, from, to);
}

void shim_disk_remove(struct shim_disk *disk, const char *path)
{
    if (names_find(&disk->seen, path))
        change_names(disk, NULL, path, "");
}

void shim_disk_sync(struct shim_disk *disk, struct shim_file *file)
{
    settle(disk, file, NULL);
}

void shim_disk_sync_names(struct shim_disk *disk)
{
    settle(disk, NULL, NULL);
}

void shim_disk_sync_failed(struct shim_disk *disk, struct shim_file *file, struct chance *chance)
{
    settle(disk, file, chance);
}

size_t shim_disk_waiting(const struct shim_disk *disk)
{
    return disk->change_count;
}

/* --- A power cut ---------------------------------------------------------------------------------- */

/* How disks lose things: a queue drained up to some point, or whatever was lucky. */
enum manner {
    NOTHING_KEPT,
    QUEUE_DRAINED,
    SOME_KEPT,
    ONE_LOST,
    MANNERS
};

static void decide(struct shim_disk *disk, enum manner manner, struct chance *chance)
{
    size_t count = disk->change_count;
    size_t turn = count ? chance_below(chance, (uint32_t)count) : 0;
    uint32_t kept_of_four = 1 + chance_below(chance, 3);
    bool names_lost = false;
    for (size_t i = 0; i < count; i++) {
        struct shim_change *change = &disk->changes[i];
        bool kept = false, torn = false;
        switch (manner) {
        case NOTHING_KEPT:
        case MANNERS:
            break;
        case QUEUE_DRAINED:
            kept = i < turn;
            torn = i == turn;
            break;
        case SOME_KEPT:
            kept = chance_below(chance, 4) < kept_of_four;
            torn = chance_below(chance, 4) == 0;
            break;
        case ONE_LOST:
            kept = i != turn;
            break;
        }
        if (change->kind == SHIM_NAME) {
            names_lost = names_lost || !kept;
            if (!names_lost)
                change_apply(disk, change);
        } else if (torn && change->kind == SHIM_WRITE) {
            change_apply_torn(change, chance);
        } else if (kept) {
            change_apply(disk, change);
        }
    }
}

static void write_whole(const struct shim_file *file, const char *path)
{
    FILE *stream = fopen(path, "wb");
    assert(stream != NULL);
    size_t written = file->length == 0 ? 0 : fwrite(file->data, 1, file->length, stream);
    int closed = fclose(stream);
    assert(written == file->length && closed == 0);
}

/* The folder shows what the disk holds, and nothing else of what went through here. */
static void restore(struct shim_disk *disk)
{
    for (size_t i = 0; i < disk->seen.count; i++)
        if (!names_find(&disk->held, disk->seen.names[i].path))
            remove(disk->seen.names[i].path); /* not unlink: that comes back here */
    disk->seen.count = 0;
    for (size_t i = 0; i < disk->held.count; i++) {
        struct shim_name *name = &disk->held.names[i];
        write_whole(name->file, name->path);
        names_put(&disk->seen, name->path, name->file);
    }
}

void shim_disk_cut(struct shim_disk *disk, enum shim_loss loss, struct chance *chance)
{
    switch (loss) {
    case SHIM_LOSS_NONE:
        return;
    case SHIM_LOSS_CHANCE:
        decide(disk, (enum manner)chance_below(chance, MANNERS), chance);
        break;
    case SHIM_LOSS_ALL:
        break;
    }
    for (size_t i = 0; i < disk->change_count; i++)
        free(disk->changes[i].data);
    disk->change_count = 0;
    restore(disk);
}

void shim_disk_free(struct shim_disk *disk)
{
    for (size_t i = 0; i < disk->change_count; i++)
        free(disk->changes[i].data);
    for (size_t i = 0; i < disk->file_count; i++) {
        free(disk->files[i]->data);
        free(disk->files[i]);
    }
    free(disk->changes);
    free(disk->files);
    free(disk->seen.names);
    free(disk->held.names);
    memset(disk, 0, sizeof *disk);
}
