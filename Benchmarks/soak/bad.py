# SPDX-License-Identifier: Apache-2.0
"""Clients that no proxy needs: they send nonsense, stop in the middle, read nothing, or leave."""
import asyncio
import contextlib
import socket

from hostile import BODIES, HEADS
from load import STANDSTILL, Late, Steps
from scene import HEAD_TIME
from wire import PIECE, Ended, Tally, Wrong, read_body, read_head


class Bad(Steps):
    async def refused(self, reader, what):
        """Whatever comes is a 4xx or 501 and then the end."""
        status = 'closed'
        with contextlib.suppress(Ended, OSError):
            if (head := await read_head(reader)) is not None:
                status = head.start[1]
                if status[0] != '4' and status != '501':
                    raise Wrong(f'{what!r}: status {status}')
                await read_body(reader, head, Tally(), until_close=True)
                if await reader.read(1):
                    raise Wrong(f'{what!r}: more than one answer')
        return status

    async def says_nonsense(self):
        what = self.dice.choice(HEADS)
        async with self.connection() as (reader, writer):
            if self.dice.random() < 0.5:
                request = self.request(sizes=[0], answers=[100])
                await self.send(writer, request)
                writer.write(what)
                try:
                    await self.answer(reader, request)
                except (Ended, OSError):
                    raise Late(f'{request.token}: not answered because of {what[:80]!r} behind it') from None
            else:
                writer.write(what)
            return await self.refused(reader, what[:80])

    async def spoils_its_body(self):
        what = self.dice.choice(BODIES)
        request = self.request(kind='bad', sizes=[10])
        request.coding = 'none'
        self.load.maybe[request.route] += 1
        async with self.connection() as (reader, writer):
            writer.write(request.head('transfer-encoding: chunked\r\n'))
            with contextlib.suppress(OSError):
                for _ in range(self.dice.randrange(3)):
                    writer.write(b'400\r\n' + b'.' * 1024 + b'\r\n')
                    await writer.drain()
                writer.write(what)
                await writer.drain()
            return await self.refused(reader, what[:80])

    async def drips_its_head(self):
        request = self.request(kind='bad', sizes=[0])
        async with self.connection() as (reader, writer):
            waiting = asyncio.create_task(self.refused(reader, 'a head in drops'))
            for byte in request.head()[:-2]:
                if waiting.done():
                    break
                with contextlib.suppress(OSError):
                    writer.write(bytes([byte]))
                await asyncio.wait([waiting], timeout=HEAD_TIME / 10)
            return await waiting

    async def stops_its_body(self):
        request = self.request(kind='bad', sizes=[100_000])
        self.load.maybe[request.route] += 1
        async with self.connection() as (reader, writer):
            writer.write(request.head())
            if request.coding == 'length':
                writer.write(request.body.take(50_000))
            return await self.refused(reader, 'half a body')

    async def stops_reading(self):
        """Takes nothing until it must have been given up; what then still comes is short of the whole."""
        request = self.request(route='huge', sizes=[0], answers=[30_000_000])
        request.method = 'GET'
        async with self.connection(small=True) as (reader, writer):
            writer.transport.pause_reading()
            await self.send(writer, request)
            await asyncio.sleep(STANDSTILL)
            writer.transport.resume_reading()
            try:
                await self.answer(reader, request)
            except (Ended, OSError):
                return 'given up'
        raise Late(f'{request.token}: {request.answer} bytes waited {STANDSTILL} s for a client that did not read')

    async def leaves(self):
        stage = self.dice.choice(['at once', 'in its head', 'in its body', 'behind its request', 'in the answer', 'half-closed'])
        request = self.request(kind='bad' if stage in ('in its head', 'in its body') else 'leaving', sizes=[0, 100_000, 500_000],
                               answers=[100, 1_000_000])
        if stage == 'in its body' and not request.body.size:
            stage = 'in its head'
        async with self.connection(resets=self.dice.random() < 0.5) as (reader, writer):
            head = request.head()
            with contextlib.suppress(OSError, Ended):
                if stage == 'in its head':
                    writer.write(head[:self.dice.randrange(1, len(head) - 2)])
                elif stage == 'in its body':
                    self.load.maybe[request.route] += 1
                    writer.write(head + (b'400\r\n...' if request.coding == 'chunked' else request.body.take(9000)))
                elif stage != 'at once':
                    await self.send(writer, request)
                    if stage == 'half-closed':
                        # Python's TLS cannot; by the socket it is an end without `close_notify`.
                        if writer.can_write_eof():
                            writer.write_eof()
                        else:
                            writer.get_extra_info('socket').shutdown(socket.SHUT_WR)
                        await self.answer(reader, request)
                    if stage == 'in the answer' and await read_head(reader):
                        await reader.read(PIECE)
                    if stage == 'behind its request' and self.dice.random() < 0.5:
                        await asyncio.sleep(0.01)
                await asyncio.sleep(0)
        return stage
