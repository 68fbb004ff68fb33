/* check_boards.c - results on their boards: which stand there, in what order, and that each counts once
 * whatever becomes of the server. */
#include "server/boards.h"
#include "sync/log.h"
#include "tests/kept_log.h"
#include "tests/run_suite.h"
#include "tests/storage_life.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct boards *boards;

static void setup(void)
{
    boards = boards_create();
    ck_assert_ptr_nonnull(boards);
}

static void teardown(void)
{
    boards_destroy(boards);
}

static void put(const char *name, int64_t score, uint64_t at_ms)
{
    boards_put(boards, &(struct store_score){.board = bytes_of("laps"),
                                             .name = bytes_of(name),
                                             .score = score,
                                             .at_ms = at_ms});
}

/* The caller frees it. */
static char *written_by(struct boards *some, const char *board, bool high, uint32_t limit)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    ck_assert_ptr_nonnull(out);
    boards_write(some, bytes_of(board), high, limit, out);
    fclose(out);
    return text;
}

static void expect_board(const char *wanted)
{
    char *text = written_by(boards, "laps", false, BOARD_KEPT);
    ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(the_best_of_each_name_stands_in_order)
{
    put("Bob", 5, 1);
    put("Ada", 7, 1);
    put("Cid", 6, 1);
    put("Ada", 4, 9);
    put("Bob", 8, 9);
    expect_board("[{\"name\":\"Ada\",\"score\":4,\"at_ms\":9,\"details\":null},\n"
                 " {\"name\":\"Bob\",\"score\":5,\"at_ms\":1,\"details\":null},\n"
                 " {\"name\":\"Cid\",\"score\":6,\"at_ms\":1,\"details\":null}]\n");
    put("Cid", 3, 10); /* from the last place to the first */
    char *text = written_by(boards, "laps", false, 1);
    ck_assert_str_eq(text, "[{\"name\":\"Cid\",\"score\":3,\"at_ms\":10,\"details\":null}]\n");
    free(text);
    ck_assert_uint_eq(boards_figures(boards).rows, 3);
}
END_TEST

START_TEST(a_name_alone_gets_better)
{
    put("Ada", 7, 1);
    put("Ada", 6, 2);
    put("Ada", 6, 3); /* the older of two that are as good */
    expect_board("[{\"name\":\"Ada\",\"score\":6,\"at_ms\":2,\"details\":null}]\n");
}
END_TEST

START_TEST(boards_do_not_mix)
{
    put("Ada", 1, 1);
    char *text = written_by(boards, "lap", false, 10);
    ck_assert_str_eq(text, "[]\n");
    free(text);
    text = written_by(boards, "laps", true, 10);
    ck_assert_str_eq(text, "[]\n");
    free(text);
}
END_TEST

static void put_many(uint32_t count)
{
    char name[16];
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "n%03u", i);
        put(name, 1000 + i, 1);
    }
}

START_TEST(a_board_keeps_its_best)
{
    struct store_score scores[4];
    put_many(BOARD_KEPT);
    ck_assert_uint_eq(boards_unsaved(boards, scores, 4), 0);
    put("worse", 5000, 1);
    ck_assert_uint_eq(boards_figures(boards).rows, BOARD_KEPT);
    ck_assert_uint_eq(boards_unsaved(boards, scores, 4), 0);
    put("better", 1, 1);
    ck_assert_uint_eq(boards_figures(boards).rows, BOARD_KEPT);
    ck_assert_uint_eq(boards_unsaved(boards, scores, 4), 1); /* the store lets the last one go */
    ck_assert(scores[0].gone);
    ck_assert(bytes_equal(scores[0].name, bytes_of("n099")));
    boards_saved(boards);
    ck_assert_uint_eq(boards_unsaved(boards, scores, 4), 0);
    char *text = written_by(boards, "laps", false, 1);
    ck_assert_ptr_nonnull(strstr(text, "better"));
    free(text);
}
END_TEST

static void fill_boards(uint32_t rows)
{
    char board[16], name[16];
    for (uint32_t i = 0; i < rows; i++) {
        snprintf(board, sizeof board, "board%u", i / BOARD_KEPT);
        snprintf(name, sizeof name, "n%u", i % BOARD_KEPT);
        boards_put(boards, &(struct store_score){
                               .board = bytes_of(board), .name = bytes_of(name), .score = i});
    }
}

START_TEST(all_boards_together_have_a_limit)
{
    fill_boards(BOARDS_ROWS_MAX - 1);
    put("Ada", 1, 1);
    ck_assert_uint_eq(boards_figures(boards).passed, 0);
    put("Bob", 2, 1);
    ck_assert_uint_eq(boards_figures(boards).passed, 1);
    ck_assert_uint_eq(boards_figures(boards).rows, BOARDS_ROWS_MAX);
    put("Ada", 0, 1); /* who stands there gets better all the same */
    expect_board("[{\"name\":\"Ada\",\"score\":0,\"at_ms\":1,\"details\":null}]\n");
}
END_TEST

START_TEST(a_name_is_struck_off)
{
    struct store_score scores[8];
    put("Ada", 1, 1);
    put("Bob", 2, 1);
    boards_put(boards, &(struct store_score){
                           .board = bytes_of("laps"), .name = bytes_of("Ada"), .high = true});
    boards_put(boards, &(struct store_score){.board = bytes_of("races"), .name = bytes_of("Ada")});
    ck_assert_uint_eq(boards_strike(boards, bytes_of("laps"), bytes_of("Cid")), 0);
    ck_assert_uint_eq(boards_strike(boards, bytes_of("lap"), bytes_of("Ada")), 0);
    ck_assert_uint_eq(boards_strike(boards, bytes_of("laps"), bytes_of("Ada")), 2);
    expect_board("[{\"name\":\"Bob\",\"score\":2,\"at_ms\":1,\"details\":null}]\n");
    ck_assert_uint_eq(boards_unsaved(boards, scores, 8), 2);
    ck_assert(scores[0].gone && scores[1].gone);
    boards_saved(boards);
    ck_assert_uint_eq(boards_strike(boards, (struct bytes){0}, bytes_of("Ada")), 1);
    ck_assert_uint_eq(boards_figures(boards).rows, 1);
    put("Ada", 9, 2); /* who comes back is there again */
    ck_assert_uint_eq(boards_figures(boards).rows, 2);
}
END_TEST

/* --- Results of a room's log ------------------------------------------------------------------------ */

static int64_t given;

static void give(struct room *room)
{
    static const uint8_t details[] = {0x93, 0x01, 0xa1, 'x', 0xc0};
    enum status status = room_result(room, bytes_of("laps"), bytes_of("Ada"), given,
                                     (struct bytes){details, sizeof details});
    ck_assert_int_eq(status, STATUS_OK);
}

static const struct collection_rules collections[] = {
    {.name = "presence", .sight = SIGHT_PRESENCE}};
static const struct rules giving = {.name = "giving",
                                    .tick_hz = 20,
                                    .frame_hz = 20,
                                    .collections = collections,
                                    .collection_count = 1,
                                    .tick_records = 1,
                                    .tick_bytes = 1024,
                                    .tick = give};

static void take_given(int64_t score)
{
    struct room *room = room_create(
        &(struct room_options){.rules = &giving, .incarnation = 1, .logs = true, .saves = true});
    ck_assert_ptr_nonnull(room);
    given = score;
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    room_tick(room);
    struct kept_log log = {0};
    kept_log_take(&log, room);
    boards_take_log(boards, (struct bytes){log.data, log.length});
    kept_log_free(&log);
    room_destroy(room);
}

START_TEST(a_result_stands_by_either_order_and_counts_once)
{
    struct store_score scores[8];
    for (int i = 0; i < 3; i++) {
        take_given(5);
        take_given(9);
    }
    char *low = written_by(boards, "laps", false, 10), *high = written_by(boards, "laps", true, 10);
    ck_assert_ptr_nonnull(strstr(low, "[{\"name\":\"Ada\",\"score\":5,"));
    ck_assert_ptr_nonnull(strstr(low, "\"details\":[1,\"x\",null]}]"));
    ck_assert_ptr_nonnull(strstr(high, "[{\"name\":\"Ada\",\"score\":9,"));
    free(low);
    free(high);
    ck_assert_uint_eq(boards_figures(boards).taken, 3);
    ck_assert_uint_eq(boards_unsaved(boards, scores, 8), 2);
    boards_saved(boards);
    ck_assert_uint_eq(boards_unsaved(boards, scores, 8), 0);
    take_given(9);
    ck_assert_uint_eq(boards_unsaved(boards, scores, 8), 0);
}
END_TEST

/* What was handed out and not written is handed out again, and is not taken for saved by another. */
START_TEST(what_was_not_saved_is_saved_later)
{
    struct store_score scores[8];
    take_given(5);
    ck_assert_uint_eq(boards_unsaved(boards, scores, 8), 2);
    ck_assert_uint_eq(boards_unsaved(boards, scores, 1), 1);
    boards_saved(boards);
    ck_assert_uint_eq(boards_unsaved(boards, scores, 8), 1);
    ck_assert(scores[0].high);
}
END_TEST

/* --- Lives of a server ------------------------------------------------------------------------------ */

/* Of the board that every room of `every` gives a result to for each who leaves. */
static char *board_now(void)
{
    return written_by(storage_boards(life.storage), "stays", false, 100);
}

static void expect_same(char *wanted)
{
    char *now = board_now();
    ck_assert_str_eq(now, wanted);
    free(now);
}

static char *two_left(void)
{
    lobby_make(5);
    lobby_write(1, 10);
    lobby_write(2, 10);
    lobby_expect(false); /* loading comes behind all that is durable, with threads too */
    char *text = board_now();
    ck_assert_ptr_nonnull(strstr(text, "\"m1\""));
    ck_assert_ptr_nonnull(strstr(text, "\"m2\""));
    return text;
}

START_TEST(results_outlive_crashes_and_ends)
{
    life_again(_i);
    char *text = two_left();
    life_crash();
    life_next();
    expect_same(text);
    life_end(true); /* from here on they are in the archive alone */
    life_next();
    expect_same(text);
    life_crash();
    life_next();
    expect_same(text);
    ck_assert_uint_eq(boards_figures(storage_boards(life.storage)).rows, 4);
    free(text);
}
END_TEST

START_TEST(results_outlive_their_room)
{
    life_again(_i);
    char *text = two_left();
    lobby_remove();
    ck_assert_int_eq(await_event(STORAGE_REMOVED).answer, STORE_OK);
    expect_same(text);
    life_crash(); /* the journal tells of the room, and that it is gone */
    life_next();
    expect_same(text);
    life_end(true);
    life_next();
    expect_same(text);
    free(text);
}
END_TEST

static enum store_result strike(const char *board, const char *name)
{
    ck_assert(storage_strike(life.storage, bytes_of(board), bytes_of(name)));
    struct storage_event event = await_event(STORAGE_STRUCK);
    ck_assert(bytes_equal((struct bytes){event.name, event.name_length}, bytes_of(name)));
    return event.answer;
}

static void expect_struck(void)
{
    char *now = board_now();
    ck_assert_ptr_null(strstr(now, "\"m1\""));
    ck_assert_ptr_nonnull(strstr(now, "\"m2\""));
    free(now);
}

/* The journal told of it until then. */
START_TEST(a_name_that_was_struck_off_does_not_come_back)
{
    life_again(_i);
    free(two_left());
    ck_assert_int_eq(strike("stays", "m1"), STORE_OK);
    ck_assert_int_eq(strike("stays", "m1"), STORE_NOT_FOUND);
    ck_assert_int_eq(strike("stays", "m9"), STORE_NOT_FOUND);
    ck_assert_int_eq(strike("elsewhere", "m2"), STORE_NOT_FOUND);
    expect_struck();
    life_crash();
    life_next();
    expect_struck();
    life_end(true);
    life_next();
    expect_struck();
}
END_TEST

/* 0: the archive does not take it; 1: the journal does not forget it. The next time they do. */
START_TEST(who_strikes_a_name_off_is_told_where_it_may_come_back)
{
    enum store_call call = _i == 0 ? CALL_WRITE_SCORES : CALL_RELEASE;
    free(two_left());
    faulty_store_fail(&life.faulty, call, STORE_BUSY, FAULTY_FOR_EVER);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(strike("", "m1"), STORE_BUSY);
        ck_assert_int_eq(strike("stays", "m1"), STORE_BUSY);
        ck_assert_int_eq(strike("elsewhere", "m1"), STORE_NOT_FOUND);
        expect_struck();
    }
    faulty_store_fail(&life.faulty, call, STORE_OK, 0);
    /* Out of the archive with this one; out of the journal, which it was told before, since. */
    ck_assert_int_eq(strike("", "m1"), _i == 0 ? STORE_OK : STORE_NOT_FOUND);
    ck_assert_int_eq(strike("", "m1"), STORE_NOT_FOUND);
    life_end(true);
    life_next();
    expect_struck();
}
END_TEST

/* The journal keeps what the archive has not taken. */
START_TEST(results_wait_for_an_archive_that_fails)
{
    static const enum store_result passing[] = {STORE_BUSY, STORE_FULL, STORE_FAILED,
                                                STORE_DAMAGED};
    life_again(2);
    char *text = two_left();
    faulty_store_fail(&life.faulty, CALL_WRITE_SCORES, passing[_i], FAULTY_FOR_EVER);
    life_end(true);
    faulty_store_fail(&life.faulty, CALL_WRITE_SCORES, STORE_OK, 0);
    life_next();
    expect_same(text);
    life_end(true);
    life_next();
    expect_same(text);
    free(text);
}
END_TEST

START_TEST(a_damaged_archive_is_asked_twice)
{
    char *text = two_left();
    faulty_store_fail(&life.faulty, CALL_WRITE_SCORES, STORE_DAMAGED, 1);
    life_end(true);
    faulty_store_fail(&life.faulty, CALL_SCORES, STORE_DAMAGED, 1);
    life_next();
    expect_same(text);
    free(text);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("boards");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_best_of_each_name_stands_in_order);
    tcase_add_test(tcase, a_name_alone_gets_better);
    tcase_add_test(tcase, boards_do_not_mix);
    tcase_add_test(tcase, a_board_keeps_its_best);
    tcase_add_test(tcase, all_boards_together_have_a_limit);
    tcase_add_test(tcase, a_name_is_struck_off);
    tcase_add_test(tcase, a_result_stands_by_either_order_and_counts_once);
    tcase_add_test(tcase, what_was_not_saved_is_saved_later);

    TCase *lives = tcase_create("lives");
    tcase_add_checked_fixture(lives, life_setup, life_teardown);
    tcase_set_timeout(lives, 60);
    tcase_add_loop_test(lives, results_outlive_crashes_and_ends, 0, 4);
    tcase_add_loop_test(lives, results_outlive_their_room, 0, 4);
    tcase_add_loop_test(lives, a_name_that_was_struck_off_does_not_come_back, 0, 4);
    tcase_add_loop_test(lives, who_strikes_a_name_off_is_told_where_it_may_come_back, 0, 2);
    tcase_add_loop_test(lives, results_wait_for_an_archive_that_fails, 0, 4);
    tcase_add_test(lives, a_damaged_archive_is_asked_twice);

    Suite *suite = suite_create("boards");
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, lives);
    return run_suite(suite);
}
