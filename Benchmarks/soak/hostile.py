# SPDX-License-Identifier: Apache-2.0
"""Bytes that no proxy may take for a request: smuggling, syntax, sizes.  Every answer to one is a 4xx or 501 and a close."""

# Who does not refuse it in whole would send this token on, which no upstream may ever see complete.
MARK = b'Host: soak\r\nx-token: bad-mark\r\n'
INNER = b'GET /all/smuggled HTTP/1.1\r\n' + MARK + b'\r\n'


def post(fields, rest=b''):
    return b'POST /all/bad HTTP/1.1\r\n' + MARK + fields + b'\r\n\r\n' + rest


def get(line=b'GET /all/bad HTTP/1.1', fields=b''):
    return line + b'\r\n' + MARK + fields + b'\r\n'


HEADS = [
    # Whose length counts?
    post(b'content-length: 6\r\ntransfer-encoding: chunked', b'0\r\n\r\nX' + INNER),
    post(b'transfer-encoding: chunked\r\ncontent-length: 4', b'5c\r\n' + INNER),
    post(b'transfer-encoding: chunked\r\ntransfer-encoding: identity', b'0\r\n\r\n' + INNER),
    post(b'transfer-encoding: xchunked', INNER), post(b'transfer-encoding : chunked', INNER),
    post(b'transfer-encoding: chunked, gzip', INNER), post(b'transfer-encoding:\x0bchunked', INNER),
    post(b'content-length: 5\r\ncontent-length: 6', b'hello' + INNER), post(b'content-length: +5', b'hello' + INNER),
    post(b'content-length: 5,6', b'hello' + INNER), post(b'content-length: 0x5', b'hello' + INNER),
    post(b'content-length: 18446744073709551621', b'hello' + INNER), post(b'content-length: -1', b'hello'),
    post(b'content-length: 5 5', b'hello'), post(b'content-length:', b'hello'),
    # Lines and names
    get(fields=b'x : 1\r\n'), get(fields=b'x\x00y: 1\r\n'), get(fields=b'x: a\x00b\r\n'), get(fields=b'x: a\rb\r\n'),
    get(fields=b'x: 1\r\n folded\r\n'), get(fields=b': 1\r\n'), get(fields=b'no colon\r\n'), get(fields=b'x: a\nb: c\r\n'),
    b'GET /all/bad HTTP/1.1\n' + MARK.replace(b'\r', b'') + b'\n',
    # Start lines
    get(b'GET /all/bad'), get(b'GET  /all/bad HTTP/1.1'), get(b'GET /all/b ad HTTP/1.1'), get(b'GET /all/bad HTTP/9.1'),
    get(b'GET /all/bad http/1.1'), get(b'G@T /all/bad HTTP/1.1'), get(b'GET /all/\x00bad HTTP/1.1'), get(b'GET bad HTTP/1.1'),
    b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a client that wants TLS\r\n\r\n', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    # Hosts
    b'GET /all/bad HTTP/1.1\r\nx-token: bad-mark\r\n\r\n', get(fields=b'Host: other\r\n'),
    b'GET /all/bad HTTP/1.1\r\nhost: user@soak\r\nx-token: bad-mark\r\n\r\n',
    # Sizes
    get(fields=b'x: ' + b'y' * 70_000 + b'\r\n'), get(b'GET /all/' + b'y' * 70_000 + b' HTTP/1.1'),
    get(fields=b''.join(b'x%d: y\r\n' % number for number in range(200))), b'y' * 100_000,
]

# Behind a sound head that says `transfer-encoding: chunked`, and perhaps some sound chunks.
BODIES = [
    b'zz\r\nhello\r\n0\r\n\r\n', b'-5\r\nhello\r\n0\r\n\r\n', b'+5\r\nhello\r\n0\r\n\r\n', b'0x5\r\nhello\r\n0\r\n\r\n',
    b'5 \r\n\r\nhello', b'5\nhello\n0\n\n', b'5\r\nhelloX\r\n0\r\n\r\n', b'5\r\nhello0\r\n\r\n', b'\r\n5\r\nhello\r\n0\r\n\r\n',
    b'ffffffffffffffff1\r\nhello', b'7fffffffffffffff8\r\nhello', b'5;' + b'x' * 100_000 + b'\r\nhello\r\n0\r\n\r\n',
    b'5;a\rb\r\nhello\r\n0\r\n\r\n', b'0\r\nno colon\r\n\r\n', b'0\r\nx: ' + b'y' * 100_000 + b'\r\n\r\n',
    b'0\r\nx : y\r\n\r\n', b'0\r\n' + b'x: y\r\n' * 1000 + b'\r\n',
]

# Instead of the first words of TLS: none of them is a handshake, and none may come to a request.
RECORD = b'\x16\x03\x01'
HELLOS = [
    # Plain text
    INNER, get(fields=b'x: ' + b'y' * 70_000 + b'\r\n'), b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    bytes(100_000), bytes(range(256)), b'y' * 100_000, b'\r\n', b'S', b'PROXY TCP4 127.0.0.1 127.0.0.1 1 1\r\n' + INNER,
    # Records without a hello: too long, empty, without end, of another kind
    RECORD + b'\xff\xff' + bytes(70_000), RECORD + b'\0\0', (RECORD + b'\0\0') * 1000, RECORD + b'\0\5\1\0\0\1\0',
    RECORD + b'\x40\0\1\xff\xff\xff' + bytes(16_380), (RECORD + b'\x40\0\1\xff\xff\xff' + bytes(16_380)) * 8,
    RECORD + b'\0\4\0\0\0\0', RECORD + b'\0\4\x02\0\0\0', RECORD + b'\0\4\x14\0\0\0',
    b'\x14\3\3\0\1\1' * 100, b'\x15\3\3\0\2\2\x28', b'\x15\3\3\0\2\1\0', b'\x15\3\3\0\2\1\x5a' * 100,
    b'\x17\3\3\0\x10' + bytes(16), b'\x18\3\2\0\3\1\x40\0', b'\x16\2\0\0\4\1\0\0\0', b'\x16\x09\x09\0\4\1\0\0\0',
    # Hellos that are none: of SSL 2, without ciphers, with lengths that do not fit
    b'\x80\x2e\1\0\2\0\x15\0\0\0\x10' + bytes(37), RECORD + b'\0\x2d\1\0\0\x29\3\3' + bytes(39),
    RECORD + b'\0\x2d\1\0\0\x29\3\3' + bytes(32) + b'\xff' * 7,
    RECORD + b'\0\x2d\1\0\0\x29\3\0' + bytes(32) + b'\0\0\2\0\x2f\1\0',
]
