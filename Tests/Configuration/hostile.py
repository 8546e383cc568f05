#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Gives hostile configurations to the real binary: each is refused in time, in little memory and with a reason.

Every file goes to `understudy validate`; some also to a process that serves, by SIGHUP: it refuses them and serves on
as before.  A refusal has to end with 1, name the file, and say why on at most 64 KiB; it may take 2 s of CPU time
(user and system; the wall's time depends on what else the machine does) and 200 MB; for those that are nearly as
large as a good file may be it is 4 s, which only a debug build needs.  Files that are large but right have to be
accepted; what they take is printed.  The last line is the count.
"""
import argparse
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from hostile_files import BASE, cases

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# A child that spins or waits is ended then.
PATIENCE = 60
# The fastest of so many counts.
TRIES = 3


def cleared(path):
    """Makes room for the next file."""
    for one in path.parent.iterdir():
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        else:
            one.unlink()


def validate(binary, path, output):
    """-> exit status, CPU seconds, megabytes, and what was said"""
    with open(output, 'w+b') as said:
        child = subprocess.Popen([binary, 'validate', str(path)], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
        end = time.monotonic() + PATIENCE
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                child.kill()
                _, status, usage = os.wait4(child.pid, 0)
                break
            time.sleep(0.005)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return child.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, said.read(1 << 20)


def problem(case, path, status, seconds, megabytes, said):
    """-> what is wrong with a verdict; None if it is right"""
    words = said.decode(errors='replace')
    if status not in (0, 1):
        return f'ended with {status}: {words[-300:]}'
    if (status == 0) != (case.says is None):
        return f'ended with {status}: {words[:300]}'
    if case.seconds and seconds > case.seconds:
        return f'took {seconds:.2f} s of CPU time'
    if case.megabytes and megabytes > case.megabytes:
        return f'took {megabytes:.0f} MB'
    if len(said) > 64 << 10:
        return f'said {len(said)} bytes'
    if case.says is not None:
        if not re.search(rf'^{re.escape(str(path))}(:\d+:\d+)?  error: .', words, re.MULTILINE):
            return f'names no place: {words[:300]}'
        if not re.search(case.says, words):
            return f'does not say {case.says!r}: {words[:300]}'
    return None


class Server:
    """A process that serves, and is given one file after another."""

    def __init__(self, binary, folder):
        folder.mkdir()
        self.path = folder / 'envoy.yaml'
        with socket.socket() as one:
            one.bind(('127.0.0.1', 0))
            self.port = one.getsockname()[1]
        self.good = ('admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}\n'
                     + BASE.replace('port_value: 0', f'port_value: {self.port}'))
        self.path.write_text(self.good)
        self.admin = folder.parent / 'admin-address'
        self.log = open(folder.parent / 'server.log', 'wb')
        self.process = subprocess.Popen([binary, '-c', str(self.path), '--admin-address-path', str(self.admin),
                                         '--concurrency', '1', '-l', 'error'],
                                        stderr=self.log, stdin=subprocess.DEVNULL)
        self.until(lambda: self.admin.exists() and ':' in self.admin.read_text() and 'LIVE' in self.get('/ready'))

    def until(self, is_true):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if is_true():
                    return
            except OSError:
                pass
            time.sleep(0.01)
        raise TimeoutError

    def get(self, path):
        with urllib.request.urlopen(f'http://{self.admin.read_text().strip()}{path}', timeout=PATIENCE) as answer:
            return answer.read().decode()

    def failures(self):
        return int(re.search(r'server.configuration_reload_failure: (\d+)', self.get('/stats?filter=reload'))[1])

    def seconds(self):
        fields = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def megabytes(self):
        return int(re.search(r'VmHWM:\s+(\d+)', pathlib.Path(f'/proc/{self.process.pid}/status').read_text())[1]) / 1000

    def refuses(self, case):
        """-> what is wrong; None if the file is refused and the old one serves on"""
        cleared(self.path)
        case.make(self.path)
        failures, seconds = self.failures(), self.seconds()
        self.process.send_signal(signal.SIGHUP)
        try:
            self.until(lambda: self.failures() > failures)
        except TimeoutError:
            return 'is not refused'
        taken = self.seconds() - seconds
        if case.seconds and taken > case.seconds:
            return f'took {taken:.2f} s of CPU time'
        if self.megabytes() > 200:
            return f'the process took {self.megabytes():.0f} MB'
        # There a message stands on one line.
        if not re.search(case.says.replace('  error: ', ': '), self.get('/server_info')):
            return f'/server_info does not say {case.says!r}'
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/', timeout=PATIENCE) as answer:
            return None if answer.read() == b'old' else 'the old configuration does not serve on'

    def end(self):
        self.process.terminate()
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.log.close()
        return None if status == 0 else f'ended with {status}'


def prepared(folder):
    """The things that configurations name."""
    folder.mkdir()
    os.mkfifo(folder / 'fifo')
    (folder / 'loop').symlink_to(folder / 'loop')
    (folder / 'sparse').touch()
    os.truncate(folder / 'sparse', 1 << 40)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(folder / 'socket'))
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=str(ROOT / '.build/debug/understudy'), help='default: the debug build')
    parser.add_argument('--only', default='', help='cases whose name has this in it')
    parser.add_argument('--verbose', action='store_true', help='print every case with what it took')
    arguments = parser.parse_args()
    passed = failed = 0

    def count(name, wrong, detail=''):
        nonlocal passed, failed
        passed, failed = passed + (not wrong), failed + bool(wrong)
        if wrong:
            print(f'FAIL {name}: {wrong}', flush=True)
        elif detail:
            print(f'     {name}: {detail}', flush=True)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        chosen = [case for case in cases(prepared(folder / 'named')) if arguments.only in case.name]
        work = folder / 'work'
        work.mkdir()
        path = work / 'envoy.yaml'
        for case in chosen:
            cleared(path)
            case.make(path)
            for _ in range(TRIES):
                status, seconds, megabytes, said = validate(arguments.binary, path, folder / 'said')
                # CPU time grows where others use the same core, too.
                if not case.seconds or seconds <= case.seconds:
                    break
            detail = f'{seconds:.2f} s, {megabytes:.0f} MB'
            wrong = problem(case, path, status, seconds, megabytes, said)
            count(case.name, wrong, detail if arguments.verbose or case.seconds is None else '')
        reloads = [case for case in chosen if case.reload]
        if reloads:
            server = Server(arguments.binary, folder / 'served')
            for case in reloads:
                count(f'reload: {case.name}', server.refuses(case))
            count('reload: the process ends well', server.end())
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
