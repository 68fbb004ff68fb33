/* store_text.h - what the commands about stored rooms print alike. */
#ifndef TOOLS_STORE_TEXT_H
#define TOOLS_STORE_TEXT_H

#include "sync/log.h"

#include <stdio.h>

/* A wall time as 2026-01-31T12:00:00.000Z; and quoted. */
void write_time(FILE *out, uint64_t wall_ms);
void print_time(uint64_t wall_ms);

/* A text as JSON. */
void print_text(struct bytes text);

/* What an act of a log is called. */
const char *act_name(enum act act);

const char *role_name(enum role role);

/* How far long work is, on a terminal alone: "check 42%". Safe to call often. */
struct progress {
    const char *what;
    unsigned percent;
    bool shown;
};
bool progress_show(struct progress *progress, uint64_t done, uint64_t all);
void progress_end(struct progress *progress);

/* From here on Ctrl-C and SIGTERM ask long work to stop by itself. */
void store_catch_stop(void);
bool store_stopped(void);

/* Tells an error: "tutti WHAT: WHY". Always 1, the exit status. */
int complain(const char *what, const char *why);

#endif
