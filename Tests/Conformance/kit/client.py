# SPDX-License-Identifier: Apache-2.0
"""The client: sends raw bytes, reads whole responses, watches how the connection ends."""
import socket
import struct
import time

from .http1 import Incomplete, get, read_chunked, show_bytes, split_head


class Client:
    def __init__(self, port):
        self.sock = socket.create_connection(('127.0.0.1', port), 5)
        self.buf, self.state = b'', 'open'

    def fill(self, until):
        self.sock.settimeout(max(0.01, until - time.monotonic()))
        try:
            data = self.sock.recv(65536)
        except TimeoutError:
            return False
        except OSError:
            self.state = 'reset'
            return False
        if not data:
            self.state = 'closed'
            return False
        self.buf += data
        return True

    def read(self, timeout, head=False, tunnel=0):
        """One response -> lines."""
        until = time.monotonic() + timeout
        while True:
            lines = self.try_parse(head, tunnel)
            if lines is not None:
                return lines
            if not self.fill(until):
                if self.state == 'open':
                    rest = f', got {show_bytes(self.buf)}' if self.buf else ''
                    return [f'(no complete response in time{rest})']
                lines = self.try_parse(head, tunnel, True)
                return lines or [f'(connection {self.state})']

    def try_parse(self, head, tunnel, eof=False):
        try:
            line, headers, rest = split_head(self.buf)
        except Incomplete:
            return [f'(connection {self.state} after {show_bytes(self.buf)})'] if eof and self.buf else None
        lines = [line] + [f'  {k}: {v}' for k, v in headers]
        status = line.split(' ')[1]
        if status == '101' or tunnel:
            if len(rest) < tunnel and not eof:
                return None
            self.buf = b''
            return lines + [f'  = tunnel {show_bytes(rest)}']
        trailers, tail = [], ''
        if head or status in ('204', '304') or status.startswith('1'):
            body = b''
        elif any('chunked' in v for v in get(headers, 'transfer-encoding')):
            whole, partial, trailers, rest = read_chunked(rest)
            body = whole + partial
            if trailers is None:
                if not eof:
                    return None
                trailers, tail = [], f' INCOMPLETE, connection {self.state}'
        elif get(headers, 'content-length'):
            n = int(get(headers, 'content-length')[0])
            if len(rest) < n:
                if not eof:
                    return None
                tail = f' INCOMPLETE, connection {self.state}'
            body, rest = rest[:n], rest[n:]
        else:
            if not eof:
                return None
            body, rest = rest, b''
        self.buf = rest
        return lines + [f'  = body {show_bytes(body)}{tail}'] + [f'  = trailer {k}: {v}' for k, v in trailers]

    def receive(self, n, timeout):
        until = time.monotonic() + timeout
        while len(self.buf) < n and self.fill(until):
            pass
        got, self.buf = self.buf[:n], self.buf[n:]
        return show_bytes(got) + ('' if len(got) == n else f' INCOMPLETE, connection {self.state}')

    def probe(self):
        if self.state == 'open':
            self.fill(time.monotonic() + 0.3)
        return self.state + (f', unread {show_bytes(self.buf)}' if self.buf else '')

    def ends(self, timeout):
        until = time.monotonic() + timeout
        while self.state == 'open' and self.fill(until):
            pass
        return self.state != 'open'

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.sock.close()


def h2_request(port, spec, timeout):
    """One HTTP/2 request with prior knowledge (needs the h2 package)."""
    import h2.connection, h2.config, h2.events
    sock = socket.create_connection(('127.0.0.1', port), 5)
    c = h2.connection.H2Connection(h2.config.H2Configuration(
        validate_outbound_headers=False, normalize_outbound_headers=False))
    c.initiate_connection()
    body, trailers = spec.get('body'), spec.get('trailers')
    c.send_headers(1, [tuple(map(str, p)) for p in spec['headers']], end_stream=body is None and not trailers)
    if body is not None:
        c.send_data(1, body.encode(), end_stream=not trailers)
    if trailers:
        c.send_headers(1, [tuple(p) for p in trailers], end_stream=True)
    sock.sendall(c.data_to_send())
    lines, data, until = [], b'', time.monotonic() + timeout
    while time.monotonic() < until:
        sock.settimeout(max(0.01, until - time.monotonic()))
        try:
            got = sock.recv(65536)
        except OSError:
            break
        if not got:
            lines.append('(connection closed)')
            break
        for e in c.receive_data(got):
            if isinstance(e, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                lines += [f'  {to_text(k)}: {to_text(v)}' for k, v in e.headers]
            elif isinstance(e, h2.events.DataReceived):
                data += e.data
                c.acknowledge_received_data(e.flow_controlled_length, 1)
            elif isinstance(e, h2.events.StreamReset):
                lines.append(f'(stream reset {int(e.error_code)})')
                until = 0
            elif isinstance(e, h2.events.StreamEnded):
                until = 0
        sock.sendall(c.data_to_send())
    sock.close()
    return ['HTTP/2'] + lines + [f'  = body {show_bytes(data)}']


def to_text(x):
    return x.decode('latin-1') if isinstance(x, bytes) else x
