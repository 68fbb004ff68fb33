"""The kind `board`: what it takes, and each thing that it refuses."""

from client import DEFLATED, Status, append, delete, emit, put, set_
from harness import cases, expect, expect_equal
from replica import EVERYONE, MORE, RESTART

CASES, case = cases()

STROKE = {"type": 0, "z": "a", "x": 0, "y": 0}
BOX = {"type": 1, "z": "a", "x": 0, "y": 0, "w": 80, "h": 80}
FRAME = {**BOX, "type": 9}
ARROW = {**STROKE, "type": 5}
COMMENT = {"x": 0, "y": 0, "text": "why?"}


def does(client, status, *edits):
    expect_equal(client.do(*edits), status, f"the status of {str(edits)[:150]}")


def without(fields, name):
    return {each: value for each, value in fields.items() if each != name}


@case
def a_board_has_the_names_of_the_document(room):
    names = room.join(kind="board").replica.names
    fields = {collection: [each.name for each in names.collection(collection).fields.values()]
              for collection in ("presence", "objects", "comments", "replies")}
    expect_equal(fields["presence"], ["user", "away", "x", "y", "view", "selection", "draft",
                                      "laser", "tool", "state"], "presence")
    expect_equal(len(fields["objects"]), 29, "how many fields objects have")
    expect_equal(fields["objects"][:8],
                 ["type", "z", "x", "y", "colour", "size", "tool", "points"], "objects")
    expect_equal(fields["comments"], ["x", "y", "on", "text", "name", "colour", "at", "resolved"],
                 "comments")
    expect_equal(fields["replies"], ["comment", "text", "name", "at"], "replies")
    expect_equal([names.event(each).kept for each in ("chat", "reaction", "summon")], [200, 32, 8],
                 "how many events are kept")


@case
def an_object_is_complete(room):
    writer, _ = room.join_many(2, kind="board")
    for name in STROKE:
        does(writer, Status.INCOMPLETE, put("objects", "a", without(STROKE, name)))
    for name in BOX:
        does(writer, Status.INCOMPLETE, put("objects", "a", without(BOX, name)))
    does(writer, Status.INCOMPLETE, put("objects", "a", {**BOX, "type": 8}))
    does(writer, Status.OK, put("objects", "a", {**BOX, "type": 8, "image": bytes(32)}))
    does(writer, Status.OK, put("objects", "b", BOX))
    does(writer, Status.INCOMPLETE, set_("objects", "b", {"w": None}))
    for name in COMMENT:
        does(writer, Status.INCOMPLETE, put("comments", "c", without(COMMENT, name)))
    does(writer, Status.INCOMPLETE, put("replies", "r", {"text": "so"}))
    does(writer, Status.INCOMPLETE, emit("chat", 0, {"name": "Ada"}))
    does(writer, Status.OK, emit("chat", 0, {"name": "Ada", "text": "hi"}))


@case
def points_come_whole(room):
    writer, _ = room.join_many(2, kind="board")
    does(writer, Status.OK, put("objects", "s", STROKE), put("objects", "l", ARROW))
    does(writer, Status.OK, append("objects", "s", "points", 0, 0, 64, 3, -2, 127))
    does(writer, Status.RANGE, append("objects", "s", "points", 3, -2))
    does(writer, Status.RANGE, append("objects", "s", "points", 3, -2, 128))
    does(writer, Status.OK, set_("objects", "l", {"points": [8, 8]}))
    does(writer, Status.RANGE, set_("objects", "l", {"points": [8]}))
    does(writer, Status.RANGE, append("objects", "s", "cuts", 5, 4))
    does(writer, Status.TYPE, append("objects", "s", "text", "words"))
    does(writer, Status.TYPE, set_("objects", "s", {"type": 1, "w": 0, "h": 0}))


@case
def names_lead_somewhere(room):
    writer, other = room.join_many(2, kind="board")
    does(writer, Status.NOT_FOUND, put("objects", "a", {**ARROW, "start": "none"}))
    does(writer, Status.NOT_FOUND, put("comments", "c", {**COMMENT, "on": "none"}))
    does(writer, Status.NOT_FOUND, put("replies", "r", {"comment": "none", "text": "so"}))
    does(writer, Status.OK, put("objects", "a", {**ARROW, "start": "b", "frame": "f"}),
         put("objects", "b", BOX), put("objects", "f", FRAME))
    does(writer, Status.REFUSED, set_("objects", "f", {"frame": "f"}))
    does(writer, Status.REFUSED, set_("objects", "b", {"frame": "a"}))
    does(writer, Status.REFUSED, set_("objects", "a", {"end": "a"}))
    does(other, Status.OK, delete("objects", "b"), delete("objects", "f"))
    does(writer, Status.OK, put("objects", "d", {**ARROW, "end": "b", "frame": "f"}))


@case
def undo_is_not_held_up_by_what_is_gone(room):
    writer, other = room.join_many(2, kind="board")
    does(other, Status.OK, put("objects", "f", FRAME))
    does(writer, Status.OK, put("objects", "a", {**ARROW, "start": "f", "frame": "f"}))
    does(writer, Status.OK, delete("objects", "a"))
    undone = writer.sequence
    does(other, Status.OK, delete("objects", "f"))
    does(writer, Status.OK,
         put("objects", "a", {**ARROW, "start": "f", "frame": "f"}, mine=undone))
    room.settle()
    expect_equal(other.replica.record("objects", "a")["start"], "f", "what it was attached to")


@case
def what_is_locked_stays(room):
    ada, ben, cy = room.join_many(3, kind="board")
    does(ada, Status.OK, put("objects", "a", {**BOX, "lock": 1}))
    does(ben, Status.LOCKED, set_("objects", "a", {"x": 5}))
    does(ada, Status.LOCKED, delete("objects", "a"))
    does(ben, Status.OK, set_("objects", "a", {"lock": 0, "x": 5}))
    does(ben, Status.OK, set_("objects", "a", {"lock": 2}))
    does(cy, Status.LOCKED, set_("objects", "a", {"lock": 0}))
    does(cy, Status.LOCKED, delete("objects", "a"))
    does(ben, Status.OK, set_("objects", "a", {"x": 6}), delete("objects", "a"))


@case
def words_are_their_authors(room):
    ada, ben = room.join_many(2, kind="board")
    does(ada, Status.OK, put("comments", "c", COMMENT))
    does(ben, Status.DENIED, set_("comments", "c", {"text": "because"}))
    does(ben, Status.DENIED, delete("comments", "c"))
    does(ben, Status.OK, set_("comments", "c", {"resolved": True, "x": 5}))
    does(ben, Status.OK, put("replies", "r", {"comment": "c", "text": "so"}))
    does(ada, Status.DENIED, set_("replies", "r", {"text": "no"}))
    does(ada, Status.DENIED, delete("replies", "r"))
    does(ada, Status.OK, delete("comments", "c"), delete("replies", "r"))
    does(ben, Status.DELETED, put("replies", "s", {"comment": "c", "text": "late"}))


@case
def a_board_learns_nothing(room):
    writer = room.join(kind="board")
    does(writer, Status.NOT_FOUND, put("objects", "a", {**BOX, "glow": 1}))
    does(writer, Status.NOT_FOUND, put("layers", "a"))
    does(writer, Status.NOT_FOUND, emit("gossip", 0, {}))


def fill(writer, strokes):
    for first in range(0, strokes, 20):
        does(writer, Status.OK,
             *(put("objects", f"stroke{each}", {**STROKE, "points": [each % 7, each % 5, 64] * 50})
               for each in range(first, first + 20)))


@case
def a_first_load_is_deflated_for_who_accepts_it(room):
    writer = room.join(kind="board")
    fill(writer, 600)
    for accepts in (None, DEFLATED, DEFLATED + 2**40, 0):
        late = room.client(kind="board")
        late.accepts = accepts
        late.connect()
        room.settle()
        parts = [each for each in late.replica.sections
                 if each.scope == EVERYONE and each.flags & MORE]
        expect(len(parts) > 0 and parts[0].flags & RESTART, "a first load in parts")
        expect_equal({each.deflated for each in parts}, {bool(accepts and accepts % 2)},
                     f"whether it is deflated for {accepts}")
