#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every difference in docs/differences-from-envoy.md names a test or a scenario that exists.

A row of a table names its tests in the last column, in backquotes: the title of a Swift test, or the name of a
conformance scenario.  Ends with 1 and the names that lead nowhere.
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def known_names():
    names = set()
    for path in (ROOT / 'Tests').rglob('*.swift'):
        names |= set(re.findall(r'func `([^`]+)`', path.read_text()))
    for path in (ROOT / 'Tests/Conformance/scenarios').glob('*/*.yaml'):
        names.add(f'{path.parent.name}/{path.stem}')
    return names


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    known, rows, missing = known_names(), 0, []
    for number, line in enumerate((ROOT / 'docs/differences-from-envoy.md').read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip('|').split('|')]
        if not line.startswith('|') or len(cells) < 3 or set(cells[-1]) <= set('-: ') or cells[-1] == 'test':
            continue
        rows += 1
        tests = re.findall(r'`([^`]+)`', cells[-1])
        missing += [f'line {number}: names no test'] if not tests else []
        missing += [f'line {number}: no test is called "{test}"' for test in tests if test not in known]
    for problem in missing:
        print(f'docs/differences-from-envoy.md {problem}', file=sys.stderr)
    print(f'docs/differences-from-envoy.md: {rows} differences, {len(missing)} without their test')
    return 1 if missing or not rows else 0


if __name__ == '__main__':
    sys.exit(main())
