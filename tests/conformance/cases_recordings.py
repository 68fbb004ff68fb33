"""What a room did, over HTTP and as rooms made of it: server/README.md, "Recordings"."""

import json

from cases_files import ask
from client import Status, put
from harness import Room, cases, expect, expect_equal
from replica import EVERYONE

CASES, case = cases()

SEEN = (EVERYONE,)


def fork(room, wish, status=201, **headers):
    answer, body = ask(room, "POST", f"/v1/rooms/{room.name}/forks",
                       wish if isinstance(wish, bytes) else json.dumps(wish), **headers)
    expect_equal(answer.status, status, f"the status of {body!r}")
    return json.loads(body) if status == 201 else None


def played(room, moments=4):
    """A member, and what was to be seen at the ticks at which it had done something."""
    writer = room.join()
    past = []
    for number in range(moments):
        expect_equal(writer.do(put("notes", f"n{number % 3}", {"x": number})), Status.OK, "a put")
        room.wait(lambda: writer.acknowledged, "an acknowledgement")
        past.append((writer.tick, writer.replica.view(SEEN)))
    return writer, past


def looked_at(room, name):
    """What is to be seen in another room."""
    other = Room(room.server, name)
    try:
        return other.join().replica.view(SEEN)
    finally:
        other.finish()


@case
def a_fork_is_the_room_as_it_was_at_the_end_of_a_tick(room):
    _, past = played(room)
    for tick, seen in past:
        made = fork(room, {"tick": tick})
        expect_equal(made["from"]["room"], room.name, "where it comes from")
        expect(made["from"]["tick"] <= tick, "it is of a later moment")
        expect_equal(looked_at(room, made["room"]), seen, f"the fork of tick {tick}")
    expect_equal(looked_at(room, room.name), past[-1][1], "the room itself")


@case
def a_fork_has_the_name_that_it_was_given(room):
    _, past = played(room)
    name = room.name[:50] + "-fork"
    expect_equal(fork(room, {"tick": past[1][0], "room": name})["room"], name, "the name")
    expect_equal(looked_at(room, name), past[1][1], "the fork")
    fork(room, {"tick": past[1][0], "room": name}, 409)
    fork(room, {"tick": past[1][0], "room": room.name}, 409)


@case
def a_fork_goes_on_by_itself(room):
    writer, past = played(room)
    other = Room(room.server, fork(room, {"tick": past[2][0]})["room"])
    try:
        there = other.join()
        expect_equal(there.do(put("notes", "mine", {"x": 1})), Status.OK, "a put in the fork")
        expect_equal(writer.do(put("notes", "ours", {"x": 1})), Status.OK, "a put in the room")
        expect_equal(there.replica.record("notes", "ours"), None, "a record of the room")
        expect_equal(writer.replica.record("notes", "mine"), None, "a record of the fork")
    finally:
        other.finish()


@case
def of_what_is_not_there_nothing_is_made(room):
    answer, _ = ask(room, "POST", f"/v1/rooms/{room.name[:50]}-nowhere/forks", '{"tick": 5}')
    expect_equal(answer.status, 404, "the status for a room that is not there")
    _, past = played(room, 1)
    fork(room, {"tick": past[0][0], "incarnation": 5}, 404)


@case
def a_fork_is_asked_for_in_its_words(room):
    played(room, 1)
    for wish in (b"{", b"7", b"[]", b"{}", b'{"tick":-1}', b'{"tick":1.5}', b'{"tick":"1"}',
                 b'{"tick":9007199254740993}', b'{"tick":1,"tick":1}', b'{"tick":1,"then":2}',
                 b'{"tick":1,"room":"a/b"}', b'{"tick":1,"room":""}', b"\xff", b" "):
        fork(room, wish, 400)
    fork(room, b'{"tick":1}' + b" " * 2039, 413)
    path = f"/v1/rooms/{room.name}/forks"
    for method in ("GET", "PUT", "DELETE"):
        expect_equal(ask(room, method, path)[0].status, 405, f"the status of {method}")


@case
def pages_of_another_origin_fork_nothing(room):
    _, past = played(room, 1)
    fork(room, {"tick": past[0][0]}, 403, Origin="https://elsewhere.example")
    host, port = room.server.address
    fork(room, {"tick": past[0][0]}, Origin=f"http://{host}:{port}")
