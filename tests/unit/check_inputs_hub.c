/* check_inputs_hub.c - inputs on their way through the server: sessions, limits, figures. */
#include <check.h>
#include <string.h>

#include "server/pages.h"
#include "server/room_host.h"
#include "tests/every_kind.h"
#include "tests/hub_world.h"
#include "tests/run_suite.h"

static const struct kinds kinds = {.rules = {&kind_open, &kind_every}, .count = 2};

static struct peer *join_game(int index)
{
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, bytes_of("track"));
    peer_hello(peer, index, "'every'");
    return peer;
}

static void setup(void)
{
    world_setup();
    world.kinds = &kinds;
    world_restart();
}

static struct room *room_of(const struct peer *peer)
{
    ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    return peer->session->host->room;
}

START_TEST(an_input_goes_from_the_socket_to_the_rules_and_back_into_frames)
{
    int64_t number = 0;
    struct peer *ada = join_game(0);
    peer_say(ada, "[5 0 1 2 3 4 5]");
    world_pass(100);
    ck_assert(room_input_number(room_of(ada), 1, &number));
    ck_assert_int_ge(number, 1);
    ck_assert_int_ge(peer_messages(ada, SERVER_FRAME_INPUTS), 1);
    world_pass(1000);
    ck_assert(!room_input_number(room_of(ada), 1, &number));
    ck_assert_uint_eq(hub_room_figures(world.hub).inputs.taken, 5);
    ck_assert_uint_gt(hub_room_figures(world.hub).inputs.missed, 0);
}
END_TEST

START_TEST(refused_ones_are_told_and_malformed_ones_end_the_connection)
{
    struct peer *ada = join_game(0);
    struct peer *ben = peer_join(1, "lobby");
    world_pass(100);
    peer_say(ada, "[5 0 'left']");
    peer_say(ben, "[5 0 1]");
    world_pass(100);
    ck_assert_int_eq(peer_messages(ada, SERVER_NOTICE), 1);
    ck_assert_int_eq(peer_messages(ben, SERVER_NOTICE), 1);
    struct room_figures figures = hub_room_figures(world.hub);
    ck_assert_uint_eq(figures.refused[STATUS_TYPE], 1);
    ck_assert_uint_eq(figures.refused[STATUS_DENIED], 1);
    ck_assert_uint_eq(figures.inputs.taken, 0);
    peer_say(ben, "[5 0]");
    ck_assert_int_eq(peer_close_code(ben), CLOSE_MALFORMED);
    peer_say(ada, "[5 4294967297 1]");
    ck_assert_int_eq(peer_close_code(ada), CLOSE_MALFORMED);
}
END_TEST

START_TEST(a_flood_of_them_ends_the_connection_that_sends_it_and_no_other)
{
    struct peer *ada = join_game(0);
    struct peer *ben = join_game(1);
    world_pass(100);
    int sent = 0;
    while (ada->session->state == SESSION_JOINED) {
        peer_say(ada, "[5 0 1 2 3 4 5 6 7 8]");
        ck_assert_int_lt(++sent, 10000);
    }
    ck_assert_int_eq(peer_close_code(ada), CLOSE_TOO_FAST);
    ck_assert_uint_eq(world.hub->counters.refused[REFUSAL_MESSAGE_RATE], 1);
    peer_say(ben, "[5 20 7]");
    world_pass(200);
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_uint_gt(hub_room_figures(world.hub).inputs.early, 0);
}
END_TEST

START_TEST(figures_stay_when_a_room_goes)
{
    static const char wanted[] = "\ntutti_inputs_total{outcome=\"taken\"} 2\n";
    struct peer *ada = join_game(0);
    world_pass(100);
    peer_say(ada, "[5 10 1 2]");
    peer_say(ada, "[5 -1 1]");
    peer_say(ada, "[5 100 1]");
    peer_say(ada, "[5 -4000 1]");
    struct input_counts before = hub_room_figures(world.hub).inputs;
    ck_assert_uint_eq(before.taken, 2);
    ck_assert_uint_eq(before.duplicate, 1);
    ck_assert_uint_eq(before.early, 1);
    peer_say(ada, "[4]");
    peer_disconnect(ada);
    world_pass(60000);
    ck_assert_uint_eq(HASH_COUNT(world.hub->rooms), 0);
    ck_assert_uint_eq(hub_room_figures(world.hub).inputs.taken, before.taken);
    ck_assert_uint_eq(hub_room_figures(world.hub).inputs.duplicate, before.duplicate);

    struct http_request request = {.method = HTTP_GET, .path = bytes_of("/metrics")};
    struct http_response response;
    ck_assert(pages_answer(world.hub, &request, &response));
    ck_assert_ptr_nonnull(memmem(response.body.data, response.body.length, wanted, strlen(wanted)));
    http_release(&response);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("hub");
    tcase_add_checked_fixture(tcase, setup, world_teardown);
    tcase_add_test(tcase, an_input_goes_from_the_socket_to_the_rules_and_back_into_frames);
    tcase_add_test(tcase, refused_ones_are_told_and_malformed_ones_end_the_connection);
    tcase_add_test(tcase, a_flood_of_them_ends_the_connection_that_sends_it_and_no_other);
    tcase_add_test(tcase, figures_stay_when_a_room_goes);
    Suite *suite = suite_create("inputs_hub");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
