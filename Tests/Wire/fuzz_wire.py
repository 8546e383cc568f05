#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Holds what the proxy forwards against what an independent parser, h11, makes of what it was sent.

Seeded requests, several on one connection and cut anywhere, go through the real binary to a primary and a mirror that
keep every byte.  Each request that arrived has to be the one that h11 reads in the client's bytes: method, target,
Host, end-to-end headers and body; and the mirror's copy has to be framed as the primary's.  Then seeded answers go the
other way.  The proxy may refuse more than h11 does, never less, but for the reasons listed in `LENIENT`.  The seed is
printed; the same seed makes the same bytes.
"""
import argparse
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import time

import grammar
import views
from upstream import Upstream

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
END = b'GET /end HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'

# What the proxy takes and h11 does not: (what h11 says, pattern in the client's bytes, why that is right).
LENIENT = [
    ('illegal chunk header', rb'\r\n[0-9A-Fa-f]+[ \t]+;', 'blanks before a chunk extension (RFC 9112 section 7.1.1)'),
]

LISTENER = '''  - address: {{socket_address: {{address: 127.0.0.1, port_value: 0}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: ingress_http
          delayed_close_timeout: 0.05s
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {{prefix: /answer/}}
                route: {{cluster: answers}}
              - match: {{prefix: ""}}
                route: {{cluster: primary, request_mirror_policies: [{{cluster: mirror}}]}}
'''
CLUSTER = '''  - name: {name}
    load_assignment:
      cluster_name: {name}
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}}}]}}]
'''


class Proxy:
    def __init__(self, binary, folder, clusters):
        config = pathlib.Path(folder) / 'envoy.yaml'
        config.write_text('static_resources:\n  listeners:\n' + LISTENER.format() + '  clusters:\n' + ''.join(
            CLUSTER.format(name=name, port=port) for name, port in clusters.items()))
        self.log = open(pathlib.Path(folder) / 'log', 'w+b')
        self.process = subprocess.Popen([binary, '-c', str(config), '--concurrency', '1'], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=self.log)
        self.port = self.find_port()

    def find_port(self):
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            match = re.search(rb' listening .*?127\.0\.0\.1:(\d+)', self.text())
            if match:
                return int(match[1])
            time.sleep(0.05)
        sys.exit(f'the proxy does not listen: {self.text().decode(errors="replace")}')

    def text(self):
        return pathlib.Path(self.log.name).read_bytes()

    def converse(self, pieces, waits):
        """Sends the pieces -> what came back, and whether the proxy closed."""
        received = b''
        with socket.create_connection(('127.0.0.1', self.port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for piece in pieces:
                    client.sendall(piece)
            except OSError:
                pass
            # Whoever is in the middle of a message waits for more, and so would the proxy.
            client.settimeout(0.1 if waits else 5)
            try:
                while data := client.recv(65536):
                    received += data
            except TimeoutError:
                return received, False
            except OSError:
                pass
        return received, True


def cut(data, dice):
    pieces = []
    while data:
        size = len(data) if not dice.randrange(3) else dice.randrange(1, min(len(data), 60) + 1)
        pieces.append(data[:size])
        data = data[size:]
        if len(pieces) == 20:
            return pieces + [data]
    return pieces


class Run:
    def __init__(self, binary, folder, seed):
        self.seed, self.passed, self.failed, self.lenient, self.figures = seed, 0, 0, {}, {}
        self.primary, self.mirror, self.answers = Upstream(), Upstream(), Upstream(self.prepared)
        self.proxy = Proxy(binary, folder, {'primary': self.primary.port, 'mirror': self.mirror.port,
                                            'answers': self.answers.port})

    def settle(self, name, data, problems):
        if problems:
            self.failed += 1
            print('\n    '.join([name] + [text[:600] for text in problems + [repr(data)]]), flush=True)
        else:
            self.passed += 1

    def count(self, what, number=1):
        self.figures[what] = self.figures.get(what, 0) + number

    def excuse(self, fault, data):
        """Whether it is right that h11 alone finds a fault."""
        why = next((why for words, pattern, why in LENIENT if words in (fault or '') and re.search(pattern, data)), None)
        if why:
            self.lenient[why] = self.lenient.get(why, 0) + 1
        return why is not None

    # Requests

    def check_requests(self, number):
        dice = random.Random(f'{self.seed}/request/{number}')
        data = b''.join(grammar.request(dice) for _ in range(dice.choice([1, 1, 2, 4]))) + END
        reference = views.Requests(skips_empty_lines=True)
        reference.feed(data)
        before = len(self.primary.messages), len(self.mirror.messages)
        received, closed = self.proxy.converse(cut(data, dice), reference.waits)
        sent = self.primary.messages[before[0]:]
        problems = [f'h11 cannot read what the upstreams got: {fault}' for fault in self.primary.faults + self.mirror.faults]
        self.primary.faults.clear()
        self.mirror.faults.clear()
        if not self.mirror.wait(before[1] + len(sent), 5):
            problems.append(f'{len(sent)} requests, {len(self.mirror.messages) - before[1]} copies')
        copies = self.mirror.messages[before[1]:]
        problems += self.compare_all(sent, reference, data)
        # Copies may overtake each other.
        mine, theirs = sorted(map(self.framed, sent)), sorted(map(self.framed, copies))
        if mine != theirs:
            problems.append(f'the copies differ: {theirs}, not {mine}')
        if not closed and not reference.waits:
            problems.append('the proxy neither answered all nor closed')
        problems += self.check_answers(received, sent, reference, data)
        self.settle(f'request {number}', data, problems)

    def compare_all(self, sent, reference, data):
        problems = []
        for index, one in enumerate(sent):
            if index >= len(reference.messages):
                if not self.excuse(reference.fault, data):
                    problems.append(f'h11 refuses request {index}: {reference.fault}; forwarded: {one}')
                return problems
            problems += self.compare(one, reference.messages[index])
        self.count('requests forwarded', len(sent))
        if len(sent) < len(reference.messages):
            self.count('refused though h11 reads it')
        elif reference.fault:
            self.count('refused by both')
        return problems

    @staticmethod
    def compare(one, wanted):
        problems = []
        method, target, host = views.expected(wanted)
        if one.start != (method, target, b'1.1'):
            problems.append(f'{one.start}, not {(method, target)}')
        if one.values(b'host') != [host]:
            problems.append(f'Host {one.values(b"host")}, not {host}')
        # What a client nominates is gone, and what is nominated can be no message of its own any more.
        if one.end_to_end() != wanted.end_to_end():
            problems.append(f'lines {one.end_to_end()}, not {wanted.end_to_end()}')
        if one.body != wanted.body:
            problems.append(f'a body of {len(one.body)}, not {len(wanted.body)} bytes')
        if len(one.framing()) > 1:
            problems.append(f'framed twice: {one.framing()}')
        return problems

    @staticmethod
    def framed(message):
        """In what a copy has to be the same."""
        return message.start, message.framing(), bytes(message.body), sorted(message.end_to_end().items())

    def check_answers(self, received, sent, reference, data):
        """An answer for each request that went on, then at most one refusal."""
        wanted = reference.messages + [message for message in [reference.current] if message]
        statuses, methods = [], [one.start[0] for one in sent + wanted[len(sent):]]
        while received:
            method = methods[len(statuses)] if len(statuses) < len(methods) else b'GET'
            message, rest = views.answer(received, method, True)
            if message is None and len(statuses) >= len(sent) and b'HEAD ' in data:
                # The refusal of a HEAD, which h11 has not read, has no body, and nothing may follow it.
                message, rest = views.answer(received, b'HEAD', True)
                if rest:
                    message = None
            if message is None:
                return [f'h11 cannot read the answers: {rest}: {received[:300]!r}']
            statuses.append(message.start[0])
            received = rest
        good, others = statuses[:len(sent)], statuses[len(sent):]
        if any(status != 200 for status in good) or len(others) > 1 or any(not 400 <= s <= 501 for s in others):
            return [f'{len(sent)} requests went on, the answers are {statuses}']
        if len(sent) < len(reference.messages) and not others and not reference.waits:
            return [f'{len(reference.messages) - len(sent)} requests vanished; the answers are {statuses}']
        return []

    # Answers

    def prepared(self, message):
        number = int(message.start[1].rsplit(b'/', 1)[1])
        return grammar.answer(random.Random(f'{self.seed}/answer/{number}'), message.start[0])

    def check_answer(self, number):
        dice = random.Random(f'{self.seed}/ask/{number}')
        method = dice.choice([b'GET', b'GET', b'HEAD', b'DELETE'])
        asked = method + b' /answer/%d HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' % number
        data, closes = grammar.answer(random.Random(f'{self.seed}/answer/{number}'), method)
        wanted, rest = views.answer(data, method, closes)
        received, closed = self.proxy.converse([asked], not closes and wanted is None)
        got, why = views.answer(received, method, closed)
        problems = []
        if got is None and wanted is not None and b'\r\n\r\n' not in received:
            problems.append(f'no answer: {received!r}')
        elif got is None and not re.match(rb'HTTP/1\.1 ', received) and closed:
            problems.append(f'h11 cannot read what the client got: {why}: {received!r}')
        elif got is not None and got.start == (502,) or got is None:
            self.count('answers refused or cut')
        elif wanted is None and self.excuse(rest, data):
            pass
        elif wanted is None:
            problems.append(f'h11 refuses the answer: {rest}; the client got {got}')
        else:
            self.count('answers passed on')
            if (got.start, got.body, got.end_to_end()) != (wanted.start, wanted.body, wanted.end_to_end()):
                problems.append(f'the client got {got}, not {wanted}')
        self.settle(f'answer {number}', data, problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=str(ROOT / '.build/debug/understudy'), help='default: the debug build')
    parser.add_argument('--seed', type=int, default=None, help='default: a new one, which is printed')
    parser.add_argument('--count', type=int, default=1000, help='conversations each way; default 1000')
    parser.add_argument('--first', type=int, default=0, help='the number of the first; default 0')
    parser.add_argument('--seconds', type=float, default=600, help='ends after this time at the latest; default 600')
    arguments = parser.parse_args()
    if not pathlib.Path(arguments.binary).exists():
        parser.error(f'{arguments.binary} does not exist: build it first')
    seed = random.randrange(2 ** 32) if arguments.seed is None else arguments.seed
    print(f'seed {seed}', flush=True)
    end = time.monotonic() + arguments.seconds
    with tempfile.TemporaryDirectory() as folder:
        run = Run(arguments.binary, folder, seed)
        try:
            for number in range(arguments.first, arguments.first + arguments.count):
                run.check_requests(number)
                run.check_answer(number)
                if run.proxy.process.poll() is not None or time.monotonic() > end:
                    break
        finally:
            run.proxy.process.kill()
            status = run.proxy.process.wait()
        if status != -9:
            run.settle('proxy', run.proxy.text()[-2000:], [f'it died: {status}'])
    print(', '.join(f'{name}: {count}' for name, count in sorted(run.figures.items())))
    for why, count in sorted(run.lenient.items()):
        print(f'h11 refuses {count}: {why}')
    print(f'{run.passed} passed, {run.failed} failed')
    return 1 if run.failed or not run.passed else 0


if __name__ == '__main__':
    sys.exit(main())
