# SPDX-License-Identifier: Apache-2.0
"""The proxies that are compared, configured alike."""
import os
import pathlib
import pwd

from processes import Server, free_port

ENVOY_YAML = '''
admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {admin}}}}}}}
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
            - name: all
              domains: ["*"]
              routes:
              - name: "on"
                match: {{prefix: /on}}
                route: {{cluster: primary, request_mirror_policies: [{{cluster: mirror}}]}}
              - name: "off"
                match: {{prefix: /off}}
                route: {{cluster: primary}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
  clusters:
  - name: primary
    load_assignment:
      cluster_name: primary
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {primary}}}}}}}}}]}}]
  - name: mirror
    load_assignment:
      cluster_name: mirror
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {mirror}}}}}}}}}]}}]
'''
NGINX = '''
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit; {user}
events {{ worker_connections 4096; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; client_max_body_size 0;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream primary {{ server 127.0.0.1:{primary}; keepalive 256; keepalive_requests 1000000000; }}
    upstream copy {{ server 127.0.0.1:{mirror}; keepalive 256; keepalive_requests 1000000000; }}
    proxy_http_version 1.1; proxy_set_header Connection "";
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location /off {{ proxy_pass http://primary; }}
        location /on {{ mirror /copy; mirror_request_body on; proxy_pass http://primary; }}
        location = /copy {{ internal; proxy_pass http://copy$request_uri; }}
    }}
}}
'''
# What Envoy counts at the mirror's cluster, and how it is called here.
ENVOY_OUTCOMES = {
    'upstream_rq_2xx': 'ok', 'upstream_rq_4xx': 'http_error_4xx', 'upstream_rq_5xx': 'http_error_5xx',
    'upstream_rq_timeout': 'timeout', 'upstream_rq_rx_reset': 'reset', 'upstream_rq_tx_reset': 'reset by proxy',
    'upstream_cx_connect_fail': 'connections failed', 'upstream_rq_pending_overflow': 'overflow',
    'upstream_rq_active': 'in flight',
}


class Proxy(Server):
    """One proxy before the primary and the mirror, with two routes: `/off`, and `/on` with the mirror."""

    def __init__(self, name, binary, primary, mirror, folder):
        port, admin = free_port(), free_port()
        ports = {'port': port, 'admin': admin, 'primary': primary, 'mirror': mirror, 'folder': folder}
        path = pathlib.Path(folder) / 'configuration'
        if name == 'nginx':
            user = f'user {pwd.getpwuid(0).pw_name};' if os.geteuid() == 0 else ''
            path.write_text(NGINX.format(user=user, **ports))
            command = [binary, '-c', path]
        else:
            path = path.with_suffix('.yaml')
            path.write_text(ENVOY_YAML.format(**ports))
            command = [binary, '-c', path, '--concurrency', '2', '--log-level', 'error']
            command += ['--disable-hot-restart'] if name == 'envoy' else []
        super().__init__(name, command, folder, port, admin)

    def outcomes(self):
        """How many copies ended how, and whether all add up; `None` where it does not say."""
        values = {} if self.name == 'nginx' else self.statistics()
        if self.name == 'envoy':
            found = {label: values.get('cluster.mirror.' + name, 0) for name, label in ENVOY_OUTCOMES.items()}
            return {label: count for label, count in found.items() if count}, None
        prefix = 'mirror.on.mirror.'
        found = {name.removeprefix(prefix + 'outcomes.'): value for name, value in values.items()
                 if name.startswith(prefix + 'outcomes.') and value}
        if values.get(prefix + 'in_flight'):
            found['in flight'] = values[prefix + 'in_flight']
        requests = values.get(prefix + 'requests')
        return found, None if requests is None else sum(found.values()) == requests
