/* check_timeline.c - what there is of a room's past is told without reading it: who was there when, how much
 * happened, what is missing; and its sessions, from waking to sleeping. */
#include "server/moments.h"
#include "sync/summary.h"
#include "tests/hub_world.h"
#include "tests/run_suite.h"
#include "tests/storage_life.h"

#include <check.h>
#include <stdio.h>

static const struct bytes room_name = {(const uint8_t *)"lobby", 5};

static void setup(void)
{
    world_setup();
    world.seals = true;
    world_restart();
}

/* --- A room with people ---------------------------------------------------------------------------- */

static struct room *room_of(int index)
{
    ck_assert_int_eq(world.peers[index]->session->state, SESSION_JOINED);
    return world.peers[index]->session->host->room;
}

static void say(int index, const char *line)
{
    peer_say(world.peers[index], line);
    world.peers[index]->out_length = 0;
}

/* Moves in every tick of so many seconds. */
static void move(int index, unsigned seconds)
{
    char line[64];
    for (unsigned i = 0; i < 20 * seconds; i++) {
        snprintf(line, sizeof line, "[2 'x' %u 'y' 5]", i);
        say(index, line);
        world_pass(50);
    }
}

static void leave(int index)
{
    say(index, "[4]");
    peer_free(index);
}

static struct recording *ask(struct storage *storage)
{
    struct storage_event event;
    ck_assert_ptr_nonnull(storage_recording(storage, room_name, 0, storage));
    storage_work(storage);
    while (storage_next(storage, &event)) {
        if (event.kind != STORAGE_RECORDING)
            continue;
        ck_assert_ptr_eq(event.ticket, storage);
        return event.recording;
    }
    ck_abort_msg("it is not answered");
    return NULL;
}

static struct recording *ask_world(void)
{
    world_store();
    struct recording *recording = ask(world.storage);
    ck_assert_msg(recording->result == MOMENT_DONE, "%d %s", recording->result, recording->text);
    return recording;
}

static struct recording_bucket sum_of(const struct recording *recording)
{
    struct recording_bucket sum = {0};
    for (size_t i = 0; i < recording->bucket_count; i++) {
        sum.operations += recording->buckets[i].operations;
        sum.presence += recording->buckets[i].presence;
    }
    return sum;
}

static void sleep_all(void)
{
    world_pass(60000);
    ck_assert_ptr_null(world.hub->rooms);
}

/* --- What is told ---------------------------------------------------------------------------------- */

START_TEST(people_and_what_they_did_are_told)
{
    peer_join(0, "lobby");
    world_pass(100);
    say(0, "[1 [[0 'papers' 'p' 'text' 'x']]]");
    move(0, 15);
    uint64_t came = room_tick_number(room_of(0));
    peer_join(1, "lobby");
    world_pass(1000);
    say(1, "[1 [[0 'papers' 'q' 'text' 'x']]]");
    move(1, 15);
    uint64_t went = room_tick_number(room_of(0));
    leave(1);
    world_pass(12000);
    /* Once with the end in the tail, once all in the archive. */
    for (int sealed = 0; sealed < 2; sealed++) {
        struct recording *recording = ask_world();
        ck_assert(bytes_equal((struct bytes){recording->room.kind, recording->room.kind_length},
                              bytes_of("open")));
        ck_assert_uint_eq(recording->room.first, 1);
        ck_assert_uint_ge(recording->room.last, went);
        ck_assert_uint_eq(recording->bucket_ticks, 20);
        ck_assert_uint_eq(sum_of(recording).operations, 2);
        ck_assert_uint_gt(sum_of(recording).presence, 500);
        ck_assert_uint_lt(sum_of(recording).presence, 700);
        ck_assert_uint_ge(recording->ended_ms, recording->began_ms + 30000);
        ck_assert_uint_eq(recording->gap_count, 0);
        ck_assert_uint_eq(recording->life_count, 1);
        ck_assert_uint_eq(recording->lives[0].incarnation, recording->room.incarnation);
        ck_assert_uint_eq(recording->stay_count, 2);
        const struct recording_stay *first = &recording->stays[0], *second = &recording->stays[1];
        ck_assert_uint_eq(first->member, 1);
        ck_assert_uint_eq(second->member, 2);
        ck_assert_uint_ge(second->from, came);
        ck_assert_uint_le(second->from, came + 20);
        ck_assert_uint_ge(second->to, went);
        ck_assert_uint_le(second->to, went + 20);
        ck_assert((first->to == UINT64_MAX) == (sealed == 0));
        recording_free(recording);
        if (sealed == 0)
            world_restart();
    }
}
END_TEST

START_TEST(sessions_go_from_waking_to_sleeping)
{
    uint64_t slept[2];
    for (int i = 0; i < 2; i++) {
        peer_join(0, "lobby");
        say(0, "[1 [[0 'papers' 'p' 'text' 'x']]]");
        move(0, 12);
        slept[i] = room_tick_number(room_of(0));
        leave(0);
        sleep_all();
    }
    peer_join(0, "lobby");
    move(0, 12);
    struct recording *recording = ask_world();
    ck_assert_uint_eq(recording->session_count, 3);
    ck_assert_uint_eq(recording->life_count, 1);
    ck_assert_uint_eq(recording->stay_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct store_session *session = &recording->sessions[i];
        ck_assert(bytes_equal(session->room, room_name));
        ck_assert(bytes_equal(session->kind, bytes_of("open")));
        ck_assert_uint_eq(session->incarnation, recording->room.incarnation);
        ck_assert_uint_ge(session->ended_ms, session->began_ms + 5000);
        if (i < 2) {
            ck_assert_uint_ge(session->last, slept[i]);
            ck_assert_uint_eq(recording->sessions[i + 1].first, session->last + 1);
            ck_assert_uint_lt(recording->stays[i].to, session->last + 1);
        }
    }
    recording_free(recording);
}
END_TEST

START_TEST(a_crash_is_another_life_and_a_gap_of_presence)
{
    peer_join(0, "lobby");
    say(0, "[1 [[0 'papers' 'p' 'text' 'x']]]");
    move(0, 45);
    world_crash();
    peer_free(0);
    peer_join(0, "lobby");
    world_pass(100);
    uint64_t woken = room_tick_number(room_of(0));
    move(0, 12);
    struct recording *recording = ask_world();
    ck_assert_uint_eq(recording->life_count, 2);
    ck_assert_uint_gt(recording->lives[1].incarnation, recording->lives[0].incarnation);
    ck_assert_uint_eq(recording->session_count, 2);
    ck_assert_uint_eq(recording->gap_count, 1);
    ck_assert_int_eq(recording->gaps[0].kind, GAP_PRESENCE);
    ck_assert_uint_eq(recording->gaps[0].to, recording->lives[1].first);
    ck_assert_uint_le(recording->lives[1].first, woken);
    ck_assert_uint_lt(recording->gaps[0].from, recording->gaps[0].to);
    ck_assert_uint_eq(recording->stay_count, 2);
    ck_assert_uint_lt(recording->stays[0].to, recording->lives[1].first);
    recording_free(recording);
}
END_TEST

/* The journal tells of both lives at once then. */
START_TEST(a_crash_before_anything_is_sealed_is_told_as_well)
{
    peer_join(0, "lobby");
    say(0, "[1 [[0 'papers' 'p' 'text' 'x']]]");
    move(0, 4);
    say(0, "[1 [[0 'papers' 'q' 'text' 'x']]]");
    world_pass(200);
    uint64_t kept = room_logged(room_of(0));
    world_crash();
    peer_free(0);
    peer_join(0, "lobby");
    say(0, "[1 [[0 'papers' 'r' 'text' 'x']]]");
    move(0, 4);
    struct recording *recording = ask_world();
    ck_assert_uint_eq(recording->life_count, 2);
    ck_assert_uint_eq(recording->lives[1].first, kept + 1);
    ck_assert_uint_eq(recording->gap_count, 1);
    ck_assert_int_eq(recording->gaps[0].kind, GAP_PRESENCE);
    ck_assert_uint_lt(recording->gaps[0].from, recording->gaps[0].to);
    ck_assert_uint_eq(recording->gaps[0].to, recording->lives[1].first);
    ck_assert_uint_eq(recording->stay_count, 2);
    ck_assert_uint_eq(recording->stays[0].to, kept);
    recording_free(recording);
}
END_TEST

/* Nor does the summary that told how they came. */
START_TEST(who_came_in_a_piece_that_is_gone_is_told_all_the_same)
{
    uint64_t freed;
    peer_join(0, "lobby");
    say(0, "[1 [[0 'papers' 'p' 'text' 'x']]]");
    for (unsigned i = 0; i < 365; i++) { /* an hour, and a sealing or two */
        say(0, i % 2 == 0 ? "[2 'x' 1]" : "[2 'x' 2]");
        world_pass(10000);
    }
    peer_join(1, "lobby");
    say(1, "[1 [[0 'papers' 'q' 'text' 'x']]]");
    move(1, 12);
    say(0, "[1 [[1 'papers' 'p' 'text' 'y']]]");
    move(0, 12);
    world_pass(12000);
    struct store_retention all = {.before_ms = UINT64_MAX};
    ck_assert_int_eq(world.store->retain(world.store, &all, &freed), STORE_OK);
    struct recording *recording = ask_world();
    ck_assert_uint_gt(recording->room.first, 3600u * 20);
    ck_assert_uint_eq(recording->life_count, 1);
    ck_assert_uint_eq(recording->lives[0].incarnation, recording->room.incarnation);
    ck_assert_uint_eq(recording->stay_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_uint_eq(recording->stays[i].member, i + 1);
        ck_assert_uint_eq(recording->stays[i].to, UINT64_MAX);
    }
    ck_assert_uint_eq(recording->stays[0].from, recording->room.first);
    recording_free(recording);
}
END_TEST

START_TEST(a_hole_is_told)
{
    life_setup();
    lobby_make(5);
    lobby_write(1, 20);
    uint64_t before = room_logged(life.room);
    room_log_stop(life.room);
    for (int i = 0; i < 10; i++)
        room_tick(life.room);
    static uint8_t entry[1 << 16];
    struct writer writer = writer_on(entry, sizeof entry);
    room_log_resume(life.room, 1000, &writer);
    log_entry(lobby, 5, room_logged(life.room), writer_bytes(&writer));
    lobby_write(2, 20);
    struct recording *recording = ask(life.storage);
    ck_assert_int_eq(recording->result, MOMENT_DONE);
    ck_assert_uint_eq(recording->gap_count, 1);
    ck_assert_int_eq(recording->gaps[0].kind, GAP_HOLE);
    ck_assert_uint_eq(recording->gaps[0].from, before);
    recording_free(recording);
    life_teardown();
}
END_TEST

START_TEST(what_people_marked_is_told)
{
    peer_join(0, "lobby");
    say(0, "[1 [[0 'papers' 'p' 'text' 'x']]]");
    move(0, 12);
    struct store_marker marker = {.room = room_name,
                                  .incarnation = room_incarnation(room_of(0)),
                                  .tick = 30,
                                  .title = bytes_of("here"),
                                  .colour = bytes_of("red"),
                                  .by = bytes_of("Ada")};
    ck_assert_int_eq(world.store->sessions->mark(world.store, &marker), STORE_OK);
    struct recording *recording = ask_world();
    ck_assert_uint_eq(recording->marker_count, 1);
    ck_assert_uint_eq(recording->markers[0].tick, 30);
    ck_assert(bytes_equal(recording->markers[0].title, marker.title));
    ck_assert(bytes_equal(recording->markers[0].colour, marker.colour));
    ck_assert(bytes_equal(recording->markers[0].by, marker.by));
    recording_free(recording);
}
END_TEST

/* --- How much of it is told ------------------------------------------------------------------------ */

enum thing {
    STAY,
    LIFE,
    GAP
};

/* The n-th of them, as a change in a summary. */
static void pack_thing(struct writer *writer, enum thing thing, unsigned n)
{
    static const enum summary_change_kind kinds[] = {SUMMARY_JOINED, SUMMARY_WOKE, SUMMARY_HOLE};
    static const uint32_t elements[] = {6, 4, 5};
    pack_array(writer, elements[thing]);
    pack_integer(writer, kinds[thing]);
    pack_integer(writer, 10 + n);
    pack_integer(writer, 1000);
    pack_integer(writer, thing == STAY ? n : 1 + n); /* a seat, an incarnation */
    if (thing != LIFE)
        pack_integer(writer, 9 + n); /* a member, the tick before the hole */
    if (thing == STAY)
        pack_nil(writer);
}

/* A segment of one tick, of which the archive knows the summary. */
static void seal_summary(uint64_t first, uint64_t last, struct bytes summary)
{
    struct store *store = life.faulty.under;
    struct store_sealed sealed = {
        .name = room_name,
        .kind = bytes_of("open"),
        .segment = {.incarnation = 1, .first = first, .last = last, .bytes = bytes_of("a piece")},
        .summary = summary};
    ck_assert_int_eq(store->seal(store, &sealed, 1, 0), STORE_OK);
}

static void seal_things(enum thing thing, unsigned count)
{
    static uint8_t summary[SUMMARY_BYTES_MAX];
    for (unsigned done = 0; done < count;) {
        unsigned some = count - done < SUMMARY_CHANGES_MAX ? count - done : SUMMARY_CHANGES_MAX;
        struct writer writer = writer_on(summary, sizeof summary);
        pack_array(&writer, 3);
        pack_integer(&writer, SUMMARY_FORMAT);
        pack_array(&writer, 0);
        pack_array(&writer, some);
        for (unsigned i = 0; i < some; i++)
            pack_thing(&writer, thing, done + i);
        ck_assert_int_eq(writer.status, STATUS_OK);
        seal_summary(10 + done, 9 + done + some, writer_bytes(&writer));
        done += some;
    }
}

/* One below, at and above each limit. A hole is the first life's beginning as well. */
START_TEST(of_more_than_may_be_told_the_rest_is_left_out)
{
    static const unsigned limits[] = {RECORDING_STAYS_MAX, RECORDING_LIVES_MAX, RECORDING_GAPS_MAX};
    enum thing thing = (enum thing)(_i / 3);
    unsigned limit = limits[thing], count = limit + (unsigned)(_i % 3) - 1;
    life_setup();
    seal_things(thing, thing == GAP ? count + 1 : count);
    struct recording *recording = ask(life.storage);
    ck_assert_int_eq(recording->result, MOMENT_DONE);
    size_t told[] = {recording->stay_count, recording->life_count, recording->gap_count};
    ck_assert_uint_eq(told[thing], count < limit ? count : limit);
    recording_free(recording);
    life_teardown();
}
END_TEST

/* Of more ticks each counts for some. */
START_TEST(activity_has_so_many_buckets)
{
    uint64_t ticks = RECORDING_BUCKETS_MAX + (uint64_t)_i - 1;
    life_setup();
    seal_summary(1, ticks, (struct bytes){0});
    struct recording *recording = ask(life.storage);
    ck_assert_int_eq(recording->result, MOMENT_DONE);
    ck_assert_uint_eq(recording->bucket_ticks, _i < 2 ? 1 : 2);
    ck_assert_uint_eq(recording->bucket_count, _i < 2 ? ticks : (ticks + 1) / 2);
    recording_free(recording);
    life_teardown();
}
END_TEST

/* --- What is not ----------------------------------------------------------------------------------- */

START_TEST(of_no_room_nothing_is_told)
{
    struct recording *recording = ask(world.storage);
    ck_assert_int_eq(recording->result, MOMENT_NONE);
    recording_free(recording);
}
END_TEST

START_TEST(nobody_works_for_who_has_gone)
{
    struct job *job = storage_recording(world.storage, room_name, 0, NULL);
    storage_forsake(world.storage, job, true);
    struct storage_event event;
    storage_work(world.storage);
    ck_assert(storage_next(world.storage, &event));
    ck_assert_int_eq(event.recording->result, MOMENT_FORSAKEN);
    recording_free(event.recording);
}
END_TEST

/* A session that the archive does not take costs what it tells, and nothing else. */
START_TEST(a_session_that_is_not_taken_is_put_again)
{
    life_setup();
    lobby_make(5);
    faulty_store_fail(&life.faulty, CALL_SESSION, STORE_BUSY, 1);
    lobby_write(1, 20);
    life_end(true);
    life_next();
    struct recording *recording = ask(life.storage);
    ck_assert_uint_eq(recording->session_count, 0);
    recording_free(recording);
    lobby_expect(false);
    life_teardown();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timeline");
    TCase *rooms = tcase_create("rooms");
    tcase_add_checked_fixture(rooms, setup, world_teardown);
    tcase_set_timeout(rooms, 60);
    tcase_add_test(rooms, people_and_what_they_did_are_told);
    tcase_add_test(rooms, sessions_go_from_waking_to_sleeping);
    tcase_add_test(rooms, a_crash_is_another_life_and_a_gap_of_presence);
    tcase_add_test(rooms, who_came_in_a_piece_that_is_gone_is_told_all_the_same);
    tcase_add_test(rooms, a_crash_before_anything_is_sealed_is_told_as_well);
    tcase_add_test(rooms, what_people_marked_is_told);
    tcase_add_test(rooms, of_no_room_nothing_is_told);
    tcase_add_test(rooms, nobody_works_for_who_has_gone);
    suite_add_tcase(suite, rooms);
    TCase *stores = tcase_create("stores");
    tcase_add_test(stores, a_hole_is_told);
    tcase_add_loop_test(stores, of_more_than_may_be_told_the_rest_is_left_out, 0, 9);
    tcase_add_loop_test(stores, activity_has_so_many_buckets, 0, 3);
    tcase_add_test(stores, a_session_that_is_not_taken_is_put_again);
    suite_add_tcase(suite, stores);
    return run_suite(suite);
}
