#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a request costs: CPU time per request, with and without a mirror, side by side with Envoy and nginx.

Each proxy runs one worker pinned to core 0; wrk and both upstreams (nginx, one small 200 answer) share core 1.
Rounds alternate between the proxies, so that a noisy machine is noisy for all; the table shows medians, and the
ratios are medians of ratios within a round.  CPU is user + system time of the proxy divided by the requests that
the primary counted.  Lost is what the primary counted and the mirror did not.  Loopback only.

Needs Linux, two cores, wrk, nginx, taskset.  Understudy should be a release build.
"""
import argparse
import collections
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

PROXY_CORE, LOAD_CORE = '0', '1'
TICK = os.sysconf('SC_CLK_TCK')
Round = collections.namedtuple('Round', 'user system requests_s p50 p99 lost errors')

ENVOY_YAML = '''
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          codec_type: AUTO
          stat_prefix: ingress_http
          route_config:
            name: local_route
            virtual_hosts:
            - name: backend
              domains: ["*"]
              routes:
              - match: {{prefix: "/mirror"}}
                route: {{cluster: primary, request_mirror_policies: [{{cluster: mirror}}]}}
              - match: {{prefix: "/"}}
                route: {{cluster: primary}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
'''
CLUSTER_YAML = '''
  - name: {name}
    type: STATIC
    load_assignment:
      cluster_name: {name}
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}
'''
NGINX = '''
daemon off; master_process off; pid {tmp}/{name}.pid; error_log {tmp}/{name}.log crit;
events {{ worker_connections 4096; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
    client_body_temp_path {tmp}/body; proxy_temp_path {tmp}/proxy; fastcgi_temp_path {tmp}/fastcgi;
    uwsgi_temp_path {tmp}/uwsgi; scgi_temp_path {tmp}/scgi;
    {http}
}}
'''
UPSTREAM_HTTP = '''
    server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "hello\\n"; }}
             location = /requests {{ stub_status; }} }}
'''
PROXY_HTTP = '''
    upstream primary {{ server 127.0.0.1:{primary}; keepalive 256; keepalive_requests 1000000000; }}
    upstream copy {{ server 127.0.0.1:{mirror}; keepalive 256; keepalive_requests 1000000000; }}
    proxy_http_version 1.1; proxy_set_header Connection "";
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ proxy_pass http://primary; }}
        location /mirror {{ mirror /copy; proxy_pass http://primary; }}
        location = /copy {{ internal; proxy_pass http://copy$request_uri; }}
    }}
'''


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def wait_for(port):
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                sys.exit(f'nothing listens on port {port}')
            time.sleep(0.02)


class Bench:
    def __init__(self, a, undo):
        self.a, self.undo, self.proxies = a, undo, {}
        self.tmp = pathlib.Path(undo.enter_context(tempfile.TemporaryDirectory(prefix='understudy-bench-')))
        self.upstreams = {name: free_port() for name in ('primary', 'mirror')}
        self.asked = dict.fromkeys(self.upstreams, 0)

    def spawn(self, core, command, port):
        with open(self.tmp / f'{port}.out', 'wb') as out:
            p = subprocess.Popen(['taskset', '--cpu-list', core, *map(str, command)], stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=out, start_new_session=True)
        self.undo.callback(self.kill, p)
        wait_for(port)
        return p

    def kill(self, p):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(p.pid, signal.SIGKILL)      # its own session: whatever it started goes, too
        p.wait()

    def nginx(self, name, core, port, http):
        path = self.tmp / f'{name}.conf'
        path.write_text(NGINX.format(tmp=self.tmp, name=name, http=http))
        return self.spawn(core, [self.a.nginx, '-c', path], port)

    def start(self):
        for name, port in self.upstreams.items():
            self.nginx(name, LOAD_CORE, port, UPSTREAM_HTTP.format(port=port))
        for name, command in [('understudy', [self.a.understudy, '-c', '{config}', '--concurrency', '1']),
                              ('envoy', [self.a.envoy, '-c', '{config}', '--concurrency', '1',
                                         '--disable-hot-restart', '--log-level', 'error'])]:
            if not command[0]:
                continue
            port, path = free_port(), self.tmp / f'{name}.yaml'
            path.write_text(ENVOY_YAML.format(port=port)
                            + ''.join(CLUSTER_YAML.format(name=n, port=p) for n, p in self.upstreams.items()))
            p = self.spawn(PROXY_CORE, [path if c == '{config}' else c for c in command], port)
            self.proxies[name] = (p, port)
        if not self.a.without_nginx:
            port = free_port()
            http = PROXY_HTTP.format(port=port, **self.upstreams)
            self.proxies['nginx'] = (self.nginx('nginx', PROXY_CORE, port, http), port)

    def count(self, name):
        """Requests an upstream has answered, without the ones that asked."""
        with urllib.request.urlopen(f'http://127.0.0.1:{self.upstreams[name]}/requests', timeout=5) as r:
            total = int(r.read().split(b'\n')[2].split()[2])
        self.asked[name] += 1
        return total - self.asked[name]

    def settled(self, mirrored, before):
        """Counts once the mirror has caught up with the primary, or has made no progress for half a second."""
        last, since = -1, time.monotonic()
        while True:
            primary, mirror = (self.count(n) - before[n] for n in ('primary', 'mirror'))
            if not mirrored or primary == mirror and last == mirror:
                return primary, mirror
            if mirror != last:
                last, since = mirror, time.monotonic()
            elif time.monotonic() - since > 0.5:
                return primary, mirror
            time.sleep(0.02)

    def cpu(self, pid):
        """User and system seconds of a session: the proxy's threads, and its child if it is a wrapper."""
        user = system = 0
        for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(')')[2].split()
                if int(fields[3]) == pid:
                    user += int(fields[11])
                    system += int(fields[12])
        return user / TICK, system / TICK

    def round(self, name, path, seconds):
        p, port = self.proxies[name]
        before = {n: self.count(n) for n in self.upstreams}
        user, system = self.cpu(p.pid)
        wrk = subprocess.run(['taskset', '--cpu-list', LOAD_CORE, 'wrk', '--threads', '1', '--latency',
                              '--connections', str(self.a.connections), '--duration', f'{seconds}s',
                              f'http://127.0.0.1:{port}{path}'], capture_output=True, text=True, check=True).stdout
        primary, mirror = self.settled(path == '/mirror', before)
        user, system = (now - then for now, then in zip(self.cpu(p.pid), (user, system)))
        if p.poll() is not None or not primary:
            sys.exit(f'{name} did not serve:\n{wrk}')
        errors = sum(map(int, re.findall(r'(?:connect|read|write|timeout|Non-2xx or 3xx responses:) (\d+)', wrk)))
        rate = float(re.search(r'Requests/sec:\s+([\d.]+)', wrk)[1])
        return Round(user / primary * 1e6, system / primary * 1e6, rate, latency(wrk, 50), latency(wrk, 99),
                     primary - mirror if path == '/mirror' else 0, errors)

    def run(self, path):
        rounds = {name: [] for name in self.proxies}
        for n in range(-1, self.a.rounds):
            for name in rounds:
                r = self.round(name, path, self.a.seconds if n >= 0 else 1)
                if n >= 0:                        # the first warms up connections and caches
                    rounds[name].append(r)
        return rounds


def latency(wrk, percent):
    """Milliseconds."""
    value, unit = re.search(rf'{percent}%\s+([\d.]+)(us|ms|s)', wrk).groups()
    return float(value) * {'us': 1e-3, 'ms': 1, 's': 1e3}[unit]


def show(case, rounds):
    middle = statistics.median
    others = [n for n in ('envoy', 'nginx') if n in rounds]
    print(f"\n{case:<20}{'us/request':>11}{'(user + sys)':>15}" + ''.join(f'{"vs " + o:>10}' for o in others)
          + f"{'req/s':>9}{'p50 ms':>8}{'p99 ms':>8}{'lost':>6}{'errors':>8}")
    for name, rs in rounds.items():
        ratios = [middle((mine.user + mine.system) / (its.user + its.system) for mine, its in zip(rs, rounds[o]))
                  for o in others]
        print(f"{name:<20}{middle(r.user + r.system for r in rs):>11.1f}"
              f"{f'({middle(r.user for r in rs):.1f} + {middle(r.system for r in rs):.1f})':>15}"
              + ''.join(f'{x:>10.2f}' for x in ratios)
              + f"{middle(r.requests_s for r in rs):>9.0f}"
              f"{middle(r.p50 for r in rs):>8.2f}{middle(r.p99 for r in rs):>8.2f}"
              f"{sum(r.lost for r in rs):>6}{sum(r.errors for r in rs):>8}", flush=True)


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--understudy', help='release build to measure')
    ap.add_argument('--envoy', default=shutil.which('envoy'), help='Envoy (default: the one on the PATH, if any)')
    ap.add_argument('--nginx', default=shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin'), help='nginx')
    ap.add_argument('--without-nginx', action='store_true', help='nginx as upstreams only, not as a third proxy')
    ap.add_argument('--connections', type=int, default=64)
    ap.add_argument('--rounds', type=int, default=4, help='measured rounds of each proxy and case (default 4)')
    ap.add_argument('--seconds', type=int, default=2, help='length of a round (default 2)')
    a = ap.parse_args()
    if (os.cpu_count() or 1) < 2:
        sys.exit('bench: needs two cores, one for the proxy and one for everything else')
    for tool, found in [('nginx', a.nginx), *((t, shutil.which(t)) for t in ('wrk', 'taskset'))]:
        if not found:
            sys.exit(f'bench: {tool} is missing (Debian: nginx-light, wrk, util-linux)')
    return a


def main():
    a = arguments()
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(s, lambda number, _: sys.exit(128 + number))
    with contextlib.ExitStack() as undo:
        bench = Bench(a, undo)
        bench.start()
        print(f'{a.rounds} rounds of {a.seconds} s, {a.connections} keep-alive connections, one worker each')
        show('GET', bench.run('/plain'))
        show('GET + mirror', bench.run('/mirror'))


if __name__ == '__main__':
    sys.exit(main())
