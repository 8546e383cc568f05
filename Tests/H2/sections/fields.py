# SPDX-License-Identifier: Apache-2.0
"""Fields and pseudo-fields of requests (RFC 9113 sections 8.2 to 8.5)."""
from http2.case import Case, answered, any_of, stream_error
from http2.frames import CONNECT_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, headers
from http2.hpack import block, literal

FIELDS, CONNECTION, PSEUDO, REQUEST, CONNECT = (
    f'RFC 9113 section {number}' for number in ('8.2.1', '8.2.2', '8.3', '8.3.1', '8.5'))

BAD_NAMES = [b'X-TEST', b'x-tesT', b'', b' ', b'x test', b'x-test ', b' x-test', b'x\ttest', b'x:test', b'x-test:',
             b'x\0',
             b'x\r', b'x\n', b'x\r\ny', b'x\x7f', b'x\x80', b'\xc3\xa9', b'x(y)', b'x,y', b'x/y', b'x;y', b'x=y',
             b'x?y',
             b'x@y', b'x[y]', b'x\\y', b'x{y}', b'"x"']
BAD_VALUES = [b'a\0b', b'\0', b'a\rb', b'a\nb', b'a\r\nb', b'\r', b'\n', b'a\r\n b']
EDGES = [b' a', b'a ', b'\ta', b'a\t']        # section 8.2.1: malformed; the blanks may as well be taken off
GOOD_NAMES = [b"x!#$%&'*+-.^_`|~", b'0', b'x_y']
GOOD_VALUES = [b'', b'a b', b'a\tb', b'\x80\xff', b'"', b',;=', bytes(range(0x21, 0x7f))]
OF_CONNECTION = [(b'connection', b'keep-alive'), (b'connection', b'close'), (b'connection', b''),
                 (b'connection', b'x-a'),
                 (b'keep-alive', b'timeout=5'), (b'proxy-connection', b'keep-alive'),
                 (b'transfer-encoding', b'chunked'),
                 (b'transfer-encoding', b'identity'), (b'transfer-encoding', b''), (b'upgrade', b'websocket'),
                 (b'upgrade', b'h2c'), (b'te', b'gzip'), (b'te', b'trailers, deflate'), (b'te', b'trailers;q=1'),
                 (b'te', b'trailers,trailers'), (b'te', b'chunked'), (b'te', b'')]


def cases(ask):
    wrong = stream_error(1, PROTOCOL_ERROR)

    def get(*more):
        return [headers(1, ask.get(b'/', *more))]

    for name in BAD_NAMES:
        yield Case(f'the name {name!r}', FIELDS, get((name, b'ok')), wrong)
    for value in BAD_VALUES:
        yield Case(f'the value {value!r}', FIELDS, get((b'x-test', value)), wrong)
    for value in EDGES:
        yield Case(f'the value {value!r}', FIELDS, get((b'x-test', value)), any_of(wrong, answered(1)))
    for name in GOOD_NAMES:
        yield Case(f'the name {name!r}', FIELDS, get((name, b'ok')), answered(1))
    for value in GOOD_VALUES:
        yield Case(f'the value {value[:20]!r}', FIELDS, get((b'x-test', value)), answered(1))
    for name, value in OF_CONNECTION:
        yield Case(f'{name.decode()}: {value.decode()}', CONNECTION, get((name, value)), wrong)
    yield Case('te: trailers', CONNECTION, get((b'te', b'trailers')), answered(1))
    yield Case('cookies in crumbs', 'RFC 9113 section 8.2.3', get((b'cookie', b'a=b'), (b'cookie', b'c=d')),
               answered(1))
    yield from pseudo(ask, wrong)
    yield from connect(ask)


def pseudo(ask, wrong):
    yield Case('an unknown pseudo-field', PSEUDO, [headers(1, ask.get(b'/', (b':test', b'ok')))], wrong)
    yield Case('a pseudo-field of answers', PSEUDO, [headers(1, ask.get(b'/', (b':status', b'200')))], wrong)
    yield Case('a pseudo-field without a name', PSEUDO, [headers(1, ask.get(b'/', (b':', b'ok')))], wrong)
    yield Case('a pseudo-field in upper case', PSEUDO, [headers(1, ask.get(b'/', (b':PATH', b'/')))], wrong)
    yield Case(':protocol of a GET', 'RFC 8441 section 4', [headers(1, ask.get(b'/', (b':protocol', b'x')))], wrong)
    for name, value in ask.fields():
        text = name.decode()
        yield Case(f'{text} twice', PSEUDO, [headers(1, ask.get(b'/', (name, value)))], wrong)
        first = block(field for field in ask.fields() if field[0] != name)
        yield Case(f'{text} after a field', PSEUDO, [headers(1, first + block([(b'x-test', b'ok'), (name, value)]))],
                   wrong)
        if name != b':authority':
            yield Case(f'no {text}', REQUEST, [headers(1, ask.without(name))], wrong)
            yield Case(f'an empty {text}', REQUEST, [headers(1, ask.replaced(name, b''))], wrong)
    yield Case('pseudo-fields in another order', PSEUDO, [headers(1, block(reversed(ask.fields())))], answered(1))
    yield Case('no fields at all but one', REQUEST, [headers(1, literal(b'x-test', b'ok'))], wrong)
    yield Case('the path *, of OPTIONS', REQUEST, [headers(1, ask.replaced(b':path', b'*', b'OPTIONS'))],
               any_of(answered(1), answered(1, status=404)))
    for path in (b'x', b'*', b'?x', b'#', b'/a b', b'/a\tb', b'/a\0', b'/a\r\nX: y', b'/\x7f', b'/a#b',
                 b'http://a.example/'):
        yield Case(f'the path {path!r}', REQUEST, [headers(1, ask.replaced(b':path', path))],
                   malformed_or_refused(wrong, served=path in (b'/a#b', b'http://a.example/')))
    for method in (b'GE T', b'GET ', b'GET\0', b'GET\r\n', b'G(T', b'G:T', b' GET', b'G\xc3T'):
        yield Case(f'the method {method!r}', REQUEST, [headers(1, ask.replaced(b':method', method))],
                   malformed_or_refused(wrong))
    for scheme in (b'ht tp', b'http\0', b'http:', b'1http', b'http\r\n', b'h@p'):
        yield Case(f'the scheme {scheme!r}', REQUEST, [headers(1, ask.replaced(b':scheme', scheme))],
                   malformed_or_refused(wrong))
    for name in (b'a b', b'a@b', b'u@a.example', b'a\0', b'a\r\n', b'a/b', b'a?b', b'a#b', b'[::1', b'a:b:c', b'a:x'):
        yield Case(f'the authority {name!r}', REQUEST, [headers(1, ask.replaced(b':authority', name))],
                   malformed_or_refused(wrong))
    yield Case('host and :authority that differ', REQUEST, [headers(1, ask.get(b'/', (b'host', b'b.example')))],
               malformed_or_refused(wrong, served=True))
    yield Case('host equal to :authority', REQUEST, [headers(1, ask.get(b'/', (b'host', ask.authority)))], answered(1))
    yield Case('host instead of :authority', REQUEST,
               [headers(1, ask.without(b':authority') + block([(b'host', ask.authority)]))], answered(1))
    yield Case('neither host nor :authority', REQUEST, [headers(1, ask.without(b':authority'))],
               malformed_or_refused(wrong, served=True))


def malformed_or_refused(wrong, served=False):
    """A stream error, or an answer of 4xx (section 8.1.1 allows one before the reset); `served`: or 200."""
    statuses = (400, 404, 405, 501, *([200] if served else []))
    return any_of(*(answered(1, status=status) for status in statuses), wrong)


def connect(ask):
    wrong = stream_error(1, PROTOCOL_ERROR)
    name = (b':authority', b'a.example:80')
    refused = any_of(*(answered(1, status=status) for status in (400, 403, 404, 405, 501)),
                     stream_error(1, PROTOCOL_ERROR, REFUSED_STREAM, CONNECT_ERROR))
    yield Case('CONNECT where no route takes it', CONNECT, [headers(1, block([(b':method', b'CONNECT'), name]),
                                                                    end=False)],
               refused, local=True)
    yield Case('CONNECT with :path', CONNECT, [headers(1, block([(b':method', b'CONNECT'), name, (b':path', b'/')]))],
               any_of(wrong, refused))
    yield Case('CONNECT with :scheme', CONNECT,
               [headers(1, block([(b':method', b'CONNECT'), name, (b':scheme', ask.scheme)]))], any_of(wrong, refused))
    yield Case('CONNECT without :authority', CONNECT, [headers(1, block([(b':method', b'CONNECT')]))],
               any_of(wrong, refused))
