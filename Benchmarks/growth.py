#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the cost of a request grows: CPU time per request against one number at a time.

Routes (10 to 10,000, as virtual hosts, as prefixes and as exact paths of one virtual host; requests ask for the last or
for any of them), clusters (1 to 1,000; the request's header names it), mirrors (0 to 5), idle connections (1 to 10,000,
which have had one answer each, beside the busy ones) and workers (1 and 2), the last two with one mirror.
All steps of an axis run at once and take turns; `to first` is the median of the ratios within a round.  A proxy is pinned
to core 0 and all else to core 1, but for the workers: there everything may run everywhere, so the CPU per request counts
and the throughput is that of two cores that also carry the load.

Prints Markdown.  Exits with 1 if a request failed, was not answered with 2xx, or a copy was lost.

Needs Linux, two cores, wrk, nginx, taskset.  Loopback only.  Understudy should be a release build.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import statistics
import sys
import tempfile
import time

from rig import books, configuration, load, report
from rig.axes import AXES
from rig.idlers import Idlers
from rig.processes import LOAD_CORE, PROXY_CORE, exit_on_signals, raise_descriptors
from rig.proxies import Proxy
from rig.upstreams import Upstreams

# A proxy may give clients five sixteenths of its descriptors; 10,000 idle ones and the busy ones need this many.
DESCRIPTORS = 40000
EVERYWHERE = f'{PROXY_CORE},{LOAD_CORE}'
MIRRORS = ('mirror', *(f'mirror-{n}' for n in range(2, 6)))


class Runner:
    """One step with its proxy."""

    def __init__(self, step, kind, binary, upstreams, folder, arguments):
        self.step, self.upstreams, self.arguments, self.folder = step, upstreams, arguments, folder
        self.cores = PROXY_CORE if step.is_pinned else EVERYWHERE
        clusters = [configuration.cluster(name, upstreams.ports.get(name, upstreams.ports['primary']))
                    for name in step.clusters]
        self.proxy = Proxy(kind, binary, folder, upstreams, cores=self.cores, workers=step.workers,
                           text=lambda port, admin: configuration.bootstrap(port, admin, step.hosts, clusters))
        self.mirrors = MIRRORS[:step.mirrors]
        self.rounds, self.lost, self.errors, self.idlers = [], 0, 0, None

    def open_idle(self):
        before = self.proxy.memory()
        self.idlers = Idlers(self.proxy.port, self.step.idle)
        return (self.proxy.memory() - before) * 1024 / self.step.idle

    def close(self):
        self.proxy.kill()
        if self.idlers:
            self.idlers.close()

    def turn(self, is_measured):
        before = self.upstreams.counts()
        user, system = self.proxy.cpu()
        cores = LOAD_CORE if self.step.is_pinned else EVERYWHERE
        loaded = load.run('http', self.proxy.port, self.step.path, self.arguments.seconds if is_measured else 1,
                          self.arguments.connections, self.folder, script=self.step.script, cores=cores)
        counts = self.upstreams.settled(self.mirrors, before)
        user, system = (now - then for now, then in zip(self.proxy.cpu(), (user, system)))
        if not counts['primary']:
            sys.exit(f'{self.proxy.kind} does not serve {self.step.label}:\n{loaded.output}{self.proxy.said()}')
        self.errors += loaded.errors
        self.lost += sum(max(0, counts['primary'] - counts[name]) for name in self.mirrors)
        if is_measured:
            self.rounds.append((user / counts['primary'] * 1e6, system / counts['primary'] * 1e6, loaded.rate))

    def cost(self, number=None):
        costs = [user + system for user, system, _ in self.rounds]
        return statistics.median(costs) if number is None else costs[number]

    def unwanted(self):
        """Of Understudy: copies that its books do not call delivered."""
        if self.proxy.kind != 'understudy' or not self.mirrors:
            return 0
        now = books.settled(self.proxy, self.mirrors)
        return books.unwanted(now) + now['in_flight']


def measure(name, steps, kind, binary, arguments, upstreams):
    """Prints the table of an axis for one proxy, and returns whether a request or a copy was lost."""
    with contextlib.ExitStack() as undo:
        folder = pathlib.Path(undo.enter_context(tempfile.TemporaryDirectory(prefix='understudy-growth-')))
        runners, idle = [], {}
        for step in steps:
            runner = Runner(step, kind, binary, upstreams, folder, arguments)
            undo.callback(runner.close)
            runners.append(runner)
            if step.idle:
                idle[step.label] = runner.open_idle()
        for number in range(-1, arguments.rounds):
            for runner in runners:
                runner.turn(number >= 0)
        table(name, kind, runners, idle)
        return has_failed(name, kind, runners)


def table(name, kind, runners, idle):
    last = ' KiB per idle connection |' if idle else ''
    print(f'\n| {name}, {kind} | CPU us/request (user + kernel) | to first | req/s | RSS MiB |{last}\n'
          f'|---|---|---|---|---|{"---|" if idle else ""}')
    for runner in runners:
        ratio = statistics.median(runner.cost(n) / runners[0].cost(n) for n in range(len(runner.rounds)))
        user, system, rate = (statistics.median(column) for column in zip(*runner.rounds))
        cells = [runner.step.label, f'{runner.cost():.1f} ({user:.1f} + {system:.1f})', f'{ratio:.2f}', f'{rate:,.0f}',
                 f'{runner.proxy.memory():.0f}']
        if idle:      # of one connection it is the noise
            cells.append(f'{idle[runner.step.label]:.1f}' if runner.step.idle > 1 else '')
        print(f"| {' | '.join(cells)} |", flush=True)


def has_failed(name, kind, runners):
    failures = []
    for runner in runners:
        lost, unwanted = runner.lost, runner.unwanted()
        if runner.errors or lost or unwanted:
            failures.append(f'{name}, {kind}, {runner.step.label}: {runner.errors} errors, {lost} copies lost, '
                            f'{unwanted} by the books {books.outcomes(books.read(runner.proxy, runner.mirrors))}')
    for text in failures:
        print(f'FAILED: {text}' if kind == 'understudy' else text, flush=True)
    return bool(failures) and kind == 'understudy'


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--understudy', required=True, help='release build to measure')
    parser.add_argument('--envoy', nargs='?', const=shutil.which('envoy'), help='beside it: twice the time')
    parser.add_argument('--nginx', default=shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin'))
    parser.add_argument('--rounds', type=int, default=5, help='measured rounds of each step (default 5)')
    parser.add_argument('--seconds', type=int, default=1, help='length of a round (default 1)')
    parser.add_argument('--connections', type=int, default=64, help='busy connections (default 64)')
    parser.add_argument('--only', metavar='REGEX', help='only axes whose name this finds: ' + ', '.join(AXES))
    return parser.parse_args()


def affordable(steps, descriptors):
    """The steps, with no more idle connections than the limit of descriptors allows."""
    most = (descriptors * 5 // 16 - 128) // 1000 * 1000
    for step in steps:
        if step.idle > most:
            print(f'\n{step.label} idle connections need {DESCRIPTORS:,} descriptors, here are {descriptors:,}: '
                  f'{most:,} instead')
            step.idle, step.label = most, f'{most:,}'
    return steps


def main():
    arguments = parse()
    exit_on_signals()
    descriptors, begin, failed = raise_descriptors(DESCRIPTORS), time.monotonic(), False
    proxies = [(kind, getattr(arguments, kind)) for kind in ('understudy', 'envoy') if getattr(arguments, kind)]
    print(f'{report.today()}, {report.machine()}: {arguments.rounds} rounds of {arguments.seconds} s, '
          f'{arguments.connections} busy connections')
    with contextlib.ExitStack() as undo:
        folder = pathlib.Path(undo.enter_context(tempfile.TemporaryDirectory(prefix='understudy-growth-')))
        upstreams = Upstreams(arguments.nginx, folder, undo, mirrors=len(MIRRORS), silent=False)
        for name, make in AXES.items():
            if arguments.only and not re.search(arguments.only, name):
                continue
            steps = affordable(make(), descriptors)
            for kind, binary in proxies:
                failed |= measure(name, steps, kind, binary, arguments, upstreams)
    print(f'\n{time.monotonic() - begin:.0f} s')
    return failed


if __name__ == '__main__':
    sys.exit(main())
