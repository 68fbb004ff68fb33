/* check_recorder.c - presence is recorded beside the log: every tick of a room comes back with who showed
 * what, from the archive, from what is not sealed, and across a crash. */
#include "sync/hash.h"
#include "sync/log_read.h"
#include "sync/track.h"
#include "tests/hub_world.h"
#include "tests/run_suite.h"
#include "tests/storage_life.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKS 4000u

/* The room as its members saw it after each tick. */
static struct {
    uint64_t hash, incarnation;
} past[TICKS];
static uint64_t last;

static const struct bytes room_name = {(const uint8_t *)"lobby", 5};

static void setup(void)
{
    world_setup();
    world.seals = true;
    world_restart();
    memset(past, 0, sizeof past);
    last = 0;
}

/* --- A room with people ---------------------------------------------------------------------------- */

static struct room_host *host_of(int index)
{
    ck_assert_int_eq(world.peers[index]->session->state, SESSION_JOINED);
    return world.peers[index]->session->host;
}

/* One tick. */
static void pass(int index)
{
    world_pass(50);
    const struct room *room = host_of(index)->room;
    last = room_tick_number(room);
    ck_assert_uint_lt(last, TICKS);
    past[last].hash = room_hash(room, SEAT_NONE);
    past[last].incarnation = room_incarnation(room);
}

static void join_as(int index, const char *kind)
{
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, room_name);
    peer_hello(peer, index, kind);
}

static void show(int index, unsigned x)
{
    char line[64];
    snprintf(line, sizeof line, "[2 'x' %u 'y' %u]", x % 4000, x * 7 % 4000);
    peer_say(world.peers[index], line);
    world.peers[index]->out_length = 0;
}

/* Hands that move, stand still and move on; one comes later, and goes before the end. */
static void gather(unsigned ticks)
{
    join_as(0, "'open'");
    pass(0);
    for (unsigned i = 0; i < ticks; i++) {
        if (i == ticks / 4)
            join_as(1, "'open'");
        if (i == ticks / 2)
            peer_free(1);
        if (i % 100 < 60)
            show(0, i);
        if (world.peers[1] != NULL && world.peers[1]->session->state == SESSION_JOINED &&
            i % 3 == 0)
            show(1, 2 * i);
        pass(0);
    }
}

/* So that all is handed over. */
static void settle(void)
{
    for (int i = 0; i < 25; i++)
        pass(0);
}

/* --- What comes back ------------------------------------------------------------------------------- */

static struct storage_event answer(void)
{
    struct storage_event event;
    storage_work(world.storage);
    ck_assert(storage_next(world.storage, &event));
    return event;
}

static struct moment *ask(uint64_t incarnation, uint64_t tick)
{
    world_store();
    ck_assert_ptr_nonnull(storage_moment(world.storage, room_name, incarnation, tick, NULL));
    struct storage_event event = answer();
    ck_assert_int_eq(event.kind, STORAGE_MOMENT);
    return event.moment;
}

static struct more *ask_more(uint64_t after)
{
    ck_assert_ptr_nonnull(storage_more(world.storage, room_name, after, NULL));
    struct storage_event event = answer();
    ck_assert_int_eq(event.kind, STORAGE_MORE);
    return event.more;
}

static bool is_as_it_was(const struct replay *replay, uint64_t tick)
{
    return room_hash(replay_room(replay), SEAT_NONE) == past[tick].hash;
}

static void expect_moment(uint64_t tick)
{
    struct moment *moment = ask(past[tick].incarnation, tick);
    ck_assert_msg(moment->result == MOMENT_DONE, "tick %d: %d %s", (int)tick, moment->result,
                  moment->text);
    ck_assert_uint_eq(moment->tick, tick);
    ck_assert_msg(is_as_it_was(&moment->replay, tick), "tick %d", (int)tick);
    moment_free(moment);
}

/* The last tick in which something was recorded. */
static uint64_t end_of_recording(void)
{
    struct moment *moment = ask(0, UINT64_MAX);
    ck_assert_int_eq(moment->result, MOMENT_DONE);
    uint64_t end = moment->tick;
    ck_assert_uint_eq(end, moment->room.last);
    moment_free(moment);
    return end;
}

static void expect_all(uint64_t from, uint64_t to, uint64_t step)
{
    uint64_t end = end_of_recording();
    ck_assert_uint_ge(end + 70, to);
    to = end < to ? end : to;
    for (uint64_t tick = from; tick <= to; tick += step)
        if (past[tick].incarnation != 0)
            expect_moment(tick);
}

/* The entries of one tick, whole, and those before: what is behind them begins at *at. */
static struct bytes up_to(const struct flush_buffer *entries, size_t *at, uint64_t tick)
{
    struct reader reader = reader_on((struct bytes){entries->data, entries->length});
    struct log_entry entry;
    size_t from = *at;
    reader.at = from;
    while (log_read_entry(&reader, &entry) && entry.tick <= tick)
        *at = reader.at;
    return (struct bytes){entries->data + from, *at - from};
}

/* Tick by tick through what follows. */
static void play(struct replay *replay, const struct stretch *stretch, uint64_t from)
{
    size_t log = 0, track = 0;
    for (uint64_t tick = from + 1; tick <= stretch->to; tick++) {
        ck_assert_int_eq(replay_log(replay, up_to(&stretch->log, &log, tick)), STATUS_OK);
        ck_assert_int_eq(replay_track(replay, up_to(&stretch->track, &track, tick)), STATUS_OK);
        if (past[tick].incarnation != 0)
            ck_assert_msg(is_as_it_was(replay, tick), "tick %d behind %d", (int)tick, (int)from);
    }
    ck_assert_uint_eq(log, stretch->log.length);
    ck_assert_uint_eq(track, stretch->track.length);
}

static void play_from(uint64_t tick)
{
    struct moment *moment = ask(0, tick);
    ck_assert_int_eq(moment->result, MOMENT_DONE);
    play(&moment->replay, &moment->follows, tick);
    bool end = moment->follows.end;
    for (tick = moment->follows.to; !end;) {
        struct more *more = ask_more(tick);
        ck_assert_int_eq(more->result, MOMENT_DONE);
        play(&moment->replay, &more->stretch, tick);
        tick = more->stretch.to;
        end = more->stretch.end;
        more_free(more);
    }
    ck_assert_uint_eq(tick, end_of_recording());
    moment_free(moment);
}

static bool count_track(void *context, const struct store_blob *track)
{
    uint64_t *count = context;
    ck_assert_uint_gt(track->bytes.length, 0);
    ++*count;
    return true;
}

static uint64_t sealed_tracks(void)
{
    uint64_t count = 0;
    enum store_result result = world.store->tracks(world.store, room_name, 0, count_track, &count);
    ck_assert(result == STORE_OK || result == STORE_NOT_FOUND);
    return count;
}

/* --- Recorded -------------------------------------------------------------------------------------- */

/* 0: a room that is stored from the first; 1: one in which there is nothing but presence. */
START_TEST(presence_comes_back_at_every_tick)
{
    if (_i == 0) {
        join_as(2, "'open'");
        peer_say(world.peers[2], "[1 [[0 'papers' 'p' 'text' 'x']]]");
        world_pass(200);
    }
    gather(800);
    settle();
    ck_assert_uint_gt(sealed_tracks(), 1);
    expect_all(1, last, 3);
    play_from(LOG_TICK_FIRST);
    play_from(last / 2);
    world_restart();
    expect_all(1, last, 3);
    play_from(LOG_TICK_FIRST);
}
END_TEST

START_TEST(a_room_of_little_presence_leaves_no_trace_and_one_of_much_is_kept)
{
    join_as(0, "'open'");
    unsigned moves = 0;
    size_t waiting = 0;
    while (!host_of(0)->stored) {
        waiting = host_of(0)->recorder.waiting.length;
        ck_assert_uint_le(waiting, TRACK_UNSTORED_MAX);
        show(0, ++moves);
        pass(0);
        ck_assert_uint_lt(moves, 1000);
    }
    ck_assert_uint_gt(waiting, TRACK_UNSTORED_MAX - 200);
    ck_assert_uint_eq(host_of(0)->recorder.waiting.length, 0);
    settle();
    expect_all(1, last, 7);
}
END_TEST

START_TEST(a_crash_takes_the_last_of_presence_and_nothing_else)
{
    gather(900);
    uint64_t before = last, incarnation = past[last].incarnation;
    world_crash();
    peer_free(0);
    uint64_t kept = end_of_recording();
    /* What was logged to say how far it is. */
    ck_assert_uint_ge(kept + (KEYFRAME_S + 1) * 20, before);
    expect_all(1, kept - 2 * KEYFRAME_S * 20, 3);
    for (uint64_t tick = kept + 1; tick <= before; tick++)
        past[tick].incarnation = 0;
    join_as(0, "'open'");
    pass(0);
    ck_assert_uint_gt(past[last].incarnation, incarnation);
    uint64_t woken = last;
    for (unsigned i = 0; i < 500; i++) {
        show(0, 3 * i);
        pass(0);
    }
    settle();
    ck_assert_uint_lt(woken, before);
    expect_all(woken, last, 3);
    expect_all(1, kept - 2 * KEYFRAME_S * 20, 3);
    struct moment *moment = ask(incarnation, woken + 5);
    ck_assert_int_eq(moment->result, MOMENT_LOST);
    moment_free(moment);
}
END_TEST

START_TEST(who_sleeps_shows_nothing_and_who_wakes_shows_anew)
{
    gather(300);
    uint64_t asleep = last;
    peer_free(0);
    world_pass(60000);
    ck_assert_ptr_null(world.hub->rooms);
    join_as(0, "'open'");
    pass(0);
    ck_assert_uint_eq(past[last].incarnation, past[asleep].incarnation);
    for (unsigned i = 0; i < 300; i++) {
        show(0, i);
        pass(0);
    }
    settle();
    expect_all(1, last, 2);
    play_from(LOG_TICK_FIRST);
}
END_TEST

START_TEST(a_room_in_which_nothing_moves_records_nothing)
{
    gather(200);
    settle();
    uint64_t bytes = world.hub->counters.track_bytes,
             flushes = storage_figures(world.storage).flushes;
    for (int i = 0; i < 30; i++)
        pass(0);
    world_pass(30000);
    flushes = storage_figures(world.storage).flushes - flushes;
    ck_assert_uint_eq(world.hub->counters.track_bytes, bytes);
    ck_assert_uint_le(flushes, 1); /* that the log has come so far */
}
END_TEST

/* --- What is not taken ----------------------------------------------------------------------------- */

START_TEST(a_track_beyond_its_room_is_refused_and_counted)
{
    static const uint8_t bytes[600];
    struct flush_entry entry = {
        .room = lobby, .incarnation = 5, .first = 2, .last = 2, .bytes = {bytes, 600}};
    life_end(true);
    life.options.track_bytes = 1000;
    life_next();
    ck_assert(storage_track(life.storage, &entry));
    ck_assert(!storage_track(life.storage, &entry));
    ck_assert_uint_eq(storage_figures(life.storage).tracks_refused, 1);
    storage_flush(life.storage, life.now_us + STORAGE_TRACK_US, false);
    storage_work(life.storage); /* it is of no room */
    ck_assert_uint_eq(storage_figures(life.storage).track_bytes, 0);
    ck_assert_uint_eq(storage_figures(life.storage).tracks_refused, 2);
    ck_assert(storage_track(life.storage, &entry));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recorder");
    TCase *rooms = tcase_create("rooms");
    tcase_add_checked_fixture(rooms, setup, world_teardown);
    tcase_set_timeout(rooms, 60);
    tcase_add_loop_test(rooms, presence_comes_back_at_every_tick, 0, 2);
    tcase_add_test(rooms, a_room_of_little_presence_leaves_no_trace_and_one_of_much_is_kept);
    tcase_add_test(rooms, a_crash_takes_the_last_of_presence_and_nothing_else);
    tcase_add_test(rooms, who_sleeps_shows_nothing_and_who_wakes_shows_anew);
    tcase_add_test(rooms, a_room_in_which_nothing_moves_records_nothing);
    suite_add_tcase(suite, rooms);
    TCase *storages = tcase_create("storages");
    tcase_add_checked_fixture(storages, life_setup, life_teardown);
    tcase_add_test(storages, a_track_beyond_its_room_is_refused_and_counted);
    suite_add_tcase(suite, storages);
    return run_suite(suite);
}
