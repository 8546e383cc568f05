# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Bodies, trailers and their flow, towards both upstreams."""
from kit.play import Wrong, answered, expect, fact


@fact('a body with a length reaches both with it')
async def _(play):
    stream = await play.send(b'POST', lines=[(b'content-length', b'5')], end=False)
    await stream.write(b'hello', end=True)
    answered(await stream.whole())
    for seen in await play.both():
        expect((bytes(seen.body), seen.get(b'content-length')) == (b'hello', b'5'), seen.lines, bytes(seen.body))
        expect(seen.end == 'complete' and not seen.has(b'transfer-encoding'), seen.lines)


@fact('a body without a length is chunked for HTTP/1.1 and nothing more for HTTP/2')
async def _(play):
    stream = await play.send(b'PUT', end=False)
    await stream.write(b'hello ')
    await stream.write(b'world', end=True)
    answered(await stream.whole())
    for role, seen in zip(('primary', 'mirror'), await play.both()):
        expect(bytes(seen.body) == b'hello world' and seen.end == 'complete', role, bytes(seen.body))
        expect(not seen.has(b'content-length'), role, seen.lines)
        expect(seen.has(b'transfer-encoding') is not play.speaks_h2(role), role, seen.lines)


@fact('a POST without a body has none upstream')
async def _(play):
    answered(await (await play.send(b'POST', lines=[] if play.is_h2 else [(b'content-length', b'0')])).whole())
    for seen in await play.both():
        expect(not seen.body and seen.end == 'complete', bytes(seen.body))


@fact('pieces of a body reach both as they come')
async def _(play):
    stream = await play.send(b'POST', end=False)
    sent = b''
    for number in range(5):
        piece = b'piece %d;' % number
        sent += piece
        await stream.write(piece, end=number == 4)
        for role in ('primary', 'mirror'):
            seen = await play.seen(role)
            await seen.until(lambda: len(seen.body) >= len(sent))
            expect(bytes(seen.body) == sent, role, bytes(seen.body))
    answered(await stream.whole())


@fact('pieces of an answer reach the client as they come')
async def _(play):
    turns = []

    async def script(stream):
        await stream.whole()
        await stream.answer(end=False)
        for number in range(5):
            await stream.write(b'piece %d;' % number, end=number == 4)
            await play.eventually(lambda: len(turns) > number, 'the client does not get on')

    play.script('primary', script)
    stream = await play.send()
    for number in range(5):
        await stream.until(lambda: stream.body.count(b';') > number)
        expect(stream.body.count(b';') == number + 1, bytes(stream.body))
        turns.append(number)
    answered(await stream.whole())


@fact('bodies of 1 MB pass both ways, and the copy is the same')
async def _(play):
    body = bytes(range(256)) * 4_000

    async def script(stream):
        await stream.whole()
        await stream.answer(body=bytes(stream.body))

    play.scripts(script)
    stream = await play.send(b'POST', end=False)
    await stream.write(body, end=True)
    answered(await stream.whole(), 200, body)
    for role, seen in zip(('primary', 'mirror'), await play.both()):
        expect(bytes(seen.body) == body, role, len(seen.body))


@fact('trailers of a request go from HTTP/2 to HTTP/2 and nowhere else')
async def _(play):
    stream = await play.send(b'POST', lines=[(b'te', b'trailers')], end=False)
    await stream.write(b'hello')
    await stream.write_trailers([(b'x-sum', b'1'), (b'x-last', b'2')])
    answered(await stream.whole())
    for role, seen in zip(('primary', 'mirror'), await play.both()):
        wanted = [(b'x-sum', b'1'), (b'x-last', b'2')] if play.is_h2 and play.speaks_h2(role) else []
        expect(seen.end == 'complete' and bytes(seen.body) == b'hello', role, seen.end, bytes(seen.body))
        expect(seen.trailers == wanted, role, seen.trailers)


@fact('trailers of an answer go from HTTP/2 to HTTP/2 and nowhere else')
async def _(play):
    async def script(stream):
        await stream.whole()
        await stream.answer(body=b'hello', trailers=[(b'x-sum', b'1')])

    play.scripts(script)
    stream = await (await play.send()).whole()
    answered(stream, 200, b'hello')
    expect(stream.trailers == ([(b'x-sum', b'1')] if play.is_h2 and play.speaks_h2('primary') else []), stream.trailers)


@fact('a client that does not read stops the primary, and gets everything in the end', alone=True,
      clients=('h1', 'h2'), mirrors=('h1',))
async def _(play):
    total, piece = 64 << 20, b'x' * (1 << 20)
    written = [0]

    async def script(stream):
        await stream.whole()
        await stream.answer(end=False)
        for _ in range(total // len(piece)):
            await stream.write(piece)
            written[0] += len(piece)
        await stream.write(b'.', end=True)

    play.script('primary', script)
    connection = await play.connect()
    stream = await play.send(connection=connection, end=True)
    stream.is_reading = False
    before = -1
    while before != written[0]:
        before = written[0]
        await play.pause()
    expect(written[0] < total, 'all of', total, 'bytes were taken from the primary')
    stream.resume()
    answered(await stream.whole())
    expect(len(stream.body) == total + 1, len(stream.body))


@fact('a mirror that does not read holds nobody up', ours=True, alone=True, clients=('h1', 'h2'))
async def _(play):
    async def stalls(stream):
        stream.is_reading = False
        await stream.whole()

    play.script('mirror', stalls)
    stream = await play.send(b'POST', end=False)
    await stream.write(b'x' * 1000)
    await play.seen('mirror')
    for _ in range(24):
        await stream.write(b'x' * (1 << 20))
    await stream.write(b'.', end=True)
    answered(await stream.whole(), 200, b'ok')
    primary = await (await play.seen('primary')).whole()
    expect(len(primary.body) == 1001 + (24 << 20), len(primary.body))
    copy = play.streams('mirror')[-1]
    if copy.end == 'complete':
        raise Wrong('the copy is said to be whole')
