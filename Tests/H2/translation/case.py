# SPDX-License-Identifier: Apache-2.0
"""A request in HTTP/2 on stream 1, and what the two upstreams may see of it."""
from dataclasses import dataclass, field

from http2 import hpack
from http2.frames import headers

AUTHORITY = b'a.example'
CLOSE_CLIENT, RESET_CLIENT = 'close', 'reset'      # steps of a client, beside bytes
HALF_SEEN = 'half seen'                            # it waits until the primary has seen the head


@dataclass(eq=False)
class Case:
    """`send`: bytes and steps, in which `{id}` stands for the case: HPACK literals keep their length, since a token has
    always as many bytes. `kind`: of what must come of it,
      whole      200, and both upstreams saw the same complete request
      malformed  a stream error, a connection error or an answer of 4xx, and no upstream saw a byte of the request
      broken     the same, but the head may have been seen; the end never
      either     whole or malformed: both can be defended, a second reading cannot
      answer     the client sees an answer with one of `status`, or, if that is None, one that is broken off"""
    name: str
    rule: str
    send: list
    kind: str
    group: str = ''
    number: int = 0
    method: bytes | None = None
    target: bytes | None = None
    host: bytes | None = None
    body: bytes | None = None
    has: tuple = ()               # (name, value) that both upstreams see, or the client in an answer
    lacks: tuple = ()
    status: tuple | None = (200,)
    primary: list = field(default_factory=list)    # its answers, one list of steps each
    mirror: list = field(default_factory=list)

    @property
    def token(self):
        return b'zq%05dzq' % self.number

    def fill(self, data):
        return data.replace(b'zq00000zq', self.token)


ID = b'zq00000zq'
PATH = b'/' + ID


def fields(*more, method=b'GET', path=PATH, scheme=b'http', authority=AUTHORITY):
    """None leaves a pseudo-field out."""
    pseudo = [(b':method', method), (b':scheme', scheme), (b':path', path), (b':authority', authority)]
    return [pair for pair in pseudo if pair[1] is not None] + list(more)


def request(*more, end=True, **pseudo):
    return headers(1, hpack.block(fields(*more, **pseudo)), end=end)


def post(*more, **pseudo):
    return request(*more, end=False, method=b'POST', **pseudo)
