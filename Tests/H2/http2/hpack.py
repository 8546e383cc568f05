# SPDX-License-Identifier: Apache-2.0
"""HPACK (RFC 7541): an encoder whose every choice is the caller's, and a decoder for what a server sends."""

# Bits of each symbol's code, 0 to 256, in base 36. The codes follow, since the code is canonical (appendix B).
LENGTHS = ('dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f56565666'
           '577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjl'
           'qrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu')
END_OF_STRING = 256

STATIC = [
    (':authority', ''), (':method', 'GET'), (':method', 'POST'), (':path', '/'), (':path', '/index.html'),
    (':scheme', 'http'), (':scheme', 'https'), (':status', '200'), (':status', '204'), (':status', '206'),
    (':status', '304'), (':status', '400'), (':status', '404'), (':status', '500'), ('accept-charset', ''),
    ('accept-encoding', 'gzip, deflate'), *((name, '') for name in (
        'accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control '
        'content-disposition content-encoding content-language content-length content-location content-range '
        'content-type cookie date etag expect expires from host if-match if-modified-since if-none-match if-range '
        'if-unmodified-since last-modified link location max-forwards proxy-authenticate proxy-authorization range '
        'referer refresh retry-after server set-cookie strict-transport-security transfer-encoding user-agent vary '
        'via www-authenticate').split())]
STATIC = [(name.encode(), value.encode()) for name, value in STATIC]


def codes():
    made, code, last = {}, 0, 0
    for length, symbol in sorted((int(digit, 36), symbol) for symbol, digit in enumerate(LENGTHS)):
        code <<= length - last
        made[symbol] = (code, length)
        code, last = code + 1, length
    return made


HUFFMAN = codes()
SYMBOLS = {code: symbol for symbol, code in HUFFMAN.items()}


def integer(value, bits, pattern=0):
    """`pattern`: what stands above the `bits` of the first byte."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([pattern | value])
    value, out = value - most, [pattern | most]
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def huffman(text, padding='1', more=0):
    """`padding`: of which bits; `more`: bytes of it beyond what is needed; symbols may be numbers, too."""
    bits = ''.join(f'{HUFFMAN[symbol][0]:0{HUFFMAN[symbol][1]}b}' for symbol in text)
    bits += padding * (-len(bits) % 8 + 8 * more)
    return int(bits or '0', 2).to_bytes(len(bits) // 8, 'big')


def string(text, coded=False):
    return integer(len(huffman(text)), 7, 0x80) + huffman(text) if coded else integer(len(text), 7) + text


def literal(name, value, coded=False, *, kind=0x00):
    """`name`: bytes, or an index; `kind`: 0x40 is indexed, 0x00 is not, 0x10 never."""
    bits = 6 if kind == 0x40 else 4
    head = integer(name, bits, kind) if isinstance(name, int) else bytes([kind]) + string(name, coded)
    return head + string(value, coded)


def stored(name, value, coded=False):
    return literal(name, value, coded, kind=0x40)


def never(name, value, coded=False):
    return literal(name, value, coded, kind=0x10)


def indexed(index):
    return integer(index, 7, 0x80)


def table_size(size):
    return integer(size, 5, 0x20)


def block(fields):
    """Literals that are not indexed: the same bytes whatever was sent before."""
    return b''.join(literal(name, value) for name, value in fields)


class Invalid(Exception):
    pass


class Decoder:
    def __init__(self, most=4096):
        self.most = self.size = most
        self.table, self.must_shrink = [], None

    def bound(self, most):
        """A new bound has been acknowledged: one that is lower is the first thing that the next block speaks of."""
        self.most = most
        if most < self.size:
            self.must_shrink = most if self.must_shrink is None else min(most, self.must_shrink)

    def decode(self, text):
        fields, self.text, self.at = [], text, 0
        if self.must_shrink is not None and text[0] & 0xe0 != 0x20:
            raise Invalid(f'the table was to shrink to {self.must_shrink} bytes first')
        while self.at < len(text):
            first = text[self.at]
            if first & 0x80:
                fields.append(self.entry(self.integer(7)))
            elif first & 0x40:
                fields.append(self.literal(6))
                self.table.insert(0, fields[-1])
                self.evict()
            elif first & 0x20:
                self.size = self.integer(5)
                self.must_shrink = None
                if self.size > self.most or fields:
                    raise Invalid(f'a table of {self.size} bytes, after {len(fields)} fields')
                self.evict()
            else:
                fields.append(self.literal(4))
        return fields

    def evict(self):
        while sum(len(name) + len(value) + 32 for name, value in self.table) > self.size:
            self.table.pop()

    def entry(self, index):
        if not 0 < index <= len(STATIC) + len(self.table):
            raise Invalid(f'index {index}')
        return STATIC[index - 1] if index <= len(STATIC) else self.table[index - len(STATIC) - 1]

    def literal(self, bits):
        index = self.integer(bits)
        return self.entry(index)[0] if index else self.string(), self.string()

    def integer(self, bits):
        most = (1 << bits) - 1
        value = self.byte() & most
        if value < most:
            return value
        shift = 0
        while True:
            byte = self.byte()
            value += (byte & 127) << shift
            shift += 7
            if not byte & 128:
                return value

    def byte(self):
        if self.at >= len(self.text):
            raise Invalid('a block that ends too early')
        self.at += 1
        return self.text[self.at - 1]

    def string(self):
        is_coded = self.at < len(self.text) and self.text[self.at] & 0x80
        size = self.integer(7)
        text = self.text[self.at:self.at + size]
        if len(text) < size:
            raise Invalid('a string that ends too early')
        self.at += size
        return plain(text) if is_coded else text


def plain(text):
    out, code, length = bytearray(), 0, 0
    for byte in text:
        for bit in range(7, -1, -1):
            code, length = code << 1 | byte >> bit & 1, length + 1
            symbol = SYMBOLS.get((code, length))
            if symbol == END_OF_STRING:
                raise Invalid('the end of a string within a string')
            if symbol is not None:
                out.append(symbol)
                code = length = 0
    if length > 7 or code != (1 << length) - 1:
        raise Invalid('padding that is none')
    return bytes(out)
