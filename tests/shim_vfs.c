#include "tests/shim_vfs.h"

#include "tests/failing_memory.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct shim_vfs {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    struct shim_disk disk;
    struct chance chance;
    struct shim_fault fault;
    uint64_t calls, failures;
    bool power;
    unsigned life; /* handles of an earlier one are dead */
};

/* The real handle's memory follows. */
struct handle {
    sqlite3_file base;
    struct shim_vfs *shim;
    struct shim_file *file;
    unsigned life;
    bool sync_folder; /* with the first sync of a journal or log, which may be new */
    int refusal;      /* of the last read that was refused; a short one takes it away */
};

static struct shim_vfs *installed;

static struct shim_vfs *shim_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return (sqlite3_file *)((struct handle *)file + 1);
}

/* --- Faults --------------------------------------------------------------------------------------- */

static const int dead_result[SHIM_CALL_COUNT] = {
    [SHIM_CALL_OPEN] = SQLITE_CANTOPEN,     [SHIM_CALL_READ] = SQLITE_IOERR_READ,
    [SHIM_CALL_WRITE] = SQLITE_IOERR_WRITE, [SHIM_CALL_TRUNCATE] = SQLITE_IOERR_TRUNCATE,
    [SHIM_CALL_SYNC] = SQLITE_IOERR_FSYNC,  [SHIM_CALL_REMOVE] = SQLITE_IOERR_DELETE,
    [SHIM_CALL_RENAME] = SQLITE_IOERR,      [SHIM_CALL_SYNC_FOLDER] = SQLITE_IOERR_DIR_FSYNC,
};

/* What the call is to return instead of doing its work; SQLITE_OK to do it. */
static int judge(struct shim_vfs *shim, enum shim_call call)
{
    const struct shim_fault *fault = &shim->fault;
    if (!shim->power)
        return dead_result[call];
    if (!(fault->calls & 1u << call))
        return SQLITE_OK;
    shim->calls++;
    if (fault->at == 0 || shim->calls < fault->at || (shim->calls > fault->at && !fault->lasting))
        return SQLITE_OK;
    shim->failures++;
    if (!fault->power_off)
        return fault->result;
    shim->power = false;
    return dead_result[call];
}

static int judge_handle(const struct handle *handle, enum shim_call call)
{
    if (handle->life != handle->shim->life)
        return dead_result[call];
    return judge(handle->shim, call);
}

/* --- A file's methods ----------------------------------------------------------------------------- */

static int shim_close(sqlite3_file *base)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;
}

static int shim_read(sqlite3_file *base, void *data, int length, sqlite3_int64 offset)
{
    struct handle *handle = (struct handle *)base;
    int result = judge_handle(handle, SHIM_CALL_READ);
    if (result != SQLITE_OK) {
        handle->refusal = handle->shim->fault.refusal;
        return result;
    }
    sqlite3_file *real = real_of(base);
    result = real->pMethods->xRead(real, data, length, offset);
    if (result == SQLITE_IOERR_SHORT_READ)
        handle->refusal = 0;
    return result;
}

static int shim_write(sqlite3_file *base, const void *data, int length, sqlite3_int64 offset)
{
    struct handle *handle = (struct handle *)base;
    struct shim_vfs *shim = handle->shim;
    sqlite3_file *real = real_of(base);
    bool power = shim->power && handle->life == shim->life;
    int judged = judge_handle(handle, SHIM_CALL_WRITE);
    if (judged != SQLITE_OK) {
        /* A cut in the middle of a write: it was on its way, and may have arrived in part. */
        if (power && !shim->power)
            shim_disk_write(&shim->disk, handle->file, data, (size_t)length, (uint64_t)offset);
        if (!shim->power || !shim->fault.partial)
            return judged;
        length /= 2;
    }
    int result = real->pMethods->xWrite(real, data, length, offset);
    if (result == SQLITE_OK)
        shim_disk_write(&shim->disk, handle->file, data, (size_t)length, (uint64_t)offset);
    return judged != SQLITE_OK ? judged : result;
}

static int shim_truncate(sqlite3_file *base, sqlite3_int64 length)
{
    struct handle *handle = (struct handle *)base;
    int result = judge_handle(handle, SHIM_CALL_TRUNCATE);
    if (result != SQLITE_OK)
        return result;
    sqlite3_file *real = real_of(base);
    result = real->pMethods->xTruncate(real, length);
    if (result == SQLITE_OK)
        shim_disk_truncate(&handle->shim->disk, handle->file, (uint64_t)length);
    return result;
}

/* The real disk is never waited for: what counts as synced is the model's to say. */
static int shim_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    struct handle *handle = (struct handle *)base;
    struct shim_vfs *shim = handle->shim;
    int result = judge_handle(handle, SHIM_CALL_SYNC);
    if (result != SQLITE_OK) {
        if (shim->power && handle->life == shim->life)
            shim_disk_sync_failed(&shim->disk, handle->file, &shim->chance);
        return result;
    }
    shim_disk_sync(&shim->disk, handle->file);
    /* As SQLite's own VFS: once, and nobody hears of a failure. */
    if (handle->sync_folder && judge_handle(handle, SHIM_CALL_SYNC_FOLDER) == SQLITE_OK)
        shim_disk_sync_names(&shim->disk);
    handle->sync_folder = false;
    return SQLITE_OK;
}

static int shim_file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xFileSize(real, size);
}

static int shim_lock(sqlite3_file *base, int level)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xLock(real, level);
}

static int shim_unlock(sqlite3_file *base, int level)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xUnlock(real, level);
}

static int shim_check_reserved_lock(sqlite3_file *base, int *held)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xCheckReservedLock(real, held);
}

/* Without what would change the file behind the model's back. */
static int shim_file_control(sqlite3_file *base, int operation, void *argument)
{
    if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE ||
        operation == SQLITE_FCNTL_MMAP_SIZE)
        return SQLITE_NOTFOUND;
    const struct handle *handle = (const struct handle *)base;
    if (operation == SQLITE_FCNTL_LAST_ERRNO && handle->refusal != 0) {
        *(int *)argument = handle->refusal;
        return SQLITE_OK;
    }
    sqlite3_file *real = real_of(base);
    return real->pMethods->xFileControl(real, operation, argument);
}

static int shim_sector_size(sqlite3_file *base)
{
    (void)base;
    return SHIM_SECTOR;
}

static int shim_device_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int shim_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **at)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xShmMap(real, page, size, extend, at);
}

static int shim_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xShmLock(real, offset, count, flags);
}

static void shim_shm_barrier(sqlite3_file *base)
{
    sqlite3_file *real = real_of(base);
    real->pMethods->xShmBarrier(real);
}

static int shim_shm_unmap(sqlite3_file *base, int remove)
{
    sqlite3_file *real = real_of(base);
    return real->pMethods->xShmUnmap(real, remove);
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_file_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_reserved_lock,
    .xFileControl = shim_file_control,
    .xSectorSize = shim_sector_size,
    .xDeviceCharacteristics = shim_device_characteristics,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
};

/* --- The VFS's methods ---------------------------------------------------------------------------- */

static int shim_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *got)
{
    struct shim_vfs *shim = shim_of(vfs);
    if (!path || flags & SQLITE_OPEN_DELETEONCLOSE)
        return shim->real->xOpen(shim->real, path, base, flags, got);
    struct handle *handle = (struct handle *)base;
    memset(handle, 0, sizeof *handle);
    int result = judge(shim, SHIM_CALL_OPEN);
    if (result != SQLITE_OK)
        return result;
    struct shim_file *file = shim_disk_find(&shim->disk, path);
    sqlite3_file *real = real_of(base);
    real->pMethods = NULL;
    result = shim->real->xOpen(shim->real, path, real, flags, got);
    if (result != SQLITE_OK)
        return result;
    handle->shim = shim;
    handle->life = shim->life;
    handle->file = file ? file : shim_disk_make(&shim->disk, path);
    handle->sync_folder =
        flags & SQLITE_OPEN_CREATE && flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL);
    handle->base.pMethods = &file_methods;
    return SQLITE_OK;
}

static int shim_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    struct shim_vfs *shim = shim_of(vfs);
    int result = judge(shim, SHIM_CALL_REMOVE);
    if (result != SQLITE_OK)
        return result;
    shim_disk_find(&shim->disk, path);
    result = shim->real->xDelete(shim->real, path, 0);
    if (result != SQLITE_OK)
        return result;
    shim_disk_remove(&shim->disk, path);
    if (!sync_folder)
        return SQLITE_OK;
    result = judge(shim, SHIM_CALL_SYNC_FOLDER);
    if (result == SQLITE_OK)
        shim_disk_sync_names(&shim->disk);
    return result;
}

static int shim_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
    sqlite3_vfs *real = shim_of(vfs)->real;
    return real->xAccess(real, path, flags, result);
}

static int shim_full_pathname(sqlite3_vfs *vfs, const char *path, int capacity, char *full)
{
    sqlite3_vfs *real = shim_of(vfs)->real;
    return real->xFullPathname(real, path, capacity, full);
}

static int shim_randomness(sqlite3_vfs *vfs, int length, char *data)
{
    struct shim_vfs *shim = shim_of(vfs);
    for (int i = 0; i < length; i++)
        data[i] = (char)chance_bits(&shim->chance);
    return length;
}

/* Whoever waits for a lock here waits for nobody: one thread holds them all. */
static int shim_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int shim_current_time(sqlite3_vfs *vfs, double *days)
{
    sqlite3_vfs *real = shim_of(vfs)->real;
    return real->xCurrentTime(real, days);
}

static int shim_last_error(sqlite3_vfs *vfs, int capacity, char *text)
{
    sqlite3_vfs *real = shim_of(vfs)->real;
    return real->xGetLastError(real, capacity, text);
}

struct shim_vfs *shim_vfs_create(const char *name, uint64_t seed)
{
    ck_assert_ptr_null(installed);
    ck_assert_int_eq(sqlite3_initialize(), SQLITE_OK);
    struct shim_vfs *shim = sure_memory(NULL, sizeof *shim);
    memset(shim, 0, sizeof *shim);
    shim->real = sqlite3_vfs_find(NULL);
    shim->chance = chance_of(seed);
    shim->power = true;
    shim->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct handle) + shim->real->szOsFile,
        .mxPathname = shim->real->mxPathname,
        .zName = name,
        .pAppData = shim,
        .xOpen = shim_open,
        .xDelete = shim_delete,
        .xAccess = shim_access,
        .xFullPathname = shim_full_pathname,
        .xRandomness = shim_randomness,
        .xSleep = shim_sleep,
        .xCurrentTime = shim_current_time,
        .xGetLastError = shim_last_error,
    };
    ck_assert_int_eq(sqlite3_vfs_register(&shim->vfs, 0), SQLITE_OK);
    return installed = shim;
}

void shim_vfs_destroy(struct shim_vfs *shim)
{
    ck_assert_ptr_eq(installed, shim);
    installed = NULL;
    sqlite3_vfs_unregister(&shim->vfs);
    shim_disk_free(&shim->disk);
    free(shim);
}

void shim_vfs_fault(struct shim_vfs *shim, struct shim_fault fault)
{
    shim->fault = fault;
    shim->calls = shim->failures = 0;
}

uint64_t shim_vfs_calls(const struct shim_vfs *shim)
{
    return shim->calls;
}

uint64_t shim_vfs_failures(const struct shim_vfs *shim)
{
    return shim->failures;
}

void shim_vfs_power_off(struct shim_vfs *shim)
{
    shim->power = false;
}

bool shim_vfs_power(const struct shim_vfs *shim)
{
    return shim->power;
}

void shim_vfs_power_on(struct shim_vfs *shim, enum shim_loss loss)
{
    shim->power = true;
    shim->life++;
    shim->fault = (struct shim_fault){0};
    shim_disk_cut(&shim->disk, loss, &shim->chance);
}

size_t shim_vfs_waiting(const struct shim_vfs *shim)
{
    return shim_disk_waiting(&shim->disk);
}

/* --- The C library's calls ------------------------------------------------------------------------ */

/* Sends the linker's --wrap=NAME here; __real_NAME is the library's. */
int __real_open(const char *path, int flags, ...);
int __real_rename(const char *from, const char *to);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_unlink(const char *path);
int __real_unlinkat(int fd, const char *path, int flags);
int __real_fsync(int fd);
int __wrap_open(const char *path, int flags, ...);
int __wrap_rename(const char *from, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_unlink(const char *path);
int __wrap_unlinkat(int fd, const char *path, int flags);
int __wrap_fsync(int fd);

/* As SQLite names its files: without symbolic links. */
static bool absolute(int folder_fd, const char *path, char full[SHIM_PATH_MAX])
{
    char link[64], folder[SHIM_PATH_MAX];
    if (path[0] == '/' || folder_fd == AT_FDCWD)
        return snprintf(full, SHIM_PATH_MAX, "%s", path) < (int)SHIM_PATH_MAX;
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder_fd);
    ssize_t length = readlink(link, folder, sizeof folder - 1);
    if (length < 0)
        return false;
    folder[length] = '\0';
    return snprintf(full, SHIM_PATH_MAX, "%s/%s", folder, path) < (int)SHIM_PATH_MAX;
}

static bool refused(enum shim_call call)
{
    if (!installed || judge(installed, call) == SQLITE_OK)
        return false;
    errno = EIO;
    return true;
}

/* A new file's name waits for the folder's sync, whoever made it. */
int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list values;
        va_start(values, flags);
        mode = va_arg(values, mode_t);
        va_end(values);
    }
    if (!installed || !(flags & O_CREAT) || access(path, F_OK) == 0)
        return __real_open(path, flags, mode);
    if (refused(SHIM_CALL_OPEN))
        return -1;
    int fd = __real_open(path, flags, mode);
    if (fd >= 0)
        shim_disk_make(&installed->disk, path);
    return fd;
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    if (refused(SHIM_CALL_RENAME))
        return -1;
    char from_full[SHIM_PATH_MAX], to_full[SHIM_PATH_MAX];
    bool known = installed && absolute(from_fd, from, from_full) && absolute(to_fd, to, to_full);
    if (known)
        shim_disk_find(&installed->disk, from_full);
    int result = __real_renameat(from_fd, from, to_fd, to);
    if (result == 0 && known)
        shim_disk_rename(&installed->disk, from_full, to_full);
    return result;
}

int __wrap_rename(const char *from, const char *to)
{
    return __wrap_renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int __wrap_unlinkat(int fd, const char *path, int flags)
{
    if (refused(SHIM_CALL_REMOVE))
        return -1;
    char full[SHIM_PATH_MAX];
    bool known = installed && absolute(fd, path, full);
    int result = __real_unlinkat(fd, path, flags);
    if (result == 0 && known)
        shim_disk_remove(&installed->disk, full);
    return result;
}

int __wrap_unlink(const char *path)
{
    return __wrap_unlinkat(AT_FDCWD, path, 0);
}

int __wrap_fsync(int fd)
{
    struct stat status;
    if (!installed || fstat(fd, &status) != 0 || !S_ISDIR(status.st_mode))
        return __real_fsync(fd);
    if (refused(SHIM_CALL_SYNC_FOLDER))
        return -1;
    shim_disk_sync_names(&installed->disk);
    return 0;
}
