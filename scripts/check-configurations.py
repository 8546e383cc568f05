#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Says which configurations of a folder load, and what the others stop at.

Runs `understudy validate` over every .yaml, .yml and .json file below the folder that looks like a configuration (it
has static_resources, dynamic_resources or layered_runtime) and prints a line for each: that it loads, or its first
error.  The last line is a summary.  Meant for collections of real configurations, such as those of Envoy's examples;
ends with 0 whatever the verdicts, and with 1 if the validator dies or takes longer than 10 s.
"""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUFFIXES = {'.yaml', '.yml', '.json'}
MARK = re.compile(r'^\s*["\']?(static_?[rR]esources|dynamic_?[rR]esources|layered_?[rR]untime)\b', re.M)
ERROR = re.compile(r'^.*?(?::\d+:\d+)?  error: (.*)$', re.M)


def configurations(folder, everything):
    for path in sorted(folder.rglob('*')):
        if path.suffix in SUFFIXES and path.is_file() and '.git' not in path.parts:
            if everything or MARK.search(path.read_text(errors='replace')):
                yield path


def verdict(command, path):
    """-> (kind, text); kind is 'loads', 'stops' or 'FAILS'."""
    try:
        # In the file's own folder, since it may name files beside it.
        run = subprocess.run([*command, 'validate', str(path)], cwd=path.parent, capture_output=True, text=True,
                             errors='replace', timeout=10)
    except subprocess.TimeoutExpired:
        return 'FAILS', 'no verdict within 10 s'
    if run.returncode == 0:
        return 'loads', ''
    errors = ERROR.findall(run.stderr)
    if run.returncode != 1 or not errors:
        return 'FAILS', f'exit {run.returncode}: {run.stderr.strip()[-200:]}'
    more = f'  (and {len(errors) - 1} more)' if len(errors) > 1 else ''
    return 'stops', errors[0] + more


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('--binary', default=str(ROOT / '.build/debug/understudy'), help='default: the debug build')
    parser.add_argument('--all', action='store_true', help='also files that do not look like configurations')
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        parser.error(f'{arguments.folder} is no folder')
    binary = pathlib.Path(arguments.binary)
    if not binary.exists():
        parser.error(f'{binary} does not exist: build it first')
    counts = {'loads': 0, 'stops': 0, 'FAILS': 0}
    for path in configurations(arguments.folder.resolve(), arguments.all):
        kind, text = verdict([str(binary.resolve())], path)
        counts[kind] += 1
        name = path.relative_to(arguments.folder.resolve())
        print(f'{name}: {kind}' if kind == 'loads' else f'{name}: {kind} at: {text}', flush=True)
    failed = f', {counts["FAILS"]} without a verdict' if counts['FAILS'] else ''
    print(f'{counts["loads"]} load, {counts["stops"]} stop{failed}')
    return 1 if counts['FAILS'] else 0


if __name__ == '__main__':
    sys.exit(main())
