#include "tests/durability/bad_disk.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct bad_disk *bad_disk_prepare(void)
{
    char path[] = "/tmp/check-bad-disk-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, sizeof(struct bad_disk)), 0);
    void *memory = mmap(NULL, sizeof(struct bad_disk), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    close(fd);
    setenv(BAD_DISK_VARIABLE, path, 1);
    setenv("LD_PRELOAD", TEST_BAD_DISK, 1);
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0",
           1); /* this object comes before its runtime */
    return memory;
}

void bad_disk_watch(struct bad_disk *disk, const char *folder)
{
    ck_assert_uint_lt(strlen(folder), sizeof disk->folder);
    strcpy(disk->folder, folder);
}

void bad_disk_choose(struct bad_disk *disk, const char *files)
{
    ck_assert_uint_lt(strlen(files), sizeof disk->files);
    strcpy(disk->files, files);
}

void bad_disk_fail(struct bad_disk *disk, enum bad_disk_call call, int error, uint32_t times)
{
    atomic_store(&disk->faults[call].error, error);
    atomic_store(&disk->faults[call].left, times);
}

void bad_disk_fill(struct bad_disk *disk)
{
    bad_disk_fail(disk, BAD_DISK_WRITE, ENOSPC, BAD_DISK_FOR_EVER);
    bad_disk_fail(disk, BAD_DISK_CREATE, ENOSPC, BAD_DISK_FOR_EVER);
}

void bad_disk_hang(struct bad_disk *disk)
{
    atomic_store(&disk->hangs, true);
}

void bad_disk_mend(struct bad_disk *disk)
{
    atomic_store(&disk->hangs, false);
    for (int call = 0; call < BAD_DISK_CALLS; call++)
        atomic_store(&disk->faults[call].left, 0);
}

uint32_t bad_disk_hung(const struct bad_disk *disk)
{
    return atomic_load(&disk->hung);
}

uint32_t bad_disk_failed(const struct bad_disk *disk, enum bad_disk_call call)
{
    return atomic_load(&disk->faults[call].failed);
}

void bad_disk_release(struct bad_disk *disk)
{
    unlink(getenv(BAD_DISK_VARIABLE));
    unsetenv(BAD_DISK_VARIABLE);
    unsetenv("LD_PRELOAD");
    munmap(disk, sizeof *disk);
}
