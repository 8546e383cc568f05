# SPDX-License-Identifier: Apache-2.0
"""The form of frames (RFC 9113 sections 4.1 to 4.3 and 5.5)."""
from http2.case import Case, Told, acked, answered, connection_error, ignored, seen, stream_error
from http2.frames import (COMPRESSION_ERROR, CONTINUATION, DATA, FRAME_BYTES, FRAME_SIZE_ERROR, GOAWAY, HEADERS,
                          MAX_FRAME_SIZE, PING, PROTOCOL_ERROR, PUSH_PROMISE, RST_STREAM, SETTINGS,
                          WINDOW_UPDATE, continuation, data, frame, headers, ping, priority, settings, window_update)
from http2.hpack import literal

FORMAT, SIZE, BLOCK, EXTENDING = (f'RFC 9113 section {number}' for number in ('4.1', '4.2', '4.3', '5.5'))
EIGHT = b'12345678'
RESERVED = 1 << 31
UNKNOWN = (0x0a, 0x0b, 0x0c, 0x10, 0x16, 0x7f, 0xff)


def beyond(make):
    """Bytes that `make` of the greatest size that a frame may have here; a server may allow all that can be said."""
    def told(trace):
        most = (trace.settings or {}).get(MAX_FRAME_SIZE, FRAME_BYTES)
        return make(most) if most < 1 << 20 else None
    return Told(told)


def cases(ask):
    get = ask.get()
    yield from unknown(ask)
    for flags in (0x02, 0x16, 0x80, 0xfe):
        yield Case(f'PING with flags {flags:#x}', FORMAT, [frame(PING, flags, 0, EIGHT)],
                   seen('the PING is answered', lambda trace: EIGHT in trace.pongs))
        yield Case(f'HEADERS with flags {flags & 0x52 | 5:#x}', FORMAT, [frame(HEADERS, flags & 0x52 | 5, 1, get)],
                   answered(1))
        yield Case(f'DATA with flags {flags & 0xf6 | 1:#x}', FORMAT,
                   [headers(1, ask.post(), end=False), frame(DATA, flags & 0xf6 | 1, 1, b'test')], answered(1))
    yield Case('SETTINGS with flags 0xfe', FORMAT, [frame(SETTINGS, 0xfe), acked(2)], ignored())
    yield Case('WINDOW_UPDATE with flags 0xff', FORMAT, [frame(WINDOW_UPDATE, 0xff, 0, b'\0\0\0\1')], ignored())
    yield Case('the reserved bit of a PING', FORMAT, [frame(PING, 0x16, RESERVED, EIGHT)],
               seen('the PING is answered', lambda trace: EIGHT in trace.pongs))
    yield Case('the reserved bit of HEADERS and DATA', FORMAT,
               [frame(HEADERS, 4, 1 | RESERVED, ask.post()), frame(DATA, 1, 1 | RESERVED, b'test')], answered(1))
    yield Case('the reserved bit of SETTINGS', FORMAT, [frame(SETTINGS, 0, RESERVED), acked(2)], ignored())
    yield from sizes(ask)
    yield from blocks(ask)


def unknown(ask):
    for kind in UNKNOWN:
        yield Case(f'a frame of unknown kind {kind:#x}', EXTENDING, [frame(kind, 0, 0, EIGHT)], ignored())
    yield Case('a frame of unknown kind on an idle stream', EXTENDING, [frame(0x16, 0xff, 1, EIGHT)], ignored())
    yield Case('a frame of unknown kind on an open stream', EXTENDING,
               [headers(1, ask.post(), end=False), frame(0x16, 0xff, 1, EIGHT), data(1, b'test', True)], answered(1))
    yield Case('an empty frame of unknown kind', EXTENDING, [frame(0x16, 0, 0)], ignored())
    yield Case(f'a frame of unknown kind of {FRAME_BYTES} bytes', EXTENDING,
               [frame(0x16, 0, 0, bytes(FRAME_BYTES))], ignored())
    yield Case('a frame of unknown kind in a field block', EXTENDING,
               [headers(1, ask.get(), done=False), frame(0x16, 0, 0, EIGHT)], connection_error(PROTOCOL_ERROR))
    yield Case('a frame of unknown kind in a field block, on its stream', EXTENDING,
               [headers(1, ask.get(), done=False), frame(0x16, 0, 1, EIGHT)], connection_error(PROTOCOL_ERROR))


def sizes(ask):
    yield Case('DATA of 16,384 bytes', SIZE, [headers(1, ask.post(), end=False), data(1, bytes(FRAME_BYTES), True)],
               answered(1))
    yield Case('DATA one byte too long', SIZE,
               [headers(1, ask.post(), end=False), beyond(lambda most: data(1, bytes(most + 1), True))],
               stream_error(1, FRAME_SIZE_ERROR))
    long = literal(b'x-long', b'x' * 4000) * 5
    yield Case('HEADERS that are too long', SIZE,
               [beyond(lambda most: headers(1, ask.get() + long * (1 + most // len(long))))],
               connection_error(FRAME_SIZE_ERROR))
    yield Case('CONTINUATION that is too long', SIZE,
               [headers(1, ask.get(), done=False),
                beyond(lambda most: continuation(1, long * (1 + most // len(long))))],
               connection_error(FRAME_SIZE_ERROR))
    for kind, name in ((SETTINGS, 'SETTINGS'), (GOAWAY, 'GOAWAY'), (PING, 'PING'), (0x16, 'a frame of unknown kind')):
        yield Case(f'{name} that is too long', SIZE,
                   [beyond(lambda most, kind=kind: frame(kind, 0, 0, bytes(most // 6 * 6 + 6)))],
                   connection_error(FRAME_SIZE_ERROR))
    yield Case('a length of 16 MiB, and nothing of it', SIZE, [frame(DATA, 0, 1, length=(1 << 24) - 1)],
               connection_error(FRAME_SIZE_ERROR, PROTOCOL_ERROR))
    yield Case('a head of 40 KB in three frames', SIZE,
               [headers(1, ask.get() + literal(b'x-a', b'x' * 13000), done=False),
                continuation(1, literal(b'x-b', b'x' * 13000), done=False),
                continuation(1, literal(b'x-c', b'x' * 13000))], answered(1))
    yield Case('a field across three frames', SIZE,
               [headers(1, ask.get() + literal(b'x-a', b'x' * 30000)[:16000], done=False),
                continuation(1, literal(b'x-a', b'x' * 30000)[16000:16001], done=False),
                continuation(1, literal(b'x-a', b'x' * 30000)[16001:])], answered(1))


def blocks(ask):
    get = ask.get()
    yield Case('a field block that ends in a representation', BLOCK, [headers(1, b'\x40')],
               connection_error(COMPRESSION_ERROR))
    yield Case('an empty field block', BLOCK, [headers(1, b'')], stream_error(1, PROTOCOL_ERROR))
    between = {
        'PRIORITY': priority(1), 'PRIORITY of another stream': priority(3), 'DATA': data(1, b'test'),
        'DATA of another stream': data(3, b'test'), 'PING': ping(), 'SETTINGS': settings(),
        'WINDOW_UPDATE': window_update(0, 1), 'WINDOW_UPDATE of the stream': window_update(1, 1),
        'HEADERS of the stream': headers(1, get), 'HEADERS of another stream': headers(3, get),
        'RST_STREAM': frame(RST_STREAM, 0, 1, b'\0\0\0\x08'), 'GOAWAY': frame(GOAWAY, 0, 0, bytes(8)),
        'CONTINUATION of another stream': continuation(3, b''), 'CONTINUATION of stream 0': continuation(0, b''),
        'PUSH_PROMISE': frame(PUSH_PROMISE, 4, 1, b'\0\0\0\2' + get),
    }
    for name, text in between.items():
        yield Case(f'{name} within a field block', BLOCK,
                   [headers(1, get, done=False), text, continuation(1, literal(b'x-a', b'b'))],
                   connection_error(PROTOCOL_ERROR))
        yield Case(f'{name} within a field block, after CONTINUATION', BLOCK,
                   [headers(1, get, done=False), continuation(1, literal(b'x-a', b'b'), done=False), text],
                   connection_error(PROTOCOL_ERROR))
    yield Case('one field block in bytes', BLOCK,
               [headers(1, get[:1], done=False),
                b''.join(frame(CONTINUATION, 0, 1, get[at:at + 4]) for at in range(1, len(get), 4)),
                continuation(1, b'')], answered(1))
    yield Case('PRIORITY before and after a field block', BLOCK, [priority(1) + headers(1, get) + priority(1)],
               answered(1))
