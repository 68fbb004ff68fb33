/* bad_disk.c - the shared object that fails a server's calls; see bad_disk.h. */
#include "tests/durability/bad_disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct bad_disk *disk;

/* The function of this name behind this one. */
#define BEHIND(name, type, arguments)                                                              \
    static type(*name##_behind) arguments;                                                         \
    static type(*behind_##name(void)) arguments                                                    \
    {                                                                                              \
        if (name##_behind == NULL)                                                                 \
            *(void **)&name##_behind = dlsym(RTLD_NEXT, #name);                                    \
        return name##_behind;                                                                      \
    }

BEHIND(open, int, (const char *, int, ...))
BEHIND(open64, int, (const char *, int, ...))
BEHIND(read, ssize_t, (int, void *, size_t))
BEHIND(pread, ssize_t, (int, void *, size_t, off_t))
BEHIND(pread64, ssize_t, (int, void *, size_t, off64_t))
BEHIND(write, ssize_t, (int, const void *, size_t))
BEHIND(pwrite, ssize_t, (int, const void *, size_t, off_t))
BEHIND(pwrite64, ssize_t, (int, const void *, size_t, off64_t))
BEHIND(fsync, int, (int))
BEHIND(fdatasync, int, (int))
BEHIND(ftruncate, int, (int, off_t))
BEHIND(ftruncate64, int, (int, off64_t))

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv(BAD_DISK_VARIABLE);
    int fd = path != NULL ? behind_open()(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *memory = mmap(NULL, sizeof *disk, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory != MAP_FAILED)
        disk = memory;
}

/* --- What is to fail ----------------------------------------------------------------------------- */

static bool is_watched(const char *path)
{
    size_t length = strlen(disk->folder);
    if (length == 0 || strncmp(path, disk->folder, length) != 0)
        return false;
    if (path[length] != '/')
        return path[length] == '\0' && disk->files[0] == '\0';
    return strncmp(path + length + 1, disk->files, strlen(disk->files)) == 0;
}

static bool is_watched_file(int fd)
{
    char link[32], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    return is_watched(path);
}

static bool is_wanted(enum bad_disk_call call)
{
    return disk != NULL && atomic_load(&disk->faults[call].left) > 0;
}

/* One call that may fail: whether it does, with errno set. */
static bool fails(enum bad_disk_call call)
{
    struct bad_disk_fault *fault = &disk->faults[call];
    uint32_t period = atomic_load(&disk->period);
    if (period > 0 && atomic_fetch_add(&disk->turn, 1) % period != period - 1)
        return false;
    uint32_t left = atomic_load(&fault->left);
    do {
        if (left == 0)
            return false;
    } while (left != BAD_DISK_FOR_EVER &&
             !atomic_compare_exchange_weak(&fault->left, &left, left - 1));
    atomic_fetch_add(&fault->failed, 1);
    errno = atomic_load(&fault->error);
    return true;
}

/* Between two looks at a disk that hangs. */
#define HANG_US 2000u

static void hang(int fd)
{
    if (disk == NULL || !atomic_load(&disk->hangs) || !is_watched_file(fd))
        return;
    atomic_fetch_add(&disk->hung, 1);
    while (atomic_load(&disk->hangs))
        usleep(HANG_US);
}

static bool fails_on(enum bad_disk_call call, int fd)
{
    return is_wanted(call) && is_watched_file(fd) && fails(call);
}

/* How many of the bytes are to be written; 0 with errno set for none. */
static size_t writable(int fd, size_t length)
{
    if (!is_wanted(BAD_DISK_WRITE) || !is_watched_file(fd))
        return length;
    if (atomic_load(&disk->tears) && length > 1)
        return length / 2;
    return fails(BAD_DISK_WRITE) ? 0 : length;
}

/* --- The calls ----------------------------------------------------------------------------------- */

static bool creation_fails(const char *path, int flags)
{
    return (flags & O_CREAT) != 0 && is_wanted(BAD_DISK_CREATE) && is_watched(path) &&
           access(path, F_OK) != 0 && fails(BAD_DISK_CREATE);
}

static mode_t mode_of(int flags, va_list arguments)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return creation_fails(path, flags) ? -1 : behind_open()(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return creation_fails(path, flags) ? -1 : behind_open64()(path, flags, mode);
}

ssize_t read(int fd, void *data, size_t length)
{
    return fails_on(BAD_DISK_READ, fd) ? -1 : behind_read()(fd, data, length);
}

ssize_t pread(int fd, void *data, size_t length, off_t offset)
{
    return fails_on(BAD_DISK_READ, fd) ? -1 : behind_pread()(fd, data, length, offset);
}

ssize_t pread64(int fd, void *data, size_t length, off64_t offset)
{
    return fails_on(BAD_DISK_READ, fd) ? -1 : behind_pread64()(fd, data, length, offset);
}

ssize_t write(int fd, const void *data, size_t length)
{
    size_t part = writable(fd, length);
    return part == 0 && length > 0 ? -1 : behind_write()(fd, data, part);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
    size_t part = writable(fd, length);
    return part == 0 && length > 0 ? -1 : behind_pwrite()(fd, data, part, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
    size_t part = writable(fd, length);
    return part == 0 && length > 0 ? -1 : behind_pwrite64()(fd, data, part, offset);
}

int fsync(int fd)
{
    hang(fd);
    return fails_on(BAD_DISK_SYNC, fd) ? -1 : behind_fsync()(fd);
}

int fdatasync(int fd)
{
    hang(fd);
    return fails_on(BAD_DISK_SYNC, fd) ? -1 : behind_fdatasync()(fd);
}

int ftruncate(int fd, off_t length)
{
    return fails_on(BAD_DISK_TRUNCATE, fd) ? -1 : behind_ftruncate()(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
    return fails_on(BAD_DISK_TRUNCATE, fd) ? -1 : behind_ftruncate64()(fd, length);
}
