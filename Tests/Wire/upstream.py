# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""An upstream that keeps what it gets, and answers as it is told."""
import socket
import threading

import views

PLAIN = b'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
PLAIN_TO_HEAD = b'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n'


class Upstream:
    def __init__(self, answer=None):
        """answer: message -> (bytes, closes)"""
        self.answer = answer or self.plain
        self.messages, self.faults = [], []
        self.changed = threading.Condition()
        self.socket = socket.create_server(('127.0.0.1', 0), backlog=256)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @staticmethod
    def plain(message):
        return (PLAIN_TO_HEAD if message.start[0] == b'HEAD' else PLAIN), False

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        requests, everything = views.Requests(), b''
        with connection:
            try:
                while data := connection.recv(65536):
                    everything += data
                    count = requests.feed(data)
                    for message in requests.messages[-count:] if count else []:
                        data, closes = self.answer(message)
                        self.note(self.messages, message)
                        connection.sendall(data)
                        if closes:
                            return self.end(connection)
                    if requests.fault:
                        self.note(self.faults, (requests.fault, everything[-2000:]))
                        return
            except OSError:
                pass

    @staticmethod
    def end(connection):
        """Closes as one that has nothing more to say: a close beside a request that has just come would be a reset."""
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(10)
        while connection.recv(65536):
            pass

    def note(self, where, what):
        with self.changed:
            where.append(what)
            self.changed.notify_all()

    def wait(self, count, seconds):
        with self.changed:
            return self.changed.wait_for(lambda: len(self.messages) >= count, seconds)
