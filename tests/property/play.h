/* play.h - what the members of a random world do, by the kind of their room, and what must hold of
 * each of them at any time.
 *
 * Errors     what does not hold ends the test, with the world's seed.
 */
#ifndef TESTS_PROPERTY_PLAY_H
#define TESTS_PROPERTY_PLAY_H

#include "sync/pack.h"
#include "sync/replica.h"
#include "sync/rules.h"

/* A member that is about to write. */
struct turn {
    uint64_t *random;
    uint32_t member;
    uint32_t sequence;      /* of its newest operation */
    uint32_t ids;           /* distinct record ids in play */
    const uint32_t *others; /* members that may be meant, itself too */
    uint32_t other_count;
};

struct play {
    const struct rules *rules;
    /* Members may add to the field `sum` of the record `all` in `counts`. */
    bool counts;
    void (*write_edit)(const struct turn *turn, struct writer *writer);
    /* A member that holds a whole state. */
    void (*check)(const struct replica *replica, uint32_t member, enum role role, unsigned seed);
};

extern const struct play play_mixed; /* every sight, every merge, inputs, rules that write */
extern const struct play play_board; /* the kind `board`, and what it refuses */

/* The same numbers for the same start. */
uint32_t play_chance(uint64_t *random, uint32_t bound);

#endif
