# SPDX-License-Identifier: Apache-2.0
"""Bodies that end too early, and clients that stop half-way (rule 5)."""
from kit.case import HALF, HOST, RESET, Case, accepted, dead, post

RULE = 'RFC 9112 section 8'
CHUNKS = b'5\r\nhello\r\n6\r\n world\r\n0\r\nX-T: v\r\n\r\n'


def cases():
    head = post(b'Content-Length: 5\r\n')
    for sent in (b'', b'h', b'hell'):
        for how in (HALF, RESET):
            yield Case(f'{len(sent)} of 5 bytes, {how}', RULE, [head + sent, 0.02, how], dead())
    whole = post(b'Transfer-Encoding: chunked\r\n', CHUNKS)
    start = len(whole) - len(CHUNKS)
    for offset in range(start, len(whole)):
        yield Case(f'chunks cut at {offset - start}, half close', RULE, [whole[:offset], 0.02, HALF], dead())
    for offset in range(start, len(whole), 4):
        yield Case(f'chunks cut at {offset - start}, reset', RULE, [whole[:offset], 0.02, RESET], dead())
    line = b'GET /{id} HTTP/1.1\r\n' + HOST + b'X: y\r\n\r\n'
    for offset in range(0, len(line) - 1, 3):
        yield Case(f'head cut at {offset}, half close', RULE, [line[:offset], HALF], dead())
    for size in (b'9223372036854775807', b'1000000000000'):
        yield Case(f'length {size.decode()} and five bytes', 'RFC 9110 section 8.6',
                   [post(b'Content-Length: ' + size + b'\r\n', b'hello'), 0.02, HALF], dead())
    for size in (b'7fffffffffffffff', b'7ffffffffffffff', b'ffffffff'):
        yield Case(f'chunk of {size.decode()} and five bytes', 'RFC 9112 section 7.1',
                   [post(b'Transfer-Encoding: chunked\r\n', size + b'\r\nhello'), 0.02, HALF], dead())
    big = bytes(range(256)) * 1024
    yield Case('256 KiB of every byte, with a length', 'rule 4', post(b'Content-Length: 262144\r\n', big),
               accepted(body=big))
    yield Case('256 KiB of every byte, in chunks', 'rule 4',
               post(b'Transfer-Encoding: chunked\r\n',
                    b'3ffff\r\n' + big[1:] + b'\r\n1\r\n' + big[:1] + b'\r\n0\r\n\r\n'),
               accepted(body=big[1:] + big[:1]))
    yield Case('a body byte by byte', 'rule 4', [post(b'Content-Length: 40\r\n'), *[b'x'] * 40],
               accepted(body=b'x' * 40))
