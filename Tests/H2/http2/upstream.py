# SPDX-License-Identifier: Apache-2.0
"""A server of HTTP/1.1 whose paths say how it answers."""
import asyncio

# /            a small answer, once the request is complete
# /size/N      an answer of N bytes; /chunks/N in chunks
# /early       an answer before the body was read
# /half        the beginning of an answer, and no more
# /hold        no answer; /stuck: and the body is not read either
STUCK = 60                # seconds
SMALL = b'understudy'
PIECE = bytes(65536)


class Upstream:
    """`held`: requests that are with it; `most`: and how many more there were at once, since `watch`."""

    def __init__(self):
        self.held = self.before = self.most = 0

    def watch(self):
        self.before, self.most = self.held, 0

    async def start(self):
        self.server = await asyncio.start_server(self.serve, '127.0.0.1', 0, limit=1 << 20, backlog=2048)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def serve(self, reader, writer):
        try:
            while await self.answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError, ValueError):
            pass          # the proxy has gone, or the run is over
        finally:
            writer.close()

    async def answer(self, reader, writer):
        head = await reader.readuntil(b'\r\n\r\n')
        self.held += 1
        self.most = max(self.most, self.held - self.before)
        try:
            return await play(head, reader, writer)
        finally:
            self.held -= 1


async def play(head, reader, writer):
    """Whether the connection goes on."""
    line, _, fields = head.partition(b'\r\n')
    method, target, _ = line.split(b' ')
    word, *more = target.partition(b'?')[0].lstrip(b'/').split(b'/')
    if word == b'stuck':
        writer.transport.pause_reading()
        await asyncio.sleep(STUCK)
    if word != b'early':
        await read_body(reader, fields.lower())
    if word == b'hold':
        await reader.read(1)
        return False
    size = int(more[0]) if word in (b'size', b'chunks') else len(SMALL)
    framing = b'transfer-encoding: chunked' if word == b'chunks' else b'content-length: %d' % size
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n' + framing + b'\r\n\r\n')
    if method == b'HEAD':
        return True
    if word == b'half':
        writer.write(SMALL[:5])
        await reader.read(1)
        return False
    await write_body(writer, word, size)
    if word == b'early':
        await read_body(reader, fields.lower())
    return True


async def write_body(writer, word, size):
    if word == b'chunks':
        writer.write(b'%x\r\n' % size + bytes(size) + b'\r\n0\r\n\r\n')
    elif word == b'size':
        for at in range(0, size, len(PIECE)):
            writer.write(PIECE[:size - at])
            await writer.drain()
    else:
        writer.write(SMALL)
    await writer.drain()


async def read_body(reader, fields):
    if b'transfer-encoding: chunked' in fields:
        while size := int((await reader.readuntil(b'\r\n')).split(b';')[0], 16):
            await reader.readexactly(size + 2)
        while await reader.readuntil(b'\r\n') != b'\r\n':
            pass
        return
    for line in fields.split(b'\r\n'):
        if line.startswith(b'content-length:'):
            size = int(line.partition(b':')[2])
            while size:
                size -= len(await reader.readexactly(min(size, 65536)))
