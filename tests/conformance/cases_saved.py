"""What is saved, and what comes back of it. These end the server, where it is one of our own."""

import signal

from client import add, append, emit, put
from harness import cases, expect, expect_equal
from replica import EVERYONE, NAMES

CASES, case = cases()


def saved(room, client):
    room.wait(lambda: client.acknowledged, "acknowledgement of all operations")


def end_server(room, number):
    for client in room.present:
        client.ends_expected = True
    room.server.restart(number)


@case
def what_was_decided_becomes_durable_where_nothing_else_changes(room):
    client = room.join()
    expect(client.welcome.durability in (0, 1, 2), "an unknown durability")
    client.do(put("shapes", "a", {"x": 1}))
    saved(room, client)


@case
def a_refused_operation_is_acknowledged_too(room):
    client = room.join()
    expect(client.do([4, "shapes", "none"]) != 0, "it was not refused")
    saved(room, client)


@case
def a_restart_keeps_incarnation_and_places(room):
    if room.server.process is None:
        return
    client = room.join()
    client.do(put("shapes", "a", {"x": 1}), append("shapes", "a", "points", 1, 2))
    client.do(emit("said", 0, "hello"))
    saved(room, client)
    before = client.welcome
    view = client.replica.view((NAMES, EVERYONE))
    end_server(room, signal.SIGTERM)
    room.back(client)
    expect_equal(client.welcome.incarnation, before.incarnation, "the incarnation")
    expect(client.welcome.key_known, "the key is forgotten")
    expect(NAMES in client.welcome.scopes_kept and EVERYONE in client.welcome.scopes_kept,
           f"kept are {client.welcome.scopes_kept}")
    expect_equal(client.replica.view((NAMES, EVERYONE)), view, "the state")


@case
def a_crash_keeps_what_was_acknowledged_in_a_new_incarnation(room):
    if room.server.process is None:
        return
    client = room.join()
    client.do(put("shapes", "a", {"x": 1}), add("shapes", "a", "votes", 3))
    client.do(add("shapes", "a", "votes", 4))
    saved(room, client)
    before = client.welcome
    end_server(room, signal.SIGKILL)
    room.back(client)
    expect(client.welcome.incarnation > before.incarnation, "the incarnation did not grow")
    expect(client.welcome.key_known, "the key is forgotten")
    expect_equal(client.welcome.sequence, 2, "the sequence")
    expect_equal(client.welcome.scopes_kept, [], "the scopes kept")
    witness = room.join()
    for each in (client, witness):
        expect_equal(each.replica.record("shapes", "a"), {"x": 1, "votes": 7}, "the record")
