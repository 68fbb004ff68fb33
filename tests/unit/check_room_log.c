/* check_room_log.c - a room built from its log is the room that wrote it, also behind holes and under
 * other limits; a log of something else gives a status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/room_parts.h"
#include "tests/logged_room.h"
#include "tests/run_suite.h"

/* --- Each act -------------------------------------------------------------------------------------- */

static void opened(void)
{
    kept_log_take(&kept, room);
}

/* More than are remembered, and the first of them once more. */
static void forgotten(void)
{
    kept_log_take(&kept, room);
    for (unsigned key = 1; key <= 8; key++) {
        uint32_t seat = join(room, key % 7 + 1, ROLE_EDITOR);
        tick();
        does(seat, "[0 'hands' 'h' 'cards' 3] [0 'papers' 'p' 'v' 1]", STATUS_OK);
        does(seat, "[1 'hands' 'none' 'cards' 3]", STATUS_NOT_FOUND);
        room_leave(room, seat);
        tick();
    }
}

static void in_roles(void)
{
    seat_both();
    ck_assert_int_eq(room_set_role(room, bob, ROLE_OWNER), STATUS_OK);
    tick();
    does(bob, "[0 'secrets' 's' 'v' 1]", STATUS_OK);
}

static void written(void)
{
    seat_both();
    does(ada, "[0 'shapes' 'a' 'n' 1 'text' 'abc' 'any' 'longer than eight' 'points' [1 2]]",
         STATUS_OK);
    does(ada, "[2 'shapes' 'a' 'points' 3 4] [3 'shapes' 'a' 'votes' 2]", STATUS_OK);
    does(bob, "[0 'papers' 'p' 'q' 0.1 'r' [[[1]]]] [0 'texts' 't' 'x' nil]", STATUS_OK);
    does(bob, "[33 'papers' 'p' 1 'q' 2] [5 'chat' 0 'hello'] [5 'chat' 1 'only ada']", STATUS_OK);
    does(ada, "[4 'shapes' 'a']", STATUS_OK);
    for (int i = 0; i < 12; i++)
        does(ada, i % 2 == 0 ? "[0 'papers' 'z' 'q' 1]" : "[4 'papers' 'z']",
             i == 0 || i == 1 ? STATUS_OK : STATUS_DELETED);
}

static void pruned(void)
{
    char line[64];
    seat_both();
    for (int i = 0; i < 24; i++) {
        snprintf(line, sizeof line, i % 2 == 0 ? "[0 'papers' 'p%d']" : "[4 'papers' 'p%d']",
                 i / 2 % 6);
        outcome(room, ada, line);
        kept_log_take(&kept, room);
    }
    ck_assert_uint_gt(room->state.scopes[SCOPE_EVERYONE]->horizon, 0);
}

static void with_refusals(void)
{
    seat_both();
    does(ada, "[1 'papers' 'none' 'f' 1]", STATUS_NOT_FOUND);
    does(bob, "[0 'new' 'a' 'f' 1] [1 'papers' 'none']", STATUS_NOT_FOUND);
    does(bob, "[1 'papers' 'none' 'f' [[[[[[[1]]]]]]]]", STATUS_NOT_FOUND);
}

static void deep(void)
{
    seat_both();
    does(bob, "[0 'papers' 'p' 'f' [[[[[[[1]]]]]]]]", STATUS_OK);
    does(bob, "[0 'papers' 'q' 'f' 2]", STATUS_OK);
}

static void edited_by_rules(void)
{
    seat_both();
    ck_assert_int_eq(server_edit(room, 0, "[0 'weather' 'there' 'wind' 3 'rain' [[[[[[[1]]]]]]]]"),
                     STATUS_OK);
    ck_assert_int_eq(server_edit(room, 2, "[0 'hands' 'h' 'cards' 9]"), STATUS_OK);
    ck_assert_int_eq(server_edit(room, 0, "[0 'ledger' 'l' 'new' 1] [5 'arrival' 2 'you']"),
                     STATUS_OK);
    ck_assert_int_eq(server_edit(room, 0, "[1 'presence' '1' 'hat' 'red']"), STATUS_OK);
    tick();
}

static void taught_by_presence(void)
{
    seat_both();
    ck_assert_int_eq(presence(room, ada, "'mood' 'good' 'hat' 'red'"), STATUS_OK);
    kept_log_take(&kept, room);
    does(bob, "[0 'papers' 'p' 'w' 2]", STATUS_OK);
}

static void timed(void)
{
    seat_both();
    for (int i = 0; i < 200; i++)
        tick();
    does(ada, "[0 'papers' 'p']", STATUS_OK);
}

static void slept_and_woken(void)
{
    for (uint64_t incarnation = 8; incarnation < 11; incarnation++) {
        seat_both();
        does(ada, "[32 'shapes' 'a' 0 'n' 1] [0 'hands' 'h' 'cards' 1]", STATUS_OK);
        does(ada, "[4 'shapes' 'a']", STATUS_OK);
        for (int i = 0; i < 30; i++)
            tick();
        sleeps();
        bool clean;
        struct room *again = kept_log_replay(&kept, &options, &kinds, &clean);
        ck_assert(clean);
        ck_assert_int_eq(room_wake(again, incarnation), STATUS_OK);
        room_destroy(room);
        room = again;
        kept_log_take(&kept, room);
    }
}

static void hashed(void)
{
    seat_both();
    does(ada, "[0 'hands' 'h' 'cards' 1]", STATUS_OK);
    ck_assert_int_eq(room_log_hash(room), STATUS_OK);
    tick();
}

static void with_holes(void)
{
    seat_both();
    for (int i = 0; i < 2; i++) {
        does(ada, "[0 'shapes' 'a' 'n' 1 'points' [1 2]]", i == 0 ? STATUS_OK : STATUS_DELETED);
        play_in_a_hole();
        kept_log_resume(&kept, room);
        does(ada, "[0 'papers' 'after' 'f' 1] [0 'hands' 'h' 'cards' 3]", STATUS_OK);
        bob = join(room, 2, ROLE_EDITOR);
        tick();
    }
}

static void asleep_behind_a_hole(void)
{
    seat_both();
    room_leave(room, play_in_a_hole());
    room_leave(room, ada);
    step(room);
    kept_log_resume(&kept, room);
    ck_assert_int_eq(room_sleep(room), STATUS_OK);
    kept_log_take(&kept, room);
}

static void (*const pasts[])(void) = {
    opened,          joined_and_left,
    forgotten,       in_roles,
    written,         pruned,
    with_refusals,   deep,
    timed,           edited_by_rules,
    hashed,          taught_by_presence,
    with_holes,      asleep_behind_a_hole,
    slept_and_woken,
};
#define PASTS ((int)(sizeof pasts / sizeof pasts[0]))

START_TEST(a_log_leads_to_the_room_that_wrote_it)
{
    struct replay replay;
    pasts[_i]();
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_OK);
    ck_assert_uint_eq(replay.wall_ms, 1000 + 50 * room_logged(room));
    expect_same(replay_room(&replay));
    replay_abandon(&replay);
}
END_TEST

START_TEST(a_snapshot_stands_for_all_before_it_and_what_it_has_is_skipped)
{
    pasts[_i]();
    struct bytes whole = log_bytes();
    struct replay early, late;
    enum status status;
    for (size_t length = 1; length <= whole.length; length++) {
        if (replay_all(&early, (struct bytes){whole.data, length}) == STATUS_OK) {
            struct bytes snapshot = snapshot_of(replay_room(&early));
            late = replay_begin(&options, &kinds);
            ck_assert_int_eq(replay_snapshot(&late, snapshot), STATUS_OK);
            status = replay_log(&late, whole);
            ck_assert_msg(status == STATUS_OK, "at %zu: %s", length, status_text(status));
            expect_same(replay_room(&late));
            replay_abandon(&late);
            free((void *)snapshot.data);
        }
        replay_abandon(&early);
    }
}
END_TEST

START_TEST(an_ended_room_is_told_from_others)
{
    struct replay replay;
    seat_both();
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_OK);
    ck_assert(!replay.ended);
    replay_abandon(&replay);
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    room_end(room, "game over");
    tick();
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_OK);
    ck_assert(replay.ended);
    replay_abandon(&replay);
}
END_TEST

START_TEST(the_kind_stands_first)
{
    seat_both();
    ck_assert(bytes_equal(log_kind(log_bytes()), bytes_of("every")));
    struct bytes last = {kept.data + kept.last, kept.length - kept.last};
    ck_assert_uint_eq(log_kind(last).length, 0);
    ck_assert_uint_eq(log_kind((struct bytes){0}).length, 0);
}
END_TEST

START_TEST(a_log_may_begin_with_all_that_the_room_is)
{
    struct replay replay;
    seat_both();
    play_in_a_hole();
    kept_log_resume(&kept, room);
    struct bytes behind = {kept.data + kept.last, kept.length - kept.last};
    ck_assert(bytes_equal(log_kind(behind), bytes_of("every")));
    ck_assert_int_eq(replay_all(&replay, behind), STATUS_OK);
    expect_same(replay_room(&replay));
    replay_abandon(&replay);
}
END_TEST

/* --- Logs that do not fit -------------------------------------------------------------------------- */

START_TEST(a_missing_entry_is_found)
{
    struct replay replay;
    seat_both();
    does(ada, "[0 'papers' 'p']", STATUS_OK);
    size_t from = kept.last, to = kept.length;
    does(ada, "[0 'papers' 'q']", STATUS_OK);
    memmove(kept.data + from, kept.data + to, kept.length - to);
    kept.length -= to - from;
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_NOT_FOUND);
    replay_abandon(&replay);
}
END_TEST

START_TEST(another_state_than_was_logged_is_found)
{
    struct replay replay;
    seat_both();
    does(ada, "[0 'papers' 'p' 'f' 'what was written']", STATUS_OK);
    sleeps();
    uint8_t *there = memmem(kept.data, kept.length, "what was", 8);
    ck_assert_ptr_nonnull(there);
    there[0] = 'W';
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_REFUSED);
    replay_abandon(&replay);
}
END_TEST

START_TEST(a_log_of_another_kind_is_not_read)
{
    struct replay replay;
    seat_both();
    uint8_t *there = memmem(kept.data, kept.length, "every", 5);
    memcpy(there, "evary", 5);
    ck_assert_int_eq(replay_all(&replay, log_bytes()), STATUS_KIND);
    replay_abandon(&replay);
}
END_TEST

static struct room *replayed_under(struct room_limits limits, bool *clean)
{
    options.limits = limits;
    struct room *again = kept_log_replay(&kept, &options, &kinds, clean);
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    ck_assert_uint_eq(again->options.limits.tombstones, limits.tombstones);
    return again;
}

/* What was forgotten stays so, what was remembered too, and seats may be more than are allowed now:
 * only what comes after goes by the new limits. */
START_TEST(under_other_limits_a_room_is_the_same_but_not_clean)
{
    static const struct room_limits others[] = {
        {.tombstones = 1, .clients = 1, .members = 1},
        {.tombstones = 100, .clients = 100},
        {.tombstones = 4, .clients = 2},
        {.tombstones = 3, .clients = 3},
    };
    bool clean;
    forgotten();
    pruned();
    sleeps();
    room_destroy(replayed_under(options.limits, &clean));
    ck_assert(clean);
    struct room *again = replayed_under(others[_i], &clean);
    ck_assert(!clean);
    ck_assert_int_eq(room_wake(again, 9), STATUS_OK);
    kept_log_take(&kept, again);
    join(again, 40, ROLE_EDITOR);
    step(again);
    kept_log_take(&kept, again);
    ck_assert_uint_le(again->client_count, others[_i].clients + 1);
    room_destroy(room);
    room = again;
    room_destroy(replayed_under(others[_i], &clean));
}
END_TEST

START_TEST(another_format_is_not_clean)
{
    seat_both();
    sleeps();
    struct bytes name = bytes_of("every");
    uint8_t *format = (uint8_t *)memmem(kept.data, kept.length, name.data, name.length) + 6;
    ck_assert_uint_eq(*format, LOG_FORMAT);
    *format = LOG_FORMAT + 1;
    bool clean;
    room_destroy(kept_log_replay(&kept, &options, &kinds, &clean));
    ck_assert(!clean);
}
END_TEST

/* The same name, and another field: 0 of the log's kind, 1 of that of its snapshot, 2 of that behind a
 * hole. */
static struct kinds changed_kinds(void)
{
    static struct collection_rules collections[8];
    static struct rules changed;
    changed = kind_every;
    ck_assert_uint_le(changed.collection_count, sizeof collections / sizeof collections[0]);
    memcpy(collections, kind_every.collections, changed.collection_count * sizeof collections[0]);
    collections[1].role = ROLE_ADMIN;
    changed.collections = collections;
    return (struct kinds){.rules = {&changed}, .count = 1};
}

START_TEST(a_kind_that_declares_other_names_than_then_is_told)
{
    seat_both();
    play_in_a_hole();
    kept_log_resume(&kept, room);
    struct bytes behind = {kept.data + kept.last, kept.length - kept.last};
    struct bytes snapshot = snapshot_of(room);
    struct kinds changed = changed_kinds();
    struct replay replay = replay_begin(&options, &changed);
    enum status status = _i == 1 ? replay_snapshot(&replay, snapshot)
                                 : replay_log(&replay, _i == 0 ? log_bytes() : behind);
    ck_assert_int_eq(status, STATUS_KIND);
    ck_assert(replay.changed);
    replay_abandon(&replay);
    free((void *)snapshot.data);
}
END_TEST

/* As it was opened, its origin without the fingerprint of the names. */
START_TEST(a_log_of_format_1_is_read_and_not_clean)
{
    bool clean;
    seat_both();
    sleeps();
    struct bytes name = bytes_of("every");
    uint8_t *origin = (uint8_t *)memmem(kept.data, kept.length, name.data, name.length) + 5;
    ck_assert_uint_eq(origin[0], 0x90 + ORIGIN_ELEMENTS);
    origin[0]--;
    origin[1] = 1;
    uint8_t *declared = origin + 5; /* behind four small integers */
    ck_assert_uint_eq(declared[0], 0xc4);
    ck_assert_uint_eq(declared[1], BITS_BYTES);
    uint8_t *rest = declared + 2 + BITS_BYTES;
    memmove(declared, rest, kept.length - (size_t)(rest - kept.data));
    kept.length -= 2 + BITS_BYTES;
    struct room *again = kept_log_replay(&kept, &options, &kinds, &clean);
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    ck_assert(!clean);
    room_destroy(again);
}
END_TEST

START_TEST(who_crashed_awake_is_not_clean_and_nobody_is_seated)
{
    bool clean;
    written();
    struct room *again = kept_log_replay(&kept, &options, &kinds, &clean);
    ck_assert(!clean);
    ck_assert_uint_eq(room_members(again), 0);
    ck_assert_uint_eq(room_hash_kept(again), room_hash_kept(room));
    room_destroy(again);
}
END_TEST

START_TEST(nothing_is_no_room)
{
    enum status status;
    bool clean;
    struct replay replay = replay_begin(&options, &kinds);
    ck_assert_int_eq(replay_log(&replay, (struct bytes){0}), STATUS_OK);
    ck_assert_ptr_null(replay_end(&replay, &clean, &status));
    ck_assert_int_eq(status, STATUS_NOT_FOUND);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("room log");
    TCase *acts = tcase_create("acts");
    tcase_add_checked_fixture(acts, setup_logged, teardown_logged);
    tcase_set_timeout(acts, 60);
    tcase_add_loop_test(acts, a_log_leads_to_the_room_that_wrote_it, 0, PASTS);
    tcase_add_loop_test(acts, a_snapshot_stands_for_all_before_it_and_what_it_has_is_skipped, 0,
                        PASTS);
    tcase_add_test(acts, an_ended_room_is_told_from_others);
    tcase_add_test(acts, the_kind_stands_first);
    tcase_add_test(acts, a_log_may_begin_with_all_that_the_room_is);
    suite_add_tcase(suite, acts);

    TCase *others = tcase_create("other logs");
    tcase_add_checked_fixture(others, setup_logged, teardown_logged);
    tcase_add_test(others, a_missing_entry_is_found);
    tcase_add_test(others, another_state_than_was_logged_is_found);
    tcase_add_test(others, a_log_of_another_kind_is_not_read);
    tcase_add_loop_test(others, under_other_limits_a_room_is_the_same_but_not_clean, 0, 4);
    tcase_add_test(others, another_format_is_not_clean);
    tcase_add_test(others, a_log_of_format_1_is_read_and_not_clean);
    tcase_add_loop_test(others, a_kind_that_declares_other_names_than_then_is_told, 0, 3);
    tcase_add_test(others, who_crashed_awake_is_not_clean_and_nobody_is_seated);
    tcase_add_test(others, nothing_is_no_room);
    suite_add_tcase(suite, others);
    return run_suite(suite);
}
