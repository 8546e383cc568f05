#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Changes good configurations at random and holds the validator to its promises.

The corpus is what the project has: examples/, the fixtures of the configuration tests and the scenarios of the
conformance kit.  Each round takes one file, changes it a few times (values, keys, structure, bytes) and runs
`understudy validate` on it.  Whatever the file says, the validator has to end by itself with 0 or 1 within 2 s and
200 MB, and a refusal has to say why.  The seed is printed; the same seed makes the same files.  A file that breaks a
promise is kept, and the run ends with 1.
"""
import argparse
import concurrent.futures
import copy
import multiprocessing
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'Tests/Conformance'))
from kit.config import build_config, load  # noqa: E402

SECONDS, MEGABYTES = 2, 200
VALUES = [None, True, False, 0, 1, -1, 2 ** 31, 2 ** 32, 2 ** 63, 2 ** 64, 1.5, '', ' ', 'x', '0s', '-1s', '1e3s',
          '9223372036s', '%', '%%', '%REQ(', '%REQ(a)%', '%START_TIME(%%s)%', '(', '(a+)+b', '\\', '\\1', '*', '*a*',
          ':path', 'host', 'a\nb', '\0', '\ud7ff', 'é' * 100, 'x' * 5000, '::1', '10.0.0.0/8', '/dev/zero',
          '/dev/stdin', '/', 'type.googleapis.com/x', [], {}, [[]], [None], {'': None}, {'@type': 'a/b'},
          {'value': 1}, {'seconds': 1}, {'exact': 'x'}, {'inline_string': 'x'}, {'filename': '/dev/zero'}]
BYTES = [b'{', b'}', b'[', b']', b':', b'-', b'?', b'|', b'>', b'*a', b'&a ', b'!', b'%', b'"', b"'", b'\n', b'\t', b' ',
         b'\0', b'\xff', b'\xc3', b'#', b'<<: ', b'---\n', b'~', b', ']


def corpus():
    """-> [configurations as Python values]"""
    found = []
    files = [*ROOT.glob('examples/**/*.yaml'), *ROOT.glob('Tests/UnderstudyConfigTests/Fixtures/**/*.yaml')]
    for path in sorted(files):
        try:
            value = yaml.safe_load(path.read_text())
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        if isinstance(value, dict) and 'static_resources' in value:
            found.append(value)
    for path in sorted(ROOT.glob('Tests/Conformance/scenarios/*/*.yaml')):
        scenario = load(path)
        hosts = {host for name, spec in (scenario.get('clusters') or {}).items()
                 for host in (spec or {}).get('endpoints', [name])}
        found.append(build_config(scenario, 10000, 9901, {name: 8000 + i for i, name in enumerate(sorted(hosts))}))
    return found


def places(value, path=()):
    """Every place of a tree, as the way to it."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def change(tree, pool, dice):
    """Changes one place of a tree."""
    path = dice.choice([path for path in places(tree) if path])
    holder, key = at(tree, path[:-1]), path[-1]
    kind = dice.randrange(6)
    if kind == 0:
        holder[key] = copy.deepcopy(dice.choice(VALUES))
    elif kind == 1:
        holder[key] = copy.deepcopy(dice.choice(pool)[1])
    elif kind == 2:
        del holder[key]
    elif kind == 3 and isinstance(holder, dict):
        text = str(key)
        spot = dice.randrange(len(text) + 1)
        holder[text[:spot] + dice.choice('abz_A0.') + text[spot + dice.randrange(2):]] = holder.pop(key)
    elif kind == 4 and isinstance(holder, dict):
        name, inner = dice.choice(pool)
        holder[name] = copy.deepcopy(inner)
    else:
        holder[key] = [copy.deepcopy(holder[key])] * dice.choice([0, 1, 2, 50])


def scramble(data, dice):
    """Changes a few bytes of a text."""
    data = bytearray(data)
    for _ in range(dice.randrange(1, 5)):
        spot = dice.randrange(len(data) + 1)
        kind = dice.randrange(4)
        if kind == 0:
            data[spot:spot] = dice.choice(BYTES)
        elif kind == 1:
            data[spot:spot + dice.randrange(1, 40)] = b''
        elif kind == 2:
            end = spot + dice.randrange(1, 200)
            data[spot:spot] = data[spot:end] * dice.choice([1, 1, 3, 100])
        else:
            data[spot:spot + 1] = dice.choice(BYTES)
    return bytes(data)


def keep_corpus(trees, pool):
    """What the process that makes the files makes them from."""
    make.trees, make.pool = trees, pool


def make(seed):
    trees, pool, dice = make.trees, make.pool, random.Random(seed)
    tree = copy.deepcopy(dice.choice(trees))
    for _ in range(dice.choice([0, 1, 1, 2, 3, 8])):
        if not tree:
            break
        change(tree, pool, dice)
    style = dice.choice([False, None, True])
    data = yaml.safe_dump(tree, default_flow_style=style, sort_keys=False, allow_unicode=True).encode(
        'utf-8', 'surrogatepass')
    return scramble(data, dice) if dice.randrange(3) == 0 else data


def check(binary, path):
    """-> what is wrong with the verdict, or None"""
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    try:
        run = subprocess.run([binary, 'validate', str(path)], capture_output=True, timeout=SECONDS * 5,
                             stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f'no verdict within {SECONDS * 5} s'
    seconds = time.monotonic() - started
    if run.returncode < 0:
        return f'died of signal {-run.returncode}: {run.stderr[-300:].decode(errors="replace")}'
    if run.returncode not in (0, 1):
        return f'exit {run.returncode}'
    if seconds > SECONDS:
        return f'took {seconds:.1f} s'
    # The largest of all children so far: it only says something new when it grows.
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if largest > before and largest > MEGABYTES * 1024:
        return f'took {largest // 1024} MB'
    if run.returncode == 1 and not re.search(rb'  error: .', run.stderr):
        return f'refused without a reason: {run.stderr[-300:]!r}'
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=str(ROOT / '.build/debug/understudy'), help='default: the debug build')
    parser.add_argument('--seed', type=int, default=None, help='default: a new one, which is printed')
    parser.add_argument('--count', type=int, default=1000, help='files; default 1000')
    parser.add_argument('--seconds', type=float, default=120, help='ends after this time at the latest; default 120')
    parser.add_argument('--keep', type=pathlib.Path, default=None,
                        help='folder for files that break a promise; default: a new one below the temporary folder')
    arguments = parser.parse_args()
    if not pathlib.Path(arguments.binary).exists():
        parser.error(f'{arguments.binary} does not exist: build it first')
    seed = random.randrange(2 ** 32) if arguments.seed is None else arguments.seed
    trees = corpus()
    pool = [(path[-1] if isinstance(path[-1], str) else 'x', at(tree, path))
            for tree in trees for path in places(tree) if path]
    print(f'seed {seed}, {len(trees)} configurations', flush=True)
    end, broken, done = time.monotonic() + arguments.seconds, 0, 0
    # A file may be large while it is made, and what a process has had counts for those that it starts.
    maker = concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context('fork'), keep_corpus, (trees, pool))
    with maker, tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / 'envoy.yaml'
        while done < arguments.count and time.monotonic() < end:
            # A generator for each file, so that one can be made again without those before it.
            data = maker.submit(make, f'{seed}/{done}').result()
            path.write_bytes(data)
            problem = check(arguments.binary, path)
            if problem:
                keep = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix='fuzz-configuration-'))
                keep.mkdir(parents=True, exist_ok=True)
                arguments.keep = keep
                (keep / f'{seed}-{done}.yaml').write_bytes(data)
                print(f'{keep / f"{seed}-{done}.yaml"}: {problem}', flush=True)
                broken += 1
            done += 1
    print(f'{done} files, {broken} broke a promise')
    return 1 if broken or not done else 0


if __name__ == '__main__':
    sys.exit(main())
