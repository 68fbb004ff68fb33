"""Hostile rows of msgpack and tutti.v1: messages, hellos, edits and values that must not pass."""

from client import Client, Status, add, append, delete, emit, put, set_, wait
from probe import Row, early, edit, hello, joined, message, observe, value
from wire import BINARY, Raw, frame, pack


def refused(*statuses):
    return tuple(f"refused {int(status)}" for status in statuses)


NOT_TAKEN = ("close 4000", *refused(Status.MALFORMED, Status.TYPE, Status.RANGE, Status.LIMIT))

MESSAGES = [
    message("the byte that msgpack never uses", "c1"),
    message("nil", "c0"),
    message("an integer alone", "01"),
    message("a map", "8101c0"),
    message("a string", "a568656c6c6f"),
    message("an empty array", "90"),
    message("a kind that is a string", "91a131"),
    message("a kind that is a float", "91ca3f800000"),
    message("a kind that is nil", "91c0"),
    *(message(f"the unknown kind {kind}", [kind]) for kind in (6, 15, 16, 128, 65536, 2**63, -1)),
    message("an array of 3 with 2 elements", "930301"),
    message("an array of 2^32-1 elements", "ddffffffff03"),
    message("an array of 16 million elements", "dd01000000" + "03"),
    message("operations that announce 2^32-1 edits", "9201" "ddffffffff"),
    message("30 arrays of 65,535 in each other", "dcffff" * 30),
    message("60,000 arrays in each other", "91" * 60000),
    message("60,000 maps in each other", "81a0" * 30000),
    message("an ext type", "92" "03" "d40001"),
    message("an ext of 2^32-1 bytes", "92" "03" "c9ffffffff01"),
    message("a time stamp", "92" "03" "d6ff00000000"),
    message("a clock without its echo", [3]),
    message("a clock with one element too many", [3, 1, 1]),
    message("a clock with the echo -1", [3, -1]),
    message("a clock with the echo 2^53+1", [3, 2**53 + 1]),
    message("a clock with the echo 1.0", [3, 1.0]),
    message("a clock with the echo nil", [3, None]),
    message("a leave with an element", [4, 1]),
    message("operations without one", [1], "close 4000", "alive"),
    message("an operation that is no array", [1, 5]),
    message("an operation without edits", [1, []]),
    message("an operation of 65 edits", [1, [put("notes", "b")] * 65]),
    joined("a byte behind the message", frame(BINARY, pack([3, 1]) + b"\0"), "close 4000"),
    joined("two messages in one", frame(BINARY, pack([3, 1]) * 2), "close 4000"),
    joined("a second hello", lambda member: frame(BINARY, pack([0, *member.hello()])),
           "close 4000", "close 4008"),
    message("a frame, as only servers send", [0, 1, [8, 1]]),
    message("a welcome, as only servers send", [2, 1, 1, 1, 20, 20, "open", 0, True, True, [], 0,
                                                [], []], "close 4000", "notice 4", "notice 9"),
]

PRESENCE = [
    message("presence with a field and no value", [2, "x"]),
    message("presence without a field", [2], "close 4000", "alive"),
    message("presence of a negative field", [2, -1, 1], "close 4000", "notice 4"),
    message("presence of the field 2^40", [2, 2**40, 1], "close 4000", "notice 4"),
    message("presence of an unknown number", [2, 31, 1], "notice 4"),
    message("presence of a name of 33 bytes", [2, "n" * 33, 1], "close 4000", "notice 2"),
    message("presence of an empty name", [2, "", 1], "close 4000", "notice 2"),
    message("presence that writes user", [2, "user", "Eve"], "notice 8"),
    message("presence that writes away", [2, "away", True], "notice 8"),
    message("presence of NaN", [2, "x", float("nan")]),
    message("presence of 60,000 bytes", [2, "x", "y" * 60000], "notice 3", "alive"),
    message("moved: a field never sent", [23, 2, 2, 2], "close 4000", "notice 4", "notice 9",
            "notice 2", "notice 8"),
    message("moved: too few differences", [19, 2]),
    message("moved: too many differences", [17, 2, 2]),
    message("moved: a negative difference", [17, -2]),
    message("moved: a difference of 2^64-1", [17, 2**64 - 1], "close 4000", "notice 10",
            "notice 4", "notice 9", "notice 2", "notice 8"),
]

INPUTS = [
    message("inputs without a gap", [5]),
    message("inputs without one", [5, 0]),
    message("33 inputs", [5, 0, *[1] * 33]),
    message("65,000 inputs", [5, 0, *[1] * 65000]),
    message("inputs with the gap 2^32+1", [5, 2**32 + 1, 1]),
    message("inputs with the gap -2^32-1", [5, -2**32 - 1, 1]),
    message("inputs with the gap 1.0", [5, 1.0, 1]),
    message("inputs with the gap nil", [5, None, 1]),
    message("an input that is NaN", [5, 0, float("nan")]),
    message("an input of an ext type", "93" "05" "00" "d40001"),
    message("an input 9 levels deep", [5, 0, [[[[[[[[[1]]]]]]]]]]),
    message("an input of 60,000 bytes in a room that takes none", [5, 0, b"x" * 60000],
            "notice 8"),
    message("inputs of every type in a room that takes none",
            [5, 0, None, True, 1, 1.5, "left", b"x", [1], {"a": 1}], "notice 8"),
    message("inputs 2^32 ticks ahead in a room that takes none", [5, 2**32, 1], "notice 8"),
]

HELLOS = [
    hello("hello with version 2", "close 4002", version=2),
    hello("hello with version 2^53", "close 4002", version=2**53),
    hello("hello with version nil", "close 4000", version=None),
    hello("hello with a key of 15 bytes", "close 4000", key=b"k" * 15),
    hello("hello with a key of 17 bytes", "close 4000", key=b"k" * 17),
    hello("hello with a key that is a string", "close 4000", key="k" * 16),
    hello("hello with an unknown room kind", "close 4012", kind="no-such-kind"),
    hello("hello with another room kind", "close 4012", kind="cursors"),
    hello("hello with a room kind of 60,000 bytes", "close 4012", "close 4000", kind="k" * 60000),
    hello("hello with a user of 1,025 bytes", "close 4000", user="u" * 1022),
    hello("hello with a user that is NaN", "close 4000", user=float("nan")),
    hello("hello with a user of bad UTF-8", "close 4000", user=Raw(b"\xa2\xc3\x28")),
    hello("hello with a user 100 levels deep", "close 4000", user=Raw(b"\x91" * 100 + b"\xc0")),
    hello("hello with the sequence -1", "close 4000", sequence=-1),
    hello("hello with the sequence 2^32", "close 4000", sequence=2**32),
    hello("hello with decided over its sequence", "close 4000", "welcome", sequence=1, decided=5),
    hello("hello with the incarnation 2^53+1", "close 4000", incarnation=2**53 + 1),
    hello("hello with the incarnation 1.0", "close 4000", incarnation=1.0),
    hello("hello with a scope without a place", "close 4000", places=[1]),
    hello("hello with negative places", "close 4000", places=[1, -1]),
    hello("hello with places in scopes that are not", "welcome", "close 4000",
          places=[10**6, 5, 2**53, 5]),
    hello("hello with one scope twice", "welcome", "close 4000", places=[1, 1, 1, 2]),
    hello("hello that accepts -1", "close 4000", accepts=-1),
    hello("hello that accepts 2^53+1", "close 4000", accepts=2**53 + 1),
    hello("hello that accepts text", "close 4000", accepts="deflated"),
    hello("hello that accepts what nobody knows", "welcome", accepts=2**53 - 1),
    hello("hello with 10,000 places", "welcome", "close 4000", places=[1, 1] * 10000),
    early("a hello cut short", lambda whole: frame(BINARY, whole[:-3]), "close 4000"),
    early("a hello with an element too many",
          lambda whole: frame(BINARY, bytes([whole[0] + 1]) + whole[1:] + b"\xc0"), "close 4000"),
    early("a clock before hello", frame(BINARY, pack([3, 1])), "close 4008"),
    early("operations before hello", frame(BINARY, pack([1, [put("notes", "a")]])), "close 4008"),
    early("noise before hello", frame(BINARY, b"\xc1\xc1\xc1"), "close 4000", "close 4008"),
]

EDITS = [
    edit("an edit that is no array", 7),
    edit("an empty edit", []),
    edit("the unknown verb 6", [6, "notes", "a"]),
    edit("the unknown verb 7", [7, "notes", "a"]),
    edit("the unknown guard 8", [64, "notes", "a", 1, "x", 1]),
    edit("the head -1", [-1, "notes", "a"]),
    edit("the head 2^40", [2**40, "notes", "a"]),
    edit("a put without a record", [0, "notes"]),
    edit("a put with a field and no value", [0, "notes", "a", "x"]),
    edit("a guard without its stamp", [17, "notes", "a"]),
    edit("a stamp that is a string", [17, "notes", "a", "1", "x", 1]),
    edit("a negative stamp", [17, "notes", "a", -1, "x", 1]),
    edit("a delete with too many elements", [4, "notes", "a", 1]),
    edit("an emit with too few elements", [5, "ping", 0]),
    edit("an emit with too many elements", [5, "ping", 0, 1, 1]),
    edit("a collection that is nil", put(None, "a")),
    edit("a collection that is a float", put(1.0, "a")),
    edit("the collection -1", put(-1, "a"), "close 4000", *refused(Status.NOT_FOUND)),
    edit("the collection 9,999", put(9999, "a"), *refused(Status.NOT_FOUND)),
    edit("the collection 2^64-1", put(2**64 - 1, "a"), "close 4000", *refused(Status.NOT_FOUND)),
    edit("a collection name of 33 bytes", put("n" * 33, "a"), "close 4000",
         *refused(Status.MALFORMED)),
    edit("an empty collection name", put("", "a"), "close 4000", *refused(Status.MALFORMED)),
    edit("a collection name of bad UTF-8", put(Raw(b"\xa2\xc3\x28"), "a")),
    edit("the collection presence", put("presence", "a", {"x": 1}), *refused(Status.DENIED)),
    edit("the field 31, not learnt", put("notes", "a", {31: 1}), *refused(Status.NOT_FOUND)),
    edit("the field 32", put("notes", "a", {32: 1}), "close 4000", *refused(Status.NOT_FOUND)),
    edit("the field 2^32", put("notes", "a", {2**32: 1}), "close 4000",
         *refused(Status.NOT_FOUND)),
    *(edit(f"the record id {shown}", put("notes", id_), "close 4000", *refused(Status.MALFORMED))
      for shown, id_ in (("that is empty", ""), ("of 25 bytes", "r" * 25), ("with a blank", "a b"),
                         ("with a line feed", "a\n"), ("with NUL", "a\0"), ("with DEL", "a\x7f"),
                         ("with an é", "\u00e9"))),
    edit("a record id that is a number", put("notes", 5), "close 4000"),
    edit("a set of a record that never was", set_("notes", "none", {"x": 1}),
         *refused(Status.NOT_FOUND)),
    edit("a set of a deleted record", set_("notes", "dead", {"x": 1}), *refused(Status.DELETED)),
    edit("an append to a deleted record", append("notes", "dead", "list", 1),
         *refused(Status.DELETED)),
    edit("an add to a deleted record", add("notes", "dead", "sum", 1), *refused(Status.DELETED)),
    edit("a delete of a deleted record", delete("notes", "dead"), *refused(Status.DELETED)),
    edit("a put over a deleted record", put("notes", "dead", {"x": 1}), *refused(Status.DELETED)),
    edit("an undo of someone else's delete", put("notes", "dead", {"x": 1}, mine=1),
         *refused(Status.DELETED)),
    edit("if new where there is one", put("notes", "a", new=True), *refused(Status.EXISTS)),
    edit("the stale stamp 0", set_("notes", "a", {"x": 9}, stamp=0), *refused(Status.STALE)),
    edit("a delete if mine of someone else's", delete("notes", "a", mine=1),
         *refused(Status.STALE)),
    edit("an append to a field that holds a value", append("notes", "a", "x", 1),
         *refused(Status.TYPE)),
    edit("an append of nothing", append("notes", "a", "list"), "close 4000", "applied"),
    edit("an append of an array", append("notes", "a", "list", [1]), "close 4000",
         *refused(Status.TYPE)),
    edit("an add of a string", add("notes", "a", "sum", "1"), *refused(Status.TYPE)),
    edit("an add of nil", add("notes", "a", "sum", None), *refused(Status.TYPE)),
    edit("an add of NaN", add("notes", "a", "sum", float("nan"))),
    edit("an add of 2^53 to 2^53", add("notes", "a", "big", 2**53),
         *refused(Status.RANGE, Status.TYPE)),
    edit("an emit to a member that is not", emit("ping", 2**31, 1), *refused(Status.NOT_FOUND)),
    edit("an emit to -1", emit("ping", -1, 1), "close 4000", *refused(Status.NOT_FOUND)),
    edit("an emit of the unknown event 999", emit(999, 0, 1), *refused(Status.NOT_FOUND)),
    edit("a put of 60,000 bytes", put("notes", "big", {"x": "y" * 60000}), "applied",
         *refused(Status.LIMIT)),
]

VALUES = [
    value("a NaN in 64 bits", "cb7ff8000000000000"),
    value("a NaN in 32 bits", "ca7fc00000"),
    value("plus infinity", "cb7ff0000000000000"),
    value("minus infinity in 32 bits", "caff800000"),
    value("a string of bad UTF-8: a lone continuation", "a180"),
    value("a string of bad UTF-8: cut off", "a2e282"),
    value("a string of bad UTF-8: overlong /", "a2c0af"),
    value("a string of bad UTF-8: a surrogate", "a3eda080"),
    value("a string of bad UTF-8: over U+10FFFF", "a4f4908080"),
    value("a string that announces 2^32-1 bytes", "dbffffffff61"),
    value("a binary that announces 2^32-1 bytes", "c6ffffffff61"),
    value("an array that announces 2^32-1 items", "ddffffffff01"),
    value("a map that announces 2^32-1 pairs", "dfffffffff" "a16101"),
    value("a map with one key twice", "82" "a16101" "a16102"),
    value("a map with a key that is a number", "81" "01" "01", *NOT_TAKEN),
    value("a map of 65 pairs", pack({f"k{each}": 1 for each in range(65)}).hex(), *NOT_TAKEN),
    value("9 levels of arrays", "91" * 9 + "01", *NOT_TAKEN),
    value("9 levels of maps", "81a161" * 9 + "01", *NOT_TAKEN),
    value("5,000 levels of arrays", "91" * 5000 + "01"),
    value("the integer 2^53+1", "cf0020000000000001", *NOT_TAKEN),
    value("the integer 2^64-1", "cfffffffffffffffff", *NOT_TAKEN),
    value("the integer -2^63", "d38000000000000000", *NOT_TAKEN),
    value("a value of an ext type", "d40001"),
    value("a value that starts with the byte that msgpack never uses", "c1"),
    value("a value that is not there", ""),
]


def every_prefix(place):
    """Each beginning of an operation, from a member of its own; nothing but 4000 is right."""
    whole = pack([1, [put("notes", "a", {"x": [1, {"k": 0.5}], "y": b"ab"}, stamp=300)]])
    outcomes = outcomes_of(place, [whole[:length] for length in range(len(whole))])
    return outcomes[0] if len(set(outcomes)) == 1 else f"different things: {set(outcomes)}"


def every_third_flipped_bit(place):
    """Damage that looks like the real thing. Any answer will do; hanging or dying will not."""
    whole = pack([1, [put("notes", "bits", {"x": [1, "two"]}), append("notes", "bits", "list", 3)]])
    damaged = [flip(whole, bit) for bit in range(0, 8 * len(whole), 3)]
    return "silent" if "silent" in outcomes_of(place, damaged) else "answered"


def flip(data, bit):
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def outcomes_of(place, payloads):
    """Each from a member of its own, with a good operation behind it."""
    members = place.members(len(payloads))
    for member, payload in zip(members, payloads):
        member.socket.send(payload)
        member.socket.send(pack([1, [put("marks", "m", {"n": 1})]]))
    outcomes = [observe(member.socket) for member in members]
    for member in members:
        member.finish()
    return outcomes


def remembered_sequences(place):
    """A client that says it has sent nothing is told otherwise, and nothing applies twice."""
    first = place.member()
    if first.do(put("sums", "s"), add("sums", "s", "n", 1)) not in (Status.OK, Status.DELETED):
        return "the first operation was refused"
    before = first.replica.record("sums", "s")["n"]
    first.lose()
    again = Client(place.address, place.room, key=first.key)
    again.connect(sequence=0, decided=0)
    wait([again], lambda: again.ready, "whole state")
    outcome = (again.welcome.sequence, again.welcome.key_known,
               again.replica.record("sums", "s")["n"])
    again.finish()
    return "applied once" if outcome == (1, True, before) else f"welcome {outcome}"


def the_last_sequence(place):
    """After 2^32-1 there is no number left for an operation."""
    client = Client(place.address, place.room)
    client.connect(sequence=2**32 - 1, decided=2**32 - 1)
    wait([client], lambda: client.ready, "whole state")
    client.socket.send(pack([1, [put("notes", "last", {"x": 1})]]))
    outcome = observe(client.socket)
    client.finish()
    return outcome


SEQUENCES = [
    Row("every prefix of an operation", every_prefix, ("close 4000",)),
    Row("every third bit of an operation flipped", every_third_flipped_bit, ("answered",)),
    Row("a replayed sequence", remembered_sequences, ("applied once",)),
    Row("an operation after the sequence 2^32-1", the_last_sequence,
        ("alive", "close 4000", "close 4011", *refused(Status.LIMIT))),
]

ROWS = MESSAGES + PRESENCE + INPUTS + HELLOS + EDITS + VALUES + SEQUENCES
