/* faulty_store.h - a store whose calls fail or stand still when told, over one that outlives it.
 *
 *   struct faulty_store faulty;
 *   struct store *store = faulty_store_init(&faulty, store_memory_create(1 << 20));
 *   faulty_store_fail(&faulty, CALL_APPEND, STORE_FULL, 3);      the next three
 *   ... the storage over it is destroyed; another one may be made over the same store ...
 *   faulty_store_free(&faulty);
 *
 * Threads  any; what is told counts from the next call on.
 */
#ifndef TESTS_FAULTY_STORE_H
#define TESTS_FAULTY_STORE_H

#include "persistence/store.h"

#include <pthread.h>

enum store_call {
    CALL_APPEND,
    CALL_RELEASE,
    CALL_RENEW_JOURNAL,
    CALL_SEAL,
    CALL_SET_ASIDE,
    CALL_ROOM,
    CALL_SNAPSHOT,
    CALL_READ,
    CALL_TRACKS,
    CALL_SEGMENTS,
    CALL_RECORDED,
    CALL_QUARANTINE,
    CALL_RELEASE_QUARANTINE,
    CALL_REMOVE,
    CALL_RETAIN,
    CALL_RECLAIM,
    CALL_WRITE_SCORES,
    CALL_SCORES,
    CALL_FILE_WRITE,
    CALL_FILE_READ,
    CALL_SESSION, /* putting, entitling, pinning, removing one */
    CALL_SESSIONS,
    CALL_MARK,
    CALL_COUNT
};

#define FAULTY_FOR_EVER    UINT32_MAX
#define FAULTY_APPENDS_MAX 256u

struct faulty_store {
    struct store store;
    struct store *under;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum store_result result[CALL_COUNT];
    uint32_t fails[CALL_COUNT]; /* so many of the next calls */
    uint32_t calls[CALL_COUNT];
    bool stalls[CALL_COUNT];
    bool done_all_the_same;                /* what fails has happened */
    uint64_t appended[FAULTY_APPENDS_MAX]; /* numbers, as they were tried */
    uint32_t appended_count;
};

struct store *faulty_store_init(struct faulty_store *faulty, struct store *under);
void faulty_store_free(struct faulty_store *faulty);

void faulty_store_fail(struct faulty_store *faulty,
                       enum store_call call,
                       enum store_result result,
                       uint32_t times);
void faulty_store_stall(struct faulty_store *faulty, enum store_call call, bool stalls);
uint32_t faulty_store_calls(struct faulty_store *faulty, enum store_call call);

/* Waits until a call has been made so often. */
void faulty_store_await(struct faulty_store *faulty, enum store_call call, uint32_t times);

#endif
