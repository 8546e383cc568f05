# SPDX-License-Identifier: Apache-2.0
"""Clients that do nothing wrong, some of them with much to say, some with a primary that misbehaves, some slow."""
import asyncio

from load import SIZES, Late, Steps
from scene import BODY_TIME
from wire import Ended, Wrong, write_body

MEGABYTES = range(10, 41, 5)
FAILING = {'reset', 'close', 'garbage', 'silent'}
LOCAL = {'502', '503', '504'}


class Good(Steps):
    async def keeps_alive(self):
        async with self.connection() as (reader, writer):
            for number in range(self.dice.randrange(1, 12)):
                request = self.request('interim' if self.dice.random() < 0.1 else 'full')
                try:
                    await self.send(writer, request)
                    head = await self.answer(reader, request)
                except (Ended, OSError) as error:
                    raise Late(f'{request.token}, request {number}: closed without its answer, {error!r}') from None
                if head.get('connection').lower() == 'close':
                    return 'answered, then closed'
                if self.dice.random() < 0.02:
                    await asyncio.sleep(0.5)
        return 'answered'

    async def pipelines(self):
        requests = [self.request(sizes=SIZES[:4], answers=SIZES[:6]) for _ in range(self.dice.randrange(2, 30))]
        async with self.connection() as (reader, writer):
            for request in requests:
                self.load.maybe[request.route] += 1
                writer.write(request.head())
                await write_body(writer, request.body, request.coding, request.piece)
            for request in requests:
                try:
                    head = await self.answer(reader, request)
                except (Ended, OSError):
                    raise Late(f'{request.token}: closed without its answer') from None
                if head.get('connection').lower() == 'close':
                    return 'answered, then closed'
        return 'answered'

    async def has_bad_primary(self):
        what = self.dice.choice(['reset', 'close', 'garbage', 'silent', 'half', 'surplus', 'early'])
        request = self.request(what, kind='failing', answers=[8192, 100_000])
        async with self.connection() as (reader, writer):
            try:
                await self.send(writer, request)
            except OSError:
                pass                # the answer may be there all the same
            try:
                allowed = LOCAL if what in FAILING else {'200'}
                head = await self.answer(reader, request, allowed)
            except Ended:
                if what == 'half' or what == 'early' and request.body.size:
                    return f'{what}: broken off'
                raise Late(f'{request.token}, {what}: closed without an answer') from None
            if what == 'half' and request.method != 'HEAD':
                raise Wrong(f'{request.token}: half an answer looks whole')
            return f'{what}: {head.start[1]}'

    async def uploads(self):
        size = self.dice.choice(MEGABYTES) * 1_000_000
        async with self.load.transfers:
            return await self.transfer(self.request(route='huge', sizes=[size], answers=[100]))

    async def downloads(self):
        size = self.dice.choice(MEGABYTES) * 1_000_000
        async with self.load.transfers:
            return await self.transfer(self.request(route='huge', sizes=[0, 10], answers=[size]))

    async def transfer(self, request):
        async with self.connection() as (reader, writer):
            try:
                await self.send(writer, request)
                await self.answer(reader, request)
            except (Ended, OSError):
                raise Late(f'{request.token}: broken off') from None
        return 'answered'

    async def drips_its_body(self):
        request = self.request(sizes=[30])
        request.piece = 1
        self.load.maybe[request.route] += 1
        async with self.connection() as (reader, writer):
            writer.write(request.head())
            try:
                while piece := request.body.take(1):
                    writer.write(piece if request.coding == 'length' else b'1\r\n%b\r\n' % piece)
                    await writer.drain()
                    await asyncio.sleep(BODY_TIME / 20)
                if request.coding == 'chunked':
                    writer.write(b'0\r\n\r\n')
                await self.answer(reader, request)
            except (Ended, OSError):
                raise Late(f'{request.token}: closed without its answer') from None
        return 'answered'

    async def reads_slowly(self):
        request = self.request(route='huge', sizes=[0], answers=[1_000_000])
        async with self.connection(small=True) as (reader, writer):
            await self.send(writer, request)
            sipping = asyncio.create_task(self.sip(writer.transport))
            try:
                await self.answer(reader, request)
            except (Ended, OSError):
                raise Late(f'{request.token}: broken off') from None
            finally:
                sipping.cancel()
        return 'answered'

    @staticmethod
    async def sip(transport):
        """Lets it read for a moment now and then."""
        while True:
            transport.pause_reading()
            await asyncio.sleep(BODY_TIME / 20)
            transport.resume_reading()
            await asyncio.sleep(0.002)
