/* check_admin_scores.c - `tutti scores`: what stands on the boards of a server, and a name that is to stand
 * there no more. */
#include "persistence/flush.h"
#include "persistence/store_sqlite.h"
#include "sync/log.h"
#include "tests/kept_log.h"
#include "tests/run_suite.h"
#include "tests/tended_server.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define ZOE "Zo\xc3\xab \"the\" <First>"

/* The files of a server that has stopped. */
static struct store *open_files(void)
{
    struct store *store;
    char error[STORE_SQLITE_ERROR_MAX];
    struct store_sqlite_options options = {.folder = server.folder, .sync = true};
    ck_assert_msg(store_sqlite_open(&options, &store, error) == STORE_OK, "%s", error);
    return store;
}

static struct store_score score_of(const char *board, const char *name, int64_t score, bool high)
{
    return (struct store_score){.board = bytes_of(board),
                                .name = bytes_of(name),
                                .score = score,
                                .high = high,
                                .at_ms = 1000};
}

static void stop_with_scores(void)
{
    const struct store_score scores[] = {
        score_of("laps", "Bob", 7, false), score_of("laps", ZOE, 5, false),
        score_of("laps", ZOE, 9, true),    score_of("races/long", ZOE, 1, false),
        score_of("laps", "Bob", 10, true),
    };
    server_signal(&server, SIGTERM);
    struct store *store = open_files();
    ck_assert_int_eq(store->write_scores(store, scores, sizeof scores / sizeof scores[0]),
                     STORE_OK);
    store->close(store);
}

#define LINE(board, best, name, score)                                                             \
    "{\"board\":\"" board "\",\"best\":\"" best "\",\"name\":\"" name "\",\"score\":" #score       \
    ",\"at\":\"1970-01-01T00:00:01.000Z\"}\n"
#define ZOE_SAID "Zo\xc3\xab \\\"the\\\" <First>"
#define BOBS     LINE("laps", "low", "Bob", 7) LINE("laps", "high", "Bob", 10)

static void expect_scores(const char *command, const char *lines)
{
    ck_assert_msg(tutti("%s", command) == 0, "%s", out);
    ck_assert_str_eq(out, lines);
}

static const char *results(const char *path)
{
    static char text[4096];
    ck_assert_int_eq(raw_get(server.port, path, text, sizeof text), 200);
    return text;
}

START_TEST(scores_are_listed_the_best_first)
{
    stop_with_scores();
    for (int i = 0; i < 2; i++) {
        expect_scores("scores laps",
                      LINE("laps", "low", ZOE_SAID, 5) LINE("laps", "low", "Bob", 7)
                          LINE("laps", "high", "Bob", 10) LINE("laps", "high", ZOE_SAID, 9));
        expect_scores("scores races/long", LINE("races/long", "low", ZOE_SAID, 1));
        expect_scores("scores nowhere", "");
        if (i == 0)
            server_restart(&server); /* and the same beside a server */
    }
    ck_assert_int_eq(tutti("scores laps races"), 2);
    ck_assert_int_eq(tutti("scores --remove ''"), 1);
}
END_TEST

/* 0: at rest; 1: by a server. */
START_TEST(a_name_is_taken_off)
{
    stop_with_scores();
    if (_i == 1)
        server_restart(&server);
    ck_assert_int_eq(tutti("scores --remove Nobody"), 1);
    expect_out("that name stands there nowhere");
    ck_assert_int_eq(tutti("scores races/long --remove Bob"), 1);
    ck_assert_msg(tutti("scores laps --remove '%s'", ZOE) == 0, "%s", out);
    expect_scores("scores", BOBS LINE("races/long", "low", ZOE_SAID, 1));
    ck_assert_msg(tutti("scores --remove '%s'", ZOE) == 0, "%s", out);
    expect_scores("scores", BOBS);
    if (_i == 1) {
        ck_assert_ptr_null(strstr(results("/v1/results/laps"), "Zo"));
        server_signal(&server, SIGKILL);
    }
    server_restart(&server);
    ck_assert_ptr_null(strstr(results("/v1/results/laps"), "Zo"));
    ck_assert_ptr_nonnull(strstr(results("/v1/results/laps?best=high"), "Bob"));
    ck_assert_msg(tutti("check") == 0, "%s", out);
}
END_TEST

/* --- A journal that tells of it ------------------------------------------------------------------- */

static void give(struct room *room)
{
    ck_assert_int_eq(room_result(room, bytes_of("laps"), bytes_of("Ada"), 3, (struct bytes){0}),
                     STATUS_OK);
}

static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE}};
static const struct rules giving = {.name = "open",
                                    .tick_hz = 20,
                                    .frame_hz = 20,
                                    .collections = collections,
                                    .collection_count = 1,
                                    .tick_records = 1,
                                    .tick_bytes = 64,
                                    .tick = give};

static bool pass_over(void *context, const struct store_flush *flush)
{
    (void)context;
    (void)flush;
    return true;
}

/* As a server leaves it that was killed before it sealed. */
static void append_result(void)
{
    struct kept_log log = {0};
    struct room *room =
        room_create(&(struct room_options){.rules = &giving, .incarnation = 1, .logs = true});
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    room_tick(room);
    kept_log_take(&log, room);
    struct flush_buffer flush = {0};
    struct flush_entry entry = {.room = bytes_of("track"),
                                .incarnation = 1,
                                .first = LOG_TICK_FIRST,
                                .last = room_logged(room),
                                .bytes = {log.data, log.length}};
    ck_assert(flush_add(&flush, &entry));
    struct store *store = open_files();
    uint64_t fence, last;
    ck_assert_int_eq(store->claim(store, &fence), STORE_OK);
    ck_assert_int_eq(store->flushes(store, pass_over, NULL, &last), STORE_OK);
    struct store_flush next = {.number = last + 1, .bytes = {flush.data, flush.length}};
    ck_assert_int_eq(store->append(store, fence, &next), STORE_OK);
    store->close(store);
    free(flush.data);
    kept_log_free(&log);
    room_destroy(room);
}

START_TEST(what_the_journal_tells_of_is_for_a_server_to_take_off)
{
    stop_with_scores();
    append_result();
    ck_assert_int_eq(tutti("scores --remove Ada"), 1);
    expect_out("its journal tells of that name: start one, and ask again");
    ck_assert_msg(tutti("scores --remove Bob") == 0, "%s", out); /* of whom it says nothing */
    server_restart(&server);
    ck_assert_ptr_nonnull(strstr(results("/v1/results/laps"), "Ada"));
    ck_assert_msg(tutti("scores --remove Ada") == 0, "%s", out);
    server_signal(&server, SIGKILL);
    server_restart(&server);
    ck_assert_ptr_null(strstr(results("/v1/results/laps"), "Ada"));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("admin_scores");
    tcase_add_checked_fixture(tcase, setup_tended, teardown_tended);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, scores_are_listed_the_best_first);
    tcase_add_loop_test(tcase, a_name_is_taken_off, 0, 2);
    tcase_add_test(tcase, what_the_journal_tells_of_is_for_a_server_to_take_off);
    Suite *suite = suite_create("admin_scores");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
