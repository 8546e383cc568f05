# SPDX-License-Identifier: Apache-2.0
"""Request lines, header lines, line ends, versions and methods (rule 6)."""
from kit.case import BEHIND, HOST, Case, Pieces, Replies, accepted, bytewise, either, rejected, request

LINE = 'RFC 9112 section 3'
FIELD = 'RFC 9112 section 5'
VALUE = 'RFC 9110 section 5.5'
NAME = 'RFC 9110 section 5.1'
ENDS = 'RFC 9112 section 2.2'
VERSION = 'RFC 9112 section 2.3'

CONTROLS = [bytes([byte]) for byte in [*range(0x20), 0x7f]]
DELIMITERS = [bytes([byte]) for byte in b'"(),/;<=>?@[\\]{} ']
HIGH = [b'\x80', b'\x85', b'\xa0', b'\xad', b'\xc3\xa9', b'\xe2\x80\xa8', b'\xff']

BAD_FIELDS = [
    b': v', b':', b'X', b'X v', b'X Y: v', b'X : v', b'X\t: v', b'X  : v', b' X: v', b'\tX: v', b' ', b'\t',
    b'X: a\r\n b',
    b'X: a\r\n\tb', b'X: a\r\n ', b'X:\r\n b', b'X: a\r\n \r\n b', b'X;: v', b'X\xe9: v', b'X: a\nb', b'X: a\rb',
    b'X: a\n',
    b'X: a\r', b'X: a\r\r', b'X: a\n\n', b'X\r: v', b'X\n: v', b'\rX: v', b'\nX: v', b'X\r\n: v', b'GET / HTTP/1.1',
    b'{X: v',
    b'X: a\r\nGET / HTTP/1.1', b'"X": v', b'X\x00Y: v', b'\x00', b'\xef\xbb\xbfX: v',
]
BAD_LINES = [
    b'GET /{id}', b'GET', b'', b'GET HTTP/1.1', b' /{id} HTTP/1.1', b'/{id} HTTP/1.1', b'GET  /{id} HTTP/1.1',
    b'GET /{id}  HTTP/1.1', b'GET /{id} HTTP/1.1 ', b'GET\t/{id} HTTP/1.1', b'GET /{id}\tHTTP/1.1',
    b'GET /{id} HTTP/1.1\t',
    b' GET /{id} HTTP/1.1', b'\tGET /{id} HTTP/1.1', b'GET /{id} /x HTTP/1.1', b'GET /{id} HTTP/1.1 HTTP/1.1',
    b'GET /{id} HTTP/1.1 x', b'GET\x0b/{id} HTTP/1.1', b'GET\x0c/{id} HTTP/1.1', b'GET\xa0/{id} HTTP/1.1',
    b'GET /{id}\x0bHTTP/1.1', b'GET /{id}\xa0HTTP/1.1', b'GET\r/{id} HTTP/1.1', b'GET /{id}\rHTTP/1.1',
    b'GET,/{id} HTTP/1.1',
    b'GET /{id} HTTP/1.1\r', b'GET /{id} HTTP/1.1\x00', b'\x00GET /{id} HTTP/1.1', b'\xef\xbb\xbfGET /{id} HTTP/1.1',
    b'GET /{id}HTTP/1.1', b'GET/{id} HTTP/1.1', b'GET /{id},HTTP/1.1', b'HTTP/1.1 200 OK', b'Host: a', b'{}',
    b'<policy-file-request/>',
    b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', b'SSH-2.0-x', b'EHLO x', b'\x80\x2e\x01', b'\xff\xfe\xfd',
]
VERSIONS = [
    b'HTTP/0.9', b'HTTP/1.0', b'HTTP/2.0', b'HTTP/3.0', b'HTTP/9.9', b'HTTP/1', b'HTTP/2', b'HTTP/', b'HTTP',
    b'HTTP/1.', b'HTTP/.1',
    b'HTTP/1.1.1', b'HTTP/11', b'HTTP/1.10', b'HTTP/1.11', b'HTTP/01.1', b'HTTP/1.01', b'HTTP/10.1', b'HTTP/1.1a',
    b'HTTP/1.a',
    b'HTTP/a.1', b'HTTP/A.B', b'http/1.1', b'Http/1.1', b'hTTP/1.1', b'HTTP /1.1', b'HTTP/ 1.1', b'HTTP/1 .1',
    b'HTTP/1. 1',
    b'HTTP/1,1', b'HTTP/1:1', b'HTTP/1-1', b'HTTP/-1.1', b'HTTP/+1.1', b'HTTP/1.-1', b'HTTP/1.1;', b'XHTTP/1.1',
    b'HTTPS/1.1',
    b'HTTPX/1.1', b'HTTP\\1.1', b'HTTP//1.1', b'ICY/1.1', b'RTSP/1.1', b'SIP/2.0', b'HTTP/1\xef\xbc\x8e1',
    b'HTTP/\xb9.1',
    b'HTTP/1.1\x0b', b'HTTP/1.1\x7f', b'HTTP/1.1\x85', b'HTTP/0.0', b'HTTP/1x1', b'HTTP/18446744073709551617.1',
    b'HTTP/4294967297.1',
]
BAD_METHODS = [
    b'get', b'Get', b'GeT', b'post', b'G ET', b'GET\x00', b'G\x00ET', b'(GET)', b'GET/', b'GET:', b'"GET"', b'[GET]',
    b'GET@', b'G=T',
    b'GET\x7f', b'\xe7ET', b'GET\xff', b'GET;', b'GET?', b'{GET}', b'GET\\',
]
ODD_METHODS = [b'FOO', b'G', b'GETX', b'GET1', b'M-SEARCH', b'X' * 100, b'PRI', b'TRACK', b'DEBUG', b'!', b'$', b'~',
               b'TRACE', b'PURGE',
               b'*', b"'", b'QUERY', b'x' * 5000]


def cases():
    yield from controls()
    yield from names_and_values()
    for text in BAD_FIELDS:
        yield Case(f'field {text!r}', FIELD, request(text + b'\r\n') + BEHIND, rejected())
        if text not in (b'X: a\r\n ',):
            yield Case(f'field {text!r} between others', FIELD, request(b'A: b\r\n' + text + b'\r\nC: d\r\n') + BEHIND,
                       rejected())
    for line in BAD_LINES:
        yield Case(f'line {line!r}', LINE,
                   (line + b'\r\n' + HOST + b'\r\n' + BEHIND) if line else b' \r\n' + HOST + b'\r\n', rejected())
    for version in VERSIONS:
        yield Case(f'version {version!r}', VERSION, request(line=b'GET /{id} ' + version) + BEHIND, rejected())
    yield Case('version HTTP/1.2', VERSION, request(line=b'GET /{id} HTTP/1.2'), either())
    for method in BAD_METHODS:
        yield Case(f'method {method!r}', 'RFC 9110 section 9.1', request(line=method + b' /{id} HTTP/1.1') + BEHIND,
                   rejected())
    for method in ODD_METHODS:
        yield Case(f'method {method[:20]!r}, {len(method)} bytes', 'RFC 9110 section 9.1',
                   request(line=method + b' /{id} HTTP/1.1'),
                   either())
    yield from line_ends()


def controls():
    for byte in CONTROLS:
        if byte not in (b'\t',):
            yield Case(f'{byte!r} in a value', VALUE, request(b'X: a' + byte + b'b\r\n') + BEHIND, rejected())
            yield Case(f'{byte!r} before a value', VALUE, request(b'X: ' + byte + b'b\r\n') + BEHIND, rejected())
            yield Case(f'{byte!r} behind a value', VALUE, request(b'X: a' + byte + b'\r\n') + BEHIND, rejected())
        yield Case(f'{byte!r} in a name', NAME, request(b'X' + byte + b'Y: v\r\n') + BEHIND, rejected())
        yield Case(f'{byte!r} before a name', NAME, request(b'A: b\r\n' + byte + b'X: v\r\n') + BEHIND, rejected())
        yield Case(f'{byte!r} behind a name', NAME, request(b'X' + byte + b': v\r\n') + BEHIND, rejected())
        yield Case(f'{byte!r} in the method', LINE, request(line=b'G' + byte + b'ET /{id} HTTP/1.1') + BEHIND,
                   rejected())
        yield Case(f'{byte!r} in the target', LINE, request(line=b'GET /{id}' + byte + b'x HTTP/1.1') + BEHIND,
                   rejected())
        yield Case(f'{byte!r} in the query', LINE, request(line=b'GET /{id}?a' + byte + b'x HTTP/1.1') + BEHIND,
                   rejected())


def names_and_values():
    for byte in DELIMITERS:
        yield Case(f'{byte!r} in a name', NAME, request(b'X' + byte + b'Y: v\r\n') + BEHIND, rejected())
    for text in HIGH:
        yield Case(f'{text!r} in a name', NAME, request(b'X' + text + b'Y: v\r\n') + BEHIND, rejected())
        yield Case(f'{text!r} in the target', LINE, request(line=b'GET /{id}' + text + b' HTTP/1.1') + BEHIND,
                   rejected())
        yield Case(f'{text!r} in the method', LINE, request(line=b'GET' + text + b' /{id} HTTP/1.1') + BEHIND,
                   rejected())
        yield Case(f'{text!r} in a value', VALUE, request(b'X: a' + text + b'b\r\n'),
                   accepted(has=((b'x', b'a' + text + b'b'),)))
    for name in (b"!#$%&'*+-.^_`|~", b'0', b'a_b', b'X-Y.Z', b'~', b'a' * 1000):
        yield Case(f'name {name[:20]!r}', NAME, request(name + b': v\r\n'), accepted(has=((name.lower(), b'v'),)))
    for value in (b'', b'a\tb', b'a  b', b'"a"', b'a:b', b': :', b'a;b=c, d', b'\\', b'x' * 8000):
        yield Case(f'value {value[:20]!r}', VALUE, request(b'X: ' + value + b'\r\n'), accepted(has=((b'x', value),)))
    for text in (b'X:v', b'X:  v', b'X:\tv', b'X: v ', b'X: v\t', b'x: v', b'X: \t v \t '):
        yield Case(f'field {text!r}', FIELD, request(text + b'\r\n'), accepted(has=((b'x', b'v'),)))
    yield Case('three lines of one name', NAME, request(b'X: a\r\nX: b\r\nx: c\r\n'),
               accepted(has=((b'x', b'a'), (b'x', b'b'), (b'x', b'c'))))


def line_ends():
    plain = request(b'X: y\r\n')
    yield Case('LF everywhere', ENDS, plain.replace(b'\r\n', b'\n') + BEHIND, rejected())
    yield Case('CR everywhere', ENDS, plain.replace(b'\r\n', b'\r') + BEHIND, rejected())
    yield Case('LF CR everywhere', ENDS, plain.replace(b'\r\n', b'\n\r') + BEHIND, rejected())
    yield Case('CR CR LF everywhere', ENDS, plain.replace(b'\r\n', b'\r\r\n') + BEHIND, rejected())
    for index in range(plain.count(b'\r\n')):
        for end in (b'\n', b'\r\r\n', b'\r', b'\n\r', b'\x0b\r\n', b'\x85', b'\r\x00\n', b' \n'):
            parts = plain.split(b'\r\n')
            text = b'\r\n'.join(parts[:index + 1]) + end + b'\r\n'.join(parts[index + 1:])
            if index == 3 and end in (b'\r', b'\x85', b'\n\r'):
                continue      # the head has no end yet
            if end == b'\x0b\r\n' and index == 3:
                continue
            yield Case(f'line {index + 1} ends in {end!r}', ENDS, text + BEHIND, rejected())
    yield Case('an empty line before', ENDS, b'\r\n' + plain, accepted())
    yield Case('two empty lines before', ENDS, b'\r\n\r\n' + plain, either())
    yield Case('an empty line between', ENDS, [plain + b'\r\n' + plain, Replies(2)], accepted(2))
    yield Case('a bare LF before', ENDS, b'\n' + plain + BEHIND, rejected())
    yield Case('a bare CR before', ENDS, b'\r' + plain + BEHIND, rejected())
    yield Case('CR CR LF before', ENDS, b'\r\r\n' + plain + BEHIND, rejected())
    yield Case('a blank line before', ENDS, b' \r\n' + plain + BEHIND, rejected())
    yield Case('a NUL before', ENDS, b'\x00' + plain + BEHIND, rejected())
    yield Case('byte by byte', ENDS, [bytewise(plain)], accepted())
    for offset in range(1, len(plain), 5):
        yield Case(f'in two pieces, cut at {offset}', ENDS, [Pieces(plain, (offset,), 0.01)], accepted())
