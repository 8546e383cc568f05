# SPDX-License-Identifier: Apache-2.0
"""Plays one scenario: starts upstreams and proxy, takes the steps, renders a normalised transcript."""
import json
import pathlib
import random
import shlex
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

import yaml

from .client import Client, h2_request
from .config import build_config
from .transcript import UUID, normalise
from .upstream import Upstream

QUIET = 0.35          # an upstream set is "settled" after this long without a new byte
LIMIT = 25.0          # seconds: the hard end of a scenario
TAKEN, PORTS = set(), threading.Lock()


def free_port():
    """Below the ports that systems give out by themselves, so that no scenario next door gets it meanwhile."""
    while True:
        port = random.randrange(10000, 32000)
        with PORTS, socket.socket() as s:
            try:
                s.bind(('127.0.0.1', port))
            except OSError:
                continue
            if port not in TAKEN:
                TAKEN.add(port)
                return port


class Run:
    def __init__(self, sc, command):
        self.sc, self.command = sc, command
        self.out, self.clients, self.proc = [], {}, None
        self.end = time.monotonic() + LIMIT
        self.tmp = tempfile.TemporaryDirectory(prefix='mirrorkit-')
        names = {h for n, s in (sc.get('clusters') or {}).items() for h in (s or {}).get('endpoints', [n])}
        self.ups = {n: Upstream(n, (sc.get('upstreams') or {}).get(n)) for n in sorted(names)}
        self.port = free_port()
        needs_admin = sc.get('admin') or any('stats' in s or 'admin' in s for s in sc.get('steps', []))
        self.admin = free_port() if needs_admin else None

    def subst(self, text):
        for name, up in self.ups.items():
            text = text.replace('{port:%s}' % name, str(up.port))
        return text.replace('{port}', str(self.port)).replace('{tmp}', self.tmp.name)

    def config_text(self):
        ports = {n: u.port for n, u in self.ups.items()}
        return self.subst(yaml.safe_dump(build_config(self.sc, self.port, self.admin, ports), sort_keys=False))

    def start(self):
        for name, text in self.sc.get('tree', {}).items():      # files before the start; `-> x` is a symbolic link
            self.write(name, text)
        path = pathlib.Path(self.tmp.name) / 'envoy.yaml'
        path.write_text(self.config_text())
        self.log = open(pathlib.Path(self.tmp.name) / 'proxy.log', 'wb')
        self.proc = subprocess.Popen(shlex.split(self.command.format(config=path)),
                                     stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        until = time.monotonic() + self.sc.get('start_timeout', 10)
        while time.monotonic() < until:
            if self.proc.poll() is not None:
                return False
            try:
                socket.create_connection(('127.0.0.1', self.port), 0.2).close()
                return True
            except OSError:
                time.sleep(0.03)
        return None

    def write(self, name, text):
        path = pathlib.Path(self.tmp.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if str(text).startswith('-> '):
            new = path.with_name(path.name + '.new')
            new.symlink_to(text[3:])
            new.replace(path)                  # as a careful administrator swaps a directory
        else:
            path.write_text(str(text))

    def stop(self):
        if self.proc and self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
            try:
                self.proc.wait(4)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()

    def settle(self, quiet=QUIET):
        stop = min(self.end, time.monotonic() + 4)
        start = time.monotonic()
        while time.monotonic() < stop:
            last = max([u.last for u in self.ups.values()] + [start])
            if time.monotonic() - last >= quiet:
                return
            time.sleep(0.02)

    def client(self, step):
        name = step.get('conn', 'c')
        if name not in self.clients:
            self.clients[name] = Client(self.port)
        return name, self.clients[name]

    def step(self, step):
        """send | read | receive | h2 | await | shutdown | close | reset | wait | probe | closed | write | stats | admin"""
        if 'send' in step:
            name, c = self.client(step)
            text = self.subst(step['send'])
            if 'repeat' in step:
                text *= step['repeat']
            try:
                c.sock.settimeout(5)
                c.sock.sendall(text.encode('latin-1'))
            except OSError:
                self.out.append(f'client {name}: send failed')
        if 'read' in step:
            name, c = self.client(step)
            how = step['read'] if isinstance(step['read'], dict) else {}
            t0 = time.monotonic()
            for _ in range(how.get('count', 1)):
                lines = c.read(how.get('timeout', 6), how.get('head', False), how.get('tunnel', 0))
                self.out += [f'client {name} got: {lines[0]}'] + lines[1:]
            took = time.monotonic() - t0
            if 'within' in how:
                self.out.append(f"client {name}: answered within {how['within']} s: {yes(took <= how['within'])}")
            if 'after' in how:
                self.out.append(f"client {name}: answered not before {how['after']} s: {yes(took >= how['after'])}")
        if 'receive' in step:                  # so many bytes, whatever they are
            name, c = self.client(step)
            self.out.append(f"client {name} received: {c.receive(step['receive'], 3)}")
        if 'h2' in step:
            lines = h2_request(self.port, json.loads(self.subst(json.dumps(step['h2']))), 6)
            self.out += [f'client h2 got: {lines[0]}'] + lines[1:]
        if 'await' in step:                    # {upstream, heads|body|complete|ended|answered|tunnel: n, within}
            a = step['await']
            up, until = self.ups[a['upstream']], time.monotonic() + a.get('within', 2)

            def reached():
                heads, done = len(up.requests), sum(r.complete for r in up.requests)
                size = sum(len(r.body) for r in up.requests)
                ended = sum(bool(r.ended or r.left) for r in up.requests)
                answered = sum(r.answered for r in up.requests)
                tunnel = sum(len(r.tunnel or b'') for r in up.requests)
                return (heads >= a.get('heads', 0) and done >= a.get('complete', 0)
                        and size >= a.get('body', 0) and ended >= a.get('ended', 0)
                        and answered >= a.get('answered', 0) and tunnel >= a.get('tunnel', 0))
            while not reached() and time.monotonic() < until:
                time.sleep(0.01)
            what = ' '.join(f'{k}>={a[k]}' for k in ('heads', 'body', 'complete', 'ended', 'answered', 'tunnel') if k in a)
            self.out.append(f"{a['upstream']} has {what} within {a.get('within', 2)} s: {yes(reached())}")
        if 'shutdown' in step:                 # no more bytes from the client, but it still reads
            self.client(step)[1].sock.shutdown(socket.SHUT_WR)
        if 'close' in step:
            self.clients[step.get('conn', 'c')].sock.close()
            self.clients.pop(step.get('conn', 'c'))
        if 'reset' in step:
            self.clients.pop(step.get('conn', 'c')).reset()
        if 'wait' in step:
            time.sleep(step['wait'])
        if 'probe' in step:
            name, c = self.client(step)
            self.out.append(f'client {name}: connection {c.probe()}')
        if 'closed' in step:                   # the proxy ends the connection, however, in this many seconds
            name, c = self.client(step)
            self.out.append(f"client {name}: connection ends within {step['closed']} s: {yes(c.ends(step['closed']))}")
        for name, text in step.get('write', {}).items():
            self.write(name, text)
        if 'stats' in step or 'admin' in step:
            if not step.get('show'):
                self.settle()
            path = step.get('admin', '/stats')
            text = self.fetch_admin(path, step.get('method', 'GET'), step.get('show'))
            if 'stats' in step:
                found = dict(l.split(': ', 1) for l in text.splitlines() if ': ' in l)
                self.out += [f'stat {s}: {found.get(s, "absent")}' for s in step['stats']]
            elif step.get('show'):             # the whole answer, JSON with its keys sorted
                head, _, rest = text.partition('\n')
                if head.endswith(' application/json'):
                    text = head + '\n' + json.dumps(json.loads(rest), indent=1, sort_keys=True)
                self.out += [f"admin {step.get('method', 'GET')} {path}:"] + ['  | ' + l for l in text.splitlines()]
            else:
                self.out += [f'admin {path}: ' + ' '.join(f'{m}={yes(m in text)}' for m in step['contains'])]

    def fetch_admin(self, path, method='GET', whole=False):
        try:
            req = urllib.request.Request(f'http://127.0.0.1:{self.admin}{path}', method=method)
            with urllib.request.urlopen(req, timeout=5) as r:
                return (f"{r.status} {r.headers['content-type']}\n" if whole else '') + r.read().decode()
        except urllib.error.HTTPError as e:
            return (f"{e.code} {e.headers['content-type']}\n" if whole else '') + e.read().decode()
        except OSError as e:
            return f'(admin failed: {e})'

    def play(self):
        try:
            ok = self.start()
            if self.sc.get('rejects') is not None:
                text = ''
                if ok is False:
                    self.log.flush()
                    text = pathlib.Path(self.log.name).read_text(errors='replace')
                self.out.append(f'proxy refuses the configuration: {yes(ok is False)}')
                self.out += [f'its message mentions "{m}": {yes(m.lower() in text.lower())}'
                             for m in self.sc['rejects']]
                return self.render(False)
            if ok is not True:
                self.log.flush()
                tail = pathlib.Path(self.log.name).read_text(errors='replace')[-1500:]
                return ['proxy did not start' + ('' if ok is False else ' listening')] + tail.splitlines()
            for step in self.sc['steps']:
                if time.monotonic() > self.end:
                    self.out.append('(scenario ran out of time)')
                    break
                self.step(step)
            self.settle(self.sc.get('settle', QUIET))
            if self.proc.poll() is not None:
                self.out.append('PROXY DIED')
            return self.render()
        except Exception as e:                                  # a transcript, never a hang
            return self.out + [f'KIT ERROR {type(e).__name__}: {e}']
        finally:
            for u in self.ups.values():
                u.stop = True
            self.stop()
            for c in self.clients.values():
                c.sock.close()
            for u in self.ups.values():
                u.sock.close()
            self.tmp.cleanup()

    def render(self, upstreams=True):
        out = list(self.out)
        limits = self.sc.get('count', {})
        for name, up in (sorted(self.ups.items()) if upstreams else []):
            if name in limits:
                low, high = limits[name]
                within = yes(low <= len(up.requests) <= high)
                out.append(f'upstream {name}: between {low} and {high} requests: {within}')
                continue
            shown = up.show(name in self.sc.get('leaving', []))
            ordered = self.sc.get('ordered', [])  # true, or of which upstreams
            if ordered is not True and name not in ordered:   # arrival order across connections is chance
                shown.sort(key=lambda lines: UUID.sub('', '\n'.join(lines)))
            conns = f', {up.connections} connection(s)' if name in self.sc.get('connections', []) else ''
            out.append(f'upstream {name}: {len(shown)} request(s){conns}')
            for lines in shown:
                out += [f'  > {lines[0]}'] + lines[1:]
        if self.sc.get('files'):
            self.stop()
            for f in self.sc['files']:
                p = pathlib.Path(self.tmp.name) / f
                text = sorted(p.read_text().splitlines()) if p.exists() else ['(no such file)']
                out += [f'file {f}:'] + ['  | ' + l for l in text]
        return normalise(out, {'': self.port, **{f' {n}': u.port for n, u in self.ups.items()}})


def yes(b):
    return 'yes' if b else 'NO'


def play(sc, command):
    try:
        return Run(sc, command).play()
    except OSError as e:
        return [f'KIT ERROR {e}']
