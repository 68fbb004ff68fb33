/* store_options.h - what all commands about stored rooms understand. */
#ifndef TOOLS_STORE_OPTIONS_H
#define TOOLS_STORE_OPTIONS_H

#include "server/modules.h"

#include <stdbool.h>
#include <stdint.h>

#define STORE_DATA_USAGE                                                                           \
    "  --data DIR   the server's data folder, in use or at rest (default: $TUTTI_DATA, or data)\n"

#define STORE_TABLE_USAGE "  --table      columns for people, in the place of JSON\n"

#define STORE_KINDS_USAGE                                                                          \
    "  --kinds DIR  the server's folder of room kinds (default: $TUTTI_KINDS, or none)\n"

/* What a command takes beside --data and --help. */
enum {
    STORE_TAKES_ARGUMENT = 1, /* one is needed, else none may be there */
    STORE_TAKES_TICKS = 2,    /* --from, --to, --tick */
    STORE_TAKES_KINDS = 4,    /* --kinds: it builds rooms */
    STORE_MAY_TAKE_ARGUMENT = 8,
    STORE_TAKES_REMOVE = 16,   /* --remove */
    STORE_TAKES_FILTERS = 32,  /* --member, --collection, --since, --until */
    STORE_TAKES_TABLE = 64,    /* --table */
    STORE_TAKES_SECOND = 128,  /* a second argument is needed, too */
    STORE_TAKES_SESSION = 256, /* --session */
    STORE_TAKES_AS = 512       /* --as */
};

struct store_options {
    const char *data;                /* the folder */
    const char *argument;            /* the one that is no option; NULL where there is none */
    const char *second;              /* the other one */
    const char *as;                  /* --as; NULL where it is not there */
    uint64_t session;                /* --session; 0 where it is not there */
    const char *remove;              /* --remove; NULL where it is not there */
    const char *member, *collection; /* likewise */
    uint64_t from, to;               /* ticks: --from, --to, --tick */
    uint64_t since_ms, until_ms;     /* since 1970; UINT64_MAX: --until is not there */
    bool table;
    struct kinds kinds; /* the built-in ones, and those loaded for this process's whole life */
};

enum store_options_result {
    STORE_OPTIONS_RUN,
    STORE_OPTIONS_HELP, /* printed */
    STORE_OPTIONS_BAD   /* told */
};

enum store_options_result store_options_read(struct store_options *options,
                                             int count,
                                             char **arguments,
                                             const char *usage,
                                             unsigned takes);

#endif
