/* check_rules_hub.c - rooms whose rules remember, or do what they may not, in a server that stores them. */
#include "server/files.h"
#include "server/room_host.h"
#include "tests/hub_world.h"
#include "tests/run_suite.h"

#include <check.h>

static const struct field_rules score_fields[] = {
    {.name = "points", .type = FIELD_INT},
    {.name = "medal", .type = FIELD_BINARY, .maximum = 32, .file = true},
};
static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE},
    {.name = "scores", .fields = score_fields, .field_count = 2},
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

static struct peer *join_room(int index, const char *room)
{
    struct peer *peer = peer_open(index);
    session_upgraded(peer->session, bytes_of(room));
    peer_hello(peer, index, "'game'");
    return peer;
}

static struct peer *join_game(int index)
{
    return join_room(index, "track");
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

static bool takes_none(const struct room *room, const void *memory)
{
    (void)room;
    return memory == NULL;
}

START_TEST(a_memory_that_rules_do_not_take_is_counted)
{
    world_restart();
    join_game(1);
    world_pass(50);
    ck_assert_uint_eq(world.hub->counters.memories_cleared, 0);
    kind.sound = takes_none;
    world_restart();
    struct peer *ben = join_game(2);
    world_pass(50);
    ck_assert_uint_eq(world.hub->counters.memories_cleared, 1);
    ck_assert_uint_eq(game_of(ben)->woken, 1);
    ck_assert_uint_le(game_of(ben)->rounds, 3);
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

static unsigned creations;

static void create_too_much(struct room *room)
{
    creations++;
    for (uint32_t i = 0; i <= kind.tick_records; i++)
        put(room, "rounds", i + 1);
}

/* Everyone who asks for it would make it again, and again. */
START_TEST(a_room_whose_making_breaks_a_limit_is_made_once)
{
    uint64_t created = world.hub->counters.rooms_created;
    creations = 0;
    kind.created = create_too_much;
    for (int i = 1; i < 4; i++) {
        struct peer *peer = join_room(i, "beside");
        ck_assert_int_eq(peer_close_code(peer), CLOSE_DAMAGED);
        ck_assert_int_eq(peer_close_says(peer, "tick_records"), i == 1);
    }
    ck_assert_uint_eq(creations, 1);
    ck_assert_uint_eq(world.hub->counters.rooms_broken, 1);
    ck_assert_uint_eq(world.hub->counters.rooms_created, created);
    ck_assert_int_eq(ada->session->state, SESSION_JOINED);
    kind.created = NULL;
    ck_assert(hub_release_room(world.hub, bytes_of("beside")));
    world_store();
    ck_assert_ptr_nonnull(room_of(join_room(4, "beside")));
}
END_TEST

/* --- Blank rooms ---------------------------------------------------------------------------------- */

static void begin(struct room *room)
{
    struct game *game = room_memory(room);
    game->rounds = 42;
}

/* In which nothing happens. */
static struct peer *join_blank(int index)
{
    kind.created = begin;
    kind.tick = NULL;
    struct peer *peer = join_room(index, "attic");
    world_pass(100);
    ck_assert(room_is_blank(room_of(peer)));
    ck_assert(!room_host_leaves_trace(peer->session->host));
    return peer;
}

static void upload_into_attic(void)
{
    struct http_denial denial;
    world.hub->limits.files = (struct file_limits){
        .file_bytes = 1000, .room_bytes = 1000, .all_mib = 1, .grace_s = 86400};
    struct upload *upload =
        upload_begin(world.hub, peer_open(2)->session, bytes_of("attic"), 100, &denial);
    ck_assert_ptr_nonnull(upload);
    upload_end(upload);
}

static void come_and_go_in_attic(const struct room_host *host)
{
    for (int i = 0; i < 100 && !host->stored; i++) {
        peer_say(join_room(3, "attic"), "[4]");
        world_pass(100);
        peer_free(3);
    }
}

START_TEST(a_blank_room_that_is_stored_has_the_memory_it_began_with)
{
    struct peer *ben = join_blank(1);
    if (_i == 0)
        upload_into_attic();
    else
        come_and_go_in_attic(ben->session->host);
    world_pass(100);
    ck_assert(ben->session->host->stored);
    ck_assert_ptr_null(ben->session->host->unstored.data);
    world_crash();
    ben = join_room(4, "attic");
    world_pass(100);
    ck_assert_uint_eq(game_of(ben)->woken, 1);
    ck_assert_uint_eq(game_of(ben)->rounds, 42);
}
END_TEST

/* What it wrote down before is worth nothing; what it does then is. */
START_TEST(a_blank_room_may_go_on_without_a_log)
{
    static const char *const line =
        "[1 [[0 'papers' 'big' 'q' 'much that is written again and again, until it is too much to "
        "be held by anyone who has something else to do, and then once more because it is']]]";
    kind.unkept = UNKEPT_CONTINUE;
    world.ring_bytes = 4000;
    world_restart();
    struct peer *ben = join_blank(1), *cleo = peer_join(2, "lobby");
    const struct room_host *host = ben->session->host;
    world.hangs = true;
    for (int i = 0; i < 100 && world.hub->saving != SAVING_PAUSED; i++) {
        peer_say(cleo, line);
        world_pass(100);
    }
    world_pass(200);
    ck_assert(host->unlogged);
    ck_assert(!host->stored);
    peer_say(ben, "[1 [[0 'scores' 'a' 'points' 1]]]");
    world_pass(200);
    peer_say(ben, "[4]");
    world_pass(40000);
    peer_free(1);
    ck_assert_uint_eq(world.hub->counters.rooms_forgotten, 0);
    world.hangs = false;
    world_pass(60000);
    ck_assert_uint_ge(world.hub->counters.rooms_slept, 1);
    ben = join_room(1, "attic");
    world_pass(100);
    ck_assert_uint_eq(room_records(room_of(ben)), 1);
    ck_assert_uint_eq(game_of(ben)->rounds, 42);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("rules_hub");
    tcase_add_checked_fixture(tcase, setup, world_teardown);
    tcase_add_test(tcase, a_rooms_memory_survives_sleep);
    tcase_add_test(tcase, a_rooms_memory_survives_a_restart);
    tcase_add_test(tcase, a_memory_that_rules_do_not_take_is_counted);
    tcase_add_loop_test(tcase, a_crash_takes_back_what_was_not_written_down, 0, 2);
    tcase_add_test(tcase, rules_that_write_too_much_cost_their_room_alone);
    tcase_add_test(tcase, rules_may_write_as_much_as_they_say);
    tcase_add_test(tcase, a_room_whose_making_breaks_a_limit_is_made_once);
    tcase_add_loop_test(tcase, a_blank_room_that_is_stored_has_the_memory_it_began_with, 0, 2);
    tcase_add_test(tcase, a_blank_room_may_go_on_without_a_log);

    Suite *suite = suite_create("rules_hub");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
