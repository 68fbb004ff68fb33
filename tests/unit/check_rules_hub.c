/* check_rules_hub.c - rooms whose rules remember, or do what they may not, in a server that stores them. */
#include "server/room_host.h"
#include "tests/hub_world.h"

#include <check.h>
#include <stdlib.h>

static const struct field_rules score_fields[] = {{.name = "points", .type = FIELD_INT}};
static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE},
    {.name = "scores", .fields = score_fields, .field_count = 1},
};

struct game {
    uint64_t rounds;
    uint64_t woken;
};

static uint32_t writes; /* of each tick */
static uint64_t shown;  /* what the records tell, and the memory should agree with */

static void put(struct room *room, const char *id, uint64_t points)
{
    struct field_value value = {.field = 0, .number = (int64_t)points};
    (void)room_put(room, 1, 0, bytes_of(id), &value, 1);
}

static void tick(struct room *room)
{
    struct game *game = room_memory(room);
    game->rounds++;
    for (uint32_t i = 0; i < writes; i++)
        put(room, "rounds", game->rounds + i);
    shown = game->rounds;
}

static void woken(struct room *room)
{
    struct game *game = room_memory(room);
    game->woken++;
}

static struct rules kind;
static const struct kinds kinds = {.rules = {&kind_open, &kind}, .count = 2};
static struct peer *ada;

static struct peer *join_game(int index)
{
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, bytes_of("track"));
    peer_hello(peer, index, "'game'");
    return peer;
}

static void setup(void)
{
    kind = (struct rules){.name = "game",
                          .tick_hz = 20,
                          .frame_hz = 20,
                          .collections = collections,
                          .collection_count = 2,
                          .tick_records = 2,
                          .memory_bytes = sizeof(struct game),
                          .memory_ticks = 5,
                          .woken = woken,
                          .tick = tick};
    writes = 1;
    world_setup();
    world.kinds = &kinds;
    world_restart();
    ada = join_game(0);
    world_pass(1000);
}

static struct room *room_of(const struct peer *peer)
{
    ck_assert_int_eq(peer->session->state, SESSION_JOINED);
    return peer->session->host->room;
}

static const struct game *game_of(const struct peer *peer)
{
    return room_memory(room_of(peer));
}

START_TEST(a_rooms_memory_survives_sleep)
{
    uint64_t rounds = shown;
    ck_assert_uint_gt(rounds, 10);
    peer_say(ada, "[4]");
    peer_disconnect(ada);
    world_pass(40000);
    ck_assert_uint_eq(world.hub->counters.rooms_slept, 1);
    rounds = shown;
    struct peer *ben = join_game(1);
    world_pass(50);
    ck_assert_uint_eq(game_of(ben)->woken, 1);
    ck_assert_uint_ge(game_of(ben)->rounds, rounds);
    ck_assert_uint_le(game_of(ben)->rounds, rounds + 2);
}
END_TEST

START_TEST(a_rooms_memory_survives_a_restart)
{
    uint64_t rounds = shown;
    world_restart();
    struct peer *ben = join_game(1);
    world_pass(50);
    ck_assert_uint_eq(game_of(ben)->woken, 1);
    ck_assert_uint_ge(game_of(ben)->rounds, rounds);
}
END_TEST

/* 0: out of the journal, 1: out of the archive. */
START_TEST(a_crash_takes_back_what_was_not_written_down)
{
    world_pass(_i == 0 ? 500 : 15000);
    uint64_t rounds = shown;
    world_crash();
    struct peer *ben = join_game(1);
    world_pass(50);
    ck_assert_uint_eq(game_of(ben)->woken, 1);
    ck_assert_uint_le(game_of(ben)->rounds, rounds + 2);
    ck_assert_uint_ge(game_of(ben)->rounds + kind.memory_ticks + 5, rounds);
}
END_TEST

START_TEST(rules_that_write_too_much_cost_their_room_alone)
{
    struct peer *ben = peer_join(1, "lobby");
    writes = kind.tick_records + 1;
    world_pass(200);
    ck_assert_int_eq(peer_close_code(ada), CLOSE_ENDED);
    ck_assert(peer_close_says(ada, "tick_records"));
    ck_assert_uint_eq(world.hub->counters.rooms_broken, 1);
    ck_assert_uint_eq(world.hub->counters.rooms_ended, 0);
    ck_assert_int_eq(ben->session->state, SESSION_JOINED);
    ck_assert_int_eq(peer_close_code(join_game(2)), CLOSE_DAMAGED);

    uint64_t rounds = shown;
    writes = 1;
    ck_assert(hub_release_room(world.hub, bytes_of("track")));
    world_store();
    struct peer *cleo = join_game(3);
    world_pass(100);
    ck_assert_uint_gt(game_of(cleo)->rounds + 2 * kind.memory_ticks, rounds);
    ck_assert_uint_eq(room_records(room_of(cleo)), 1);
}
END_TEST

START_TEST(rules_may_write_as_much_as_they_say)
{
    writes = kind.tick_records;
    world_pass(1000);
    ck_assert_int_eq(ada->session->state, SESSION_JOINED);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("rules_hub");
    tcase_add_checked_fixture(tcase, setup, world_teardown);
    tcase_add_test(tcase, a_rooms_memory_survives_sleep);
    tcase_add_test(tcase, a_rooms_memory_survives_a_restart);
    tcase_add_loop_test(tcase, a_crash_takes_back_what_was_not_written_down, 0, 2);
    tcase_add_test(tcase, rules_that_write_too_much_cost_their_room_alone);
    tcase_add_test(tcase, rules_may_write_as_much_as_they_say);

    Suite *suite = suite_create("rules_hub");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
