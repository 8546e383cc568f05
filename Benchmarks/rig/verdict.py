# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a case, and which targets it meets."""
from rig.cases import LATENCY_LIMIT


def failures(rows):
    """Of Understudy only: what a peer loses is its own."""
    found = []
    for row in rows:
        if row.kind != 'understudy':
            continue
        if row.trouble or not row.rounds:
            found.append(f'{row.label} {row.trouble or "was not measured"}')
            continue
        if row.errors:
            found.append(f'{row.label}: {row.errors} requests failed or were not answered with 2xx')
        if row.lost:
            found.append(f'{row.label}: {row.lost} copies lost; {copies(row)}')
        if row.unbalanced:
            found.append(f'{row.label}: the books are off by {row.unbalanced}; {copies(row)}')
    return found


def copies(row):
    """What became of copies since the proxy started."""
    return ', '.join(f'{name} {count:,}' for name, count in row.copies.items()) or 'no copies'


def find(rows, kind, variant=''):
    return next((row for row in rows if (row.kind, row.variant) == (kind, variant) and row.rounds), None)


def targets(case, rows):
    """[{'what', 'limit', 'value', 'met'}] of those whose rows were measured."""
    found, ours = [], find(rows, 'understudy')
    if not ours:
        return found
    for peer, limit in case.limits.items():
        if its := find(rows, peer):
            found.append(target(f'CPU of {peer}', limit, ours.ratio(its)))
    if case.latency and (other := find(rows, 'understudy', case.latency)):
        for name in ('p50', 'p99'):
            value = ours.ratio(other, lambda one: getattr(one, name))
            found.append(target(f'{name} with a {case.latency}', LATENCY_LIMIT, value))
    return found


def target(what, limit, value):
    return {'what': what, 'limit': limit, 'value': round(value, 3), 'met': value <= limit}
