#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Loads examples/grpc/envoy.yaml in Understudy and in Envoy, and plays gRPC calls through it.

Client and services are grpcio's; addresses become free ports of this machine, connecting may take longer on a busy one,
and nothing else is changed.  Where an Envoy is found, every case but those that it cannot do is played against it, too:
the expectations are Envoy's.  The last line is the count.
"""
import argparse
import contextlib
import pathlib
import queue
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import grpc

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / 'examples/grpc'
PATIENCE = 20
CASES = []

sys.path.insert(0, str(EXAMPLE))
sys.dont_write_bytecode = True
import service  # noqa: E402


class Failure(Exception):
    """What is not as it should be."""


def expect(truth, message):
    if not truth:
        raise Failure(message)


def eventually(truth, message):
    end = time.monotonic() + PATIENCE
    while not truth():
        expect(time.monotonic() < end, message() if callable(message) else message)
        time.sleep(0.02)


def case(name, ours=False, mirror='serves'):
    """Registers a case; `ours` for what Envoy cannot do, `mirror` for what it is: serves, refuses, stalls or dies."""
    def register(play):
        CASES.append((name, ours, mirror, play))
        return play
    return register


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def replaced(text, old, new):
    expect(old in text, f'the file does not have {old!r}')
    return text.replace(old, new)


class Stalling:
    """A mirror that accepts connections and never reads."""

    def __init__(self):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port, self.calls, self.taken = self.socket.getsockname()[1], [], []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                self.taken.append(self.socket.accept()[0])

    def stop(self, _):
        for one in (self.socket, *self.taken):
            one.close()


def mirror_of(kind):
    """-> server, port and what it was called with"""
    if kind == 'stalls':
        server = Stalling()
        return server, server.port, server.calls
    server, port, echo = service.serve()
    if kind == 'refuses':
        server.stop(0).wait()
    return server, port, echo.calls


class Proxy:
    """One of the two with the file, a primary and a mirror."""

    def __init__(self, binary, is_envoy, text, mirror, folder):
        self.server, primary, self.echo = service.serve()
        self.mirror, candidate, self.copies = mirror_of(mirror)
        self.port, self.admin = free_port(), free_port()
        self.name, self.mirror_kind = 'envoy' if is_envoy else 'understudy', mirror
        text = replaced(text, 'connect_timeout: 1s', 'connect_timeout: 10s')
        for name, port in [('primary', primary), ('candidate', candidate)]:
            text = replaced(text, f'address: {name}, port_value: 50051', f'address: 127.0.0.1, port_value: {port}')
        text = replaced(text, 'address: 0.0.0.0, port_value: 10000', f'address: 127.0.0.1, port_value: {self.port}')
        text = replaced(text, 'port_value: 9901', f'port_value: {self.admin}')
        path, self.log = folder / f'{self.port}.yaml', folder / f'{self.port}.log'
        path.write_text(text)
        more = ['--use-dynamic-base-id', '--disable-hot-restart', '--file-flush-interval-msec', '50']
        with open(self.log, 'wb') as out, open(f'{self.log}.errors', 'wb') as errors:
            self.process = subprocess.Popen([binary, '-c', str(path), '--concurrency', '1', '-l', 'error',
                                             *(more if is_envoy else [])],
                                            stdout=out, stderr=errors, stdin=subprocess.DEVNULL)
        try:
            eventually(lambda: self.process.poll() is not None or self.is_ready(), 'it does not become ready')
            expect(self.process.poll() is None, pathlib.Path(f'{self.log}.errors').read_text(errors='replace')[-600:])
        except Failure:
            self.process.kill()
            self.process.wait()
            raise
        self.channel = grpc.insecure_channel(f'127.0.0.1:{self.port}', options=[
            ('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1),
            ('grpc.use_local_subchannel_pool', 1), ('grpc.enable_retries', 0)])

    @property
    def calls(self):
        return self.echo.calls

    def is_ready(self):
        with contextlib.suppress(OSError):
            return 'LIVE' in self.ask('/ready')
        return False

    def ask(self, path):
        with socket.create_connection(('127.0.0.1', self.admin), PATIENCE) as one:
            one.sendall(f'GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'.encode())
            data = b''
            while piece := one.recv(65536):
                data += piece
        head, _, body = data.partition(b'\r\n\r\n')
        if b'transfer-encoding: chunked' in head.lower():
            whole, rest = b'', body
            while (size := int(rest.partition(b'\r\n')[0], 16)) > 0:
                rest = rest.partition(b'\r\n')[2]
                whole, rest = whole + rest[:size], rest[size + 2:]
            body = whole
        return body.decode('latin-1')

    def statistic(self, name):
        lines = re.findall(rf'^(?:{name}): (\d+)\s*$', self.ask('/stats'), re.M)
        return sum(int(value) for value in lines)

    def end(self):
        self.channel.close()
        self.process.kill()
        self.process.wait()
        for server in (self.server, self.mirror):
            server.stop(0)

    def unary(self, method, message, **more):
        """-> the answer and the call, whose metadata can be asked for"""
        more.setdefault('timeout', PATIENCE)
        return self.channel.unary_unary(f'/example.Echo/{method}').with_call(message, **more)

    def both(self, method, messages):
        """The last call of a method reached both services whole, with the same path and messages."""
        expect(self.calls[-1]['method'] == f'/example.Echo/{method}', self.calls[-1])
        expect(self.calls[-1]['messages'] == messages, f'the primary got {len(self.calls[-1]["messages"])} messages')
        if self.mirror_kind == 'serves':
            eventually(lambda: any(copy['method'] == self.calls[-1]['method'] and copy['messages'] == messages
                                   for copy in list(self.copies)),
                       f'no such copy came: {[(copy["method"], len(copy["messages"])) for copy in self.copies]}')


@case('a unary call')
def _(proxy):
    answer, call = proxy.unary('Say', b'hello')
    expect(answer == b'hello' and call.code() == grpc.StatusCode.OK, answer)
    proxy.both('Say', [b'hello'])


@case('an empty message')
def _(proxy):
    expect(proxy.unary('Say', b'')[0] == b'', 'it comes back with something')
    proxy.both('Say', [b''])


@case('client streaming')
def _(proxy):
    messages = [b'x' * size for size in (0, 1, 100, 70_000, 5)]
    answer = proxy.channel.stream_unary('/example.Echo/Add')(iter(messages), timeout=PATIENCE)
    expect(answer == b'5 70106', answer)
    proxy.both('Add', messages)


@case('server streaming')
def _(proxy):
    answers = list(proxy.channel.unary_stream('/example.Echo/Count')(b'500', timeout=PATIENCE))
    expect(answers == [str(number).encode() for number in range(500)], f'{len(answers)} answers')
    proxy.both('Count', [b'500'])


def chat(proxy, count, between=None, size=10):
    """Each message is sent when the one before it has come back: nobody may hold one until more come."""
    outgoing = queue.Queue()
    call = proxy.channel.stream_stream('/example.Echo/Chat')(iter(outgoing.get, None), timeout=PATIENCE)
    messages = [(b'%d ' % number).ljust(size, b'x') for number in range(count)]
    for number, message in enumerate(messages):
        if between and number == count // 2:
            between()
        outgoing.put(message)
        expect(next(call) == message, f'message {number} does not come back')
    outgoing.put(None)
    expect(list(call) == [] and call.code() == grpc.StatusCode.OK, call.code())
    return messages


@case('both streaming, message by message')
def _(proxy):
    proxy.both('Chat', chat(proxy, 50))


@case('metadata, binary metadata and trailers')
def _(proxy):
    sent = [('x-one', 'a, b'), ('x-two-bin', b'\x00\xff\n'), ('x-percent', '100%')]
    _, call = proxy.unary('Say', b'hello', metadata=sent)
    first = {key: value for key, value in call.initial_metadata()}
    last = {key: value for key, value in call.trailing_metadata()}
    for key, value in sent:
        name = f'{key.removesuffix("-bin")}-again' + '-bin' * key.endswith('-bin')
        expect(first.get(key) == value, f'first metadata: {first}')
        expect(last.get(name) == value, f'trailers: {last}')
    eventually(lambda: proxy.copies and proxy.copies[-1]['messages'], 'no copy came')
    for seen in (proxy.calls[-1], proxy.copies[-1]):
        expect(all(seen['metadata'].get(key) == value for key, value in sent), seen['metadata'])
        expect(seen['metadata'].get('x-forwarded-proto') == 'http', seen['metadata'])
    expect('x-envoy-internal' in proxy.copies[-1]['metadata'], 'the copy says nothing of x-envoy-internal')
    expect('x-envoy-internal' not in proxy.calls[-1]['metadata'], 'the call does')


@case('every status, with its text')
def _(proxy):
    for code in grpc.StatusCode:
        if code == grpc.StatusCode.OK:
            continue
        try:
            proxy.unary('Fail', code.name.encode(), metadata=[('x-kept', code.name)])
            raise Failure(f'{code.name} is a success')
        except grpc.RpcError as error:
            seen = error.code(), error.details()
            expect(seen == (code, 'as you wish: 100% "ä"'), seen)
            expect(('x-kept-again', code.name) in [tuple(pair) for pair in error.trailing_metadata()], 'trailers')
    proxy.both('Fail', [code.name.encode()])


@case('a method that is not there, and a service that is not there')
def _(proxy):
    for path in ('/example.Echo/Nothing', '/example.Nobody/Say'):
        try:
            proxy.channel.unary_unary(path)(b'', timeout=PATIENCE)
            raise Failure(f'{path} is a success')
        except grpc.RpcError as error:
            expect(error.code() == grpc.StatusCode.UNIMPLEMENTED, error.code())


@case('a deadline ends the call, and the primary hears of it')
def _(proxy):
    try:
        proxy.unary('Sleep', b'10', timeout=0.5)
        raise Failure('it is a success')
    except grpc.RpcError as error:
        expect(error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error.code())
    eventually(lambda: proxy.calls[-1]['end'] == 'cancelled', 'the primary goes on')
    eventually(lambda: proxy.copies and 'left' in proxy.copies[-1], 'no copy came')
    for seen in (proxy.calls[-1], proxy.copies[-1]):
        expect(0 < seen['left'] <= 0.5, f'grpc-timeout left {seen["left"]}')


@case('a call that is cancelled while it streams ends at both services')
def _(proxy):
    outgoing = queue.Queue()
    call = proxy.channel.stream_stream('/example.Echo/Chat')(iter(outgoing.get, None), timeout=PATIENCE)
    outgoing.put(b'one')
    expect(next(call) == b'one', 'it does not stream')
    eventually(lambda: proxy.copies and proxy.copies[-1]['messages'] == [b'one'], 'no copy came')
    call.cancel()
    try:
        for name, seen in [('primary', proxy.calls[-1]), ('mirror', proxy.copies[-1])]:
            # grpcio may end the stream of messages before it tells of the reset.
            eventually(lambda: seen['end'], f'the {name} goes on')
            expect(seen['messages'] == [b'one'], f'the {name} got {seen["messages"]}')
    finally:
        outgoing.put(None)


@case('messages of 8 MiB both ways')
def _(proxy):
    message = bytes(range(256)) * (8 << 12)
    expect(proxy.unary('Say', message)[0] == message, 'it comes back as another one')
    proxy.both('Say', [message])


@case('calls side by side on one connection')
def _(proxy):
    calls = [proxy.channel.unary_unary('/example.Echo/Say').future(b'%d' % number, timeout=PATIENCE)
             for number in range(300)]
    expect([call.result() for call in calls] == [b'%d' % number for number in range(300)], 'answers are mixed up')
    eventually(lambda: sorted(copy['messages'][0] for copy in list(proxy.copies) if copy['messages'])
               == sorted(b'%d' % number for number in range(300)), f'{len(proxy.copies)} copies came')
    expect(proxy.statistic(r'http\.grpc\.downstream_cx_http2_total') == 1, 'the client has several connections')
    for cluster in ('primary', 'candidate'):
        total = proxy.statistic(rf'cluster\.{cluster}\.upstream_cx_http2_total')
        expect(1 <= total <= 3, f'{total} connections to {cluster}')


@case('what is no gRPC gets no copy, and comes over HTTP/1.1, too')
def _(proxy):
    for word in ('--http1.1', '--http2-prior-knowledge'):
        done = subprocess.run(['curl', '--silent', '--max-time', '20', word, '--output', '/dev/null', '--write-out',
                               '%{http_version} %{http_code}', f'http://127.0.0.1:{proxy.port}/plain'],
                              capture_output=True, text=True, timeout=PATIENCE)
        # grpcio answers what is no POST of gRPC with an error of its own; what counts is that it comes.
        expect(done.stdout.startswith('1.1 ' if word == '--http1.1' else '2 '), done.stdout)
    expect(proxy.statistic(r'cluster\.primary\.upstream_rq_total') == 2, 'the primary did not get both')
    expect(proxy.statistic(r'cluster\.candidate\.upstream_rq_total') == 0, 'a copy was made')


@case('a client of HTTP/1.1 gets the message of a unary call')
def _(proxy):
    message = b'\0\0\0\0\x05hello'
    with socket.create_connection(('127.0.0.1', proxy.port), PATIENCE) as one:
        one.sendall(b'POST /example.Echo/Say HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc\r\nte: trailers\r\n'
                    b'connection: close\r\ncontent-length: %d\r\n\r\n' % len(message) + message)
        answer = b''
        while piece := one.recv(65536):
            answer += piece
    expect(answer.startswith(b'HTTP/1.1 200 ') and message in answer, answer)
    proxy.both('Say', [b'hello'])


@case('the access log tells the status of each call')
def _(proxy):
    proxy.unary('Say', b'hello')
    for code in ('NOT_FOUND', 'RESOURCE_EXHAUSTED'):
        with contextlib.suppress(grpc.RpcError):
            proxy.unary('Fail', code.encode())
    wanted = ['/example.Echo/Say HTTP/2 200 OK 0 -', '/example.Echo/Fail HTTP/2 200 NotFound 5 -',
              '/example.Echo/Fail HTTP/2 200 ResourceExhausted 8 -']
    eventually(lambda: proxy.log.read_text().splitlines() == wanted, proxy.log.read_text)


@case('calls are counted on both sides')
def _(proxy):
    for _ in range(3):
        proxy.unary('Say', b'hello')
    with contextlib.suppress(grpc.RpcError):
        proxy.unary('Fail', b'INTERNAL')
    eventually(lambda: len(proxy.copies) == 4, 'the copies do not come')
    names = ['http.grpc.downstream_rq_http2_total', 'http.grpc.downstream_rq_2xx']
    for cluster in ('primary', 'candidate'):
        names += [f'cluster.{cluster}.upstream_rq_total', f'cluster.{cluster}.upstream_rq_200']
    for name in names:
        eventually(lambda: proxy.statistic(re.escape(name)) == 4, f'{name}: {proxy.statistic(re.escape(name))}')


@case('a primary that is not there is UNAVAILABLE, with the reason')
def _(proxy):
    proxy.server.stop(0).wait()
    try:
        proxy.unary('Say', b'hello')
        raise Failure('it is a success')
    except grpc.RpcError as error:
        expect(error.code() == grpc.StatusCode.UNAVAILABLE, error.code())
        why = error.details()
        expect('upstream connect error' in why and 'remote connection failure' in why, why)
    eventually(lambda: ' 200 Unavailable 14 UF' in proxy.log.read_text(), proxy.log.read_text)


@case('a mirror that refuses changes nothing', mirror='refuses')
def _(proxy):
    proxy.both('Chat', chat(proxy, 50))
    expect(proxy.unary('Say', b'hello')[0] == b'hello', 'another answer')


@case('a mirror that dies in the middle of a call changes nothing', mirror='dies')
def _(proxy):
    proxy.both('Chat', chat(proxy, 50, between=lambda: proxy.mirror.stop(0).wait()))
    expect(proxy.unary('Say', b'hello')[0] == b'hello', 'another answer')


@case('a mirror that stalls changes nothing for small calls', mirror='stalls')
def _(proxy):
    proxy.both('Chat', chat(proxy, 50))


@case('a mirror that stalls does not stop large ones', ours=True, mirror='stalls')
def _(proxy):
    messages = chat(proxy, 40, size=1 << 20)
    expect(proxy.calls[-1]['messages'] == messages, 'the primary got something else')


@case('every copy has one outcome', ours=True)
def _(proxy):
    for number in range(20):
        proxy.unary('Say', b'%d' % number)
    chat(proxy, 5)
    list(proxy.channel.unary_stream('/example.Echo/Count')(b'5', timeout=PATIENCE))

    eventually(lambda: proxy.statistic(r'mirror\.\S*\.outcomes\.ok') == 22, 'not every copy is ok')
    for name in (r'outcomes\.\w+', 'requests'):
        total = proxy.statistic(rf'mirror\.\S*\.{name}')
        expect(total == 22, f'{total} {name} of 22 copies')


def play_all(binary, is_envoy, text, folder, only, count):
    for title, ours, mirror, play in CASES:
        if only not in title or ours and is_envoy:
            continue
        proxy = None
        try:
            proxy = Proxy(binary, is_envoy, text, mirror, folder)
            play(proxy)
            expect(proxy.process.poll() is None, 'the process ended')
            count(title, None)
        except Exception as error:  # Whatever a bad answer makes of a case counts as wrong.
            count(title, f'{error}' if isinstance(error, Failure) else f'{error!r}'[:1000])
        finally:
            if proxy:
                proxy.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=str(ROOT / '.build/debug/understudy'), help='default: the debug build')
    parser.add_argument('--envoy', default=shutil.which('envoy'), help='default: the one on the PATH')
    parser.add_argument('--no-binary', action='store_true', help='Envoy alone')
    parser.add_argument('--only', default='', help='cases whose name has this in it')
    arguments = parser.parse_args()
    passed = failed = 0

    def count(name, wrong):
        nonlocal passed, failed
        passed, failed = passed + (wrong is None), failed + (wrong is not None)
        if wrong is not None:
            print(f'FAIL {name}: {wrong}', flush=True)

    who = [] if arguments.no_binary else [('Understudy', arguments.binary, False)]
    who += [('Envoy', arguments.envoy, True)] if arguments.envoy else []
    text = (EXAMPLE / 'envoy.yaml').read_text()
    with tempfile.TemporaryDirectory() as folder:
        for name, binary, is_envoy in who:
            play_all(binary, is_envoy, text, pathlib.Path(folder), arguments.only,
                     lambda title, wrong: count(f'{name}: {title}', wrong))
    if not arguments.envoy:
        print('Envoy was not asked, since there is none')
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
