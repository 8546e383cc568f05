# SPDX-License-Identifier: Apache-2.0
"""The cases of conformance, by section of RFC 9113 and RFC 7541."""
from . import compression, control, errors, exchanges, fields, flow, frames, preface, states, streams

GROUPS = (preface, frames, states, streams, control, flow, errors, exchanges, fields, compression)


def all_cases(ask):
    for group in GROUPS:
        for case in group.cases(ask):
            case.group = group.__name__.rpartition('.')[2]
            yield case
