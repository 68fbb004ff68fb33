/* check_record.c - `tutti record`: sessions that people might have made, and what is stored of them. */
#include <check.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "persistence/folder.h"
#include "persistence/store_sqlite.h"
#include "sync/hash.h"
#include "tests/run_suite.h"
#include "tests/scratch.h"
#include "tools/commands.h"
#include "tools/record_moments.h"

static struct scratch scratch, other;

static void setup(void)
{
    scratch = scratch_make();
    other = scratch_make();
}

static void teardown(void)
{
    scratch_remove(&scratch);
    scratch_remove(&other);
}

static int run(int (*command)(int count, char **arguments), const char *line)
{
    char copy[256], *arguments[16] = {NULL};
    int count = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        arguments[count++] = word;
    optind = 1;
    return command(count, arguments);
}

static int record(const char *options, const struct scratch *folder, const char *room)
{
    char line[256];
    snprintf(line, sizeof line, "record %s %s %s", options, folder->path, room);
    return run(command_record, line);
}

/* --- What is stored ----------------------------------------------------------------------------------- */

struct seen {
    uint64_t hash, last;
    uint32_t segments;
};

static bool see_segment(void *context, const struct store_blob *blob)
{
    struct seen *seen = context;
    seen->hash = hash_bytes(seen->hash, blob->bytes);
    seen->last = blob->last;
    seen->segments++;
    return true;
}

static struct seen see(const struct scratch *folder, const char *room)
{
    struct seen seen = {0};
    struct store *store;
    char error[STORE_SQLITE_ERROR_MAX];
    ck_assert_int_eq(store_sqlite_open_to_read(folder->path, &store, error), STORE_OK);
    ck_assert_int_eq(store->read(store, bytes_of(room), 0, see_segment, &seen), STORE_OK);
    store->close(store);
    return seen;
}

#define BEGAN "--began 2026-01-03T12:00"

static const struct {
    const char *options;
    uint64_t ticks;
} kinds[] = {
    {"--kind cursors --people 4 --minutes 1 " BEGAN, 20 * 60},
    {"--kind board --people 10 --minutes 1 " BEGAN, 20 * 60},
    {"--kind race --people 3 --minutes 1 " BEGAN, 60 * 60},
};

START_TEST(a_session_is_there_from_end_to_end)
{
    char line[128];
    ck_assert_int_eq(record(kinds[_i].options, &scratch, "lobby"), 0);
    struct seen seen = see(&scratch, "lobby");
    ck_assert_uint_ge(seen.last, kinds[_i].ticks);
    ck_assert_uint_ge(seen.segments, 5);
    snprintf(line, sizeof line, "check --data %s", scratch.path);
    ck_assert_int_eq(run(command_check, line), 0);
}
END_TEST

START_TEST(the_same_seed_makes_the_same_session)
{
    char options[128];
    ck_assert_int_eq(record(kinds[_i].options, &scratch, "lobby"), 0);
    ck_assert_int_eq(record(kinds[_i].options, &other, "lobby"), 0);
    struct seen first = see(&scratch, "lobby"), second = see(&other, "lobby");
    ck_assert_uint_eq(first.hash, second.hash);
    ck_assert_uint_eq(first.segments, second.segments);
    snprintf(options, sizeof options, "%s --seed 2", kinds[_i].options);
    ck_assert_int_eq(record(options, &other, "hall"), 0);
    ck_assert_uint_ne(first.hash, see(&other, "hall").hash);
}
END_TEST

static bool see_end(void *context, const struct store_segment *segment)
{
    uint64_t *ended_ms = context;
    *ended_ms = segment->ended_ms;
    return true;
}

START_TEST(a_session_has_just_ended)
{
    uint64_t before_s = (uint64_t)time(NULL), ended_ms = 0;
    struct store *store;
    char error[STORE_SQLITE_ERROR_MAX];
    ck_assert_int_eq(record("--kind cursors --minutes 1", &scratch, "lobby"), 0);
    ck_assert_int_eq(store_sqlite_open_to_read(scratch.path, &store, error), STORE_OK);
    ck_assert_int_eq(store->segments(store, bytes_of("lobby"), 0, see_end, &ended_ms), STORE_OK);
    store->close(store);
    ck_assert_uint_gt(ended_ms / 1000 + 60, before_s);
    ck_assert_uint_le(ended_ms / 1000, (uint64_t)time(NULL));
}
END_TEST

START_TEST(a_room_that_is_there_is_left_alone)
{
    ck_assert_int_eq(record(kinds[0].options, &scratch, "lobby"), 0);
    struct seen before = see(&scratch, "lobby");
    ck_assert_int_eq(record(kinds[2].options, &scratch, "lobby"), 1);
    ck_assert_uint_eq(see(&scratch, "lobby").hash, before.hash);
}
END_TEST

START_TEST(a_folder_that_is_used_is_left_alone)
{
    struct folder folder;
    ck_assert_int_eq(folder_open(&folder, scratch.path), FOLDER_OPEN);
    ck_assert_int_eq(record(kinds[0].options, &scratch, "lobby"), 1);
    folder_close(&folder);
}
END_TEST

START_TEST(as_many_moments_are_noted_as_it_says)
{
    char options[160], line[128];
    uint64_t last = 0, count = 0;
    snprintf(options, sizeof options, "%s --moments %s/moments", kinds[1].options, other.path);
    ck_assert_int_eq(record(options, &scratch, "lobby"), 0);
    snprintf(options, sizeof options, "%s/moments", other.path);
    FILE *file = fopen(options, "r");
    ck_assert_ptr_nonnull(file);
    for (; fgets(line, sizeof line, file) != NULL; count++) {
        unsigned long long tick, incarnation, seen, kept;
        ck_assert_int_eq(sscanf(line, "%llu %llu %llx %llx", &tick, &incarnation, &seen, &kept), 4);
        ck_assert_uint_gt(tick, last);
        ck_assert_uint_le(tick, kinds[1].ticks + 1);
        last = tick;
    }
    fclose(file);
    ck_assert_uint_eq(count, RECORD_MOMENTS);
}
END_TEST

static const char *const wrong[] = {
    "",
    "--kind nothing",
    "--kind race --people 0",
    "--kind race --people 201",
    "--kind race --people -1",
    "--kind race --minutes 0",
    "--kind race --minutes 10081",
    "--kind race --seed x",
    "--kind race --began yesterday",
    "--kind race more",
    "--what",
};

START_TEST(what_is_not_understood_makes_nothing)
{
    ck_assert_int_eq(record(wrong[_i], &scratch, "lobby"), 2);
}
END_TEST

START_TEST(no_habit_of_that_kind_is_told)
{
    ck_assert_int_eq(record("--kind open --minutes 1", &scratch, "lobby"), 1);
    ck_assert_int_eq(record("--kind race", &scratch, "a/b"), 2);
    ck_assert_int_eq(run(command_record, "record --help"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record");
    TCase *tcase = tcase_create("record");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_session_is_there_from_end_to_end, 0, 3);
    tcase_add_loop_test(tcase, the_same_seed_makes_the_same_session, 0, 3);
    tcase_add_test(tcase, as_many_moments_are_noted_as_it_says);
    tcase_add_test(tcase, a_room_that_is_there_is_left_alone);
    tcase_add_test(tcase, a_session_has_just_ended);
    tcase_add_test(tcase, a_folder_that_is_used_is_left_alone);
    tcase_add_loop_test(tcase, what_is_not_understood_makes_nothing, 0,
                        (int)(sizeof wrong / sizeof wrong[0]));
    tcase_add_test(tcase, no_habit_of_that_kind_is_told);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
