/* check_bad_files.c - the real server with an archive that fails, with damaged files, and with a room that
 * cannot be read: everything else goes on, and nothing is lost or overwritten. */
#include "tests/durability/bad_disk_server.h"
#include "tests/raw_client.h"
#include "tests/run_suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void expect_quarantined(const char *room)
{
    static struct raw_client visitor;
    ck_assert_int_eq(raw_open(&visitor, server.port, room), 101);
    raw_hello(&visitor, 1, "'open'");
    ck_assert_int_eq(raw_end(&visitor), 4018);
    raw_shut(&visitor);
}

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
    wanted = CROWDED_ROOMS;
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

int main(void)
{
    Suite *suite = suite_create("bad files");
    TCase *archive = add_case(suite, "archive");
    tcase_add_test(archive, a_lost_archive_leaves_everything_to_the_journal);
    tcase_add_test(archive, a_full_archive_is_told_and_caught_up);

    TCase *damaged = add_case(suite, "damaged");
    tcase_add_test(damaged, a_damaged_journal_is_salvaged);
    tcase_add_test(damaged, a_damaged_archive_is_salvaged);
    tcase_add_test(damaged, a_room_that_cannot_be_read_now_is_neither_lost_nor_damaged);
    tcase_add_test(damaged, a_damaged_room_is_left_as_it_is);
    return run_suite(suite);
}
