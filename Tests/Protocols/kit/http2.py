# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""One HTTP/2 connection, as a client or as a server, with the streams that `stream.py` describes."""
import asyncio

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import hyperframe.frame

from .stream import PATIENCE, Stream


def code_name(code):
    try:
        return h2.errors.ErrorCodes(code).name
    except ValueError:
        return f'{code:#x}'


class Lenient(h2.connection.H2Connection):
    """Takes streams that a peer opened before it knew how many are allowed."""
    open_inbound_streams = 0


class HTTP2Stream(Stream):
    def __init__(self, connection, number):
        super().__init__(connection)
        self.number, self.unread, self.is_reading = number, 0, True

    async def write_head(self, lines, end=False):
        try:
            self.connection.machine.send_headers(self.number, lines, end_stream=end)
            await self.connection.flush()
        except h2.exceptions.ProtocolError:
            pass

    async def request(self, method, target, authority, lines=(), end=True, scheme=None, protocol=None):
        scheme = scheme or (b'https' if self.connection.is_secure else b'http')
        head = [(b':method', method), (b':scheme', scheme), (b':authority', authority), (b':path', target)]
        if protocol:
            head.insert(1, (b':protocol', protocol))
        await self.write_head(head + list(lines), end)

    async def answer(self, status=200, lines=(), body=b'', end=True, trailers=None):
        await self.write_head([(b':status', str(status).encode()), *lines], end and not body and trailers is None)
        if body:
            await self.write(body, end and trailers is None)
        if trailers is not None:
            await self.write_trailers(trailers)

    async def write_trailers(self, lines):
        await self.write_head(list(lines), True)

    async def write(self, data, end=False):
        """Sends a piece as the windows allow; an ended stream takes it silently."""
        machine, view = self.connection.machine, memoryview(data)
        while self.is_open:
            try:
                room = min(machine.local_flow_control_window(self.number), machine.max_outbound_frame_size)
                if len(view) == 0 or room > 0:
                    piece, view = view[:room], view[len(view[:room]):]
                    machine.send_data(self.number, bytes(piece), end_stream=end and len(view) == 0)
                    await self.connection.flush()
                    if len(view) == 0:
                        return
                    continue
            except h2.exceptions.ProtocolError:
                return
            await self.changes()

    async def end_half(self):
        await self.write(b'', end=True)

    can_go_on = True

    @property
    def is_half_over(self):
        return self.end == 'complete'

    def is_over(self, *ends):
        return self.end in ends

    def reset(self, code=h2.errors.ErrorCodes.CANCEL):
        try:
            self.connection.machine.reset_stream(self.number, code)
            self.connection.push()
        except h2.exceptions.ProtocolError:
            pass
        self.ends(f'own reset {code_name(code)}')

    def resume(self):
        self.is_reading = True
        if self.unread:
            self.connection.machine.acknowledge_received_data(self.unread, self.number)
            self.unread = 0
            self.connection.push()


class HTTP2Connection:
    def __init__(self, reader, writer, is_client, serve=None, settings=None, window=None):
        self.reader, self.writer, self.serve, self.is_client = reader, writer, serve, is_client
        self.is_secure = writer.get_extra_info('ssl_object') is not None
        self.machine = Lenient(h2.config.H2Configuration(
            client_side=is_client, header_encoding=None, validate_inbound_headers=False,
            normalize_inbound_headers=False, validate_outbound_headers=False, normalize_outbound_headers=False))
        # h2 itself would take the connection for closed, but streams go on behind a GOAWAY.
        self.machine._frame_dispatch_table[hyperframe.frame.GoAwayFrame] = self.told_to_go
        if not is_client:
            # Whoever has not said so is not asked for a tunnel (RFC 8441 section 3).
            codes = h2.settings.SettingCodes
            self.machine.local_settings = h2.settings.Settings(client=False, initial_values={
                **self.machine.local_settings, codes.ENABLE_CONNECT_PROTOCOL: 1})
        if settings:
            self.machine.local_settings.update(settings)
        self.streams, self.goaways, self.end, self.settings = {}, [], None, {}
        self.changed = asyncio.Event()
        self.machine.initiate_connection()
        if window:
            self.machine.increment_flow_control_window(window)
        self.push()
        self.task = asyncio.create_task(self.receive())

    def push(self):
        if data := self.machine.data_to_send():
            try:
                self.writer.write(data)
            except (OSError, RuntimeError):
                pass

    async def flush(self):
        self.push()
        try:
            await self.writer.drain()
        except OSError:
            pass

    def stream(self):
        number = self.machine.get_next_available_stream_id()
        self.streams[number] = HTTP2Stream(self, number)
        return self.streams[number]

    async def request(self, *words, **more):
        stream = self.stream()
        await stream.request(*words, **more)
        return stream

    def notify(self):
        self.changed.set()
        self.changed = asyncio.Event()
        for stream in self.streams.values():
            stream.notify()

    async def until(self, is_met):
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not is_met():
            async with asyncio.timeout_at(deadline):
                await self.changed.wait()

    async def receive(self):
        try:
            while data := await self.reader.read(65536):
                for event in self.machine.receive_data(data):
                    self.happened(event)
                await self.flush()
            self.end = 'closed'
        except h2.exceptions.ProtocolError as error:
            self.end = f'fault {error!r}'
            self.push()
            self.writer.close()
        except OSError:
            self.end = 'reset'
        for stream in self.streams.values():
            stream.ends(self.end)
        self.notify()

    def told_to_go(self, frame):
        self.goaways.append((frame.last_stream_id, code_name(frame.error_code)))
        return [], []

    def happened(self, event):
        number = getattr(event, 'stream_id', None)
        if isinstance(event, h2.events.RequestReceived):
            stream = self.streams[number] = HTTP2Stream(self, number)
            stream.begins(event.headers)
            stream.task = asyncio.create_task(self.serve(stream))
        elif isinstance(event, h2.events.InformationalResponseReceived):
            self.streams[number].interims.append(event.headers)
        elif isinstance(event, h2.events.ResponseReceived):
            self.streams[number].begins(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            stream = self.streams[number]
            stream.body += event.data
            if stream.is_reading:
                self.machine.acknowledge_received_data(event.flow_controlled_length, number)
            else:
                stream.unread += event.flow_controlled_length
        elif isinstance(event, h2.events.TrailersReceived):
            self.streams[number].trailers = list(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            self.streams[number].completes()
        elif isinstance(event, h2.events.StreamReset):
            if number in self.streams:
                self.streams[number].ends(f'reset {code_name(event.error_code)}')
        elif isinstance(event, h2.events.RemoteSettingsChanged):
            self.settings.update({int(key): change.new_value for key, change in event.changed_settings.items()})
        self.notify()

    def go_away(self, last=None, code=0):
        """Says GOAWAY and lets what runs end: h2's own way would refuse further frames."""
        last = self.machine.highest_inbound_stream_id if last is None else last
        self.writer.write(b'\x00\x00\x08\x07\x00\x00\x00\x00\x00' + last.to_bytes(4, 'big') + code.to_bytes(4, 'big'))

    def close(self):
        self.writer.close()

    def abort(self):
        self.writer.transport.abort()

    async def leave(self):
        self.task.cancel()
        self.writer.close()
