# SPDX-License-Identifier: Apache-2.0
"""Clients that hold what they have: windows that stay shut, uploads that stall, heads that never end."""
import asyncio

from http2.frames import (FRAME_BYTES, INITIAL_WINDOW_SIZE, PREFACE, REFUSED_STREAM, data, headers, ping, settings,
                          window_update)

from .arena import BUFFER, MIB, STREAMS, WINDOW, Attack, Failed

RULE = 'rule 14; CVE-2019-9517 and others'
CLIENTS = 200
ANSWER = 1_000_000        # bytes
UPLOADS, UPLOAD = 50, 8_000_000

# Of each client: what waits for it, what came from its upstream, and as much again for all else.
HELD = CLIENTS * 4 * BUFFER
# What copies that are not taken may hold of one cluster, by default.
MIRRORS = 32 * MIB


async def crowd(arena, play, *settings_of_all, count=CLIENTS):
    connections = await asyncio.gather(*(arena.connect(*settings_of_all, patience=20.0) for _ in range(count)))
    await asyncio.gather(*(play(connection) for connection in connections))
    await arena.settle()
    return connections


async def zero_windows(arena):
    async def play(connection):
        await connection.send(headers(1, arena.ask.get(b'/size/%d' % ANSWER)))
        await connection.until(lambda trace: trace.answers[1].fields)
    connections = await crowd(arena, play, (INITIAL_WINDOW_SIZE, 0))
    began = sum(connection.trace.answers[1].status == 200 for connection in connections)
    if began != CLIENTS:
        raise Failed(f'{began} of {CLIENTS} answers began')
    # A window that opens after all brings all of it.
    await connections[0].send(window_update(0, 2 * ANSWER) + window_update(1, 2 * ANSWER))
    await connections[0].until(lambda trace: trace.answers[1].is_over)
    if connections[0].trace.answers[1].size != ANSWER:
        raise Failed(f'after the window opened: {connections[0].trace.answers[1]}')
    return f'{began} answers of {ANSWER:,} bytes'


async def unread(arena):
    """Windows are wide open, but nothing is read."""
    async def play(connection):
        await connection.send(window_update(0, 1 << 30))
        connection.deafen()
        await connection.send(headers(1, arena.ask.get(b'/size/%d' % (8 * ANSWER))))
    await crowd(arena, play, (INITIAL_WINDOW_SIZE, 1 << 30), count=50)
    return '50 answers'


async def many_streams(arena):
    """One client, as many streams as it may have, and no window for any."""
    connection = await arena.connect((INITIAL_WINDOW_SIZE, 0))
    streams = range(1, 2 * STREAMS, 2)
    await connection.send(b''.join(headers(stream, arena.ask.get(b'/size/%d' % ANSWER)) for stream in streams))
    await connection.until(lambda trace: all(trace.answers[stream].fields for stream in streams))
    await arena.settle()
    began = sum(connection.trace.answers[stream].status == 200 for stream in streams)
    if began != STREAMS:
        raise Failed(f'{began} of {STREAMS} answers began')
    return f'{began} answers'


async def stalled_uploads(arena):
    async def play(connection):
        await connection.send(headers(1, arena.ask.post(b'/stuck'), end=False))
        trace = connection.trace
        window, connection.longest = trace.settings.get(INITIAL_WINDOW_SIZE, 65535), 0.5
        while trace.spent[1] < UPLOAD:
            def room(trace):
                return min(65535 + trace.windows[0] - trace.spent[0], window + trace.windows[1] - trace.spent[1])
            if not await connection.until(lambda trace: room(trace) > 0):
                break
            await connection.send(data(1, bytes(min(FRAME_BYTES, room(trace), UPLOAD - trace.spent[1]))))
    connections = await crowd(arena, play, count=UPLOADS)
    sent = sum(connection.trace.spent[1] for connection in connections)
    return f'{sent / MIB:.0f} MiB were taken from {UPLOADS} clients'


async def too_many_streams(arena):
    connection = await arena.connect()
    streams = range(1, 2 * (STREAMS + 50), 2)
    await connection.send(b''.join(headers(stream, arena.ask.get(b'/hold')) for stream in streams) + ping(b'all sent'))
    await connection.until(lambda trace: b'all sent' in trace.pongs or trace.goaways)
    refused = sum(answer.code == REFUSED_STREAM for answer in list(connection.trace.answers.values()))
    most = arena.upstreams[0].most
    if not connection.trace.goaways and not connection.trace.end and refused != 50:
        raise Failed(f'{refused} were refused, not 50')
    if most > STREAMS + 10:
        raise Failed(f'{most} were with the primary')
    return f'{refused} refused' + (', and the end' if connection.trace.goaways or connection.trace.end else '')


def unfinished(text):
    """300 clients that stop there."""
    async def play(arena):
        writers = [(await asyncio.open_connection(*arena.server.places[0]))[1] for _ in range(300)]
        for writer in writers:
            writer.write(text(arena))
        await arena.settle()
        for writer in writers:
            writer.close()
        return '300 clients'
    return play


ATTACKS = [
    Attack(f'{CLIENTS} clients without a window, answers of 1 MB', RULE, zero_windows, memory=HELD + 16 * MIB,
           fresh=True),
    Attack('50 clients that read nothing of 8 MB', RULE, unread, memory=50 * 4 * BUFFER + 16 * MIB, fresh=True),
    Attack(f'{STREAMS} streams without a window, answers of 1 MB', RULE, many_streams,
           memory=STREAMS * 4 * BUFFER + 16 * MIB, fresh=True),
    Attack(f'{UPLOADS} uploads of 8 MB that nobody reads', RULE, stalled_uploads,
           memory=UPLOADS * (WINDOW + 4 * BUFFER) + MIRRORS + 16 * MIB, fresh=True),
    Attack('more streams than allowed', 'RFC 9113 section 5.1.2', too_many_streams),
    Attack('half a preface', RULE, unfinished(lambda arena: PREFACE[:10])),
    Attack('a preface and nothing', RULE, unfinished(lambda arena: PREFACE)),
    Attack('half a frame', RULE, unfinished(lambda arena: PREFACE + settings() + headers(1, arena.ask.get())[:20])),
    Attack('half a head', RULE, unfinished(
        lambda arena: PREFACE + settings() + headers(1, arena.ask.get() + b'\0\1x\x7f\x81\x7f' + b'y' * 16000,
                                                     done=False))),
    Attack('half of a frame of 16 KB', RULE, unfinished(
        lambda arena: PREFACE + settings() + headers(1, arena.ask.post(), end=False)
        + data(1, bytes(FRAME_BYTES))[:-1])),
]
