#!/usr/bin/env python3
"""read_portable.py FILE - a portable recording, read by a stranger.

Written from persistence/README.md, "The portable file", and from nothing else. Prints a line for each piece, and
ends with status 0 only when every rule of that page holds.
"""
import hashlib
import struct
import sys
import zlib

MIB = 1 << 20
# Numbers, texts (least and most bytes), least and most bytes behind them.
KINDS = {
    b'ROOM': (5, [(1, 64), (1, 32), (0, 64)], 0, 0),
    b'SESS': (6, [(0, 200)], 0, 0),
    b'MARK': (2, [(0, 200), (0, 32), (0, 256)], 0, 0),
    b'SNAP': (2, [], 1, 64 * MIB),
    b'LOG ': (4, [], 1, 64 * MIB),
    b'TRCK': (3, [], 1, 64 * MIB),
    b'FILE': (4, [(32, 32)], 0, 0),
    b'PART': (0, [], 1, 65536),
    b'END ': (1, [(32, 32)], 0, 0),
}
ORDER = [b'ROOM', b'SESS', b'MARK', b'SNAP', b'FILE', b'END ']


class Wrong(Exception):
    pass


def demand(holds, what):
    if not holds:
        raise Wrong(what)


def pieces(data):
    """Kind, numbers, texts and bytes of each piece, and where it begins."""
    demand(data[:8] == b'\x89TUTTI\n\x1a', 'not such a file')
    demand(data[8:12] == b'\x01\0\0\0', 'another version')
    at, number, kind = 12, 0, None
    while kind != b'END ':
        begin, head = at, data[at:at + 20]
        demand(len(head) == 20, f'piece {number} is cut off')
        kind = head[:4]
        own, stored, length, check = struct.unpack('<4I', head[4:])
        demand(kind in KINDS and own == number, f'piece {number} has no head')
        at += 20 + stored
        demand(1 <= stored <= length and at <= len(data), f'piece {number} is too long')
        content = data[begin + 20:at]
        demand(zlib.crc32(head[:16] + content) == check, f'piece {number}: checksum')
        if stored < length:
            content = zlib.decompress(content)
        demand(len(content) == length, f'piece {number} inflates to something else')
        yield begin, kind, *parts(kind, content)
        number += 1
    demand(at == len(data), 'something stands behind the end')


def parts(kind, content):
    number_count, text_sizes, least, most = KINDS[kind]
    numbers = struct.unpack_from(f'<{number_count}Q', content)
    at, texts = 8 * number_count, []
    for low, high in text_sizes:
        (size,) = struct.unpack_from('<H', content, at)
        demand(low <= size <= high, f'{kind}: a text of {size} bytes')
        texts.append(content[at + 2:at + 2 + size])
        demand(len(texts[-1]) == size, f'{kind}: a text is cut off')
        at += 2 + size
    demand(least <= len(content) - at <= most, f'{kind}: {len(content) - at} bytes')
    return numbers, texts, content[at:]


def read(data):
    rank = tick = shown = left = count = 0
    run = None  # its beginning
    wanted = digest = None
    for begin, kind, numbers, texts, content in pieces(data):
        demand(left == 0 or kind == b'PART', 'a file is not whole')
        demand((count == 0) == (kind == b'ROOM'), 'a room comes first, and once')
        place = ORDER.index({b'LOG ': b'SNAP', b'TRCK': b'SNAP', b'PART': b'FILE'}.get(kind, kind))
        demand(place >= rank, f'{kind} comes too late')
        rank = place
        if kind == b'SNAP':
            demand(numbers[1] >= tick, 'a snapshot from before')
            run = tick = numbers[1]
        elif kind == b'LOG ':
            _, first, last, begins = numbers
            demand(tick < first <= last, 'a log from before')
            demand(begins == 1 or (begins == 0 and run is not None), 'nothing leads to a log')
            run = first - 1 if begins else run
            tick = last
        elif kind == b'TRCK':
            _, first, last = numbers
            demand(run is not None and max(run, shown) < first <= last <= tick, 'a track elsewhere')
            shown = last
        elif kind == b'FILE':
            left, wanted, digest = numbers[0], texts[0], hashlib.sha256()
        elif kind == b'PART':
            demand(len(content) == min(left, 65536), 'a part of another length')
            left -= len(content)
            digest.update(content)
            demand(left > 0 or digest.digest() == wanted, 'a file is not what its hash says')
        elif kind == b'END ':
            demand(run is not None and numbers[0] == count, 'the end counts other pieces')
            demand(hashlib.sha256(data[:begin]).digest() == texts[0], 'the sum over all')
        count += 1
        said = [text.decode(errors='replace') for text in texts if len(text) != 32]
        print(kind.decode().strip(), *numbers, *said, len(content))


if __name__ == '__main__':
    try:
        with open(sys.argv[1], 'rb') as file:
            read(file.read())
    except Wrong as wrong:
        sys.exit(f'{sys.argv[1]}: {wrong}')
