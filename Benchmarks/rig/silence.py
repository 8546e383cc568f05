# SPDX-License-Identifier: Apache-2.0
"""A mirror that never answers: accepts every connection, reads what comes, says nothing.  Usage: silence.py PORT"""
import select
import socket
import sys


def serve(port):
    listening = socket.create_server(('127.0.0.1', port), backlog=4096)
    listening.setblocking(False)
    poll = select.epoll()
    poll.register(listening, select.EPOLLIN)
    clients = {}
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == listening.fileno():
                accept(listening, poll, clients)
            elif not read(clients[descriptor]):
                clients.pop(descriptor).close()


def accept(listening, poll, clients):
    """All that wait."""
    while True:
        try:
            client, _ = listening.accept()
        except BlockingIOError:
            return
        client.setblocking(False)
        clients[client.fileno()] = client
        poll.register(client, select.EPOLLIN)


def read(client):
    """Whether it is still there."""
    try:
        return bool(client.recv(65536))
    except BlockingIOError:
        return True
    except OSError:
        return False


if __name__ == '__main__':
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    serve(int(sys.argv[1]))
