#include "tools/store_options.h"

#include "tools/store_folder.h"
#include "tools/store_moment.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_tick(const char *text, uint64_t *tick)
{
    char *end;
    errno = 0;
    *tick = strtoull(text, &end, 10);
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

/* As sessions are told of: 16 digits of base 16. */
static bool read_id(const char *text, uint64_t *id)
{
    char *end;
    bool digits = strspn(text, "0123456789abcdefABCDEF") == 16 && text[16] == '\0';
    *id = strtoull(text, &end, 16);
    return digits && *id != 0;
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

/* False where the value is none of this option's. */
static bool take_option(struct store_options *options, int option, const char *value)
{
    switch (option) {
    case 'd':
        options->data = value;
        return true;
    case 'f':
        return read_tick(value, &options->from);
    case 't':
        return read_tick(value, &options->to);
    case 'r':
        options->remove = value;
        return true;
    case 'm':
        options->member = value;
        return true;
    case 'c':
        options->collection = value;
        return true;
    case 's':
        return moment_read_time(value, &options->since_ms);
    case 'u':
        return moment_read_time(value, &options->until_ms);
    case 'a':
        options->as = value;
        return true;
    case 'S':
        return read_id(value, &options->session);
    case 'T':
        options->table = true;
        return true;
    }
    return false;
}

/* What a command has to take for this option to be one of its own. */
static unsigned needed_for(int option)
{
    switch (option) {
    case 'f':
    case 't':
        return STORE_TAKES_TICKS;
    case 'k':
        return STORE_TAKES_KINDS;
    case 'r':
        return STORE_TAKES_REMOVE;
    case 'a':
        return STORE_TAKES_AS;
    case 'S':
        return STORE_TAKES_SESSION;
    case 'T':
        return STORE_TAKES_TABLE;
    case 'm':
    case 'c':
    case 's':
    case 'u':
        return STORE_TAKES_FILTERS;
    }
    return 0;
}

enum store_options_result store_options_read(struct store_options *options,
                                             int count,
                                             char **arguments,
                                             const char *usage,
                                             unsigned takes)
{
    static const struct option names[] = {
        {"data", required_argument, NULL, 'd'},
        {"from", required_argument, NULL, 'f'},
        {"to", required_argument, NULL, 't'},
        {"tick", required_argument, NULL, 't'},
        {"kinds", required_argument, NULL, 'k'},
        {"remove", required_argument, NULL, 'r'},
        {"member", required_argument, NULL, 'm'},
        {"collection", required_argument, NULL, 'c'},
        {"since", required_argument, NULL, 's'},
        {"until", required_argument, NULL, 'u'},
        {"as", required_argument, NULL, 'a'},
        {"session", required_argument, NULL, 'S'},
        {"table", no_argument, NULL, 'T'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    bool wants_argument = (takes & STORE_TAKES_ARGUMENT) != 0;
    bool wants_second = (takes & STORE_TAKES_SECOND) != 0;
    const char *kinds = NULL;
    bool good = true;
    *options =
        (struct store_options){.to = UINT64_MAX, .until_ms = UINT64_MAX, .kinds = kinds_built_in};
    for (int option; good && (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
        unsigned needed = needed_for(option);
        if (option == 'h') {
            fputs(usage, stdout);
            return STORE_OPTIONS_HELP;
        }
        if (option == 'k')
            kinds = optarg;
        good =
            (takes & needed) == needed && (option == 'k' || take_option(options, option, optarg));
    }
    options->data = store_folder_path(options->data);
    if ((wants_argument || (takes & STORE_MAY_TAKE_ARGUMENT) != 0) && optind < count)
        options->argument = arguments[optind++];
    if (wants_second && optind < count)
        options->second = arguments[optind++];
    if (good && optind == count && (!wants_argument || options->argument != NULL) &&
        (!wants_second || options->second != NULL))
        return (takes & STORE_TAKES_KINDS) == 0 || open_kinds(options, kinds) ? STORE_OPTIONS_RUN
                                                                              : STORE_OPTIONS_BAD;
    fputs(usage, stderr);
    return STORE_OPTIONS_BAD;
}
