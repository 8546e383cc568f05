# SPDX-License-Identifier: Apache-2.0
"""From a scenario's short form to an ordinary envoy.yaml."""
import yaml

EXT = 'type.googleapis.com/envoy.extensions.filters.'
SANDBOX = {                       # a scenario without routes/clusters gets the route-mirror sandbox's
    'routes': [{'match': {'prefix': '/service/1'},
                'route': {'cluster': 'service1', 'request_mirror_policies': [{'cluster': 'service1-mirror'}]}},
               {'match': {'prefix': '/service/2'},
                'route': {'cluster': 'service2', 'request_mirror_policies': [{'cluster_header': 'x-mirror-cluster'}]}}],
    'clusters': {'service1': None, 'service1-mirror': None, 'service2': None, 'service2-mirror': None}}


def build_config(sc, port, admin, ports):
    """A scenario's short form -> an ordinary envoy.yaml, as a dict."""
    vhost = {'name': 'backend', 'domains': ['*'], 'routes': sc.get('routes', []), **sc.get('vhost', {})}
    hcm = {'@type': EXT + 'network.http_connection_manager.v3.HttpConnectionManager',
           'codec_type': 'AUTO', 'stat_prefix': 'ingress_http',
           'route_config': {'name': 'local_route', 'virtual_hosts': [vhost], **sc.get('route_config', {})},
           'http_filters': [{'name': 'envoy.filters.http.router', 'typed_config': {
               '@type': EXT + 'http.router.v3.Router', **sc.get('router', {})}}],
           **sc.get('hcm', {})}
    clusters = []
    for name, spec in (sc.get('clusters') or {}).items():
        spec = spec or {}
        hosts = spec.get('endpoints', [name])          # names of upstreams
        clusters.append({
            'name': name, 'type': 'STRICT_DNS', 'lb_policy': 'ROUND_ROBIN',
            'load_assignment': {'cluster_name': name, 'endpoints': [{'lb_endpoints': [
                {'endpoint': {'address': {'socket_address': {'address': '127.0.0.1', 'port_value': ports[h]}}}}
                for h in hosts]}] if hosts else []},
            **spec.get('config', {})})
    config = {'static_resources': {
        'listeners': [{'address': {'socket_address': {'address': '127.0.0.1', 'port_value': port}},
                       'filter_chains': [{'filters': sc.get('network_filters', []) + [
                           {'name': 'envoy.filters.network.http_connection_manager', 'typed_config': hcm}]}],
                       **sc.get('listener', {})}],
        'clusters': clusters}}
    if admin:
        config['admin'] = {'address': {'socket_address': {'address': '127.0.0.1', 'port_value': admin}}}
    config.update(sc.get('bootstrap', {}))
    return config


def load(path):
    sc = yaml.safe_load(path.read_text())
    sc = {**SANDBOX, **sc, 'name': f'{path.parent.name}/{path.stem}'}
    return sc
