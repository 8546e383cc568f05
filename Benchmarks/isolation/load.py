#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The client of `make isolation`, a process of its own: reads jobs as lines of JSON and answers each with one.

A job with a rate is an open loop: requests are due at fixed times whatever the answers do, and a request's latency counts
from when it was due.  Without a rate every connection asks again as soon as it has its answer.
"""
import collections
import gc
import json
import random
import select
import socket
import sys
import time
import zlib

from upstreams import ANSWER_BYTES, answer_body

clock = time.perf_counter
PIECE = 256 * 1024


class Failed(Exception):
    """The answer is not what it should be; says how."""


class Connection:
    """Has at most one request at a time."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), 5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.due, self.expected, self.answer, self.unsent = None, b'', b'', None

    def fileno(self):
        return self.socket.fileno()

    def ask(self, due, head, body, expected):
        self.due, self.expected, self.answer = due, expected, b''
        self.unsent = collections.deque(memoryview(part) for part in (head, body) if part)
        self.send()

    def send(self):
        """Sends what the socket takes."""
        while self.unsent:
            part = self.unsent[0]
            try:
                count = self.socket.send(part[:PIECE])
            except BlockingIOError:
                return
            self.unsent[0] = part[count:]
            if count == len(part):
                self.unsent.popleft()

    def receive(self):
        """Whether the answer is complete; `Failed` if there will be none, or a wrong one."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            raise Failed('reset') from None
        if not data:
            raise Failed('closed')
        self.answer += data
        end = self.answer.find(b'\r\n\r\n') + 4
        if end < 4:
            return False
        if not self.answer.startswith(b'HTTP/1.1 200 '):
            raise Failed(f'status {self.answer[9:12].decode("latin-1")}')
        if len(self.answer) < end + ANSWER_BYTES:
            return False
        if self.answer[end:] != self.expected:
            raise Failed('mismatch')
        if self.unsent:
            raise Failed('early')
        return True

    def closes(self):
        return b'\r\nconnection: close' in self.answer[:512].lower()


class Requests:
    """What is sent: a GET whose answer repeats its target, or one of four bodies whose answer has its checksum."""

    def __init__(self):
        self.bodies = {}
        self.number = 0

    def prepare(self, size):
        if size and size not in self.bodies:
            unit = [random.Random(seed).randbytes(1 << 20) for seed in range(4)]
            bodies = [(one * (size // len(one) + 1))[:size] for one in unit]
            self.bodies[size] = [(body, answer_body(f'{size} bytes, crc {zlib.crc32(body)}')) for body in bodies]

    def next(self, path, size):
        self.number += 1
        target = f'{path}/{self.number}'
        if not size:
            return b'GET %b HTTP/1.1\r\nHost: example.com\r\n\r\n' % target.encode(), b'', answer_body(target)
        body, expected = self.bodies[size][self.number % 4]
        head = f'POST {target} HTTP/1.1\r\nHost: example.com\r\nContent-Length: {size}\r\n\r\n'
        return head.encode(), body, expected


class Run:
    """One job: `port`, `path`, `size` of the body, `connections`, `seconds`, and either a `rate` or maybe a `count`."""

    def __init__(self, job, requests):
        self.job, self.requests = job, requests
        requests.prepare(job['size'])
        self.idle = collections.deque(Connection(job['port']) for _ in range(job['connections']))
        self.busy, self.late = set(), collections.deque()
        self.times, self.errors, self.asked = [], collections.Counter(), 0

    def go(self):
        self.begin = clock() + 0.01
        self.end = self.begin + self.job['seconds']
        if self.job.get('rate'):
            self.left = int(self.job['rate'] * self.job['seconds'])
            self.step = 1 / self.job['rate']
            self.grace = self.end + self.job['grace']
        else:
            self.left, self.step, self.grace = self.job.get('count') or sys.maxsize, 0, self.end
            if not self.job.get('count'):
                self.grace += self.job['grace']
        while True:
            now = clock()
            self.start(now)
            if now > self.grace or not self.busy and (not self.left or not self.step and now > self.end):
                break
            self.turn(now)
        elapsed = clock() - self.begin
        unanswered = len(self.busy) + len(self.late)
        # A request that was never answered took at least this long.
        self.times += [clock() - due for due in [*self.late, *(one.due for one in self.busy)]]
        for one in [*self.busy, *self.idle]:
            one.socket.close()
        mismatches = self.errors.pop('mismatch', 0)
        return {'asked': self.asked + len(self.late), 'answered': self.asked - len(self.busy) - self.errors.total() - mismatches,
                'unanswered': unanswered, 'mismatches': mismatches, 'errors': dict(self.errors), 'elapsed': elapsed,
                'times': self.times}

    def start(self, now):
        """Sends what is due."""
        if self.step:
            while self.left and self.begin + self.asked_or_late() * self.step <= now:
                self.late.append(self.begin + self.asked_or_late() * self.step)
                self.left -= 1
            while self.late and self.idle:
                self.ask(self.late.popleft())
        else:
            while self.left and self.idle and now <= self.end:
                self.left -= 1
                self.ask(clock())

    def asked_or_late(self):
        return self.asked + len(self.late)

    def ask(self, due):
        one = self.idle.popleft()
        self.asked += 1
        self.busy.add(one)
        try:
            one.ask(due, *self.requests.next(self.job['path'], self.job['size']))
        except OSError:
            self.failed(one, 'send')

    def turn(self, now):
        """Waits for a socket or for the next request to be due."""
        wait = self.grace - now
        if self.step and self.left and self.idle:
            wait = min(wait, self.begin + self.asked_or_late() * self.step - now)
        elif not self.step and now <= self.end:
            wait = min(wait, self.end - now + 0.001)
        writers = [one for one in self.busy if one.unsent]
        readable, writable, _ = select.select(self.busy, writers, [], max(0, wait))
        for one in writable:
            try:
                one.send()
            except OSError:
                # The answer may be there all the same.
                one.unsent = None
        for one in readable:
            if one in self.busy:
                self.read(one)

    def read(self, one):
        try:
            if not one.receive():
                return
        except Failed as failure:
            return self.failed(one, str(failure))
        self.times.append(clock() - one.due)
        self.busy.discard(one)
        if one.closes():
            one.socket.close()
            one = Connection(self.job['port'])
        self.idle.append(one)

    def failed(self, one, how):
        self.errors[how] += 1
        self.times.append(clock() - one.due)
        self.busy.discard(one)
        one.socket.close()
        self.idle.append(Connection(self.job['port']))


def main():
    requests = Requests()
    gc.disable()
    for line in sys.stdin:
        result = Run(json.loads(line), requests).go()
        gc.collect()
        print(json.dumps(result), flush=True)


if __name__ == '__main__':
    main()
