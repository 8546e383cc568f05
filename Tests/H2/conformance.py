#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 as RFC 9113 and RFC 7541 have it: raw frames, and what a server must make of each."""
import argparse
import asyncio
import sys

from http2.case import Requests, Told, Until, shown
from http2.connection import LONGEST, Connection, tls_context
from http2.frames import PREFACE
from http2.servers import KINDS, Server
from http2.upstream import Upstream
from sections import all_cases

AT_ONCE = 48


async def play(case, place, tls, ask, options):
    """What is wrong, and the connection."""
    connection = Connection(place, tls, ask, options.patience, options.strict)
    try:
        await connection.connect()
    except OSError as error:
        return [f'no connection: {error}'], connection
    try:
        return await steps(case, connection) + connection.trace.faults, connection
    finally:
        connection.leave()


async def steps(case, connection):
    if case.greet:
        await connection.greet(*case.settings)
        if not connection.trace.acks:
            return ['no SETTINGS, or no acknowledgement of ours']
    for step in case.send:
        if isinstance(step, Until):
            if not await connection.until(step.is_met) and not step.is_met(connection.trace):
                return [f'in vain: waited for {step.text}']
        elif isinstance(step, Told):
            if (data := step.make(connection.trace)) is None:
                return []
            await connection.send(data)
        else:
            await connection.send(step)
    return await case.want.check(connection)


async def run(kind, binary, options):
    """(case, what is wrong, connection) of each, by entry."""
    upstreams = [await Upstream().start() for _ in range(2)]
    server = await Server(kind, binary, [upstream.port for upstream in upstreams]).start()
    try:
        entries = {'plain': (server.places[0], None)}
        if options.tls and len(server.places) > 1:
            entries['TLS'] = (server.places[1], tls_context())
        elif options.tls:
            print('skipped: HTTP/2 over TLS, since there is no openssl for a certificate')
        results = {name: await against(*entry, options) for name, entry in entries.items()}
        if not server.is_running:
            print(f'FAIL {binary} died:\n{server.log()[-2000:]}')
            results['the process'] = [(None, ['it died'], None)]
        return results
    finally:
        await server.stop()


async def against(place, tls, options, is_ours=True):
    ask = Requests('https' if tls else 'http')
    cases = [case for case in all_cases(ask) if is_ours or not case.local]
    if options.names:
        cases = [case for case in cases if any(word in f'{case.group}/{case.name}' for word in options.names)]
    places = asyncio.Semaphore(AT_ONCE)

    async def one(case):
        async with places:
            return case, *await play(case, place, tls, ask, options)

    return await asyncio.gather(*(one(case) for case in cases))


def report(results, verbose):
    """How many failed."""
    failed = 0
    for entry, cases in results.items():
        for case, wrong, connection in cases:
            failed += bool(wrong)
            if case and (wrong or verbose):
                log = [data for data in connection.log if data != PREFACE]
                print(f'{"FAIL" if wrong else "ok  "} {case.group}/{case.name}, {entry}  ({case.section})')
                print(f'       sent     {shown(log)}\n       allowed  {case.want.text}\n'
                      f'       found    {"; ".join([*wrong[:3], connection.trace.describe()])}')
    return failed


def differences(ours, theirs):
    """Where a peer fails and we do not, one line each."""
    fine = {(entry, case.name) for entry, cases in ours.items() for case, wrong, _ in cases if case and not wrong}
    for entry, cases in theirs.items():
        for case, wrong, _ in cases:
            if case and wrong and (entry, case.name) in fine:
                print(f'       Envoy fails {case.group}/{case.name}, {entry}: {wrong[0]}')


def total(results):
    return sum(len(cases) for cases in results.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--binary', help='the proxy to start')
    parser.add_argument('--as', dest='kind', choices=KINDS, default='understudy', help='whose configuration it reads')
    parser.add_argument('--envoy', help='an Envoy to show beside it')
    parser.add_argument('--address', help='HOST:PORT of a server that runs already; only what any server can play')
    parser.add_argument('--tls', action='store_true', help='all again over TLS with ALPN')
    parser.add_argument('--strict', action='store_true',
                        help='GOAWAY before the end of a connection, and nothing else ends with a stream')
    parser.add_argument('--patience', type=float, default=LONGEST, help='seconds that a case waits for anything')
    parser.add_argument('--verbose', action='store_true', help='every case, not only what fails')
    parser.add_argument('names', nargs='*', help='parts of names, such as states/ or "closed: DATA"')
    options = parser.parse_args()
    if options.address:
        host, _, port = options.address.rpartition(':')
        context = tls_context() if options.tls else None
        results = {'TLS' if context else 'plain': asyncio.run(
            against((host, int(port)), context, options, is_ours=False))}
    else:
        results = asyncio.run(run(options.kind, options.binary, options))
    failed = report(results, options.verbose)
    if options.envoy:
        options.strict = False
        theirs = asyncio.run(run('envoy', options.envoy, options))
        differences(results, theirs)
        wrong = sum(bool(wrong) for cases in theirs.values() for _, wrong, _ in cases)
        print(f'Envoy: {total(theirs) - wrong} passed, {wrong} failed')
    print(f'{total(results) - failed} passed, {failed} failed')
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
