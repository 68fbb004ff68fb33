#include "tests/tended_server.h"

#include <check.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/wire.h"

#define ARGUMENTS_MAX 512

struct server_process server;
struct raw_client visitor;

void setup_tended(void)
{
    server = server_start_with((const char *const[]){"--room-linger", "0", "--grace", "1", NULL});
    visitor.fd = -1;
}

void teardown_tended(void)
{
    raw_shut(&visitor);
    server_stop(&server);
}

__attribute__((format(printf, 2, 0))) static int
tutti_listed(const char *folder, const char *format, va_list list)
{
    char arguments[ARGUMENTS_MAX];
    ck_assert_int_lt(vsnprintf(arguments, sizeof arguments, format, list), ARGUMENTS_MAX);
    return run_command("%s %s --data %s 2>&1", TEST_TUTTI, arguments, folder);
}

int tutti_in(const char *folder, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int status = tutti_listed(folder, format, arguments);
    va_end(arguments);
    return status;
}

int tutti(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int status = tutti_listed(server.folder, format, arguments);
    va_end(arguments);
    return status;
}

/* --- Rooms as they are listed --------------------------------------------------------------------- */

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

bool is_listed(const char *name)
{
    json_t *room = find_room(name);
    json_decref(room);
    return room != NULL;
}

bool is_stored(const char *name)
{
    json_t *room = find_room(name);
    ck_assert_ptr_nonnull(room);
    bool is = json_is_true(json_object_get(room, "stored"));
    ck_assert(json_is_false(json_object_get(room, "unsaved")) || is);
    json_decref(room);
    return is;
}

bool room_is(const char *name, const char *state)
{
    json_t *room = find_room(name);
    bool is = room != NULL && strcmp(json_string_value(json_object_get(room, "state")), state) == 0;
    json_decref(room);
    return is;
}

static void wait_for_state(const char *name, const char *state)
{
    for (int i = 0; i < MOMENTS_MAX; i++, wait_a_moment())
        if (room_is(name, state))
            return;
    ck_abort_msg("%s was never %s", name, state);
}

void wait_for_records(const char *name, int records)
{
    for (int i = 0; i < MOMENTS_MAX; i++, wait_a_moment()) {
        json_t *room = find_room(name);
        bool there = json_integer_value(json_object_get(room, "records")) == records &&
                     json_is_false(json_object_get(room, "unsaved"));
        json_decref(room);
        if (there)
            return;
    }
    ck_abort_msg("%s never had %d records that are saved", name, records);
}

/* --- Members --------------------------------------------------------------------------------------- */

void enter(const char *room)
{
    raw_shut(&visitor);
    ck_assert_int_eq(raw_open(&visitor, server.port, room), 101);
    raw_hello(&visitor, 1, "'open'");
    raw_expect(&visitor, SERVER_WELCOME);
}

int join_refused(const char *room)
{
    raw_shut(&visitor);
    ck_assert_int_eq(raw_open(&visitor, server.port, room), 101);
    raw_hello(&visitor, 1, "'open'");
    return raw_end(&visitor);
}

void leave(const char *name)
{
    raw_shut(&visitor);
    wait_for_state(name, "asleep");
}

void write_room(const char *name)
{
    enter(name);
    raw_say(&visitor, "[1 [[0 'shapes' 'a' 'n' 1]]]");
    wait_for_records(name, 1);
    raw_say(&visitor, "[1 [[0 'shapes' 'b' 'n' 2]] [[1 'shapes' 'none' 'n' 3]]]");
    wait_for_records(name, 2);
}

void expect_both_records(const char *name)
{
    ck_assert_msg(tutti("show %s", name) == 0, "%s", out);
    expect_out(RECORD_A);
    expect_out(RECORD_B);
}

void expect_new_room(const char *name)
{
    enter(name);
    raw_say(&visitor, "[1 [[0 'shapes' 'c' 'n' 3]]]");
    wait_for_records(name, 1);
    ck_assert_int_eq(tutti("show %s", name), 0);
    expect_not_out(RECORD_A);
    expect_out("\"id\":\"c\"");
}
