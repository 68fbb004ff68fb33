"""A member of one room: says hello, sends edits and presence, keeps a replica, comes back."""

import enum
import os
import select
import time

from replica import Replica, is_integer, require
from wire import MESSAGE_BYTES_MAX, WebSocket, pack, unpack, zigzag

HELLO, OPERATIONS, PRESENCE, CLOCK, LEAVE, INPUTS, MOVED = 0, 1, 2, 3, 4, 5, 16
FRAME, FRAME_WITH_NEWS, WELCOME, SERVER_CLOCK, NOTICE, SAVING, FRAME_WITH_INPUTS = range(7)


class Status(enum.IntEnum):
    OK = 0
    TRUNCATED = 1
    MALFORMED = 2
    LIMIT = 3
    NOT_FOUND = 4
    DELETED = 5
    EXISTS = 6
    STALE = 7
    DENIED = 8
    TYPE = 9
    RANGE = 10
    KIND = 11
    FULL = 12
    MEMORY = 13
    REFUSED = 14
    LOCKED = 15
    INCOMPLETE = 16


DEFLATED = 1  # what a hello accepts

UNCERTAIN = "uncertain"  # the room has forgotten this key: nobody can tell

WAIT_SECONDS = 30


class Failure(Exception):
    """What was claimed did not happen."""


# Edits. A guard that is not None is written; guards stand in the order of the protocol.


def _edit(verb, target, new, stamp, mine, rest):
    guards = (1 if new else 0) + (2 if stamp is not None else 0) + (4 if mine is not None else 0)
    values = [value for value in (stamp, mine) if value is not None]
    return [verb + 8 * guards, *target, *values, *rest]


def _pairs(fields):
    return [each for pair in fields.items() for each in pair]


def put(collection, record, fields=None, new=False, stamp=None, mine=None):
    return _edit(0, (collection, record), new, stamp, mine, _pairs(fields or {}))


def set_(collection, record, fields, stamp=None, mine=None):
    return _edit(1, (collection, record), False, stamp, mine, _pairs(fields))


def append(collection, record, field, *items, stamp=None):
    return _edit(2, (collection, record), False, stamp, None, [field, *items])


def add(collection, record, *pairs, stamp=None):
    return _edit(3, (collection, record), False, stamp, None, pairs)


def delete(collection, record, stamp=None, mine=None):
    return _edit(4, (collection, record), False, stamp, mine, [])


def emit(event, to, value):
    return [5, event, to, value]


class Bucket:
    """Keeps this side within a rate, so that a well-behaved client is never too fast."""

    def __init__(self, rate, burst):
        self.rate = rate
        self.burst = burst
        self.level = burst
        self.filled_at = time.monotonic()

    def seconds_until(self, cost):
        now = time.monotonic()
        self.level = min(self.burst, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now
        return max(0.0, (min(cost, self.burst) - self.level) / self.rate)

    def take(self, cost):
        self.level -= cost


class Client:
    """One member. The key, the sequence and the replica outlive a connection."""

    def __init__(self, address, room, kind="open", user=None, key=None, query=""):
        self.address = address
        self.room = room
        self.query = query
        self.kind = kind
        self.user = user
        self.key = key or os.urandom(16)
        self.accepts = DEFLATED if self.key[0] % 2 else None  # both kinds are met everywhere
        self.replica = Replica()
        self.sequence = 0   # the highest ever sent
        self.decided = 0    # the highest whose outcome is known
        self.outcomes = {}  # sequence -> status, or UNCERTAIN
        self.socket = None
        self._undecided = {}  # sequence -> operation

    # Connecting

    def connect(self, receive_buffer=None, **hello):
        """Upgrades and says hello; the welcome comes later. Keywords replace hello's elements."""
        self.upgrade(receive_buffer)
        elements = self.hello(**hello)
        accepts = hello.get("accepts", self.accepts)
        self.replica.accepts_deflated = is_integer(accepts) and accepts & DEFLATED != 0
        self.socket.send(pack([HELLO, *elements]))

    def upgrade(self, receive_buffer=None):
        """Opens a connection and says nothing yet."""
        self.welcome = None
        self.ends_expected = False
        self.notices = []
        self.clocks = []
        self.frames = 0
        self.saving = 0
        self._sent_presence = {}
        self._next_input = None
        self.inputs_sent = 0   # messages
        self.inputs_heard = 0  # frames
        self.margins = []
        self.missed = 0
        self._buckets = ()
        self.socket = WebSocket(self.address, f"/v1/rooms/{self.room}{self.query}",
                                receive_buffer=receive_buffer)

    def hello(self, **replace):
        places = [each for pair in self.replica.places.items() for each in pair]
        elements = {"version": 1, "key": self.key, "kind": self.kind, "user": self.user,
                    "sequence": self.sequence, "decided": self.decided,
                    "incarnation": self.replica.incarnation, "places": places,
                    "accepts": self.accepts}
        require(set(replace) <= set(elements), f"no such element of hello in {replace}")
        elements.update(replace)
        if elements["accepts"] is None:
            del elements["accepts"]
        return list(elements.values())

    def fileno(self):
        return self.socket.fileno()

    @property
    def closed(self):
        return self.socket.closed

    @property
    def ready(self):
        return self.welcome is not None and self.replica.complete

    @property
    def member(self):
        return self.welcome.member

    # Receiving

    def receive(self, until=None):
        """Takes the messages that have come; those after the condition holds are lost."""
        for message in self.socket.receive():
            self._take(unpack(message))
            if until and until():
                break

    def _take(self, message):
        require(isinstance(message, list) and message and is_integer(message[0]),
                f"not a message: {message!r}")
        kind, *elements = message
        require(kind in (FRAME, FRAME_WITH_NEWS, FRAME_WITH_INPUTS, WELCOME, SERVER_CLOCK, NOTICE,
                         SAVING),
                f"a message of the unknown kind {kind}")
        require((self.welcome is None) == (kind == WELCOME), f"kind {kind} out of order")
        if kind == WELCOME:
            self._take_welcome(Welcome(elements))
        elif kind == SERVER_CLOCK:
            require(len(elements) == 3 and all(map(is_integer, elements)), f"clock {elements}")
            self.clocks.append(tuple(elements))
        elif kind == NOTICE:
            require(len(elements) == 2 and is_integer(elements[0])
                    and isinstance(elements[1], str), f"notice {elements}")
            self.notices.append(tuple(elements))
        elif kind == SAVING:
            require(len(elements) == 1 and elements[0] in (0, 1, 2), f"saving {elements}")
            self.saving = elements[0]
        elif kind == FRAME_WITH_INPUTS:
            require(self.inputs_sent > 0, "a frame with inputs, and none was sent")
            self._take_inputs_of_frame(elements)
        else:
            require(self.inputs_heard == 0, "a frame without inputs after one with them")
            self._take_frame(elements, kind == FRAME_WITH_NEWS)

    def _take_welcome(self, welcome):
        self.welcome = welcome
        self.tick = self.awaits = welcome.tick
        self.durable = welcome.tick - welcome.unsaved
        self.replica.begin(welcome.incarnation, welcome.tick, welcome.scopes_kept)
        rate, burst, byte_rate, byte_burst = welcome.limits[1:5]
        self._buckets = (Bucket(rate, burst), Bucket(byte_rate, byte_burst))
        again = self._settle_by_welcome(welcome)
        self.sequence = self.decided = welcome.sequence
        if again:
            self.submit_each(again)

    def _settle_by_welcome(self, welcome):
        """Outcomes of what had been sent before; returns the operations to send again."""
        refused = dict(zip(welcome.refusals[::2], welcome.refusals[1::2]))
        require(all(self.decided < each <= welcome.sequence for each in refused),
                f"refusals {refused} outside {self.decided}..{welcome.sequence}")
        again = []
        for sequence, operation in sorted(self._undecided.items()):
            if not welcome.key_known:
                self.outcomes[sequence] = UNCERTAIN
            elif sequence <= welcome.sequence:
                self.outcomes[sequence] = refused.get(sequence, Status.OK)
            else:
                again.append(operation)
        self._undecided = {}
        return again

    def _take_inputs_of_frame(self, elements):
        require(len(elements) >= 4, "a frame with inputs is too short")
        ticks, margin, missed, news, *sections = elements
        require(margin is None or is_integer(margin), f"the margin is {margin!r}")
        require(is_integer(missed) and missed >= 0, f"missed is {missed!r}")
        self.inputs_heard += 1
        if margin is not None:
            self.margins.append(margin)
        self.missed += missed
        self._take_frame([ticks, *([] if news is None else [news]), *sections], news is not None)

    def _take_frame(self, elements, with_news):
        require(len(elements) >= (2 if with_news else 1), "a frame is too short")
        ticks, *rest = elements
        if self.frames and self.replica.complete:
            require(ticks >= 1, "two frames in one frame interval")
        self.frames += 1
        self.tick += ticks
        if with_news:
            self._take_news(rest.pop(0))
        self.replica.apply_frame(ticks, rest)

    def _take_news(self, news):
        require(isinstance(news, list) and len(news) >= 2 and len(news) % 2 == 0
                and all(is_integer(each) and each >= 0 for each in news), f"news {news!r}")
        count, durable, *refusals = news
        require(durable == 0 or self.welcome.durability != 0, "the durable tick moved")
        self.durable += durable
        require(self.durable <= self.tick, "the durable tick is beyond the frame's")
        if count:
            self.awaits = self.tick
        newest = self.decided + count
        require(newest <= self.sequence, f"{newest} decided, {self.sequence} sent")
        refused = {newest - back: status for back, status in zip(refusals[::2], refusals[1::2])}
        require(all(self.decided < each <= newest for each in refused), f"refused {refused}")
        require(Status.OK not in refused.values(), "refused with the status ok")
        for sequence in range(self.decided + 1, newest + 1):
            self.outcomes[sequence] = refused.get(sequence, Status.OK)
            self._undecided.pop(sequence, None)
        self.decided = newest

    # Sending

    def send(self, message):
        data = pack(message)
        require(len(data) <= MESSAGE_BYTES_MAX, "the test sends too large a message")
        self._keep_within_limits(len(data))
        self.socket.send(data)

    def _keep_within_limits(self, size):
        for bucket, cost in zip(self._buckets, (1, size)):
            pause = bucket.seconds_until(cost)
            if pause:
                wait([self], seconds=pause)
            bucket.take(cost)

    def submit(self, *edits):
        """One operation; returns its sequence."""
        return self.submit_each([list(edits)])[0]

    def submit_each(self, operations):
        """Several operations in one message; returns their sequences."""
        in_flight_max = self.welcome.limits[5]
        require(len(operations) <= in_flight_max, "more operations than may be in flight")
        wait([self], lambda: len(self._undecided) + len(operations) <= in_flight_max,
             "fewer operations in flight")
        first = self.sequence + 1
        self.sequence += len(operations)
        sequences = list(range(first, self.sequence + 1))
        self._undecided.update(zip(sequences, operations))
        self.send([OPERATIONS, *operations])
        return sequences

    def presence(self, fields):
        names = self.replica.names.collections[0]
        for name, value in fields.items():
            found = names.field(name)
            if found:
                self._sent_presence[found.number] = value
        self.send([PRESENCE, *_pairs(fields)])

    def move(self, fields):
        """The short form; each field must have been sent with presence() in this connection."""
        names = self.replica.names.collections[0]
        moved = sorted((names.field(name).number, value) for name, value in fields.items())
        differences = [zigzag(value - self._sent_presence[number]) for number, value in moved]
        self._sent_presence.update(moved)
        self.send([MOVED + sum(1 << number for number, _ in moved), *differences])

    def inputs(self, tick, *values):
        """Inputs for consecutive ticks."""
        expected = self.welcome.tick + 1 if self._next_input is None else self._next_input
        self._next_input = tick + len(values)
        self.inputs_sent += 1
        self.send([INPUTS, tick - expected, *values])

    def outcome(self, sequence):
        wait([self], lambda: sequence in self.outcomes, f"the outcome of operation {sequence}")
        return self.outcomes[sequence]

    def do(self, *edits):
        """One operation and its status."""
        return self.outcome(self.submit(*edits))

    @property
    def idle(self):
        return not self._undecided

    @property
    def acknowledged(self):
        """All that was sent is saved."""
        return self.idle and (self.welcome.durability == 0 or self.durable >= self.awaits)

    # Ending

    def leave(self):
        self.send([LEAVE])

    def close(self, code=1000):
        self.ends_expected = True
        self.socket.start_close(code)

    def lose(self):
        """The connection breaks without a word."""
        self.socket.abort()
        self.ends_expected = True

    def finish(self):
        if self.socket:
            self.socket.finish()
            self.ends_expected = True


class Welcome:
    def __init__(self, elements):
        require(len(elements) >= 13, f"welcome has {len(elements)} elements")
        (self.member, self.incarnation, self.tick, self.tick_rate, self.frame_rate,
         self.room_kind, self.sequence, self.key_known, self.seat_kept, self.scopes_kept,
         self.durability, self.limits, self.refusals) = elements[:13]
        numbers = (self.member, self.incarnation, self.tick, self.tick_rate, self.frame_rate,
                   self.sequence, self.durability)
        require(all(is_integer(each) and each >= 0 for each in numbers), f"welcome {elements}")
        require(1 <= self.member < 2**32, f"the member is {self.member}")
        require(self.incarnation <= 2**53, f"the incarnation is {self.incarnation}")
        require(1 <= self.frame_rate <= self.tick_rate, "the frame rate is over the tick rate")
        require(isinstance(self.room_kind, str), f"the room kind is {self.room_kind!r}")
        require(isinstance(self.key_known, bool) and isinstance(self.seat_kept, bool),
                "key known or seat kept is no bool")
        for each in (self.scopes_kept, self.limits, self.refusals):
            require(isinstance(each, list) and all(map(is_integer, each)), f"welcome: {each!r}")
        require(len(self.limits) >= 7, f"limits are {self.limits}")
        require(self.limits[0] == MESSAGE_BYTES_MAX, f"message bytes are {self.limits[0]}")
        require(len(self.refusals) % 2 == 0, f"refusals are {self.refusals}")
        self.unsaved = elements[13] if len(elements) > 13 else 0
        require(is_integer(self.unsaved) and 0 <= self.unsaved <= self.tick,
                f"unsaved is {self.unsaved}")
        self.input = InputTerms(elements[14]) if len(elements) > 14 and elements[14] else None
        self.forked = elements[15] if len(elements) > 15 else None
        require(self.forked is None or (
            isinstance(self.forked, list) and len(self.forked) >= 3
            and isinstance(self.forked[0], str) and all(map(is_integer, self.forked[1:3]))),
            f"forked is {self.forked!r}")
        self.recorded = elements[16] if len(elements) > 16 else False
        require(isinstance(self.recorded, bool), f"recorded is {self.recorded!r}")


class InputTerms:
    """What members may send for each tick."""

    def __init__(self, elements):
        require(isinstance(elements, list) and len(elements) >= 6
                and all(map(is_integer, elements[:6])), f"input is {elements!r}")
        (self.type, self.minimum, self.maximum, self.steps, self.hold, self.ahead) = elements[:6]
        require(self.type in (2, 5, 6), f"the type of inputs is {self.type}")
        require(self.ahead == 64, f"inputs may be {self.ahead} ticks ahead")
        require(self.hold >= 0, f"inputs are held for {self.hold} ticks")

    def some(self):
        """A value that fits."""
        return {2: self.minimum, 5: b"", 6: []}[self.type]

    def misfits(self):
        """Values that do not, with their statuses."""
        beyond = {2: self.maximum + 1, 5: b"x" * (self.maximum + 1), 6: [0] * (self.maximum + 1)}
        return [(Status.TYPE, None), (Status.TYPE, "left"), (Status.RANGE, beyond[self.type])]


def wait(clients, condition=None, what="", seconds=None):
    """Reads for all clients until the condition holds. Fails after seconds, or when a connection
    ends that should not. Without a condition it just reads for that long."""
    limit = WAIT_SECONDS if seconds is None else seconds
    deadline = time.monotonic() + limit
    while not (condition and condition()):
        for client in clients:
            if client.closed and not client.ends_expected:
                code, reason = client.closed
                raise Failure(f"waiting for {what}: a client was closed with {code} {reason!r}")
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            if condition is None:
                return
            raise Failure(f"no {what} within {limit} s")
        receive_ready([client for client in clients if not client.closed], remaining)


def receive_ready(clients, seconds):
    if not clients:
        time.sleep(min(seconds, 0.05))
        return
    for client in select.select(clients, [], [], seconds)[0]:
        client.receive()


def wait_closed(client):
    """The code that the server closes with."""
    client.ends_expected = True
    wait([client], lambda: client.closed, "close")
    return client.closed[0]
