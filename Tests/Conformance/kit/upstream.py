# SPDX-License-Identifier: Apache-2.0
"""Recording servers that behave, or misbehave, as a scenario tells them to."""
import socket
import struct
import threading
import time

from .http1 import Incomplete, get, read_chunked, show_bytes, show_headers, split_head

PAUSE = 0.1           # seconds between the pieces of an answer: long enough to arrive one by one


class Request:
    """One request as an upstream saw it."""

    def __init__(self, line, headers):
        self.line, self.headers = line, headers
        self.body, self.trailers, self.complete, self.ended = b'', [], False, None
        self.whole = b''
        self.answered = self.left = False     # left: the proxy closed before the answer
        self.chunked = any('chunked' in v.lower() for v in get(headers, 'transfer-encoding'))
        self.length = int((get(headers, 'content-length') or ['0'])[0])
        self.tunnel, self.opened = None, False    # bytes after a 101 / CONNECT 200


class Upstream:
    """A recording server.  Behaviour (all optional), or a list of them under
    `script`, one per request, the last one repeating:
      status, reason, headers, body   the answer (default 200 "hello from NAME")
      repeat         the body that many times
      raw            the answer's bytes instead; a list is sent piece by piece
      when: head     answer as soon as the head is in (default: complete)
      delay          seconds before the answer
      interim        raw bytes sent when the head is in, before the answer
      action         respond | blackhole | stall (stop reading) | close | reset | respond_close
      tunnel         after an upgrade or CONNECT: {send: bytes at once, echo: true, ends_after: n,
                     half: true}; at n bytes it closes, or with `half` only stops sending"""

    def __init__(self, name, spec):
        self.name, self.spec = name, spec or {}
        self.script = self.spec.get('script') or [self.spec]
        self.requests, self.lock = [], threading.Lock()
        self.last = time.monotonic()
        self.connections = 0
        self.stop = False
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        if not self.spec.get('down'):
            self.sock.listen(1024)
            threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def answer(self, conn, req, how):
        def go():
            if how.get('delay'):
                time.sleep(how['delay'])
            action = how.get('action', 'respond')
            try:
                if action == 'reset':
                    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                    req.ended = 'reset by upstream'
                    conn.close()
                elif action == 'close':
                    req.ended = 'closed by upstream'
                    conn.shutdown(socket.SHUT_RDWR)
                elif action in ('respond', 'respond_close'):
                    for n, piece in enumerate(self.render(req, how)):
                        if n:
                            time.sleep(PAUSE)
                        conn.sendall(piece)
                    req.answered = True
                    if action == 'respond_close':
                        conn.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if how.get('delay') or how.get('when') == 'head':
            threading.Thread(target=go, daemon=True).start()
        else:
            go()

    def render(self, req, how):
        if 'raw' in how:
            pieces = how['raw'] if isinstance(how['raw'], list) else [how['raw']]
            return [p.encode('latin-1') for p in pieces]
        status = how.get('status', 200)
        body = str(how.get('body', f'hello from {self.name}\n')).encode() * how.get('repeat', 1)
        head = f"HTTP/1.1 {status} {how.get('reason', 'OK' if status == 200 else 'Status')}\r\n"
        for k, v in (how.get('headers') or {}).items():
            head += f'{k}: {v}\r\n'
        head += f'content-length: {len(body)}\r\n\r\n'
        return [head.encode() + (b'' if req.line.startswith('HEAD ') else body)]

    def tunnel(self, conn, req, how, data):
        try:
            if not req.opened:
                req.opened = True
                conn.sendall(how.get('send', '').encode('latin-1'))
            if how.get('echo') and data:
                conn.sendall(data)
            if not req.ended and len(req.tunnel) >= how.get('ends_after', float('inf')):
                if not how.get('half'):
                    req.ended = 'closed by upstream'
                conn.shutdown(socket.SHUT_WR if how.get('half') else socket.SHUT_RDWR)
        except OSError:
            pass

    def hold(self, conn):
        while not self.stop:
            time.sleep(0.05)
        conn.close()

    def serve(self, conn):
        buf, req, done, how = b'', None, None, {}
        while True:
            # parse what there is
            while True:
                if req is None:
                    try:
                        line, headers, buf = split_head(buf)
                    except Incomplete:
                        break
                    req = Request(line, headers)
                    with self.lock:
                        how = self.script[min(len(self.requests), len(self.script) - 1)]
                        self.requests.append(req)
                    if how.get('action') == 'stall':
                        return self.hold(conn)
                    if how.get('interim'):
                        conn.sendall(how['interim'].encode())
                    if how.get('when') == 'head':
                        self.answer(conn, req, how)
                    if req.line.startswith('CONNECT ') or get(headers, 'upgrade'):
                        req.tunnel = b''
                if req.tunnel is not None:
                    if not req.complete:
                        req.complete = True
                        self.answer(conn, req, how)
                    req.tunnel += buf
                    self.tunnel(conn, req, how.get('tunnel') or {}, buf)
                    buf = b''
                    break
                if req.chunked:
                    whole, partial, trailers, buf = read_chunked(buf)
                    req.whole += whole            # read once: a re-read per packet would take for ever
                    req.body, rest = req.whole + partial, buf
                    req.complete = trailers is not None
                    req.trailers = trailers or []
                else:
                    req.body, rest = buf[:req.length], buf[req.length:]
                    req.complete = len(req.body) == req.length
                if not req.complete:
                    break
                buf = rest
                done, req = req, None
                if how.get('when') != 'head':
                    self.answer(conn, done, how)
            try:
                data = conn.recv(65536)
            except OSError:
                if req is not None and req.ended is None:
                    req.ended = 'reset by proxy' if req.tunnel is None else 'closed by proxy'
                return
            if not data:
                if done is not None and not done.answered and not self.stop:
                    done.left = True
                if req is not None and req.ended is None and not self.stop:
                    req.ended = 'closed by proxy'
                self.last = time.monotonic()
                return
            self.last = time.monotonic()
            buf += data

    def show(self, leaving):
        with self.lock:
            out = []
            for r in self.requests:
                lines = [r.line, *show_headers(r.headers)]
                if r.tunnel is not None:
                    lines.append(f'  = tunnel {show_bytes(r.tunnel)}')
                else:
                    lines.append(f'  = body {show_bytes(r.body)}' + ('' if r.complete else ' INCOMPLETE'))
                lines += [f'  = trailer {k}: {v}' for k, v in r.trailers]
                if leaving and r.complete:
                    lines.append('  = closed by proxy before the answer' if r.left else
                                 '  = answered' if r.answered else '  = not answered')
                if r.ended:
                    lines.append(f'  = {r.ended}')
                out.append(lines)
            return out
