/* authors.h - who did what to that which everyone in a room sees: who made each record, changed each of its
 * fields last, or removed it.
 *
 *   struct authored it;
 *   for (authors_begin(room, AUTHORED_RECORDS, &it); it.there; authors_next(&it))
 *       it.collection, it.id, it.member made it
 *       while (authored_field(&it, &field, &name, &member)) who changed that last, if not it.member
 *
 * Members have numbers, of which a room gives no one twice; 0 is the server itself.
 *
 * Ownership  views, good until the room's next tick.
 */
#ifndef SYNC_AUTHORS_H
#define SYNC_AUTHORS_H

#include "sync/room.h"

enum authored_kind {
    AUTHORED_RECORDS,
    AUTHORED_REMOVALS /* those that the room still remembers */
};

struct authored {
    const struct room *room;
    const struct record *record;
    enum authored_kind kind;
    bool there;
    uint32_t collection; /* index */
    struct bytes id;
    uint32_t member; /* who made it, or removed it */
};

/* Of everyone's scope: what is done later has a higher one. */
uint64_t authors_stamp(const struct room *room);

uint32_t authors_collections(const struct room *room);
struct bytes authors_collection(const struct room *room, uint32_t index);

/* In the order of their last changes. */
void authors_begin(const struct room *room, enum authored_kind kind, struct authored *it);
void authors_next(struct authored *it);

/* The next field, from *index on, which begins at 0, whose last change was not by who made the record; set or
 * unset. False: there is none. Of a removed record there are none. */
bool authored_field(const struct authored *it,
                    uint32_t *index,
                    struct bytes *name,
                    uint32_t *member);

#endif
