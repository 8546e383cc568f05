# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""One HTTP/1.1 connection, as a client or as a server; heads are told in the words of HTTP/2."""
import asyncio
import socket
import struct

import h11

from .stream import Stream

REASONS = {100: b'Continue', 103: b'Early Hints', 101: b'Switching Protocols'}


class HTTP1Stream(Stream):
    def __init__(self, connection):
        super().__init__(connection)
        self.is_reading = True

    async def request(self, method, target, authority, lines=(), end=True, scheme=None, protocol=None):
        lines = [(b'host', authority), *lines]
        if protocol:
            method, lines = b'GET', [*lines, (b'connection', b'Upgrade'), (b'upgrade', protocol)]
        elif not end and not any(name == b'content-length' for name, _ in lines):
            lines.append((b'transfer-encoding', b'chunked'))
        await self.put(h11.Request(method=method, target=target, headers=lines))
        if end:
            await self.put(h11.EndOfMessage())

    async def answer(self, status=200, lines=(), body=b'', end=True, trailers=None):
        lines = list(lines)
        if status < 200:
            kind = h11.InformationalResponse(status_code=status, headers=lines, reason=REASONS.get(status, b''))
            return await self.put(kind)
        if end and trailers is None and not any(name == b'content-length' for name, _ in lines):
            if status not in (204, 304):
                lines.append((b'content-length', str(len(body)).encode()))
        await self.put(h11.Response(status_code=status, headers=lines))
        if body:
            await self.write(body)
        if trailers is not None:
            await self.write_trailers(trailers)
        elif end:
            await self.put(h11.EndOfMessage())

    async def put(self, event):
        try:
            data = self.connection.machine.send(event)
            self.connection.writer.write(data or b'')
            await self.connection.writer.drain()
        except (OSError, h11.LocalProtocolError):
            pass

    async def write(self, data, end=False):
        if self.connection.raw:
            self.connection.writer.write(data)
            await self.connection.writer.drain()
            return
        for start in range(0, len(data), 65536):
            if not self.is_open:
                return
            await self.put(h11.Data(data=bytes(data[start:start + 65536])))
        if end:
            await self.put(h11.EndOfMessage())

    async def write_trailers(self, lines):
        await self.put(h11.EndOfMessage(headers=list(lines)))

    async def end_half(self):
        """Ends this half of a tunnel; with TLS asyncio can only end both."""
        if self.connection.is_secure:
            self.connection.close()
        else:
            self.connection.writer.write_eof()

    @property
    def can_go_on(self):
        """Whether something may be said after the other side has ended its half."""
        return not self.connection.is_secure

    @property
    def is_half_over(self):
        return self.connection.end is not None

    def is_over(self, *ends):
        """Whether a tunnel has ended in one of these ways."""
        return self.connection.end in ends

    def reset(self, code=None):
        """HTTP/1.1 can only end its connection."""
        self.connection.abort()
        self.ends('own reset')

    def resume(self):
        self.is_reading = True
        self.notify()


class HTTP1Connection:
    def __init__(self, reader, writer, is_client, serve=None, **_):
        self.reader, self.writer, self.serve, self.is_client = reader, writer, serve, is_client
        self.is_secure = writer.get_extra_info('ssl_object') is not None
        self.machine = h11.Connection(h11.CLIENT if is_client else h11.SERVER, max_incomplete_event_size=1 << 20)
        self.current, self.streams, self.end, self.raw, self.goaways = None, {}, None, False, []
        self.changed = asyncio.Event()
        self.task = asyncio.create_task(self.receive())

    async def request(self, *words, **more):
        if self.machine.our_state is h11.DONE:
            self.machine.start_next_cycle()
        stream = self.current = self.streams[len(self.streams)] = HTTP1Stream(self)
        await stream.request(*words, **more)
        return stream

    def notify(self):
        self.changed.set()
        self.changed = asyncio.Event()
        if self.current:
            self.current.notify()

    async def until(self, is_met):
        while not is_met():
            async with asyncio.timeout(20):
                await self.changed.wait()

    async def receive(self):
        try:
            while data := await self.reader.read(65536):
                if self.raw:
                    self.current.body += data
                else:
                    self.machine.receive_data(data)
                    await self.events()
                self.notify()
            self.end = 'closed'
            if not self.raw and self.is_client:
                self.machine.receive_data(b'')
                await self.events()
        except h11.RemoteProtocolError as error:
            self.end = self.end or f'fault {error}'
            self.writer.close()
        except OSError:
            self.end = 'reset'
        if self.current:
            self.current.ends(self.end)
        self.notify()

    async def events(self):
        while True:
            if self.current and not self.current.is_reading:
                while not self.current.is_reading:
                    await self.current.changed.wait()
            event = self.machine.next_event()
            if event is h11.NEED_DATA:
                return
            if event is h11.PAUSED:
                if self.machine.their_state in (h11.SWITCHED_PROTOCOL, h11.MIGHT_SWITCH_PROTOCOL):
                    return self.becomes_raw()
                if self.machine.our_state is h11.DONE and self.machine.their_state is h11.DONE and not self.is_client:
                    self.machine.start_next_cycle()
                    continue
                return
            self.happened(event)
            if isinstance(event, h11.ConnectionClosed):
                return

    def becomes_raw(self):
        self.raw = True
        self.current.body += self.machine.trailing_data[0]

    def happened(self, event):
        if isinstance(event, h11.Request):
            if self.machine.our_state is h11.DONE:
                self.machine.start_next_cycle()
            stream = self.current = self.streams[len(self.streams)] = HTTP1Stream(self)
            lines = [(name.lower(), value) for name, value in event.headers.raw_items()]
            host = next((value for name, value in lines if name == b'host'), b'')
            stream.begins([(b':method', event.method), (b':authority', host), (b':path', event.target)]
                          + [line for line in lines if line[0] != b'host'])
            stream.task = asyncio.create_task(self.answered(stream))
        elif isinstance(event, h11.InformationalResponse):
            head = [(b':status', str(event.status_code).encode()), *event.headers.raw_items()]
            if event.status_code == 101:
                self.current.begins(head)
            else:
                self.current.interims.append(head)
        elif isinstance(event, h11.Response):
            self.current.begins([(b':status', str(event.status_code).encode()),
                                 *((name.lower(), value) for name, value in event.headers.raw_items())])
        elif isinstance(event, h11.Data):
            self.current.body += event.data
        elif isinstance(event, h11.EndOfMessage):
            self.current.trailers = [(bytes(name), bytes(value)) for name, value in event.headers.raw_items()]
            self.current.completes()
        elif isinstance(event, h11.ConnectionClosed):
            self.current and self.current.ends('closed')

    async def answered(self, stream):
        await self.serve(stream)
        if self.machine.our_state is h11.DONE and self.machine.their_state is h11.DONE:
            self.machine.start_next_cycle()
            await self.events()
        elif self.machine.our_state is h11.MUST_CLOSE:
            self.writer.close()

    def go_away(self, **_):
        self.writer.close()

    def close(self):
        self.writer.close()

    def abort(self):
        sock = self.writer.get_extra_info('socket')
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        except OSError:
            pass
        self.writer.transport.abort()

    async def leave(self):
        self.task.cancel()
        self.writer.close()
