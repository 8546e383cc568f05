# SPDX-License-Identifier: Apache-2.0
"""Proxies that are started for a run: Understudy and Envoy with the same file, HAProxy and nginx beside them."""
import asyncio
import json
import os
import socket
import subprocess
import tempfile

TYPES = 'type.googleapis.com/envoy.extensions'
HTTP = f'{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager'
ROUTER = f'{TYPES}.filters.http.router.v3.Router'
TLS = f'{TYPES}.transport_sockets.tls.v3.DownstreamTlsContext'
MANAGER = 'envoy.filters.network.http_connection_manager'

# Seconds that a proxy may take to start, on a machine that is busy.
START = 120


def free_ports(count):
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [place.getsockname()[1] for place in sockets]
    for place in sockets:
        place.close()
    return ports


def certificate(folder):
    """Of a self-signed one and its key: the files; None where no openssl is found."""
    files = [os.path.join(folder, name) for name in ('certificate.pem', 'key.pem')]
    words = ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days',
             '2',
             '-subj', '/CN=a.example', '-addext', 'subjectAltName=DNS:a.example', '-out', files[0], '-keyout', files[1]]
    try:
        subprocess.run(words, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return files


def address(port):
    return {'socket_address': {'address': '127.0.0.1', 'port_value': port}}


def cluster(name, port, buffer=None):
    endpoint = {'endpoint': {'address': address(port)}}
    # A bound of the kit's own: it is not about circuit breakers.
    bound = {'max_connections': 20000, 'max_pending_requests': 20000, 'max_requests': 20000}
    buffers = {'per_connection_buffer_limit_bytes': buffer} if buffer else {}
    return {'name': name, 'type': 'STATIC', 'connect_timeout': '5s', 'circuit_breakers': {'thresholds': [bound]},
            **buffers,
            'load_assignment': {'cluster_name': name, 'endpoints': [{'lb_endpoints': [endpoint]}]}}


def listener(name, port, files, buffer=None, **options):
    route = {'match': {'prefix': '/'}, 'route': {'cluster': 'primary', 'timeout': '60s',
                                                 'request_mirror_policies': [{'cluster': 'mirror'}]}}
    manager = {'@type': HTTP, 'stat_prefix': name, **options,
               'route_config': {'virtual_hosts': [{'name': 'all', 'domains': ['*'], 'routes': [route]}]},
               'http_filters': [{'name': 'envoy.filters.http.router', 'typed_config': {'@type': ROUTER}}]}
    chain = {'filters': [{'name': MANAGER, 'typed_config': manager}]}
    if files:
        pair = {'certificate_chain': {'filename': files[0]}, 'private_key': {'filename': files[1]}}
        chain['transport_socket'] = {'name': 'envoy.transport_sockets.tls', 'typed_config': {
            '@type': TLS, 'common_tls_context': {'alpn_protocols': ['h2', 'http/1.1'], 'tls_certificates': [pair]}}}
    bound = {'per_connection_buffer_limit_bytes': buffer} if buffer else {}
    return {'name': name, 'address': address(port), 'filter_chains': [chain], **bound}


def envoy_yaml(ports, upstreams, files, buffer=None, **options):
    """`buffer`: bytes that a connection may hold, on either side; `options`: of the connection manager."""
    listeners = [listener('plain', ports[0], None, buffer, **options)]
    if files:
        listeners.append(listener('tls', ports[1], files, buffer, **options))
    return json.dumps({'admin': {'address': address(ports[2])}, 'static_resources': {
        'listeners': listeners, 'clusters': [cluster(*pair, buffer)
                                             for pair in zip(('primary', 'mirror'), upstreams)]}})


def haproxy_cfg(ports, upstreams, files, **_):
    tls = [f'  bind 127.0.0.1:{ports[1]} ssl crt {files[0]}.both alpn h2'] if files else []
    return '\n'.join(['global', '  maxconn 4000', '  nbthread 1', 'defaults', '  mode http', '  timeout connect 5s',
                      '  timeout client 60s', '  timeout server 60s', 'frontend all',
                      f'  bind 127.0.0.1:{ports[0]} proto h2',
                      *tls, '  default_backend upstream', 'backend upstream', f'  server one 127.0.0.1:{upstreams[0]}',
                      ''])


def nginx_conf(ports, upstreams, files, folder='', **_):
    tls = (f'listen 127.0.0.1:{ports[1]} ssl http2; ssl_certificate {files[0]}; ssl_certificate_key {files[1]};'
           if files else '')
    folders = ' '.join(f'{name}_temp_path {folder}/{name};' for name in (
        'client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
    return (f'user root; daemon off; worker_processes 1; pid {folder}/pid; error_log stderr;\n'
            f'events {{ worker_connections 4000; }}\n'
            f'http {{ access_log off; {folders} server {{ client_max_body_size 0;\n'
            f'listen 127.0.0.1:{ports[0]} http2; {tls}\n'
            f'location / {{ proxy_pass http://127.0.0.1:{upstreams[0]}; proxy_http_version 1.1; }} }} }}\n')


KINDS = {
    'understudy': (envoy_yaml, ['--concurrency', '1', '-c']),
    'envoy': (envoy_yaml, ['--disable-hot-restart', '--use-dynamic-base-id', '--log-level', 'error', '--concurrency',
                           '1',
                           '-c']),
    'haproxy': (haproxy_cfg, ['-db', '-f']),
    'nginx': (nginx_conf, ['-c']),
}


class Server:
    """`kind`: of KINDS; `places`: (host, port) of the plain listener and, where there is one, of the other."""

    def __init__(self, kind, binary, upstreams, **options):
        self.kind, self.binary, self.upstreams, self.options = kind, binary, upstreams, options
        self.folder = tempfile.TemporaryDirectory()

    async def start(self):
        files = certificate(self.folder.name)
        if files:
            with open(f'{files[0]}.both', 'w') as out:
                out.write(''.join(open(file).read() for file in files))
        write, words = KINDS[self.kind]
        ports = free_ports(3)
        file = os.path.join(self.folder.name, 'envoy.yaml')
        with open(file, 'w') as out:
            out.write(write(ports, self.upstreams, files, folder=self.folder.name, **self.options)
                      if self.kind == 'nginx' else write(ports, self.upstreams, files, **self.options))
        log = open(os.path.join(self.folder.name, 'log'), 'w')
        self.process = await asyncio.create_subprocess_exec(self.binary, *words, file, stdout=log, stderr=log)
        self.places = [('127.0.0.1', port) for port in ports[:2 if files else 1]]
        self.admin = ('127.0.0.1', ports[2])
        loop = asyncio.get_running_loop()
        deadline = loop.time() + START
        while not await accepts(self.places[-1]):
            if not self.is_running or loop.time() > deadline:
                await self.stop()
                raise SystemExit(f'{self.binary} did not start:\n{self.log()[-3000:]}')
            await asyncio.sleep(0.1)
        return self

    def log(self):
        with open(os.path.join(self.folder.name, 'log'), errors='replace') as log:
            return log.read()

    @property
    def is_running(self):
        return self.process.returncode is None

    def memory(self, line='VmRSS'):
        """Bytes that are resident, in all its processes; `line`: of /proc/PID/status, such as VmHWM for the most."""
        return sum(status(pid, line) for pid in self.ids)

    def forget_peak(self):
        """VmHWM counts anew."""
        for pid in self.ids:
            with open(f'/proc/{pid}/clear_refs', 'w') as out:
                out.write('5')

    @property
    def ids(self):
        pid = self.process.pid
        with open(f'/proc/{pid}/task/{pid}/children') as children:
            return [pid, *map(int, children.read().split())]

    async def stop(self):
        if self.is_running:
            # The workers of nginx end with their master only if it is asked.
            self.process.terminate() if self.kind == 'nginx' else self.process.kill()
            await self.process.wait()


def status(pid, line):
    with open(f'/proc/{pid}/status') as text:
        found = [row.split() for row in text if row.startswith(line + ':')]
    return int(found[0][1]) * 1024 if found else 0


async def accepts(place):
    try:
        _, writer = await asyncio.open_connection(*place)
    except OSError:
        return False
    writer.close()
    return True
