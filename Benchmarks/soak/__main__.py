#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Everything at once, for a while: good, bad, slow, leaving and huge clients, plain and by TLS, a primary that misbehaves
on request, mirrors that fail at random, one of them reached by TLS, reloads and switches.  Then the traffic stops, and
what is left is looked at.

The same traffic runs before, for a while, until the proxy is quiet again: what it then takes is the start that its memory
and its descriptors are compared with, because an allocator keeps what it needed once.  Loopback only.
"""
import argparse
import asyncio
import contextlib
import json
import pathlib
import random
import resource
import sys
import tempfile
import time

from checks import MIB, SHORT, SLACK, Checks
from clients import Client
from load import BOUND, Load
from scene import Child, SECURE_MIRROR, Scene, free_port, wait
from tls import ignore_second_end, make_certificates

HERE = pathlib.Path(__file__).parent
# The first is reached by TLS.
MIRRORS = (SECURE_MIRROR, 'beta')


class Soak:
    """One run, from the first process to the last."""

    def __init__(self, arguments, undo):
        self.arguments, self.dice = arguments, random.Random(arguments.seed)
        again = f'make soak SECONDS={arguments.seconds:g} SEED={arguments.seed} BINARY={arguments.binary}'
        self.checks = Checks(again)
        self.primary = self.child(undo, 'primary')
        primary_port = int(self.primary.line().split()[1])
        folder = undo.enter_context(tempfile.TemporaryDirectory(prefix='understudy-soak-'))
        make_certificates(folder)
        mirrors = {name: free_port() for name in MIRRORS}
        self.mirrors = self.child(undo, 'mirrors', folder, *mirrors.values())
        self.mirrors.line()
        self.scene = Scene(arguments.binary, folder, primary_port, mirrors)
        undo.callback(self.scene.stop)
        self.load = Load(self.scene)
        self.reloads = self.switches = self.looks = 0

    def child(self, undo, kind, *others):
        child = Child(HERE / 'upstreams.py', kind, self.dice.randrange(1 << 32), *others)
        undo.callback(child.stop)
        return child

    @staticmethod
    def ask(child, word='report'):
        print(word, file=child.process.stdin, flush=True)
        return json.loads(child.line())

    # Traffic

    def traffic(self, seconds):
        """Returns once all of its clients have ended."""
        asyncio.run(self.everybody(seconds))

    async def everybody(self, seconds):
        asyncio.get_running_loop().set_exception_handler(ignore_second_end)
        self.load.transfers = asyncio.Semaphore(2)
        seeds = [self.dice.randrange(1 << 32) for _ in range(self.arguments.clients + 1)]
        self.load.until = time.monotonic() + seconds
        watch = asyncio.create_task(self.load.watch(self.scene.waits))
        clients = [asyncio.create_task(Client(self.load, random.Random(seed)).live()) for seed in seeds[1:]]
        operator = asyncio.create_task(self.operate(random.Random(seeds[0])))
        await asyncio.gather(operator, *clients)
        watch.cancel()

    async def operate(self, dice):
        """Reloads, switches mirrors off and on again, and looks into the books."""
        while self.load.left > 0:
            await asyncio.sleep(dice.uniform(0.2, 1.5))
            what = dice.choice(['reload', 'switch', 'look', 'look'])
            if what == 'reload':
                self.reloads += 1
                if not await asyncio.to_thread(self.scene.reload):
                    self.checks.fault('reloads', f'number {self.reloads} was not taken within 30 s')
            elif what == 'switch':
                self.switches += 1
                mirror = dice.choice([None, *MIRRORS])
                await asyncio.to_thread(self.scene.switch, False, mirror)
                await asyncio.sleep(dice.uniform(0.1, 0.5))
                await asyncio.to_thread(self.scene.switch, True, mirror)
            else:
                self.looks += 1
                self.checks.balance(await asyncio.to_thread(self.scene.books))

    # What is left

    def quiet(self):
        """Waits until nothing is under way; returns what still is after the bound."""
        left = {}

        def is_quiet():
            left.clear()
            left.update({name: value for name, value in self.scene.gauges().items() if value})
            return not left
        wait(BOUND, is_quiet)
        return left

    def secured(self):
        """Connections by TLS so far, of clients and to the mirror; those count, too, whose handshake failed."""
        values = self.scene.statistics()
        return (values.get('http.soak.downstream_cx_ssl_total', 0),
                values.get(f'cluster.{SECURE_MIRROR}.upstream_cx_total', 0))

    def run(self):
        seconds = self.arguments.seconds
        descriptors = self.scene.open_descriptors()
        begin = time.monotonic()
        self.traffic(max(4, min(60, seconds / 3)))
        self.checks.quiet('after the warm-up', self.quiet(), BOUND)
        start = self.scene.memory()
        before = self.secured()
        self.scene.forget_peaks()
        self.traffic(seconds)
        # Pools close what has idled for a second, which they notice by themselves.
        self.checks.quiet('after the traffic', self.quiet(), BOUND)
        most = start * 1.1 if seconds >= SHORT else max(start * 1.1, start + SLACK)
        wait(10, lambda: self.scene.memory() <= most and self.scene.open_descriptors() <= descriptors)
        self.checks.process(self.scene, start, most, descriptors)
        secured = [now - then for now, then in zip(self.secured(), before)]
        memory = start, self.scene.memory()
        mirrors, primary = self.ask(self.mirrors, 'calm'), self.ask(self.primary)
        self.checks.traffic(self.scene, self.load)
        self.checks.upstreams(primary + mirrors)
        self.checks.numbers(self.scene, self.load, dict(mirrors[0]['seen']))
        self.checks.end(self.scene)
        self.table(primary + mirrors, secured, memory, time.monotonic() - begin)

    # The table

    def table(self, upstreams, secured, memory, elapsed):
        deeds = {}
        for (name, result), count in self.load.done.items():
            if name != 'fault':
                deeds.setdefault(name, {})[result] = count
        print(f'\n{"what clients did":<22}{"times":>8}  what came of it')
        for name, results in sorted(deeds.items()):
            print(f'{name:<22}{sum(results.values()):>8,}  {many(results)}')
        print(f'\n{"upstreams":<22}{"requests":>8}  what they saw')
        for name, one in zip(('primary', *MIRRORS), upstreams):
            seen = dict(one['seen'])
            print(f'{name:<22}{seen.pop("complete", 0):>8,}  {many(seen)}')
            if one['modes']:
                print(f'{"":<32}{many(one["modes"])}')
        print(f'\n{"copies":<22}{"requests":>8}  how they ended')
        for name, book in sorted(self.checks.books.items()):
            outcomes = {key.removeprefix('outcomes.'): value for key, value in book.items() if key.startswith('outcomes.')}
            print(f'{name:<22}{book["requests"]:>8,}  {many(outcomes)}')
        print(f'\n{self.reloads} reloads, {self.switches} switches, {self.looks} looks into the books, '
              f'{self.load.connections:,} connections, {len(self.load.stalls)} stalls of this machine, {elapsed:.0f} s')
        print(f'by TLS after the warm-up: {secured[0]:,} connections of clients, {secured[1]:,} to {SECURE_MIRROR}; '
              f'{memory[0] / MIB:.1f} MiB resident before, {memory[1] / MIB:.1f} after\n')


def many(counts):
    return ', '.join(f'{count:,} {name}' for name, count in sorted(counts.items(), key=lambda one: -one[1]) if count)


def parse():
    parser = argparse.ArgumentParser(prog='soak', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', required=True, type=pathlib.Path)
    parser.add_argument('--seconds', type=float, default=300, help='of traffic, after a warm-up (default 300)')
    parser.add_argument('--seed', type=int, default=None, help='of all dice; default: another one each time')
    parser.add_argument('--clients', type=int, default=12, help='at once (default 12)')
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1 << 32)
    return arguments


def main():
    arguments = parse()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(f'seed {arguments.seed}, {arguments.seconds:g} s, {arguments.clients} clients', flush=True)
    with contextlib.ExitStack() as undo:
        soak = Soak(arguments, undo)
        try:
            soak.run()
        except BaseException:
            print(soak.scene.said()[-3000:], file=sys.stderr)
            raise
    sys.exit(soak.checks.report())


if __name__ == '__main__':
    main()
