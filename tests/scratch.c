#include "tests/scratch.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct scratch scratch_make(void)
{
    struct scratch scratch;
    const char *memory = "/dev/shm"; /* much quicker, and no less a file system */
    snprintf(scratch.path, sizeof scratch.path, "%s/tutti-check-XXXXXX",
             access(memory, W_OK) == 0 ? memory : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(scratch.path));
    return scratch;
}

void scratch_empty(const struct scratch *scratch)
{
    DIR *folder = opendir(scratch->path);
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[SCRATCH_PATH_MAX + sizeof entry->d_name];
        snprintf(path, sizeof path, "%s/%s", scratch->path, entry->d_name);
        if (entry->d_name[0] != '.')
            ck_assert_int_eq(remove(path), 0);
    }
    closedir(folder);
}

void scratch_remove(const struct scratch *scratch)
{
    scratch_empty(scratch);
    ck_assert_int_eq(rmdir(scratch->path), 0);
}
