#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the files of examples/route-mirror agree with each other, as far as parsers can tell.

No container engine is needed: names, ports, command lines and build stages are compared across
envoy.yaml, compose.yaml and the Dockerfile.  Needs PyYAML.  Prints every disagreement; exit 0 or 1.
"""
import argparse
import pathlib
import re
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / 'examples' / 'route-mirror'
PROXY = 'envoy-front-proxy'
wrong = []


def expect(truth, message):
    if not truth:
        wrong.append(message)


def endpoints(cluster):
    for group in cluster['load_assignment']['endpoints']:
        for e in group['lb_endpoints']:
            address = e['endpoint']['address']['socket_address']
            yield address['address'], address['port_value']


def mirrors(listener):
    hcm = listener['filter_chains'][0]['filters'][0]['typed_config']
    for vhost in hcm['route_config']['virtual_hosts']:
        for route in vhost['routes']:
            yield route['route']['cluster']
            for policy in route['route']['request_mirror_policies']:
                if 'cluster' in policy:
                    yield policy['cluster']


def check_envoy(envoy):
    resources = envoy['static_resources']
    clusters = {c['name']: c for c in resources['clusters']}
    for name in mirrors(resources['listeners'][0]):
        expect(name in clusters, f'envoy.yaml: a route names {name}, which is no cluster')
    return resources['listeners'][0]['address']['socket_address']['port_value'], clusters


def check_services(compose, clusters):
    for name, cluster in clusters.items():
        for host, port in endpoints(cluster):
            service = compose['services'].get(host)
            expect(service, f'compose.yaml: no service {host}, which cluster {name} needs')
            command = (service or {}).get('command')
            expect(command == ['sandbox', '--service', host, '--listen', f'0.0.0.0:{port}'],
                   f'compose.yaml: {host} runs {command}')
            test = ' '.join((service or {}).get('healthcheck', {}).get('test', []))
            expect(f'/dev/tcp/127.0.0.1/{port}' in test and 'GET /healthz ' in test,
                   f'compose.yaml: {host} is not asked for /healthz on port {port}')
            needs = compose['services'][PROXY]['depends_on'].get(host, {}).get('condition')
            expect(needs == 'service_healthy', f'compose.yaml: {PROXY} does not wait for {host}')
    hosts = {h for c in clusters.values() for h, _ in endpoints(c)}
    expect(set(compose['services']) == hosts | {PROXY}, 'compose.yaml: services and endpoints are not the same set')


def check_proxy(compose, port):
    proxy = compose['services'][PROXY]
    ports = proxy['ports']
    expect(ports == [f'{port}:{port}'], f'compose.yaml: publishes {ports}, envoy.yaml listens on {port}')
    mounts = dict(v.split(':')[:2] for v in proxy['volumes'])
    inside = mounts.get('./envoy.yaml')
    expect(proxy['command'] == ['-c', inside], f"compose.yaml: the proxy reads {proxy['command']}, mounted is {inside}")
    build = proxy['build']
    context = (EXAMPLE / build['context']).resolve()
    expect(context == ROOT, f'compose.yaml: build context {context} is not the project')
    expect((context / build['dockerfile']).is_file(), f"compose.yaml: no file {build['dockerfile']}")
    images = {s.get('image') for s in compose['services'].values()}
    expect(images == {proxy['image']}, f'compose.yaml: several images {images}')


def check_dockerfile(text):
    lines = re.sub(r'\\\n', ' ', text).splitlines()
    words = [l.split() for l in lines if l.strip() and not l.startswith('#')]
    stages = [w[3] for w in words if w[0] == 'FROM']
    last = words[max(i for i, w in enumerate(words) if w[0] == 'FROM'):]
    expect(len(stages) >= 2, 'Dockerfile: the build tools stay in the image')
    for w in words:
        source = next((x.removeprefix('--from=') for x in w if x.startswith('--from=')), None)
        expect(source is None or source in stages, f'Dockerfile: no stage {source}')
    users = [w[1].split(':')[0] for w in last if w[0] == 'USER']
    expect(users and users[-1] not in ('0', 'root'), 'Dockerfile: runs as root')
    expect('--static-swift-stdlib' in text, 'Dockerfile: the Swift runtime is not linked in')
    for library in ('libre2', 'libyaml'):
        expect(any(f'{library}-' in l for l in map(' '.join, last)), f'Dockerfile: {library} is missing at run time')
    expect(any(w[0] == 'ENTRYPOINT' and 'understudy' in w[1] for w in last), 'Dockerfile: does not start understudy')


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    port, clusters = check_envoy(yaml.safe_load((EXAMPLE / 'envoy.yaml').read_text()))
    compose = yaml.safe_load((EXAMPLE / 'compose.yaml').read_text())
    check_services(compose, clusters)
    check_proxy(compose, port)
    check_dockerfile((EXAMPLE / 'Dockerfile').read_text())
    syntax = subprocess.run(['bash', '-n', EXAMPLE / 'verify.sh'], capture_output=True, text=True)
    expect(syntax.returncode == 0, f'verify.sh: {syntax.stderr.strip()}')
    print(*wrong or ['examples/route-mirror: envoy.yaml, compose.yaml, Dockerfile and verify.sh agree'], sep='\n')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
