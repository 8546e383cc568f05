# SPDX-License-Identifier: Apache-2.0
"""Where a request ends: Content-Length and Transfer-Encoding (rules 1 and 2)."""
from kit.case import BEHIND, Case, accepted, either, post, rejected, request

RULE = 'RFC 9112 section 6.3'
DIGITS = 'RFC 9110 section 8.6'
CODING = 'RFC 9112 section 6.1'
CHUNKED_HELLO = b'5\r\nhello\r\n0\r\n\r\n'

BAD_LENGTHS = [
    b'+5', b'-5', b'-0', b'+0', b'0x5', b'0X5', b'5x', b'x5', b'5 5', b'5\t5', b'5,5', b'5, 5', b'5,6', b'5;', b'5;a=b',
    b'"5"', b"'5'", b'5.0', b'5.', b'.5', b'5e0', b'0b101', b'0o5', b'5_0', b'five', b'NaN', b'Infinity', b'', b' ',
    b',',
    b',5', b'5,', b'(5)', b'5%', b'%35', b'5/5', b'5-5', b'\xd9\xa5', b'\xef\xbc\x95', b'\xb2', b'5\xa0', b'\xa05',
    b'5\x85', b'5\x80', b'5\x00', b'\x005', b'5\x0b', b'\x0b5', b'5\x0c', b'5\x7f', b'5\x1f', b'5\x08', b'5\x1b',
    b'9223372036854775808', b'18446744073709551615', b'18446744073709551616', b'18446744073709551621',
    b'4294967296x', b'36893488147419103237', b'9' * 100, b'1' + b'0' * 200,
]
GOOD_LENGTHS = [b'5', b' 5', b'\t5', b'5 ', b'5\t', b'  5  ', b'\t \t5 \t']
PADDED_LENGTHS = [b'05', b'005', b'00000000000000000005', b'0' * 60 + b'5']

BAD_CODINGS = [
    b'gzip', b'identity', b'deflate', b'compress', b'br', b'x', b'xchunked', b'x-chunked', b'chunkedx', b'chunke',
    b'hunked',
    b'chunked, chunked', b'chunked,chunked', b'Chunked, cHunked', b'gzip, chunked', b'chunked, gzip', b'gzip,chunked',
    b'identity, chunked', b'chunked, identity', b'chunked identity', b'chunked;q=1', b'chunked; q=1', b'chunked;',
    b'chunked;foo', b'"chunked"', b"'chunked'", b'chunked chunked', b'chun ked', b'c hunked', b'', b' ', b',', b', ,',
    b'chunked\x0b', b'\x0bchunked', b'chunked\x0c', b'\x0cchunked', b'chunked\x00', b'\x00chunked', b'chu\x00nked',
    b'chunked\x7f', b'chunked\x1f', b'chunked\x08', b'\x01chunked', b'chunked\x85', b'chunked\xa0', b'\xa0chunked',
    b'\xefchunked', b'ch\xc3\xbcnked', b'chunke\xe4', b'trailers', b'0', b'chunked/1.1', b'[chunked]', b'chunked\\',
    b'chunked:', b':chunked', b'=chunked', b'chunked=1', b'chunked?', b'x=chunked', b'gzip;chunked', b'chunked-',
    b'-chunked',
    b'CHUNKED\xe2\x80\xa8', b'\xe2\x84\xaachunked', b'chun\xe2\x84\xaaed',
]
GOOD_CODINGS = [b'chunked', b'Chunked', b'CHUNKED', b'cHuNkEd', b'\tchunked', b'chunked\t', b'  chunked  ',
                b' \t chunked \t ']
LISTED_CODINGS = [b',chunked', b'chunked,', b', chunked', b'chunked , ']

SPELLINGS = [
    b'Transfer-Encoding : chunked', b'Transfer-Encoding\t: chunked', b' Transfer-Encoding: chunked',
    b'\tTransfer-Encoding: chunked', b'Transfer Encoding: chunked', b'Transfer-Encoding chunked',
    b'Transfer-Encoding\x00: chunked', b'\x00Transfer-Encoding: chunked', b'Transfer-Encoding\x0b: chunked',
    b'\x0bTransfer-Encoding: chunked', b'Transfer-Encoding\xa0: chunked', b'\xffTransfer-Encoding: chunked',
    b':Transfer-Encoding: chunked', b'"Transfer-Encoding": chunked', b'Transfer-Encodin\xe7: chunked',
    b'X: y\nTransfer-Encoding: chunked', b'X: y\rTransfer-Encoding: chunked', b'X: y\r\rTransfer-Encoding: chunked',
    b'X: y\n\rTransfer-Encoding: chunked', b'X: y\r\n Transfer-Encoding: chunked',
    b'X: y\x0bTransfer-Encoding: chunked',
    b'X: y\x00Transfer-Encoding: chunked', b'Transfer-Encoding:\r\n chunked', b'Transfer-Encoding: chunked\r\n ',
    b'Transfer-Encoding: chunked\r\n , gzip', b'Transfer-Encoding: x\r\n\tchunked', b'Transfer-Encoding:\n chunked',
    b'Transfer-Encoding: chunked\n', b'Transfer-Encoding: chunked\r', b'Transfer-Encoding: chunked\r\r',
    b'Content-Length : 5', b'Content-Length\t: 5', b' Content-Length: 5', b'Content-Length:\r\n 5',
    b'Content-Length: 5\r\n ',
    b'Content-Length: 5\r\n 0', b'Content Length: 5', b'X: y\nContent-Length: 5', b'X: y\rContent-Length: 5',
    b'Content-Length\x00: 5', b'Content-Length\xff: 5', b'Content-Length: 5\n', b'Content-Length: 5\r',
]

COMBINED = [
    b'Content-Length: 5\r\nTransfer-Encoding: chunked', b'Transfer-Encoding: chunked\r\nContent-Length: 5',
    b'Content-Length: 0\r\nTransfer-Encoding: chunked', b'Transfer-Encoding: chunked\r\nContent-Length: 0',
    b'Content-Length: 5\r\nTransfer-Encoding: identity', b'Transfer-Encoding: identity\r\nContent-Length: 5',
    b'Content-Length: 5\r\nTransfer-Encoding: gzip', b'Content-Length: 5\r\nTransfer-Encoding:',
    b'Content-Length: 5\r\nTransfer-Encoding: x', b'Content-Length:\r\nTransfer-Encoding: chunked',
    b'Content-Length: x\r\nTransfer-Encoding: chunked', b'content-length: 15\r\ntransfer-encoding: Chunked',
    b'Content-Length: 5\r\nX: y\r\nTransfer-Encoding: chunked', b'Content-Length: 5\r\nTransfer-Encoding : chunked',
    b'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
    b'Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip',
    b'Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked',
    b'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
    b'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', b'Transfer-Encoding: chunked\r\nTransfer-Encoding:',
    b'Transfer-Encoding:\r\nTransfer-Encoding: chunked', b'transfer-encoding: chunked\r\nTRANSFER-ENCODING: x',
    b'Transfer-Encoding: chunked\r\nX: y\r\nTransfer-Encoding: chunked',
    b'Content-Length: 5\r\nContent-Length: 6', b'Content-Length: 6\r\nContent-Length: 5',
    b'Content-Length: 5\r\nContent-Length: 0', b'Content-Length: 0\r\nContent-Length: 5',
    b'Content-Length: 5\r\ncontent-length: 15', b'Content-Length: 5\r\nContent-Length:',
    b'Content-Length: 5\r\nContent-Length: x', b'Content-Length: 5\r\nX: y\r\nContent-Length: 4',
    b'Content-Length: 5\r\nContent-Length: 5\r\nContent-Length: 6',
    b'Content-Length: 5\r\nContent-Length: +5', b'Content-Length: 5\r\nContent-Length: 05',
    b'Content-Length: 5\r\nConnection: content-length\r\nTransfer-Encoding: chunked',
]

METHODS = [b'GET', b'HEAD', b'POST', b'PUT', b'DELETE', b'OPTIONS', b'PATCH', b'PROPFIND']


def cases():
    for value in BAD_LENGTHS:
        yield Case(f'length {value[:40]!r}', DIGITS, post(b'Content-Length: ' + value + b'\r\n', b'hello' + BEHIND),
                   rejected())
    for value in GOOD_LENGTHS:
        yield Case(f'length {value!r}', DIGITS, post(b'Content-Length:' + value + b'\r\n', b'hello'),
                   accepted(body=b'hello', has=((b'content-length', b'5'),)))
    for value in PADDED_LENGTHS:
        yield Case(f'length {value[-24:]!r}, {len(value)} digits', DIGITS,
                   post(b'Content-Length: ' + value + b'\r\n', b'hello'), either(body=b'hello'))
    for value in BAD_CODINGS:
        yield Case(f'coding {value!r}', CODING,
                   post(b'Transfer-Encoding: ' + value + b'\r\n', CHUNKED_HELLO + BEHIND), rejected())
        if len(value) > 7 and b'chunked' in value.lower():
            yield Case(f'coding {value!r} with a length', RULE,
                       post(b'Content-Length: 15\r\nTransfer-Encoding: ' + value + b'\r\n', CHUNKED_HELLO + BEHIND),
                       rejected())
    for value in GOOD_CODINGS:
        yield Case(f'coding {value!r}', CODING, post(b'Transfer-Encoding:' + value + b'\r\n', CHUNKED_HELLO),
                   accepted(body=b'hello', has=((b'transfer-encoding', b'chunked'),)))
    for value in LISTED_CODINGS:
        yield Case(f'coding {value!r}', 'RFC 9110 section 5.6.1',
                   post(b'Transfer-Encoding: ' + value + b'\r\n', CHUNKED_HELLO),
                   either(body=b'hello'))
    for fields in SPELLINGS:
        yield Case(f'spelt {fields!r}', 'RFC 9112 section 5.1', post(fields + b'\r\n', CHUNKED_HELLO + BEHIND),
                   rejected())
    for fields in COMBINED:
        yield Case(f'both {fields!r}', RULE, post(fields + b'\r\n', CHUNKED_HELLO + BEHIND), rejected())
    yield Case('equal lengths', RULE, post(b'Content-Length: 5\r\nContent-Length: 5\r\n', b'hello'), rejected())
    yield from bodies_of_methods()
    yield from old_versions()


def bodies_of_methods():
    for method in METHODS:
        line = method + b' /{id} HTTP/1.1'
        yield Case(f'{method.decode()} with a length', RULE, request(b'Content-Length: 5\r\n', line, body=b'hello'),
                   accepted(body=b'hello'))
        yield Case(f'{method.decode()} in chunks', RULE,
                   request(b'Transfer-Encoding: chunked\r\n', line, body=CHUNKED_HELLO),
                   accepted(body=b'hello'))
        yield Case(f'{method.decode()} without a body', RULE, request(b'', line), accepted(body=b''))
        yield Case(f'{method.decode()} with length 0', RULE, request(b'Content-Length: 0\r\n', line),
                   accepted(body=b''))
    yield Case('TRACE with a body', 'RFC 9110 section 9.3.8',
               request(b'Content-Length: 5\r\n', b'TRACE /{id} HTTP/1.1', body=b'hello'), either(body=b'hello'))
    yield Case('no length before bytes', RULE, post(b'', b'hello' + BEHIND), rejected(served=1))
    yield Case('an underscore is no hyphen', RULE, post(b'Content_Length: 5\r\n', b'hello' + BEHIND),
               rejected(served=1, whole=False))


def old_versions():
    for entry, text in (('plain', 'refused'), ('old', 'allowed')):
        for fields in (b'Transfer-Encoding: chunked\r\n', b'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
                       b'Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n', b'Transfer-Encoding: identity\r\n'):
            yield Case(f'{fields!r} of HTTP/1.0, {text}', CODING,
                       request(fields, b'POST /{id} HTTP/1.0', body=CHUNKED_HELLO + BEHIND), rejected(), entry=entry)
