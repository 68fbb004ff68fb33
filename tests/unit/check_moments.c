/* check_moments.c - a room's past comes back from archive and tails as it was: at every tick, with what
 * followed; and where there is none, which of the reasons it is. */
#include "sync/hash.h"
#include "sync/log_read.h"
#include "sync/rules.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"
#include "tests/storage_life.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The room as it was after each tick. */
#define TICKS 4000u

static struct {
    uint64_t hash, incarnation;
} past[TICKS];
static uint64_t now_ms;

static uint64_t hand_held_ms(void)
{
    return now_ms;
}

static void live_by_hand(void)
{
    life_end(true);
    now_ms = 1000000;
    life.options.clock_ms = hand_held_ms;
    life_next();
    memset(past, 0, sizeof past);
}

static void setup(void)
{
    life_setup();
    live_by_hand();
}

static void setup_files(void)
{
    life_setup();
    life_again(2);
    live_by_hand();
}

/* --- A room with a past --------------------------------------------------------------------------- */

static void note(void)
{
    uint64_t tick = room_tick_number(life.room);
    ck_assert_uint_lt(tick, TICKS);
    past[tick].hash = room_hash_kept(life.room);
    past[tick].incarnation = room_incarnation(life.room);
}

static void make(uint64_t incarnation)
{
    lobby_make(incarnation);
    note();
}

static void pass(unsigned ticks)
{
    for (unsigned i = 0; i < ticks; i++) {
        step(life.room);
        note();
    }
}

static void seal(void)
{
    now_ms += STORAGE_SEAL_MS;
    storage_work(life.storage);
}

/* A record of so many letters, in the middle of ticks in which nothing happens. */
static void write(unsigned number, unsigned letters)
{
    static char line[4096];
    uint32_t seat = join(life.room, 1, ROLE_EDITOR);
    snprintf(line, sizeof line, "[0 'papers' 'p%u' 'text' '%0*u']", number, (int)letters, number);
    ck_assert_int_eq(outcome(life.room, seat, line), STATUS_OK);
    note();
    lobby_flush();
    room_leave(life.room, seat);
    pass(1);
    lobby_flush();
    pass(number % 4);
}

static void sleep_and_wake(uint64_t incarnation)
{
    lobby_sleeps();
    note();
    seal(); /* with a snapshot, where its log is long */
    struct storage_event event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_DONE);
    room_destroy(life.room);
    life.room = event.room;
    ck_assert_int_eq(room_wake(life.room, incarnation), STATUS_OK);
    note();
    lobby_flush();
}

/* The room crashes; what it did since it was last flushed did not happen. */
static void crash(uint64_t incarnation)
{
    pass(20);
    life_crash();
    life_next();
    struct storage_event event = lobby_load();
    ck_assert_int_eq(event.result, LOAD_DONE);
    ck_assert(!event.clean);
    room_destroy(life.room);
    life.room = event.room;
    ck_assert_int_eq(room_wake(life.room, incarnation), STATUS_OK);
    note();
    lobby_flush();
}

/* --- Asking ---------------------------------------------------------------------------------------- */

static struct moment *ask(uint64_t incarnation, uint64_t tick)
{
    ck_assert_ptr_nonnull(storage_moment(life.storage, lobby, incarnation, tick, &life));
    struct storage_event event = await_event(STORAGE_MOMENT);
    ck_assert_ptr_eq(event.ticket, &life);
    return event.moment;
}

static struct more *ask_more(uint64_t after)
{
    ck_assert_ptr_nonnull(storage_more(life.storage, lobby, after, &life));
    struct storage_event event = await_event(STORAGE_MORE);
    ck_assert_ptr_eq(event.ticket, &life);
    return event.more;
}

static void expect_result(uint64_t incarnation, uint64_t tick, enum moment_result result)
{
    struct moment *moment = ask(incarnation, tick);
    ck_assert_msg(moment->result == result, "tick %d: %d %s", (int)tick, moment->result,
                  moment->text);
    moment_free(moment);
}

static void expect_room(const struct room *room, uint64_t tick)
{
    ck_assert_ptr_nonnull(room);
    ck_assert_msg(room_hash_kept(room) == past[tick].hash, "tick %d", (int)tick);
}

static void expect_moment(uint64_t tick)
{
    struct moment *moment = ask(0, tick);
    ck_assert_msg(moment->result == MOMENT_DONE, "tick %d: %d %s", (int)tick, moment->result,
                  moment->text);
    ck_assert_uint_eq(moment->tick, tick);
    ck_assert_uint_ge(moment->follows.to, tick);
    ck_assert_uint_eq(moment->room.first, LOG_TICK_FIRST);
    ck_assert_uint_eq(moment->room.incarnation, past[tick].incarnation);
    ck_assert(bytes_equal((struct bytes){moment->room.kind, moment->room.kind_length},
                          bytes_of("every")));
    expect_room(replay_room(&moment->replay), tick);
    moment_free(moment);
    expect_result(past[tick].incarnation, tick, MOMENT_DONE);
}

/* From this tick on what follows leads through every room that there was. */
static void play_on(uint64_t tick)
{
    struct moment *moment = ask(0, tick);
    ck_assert_int_eq(moment->result, MOMENT_DONE);
    struct stretch stretch = moment->follows;
    moment->follows = (struct stretch){0};
    for (;;) {
        struct reader log = reader_on((struct bytes){stretch.log.data, stretch.log.length});
        struct log_entry entry;
        while (log_read_entry(&log, &entry)) {
            ck_assert_uint_gt(entry.tick, tick);
            ck_assert_uint_le(entry.tick, stretch.to);
            ck_assert_int_eq(replay_log(&moment->replay, entry.bytes), STATUS_OK);
            tick = entry.tick;
            expect_room(replay_room(&moment->replay), tick);
        }
        ck_assert_int_eq(reader_end(&log), STATUS_OK);
        free(stretch.log.data);
        tick = stretch.to;
        if (stretch.end)
            break;
        struct more *more = ask_more(tick);
        ck_assert_int_eq(more->result, MOMENT_DONE);
        ck_assert_uint_gt(more->stretch.to, tick);
        stretch = more->stretch;
        more->stretch = (struct stretch){0};
        more_free(more);
    }
    ck_assert_uint_eq(tick, room_logged(life.room));
    moment_free(moment);
}

/* --- What there was -------------------------------------------------------------------------------- */

static void live_a_life(unsigned letters)
{
    make(5);
    for (unsigned i = 1; i <= 30; i++) {
        write(i, letters);
        if (i % 4 == 0)
            seal();
    }
    sleep_and_wake(5);
    for (unsigned i = 31; i <= 45; i++)
        write(i, letters);
    seal();
    for (unsigned i = 46; i <= 50; i++)
        write(i, letters); /* which stay in the tail */
}

START_TEST(every_tick_comes_back_as_it_was)
{
    live_a_life(20);
    for (uint64_t tick = LOG_TICK_FIRST; tick <= room_logged(life.room); tick++)
        expect_moment(tick);
}
END_TEST

START_TEST(ticks_between_snapshots_come_back_as_they_were)
{
    live_a_life(3000);
    uint32_t snapshots = (uint32_t)storage_figures(life.storage).snapshots;
    ck_assert_uint_gt(snapshots, 0);
    for (uint64_t tick = LOG_TICK_FIRST; tick <= room_logged(life.room); tick += 3)
        expect_moment(tick);
}
END_TEST

START_TEST(what_follows_a_moment_leads_to_the_end)
{
    live_a_life(20);
    uint64_t last = room_logged(life.room);
    play_on(LOG_TICK_FIRST);
    play_on(last / 2);
    play_on(last - 1);
    play_on(last);
}
END_TEST

START_TEST(the_ends_are_told_and_held_to)
{
    live_a_life(20);
    uint64_t last = room_logged(life.room);
    struct moment *moment = ask(0, 0);
    ck_assert_int_eq(moment->result, MOMENT_DONE);
    ck_assert_uint_eq(moment->tick, LOG_TICK_FIRST);
    ck_assert_uint_eq(moment->room.last, last);
    expect_room(replay_room(&moment->replay), LOG_TICK_FIRST);
    moment_free(moment);
    moment = ask(0, last + 1000);
    ck_assert_uint_eq(moment->tick, last);
    ck_assert(moment->follows.end);
    ck_assert_uint_eq(moment->follows.log.length, 0);
    expect_room(replay_room(&moment->replay), last);
    moment_free(moment);
}
END_TEST

START_TEST(what_a_live_room_does_meanwhile_follows)
{
    live_a_life(20);
    uint64_t last = room_logged(life.room);
    struct more *more = ask_more(last);
    ck_assert_int_eq(more->result, MOMENT_DONE);
    ck_assert(more->stretch.end);
    ck_assert_uint_eq(more->stretch.to, last);
    more_free(more);
    write(77, 20);
    more = ask_more(last);
    ck_assert(more->stretch.end);
    ck_assert_uint_gt(more->stretch.log.length, 0);
    ck_assert_uint_eq(more->stretch.to, room_logged(life.room));
    more_free(more);
}
END_TEST

/* --- What there was not ---------------------------------------------------------------------------- */

START_TEST(what_a_crash_took_is_lost_and_the_rest_is_there)
{
    make(5);
    write(1, 20);
    seal();
    write(2, 20);
    uint64_t kept = room_logged(life.room);
    crash(6);
    write(3, 20);
    uint64_t last = room_logged(life.room);
    for (int sealed = 0; sealed < 2; sealed++) {
        for (uint64_t tick = LOG_TICK_FIRST; tick <= last; tick++) {
            expect_moment(tick);
            expect_result(5, tick, tick <= kept ? MOMENT_DONE : MOMENT_LOST);
            expect_result(6, tick, tick <= kept ? MOMENT_NONE : MOMENT_DONE);
        }
        seal();
    }
    play_on(kept - 1);
}
END_TEST

START_TEST(ticks_that_were_not_written_down_are_a_gap)
{
    make(5);
    write(1, 20);
    if (_i == 1)
        seal();
    uint64_t before = room_logged(life.room);
    room_log_stop(life.room);
    pass(10);
    static uint8_t entry[1 << 16];
    struct writer writer = writer_on(entry, sizeof entry);
    room_log_resume(life.room, 1000, &writer);
    note();
    uint64_t after = room_logged(life.room);
    log_entry(lobby, 5, after, writer_bytes(&writer));
    write(2, 20);
    for (uint64_t tick = before + 1; tick < after; tick++) {
        struct moment *moment = ask(0, tick);
        ck_assert_int_eq(moment->result, MOMENT_GAP);
        ck_assert_uint_eq(moment->next, after);
        moment_free(moment);
    }
    expect_moment(before);
    expect_moment(after);
    play_on(before); /* what goes on behind the hole tells all that it needs */
}
END_TEST

START_TEST(who_asks_for_nothing_gets_nothing)
{
    expect_result(0, 1, MOMENT_NONE);
    struct more *more = ask_more(1);
    ck_assert_int_eq(more->result, MOMENT_NONE);
    more_free(more);
    make(5);
    write(1, 20);
    seal();
    lobby_remove();
    await_event(STORAGE_REMOVED);
    expect_result(0, 1, MOMENT_NONE);
}
END_TEST

START_TEST(a_removal_that_the_archive_has_not_taken_counts_all_the_same)
{
    make(5);
    write(1, 20);
    seal();
    faulty_store_fail(&life.faulty, CALL_REMOVE, STORE_BUSY, FAULTY_FOR_EVER);
    lobby_remove();
    await_event(STORAGE_REMOVED);
    expect_result(0, 1, MOMENT_NONE);
    faulty_store_fail(&life.faulty, CALL_REMOVE, STORE_OK, 0);
}
END_TEST

START_TEST(a_store_that_does_not_answer_is_told_and_asked_again)
{
    static const struct {
        enum store_result store;
        enum moment_result told;
    } rows[] = {{STORE_BUSY, MOMENT_FAILED}, {STORE_DAMAGED, MOMENT_DAMAGED}};
    static const enum store_call calls[] = {CALL_SNAPSHOT, CALL_READ};
    make(5);
    write(1, 20);
    seal();
    for (size_t row = 0; row < 2; row++)
        for (size_t call = 0; call < 2; call++) {
            faulty_store_fail(&life.faulty, calls[call], rows[row].store, 1);
            expect_result(0, 2, rows[row].told);
            expect_result(0, 2, MOMENT_DONE);
        }
    lobby_expect(false);
}
END_TEST

START_TEST(a_log_that_leads_nowhere_is_told)
{
    make(5);
    write(1, 20);
    log_entry(lobby, 5, room_logged(life.room) + 1, bytes_of("no log"));
    hand_over();
    await_event(STORAGE_FLUSHED);
    expect_result(0, room_logged(life.room) + 1, MOMENT_DAMAGED);
    expect_result(0, 1, MOMENT_DAMAGED); /* what follows it is a part of the answer */
}
END_TEST

static const struct kinds none;

START_TEST(a_kind_that_is_not_here_is_told)
{
    make(5);
    write(1, 20);
    life_end(true);
    life.options.kinds = &none;
    life_next();
    expect_result(0, 2, MOMENT_KIND);
}
END_TEST

/* Whoever scrubs through recordings keeps nobody from coming into a room, and comes to see something. */
START_TEST(who_looks_comes_behind_who_comes_in)
{
    char order[32] = "";
    size_t count = 0;
    make(5);
    write(1, 20);
    storage_work(life.storage);
    for (int i = 0; i < 2; i++)
        ck_assert_ptr_nonnull(storage_moment(life.storage, lobby, 0, 1, &life));
    ck_assert_ptr_nonnull(storage_more(life.storage, lobby, 1, &life));
    for (int i = 0; i < 20; i++)
        ck_assert_ptr_nonnull(storage_load(life.storage, lobby, &life));
    storage_work(life.storage);
    for (struct storage_event event; storage_next(life.storage, &event);) {
        if (event.kind == STORAGE_LOADED || event.kind == STORAGE_MOMENT ||
            event.kind == STORAGE_MORE)
            order[count++] = event.kind == STORAGE_LOADED ? 'l' : 'm';
        room_destroy(event.room);
        moment_free(event.moment);
        more_free(event.more);
    }
    ck_assert_str_eq(order, "llllllllmllllllllmllllm");
}
END_TEST

START_TEST(nobody_works_for_who_has_gone)
{
    make(5);
    write(1, 20);
    struct job *moment = storage_moment(life.storage, lobby, 0, 1, &life);
    struct job *more = storage_more(life.storage, lobby, 1, &life);
    storage_forsake(life.storage, moment, true);
    storage_forsake(life.storage, more, true);
    uint32_t rooms = faulty_store_calls(&life.faulty, CALL_ROOM);
    struct storage_event event = await_event(STORAGE_MOMENT);
    ck_assert_int_eq(event.moment->result, MOMENT_FORSAKEN);
    moment_free(event.moment);
    event = await_event(STORAGE_MORE);
    ck_assert_int_eq(event.more->result, MOMENT_FORSAKEN);
    more_free(event.more);
    ck_assert_uint_eq(faulty_store_calls(&life.faulty, CALL_ROOM), rooms);
}
END_TEST

/* The sanitizer looks at what is left. */
START_TEST(a_storage_that_ends_frees_what_nobody_took)
{
    make(5);
    write(1, 20);
    ck_assert_ptr_nonnull(storage_moment(life.storage, lobby, 0, 1, &life));
    if (_i == 1)
        storage_work(life.storage);
    ck_assert_ptr_nonnull(storage_more(life.storage, lobby, 1, &life));
    life_end(true);
    life_next();
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_tick_comes_back_as_it_was);
    tcase_add_test(tests, ticks_between_snapshots_come_back_as_they_were);
    tcase_add_test(tests, what_follows_a_moment_leads_to_the_end);
    tcase_add_test(tests, the_ends_are_told_and_held_to);
    tcase_add_test(tests, what_a_live_room_does_meanwhile_follows);
    tcase_add_test(tests, what_a_crash_took_is_lost_and_the_rest_is_there);
    tcase_add_loop_test(tests, ticks_that_were_not_written_down_are_a_gap, 0, 2);
}

int main(void)
{
    Suite *suite = suite_create("moments");
    TCase *memory = tcase_create("in memory");
    tcase_add_checked_fixture(memory, setup, life_teardown);
    add_tests(memory);
    tcase_add_test(memory, who_asks_for_nothing_gets_nothing);
    tcase_add_test(memory, a_removal_that_the_archive_has_not_taken_counts_all_the_same);
    tcase_add_test(memory, a_store_that_does_not_answer_is_told_and_asked_again);
    tcase_add_test(memory, a_log_that_leads_nowhere_is_told);
    tcase_add_test(memory, a_kind_that_is_not_here_is_told);
    tcase_add_test(memory, who_looks_comes_behind_who_comes_in);
    tcase_add_test(memory, nobody_works_for_who_has_gone);
    tcase_add_loop_test(memory, a_storage_that_ends_frees_what_nobody_took, 0, 2);
    suite_add_tcase(suite, memory);
    TCase *files = tcase_create("in files");
    tcase_add_checked_fixture(files, setup_files, life_teardown);
    add_tests(files);
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
