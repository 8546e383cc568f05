# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""What becomes of a request whose client, primary or mirror does not play along."""
import asyncio

import h2.errors

from kit.play import answered, expect, fact

BEFORE = b'upstream connect error or disconnect/reset before headers. reset reason: '
CODES = h2.errors.ErrorCodes


def cut(stream):
    """The message did not end as one that is whole."""
    return stream.end not in (None, 'complete')


def broke_off(play, stream):
    wanted = 'reset INTERNAL_ERROR' if play.is_h2 else 'closed'
    expect(stream.end == wanted, 'the client sees', stream.end)


async def hangs(stream):
    await stream.whole()
    await asyncio.sleep(60)


def resetting(code=CODES.CANCEL, late=False):
    async def script(stream):
        await stream.whole()
        if late:
            await stream.answer(200, [(b'content-length', b'10')], b'hello', end=False)
            await asyncio.sleep(0.05)
        stream.reset(code)
    return script


@fact('a primary that resets before its head is a 503, and the copy is whole')
async def _(play):
    play.script('primary', resetting())
    reason = b'remote reset' if play.speaks_h2('primary') else b'connection termination'
    stream = await (await play.send(b'POST', lines=[(b'content-length', b'0')])).whole()
    answered(stream, 503, BEFORE + reason)
    expect(stream.get(b'content-type') == b'text/plain', stream.lines)
    expect((await (await play.seen('mirror')).whole()).end == 'complete', 'the copy is cut')


@fact('a stream that a primary refuses is a 503 where nothing is tried again', primaries=('h2',))
async def _(play):
    play.script('primary', resetting(CODES.REFUSED_STREAM))
    answered(await (await play.send()).whole(), 503, BEFORE + b'remote refused stream reset')


@fact('a primary that calls the stream a protocol error, or answers without a status, is a 502', primaries=('h2',))
async def _(play):
    async def nameless(stream):
        await stream.whole()
        await stream.write_head([(b'x-a', b'b')], True)

    async def upper(stream):
        await stream.whole()
        await stream.answer(200, [(b'X-A', b'b')])

    async def hop(stream):
        await stream.whole()
        await stream.answer(200, [(b'connection', b'close')])

    for script in (resetting(CODES.PROTOCOL_ERROR), nameless, upper, hop):
        play.script('primary', script)
        answered(await (await play.send()).whole(), 502, BEFORE + b'protocol error')


@fact('a primary that is not there is a 503, and the copy is whole')
async def _(play):
    stream = await (await play.send(route='gone')).whole()
    answered(stream, 503, BEFORE + b'remote connection failure')
    expect((await (await play.seen('mirror')).whole()).end == 'complete', 'the copy is cut')


@fact('a call of gRPC whose primary is not there is told so in its own words')
async def _(play):
    stream = await (await play.send(b'POST', route='gone', lines=[(b'content-type', b'application/grpc')])).whole()
    answered(stream, 200, b'')
    expect(stream.get(b'grpc-status') == b'14', stream.lines)
    expect(b'remote connection failure' in (stream.get(b'grpc-message') or b''), stream.lines)


@fact('a primary that breaks off in the middle of its answer: so does the answer')
async def _(play):
    play.script('primary', resetting(late=True))
    stream = await (await play.send()).whole()
    expect(stream.status == 200 and bytes(stream.body) == b'hello', stream.lines, bytes(stream.body))
    broke_off(play, stream)
    if play.is_h2:
        answered(await again(play, stream.connection), 200, b'ok')


async def again(play, connection):
    """The client's connection carries another request."""
    play.upstream('primary').scripts.pop(play.token, None)
    return await (await play.send(connection=connection, rest='/after')).whole()


@fact('an answer that is shorter or longer than it says is cut', primaries=('h2',))
async def _(play):
    for length in (b'3', b'30'):
        async def script(stream):
            await stream.whole()
            await stream.answer(200, [(b'content-length', length)], b'hello')

        play.script('primary', script)
        stream = await (await play.send()).whole()
        expect(stream.status == 200 and cut(stream), stream.lines, stream.end)
        expect(len(stream.body) < int(length), bytes(stream.body))


@fact('a primary that is silent for longer than the route allows is a 504, and the copy runs on')
async def _(play):
    play.script('primary', hangs)
    stream = await (await play.send(route='brief')).whole()
    answered(stream, 504, b'upstream request timeout')
    expect((await (await play.seen('mirror')).whole()).end == 'complete', 'the copy is cut')


@fact('a mirror that refuses, resets, hangs or talks nonsense changes nothing')
async def _(play):
    async def at_once(stream):
        stream.reset(CODES.REFUSED_STREAM)

    async def nonsense(stream):
        if play.speaks_h2('mirror'):
            await stream.write_head([(b'x-a', b'b')], True)
        else:
            stream.connection.writer.write(b'nonsense\r\n\r\n')

    for script in (at_once, resetting(), resetting(late=True), hangs, nonsense):
        play.script('mirror', script)
        stream = await play.send(b'POST', end=False)
        await stream.write(b'hello ')
        await play.seen('primary')
        await asyncio.sleep(0.02)
        await stream.write(b'world', end=True)
        answered(await stream.whole(), 200, b'ok')
        expect(bytes((await (await play.seen('primary')).whole()).body) == b'hello world', 'the primary')


@fact('a mirror that answers early gets no more, and the primary gets all')
async def _(play):
    async def early(stream):
        await stream.answer(body=b'early')
        await stream.whole()

    play.script('mirror', early)
    stream = await play.send(b'POST', end=False)
    await stream.write(b'hello ')
    copy = await play.seen('mirror')
    await copy.whole()
    expect(cut(copy), 'the copy goes on:', copy.end)
    await stream.write(b'world', end=True)
    answered(await stream.whole(), 200, b'ok')
    expect(bytes((await play.seen('primary')).body) == b'hello world', 'the primary did not get all')


@fact('a primary that answers early ends the request, and the copy is cut with it')
async def _(play):
    async def early(stream):
        await play.seen('mirror')
        await stream.answer(body=b'early')
        await stream.whole()

    play.script('primary', early)
    stream = await play.send(b'POST', end=False)
    await stream.write(b'hello ')
    await stream.whole()
    answered(stream, 200, b'early')
    expect((stream.get(b'connection') == b'close') is not play.is_h2, stream.lines)
    expect(not stream.has(b'x-envoy-upstream-service-time'), stream.lines)
    for role, seen in zip(('primary', 'mirror'), await play.both()):
        expect(cut(seen), role, seen.end)
    if play.is_h2:
        answered(await again(play, stream.connection), 200, b'ok')


@fact('a client that leaves in the middle of its request: both are cut')
async def _(play):
    stream = await play.send(b'POST', end=False)
    await stream.write(b'hello ')
    for role in ('primary', 'mirror'):
        seen = await play.seen(role)
        await seen.until(lambda: seen.body)
    stream.reset()
    for role, seen in zip(('primary', 'mirror'), await play.both()):
        expect(cut(seen) and bytes(seen.body) == b'hello ', role, seen.end, bytes(seen.body))


@fact('a client that leaves after its request: the copy is answered')
async def _(play):
    done = []

    async def slow(stream):
        await stream.whole()
        await asyncio.sleep(0.2)
        await stream.answer(body=b'ok')
        done.append(stream.is_open and stream.connection.end is None)

    play.script('primary', hangs)
    play.script('mirror', slow)
    stream = await play.send()
    await play.both()
    stream.reset()
    await play.eventually(lambda: done, 'the mirror does not answer')
    expect(done == [True], 'the mirror was cut')


@fact('what a primary refuses or resets is tried again where the route says so, and copied once')
async def _(play):
    codes = (CODES.REFUSED_STREAM, CODES.CANCEL) if play.speaks_h2('primary') else (None,)
    for code in codes:
        tries = []

        async def script(stream):
            await stream.whole()
            tries.append(bytes(stream.body))
            if len(tries) == 1:
                stream.reset(code)
            else:
                await stream.answer(body=b'again')

        play.script('primary', script)
        copies = len(play.streams('mirror'))
        stream = await play.send(b'POST', route='retry', lines=[(b'content-length', b'5')], end=False)
        await stream.write(b'hello', end=True)
        answered(await stream.whole(), 200, b'again')
        expect(tries == [b'hello', b'hello'], tries)
        await play.seen('mirror', copies + 1)
        expect(len(play.streams('mirror')) == copies + 1, len(play.streams('mirror')), 'copies')
