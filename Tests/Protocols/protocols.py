#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Facts about forwarding and mirroring, each played for HTTP/1.1 and HTTP/2, plain and over TLS, on every side."""
import argparse
import asyncio
import collections
import logging
import pathlib
import sys
import tempfile
import time

import cases  # noqa: F401
from kit.peers import KINDS, Upstream, make_certificates
from kit.play import FACTS, Play, Wrong
from kit.proxy import PAIRS, Proxy

AT_ONCE = 12


def plays(proxy, words):
    """Yields the facts with their means, those that need everything for themselves last."""
    for fact in sorted(FACTS, key=lambda fact: fact.alone):
        if proxy.is_envoy and fact.ours or words and not any(word in fact.name for word in words):
            continue
        for client in KINDS:
            for primary, mirror in PAIRS:
                if fact.suits(client, primary, mirror):
                    yield fact, Play(proxy, client, primary, mirror)


async def played(fact, play):
    """-> what is wrong, or None"""
    try:
        async with asyncio.timeout(60):
            await fact.check(play)
        return None if play.proxy.is_running else 'the process ended'
    except Exception as error:  # Whatever a bad answer makes of a fact counts as wrong.
        return f'{error}' if isinstance(error, Wrong) else f'{error!r}'
    finally:
        await play.end()


async def run(command, is_envoy, words, folder):
    """-> the number of plays, and what was wrong of each fact that failed"""
    upstreams = {}
    for kind in KINDS:
        upstreams['primary', kind] = await Upstream(kind, 'primary', folder).listen()
        upstreams['mirror', kind] = await Upstream(kind, 'candidate', folder).listen()
    proxy = await Proxy(command, is_envoy, upstreams, folder).start()
    wrong, count = collections.defaultdict(list), 0
    places = asyncio.Semaphore(AT_ONCE)

    async def one(fact, play):
        async with places:
            if verdict := await played(fact, play):
                wrong[fact.name].append((str(play), verdict))

    try:
        chosen = list(plays(proxy, words))
        await asyncio.gather(*(one(*pair) for pair in chosen if not pair[0].alone))
        for pair in chosen:
            if pair[0].alone:
                await one(*pair)
        count = len(chosen)
    finally:
        proxy.stop()
        for upstream in upstreams.values():
            await upstream.close()
    return count, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--binary', help='the proxy; without it Envoy alone')
    parser.add_argument('--envoy', help='an Envoy to play the facts against, too')
    parser.add_argument('--verbose', action='store_true', help='every play that failed, not three of a fact')
    parser.add_argument('words', nargs='*', help='parts of the names of facts')
    options = parser.parse_args()
    logging.getLogger('asyncio').setLevel(logging.CRITICAL)
    passed = failed = 0
    for name, command, is_envoy in [('Understudy', options.binary, False), ('Envoy', options.envoy, True)]:
        if not command:
            continue
        with tempfile.TemporaryDirectory() as folder:
            make_certificates(pathlib.Path(folder))
            started = time.monotonic()
            count, wrong = asyncio.run(run(command, is_envoy, options.words, pathlib.Path(folder)))
        for title, verdicts in wrong.items():
            print(f'FAIL {name}: {title}: {len(verdicts)} times')
            for where, verdict in verdicts if options.verbose else verdicts[:3]:
                print(f'     {where}: {verdict[:600]}')
        bad = sum(len(verdicts) for verdicts in wrong.values())
        print(f'{name}: {count} plays of {len(FACTS)} facts in {time.monotonic() - started:.0f} s')
        passed, failed = passed + count - bad, failed + bad
    print(f'{passed} passed, {failed} failed')
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
