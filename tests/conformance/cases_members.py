"""Members: presence whole and moved, who is here, and how a seat is given up."""

import random

from client import Status, wait_closed
from harness import cases, expect, expect_equal
from replica import FIXED, INT, MOVED_BITMAP, MOVED_GAPS, PRESENCE, SET_BITMAP, SET_GAPS
from wire import pack

CASES, case = cases()

ROOM_SIZES = (1, 2, 9, 40, 70)


def numbers_of_presence(client):
    """The declared numbers that `presence moved` can name, two at most."""
    fields = client.replica.names.collections[0].fields.values()
    found = [each for each in fields if each.type in (INT, FIXED) and each.number <= 6]
    expect(found, "this kind declares no number in presence")
    return sorted(found, key=lambda each: each.number)[:2]


def presence_of(observer, member):
    return observer.replica.record("presence", member) or {}


def shows(room, member, values):
    """Whether everyone sees these values at a member."""
    return all(presence_of(each, member).get(name) == value
               for each in room.present for name, value in values.items())


@case
def everyone_sees_every_member_and_its_user(room):
    people = [room.join(user={"name": name}) for name in ("Ada", "Grace", "Edsger")]
    room.wait(lambda: all(shows(room, each.member, {"user": each.user}) for each in people),
              "record of every member at every member")
    room.settle()
    for each in people:
        expect_equal(set(each.replica.records("presence")), {other.member for other in people},
                     "the members that one sees")


@case
def a_member_without_a_user_has_none(room):
    client = room.join(user=None)
    expect("user" not in presence_of(client, client.member), "there is a user")


@case
def presence_is_collection_0(room):
    client = room.join()
    collection = client.replica.names.collections[0]
    expect_equal((collection.name, collection.presence, collection.scope),
                 ("presence", True, PRESENCE), "collection 0")
    for name in ("user", "away"):
        expect(collection.field(name), f"presence has no field {name}")


@case
def presence_sets_fields_and_the_newest_value_wins(room):
    sender, _ = room.join_many(2)
    for value in range(20):
        sender.presence({"colour": value, "tool": f"pen {value}"})
    room.wait(lambda: shows(room, sender.member, {"colour": 19, "tool": "pen 19"}), "presence")
    sender.presence({"tool": "brush"})
    room.wait(lambda: shows(room, sender.member, {"colour": 19, "tool": "brush"}), "presence")
    sender.presence({"tool": None})
    room.wait(lambda: all("tool" not in presence_of(each, sender.member)
                          for each in room.present), "field to be unset")
    room.settle()


@case
def presence_takes_no_sequence(room):
    client = room.join()
    client.presence({"x": 1})
    sequence = client.submit([0, "notes", "a", "text", "x"])
    expect_equal((sequence, client.outcome(sequence)), (1, Status.OK), "sequence and outcome")


@case
def a_field_of_presence_may_be_named_by_its_number(room):
    sender, _ = room.join_many(2, kind="cursors")
    field = numbers_of_presence(sender)[0]
    sender.send([2, field.number, field.maximum])
    room.wait(lambda: shows(room, sender.member, {field.name: field.maximum}), "presence")


@case
def moves_reach_everyone_in_rooms_of_1_to_70_members(room):
    """Few movers make gaps, many make a bitmap; both must give the same values."""
    dice = random.Random(70)
    positions = {}
    for size in ROOM_SIZES:
        newcomers = room.join_many(size - len(room.clients), kind="cursors")
        for each in newcomers:
            positions[each.member] = start_position(each, dice)
            each.presence(positions[each.member])
        wait_for_positions(room, positions)
        for movers in (1, min(2, size), -(-size // 3), size, size):
            move_some(room, dice.sample(room.clients, movers), positions, dice)
            wait_for_positions(room, positions)
    room.settle()
    forms = set().union(*(each.forms for client in room.clients
                          for each in client.replica.sections))
    expect(forms & {SET_GAPS, MOVED_GAPS}, "no change came by gaps")
    expect(forms & {SET_BITMAP, MOVED_BITMAP}, "no change came by bitmap")
    expect(forms & {MOVED_GAPS, MOVED_BITMAP}, "no change came as a difference")


def start_position(client, dice):
    return {field.name: dice.randint(field.minimum, field.maximum)
            for field in numbers_of_presence(client)}


def move_some(room, movers, positions, dice):
    fields = numbers_of_presence(room.clients[0])
    for mover in movers:
        position = positions[mover.member]
        moved = {}
        for field in fields:
            step = dice.choice((1, -1, 3, -40, 63, -64, 64, 300, -5000))
            moved[field.name] = min(field.maximum, max(field.minimum, position[field.name] + step))
        position.update(moved)
        mover.move(moved)


def wait_for_positions(room, positions):
    room.wait(lambda: all(holds(each, positions) for each in room.present), "the new positions")


def holds(client, positions):
    records = client.replica.records("presence")
    return all(records.get(member, {}).get(name) == value
               for member, position in positions.items() for name, value in position.items())


@case
def a_move_may_name_one_field_alone(room):
    mover, _ = room.join_many(2, kind="cursors")
    fields = numbers_of_presence(mover)
    position = {field.name: field.minimum + 10 for field in fields}
    mover.presence(position)
    for field in fields:
        position[field.name] += 5
        mover.move({field.name: position[field.name]})
    room.wait(lambda: shows(room, mover.member, position), "the new position")


@case
def moves_count_from_the_value_sent_last_even_where_no_frame_lies_between(room):
    mover, _ = room.join_many(2, kind="cursors")
    field = numbers_of_presence(mover)[0]
    value = field.minimum
    mover.presence({field.name: value})
    for step in range(1, 30):
        value += step
        mover.move({field.name: value})
    room.wait(lambda: shows(room, mover.member, {field.name: value}), "the sum of the moves")
    room.settle()


@case
def a_member_cannot_write_user_or_away(room):
    client, other = room.join_many(2, user="Ada")
    for name, value in (("user", "Eve"), ("away", True)):
        client.notices.clear()
        client.send([2, name, value])
        room.wait(lambda: client.notices, f"notice about {name}")
        expect_equal(client.notices[0][0], Status.DENIED, f"the status for {name}")
    room.settle()
    record = presence_of(other, client.member)
    expect(record.get("user") == "Ada" and not record.get("away"), f"it was written: {record}")


@case
def presence_that_is_refused_gets_a_notice_with_the_reason(room):
    client = room.join(kind="cursors")
    field = numbers_of_presence(client)[0]
    for status, name, value in ((Status.NOT_FOUND, "no_such_field", 1),
                                (Status.NOT_FOUND, 31, 1),
                                (Status.RANGE, field.name, field.maximum + 1),
                                (Status.RANGE, field.name, field.minimum - 1),
                                (Status.TYPE, field.name, "far")):
        client.notices.clear()
        client.send([2, name, value])
        room.wait(lambda: client.notices, f"notice about {name}={value}")
        expect_equal(client.notices[0][0], status, f"the status for {name}={value}")


@case
def a_move_of_what_no_field_allows_is_malformed(room):
    for message in ([17], [17, 2, 2], [19, 2], [17, -2], [17, "2"], [17, None]):
        client = room.join(kind="cursors")
        client.socket.send(pack(message))
        expect_equal(wait_closed(client), 4000, f"the close code for {message}")


@case
def leave_gives_up_the_seat_at_once(room):
    leaver, witness = room.join_many(2)
    room.settle()
    leaver.leave()
    leaver.ends_expected = True
    room.wait(lambda: leaver.member not in witness.replica.records("presence"), "the seat empty")
    room.back(leaver)
    expect(not leaver.welcome.seat_kept, "the seat was kept")


@case
def a_close_with_1000_or_1001_gives_up_the_seat_at_once(room):
    witness = room.join()
    for code in (1000, 1001):
        leaver = room.join()
        room.settle()
        leaver.close(code)
        room.wait(lambda: leaver.member not in witness.replica.records("presence"),
                  f"seat empty after {code}")


@case
def any_other_end_keeps_the_seat_and_shows_the_member_away(room):
    witness, closer, loser, dropper = room.join_many(4)
    closer.close(4999)
    loser.lose()
    dropper.finish()
    for each in (closer, loser, dropper):
        room.wait(lambda: presence_of(witness, each.member).get("away") is True, "member away")


@case
def slots_of_those_who_left_go_to_newcomers(room):
    dice = random.Random(4)
    room.join_many(12)
    for _ in range(4):
        leavers = dice.sample(room.present, 5)
        for leaver in leavers:
            leaver.close()
        room.wait(lambda: all(each.closed for each in leavers), "the ends")
        room.join_many(5)
        members = {each.member for each in room.present}
        room.wait(lambda: all(set(each.replica.records("presence")) == members
                              for each in room.present), "the members that are left")
        room.settle()
