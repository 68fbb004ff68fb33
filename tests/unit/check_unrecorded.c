/* check_unrecorded.c - rooms and kinds that are not recorded: of their past nobody gets anything. */
#include "server/recorded_kinds.h"
#include "sync/log.h"
#include "tests/helpers.h"
#include "tests/ordering.h"
#include "tests/recorded_lobby.h"
#include "tests/run_suite.h"

#include <check.h>
#include <stdio.h>

/* Some log, more than a room has to have for a snapshot when it falls asleep. */
static void do_much(struct peer *peer, int from)
{
    static char line[1200];
    for (int i = from; i < from + 20; i++) {
        snprintf(line, sizeof line, "[1 [[0 'shapes' 's' 'n' %d 'text' '%0900d']]]", i, i);
        peer_say(peer, line);
        peer_say(peer, "[2 'x' 5]");
        world_pass(400);
    }
}

static void leave(struct peer *peer)
{
    peer_say(peer, "[4]");
    peer_disconnect(peer);
}

static void fall_asleep(void)
{
    world_pass((world.hub->limits.linger_s + 5) * 1000 + 2 * STORAGE_SEAL_MS);
    ck_assert_ptr_null(world.hub->rooms);
}

static struct peer *come_back(int index, const char *target)
{
    if (world.peers[index] != NULL)
        peer_free(index);
    struct peer *peer = peer_join(index, target);
    ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    return peer;
}

/* Of the room's past nobody gets anything. */
static void expect_no_past(const char *room)
{
    char path[96];
    if (world.peers[5] != NULL)
        peer_free(5);
    snprintf(path, sizeof path, "%s/replay/x?at=9", room);
    struct peer *viewer = peer_join(5, path);
    ck_assert_int_eq(peer_close_code(viewer), CLOSE_ENDED);
    ck_assert(peer_close_says(viewer, "this room is not recorded"));
    peer_free(5);
    viewer = peer_open(5);
    snprintf(path, sizeof path, "/v1/rooms/%s/recording", room);
    ck_assert_int_eq(order_of(viewer, HTTP_GET, path, ""), 404);
    ck_assert_str_eq(ordered->denial.text, "this room is not recorded");
    snprintf(path, sizeof path, "/v1/rooms/%s/forks", room);
    ck_assert_int_eq(order_of(viewer, HTTP_POST, path, "{\"tick\":0}"), 404);
    ck_assert_str_eq(ordered->denial.text, "this room is not recorded");
    snprintf(path, sizeof path, "/v1/rooms/%s/markers", room);
    ck_assert_int_eq(order_of(viewer, HTTP_POST, path, "{\"tick\":9,\"title\":\"x\"}"), 404);
    order_forget();
}

static bool add_segment(void *context, const struct store_segment *segment)
{
    struct store_segment *all = context;
    ck_assert_uint_eq(segment->summary.length, 0);
    if (all->first == 0)
        all->first = segment->first;
    return true;
}

static bool no_track(void *context, const struct store_blob *blob)
{
    ck_abort_msg("a track from tick %d", (int)blob->first);
    return context != NULL;
}

/* What is there of it begins at a snapshot. */
static void expect_forgotten(const char *room)
{
    struct store_segment all = {0};
    struct bytes name = bytes_of(room);
    ck_assert_int_eq(world.store->segments(world.store, name, 0, add_segment, &all), STORE_OK);
    ck_assert_uint_gt(all.first, LOG_TICK_FIRST);
    enum store_result result = world.store->tracks(world.store, name, 0, no_track, NULL);
    ck_assert(result == STORE_OK || result == STORE_NOT_FOUND);
}

static void expect_kept(struct peer *peer, const char *number)
{
    expect_value(peer->session->host->room, "shapes", 0, "s", "n", number);
}

START_TEST(a_room_that_was_opened_so_is_not_recorded)
{
    struct peer *bob = peer_join(2, "quiet?record=no");
    ck_assert(!bob->session->host->recorded);
    ck_assert(visit.ada->session->host->recorded);
    leave(visit.ada);
    do_much(bob, 0);
    expect_no_past("quiet");
    static const char *const numbers[] = {"19", "119", "219"};
    for (int life = 0; life < 3; life++) {
        leave(bob);
        fall_asleep();
        expect_no_past("quiet");
        if (life == 1)
            world_restart();
        bob = come_back(2, "quiet"); /* it is what it was made as */
        ck_assert(!bob->session->host->recorded);
        expect_kept(bob, numbers[life]);
        do_much(bob, (life + 1) * 100);
        expect_no_past("quiet");
    }
    expect_forgotten("quiet");
}
END_TEST

START_TEST(a_crash_does_not_make_it_recorded)
{
    struct peer *bob = peer_join(2, "quiet?record=no");
    do_much(bob, 0);
    world_crash();
    expect_no_past("quiet");
    bob = come_back(2, "quiet");
    expect_kept(bob, "19");
    expect_no_past("quiet");
}
END_TEST

START_TEST(a_room_that_is_there_stays_as_it_is)
{
    struct peer *bob = peer_join(2, "lobby?record=no");
    ck_assert(bob->session->host->recorded);
    ck_assert_int_eq(order_of(visit.page, HTTP_GET, ROOM "/recording", ""), 200);
}
END_TEST

/* But for what is pinned, of when it was. */
START_TEST(a_kind_that_is_not_recorded_has_no_past)
{
    ck_assert_int_eq(order_of(visit.page, HTTP_POST, session_path(), "{\"pinned\":true}"), 204);
    uint64_t pinned = room_logged(visit.ada->session->host->room);
    world.record = "cursors,board";
    world_restart();
    visit.ada = come_back(0, "lobby");
    ck_assert(!visit.ada->session->host->recorded);
    do_much(visit.ada, 0);
    expect_no_past("lobby");
    leave(visit.ada);
    fall_asleep();
    world.record = "open";
    world_restart();
    if (world.peers[1] != NULL)
        peer_free(1);
    visit.page = peer_open(1);
    visit.ada = come_back(0, "lobby");
    expect_kept(visit.ada, "19");
    world_pass(STORAGE_SEAL_MS);
    read_timeline(); /* the kind is recorded again */
    ck_assert_int_eq(number_at(visit.timeline, "first"), LOG_TICK_FIRST);
    ck_assert_uint_ge((uint64_t)number_at(element("sessions", 0, 2), "last"), pinned);
}
END_TEST

START_TEST(a_list_of_kinds_has_words)
{
    struct bytes unknown, open = bytes_of("open");
    ck_assert(recorded_kinds_have(NULL, open) && recorded_kinds_have("all", open));
    ck_assert(recorded_kinds_have("board,open", open) && recorded_kinds_have("open", open));
    ck_assert(!recorded_kinds_have("none", open) && !recorded_kinds_have("opens,ope", open));
    ck_assert(recorded_kinds_are_known("all", &kinds_built_in, &unknown));
    ck_assert(recorded_kinds_are_known("none", &kinds_built_in, &unknown));
    ck_assert(recorded_kinds_are_known("race,open", &kinds_built_in, &unknown));
    ck_assert(!recorded_kinds_are_known("race,boards", &kinds_built_in, &unknown));
    ck_assert(bytes_equal(unknown, bytes_of("boards")));
    ck_assert(!recorded_kinds_are_known("race,,open", &kinds_built_in, &unknown));
}
END_TEST

int main(void)
{
    TCase *unrecorded = tcase_create("unrecorded");
    tcase_add_checked_fixture(unrecorded, lobby_setup, lobby_teardown);
    tcase_add_test(unrecorded, a_room_that_was_opened_so_is_not_recorded);
    tcase_add_test(unrecorded, a_crash_does_not_make_it_recorded);
    tcase_add_test(unrecorded, a_room_that_is_there_stays_as_it_is);
    tcase_add_test(unrecorded, a_kind_that_is_not_recorded_has_no_past);
    tcase_add_test(unrecorded, a_list_of_kinds_has_words);

    Suite *suite = suite_create("unrecorded");
    suite_add_tcase(suite, unrecorded);
    return run_suite(suite);
}
