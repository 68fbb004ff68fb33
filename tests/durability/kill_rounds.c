/* kill_rounds - kills the real server again and again while clients write, and counts.
 *
 * A round: the clients write, the server is killed after a random while and started again, the
 * clients find it by themselves; then they stop writing, all becomes saved, and what each was told
 * is held against what a fresh client reads. Every third round the server is killed a second time
 * while the clients are still catching up.
 */
#include <check.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "tests/durability/author.h"
#include "tests/server_process.h"
#include "tools/histogram.h"

#define ROOMS           5u
#define AUTHORS_A_ROOM  4u
#define AUTHORS         (ROOMS * AUTHORS_A_ROOM)
#define WRITE_PERIOD_MS 10u

/* How long a condition may take to come true: nothing is timed, but the rounds end. */
#define CHECK_PERIOD_MS 5u
#define CHECKS_MAX      6000u

static const char usage[] =
    "usage: kill_rounds [--rounds N] [--seed S] [--durability memory|os|disk] [--expect-loss]\n"
    "\n"
    "Kills the server N times (20) while 20 clients in 5 rooms write, and counts what was lost or\n"
    "applied twice. With --expect-loss it is a success that something was lost: the proof that\n"
    "losses are found.\n";

static struct {
    uint32_t rounds;
    uint64_t seed;
    const char *durability; /* NULL: the server's default */
    bool expect_loss;
} options = {.rounds = 20};

struct newcomer {
    struct tutti_client *client;
    uint64_t live_us; /* 0 before */
};

static struct {
    struct server_process server;
    struct tutti_loop *loop;
    char url[64];
    unsigned short chance[3]; /* nrand48()'s */
    struct author authors[AUTHORS];
    struct newcomer newcomers[ROOMS];
    uint32_t round, kills, unequal;
    uint32_t rate; /* operations of an author per 1,000 periods; 0: nobody writes */
    struct findings findings;
    struct histogram start; /* from exec to a client that is live */
} world;

static uint32_t chance_below(uint32_t bound)
{
    return (uint32_t)nrand48(world.chance) % bound;
}

static void room_name(uint32_t room, char name[16])
{
    snprintf(name, 16, "room-%" PRIu32, room);
}

/* --- Waiting ------------------------------------------------------------------------------------- */

static bool (*condition)(void);
static uint64_t until_us;
static unsigned checks;

static void check_condition(void *context)
{
    (void)context;
    if (condition() || ++checks > CHECKS_MAX)
        tutti_loop_stop(world.loop);
}

/* False when it does not come true. */
static bool wait_until(bool (*name)(void))
{
    condition = name;
    checks = 0;
    tutti_loop_run(world.loop);
    return name();
}

static bool time_is_over(void)
{
    return tutti_now_us() >= until_us;
}

static void run_for_ms(uint32_t least, uint32_t most)
{
    uint32_t wait_ms = least + chance_below(most - least + 1);
    until_us = tutti_now_us() + UINT64_C(1000) * wait_ms;
    (void)wait_until(time_is_over);
}

static void write_some(void *context)
{
    (void)context;
    for (uint32_t i = 0; i < AUTHORS; i++)
        if (chance_below(1000) < world.rate)
            author_write(&world.authors[i], world.round);
}

/* --- Newcomers: clients that hold nothing yet -------------------------------------------------------------- */

static void on_newcomer_state(void *context, struct tutti_client *client, enum tutti_state state)
{
    struct newcomer *newcomer = context;
    (void)client;
    if (state == TUTTI_LIVE && newcomer->live_us == 0)
        newcomer->live_us = tutti_now_us();
}

static void newcomer_join(uint32_t room)
{
    struct newcomer *newcomer = &world.newcomers[room];
    char name[16];
    room_name(room, name);
    struct tutti_options fresh = {.kind = "open"};
    struct tutti_handlers handlers = {.context = newcomer, .state_changed = on_newcomer_state};
    newcomer->live_us = 0;
    newcomer->client = tutti_join(world.loop, world.url, name, &fresh, &handlers);
    ck_assert_ptr_nonnull(newcomer->client);
}

static bool newcomers_have_ended(void)
{
    for (uint32_t room = 0; room < ROOMS; room++)
        if (world.newcomers[room].client != NULL &&
            tutti_state(world.newcomers[room].client) != TUTTI_ENDED)
            return false;
    return true;
}

static void newcomers_leave(void)
{
    for (uint32_t room = 0; room < ROOMS; room++)
        if (world.newcomers[room].client != NULL)
            tutti_leave(world.newcomers[room].client);
    ck_assert_msg(wait_until(newcomers_have_ended), "fresh clients did not get away");
    for (uint32_t room = 0; room < ROOMS; room++) {
        tutti_destroy(world.newcomers[room].client);
        world.newcomers[room].client = NULL;
    }
}

static bool first_newcomer_is_live(void)
{
    return world.newcomers[0].live_us != 0;
}

/* --- A round --------------------------------------------------------------------------------------- */

static void start_again(void)
{
    uint64_t start_us = tutti_now_us();
    server_restart(&world.server);
    newcomer_join(0);
    ck_assert_msg(wait_until(first_newcomer_is_live), "no join after start %" PRIu32, world.kills);
    histogram_add(&world.start, world.newcomers[0].live_us - start_us);
    newcomers_leave();
}

static void kill_and_start_again(void)
{
    server_signal(&world.server, SIGKILL);
    world.kills++;
    run_for_ms(0, 100);
    start_again();
}

static bool all_is_saved(void)
{
    for (uint32_t i = 0; i < AUTHORS; i++) {
        const struct tutti_client *client = world.authors[i].client;
        if (tutti_state(client) != TUTTI_LIVE || tutti_unsaved(client) > 0)
            return false;
    }
    return true;
}

static bool room_is_equal(uint32_t room)
{
    const struct tutti_client *reader = world.newcomers[room].client;
    if (tutti_state(reader) != TUTTI_LIVE)
        return false;
    for (uint32_t i = room * AUTHORS_A_ROOM; i < (room + 1) * AUTHORS_A_ROOM; i++)
        if (tutti_hash(world.authors[i].client) != tutti_hash(reader))
            return false;
    return true;
}

static bool all_are_equal(void)
{
    for (uint32_t room = 0; room < ROOMS; room++)
        if (!room_is_equal(room))
            return false;
    return true;
}

static void check_rooms(void)
{
    ck_assert_msg(wait_until(all_is_saved), "round %" PRIu32 ": not all became saved", world.round);
    for (uint32_t room = 0; room < ROOMS; room++)
        newcomer_join(room);
    if (!wait_until(all_are_equal))
        world.unequal++;
    for (uint32_t room = 0; room < ROOMS; room++)
        authors_check(&world.authors[room * AUTHORS_A_ROOM], AUTHORS_A_ROOM,
                      world.newcomers[room].client, &world.findings);
    newcomers_leave();
}

static void one_round(void)
{
    world.rate = 150;
    run_for_ms(50, 800);
    kill_and_start_again();
    if (world.round % 3 == 0) {
        run_for_ms(0, 400);
        kill_and_start_again();
    }
    world.rate = 0;
    check_rooms();
}

/* --- The rounds ------------------------------------------------------------------------------------ */

static void begin(void)
{
    const char *const flags[] = {options.durability == NULL ? NULL : "--durability",
                                 options.durability, NULL};
    for (int i = 0; i < 3; i++)
        world.chance[i] = (unsigned short)(options.seed >> 16 * i);
    world.server = server_start_with(flags);
    snprintf(world.url, sizeof world.url, "ws://127.0.0.1:%u", world.server.port);
    world.loop = tutti_loop_create(NULL);
    ck_assert_ptr_nonnull(world.loop);
    tutti_loop_every(world.loop, CHECK_PERIOD_MS, check_condition, NULL);
    tutti_loop_every(world.loop, WRITE_PERIOD_MS, write_some, NULL);
    for (uint32_t i = 0; i < AUTHORS; i++) {
        char name[16];
        room_name(i / AUTHORS_A_ROOM, name);
        ck_assert(author_join(&world.authors[i], world.loop, world.url, name, i));
    }
    check_rooms();
    for (uint32_t i = 0; i < AUTHORS; i++)
        author_write(&world.authors[i], 0); /* a client that the room has saved is not forgotten */
    check_rooms();
}

static void end(void)
{
    for (uint32_t i = 0; i < AUTHORS; i++)
        author_leave(&world.authors[i]);
    tutti_loop_destroy(world.loop);
    server_stop(&world.server);
}

struct sums {
    uint64_t submitted, saved, refused, uncertain, repeated;
};

static struct sums sum_up(void)
{
    struct sums sums = {0};
    for (uint32_t i = 0; i < AUTHORS; i++) {
        const struct author *author = &world.authors[i];
        sums.submitted += author->count;
        sums.saved += author->saved;
        sums.refused += author->refused;
        sums.uncertain += author->uncertain;
        sums.repeated += tutti_repeated(author->client);
    }
    return sums;
}

static void report(void)
{
    const struct findings *found = &world.findings;
    struct sums sums = sum_up();
    printf("%" PRIu32 " rounds, %" PRIu32 " kills, seed %" PRIu64 ": %" PRIu64
           " operations, %" PRIu64 " acknowledged, %" PRIu64 " sent again, %" PRIu64
           " uncertain, %" PRIu64 " refused\n",
           world.round, world.kills, options.seed, sums.submitted, sums.saved, sums.repeated,
           sums.uncertain, sums.refused);
    printf("  acknowledged and lost %" PRIu64 ", twice %" PRIu64 ", torn %" PRIu64
           ", foreign %" PRIu64 ", out of order %" PRIu64 "; rounds that ended unequal %" PRIu32
           "\n",
           found->lost, found->twice, found->torn, found->foreign, found->moved, world.unequal);
    printf("  from exec to a client that is live: median %.0f ms, worst %.0f ms\n",
           (double)histogram_quantile(&world.start, 0.5) / 1000, (double)world.start.most / 1000);
    fflush(stdout);
}

START_TEST(what_is_acknowledged_survives_every_kill)
{
    begin();
    while (world.round < options.rounds && !(options.expect_loss && world.findings.lost > 0)) {
        world.round++;
        one_round();
        if (world.round % 10 == 0 && world.round < options.rounds)
            report();
    }
    report();
    struct findings found = world.findings;
    struct sums sums = sum_up();
    uint32_t unequal = world.unequal;
    end();
    if (options.expect_loss) {
        ck_assert_msg(found.lost > 0, "nothing was lost, or it was not found");
        return;
    }
    ck_assert_uint_eq(found.lost, 0);
    ck_assert_uint_eq(found.twice, 0);
    ck_assert_uint_eq(found.torn, 0);
    ck_assert_uint_eq(found.foreign, 0);
    ck_assert_uint_eq(found.moved, 0);
    ck_assert_uint_eq(unequal, 0);
    ck_assert_uint_eq(sums.refused, 0);
    ck_assert_uint_eq(sums.uncertain, 0);
}
END_TEST

static bool take_options(int count, char **arguments)
{
    static const struct option names[] = {
        {"rounds", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 's'},
        {"durability", required_argument, NULL, 'd'},
        {"expect-loss", no_argument, NULL, 'e'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
        switch (option) {
        case 'r':
            options.rounds = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 's':
            options.seed = strtoull(optarg, NULL, 10);
            break;
        case 'd':
            options.durability = optarg;
            break;
        case 'e':
            options.expect_loss = true;
            break;
        default:
            return false;
        }
    }
    return optind == count && options.rounds >= 1 && options.rounds <= 100000;
}

int main(int count, char **arguments)
{
    (void)!getrandom(&options.seed, sizeof(uint32_t), 0);
    if (!take_options(count, arguments)) {
        fputs(usage, stderr);
        return 2;
    }
    Suite *suite = suite_create("kill rounds");
    TCase *cases = tcase_create("durability");
    tcase_add_test(cases, what_is_acknowledged_survives_every_kill);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* it takes as long as its rounds do */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
