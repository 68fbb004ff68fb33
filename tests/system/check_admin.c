/* check_admin.c - `tutti rooms`, `show`, `log` and `check` on the data of the real server: while it runs,
 * after it stopped, and after it was killed. */
#include "persistence/flush.h"
#include "persistence/store_sqlite.h"
#include "tests/helpers.h"
#include "tests/kept_log.h"
#include "tests/run_suite.h"
#include "tests/tended_server.h"

#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The tick of the log's first line that has this text. */
static long long tick_of(const char *text)
{
    for (char *line = strtok(out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strstr(line, text) == NULL)
            continue;
        json_t *act = json_loads(line, 0, NULL);
        ck_assert_msg(act != NULL, "no JSON: %s", line);
        long long tick = json_integer_value(json_object_get(act, "tick"));
        json_decref(act);
        return tick;
    }
    ck_abort_msg("no line with %s", text);
    return 0;
}

static void expect_log(const char *name)
{
    ck_assert_msg(tutti("log %s", name) == 0, "%s", out);
    expect_out("\"act\":\"opened\",\"kind\":\"open\"");
    expect_out("\"act\":\"joined\",\"member\":1");
    expect_out("\"act\":\"operation\",\"member\":1");
    expect_out(
        "\"status\":\"ok\",\"edits\":[{\"put\":\"shapes\",\"id\":\"b\",\"values\":{\"n\":2}}]");
    expect_out("\"edits\":[{\"set\":\"shapes\",\"id\":\"none\",\"values\":{\"n\":3}}]");
    long long tick = tick_of("\"id\":\"a\"");
    ck_assert_msg(tutti("show %s --tick %lld", name, tick) == 0, "%s", out);
    expect_out(RECORD_A);
    expect_not_out(RECORD_B);
    ck_assert_int_eq(tutti("log %s --from %lld --to %lld", name, tick, tick), 0);
    expect_out("\"id\":\"a\"");
    expect_not_out("\"id\":\"b\"");
}

/* --- Reading ------------------------------------------------------------------------------------- */

START_TEST(a_running_server_is_read)
{
    write_room("lobby");
    ck_assert(room_is("lobby", "awake"));
    expect_both_records("lobby");
    expect_log("lobby");
    ck_assert_msg(tutti("sessions lobby") == 0, "%s", out);
    ck_assert_msg(tutti("sql lobby") == 0, "%s", out);
    expect_out(",1,'ok','put','shapes','b','{\"n\":2}');");
    expect_out("insert into stay values ('lobby',1,"); /* so far */
    ck_assert_msg(tutti("check") == 0, "%s", out);
    expect_out("1 rooms built, 0 damages");
    ck_assert_int_eq(tutti("show nowhere"), 1);
    expect_out("there is no such room");
}
END_TEST

/* A text that would end a literal, a line, a statement, or move the cursor, were it told as it stands. */
#define NASTY "it's\n.quit\n'); drop table edit; --\x1b[2J"

static void write_nasty_room(const char *name)
{
    uint8_t buffer[256];
    struct writer writer = writer_on(buffer, sizeof buffer);
    enter(name);
    pack_array(&writer, 2);
    pack_integer(&writer, CLIENT_OPERATIONS);
    pack_array(&writer, 1);
    pack_array(&writer, 5);
    pack_integer(&writer, VERB_PUT);
    pack_string(&writer, bytes_of("shapes"));
    pack_string(&writer, bytes_of("a"));
    pack_string(&writer, bytes_of("n"));
    pack_string(&writer, bytes_of(NASTY));
    raw_frame(&visitor, 0x82, writer_bytes(&writer));
    wait_for_records(name, 1);
}

START_TEST(what_members_write_stays_a_text)
{
    write_nasty_room("lobby");
    ck_assert_msg(run_command("%s sql lobby --data %s | sqlite3 -bail %s/asked.db 2>&1", TEST_TUTTI,
                              server.folder, server.folder) == 0,
                  "%s", out);
    ck_assert_int_eq(
        run_command("sqlite3 %s/asked.db \"select value ->> 'n' from edit\"", server.folder), 0);
    ck_assert_str_eq(out, NASTY "\n");
    ck_assert_int_eq(tutti("log lobby --table"), 0);
    expect_not_out("\x1b");
    ck_assert_int_eq(tutti("show lobby --table"), 0);
    expect_not_out("\x1b");
}
END_TEST

START_TEST(a_room_that_sleeps_is_read)
{
    write_room("lobby");
    leave("lobby");
    expect_both_records("lobby");
    expect_log("lobby");
    server_signal(&server, SIGTERM);
    ck_assert_int_eq(server.exit_status, 0);
    ck_assert(room_is("lobby", "asleep"));
    expect_both_records("lobby");
    expect_log("lobby");
    ck_assert_int_eq(tutti("log lobby"), 0);
    expect_out("\"act\":\"slept\"");
    ck_assert_msg(tutti("sessions") == 0, "%s", out);
    expect_out("\"room\":\"lobby\",\"kind\":\"open\"");
    ck_assert_msg(tutti("check") == 0, "%s", out);
}
END_TEST

START_TEST(what_a_killed_server_left_is_read)
{
    write_room("lobby");
    server_signal(&server, SIGKILL);
    ck_assert(room_is("lobby", "asleep"));
    expect_both_records("lobby");
    expect_log("lobby");
    ck_assert_msg(tutti("check") == 0, "%s", out);
    expect_out("1 rooms built, 0 damages");
}
END_TEST

/* A room with a hole in its log, in the journal of a server that has stopped. */
struct holed {
    uint64_t before, hole, behind; /* ticks */
};

static bool take_no_flush(void *context, const struct store_flush *flush)
{
    (void)context;
    (void)flush;
    return true;
}

static void append_to_journal(struct bytes name, const struct room *room, struct bytes log)
{
    struct store *store;
    char error[STORE_SQLITE_ERROR_MAX];
    uint64_t fence, last;
    struct flush_buffer buffer = {0};
    struct flush_entry entry = {.room = name,
                                .incarnation = room_incarnation(room),
                                .first = 1,
                                .last = room_logged(room),
                                .bytes = log};
    struct store_sqlite_options sqlite = {.folder = server.folder};
    ck_assert_int_eq(store_sqlite_open(&sqlite, &store, error), STORE_OK);
    ck_assert_int_eq(store->claim(store, &fence), STORE_OK);
    ck_assert_int_eq(store->flushes(store, take_no_flush, NULL, &last), STORE_OK);
    ck_assert(flush_add(&buffer, &entry));
    struct store_flush flush = {.number = last + 1, .bytes = {buffer.data, buffer.length}};
    ck_assert_int_eq(store->append(store, fence, &flush), STORE_OK);
    free(buffer.data);
    store->close(store);
}

static struct holed write_holed_room(void)
{
    struct kept_log kept = {0};
    struct holed ticks;
    struct room *room = room_create(
        &(struct room_options){.rules = &kind_open, .incarnation = 9, .logs = true, .saves = true});
    uint32_t bob = join(room, 5, ROLE_EDITOR);
    kept_log_take(&kept, room);
    ck_assert_int_eq(outcome(room, bob, "[0 'shapes' 'a' 'n' 1]"), STATUS_OK);
    kept_log_take(&kept, room);
    ticks.before = room_tick_number(room);
    room_log_stop(room);
    ck_assert_int_eq(outcome(room, bob, "[0 'shapes' 'b' 'n' 2]"), STATUS_OK);
    ticks.hole = room_tick_number(room);
    ck_assert_int_eq(outcome(room, bob, "[4 'shapes' 'a']"), STATUS_OK);
    kept_log_resume(&kept, room);
    ticks.behind = room_tick_number(room);
    ck_assert_int_eq(outcome(room, bob, "[1 'shapes' 'b' 'n' 3]"), STATUS_OK);
    kept_log_take(&kept, room);
    append_to_journal(bytes_of("holed"), room, (struct bytes){kept.data, kept.length});
    room_destroy(room);
    kept_log_free(&kept);
    return ticks;
}

START_TEST(a_hole_in_a_log_is_told)
{
    char resumed[64];
    server_signal(&server, SIGTERM);
    struct holed ticks = write_holed_room();
    ck_assert_msg(tutti("show holed --tick %" PRIu64, ticks.before) == 0, "%s", out);
    expect_out("\"id\":\"a\"");
    ck_assert_int_eq(tutti("show holed --tick %" PRIu64, ticks.hole), 1);
    expect_out("not recorded");
    ck_assert_msg(tutti("show holed --tick %" PRIu64, ticks.behind) == 0, "%s", out);
    expect_out("\"id\":\"b\"");
    expect_not_out("\"id\":\"a\"");
    ck_assert_msg(tutti("log holed") == 0, "%s", out);
    snprintf(resumed, sizeof resumed, "\"act\":\"resumed\",\"unrecorded_after\":%" PRIu64,
             ticks.before);
    expect_out(resumed);
    expect_out("\"act\":\"operation\",\"member\":1");
    ck_assert_msg(tutti("sql holed") == 0, "%s", out);
    expect_out(",1,'ok','set','shapes','b','{\"n\":3}');");
    expect_not_out("'{\"n\":2}'");
    ck_assert_msg(tutti("check") == 0, "%s", out);
    expect_out("1 rooms built, 0 damages");
}
END_TEST

/* Each message is for the ticks behind those of the one before, which are sent faster than the room
 * makes them: some come in their time. */
static bool an_input_is_logged(void)
{
    raw_say(&visitor, "[5 0 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15]");
    return tutti("log track") == 0 &&
           strstr(out, "\"act\":\"input\",\"member\":1,\"user\":null,\"input\":15}") != NULL;
}

START_TEST(inputs_stand_in_the_log)
{
    ck_assert_int_eq(raw_open(&visitor, server.port, "track"), 101);
    raw_hello(&visitor, 1, "'race'");
    raw_expect(&visitor, SERVER_WELCOME);
    bool logged = false;
    for (int i = 0; i < MOMENTS_MAX && !logged; i++, wait_a_moment())
        logged = an_input_is_logged();
    ck_assert_msg(logged, "%s", out);
    raw_expect(&visitor, SERVER_FRAME_INPUTS);
    ck_assert_msg(tutti("check") == 0, "%s", out);
}
END_TEST

START_TEST(a_folder_may_have_a_long_name)
{
    char path[300];
    int length = snprintf(path, sizeof path, "%s", server.folder);
    while ((size_t)length < 200)
        length += snprintf(path + length, sizeof path - (size_t)length, "/./.");
    write_room("lobby");
    ck_assert_int_eq(tutti_in(path, "rooms"), 0);
    expect_out("\"state\":\"awake\"");
    ck_assert_int_eq(tutti_in(path, "delete lobby"), 0);
}
END_TEST

START_TEST(what_is_no_data_is_refused)
{
    static const char *const commands[] = {"rooms", "show lobby",   "log lobby",
                                           "check", "delete lobby", "release lobby"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        ck_assert_int_eq(tutti_in("/nowhere", "%s", commands[i]), 1);
    ck_assert_int_ne(access("/nowhere", F_OK), 0);
    ck_assert_int_eq(tutti("show"), 2);
    ck_assert_int_eq(tutti("show lobby --tick soon"), 2);
    ck_assert_int_eq(tutti("rooms lobby"), 2);
    ck_assert_int_eq(tutti("delete 'no room'"), 1);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("admin");
    tcase_add_checked_fixture(tcase, setup_tended, teardown_tended);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_running_server_is_read);
    tcase_add_test(tcase, what_members_write_stays_a_text);
    tcase_add_test(tcase, a_room_that_sleeps_is_read);
    tcase_add_test(tcase, what_a_killed_server_left_is_read);
    tcase_add_test(tcase, a_hole_in_a_log_is_told);
    tcase_add_test(tcase, inputs_stand_in_the_log);
    tcase_add_test(tcase, a_folder_may_have_a_long_name);
    tcase_add_test(tcase, what_is_no_data_is_refused);
    Suite *suite = suite_create("admin");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
