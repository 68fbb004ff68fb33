"""Inputs: what members want at each tick, and what frames say of them."""

import functools

from client import Status, put, wait_closed
from harness import cases, expect, expect_equal
from wire import pack

CASES, case = cases()

GAMES = ("race",)  # kinds that take inputs, as far as the page names any
ROOM_CLOSED_FOR_ITS_KIND = 4012


def join_game(room):
    """A member of a room that takes inputs; None where the server has no such kind."""
    for kind in GAMES:
        client = room.client(kind=kind)
        client.connect()
        client.ends_expected = True
        room.wait(lambda: client.ready or client.closed, "whole state, or no such kind")
        if client.ready:
            client.ends_expected = False
            expect(client.welcome.input, f"the kind {kind} takes no inputs")
            return client
        expect_equal(client.closed[0], ROOM_CLOSED_FOR_ITS_KIND, "the close code")
    return None


def game_case(function):
    """A case for a member of a game; nothing is claimed of a server without one."""
    @case
    @functools.wraps(function)
    def run(room):
        client = join_game(room)
        if client:
            function(room, client)
    return run


@case
def a_room_that_takes_none_says_so_and_refuses_them(room):
    client, other = room.join_many(2)
    expect_equal(client.welcome.input, None, "the welcome's input")
    client.inputs(client.tick + 1, 1)
    room.wait(lambda: client.notices, "notice")
    expect_equal(client.notices[0][0], Status.DENIED, "its status")
    expect_equal(client.do(put("notes", "a", {"x": 1})), Status.OK, "an operation after it")
    room.settle()
    expect(not client.inputs_heard, "there was a frame with inputs")
    expect(not other.notices, "another member was told")


@case
def inputs_that_break_the_format_end_the_connection(room):
    for message in ([5], [5, 0], [5, 0, *[1] * 33], [5, 2**32 + 1, 1], [5, -2**32 - 1, 1],
                    [5, "0", 1], [5, None, 1], [5, 0, float("nan")]):
        client = room.join()
        client.socket.send(pack(message))
        expect_equal(wait_closed(client), 4000, f"the close code for {message}")


@case
def as_many_inputs_as_a_message_may_hold_are_no_breach(room):
    client = room.join()
    client.inputs(client.tick + 1, *[1] * 32)
    room.wait(lambda: client.notices, "notice")
    expect_equal(client.do(put("notes", "a", {"x": 1})), Status.OK, "an operation after them")


@game_case
def frames_say_how_early_an_input_came(room, client):
    ahead = 40
    tick = client.tick + ahead
    client.inputs(tick, client.welcome.input.some())
    room.wait(lambda: client.margins, "margin")
    expect(client.margins[0] < ahead, f"the margin is {client.margins[0]}")


@game_case
def frames_say_how_late_an_input_came(room, client):
    client.inputs(client.welcome.tick, client.welcome.input.some())
    room.wait(lambda: client.margins, "margin")
    expect(client.margins[0] < 0, f"the margin is {client.margins[0]}")


@game_case
def an_input_far_ahead_is_told_as_such(room, client):
    client.inputs(client.tick + 100000, client.welcome.input.some())
    room.wait(lambda: client.margins, "margin")
    expect(client.margins[0] > 64, f"the margin is {client.margins[0]}")


@game_case
def ticks_without_an_input_are_told_as_missed(room, client):
    some = client.welcome.input.some()
    client.inputs(client.welcome.tick, some)  # from here on
    room.wait(lambda: client.margins, "margin")
    client.inputs(client.welcome.tick, some)
    room.wait(lambda: len(client.margins) > 1, "another margin")
    expect(client.missed >= 1, "nothing was missed")


@game_case
def an_input_that_does_not_fit_is_refused_and_the_rest_of_its_message_with_it(room, client):
    terms = client.welcome.input
    for status, value in terms.misfits():
        client.notices.clear()
        client.inputs(client.tick + 20, terms.some(), value)
        room.wait(lambda: client.notices, f"notice about {value!r}")
        expect_equal(client.notices[0][0], status, f"the status for {value!r}")


@game_case
def a_new_connection_gets_frames_with_inputs_when_it_has_sent_one(room, client):
    some = client.welcome.input.some()
    client.inputs(client.tick + 10, some)
    room.wait(lambda: client.inputs_heard, "frame with inputs")
    client.lose()
    room.back(client)
    expect_equal(client.inputs_heard, 0, "the frames with inputs before one was sent")
    client.inputs(client.tick + 10, some)
    room.wait(lambda: client.margins, "margin")


@game_case
def a_tick_below_0_or_above_2_53_is_malformed(_room, client):
    client.socket.send(pack([5, -client.welcome.tick - 2, client.welcome.input.some()]))
    expect_equal(wait_closed(client), 4000, "the close code")
