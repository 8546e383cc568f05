# SPDX-License-Identifier: Apache-2.0
"""Clients that have had one answer and then ask for nothing more, but stay."""
import socket

REQUEST = b'GET / HTTP/1.1\r\nhost: example.com\r\nuser-agent: idle\r\naccept: */*\r\n\r\n'


class Idlers:
    def __init__(self, port, count):
        self.clients = []
        try:
            for _ in range(count):
                client = socket.create_connection(('127.0.0.1', port), 10)
                self.clients.append(client)
                ask(client)
        except BaseException:
            self.close()
            raise

    def close(self):
        for client in self.clients:
            client.close()


def ask(client):
    client.sendall(REQUEST)
    got = b''
    while b'hello\n' not in got:
        piece = client.recv(4096)
        if not piece:
            raise OSError('an idle client was not answered')
        got += piece
    if not got.startswith(b'HTTP/1.1 200 '):
        raise OSError('an idle client was not answered with 200')
