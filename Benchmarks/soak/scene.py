# SPDX-License-Identifier: Apache-2.0
"""The proxy of the soak: its configuration, with short times and small limits so that all of them are reached."""
import contextlib
import pathlib
import signal
import sys
import time
import urllib.request

sys.path.append(str(pathlib.Path(__file__).parent.parent / 'isolation'))
from processes import Child, Server, free_port     # noqa: E402, F401

# Seconds; the clients' bounds follow from them.
HEAD_TIME, BODY_TIME, ROUTE_TIME, IDLE_TIME = 2, 4, 6, 5
# The mirror that is reached by TLS.
SECURE_MIRROR = 'alpha'
# Policies of each route, by the name that is also its prefix.
ROUTES = {'none': [], 'one': ['alpha'], 'all': ['alpha', 'beta', 'gone'], 'huge': ['beta', 'alpha']}

YAML = '''
admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {admin}}}}}}}
static_resources:
  listeners:
  - name: soak
    stat_prefix: soak
    address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - &manager
        name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: soak
          request_headers_timeout: {head}s
          stream_idle_timeout: {body}s
          delayed_close_timeout: 0.5s
          drain_timeout: 1s
          access_log:
          - name: envoy.access_loggers.file
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
              path: "{folder}/requests"
              log_format: {{text_format_source: {{inline_string: "%REQ(X-TOKEN)% %REQ(:METHOD)% %REQ(:PATH)%: %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%, %BYTES_RECEIVED% bytes in, %BYTES_SENT% out, %DURATION% ms\\n"}}}}
          common_http_protocol_options: {{idle_timeout: {idle}s, max_requests_per_connection: 200}}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
{routes}
          http_filters:
          - name: understudy.mirroring
            is_optional: true
            typed_config:
              "@type": type.googleapis.com/xds.type.v3.TypedStruct
              type_url: type.googleapis.com/understudy.mirroring.v1.Mirroring
              value:
                total: {{max_copies: 128, max_buffered_bytes: 8388608, max_connections: 96}}
                defaults: {{max_buffered_bytes: 4194304, max_buffered_bytes_per_copy: 1048576, max_response_bytes: 4194304,
                           timeout: 2s}}
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
  - name: secure
    stat_prefix: secure
    address: {{socket_address: {{address: 127.0.0.1, port_value: {secure}}}}}
    filter_chains:
    - transport_socket_connect_timeout: {head}s
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            alpn_protocols: [http/1.1]
            tls_certificates:
            - certificate_chain: {{filename: "{folder}/soak.pem"}}
              private_key: {{filename: "{folder}/soak.key"}}
      filters: [*manager]
  clusters:
{clusters}
'''
# Of the mirror that is reached by TLS; the version changes with each reload.
TLS = '''    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        sni: {name}
        common_tls_context:
          tls_params: {{tls_maximum_protocol_version: {version}}}
          validation_context:
            trusted_ca: {{filename: "{folder}/{name}.pem"}}
            match_typed_subject_alt_names: [{{san_type: DNS, matcher: {{exact: {name}}}}}]
'''
ROUTE = '''              - name: "{name}"
                match: {{prefix: /{name}/}}
                route: {{cluster: primary, timeout: {time}s, request_mirror_policies: [{policies}]}}
'''
CLUSTER = '''  - name: {name}
    connect_timeout: {connect}s
    circuit_breakers: {{thresholds: [{{max_connections: {most}, max_pending_requests: {most}}}]}}
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        common_http_protocol_options: {{idle_timeout: 1s}}
        explicit_http_config: {{http_protocol_options: {{}}}}
    load_assignment:
      cluster_name: {name}
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}}}]}}]
{tls}'''


def configuration(folder, ports, number):
    """The file for the reload with this number; each differs from the one before."""
    routes = dict(ROUTES, **({'extra': ['beta']} if number % 2 else {}))
    tls = TLS.format(name=SECURE_MIRROR, folder=folder, version=f'TLSv1_{2 + number % 2}')
    clusters = [CLUSTER.format(name=name, port=port, connect=1 + (number % 3 if name == 'beta' else 0),
                               most=1024 if name == 'primary' else 16 + number % 2,
                               tls=tls if name == SECURE_MIRROR else '')
                for name, port in ports.items() if name not in ('port', 'secure', 'admin')]
    return YAML.format(
        folder=folder, port=ports['port'], secure=ports['secure'], admin=ports['admin'],
        head=HEAD_TIME, body=BODY_TIME, idle=IDLE_TIME,
        routes=''.join(ROUTE.format(name=name, time=0 if name == 'huge' else ROUTE_TIME,
                                    policies=', '.join(f'{{cluster: {one}}}' for one in mirrors))
                       for name, mirrors in routes.items()).rstrip('\n'),
        clusters=''.join(clusters))


class Scene(Server):
    """The proxy, its file, and what may be done to it from outside."""

    def __init__(self, binary, folder, primary, mirrors):
        self.ports = {'port': free_port(), 'secure': free_port(), 'admin': free_port(),
                      'primary': primary, **mirrors, 'gone': 1}
        self.path = pathlib.Path(folder) / 'soak.yaml'
        self.path.write_text(configuration(folder, self.ports, 0))
        self.reloads = 0
        command = [binary, '-c', self.path, '--concurrency', '2', '--log-level', 'info']
        super().__init__('understudy', command, folder, self.ports['port'], self.ports['admin'])

    def said(self):
        return (self.folder / 'output').read_text(errors='replace')

    def log_of(self, token):
        """What the proxy says of a request."""
        lines = (self.folder / 'requests').read_text(errors='replace').splitlines()
        return [line for line in lines if line.startswith(token + ' ')]

    def reload(self):
        """Returns whether the proxy has taken the next configuration within 30 s."""
        self.reloads += 1
        before = self.said().count('configuration loaded')
        self.path.write_text(configuration(self.folder, self.ports, self.reloads))
        self.process.send_signal(signal.SIGHUP)
        return wait(30, lambda: self.said().count('configuration loaded') > before)

    def switch(self, is_on, mirror=None):
        path = '/mirrors/' + ('enable' if is_on else 'disable') + (f'?mirror={mirror}' if mirror else '')
        urllib.request.urlopen(urllib.request.Request(f'http://127.0.0.1:{self.admin}{path}', method='POST'), timeout=10).read()

    def books(self):
        """`requests`, `in_flight` and the outcomes of each policy, by `route.mirror`."""
        found = {}
        for name, value in self.statistics().items():
            if name.startswith('mirror.') and isinstance(value, int):
                route, mirror, field = name.split('.', 3)[1:]
                found.setdefault(f'{route}.{mirror}', {})[field] = value
        return found

    def gauges(self):
        """What must be 0 once nothing is under way."""
        values = self.statistics()
        if not values:
            return {'statistics that can be read': 1}
        names = [f'http.soak.downstream_{what}_active' for what in ('cx', 'cx_http1', 'cx_ssl', 'rq')]
        names += [f'listener.{name}.downstream_cx_active' for name in ('soak', 'secure')]
        names += ['mirrors.copies_in_flight', 'mirrors.buffered_bytes', 'mirrors.connections']
        names += [f'cluster.{name}.upstream_{what}_active' for name in ('primary', 'alpha', 'beta', 'gone')
                  for what in ('cx', 'rq', 'rq_pending')]
        return {name: values.get(name, -1) for name in names}

    def open_descriptors(self):
        return sum(len(list(pathlib.Path(f'/proc/{pid}/fd').iterdir())) for pid in self.pids)

    def waits(self):
        """Seconds for which each thread wanted a processor and had none."""
        found = {}
        for pid in self.pids:
            for path in pathlib.Path(f'/proc/{pid}/task').glob('*/schedstat'):
                with contextlib.suppress(OSError):
                    found[path] = int(path.read_text().split()[1]) / 1e9
        return found

    def end(self):
        """SIGTERM; the exit code, or `None` if it is still there after 15 s."""
        self.process.send_signal(signal.SIGTERM)
        wait(15, lambda: self.process.poll() is not None)
        return self.process.poll()


def wait(seconds, is_done):
    """Asks until `is_done`, for so many seconds at most; returns its last answer."""
    until = time.monotonic() + seconds
    while not (answer := is_done()) and time.monotonic() < until:
        time.sleep(0.05)
    return answer
