#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mirrorkit: plays small scenarios against a proxy and shows what happened.

A scenario (scenarios/*/*.yaml) says: which routes and clusters the proxy gets,
how each upstream behaves, and which bytes a client sends.  The kit starts the
upstreams on loopback, writes envoy.yaml, starts the proxy, plays the client,
and renders a normalised transcript: what the client got, what every upstream got.

  mirrorkit.py list                                      names and one-line descriptions
  mirrorkit.py run     --proxy CMD [NAMES]               print transcripts
  mirrorkit.py golden  --proxy CMD [NAMES]               store transcripts under golden/
  mirrorkit.py compare --proxy CMD [--against CMD] [NAMES]
                       compare with golden/ (or with a second proxy started live)
  mirrorkit.py config  NAME                              print the envoy.yaml of one scenario

CMD is a command line with {config} in it, for instance
  'understudy -c {config}'
  'envoy -c {config} --disable-hot-restart --concurrency 1 --log-level error'
NAMES are scenario names, folders (faults), or parts of a name; default: all but those in pending.txt.
"""
import argparse
import concurrent.futures
import difflib
import pathlib
import sys

from kit.config import load
from kit.scenario import Run, play
from kit.transcript import comparable

HERE = pathlib.Path(__file__).resolve().parent
ENVOY = 'envoy -c {config} --disable-hot-restart --concurrency 1 --log-level error'


def pending():
    """Scenario name -> why it may still differ.  Lines of pending.txt: NAME  REASON."""
    lines = (HERE / 'pending.txt').read_text().splitlines()
    return dict(l.split(maxsplit=1) for l in lines if l.strip() and not l.startswith('#'))


def select(names, with_pending):
    every = [load(p) for p in sorted((HERE / 'scenarios').glob('*/*.yaml'))]
    if names:
        return [s for s in every if any(n == s['name'].split('/')[0] or n in s['name'] for n in names)]
    return every if with_pending else [s for s in every if s['name'] not in pending()]


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('mode', choices=['list', 'run', 'golden', 'compare', 'config'])
    ap.add_argument('names', nargs='*')
    ap.add_argument('--proxy', default=ENVOY, help='command template (default: the Envoy above)')
    ap.add_argument('--against', help='compare: start this proxy for reference instead of reading golden/')
    ap.add_argument('--golden', default=HERE / 'golden', type=pathlib.Path, help='folder of stored transcripts')
    ap.add_argument('--strict', action='store_true', help='compare header order too')
    ap.add_argument('--pending', action='store_true', help='play those of pending.txt, too; shown, not counted')
    ap.add_argument('--jobs', type=int, default=2, help='scenarios at once (default 2)')
    return ap.parse_intermixed_args()


def compare(played, a):
    waiting, totals = pending(), {'SAME': 0, 'DIFF': 0}
    for sc, got, want in played:
        w, g = comparable(want, a.strict), comparable(got, a.strict)
        verdict = 'SAME' if w == g else 'DIFF'
        if sc['name'] in waiting:
            print(f"PENDING {sc['name']}: " + ('it is SAME now, take it out of pending.txt' if w == g
                                               else waiting[sc['name']]), flush=True)
        else:
            totals[verdict] += 1
            print(verdict, sc['name'], flush=True)
        for l in difflib.unified_diff(w, g, 'reference', 'proxy', lineterm='', n=2):
            print('     ' + l)
    print(f"{totals['SAME']} passed, {totals['DIFF']} failed")
    return 1 if totals['DIFF'] else 0


def main():
    a = arguments()
    chosen = select(a.names, a.pending or a.mode != 'compare')
    if not chosen:
        sys.exit('no such scenario')
    if a.mode == 'list':
        for s in chosen:
            print(f"{s['name']:42} {s.get('about', '')}")
        return 0
    if a.mode == 'config':
        for s in chosen:
            print(Run(s, '').config_text())
        return 0

    def one(sc):
        got = play(sc, a.proxy)
        if a.mode != 'compare':
            return sc, got, None
        if a.against:
            return sc, got, play(sc, a.against)
        p = a.golden / (sc['name'] + '.txt')
        return sc, got, p.read_text().splitlines() if p.exists() else ['(no golden transcript)']

    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        played = pool.map(one, chosen)
        if a.mode == 'compare':
            return compare(played, a)
        for sc, got, _ in played:
            if a.mode == 'run':
                print(f"=== {sc['name']}: {sc.get('about', '')}", *got, '', sep='\n', flush=True)
            else:
                p = a.golden / (sc['name'] + '.txt')
                p.parent.mkdir(parents=True, exist_ok=True)
                p.write_text('\n'.join(got) + '\n')
                print('stored', sc['name'], flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
