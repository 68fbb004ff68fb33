/* author.h - clients that write what can be counted afterwards, and a room's state held against it.
 *
 *   author_join(&authors[i], loop, url, "room-0", i);
 *   author_write(&authors[i], round);                     again and again, while servers come and go
 *   ... when tutti_unsaved() of all of them is 0:
 *   authors_check(authors, count, reader, &findings);     `reader` being any live client of the room
 *
 * An operation of an author has parts: it adds 1 to a counter of the author's own, which shows what
 * was applied twice or not at all; it appends its number to a list that all share, which shows
 * also the order; it makes a record that was never there, and deletes an old one. Some operations
 * have all parts, which come and go together; and some are bound to be refused.
 */
#ifndef TESTS_DURABILITY_AUTHOR_H
#define TESTS_DURABILITY_AUTHOR_H

#include "clients/c/tutti.h"

/* What an author was told of an operation last. */
enum fate {
    FATE_OPEN,
    FATE_SAVED,
    FATE_REFUSED,
    FATE_UNCERTAIN,
    FATE_ABSENT /* was uncertain, or found to be lost, and is not in the room */
};

struct written {
    uint8_t parts, seen;
    enum fate fate;
};

struct author {
    struct tutti_client *client;
    uint32_t index;
    struct written *list; /* by number - 1 */
    uint32_t count, capacity;
    int64_t counter_before; /* what the counter had beside the operations that are saved */
    uint64_t saved, uncertain;
    uint64_t refused; /* beside those bound to be */
};

struct findings {
    uint64_t lost;    /* operations that were told to be saved and are not there */
    uint64_t twice;   /* applied more than once, or back after they were deleted */
    uint64_t torn;    /* some of their parts are there */
    uint64_t foreign; /* there, and refused or never written */
    uint64_t moved;   /* out of their author's order */
};

/* With `author` as their context. Of an author that is not from author_join(), the caller sets the
 * client and the index. */
struct tutti_handlers author_handlers(struct author *author);

/* False when there is no memory. */
bool author_join(struct author *author,
                 struct tutti_loop *loop,
                 const char *url,
                 const char *room,
                 uint32_t index);
void author_leave(struct author *author);

/* Submits one operation, as far as the client takes it. Lists are apart by `round`. */
void author_write(struct author *author, uint32_t round);

/* `authors` are all of one room, with indexes that follow each other. What was found once is not
 * found again by the next check. */
void authors_check(struct author *authors,
                   uint32_t count,
                   const struct tutti_client *reader,
                   struct findings *findings);

#endif
