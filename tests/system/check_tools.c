/* check_tools - `tutti load` and `tutti watch` as a person runs them, against the real server. */
#include <check.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/run_suite.h"
#include "tests/server_process.h"

static struct server_process server;
static char url[64];

static void setup(void)
{
    server = server_start(0);
    snprintf(url, sizeof url, "ws://127.0.0.1:%u", server.port);
}

static void teardown(void)
{
    server_stop(&server);
}

struct command {
    pid_t pid;
    FILE *out;
};

/* Starts `tutti` with up to 11 arguments behind the URL's. */
static struct command start(const char *name, const char *const *arguments)
{
    const char *line[16] = {TEST_TUTTI, name, "--url", url};
    for (size_t i = 0; arguments[i] != NULL; i++)
        line[4 + i] = arguments[i];
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct command command = {.pid = fork()};
    if (command.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        char *copies[16] = {NULL};
        for (size_t i = 0; line[i] != NULL; i++)
            copies[i] = strdup(line[i]);
        execv(TEST_TUTTI, copies);
        _exit(127);
    }
    close(ends[1]);
    command.out = fdopen(ends[0], "r");
    return command;
}

static int finish(struct command *command)
{
    int status = 0;
    fclose(command->out);
    waitpid(command->pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- load ------------------------------------------------------------------------------------------- */

static json_t *run_load(const char *const *arguments)
{
    struct command command = start("load", arguments);
    json_error_t error;
    json_t *report = json_loadf(command.out, 0, &error);
    ck_assert_msg(report != NULL, "no JSON: %s", error.text);
    ck_assert_int_eq(finish(&command), 0);
    return report;
}

static double number(const json_t *report, const char *name)
{
    const json_t *value = json_object_get(report, name);
    ck_assert_msg(json_is_number(value), "no number \"%s\"", name);
    return json_number_value(value);
}

START_TEST(load_finds_every_value_and_loses_none)
{
    static const char *const arguments[] = {"--json", "--rooms",   "2", "--clients",
                                            "5",      "--seconds", "5", NULL};
    json_t *report = run_load(arguments);
    ck_assert_double_eq(number(report, "joined"), 10);
    ck_assert_double_eq(number(report, "connections_lost"), 0);
    ck_assert_double_eq(number(report, "lost"), 0);
    ck_assert_double_eq(number(report, "foreign"), 0);
    ck_assert_double_eq(number(report, "backwards"), 0);
    ck_assert_double_gt(number(report, "checked"), 0);
    ck_assert_double_gt(number(json_object_get(report, "latency_ms"), "p50"), 0);
    ck_assert_double_gt(number(json_object_get(report, "server"), "bytes_after"), 0);
    json_decref(report);
}
END_TEST

START_TEST(load_measures_a_room_whose_names_are_learnt)
{
    static const char *const arguments[] = {"--json", "--kind",    "open", "--clients",
                                            "4",      "--seconds", "5",    NULL};
    json_t *report = run_load(arguments);
    ck_assert_double_eq(number(report, "lost"), 0);
    ck_assert_double_eq(number(report, "foreign"), 0);
    ck_assert_double_gt(number(report, "checked"), 0);
    json_decref(report);
}
END_TEST

START_TEST(load_sees_a_stalled_client_catch_up)
{
    static const char *const arguments[] = {"--json", "--clients", "20", "--seconds",
                                            "4",      "--stall",   "1",  NULL};
    json_t *report = run_load(arguments);
    const json_t *stall = json_object_get(report, "stall");
    ck_assert(json_is_true(json_object_get(stall, "caught_up")));
    ck_assert(json_is_false(json_object_get(stall, "lost")));
    ck_assert_double_gt(number(stall, "messages"), 0);
    ck_assert_double_eq(number(report, "lost"), 0);
    json_decref(report);
}
END_TEST

START_TEST(idle_members_join_and_stay)
{
    static const char *const arguments[] = {"--json",    "--idle", "--clients", "50",
                                            "--seconds", "1",      NULL};
    json_t *report = run_load(arguments);
    ck_assert_double_eq(number(report, "joined"), 50);
    ck_assert_double_eq(number(report, "connections_lost"), 0);
    json_decref(report);
}
END_TEST

START_TEST(load_tells_when_operations_are_decided_and_saved)
{
    static const char *const arguments[] = {"--json",   "--rooms", "3",         "--clients", "2",
                                            "--writes", "20",      "--seconds", "1",         NULL};
    json_t *report = run_load(arguments);
    const json_t *writes = json_object_get(report, "writes");
    ck_assert_double_gt(number(writes, "submitted"), 0);
    ck_assert_double_eq(number(writes, "saved"), number(writes, "submitted"));
    ck_assert_double_eq(number(writes, "refused"), 0);
    ck_assert_double_eq(number(writes, "uncertain"), 0);
    ck_assert_double_eq(number(writes, "unsaved"), 0);
    ck_assert_double_gt(number(json_object_get(writes, "decided_ms"), "p50"), 0);
    ck_assert_double_ge(number(json_object_get(writes, "saved_ms"), "p50"),
                        number(json_object_get(writes, "decided_ms"), "p50"));
    json_decref(report);
}
END_TEST

START_TEST(load_drives_races)
{
    static const char *const arguments[] = {"--json", "--kind",    "race", "--rooms",
                                            "2",      "--clients", "3",    "--bots",
                                            "2",      "--seconds", "1",    NULL};
    json_t *report = run_load(arguments);
    const json_t *race = json_object_get(report, "race");
    ck_assert_double_eq(number(race, "racing"), 2);
    ck_assert_double_gt(number(race, "sent"), 0);
    ck_assert_double_gt(number(race, "taken"), 0);
    ck_assert_double_gt(number(race, "told"), 0);
    ck_assert_double_eq(number(race, "astray"), 0);
    ck_assert_double_gt(number(report, "updates_per_s"), 0);
    ck_assert_double_gt(number(json_object_get(report, "latency_ms"), "p50"), 0);
    ck_assert_double_gt(number(json_object_get(report, "server"), "ticks"), 0);
    ck_assert_double_gt(number(json_object_get(report, "server"), "beats"), 0);
    json_decref(report);
}
END_TEST

START_TEST(without_a_server_load_fails_and_says_so)
{
    static const char *const arguments[] = {"--json", "--clients", "2", NULL};
    server_signal(&server, SIGKILL);
    struct command command = start("load", arguments);
    ck_assert_int_eq(fgetc(command.out), EOF);
    ck_assert_int_eq(finish(&command), 1);
}
END_TEST

/* --- watch ------------------------------------------------------------------------------------------- */

/* Reads lines up to one of a type; the caller frees it. A watch that stays silent runs into the
 * test's time limit. */
static json_t *next_of_type(struct command *command, const char *type)
{
    char line[4096];
    while (fgets(line, sizeof line, command->out) != NULL) {
        json_error_t error;
        json_t *object = json_loads(line, 0, &error);
        ck_assert_msg(object != NULL, "no JSON: %s", line);
        if (strcmp(json_string_value(json_object_get(object, "type")), type) == 0)
            return object;
        json_decref(object);
    }
    ck_abort_msg("watch ended before a line of type %s", type);
    return NULL;
}

START_TEST(watch_prints_who_is_there_and_ends_on_a_signal)
{
    static const char *const arguments[] = {"lobby", "--kind", "cursors", "--name", "Eve", NULL};
    struct command command = start("watch", arguments);
    json_t *added = next_of_type(&command, "added");
    ck_assert_str_eq(json_string_value(json_object_get(added, "collection")), "presence");
    const json_t *user = json_object_get(json_object_get(added, "values"), "user");
    ck_assert_str_eq(json_string_value(user), "Eve");
    json_decref(added);

    struct command other = start("watch", arguments);
    json_t *second = next_of_type(&command, "added");
    double member = number(second, "member");
    json_decref(second);
    json_decref(next_of_type(&other, "added"));
    kill(other.pid, SIGINT);
    ck_assert_int_eq(finish(&other), 0);
    json_t *removed = next_of_type(&command, "removed");
    ck_assert_double_eq(number(removed, "member"), member);
    json_decref(removed);
    kill(command.pid, SIGTERM);
    ck_assert_int_eq(finish(&command), 0);
}
END_TEST

START_TEST(watch_tells_why_it_cannot_join)
{
    static const char *const arguments[] = {"lobby", "--kind", "no-such-kind", NULL};
    struct command command = start("watch", arguments);
    json_t *state = NULL;
    do {
        json_decref(state);
        state = next_of_type(&command, "state");
    } while (strcmp(json_string_value(json_object_get(state, "state")), "ended") != 0);
    ck_assert_double_eq(number(state, "code"), 4012);
    json_decref(state);
    ck_assert_int_eq(finish(&command), 1);
}
END_TEST

static Suite *tools_suite(void)
{
    Suite *suite = suite_create("tools, run");
    TCase *cases = tcase_create("real server");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, load_finds_every_value_and_loses_none);
    tcase_add_test(cases, load_measures_a_room_whose_names_are_learnt);
    tcase_add_test(cases, load_sees_a_stalled_client_catch_up);
    tcase_add_test(cases, idle_members_join_and_stay);
    tcase_add_test(cases, load_tells_when_operations_are_decided_and_saved);
    tcase_add_test(cases, load_drives_races);
    tcase_add_test(cases, without_a_server_load_fails_and_says_so);
    tcase_add_test(cases, watch_prints_who_is_there_and_ends_on_a_signal);
    tcase_add_test(cases, watch_tells_why_it_cannot_join);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return run_suite(tools_suite());
}
