# SPDX-License-Identifier: Apache-2.0
"""What primaries and mirrors answer (rules 10 and 11).

Each answer is played twice: by a primary, and by a mirror whose client must never notice.
"""
from kit.case import AGAIN, CLOSE, EARLY, HALF, RESET, SETTLE, Case, Replies, answer, post, request

LINE = 'RFC 9112 section 4'
FRAMING = 'RFC 9112 section 6.3'
FIELD = 'RFC 9112 section 5'
CHUNKS = 'RFC 9112 section 7.1'
REUSE = 'RFC 9112 section 9.3'
PARTS = 'RFC 9112 section 8'

OK = b'HTTP/1.1 200 OK\r\n'
GOOD = OK + b'Content-Length: 2\r\n\r\nok'
EVIL = b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Evil: 1\r\n\r\nevil'

BAD_LINES = [
    b'HTTP/1.1', b'HTTP/1.1 ', b'HTTP/1.1 2', b'HTTP/1.1 20', b'HTTP/1.1 2000 OK', b'HTTP/1.1 abc', b'HTTP/1.1 099',
    b'HTTP/1.1 000 x', b'HTTP/1.1 -200', b'HTTP/1.1 +200',
    b'HTTP/1.1 0x200', b'HTTP/1.1  200 OK', b'HTTP/1.1\t200 OK', b'HTTP/1.1 200\tOK', b'HTTP/1.1 2 00',
    b'HTTP/1.1 200OK', b'HTTP/2.0 200 OK', b'HTTP/0.9 200 OK', b'HTTP/1.2 200 OK',
    b'HTTP/3 200 OK', b'HTTP/1 200 OK', b'HTTP/1.10 200 OK', b'HTTP/1.1.1 200 OK', b'http/1.1 200 OK',
    b'Http/1.1 200 OK', b'HTTPS/1.1 200 OK', b'HTTP /1.1 200 OK', b'HTTP/1.1x 200 OK',
    b'ICY 200 OK', b'RTSP/1.0 200 OK', b'hello', b'<html>', b'\x00', b' HTTP/1.1 200 OK', b'\tHTTP/1.1 200 OK',
    b'xHTTP/1.1 200 OK', b'HTTP/1.1 200 O\x00K', b'HTTP/1.1 200 O\rK',
    b'HTTP/1.1 200 O\x7fK', b'HTTP/1.1 200 \x01', b'SSH-2.0-OpenSSH', b'\x15\x03\x01\x00\x02\x02\x46', b'\xff\xff',
    b'GET / HTTP/1.1', b'{"a": 1}', b'HTTP/1.1 \xb2\xb0\xb0',
    b'HTTP/1.1 200 OK\n', b'HTTP/1.1 200 OK\r', b'\nHTTP/1.1 200 OK', b'\r\nHTTP/1.1 200 OK',
    b'HTTP/1.1 200 OK\r\n HTTP/1.1 200 OK', b'HTTP/1.1:200 OK', b'200 OK', b'HTTP/1.1 20.0',
]
BAD_LENGTHS = [b'+2', b'-2', b'-1', b'0x2', b'2x', b'2 2', b'2,2', b'2, 2', b'2,3', b'2;', b'"2"', b'2.0', b'', b' ',
               b'two', b'\x002', b'2\x00', b'2\x0b', b'2\xa0', b'9223372036854775808',
               b'18446744073709551618', b'9' * 60]
BAD_CODINGS = [b'gzip', b'identity', b'xchunked', b'chunked, chunked', b'chunked,chunked', b'gzip, chunked',
               b'chunked, gzip', b'chunked;q=1', b'"chunked"', b'', b'chunked\x0b', b'\x0bchunked',
               b'chunked\x00', b'chunked\x7f', b'chunked\xa0', b'chu nked', b'chunked,identity']
BAD_FIELDS = [
    b'X : y', b'X\t: y', b': y', b'X', b'X y', b' X: y', b'\tX: y', b'X: a\r\n b', b'X: a\r\n\tb', b'X: a\x00b',
    b'X: a\x01b', b'X: a\x0bb', b'X: a\x7fb', b'X: a\x1fb', b'X: a\rb', b'X: a\nY: b',
    b'X\x00: y', b'X\xff: y', b'X(: y', b'X Y: z', b'"X": y', b'X: a\n', b'X: a\r', b'\x00', b'HTTP/1.1 200 OK',
    b'X: y\nContent-Length: 9', b'Content-Length : 9', b'Transfer-Encoding : chunked',
    b'Content-Length\t: 9', b' Transfer-Encoding: chunked', b'X:\r\n Transfer-Encoding: chunked',
]
CONFLICTS = [
    b'Content-Length: 2\r\nContent-Length: 3', b'Content-Length: 3\r\nContent-Length: 2',
    b'Content-Length: 2\r\nContent-Length: x', b'Content-Length: 2\r\nTransfer-Encoding: chunked',
    b'Transfer-Encoding: chunked\r\nContent-Length: 2', b'Content-Length: 0\r\nTransfer-Encoding: chunked',
    b'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
    b'Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip', b'Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked',
    b'Content-Length: 2\r\nTransfer-Encoding: identity',
    b'Content-Length: 2\r\nContent-Length: 0', b'Content-Length: 2\r\nContent-Length:',
]
BAD_CHUNKS = [
    b'x\r\nok\r\n0\r\n\r\n', b'+2\r\nok\r\n0\r\n\r\n', b'-2\r\nok\r\n0\r\n\r\n', b'0x2\r\nok\r\n0\r\n\r\n',
    b' 2\r\nok\r\n0\r\n\r\n', b'2\nok\r\n0\r\n\r\n', b'2\r\nok\n0\r\n\r\n', b'2\r\nokXX0\r\n\r\n',
    b'2\r\nok0\r\n\r\n', b'2\r\nokk\r\n0\r\n\r\n', b'2\r\no\r\n0\r\n\r\n', b'2\r\nok\r\n0\n\n', b'2\r\nok\r\n0\r\n\n',
    b'10000000000000002\r\nok\r\n0\r\n\r\n', b'8000000000000000\r\nok', b'2;a=\x00\r\nok\r\n0\r\n\r\n',
    b'2;a\nX\r\nok\r\n0\r\n\r\n', b'2;' + b'a' * 65536 + b'\r\nok\r\n0\r\n\r\n', b'2\r\nok\r\n0\r\nX\r\n\r\n',
    b'2\r\nok\r\n0\r\nX : y\r\n\r\n', b'2\r\nok\r\n0\r\nX: a\x00b\r\n\r\n', b'2\r\nok\r\n0\r\nX: a\r\n b\r\n\r\n',
    b'2\r\nok\r\n0\r\n' + b'a: b\r\n' * 200 + b'\r\n', b'2\r\nok\r\n0\r\nX: ' + b'y' * 65536 + b'\r\n\r\n',
    b'\r\n2\r\nok\r\n0\r\n\r\n', b'2\rok\r\n0\r\n\r\n', b'ok', b'2\r\nok\r\n\r\n0\r\n\r\n', b'2\r\nok\r\n0\r\n\rX',
]
FIRST = request(line=b'GET /{slot}/{id} HTTP/1.1')
PAIR = [FIRST, Replies(1), SETTLE, AGAIN, FIRST]
NONSENSE = (502, 503)


def pair(line):
    return [request(line=line), Replies(1), SETTLE, AGAIN, FIRST]


def case(name, rule, steps, want, send=None, methods=None):
    """The two plays of one answer."""
    steps = list(steps)
    send = send or PAIR
    yield Case(f'primary: {name}', rule, send, want, primary=[steps], solo=True, methods=list(methods or []))
    body = b'' if methods == ['HEAD'] else b'ok'
    if EARLY in steps or want.body == b'early':
        return
    yield Case(f'mirror: {name}', rule, send, answer(body=body, reused=want.reused), mirror=[steps], solo=True,
               methods=list(methods or []))


def bad(name, rule, text, *more):
    return case(name, rule, [text, *more], answer(*NONSENSE, reused=False))


def cases():
    yield from heads()
    yield from lengths()
    yield from without_bodies()
    yield from interim()
    yield from surplus()
    yield from cut()
    yield from chunked()
    yield from reuse()
    yield from early()
    yield from fields()


def heads():
    for line in BAD_LINES:
        yield from bad(f'line {line!r}', LINE, line + b'\r\nContent-Length: 2\r\n\r\nok', 0.05, CLOSE)
    for field in BAD_FIELDS:
        yield from bad(f'field {field!r}', FIELD, OK + field + b'\r\nContent-Length: 2\r\n\r\nok')
        if not field.startswith((b' ', b'\t')):
            yield from bad(f'second field {field!r}', FIELD,
                           OK + b'A: b\r\n' + field + b'\r\nContent-Length: 2\r\n\r\nok')
    yield from bad('LF everywhere', 'RFC 9112 section 2.2', GOOD.replace(b'\r\n', b'\n'), 0.05, CLOSE)
    yield from bad('CR everywhere', 'RFC 9112 section 2.2', GOOD.replace(b'\r\n', b'\r'), 0.05, CLOSE)
    for size in (61, 200):
        yield from bad(f'a value of {size} KiB', 'rule 15',
                       OK + b'X: ' + b'y' * size * 1024 + b'\r\nContent-Length: 2\r\n\r\nok')
        yield from bad(f'a reason of {size} KiB', 'rule 15',
                       b'HTTP/1.1 200 ' + b'y' * size * 1024 + b'\r\nContent-Length: 2\r\n\r\nok')
    for count in (101, 1000):
        yield from bad(f'{count} fields', 'rule 15', OK + b'X: y\r\n' * count + b'Content-Length: 2\r\n\r\nok')
    yield from case('99 fields', 'rule 15', [OK + b'X: y\r\n' * 98 + b'Content-Length: 2\r\n\r\nok'],
                    answer(body=b'ok', reused=True))
    yield from bad('a head without an end', 'rule 15', OK, *[b'X: ' + b'y' * 8000 + b'\r\n'] * 12)
    for text in (b'HTTP/1.1 200\r\n', b'HTTP/1.1 200 \r\n', b'HTTP/1.1 200 a b c\r\n', b'HTTP/1.1 200 \xe9\r\n',
                 b'HTTP/1.1 200 a\tb\r\n'):
        yield from case(f'line {text!r}', LINE, [text + b'Content-Length: 2\r\n\r\nok'],
                        answer(body=b'ok', reused=True))


def lengths():
    for value in BAD_LENGTHS:
        yield from bad(f'length {value!r}', FRAMING, OK + b'Content-Length: ' + value + b'\r\n\r\nok', 0.05, CLOSE)
    for value in BAD_CODINGS:
        yield from bad(f'coding {value!r}', FRAMING,
                       OK + b'Transfer-Encoding: ' + value + b'\r\n\r\n2\r\nok\r\n0\r\n\r\n', 0.05, CLOSE)
    for text in CONFLICTS:
        yield from bad(f'both {text!r}', FRAMING, OK + text + b'\r\n\r\n2\r\nok\r\n0\r\n\r\n', 0.05, CLOSE)
    yield from bad('chunks of HTTP/1.0', 'RFC 9112 section 6.1',
                   b'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 0.05, CLOSE)
    yield from case('equal lengths', FRAMING, [OK + b'Content-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
                    answer(200, *NONSENSE))
    for text in (b'content-length:2', b'Content-Length:  2 ', b'CONTENT-LENGTH:\t2'):
        yield from case(f'{text!r}', FRAMING, [OK + text + b'\r\n\r\nok'], answer(body=b'ok', reused=True))


def without_bodies():
    head = b'HEAD /{slot}/{id} HTTP/1.1'
    for text in (b'Content-Length: 5', b'Transfer-Encoding: chunked', b'X: y', b'Content-Length: 0'):
        yield from case(f'HEAD, {text!r}', FRAMING, [OK + text + b'\r\n\r\n'], answer(body=b'', reused=True),
                        pair(head), ['HEAD'])
        yield from case(f'HEAD, {text!r} and a body', FRAMING, [OK + text + b'\r\n\r\nhello'],
                        answer(body=b'', reused=False), pair(head), ['HEAD'])
        yield from case(f'HEAD, {text!r} and a late body', FRAMING, [OK + text + b'\r\n\r\n', 0.03, EVIL],
                        answer(body=b'', reused=False), pair(head), ['HEAD'])
    yield from case('HEAD, chunks', FRAMING, [OK + b'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
                    answer(body=b'', reused=False), pair(head), ['HEAD'])
    for status in (b'204 No Content', b'304 Not Modified'):
        number = int(status[:3])
        line = b'HTTP/1.1 ' + status + b'\r\n'
        yield from case(f'{number}', FRAMING, [line + b'\r\n'], answer(number, body=b'', reused=True))
        yield from case(f'{number} and a body', FRAMING, [line + b'\r\nhello'], answer(number, body=b'', reused=False))
        yield from case(f'{number} and an answer', FRAMING, [line + b'\r\n' + EVIL],
                        answer(number, body=b'', reused=False))
        yield from case(f'{number} and a late answer', FRAMING, [line + b'\r\n', 0.03, EVIL],
                        answer(number, body=b'', reused=False))
        for text in (b'Content-Length: 5\r\n\r\nhello', b'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'):
            want = answer(number, *NONSENSE, reused=False)
            yield from case(f'{number} with {text!r}', FRAMING, [line + text], want)
    yield from case('304 with a length', FRAMING, [b'HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n'],
                    answer(304, body=b'', reused=True))
    yield from case('204 with length 0', FRAMING, [b'HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n'],
                    answer(204, body=b'', reused=True))
    yield from case('205 with length 0', FRAMING, [b'HTTP/1.1 205 x\r\nContent-Length: 0\r\n\r\n'],
                    answer(205, body=b'', reused=True))
    yield from case('length 0', FRAMING, [OK + b'Content-Length: 0\r\n\r\n'], answer(body=b'', reused=True))


def interim():
    rule = 'RFC 9110 section 15.2'
    for text in (b'100 Continue', b'102 Processing', b'103 Early Hints', b'199 x'):
        line = b'HTTP/1.1 ' + text + b'\r\n'
        yield from case(f'{text!r}', rule, [line + b'\r\n' + GOOD], answer(body=b'ok', reused=True))
        yield from case(f'{text!r} and a pause', rule, [line + b'X: y\r\n\r\n', 0.03, GOOD],
                        answer(body=b'ok', reused=True))
        yield from case(f'{text!r} with a body', rule, [line + b'Content-Length: 5\r\n\r\nhello' + GOOD],
                        answer(200, *NONSENSE, reused=False))
        yield from case(f'{text!r} in chunks', rule,
                        [line + b'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n' + GOOD],
                        answer(200, *NONSENSE, reused=False))
        yield from case(f'{text!r} and the end', rule, [line + b'\r\n', 0.02, CLOSE], answer(*NONSENSE, reused=False))
        yield from case(f'{text!r} and nonsense', rule, [line + b'\r\nhello\r\n\r\n'], answer(*NONSENSE, reused=False))
    yield from case('50 interim answers', rule, [b'HTTP/1.1 103 x\r\nLink: y\r\n\r\n' * 50 + GOOD],
                    answer(body=b'ok', reused=True))
    for fields in (b'', b'Upgrade: websocket\r\nConnection: Upgrade\r\n', b'Upgrade: h2c\r\nConnection: Upgrade\r\n',
                   b'Content-Length: 5\r\n'):
        yield from case(f'101 with {fields!r}', 'rule 10',
                        [b'HTTP/1.1 101 Switching Protocols\r\n' + fields + b'\r\n', 0.02, EVIL],
                        answer(*NONSENSE, reused=False))
    yield from case('100, then 101', 'rule 10', [b'HTTP/1.1 100 x\r\n\r\nHTTP/1.1 101 x\r\n\r\n'],
                    answer(*NONSENSE, reused=False))


def surplus():
    rule = 'RFC 9112 section 9.2'
    chunks = OK + b'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'
    for good, kind in ((GOOD, 'a length'), (chunks, 'chunks')):
        for extra in (b'X', b'\r\n', b'\n', b'\x00', EVIL, b'HTTP/1.1 100 x\r\n\r\n', b'0\r\n\r\n', b'x' * 70000):
            yield from case(f'{extra[:20]!r} behind {kind}', rule, [good + extra], answer(body=b'ok', reused=False))
            yield from case(f'{extra[:20]!r} late behind {kind}', rule, [good, 0.03, extra],
                            answer(body=b'ok', reused=False))
    yield from case('an answer to no request, then the end', rule, [GOOD, 0.03, EVIL, CLOSE],
                    answer(body=b'ok', reused=False))
    yield from case('a 408 on an idle connection', rule,
                    [GOOD, 0.03, b'HTTP/1.1 408 x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', CLOSE],
                    answer(body=b'ok', reused=False))


def cut():
    for how in (CLOSE, RESET, HALF):
        yield from case(f'nothing, {how}', PARTS, [how], answer(*NONSENSE, reused=False))
        for part in (b'H', b'HTTP/1.1 200', OK, OK + b'X: y', OK + b'Content-Length: 2\r\n',
                     OK + b'Content-Length: 2\r\n\r'):
            yield from case(f'{part!r}, {how}', PARTS, [part, 0.02, how], answer(*NONSENSE, reused=False))
        for part in (b'', b'h', b'hell'):
            yield from case(f'{len(part)} of 5 bytes, {how}', PARTS,
                            [OK + b'Content-Length: 5\r\n\r\n' + part, 0.02, how], truncated())
        body = b'5\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n'
        for offset in range(0, len(body), 2):
            yield from case(f'chunks cut at {offset}, {how}', PARTS,
                            [OK + b'Transfer-Encoding: chunked\r\n\r\n' + body[:offset], 0.02, how], truncated())
        if how != RESET:
            for version in (b'HTTP/1.1', b'HTTP/1.0'):
                yield from case(f'{version.decode()} until the end, {how}', FRAMING,
                                [version + b' 200 OK\r\n\r\nhello', 0.02, how], answer(body=b'hello', reused=False))
            yield from case(f'nothing until the end, {how}', FRAMING, [OK + b'\r\n', 0.02, how],
                            answer(body=b'', reused=False))
    yield from case('until the end, but reset', PARTS, [OK + b'\r\nhello', 0.02, RESET], truncated())
    yield from case('9223372036854775807 bytes, close', PARTS,
                    [OK + b'Content-Length: 9223372036854775807\r\n\r\nhello', 0.02, CLOSE], truncated())


def truncated():
    return answer(200, *NONSENSE, ends='truncated', reused=False)


def chunked():
    for body in BAD_CHUNKS:
        text = OK + b'Transfer-Encoding: chunked\r\n\r\n'
        yield from case(f'chunks {body[:40]!r}', CHUNKS, [text + body, 0.05, CLOSE], truncated())
        yield from case(f'chunks {body[:40]!r} later', CHUNKS, [text, 0.02, body], truncated())
    for body in (b'2\r\nok\r\n0\r\n\r\n', b'1;a=b\r\no\r\n1;c="d"\r\nk\r\n0;e\r\n\r\n', b'02\r\nok\r\n00\r\n\r\n',
                 b'2\r\nok\r\n0\r\nX: y\r\nContent-Length: 9\r\n\r\n'):
        yield from case(f'chunks {body!r}', CHUNKS, [OK + b'Transfer-Encoding: chunked\r\n\r\n' + body],
                        answer(body=b'ok', reused=True, lacks=(b'content-length',)))
    slow = OK + b'Transfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'
    for text, name in ((slow, 'chunks'), (GOOD, 'a length')):
        yield from case(f'{name} byte by byte', CHUNKS, [step for byte in text for step in (bytes([byte]), 0.001)],
                        answer(body=b'ok', reused=True))
    for status in (b'200', b'404', b'500', b'201', b'299', b'599'):
        yield from case(f'{status.decode()}', LINE, [b'HTTP/1.1 ' + status + b' x\r\nContent-Length: 2\r\n\r\nok'],
                        answer(int(status), body=b'ok', reused=True))


def reuse():
    for fields, reused in (
        (b'Connection: close', False), (b'Connection: Close', False), (b'Connection: keep-alive, close', False),
        (b'Connection: x, CLOSE', False), (b'connection:close', False),
        (b'Connection: keep-alive', True), (b'Keep-Alive: timeout=5', True), (b'Proxy-Connection: keep-alive', True),
        (b'Connection: x-foo\r\nX-Foo: 1', True), (b'X: close', True),
        (b'Connection: keep-alive\r\nConnection: close', False),
    ):
        want = answer(body=b'ok', reused=reused, lacks=(b'connection', b'keep-alive', b'proxy-connection', b'x-foo'))
        yield from case(f'{fields!r}', REUSE, [OK + fields + b'\r\nContent-Length: 2\r\n\r\nok'], want)
    yield from case('HTTP/1.0', REUSE, [b'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
                    answer(body=b'ok', reused=False))
    yield from case('HTTP/1.0 with keep-alive', REUSE,
                    [b'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok'], answer(body=b'ok'))
    yield from case('HTTP/1.0 with keep-alive and close', REUSE,
                    [b'HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 2\r\n\r\nok'],
                    answer(body=b'ok', reused=False))
    yield from case('closed while idle', REUSE, [GOOD, 0.02, CLOSE], answer(body=b'ok', reused=False))
    yield from case('reset while idle', REUSE, [GOOD, 0.02, RESET], answer(body=b'ok', reused=False))
    yield from case('half closed while idle', REUSE, [GOOD, 0.02, HALF], answer(body=b'ok', reused=False))


def early():
    rule = 'RFC 9112 section 9.5'
    text = OK.replace(b'200', b'413') + b'Content-Length: 5\r\n\r\nearly'
    for head in (post(b'Content-Length: 1000000\r\n', b'x' * 1000, b'/{slot}/{id}'),
                 post(b'Transfer-Encoding: chunked\r\n', b'3e8\r\n' + b'x' * 1000, b'/{slot}/{id}')):
        want = answer(413, body=b'early', primaries=1, copies=1)
        yield Case(f'primary: before the end of {head[-1040:-1000]!r}', rule, [head, Replies(1), 0.1, AGAIN, FIRST],
                   want, primary=[[EARLY, text]], solo=True)
        yield Case(f'primary: early and closed, {head[-1040:-1000]!r}', rule, [head, Replies(1), 0.1, AGAIN, FIRST],
                   want, primary=[[EARLY, text, 0.05, CLOSE]], solo=True)
    head, rest = post(b'Content-Length: 5\r\n', b'', b'/{slot}/{id}'), b'hello'
    for steps, name in (([EARLY, GOOD], 'answered'), ([EARLY, b'nonsense\r\n\r\n'], 'nonsense'),
                        ([EARLY, CLOSE], 'closed'), ([EARLY, RESET], 'reset'),
                        ([EARLY, OK + b'\r\n', 0.05, CLOSE], 'until the end')):
        yield Case(f'mirror: {name} before the end', 'rule 11', [head, 0.05, rest, Replies(1), AGAIN, FIRST],
                   answer(body=b'ok'), mirror=[steps], solo=True)


def fields():
    rule = 'RFC 9110 section 7.6.1'
    for text, gone in (
        (b'Keep-Alive: timeout=5', b'keep-alive'), (b'Proxy-Connection: close', b'proxy-connection'),
        (b'Upgrade: h2c', b'upgrade'), (b'Connection: X-Foo\r\nX-Foo: 1', b'x-foo'),
        (b'X-Foo: 1\r\nConnection: keep-alive, x-FOO', b'x-foo'),
        (b'Connection: X-Foo\r\nConnection: X-Bar\r\nX-Bar: 1\r\nX-Foo: 2', b'x-bar'),
        (b'Connection: upgrade\r\nUpgrade: websocket', b'upgrade'),
    ):
        yield from case(f'dropped {text!r}', rule, [OK + text + b'\r\nContent-Length: 2\r\n\r\nok'],
                        answer(body=b'ok', reused=True, lacks=(gone,)))
    for text in (b'Connection: content-length', b'Connection: content-length, transfer-encoding'):
        yield from case(f'kept {text!r}', rule, [OK + text + b'\r\nContent-Length: 2\r\n\r\nok'],
                        answer(body=b'ok', reused=True))
        yield from case(f'kept {text!r} in chunks', rule,
                        [OK + text + b'\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
                        answer(body=b'ok', reused=True))
    cookies = answer(body=b'ok', has=((b'set-cookie', b'a=b'), (b'set-cookie', b'c=d, e')), reused=True)
    yield from case('two cookies', 'RFC 9110 section 5.3',
                    [OK + b'Set-Cookie: a=b\r\nSet-Cookie: c=d, e\r\nContent-Length: 2\r\n\r\nok'], cookies)
    for value in (b'', b'a\tb', b'\xff', b'x' * 8000):
        yield from case(f'value {value[:10]!r}', FIELD, [OK + b'X: ' + value + b'\r\nContent-Length: 2\r\n\r\nok'],
                        answer(body=b'ok', has=((b'x', value),), reused=True))
