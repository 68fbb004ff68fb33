"""Hostile rows of a board: what one member tries against what others have drawn there."""

import hashlib

from client import Client, Failure, Status, append, delete, emit, put, set_, wait
from probe import Place, Row, observe
from rows_messages import refused
from wire import pack

STROKE = {"type": 0, "z": "a", "x": 0, "y": 0}
BOX = {"type": 1, "z": "a", "x": 0, "y": 0, "w": 80, "h": 80}
FRAME = {**BOX, "type": 9}
ARROW = {**STROKE, "type": 5}
COMMENT = {"x": 0, "y": 0, "text": "why?"}
GOOD = [emit("chat", 0, {"text": "hi"})]

KEPT = {"locked": {**BOX, "lock": 1}, "kept": {**BOX, "lock": 2}, "free": BOX, "frame": FRAME,
        "inner": {**FRAME, "frame": "frame"}, "pen": STROKE}


def host_of(place):
    """The member whose board it is: the same one in every row."""
    host = Client(place.address, place.room, kind="board",
                  key=hashlib.sha256(place.room.encode()).digest()[:16])
    host.connect()
    wait([host], lambda: host.ready, "whole state")
    if not host.replica.records("objects"):
        edits = [put("objects", name, fields) for name, fields in KEPT.items()]
        if host.do(*edits, put("comments", "said", COMMENT)) != Status.OK:
            raise Failure("the board could not be prepared")
    return host


def still_as_it_was(host):
    """The outcome where what the row was after has changed all the same."""
    wait([host], lambda: host.do(*GOOD) == Status.OK, "an answer to the host")
    objects = host.replica.records("objects")
    for name in ("locked", "kept"):
        held = objects.get(name)
        if held is None or any(held.get(field) != value for field, value in KEPT[name].items()):
            return f"{name} is {held}"
    if host.replica.record("comments", "said") != COMMENT:
        return "the comment says something else"
    return None


def sends(name, messages, *expected, operations=0):
    """Messages of another member of the board, and a good operation behind them."""
    def act(place):
        place = Place(place.address, f"{place.room}-board")
        host = host_of(place)
        member = Client(place.address, place.room, kind="board")
        member.connect()
        wait([member, host], lambda: member.ready, "whole state")
        for message in messages:
            member.socket.send(pack(message))
        member.socket.send(pack([1, GOOD]))
        linger = any(each.startswith("notice") for each in expected)
        outcome = observe(member.socket, operations, linger)
        member.finish()
        outcome = still_as_it_was(host) or outcome
        host.finish()
        return outcome
    return Row(f"board: {name}", act, expected)


def tries(name, *edits, status=None):
    """One operation."""
    expected = ("applied",) if status is None else refused(status)
    return sends(name, [[1, list(edits)]], *expected, operations=1)


def points(count):
    return [100, 100, 64] * count


LOCKS = [
    tries("a change to what is locked", set_("objects", "locked", {"x": 5}),
          status=Status.LOCKED),
    tries("a put over what is locked", put("objects", "locked", BOX), status=Status.LOCKED),
    tries("the deletion of what is locked", delete("objects", "locked"), status=Status.LOCKED),
    tries("points for what is locked", append("objects", "locked", "points", 1, 2),
          status=Status.LOCKED),
    tries("to free what someone else keeps", set_("objects", "kept", {"lock": 0}),
          status=Status.LOCKED),
    tries("to keep what someone else keeps", set_("objects", "kept", {"lock": 2}),
          status=Status.LOCKED),
    tries("to free and change it in one", set_("objects", "kept", {"lock": None, "x": 5}),
          status=Status.LOCKED),
    tries("the deletion of what is kept", delete("objects", "kept"), status=Status.LOCKED),
    tries("its deletion behind a good edit", put("objects", "free", {"x": 1}),
          delete("objects", "kept"), status=Status.LOCKED),
    tries("an undo of a lock by someone else", set_("objects", "kept", {"lock": 0}, mine=1)),
    tries("an undo of what someone else made", delete("objects", "kept", mine=1),
          status=Status.STALE),
    tries("a guess at someone's operations",
          *(set_("objects", "kept", {"lock": 0}, mine=each) for each in range(60))),
]

WORDS = [
    tries("another's words", set_("comments", "said", {"text": "because"}), status=Status.DENIED),
    tries("another's name", set_("comments", "said", {"name": "Eve"}), status=Status.DENIED),
    tries("the deletion of a comment", delete("comments", "said"), status=Status.DENIED),
    tries("a comment of 4,001 bytes", put("comments", "long", {**COMMENT, "text": "x" * 4001}),
          status=Status.RANGE),
    tries("a comment without words", put("comments", "mute", {"x": 0, "y": 0}),
          status=Status.INCOMPLETE),
    tries("a reply to no comment", put("replies", "r", {"comment": "none", "text": "so"}),
          status=Status.NOT_FOUND),
    tries("a chat line of 5,000 bytes", emit("chat", 0, {"text": "x" * 5000}),
          status=Status.LIMIT),
    tries("a chat line without text", emit("chat", 0, {"name": "Eve"}), status=Status.INCOMPLETE),
    tries("an emoji of 10,000 bytes", emit("reaction", 0, {"x": 0, "y": 0, "emoji": "x" * 4000}),
          status=Status.RANGE),
]

NAMES = [
    tries("an arrow to nowhere", put("objects", "a", {**ARROW, "end": "none"}),
          status=Status.NOT_FOUND),
    tries("an arrow to itself", put("objects", "a", {**ARROW, "end": "a"}),
          status=Status.REFUSED),
    tries("an arrow to a name of 25 bytes", put("objects", "a", {**ARROW, "end": "x" * 25}),
          status=Status.RANGE),
    tries("a frame that is none", put("objects", "a", {**BOX, "frame": "free"}),
          status=Status.REFUSED),
    tries("a frame in itself", set_("objects", "frame", {"frame": "frame"}),
          status=Status.REFUSED),
    tries("a frame in what is in it", set_("objects", "frame", {"frame": "inner"}),
          status=Status.REFUSED),
    tries("two frames in each other", put("objects", "b", {**FRAME, "frame": "c"}),
          put("objects", "c", {**FRAME, "frame": "b"}), status=Status.REFUSED),
    tries("60 frames in each other", put("objects", "f0", FRAME),
          *(put("objects", f"f{each}", {**FRAME, "frame": f"f{each - 1}"})
            for each in range(1, 60)), status=Status.REFUSED),
    tries("63 objects that name each other behind them",
          *(put("objects", f"n{each}", {**ARROW, "end": f"n{each + 1}"}) for each in range(63)),
          status=Status.NOT_FOUND),
]

SIZES = [
    tries("20,000 points in one stroke", put("objects", "much", STROKE),
          append("objects", "much", "points", *points(20000)), status=Status.RANGE),
    sends("a stroke that grows without end",
          [[1, [put("objects", "grows", STROKE)]]]
          + [[1, [append("objects", "grows", "points", *points(2000))]] for _ in range(8)],
          *refused(Status.LIMIT, Status.RANGE), operations=9),
    sends("a million points in a second",
          [[1, *([put("objects", f"m{each}-{one}", {**STROKE, "points": points(1000)})]
                 for one in range(18))] for each in range(60)],
          "close 4011", "dropped", *refused(Status.LIMIT), operations=60 * 18),
    tries("a text of 60,000 bytes", append("objects", "free", "text", b"x" * 60000),
          status=Status.LIMIT),
    tries("a text that is text", append("objects", "free", "text", "words"), status=Status.TYPE),
    tries("an index of 60,000 bytes", set_("objects", "free", {"z": "a" * 60000}),
          status=Status.RANGE),
    tries("an index of blanks", set_("objects", "free", {"z": "  "}), status=Status.RANGE),
    tries("half a point", append("objects", "pen", "points", 1), status=Status.RANGE),
    tries("a pressure of 128", append("objects", "pen", "points", 1, 1, 128),
          status=Status.RANGE),
    tries("a point 2^31 away", append("objects", "pen", "points", 2**31, 0, 1),
          status=Status.TYPE),
    tries("a cut that ends before it begins", append("objects", "pen", "cuts", 9, 1),
          status=Status.RANGE),
    tries("a place out of the world", set_("objects", "free", {"x": 2**23 + 1}),
          status=Status.RANGE),
    tries("a place that is a fraction", set_("objects", "free", {"x": 0.5}), status=Status.TYPE),
    tries("a type that nobody knows", set_("objects", "free", {"type": 12}), status=Status.RANGE),
    tries("a stroke out of a box", set_("objects", "free", {"type": 0}), status=Status.TYPE),
    tries("a box without sides", set_("objects", "free", {"w": None}), status=Status.INCOMPLETE),
    tries("an image of 31 bytes", put("objects", "i", {**BOX, "type": 8, "image": b"x" * 31}),
          status=Status.RANGE),
    tries("an image that is a path", put("objects", "i", {**BOX, "type": 8, "image": "/etc"}),
          status=Status.TYPE),
    tries("nine groups", set_("objects", "free", {"groups": ["g"] * 9}), status=Status.RANGE),
    tries("a group of 60,000 bytes", set_("objects", "free", {"groups": ["g" * 60000]}),
          status=Status.LIMIT),
    tries("groups in groups", set_("objects", "free", {"groups": [["g"]]}), status=Status.TYPE),
    tries("a field of one's own", set_("objects", "free", {"glow": 1}), status=Status.NOT_FOUND),
    tries("a collection of one's own", put("layers", "a"), status=Status.NOT_FOUND),
]

PRESENCES = [
    sends("a pointer out of the world", [[2, "x", 2**23 + 1]], "notice 10"),
    sends("a view of five numbers", [[2, "view", [0, 0, 1, 1, 1]]], "notice 10"),
    sends("a draft of 60,000 bytes", [[2, "draft", "x" * 60000]], "notice 3"),
    sends("a presence of one's own", [[2, "glow", 1]], "notice 4"),
]

ROWS = LOCKS + WORDS + NAMES + SIZES + PRESENCES
