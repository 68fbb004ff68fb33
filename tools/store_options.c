#include "tools/store_options.h"

#include "tools/store_folder.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static bool read_tick(const char *text, uint64_t *tick)
{
    char *end;
    errno = 0;
    *tick = strtoull(text, &end, 10);
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

/* They stay open: rooms are built from them until the command ends. */
static bool open_kinds(struct store_options *options, const char *folder)
{
    struct modules modules = {0};
    char error[MODULES_ERROR_MAX];
    if (folder == NULL)
        folder = getenv("TUTTI_KINDS");
    if (folder == NULL || folder[0] == '\0')
        return true;
    if (modules_open(&modules, folder, &options->kinds, error))
        return true;
    fprintf(stderr, "tutti: --kinds: %s\n", error);
    return false;
}

enum store_options_result store_options_read(struct store_options *options,
                                             int count,
                                             char **arguments,
                                             const char *usage,
                                             unsigned takes)
{
    static const struct option names[] = {
        {"data", required_argument, NULL, 'd'},  {"from", required_argument, NULL, 'f'},
        {"to", required_argument, NULL, 't'},    {"tick", required_argument, NULL, 't'},
        {"kinds", required_argument, NULL, 'k'}, {"remove", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
    };
    bool ticks = (takes & STORE_TAKES_TICKS) != 0;
    bool wants_argument = (takes & STORE_TAKES_ARGUMENT) != 0;
    const char *kinds = NULL;
    bool good = true;
    *options = (struct store_options){.to = UINT64_MAX, .kinds = kinds_built_in};
    for (int option; good && (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
        switch (option) {
        case 'd':
            options->data = optarg;
            break;
        case 'f':
            good = ticks && read_tick(optarg, &options->from);
            break;
        case 't':
            good = ticks && read_tick(optarg, &options->to);
            break;
        case 'k':
            kinds = optarg;
            good = (takes & STORE_TAKES_KINDS) != 0;
            break;
        case 'r':
            options->remove = optarg;
            good = (takes & STORE_TAKES_REMOVE) != 0;
            break;
        case 'h':
            fputs(usage, stdout);
            return STORE_OPTIONS_HELP;
        default:
            good = false;
        }
    }
    options->data = store_folder_path(options->data);
    if ((wants_argument || (takes & STORE_MAY_TAKE_ARGUMENT) != 0) && optind < count)
        options->argument = arguments[optind++];
    if (good && optind == count && (!wants_argument || options->argument != NULL))
        return (takes & STORE_TAKES_KINDS) == 0 || open_kinds(options, kinds) ? STORE_OPTIONS_RUN
                                                                              : STORE_OPTIONS_BAD;
    fputs(usage, stderr);
    return STORE_OPTIONS_BAD;
}
