# SPDX-License-Identifier: Apache-2.0
"""Pseudo-fields and fields that would be another request in HTTP/1.1."""
from cases.hosts import BAD, ODD
from http2 import hpack
from http2.frames import continuation, headers

from .case import AUTHORITY, ID, PATH, Case, fields, post, request

NAMES, CONNECTION, REQUEST, COOKIES = (f'RFC 9113 section {number}' for number in ('8.2.1', '8.2.2', '8.3.1', '8.2.3'))
HIDDEN = b'GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n'

# What would end a line, a word or a head.
BREAKS = [b'\r\n', b'\r', b'\n', b'\0', b'\r\nX: y', b'\nX: y', b'\r\n\r\n' + HIDDEN, b'\n\n' + HIDDEN, b'\r\n ',
          b'\r\n\t',
          b'\r\nTransfer-Encoding: chunked', b'\r\nContent-Length: 40']
PATHS = [b'', b'x/' + ID, b'?' + ID, b'#' + ID, b'*' + ID, b'\\' + ID, b' ' + PATH, PATH + b' ', PATH + b' x',
         PATH + b' HTTP/1.1', PATH + b' HTTP/1.1\r\nX: y', PATH + b' HTTP/1.1\r\nHost: evil\r\n\r\n' + HIDDEN,
         PATH + b'#x', PATH + b'\x80', PATH + b'\xc3\xa9', b'http://b.example' + PATH, PATH + b'\t', PATH + b'\x7f',
         PATH + b'\x01', PATH + b'\x1f',
         *(PATH + text for text in BREAKS), *(text + PATH for text in BREAKS[:4])]
LENIENT_PATHS = [PATH + b'<>', PATH + b'{}', PATH + b'|', PATH + b'%',
                 PATH + b'%0d%0aX:%20y', b'//' + ID, b'/../' + ID, PATH + b'?a=b?c']
METHODS = [b'', b' ', b'GET ', b' GET', b'G T', b'GET / HTTP/1.1\r\nX: y\r\n\r\nGET', b'GET\t', b'GET\x00', b'GET\r',
           b'G\nT',
           b'G:T', b'G(T', b'G/T', b'"GET"', b'G\x80T', b'G=T', b'G@T', b'G,T', b'G;T', b'G?T', b'G[T', b'G\\T',
           b'G{T', b'G\x7fT',
           *(b'GET' + text for text in BREAKS)]
SCHEMES = [b'', b' http', b'http ', b'ht tp', b'http:', b'http://b.example', b'1http', b'h\x00', b'h/', b'h@b', b'-h',
           b'\xc3',
           *(b'http' + text for text in BREAKS)]
AUTHORITIES = [*BAD, b' a', b'a ', b'\ta', *(AUTHORITY + text for text in BREAKS)]
BAD_NAMES = [b'', b' ', b'X-Upper', b'x-tesT', b'x y', b'x ', b' x', b'x:', b'x:y', b'x\t', b'x\0', b'x\x7f', b'x\x80',
             b'x(',
             b'x,', b'x/', b'x;', b'x=', b'x?', b'x@', b'x[', b'x\\', b'x{', b'x"', b'\xc3\xa9', b'Content-Length',
             b'Transfer-Encoding', b'Host', b'Cookie', b'TE',
             *(b'x' + text for text in BREAKS), b'transfer-encoding: chunked\r\nx', b'content-length : 5\r\nx',
             b'host\r\nx']
BAD_VALUES = [*BREAKS, *(b'a' + text + b'b' for text in BREAKS[:4]), *(text + b'a' for text in BREAKS[:4])]
CONTROLS = [bytes([byte]) for byte in (*range(0x01, 0x09), 0x0b, 0x0c, *range(0x0e, 0x20), 0x7f)]
OF_CONNECTION = [(b'connection', b'close'), (b'connection', b'keep-alive'), (b'connection', b''),
                 (b'connection', b'x-test'),
                 (b'connection', b'transfer-encoding'), (b'connection', b'content-length'), (b'connection', b'host'),
                 (b'connection', b'upgrade'), (b'keep-alive', b'5'), (b'proxy-connection', b'close'),
                 (b'upgrade', b'h2c'),
                 (b'upgrade', b'websocket'), (b'transfer-encoding', b'chunked'), (b'transfer-encoding', b'identity'),
                 (b'transfer-encoding', b'gzip, chunked'), (b'transfer-encoding', b''),
                 (b'transfer-encoding', b'trailers'),
                 (b'transfer-encoding', b' chunked'), (b'te', b''), (b'te', b'chunked'), (b'te', b'trailers, chunked'),
                 (b'te', b'gzip;q=1'), (b'te', b'trailers;q=0.5'), (b'te', b'identity')]


def cases():
    yield from good()
    for value in PATHS:
        yield Case(f'the path {value[:60]!r}', REQUEST, [request((b'x-id', ID), path=value)], 'malformed')
    for value in LENIENT_PATHS:
        yield Case(f'the path {value!r}', REQUEST, [request((b'x-id', ID), path=value)], 'either')
    yield Case('the path * of GET', REQUEST, [request((b'x-id', ID), path=b'*')], 'malformed')
    for value in METHODS:
        yield Case(f'the method {value[:40]!r}', REQUEST, [request(method=value)], 'malformed')
    for value in (b'get', b'Get', b'PRI', b'FOO', b"!#$%&'*+-.^_`|~0"):
        yield Case(f'the method {value!r}', 'RFC 9110 section 9.1', [request(method=value)], 'either', method=value)
    for value in SCHEMES:
        yield Case(f'the scheme {value[:40]!r}', REQUEST, [request(scheme=value)], 'malformed')
    for value in (b'https', b'HTTP', b'ftp', b'coap+tcp'):
        yield Case(f'the scheme {value!r}', REQUEST, [request(scheme=value)], 'either', target=PATH)
    for value in AUTHORITIES:
        yield Case(f'the authority {value[:40]!r}', 'rule 7', [request(authority=value)], 'malformed')
        yield Case(f'the host {value[:40]!r}, alone', 'rule 7', [request((b'host', value), authority=None)],
                   'malformed')
    for name in BAD_NAMES:
        yield Case(f'the name {name[:40]!r}', NAMES, [request((name, b'ok'))], 'malformed')
    for value in BAD_VALUES:
        yield Case(f'the value {value[:40]!r}', NAMES, [request((b'x-test', value))], 'malformed')
        yield Case(f'the value {value[:40]!r}, indexed', NAMES,
                   [headers(1, hpack.block(fields()) + hpack.stored(b'x-test', value) + hpack.indexed(62))],
                   'malformed')
        yield Case(f'the cookie {value[:40]!r}', NAMES, [request((b'cookie', b'a=b'), (b'cookie', value))], 'malformed')
    for value in CONTROLS:
        yield Case(f'the value {value!r} within', 'rule 6', [request((b'x-test', b'a' + value + b'b'))], 'malformed')
    for value in (b' a', b'a ', b'\ta', b'a\t', b' '):
        yield Case(f'the value {value!r}', NAMES, [request((b'x-test', value))], 'either',
                   has=((b'x-test', value.strip(b' \t')),))
    for name, value in OF_CONNECTION:
        yield Case(f'{name.decode()}: {value.decode()}', CONNECTION, [request((name, value))], 'malformed')
        yield Case(f'{name.decode()}: {value.decode()}, with a body', CONNECTION,
                   [post((name, value)) + b'\0\0\5\0\1\0\0\0\1hello'], 'malformed')
    yield from pseudo_fields()
    yield from hosts()


def good():
    yield Case('GET', REQUEST, [request()], 'whole', method=b'GET', target=PATH, host=AUTHORITY, body=b'',
               lacks=(b'content-length', b'transfer-encoding', b'te', b'connection'))
    yield Case('HEAD', REQUEST, [request(method=b'HEAD')], 'whole', method=b'HEAD')
    yield Case('a query', REQUEST, [request(path=PATH + b'?a=b&c=%20')], 'whole', target=PATH + b'?a=b&c=%20')
    yield Case('the authority with a port', REQUEST, [request(authority=b'a.example:8080')], 'whole',
               host=b'a.example:8080')
    yield Case('the authority in brackets', REQUEST, [request(authority=b'[::1]:80')], 'whole', host=b'[::1]:80')
    yield Case('te: trailers', CONNECTION, [request((b'te', b'trailers'))], 'whole')
    yield Case('fields pass as they are', NAMES,
               [request((b'x-a', b'1'), (b'x-b', b''), (b'x-a', b'2'), (b'x-c', b'a\tb "c"\x80'))], 'whole',
               has=((b'x-a', b'1'), (b'x-a', b'2'), (b'x-b', b''), (b'x-c', b'a\tb "c"\x80')))
    yield Case('crumbs become one cookie', COOKIES,
               [request((b'cookie', b'a=b'), (b'x-a', b'1'), (b'cookie', b'c=d'), (b'cookie', b'e=f'))], 'whole',
               has=((b'cookie', b'a=b; c=d; e=f'),))
    yield Case('one cookie', COOKIES, [request((b'cookie', b'a=b; c=d'))], 'whole', has=((b'cookie', b'a=b; c=d'),))
    yield Case('fields in three frames', REQUEST,
               [headers(1, hpack.block(fields(method=b'GET'))[:20], done=False)
                + continuation(1, hpack.block(fields(method=b'GET'))[20:] + hpack.literal(b'x-a', b'1')[:4], done=False)
                + continuation(1, hpack.literal(b'x-a', b'1')[4:])], 'whole', has=((b'x-a', b'1'),))
    yield Case('fields that are Huffman coded', REQUEST,
               [headers(1, hpack.block(fields()) + hpack.literal(b'x-a', b'a b/c', True))], 'whole',
               has=((b'x-a', b'a b/c'),))


def pseudo_fields():
    for name, value in fields():
        text = name.decode()
        yield Case(f'{text} twice', REQUEST, [request((name, value))], 'malformed')
        yield Case(f'{text} twice, with another value', REQUEST, [request((name, b'/x' if name == b':path' else b'x'))],
                   'malformed')
        rest = [field for field in fields() if field[0] != name]
        yield Case(f'{text} after a field', REQUEST,
                   [headers(1, hpack.block([*rest, (b'x-id', ID), (name, value)]))], 'malformed')
        if name != b':authority':
            yield Case(f'no {text}', REQUEST, [headers(1, hpack.block([*rest, (b'x-id', ID)]))], 'malformed')
    for name in (b':status', b':test', b':', b':protocol', b':host', b':Path', b'::path', b':path ', b':path\0'):
        yield Case(f'{name!r}', REQUEST, [headers(1, hpack.block([(name, b'200'), *fields()]))], 'malformed')
    yield Case('only fields', REQUEST, [headers(1, hpack.block([(b'x-id', ID)]))], 'malformed')
    for protocol in (b'websocket', b'connect-udp', b'x\r\nX: y'):
        yield Case(f'extended CONNECT of {protocol!r}, that was not allowed', 'RFC 8441 section 3',
                   [headers(1, hpack.block([(b':protocol', protocol), *fields(method=b'CONNECT')]), end=False)],
                   'malformed')
    yield Case('CONNECT with a path', 'RFC 9113 section 8.5', [request(method=b'CONNECT', end=False)], 'malformed')
    yield Case('CONNECT', 'RFC 9113 section 8.5',
               [request((b'x-id', ID), method=b'CONNECT', path=None, scheme=None, authority=b'a.example:80',
                        end=False)],
               'malformed')


def hosts():
    yield Case('host instead of :authority', REQUEST, [request((b'host', b'b.example'), authority=None)], 'whole',
               host=b'b.example')
    yield Case('host equal to :authority', REQUEST, [request((b'host', AUTHORITY))], 'whole', host=AUTHORITY)
    yield Case('another host than :authority', REQUEST, [request((b'host', b'b.example'))], 'either', host=AUTHORITY)
    yield Case('an empty host', REQUEST, [request((b'host', b''))], 'either', host=AUTHORITY)
    yield Case('two hosts', REQUEST, [request((b'host', AUTHORITY), (b'host', b'b.example'))], 'either', host=AUTHORITY)
    yield Case('two hosts and no :authority', REQUEST,
               [request((b'host', AUTHORITY), (b'host', b'b.example'), authority=None)], 'malformed')
    yield Case('neither host nor :authority', 'rule 7', [request(authority=None)], 'malformed')
    for value in ODD:
        yield Case(f'the authority {value!r}', 'rule 7', [request(authority=value)], 'either', host=value)
    yield Case('an empty :authority and a host', 'rule 7', [request((b'host', b'b.example'), authority=b'')], 'either')
    yield Case('a host with CR LF beside a good :authority', REQUEST, [request((b'host', b'a\r\nX: y'))], 'malformed')
