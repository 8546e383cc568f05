# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""What a fact is, and one playing of it: a client, a primary and a mirror, each of some protocol."""
import asyncio
import itertools
from dataclasses import dataclass

from .peers import connect
from .stream import PATIENCE

FACTS = []
NUMBERS = itertools.count(1)


class Wrong(Exception):
    """What is not as it should be."""


def expect(truth, *words):
    if not truth:
        raise Wrong(' '.join(str(word) for word in words))


@dataclass(frozen=True)
class Fact:
    name: str
    check: object
    ours: bool = False         # Envoy cannot do it, or does it otherwise on purpose
    alone: bool = False        # nothing else may run meanwhile
    clients: tuple = ('h1', 'h2', 'h1s', 'h2s')
    primaries: tuple = ('h1', 'h2')
    mirrors: tuple = ('h1', 'h2')

    def suits(self, client, primary, mirror):
        return client in self.clients and primary[:2] in self.primaries and mirror[:2] in self.mirrors


def fact(name, **more):
    def register(check):
        FACTS.append(Fact(name, check, **more))
        return check
    return register


class Play:
    """The means of a fact: scripts for both upstreams, clients, and what the upstreams saw of them."""

    def __init__(self, proxy, client, primary, mirror):
        self.proxy, self.client, self.token = proxy, client, f'n{next(NUMBERS)}'
        self.kinds = {'primary': primary, 'mirror': mirror}
        self.connections, self.is_secure = [], client.endswith('s')

    def __str__(self):
        return f'{self.client} -> {self.kinds["primary"]}, {self.kinds["mirror"]}'

    @property
    def is_h2(self):
        return self.client.startswith('h2')

    def speaks_h2(self, role):
        return self.kinds[role].startswith('h2')

    def upstream(self, role):
        return self.proxy.upstreams[role, self.kinds[role]]

    def script(self, role, script):
        """What this upstream does with this play's requests."""
        self.upstream(role).scripts[self.token] = script

    def scripts(self, script):
        self.script('primary', script)
        self.script('mirror', script)

    def path(self, route='plain', rest=''):
        return f'/{route}/{self.token}{rest}'.encode()

    async def connect(self, few=False):
        mirror = 'few' if few else self.kinds['mirror']
        port = self.proxy.ports[self.kinds['primary'], mirror, self.is_secure]
        connection = await connect(port, self.client, self.proxy.folder)
        self.connections.append(connection)
        return connection

    async def send(self, method=b'GET', route='plain', rest='', authority=b'a.example:8080', lines=(), connection=None,
                   **more):
        """-> the client's stream, whose answer is still to come"""
        connection = connection or await self.connect()
        return await connection.request(method, self.path(route, rest), authority, lines, **more)

    def streams(self, role):
        mark = f'/{self.token}'.encode()
        return [one for one in self.upstream(role).streams
                if one.target.find(mark) > 0 and one.target.partition(mark)[2][:1] in (b'', b'/', b'?')]

    async def seen(self, role, count=1):
        """-> the last of so many requests, as soon as its head has come"""
        async with asyncio.timeout(PATIENCE):
            while len(self.streams(role)) < count:
                await asyncio.sleep(0.005)
        return self.streams(role)[-1]

    async def both(self):
        """-> what both upstreams received, each whole or ended otherwise"""
        primary = await (await self.seen('primary')).whole()
        return primary, await (await self.seen('mirror')).whole()

    async def pause(self):
        """As long as it takes to believe that nothing moves any more."""
        await asyncio.sleep(0.5)

    async def another(self):
        """-> a proxy of this play's own"""
        old = self.proxy
        return await type(old)(old.command, old.is_envoy, old.upstreams, old.folder).start()

    async def eventually(self, is_so, *words):
        try:
            async with asyncio.timeout(PATIENCE):
                while not is_so():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise Wrong(' '.join(str(word) for word in words)) from None

    async def end(self):
        for connection in self.connections:
            await connection.leave()
        for role in self.kinds:
            self.upstream(role).scripts.pop(self.token, None)


def answered(stream, status=200, body=None):
    expect(stream.status == status and stream.end == 'complete', stream.lines, bytes(stream.body[:200]), stream.end)
    if body is not None:
        expect(bytes(stream.body) == body, 'the body is', bytes(stream.body[:200]), f'({len(stream.body)} bytes)')
