# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""What of a request's head reaches the primary and the mirror."""
from kit.play import answered, expect, fact

OWN = (b'x-forwarded-proto', b'x-request-id', b'x-envoy-expected-rq-timeout-ms')
COPY = (b'x-envoy-internal', b'x-forwarded-for')
PSEUDO = (b':method', b':scheme', b':authority', b':path')


def names(stream):
    return [name for name, _ in stream.lines if not name.startswith(b':')]


@fact('a head reaches both, the copy with its own host and two lines more')
async def _(play):
    stream = await play.send(rest='/a%2Fb//c?d=e;f', lines=[(b'x-b', b'2'), (b'x-a', b'1'), (b'x-b', b'3')])
    answered(await stream.whole(), 200, b'ok')
    primary, copy = await play.both()
    for role, seen, authority in (('primary', primary, b'a.example:8080'), ('mirror', copy, b'a.example-shadow:8080')):
        expect(seen.get(b':method') == b'GET', role, seen.lines)
        expect(seen.target == play.path(rest='/a%2Fb//c?d=e;f'), role, seen.target)
        expect(seen.get(b':authority') == authority, role, seen.get(b':authority'))
        expect(seen.get(b'x-forwarded-proto') == (b'https' if play.is_secure else b'http'), role, seen.lines)
        expect(seen.get(b'x-b') == b'2, 3', role, seen.lines)
        expect(not seen.has(b'host') and not seen.body, role, seen.lines)
    expect(names(primary) == [b'x-b', b'x-a', b'x-b', *OWN], 'primary', names(primary))
    expect(names(copy) == names(primary) + list(COPY), 'mirror', names(copy))
    expect(primary.get(b'x-request-id') == copy.get(b'x-request-id'), 'two request ids')
    expect(copy.get(b'x-envoy-internal') == b'true', copy.lines)


@fact('the scheme is that of the client\'s connection, on both')
async def _(play):
    answered(await (await play.send()).whole())
    for role, seen in zip(('primary', 'mirror'), await play.both()):
        if play.speaks_h2(role):
            expect(seen.get(b':scheme') == (b'https' if play.is_secure else b'http'), role, seen.lines)
            pseudo = [name for name, _ in seen.lines if name.startswith(b':')]
            expect(sorted(pseudo) == sorted(PSEUDO), role, pseudo)


@fact('the suffix stands at the end of a host without a port')
async def _(play):
    await (await play.send(authority=b'a.example')).whole()
    _, copy = await play.both()
    expect(copy.get(b':authority') == b'a.example-shadow', copy.lines)


@fact('the copy has the proxy\'s address behind those that the client named')
async def _(play):
    await (await play.send(lines=[(b'x-forwarded-for', b'192.0.2.77'), (b'x-request-id', b'my-own')])).whole()
    primary, copy = await play.both()
    expect(primary.get(b'x-forwarded-for') == b'192.0.2.77', primary.lines)
    expect(copy.get(b'x-forwarded-for').startswith(b'192.0.2.77,'), copy.lines)
    expect(primary.get(b'x-request-id') == copy.get(b'x-request-id'), 'two request ids')


@fact('crumbs of a cookie are one line behind the client\'s others; lines of HTTP/1.1 stay as they are')
async def _(play):
    await (await play.send(lines=[(b'cookie', b'a=1'), (b'cookie', b'b=2'), (b'x-a', b'1')])).whole()
    wanted = [(b'x-a', b'1'), (b'cookie', b'a=1; b=2')] if play.is_h2 else [
        (b'cookie', b'a=1'), (b'cookie', b'b=2'), (b'x-a', b'1')]
    for seen in await play.both():
        own = [line for line in seen.lines if line[0] in (b'cookie', b'x-a')]
        expect(own == wanted, own)


@fact('te: trailers reaches both')
async def _(play):
    await (await play.send(lines=[(b'te', b'trailers')])).whole()
    for seen in await play.both():
        expect(seen.get(b'te') == b'trailers', seen.lines)


@fact('what belongs to a connection of HTTP/1.1 ends there', clients=('h1', 'h1s'))
async def _(play):
    lines = [(b'connection', b'x-hop'), (b'x-hop', b'1'), (b'keep-alive', b'timeout=5'), (b'x-end', b'1')]
    answered(await (await play.send(lines=lines)).whole())
    for seen in await play.both():
        left = [name for name in (b'connection', b'x-hop', b'keep-alive') if seen.has(name)]
        expect(not left and seen.has(b'x-end'), seen.lines)


@fact('a head of 40 KB reaches both')
async def _(play):
    value = b'v' * 10_000
    stream = await play.send(lines=[(b'x-%d' % number, value) for number in range(4)])
    answered(await stream.whole())
    for seen in await play.both():
        expect(all(seen.get(b'x-%d' % number) == value for number in range(4)), [name for name, _ in seen.lines])


@fact('a head that is too large reaches nobody: a 431, or a stream that is reset')
async def _(play):
    stream = await play.send(lines=[(b'x-%d' % number, b'v' * 10_000) for number in range(7)])
    await stream.until(lambda: stream.status)
    expect(stream.status == 431 or play.is_h2 and stream.end.startswith('reset '), stream.lines, stream.end)
    expect(not play.streams('primary') and not play.streams('mirror'), 'somebody saw it')


@fact('a path without a route is a 404 without a body')
async def _(play):
    stream = await (await play.send(route='nowhere')).whole()
    answered(stream, 404, b'')


@fact('a call of gRPC without a route is told so in its own words')
async def _(play):
    stream = await (await play.send(b'POST', route='nowhere', lines=[(b'content-type', b'application/grpc')])).whole()
    answered(stream, 200, b'')
    expect(stream.get(b'content-type') == b'application/grpc', stream.lines)
    expect(stream.get(b'grpc-status') == b'12' and not stream.trailers, stream.lines, stream.trailers)
