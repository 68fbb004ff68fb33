/* cards.h - the rooms of a kind that show a card: GET /v1/kinds/NAME/rooms.
 *
 *   if (cards_list(hub, kind, &json)) answer with a copy of it
 *
 * A list is made when somebody asks, and serves all who ask within CARDS_AGE_US after that: what it
 * takes does not grow with how many ask. It holds the rooms that woke last, so many that a page can
 * choose from them.
 *
 * Limits     CARDS_LISTED_MAX rooms a list; a list a kind.
 * Threads    the hub's.
 */
#ifndef SERVER_CARDS_H
#define SERVER_CARDS_H

#include "sync/kinds.h"

#define CARDS_LISTED_MAX 200u
#define CARDS_AGE_US     UINT64_C(1000000)

struct hub;

struct card_list {
    char *text; /* NULL before anyone has asked */
    size_t length;
    uint64_t made_us;
};

/* By the kind's place among the hub's. */
struct cards {
    struct card_list lists[KINDS_MAX];
};

/* A JSON array, the hub's, until the next call. The kind is one of the hub's. False without memory. */
MUST_CHECK bool cards_list(struct hub *hub, const struct rules *kind, struct bytes *json);

void cards_end(struct cards *cards);

#endif
