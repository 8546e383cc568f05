# SPDX-License-Identifier: Apache-2.0
"""Bytes and lines of a head (rule 15)."""
from kit.case import BEHIND, HOST, Case, accepted, rejected, request

RULE = 'RFC 6585 section 5; Envoy max_request_headers_kb 60, max_headers_count 100'
KIB = 1024


def cases():
    for count in (1, 50, 99):
        yield Case(f'{count + 1} lines', RULE, request(b'X: y\r\n' * count), accepted())
    for count in (101, 102, 200, 1000, 8000):
        yield Case(f'{count} lines', RULE, request(b'X: y\r\n' * (count - 1)) + BEHIND, rejected(status=(431,)))
    for size in (1, 8, 32, 58):
        yield Case(f'a value of {size} KiB', RULE, request(b'X: ' + b'y' * size * KIB + b'\r\n'), accepted())
    for size in (61, 64, 128, 512):
        yield Case(f'a value of {size} KiB', RULE, request(b'X: ' + b'y' * size * KIB + b'\r\n') + BEHIND,
                   rejected(status=(431,)))
        yield Case(f'a name of {size} KiB', RULE, request(b'x' * size * KIB + b': y\r\n') + BEHIND,
                   rejected(status=(400, 431)))
        yield Case(f'a target of {size} KiB', RULE,
                   request(line=b'GET /{id}' + b'x' * size * KIB + b' HTTP/1.1') + BEHIND, rejected(status=(414, 431)))
        yield Case(f'a method of {size} KiB', RULE, request(line=b'G' * size * KIB + b' /{id} HTTP/1.1') + BEHIND,
                   rejected(status=(400, 431)))
        yield Case(f'a Host of {size} KiB', RULE, request(host=b'Host: ' + b'a' * size * KIB + b'\r\n') + BEHIND,
                   rejected(status=(400, 431)))
        yield Case(f'blanks of {size} KiB', RULE, request(b'X:' + b' ' * size * KIB + b'y\r\n') + BEHIND,
                   rejected(status=(400, 431)))
        yield Case(f'{size} KiB in 90 lines', RULE,
                   request(b''.join(b'X-%d: ' % n + b'y' * (size * KIB // 90) + b'\r\n' for n in range(90))) + BEHIND,
                   rejected(status=(431,)))
    yield Case('a request line without an end', RULE, [b'GET /{id}', *[b'x' * 8192] * 16], rejected(status=(414, 431)))
    yield Case('a head without an end', RULE,
               [b'GET /{id} HTTP/1.1\r\n' + HOST, *[b'X: ' + b'y' * 8000 + b'\r\n'] * 16], rejected(status=(431,)))
    yield Case('lines without an end', RULE, [b'GET /{id} HTTP/1.1\r\n' + HOST, *[b'X: y\r\n' * 100] * 16],
               rejected(status=(431,)))
    yield Case('a field without an end', RULE, [b'GET /{id} HTTP/1.1\r\n' + HOST + b'X: ', *[b'y' * 8192] * 16],
               rejected(status=(431,)))
    yield Case('a head of 40 KiB in small pieces', RULE,
               [b'GET /{id} HTTP/1.1\r\n' + HOST, *[b'X: ' + b'y' * 500 + b'\r\n'] * 80, b'\r\n'], accepted())
    yield Case('a target of 50 KiB', RULE, request(line=b'GET /{id}' + b'x' * 50 * KIB + b' HTTP/1.1'), accepted())
