# SPDX-License-Identifier: Apache-2.0
"""Where attacks take place: a proxy, a client that behaves, and what may come of either."""
import asyncio
import pathlib
import time
from dataclasses import dataclass

from http2.case import Requests
from http2.connection import Connection
from http2.frames import code_name, headers

MIB = 1 << 20
PATIENCE = 3.0            # seconds in which a peer takes nothing before it counts as blocked
SERVED = 20.0             # seconds within which a client that behaves is served, on a machine that is busy

# The bounds that the proxy is given, so that what it may hold is known.
BUFFER, WINDOW, STREAMS = 64 * 1024, 64 * 1024, 100
OPTIONS = {'http2_protocol_options': {'initial_stream_window_size': WINDOW, 'initial_connection_window_size': 1 << 20,
                                      'max_concurrent_streams': STREAMS}}


class Failed(Exception):
    pass


@dataclass
class Attack:
    name: str
    rule: str
    play: object              # async, of an arena: what came of it, in words; raises Failed
    memory: int = 32 * MIB    # that the proxy may take more, at the worst moment
    fresh: bool = False       # it needs a proxy that has not kept memory of something else


@dataclass
class Outcome:
    """`sent`: pieces; `end`: of the connection; `blocked`: the server took no more; `code`: of GOAWAY."""
    sent: int
    end: str | None
    blocked: bool
    code: int | None
    connection: Connection

    def __str__(self):
        text = 'ended' if self.end else 'blocked' if self.blocked else 'went on'
        return f'{text} after {self.sent:,}' + (f', {code_name(self.code)}' if self.code is not None else '')


def kernel_room():
    """Bytes that the system takes at most for two ends that do not read."""
    return sum(int(pathlib.Path(f'/proc/sys/net/ipv4/tcp_{name}').read_text().split()[2]) for name in ('rmem', 'wmem'))


class Arena:
    def __init__(self, server, upstreams):
        self.server, self.upstreams = server, upstreams
        self.ask, self.open, self.slowest, self.is_under_attack = Requests(), [], 0.0, False

    async def connect(self, *settings, patience=10.0):
        connection = Connection(self.server.places[0], ask=self.ask, longest=patience)
        self.open.append(await connection.connect())
        await connection.greet(*settings)
        return connection

    def leave(self):
        for connection in self.open:
            connection.leave(abruptly=True)
        self.open = []

    async def flood(self, make, count, *, batch=200, deaf=False, first=b'', settings=(), waits=True):
        """Sends make(0) ... make(count - 1), unless the server ends it or blocks.

        `deaf`: without reading, and more if the system takes so much by itself that the server need not read it.
        """
        if deaf:
            count = max(count, 2 * kernel_room() // len(make(0)))
        connection = await self.connect(*settings)
        if first:
            await connection.send(first)
        if deaf:
            connection.deafen()
        sent, blocked = 0, False
        while sent < count and not blocked:
            number = min(batch, count - sent)
            if await connection.offer(b''.join(make(at) for at in range(sent, sent + number)), PATIENCE):
                sent += number
                await asyncio.sleep(0)
            elif connection.trace.end or connection.writer.transport.is_closing():
                break
            else:
                blocked = not deaf or not await self.is_gone(connection)
                break
        if waits and not deaf and not blocked:
            connection.longest = PATIENCE
            await connection.until(lambda trace: trace.end)
        trace = connection.trace
        gone = trace.end or ('reset' if connection.writer.transport.is_closing() else None)
        return Outcome(sent, gone, blocked, trace.goaways[-1].code if trace.goaways else None, connection)

    async def is_gone(self, connection):
        """Whether the server has closed what a deaf client sends on."""
        return connection.writer.transport.is_closing()

    async def ends(self, make, count, **more):
        outcome = await self.flood(make, count, **more)
        if not outcome.end and not (more.get('deaf') and outcome.blocked):
            raise Failed(f'the server put up with it: it {outcome}')
        return str(outcome)

    async def bounded(self, make, count, **more):
        """Any end will do, and none, as long as memory stays where it is."""
        return str(await self.flood(make, count, **more))

    async def serve_one(self):
        """A request of a client that behaves; seconds."""
        began = time.monotonic()
        connection = Connection(self.server.places[0], ask=self.ask, longest=SERVED)
        try:
            await connection.connect()
            await connection.greet()
            await connection.send(headers(1, self.ask.get()))
            await connection.until(lambda trace: trace.answers[1].is_over)
        except OSError as error:
            raise Failed(f'a client that behaves cannot connect: {error}') from None
        answer = connection.trace.answers[1]
        connection.leave()
        if answer.status != 200 or not answer.complete:
            raise Failed(f'a client that behaves got {answer}')
        return time.monotonic() - began

    async def accompany(self):
        """Requests of a client that behaves, while `is_under_attack`; what went wrong, or None."""
        try:
            while self.is_under_attack:
                self.slowest = max(self.slowest, await self.serve_one())
                await asyncio.sleep(0.1)
        except Failed as failure:
            return str(failure)

    async def settle(self):
        """Waits until the memory of the proxy stays the same for a while."""
        last, since = 0, 0
        for _ in range(100):
            now = self.server.memory() // MIB
            since = since + 1 if now == last else 0
            if since >= 10:
                return
            last = now
            await asyncio.sleep(0.05)
