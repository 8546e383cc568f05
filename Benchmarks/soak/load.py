# SPDX-License-Identifier: Apache-2.0
"""What the clients of the soak share: a request that can be checked, the steps of its exchange, and the report."""
import asyncio
import collections
import contextlib
import socket
import time

from scene import BODY_TIME, ROUTES
from tls import client_contexts
from wire import Content, Ended, HEAD_LIMIT, PIECE, Tally, Wrong, framing, leave, part, read_body, read_head, write_body

# Whatever a client does is over within these seconds; far more than all time-outs, because the machine is shared.
BOUND = 90
# A client that itself stood still for so long within a deed may have been cut for it; wrong bytes are wrong all the same.
EXCUSE = 0.5
# The same where a thread of the proxy waited for a processor for this share of a second.
STARVED = 0.5
# The share of connections by TLS where it does not matter to the deed.
SECURE = 0.3
SIZES = [0, 1, 100, 4096, 16384, 65536, 300_000, 1 << 20]


class Late(Exception):
    """What is wrong, unless this process itself was too slow."""


class Load:
    """What all clients share, and what they report."""

    def __init__(self, scene):
        self.port, self.secure_port, self.until = scene.port, scene.ports['secure'], 0
        # Of clients that trust the proxy, and of those that do not.
        self.contexts, self.strangers = (client_contexts(scene.folder, name) for name in ('soak', 'stranger'))
        # When this process stood still or the proxy starved, and for how long.
        self.stalls = collections.deque(maxlen=10_000)
        self.done, self.faults = collections.Counter(), []
        self.connections = self.number = 0
        # Connections by TLS, and those of them on which there was an answer.
        self.secure = self.shaken = 0
        # Requests by route: answered by the primary, and sent so far that it may have seen them.
        self.answered, self.maybe = collections.Counter(), collections.Counter()
        # Huge ones at once; the loop's.
        self.transfers = None

    @property
    def left(self):
        """Seconds until no deed is begun any more."""
        return self.until - time.monotonic()

    async def watch(self, waits):
        """Notes when this process does not get its turn, and when threads of the proxy wait for a processor."""
        last, waited = time.monotonic(), waits()
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.05)
            now = time.monotonic()
            if now - before - 0.05 > EXCUSE:
                self.stalls.append((before, now - before))
            if now - last > 1:
                waiting = waits()
                if any(time - waited.get(thread, time) > STARVED * (now - last) for thread, time in waiting.items()):
                    self.stalls.append((last, now - last))
                last, waited = now, waiting

    def stalled(self, since):
        return any(before + stall >= since for before, stall in self.stalls)

    def token(self, kind):
        self.number += 1
        return f'{kind}-{self.number}'

    def fault(self, text):
        self.done['fault', text.split(':')[0]] += 1
        if len(self.faults) < 50:
            self.faults.append(text)


# How long one that stops reading does so: until the silence is noticed, and then its connection given up.
STANDSTILL = BODY_TIME * 3.5


class Request:
    def __init__(self, load, dice, route, do='full', sizes=SIZES, answers=SIZES, kind='good'):
        self.token, self.route, self.do = load.token(kind), route, do
        size = dice.choice(sizes)
        self.method = 'POST' if size else dice.choice(['GET', 'GET', 'HEAD'])
        self.body = Content(self.token, size)
        self.coding = dice.choice(['length', 'chunked']) if size else 'none'
        self.answer, self.answer_coding = dice.choice(answers), dice.choice(['length', 'length', 'chunked'])
        self.piece = dice.choice([977, 16384, PIECE] if size < 1 << 20 else [16384, PIECE])
        tally = Tally()
        for piece in Content(self.token, size).pieces():
            tally.accepts(piece)
        self.tally = str(tally)

    def head(self, more=''):
        return (f'{self.method} /{self.route}/{self.token} HTTP/1.1\r\nHost: soak\r\nx-token: {self.token}\r\n'
                f'x-body: {self.tally}\r\nx-answer: {self.answer},{self.answer_coding}\r\nx-do: {self.do}\r\n{more}'
                f'{framing(self.coding, self.body.size)}\r\n').encode()


class Steps:
    """What a deed is made of."""

    def __init__(self, load, dice):
        self.load, self.dice = load, dice
        # Whether there was an answer on the connection, of which a client has one at a time.
        self.is_answered = False

    @contextlib.asynccontextmanager
    async def connection(self, resets=False, small=False, secure=None, raw=False):
        """Ends with the block, whatever happens in it; a small one holds little of what it does not read.

        By TLS if it is secure, which the dice say where nobody else does; a raw one leaves the handshake to the block.
        """
        secure = not raw and (self.dice.random() < SECURE if secure is None else secure)
        one = await self.dial(self.load.secure_port if secure or raw else self.load.port, small)
        tls = {'ssl': self.dice.choice(self.load.contexts), 'server_hostname': 'soak'} if secure else {}
        self.is_answered = False
        try:
            reader, writer = await asyncio.open_connection(sock=one, limit=16384 if small else HEAD_LIMIT, **tls)
        except OSError as error:
            one.close()
            raise Late(f'no handshake: {error!r}') from None
        try:
            yield reader, writer
        finally:
            self.load.shaken += secure and self.is_answered
            if secure and not resets and self.dice.random() < 0.5:
                await part(writer)
            leave(writer, resets)

    async def dial(self, port, small):
        one = socket.socket()
        one.setblocking(False)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if small:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        try:
            await asyncio.get_running_loop().sock_connect(one, ('127.0.0.1', port))
        except OSError as error:
            one.close()
            raise Wrong(f'no connection: {error}') from None
        self.load.connections += 1
        self.load.secure += port == self.load.secure_port
        return one

    def route(self):
        return self.dice.choice([name for name in ROUTES if name != 'huge'])

    def request(self, do='full', **options):
        return Request(self.load, self.dice, options.pop('route', None) or self.route(), do, **options)

    async def send(self, writer, request):
        self.load.maybe[request.route] += 1
        writer.write(request.head())
        await write_body(writer, request.body, request.coding, request.piece)

    async def answer(self, reader, request, allowed=('200',)):
        """Reads and checks one answer; returns its head."""
        while True:
            head = await read_head(reader)
            if head is None:
                raise Ended
            self.is_answered = True
            if not head.start[1].startswith('1'):
                break
        status = head.start[1]
        if status not in allowed:
            raise (Late if status in ('408', '504') else Wrong)(f'{request.token} on /{request.route}, {request.do}: status {status}')
        if status != '200':
            if request.method != 'HEAD':
                await read_body(reader, head, Tally(), until_close=True)
            return head
        if head.get('x-token') != request.token:
            raise Wrong(f'{request.token}: the answer is that of {head.get("x-token")!r}')
        if request.do != 'early' and head.get('x-got') != request.tally:
            raise Wrong(f'{request.token}: the primary got {head.get("x-got")} and not {request.tally}')
        content = Content(request.token, request.answer)
        if request.method != 'HEAD':
            try:
                await read_body(reader, head, content, until_close=True)
            except Ended:
                raise Ended(f'in the answer, {content.position} of {content.size} bytes') from None
            if content.position != content.size:
                raise Wrong(f'{request.token}: {content.position} bytes of {content.size} and no sign that any is missing')
        self.load.answered[request.route] += 1
        return head
