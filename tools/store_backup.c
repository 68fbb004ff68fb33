/* store_backup.c - `tutti backup TO` and `tutti restore FROM`: a data folder copied, and taken up again. */
#include "persistence/backup.h"

#include "tools/commands.h"
#include "tools/store_options.h"
#include "tools/store_text.h"

#include <stdio.h>

static const char backup_usage[] =
    "usage: tutti backup TO [--data DIR]\n"
    "\n"
    "Copies a server's data into the folder TO, which must not exist or be empty, while the "
    "server\n"
    "runs or at rest. Every room is whole in the copy, as of some moment of the copying.\n"
    "\n" STORE_DATA_USAGE;

static const char restore_usage[] =
    "usage: tutti restore FROM [--data DIR]\n"
    "\n"
    "Makes a data folder of the backup FROM. The folder must not exist or be empty. What came "
    "after\n"
    "the backup is gone: members who come back are told which of their changes are uncertain.\n"
    "\n"
    "  --data DIR   the folder to make (default: $TUTTI_DATA, or data)\n";

static bool on_progress(void *context, uint64_t done, uint64_t all)
{
    return progress_show(context, done, all) && !store_stopped();
}

typedef enum store_result copy_folder(const char *from,
                                      const char *to,
                                      store_progress *progress,
                                      void *context,
                                      char error[STORE_SQLITE_ERROR_MAX]);

/* Ctrl-C ends it as a failure does: nothing of the copy is left. */
static int run(const char *what, copy_folder *copy, const char *from, const char *to)
{
    struct progress progress = {.what = what};
    char error[STORE_SQLITE_ERROR_MAX];
    store_catch_stop();
    enum store_result result = copy(from, to, on_progress, &progress, error);
    progress_end(&progress);
    if (result != STORE_OK)
        return complain(what, error);
    printf("%s is in %s\n", from, to);
    return error[0] != '\0' ? complain(what, error) : 0;
}

int command_backup(int count, char **arguments)
{
    struct store_options options;
    enum store_options_result read =
        store_options_read(&options, count, arguments, backup_usage, STORE_TAKES_ARGUMENT);
    if (read != STORE_OPTIONS_RUN)
        return read == STORE_OPTIONS_HELP ? 0 : 2;
    return run("backup", store_sqlite_backup, options.data, options.argument);
}

int command_restore(int count, char **arguments)
{
    struct store_options options;
    enum store_options_result read =
        store_options_read(&options, count, arguments, restore_usage, STORE_TAKES_ARGUMENT);
    if (read != STORE_OPTIONS_RUN)
        return read == STORE_OPTIONS_HELP ? 0 : 2;
    return run("restore", store_sqlite_restore, options.argument, options.data);
}
