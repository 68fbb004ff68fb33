/* store_judge_run.h - a stretch of a recording without a gap, built entry by entry as it comes out of a file
 * that nobody vouches for. store_judge.c's alone.
 *
 *   struct judge_run run = {.kinds = &kinds, .limits = limits};
 *   why = run_snapshot(&run, bytes, tick);  why = run_log(&run, &piece, entries);  why = run_track(...)
 *   run_end(&run);
 *
 * Errors     NULL, or what is wrong, for people: a text of the run's own.
 */
#ifndef TOOLS_STORE_JUDGE_RUN_H
#define TOOLS_STORE_JUDGE_RUN_H

#include "sync/log_read.h"
#include "tools/store_judge.h"

struct judge_run {
    const struct kinds *kinds;
    struct judge_limits limits;
    struct replay replay;
    struct bytes kind;      /* which its rooms have to be of */
    size_t held;            /* bytes of memory */
    uint64_t bytes, walked; /* as the limits count them */
    char why[128];
};

/* So much was inflated or unpacked. */
const char *run_charge(struct judge_run *run, uint64_t bytes);

const char *run_snapshot(struct judge_run *run, const struct portable_piece *piece);

/* All entries of the piece. */
const char *
run_log(struct judge_run *run, const struct portable_piece *piece, struct bytes entries);
const char *
run_track(struct judge_run *run, const struct portable_piece *piece, struct bytes entries);

/* The room as it is then goes. */
void run_end(struct judge_run *run);

#endif
