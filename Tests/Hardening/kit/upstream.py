# SPDX-License-Identifier: Apache-2.0
"""Servers that write down every byte they get and answer as the case says."""
import asyncio
import re
import socket
import struct

from .case import CLOSE, EARLY, HALF, RESET
from .wire import Malformed, Message, NeedMore, check_request, take_body, take_head

TOKEN = re.compile(rb'zq(\d+)zq')


class Upstreams:
    """All servers of a run, and what they saw, by the number of the case."""

    def __init__(self, cases):
        self.cases = {case.number: case for case in cases}
        self.seen = {}                # (role, case number): requests
        self.strays = []              # requests that no case has sent
        self.servers = []
        self.connections = 0
        self.playing = {}             # (role, case number): scripts that still run
        self.open = {}                # (role, case number): connections
        self.used = {}                # case number: its connections

    async def listen(self, role):
        server = await asyncio.start_server(lambda r, w: self.serve(role, r, w), '127.0.0.1', 0, backlog=1024)
        self.servers.append(server)
        return server.sockets[0].getsockname()[1]

    def requests(self, role, case):
        return self.seen.get((role, case.number), [])

    async def leave(self, case):
        """Closes what the case has used, and waits until the proxy has seen it."""
        for connection in self.used.pop(case.number, []):
            await connection.leave()

    async def serve(self, role, reader, writer):
        self.connections += 1
        connection = Connection(self, role, self.connections, reader, writer)
        try:
            await connection.run()
        except (OSError, asyncio.CancelledError):
            pass          # reset, or the run is over
        finally:
            connection.end()
            writer.close()
            connection.gone.set()


class Connection:
    def __init__(self, upstreams, role, number, reader, writer):
        self.upstreams, self.role, self.number = upstreams, role, number
        self.reader, self.writer = reader, writer
        self.data, self.keys = b'', set()
        self.tasks = []
        self.gone = asyncio.Event()

    def end(self):
        for key in self.keys:
            self.upstreams.open[key] -= 1
        self.keys = set()

    async def leave(self):
        try:
            self.writer.write_eof()
            await asyncio.wait_for(self.gone.wait(), 1)
        except (OSError, RuntimeError, TimeoutError):
            self.writer.close()

    async def run(self):
        while True:
            request = await self.head()
            if request is None:
                return
            early = request.script[:1] == [EARLY]
            if early:
                self.tasks.append(asyncio.create_task(self.play(request)))
            if not await self.body(request):
                return
            if not early and not await self.play(request):
                return

    async def more(self):
        data = await self.reader.read(65536)
        self.data += data
        return bool(data)

    async def head(self):
        while True:
            try:
                start, fields, used = take_head(self.data)
                break
            except NeedMore:
                if not await self.more():
                    if self.data:
                        self.note(Message(self.data, []), 'half a head')
                    return None
            except Malformed as fault:
                self.note(Message(self.data, []), str(fault))
                return None
        request = Message(start, fields)
        self.note(request)
        check_request(request)
        self.data = self.data[used:]
        return request

    def note(self, request, fault=None):
        if fault:
            request.faults.append(fault)
        request.connection = self.number
        text = request.start + b'\n'.join(value for _, value in request.fields)
        match = TOKEN.search(text)
        case = self.upstreams.cases.get(int(match[1])) if match else None
        if case is None:
            request.role = self.role
            self.upstreams.strays.append(request)
            request.key, request.script = None, []
            return
        request.key = (self.role, case.number)
        before = self.upstreams.seen.setdefault(request.key, [])
        answers = case.primary if self.role == 'primary' else case.mirror
        request.script = answers[len(before)] if len(before) < len(answers) else []
        before.append(request)
        self.upstreams.playing[request.key] = self.upstreams.playing.get(request.key, 0) + 1
        if request.key not in self.keys:
            self.keys.add(request.key)
            self.upstreams.used.setdefault(case.number, []).append(self)
            self.upstreams.open[request.key] = self.upstreams.open.get(request.key, 0) + 1

    async def body(self, request):
        while True:
            try:
                end = take_body(self.data, 0, request)
            except Malformed as fault:
                request.faults.append(str(fault))
                self.played(request)
                return False
            if end is not None:
                self.data = self.data[end:]
                return True
            try:
                going = await self.more()
            except OSError:
                going = False
            if not going:
                self.played(request)
                return False

    def played(self, request):
        if request.key and not getattr(request, 'is_played', False):
            request.is_played = True
            self.upstreams.playing[request.key] -= 1

    async def play(self, request):
        """Answers; False if the connection is over."""
        try:
            return await self.steps(request)
        finally:
            self.played(request)

    async def steps(self, request):
        for step in request.script or [self.usual(request)]:
            if isinstance(step, bytes):
                self.writer.write(self.fill(request, step))
                await self.writer.drain()
            elif isinstance(step, float):
                await asyncio.sleep(step)
            elif step == HALF:
                self.writer.write_eof()
            elif step == CLOSE:
                self.end()
                self.writer.close()
                return False
            elif step == RESET:
                self.end()
                sock = self.writer.get_extra_info('socket')
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                self.writer.transport.abort()
                return False
        return True

    def fill(self, request, data):
        return data.replace(b'{id}', f'zq{request.key[1]}zq'.encode()) if request.key else data

    def usual(self, request):
        body = b'' if request.start.startswith(b'HEAD ') else b'ok'
        return b'HTTP/1.1 200 OK\r\nx-role: %s\r\ncontent-length: 2\r\n\r\n' % self.role.encode() + body
