/* shim_disk.h - what a disk holds of a folder's files: less than what a process sees of them.
 *
 * A change (a write, a truncation, a name made, moved or removed) waits until its file, or for a
 * name the folder, is synced. A power cut decides about each change that still waits. The model is
 * that of a journalling file system at its worst: waiting writes of all files survive in any
 * selection and may be torn between sectors; names survive in the order in which they changed; a
 * failed sync leaves clean pages that never reached the disk, and a later one says nothing of it.
 *
 * Files are known by their absolute path. A path that was never opened here is none of its business.
 */
#ifndef TESTS_SHIM_DISK_H
#define TESTS_SHIM_DISK_H

#include "tests/helpers.h"

#define SHIM_SECTOR   512u
#define SHIM_PATH_MAX 256u

enum shim_loss {
    SHIM_LOSS_NONE,   /* the process was killed, the machine runs on: what waited still waits */
    SHIM_LOSS_CHANCE, /* the power was cut; what waited may be there, in part, or not */
    SHIM_LOSS_ALL     /* the power was cut; nothing that waited is there */
};

/* What became of a file, as far as the disk knows; it has one even without a name. */
struct shim_file {
    uint8_t *data;
    size_t length, capacity;
};

struct shim_name {
    char path[SHIM_PATH_MAX];
    struct shim_file *file;
};

struct shim_names {
    struct shim_name *names;
    size_t count;
};

enum shim_change_kind {
    SHIM_WRITE,
    SHIM_TRUNCATE,
    SHIM_NAME /* path_new stands for file, path_old (if any) for nothing */
};

struct shim_change {
    enum shim_change_kind kind;
    struct shim_file *file;
    uint64_t offset; /* or the new length */
    uint8_t *data;
    size_t length;
    char path_old[SHIM_PATH_MAX], path_new[SHIM_PATH_MAX]; /* "" for none */
};

struct shim_disk {
    struct shim_file **files; /* all that ever were */
    size_t file_count;
    struct shim_names seen;      /* by processes */
    struct shim_names held;      /* by the disk */
    struct shim_change *changes; /* that wait, in the order they were made */
    size_t change_count, change_capacity;
};

/* The file of that path as processes see it, NULL for none. A file that is in the folder and was
 * never seen here counts as synced. */
struct shim_file *shim_disk_find(struct shim_disk *disk, const char *path);
struct shim_file *shim_disk_make(struct shim_disk *disk, const char *path);

void shim_disk_write(struct shim_disk *disk,
                     struct shim_file *file,
                     const void *data,
                     size_t length,
                     uint64_t offset);
void shim_disk_truncate(struct shim_disk *disk, struct shim_file *file, uint64_t length);
void shim_disk_rename(struct shim_disk *disk, const char *from, const char *to);
void shim_disk_remove(struct shim_disk *disk, const char *path);

void shim_disk_sync(struct shim_disk *disk, struct shim_file *file);
void shim_disk_sync_names(struct shim_disk *disk);

/* A sync that failed: some of the file's changes have reached the disk, the others never will. */
void shim_disk_sync_failed(struct shim_disk *disk, struct shim_file *file, struct chance *chance);

/* Decides what is left, and makes the files in the folder what the disk holds. */
void shim_disk_cut(struct shim_disk *disk, enum shim_loss loss, struct chance *chance);

/* Changes that a power cut could take. */
size_t shim_disk_waiting(const struct shim_disk *disk);

void shim_disk_free(struct shim_disk *disk);

#endif
