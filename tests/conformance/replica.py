"""What a client holds of a room: applies frames and checks every rule that a frame must keep."""

import zlib
from dataclasses import dataclass, field as default

from wire import MESSAGE_BYTES_MAX, unpack, unzigzag

NAMES, EVERYONE, PRESENCE, MINE = 0, 1, 2, 3
MORE, RESTART, LOST = 1, 2, 4
DELETE, PUT, SET_GAPS, SET_BITMAP, MOVED_GAPS, MOVED_BITMAP, APPEND, EVENT = range(8)
FORM_NAMES = ("delete", "put", "set by gaps", "set by bitmap", "moved by gaps",
              "moved by bitmap", "append", "event")
MERGE_SET, MERGE_APPEND, MERGE_ADD = 0, 1, 2
ANY, BOOL, INT, FIXED, STRING, BINARY, INTS = range(7)
EXACT = 2**53


class Violation(Exception):
    """The server sent what the protocol does not allow."""


def require(condition, why):
    if not condition:
        raise Violation(why)


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def freeze(value):
    """A form that compares as the wire does: True is not 1, 1 is not 1.0, maps have no order."""
    if isinstance(value, dict):
        return "map", tuple(sorted((key, freeze(item)) for key, item in value.items()))
    if isinstance(value, list):
        return "array", tuple(freeze(item) for item in value)
    return type(value).__name__, value


@dataclass
class Field:
    number: int
    name: str
    type: int
    merge: int
    minimum: int
    maximum: int
    steps: int

    def fits(self, value):
        if value is None:
            return True
        if self.merge == MERGE_APPEND:
            return isinstance(value, list) and all(self.fits_item(item) for item in value)
        return self.fits_type(value)

    def fits_item(self, item):
        if self.type == INTS:
            return is_integer(item) and abs(item) <= 2**31
        return item is not None and not isinstance(item, (list, dict))

    def fits_type(self, value):
        if self.type == BOOL:
            return isinstance(value, bool)
        if self.type in (INT, FIXED):
            return is_integer(value) and self.minimum <= value <= self.maximum
        if self.type == STRING:
            return isinstance(value, str) and len(value.encode()) <= self.maximum
        if self.type == BINARY:
            return isinstance(value, bytes) and len(value) <= self.maximum
        if self.type == INTS:
            return (isinstance(value, list) and len(value) <= self.maximum
                    and all(self.fits_item(item) for item in value))
        return fits_any(value)


def fits_any(value, depth=0):
    if isinstance(value, dict):
        return (depth < 8 and len(value) <= 64
                and all(fits_any(item, depth + 1) for item in value.values()))
    if isinstance(value, list):
        return depth < 8 and all(fits_any(item, depth + 1) for item in value)
    if isinstance(value, float):
        return not (value.is_integer() and abs(value) <= EXACT)
    return not is_integer(value) or abs(value) <= EXACT


@dataclass
class Collection:
    number: int
    name: str
    presence: bool
    scope: int
    fields: dict = default(default_factory=dict)

    def field(self, name):
        return next((each for each in self.fields.values() if each.name == name), None)


@dataclass
class Event:
    number: int
    name: str
    kept: int


class Names:
    """Scope 0: what the numbers of collections, fields and events stand for."""

    def __init__(self):
        self.collections = {}
        self.events = {}

    def copy(self):
        other = Names()
        other.collections = {number: Collection(each.number, each.name, each.presence, each.scope,
                                                dict(each.fields))
                             for number, each in self.collections.items()}
        other.events = dict(self.events)
        return other

    def collection(self, name):
        return next((each for each in self.collections.values() if each.name == name), None)

    def event(self, name):
        return next((each for each in self.events.values() if each.name == name), None)

    def define(self, definition):
        require(isinstance(definition, list) and definition, "a definition is not an array")
        sort, *rest = definition
        size = {0: 4, 1: 8, 2: 3}.get(sort)
        require(size is not None, f"a definition of the unknown sort {sort!r}")
        require(len(rest) >= size, f"a definition is too short: {definition}")
        (self._collection, self._field, self._event)[sort](*rest[:size])

    def _collection(self, number, name, class_, scope):
        require(is_integer(number) and number >= 0, "a collection's number")
        require(class_ in (0, 1) and is_integer(scope) and scope >= EVERYONE,
                f"the class or scope of the collection {name}")
        self._check_name(name)
        self.collections[number] = Collection(number, name, class_ == 1, scope)

    def _field(self, collection, number, name, type_, merge, minimum, maximum, steps):
        require(collection in self.collections, f"the field {name} is of no known collection")
        require(is_integer(number) and 0 <= number <= 31, f"the number of the field {name}")
        require(type_ in range(7) and merge in range(3), f"type or merge of the field {name}")
        require(is_integer(minimum) and is_integer(maximum), f"the bounds of the field {name}")
        require(is_integer(steps) and steps >= 1, f"the steps of the field {name}")
        self._check_name(name)
        self.collections[collection].fields[number] = Field(number, name, type_, merge, minimum,
                                                            maximum, steps)

    def _event(self, number, name, kept):
        require(is_integer(number) and number >= 0, "an event's number")
        require(is_integer(kept) and kept >= 0, f"how many of the event {name} are kept")
        self._check_name(name)
        self.events[number] = Event(number, name, kept)

    @staticmethod
    def _check_name(name):
        require(isinstance(name, str) and 1 <= len(name.encode()) <= 32, f"the name {name!r}")


@dataclass
class Record:
    collection: int
    id: object
    values: dict

    def copy(self):
        return Record(self.collection, self.id, {number: list(value) if isinstance(value, list)
                                                 else value
                                                 for number, value in self.values.items()})


class Scope:
    def __init__(self):
        self.records = {}  # slot -> Record
        self.events = {}   # number -> [(from, value)], oldest first

    def copy(self):
        other = Scope()
        other.records = {slot: record.copy() for slot, record in self.records.items()}
        other.events = {number: list(each) for number, each in self.events.items()}
        return other


@dataclass
class Heard:
    scope: int
    event: str
    sender: int
    value: object
    history: bool


@dataclass
class SeenSection:
    """What a test may ask about a section that has come."""
    scope: int
    flags: int
    forms: set
    deflated: bool = False


def inflate(data, size):
    """The elements of a deflated section, in bytes that are just what they should be."""
    require(is_integer(size) and 1 <= size <= MESSAGE_BYTES_MAX, f"the size {size!r}")
    inflater = zlib.decompressobj(-15)
    try:
        whole = inflater.decompress(data, size + 1)
    except zlib.error as error:
        raise Violation(f"deflated badly: {error}") from error
    require(len(whole) == size, f"not {size} bytes when inflated")
    require(inflater.eof and not inflater.unused_data, "no end, or something behind it")
    elements = unpack(whole)
    require(isinstance(elements, list), "what was deflated is no array")
    return Elements(elements)


class Elements:
    """The elements of an array one after the other."""

    def __init__(self, items):
        self._items = items
        self._at = 0

    def more(self):
        return self._at < len(self._items)

    def take(self, why):
        require(self.more(), f"{why} is missing")
        self._at += 1
        return self._items[self._at - 1]

    def integer(self, why):
        value = self.take(why)
        require(is_integer(value) and value >= 0, f"{why} is {value!r}")
        return value


class Replica:
    def __init__(self):
        self.accepts_deflated = False
        self.incarnation = 0
        self.tick = 0
        self.places = {}    # scope -> place, for scopes held completely
        self.heard = []     # every event that came, in order
        self.sections = []  # every SeenSection, in order
        self._shown = {}
        self._pending = {}  # scope -> what a transfer has brought so far
        self._positions = {}
        self._loading = set()
        self._stale = set()
        self._waiting_for_first_frame = True

    @property
    def names(self):
        return self._shown.get(NAMES) or Names()

    @property
    def complete(self):
        return not self._waiting_for_first_frame and not self._pending

    def begin(self, incarnation, tick, kept):
        """A welcome: the scopes in kept go on, everything else waits for a first load."""
        require(set(kept) <= set(self.places), f"kept scopes that were not offered: {kept}")
        require(incarnation == self.incarnation or not kept, "places of another incarnation kept")
        self.incarnation = incarnation
        self.tick = tick
        self.places = {scope: self.places[scope] for scope in kept}
        self._positions = dict(self.places)
        self._stale = set(self._shown) - set(kept)
        self._pending = {}
        self._loading = set()
        self._waiting_for_first_frame = True

    def apply_frame(self, ticks, sections):
        require(is_integer(ticks) and ticks >= 0, f"ticks is {ticks!r}")
        self.tick += ticks
        for section in sections:
            require(isinstance(section, list) and section, f"a section is {section!r}")
            self._apply_section(section)
        self._waiting_for_first_frame = False
        if self.complete:
            for scope in self._stale:
                self._shown.pop(scope, None)
            self._stale = set()

    def _apply_section(self, section):
        elements = Elements(section)
        scope, flags = divmod(elements.integer("a section's head"), 8)
        seen = SeenSection(scope, flags, set())
        self.sections.append(seen)
        if flags & LOST:
            require(flags == LOST and not elements.more(), "a lost section has more to say")
            self._drop(scope)
            return
        target = self._target(scope, flags)
        advance = elements.integer("advance")
        self._positions[scope] += advance
        if len(section) == 4 and isinstance(section[2], bytes):
            require(self.accepts_deflated, "a deflated section that was not asked for")
            seen.deflated = True
            elements = inflate(*section[2:])
        if scope == NAMES:
            self._define_all(target, elements, advance)
        else:
            _Runs(self, scope, target, seen).apply(elements)
        if flags & MORE:
            self._pending[scope] = target
        else:
            self._complete(scope, target)

    def _drop(self, scope):
        for held in (self._shown, self._pending, self._positions, self.places):
            held.pop(scope, None)
        self._loading.discard(scope)
        self._stale.discard(scope)

    def _target(self, scope, flags):
        """What the section's runs are applied to. A transfer in parts works on a copy, so that
        nothing of it shows before its end."""
        if flags & RESTART:
            self._positions[scope] = 0
            self._loading.add(scope)
            return Names() if scope == NAMES else Scope()
        if scope not in self._positions:  # empty at the welcome: it begins at place 0
            self._positions[scope] = 0
            return Names() if scope == NAMES else Scope()
        if scope in self._pending:
            return self._pending[scope]
        require(scope in self._shown and scope not in self._stale,
                f"a delta for scope {scope}, which is out of date")
        return self._shown[scope].copy() if flags & MORE else self._shown[scope]

    def _complete(self, scope, target):
        self._pending.pop(scope, None)
        self._shown[scope] = target
        self._stale.discard(scope)
        self._loading.discard(scope)
        self.places[scope] = self._positions[scope]

    @staticmethod
    def _define_all(names, elements, advance):
        count = 0
        while elements.more():
            names.define(elements.take("a definition"))
            count += 1
        require(count == advance, f"{count} definitions, but advance is {advance}")

    def names_for_reading(self):
        """Definitions count for reading as soon as they have come."""
        return self._pending.get(NAMES) or self.names

    def is_loading(self, scope):
        return scope in self._loading

    # What a test looks at.

    def records(self, collection):
        """id -> {field name: value} of one collection, by its name."""
        found = self.names.collection(collection)
        scope = self._shown.get(found.scope) if found else None
        if not scope:
            return {}
        return {record.id: {found.fields[number].name: value
                            for number, value in record.values.items()}
                for record in scope.records.values() if record.collection == found.number}

    def record(self, collection, id_):
        return self.records(collection).get(id_)

    def events(self, name, scope=EVERYONE):
        """[(from, value)] that are kept of one event, oldest first."""
        found = self.names.event(name)
        shown = self._shown.get(scope)
        return list(shown.events.get(found.number, ())) if found and shown else []

    def holds(self, scope):
        return scope in self._shown

    def view(self, scopes=(NAMES, EVERYONE, PRESENCE)):
        """Everything held of some scopes, in a form that two clients can compare."""
        view = {}
        if NAMES in scopes:
            view["names"] = sorted(map(repr, self.names.collections.values())), sorted(
                map(repr, self.names.events.values()))
        for scope in scopes:
            if scope == NAMES or scope not in self._shown:
                continue
            for record in self._shown[scope].records.values():
                key = scope, record.collection, record.id
                require(key not in view, f"the record {key} is in two slots")
                view[key] = {number: freeze(value) for number, value in record.values.items()}
            for number, events in self._shown[scope].events.items():
                view[scope, "event", number] = [(who, freeze(value)) for who, value in events]
        return view


class _Runs:
    """Applies the runs of one section."""

    def __init__(self, replica, scope, target, seen):
        self.names = replica.names_for_reading()
        self.history = replica.is_loading(scope)
        self.heard = replica.heard
        self.scope = scope
        self.target = target
        self.seen = seen

    def apply(self, elements):
        phase = 0
        while elements.more():
            number, form = divmod(elements.integer("a run's head"), 8)
            self.seen.forms.add(form)
            require(min(form, 2) >= phase, "deletes and puts do not stand first")
            phase = min(form, 2)
            if form == DELETE:
                self._delete(number, elements)
            elif form == EVENT:
                self._event(number, elements)
            else:
                self._records(self._collection(number), form, elements)

    def _collection(self, number):
        collection = self.names.collections.get(number)
        require(collection is not None, f"the collection {number} is not defined")
        require(collection.scope == self.scope,
                f"{collection.name} is of scope {collection.scope}, not {self.scope}")
        return collection

    def _records(self, collection, form, elements):
        if form == APPEND:
            self._append(collection, elements)
            return
        fields = self._fields(collection, elements.integer("a mask"))
        if form == PUT:
            self._put(collection, fields, elements)
        elif form in (SET_GAPS, MOVED_GAPS):
            slots = self._gaps(elements)
            self._change(collection, fields, slots, form == MOVED_GAPS, elements)
        else:
            slots = self._bitmap(elements)
            self._change(collection, fields, slots, form == MOVED_BITMAP, elements)

    @staticmethod
    def _fields(collection, mask):
        numbers = [number for number in range(mask.bit_length()) if mask >> number & 1]
        for number in numbers:
            require(number in collection.fields,
                    f"the field {number} of {collection.name} is not defined")
        return [collection.fields[number] for number in numbers]

    @staticmethod
    def _gaps(elements):
        count = elements.integer("a count")
        slots, next_slot = [], 0
        for _ in range(count):
            slots.append(next_slot + elements.integer("a gap"))
            next_slot = slots[-1] + 1
        return slots

    @staticmethod
    def _bitmap(elements):
        first = elements.integer("a first slot")
        bitmap = elements.take("a bitmap")
        require(isinstance(bitmap, bytes) and bitmap, f"a bitmap is {bitmap!r}")
        return [first + 8 * at + bit for at, byte in enumerate(bitmap) for bit in range(8)
                if byte >> bit & 1]

    def _delete(self, number, elements):
        require(number == 0, "a delete names a collection")
        for slot in self._gaps(elements):
            self.target.records.pop(slot, None)

    def _put(self, collection, fields, elements):
        for _ in range(elements.integer("a count")):
            slot = elements.integer("a slot")
            id_ = elements.take("an id")
            self._check_id(collection, id_)
            record = Record(collection.number, id_, {})
            for field in fields:
                self._store(record, field, elements.take("a value"))
            self.target.records[slot] = record

    @staticmethod
    def _check_id(collection, id_):
        if collection.presence:
            require(is_integer(id_) and 1 <= id_ < 2**32, f"a member's number is {id_!r}")
        else:
            require(isinstance(id_, str) and 1 <= len(id_) <= 24
                    and all(0x21 <= ord(each) <= 0x7E for each in id_), f"an id is {id_!r}")

    def _change(self, collection, fields, slots, moved, elements):
        require(fields and slots, "a run that changes nothing")
        for slot in slots:
            record = self._record(collection, slot)
            for field in fields:
                value = elements.take("a value")
                if moved:
                    value = self._moved(record, field, value)
                self._store(record, field, value)

    @staticmethod
    def _moved(record, field, difference):
        held = record.values.get(field.number)
        require(is_integer(held), f"{field.name} moves, but what is held is {held!r}")
        require(is_integer(difference) and difference >= 0, f"a difference is {difference!r}")
        return held + unzigzag(difference)

    def _append(self, collection, elements):
        number = elements.integer("a field")
        record = self._record(collection, elements.integer("a slot"))
        start, count = elements.integer("a start"), elements.integer("a count")
        field = collection.fields.get(number)
        require(field is not None and field.merge == MERGE_APPEND,
                f"an append to the field {number} of {collection.name}")
        held = record.values.get(number, [])
        require(start <= len(held), f"items from {start} on, but {len(held)} are held")
        items = [elements.take("an item") for _ in range(count)]
        self._store(record, field, held[:start] + items)

    def _record(self, collection, slot):
        record = self.target.records.get(slot)
        require(record is not None, f"the slot {slot} of {collection.name} is not known")
        require(record.collection == collection.number, f"the slot {slot} is not in "
                                                        f"{collection.name}")
        return record

    @staticmethod
    def _store(record, field, value):
        require(field.fits(value), f"{value!r} does not fit {field}")
        if value is None:
            record.values.pop(field.number, None)
        else:
            record.values[field.number] = value

    def _event(self, number, elements):
        event = self.names.events.get(number)
        require(event is not None, f"the event {number} is not defined")
        sender = elements.integer("an event's sender")
        value = elements.take("an event's value")
        require(fits_any(value), f"an event's value is {value!r}")
        self.heard.append(Heard(self.scope, event.name, sender, value, self.history))
        kept = self.target.events.setdefault(number, [])
        kept.append((sender, value))
        del kept[:max(0, len(kept) - event.kept)]
