#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile bytes from clients, primaries and mirrors, and what must come of them."""
import argparse
import asyncio
import sys

from cases import all_cases
from kit.client import Client
from kit.judge import Seen, judge
from kit.proxy import Proxy, configuration
from kit.upstream import Upstreams

AT_ONCE = 64
SLOTS = 32


def selected(words):
    cases = all_cases()
    if words:
        cases = [case for case in cases if any(word in f'{case.group}/{case.name}' for word in words)]
    return cases


async def play(cases, command):
    """What is wrong with each case, and what was seen of it."""
    upstreams = Upstreams(cases)
    shared = {role: await upstreams.listen(role) for role in ('primary', 'mirror')}
    slots = [(await upstreams.listen('primary'), await upstreams.listen('mirror')) for _ in range(SLOTS)]
    proxy = Proxy(command)
    ports = await proxy.start(configuration(shared, slots))
    try:
        seen = await observe(cases, ports, upstreams)
        problems = [] if proxy.is_running else [f'the proxy died:\n{proxy.log()[-2000:]}']
    finally:
        proxy.stop()
    problems += [f'a request that no case has sent: {stray.start[:80]!r} {stray.faults}' for stray in upstreams.strays]
    return {case.number: (judge(case, seen[case.number]), seen[case.number].summary()) for case in cases}, problems


async def observe(cases, ports, upstreams):
    places = asyncio.Semaphore(AT_ONCE)
    slots = asyncio.Queue()
    for slot in range(SLOTS):
        slots.put_nowait(slot)

    async def one(case):
        if not case.solo:
            async with places:
                return case.number, await Client(case, ports, upstreams).run()
        case.slot = await slots.get()
        try:
            return case.number, await Client(case, ports, upstreams).run()
        finally:
            await upstreams.leave(case)
            slots.put_nowait(case.slot)

    traces = dict(await asyncio.gather(*(one(case) for case in cases)))
    await copies_arrive(cases, traces, upstreams)
    return {case.number: Seen(case, traces[case.number], upstreams) for case in cases}


async def copies_arrive(cases, traces, upstreams):
    """Clients do not wait for copies, so the judge does."""
    def is_due(case):
        seen = Seen(case, traces[case.number], upstreams)
        return 'accepted' in case.want.kinds and bool(judge(case, seen))

    for _ in range(20):
        await asyncio.sleep(0.1)
        if not any(is_due(case) for case in cases):
            break


def report(cases, ours, theirs, verbose):
    failed = 0
    for case in cases:
        wrong, summary = ours[case.number]
        failed += bool(wrong)
        others = theirs.get(case.number)
        if wrong or verbose or others and others[0]:
            print(f'{"FAIL" if wrong else "ok  "} {case.group}/{case.name}  ({case.rule})')
            print(''.join(f'       {text}\n' for text in wrong[:4]) + f'       {summary}')
        if others and (wrong or verbose or others[0]):
            print(f'       Envoy {"FAILS" if others[0] else "passes"}: {others[1]}'
                  + ''.join(f'\n              {text}' for text in others[0][:2]))
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--binary', required=True)
    parser.add_argument('--envoy', help='an Envoy to show beside it')
    parser.add_argument('--verbose', action='store_true', help='every case, not only what fails')
    parser.add_argument('names', nargs='*', help='parts of names, such as framing/ or "chunks/size"')
    options = parser.parse_args()
    cases = selected(options.names)
    ours, problems = asyncio.run(play(cases, [options.binary]))
    theirs = {}
    if options.envoy:
        words = [options.envoy, '--disable-hot-restart', '--use-dynamic-base-id', '--log-level', 'error']
        theirs, _ = asyncio.run(play(cases, words))
    failed = report(cases, ours, theirs, options.verbose) + len(problems)
    print(''.join(f'FAIL {problem}\n' for problem in problems), end='')
    if theirs:
        wrong = sum(bool(verdict) for verdict, _ in theirs.values())
        print(f'Envoy: {len(cases) - wrong} passed, {wrong} failed')
    print(f'{len(cases) - min(failed, len(cases))} passed, {failed} failed')
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
