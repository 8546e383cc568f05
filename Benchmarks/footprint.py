#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What it takes to be there: time until the proxy listens, memory before the first request, and sizes of files.

The configuration is that of examples/route-mirror with addresses in place of the names, which need its network: the
listener has a free port of 127.0.0.1 and the clusters are STATIC.  Starts run from exec to the first connection that is
accepted, tried every millisecond; all but the first find the binary in the page cache.  RSS is that of the proxy a
second after it has begun to listen, with one worker and with one for each core.

The size of an image cannot be measured without a container engine; it is computed for the Dockerfile, as the stripped
binary and the libraries beside the C library's that it loads from here, on top of an estimate of the base image: the
installed size of the packages that every Debian has and those of apt, as dpkg knows them on this machine.  The image
leaves out documentation, so it holds less.

Exits with 1 if the median start or the memory is beyond its limit.  Needs Linux; strip, ldd and dpkg-query for sizes.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from rig import report
from rig.processes import exit_on_signals, free_port

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent / 'examples/route-mirror/envoy.yaml'
MIB = 1 << 20
# Of the C library's own package, and what the kernel brings: every base image has them.
BASE_LIBRARIES = re.compile(r'^(linux-vdso|ld-linux|libc\.|libm\.|libdl\.|libpthread\.|librt\.|libutil\.|libresolv\.)')


def configuration(port):
    """The example's file with addresses that exist everywhere."""
    text = EXAMPLE.read_text()
    changes = [(r'address: 0\.0\.0\.0', 'address: 127.0.0.1'), (r'port_value: 10000', f'port_value: {port}'),
               (r'STRICT_DNS', 'STATIC'), (r'address: service\S+', 'address: 127.0.0.1')]
    for old, new in changes:
        text, count = re.subn(old, new, text)
        if not count:
            sys.exit(f'{EXAMPLE} has no {old} any more')
    return text


class Start:
    """One start of a program, timed; ends with the block."""

    def __init__(self, command, folder, undo):
        port = free_port()
        path = pathlib.Path(folder) / f'{port}.yaml'
        path.write_text(configuration(port))
        begin = time.perf_counter()
        self.process = subprocess.Popen([*command, '-c', path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, start_new_session=True)
        undo.callback(self.stop)
        self.wait_for(port, begin + 30)
        self.seconds = time.perf_counter() - begin

    def wait_for(self, port, until):
        while time.perf_counter() < until and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(('127.0.0.1', port), 1).close()
                return
            time.sleep(0.001)
        self.stop()
        sys.exit(f'{self.process.args[0]} does not listen\n{self.process.stderr.read().decode(errors="replace")}')

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def memory(self):
        """MiB, the part that files back among it."""
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return {name: int(re.search(rf'{name}:\s+(\d+)', status)[1]) / 1024 for name in ('VmRSS', 'RssAnon', 'RssFile')}


def starts(command, count):
    """Seconds of each start."""
    seconds = []
    with tempfile.TemporaryDirectory(prefix='understudy-footprint-') as folder:
        for _ in range(count):
            with contextlib.ExitStack() as undo:
                seconds.append(Start(command, folder, undo).seconds)
    return seconds


def behind(command):
    """The program itself where the command is a script that becomes it, so that only its own start is timed."""
    with tempfile.TemporaryDirectory(prefix='understudy-footprint-') as folder, contextlib.ExitStack() as undo:
        return [os.readlink(f'/proc/{Start(command, folder, undo).process.pid}/exe'), *command[1:]]


def resident(command):
    with tempfile.TemporaryDirectory(prefix='understudy-footprint-') as folder, contextlib.ExitStack() as undo:
        start = Start(command, folder, undo)
        time.sleep(1)
        return start.memory()


# Sizes

def stripped(binary):
    """Bytes; None without strip."""
    if not shutil.which('strip'):
        return None
    with tempfile.TemporaryDirectory(prefix='understudy-footprint-') as folder:
        copy = pathlib.Path(folder) / 'stripped'
        subprocess.run(['strip', '-o', copy, binary], check=True)
        return copy.stat().st_size


def libraries(binary):
    """{name: bytes} of the shared libraries it loads, without those of the C library."""
    if not shutil.which('ldd'):
        return {}
    found = {}
    for name, path in re.findall(r'^\s*(\S+) => (/\S+)', subprocess.run(['ldd', binary], capture_output=True,
                                                                        text=True).stdout, re.M):
        if not BASE_LIBRARIES.match(name):
            found[name] = pathlib.Path(path).resolve().stat().st_size
    return found


def base_image():
    """Bytes that a minimal Debian takes, from dpkg's list; None on another system."""
    if not shutil.which('dpkg-query'):
        return None
    out = subprocess.run(['dpkg-query', '--show', '--showformat', '${Package} ${Priority} ${Installed-Size} ${Depends}\\n'],
                         capture_output=True, text=True).stdout
    packages, wanted = {}, ['apt']
    for line in out.splitlines():
        name, priority, size, depends = (line.split(' ', 3) + [''])[:4]
        packages[name] = (int(size or 0), [re.match(r'[\w.+-]+', one.strip())[0] for one in depends.split(',') if one.strip()])
        if priority == 'required':
            wanted.append(name)
    seen = set()
    while wanted:
        name = wanted.pop()
        if name in packages and name not in seen:
            seen.add(name)
            wanted += packages[name][1]
    return sum(packages[name][0] for name in seen) * 1024 or None


def sizes(binary):
    """[(what, bytes)], and as the last ones the image's."""
    whole, small, loaded, base = pathlib.Path(binary).stat().st_size, stripped(binary), libraries(binary), base_image()
    rows = [('binary', whole)] + ([('binary, stripped', small)] if small else [])
    rows += [(f'{name}, loaded', size) for name, size in sorted(loaded.items(), key=lambda one: -one[1])]
    above = (small or whole) + sum(loaded.values())
    rows.append(('image above its base, computed', above))
    if base:
        rows += [('base image, estimated', base), ('image, estimated', base + above)]
    return rows


# The whole

def rows(name, command, count):
    """Lines of the table, and the two figures that have limits."""
    command = behind(command)
    seconds = starts(command, count)
    start, worst = statistics.median(seconds) * 1000, max(seconds) * 1000
    lines = [(f'{name}: start to listening, median of {count} (slowest)', f'{start:.0f} ms ({worst:.0f} ms)')]
    memories = []
    for label, more in (('one worker', ['--concurrency', '1']), (f'{os.cpu_count()} workers', [])):
        memory = resident([*command, *more])
        memories.append(memory['VmRSS'])
        lines.append((f'{name}: RSS when idle, {label} (anonymous + of files)',
                      f"{memory['VmRSS']:.1f} MiB ({memory['RssAnon']:.1f} + {memory['RssFile']:.1f})"))
    return lines, start, max(memories)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--understudy', required=True, type=pathlib.Path,
                        help='release build with --static-swift-stdlib, as in the Dockerfile')
    parser.add_argument('--envoy', nargs='?', const=shutil.which('envoy'), help='start it, too, beside it')
    parser.add_argument('--starts', type=int, default=11, help='default 11')
    parser.add_argument('--milliseconds', type=float, default=100, help='limit of the median start (default 100)')
    parser.add_argument('--mebibytes', type=float, default=20, help='limit of RSS when idle (default 20)')
    return parser.parse_args()


def main():
    arguments = parse()
    exit_on_signals()
    binary = arguments.understudy.resolve()
    table, start, memory = rows('Understudy', [binary], arguments.starts)
    if arguments.envoy:
        table += rows('Envoy', [arguments.envoy, '--disable-hot-restart', '--log-level', 'error'], arguments.starts)[0]
    table += [(what, f'{size / MIB:.1f} MiB') for what, size in sizes(binary)]
    print(f'| {report.today()}, {report.machine()} | |\n|---|---|')
    for what, value in table:
        print(f'| {what} | {value} |')
    misses = [text for text, value, limit in [
        (f'start {start:.0f} ms, at most {arguments.milliseconds:.0f}', start, arguments.milliseconds),
        (f'RSS {memory:.1f} MiB, at most {arguments.mebibytes:.0f}', memory, arguments.mebibytes)] if value > limit]
    print('\n' + ('\n'.join(f'MISSED: {text}' for text in misses) or 'Both targets are met.'))
    return bool(misses)


if __name__ == '__main__':
    sys.exit(main())
