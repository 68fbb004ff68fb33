/* check_store_sessions.c - the contract of struct store_sessions: what every store promises; and what the
 * archive's tables promise beyond it: older formats, damage, salvage. */
#include "persistence/store_sqlite.h"
#include "tests/contract.h"
#include "tests/run_suite.h"
#include "tests/store_formats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Words ---------------------------------------------------------------------------------------- */

static struct store_session session(uint64_t id, const char *room, uint64_t first, uint64_t last)
{
    return (struct store_session){.id = id,
                                  .room = bytes_of(room),
                                  .kind = bytes_of("board"),
                                  .incarnation = 5,
                                  .first = first,
                                  .last = last,
                                  .began_ms = WALL_MS + first,
                                  .ended_ms = WALL_MS + last};
}

static enum store_result put(struct store_session one)
{
    return store->sessions->put(store, &one, 1);
}

struct lines {
    char text[4096];
    unsigned count, left; /* visits before it says stop; 0 for all */
};

/* "7:a/board 5 1-9 +1..9 =3 'title' pinned; ": id, room, kind, incarnation, ticks, wall times, bytes. */
static bool see_session(void *context, const struct store_session *seen)
{
    struct lines *lines = context;
    size_t length = strlen(lines->text);
    lines->count++;
    snprintf(lines->text + length, sizeof lines->text - length,
             "%" PRIx64 ":%.*s/%.*s %" PRIu64 " %" PRIu64 "-%" PRIu64 " +%" PRIu64 "..%" PRIu64
             " =%" PRIu64 " '%.*s'%s; ",
             seen->id, (int)seen->room.length, (const char *)seen->room.data,
             (int)seen->kind.length, (const char *)seen->kind.data, seen->incarnation, seen->first,
             seen->last, seen->began_ms - WALL_MS, seen->ended_ms - WALL_MS, seen->bytes,
             (int)seen->title.length, (const char *)seen->title.data,
             seen->pinned ? " pinned" : "");
    return lines->left == 0 || --lines->left > 0;
}

static void expect_sessions(const char *room, const char *wanted)
{
    struct lines lines = {0};
    ok(store->sessions->list(store, bytes_of(room), see_session, &lines));
    ck_assert_str_eq(lines.text, wanted);
}

static struct store_marker marker(const char *room, uint64_t tick, const char *title)
{
    return (struct store_marker){.room = bytes_of(room),
                                 .incarnation = 5,
                                 .tick = tick,
                                 .title = bytes_of(title),
                                 .colour = bytes_of("red"),
                                 .by = bytes_of("Ada")};
}

static enum store_result mark(struct store_marker one)
{
    return store->sessions->mark(store, &one);
}

static enum store_result unmark(struct store_marker one)
{
    return store->sessions->unmark(store, &one);
}

static bool see_marker(void *context, const struct store_marker *seen)
{
    struct lines *lines = context;
    size_t length = strlen(lines->text);
    lines->count++;
    snprintf(lines->text + length, sizeof lines->text - length,
             "%.*s %" PRIu64 ".%" PRIu64 " '%.*s' %.*s %.*s; ", (int)seen->room.length,
             (const char *)seen->room.data, seen->tick, seen->incarnation, (int)seen->title.length,
             (const char *)seen->title.data, (int)seen->colour.length,
             (const char *)seen->colour.data, (int)seen->by.length, (const char *)seen->by.data);
    return lines->left == 0 || --lines->left > 0;
}

static void expect_markers(const char *room, const char *wanted)
{
    struct lines lines = {0};
    ok(store->sessions->markers(store, bytes_of(room), see_marker, &lines));
    ck_assert_str_eq(lines.text, wanted);
}

/* --- Every store ---------------------------------------------------------------------------------- */

START_TEST(sessions_are_kept_by_room)
{
    struct store_session sessions[] = {session(3, "a", 10, 20), session(UINT64_MAX, "a", 1, 9),
                                       session(7, "b", 1, 5)};
    sessions[0].title = bytes_of("the second one");
    sessions[2].pinned = true;
    sessions[2].kind.length = 0;
    expect_sessions("a", "");
    ok(store->sessions->put(store, sessions, 3));
    for (int i = 0; i < 2; i++) {
        expect_sessions("a", "ffffffffffffffff:a/board 5 1-9 +1..9 =0 ''; "
                             "3:a/board 5 10-20 +10..20 =0 'the second one'; ");
        expect_sessions("b", "7:b/ 5 1-5 +1..5 =0 '' pinned; ");
        expect_sessions("c", "");
        reopen();
    }
    struct lines lines = {0};
    ok(store->sessions->list(store, (struct bytes){0}, see_session, &lines));
    ck_assert_uint_eq(lines.count, 3);
    lines = (struct lines){.left = 1};
    ok(store->sessions->list(store, bytes_of("a"), see_session, &lines));
    ck_assert_uint_eq(lines.count, 1);
    ok(store->sessions->put(store, NULL, 0));
}
END_TEST

START_TEST(one_that_goes_on_keeps_what_people_gave_it)
{
    struct store_session other = session(1, "a", 1, 9);
    ok(put(session(1, "a", 1, 5)));
    ok(store->sessions->entitle(store, 1, bytes_of("a lesson")));
    ok(store->sessions->pin(store, 1, true));
    other.title = bytes_of("none");
    ok(put(other));
    expect_sessions("a", "1:a/board 5 1-9 +1..9 =0 'a lesson' pinned; ");
    ok(store->sessions->pin(store, 1, false));
    ok(store->sessions->entitle(store, 1, (struct bytes){0}));
    reopen();
    expect_sessions("a", "1:a/board 5 1-9 +1..9 =0 ''; ");
    ok(store->sessions->remove(store, 1));
    gives(STORE_NOT_FOUND, store->sessions->remove(store, 1));
    gives(STORE_NOT_FOUND, store->sessions->pin(store, 1, true));
    gives(STORE_NOT_FOUND, store->sessions->entitle(store, 1, bytes_of("x")));
    expect_sessions("a", "");
}
END_TEST

START_TEST(they_weigh_what_was_recorded_in_them)
{
    struct store_sealed sealed = {.name = bytes_of("a"), .kind = bytes_of("open")};
    for (uint64_t first = 1; first <= 31; first += 10) {
        sealed.segment = blob(first, first + 9, "0123456789");
        sealed.track = blob(first, first + 8, "track");
        sealed.summary = bytes_of("not counted");
        ok(store->seal(store, &sealed, 1, WALL_MS));
    }
    ok(put(session(1, "a", 1, 10)));
    ok(put(session(2, "a", 12, 29)));
    ok(put(session(3, "a", 40, 99)));
    ok(put(session(4, "b", 1, 99)));
    expect_sessions("a", "1:a/board 5 1-10 +1..10 =15 ''; 2:a/board 5 12-29 +12..29 =30 ''; "
                         "3:a/board 5 40-99 +40..99 =10 ''; ");
    expect_sessions("b", "4:b/board 5 1-99 +1..99 =0 ''; ");
}
END_TEST

START_TEST(a_room_has_so_many_sessions)
{
    struct store_session *sessions = calloc(STORE_SESSIONS_MAX, sizeof *sessions);
    ck_assert_ptr_nonnull(sessions);
    for (uint32_t i = 0; i < STORE_SESSIONS_MAX; i++) {
        sessions[i] = session(i + 1, "a", i + 1, i + 1);
        sessions[i].pinned = _i == 1 || i == 0;
    }
    ok(store->sessions->put(store, sessions, STORE_SESSIONS_MAX));
    ok(put(session(STORE_SESSIONS_MAX, "a", STORE_SESSIONS_MAX,
                   STORE_SESSIONS_MAX))); /* which is there */
    gives(_i == 0 ? STORE_OK : STORE_FULL, put(session(5000, "a", 5000, 5001)));
    ok(put(session(6000, "b", 1, 1)));
    struct lines lines = {.left = 2};
    ok(store->sessions->list(store, bytes_of("a"), see_session, &lines));
    ck_assert_msg((strstr(lines.text, "2:a/") == NULL) == (_i == 0), "%s", lines.text);
    free(sessions);
}
END_TEST

START_TEST(all_of_them_are_put_or_none)
{
    struct store_session sessions[STORE_SESSIONS_MAX + 1];
    for (uint32_t i = 0; i <= STORE_SESSIONS_MAX; i++) {
        sessions[i] = session(i + 1, "a", i + 1, i + 1);
        sessions[i].pinned = true;
    }
    ok(put(session(9000, "b", 1, 2)));
    gives(STORE_FULL, store->sessions->put(store, sessions, STORE_SESSIONS_MAX + 1));
    expect_sessions("a", "");
    expect_sessions("b", "2328:b/board 5 1-2 +1..2 =0 ''; ");
}
END_TEST

START_TEST(markers_are_kept_by_moment)
{
    ok(mark(marker("a", 20, "later")));
    ok(mark(marker("a", 10, "first")));
    ok(mark(marker("b", 15, "other")));
    struct store_marker again = marker("a", 20, "of another life");
    again.incarnation = 6;
    ok(mark(again));
    ok(mark(marker("a", 20, "anew")));
    for (int i = 0; i < 2; i++) {
        expect_markers("a", "a 10.5 'first' red Ada; a 20.5 'anew' red Ada; "
                            "a 20.6 'of another life' red Ada; ");
        expect_markers("b", "b 15.5 'other' red Ada; ");
        reopen();
    }
    ok(unmark(marker("a", 20, "")));
    gives(STORE_NOT_FOUND, unmark(marker("a", 20, "")));
    gives(STORE_NOT_FOUND, unmark(marker("b", 10, "")));
    expect_markers("a", "a 10.5 'first' red Ada; a 20.6 'of another life' red Ada; ");
    struct lines lines = {.left = 1};
    ok(store->sessions->markers(store, bytes_of("a"), see_marker, &lines));
    ck_assert_uint_eq(lines.count, 1);
}
END_TEST

START_TEST(a_room_has_so_many_markers)
{
    for (uint64_t tick = 1; tick <= STORE_MARKERS_MAX; tick++)
        ok(mark(marker("a", tick, "")));
    ok(mark(marker("a", STORE_MARKERS_MAX, "anew")));
    gives(STORE_FULL, mark(marker("a", STORE_MARKERS_MAX + 1, "")));
    ok(mark(marker("b", 1, "")));
    ok(unmark(marker("a", 1, "")));
    ok(mark(marker("a", STORE_MARKERS_MAX + 1, "")));
}
END_TEST

static bool compare_longest(void *context, const struct store_marker *seen)
{
    const struct store_marker *wanted = context;
    ck_assert(bytes_equal(seen->room, wanted->room));
    ck_assert(bytes_equal(seen->title, wanted->title));
    ck_assert(bytes_equal(seen->colour, wanted->colour));
    ck_assert(bytes_equal(seen->by, wanted->by));
    ck_assert_uint_eq(seen->tick, STORE_TICK_MAX);
    ck_assert_uint_eq(seen->incarnation, UINT64_MAX);
    return true;
}

static bool compare_session(void *context, const struct store_session *seen)
{
    const struct store_session *wanted = context;
    ck_assert(bytes_equal(seen->room, wanted->room));
    ck_assert(bytes_equal(seen->kind, wanted->kind));
    ck_assert(bytes_equal(seen->title, wanted->title));
    ck_assert_uint_eq(seen->id, UINT64_C(1) << 63);
    ck_assert_uint_eq(seen->last, STORE_TICK_MAX);
    ck_assert_uint_eq(seen->ended_ms, UINT64_MAX);
    return true;
}

START_TEST(any_bytes_and_numbers_come_back)
{
    uint8_t bytes[STORE_BY_MAX];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    struct store_marker longest = {.room = {bytes, ROOM_NAME_MAX},
                                   .incarnation = UINT64_MAX,
                                   .tick = STORE_TICK_MAX,
                                   .title = {bytes, STORE_TITLE_MAX},
                                   .colour = {bytes, STORE_COLOUR_MAX},
                                   .by = {bytes, STORE_BY_MAX}};
    struct store_session wide = {.id = UINT64_C(1) << 63,
                                 .room = longest.room,
                                 .kind = {bytes, NAME_BYTES_MAX},
                                 .last = STORE_TICK_MAX,
                                 .ended_ms = UINT64_MAX,
                                 .title = longest.title};
    ok(mark(longest));
    ok(put(wide));
    reopen();
    ok(store->sessions->markers(store, longest.room, compare_longest, &longest));
    ok(store->sessions->list(store, longest.room, compare_session, &wide));
    ok(store->sessions->pin(store, UINT64_C(1) << 63, true));
}
END_TEST

START_TEST(they_go_with_their_room)
{
    ok(seal_segment("a", 1, 2, "log"));
    ok(put(session(1, "a", 1, 2)));
    ok(put(session(2, "b", 1, 2)));
    ok(mark(marker("a", 1, "x")));
    ok(mark(marker("b", 1, "y")));
    ok(store->remove(store, bytes_of("a"), 5));
    reopen();
    expect_sessions("a", "");
    expect_markers("a", "");
    expect_sessions("b", "2:b/board 5 1-2 +1..2 =0 ''; ");
    expect_markers("b", "b 1.5 'y' red Ada; ");
}
END_TEST

/* --- In a file ------------------------------------------------------------------------------------ */

static void run_sql(const char *sql)
{
    archive_run_sql(store_folder(), sql);
}

static void count_damage(void *context, struct bytes room, const char *place)
{
    ck_assert_uint_eq(room.length, 0);
    ck_assert_msg(strncmp(place, "archive session ", 16) == 0 ||
                      strncmp(place, "archive marker ", 15) == 0,
                  "%s", place);
    ++*(unsigned *)context;
}

static unsigned damages(void)
{
    unsigned count = 0;
    ok(store->check(store, count_damage, NULL, &count));
    return count;
}

static void put_three(void)
{
    for (uint64_t i = 1; i <= 3; i++) {
        ok(put(session(i, "a", i, i)));
        ok(mark(marker("a", i, "m")));
    }
    ck_assert_uint_eq(damages(), 0);
}

START_TEST(one_that_does_not_check_is_passed_over)
{
    static const char *const changes[] = {"room = x'62'", "kind = x''",    "incarnation = 1",
                                          "first = 1",    "last = 9",      "began_ms = 1",
                                          "ended_ms = 1", "title = x'41'", "pinned = 1"};
    char sql[128];
    put_three();
    snprintf(sql, sizeof sql, "UPDATE session SET %s WHERE id = 2", changes[_i]);
    run_sql(sql);
    expect_sessions("a", "1:a/board 5 1-1 +1..1 =0 ''; 3:a/board 5 3-3 +3..3 =0 ''; ");
    gives(STORE_DAMAGED, store->sessions->pin(store, 2, true));
    ck_assert_uint_eq(damages(), 1);
    ok(put(session(2, "a", 2, 2))); /* a new one takes its place */
    ck_assert_uint_eq(damages(), 0);
    ok(store->sessions->pin(store, 2, true));
}
END_TEST

START_TEST(a_marker_that_does_not_check_is_passed_over)
{
    static const char *const changes[] = {"room = x'62'",  "tick = 9",     "incarnation = 1",
                                          "title = x'41'", "colour = x''", "author = x''"};
    char sql[128];
    put_three();
    snprintf(sql, sizeof sql, "UPDATE marker SET %s WHERE id = 2", changes[_i]);
    run_sql(sql);
    expect_markers("a", "a 1.5 'm' red Ada; a 3.5 'm' red Ada; ");
    ck_assert_uint_eq(damages(), 1);
}
END_TEST

START_TEST(a_salvage_takes_what_checks)
{
    ok(seal_segment("a", 1, 3, "log"));
    put_three();
    ok(put(session(UINT64_MAX, "a", 2, 3)));
    run_sql("UPDATE session SET last = 9 WHERE id = 2; UPDATE marker SET tick = 9 WHERE id = 2");
    store->close(store);
    run_sql("DELETE FROM room; UPDATE meta SET value = 5 WHERE key = 'suspect'");
    ck_assert_str_ne(open_store(), "");
    expect_sessions("a", "1:a/board 5 1-1 +1..1 =3 ''; "
                         "ffffffffffffffff:a/board 5 2-3 +2..3 =3 ''; "
                         "3:a/board 5 3-3 +3..3 =3 ''; ");
    expect_markers("a", "a 1.5 'm' red Ada; a 3.5 'm' red Ada; ");
    ck_assert_uint_eq(damages(), 0);
}
END_TEST

/* The archive as format 5 has it, which knew of none. */
static void go_back_to_format_5(void)
{
    claim();
    ok(append(1, "x"));
    ok(seal_segment("a", 1, 2, "log"));
    store->close(store);
    archive_go_back(store_folder(), 5);
}

START_TEST(an_archive_without_sessions_is_brought_forward)
{
    go_back_to_format_5();
    ck_assert_str_eq(open_store(), "");
    expect_sessions("a", "");
    put_three();
    reopen();
    expect_markers("a", "a 1.5 'm' red Ada; a 2.5 'm' red Ada; a 3.5 'm' red Ada; ");
    expect_log("a", 0, "1-2:log ");
}
END_TEST

START_TEST(an_archive_without_sessions_can_be_read_as_it_is)
{
    char error[STORE_SQLITE_ERROR_MAX];
    go_back_to_format_5();
    ck_assert_msg(store_sqlite_open_to_read(store_folder(), &store, error) == STORE_OK, "%s",
                  error);
    expect_sessions("a", "");
    expect_markers("a", "");
    ck_assert_uint_eq(damages(), 0);
}
END_TEST

static void add_contract(TCase *tests)
{
    tcase_add_test(tests, sessions_are_kept_by_room);
    tcase_add_test(tests, one_that_goes_on_keeps_what_people_gave_it);
    tcase_add_test(tests, they_weigh_what_was_recorded_in_them);
    tcase_add_loop_test(tests, a_room_has_so_many_sessions, 0, 2);
    tcase_add_test(tests, all_of_them_are_put_or_none);
    tcase_add_test(tests, markers_are_kept_by_moment);
    tcase_add_test(tests, a_room_has_so_many_markers);
    tcase_add_test(tests, any_bytes_and_numbers_come_back);
    tcase_add_test(tests, they_go_with_their_room);
}

int main(void)
{
    Suite *suite = suite_create("store_sessions");
    contract_cases(suite, add_contract);

    TCase *tests = tcase_create("in a file");
    tcase_add_checked_fixture(tests, make_sqlite_disk, drop_store);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, one_that_does_not_check_is_passed_over, 0, 9);
    tcase_add_loop_test(tests, a_marker_that_does_not_check_is_passed_over, 0, 6);
    tcase_add_test(tests, a_salvage_takes_what_checks);
    tcase_add_test(tests, an_archive_without_sessions_is_brought_forward);
    tcase_add_test(tests, an_archive_without_sessions_can_be_read_as_it_is);
    suite_add_tcase(suite, tests);

    return run_suite(suite);
}
