# SPDX-License-Identifier: Apache-2.0
"""What both ends of the soak agree on: bytes that can be checked, and how a message is read and written.

A request says in its headers what it is (`x-token`), what its body is (`x-body`: length and checksum), and what it wants
back (`x-answer`: length and coding, `x-do`: how the primary is to misbehave).  The answer's body follows from the token,
so a client notices each byte that is not its own.
"""
import asyncio
import contextlib
import random
import socket
import zlib

BLOCK = random.Random(6).randbytes(1 << 20)
PIECE = 64 * 1024
HEAD_LIMIT = 256 * 1024


class Content:
    """The body that belongs to a token: hands it out in pieces, or compares it with what comes."""

    def __init__(self, token, size):
        self.start, self.size, self.position = zlib.crc32(token.encode()), size, 0

    def take(self, most=PIECE):
        """The next piece; empty at the end."""
        at = (self.start + self.position) % len(BLOCK)
        piece = BLOCK[at:at + min(most, self.size - self.position)]
        self.position += len(piece)
        return piece

    def pieces(self, most=PIECE):
        while piece := self.take(most):
            yield piece

    def accepts(self, data):
        """Whether `data` is what comes next."""
        while data:
            if self.position >= self.size:
                return False
            expected = self.take(len(data))
            if data[:len(expected)] != expected:
                return False
            data = data[len(expected):]
        return True


class Tally:
    """Receives a body, and knows how long it was and its checksum."""

    def __init__(self):
        self.length = self.checksum = 0

    def accepts(self, data):
        self.length += len(data)
        self.checksum = zlib.crc32(data, self.checksum)
        return True

    def __str__(self):
        return f'{self.length}-{self.checksum}'


class Wrong(Exception):
    """What came is not what should; says how."""


class Ended(Exception):
    """The connection ended before the message did."""


class Head:
    def __init__(self, raw):
        lines = raw[:-4].decode('latin-1').split('\r\n')
        self.start = lines[0].split(' ', 2)
        if len(self.start) < 2:
            raise Wrong(f'start line {lines[0][:80]!r}')
        self.fields = {}
        for line in lines[1:]:
            name, colon, value = line.partition(':')
            if not colon:
                raise Wrong(f'header line {line[:80]!r}')
            name = name.lower()
            if name in ('content-length', 'transfer-encoding', 'host') and name in self.fields:
                raise Wrong(f'{name} twice')
            self.fields[name] = value.strip()
        if 'content-length' in self.fields and 'transfer-encoding' in self.fields:
            raise Wrong('content-length beside transfer-encoding')

    def get(self, name, default=''):
        return self.fields.get(name, default)


async def read_head(reader):
    """`None` if the peer has closed instead."""
    try:
        return Head(await reader.readuntil(b'\r\n\r\n'))
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise Ended from None
        return None
    except asyncio.LimitOverrunError:
        raise Wrong('an endless head') from None
    except OSError:
        raise Ended from None


async def read_body(reader, head, sink, until_close=False):
    """Gives the body to `sink` as it comes."""
    try:
        if head.get('transfer-encoding').lower() == 'chunked':
            await read_chunks(reader, sink)
        elif 'content-length' in head.fields:
            await read_length(reader, int(head.get('content-length')), sink)
        elif until_close:
            while data := await reader.read(PIECE):
                give(sink, data)
    except (asyncio.IncompleteReadError, OSError):
        raise Ended from None


async def read_length(reader, left, sink):
    while left:
        data = await reader.read(min(left, PIECE))
        if not data:
            raise Ended
        left -= len(data)
        give(sink, data)


async def read_chunks(reader, sink):
    while True:
        line = await reader.readuntil(b'\r\n')
        try:
            size = int(line, 16)
        except ValueError:
            raise Wrong(f'chunk line {line[:40]!r}') from None
        if not size:
            break
        await read_length(reader, size, sink)
        if await reader.readexactly(2) != b'\r\n':
            raise Wrong('no line end behind a chunk')
    while await reader.readuntil(b'\r\n') != b'\r\n':
        pass


def give(sink, data):
    if not sink.accepts(data):
        raise Wrong('bytes that do not belong there')


def chunk(piece):
    return b'%x\r\n%b\r\n' % (len(piece), piece)


async def write_body(writer, content, coding, most=PIECE):
    """In pieces of at most `most` bytes; returns once the system has nearly all of them."""
    for piece in content.pieces(most):
        writer.write(chunk(piece) if coding == 'chunked' else piece)
        await writer.drain()
        await asyncio.sleep(0)          # by TLS the end of a connection is noticed only in a turn of the loop
    if coding == 'chunked':
        writer.write(b'0\r\n\r\n')
    await writer.drain()


def framing(coding, size):
    return {'length': f'content-length: {size}\r\n', 'chunked': 'transfer-encoding: chunked\r\n',
            'close': 'connection: close\r\n', 'none': ''}[coding]


async def part(writer):
    """Ends a connection by TLS in good order: with `close_notify`, and with that of the other end within a second."""
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), 1)


def leave(writer, resets=False):
    """Ends a connection at once, by TLS without `close_notify`."""
    # One that is closing by TLS may no longer know its socket.
    connection = writer.get_extra_info('socket') if resets and not writer.transport.is_closing() else None
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    writer.transport.abort()
