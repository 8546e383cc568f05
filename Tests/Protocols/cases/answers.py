# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""What of an answer reaches the client."""
from kit.play import answered, expect, fact


def answering(*words, **more):
    async def script(stream):
        await stream.whole()
        await stream.answer(*words, **more)
    return script


@fact('lines of an answer keep their order, and the proxy\'s stand behind them')
async def _(play):
    play.script('primary', answering(200, [(b'x-b', b'1'), (b'set-cookie', b'a=1'), (b'set-cookie', b'b=2'),
                                           (b'content-length', b'2')], b'ok'))
    stream = await (await play.send()).whole()
    answered(stream, 200, b'ok')
    names = [name for name, _ in stream.lines]
    expect(names == [b':status', b'x-b', b'set-cookie', b'set-cookie', b'content-length',
                     b'x-envoy-upstream-service-time', b'date', b'server'], names)


@fact('an answer without a length has none for HTTP/2, and is chunked for HTTP/1.1')
async def _(play):
    async def script(stream):
        await stream.whole()
        await stream.answer(end=False)
        await stream.write(b'hello', end=True)

    play.script('primary', script)
    stream = await (await play.send()).whole()
    answered(stream, 200, b'hello')
    expect(not stream.has(b'content-length'), stream.lines)
    expect(stream.has(b'transfer-encoding') is not play.is_h2, stream.lines)


@fact('what belongs to a connection of HTTP/1.1 ends there', primaries=('h1',))
async def _(play):
    play.script('primary', answering(200, [(b'connection', b'x-hop'), (b'x-hop', b'1'), (b'keep-alive', b'timeout=5'),
                                           (b'content-length', b'2')], b'ok'))
    stream = await (await play.send()).whole()
    answered(stream, 200, b'ok')
    expect(not stream.has(b'keep-alive') and not stream.has(b'connection'), stream.lines)


@fact('a HEAD has the length and no body')
async def _(play):
    async def script(stream):
        await stream.whole()
        await stream.answer(200, [(b'content-length', b'5')], end=True)

    play.scripts(script)
    stream = await (await play.send(b'HEAD')).whole()
    answered(stream, 200, b'')
    expect(stream.get(b'content-length') == b'5', stream.lines)
    for seen in await play.both():
        expect(seen.get(b':method') == b'HEAD' and not seen.body, seen.lines)


@fact('204 and 304 have no body and no length')
async def _(play):
    for status in (204, 304):
        play.scripts(answering(status, [(b'etag', b'"a"')]))
        stream = await (await play.send()).whole()
        answered(stream, status, b'')
        expect(not stream.has(b'transfer-encoding') and not stream.has(b'content-length'), stream.lines)


@fact('Expect is answered here and goes no further')
async def _(play):
    stream = await play.send(b'POST', lines=[(b'expect', b'100-continue'), (b'content-length', b'5')], end=False)
    await stream.until(lambda: stream.interims)
    expect(dict(stream.interims[0])[b':status'] == b'100', stream.interims)
    await stream.write(b'hello', end=True)
    answered(await stream.whole())
    for seen in await play.both():
        expect(bytes(seen.body) == b'hello' and not seen.has(b'expect'), seen.lines)


@fact('other interim answers are dropped, whoever sends them')
async def _(play):
    async def script(stream):
        await stream.whole()
        await stream.answer(103, [(b'link', b'</a.css>')], end=False)
        await stream.answer(body=b'ok')

    play.scripts(script)
    stream = await (await play.send()).whole()
    answered(stream, 200, b'ok')
    expect(not stream.interims, stream.interims)


@fact('an error of the primary is the client\'s, and one of the mirror is nobody\'s')
async def _(play):
    play.script('mirror', answering(500, body=b'no'))
    answered(await (await play.send()).whole(), 200, b'ok')
    play.script('primary', answering(500, body=b'no'))
    play.script('mirror', answering(200, body=b'ok'))
    answered(await (await play.send()).whole(), 500, b'no')
