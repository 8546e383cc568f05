#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Abuse of HTTP/2, one kind after the other on one proxy: it stays bounded, and serves who behaves."""
import argparse
import asyncio
import sys
import time

from attacks import all_attacks
from attacks.arena import BUFFER, MIB, OPTIONS, Arena, Failed
from http2.servers import KINDS, Server
from http2.upstream import Upstream


async def play(attack, arena):
    """(what is wrong, figures)"""
    server, wrong, text = arena.server, [], ''
    for upstream in arena.upstreams:
        upstream.watch()
    before, began, arena.slowest, arena.is_under_attack = server.memory(), time.monotonic(), 0.0, True
    server.forget_peak()
    company = asyncio.create_task(arena.accompany())
    try:
        text = await attack.play(arena)
    except Failed as failure:
        wrong.append(str(failure))
    arena.is_under_attack = False
    if trouble := await company:
        wrong.append(f'meanwhile, {trouble}')
    took, peak = time.monotonic() - began, server.memory('VmHWM') - before
    arena.leave()
    if not server.is_running:
        return [*wrong, f'the proxy died:\n{server.log()[-2000:]}'], text
    try:
        after = await arena.serve_one()
    except Failed as failure:
        return [*wrong, f'afterwards, {failure}'], text
    if peak > attack.memory:
        wrong.append(f'{peak / MIB:.0f} MiB more than before, not {attack.memory // MIB}')
    return wrong, (f'{text}; +{peak / MIB:.1f} MiB of {attack.memory // MIB}, {took:.1f} s, others served in at most '
                   f'{1000 * arena.slowest:.0f} ms, then in {1000 * after:.0f} ms')


async def run(kind, binary, attacks):
    upstreams = [await Upstream().start() for _ in range(2)]
    results, arena = [], None
    try:
        for attack in attacks:
            if arena is None or attack.fresh or not arena.server.is_running:
                if arena:
                    await arena.server.stop()
                arena = await opened(kind, binary, upstreams)
            results.append((attack, *await play(attack, arena)))
    finally:
        if arena:
            await arena.server.stop()
    return results


async def opened(kind, binary, upstreams):
    ports = [upstream.port for upstream in upstreams]
    arena = Arena(await Server(kind, binary, ports, buffer=BUFFER, **OPTIONS).start(), upstreams)
    # What is made once is no growth.
    for _ in range(20):
        await arena.serve_one()
    return arena


def report(results, verbose, who=''):
    failed = 0
    for attack, wrong, text in results:
        failed += bool(wrong)
        if wrong or verbose:
            print(f'{"FAIL" if wrong else "ok  "} {who}{attack.name}  ({attack.rule})')
            print(f'       {"; ".join(wrong)}{" | " if wrong and text else ""}{text}')
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--binary', required=True)
    parser.add_argument('--as', dest='kind', choices=KINDS, default='understudy', help='whose configuration it reads')
    parser.add_argument('--envoy', help='an Envoy to show beside it')
    parser.add_argument('--verbose', action='store_true', help='every attack, with its figures')
    parser.add_argument('names', nargs='*', help='parts of names, such as "CONTINUATION"')
    options = parser.parse_args()
    attacks = [attack for attack in all_attacks() if not options.names
               or any(word in attack.name for word in options.names)]
    failed = report(asyncio.run(run(options.kind, options.binary, attacks)), options.verbose)
    if options.envoy:
        theirs = asyncio.run(run('envoy', options.envoy, attacks))
        wrong = report([result for result in theirs if result[1]], options.verbose, 'Envoy: ')
        print(f'Envoy: {len(attacks) - wrong} passed, {wrong} failed')
    print(f'{len(attacks) - failed} passed, {failed} failed')
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
