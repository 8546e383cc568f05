# SPDX-License-Identifier: Apache-2.0
"""A client that sends bytes as it is told, and answers a server's SETTINGS and PING."""
import asyncio
import socket
import ssl
import struct

from .frames import ACK, PING, PREFACE, SETTINGS, SETTINGS_ACK, ping, settings
from .trace import Trace

LONGEST = 6.0             # seconds that a client waits for anything
GREETING = len(PREFACE) + len(settings())
TASKS = set()             # the loop itself holds them weakly


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(['h2'])
    return context


class Connection:
    def __init__(self, place, tls=None, ask=None, longest=LONGEST, strict=False):
        """`ask`: good requests; `strict`: GOAWAY comes before the end, and the error of a stream ends no more."""
        self.place, self.tls, self.ask, self.longest, self.strict = place, tls, ask, longest, strict
        self.trace, self.changed = Trace(), asyncio.Event()
        self.log, self.size = [], 0   # what was sent, and how many bytes
        self.is_polite = True     # acknowledges SETTINGS, answers PING
        self.held = b''           # replies to a server that spoke before the greeting was out

    async def connect(self):
        self.reader, self.writer = await asyncio.open_connection(*self.place, ssl=self.tls)
        self.task = asyncio.create_task(self.receive())
        TASKS.add(self.task)
        self.task.add_done_callback(TASKS.discard)
        return self

    async def greet(self, *pairs):
        """Preface and SETTINGS, and both sides have acknowledged."""
        await self.send(PREFACE + settings(*pairs))
        await self.until(lambda trace: trace.settings is not None and trace.acks)

    async def receive(self):
        trace = self.trace
        try:
            while data := await self.reader.read(65536):
                before = len(trace.frames)
                trace.received(data)
                self.reply(trace.frames[before:])
                self.changed.set()
            trace.end = 'closed'
        except (OSError, ssl.SSLError):
            trace.end = 'reset'
        self.changed.set()

    def reply(self, frames):
        for frame in frames if self.is_polite else ():
            if frame.flags & ACK:
                continue
            if frame.kind == SETTINGS:
                self.held += SETTINGS_ACK
            elif frame.kind == PING:
                self.held += ping(frame.payload, ack=True)
        self.writer.write(self.released())

    def released(self):
        """The replies, unless they would end up within preface and SETTINGS that are sent in pieces."""
        if self.size < GREETING:
            return b''
        replies, self.held = self.held, b''
        return replies

    async def send(self, data):
        self.log.append(data)
        self.size += len(data)
        self.trace.sent(data)
        try:
            self.writer.write(data + self.released())
            await asyncio.wait_for(self.writer.drain(), self.longest)
        except (OSError, TimeoutError, ssl.SSLError):
            pass

    async def offer(self, data, patience):
        """Whether the peer took it, or most of it; false once the connection has ended. Unknown to the trace."""
        if self.trace.end or self.writer.transport.is_closing():
            return False
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), patience)
        except (OSError, TimeoutError, ssl.SSLError):
            return False
        return True

    def deafen(self):
        """Nothing more is read."""
        self.writer.transport.pause_reading()
        self.task.cancel()

    async def until(self, is_met):
        """Whether `is_met(trace)` came true before the end of the connection or of patience."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.longest
        while not is_met(self.trace):
            if self.trace.end is not None or loop.time() >= deadline:
                return False
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), deadline - loop.time())
            except TimeoutError:
                return is_met(self.trace)
        return True

    async def sees(self, is_met):
        """The same, and an end of the connection may be what is waited for."""
        return await self.until(is_met) or is_met(self.trace)

    def leave(self, abruptly=False):
        self.task.cancel()
        if abruptly and not self.writer.transport.is_closing():
            sock = self.writer.get_extra_info('socket')
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.writer.transport.abort()
        self.writer.close()
