"""One hostile connection: what is sent, and in one word what it got.

The words: "HTTP N", "close N", "dropped" (the end of TCP without a close frame), "silent" (nothing
yet), "welcome", "alive" (the member goes on), "applied", "refused N", "notice N", "gone" (we left).
"""

import select
import socket
import time
from dataclasses import dataclass
from typing import Callable

from client import FRAME_WITH_NEWS, NOTICE, WELCOME, Client, Failure, put, wait
from wire import (ABNORMAL, BINARY, UpgradeRefused, WebSocket, WireError, frame, pack,
                  read_http_head, unpack)

ANSWER_SECONDS = 30
SILENCE_SECONDS = 0.6   # how long an unfinished thing is watched
LINGER_SECONDS = 0.5    # how long a notice may come after the frame of its tick
SHORT_SECONDS = 0.05    # for an answer after others were waited for
PAUSE_SECONDS = 0.02    # between parts; where a stall makes one of two, a row tries less and no more

LEAKED = "leaked a file of the machine"
FAILED = ("close 1002", "dropped")          # RFC 6455 7.1.7 allows both
REFUSED_PAGE = ("HTTP 400", "HTTP 403", "HTTP 404", "HTTP 405", "HTTP 411", "HTTP 413", "HTTP 414",
                "HTTP 417", "HTTP 431", "HTTP 501", "HTTP 505", "dropped")


@dataclass
class Row:
    """act(place) does the thing and returns the outcome."""
    name: str
    act: Callable
    expected: tuple
    known: tuple = ()     # outcomes that are wrong, known and harmless
    seconds_long: int = 0  # more than 0: runs beside all the others
    only_if_long: bool = False


@dataclass
class Place:
    """Where hostile clients go."""
    address: tuple
    room: str

    def path(self):
        return f"/v1/rooms/{self.room}"

    def connect(self):
        return socket.create_connection(self.address, ANSWER_SECONDS)

    def upgrade(self, replace=None, path=None):
        return WebSocket(self.address, path or self.path(), replace, seconds=ANSWER_SECONDS)

    def member(self):
        return self.members(1)[0]

    def members(self, count):
        """Members that hold the whole state."""
        clients = [Client(self.address, self.room) for _ in range(count)]
        for client in clients:
            client.connect()
        wait(clients, lambda: all(client.ready for client in clients), "whole state")
        return clients


def observe(websocket, operations=0, linger=False, seconds=ANSWER_SECONDS):
    """Reads until it is clear what became of what was sent. operations is how many the row sent;
    one more, that is good, stands behind them and shows that they have been passed."""
    deadline = time.monotonic() + seconds
    decided, refusals, passed = 0, [], False
    while time.monotonic() < deadline:
        if websocket.closed:
            code = websocket.closed[0]
            return "dropped" if code == ABNORMAL else f"close {code}"
        if not select.select([websocket], [], [], deadline - time.monotonic())[0]:
            break
        for message in map(unpack, websocket.receive()):
            if message[0] == WELCOME:
                return "welcome"
            if message[0] == NOTICE:
                return f"notice {message[1]}"
            if message[0] == FRAME_WITH_NEWS:
                decided += message[2][0]
                refusals += message[2][3::2]
        if decided > operations and not passed:
            passed = True
            deadline = time.monotonic() + (LINGER_SECONDS if linger else 0)
    if not passed:
        return "silent"
    if refusals:
        return f"refused {refusals[0]}"
    return "applied" if operations else "alive"


def guarded(act):
    """The outcome, also where the connection breaks in the middle of the act."""
    try:
        return act()
    except UpgradeRefused as refused:
        return f"HTTP {refused.status}" if refused.status else "dropped"
    except ConnectionError:
        return "dropped"
    except TimeoutError:
        return "silent"
    except (WireError, Failure) as error:
        return f"{type(error).__name__}: {error}"


# How TCP cuts what is sent


def cuts_of(request, body_length=0):
    """Where to cut a request: not at all, in its head, on either side of the head's last byte, and
    within and behind its body. What is behind the body is a part of its own."""
    head = request.find(b"\r\n\r\n") + 4
    if head < 4:
        return 0, len(request) // 2
    places = (1, head // 2, head - 1, head, head + body_length // 2, head + body_length,
              (head + body_length + len(request)) // 2)
    return 0, *sorted({place for place in places if 0 < place < len(request)})


def send(connection, data):
    try:
        connection.sendall(data)
    except ConnectionError:
        pass  # it may have been answered all the same


def in_parts(place, request, cuts, read):
    """What read(connection) says of each way to cut the request in two, of all that differ."""
    connections = [place.connect() for _ in cuts]
    try:
        for connection, cut in zip(connections, cuts):
            send(connection, request[:cut])
        time.sleep(PAUSE_SECONDS)
        for connection, cut in zip(connections, cuts):
            send(connection, request[cut:])
        return [guarded(lambda: read(connection)) for connection in connections]
    finally:
        for connection in connections:
            connection.close()


def agreed(outcomes, cuts, expected):
    """One outcome for all: the first that is none of those expected, with its cut."""
    for outcome, cut in zip(outcomes, cuts):
        if outcome not in expected:
            return f"{outcome} where it is cut at {cut}" if cut else outcome
    return outcomes[0]


# Makers of rows


def http(name, request, *expected, seconds=ANSWER_SECONDS):
    """Raw bytes to the HTTP side, cut in several ways; request may be a function of the place."""
    expected = expected or REFUSED_PAGE

    def act(place):
        data = request(place) if callable(request) else request
        deadline = time.monotonic() + seconds

        def read(connection):
            connection.settimeout(max(SHORT_SECONDS, deadline - time.monotonic()))
            answer = read_http_head(connection)
            if answer is None:
                return "dropped"
            connection.settimeout(0.3)
            return LEAKED if leaks(answer, connection) else f"HTTP {answer.status}"
        cuts = cuts_of(data)
        return agreed(in_parts(place, data, cuts, read), cuts, expected)
    return Row(name, act, expected)


def leaks(answer, connection):
    body = answer.rest
    wanted = int(answer.headers.get("content-length", "0"))
    try:
        while len(body) < min(wanted, 65536):
            piece = connection.recv(65536)
            if not piece:
                break
            body += piece
    except (TimeoutError, ConnectionError):
        pass
    return b"root:" in body


def page(name, path, *expected, method="GET", headers=(), body=b""):
    if isinstance(path, str):
        path = path.encode("latin-1")

    def request(place):
        lines = [f"Host: {place.address[0]}:{place.address[1]}", *headers]
        if body and not headers:
            lines.append(f"Content-Length: {len(body)}")
        head = "".join(f"{line}\r\n" for line in lines).encode("latin-1")
        return method.encode() + b" " + path + b" HTTP/1.1\r\n" + head + b"\r\n" + body
    return http(name, request, *expected)


def upgrade(name, *expected, path=None, **headers):
    replace = {key.replace("_", "-"): value for key, value in headers.items()}

    def act(place):
        values = {key: value(place) if callable(value) else value
                  for key, value in replace.items()}
        place.upgrade(values, path).finish()
        return "HTTP 101"
    return Row(name, act, expected)


def early(name, data, *expected, then_hello=True, known=()):
    """Bytes after the upgrade and before hello. data is bytes, or a function of the hello."""
    def act(place):
        websocket = place.upgrade()
        hello = pack([0, *Client(place.address, place.room).hello()])
        websocket.send_raw(data(hello) if callable(data) else data)
        if then_hello:
            websocket.send(hello)
        outcome = observe(websocket)
        websocket.finish()
        return outcome
    return Row(name, act, expected, known)


def hello(name, *expected, **replace):
    def act(place):
        client = Client(place.address, place.room)
        client.connect(**replace)
        outcome = observe(client.socket)
        client.finish()
        return outcome
    return Row(name, act, expected)


def joined(name, data, *expected, operations=0, finished=True, known=()):
    """Bytes from a member that holds the whole state. data may be a function of the member.
    Where the bytes are not finished, nothing follows and silence is watched for a short time."""
    def act(place):
        member = place.member()
        member.socket.send_raw(data(member) if callable(data) else data)
        if finished:
            member.socket.send(pack([1, [put("marks", "m", {"n": 1})]]))
        linger = any(each.startswith("notice") for each in expected)
        watched = not finished and "silent" in expected
        seconds = SILENCE_SECONDS if watched else ANSWER_SECONDS
        outcome = observe(member.socket, operations, linger, seconds)
        member.finish()
        return outcome
    return Row(name, act, expected, known)


def message(name, payload, *expected):
    """One binary message; 4000 is what it should get if nothing else is said. payload is bytes
    in hex, or what pack() takes."""
    data = bytes.fromhex(payload) if isinstance(payload, str) else pack(payload)
    return joined(name, frame(BINARY, data), *(expected or ("close 4000",)))


def edit(name, one, *expected):
    """One operation with one edit; one may be a function of the member."""
    def data(member):
        return frame(BINARY, pack([1, [one(member) if callable(one) else one]]))
    return joined(name, data, *(expected or ("close 4000",)), operations=1)


def value(name, packed, *expected):
    """One value, in hex, in the field of a record; 4000 if nothing else is said."""
    head = pack([1, [[0, "notes", "v", "x", None]]])[:-1]
    return joined(name, frame(BINARY, head + bytes.fromhex(packed)),
                  *(expected or ("close 4000",)), operations=1)
