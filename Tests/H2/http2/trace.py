# SPDX-License-Identifier: Apache-2.0
"""What one connection received, and what of it no server may ever send (RFC 9113 sections 4 to 8)."""
import struct
from collections import defaultdict

from .frames import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_BYTES, HEADER_TABLE_SIZE, HEADERS,
                     INITIAL_WINDOW_SIZE, KINDS,
                     MAX_FRAME_SIZE, NO_ERROR, PREFACE, SETTINGS, WINDOW, WINDOW_UPDATE, take)
from .hpack import Decoder, Invalid

ANSWER_BYTES = 1 << 20    # of a body that are kept


class Answer:
    """What came on one stream; `code` of a reset, if there was one."""

    def __init__(self):
        self.interim, self.fields, self.trailers = [], None, None
        self.body, self.size, self.ended, self.code = bytearray(), 0, False, None

    @property
    def status(self):
        return int(dict(self.fields).get(b':status', b'0')) if self.fields else None

    @property
    def complete(self):
        return self.ended and self.code in (None, NO_ERROR)

    @property
    def is_over(self):
        return self.ended or self.code is not None

    def __str__(self):
        text = 'nothing' if self.fields is None else f'{self.status}, {self.size} bytes'
        return text + (' reset' if self.code is not None else '' if self.ended else ' unfinished')


class Trace:
    """`end` is closed, reset, or None while the connection is open."""

    def __init__(self):
        self.buffer, self.frames, self.faults = bytearray(), [], []
        self.answers = defaultdict(Answer)
        self.settings, self.acks, self.pongs, self.goaways = None, 0, [], []
        self.windows = defaultdict(int)      # what the peer has given us, by stream
        self.spent = defaultdict(int)        # and what we have used of it
        self.end, self.is_http1 = None, False
        self.decoder, self.fragments = Decoder(), None
        self.opened = 0
        self.granted, self.used = defaultdict(int, {0: WINDOW}), defaultdict(int)
        self.initial, self.waiting, self.most = WINDOW, [], FRAME_BYTES
        self.rest, self.is_greeted = bytearray(), False

    def sent(self, data):
        """Notes what we have allowed the peer; bytes that are no frames are of no interest."""
        self.rest += data
        if not self.is_greeted:
            if not self.rest.startswith(PREFACE):
                return
            del self.rest[:len(PREFACE)]
            self.is_greeted = True
        for frame in take(self.rest):
            if frame.kind == HEADERS:
                self.opened = max(self.opened, frame.stream)
            if frame.kind == DATA:
                self.spent[0] += len(frame.payload)
                self.spent[frame.stream] += len(frame.payload)
            if frame.kind == WINDOW_UPDATE and len(frame.payload) == 4:
                self.granted[frame.stream] += struct.unpack('>I', frame.payload)[0]
            if frame.kind == SETTINGS and not frame.flags & ACK and len(frame.payload) % 6 == 0:
                pairs = dict(struct.iter_unpack('>HI', frame.payload))
                self.waiting.append(pairs)
                self.decoder.most = max(self.decoder.most, pairs.get(HEADER_TABLE_SIZE, 0))

    def received(self, data):
        self.buffer += data
        if not self.frames and (self.is_http1 or self.buffer.startswith(b'HTTP/')):
            self.is_http1 = True
            return
        for frame in take(self.buffer):
            self.note(frame)

    def note(self, frame):
        if not self.frames and (frame.kind != SETTINGS or frame.flags & ACK):
            self.faults.append(f'the first frame is {frame}, not SETTINGS')
        self.frames.append(frame)
        if len(frame.payload) > self.most:
            self.faults.append(f'a payload of {len(frame.payload)} bytes')
        if self.fragments and frame.kind != CONTINUATION:
            self.faults.append(f'{frame} within a field block')
        if frame.kind < len(KINDS):
            getattr(self, 'on_' + KINDS[frame.kind].lower())(frame)

    def on_stream(self, frame):
        if not 0 < frame.stream <= self.opened or frame.stream % 2 == 0:
            self.faults.append(f'{frame} on a stream that we have not opened')
        answer = self.answers[frame.stream]
        if frame.kind in (DATA, HEADERS) and answer.is_over:
            self.faults.append(f'{frame} on a stream that was over')
        return answer

    def on_data(self, frame):
        answer = self.on_stream(frame)
        if answer.fields is None:
            self.faults.append(f'{frame} before the answer began')
        content = frame.content
        answer.size += len(content)
        answer.body += content[:ANSWER_BYTES - len(answer.body)]
        answer.ended = answer.ended or bool(frame.flags & END_STREAM)
        self.used[0] += len(frame.payload)
        self.used[frame.stream] += len(frame.payload)
        bound = max([self.initial, *(pairs.get(INITIAL_WINDOW_SIZE, 0) for pairs in self.waiting)])
        if self.used[0] > self.granted[0] or self.used[frame.stream] > bound + self.granted[frame.stream]:
            self.faults.append(f'{frame} beyond the window')

    def on_headers(self, frame):
        self.on_stream(frame)
        self.fragments = [frame]
        self.decoded(frame)

    def on_continuation(self, frame):
        if not self.fragments:
            self.faults.append(f'{frame} without HEADERS')
            return
        self.fragments.append(frame)
        self.decoded(frame)

    def decoded(self, frame):
        if not frame.flags & END_HEADERS:
            return
        first, text = self.fragments[0], b''.join(part.content for part in self.fragments)
        self.fragments = None
        answer = self.answers[first.stream]
        try:
            fields = self.decoder.decode(text)
        except Invalid as fault:
            self.faults.append(f'{first}: {fault}')
            return
        self.faults += [f'{first}: {fault}' for fault in wrong_fields(fields, answer.fields is None)]
        if answer.fields is not None:
            answer.trailers = fields
            if not first.flags & END_STREAM:
                self.faults.append(f'{first}: trailers that end nothing')
        elif dict(fields).get(b':status', b'')[:1] == b'1':
            answer.interim.append(fields)
        else:
            answer.fields = fields
        answer.ended = answer.ended or bool(first.flags & END_STREAM)

    def on_priority(self, frame):
        pass

    def on_rst_stream(self, frame):
        answer = self.on_stream(frame)
        answer.code = frame.code if answer.code is None else answer.code

    def on_ping(self, frame):
        if frame.flags & ACK:
            self.pongs.append(frame.payload)

    def on_goaway(self, frame):
        self.goaways.append(frame)

    def on_push_promise(self, frame):
        self.faults.append(f'{frame} from a server that was never allowed to push')

    def on_window_update(self, frame):
        self.windows[frame.stream] += struct.unpack('>I', frame.payload)[0]

    def on_settings(self, frame):
        if not frame.flags & ACK:
            self.settings = {**(self.settings or {}), **dict(struct.iter_unpack('>HI', frame.payload))}
            return
        self.acks += 1
        if self.waiting:
            pairs = self.waiting.pop(0)
            self.initial = pairs.get(INITIAL_WINDOW_SIZE, self.initial)
            self.most = max(self.most, pairs.get(MAX_FRAME_SIZE, 0))
            if HEADER_TABLE_SIZE in pairs:
                self.decoder.bound(pairs[HEADER_TABLE_SIZE])

    def describe(self):
        shown = [str(frame) for frame in self.frames]
        shown = shown if len(shown) <= 12 else shown[:6] + ['...'] + shown[-6:]
        text = bytes(self.buffer[:60]) if self.is_http1 else b''
        return ', '.join(shown + ([repr(text)] if text else []) + [self.end or 'still open'])


def wrong_fields(fields, is_head):
    """Pseudo-fields come first and are `:status` only; names are in lower case; nothing speaks of the connection."""
    regular = False
    for name, value in fields:
        if name.startswith(b':'):
            if regular or name != b':status' or not is_head:
                yield f'{name!r} where it may not be'
        else:
            regular = True
        if name != name.lower() or name in (b'connection', b'transfer-encoding', b'keep-alive', b'proxy-connection',
                                            b'upgrade'):
            yield f'the name {name!r}'
        if any(byte in b'\0\r\n' for byte in value):
            yield f'{name!r} has the value {value[:40]!r}'
    if is_head and sum(name == b':status' for name, _ in fields) != 1:
        yield f'no :status in {fields}'
