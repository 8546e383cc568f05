# SPDX-License-Identifier: Apache-2.0
"""Answers of HTTP/1.1 upstreams, as a client of HTTP/2 sees them (rules 9 and 10)."""
from kit.case import CLOSE, RESET

from .case import Case, request

RULE, FIELDS = 'RFC 9112 section 8; rule 10', 'RFC 9113 section 8.2.2; rule 9'


def answer(fields=b'', body=b'', line=b'HTTP/1.1 200 OK'):
    return line + b'\r\n' + fields + b'\r\n' + body


SIZED = b'Content-Length: 5\r\n'
CHUNKED = b'Transfer-Encoding: chunked\r\n'

# (name, the answer, status, body) that the client sees; None for one that is broken off.
WHOLE = [
    ('a length', answer(SIZED, b'hello'), 200, b'hello'),
    ('chunks', answer(CHUNKED, b'5\r\nhello\r\n0\r\n\r\n'), 200, b'hello'),
    ('chunk extensions', answer(CHUNKED, b'5;a=b\r\nhello\r\n0\r\n\r\n'), 200, b'hello'),
    ('an empty body', answer(b'Content-Length: 0\r\n'), 200, b''),
    ('204', answer(line=b'HTTP/1.1 204 No Content'), 204, b''),
    ('304 with a length', answer(SIZED, line=b'HTTP/1.1 304 Not Modified'), 304, b''),
    ('404', answer(SIZED, b'hello', b'HTTP/1.1 404 Not Found'), 404, b'hello'),
    ('no reason', answer(SIZED, b'hello', b'HTTP/1.1 200 '), 200, b'hello'),
    ('names in upper case', answer(b'X-TEST: Value\r\n' + SIZED, b'hello'), 200, b'hello'),
    ('early hints', answer(b'Link: x\r\n', line=b'HTTP/1.1 103 Early Hints') + answer(SIZED, b'hello'), 200, b'hello'),
    ('fields of the connection', answer(b'Connection: keep-alive, x-hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\n'
                                        b'Proxy-Connection: keep-alive\r\nUpgrade: h2c\r\n' + SIZED, b'hello'), 200,
     b'hello'),
    ('trailers', answer(CHUNKED, b'5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n'), 200, b'hello'),
]
BROKEN = [
    ('half a length', answer(SIZED, b'hel')), ('half a chunk', answer(CHUNKED, b'5\r\nhel')),
    ('chunks without an end', answer(CHUNKED, b'5\r\nhello\r\n')),
    ('a bad chunk size', answer(CHUNKED, b'5\r\nhello\r\nx\r\n')),
    ('no CR LF behind a chunk', answer(CHUNKED, b'5\r\nhelloXX0\r\n\r\n')),
    ('chunk data and a bad trailer', answer(CHUNKED, b'5\r\nhello\r\n0\r\nX y\r\n\r\n')),
]
REFUSED = [
    ('no answer', b''), ('half a head', b'HTTP/1.1 200 OK\r\nX: '), ('a bad status line', b'HTTP/1.1 2OO OK\r\n\r\n'),
    ('a length and chunks', answer(SIZED + CHUNKED, b'0\r\n\r\n')),
    ('two lengths', answer(SIZED + b'Content-Length: 6\r\n')),
    ('a bad length', answer(b'Content-Length: x\r\n')), ('101 that nobody asked for',
                                                         answer(line=b'HTTP/1.1 101 Switching')),
    ('a name with a space', answer(b'X y: z\r\n' + SIZED, b'hello')),
    ('a value with NUL', answer(b'X: a\0b\r\n' + SIZED, b'hello')),
    ('a bare CR', answer(b'X: a\rb\r\n' + SIZED, b'hello')), ('a status of 99',
                                                              answer(SIZED, b'hello', b'HTTP/1.1 099 X')),
    ('a folded line', answer(b'X: a\r\n b\r\n' + SIZED, b'hello')),
    ('an empty name', answer(b': a\r\n' + SIZED, b'hello')),
    ('a name that is a pseudo-field', answer(b':status: 500\r\n' + SIZED, b'hello')),
    ('HTTP/2.0', answer(SIZED, b'hello', b'HTTP/2.0 200 OK')),
]


def cases():
    lost = (b'connection', b'keep-alive', b'x-hop', b'proxy-connection', b'upgrade', b'transfer-encoding')
    for name, text, status, body in WHOLE:
        yield Case(name, RULE, [request()], 'answer', status=(status,), body=body, lacks=lost, primary=[[text]])
    yield Case('names in upper case are in lower case', FIELDS, [request()], 'answer', has=((b'x-test', b'Value'),),
               primary=[[answer(b'X-TEST: Value\r\n' + SIZED, b'hello')]])
    yield Case('HEAD with a length', RULE, [request(method=b'HEAD')], 'answer', body=b'',
               has=((b'content-length', b'5'),),
               primary=[[answer(SIZED)]])
    yield Case('a body until the connection ends', RULE, [request()], 'answer', body=b'hello',
               primary=[[answer(b'', b'hello'), CLOSE]])
    for name, text in BROKEN:
        for end in (CLOSE, RESET):
            yield Case(f'{name}, then {end}', RULE, [request()], 'answer', status=None, primary=[[text, end]])
    for name, text in REFUSED:
        # A connection that carried requests before and ends without an answer is tried again, on a new one.
        yield Case(f'{name} is a refusal', RULE, [request()], 'answer', status=(502, 503),
                   primary=[[text, CLOSE]] * (1 if text else 2))
    for name, text in BROKEN + REFUSED:
        yield Case(f'{name}, of a mirror', 'rule 11', [request()], 'answer', status=(200,), body=b'ok',
                   mirror=[[text, CLOSE]])
