# SPDX-License-Identifier: Apache-2.0
"""Frames that cost a server more than their sender."""
from http2.frames import (FRAME_BYTES, HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE, continuation, data, frame, goaway,
                          headers,
                          ping, priority, reset, settings, window_update)
from http2.hpack import literal

from .arena import Attack

RULE = 'rule 14; CVE-2019-9511 to 9518'
CONTINUED = 'CVE-2024-27316 and others, CONTINUATION flood'
MANY = 200_000


def ends(make, count=MANY, **more):
    async def play(arena):
        first = more.pop('first', None)
        return await arena.ends(make, count, first=first(arena) if first else b'', **more)
    return play


def bounded(make, count=MANY, **more):
    async def play(arena):
        first = more.pop('first', None)
        return await arena.bounded(make, count, first=first(arena) if first else b'', **more)
    return play


def half_a_head(arena):
    return headers(1, arena.ask.get(), done=False)


def half_a_body(arena):
    return headers(1, arena.ask.post(), end=False)


def filler(at):
    return literal(b'x-%07d' % at, b'y' * 1000)


ATTACKS = [
    Attack('CONTINUATION without bytes', CONTINUED, ends(lambda at: continuation(1, b'', False), first=half_a_head)),
    Attack('CONTINUATION of one byte', CONTINUED, ends(lambda at: continuation(1, b'\x82', False), first=half_a_head)),
    Attack('CONTINUATION of fields without end', CONTINUED,
           ends(lambda at: continuation(1, filler(at) * 16, False), 4000, batch=20, first=half_a_head)),
    Attack('CONTINUATION of one field without end', CONTINUED,
           ends(lambda at: continuation(1, b'\0\7x-large\x7f\xff\xff\x7f' if not at else b'y' * FRAME_BYTES, False),
                4000,
                batch=20, first=half_a_head)),
    Attack('empty DATA', RULE, ends(lambda at: data(1), first=half_a_body)),
    Attack('empty DATA with padding', RULE, bounded(lambda at: data(1, b'', pad=0), 50_000, first=half_a_body,
                                                    waits=False)),
    Attack('DATA of one byte', RULE, bounded(lambda at: data(1, b'x'), 20_000, first=half_a_body, waits=False)),
    Attack('empty HEADERS', RULE, ends(lambda at: headers(2 * at + 1, b''), 20_000)),
    Attack('SETTINGS, unread', RULE, ends(lambda at: settings(), 2_000_000, batch=5000, deaf=True)),
    Attack('SETTINGS with values, unread', RULE,
           ends(lambda at: settings(*[(INITIAL_WINDOW_SIZE, at % 65536)] * 100), 40_000, batch=100, deaf=True)),
    Attack('PING, unread', RULE, ends(lambda at: ping(b'%08d' % at), 2_000_000, batch=5000, deaf=True)),
    Attack('requests, whose answers are not read', RULE,
           bounded(lambda at: headers(2 * at + 1, b'\x82\x86\x84\x01\x01a'), 20_000, deaf=True)),
    Attack('SETTINGS that resize the table', RULE,
           bounded(lambda at: settings((HEADER_TABLE_SIZE, at % 2 * 4096)), 20_000, waits=False)),
    Attack('PING, read', RULE, bounded(lambda at: ping(b'%08d' % at), 20_000, waits=False)),
    Attack('PRIORITY', RULE, ends(lambda at: priority(1, 3, at % 256), first=half_a_body)),
    Attack('PRIORITY of idle streams', RULE, ends(lambda at: priority(2 * at + 1, 0, at % 256))),
    Attack('WINDOW_UPDATE of the connection', RULE, ends(lambda at: window_update(0, 1))),
    Attack('WINDOW_UPDATE of a stream', RULE, ends(lambda at: window_update(1, 1), first=half_a_body)),
    Attack('RST_STREAM of a closed stream', RULE,
           bounded(lambda at: reset(1), 50_000, first=lambda arena: half_a_body(arena) + reset(1), waits=False)),
    Attack('frames of an unknown kind', RULE, bounded(lambda at: frame(0x42, 0, 0, b'x' * 10), 50_000, waits=False)),
    Attack('GOAWAY', RULE, bounded(lambda at: goaway(0), 50_000, waits=False)),
]
