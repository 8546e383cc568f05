# SPDX-License-Identifier: Apache-2.0
"""What a case is: bytes to send, answers to give, and what must come of it."""
import itertools
from dataclasses import dataclass, field

# Steps of a client and of an upstream, beside bytes to send and seconds to wait.
CLOSE, RESET, HALF = 'close', 'reset', 'half close'
INTERIM = 'interim'       # of a client: wait for an interim answer
EARLY = 'early'           # first in an answer: do not wait for the request's end
SETTLE = 'settle'         # of a client: the upstreams have played their parts
AGAIN = 'again'           # of a client: go on with a new connection


@dataclass(frozen=True)
class Replies:
    """A client waits until it has so many answers."""
    count: int


@dataclass(frozen=True)
class Pieces:
    """A client sends the bytes cut at these offsets, one after the other."""
    data: bytes
    cuts: tuple
    pause: float = 0.0

    def __iter__(self):
        return zip((0, *self.cuts), (*self.cuts, len(self.data)))


def bytewise(data):
    return Pieces(data, tuple(range(1, 1 + len(data))))


@dataclass
class Want:
    """`kinds`: any of these outcomes is right.
      rejected   `served` good answers, one error that closes, and no upstream saw a complete request beyond them
      accepted   `served` good answers, and both upstreams saw exactly these messages
      dead       no upstream saw a complete request beyond `served`; the connection ends, with an error or without
      answer     see `status`, `body`, `ends`: the client's view of what an upstream answered"""
    kinds: tuple
    served: int = 0
    whole: bool = False           # of rejected: an upstream may have seen a part of the message
    close: bool = False           # of accepted: the connection ends behind the last answer
    status: tuple = (200,)
    body: bytes | None = None     # of the request (accepted) or of the answer (answer)
    target: bytes | None = None
    host: bytes | None = None
    has: tuple = ()               # (name, value) that both upstreams must see, or the client in an answer
    lacks: tuple = ()             # names that none may see
    ends: str = 'complete'        # of answer: complete | truncated
    copies: int | None = None     # how many the mirror sees, if it is not as many as the primary
    primaries: int | None = None  # how many the primary sees, if a copy goes there, too
    reused: bool | None = None    # of answer: the connection carries the second request, too


REFUSALS = tuple(range(400, 500)) + (501, 505)


def rejected(served=0, *, status=REFUSALS, whole=True):
    return Want(('rejected',), served, whole=whole, status=status)


def broken(served=0):
    """A body fault: the head may have reached the upstreams, the end never does."""
    return Want(('rejected', 'dead'), served, whole=False, status=REFUSALS)


def accepted(served=1, **more):
    return Want(('accepted',), served, **more)


def either(**more):
    """Both are defensible; what is not is a second reading."""
    return Want(('accepted', 'rejected'), 1, status=REFUSALS, **more)


def dead(served=0):
    return Want(('dead',), served, status=REFUSALS)


def answer(*status, body=None, **more):
    return Want(('answer',), 1, status=status or (200,), body=body, **more)


@dataclass(eq=False)
class Case:
    name: str
    rule: str
    send: list
    want: Want
    group: str = ''
    entry: str = 'plain'            # the listener
    primary: list = field(default_factory=list)   # its answers, one list of steps each
    mirror: list = field(default_factory=list)
    solo: bool = False              # it has a slot of its own: two clusters that nobody else uses meanwhile
    methods: list = field(default_factory=list)
    number: int = 0
    slot: int = 0                   # whose clusters these are, while it runs

    def __post_init__(self):
        if isinstance(self.send, bytes):
            self.send = [self.send]
        if not self.methods:
            text = b''.join(step.data if isinstance(step, Pieces) else step for step in self.send
                            if isinstance(step, (bytes, Pieces)))
            self.methods = [text.lstrip(b'\r\n').split(b' ')[0].decode('latin-1')]

    @property
    def token(self):
        return f'zq{self.number}zq'.encode()

    def fill(self, data):
        return data.replace(b'{id}', self.token).replace(b'{slot}', b'slot%d' % self.slot)


HOST = b'Host: a.example\r\n'
BEHIND = b'GET /{id}/smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n'


def request(fields=b'', line=b'GET /{id} HTTP/1.1', host=HOST, body=b''):
    return line + b'\r\n' + host + fields + b'\r\n' + body


def post(fields, body=b'', target=b'/{id}'):
    return request(fields, b'POST ' + target + b' HTTP/1.1', body=body)


def number(cases):
    for index, case in zip(itertools.count(1), cases):
        case.number = index
    return cases
