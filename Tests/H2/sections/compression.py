# SPDX-License-Identifier: Apache-2.0
"""Header compression (RFC 7541)."""
from http2.case import Case, Told, acked, answered, connection_error, ended
from http2.frames import COMPRESSION_ERROR, HEADER_TABLE_SIZE, PROTOCOL_ERROR, continuation, headers, settings
from http2.hpack import END_OF_STRING, STATIC, huffman, indexed, integer, literal, never, stored, string, table_size

(INDICES, TABLE, INTEGERS, STRINGS, INDEXED, INCREMENTAL, PLAIN, NEVER, UPDATE) = (
    f'RFC 7541 section {number}' for number in ('2.3.3', '4.2', '5.1', '5.2', '6.1', '6.2.1', '6.2.2', '6.2.3', '6.3'))
FIRST = len(STATIC) + 1   # of the dynamic table
AGENT = 58                # user-agent in the static table


def cases(ask):
    get, wrong = ask.get(), connection_error(COMPRESSION_ERROR)

    def good(name, rule, text, *more):
        return Case(name, rule, [headers(1, text), *more], answered(1))

    def bad(name, rule, text):
        return Case(name, rule, [headers(1, text)], wrong)

    yield good('an indexed field', INDEXED, get + indexed(AGENT))
    yield good('indexed fields only', INDEXED, indexed(2) + indexed(6) + indexed(4) + literal(1, ask.authority))
    yield Case('every field of the static table but pseudo-fields, of the connection, and lengths', INDEXED,
               [headers(1, get + b''.join(indexed(index) for index in range(15, FIRST)
                                          if STATIC[index - 1][0] not in (b'transfer-encoding', b'content-length',
                                                                          b'host',
                                                                          b'expect')))], answered(1))
    for kind, make, rule in (('incremental', stored, INCREMENTAL), ('not indexed', literal, PLAIN),
                             ('never', never, NEVER)):
        for coded, how in ((False, ''), (True, ', Huffman')):
            yield good(f'{kind}, indexed name{how}', rule, get + make(AGENT, b'agent', coded))
            yield good(f'{kind}, new name{how}', rule, get + make(b'x-test', b'agent', coded))
            yield good(f'{kind}, empty value{how}', rule, get + make(b'x-test', b'', coded))
    yield from indices(ask, good, bad)
    yield from tables(ask, good, bad)
    yield from integers(get, good, bad)
    yield from strings(get, good, bad)


def indices(ask, good, bad):
    get = ask.get()
    yield bad('index 0', INDEXED, get + indexed(0))
    yield bad('index 70 of an empty table', INDICES, get + indexed(70))
    yield bad('the first index of an empty table', INDICES, get + indexed(FIRST))
    yield bad('a literal whose name has index 70', INDICES, get + stored(70, b''))
    yield bad('a literal that is not indexed, whose name has index 70', INDICES, get + literal(70, b''))
    yield bad('a literal that is never indexed, whose name has index 70', INDICES, get + never(70, b''))
    yield bad('a great index', INDICES, get + indexed(1 << 30))
    yield good('the first index after an entry', INDICES, get + stored(b'x-test', b'a') + indexed(FIRST))
    yield bad('the second index after an entry', INDICES, get + stored(b'x-test', b'a') + indexed(FIRST + 1))
    yield good('a name from the dynamic table', INDICES, get + stored(b'x-test', b'a') + stored(FIRST, b'b')
               + indexed(FIRST))
    yield Case('an entry of another request', INDICES,
               [headers(1, get + stored(b'x-test', b'a')), headers(3, get + indexed(FIRST))], answered(1, 3))
    yield Case('an entry of a malformed request', INDICES,
               [headers(1, ask.replaced(b':path', b'') + stored(b'x-test', b'a')) + headers(3, get + indexed(FIRST))],
               entry_or_error())
    yield Case('an entry of trailers', INDICES,
               [headers(1, ask.post(), end=False) + headers(1, stored(b'x-test', b'a'))
                + headers(3, get + indexed(FIRST))],
               answered(1, 3))
    yield Case('an entry of a stream that was reset', INDICES,
               [headers(1, ask.post(), end=False) + b'\0\0\4\3\0\0\0\0\1\0\0\0\x08'
                + headers(3, get + stored(b'x-test', b'a')) + headers(5, get + indexed(FIRST))], answered(3, 5))


def entry_or_error():
    """The table is the connection's: a stream error leaves it right. A connection error does away with it."""
    want = answered(3)

    async def check(connection):
        wrong = await answered(3).check(connection)
        return wrong and await connection_error(PROTOCOL_ERROR).check(connection)
    want.check, want.text = check, 'an answer on 3, or connection error PROTOCOL_ERROR'
    return want


def tables(ask, good, bad):
    get = ask.get()

    def most(trace):
        return (trace.settings or {}).get(HEADER_TABLE_SIZE, 4096)

    yield good('a size of 128', UPDATE, table_size(128) + get)
    yield good('a size of 0, then 4096', UPDATE, table_size(0) + table_size(4096) + get)
    yield good('a size of 128, then 4096', TABLE, table_size(128) + table_size(4096) + get)
    yield Case('the greatest size', UPDATE, [Told(lambda trace: headers(1, table_size(most(trace)) + get))],
               answered(1))
    yield Case('one more than the greatest size', UPDATE,
               [Told(lambda trace: headers(1, table_size(most(trace) + 1) + get))], connection_error(COMPRESSION_ERROR))
    yield bad('a size of 2^32', UPDATE, table_size(1 << 32) + get)
    yield bad('a size at the end of a block', TABLE, get + table_size(1))
    yield bad('a size within a block', TABLE, get + table_size(64) + literal(b'x-a', b'b'))
    yield bad('an evicted entry', UPDATE, table_size(40) + get + stored(b'x-test', b'a') + stored(b'x-uest', b'a')
              + indexed(FIRST + 1))
    yield bad('an entry that is larger than the table', TABLE, table_size(64) + get + stored(b'x-test', b'a' * 64)
              + indexed(FIRST))
    yield good('an entry as large as the table', TABLE, table_size(64) + get + stored(b'x-test', b'a' * 26)
               + indexed(FIRST))
    yield good('an entry too large for the table empties it', TABLE,
               get + stored(b'x-a', b'b') + stored(b'x-test', b'a' * 5000) + stored(b'x-c', b'd') + indexed(FIRST))
    yield Case('a size of 0 forgets all', UPDATE,
               [headers(1, get + stored(b'x-test', b'a')), ended(1),
                headers(3, table_size(0) + table_size(4096) + get + indexed(FIRST))],
               connection_error(COMPRESSION_ERROR))
    yield Case('the settings of a client do not bound what it sends', TABLE,
               [settings((HEADER_TABLE_SIZE, 0)), acked(2), headers(1, get + stored(b'x-test', b'a') + indexed(FIRST))],
               answered(1))
    yield Case('answers with a table of 0', TABLE, [settings((HEADER_TABLE_SIZE, 0)), acked(2), headers(1, get),
                                                    ended(1),
                                                    headers(3, get)], answered(1, 3))
    yield Case('answers after the table has shrunk and grown', TABLE,
               [headers(1, get), ended(1), settings((HEADER_TABLE_SIZE, 0)), settings((HEADER_TABLE_SIZE, 4096)),
                acked(3),
                headers(3, get)], answered(1, 3))
    yield Case('a thousand entries', TABLE,
               [b''.join(headers(stream, get + b''.join(stored(b'x-%d-%d' % (stream, n), b'v' * 20) for n in range(20)))
                         for stream in range(1, 101, 2))], answered(*range(1, 101, 2)))


def integers(get, good, bad):
    yield good('an integer with zeros behind', INTEGERS, get + b'\x00\x7f\x80\x80\x00' + b'x' * 127 + b'\x01b')
    yield bad('an integer of 11 bytes', INTEGERS, get + b'\xff' + b'\xff' * 10 + b'\x01')
    yield bad('an integer without an end', INTEGERS, get + b'\xff' + b'\x80' * 3)
    yield bad('an integer of 2^63', INTEGERS, get + integer(1 << 63, 7, 0x80))
    yield bad('a length of 2^32 + 1', INTEGERS, get + b'\x00' + integer((1 << 32) + 1, 7) + b'x\x01b')
    yield bad('zeros without an end', INTEGERS, get + b'\x00\x7f' + b'\x80' * 2000 + b'\x00')


def strings(get, good, bad):
    name = b'\x00' + string(b'x-test')
    yield bad('a name longer than the block', STRINGS, get + b'\x00\x7e' + b'x')
    yield bad('a value longer than the block', STRINGS, get + name + b'\x7e' + b'x')
    yield bad('a name without a value', STRINGS, get + name)
    yield bad('nothing after the kind', STRINGS, get + b'\x40')
    coded = huffman(b'test')
    yield bad('Huffman with 8 bits of padding too many', STRINGS,
              get + name + integer(len(coded) + 1, 7, 0x80) + coded + b'\xff')
    yield bad('Huffman padded by zeros', STRINGS, get + name + integer(len(coded), 7, 0x80) + huffman(b'test', '0'))
    text = huffman([*b'tes', END_OF_STRING, *b't'])
    yield bad('Huffman with the end of a string within', STRINGS, get + name + integer(len(text), 7, 0x80) + text)
    text = huffman([END_OF_STRING])
    yield bad('Huffman that is only the end of a string', STRINGS, get + name + integer(len(text), 7, 0x80) + text)
    yield bad('Huffman of padding only', STRINGS, get + name + b'\x81\xff')
    yield bad('a name in Huffman with 8 bits of padding too many', STRINGS,
              get + b'\x00' + integer(len(coded) + 1, 7, 0x80) + coded + b'\xff' + string(b'b'))
    yield good('Huffman of every byte that a value may have', STRINGS,
               get + literal(b'x-test', bytes([9, *range(0x20, 0x7f), *range(0x80, 0x100)]).strip(), True))
    yield Case('a block whose strings are cut by CONTINUATION', STRINGS,
               [headers(1, get + name, done=False) + continuation(1, integer(len(coded), 7, 0x80), done=False)
                + continuation(1, coded[:2], done=False) + continuation(1, coded[2:])], answered(1))
