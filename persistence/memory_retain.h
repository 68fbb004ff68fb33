/* memory_retain.h - what goes of recordings in the store that forgets, and when: struct store. */
#ifndef PERSISTENCE_MEMORY_RETAIN_H
#define PERSISTENCE_MEMORY_RETAIN_H

#include "persistence/memory_sessions.h"

/* Beyond the limits so many bytes are to go. */
MUST_CHECK enum store_result memory_retain(struct memory_rooms *rooms,
                                           struct memory_sessions *sessions,
                                           const struct store_retention *retention,
                                           uint64_t wanted,
                                           uint64_t *freed);

#endif
