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

enum store_options_result store_options_read(struct store_options *options,
                                             int count,
                                             char **arguments,
                                             const char *usage,
                                             bool wants_argument,
                                             bool ticks)
{
    static const struct option names[] = {
        {"data", required_argument, NULL, 'd'}, {"from", required_argument, NULL, 'f'},
        {"to", required_argument, NULL, 't'},   {"tick", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0},
    };
    bool good = true;
    *options = (struct store_options){.to = UINT64_MAX};
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
        case 'h':
            fputs(usage, stdout);
            return STORE_OPTIONS_HELP;
        default:
            good = false;
        }
    }
    options->data = store_folder_path(options->data);
    if (wants_argument && optind < count)
        options->argument = arguments[optind++];
    if (good && optind == count && (!wants_argument || options->argument != NULL))
        return STORE_OPTIONS_RUN;
    fputs(usage, stderr);
    return STORE_OPTIONS_BAD;
}
