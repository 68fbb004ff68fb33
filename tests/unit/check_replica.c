/* check_replica.c - what frames do to a replica, in each form and over connections. */
#include <stdio.h>
#include <string.h>

#include "sync/hash.h"
#include "tests/lone_replica.h"
#include "tests/run_suite.h"

/* --- Forms -------------------------------------------------------------------------------------- */

START_TEST(a_first_load_is_read_from_plain_bytes)
{
    /* [2, 2, [0,1,"s",0,1], [1,1,0,"n",2,0,0,9,1]]  [10, 3, 9, 1, 1, 0, "a", 7] */
    static const uint8_t bytes[] = {
        0x94, 0x02, 0x02, 0x95, 0x00, 0x01, 0xa1, 's',  0x00, 0x01, 0x99,
        0x01, 0x01, 0x00, 0xa1, 'n',  0x02, 0x00, 0x00, 0x09, 0x01, 0x98,
        0x0a, 0x03, 0x09, 0x01, 0x01, 0x00, 0xa1, 'a',  0x07,
    };
    struct reader reader = reader_on((struct bytes){bytes, sizeof bytes});
    ck_assert_int_eq(replica_sections(replica, &reader, 2), STATUS_OK);
    ck_assert_int_eq(reader_end(&reader), STATUS_OK);
    const struct replica_collection *collection = replica_collection(replica, bytes_of("s"));
    const struct replica_record *record = replica_find(replica, collection, bytes_of("a"));
    ck_assert_int_eq(replica_number(record, replica_field(collection, bytes_of("n"))), 7);
    uint64_t place = 0;
    ck_assert(replica_complete(replica));
    ck_assert(replica_place(replica, SCOPE_EVERYONE, &place) && place == 3);
    ck_assert(!replica_place(replica, SCOPE_PRESENCE, &place));
}
END_TEST

START_TEST(definitions_are_found_by_name_and_number)
{
    takes(REPLICA_NAMES);
    const struct replica_collection *shapes = replica_collection(replica, bytes_of("shapes"));
    ck_assert_ptr_eq(shapes, replica_collection_at(replica, 1));
    ck_assert_ptr_null(replica_collection(replica, bytes_of("nothing")));
    ck_assert(!shapes->presence && replica_collection_at(replica, 0)->presence);
    const struct replica_field *n = &shapes->fields[replica_field(shapes, bytes_of("n"))];
    ck_assert(n->type == FIELD_INT && n->merge == MERGE_ADD && n->minimum == -1000);
    ck_assert_int_eq(replica_collection_at(replica, 0)->fields[0].steps, 2);
    ck_assert_int_eq(replica_field(shapes, bytes_of("nothing")), -1);
    ck_assert_uint_eq(replica_event(replica, bytes_of("chat"))->kept, 2);
}
END_TEST

START_TEST(puts_make_records_and_tell_them)
{
    takes(REPLICA_NAMES);
    takes("[10 2 9 3 2 0 'a' 10 'one' 1 'b' 20 'two']");
    expect_watched("+a:3 +b:3 ");
    ck_assert_int_eq(shape_number("b"), 20);
    expect_field(shape("a"), 1, "'one'");
    ck_assert_uint_eq(replica_count(replica), 2);
}
END_TEST

START_TEST(a_put_of_a_known_record_replaces_it_and_unsets_the_rest)
{
    takes(REPLICA_NAMES);
    takes("[10 2 9 3 1 0 'a' 10 'one']");
    forget_watched();
    takes("[8 1 9 5 1 0 'a' 10 [1 2]]");
    expect_watched("~a:6 ");
    ck_assert(!replica_has(shape("a"), 1));
    expect_field(shape("a"), 2, "[1 2]");
}
END_TEST

START_TEST(a_put_into_a_taken_slot_removes_what_was_there)
{
    take_shapes();
    takes("[8 1 9 1 1 0 'z' 1]");
    expect_watched("-a:1 +z:1 ");
    ck_assert_ptr_null(shape("a"));
}
END_TEST

START_TEST(presence_is_named_by_member)
{
    takes(REPLICA_NAMES);
    takes("[18 2 1 1 2 0 7 100 1 4000000000 200]");
    expect_watched("+7:1 +4000000000:1 ");
    const struct replica_collection *presence = replica_collection_at(replica, 0);
    const struct replica_record *record = replica_find_member(replica, presence, 4000000000u);
    ck_assert_uint_eq(replica_record_member(record), 4000000000u);
    ck_assert_int_eq(replica_number(record, 0), 200);
}
END_TEST

START_TEST(deletes_are_gap_coded_and_skip_unknown_slots)
{
    take_shapes();
    takes("[8 3 0 3 0 1 7]"); /* slots 0, 2, 10 */
    expect_watched("-a:1 -c:1 ");
    ck_assert_uint_eq(replica_count(replica), 2);
    ck_assert_int_eq(shape_number("e"), 50);
}
END_TEST

START_TEST(set_by_gaps)
{
    take_shapes();
    takes("[8 2 10 3 2 1 2 21 'x' nil 'y']"); /* slots 1, 4 */
    expect_watched("~b:3 ~e:3 ");
    ck_assert_int_eq(shape_number("b"), 21);
    ck_assert(!replica_has(shape("e"), 0));
    expect_field(shape("e"), 1, "'y'");
}
END_TEST

START_TEST(set_by_bitmap)
{
    take_shapes();
    takes("[8 3 11 1 1 x0b 21 31 51]"); /* slots 1, 2, 4 */
    expect_watched("~b:1 ~c:1 ~e:1 ");
    ck_assert_int_eq(shape_number("c"), 31);
    ck_assert_int_eq(shape_number("e"), 51);
}
END_TEST

START_TEST(moved_by_gaps)
{
    take_shapes();
    takes("[8 2 12 1 2 0 3 1 4]"); /* slot 0 by -1, slot 4 by +2 */
    expect_watched("~a:1 ~e:1 ");
    ck_assert_int_eq(shape_number("a"), 9);
    ck_assert_int_eq(shape_number("e"), 52);
}
END_TEST

START_TEST(moved_by_bitmap)
{
    take_shapes();
    takes("[8 2 13 1 0 x11 3 4]"); /* slot 0 by -2, slot 4 by +2 */
    ck_assert_int_eq(shape_number("a"), 8);
    ck_assert_int_eq(shape_number("e"), 52);
}
END_TEST

START_TEST(append_cuts_to_its_start_and_is_idempotent)
{
    take_shapes();
    takes("[8 1 14 2 1 0 3 5 6 7]");
    expect_field(shape("b"), 2, "[5 6 7]");
    expect_watched("~b:4 ");
    takes("[8 1 14 2 1 3 2 8 9]");
    takes("[8 1 14 2 1 3 2 8 9]");
    expect_field(shape("b"), 2, "[5 6 7 8 9]");
    takes("[8 1 14 2 1 1 1 1]");
    expect_field(shape("b"), 2, "[5 1]");
    ck_assert_int_eq(take("[8 1 14 2 1 3 1 1]"), STATUS_MALFORMED);
}
END_TEST

START_TEST(events_are_told_and_the_newest_kept)
{
    takes(REPLICA_NAMES);
    takes("[10 1 7 4 'old']");
    takes("[8 2 7 5 'one' 7 6 'two']");
    expect_watched("old chat:4 new chat:5 new chat:6 ");
    const struct replica_event *chat = replica_event(replica, bytes_of("chat"));
    const struct replica_occurrence *first = replica_occurrence_next(replica, chat, NULL);
    ck_assert_uint_eq(first->from, 5);
    const struct replica_occurrence *second = replica_occurrence_next(replica, chat, first);
    ck_assert_uint_eq(second->from, 6);
    ck_assert_ptr_null(replica_occurrence_next(replica, chat, second));
}
END_TEST

START_TEST(values_of_any_type_are_kept_as_they_came)
{
    takes(REPLICA_NAMES);
    takes("[10 1 9 24 1 0 'a' [1 'two' [true nil 1.5]] true]");
    expect_field(shape("a"), 3, "[1 'two' [true nil 1.5]]");
    expect_field(shape("a"), 4, "true");
}
END_TEST

/* --- Transfers and connections ------------------------------------------------------------------ */

START_TEST(a_transfer_shows_nothing_before_its_end)
{
    take_shapes();
    takes("[9 2 10 1 1 0 11]");
    ck_assert(!replica_complete(replica));
    expect_watched("");
    ck_assert_int_eq(shape_number("a"), 10);
    uint64_t place = 0;
    ck_assert(replica_place(replica, SCOPE_EVERYONE, &place) && place == 4);
    takes("[8 3 12 1 1 0 2]");
    ck_assert(replica_complete(replica));
    expect_watched("~a:1 ");
    ck_assert_int_eq(shape_number("a"), 12);
    ck_assert(replica_place(replica, SCOPE_EVERYONE, &place) && place == 9);
}
END_TEST

START_TEST(definitions_count_as_they_come)
{
    replica_welcome(replica, 0, false);
    takes("[3 1 [0 1 'shapes' 0 1]] [10 1 9 0 1 0 'a']");
    ck_assert(!replica_complete(replica));
    uint64_t place = 0;
    ck_assert(replica_place(replica, SCOPE_NAMES, &place) && place == 1);
    /* The connection breaks; what is told again begins behind what was told. */
    replica_welcome(replica, 1 << SCOPE_NAMES | 1 << SCOPE_EVERYONE, true);
    takes("[0 1 [1 1 0 'n' 2 0 0 9 1]] [8 1 10 1 1 0 7]");
    ck_assert(replica_complete(replica));
    ck_assert_int_eq(shape_number("a"), 7);
    ck_assert(replica_place(replica, SCOPE_NAMES, &place) && place == 2);
}
END_TEST

START_TEST(the_first_state_shows_when_all_of_it_is_there)
{
    takes(REPLICA_NAMES);
    replica_welcome(replica, 0, false);
    takes("[2 1 [0 1 'shapes' 0 1]] [11 5 9 0 1 0 'a']");
    ck_assert_ptr_null(shape("a"));
    takes("[8 1 9 0 1 1 'b']");
    expect_watched("+a:0 +b:0 ");
}
END_TEST

START_TEST(a_restart_tells_only_the_difference)
{
    take_shapes();
    takes("[10 9 9 1 3 5 'a' 10 6 'b' 21 7 'n' 1]");
    expect_watched("-c:1 -e:1 ~b:1 +n:1 ");
    ck_assert_ptr_null(shape("c"));
}
END_TEST

START_TEST(a_restart_within_a_transfer_starts_over)
{
    take_shapes();
    takes("[9 2 9 1 1 9 'q' 1]");
    takes("[10 3 9 1 1 0 'a' 10]");
    ck_assert_ptr_null(shape("q"));
    uint64_t place = 0;
    ck_assert(replica_place(replica, SCOPE_EVERYONE, &place) && place == 3);
}
END_TEST

START_TEST(a_scope_out_of_sight_is_dropped)
{
    take_shapes();
    takes("[34 1 17 0 1 0 's']"); /* the scope of role 0 */
    takes("[36]");
    ck_assert_uint_eq(replica_count(replica), 4);
    ck_assert_ptr_nonnull(shape("a"));
    expect_watched("+s:0 -s:0 ");
}
END_TEST

START_TEST(a_kept_scope_goes_on_and_another_is_shown_until_it_is_renewed)
{
    take_shapes();
    takes("[18 2 1 1 1 0 7 100]");
    forget_watched();
    replica_welcome(replica, 1 << SCOPE_NAMES | 1 << SCOPE_EVERYONE, true);
    ck_assert(!replica_complete(replica));
    uint64_t place = 0;
    ck_assert(!replica_place(replica, SCOPE_PRESENCE, &place));
    ck_assert_uint_eq(replica_count(replica), 5);
    takes("[8 1 12 1 1 0 2] [19 1 1 1 1 0 8 100]");
    ck_assert_int_eq(shape_number("a"), 11);
    ck_assert_uint_eq(replica_count(replica), 5);
    takes("[16 1 1 1 1 1 9 100]");
    expect_watched("~a:1 -7:1 +8:1 +9:1 ");
}
END_TEST

START_TEST(a_stale_scope_that_is_not_renewed_goes)
{
    take_shapes();
    replica_welcome(replica, 1 << SCOPE_NAMES, true);
    takes("");
    expect_watched("-a:1 -b:1 -c:1 -e:1 ");
    ck_assert(replica_complete(replica));
}
END_TEST

START_TEST(another_incarnation_is_compared_by_names)
{
    take_shapes();
    replica_welcome(replica, 0, false);
    ck_assert_int_eq(shape_number("a"), 10);
    /* The numbers of collections and fields are others now. */
    takes("[3 3 [0 5 'shapes' 0 1] [1 5 7 'n' 2 2 -1000 1000 1] [1 5 6 'text' 4 0 0 9 1]]");
    ck_assert_int_eq(shape_number("a"), 10);
    takes("[0 0] [10 9 41 128 2 0 'b' 20 1 'a' 11]");
    expect_watched("-c:1 -e:1 ~a:128 ");
    const struct replica_collection *shapes = replica_collection(replica, bytes_of("shapes"));
    ck_assert_uint_eq(shapes->number, 5);
    ck_assert_int_eq(replica_number(shape("a"), 7), 11);
}
END_TEST

START_TEST(records_are_iterated_by_slot)
{
    take_shapes();
    const struct replica_collection *shapes = replica_collection(replica, bytes_of("shapes"));
    const struct replica_record *record = NULL;
    char ids[8] = "";
    while ((record = replica_next(replica, shapes, record)) != NULL)
        strncat(ids, (const char *)replica_record_id(record).data, 1);
    ck_assert_str_eq(ids, "abce");
}
END_TEST

START_TEST(many_records_come_and_go)
{
    takes(REPLICA_NAMES);
    for (int i = 0; i < 3000; i++) {
        char line[64];
        snprintf(line, sizeof line, "[8 1 9 1 1 %d 'id%d' %d]", i % 1000, i, i);
        takes(line);
    }
    ck_assert_uint_eq(replica_count(replica), 1000);
    for (int i = 0; i < 3000; i++) {
        char id[16];
        snprintf(id, sizeof id, "id%d", i);
        ck_assert((shape(id) != NULL) == (i >= 2000));
        if (i >= 2000)
            ck_assert_int_eq(shape_number(id), i % 1000 + 2000);
    }
}
END_TEST

/* --- The hash ----------------------------------------------------------------------------------- */

START_TEST(the_hash_chains_names_and_values)
{
    ck_assert_uint_eq(replica_hash(replica), 0);
    takes(REPLICA_NAMES);
    takes("[10 1 9 5 1 0 'a' 10 [5 -1] 7 9 'hi'] [18 1 1 0 1 0 77]");
    uint64_t record = hash_bytes(hash_bytes(0, bytes_of("shapes")), bytes_of("a"));
    record = hash_bytes(hash_bytes(record, bytes_of("n")), bytes_of("\x0a"));
    record = hash_bytes(record, bytes_of("points"));
    record = hash_bytes(hash_bytes(record, bytes_of("\x05")), bytes_of("\xff"));
    uint64_t event =
        hash_bytes(hash_member(hash_bytes(0, bytes_of("chat")), 9), bytes_of("\xa2hi"));
    uint64_t member = hash_member(hash_bytes(0, bytes_of("presence")), 77);
    ck_assert_uint_eq(replica_hash(replica), record + event + member);
}
END_TEST

START_TEST(the_hash_knows_neither_slots_nor_order)
{
    take_shapes();
    uint64_t hash = replica_hash(replica);
    takes("[10 9 9 1 4 9 'e' 50 8 'c' 30 7 'b' 20 6 'a' 10]");
    ck_assert_uint_eq(replica_hash(replica), hash);
    takes("[8 9 10 1 1 6 11]");
    ck_assert_uint_ne(replica_hash(replica), hash);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replica");
    TCase *forms = tcase_create("forms");
    tcase_add_checked_fixture(forms, setup_replica, teardown_replica);
    tcase_add_test(forms, a_first_load_is_read_from_plain_bytes);
    tcase_add_test(forms, definitions_are_found_by_name_and_number);
    tcase_add_test(forms, puts_make_records_and_tell_them);
    tcase_add_test(forms, a_put_of_a_known_record_replaces_it_and_unsets_the_rest);
    tcase_add_test(forms, a_put_into_a_taken_slot_removes_what_was_there);
    tcase_add_test(forms, presence_is_named_by_member);
    tcase_add_test(forms, deletes_are_gap_coded_and_skip_unknown_slots);
    tcase_add_test(forms, set_by_gaps);
    tcase_add_test(forms, set_by_bitmap);
    tcase_add_test(forms, moved_by_gaps);
    tcase_add_test(forms, moved_by_bitmap);
    tcase_add_test(forms, append_cuts_to_its_start_and_is_idempotent);
    tcase_add_test(forms, events_are_told_and_the_newest_kept);
    tcase_add_test(forms, values_of_any_type_are_kept_as_they_came);
    suite_add_tcase(suite, forms);

    TCase *transfers = tcase_create("transfers");
    tcase_add_checked_fixture(transfers, setup_replica, teardown_replica);
    tcase_add_test(transfers, a_transfer_shows_nothing_before_its_end);
    tcase_add_test(transfers, definitions_count_as_they_come);
    tcase_add_test(transfers, the_first_state_shows_when_all_of_it_is_there);
    tcase_add_test(transfers, a_restart_tells_only_the_difference);
    tcase_add_test(transfers, a_restart_within_a_transfer_starts_over);
    tcase_add_test(transfers, a_scope_out_of_sight_is_dropped);
    tcase_add_test(transfers, a_kept_scope_goes_on_and_another_is_shown_until_it_is_renewed);
    tcase_add_test(transfers, a_stale_scope_that_is_not_renewed_goes);
    tcase_add_test(transfers, another_incarnation_is_compared_by_names);
    tcase_add_test(transfers, records_are_iterated_by_slot);
    tcase_add_test(transfers, many_records_come_and_go);
    tcase_add_test(transfers, the_hash_chains_names_and_values);
    tcase_add_test(transfers, the_hash_knows_neither_slots_nor_order);
    suite_add_tcase(suite, transfers);
    return run_suite(suite);
}
