# SPDX-License-Identifier: Apache-2.0
"""What the client and the two upstreams saw, held against what is allowed."""
from kit.judge import copied, shown
from kit.wire import suffixed

REFUSALS = (400, 403, 404, 405, 413, 414, 421, 431, 501)


def judge(case, trace, upstreams):
    """What is wrong; empty if nothing is."""
    seen = {role: upstreams.requests(role, case) for role in ('primary', 'mirror')}
    always = list(trace.faults) + [f'{role}: {fault}' for role, requests in seen.items() for request in requests
                                   for fault in request.faults]
    verdicts = {'whole': [whole], 'malformed': [malformed], 'broken': [broken], 'either': [whole, malformed],
                'either or broken': [whole, broken], 'answer': [answered]}[case.kind]
    wrong = [list(verdict(case, trace.answers[1], trace, seen)) for verdict in verdicts]
    return always + ([] if not all(wrong) else min(wrong, key=len))


def summary(case, trace, upstreams):
    seen = '; '.join(f'{role} {shown(upstreams.requests(role, case))}' for role in ('primary', 'mirror'))
    return f'{seen}; client {trace.describe()}'


def refused(answer, trace):
    if answer.code is None and not trace.goaways and not trace.end and answer.status not in REFUSALS:
        yield f'the client got {answer}'
    elif answer.status and answer.status < 400 and answer.complete:
        yield f'the client got {answer}'


def malformed(case, answer, trace, seen):
    yield from refused(answer, trace)
    for role, requests in seen.items():
        if requests:
            yield f'{role} saw {requests[0].start[:60]!r} ({shown(requests)})'


def broken(case, answer, trace, seen):
    if not client_left(case):
        yield from refused(answer, trace)
    for role, requests in seen.items():
        if any(request.complete for request in requests):
            yield f'{role} saw it whole: {requests[0].start[:60]!r} {requests[0].body[:40]!r}'


def client_left(case):
    """It was the client that broke off, so that no answer is due."""
    return case.rule.startswith('RFC 9113 section 6.4')


def whole(case, answer, trace, seen):
    if answer.status != 200 or not answer.complete:
        yield f'the client got {answer}'
    for role, requests in seen.items():
        if [request.complete for request in requests] != [True]:
            yield f'{role} saw {shown(requests)}'
            continue
        yield from (f'{role}: {text}' for text in compared(case, requests[0], role))
    for request, copy in zip(seen['primary'], seen['mirror']):
        yield from copied(request, copy)


def compared(case, request, role):
    method, target, _ = request.start.split(b' ')
    if case.method is not None and method != case.method:
        yield f'method {method!r}, not {case.method!r}'
    if case.target is not None and target != case.fill(case.target):
        yield f'target {target!r}, not {case.fill(case.target)!r}'
    if case.host is not None:
        host = suffixed(case.host) if role == 'mirror' else case.host
        if request.values(b'host') != [host]:
            yield f'Host {request.values(b"host")}, not {host!r}'
    if case.body is not None and request.body != case.body:
        yield f'body {request.body[:60]!r}, not {case.body[:60]!r}'
    for name, value in case.has:
        if value not in request.values(name):
            yield f'{name.decode()} is {request.values(name)}, not {value!r}'
    for name in case.lacks:
        if request.values(name):
            yield f'{name.decode()} is there: {request.values(name)}'


def answered(case, answer, trace, seen):
    if case.status is None:
        # Broken off: never an answer that looks complete, unless it is a refusal of the proxy's own.
        if not answer.is_over and not trace.end:
            yield f'the client still waits: {answer}'
        elif answer.complete and answer.status not in (502, 503):
            yield f'the client got {answer}, as if it were whole'
        return
    if answer.status not in case.status or not answer.complete:
        yield f'the client got {answer}, not {case.status}'
        return
    if case.body is not None and bytes(answer.body) != case.body:
        yield f'body {bytes(answer.body[:60])!r}, not {case.body!r}'
    for name, value in case.has:
        if (name, value) not in answer.fields:
            yield f'{name.decode()} is not {value!r}: {answer.fields}'
    for name in case.lacks:
        if name in dict(answer.fields):
            yield f'{name.decode()} is there: {answer.fields}'
