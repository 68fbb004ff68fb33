"""Coming back: what is kept, what is caught up, and what is decided only once."""

from client import Status, add, append, delete, emit, put, set_, wait, wait_closed
from harness import cases, expect, expect_equal
from replica import EVERYONE, MORE, NAMES, PRESENCE, RESTART

CASES, case = cases()


def sections_since(client, count):
    return client.replica.sections[count:]


def away(observer, member):
    return (observer.replica.record("presence", member) or {}).get("away")


def lose(room, client, witness):
    """The client's connection breaks, and the witness has seen that."""
    client.lose()
    room.wait(lambda: away(witness, client.member), "member away")


@case
def a_return_within_grace_finds_the_seat_as_it_was(room):
    client, witness = room.join_many(2, user="Ada")
    client.presence({"colour": "red"})
    room.settle()
    member = client.member
    lose(room, client, witness)
    room.back(client)
    welcome = client.welcome
    expect(welcome.seat_kept and welcome.key_known, "the seat or the key is gone")
    expect_equal(client.member, member, "the member's number")
    room.wait(lambda: not away(witness, member), "member back")
    room.settle()
    record = witness.replica.record("presence", member)
    expect_equal((record.get("colour"), record.get("user")), ("red", "Ada"), "the presence")


@case
def a_return_catches_up_exactly_and_loads_nothing_again(room):
    client, writer = room.join_many(2)
    writer.do(*(put("notes", f"r{at}", {"x": at, "text": "t" * 20}) for at in range(50)))
    writer.do(append("notes", "r0", "list", 1, 2), add("notes", "r0", "sum", 5))
    room.settle()
    places = dict(client.replica.places)
    lose(room, client, writer)
    writer.do(set_("notes", "r1", {"x": -1}), delete("notes", "r2"), delete("notes", "r3"),
              put("notes", "new", {"x": 1}), append("notes", "r0", "list", 3),
              add("notes", "r0", "sum", 1), set_("notes", "r4", {"text": None}),
              put("shapes", "s", {"learnt_while_away": True}))
    writer.presence({"colour": "blue"})
    room.settle()
    seen = len(client.replica.sections)
    room.back(client)
    expect_equal(sorted(client.welcome.scopes_kept), sorted(places), "the scopes kept")
    flags = [each.flags for each in sections_since(client, seen)]
    expect(not any(each & RESTART for each in flags), f"a first load came: flags {flags}")
    room.settle()


@case
def a_return_to_an_unchanged_room_still_gets_a_first_frame(room):
    client = room.join()
    client.do(put("notes", "a", {"x": 1}))
    for _ in range(3):
        client.lose()
        room.back(client)
        expect(client.frames >= 1, "no frame came")
        expect_equal(client.replica.record("notes", "a"), {"x": 1}, "the record")


@case
def the_place_of_a_complete_scope_is_accepted_alone(room):
    client, _ = room.join_many(2)
    client.do(put("notes", "a", {"x": 1}))
    room.settle()
    for scope in (NAMES, EVERYONE, PRESENCE):
        client.lose()
        client.replica.places = {scope: client.replica.places[scope]}
        room.back(client)
        expect(set(client.welcome.scopes_kept) <= {scope}, "a scope that was not offered is kept")
        room.settle()


@case
def a_foreign_incarnation_starts_over(room):
    client, _ = room.join_many(2)
    client.do(put("notes", "a", {"x": 1}))
    room.settle()
    client.lose()
    true = client.replica.incarnation
    client.replica.incarnation = true + 1
    seen = len(client.replica.sections)
    room.back(client)
    expect_equal(client.welcome.incarnation, true, "the incarnation")
    expect_equal(client.welcome.scopes_kept, [], "the scopes kept")
    for scope in (NAMES, EVERYONE, PRESENCE):
        first = next((each for each in sections_since(client, seen) if each.scope == scope), None)
        expect(first and first.flags & RESTART, f"scope {scope} did not start over")
    room.settle()


@case
def a_place_that_no_room_has_reached_is_not_accepted(room):
    client, _ = room.join_many(2)
    client.do(put("notes", "a", {"x": 1}))
    room.settle()
    client.lose()
    client.replica.places[EVERYONE] += 1000
    room.back(client)
    expect(EVERYONE not in client.welcome.scopes_kept, "the place was accepted")
    room.settle()


@case
def a_second_connection_takes_the_seat_over_and_the_older_gets_4009(room):
    older, witness = room.join_many(2)
    older.ends_expected = True
    newer = room.join(key=older.key)
    expect_equal(wait_closed(older), 4009, "the older connection's close code")
    expect(newer.welcome.seat_kept, "the seat was not kept")
    expect_equal(newer.member, older.member, "the member's number")
    newer.sequence = newer.decided = newer.welcome.sequence
    expect_equal(newer.do(put("notes", "a", {"x": 1})), Status.OK, "an operation of the newer")
    room.settle()
    expect_equal(len(witness.replica.records("presence")), 2, "the count of members")


@case
def a_client_that_kept_nothing_but_its_key_loads_the_whole_state(room):
    older, _ = room.join_many(2)
    older.do(put("notes", "a", {"x": 1}))
    older.lose()
    newer = room.join(key=older.key)
    welcome = newer.welcome
    expect(welcome.key_known, "the key is forgotten")
    expect_equal((welcome.sequence, welcome.scopes_kept), (1, []), "sequence and scopes kept")
    room.settle()


@case
def outcomes_that_never_arrived_come_with_the_welcome(room):
    client, witness = room.join_many(2)
    client.do(put("notes", "a"), add("notes", "a", "sum", 1))
    room.settle()
    sent = [client.submit(add("notes", "a", "sum", 10)), client.submit(delete("notes", "none")),
            client.submit(put("notes", "a", new=True)), client.submit(add("notes", "a", "sum", 10))]
    wait([witness], lambda: witness.replica.record("notes", "a") == {"sum": 21}, "the sum 21")
    client.lose()
    room.back(client)
    expect_equal(client.welcome.sequence, sent[-1], "the sequence")
    expect_equal([client.outcomes.get(each) for each in sent],
                 [Status.OK, Status.NOT_FOUND, Status.EXISTS, Status.OK], "the outcomes")
    room.settle()
    expect_equal(client.replica.record("notes", "a"), {"sum": 21}, "the record")


@case
def operations_that_never_arrived_are_sent_again_and_apply_once(room):
    client, witness = room.join_many(2)
    client.do(put("notes", "a"), add("notes", "a", "sum", 1))
    arrived = client.submit(add("notes", "a", "sum", 10))
    wait([witness], lambda: witness.replica.record("notes", "a") == {"sum": 11}, "the sum 11")
    client.lose()
    lost = client.submit_each([[add("notes", "a", "sum", 100)], [delete("notes", "none")],
                               [append("notes", "a", "list", "once")]])
    room.back(client)
    expect_equal(client.welcome.sequence, arrived, "the sequence")
    room.settle()
    expect_equal([client.outcomes.get(each) for each in lost],
                 [Status.OK, Status.NOT_FOUND, Status.OK], "the outcomes")
    expect_equal(client.replica.record("notes", "a"), {"sum": 111, "list": ["once"]}, "the record")


@case
def a_hello_that_says_less_than_was_sent_gets_the_remembered_sequence(room):
    client = room.join()
    for at in range(5):
        client.do(put("notes", f"r{at}", {"x": at}))
    client.lose()
    room.back(client, sequence=2, decided=2)
    expect_equal(client.welcome.sequence, 5, "the sequence")
    sequence = client.submit(put("notes", "next", {"x": 1}))
    expect_equal((sequence, client.outcome(sequence)), (6, Status.OK), "the next operation")


@case
def refusals_are_listed_above_decided_only(room):
    client = room.join()
    for _ in range(4):
        client.do(delete("notes", "none"))
    client.lose()
    client.decided = 2
    room.back(client)
    expect_equal(client.welcome.refusals, [3, Status.NOT_FOUND, 4, Status.NOT_FOUND], "refusals")


@case
def events_that_are_kept_arrive_once_after_an_absence(room):
    client, sender = room.join_many(2)
    sender.do(emit("chat", 0, 0))
    room.settle()
    kept = sender.replica.names.event("chat").kept
    lose(room, client, sender)
    count = min(5, kept)
    for value in range(1, count + 1):
        sender.do(emit("chat", 0, value))
    room.back(client)
    room.settle()
    values = [each.value for each in client.replica.heard if each.event == "chat"]
    expect_equal(values, list(range(count + 1)), "the events")
    expect(not any(each.history for each in client.replica.heard), "missed events are history")


@case
def a_large_catch_up_comes_in_several_messages_without_starting_over(room):
    client, writer = room.join_many(2)
    writer.do(put("notes", "first", {"x": 1}))
    room.settle()
    lose(room, client, writer)
    for at in range(120):
        writer.submit(put("notes", f"r{at}", {"text": "t" * 1500}))
    room.wait(lambda: writer.idle, "outcome of all operations")
    seen = len(client.replica.sections)
    room.back(client)
    parts = [each for each in sections_since(client, seen) if each.scope == EVERYONE]
    expect(parts[0].flags & MORE, "180 KB came without the flag more")
    expect(not any(each.flags & RESTART for each in parts), "it started over")
    room.settle()


@case
def a_first_load_that_was_cut_off_ends_right_at_the_second_try(room):
    writer = room.join()
    for at in range(200):
        writer.submit(put("notes", f"r{at}", {"x": at, "text": "t" * 1500}))
    room.settle()
    cut = room.client()
    cut.connect(receive_buffer=4096)
    while not cut.frames and not cut.closed:
        cut.receive(until=lambda: cut.frames)
    expect(cut.frames, "the connection ended")
    expect(EVERYONE not in cut.replica.places, "300 KB came in one message")
    cut.lose()
    writer.do(delete("notes", "r0"), set_("notes", "r1", {"x": -1}))
    room.back(cut)
    room.settle()


@case
def a_room_outlives_its_members(room):
    client = room.join()
    client.do(put("notes", "a", {"x": 1}), emit("chat", 0, "hello"))
    client.close()
    room.wait(lambda: client.closed, "end of the connection")
    other = room.join()
    expect_equal(other.welcome.incarnation, client.welcome.incarnation, "the incarnation")
    expect_equal(other.replica.record("notes", "a"), {"x": 1}, "the record")
    room.back(client)
    expect(EVERYONE in client.welcome.scopes_kept, "the place was not accepted")
    expect(client.welcome.key_known, "the key is forgotten")
    room.settle()


@case
def many_returns_of_one_client_end_equal(room):
    writer, restless = room.join_many(2)
    for round_ in range(8):
        writer.submit(put("notes", f"r{round_ % 3}", {"x": round_}), add("notes", "r0", "sum", 1))
        restless.submit(put("notes", f"own{round_}", {"x": round_}),
                        append("notes", f"own{round_}", "list", round_))
        restless.lose()
        room.back(restless)
    room.settle()
    expect(all(status == Status.OK for status in restless.outcomes.values()), "a refusal")
    expect_equal(sorted(each for each in restless.replica.records("notes") if each[0] == "o"),
                 [f"own{round_}" for round_ in range(8)], "the records")
