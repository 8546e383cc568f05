# SPDX-License-Identifier: Apache-2.0
"""DATA, content-length, and the end of a body that must not be forged."""
from http2.case import MARK
from http2.frames import CANCEL, FRAME_BYTES, NO_ERROR, data, ping, reset

from .case import AUTHORITY, CLOSE_CLIENT, HALF_SEEN, RESET_CLIENT, Case, post, request

LENGTHS, RESET, BODY = 'RFC 9113 section 8.1.1', 'RFC 9113 section 6.4; rule 5', 'RFC 9113 section 8.1; rule 4'
LENGTH = b'content-length'
HIDDEN = b'0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n'
BAD = [b'', b' ', b'+5', b'-5', b'5x', b'x', b'0x5', b'5 5', b'5,5', b'5, 5', b'5;', b'5.0', b'1e1', b'"5"', b'\xb2',
       b'18446744073709551616', b'18446744073709551621', b'9' * 60, b'5\r\nX: y', b'5\0']


def length(value):
    return LENGTH, value


def cases():
    hello = data(1, b'hello', True)
    yield from good(hello)
    for value in (b'0', b'4', b'6', b'1000000'):
        yield Case(f'content-length {value.decode()} of 5 bytes', LENGTHS, [post(length(value)) + hello], 'broken')
        yield Case(f'content-length {value.decode()} of 5 bytes in two frames', LENGTHS,
                   [post(length(value)) + data(1, b'he') + data(1, b'llo', True)], 'broken')
    yield Case('content-length 5 and nothing', LENGTHS, [post(length(b'5')) + data(1, b'', True)], 'broken')
    yield Case('content-length 5 and the end at once', LENGTHS, [request(length(b'5'), method=b'POST')], 'malformed')
    yield Case('content-length 5 of a GET', LENGTHS, [request(length(b'5'))], 'malformed')
    yield Case('content-length 5, and a request behind it', LENGTHS,
               [post(length(b'5')) + data(1, b'hello' + HIDDEN, True)],
               'broken')
    yield Case('content-length 0, and a request behind it', LENGTHS, [post(length(b'0')) + data(1, HIDDEN, True)],
               'broken')
    yield Case('content-length 5, exceeded and unfinished', LENGTHS, [post(length(b'5')) + data(1, b'hello!')],
               'broken')
    for value in BAD:
        yield Case(f'content-length {value[:24]!r}', LENGTHS, [post(length(value)) + hello], 'malformed')
    for value in (b'05', b'0005'):
        yield Case(f'content-length {value!r}', LENGTHS, [post(length(value)) + hello], 'either', body=b'hello')
    yield Case('two lengths that differ', LENGTHS, [post(length(b'5'), length(b'6')) + hello], 'malformed')
    yield Case('two lengths that differ, the other way', LENGTHS, [post(length(b'6'), length(b'5')) + hello],
               'malformed')
    yield Case('two equal lengths', LENGTHS, [post(length(b'5'), length(b'5')) + hello], 'either', body=b'hello')
    yield from broken_off()


def good(hello):
    yield Case('a body', BODY, [post() + hello], 'whole', method=b'POST', host=AUTHORITY, body=b'hello',
               has=((b'transfer-encoding', b'chunked'),), lacks=(LENGTH,))
    yield Case('a body with a length', BODY, [post(length(b'5')) + hello], 'whole', body=b'hello',
               has=((LENGTH, b'5'),), lacks=(b'transfer-encoding',))
    yield Case('a body with padding', BODY, [post(length(b'5')) + data(1, b'hello', True, pad=20)], 'whole',
               body=b'hello')
    yield Case('a body in ten frames', BODY,
               [post() + b''.join(data(1, b'%d' % at) for at in range(10)) + data(1, b'', True)], 'whole',
               body=b'0123456789')
    yield Case('an empty body', BODY, [post() + data(1, b'', True)], 'whole', body=b'')
    yield Case('a POST that ends at once', BODY, [request(method=b'POST')], 'whole', body=b'')
    yield Case('a GET with a body', BODY, [request(end=False) + hello], 'whole', method=b'GET', body=b'hello')
    yield Case('a body of 60,000 bytes', BODY,
               [post() + b''.join(data(1, b'x' * 15000, at == 3) for at in range(4))], 'whole', body=b'x' * 60000)
    yield Case('a frame of 16,384 bytes', BODY, [post() + data(1, b'\r' * FRAME_BYTES, True)], 'whole',
               body=b'\r' * FRAME_BYTES)
    for text in (HIDDEN, b'5\r\nhello\r\n' + HIDDEN, b'\r\n\r\n' + HIDDEN, b'0\r\n\r\n', b'\r\n0\r\n\r\n',
                 b'ffffffff\r\n'):
        yield Case(f'a body that looks like chunks: {text[:20]!r}', BODY, [post() + data(1, text, True)], 'whole',
                   body=text)
        yield Case(f'with a length, a body that looks like chunks: {text[:20]!r}', BODY,
                   [post(length(b'%d' % len(text))) + data(1, text, True)], 'whole', body=text)
    yield Case('expect: 100-continue', 'RFC 9110 section 10.1.1', [post((b'expect', b'100-continue')) + hello], 'whole',
               body=b'hello')


def broken_off():
    """The head is with the upstreams; the end must never seem to come."""
    starts = {'a body': post() + data(1, b'hello'), 'a body with a length': post(length(b'10')) + data(1, b'hello'),
              'a head': post(), 'a head with a length': post(length(b'10')), 'a head of GET': request(end=False)}
    for name, start in starts.items():
        for code in (NO_ERROR, CANCEL):
            yield Case(f'{name}, then RST_STREAM {code}', RESET, [start, HALF_SEEN, reset(1, code) + ping(MARK)],
                       'broken')
        yield Case(f'{name}, and RST_STREAM at once', RESET, [start + reset(1) + ping(MARK)], 'broken')
        yield Case(f'{name}, then the end of the connection', RESET, [start, HALF_SEEN, CLOSE_CLIENT], 'broken')
        yield Case(f'{name}, then a reset of the connection', RESET, [start, HALF_SEEN, RESET_CLIENT], 'broken')
        yield Case(f'{name}, then a connection error', RESET, [start, HALF_SEEN, b'\0\0\x08\6\0\0\0\0\3' + bytes(8)],
                   'broken')
        yield Case(f'{name}, then DATA with bad padding', RESET, [start, HALF_SEEN, b'\0\0\2\0\x09\0\0\0\1\x05x'],
                   'broken')
        yield Case(f'{name}, then DATA that is too long', RESET,
                   [start, HALF_SEEN, b'\0\x40\1\0\1\0\0\0\1' + bytes(16385)], 'broken')
