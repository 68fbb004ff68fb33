"""The replica, against frames written out by hand from the protocol's tables."""

import unittest
import zlib

from replica import Replica, Violation
from wire import pack

NAMES = [0 * 8 + 2, 6,
         [0, 0, "presence", 1, 2],
         [1, 0, 0, "x", 2, 0, 0, 1000, 1], [1, 0, 1, "away", 1, 0, 0, 0, 1],
         [0, 1, "notes", 0, 1], [1, 1, 0, "text", 0, 0, 0, 0, 1], [1, 1, 1, "list", 0, 1, 0, 0, 1]]
CHAT = [0, 1, [2, 3, "chat", 2]]


def run(number, form):
    return 8 * number + form


class Sections(unittest.TestCase):
    def setUp(self):
        self.replica = Replica()
        self.replica.begin(5, 100, [])
        self.replica.apply_frame(1, [NAMES, CHAT, [8 * 1 + 2, 0], [8 * 2 + 2, 0]])

    def apply(self, *section):
        self.replica.apply_frame(1, [list(section)])

    def put_notes(self, *ids):
        each = [part for slot, id_ in enumerate(ids) for part in (slot, id_, "t" + id_)]
        self.apply(8, len(ids), run(1, 1), 1, len(ids), *each)

    def put_members(self, count):
        each = [part for slot in range(count) for part in (slot, 100 + slot, 10 * slot)]
        self.apply(16, count, run(0, 1), 1, count, *each)

    def positions(self):
        return [self.replica.record("presence", 100 + slot)["x"] for slot in range(6)]

    def test_ticks_and_places_add_up(self):
        self.put_notes("a")
        self.assertEqual(self.replica.tick, 102)
        self.assertEqual(self.replica.places, {0: 7, 1: 1, 2: 0})

    def test_put_set_and_nil(self):
        self.put_notes("a", "b", "c")
        self.apply(8, 2, run(1, 2), 1, 2, 0, 1, "new a", None)
        self.assertEqual(self.replica.records("notes"),
                         {"a": {"text": "new a"}, "b": {"text": "tb"}, "c": {}})

    def test_gaps_count_the_slots_left_out(self):
        self.put_members(6)
        self.apply(16, 1, run(0, 2), 1, 3, 1, 0, 1, 111, 222, 444)
        self.assertEqual(self.positions(), [0, 111, 222, 30, 444, 50])

    def test_a_bitmap_starts_at_its_first_slot(self):
        self.put_members(6)
        self.apply(16, 1, run(0, 3), 1, 2, bytes([0b1101]), 222, 444, 555)
        self.assertEqual(self.positions(), [0, 10, 222, 30, 444, 555])

    def test_moves_are_differences(self):
        self.put_members(6)
        self.apply(16, 1, run(0, 4), 1, 2, 0, 3, 2, 5)
        self.apply(16, 1, run(0, 5), 1, 0, bytes([0b10001]), 1, 6)
        self.assertEqual(self.positions(), [0, 10, 20, 30, 40, 50])

    def test_deletes_stand_first_and_free_slots(self):
        self.put_notes("a", "b", "c")
        self.apply(8, 3, 0, 3, 0, 1, 40, run(1, 1), 1, 1, 0, "d", "new")
        self.assertEqual(set(self.replica.records("notes")), {"b", "d"})
        with self.assertRaises(Violation):
            self.apply(8, 1, run(1, 2), 1, 1, 0, "x", 0, 1, 0)

    def test_append_is_cut_to_its_start(self):
        self.put_notes("a")
        for start, items, wanted in ((0, [1, 2, 3], [1, 2, 3]), (2, [3, 4], [1, 2, 3, 4]),
                                     (2, [3, 4], [1, 2, 3, 4]), (0, [], [])):
            self.apply(8, 1, run(1, 6), 1, 0, start, len(items), *items)
            self.assertEqual(self.replica.record("notes", "a").get("list"), wanted)
        with self.assertRaises(Violation):
            self.apply(8, 1, run(1, 6), 1, 0, 9, 1, 1)

    def test_events_are_kept_as_many_as_declared(self):
        for value in range(4):
            self.apply(8, 1, run(3, 7), 9, value)
        self.assertEqual(self.replica.events("chat"), [(9, 2), (9, 3)])
        self.assertEqual([each.value for each in self.replica.heard], [0, 1, 2, 3])
        self.assertFalse(any(each.history for each in self.replica.heard))

    def test_nothing_of_a_transfer_shows_before_its_end(self):
        self.put_notes("a")
        self.apply(8 + 1, 2, run(1, 1), 1, 1, 1, "b", "tb")
        self.assertFalse(self.replica.complete)
        self.assertEqual(set(self.replica.records("notes")), {"a"})
        self.assertEqual(self.replica.places[1], 1)
        self.apply(8, 1, run(1, 1), 1, 1, 2, "c", "tc")
        self.assertTrue(self.replica.complete)
        self.assertEqual(set(self.replica.records("notes")), {"a", "b", "c"})
        self.assertEqual(self.replica.places[1], 4)

    def test_a_restart_replaces_what_was_held(self):
        self.put_notes("a")
        self.apply(8 + 2 + 1, 5, run(1, 1), 1, 1, 0, "b", "tb", run(3, 7), 9, "old")
        self.apply(8, 1, run(1, 1), 1, 1, 3, "c", "tc", run(3, 7), 9, "older")
        self.assertEqual(set(self.replica.records("notes")), {"b", "c"})
        self.assertEqual(self.replica.places[1], 6)
        self.assertTrue(all(each.history for each in self.replica.heard))

    def test_a_lost_scope_is_dropped(self):
        self.put_notes("a")
        self.apply(8 + 4)
        self.assertEqual(self.replica.records("notes"), {})
        self.assertNotIn(1, self.replica.places)

    def test_scopes_not_kept_stay_until_the_state_is_complete(self):
        self.put_notes("a")
        self.put_members(2)
        self.replica.begin(5, 200, [0, 2])
        self.assertEqual(set(self.replica.records("notes")), {"a"})
        self.apply(8 + 2, 4, run(1, 1), 1, 1, 0, "b", "tb")
        self.assertEqual(set(self.replica.records("notes")), {"b"})
        self.assertEqual(len(self.replica.records("presence")), 2)

    @staticmethod
    def deflated(*elements):
        whole = pack(list(elements))
        deflater = zlib.compressobj(wbits=-15)
        return deflater.compress(whole) + deflater.flush(), len(whole)

    def test_a_deflated_section_is_as_good(self):
        self.replica.accepts_deflated = True
        self.apply(8 + 2, 5, *self.deflated(run(1, 1), 1, 1, 0, "b", "tb"))
        self.assertEqual(set(self.replica.records("notes")), {"b"})
        self.assertTrue(self.replica.sections[-1].deflated)

    def test_what_is_not_deflated_well_is_caught(self):
        data, size = self.deflated(run(1, 1), 1, 1, 0, "b", "tb")
        bad = (
            ("a byte too few", data, size + 1), ("a byte too many", data, size - 1),
            ("cut off", data[:-1], size), ("something behind it", data + b"x", size),
            ("no bytes", b"", size), ("a size of 0", data, 0), ("too large", data, 65537),
            ("a size that is text", data, "much"), ("nothing deflated", b"\xff" * 9, size),
            ("no array", zlib.compress(pack(7), wbits=-15), 1),
        )
        for why, *section in bad:
            with self.subTest(why), self.assertRaises(Violation):
                self.setUp()
                self.replica.accepts_deflated = True
                self.apply(8 + 2, 5, *section)
        self.setUp()
        with self.assertRaises(Violation):
            self.apply(8 + 2, 5, data, size)

    def test_what_the_tables_do_not_allow_is_caught(self):
        bad = (
            ("no advance", [8]),
            ("an unknown collection", [8, 1, run(7, 1), 0, 1, 0, "a"]),
            ("an unknown field", [8, 1, run(1, 1), 8, 1, 9, "z", 1]),
            ("an unknown slot", [8, 1, run(1, 2), 1, 1, 9, "x"]),
            ("a collection of another scope", [8, 1, run(0, 1), 1, 1, 9, 100, 1]),
            ("a put behind a set", [8, 1, run(1, 2), 1, 1, 0, "x", run(1, 1), 0, 1, 9, "z"]),
            ("a delete behind a put", [8, 1, run(1, 1), 0, 1, 9, "z", 0, 1, 0]),
            ("a value over its maximum", [16, 1, run(0, 2), 1, 1, 0, 1001]),
            ("a move out of range", [16, 1, run(0, 4), 1, 1, 0, 1]),
            ("a move of a text", [8, 1, run(1, 4), 1, 1, 0, 2]),
            ("an id with a blank", [8, 1, run(1, 1), 0, 1, 9, "a b"]),
            ("one element too few", [8, 1, run(1, 2), 1, 2, 0, 0, "x"]),
            ("a definition too few", [0, 1]),
            ("an event without a definition", [8, 1, run(9, 7), 1, 1]),
            ("a lost scope with runs", [12, 1]),
        )
        for why, section in bad:
            with self.subTest(why):
                self.setUp()
                self.put_notes("a")
                self.put_members(1)
                with self.assertRaises(Violation):
                    self.apply(*section)

    def test_one_record_in_two_slots_is_caught(self):
        self.put_notes("a", "a")
        with self.assertRaises(Violation):
            self.replica.view()


if __name__ == "__main__":
    unittest.main()
