/* fuzz_log - any bytes as a room's log: a status, or a room that goes on.
 *
 * The first byte chooses the kind; the rest are steps: a log (any number), a track (254), or before
 * the first of them a snapshot (255). What comes of it is written as a snapshot and read again, the
 * same, with the rest of the log to skip; then the room wakes, has a member and sleeps. Memory is
 * bounded.
 */
#include <stdlib.h>

#include "sync/hash.h"
#include "sync/rerun.h"
#include "sync/track.h"
#include "tests/fuzz/counted.h"
#include "tests/fuzz/fuzzed.h"
#include "tests/fuzz/steps.h"
#include "tests/member.h"

#define STEP_TRACK       254
#define STEP_SNAPSHOT    255
#define RERUN_TICKS_MOST 100000u

/* What hostile numbers of seats can make it ask for is more, and refused. */
#define MEMORY_MOST ((size_t)64 << 20)

/* The archive's way: a snapshot of a replay, and the newest part of the log once more. */
static void
check_again(const struct room_options *options, const struct room *room, struct bytes log)
{
    struct bytes bytes = write_room(room);
    struct replay replay = replay_begin(options, &fuzzed_kinds);
    demand(replay_snapshot(&replay, bytes) == STATUS_OK);
    demand(replay_log(&replay, log) == STATUS_OK);
    demand(room_hash_kept(replay_room(&replay)) == room_hash_kept(room));
    replay_abandon(&replay);
    free((void *)(uintptr_t)bytes.data);
}

/* Rules run over it, for a while; the race's with whatever memory they take. */
static void run_again(const struct room_options *options, const uint8_t *data, size_t size)
{
    struct steps steps = steps_on(data, size);
    struct rerun rerun = rerun_begin(options, &fuzzed_kinds, 0);
    struct bytes bytes;
    uint8_t what;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && rerun.ticks < RERUN_TICKS_MOST &&
           steps_next(&steps, &what, &bytes)) {
        bool snapshot = what == STEP_SNAPSHOT && replay_room(&rerun.replay) == NULL;
        status = snapshot ? rerun_snapshot(&rerun, bytes) : rerun_log(&rerun, bytes);
    }
    rerun_abandon(&rerun);
}

static void tick(struct room *room)
{
    demand(room_prepare(room) == STATUS_OK);
    room_tick(room);
}

/* A member puts a record, wherever the state leaves room for it, sends an input, and leaves. */
static void live(struct room *room)
{
    static const uint8_t put[] = "\x92\x01\x91\x95\x00\xa6shapes\xa1"
                                 "a\xa1n\x01";
    static const uint8_t input[] = "\x93\x05\x00\x07";
    struct member member;
    struct hello hello;
    member_create(&member, 0x5a);
    hello = member_hello(&member);
    if (member_join(&member, room, &hello, ROLE_ADMIN, NULL, NULL) == STATUS_OK) {
        demand(room_submit(room, member.seat, (struct bytes){put, sizeof put - 1}) == STATUS_OK);
        demand(room_submit(room, member.seat, (struct bytes){input, sizeof input - 1}) ==
               STATUS_OK);
        tick(room);
        room_leave(room, member.seat);
    }
    tick(room);
    member_destroy(&member);
}

static void wake(struct room *room)
{
    demand(room_wake(room, (uint64_t)INTEGER_MAX) == STATUS_OK);
    demand(room_log_pending(room));
    live(room);
    demand(room_sleep(room) == STATUS_OK);
    size_t bound = room_log_bytes(room);
    uint8_t *entry = malloc(bound);
    demand(entry != NULL);
    struct writer writer = writer_on(entry, bound);
    room_log_write(room, 1, &writer);
    demand(writer.status == STATUS_OK);
    free(entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counted counted = {.most = MEMORY_MOST, .blocks = UINT32_MAX};
    struct room_options options = {
        .rules = &kind_open, .grace_ticks = 4, .memory = counted_memory(&counted)};
    options.limits.tombstones = size > 0 ? data[0] % 4u : 0;
    struct steps steps = steps_on(data, size);
    struct bytes bytes, log = {0};
    uint8_t what;
    struct replay replay = replay_begin(&options, &fuzzed_kinds);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && steps_next(&steps, &what, &bytes)) {
        if (what == STEP_TRACK && replay_room(&replay) != NULL) {
            status = replay_track(&replay, bytes);
            continue;
        }
        bool snapshot = what == STEP_SNAPSHOT && replay_room(&replay) == NULL;
        status = snapshot ? replay_snapshot(&replay, bytes) : replay_log(&replay, bytes);
        log = snapshot ? (struct bytes){0} : bytes;
    }
    demand(status != STATUS_MEMORY || counted.refused);
    counted.most = SIZE_MAX;
    if (status == STATUS_OK && replay_room(&replay) != NULL)
        check_again(&options, replay_room(&replay), log);
    run_again(&options, data, size);
    bool clean;
    struct room *room = replay_end(&replay, &clean, &status);
    demand((room != NULL) == (status == STATUS_OK));
    if (room != NULL)
        wake(room);
    room_destroy(room);
    demand(counted.held == 0);
    return 0;
}
