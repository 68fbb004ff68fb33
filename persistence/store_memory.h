/* store_memory.h - a store that forgets everything when it is closed: for tests, and for rooms
 * that need not outlive the server. */
#ifndef PERSISTENCE_STORE_MEMORY_H
#define PERSISTENCE_STORE_MEMORY_H

#include "persistence/store.h"

/* Holds at most `bytes_max`, names and bookkeeping included; beyond that STORE_FULL. NULL without
 * memory. */
struct store *store_memory_create(uint64_t bytes_max);

#endif
