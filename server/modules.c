#include "server/modules.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a sentence of rules_check(). */
#define REASON_MAX 256u

struct opening {
    struct modules *modules;
    struct kinds *kinds;
    const char *path; /* of what is being looked at */
    char *error;
};

__attribute__((format(printf, 2, 3))) static bool
refuse(const struct opening *opening, const char *format, ...)
{
    char reason[MODULES_ERROR_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    snprintf(opening->error, MODULES_ERROR_MAX, "%.200s: %.300s", opening->path, reason);
    return false;
}

/* --- Who may write it ----------------------------------------------------------------------------- */

static bool is_safe(const struct opening *opening, const struct stat *status)
{
    if (status->st_uid != geteuid() && status->st_uid != 0)
        return refuse(opening, "belongs to another user, who could change what the server runs");
    if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return refuse(opening, "others than its owner may write it; chmod go-w makes it safe");
    return true;
}

static bool check_folder(const struct opening *opening)
{
    struct stat status;
    if (stat(opening->path, &status) != 0)
        return refuse(opening, "%s", strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return refuse(opening, "is no folder");
    return is_safe(opening, &status);
}

/* Not through a link: what it leads to may lie where others write. */
static bool check_file(const struct opening *opening)
{
    struct stat status;
    if (lstat(opening->path, &status) != 0)
        return refuse(opening, "%s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return refuse(opening, "is no plain file");
    return is_safe(opening, &status);
}

/* --- What is in it -------------------------------------------------------------------------------- */

static bool check_interface(const struct opening *opening, const struct room_kind *kind)
{
    if (kind->interface != KIND_INTERFACE)
        return refuse(opening,
                      "was built for interface %" PRIu32 " of room kinds, and this program has %u; "
                      "build it again",
                      kind->interface, KIND_INTERFACE);
    if (kind->rules_bytes != sizeof(struct rules))
        return refuse(opening,
                      "was built with a struct rules of %" PRIu32 " bytes, and this program's has "
                      "%zu; build it again",
                      kind->rules_bytes, sizeof(struct rules));
    if (kind->rules == NULL)
        return refuse(opening, "its room_kind has no rules");
    return true;
}

static bool add_kind(const struct opening *opening, const struct rules *rules)
{
    char reason[REASON_MAX];
    if (!rules_check(rules, reason, sizeof reason))
        return refuse(opening, "its rules cannot be: %s", reason);
    switch (kinds_add(opening->kinds, rules)) {
    case STATUS_OK:
        return true;
    case STATUS_EXISTS:
        return refuse(opening, "there is a kind named %s already", rules->name);
    default:
        return refuse(opening, "there are more than %u kinds", KINDS_MAX);
    }
}

static bool open_module(const struct opening *opening)
{
    struct modules *modules = opening->modules;
    if (!check_file(opening))
        return false;
    if (modules->count == KINDS_MAX)
        return refuse(opening, "there are more than %u kinds", KINDS_MAX);
    void *handle = dlopen(opening->path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return refuse(opening, "cannot be loaded: %s", dlerror());
    modules->handles[modules->count++] = handle;
    const struct room_kind *kind = dlsym(handle, "room_kind");
    if (kind == NULL)
        return refuse(opening, "exports no room_kind, so it is no room kind");
    return check_interface(opening, kind) && add_kind(opening, kind->rules);
}

/* --- The folder ----------------------------------------------------------------------------------- */

static int is_module(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0;
}

static bool open_all(struct opening *opening, struct dirent **entries, int count)
{
    const char *folder = opening->path;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        /* With a slash in it, so that it is not looked for among the system's libraries. */
        int length = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (length < 0 || (size_t)length >= sizeof path)
            return refuse(opening, "its path is too long");
        opening->path = path;
        if (!open_module(opening))
            return false;
        opening->path = folder;
    }
    return true;
}

bool modules_open(struct modules *modules,
                  const char *folder,
                  struct kinds *kinds,
                  char error[MODULES_ERROR_MAX])
{
    struct opening opening = {modules, kinds, folder, error};
    struct dirent **entries;
    if (!check_folder(&opening))
        return false;
    int count = scandir(folder, &entries, is_module, alphasort);
    if (count < 0)
        return refuse(&opening, "%s", strerror(errno));
    bool opened = open_all(&opening, entries, count);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return opened;
}

void modules_close(struct modules *modules)
{
    while (modules->count > 0)
        dlclose(modules->handles[--modules->count]);
}
