/* check_admin.c - `tutti rooms`, `show`, `log`, `check`, `backup`, `restore`, `delete` and `release` on
 * the data of the real server: while it runs, after it stopped, and after it was killed. */
#include "persistence/flush.h"
#include "persistence/store_sqlite.h"
#include "tests/helpers.h"
#include "tests/kept_log.h"
#include "tests/raw_client.h"
#include "tests/server_process.h"

#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define OUT_MAX   65536
#define WAITS     200
#define WAIT_MS   50
#define CALLERS   9 /* one more than are served at once */
#define ASKED_MAX 4096

static struct server_process server;
static struct raw_client ada;
static char out[OUT_MAX];

static void setup(void)
{
    server = server_start_with((const char *const[]){"--room-linger", "0", "--grace", "1", NULL});
    ada.fd = -1;
}

static void teardown(void)
{
    raw_shut(&ada);
    server_stop(&server);
}

static void wait_a_moment(void)
{
    nanosleep(&(struct timespec){.tv_nsec = WAIT_MS * 1000000L}, NULL);
}

/* Runs `tutti ARGUMENTS --data FOLDER`; its exit status, what it says is in `out`. */
static int tutti_in(const char *folder, const char *arguments)
{
    char command[512];
    snprintf(command, sizeof command, "%s %s --data %s 2>&1", TEST_TUTTI, arguments, folder);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    size_t length = fread(out, 1, sizeof out - 1, pipe);
    out[length] = '\0';
    int status = pclose(pipe);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int tutti(const char *arguments)
{
    return tutti_in(server.folder, arguments);
}

static void enter(const char *room)
{
    raw_shut(&ada);
    ck_assert_int_eq(raw_open(&ada, server.port, room), 101);
    raw_hello(&ada, 1, "'open'");
    raw_expect(&ada, SERVER_WELCOME);
}

static int join_refused(const char *room)
{
    raw_shut(&ada);
    ck_assert_int_eq(raw_open(&ada, server.port, room), 101);
    raw_hello(&ada, 1, "'open'");
    return raw_end(&ada);
}

/* The line of JSON about this room, or NULL. */
static json_t *find_room(const char *name)
{
    json_t *found = NULL;
    ck_assert_msg(tutti("rooms") == 0, "%s", out);
    for (char *line = strtok(out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_t *room = json_loads(line, 0, NULL);
        ck_assert_msg(room != NULL, "no JSON: %s", line);
        const char *of = json_string_value(json_object_get(room, "room"));
        if (strcmp(of, name) == 0) {
            ck_assert_msg(found == NULL, "%s is there twice", name);
            found = room;
        } else {
            json_decref(room);
        }
    }
    return found;
}

static bool is_listed(const char *name)
{
    json_t *room = find_room(name);
    json_decref(room);
    return room != NULL;
}

static bool room_is(const char *name, const char *state)
{
    json_t *room = find_room(name);
    bool is = room != NULL && strcmp(json_string_value(json_object_get(room, "state")), state) == 0;
    json_decref(room);
    return is;
}

static void wait_for_state(const char *name, const char *state)
{
    for (int i = 0; i < WAITS; i++, wait_a_moment())
        if (room_is(name, state))
            return;
    ck_abort_msg("%s was never %s", name, state);
}

/* Until so many records are there, and saved. */
static void wait_for_records(const char *name, int records)
{
    for (int i = 0; i < WAITS; i++, wait_a_moment()) {
        json_t *room = find_room(name);
        bool there = json_integer_value(json_object_get(room, "records")) == records &&
                     json_is_false(json_object_get(room, "unsaved"));
        json_decref(room);
        if (there)
            return;
    }
    ck_abort_msg("%s never had %d records that are saved", name, records);
}

/* A room with records a and b, made in two ticks at least, and a refused operation. */
static void write_room(const char *name)
{
    enter(name);
    raw_say(&ada, "[1 [[0 'shapes' 'a' 'n' 1]]]");
    wait_for_records(name, 1);
    raw_say(&ada, "[1 [[0 'shapes' 'b' 'n' 2]] [[1 'shapes' 'none' 'n' 3]]]");
    wait_for_records(name, 2);
}

static void leave(const char *name)
{
    raw_shut(&ada);
    wait_for_state(name, "asleep");
}

static void expect_out(const char *text)
{
    ck_assert_msg(strstr(out, text) != NULL, "no %s in: %s", text, out);
}

static void expect_not_out(const char *text)
{
    ck_assert_msg(strstr(out, text) == NULL, "%s in: %s", text, out);
}

#define RECORD_A "\"collection\":\"shapes\",\"id\":\"a\",\"owner\":1,\"values\":{\"n\":1}"
#define RECORD_B "\"collection\":\"shapes\",\"id\":\"b\",\"owner\":1,\"values\":{\"n\":2}"

static void expect_both_records(const char *name)
{
    char command[128];
    snprintf(command, sizeof command, "show %s", name);
    ck_assert_msg(tutti(command) == 0, "%s", out);
    expect_out(RECORD_A);
    expect_out(RECORD_B);
}

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
    char command[128];
    snprintf(command, sizeof command, "log %s", name);
    ck_assert_msg(tutti(command) == 0, "%s", out);
    expect_out("\"act\":\"opened\",\"kind\":\"open\"");
    expect_out("\"act\":\"joined\",\"member\":1");
    expect_out("\"act\":\"operation\",\"member\":1");
    expect_out(
        "\"status\":\"ok\",\"edits\":[{\"put\":\"shapes\",\"id\":\"b\",\"values\":{\"n\":2}}]");
    expect_out("\"edits\":[{\"set\":\"shapes\",\"id\":\"none\",\"values\":{\"n\":3}}]");
    long long tick = tick_of("\"id\":\"a\"");
    snprintf(command, sizeof command, "show %s --tick %lld", name, tick);
    ck_assert_msg(tutti(command) == 0, "%s", out);
    expect_out(RECORD_A);
    expect_not_out(RECORD_B);
    snprintf(command, sizeof command, "log %s --from %lld --to %lld", name, tick, tick);
    ck_assert_int_eq(tutti(command), 0);
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
    ck_assert_msg(tutti("check") == 0, "%s", out);
    expect_out("1 rooms built, 0 damages");
    ck_assert_int_eq(tutti("show nowhere"), 1);
    expect_out("there is no such room");
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
    char command[64];
    server_signal(&server, SIGTERM);
    struct holed ticks = write_holed_room();
    snprintf(command, sizeof command, "show holed --tick %" PRIu64, ticks.before);
    ck_assert_msg(tutti(command) == 0, "%s", out);
    expect_out("\"id\":\"a\"");
    snprintf(command, sizeof command, "show holed --tick %" PRIu64, ticks.hole);
    ck_assert_int_eq(tutti(command), 1);
    expect_out("not recorded");
    snprintf(command, sizeof command, "show holed --tick %" PRIu64, ticks.behind);
    ck_assert_msg(tutti(command) == 0, "%s", out);
    expect_out("\"id\":\"b\"");
    expect_not_out("\"id\":\"a\"");
    ck_assert_msg(tutti("log holed") == 0, "%s", out);
    snprintf(command, sizeof command, "\"act\":\"resumed\",\"unrecorded_after\":%" PRIu64,
             ticks.before);
    expect_out(command);
    expect_out("\"act\":\"operation\",\"member\":1");
    ck_assert_msg(tutti("check") == 0, "%s", out);
    expect_out("1 rooms built, 0 damages");
}
END_TEST

/* --- Deleting ------------------------------------------------------------------------------------ */

static void expect_new_room(const char *name)
{
    char command[128];
    enter(name);
    raw_say(&ada, "[1 [[0 'shapes' 'c' 'n' 3]]]");
    wait_for_records(name, 1);
    snprintf(command, sizeof command, "show %s", name);
    ck_assert_int_eq(tutti(command), 0);
    expect_not_out(RECORD_A);
    expect_out("\"id\":\"c\"");
}

START_TEST(a_room_is_deleted_while_members_are_in)
{
    write_room("lobby");
    ck_assert_msg(tutti("delete lobby") == 0, "%s", out);
    ck_assert_int_eq(raw_end(&ada), CLOSE_ENDED);
    ck_assert(room_is("lobby", "deleted"));
    ck_assert_int_eq(tutti("show lobby"), 1);
    ck_assert_int_eq(tutti("delete lobby"), 1);
    expect_out("there is no such room");
    expect_new_room("lobby");
    server_signal(&server, SIGKILL);
    server_restart(&server);
    raw_shut(&ada);
    ck_assert_int_eq(tutti("show lobby"), 0);
    expect_not_out(RECORD_A);
    ck_assert_msg(tutti("check") == 0, "%s", out);
}
END_TEST

static bool is_stored(const char *name)
{
    json_t *room = find_room(name);
    ck_assert_ptr_nonnull(room);
    bool is = json_is_true(json_object_get(room, "stored"));
    ck_assert(json_is_false(json_object_get(room, "unsaved")) || is);
    json_decref(room);
    return is;
}

START_TEST(a_room_with_nothing_in_it_is_listed_deleted_and_forgotten)
{
    write_room("written");
    ck_assert(is_stored("written"));
    enter("blank");
    raw_say(&ada, "[2 'x' 5]");
    ck_assert(!is_stored("blank"));
    ck_assert_msg(tutti("delete blank") == 0, "%s", out);
    ck_assert_int_eq(raw_end(&ada), CLOSE_ENDED);
    ck_assert(!is_listed("blank"));
    ck_assert_int_ne(tutti("delete blank"), 0);
    enter("blank");
    raw_say(&ada, "[4]");
    ck_assert_int_eq(raw_end(&ada), CLOSE_DONE);
    for (int i = 0; i < WAITS && is_listed("blank"); i++)
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
    char command[64];
    snprintf(command, sizeof command, "show %s", name);
    ck_assert_msg(tutti(command) == 0, "%s", out);
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
    raw_say(&ada, "[1 [[0 'shapes' 'a' 'x' 5]]]");
    post_image("lobby");
    wait_for_records("lobby", 1);
    leave("lobby");
    ck_assert_uint_eq(files_shown("lobby"), 1);
    ck_assert_ptr_nonnull(strstr(out, "\"bytes\":14"));
    ck_assert_ptr_nonnull(strstr(out, "\"named\":false"));
    ck_assert_msg(tutti("check") == 0, "%s", out);
    ck_assert_msg(tutti("delete lobby") == 0, "%s", out);
    enter("lobby");
    raw_say(&ada, "[1 [[0 'shapes' 'a' 'x' 5]]]");
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
    ck_assert_int_eq(server_has_said(&server, "archive.db.corrupt-1"), _i == 1);
    raw_say(&ada, "[1 [[0 'shapes' 'c' 'n' 3]]]");
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

/* Each message is for the ticks behind those of the one before, which are sent faster than the room
 * makes them: some come in their time. */
static bool an_input_is_logged(void)
{
    raw_say(&ada, "[5 0 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15]");
    return tutti("log track") == 0 &&
           strstr(out, "\"act\":\"input\",\"member\":1,\"user\":null,\"input\":15}") != NULL;
}

START_TEST(inputs_stand_in_the_log)
{
    ck_assert_int_eq(raw_open(&ada, server.port, "track"), 101);
    raw_hello(&ada, 1, "'race'");
    raw_expect(&ada, SERVER_WELCOME);
    bool logged = false;
    for (int i = 0; i < WAITS && !logged; i++, wait_a_moment())
        logged = an_input_is_logged();
    ck_assert_msg(logged, "%s", out);
    raw_expect(&ada, SERVER_FRAME_INPUTS);
    ck_assert_msg(tutti("check") == 0, "%s", out);
}
END_TEST

/* --- Backups ------------------------------------------------------------------------------------- */

START_TEST(a_backup_of_a_running_server_is_restored)
{
    char command[256], copy[128], restored[128];
    snprintf(copy, sizeof copy, "%s/copy", server.folder);
    snprintf(restored, sizeof restored, "%s/restored", server.folder);
    write_room("lobby");
    snprintf(command, sizeof command, "backup %s", copy);
    ck_assert_msg(tutti(command) == 0, "%s", out);
    ck_assert_int_eq(tutti(command), 1);
    expect_out("is not empty");
    raw_say(&ada, "[1 [[0 'shapes' 'later' 'n' 3]]]");
    wait_for_records("lobby", 3);

    snprintf(command, sizeof command, "restore %s", copy);
    ck_assert_msg(tutti_in(restored, command) == 0, "%s", out);
    ck_assert_int_eq(tutti_in(restored, command), 1);
    expect_out("is not empty");
    ck_assert_msg(tutti_in(restored, "check") == 0, "%s", out);
    ck_assert_int_eq(tutti_in(restored, "show lobby"), 0);
    expect_out(RECORD_A);
    expect_out(RECORD_B);
    expect_not_out("later");
}
END_TEST

static long long incarnation_in(const char *act)
{
    for (char *line = strtok(out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, 0, NULL);
        json_t *number = json_object_get(object, "incarnation");
        bool is = strcmp(json_string_value(json_object_get(object, "act")), act) == 0;
        long long incarnation = json_integer_value(number);
        json_decref(object);
        if (is)
            return incarnation;
    }
    ck_abort_msg("no act %s", act);
    return 0;
}

START_TEST(a_restored_room_is_another_than_the_one_its_members_know)
{
    char copy[80], command[256];
    write_room("lobby");
    leave("lobby");
    server_signal(&server, SIGTERM);
    snprintf(copy, sizeof copy, "%s/copy", server.folder);
    snprintf(command, sizeof command, "backup %s", copy);
    ck_assert_int_eq(tutti(command), 0);

    struct server_process second = server;
    snprintf(second.folder, sizeof second.folder, "%.40s/second", server.folder);
    snprintf(command, sizeof command, "restore %s", copy);
    ck_assert_msg(tutti_in(second.folder, command) == 0, "%s", out);
    server_restart(&second);
    enter("lobby");
    server_signal(&second, SIGTERM);
    ck_assert_int_eq(tutti_in(second.folder, "log lobby"), 0);
    expect_out("\"act\":\"woken\"");
    char again[OUT_MAX];
    memcpy(again, out, sizeof again);
    long long before = incarnation_in("opened");
    memcpy(out, again, sizeof out);
    ck_assert_int_gt(incarnation_in("woken"), before);
}
END_TEST

/* --- The socket ---------------------------------------------------------------------------------- */

static int call(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 8};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/admin.sock", server.folder);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void expect_answer(int fd, const char *text)
{
    char answer[512];
    size_t length = 0;
    for (ssize_t got; (got = recv(fd, answer + length, sizeof answer - 1 - length, 0)) > 0;)
        length += (size_t)got;
    answer[length] = '\0';
    ck_assert_str_eq(answer, text);
    close(fd);
}

static void say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

START_TEST(what_is_no_request_is_refused)
{
    static const char *const rows[][2] = {
        {"rooms\n", "ok\n"},
        {"\n", "error there is no such request\n"},
        {"rooms now\n", "error there is no such request\n"},
        {"delete \n", "error that is no room's name\n"},
        {"delete no room\n", "error that is no room's name\n"},
        {"release ../..\n", "error that is no room's name\n"},
        {"delete nowhere\n", "none\n"},
        {"release nowhere\n", "none\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = call();
        say(fd, rows[i][0]);
        expect_answer(fd, rows[i][1]);
    }
    char large[ASKED_MAX + 1];
    memset(large, 'a', ASKED_MAX);
    large[ASKED_MAX] = '\0';
    int fd = call();
    say(fd, large);
    expect_answer(fd, "error the request is too long\n");
    close(call()); /* who says nothing and goes */
}
END_TEST

START_TEST(callers_beyond_the_limit_wait_for_their_turn)
{
    int fds[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        fds[i] = call();
    say(fds[CALLERS - 1], "rooms\n");
    for (int i = 0; i < CALLERS - 1; i++)
        close(fds[i]);
    expect_answer(fds[CALLERS - 1], "ok\n");
}
END_TEST

START_TEST(the_socket_is_private_and_comes_and_goes_with_the_server)
{
    char path[128];
    struct stat facts;
    snprintf(path, sizeof path, "%s/admin.sock", server.folder);
    ck_assert_int_eq(stat(path, &facts), 0);
    ck_assert(S_ISSOCK(facts.st_mode));
    ck_assert_int_eq(facts.st_mode & 0777, 0600);
    server_signal(&server, SIGKILL);
    ck_assert_int_eq(stat(path, &facts), 0);
    ck_assert_msg(tutti("rooms") == 0, "%s", out); /* nobody answers: it is read at rest */
    server_restart(&server);
    int fd = call();
    say(fd, "rooms\n");
    expect_answer(fd, "ok\n");
    server_signal(&server, SIGTERM);
    ck_assert_int_ne(stat(path, &facts), 0);
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
        ck_assert_int_eq(tutti_in("/nowhere", commands[i]), 1);
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
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_running_server_is_read);
    tcase_add_test(tcase, a_room_that_sleeps_is_read);
    tcase_add_test(tcase, what_a_killed_server_left_is_read);
    tcase_add_test(tcase, a_hole_in_a_log_is_told);
    tcase_add_test(tcase, a_room_is_deleted_while_members_are_in);
    tcase_add_test(tcase, a_room_with_nothing_in_it_is_listed_deleted_and_forgotten);
    tcase_add_test(tcase, a_room_that_sleeps_is_deleted);
    tcase_add_loop_test(tcase, a_room_is_deleted_at_rest, 0, 2);
    tcase_add_test(tcase, a_rooms_images_are_shown_checked_and_deleted_with_it);
    tcase_add_test(tcase, damage_is_told_with_its_place_and_the_room_is_quarantined);
    tcase_add_loop_test(tcase, damage_of_a_row_is_met_when_its_room_is_asked_for, 0, 2);
    tcase_add_test(tcase, inputs_stand_in_the_log);
    tcase_add_test(tcase, a_backup_of_a_running_server_is_restored);
    tcase_add_test(tcase, a_restored_room_is_another_than_the_one_its_members_know);
    tcase_add_test(tcase, what_is_no_request_is_refused);
    tcase_add_test(tcase, callers_beyond_the_limit_wait_for_their_turn);
    tcase_add_test(tcase, the_socket_is_private_and_comes_and_goes_with_the_server);
    tcase_add_test(tcase, a_folder_may_have_a_long_name);
    tcase_add_test(tcase, what_is_no_data_is_refused);

    Suite *suite = suite_create("admin");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
