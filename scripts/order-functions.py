#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which functions a start and a request use, for the linker to put side by side: what is mapped is then what is used.

Linux maps code in pieces of 64 KiB around what is asked for.  A start asks for a fifth of the program's functions, and
where they stand all over it that makes nearly all of it resident.  The program is started under callgrind with the
configuration of examples/route-mirror, with ports of its own and addresses in place of names, answers one request,
whose upstream is not there, and one to its admin server, and is stopped.

    order-functions.py .build-static/release/understudy functions.txt
    ... -Xlinker --symbol-ordering-file=functions.txt -Xlinker --no-warn-symbol-ordering

Needs valgrind, and symbols in the binary.  Loopback only.
"""
import argparse
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'Benchmarks'))

from footprint import configuration          # noqa: E402
from rig.processes import exit_on_signals, free_port          # noqa: E402

# A start uses some seven thousand; with fewer something has gone wrong.
LEAST = 2000
# For each step; it may have only what processes beside it leave.
TIME = 600
ADMIN = '\nadmin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {}}}}}}}\n'


def ask(port, process, path):
    """The answer's first bytes; waits until somebody listens."""
    until = time.monotonic() + TIME
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(('127.0.0.1', port), TIME) as client:
                client.sendall(f'GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'.encode())
                return client.recv(4096)
        except OSError:
            time.sleep(0.1)
    sys.exit('order-functions: the program does not answer')


def used(binary, folder):
    stripped, profile, config = folder / 'program', folder / 'callgrind.out', folder / 'envoy.yaml'
    # Callgrind cannot read the debug information.
    subprocess.run(['strip', '--strip-debug', '-o', stripped, binary], check=True)
    port, admin = free_port(), free_port()
    config.write_text(configuration(port) + ADMIN.format(admin))
    with open(folder / 'log', 'w') as log:
        process = subprocess.Popen(
            ['valgrind', '--tool=callgrind', '--demangle=no', f'--callgrind-out-file={profile}', stripped, '-c', config],
            stdout=log, stderr=log)
        try:
            ask(port, process, '/service/1')
            ask(admin, process, '/ready')
            process.send_signal(signal.SIGTERM)
            process.wait(TIME)
        finally:
            process.kill()
    names = set()
    for line in profile.read_text(errors='replace').splitlines():
        if found := re.match(r'c?fn=\(\d+\) (\S+)', line):
            # A function that calls itself stands there as several.
            names.add(re.sub(r"'\d+$", '', found[1]))
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('binary', type=pathlib.Path)
    parser.add_argument('output', type=pathlib.Path)
    arguments = parser.parse_args()
    exit_on_signals()
    with tempfile.TemporaryDirectory() as folder:
        names = used(arguments.binary, pathlib.Path(folder))
    if len(names) < LEAST:
        sys.exit(f'order-functions: only {len(names)} functions have names: has {arguments.binary} lost its symbols?')
    arguments.output.write_text('\n'.join(sorted(names)) + '\n')
    print(f'order-functions: {len(names):,} functions')


if __name__ == '__main__':
    main()
