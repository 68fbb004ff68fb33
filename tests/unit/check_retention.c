/* check_retention.c - what is beyond the limits goes with the sealings, and what is left is whole: not what
 * somebody watches, nor what a pinned session needs, nor what brings the room back. */
#include "server/moments.h"
#include "sync/hash.h"
#include "sync/log.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"
#include "tests/storage_life.h"

#include <check.h>
#include <stdio.h>

#define HOUR_MS UINT64_C(3600000)
#define LIVES   4

/* More than what one call drops. */
#define SEGMENTS 1300u

static uint64_t now_ms, bytes_kept;

/* Ticks of each time that the room was awake. */
static struct {
    uint64_t first, last, hash; /* hash: after the last */
} lives[LIVES];

static uint64_t hand_held_ms(void)
{
    return now_ms;
}

static uint64_t keep_bytes(void *context)
{
    (void)context;
    return bytes_kept;
}

static void begin(uint64_t keep_ms)
{
    life_end(true);
    now_ms = 1000 * HOUR_MS;
    life.options.clock_ms = life.options.wall_ms = hand_held_ms;
    life.options.keep_ms = keep_ms;
    life.options.keep_bytes = keep_bytes;
    bytes_kept = 0;
    life_next();
}

static void setup(void)
{
    life_setup();
    begin(3 * HOUR_MS / 2);
}

static void setup_files(void)
{
    life_setup();
    life_again(2);
    begin(3 * HOUR_MS / 2);
}

/* --- Words ---------------------------------------------------------------------------------------- */

static void seal(void)
{
    now_ms += STORAGE_SEAL_MS;
    storage_work(life.storage);
}

/* Much is written; then it sleeps, which makes a snapshot, and an hour goes by. */
static void live(int number)
{
    if (number == 0) {
        lobby_make(5);
    } else {
        struct storage_event event = lobby_load();
        ck_assert_int_eq(event.result, LOAD_DONE);
        room_destroy(life.room);
        life.room = event.room;
        ck_assert_int_eq(room_wake(life.room, 5), STATUS_OK);
        lobby_flush();
    }
    lives[number].first = room_tick_number(life.room);
    for (unsigned i = 0; i < 10; i++) {
        lobby_write((unsigned)number * 10 + i, 2500);
        seal();
    }
    lobby_sleeps();
    lives[number].last = room_logged(life.room);
    lives[number].hash = room_hash_kept(life.room);
    seal();
    now_ms += HOUR_MS;
}

static void live_all(void)
{
    for (int i = 0; i < LIVES; i++)
        live(i);
}

/* As often as a call may do a part of it. */
static void seal_often(void)
{
    for (int i = 0; i < 20; i++)
        seal();
}

static struct moment *ask(uint64_t tick)
{
    ck_assert_ptr_nonnull(storage_moment(life.storage, lobby, 0, tick, NULL));
    return await_event(STORAGE_MOMENT).moment;
}

static void expect_end_of(int number)
{
    struct moment *moment = ask(lives[number].last);
    ck_assert_msg(moment->result == MOMENT_DONE, "%d %s", moment->result, moment->text);
    ck_assert_uint_eq(room_hash_kept(replay_room(&moment->replay)), lives[number].hash);
    moment_free(moment);
}

static uint64_t expect_gap(uint64_t tick)
{
    struct moment *moment = ask(tick);
    ck_assert_msg(moment->result == MOMENT_GAP, "%d %s", moment->result, moment->text);
    uint64_t next = moment->next;
    moment_free(moment);
    moment = ask(next);
    ck_assert_int_eq(moment->result, MOMENT_DONE); /* there it goes on */
    moment_free(moment);
    return next;
}

static struct recording *ask_recording(void)
{
    ck_assert_ptr_nonnull(storage_recording(life.storage, lobby, 0, NULL));
    struct recording *recording = await_event(STORAGE_RECORDING).recording;
    ck_assert_int_eq(recording->result, MOMENT_DONE);
    return recording;
}

/* --- What goes ------------------------------------------------------------------------------------ */

START_TEST(what_is_old_goes_and_the_rest_is_whole)
{
    live_all();
    seal_often();
    ck_assert_uint_gt(storage_figures(life.storage).dropped_bytes, 0);
    expect_gap(lives[0].first + 1);
    expect_gap(lives[1].first + 1);
    expect_end_of(LIVES - 1);
    struct moment *moment = ask(0);
    ck_assert_int_eq(moment->result, MOMENT_DONE);
    ck_assert_uint_gt(moment->tick, lives[1].first);
    ck_assert_uint_eq(moment->tick, moment->room.first);
    moment_free(moment);
    lobby_expect(true);
}
END_TEST

START_TEST(nothing_goes_where_nothing_is_said)
{
    life_end(true);
    life.options.keep_ms = 0;
    life_next();
    live_all();
    seal_often();
    ck_assert_uint_eq(storage_figures(life.storage).dropped_bytes, 0);
    for (int i = 0; i < LIVES; i++)
        expect_end_of(i);
}
END_TEST

START_TEST(what_is_more_than_may_be_goes)
{
    life_end(true);
    life.options.keep_ms = 0;
    if (_i == 0)
        life.options.keep_room_bytes = 1;
    else
        bytes_kept = 1;
    life_next();
    live_all();
    seal_often();
    ck_assert_uint_gt(storage_figures(life.storage).dropped_bytes, 0);
    expect_gap(lives[0].first + 1);
    lobby_expect(true); /* what that needs stays, whatever the limit */
}
END_TEST

/* More than one call drops of the past, of a room that nobody has opened for long. */
static void record_much(void)
{
    struct store *store = life.options.store;
    for (uint64_t tick = 1; tick <= SEGMENTS; tick++) {
        struct store_sealed sealed = {
            .name = bytes_of("busy"),
            .kind = bytes_of("open"),
            .segment = {.incarnation = 5, .first = tick, .last = tick, .bytes = bytes_of("log")},
        };
        if (tick == SEGMENTS)
            sealed.snapshot = (struct store_blob){
                .incarnation = 5, .first = tick, .last = tick, .bytes = bytes_of("state")};
        ck_assert_int_eq(store->seal(store, &sealed, 1, now_ms), STORE_OK);
    }
}

START_TEST(what_one_call_leaves_goes_while_nothing_else_is_to_do)
{
    record_much();
    now_ms += 2 * HOUR_MS;
    seal();
    ck_assert_uint_eq(storage_figures(life.storage).dropped_bytes, SEGMENTS * strlen("log"));
}
END_TEST

START_TEST(what_is_watched_stays_as_long_as_it_is)
{
    ck_assert(storage_watch(life.storage, lobby));
    ck_assert(storage_watch(life.storage, lobby));
    live_all();
    seal_often();
    storage_unwatch(life.storage, lobby);
    seal_often();
    for (int i = 0; i < LIVES; i++)
        expect_end_of(i);
    ck_assert_uint_eq(storage_figures(life.storage).dropped_bytes, 0);
    storage_unwatch(life.storage, lobby);
    seal_often();
    expect_gap(lives[0].first + 1);
    storage_unwatch(life.storage, bytes_of("nobody watched this"));
}
END_TEST

/* The sanitizer looks at what is left. */
START_TEST(who_watches_to_the_end_leaves_nothing)
{
    ck_assert(storage_watch(life.storage, lobby));
}
END_TEST

START_TEST(a_pinned_session_stays_and_the_gap_behind_it_is_told)
{
    live(0);
    struct recording *recording = ask_recording();
    ck_assert_uint_eq(recording->session_count, 1);
    uint64_t id = recording->sessions[0].id;
    recording_free(recording);
    ck_assert_int_eq(life.faulty.under->sessions->pin(life.faulty.under, id, true), STORE_OK);
    for (int i = 1; i < LIVES; i++)
        live(i);
    seal_often();
    expect_end_of(0);
    expect_end_of(LIVES - 1);
    uint64_t next = expect_gap(lives[1].last - 1);
    ck_assert_uint_gt(next, lives[1].last - 1);

    /* Played to its end, it goes on behind the gap. */
    ck_assert_ptr_nonnull(storage_more(life.storage, lobby, lives[0].last, NULL));
    struct more *more = await_event(STORAGE_MORE).more;
    if (more->result == MOMENT_DONE) { /* the segment behind it may have been needed */
        uint64_t to = more->stretch.to;
        more_free(more);
        ck_assert_uint_lt(to, next);
        ck_assert_ptr_nonnull(storage_more(life.storage, lobby, to, NULL));
        more = await_event(STORAGE_MORE).more;
    }
    ck_assert_int_eq(more->result, MOMENT_GAP);
    ck_assert_uint_eq(more->next, next);
    more_free(more);

    recording = ask_recording();
    ck_assert_uint_eq(recording->gap_count, 1);
    ck_assert_int_eq(recording->gaps[0].kind, GAP_DROPPED);
    ck_assert_uint_eq(recording->gaps[0].to, next);
    recording_free(recording);
    lobby_expect(true);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, what_is_old_goes_and_the_rest_is_whole);
    tcase_add_test(tests, nothing_goes_where_nothing_is_said);
    tcase_add_loop_test(tests, what_is_more_than_may_be_goes, 0, 2);
    tcase_add_test(tests, what_one_call_leaves_goes_while_nothing_else_is_to_do);
    tcase_add_test(tests, what_is_watched_stays_as_long_as_it_is);
    tcase_add_test(tests, a_pinned_session_stays_and_the_gap_behind_it_is_told);
}

int main(void)
{
    Suite *suite = suite_create("retention");
    TCase *memory = tcase_create("in memory");
    tcase_add_checked_fixture(memory, setup, life_teardown);
    add_tests(memory);
    tcase_add_test(memory, who_watches_to_the_end_leaves_nothing);
    suite_add_tcase(suite, memory);
    TCase *files = tcase_create("in files");
    tcase_add_checked_fixture(files, setup_files, life_teardown);
    add_tests(files);
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
