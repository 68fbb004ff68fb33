/* options.h - what the person who starts the server may say: flags, then environment, then defaults.
 *
 *   struct options options;
 *   char error[OPTIONS_ERROR_MAX];
 *   switch (options_read(&options, argc, argv, getenv, error)) { ... }
 *
 * One table in options.c holds every option: its flag, environment variable, default, bounds and
 * help; --help is printed from it. With nothing said at all the server runs, on loopback.
 *
 * Ownership  strings are views into argv, the environment, or the table.
 */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "server/limits.h"
#include "server/log.h"

#include <stdio.h>

#define OPTIONS_ERROR_MAX   256
#define ALLOWED_ORIGINS_MAX 16u

/* ADDRESS:PORT as given, taken apart: IPv4, or IPv6 in brackets. */
struct endpoint {
    char address[64]; /* numeric, without brackets */
    uint16_t port;    /* 0: the system chooses */
    bool loopback;
};

struct options {
    struct endpoint listen;
    const char *listen_text;
    const char *data;
    enum durability durability;
    const char *durability_text;
    const char *kinds;  /* folder of room kinds; NULL: only those built in */
    const char *www;    /* NULL: where a build or an installation has them */
    const char *client; /* likewise */
    bool insecure;
    enum log_level log_level;
    const char *log_level_text;
    struct bytes allowed_origins[ALLOWED_ORIGINS_MAX];
    uint32_t allowed_origin_count;
    struct hub_limits limits;
    uint32_t storage_ring;
    uint32_t storage_ring_s;
    uint32_t keep_days;
    uint64_t keep_room_bytes;
    uint32_t keep_disk; /* per cent */
    const char *record; /* recorded_kinds.h */
    bool exit_on_disk_failure;
};

enum options_result {
    OPTIONS_RUN,
    OPTIONS_HELP,    /* --help */
    OPTIONS_VERSION, /* --version */
    OPTIONS_BAD      /* the error says what is wrong, and where */
};

typedef char *options_getenv(const char *name);

enum options_result options_read(struct options *options,
                                 int argc,
                                 char *const *argv,
                                 options_getenv *environment,
                                 char error[OPTIONS_ERROR_MAX]);

void options_print_help(FILE *out);

/* Takes ADDRESS:PORT apart; "localhost" is 127.0.0.1. False when it is not one. */
bool endpoint_parse(struct endpoint *endpoint, const char *text);

#endif
