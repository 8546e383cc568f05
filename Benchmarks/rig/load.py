# SPDX-License-Identifier: Apache-2.0
"""Load from wrk, or from h2load for HTTP/2, and what they say of it."""
import collections
import re
import subprocess

from rig.processes import LOAD_CORE

# Requests per second, milliseconds, how many requests failed or were not answered with 2xx, what the tool printed.
Load = collections.namedtuple('Load', 'rate p50 p99 errors output')
UNITS = {'us': 1e-3, 'ms': 1, 's': 1e3, 'm': 6e4}
POST = 'wrk.method = "POST"\nwrk.body = string.rep("x", {size})\n'


def run(protocol, port, path, seconds, connections, folder, body=0, script=None, cores=LOAD_CORE, threads=1, headers=()):
    """`body` bytes are sent with each request; `script` is Lua for wrk, and `headers` are lines for it."""
    if protocol == 'h2':
        return run_h2load(port, path, seconds, folder, cores)
    command = ['wrk', '--threads', threads, '--latency', '--timeout', '5s', '--connections', connections,
               '--duration', f'{seconds}s']
    for header in headers:
        command += ['--header', header]
    script = POST.format(size=body) if body else script
    if script:
        file = folder / 'requests.lua'
        file.write_text(script)
        command += ['--script', file]
    out = tool(cores, *command, f'{protocol}://127.0.0.1:{port}{path}')
    errors = sum(map(int, re.findall(r'(?:connect|read|write|timeout|Non-2xx or 3xx responses:) (\d+)', out)))
    rate = float(re.search(r'Requests/sec:\s+([\d.]+)', out)[1])
    return Load(rate, wrk_latency(out, 50), wrk_latency(out, 99), errors, out)


def run_h2load(port, path, seconds, folder, cores):
    log = folder / 'h2load.log'
    log.unlink(missing_ok=True)
    out = tool(cores, 'h2load', '--threads=1', '--clients=16', '--max-concurrent-streams=8',
               f'--duration={seconds}', f'--log-file={log}', f'http://127.0.0.1:{port}{path}')
    failed = re.search(r'(\d+) failed, (\d+) errored, (\d+) timeout', out)
    bad = re.search(r'status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx', out)
    times = sorted(int(line.split()[2]) for line in log.read_text().splitlines()) or [0]
    rate = float(re.search(r'([\d.]+) req/s', out)[1])
    return Load(rate, *(times[min(len(times) - 1, len(times) * n // 100)] / 1e3 for n in (50, 99)),
                sum(map(int, failed.groups() + bad.groups())), out)


def tool(cores, *command):
    return subprocess.run(['taskset', '--cpu-list', cores, *map(str, command)], capture_output=True, text=True,
                          check=True).stdout


def wrk_latency(out, percent):
    value, unit = re.search(rf'{percent}%\s+([\d.]+)(us|ms|s|m)\b', out).groups()
    return float(value) * UNITS[unit]
