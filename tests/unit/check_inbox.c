/* check_inbox.c - what may wait for a tick, and that nobody takes another's share of it. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sync/room_parts.h"
#include "tests/helpers.h"
#include "tests/run_suite.h"

static struct room_options options;
static struct room *room;

static void setup(void)
{
    options = (struct room_options){.rules = &kind_mixed, .incarnation = 7};
    room = NULL;
}

static void teardown(void)
{
    room_destroy(room);
}

static void create(uint32_t members)
{
    room = room_create(&options);
    ck_assert_ptr_nonnull(room);
    for (uint32_t i = 0; i < members; i++)
        ck_assert_uint_eq(join(room, i + 1, ROLE_EDITOR), i);
    step(room);
}

/* Operations of at most 64 edits, `edits` in all. */
static enum status send_edits(uint32_t seat, uint32_t edits)
{
    static uint8_t packed[2 * MESSAGE_BYTES_MAX];
    struct writer writer = writer_on(packed, sizeof packed);
    pack_array(&writer, 1 + (edits + EDITS_MAX - 1) / EDITS_MAX);
    pack_integer(&writer, CLIENT_OPERATIONS);
    for (uint32_t left = edits; left > 0;) {
        uint32_t count = left < EDITS_MAX ? left : EDITS_MAX;
        pack_array(&writer, count);
        for (uint32_t i = 0; i < count; i++) {
            pack_array(&writer, 3);
            pack_integer(&writer, 0);
            pack_string(&writer, bytes_of("papers"));
            pack_string(&writer, bytes_of("a"));
        }
        left -= count;
    }
    return room_submit(room, seat, writer_bytes(&writer));
}

/* One presence message of so many bytes. */
static enum status send_bytes(uint32_t seat, size_t length)
{
    static uint8_t packed[MESSAGE_BYTES_MAX];
    static const uint8_t zeros[MESSAGE_BYTES_MAX];
    struct writer writer = writer_on(packed, sizeof packed);
    pack_array(&writer, 3);
    pack_integer(&writer, CLIENT_PRESENCE);
    pack_string(&writer, bytes_of("note"));
    size_t head = writer.length + (length > 300 ? 3 : 2);
    pack_binary(&writer, (struct bytes){zeros, length - head});
    ck_assert_uint_eq(writer.length, length);
    return room_submit(room, seat, writer_bytes(&writer));
}

/* --- Edits --------------------------------------------------------------------------------------- */

START_TEST(two_may_fill_the_edits_and_everyone_else_has_an_operation)
{
    create(4);
    ck_assert_int_eq(send_edits(0, SEAT_EDITS_MAX), STATUS_OK);
    ck_assert_int_eq(send_edits(1, SEAT_EDITS_MAX), STATUS_OK);
    ck_assert_int_eq(send_edits(2, EDITS_MAX - 1), STATUS_OK);
    ck_assert_int_eq(send_edits(2, 1), STATUS_OK);
    ck_assert_int_eq(send_edits(2, 1), STATUS_LIMIT);
    ck_assert_int_eq(send_edits(3, EDITS_MAX + 1), STATUS_LIMIT);
    ck_assert_int_eq(send_edits(3, EDITS_MAX), STATUS_OK);
    step(room);
    ck_assert_int_eq(send_edits(3, 2), STATUS_OK);
}
END_TEST

START_TEST(what_is_there_for_all_is_taken_to_the_last_edit)
{
    create(3);
    ck_assert_int_eq(send_edits(0, SEAT_EDITS_MAX), STATUS_OK);
    ck_assert_int_eq(send_edits(1, SEAT_EDITS_MAX - 100), STATUS_OK);
    ck_assert_int_eq(send_edits(2, 101), STATUS_LIMIT);
    ck_assert_int_eq(send_edits(2, 100), STATUS_OK);
    ck_assert_int_eq(send_edits(2, 1), STATUS_LIMIT);
}
END_TEST

START_TEST(the_more_members_the_smaller_their_own_shares)
{
    enum {
        MEMBERS = INBOX_OWN_EDITS / 8
    };
    create(MEMBERS);
    ck_assert_int_eq(send_edits(0, SEAT_EDITS_MAX), STATUS_OK);
    ck_assert_int_eq(send_edits(1, SEAT_EDITS_MAX), STATUS_OK);
    for (uint32_t seat = 2; seat < MEMBERS; seat++) {
        ck_assert_int_eq(send_edits(seat, 9), STATUS_LIMIT);
        ck_assert_int_eq(send_edits(seat, 8), STATUS_OK);
        ck_assert_int_eq(send_edits(seat, 1), STATUS_LIMIT);
    }
    struct hello late = hello_of(MEMBERS + 1);
    uint32_t seat;
    ck_assert_int_eq(room_join(room, &late, ROLE_EDITOR, &seat), STATUS_OK);
    step(room);
    ck_assert_uint_eq(room_members(room), MEMBERS + 1);
}
END_TEST

START_TEST(whoever_comes_back_again_and_again_takes_nothing_from_others)
{
    create(3);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(send_edits(0, SEAT_EDITS_MAX), STATUS_OK);
        ck_assert_uint_eq(join(room, 1, ROLE_EDITOR), 0);
    }
    ck_assert_int_eq(send_edits(1, SEAT_EDITS_MAX), STATUS_OK);
    ck_assert_int_eq(send_edits(2, SEAT_EDITS_MAX - 5), STATUS_OK); /* five came back */
    step(room);
}
END_TEST

/* --- Bytes --------------------------------------------------------------------------------------- */

/* What a message of so many bytes takes in the inbox. */
static size_t taken(size_t length)
{
    return sizeof(struct inbox_entry) + inbox_padded(length);
}

START_TEST(three_quarters_of_the_bytes_are_for_all_and_the_rest_for_each)
{
    options.limits.inbox_bytes = 65536;
    create(4);
    uint32_t own = 65536 / 4 / 4;
    uint32_t left = 65536 - 65536 / 4;
    while (left > taken(8000)) {
        ck_assert_int_eq(send_bytes(0, 8000), STATUS_OK);
        left -= (uint32_t)taken(8000);
    }
    ck_assert_int_eq(send_bytes(0, left - taken(0) + 1), STATUS_LIMIT);
    ck_assert_int_eq(send_bytes(0, left - taken(0)), STATUS_OK);
    ck_assert_int_eq(send_bytes(0, 20), STATUS_LIMIT);
    for (uint32_t seat = 1; seat < 4; seat++) {
        ck_assert_int_eq(send_bytes(seat, 2000), STATUS_OK);
        uint32_t rest = own - (uint32_t)taken(2000) - (uint32_t)taken(0);
        ck_assert_int_eq(send_bytes(seat, rest + 1), STATUS_LIMIT);
        ck_assert_int_eq(send_bytes(seat, rest), STATUS_OK);
        ck_assert_int_eq(send_bytes(seat, 20), STATUS_LIMIT);
    }
    step(room);
    ck_assert_int_eq(send_bytes(0, 8000), STATUS_OK);
}
END_TEST

START_TEST(whoever_joins_finds_a_share_of_its_own_or_is_turned_away)
{
    options.limits.inbox_bytes = 4096;
    create(1);
    while (send_bytes(0, 200) == STATUS_OK)
        continue;
    static uint8_t user[USER_BYTES_MAX] = {0xc5, 3, 0}; /* 768 bytes of binary */
    struct hello late = hello_of(2);
    late.user = (struct bytes){user, 771};
    uint32_t seat;
    ck_assert_int_eq(room_join(room, &late, ROLE_EDITOR, &seat), STATUS_LIMIT);
    ck_assert_uint_eq(room_members(room), 1);
    user[1] = 1;
    late.user.length = 259;
    ck_assert_int_eq(room_join(room, &late, ROLE_EDITOR, &seat), STATUS_OK);
    step(room);
    ck_assert_uint_eq(room_members(room), 2);
    ck_assert_int_eq(send_bytes(0, 200), STATUS_OK);
}
END_TEST

/* --- Kinds --------------------------------------------------------------------------------------- */

START_TEST(only_operations_and_presence_go_into_the_inbox)
{
    uint32_t seat = 0;
    create(1);
    static const char *const lines[] = {"[0 1]",      "[3 5]",  "[4]",     "[5]",      "[16]",
                                        "[-1]",       "[1]",    "['x']",   "[128 0]",  "[17]",
                                        "[17 1 2]",   "[19 1]", "[17 -1]", "[17 'x']", "[2]",
                                        "[2 'note']", "7",      "nil"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        enum status status = submit(room, seat, lines[i]);
        ck_assert_msg(status == STATUS_MALFORMED || status == STATUS_TRUNCATED, "%s", lines[i]);
    }
    static uint8_t large[MESSAGE_BYTES_MAX + 1];
    ck_assert_int_eq(room_submit(room, seat, (struct bytes){large, sizeof large}), STATUS_LIMIT);
    ck_assert_int_eq(submit(room, seat, "[127 0 0 0 0 0 0]"), STATUS_OK); /* mask 111 */
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("inbox");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, two_may_fill_the_edits_and_everyone_else_has_an_operation);
    tcase_add_test(tcase, what_is_there_for_all_is_taken_to_the_last_edit);
    tcase_add_test(tcase, the_more_members_the_smaller_their_own_shares);
    tcase_add_test(tcase, whoever_comes_back_again_and_again_takes_nothing_from_others);
    tcase_add_test(tcase, three_quarters_of_the_bytes_are_for_all_and_the_rest_for_each);
    tcase_add_test(tcase, whoever_joins_finds_a_share_of_its_own_or_is_turned_away);
    tcase_add_test(tcase, only_operations_and_presence_go_into_the_inbox);

    Suite *suite = suite_create("inbox");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
