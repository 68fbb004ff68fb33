"""Hostile rows about what is recorded of a room. A member is in it, so that orders get as far as they can."""

import time

from client import Client, Status, put, set_, wait
from probe import SHORT_SECONDS, Row, agreed, cuts_of, in_parts, upgrade
from rows_files import in_room, status


def order(name, body, *expected, headers=None, method=b"POST", path=b"/forks", announced=None,
          seconds=6):
    """One order, cut in several ways; `announced` differs from what is sent where the row wants
    that."""
    def act(place):
        length = len(body) if announced is None else announced
        lines = headers if headers is not None else f"Content-Length: {length}"
        with in_room(place) as files:
            room = files.removesuffix(b"/files")
            request = (method + b" " + room + path + b" HTTP/1.1\r\nHost: x\r\n" +
                       lines.encode("latin-1") + b"\r\n\r\n" + body)
            cuts = cuts_of(request, length)
            deadline = time.monotonic() + seconds
            return agreed(in_parts(place, request, cuts, lambda connection: status(
                connection, max(SHORT_SECONDS, deadline - time.monotonic()))), cuts, expected)
    return Row(name, act, expected)


LENGTHS = [
    order(f"a fork announcing {name}", b'{"tick":1}', "HTTP 411", "HTTP 400", "HTTP 413",
          "dropped", headers=line) for name, line in (
        ("-1 bytes", "Content-Length: -1"),
        ("2^64 bytes", f"Content-Length: {2**64}"),
        ("two lengths", "Content-Length: 5\r\nContent-Length: 10"),
        ("length and chunks", "Content-Length: 10\r\nTransfer-Encoding: chunked"),
        ("chunks", "Transfer-Encoding: chunked"),
        ("a length of many words", "Content-Length: 10" + " or so" * 9),
        ("nothing", "X-Nothing: 0"),
    )
] + [
    order("GET of /recording with a length of many words", b"x" * 10, "HTTP 200", "dropped",
          method=b"GET", path=b"/recording", headers="Content-Length: 10" + " or so" * 9),
    order("a fork announcing 1 TiB", b'{"tick":1}', "HTTP 413", announced=2**40),
    order("a fork of 1 MiB, sent whole", b" " * (1 << 20), "HTTP 413", "dropped"),
    order("a fork that never comes to its end", b'{"tick"', "silent", announced=2000,
          seconds=1),
]

BODIES = [order(f"a fork of {name}", body, "HTTP 400") for name, body in (
    ("2,000 arrays in each other", b"[" * 2000),
    ("400 objects in each other", b'{"a":' * 400),
    ("a number of 2,000 digits", b'{"tick":' + b"9" * 2000 + b"}"),
    ("a number of 10^999", b'{"tick":1e999}'),
    ("a string with a NUL", b'{"tick":1,"room":"a\\u0000b"}'),
    ("half a surrogate", b'{"tick":1,"room":"\\ud800"}'),
    ("bytes that are not UTF-8", b'{"tick":1,"room":"\xff\xfe"}'),
    ("zeros", bytes(100)),
    ("a name that climbs", b'{"tick":1,"room":"../../etc/passwd"}'),
    ("a path of a replay", b'{"tick":1,"room":"a/replay/b"}'),
)]

MARKER = b'{"tick":1,"title":"x"}'

BEHIND = [
    order(f"{what} with {name} behind its body", body + rest, *expected,
          *("dropped",) * (len(rest) > 4096), path=b"/markers", announced=len(body))
    for what, body, expected in (("a marker", MARKER, ("HTTP 201",)),
                                 ("a marker of nothing", b"[]", ("HTTP 400",)))
    for name, rest in (
        ("a byte", b"x"),
        ("64 KiB", b"x" * 65536),  # of which some is not read when the connection ends
        ("a request", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("another marker", b"POST /v1/rooms/a/markers HTTP/1.1\r\nHost: x\r\n"
                           b"Content-Length: 22\r\n\r\n" + MARKER),
    )
] + [
    order(f"{method.decode()} of {path.decode()} with a body, twice", b"x" * 10 +
          method + b" " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n", *expected, "dropped",
          method=method, path=path, announced=10)
    for method, path, expected in ((b"GET", b"/recording", ("HTTP 200",)),
                                   (b"OPTIONS", b"/markers", ("HTTP 204",)),
                                   (b"DELETE", b"/markers/1", ("HTTP 204", "HTTP 404")),
                                   (b"GET", b"/nothing", ("HTTP 404",)))
]

PATHS = [
    order("DELETE of forks", b"", "HTTP 405", method=b"DELETE"),
    order("GET of forks", b"", "HTTP 405", method=b"GET"),
    order("a fork from another origin", b'{"tick":1}', "HTTP 403",
          headers="Content-Length: 10\r\nOrigin: https://evil.example"),
]

REPLAYS = [upgrade(f"a replay at {path[:60]}", "HTTP 400", "HTTP 404", "HTTP 414", "dropped",
                   path="/v1/rooms/a/replay/" + path) for path in (
    "", "a/b", "a%2fb", "a%00b", "a%3fat=1", "r" * 33, "r" * 3000, "a?at", "a?at=",
    "a?at=-1", "a?at=1e3", "a?at=0x1", "a?at=1.", "a?at=.1", "a?at=1.2.3",
    "a?at=" + "9" * 17, "a?at=" + "9" * 600, "a?at=1&at=2", "a?at=1&" + "x=1&" * 100, "a?at=1%00",
)]


def watched(place):
    """A viewer of what a member of the room has done, and the member."""
    member = place.member()
    member.do(put("notes", "a", {"x": 1}))
    wait([member], lambda: member.acknowledged, "an acknowledgement")
    viewer = Client(place.address, f"{place.room}/replay/hostile")
    viewer.connect()
    wait([viewer], lambda: viewer.ready, "a replay")
    return member, viewer


def seeks(place):
    """From one end to the other, as fast as messages may come."""
    member, viewer = watched(place)
    try:
        for number in range(150):
            viewer.submit(set_("replay", "player", {"seek": number % 2 * 2**53}))
        outcome = viewer.do(set_("replay", "player", {"seek": 1}))
        return "applied" if outcome == Status.OK else f"refused {outcome}"
    finally:
        viewer.finish()
        member.finish()


def too_many(place):
    """More replays than the server takes."""
    member, viewer = watched(place)
    others = [Client(place.address, f"{place.room}/replay/r{number}") for number in range(80)]
    try:
        for other in others:
            other.connect()
            other.ends_expected = True
        wait(others, lambda: all(other.ready or other.closed for other in others), "an answer")
        refused = {other.closed[0] for other in others if other.closed}
        return f"close {refused.pop()}" if len(refused) == 1 else f"closes {refused}"
    finally:
        for each in (*others, viewer, member):
            each.finish()


LOADS = [
    Row("150 seeks from end to end", seeks, ("applied",)),
    Row("80 replays at once", too_many, ("close 4015",)),
]

ROWS = LENGTHS + BODIES + BEHIND + PATHS + REPLAYS + LOADS
