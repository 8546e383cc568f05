# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""What h11, a parser that has nothing to do with the proxy, makes of bytes on the wire."""
import re
from dataclasses import dataclass, field

import h11

# What ends at a hop, or what a proxy says for itself.
HOP = {b'connection', b'keep-alive', b'proxy-connection', b'upgrade', b'te', b'transfer-encoding', b'content-length',
       b'expect', b'host', b'trailer', b'x-forwarded-for', b'x-forwarded-proto', b'x-request-id', b'x-envoy-internal',
       b'x-envoy-expected-rq-timeout-ms', b'x-envoy-upstream-service-time', b'server', b'date'}


@dataclass
class Message:
    start: tuple
    lines: list
    body: bytearray = field(default_factory=bytearray)

    def values(self, name):
        return [value for key, value in self.lines if key == name]

    def nominated(self):
        return {token.strip().lower() for value in self.values(b'connection') for token in value.split(b',')}

    def end_to_end(self):
        """name -> its values, joined: a proxy may join lines of one name, and the order of names says nothing."""
        dropped, joined = HOP | self.nominated(), {}
        for key, value in self.lines:
            if key not in dropped:
                joined.setdefault(key, []).append(value)
        return {key: b','.join(value for value in values if value) for key, values in joined.items()}

    def framing(self):
        return [(key, value) for key, value in self.lines if key in (b'content-length', b'transfer-encoding')]


def take(event, kind, start):
    return kind(start, [(key.lower(), value) for key, value in event.headers])


class Requests:
    """Requests off a stream, answered as far as h11 needs it to go on."""

    def __init__(self, skips_empty_lines=False):
        """skips_empty_lines: before a request, as RFC 9112 section 2.2 asks of a server and h11 does not."""
        self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
        self.skips_empty_lines = skips_empty_lines
        self.messages, self.current, self.fault, self.isOver = [], None, None, False

    @property
    def waits(self):
        """In the middle of a message."""
        return not self.fault and not self.isOver and (self.current is not None or bool(self.connection.trailing_data[0]))

    def feed(self, data):
        """-> how many messages have become complete"""
        before = len(self.messages)
        try:
            if data and not self.isOver and not self.fault:
                self.connection.receive_data(data)
            while not self.isOver and self.step():
                pass
        except h11.RemoteProtocolError as error:
            self.fault = str(error)
        return len(self.messages) - before

    def skip_empty_lines(self):
        rest = self.connection.trailing_data[0]
        if self.skips_empty_lines and rest.startswith(b'\r\n'):
            while rest.startswith(b'\r\n'):
                rest = rest[2:]
            self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
            if rest:
                self.connection.receive_data(rest)

    def step(self):
        if self.current is None:
            self.skip_empty_lines()
        event = self.connection.next_event()
        if event is h11.NEED_DATA:
            return False
        if isinstance(event, h11.Request):
            self.current = take(event, Message, (event.method, event.target, event.http_version))
        elif isinstance(event, h11.Data):
            self.current.body += event.data
        elif isinstance(event, h11.EndOfMessage):
            self.messages.append(self.current)
            self.current = None
            self.next_cycle()
        return True

    def next_cycle(self):
        self.connection.send(h11.Response(status_code=404, headers=[(b'content-length', b'0')]))
        self.connection.send(h11.EndOfMessage())
        if self.connection.our_state is h11.MUST_CLOSE or self.connection.their_state is h11.MUST_CLOSE:
            self.isOver = True
        else:
            self.connection.start_next_cycle()


def answer(data, method, ended):
    """The first final answer in the bytes -> (message, rest), or (None, why not)."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
    connection.send(h11.Request(method=method, target='/', headers=[('host', 'h')]))
    connection.send(h11.EndOfMessage())
    message = None
    try:
        connection.receive_data(data)
        if ended and data:
            connection.receive_data(b'')
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                message = take(event, Message, (event.status_code,))
            elif isinstance(event, h11.Data):
                message.body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return message, connection.trailing_data[0]
            elif event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return None, 'incomplete'
    except h11.RemoteProtocolError as error:
        return None, str(error)


def expected(message):
    """Method, target and Host that a proxy makes of what a client said (RFC 9112 sections 3.2.1 and 3.2.2)."""
    method, target, _ = message.start
    host = (message.values(b'host') or [b''])[0]
    match = re.fullmatch(rb'(?i:https?)://([^/?]*)(.*)', target, re.S)
    if match:
        host, target = match[1], match[2] if match[2].startswith(b'/') else b'/' + match[2]
    return method, target, host
