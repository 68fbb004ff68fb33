/* store_options.h - what all commands about stored rooms understand. */
#ifndef TOOLS_STORE_OPTIONS_H
#define TOOLS_STORE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define STORE_DATA_USAGE                                                                           \
    "  --data DIR   the server's data folder, in use or at rest (default: $TUTTI_DATA, or data)\n"

struct store_options {
    const char *data;     /* the folder */
    const char *argument; /* the one that is no option; NULL where there is none */
    uint64_t from, to;    /* ticks: --from, --to, --tick */
};

enum store_options_result {
    STORE_OPTIONS_RUN,
    STORE_OPTIONS_HELP, /* printed */
    STORE_OPTIONS_BAD   /* told */
};

/* `wants_argument`: one is needed, else none may be there. `ticks`: --from, --to and --tick are
 * understood. */
enum store_options_result store_options_read(struct store_options *options,
                                             int count,
                                             char **arguments,
                                             const char *usage,
                                             bool wants_argument,
                                             bool ticks);

#endif
