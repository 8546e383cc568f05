#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a request costs: CPU time per request, with and without mirrors, beside Envoy, nginx and HAProxy.

Each proxy runs one worker pinned to core 0; the load generator and all upstreams (nginx) share core 1.  Every case has
proxies of its own, with one route.  Rounds alternate between them, so that a noisy machine is noisy for all; the table
shows medians, and the ratios are medians of ratios within a round.  CPU is user + system time of the proxy divided by
the requests that the primary counted; RSS and its peak are MiB at the end; calls are system calls per request, counted
in a round of their own.  Lost is what the primary counted and a mirror did not; of Understudy also every copy that ended
in another way than with the mirror's answer, by its own books.  With a mirror that never answers it is every request
whose copy the books do not know, and those are compared with the rounds beside a healthy mirror.

A case fails, and the exit status is 1, when Understudy does not serve, a request of it fails or is not answered with
2xx, or a copy is lost.  A missed target is marked, and fails with --strict.  What peers lose is shown only; where
requests have bodies, up to one per connection and round of it is the load's, which leaves in the middle.

Needs Linux, two cores, wrk, nginx, taskset, openssl; h2load (Debian: nghttp2-client) for HTTP/2, and perf or strace for
the system calls.  Loopback only.  Understudy should be a release build.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import sys
import tempfile
import time

from rig import chart, report
from rig.cases import CASES
from rig.processes import exit_on_signals, raise_descriptors
from rig.rounds import Race
from rig.syscalls import Counter
from rig.upstreams import Upstreams, make_certificate

ROUNDS, SECONDS = 3, 2


def which(name):
    return shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin')


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--understudy', help='release build to measure')
    parser.add_argument('--envoy', default=which('envoy'), help='default: the one on the PATH, if any')
    parser.add_argument('--nginx', default=which('nginx'), help='also serves as all upstreams')
    parser.add_argument('--haproxy', default=which('haproxy'), help='default: the one on the PATH, if any')
    parser.add_argument('--without', action='append', default=[], choices=['envoy', 'nginx', 'haproxy'],
                        help='do not measure this one; may be repeated')
    parser.add_argument('--rounds', type=int, default=ROUNDS, help=f'measured rounds of each proxy and case (default {ROUNDS})')
    parser.add_argument('--seconds', type=int, default=SECONDS, help=f'length of a round (default {SECONDS})')
    parser.add_argument('--only', metavar='REGEX', help='only cases whose name this finds')
    parser.add_argument('--list', action='store_true', help='names of the cases')
    parser.add_argument('--strict', action='store_true', help='a missed target fails, too')
    for form, what in (('json', 'all numbers'), ('svg', 'a picture'), ('markdown', 'the table of docs/performance.md')):
        parser.add_argument(f'--{form}', metavar='FILE', type=pathlib.Path, help=f'write {what} here')
    return parser.parse_args()


def check_tools(a):
    if (os.cpu_count() or 1) < 2:
        sys.exit('bench: needs two cores, one for the proxy and one for everything else')
    for tool, found in [('nginx', a.nginx), *((name, which(name)) for name in ('wrk', 'taskset', 'openssl'))]:
        if not found:
            sys.exit(f'bench: {tool} is missing (Debian: nginx-light, wrk, util-linux, openssl)')


def binaries(a):
    return {name: getattr(a, name) for name in ('understudy', 'envoy', 'nginx', 'haproxy')
            if getattr(a, name) and name not in a.without}


def measure(a, cases):
    """Results of all cases, printed as they come."""
    results = []
    with contextlib.ExitStack() as undo:
        folder = pathlib.Path(undo.enter_context(tempfile.TemporaryDirectory(prefix='understudy-bench-')))
        # nginx may drop its privileges, as its upstreams do not.
        make_certificate(folder)
        upstreams, counter = Upstreams(a.nginx, folder, undo), Counter()
        if not counter.tool:
            print('neither perf nor strace may count system calls here')
        for case in cases:
            if case.protocol == 'h2' and not which('h2load'):
                print(f'\n{case.name}: skipped, h2load is missing (Debian: nghttp2-client)')
                continue
            race = Race(case, binaries(a), upstreams, counter, a.rounds, a.seconds)
            results.append(report.show(case, race.run()))
    return results


def command(a):
    """How to repeat it, without paths of this machine."""
    options = [f'--{name} {getattr(a, name)}' for name, default in (('rounds', ROUNDS), ('seconds', SECONDS))
               if getattr(a, name) != default]
    return 'make bench' + (f' ONLY={shlex.quote(a.only)}' if a.only else '') \
        + (f" ARGS='{' '.join(options)}'" if options else '')


def write(a, results):
    data = {'command': command(a), 'date': report.today(),
            'machine': report.machine(), 'rounds': a.rounds, 'seconds': a.seconds,
            'versions': {name: report.version(path) for name, path in binaries(a).items()}, 'cases': results}
    if a.json:
        a.json.write_text(json.dumps(data, indent=1) + '\n')
    if a.svg:
        a.svg.write_text(chart.svg(data))
    if a.markdown:
        a.markdown.write_text(report.markdown(data))


def main():
    a = arguments()
    cases = [case for case in CASES if not a.only or re.search(a.only, case.name)]
    if a.list:
        return print('\n'.join(case.name for case in cases))
    check_tools(a)
    exit_on_signals()
    raise_descriptors()
    begin = time.monotonic()
    print(f'{a.rounds} rounds of {a.seconds} s, one worker each; {report.machine()}')
    results = measure(a, cases)
    write(a, results)
    failed = [one['case'] for one in results if one['failures']]
    missed = [one['case'] for one in results if not all(target['met'] for target in one['targets'])]
    print(f'\n{time.monotonic() - begin:.0f} s; failed: {"; ".join(failed) or "none"}; '
          f'target missed: {"; ".join(missed) or "none"}')
    return bool(failed or a.strict and missed)


if __name__ == '__main__':
    sys.exit(main())
