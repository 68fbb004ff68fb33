/* check_store_rooms.c - the contract of persistence/store.h, run against every store there is: the
 * archive. check_store.c has the journal. */
#include "persistence/flush.h"
#include "tests/contract.h"
#include "tests/run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Sealing and reading ------------------------------------------------------------------------ */

START_TEST(what_is_sealed_is_read)
{
    struct store_sealed sealed[] = {
        {.name = bytes_of("b"), .kind = bytes_of("open"), .segment = blob(1, 3, "log of b")},
        {.name = bytes_of("a"),
         .kind = bytes_of("race"),
         .segment = blob(2, 2, "log of a"),
         .snapshot = blob(2, 2, "state of a")},
    };
    ok(store->seal(store, sealed, 2, WALL_MS));
    reopen();
    expect_rooms("a b ");
    expect_log("b", 0, "1-3:log of b ");
    expect_log("a", 0, "2-2:log of a ");
    expect_snapshot("a", UINT64_MAX, "2-2:state of a ");
    struct told told = tell("a");
    ck_assert_str_eq(told.name, "a");
    ck_assert_str_eq(told.kind, "race");
    ck_assert_uint_eq(told.room.incarnation, 5);
    ck_assert_uint_eq(told.room.first, 2);
    ck_assert_uint_eq(told.room.last, 2);
    ck_assert_uint_eq(told.room.snapshot_tick, 2);
    ck_assert_uint_eq(told.room.created_ms, WALL_MS);
    ck_assert_uint_eq(told.room.bytes, strlen("log of a") + strlen("state of a"));
    ck_assert_int_eq(told.room.state, STORE_ROOM_WELL);
    told = tell("b");
    ck_assert_uint_eq(told.room.snapshot_tick, 0);
}
END_TEST

START_TEST(what_was_never_sealed_is_not_found)
{
    struct seen seen = {0};
    ok(seal_segment("lobby", 1, 2, "log"));
    gives(STORE_NOT_FOUND, store->room(store, bytes_of("lobb"), see_name, &seen));
    gives(STORE_NOT_FOUND, store->read(store, bytes_of("lobbyy"), 0, see_blob, &seen));
    gives(STORE_NOT_FOUND, store->snapshot(store, bytes_of("x"), 9, see_blob, &seen));
    gives(STORE_NOT_FOUND, store->snapshot(store, bytes_of("lobby"), 9, see_blob, &seen));
    gives(STORE_NOT_FOUND, store->remove(store, bytes_of("x"), 0));
    gives(STORE_NOT_FOUND, store->release_quarantine(store, bytes_of("x")));
    ck_assert_uint_eq(seen.length, 0);
}
END_TEST

START_TEST(a_log_is_read_from_any_tick)
{
    ok(seal_segment("a", 1, 10, "one"));
    ok(seal_segment("a", 14, 20, "two"));
    ok(seal_segment("a", 21, 21, "three"));
    expect_log("a", 0, "1-10:one 14-20:two 21-21:three ");
    expect_log("a", 9, "1-10:one 14-20:two 21-21:three ");
    expect_log("a", 10, "14-20:two 21-21:three ");
    expect_log("a", 13, "14-20:two 21-21:three ");
    expect_log("a", 16, "14-20:two 21-21:three ");
    expect_log("a", 20, "21-21:three ");
    expect_log("a", 21, "");
    expect_log("a", UINT64_MAX, "");
    struct seen seen = {.left = 1};
    ok(store->read(store, bytes_of("a"), 0, see_blob, &seen));
    ck_assert_str_eq(seen.text, "1-10:one ");
}
END_TEST

START_TEST(the_newest_snapshot_up_to_a_tick_is_given)
{
    ok(seal_snapshot("a", 10, "ten"));
    ok(seal_snapshot("a", 20, "twenty"));
    ok(seal_snapshot("b", 5, "other"));
    expect_snapshot("a", 10, "10-10:ten ");
    expect_snapshot("a", 19, "10-10:ten ");
    expect_snapshot("a", 20, "20-20:twenty ");
    expect_snapshot("a", STORE_TICK_MAX, "20-20:twenty ");
    struct seen seen = {0};
    gives(STORE_NOT_FOUND, store->snapshot(store, bytes_of("a"), 9, see_blob, &seen));
    ck_assert_uint_eq(tell("a").room.snapshot_tick, 20);
}
END_TEST

START_TEST(a_segment_that_is_there_is_left_as_it_is)
{
    ok(seal_segment("a", 1, 10, "one"));
    ok(seal_segment("a", 1, 10, "another"));
    ok(seal_segment("a", 3, 9, "within"));
    expect_log("a", 0, "1-10:one ");
    ck_assert_uint_eq(tell("a").room.bytes, 3);
}
END_TEST

START_TEST(a_segment_that_overlaps_changes_nothing)
{
    ok(seal_segment("a", 1, 10, "one"));
    struct store_sealed sealed[] = {
        {.name = bytes_of("b"), .kind = bytes_of("open"), .segment = blob(1, 3, "b")},
        {.name = bytes_of("a"), .kind = bytes_of("open"), .segment = blob(10, 12, "two")},
    };
    gives(STORE_DAMAGED, store->seal(store, sealed, 2, WALL_MS));
    expect_log("a", 0, "1-10:one ");
    expect_rooms("a ");
    reopen();
    expect_rooms("a ");
    ok(store->seal(store, sealed, 1, WALL_MS));
    expect_rooms("a b ");
}
END_TEST

START_TEST(a_snapshot_of_the_same_tick_takes_the_olds_place)
{
    ok(seal_snapshot("a", 10, "a long first one"));
    struct store_sealed sealed = {
        .name = bytes_of("a"), .kind = bytes_of("open"), .snapshot = blob(10, 10, "second")};
    sealed.snapshot.incarnation = 9;
    ok(store->seal(store, &sealed, 1, WALL_MS));
    expect_snapshot("a", 10, "10-10:second ");
    ck_assert_uint_eq(tell("a").room.bytes, strlen("second"));
    ck_assert_uint_eq(tell("a").room.incarnation, 9);
}
END_TEST

START_TEST(a_room_keeps_its_kind_and_its_beginning)
{
    ok(seal_segment("a", 1, 2, "x"));
    struct store_sealed sealed = {
        .name = bytes_of("a"), .kind = bytes_of("race"), .segment = blob(3, 4, "y")};
    ok(store->seal(store, &sealed, 1, WALL_MS + 500));
    struct told told = tell("a");
    ck_assert_str_eq(told.kind, "open");
    ck_assert_uint_eq(told.room.created_ms, WALL_MS);
    ck_assert_uint_eq(told.room.first, 1);
    ck_assert_uint_eq(told.room.last, 4);
}
END_TEST

START_TEST(names_are_bytes_of_any_sort_and_length)
{
    uint8_t longest[ROOM_NAME_MAX];
    memset(longest, 0xff, sizeof longest);
    struct bytes names[] = {
        {(const uint8_t *)"\0", 1}, {(const uint8_t *)"a\0b", 3}, bytes_of("'; DROP TABLE room;--"),
        bytes_of("%s%n"),           {longest, sizeof longest},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct store_sealed sealed = {
            .name = names[i], .kind = bytes_of("open"), .segment = blob(1, 1 + i, "log")};
        ok(store->seal(store, &sealed, 1, WALL_MS));
    }
    reopen();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct told told;
        ok(store->room(store, names[i], see_room, &told));
        ck_assert_uint_eq(told.room.last, 1 + i);
    }
}
END_TEST

/* Every tenth byte is noise, so that it packs a little. */
static uint8_t *noise(size_t length, uint32_t seed)
{
    uint8_t *bytes = malloc(length);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < length; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(i % 10 != 9 ? seed >> 24 : 0);
    }
    return bytes;
}

struct expected {
    struct bytes bytes;
    bool met;
};

static bool expect_bytes(void *context, const struct store_blob *seen)
{
    struct expected *expected = context;
    expected->met = bytes_equal(seen->bytes, expected->bytes);
    return true;
}

START_TEST(large_blobs_come_back_whole)
{
    static const size_t lengths[] = {(1u << 20) - 1, 1u << 20, (1u << 20) + 1, 5u << 20};
    size_t length = lengths[_i];
    uint8_t *state = noise(length, 1), *log = noise(length, 2);
    struct store_sealed sealed = {.name = bytes_of("a"),
                                  .kind = bytes_of("open"),
                                  .segment = {.first = 1, .last = 9, .bytes = {log, length}},
                                  .snapshot = {.first = 9, .last = 9, .bytes = {state, length}}};
    ok(store->seal(store, &sealed, 1, WALL_MS));
    reopen();
    struct expected expected = {.bytes = sealed.segment.bytes};
    ok(store->read(store, bytes_of("a"), 0, expect_bytes, &expected));
    ck_assert(expected.met);
    expected = (struct expected){.bytes = sealed.snapshot.bytes};
    ok(store->snapshot(store, bytes_of("a"), 9, expect_bytes, &expected));
    ck_assert(expected.met);
    free(state);
    free(log);
}
END_TEST

static bool read_more(void *context, const struct store_blob *seen)
{
    (void)seen;
    expect_snapshot("b", 9, "1-1:state ");
    ok(seal_segment("b", 10 + *(uint64_t *)context, 10 + *(uint64_t *)context, "log"));
    *(uint64_t *)context += 1;
    return true;
}

START_TEST(a_visitor_of_the_archive_may_use_the_archive)
{
    ok(seal_segment("a", 1, 1, "x"));
    ok(seal_segment("a", 2, 2, "y"));
    ok(seal_snapshot("b", 1, "state"));
    uint64_t visits = 0;
    ok(store->read(store, bytes_of("a"), 0, read_more, &visits));
    ck_assert_uint_eq(visits, 2);
    expect_log("b", 0, "10-10:log 11-11:log ");
}
END_TEST

START_TEST(every_room_is_visited_by_name_until_told_to_stop)
{
    char name[16];
    for (int i = 59; i >= 10; i--) {
        snprintf(name, sizeof name, "room%d", i);
        ok(seal_segment(name, 1, 1, "x"));
    }
    struct seen seen = {.left = 3};
    ok(store->rooms(store, see_name, &seen));
    ck_assert_str_eq(seen.text, "room10 room11 room12 ");
    seen = (struct seen){0};
    ok(store->rooms(store, see_name, &seen));
    ck_assert_uint_eq(seen.length, 50 * strlen("room10 "));
}
END_TEST

/* --- What happens to a room --------------------------------------------------------------------- */

START_TEST(a_quarantined_room_is_not_written_over)
{
    ok(seal_segment("a", 1, 5, "one"));
    ok(seal_snapshot("a", 5, "five"));
    ok(store->quarantine(store, bytes_of("a"), bytes_of("its snapshot cannot be read")));
    reopen();
    struct told told = tell("a");
    ck_assert_int_eq(told.room.state, STORE_ROOM_QUARANTINED);
    ck_assert_str_eq(told.reason, "its snapshot cannot be read");
    gives(STORE_DAMAGED, seal_snapshot("a", 6, "six"));
    expect_snapshot("a", STORE_TICK_MAX, "5-5:five ");
    /* What the journal has of it is kept all the same, for whoever mends it. */
    ok(seal_segment("a", 6, 7, "two"));
    expect_log("a", 0, "1-5:one 6-7:two ");
    ck_assert_int_eq(tell("a").room.state, STORE_ROOM_QUARANTINED);
    ok(store->release_quarantine(store, bytes_of("a")));
    told = tell("a");
    ck_assert_int_eq(told.room.state, STORE_ROOM_WELL);
    ck_assert_str_eq(told.reason, "");
    ok(seal_snapshot("a", 7, "seven"));
}
END_TEST

START_TEST(a_room_that_was_never_sealed_can_be_quarantined)
{
    char reason[2 * STORE_REASON_MAX + 1];
    memset(reason, 'r', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    ok(store->quarantine(store, bytes_of("new"), bytes_of(reason)));
    struct told told = tell("new");
    ck_assert_int_eq(told.room.state, STORE_ROOM_QUARANTINED);
    ck_assert_uint_eq(strlen(told.reason), STORE_REASON_MAX);
    ok(seal_segment("new", 1, 2, "log"));
    ck_assert_str_eq(tell("new").kind, "open");
}
END_TEST

static enum store_result
set_aside(const char *name, uint64_t first, uint64_t last, const char *text)
{
    struct store_sealed sealed = {
        .name = bytes_of(name), .kind = bytes_of("open"), .segment = blob(first, last, text)};
    return store->set_aside(store, &sealed, bytes_of("it overlaps"), WALL_MS);
}

START_TEST(what_cannot_be_sealed_is_set_aside_with_the_room)
{
    ok(seal_segment("a", 1, 10, "one"));
    gives(STORE_DAMAGED, seal_segment("a", 8, 12, "two"));
    ok(set_aside("a", 8, 12, "two"));
    ok(set_aside("a", 8, 12, "two")); /* which is there */
    expect_log("a", 0, "1-10:one 11-12:two ");
    reopen();
    struct told told = tell("a");
    ck_assert_int_eq(told.room.state, STORE_ROOM_QUARANTINED);
    ck_assert_str_eq(told.reason, "it overlaps");
    ck_assert_uint_eq(told.room.last, 12);
    ok(seal_segment("a", 13, 14, "three"));
    ok(set_aside("a", 15, 16, "four"));
    expect_log("a", 0, "1-10:one 11-12:two 13-14:three 15-16:four ");
    ok(set_aside("new", 3, 4, "log"));
    expect_log("new", 0, "3-4:log ");
    ck_assert_str_eq(tell("new").kind, "open");
    reopen();
    expect_log("a", 0, "1-10:one 11-12:two 13-14:three 15-16:four ");
    ck_assert_int_eq(tell("new").room.state, STORE_ROOM_QUARANTINED);
}
END_TEST

START_TEST(a_room_that_only_the_journal_knows_can_be_removed)
{
    gives(STORE_NOT_FOUND, store->remove(store, bytes_of("a"), 0));
    expect_rooms("");
    ok(store->remove(store, bytes_of("a"), 9));
    reopen();
    struct told told = tell("a");
    ck_assert_int_eq(told.room.state, STORE_ROOM_DELETED);
    ck_assert_uint_eq(told.room.incarnation, 9);
    ck_assert_uint_eq(store->incarnation(store), 9);
    ok(store->remove(store, bytes_of("a"), 4)); /* it knows better */
    ck_assert_uint_eq(tell("a").room.incarnation, 9);
    ok(seal_segment("a", 1, 1, "anew"));
    ck_assert_int_eq(tell("a").room.state, STORE_ROOM_WELL);
    ck_assert_uint_eq(tell("a").room.created_ms, WALL_MS);
}
END_TEST

START_TEST(of_a_removed_room_the_name_and_incarnation_stay)
{
    uint8_t *state = noise(3u << 20, 7);
    struct store_sealed sealed = {
        .name = bytes_of("a"),
        .kind = bytes_of("open"),
        .segment = blob(1, 5, "one"),
        .snapshot = {.incarnation = 5, .first = 5, .last = 5, .bytes = {state, 3u << 20}}};
    ok(store->seal(store, &sealed, 1, WALL_MS));
    free(state);
    ok(seal_segment("b", 1, 5, "other"));
    ok(store->remove(store, bytes_of("a"), 0));
    ok(store->remove(store, bytes_of("a"), 0));
    reopen();
    struct told told = tell("a");
    ck_assert_int_eq(told.room.state, STORE_ROOM_DELETED);
    ck_assert_uint_eq(told.room.incarnation, 5);
    ck_assert_uint_eq(told.room.bytes, 0);
    ck_assert_uint_eq(told.room.last, 0);
    expect_log("a", 0, "");
    struct seen seen = {0};
    gives(STORE_NOT_FOUND, store->snapshot(store, bytes_of("a"), 9, see_blob, &seen));
    expect_rooms("a b ");
    expect_log("b", 0, "1-5:other ");
    ok(seal_segment("a", 1, 1, "anew"));
    ck_assert_int_eq(tell("a").room.state, STORE_ROOM_WELL);
    expect_log("a", 0, "1-1:anew ");
}
END_TEST

START_TEST(incarnations_are_remembered)
{
    ck_assert_uint_eq(store->incarnation(store), 0);
    ok(seal_segment("a", 1, 1, "x"));
    ck_assert_uint_eq(store->incarnation(store), 5);
    struct flush_buffer buffer = {0};
    struct flush_entry entry = {.room = bytes_of("b"), .incarnation = 9, .first = 1, .last = 1};
    ck_assert(flush_add(&buffer, &entry));
    claim();
    ok(store->append(store, fence,
                     &(struct store_flush){.number = 1, .bytes = {buffer.data, buffer.length}}));
    free(buffer.data);
    ck_assert_uint_eq(store->incarnation(store), 9);
    reopen();
    ck_assert_uint_eq(store->incarnation(store), 9);
    ok(store->remove(store, bytes_of("a"), 0));
    ck_assert_uint_eq(store->incarnation(store), 9);
}
END_TEST

/* --- Space -------------------------------------------------------------------------------------- */

START_TEST(reclaiming_takes_the_oldest_and_never_what_is_needed)
{
    uint64_t freed;
    gives(STORE_NOT_FOUND, store->reclaim(store, 1, &freed));
    ok(seal_segment("a", 1, 5, "12345"));
    ok(seal_snapshot("a", 5, "54321"));
    ok(seal_segment("a", 6, 10, "6789a"));
    ok(store->reclaim(store, 1, &freed));
    ck_assert_uint_eq(freed, 5);
    gives(STORE_NOT_FOUND, store->reclaim(store, 1, &freed));
    expect_log("a", 5, "6-10:6789a ");
    expect_snapshot("a", STORE_TICK_MAX, "5-5:54321 ");
    ck_assert_uint_eq(tell("a").room.first, 6);
    ck_assert_uint_eq(tell("a").room.bytes, 10);

    ok(seal_snapshot("a", 10, "newer"));
    ok(seal_segment("a", 11, 12, "bc"));
    ok(store->reclaim(store, 1000000, &freed));
    ck_assert_uint_eq(freed, 10);
    reopen();
    expect_log("a", 10, "11-12:bc ");
    expect_snapshot("a", STORE_TICK_MAX, "10-10:newer ");
    gives(STORE_NOT_FOUND, store->reclaim(store, 1, &freed));
    ck_assert_uint_eq(freed, 0);
}
END_TEST

START_TEST(reclaiming_leaves_quarantined_rooms_alone)
{
    uint64_t freed;
    ok(seal_segment("a", 1, 5, "12345"));
    ok(seal_snapshot("a", 5, "54321"));
    ok(store->quarantine(store, bytes_of("a"), bytes_of("why")));
    gives(STORE_NOT_FOUND, store->reclaim(store, 1, &freed));
    expect_log("a", 0, "1-5:12345 ");
}
END_TEST

START_TEST(all_segments_may_go_when_a_snapshot_covers_them)
{
    uint64_t freed;
    for (uint64_t tick = 1; tick <= 100; tick++)
        ok(seal_segment("a", tick, tick, "x"));
    ok(seal_snapshot("a", 100, "state"));
    ok(store->reclaim(store, 1000, &freed));
    ck_assert_uint_eq(freed, 100);
    struct told told = tell("a");
    ck_assert_uint_eq(told.room.first, 0);
    ck_assert_uint_eq(told.room.last, 0);
    ok(seal_segment("a", 101, 103, "y"));
    expect_log("a", 100, "101-103:y ");
    reopen();
    expect_log("a", 100, "101-103:y ");
}
END_TEST

static void count_damage(void *context, struct bytes room, const char *where)
{
    (void)room;
    (void)where;
    ++*(unsigned *)context;
}

START_TEST(a_check_of_a_sound_store_finds_nothing)
{
    claim();
    for (uint64_t i = 1; i <= 30; i++) {
        ok(append(i, "flush"));
        ok(seal_segment(i % 2 != 0 ? "a" : "b", i, i, "log"));
        ok(seal_snapshot("a", i, "state"));
    }
    unsigned damages = 0;
    ok(store->check(store, count_damage, NULL, &damages));
    ck_assert_uint_eq(damages, 0);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, what_is_sealed_is_read);
    tcase_add_test(tests, what_was_never_sealed_is_not_found);
    tcase_add_test(tests, a_log_is_read_from_any_tick);
    tcase_add_test(tests, the_newest_snapshot_up_to_a_tick_is_given);
    tcase_add_test(tests, a_segment_that_is_there_is_left_as_it_is);
    tcase_add_test(tests, a_segment_that_overlaps_changes_nothing);
    tcase_add_test(tests, a_snapshot_of_the_same_tick_takes_the_olds_place);
    tcase_add_test(tests, a_room_keeps_its_kind_and_its_beginning);
    tcase_add_test(tests, names_are_bytes_of_any_sort_and_length);
    tcase_add_loop_test(tests, large_blobs_come_back_whole, 0, 4);
    tcase_add_test(tests, a_visitor_of_the_archive_may_use_the_archive);
    tcase_add_test(tests, every_room_is_visited_by_name_until_told_to_stop);
    tcase_add_test(tests, a_quarantined_room_is_not_written_over);
    tcase_add_test(tests, a_room_that_was_never_sealed_can_be_quarantined);
    tcase_add_test(tests, what_cannot_be_sealed_is_set_aside_with_the_room);
    tcase_add_test(tests, a_room_that_only_the_journal_knows_can_be_removed);
    tcase_add_test(tests, of_a_removed_room_the_name_and_incarnation_stay);
    tcase_add_test(tests, incarnations_are_remembered);
    tcase_add_test(tests, reclaiming_takes_the_oldest_and_never_what_is_needed);
    tcase_add_test(tests, reclaiming_leaves_quarantined_rooms_alone);
    tcase_add_test(tests, all_segments_may_go_when_a_snapshot_covers_them);
    tcase_add_test(tests, a_check_of_a_sound_store_finds_nothing);
}

int main(void)
{
    Suite *suite = suite_create("store of rooms");
    contract_cases(suite, add_tests);
    return run_suite(suite);
}
