"""msgpack and RFC 6455, as far as tutti.v1 needs them, on the standard library alone."""

import base64
import hashlib
import os
import socket
import struct

MESSAGE_BYTES_MAX = 65536
SUBPROTOCOL = "tutti.v1"
DEPTH_MAX = 32

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
ABNORMAL = 1006  # RFC 6455 7.1.5: the connection ended without a close frame


class WireError(Exception):
    """Bytes that break msgpack, RFC 6455 or the rules that tutti.v1 lays on them."""


class Raw(bytes):
    """Bytes that pack() copies as they are, to build messages that break the rules."""


# msgpack


def pack(value, canonical=False):
    """The shortest form. With canonical, floats take the form that the server gives them."""
    out = bytearray()
    _pack_into(out, value, canonical)
    return bytes(out)


def _pack_into(out, value, canonical):
    if isinstance(value, Raw):
        out += value
    elif value is None:
        out.append(0xC0)
    elif isinstance(value, bool):
        out.append(0xC3 if value else 0xC2)
    elif isinstance(value, int):
        out += pack_integer(value)
    elif isinstance(value, float):
        out += _pack_float(value, canonical)
    elif isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        out += _pack_length(len(text), (0xA0, 32), 0xD9, 0xDA, 0xDB)
        out += text
    elif isinstance(value, (bytes, bytearray)):
        out += _pack_length(len(value), None, 0xC4, 0xC5, 0xC6)
        out += value
    elif isinstance(value, (list, tuple)):
        out += _pack_length(len(value), (0x90, 16), None, 0xDC, 0xDD)
        for item in value:
            _pack_into(out, item, canonical)
    elif isinstance(value, dict):
        out += _pack_length(len(value), (0x80, 16), None, 0xDE, 0xDF)
        for key, item in value.items():
            _pack_into(out, key, canonical)
            _pack_into(out, item, canonical)
    else:
        raise TypeError(f"msgpack has no form for {type(value).__name__}")


def pack_integer(value):
    if -32 <= value <= 127:
        return struct.pack("b", value)
    if value > 0:
        forms = ((0xCC, "B", 1 << 8), (0xCD, "H", 1 << 16), (0xCE, "I", 1 << 32),
                 (0xCF, "Q", 1 << 64))
        fits = value
    else:
        forms = ((0xD0, "b", 1 << 7), (0xD1, "h", 1 << 15), (0xD2, "i", 1 << 31),
                 (0xD3, "q", 1 << 63))
        fits = -value - 1
    for mark, code, bound in forms:
        if fits < bound:
            return struct.pack(">B" + code, mark, value)
    raise OverflowError(value)


def _pack_float(value, canonical):
    if canonical and value.is_integer() and abs(value) <= 2**53:
        return pack_integer(int(value))
    if canonical and struct.unpack(">f", _float32(value))[0] == value:
        return b"\xca" + _float32(value)
    return b"\xcb" + struct.pack(">d", value)


def _float32(value):
    try:
        return struct.pack(">f", value)
    except OverflowError:
        return struct.pack(">f", float("inf"))


def _pack_length(length, fix, mark8, mark16, mark32):
    if fix and length < fix[1]:
        return bytes([fix[0] | length])
    if mark8 is not None and length < 1 << 8:
        return struct.pack(">BB", mark8, length)
    if length < 1 << 16:
        return struct.pack(">BH", mark16, length)
    return struct.pack(">BI", mark32, length)


def unpack(data):
    """One value that fills the whole of data. Integers must be in their shortest form."""
    value, end = _unpack_at(data, 0, 0)
    if end != len(data):
        raise WireError(f"{len(data) - end} bytes after the message")
    return value


_INTEGERS = {0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
             0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
_LENGTHS = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I",
            0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I"}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


def _unpack_at(data, at, depth):
    if at >= len(data):
        raise WireError("the message ends before a value does")
    if depth > DEPTH_MAX:
        raise WireError("nested too deep")
    mark = data[at]
    at += 1
    if mark <= 0x7F:
        return mark, at
    if mark >= 0xE0:
        return mark - 256, at
    if mark <= 0x8F:
        return _unpack_map(data, at, mark & 15, depth)
    if mark <= 0x9F:
        return _unpack_array(data, at, mark & 15, depth)
    if mark <= 0xBF:
        return _unpack_text(data, at, mark & 31)
    if mark in _CONSTANTS:
        return _CONSTANTS[mark], at
    if mark in _INTEGERS:
        return _unpack_integer(data, at, _INTEGERS[mark])
    if mark in (0xCA, 0xCB):
        return _unpack_float(data, at, ">f" if mark == 0xCA else ">d")
    if mark not in _LENGTHS:
        raise WireError(f"type 0x{mark:02x} is not used in tutti.v1")
    length, at = _unpack_number(data, at, _LENGTHS[mark])
    if mark <= 0xC6:
        return bytes(_slice(data, at, length)), at + length
    if mark <= 0xDB:
        return _unpack_text(data, at, length)
    if mark <= 0xDD:
        return _unpack_array(data, at, length, depth)
    return _unpack_map(data, at, length, depth)


def _unpack_number(data, at, form):
    size = struct.calcsize(form)
    return struct.unpack(form, _slice(data, at, size))[0], at + size


def _unpack_integer(data, at, form):
    value, end = _unpack_number(data, at, form)
    if len(pack_integer(value)) != end - at + 1:
        raise WireError(f"the integer {value} is not in its shortest form")
    return value, end


def _unpack_float(data, at, form):
    value, end = _unpack_number(data, at, form)
    if value != value or value in (float("inf"), float("-inf")):
        raise WireError("a float that is not finite")
    return value, end


def _unpack_text(data, at, length):
    try:
        return str(_slice(data, at, length), "utf-8"), at + length
    except UnicodeDecodeError as error:
        raise WireError(f"invalid UTF-8: {error}") from None


def _unpack_array(data, at, length, depth):
    items = []
    for _ in range(length):
        item, at = _unpack_at(data, at, depth + 1)
        items.append(item)
    return items, at


def _unpack_map(data, at, length, depth):
    items = {}
    for _ in range(length):
        key, at = _unpack_at(data, at, depth + 1)
        if not isinstance(key, str) or key in items:
            raise WireError(f"the map key {key!r} is no string or comes twice")
        items[key], at = _unpack_at(data, at, depth + 1)
    return items, at


def _slice(data, at, length):
    if length > len(data) - at:
        raise WireError("the message ends before a value does")
    return data[at:at + length]


def zigzag(number):
    return 2 * number if number >= 0 else -2 * number - 1


def unzigzag(number):
    return number // 2 if number % 2 == 0 else -(number + 1) // 2


# RFC 6455


def frame(opcode, payload=b"", fin=True, reserved=0, masked=True, declared=None, length_form=None):
    """One client frame. declared lies about the length; length_form is 7, 16 or 64 bits."""
    length = len(payload) if declared is None else declared
    if length_form is None:
        length_form = 7 if length < 126 else 16 if length < 1 << 16 else 64
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    mask_bit = 0x80 if masked else 0
    if length_form == 7:
        head += bytes([mask_bit | length])
    elif length_form == 16:
        head += struct.pack(">BH", mask_bit | 126, length)
    else:
        head += struct.pack(">BQ", mask_bit | 127, length)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + mask(payload, key)


def mask(payload, key):
    stream = (key * (len(payload) // 4 + 1))[:len(payload)]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")
    return mixed.to_bytes(len(payload), "big")


def close_payload(code, reason=b""):
    return struct.pack(">H", code) + reason


def upgrade_request(address, path, key, replace=None):
    """The bytes of an upgrade. replace maps a header to another value, or to None to omit it."""
    headers = {
        "Host": f"{address[0]}:{address[1]}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": SUBPROTOCOL,
    }
    headers.update(replace or {})
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()


class HttpAnswer:
    def __init__(self, head, rest):
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
            raise WireError(f"not an HTTP answer: {lines[0]!r}")
        self.status = int(words[1])
        pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
        self.headers = {name.strip().lower(): value.strip() for name, value in pairs}
        self.rest = rest


def read_http_head(connection, limit=65536):
    """The head of an HTTP answer and what came after it, or None if the peer ended first."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < limit:
        piece = connection.recv(4096)
        if not piece:
            return None
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return HttpAnswer(head, rest)


class UpgradeRefused(Exception):
    """The server answered an upgrade with another status, or with none at all (status 0)."""

    def __init__(self, status):
        super().__init__(f"HTTP {status}")
        self.status = status


class WebSocket:
    """A client's end. Checks that the server keeps to RFC 6455; answers pings by itself.

    receive() returns whole messages; closed is None, or (code, reason) once the end has come."""

    def __init__(self, address, path, replace=None, receive_buffer=None, seconds=10):
        connection = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(seconds)
        self._begin(connection)
        try:
            connection.connect(address)
            self.answer = self._upgrade(address, path, replace)
        except BaseException:
            connection.close()
            raise

    @classmethod
    def over(cls, connection):
        """On a connection that has been upgraded already."""
        websocket = cls.__new__(cls)
        websocket._begin(connection)
        return websocket

    def _begin(self, connection):
        self.socket = connection
        self.answer = None
        self.closed = None
        self.pongs = []
        self.pings = 0
        self._buffer = b""
        self._fragments = None
        self._close_sent = False

    def _upgrade(self, address, path, replace):
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(upgrade_request(address, path, key, replace))
        try:
            answer = read_http_head(self.socket)
        except ConnectionError:
            answer = None
        if answer is None or answer.status != 101:
            raise UpgradeRefused(answer.status if answer else 0)
        salted = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()
        accept = base64.b64encode(hashlib.sha1(salted).digest()).decode()
        if answer.headers.get("sec-websocket-accept") != accept:
            raise WireError("a wrong Sec-WebSocket-Accept")
        if answer.headers.get("upgrade", "").lower() != "websocket":
            raise WireError("the upgrade is not to websocket")
        self._buffer = answer.rest
        return answer

    def fileno(self):
        return self.socket.fileno()

    def send(self, message):
        self.send_raw(frame(BINARY, message))

    def send_raw(self, data):
        """Sends bytes as they are. A connection that is over shows in receive(), not here."""
        if self.fileno() < 0:
            return
        try:
            self.socket.sendall(data)
        except (ConnectionError, TimeoutError):
            pass

    def receive(self):
        """Waits for bytes once (the socket's timeout bounds it); returns the whole messages."""
        if self.closed:
            return []
        messages = self._take_messages()
        if messages or self.closed:
            return messages
        try:
            piece = self.socket.recv(1 << 18)
        except ConnectionError:
            piece = b""
        if not piece:
            self.closed = (ABNORMAL, "")
            return []
        self._buffer += piece
        return self._take_messages()

    def _take_messages(self):
        messages = []
        while not self.closed:
            taken = self._take_frame()
            if taken is None:
                break
            message = self._take_data(*taken) if taken[1] < 8 else self._take_control(*taken)
            if message is not None:
                messages.append(message)
        return messages

    def _take_frame(self):
        data = self._buffer
        if len(data) < 2:
            return None
        if data[0] & 0x70:
            raise WireError("a reserved bit is set")
        if data[1] & 0x80:
            raise WireError("the server masks its frames")
        length, head = data[1], 2
        if length >= 126:
            head = 4 if length == 126 else 10
            if len(data) < head:
                return None
            length = int.from_bytes(data[2:head], "big")
            if length < (126 if head == 4 else 1 << 16):
                raise WireError("a frame length that is not in its shortest form")
        if length > MESSAGE_BYTES_MAX:
            raise WireError(f"a frame of {length} bytes")
        if len(data) < head + length:
            return None
        self._buffer = data[head + length:]
        return bool(data[0] & 0x80), data[0] & 15, data[head:head + length]

    def _take_data(self, fin, opcode, payload):
        if (opcode == CONTINUATION) != (self._fragments is not None):
            raise WireError("fragments out of order")
        if opcode not in (CONTINUATION, BINARY):
            raise WireError(f"a frame with the opcode {opcode}")
        message = (self._fragments or b"") + payload
        if len(message) > MESSAGE_BYTES_MAX:
            raise WireError(f"a message of more than {MESSAGE_BYTES_MAX} bytes")
        self._fragments = None if fin else message
        return message if fin else None

    def _take_control(self, fin, opcode, payload):
        if not fin or len(payload) > 125:
            raise WireError("a control frame in fragments or over 125 bytes")
        if opcode == PING:
            self.pings += 1
            self.send_raw(frame(PONG, payload))
        elif opcode == PONG:
            self.pongs.append(payload)
        elif opcode == CLOSE:
            self.closed = self._read_close(payload)
            if not self._close_sent:
                self.send_raw(frame(CLOSE, payload[:2]))
        else:
            raise WireError(f"a control frame with the opcode {opcode}")

    @staticmethod
    def _read_close(payload):
        if len(payload) == 1:
            raise WireError("a close frame with half a code")
        code = int.from_bytes(payload[:2], "big") if payload else 1005
        return code, payload[2:].decode("utf-8")

    def start_close(self, code=1000):
        self._close_sent = True
        self.send_raw(frame(CLOSE, close_payload(code)))

    def abort(self):
        """Ends the TCP connection with a reset, as a lost process or a router does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        self.closed = self.closed or (ABNORMAL, "")

    def finish(self):
        self.socket.close()
        self.closed = self.closed or (ABNORMAL, "")
