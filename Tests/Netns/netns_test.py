#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The route-mirroring example for real: five processes in five network namespaces, envoy.yaml unchanged.

A hub namespace holds a bridge and the client; the proxy and the four services each get a namespace with an address
of its own, and find each other by the names in /etc/netns/*/hosts.  Plays the example's steps 2 to 6, then breaks
the mirror.  Needs root on Linux; without it, says so and ends with 0.  Removes everything it made.
"""
import argparse
import contextlib
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CONFIG = ROOT / 'examples' / 'route-mirror' / 'envoy.yaml'
SERVICES = ['service1', 'service1-mirror', 'service2', 'service2-mirror']
NET = '10.83.0.'                              # only ever inside the namespaces
ADDRESS = {'hub': NET + '1', 'proxy': NET + '10', **{s: f'{NET}{11 + i}' for i, s in enumerate(SERVICES)}}
ETC = pathlib.Path('/etc/netns')
DEADLINE = 15.0


def ip(*words):
    subprocess.run(['ip', *words], check=True, capture_output=True, text=True)


def poll(truth, seconds=DEADLINE):
    until = time.monotonic() + seconds
    while not truth():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def remove_if_empty(folder):
    with contextlib.suppress(OSError):        # another run may be using it by now
        folder.rmdir()


class Topology:
    """Namespaces, wires, names and processes; `undo` removes them in reverse order."""

    def __init__(self, undo):
        self.undo, self.processes = undo, {}
        self.logs = pathlib.Path(undo.enter_context(tempfile.TemporaryDirectory(prefix='understudy-netns-')))

    def name(self, place):
        return f'understudy-{os.getpid()}-{place}'

    def build(self):
        if not ETC.exists():
            ETC.mkdir(exist_ok=True)
            self.undo.callback(remove_if_empty, ETC)
        for place, address in ADDRESS.items():
            self.add(place)
            if place == 'hub':
                ip('-n', self.name('hub'), 'link', 'add', 'bridge', 'type', 'bridge')
                self.up('hub', 'bridge', address)
            else:
                port = f'port{address.rpartition(".")[2]}'
                ip('-n', self.name('hub'), 'link', 'add', port, 'type', 'veth',
                   'peer', 'name', 'eth0', 'netns', self.name(place))
                ip('-n', self.name('hub'), 'link', 'set', port, 'master', 'bridge', 'up')
                self.up(place, 'eth0', address)

    def add(self, place):
        ip('netns', 'add', self.name(place))
        self.undo.callback(ip, 'netns', 'del', self.name(place))
        folder = ETC / self.name(place)
        folder.mkdir()
        self.undo.callback(folder.rmdir)
        self.undo.callback(self.hosts(place).unlink)
        self.write_hosts(place, ADDRESS)

    def hosts(self, place):
        return ETC / self.name(place) / 'hosts'

    def write_hosts(self, place, addresses):
        # In place: a running process has this very file mounted over /etc/hosts.
        self.hosts(place).write_text('127.0.0.1 localhost\n' + ''.join(f'{a} {n}\n' for n, a in addresses.items()))

    def up(self, place, device, address):
        ip('-n', self.name(place), 'address', 'add', address + '/24', 'dev', device)
        for d in ('lo', device):
            ip('-n', self.name(place), 'link', 'set', d, 'up')

    def start(self, place, command):
        with open(self.logs / place, 'ab') as log:
            # `ip netns exec` becomes the command, so the process id is the command's.
            p = subprocess.Popen(['ip', 'netns', 'exec', self.name(place), *command],
                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes[place] = p
        self.undo.callback(self.stop, p)
        return p

    def stop(self, p):
        if p.poll() is None:
            p.terminate()
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
        return p.wait()

    def log(self, place):
        return (self.logs / place).read_text(errors='replace')

    def curl(self, url, *options):
        got = subprocess.run(['ip', 'netns', 'exec', self.name('hub'), 'curl', '--silent', '--show-error',
                              '--noproxy', '*', '--max-time', '5', *options, url], capture_output=True, text=True)
        return got.stdout if got.returncode == 0 else got.stderr

    def answers(self, url):
        """Any HTTP answer at all."""
        return self.curl(url, '--output', '/dev/null', '--write-out', '%{http_code}').isdigit()


class Steps:
    def __init__(self, topology):
        self.net, self.passed, self.failed = topology, 0, 0
        self.proxy = f"http://{ADDRESS['proxy']}:10000"

    def check(self, what, truth):
        self.passed += bool(truth)
        self.failed += not truth
        print('ok   ' if truth else 'FAIL ', what, flush=True)

    def get(self, path, *headers):
        """What the client gets; the Host is the one a user of localhost:10000 would send."""
        options = [o for h in ('Host: localhost:10000', *headers) for o in ('--header', h)]
        return self.net.curl(self.proxy + path, *options)

    def answered(self, what, service, path, *headers):
        got = self.get(path, *headers)
        self.check(f'{what}: the client gets {got.strip()!r}', got == f'Hello from behind Envoy (service {service})!\n')

    def logged(self, what, place, path, host):
        """The service's log has the Host, and after it the request line."""
        def found():
            before, line, _ = self.net.log(place).partition(f'"GET {path} HTTP/1.1" 200')
            return line and f'Host: {host}\n' in before[before.rfind('"GET ') + 1:]
        self.check(f'{what}: {place} logs GET {path} with Host: {host}', poll(found))

    def play(self):
        named = 'x-mirror-cluster: service2-mirror'
        self.answered('step 2', 1, '/service/1')
        self.logged('step 3', 'service1', '/service/1', 'localhost:10000')
        self.logged('step 3', 'service1-mirror', '/service/1', 'localhost-shadow:10000')
        self.answered('step 4', 2, '/service/2', named)
        self.logged('step 5', 'service2', '/service/2', 'localhost:10000')
        self.logged('step 5', 'service2-mirror', '/service/2', 'localhost-shadow:10000')
        self.answered('step 6, no header', 2, '/service/2/none')
        self.answered('step 6, unknown cluster', 2, '/service/2/unknown', named + '-non-existent')
        # Copies are sent in the order of the requests: when this one has come, the others would have, too.
        self.answered('step 6, a last one', 2, '/service/2/last', named)
        self.logged('step 6', 'service2-mirror', '/service/2/last', 'localhost-shadow:10000')
        seen = self.net.log('service2-mirror')
        self.check('step 6: service2-mirror saw neither of the two',
                   '/service/2/none' not in seen and '/service/2/unknown' not in seen)

    def break_the_mirror(self, start_service):
        self.net.stop(self.net.processes['service1-mirror'])
        self.answered('mirror killed', 1, '/service/1/killed')
        self.logged('mirror killed', 'service1', '/service/1/killed', 'localhost:10000')

        # STRICT_DNS: the name moves to another address, and the proxy follows without a restart.
        moved = NET + '99'
        ip('-n', self.net.name('service1-mirror'), 'address', 'flush', 'dev', 'eth0')
        self.net.up('service1-mirror', 'eth0', moved)
        self.check(f'mirror moved: it is healthy at {moved}', start_service('service1-mirror', moved))
        self.net.write_hosts('proxy', {**ADDRESS, 'service1-mirror': moved})

        def arrives():
            return self.get('/service/1/moved') and '/service/1/moved' in self.net.log('service1-mirror')
        self.check('mirror moved: its copies arrive at the new address', poll(arrives, 20))


def why_not():
    if not sys.platform.startswith('linux'):
        return 'needs Linux'
    if os.geteuid() != 0:
        return 'needs root'
    for command in ('ip', 'curl'):
        if not shutil.which(command):
            return f'needs the command {command}'
    probe = f'understudy-{os.getpid()}-probe'
    try:
        ip('netns', 'add', probe)
        ip('netns', 'exec', probe, 'true')
        ip('-n', probe, 'link', 'add', 'bridge', 'type', 'bridge')
        ip('-n', probe, 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two')
    except subprocess.CalledProcessError as e:
        return f'network namespaces are not permitted here ({e.stderr.strip()})'
    finally:
        subprocess.run(['ip', 'netns', 'del', probe], capture_output=True)
    return None


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--binary', default=ROOT / '.build/debug/understudy', help='understudy (default: the debug build)')
    ap.add_argument('--proxy', default='{binary} -c {config}', help='command of the proxy')
    ap.add_argument('--service', default='{binary} sandbox --service {name} --listen 0.0.0.0:8080',
                    help='command of a service')
    return ap.parse_args()


def run(a, undo):
    net = Topology(undo)
    net.build()

    def start_service(name, address):
        net.start(name, shlex.split(a.service.format(binary=a.binary, name=name)))
        return poll(lambda: net.answers(f'http://{address}:8080/healthz'))

    steps = Steps(net)
    for name in SERVICES:
        steps.check(f'start: {name} is healthy at {ADDRESS[name]}', start_service(name, ADDRESS[name]))
    net.start('proxy', shlex.split(a.proxy.format(binary=a.binary, config=CONFIG)))
    steps.check('start: the proxy accepts', poll(lambda: net.answers(steps.proxy + '/')))
    steps.play()
    steps.break_the_mirror(start_service)
    steps.check('stop: the proxy ends with 0 on SIGTERM', net.stop(net.processes['proxy']) == 0)
    if steps.failed:
        for place in net.processes:
            print(f'--- log of {place}', net.log(place)[-1000:], sep='\n')
    print(f'{steps.passed} passed, {steps.failed} failed', flush=True)
    return 1 if steps.failed else 0


def main():
    a = arguments()
    reason = why_not()
    if reason:
        print(f'skipped: the network namespace test {reason}')
        return 0
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(s, lambda number, _: sys.exit(128 + number))
    with contextlib.ExitStack() as undo:
        return run(a, undo)


if __name__ == '__main__':
    sys.exit(main())
