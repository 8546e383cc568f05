# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Requests and answers from a small grammar: mostly right, often odd, sometimes broken."""
import re

TARGETS = [b'/', b'/a/b?c=d', b'/%2e%2e/x;y', b'//a', b'/a?b?c', b'*', b'http://other/', b'http://other:80/x?y',
           b'https://other', b'http://other?q', b'HTTP://OTHER/', b'http://', b'http://a@b/', b'/a#b', b'a', b'/"<>^`{|}\\']
HOSTS = [b'h', b'h', b'example.com:8080', b'[::1]:80', b'[::1]', b'', b'a.b:', b'a_b', b'a@b', b'a,b', b'a:b:c']
LINES = [b'Accept: a', b'Accept: b', b'Cookie: a=b', b'Cookie: c=d', b'Connection: close', b'Connection: keep-alive, X-A',
         b'Connection: host, content-length, transfer-encoding', b'Connection: x-forwarded-for', b'Keep-Alive: 5',
         b'Proxy-Connection: keep-alive', b'TE: trailers', b'TE: gzip', b'Upgrade: h2c', b'Expect: 100-continue',
         b'X-A: 1', b'X-A:  2 ', b'X-A:\t3\t', b'X-A:', b'x_b: 4', b'X-B: \xc3\xa9\x80', b'X-C: "a, b"', b'X-A : 1',
         b'X A: 1', b': 1', b'X-A', b' folded', b'X-D: a\x00b', b'X-D: a\rb', b'X-D: a\nX-E: b', b'X-D: a\x7fb', b'Host: other',
         b'Content-Length: 3', b'Content-Length: 0', b'Content-Length: +5', b'Content-Length: 5, 5', b'Content-Length: 0x5',
         b'Content-Length: 99999999999999999999', b'Transfer-Encoding: chunked', b'Transfer-Encoding: gzip, chunked',
         b'Transfer-Encoding: identity', b'Transfer-Encoding : chunked', b'Transfer-Encoding:\x0bchunked']
ODD = [b'\r\n', b'\n', b'\r', b' ', b'\t', b':', b'\0', b',', b';', b'0', b'9', b'HTTP/1.1', b'\r\n ', b'\r\n\r\n', b'\xff',
       b'Content-Length: 1\r\n', b'Transfer-Encoding: chunked\r\n', b'GET / HTTP/1.1\r\nHost: x\r\n\r\n']
ANSWER_LINES = [b'Server: s', b'Date: now', b'Set-Cookie: a', b'Set-Cookie: b', b'X-A: 1', b'X-A:  2 ', b'X-A:', b'Vary: a',
                b'Vary: b', b'Connection: close', b'Connection: x-a', b'Keep-Alive: 5', b'Trailer: x', b'Content-Length: 3',
                b'Transfer-Encoding: gzip', b'X-B: \xff', b'X-A : 1', b'X-C: a\x00b', b' folded', b'X-D', b'X-E: a\nX-F: b']


def damage(data, dice):
    """Changes a few bytes."""
    data = bytearray(data)
    for _ in range(dice.choice([1, 1, 2, 4])):
        spot, kind = dice.randrange(len(data) + 1), dice.randrange(5)
        if kind == 0:
            data[spot:spot + 1] = bytes([dice.randrange(256)])
        elif kind == 1:
            del data[spot:spot + dice.choice([1, 1, 2, 20])]
        elif kind == 2:
            data[spot:spot] = data[spot:spot + dice.randrange(1, 40)]
        else:
            data[spot:spot] = dice.choice(ODD)
    return bytes(data)


def chunks(body, dice):
    """A body in the chunked coding, sometimes with what a recipient has to check or to drop."""
    wire = b''
    while body:
        size = dice.randrange(1, len(body) + 1)
        wire += b'%x' % size + dice.choice([b''] * 12 + [b';a', b';a="b"'] * 3 + [b' ;a']) + b'\r\n' + body[:size] + b'\r\n'
        body = body[size:]
    return wire + b'0' + dice.choice([b'', b'', b';x', b'00']) + b'\r\n' + dice.choice([b'', b'', b'X-Sum: 1\r\n']) + b'\r\n'


def framed(dice):
    """-> [framing lines], body on the wire"""
    body = bytes(dice.randrange(256) for _ in range(dice.choice([0, 1, 5, 40, 3000])))
    kind = dice.randrange(4)
    if kind == 0:
        return [], b''
    if kind == 1:
        return [b'Transfer-Encoding: chunked'], chunks(body, dice)
    length = len(body) + (0 if dice.randrange(15) else dice.choice([-1, 1, 2]))
    return [b'Content-Length: %d' % max(0, length)], body


def request(dice):
    lines, body = framed(dice)
    method = dice.choice([b'GET', b'HEAD', b'DELETE', b'OPTIONS']) if not lines else dice.choice([b'POST', b'PUT', b'GET'])
    target = dice.choice([b'/', b'/x?y']) if dice.randrange(3) else dice.choice(TARGETS)
    if method == b'OPTIONS' and target == b'*':
        # No route takes it, so it is answered by the proxy itself; Tests/Hardening plays it.
        target = b'/'
    host = b'h' if dice.randrange(3) else dice.choice(HOSTS)
    odd = dice.choice([0, 0, 1, 2, 5])
    lines += [b'Host: ' + host] + [dice.choice(LINES[:16] if dice.randrange(2) else LINES) for _ in range(odd)]
    dice.shuffle(lines)
    version = b'HTTP/1.1' if dice.randrange(30) else dice.choice([b'HTTP/1.0', b'HTTP/2.0', b'http/1.1', b'HTTP/1.1 '])
    wire = b' '.join([method, target, version]) + b'\r\n' + b''.join(line + b'\r\n' for line in lines) + b'\r\n' + body
    wire = wire if dice.randrange(5) else damage(wire, dice)
    # Tunnels have a test of their own.
    return re.sub(rb'CONNECT', b'CONECT', wire)


def answer(dice, method):
    """-> bytes, and whether the upstream closes behind them"""
    status = dice.choice([b'200 OK', b'200 OK', b'200', b'404 Not Found', b'500 Oops', b'204 No Content', b'304 Not Modified'])
    lines, body = framed(dice)
    closes = not lines or not dice.randrange(4)
    bodiless = method == b'HEAD' or status[:3] in (b'204', b'304')
    if bodiless:
        body = b''
        if status[:3] == b'204':
            lines = []
    elif not lines:
        body = bytes(dice.randrange(256) for _ in range(dice.randrange(50)))
    lines += [dice.choice(ANSWER_LINES[:11] if dice.randrange(2) else ANSWER_LINES) for _ in range(dice.choice([0, 1, 3]))]
    dice.shuffle(lines)
    wire = b'HTTP/1.1 ' + status + b'\r\n' + b''.join(line + b'\r\n' for line in lines) + b'\r\n' + body
    if not dice.randrange(8):
        wire = dice.choice([b'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n', b'HTTP/1.1 100 Continue\r\n\r\n']) + wire
    if not dice.randrange(5):
        return damage(wire, dice), True
    return wire, closes
