/* fuzzed.h - what the fuzzers have in common: their entry, what they demand, and rooms.
 *
 * What is demanded and does not hold ends the program, so that the fuzzer keeps its input.
 */
#ifndef TESTS_FUZZ_FUZZED_H
#define TESTS_FUZZ_FUZZED_H

#include <stdlib.h>

#include "sync/frame.h"
#include "sync/snapshot.h"
#include "tests/every_kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of recordings. */
static const struct kinds fuzzed_kinds = {
    .rules = {&kind_open, &kind_board, &kind_every, &kind_race},
    .count = 4};

static inline void demand(bool holds)
{
    if (!holds)
        abort();
}

/* Of all inputs: making them takes longer than most inputs. */
static inline struct frames *shared_frames(void)
{
    static struct frames *frames;
    if (frames == NULL)
        frames = frames_create(&(struct memory){0});
    demand(frames != NULL);
    return frames;
}

/* The room's snapshot; the caller frees it. */
static inline struct bytes write_room(const struct room *room)
{
    size_t length = snapshot_bytes(room);
    uint8_t *bytes = malloc(length);
    demand(bytes != NULL);
    struct writer writer = writer_on(bytes, length);
    snapshot_write(room, &writer);
    demand(writer.status == STATUS_OK && writer.length == length);
    return writer_bytes(&writer);
}

#endif
