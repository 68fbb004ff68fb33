"""Hostile rows up to the upgrade: pages, paths, methods, headers, and upgrades that must not be."""

import re
import select
import socket
import time
from contextlib import ExitStack
from http.client import parse_headers

from client import Failure
from probe import ANSWER_SECONDS, PAUSE_SECONDS, REFUSED_PAGE, Row, http, page, upgrade
from wire import BINARY, frame, pack, read_http_head, upgrade_request

NOT_FOUND = ("HTTP 400", "HTTP 403", "HTTP 404", "HTTP 414", "HTTP 431", "dropped")
UNREADABLE = (*REFUSED_PAGE, "silent")
NO_METHOD = ("HTTP 405", "HTTP 404")

PATHS = [page(f"GET {shown or path}", path, *NOT_FOUND) for path, shown in (
    ("/../../../../etc/passwd", None),
    ("/cursors/../../../../../../etc/passwd", None),
    ("/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", None),
    ("/..%2f..%2f..%2f..%2fetc/passwd", None),
    ("/%252e%252e/%252e%252e/etc/passwd", None),
    ("/..%5c..%5c..%5cetc%5cpasswd", None),
    ("/....//....//....//etc/passwd", None),
    ("/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd", None),
    ("//etc/passwd", None),
    ("/etc/passwd", None),
    ("/index.html%00.png", None),
    ("/%zz", None),
    ("/.git/config", None),
    ("/.env", None),
    ("/index.html/", None),
    ("/tutti/../../server/main.c", None),
    ("/" + "a" * 4000, "a path of 4,000 bytes"),
    ("/" + "../" * 1000 + "etc/passwd", "1,000 times ../"),
    (b"/\xff\xfe\x80", "a path of bytes that are not UTF-8"),
)]

METHODS = [
    page("POST to a page", "/", *NO_METHOD, method="POST", body=b"x=1"),
    page("PUT to a page", "/index.html", *NO_METHOD, method="PUT", body=b"<b>mine</b>"),
    page("DELETE of a page", "/index.html", *NO_METHOD, "dropped", method="DELETE"),
    page("PATCH of a page", "/index.html", *REFUSED_PAGE, method="PATCH", body=b"x"),
    page("TRACE", "/", *REFUSED_PAGE, method="TRACE"),
    page("CONNECT", "127.0.0.1:22", *REFUSED_PAGE, method="CONNECT"),
    page("a method of its own", "/", *REFUSED_PAGE, method="BREW"),
    page("POST to a room", "/v1/rooms/lobby", *REFUSED_PAGE, method="POST", body=b"x"),
    page("POST announcing 2^63 bytes", "/", *REFUSED_PAGE, method="POST",
         headers=(f"Content-Length: {2**63}",), body=b"x"),
    page("POST announcing -1 bytes", "/", *REFUSED_PAGE, method="POST",
         headers=("Content-Length: -1",), body=b"x"),
    page("POST in chunks without an end", "/", *REFUSED_PAGE, method="POST",
         headers=("Transfer-Encoding: chunked",), body=b"ffffffffffffffff\r\nx"),
    page("two Content-Lengths", "/", *REFUSED_PAGE, method="POST",
         headers=("Content-Length: 1", "Content-Length: 9"), body=b"x"),
]


def raw(name, data):
    return http(name, data, *UNREADABLE, "HTTP 200", seconds=1)


REQUESTS = [
    raw("1 KiB of noise", bytes((7 * each + 13) % 256 for each in range(1024))),
    raw("a TLS ClientHello", bytes.fromhex("1603010200010001fc0303") + bytes(512)),
    raw("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"),
    raw("HTTP/0.9", b"GET /\r\n"),
    raw("HTTP/9.9", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n"),
    raw("lines that end in a bare LF", b"GET / HTTP/1.1\nHost: x\n\n"),
    raw("1,000 empty lines", b"\r\n" * 1000),
    raw("a NUL in a header", b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"),
    raw("a header without a colon", b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n"),
    raw("a header of 64 KiB", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 65536 + b"\r\n\r\n"),
    raw("1,000 headers", b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 1000 + b"\r\n"),
    raw("a header name of 64 KiB", b"GET / HTTP/1.1\r\n" + b"a" * 65536 + b": x\r\n\r\n"),
    raw("a cookie of 16 KiB", b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 16384 +
        b"\r\n\r\n"),
    raw("a request for another host", b"GET http://elsewhere.example/ HTTP/1.1\r\n"
                                      b"Host: elsewhere.example\r\n\r\n"),
    http("half a request and then the end", b"GET / HT", *UNREADABLE, seconds=1),
]


def request_of(path, method=b"GET"):
    return method + b" " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"


def all_of(connection):
    """What comes until the other side ends it, which it may do before it has read everything."""
    pieces = []
    try:
        while piece := connection.recv(65536):
            pieces.append(piece)
    except ConnectionError:
        pass
    return b"".join(pieces)


def answers_until_the_end(connection):
    with connection:
        count = all_of(connection).count(b"HTTP/1.1 ")
    return f"{count} answered"


HEALTHZ = request_of(b"/healthz")
ALONG = [(name, HEALTHZ + line + b" HTTP/1.1\r\nHost: x\r\n" + rest) for name, line, rest in (
    ("a body", b"POST /v1/rooms/x/markers", b"Content-Length: 8\r\n\r\n12345678"),
    ("half a body", b"POST /v1/rooms/x/markers", b"Content-Length: 1900\r\n\r\n12345678"),
    ("half a file", b"POST /v1/rooms/x/files", b"Content-Length: 90000\r\n\r\n12345678"),
    ("a body for a page", b"PUT /", b"Content-Length: 9000\r\n\r\n12345678"),
    ("a body without a length", b"POST /", b"\r\n12345678"),
    ("what has to wait", b"GET /v1/rooms/x/recording", b"\r\n"),
)]


def in_one_packet(name, requests):
    """The second of them ends the connection, unanswered."""
    def act(place):
        connection = place.connect()
        connection.sendall(requests)
        return answers_until_the_end(connection)
    return Row(f"{name} in one packet with another request", act, ("1 answered",))


URGENT_ROUNDS = 40  # in one of five it comes between the two for some
URGENT_CONNECTIONS = 25


def answers_beside_urgent_bytes(place, requests):
    with ExitStack() as stack:
        connections = [stack.enter_context(place.connect()) for _ in range(URGENT_CONNECTIONS)]
        for connection in connections:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(requests)
        for connection in connections:
            try:
                connection.send(b"z", socket.MSG_OOB)
                connection.send(b"y" * 40)
            except ConnectionError:
                pass  # it has ended already
        return {answers_until_the_end(connection) for connection in connections}


def urgent(place):
    """Bytes of which one is urgent come between the two requests of a packet."""
    requests = HEALTHZ + request_of(b"/v1/rooms/nobody/markers/zz", b"DELETE")
    rounds = (answers_beside_urgent_bytes(place, requests) for _ in range(URGENT_ROUNDS))
    return " or ".join(sorted(set().union(*rounds)))


REQUESTS += [http(f"{name} in the packet of another request", requests, "HTTP 200", seconds=1)
             for name, requests in ALONG]
REQUESTS += [in_one_packet(*along) for along in ALONG]
REQUESTS += [Row("what has to wait, and urgent data", urgent, ("1 answered",))]


def own_origin(suffix="", scheme="http", port_shift=0):
    return lambda place: f"{scheme}://{place.address[0]}:{place.address[1] + port_shift}{suffix}"


UPGRADES = [
    upgrade("Upgrade: h2c", "HTTP 400", Upgrade="h2c"),
    upgrade("Upgrade: h2c with its settings", "HTTP 400", Upgrade="h2c",
            Connection="Upgrade, HTTP2-Settings", HTTP2_Settings="AAMAAABkAARAAAAAAAIAAAAA"),
    upgrade("Upgrade: something-else", "HTTP 400", "HTTP 403", "dropped", Upgrade="something-else"),
    upgrade("Upgrade: an empty value", "HTTP 400", "HTTP 404", "HTTP 426", "dropped", Upgrade=""),
    upgrade("no Upgrade at all", "HTTP 400", "HTTP 404", "HTTP 426", Upgrade=None),
    upgrade("Upgrade: 4,000 bytes", "HTTP 400", "HTTP 403", "dropped", "HTTP 431", Upgrade="w" * 4000),
    upgrade("an upgrade on the path /", "HTTP 404", path="/"),
    upgrade("an upgrade on /v1/rooms/", "HTTP 400", "HTTP 404", path="/v1/rooms/"),
    upgrade("an upgrade on /v1/rooms/a/b", "HTTP 400", "HTTP 404", path="/v1/rooms/a/b"),
    upgrade("an upgrade on /v1/rooms/../rooms/a", "HTTP 400", "HTTP 404",
            path="/v1/rooms/../rooms/a%2fb"),
    upgrade("a room name with %00", "HTTP 400", "HTTP 404", "dropped", path="/v1/rooms/a%00b"),
    upgrade("a room name of 65 bytes", "HTTP 400", path="/v1/rooms/" + "r" * 65),
    upgrade("a room name of 3,000 bytes", "HTTP 400", "HTTP 404", "HTTP 414", "dropped",
            path="/v1/rooms/" + "r" * 3000),
    upgrade("no subprotocol", "HTTP 400", Sec_WebSocket_Protocol=None),
    upgrade("another subprotocol", "HTTP 400", Sec_WebSocket_Protocol="chat"),
    upgrade("the subprotocol http", "HTTP 400", Sec_WebSocket_Protocol="http"),
    upgrade("a subprotocol that only begins like ours", "HTTP 400",
            Sec_WebSocket_Protocol="tutti.v11"),
    upgrade("500 other subprotocols", "HTTP 400", "HTTP 431", "dropped",
            Sec_WebSocket_Protocol=", ".join(["other"] * 500)),
    upgrade("version 8", "HTTP 400", "HTTP 426", Sec_WebSocket_Version="8"),
    upgrade("no version", "HTTP 400", "HTTP 426", "dropped", Sec_WebSocket_Version=None),
    upgrade("no key", "HTTP 400", "dropped", Sec_WebSocket_Key=None),
    upgrade("a foreign Origin", "HTTP 403", Origin="https://elsewhere.example"),
    upgrade("the Origin null", "HTTP 403", Origin="null"),
    upgrade("an Origin that only begins like ours", "HTTP 403",
            Origin=own_origin(".elsewhere.example")),
    upgrade("our Origin with another port", "HTTP 403", Origin=own_origin(port_shift=1)),
    upgrade("an Origin of 4,000 bytes", "HTTP 403", "HTTP 431", "HTTP 400", "dropped",
            Origin="http://" + "a" * 4000),
    upgrade("permessage-deflate with absurd parameters (not taken)", "HTTP 101", "HTTP 400",
            Sec_WebSocket_Extensions="permessage-deflate; server_max_window_bits=99; x=\"\\\""),
]


def upgrade_by_post(place):
    request = upgrade_request(place.address, place.path(), "AAAAAAAAAAAAAAAAAAAAAA==")
    return request.replace(b"GET ", b"POST ", 1)


def upgrade_in_http_1_0(place):
    request = upgrade_request(place.address, place.path(), "AAAAAAAAAAAAAAAAAAAAAA==")
    return request.replace(b"HTTP/1.1", b"HTTP/1.0", 1)


def upgrade_and_half_a_frame_at_once(place):
    request = upgrade_request(place.address, place.path(), "AAAAAAAAAAAAAAAAAAAAAA==")
    return request + frame(BINARY, pack([0, 1]))[:7]


UPGRADES += [
    http("an upgrade by POST", upgrade_by_post, *REFUSED_PAGE),
    http("an upgrade in HTTP/1.0", upgrade_in_http_1_0, *REFUSED_PAGE, "HTTP 101"),
    http("half a frame behind the upgrade", upgrade_and_half_a_frame_at_once, *REFUSED_PAGE,
         "HTTP 101"),
]


def drip(place):
    """A header that goes on for ever, a byte at a time."""
    with place.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        connection.settimeout(0.4)
        deadline = time.monotonic() + SLOW_SECONDS
        while time.monotonic() < deadline:
            connection.sendall(b"a")
            try:
                answer = read_http_head(connection)
                return f"HTTP {answer.status}" if answer else "dropped"
            except TimeoutError:
                pass
    return "silent"


def say_nothing(place):
    with place.connect() as connection:
        connection.settimeout(SLOW_SECONDS)
        answer = read_http_head(connection)
        return f"HTTP {answer.status}" if answer else "dropped"


HELD_SECONDS = 0.5
HELD_TURNS = 2000  # ticks, bystanders and answers take some hundred; one that spins, a hundred thousand
IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(4 << 20)


def turns_of_its_loop(place):
    with place.connect() as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        text = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(re.search(rb"^tutti_turns_total (\d+)", text, re.MULTILINE)[1])


def upload(place):
    """The path of a file that no socket takes in one go."""
    member = place.member()
    try:
        with place.connect() as connection:
            connection.sendall(b"POST " + place.path().encode() + b"/files HTTP/1.1\r\nHost: x\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(IMAGE) + IMAGE)
            answer = read_http_head(connection)
            if answer is None or "location" not in answer.headers:
                raise Failure("a file was not taken")
            return answer.headers["location"].encode()
    finally:
        member.finish()


def ask(place, request):
    """From someone who takes little at a time."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(ANSWER_SECONDS)
    connection.connect(place.address)
    connection.sendall(request)
    return connection


def hold(place, first, then=b"", ends=False):
    """Asks, takes nothing of the answer, and sends what the server is not to read by now."""
    connection = ask(place, first)
    connection.recv(1, socket.MSG_PEEK)
    if then:
        connection.sendall(then)
    if ends:
        connection.shutdown(socket.SHUT_WR)
    return connection


def take_head(stream):
    """Whether the next answer is a good one, and the length of its body."""
    good = stream.readline().startswith(b"HTTP/1.1 200")
    return good, int(parse_headers(stream).get("content-length", 0))


def takes_whole_answer(stream):
    good, length = take_head(stream)
    return good and len(stream.read(length)) == length


def answers_of(connection, count):
    """Whether as many whole answers come."""
    try:
        with connection, connection.makefile("rb") as stream:
            return all(takes_whole_answer(stream) for _ in range(count))
    except ConnectionError:
        return False


def turns_while_nothing_comes(place):
    before = turns_of_its_loop(place)
    time.sleep(HELD_SECONDS)
    return turns_of_its_loop(place) - before


def held(place):
    """Nobody reads what they asked for, and all have sent more or their end: the server waits."""
    image = request_of(upload(place))
    connections = [(hold(place, *sent), answers) for *sent, answers in (
        (image, b"", False, 1), (image, b"", True, 1), (image, HEALTHZ * 50, False, 51),
        (image + HEALTHZ, b"", False, 2), (image + HEALTHZ, HEALTHZ, True, 3),
        (image, HEALTHZ[:9], True, 1), (HEALTHZ * 1000, b"", True, 1000))]
    turns = turns_while_nothing_comes(place)
    whole = [answers_of(connection, answers) for connection, answers in connections]
    if turns > HELD_TURNS:
        return f"{turns} turns"
    return "all answered" if all(whole) else f"answered: {whole}"


DOWNLOADS = 300
PARTS = 256  # of files, which the server has in memory at once
PART_BYTES = 65536
GO_ON = 5


def begun(connections):
    """Those whose answer has begun: all that a server of so many parts begins."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        answered = select.select(connections, [], [], 0)[0]
        if len(answered) >= PARTS:
            return answered
        time.sleep(PAUSE_SECONDS)
    raise Failure(f"{len(answered)} downloads have begun")


def waiting(place):
    """More downloads than there are parts in memory: who has taken one waits for another turn."""
    image = request_of(upload(place))
    with ExitStack() as stack:
        connections = [stack.enter_context(ask(place, image)) for _ in range(DOWNLOADS)]
        for connection in begun(connections)[:GO_ON]:
            stream = stack.enter_context(connection.makefile("rb"))
            take_head(stream)
            stream.read(PART_BYTES)
        turns = turns_while_nothing_comes(place)
    return "they wait" if turns <= HELD_TURNS else f"{turns} turns"


HELD = [
    Row("answers that nobody takes while more is sent", held, ("all answered",)),
    Row("downloads that wait for their turn", waiting, ("they wait",)),
]

SLOW_SECONDS = 25
SLOW = [
    Row("headers that drip a byte at a time", drip, ("dropped", "HTTP 408", "HTTP 400"),
        seconds_long=SLOW_SECONDS),
    Row("a connection that never says a word", say_nothing, ("dropped", "HTTP 408"),
        seconds_long=SLOW_SECONDS),
]

ROWS = PATHS + METHODS + REQUESTS + UPGRADES + HELD + SLOW
