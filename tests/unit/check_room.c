#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/hash.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

static struct room_options options;
static struct room *room;
static struct rules kind; /* a copy of kind_mixed, for callbacks */

static void setup(void)
{
    kind = kind_mixed;
    options = (struct room_options){.rules = &kind, .incarnation = 7, .grace_ticks = 5};
    room = NULL;
}

static void teardown(void)
{
    room_destroy(room);
}

static void create(void)
{
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
}

/* --- What a welcome says -------------------------------------------------------------------------- */

struct welcome {
    int64_t member, incarnation, tick, tick_hz, frame_hz, sequence;
    bool known, kept;
    uint8_t scopes;
    uint32_t refusals;
    int64_t sequences[OPERATIONS_IN_FLIGHT_MAX], statuses[OPERATIONS_IN_FLIGHT_MAX];
};

static struct welcome welcome_of(uint32_t seat)
{
    static const struct wire_limits limits = {65536, 10, 20, 30, 40, 64, 32768, DURABILITY_MEMORY,
                                              true};
    uint8_t bytes[4096];
    struct writer writer = writer_on(bytes, sizeof bytes);
    wire_write_welcome(&writer, room, seat, &limits);
    struct reader reader = reader_on(writer_bytes(&writer));
    ck_assert_uint_eq(read_array(&reader), 18);
    ck_assert_int_eq(read_integer(&reader), SERVER_WELCOME);
    struct welcome welcome = {.member = read_integer(&reader)};
    welcome.incarnation = read_integer(&reader);
    welcome.tick = read_integer(&reader);
    welcome.tick_hz = read_integer(&reader);
    welcome.frame_hz = read_integer(&reader);
    ck_assert(bytes_equal(read_string(&reader), bytes_of(kind.name)));
    welcome.sequence = read_integer(&reader);
    welcome.known = read_bool(&reader);
    welcome.kept = read_bool(&reader);
    for (uint32_t left = read_array(&reader); left > 0; left--)
        welcome.scopes |= (uint8_t)(1u << read_integer(&reader));
    ck_assert_int_eq(read_integer(&reader), 0);
    ck_assert_uint_eq(read_array(&reader), 7);
    ck_assert_int_eq(read_integer(&reader), 65536);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(read_integer(&reader), i == 4 ? 64 : 10 + 10 * i);
    ck_assert_int_eq(read_integer(&reader), 32768);
    welcome.refusals = read_array(&reader) / 2;
    for (uint32_t i = 0; i < welcome.refusals; i++) {
        welcome.sequences[i] = read_integer(&reader);
        welcome.statuses[i] = read_integer(&reader);
    }
    ck_assert_int_eq(read_integer(&reader), 0); /* unsaved */
    read_value(&reader);                        /* the inputs that the kind takes */
    read_value(&reader);                        /* where it was forked from */
    ck_assert(read_bool(&reader));              /* recorded */
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
    return welcome;
}

static uint32_t join_as(struct hello hello)
{
    uint32_t seat;
    ck_assert_int_eq(room_join(room, &hello, ROLE_EDITOR, &seat), STATUS_OK);
    return seat;
}

/* --- Coming and going ----------------------------------------------------------------------------- */

START_TEST(a_member_joins_writes_and_leaves)
{
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    struct welcome welcome = welcome_of(seat);
    ck_assert_int_eq(welcome.member, 1);
    ck_assert_int_eq(welcome.incarnation, 7);
    ck_assert_int_eq(welcome.sequence, 0);
    ck_assert(!welcome.known && !welcome.kept);
    ck_assert_int_eq(outcome(room, seat, "[0 'shapes' 'a' 'n' 5]"), STATUS_OK);
    expect_value(room, "shapes", 0, "a", "n", "5");
    room_leave(room, seat);
    ck_assert_uint_eq(room_members(room), 1);
    step(room);
    ck_assert_uint_eq(room_members(room), 0);
    expect_value(room, "shapes", 0, "a", "n", "5");
}
END_TEST

START_TEST(presence_comes_with_the_next_tick_and_goes_with_the_member)
{
    create();
    uint64_t empty = room_hash(room, SEAT_NONE);
    struct hello hello = hello_of(1);
    hello.user = bytes_of("\xa3"
                          "Ada");
    uint32_t seat = join_as(hello);
    ck_assert_uint_eq(room_hash(room, SEAT_NONE), empty);
    step(room);
    expect_value(room, "presence", 0, "1", "user", "'Ada'");
    room_leave(room, seat);
    room_leave(room, seat); /* twice is once */
    step(room);
    ck_assert_uint_eq(room_hash(room, SEAT_NONE), empty);
}
END_TEST

START_TEST(what_a_member_did_before_it_left_counts)
{
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    ck_assert_int_eq(submit(room, seat, "[1 [[0 'shapes' 'a' 'n' 5]]]"), STATUS_OK);
    room_leave(room, seat);
    step(room);
    expect_value(room, "shapes", 0, "a", "n", "5");
}
END_TEST

START_TEST(a_room_takes_so_many_members)
{
    options.limits.members = 2;
    create();
    struct hello third = hello_of(3);
    uint32_t first = join(room, 1, ROLE_EDITOR);
    uint32_t second = join(room, 2, ROLE_EDITOR);
    uint32_t seat;
    ck_assert_int_eq(room_join(room, &third, ROLE_EDITOR, &seat), STATUS_FULL);
    room_disconnect(room, second); /* its seat is kept */
    step(room);
    ck_assert_int_eq(room_join(room, &third, ROLE_EDITOR, &seat), STATUS_FULL);
    room_leave(room, first);
    step(room);
    ck_assert_int_eq(room_join(room, &third, ROLE_EDITOR, &seat), STATUS_OK);
    ck_assert_int_eq(welcome_of(seat).member, 3);
}
END_TEST

START_TEST(a_broken_connections_seat_is_kept_for_the_grace)
{
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    ck_assert_int_eq(presence(room, seat, "'x' 5"), STATUS_OK);
    room_disconnect(room, seat);
    for (int tick = 0; tick < 4; tick++) {
        step(room);
        expect_value(room, "presence", 0, "1", "away", "true");
        expect_value(room, "presence", 0, "1", "x", "5");
    }
    step(room);
    expect_value(room, "presence", 0, "1", "x", "nil");
    ck_assert_uint_eq(room_members(room), 0);
}
END_TEST

START_TEST(a_member_comes_back_within_the_grace)
{
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    ck_assert_int_eq(presence(room, seat, "'x' 5"), STATUS_OK);
    room_disconnect(room, seat);
    step(room);
    struct hello hello = hello_of(1);
    hello.user = bytes_of("\xa3"
                          "Eve");
    ck_assert_uint_eq(join_as(hello), seat);
    ck_assert(welcome_of(seat).known && welcome_of(seat).kept);
    for (int tick = 0; tick < 7; tick++)
        step(room);
    expect_value(room, "presence", 0, "1", "away", "nil");
    expect_value(room, "presence", 0, "1", "user", "'Eve'");
    expect_value(room, "presence", 0, "1", "x", "5");
}
END_TEST

START_TEST(a_second_connection_takes_the_seat_over)
{
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    step(room);
    ck_assert_uint_eq(join(room, 1, ROLE_VIEWER), seat);
    ck_assert_uint_eq(room_members(room), 1);
    ck_assert_int_eq(outcome(room, seat, "[0 'shapes' 'a']"), STATUS_DENIED);
}
END_TEST

START_TEST(a_member_may_come_back_before_the_tick_that_takes_its_leave)
{
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    step(room);
    room_leave(room, seat);
    ck_assert_uint_eq(join(room, 1, ROLE_EDITOR), seat);
    step(room);
    ck_assert_uint_eq(room_members(room), 1);
    ck_assert_uint_eq(room_seat_member(room, seat), 1);
}
END_TEST

START_TEST(a_member_that_left_keeps_its_number)
{
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    join(room, 2, ROLE_EDITOR);
    ck_assert_int_eq(outcome(room, seat, "[0 'shapes' 'a']"), STATUS_OK);
    room_leave(room, seat);
    step(room);
    struct welcome welcome = welcome_of(join(room, 1, ROLE_EDITOR));
    ck_assert_int_eq(welcome.member, 1);
    ck_assert_int_eq(welcome.sequence, 1);
    ck_assert(welcome.known && !welcome.kept);
}
END_TEST

START_TEST(the_oldest_without_a_seat_is_forgotten_first)
{
    options.limits.clients = 2;
    create();
    for (unsigned key = 1; key <= 4; key++) {
        uint32_t seat = join(room, key, ROLE_EDITOR);
        step(room);
        room_leave(room, seat);
        step(room);
    }
    uint32_t again = join(room, 3, ROLE_EDITOR); /* 3 and 4 are remembered, 3 leaves once more */
    ck_assert(welcome_of(again).known);
    room_leave(room, again);
    step(room);
    struct welcome first = welcome_of(join(room, 1, ROLE_EDITOR));
    ck_assert(!first.known);
    ck_assert_int_eq(first.member, 5);
    ck_assert(welcome_of(join(room, 3, ROLE_EDITOR)).known);
    ck_assert(!welcome_of(join(room, 4, ROLE_EDITOR)).known);
}
END_TEST

START_TEST(many_may_lose_their_connections_at_once)
{
    options.rules = &kind_open;
    create();
    enum {
        MANY = 500
    };
    uint32_t seats[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        seats[i] = join(room, i + 1, ROLE_EDITOR);
    }
    step(room);
    for (unsigned i = 0; i < MANY; i++)
        room_disconnect(room, seats[i]);
    step(room);
    expect_value(room, "presence", 0, "500", "away", "true");
    for (unsigned i = 0; i < MANY; i++)
        join(room, i + 1, ROLE_EDITOR);
    step(room);
    expect_value(room, "presence", 0, "500", "away", "nil");
}
END_TEST

START_TEST(many_may_come_back_at_once)
{
    options.rules = &kind_open;
    create();
    enum {
        MANY = 500
    };
    for (unsigned i = 0; i < MANY; i++) {
        join(room, i + 1, ROLE_EDITOR);
    }
    step(room);
    for (unsigned i = 0; i < MANY; i++) {
        struct hello hello = hello_of(i + 1);
        hello.user = bytes_of("\xa1z");
        join_as(hello);
    }
    step(room);
    expect_value(room, "presence", 0, "500", "user", "'z'");
}
END_TEST

/* --- Sequences and outcomes ------------------------------------------------------------------------ */

START_TEST(a_new_key_goes_on_from_its_own_sequence)
{
    create();
    struct hello hello = hello_of(1);
    hello.sequence = 40;
    hello.decided = 38;
    uint32_t seat = join_as(hello);
    ck_assert_int_eq(welcome_of(seat).sequence, 40);
    ck_assert(!welcome_of(seat).known);
    ck_assert_int_eq(outcome(room, seat, "[0 'shapes' 'a']"), STATUS_OK);
    hello.sequence = 1000; /* of a known key the room knows better */
    ck_assert_int_eq(welcome_of(join_as(hello)).sequence, 41);
}
END_TEST

START_TEST(refusals_are_remembered_for_the_welcome)
{
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    step(room);
    ck_assert_int_eq(submit(room, seat,
                            "[1 [[1 'shapes' 'none']] [[0 'shapes' 'a']] [[0 'shapes' 'a' 'n' 'x']]"
                            " [[8 'shapes' 'a']]]"),
                     STATUS_OK);
    step(room);
    struct hello hello = hello_of(1);
    hello.sequence = 5;
    hello.decided = 1;
    struct welcome welcome = welcome_of(join_as(hello));
    ck_assert_int_eq(welcome.sequence, 4);
    ck_assert_uint_eq(welcome.refusals, 2);
    ck_assert_int_eq(welcome.sequences[0], 3);
    ck_assert_int_eq(welcome.statuses[0], STATUS_TYPE);
    ck_assert_int_eq(welcome.sequences[1], 4);
    ck_assert_int_eq(welcome.statuses[1], STATUS_EXISTS);
    hello.decided = 4;
    ck_assert_uint_eq(welcome_of(join_as(hello)).refusals, 0);
}
END_TEST

START_TEST(the_newest_64_refusals_are_remembered)
{
    create();
    struct frames *frames = frames_create(&(struct memory){0});
    struct replica *replica = replica_create(&(struct memory){0});
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(outcome(room, seat, "[1 'shapes' 'none']"), STATUS_NOT_FOUND);
        frames_apply(frames, room, seat, replica); /* tells it, so that more may be in flight */
    }
    struct hello hello = hello_of(1);
    hello.sequence = 100;
    struct welcome welcome = welcome_of(join_as(hello));
    ck_assert_uint_eq(welcome.refusals, OPERATIONS_IN_FLIGHT_MAX);
    ck_assert_int_eq(welcome.sequences[0], 37);
    ck_assert_int_eq(welcome.sequences[63], 100);
    replica_destroy(replica);
    frames_destroy(frames);
}
END_TEST

START_TEST(operations_that_waited_when_the_client_came_back_never_arrived)
{
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    ck_assert_int_eq(outcome(room, seat, "[0 'shapes' 'a']"), STATUS_OK);
    ck_assert_int_eq(submit(room, seat, "[1 [[0 'shapes' 'b']] [[0 'shapes' 'c']]]"), STATUS_OK);
    struct welcome welcome = welcome_of(join(room, 1, ROLE_EDITOR));
    ck_assert_int_eq(welcome.sequence, 1);
    ck_assert_int_eq(submit(room, seat, "[1 [[0 'shapes' 'd']]]"), STATUS_OK);
    step(room);
    ck_assert_uint_eq(room_records(room), 2);
    ck_assert_int_eq(welcome_of(join(room, 1, ROLE_EDITOR)).sequence, 2);
}
END_TEST

START_TEST(a_client_that_cannot_come_back_loses_nothing_that_waits)
{
    options.limits.inbox_bytes = 2048;
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    step(room);
    ck_assert_int_eq(submit(room, seat, "[1 [[0 'shapes' 'a']]]"), STATUS_OK);
    while (submit(room, seat, "[2 'note' 'some text']") == STATUS_OK)
        continue;
    static uint8_t user[USER_BYTES_MAX] = {0xc5, 3, 0}; /* 768 bytes of binary */
    struct hello hello = hello_of(1);
    hello.user = (struct bytes){user, 771};
    uint32_t again;
    ck_assert_int_eq(room_join(room, &hello, ROLE_EDITOR, &again), STATUS_LIMIT);
    step(room);
    ck_assert_uint_eq(room_records(room), 1);
    ck_assert_int_eq(welcome_of(seat).sequence, 1);
}
END_TEST

START_TEST(a_join_that_fails_forgets_nobody)
{
    options.limits.inbox_bytes = 2048;
    options.limits.clients = 1;
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    uint32_t other = join(room, 2, ROLE_EDITOR);
    step(room);
    uint32_t member = room_seat_member(room, other);
    room_leave(room, other);
    step(room); /* as many are remembered as may be */
    while (submit(room, seat, "[2 'note' 'some text']") == STATUS_OK)
        continue;
    static uint8_t user[USER_BYTES_MAX] = {0xc5, 3, 0};
    struct hello hello = hello_of(3);
    hello.user = (struct bytes){user, 771};
    uint32_t failed;
    ck_assert_int_eq(room_join(room, &hello, ROLE_EDITOR, &failed), STATUS_LIMIT);
    step(room);
    other = join(room, 2, ROLE_EDITOR);
    ck_assert_uint_eq(room_seat_member(room, other), member);
    ck_assert(welcome_of(other).known);
}
END_TEST

/* So many operations of one empty put each. */
static enum status send_operations(uint32_t seat, unsigned count)
{
    char line[4096] = "[1";
    for (unsigned i = 0; i < count; i++)
        strcat(line, " [[0 'papers' 'a']]");
    return submit(room, seat, strcat(line, "]"));
}

START_TEST(so_many_operations_may_be_in_flight)
{
    create();
    struct frames *frames = frames_create(&(struct memory){0});
    struct replica *replica = replica_create(&(struct memory){0});
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    ck_assert_int_eq(send_operations(seat, OPERATIONS_IN_FLIGHT_MAX + 1), STATUS_LIMIT);
    ck_assert_int_eq(send_operations(seat, OPERATIONS_IN_FLIGHT_MAX - 1), STATUS_OK);
    ck_assert_int_eq(send_operations(seat, 2), STATUS_LIMIT);
    ck_assert_int_eq(send_operations(seat, 1), STATUS_OK);
    ck_assert_int_eq(send_operations(seat, 1), STATUS_LIMIT);
    step(room);
    ck_assert_int_eq(send_operations(seat, 1), STATUS_LIMIT); /* decided, not yet told */
    frames_apply(frames, room, seat, replica);
    ck_assert_int_eq(send_operations(seat, OPERATIONS_IN_FLIGHT_MAX), STATUS_OK);
    replica_destroy(replica);
    frames_destroy(frames);
}
END_TEST

START_TEST(sequences_end_with_their_width)
{
    create();
    struct hello hello = hello_of(1);
    hello.sequence = UINT32_MAX - 1;
    uint32_t seat = join_as(hello);
    ck_assert_int_eq(send_operations(seat, 2), STATUS_LIMIT);
    ck_assert_int_eq(send_operations(seat, 1), STATUS_OK);
    step(room);
    ck_assert_int_eq(welcome_of(seat).sequence, UINT32_MAX);
    ck_assert_int_eq(send_operations(seat, 1), STATUS_LIMIT);
}
END_TEST

/* --- Notices and roles ----------------------------------------------------------------------------- */

START_TEST(refused_presence_is_noticed_up_to_a_limit)
{
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    uint32_t count;
    for (unsigned i = 0; i < NOTICES_MAX + 5; i++)
        ck_assert_int_eq(submit(room, seat, "[2 'x' 'not a number']"), STATUS_OK);
    step(room);
    const struct notice *notices = room_notices(room, &count);
    ck_assert_uint_eq(count, NOTICES_MAX);
    ck_assert_uint_eq(notices[0].seat, seat);
    ck_assert_int_eq(notices[0].status, STATUS_TYPE);
    ck_assert_uint_eq(room_refusals(room)[STATUS_TYPE], NOTICES_MAX + 5);
    step(room);
    room_notices(room, &count);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(a_role_changes_in_its_turn)
{
    create();
    uint32_t seat = join(room, 1, ROLE_EDITOR);
    ck_assert_int_eq(submit(room, seat, "[1 [[0 'shapes' 'a']]]"), STATUS_OK);
    ck_assert_int_eq(room_set_role(room, seat, ROLE_VIEWER), STATUS_OK);
    ck_assert_int_eq(submit(room, seat, "[1 [[0 'shapes' 'b']]]"), STATUS_OK);
    step(room);
    ck_assert_uint_eq(room_records(room), 1);
    ck_assert_int_eq(room_set_role(room, seat, ROLE_OWNER), STATUS_OK);
    ck_assert_int_eq(outcome(room, seat, "[0 'secrets' 's']"), STATUS_OK);
}
END_TEST

int main(void)
{
    TCase *members = tcase_create("members");
    tcase_add_checked_fixture(members, setup, teardown);
    tcase_add_test(members, a_member_joins_writes_and_leaves);
    tcase_add_test(members, presence_comes_with_the_next_tick_and_goes_with_the_member);
    tcase_add_test(members, what_a_member_did_before_it_left_counts);
    tcase_add_test(members, a_room_takes_so_many_members);
    tcase_add_test(members, a_broken_connections_seat_is_kept_for_the_grace);
    tcase_add_test(members, a_member_comes_back_within_the_grace);
    tcase_add_test(members, a_second_connection_takes_the_seat_over);
    tcase_add_test(members, a_member_may_come_back_before_the_tick_that_takes_its_leave);
    tcase_add_test(members, a_member_that_left_keeps_its_number);
    tcase_add_test(members, the_oldest_without_a_seat_is_forgotten_first);
    tcase_add_test(members, many_may_lose_their_connections_at_once);
    tcase_add_test(members, many_may_come_back_at_once);

    TCase *outcomes = tcase_create("outcomes");
    tcase_add_checked_fixture(outcomes, setup, teardown);
    tcase_add_test(outcomes, a_join_that_fails_forgets_nobody);
    tcase_add_test(outcomes, a_new_key_goes_on_from_its_own_sequence);
    tcase_add_test(outcomes, refusals_are_remembered_for_the_welcome);
    tcase_add_test(outcomes, the_newest_64_refusals_are_remembered);
    tcase_add_test(outcomes, operations_that_waited_when_the_client_came_back_never_arrived);
    tcase_add_test(outcomes, a_client_that_cannot_come_back_loses_nothing_that_waits);
    tcase_add_test(outcomes, so_many_operations_may_be_in_flight);
    tcase_add_test(outcomes, sequences_end_with_their_width);
    tcase_add_test(outcomes, refused_presence_is_noticed_up_to_a_limit);
    tcase_add_test(outcomes, a_role_changes_in_its_turn);

    Suite *suite = suite_create("room");
    suite_add_tcase(suite, members);
    suite_add_tcase(suite, outcomes);
    return run_suite(suite);
}
