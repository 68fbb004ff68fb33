/* place.h - how far a member has got in a scope. */
#ifndef SYNC_PLACE_H
#define SYNC_PLACE_H

#include "sync/base.h"

/* All three are stamps of one scope. Complete: base = position. */
struct place {
    uint64_t base;     /* everything up to here was shown; fields are filtered by it (rule 1) */
    uint64_t position; /* the transfer under way has come this far */
    uint64_t began;    /* of a first load: the scope's stamp when it began (rule 3) */
};

#endif
