/* check_old_recordings.c - logs and snapshots of format 2, as servers before this one wrote them: rooms come
 * of them as ever and keep their clients' places, but no rules run over them.
 *
 * tests/recordings/format-2-* are rows of steps as the fuzzers have them, never made again. */
#include <check.h>
#include <stdlib.h>

#include "sync/rerun.h"
#include "sync/room_parts.h"
#include "tests/every_kind.h"
#include "tests/fuzz/steps.h"
#include "tests/race_recorded.h"
#include "tests/run_suite.h"

#define STEP_SNAPSHOT 255

static const struct kinds old_kinds = {.rules = {&kind_open, &kind_every}, .count = 2};

static const char *const recordings[] = {"format-2-every", "format-2-every-behind-a-snapshot",
                                         "format-2-open"};

static enum status take(struct rerun *rerun, struct bytes file)
{
    struct steps steps = steps_on(file.data, file.length);
    struct bytes bytes;
    uint8_t what;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && steps_next(&steps, &what, &bytes))
        status = what == STEP_SNAPSHOT ? rerun_snapshot(rerun, bytes) : rerun_log(rerun, bytes);
    return status;
}

START_TEST(an_old_room_comes_back_with_its_places)
{
    struct bytes file = recording(recordings[_i]);
    struct room_options own = {.limits = {.tombstones = file.data[0]}};
    struct rerun rerun = rerun_begin(&own, &old_kinds, 0);
    bool exact, clean;
    enum status status = take(&rerun, file);
    ck_assert_msg(status == STATUS_OK, "%s", status_text(status));
    ck_assert_uint_eq(rerun.ticks, 0);
    ck_assert(!rerun.differs);
    struct replay replay = rerun_end(&rerun, &exact);
    room = replay_end(&replay, &clean, &status);
    ck_assert_ptr_nonnull(room);
    ck_assert(clean);
    ck_assert_uint_gt(room_records(room), 0);
    ck_assert_ptr_null(room_forked_from(room));
    uint64_t incarnation = room_incarnation(room);
    ck_assert_int_eq(room_wake(room, incarnation), STATUS_OK);
    room_destroy(room);
    room = NULL;
    free((void *)(uintptr_t)file.data);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("old_recordings");
    tcase_add_loop_test(tcase, an_old_room_comes_back_with_its_places, 0,
                        (int)(sizeof recordings / sizeof recordings[0]));
    Suite *suite = suite_create("old_recordings");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
