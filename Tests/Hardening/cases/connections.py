# SPDX-License-Identifier: Apache-2.0
"""Several requests on one connection (rules 1 and 10)."""
from kit.case import BEHIND, HOST, Case, Replies, accepted, either, post, rejected, request

RULE = 'RFC 9112 section 9.3'
GET = request()
SMALL = post(b'Content-Length: 5\r\n', b'hello')
CHUNKED = post(b'Transfer-Encoding: chunked\r\n', b'5\r\nhello\r\n0\r\n\r\n')
HEAD = request(line=b'HEAD /{id} HTTP/1.1')

BAD_SECOND = [
    b'GET /{id} HTTP/1.1\n' + HOST + b'\r\n', b'GET /{id} HTTP/1.1\r\n\r\n', b'garbage\r\n\r\n', b'\x00',
    b'GET /{id} HTTP/9.9\r\n' + HOST + b'\r\n',
    b'GET /{id} HTTP/1.1\r\n' + HOST + b'X y\r\n\r\n', b'GET /{id} HTTP/1.1\r\n' + HOST + HOST + b'\r\n',
    b'get /{id} HTTP/1.1\r\n' + HOST + b'\r\n',
    post(b'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', b'hello'),
    post(b'Content-Length: x\r\n', b'hello'), b' GET /{id} HTTP/1.1\r\n' + HOST + b'\r\n',
    post(b'Transfer-Encoding: xchunked\r\n', b'0\r\n\r\n'), b'\n' + GET, b'\r' + GET,
]


def cases():
    for count in (2, 5, 20):
        yield Case(f'{count} at once', RULE, [GET * count, Replies(count)], accepted(count), methods=['GET'] * count)
        yield Case(f'{count} bodies at once', RULE, [SMALL * count, Replies(count)], accepted(count))
        yield Case(f'{count} in chunks at once', RULE, [CHUNKED * count, Replies(count)], accepted(count))
    mixed = [(SMALL + CHUNKED + GET, 'POST POST GET'), (HEAD + GET, 'HEAD GET'), (GET + HEAD + GET, 'GET HEAD GET'),
             (CHUNKED + HEAD + SMALL, 'POST HEAD POST')]
    for text, methods in mixed:
        yield Case(f'{methods} at once', RULE, text, accepted(len(methods.split())), methods=methods.split())
    for bad in BAD_SECOND:
        for first, name in ((GET, 'GET'), (SMALL, 'a body'), (CHUNKED, 'chunks')):
            yield Case(f'{name}, then {bad[:50]!r}', RULE, first + bad + BEHIND, rejected(1, whole=False))
        yield Case(f'an answer, then {bad[:50]!r}', RULE, [GET, Replies(1), bad + BEHIND], rejected(1, whole=False))
        yield Case(f'{bad[:50]!r}, then a good one', RULE, bad + BEHIND if bad != b'\x00' else bad + GET, rejected())
    for extra in (b'X', b'\n', b' ', b'hello', b'\x00', b'0\r\n\r\n', b'5\r\nhello\r\n0\r\n\r\n'):
        yield Case(f'{extra!r} behind a body', RULE, SMALL + extra + BEHIND, rejected(1, whole=False))
        yield Case(f'{extra!r} behind the last chunk', RULE, CHUNKED + extra + BEHIND, rejected(1, whole=False))
    yield Case('CR LF behind a body', RULE, [SMALL + b'\r\n' + SMALL, Replies(2)], accepted(2))
    yield Case('close, then another', 'RFC 9112 section 9.6', request(b'Connection: close\r\n') + BEHIND,
               accepted(close=True))
    yield Case('a body and close, then another', 'RFC 9112 section 9.6',
               post(b'Connection: close\r\nContent-Length: 5\r\n', b'hello' + BEHIND),
               accepted(close=True, body=b'hello'))
    yield Case('chunks and close, then another', 'RFC 9112 section 9.6',
               post(b'Connection: close\r\nTransfer-Encoding: chunked\r\n',
                    b'5\r\nhello\r\n0\r\n\r\n' + BEHIND), accepted(close=True, body=b'hello'))
    yield Case('HEAD of 1.1 keeps the connection', RULE, [HEAD, Replies(1), GET, Replies(2)], accepted(2),
               methods=['HEAD', 'GET'])
    yield from old()


def old():
    line = b'GET /{id} HTTP/1.0'
    rule = 'RFC 9112 section 9.3, accept_http_10'
    yield Case('HTTP/1.0 closes', rule, request(line=line) + BEHIND, accepted(close=True), entry='old')
    yield Case('HTTP/1.0 with keep-alive', rule, [request(b'Connection: keep-alive\r\n', line) * 2, Replies(2)],
               accepted(2), entry='old')
    yield Case('HTTP/1.0 with proxy-connection closes', rule,
               request(b'Proxy-Connection: keep-alive\r\n', line) + BEHIND, accepted(close=True), entry='old')
    yield Case('HTTP/1.0 with a body', rule, request(b'Content-Length: 5\r\n', b'POST /{id} HTTP/1.0', body=b'hello'),
               accepted(close=True, body=b'hello'), entry='old')
    yield Case('HTTP/1.0 with a bad length', rule,
               request(b'Content-Length: 5, 5\r\n', b'POST /{id} HTTP/1.0', body=b'hello'), rejected(), entry='old')
    yield Case('HTTP/1.0 with two Hosts', rule, request(HOST, line), rejected(), entry='old')
    yield Case('HTTP/1.0 with an upgrade', rule, request(b'Connection: Upgrade\r\nUpgrade: websocket\r\n', line),
               either(), entry='old')
    yield Case('HTTP/1.0 with Expect', rule,
               request(b'Expect: 100-continue\r\nContent-Length: 5\r\n', b'POST /{id} HTTP/1.0', body=b'hello'),
               either(body=b'hello'), entry='old')
    for version in (b'HTTP/0.9', b'HTTP/1.2', b'HTTP/2.0', b'HTTP/1.'):
        yield Case(f'{version.decode()} where 1.0 may come', rule, request(line=b'GET /{id} ' + version) + BEHIND,
                   rejected(), entry='old')
    yield Case('HTTP/0.9 without a version', rule, b'GET /{id}\r\n\r\n', rejected(), entry='old')
