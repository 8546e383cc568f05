# SPDX-License-Identifier: Apache-2.0
"""All frames but WINDOW_UPDATE (RFC 9113 sections 6.1 to 6.8 and 6.10)."""
from http2.case import (Case, Until, acked, answered, connection_error, ended, exactly, ignored,
                        ping_or_close, seen, stream_error)
from http2.frames import (ACK, CANCEL, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM, FLOW_CONTROL_ERROR,
                          FRAME_SIZE_ERROR, GOAWAY, HEADER_TABLE_SIZE, HEADERS, INITIAL_WINDOW_SIZE,
                          MAX_CONCURRENT_STREAMS,
                          MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE, PADDED, PING, PRIORITIZED, PRIORITY, PROTOCOL_ERROR,
                          RST_STREAM, SETTINGS, STREAM_CLOSED, continuation, data, frame, goaway, headers,
                          ping, priority, push_promise, reset, settings)
from http2.hpack import literal

(DATA_RULE, HEADERS_RULE, PRIORITY_RULE, RESET_RULE, SETTINGS_RULE, PARAMETERS, SYNCHRONIZATION, PUSH, PING_RULE,
 GOAWAY_RULE, CONTINUATION_RULE) = (f'RFC 9113 section {number}' for number in (
     '6.1', '6.2', '6.3', '6.4', '6.5', '6.5.2', '6.5.3', '8.4', '6.7', '6.8', '6.10'))
EXTRA = literal(b'x-extra', b'y' * 400)


def cases(ask):
    for group in (data_cases, headers_cases, priority_cases, reset_cases, settings_cases, parameters, synchronization,
                  ping_cases, goaway_cases, continuations):
        yield from group(ask)
    yield Case('PUSH_PROMISE of a client', PUSH, [push_promise(1, 3, ask.get())], connection_error(PROTOCOL_ERROR))
    yield Case('PUSH_PROMISE of a client on an open stream', PUSH,
               [headers(1, ask.post(), end=False) + push_promise(1, 2, ask.get())], connection_error(PROTOCOL_ERROR))


def data_cases(ask):
    post = headers(1, ask.post(), end=False)
    wrong = connection_error(PROTOCOL_ERROR)
    yield Case('DATA', DATA_RULE, [post + data(1, b'test', True)], answered(1))
    yield Case('DATA twice', DATA_RULE, [post + data(1, b'test') + data(1, b'test', True)], answered(1))
    yield Case('DATA with padding', DATA_RULE, [post + data(1, b'test', True, pad=5)], answered(1))
    yield Case('DATA with 255 bytes of padding', DATA_RULE, [post + data(1, b'test', True, pad=255)], answered(1))
    yield Case('DATA with no padding at all', DATA_RULE, [post + data(1, b'test', True, pad=0)], answered(1))
    yield Case('DATA that is only padding', DATA_RULE, [post + data(1, b'', True, pad=9)], answered(1))
    yield Case('empty DATA that ends', DATA_RULE, [post + data(1, b'', True)], answered(1))
    yield Case('empty DATA between', DATA_RULE, [post + data(1, b'a') + data(1) + data(1, b'b', True)], answered(1))
    yield Case('DATA on stream 0', DATA_RULE, [data(0, b'test', True)], wrong)
    yield Case('DATA on stream 0 within a request', DATA_RULE, [post + data(0, b'test')], wrong)
    yield Case('DATA on a stream that is half-closed', DATA_RULE, [headers(1, ask.post()) + data(1, b'test', True)],
               stream_error(1, STREAM_CLOSED))
    long = headers(1, ask.post(b'/', (b'content-length', b'4')), end=False)
    for text, name in ((b'\x06Test', 'longer than the frame'), (b'\x05Test', 'as long as the frame'),
                       (b'\xff', 'and nothing else'), (b'', 'that is not there')):
        yield Case(f'DATA with a pad length {name}', DATA_RULE, [long + frame(DATA, PADDED | END_STREAM, 1, text)],
                   connection_error(PROTOCOL_ERROR, *([] if text else [FRAME_SIZE_ERROR])))
    yield Case('DATA whose padding fills the frame', DATA_RULE,
               [post + frame(DATA, PADDED | END_STREAM, 1, b'\x04\0\0\0\0')], answered(1))


def headers_cases(ask):
    get = ask.get()
    yield Case('HEADERS', HEADERS_RULE, [headers(1, get)], answered(1))
    yield Case('HEADERS with padding', HEADERS_RULE, [headers(1, get, pad=8)], answered(1))
    yield Case('HEADERS with 255 bytes of padding', HEADERS_RULE, [headers(1, get, pad=255)], answered(1))
    yield Case('HEADERS on stream 0', HEADERS_RULE, [headers(0, get)], connection_error(PROTOCOL_ERROR))
    yield Case('HEADERS, then PRIORITY instead of the rest', HEADERS_RULE,
               [headers(1, get, end=False, done=False) + priority(1, 0, 255) + continuation(1, EXTRA)],
               connection_error(PROTOCOL_ERROR))
    yield Case('HEADERS, then another stream instead of the rest', HEADERS_RULE,
               [headers(1, get, end=False, done=False) + headers(3, get) + continuation(1, EXTRA)],
               connection_error(PROTOCOL_ERROR))
    flags = END_STREAM | END_HEADERS | PADDED
    for pad, name in ((len(get) + 2, 'beyond the frame'), (len(get) + 1, 'of the whole frame'), (255, 'of 255')):
        yield Case(f'HEADERS with a pad length {name}', HEADERS_RULE,
                   [frame(HEADERS, flags, 1, bytes([min(pad, 255)]) + get)], connection_error(PROTOCOL_ERROR))
    yield Case('HEADERS that are too short for a pad length', HEADERS_RULE, [frame(HEADERS, flags, 1)],
               connection_error(FRAME_SIZE_ERROR, PROTOCOL_ERROR))
    yield Case('HEADERS that are too short for a priority', HEADERS_RULE,
               [frame(HEADERS, END_STREAM | END_HEADERS | PRIORITIZED, 1, b'\0\0')],
               connection_error(FRAME_SIZE_ERROR, PROTOCOL_ERROR))
    yield Case('HEADERS whose padding reaches into the priority', HEADERS_RULE,
               [frame(HEADERS, flags | PRIORITIZED, 1, b'\x05\0\0\0\0\x10' + b'\0\0')], connection_error(
                   PROTOCOL_ERROR, FRAME_SIZE_ERROR))


def priority_cases(ask):
    yield Case('PRIORITY on stream 0', PRIORITY_RULE, [priority(0, 0, 255)], connection_error(PROTOCOL_ERROR))
    for size in (0, 4, 6):
        yield Case(f'PRIORITY of {size} bytes', PRIORITY_RULE,
                   [headers(1, ask.get()) + frame(PRIORITY, 0, 1, b'\x80\0\0\1\1\1'[:size])],
                   stream_error(1, FRAME_SIZE_ERROR))
    yield Case('PRIORITY of 4 bytes on an idle stream', PRIORITY_RULE, [frame(PRIORITY, 0, 1, b'\0\0\0\0')],
               stream_error(1, FRAME_SIZE_ERROR))


def reset_cases(ask):
    yield Case('RST_STREAM of an open stream', RESET_RULE, [headers(1, ask.get(), end=False) + reset(1)], ignored())
    yield Case('RST_STREAM on stream 0', RESET_RULE, [reset(0)], connection_error(PROTOCOL_ERROR))
    yield Case('RST_STREAM of an idle stream', RESET_RULE, [reset(1)], connection_error(PROTOCOL_ERROR))
    for size in (0, 3, 5):
        yield Case(f'RST_STREAM of {size} bytes', RESET_RULE,
                   [headers(1, ask.get()) + frame(RST_STREAM, 0, 1, bytes(size))], connection_error(FRAME_SIZE_ERROR))
    yield Case('no answer to RST_STREAM', RESET_RULE, [headers(1, ask.get(b'/hold')) + reset(1, CANCEL)
                                                       + ping(b'afterwrd')],
               seen('PING, and nothing on the stream', lambda trace: b'afterwrd' in trace.pongs
                    and not any(frame.stream == 1 for frame in trace.frames)), local=True)


def settings_cases(ask):
    yield Case('SETTINGS', SETTINGS_RULE,
               [settings((HEADER_TABLE_SIZE, 4096), (ENABLE_PUSH, 0), (MAX_CONCURRENT_STREAMS, 100),
                         (INITIAL_WINDOW_SIZE, 65535), (MAX_FRAME_SIZE, 16384), (MAX_HEADER_LIST_SIZE, 100)), acked(2)],
               seen('the acknowledgement', lambda trace: trace.acks == 2))
    yield Case('SETTINGS without values', SETTINGS_RULE, [settings(), acked(2)], ignored())
    for size in (1, 6):
        yield Case(f'an acknowledgement of {size} bytes', SETTINGS_RULE, [frame(SETTINGS, ACK, 0, bytes(size))],
                   connection_error(FRAME_SIZE_ERROR))
    yield Case('SETTINGS on a stream', SETTINGS_RULE, [frame(SETTINGS, 0, 1, b'\0\3\0\0\0\x64')],
               connection_error(PROTOCOL_ERROR))
    yield Case('an acknowledgement on a stream', SETTINGS_RULE, [frame(SETTINGS, ACK, 1)],
               connection_error(PROTOCOL_ERROR))
    for size in (1, 3, 5, 7):
        yield Case(f'SETTINGS of {size} bytes', SETTINGS_RULE, [frame(SETTINGS, 0, 0, b'\0\3\0\0\0\x64\0'[:size])],
                   connection_error(FRAME_SIZE_ERROR))


def parameters(ask):
    bad = [(ENABLE_PUSH, 2, PROTOCOL_ERROR), (ENABLE_PUSH, 0xffffffff, PROTOCOL_ERROR),
           (INITIAL_WINDOW_SIZE, 1 << 31, FLOW_CONTROL_ERROR), (INITIAL_WINDOW_SIZE, 0xffffffff, FLOW_CONTROL_ERROR),
           (MAX_FRAME_SIZE, 16383, PROTOCOL_ERROR), (MAX_FRAME_SIZE, 0, PROTOCOL_ERROR),
           (MAX_FRAME_SIZE, 1 << 24, PROTOCOL_ERROR), (MAX_FRAME_SIZE, 0xffffffff, PROTOCOL_ERROR)]
    for key, value, code in bad:
        yield Case(f'setting {key} of {value}', PARAMETERS, [settings((key, value))], connection_error(code))
        yield Case(f'setting {key} of {value} behind a good one', PARAMETERS,
                   [settings((HEADER_TABLE_SIZE, 4096), (key, value))], connection_error(code))
    # Whether a client may say 1 is not quite clear: section 6.5.2 allows it.
    good = [(HEADER_TABLE_SIZE, 0), (HEADER_TABLE_SIZE, 0xffffffff), (ENABLE_PUSH, 0), (ENABLE_PUSH, 1),
            (MAX_CONCURRENT_STREAMS, 0), (MAX_CONCURRENT_STREAMS, 0xffffffff), (INITIAL_WINDOW_SIZE, (1 << 31) - 1),
            (MAX_FRAME_SIZE, 16384), (MAX_FRAME_SIZE, (1 << 24) - 1), (MAX_HEADER_LIST_SIZE, 0xffffffff)]
    for key, value in good:
        yield Case(f'setting {key} of {value}', PARAMETERS, [settings((key, value)), acked(2)], ignored())
    for key in (0, 7, 0xff, 0xffff):
        yield Case(f'the unknown setting {key:#x}', PARAMETERS, [settings((key, 1)), acked(2)], ignored())
    yield Case('a great frame size does not make frames greater than allowed', PARAMETERS,
               [settings((MAX_FRAME_SIZE, 20000)), acked(2), headers(1, ask.get(b'/size/60000'))],
               answered(1, size=60000), local=True)


def synchronization(ask):
    yield Case('the last of several values counts', SYNCHRONIZATION,
               [settings((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1)), acked(2), headers(1, ask.get())],
               exactly(1, 1))
    yield Case('SETTINGS are acknowledged', SYNCHRONIZATION, [settings((ENABLE_PUSH, 0)), acked(2)], ignored())
    yield Case('five SETTINGS, five acknowledgements', SYNCHRONIZATION, [settings() * 5, acked(6)], ignored())
    yield Case('SETTINGS within a request', SYNCHRONIZATION,
               [headers(1, ask.post(), end=False) + settings() + data(1, b'test', True), acked(2)], answered(1))


def ping_cases(ask):
    yield Case('PING', PING_RULE, [ping(b'\1\2\3\4\5\6\7\x08')],
               seen('its answer', lambda trace: trace.pongs == [b'\1\2\3\4\5\6\7\x08']))
    yield Case('PING with ACK is not answered', PING_RULE, [ping(b'unasked!', ack=True) + ping(b'expected')],
               seen('one answer', lambda trace: trace.pongs == [b'expected']))
    yield Case('PING within a request', PING_RULE,
               [headers(1, ask.post(), end=False) + ping(b'expected') + data(1, b'test', True),
                Until('its answer', lambda trace: trace.pongs)], answered(1))
    yield Case('three PINGs, answered in order', PING_RULE, [ping(b'first...') + ping(b'second..') + ping(b'third...')],
               seen('three answers', lambda trace: trace.pongs == [b'first...', b'second..', b'third...']))
    yield Case('PING on a stream', PING_RULE, [ping(stream=1)], connection_error(PROTOCOL_ERROR))
    yield Case('PING with ACK on a stream', PING_RULE, [ping(stream=1, ack=True)], connection_error(PROTOCOL_ERROR))
    for size in (0, 6, 7, 9):
        yield Case(f'PING of {size} bytes', PING_RULE, [frame(PING, 0, 0, bytes(size))],
                   connection_error(FRAME_SIZE_ERROR))


def goaway_cases(ask):
    yield Case('GOAWAY', GOAWAY_RULE, [goaway(0, 0, b'some words')], ping_or_close())
    yield Case('GOAWAY of an open connection', GOAWAY_RULE, [headers(1, ask.get()) + goaway(0)], answered(1))
    yield Case('GOAWAY on a stream', GOAWAY_RULE, [goaway(stream=1)], connection_error(PROTOCOL_ERROR))
    for size in (0, 7):
        yield Case(f'GOAWAY of {size} bytes', GOAWAY_RULE, [frame(GOAWAY, 0, 0, bytes(size))],
                   connection_error(FRAME_SIZE_ERROR))


def continuations(ask):
    get, wrong = ask.get(), connection_error(PROTOCOL_ERROR)
    start = headers(1, get, done=False)
    yield Case('CONTINUATION', CONTINUATION_RULE, [headers(1, get[:5], done=False) + continuation(1, get[5:])],
               answered(1))
    yield Case('CONTINUATION twice', CONTINUATION_RULE,
               [headers(1, get[:5], done=False) + continuation(1, get[5:10], done=False) + continuation(1, get[10:])],
               answered(1))
    yield Case('CONTINUATION twice, with fields of their own', CONTINUATION_RULE,
               [start + continuation(1, EXTRA, done=False) + continuation(1, EXTRA)], answered(1))
    yield Case('CONTINUATION after HEADERS with nothing', CONTINUATION_RULE,
               [headers(1, b'', done=False) + continuation(1, get)], answered(1))
    yield Case('CONTINUATION, then DATA', CONTINUATION_RULE,
               [headers(1, ask.post(), end=False, done=False) + continuation(1, EXTRA, done=False)
                + data(1, b'test', True)], wrong)
    yield Case('CONTINUATION on stream 0', CONTINUATION_RULE, [start + continuation(0, EXTRA)], wrong)
    yield Case('CONTINUATION on stream 0, alone', CONTINUATION_RULE, [continuation(0, EXTRA)], wrong)
    yield Case('CONTINUATION after complete HEADERS', CONTINUATION_RULE, [headers(1, get) + continuation(1, EXTRA)],
               wrong)
    yield Case('CONTINUATION after complete CONTINUATION', CONTINUATION_RULE,
               [start + continuation(1, EXTRA) + continuation(1, EXTRA)], wrong)
    yield Case('CONTINUATION after DATA', CONTINUATION_RULE,
               [headers(1, ask.post(), end=False, done=False) + data(1, b'test', True)
                + continuation(1, EXTRA, done=False) + continuation(0, EXTRA)], wrong)
    yield Case('CONTINUATION after DATA of a complete head', CONTINUATION_RULE,
               [headers(1, ask.post(), end=False) + data(1, b'test') + continuation(1, EXTRA)], wrong)
    yield Case('CONTINUATION after an answer', CONTINUATION_RULE, [headers(1, get), ended(1), continuation(1, EXTRA)],
               connection_error(PROTOCOL_ERROR, STREAM_CLOSED))
