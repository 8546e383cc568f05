# SPDX-License-Identifier: Apache-2.0
"""Programs under test and beside it: pinned, watched through /proc, and gone when the bench is."""
import contextlib
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import time

PROXY_CORE, LOAD_CORE = '0', '1'
TICK = os.sysconf('SC_CLK_TCK')


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def exit_on_signals():
    """A bench that is ended by a signal ends what it has started, too."""
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, lambda number, _: sys.exit(128 + number))


def raise_descriptors(wanted=0):
    """As many descriptors as allowed, for this process and its children; root may have more. -> how many"""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if wanted > hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class DoesNotListen(SystemExit):
    """With what the program said; ends the bench unless it is caught."""


class Session:
    """A program in a session of its own, on some cores, that listens on a port."""

    def __init__(self, command, cores, port, output):
        self.output = pathlib.Path(output)
        with open(self.output, 'wb') as out:
            self.process = subprocess.Popen(['taskset', '--cpu-list', cores, *map(str, command)],
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        try:
            self.wait_for(port)
        except BaseException:
            self.kill()
            raise

    def wait_for(self, port):
        until = time.monotonic() + 60
        while time.monotonic() < until and self.is_running():
            with contextlib.suppress(OSError):
                socket.create_connection(('127.0.0.1', port), 1).close()
                return
            time.sleep(0.01)
        raise DoesNotListen(f'{" ".join(map(str, self.process.args[3:]))}: nothing listens\n{self.said()}')

    def said(self):
        return self.output.read_text(errors='replace')[-2000:]

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)     # its own session: whatever it started goes, too
        self.process.wait()

    def pids(self):
        """The processes of the session: the proxy, and its child if it is a wrapper."""
        for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(')')[2].split()
                if int(fields[3]) == self.process.pid:
                    yield int(stat.parent.name), fields

    def cpu(self):
        """User and system seconds of all its threads so far."""
        user = system = 0
        for _, fields in self.pids():
            user += int(fields[11])
            system += int(fields[12])
        return user / TICK, system / TICK

    def memory(self, field='VmRSS'):
        """MiB; VmHWM is the most so far."""
        total = 0
        for pid, _ in self.pids():
            with contextlib.suppress(OSError):
                for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
                    if line.startswith(field + ':'):
                        total += int(line.split()[1])
        return total / 1024
