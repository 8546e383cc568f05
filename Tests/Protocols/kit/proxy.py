# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""The proxy under test: a listener for each pair of upstreams, with TLS and without."""
import asyncio
import json
import signal
import socket
import subprocess

from .stream import PATIENCE

# Of a primary and its mirror: every kind on either side, and every mixture of protocols.
PAIRS = (('h1', 'h1'), ('h2', 'h2'), ('h1', 'h2s'), ('h2', 'h1s'), ('h1s', 'h2'), ('h2s', 'h1'))
TYPES = 'type.googleapis.com/envoy.extensions.'
RETRIES = {'retry_on': 'reset,refused-stream', 'num_retries': 2}

# First part of the path, and what the route does beside forwarding and mirroring.
ROUTES = {
    'plain': {},
    'brief': {'timeout': '0.5s'},
    'retry': {'retry_policy': RETRIES},
    'upgrade': {'upgrade_configs': [{'upgrade_type': 'websocket'}]},
}


given = set()


def free_port():
    """A port that nobody listens on, and that was not given before: the system may offer one twice."""
    while True:
        with socket.socket() as one:
            one.bind(('127.0.0.1', 0))
            port = one.getsockname()[1]
        if port not in given:
            given.add(port)
            return port


def address(port):
    return {'socket_address': {'address': '127.0.0.1', 'port_value': port}}


def typed(name, kind, **fields):
    return {'name': name, 'typed_config': {'@type': TYPES + kind, **fields}}


def manager(primary, mirror, **more):
    routes = []
    for name, extra in ROUTES.items():
        routes.append({'match': {'prefix': f'/{name}/'}, 'route': {
            'cluster': f'primary-{primary}', 'request_mirror_policies': [{'cluster': f'mirror-{mirror}'}], **extra}})
    for name, target in (('gone', 'gone'), ('tight', f'tight-{primary}')):
        routes.append({'match': {'prefix': f'/{name}/'}, 'route': {
            'cluster': target, 'request_mirror_policies': [{'cluster': f'mirror-{mirror}'}]}})
    return typed('envoy.filters.network.http_connection_manager',
                 'filters.network.http_connection_manager.v3.HttpConnectionManager', stat_prefix='facts',
                 codec_type='AUTO', http2_protocol_options={'allow_connect': True},
                 route_config={'virtual_hosts': [{'name': 'all', 'domains': ['*'], 'routes': routes}]},
                 http_filters=[typed('envoy.filters.http.router', 'filters.http.router.v3.Router')], **more)


def listener(port, chain, is_secure, folder):
    chain = {'filters': [chain]}
    if is_secure:
        files = {'certificate_chain': {'filename': str(folder / 'shop.crt')},
                 'private_key': {'filename': str(folder / 'shop.key')}}
        chain['transport_socket'] = typed(
            'envoy.transport_sockets.tls', 'transport_sockets.tls.v3.DownstreamTlsContext',
            common_tls_context={'alpn_protocols': ['h2', 'http/1.1'], 'tls_certificates': [files]})
    return {'address': address(port), 'filter_chains': [chain]}


def cluster(name, kind, port, server_name, folder):
    made = {'name': name, 'type': 'STATIC', 'connect_timeout': '10s', 'load_assignment': {
        'cluster_name': name, 'endpoints': [{'lb_endpoints': [{'endpoint': {'address': address(port)}}]}]},
        'circuit_breakers': {'thresholds': [{'max_retries': 100}]}}
    if kind.startswith('h2'):
        options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
        made['typed_extension_protocol_options'] = {options: {
            '@type': f'type.googleapis.com/{options}',
            'explicit_http_config': {'http2_protocol_options': {'allow_connect': True}}}}
    if kind.endswith('s'):
        made['transport_socket'] = typed(
            'envoy.transport_sockets.tls', 'transport_sockets.tls.v3.UpstreamTlsContext', sni=server_name,
            common_tls_context={'validation_context': {
                'trusted_ca': {'filename': str(folder / 'ca.crt')},
                'match_typed_subject_alt_names': [{'san_type': 'DNS', 'matcher': {'exact': server_name}}]}})
    return made


class Proxy:
    """`ports` by (primary, mirror, whether clients use TLS); 'few' in the place of the mirror for connections that
    carry two requests each."""

    def __init__(self, command, is_envoy, upstreams, folder):
        self.command, self.is_envoy, self.folder = command, is_envoy, folder
        self.ports, self.admin, self.upstreams = {}, free_port(), upstreams

    def configuration(self):
        listeners, clusters = [], []
        for primary, mirror in PAIRS:
            for is_secure in (False, True):
                for name, more in [(mirror, {}), ('few', {'max_requests_per_connection': 2})]:
                    port = self.ports[primary, name, is_secure] = free_port()
                    chain = manager(primary, mirror, **({'common_http_protocol_options': more} if more else {}))
                    listeners.append(listener(port, chain, is_secure, self.folder))
        for (role, kind), upstream in self.upstreams.items():
            name = 'primary' if role == 'primary' else 'candidate'
            clusters.append(cluster(f'{role}-{kind}', kind, upstream.port, f'{name}.internal', self.folder))
            if role == 'primary':
                tight = cluster(f'tight-{kind}', kind, upstream.port, f'{name}.internal', self.folder)
                limits = {'max_connections': 1, 'max_pending_requests': 1, 'max_requests': 1}
                clusters.append({**tight, 'circuit_breakers': {'thresholds': [limits]}})
                checked = cluster(f'checked-{kind}', kind, upstream.port, f'{name}.internal', self.folder)
                check = {'path': f'/check/{kind}', 'codec_client_type': 'HTTP2' if kind[:2] == 'h2' else 'HTTP1'}
                clusters.append({**checked, 'health_checks': [{
                    'timeout': '10s', 'interval': '600s', 'unhealthy_threshold': 1, 'healthy_threshold': 1,
                    'http_health_check': check}]})
        clusters.append(cluster('gone', 'h2', free_port(), '', self.folder))
        return {'admin': {'address': address(self.admin)},
                'static_resources': {'listeners': listeners, 'clusters': clusters}}

    async def start(self):
        path = self.folder / f'{self.admin}.json'
        path.write_text(json.dumps(self.configuration(), indent=1))
        self.log = self.folder / f'{self.admin}.log'
        more = ['--use-dynamic-base-id', '--disable-hot-restart'] if self.is_envoy else []
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen([self.command, '-c', str(path), '--concurrency', '1', '-l', 'error', *more],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        async with asyncio.timeout(PATIENCE):
            while b'LIVE' not in await self.ask('/ready'):
                if not self.is_running:
                    raise OSError(f'does not start: {self.log.read_text(errors="replace")[-1500:]}')
                await asyncio.sleep(0.05)
        return self

    @property
    def is_running(self):
        return self.process.poll() is None

    async def ask(self, path):
        try:
            reader, writer = await asyncio.open_connection('127.0.0.1', self.admin)
            writer.write(f'GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'.encode())
            answer = await reader.read()
            writer.close()
            return answer
        except OSError:
            return b''

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        self.process.kill()
        self.process.wait()
