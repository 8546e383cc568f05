# SPDX-License-Identifier: Apache-2.0
"""Results as a table in the terminal, as Markdown and as JSON."""
import datetime
import os
import pathlib
import platform
import re
import subprocess
import sys

from rig.verdict import copies, failures, find, targets


def result(case, rows):
    """Everything that is known of a case, ready for JSON."""
    return {'case': case.name, 'connections': case.connections, 'silent': case.silent,
            'rows': [entry(row, rows) for row in rows], 'targets': targets(case, rows), 'failures': failures(rows)}


def entry(row, rows):
    made = {'label': row.label, 'kind': row.kind, 'variant': row.variant, 'trouble': row.trouble,
            'mirrors': len(row.mirrors)}
    if not row.rounds:
        return made
    peers = [find(rows, kind, row.variant) for kind in ('envoy', 'nginx', 'haproxy')]
    made |= {name: row.middle(lambda one: getattr(one, name)) for name in ('user', 'system', 'rate', 'p50', 'p99')}
    made |= {'cost': row.cost(), 'resident': row.resident, 'peak': row.peak, 'calls': row.calls,
             'lost': row.lost, 'errors': row.errors, 'copies': row.copies,
             'ratios': {peer.kind: row.ratio(peer) for peer in peers if peer}}
    if row.variant and (plain := find(rows, row.kind)):
        made['to_plain'] = row.ratio(plain)
    return made


def show(case, rows):
    """Prints a case and returns its result."""
    made = result(case, rows)
    peers = [row.kind for row in rows if row.kind != 'understudy' and not row.variant]
    print(f"\n{case.name:<31}{'us/request':>11}{'(user + sys)':>17}" + ''.join(f'{"vs " + kind:>11}' for kind in peers)
          + f"{'req/s':>9}{'p50 ms':>8}{'p99 ms':>8}{'RSS':>6}{'peak':>6}{'calls':>7}{'lost':>7}{'errors':>8}")
    for one in made['rows']:
        print(line(one, peers), flush=True)
    for row in rows:
        if case.silent and row.rounds and row.copies:
            print(f'  copies of {row.label} so far: {copies(row)}')
    for one in made['rows']:
        if 'to_plain' in one:
            print(f"  {one['label']}: {one['to_plain']:.2f} of the CPU of {one['kind']} alone")
    for one in made['targets']:
        print(f"  target at most {one['limit']:.2f} of {one['what']}: {one['value']:.2f}, {'met' if one['met'] else 'MISSED'}")
    for text in made['failures']:
        print(f'  FAILED: {text}')
    sys.stdout.flush()
    return made


def line(one, peers):
    if 'cost' not in one:
        return f"{one['label']:<31}{one['trouble'].splitlines()[0] if one['trouble'] else 'not measured'}"
    calls = '-' if one['calls'] is None else f"{one['calls']:.1f}"
    parts = f"({one['user']:.1f} + {one['system']:.1f})"
    ratios = ''.join(f"{one['ratios'][kind]:>11.2f}" if kind in one['ratios'] else f"{'-':>11}" for kind in peers)
    return (f"{one['label']:<31}{one['cost']:>11.1f}{parts:>17}{ratios}{one['rate']:>9.0f}{one['p50']:>8.2f}"
            f"{one['p99']:>8.2f}{one['resident']:>6.0f}{one['peak']:>6.0f}{calls:>7}{one['lost']:>7}{one['errors']:>8}")


def version(binary):
    """The first thing it says of itself that looks like one."""
    for flag in ('--version', '-v'):
        try:
            made = subprocess.run([binary, flag], capture_output=True, text=True, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if found := re.search(r'(?:version:? |^)\S*?(\d+\.\d+[.\d]*)', made.stdout + made.stderr):
            return found[1]
    return ''


def machine():
    cpu = re.search(r'model name\s*:\s*(.+)', pathlib.Path('/proc/cpuinfo').read_text())
    return f'{os.cpu_count()} cores{f", {cpu[1]}" if cpu else ""}, Linux {platform.release()}'


def today():
    return datetime.date.today().isoformat()


def markdown(data):
    """The table of docs/performance.md."""
    out = [f"`{data['command']}`, {data['date']}; {data['machine']}; {data['rounds']} rounds of {data['seconds']} s; "
           + ', '.join(f'{name} {number}' for name, number in data['versions'].items() if number), '',
           '| case | proxy | CPU us/request (user + kernel) | vs Envoy | vs nginx | target | req/s | p50, p99 ms '
           '| RSS, peak MiB | system calls | copies lost | errors |',
           '|---|---|---|---|---|---|---|---|---|---|---|---|']
    for case in data['cases']:
        name = case['case']
        for one in case['rows']:
            out.append(markdown_row(name, one, case['targets']))
            name = ''
    return '\n'.join(out) + '\n'


def markdown_row(name, one, its_targets):
    label = f"**{one['label']}**" if one['kind'] == 'understudy' else one['label']
    if 'cost' not in one:
        return f'| {name} | {label} | not measured |' + ' |' * 9
    ratio = [f"{one['ratios'][kind]:.2f}" if kind in one['ratios'] else '' for kind in ('envoy', 'nginx')]
    wanted = '; '.join(map(judged, its_targets)) if one['label'] == 'understudy' else ''
    cells = [name, label, f"{one['cost']:.1f} ({one['user']:.1f} + {one['system']:.1f})", *ratio, wanted,
             f"{one['rate']:,.0f}", f"{one['p50']:.2f}, {one['p99']:.2f}", f"{one['resident']:.0f}, {one['peak']:.0f}",
             '' if one['calls'] is None else f"{one['calls']:.1f}", str(one['lost']) if one['mirrors'] else '',
             str(one['errors'])]
    return f"| {' | '.join(cells)} |"


def judged(target):
    verdict = 'met' if target['met'] else f"**missed** ({target['value']:.2f})"
    return f"{target['limit']:.2f} of {target['what']}: {verdict}"
