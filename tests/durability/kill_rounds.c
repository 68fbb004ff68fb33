/* kill_rounds - kills the real server again and again while clients write, and counts.
 *
 * A round: the clients write, the server is killed after a random while and started again, the
 * clients find it by themselves; then they stop writing, all becomes saved, and what each was told
 * is held against what a fresh client reads. Every third round the server is killed a second time
 * while the clients are still catching up.
 *
 * With --power the machine's power is cut instead: the server goes on with what the disk held when
 * it was stopped (power_cut.h).
 */
#include <check.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "tests/durability/crowd.h"
#include "tests/durability/power_cut.h"
#include "tests/server_process.h"
#include "tools/histogram.h"

#define ROOMS          5u
#define AUTHORS_A_ROOM 4u

static const char usage[] =
    "usage: kill_rounds [--rounds N] [--seed S] [--durability memory|os|disk] [--power]\n"
    "                   [--expect-loss]\n"
    "\n"
    "Kills the server N times (20) while 20 clients in 5 rooms write, and counts what was lost or\n"
    "applied twice. With --power, which needs root and loop devices, the power is cut instead. "
    "With\n"
    "--expect-loss it is a success that something was lost: the proof that losses are found.\n";

static struct {
    uint32_t rounds;
    uint64_t seed;
    const char *durability; /* NULL: the server's default */
    bool power;
    bool expect_loss;
} options = {.rounds = 20};

static struct {
    struct server_process server;
    struct power_cut power;
    struct crowd crowd;
    uint32_t kills;
    struct histogram start; /* from exec to a client that is live */
} world;

/* --- A round --------------------------------------------------------------------------------------- */

static bool first_newcomer_is_live(struct crowd *crowd)
{
    return crowd->newcomers[0].live_us != 0;
}

static void start_again(void)
{
    struct crowd *crowd = &world.crowd;
    uint64_t start_us = tutti_now_us();
    server_restart(&world.server);
    crowd_join_room(crowd, 0);
    ck_assert_msg(crowd_wait(crowd, first_newcomer_is_live), "no join after start %" PRIu32,
                  world.kills);
    histogram_add(&world.start, crowd->newcomers[0].live_us - start_us);
    crowd_leave_rooms(crowd);
}

static void kill_and_start_again(void)
{
    if (options.power)
        power_cut(&world.power, &world.server);
    else
        server_signal(&world.server, SIGKILL);
    world.kills++;
    crowd_run_ms(&world.crowd, 0, 100);
    start_again();
}

static void one_round(void)
{
    struct crowd *crowd = &world.crowd;
    crowd->rate = 150;
    crowd_run_ms(crowd, 50, 800);
    kill_and_start_again();
    if (crowd->round % 3 == 0) {
        crowd_run_ms(crowd, 0, 400);
        kill_and_start_again();
    }
    crowd->rate = 0;
    crowd_check(crowd);
}

/* --- The rounds ------------------------------------------------------------------------------------ */

static void begin(void)
{
    const char *const flags[] = {options.durability == NULL ? NULL : "--durability",
                                 options.durability, NULL};
    if (options.power)
        power_begin(&world.power);
    world.server = server_start_in(world.power.data, flags);
    crowd_begin(&world.crowd, world.server.port, ROOMS, AUTHORS_A_ROOM, options.seed);
}

static void end(void)
{
    crowd_end(&world.crowd);
    server_stop(&world.server);
    if (options.power)
        power_end(&world.power);
}

static void report(void)
{
    const struct findings *found = &world.crowd.findings;
    struct crowd_sums sums = crowd_sums(&world.crowd);
    printf("%" PRIu32 " rounds, %" PRIu32 " kills, seed %" PRIu64 ": %" PRIu64
           " operations, %" PRIu64 " acknowledged, %" PRIu64 " sent again, %" PRIu64
           " uncertain, %" PRIu64 " refused\n",
           world.crowd.round, world.kills, options.seed, sums.submitted, sums.saved, sums.repeated,
           sums.uncertain, sums.refused);
    printf(
        "  acknowledged and lost %" PRIu64 ", twice %" PRIu64 ", torn %" PRIu64 ", foreign %" PRIu64
        ", out of order %" PRIu64 "; rounds that ended unequal %" PRIu32 "\n",
        found->lost, found->twice, found->torn, found->foreign, found->moved, world.crowd.unequal);
    printf("  from exec to a client that is live: median %.0f ms, worst %.0f ms\n",
           (double)histogram_quantile(&world.start, 0.5) / 1000, (double)world.start.most / 1000);
    fflush(stdout);
}

START_TEST(what_is_acknowledged_survives_every_kill)
{
    begin();
    while (world.crowd.round < options.rounds &&
           !(options.expect_loss && world.crowd.findings.lost > 0)) {
        world.crowd.round++;
        one_round();
        if (world.crowd.round % 10 == 0 && world.crowd.round < options.rounds)
            report();
    }
    report();
    struct findings found = world.crowd.findings;
    struct crowd_sums sums = crowd_sums(&world.crowd);
    uint32_t unequal = world.crowd.unequal;
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
        {"rounds", required_argument, NULL, 'r'},     {"seed", required_argument, NULL, 's'},
        {"durability", required_argument, NULL, 'd'}, {"power", no_argument, NULL, 'p'},
        {"expect-loss", no_argument, NULL, 'e'},      {NULL, 0, NULL, 0},
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
        case 'p':
            options.power = true;
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
    if (options.power && !power_is_there()) {
        puts("skipped: cutting the power needs root, loop devices and ext4");
        return POWER_SKIPPED;
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
    if (world.power.data[0] != '\0' && failed > 0) {
        server_signal(&world.server, SIGKILL); /* which a failure has left on the disk */
        power_end(&world.power);
    }
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
