/* check_quarantine.c - rooms that their rules cost: members told, what was logged kept, nobody in before
 * they are released. */
#include "tests/hub_world.h"
#include "tests/run_suite.h"

#include <check.h>

static struct peer *ada;

static struct room_host *host_of(const struct peer *peer)
{
    ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    return peer->session->host;
}

static void setup(void)
{
    world_setup();
    ada = peer_join(0, "track");
    world_pass(100);
    peer_say(ada, "[1 [[0 'papers' 'a' 'q' 1]]]");
    world_pass(100);
}

static void comes_back(int index, uint64_t records)
{
    ck_assert(hub_release_room(world.hub, bytes_of("track")));
    world_store();
    struct peer *peer = peer_join(index, "track");
    ck_assert_uint_eq(room_records(host_of(peer)->room), records);
}

START_TEST(members_are_told_and_nobody_gets_in_before_it_is_released)
{
    struct peer *ben = peer_join(1, "track");
    peer_join(2, "lobby");
    hub_room_quarantine(world.hub, host_of(ada), GUARD_SLOW);
    ck_assert_int_eq(peer_close_code(ada), 4014);
    ck_assert_int_eq(peer_close_code(ben), 4014);
    ck_assert(peer_close_says(ada, "take more time than there is"));
    ck_assert_uint_eq(world.hub->counters.rooms_slow, 1);
    world_pass(100);
    ck_assert_int_eq(peer_close_code(peer_join(3, "track")), 4018);
    ck_assert_int_eq(world.peers[2]->session->state, SESSION_JOINED);
    comes_back(4, 1);
}
END_TEST

/* What was logged last comes to the disk before the room may be looked for again. */
START_TEST(its_last_entries_are_waited_for)
{
    world.hangs = true;
    peer_say(ada, "[1 [[0 'papers' 'b' 'q' 1]]]");
    world_pass(100);
    hub_room_quarantine(world.hub, host_of(ada), GUARD_SLOW);
    struct peer *ben = peer_join(1, "track");
    world_pass(100);
    ck_assert_int_eq(ben->session->state, SESSION_WAITING);
    world.hangs = false;
    world_pass(100);
    ck_assert_int_eq(peer_close_code(ben), 4018);
    comes_back(2, 2);
}
END_TEST

/* Whatever happens to the rest of the server: it is not read, written, saved or freed. */
START_TEST(a_room_that_is_stuck_is_not_touched)
{
    struct room *room = host_of(ada)->room;
    uint64_t tick = room_tick_number(room);
    uint32_t members = room_members(room);
    world.hangs = true;
    peer_say(ada, "[1 [[0 'papers' 'b' 'q' 1]]]");
    hub_room_quarantine(world.hub, host_of(ada), GUARD_STUCK);
    ck_assert_int_eq(peer_close_code(ada), 4014);
    ck_assert(peer_close_says(ada, "did not come back"));
    ck_assert_uint_eq(world.hub->counters.rooms_stuck, 1);
    world_pass(3000); /* the disk is interrupted, and members are told */
    world.hangs = false;
    world_pass(1000);
    ck_assert_uint_eq(room_tick_number(room), tick);
    ck_assert_uint_eq(room_members(room), members);
    comes_back(1, 1);
    room_destroy(room); /* nobody else does */
}
END_TEST

START_TEST(a_blank_room_is_quarantined_too)
{
    struct peer *ben = peer_join(1, "attic");
    world_pass(100);
    ck_assert(!host_of(ben)->stored);
    hub_room_quarantine(world.hub, host_of(ben), GUARD_SLOW);
    world_pass(100);
    ck_assert_int_eq(peer_close_code(peer_join(2, "attic")), 4018);
    ck_assert(hub_release_room(world.hub, bytes_of("attic")));
    world_store();
    ck_assert_int_eq(peer_join(3, "attic")->session->state, SESSION_JOINED);
}
END_TEST

START_TEST(it_outlives_the_server)
{
    hub_room_quarantine(world.hub, host_of(ada), GUARD_SLOW);
    world_pass(100);
    if (_i == 0)
        world_restart();
    else
        world_crash();
    ck_assert_int_eq(peer_close_code(peer_join(1, "track")), 4018);
    comes_back(2, 1);
}
END_TEST

START_TEST(it_may_be_deleted_while_its_last_entries_are_on_their_way)
{
    world.hangs = true;
    peer_say(ada, "[1 [[0 'papers' 'b' 'q' 1]]]");
    world_pass(100);
    hub_room_quarantine(world.hub, host_of(ada), GUARD_SLOW);
    ck_assert(hub_delete_room(world.hub, bytes_of("track")));
    world.hangs = false;
    world_pass(200);
    struct peer *ben = peer_join(1, "track");
    ck_assert_uint_eq(room_records(host_of(ben)->room), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("quarantine");
    tcase_add_checked_fixture(tcase, setup, world_teardown);
    tcase_add_test(tcase, members_are_told_and_nobody_gets_in_before_it_is_released);
    tcase_add_test(tcase, its_last_entries_are_waited_for);
    tcase_add_test(tcase, a_room_that_is_stuck_is_not_touched);
    tcase_add_test(tcase, a_blank_room_is_quarantined_too);
    tcase_add_loop_test(tcase, it_outlives_the_server, 0, 2);
    tcase_add_test(tcase, it_may_be_deleted_while_its_last_entries_are_on_their_way);
    Suite *suite = suite_create("quarantine");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
