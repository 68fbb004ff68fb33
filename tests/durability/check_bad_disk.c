/* check_bad_disk.c - the real server on a disk that fails: nothing that was told to be saved is lost,
 * nothing is applied twice, and everyone is told how it stands. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <sqlite3.h>

#include "sync/wire.h"
#include "tests/durability/bad_disk.h"
#include "tests/durability/crowd.h"
#include "tests/raw_client.h"
#include "tests/server_process.h"

#define ROOMS          3u
#define AUTHORS_A_ROOM 2u

/* Of a test; it takes a few seconds, and half a minute where something seals or is given up. */
#define TEST_SECONDS 150

static struct server_process server;
static struct crowd crowd;
static struct bad_disk *disk;
static uint64_t wanted; /* of what a condition waits for */

static void begin_with(const char *const *flags)
{
    disk = bad_disk_prepare();
    server = server_start_with(flags);
    bad_disk_watch(disk, server.folder);
    crowd_begin(&crowd, server.port, ROOMS, AUTHORS_A_ROOM, (uint64_t)getpid());
    crowd.round = 1;
    crowd.rate = 100;
    crowd_run_ms(&crowd, 300, 500);
}

static void begin(void)
{
    begin_with((const char *const[]){NULL});
}

static void end(void)
{
    crowd_end(&crowd);
    server_stop(&server);
    bad_disk_release(disk);
}

/* All becomes saved, and all of it is there once. */
static void expect_whole(void)
{
    crowd.rate = 0;
    crowd_check(&crowd);
    struct crowd_sums sums = crowd_sums(&crowd);
    ck_assert_uint_eq(crowd.findings.lost, 0);
    ck_assert_uint_eq(crowd.findings.twice, 0);
    ck_assert_uint_eq(crowd.findings.torn, 0);
    ck_assert_uint_eq(crowd.findings.foreign, 0);
    ck_assert_uint_eq(crowd.findings.moved, 0);
    ck_assert_uint_eq(crowd.unequal, 0);
    ck_assert_uint_eq(sums.refused, 0);
    ck_assert_uint_eq(sums.uncertain, 0);
}

/* --- What the server says of itself -------------------------------------------------------------- */

static bool health_has(const char *words)
{
    char body[512];
    return raw_get(server.port, "/healthz", body, sizeof body) == 200 &&
           strstr(body, words) != NULL;
}

static uint64_t metric(const char *name)
{
    return (uint64_t)server_metric(&server, name);
}

/* --- What is waited for -------------------------------------------------------------------------- */

static bool all_are_told(enum tutti_saving saving)
{
    for (uint32_t i = 0; i < crowd.author_count; i++)
        if (tutti_saving(crowd.authors[i].client) != saving)
            return false;
    return true;
}

static bool is_interrupted(struct crowd *of)
{
    (void)of;
    return all_are_told(TUTTI_SAVING_INTERRUPTED);
}

static bool is_paused(struct crowd *of)
{
    (void)of;
    return all_are_told(TUTTI_SAVING_PAUSED);
}

static bool is_well(struct crowd *of)
{
    (void)of;
    return all_are_told(TUTTI_SAVING_WELL);
}

static bool is_decided(struct crowd *of)
{
    for (uint32_t i = 0; i < of->author_count; i++)
        if (tutti_pending(of->authors[i].client) > 0)
            return false;
    return true;
}

static bool drops_presence(struct crowd *of)
{
    tutti_presence(of->authors[0].client, "x", tutti_integer((int64_t)tutti_now_us()));
    return metric("tutti_presence_dropped_total") > 0;
}

static bool archive_is_given_up(struct crowd *of)
{
    (void)of;
    return health_has("degraded: the archive takes nothing more");
}

static bool archive_is_behind(struct crowd *of)
{
    (void)of;
    return health_has("degraded: the archive takes nothing");
}

static bool health_is_ok(struct crowd *of)
{
    (void)of;
    return health_has("\"ok\"");
}

static bool has_a_new_journal(struct crowd *of)
{
    (void)of;
    return metric("tutti_journal_generations_total") >= wanted;
}

static bool has_sealed(struct crowd *of)
{
    (void)of;
    return metric("tutti_segments_total") >= wanted;
}

static bool has_slept(struct crowd *of)
{
    (void)of;
    return metric("tutti_rooms_slept_total") >= wanted;
}

static bool has_ended(struct crowd *of)
{
    (void)of;
    return server_has_ended(&server);
}

static void expect(bool (*condition)(struct crowd *of), const char *what)
{
    ck_assert_msg(crowd_wait(&crowd, condition), "never: %s", what);
}

/* Operations are decided, and none of them becomes saved. */
static void expect_undurable_life(void)
{
    crowd.rate = 0;
    crowd_write(&crowd);
    expect(is_decided, "decided while the disk fails");
    uint64_t saved = crowd_sums(&crowd).saved;
    for (int i = 0; i < 5; i++) {
        crowd_write(&crowd);
        expect(is_decided, "decided while the disk fails");
    }
    ck_assert_uint_eq(crowd_sums(&crowd).saved, saved);
    for (uint32_t i = 0; i < crowd.author_count; i++)
        ck_assert_uint_gt(tutti_unsaved(crowd.authors[i].client), 0);
}

static void expect_recovery(void)
{
    expect(is_well, "everyone is told that the disk is well");
    expect_whole();
    expect(health_is_ok, "/healthz is ok again");
}

/* --- Visitors ------------------------------------------------------------------------------------ */

static void expect_quarantined(const char *room)
{
    static struct raw_client visitor;
    ck_assert_int_eq(raw_open(&visitor, server.port, room), 101);
    raw_hello(&visitor, 1, "'open'");
    ck_assert_int_eq(raw_end(&visitor), 4018);
    raw_shut(&visitor);
}

/* Someone who writes a note and goes, told of the disk where it fails. */
static void visit(const char *room, bool disk_fails)
{
    static struct raw_client visitor;
    ck_assert_int_eq(raw_open(&visitor, server.port, room), 101);
    raw_hello(&visitor, 2, "'open'");
    ck_assert_uint_gt(raw_expect(&visitor, SERVER_WELCOME).length, 0);
    if (disk_fails)
        ck_assert_uint_gt(raw_expect(&visitor, SERVER_SAVING).length, 0);
    raw_say(&visitor, "[1 [[0 'notes' 'n' 'a' 1]]]");
    (void)raw_expect(&visitor, SERVER_FRAME);
    raw_say(&visitor, "[4]");
    (void)raw_end(&visitor);
    raw_shut(&visitor);
}

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

static sqlite3 *open_file(const char *name)
{
    char path[128];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/%s", server.folder, name);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

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

/* --- The archive --------------------------------------------------------------------------------- */

static void lose_archive(void)
{
    bad_disk_choose(disk, "archive.db");
    bad_disk_fail(disk, BAD_DISK_WRITE, EIO, BAD_DISK_FOR_EVER);
    bad_disk_fail(disk, BAD_DISK_SYNC, EIO, BAD_DISK_FOR_EVER);
    expect(archive_is_given_up, "/healthz tells of the archive");
    expect_whole(); /* the journal takes it all the same */
}

START_TEST(a_lost_archive_leaves_everything_to_the_journal)
{
    begin();
    lose_archive();
    crowd.rate = 100;
    crowd_run_ms(&crowd, 500, 1000);
    server_signal(&server, SIGKILL);
    bad_disk_mend(disk);
    server_restart(&server);
    expect_recovery();
    end();
}
END_TEST

START_TEST(a_full_archive_is_told_and_caught_up)
{
    begin();
    bad_disk_choose(disk, "archive.db");
    bad_disk_fill(disk);
    expect(archive_is_behind, "/healthz tells of the archive");
    expect_whole();
    bad_disk_mend(disk);
    wanted = ROOMS;
    expect(has_sealed, "the archive takes what has waited");
    expect_recovery();
    end();
}
END_TEST

/* --- Damaged files ------------------------------------------------------------------------------- */

static void spoil_header(const char *name)
{
    char path[128], noise[100];
    snprintf(path, sizeof path, "%s/%s", server.folder, name);
    int fd = open(path, O_WRONLY);
    ck_assert_int_ge(fd, 0);
    memset(noise, 0xa5, sizeof noise);
    ck_assert_int_eq(pwrite(fd, noise, sizeof noise, 0), sizeof noise);
    close(fd);
}

static void stop_and_spoil(const char *name)
{
    server_signal(&server, SIGTERM);
    bad_disk_mend(disk);
    spoil_header(name);
    server_restart(&server);
    ck_assert(server_has_said(&server, "salvaged"));
    expect_recovery();
}

START_TEST(a_damaged_journal_is_salvaged)
{
    begin();
    lose_archive(); /* so that everything is in the journal */
    stop_and_spoil("journal-1.db");
    end();
}
END_TEST

START_TEST(a_damaged_archive_is_salvaged)
{
    begin();
    expect_whole();
    stop_and_spoil("archive.db");
    end();
}
END_TEST

/* --- A damaged room ------------------------------------------------------------------------------ */

static void spoil_room(const char *room)
{
    char *sql =
        sqlite3_mprintf("UPDATE segment SET checksum = checksum + 1 WHERE room = CAST(%Q AS BLOB);"
                        "UPDATE snapshot SET checksum = checksum + 1 WHERE room = CAST(%Q AS BLOB)",
                        room, room);
    sqlite3 *db = open_file("archive.db");
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_gt(sqlite3_total_changes(db), 0);
    sqlite3_free(sql);
    sqlite3_close(db);
}

/* Every value of every row, one behind the other; the caller frees it. */
static char *rows_of(const char *room, const char *table)
{
    char *text = sqlite3_mprintf(""), *sql;
    sqlite3_stmt *rows;
    sqlite3 *db = open_file("archive.db");
    sql =
        sqlite3_mprintf("SELECT * FROM %s WHERE room = CAST(%Q AS BLOB) ORDER BY id", table, room);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        for (int column = 0; column < sqlite3_column_count(rows); column++) {
            const uint8_t *bytes = sqlite3_column_blob(rows, column);
            text = sqlite3_mprintf("%z|", text);
            for (int i = 0; i < sqlite3_column_bytes(rows, column); i++)
                text = sqlite3_mprintf("%z%02x", text, bytes[i]);
        }
        text = sqlite3_mprintf("%z\n", text);
    }
    sqlite3_finalize(rows);
    sqlite3_free(sql);
    sqlite3_close(db);
    return text;
}

/* Its pages are not in memory yet, and the disk does not give them. */
START_TEST(a_room_that_cannot_be_read_now_is_neither_lost_nor_damaged)
{
    static struct raw_client visitor;
    begin();
    expect_whole();
    visit("quiet", false);
    crowd_end(&crowd);
    server_signal(&server, SIGTERM);
    server_restart(&server);
    bad_disk_choose(disk, "archive.db");
    bad_disk_fail(disk, BAD_DISK_READ, EIO, BAD_DISK_FOR_EVER);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(raw_open(&visitor, server.port, "quiet"), 101);
        raw_hello(&visitor, 1, "'open'");
        ck_assert_int_eq(raw_end(&visitor), 4017);
        raw_shut(&visitor);
    }
    bad_disk_mend(disk);
    visit("quiet", false);
    server_signal(&server, SIGTERM);
    ck_assert_int_eq(server.exit_status, EXIT_SUCCESS);
    server_stop(&server);
    bad_disk_release(disk);
}
END_TEST

START_TEST(a_damaged_room_is_left_as_it_is)
{
    begin_with((const char *const[]){"--room-linger", "0", NULL});
    expect_whole();
    crowd_end(&crowd);
    server_signal(&server, SIGTERM);
    spoil_room("room-1");
    char *segments = rows_of("room-1", "segment"), *snapshots = rows_of("room-1", "snapshot");
    ck_assert_uint_gt(strlen(segments), 0);
    for (int life = 0; life < 2; life++) {
        server_restart(&server);
        crowd_begin(&crowd, server.port, 1, 1, 1); /* room-0, and time to wait in */
        for (int call = 0; call < 3; call++) {
            expect_quarantined("room-1");
            visit("room-2", false);
            wanted = (uint64_t)call + 1;
            expect(has_slept, "the other room falls asleep");
        }
        expect(crowd_is_saved, "other rooms are saved");
        crowd_end(&crowd);
        server_signal(&server, life == 0 ? SIGKILL : SIGTERM);
    }
    ck_assert(server_has_said(&server, "room_unreadable room=room-1"));
    char *segments_after = rows_of("room-1", "segment");
    char *snapshots_after = rows_of("room-1", "snapshot");
    ck_assert_str_eq(segments_after, segments);
    ck_assert_str_eq(snapshots_after, snapshots);
    sqlite3_free(segments), sqlite3_free(segments_after);
    sqlite3_free(snapshots), sqlite3_free(snapshots_after);
    server_stop(&server);
    bad_disk_release(disk);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *added = tcase_create(name);
    tcase_set_timeout(added, TEST_SECONDS);
    suite_add_tcase(suite, added);
    return added;
}

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

    TCase *archive = add_case(suite, "archive");
    tcase_add_test(archive, a_lost_archive_leaves_everything_to_the_journal);
    tcase_add_test(archive, a_full_archive_is_told_and_caught_up);

    TCase *damaged = add_case(suite, "damaged");
    tcase_add_test(damaged, a_damaged_journal_is_salvaged);
    tcase_add_test(damaged, a_damaged_archive_is_salvaged);
    tcase_add_test(damaged, a_room_that_cannot_be_read_now_is_neither_lost_nor_damaged);
    tcase_add_test(damaged, a_damaged_room_is_left_as_it_is);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
