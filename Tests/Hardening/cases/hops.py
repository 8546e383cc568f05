# SPDX-License-Identifier: Apache-2.0
"""Hop-by-hop fields, what Connection nominates, Expect and upgrades (rule 9)."""
from kit.case import BEHIND, INTERIM, Case, accepted, either, post, rejected, request

RULE = 'RFC 9110 section 7.6.1'
EXPECT = 'RFC 9110 section 10.1.1'
UPGRADE = 'RFC 9110 section 7.8'

DROPPED = [
    (b'Keep-Alive: timeout=5', b'keep-alive'), (b'Proxy-Connection: keep-alive', b'proxy-connection'),
    (b'Connection: keep-alive', b'connection'),
    (b'TE: gzip', b'te'), (b'TE: trailers;q=0.5, gzip', b'te'), (b'Upgrade: foo', b'upgrade'),
    (b'Connection: keep-alive, x-foo\r\nX-Foo: 1', b'x-foo'),
    (b'Connection: X-Foo\r\nX-Foo: 1', b'x-foo'), (b'X-Foo: 1\r\nConnection: x-fOO', b'x-foo'),
    (b'Connection: a, X-Foo , b\r\nX-Foo: 1\r\nX-Foo: 2', b'x-foo'),
    (b'Connection: a\r\nConnection: X-Foo\r\nX-Foo: 1', b'x-foo'), (b'Connection: ,,X-Foo,,\r\nX-Foo: 1', b'x-foo'),
    (b'Connection:\tX-Foo\t\r\nX-Foo: 1', b'x-foo'),
    (b'Connection: cookie\r\nCookie: a=b', b'cookie'),
    (b'Connection: authorization\r\nAuthorization: x', b'authorization'),
    (b'Connection: keep-alive\r\nKeep-Alive: timeout=5, max=10', b'keep-alive'), (b'Connection: TE\r\nTE: gzip', b'te'),
    (b'Connection: HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__', b'http2-settings'),
    (b'Connection: Upgrade\r\nX: y', b'upgrade'),
    (b'Connection: accept\r\nAccept: */*', b'accept'), (b'Connection: range\r\nRange: bytes=0-1', b'range'),
    (b'Connection: x-envoy-internal\r\nX-Foo: 1', b'connection'), (b'X-Envoy-Retry-On: 5xx', b'x-envoy-retry-on'),
]
KEPT = [
    (b'Connection: Host', ()), (b'Connection: host, Host', ()), (b'Connection: keep-alive, host', ()),
    (b'Connection: content-length', ()),
    (b'Connection: transfer-encoding', ()), (b'Connection: content-length, transfer-encoding, host', ()),
    (b'X-Foo: 1\r\nConnection: X-Foobar', ((b'x-foo', b'1'),)),
    (b'X-Foo: 1\r\nConnection: "X-Foo"', ((b'x-foo', b'1'),)), (b'X-Foo: 1\r\nConnection:', ((b'x-foo', b'1'),)),
    (b'TE: trailers', ((b'te', b'trailers'),)),
    (b'Cookie: a=b\r\nCookie: c=d', ()), (b'X-Foo: 1\r\nConnection: close', ((b'x-foo', b'1'),)),
]


def cases():
    for fields, name in DROPPED:
        yield Case(f'dropped {fields!r}', RULE, request(fields + b'\r\n'), accepted(lacks=(name,)))
    for fields, has in KEPT:
        close = b'close' in fields
        yield Case(f'kept {fields!r} with a length', RULE, post(fields + b'\r\nContent-Length: 5\r\n', b'hello'),
                   accepted(body=b'hello', host=b'a.example', has=has, close=close))
        yield Case(f'kept {fields!r} in chunks', RULE,
                   post(fields + b'\r\nTransfer-Encoding: chunked\r\n', b'5\r\nhello\r\n0\r\n\r\n'),
                   accepted(body=b'hello', host=b'a.example', has=has, close=close))
    for name in (b'x-forwarded-for', b'x-forwarded-proto', b'x-forwarded-host', b'X-Forwarded-For, close'):
        yield Case(f'nominating {name!r}', RULE, request(b'Connection: ' + name + b'\r\nX-Forwarded-For: 1.2.3.4\r\n'),
                   either())
    yield Case('a thousand nominations', 'each costs a search', request(b'Connection: ' + b'a,' * 1000 + b'b\r\n'),
               either())
    yield Case('nominations in 90 lines', 'each costs a search', request(b'Connection: a, b, c\r\n' * 90), either())
    for value in (b'close', b'Close', b'CLOSE', b'close, keep-alive', b'keep-alive, close', b' close ', b'foo, close',
                  b'close,close', b'keep-alive\r\nConnection: close'):
        yield Case(f'Connection: {value!r} ends it', 'RFC 9112 section 9.6',
                   request(b'Connection: ' + value + b'\r\n') + BEHIND,
                   accepted(close=True, lacks=(b'connection',)))
    yield from expectations()
    yield from upgrades()


def expectations():
    body = b'hello'
    for value in (b'100-continue', b'100-Continue', b'100-CONTINUE'):
        yield Case(f'Expect {value!r}', EXPECT,
                   [post(b'Content-Length: 5\r\nExpect: ' + value + b'\r\n'), INTERIM, body],
                   accepted(body=body, lacks=(b'expect',)))
        yield Case(f'Expect {value!r} without waiting', EXPECT,
                   post(b'Content-Length: 5\r\nExpect: ' + value + b'\r\n', body),
                   accepted(body=body, lacks=(b'expect',)))
    yield Case('Expect in chunks', EXPECT,
               [post(b'Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n'), INTERIM, b'5\r\nhello\r\n0\r\n\r\n'],
               accepted(body=body, lacks=(b'expect',)))
    yield Case('Expect without a body', EXPECT, request(b'Expect: 100-continue\r\n'), accepted(lacks=(b'expect',)))
    for value in (b'x', b'', b'100-continue, x', b'200-ok', b'100', b'100-continue;q=1',
                  b'100-continue\r\nExpect: 100-continue', b'100-continue\r\nExpect: x'):
        yield Case(f'Expect {value!r}', EXPECT, post(b'Content-Length: 5\r\nExpect: ' + value + b'\r\n', body),
                   either(body=body))
    for fields in (b'Content-Length: x', b'Content-Length: 5\r\nTransfer-Encoding: chunked', b'Transfer-Encoding: x',
                   b'Content-Length: 5\r\nX y'):
        yield Case(f'Expect beside {fields!r}', EXPECT,
                   post(b'Expect: 100-continue\r\n' + fields + b'\r\n', body + BEHIND), rejected())


def upgrades():
    h2c = b'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'
    yield Case('h2c', 'RFC 9113 section 3.1', request(h2c),
               accepted(lacks=(b'upgrade', b'http2-settings', b'connection')))
    yield Case('h2c with a body', 'RFC 9113 section 3.1', post(h2c + b'Content-Length: 5\r\n', b'hello'),
               accepted(body=b'hello', lacks=(b'upgrade', b'http2-settings', b'connection')))
    yield Case('H2C', 'RFC 9113 section 3.1', request(h2c.replace(b'h2c', b'H2C')),
               either(lacks=(b'upgrade', b'http2-settings')))
    yield Case('h2c, with a blank', 'RFC 9113 section 3.1', request(h2c.replace(b'h2c', b'h2c ')),
               either(lacks=(b'upgrade', b'http2-settings')))
    yield Case('h2c among others', 'RFC 9113 section 3.1', request(h2c.replace(b'h2c', b'foo, h2c')),
               either(lacks=(b'upgrade', b'http2-settings')))
    yield Case('h2c without Connection', 'RFC 9113 section 3.1',
               request(b'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'), either(lacks=(b'upgrade',)))
    yield Case('h2c in two lines', 'RFC 9113 section 3.1', request(h2c + b'Upgrade: h2c\r\n'),
               either(lacks=(b'upgrade', b'http2-settings')))
    socket = b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
    yield Case('websocket, not enabled', UPGRADE,
               request(b'Connection: Upgrade\r\nUpgrade: websocket\r\n' + socket) + BEHIND, rejected())
    yield Case('websocket without Connection', UPGRADE, request(b'Upgrade: websocket\r\n' + socket),
               accepted(lacks=(b'upgrade',)))
    yield Case('another upgrade', UPGRADE, request(b'Connection: Upgrade\r\nUpgrade: foo/2\r\n') + BEHIND, either())
    yield Case('TLS', UPGRADE, request(b'Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n'), either(lacks=(b'upgrade',)))
    yield Case('an empty upgrade', UPGRADE, request(b'Connection: Upgrade\r\nUpgrade:\r\n'),
               either(lacks=(b'upgrade',)))
    yield Case('the preface with a Host', 'RFC 9113 section 3.4',
               b'PRI * HTTP/2.0\r\nHost: {id}\r\n\r\nSM\r\n\r\n' + BEHIND, rejected())
    yield Case('the preface as 1.1', 'RFC 9113 section 3.4',
               b'PRI * HTTP/1.1\r\nHost: a\r\nX: {id}\r\n\r\nSM\r\n\r\n' + BEHIND, rejected())
