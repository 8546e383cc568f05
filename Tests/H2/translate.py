#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests in HTTP/2 that no HTTP/1.1 upstream may see, or must see as they were meant, and answers to them."""
import argparse
import asyncio
import os
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'Hardening'))
from http2.case import MARK, shown  # noqa: E402
from http2.connection import Connection  # noqa: E402
from http2.servers import KINDS, Server  # noqa: E402
from kit.upstream import Upstreams  # noqa: E402
from translation import all_cases  # noqa: E402
from translation.case import CLOSE_CLIENT, HALF_SEEN, RESET_CLIENT  # noqa: E402
from translation.judge import judge, summary  # noqa: E402

AT_ONCE = 32


async def play(case, place, upstreams):
    connection = await Connection(place).connect()
    await connection.greet()
    stays = True
    for step in case.send:
        if step == HALF_SEEN:
            await seen_by(upstreams.requests, case)
        elif step in (CLOSE_CLIENT, RESET_CLIENT):
            connection.leave(abruptly=step == RESET_CLIENT)
            stays = False
        else:
            await connection.send(case.fill(step))
    if stays:
        await connection.until(lambda trace: trace.answers[1].is_over or trace.goaways or MARK in trace.pongs)
    return connection


async def seen_by(requests, case):
    """Both upstreams have the head; a while at most, for a proxy may well wait for a body."""
    for _ in range(50):
        if requests('primary', case) and requests('mirror', case):
            return
        await asyncio.sleep(0.02)


async def run(kind, binary, cases):
    """(what is wrong, what was seen) by case, and problems of no case."""
    upstreams = Upstreams(cases)
    ports = [await upstreams.listen('primary'), await upstreams.listen('mirror')]
    server = await Server(kind, binary, ports).start()
    places = asyncio.Semaphore(AT_ONCE)

    async def one(case):
        async with places:
            return case, await play(case, server.places[0], upstreams)
    try:
        played = await asyncio.gather(*(one(case) for case in cases))
        # Copies, and what a broken request may still do, arrive after the client was answered.
        for _ in range(20):
            await asyncio.sleep(0.1)
            if not any(case.kind == 'whole' and judge(case, connection.trace, upstreams) for case,
                       connection in played):
                break
        problems = [] if server.is_running else [f'the proxy died:\n{server.log()[-2000:]}']
        results = {case: (judge(case, connection.trace, upstreams), summary(case, connection.trace, upstreams),
                          connection.log)
                   for case, connection in played}
        for _, connection in played:
            connection.leave()
    finally:
        await server.stop()
    problems += [f'a request that no case has sent: {stray.start[:80]!r} {stray.faults}' for stray in upstreams.strays]
    return results, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--binary', required=True)
    parser.add_argument('--as', dest='kind', choices=KINDS, default='understudy', help='whose configuration it reads')
    parser.add_argument('--envoy', help='an Envoy to show beside it')
    parser.add_argument('--verbose', action='store_true', help='every case, not only what fails')
    parser.add_argument('names', nargs='*', help='parts of names, such as heads/ or "content-length"')
    options = parser.parse_args()
    cases = [case for case in all_cases()
             if not options.names or any(word in f'{case.group}/{case.name}' for word in options.names)]
    ours, problems = asyncio.run(run(options.kind, options.binary, cases))
    theirs, others = asyncio.run(run('envoy', options.envoy, cases)) if options.envoy else ({}, [])
    failed = len(problems)
    for case in cases:
        wrong, text, log = ours[case]
        failed += bool(wrong)
        if wrong or options.verbose:
            print(f'{"FAIL" if wrong else "ok  "} {case.group}/{case.name}  ({case.rule})')
            print(f'       sent     {shown(log)}\n       allowed  {case.kind}\n'
                  f'       found    {"; ".join(wrong[:3])} | {text}')
        if case in theirs and theirs[case][0]:
            print(f'       Envoy fails {case.group}/{case.name}: {"; ".join(theirs[case][0][:2])} | {theirs[case][1]}')
    print(''.join(f'FAIL {problem}\n' for problem in problems), end='')
    if theirs:
        wrong = sum(bool(found[0]) for found in theirs.values())
        print(f'Envoy: {len(cases) - wrong} passed, {wrong} failed', *others[:5], sep='\n       ')
    print(f'{len(cases) - min(failed, len(cases))} passed, {failed} failed')
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
