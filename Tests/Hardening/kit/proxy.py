# SPDX-License-Identifier: Apache-2.0
"""A proxy with a route-mirroring configuration, started for one run."""
import asyncio
import json
import os
import tempfile

HTTP = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router'
MIRROR_HEADER = 'x-mirror'

# Milliseconds that a proxy may take to start, on a machine that is busy, and between two looks.
START, PAUSE = 120_000, 100

# What the listeners differ in.
ENTRIES = {
    'plain': {},
    'paths': {'normalize_path': True, 'merge_slashes': True,
              'path_with_escaped_slashes_action': 'UNESCAPE_AND_FORWARD'},
    'refusing': {'normalize_path': True, 'merge_slashes': True,
                 'path_with_escaped_slashes_action': 'REJECT_REQUEST'},
    'old': {'http_protocol_options': {'accept_http_10': True}},
    'trailers': {'http_protocol_options': {'enable_trailers': True}},
}


def address(port):
    return {'socket_address': {'address': '127.0.0.1', 'port_value': port}}


def cluster(name, port):
    endpoint = {'endpoint': {'address': address(port)}}
    return {'name': name, 'type': 'STATIC', 'connect_timeout': '2s',
            'load_assignment': {'cluster_name': name, 'endpoints': [{'lb_endpoints': [endpoint]}]}}


def route(match, primary, policy):
    return {'match': match, 'route': {'cluster': primary, 'timeout': '10s', 'request_mirror_policies': [policy]}}


def listener(name, options, routes):
    manager = {'@type': HTTP, 'stat_prefix': name, **options,
               'route_config': {'virtual_hosts': [{'name': 'all', 'domains': ['*'], 'routes': routes}]},
               'http_filters': [{'name': 'envoy.filters.http.router', 'typed_config': {'@type': ROUTER}}]}
    return {'name': name, 'address': address(0), 'filter_chains': [{'filters': [
        {'name': 'envoy.filters.network.http_connection_manager', 'typed_config': manager}]}]}


def configuration(ports, slots):
    """`ports`: of the shared upstreams; `slots`: ports of primary and mirror, for each."""
    clusters = [cluster(name, port) for name, port in ports.items()]
    routes = shared_routes()
    own = []
    for slot, (primary, mirror) in enumerate(slots):
        clusters += [cluster(f'primary-{slot}', primary), cluster(f'mirror-{slot}', mirror)]
        own.append(route({'prefix': f'/slot{slot}/'}, f'primary-{slot}', {'cluster': f'mirror-{slot}'}))
    listeners = [listener(name, options, own + routes if name == 'plain' else routes)
                 for name, options in ENTRIES.items()]
    return {'admin': {'address': address(0)}, 'static_resources': {'listeners': listeners, 'clusters': clusters}}


def shared_routes():
    return [route({'prefix': '/named/'}, 'primary', {'cluster_header': MIRROR_HEADER}),
            {'match': {'prefix': '/denied'}, 'direct_response': {'status': 403}},
            route({'prefix': '/'}, 'primary', {'cluster': 'mirror'})]


class Proxy:
    def __init__(self, command):
        self.command = command
        self.folder = tempfile.TemporaryDirectory()

    async def start(self, config):
        """The ports of the listeners by name."""
        file = os.path.join(self.folder.name, 'envoy.yaml')
        admin = os.path.join(self.folder.name, 'admin')
        with open(file, 'w') as out:
            json.dump(config, out)
        words = [*self.command, '-c', file, '--admin-address-path', admin, '--concurrency', '1']
        log = open(os.path.join(self.folder.name, 'log'), 'w')
        self.process = await asyncio.create_subprocess_exec(*words, stdout=log, stderr=log)
        for _ in range(START // PAUSE):
            if self.process.returncode is not None:
                break
            if os.path.exists(admin) and (ports := await self.listeners(open(admin).read())):
                return ports
            await asyncio.sleep(PAUSE / 1000)
        self.stop()
        raise SystemExit(f'the proxy did not start:\n{self.log()[-3000:]}')

    async def listeners(self, place):
        """Empty until all of them accept."""
        host, _, port = place.strip().rpartition(':')
        try:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b'GET /listeners?format=json HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n')
            data = await asyncio.wait_for(reader.read(-1), 5)
            writer.close()
        except (OSError, ValueError, TimeoutError):
            return None
        text = data.partition(b'\r\n\r\n')[2].decode()
        found = json.loads(text[text.find('{'):text.rfind('}') + 1] or '{}').get('listener_statuses', [])
        ports = {item['name']: item['local_address']['socket_address'].get('port_value') for item in found}
        return ports if len(ports) == len(ENTRIES) else None

    def log(self):
        with open(os.path.join(self.folder.name, 'log'), errors='replace') as log:
            return log.read()

    @property
    def is_running(self):
        return self.process.returncode is None

    def stop(self):
        if self.process.returncode is None:
            self.process.kill()
