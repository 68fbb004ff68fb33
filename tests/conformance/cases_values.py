"""Values, events, and how state travels: canonical forms, first loads, deltas, slots."""

import random

from client import Status, add, append, delete, emit, put, set_
from harness import cases, expect, expect_equal
from replica import EVERYONE, MINE, MORE, PUT, SET_BITMAP, SET_GAPS, freeze
from wire import Raw, pack

CASES, case = cases()


def applies(client, *edits):
    expect_equal(client.do(*edits), Status.OK, f"the status of {str(edits)[:150]}")


def sections_of(client, scope=EVERYONE):
    return [each for each in client.replica.sections if each.scope == scope]


def note(client, id_="a"):
    return client.replica.record("notes", id_)


# Values


@case
def every_value_of_any_comes_back_as_it_was(room):
    writer, _ = room.join_many(2)
    nested = []
    for _ in range(7):
        nested = [nested]
    values = [True, False, 0, 1, -1, 127, 128, -32, -33, 255, 256, 65535, 65536, 2**32, 2**53,
              -2**53, 0.5, 0.1, 1e16, 1e300, -1e-300, "", "text", "\0\u00e9\u20ac\U0001f600", b"",
              bytes(range(256)), [], [1, [2, "three"]], nested, {}, {"a": {"b": [None, True]}},
              {f"k{each}": each for each in range(64)}, "s" * 300, [0] * 300]
    for at, value in enumerate(values):
        applies(writer, put("notes", f"v{at}", {"value": value}))
    room.settle()
    late = room.join()
    for at, value in enumerate(values):
        got = note(late, f"v{at}").get("value")
        expect_equal(freeze(got), freeze(value), f"the value {at}")


@case
def values_are_rewritten_in_their_canonical_form(room):
    writer, _ = room.join_many(2)
    cases_ = [("cb4014000000000000", 5), ("ca40a00000", 5), ("cbc340000000000000", -2**53),
              ("cb3fe0000000000000", 0.5), ("d3ffffffffffffffff", -1), ("cf0000000000000007", 7),
              ("da0001" + "61", "a"), ("db00000001" + "61", "a"), ("c5000161", b"a"),
              ("dd0000000101", [1]), ("df00000001" + "a161" + "01", {"a": 1})]
    for at, (sent, _) in enumerate(cases_):
        applies(writer, put("notes", f"v{at}", {"value": Raw(bytes.fromhex(sent))}))
    room.settle()
    for at, (sent, wanted) in enumerate(cases_):
        expect_equal(freeze(note(writer, f"v{at}")["value"]), freeze(wanted), f"0x{sent}")


@case
def floats_travel_in_32_bits_where_they_fit_exactly(room):
    writer = room.join()
    messages = []
    take = writer.socket.receive

    def take_and_note():
        arrived = take()
        messages.extend(arrived)
        return arrived
    writer.socket.receive = take_and_note
    for value in (0.5, 0.1):
        applies(writer, put("notes", "a", {"value": value}))
    received = b"".join(messages)
    for value in (0.5, 0.1):
        expect(pack(value, canonical=True) in received, f"{value} is not in canonical form")
    expect(pack(0.5) not in received, "0.5 came in 64 bits")


@case
def what_any_cannot_hold_is_not_taken(room):
    nine_deep = 1
    for _ in range(9):
        nine_deep = [nine_deep]
    for value in (2**53 + 1, -2**53 - 1, 2**64 - 1, nine_deep,
                  {f"k{each}": each for each in range(65)}):
        client = room.join()
        client.submit(put("notes", "a", {"value": value}))
        client.ends_expected = True
        room.wait(lambda: client.closed or client.idle, "answer")
        expect(client.closed and client.closed[0] == 4000
               or client.outcomes.get(1) in (Status.TYPE, Status.RANGE, Status.LIMIT),
               f"{str(value)[:60]} was answered with {client.closed} {client.outcomes}")


# Events


def heard(client, event):
    return [(each.sender, each.value) for each in client.replica.heard if each.event == event]


@case
def an_event_to_0_comes_to_everyone_once(room):
    sender, *others = room.join_many(3)
    for value in range(10):
        sender.submit(emit("ping", 0, {"n": value}))
    room.settle()
    wanted = [(sender.member, {"n": value}) for value in range(10)]
    for each in (sender, *others):
        room.wait(lambda: len(heard(each, "ping")) >= 10, "events")
        expect_equal(heard(each, "ping"), wanted, "the events")


@case
def an_event_to_a_member_comes_to_that_member_alone(room):
    sender, receiver, other = room.join_many(3)
    applies(sender, emit("secret", receiver.member, "for you"))
    room.wait(lambda: heard(receiver, "secret"), "private event")
    applies(sender, put("notes", "after", {"x": 1}))
    room.settle()
    expect_equal(heard(receiver, "secret"), [(sender.member, "for you")], "the event")
    expect_equal(heard(other, "secret") + heard(sender, "secret"), [], "what the others heard")
    scopes = {each.scope for each in receiver.replica.heard if each.event == "secret"}
    expect_equal(scopes, {MINE}, "its scope")


@case
def the_newest_events_are_kept_for_those_who_come_later(room):
    sender, _ = room.join_many(2)
    applies(sender, emit("chat", 0, -1))
    room.settle()
    kept = sender.replica.names.event("chat").kept
    count = min(kept, 500) + 3
    for start in range(0, count, 50):
        end = min(count, start + 50)
        applies(sender, *(emit("chat", 0, each) for each in range(start, end)))
    room.settle()
    late = room.join()
    room.settle()
    wanted = ([-1] + list(range(count)))[-kept:] if kept else []
    expect_equal([value for _, value in late.replica.events("chat")], wanted, "the events kept")
    expect(all(each.history for each in late.replica.heard if each.event == "chat"),
           "what happened before the join is not history")
    expect(not any(each.history for each in sender.replica.heard if each.event == "chat"),
           "what happened after the join is history")


# How state travels


def fill(client, count, size, prefix="r"):
    """Records of about size bytes each."""
    size = min(size, client.welcome.limits[6] // 2)
    for at in range(count):
        client.submit(put("notes", f"{prefix}{at}", {"at": at, "text": chr(97 + at % 26) * size}))


@case
def a_large_state_comes_in_several_messages(room):
    writer = room.join()
    fill(writer, 120, 1500)
    room.settle()
    late = room.join()
    room.settle()
    parts = sections_of(late)
    expect(parts[0].flags & MORE, "180 KB came without the flag more")
    expect(not parts[-1].flags & MORE, "the last part has the flag more")
    expect_equal(len(note(late, "r7")["text"]), len(note(writer, "r7")["text"]), "the length")


@case
def a_state_that_changes_while_it_is_loaded_is_loaded_right(room):
    dice = random.Random(9)
    writer = room.join()
    fill(writer, 200, 2000)
    room.settle()
    late = room.client()
    late.connect(receive_buffer=4096)
    for round_ in range(40):
        id_ = f"r{dice.randrange(200)}"
        writer.do(dice.choice((set_("notes", id_, {"at": -round_}), delete("notes", id_),
                               put("notes", f"n{round_}", {"at": round_, "text": "t" * 1500}))))
        late.receive()
    room.wait(lambda: late.ready, "whole state")
    room.settle()


@case
def few_changed_records_come_by_gaps_and_many_by_bitmap(room):
    writer, reader = room.join_many(2)
    ids = [f"r{at}" for at in range(60)]
    applies(writer, *(put("notes", each, {"text": "old"}) for each in ids))
    room.settle()
    for form, changed in ((SET_GAPS, ids[7:60:50]), (SET_BITMAP, ids)):
        seen = len(reader.replica.sections)
        applies(writer, *(set_("notes", each, {"text": f"new {form}"}) for each in changed))
        room.settle()
        forms = set().union(*(each.forms for each in reader.replica.sections[seen:]))
        expect_equal(forms, {form}, f"the forms for {len(changed)} of 60 records")


@case
def slots_of_deleted_records_go_to_new_ones(room):
    dice = random.Random(5)
    writer, _ = room.join_many(2)
    alive = [f"r{at}" for at in range(30)]
    applies(writer, *(put("notes", each, {"text": each}) for each in alive))
    for round_ in range(12):
        gone = dice.sample(alive, 10)
        new = [f"n{round_}-{at}" for at in range(10)]
        alive = [each for each in alive if each not in gone] + new
        writer.submit(*(delete("notes", each) for each in gone),
                      *(put("notes", each, {"text": each}) for each in new))
    room.settle()
    wanted = {each: {"text": each} for each in alive}
    expect_equal(writer.replica.records("notes"), wanted, "the records")
    expect_equal(room.join().replica.records("notes"), wanted, "the records of one who came later")


@case
def a_put_of_a_known_record_may_come_whole(room):
    """Whoever held an old place gets each record once, however often it was made anew."""
    writer, _ = room.join_many(2)
    applies(writer, put("notes", "a", {"x": 1, "y": 1}))
    sequence = writer.submit(delete("notes", "a"))
    writer.submit(put("notes", "a", {"x": 2}, mine=sequence))
    room.settle()
    expect_equal(note(writer), {"x": 2}, "the record")
    expect(any(PUT in each.forms for each in writer.replica.sections), "there was no put")


@case
def random_edits_of_many_clients_end_equal_everywhere(room):
    for seed in range(3):
        dice = random.Random(seed)
        clients = room.join_many(3)
        for _ in range(80):
            dice.choice(clients).submit(*(random_edit(dice) for _ in range(dice.randint(1, 4))))
            if dice.random() < 0.2:
                room.wait(lambda: all(each.idle for each in clients), "outcomes")
        room.settle()
    room.join()
    room.settle()


def random_edit(dice):
    collection = dice.choice(("notes", "shapes"))
    id_ = f"r{dice.randrange(25)}-{dice.randrange(4)}"
    value = dice.choice((None, True, 5, -70000, 0.25, "text", b"bytes", [1, 2], {"a": 1}))
    return dice.choice((
        lambda: put(collection, id_, {"x": value, "y": dice.randrange(100)}),
        lambda: put(collection, id_, {"y": dice.randrange(100)}),
        lambda: put(collection, id_, {"x": value}, new=True),
        lambda: set_(collection, id_, {dice.choice("xy"): value}),
        lambda: append(collection, id_, "list", *range(dice.randint(1, 5))),
        lambda: add(collection, id_, "sum", dice.randint(-9, 9)),
        lambda: delete(collection, id_),
        lambda: emit("ping", 0, dice.randrange(100)),
    ))()
