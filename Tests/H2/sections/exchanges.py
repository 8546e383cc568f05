# SPDX-License-Identifier: Apache-2.0
"""Requests and answers (RFC 9113 sections 8.1 and 8.1.1)."""
from http2.case import Case, answered, headed, seen, stream_error
from http2.frames import PROTOCOL_ERROR, continuation, data, headers, ping
from http2.hpack import block, literal

RULE, MALFORMED, TRAILERS = 'RFC 9113 section 8.1', 'RFC 9113 section 8.1.1', 'RFC 9113 section 8.1'
LENGTH = b'content-length'


def cases(ask):
    yield Case('GET', RULE, [headers(1, ask.get())], answered(1))
    yield Case('HEAD', RULE, [headers(1, ask.replaced(b':method', b'HEAD'))], answered(1, size=0))
    yield Case('POST', RULE, [headers(1, ask.post(), end=False) + data(1, b'test', True)], answered(1))
    yield Case('POST without a body', RULE, [headers(1, ask.post())], answered(1))
    yield Case('GET with a body', RULE, [headers(1, ask.get(), end=False) + data(1, b'test', True)], answered(1))
    yield Case('an answer before the request is complete', RULE,
               [headers(1, ask.post(b'/early'), end=False), headed(1), data(1, b'test', True)],
               seen('an answer', lambda trace: trace.answers[1].status == 200), local=True)
    yield Case('several requests, one after the other', RULE,
               [step for stream in range(1, 41, 2) for step in (headers(stream, ask.get()), headed(stream))],
               answered(*range(1, 41, 2)))
    yield from trailers(ask)
    yield from lengths(ask)


def trailers(ask):
    post = headers(1, ask.post(b'/', (b'trailer', b'x-test')), end=False)
    wrong = stream_error(1, PROTOCOL_ERROR)
    field = literal(b'x-test', b'ok')
    yield Case('trailers', TRAILERS, [post + data(1, b'test') + headers(1, field)], answered(1))
    yield Case('trailers and no body', TRAILERS, [post + headers(1, field)], answered(1))
    yield Case('trailers in two frames', TRAILERS,
               [post + data(1, b'test') + headers(1, field[:3], done=False) + continuation(1, field[3:])], answered(1))
    yield Case('empty trailers', TRAILERS, [post + data(1, b'test') + headers(1, b'')], answered(1))
    yield Case('a second HEADERS frame that does not end', TRAILERS,
               [post + data(1, b'test') + headers(1, field, end=False)],
               wrong)
    yield Case('a second HEADERS frame that does not end, without a body', TRAILERS,
               [post + headers(1, field, end=False)],
               wrong)
    for name, value in ((b':method', b'POST'), (b':path', b'/'), (b':status', b'200'), (b':test', b'ok')):
        yield Case(f'trailers with {name.decode()}', 'RFC 9113 section 8.1',
                   [post + data(1, b'test') + headers(1, field + literal(name, value))], wrong)
        yield Case(f'trailers with {name.decode()} that do not end', 'RFC 9113 section 8.1',
                   [post + data(1, b'test') + headers(1, literal(name, value), end=False)], wrong)
    for name in (b'X-Test', b'', b'x test', b'x\0test', b'x:test'):
        yield Case(f'trailers with the name {name!r}', 'RFC 9113 section 8.2.1',
                   [post + data(1, b'test') + headers(1, literal(name, b'ok'))], wrong)
    for value in (b'a\rb', b'a\nb', b'a\0b'):
        yield Case(f'trailers with the value {value!r}', 'RFC 9113 section 8.2.1',
                   [post + data(1, b'test') + headers(1, literal(b'x-test', value))], wrong)
    for name, value in ((b'connection', b'close'), (b'transfer-encoding', b'chunked')):
        yield Case(f'trailers with {name.decode()}', 'RFC 9113 section 8.2.2',
                   [post + data(1, b'test') + headers(1, literal(name, value))], wrong)


def lengths(ask):
    wrong = stream_error(1, PROTOCOL_ERROR)

    def post(length, *more):
        return headers(1, ask.post(b'/', (LENGTH, length), *more), end=False)

    yield Case('content-length as DATA says', MALFORMED, [post(b'8') + data(1, b'test') + data(1, b'test', True)],
               answered(1))
    yield Case('content-length does not count padding', MALFORMED, [post(b'4') + data(1, b'test', True, pad=9)],
               answered(1))
    yield Case('content-length 0', MALFORMED, [headers(1, ask.post(b'/', (LENGTH, b'0')))], answered(1))
    yield Case('content-length 0 and empty DATA', MALFORMED, [post(b'0') + data(1, b'', True)], answered(1))
    yield Case('content-length less than DATA', MALFORMED, [post(b'1') + data(1, b'test', True)], wrong)
    yield Case('content-length less than several DATA', MALFORMED,
               [post(b'1') + data(1, b'test') + data(1, b'test', True)], wrong)
    yield Case('content-length less than unfinished DATA', MALFORMED, [post(b'1') + data(1, b'test')], wrong)
    yield Case('content-length more than DATA', MALFORMED, [post(b'5') + data(1, b'test', True)], wrong)
    yield Case('content-length and no DATA', MALFORMED, [headers(1, ask.post(b'/', (LENGTH, b'1')))], wrong)
    yield Case('content-length of a GET and no DATA', MALFORMED, [headers(1, ask.get(b'/', (LENGTH, b'1')))], wrong)
    yield Case('content-length more than DATA, then trailers', MALFORMED,
               [post(b'5') + data(1, b'test') + headers(1, block([(b'x-a', b'b')]))], wrong)
    for value in (b'', b'+4', b'-4', b'4x', b'0x4', b'4,5', b'4 4', b'18446744073709551620', b'4;', b'1e1'):
        yield Case(f'content-length {value!r}', MALFORMED, [post(value) + data(1, b'test', True)], wrong)
    yield Case('two lengths that differ', MALFORMED, [post(b'4', (LENGTH, b'5')) + data(1, b'test', True)], wrong)
    yield Case('a malformed request leaves the others alone', MALFORMED,
               [headers(1, ask.get()) + headers(3, ask.replaced(b':path', b'')) + headers(5, ask.get()) + ping()],
               stream_error(3, PROTOCOL_ERROR))
