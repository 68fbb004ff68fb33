/* shim_vfs.h - a VFS for SQLite whose disk loses what was not synced, and which fails when told.
 *
 *   struct shim_vfs *shim = shim_vfs_create("shim", seed);   sqlite3_open_v2(..., "shim") uses it
 *   shim_vfs_fault(shim, (struct shim_fault){.calls = SHIM_CALL(SYNC), .at = 3, .result = ...});
 *   ...
 *   shim_vfs_power_off(shim);                  every handle is dead from here on; close them
 *   shim_vfs_power_on(shim, SHIM_LOSS_CHANCE); the folder holds what the disk kept (shim_disk.h)
 *
 * The files are real ones, and so are their locks, their listings and SQLite's shared memory, which
 * nothing survives in. A program that is linked with STORAGE_WRAPS (tests/CMakeLists.txt) has its
 * own open, rename, unlink and fsync of folders go through here too.
 *
 * Limits   one at a time, on one thread; all files in one folder
 */
#ifndef TESTS_SHIM_VFS_H
#define TESTS_SHIM_VFS_H

#include "tests/shim_disk.h"

/* Calls that change or read the disk, and may fail. */
#define SHIM_CALLS(ROW)                                                                            \
    ROW(OPEN)                                                                                      \
    ROW(READ)                                                                                      \
    ROW(WRITE)                                                                                     \
    ROW(TRUNCATE)                                                                                  \
    ROW(SYNC)                                                                                      \
    ROW(REMOVE)                                                                                    \
    ROW(RENAME)                                                                                    \
    ROW(SYNC_FOLDER)

#define SHIM_CALL_ROW(name) SHIM_CALL_##name,
enum shim_call {
    SHIM_CALLS(SHIM_CALL_ROW) SHIM_CALL_COUNT
};
#undef SHIM_CALL_ROW
#define SHIM_CALL(name) (1u << SHIM_CALL_##name)
#define SHIM_CALL_ALL   ((1u << SHIM_CALL_COUNT) - 1)

struct shim_fault {
    unsigned calls; /* SHIM_CALL() bits: those that are counted and fail */
    uint64_t at;    /* 1: the next one; 0: none */
    int result;     /* SQLite's, as SQLITE_FULL or SQLITE_IOERR_FSYNC */
    int refusal;    /* errno of a read that fails, which its file remembers as SQLite's own do */
    bool lasting;   /* all that follow fail too */
    bool partial;   /* a write leaves its first half */
    bool power_off; /* instead of failing once: the power is off from here on */
};

struct shim_vfs;

/* Registered under the name; never the default. The seed decides what a failing sync and a power
 * cut keep. */
struct shim_vfs *shim_vfs_create(const char *name, uint64_t seed);
void shim_vfs_destroy(struct shim_vfs *shim);

void shim_vfs_fault(struct shim_vfs *shim, struct shim_fault fault); /* {0}: the disk is well */
uint64_t shim_vfs_calls(const struct shim_vfs *shim);    /* counted since the fault was set */
uint64_t shim_vfs_failures(const struct shim_vfs *shim); /* of them, made to fail */

void shim_vfs_power_off(struct shim_vfs *shim);
bool shim_vfs_power(const struct shim_vfs *shim);
void shim_vfs_power_on(struct shim_vfs *shim, enum shim_loss loss);

/* Changes that a power cut could take now. */
size_t shim_vfs_waiting(const struct shim_vfs *shim);

#endif
