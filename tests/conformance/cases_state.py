"""Records and fields: every verb, merge and guard, and every way to be refused."""

from client import Status, add, append, delete, emit, put, set_, wait_closed
from harness import cases, expect, expect_equal
from replica import APPEND, EVERYONE, MERGE_ADD, MERGE_APPEND, freeze
from wire import MESSAGE_BYTES_MAX, pack

CASES, case = cases()


def status_is(client, wanted, *edits):
    expect_equal(client.do(*edits), wanted, f"the status of {str(edits)[:150]}")


def applies(client, *edits):
    status_is(client, Status.OK, *edits)


def note(client, id_="a"):
    return client.replica.record("notes", id_)


# Verbs


@case
def a_put_makes_a_record_that_everyone_sees(room):
    writer, *_ = room.join_many(3)
    applies(writer, put("notes", "a", {"text": "hello", "x": 5}))
    room.settle()
    expect_equal(note(writer), {"text": "hello", "x": 5}, "the record")


@case
def a_put_over_a_record_sets_the_fields_named_and_leaves_the_others(room):
    writer, _ = room.join_many(2)
    applies(writer, put("notes", "a", {"text": "hello", "x": 5}))
    applies(writer, put("notes", "a", {"x": 6, "y": 7}))
    room.settle()
    expect_equal(note(writer), {"text": "hello", "x": 6, "y": 7}, "the record")


@case
def a_put_without_fields_makes_an_empty_record(room):
    writer, _ = room.join_many(2)
    applies(writer, put("notes", "a"))
    room.settle()
    expect_equal(note(writer), {}, "the record")


@case
def names_are_learnt_once_and_their_numbers_hold_from_then_on(room):
    writer, other = room.join_many(2)
    applies(writer, put("notes", "a", {"text": "hello"}))
    room.settle()
    collection = other.replica.names.collection("notes")
    field = collection.field("text")
    applies(other, put(collection.number, "b", {field.number: "by number"}))
    applies(other, put("notes", "c", {"text": "by name"}))
    room.settle()
    late = room.join()
    expect_equal(note(late, "b"), {"text": "by number"}, "the record b")
    expect_equal(note(late, "c"), {"text": "by name"}, "the record c")
    expect_equal(late.replica.names.collection("notes").number, collection.number, "the number")


@case
def a_name_has_1_to_32_bytes_of_utf8(room):
    writer, _ = room.join_many(2)
    longest = "é" * 16
    applies(writer, put(longest, "a", {longest: 1}), emit(longest, 0, 1))
    room.settle()
    expect_equal(writer.replica.record(longest, "a"), {longest: 1}, "the record")


@case
def a_record_id_has_1_to_24_printable_characters(room):
    writer, _ = room.join_many(2)
    for id_ in ("!", "~", "a" * 24, "\"\\'/<>&%"):
        applies(writer, put("notes", id_, {"x": 1}))
    room.settle()
    expect_equal(len(writer.replica.records("notes")), 4, "the count of records")


@case
def a_set_changes_the_fields_named_and_nil_unsets_one(room):
    writer, _ = room.join_many(2)
    applies(writer, put("notes", "a", {"text": "hello", "x": 5, "y": 6}))
    applies(writer, set_("notes", "a", {"x": 50, "y": None}))
    room.settle()
    expect_equal(note(writer), {"text": "hello", "x": 50}, "the record")
    expect_equal(note(room.join()), {"text": "hello", "x": 50}, "the record of one who came later")


@case
def of_two_sets_the_last_in_server_order_wins_for_everyone(room):
    first, second, _ = room.join_many(3)
    applies(first, put("notes", "a", {"x": 0}))
    for value in range(40):
        (first, second)[value % 2].submit(set_("notes", "a", {"x": value}))
    room.settle()
    expect(note(first)["x"] in (38, 39), f"neither last value won: {note(first)}")


@case
def appends_of_two_clients_both_stay_in_one_order(room):
    first, second, _ = room.join_many(3)
    applies(first, put("notes", "a"), append("notes", "a", "points", 0))
    for value in range(1, 30):
        first.submit(append("notes", "a", "points", value, value))
        second.submit(append("notes", "a", "points", -value))
    room.settle()
    points = note(first)["points"]
    doubled = [each for value in range(1, 30) for each in (value, value)]
    expect_equal([each for each in points if each > 0], doubled, "the first client's items")
    expect_equal([-each for each in points if each < 0], list(range(1, 30)), "the second client's")
    field = first.replica.names.collection("notes").field("points")
    expect_equal(field.merge, MERGE_APPEND, "the merge of the field")


@case
def appended_items_come_alone_with_their_start_index(room):
    writer, reader = room.join_many(2)
    applies(writer, put("notes", "a"), append("notes", "a", "points", *range(100)))
    room.settle()
    seen = len(reader.replica.sections)
    applies(writer, append("notes", "a", "points", 100, 101))
    room.settle()
    forms = set().union(*(each.forms for each in reader.replica.sections[seen:]))
    expect_equal(forms, {APPEND}, "the forms")
    expect_equal(note(reader)["points"], list(range(102)), "the list")


@case
def items_may_be_any_scalar(room):
    writer, _ = room.join_many(2)
    items = [True, -5, 0.5, "text", b"bytes"]
    applies(writer, put("notes", "a"), append("notes", "a", "list", *items))
    room.settle()
    expect_equal(freeze(note(writer)["list"]), freeze(items), "the list")


@case
def amounts_of_two_clients_both_count_and_an_unset_field_counts_as_0(room):
    first, second, _ = room.join_many(3)
    applies(first, put("notes", "a"), add("notes", "a", "votes", 5))
    for _ in range(30):
        first.submit(add("notes", "a", "votes", 3))
        second.submit(add("notes", "a", "votes", -1))
    room.settle()
    expect_equal(note(first)["votes"], 5 + 30 * 3 - 30, "the sum")
    field = first.replica.names.collection("notes").field("votes")
    expect_equal(field.merge, MERGE_ADD, "the merge of the field")


@case
def a_delete_removes_the_record_for_everyone(room):
    writer, _ = room.join_many(2)
    applies(writer, put("notes", "a", {"x": 1}), put("notes", "b", {"x": 2}))
    room.settle()
    applies(writer, delete("notes", "a"))
    room.settle()
    expect_equal(writer.replica.records("notes"), {"b": {"x": 2}}, "the records")


@case
def deleting_beats_changing(room):
    first, second = room.join_many(2)
    applies(first, put("notes", "a", {"x": 1}), append("notes", "a", "list", 1),
            add("notes", "a", "sum", 1))
    applies(second, delete("notes", "a"))
    for edit in (set_("notes", "a", {"x": 2}), put("notes", "a", {"x": 2}), delete("notes", "a"),
                 append("notes", "a", "list", 2), add("notes", "a", "sum", 1)):
        status_is(first, Status.DELETED, edit)
    room.settle()
    expect_equal(note(first), None, "the record")


# Refusals and groups


@case
def a_change_to_what_does_not_exist_is_not_found(room):
    client = room.join()
    applies(client, put("notes", "a", {"x": 1}), append("notes", "a", "list", 1),
            add("notes", "a", "sum", 1))
    room.settle()
    for edit in (set_("notes", "b", {"x": 1}), delete("notes", "b"),
                 append("notes", "b", "list", 1), add("notes", "b", "sum", 1),
                 put(9999, "b", {"x": 1}), put("notes", "a", {31: 1}), emit(9999, 0, 1),
                 emit("ping", 2**31, 1)):
        status_is(client, Status.NOT_FOUND, edit)


@case
def a_value_that_does_not_fit_the_merge_has_the_status_type(room):
    client = room.join()
    applies(client, put("notes", "a", {"x": "text"}), append("notes", "a", "list", 1),
            add("notes", "a", "sum", 1))
    for edit in (append("notes", "a", "x", 1), add("notes", "a", "x", 1),
                 append("notes", "a", "sum", 1), add("notes", "a", "list", 1),
                 add("notes", "a", "sum", "1"), append("notes", "a", "list", [1]),
                 put("notes", "a", {"list": 1}), put("notes", "a", {"sum": "1"})):
        status_is(client, Status.TYPE, edit)
    room.settle()
    expect_equal(note(client), {"x": "text", "list": [1], "sum": 1}, "the record")


@case
def operations_do_not_write_presence(room):
    client, other = room.join_many(2)
    for id_ in ("a", str(other.member)):
        status_is(client, Status.DENIED, put("presence", id_, {"x": 1}))
        status_is(client, Status.DENIED, delete(0, id_))


@case
def a_kind_that_learns_no_names_refuses_them(room):
    client = room.join(kind="cursors")
    status_is(client, Status.NOT_FOUND, put("no_such_thing", "a", {"x": 1}))
    status_is(client, Status.NOT_FOUND, emit("no_such_event", 0, 1))


@case
def a_record_larger_than_the_announced_limit_is_refused(room):
    client, _ = room.join_many(2)
    limit = client.welcome.limits[6]
    half = b"x" * (min(limit, MESSAGE_BYTES_MAX - 1024) // 2)
    applies(client, put("notes", "a", {"half": half[:len(half) - 200]}))
    if limit < MESSAGE_BYTES_MAX - 1024:
        status_is(client, Status.LIMIT, put("notes", "b", {"whole": b"x" * (limit + 1)}))
    for name in ("second", "third"):
        last = client.do(set_("notes", "a", {name: half}))
    if limit < MESSAGE_BYTES_MAX:
        expect_equal(last, Status.LIMIT, "the status of the last part")
    room.settle()


@case
def a_collection_has_32_fields_and_no_more(room):
    client, _ = room.join_many(2)
    applies(client, put("notes", "a", {f"f{each}": each for each in range(32)}))
    status_is(client, Status.LIMIT, put("notes", "a", {"one_more": 1}))
    room.settle()
    expect_equal(len(note(client)), 32, "the count of fields")


@case
def a_refused_edit_leaves_nothing_of_its_operation(room):
    client, other = room.join_many(2)
    applies(client, put("notes", "a", {"x": 1}), put("notes", "b", {"x": 1}),
            append("notes", "a", "list", 1), add("notes", "a", "sum", 1))
    status_is(client, Status.NOT_FOUND,
              put("notes", "new", {"x": 1}), set_("notes", "a", {"x": 2}), delete("notes", "b"),
              append("notes", "a", "list", 2), add("notes", "a", "sum", 5), emit("ping", 0, "no"),
              set_("notes", "missing", {"x": 1}))
    applies(other, put("notes", "after", {"x": 1}))
    room.settle()
    expect_equal(client.replica.records("notes"),
                 {"a": {"x": 1, "list": [1], "sum": 1}, "b": {"x": 1}, "after": {"x": 1}},
                 "the records")
    expect_equal([each for each in other.replica.heard if each.event == "ping"], [], "the events")


@case
def an_edit_sees_what_the_edits_before_it_did(room):
    client, _ = room.join_many(2)
    applies(client, put("notes", "a", {"x": 1}, new=True), set_("notes", "a", {"x": 2}),
            append("notes", "a", "list", 1), append("notes", "a", "list", 2),
            add("notes", "a", "sum", 1), add("notes", "a", "sum", 1))
    status_is(client, Status.EXISTS, put("notes", "b", new=True), put("notes", "b", new=True))
    status_is(client, Status.DELETED, delete("notes", "a"), set_("notes", "a", {"x": 3}))
    room.settle()
    expect_equal(client.replica.records("notes"), {"a": {"x": 2, "list": [1, 2], "sum": 2}},
                 "the records")


@case
def an_operation_has_1_to_64_edits(room):
    client, _ = room.join_many(2)
    applies(client, *(put("notes", f"n{each}", {"x": each}) for each in range(64)))
    room.settle()
    for edits in ([], [put("notes", "a")] * 65):
        other = room.join()
        other.socket.send(pack([1, edits]))
        expect_equal(wait_closed(other), 4000, f"the close code for {len(edits)} edits")


@case
def operations_of_one_message_have_outcomes_of_their_own(room):
    client, _ = room.join_many(2)
    sequences = client.submit_each([[put("notes", "a", {"x": 1})], [delete("notes", "b")],
                                    [put("notes", "a", new=True)], [set_("notes", "a", {"x": 2})]])
    room.settle()
    expect_equal([client.outcomes[each] for each in sequences],
                 [Status.OK, Status.NOT_FOUND, Status.EXISTS, Status.OK], "the outcomes")
    expect_equal(note(client), {"x": 2}, "the record")


# Guards


@case
def if_new_is_refused_where_the_record_exists(room):
    first, second = room.join_many(2)
    applies(first, put("notes", "a", {"x": 1}, new=True))
    status_is(second, Status.EXISTS, put("notes", "a", {"x": 2}, new=True))
    room.settle()
    expect_equal(note(first), {"x": 1}, "the record")


@case
def if_stamp_is_refused_where_the_record_has_changed_since(room):
    first, second = room.join_many(2)
    applies(first, put("notes", "a", {"x": 1}), put("notes", "b", {"x": 1}),
            append("notes", "a", "list", 1), add("notes", "a", "sum", 1))
    room.settle()
    stamp = second.replica.places[EVERYONE]
    applies(first, set_("notes", "a", {"y": 1}))
    for edit in (put("notes", "a", {"x": 2}, stamp=stamp), set_("notes", "a", {"x": 2}, stamp),
                 append("notes", "a", "list", 2, stamp=stamp), delete("notes", "a", stamp),
                 add("notes", "a", "sum", 1, stamp=stamp)):
        status_is(second, Status.STALE, edit)
    applies(second, set_("notes", "b", {"x": 2}, stamp))
    room.settle()
    applies(second, set_("notes", "a", {"x": 3}, second.replica.places[EVERYONE]))
    room.settle()
    expect_equal(second.replica.records("notes"),
                 {"a": {"x": 3, "y": 1, "list": [1], "sum": 1}, "b": {"x": 2}}, "the records")


@case
def if_stamp_makes_a_record_again_whose_delete_has_been_seen(room):
    first, second = room.join_many(2)
    applies(first, put("notes", "a", {"x": 1, "y": 1}))
    room.settle()
    unaware = second.replica.places[EVERYONE]
    applies(first, delete("notes", "a"))
    status_is(second, Status.DELETED, put("notes", "a", {"x": 2}, stamp=unaware))
    room.settle()
    status_is(second, Status.DELETED, put("notes", "a", {"x": 2}))
    applies(second, put("notes", "a", {"x": 3}, new=True, stamp=second.replica.places[EVERYONE]))
    room.settle()
    expect_equal(note(first), {"x": 3}, "the record")


@case
def if_mine_changes_only_fields_that_this_operation_changed_last(room):
    first, second = room.join_many(2)
    applies(first, put("notes", "a", {"x": 1, "y": 1, "z": 1}))
    sequence = first.submit(set_("notes", "a", {"x": 2, "y": 2}))
    expect_equal(first.outcome(sequence), Status.OK, "the change's status")
    applies(second, set_("notes", "a", {"y": 3}))
    applies(first, set_("notes", "a", {"x": 10, "y": 10, "z": 10}, mine=sequence))
    room.settle()
    expect_equal(note(first), {"x": 10, "y": 3, "z": 1}, "the record")


@case
def if_mine_does_not_take_the_sequence_of_someone_else(room):
    first, second = room.join_many(2)
    applies(first, put("notes", "a", {"x": 1}))      # the first client's operation 1
    applies(second, put("notes", "b", {"x": 1}))     # the second client's operation 1
    applies(second, set_("notes", "a", {"x": 2}, mine=1))
    room.settle()
    expect_equal(note(first), {"x": 1}, "the record")


@case
def if_mine_deletes_only_what_is_all_this_members(room):
    first, second = room.join_many(2)
    applies(first, put("notes", "a", {"x": 1, "y": 1}), put("notes", "b", {"x": 1}))
    applies(second, set_("notes", "a", {"y": 2}))
    status_is(first, Status.STALE, delete("notes", "a", mine=1))
    applies(first, delete("notes", "b", mine=1))
    room.settle()
    expect_equal(first.replica.records("notes"), {"a": {"x": 1, "y": 2}}, "the records")


@case
def if_mine_makes_again_what_this_member_deleted(room):
    first, second = room.join_many(2)
    applies(first, put("notes", "a", {"x": 1}), put("notes", "b", {"x": 1}))
    sequence = first.submit(delete("notes", "a"))
    expect_equal(first.outcome(sequence), Status.OK, "the delete's status")
    applies(second, delete("notes", "b"))
    status_is(second, Status.DELETED, put("notes", "a", {"x": 5}, mine=1))
    status_is(first, Status.DELETED, put("notes", "b", {"x": 5}, mine=sequence))
    applies(first, put("notes", "a", {"x": 1}, mine=sequence))
    room.settle()
    expect_equal(first.replica.records("notes"), {"a": {"x": 1}}, "the records")
