# SPDX-License-Identifier: Apache-2.0
"""Trailers of requests."""
from http2 import hpack
from http2.frames import continuation, data, headers

from .case import Case, post
from .heads import BAD_NAMES, BREAKS, OF_CONNECTION

RULE, NAMES = 'RFC 9113 section 8.1', 'RFC 9113 section 8.2.1'
GOOD = (b'x-sum', b'1')


def cases():
    def sent(*fields, end=True, body=b'hello', more=()):
        return [post(*more) + data(1, body) + headers(1, hpack.block(fields), end=end)]

    yield Case('trailers', RULE, sent(GOOD), 'whole', body=b'hello', lacks=(b'x-sum',))
    yield Case('trailers that were announced', RULE, sent(GOOD, more=((b'trailer', b'x-sum'),)), 'whole', body=b'hello')
    yield Case('trailers with a length of the body', RULE, sent(GOOD, more=((b'content-length', b'5'),)), 'whole',
               body=b'hello')
    yield Case('trailers with a length that is not that of the body', RULE,
               sent(GOOD, more=((b'content-length', b'9'),)),
               'broken')
    yield Case('empty trailers', RULE, sent(), 'whole', body=b'hello')
    yield Case('trailers without a body', RULE, [post() + headers(1, hpack.block([GOOD]))], 'whole', body=b'')
    yield Case('trailers in two frames', RULE,
               [post() + data(1, b'hello') + headers(1, hpack.block([GOOD])[:4], done=False)
                + continuation(1, hpack.block([GOOD])[4:])], 'whole', body=b'hello')
    yield Case('trailers that do not end', RULE, sent(GOOD, end=False), 'broken')
    yield Case('trailers, then DATA', RULE, [sent(GOOD, end=False)[0] + data(1, b'more', True)], 'broken')
    for name in (b':method', b':path', b':scheme', b':authority', b':status', b':x', b':'):
        yield Case(f'trailers with {name!r}', RULE, sent(GOOD, (name, b'/x')), 'broken')
    for name in BAD_NAMES:
        yield Case(f'trailers with the name {name[:40]!r}', NAMES, sent((name, b'ok')), 'broken')
    for value in BREAKS:
        yield Case(f'trailers with the value {value[:40]!r}', NAMES, sent((b'x-sum', value)), 'broken')
    for name, value in OF_CONNECTION:
        yield Case(f'trailers with {name.decode()}: {value.decode()}', 'RFC 9113 section 8.2.2', sent((name, value)),
                   'broken')
    for name, value in ((b'content-length', b'0'), (b'content-length', b'9'), (b'host', b'evil'),
                        (b'content-length', b'x')):
        yield Case(f'trailers with {name.decode()}: {value.decode()}', 'RFC 9110 section 6.5.1', sent((name, value)),
                   'either or broken', body=b'hello', lacks=(b'content-length',))
    yield Case('2,000 trailers', 'rule 15', sent(*((b'x-%d' % at, b'y') for at in range(2000))), 'broken')
