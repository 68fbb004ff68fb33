/* check_opening.c - those who wait for a room: it is loaded, falls asleep, ends, or the disk fails. */
#include "server/opening.h"
#include "server/room_host.h"
#include "sync/log.h"
#include "tests/hub_world.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdlib.h>

/* --- The storage step by step ---------------------------------------------------------------------- */

static void work(void)
{
    storage_work(world.storage);
    hub_storage_turn(world.hub);
}

/* Time goes on, and the storage does nothing. */
static void stall(uint64_t seconds)
{
    world_jump(seconds * SECOND);
    hub_beat(world.hub);
}

static struct peer *wait_for(int index, const char *name)
{
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, bytes_of(name));
    peer_hello_only(peer, index, "'open'");
    ck_assert_int_eq(peer->session->state, SESSION_WAITING);
    return peer;
}

static enum store_result
full_disk(struct store *store, uint64_t fence, const struct store_flush *flush)
{
    (void)store;
    (void)fence;
    (void)flush;
    return STORE_FULL;
}

static struct room *room_with_a_record(int index)
{
    struct peer *peer = peer_join(index, "lobby");
    peer_say(peer, "[1 [[0 'shapes' 'a' 'x' 1]]]");
    world_pass(200);
    ck_assert_uint_eq(room_records(peer->session->host->room), 1);
    return peer->session->host->room;
}

/* It is asleep and on the disk; the incarnation that it had. */
static uint64_t sleeping_room(void)
{
    uint64_t incarnation = room_incarnation(room_with_a_record(0));
    peer_say(world.peers[0], "[4]");
    peer_disconnect(world.peers[0]);
    world_pass(40000);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 0);
    ck_assert_uint_eq(world.hub->counters.rooms_slept, 1);
    return incarnation;
}

static void expect_joined(const struct peer *peer, uint32_t records)
{
    ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    ck_assert_uint_eq(room_records(peer->session->host->room), records);
    ck_assert_uint_eq(openings_count(world.hub), 0);
}

/* --- Waiting --------------------------------------------------------------------------------------- */

START_TEST(nobody_is_seated_before_the_disk_knows_that_the_room_is_awake)
{
    uint64_t incarnation = sleeping_room();
    struct peer *ada = wait_for(1, "lobby");
    work(); /* loaded, woken */
    ck_assert_int_eq(ada->session->state, SESSION_WAITING);
    ck_assert_uint_eq(ada->out_length, 0);
    struct peer *ben = wait_for(2, "lobby");
    work(); /* saved */
    expect_joined(ada, 1);
    expect_joined(ben, 1);
    ck_assert_uint_eq(room_incarnation(ada->session->host->room), incarnation);
}
END_TEST

/* However far its room has come: 0 not loaded, 1 loaded and not saved. */
START_TEST(who_leaves_while_waiting_leaves_nothing_behind)
{
    sleeping_room();
    wait_for(1, "lobby");
    for (int i = 0; i < _i; i++)
        work();
    peer_disconnect(world.peers[1]);
    work();
    work();
    ck_assert_uint_eq(openings_count(world.hub), 0);
    ck_assert_uint_eq(world.hub->counters.connections, 0);
    expect_joined(peer_join(2, "lobby"), 1);
    peer_say(world.peers[2], "[4]");
    peer_disconnect(world.peers[2]);
    world_pass(40000);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 0);
}
END_TEST

START_TEST(a_new_room_that_nobody_waits_for_any_more_is_not_made)
{
    wait_for(1, "lobby");
    peer_disconnect(world.peers[1]);
    work();
    ck_assert_uint_eq(openings_count(world.hub), 0);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 0);
    ck_assert_uint_eq(world.hub->counters.rooms_created, 0);
}
END_TEST

START_TEST(rooms_on_their_way_count_as_rooms)
{
    world.hub->limits.rooms = 2;
    wait_for(0, "one");
    wait_for(1, "two");
    struct peer *late = peer_open(2);
    session_upgraded(late->session, bytes_of("three"));
    peer_hello_only(late, 2, "'open'");
    ck_assert_int_eq(peer_close_code(late), CLOSE_SERVER_FULL);
    struct peer *more = wait_for(3, "two"); /* which is one of them */
    work();
    work();
    expect_joined(more, 0);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 2);
}
END_TEST

/* Waits, or is told to come back later. */
static struct peer *ask_for(int index, const char *name)
{
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, bytes_of(name));
    peer_hello_only(peer, index, "'open'");
    return peer;
}

static void expect_later(const struct peer *peer, enum refusal refusal, uint64_t times)
{
    ck_assert_int_eq(peer_close_code(peer), CLOSE_SERVER_FULL);
    ck_assert(peer_close_says(peer, "too many rooms are being opened"));
    ck_assert(peer_close_says(peer, "retry_ms="));
    ck_assert_uint_eq(world.hub->counters.refused[refusal], times);
}

/* Below, at and above the limit; then there is room again. */
START_TEST(only_so_many_rooms_are_on_their_way)
{
    world.hub->limits.openings = 2;
    ck_assert_int_eq(ask_for(0, "one")->session->state, SESSION_WAITING);
    ck_assert_int_eq(ask_for(1, "two")->session->state, SESSION_WAITING);
    expect_later(ask_for(2, "three"), REFUSAL_OPENINGS, 1);
    ck_assert_int_eq(ask_for(3, "two")->session->state, SESSION_WAITING); /* one of them */
    peer_disconnect(world.peers[0]); /* it is on its way all the same */
    expect_later(ask_for(4, "three"), REFUSAL_OPENINGS, 2);
    ck_assert_uint_eq(openings_count(world.hub), 2);
    work();
    ck_assert_int_eq(ask_for(5, "three")->session->state, SESSION_WAITING);
}
END_TEST

START_TEST(rooms_are_looked_for_at_a_rate)
{
    world.hub->limits.load_rate = (struct bucket_rate){.per_second = 2, .burst = 3};
    bucket_fill(&world.hub->load_bucket, &world.hub->limits.load_rate, world.hub->now_us);
    for (int i = 0; i < 3; i++) { /* who comes and goes */
        char name[] = {'r', (char)('0' + i), 0};
        ck_assert_int_eq(ask_for(0, name)->session->state, SESSION_WAITING);
        peer_disconnect(world.peers[0]);
        free(world.peers[0]);
        work();
    }
    world.peers[0] = NULL;
    ck_assert_uint_eq(storage_figures(world.storage).loads, 0); /* nobody waited any more */
    expect_later(ask_for(1, "lobby"), REFUSAL_LOAD_RATE, 1);
    ck_assert_uint_eq(openings_count(world.hub), 0);
    world_jump(SECOND / 2 - 1);
    expect_later(ask_for(2, "lobby"), REFUSAL_LOAD_RATE, 2);
    world_jump(1);
    expect_joined(peer_join(3, "lobby"), 0);
    expect_joined(peer_join(4, "lobby"), 0); /* it is awake: nothing is looked for */
}
END_TEST

/* _i: when someone else comes for the room: 0 never, 1 before the store is asked, 2 when it was not and
 * the hub does not know yet. */
START_TEST(a_load_that_nobody_waits_for_is_not_made)
{
    sleeping_room();
    uint64_t loads = storage_figures(world.storage).loads;
    wait_for(1, "lobby");
    peer_disconnect(world.peers[1]);
    struct peer *ben = _i == 1 ? wait_for(2, "lobby") : NULL;
    storage_work(world.storage);
    ck_assert_uint_eq(storage_figures(world.storage).loads, loads + (_i == 1 ? 1 : 0));
    if (_i == 2)
        ben = wait_for(2, "lobby");
    for (int i = 0; i < 3; i++)
        work();
    ck_assert_uint_eq(storage_figures(world.storage).loads, loads + (_i == 0 ? 0 : 1));
    ck_assert_uint_eq(openings_count(world.hub), 0);
    if (ben != NULL)
        expect_joined(ben, 1);
}
END_TEST

START_TEST(nobody_waits_for_ever_and_a_late_answer_harms_nobody)
{
    sleeping_room();
    struct peer *ada = wait_for(1, "lobby");
    for (unsigned second = 0; second <= OPENING_S + 1; second++)
        stall(1);
    ck_assert_int_eq(peer_close_code(ada), CLOSE_MEMORY);
    ck_assert_uint_eq(openings_count(world.hub), 1);
    struct peer *ben = wait_for(2, "lobby"); /* for the same answer */
    work();
    work();
    expect_joined(ben, 1);
}
END_TEST

static enum store_result
busy_room(struct store *store, struct bytes name, store_room_visitor *visitor, void *context)
{
    (void)store;
    (void)name;
    (void)visitor;
    (void)context;
    return STORE_BUSY;
}

START_TEST(a_room_that_cannot_be_read_now_is_asked_for_again)
{
    sleeping_room();
    enum store_result (*room)(struct store *, struct bytes, store_room_visitor *, void *) =
        world.store->room;
    world.store->room = busy_room;
    ck_assert_int_eq(peer_close_code(peer_join(1, "lobby")), CLOSE_MEMORY);
    world.store->room = room;
    struct peer *ada = peer_join(2, "lobby");
    work();
    expect_joined(ada, 1);
}
END_TEST

/* --- The disk fails -------------------------------------------------------------------------------- */

START_TEST(who_waits_for_the_disk_gets_in_another_way_when_it_fails)
{
    uint64_t incarnation = sleeping_room();
    struct peer *ada = wait_for(1, "lobby");
    work();
    world.store->append = full_disk;
    world.loses = true;
    work();
    expect_joined(ada, 1);
    ck_assert_int_eq(world.hub->saving, SAVING_INTERRUPTED);
    ck_assert_uint_gt(room_incarnation(ada->session->host->room), incarnation);
}
END_TEST

START_TEST(who_waits_for_a_disk_that_hangs_gets_in_another_way)
{
    uint64_t incarnation = sleeping_room();
    struct peer *ada = wait_for(1, "lobby");
    work();
    for (int second = 0; second < 4; second++)
        stall(1);
    expect_joined(ada, 1);
    ck_assert_int_eq(world.hub->saving, SAVING_INTERRUPTED);
    ck_assert_uint_gt(room_incarnation(ada->session->host->room), incarnation);
    work();
    stall(1);
    ck_assert_int_eq(world.hub->saving, SAVING_WELL);
}
END_TEST

START_TEST(while_the_disk_fails_a_room_comes_back_at_once_as_a_new_incarnation)
{
    uint64_t incarnation = sleeping_room();
    world.store->append = full_disk;
    world.loses = true;
    expect_joined(peer_join(1, "other"), 0);
    peer_say(world.peers[1], "[1 [[0 'shapes' 'a' 'x' 1]]]");
    world_pass(200);
    ck_assert_int_eq(world.hub->saving, SAVING_INTERRUPTED);
    struct peer *ada = wait_for(2, "lobby");
    work();
    expect_joined(ada, 1);
    ck_assert_uint_gt(room_incarnation(ada->session->host->room), incarnation);
}
END_TEST

/* --- Rooms that go --------------------------------------------------------------------------------- */

START_TEST(a_room_that_falls_asleep_is_waited_for_and_comes_back)
{
    uint64_t incarnation = room_incarnation(room_with_a_record(0));
    peer_say(world.peers[0], "[4]");
    peer_disconnect(world.peers[0]);
    world_pass(1000);
    for (int second = 0; second < 32; second++)
        stall(1);
    ck_assert(hub_room_is_falling_asleep(world.hub, bytes_of("lobby")));
    struct peer *ada = wait_for(1, "lobby");
    work(); /* asleep */
    ck_assert_uint_eq(world.hub->counters.rooms_slept, 1);
    ck_assert_int_eq(ada->session->state, SESSION_WAITING);
    work(); /* loaded, woken */
    work(); /* saved */
    expect_joined(ada, 1);
    ck_assert_uint_eq(room_incarnation(ada->session->host->room), incarnation);
}
END_TEST

/* Its members are told, and whoever comes then gets a new room: 0 as soon as it has ended, 1 when it
 * is gone, 2 after a crash in between. */
START_TEST(a_room_that_has_ended_begins_anew)
{
    struct room *room = room_with_a_record(0);
    uint64_t incarnation = room_incarnation(room);
    room_end(room, "game over");
    world_jump(SECOND / 10);
    hub_beat(world.hub);
    ck_assert_int_eq(peer_close_code(world.peers[0]), CLOSE_ENDED);
    peer_disconnect(world.peers[0]);
    if (_i == 1)
        world_pass(500);
    if (_i == 2) {
        storage_work(world.storage); /* its end is on the disk, and nobody hears of it */
        world_crash();
    }
    struct peer *ada = wait_for(1, "lobby");
    for (int i = 0; i < 4; i++)
        work();
    expect_joined(ada, 0);
    ck_assert_uint_gt(room_incarnation(ada->session->host->room), incarnation);
    world_pass(200);
    ck_assert_int_eq(ada->session->state, SESSION_JOINED);
}
END_TEST

/* What is stored of its successor does not go on behind what was stored of it. */
START_TEST(what_follows_an_ended_room_is_stored_from_its_beginning)
{
    struct room *room = room_with_a_record(0);
    world_pass(20000); /* sealed */
    room_end(room, "game over");
    world_jump(SECOND / 10);
    hub_beat(world.hub);
    storage_work(world.storage); /* nobody hears of its end, and it is not removed */
    world_crash();
    struct peer *ada = wait_for(1, "lobby");
    for (int i = 0; i < 4; i++)
        work();
    expect_joined(ada, 0);
    peer_say(ada, "[1 [[0 'shapes' 'b' 'x' 1]]]");
    world_pass(20000); /* sealed */
    ck_assert(!storage_figures(world.storage).archive_fails);
    world_crash();
    expect_joined(peer_join(2, "lobby"), 1);
    ck_assert_uint_eq(world.hub->counters.rooms_recovered, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("opening");
    TCase *cases = tcase_create("waiting");
    tcase_add_checked_fixture(cases, world_setup, world_teardown);
    tcase_add_test(cases, nobody_is_seated_before_the_disk_knows_that_the_room_is_awake);
    tcase_add_loop_test(cases, who_leaves_while_waiting_leaves_nothing_behind, 0, 2);
    tcase_add_test(cases, a_new_room_that_nobody_waits_for_any_more_is_not_made);
    tcase_add_test(cases, rooms_on_their_way_count_as_rooms);
    tcase_add_test(cases, only_so_many_rooms_are_on_their_way);
    tcase_add_test(cases, rooms_are_looked_for_at_a_rate);
    tcase_add_loop_test(cases, a_load_that_nobody_waits_for_is_not_made, 0, 3);
    tcase_add_test(cases, nobody_waits_for_ever_and_a_late_answer_harms_nobody);
    tcase_add_test(cases, who_waits_for_a_disk_that_hangs_gets_in_another_way);
    tcase_add_test(cases, a_room_that_cannot_be_read_now_is_asked_for_again);
    tcase_add_test(cases, who_waits_for_the_disk_gets_in_another_way_when_it_fails);
    tcase_add_test(cases, while_the_disk_fails_a_room_comes_back_at_once_as_a_new_incarnation);
    tcase_add_test(cases, a_room_that_falls_asleep_is_waited_for_and_comes_back);
    tcase_add_loop_test(cases, a_room_that_has_ended_begins_anew, 0, 3);
    tcase_add_test(cases, what_follows_an_ended_room_is_stored_from_its_beginning);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
