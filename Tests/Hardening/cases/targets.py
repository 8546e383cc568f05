# SPDX-License-Identifier: Apache-2.0
"""Request targets in all their forms (rules 6 and 7)."""
from kit.case import BEHIND, HOST, Case, Want, accepted, either, rejected, request

FORM = 'RFC 9112 section 3.2'
ABSOLUTE = 'RFC 9112 section 3.2.2'
URI = 'RFC 3986'

KEPT = [
    b'/{id}', b'/{id}/', b'/{id}?', b'/{id}?q', b'/{id}?a=b&c=d', b'/{id}?a?b', b'/{id}?a=http://b/', b'/{id};a=b',
    b"/{id}!$&'()*+,;=:@-._~",
    b'/{id}//x', b'//{id}', b'///{id}', b'//evil.example/{id}', b'/{id}/../x', b'/{id}/./x', b'/../{id}', b'/{id}/..',
    b'/{id}%2e%2e',
    b'/{id}%2F', b'/{id}%5c', b'/{id}%41', b'/{id}%e2%82%ac', b'/{id}/http://b.example/', b'/{id}:80', b'/{id}@b',
    b'/%7e{id}', b'/{id}?%00',
    b'/{id}%0d%0aX:%20y', b'/{id}?a=%0d%0aHost:%20b', b'/{id}' + b'x' * 8000, b'/{id}?' + b'y=1&' * 2000, b'/{id}/*',
]
ODD = [
    b'/{id}\\x', b'/{id}|', b'/{id}"', b'/{id}<', b'/{id}>', b'/{id}^', b'/{id}`', b'/{id}{', b'/{id}}', b'/{id}[',
    b'/{id}]', b'/{id}%00', b'/{id}%',
    b'/{id}%zz', b'/{id}%4', b'/{id}?a\\b', b'/{id}?a|b', b'/\\{id}', b'/{id}?{}',
]
BAD = [
    b'{id}', b'x/{id}', b'?{id}', b'./{id}', b'../{id}', b'\\{id}', b'\\\\b\\{id}', b'#{id}', b'/{id}#', b'/{id}#x',
    b'/{id}?a#b', b'/#/{id}',
    b'http://a.example/{id}#x', b':80/{id}', b'a.example/{id}', b'a.example:80', b'*', b'*{id}', b'**', b'/*{id} x',
    b'%2f{id}', b';{id}',
    b'@b/{id}', b'"/{id}"', b'</{id}>', b'(/{id})', b'.', b'..', b'~', b'-', b'=', b'&',
]
BAD_ABSOLUTE = [
    b'http:/{id}', b'http:{id}', b'http:///{id}', b'http://', b'http:', b'http', b'ftp://a.example/{id}',
    b'file:///{id}', b'javascript:{id}',
    b'ws://a.example/{id}', b'gopher://a/{id}', b'data:,{id}', b'urn:x:{id}', b'http//a.example/{id}',
    b'http:\\\\a.example\\{id}',
    b'http://u@b.example/{id}', b'http://u:p@b.example/{id}', b'http://@b.example/{id}', b'http://b.example:x/{id}',
    b'http://b.example:80x/{id}',
    b'http://b.example:-1/{id}', b'http://b.example:+80/{id}', b'http://b.example:80:81/{id}', b'http://[::1/{id}',
    b'http://::1/{id}',
    b'http://::1]/{id}', b'http://[::1]x/{id}', b'http://[]/{id}', b'http://[g::1]/{id}', b'http://b,c/{id}',
    b'http://b.example\\/{id}',
    b'http://b.example\\@c/{id}', b'http://b"c/{id}', b'http://b<c/{id}', b'http://b|c/{id}', b'http://:80/{id}',
    b'http://?{id}', b'http:////{id}',
    b'http://b example/{id}', b' http://b.example/{id}', b'xhttp://b.example/{id}', b'http+x://b.example/{id}',
    b'http://b.example%/{id}',
    b'http://b%zzc/{id}', b'http://[::1%25lo]/{id}', b'http://b\x00/{id}', b'http://b\xc3\xa9/{id}',
    b'http://b.example#/{id}', b'http://b^c/{id}', b'http://b.example:/{id}', b'http://b.example:65536/{id}',
    b'http://[::1]:/{id}', b'http://b%00/{id}', b'http://b%0d%0ac/{id}', b'http://b%2fc/{id}', b'http://b*/{id}',
    b'http://b(c/{id}', b'http://b;c/{id}', b'http://b$c/{id}', b"http://b'c/{id}",
]
GOOD_ABSOLUTE = [
    (b'http://b.example/{id}', b'b.example', b'/{id}'), (b'HTTP://b.example/{id}', b'b.example', b'/{id}'),
    (b'hTTp://B.Example/{id}', b'B.Example', b'/{id}'), (b'http://b.example:81/{id}', b'b.example:81', b'/{id}'),
    (b'http://b.example/{id}?q', b'b.example', b'/{id}?q'), (b'http://b.example?{id}', b'b.example', b'/?{id}'),
    (b'https://b.example/{id}', b'b.example', b'/{id}'), (b'http://[::1]/{id}', b'[::1]', b'/{id}'),
    (b'http://[::1]:81/{id}', b'[::1]:81', b'/{id}'), (b'http://127.0.0.1/{id}', b'127.0.0.1', b'/{id}'),
    (b'http://b.example:65535/{id}', b'b.example:65535', b'/{id}'),
    (b'http://b.example:0080/{id}', b'b.example:0080', b'/{id}'),
    (b'http://b.example./{id}', b'b.example.', b'/{id}'), (b'http://b.example//{id}', b'b.example', b'//{id}'),
    (b'http://b.example/{id}/http://c/', b'b.example', b'/{id}/http://c/'),
]


def get(target, fields=b'', method=b'GET', host=HOST):
    return request(fields, method + b' ' + target + b' HTTP/1.1', host)


def cases():
    for target in KEPT:
        yield Case(f'kept {target[:40]!r}, {len(target)} bytes', FORM, get(target), accepted(target=target))
    for target in ODD:
        yield Case(f'odd {target!r}', URI, get(target), either(target=target))
    for target in BAD:
        yield Case(f'bad {target!r}', FORM, get(target) + BEHIND, rejected())
    for target in BAD_ABSOLUTE:
        yield Case(f'bad {target!r}', ABSOLUTE, get(target) + BEHIND, rejected())
    for target, host, path in GOOD_ABSOLUTE:
        yield Case(f'absolute {target!r}', ABSOLUTE, get(target), accepted(target=path, host=host))
        yield Case(f'absolute {target!r} with the same Host', ABSOLUTE, get(target, host=b'Host: ' + host + b'\r\n'),
                   accepted(target=path, host=host))
    token = b'X-Case: {id}\r\n'
    yield Case('absolute without a path', ABSOLUTE, get(b'http://b.example', token),
               accepted(target=b'/', host=b'b.example'))
    yield Case('OPTIONS *', FORM, get(b'*', token, b'OPTIONS'), Want(('answer',), 1, status=(200, 404), reused=None))
    for method in (b'GET', b'POST', b'HEAD', b'PUT', b'DELETE'):
        yield Case(f'{method.decode()} *', FORM, get(b'*', token, method), rejected())
        yield Case(f'{method.decode()} of an authority', FORM, get(b'a.example:80', token, method), rejected())
    yield from connects()


def connects():
    for target in (b'/{id}', b'http://b.example/{id}', b'b.example', b'b.example:', b'b.example:x', b':80', b'*',
                   b'u@b:80', b'b.example:80/{id}',
                   b'[::1', b'b,c:80', b'b.example:80', b'[::1]:80'):
        yield Case(f'CONNECT {target!r}', 'RFC 9110 section 9.3.6',
                   get(target, b'X-Case: {id}\r\n', b'CONNECT',
                       b'Host: ' + target.replace(b'{id}', b'x') + b'\r\n') + BEHIND, rejected())
    for fields in (b'Content-Length: 5\r\n', b'Transfer-Encoding: chunked\r\n'):
        yield Case(f'CONNECT with {fields!r}', 'RFC 9110 section 9.3.6',
                   request(b'X-Case: {id}\r\n' + fields, b'CONNECT b.example:80 HTTP/1.1', b'Host: b.example:80\r\n',
                           b'hello' + BEHIND),
                   rejected())
