#include "server/folders.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder of the running program, "." where the system does not tell. */
static void program_folder(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length <= 0) {
        strcpy(path, ".");
        return;
    }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        *slash = '\0';
}

void folders_find(char path[PATH_MAX], const char *const *places)
{
    char program[PATH_MAX];
    program_folder(program);
    for (size_t i = 0; places[i] != NULL; i++) {
        int length = snprintf(path, PATH_MAX, "%s/%s", program, places[i]);
        if (length > 0 && length < PATH_MAX && access(path, R_OK) == 0)
            return;
    }
    if (snprintf(path, PATH_MAX, "%s/%s", program, places[0]) >= PATH_MAX)
        strcpy(path, ".");
}
