#include "tools/store_command.h"

#include "tools/store_text.h"

int store_command_run(const struct store_command *command, int count, char **arguments)
{
    struct store_options options;
    struct store_folder folder;
    enum store_options_result read =
        store_options_read(&options, count, arguments, command->usage, command->takes);
    if (read != STORE_OPTIONS_RUN)
        return read == STORE_OPTIONS_HELP ? 0 : 2;
    int result = store_folder_open(&folder, options.data) ? command->ask(&folder, &options)
                                                          : complain(command->name, folder.error);
    store_folder_close(&folder);
    return result;
}
