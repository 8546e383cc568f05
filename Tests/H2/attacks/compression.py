# SPDX-License-Identifier: Apache-2.0
"""Small blocks of fields that become large, and many fields."""
from http2.frames import FRAME_BYTES, continuation, headers
from http2.hpack import indexed, literal, stored, table_size

from .arena import Attack, Failed

BOMB, LIST, CRUMBS = 'CVE-2016-6581, HPACK bomb', 'rule 15; RFC 9113 section 10.5.1', 'rule 14; RFC 9113 section 8.2.3'
COOKIE = 32               # in the static table
TOO_MUCH = (400, 431)


def framed(stream, block):
    """HEADERS and as many CONTINUATION frames as it takes."""
    pieces = [block[at:at + FRAME_BYTES] for at in range(0, len(block), FRAME_BYTES)]
    return headers(stream, pieces[0], done=len(pieces) == 1) + b''.join(
        continuation(stream, piece, piece is pieces[-1]) for piece in pieces[1:])


async def refused(arena, *blocks):
    """Each block is too much: 431, a reset or the end; nothing of it reaches the primary."""
    connection = await arena.connect()
    for at, block in enumerate(blocks):
        await connection.send(framed(2 * at + 1, block))
    last = 2 * len(blocks) - 1
    await connection.until(lambda trace: all(trace.answers[stream].is_over for stream in range(1, last + 1, 2))
                           or trace.goaways)
    found = {str(answer.status or ('reset' if answer.code is not None else 'nothing'))
             for answer in list(connection.trace.answers.values())}
    served = [answer for answer in connection.trace.answers.values()
              if answer.complete and answer.status not in TOO_MUCH]
    if served:
        raise Failed(f'it was answered by {served[0]}')
    if not found - {'nothing'} and not connection.trace.end and not connection.trace.goaways:
        raise Failed('there was no answer at all')
    return ', '.join(sorted(found)) + (', and the end' if connection.trace.goaways or connection.trace.end else '')


async def served(arena, block):
    connection = await arena.connect()
    await connection.send(framed(1, block))
    await connection.until(lambda trace: trace.answers[1].is_over)
    answer = connection.trace.answers[1]
    if answer.status != 200 or not answer.complete:
        raise Failed(f'the client got {answer}: {connection.trace.describe()}')
    return str(answer.status)


def too_much(make, count=1):
    return lambda arena: refused(arena, *[make(arena.ask.get(b'/'))] * count)


def enough(make):
    return lambda arena: served(arena, make(arena.ask.get(b'/')))


def fields(count, name=b'x-%05d', value=b'y'):
    return b''.join(literal(name % at, value) for at in range(count))


ATTACKS = [
    Attack('one entry, 12,000 times', BOMB, too_much(
        lambda get: get + stored(b'x-bomb', b'y' * 4000) + indexed(62) * 12_000, 20)),
    Attack('one entry, a million times', BOMB, too_much(
        lambda get: get + stored(b'x-bomb', b'y' * 4000) + indexed(62) * 1_000_000)),
    Attack('one cookie, 12,000 times', BOMB, too_much(
        lambda get: get + stored(COOKIE, b'y' * 4000) + indexed(62) * 12_000, 20)),
    Attack('an empty field of the static table, 16,000 times', BOMB, too_much(
        lambda get: get + indexed(58) * 16_000, 20)),
    Attack('an entry as a name, 5,000 times', BOMB, too_much(
        lambda get: get + stored(b'x' * 4000, b'y') + literal(62, b'z') * 5_000, 5)),
    Attack('a Huffman string of 50,000 bytes, 10 times', BOMB, too_much(
        lambda get: get + literal(b'x-bomb', b'0' * 50_000, True) * 10)),
    Attack('5,000 sizes of the table', 'RFC 7541 section 4.2', (
        lambda arena: either(arena, (table_size(0) + table_size(4096)) * 2_500 + arena.ask.get()))),
    Attack('300 entries that evict each other', 'RFC 7541 section 4.4', too_much(
        lambda get: get + b''.join(stored(b'x-%05d' % at, b'y' * 4000) for at in range(300)))),
    Attack('90 fields', LIST, enough(lambda get: get + fields(90))),
    Attack('120 fields', LIST, too_much(lambda get: get + fields(120), 10)),
    Attack('5,000 fields', LIST, too_much(lambda get: get + fields(5_000), 3)),
    Attack('a field of 50 KB', LIST, enough(lambda get: get + literal(b'x-large', b'y' * 50_000))),
    Attack('a field of 70 KB', LIST, too_much(lambda get: get + literal(b'x-large', b'y' * 70_000), 10)),
    Attack('a field of 1 MB', LIST, too_much(lambda get: get + literal(b'x-large', b'y' * 1_000_000))),
    Attack('a path of 70 KB', LIST, lambda arena: refused(arena, arena.ask.get(b'/' + b'x' * 70_000))),
    Attack('50 crumbs', CRUMBS, enough(lambda get: get + literal(COOKIE, b'a=b') * 50)),
    Attack('10,000 crumbs', CRUMBS, too_much(lambda get: get + literal(COOKIE, b'a=b') * 10_000, 5)),
    Attack('10,000 empty crumbs', CRUMBS, too_much(lambda get: get + indexed(COOKIE) * 10_000, 5)),
    Attack('100,000 crumbs', CRUMBS, too_much(lambda get: get + literal(COOKIE, b'a=b') * 100_000)),
]


async def either(arena, block):
    try:
        return await served(arena, block)
    except Failed:
        return await refused(arena, block)
