/* kinds.h - the room kinds that a program knows: those built in, and what its operator adds.
 *
 *   struct kinds kinds = kinds_built_in;
 *   if (kinds_add(&kinds, &my_rules) != STATUS_OK) ...
 *   const struct rules *rules = kind_find(&kinds, name);
 *
 * Ownership  pointers to static tables, which outlive every room of theirs.
 * Threads    none may add while others look.
 */
#ifndef SYNC_KINDS_H
#define SYNC_KINDS_H

#include "sync/rules.h"

#define KINDS_MAX 64u

struct kinds {
    const struct rules *rules[KINDS_MAX];
    uint32_t count;
};

/* `open` first: it is the kind of who names none. */
extern const struct kinds kinds_built_in;
extern const struct rules kind_open;
extern const struct rules kind_cursors;
extern const struct rules kind_board; /* board.c */
extern const struct rules kind_race;  /* race.c */

/* NULL for a name that is none of theirs. */
const struct rules *kind_find(const struct kinds *kinds, struct bytes name);

/* EXISTS: the name is taken. LIMIT: beyond KINDS_MAX. */
MUST_CHECK enum status kinds_add(struct kinds *kinds, const struct rules *rules);

#endif
