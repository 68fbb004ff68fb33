/* check_admin_rooms.c - `tutti delete` and `release`: a room is there no more, and one that is damaged is
 * told, kept and given back. */
#include "sync/wire.h"
#include "tests/run_suite.h"
#include "tests/tended_server.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* --- Deleting ------------------------------------------------------------------------------------ */

START_TEST(a_room_is_deleted_while_members_are_in)
{
    write_room("lobby");
    ck_assert_msg(tutti("delete lobby") == 0, "%s", out);
    ck_assert_int_eq(raw_end(&visitor), CLOSE_ENDED);
    ck_assert(room_is("lobby", "deleted"));
    ck_assert_int_eq(tutti("show lobby"), 1);
    ck_assert_int_eq(tutti("delete lobby"), 1);
    expect_out("there is no such room");
    expect_new_room("lobby");
    server_signal(&server, SIGKILL);
    server_restart(&server);
    raw_shut(&visitor);
    ck_assert_int_eq(tutti("show lobby"), 0);
    expect_not_out(RECORD_A);
    ck_assert_msg(tutti("check") == 0, "%s", out);
}
END_TEST

START_TEST(a_room_with_nothing_in_it_is_listed_deleted_and_forgotten)
{
    write_room("written");
    ck_assert(is_stored("written"));
    enter("blank");
    raw_say(&visitor, "[2 'x' 5]");
    ck_assert(!is_stored("blank"));
    ck_assert_msg(tutti("delete blank") == 0, "%s", out);
    ck_assert_int_eq(raw_end(&visitor), CLOSE_ENDED);
    ck_assert(!is_listed("blank"));
    ck_assert_int_ne(tutti("delete blank"), 0);
    enter("blank");
    raw_say(&visitor, "[4]");
    ck_assert_int_eq(raw_end(&visitor), CLOSE_DONE);
    for (int i = 0; i < MOMENTS_MAX && is_listed("blank"); i++)
        wait_a_moment();
    ck_assert(!is_listed("blank"));
    server_signal(&server, SIGTERM);
    ck_assert(!is_listed("blank"));
    ck_assert(room_is("written", "asleep"));
}
END_TEST

START_TEST(a_room_that_sleeps_is_deleted)
{
    write_room("lobby");
    leave("lobby");
    ck_assert_msg(tutti("delete lobby") == 0, "%s", out);
    ck_assert(room_is("lobby", "deleted"));
    expect_new_room("lobby");
}
END_TEST

/* How many lines of images `show` has. */
static unsigned files_shown(const char *name)
{
    ck_assert_msg(tutti("show %s", name) == 0, "%s", out);
    unsigned files = 0;
    for (const char *at = out; (at = strstr(at, "{\"type\":\"file\",\"hash\":\"")) != NULL; at++)
        files++;
    return files;
}

static void post_image(const char *room)
{
    struct raw_client client;
    char request[256];
    int length =
        snprintf(request, sizeof request,
                 "POST /v1/rooms/%s/files HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n"
                 "GIF89a\1\1\1\1some",
                 room);
    raw_connect(&client, server.port, 0);
    raw_send(&client, request, (size_t)length);
    ck_assert_int_eq(raw_status(&client), 201);
    raw_shut(&client);
}

START_TEST(a_rooms_images_are_shown_checked_and_deleted_with_it)
{
    enter("lobby");
    raw_say(&visitor, "[1 [[0 'shapes' 'a' 'x' 5]]]");
    post_image("lobby");
    wait_for_records("lobby", 1);
    leave("lobby");
    ck_assert_uint_eq(files_shown("lobby"), 1);
    ck_assert_ptr_nonnull(strstr(out, "\"bytes\":14"));
    ck_assert_ptr_nonnull(strstr(out, "\"named\":false"));
    ck_assert_msg(tutti("check") == 0, "%s", out);
    ck_assert_msg(tutti("delete lobby") == 0, "%s", out);
    enter("lobby");
    raw_say(&visitor, "[1 [[0 'shapes' 'a' 'x' 5]]]");
    wait_for_records("lobby", 1);
    leave("lobby");
    ck_assert_uint_eq(files_shown("lobby"), 0);
}
END_TEST

/* _i: 0 after a clean end, 1 with all of it in the journal alone */
START_TEST(a_room_is_deleted_at_rest)
{
    write_room("lobby");
    server_signal(&server, _i == 0 ? SIGTERM : SIGKILL);
    ck_assert_msg(tutti("delete lobby") == 0, "%s", out);
    ck_assert(room_is("lobby", "deleted"));
    ck_assert_int_eq(tutti("delete lobby"), 1);
    ck_assert_msg(tutti("check") == 0, "%s", out);
    server_restart(&server);
    expect_new_room("lobby");
}
END_TEST

/* --- Damage -------------------------------------------------------------------------------------- */

/* The server has to be at rest. */
static void damage_archive(const char *sql)
{
    char path[128];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/archive.db", server.folder);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_gt(sqlite3_total_changes(db), 0);
    sqlite3_close(db);
}

START_TEST(damage_is_told_with_its_place_and_the_room_is_quarantined)
{
    write_room("good");
    write_room("bad");
    server_signal(&server, SIGTERM);
    damage_archive(
        "UPDATE segment SET bytes = zeroblob(length(bytes)) WHERE room = CAST('bad' AS BLOB);"
        "DELETE FROM snapshot WHERE room = CAST('bad' AS BLOB)");
    ck_assert_int_eq(tutti("check"), 1);
    expect_out("damaged: room bad: archive segment of room bad");
    expect_out("1 rooms built");
    expect_not_out("room good:");
    ck_assert_int_eq(tutti("show bad"), 1);
    expect_out("archive segment of room bad");
    expect_both_records("good");

    server_restart(&server);
    ck_assert_int_eq(join_refused("bad"), CLOSE_DAMAGED);
    ck_assert(room_is("bad", "quarantined"));
    ck_assert_msg(tutti("release bad") == 0, "%s", out);
    ck_assert(room_is("bad", "asleep"));
    ck_assert_int_eq(join_refused("bad"), CLOSE_DAMAGED); /* as it still is */
    ck_assert_int_eq(tutti("check"), 1);
    expect_out("quarantined");
    ck_assert_int_eq(tutti("delete bad"), 0);
    expect_new_room("bad");
    ck_assert_msg(tutti("check") == 0, "%s", out);
    ck_assert_int_eq(tutti("release nowhere"), 1);
}
END_TEST

/* It is on no board, and costs no room anything. */
START_TEST(a_damaged_score_is_told_with_its_place)
{
    write_room("good");
    server_signal(&server, SIGTERM);
    ck_assert_msg(tutti("check") == 0, "%s", out);
    damage_archive("INSERT INTO score(board, high, name, score, at_ms, details, checksum)"
                   " VALUES(CAST('laps' AS BLOB), 0, CAST('Ada' AS BLOB), 1, 1, x'', 0)");
    ck_assert_int_eq(tutti("check"), 1);
    expect_out("damaged: archive score number 1: checksum");
    expect_out("1 rooms built");
    server_restart(&server);
    expect_both_records("good");
}
END_TEST

/* The start looks at no room: its damage is met when it is asked for, and mended at the next start.
 * 0: its own row; 1: its neighbour's name, for want of which the archive is made anew at once. */
START_TEST(damage_of_a_row_is_met_when_its_room_is_asked_for)
{
    static struct raw_client ben;
    write_room("good");
    write_room("bad");
    server_signal(&server, SIGTERM);
    damage_archive(_i == 0 ? "UPDATE room SET last = last + 1 WHERE name = CAST('bad' AS BLOB)"
                           : "UPDATE chain SET next = x'00' WHERE name = CAST('bad' AS BLOB)");
    server_restart(&server);
    enter("good");
    ck_assert_int_eq(raw_open(&ben, server.port, _i == 0 ? "bad" : "else"), 101);
    raw_hello(&ben, 2, "'open'");
    if (_i == 0)
        ck_assert_int_eq(raw_end(&ben), CLOSE_DAMAGED);
    else
        raw_expect(&ben, SERVER_WELCOME);
    raw_shut(&ben);
    int has_none = run_command("test -e %s/archive.db.corrupt-1", server.folder);
    ck_assert_int_eq(has_none, _i == 0);
    raw_say(&visitor, "[1 [[0 'shapes' 'c' 'n' 3]]]");
    wait_for_records("good", 3);
    ck_assert(room_is("bad", _i == 0 ? "quarantined" : "asleep"));
    server_signal(&server, SIGTERM);
    ck_assert_int_eq(server.exit_status, 0);
    server_restart(&server);
    ck_assert(server_has_said(&server, "archive.db.corrupt-1"));
    ck_assert(room_is("bad", _i == 0 ? "quarantined" : "asleep"));
    enter("good");
    wait_for_records("good", 3);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("admin rooms");
    tcase_add_checked_fixture(tcase, setup_tended, teardown_tended);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_room_is_deleted_while_members_are_in);
    tcase_add_test(tcase, a_room_with_nothing_in_it_is_listed_deleted_and_forgotten);
    tcase_add_test(tcase, a_room_that_sleeps_is_deleted);
    tcase_add_test(tcase, a_rooms_images_are_shown_checked_and_deleted_with_it);
    tcase_add_loop_test(tcase, a_room_is_deleted_at_rest, 0, 2);
    tcase_add_test(tcase, damage_is_told_with_its_place_and_the_room_is_quarantined);
    tcase_add_test(tcase, a_damaged_score_is_told_with_its_place);
    tcase_add_loop_test(tcase, damage_of_a_row_is_met_when_its_room_is_asked_for, 0, 2);
    Suite *suite = suite_create("admin rooms");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
