/* scratch.h - a folder for one test's files, gone when the test is. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <stddef.h>

#define SCRATCH_PATH_MAX 64

struct scratch {
    char path[SCRATCH_PATH_MAX];
};

struct scratch scratch_make(void);

/* Removes the folder's files, but not the folder. */
void scratch_empty(const struct scratch *scratch);
void scratch_remove(const struct scratch *scratch);

#endif
