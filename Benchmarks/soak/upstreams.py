#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The upstreams of `make soak`: `upstreams.py primary SEED`, or `upstreams.py mirrors SEED FOLDER PORT...`.

Says `ready PORT...`, answers each line of its standard input with what it has seen so far, as JSON, and ends with it.
The primary does what a request's `x-do` asks for.  Each mirror changes its mode every few seconds; the line `calm` stops
that, and leaves every mirror healthy.  The first mirror speaks TLS, with the certificates that are in the folder.
"""
import asyncio
import collections
import contextlib
import json
import os
import random
import resource
import socket
import sys

from tls import Handshake, ignore_second_end, server_context
from wire import (PIECE, Content, Ended, HEAD_LIMIT, Tally, Wrong, chunk, framing, leave, part, read_body, read_head,
                  write_body)

HUGE = 50_000_000


class Upstream:
    """Reads requests one after another, checks them, and leaves the answers to its subclasses."""

    def __init__(self, dice):
        self.dice, self.seen, self.faults = dice, collections.Counter(), []
        self.writers = set()

    async def listen(self, port=0):
        taker, context = self.reception()
        self.server = await asyncio.start_server(taker, '127.0.0.1', port, limit=HEAD_LIMIT, backlog=1024, ssl=context)
        return self.server.sockets[0].getsockname()[1]

    def reception(self):
        """Who takes connections, and the context of their TLS."""
        return self.connected, None

    async def connected(self, reader, writer):
        writer.get_extra_info('socket').setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.writers.add(writer)
        self.seen['connections'] += 1
        try:
            await self.serve(reader, writer)
        except Wrong as wrong:
            self.fault(str(wrong))
        except (Ended, OSError, asyncio.IncompleteReadError):
            self.seen['broken off'] += 1
        finally:
            self.writers.discard(writer)
            writer.transport.abort()

    def fault(self, text):
        self.seen['faults'] += 1
        if len(self.faults) < 20:
            self.faults.append(text)

    async def complete(self, reader, head):
        """Reads the body, which must be what the client's `x-body` says."""
        body = Tally()
        await read_body(reader, head, body)
        token = head.get('x-token')
        self.seen['complete'] += 1
        if token.startswith('bad'):
            self.fault(f'{token}: a malformed request arrived in whole')
        elif str(body) != head.get('x-body', '0-0'):
            self.fault(f'{token}: the body is {body}, not {head.get("x-body")}')
        return body

    @staticmethod
    def answer(head, body):
        """The answer's head and body; asks in `x-answer` for `SIZE,CODING`."""
        size, _, coding = head.get('x-answer', '2,length').partition(',')
        text = f'HTTP/1.1 200 OK\r\nx-token: {head.get("x-token")}\r\nx-got: {body}\r\n{framing(coding, size)}\r\n'
        return text.encode(), Content(head.get('x-token'), int(size)), coding

    async def obey(self, writer, head, body):
        start, content, coding = self.answer(head, body)
        writer.write(start)
        if head.start[0] != 'HEAD':
            await write_body(writer, content, coding)
        await writer.drain()
        if coding == 'close':
            writer.close()
            await writer.wait_closed()
            raise Ended


class Primary(Upstream):
    async def serve(self, reader, writer):
        while head := await read_head(reader):
            self.seen['requests'] += 1
            what = head.get('x-do', 'full')
            if what == 'early' and head.get('x-body') != '0-0':     # without a body it is in time
                start, content, coding = self.answer(head, '0-0')
                writer.write(start)
                await write_body(writer, content, coding)
                await self.complete(reader, head)               # the proxy may go on, or break off
                continue
            body = await self.complete(reader, head)
            if what not in ('full', 'early'):
                await self.misbehave(what, reader, writer, head, body)
            if what in ('full', 'interim', 'early'):
                await self.obey(writer, head, body)

    async def misbehave(self, what, reader, writer, head, body):
        start, content, coding = self.answer(head, body)
        if what == 'interim':
            writer.write(b'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' * self.dice.randrange(1, 5))
            return
        if what == 'silent':
            await reader.read()
        if what == 'garbage':
            writer.write(self.dice.choice([b'no HTTP\r\n\r\n', b'HTTP/1.1 2x0 OK\r\n\r\n', bytes(range(256)),
                                           b'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
                                           b'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n']))
        if what == 'half':
            writer.write(start + (chunk(content.take(4096)) if coding == 'chunked' else content.take(4096)))
        if what == 'surplus':
            writer.write(start)
            await write_body(writer, content, coding)
            writer.write(b'HTTP/1.1 200 OK\r\nx-token: nobody\r\ncontent-length: 6\r\n\r\nsecret')
        await writer.drain()
        leave(writer, resets=what == 'reset')
        raise Ended


class Mirror(Upstream):
    MODES = ['healthy', 'refuses', 'silent', 'stalled', 'resets', 'garbage', 'huge', 'slow', 'interim', 'crumbs', 'dies']
    # In these nobody new comes as far as a request, and the connections that there are find nothing wrong.
    AWAY = ['refuses', 'dies']

    def __init__(self, dice, port):
        super().__init__(dice)
        self.port, self.mode, self.is_calm = port, 'healthy', False
        self.modes = collections.Counter()

    async def live(self):
        """Changes its mode until it is told to stop."""
        while not self.is_calm:
            self.mode = self.dice.choice(self.MODES)
            self.modes[self.mode] += 1
            await self.go_away()
            await asyncio.sleep(self.dice.uniform(0.5, 3))
            was, self.mode = self.mode, 'healthy'
            if was in self.AWAY:
                self.server.close()
                await self.come_back()

    async def go_away(self):
        if self.mode in self.AWAY:
            self.server.close()
            if self.mode != 'refuses':
                for writer in list(self.writers):
                    leave(writer, resets=True)

    async def come_back(self):
        while not self.server.is_serving():
            with contextlib.suppress(OSError):
                await self.listen(self.port)
                return
            await asyncio.sleep(0.05)

    async def serve(self, reader, writer):
        if self.mode == 'stalled':
            writer.transport.pause_reading()
            return await self.wait_until_gone(writer)
        is_first = True
        while head := await read_head(reader):
            self.seen['used connections'] += is_first
            is_first = False
            if self.mode == 'resets' and self.dice.random() < 0.5:
                return leave(writer, resets=True)
            body = await self.complete(reader, head)
            self.host(head)
            if self.mode in ('healthy', 'stalled', *self.AWAY):
                await self.obey(writer, head, body)
                if self.parts():
                    return await part(writer)
            elif not await self.misbehave(reader, writer):
                return

    def parts(self):
        """Whether it closes behind a sound answer."""
        return False

    def host(self, head):
        if head.get('host') != 'soak-shadow':
            self.fault(f'{head.get("x-token")}: the Host of a copy is {head.get("host")!r}')

    async def misbehave(self, reader, writer):
        """Returns whether the connection may carry another request."""
        mode = self.mode
        if mode == 'silent':
            await self.wait_until_gone(writer)
        elif mode == 'resets':
            writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf')
            await writer.drain()
            leave(writer, resets=True)
        elif mode == 'garbage':
            writer.write(self.dice.randbytes(2000))
            await writer.drain()
        elif mode == 'huge':
            writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n' % HUGE)
            await write_body(writer, Content('huge', HUGE), 'length')
            return True
        else:
            await self.drip(writer, mode)
        return False

    async def drip(self, writer, mode):
        """Sends little at a time, for as long as the proxy takes it."""
        if mode != 'interim':
            writer.write(b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
        part = {'slow': b'1\r\nx\r\n', 'crumbs': b'1\r\nx\r\n' * 500,
                'interim': b'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' * 20}[mode]
        for _ in range(2000):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.1 if mode == 'slow' else 0.01)
            if writer.transport.is_closing():
                return

    @staticmethod
    async def wait_until_gone(writer):
        """The peer's reset is noticed; its orderly close only where it is read, and 8 s are longer than any time-out."""
        until = asyncio.get_running_loop().time() + 8
        while not writer.transport.is_closing() and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.2)


class SecureMirror(Mirror):
    """Is reached by TLS, and fails within the handshake, too."""
    HANDSHAKES = ['mute', 'hangs up', 'no tls', 'stranger']
    MODES = Mirror.MODES + HANDSHAKES
    AWAY = Mirror.AWAY + HANDSHAKES

    def __init__(self, dice, port, folder):
        super().__init__(dice, port)
        self.context, self.stranger = server_context(folder, 'alpha'), server_context(folder, 'stranger')

    def reception(self):
        if self.mode == 'stranger':
            return self.deceived, self.stranger
        if self.mode in self.HANDSHAKES:
            return self.spoil, None
        return self.connected, self.context

    async def go_away(self):
        await super().go_away()
        if self.mode in self.HANDSHAKES:
            await self.come_back()

    def parts(self):
        # So that copies need handshakes, and some find a connection all the same.
        return self.dice.random() < 0.5

    async def deceived(self, reader, writer):
        """Somebody has taken the certificate of a stranger."""
        with contextlib.suppress(Ended, OSError):
            if await read_head(reader):
                self.fault('a copy came to a stranger')
        leave(writer)

    async def spoil(self, reader, writer):
        """A handshake that leads to nothing."""
        self.seen['spoilt handshakes'] += 1
        with contextlib.suppress(OSError):
            if self.mode == 'mute':
                while await reader.read(PIECE):
                    pass
            elif self.mode == 'no tls':
                writer.write(self.dice.choice([b'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n', bytes(2000),
                                               b'\x16\3\3\xff\xff' + bytes(70_000), b'\x15\3\3\0\2\2\x28',
                                               b'\x16\3\3\0\4\2\0\0\0' * 1000, self.dice.randbytes(2000)]))
                await writer.drain()
            elif self.dice.random() < 0.7:
                words = Handshake(self.context, server_side=True).step(await reader.read(PIECE))
                writer.write(words[:self.dice.randrange(len(words) + 1)])
                await writer.drain()
        leave(writer, resets=self.dice.random() < 0.5)


async def main():
    asyncio.get_running_loop().set_exception_handler(ignore_second_end)
    kind, seed, *others = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]
    if kind == 'primary':
        upstreams = [Primary(random.Random(seed))]
        print('ready', await upstreams[0].listen(), flush=True)
    else:
        os.nice(5)
        folder, port, *ports = others[0], *map(int, others[1:])
        upstreams = [SecureMirror(random.Random(seed), port, folder)]
        upstreams += [Mirror(random.Random(seed + number), port) for number, port in enumerate(ports, 1)]
        for one in upstreams:
            await one.listen(one.port)
        print('ready', flush=True)
    lives = [asyncio.create_task(one.live()) for one in upstreams if isinstance(one, Mirror)]
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.strip() == 'calm':
            for one in upstreams:
                one.is_calm = True
            await asyncio.gather(*lives)
        print(json.dumps([{'seen': one.seen, 'faults': one.faults, 'modes': getattr(one, 'modes', {})} for one in upstreams]),
              flush=True)
    os._exit(0)


if __name__ == '__main__':
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main())
