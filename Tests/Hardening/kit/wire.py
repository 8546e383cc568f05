# SPDX-License-Identifier: Apache-2.0
"""Messages as strictly as RFC 9112 allows: what a proxy sends has no excuse for anything else."""
import re

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
CONTROL = re.compile(rb'[\x00-\x08\x0a-\x1f\x7f]')
HOP_BY_HOP = {b'keep-alive', b'proxy-connection', b'upgrade'}


class Malformed(Exception):
    pass


class NeedMore(Exception):
    pass


class Message:
    """One request or answer; `complete` once its last byte is there."""

    def __init__(self, start, fields):
        self.start, self.fields = start, fields
        self.body, self.complete, self.faults = b'', False, []

    def values(self, name):
        return [value for field, value in self.fields if field == name]

    def value(self, name):
        return next(iter(self.values(name)), None)

    @property
    def framing(self):
        return self.values(b'content-length'), self.values(b'transfer-encoding')


def take_head(data):
    """(start line, fields, bytes used) of the head that `data` begins with."""
    end = data.find(b'\r\n\r\n')
    if end < 0:
        if re.search(rb'(?<!\r)\n', data):
            raise Malformed('a bare LF in the head')
        raise NeedMore
    lines = data[:end].split(b'\r\n')
    fields = []
    for line in lines[1:]:
        name, colon, value = line.partition(b':')
        if not colon or not TOKEN.match(name):
            raise Malformed(f'no field: {line[:60]!r}')
        fields.append((name.lower(), value.strip(b' \t')))
    for line in lines:
        if CONTROL.search(line):
            raise Malformed(f'a control byte: {line[:60]!r}')
    return lines[0], fields, end + 4


def take_chunks(data, offset, message):
    """Adds the chunks behind `offset` to the body; the offset behind the last, or None while it is not there."""
    message.body = b''
    while True:
        end = data.find(b'\r\n', offset)
        if end < 0:
            if b'\n' in data[offset:] or len(data) - offset > 18:
                raise Malformed(f'no chunk line: {data[offset:offset + 40]!r}')
            return None
        line = data[offset:end]
        if not re.fullmatch(rb'[0-9A-Fa-f]{1,16}', line):
            raise Malformed(f'a chunk line with more than a size: {line[:60]!r}')
        size = int(line, 16)
        if size == 0:
            break
        message.body += data[end + 2:end + 2 + size]
        offset = end + 2 + size + 2
        if len(data) < offset:
            return None
        if data[offset - 2:offset] != b'\r\n':
            raise Malformed('no CR LF behind a chunk')
    tail = data[end:]
    stop = tail.find(b'\r\n\r\n')
    if stop < 0:
        return None
    message.trailers = tail[2:stop]
    return end + stop + 4


def take_body(data, offset, message, *, until_close=False, ended=False, none=False):
    """Fills the body in; the offset behind it, or None while it is not complete."""
    lengths, codings = message.framing
    if lengths and codings or len(lengths) > 1 or len(codings) > 1:
        message.faults.append(f'ambiguous framing: {lengths} {codings}')
    if none:
        message.complete = True
        return offset
    if codings:
        if codings != [b'chunked']:
            message.faults.append(f'coding {codings}')
        end = take_chunks(data, offset, message)
        message.complete = end is not None
        return end
    if lengths:
        if not re.fullmatch(rb'0|[1-9][0-9]*', lengths[0]):
            message.faults.append(f'length {lengths[0]!r}')
        size = int(lengths[0]) if lengths[0].isdigit() else 0
        message.body = data[offset:offset + size]
        message.complete = len(message.body) == size
        return offset + size if message.complete else None
    if until_close:
        message.body = data[offset:]
        message.complete = ended
        return len(data) if ended else None
    message.complete = True
    return offset


def read_answers(data, methods, ended):
    """All answers in what a client received: (messages, interim messages, fault or None)."""
    answers, interim, offset = [], [], 0
    while offset < len(data):
        try:
            start, fields, used = take_head(data[offset:])
        except NeedMore:
            return answers, interim, 'half a head' if ended else None
        except Malformed as fault:
            return answers, interim, str(fault)
        answer = Message(start, fields)
        if not re.match(rb'HTTP/1\.[01] [1-9][0-9]{2}( |\Z)', start):
            return answers, interim, f'status line {start!r}'
        answer.status = int(start[9:12])
        offset += used
        if answer.status < 200 and answer.status != 101:
            interim.append(answer)
            continue
        answers.append(answer)
        method = methods[len(answers) - 1] if len(answers) <= len(methods) else 'GET'
        none = method == 'HEAD' or answer.status in (204, 304)
        try:
            end = take_body(data, offset, answer, until_close=True, ended=ended == 'closed', none=none)
        except Malformed as fault:
            return answers, interim, str(fault)
        check_answer(answer)
        if end is None:
            return answers, interim, None
        offset = end
    return answers, interim, None


def check_answer(answer):
    for name, _ in answer.fields:
        if name in HOP_BY_HOP:
            answer.faults.append(f'hop-by-hop {name.decode()} in an answer')
    if answer.status == 204 and any(answer.framing):
        answer.faults.append('204 with a length')


def check_request(request):
    """What no upstream may ever see, whatever the client sent."""
    parts = request.start.split(b' ')
    if len(parts) != 3 or parts[2] != b'HTTP/1.1' or not TOKEN.match(parts[0]) or not parts[1]:
        request.faults.append(f'request line {request.start!r}')
    elif re.search(rb'[^\x21-\x7e]', parts[1]):
        request.faults.append(f'target {parts[1]!r}')
    if len(request.values(b'host')) != 1:
        request.faults.append(f'Hosts {request.values(b"host")}')
    for name, value in request.fields:
        if name in HOP_BY_HOP | {b'connection', b'http2-settings'}:
            request.faults.append(f'hop-by-hop {name.decode()}: {value[:40]!r}')
        if name == b'te' and value != b'trailers':
            request.faults.append(f'te: {value!r}')


def suffixed(host):
    """The Host of a copy: `-shadow` before the last colon outside of brackets (ENVOY-MIRRORING section 3.1)."""
    colon = host.rfind(b':')
    if colon < 0 or b']' in host[colon:]:
        return host + b'-shadow'
    return host[:colon] + b'-shadow' + host[colon:]
