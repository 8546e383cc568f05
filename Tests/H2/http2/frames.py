# SPDX-License-Identifier: Apache-2.0
"""Frames of RFC 9113 sections 4 and 6, written by hand, so that they can be wrong in every way."""
import struct

PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
KINDS = ('DATA', 'HEADERS', 'PRIORITY', 'RST_STREAM', 'SETTINGS', 'PUSH_PROMISE', 'PING', 'GOAWAY', 'WINDOW_UPDATE',
         'CONTINUATION')

END_STREAM = ACK = 0x1
END_HEADERS, PADDED, PRIORITIZED = 0x4, 0x8, 0x20

CODES = ('NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT', 'STREAM_CLOSED',
         'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR', 'ENHANCE_YOUR_CALM',
         'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED')
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR,
 REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY,
 HTTP_1_1_REQUIRED) = range(14)

(HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE,
 MAX_HEADER_LIST_SIZE) = range(1, 7)
ENABLE_CONNECT_PROTOCOL = 8

WINDOW = 65535            # of a stream and of a connection, at first
LARGEST_WINDOW = (1 << 31) - 1
FRAME_BYTES = 16384       # of a payload, unless SETTINGS_MAX_FRAME_SIZE says more


def frame(kind, flags=0, stream=0, payload=b'', length=None):
    """`length`: what the frame says of itself, if that is not the truth."""
    size = len(payload) if length is None else length
    return struct.pack('>BHBBI', size >> 16, size & 0xffff, kind, flags, stream) + payload


def padded(payload, pad):
    return payload if pad is None else bytes([pad]) + payload + bytes(pad)


def priority_fields(depends_on=0, weight=15, exclusive=False):
    return struct.pack('>IB', depends_on | exclusive << 31, weight)


def data(stream, payload=b'', end=False, pad=None):
    return frame(DATA, END_STREAM * end | PADDED * (pad is not None), stream, padded(payload, pad))


def headers(stream, block, end=True, done=True, pad=None, priority=None):
    """`priority`: of `priority_fields`."""
    flags = END_STREAM * end | END_HEADERS * done | PADDED * (pad is not None) | PRIORITIZED * (priority is not None)
    return frame(HEADERS, flags, stream, padded((priority or b'') + block, pad))


def continuation(stream, block, done=True):
    return frame(CONTINUATION, END_HEADERS * done, stream, block)


def priority(stream, *fields, **more):
    return frame(PRIORITY, 0, stream, priority_fields(*fields, **more))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack('>I', code))


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b''.join(struct.pack('>HI', *pair) for pair in pairs))


SETTINGS_ACK = frame(SETTINGS, ACK)


def push_promise(stream, promised, block):
    return frame(PUSH_PROMISE, END_HEADERS, stream, struct.pack('>I', promised) + block)


def ping(payload=b'\0' * 8, ack=False, stream=0):
    return frame(PING, ACK * ack, stream, payload)


def goaway(last=0, code=NO_ERROR, debug=b'', stream=0):
    return frame(GOAWAY, 0, stream, struct.pack('>II', last, code) + debug)


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack('>I', increment))


class Frame:
    def __init__(self, kind, flags, stream, payload):
        self.kind, self.flags, self.stream, self.payload = kind, flags, stream, payload

    @property
    def content(self):
        """Without padding and priority."""
        text = self.payload
        if self.kind in (DATA, HEADERS, PUSH_PROMISE) and self.flags & PADDED:
            text = text[1:len(text) - text[0]]
        return text[5:] if self.kind == HEADERS and self.flags & PRIORITIZED else text

    @property
    def code(self):
        return struct.unpack_from('>I', self.payload, 4 if self.kind == GOAWAY else 0)[0]

    def __str__(self):
        name = KINDS[self.kind] if self.kind < len(KINDS) else f'frame of kind {self.kind}'
        text = f'{name} {self.stream}'
        if self.kind in (RST_STREAM, GOAWAY) and len(self.payload) >= 4 + 4 * (self.kind == GOAWAY):
            return f'{text} {code_name(self.code)}'
        if self.kind in (SETTINGS, PING) and self.flags & ACK:
            return f'{text} ACK'
        if self.kind in (WINDOW_UPDATE, SETTINGS):
            return f'{text} {self.payload[:30].hex()}'
        ends = ' end' if self.kind in (DATA, HEADERS) and self.flags & END_STREAM else ''
        return f'{text} ({len(self.payload)} bytes, flags {self.flags:#x}{ends})'


def code_name(code):
    return CODES[code] if code < len(CODES) else f'code {code:#x}'


def take(buffer):
    """The frames that `buffer` (a bytearray) begins with; it keeps the rest."""
    frames, offset = [], 0
    while len(buffer) - offset >= 9:
        high, low, kind, flags, stream = struct.unpack_from('>BHBBI', buffer, offset)
        end = offset + 9 + (high << 16 | low)
        if len(buffer) < end:
            break
        frames.append(Frame(kind, flags, stream & LARGEST_WINDOW, bytes(buffer[offset + 9:end])))
        offset = end
    del buffer[:offset]
    return frames
