#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reloads under load: a bounded rate of requests while the configuration is replaced again and again by SIGHUP.

Ten clients keep their connection, two open one for each request.  Every configuration changes a route, a cluster and a
header that answers carry, and every other one opens a second listener.  Prints errors, requests and the versions seen;
exits 1 if a request was lost or a copy did not arrive.  Loopback only.
"""
import argparse
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

MANAGER = '''  - name: {name}
    address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: ingress_http
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              response_headers_to_add: [{{header: {{key: x-version, value: "{version}"}}}}]
              routes:
              - match: {{prefix: /}}
                route: {{cluster: primary{odd}, request_mirror_policies: [{{cluster: mirror}}]}}
'''
CLUSTER = '''  - name: {name}
    connect_timeout: {timeout}s
    load_assignment:
      cluster_name: {name}
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}}}]}}]
'''


class Upstream:
    """Counts requests without a body and answers each."""

    def __init__(self):
        self.count = 0
        self.socket = socket.create_server(('127.0.0.1', 0), backlog=512)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            while data := connection.recv(65536):
                ends = data.count(b'\r\n\r\n')
                self.count += ends
                connection.sendall(b'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok' * ends)
        except OSError:
            pass


class Client(threading.Thread):
    """Sends at a rate until it is told to stop."""

    def __init__(self, port, rate, keeps):
        super().__init__()
        self.port, self.rate, self.keeps = port, rate, keeps
        self.count, self.errors, self.versions, self.stopped = 0, [], set(), False

    def run(self):
        connection, due = None, time.monotonic()
        while not self.stopped:
            due += 1 / self.rate
            time.sleep(max(0, due - time.monotonic()))
            try:
                connection = connection or socket.create_connection(('127.0.0.1', self.port), 10)
                connection = self.ask(connection)
            except OSError as error:
                self.errors.append(repr(error))
                connection = None

    def ask(self, connection):
        closes = b'' if self.keeps else b'Connection: close\r\n'
        connection.sendall(b'GET / HTTP/1.1\r\nHost: example.com\r\n' + closes + b'\r\n')
        data = b''
        while not data.endswith(b'\r\n\r\nok'):
            piece = connection.recv(65536)
            if not piece:
                raise OSError(f'closed after {data[:80]!r}')
            data += piece
        if not data.startswith(b'HTTP/1.1 200 '):
            raise OSError(repr(data[:80]))
        self.count += 1
        self.versions.add(data.split(b'x-version: ')[1].split(b'\r')[0])
        if self.keeps and b'connection: close' not in data:
            return connection
        connection.close()
        return None


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return probe.getsockname()[1]


def configuration(version, ports, primary, mirror):
    odd = version % 2
    text = f'admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {ports[2]}}}}}}}\nstatic_resources:\n'
    text += '  listeners:\n' + MANAGER.format(name='first', port=ports[0], version=version, odd=odd)
    if odd:
        text += MANAGER.format(name='second', port=ports[1], version=version, odd=odd)
    text += '  clusters:\n'
    for name, port, timeout in (('primary0', primary, 1), ('primary1', primary, 1), ('mirror', mirror, 1 + version % 3)):
        text += CLUSTER.format(name=name, port=port, timeout=timeout)
    return text


def wait_until_ready(port, process):
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{port}/ready', timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    sys.exit('the proxy does not get ready')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--understudy', required=True, type=pathlib.Path)
    parser.add_argument('--reloads', type=int, default=100)
    parser.add_argument('--rate', type=int, default=1000, help='requests per second (default 1000)')
    arguments = parser.parse_args()
    primary, mirror = Upstream(), Upstream()
    ports = [free_port(), free_port(), free_port()]
    clients = [Client(ports[0], arguments.rate * 0.09, True) for _ in range(10)]
    clients += [Client(ports[0], arguments.rate * 0.05, False) for _ in range(2)]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = folder / 'envoy.yaml'
        path.write_text(configuration(0, ports, primary.port, mirror.port))
        process = subprocess.Popen([arguments.understudy, '-c', path, '--log-level', 'warning'])
        wait_until_ready(ports[2], process)
        begin = time.monotonic()
        for client in clients:
            client.start()
        for version in range(1, arguments.reloads + 1):
            new = folder / 'new.yaml'
            new.write_text(configuration(version, ports, primary.port, mirror.port))
            new.rename(path)
            process.send_signal(signal.SIGHUP)
            time.sleep(0.25)
        elapsed = time.monotonic() - begin
        for client in clients:
            client.stopped = True
        for client in clients:
            client.join()
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    requests = sum(client.count for client in clients)
    errors = [error for client in clients for error in client.errors]
    versions = set().union(*(client.versions for client in clients))
    print(f'{arguments.reloads} reloads, {requests} requests at {requests / elapsed:.0f}/s, {len(errors)} errors, '
          f'{len(versions)} versions seen, {mirror.count} copies')
    for error in errors[:10]:
        print(f'  {error}')
    if errors or mirror.count != requests:
        sys.exit(1)


if __name__ == '__main__':
    main()
