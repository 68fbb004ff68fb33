/* store.h - where rooms are kept while nobody is in them: the contract of every store.
 *
 *   struct store *store = store_memory_create(64u << 20);
 *   store->put(store, name, &(struct snapshot){.kind = kind, .incarnation = 7, .bytes = bytes});
 *   struct snapshot snapshot;
 *   if (store->get(store, name, &snapshot) == STATUS_OK)
 *       use it before the next call
 *   store->close(store);
 *
 * A store holds at most one snapshot of a room, under the room's name. It knows bytes and names,
 * and nothing of what the bytes mean.
 *
 * Ownership  what is put is copied; what is got is a view, valid until the next call with the same
 *            store.
 * Errors     STATUS_LIMIT: the store is full. STATUS_MEMORY: no memory. STATUS_NOT_FOUND. After a
 *            failed call the store holds what it held before.
 * Limits     names are 1..ROOM_NAME_MAX bytes, kinds 1..NAME_BYTES_MAX.
 * Threads    one owner at a time.
 */
#ifndef PERSISTENCE_STORE_H
#define PERSISTENCE_STORE_H

#include "sync/base.h"

struct snapshot {
    struct bytes kind;    /* name of the room's kind */
    uint64_t incarnation; /* of the room, stamps mean nothing in another one */
    uint64_t tick;        /* the tick after which the snapshot was made */
    struct bytes bytes;
};

struct store;

/* Called once per room that the store holds. False ends the walk. */
typedef bool store_visitor(void *context, struct bytes name, const struct snapshot *snapshot);

struct store {
    /* Keeps the snapshot in place of the one under this name, if there is one. */
    MUST_CHECK enum status (*put)(struct store *store,
                                  struct bytes name,
                                  const struct snapshot *snapshot);

    MUST_CHECK enum status (*get)(struct store *store,
                                  struct bytes name,
                                  struct snapshot *snapshot);

    /* Forgets the room. One that is not there is forgotten already. */
    MUST_CHECK enum status (*remove)(struct store *store, struct bytes name);

    /* Visits every room, in no order. The visitor may not change the store. */
    void (*each)(struct store *store, store_visitor *visitor, void *context);

    /* A number above every incarnation that the store has given out or holds, and at least
     * `wall_us`, the time in microseconds since 1970: so that it also grows over restarts that
     * remember nothing. */
    uint64_t (*next_incarnation)(struct store *store, uint64_t wall_us);

    uint64_t (*count)(const struct store *store); /* rooms */
    uint64_t (*bytes)(const struct store *store); /* what the store counts against its limit */

    void (*close)(struct store *store);
};

#endif
