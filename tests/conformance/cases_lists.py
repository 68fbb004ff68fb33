"""Lists of what there is, over HTTP: server/README.md, "Lists"."""

import json

from cases_files import ask
from cases_inputs import join_game
from harness import cases, expect, expect_equal

CASES, case = cases()


def listed(room, kind):
    answer, body = ask(room, "GET", f"/v1/kinds/{kind}/rooms")
    expect_equal(answer.status, 200, f"the status of {body!r}")
    expect_equal(answer.headers["content-type"], "application/json", "the type")
    return json.loads(body)


@case
def a_game_that_is_played_is_listed_with_its_card(room):
    client = join_game(room)
    if not client:
        return
    # A list may be as of a second ago.
    room.wait(lambda: any(each["room"] == room.name for each in listed(room, client.kind)),
              "the room in the list")
    for each in listed(room, client.kind):
        expect_equal(sorted(each), ["card", "members", "room"], "what is said of a room")
        expect(each["members"] > 0, "a room is listed that nobody is in")


@case
def a_room_without_a_card_is_not_listed(room):
    room.join()
    expect_equal(listed(room, "open"), [], "the rooms of the kind open")


@case
def a_kind_that_is_not_there_has_no_list(room):
    answer, _ = ask(room, "GET", "/v1/kinds/no-such-kind/rooms")
    expect_equal(answer.status, 404, "the status")


@case
def a_board_that_nothing_stands_on_is_empty(room):
    for query in ("", "?limit=1", "?limit=100&best=high", "?best=low"):
        answer, body = ask(room, "GET", f"/v1/results/{room.name}/laps{query}")
        expect_equal((answer.status, body), (200, b"[]\n"), f"the board, asked with {query!r}")


@case
def a_board_is_asked_for_in_its_words(room):
    for query in ("limit=0", "limit=101", "limit=x", "best=middle", "order=low", "limit=5&x"):
        answer, _ = ask(room, "GET", f"/v1/results/laps?{query}")
        expect_equal(answer.status, 400, f"the status of {query}")
    answer, _ = ask(room, "GET", "/v1/results/" + "b" * 65)
    expect_equal(answer.status, 404, "the status of a name of 65 bytes")


@case
def a_list_is_only_read(room):
    for path in ("/v1/kinds/open/rooms", "/v1/results/laps"):
        for method in ("POST", "PUT", "DELETE"):
            answer, _ = ask(room, method, path)
            expect_equal(answer.status, 405, f"the status of {method} {path}")
        answer, body = ask(room, "HEAD", path)
        expect_equal((answer.status, body), (200, b""), f"the head of {path}")


@case
def pages_of_another_origin_read_no_lists(room):
    path = "/v1/kinds/open/rooms"
    answer, _ = ask(room, "GET", path, Origin="https://elsewhere.example")
    expect_equal(answer.status, 403, "the status")
    expect_equal(answer.headers["access-control-allow-origin"], None, "who may read it")
    host, port = room.server.address
    answer, _ = ask(room, "GET", path, Origin=f"http://{host}:{port}")
    expect_equal(answer.status, 200, "the status for the server's own page")
    expect_equal(answer.headers["vary"], "origin", "what it depends on")
