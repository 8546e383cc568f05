# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Many requests on a connection, and how connections end."""
import asyncio

from kit.play import answered, expect, fact


async def slow(stream):
    await stream.whole()
    await asyncio.sleep(0.2)
    await stream.answer(body=b'ok')


@fact('a connection carries requests one after the other')
async def _(play):
    connection = await play.connect()
    for number in range(5):
        answered(await (await play.send(connection=connection, rest=f'/{number}')).whole(), 200, b'ok')
    await play.seen('mirror', 5)
    expect(len(play.streams('primary')) == 5, len(play.streams('primary')))


@fact('health checks of a cluster use its protocol and its TLS', clients=('h1',))
async def _(play):
    kind = play.kinds['primary']
    checks = [one for one in play.upstream('primary').streams if one.target == f'/check/{kind}'.encode()]
    expect(checks, 'there was none')
    check = checks[0]
    expect(check.get(b':authority') == f'checked-{kind}'.encode(), check.lines)
    expect(check.get(b'user-agent') == b'Envoy/HC' and not check.has(b'x-forwarded-proto'), check.lines)
    expect(check.connection.is_secure is kind.endswith('s'), 'it came without TLS')
    if kind.startswith('h2'):
        expect(check.get(b':scheme') == (b'https' if kind.endswith('s') else b'http'), check.lines)


@fact('streams run side by side, and each answer is its own', clients=('h2', 'h2s'))
async def _(play):
    async def script(stream):
        await stream.whole()
        await asyncio.sleep(0.05 if stream.target[-1:] in b'02468' else 0)
        await stream.answer(body=stream.target)

    play.scripts(script)
    connection = await play.connect()
    streams = [await play.send(connection=connection, rest=f'/{number}') for number in range(40)]
    for number, stream in enumerate(streams):
        answered(await stream.whole(), 200, play.path(rest=f'/{number}'))
    await play.seen('mirror', 40)
    primary, mirror = (sorted(one.target for one in play.streams(role)) for role in ('primary', 'mirror'))
    expect(primary == mirror, 'the copies are others')


@fact('a slow stream does not hold up the others', clients=('h2', 'h2s'))
async def _(play):
    held = asyncio.Event()

    async def script(stream):
        await stream.whole()
        if stream.target.endswith(b'/held'):
            async with asyncio.timeout(20):
                await held.wait()
        await stream.answer(body=b'ok')

    play.script('primary', script)
    connection = await play.connect()
    first = await play.send(connection=connection, rest='/held')
    for number in range(5):
        answered(await (await play.send(connection=connection, rest=f'/{number}')).whole(), 200, b'ok')
    held.set()
    answered(await first.whole(), 200, b'ok')


@fact('connections to HTTP/2 upstreams are shared by requests that run at once', alone=True,
      clients=('h1', 'h2'), primaries=('h2',), mirrors=('h2',))
async def _(play):
    play.scripts(slow)
    answered(await (await play.send()).whole())
    streams = [await play.send(rest=f'/{number}') for number in range(8)]
    for stream in streams:
        answered(await stream.whole(), 200, b'ok')
    for role in ('primary', 'mirror'):
        used = {id(one.connection) for one in play.streams(role)}
        expect(len(used) <= 2, role, len(used), 'connections')


@fact('an upstream that says GOAWAY finishes what runs, and gets nothing more on that connection', alone=True,
      clients=('h1', 'h2'), primaries=('h2',), mirrors=('h2',))
async def _(play):
    async def script(stream):
        await stream.whole()
        if stream.target.endswith(b'/first'):
            stream.connection.go_away()
            await asyncio.sleep(0.1)
        await stream.answer(body=b'ok')

    play.scripts(script)
    answered(await (await play.send(rest='/first')).whole(), 200, b'ok')
    for number in range(3):
        answered(await (await play.send(rest=f'/{number}')).whole(), 200, b'ok')
    for role in ('primary', 'mirror'):
        await play.seen(role, 4)
        first, *others = play.streams(role)
        expect(all(one.connection is not first.connection for one in others), role, 'is asked on the old connection')


@fact('what an upstream never looked at, by its GOAWAY, is tried again where the route says so', alone=True,
      clients=('h1', 'h2'), primaries=('h2',))
async def _(play):
    tries = []

    async def script(stream):
        await stream.whole()
        tries.append(stream.connection)
        if len(tries) == 1:
            stream.connection.go_away(last=0)
            await asyncio.sleep(0.3)
        else:
            await stream.answer(body=b'again')

    play.script('primary', script)
    answered(await (await play.send(route='retry')).whole(), 200, b'again')
    expect(len(tries) == 2 and tries[0] is not tries[1], 'the same connection')


@fact('more requests than an upstream allows at once wait, and all are answered', alone=True,
      clients=('h1', 'h2'), primaries=('h2',), mirrors=('h2',))
async def _(play):
    for role in ('primary', 'mirror'):
        upstream = play.upstream(role)
        upstream.options = {'settings': {3: 2}}
        for connection in upstream.connections:
            connection.abort()
    play.scripts(slow)
    answered(await (await play.send(rest='/first')).whole(), 200, b'ok')
    streams = [await play.send(rest=f'/{number}') for number in range(6)]
    for stream in streams:
        answered(await stream.whole(), 200, b'ok')
    for role in ('primary', 'mirror'):
        await play.seen(role, 7)
        upstream = play.upstream(role)
        upstream.options = {}
        for connection in upstream.connections:
            connection.abort()


@fact('more requests than the limits of a cluster allow are a 503 at once, and not copied', alone=True,
      clients=('h1', 'h2'))
async def _(play):
    held = asyncio.Event()

    async def script(stream):
        await stream.whole()
        async with asyncio.timeout(20):
            await held.wait()
        await stream.answer(body=b'ok')

    play.script('primary', script)
    streams = [await play.send(route='tight', rest='/0')]
    await play.seen('primary')
    streams += [await play.send(route='tight', rest=f'/{number}') for number in (1, 2)]
    # Over HTTP/1.1 one may wait for the connection; over HTTP/2 the limit is that of requests.
    count = 2 if play.speaks_h2('primary') else 1
    await play.eventually(lambda: sum(stream.end is not None for stream in streams) == count, 'not', count, 'refused')
    refused = [stream for stream in streams if stream.end]
    for stream in refused:
        answered(stream, 503, b'upstream connect error or disconnect/reset before headers. reset reason: overflow')
        expect(stream.get(b'x-envoy-overloaded') == b'true', stream.lines)
    held.set()
    for stream in streams:
        if stream not in refused:
            answered(await stream.whole(), 200, b'ok')
    await play.eventually(lambda: len(play.streams('mirror')) == 3 - len(refused), 'copies of others')


@fact('a connection that has carried as many requests as it may ends with its last answer', clients=('h1', 'h1s'))
async def _(play):
    connection = await play.connect(few=True)
    for number in range(2):
        stream = await (await play.send(connection=connection, rest=f'/{number}')).whole()
        answered(stream, 200, b'ok')
        expect((stream.get(b'connection') == b'close') is (number == 1), stream.lines)
    await connection.until(lambda: connection.end)


@fact('a connection that has carried as many requests as it may says GOAWAY with its last answer',
      clients=('h2', 'h2s'))
async def _(play):
    connection = await play.connect(few=True)
    for number in range(2):
        answered(await (await play.send(connection=connection, rest=f'/{number}')).whole(), 200, b'ok')
    await connection.until(lambda: connection.goaways)
    expect(connection.goaways[0] == (2**31 - 1, 'NO_ERROR'), connection.goaways)


@fact('SIGTERM: what runs is answered, GOAWAY tells that it is the last, and the process ends', ours=True, alone=True,
      clients=('h1', 'h2', 'h2s'))
async def _(play):
    shared, proxy = play.proxy, await play.another()
    play.proxy = proxy
    try:
        held = asyncio.Event()

        async def script(stream):
            await stream.whole()
            async with asyncio.timeout(20):
                await held.wait()
            await stream.answer(body=b'ok')

        play.script('primary', script)
        connection = await play.connect()
        stream = await play.send(connection=connection)
        await play.seen('primary')
        proxy.terminate()
        if play.is_h2:
            await connection.until(lambda: connection.goaways)
            expect(connection.goaways[0][1] == 'NO_ERROR', connection.goaways)
        else:
            await asyncio.sleep(0.2)
        held.set()
        answered(await stream.whole(), 200, b'ok')
        await connection.until(lambda: connection.end)
        await play.eventually(lambda: not proxy.is_running, 'the process stays')
        expect(proxy.process.returncode == 0, 'it ends with', proxy.process.returncode)
    finally:
        play.proxy = shared
        proxy.stop()
