#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what stands under deploy/, the Dockerfile and the numbers named in docs/operations.md.

Manifests are read and compared with each other and with `understudy --help`; with the Kubernetes schemas at hand
(PyPI: kubernetes-validate) they are validated, too.  The ConfigMap's envoy.yaml is validated and then run between two
services of its own on loopback; every metric that the dashboard and docs/operations.md name has to be in its
/stats/prometheus.  Needs PyYAML.  Prints every disagreement; exit 0 or 1.
"""
import argparse
import contextlib
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
KUBERNETES = ROOT / 'deploy' / 'kubernetes'
# Only with health_checks or outlier_detection on a cluster, so a small configuration need not have them.
CONDITIONAL = ('envoy_cluster_health_check_', 'envoy_cluster_outlier_detection_')
wrong, notes = [], []


def expect(truth, message):
    if not truth:
        wrong.append(message)
    return truth


def at(value, *path):
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


# MARK: Kubernetes

def read_manifests():
    manifests = {}
    named = yaml.safe_load((KUBERNETES / 'kustomization.yaml').read_text())['resources']
    files = {p.name for p in KUBERNETES.glob('*.yaml')} - {'kustomization.yaml'}
    expect(set(named) == files, f'kustomization.yaml: lists {sorted(named)}, there are {sorted(files)}')
    for name in sorted(files):
        for document in yaml.safe_load_all((KUBERNETES / name).read_text()):
            for field in ('apiVersion', 'kind'):
                expect(document.get(field), f'{name}: no {field}')
            expect(at(document, 'metadata', 'name'), f'{name}: no metadata.name')
            manifests[document['kind'], document['metadata']['name']] = document
    return manifests


def check_schemas(manifests):
    try:
        import kubernetes_validate
    except ImportError:
        notes.append('schemas were not checked: make check-deploy SCHEMAS=1 does (108 MB from PyPI)')
        return
    for (kind, name), document in manifests.items():
        if not document['apiVersion'].startswith('monitoring.coreos.com/'):
            try:
                kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
            except kubernetes_validate.ValidationError as error:
                wrong.append(f'{kind} {name}: {error}')


def seconds(file, words, flag):
    if not expect(flag in words, f'{file}: no {flag}'):
        return 0
    return int(words[words.index(flag) + 1])


def check_pod(manifests, flags):
    deployment = manifests['Deployment', 'understudy']
    pod = deployment['spec']['template']
    labels = pod['metadata']['labels']
    container = pod['spec']['containers'][0]
    args = container['args']
    check_flags('deployment.yaml', args, flags)
    grace = pod['spec']['terminationGracePeriodSeconds']
    drain = seconds('deployment.yaml', args, '--drain-time-s')
    lame = seconds('deployment.yaml', args, '--lame-duck-s')
    expect(grace > drain > lame, f'deployment.yaml: grace {grace} s, drain {drain} s, lame duck {lame} s')
    expect('lifecycle' not in container, 'deployment.yaml: a preStop is not needed')
    ports = {p['name']: p['containerPort'] for p in container['ports']}
    for probe, path in (('startup', '/ready'), ('readiness', '/ready'), ('liveness', '/server_info')):
        get = at(container, probe + 'Probe', 'httpGet')
        expect(get == {'path': path, 'port': 'admin'}, f'deployment.yaml: {probe} asks {get}')
    security = container['securityContext']
    expect(security['readOnlyRootFilesystem'] is True, 'deployment.yaml: the root file system can be written to')
    expect(security['allowPrivilegeEscalation'] is False, 'deployment.yaml: privileges may grow')
    expect(security['capabilities'] == {'drop': ['ALL']}, 'deployment.yaml: capabilities are kept')
    expect(pod['spec']['securityContext']['runAsNonRoot'] is True, 'deployment.yaml: may run as root')
    volumes = {v['name']: v for v in pod['spec']['volumes']}
    path = pathlib.PurePath(args[args.index('-c') + 1])
    mount = next((m for m in container['volumeMounts'] if m['mountPath'] == str(path.parent)), {})
    expect('subPath' not in mount, 'deployment.yaml: a subPath is never updated')
    source = at(volumes, mount.get('name'), 'configMap', 'name')
    expect(path.name in at(manifests, ('ConfigMap', source), 'data') or {},
           f'deployment.yaml: no ConfigMap gives {path}')
    return labels, ports


def check_selectors(manifests, labels, ports):
    for key in (('Deployment', 'understudy'), ('PodDisruptionBudget', 'understudy')):
        expect(at(manifests, key, 'spec', 'selector', 'matchLabels') == labels, f'{key[0]}: selects other pods')
    expect(at(manifests, ('NetworkPolicy', 'understudy'), 'spec', 'podSelector', 'matchLabels') == labels,
           'NetworkPolicy: selects other pods')
    services = [m for (kind, _), m in manifests.items() if kind == 'Service']
    for service in services:
        expect(service['spec']['selector'] == labels, f"Service {service['metadata']['name']}: selects other pods")
        for port in service['spec']['ports']:
            expect(port['targetPort'] in ports, f"Service {service['metadata']['name']}: no port {port['targetPort']}")
    monitor = manifests['ServiceMonitor', 'understudy']['spec']
    wanted = monitor['selector']['matchLabels'].items()
    chosen = [s for s in services if wanted <= s['metadata']['labels'].items()]
    names = {p['name'] for s in chosen for p in s['spec']['ports']}
    for endpoint in monitor['endpoints']:
        expect(endpoint['path'] == '/stats/prometheus', f"ServiceMonitor: asks for {endpoint['path']}")
        expect(endpoint['port'] in names, f"ServiceMonitor: no service has the port {endpoint['port']}")
    for rule in manifests['NetworkPolicy', 'understudy']['spec']['ingress']:
        for port in rule['ports']:
            expect(port['port'] in ports, f"NetworkPolicy: no port {port['port']}")
            expect(port['port'] != 'admin' or rule.get('from'), 'NetworkPolicy: anyone reaches the admin server')


# MARK: Image and unit

def check_flags(file, words, flags):
    for word in words:
        name = word.split('=')[0]
        expect(not name.startswith('-') or name in flags, f'{file}: understudy has no flag {name}')


def check_image(ports):
    lines = re.sub(r'\\\n', ' ', (ROOT / 'Dockerfile').read_text()).splitlines()
    words = [l.split(None, 1) for l in lines if l.strip() and not l.startswith('#')]
    stages = [w[1].split()[-1] for w in words if w[0] == 'FROM']
    last = dict(words[max(i for i, w in enumerate(words) if w[0] == 'FROM'):])
    expect(len(stages) == 2 and f'--from={stages[0]} ' in last['COPY'], 'Dockerfile: not two stages')
    expect(last['USER'].split(':')[0] not in ('0', 'root'), 'Dockerfile: runs as root')
    exposed = {int(p) for p in last['EXPOSE'].split()}
    expect(exposed == set(ports.values()), f'Dockerfile: exposes {exposed}, the pod has {ports}')
    expect(last['ENV'] == f"ADMIN_PORT={ports['admin']}", 'Dockerfile: asks for health on another port')
    expect('/ready' in last['HEALTHCHECK'], 'Dockerfile: health is not /ready')
    expect(last['STOPSIGNAL'] == 'SIGTERM', 'Dockerfile: does not stop by SIGTERM')
    expect(json.loads(last['ENTRYPOINT']) == ['understudy'], 'Dockerfile: starts something else')
    expect(json.loads(last['CMD']) == ['-c', '/etc/understudy/envoy.yaml'], 'Dockerfile: reads another file')
    ignore = (ROOT / '.dockerignore').read_text().splitlines()
    for kept in (l[1:] for l in ignore if l.startswith('!')):
        expect((ROOT / kept).exists(), f'.dockerignore: no {kept}')


def check_unit(flags):
    text = (ROOT / 'deploy' / 'systemd' / 'understudy.service').read_text()
    pairs = [l.split('=', 1) for l in text.splitlines() if '=' in l and not l.startswith('#')]
    unit = dict(pairs)
    start = unit['ExecStart'].split()
    check_flags('understudy.service', start[1:], flags)
    drain = seconds('understudy.service', start, '--drain-time-s')
    expect(int(unit['TimeoutStopSec']) > drain, 'understudy.service: killed before the drain ends')
    reloads = [v for k, v in pairs if k == 'ExecReload']
    expect(reloads == [f'/usr/local/bin/understudy validate {start[start.index("-c") + 1]}', '/bin/kill -HUP $MAINPID'],
           f'understudy.service: reloads by {reloads}')
    for key, value in (('KillSignal', 'SIGTERM'), ('NoNewPrivileges', 'yes'), ('ProtectSystem', 'strict')):
        expect(unit.get(key) == value, f'understudy.service: {key} is {unit.get(key)}')
    expect(unit.get('DynamicUser') == 'yes' or unit.get('User') not in (None, 'root'),
           'understudy.service: runs as root')


# MARK: Metrics

def named_metrics():
    """Metric names by the file that names them."""
    pattern = re.compile(r'\b(?:envoy|understudy)_[a-z0-9_]+(?=\{)')
    dashboard = json.loads((ROOT / 'deploy' / 'grafana' / 'understudy.json').read_text())
    expressions = [t['expr'] for p in dashboard['panels'] for t in p.get('targets', [])]
    expressions += [at(v, 'query', 'query') or '' for v in dashboard['templating']['list'] if v['type'] == 'query']
    # A variable may ask for the labels of a metric without braces.
    whole = re.compile(r'label_values\(((?:envoy|understudy)_[a-z0-9_]+)[,{]')
    names = {n for e in expressions for n in pattern.findall(e) + whole.findall(e)}
    variables = {v['name'] for v in dashboard['templating']['list']} | {'__rate_interval'}
    for expression in expressions:
        for used in re.findall(r'\$(\w+)', expression):
            expect(used in variables, f'understudy.json: no variable ${used}')
    ids = [p['id'] for p in dashboard['panels']]
    expect(len(ids) == len(set(ids)), 'understudy.json: two panels of one id')
    operations = (ROOT / 'docs' / 'operations.md').read_text()
    return {'understudy.json': names, 'operations.md': set(pattern.findall(operations))}


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.send_response(200)
        self.send_header('content-length', '0')
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def service():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Service)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def loopback(envoy, ports):
    """The same configuration on free ports of loopback."""
    envoy['stats_flush_interval'] = '0.05s'
    resources = envoy['static_resources']
    # Each place in turn: the two that are listened on, and the endpoints.
    places = [envoy['admin']['address'], resources['listeners'][0]['address']]
    places += [e['endpoint']['address'] for c in resources['clusters']
               for g in c['load_assignment']['endpoints'] for e in g['lb_endpoints']]
    for place, port in zip(places, [0, 0, *ports], strict=True):
        place['socket_address'] = {'address': '127.0.0.1', 'port_value': port}
    return envoy


def get(address, path):
    with urllib.request.urlopen(f'http://{address}{path}', timeout=10) as answer:
        return answer.read().decode()


def until(question, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if answer := question():
                return answer
        time.sleep(0.05)
    return None


def scrape(binary, envoy):
    """What /stats/prometheus shows once a request and its copy have been answered."""
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ports = [stack.enter_context(service()) for _ in envoy['static_resources']['clusters']]
        (folder / 'envoy.yaml').write_text(json.dumps(loopback(envoy, ports)))
        where = folder / 'admin'
        process = subprocess.Popen(
            [binary, '-c', folder / 'envoy.yaml', '--admin-address-path', where, '--concurrency', '1', '--watch',
             '--log-level', 'off'], stdout=subprocess.DEVNULL)
        stack.callback(lambda: (process.terminate(), process.wait(timeout=30)))
        if not expect(until(lambda: where.exists() and get(where.read_text(), '/ready') == 'LIVE\n'),
                      'configmap.yaml: the proxy does not become ready'):
            return ''
        admin = where.read_text()
        listener = get(admin, '/listeners').rsplit('::', 1)[1].strip()
        get(listener, '/')
        done = until(lambda: (text := get(admin, '/stats/prometheus')).count('envoy_cluster_upstream_rq_time_count') >= 2
                     and text)
        expect(done, 'the time of a request and its copy never shows')
        return done or get(admin, '/stats/prometheus')


def check_metrics(text, names):
    shown = set(re.findall(r'^((?:envoy|understudy)_[a-z0-9_]+)', text, re.MULTILINE))
    documents = [(ROOT / 'docs' / f).read_text() for f in ('statistics.md', 'operations.md')]
    written = '\n'.join(documents).replace('.', '_')
    for file, some in names.items():
        for name in sorted(some - shown):
            conditional = next((p for p in CONDITIONAL if name.startswith(p)), None)
            tail = name.removeprefix('envoy_cluster_')
            expect(conditional and tail in written, f'{file}: /stats/prometheus has no {name}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=str(ROOT / '.build/debug/understudy'), help='default: the debug build')
    binary = parser.parse_args().binary
    if not pathlib.Path(binary).is_file():
        print(f'check-deploy: no {binary}; make build makes it', file=sys.stderr)
        return 1
    usage = subprocess.run([binary, 'serve', '--help'], capture_output=True, text=True, check=True).stdout
    flags = set(re.findall(r'(?<![\w-])--?[a-z][a-z-]*', usage))
    manifests = read_manifests()
    check_schemas(manifests)
    labels, ports = check_pod(manifests, flags)
    check_selectors(manifests, labels, ports)
    check_image(ports)
    check_unit(flags)
    names = named_metrics()
    text = manifests['ConfigMap', 'understudy']['data']['envoy.yaml']
    envoy = yaml.safe_load(text)
    listening = {'admin': envoy['admin'], 'http': envoy['static_resources']['listeners'][0]}
    listening = {k: v['address']['socket_address']['port_value'] for k, v in listening.items()}
    expect(listening == ports, f'configmap.yaml: listens on {listening}, the pod has {ports}')
    checked = subprocess.run([binary, '--mode', 'validate', '--config-yaml', text], capture_output=True, text=True)
    if expect(checked.returncode == 0, f'configmap.yaml: {checked.stderr.strip()}'):
        check_metrics(scrape(binary, envoy), names)
    print(*notes, *wrong or ['deploy/, Dockerfile and docs/operations.md agree with each other and with understudy'],
          sep='\n')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
