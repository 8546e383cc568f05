# SPDX-License-Identifier: Apache-2.0
"""What became of copies, as the proxies themselves count it."""
import collections
import time

# The client or the primary ended the exchange before its request was complete: the copy had nothing more to send.
EXCUSED = ('cut_client_left', 'cut_primary_ended', 'primary_not_started')
ENVOY = {'upstream_rq_total': 'sent', 'upstream_rq_timeout': 'timeout', 'upstream_rq_pending_overflow': 'overflow'}


def read(proxy, mirrors):
    """Understudy's books of its one route, or Envoy's numbers of the mirrors' clusters, as one sum."""
    total, values = collections.Counter(), proxy.statistics() if mirrors else {}
    for mirror in mirrors:
        if proxy.kind == 'envoy':
            total.update({label: values.get(f'cluster.{mirror}.{name}', 0) for name, label in ENVOY.items()})
            continue
        prefix = f'mirror.all.{mirror}.'
        for name in ('requests', 'in_flight'):
            total[name] += values.get(prefix + name, 0)
        total.update({name.removeprefix(prefix + 'outcomes.'): value for name, value in values.items()
                      if name.startswith(prefix + 'outcomes.')})
    return total


def settled(proxy, mirrors):
    """Once no copy is in flight any more, or after longer than a route gives any.

    What the load has left is read at the pace that copies have of their own: some seconds for 64 answers of 1 MB.
    """
    until = time.monotonic() + 20
    while True:
        books = read(proxy, mirrors)
        if not books['in_flight'] or time.monotonic() > until:
            return books
        time.sleep(0.05)


def outcomes(books):
    return {name: count for name, count in sorted(books.items())
            if count and name not in ('requests', 'in_flight')}


def unwanted(books):
    """Copies that ended in another way than with the mirror's answer."""
    return sum(count for name, count in outcomes(books).items() if name != 'ok' and name not in EXCUSED)


def excused(books):
    return sum(books[name] for name in EXCUSED)


def imbalance(books):
    """How far the outcomes and the copies in flight are from the requests."""
    return abs(books['requests'] - books['in_flight'] - sum(outcomes(books).values()))
