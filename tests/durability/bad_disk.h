/* bad_disk.h - makes the files of a running server fail, from outside.
 *
 *   struct bad_disk *disk = bad_disk_prepare();         before the server is started
 *   struct server_process server = server_start(0);
 *   bad_disk_watch(disk, server.folder);
 *   bad_disk_fail(disk, BAD_DISK_WRITE, ENOSPC, BAD_DISK_FOR_EVER);
 *   ...
 *   bad_disk_mend(disk);
 *
 * bad_disk.c is a shared object that stands before the C library in the server (LD_PRELOAD); what it
 * is to do stands in memory that both share. Only files of the watched folder, and the folder itself,
 * are ever touched.
 */
#ifndef TESTS_DURABILITY_BAD_DISK_H
#define TESTS_DURABILITY_BAD_DISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Names the file with the shared memory. */
#define BAD_DISK_VARIABLE "TUTTI_TEST_BAD_DISK"

#define BAD_DISK_FOR_EVER UINT32_MAX

enum bad_disk_call {
    BAD_DISK_READ,     /* read, pread */
    BAD_DISK_WRITE,    /* write, pwrite */
    BAD_DISK_SYNC,     /* fsync, fdatasync */
    BAD_DISK_TRUNCATE, /* ftruncate */
    BAD_DISK_CREATE,   /* open of a file that is not there */
    BAD_DISK_CALLS
};

struct bad_disk_fault {
    _Atomic int error;
    _Atomic uint32_t left;   /* calls that are still to fail */
    _Atomic uint32_t failed; /* that did */
};

struct bad_disk {
    char folder[64];
    char files[32];        /* only those whose name begins so; "" for all */
    _Atomic bool tears;    /* a write that is to fail takes half of its bytes, as long as it can */
    _Atomic bool hangs;    /* syncs do not return while it does */
    _Atomic uint32_t hung; /* syncs that did not, at once */
    _Atomic uint32_t period; /* of the calls that would fail, only every so many-th does; 0: all */
    _Atomic uint32_t turn;
    struct bad_disk_fault faults[BAD_DISK_CALLS];
};

/* --- In the test -------------------------------------------------------------------------------- */

/* What is executed from here on stands on the disk. */
struct bad_disk *bad_disk_prepare(void);

/* While nothing fails. */
void bad_disk_watch(struct bad_disk *disk, const char *folder);
void bad_disk_choose(struct bad_disk *disk, const char *files);

void bad_disk_fail(struct bad_disk *disk, enum bad_disk_call call, int error, uint32_t times);

/* No space for anything. */
void bad_disk_fill(struct bad_disk *disk);

/* Syncs neither fail nor return, until it is mended. */
void bad_disk_hang(struct bad_disk *disk);

/* Nothing fails any more. */
void bad_disk_mend(struct bad_disk *disk);

uint32_t bad_disk_hung(const struct bad_disk *disk);
uint32_t bad_disk_failed(const struct bad_disk *disk, enum bad_disk_call call);

void bad_disk_release(struct bad_disk *disk);

#endif
