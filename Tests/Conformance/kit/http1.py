# SPDX-License-Identifier: Apache-2.0
"""HTTP/1 as bytes: just enough parsing to show what was on the wire, and no opinion about it."""
import hashlib
import itertools


class Incomplete(Exception):
    pass


def split_head(buf):
    end = buf.find(b'\r\n\r\n')
    if end < 0:
        raise Incomplete
    lines = buf[:end].decode('latin-1').split('\r\n')
    headers = [tuple(p.strip() for p in l.partition(':')[::2]) for l in lines[1:]]
    return lines[0], headers, buf[end + 4:]


def get(headers, name):
    return [v for k, v in headers if k.lower() == name]


def read_chunked(buf):
    """-> (whole chunks, what came of the next one, trailers or None when unfinished, bytes still to be read)"""
    whole, at = [], 0
    while True:
        line = buf.find(b'\r\n', at)
        if line < 0:
            return b''.join(whole), b'', None, buf[at:]
        size, data = int(buf[at:line].split(b';')[0] or b'0', 16), line + 2
        if size == 0:
            if buf.startswith(b'\r\n', data):
                return b''.join(whole), b'', [], buf[data + 2:]
            end = buf.find(b'\r\n\r\n', data)
            if end < 0:
                return b''.join(whole), b'', None, buf[at:]
            trailers = [tuple(p.strip() for p in l.partition(':')[::2])
                        for l in buf[data:end].decode('latin-1').split('\r\n')]
            return b''.join(whole), b'', trailers, buf[end + 4:]
        if len(buf) < data + size + 2:
            return b''.join(whole), buf[data:data + size], None, buf[at:]
        whole.append(buf[data:data + size])
        at = data + size + 2


def show_bytes(b):
    if len(b) > 200:
        return f'{len(b)} bytes sha256 {hashlib.sha256(b).hexdigest()[:16]}'
    return repr(b.decode('latin-1'))


def show_headers(headers):
    """Long values by their hash, a line that is repeated once with its count."""
    lines = [f'  {k}: {v if len(v) <= 200 else show_bytes(v.encode("latin-1"))}' for k, v in headers]
    for line, same in itertools.groupby(lines):
        n = len(list(same))
        yield line if n == 1 else f'{line} ({n} times)'
