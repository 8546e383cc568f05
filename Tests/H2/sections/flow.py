# SPDX-License-Identifier: Apache-2.0
"""Flow control (RFC 9113 sections 5.2 and 6.9)."""
from http2.case import (Case, Until, acked, answered, bodied, connection_error, ended, exactly, headed, ignored,
                        ping_or_close, stream_error)
from http2.frames import (FLOW_CONTROL_ERROR, FRAME_BYTES, FRAME_SIZE_ERROR, INITIAL_WINDOW_SIZE, LARGEST_WINDOW,
                          PROTOCOL_ERROR, STREAM_CLOSED, WINDOW, WINDOW_UPDATE, data, frame, headers, settings,
                          window_update)

UPDATE, WINDOWS, INITIAL, CONTROL = (f'RFC 9113 section {number}' for number in ('6.9', '6.9.1', '6.9.2', '5.2'))
SMALL = 10                # bytes of the usual answer, at least


def window_of(size):
    return settings((INITIAL_WINDOW_SIZE, size))


def cases(ask):
    yield from updates(ask)
    yield from windows(ask)
    yield from initial(ask)
    yield from towards_server(ask)


def updates(ask):
    get, post = headers(1, ask.get()), headers(1, ask.post(), end=False)
    yield Case('WINDOW_UPDATE of the connection', UPDATE, [window_update(0, 1)], ignored())
    yield Case('WINDOW_UPDATE of a stream', UPDATE, [get + window_update(1, 1)], answered(1))
    yield Case('an increment of 0', UPDATE, [window_update(0, 0)], connection_error(PROTOCOL_ERROR))
    yield Case('an increment of 0 on a stream', UPDATE, [post + window_update(1, 0)], stream_error(1, PROTOCOL_ERROR))
    yield Case('an increment of 0 and the reserved bit', UPDATE, [frame(WINDOW_UPDATE, 0, 0, b'\x80\0\0\0')],
               connection_error(PROTOCOL_ERROR))
    yield Case('the reserved bit of an increment', UPDATE, [frame(WINDOW_UPDATE, 0, 0, b'\x80\0\0\1')], ignored())
    for size in (0, 3, 5):
        yield Case(f'WINDOW_UPDATE of {size} bytes', UPDATE, [frame(WINDOW_UPDATE, 0, 0, bytes(size))],
                   connection_error(FRAME_SIZE_ERROR))
        yield Case(f'WINDOW_UPDATE of {size} bytes on a stream', UPDATE,
                   [post + frame(WINDOW_UPDATE, 0, 1, bytes(size))],
                   connection_error(FRAME_SIZE_ERROR))


def windows(ask):
    post = headers(1, ask.post(), end=False)
    yield Case('a window of 1', WINDOWS, [window_of(1), acked(2), headers(1, ask.get())], exactly(1, 1))
    yield Case('a window of 0', WINDOWS, [window_of(0), acked(2), headers(1, ask.get()), headed(1)], exactly(1))
    yield Case('above 2^31-1', WINDOWS, [window_update(0, LARGEST_WINDOW) * 2], connection_error(FLOW_CONTROL_ERROR))
    yield Case('above 2^31-1 at once', WINDOWS, [window_update(0, LARGEST_WINDOW)],
               connection_error(FLOW_CONTROL_ERROR))
    yield Case('2^31-1 exactly', WINDOWS, [window_update(0, LARGEST_WINDOW - WINDOW)], ignored())
    yield Case('above 2^31-1 on a stream', WINDOWS, [post + window_update(1, LARGEST_WINDOW) * 2],
               stream_error(1, FLOW_CONTROL_ERROR, alone=True))
    yield Case('2^31-1 exactly on a stream', WINDOWS, [post + window_update(1, LARGEST_WINDOW - WINDOW)
                                                       + data(1, b'test', True)], answered(1))
    yield Case('one by one', WINDOWS,
               [window_of(0), acked(2), headers(1, ask.get()), headed(1),
                *(step for count in range(1, 5) for step in (window_update(1, 1), bodied(1, count)))],
               exactly(1, 1, 1, 1, 1))
    yield Case('the window of the connection stops a stream', WINDOWS,
               [window_of(1 << 20), acked(2), headers(1, ask.get(b'/size/100000')), bodied(1, WINDOW)],
               sum_of(WINDOW), local=True)
    yield Case('the window of the connection stops all streams', WINDOWS,
               [b''.join(headers(stream, ask.get(b'/size/40000')) for stream in (1, 3, 5)),
                Until('a full window', lambda trace: sum(answer.size
                                                         for answer in list(trace.answers.values())) == WINDOW),
                window_update(0, 1 << 20)], answered(1, 3, 5, size=40000), local=True)
    yield Case('a stream without a window does not stop another', WINDOWS,
               [headers(1, ask.get(b'/size/100000')), bodied(1, WINDOW), window_update(0, 1 << 20),
                headers(3, ask.get())], answered(3), local=True)
    yield Case('a body of 300,000 bytes with updates', WINDOWS,
               [headers(1, ask.get(b'/size/300000')), bodied(1, WINDOW), window_update(0, 1 << 20),
                window_update(1, 100000), bodied(1, WINDOW + 100000), window_update(1, 1 << 20)],
               answered(1, size=300000), local=True)
    yield Case('an empty answer needs no window', WINDOWS, [window_of(0), acked(2), headers(1, ask.get(b'/size/0'))],
               answered(1, size=0), local=True)
    yield Case('HEAD needs no window', WINDOWS, [window_of(0), acked(2), headers(1, ask.replaced(b':method', b'HEAD'))],
               answered(1, size=0))


def sum_of(size):
    want = exactly(1)

    async def check(connection):
        await exactly(1).check(connection)
        got = connection.trace.answers[1].size
        return [] if got == size else [f'{got} bytes']
    want.check, want.text = check, f'{size} bytes, and no more'
    return want


def initial(ask):
    get = headers(1, ask.get())
    yield Case('from 0 to 1 while a stream is open', INITIAL, [window_of(0), acked(2), get, window_of(1), acked(3)],
               exactly(1, 1))
    yield Case('a window below 0', INITIAL,
               [window_of(3), acked(2), get, bodied(1, 3), window_of(2), acked(3), window_update(1, 2)],
               exactly(1, 3, 1))
    yield Case('a window far below 0', INITIAL,
               [window_of(5), acked(2), get, bodied(1, 5), window_of(0), acked(3), window_update(1, 5)], exactly(1, 5))
    yield Case('a change does not touch the connection', INITIAL,
               [window_of(1 << 20), acked(2), headers(1, ask.get(b'/size/100000')), bodied(1, WINDOW),
                window_of(1 << 21),
                acked(3)], sum_of(WINDOW), local=True)
    yield Case('above 2^31-1 in SETTINGS', INITIAL, [frame(4, 0, 0, b'\0\4\x80\0\0\0')],
               connection_error(FLOW_CONTROL_ERROR))
    yield Case('above 2^31-1 by SETTINGS, of an open stream', INITIAL,
               [headers(1, ask.post(), end=False) + window_update(1, 100) + window_of(LARGEST_WINDOW)],
               connection_error(FLOW_CONTROL_ERROR))
    yield Case('for all open streams', INITIAL,
               [window_of(0), acked(2), b''.join(headers(stream, ask.get()) for stream in (1, 3, 5)), headed(1),
                headed(3),
                headed(5), window_of(WINDOW)], answered(1, 3, 5))


def towards_server(ask):
    """What a client sends beyond the windows that it was given."""
    yield Case('a client beyond its window', WINDOWS, [headers(1, ask.post(b'/stuck'), end=False)], overrun(1),
               local=True)
    yield Case('the window is given back', CONTROL,
               [headers(1, ask.post(), end=False),
                *(step for _ in range(40) for step in (paced(), data(1, bytes(FRAME_BYTES)))), data(1, b'', True)],
               answered(1))
    yield Case('padding is given back, too', CONTROL,
               [headers(1, ask.post(), end=False),
                *(step for _ in range(3000) for step in (paced(257), data(1, b'x', pad=255))), data(1, b'', True)],
               answered(1), local=True)
    yield Case('what came on a reset stream is given back', CONTROL,
               [*(step for stream in range(1, 101, 2) for step in (
                   paced(), headers(stream, ask.post(), end=False) + data(stream, bytes(FRAME_BYTES))
                   + frame(3, 0, stream, b'\0\0\0\x08'))), headers(201, ask.get())], answered(201))
    yield Case('WINDOW_UPDATE of a stream that is over', CONTROL,
               [headers(1, ask.get()), ended(1), window_update(1, 9)],
               ping_or_close())
    yield Case('DATA after the end counts for the connection', CONTROL,
               [headers(1, ask.post(), end=False) + data(1, b'test', True) + data(1, b'test')],
               stream_error(1, STREAM_CLOSED))


def room(trace):
    """Bytes that both windows still have for the last stream."""
    window = (trace.settings or {}).get(INITIAL_WINDOW_SIZE, WINDOW) + trace.windows[trace.opened]
    return min(WINDOW + trace.windows[0] - trace.spent[0], window - trace.spent[trace.opened])


def paced(size=FRAME_BYTES):
    return Until(f'room for {size} bytes', lambda trace: room(trace) >= size)


def overrun(stream):
    """Fills the windows while nobody takes the bytes, then sends a frame more; if they were given after all, again.
    A window that is never full says nothing."""
    want = stream_error(stream, FLOW_CONTROL_ERROR)
    check = want.check

    def is_over(trace):
        return trace.answers[stream].is_over or trace.goaways or trace.end

    async def fill(connection):
        trace, patience, tries = connection.trace, connection.longest, 5
        while tries and not is_over(trace):
            if trace.spent[stream] > 1 << 26:
                return []
            connection.longest = patience / 10
            has_room = await connection.until(lambda trace: room(trace) > 0)
            await connection.send(data(stream, bytes(min(FRAME_BYTES, room(trace)) if has_room else FRAME_BYTES)))
            if not has_room:
                tries -= 1
                await connection.until(lambda trace: is_over(trace) or room(trace) > 0)
        connection.longest = patience
        return await check(connection)
    want.check = fill
    return want
