/* check_kinds.c - the real server with kinds of its operator's: what their mistakes cost their own rooms,
 * the others, and the next start. The kind `wayward` does what it is ordered (tests/kinds). */
#include "sync/wire.h"
#include "tests/operator.h"
#include "tests/raw_client.h"
#include "tests/run_suite.h"
#include "tests/server_process.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct server_process server;
static struct raw_client ada, ben, eve; /* eve is in another room */
static char folder[64];                 /* of kinds */

static void put_kind(const char *kind)
{
    ck_assert_int_eq(run_command("cp %s/%s.so %s", TEST_KINDS, kind, folder), 0);
}

static void setup(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    strcpy(folder, "/tmp/check-kinds-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    put_kind("wayward");
    put_kind("stillborn");
    put_kind("unborn");
    server = server_start_with((const char *const[]){"--kinds", folder, NULL});
    ada.fd = ben.fd = eve.fd = -1;
}

static void teardown(void)
{
    raw_shut(&ada);
    raw_shut(&ben);
    raw_shut(&eve);
    bool running = server.pid != 0;
    server_stop(&server);
    if (running)
        ck_assert_int_eq(server.exit_status, 0);
    ck_assert_int_eq(run_command("rm -r %s", folder), 0);
}

/* --- Members -------------------------------------------------------------------------------------- */

static void open_room(struct raw_client *client, int key, const char *room, const char *kind)
{
    raw_shut(client);
    ck_assert_int_eq(raw_open(client, server.port, room), 101);
    raw_hello(client, key, kind);
}

static void join(struct raw_client *client, int key, const char *room, const char *kind)
{
    open_room(client, key, room, kind);
    raw_expect(client, SERVER_WELCOME);
    raw_expect(client, SERVER_FRAME);
}

static void join_refused(const char *room, const char *kind, int code)
{
    open_room(&ben, 2, room, kind);
    ck_assert_int_eq(raw_end(&ben), code);
}

/* Eve writes into her room, and it is saved. */
static void eve_writes(void)
{
    raw_say(&eve, "[1 [[0 'notes' 'a' 'n' 1]]]");
    for (int i = 0; i < MOMENTS_MAX; i++, wait_a_moment()) {
        ck_assert_int_eq(
            run_command("%s show lobby --data %s 2>&1 || true", TEST_TUTTI, server.folder), 0);
        if (strstr(out, "\"id\":\"a\"") != NULL)
            return;
    }
    ck_abort_msg("her note was never saved: %s", out);
}

static void eve_goes_on(void)
{
    static int x;
    char line[32];
    raw_say(&eve, "[3 77]");
    raw_expect(&eve, SERVER_CLOCK);
    snprintf(line, sizeof line, "[2 'x' %d]", ++x);
    raw_say(&eve, line);
    raw_expect(&eve, SERVER_FRAME);
}

static void wait_for_end(void)
{
    for (int i = 0; i < MOMENTS_MAX && !server_has_ended(&server); i++)
        wait_a_moment();
    ck_assert_int_eq(server.pid, 0);
    ck_assert_int_ne(server.exit_status, 0);
}

static void release(const char *room)
{
    ck_assert_msg(run_command("%s release %s --data %s 2>&1", TEST_TUTTI, room, server.folder) == 0,
                  "%s", out);
}

/* --- Rooms that are taken away -------------------------------------------------------------------- */

START_TEST(a_tick_that_does_not_end_costs_its_room_alone)
{
    join(&ada, 1, "track", "'wayward'");
    join(&eve, 3, "lobby", "'open'");
    ck_assert(server_has_said(&server, "kind_loaded kind=wayward"));
    raw_say(&ada, "[1 [[0 'orders' 'loop' 'who' 1]]]");
    ck_assert_int_eq(raw_end(&ada), 4014);
    ck_assert_ptr_nonnull(strstr(ada.reason, "did not come back from a tick"));
    eve_goes_on();
    ck_assert(server_has_said(&server, "room_quarantined room=track"));
    ck_assert(server_metric(&server, "tutti_rooms_stuck_total") == 1);
    join_refused("track", "'wayward'", 4018);
    release("track");
    join(&ada, 1, "track", "'wayward'"); /* what it was ordered last was in no log */
    join(&ben, 2, "beside", "'wayward'");
    eve_goes_on();
}
END_TEST

START_TEST(ticks_that_take_too_long_cost_their_room)
{
    join(&ada, 1, "track", "'wayward'");
    join(&eve, 3, "lobby", "'open'");
    raw_say(&ada, "[1 [[0 'orders' 'slow' 'who' 1]]]");
    ck_assert_int_eq(raw_end(&ada), 4014);
    ck_assert_ptr_nonnull(strstr(ada.reason, "take more time than there is"));
    ck_assert(server_metric(&server, "tutti_rooms_slow_total") == 1);
    join_refused("track", "'wayward'", 4018);
    eve_goes_on();
    ck_assert_int_eq(run_command("%s show track --data %s 2>&1", TEST_TUTTI, server.folder), 1);
    ck_assert_msg(run_command("%s show track --kinds %s --data %s 2>&1", TEST_TUTTI, folder,
                              server.folder) == 0,
                  "%s", out);
    expect_out("\"id\":\"slow\""); /* nothing of it is lost */
    expect_out("\"quarantined\":true");
}
END_TEST

START_TEST(a_room_whose_making_does_not_end_is_not_made)
{
    join(&eve, 3, "lobby", "'open'");
    join_refused("track", "'unborn'", 4018);
    join_refused("track", "'open'", 4018);
    eve_goes_on();
    ck_assert(server_metric(&server, "tutti_rooms_stuck_total") == 1);
    release("track");
    join(&ada, 1, "track", "'open'"); /* nothing was ever stored of it */
}
END_TEST

static const struct {
    const char *order, *words;
} limits[] = {
    {"records", "tick_records"},
    {"bytes", "tick_bytes"},
    {"nonsense", "status"},
};

START_TEST(rules_that_break_a_limit_lose_their_room)
{
    char line[128];
    join(&ada, 1, "track", "'wayward'");
    join(&eve, 3, "lobby", "'open'");
    snprintf(line, sizeof line, "[1 [[0 'orders' '%s' 'who' 1]]]", limits[_i].order);
    raw_say(&ada, line);
    ck_assert_int_eq(raw_end(&ada), 4014);
    ck_assert_msg(strstr(ada.reason, limits[_i].words) != NULL, "%s", ada.reason);
    eve_goes_on();
    ck_assert(server_metric(&server, "tutti_rooms_broken_total") == 1);
    join_refused("track", "'wayward'", 4018);
    release("track"); /* nothing of it was thrown away */
}
END_TEST

/* --- The end of the process ----------------------------------------------------------------------- */

static const struct {
    const char *order;
    bool when_ben_joins;
    bool when_ben_leaves;
} crashes[] = {
    {"crash", false, false},  {"abort", false, false}, {"sink", false, false},
    {"accept", false, false}, {"joined", true, false}, {"left", true, true},
};

START_TEST(a_room_that_ends_the_server_is_quarantined_at_the_next_start)
{
    char line[128];
    join(&eve, 3, "lobby", "'open'");
    eve_writes();
    join(&ada, 1, "track", "'wayward'");
    snprintf(line, sizeof line, "[1 [[0 'orders' '%s' 'who' 2]]]", crashes[_i].order);
    raw_say(&ada, line);
    if (crashes[_i].when_ben_joins) {
        raw_expect(&ada, SERVER_FRAME); /* the order is taken */
        open_room(&ben, 2, "track", "'wayward'");
    }
    if (crashes[_i].when_ben_leaves) {
        raw_expect(&ben, SERVER_FRAME);
        raw_say(&ben, "[4]");
    }
    wait_for_end();

    server_restart(&server);
    ck_assert(server_has_said(&server, "room_quarantined room=track"));
    ck_assert(server_metric(&server, "tutti_rooms_blamed_total") == 1);
    join_refused("track", "'wayward'", 4018);
    join(&eve, 3, "lobby", "'open'");
    ck_assert_int_eq(run_command("%s rooms --data %s", TEST_TUTTI, server.folder), 0);
    expect_out("the rules of wayward ended the server in tick ");

    release("track");
    join(&ada, 1, "track", "'wayward'");
    server_signal(&server, SIGKILL); /* which blames nobody */
    server_restart(&server);
    ck_assert(server_metric(&server, "tutti_rooms_blamed_total") == 0);
    join(&ada, 1, "track", "'wayward'");
}
END_TEST

static void damage_row(const char *room)
{
    char path[128], sql[128];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/archive.db", server.folder);
    snprintf(sql, sizeof sql, "UPDATE room SET last = last + 1 WHERE name = CAST('%s' AS BLOB)",
             room);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_gt(sqlite3_total_changes(db), 0);
    sqlite3_close(db);
}

/* A row that does not check takes no mark before the next start has mended it. The file says who is to
 * blame until the archive does, and nobody gets in meanwhile. */
START_TEST(a_start_goes_on_where_the_archive_does_not_take_the_quarantine)
{
    join(&ada, 1, "track", "'wayward'");
    raw_say(&ada, "[1 [[0 'orders' 'crash' 'who' 1]]]");
    wait_for_end();
    server_restart(&server);
    join_refused("track", "'wayward'", 4018);
    release("track"); /* so that it is in the archive */
    join(&ada, 1, "track", "'wayward'");
    raw_say(&ada, "[1 [[0 'orders' 'crash' 'who' 1]]]");
    wait_for_end();

    damage_row("track");
    server_restart(&server);
    ck_assert(server_has_said(&server, "cannot quarantine track yet"));
    ck_assert(server_metric(&server, "tutti_rooms_blamed_total") == 1);
    ck_assert(server_metric(&server, "tutti_quarantines_waiting") == 1);
    join_refused("track", "'wayward'", 4018);
    join(&eve, 3, "lobby", "'open'");
    eve_goes_on();
    server_signal(&server, SIGKILL);

    server_restart(&server);
    ck_assert(server_has_said(&server, "archive.db.corrupt-1"));
    ck_assert(server_metric(&server, "tutti_rooms_blamed_total") == 1);
    join_refused("track", "'wayward'", 4018);
    ck_assert(server_metric(&server, "tutti_quarantines_waiting") == 0);
    server_signal(&server, SIGKILL);
    server_restart(&server);
    ck_assert(server_metric(&server, "tutti_rooms_blamed_total") == 0);
    join_refused("track", "'wayward'", 4018);
}
END_TEST

START_TEST(a_room_that_never_was_is_quarantined_too)
{
    open_room(&ada, 1, "track", "'stillborn'");
    wait_for_end();
    server_restart(&server);
    join_refused("track", "'stillborn'", 4018);
    release("track");
    ck_assert_msg(run_command("%s check --data %s 2>&1", TEST_TUTTI, server.folder) == 0, "%s",
                  out);
    join(&ada, 1, "track", "'open'");
}
END_TEST

START_TEST(who_is_killed_in_a_tick_blames_nobody)
{
    join(&ada, 1, "track", "'wayward'");
    raw_say(&ada, "[1 [[0 'orders' 'killed' 'who' 1]]]");
    wait_for_end();
    server_restart(&server);
    ck_assert(server_metric(&server, "tutti_rooms_blamed_total") == 0);
    join(&ada, 1, "track", "'wayward'");
}
END_TEST

/* --- Starting ------------------------------------------------------------------------------------- */

START_TEST(a_server_does_not_start_with_a_kind_that_does_not_fit)
{
    put_kind("other_interface");
    ck_assert_int_eq(
        run_command("timeout 20 %s --listen 127.0.0.1:0 --kinds %s --data %s/none 2>&1",
                    TEST_SERVER, folder, server.folder),
        1);
    expect_out("failed what=--kinds");
    expect_out("other_interface.so: was built for interface ");
    ck_assert_int_eq(run_command("%s check --data . --kinds %s 2>&1", TEST_TUTTI, folder), 2);
    expect_out("other_interface.so: was built for interface ");
    ck_assert_int_eq(run_command("%s rooms --data . --kinds %s 2>&1", TEST_TUTTI, folder), 2);
    expect_out("usage: tutti rooms");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("kinds");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_tick_that_does_not_end_costs_its_room_alone);
    tcase_add_test(tcase, ticks_that_take_too_long_cost_their_room);
    tcase_add_test(tcase, a_room_whose_making_does_not_end_is_not_made);
    tcase_add_loop_test(tcase, rules_that_break_a_limit_lose_their_room, 0,
                        sizeof limits / sizeof limits[0]);
    tcase_add_loop_test(tcase, a_room_that_ends_the_server_is_quarantined_at_the_next_start, 0,
                        sizeof crashes / sizeof crashes[0]);
    tcase_add_test(tcase, a_start_goes_on_where_the_archive_does_not_take_the_quarantine);
    tcase_add_test(tcase, a_room_that_never_was_is_quarantined_too);
    tcase_add_test(tcase, who_is_killed_in_a_tick_blames_nobody);
    tcase_add_test(tcase, a_server_does_not_start_with_a_kind_that_does_not_fit);
    Suite *suite = suite_create("kinds");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
