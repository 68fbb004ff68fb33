"""Starting a server, rooms full of clients, and the list of cases that a program runs."""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

from client import Client, Failure, wait
from replica import EVERYONE, NAMES, PRESENCE, Violation
from wire import UpgradeRefused, WireError

START_SECONDS = 60
STOP_SECONDS = 60


def free_port():
    """One that no connection gets while the server restarts: below ip_local_port_range."""
    for port in range(10000 + os.getpid() * 16 % 22000, 32000):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise SystemExit("no free port")


class Server:
    """A server that is running, or one of our own that is started and stopped."""

    def __init__(self, address, process=None, folder=None, log_path=None):
        self.address = address
        self.process = process
        self._folder = folder
        self._log_path = log_path
        self._log_kept = ""

    @classmethod
    def at(cls, url):
        parts = urllib.parse.urlsplit(url)
        if not parts.hostname or not parts.port:
            raise SystemExit(f"not a URL with a host and a port: {url}")
        return cls((parts.hostname, parts.port))

    @classmethod
    def start(cls, path):
        folder = tempfile.TemporaryDirectory(prefix="tutti-conformance-")
        server = cls(None, None, folder, os.path.join(folder.name, "log"))
        server._path = path
        server._run(f"127.0.0.1:{free_port()}")
        return server

    def _run(self, listen):
        data = os.path.join(self._folder.name, "data")
        command = [self._path, "--listen", listen, "--data", data]
        try:
            with open(self._log_path, "wb") as log:
                self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=log)
        except OSError as error:
            raise SystemExit(f"cannot start {self._path}: {error}") from None
        self.address = self._wait_for_address()

    def restart(self, number):
        """Ends our own server by the signal and starts it again, where it was."""
        self.process.send_signal(number)
        self.process.wait(STOP_SECONDS)
        self._run("{}:{}".format(*self.address))

    def _wait_for_address(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(r"listening\b.*\baddress=(\S+):(\d+)", self.log())
            if found:
                return found[1].strip("[]"), int(found[2])
            time.sleep(0.02)
        self.stop()
        raise SystemExit(f"the server did not start to listen:\n{self.last_words}")

    def log(self):
        with open(self._log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    @property
    def alive(self):
        return self.process is None or self.process.poll() is None

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])

    def stop(self):
        """Asks our own server to end; returns its exit status, or None where it is not ours."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if self._folder:
            self._log_kept = self.log()
            self._folder.cleanup()
            self._folder = None
        return status

    @property
    def last_words(self):
        """The end of our server's log, also after it was stopped."""
        return (self.log() if self._folder else self._log_kept)[-3000:]


class Room:
    """A room of its own for one case, and everyone in it."""

    def __init__(self, server, name):
        self.server = server
        self.name = name
        self.clients = []

    def client(self, **options):
        made = Client(self.server.address, self.name, **options)
        self.clients.append(made)
        return made

    def join(self, **options):
        return self.join_many(1, **options)[0]

    def join_many(self, count, **options):
        """Members that hold the whole state."""
        made = [self.client(**options) for _ in range(count)]
        for each in made:
            each.connect()
        self.wait(lambda: all(each.ready for each in made), "whole state after a welcome")
        return made

    def back(self, client, **hello):
        """The client connects again and holds the whole state."""
        client.connect(**hello)
        self.wait(lambda: client.ready, "whole state after a welcome")
        return client

    @property
    def present(self):
        return [each for each in self.clients if each.socket and not each.closed]

    def wait(self, condition, what, seconds=None):
        wait([each for each in self.clients if each.socket], condition, what, seconds)

    def settle(self, scopes=(NAMES, EVERYONE, PRESENCE)):
        """Everyone knows the outcome of all operations, and all replicas are equal."""
        self.wait(lambda: all(each.idle for each in self.present), "outcome of all operations")
        try:
            self.wait(lambda: self._equal(scopes), "equal replicas")
        except Failure as failure:
            raise Failure(f"{failure}: {self._difference(scopes)}") from None

    def _equal(self, scopes):
        first, *others = self.present
        view = first.replica.view(scopes)
        return all(each.replica.view(scopes) == view for each in others)

    def _difference(self, scopes):
        first, *others = [each.replica.view(scopes) for each in self.present]
        for number, other in enumerate(others, 1):
            for key in first.keys() | other.keys():
                if first.get(key) != other.get(key):
                    return (f"{key} is {str(first.get(key))[:200]} at the first client and "
                            f"{str(other.get(key))[:200]} at the client {number}")
        return "they are equal now"

    def finish(self):
        for client in self.clients:
            client.finish()


def cases():
    """A list, and a decorator that adds a function to it. Its name is what it claims."""
    functions = []

    def case(function):
        functions.append(function)
        return function
    return functions, case


def expect(condition, why):
    if not condition:
        raise Failure(why)


def expect_equal(got, wanted, what):
    if got != wanted:
        raise Failure(f"{what} is {str(got)[:300]}, not {str(wanted)[:300]}")


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--server", metavar="PATH", help="start this server and stop it again")
    where.add_argument("--url", help="use a server that is running: ws://HOST:PORT")
    where.add_argument("--self-test", action="store_true", help="test this program's own codecs")
    parser.add_argument("--only", metavar="NAME", action="append",
                        help="run what has NAME in its name (may be given several times)")
    return parser


def open_server(options):
    return Server.start(options.server) if options.server else Server.at(options.url)


def run_self_test():
    import unittest
    folder = os.path.dirname(os.path.abspath(__file__))
    suite = unittest.defaultTestLoader.discover(folder, pattern="test_*.py")
    return 0 if unittest.TextTestRunner().run(suite).wasSuccessful() else 1


class OutOfTime(BaseException):
    """The whole run took too long. Not an Exception, so that no case swallows it."""


def end_after(seconds):
    def ring(_signal, _frame):
        raise OutOfTime(f"the run took more than {seconds} s")
    signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)


def is_chosen(name, only):
    return not only or any(each in name for each in only)


TROUBLE = (Failure, Violation, WireError, UpgradeRefused, OSError)


def explain(error):
    """One line for what a case is expected to raise, a traceback for anything else."""
    if isinstance(error, TROUBLE):
        return f"{type(error).__name__}: {error}"
    return "".join(traceback.format_exception(error))


def say(text):
    print(text)
    sys.stdout.flush()
