/* retention.h - what a pinned session needs of its room: nothing of that is dropped. */
#ifndef PERSISTENCE_RETENTION_H
#define PERSISTENCE_RETENTION_H

#include "persistence/store.h"

/* One that nobody can read needs all of its room. */
#define RETENTION_ALL ((struct retention_pin){.base = 0, .last = STORE_TICK_MAX})

struct retention_pin {
    uint64_t
        base; /* tick of the snapshot that the session is rebuilt from; 0: the log's beginning */
    uint64_t last; /* tick of the session */
};

/* Those of one room. */
struct retention_pins {
    struct retention_pin pins[STORE_SESSIONS_MAX];
    size_t count;
};

/* Whether what was recorded in these ticks is needed; then *needs is what is needed around it. */
bool retention_needs(const struct retention_pins *pins,
                     uint64_t first,
                     uint64_t last,
                     struct retention_pin *needs);
bool retention_needs_snapshot(const struct retention_pins *pins, uint64_t tick);

bool retention_spares(const struct store_retention *retention, struct bytes room);

#endif
