"""Hostile rows of RFC 6455: frames that break it, sizes, floods, and ends of all sorts."""

import time

from client import Client, delete, wait
from probe import FAILED, Row, early, joined, observe
from wire import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_payload, frame, pack)

CLOCK = frame(BINARY, pack([3, 1]))


def broken(name, data):
    """What RFC 6455 calls failing the connection."""
    return joined(name, data, *FAILED)


def pieces(payload, size=1, opcode=BINARY):
    parts = [payload[at:at + size] for at in range(0, len(payload), size)]
    return b"".join(frame(CONTINUATION if at else opcode, part, fin=at == len(parts) - 1)
                    for at, part in enumerate(parts))


TEXTS = [
    joined("a text message", frame(TEXT, b"hello"), "close 1003"),
    joined("an empty text message", frame(TEXT), "close 1003"),
    joined("a text message in fragments", pieces(b"hello", 2, TEXT), "close 1003"),
    joined("a text message of bad UTF-8", frame(TEXT, b"\xc3\x28"), "close 1003", "close 1007"),
    early("a text message instead of hello", frame(TEXT, b"{}"), "close 1003", "close 4008"),
]

BROKEN = [
    broken("reserved bit 1", frame(BINARY, pack([3, 1]), reserved=4)),
    broken("reserved bit 2", frame(BINARY, pack([3, 1]), reserved=2)),
    broken("reserved bit 3 in a ping", frame(PING, b"x", reserved=1)),
    *(broken(f"the opcode {opcode}", frame(opcode, b"x")) for opcode in (3, 7, 11, 15)),
    broken("a continuation of nothing", frame(CONTINUATION, pack([3, 1]))),
    broken("a new message inside a fragmented one",
           frame(BINARY, pack([3, 1]), fin=False) + frame(BINARY, pack([3, 2]))),
    broken("a ping in fragments", frame(PING, b"x", fin=False)),
    broken("a ping of 126 bytes", frame(PING, bytes(126))),
    broken("a ping of 2^62 bytes", frame(PING, bytes(64), declared=2**62, length_form=64)),
    broken("a close in fragments", frame(CLOSE, close_payload(1000), fin=False)),
    joined("an unmasked frame", frame(BINARY, pack([3, 1]), masked=False), *FAILED,
           known=("alive",)),
    joined("a length in 16 bits that fits 7", frame(BINARY, pack([3, 1]), length_form=16),
           *FAILED, "alive"),
    joined("a length in 64 bits that fits 7", frame(BINARY, pack([3, 1]), length_form=64),
           *FAILED, "alive"),
]

SIZES = [
    joined("an empty message", frame(BINARY), "close 4000"),
    joined("a header that announces 2^62 bytes",
           frame(BINARY, bytes(100), declared=2**62, length_form=64), "close 1009"),
    joined("a header that announces 2^63 bytes",
           frame(BINARY, bytes(100), declared=2**63, length_form=64), "close 1009", *FAILED),
    joined("a header that announces 65,537 bytes", frame(BINARY, bytes(10), declared=65537),
           "close 1009", finished=False),
    joined("a message of 65,536 bytes of nothing", frame(BINARY, bytes(65536)), "close 4000"),
    joined("a message of 65,537 bytes", frame(BINARY, bytes(65537)), "close 1009"),
    joined("fragments that add up to 65,537 bytes", pieces(bytes(65537), 8192), "close 1009"),
    joined("a message without an end, 1 KiB at a time",
           frame(BINARY, bytes(1024), fin=False) +
           frame(CONTINUATION, bytes(1024), fin=False) * 80, "close 1009"),
    joined("5,000 empty fragments",
           frame(BINARY, fin=False) + frame(CONTINUATION, fin=False) * 5000 + frame(CONTINUATION),
           "close 4000", "close 4011"),
    joined("an operation of 60 KiB in fragments of one byte",
           pieces(pack([1, [[4, "notes", "none", "x" * 61440]]])), "close 4000", "close 4011"),
    early("hello in fragments of one byte", pieces, "welcome", then_hello=False),
    joined("half a header and then nothing", b"\x82", "silent", finished=False),
    joined("half a message and then nothing", frame(BINARY, pack([3, 1]))[:-1], "silent",
           finished=False),
    joined("half a fragmented message and then nothing",
           frame(BINARY, pack([3, 1])[:1], fin=False), "silent", finished=False),
]


def closed_with(code, reason=b"", tail=b""):
    return frame(CLOSE, close_payload(code, reason)) + tail


CLOSES = [
    joined("a close with half a code", frame(CLOSE, b"\x03"), *FAILED),
    *(joined(f"a close with the code {code}", closed_with(code), *FAILED)
      for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)),
    *(joined(f"a close with the code {code}, which is allowed", closed_with(code),
             f"close {code}", "close 1000")
      for code in (1000, 1001, 1011, 3000, 4999)),
    joined("a close without a code", frame(CLOSE), "close 1000", "close 1005"),
    joined("a close with a reason of 123 bytes", closed_with(1000, b"r" * 123), "close 1000"),
    joined("a close with a reason of bad UTF-8", closed_with(1000, b"\xff\xfe"), "close 1007",
           *FAILED, known=("close 1000",)),
    joined("messages behind the close", closed_with(1000, tail=CLOCK * 50), "close 1000"),
    joined("two closes", closed_with(1000) + closed_with(1001), "close 1000"),
]


def flood(make, count):
    """More than the announced burst: count is a function of the limits."""
    return lambda member: make * count(member.welcome.limits)


def too_many_messages(limits):
    return 2 * limits[2] + 2 * limits[1]


FLOODS = [
    joined("more messages than the burst", flood(CLOCK, too_many_messages), "close 4011"),
    joined("more presence than the burst",
           flood(frame(BINARY, pack([2, "x", 1])), too_many_messages), "close 4011"),
    joined("more bytes than the burst",
           flood(frame(BINARY, pack([2, "x", "y" * 900] * 1)),
                 lambda limits: 2 * (limits[4] + limits[3]) // 900), "close 4011"),
    joined("one operation more than may be in flight",
           lambda member: frame(BINARY, pack(
               [1, *[[delete("notes", "none")]] * (member.welcome.limits[5] + 1)])), "close 4011"),
    joined("2,000 pings", frame(PING, b"p" * 20) * 2000, "alive", "close 4011", "dropped"),
    joined("2,000 pongs that nobody asked for", frame(PONG, b"p" * 20) * 2000, "alive",
           "close 4011", "dropped"),
    joined("10 pings back to back", frame(PING, b"p") * 10, "alive"),
]


def end_of_stream(place):
    """TCP says the end, but the socket stays open this way."""
    member = place.member()
    member.socket.socket.shutdown(1)
    outcome = observe(member.socket)
    member.finish()
    return outcome


def reset_in_a_frame(place):
    member = place.member()
    member.socket.send_raw(frame(BINARY, bytes(5000))[:3000])
    member.lose()
    return "gone"


def many_resets(place):
    for stage in range(60):
        if stage % 3 == 0:
            place.connect().close()
        elif stage % 3 == 1:
            place.upgrade().abort()
        else:
            client = Client(place.address, place.room)
            client.connect()
            client.lose()
    return "gone"


def takeovers(place):
    """Thirty connections with one key, each taking the seat from the one before."""
    key = bytes(range(16))
    clients = []
    for _ in range(30):
        client = Client(place.address, place.room, key=key)
        client.connect()
        client.ends_expected = True
        clients.append(client)
    last = clients.pop()
    wait([last, *clients], lambda: last.ready and all(each.closed for each in clients), "takeovers")
    codes = {each.closed[0] for each in clients}
    outcome = "alive" if codes == {4009} and not last.closed else f"closes {sorted(codes)}"
    last.finish()
    return outcome


def deaf(place):
    """Asks and asks and reads none of the answers."""
    member = Client(place.address, place.room)
    member.connect(receive_buffer=4096)
    wait([member], lambda: member.ready, "whole state")
    member.socket.send_raw(CLOCK * (member.welcome.limits[2] // 2))
    time.sleep(0.3)
    member.lose()
    return "gone"


def byte_by_byte(place):
    """Every byte of hello in a TCP segment of its own."""
    websocket = place.upgrade()
    websocket.socket.setsockopt(6, 1, 1)  # TCP_NODELAY
    for byte in frame(BINARY, pack([0, *Client(place.address, place.room).hello()])):
        websocket.send_raw(bytes([byte]))
    outcome = observe(websocket)
    websocket.finish()
    return outcome


def no_hello(place):
    websocket = place.upgrade()
    outcome = observe(websocket, seconds=SLOW_SECONDS)
    websocket.finish()
    return outcome


def deaf_and_dumb(place):
    """A member behind a link that is dead without a word: answers no ping."""
    member = place.member()
    time.sleep(SIGN_OF_LIFE_SECONDS)
    outcome = observe(member.socket)
    member.finish()
    return outcome


SLOW_SECONDS = 25
SIGN_OF_LIFE_SECONDS = 60
ENDS = [
    Row("the end of the stream from a member", end_of_stream,
        ("dropped", "close 1000", "close 1001")),
    Row("a reset in the middle of a frame", reset_in_a_frame, ("gone",)),
    Row("60 resets before, at and after the upgrade", many_resets, ("gone",)),
    Row("30 connections with one key", takeovers, ("alive",)),
    Row("a member that reads no answer", deaf, ("gone",)),
    Row("hello in TCP segments of one byte", byte_by_byte, ("welcome",)),
    Row("no hello", no_hello, ("close 4008",), seconds_long=SLOW_SECONDS),
    Row("a member that answers no ping for a minute", deaf_and_dumb, ("close 4013", "dropped"),
        seconds_long=SIGN_OF_LIFE_SECONDS, only_if_long=True),
]

ROWS = TEXTS + BROKEN + SIZES + CLOSES + FLOODS + ENDS
