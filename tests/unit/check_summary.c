/* check_summary.c - what happened in a piece of a recording is told in short, and what cannot be read of
 * it does no harm. */
#include "sync/summary.h"
#include "tests/logged_room.h"
#include "tests/run_suite.h"
#include "tests/viewers.h"

#include <check.h>
#include <string.h>

/* --- What it tells -------------------------------------------------------------------------------- */

static struct {
    struct summary_second seconds[SUMMARY_SECONDS_MAX + 1];
    struct summary_change changes[SUMMARY_CHANGES_MAX + 1];
    size_t second_count, change_count;
} told;
static uint8_t buffer[SUMMARY_BYTES_MAX];

static void tell_second(void *context, const struct summary_second *second)
{
    (void)context;
    ck_assert_uint_lt(told.second_count, SUMMARY_SECONDS_MAX + 1);
    told.seconds[told.second_count++] = *second;
}

static void tell_change(void *context, const struct summary_change *change)
{
    (void)context;
    ck_assert_uint_lt(told.change_count, SUMMARY_CHANGES_MAX + 1);
    told.changes[told.change_count++] = *change;
}

static enum status read_all(struct bytes summary)
{
    memset(&told, 0, sizeof told);
    return summary_read(summary,
                        &(struct summary_visitor){.second = tell_second, .change = tell_change});
}

static struct bytes summary_of(struct bytes log, struct bytes track)
{
    struct writer writer = writer_on(buffer, sizeof buffer);
    summary_write(log, track, &writer);
    ck_assert_int_eq(writer.status, STATUS_OK);
    return writer_bytes(&writer);
}

static void summarize(struct bytes log, struct bytes track)
{
    ck_assert_int_eq(read_all(summary_of(log, track)), STATUS_OK);
}

/* An entry without acts that count: it is enough for a track. */
static struct bytes track_of(unsigned entries, uint64_t wall_ms, uint64_t apart_ms)
{
    static uint8_t track[1 << 17];
    struct writer writer = writer_on(track, sizeof track);
    for (unsigned i = 0; i < entries; i++) {
        pack_array(&writer, 4);
        pack_integer(&writer, 10 + i);
        pack_integer(&writer, 1);
        pack_integer(&writer, (int64_t)(wall_ms + i * apart_ms));
        pack_array(&writer, 1);
        pack_integer(&writer, ACT_PRESENT);
    }
    ck_assert_int_eq(writer.status, STATUS_OK);
    return writer_bytes(&writer);
}

START_TEST(who_came_and_went_is_told_and_how_much_happened)
{
    seat_both();
    uint64_t joined = room_tick_number(room);
    does(ada, "[0 'papers' 'p' 'f' 1]", STATUS_OK);
    does(bob, "[0 'papers' 'q' 'f' 1]", STATUS_OK);
    sleeps();
    summarize(log_bytes(), (struct bytes){0});
    ck_assert_uint_eq(told.change_count, 6);
    ck_assert_int_eq(told.changes[0].kind, SUMMARY_WOKE);
    ck_assert_uint_eq(told.changes[0].incarnation, 7);
    ck_assert_uint_eq(told.changes[0].tick, LOG_TICK_FIRST);
    ck_assert_int_eq(told.changes[1].kind, SUMMARY_JOINED);
    ck_assert_uint_eq(told.changes[1].tick, joined);
    ck_assert_uint_eq(told.changes[1].seat, ada);
    ck_assert_uint_eq(told.changes[1].member, 1);
    ck_assert_uint_eq(told.changes[2].seat, bob);
    ck_assert_int_eq(told.changes[3].kind, SUMMARY_LEFT);
    ck_assert_uint_eq(told.changes[3].seat, ada);
    ck_assert_int_eq(told.changes[5].kind, SUMMARY_NOBODY);
    uint32_t operations = 0;
    for (size_t i = 0; i < told.second_count; i++)
        operations += told.seconds[i].operations;
    ck_assert_uint_eq(operations, 2);
}
END_TEST

START_TEST(a_room_tells_who_is_there_as_summaries_have_told)
{
    uint32_t members[2];
    size_t users[2];
    seat_both();
    summarize(log_bytes(), (struct bytes){0});
    for (size_t i = 0; i < 2; i++) {
        members[i] = told.changes[1 + i].member;
        users[i] = told.changes[1 + i].user.length;
    }
    memset(&told, 0, sizeof told);
    summary_room(room, 99, &(struct summary_visitor){.change = tell_change});
    ck_assert_uint_eq(told.change_count, 3);
    ck_assert_int_eq(told.changes[0].kind, SUMMARY_WOKE);
    ck_assert_uint_eq(told.changes[0].incarnation, 7);
    for (size_t i = 0; i < 2; i++) {
        const struct summary_change *change = &told.changes[1 + i];
        ck_assert_int_eq(change->kind, SUMMARY_JOINED);
        ck_assert_uint_eq(change->tick, 99);
        ck_assert_uint_eq(change->seat, i == 0 ? ada : bob);
        ck_assert_uint_eq(change->member, members[i]);
        ck_assert_uint_eq(change->user.length, users[i]);
    }
}
END_TEST

START_TEST(a_hole_is_told_with_what_was_known_before)
{
    seat_both();
    uint64_t known = room_logged(room);
    play_in_a_hole();
    kept_log_resume(&kept, room);
    summarize(log_bytes(), (struct bytes){0});
    const struct summary_change *hole = &told.changes[told.change_count - 1];
    ck_assert_int_eq(hole->kind, SUMMARY_HOLE);
    ck_assert_uint_eq(hole->known, known);
    ck_assert_uint_eq(hole->incarnation, 7);
}
END_TEST

START_TEST(presence_is_counted_second_by_second)
{
    summarize((struct bytes){0}, track_of(50, 5000, 50));
    ck_assert_uint_eq(told.second_count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(told.seconds[i].second, 5 + i);
        ck_assert_uint_eq(told.seconds[i].tick, 10 + 20 * i);
        ck_assert_uint_eq(told.seconds[i].presence, i < 2 ? 20 : 10);
    }
}
END_TEST

START_TEST(nothing_is_told_of_nothing)
{
    summarize((struct bytes){0}, (struct bytes){0});
    ck_assert_uint_eq(told.second_count + told.change_count, 0);
    summarize(bytes_of("no log"), bytes_of("no track"));
    ck_assert_uint_eq(told.second_count + told.change_count, 0);
}
END_TEST

/* --- Limits --------------------------------------------------------------------------------------- */

/* 0: one below; 1: as many as are told; 2: one more, which is left out. */
START_TEST(seconds_have_a_limit)
{
    unsigned seconds = SUMMARY_SECONDS_MAX - 1 + (unsigned)_i;
    summarize((struct bytes){0}, track_of(seconds, 1000, 1000));
    ck_assert_uint_eq(told.second_count, _i == 0 ? SUMMARY_SECONDS_MAX - 1 : SUMMARY_SECONDS_MAX);
}
END_TEST

START_TEST(changes_have_a_limit)
{
    kept_log_take(&kept, room);
    while (true) {
        uint32_t seat = join(room, 1, ROLE_EDITOR);
        tick();
        room_leave(room, seat);
        tick();
        summarize(log_bytes(), (struct bytes){0});
        if (told.change_count == SUMMARY_CHANGES_MAX)
            break;
    }
    join(room, 1, ROLE_EDITOR);
    tick();
    summarize(log_bytes(), (struct bytes){0});
    ck_assert_uint_eq(told.change_count, SUMMARY_CHANGES_MAX);
}
END_TEST

/* --- Damage --------------------------------------------------------------------------------------- */

/* Who joins as a user of so many bytes, packed. */
static struct bytes joined_as(uint32_t bytes)
{
    static const uint8_t key[16];
    static uint8_t log[512];
    struct writer writer = writer_on(log, sizeof log);
    pack_array(&writer, 4);
    pack_integer(&writer, 10);
    pack_integer(&writer, 1);
    pack_integer(&writer, 1000);
    pack_array(&writer, 7);
    pack_integer(&writer, ACT_JOINED);
    pack_integer(&writer, 0);
    pack_binary(&writer, (struct bytes){key, sizeof key});
    pack_integer(&writer, 1);
    pack_integer(&writer, 0);
    pack_integer(&writer, 1);
    pack_binary_head(&writer, bytes - 2); /* two bytes of head */
    memset(log + writer.length, 'x', bytes - 2);
    return (struct bytes){log, writer.length + bytes - 2};
}

START_TEST(a_long_user_is_told_as_none)
{
    uint32_t bytes = SUMMARY_USER_MAX + (uint32_t)_i - 1;
    summarize(joined_as(bytes), (struct bytes){0});
    ck_assert_uint_eq(told.change_count, 1);
    ck_assert_int_eq(told.changes[0].kind, SUMMARY_JOINED);
    ck_assert_uint_eq(told.changes[0].user.length, _i < 2 ? bytes : 0);
}
END_TEST

START_TEST(a_piece_of_a_summary_is_no_summary)
{
    seat_both();
    sleeps();
    struct bytes summary = summary_of(log_bytes(), track_of(50, 5000, 50));
    for (size_t length = 0; length < summary.length; length++)
        ck_assert_int_ne(read_all((struct bytes){summary.data, length}), STATUS_OK);
    ck_assert_int_eq(read_all(summary), STATUS_OK);
}
END_TEST

START_TEST(no_byte_of_a_summary_can_do_harm)
{
    static uint8_t bytes[SUMMARY_BYTES_MAX];
    seat_both();
    sleeps();
    struct bytes summary = summary_of(log_bytes(), track_of(50, 5000, 50));
    memcpy(bytes, summary.data, summary.length);
    for (size_t i = 0; i < summary.length; i++)
        for (unsigned value = 0; value < 256; value += 5) {
            bytes[i] = (uint8_t)value;
            enum status status = read_all((struct bytes){bytes, summary.length});
            ck_assert_int_lt(status, STATUS_COUNT); /* whatever it says */
            bytes[i] = summary.data[i];
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("summary");
    TCase *tests = tcase_create("summaries");
    tcase_add_checked_fixture(tests, setup_logged, teardown_logged);
    tcase_add_test(tests, who_came_and_went_is_told_and_how_much_happened);
    tcase_add_test(tests, a_room_tells_who_is_there_as_summaries_have_told);
    tcase_add_test(tests, a_hole_is_told_with_what_was_known_before);
    tcase_add_test(tests, presence_is_counted_second_by_second);
    tcase_add_test(tests, nothing_is_told_of_nothing);
    tcase_add_loop_test(tests, seconds_have_a_limit, 0, 3);
    tcase_add_test(tests, changes_have_a_limit);
    tcase_add_loop_test(tests, a_long_user_is_told_as_none, 0, 3);
    tcase_add_test(tests, a_piece_of_a_summary_is_no_summary);
    tcase_add_test(tests, no_byte_of_a_summary_can_do_harm);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
