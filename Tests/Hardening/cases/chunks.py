# SPDX-License-Identifier: Apache-2.0
"""The chunked coding (rules 3 to 5)."""
from kit.case import BEHIND, Case, Pieces, Replies, accepted, broken, bytewise, either, post

RULE = 'RFC 9112 section 7.1'
EXTENSION = 'RFC 9112 section 7.1.1'
TRAILER = 'RFC 9112 section 7.1.2'

BAD_SIZES = [
    b'', b' 5', b'\t5', b'+5', b'-5', b'0x5', b'0X5', b'5x', b'x5', b'g', b'5g', b'5h', b'5 5', b'5,5', b'5.0', b'5_0',
    b'"5"',
    b"'5'", b'-0', b'+0', b'0x0', b'0x', b'\x005', b'5\x00', b'\x0b5', b'5\x0b', b'5\x0c', b'5\x7f', b'5\x80', b'\xa05',
    b'5\xa0', b'\xb2', b'\xef\xbc\x95', b'5/', b'5:', b'5=', b'5"', b'5\\', b'#5', b'5?', b'5h;a', b'five',
    b'8000000000000000', b'10000000000000000', b'10000000000000005', b'fffffffffffffffff',
    b'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFB',
    b'ffffffffffffffff', b'fffffffffffffffb', b'-fffffffffffffffb', b'1' + b'0' * 40, b'5 x', b'5 ;\x00', b'5\t x',
    b'Content-Length: 5', b'GET / HTTP/1.1',
]
PADDED_SIZES = [b'05', b'0005', b'0000000000000005', b'00000000000000005', b'0' * 200 + b'5', b'5 ', b'5\t', b'5  ']
GOOD_SIZES = [(b'5', b'hello'), (b'a', b'0123456789'), (b'A', b'0123456789'), (b'0a', b'0123456789')]

# Bodies that are not exactly chunked.
BROKEN = [
    b'5\nhello\r\n0\r\n\r\n', b'5\r\nhello\n0\r\n\r\n', b'5\r\nhello0\r\n\r\n', b'5\r\nhelloX\r\n0\r\n\r\n',
    b'5\r\nhello\r\r\n0\r\n\r\n', b'5\rhello\r\n0\r\n\r\n', b'5\r\rhello\r\n0\r\n\r\n', b'5\n\rhello\r\n0\r\n\r\n',
    b'5\r\n\r\nhello\r\n0\r\n\r\n', b'5\r\nhelloo\r\n0\r\n\r\n', b'5\r\nhell\r\n0\r\n\r\n', b'5\r\nhello\rX0\r\n\r\n',
    b'5\r\nhelloXX0\r\n\r\n', b'5\r\nhello\r\n\r\n0\r\n\r\n', b'5\r\nhello\r\n0\n\n', b'5\r\nhello\r\n0\r\n\n',
    b'5\r\nhello\r\n0\n\r\n', b'5\r\nhello\r\n0\r\r\n\r\n', b'5\r\nhello\r\n0\r\nX', b'5\r\nhello\r\n0\r\n\rX',
    b'5\r\nhello\r\n0\r\n\r\r\n', b'5\r\nhello\r\n 0\r\n\r\n', b'5\r\nhello\r\n-1\r\n\r\n',
    b'5\r\nhello\r\n\n0\r\n\r\n',
    b'\r\n5\r\nhello\r\n0\r\n\r\n', b'\n5\r\nhello\r\n0\r\n\r\n', b'hello', b'5hello\r\n0\r\n\r\n',
    b'5\r\nhello  0\r\n\r\n',
    b'5\r\nhello\n\r0\r\n\r\n', b'5\r\nhello\r\n;0\r\n\r\n', b'5\r\nhello\x00\r\n0\r\n\r\n', b'0\x00\r\n\r\n',
    b'0\r\n\x00\r\n',
    b'0x\r\n\r\n', b'0 0\r\n\r\n', b'1\r\nZ\r\nQ\r\n\r\n', b'3\r\nabcde\r\n0\r\n\r\n',
    b'7\r\nhello\r\n0\r\n\r\n0\r\n\r\n',
]
EXTENSIONS = [
    b';a', b';a=b', b';a="b"', b';a="b;c"', b';a="b\\"c"', b';a=b;c=d', b';a="b,c"', b';a="\tb"', b';a=b;c="d"',
    b';foo-bar=1',
]
ODD_EXTENSIONS = [b';', b';;', b' ;a', b'; a = b', b'\t;a', b';=b', b';a="b', b';a="b\\', b';a\x80', b';a="\xff"',
                  b';a b', b';"a"']
BAD_EXTENSIONS = [
    b';a\x00', b';\x00', b';a\x0b', b';a\x0c', b';a\x7f', b';a\x1f', b';a\x08', b';a="\x00"', b';a="\x01"',
    b';a="b\n"', b';a\nX',
    b';a\n', b';\n', b';a\rX', b';a\r', b';a="\r"', b';a=\r\r', b';\n;a', b';a\n0\r\n\r\nGET', b';a=b\n5',
]
BAD_TRAILERS = [
    b'X-T : v', b' X-T: v', b'\tX-T: v', b'X-T', b': v', b'X T: v', b'X-T: a\x00b', b'X-T: a\nY: b', b'X-T: a\rb',
    b'X-T: a\x0bb',
    b'X-T: v\n', b'X-T: v\r', b'X-T: v\r\n w', b'X-T: v\r\n\tw', b'X\x00T: v', b'X-T\xff: v', b'\x00', b'X-T\t: v',
    b'X-T: v\x7f',
    b'(X-T): v', b'X-T: v\x1b', b'GET /{id}/smuggled HTTP/1.1',
]
DROPPED_TRAILERS = [
    b'Content-Length: 5', b'Transfer-Encoding: chunked', b'Host: evil', b'Connection: close', b'Trailer: x',
    b'TE: trailers',
    b'Upgrade: h2c', b'X-Forwarded-For: 1.2.3.4', b'Content-Length: 5\r\nTransfer-Encoding: gzip', b'Keep-Alive: x',
]


def chunked(body, extra=b''):
    return post(b'Transfer-Encoding: chunked\r\n' + extra, body)


def cases():
    yield from sizes()
    for body in BROKEN:
        yield Case(f'body {body[:44]!r}', RULE, chunked(body + BEHIND), broken())
        yield Case(f'body {body[:44]!r} in answering distance', RULE, [chunked(b''), 0.02, body + BEHIND], broken())
    yield from extensions()
    yield from trailers()
    yield from pieces()


def sizes():
    for size in BAD_SIZES:
        yield Case(f'size {size[:40]!r}', RULE, chunked(size + b'\r\nhello\r\n0\r\n\r\n' + BEHIND), broken())
        if len(size) < 6:
            yield Case(f'second size {size!r}', RULE,
                       chunked(b'3\r\nabc\r\n' + size + b'\r\nhello\r\n0\r\n\r\n' + BEHIND), broken())
    for size in PADDED_SIZES:
        yield Case(f'size {size[-20:]!r}, {len(size)} bytes', RULE, chunked(size + b'\r\nhello\r\n0\r\n\r\n'),
                   either(body=b'hello'))
    for size, data in GOOD_SIZES:
        yield Case(f'size {size!r}', RULE, chunked(size + b'\r\n' + data + b'\r\n0\r\n\r\n'), accepted(body=data))
    for last in (b'0', b'00', b'000', b'0000000000000000'):
        yield Case(f'last chunk {last!r}', RULE, chunked(b'5\r\nhello\r\n' + last + b'\r\n\r\n'),
                   accepted(body=b'hello'))
    yield Case('no chunk but the last', RULE, chunked(b'0\r\n\r\n'), accepted(body=b''))
    yield Case('many small chunks', RULE, chunked(b'1\r\nx\r\n' * 2000 + b'0\r\n\r\n'), accepted(body=b'x' * 2000))
    yield Case('data that looks like a last chunk', RULE, chunked(b'7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n'),
               accepted(body=b'\r\n0\r\n\r\n'))


def extensions():
    for text in EXTENSIONS:
        yield Case(f'extension {text!r}', EXTENSION, chunked(b'5' + text + b'\r\nhello\r\n0' + text + b'\r\n\r\n'),
                   accepted(body=b'hello'))
    for text in ODD_EXTENSIONS:
        yield Case(f'extension {text!r}', EXTENSION, chunked(b'5' + text + b'\r\nhello\r\n0\r\n\r\n'),
                   either(body=b'hello'))
    for text in BAD_EXTENSIONS:
        yield Case(f'extension {text!r}', EXTENSION, chunked(b'5' + text + b'\r\nhello\r\n0\r\n\r\n' + BEHIND),
                   broken())
        yield Case(f'extension of the last chunk {text!r}', EXTENSION,
                   chunked(b'5\r\nhello\r\n0' + text + b'\r\n\r\n' + BEHIND), broken())
    yield Case('an extension of 64 KiB', 'rule 3: capped', chunked(b'5;' + b'a' * 65536 + b'\r\nhello\r\n0\r\n\r\n'),
               broken())
    yield Case('extensions of 120 KiB in all', 'rule 3: capped',
               chunked((b'1;' + b'a' * 119 + b'\r\nx\r\n') * 1000 + b'0\r\n\r\n'), broken())
    yield Case('an extension without an end', 'rule 3: capped', [chunked(b'5;'), *[b'a' * 8192] * 12], broken())
    yield Case('blanks without an end behind a size', 'rule 3: capped', chunked(b'5' + b' ' * 65536), broken())


def trailers():
    for text in BAD_TRAILERS:
        yield Case(f'trailer {text!r}', TRAILER, chunked(b'5\r\nhello\r\n0\r\n' + text + b'\r\n\r\n' + BEHIND),
                   broken())
        yield Case(f'trailer {text!r}, passed on', TRAILER,
                   chunked(b'5\r\nhello\r\n0\r\n' + text + b'\r\n\r\n' + BEHIND), broken(), entry='trailers')
    for text in DROPPED_TRAILERS:
        for entry in ('plain', 'trailers'):
            yield Case(f'trailer {text!r} to {entry}', 'RFC 9110 section 6.5.1',
                       chunked(b'5\r\nhello\r\n0\r\n' + text + b'\r\n\r\n'),
                       accepted(body=b'hello', lacks=(b'content-length', b'connection', b'upgrade')), entry=entry)
    for entry in ('plain', 'trailers'):
        for text, body in (('200 trailers', b'a: b\r\n' * 200), ('5000 trailers', b'a:\r\n' * 5000),
                           ('a trailer of 64 KiB', b'a: ' + b'b' * 65536 + b'\r\n'), ('a name of 64 KiB',
                                                                                      b'a' * 65536)):
            yield Case(f'{text} to {entry}', 'rule 3: capped',
                       chunked(b'5\r\nhello\r\n0\r\n' + body + b'\r\n' + BEHIND), broken(),
                       entry=entry)
        yield Case(f'a trailer to {entry}', TRAILER, chunked(b'5\r\nhello\r\n0\r\nX-T: v\r\n\r\n', b'Trailer: x-t\r\n'),
                   accepted(body=b'hello', lacks=(b'x-t',)), entry=entry)


def pieces():
    body = b'5;a="b"\r\nhello\r\n6\r\n world\r\n0\r\nX-T: v\r\n\r\n'
    whole = chunked(body)
    yield Case('byte by byte', RULE, [bytewise(whole)], accepted(body=b'hello world'))
    for offset in range(1, len(body), 3):
        yield Case(f'in two pieces, cut {offset} before the end', RULE, [Pieces(whole, (-offset,), 0.02)],
                   accepted(body=b'hello world'))
    yield Case('the next request in the same packet', RULE, [whole + post(b'Content-Length: 2\r\n', b'ab'), Replies(2)],
               accepted(2))
