# SPDX-License-Identifier: Apache-2.0
"""The client of a case: sends raw bytes, and writes down what comes and how it ends."""
import asyncio
import socket
import struct

from .case import AGAIN, HALF, INTERIM, RESET, SETTLE, Pieces, Replies
from .wire import read_answers

LONGEST = 8.0             # seconds that a client waits for anything


class Trace:
    """What one connection received; `end` is closed, reset, or None while it is open."""

    def __init__(self, methods):
        self.data, self.end, self.methods = b'', None, methods
        self.changed = asyncio.Event()

    @property
    def answers(self):
        return read_answers(self.data, self.methods, self.end)


async def receive(reader, trace):
    try:
        while data := await reader.read(65536):
            trace.data += data
            trace.changed.set()
        trace.end = 'closed'
    except OSError:
        trace.end = 'reset'
    trace.changed.set()


async def until(trace, is_met):
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LONGEST
    while not is_met() and trace.end is None and loop.time() < deadline:
        trace.changed.clear()
        try:
            await asyncio.wait_for(trace.changed.wait(), deadline - loop.time())
        except TimeoutError:
            return


def complete(trace):
    answers, _, fault = trace.answers
    return 1 << 20 if fault else sum(answer.complete for answer in answers)


class Client:
    def __init__(self, case, ports, upstreams):
        self.case, self.ports, self.upstreams = case, ports, upstreams
        self.traces = []

    async def connect(self):
        self.reader, self.writer = await asyncio.open_connection('127.0.0.1', self.ports[self.case.entry])
        self.trace = Trace(self.case.methods if not self.traces else ['GET'])
        self.traces.append(self.trace)
        self.task = asyncio.create_task(receive(self.reader, self.trace))

    async def run(self):
        await self.connect()
        try:
            for step in self.case.send:
                await self.step(step)
            await self.finish()
        finally:
            self.leave()
        return self.traces

    def leave(self):
        self.task.cancel()
        self.writer.close()

    async def step(self, step):
        if isinstance(step, bytes):
            await self.send(self.case.fill(step))
        elif isinstance(step, Pieces):
            data = self.case.fill(step.data)
            for start, end in Pieces(data, tuple(cut for cut in step.cuts if cut < len(data))):
                await self.send(data[start:end])
                await asyncio.sleep(step.pause)
        elif step == INTERIM:
            await until(self.trace, lambda: any(self.trace.answers[:2]))
        elif isinstance(step, float):
            await asyncio.sleep(step)
        elif isinstance(step, Replies):
            await until(self.trace, lambda: complete(self.trace) >= step.count)
        elif step == HALF:
            try:
                self.writer.write_eof()
            except OSError:
                pass
        elif step == RESET:
            sock = self.writer.get_extra_info('socket')
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.writer.transport.abort()
        elif step == AGAIN:
            self.leave()
            await self.connect()
        elif step == SETTLE:
            await self.settle()

    async def send(self, data):
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), LONGEST)
        except (OSError, TimeoutError):
            pass

    async def settle(self):
        """Both upstreams have answered, and the proxy has had the time to close what it does not keep."""
        keys = [(role, self.case.number) for role in ('primary', 'mirror')]
        for _ in range(200):
            if all(key in self.upstreams.playing and not self.upstreams.playing[key] for key in keys):
                break
            await asyncio.sleep(0.01)
        for _ in range(5 if self.case.want.reused else 40):
            if not any(self.upstreams.open.get(key) for key in keys):
                return
            await asyncio.sleep(0.01)

    async def finish(self):
        want = self.case.want
        if want.close or not set(want.kinds) & {'accepted', 'answer'} or want.ends != 'complete':
            return await until(self.trace, lambda: False)
        await until(self.trace, lambda: complete(self.trace) >= want.served)
        if any(answer.status >= 400 for answer in self.trace.answers[0]) and 'answer' not in want.kinds:
            await until(self.trace, lambda: False)
