# SPDX-License-Identifier: Apache-2.0
"""Bootstrap files that Understudy and Envoy read alike, as JSON, which is YAML."""
import json

TYPE = 'type.googleapis.com/envoy.extensions.'
ROUTER = {'name': 'envoy.filters.http.router', 'typed_config': {'@type': TYPE + 'filters.http.router.v3.Router'}}


def address(port):
    return {'socket_address': {'address': '127.0.0.1', 'port_value': port}}


def cluster(name, port):
    endpoint = {'endpoint': {'address': address(port)}}
    return {'name': name, 'type': 'STATIC',
            'load_assignment': {'cluster_name': name, 'endpoints': [{'lb_endpoints': [endpoint]}]}}


def action(mirrors=(), timeout=None, to='primary'):
    """Where a route leads."""
    made = {'cluster': to}
    if mirrors:
        made['request_mirror_policies'] = [{'cluster': name} for name in mirrors]
    if timeout:
        made['timeout'] = timeout
    return made


def host(routes, name='backend', domains=('*',)):
    return {'name': name, 'domains': list(domains), 'routes': routes}


def route(name, then, **match):
    return {'name': name, 'match': match or {'prefix': '/'}, 'route': then}


def access_log(path):
    return [{'name': 'envoy.access_loggers.file',
             'typed_config': {'@type': TYPE + 'access_loggers.file.v3.FileAccessLog', 'path': str(path)}}]


def tls(folder):
    certificate = {'certificate_chain': {'filename': f'{folder}/cert.pem'},
                   'private_key': {'filename': f'{folder}/key.pem'}}
    return {'name': 'envoy.transport_sockets.tls',
            'typed_config': {'@type': TYPE + 'transport_sockets.tls.v3.DownstreamTlsContext',
                             'common_tls_context': {'tls_certificates': [certificate]}}}


def bootstrap(port, admin, hosts, clusters, log=None, certificates=None):
    """Text of the file; `log` is a path, `certificates` the folder that has them."""
    manager = {'@type': TYPE + 'filters.network.http_connection_manager.v3.HttpConnectionManager',
               'codec_type': 'AUTO', 'stat_prefix': 'ingress_http', 'http_filters': [ROUTER],
               'route_config': {'name': 'local_route', 'virtual_hosts': hosts}}
    if log:
        manager['access_log'] = access_log(log)
    chain = {'filters': [{'name': 'envoy.filters.network.http_connection_manager', 'typed_config': manager}]}
    if certificates:
        chain['transport_socket'] = tls(certificates)
    listener = {'name': 'front', 'address': address(port), 'filter_chains': [chain]}
    return json.dumps({'admin': {'address': address(admin)},
                       'static_resources': {'listeners': [listener], 'clusters': clusters}}, separators=(',\n', ':'))
