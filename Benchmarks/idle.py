#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What idle clients cost: the resident memory of the proxy before and after so many connections are opened.

Two rounds, each with a proxy of its own: clients that have sent nothing, and clients that have had one answer each.
Every client of the second round has its answer before the next one asks, so that what is measured is what a connection
keeps and not what a burst needs.  With --tls they come over TLS 1.3, and the first round is of clients whose handshake
is over.  Exits 1 if a connection costs more than --limit KiB.  Loopback only; --tls needs openssl.
"""
import argparse
import pathlib
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

CONFIGURATION = '''admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: 0}}}}}}
static_resources:
  listeners:
  - name: front
    address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - {tls}filters:
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
              routes: [{{match: {{prefix: /}}, route: {{cluster: primary}}}}]
  clusters:
  - name: primary
    connect_timeout: 5s
    load_assignment:
      cluster_name: primary
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {primary}}}}}}}}}]}}]
'''
TLS = '''transport_socket:
        name: tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            tls_certificates: [{{certificate_chain: {{filename: {folder}/cert.pem}}, private_key: {{filename: {folder}/key.pem}}}}]
      '''
REQUEST = b'GET / HTTP/1.1\r\nhost: example.com\r\nuser-agent: idle\r\naccept: */*\r\n\r\n'
ANSWER = b'HTTP/1.1 200 OK\r\ncontent-length: 512\r\ncontent-type: text/plain\r\n\r\n' + b'x' * 512


def upstream():
    """Answers every request; returns its port."""
    listening = socket.create_server(('127.0.0.1', 0), backlog=128)

    def serve(connection):
        buffer = b''
        while piece := connection.recv(65536):
            buffer += piece
            while b'\r\n\r\n' in buffer:
                buffer = buffer.partition(b'\r\n\r\n')[2]
                connection.sendall(ANSWER)

    def accept():
        while True:
            threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listening.getsockname()[1]


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return probe.getsockname()[1]


def resident(process):
    """KiB."""
    for line in pathlib.Path(f'/proc/{process.pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return int(line.split()[1])
    raise SystemExit('no VmRSS')


def make_certificate(folder):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days',
                    '2', '-subj', '/CN=localhost', '-keyout', f'{folder}/key.pem', '-out', f'{folder}/cert.pem'],
                   check=True, stderr=subprocess.DEVNULL)


def secured(client):
    """The client with its handshake done."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(client)


def ask(client):
    client.sendall(REQUEST)
    got = b''
    while not got.endswith(b'x' * 512):
        piece = client.recv(65536)
        if not piece:
            raise SystemExit('a client was not answered')
        got += piece


def measure(arguments, primary, asks):
    """KiB of resident memory per connection."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / 'envoy.yaml'
        tls = ''
        if arguments.tls:
            make_certificate(folder)
            tls = TLS.format(folder=folder)
        path.write_text(CONFIGURATION.format(port=port, primary=primary, tls=tls))
        command = [arguments.understudy, '-c', str(path), '--concurrency', '2']
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        clients = []
        try:
            for line in process.stderr:
                if f':{port}' in line and 'listening' in line:
                    break
            threading.Thread(target=process.stderr.read, daemon=True).start()

            def opened():
                client = socket.create_connection(('127.0.0.1', port))
                return secured(client) if arguments.tls else client

            def connect():
                client = opened()
                clients.append(client)
                if asks:
                    ask(client)

            # What the first connections cost is the proxy's own.
            for _ in range(100):
                connect()
            with opened() as last:
                ask(last)
            before = resident(process)
            for _ in range(arguments.connections):
                connect()
            # Its answer comes after everything before it has been accepted.
            for _ in range(4):
                with opened() as last:
                    ask(last)
            return (resident(process) - before) / arguments.connections
        finally:
            for client in clients:
                client.close()
            process.terminate()
            process.wait(30)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--understudy', required=True, help='the binary')
    parser.add_argument('--connections', type=int, default=2000)
    parser.add_argument('--tls', action='store_true', help='the clients come over TLS')
    parser.add_argument('--limit', type=float, help='KiB per connection; default 10, or 50 with --tls')
    arguments = parser.parse_args()
    limit = arguments.limit or (50 if arguments.tls else 10)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    primary = upstream()
    worst = 0
    for name, asks in ('without a request', False), ('after one request each', True):
        cost = measure(arguments, primary, asks)
        worst = max(worst, cost)
        print(f'{arguments.connections} idle connections {name}: {cost:.1f} KiB each')
    return worst > limit


if __name__ == '__main__':
    sys.exit(main())
