# SPDX-License-Identifier: Apache-2.0
"""What a case is: frames to send, and what must come of it."""
import asyncio
from dataclasses import dataclass, field

from . import hpack
from .frames import DATA, PREFACE, code_name, headers, ping
from .frames import take as take_frames

MARK = b'lastword'        # of a PING that shows that all before it was dealt with


class Requests:
    """Field blocks of good requests, as literals: the same bytes at any point of a connection."""

    def __init__(self, scheme='http', authority='a.example'):
        self.scheme, self.authority = scheme.encode(), authority.encode()

    def fields(self, method=b'GET', path=b'/', *more):
        return [(b':method', method), (b':scheme', self.scheme), (b':path', path), (b':authority', self.authority),
                *more]

    def get(self, path=b'/', *more):
        return hpack.block(self.fields(b'GET', path, *more))

    def post(self, path=b'/', *more):
        return hpack.block(self.fields(b'POST', path, *more))

    def without(self, name):
        return hpack.block(field for field in self.fields() if field[0] != name)

    def replaced(self, name, value, method=b'GET'):
        return hpack.block((key, value if key == name else old) for key, old in self.fields(method))


@dataclass(frozen=True)
class Until:
    """A client waits for this; a case whose wait is in vain has failed."""
    text: str
    is_met: object


@dataclass(frozen=True)
class Told:
    """Bytes that depend on what the server has said: `make(trace)`; None if the case says nothing to such a server."""
    make: object


@dataclass
class Want:
    text: str
    check: object             # async, of a connection: what is wrong


@dataclass
class Case:
    name: str
    section: str
    send: list
    want: Want
    greet: bool = True        # preface and SETTINGS first, acknowledged on both sides
    settings: tuple = ()      # of the greeting
    local: bool = False       # it needs the upstream of this kit
    group: str = ''
    faults: list = field(default_factory=list)


def acked(count):
    return Until(f'{count} SETTINGS acknowledged', lambda trace: trace.acks >= count)


def headed(stream):
    return Until(f'HEADERS on stream {stream}', lambda trace: trace.answers[stream].fields is not None)


def ended(stream):
    return Until(f'the end of stream {stream}', lambda trace: trace.answers[stream].ended)


def was_reset(stream):
    return Until(f'RST_STREAM on stream {stream}, or the end',
                 lambda trace: trace.answers[stream].code is not None or trace.end)


def bodied(stream, size):
    return Until(f'{size} bytes on stream {stream}', lambda trace: trace.answers[stream].size >= size)


def names(codes):
    return ' or '.join(code_name(code) for code in codes)


def connection_error(*codes, silent=False):
    """GOAWAY with one of the codes, and the end; or the end alone, if `silent` or unless the run is strict: GOAWAY is
    a SHOULD (RFC 9113 section 5.4.1), and a MAY for a bad preface (section 3.4)."""
    async def check(connection):
        trace = connection.trace
        await connection.sees(lambda trace: trace.end or not connection.strict and said(trace, codes))
        if trace.goaways and trace.goaways[-1].code not in codes:
            return [f'GOAWAY says {code_name(trace.goaways[-1].code)}']
        if not connection.strict:
            return [] if trace.end or trace.goaways else ['the connection stays open']
        return (['the connection stays open'] * (not trace.end)
                + ['no GOAWAY before the end'] * (not trace.goaways and not silent))
    return Want(f'connection error {names(codes)}', check)


def said(trace, codes):
    return bool(trace.goaways) and trace.goaways[-1].code in codes


def closed():
    async def check(connection):
        return [] if await connection.sees(lambda trace: trace.end) else ['the connection stays open']
    return Want('the connection ends', check)


def stream_error(stream, *codes, alone=False):
    """RST_STREAM with one of the codes, and the connection goes on; or a connection error with one of them (RFC 9113
    section 5.4.1 allows that of every stream error; h2spec does not where `alone` is said, and nor do we)."""
    async def check(connection):
        trace = connection.trace
        if not await connection.sees(lambda trace: trace.answers[stream].code is not None or trace.end
                                     or said(trace, codes)):
            return ['nothing was reset, and the connection stays open']
        code = trace.answers[stream].code
        if code is None and alone and connection.strict:
            return ['more than the stream came to its end']
        if code is None or said(trace, codes):
            return await connection_error(*codes).check(connection)
        if code not in codes:
            return [f'RST_STREAM says {code_name(code)}']
        return await lives().check(connection) if connection.strict else []
    return Want(f'stream error {names(codes)}', check)


def lives():
    """A PING is answered, and a request on a new stream."""
    async def check(connection):
        trace = connection.trace
        stream = (trace.opened + 1 | 1) if trace.opened else 1
        await connection.send(ping(MARK) + headers(stream, connection.ask.get()))
        await connection.sees(lambda trace: MARK in trace.pongs and trace.answers[stream].ended or trace.end)
        if MARK not in trace.pongs:
            return ['no answer to a PING']
        if trace.answers[stream].status != 200 or not trace.answers[stream].complete:
            return [f'stream {stream} is answered by {trace.answers[stream]}']
        return [f'{frame}' for frame in trace.goaways]
    return Want('the connection goes on', check)


def ignored(*streams):
    """Nothing is reset, and the connection goes on."""
    async def check(connection):
        wrong = await lives().check(connection)
        answers = connection.trace.answers
        return wrong + [f'stream {stream} was reset: {code_name(answers[stream].code)}' for stream in streams
                        if answers[stream].code is not None]
    return Want('nothing happens', check)


def ping_or_close():
    async def check(connection):
        await connection.send(ping(MARK))
        trace = connection.trace
        await connection.sees(lambda trace: MARK in trace.pongs or trace.end)
        return [] if MARK in trace.pongs or trace.end else ['no answer to a PING']
    return Want('a PING is answered, or the connection ends', check)


def answered(*streams, status=200, size=None):
    async def check(connection):
        trace = connection.trace
        await connection.sees(lambda trace: all(trace.answers[stream].is_over for stream in streams) or trace.end)
        return [f'stream {stream} is answered by {trace.answers[stream]}' for stream in streams
                if not trace.answers[stream].complete or trace.answers[stream].status != status
                or size is not None and trace.answers[stream].size != size]
    text = f' of {size} bytes' if size is not None else ''
    return Want(f'{status} on {", ".join(map(str, streams))}{text}', check)


def seen(text, is_met):
    async def check(connection):
        return [] if await connection.sees(is_met) else ['it did not come']
    return Want(text, check)


def exactly(stream, *sizes):
    """DATA of these sizes on the stream, and not a byte more, although a PING has been answered since."""
    async def check(connection):
        total, trace = sum(sizes), connection.trace
        await connection.sees(lambda trace: trace.answers[stream].size >= total
                              and trace.answers[stream].fields is not None or trace.end)
        await connection.send(ping(MARK))
        await connection.sees(lambda trace: MARK in trace.pongs or trace.end)
        got = [len(frame.content) for frame in trace.frames if frame.kind == DATA and frame.stream == stream]
        got = [size for size in got if size]
        return [] if got == list(sizes) and not trace.end else [f'DATA of {got} bytes']
    return Want(f'DATA of {list(sizes)} bytes on stream {stream}, and no more', check)


def any_of(*wants):
    async def check(connection):
        # All at once: what has not come is not waited for behind what has.
        tasks, wrong = [asyncio.create_task(want.check(connection)) for want in wants], []
        for task in asyncio.as_completed(tasks):
            if not (wrong := await task):
                break
        for task in tasks:
            task.cancel()
        return wrong
    return Want(', or '.join(want.text for want in wants), check)


def shown(log):
    """What was sent, in words."""
    text, rest = [], bytearray(b''.join(log))
    if rest.startswith(PREFACE):
        del rest[:len(PREFACE)]
        text += [str(frame) for frame in take_frames(rest)]
    text += [repr(bytes(rest[:60]))] if rest else []
    return ', '.join(text if len(text) <= 12 else text[:6] + ['...'] + text[-6:])
