"""Hostile rows about a room's files. A member is in the room, so that uploads get as far as they can."""

import select
import time
from contextlib import contextmanager

from probe import Row, agreed, cuts_of, in_parts
from wire import read_http_head

PNG = b"\x89PNG\r\n\x1a\n"
CUT_BYTES = 1 << 20  # what is longer is sent once


@contextmanager
def in_room(place):
    """Where the room's files are, while someone is in it."""
    member = place.member()
    try:
        yield f"/v1/rooms/{place.room}/files".encode()
    finally:
        member.socket.finish()


def status(connection, seconds=6):
    connection.settimeout(seconds)
    try:
        answer = read_http_head(connection)
    except TimeoutError:
        return "silent"
    except ConnectionError:
        return "dropped"
    return f"HTTP {answer.status}" if answer else "dropped"


def post(name, body, *expected, headers=None, method=b"POST", path=b"", announced=None):
    """One upload, cut in several ways; `announced` differs from what is sent where the row wants
    that."""
    def act(place):
        length = len(body) if announced is None else announced
        lines = headers if headers is not None else f"Content-Length: {length}"
        with in_room(place) as files:
            request = (method + b" " + files + path + b" HTTP/1.1\r\nHost: x\r\n" +
                       lines.encode("latin-1") + b"\r\n\r\n" + body)
            cuts = cuts_of(request, length) if len(request) <= CUT_BYTES else (0,)
            return agreed(in_parts(place, request, cuts, status), cuts, expected)
    return Row(name, act, expected)


LENGTHS = [
    post(f"an upload announcing {name}", PNG + b"x" * 100, "HTTP 411", "HTTP 400", "HTTP 413",
         "dropped", headers=line) for name, line in (
        ("-1 bytes", "Content-Length: -1"),
        ("2^64 bytes", f"Content-Length: {2**64}"),
        ("a length in hex", "Content-Length: 0x6c"),
        ("two lengths", "Content-Length: 5\r\nContent-Length: 108"),
        ("length and chunks", "Content-Length: 108\r\nTransfer-Encoding: chunked"),
        ("chunks", "Transfer-Encoding: chunked"),
        ("nothing", "X-Nothing: 0"),
    )
] + [
    post("an upload of 1 TiB", PNG + b"x" * 65536, "HTTP 413", announced=2**40),
    post("an upload of 20 MiB, sent whole", PNG + bytes(20 << 20), "HTTP 413", "dropped"),
]

TYPES = [post(f"{name} as an image", body, "HTTP 415", headers=None) for name, body in (
    ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    ("a page", b"<!doctype html><script>alert(1)</script>"),
    ("a page that begins as PNG is cut", b"\x89PNG\r\n\x1a<script>alert(1)</script>"),
    ("a PDF", b"%PDF-1.7 some more bytes"),
    ("a zip", b"PK\x03\x04 some more bytes"),
    ("zeros", bytes(1000)),
)]

PATHS = [
    post("an upload to a file's address", PNG + b"1234", "HTTP 405", path=b"/" + b"a" * 64),
    post("DELETE of files", b"", "HTTP 405", method=b"DELETE"),
    post("PUT of a file", PNG + b"1234", "HTTP 405", method=b"PUT"),
    post("GET of a file that climbs", b"", "HTTP 404", method=b"GET", path=b"/../../../etc/passwd"),
    post("GET of a file with a name of 4,000", b"", "HTTP 404", "HTTP 400", "HTTP 414", "dropped",
         method=b"GET", path=b"/" + b"a" * 4000),
    post("an upload from another origin", PNG + b"1234", "HTTP 403",
         headers="Content-Length: 12\r\nOrigin: https://evil.example"),
]


def many_at_once(place):
    """More uploads than the server takes, none of which ever ends; then they go."""
    with in_room(place) as files:
        connections = [place.connect() for _ in range(80)]
        try:
            for connection in connections:
                connection.sendall(b"POST " + files + b" HTTP/1.1\r\nHost: x\r\n"
                                   b"Content-Length: 8000000\r\n\r\n" + PNG + bytes(10000))
            answered = select.select(connections, [], [], 6)[0]
            return status(answered[0]) if answered else "silent"
        finally:
            for connection in connections:
                connection.close()


def drip(place):
    """A byte now and then: an upload has to come to its end."""
    with in_room(place) as files, place.connect() as connection:
        connection.sendall(b"POST " + files + b" HTTP/1.1\r\nHost: x\r\n"
                           b"Content-Length: 1000\r\n\r\n" + PNG)
        for _ in range(40):
            try:
                connection.sendall(b"x")
            except ConnectionError:
                break
            answer = status(connection, 1)
            if answer != "silent":
                return answer
    return "dropped"


def never_read(place):
    """A large file, asked for often by someone who takes nothing of it."""
    image = PNG + bytes(4 << 20)
    with in_room(place) as files, place.connect() as connection:
        connection.sendall(b"POST " + files + b" HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                           % len(image) + image)
        connection.settimeout(30)
        answer = read_http_head(connection)
        location = answer.headers["location"].encode()
    connections = [place.connect() for _ in range(40)]
    try:
        for connection in connections:
            connection.sendall(b"GET " + location + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1)
        with place.connect() as connection:
            connection.sendall(b"HEAD " + location + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            return status(connection)
    finally:
        for connection in connections:
            connection.close()


LOADS = [
    Row("80 uploads that never end", many_at_once, ("HTTP 503",)),
    Row("40 downloads that nobody takes", never_read, ("HTTP 200",)),
    Row("an upload that drips a byte at a time", drip, ("HTTP 408", "dropped"), seconds_long=30),
]

ROWS = LENGTHS + TYPES + PATHS + LOADS
