# SPDX-License-Identifier: Apache-2.0
"""Mirrors that a header names (rule 12)."""
from kit.case import BEHIND, Case, accepted, rejected, request

RULE = 'rule 12; ENVOY-MIRRORING section 2'
NAME = b'X-Mirror'

NO_COPY = [
    b'', b' ', b'unknown', b'MIRROR', b'Mirror', b'mirror2', b'mirro', b'mirror,mirror', b'mirror, primary',
    b'mirror;', b'"mirror"', b'mirror mirror', b'../mirror',
    b'mirror\tx', b'%6dirror', b'http://mirror', b'127.0.0.1', b':authority', b'*', b'mirror/', b'mirror\xff',
    b'\xc3\xa9', b'm' * 300, b'm' * 10000, b'mirror' * 5000,
    b'unknown\r\nX-Mirror: mirror', b'\r\nX-Mirror: mirror', b'primary\xa0', b"'mirror'", b'mirror=1', b'{mirror}',
    b'%s%n', b'null', b'-1', b'0',
]
COPIED = [b'mirror', b' mirror', b'mirror ', b'\tmirror\t', b'mirror\r\nX-Mirror: unknown']


def named(fields):
    return request(fields, b'GET /named/{id} HTTP/1.1')


def cases():
    yield Case('no header', RULE, named(b''), accepted(copies=0))
    for value in NO_COPY:
        yield Case(f'{value[:30]!r}, {len(value)} bytes', RULE, named(NAME + b': ' + value + b'\r\n'),
                   accepted(copies=0))
    for value in COPIED:
        yield Case(f'{value!r}', RULE, named(NAME + b':' + value + b'\r\n'), accepted())
    for name in (b'x-mirror', b'X-MIRROR'):
        yield Case(f'{name!r}', RULE, named(name + b': mirror\r\n'), accepted(has=((b'x-mirror', b'mirror'),)))
    yield Case('nominated away', RULE, named(NAME + b': mirror\r\nConnection: x-mirror\r\n'),
               accepted(copies=0, lacks=(b'x-mirror',)))
    yield Case('the primary itself', RULE, named(NAME + b': primary\r\n'), accepted(copies=0, primaries=2))
    for value in (b'mirror\x00', b'mi\rrror', b'mi\nrror', b'mirror\x7f', b'mirror\r\n x'):
        yield Case(f'{value!r}', 'rule 6', named(NAME + b': ' + value + b'\r\n') + BEHIND, rejected())
    yield Case('50 KiB', RULE, named(NAME + b': ' + b'x' * 50 * 1024 + b'\r\n'), accepted(copies=0))
