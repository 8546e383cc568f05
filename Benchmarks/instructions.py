#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions and allocations per request: the same requests under callgrind, twice, and the difference of the two.

Repeatable where time is not.  One worker, one client connection, two upstreams of its own that answer 200 at once; the
first count holds start and warm-up, so that the difference is the steady state.  Only the worker's thread is counted:
what others do at intervals grows with the time that a run takes.  User space only.  Loopback only.

With --check it fails where a request takes over 3 % more instructions than Benchmarks/instructions.json allows, or
allocates at all.  --functions says where they go.

Needs valgrind.  The binary should be a release build with --static-swift-stdlib: callgrind cannot read the Swift
libraries, nor debug information, of which a copy is stripped.
"""
import argparse
import collections
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from rig.cases import BROWSER

SHORT, LONG = 200, 1200
# Requests at once before the count, so that connections and copies are there for as many as overlap later.
OVERLAP = 8
# By name: the path, and further lines of the head.
CASES = (('GET', b'plain', ()), ('GET + mirror', b'mirror', ()), ("GET + mirror, a browser's headers", b'mirror', BROWSER))
BUDGET = pathlib.Path(__file__).with_suffix('.json')
TOLERANCE = 1.03
# What only a worker's thread does, as the compiler spells `EpollLoop.turn`.
WORKER = '$s14UnderstudyHTTP9EpollLoopC4turn'
# As the C library and the Swift runtime name what takes memory.
ALLOCATORS = ('malloc', 'calloc', 'realloc', 'posix_memalign', 'aligned_alloc')
ANSWER = b'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
# What says who it is, unless the case has lines for that.
SHORT_LINES = ('User-Agent: bench', 'Accept: */*')
CONFIG = '''
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: ingress_http
          route_config:
            virtual_hosts:
            - name: backend
              domains: ["*"]
              routes:
              - match: {{prefix: "/mirror"}}
                route: {{cluster: primary, request_mirror_policies: [{{cluster: mirror}}]}}
              - match: {{prefix: "/"}}
                route: {{cluster: primary}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
'''
CLUSTER = '''
  - name: {name}
    load_assignment:
      cluster_name: {name}
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}}}]}}]
'''


class Upstream:
    """Counts requests without a body and answers each; the first ones wait for each other."""

    def __init__(self):
        self.first = threading.Barrier(OVERLAP)
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.count = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        while data := connection.recv(65536):
            ends = data.count(b'\r\n\r\n')
            with self.lock:
                self.count += ends
                is_first = self.count <= OVERLAP
            if is_first:
                self.first.wait(60)
            connection.sendall(ANSWER * ends)


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return probe.getsockname()[1]


def connect(port, process):
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            return socket.create_connection(('127.0.0.1', port), 5)
        except OSError:
            time.sleep(0.1)
    sys.exit('the proxy does not listen')


def request(path, lines):
    lines = '\r\n'.join(lines or SHORT_LINES).encode()
    return b'GET /%s HTTP/1.1\r\nHost: example.com\r\n%s\r\n\r\n' % (path, lines)


def ask(connections, head, requests):
    """Sends one request on each connection, then one after the other on the first; what else than answers comes is said."""
    for connection in connections:
        connection.settimeout(60)
        connection.sendall(head)
    for number in range(len(connections) + requests):
        connection = connections[number if number < len(connections) else 0]
        if number >= len(connections):
            connection.sendall(head)
        data = b''
        while not data.endswith(b'\r\n\r\nok'):
            piece = connection.recv(65536)
            data += piece
            if not piece or b'\r\n' in data and not data.startswith(b'HTTP/1.1 200 OK\r\n'):
                return f'request {number + 1} has the answer {data!r}'
    return None


def count(binary, path, lines, requests, folder):
    primary, mirror, port = Upstream(), Upstream(), free_port()
    config = folder / 'envoy.yaml'
    config.write_text(CONFIG.format(port=port) + CLUSTER.format(name='primary', port=primary.port)
                      + CLUSTER.format(name='mirror', port=mirror.port))
    output = folder / 'callgrind.out'
    for old in folder.glob(f'{output.name}*'):
        old.unlink()
    with open(folder / 'log', 'w') as log:
        process = subprocess.Popen(
            ['valgrind', '--tool=callgrind', '--separate-threads=yes', f'--callgrind-out-file={output}', str(binary),
             '-c', str(config), '--concurrency', '1', '--log-level', 'warning'], stdout=log, stderr=log)
        connections = [connect(port, process) for _ in range(OVERLAP)]
        wrong = ask(connections, request(path, lines), requests)
        if wrong:
            time.sleep(1)
            status = process.poll()
            process.kill()
            sys.exit(f'{wrong}; the proxy {"runs" if status is None else f"ended with {status}"}:\n'
                     + (folder / 'log').read_text(errors='replace')[-2000:])
        requests += OVERLAP
        wanted = requests if path == b'mirror' else 0
        until = time.monotonic() + 30
        while mirror.count < wanted and time.monotonic() < until:
            time.sleep(0.05)
        for connection in connections:
            connection.close()
        process.send_signal(signal.SIGTERM)
        process.wait(120)
    if (primary.count, mirror.count) != (requests, wanted):
        sys.exit(f'{requests} requests: the primary has {primary.count}, the mirror {mirror.count}')
    # One file for each thread, with its number behind the name.
    profiles = [Profile(file) for file in sorted(folder.glob(f'{output.name}-*'))]
    workers = [profile for profile in profiles if any(name.startswith(WORKER) for name in profile.functions)]
    if len(workers) != 1:
        sys.exit(f'{len(workers)} of {len(profiles)} threads are the worker: is {WORKER} still its name?')
    return workers[0]


class Profile:
    """What one thread has done: all instructions, those of each function itself, and calls of the allocator."""

    def __init__(self, path):
        self.total, self.allocations, self.functions = 0, 0, collections.Counter()
        self.names, function, called = {}, '', ''
        is_call = False
        for line in path.read_text(errors='replace').splitlines():
            if line.startswith('fn='):
                function = self.name(line[3:])
            elif line.startswith('cfn='):
                called = self.name(line[4:])
            elif line.startswith('calls='):
                is_call = True
                if called in ALLOCATORS:
                    self.allocations += int(line[6:].split()[0])
            elif re.match(r'[\d+*-]', line):
                # The line behind `calls=` has what the called function took, which is counted there.
                if not is_call:
                    self.functions[function] += int(line.split()[1])
                is_call = False
            elif found := re.match(r'(?:summary|totals): (\d+)', line):
                self.total = int(found[1])

    def name(self, text):
        """Callgrind says `(7) name` once, and `(7)` from then on."""
        number, _, name = text.partition(' ')
        if name:
            self.names[number] = name
        return self.names.get(number, text).partition("'")[0]


def growth(short, long):
    """Of one request: instructions, allocations, and the functions with the most instructions."""
    requests = LONG - SHORT
    functions = {name: (count - short.functions[name]) / requests for name, count in long.functions.items()}
    return ((long.total - short.total) // requests, (long.allocations - short.allocations) / requests,
            sorted(functions.items(), key=lambda entry: -entry[1]))


def judge(case, instructions, allocations):
    """What is wrong with the figures of a case, or nothing."""
    limit = json.loads(BUDGET.read_text())[case]
    wrong = []
    if instructions > limit * TOLERANCE:
        wrong.append(f'{case}: {instructions:,} instructions, {instructions / limit - 1:.1%} over the budget of {limit:,}'
                     f' (Benchmarks/{BUDGET.name})')
    # A table that grows once in a thousand requests is no allocation per request.
    if allocations >= 0.05:
        wrong.append(f'{case}: {allocations:.2f} allocations per request, where there are to be none')
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--understudy', required=True, type=pathlib.Path, help='a release build')
    parser.add_argument('--check', action='store_true', help='fail beyond the budget')
    parser.add_argument('--functions', type=int, default=0, metavar='N', help='show the N most expensive ones')
    arguments = parser.parse_args()
    for tool in ('valgrind', 'strip'):
        if not shutil.which(tool):
            sys.exit(f'{tool} is needed')
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        binary = folder / 'understudy'
        subprocess.run(['strip', '--strip-debug', '-o', binary, arguments.understudy], check=True)
        for case, path, lines in CASES:
            short, long = (count(binary, path, lines, requests, folder) for requests in (SHORT, LONG))
            instructions, allocations, functions = growth(short, long)
            print(f'{case:33} {instructions:8,} instructions, {allocations:5.2f} allocations per request', flush=True)
            for function, cost in functions[:arguments.functions]:
                print(f'    {cost:8,.0f}  {function}')
            if arguments.check:
                wrong += judge(case, instructions, allocations)
    if wrong:
        sys.exit('\n'.join(wrong))


if __name__ == '__main__':
    main()
