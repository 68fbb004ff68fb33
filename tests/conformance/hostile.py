#!/usr/bin/env python3
"""Sends a server what no client should, row by row, and looks after each row whether two good
clients in another room are still in sync and /healthz is still 200."""

import os
import sys
import threading
import time

import rows_board
import rows_files
import rows_frames
import rows_http
import rows_messages
import rows_recordings
from client import Client, Failure, Status, add, append, delete, put, wait
from harness import TROUBLE, arguments, end_after, explain, is_chosen, open_server, run_self_test, \
    say
from probe import Place, guarded
from wire import read_http_head

RUN_SECONDS = 300  # far more than a run takes; a run that hangs ends by itself
RECOVERY_SECONDS = 8
ROWS = (rows_http.ROWS + rows_files.ROWS + rows_frames.ROWS + rows_messages.ROWS +
        rows_board.ROWS + rows_recordings.ROWS)


class Bystanders:
    """Two members of a room that nobody attacks."""

    def __init__(self, address, room):
        self.address = address
        self.pair = [Client(address, room) for _ in range(2)]
        for client in self.pair:
            client.connect()
        self._wait(lambda: all(client.ready for client in self.pair), "whole state")
        self.round = 0

    def check(self):
        """Fails unless what one writes is what the other sees, and the server calls itself well."""
        writer, reader = self.pair if self.round % 2 else reversed(self.pair)
        self.round += 1
        writer.presence({"round": self.round})
        writer.submit(put("rounds", "r", {"n": self.round}))
        self._wait(lambda: writer.idle and all(self._sees(client, writer.member)
                                               for client in self.pair), "sync of the bystanders")
        status = self.health()
        if status != 200:
            raise Failure(f"/healthz is {status}")

    def _sees(self, client, member):
        return (client.replica.record("rounds", "r") == {"n": self.round}
                and client.replica.records("presence")[member].get("round") == self.round)

    def _wait(self, condition, what):
        wait(self.pair, condition, what)

    def health(self):
        host, port = self.address
        with Place(self.address, "").connect() as connection:
            connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            answer = read_http_head(connection)
            return answer.status if answer else 0

    def finish(self):
        for client in self.pair:
            client.finish()


class Table:
    """Prints what was sent and what it got, and counts."""

    def __init__(self):
        self.passed = self.failed = 0

    def add(self, name, outcome, good, known=False):
        self.passed += good
        self.failed += not good
        mark = "known" if known else "ok" if good else "NOT OK"
        say(f"{mark:6} | {name:58.58} | {outcome}")

    def add_row(self, row, outcome, trouble):
        good = outcome in row.expected or outcome in row.known
        if trouble:
            self.add(row.name, f"{outcome}, and then: {trouble}", False)
        elif not good:
            self.add(row.name, f"{outcome}, not {' or '.join(row.expected)}", False)
        else:
            self.add(row.name, outcome, True, outcome in row.known)


class Slow:
    """Rows that take long, each on a thread of its own beside all the others."""

    def __init__(self, rows, place):
        self._outcomes = {}
        self._rows = rows
        self._threads = [threading.Thread(target=self._run, args=(row, place), daemon=True)
                         for row in rows]
        self._started = time.monotonic()
        for thread in self._threads:
            thread.start()

    def _run(self, row, place):
        self._outcomes[row.name] = guarded(lambda: row.act(place))

    def results(self):
        for row, thread in zip(self._rows, self._threads):
            spent = time.monotonic() - self._started
            thread.join(max(0, row.seconds_long + RECOVERY_SECONDS - spent))
            yield row, self._outcomes.get(row.name, "silent")


def prepare(place):
    """What the rows refer to: a record with fields of every merge, and a deleted one."""
    member = place.member()
    edits = [put("notes", "a", {"x": 1}), append("notes", "a", "list", 1),
             add("notes", "a", "sum", 1, "big", 2**53),
             put("notes", "dead", {"x": 1}), append("notes", "dead", "list", 1),
             add("notes", "dead", "sum", 1), delete("notes", "dead")]
    if member.do(*edits) != Status.OK:
        raise Failure("the hostile room could not be prepared")
    return member


def trouble_of(bystanders):
    try:
        bystanders.check()
    except TROUBLE as error:
        return explain(error)
    return None


def descriptors_come_back(server, before):
    deadline = time.monotonic() + RECOVERY_SECONDS
    while server.descriptors() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    return server.descriptors()


def run_rows(server, options, table):
    prefix = os.urandom(4).hex()
    place = Place(server.address, f"hostile-{prefix}")
    bystanders = Bystanders(server.address, f"good-{prefix}")
    host = prepare(place)
    bystanders.check()
    own = server.process is not None
    before = (server.descriptors(), server.resident_kib()) if own else None
    rows = [row for row in ROWS if is_chosen(row.name, options.only)
            and (options.long or not row.only_if_long)]
    slow = Slow([row for row in rows if row.seconds_long], place)
    for row in rows:
        if not row.seconds_long:
            outcome = guarded(lambda act=row.act: act(place))
            table.add_row(row, outcome, trouble_of(bystanders))
            if not server.alive:
                raise Failure(f"the server ended:\n{server.last_words}")
            drain(host)
    for row, outcome in slow.results():
        table.add_row(row, outcome, trouble_of(bystanders))
    if own:
        left = descriptors_come_back(server, before[0])
        table.add("sockets that are left open by all this", str(left - before[0]),
                  left <= before[0])
        say(f"       | {'the memory of the server before and after':58} | "
            f"{before[1]} KiB, {server.resident_kib()} KiB")
    bystanders.finish()
    host.finish()


def drain(client):
    """Reads what the hostile room has sent to the member that prepared it."""
    try:
        wait([client], seconds=0.001)
    except TROUBLE as error:
        raise Failure(f"the hostile room: {explain(error)}") from None


def main():
    parser = arguments(__doc__)
    parser.add_argument("--long", action="store_true", help="also rows that take a minute")
    options = parser.parse_args()
    if options.self_test:
        return run_self_test()
    end_after(RUN_SECONDS)
    server = open_server(options)
    table = Table()
    try:
        run_rows(server, options, table)
    except TROUBLE as error:
        table.add("the run itself", explain(error), False)
    finally:
        status = server.stop()
    if status is not None:
        table.add("SIGTERM to the server at the end", f"exit status {status}", status == 0)
    say(f"{table.passed} passed, {table.failed} failed")
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main())
