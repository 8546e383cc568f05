# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""What a request and its answer are, whatever protocol carries them."""
import asyncio

PATIENCE = 20.0           # seconds that anybody waits for anything

# What belongs to the protocol and not to the message.
FRAMING = {b'transfer-encoding', b'connection', b'keep-alive'}


class Stream:
    """One message that comes in, and the means to send the other.

    `end` is None while it comes, 'complete', 'closed' or 'reset' (the connection), or 'reset CODE' (the stream)."""

    def __init__(self, connection):
        self.connection = connection
        self.lines, self.interims, self.body, self.trailers, self.end = None, [], bytearray(), [], None
        self.is_open, self.task = True, None
        self.changed = asyncio.Event()

    def begins(self, lines):
        self.lines = [(bytes(name), bytes(value)) for name, value in lines]

    def completes(self):
        self.end = self.end or 'complete'

    def ends(self, how):
        self.is_open = False
        self.end = self.end or how
        self.notify()

    def notify(self):
        self.changed.set()
        self.changed = asyncio.Event()

    async def changes(self):
        async with asyncio.timeout(PATIENCE):
            await self.changed.wait()

    async def until(self, is_met):
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not is_met() and self.end is None:
            async with asyncio.timeout_at(deadline):
                await self.changed.wait()
        return self

    async def until_seen(self, words):
        """Also behind the end of a request that asked for an upgrade."""
        while words not in self.body:
            await self.changes()

    async def until_half(self):
        """Until the other side has ended its half of a tunnel."""
        while not self.is_half_over:
            await self.changes()

    async def whole(self):
        return await self.until(lambda: False)

    async def head(self):
        return await self.until(lambda: self.lines is not None)

    def get(self, name):
        """-> the value of a line, of several joined with ', ', or None"""
        values = [value for key, value in self.lines or [] if key == name]
        return b', '.join(values) if values else None

    def has(self, name):
        return any(key == name for key, _ in self.lines or [])

    @property
    def status(self):
        return int(self.get(b':status') or 0)

    @property
    def target(self):
        return self.get(b':path') or b''
