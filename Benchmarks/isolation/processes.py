# SPDX-License-Identifier: Apache-2.0
"""Processes of a bench: helpers that end with it, and servers that are watched through /proc and asked for statistics."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return probe.getsockname()[1]


def kill(process):
    """And whatever it has started, which is in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Child:
    """An upstream or the load generator, which ends with its standard input."""

    def __init__(self, script, *arguments):
        command = [sys.executable, script, *map(str, arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        start_new_session=True)

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            raise SystemExit(f'{self.process.args[1]} ended')
        return text

    def stop(self):
        kill(self.process)
        self.process.stdin.close()
        self.process.stdout.close()


class Server:
    """A program under test, in a session of its own: `command` listens on `port`, and `folder` keeps what it says."""

    def __init__(self, name, command, folder, port, admin):
        self.name, self.port, self.admin, self.folder = name, port, admin, pathlib.Path(folder)
        with open(self.folder / 'output', 'wb') as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            start_new_session=True)
        try:
            self.wait_until_ready()
        except BaseException:
            kill(self.process)
            raise
        self.descriptors, self.watching = 0, True
        self.pids = self.find()
        threading.Thread(target=self.watch, daemon=True).start()

    def wait_until_ready(self):
        until = time.monotonic() + 30
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return
            time.sleep(0.05)
        raise SystemExit(f'{self.name} does not start:\n{(self.folder / "output").read_text()[-2000:]}')

    def is_running(self):
        return self.process.poll() is None

    def find(self):
        """The processes of its session, without a wrapper that only started it."""
        pids = []
        for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
            with contextlib.suppress(OSError):
                name, _, fields = stat.read_text().partition('(')[2].rpartition(')')
                if int(fields.split()[3]) == self.process.pid and not name.startswith(('python', 'bash', 'sh')):
                    pids.append(int(stat.parent.name))
        return pids

    def memory(self, field='VmRSS'):
        """Bytes; `VmHWM` is the most since `forget_peaks`."""
        total = 0
        for pid in self.pids:
            with contextlib.suppress(OSError):
                for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
                    if line.startswith(field + ':'):
                        total += int(line.split()[1]) * 1024
        return total

    def forget_peaks(self):
        self.descriptors = 0
        for pid in self.pids:
            with contextlib.suppress(OSError):
                pathlib.Path(f'/proc/{pid}/clear_refs').write_text('5')

    def watch(self):
        while self.watching:
            with contextlib.suppress(OSError):
                self.descriptors = max(self.descriptors, sum(len(os.listdir(f'/proc/{pid}/fd')) for pid in self.pids))
            time.sleep(0.2)

    def statistics(self):
        """Values by name; none from one that does not answer."""
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{self.admin}/stats?format=json', timeout=5) as answer:
                entries = json.load(answer)['stats']
        except (OSError, ValueError):
            return {}
        return {one['name']: one['value'] for one in entries if 'name' in one}

    def stop(self):
        self.watching = False
        kill(self.process)
