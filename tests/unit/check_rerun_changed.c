/* check_rerun_changed.c - a recording of the race's rules, run again by rules in which one constant is
 * another one: built once with a longer countdown, once with another engine (tests/CMakeLists.txt). */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/kinds.h"
#include "sync/rerun.h"
#include "sync/room_parts.h"
#include "tests/race_recorded.h"
#include "tests/run_suite.h"

static const struct room_options own = {.incarnation = 1};

#ifndef TEST_CHANGES_ENGINE
static int64_t number_in(const struct rerun_value *value)
{
    struct reader reader = reader_on((struct bytes){value->packed, value->length});
    return read_integer(&reader);
}
#endif

/* The tick in which the recorded race comes into this phase, and when its cars start. */
static uint64_t recorded_phase(struct bytes log, enum race_phase phase, int64_t *starts)
{
    struct replay replay = replay_begin(&own, &kinds_built_in);
    struct reader reader = reader_on(log);
    struct log_entry entry;
    int64_t now = PHASE_LOBBY;
    while (now != (int64_t)phase && log_read_entry(&reader, &entry)) {
        ck_assert_int_eq(replay_log(&replay, entry.bytes), STATUS_OK);
        room_number(replay_room(&replay), RACE_RACE, 0, bytes_of("now"), RACE_PHASE, &now);
    }
    ck_assert_int_eq(now, phase);
    room_number(replay_room(&replay), RACE_RACE, 0, bytes_of("now"), RACE_STARTS, starts);
    replay_abandon(&replay);
    return entry.tick;
}

START_TEST(the_first_tick_that_differs_is_found)
{
    int64_t starts;
    struct bytes log = recording("race.entries");
    uint64_t countdown = recorded_phase(log, PHASE_COUNTDOWN, &starts);
    struct rerun rerun = rerun_begin(&own, &kinds_built_in, 0);
    ck_assert_int_eq(rerun_log(&rerun, log), STATUS_OK);
    ck_assert(rerun.differs);
    const struct rerun_difference *difference = &rerun.difference;
    ck_assert_int_eq(difference->what, RERUN_FIELD);
#ifdef TEST_CHANGES_ENGINE
    /* The cars stand until then, and are seen in frames. */
    ck_assert_uint_ge(difference->tick, (uint64_t)starts);
    ck_assert_uint_le(difference->tick, (uint64_t)starts + SECOND_TICKS / 2);
    ck_assert_msg(strcmp(difference->collection, "cars") == 0 ||
                      strcmp(difference->collection, "own") == 0,
                  "%s", difference->collection);
    ck_assert_uint_gt(difference->tick, countdown);
    ck_assert(
        difference->recorded.length != difference->made.length ||
        memcmp(difference->recorded.packed, difference->made.packed, difference->made.length) != 0);
#else
    /* It says at once when it will be over. */
    ck_assert_uint_eq(difference->tick, countdown);
    ck_assert_str_eq(difference->collection, "race");
    ck_assert_str_eq(difference->record, "now");
    ck_assert_str_eq(difference->field, "starts");
    ck_assert_int_eq(number_in(&difference->recorded), starts);
    ck_assert_int_eq(number_in(&difference->made), starts + 1);
#endif
    ck_assert(difference->recorded.there && difference->made.there);
    rerun_abandon(&rerun);
    free((void *)(uintptr_t)log.data);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("rerun_changed");
    tcase_add_test(tcase, the_first_tick_that_differs_is_found);
    Suite *suite = suite_create("rerun_changed");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
