# SPDX-License-Identifier: Apache-2.0
"""The Host, and what a mirror's Host is made of it (rules 7 and 8)."""
from kit.case import BEHIND, Case, accepted, either, rejected, request

RULE = 'RFC 9112 section 3.2'
SYNTAX = 'RFC 3986 section 3.2.2'

GOOD = [
    b'example.com', b'Example.COM', b'example.com:8080', b'example.com:80', b'10.1.2.3', b'10.1.2.3:80', b'[::1]',
    b'[::1]:8080',
    b'[2001:db8::1]', b'[2001:DB8::1]:443', b'[::ffff:1.2.3.4]', b'example.com.', b'example.com.:80', b'example.com:',
    b'localhost', b'a', b'a-b.c',
    b'a_b', b'xn--bcher-kva.example', b'1', b'0x7f.1', b'a.b.c.d.e.f', b'a~b', b'%41.example', b'a' * 255,
]
ODD = [b'', b':80', b':', b'example.com:99999', b'example.com:0', b'example.com:000080', b'a!b', b"a'b", b'(a)', b'a*b',
       b'a;b', b'a=b', b'a+b', b'a&b',
       b'$a', b'.', b'..', b'-', b'a..b', b'a%00b', b'a%2fb', b'a%40b', b'[v1.x]', b'example.com:' + b'1' * 30]
BAD = [
    b'a,b', b'a, b', b'a b', b'a\tb', b'a, a', b'user@a', b'user:pw@a', b'@a', b'a@', b'user@a:80', b'a:abc', b'a:80x',
    b'a:x80', b'a:-1', b'a:+80',
    b'a:80:90', b'a:b:80', b'a::80', b'a:80:', b'a:0x50', b'a:8 0', b'[::1', b'::1', b'::1]', b'[::1]x', b'[::1]:x',
    b'[::1]80', b'[::1]::80', b'[]',
    b'[', b']', b'[:', b'[]:80', b'[::1]]', b'[[::1]]', b'[::1][::2]', b'[::g]', b'[a]', b'[1.2.3.4]', b'[::1%25eth0]',
    b'[::1%eth0]', b'[:::]',
    b'[1:2:3:4:5:6:7:8:9]', b'[1::2::3]', b'[12345::]', b'x[::1]', b'a/b', b'a/', b'/a', b'a?b', b'a#b', b'a\\b',
    b'http://a', b'//a', b'a%', b'a%zz',
    b'a%4', b'%', b'a\x00', b'\x00', b'a\x00b', b'a\x7f', b'a\x0b', b'a\x80', b'\xc3\xa9.example', b'a"b', b'"a"',
    b'a<b', b'<a>', b'a{b}', b'a|b',
    b'a^b', b'a`b', b'a:80,b:80', b'a:80 b', b'a;b c', b'a:\xd9\xa1', b'a: 80', b'a :80', b'a\xa0', b'a:80#', b'a:80/',
    b'a:80?x', b'a\xe3\x80\x82b',
]


def host(value):
    return b'Host: ' + value + b'\r\n'


def cases():
    for value in GOOD:
        yield Case(f'{value[:40]!r}', SYNTAX, request(host=host(value)), accepted(host=value))
    for value in ODD:
        yield Case(f'{value[:40]!r}, {len(value)} bytes', SYNTAX, request(host=host(value)), either(host=value))
    for value in BAD:
        yield Case(f'{value!r}', RULE, request(host=host(value)) + BEHIND, rejected())
        if b'\x00' not in value and len(value) < 6:
            yield Case(f'{value!r} beside an absolute target', 'RFC 9112 section 3.2.2',
                       request(line=b'GET http://a.example/{id} HTTP/1.1', host=host(value)) + BEHIND, rejected())
    yield Case('none', RULE, request(host=b'') + BEHIND, rejected())
    yield Case('none beside an absolute target', RULE,
               request(line=b'GET http://a.example/{id} HTTP/1.1', host=b'') + BEHIND, rejected())
    for first, other in ((b'a', b'b'), (b'a', b'a'), (b'a', b''), (b'', b'a'), (b'', b''), (b'a', b'a:80'),
                         (b'a.example', b'A.example')):
        yield Case(f'two, {first!r} and {other!r}', RULE, request(host=host(first) + host(other)) + BEHIND, rejected())
        yield Case(f'two apart, {first!r} and {other!r}', RULE,
                   request(host=host(first) + b'X: y\r\nhOST:' + other + b'\r\n') + BEHIND, rejected())
    for fields in (b'Host : a', b'Host\t: a', b' Host: a', b'Host', b'Host a', b'Host\x00: a', b'H\xc3\xb6st: a',
                   b'Host:\r\n a', b'Host: a\r\n b', b'Host: a\r\n '):
        yield Case(f'spelt {fields!r}', RULE, request(host=fields + b'\r\n') + BEHIND, rejected())
        yield Case(f'a second spelt {fields!r}', RULE, request(fields + b'\r\n') + BEHIND, rejected())
    for text in (b'Host:a.example', b'Host:\ta.example', b'Host:   a.example  ', b'host: a.example',
                 b'HOST: a.example'):
        yield Case(f'spelt {text!r}', RULE, request(host=text + b'\r\n'), accepted(host=b'a.example'))
    yield Case('last of the fields', RULE, request(b'X: y\r\n' * 5 + b'Host: a.example\r\n', host=b''),
               accepted(host=b'a.example'))
    for name in (b'X-Forwarded-Host', b'X-Host', b'X-Original-Host', b'Forwarded', b':authority'):
        want = rejected() if name.startswith(b':') else accepted(host=b'a.example')
        yield Case(f'{name.decode()} is no Host', RULE, request(name + b': host=evil.example\r\n'), want)
