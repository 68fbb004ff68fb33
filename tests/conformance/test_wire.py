"""The msgpack and WebSocket codecs, against bytes written out by hand."""

import socket
import struct
import unittest

import wire
from wire import WireError, frame, pack, unpack, unzigzag, zigzag

PAIRS = (
    (None, "c0"), (False, "c2"), (True, "c3"), (0, "00"), (127, "7f"), (128, "cc80"),
    (255, "ccff"), (256, "cd0100"), (65535, "cdffff"), (65536, "ce00010000"),
    (2**32 - 1, "ceffffffff"), (2**32, "cf0000000100000000"), (2**64 - 1, "cf" + "ff" * 8),
    (-1, "ff"), (-32, "e0"), (-33, "d0df"), (-128, "d080"), (-129, "d1ff7f"),
    (-32768, "d18000"), (-32769, "d2ffff7fff"), (-2**31, "d280000000"),
    (-2**31 - 1, "d3ffffffff7fffffff"), (-2**63, "d38000000000000000"),
    ("", "a0"), ("a", "a161"), ("x" * 31, "bf" + "78" * 31), ("x" * 32, "d920" + "78" * 32),
    ("x" * 256, "da0100" + "78" * 256), ("\u20ac", "a3e282ac"),
    (b"", "c400"), (b"ab", "c4026162"), (bytes(256), "c50100" + "00" * 256),
    ([], "90"), ([1, [2]], "920191" "02"), ([0] * 16, "dc0010" + "00" * 16),
    ({}, "80"), ({"a": 1}, "81a16101"),
    ({f"{each:02}": 0 for each in range(16)},
     "de0010" + "".join(f"a2{0x30 + each // 10:02x}{0x30 + each % 10:02x}00"
                        for each in range(16))),
)


class Msgpack(unittest.TestCase):
    def test_values_and_bytes_are_each_others(self):
        for value, packed in PAIRS:
            with self.subTest(packed=packed[:20]):
                self.assertEqual(pack(value).hex(), packed)
                self.assertEqual(unpack(bytes.fromhex(packed)), value)

    def test_lengths_of_65536_take_32_bits(self):
        for value in ("x" * 65536, bytes(65536), [None] * 65536):
            self.assertEqual(unpack(pack(value)), value)
        self.assertEqual(pack("x" * 65536)[:5].hex(), "db00010000")

    def test_floats_are_whole_or_canonical(self):
        self.assertEqual(pack(0.5).hex(), "cb3fe0000000000000")
        self.assertEqual(pack(0.5, canonical=True).hex(), "ca3f000000")
        self.assertEqual(pack(0.1, canonical=True).hex(), "cb3fb999999999999a")
        self.assertEqual(pack(5.0, canonical=True).hex(), "05")
        self.assertEqual(pack(1e300, canonical=True)[0], 0xCB)
        for value in (0.5, 0.1, -1e-300, 1e300):
            self.assertEqual(unpack(pack(value, canonical=True)), value)

    def test_what_the_protocol_forbids_is_refused(self):
        for packed in ("", "c1", "cc05", "cd00ff", "d0ff", "d30000000000000001", "9101" "02",
                       "9201", "a261", "a1ff", "a2c0af", "a3eda080", "c40261", "d40001",
                       "c9ffffffff00", "cb7ff8000000000000", "ca7f800000", "ddffffffff",
                       "82a16101a16102", "810101", "91" * 100):
            with self.subTest(packed=packed[:20]), self.assertRaises(WireError):
                unpack(bytes.fromhex(packed))

    def test_raw_bytes_are_copied(self):
        self.assertEqual(pack([wire.Raw(b"\xc1"), 1]).hex(), "92c101")

    def test_zigzag_goes_there_and_back(self):
        self.assertEqual([zigzag(each) for each in (0, -1, 1, -2, 2)], [0, 1, 2, 3, 4])
        for number in (*range(-300, 300), 2**53, -2**53):
            self.assertEqual(unzigzag(zigzag(number)), number)


class Frames(unittest.TestCase):
    def test_a_client_frame_is_masked(self):
        data = frame(wire.BINARY, b"hello")
        self.assertEqual(data[:2].hex(), "8285")
        self.assertEqual(wire.mask(data[6:], data[2:6]), b"hello")

    def test_lengths_take_the_shortest_form(self):
        self.assertEqual(frame(2, bytes(125), masked=False)[:2].hex(), "827d")
        self.assertEqual(frame(2, bytes(126), masked=False)[:4].hex(), "827e007e")
        self.assertEqual(frame(2, bytes(65536), masked=False)[:10].hex(), "827f0000000000010000")

    def test_a_length_may_lie(self):
        data = frame(2, b"x", declared=2**62, length_form=64)
        self.assertEqual(struct.unpack(">Q", data[2:10])[0], 2**62)


class Connection(unittest.TestCase):
    """A WebSocket on one end of a socket pair, bytes as a server writes them on the other."""

    def setUp(self):
        self.peer, near = socket.socketpair()
        near.settimeout(5)
        self.peer.settimeout(5)
        self.websocket = wire.WebSocket.over(near)

    def tearDown(self):
        self.peer.close()
        self.websocket.finish()

    def got(self, hexes):
        self.peer.sendall(bytes.fromhex(hexes))
        return self.websocket.receive()

    def test_messages_come_out_whole(self):
        self.assertEqual(self.got("820161" "820162"), [b"a", b"b"])

    def test_a_message_in_pieces_waits_for_its_end(self):
        self.assertEqual(self.got("8203"), [])
        self.assertEqual(self.got("616263"), [b"abc"])

    def test_fragments_are_joined_around_a_ping(self):
        self.assertEqual(self.got("020161" "890170" "800162"), [b"ab"])
        answer = self.peer.recv(100)
        self.assertEqual(answer[0], 0x8A)
        self.assertEqual(wire.mask(answer[6:], answer[2:6]), b"p")

    def test_a_close_is_answered_once_and_remembered(self):
        self.assertEqual(self.got("8804" "0fa1" "6869"), [])
        self.assertEqual(self.websocket.closed, (4001, "hi"))
        self.assertEqual(self.peer.recv(100)[0], 0x88)

    def test_the_end_without_a_close_is_abnormal(self):
        self.peer.close()
        self.websocket.receive()
        self.assertEqual(self.websocket.closed, (wire.ABNORMAL, ""))

    def test_a_server_that_breaks_rfc_6455_is_caught(self):
        for bad in ("c20161", "828161" + "00" * 4, "810161", "800161", "0900",
                    "830161", "827e0001" "61", "827f0000000000000001" "61", "897e007e" + "00" * 126,
                    "827f0000000000010001", "880161"):
            with self.subTest(bad=bad):
                self.tearDown()
                self.setUp()
                with self.assertRaises(WireError):
                    self.got(bad)


if __name__ == "__main__":
    unittest.main()
