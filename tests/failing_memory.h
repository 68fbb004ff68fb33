/* failing_memory.h - malloc that fails when told, for SQLite and for the code that is linked here.
 *
 *   failing_memory_install();        before SQLite is used
 *   failing_memory_at(7);            the seventh allocation that counts fails, once
 *   failing_memory_counts(true);     those from here on count
 *   ...
 *   failing_memory_counts(false);    failing_memory_count() tells how many there were
 *
 * Threads  one
 */
#ifndef TESTS_FAILING_MEMORY_H
#define TESTS_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void failing_memory_install(void);
void failing_memory_at(uint64_t at); /* 0: none */
void failing_memory_counts(bool counts);
uint64_t failing_memory_count(void); /* since failing_memory_at() */

/* realloc for what the tests need themselves: never counts, never fails. */
void *sure_memory(void *block, size_t length);

#endif
