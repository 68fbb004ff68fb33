/* check_bad_disk.c - the real server on a disk that fails: nothing that was told to be saved is lost,
 * nothing is applied twice, and everyone is told how it stands. */
#include "sync/wire.h"
#include "tests/durability/bad_disk_server.h"
#include "tests/raw_client.h"
#include "tests/run_suite.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- Full --------------------------------------------------------------------------------------- */

static void fill_for_a_while(void)
{
    expect(is_interrupted, "everyone is told that the disk is full");
    ck_assert(health_has("\"status\":\"degraded\",\"saving\":\"interrupted\""));
    expect_undurable_life();
    visit("a-new-room", true);
    visit("room-0", true);
    crowd.rate = 100;
    crowd_run_ms(&crowd, 1500, 2500);
}

START_TEST(a_full_disk_interrupts_and_loses_nothing)
{
    begin();
    bad_disk_fill(disk);
    fill_for_a_while();
    bad_disk_mend(disk);
    expect_recovery();
    ck_assert(server_has_said(&server, "no space left"));
    server_signal(&server, SIGKILL);
    server_restart(&server);
    expect_whole();
    end();
}
END_TEST

START_TEST(a_disk_that_takes_half_of_a_write_loses_nothing)
{
    begin();
    atomic_store(&disk->tears, true);
    bad_disk_fill(disk);
    fill_for_a_while();
    server_signal(&server, SIGKILL); /* the torn end of the log has to be read */
    bad_disk_mend(disk);
    server_restart(&server);
    expect_recovery();
    end();
}
END_TEST

static void limit_files(rlim_t bytes)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

START_TEST(a_limit_of_files_is_a_full_disk)
{
    begin();
    limit_files(1024);
    fill_for_a_while();
    limit_files(RLIM_INFINITY);
    expect_recovery();
    end();
}
END_TEST

START_TEST(a_server_that_stops_on_a_full_disk_says_so)
{
    begin();
    bad_disk_fill(disk);
    expect(is_interrupted, "everyone is told that the disk is full");
    crowd_run_ms(&crowd, 500, 1000);
    kill(server.pid, SIGTERM);
    expect(has_ended, "the server ends");
    ck_assert_int_eq(server.exit_status, EXIT_FAILURE);
    ck_assert(server_has_said(&server, "not_saved"));
    bad_disk_mend(disk);
    server_restart(&server);
    expect_recovery();
    end();
}
END_TEST

START_TEST(a_stranger_who_holds_the_journal_is_waited_for)
{
    begin();
    sqlite3 *db = open_file("journal-1.db");
    sqlite3_busy_timeout(db, 5000);
    ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    expect(is_interrupted, "everyone is told that nothing is saved");
    expect_undurable_life();
    ck_assert_int_eq(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    expect_recovery();
    ck_assert_uint_eq(metric("tutti_journal_generations_total"), 0); /* the same file */
    end();
}
END_TEST

/* --- Lying -------------------------------------------------------------------------------------- */

static bool has_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", server.folder, name);
    return access(path, F_OK) == 0;
}

static void fail_once(enum bad_disk_call call)
{
    begin();
    wanted = 1;
    bad_disk_choose(disk, "journal-");
    bad_disk_fail(disk, call, EIO, 1);
    expect(has_a_new_journal, "a new journal");
    server_signal(&server, SIGKILL);
    ck_assert(has_file("journal-2.db"));
    server_restart(&server);
    expect_recovery();
    end();
}

START_TEST(a_failed_sync_begins_a_new_journal)
{
    fail_once(BAD_DISK_SYNC);
}
END_TEST

START_TEST(a_failed_write_begins_a_new_journal)
{
    fail_once(BAD_DISK_WRITE);
}
END_TEST

START_TEST(a_server_may_end_where_the_disk_is_lost)
{
    begin_with((const char *const[]){"--exit-on-disk-failure", NULL});
    bad_disk_choose(disk, "journal-");
    bad_disk_fail(disk, BAD_DISK_SYNC, EIO, 1);
    wanted = 1;
    expect(has_a_new_journal, "a new journal");
    expect_recovery(); /* one failure is not the end */
    crowd.rate = 100;
    bad_disk_choose(disk, "");
    bad_disk_fail(disk, BAD_DISK_SYNC, EIO, BAD_DISK_FOR_EVER);
    expect(has_ended, "the server ends");
    ck_assert_int_eq(server.exit_status, EXIT_FAILURE);
    ck_assert(server_has_said(&server, "disk_lost"));
    bad_disk_mend(disk);
    server_restart(&server);
    expect_whole();
    end();
}
END_TEST

START_TEST(a_disk_that_fails_for_long_pauses_rooms)
{
    begin_with((const char *const[]){"--storage-ring", "65536", NULL});
    bad_disk_fail(disk, BAD_DISK_SYNC, EIO, BAD_DISK_FOR_EVER);
    expect(is_interrupted, "everyone is told that the disk fails");
    expect_undurable_life();
    crowd.rate = 600;
    expect(is_paused, "rooms stand still");
    ck_assert(health_has("\"status\":\"degraded\",\"saving\":\"paused\""));
    expect(drops_presence, "presence is not taken");
    uint64_t ticks = metric("tutti_ticks_total");
    crowd_run_ms(&crowd, 300, 600);
    ck_assert_uint_eq(metric("tutti_ticks_total"), ticks);
    bad_disk_mend(disk);
    expect_recovery();
    server_signal(&server, SIGKILL);
    server_restart(&server);
    expect_whole();
    end();
}
END_TEST

static const struct {
    enum bad_disk_call call;
    uint32_t period;
} now_and_then[] = {{BAD_DISK_SYNC, 2},
                    {BAD_DISK_SYNC, 7},
                    {BAD_DISK_SYNC, 23},
                    {BAD_DISK_WRITE, 31}};

/* Journals that were begun and failed are in nobody's way. */
START_TEST(a_disk_that_fails_now_and_then_is_written_in_the_end)
{
    enum bad_disk_call call = now_and_then[_i].call;
    begin();
    bad_disk_choose(disk, "journal-");
    atomic_store(&disk->period, now_and_then[_i].period);
    bad_disk_fail(disk, call, EIO, BAD_DISK_FOR_EVER);
    for (int i = 0; i < 1000 && bad_disk_failed(disk, call) < (i < 50 ? 8u : 3u); i++)
        crowd_run_ms(&crowd, 200, 200);
    ck_assert_uint_ge(bad_disk_failed(disk, call), 3);
    bad_disk_mend(disk);
    expect_recovery();
    server_signal(&server, SIGKILL);
    server_restart(&server);
    expect_whole();
    end();
}
END_TEST

/* --- Hanging ------------------------------------------------------------------------------------- */

static bool disk_hangs(struct crowd *of)
{
    (void)of;
    return bad_disk_hung(disk) > 0;
}

/* From a call that waits on: one that was slow by itself comes back. */
static void hang(const char *file)
{
    bad_disk_choose(disk, file);
    bad_disk_hang(disk);
    expect(disk_hangs, "a call hangs");
}

START_TEST(a_disk_that_hangs_is_told_and_caught_up)
{
    begin();
    hang("journal-");
    expect(is_interrupted, "everyone is told that the disk hangs");
    ck_assert(health_has("\"status\":\"degraded\",\"saving\":\"interrupted\""));
    expect_undurable_life();
    visit("room-0", true);
    bad_disk_mend(disk);
    expect_recovery();
    server_signal(&server, SIGKILL);
    server_restart(&server);
    expect_whole();
    end();
}
END_TEST

START_TEST(a_disk_that_hangs_for_long_pauses_rooms)
{
    begin_with((const char *const[]){"--storage-ring-seconds", "12", NULL});
    hang("journal-");
    expect(is_interrupted, "everyone is told that the disk hangs");
    expect(is_paused, "rooms stand still");
    ck_assert(health_has("\"status\":\"degraded\",\"saving\":\"paused\""));
    uint64_t ticks = metric("tutti_ticks_total");
    crowd_run_ms(&crowd, 300, 600);
    ck_assert_uint_eq(metric("tutti_ticks_total"), ticks);
    bad_disk_mend(disk);
    expect_recovery();
    end();
}
END_TEST

/* A disk that fails and answers at once makes what waits as old as one that hangs. */
START_TEST(a_disk_that_is_full_for_long_pauses_rooms)
{
    begin_with((const char *const[]){"--storage-ring-seconds", "4", NULL});
    bad_disk_fill(disk);
    expect(is_paused, "rooms stand still");
    bad_disk_mend(disk);
    expect_recovery();
    end();
}
END_TEST

START_TEST(a_server_that_stops_while_the_disk_hangs_says_so)
{
    begin();
    hang("journal-");
    expect(is_interrupted, "everyone is told that the disk hangs");
    kill(server.pid, SIGTERM);
    expect(has_ended, "the server ends");
    ck_assert_int_eq(server.exit_status, EXIT_FAILURE);
    ck_assert(server_has_said(&server, "not_saved"));
    bad_disk_mend(disk);
    server_restart(&server);
    expect_recovery();
    end();
}
END_TEST

/* Who comes to a room that is awake does not ask the archivist; who comes to another waits. */
START_TEST(an_archive_that_hangs_is_in_nobodys_way)
{
    static struct raw_client patient;
    begin();
    hang("archive.db");
    for (int i = 0; i < 3; i++)
        visit("room-0", false);
    expect_whole(); /* written and saved meanwhile; whoever looks joins rooms that are awake */
    ck_assert_int_eq(raw_open(&patient, server.port, "another"), 101);
    raw_hello(&patient, 3, "'open'");
    bad_disk_mend(disk);
    ck_assert_uint_gt(raw_expect(&patient, SERVER_WELCOME).length, 0);
    raw_shut(&patient);
    expect_recovery();
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bad disk");
    TCase *full = add_case(suite, "full");
    tcase_add_test(full, a_full_disk_interrupts_and_loses_nothing);
    tcase_add_test(full, a_disk_that_takes_half_of_a_write_loses_nothing);
    tcase_add_test(full, a_limit_of_files_is_a_full_disk);
    tcase_add_test(full, a_server_that_stops_on_a_full_disk_says_so);
    tcase_add_test(full, a_stranger_who_holds_the_journal_is_waited_for);

    TCase *lying = add_case(suite, "lying");
    tcase_add_test(lying, a_failed_sync_begins_a_new_journal);
    tcase_add_test(lying, a_failed_write_begins_a_new_journal);
    tcase_add_test(lying, a_server_may_end_where_the_disk_is_lost);
    tcase_add_test(lying, a_disk_that_fails_for_long_pauses_rooms);
    tcase_add_loop_test(lying, a_disk_that_fails_now_and_then_is_written_in_the_end, 0,
                        sizeof now_and_then / sizeof now_and_then[0]);

    TCase *hanging = add_case(suite, "hanging");
    tcase_add_test(hanging, a_disk_that_hangs_is_told_and_caught_up);
    tcase_add_test(hanging, a_disk_that_hangs_for_long_pauses_rooms);
    tcase_add_test(hanging, a_disk_that_is_full_for_long_pauses_rooms);
    tcase_add_test(hanging, a_server_that_stops_while_the_disk_hangs_says_so);
    tcase_add_test(hanging, an_archive_that_hangs_is_in_nobodys_way);
    return run_suite(suite);
}
