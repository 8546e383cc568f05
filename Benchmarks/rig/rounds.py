# SPDX-License-Identifier: Apache-2.0
"""One case, measured: its proxies side by side, in rounds that alternate between them."""
import collections
import contextlib
import dataclasses
import pathlib
import statistics
import tempfile

from rig import books, load
from rig.processes import DoesNotListen
from rig.proxies import Proxy

# Microseconds per request, requests per second, milliseconds, copies, requests.
Round = collections.namedtuple('Round', 'user system rate p50 p99 lost errors requests')


@dataclasses.dataclass
class Row:
    """One proxy in one variant of the case."""
    kind: str
    variant: str
    mirrors: tuple
    log: bool
    rounds: list = dataclasses.field(default_factory=list)
    lost: int = 0                    # of all rounds, the first and the last among them
    errors: int = 0
    calls: float | None = None       # system calls per request
    resident: float = 0              # MiB
    peak: float = 0
    copies: dict = dataclasses.field(default_factory=dict)
    unbalanced: int = 0
    trouble: str = ''

    @property
    def label(self):
        return f'{self.kind}, {self.variant}' if self.variant else self.kind

    def middle(self, of):
        return statistics.median(of(one) for one in self.rounds)

    def cost(self):
        return self.middle(lambda one: one.user + one.system)

    def ratio(self, other, of=lambda one: one.user + one.system):
        """Median of the ratios within a round."""
        return statistics.median(of(mine) / max(of(its), 1e-9) for mine, its in zip(self.rounds, other.rounds))


def rows_of(case, binaries):
    rows = [Row(kind, '', case.mirrors, False) for kind in case.kinds]
    for variant in case.variants:
        mirrors = case.mirrors if variant.mirrors is None else variant.mirrors
        rows += [Row(kind, variant.name, mirrors, variant.log) for kind in variant.kinds]
    return [row for row in rows if binaries.get(row.kind)]


class Race:
    """All proxies of a case run from its start to its end, and nothing of another case."""

    def __init__(self, case, binaries, upstreams, counter, rounds, seconds):
        self.case, self.upstreams, self.counter = case, upstreams, counter
        self.rounds, self.seconds = rounds, seconds
        self.rows, self.binaries = rows_of(case, binaries), binaries

    def run(self):
        with contextlib.ExitStack() as undo:
            folder = pathlib.Path(undo.enter_context(tempfile.TemporaryDirectory(prefix='understudy-bench-')))
            for pem in ('cert.pem', 'key.pem'):
                (folder / pem).symlink_to(self.upstreams.folder / pem)
            proxies = [self.start(row, number, folder, undo) for number, row in enumerate(self.rows)]
            # The first round warms up connections and caches, the last has its system calls counted.
            for number in range(-1, self.rounds + 1):
                for row, proxy in zip(self.rows, proxies):
                    if not row.trouble:
                        self.turn(number, row, proxy, folder)
            for row, proxy in zip(self.rows, proxies):
                if proxy:
                    row.resident, row.peak = proxy.memory(), proxy.memory('VmHWM')
        return self.rows

    def start(self, row, number, folder, undo):
        """None if it does not start."""
        log = folder / f'access-{number}.log' if row.log else None
        try:
            proxy = Proxy(row.kind, self.binaries[row.kind], folder, self.upstreams, self.case.protocol, row.mirrors,
                          log, self.case.timeout)
        except DoesNotListen as failure:
            row.trouble = str(failure)
            return None
        undo.callback(proxy.kill)
        return proxy

    def turn(self, number, row, proxy, folder):
        is_measured = 0 <= number < self.rounds
        counted = []
        with contextlib.ExitStack() as counting:
            if number == self.rounds:
                counted = counting.enter_context(self.counter.counting([pid for pid, _ in proxy.pids()]))
            one, output = self.measure(row, proxy, folder, self.seconds if is_measured else 1)
        if not one or not proxy.is_running():
            row.trouble = f'does not serve; the load says\n{output}the proxy says\n{proxy.said()}'
            return
        row.lost += one.lost
        row.errors += one.errors
        if is_measured:
            row.rounds.append(one)
        elif counted:
            row.calls = counted[0] / one.requests

    def measure(self, row, proxy, folder, seconds):
        counting = tuple(name for name in row.mirrors if name in self.upstreams.names)
        has_books = proxy.kind in ('understudy', 'envoy') and row.mirrors
        before = self.upstreams.counts()
        first = books.read(proxy, row.mirrors) if has_books else collections.Counter()
        user, system = proxy.cpu()
        case = self.case
        loaded = load.run(case.protocol, proxy.port, case.path, seconds, case.connections, folder, case.body,
                          headers=case.headers)
        if counting and proxy.kind == 'understudy':
            books.settled(proxy, row.mirrors)
        counts = self.upstreams.settled(counting, before)
        user, system = (now - then for now, then in zip(proxy.cpu(), (user, system)))
        requests = counts['primary']
        if not requests:
            return None, loaded.output
        lost = sum(max(0, requests - counts[name]) for name in counting)
        if has_books and proxy.is_running():
            lost = self.audit(row, proxy, counting, first, requests, lost)
        return Round(user / requests * 1e6, system / requests * 1e6, loaded.rate, loaded.p50, loaded.p99, max(0, lost),
                     loaded.errors, requests), loaded.output

    def audit(self, row, proxy, counting, first, requests, lost):
        """Keeps what became of copies, and says how many were lost: of Understudy, neither delivered nor excused."""
        now = books.settled(proxy, row.mirrors) if counting and proxy.kind == 'understudy' else books.read(proxy, row.mirrors)
        row.copies = books.outcomes(now)
        if proxy.kind == 'envoy':
            return lost
        row.unbalanced = max(row.unbalanced, books.imbalance(now))
        change = collections.Counter({name: now[name] - first[name] for name in now})
        if not counting:     # a mirror that never answers: every copy has to have an end that is counted
            return requests * len(row.mirrors) - change['requests']
        return max(lost - books.excused(change), books.unwanted(change) + change['in_flight'])
