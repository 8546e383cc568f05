# SPDX-License-Identifier: Apache-2.0
"""Clients of the listener with TLS that come for the handshake: many of them, halves of them, and what is none."""
import asyncio
import contextlib

from hostile import HELLOS
from load import Late, Steps
from tls import Handshake
from wire import PIECE, Ended, Wrong

# Where a handshake ends, or how.
STAGES = ['in its hello', 'behind its hello', 'garbled', 'in its last words', 'refuses', 'silent']


class Handshakes(Steps):
    async def shakes_hands(self):
        """Again and again, because what a connection leaves behind is seen only when it adds up."""
        for _ in range(self.dice.randrange(10, 40)):
            if self.load.left <= 0:
                break
            async with self.connection(resets=self.dice.random() < 0.3, secure=True) as (reader, writer):
                request = self.request(sizes=[0], answers=[100])
                try:
                    await self.send(writer, request)
                    await self.answer(reader, request)
                except (Ended, OSError) as error:
                    raise Late(f'{request.token}: closed without its answer, {error!r}') from None
        return 'answered'

    async def breaks_its_handshake(self):
        stage = self.dice.choice(STAGES)
        contexts = self.load.strangers if stage == 'refuses' else self.load.contexts
        handshake = Handshake(self.dice.choice(contexts), server_hostname='soak')
        async with self.connection(resets=self.dice.random() < 0.5, raw=True) as (reader, writer):
            with contextlib.suppress(OSError):
                hello = handshake.step()
                if stage in ('in its hello', 'silent'):
                    hello = hello[:self.dice.randrange(len(hello))]
                writer.write(hello)
                if stage == 'silent':
                    await self.unanswered(reader, stage)
                elif stage == 'behind its hello':
                    await asyncio.sleep(self.dice.choice([0, 0.01]))
                elif stage != 'in its hello':
                    await self.go_on(handshake, stage, reader, writer)
                await asyncio.sleep(0)
        return stage

    async def go_on(self, handshake, stage, reader, writer):
        """Takes what the proxy says, and answers with less than it should, or something else."""
        while not (words := handshake.step(await self.more(reader))):
            pass
        if stage == 'garbled':
            words = self.dice.choice([self.dice.randbytes(len(words)), words[:5] + self.dice.randbytes(len(words) - 5)])
        if stage == 'in its last words':
            words = words[:self.dice.randrange(len(words))]
        writer.write(words)
        if stage == 'garbled':
            await self.unanswered(reader, stage)

    @staticmethod
    async def more(reader):
        data = await reader.read(PIECE)
        if not data:
            raise Late('closed within a handshake that was sound so far')
        return data

    async def says_no_hello(self):
        what = self.dice.choice(HELLOS)
        async with self.connection(raw=True) as (reader, writer):
            writer.write(what)
            await self.unanswered(reader, what[:80])
        return 'closed'

    @staticmethod
    async def unanswered(reader, what):
        """The proxy closes, and nothing but TLS comes before."""
        with contextlib.suppress(OSError):
            while data := await reader.read(PIECE):
                if b'HTTP' in data:
                    raise Wrong(f'{what!r} instead of a handshake: answered with {data[:80]!r}')
