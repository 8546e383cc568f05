# SPDX-License-Identifier: Apache-2.0
"""Numbers of streams, how many there may be, dependencies, and errors (RFC 9113 sections 5.1.1 to 5.4)."""
from http2.case import (Case, Told, answered, closed, connection_error, ended, ignored, ping_or_close, seen,
                        stream_error)
from http2.frames import (GOAWAY, INITIAL_WINDOW_SIZE, LARGEST_WINDOW, MAX_CONCURRENT_STREAMS, PROTOCOL_ERROR,
                          REFUSED_STREAM, STREAM_CLOSED, headers, ping, priority, priority_fields, reset, settings)

NUMBERS, CONCURRENCY, PRIORITIES, ERRORS = (f'RFC 9113 section {number}'
                                            for number in ('5.1.1', '5.1.2', '5.3.1', '5.4.1'))
SELF = 'RFC 7540 section 5.3.1'
MANY = 2000               # streams, where a server sets no bound


def cases(ask):
    get = ask.get()
    for stream in (2, 4, 0x7ffffffe):
        yield Case(f'HEADERS on the even stream {stream}', NUMBERS, [headers(stream, get)],
                   connection_error(PROTOCOL_ERROR))
    yield Case('a smaller number than before', NUMBERS, [headers(5, get) + headers(3, get)],
               connection_error(PROTOCOL_ERROR, STREAM_CLOSED))
    yield Case('a smaller number, after the answer', NUMBERS, [headers(5, get), ended(5), headers(3, get)],
               connection_error(PROTOCOL_ERROR, STREAM_CLOSED))
    yield Case('a number that was skipped is closed: RST_STREAM', NUMBERS,
               [headers(5, get), ended(5), reset(3)], ping_or_close())
    yield Case('numbers with gaps', NUMBERS, [headers(3, get) + headers(1001, get) + headers(1003, get)],
               answered(3, 1001, 1003))
    yield Case('the greatest number', NUMBERS, [headers(LARGEST_WINDOW, get)],
               seen('an answer', lambda trace: trace.answers[LARGEST_WINDOW].status == 200))
    yield Case('ten at once', NUMBERS, [b''.join(headers(stream, get) for stream in range(1, 21, 2))],
               answered(*range(1, 21, 2)))
    yield from concurrency(ask)
    yield from dependencies(ask)
    for bad, name in ((ping(stream=3), 'PING on a stream'), (headers(0, get), 'HEADERS on stream 0')):
        yield Case(f'the connection is closed after {name}', ERRORS, [bad], closed())
        yield Case(f'GOAWAY comes before the end, after {name}', ERRORS, [bad],
                   seen('GOAWAY', lambda trace: any(frame.kind == GOAWAY for frame in trace.frames)))
    yield Case('GOAWAY names the last stream that was dealt with', ERRORS,
               [headers(1, get) + headers(7, get), ended(1), ended(7), ping(stream=3)],
               seen('GOAWAY 7', lambda trace: trace.goaways and trace.goaways[-1].payload[:4] == b'\0\0\0\7'))


def concurrency(ask):
    def beyond(trace):
        bound = (trace.settings or {}).get(MAX_CONCURRENT_STREAMS, MANY)
        return b''.join(headers(stream, ask.get()) for stream in range(1, 2 * bound + 3, 2))

    def last_refused(trace):
        """The one that is too much, or the connection with it; no other."""
        refused = [stream for stream, answer in list(trace.answers.items()) if answer.code is not None]
        return (refused == [trace.opened] and trace.answers[trace.opened].code in (PROTOCOL_ERROR, REFUSED_STREAM)
                or trace.end)

    # As h2spec does: with a window of 0 the answers cannot end, so that the streams stay open.
    yield Case('one stream more than allowed, unanswered', CONCURRENCY,
               [settings((INITIAL_WINDOW_SIZE, 0)), Told(beyond)],
               seen('PROTOCOL_ERROR or REFUSED_STREAM on the last stream, or the end', last_refused))
    yield Case('a reset makes room', CONCURRENCY,
               [settings((INITIAL_WINDOW_SIZE, 0)),
                *(headers(stream, ask.get()) + reset(stream) for stream in range(1, 41, 2)),
                settings((INITIAL_WINDOW_SIZE, 65535)), headers(101, ask.get())], answered(101))


def dependencies(ask):
    get = ask.get()
    yield Case('HEADERS that depend on themselves', SELF, [headers(1, get, priority=priority_fields(1, 255))],
               stream_error(1, PROTOCOL_ERROR))
    yield Case('PRIORITY that depends on itself', SELF, [priority(1, 1, 255)], stream_error(1, PROTOCOL_ERROR))
    yield Case('PRIORITY that depends on itself, of an open stream', SELF,
               [headers(1, ask.post(), end=False), priority(1, 1, 255)], stream_error(1, PROTOCOL_ERROR, STREAM_CLOSED))
    yield Case('HEADERS with a priority', PRIORITIES, [headers(1, get, priority=priority_fields(0, 255))], answered(1))
    yield Case('HEADERS with a priority and padding', PRIORITIES,
               [headers(1, get, priority=priority_fields(0, 255), pad=8)], answered(1))
    yield Case('HEADERS that depend on an idle stream', PRIORITIES,
               [headers(1, get, priority=priority_fields(9, 0, True))], answered(1))
    for weight in (0, 255):
        yield Case(f'PRIORITY of weight {weight + 1}, then a request', PRIORITIES,
                   [priority(1, 0, weight) + headers(1, get)], answered(1))
    yield Case('PRIORITY that depends on an idle stream', PRIORITIES, [priority(3, 1, 0) + headers(1, get)],
               answered(1))
    yield Case('exclusive PRIORITY', PRIORITIES, [priority(1, 0, 0, exclusive=True) + headers(1, get)], answered(1))
    yield Case('PRIORITY of an idle stream, then a request on a lower one', PRIORITIES,
               [priority(3, 0, 255) + headers(1, get)], answered(1))
    yield Case('a circle of dependencies', PRIORITIES,
               [priority(1, 3) + priority(3, 5) + priority(5, 1) + headers(1, get) + headers(3, get)], answered(1, 3))
    yield Case('PRIORITY of an even stream', PRIORITIES, [priority(2, 0)], ignored())
    yield Case('ten PRIORITY frames', PRIORITIES, [b''.join(priority(1, 0, n) for n in range(10))], ignored())
