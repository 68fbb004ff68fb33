/* check_holes.c - rooms whose log can be kept nowhere: those that wait, those that go on without it,
 * and what comes back of them whenever the server ends. */
#include "server/room_host.h"
#include "sync/log.h"
#include "tests/every_kind.h"
#include "tests/hub_world.h"
#include "tests/read_field.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdio.h>

static struct rules game;

static const struct kinds kinds = {.rules = {&kind_open, &game}, .count = 2};

static struct peer *ada; /* in a game */

static struct peer *join_game(int index)
{
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, bytes_of("track"));
    peer_hello(peer, index, "'game'");
    return peer;
}

static void setup(void)
{
    game = kind_every;
    game.name = "game";
    game.unkept = UNKEPT_CONTINUE;
    world_setup();
    world.kinds = &kinds;
    world.ring_bytes = 4000;
    world_restart();
    ada = join_game(0);
    world_pass(500);
}

/* --- What is there ----------------------------------------------------------------------------------- */

static struct room *room_of(const struct peer *peer)
{
    ck_assert_ptr_nonnull(peer->session);
    ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    return peer->session->host->room;
}

static void write_record(struct peer *peer, const char *id)
{
    char line[80];
    snprintf(line, sizeof line, "[1 [[0 'papers' '%s' 'q' 1]]]", id);
    peer_say(peer, line);
    world_pass(200);
}

static bool has(const struct room *room, const char *id)
{
    uint8_t value[16];
    return read_field(room, "papers", 0, id, "q", value, sizeof value) > 0;
}

static uint64_t unsaved(const struct room *room)
{
    return room_tick_number(room) - room_durable(room);
}

/* --- What happens ------------------------------------------------------------------------------------ */

/* The disk does not answer, and so much comes that no more may wait for it. */
static void fill_ring(struct peer *peer)
{
    static const char *const line =
        "[1 [[0 'papers' 'big' 'q' 'much that is written again and again, until it is too much to "
        "be held by anyone who has something else to do, and then once more because it is']]]";
    world.hangs = true;
    for (int i = 0; i < 100 && world.hub->saving != SAVING_PAUSED; i++) {
        peer_say(peer, line);
        world_pass(100);
    }
    ck_assert_int_eq(world.hub->saving, SAVING_PAUSED);
    world_pass(100);
}

static void mend(void)
{
    world.hangs = false;
    world_pass(1500); /* where nobody is, a beat comes once a second */
    ck_assert_int_eq(world.hub->saving, SAVING_WELL);
}

/* Before the disk hangs `before` is written, while it may still wait `waiting`, then `unlogged`. */
static void make_hole(void)
{
    write_record(ada, "before");
    world.hangs = true;
    write_record(ada, "waiting");
    fill_ring(ada);
    ck_assert(ada->session->host->unlogged);
    write_record(ada, "unlogged");
    ck_assert(has(room_of(ada), "unlogged"));
}

/* --- Going on and standing still --------------------------------------------------------------------- */

START_TEST(a_game_goes_on_and_a_document_waits)
{
    struct peer *ben = peer_join(1, "lobby");
    world_pass(500);
    make_hole();
    uint64_t played = room_tick_number(room_of(ada)), waited = room_tick_number(room_of(ben));
    uint64_t durable = room_durable(room_of(ada));
    peer_say(ben, "[1 [[0 'shapes' 'a' 'x' 1]]]");
    world_pass(2000);
    ck_assert_uint_ge(room_tick_number(room_of(ada)), played + 39);
    ck_assert_uint_eq(room_tick_number(room_of(ben)), waited);
    ck_assert_uint_eq(room_durable(room_of(ada)), durable);
    ck_assert_uint_eq(world.hub->counters.holes, 1);
    ck_assert_int_eq(ada->session->saving, SAVING_INTERRUPTED);
    ck_assert_int_eq(ben->session->saving, SAVING_PAUSED);
    ck_assert_int_eq(peer_messages(ada, SERVER_SAVING), 1);
    ck_assert_int_eq(peer_messages(ben, SERVER_SAVING), 2);
    ck_assert_uint_eq(world.hub->counters.presence_dropped, 0);
    peer_say(ada, "[2 'mood' 'good']");
    ck_assert_uint_eq(world.hub->counters.presence_dropped, 0);
    peer_say(ben, "[2 'mood' 'good']");
    ck_assert_uint_eq(world.hub->counters.presence_dropped, 1);
    mend();
    ck_assert_int_eq(ada->session->saving, SAVING_WELL);
    ck_assert_int_eq(ben->session->saving, SAVING_WELL);
    ck_assert_uint_eq(room_records(room_of(ben)), 1);
    ck_assert_uint_eq(unsaved(room_of(ada)), 0);
    ck_assert_uint_eq(unsaved(room_of(ben)), 0);
}
END_TEST

START_TEST(what_waits_too_long_makes_a_hole_too)
{
    write_record(ada, "before");
    world.hangs = true;
    write_record(ada, "waiting");
    world_pass(1000);
    ck_assert_int_eq(world.hub->saving, SAVING_WELL);
    world_pass(2000);
    ck_assert_int_eq(world.hub->saving, SAVING_INTERRUPTED);
    ck_assert(!ada->session->host->unlogged);
    for (unsigned second = 0; second <= STORAGE_RING_S; second++) {
        peer_say(ada, "[3 1]"); /* so that it counts as alive */
        world_pass(1000);
    }
    ck_assert_int_eq(world.hub->saving, SAVING_PAUSED);
    ck_assert(ada->session->host->unlogged);
    mend();
    ck_assert(!ada->session->host->unlogged);
}
END_TEST

START_TEST(members_keep_their_places_over_a_hole)
{
    make_hole();
    uint64_t incarnation = room_incarnation(room_of(ada));
    struct peer *ben = join_game(1); /* who comes meanwhile is told at once */
    ck_assert_int_eq(peer_messages(ben, SERVER_SAVING), 1);
    write_record(ben, "by-ben");
    mend();
    ck_assert_uint_eq(room_incarnation(room_of(ada)), incarnation);
    ck_assert_int_eq(peer_messages(ben, SERVER_SAVING), 2);
    ck_assert(has(room_of(ada), "by-ben"));
    ck_assert_uint_eq(unsaved(room_of(ben)), 0);
}
END_TEST

START_TEST(there_may_be_any_number_of_holes)
{
    for (int i = 0; i < 5; i++) {
        make_hole();
        mend();
        write_record(ada, "after");
    }
    world_pass(15000); /* it is sealed */
    world_crash();
    const struct room *room = room_of(join_game(1));
    ck_assert(has(room, "unlogged") && has(room, "after"));
}
END_TEST

START_TEST(who_reads_nothing_is_told_when_it_reads_again)
{
    ada->choked = true;
    world.hangs = true;
    write_record(ada, "waiting");
    world_pass(3000);
    ck_assert_int_eq(world.hub->saving, SAVING_INTERRUPTED);
    ck_assert_int_eq(peer_messages(ada, SERVER_SAVING), 0);
    ada->choked = false;
    session_writable(ada->session);
    ck_assert_int_eq(peer_messages(ada, SERVER_SAVING), 1);
    mend();
    ck_assert_int_eq(peer_messages(ada, SERVER_SAVING), 2);
}
END_TEST

/* --- The server ends --------------------------------------------------------------------------------- */

/* Of what is written before, while it waits, in the hole and behind it, what is there after a crash. */
static const struct {
    const char *when;
    bool waiting, unlogged, after;
} crashes[] = {
    {"while it waits", false, false, false},
    {"in the hole", false, false, false},
    {"when what waited is on the disk", true, false, false},
    {"when the log goes on", true, true, false},
    {"behind the hole", true, true, true},
    {"when it is sealed", true, true, true},
};
#define CRASHES ((int)(sizeof crashes / sizeof crashes[0]))

static void live_until(int stage)
{
    write_record(ada, "before");
    world.hangs = true;
    write_record(ada, "waiting");
    if (stage == 0)
        return;
    fill_ring(ada);
    write_record(ada, "unlogged");
    if (stage == 1)
        return;
    world.hangs = false;
    storage_work(world.storage);
    hub_storage_turn(world.hub);
    if (stage == 2)
        return;
    world_pass(500);
    if (stage == 3)
        return;
    write_record(ada, "after");
    world_pass(stage == 4 ? 500 : 15000);
}

START_TEST(a_crash_leaves_what_was_told_to_be_saved)
{
    live_until(_i);
    uint64_t incarnation = room_incarnation(room_of(ada));
    uint64_t durable = room_durable(room_of(ada));
    if (durable > room_logged(room_of(ada)))
        durable = room_logged(room_of(ada)); /* nothing has happened since */
    world_crash();
    world.hangs = false;
    const struct room *room = room_of(join_game(1));
    ck_assert_uint_gt(room_incarnation(room), incarnation);
    ck_assert_uint_ge(room_tick_number(room), durable);
    ck_assert_msg(has(room, "before"), "%s", crashes[_i].when);
    ck_assert_msg(has(room, "waiting") == crashes[_i].waiting, "%s", crashes[_i].when);
    ck_assert_msg(has(room, "unlogged") == crashes[_i].unlogged, "%s", crashes[_i].when);
    ck_assert_msg(has(room, "after") == crashes[_i].after, "%s", crashes[_i].when);
    write_record(world.peers[1], "new");
    ck_assert_uint_eq(unsaved(room), 0);
}
END_TEST

START_TEST(a_server_that_stops_in_a_hole_saves_the_room_as_it_is)
{
    make_hole();
    uint64_t incarnation = room_incarnation(room_of(ada));
    world.hangs = false;
    world_restart();
    const struct room *room = room_of(join_game(1));
    ck_assert(has(room, "before") && has(room, "unlogged"));
    ck_assert_uint_eq(room_incarnation(room), incarnation); /* it slept */
}
END_TEST

/* --- Rooms that empty or end in a hole --------------------------------------------------------------- */

static void leave(struct peer *peer)
{
    peer_say(peer, "[4]");
    peer_disconnect(peer);
    world_pass(200);
}

START_TEST(an_empty_room_is_saved_without_a_tick_and_sleeps)
{
    make_hole();
    uint64_t incarnation = room_incarnation(room_of(ada));
    leave(ada);
    world_pass(40000); /* nobody sleeps while the disk does not answer */
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 1);
    mend();
    ck_assert_ptr_null(world.hub->unlogged);
    if (_i == 0) {
        world_pass(40000);
        ck_assert_uint_eq(world.hub->counters.rooms_slept, 1);
    } else {
        world_crash();
    }
    const struct room *room = room_of(join_game(1));
    ck_assert(has(room, "unlogged"));
    ck_assert_int_eq(room_incarnation(room) == incarnation, _i == 0);
}
END_TEST

/* By its rules, or by the operator. */
static void end_game(bool rules)
{
    if (rules)
        room_end(room_of(ada), "game over");
    else
        ck_assert(hub_delete_room(world.hub, bytes_of("track")));
    world_pass(100);
    ck_assert_int_eq(peer_close_code(ada), CLOSE_ENDED);
    peer_disconnect(ada);
}

START_TEST(a_room_that_ends_in_a_hole_is_gone_when_the_disk_is_well)
{
    make_hole();
    uint64_t incarnation = room_incarnation(room_of(ada));
    end_game(_i == 0);
    struct peer *ben = join_game(1);
    ck_assert_int_eq(ben->session->state, SESSION_WAITING);
    mend();
    world_pass(500);
    ck_assert(!has(room_of(ben), "before"));
    ck_assert_uint_gt(room_incarnation(room_of(ben)), incarnation);
    leave(ben);
    world_crash();
    ck_assert(!has(room_of(join_game(2)), "before"));
}
END_TEST

START_TEST(its_end_outlives_a_crash_before_it_is_removed)
{
    make_hole();
    end_game(_i == 0);
    world.hangs = false;
    storage_work(world.storage); /* what waited */
    hub_storage_turn(world.hub);
    world_jump(SECOND / 10);
    hub_beat(world.hub);
    storage_work(world.storage); /* its end is saved, and nobody hears of it */
    world_crash();
    ck_assert(!has(room_of(join_game(1)), "before"));
}
END_TEST

START_TEST(a_server_that_stops_removes_what_has_ended)
{
    make_hole();
    end_game(_i == 0);
    world.hangs = false;
    world_restart();
    ck_assert(!has(room_of(join_game(1)), "before"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("holes");
    TCase *life = tcase_create("life");
    tcase_add_checked_fixture(life, setup, world_teardown);
    tcase_add_test(life, a_game_goes_on_and_a_document_waits);
    tcase_add_test(life, what_waits_too_long_makes_a_hole_too);
    tcase_add_test(life, members_keep_their_places_over_a_hole);
    tcase_add_test(life, there_may_be_any_number_of_holes);
    tcase_add_test(life, who_reads_nothing_is_told_when_it_reads_again);
    suite_add_tcase(suite, life);

    TCase *ends = tcase_create("ends");
    tcase_add_checked_fixture(ends, setup, world_teardown);
    tcase_add_loop_test(ends, a_crash_leaves_what_was_told_to_be_saved, 0, CRASHES);
    tcase_add_test(ends, a_server_that_stops_in_a_hole_saves_the_room_as_it_is);
    tcase_add_loop_test(ends, an_empty_room_is_saved_without_a_tick_and_sleeps, 0, 2);
    tcase_add_loop_test(ends, a_room_that_ends_in_a_hole_is_gone_when_the_disk_is_well, 0, 2);
    tcase_add_loop_test(ends, its_end_outlives_a_crash_before_it_is_removed, 0, 2);
    tcase_add_loop_test(ends, a_server_that_stops_removes_what_has_ended, 0, 2);
    suite_add_tcase(suite, ends);

    return run_suite(suite);
}
