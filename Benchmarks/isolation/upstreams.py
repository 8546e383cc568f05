#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The primary and the mirrors of `make isolation`, each a process of its own: `upstreams.py KIND PORT`.

KIND is `primary` or one of MIRRORS.  Says `ready PORT` once it is there, and ends when its standard input does.
"""
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
import zlib

ANSWER_BYTES = 1024
GIGABYTE = 1 << 30
HEAD = b'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n'
PIECE = memoryview(bytearray(256 * 1024))


def answer_body(text):
    return text.encode().ljust(ANSWER_BYTES, b'.')


class Peer:
    """One connection: the request that is coming in, and what is known of its body."""

    def __init__(self, connection):
        self.socket, self.head, self.target = connection, b'', ''
        self.missing = self.length = self.crc = self.unsent = 0


class Healthy:
    """Reads requests, and answers each with its target or, if it has a body, with the body's checksum."""

    def __init__(self, port):
        self.listener = socket.create_server(('127.0.0.1', port), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.listener.setblocking(False)
        self.epoll = select.epoll()
        self.epoll.register(self.listener, select.EPOLLIN)
        self.peers = {}

    def serve(self):
        listener = self.listener.fileno()
        while True:
            for number, events in self.epoll.poll():
                if number == listener:
                    self.accept()
                    continue
                try:
                    self.ready(self.peers[number], events)
                except OSError:
                    self.close(self.peers[number])

    def accept(self):
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peers[connection.fileno()] = Peer(connection)
        self.epoll.register(connection, select.EPOLLIN)

    def close(self, peer):
        del self.peers[peer.socket.fileno()]
        peer.socket.close()

    def ready(self, peer, events):
        count = peer.socket.recv_into(PIECE)
        if not count:
            return self.close(peer)
        if peer.missing:
            return self.body(peer, PIECE[:count])
        peer.head += PIECE[:count]
        self.request(peer)

    def request(self, peer):
        end = peer.head.find(b'\r\n\r\n') + 4
        if end < 4:
            return
        head, rest = peer.head[:end], peer.head[end:]
        peer.target = head.split(b' ', 2)[1].decode()
        peer.head = b''
        lower = head.lower()
        at = lower.find(b'\r\ncontent-length: ')
        peer.length = peer.missing = int(lower[at + 18:lower.index(b'\r', at + 18)]) if at >= 0 else 0
        peer.crc = 0
        if not peer.missing:
            return self.complete(peer)
        if rest:
            self.body(peer, rest)

    def body(self, peer, piece):
        peer.crc = zlib.crc32(piece, peer.crc)
        peer.missing -= len(piece)
        if peer.missing <= 0:
            self.complete(peer)

    def complete(self, peer):
        text = f'{peer.length} bytes, crc {peer.crc}' if peer.length else peer.target
        peer.socket.sendall(HEAD % ANSWER_BYTES + answer_body(text))


class Resetting(Healthy):
    """Resets the connection in the middle of the request's body, or of the answer's if there is none."""

    def body(self, peer, piece):
        peer.missing -= len(piece)
        if peer.missing <= peer.length // 2:
            self.reset(peer)

    def complete(self, peer):
        peer.socket.sendall(HEAD % ANSWER_BYTES + b'.' * (ANSWER_BYTES // 2))
        self.reset(peer)

    def reset(self, peer):
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        self.close(peer)


class Gigabyte(Healthy):
    """Answers every request with a gigabyte, as fast as it is taken."""

    def body(self, peer, piece):
        peer.missing -= len(piece)
        if peer.missing <= 0:
            self.complete(peer)

    def complete(self, peer):
        peer.socket.sendall(HEAD % GIGABYTE)
        peer.socket.setblocking(False)
        peer.unsent = GIGABYTE
        self.epoll.modify(peer.socket, select.EPOLLOUT)

    def ready(self, peer, events):
        if not peer.unsent:
            return super().ready(peer, events)
        if events & (select.EPOLLHUP | select.EPOLLERR):
            return self.close(peer)
        peer.unsent -= peer.socket.send(PIECE[:min(len(PIECE), peer.unsent)])
        if not peer.unsent:
            peer.socket.setblocking(True)
            self.epoll.modify(peer.socket, select.EPOLLIN)


class Stalled:
    """Accepts and never reads."""

    bytes_per_second = 0

    def __init__(self, port):
        self.listener = socket.create_server(('127.0.0.1', port), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.connections = []

    def serve(self):
        if self.bytes_per_second:
            threading.Thread(target=self.sip, daemon=True).start()
        while True:
            connection, _ = self.listener.accept()
            connection.setblocking(False)
            self.connections.append(connection)

    def sip(self):
        while True:
            time.sleep(1)
            for connection in list(self.connections):
                try:
                    connection.recv(self.bytes_per_second)
                except OSError:
                    pass


class Trickle(Stalled):
    """Reads one byte a second from every connection."""

    bytes_per_second = 1


class Refusing:
    """Has the port but does not listen, so that the kernel refuses every connection."""

    def __init__(self, port):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(('127.0.0.1', port))
        self.port = self.socket.getsockname()[1]

    def serve(self):
        while True:
            time.sleep(60)


class Dropping(Refusing):
    """Listens with a backlog that is full, so that the kernel drops every SYN; needs no firewall and no root."""

    def __init__(self, port):
        super().__init__(port)
        self.socket.listen(0)
        self.fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(('127.0.0.1', self.port))
            self.fillers.append(filler)
        time.sleep(0.05)


class Dying:
    """Healthy, but killed every 0.3 s, with its connections and its port, and back 0.05 s later."""

    def __init__(self, port):
        self.port = port

    def serve(self):
        while True:
            child = os.fork()
            if not child:
                Healthy(self.port).serve()
            time.sleep(0.3)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            time.sleep(0.05)


MIRRORS = {
    'healthy': Healthy, 'refuses': Refusing, 'drops-syn': Dropping, 'never-reads': Stalled, 'reads-1-byte': Trickle,
    'resets': Resetting, 'answers-1-gb': Gigabyte, 'dies': Dying,
}


def end_with_input():
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)     # the session is ours; a child of Dying goes, too


def main():
    kind, port = sys.argv[1], int(sys.argv[2])
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if kind != 'primary':
        os.nice(19)                  # a mirror stands for another machine: it yields to all that the client waits for
    upstream = {'primary': Healthy, **MIRRORS}[kind](port)
    print('ready', upstream.port, flush=True)
    threading.Thread(target=end_with_input, daemon=True).start()
    upstream.serve()


if __name__ == '__main__':
    main()
