# SPDX-License-Identifier: Apache-2.0
"""What was seen, held against what the rules ask for."""
from .wire import suffixed

# What a copy has and the request has not, and the other way round (ENVOY-MIRRORING section 3.2).
OWN_TO_COPIES = {b'host', b'x-envoy-internal', b'x-forwarded-for', b'x-envoy-expected-rq-timeout-ms'}


class Seen:
    def __init__(self, case, traces, upstreams):
        self.traces = traces
        self.primary = upstreams.requests('primary', case)
        self.mirror = upstreams.requests('mirror', case)
        self.answers, self.interim, self.fault = traces[0].answers

    def summary(self):
        got = ','.join(str(a.status) + ('' if a.complete else '~') for a in self.answers) or 'nothing'
        return (f'client {got} {self.traces[0].end or "open"}; primary {shown(self.primary)}; '
                f'mirror {shown(self.mirror)}')


def shown(requests):
    return '+'.join('whole' if r.complete else 'part' for r in requests) or 'none'


def judge(case, seen):
    """What is wrong; empty if nothing is."""
    verdicts = [JUDGES[kind](case.want, case, seen) for kind in case.want.kinds]
    wrong = [] if not all(verdicts) else min(verdicts, key=len)
    return wrong + always(seen)


def always(seen):
    wrong = [f'answer: {seen.fault}'] if seen.fault and seen.traces[0].end != 'reset' else []
    for role, messages in (('answer', seen.answers), ('primary', seen.primary), ('mirror', seen.mirror)):
        wrong += [f'{role}: {fault}' for message in messages for fault in message.faults]
    if any(b'mirror' in answer.values(b'x-role') for answer in seen.answers):
        wrong.append("the client got the mirror's answer")
    return wrong


def refused(want, case, seen):
    wrong, served = [], 0 if 'accepted' in want.kinds else want.served
    statuses = [answer.status for answer in seen.answers]
    good, rest = statuses[:served], statuses[served:]
    if good != [200] * served or len(rest) != 1 or rest[0] not in want.status:
        wrong.append(f'answers {statuses}, not {served} x 200 and one refusal')
    elif b'close' not in seen.answers[-1].values(b'connection'):
        wrong.append('the refusal does not say close')
    if seen.traces[0].end is None:
        wrong.append('the connection stays open')
    if seen.interim:
        wrong.append(f'told to go on: {seen.interim[0].start!r}')
    return wrong + unseen(want, served, seen)


def gone(want, case, seen):
    statuses = [answer.status for answer in seen.answers]
    wrong = []
    if any(status < 400 for status in statuses[want.served:]) or len(statuses) > want.served + 1:
        wrong.append(f'answers {statuses}')
    if seen.traces[0].end is None:
        wrong.append('the connection stays open')
    return wrong + unseen(want, want.served, seen)


def unseen(want, served, seen):
    wrong = []
    for role, requests in (('primary', seen.primary), ('mirror', seen.mirror)):
        whole = sum(request.complete for request in requests)
        if whole > served:
            wrong.append(f'{role} saw {whole} complete requests')
        if want.whole and len(requests) > served:
            wrong.append(f'{role} saw something of the refused request: {requests[-1].start!r}')
    return wrong


def passed(want, case, seen):
    wrong = []
    statuses = [answer.status for answer in seen.answers if answer.complete]
    if statuses != [200] * want.served:
        wrong.append(f'answers {statuses}, not {want.served} x 200')
    primaries = want.served if want.primaries is None else want.primaries
    copies = want.served if want.copies is None else want.copies
    for role, requests, count in (('primary', seen.primary, primaries), ('mirror', seen.mirror, copies)):
        if [request.complete for request in requests] != [True] * count:
            wrong.append(f'{role} saw {shown(requests)}, not {count} whole')
    if want.close and seen.traces[0].end is None:
        wrong.append('the connection stays open')
    for role, requests in (('primary', seen.primary), ('mirror', seen.mirror)):
        if requests:
            wrong += [f'{role}: {text}' for text in compared(case, requests[0], role == 'mirror')]
    if want.primaries is None and want.served == 1:
        wrong += [text for pair in zip(seen.primary, seen.mirror) for text in copied(*pair)]
    return wrong


def compared(case, request, is_copy):
    want = case.want
    target = request.start.split(b' ')[1] if request.start.count(b' ') else b''
    if want.body is not None and request.body != want.body:
        yield f'body {request.body[:60]!r}, not {want.body[:60]!r}'
    if want.target is not None and target != case.fill(want.target):
        yield f'target {target!r}, not {case.fill(want.target)!r}'
    if want.host is not None:
        host = suffixed(want.host) if is_copy else want.host
        if request.values(b'host') != [host]:
            yield f'Host {request.values(b"host")}, not {host!r}'
    yield from fields(case, request)


def fields(case, message):
    for name, value in case.want.has:
        if case.fill(value) not in message.values(name):
            yield f'{name.decode()} is {message.values(name)}, not {value!r}'
    for name in case.want.lacks:
        if message.values(name):
            yield f'{name.decode()} is there: {message.values(name)}'


def copied(request, copy):
    if request.start != copy.start:
        yield f'the copy says {copy.start!r}, not {request.start!r}'
    if request.framing != copy.framing or request.body != copy.body:
        yield f'the copy is framed {copy.framing} {copy.body[:40]!r}, not {request.framing} {request.body[:40]!r}'
    if copy.value(b'host') != suffixed(request.value(b'host') or b''):
        yield f"the copy's Host is {copy.value(b'host')!r}"
    own = [field for field in request.fields if field[0] not in OWN_TO_COPIES]
    if own != [field for field in copy.fields if field[0] not in OWN_TO_COPIES]:
        yield f'the copy has {copy.fields}, not {request.fields}'


def answered(want, case, seen):
    wrong = []
    first = seen.answers[0] if seen.answers else None
    if first is None or first.status not in want.status:
        wrong.append(f'status {first and first.status}, not {want.status}')
    elif first.status == 200 or want.body is not None:
        wrong += bodied(want, first, seen.traces[0])
        wrong += fields(case, first)
    if len(seen.traces) > 1:
        wrong += second(seen)
        if want.reused is not None:
            wrong += kept(case, seen)
    if want.copies is not None:
        whole = sum(request.complete for request in seen.mirror)
        if whole != want.copies:
            wrong.append(f'mirror saw {shown(seen.mirror)}, not {want.copies} whole')
    if want.primaries is not None and sum(request.complete for request in seen.primary) != want.primaries:
        wrong.append(f'primary saw {shown(seen.primary)}, not {want.primaries} whole')
    return wrong


def bodied(want, first, trace):
    if want.body is not None and first.body != want.body:
        yield f'body {first.body[:60]!r}, not {want.body[:60]!r}'
    if want.ends == 'complete' and not first.complete:
        yield 'the answer looks truncated'
    if want.ends == 'truncated' and (first.complete or trace.end is None):
        yield 'a truncated answer does not look truncated'


def second(seen):
    """The request behind the interesting one is served as if nothing had been."""
    answers, _, fault = seen.traces[1].answers
    if fault or [answer.status for answer in answers] != [200] or answers[0].body != b'ok':
        yield f'the next request got {[answer.status for answer in answers]} {fault or ""}'


def kept(case, seen):
    """Whether the upstream that plays a part kept its connection for the second request."""
    requests = seen.primary if case.primary else seen.mirror
    if len(requests) != 2:
        yield f'the upstream saw {shown(requests)}, not two'
    elif (requests[0].connection == requests[1].connection) != case.want.reused:
        yield 'the connection was ' + ('not used again' if case.want.reused else 'used again')


JUDGES = {'rejected': refused, 'accepted': passed, 'dead': gone, 'answer': answered}
