#!/usr/bin/env python3
"""Checks a running server against sync/README.md, claim by claim."""

import itertools
import os
import sys

import cases_board
import cases_connecting
import cases_files
import cases_inputs
import cases_lists
import cases_members
import cases_recordings
import cases_resume
import cases_saved
import cases_state
import cases_values
from client import Failure
from harness import (Room, arguments, end_after, explain, expect_equal, is_chosen, open_server,
                     run_self_test, say)
from replica import FORM_NAMES

RUN_SECONDS = 240  # far more than a run takes; a run that hangs ends by itself
MODULES = (cases_connecting, cases_state, cases_values, cases_members, cases_inputs,
           cases_resume, cases_saved, cases_board, cases_files, cases_lists, cases_recordings)


class Run:
    """Numbers the cases, gives each a room of its own and counts how they end."""

    def __init__(self, server):
        self.server = server
        self.forms = set()
        self.passed = self.failed = 0
        self._numbers = itertools.count(1)
        self._prefix = os.urandom(4).hex()

    def case(self, function):
        number = next(self._numbers)
        claim = function.__name__.replace("_", " ")
        room = Room(self.server, f"c{self._prefix}-{number}")
        trouble = self._trouble(function, room)
        for client in room.clients:
            for section in client.replica.sections:
                self.forms |= section.forms
        room.finish()
        self._report(number, claim, trouble)

    @staticmethod
    def _trouble(function, room):
        try:
            function(room)
        except Exception as error:  # one broken case must not hide the others
            return explain(error)
        return None

    def every_form_of_run_has_been_seen(self, _room):
        missing = [name for form, name in enumerate(FORM_NAMES) if form not in self.forms]
        expect_equal(missing, [], "the forms that never came")

    def the_server_is_still_the_one_that_was_started(self, _room):
        if not self.server.alive:
            raise Failure(f"it ended:\n{self.server.last_words}")

    def _report(self, number, claim, trouble):
        self.passed += trouble is None
        self.failed += trouble is not None
        say(f"{'ok' if trouble is None else 'not ok'} {number} {claim}")
        if trouble:
            say("".join(f"  # {line}\n" for line in trouble.splitlines()).rstrip())


def main():
    options = arguments(__doc__).parse_args()
    if options.self_test:
        return run_self_test()
    end_after(RUN_SECONDS)
    server = open_server(options)
    run = Run(server)
    try:
        for function in (each for module in MODULES for each in module.CASES):
            if is_chosen(function.__name__, options.only):
                run.case(function)
        if not options.only:
            run.case(run.every_form_of_run_has_been_seen)
        run.case(run.the_server_is_still_the_one_that_was_started)
        if options.server and not options.only:
            run.case(cases_connecting.a_server_that_goes_down_says_4001_and_when_to_come_back)
    finally:
        server.stop()
    say(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
