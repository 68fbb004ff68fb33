/* check_rules_limits.c - how much rules may write, and what becomes of a room whose rules write more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/room_parts.h"
#include "tests/game_room.h"
#include "tests/run_suite.h"

/* --- The largest ---------------------------------------------------------------------------------- */

static char filler[2 * RECORD_BYTES_MAX];

/* A string or binary whose packed value is so many bytes. */
static struct bytes packed_string(size_t bytes)
{
    static uint8_t packed[2 * RECORD_BYTES_MAX];
    memset(filler, 'a', sizeof filler);
    struct writer writer = writer_on(packed, sizeof packed);
    pack_binary(&writer, (struct bytes){(const uint8_t *)filler, bytes - 3});
    ck_assert_uint_eq(writer.length, bytes);
    return writer_bytes(&writer);
}

static void longest_events(void)
{
    ck_assert_int_eq(room_emit(room, CHAT, 0, packed_string(EVENT_BYTES_MAX)), STATUS_OK);
    ck_assert_int_eq(room_emit(room, CHAT, 0, packed_string(EVENT_BYTES_MAX + 1)), STATUS_LIMIT);
}

START_TEST(an_event_has_a_longest_value)
{
    kind.tick_bytes = 2 * EVENT_BYTES_MAX;
    in_tick(longest_events);
    ck_assert_ptr_null(room_ended(room));
    ck_assert_uint_eq(room->state.scopes[SCOPE_EVERYONE]->stamp, 1);
}
END_TEST

static void largest_records(void)
{
    struct field_value value = {.field = CAR_DATA, .packed = packed_string(RECORD_BYTES_MAX)};
    ck_assert_int_eq(put(CARS, 0, "a", value), STATUS_OK);
    ck_assert_int_eq(put(CARS, 0, "a", packed_of(CAR_NAME, "'A'")), STATUS_LIMIT);
    value.packed = packed_string(RECORD_BYTES_MAX + 1);
    ck_assert_int_eq(put(CARS, 0, "b", value), STATUS_LIMIT);
    value.packed = packed_string(RECORD_BYTES_MAX - 2);
    ck_assert_int_eq(put(CARS, 0, "a", value), STATUS_OK);
    ck_assert_int_eq(put(CARS, 0, "a", packed_of(CAR_NAME, "'A'")), STATUS_OK);
}

START_TEST(a_record_has_a_largest_size)
{
    kind.tick_bytes = 4 * RECORD_BYTES_MAX;
    in_tick(largest_records);
    ck_assert_uint_eq(room_records(room), 1);
    ck_assert_ptr_null(room_ended(room));
}
END_TEST

/* --- How much ------------------------------------------------------------------------------------- */

static unsigned writes;
static enum status last;

/* Of all three sorts, each of them a change. */
static void write_some(void)
{
    static int changed;
    for (unsigned i = 0; i < writes; i++) {
        char id[16];
        snprintf(id, sizeof id, "r%u", i);
        if (i % 4 == 2)
            last = room_emit(room, CHAT, 0, noted("nil"));
        else if (i % 4 == 3)
            last = room_remove(room, CARS, 0, bytes_of("r0"));
        else
            last = put_x(i == 4 ? "r0" : id, ++changed);
    }
}

START_TEST(more_records_than_declared_end_the_room)
{
    kind.tick_bytes = 1000;
    for (writes = kind.tick_records - 1; writes <= kind.tick_records; writes++) {
        in_tick(write_some);
        ck_assert_int_eq(last, STATUS_OK);
        ck_assert_ptr_null(room_ended(room));
    }
    in_tick(write_some);
    ck_assert_int_eq(last, STATUS_LIMIT);
    ck_assert_str_eq(room_ended(room), "the rules wrote more in a tick than their tick_records");
    in_tick(every_value); /* nobody asks them any more */
    ck_assert(!rules_are_asked());
    ck_assert(room_is_broken(room));
    struct replay replay = replay_begin(&options, &game_kinds);
    ck_assert_int_eq(replay_log(&replay, log_bytes()), STATUS_OK);
    ck_assert(!replay.ended); /* what it has is kept */
    replay_abandon(&replay);
}
END_TEST

static size_t written;

static void write_bytes(void)
{
    struct field_value value = {.field = CAR_DATA, .packed = packed_string(written)};
    last = put(CARS, 0, "a", value);
}

START_TEST(more_bytes_than_declared_end_the_room)
{
    kind.tick_bytes = 1000;
    for (written = 999; written <= 1000; written++) {
        in_tick(write_bytes);
        ck_assert_int_eq(last, STATUS_OK);
        ck_assert_ptr_null(room_ended(room));
    }
    in_tick(write_bytes);
    ck_assert_int_eq(last, STATUS_LIMIT);
    ck_assert_str_eq(room_ended(room), "the rules wrote more in a tick than their tick_bytes");
}
END_TEST

static unsigned writes_for_member;

static void write_for_member(struct room *one, uint32_t member)
{
    char id[24];
    for (unsigned i = 0; i < writes_for_member; i++) {
        snprintf(id, sizeof id, "m%u-%u", member, i);
        struct field_value value = number_of(CAR_X, (int64_t)room_tick_number(one));
        last = room_put(one, CARS, 0, bytes_of(id), &value, 1);
    }
}

static void put_another(void)
{
    ck_assert_int_eq(put_x("another", 1), STATUS_OK);
}

/* However many come and go in one tick, each of them has the same. */
START_TEST(what_is_written_about_a_member_is_its_own)
{
    kind.member_records = _i == 0 ? 3 : 0;
    unsigned most = _i == 0 ? 3 : kind.tick_records;
    kind.joined = write_for_member;
    writes_for_member = most;
    uint32_t seats[40];
    for (unsigned key = 10; key < 50; key++)
        seats[key - 10] = join(room, key, ROLE_EDITOR);
    in_tick(every_value);
    ck_assert_ptr_null(room_ended(room));
    ck_assert_uint_eq(room_records(room), 40 * most + 1);
    kind.left = write_for_member;
    kind.joined = NULL;
    for (unsigned i = 0; i < 40; i++)
        room_leave(room, seats[i]);
    in_tick(put_another);
    ck_assert_ptr_null(room_ended(room));
    kind.joined = write_for_member;
    writes_for_member = most + 1;
    join(room, 60, ROLE_EDITOR);
    in_tick(NULL);
    ck_assert_int_eq(last, STATUS_LIMIT);
    ck_assert_str_eq(room_ended(room),
                     _i == 0 ? "the rules wrote more about a member than their member_records"
                             : "the rules wrote more in a tick than their tick_records");
}
END_TEST

static void write_bytes_for_member(struct room *one, uint32_t member)
{
    (void)one, (void)member;
    write_bytes();
}

START_TEST(more_bytes_about_a_member_end_the_room)
{
    kind.tick_bytes = 1000;
    kind.member_bytes = _i == 0 ? 500 : 0;
    kind.joined = write_bytes_for_member;
    written = _i == 0 ? 500 : 1000;
    join(room, 60, ROLE_EDITOR);
    in_tick(NULL);
    ck_assert_int_eq(last, STATUS_OK);
    ck_assert_ptr_null(room_ended(room));
    written++;
    join(room, 61, ROLE_EDITOR);
    in_tick(NULL);
    ck_assert_int_eq(last, STATUS_LIMIT);
    ck_assert_str_eq(room_ended(room),
                     _i == 0 ? "the rules wrote more about a member than their member_bytes"
                             : "the rules wrote more in a tick than their tick_bytes");
}
END_TEST

static void set_timers(void)
{
    for (unsigned i = 0; i < TICK_TIMERS_MAX; i++)
        ck_assert_int_eq(room_set_timer(room, i % 3, 100), STATUS_OK);
    ck_assert_int_eq(room_set_timer(room, 1, 100), STATUS_LIMIT);
}

static void ignore_timer(struct room *one, uint32_t timer)
{
    (void)one, (void)timer;
}

START_TEST(so_many_timers_are_set_in_a_tick)
{
    room_destroy(room);
    kept.length = kept.last = 0;
    kind.timer = ignore_timer;
    room = room_create(&options);
    in_tick(set_timers);
    in_tick(set_timers);
    ck_assert_ptr_null(room_ended(room));
}
END_TEST

/* --- Accept --------------------------------------------------------------------------------------- */

static enum status judgement;

static enum status on_accept(struct room *one, const struct edit_view *edit)
{
    struct field_value value = number_of(CAR_X, 1);
    (void)edit;
    if (judgement == STATUS_COUNT + 1)
        last = room_put(one, CARS, 0, bytes_of("x"), &value, 1);
    return judgement == STATUS_COUNT + 1 ? STATUS_OK : judgement;
}

START_TEST(a_judgement_is_a_status)
{
    kind.accept = on_accept;
    for (judgement = STATUS_OK; judgement < STATUS_COUNT; judgement++) {
        ck_assert_int_eq(outcome(room, ada, "[0 'cars' 'a' 'x' 1]"), judgement);
        kept_log_take(&kept, room);
    }
    judgement = _i == 0 ? STATUS_COUNT : (enum status) - 1;
    ck_assert_int_eq(outcome(room, ada, "[0 'cars' 'b' 'x' 1]"), STATUS_REFUSED);
    ck_assert_str_eq(room_ended(room), "the rules' accept returned a status that there is not");
    judgement = STATUS_OK;
    ck_assert_int_eq(outcome(room, ada, "[0 'cars' 'b' 'x' 1]"), STATUS_REFUSED);
    ck_assert_uint_eq(room_records(room), 1);
}
END_TEST

START_TEST(a_judge_writes_nothing)
{
    kind.accept = on_accept;
    judgement = STATUS_COUNT + 1;
    outcome(room, ada, "[0 'cars' 'a' 'x' 1]");
    ck_assert_int_eq(last, STATUS_LIMIT);
    ck_assert_str_eq(room_ended(room), "the rules wrote in accept");
    ck_assert_uint_eq(room_records(room), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules_limits");
    TCase *limits = tcase_create("limits");
    tcase_add_checked_fixture(limits, setup_game, teardown_game);
    tcase_add_test(limits, an_event_has_a_longest_value);
    tcase_add_test(limits, a_record_has_a_largest_size);
    tcase_add_test(limits, more_records_than_declared_end_the_room);
    tcase_add_test(limits, more_bytes_than_declared_end_the_room);
    tcase_add_loop_test(limits, what_is_written_about_a_member_is_its_own, 0, 2);
    tcase_add_loop_test(limits, more_bytes_about_a_member_end_the_room, 0, 2);
    tcase_add_test(limits, so_many_timers_are_set_in_a_tick);
    tcase_add_loop_test(limits, a_judgement_is_a_status, 0, 2);
    tcase_add_test(limits, a_judge_writes_nothing);
    suite_add_tcase(suite, limits);
    return run_suite(suite);
}
