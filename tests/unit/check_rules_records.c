/* check_rules_records.c - records and events that rules write by number. */
#include <stdio.h>
#include <stdlib.h>

#include "sync/room_parts.h"
#include "tests/game_room.h"
#include "tests/run_suite.h"

START_TEST(a_record_is_put_and_read_by_number)
{
    in_tick(every_value);
    expect_value(room, "cars", 0, "a", "x", "-1000");
    expect_value(room, "cars", 0, "a", "on", "true");
    expect_value(room, "cars", 0, "a", "name", "'Ada'");
    expect_value(room, "cars", 0, "a", "any", "7");
    expect_value(room, "cars", 0, "a", "trail", "[1 2 3]");
    expect_value(room, "cars", 0, "a", "place", "[4 5]");
    expect_number(CARS, 0, "a", CAR_X, -1000);
    expect_number(CARS, 0, "a", CAR_ON, 1);
    expect_number(CARS, 0, "a", CAR_ANY, 7);
    expect_number(CARS, 0, "a", CAR_SUM, 10);
    int64_t none;
    ck_assert(!room_number(room, CARS, 0, bytes_of("a"), CAR_NAME, &none));
    ck_assert(!room_number(room, CARS, 0, bytes_of("b"), CAR_X, &none));
    ck_assert(!room_number(room, CARS, 0, bytes_of("a"), CAR_FIELDS, &none));
    ck_assert(!room_number(room, NONE, 0, bytes_of("a"), 0, &none));
    ck_assert(!room_number(room, -1, 0, bytes_of("a"), 0, &none));
    struct field_view name = room_field(room, CARS, 0, bytes_of("a"), CAR_NAME);
    ck_assert(name.set && bytes_equal(name.packed, noted("'Ada'")));
    ck_assert_int_eq(room_field(room, CARS, 0, bytes_of("a"), CAR_TRAIL).number, 3);
    ck_assert(!room_field(room, CARS, 0, bytes_of("b"), CAR_X).set);
}
END_TEST

static void unset_some(void)
{
    const struct field_value values[] = {packed_of(CAR_X, "nil"), packed_of(CAR_TRAIL, "nil"),
                                         packed_of(CAR_NAME, "nil"), number_of(CAR_ON, 0)};
    ck_assert_int_eq(room_put(room, CARS, 0, bytes_of("a"), values, COUNT(values)), STATUS_OK);
}

START_TEST(nil_unsets_a_field)
{
    int64_t none;
    in_tick(every_value);
    in_tick(unset_some);
    ck_assert(!room_number(room, CARS, 0, bytes_of("a"), CAR_X, &none));
    ck_assert(!room_field(room, CARS, 0, bytes_of("a"), CAR_TRAIL).set);
    expect_value(room, "cars", 0, "a", "name", "nil");
    expect_number(CARS, 0, "a", CAR_ON, 0);
}
END_TEST

static void put_the_same_often(void)
{
    for (unsigned i = 0; i < 10 * kind.tick_records; i++) {
        ck_assert_int_eq(put_x("a", -1000), STATUS_OK);
        ck_assert_int_eq(put(CARS, 0, "a", packed_of(CAR_NAME, "'Ada'")), STATUS_OK);
    }
}

START_TEST(what_is_so_already_costs_nothing)
{
    in_tick(every_value);
    uint64_t stamp = room->state.scopes[SCOPE_EVERYONE]->stamp;
    size_t length = kept.length;
    in_tick(put_the_same_often);
    ck_assert_uint_eq(room->state.scopes[SCOPE_EVERYONE]->stamp, stamp);
    ck_assert_uint_eq(kept.length, length);
    ck_assert_ptr_null(room_ended(room));
}
END_TEST

static const char *trail;

static void put_trail(void)
{
    ck_assert_int_eq(put(CARS, 0, "a", packed_of(CAR_TRAIL, trail)), STATUS_OK);
}

/* The last one has as many items and bytes as the first. */
START_TEST(a_list_that_is_so_already_costs_nothing)
{
    static const char *const others[] = {"[]", "[1 2]", "[1 2 3 4]", "[1 2 300]", "[1 2 4]"};
    const struct scope *everyone = room->state.scopes[SCOPE_EVERYONE];
    in_tick(every_value);
    for (unsigned i = 0; i < COUNT(others); i++) {
        uint64_t stamp = everyone->stamp;
        size_t length = kept.length;
        trail = i == 0 ? "[1 2 3]" : others[i - 1];
        in_tick(put_trail);
        ck_assert_uint_eq(everyone->stamp, stamp);
        ck_assert_uint_eq(kept.length, length);
        trail = others[i];
        in_tick(put_trail);
        ck_assert_uint_eq(everyone->stamp, stamp + 1);
        expect_value(room, "cars", 0, "a", "trail", trail);
    }
}
END_TEST

START_TEST(a_list_that_a_member_appended_to_becomes_the_servers)
{
    trail = "[1 2 3]";
    in_tick(put_trail);
    ck_assert_int_eq(outcome(room, bob, "[2 'cars' 'a' 'trail' 4]"), STATUS_OK);
    kept_log_take(&kept, room);
    trail = "[1 2 3 4]";
    in_tick(put_trail);
    ck_assert_uint_eq(room_field(room, CARS, 0, bytes_of("a"), CAR_TRAIL).author, 0);
    uint64_t stamp = room->state.scopes[SCOPE_EVERYONE]->stamp;
    in_tick(put_trail);
    ck_assert_uint_eq(room->state.scopes[SCOPE_EVERYONE]->stamp, stamp);
}
END_TEST

/* A value that a member wrote becomes the server's. */
static void put_what_bob_did(void)
{
    ck_assert_int_eq(put_x("b", 5), STATUS_OK);
}

START_TEST(the_servers_word_counts_even_where_it_says_the_same)
{
    ck_assert_int_eq(outcome(room, bob, "[0 'cars' 'b' 'x' 5]"), STATUS_OK);
    ck_assert_uint_eq(room_field(room, CARS, 0, bytes_of("b"), CAR_X).author, 2);
    kept_log_take(&kept, room);
    in_tick(put_what_bob_did);
    ck_assert_uint_eq(room_field(room, CARS, 0, bytes_of("b"), CAR_X).author, 0);
}
END_TEST

static void try_wrong_values(void)
{
    const struct {
        struct field_value value;
        enum status status;
    } wrong[] = {
        {number_of(CAR_X, 1001), STATUS_RANGE},
        {number_of(CAR_X, -1001), STATUS_RANGE},
        {packed_of(CAR_X, "1001"), STATUS_RANGE},
        {packed_of(CAR_X, "'one'"), STATUS_TYPE},
        {number_of(CAR_ON, 2), STATUS_RANGE},
        {packed_of(CAR_ON, "1"), STATUS_TYPE},
        {number_of(CAR_NAME, 1), STATUS_TYPE},
        {packed_of(CAR_NAME, "'too long a name'"), STATUS_RANGE},
        {number_of(CAR_ANY, INTEGER_MAX + 1), STATUS_RANGE},
        {number_of(CAR_SUM, 11), STATUS_RANGE},
        {packed_of(CAR_TRAIL, "[1 2 3 4 5]"), STATUS_RANGE},
        {packed_of(CAR_TRAIL, "3"), STATUS_TYPE},
        {number_of(CAR_TRAIL, 3), STATUS_TYPE},
        {packed_of(CAR_PLACE, "['a']"), STATUS_TYPE},
        {number_of(CAR_FIELDS, 1), STATUS_NOT_FOUND},
        {packed_of(CAR_ANY, "1 2"), STATUS_MALFORMED},
        {{.field = CAR_ANY, .packed = {(const uint8_t *)"\xa5hell", 5}}, STATUS_MALFORMED},
    };
    for (unsigned i = 0; i < COUNT(wrong); i++) {
        const struct field_value both[] = {
            number_of(CAR_SUM == wrong[i].value.field ? CAR_X : CAR_SUM, 1), wrong[i].value};
        enum status status = room_put(room, CARS, 0, bytes_of("w"), both, 2);
        ck_assert_msg(status == wrong[i].status, "%u: %s", i, status_text(status));
    }
    const struct field_value twice[] = {number_of(CAR_X, 1), number_of(CAR_X, 2)};
    ck_assert_int_eq(room_put(room, CARS, 0, bytes_of("w"), twice, 2), STATUS_MALFORMED);
    ck_assert_int_eq(put_x("", 1), STATUS_MALFORMED);
    ck_assert_int_eq(put_x("with space", 1), STATUS_MALFORMED);
    ck_assert_int_eq(put_x("five-and-twenty-characters", 1), STATUS_MALFORMED);
    ck_assert_int_eq(put(NONE, 0, "w", number_of(0, 1)), STATUS_NOT_FOUND);
    ck_assert_int_eq(put(-1, 0, "w", number_of(0, 1)), STATUS_NOT_FOUND);
    ck_assert_int_eq(room_remove(room, CARS, 0, bytes_of("w")), STATUS_NOT_FOUND);
    ck_assert_int_eq(room_remove(room, NONE, 0, bytes_of("w")), STATUS_NOT_FOUND);
}

START_TEST(what_cannot_be_is_refused_whole)
{
    size_t length = kept.length;
    in_tick(try_wrong_values);
    ck_assert_uint_eq(room_records(room), 0);
    ck_assert_uint_eq(kept.length, length);
    ck_assert_ptr_null(room_ended(room));
}
END_TEST

static void longest_id(void)
{
    ck_assert_int_eq(put_x("four-and-twenty-letters.", 3), STATUS_OK);
}

static void remove_it(void)
{
    ck_assert_int_eq(room_remove(room, CARS, 0, bytes_of("four-and-twenty-letters.")), STATUS_OK);
}

START_TEST(what_was_removed_is_made_again)
{
    for (int64_t x = 1; x < 4; x++) {
        in_tick(longest_id);
        expect_number(CARS, 0, "four-and-twenty-letters.", CAR_X, 3);
        in_tick(remove_it);
        ck_assert_uint_eq(room_records(room), 0);
    }
    ck_assert_int_eq(outcome(room, ada, "[0 'cars' 'mine' 'x' 1]"), STATUS_OK);
    ck_assert_int_eq(outcome(room, ada, "[4 'cars' 'mine']"), STATUS_OK);
    kept_log_take(&kept, room);
}
END_TEST

/* --- Whose records -------------------------------------------------------------------------------- */

static void deal(void)
{
    ck_assert_int_eq(put(HANDS, 1, "h", number_of(0, 11)), STATUS_OK);
    ck_assert_int_eq(put(HANDS, 2, "h", number_of(0, 22)), STATUS_OK);
    ck_assert_int_eq(put(HANDS, 3, "h", number_of(0, 33)), STATUS_NOT_FOUND);
    ck_assert_int_eq(put(SECRETS, 0, "s", number_of(0, 4)), STATUS_OK);
    ck_assert_int_eq(put(LEDGER, 0, "l", number_of(0, 5)), STATUS_OK);
}

static void take_back(void)
{
    ck_assert_int_eq(room_remove(room, HANDS, 1, bytes_of("h")), STATUS_OK);
    ck_assert_int_eq(room_remove(room, HANDS, 3, bytes_of("h")), STATUS_NOT_FOUND);
}

START_TEST(a_private_record_is_its_members)
{
    int64_t none;
    in_tick(deal);
    expect_number(HANDS, 1, "h", 0, 11);
    expect_number(HANDS, 2, "h", 0, 22);
    expect_number(SECRETS, 0, "s", 0, 4);
    expect_number(LEDGER, 0, "l", 0, 5);
    ck_assert(!room_number(room, HANDS, 3, bytes_of("h"), 0, &none));
    in_tick(take_back);
    ck_assert(!room_number(room, HANDS, 1, bytes_of("h"), 0, &none));
    expect_number(HANDS, 2, "h", 0, 22);
}
END_TEST

static void note_presence(void)
{
    ck_assert_int_eq(put(PRESENCE, 1, "", packed_of(PRESENCE_NOTE, "'hi'")), STATUS_OK);
    ck_assert_int_eq(put(PRESENCE, 1, "1", packed_of(PRESENCE_NOTE, "'ho'")), STATUS_MALFORMED);
    ck_assert_int_eq(put(PRESENCE, 9, "", packed_of(PRESENCE_NOTE, "'ho'")), STATUS_NOT_FOUND);
    ck_assert_int_eq(put(PRESENCE, 1, "", number_of(PRESENCE_X, 3)), STATUS_DENIED);
    ck_assert_int_eq(put(PRESENCE, 1, "", packed_of(PRESENCE_USER, "'me'")), STATUS_DENIED);
    ck_assert_int_eq(put(PRESENCE, 1, "", packed_of(PRESENCE_AWAY, "true")), STATUS_DENIED);
    ck_assert_int_eq(room_remove(room, PRESENCE, 1, bytes_of("")), STATUS_DENIED);
}

START_TEST(presence_is_read_by_member_and_not_written_down)
{
    ck_assert_int_eq(presence(room, ada, "'x' 40"), STATUS_OK);
    expect_number(PRESENCE, 1, "", PRESENCE_X, 40);
    size_t length = kept.length;
    in_tick(note_presence);
    expect_value(room, "presence", 0, "1", "note", "'hi'");
    ck_assert_uint_eq(kept.length, length);
}
END_TEST

/* --- Members -------------------------------------------------------------------------------------- */

START_TEST(members_are_told_one_by_one)
{
    ck_assert_uint_eq(room_members(room), 2);
    ck_assert_uint_eq(room_member_next(room, 0), 1);
    ck_assert_uint_eq(room_member_next(room, 1), 2);
    ck_assert_uint_eq(room_member_next(room, 2), 0);
    ck_assert_uint_eq(room_member_next(room, 77), 0);
    ck_assert(room_member_here(room, 2) && !room_member_here(room, 3));
    ck_assert_int_eq(room_member_role(room, 1), ROLE_OWNER);
    ck_assert_int_eq(room_member_role(room, 2), ROLE_EDITOR);
    ck_assert_int_eq(room_member_role(room, 3), ROLE_VIEWER);
    ck_assert_uint_eq(room_member_user(room, 3).length, 0);

    struct hello hello = hello_of(3);
    hello.user = noted("'Cleo'");
    uint32_t cleo;
    ck_assert_int_eq(room_join(room, &hello, ROLE_VIEWER, &cleo), STATUS_OK);
    ck_assert_uint_eq(room_member_next(room, 2), 0); /* its join waits for the tick */
    room_leave(room, ada);
    in_tick(NULL);
    ck_assert(bytes_equal(room_member_user(room, 3), noted("'Cleo'")));
    ck_assert_uint_eq(room_member_next(room, 0), 2);
    ck_assert_uint_eq(room_member_next(room, 2), 3);
    ck_assert(!room_member_away(room, 2));
    room_disconnect(room, bob);
    in_tick(NULL);
    ck_assert(room_member_away(room, 2) && room_member_here(room, 2));
    bob = join(room, 2, ROLE_VIEWER);
    in_tick(NULL);
    ck_assert(!room_member_away(room, 2));
}
END_TEST

/* --- Events --------------------------------------------------------------------------------------- */

static void say_things(void)
{
    ck_assert_int_eq(room_emit(room, CHAT, 0, noted("'all'")), STATUS_OK);
    ck_assert_int_eq(room_emit(room, CHAT, 2, noted("'bob'")), STATUS_OK);
    ck_assert_int_eq(room_emit(room, WAVE, 0, noted("1")), STATUS_OK);
    ck_assert_int_eq(room_emit(room, WAVE, 1, noted("2")), STATUS_OK);
    ck_assert_int_eq(room_emit(room, NO_EVENT, 0, noted("1")), STATUS_NOT_FOUND);
    ck_assert_int_eq(room_emit(room, -1, 0, noted("1")), STATUS_NOT_FOUND);
    ck_assert_int_eq(room_emit(room, CHAT, 9, noted("1")), STATUS_NOT_FOUND);
    ck_assert_int_eq(room_emit(room, CHAT, 0, (struct bytes){0}), STATUS_MALFORMED);
    ck_assert_int_eq(room_emit(room, CHAT, 0, noted("1 2")), STATUS_MALFORMED);
}

START_TEST(events_go_to_all_or_to_one)
{
    uint64_t everyone = room->state.scopes[SCOPE_EVERYONE]->stamp;
    uint64_t waved = room->state.scopes[SCOPE_PRESENCE]->stamp;
    in_tick(say_things);
    ck_assert_uint_eq(room->state.scopes[SCOPE_EVERYONE]->stamp, everyone + 1);
    ck_assert_uint_eq(room->state.scopes[SCOPE_PRESENCE]->stamp, waved + 1);
    ck_assert_uint_eq(member_seat(room, 1)->client->mine->stamp, 1);
    ck_assert_uint_eq(member_seat(room, 2)->client->mine->stamp, 1);
}
END_TEST

static void wave(void)
{
    ck_assert_int_eq(room_emit(room, WAVE, 0, noted("1")), STATUS_OK);
}

START_TEST(what_goes_with_presence_is_not_written_down)
{
    size_t length = kept.length;
    in_tick(wave);
    ck_assert_uint_eq(kept.length, length);
    ck_assert(room_is_blank(room));
}
END_TEST

/* --- The log -------------------------------------------------------------------------------------- */

static struct chance chance;

static void anything(void)
{
    for (unsigned i = 0; i < kind.tick_records; i++) {
        char id[8], line[64];
        snprintf(id, sizeof id, "r%u", chance_below(&chance, 6));
        snprintf(line, sizeof line, "'%.*s'", (int)chance_below(&chance, 60),
                 "a text that is sometimes short and sometimes is rather long");
        int64_t number = (int)chance_below(&chance, 5);
        uint32_t member = 1 + chance_below(&chance, 2);
        switch (chance_below(&chance, 9)) {
        case 0:
            (void)room_remove(room, CARS, 0, bytes_of(id));
            break;
        case 1:
            (void)room_remove(room, HANDS, member, bytes_of(id));
            break;
        case 2:
            (void)put(HANDS, member, id, number_of(0, number));
            break;
        case 3:
            (void)room_emit(room, (int)chance_below(&chance, 2), chance_below(&chance, 3),
                            noted(line));
            break;
        case 4:
            (void)put(CARS, 0, id, packed_of(CAR_ANY, line));
            break;
        case 5:
            (void)put(CARS, 0, id, packed_of(CAR_TRAIL, number > 2 ? "[1 2]" : "[]"));
            break;
        case 6:
            (void)put(CARS, 0, id, packed_of(CAR_NAME, "nil"));
            break;
        case 7:
            (void)put(CARS, 0, id, number_of(CAR_ON, number % 2));
            break;
        default:
            (void)put(CARS, 0, id, number_of(CAR_SUM, number));
        }
    }
}

START_TEST(a_log_leads_to_the_same)
{
    kind.tick_bytes = 1000;
    chance = chance_of((uint64_t)_i + 1);
    for (int i = 0; i < 30; i++)
        in_tick(anything);
    ck_assert_ptr_null(room_ended(room));
    expect_same_from_log();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules_records");
    TCase *records = tcase_create("records");
    tcase_add_checked_fixture(records, setup_game, teardown_game);
    tcase_add_test(records, a_record_is_put_and_read_by_number);
    tcase_add_test(records, nil_unsets_a_field);
    tcase_add_test(records, what_is_so_already_costs_nothing);
    tcase_add_test(records, a_list_that_is_so_already_costs_nothing);
    tcase_add_test(records, a_list_that_a_member_appended_to_becomes_the_servers);
    tcase_add_test(records, the_servers_word_counts_even_where_it_says_the_same);
    tcase_add_test(records, what_cannot_be_is_refused_whole);
    tcase_add_test(records, what_was_removed_is_made_again);
    tcase_add_test(records, a_private_record_is_its_members);
    tcase_add_test(records, presence_is_read_by_member_and_not_written_down);
    tcase_add_test(records, members_are_told_one_by_one);
    tcase_add_test(records, events_go_to_all_or_to_one);
    tcase_add_test(records, what_goes_with_presence_is_not_written_down);
    suite_add_tcase(suite, records);

    TCase *log = tcase_create("log");
    tcase_add_checked_fixture(log, setup_game, teardown_game);
    tcase_add_loop_test(log, a_log_leads_to_the_same, 0, 20);
    suite_add_tcase(suite, log);
    return run_suite(suite);
}
