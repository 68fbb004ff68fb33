/* check_store_retention.c - the contract of struct store, what goes of recordings and what never does; and
 * what the archive promises beyond it: gaps that are told from damage. */
#include "persistence/store_memory.h"
#include "persistence/store_sqlite.h"
#include "tests/contract.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"
#include "tests/store_formats.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Words ---------------------------------------------------------------------------------------- */

/* A piece of a room is two segments of ten ticks with their tracks, and a snapshot at its end; all of it takes
 * PIECE_BYTES, which do not pack. Segment n begins at tick 10n + 1 and is sealed n seconds after WALL_MS, of
 * room b a little later. */
#define PIECE_BYTES (UINT64_C(2) * (5 + 3 + 2) + 5)

static uint64_t wall_of(uint64_t segment)
{
    return WALL_MS + 1000 * segment;
}

static void record_segment(const char *name, uint64_t segment, bool snapshot)
{
    uint64_t first = 10 * segment + 1, last = 10 * segment + 10;
    struct store_sealed sealed = {.name = bytes_of(name),
                                  .kind = bytes_of("open"),
                                  .segment = blob(first, last, "logs!"),
                                  .track = blob(first, last, "trk"),
                                  .summary = bytes_of("su"),
                                  .began_ms = wall_of(segment),
                                  .ended_ms = wall_of(segment + 1)};
    if (snapshot)
        sealed.snapshot = blob(last, last, "state");
    ok(store->seal(store, &sealed, 1, wall_of(segment) + (name[0] == 'b')));
}

/* So many pieces, and a segment behind the newest snapshot. */
static void record(const char *name, uint64_t pieces)
{
    for (uint64_t segment = 0; segment < 2 * pieces; segment++)
        record_segment(name, segment, segment % 2 == 1);
    record_segment(name, 2 * pieces, false);
}

static void put_session(uint64_t id, const char *room, uint64_t first, uint64_t last)
{
    struct store_session session = {.id = id,
                                    .room = bytes_of(room),
                                    .kind = bytes_of("open"),
                                    .incarnation = 5,
                                    .first = first,
                                    .last = last};
    ok(store->sessions->put(store, &session, 1));
}

static void pin_session(uint64_t id, const char *room, uint64_t first, uint64_t last)
{
    put_session(id, room, first, last);
    ok(store->sessions->pin(store, id, true));
}

static uint64_t retain(struct store_retention retention)
{
    uint64_t all = 0, freed = 1;
    for (unsigned calls = 0; freed > 0; calls++) {
        ck_assert_uint_lt(calls, 200);
        ok(store->retain(store, &retention, &freed));
        all += freed;
    }
    return all;
}

static uint64_t retain_all(void)
{
    return retain((struct store_retention){.before_ms = UINT64_MAX});
}

static uint64_t bytes_of_room(const char *name)
{
    return tell(name).room.bytes;
}

struct lines {
    char text[8192];
};

static bool see_segment(void *context, const struct store_segment *segment)
{
    struct lines *lines = context;
    size_t length = strlen(lines->text);
    snprintf(lines->text + length, sizeof lines->text - length, "%s%" PRIu64 "-%" PRIu64 " ",
             segment->gap ? "| " : "", segment->first, segment->last);
    return true;
}

/* "1-10 11-20 | 41-50 ": segments, and where there is a gap. */
static void expect_timeline(const char *name, const char *wanted)
{
    struct lines lines = {0};
    ok(store->segments(store, bytes_of(name), 0, see_segment, &lines));
    ck_assert_str_eq(lines.text, wanted);
}

static bool see_ticks(void *context, const struct store_blob *seen)
{
    struct lines *lines = context;
    size_t length = strlen(lines->text);
    snprintf(lines->text + length, sizeof lines->text - length, "%" PRIu64 "-%" PRIu64 " ",
             seen->first, seen->last);
    return true;
}

static void expect_tracks(const char *name, const char *wanted)
{
    struct lines lines = {0};
    ok(store->tracks(store, bytes_of(name), 0, see_ticks, &lines));
    ck_assert_str_eq(lines.text, wanted);
}

static void
expect_reading(const char *name, uint64_t after, enum store_result ends, const char *wanted)
{
    struct lines lines = {0};
    gives(ends, store->read(store, bytes_of(name), after, see_ticks, &lines));
    ck_assert_str_eq(lines.text, wanted);
}

static bool see_id(void *context, const struct store_session *session)
{
    struct lines *lines = context;
    size_t length = strlen(lines->text);
    snprintf(lines->text + length, sizeof lines->text - length, "%" PRIu64 " ", session->id);
    return true;
}

static void expect_sessions(const char *name, const char *wanted)
{
    struct lines lines = {0};
    ok(store->sessions->list(store, bytes_of(name), see_id, &lines));
    ck_assert_str_eq(lines.text, wanted);
}

static bool see_marker(void *context, const struct store_marker *marker)
{
    struct lines *lines = context;
    size_t length = strlen(lines->text);
    snprintf(lines->text + length, sizeof lines->text - length, "%" PRIu64 " ", marker->tick);
    return true;
}

static void expect_markers(const char *name, const char *wanted)
{
    struct lines lines = {0};
    ok(store->sessions->markers(store, bytes_of(name), see_marker, &lines));
    ck_assert_str_eq(lines.text, wanted);
}

static void mark(const char *room, uint64_t tick)
{
    struct store_marker marker = {.room = bytes_of(room), .tick = tick};
    ok(store->sessions->mark(store, &marker));
}

static void note_damage(void *context, struct bytes room, const char *place)
{
    (void)room;
    snprintf(context, 128, "%s", place);
}

static void expect_damage(const char *wanted)
{
    char place[128] = "";
    ok(store->check(store, note_damage, NULL, place));
    ck_assert_msg(*wanted != '\0' ? strstr(place, wanted) != NULL : *place == '\0', "%s", place);
}

/* --- Limits --------------------------------------------------------------------------------------- */

START_TEST(without_limits_nothing_goes)
{
    record("a", 3);
    ck_assert_uint_eq(retain((struct store_retention){0}), 0);
    ck_assert_uint_eq(bytes_of_room("a"), 3 * PIECE_BYTES + 10);
    expect_timeline("a", "1-10 11-20 21-30 31-40 41-50 51-60 61-70 ");
}
END_TEST

START_TEST(what_is_old_goes_piece_by_piece)
{
    record("a", 3);
    /* A piece is as old as the snapshot that ends it. */
    ck_assert_uint_eq(retain((struct store_retention){.before_ms = wall_of(1)}), 0);
    ck_assert_uint_eq(retain((struct store_retention){.before_ms = wall_of(1) + 1}),
                      PIECE_BYTES - 5);
    expect_timeline("a", "21-30 31-40 41-50 51-60 61-70 ");
    expect_tracks("a", "21-30 31-40 41-50 51-60 61-70 ");
    expect_snapshot("a", 39, "20-20:state ");
    ck_assert_uint_eq(tell("a").room.first, 21);
    ck_assert_uint_eq(retain((struct store_retention){.before_ms = wall_of(2) + 1}), 0);
    ck_assert_uint_eq(retain((struct store_retention){.before_ms = wall_of(3) + 1}), PIECE_BYTES);
    reopen();
    expect_timeline("a", "41-50 51-60 61-70 ");
    expect_reading("a", 40, STORE_OK, "41-50 51-60 61-70 ");
    /* What brings the room back stays, however old. */
    retain_all();
    expect_timeline("a", "61-70 ");
    expect_snapshot("a", STORE_TICK_MAX, "60-60:state ");
    expect_reading("a", 60, STORE_OK, "61-70 ");
    ck_assert_uint_eq(bytes_of_room("a"), 5 + 5 + 2);
    expect_damage("");
    record_segment("a", 7, true);
    expect_reading("a", 60, STORE_OK, "61-70 71-80 ");
}
END_TEST

START_TEST(a_room_takes_no_more_than_it_may)
{
    record("a", 4);
    record("b", 1);
    uint64_t bytes = bytes_of_room("a");
    ck_assert_uint_eq(retain((struct store_retention){.room_bytes = bytes}), 0);
    ck_assert_uint_eq(retain((struct store_retention){.room_bytes = bytes - 1}), PIECE_BYTES - 5);
    expect_timeline("a", "21-30 31-40 41-50 51-60 61-70 71-80 81-90 ");
    ck_assert_uint_eq(retain((struct store_retention){.room_bytes = bytes - 2 * PIECE_BYTES}),
                      2 * PIECE_BYTES);
    expect_timeline("a", "61-70 71-80 81-90 ");
    expect_timeline("b", "1-10 11-20 21-30 ");
    /* Not even that can be had; presence is what can be done without. */
    ck_assert_uint_eq(retain((struct store_retention){.room_bytes = 1}), PIECE_BYTES + 3 + 23);
    ck_assert_uint_eq(bytes_of_room("a"), 5 + 5 + 2);
    expect_reading("a", 80, STORE_OK, "81-90 ");
}
END_TEST

START_TEST(of_all_rooms_the_oldest_goes_first)
{
    for (uint64_t segment = 0; segment < 8; segment++) {
        record_segment("a", segment, segment % 2 == 1);
        if (segment >= 4) /* from then on */
            record_segment("b", segment, segment % 2 == 1);
    }
    uint64_t all = bytes_of_room("a") + bytes_of_room("b");
    ck_assert_uint_eq(retain((struct store_retention){.all_bytes = all}), 0);
    ck_assert_uint_eq(retain((struct store_retention){.all_bytes = all - 1}), PIECE_BYTES - 5);
    expect_timeline("a", "21-30 31-40 41-50 51-60 61-70 71-80 ");
    all -= PIECE_BYTES - 5;
    ck_assert_uint_eq(retain((struct store_retention){.all_bytes = all - PIECE_BYTES - 1}),
                      2 * PIECE_BYTES);
    expect_timeline("a", "61-70 71-80 ");
    expect_timeline("b", "41-50 51-60 61-70 71-80 ");
    retain((struct store_retention){.all_bytes = 1});
    ck_assert_uint_eq(bytes_of_room("a") + bytes_of_room("b"), 2 * 5);
    expect_snapshot("a", STORE_TICK_MAX, "80-80:state ");
    expect_snapshot("b", STORE_TICK_MAX, "80-80:state ");
    ck_assert_uint_eq(tell("a").room.first, 0);
    expect_damage("");
}
END_TEST

START_TEST(a_long_piece_goes_over_many_calls)
{
    for (uint64_t segment = 0; segment < 700; segment++)
        record_segment("a", segment, segment == 699);
    record_segment("a", 700, false);
    ck_assert_uint_eq(retain_all(), 700 * 10 + 3);
    expect_timeline("a", "7001-7010 ");
    expect_tracks("a", "");
    expect_damage("");
}
END_TEST

/* Presence goes on for long behind the last that the log tells, and the snapshot stands there. */
START_TEST(presence_goes_with_the_piece_that_it_is_of)
{
    struct store_sealed sealed = {.name = bytes_of("a"), .kind = bytes_of("open")};
    for (uint64_t tick = 1; tick <= 81; tick += 20) {
        sealed.segment = blob(tick, tick, "hash");
        sealed.track = blob(tick > 1 ? tick - 19 : 1, tick, "trk");
        sealed.snapshot = tick == 41 ? blob(tick, tick, "state") : (struct store_blob){0};
        ok(store->seal(store, &sealed, 1, wall_of(tick)));
    }
    for (uint64_t tick = 10; tick < 90; tick += 20)
        mark("a", tick); /* between what the log tells */
    retain((struct store_retention){.before_ms = wall_of(41) + 1});
    expect_timeline("a", "61-61 81-81 ");
    expect_tracks("a", "42-61 62-81 ");
    expect_markers("a", "70 ");
    expect_damage("");
}
END_TEST

START_TEST(more_rooms_than_a_call_looks_at)
{
    char name[16];
    for (unsigned i = 0; i < 600; i++) {
        snprintf(name, sizeof name, "room%03u", i);
        record_segment(name, i, true);
        record_segment(name, i + 1, false);
    }
    struct store_retention retention = {.all_bytes = 600 * 25 - 10 * 250 - 1};
    uint64_t freed, all = 0;
    for (unsigned calls = 0; calls < 8; calls++) {
        ok(store->retain(store, &retention, &freed));
        all += freed;
    }
    /* 13 bytes of each: a piece, and presence behind its snapshot. */
    ck_assert_uint_ge(all, 2501);
    ck_assert_uint_le(all, 2510);
    expect_timeline("room190", "1911-1920 ");
    expect_timeline("room194", "1941-1950 1951-1960 ");
}
END_TEST

START_TEST(presence_behind_the_newest_snapshot_goes_by_its_own_age)
{
    record("a", 1);
    record_segment("a", 3, false);
    retain((struct store_retention){.before_ms = wall_of(3)});
    expect_timeline("a", "21-30 31-40 ");
    expect_tracks("a", "31-40 ");
    /* Of a room without a log all of it may go. */
    struct store_sealed sealed = {.name = bytes_of("b"),
                                  .kind = bytes_of("cursors"),
                                  .track = blob(1, 9, "presence"),
                                  .summary = bytes_of("su"),
                                  .began_ms = WALL_MS};
    ok(store->seal(store, &sealed, 1, WALL_MS));
    put_session(1, "b", 1, 8);
    expect_timeline("b", "1-9 ");
    retain((struct store_retention){.before_ms = WALL_MS});
    expect_timeline("b", "1-9 ");
    retain((struct store_retention){.before_ms = WALL_MS + 1});
    expect_timeline("b", "");
    expect_sessions("b", "");
    ck_assert_uint_eq(bytes_of_room("b"), 0);
}
END_TEST

/* --- What stays ----------------------------------------------------------------------------------- */

START_TEST(what_a_pinned_session_needs_stays)
{
    record("a", 5);
    pin_session(1, "a", 45, 52); /* in the third piece, which begins with snapshot 40 */
    retain_all();
    reopen();
    expect_timeline("a", "41-50 51-60 | 101-110 ");
    expect_tracks("a", "41-50 51-60 ");
    expect_snapshot("a", 45, "40-40:state ");
    expect_snapshot("a", 99, "40-40:state ");
    expect_reading("a", 40, STORE_NOT_FOUND, "41-50 51-60 ");
    expect_reading("a", 60, STORE_NOT_FOUND, "");
    expect_reading("a", 75, STORE_NOT_FOUND, "");
    expect_reading("a", 100, STORE_OK, "101-110 ");
    ck_assert_uint_eq(tell("a").room.first, 41);
    ck_assert_uint_eq(tell("a").room.last, 110);
    expect_damage("");
    expect_sessions("a", "1 ");

    ok(store->sessions->pin(store, 1, false));
    retain_all();
    expect_timeline("a", "101-110 ");
    expect_sessions("a", "");
    expect_snapshot("a", STORE_TICK_MAX, "100-100:state ");
    struct seen seen = {0};
    gives(STORE_NOT_FOUND, store->snapshot(store, bytes_of("a"), 99, see_blob, &seen));
    expect_damage("");
}
END_TEST

START_TEST(many_pins_make_many_gaps)
{
    record("a", 8);
    pin_session(1, "a", 5, 5);
    pin_session(2, "a", 61, 95);
    pin_session(3, "a", 141, 141);
    retain_all();
    expect_timeline("a", "1-10 | 61-70 71-80 81-90 91-100 | 141-150 | 161-170 ");
    expect_snapshot("a", 100, "80-80:state "); /* one in the middle is for seeking */
    expect_reading("a", 60, STORE_NOT_FOUND, "61-70 71-80 81-90 91-100 ");
    expect_reading("a", 0, STORE_NOT_FOUND, "1-10 ");
    expect_damage("");
    ok(store->sessions->remove(store, 2));
    retain_all();
    expect_timeline("a", "1-10 | 141-150 | 161-170 ");
    ok(store->sessions->remove(store, 1));
    retain_all();
    expect_timeline("a", "141-150 | 161-170 ");
    ck_assert_uint_eq(tell("a").room.first, 141);
    expect_reading("a", 140, STORE_NOT_FOUND, "141-150 ");
    reopen();
    expect_damage("");
}
END_TEST

/* The last segment is where the next one goes on from. */
START_TEST(a_log_does_not_lose_its_end)
{
    record("a", 2);
    record_segment("a", 5, true);
    pin_session(1, "a", 3, 4);
    retain_all();
    expect_timeline("a", "1-10 | 51-60 ");
    ck_assert_uint_eq(tell("a").room.last, 60);
    record_segment("a", 6, true);
    expect_damage("");
    retain_all();
    expect_timeline("a", "1-10 | 61-70 ");
    record_segment("a", 7, false);
    expect_reading("a", 70, STORE_OK, "71-80 ");
    expect_damage("");
}
END_TEST

START_TEST(a_room_that_is_watched_is_spared)
{
    record("a", 3);
    record("b", 3);
    struct bytes spared[] = {bytes_of("x"), bytes_of("a")};
    struct store_retention retention = {
        .before_ms = UINT64_MAX, .all_bytes = 1, .spared = spared, .spared_count = 2};
    ck_assert_uint_gt(retain(retention), 0);
    expect_timeline("a", "1-10 11-20 21-30 31-40 41-50 51-60 61-70 ");
    expect_timeline("b", "61-70 ");
}
END_TEST

/* Without the round over all rooms losing its place. */
START_TEST(one_room_loses_its_past_alone)
{
    record("a", 3);
    record("b", 3);
    uint64_t before = bytes_of_room("a");
    struct store_retention retention = {.before_ms = UINT64_MAX, .only = bytes_of("a")};
    ck_assert_uint_eq(retain(retention), before - bytes_of_room("a"));
    expect_timeline("a", "61-70 ");
    expect_tracks("a", "");
    expect_reading("a", 60, STORE_OK, "61-70 ");
    expect_timeline("b", "1-10 11-20 21-30 31-40 41-50 51-60 61-70 ");
    pin_session(1, "b", 25, 28);
    retention.only = bytes_of("b");
    retain(retention);
    expect_timeline("b", "21-30 | 61-70 ");
    retention.only = bytes_of("nobody");
    ck_assert_uint_eq(retain(retention), 0);
    expect_damage("");
}
END_TEST

START_TEST(a_quarantined_room_stays_as_it_is)
{
    record("a", 3);
    ok(store->quarantine(store, bytes_of("a"), bytes_of("why")));
    ck_assert_uint_eq(retain_all(), 0);
    expect_timeline("a", "1-10 11-20 21-30 31-40 41-50 51-60 61-70 ");
}
END_TEST

START_TEST(sessions_and_markers_go_with_what_they_are_of)
{
    record("a", 3);
    put_session(1, "a", 1, 15);  /* goes */
    put_session(2, "a", 12, 45); /* of which something is left */
    put_session(3, "a", 61, 65);
    put_session(4, "b", 1, 15);
    for (uint64_t tick = 5; tick <= 65; tick += 20)
        mark("a", tick);
    mark("b", 5);
    retain((struct store_retention){.before_ms = wall_of(4)});
    expect_timeline("a", "41-50 51-60 61-70 ");
    expect_sessions("a", "2 3 ");
    expect_markers("a", "45 65 ");
    expect_sessions("b", "4 ");
    expect_markers("b", "5 ");
}
END_TEST

START_TEST(reclaiming_spares_what_is_pinned)
{
    uint64_t freed;
    record("a", 4);
    pin_session(1, "a", 5, 5);
    ok(store->reclaim(store, 1, &freed)); /* the rest of the first piece */
    ck_assert_uint_eq(freed, 10);
    expect_timeline("a", "1-10 | 21-30 31-40 41-50 51-60 61-70 71-80 81-90 ");
    ok(store->reclaim(store, UINT64_MAX, &freed));
    expect_timeline("a", "1-10 | 81-90 ");
    gives(STORE_NOT_FOUND, store->reclaim(store, 1, &freed));
    expect_damage("");
}
END_TEST

START_TEST(a_removed_room_leaves_no_gaps)
{
    record("a", 4);
    pin_session(1, "a", 5, 5);
    retain_all();
    ok(store->remove(store, bytes_of("a"), 5));
    record("a", 4);
    reopen();
    expect_timeline("a", "1-10 11-20 21-30 31-40 41-50 51-60 61-70 71-80 81-90 ");
    expect_reading("a", 20, STORE_OK, "21-30 31-40 41-50 51-60 61-70 71-80 81-90 ");
    expect_damage("");
}
END_TEST

/* --- Chance --------------------------------------------------------------------------------------- */

/* Lives of three rooms, in a store of each sort, which have to come to the same. */
#define ROOMS 3u
#define STEPS 120u

static const char *const names[ROOMS] = {"a", "b", "c"};

struct life {
    struct chance chance;
    uint64_t segments[ROOMS]; /* that were recorded */
    uint64_t wall;
};

static void record_some(struct life *life, unsigned room)
{
    uint64_t segment = life->segments[room]++, first = 10 * segment + 1;
    struct store_sealed sealed = {.name = bytes_of(names[room]), .kind = bytes_of("open")};
    uint64_t way = chance_below(&life->chance, 8);
    if (way != 0)
        sealed.segment = blob(first, first + 9, "logs!");
    if (way != 1)
        sealed.track = blob(first + 2, first + 9, "trk");
    if (way != 2)
        sealed.summary = bytes_of("su");
    if (way > 4 && way != 0)
        sealed.snapshot = blob(first + 9, first + 9, "state");
    life->wall += 1000;
    ok(store->seal(store, &sealed, 1, life->wall));
}

static void live_on(struct life *life)
{
    unsigned room = (unsigned)chance_below(&life->chance, ROOMS);
    uint64_t ticks = 10 * life->segments[room] + 1, id = 1 + chance_below(&life->chance, 6);
    uint64_t first = 1 + chance_below(&life->chance, (uint32_t)ticks);
    struct store_retention retention = {0};
    switch (chance_below(&life->chance, 12)) {
    case 0:
        put_session(id, names[room], first, first + chance_below(&life->chance, 60));
        break;
    case 1:
    case 2: {
        enum store_result result =
            store->sessions->pin(store, id, chance_below(&life->chance, 3) > 0);
        ck_assert(result == STORE_OK || result == STORE_NOT_FOUND);
        break;
    }
    case 3:
        retention.before_ms = life->wall - 1000 * chance_below(&life->chance, 40);
        retain(retention);
        break;
    case 4:
        retention.room_bytes = 20 + chance_below(&life->chance, 300);
        retain(retention);
        break;
    case 5:
        retention.all_bytes = 60 + chance_below(&life->chance, 700);
        retain(retention);
        break;
    case 6:
        mark(names[room], first);
        break;
    default:
        record_some(life, room);
    }
}

struct told_of {
    char text[1 << 16];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct told_of *told, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    told->length += (size_t)vsnprintf(told->text + told->length, sizeof told->text - told->length,
                                      format, arguments);
    va_end(arguments);
    ck_assert_uint_lt(told->length, sizeof told->text);
}

static bool add_segment(void *context, const struct store_segment *segment)
{
    add(context, "%s%" PRIu64 "-%" PRIu64 "=%" PRIu64 "%.*s ", segment->gap ? "| " : "",
        segment->first, segment->last, segment->bytes, (int)segment->summary.length,
        (const char *)segment->summary.data);
    return true;
}

static bool add_blob(void *context, const struct store_blob *seen)
{
    add(context, "%" PRIu64 "-%" PRIu64 " ", seen->first, seen->last);
    return true;
}

static bool add_session(void *context, const struct store_session *session)
{
    add(context, "%" PRIu64 "%s=%" PRIu64 " ", session->id, session->pinned ? "!" : "",
        session->bytes);
    return true;
}

static bool add_marker(void *context, const struct store_marker *marker)
{
    add(context, "%" PRIu64 " ", marker->tick);
    return true;
}

static void tell_all(struct told_of *told)
{
    told->length = 0;
    for (unsigned room = 0; room < ROOMS; room++) {
        struct bytes name = bytes_of(names[room]);
        struct told row = {0};
        enum store_result result = store->room(store, name, see_room, &row);
        add(told, "\n%s %" PRIu64 " %" PRIu64 "-%" PRIu64 ": ", names[room], row.room.bytes,
            row.room.first, row.room.last);
        if (result == STORE_NOT_FOUND)
            continue;
        ok(store->segments(store, name, 0, add_segment, told));
        add(told, " tracks ");
        ok(store->tracks(store, name, 0, add_blob, told));
        add(told, " log ");
        for (uint64_t tick = 0; tick < 1300; tick += 10)
            add(told, "%d", store->read(store, name, tick, add_blob, told));
        add(told, " sessions ");
        ok(store->sessions->list(store, name, add_session, told));
        add(told, " markers ");
        ok(store->sessions->markers(store, name, add_marker, told));
    }
}

START_TEST(stores_of_each_sort_keep_the_same)
{
    struct told_of *told = calloc(2, sizeof *told);
    struct store *sqlite = store, *memory = store_memory_create(1u << 24);
    struct life lives[2] = {{.chance = chance_of((uint64_t)_i), .wall = WALL_MS},
                            {.chance = chance_of((uint64_t)_i), .wall = WALL_MS}};
    ck_assert(told != NULL && memory != NULL);
    for (unsigned step = 0; step < STEPS; step++) {
        store = sqlite;
        live_on(&lives[0]);
        store = memory;
        live_on(&lives[1]);
        if (step % 10 != 9)
            continue;
        tell_all(&told[0]);
        store = sqlite;
        tell_all(&told[1]);
        ck_assert_msg(strcmp(told[0].text, told[1].text) == 0, "step %u: memory%s\nsqlite%s", step,
                      told[0].text, told[1].text);
        expect_damage("");
    }
    memory->close(memory);
    store = sqlite;
    free(told);
}
END_TEST

/* --- In a file ------------------------------------------------------------------------------------ */

static void run_sql(const char *sql)
{
    archive_run_sql(store_folder(), sql);
}

static void make_gap(void)
{
    record("a", 5);
    pin_session(1, "a", 45, 52);
    retain_all();
    expect_timeline("a", "41-50 51-60 | 101-110 ");
}

/* A call does only so much of a long piece: what it leaves is led to from where the piece begins. */
START_TEST(half_a_piece_is_as_whole_as_it_was)
{
    uint64_t freed;
    for (uint64_t segment = 0; segment < 600; segment++)
        record_segment("a", segment, segment == 0 || segment == 598);
    pin_session(1, "a", 5, 5);
    ok(store->retain(store, &(struct store_retention){.before_ms = UINT64_MAX}, &freed));
    ck_assert_uint_gt(freed, 0);
    expect_snapshot("a", 5980, "10-10:state ");
    struct lines log = {0};
    gives(STORE_NOT_FOUND, store->read(store, bytes_of("a"), 10, see_ticks, &log));
    ck_assert_msg(strncmp(log.text, "11-20 21-30 ", 12) == 0, "%s", log.text);
    struct lines tracks = {0}; /* of the pin, of all that the log has, and behind the snapshot */
    ok(store->tracks(store, bytes_of("a"), 0, see_ticks, &tracks));
    ck_assert_uint_eq(strlen(tracks.text), strlen("1-10 5991-6000 ") + strlen(log.text));
    ck_assert_ptr_nonnull(strstr(tracks.text, log.text));
    reopen();
    expect_damage("");
    retain_all();
    expect_timeline("a", "1-10 | 5991-6000 ");
    expect_tracks("a", "1-10 ");
}
END_TEST

START_TEST(what_is_missing_beside_a_gap_is_missed)
{
    make_gap();
    run_sql("DELETE FROM segment WHERE id & ((1 << 36) - 1) = 51");
    expect_damage("segment of room a at tick 100: missing");
    expect_reading("a", 40, STORE_DAMAGED, "41-50 ");
    expect_reading("a", 60, STORE_NOT_FOUND, "");
}
END_TEST

START_TEST(a_gap_that_does_not_check_is_told)
{
    static const char *const changes[] = {"last = 59", "room = x'62'", "checksum = 0"};
    char sql[128];
    make_gap();
    snprintf(sql, sizeof sql, "UPDATE gap SET %s", changes[_i]);
    run_sql(sql);
    expect_damage("archive gap of room a at tick 101: checksum");
    expect_reading("a", 40, STORE_DAMAGED, "41-50 51-60 ");
    expect_reading("a", 100, STORE_OK, "101-110 ");
}
END_TEST

START_TEST(a_gap_that_is_gone_is_damage)
{
    make_gap();
    run_sql("DELETE FROM gap");
    expect_damage("segment of room a at tick 100: missing");
    expect_reading("a", 40, STORE_DAMAGED, "41-50 51-60 ");
}
END_TEST

START_TEST(a_salvage_keeps_gaps)
{
    record_segment("0", 0, true); /* which is lost, and ids change */
    make_gap();
    run_sql("DELETE FROM segment WHERE id >> 36 = 1; DELETE FROM snapshot WHERE id >> 36 = 1;"
            "DELETE FROM room WHERE id = 1");
    store->close(store);
    run_sql("UPDATE meta SET value = 5 WHERE key = 'suspect'");
    ck_assert_str_ne(open_store(), "");
    ck_assert_int_eq(tell("a").room.state, STORE_ROOM_WELL);
    expect_timeline("a", "41-50 51-60 | 101-110 ");
    expect_reading("a", 40, STORE_NOT_FOUND, "41-50 51-60 ");
    expect_damage("");
}
END_TEST

START_TEST(a_salvage_without_its_gap_is_a_quarantine)
{
    make_gap();
    run_sql("UPDATE gap SET last = 59");
    store->close(store);
    run_sql("UPDATE meta SET value = 5 WHERE key = 'suspect'");
    ck_assert_str_ne(open_store(), "");
    ck_assert_int_eq(tell("a").room.state, STORE_ROOM_QUARANTINED);
}
END_TEST

START_TEST(a_session_that_does_not_check_keeps_its_room)
{
    record("a", 5);
    record("b", 5);
    pin_session(1, "a", 45, 52);
    run_sql("UPDATE session SET pinned = 0");
    retain_all();
    expect_timeline("a", "1-10 11-20 21-30 31-40 41-50 51-60 61-70 71-80 81-90 91-100 101-110 ");
    expect_timeline("b", "101-110 ");
}
END_TEST

START_TEST(a_room_whose_row_does_not_check_stops_no_other)
{
    record("a", 3);
    record("b", 3);
    run_sql("UPDATE room SET bytes = 1 WHERE id = 1");
    ck_assert_uint_gt(retain_all(), 0);
    expect_timeline("b", "61-70 ");
}
END_TEST

START_TEST(an_archive_without_gaps_is_brought_forward)
{
    char error[STORE_SQLITE_ERROR_MAX];
    record("a", 5);
    claim();
    ok(append(1, "x"));
    store->close(store);
    archive_go_back(store_folder(), 6);
    ck_assert_msg(store_sqlite_open_to_read(store_folder(), &store, error) == STORE_OK, "%s",
                  error);
    expect_reading("a", 80, STORE_OK, "81-90 91-100 101-110 ");
    store->close(store);
    ck_assert_str_eq(open_store(), "");
    pin_session(1, "a", 45, 52);
    retain_all();
    expect_timeline("a", "41-50 51-60 | 101-110 ");
    expect_damage("");
}
END_TEST

static void add_contract(TCase *tests)
{
    tcase_add_test(tests, without_limits_nothing_goes);
    tcase_add_test(tests, what_is_old_goes_piece_by_piece);
    tcase_add_test(tests, a_room_takes_no_more_than_it_may);
    tcase_add_test(tests, of_all_rooms_the_oldest_goes_first);
    tcase_add_test(tests, a_long_piece_goes_over_many_calls);
    tcase_add_test(tests, presence_goes_with_the_piece_that_it_is_of);
    tcase_add_test(tests, more_rooms_than_a_call_looks_at);
    tcase_add_test(tests, presence_behind_the_newest_snapshot_goes_by_its_own_age);
    tcase_add_test(tests, what_a_pinned_session_needs_stays);
    tcase_add_test(tests, many_pins_make_many_gaps);
    tcase_add_test(tests, a_log_does_not_lose_its_end);
    tcase_add_test(tests, a_room_that_is_watched_is_spared);
    tcase_add_test(tests, one_room_loses_its_past_alone);
    tcase_add_test(tests, a_quarantined_room_stays_as_it_is);
    tcase_add_test(tests, sessions_and_markers_go_with_what_they_are_of);
    tcase_add_test(tests, reclaiming_spares_what_is_pinned);
    tcase_add_test(tests, a_removed_room_leaves_no_gaps);
}

int main(void)
{
    Suite *suite = suite_create("store_retention");
    contract_cases(suite, add_contract);

    TCase *tests = tcase_create("in a file");
    tcase_add_checked_fixture(tests, make_sqlite_disk, drop_store);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, stores_of_each_sort_keep_the_same, 0, 20);
    tcase_add_test(tests, half_a_piece_is_as_whole_as_it_was);
    tcase_add_test(tests, what_is_missing_beside_a_gap_is_missed);
    tcase_add_loop_test(tests, a_gap_that_does_not_check_is_told, 0, 3);
    tcase_add_test(tests, a_gap_that_is_gone_is_damage);
    tcase_add_test(tests, a_salvage_keeps_gaps);
    tcase_add_test(tests, a_salvage_without_its_gap_is_a_quarantine);
    tcase_add_test(tests, a_session_that_does_not_check_keeps_its_room);
    tcase_add_test(tests, a_room_whose_row_does_not_check_stops_no_other);
    tcase_add_test(tests, an_archive_without_gaps_is_brought_forward);
    suite_add_tcase(suite, tests);

    return run_suite(suite);
}
