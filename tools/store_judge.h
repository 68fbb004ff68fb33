/* store_judge.h - a portable file judged: whether it is whole, and whether the engine can play what it says.
 *
 *   struct judging judging = {.kinds = &kinds};
 *   if (judge(&judging, file) != STORE_OK) tell judging.error
 *
 *   judging.import = import;                       the same again, and what is judged goes into a store
 *   judge(&judging, file)
 *
 * Every checksum has to fit, every snapshot to be read, every log to lead from each entry to the next and to
 * the hashes that it tells, every memory to be one that the rules take (`sound` in sync/rules.h), every presence to be
 * shown, and every image to be what it is named by. Summaries and snapshots for seeking are made anew; no rules run.
 *
 * Errors     files are hostile: STORE_DAMAGED with the place of what is wrong, and the others as in store.h.
 *            Memory and work are bounded by the limits, whatever a file claims.
 *
 * Only tools/store_*.[ch] may include persistence/.
 */
#ifndef TOOLS_STORE_JUDGE_H
#define TOOLS_STORE_JUDGE_H

#include "persistence/import.h"
#include "persistence/portable.h"
#include "sync/kinds.h"

/* What a room may take while it is built: more than a server lets one have. */
#define JUDGE_MEMORY_MAX ((size_t)2 << 30)

/* All that is inflated and unpacked: some months of the busiest rooms. */
#define JUDGE_BYTES_MAX (UINT64_C(64) << 30)

/* What is walked through for hashes, and when a room falls asleep or a keyframe comes: bytes of state. */
#define JUDGE_WALKED_MAX (UINT64_C(4) << 40)

/* Zero means the default above. */
struct judge_limits {
    size_t memory;
    uint64_t bytes, walked;
};

struct judging {
    const struct kinds *kinds;
    struct judge_limits limits;
    struct store_import *import; /* NULL: nothing is kept */

    /* Called for each piece with what was read of the file; false stops. NULL for none. */
    bool (*progress)(void *context, uint64_t done);
    void *context;

    /* What was found; of the room when the whole file was well. */
    char name[ROOM_NAME_MAX + 1];
    uint64_t made_ms;
    uint64_t first, last; /* ticks */
    unsigned sessions, markers, files;
    uint64_t bytes, walked;          /* as the limits count them */
    uint8_t sum[PORTABLE_SUM_BYTES]; /* what the file is known by */
    char error[PORTABLE_ERROR_MAX];
};

MUST_CHECK enum store_result judge(struct judging *judging, FILE *file);

#endif
