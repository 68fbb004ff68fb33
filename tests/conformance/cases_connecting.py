"""Connecting: the upgrade, hello and welcome, clock, limits and close codes."""

import signal
import time

from client import Status, delete, put, wait, wait_closed
from harness import cases, expect, expect_equal
from wire import (ABNORMAL, BINARY, CLOSE, CONTINUATION, PING, SUBPROTOCOL, TEXT, UpgradeRefused,
                  WebSocket, close_payload, frame, pack)

CASES, case = cases()


def refusal_of(room, path=None, **headers):
    """The HTTP status that an upgrade is refused with, 101 if it is not."""
    replace = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        WebSocket(room.server.address, path or f"/v1/rooms/{room.name}", replace).finish()
    except UpgradeRefused as refused:
        return refused.status
    return 101


def upgraded(room):
    """A client whose connection has not said hello."""
    client = room.client()
    client.upgrade()
    return client


def code_after(client, *messages):
    """The code that the server closes with after these messages."""
    for message in messages:
        client.socket.send(pack(message))
    return wait_closed(client)


@case
def the_upgrade_answers_with_the_subprotocol_and_takes_no_extension(room):
    headers = {"Sec-WebSocket-Protocol": f"chat, {SUBPROTOCOL}",
               "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    socket = WebSocket(room.server.address, f"/v1/rooms/{room.name}", headers)
    answered = socket.answer.headers
    socket.finish()
    expect_equal(answered.get("sec-websocket-protocol"), SUBPROTOCOL, "the subprotocol")
    expect("sec-websocket-extensions" not in answered, "an extension was taken")


@case
def an_upgrade_with_no_or_another_subprotocol_is_refused_with_400(room):
    expect_equal(refusal_of(room, Sec_WebSocket_Protocol=None), 400, "without a subprotocol")
    expect_equal(refusal_of(room, Sec_WebSocket_Protocol="tutti.v2"), 400, "with tutti.v2")


@case
def a_bad_room_name_is_refused_with_400(room):
    for name in ("a" * 65, "a.b", "a%20b", "caf%C3%A9", "a~b"):
        expect_equal(refusal_of(room, f"/v1/rooms/{name}"), 400, f"the room name {name}")


@case
def a_room_name_may_have_64_characters(room):
    expect_equal(refusal_of(room, f"/v1/rooms/{'aZ09_-'.ljust(64, 'x')}"), 101, "the answer")


@case
def another_version_of_websocket_is_refused_with_400(room):
    expect_equal(refusal_of(room, Sec_WebSocket_Version="8"), 400, "version 8")
    expect_equal(refusal_of(room, Sec_WebSocket_Version=None), 400, "no version")


@case
def an_upgrade_to_something_else_is_refused_with_400(room):
    expect_equal(refusal_of(room, Upgrade="h2c"), 400, "h2c")


@case
def another_path_is_refused_with_404(room):
    for path in ("/", "/v1/room/x", "/v2/rooms/x", "/rooms/x"):
        expect_equal(refusal_of(room, path), 404, f"the path {path}")


@case
def the_page_of_another_origin_is_refused_with_403(room):
    expect_equal(refusal_of(room, Origin="https://elsewhere.example"), 403, "another origin")
    expect_equal(refusal_of(room, Origin="null"), 403, "the origin null")


@case
def a_first_welcome_knows_nothing_of_the_key(room):
    welcome = room.join(kind="open").welcome
    expect(not welcome.key_known and not welcome.seat_kept, "the key or the seat is known")
    expect_equal((welcome.sequence, welcome.scopes_kept, welcome.refusals), (0, [], []),
                 "sequence, scopes kept and refusals")
    expect_equal(welcome.room_kind, "open", "the room kind")


@case
def an_unknown_key_keeps_the_sequence_that_it_says(room):
    client = room.client()
    client.connect(sequence=7, decided=5)
    room.wait(lambda: client.ready, "whole state")
    expect(not client.welcome.key_known, "the key is known")
    expect_equal(client.welcome.sequence, 7, "the sequence")
    expect_equal(client.do(put("notes", "a", {"text": "x"})), Status.OK, "operation 8")


@case
def the_members_of_a_room_have_different_numbers_and_one_incarnation(room):
    clients = room.join_many(5)
    expect_equal(len({each.member for each in clients}), 5, "the count of numbers")
    expect_equal(len({each.welcome.incarnation for each in clients}), 1, "the incarnations")


@case
def a_nil_room_kind_takes_the_kind_of_the_room(room):
    room.join(kind="cursors")
    expect_equal(room.join(kind=None).welcome.room_kind, "cursors", "the room kind")


@case
def a_nil_room_kind_makes_an_open_room_where_there_is_none(room):
    expect_equal(room.join(kind=None).welcome.room_kind, "open", "the room kind")


@case
def another_room_kind_or_an_unknown_one_closes_with_4012(room):
    room.join(kind="open")
    for kind in ("cursors", "no-such-kind", ""):
        client = room.client(kind=kind)
        client.connect()
        expect_equal(wait_closed(client), 4012, f"the close code for the kind {kind!r}")


@case
def another_version_of_the_protocol_closes_with_4002(room):
    for version in (0, 2, 1000):
        client = room.client()
        client.connect(version=version)
        expect_equal(wait_closed(client), 4002, f"the close code for version {version}")


@case
def a_message_before_hello_closes_with_4008(room):
    for message in ([1, [put("notes", "a")]], [2, "x", 1], [3, 1], [4], [17, 2]):
        expect_equal(code_after(upgraded(room), message), 4008, f"the close code for {message}")


@case
def a_second_hello_is_malformed(room):
    client = room.join()
    expect_equal(code_after(client, [0, *client.hello()]), 4000, "the close code")


@case
def a_surplus_or_missing_element_of_hello_is_malformed(room):
    whole = room.client().hello(accepts=1)
    for elements in (whole + [None], whole[:-2], whole[:3]):
        expect_equal(code_after(upgraded(room), [0, *elements]), 4000, "the close code")


@case
def a_hello_with_an_element_of_another_type_is_malformed(room):
    for wrong in ({"key": b"k" * 15}, {"key": "k" * 16}, {"kind": 1}, {"sequence": -1},
                  {"sequence": 2**32}, {"decided": "0"}, {"places": [1]}, {"places": None},
                  {"accepts": "1"}, {"accepts": -1},
                  {"incarnation": -1}, {"version": None}):
        client = room.client()
        client.connect(**wrong)
        expect_equal(wait_closed(client), 4000, f"the close code for {wrong}")


@case
def a_user_may_take_1024_bytes_and_no_more(room):
    client = room.join(user="u" * 1021)  # three bytes of head
    own = client.replica.record("presence", client.member)
    expect_equal(own.get("user"), "u" * 1021, "the user")
    larger = room.client(user="u" * 1022)
    larger.connect()
    expect_equal(wait_closed(larger), 4000, "the close code for 1,025 bytes")


@case
def a_message_may_come_in_fragments_with_pings_between(room):
    client = upgraded(room)
    hello = pack([0, *client.hello()])
    for at, byte in enumerate(hello):
        fin = at == len(hello) - 1
        client.socket.send_raw(frame(CONTINUATION if at else BINARY, bytes([byte]), fin=fin))
        if at == 9:
            client.socket.send_raw(frame(PING, b"between"))
    room.wait(lambda: client.ready, "whole state after a hello in fragments")
    expect_equal(client.socket.pongs, [b"between"], "the pongs")


@case
def a_text_message_closes_with_1003(room):
    client = room.join()
    client.socket.send_raw(frame(TEXT, b"hello"))
    expect_equal(wait_closed(client), 1003, "the close code")


@case
def a_malformed_message_closes_with_4000_and_an_english_reason(room):
    client = room.join()
    client.socket.send(b"\xc1")
    expect_equal(wait_closed(client), 4000, "the close code")
    expect(client.closed[1] and client.closed[1].isascii(), f"the reason: {client.closed[1]!r}")


@case
def an_unknown_kind_of_message_is_malformed(room):
    for kind in (5, 15, 16, 128, 1000, -1):
        expect_equal(code_after(room.join(), [kind]), 4000, f"the close code for kind {kind}")


@case
def a_message_over_65536_bytes_closes_with_1009(room):
    client = room.join()
    client.socket.send(pack([3, 1]) + bytes(65536))
    expect_equal(wait_closed(client), 1009, "the close code")


@case
def a_ping_is_answered_with_its_own_bytes(room):
    client = room.join()
    for payload in (b"", b"ping", bytes(range(125))):
        client.socket.pongs.clear()
        client.socket.send_raw(frame(PING, payload))
        room.wait(lambda: client.socket.pongs, "pong")
        expect_equal(client.socket.pongs, [payload], "the pongs")


@case
def a_close_is_answered_with_a_close(room):
    for code in (1000, 1001, 3456, 4999):
        client = room.join()
        client.close(code)
        room.wait(lambda: client.closed, "answer to the close")
        expect(client.closed[0] != ABNORMAL, f"no close frame came back for {code}")


@case
def a_clock_comes_back_at_once_with_the_wall_time_and_the_tick(room):
    client = room.join()
    for echo in (0, 127, 128, 70000, 2**53):
        client.send([3, echo])
        room.wait(lambda: client.clocks, "clock")
        got, wall_ms, tick = client.clocks.pop()
        expect_equal(got, echo, "the echo")
        expect(abs(wall_ms - time.time() * 1000) < 3_600_000, f"the wall time is {wall_ms}")
        expect(tick >= client.replica.tick, "the clock's tick is before the last frame's")


@case
def one_operation_more_than_may_be_in_flight_closes_with_4011(room):
    client = room.join()
    count = client.welcome.limits[5] + 1
    operations = [[delete("notes", "none")]] * count
    expect_equal(code_after(client, [1, *operations]), 4011, "the close code")


@case
def as_many_operations_as_may_be_in_flight_are_decided(room):
    client = room.join()
    count = client.welcome.limits[5]
    sequences = client.submit_each([[put("notes", f"n{each}")] for each in range(count)])
    room.settle()
    expect_equal({client.outcomes[each] for each in sequences}, {Status.OK}, "the outcomes")
    expect_equal(len(client.replica.records("notes")), count, "the count of records")


@case
def more_messages_than_the_announced_burst_close_with_4011(room):
    client = room.join()
    rate, burst = client.welcome.limits[1:3]
    client.socket.send_raw(frame(BINARY, pack([3, 1])) * (2 * burst + 2 * rate))
    expect_equal(wait_closed(client), 4011, "the close code")


@case
def a_close_code_that_no_peer_may_send_is_a_protocol_error(room):
    for code in (999, 1005, 1006):
        client = room.join()
        client.socket.send_raw(frame(CLOSE, close_payload(code)))
        expect(wait_closed(client) in (1002, ABNORMAL), f"code {code} came back: {client.closed}")


def a_server_that_goes_down_says_4001_and_when_to_come_back(room):
    """Not in CASES: it ends the server, so it runs last."""
    clients = room.join_many(3)
    room.server.process.send_signal(signal.SIGTERM)
    for each in clients:
        each.ends_expected = True
    wait(clients, lambda: all(each.closed for each in clients), "close of everyone")
    for each in clients:
        expect_equal(each.closed[0], 4001, "the close code")
        expect("; retry_ms=" in each.closed[1], f"the reason is {each.closed[1]!r}")
    expect_equal(room.server.stop(), 0, "the exit status")
