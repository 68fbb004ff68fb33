/* check_track.c - presence beside the log: what stands in a track, and what is shown again from it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/hash.h"
#include "sync/log_read.h"
#include "sync/room_parts.h"
#include "sync/snapshot.h"
#include "tests/helpers.h"
#include "tests/notation.h"
#include "tests/recording.h"
#include "tests/run_suite.h"

static struct rules kind; /* a copy of kind_mixed, which records presence */
static const struct kinds kinds = {.rules = {&kind}, .count = 1};
static struct room_options options;
static struct room *room;
static struct recording recording;
static uint32_t ada, bob;

static void take(void)
{
    recording_take(&recording, room, false);
}

static void tick(void)
{
    step(room);
    take();
}

static void setup(void)
{
    kind = kind_mixed;
    options = (struct room_options){.rules = &kind, .incarnation = 1, .logs = true};
    options.limits.tombstones = 4;
    recording = (struct recording){0};
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
    take();
    ada = join(room, 1, ROLE_EDITOR);
    bob = join(room, 2, ROLE_EDITOR);
    tick(); /* tick 2: the opening takes one */
}

static void teardown(void)
{
    room_destroy(room);
    recording_forget(&recording);
}

static void shows(uint32_t seat, const char *pairs)
{
    ck_assert_int_eq(presence(room, seat, pairs), STATUS_OK);
    take();
}

static void does(uint32_t seat, const char *edits)
{
    ck_assert_int_eq(outcome(room, seat, edits), STATUS_OK);
    take();
}

static uint64_t now(void)
{
    return room_tick_number(room);
}

static struct replay replay_to(uint64_t tick)
{
    return recording_replay(&recording, tick, &options, &kinds);
}

static void expect_moment(uint64_t tick)
{
    struct replay replay = replay_to(tick);
    ck_assert_uint_eq(room_hash(replay_room(&replay), SEAT_NONE), recording_hash(&recording, tick));
    replay_abandon(&replay);
}

static void expect_all_moments(void)
{
    for (uint64_t tick = 1; tick <= now(); tick++)
        expect_moment(tick);
}

/* The acts of a track's bytes: P keyframe, +member=fields, -member, !event. */
static const char *acts_of(struct bytes track)
{
    static char text[512];
    size_t length = 0;
    struct reader reader = reader_on(track);
    struct log_entry entry;
    text[0] = 0;
    while (log_read_entry(&reader, &entry)) {
        struct reader acts = reader_on(entry.acts);
        struct log_act act;
        while (log_read_act(&acts, &act)) {
            char *at = text + length;
            size_t left = sizeof text - length;
            if (act.act == ACT_PRESENT)
                length += (size_t)snprintf(at, left, "P ");
            if (act.act == ACT_SHOWN)
                length += (size_t)snprintf(at, left, "+%u=%u ", act.member, act.pair_count);
            if (act.act == ACT_GONE)
                length += (size_t)snprintf(at, left, "-%u ", act.member);
            if (act.act == ACT_SAID)
                length += (size_t)snprintf(at, left, "!%u ", act.event);
        }
    }
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
    return text;
}

static const char *acts_now(void)
{
    return acts_of(recording_track(&recording, now() - 1, now()));
}

/* --- What stands in it ---------------------------------------------------------------------------- */

START_TEST(what_was_shown_is_shown_again)
{
    shows(ada, "'x' 10 'y' 20 'note' 'here'");
    shows(bob, "'mood' 'good'"); /* a name that is learnt */
    does(ada, "[0 'shapes' 'a' 'n' 5]");
    does(ada, "[5 'wave' 0 'hello']");
    shows(ada, "'note' nil");
    room_disconnect(room, bob);
    tick();
    room_leave(room, ada);
    tick();
    expect_all_moments();
    struct replay replay = replay_to(now());
    expect_value(replay_room(&replay), "presence", 0, "2", "away", "true");
    expect_value(replay_room(&replay), "presence", 0, "2", "mood", "'good'");
    ck_assert_uint_eq(replay_room(&replay)->tick, room_logged(room));
    replay_abandon(&replay);
}
END_TEST

START_TEST(an_entry_has_what_changed_and_no_more)
{
    ck_assert_str_eq(acts_now(), "P +1=0 +2=0 ");
    shows(ada, "'x' 10 'y' 20");
    ck_assert_str_eq(acts_now(), "+1=2 ");
    shows(ada, "'x' 10 'y' 21");
    ck_assert_str_eq(acts_now(), "+1=1 ");
    size_t length = recording.track_length;
    shows(ada, "'x' 10");
    tick();
    does(bob, "[0 'shapes' 'a' 'n' 5] [5 'chat' 0 'hello']");
    ck_assert_uint_eq(recording.track_length, length);
    does(bob, "[5 'wave' 0 'one'] [5 'wave' 0 'two']");
    ck_assert_str_eq(acts_now(), "!1 !1 ");
    room_leave(room, ada);
    tick();
    ck_assert_str_eq(acts_now(), "-1 ");
}
END_TEST

START_TEST(changes_of_several_ticks_are_one_entry)
{
    ck_assert_int_eq(presence(room, ada, "'x' 1"), STATUS_OK);
    ck_assert_int_eq(presence(room, bob, "'x' 2"), STATUS_OK);
    uint32_t cyd = join(room, 3, ROLE_EDITOR);
    step(room);
    room_leave(room, cyd);
    tick();
    ck_assert_str_eq(acts_of(recording_track(&recording, 2, now())), "+1=1 +2=1 -3 ");
    expect_moment(now());
}
END_TEST

START_TEST(who_came_and_left_unseen_leaves_an_entry_that_can_be_read)
{
    uint32_t cyd = join(room, 3, ROLE_EDITOR);
    step(room);
    room_leave(room, cyd);
    tick();
    ck_assert_str_eq(acts_now(), "-3 ");
    expect_moment(now());
}
END_TEST

START_TEST(rules_that_do_not_ask_for_it_have_no_track)
{
    kind.records_presence = false;
    shows(ada, "'x' 10");
    ck_assert(!room_track_pending(room));
    kind.records_presence = true;
    ck_assert(room_track_pending(room));
}
END_TEST

START_TEST(a_keyframe_has_all_presence)
{
    shows(ada, "'x' 10 'note' 'n'");
    does(bob, "[5 'wave' 0 'one']");
    shows(ada, "'note' nil");
    ck_assert_int_eq(presence(room, bob, "'x' 5"), STATUS_OK);
    recording_take(&recording, room, true);
    ck_assert_str_eq(acts_now(), "P !1 +1=1 +2=1 ");
    expect_moment(now());
}
END_TEST

START_TEST(too_many_gone_at_once_make_a_keyframe)
{
    uint32_t seats[5];
    for (unsigned i = 0; i < 5; i++)
        seats[i] = join(room, 10 + i, ROLE_EDITOR);
    tick();
    for (unsigned i = 0; i < 4; i++)
        room_leave(room, seats[i]);
    tick();
    ck_assert_str_eq(acts_now(), "-3 -4 -5 -6 ");
    room_leave(room, seats[4]);
    step(room);
    room_leave(room, bob);
    tick(); /* the room has forgotten members 3 and 4, not 7 and 2 */
    ck_assert_str_eq(acts_now(), "-7 -2 ");
    for (unsigned i = 0; i < 5; i++)
        seats[i] = join(room, 20 + i, ROLE_EDITOR);
    tick();
    for (unsigned i = 0; i < 5; i++)
        room_leave(room, seats[i]);
    tick();
    ck_assert_str_eq(acts_now(), "P +1=0 ");
    expect_all_moments();
}
END_TEST

/* --- Sleep, holes, gaps --------------------------------------------------------------------------- */

static void sleep_and_wake(void)
{
    bool clean;
    room_leave(room, ada);
    room_leave(room, bob);
    tick();
    ck_assert_int_eq(room_sleep(room), STATUS_OK);
    take();
    struct room *again = kept_log_replay(&recording.log, &options, &kinds, &clean);
    room_destroy(room);
    room = again;
    ck_assert_int_eq(room_wake(room, 1), STATUS_OK);
    ck_assert(!room_track_pending(room));
    take();
}

START_TEST(a_room_that_woke_begins_with_a_keyframe)
{
    shows(ada, "'x' 10");
    sleep_and_wake();
    ada = join(room, 1, ROLE_EDITOR);
    tick();
    ck_assert_str_eq(acts_now(), "P +1=0 ");
    shows(ada, "'x' 11");
    ck_assert_str_eq(acts_now(), "+1=1 ");
    expect_all_moments();
}
END_TEST

START_TEST(nobody_is_shown_from_before_a_crash)
{
    bool clean;
    shows(ada, "'x' 10");
    struct room *again = kept_log_replay(&recording.log, &options, &kinds, &clean);
    room_destroy(room);
    room = again;
    ck_assert_int_eq(room_wake(room, 2), STATUS_OK);
    take();
    tick();
    expect_all_moments();
    struct replay replay = replay_to(now());
    ck_assert_uint_eq(presence_shown(replay_room(&replay), 1) == NULL, 1);
    replay_abandon(&replay);
}
END_TEST

START_TEST(behind_a_hole_of_the_log_there_is_a_keyframe)
{
    shows(ada, "'x' 10");
    room_log_stop(room);
    recording.hole = true;
    ck_assert_int_eq(presence(room, ada, "'x' 11"), STATUS_OK);
    step(room);
    recording_resume(&recording, room);
    ck_assert_str_eq(acts_now(), "P +2=0 +1=1 ");
    shows(bob, "'x' 3");
    expect_moment(now());
    expect_moment(now() - 1);
}
END_TEST

START_TEST(who_stayed_through_a_hole_is_still_shown)
{
    shows(ada, "'x' 10");
    room_log_stop(room);
    recording.hole = true;
    step(room);
    recording_resume(&recording, room);
    ck_assert_str_eq(acts_now(), "P +2=0 +1=1 ");
    expect_moment(now());
    ck_assert(!room_track_pending(room));
}
END_TEST

/* From here on, without what is in between. */
static struct replay replay_with_gap(uint64_t from, uint64_t after)
{
    struct replay replay = replay_begin(&options, &kinds);
    ck_assert_int_eq(replay_log(&replay, recording_log(&recording, 0, now())), STATUS_OK);
    ck_assert_int_eq(replay_track(&replay, recording_track(&recording, 0, from)), STATUS_OK);
    ck_assert_int_eq(replay_track(&replay, recording_track(&recording, after, now())), STATUS_OK);
    return replay;
}

START_TEST(behind_a_gap_a_replay_waits_for_a_keyframe)
{
    shows(ada, "'x' 10");
    shows(ada, "'y' 10");
    shows(ada, "'x' 11");
    struct replay replay = replay_with_gap(now() - 2, now() - 1);
    expect_value(replay_room(&replay), "presence", 0, "1", "x", "10");
    replay_abandon(&replay);
    shows(bob, "'x' 1");
    recording_take(&recording, room, false);
    ck_assert_int_eq(presence(room, bob, "'x' 2"), STATUS_OK);
    recording_take(&recording, room, true);
    replay = replay_with_gap(now() - 4, now() - 3);
    ck_assert_uint_eq(room_hash(replay_room(&replay), SEAT_NONE),
                      recording_hash(&recording, now()));
    replay_abandon(&replay);
}
END_TEST

START_TEST(a_replay_may_begin_at_a_keyframe)
{
    shows(ada, "'x' 10");
    does(bob, "[5 'wave' 0 'one']");
    ck_assert_int_eq(presence(room, bob, "'x' 2"), STATUS_OK);
    recording_take(&recording, room, true);
    shows(ada, "'y' 3");
    struct replay replay = replay_with_gap(0, now() - 2);
    ck_assert_uint_eq(room_hash(replay_room(&replay), SEAT_NONE),
                      recording_hash(&recording, now()));
    replay_abandon(&replay);
}
END_TEST

START_TEST(entries_may_come_twice)
{
    shows(ada, "'x' 10");
    does(bob, "[5 'wave' 0 'one']");
    shows(ada, "'x' 11");
    struct replay replay = replay_to(now());
    ck_assert_int_eq(replay_track(&replay, recording_track(&recording, 2, now())), STATUS_OK);
    ck_assert_uint_eq(room_hash(replay_room(&replay), SEAT_NONE),
                      recording_hash(&recording, now()));
    replay_abandon(&replay);
}
END_TEST

/* Fields and events keep their stamps, so that whoever follows the room sees nothing of it. */
START_TEST(a_keyframe_changes_nothing_where_nothing_was_missing)
{
    shows(ada, "'x' 10");
    does(bob, "[5 'wave' 0 'one']");
    ck_assert_int_eq(presence(room, ada, "'x' 11"), STATUS_OK);
    recording_take(&recording, room, false);
    struct replay replay = replay_to(now());
    room->track.stamp--;
    uint64_t from = now();
    step(room);
    recording_take(&recording, room, true);
    ck_assert_str_eq(acts_now(), "P +2=0 !1 +1=1 ");
    const struct scope *presence = replay_room(&replay)->state.scopes[SCOPE_PRESENCE];
    uint64_t stamp = record_cell(presence_shown(replay_room(&replay), 1), 2)->stamp;
    uint64_t horizon = presence->horizon;
    ck_assert_int_eq(replay_track(&replay, recording_track(&recording, from, now())), STATUS_OK);
    ck_assert_uint_eq(record_cell(presence_shown(replay_room(&replay), 1), 2)->stamp, stamp);
    ck_assert_uint_eq(presence->horizon, horizon);
    ck_assert_uint_eq(presence->tombstones, 0);
    ck_assert_uint_eq(room_hash(replay_room(&replay), SEAT_NONE),
                      recording_hash(&recording, now()));
    replay_abandon(&replay);
}
END_TEST

START_TEST(a_keyframe_mends_whatever_was_missed)
{
    shows(ada, "'x' 10 'note' 'n'");
    does(bob, "[5 'wave' 0 'one']");
    uint64_t from = now();
    uint32_t cyd = join(room, 3, ROLE_EDITOR);
    step(room);
    shows(cyd, "'x' 1");
    shows(ada, "'note' nil 'y' 5");
    does(bob, "[5 'wave' 0 'two']");
    room_leave(room, bob);
    ck_assert_int_eq(presence(room, ada, "'x' 11"), STATUS_OK);
    recording_take(&recording, room, true);
    struct replay replay = replay_with_gap(from, now() - 1);
    ck_assert_uint_eq(room_hash(replay_room(&replay), SEAT_NONE),
                      recording_hash(&recording, now()));
    replay_abandon(&replay);
}
END_TEST

START_TEST(who_leaves_by_the_log_is_shown_no_more)
{
    shows(ada, "'x' 10");
    shows(bob, "'x' 20");
    struct replay replay = replay_to(now());
    uint64_t from = now();
    room_leave(room, ada);
    tick();
    ck_assert_int_eq(replay_log(&replay, recording_log(&recording, from, now())), STATUS_OK);
    ck_assert_ptr_null(presence_shown(replay_room(&replay), 1));
    ck_assert_ptr_nonnull(presence_shown(replay_room(&replay), 2));
    replay_abandon(&replay);
}
END_TEST

START_TEST(snapshots_and_rooms_that_wake_have_nothing_of_it)
{
    shows(ada, "'x' 10");
    does(ada, "[0 'shapes' 'a' 'n' 5] [5 'wave' 0 'one']");
    struct replay replay = replay_to(now());
    const struct room *shown = replay_room(&replay);
    struct bytes bytes = snapshot_of(shown);
    enum status status;
    bool clean;
    struct room *read = snapshot_read(&options, bytes, &status);
    ck_assert_int_eq(status, STATUS_OK);
    ck_assert_uint_eq(room_hash(read, SEAT_NONE), room_hash_kept(room));
    struct room *again = replay_end(&replay, &clean, &status);
    ck_assert_uint_eq(room_hash(again, SEAT_NONE), room_hash_kept(room));
    ck_assert_uint_eq(again->state.scopes[SCOPE_PRESENCE]->live, 0);
    free((void *)(uintptr_t)bytes.data);
    room_destroy(read);
    room_destroy(again);
}
END_TEST

START_TEST(a_member_that_is_shown_is_not_here)
{
    shows(ada, "'x' 10");
    struct replay replay = replay_to(now());
    ck_assert_ptr_null(presence_find(replay_room(&replay), 1));
    ck_assert_uint_eq(room_member_role(replay_room(&replay), 1), ROLE_VIEWER);
    ck_assert(!room_member_away(replay_room(&replay), 1));
    replay_abandon(&replay);
}
END_TEST

/* --- Bytes from a disk ---------------------------------------------------------------------------- */

/* An entry in notation, behind all that there is. */
static enum status apply(const char *entry)
{
    uint8_t *bytes = malloc(1 << 20);
    struct writer writer = writer_on(bytes, 1 << 20);
    notation_pack(&writer, entry);
    struct replay replay = replay_to(now());
    enum status status = replay_track(&replay, writer_bytes(&writer));
    replay_abandon(&replay);
    free(bytes);
    return status;
}

START_TEST(entries_that_are_none_are_refused)
{
    static const struct {
        const char *entry;
        enum status status;
    } rows[] = {
        {"[9 7 1 [33 1 2 5]]", STATUS_OK},
        {"[9 7 1 [33 1]]", STATUS_OK},
        {"[9 7 1 [33 9 2 5]]", STATUS_OK},
        {"[9 7 1 [34 9]]", STATUS_OK},      /* who is not there is gone already */
        {"[9 7 1 [33 1 31 5]]", STATUS_OK}, /* learnt in a hole */
        {"[9 7 1 [35 1 0 'x']]", STATUS_OK},
        {"[9 7 1 [32]]", STATUS_OK},
        {"[9 7 1]", STATUS_MALFORMED},
        {"[9 10 1 [32]]", STATUS_MALFORMED},
        {"[9 7 1 [32] [32]]", STATUS_MALFORMED},
        {"[9 7 1 [33 1] [32]]", STATUS_MALFORMED},
        {"[9 7 1 [32 1]]", STATUS_MALFORMED},
        {"[9 7 1 [33]]", STATUS_MALFORMED},
        {"[9 7 1 [33 0]]", STATUS_MALFORMED},
        {"[9 7 1 [33 4294967295]]", STATUS_MALFORMED},
        {"[9 7 1 [33 1 2]]", STATUS_MALFORMED},
        {"[9 7 1 [33 1 32 5]]", STATUS_MALFORMED},
        {"[9 7 1 [33 1 2 4001]]", STATUS_MALFORMED}, /* beyond the field's range */
        {"[9 7 1 [33 1 2 'x']]", STATUS_MALFORMED},
        {"[9 7 1 [34]]", STATUS_MALFORMED},
        {"[9 7 1 [34 0]]", STATUS_MALFORMED},
        {"[9 7 1 [35 0 0 'x']]", STATUS_MALFORMED}, /* chat does not go with presence */
        {"[9 7 1 [35 3 0 'x']]", STATUS_MALFORMED},
        {"[9 7 1 [35 1 0]]", STATUS_MALFORMED},
        {"[9 7 1 [36]]", STATUS_MALFORMED},
        {"[9 7 1 [4 0]]", STATUS_MALFORMED}, /* LEFT: of the log */
        {"[9 7 1 [17]]", STATUS_MALFORMED},
        {"7", STATUS_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(apply(rows[i].entry) == rows[i].status, "%s", rows[i].entry);
}
END_TEST

/* Two notes of half a record each, and one byte more. */
START_TEST(a_member_shows_no_more_than_a_record_may_hold)
{
    static char entry[3 * RECORD_BYTES_MAX];
    shows(ada, "'mood' nil"); /* a second field for any value */
    for (unsigned more = 0; more < 2; more++) {
        static char text[RECORD_BYTES_MAX];
        memset(text, 'a', sizeof text);
        text[RECORD_BYTES_MAX / 2 - 3] = 0;
        char other[RECORD_BYTES_MAX];
        memset(other, 'b', sizeof other);
        other[RECORD_BYTES_MAX / 2 - 3 + more] = 0;
        snprintf(entry, sizeof entry, "[9 7 1 [33 1 4 '%s' 5 '%s']]", text, other);
        ck_assert_int_eq(apply(entry), more == 0 ? STATUS_OK : STATUS_MALFORMED);
    }
}
END_TEST

START_TEST(acts_of_a_track_have_no_place_in_a_log)
{
    static const char *const entries[] = {"[9 0 1 [32]]", "[9 0 1 [33 1]]", "[9 0 1 [34 1]]",
                                          "[9 0 1 [35 1 0 1]]"};
    for (unsigned i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        uint8_t bytes[64];
        char entry[64];
        struct writer writer = writer_on(bytes, sizeof bytes);
        snprintf(entry, sizeof entry, "[%u 1%s", (unsigned)now() + 1, entries[i] + 4);
        notation_pack(&writer, entry);
        struct replay replay = replay_to(now());
        ck_assert_int_eq(replay_log(&replay, writer_bytes(&writer)), STATUS_MALFORMED);
        replay_abandon(&replay);
    }
}
END_TEST

START_TEST(a_track_without_a_room_is_none)
{
    struct replay replay = replay_begin(&options, &kinds);
    ck_assert_int_eq(replay_track(&replay, recording_track(&recording, 0, now())),
                     STATUS_NOT_FOUND);
    replay_abandon(&replay);
}
END_TEST

static void play(void)
{
    shows(ada, "'x' 10 'y' 20 'note' {'a' [1 'two' 2.5]}");
    does(bob, "[5 'wave' 0 'one']");
    shows(bob, "'mood' 'good' 'x' 7");
    ck_assert_int_eq(presence(room, ada, "'x' 300"), STATUS_OK);
    recording_take(&recording, room, true);
    room_leave(room, bob);
    tick();
}

START_TEST(a_damaged_track_leads_to_a_status_or_a_room)
{
    play();
    struct bytes track = recording_track(&recording, 0, now());
    uint8_t *copy = malloc(track.length);
    unsigned refused = 0;
    for (size_t i = 0; i < track.length * 8; i++) {
        memcpy(copy, track.data, track.length);
        copy[i / 8] ^= (uint8_t)(1u << i % 8);
        struct replay replay = replay_begin(&options, &kinds);
        ck_assert_int_eq(replay_log(&replay, recording_log(&recording, 0, now())), STATUS_OK);
        enum status status = replay_track(&replay, (struct bytes){copy, track.length});
        refused += status != STATUS_OK ? 1 : 0;
        ck_assert_uint_eq(room_hash_kept(replay_room(&replay)), room_hash_kept(room));
        replay_abandon(&replay);
    }
    ck_assert_uint_gt(refused, track.length);
    for (size_t length = 0; length < track.length; length++) {
        struct replay replay = replay_begin(&options, &kinds);
        ck_assert_int_eq(replay_log(&replay, recording_log(&recording, 0, now())), STATUS_OK);
        enum status status = replay_track(&replay, (struct bytes){track.data, length});
        ck_assert(status == STATUS_OK || status == STATUS_TRUNCATED);
        replay_abandon(&replay);
    }
    free(copy);
}
END_TEST

START_TEST(without_memory_there_is_a_status)
{
    struct counted_memory counted = {.left = UINT64_MAX};
    play();
    options.memory = memory_counted(&counted);
    struct replay replay = replay_begin(&options, &kinds);
    for (unsigned i = 0; i < 400; i++) {
        counted.left = UINT64_MAX;
        replay = replay_begin(&options, &kinds);
        ck_assert_int_eq(replay_log(&replay, recording_log(&recording, 0, now())), STATUS_OK);
        counted.left = i;
        forget_spare_memory(replay.room);
        enum status status = replay_track(&replay, recording_track(&recording, 0, now()));
        replay_abandon(&replay);
        ck_assert_uint_eq(counted.live, 0);
        if (status == STATUS_OK) {
            ck_assert_uint_gt(i, 0);
            return;
        }
        ck_assert_int_eq(status, STATUS_MEMORY);
    }
    ck_abort_msg("it never had enough");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("track");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_was_shown_is_shown_again);
    tcase_add_test(tcase, an_entry_has_what_changed_and_no_more);
    tcase_add_test(tcase, changes_of_several_ticks_are_one_entry);
    tcase_add_test(tcase, who_came_and_left_unseen_leaves_an_entry_that_can_be_read);
    tcase_add_test(tcase, rules_that_do_not_ask_for_it_have_no_track);
    tcase_add_test(tcase, a_keyframe_has_all_presence);
    tcase_add_test(tcase, too_many_gone_at_once_make_a_keyframe);
    tcase_add_test(tcase, a_room_that_woke_begins_with_a_keyframe);
    tcase_add_test(tcase, nobody_is_shown_from_before_a_crash);
    tcase_add_test(tcase, behind_a_hole_of_the_log_there_is_a_keyframe);
    tcase_add_test(tcase, who_stayed_through_a_hole_is_still_shown);
    tcase_add_test(tcase, behind_a_gap_a_replay_waits_for_a_keyframe);
    tcase_add_test(tcase, a_replay_may_begin_at_a_keyframe);
    tcase_add_test(tcase, entries_may_come_twice);
    tcase_add_test(tcase, a_keyframe_changes_nothing_where_nothing_was_missing);
    tcase_add_test(tcase, a_keyframe_mends_whatever_was_missed);
    tcase_add_test(tcase, who_leaves_by_the_log_is_shown_no_more);
    tcase_add_test(tcase, snapshots_and_rooms_that_wake_have_nothing_of_it);
    tcase_add_test(tcase, a_member_that_is_shown_is_not_here);
    tcase_add_test(tcase, entries_that_are_none_are_refused);
    tcase_add_test(tcase, a_member_shows_no_more_than_a_record_may_hold);
    tcase_add_test(tcase, acts_of_a_track_have_no_place_in_a_log);
    tcase_add_test(tcase, a_track_without_a_room_is_none);
    tcase_add_test(tcase, a_damaged_track_leads_to_a_status_or_a_room);
    tcase_add_test(tcase, without_memory_there_is_a_status);
    Suite *suite = suite_create("track");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
