# SPDX-License-Identifier: Apache-2.0
"""Error codes (RFC 9113 section 7)."""
from http2.case import Case, answered, ignored, ping_or_close
from http2.frames import data, goaway, headers, reset

RULE = 'RFC 9113 section 7'


def cases(ask):
    for code in (0xff, 0xffffffff):
        yield Case(f'GOAWAY with the unknown code {code:#x}', RULE, [goaway(0, code)], ping_or_close())
        yield Case(f'RST_STREAM with the unknown code {code:#x}', RULE,
                   [headers(1, ask.post(), end=False) + reset(1, code)], ignored())
    for code in range(14):
        yield Case(f'RST_STREAM with the code {code:#x}', RULE, [headers(1, ask.post(), end=False) + reset(1, code)],
                   ignored())
    yield Case('GOAWAY with an error, then the rest of a request', RULE,
               [headers(1, ask.post(), end=False) + goaway(0, 2) + data(1, b'test', True)], any_end())


def any_end():
    """A server may well give a client up that says that it has failed."""
    want = answered(1)

    async def check(connection):
        wrong = await answered(1).check(connection)
        return wrong if wrong and not connection.trace.end else []
    want.check, want.text = check, 'an answer, or the connection ends'
    return want
