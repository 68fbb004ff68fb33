/* store_export.c - `tutti export`: what leaves the archive in files of its own. A room, or one session of it,
 * in a file that can be read anywhere; and what store_svg.h draws. */
#include "sync/wire.h"
#include "tools/commands.h"
#include "tools/store_command.h"
#include "tools/store_portable.h"
#include "tools/store_svg.h"
#include "tools/store_text.h"

#include <inttypes.h>
#include <string.h>

static const char usage[] =
    "usage: tutti export ROOM FILE [--session ID] [--data DIR] [--kinds DIR]\n"
    "\n"
    "Writes all that is saved of a room into one new file, while the server runs or at rest: its "
    "log\n"
    "and its presence, sessions, markers and images. `tutti import` makes a room of it elsewhere.\n"
    "\n"
    "  --session ID  one session alone, with the room as it was before it "
    "(see tutti sessions)\n" STORE_DATA_USAGE STORE_KINDS_USAGE "\n"
    "`tutti export --svg` writes a board as a picture: `tutti export --svg --help`.\n";

static bool on_progress(void *context, uint64_t done, uint64_t all)
{
    return progress_show(context, done, all) && !store_stopped();
}

static int export(struct store_history *history, const struct store_options *options)
{
    struct progress progress = {.what = "export"};
    struct portable_export work = {.history = history,
                                   .kinds = &options->kinds,
                                   .session = options->session,
                                   .progress = on_progress,
                                   .context = &progress};
    store_catch_stop();
    enum store_result result = portable_export(&work, options->second);
    progress_end(&progress);
    if (result != STORE_OK)
        return complain("export", work.error);
    printf("%s is in %s: %" PRIu64 " bytes\n", options->argument, options->second, work.bytes);
    return 0;
}

static bool asks_for_picture(int count, char **arguments)
{
    for (int i = 1; i < count; i++)
        if (strcmp(arguments[i], "--svg") == 0)
            return true;
    return false;
}

static int ask(struct store_folder *folder, const struct store_options *options)
{
    struct store_history history;
    if (!wire_room_name_valid(bytes_of(options->argument)))
        return complain("export", "that is no room's name");
    if (!history_find(&history, folder, options->argument))
        return complain("export", history.error);
    return export(&history, options);
}

int command_export(int count, char **arguments)
{
    static const struct store_command command = {
        "export", usage,
        STORE_TAKES_ARGUMENT | STORE_TAKES_SECOND | STORE_TAKES_SESSION | STORE_TAKES_KINDS, ask};
    return asks_for_picture(count, arguments) ? export_svg(count, arguments)
                                              : store_command_run(&command, count, arguments);
}
