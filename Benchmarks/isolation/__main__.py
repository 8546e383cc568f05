#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a bad mirror does to clients: Understudy, Envoy and nginx before the same primary, each with good and bad mirrors.

Rounds with the mirror and rounds on a route without one alternate in the same process: off, on, off, on, off.  A ratio is
the median of each `on` round against the mean of the `off` rounds around it; the spread of the `off` rounds, which differ
by noise alone, stands beside it.  Loopback only; docs/isolation.md says what is measured and what it showed.

Exits with 1 if Understudy lost, changed or did not finish a request, took more memory than it may, or if its books do
not balance.  Latencies are judged in the table only.
"""
import argparse
import contextlib
import json
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

import report
from processes import Child, free_port
from proxies import Proxy
from upstreams import MIRRORS

HERE = pathlib.Path(__file__).parent
MEGABYTE = 1_000_000
KINDS = {
    'get': {'size': 0, 'connections': 32},
    'upload': {'size': 10 * MEGABYTE, 'connections': 8},
}
# Rounds of `on`, and seconds of each and of a closed loop.
FULL = {'pairs': {'understudy': 3, 'envoy': 1, 'nginx': 1}, 'seconds': {'get': 3, 'upload': 4}, 'closed': 1.5, 'grace': 2}
QUICK = {'pairs': {'understudy': 1, 'envoy': 1, 'nginx': 1}, 'seconds': {'get': 0.3, 'upload': 0.4}, 'closed': 0.2, 'grace': 0.5}


class TimeIsUp(Exception):
    """The whole run takes longer than it may."""


class Bench:
    def __init__(self, arguments, undo):
        self.arguments, self.undo = arguments, undo
        self.plan = QUICK if arguments.quick else FULL
        self.until = time.monotonic() + arguments.limit
        self.primary = Child(HERE / 'upstreams.py', 'primary', 0)
        undo.callback(self.primary.stop)
        self.primary_port = int(self.primary.line().split()[1])
        self.load = Child(HERE / 'load.py')
        undo.callback(self.load.stop)

    # Parts of a round

    @contextlib.contextmanager
    def mirror(self, mode, port):
        """None for `off`."""
        if mode == 'off':
            yield
            return
        child = Child(HERE / 'upstreams.py', mode, port)
        try:
            child.line()
            yield
        finally:
            child.stop()
            time.sleep(0.1 if self.arguments.quick else 0.5)     # what its end causes is over

    @contextlib.contextmanager
    def proxy(self, name, mirror):
        binary = getattr(self.arguments, name)
        with tempfile.TemporaryDirectory(prefix='understudy-isolation-') as folder:
            proxy = Proxy(name, binary, self.primary_port, mirror, folder)
            try:
                yield proxy
            finally:
                proxy.stop()

    def ask(self, proxy, path, **job):
        if time.monotonic() > self.until:
            raise TimeIsUp
        job = {'port': proxy.port, 'path': path, 'grace': self.plan['grace'], **job}
        print(json.dumps(job), file=self.load.process.stdin, flush=True)
        return json.loads(self.load.line())

    # What is measured

    def cell(self, name, mode, kind):
        """One proxy with one mirror under one kind of load, in a process of its own."""
        load, seconds = KINDS[kind], self.plan['seconds'][kind]
        rate = getattr(self.arguments, f'{kind}_rate')
        mirror = free_port()
        path = '/off' if mode == 'off' else '/on'
        with self.proxy(name, mirror) as proxy:
            time.sleep(0.2)
            idle = proxy.memory()
            self.ask(proxy, '/off', rate=rate, seconds=seconds / 2, **load)
            off, on, closed = [self.ask(proxy, '/off', rate=rate, seconds=seconds, **load)], [], {'off': [], 'on': []}
            proxy.forget_peaks()
            for _ in range(self.plan['pairs'][name]):
                with self.mirror(mode, mirror):
                    on.append(self.ask(proxy, path, rate=rate, seconds=seconds, **load))
                off.append(self.ask(proxy, '/off', rate=rate, seconds=seconds, **load))
            closed['off'].append(self.ask(proxy, '/off', seconds=self.plan['closed'], **load))
            with self.mirror(mode, mirror):
                closed['on'].append(self.ask(proxy, path, seconds=self.plan['closed'], **load))
            peak, descriptors = proxy.memory('VmHWM'), proxy.descriptors
            outcomes, balanced = proxy.outcomes()
            budget = proxy.statistics().get('mirrors.buffered_bytes_max')
            return report.cell(name=name, mode=mode, kind=kind, off=off, on=on, closed=closed, seconds=self.plan['closed'],
                               idle=idle, peak=peak, descriptors=descriptors, outcomes=outcomes, balanced=balanced,
                               budget=budget, is_running=proxy.is_running())

    def large_upload(self, name):
        """100 MB while the mirror does not read, against no mirror."""
        load = {'size': 100 * MEGABYTE, 'connections': 1, 'count': 1, 'seconds': 10 if self.arguments.quick else 40}
        mirror, times, finished = free_port(), {'off': [], 'on': []}, 0
        rounds = 1 if self.arguments.quick or name != 'understudy' else 5
        with self.proxy(name, mirror) as proxy:
            self.ask(proxy, '/off', **load)
            for _ in range(rounds):
                times['off'] += self.ask(proxy, '/off', **load)['times']
                with self.mirror('never-reads', mirror):
                    result = self.ask(proxy, '/on', **load)
                times['on'] += result['times']
                finished += result['answered']
        return {'proxy': name, 'check': 'upload', 'rounds': rounds, 'finished': finished,
                'off': statistics.median(times['off']), 'on': statistics.median(times['on'])}

    def black_hole(self, name):
        """10,000 requests on keep-alive connections while the mirror never answers."""
        load = {**KINDS['get'], 'count': 1000 if self.arguments.quick else 10000}
        load['seconds'] = 5 if self.arguments.quick else 60
        mirror = free_port()
        with self.proxy(name, mirror) as proxy:
            off = self.ask(proxy, '/off', **load)
            with self.mirror('never-reads', mirror):
                on = self.ask(proxy, '/on', **load)
        return {'proxy': name, 'check': 'requests', 'count': load['count'], 'answered': on['answered'],
                'errors': on['errors'], 'off': off['elapsed'], 'on': on['elapsed']}

    def run(self, results):
        for name in self.arguments.proxies:
            for kind in self.arguments.kinds:
                for mode in self.arguments.modes:
                    results['cells'].append(self.cell(name, mode, kind))
                    report.progress(results['cells'][-1])
            if not self.arguments.without_checks:
                for check in (self.large_upload, self.black_hole):
                    results['checks'].append(check(name))
                    report.progress(results['checks'][-1])


def choices(known):
    def parse(text):
        chosen = text.split(',')
        if unknown := set(chosen) - set(known):
            raise argparse.ArgumentTypeError(f'{", ".join(sorted(unknown))}: not one of {", ".join(known)}')
        return chosen
    return parse


def parse():
    parser = argparse.ArgumentParser(prog='isolation', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    names, modes = ['understudy', 'envoy', 'nginx'], ['off', *MIRRORS]
    parser.add_argument('--understudy', required=True, type=pathlib.Path, help='a release build')
    parser.add_argument('--envoy', default='envoy')
    parser.add_argument('--nginx', default='nginx')
    parser.add_argument('--proxies', type=choices(names), default=names, help=','.join(names))
    parser.add_argument('--modes', type=choices(modes), default=modes, help=','.join(modes))
    parser.add_argument('--kinds', type=choices(KINDS), default=list(KINDS), help=','.join(KINDS))
    parser.add_argument('--get-rate', type=float, default=700, help='1 KiB GETs per second (default 700)')
    parser.add_argument('--upload-rate', type=float, default=6, help='10 MB uploads per second (default 6)')
    parser.add_argument('--quick', action='store_true', help='two minutes, to see that the bench itself works')
    parser.add_argument('--pairs', type=int, help='rounds with the mirror, for every proxy')
    parser.add_argument('--without-checks', action='store_true', help='no 100 MB upload, no 10,000 requests')
    parser.add_argument('--limit', type=float, default=1800, help='seconds for everything (default 1800)')
    parser.add_argument('--json', type=pathlib.Path, help='write all numbers here')
    return parser.parse_args()


def main():
    arguments = parse()
    for name in list(arguments.proxies):
        if not shutil.which(getattr(arguments, name)):
            print(f'{name} is not there: skipped')
            arguments.proxies.remove(name)
    results = {'cells': [], 'checks': []}
    begin = time.monotonic()
    with contextlib.ExitStack() as undo:
        bench = Bench(arguments, undo)
        if arguments.pairs:
            bench.plan = {**bench.plan, 'pairs': dict.fromkeys(bench.plan['pairs'], arguments.pairs)}
        try:
            bench.run(results)
            misses = []
        except TimeIsUp:
            misses = [f'the time limit of {arguments.limit:.0f} s was reached: not everything was measured']
    report.tables(results)
    print(f'\n{time.monotonic() - begin:.0f} s')
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))
    misses += report.misses(results)
    for miss in misses:
        print(f'MISSED: {miss}')
    if not misses:
        print('No hard target was missed.')
    sys.exit(1 if misses else 0)


if __name__ == '__main__':
    main()
