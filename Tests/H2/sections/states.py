# SPDX-License-Identifier: Apache-2.0
"""What may come on a stream, by its state (RFC 9113 section 5.1)."""
from http2.case import (Case, answered, connection_error, ended, headed, ignored, ping_or_close, seen, stream_error,
                        was_reset)
from http2.frames import (DATA, INITIAL_WINDOW_SIZE, PROTOCOL_ERROR, STREAM_CLOSED, continuation, data, goaway, headers,
                          priority, reset, settings, window_update)
from http2.hpack import literal

RULE = 'RFC 9113 section 5.1'
ANY_DATA = seen('DATA', lambda trace: any(frame.kind == DATA for frame in trace.frames))


def cases(ask):
    yield from idle(ask)
    yield from half_closed(ask)
    yield from after_reset(ask)
    yield from closed(ask)
    yield from reset_by_server(ask)


def idle(ask):
    wants = connection_error(PROTOCOL_ERROR)
    # Section 5.1 says connection error PROTOCOL_ERROR, section 6.1 stream error STREAM_CLOSED.
    yield Case('idle: DATA', RULE, [data(1, b'test', True)], stream_error(1, PROTOCOL_ERROR, STREAM_CLOSED))
    yield Case('idle: RST_STREAM', RULE, [reset(1)], wants)
    yield Case('idle: WINDOW_UPDATE', RULE, [window_update(1, 100)], wants)
    yield Case('idle: CONTINUATION', RULE, [continuation(1, ask.get())], wants)
    yield Case('idle: PRIORITY', RULE, [priority(1, 0, 255)], ignored())
    yield Case('idle: PRIORITY of a stream that is opened later', RULE, [priority(7), headers(1, ask.get())],
               answered(1))
    yield Case('idle: RST_STREAM above an open stream', RULE, [headers(1, ask.get()) + reset(3)], wants)
    yield Case('idle: WINDOW_UPDATE above an open stream', RULE, [headers(1, ask.get()) + window_update(3, 1)], wants)
    yield Case('idle: RST_STREAM of an even stream', RULE, [reset(2)], wants)
    yield Case('idle: WINDOW_UPDATE of an even stream', RULE, [window_update(2, 1)], wants)
    yield Case('idle: DATA on an even stream', RULE, [data(2, b'test')], stream_error(2, PROTOCOL_ERROR, STREAM_CLOSED))


def half_closed(ask):
    get = headers(1, ask.get())
    small = settings((INITIAL_WINDOW_SIZE, 0))
    for path, name in ((b'/', 'a fast answer'), (b'/hold', 'no answer yet')):
        get, local = headers(1, ask.get(path)), path != b'/'
        yield Case(f'half-closed: DATA, {name}', RULE, [get + data(1, b'test', True)],
                   stream_error(1, STREAM_CLOSED), local=local)
        yield Case(f'half-closed: empty DATA, {name}', RULE, [get + data(1, b'', True)],
                   stream_error(1, STREAM_CLOSED), local=local)
        yield Case(f'half-closed: HEADERS, {name}', RULE, [get + get], stream_error(1, STREAM_CLOSED), local=local)
        yield Case(f'half-closed: trailers, {name}', RULE, [get + headers(1, literal(b'x-a', b'b'))],
                   stream_error(1, STREAM_CLOSED), local=local)
        yield Case(f'half-closed: CONTINUATION, {name}', RULE, [get + continuation(1, ask.get())],
                   stream_error(1, STREAM_CLOSED, PROTOCOL_ERROR), local=local)
        yield Case(f'half-closed: RST_STREAM, {name}', RULE, [get + reset(1)], ping_or_close(), local=local)
        yield Case(f'half-closed: RST_STREAM twice, {name}', RULE, [get + reset(1) + reset(1)], ignored(), local=local)
    get = headers(1, ask.get())
    yield Case('half-closed: WINDOW_UPDATE', RULE, [small + get + window_update(1, 1)], ANY_DATA)
    yield Case('half-closed: PRIORITY', RULE, [small + get + priority(1, 0, 255) + window_update(1, 1)], ANY_DATA)
    yield Case('half-closed by trailers: DATA', RULE,
               [headers(1, ask.post(b'/hold'), end=False) + headers(1, literal(b'x-a', b'b')) + data(1, b'test')],
               stream_error(1, STREAM_CLOSED), local=True)
    yield Case('half-closed by DATA: DATA', RULE,
               [headers(1, ask.post(b'/hold'), end=False) + data(1, b'test', True) + data(1, b'test')],
               stream_error(1, STREAM_CLOSED), local=True)
    yield Case('half-closed by DATA: HEADERS', RULE,
               [headers(1, ask.post(b'/hold'), end=False) + data(1, b'test', True) + headers(1, ask.get())],
               stream_error(1, STREAM_CLOSED), local=True)


def after_reset(ask):
    """The stream was open, and the client has reset it."""
    opened = headers(1, ask.get(), end=False) + reset(1)
    yield Case('reset: DATA', RULE, [opened + data(1, b'test', True)], stream_error(1, STREAM_CLOSED))
    yield Case('reset: HEADERS', RULE, [opened + headers(1, ask.get())], stream_error(1, STREAM_CLOSED))
    yield Case('reset: CONTINUATION', RULE, [opened + continuation(1, literal(b'x-a', b'b'))],
               stream_error(1, STREAM_CLOSED, PROTOCOL_ERROR))
    yield Case('reset: PRIORITY', RULE, [opened + priority(1)], ignored())
    yield Case('reset: WINDOW_UPDATE', RULE, [opened + window_update(1, 1)], ping_or_close())
    yield Case('reset: RST_STREAM', RULE, [opened + reset(1)], ping_or_close())
    yield Case('reset: another stream goes on', RULE, [opened + headers(3, ask.get())], answered(3))
    for path, wait in ((b'/hold', ()), (b'/half', (headed(1),)), (b'/size/1000000', (headed(1),))):
        yield Case(f'reset: GET {path.decode()}, then another', RULE,
                   [headers(1, ask.get(path)), *wait, reset(1) + window_update(0, 1 << 20) + headers(3, ask.get())],
                   answered(3), local=True)


def closed(ask):
    get, end = headers(1, ask.get()), ended(1)
    yield Case('closed: DATA', RULE, [get, end, data(1, b'test', True)], stream_error(1, STREAM_CLOSED))
    yield Case('closed: HEADERS', RULE, [get, end, get],
               connection_error(STREAM_CLOSED, PROTOCOL_ERROR))
    yield Case('closed: CONTINUATION', RULE, [get, end, continuation(1, literal(b'x-a', b'b'))],
               connection_error(STREAM_CLOSED, PROTOCOL_ERROR))
    yield Case('closed: PRIORITY', RULE, [get, end, priority(1, 0, 255)], ignored())
    yield Case('closed: WINDOW_UPDATE', RULE, [get, end, window_update(1, 1)], ping_or_close())
    yield Case('closed: RST_STREAM', RULE, [get, end, reset(1)], ping_or_close())
    yield Case('closed: DATA, with another stream open', RULE,
               [get, end, headers(3, ask.get(b'/hold')) + data(1, b'test', True)], stream_error(1, STREAM_CLOSED),
               local=True)
    yield Case('closed long ago: WINDOW_UPDATE', RULE,
               [*(step for stream in range(1, 61, 2) for step in (headers(stream, ask.get()), ended(stream))),
                window_update(1, 1)], ping_or_close())
    yield Case('GOAWAY of a client, then the answer', RULE,
               [headers(1, ask.post(), end=False) + goaway(0) + data(1, b'test', True)], answered(1))


def reset_by_server(ask):
    """What was under way when the server reset the stream is no offence (the last paragraphs of the section)."""
    bad = headers(1, ask.replaced(b':path', b''), end=False)
    yield Case('reset by the server: DATA is ignored', RULE, [bad, was_reset(1), data(1, b'test')], ping_or_close())
    yield Case('reset by the server: trailers are ignored', RULE,
               [bad, was_reset(1), headers(1, literal(b'x-a', b'b'))], ping_or_close())
    yield Case('reset by the server: the window is given back', RULE,
               [bad + b''.join(data(1, bytes(16000)) for _ in range(16)), was_reset(1)], ping_or_close())
