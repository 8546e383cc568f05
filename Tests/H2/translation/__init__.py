# SPDX-License-Identifier: Apache-2.0
"""What an HTTP/1.1 primary and its mirror see of a request in HTTP/2 (rule 13): the cases, by what they are about."""
import itertools

from . import answers, bodies, heads, trailers

GROUPS = (heads, bodies, trailers, answers)


def all_cases():
    numbers = itertools.count(1)
    for group in GROUPS:
        for case in group.cases():
            case.group, case.number = group.__name__.rpartition('.')[2], next(numbers)
            yield case
