/* store_command.h - a command that reads a data folder: what all of them do before and after.
 *
 *   static const struct store_command command = {"log", usage, STORE_TAKES_ARGUMENT, ask};
 *   return store_command_run(&command, count, arguments);
 */
#ifndef TOOLS_STORE_COMMAND_H
#define TOOLS_STORE_COMMAND_H

#include "tools/store_folder.h"
#include "tools/store_options.h"

struct store_command {
    const char *name;
    const char *usage;
    unsigned takes; /* store_options.h */

    /* Of an open folder; gives the exit status. */
    int (*ask)(struct store_folder *folder, const struct store_options *options);
};

/* The exit status: 2 where the options are none, 1 where there is no such folder. */
int store_command_run(const struct store_command *command, int count, char **arguments);

#endif
