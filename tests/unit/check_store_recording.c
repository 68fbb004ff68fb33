/* check_store_recording.c - the contract of struct store, what is recorded beside the log: tracks,
 * summaries, and what there is at all; and what the archive's tables promise beyond it: older formats,
 * damage, salvage. */
#include "persistence/store_sqlite.h"
#include "tests/contract.h"
#include "tests/run_suite.h"
#include "tests/store_formats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Words ---------------------------------------------------------------------------------------- */

/* A piece of a recording that began so many ms after WALL_MS as its first tick is. */
static struct store_sealed
piece(const char *name, struct store_blob segment, struct store_blob track, const char *summary)
{
    const struct store_blob *of = segment.bytes.length > 0 ? &segment : &track;
    return (struct store_sealed){.name = bytes_of(name),
                                 .kind = bytes_of("open"),
                                 .segment = segment,
                                 .track = track,
                                 .summary = bytes_of(summary),
                                 .began_ms = WALL_MS + of->first,
                                 .ended_ms = WALL_MS + of->last};
}

static enum store_result seal_one(struct store_sealed sealed)
{
    return store->seal(store, &sealed, 1, WALL_MS);
}

/* Log and presence of the same ticks. */
static void seal_both(const char *name, uint64_t first, uint64_t last, const char *text)
{
    char track[64];
    snprintf(track, sizeof track, "track of %s", text);
    ok(seal_one(piece(name, blob(first, last, text), blob(first, last, track), "told")));
}

static const struct store_blob none;

static void expect_tracks(const char *name, uint64_t tick, const char *wanted)
{
    struct seen seen = {0};
    ok(store->tracks(store, bytes_of(name), tick, see_blob, &seen));
    ck_assert_str_eq(seen.text, wanted);
}

struct lines {
    char text[2048];
    unsigned left; /* visits before it says stop; 0 for all */
};

/* "1-3+1..3=4(summary) ": ticks, wall times behind WALL_MS, bytes of the log. */
static bool see_segment(void *context, const struct store_segment *segment)
{
    struct lines *lines = context;
    size_t length = strlen(lines->text);
    uint64_t base = segment->began_ms > 0 ? WALL_MS : 0;
    ck_assert_uint_eq(segment->incarnation, 5);
    snprintf(lines->text + length, sizeof lines->text - length,
             "%" PRIu64 "-%" PRIu64 "+%" PRIu64 "..%" PRIu64 "=%" PRIu64 "(%.*s) ", segment->first,
             segment->last, segment->began_ms - base, segment->ended_ms - base, segment->bytes,
             (int)segment->summary.length, (const char *)segment->summary.data);
    return lines->left == 0 || --lines->left > 0;
}

static void expect_segments(const char *name, uint64_t after, const char *wanted)
{
    struct lines lines = {0};
    ok(store->segments(store, bytes_of(name), after, see_segment, &lines));
    ck_assert_str_eq(lines.text, wanted);
}

/* --- Every store ---------------------------------------------------------------------------------- */

START_TEST(tracks_are_read_from_the_newest_that_begins_in_time)
{
    seal_both("a", 1, 10, "one");
    seal_both("a", 14, 20, "two");
    seal_both("b", 3, 4, "other");
    ok(seal_segment("a", 21, 30, "three")); /* in which nobody moved */
    reopen();
    expect_tracks("a", 0, "1-10:track of one 14-20:track of two ");
    expect_tracks("a", 1, "1-10:track of one 14-20:track of two ");
    expect_tracks("a", 13, "1-10:track of one 14-20:track of two ");
    expect_tracks("a", 14, "14-20:track of two ");
    expect_tracks("a", 25, "14-20:track of two ");
    expect_tracks("a", UINT64_MAX, "14-20:track of two ");
    struct seen seen = {.left = 1};
    ok(store->tracks(store, bytes_of("a"), 0, see_blob, &seen));
    ck_assert_str_eq(seen.text, "1-10:track of one ");
    gives(STORE_NOT_FOUND, store->tracks(store, bytes_of("c"), 0, see_blob, &seen));
    expect_log("a", 0, "1-10:one 14-20:two 21-30:three ");
}
END_TEST

START_TEST(what_there_is_is_told_without_its_bytes)
{
    ok(seal_segment("a", 1, 3, "first")); /* of which nothing is told */
    seal_both("a", 4, 6, "second");
    ok(seal_one(piece("a", none, blob(7, 9, "presence"), "alone")));
    ok(seal_one(piece("a", blob(10, 12, "x"), none, "")));
    seal_both("b", 1, 9, "other");
    reopen();
    expect_segments("a", 0, "1-3+0..0=5() 4-6+4..6=6(told) 7-9+7..9=0(alone) 10-12+10..12=1() ");
    expect_segments("a", 3, "4-6+4..6=6(told) 7-9+7..9=0(alone) 10-12+10..12=1() ");
    expect_segments("a", 5, "4-6+4..6=6(told) 7-9+7..9=0(alone) 10-12+10..12=1() ");
    expect_segments("a", 7, "7-9+7..9=0(alone) 10-12+10..12=1() ");
    expect_segments("a", 12, "");
    expect_segments("a", UINT64_MAX, "");
    struct lines lines = {.left = 2};
    ok(store->segments(store, bytes_of("a"), 0, see_segment, &lines));
    ck_assert_str_eq(lines.text, "1-3+0..0=5() 4-6+4..6=6(told) ");
    gives(STORE_NOT_FOUND, store->segments(store, bytes_of("c"), 0, see_segment, &lines));
}
END_TEST

static void expect_recorded(const char *name, uint64_t after, uint64_t wanted)
{
    uint64_t bytes = UINT64_MAX;
    ok(store->recorded(store, bytes_of(name), after, &bytes));
    ck_assert_uint_eq(bytes, wanted);
}

START_TEST(log_and_presence_behind_a_tick_are_weighed)
{
    uint64_t bytes;
    ok(seal_segment("a", 1, 3, "first"));
    ok(seal_one(piece("a", blob(4, 6, "second"), blob(2, 6, "shown"), "told")));
    ok(seal_one(piece("a", none, blob(7, 9, "presence"), "alone")));
    struct store_sealed sealed = piece("a", blob(10, 12, "x"), none, "");
    sealed.snapshot = blob(12, 12, "the whole room");
    ok(seal_one(sealed));
    seal_both("b", 1, 9, "other");
    reopen();
    expect_recorded("a", 0, 5 + 6 + 5 + 8 + 1);
    expect_recorded("a", 2, 5 + 6 + 5 + 8 + 1); /* what began before tells of it, too */
    expect_recorded("a", 3, 6 + 5 + 8 + 1);
    expect_recorded("a", 6, 8 + 1);
    expect_recorded("a", 11, 1);
    expect_recorded("a", 12, 0);
    expect_recorded("a", UINT64_MAX, 0);
    gives(STORE_NOT_FOUND, store->recorded(store, bytes_of("c"), 0, &bytes));
}
END_TEST

START_TEST(presence_alone_makes_a_room)
{
    ok(seal_one(piece("a", none, blob(5, 9, "presence"), "")));
    reopen();
    struct told told = tell("a");
    ck_assert_uint_eq(told.room.first, 0);
    ck_assert_uint_eq(told.room.last, 0);
    ck_assert_uint_eq(told.room.bytes, strlen("presence"));
    ck_assert_uint_eq(told.room.incarnation, 5);
    expect_tracks("a", 0, "5-9:presence ");
    expect_log("a", 0, "");
    seal_both("a", 10, 12, "log");
    expect_log("a", 0, "10-12:log ");
    ck_assert_uint_eq(tell("a").room.first, 10);
}
END_TEST

START_TEST(a_piece_that_is_there_is_left_as_it_is)
{
    seal_both("a", 1, 10, "one");
    uint64_t bytes = tell("a").room.bytes;
    ck_assert_uint_eq(bytes, strlen("one") + strlen("track of one") + strlen("told"));
    seal_both("a", 1, 10, "two");
    ok(seal_one(piece("a", none, blob(10, 12, "overlaps"), "not told")));
    expect_tracks("a", 0, "1-10:track of one ");
    expect_segments("a", 0, "1-10+1..10=3(told) ");
    ck_assert_uint_eq(tell("a").room.bytes, bytes);
    /* A log that comes later than its presence takes the place of what was told of that. */
    ok(seal_one(piece("a", none, blob(11, 12, "track"), "presence")));
    ok(seal_one(piece("a", blob(11, 12, "log"), none, "log")));
    reopen();
    expect_segments("a", 0, "1-10+1..10=3(told) 11-12+11..12=3(log) ");
    ck_assert_uint_eq(tell("a").room.bytes, bytes + strlen("track") + 2 * strlen("log"));
}
END_TEST

START_TEST(all_of_a_sealing_or_nothing)
{
    seal_both("a", 1, 10, "one");
    struct store_sealed sealed[] = {
        piece("b", blob(1, 3, "b"), blob(1, 3, "b"), "b"),
        piece("a", blob(10, 12, "two"), blob(11, 12, "two"), "two"),
    };
    gives(STORE_DAMAGED, store->seal(store, sealed, 2, WALL_MS));
    expect_rooms("a ");
    expect_tracks("a", 0, "1-10:track of one ");
    expect_segments("a", 0, "1-10+1..10=3(told) ");
}
END_TEST

START_TEST(they_go_with_their_room)
{
    seal_both("a", 1, 10, "one");
    seal_both("b", 1, 10, "two");
    ok(store->remove(store, bytes_of("a"), 5));
    reopen();
    expect_tracks("a", 0, "");
    expect_segments("a", 0, "");
    expect_tracks("b", 0, "1-10:track of two ");
    seal_both("a", 1, 2, "anew");
    expect_tracks("a", 0, "1-2:track of anew ");
    ck_assert_uint_eq(tell("a").room.bytes, strlen("anew") + strlen("track of anew") + 4);
}
END_TEST

START_TEST(they_go_with_their_segment)
{
    uint64_t freed, all;
    seal_both("a", 1, 10, "one");
    seal_both("a", 11, 20, "two");
    ok(seal_snapshot("a", 10, "state"));
    all = tell("a").room.bytes;
    ok(store->reclaim(store, 1, &freed));
    ck_assert_uint_eq(freed, strlen("one") + strlen("track of one") + strlen("told"));
    reopen();
    ck_assert_uint_eq(tell("a").room.bytes, all - freed);
    expect_tracks("a", 0, "11-20:track of two ");
    expect_segments("a", 0, "11-20+11..20=3(told) ");
}
END_TEST

START_TEST(a_quarantined_room_is_recorded_all_the_same)
{
    seal_both("a", 1, 10, "one");
    ok(store->quarantine(store, bytes_of("a"), bytes_of("why")));
    seal_both("a", 11, 20, "two");
    expect_tracks("a", 11, "11-20:track of two ");
    struct store_sealed aside = piece("a", blob(21, 30, "three"), blob(21, 30, "track"), "told");
    ok(store->set_aside(store, &aside, bytes_of("why"), WALL_MS));
    expect_log("a", 20, "21-30:three ");
    expect_tracks("a", 21, "11-20:track of two "); /* which is not taken then */
    expect_segments("a", 20, "21-30+0..0=5() ");
}
END_TEST

struct expected {
    struct bytes bytes;
    bool met;
};

static bool expect_track(void *context, const struct store_blob *seen)
{
    struct expected *expected = context;
    expected->met = bytes_equal(seen->bytes, expected->bytes);
    return true;
}

static bool expect_summary(void *context, const struct store_segment *seen)
{
    struct expected *expected = context;
    expected->met = bytes_equal(seen->summary, expected->bytes);
    return true;
}

START_TEST(large_ones_come_back_whole)
{
    size_t length = 3u << 20;
    uint8_t *bytes = malloc(length);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0, seed = 1; i < length; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    struct store_blob track = {.incarnation = 5, .first = 1, .last = 9, .bytes = {bytes, length}};
    struct store_blob segment = track;
    segment.bytes.length -= 5;
    struct store_sealed sealed = piece("a", segment, track, "");
    sealed.summary = (struct bytes){bytes, STORE_SUMMARY_MAX};
    ok(seal_one(sealed));
    reopen();
    struct expected expected = {.bytes = {bytes, length}};
    ok(store->tracks(store, bytes_of("a"), 0, expect_track, &expected));
    ck_assert(expected.met);
    expected = (struct expected){.bytes = {bytes, length - 5}};
    ok(store->read(store, bytes_of("a"), 0, expect_track, &expected));
    ck_assert(expected.met);
    expected = (struct expected){.bytes = {bytes, STORE_SUMMARY_MAX}};
    ok(store->segments(store, bytes_of("a"), 0, expect_summary, &expected));
    ck_assert(expected.met);
    free(bytes);
}
END_TEST

static bool seal_more(void *context, const struct store_blob *seen)
{
    uint64_t *visits = context;
    (void)seen;
    ++*visits;
    seal_both("b", 10 * *visits, 10 * *visits + 5, "log");
    return true;
}

START_TEST(a_visitor_of_tracks_may_use_the_archive)
{
    uint64_t visits = 0;
    seal_both("a", 1, 1, "x");
    seal_both("a", 2, 2, "y");
    ok(store->tracks(store, bytes_of("a"), 0, seal_more, &visits));
    ck_assert_uint_eq(visits, 2);
    expect_segments("b", 0, "10-15+10..15=3(told) 20-25+20..25=3(told) ");
}
END_TEST

/* --- In a file ------------------------------------------------------------------------------------ */

static void run_sql(const char *sql)
{
    archive_run_sql(store_folder(), sql);
}

static void note_damage(void *context, struct bytes room, const char *place)
{
    ck_assert(bytes_equal(room, bytes_of("a")));
    snprintf(context, 128, "%s", place);
}

static void expect_damage(const char *wanted)
{
    char place[128] = "";
    ok(store->check(store, note_damage, NULL, place));
    ck_assert_msg(*wanted != '\0' ? strstr(place, wanted) != NULL : *place == '\0', "%s", place);
}

static void seal_three(void)
{
    seal_both("a", 1, 10, "one");
    seal_both("a", 11, 20, "two");
    seal_both("a", 21, 30, "three");
    expect_damage("");
}

START_TEST(a_track_that_does_not_check_is_passed_over)
{
    static const char *const changes[] = {"bytes = x'00'", "last = 21", "incarnation = 9",
                                          "codec = 7",     "parts = 2", "room = x'00'"};
    char sql[128];
    seal_three();
    snprintf(sql, sizeof sql, "UPDATE track SET %s WHERE id & ((1 << 36) - 1) = 11", changes[_i]);
    run_sql(sql);
    expect_tracks("a", 0, "1-10:track of one 21-30:track of three ");
    expect_tracks("a", 11, "21-30:track of three ");
    expect_log("a", 0, "1-10:one 11-20:two 21-30:three ");
    expect_damage("archive track of room ");
}
END_TEST

START_TEST(a_summary_that_does_not_check_is_passed_over)
{
    static const char *const changes[] = {"bytes = x'00'", "last = 21", "began_ms = 1",
                                          "ended_ms = 1", "room = x'00'"};
    char sql[128];
    seal_three();
    snprintf(sql, sizeof sql, "UPDATE summary SET %s WHERE id & ((1 << 36) - 1) = 11", changes[_i]);
    run_sql(sql);
    expect_segments("a", 0, "1-10+1..10=3(told) 11-20+0..0=3() 21-30+21..30=5(told) ");
    expect_damage("archive summary of room a at tick 11");
}
END_TEST

START_TEST(one_that_is_missing_is_missed)
{
    static const char *const tables[] = {"track", "summary"};
    char sql[128];
    seal_three();
    snprintf(sql, sizeof sql, "DELETE FROM %s WHERE id & ((1 << 36) - 1) = 11", tables[_i]);
    run_sql(sql);
    expect_damage("some are missing");
}
END_TEST

/* The room is what it was without them. */
START_TEST(a_salvage_takes_what_checks)
{
    seal_three();
    seal_both("b", 1, 2, "other");
    run_sql("UPDATE track SET last = 21 WHERE id & ((1 << 36) - 1) = 11;"
            "UPDATE summary SET last = 21 WHERE id & ((1 << 36) - 1) = 21");
    store->close(store);
    run_sql("UPDATE meta SET value = 5 WHERE key = 'suspect'");
    ck_assert_str_ne(open_store(), "");
    ck_assert_int_eq(tell("a").room.state, STORE_ROOM_WELL);
    expect_tracks("a", 0, "1-10:track of one 21-30:track of three ");
    expect_segments("a", 0, "1-10+1..10=3(told) 11-20+11..20=3(told) 21-30+0..0=5() ");
    expect_tracks("b", 0, "1-2:track of other ");
    expect_damage("");
    seal_both("a", 31, 40, "four");
    expect_tracks("a", 31, "31-40:track of four ");
}
END_TEST

/* The archive as format 4 has it, which knew of no presence. */
static void go_back_to_format_4(void)
{
    claim();
    ok(append(1, "x"));
    ok(seal_segment("a", 1, 2, "log"));
    ok(seal_snapshot("a", 2, "state"));
    store->close(store);
    archive_go_back(store_folder(), 4);
}

START_TEST(an_archive_without_tracks_is_brought_forward)
{
    go_back_to_format_4();
    ck_assert_str_eq(open_store(), "");
    expect_segments("a", 0, "1-2+0..0=3() ");
    expect_tracks("a", 0, "");
    seal_both("a", 3, 4, "more");
    reopen();
    expect_log("a", 0, "1-2:log 3-4:more ");
    expect_segments("a", 0, "1-2+0..0=3() 3-4+3..4=4(told) ");
    expect_tracks("a", 0, "3-4:track of more ");
    expect_damage("");
}
END_TEST

START_TEST(an_archive_without_tracks_can_be_read_as_it_is)
{
    char error[STORE_SQLITE_ERROR_MAX];
    go_back_to_format_4();
    ck_assert_msg(store_sqlite_open_to_read(store_folder(), &store, error) == STORE_OK, "%s",
                  error);
    expect_segments("a", 0, "1-2+0..0=3() ");
    expect_tracks("a", 0, "");
    expect_log("a", 0, "1-2:log ");
    expect_damage("");
}
END_TEST

START_TEST(a_damaged_archive_without_tracks_is_salvaged)
{
    go_back_to_format_4();
    run_sql("UPDATE room SET bytes = 77");
    run_sql("UPDATE meta SET value = 5 WHERE key = 'suspect'");
    ck_assert_str_ne(open_store(), "");
    ck_assert_int_eq(tell("a").room.state, STORE_ROOM_QUARANTINED);
    expect_log("a", 0, "1-2:log ");
    seal_both("a", 3, 4, "more");
    expect_tracks("a", 0, "3-4:track of more ");
}
END_TEST

static void add_contract(TCase *tests)
{
    tcase_add_test(tests, tracks_are_read_from_the_newest_that_begins_in_time);
    tcase_add_test(tests, what_there_is_is_told_without_its_bytes);
    tcase_add_test(tests, log_and_presence_behind_a_tick_are_weighed);
    tcase_add_test(tests, presence_alone_makes_a_room);
    tcase_add_test(tests, a_piece_that_is_there_is_left_as_it_is);
    tcase_add_test(tests, all_of_a_sealing_or_nothing);
    tcase_add_test(tests, they_go_with_their_room);
    tcase_add_test(tests, they_go_with_their_segment);
    tcase_add_test(tests, a_quarantined_room_is_recorded_all_the_same);
    tcase_add_test(tests, large_ones_come_back_whole);
    tcase_add_test(tests, a_visitor_of_tracks_may_use_the_archive);
}

int main(void)
{
    Suite *suite = suite_create("store_recording");
    contract_cases(suite, add_contract);

    TCase *tests = tcase_create("in a file");
    tcase_add_checked_fixture(tests, make_sqlite_disk, drop_store);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_track_that_does_not_check_is_passed_over, 0, 6);
    tcase_add_loop_test(tests, a_summary_that_does_not_check_is_passed_over, 0, 5);
    tcase_add_loop_test(tests, one_that_is_missing_is_missed, 0, 2);
    tcase_add_test(tests, a_salvage_takes_what_checks);
    tcase_add_test(tests, an_archive_without_tracks_is_brought_forward);
    tcase_add_test(tests, an_archive_without_tracks_can_be_read_as_it_is);
    tcase_add_test(tests, a_damaged_archive_without_tracks_is_salvaged);
    suite_add_tcase(suite, tests);

    return run_suite(suite);
}
