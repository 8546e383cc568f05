# SPDX-License-Identifier: Apache-2.0
"""The cases, one table per file."""
from kit.case import number

from . import (answers, bodies, chunks, connections, framing, hops, hosts, limits, mirroring, paths, syntax, targets)

GROUPS = (framing, chunks, bodies, syntax, targets, hosts, limits, hops, connections, mirroring, paths, answers)


def all_cases():
    cases = []
    for group in GROUPS:
        for case in group.cases():
            case.group = group.__name__.rpartition('.')[2]
            cases.append(case)
    return number(cases)
