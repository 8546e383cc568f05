# SPDX-License-Identifier: Apache-2.0
"""The proxies that are compared, each before the same upstreams and with one route, its mirrors and nothing else."""
import json
import urllib.request

from rig import configuration
from rig.processes import PROXY_CORE, Session, free_port
from rig.upstreams import nginx_configuration

NGINX = '''
    {upstreams}
    proxy_http_version 1.1; proxy_set_header Connection "";
    server {{
        listen 127.0.0.1:{port} {protocol} backlog=4096;
        ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
        location / {{ {mirrors} proxy_pass http://primary; }}
        {copies}
    }}
'''
NGINX_UPSTREAM = 'upstream {name} {{ server 127.0.0.1:{port}; keepalive 1024; keepalive_requests 1000000000; }}'
NGINX_COPY = 'location = /copy/{name} {{ internal; proxy_pass http://{name}$request_uri; }}'
HAPROXY = '''
global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    http-reuse always
frontend front
    bind 127.0.0.1:{port} {protocol}
    default_backend primary
backend primary
    server primary 127.0.0.1:{primary}
'''


class Proxy(Session):
    """`kind` is understudy, envoy, nginx or haproxy; `protocol` http, https or h2."""

    def __init__(self, kind, binary, folder, upstreams, protocol='http', mirrors=(), log=None, timeout=None,
                 cores=PROXY_CORE, workers=1, text=None):
        self.kind, self.protocol = kind, protocol
        self.port, self.admin = free_port(), free_port()
        names = ['primary', *mirrors]
        setting = {'port': self.port, 'folder': folder, 'ports': {name: upstreams.ports[name] for name in names},
                   'protocol': protocol, 'mirrors': mirrors, 'log': log, 'timeout': timeout}
        path = folder / f'{kind}-{self.port}.yaml'
        if kind == 'nginx':
            path.write_text(nginx(f'proxy-{self.port}', **setting))
            command = [binary, '-c', path]
        elif kind == 'haproxy':
            path.write_text(haproxy(**setting))
            command = [binary, '-db', '-f', path]
        else:
            path.write_text(text(self.port, self.admin) if text else bootstrap(self.admin, **setting))
            command = [binary, '-c', path, '--concurrency', workers, '--log-level', 'error']
            command += ['--disable-hot-restart'] if kind == 'envoy' else []
        super().__init__(command, cores, self.port, folder / f'{kind}-{self.port}.out')

    def statistics(self):
        """Numbers by name; none where there is no admin server."""
        if self.kind not in ('understudy', 'envoy'):
            return {}
        with urllib.request.urlopen(f'http://127.0.0.1:{self.admin}/stats?format=json', timeout=10) as answer:
            entries = json.load(answer)['stats']
        return {one['name']: one['value'] for one in entries if isinstance(one.get('value'), int)}


def bootstrap(admin, port, folder, ports, protocol, mirrors, log, timeout):
    hosts = [configuration.host([configuration.route('all', configuration.action(mirrors, timeout))])]
    clusters = [configuration.cluster(name, its) for name, its in ports.items()]
    return configuration.bootstrap(port, admin, hosts, clusters, log, folder if protocol == 'https' else None)


def nginx(name, port, folder, ports, protocol, mirrors, log, timeout):
    http = NGINX.format(
        upstreams=' '.join(NGINX_UPSTREAM.format(name=name, port=its) for name, its in ports.items()),
        port=port, folder=folder, protocol={'http': '', 'https': 'ssl', 'h2': 'http2'}[protocol],
        mirrors=' '.join(f'mirror /copy/{name};' for name in mirrors),
        copies=' '.join(NGINX_COPY.format(name=name) for name in mirrors))
    return nginx_configuration(name, folder, http, f'{log} combined buffer=64k flush=1s' if log else 'off')


def haproxy(port, ports, protocol, **_):
    return HAPROXY.format(port=port, primary=ports['primary'], protocol={'http': '', 'h2': 'proto h2'}[protocol])
