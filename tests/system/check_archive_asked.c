/* check_archive_asked.c - `tutti sessions`, `show` of a moment, `log` of chosen acts and `sql`, on recorded sessions in
 * a folder at rest. Beside a server, and after crashes: check_admin.c. */
#include "persistence/store_sqlite.h"
#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tests/tended_server.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct scratch scratch;
static char database[96];

static void record(const char *kind, int minutes, const char *room)
{
    ck_assert_int_eq(run_command("%s record --kind %s --people 4 --minutes %d --began "
                                 "2026-01-03T12:00 %s %s",
                                 TEST_TUTTI, kind, minutes, scratch.path, room),
                     0);
}

static void make_database(void)
{
    static const char *const rooms[] = {"plans", "grand-prix", "page", "plans"}; /* once more */
    snprintf(database, sizeof database, "%s/asked.db", scratch.path);
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++)
        ck_assert_msg(run_command("%s sql %s --data %s | sqlite3 -bail %s 2>&1", TEST_TUTTI,
                                  rooms[i], scratch.path, database) == 0,
                      "%s", out);
}

/* The same for all tests: they only read. */
static void record_all(void)
{
    scratch = scratch_make();
    record("board", 1, "plans");
    record("race", 2, "grand-prix");
    record("cursors", 1, "page");
    make_database();
}

static void remove_all(void)
{
    scratch_remove(&scratch);
}

__attribute__((format(printf, 1, 2))) static int ask(const char *format, ...)
{
    char command[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return tutti_in(scratch.path, "%s", command);
}

/* Of the first line that has this text. */
static json_t *line_with(const char *text)
{
    const char *found = strstr(out, text);
    ck_assert_msg(found != NULL, "no %s in %s", text, out);
    while (found > out && found[-1] != '\n')
        found--;
    json_t *line = json_loads(found, JSON_DISABLE_EOF_CHECK, NULL);
    ck_assert_msg(line != NULL, "no JSON: %s", found);
    return line;
}

static long long number_of(const json_t *line, const char *key)
{
    const json_t *value = json_object_get(line, key);
    ck_assert_msg(json_is_integer(value), "no number %s", key);
    return json_integer_value(value);
}

START_TEST(every_session_is_listed)
{
    ck_assert_msg(ask("sessions") == 0, "%s", out);
    json_t *line = line_with("\"room\":\"grand-prix\"");
    ck_assert_str_eq(json_string_value(json_object_get(line, "kind")), "race");
    ck_assert_int_eq(number_of(line, "first"), 1);
    ck_assert_int_ge(number_of(line, "last"), 2 * 60 * 60);
    ck_assert_int_gt(number_of(line, "stored_bytes"), 1000);
    json_decref(line);
    expect_out("\"began\":\"2026-01-03T12:00:00.000Z\"");
    ck_assert_int_eq(ask("sessions plans"), 0);
    expect_out("\"room\":\"plans\"");
    expect_not_out("race");
    ck_assert_int_eq(ask("sessions --table"), 0);
    expect_out("0:02:00");
    ck_assert_int_eq(ask("sessions nobody"), 1);
    ck_assert_int_eq(ask("sessions plans page"), 2);
    ck_assert_int_eq(ask("sessions --member 3"), 2);
}
END_TEST

/* What a moment's room line says of it. */
static json_t *moment(const char *text)
{
    ck_assert_msg(ask("show %s", text) == 0, "%s", out);
    return line_with("\"type\":\"room\"");
}

START_TEST(a_moment_is_the_same_however_it_is_asked_for)
{
    char text[96];
    json_t *room = moment("plans@600");
    long long incarnation = number_of(room, "incarnation");
    const char *time = json_string_value(json_object_get(room, "time"));
    ck_assert_int_le(number_of(room, "tick"), 600);
    snprintf(text, sizeof text, "plans@%s", time);
    json_t *by_time = moment(text);
    ck_assert_int_eq(json_equal(room, by_time), 1);
    snprintf(text, sizeof text, "plans@600.%lld", incarnation);
    json_t *by_incarnation = moment(text);
    ck_assert_int_eq(json_equal(room, by_incarnation), 1);
    json_t *by_tick = moment("plans --tick 600");
    ck_assert_int_eq(json_equal(room, by_tick), 1);
    snprintf(text, sizeof text, "show plans@600.%lld", incarnation + 1);
    ck_assert_int_eq(ask("%s", text), 1);
    expect_out("and none that is kept of");
    json_decref(room);
    json_decref(by_time);
    json_decref(by_incarnation);
    json_decref(by_tick);
}
END_TEST

START_TEST(a_moment_has_who_was_there_and_what_they_showed)
{
    json_decref(moment("plans@600"));
    json_t *member = line_with("\"type\":\"member\",\"member\":1");
    json_t *user = json_object_get(member, "user");
    ck_assert_str_eq(json_string_value(json_object_get(user, "name")), "Ada");
    ck_assert_ptr_nonnull(json_object_get(json_object_get(member, "presence"), "x"));
    json_decref(member);
    ck_assert_int_eq(ask("show plans@600 --table"), 0);
    expect_out("after tick");
    expect_out("Ada #1");
    json_decref(moment("plans")); /* all have left */
    expect_not_out("\"type\":\"member\"");
}
END_TEST

static const char *const no_moments[] = {
    "show plans@",           "show @5",
    "show plans@soon",       "show plans@5.",
    "show plans@5.x",        "show plans@2026-13-01",
    "show plans@2026-01-00", "show plans@2026-01-03T12",
    "show plans@-1",         "show plans@99999999999999999999",
    "show nobody@5",         "show plans@2026-01-02", /* before it was there */
};

START_TEST(what_is_no_moment_is_refused)
{
    ck_assert_msg(ask("%s", no_moments[_i]) == 1, "%s: %s", no_moments[_i], out);
    expect_out("tutti show: ");
}
END_TEST

/* Every line of the log is of this kind. */
static void expect_lines(const char *text, const char *never)
{
    ck_assert_msg(strstr(out, text) != NULL, "no %s in %s", text, out);
    ck_assert_msg(strstr(out, never) == NULL, "%s in %s", never, out);
}

START_TEST(a_log_is_cut_by_whatever_one_asks)
{
    ck_assert_int_eq(ask("log plans --member Bea --to 600"), 0);
    expect_lines("\"member\":2", "\"member\":1,");
    expect_not_out("\"act\":\"opened\"");
    ck_assert_int_eq(ask("log plans --member 2 --to 600"), 0);
    expect_lines("\"name\":\"Bea\"", "\"name\":\"Ada\"");
    ck_assert_int_eq(ask("log plans --member Nobody"), 0);
    ck_assert_str_eq(out, "");
    ck_assert_int_eq(ask("log grand-prix --collection race"), 0);
    expect_lines("{\"put\":\"race\"", "\"act\":\"joined\"");
    expect_not_out("{\"put\":\"cars\"");
    ck_assert_int_eq(ask("log grand-prix --collection drivers --since 2026-01-03T12:00:05 --until "
                         "2026-01-03T12:00:10"),
                     0);
    expect_lines("\"time\":\"2026-01-03T12:00:0", "\"time\":\"2026-01-03T12:00:04");
    expect_not_out("\"time\":\"2026-01-03T12:00:11");
    ck_assert_int_eq(ask("log plans --member Bea --to 600 --table"), 0);
    expect_lines("Bea #2", "{\"time\"");
    ck_assert_int_eq(ask("log plans --since yesterday"), 2);
}
END_TEST

/* Less than all of the race takes, and more than what follows its first snapshot. */
#define KEPT_BYTES 150000u

/* What lies before a snapshot in its middle is dropped, as a server does with what is too much. */
static void drop_the_past(const char *folder, uint64_t kept_bytes)
{
    struct store *store;
    char error[STORE_SQLITE_ERROR_MAX];
    struct store_sqlite_options options = {.folder = folder, .sync = true};
    ck_assert_int_eq(store_sqlite_open(&options, &store, error), STORE_OK);
    uint64_t all = 0, freed;
    do {
        ck_assert_int_eq(
            store->retain(store, &(struct store_retention){.room_bytes = kept_bytes}, &freed),
            STORE_OK);
        all += freed;
    } while (freed > 0);
    ck_assert_uint_gt(all, 0);
    store->close(store);
}

START_TEST(names_are_known_of_those_who_came_before_what_is_kept)
{
    struct scratch folder = scratch_make();
    ck_assert_int_eq(run_command("%s record --kind race --people 4 --minutes 4 %s grand-prix",
                                 TEST_TUTTI, folder.path),
                     0);
    drop_the_past(folder.path, KEPT_BYTES);
    ck_assert_msg(tutti_in(folder.path, "log grand-prix --member Ada --to 9000") == 0, "%s", out);
    expect_out("\"act\":\"input\",\"member\":1,\"user\":{\"name\":\"Ada\"");
    expect_not_out("\"act\":\"joined\"");
    ck_assert_msg(tutti_in(folder.path, "show grand-prix@9000 --table") == 0, "%s", out);
    expect_out("Ada #1");
    ck_assert_int_eq(tutti_in(folder.path, "show grand-prix@100"), 1);
    ck_assert_msg(tutti_in(folder.path, "sql grand-prix --collection race") == 0, "%s", out);
    expect_out("'grand-prix',1,'Ada','{");
    scratch_remove(&folder);
}
END_TEST

/* --- Presence -------------------------------------------------------------------------------------------- */

/* What the archive says of its only room. */
static uint64_t ask_archive(const char *folder, const char *what)
{
    ck_assert_int_eq(
        run_command("sqlite3 -readonly %s/archive.db 'select %s from room'", folder, what), 0);
    return strtoull(out, NULL, 10);
}

/* A room that logs hardly anything, for more than two hours. */
static struct scratch hours;

/* A copy of it, which has lost so many hundredths of what it took. */
static struct scratch without_past(uint64_t hundredths)
{
    struct scratch folder = scratch_make();
    ck_assert_int_eq(run_command("cp %s/* %s", hours.path, folder.path), 0);
    uint64_t all = ask_archive(folder.path, "bytes");
    drop_the_past(folder.path, all - all * hundredths / 100 + 1);
    return folder;
}

START_TEST(what_stays_of_much_presence_can_be_seen)
{
    struct scratch folder = without_past(25);
    uint64_t first = ask_archive(folder.path, "first"), last = ask_archive(folder.path, "last");
    ck_assert_uint_gt(first, 60 * 60 * 20);
    ck_assert_uint_ge(last - first, 60 * 60 * 20);
    ck_assert_msg(tutti_in(folder.path, "check") == 0, "%s", out);
    for (uint64_t tick = first; tick < last; tick += 15 * 60 * 20) {
        ck_assert_msg(tutti_in(folder.path, "show page@%" PRIu64, tick) == 0, "%s", out);
        expect_out("\"type\":\"member\",\"member\":1,");
        expect_out("\"presence\":{\"x\":");
    }
    ck_assert_int_eq(tutti_in(folder.path, "show page@%" PRIu64, first - 60 * 20), 1);
    scratch_remove(&folder);
}
END_TEST

START_TEST(all_that_may_go_leaves_the_room)
{
    struct scratch folder = without_past(100);
    ck_assert_uint_lt(ask_archive(folder.path, "bytes"), ask_archive(hours.path, "bytes") / 10);
    ck_assert_msg(tutti_in(folder.path, "check") == 0, "%s", out);
    ck_assert_msg(tutti_in(folder.path, "show page") == 0, "%s", out);
    scratch_remove(&folder);
}
END_TEST

/* Nothing is left but the snapshot of a room that sleeps. */
START_TEST(a_room_without_a_log_is_well)
{
    struct scratch folder = scratch_make();
    ck_assert_int_eq(run_command("%s record --kind board --people 4 --minutes 2 %s plans",
                                 TEST_TUTTI, folder.path),
                     0);
    drop_the_past(folder.path, 1);
    ck_assert_uint_eq(ask_archive(folder.path, "last"), 0);
    ck_assert_msg(tutti_in(folder.path, "check") == 0, "%s", out);
    ck_assert_msg(tutti_in(folder.path, "show plans") == 0, "%s", out);
    expect_out("\"type\":\"record\"");
    ck_assert_msg(tutti_in(folder.path, "log plans") == 0, "%s", out);
    ck_assert_str_eq(out, "");
    ck_assert_int_eq(run_command("sqlite3 %s/archive.db 'delete from snapshot'", folder.path), 0);
    ck_assert_msg(tutti_in(folder.path, "check") == 1, "%s", out);
    expect_out("archive snapshot of room plans at tick");
    scratch_remove(&folder);
}
END_TEST

static const struct {
    const char *sql, *told;
} damages[] = {
    {"delete from segment where id = (select min(id) from segment)", "damaged: "},
    {"delete from segment where id = (select max(id) from segment)", "damaged: "},
    {"delete from snapshot where id = (select min(id) from snapshot)",
     "what led to its beginning is missing"},
    {"delete from snapshot where id = (select max(id) from snapshot)", "damaged: "},
    {"delete from track where id = (select min(id) from track)", "damaged: "},
    {"update room set first = 0, last = 0", "damaged: "},
};

START_TEST(what_is_damaged_of_the_rest_is_told)
{
    struct scratch folder = without_past(25);
    ck_assert_int_eq(run_command("sqlite3 %s/archive.db '%s'", folder.path, damages[_i].sql), 0);
    ck_assert_msg(tutti_in(folder.path, "check") == 1, "%s", out);
    expect_out(damages[_i].told);
    scratch_remove(&folder);
}
END_TEST

/* --- SQL ----------------------------------------------------------------------------------------------- */

/* The next question of the tools' README, written into a file. */
static bool next_question(FILE *readme, const char *path)
{
    char line[1024];
    bool found = false;
    while (!found && fgets(line, sizeof line, readme) != NULL)
        found = strcmp(line, "```sql\n") == 0;
    FILE *question = found ? fopen(path, "w") : NULL;
    while (question != NULL && fgets(line, sizeof line, readme) != NULL && line[0] != '`')
        fputs(line, question);
    if (question != NULL)
        fclose(question);
    return found;
}

START_TEST(every_question_of_the_readme_has_an_answer)
{
    char question[96];
    int asked = 0;
    snprintf(question, sizeof question, "%s/question.sql", scratch.path);
    FILE *readme = fopen(TEST_VECTORS "/../../tools/README.md", "r");
    ck_assert_ptr_nonnull(readme);
    for (; next_question(readme, question); asked++) {
        ck_assert_msg(run_command("sqlite3 -bail %s < %s 2>&1", database, question) == 0,
                      "question %d: %s", asked, out);
        ck_assert_msg(strchr(out, '|') != NULL, "question %d has no answer: %s", asked, out);
    }
    fclose(readme);
    ck_assert_int_ge(asked, 4);
    ck_assert_msg(run_command("%s/../../tools/work_map %s plans 2>&1", TEST_VECTORS, database) == 0,
                  "%s", out);
    ck_assert_int_eq(strncmp(out, "<svg", 4), 0);
}
END_TEST

/* What the tables have is what the log has. */
START_TEST(tables_have_what_the_log_has)
{
    ck_assert_int_eq(
        run_command("sqlite3 %s \"select room, count(*), count(distinct name) from person "
                    "group by room; select count(*) from stay where to_tick > from_tick; "
                    "select count(*) > 100 from presence where room = 'page'; "
                    "select name from person where room = 'plans' and member = 2\"",
                    database),
        0);
    ck_assert_str_eq(out, "grand-prix|4|4\npage|4|4\nplans|4|4\n12\n1\nBea\n");
    ck_assert_int_eq(ask("sql plans --member Dan --collection objects --to 300"), 0);
    expect_out(",4,'ok','put','objects',");
    expect_not_out(",3,'ok','put','objects',");
    ck_assert_int_eq(ask("sql nobody"), 1);
    ck_assert_int_eq(ask("sql"), 2);
}
END_TEST

/* Pictures themselves are made by the client, where that is built: tests/browser/board.test.mjs. */
START_TEST(what_cannot_be_exported_as_a_picture_is_told)
{
    char file[96];
    snprintf(file, sizeof file, "%s/board.svg", scratch.path);
    ck_assert_int_eq(ask("export --svg grand-prix %s", file), 1);
    expect_out("only boards");
    ck_assert_int_eq(ask("export --svg plans@soon %s", file), 1);
    expect_out("that is no ROOM");
    ck_assert_int_eq(ask("export --svg nobody %s", file), 1);
    ck_assert_int_eq(ask("export --svg plans %s --client /nowhere", file), 1);
    expect_out("--client DIR");
    ck_assert_int_eq(ask("export --svg plans"), 2);
    ck_assert_int_eq(ask("export --svg plans %s --theme pink", file), 2);
    ck_assert_int_eq(ask("export --svg --help"), 0);
    ck_assert_int_ne(access(file, F_OK), 0);
}
END_TEST

static void record_hours(void)
{
    hours = scratch_make();
    ck_assert_int_eq(run_command("%s record --kind cursors --people 2 --minutes 130 %s page",
                                 TEST_TUTTI, hours.path),
                     0);
}

static void remove_hours(void)
{
    scratch_remove(&hours);
}

int main(void)
{
    TCase *tcase = tcase_create("archive_asked");
    tcase_add_unchecked_fixture(tcase, record_all, remove_all);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, every_session_is_listed);
    tcase_add_test(tcase, a_moment_is_the_same_however_it_is_asked_for);
    tcase_add_test(tcase, a_moment_has_who_was_there_and_what_they_showed);
    tcase_add_loop_test(tcase, what_is_no_moment_is_refused, 0,
                        (int)(sizeof no_moments / sizeof no_moments[0]));
    tcase_add_test(tcase, a_log_is_cut_by_whatever_one_asks);
    tcase_add_test(tcase, names_are_known_of_those_who_came_before_what_is_kept);
    tcase_add_test(tcase, every_question_of_the_readme_has_an_answer);
    tcase_add_test(tcase, tables_have_what_the_log_has);
    tcase_add_test(tcase, what_cannot_be_exported_as_a_picture_is_told);
    Suite *suite = suite_create("archive_asked");
    suite_add_tcase(suite, tcase);

    TCase *kept = tcase_create("what is kept");
    tcase_add_unchecked_fixture(kept, record_hours, remove_hours);
    tcase_set_timeout(kept, 60);
    tcase_add_test(kept, what_stays_of_much_presence_can_be_seen);
    tcase_add_test(kept, all_that_may_go_leaves_the_room);
    tcase_add_test(kept, a_room_without_a_log_is_well);
    tcase_add_loop_test(kept, what_is_damaged_of_the_rest_is_told, 0,
                        (int)(sizeof damages / sizeof damages[0]));
    suite_add_tcase(suite, kept);
    return run_suite(suite);
}
