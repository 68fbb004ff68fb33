"""What a room did, over HTTP and as rooms made of it: server/README.md, "Recordings"."""

import json

from cases_files import ask
from client import Status, delete, put, set_
from harness import Room, cases, expect, expect_equal
from replica import EVERYONE
from wire import UpgradeRefused

CASES, case = cases()


def seen(client):
    """The records of the collection that these cases write, by name."""
    return client.replica.records("notes")


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
        past.append((writer.tick, seen(writer)))
    return writer, past


def looked_at(room, name):
    """What is to be seen in another room."""
    other = Room(room.server, name)
    try:
        return seen(other.join())
    finally:
        other.finish()


@case
def a_fork_is_the_room_as_it_was_at_the_end_of_a_tick(room):
    _, past = played(room)
    for tick, there in past:
        made = fork(room, {"tick": tick})
        expect_equal(made["from"]["room"], room.name, "where it comes from")
        expect(made["from"]["tick"] <= tick, "it is of a later moment")
        expect_equal(looked_at(room, made["room"]), there, f"the fork of tick {tick}")
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
    made = fork(room, {"tick": past[2][0]})
    other = Room(room.server, made["room"])
    try:
        there = other.join()
        expect_equal(there.welcome.forked,
                     [made["from"][each] for each in ("room", "incarnation", "tick")],
                     "what it says that it comes from")
        expect_equal(writer.welcome.forked, None, "what a new room comes from")
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


# Replays

def watch(room, name="alone", at=None, **options):
    """A replay of the room, and someone in it."""
    watching = Room(room.server, f"{room.name}/replay/{name}" + (f"?at={at}" if at else ""))
    return watching, watching.join(**options)


def told(client, field):
    return client.replica.record("replay", "player").get(field)


def seek(watching, viewer, tick):
    """Until the player shows it."""
    expect_equal(viewer.do(set_("replay", "player", {"seek": tick})), Status.OK, "a seek")
    watching.wait(lambda: told(viewer, "tick") == tick and not told(viewer, "state"),
                  f"the player at tick {tick}")


@case
def a_replay_begins_at_the_moment_that_it_was_opened_at(room):
    writer, past = played(room)
    for number, (tick, there) in enumerate(past):
        for name, at in (("by", tick), ("in", f"{tick}.{writer.welcome.incarnation}")):
            watching, viewer = watch(room, f"{name}{number}", at)
            watching.wait(lambda: told(viewer, "state") == 0 and seen(viewer) == there,
                          f"what was there at tick {at}")
            expect(told(viewer, "tick") <= tick, "a later tick is shown")
            expect_equal(viewer.welcome.durability, 0, "the durability of a replay")
            expect(viewer.member >= 2**31, "a viewer has a number that a recorded member may have")
            watching.finish()


@case
def a_replay_shows_what_was_there_however_one_gets_to_it(room):
    _, past = played(room, 6)
    watching, viewer = watch(room, at=past[0][0])
    for number in (3, 1, 5, 0, 4, 4, 2, 5):
        tick, there = past[number]
        seek(watching, viewer, tick)
        expect_equal(seen(viewer), there, f"what was there at tick {tick}")
    watching.finish()


@case
def all_viewers_of_a_replay_see_the_same(room):
    _, past = played(room)
    watching, first = watch(room, at=past[0][0])
    second = watching.join()
    seek(watching, first, past[2][0])
    watching.settle((EVERYONE,))
    expect_equal(told(second, "tick"), past[2][0], "where the second viewer is")
    watching.finish()


@case
def nobody_changes_what_was_recorded(room):
    writer, past = played(room)
    watching, viewer = watch(room, at=past[3][0])
    before = seen(viewer)
    for edit in (put("notes", "n0", {"x": 99}), put("notes", "mine", {"x": 1}),
                 delete("notes", "n0"), delete("replay", "player"),
                 set_("replay", "player", {"tick": 1}), put("replay", "other", {"seek": 1})):
        expect(viewer.do(edit) != Status.OK, f"{edit} is taken")
    expect_equal(seen(viewer), before, "what is shown")
    expect_equal(seen(writer), past[-1][1], "the room")
    watching.finish()


@case
def what_is_not_recorded_is_not_shown(room):
    _, past = played(room, 1)
    tick = past[0][0]
    for path, kind, code in ((f"{room.name[:50]}-nowhere/replay/a?at=5", "open", 4014),
                             (f"{room.name}/replay/a?at={tick}.5", "open", 4014),
                             (f"{room.name}/replay/a?at={tick}", "cursors", 4012)):
        elsewhere = Room(room.server, path)
        viewer = elsewhere.client(kind=kind)
        viewer.connect()
        elsewhere.wait(lambda: viewer.closed, "a close")
        expect_equal(viewer.closed[0], code, f"the close code of {path}")
        elsewhere.finish()


@case
def a_replay_is_asked_for_in_its_words(room):
    for path, status in (("/replay", 404), ("/replay/", 400), ("/replays/a", 404),
                         ("/replay/a b", 400), ("/replay/a/b", 400), ("/replay/" + "a" * 33, 400),
                         ("/replay/a?at=", 400), ("/replay/a?at=x", 400), ("/replay/a?at=1.", 400),
                         ("/replay/a?at=1.2.3", 400), ("/replay/a?at=9007199254740993", 400),
                         ("/replay/a?from=1", 400), ("/replay/a?at=1&at=2", 400)):
        viewer = Room(room.server, room.name + path.replace(" ", "%20")).client()
        try:
            viewer.upgrade()
        except UpgradeRefused as refused:
            expect_equal(refused.status, status, f"the status of {path}")
        else:
            viewer.finish()
            expect(False, f"{path} is upgraded")


# What there is of a recording

def recording(room):
    answer, body = ask(room, "GET", f"/v1/rooms/{room.name}/recording")
    expect_equal(answer.status, 200, f"the status of {body!r}")
    expect_equal(answer.headers["content-type"], "application/json", "the type")
    return json.loads(body)


def say(room, method, path, body=None, status=204, **headers):
    answer, said = ask(room, method, f"/v1/rooms/{room.name}/{path}",
                       json.dumps(body) if body is not None else None, **headers)
    expect_equal(answer.status, status, f"the status of {said!r}")
    return json.loads(said) if status == 201 else None


@case
def a_recording_tells_what_there_is(room):
    writer, past = played(room)
    told_of = recording(room)
    expect_equal(sorted(told_of), ["activity", "began_ms", "ended_ms", "first", "gaps", "hz",
                                   "incarnation", "incarnations", "kind", "last", "markers",
                                   "people", "sessions"], "its members")
    expect_equal((told_of["kind"], told_of["hz"], told_of["incarnation"]),
                 (writer.kind, writer.welcome.tick_rate, writer.welcome.incarnation), "the room")
    expect(told_of["first"] <= past[0][0] <= told_of["last"], "a tick is not within it")
    activity = told_of["activity"]
    expect_equal(sum(activity["operations"]), len(past), "the operations")
    expect_equal(len(activity["operations"]), len(activity["presence"]), "the stretches")
    expect_equal([person["member"] for person in told_of["people"]], [writer.member], "the people")
    expect_equal(told_of["people"][0]["spans"][-1][1], None, "until when the member is there")
    answer, body = ask(room, "HEAD", f"/v1/rooms/{room.name}/recording")
    expect_equal((answer.status, body), (200, b""), "its head")
    answer, _ = ask(room, "GET", f"/v1/rooms/{room.name[:50]}-nowhere/recording")
    expect_equal(answer.status, 404, "the status for a room that is not there")


@case
def a_room_is_recorded_unless_whoever_makes_it_says_otherwise(room):
    expect_equal(room.join(query="?record=no").welcome.recorded, False, "recorded")
    writer, past = played(room)
    expect_equal(writer.welcome.recorded, False, "recorded, as who comes later is told")
    path = f"/v1/rooms/{room.name}"
    moment = {"tick": past[0][0]}
    for method, what, body in (("GET", "recording", b""), ("POST", "forks", json.dumps(moment)),
                               ("POST", "markers", json.dumps({**moment, "title": "x"}))):
        answer, _ = ask(room, method, f"{path}/{what}", body)
        expect_equal(answer.status, 404, f"the status of {what}")
    other = Room(room.server, room.name[:50] + "-other")
    try:
        expect_equal(other.join().welcome.recorded, True, "recorded")
        expect_equal(other.join(query="?record=no").welcome.recorded, True, "what it is already")
    finally:
        other.finish()


@case
def a_marker_stands_at_its_moment(room):
    writer, past = played(room)
    tick, incarnation = past[1][0], writer.welcome.incarnation
    made = say(room, "POST", "markers", {"tick": tick, "title": "<here> \"\u00e9\"", "colour": "7"},
               201)
    expect_equal(made, {"tick": tick, "incarnation": incarnation}, "the answer")
    expect_equal(recording(room)["markers"], [{"tick": tick, "incarnation": incarnation,
                                               "title": "<here> \"\u00e9\"", "colour": "7",
                                               "by": ""}], "the markers")
    say(room, "DELETE", f"markers/{tick}.{incarnation + 1}", status=404)
    say(room, "DELETE", f"markers/{tick}.{incarnation}")
    say(room, "DELETE", f"markers/{tick}", status=404)
    expect_equal(recording(room)["markers"], [], "the markers")


@case
def markers_and_sessions_are_named_in_their_words(room):
    played(room, 1)
    for method, path, body, status in (
            ("POST", "markers", {"tick": 1}, 400), ("POST", "markers", {"title": "x"}, 400),
            ("POST", "markers", {"tick": 1, "title": "x" * 201}, 400),
            ("POST", "markers", {"tick": 2**36, "title": "x"}, 400),
            ("POST", "markers", {"tick": 10**9, "title": "x"}, 404),
            ("GET", "markers", None, 405), ("DELETE", "markers/x", None, 400),
            ("DELETE", "markers/1.2.3", None, 400), ("POST", "markers/1", {}, 405),
            ("POST", "sessions/x", {"pinned": True}, 400),
            ("POST", "sessions/" + "0" * 16, {"pinned": True}, 404),
            ("POST", "sessions/" + "0" * 16, {}, 400),
            ("DELETE", "sessions/" + "0" * 16, None, 404),
            ("DELETE", "recording", None, 405)):
        say(room, method, path, body, status)


@case
def pages_of_another_origin_neither_read_nor_mark(room):
    _, past = played(room, 1)
    elsewhere = "https://elsewhere.example"
    answer, _ = ask(room, "GET", f"/v1/rooms/{room.name}/recording", Origin=elsewhere)
    expect_equal(answer.status, 403, "the status of the recording")
    say(room, "POST", "markers", {"tick": past[0][0], "title": "x"}, 403, Origin=elsewhere)
