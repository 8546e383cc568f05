# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""WebSocket over HTTP/1.1 upgrades and over extended CONNECT (RFC 8441), in every mixture."""
from kit.play import expect, fact


async def agrees(stream):
    if stream.get(b':protocol'):
        await stream.answer(200, end=False)
    else:
        await stream.answer(101, [(b'connection', b'Upgrade'), (b'upgrade', b'websocket')])
        stream.connection.becomes_raw()


async def accepts(stream):
    await agrees(stream)
    await stream.write(b'hello')
    await stream.until_seen(b'bye')


@fact('a WebSocket passes in both directions, and the mirror gets its bytes')
async def _(play):
    play.scripts(accepts)
    stream = await play.send(b'CONNECT', route='upgrade', protocol=b'websocket', end=False)
    await stream.head()
    expect(stream.status == (200 if play.is_h2 else 101), stream.lines)
    expect((stream.get(b'upgrade') == b'websocket') is not play.is_h2, stream.lines)
    expect(stream.has(b'connection') is not play.is_h2, stream.lines)
    await stream.until(lambda: b'hello' in stream.body)
    await stream.write(b'bye')
    for role in ('primary', 'mirror'):
        seen = await play.seen(role)
        await play.eventually(lambda: b'bye' in seen.body, role, 'gets nothing')
        expect(bytes(seen.body) == b'bye', role, bytes(seen.body))
        if play.speaks_h2(role):
            expect((seen.get(b':method'), seen.get(b':protocol')) == (b'CONNECT', b'websocket'), role, seen.lines)
            expect(not seen.has(b'upgrade') and not seen.has(b'connection'), role, seen.lines)
        else:
            expect((seen.get(b':method'), seen.get(b'upgrade')) == (b'GET', b'websocket'), role, seen.lines)
            expect(seen.get(b'connection').lower() == b'upgrade', role, seen.lines)


@fact('an upgrade where the route allows none is a 403')
async def _(play):
    stream = await play.send(b'CONNECT', protocol=b'websocket', end=False)
    await stream.head()
    expect(stream.status == 403, stream.lines, stream.end)
    expect(not play.streams('primary') and not play.streams('mirror'), 'somebody saw it')


async def opened(play):
    """-> the client's stream of a WebSocket whose upstreams go on behind `accepts`"""
    stream = await play.send(b'CONNECT', route='upgrade', protocol=b'websocket', end=False)
    await stream.until(lambda: b'hello' in stream.body)
    await stream.write(b'bye')
    return stream


async def goes_on(stream):
    await accepts(stream)
    await stream.until_half()
    if stream.can_go_on:
        await stream.write(b'late')
    await stream.end_half()


async def half_passes(play):
    play.scripts(goes_on)
    stream = await opened(play)
    await stream.end_half()
    await stream.whole()
    wanted = b'hello' if play.kinds['primary'] == 'h1s' else b'hellolate'
    expect((bytes(stream.body), stream.end) == (wanted, 'complete'), bytes(stream.body), stream.end)
    for role in ('primary', 'mirror'):
        seen = await play.seen(role)
        await play.eventually(lambda: seen.is_half_over, role, 'does not hear of the end')


@fact('the client\'s half of a tunnel may end first', clients=('h2', 'h2s'), primaries=('h2',), mirrors=('h2',))
async def _(play):
    await half_passes(play)


@fact('upstreams of HTTP/1.1 hear of the end of the client\'s half', clients=('h2', 'h2s'), ours=True)
async def _(play):
    await half_passes(play)


@fact('a client of HTTP/1.1 that ends its half ends the tunnel', clients=('h1',))
async def _(play):
    play.scripts(accepts)
    stream = await opened(play)
    await stream.end_half()
    await stream.whole()
    expect((bytes(stream.body), stream.end) == (b'hello', 'closed'), bytes(stream.body), stream.end)
    seen = await play.seen('primary')
    ends = ('reset CANCEL', 'reset INTERNAL_ERROR') if play.speaks_h2('primary') else ('closed', 'reset')
    await play.eventually(lambda: seen.is_over(*ends), seen.end, seen.connection.end)


async def leaves(stream):
    await accepts(stream)
    await stream.end_half()


@fact('an upstream that ends its half ends the tunnel', clients=('h2', 'h2s'), primaries=('h2',))
async def _(play):
    play.script('primary', leaves)
    stream = await opened(play)
    await stream.whole()
    expect((bytes(stream.body), stream.end) == (b'hello', 'complete'), bytes(stream.body), stream.end)
    seen = await play.seen('primary')
    await play.eventually(lambda: seen.is_over('reset CANCEL', 'reset INTERNAL_ERROR'), seen.end)


@fact('a client hears of the orderly end of an HTTP/1.1 upstream', clients=('h2', 'h2s'), primaries=('h1',), ours=True)
async def _(play):
    play.script('primary', leaves)
    stream = await opened(play)
    await stream.whole()
    expect((bytes(stream.body), stream.end) == (b'hello', 'complete'), bytes(stream.body), stream.end)
