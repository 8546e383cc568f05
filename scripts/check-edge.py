#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Loads examples/edge/envoy.yaml in Understudy and in Envoy, and plays bad clients against it.

Addresses become free ports of this machine, a few times and limits are made small, and nothing else is changed.  Where
an Envoy is found, every case but those of our own block is played against it, too: the expectations are Envoy's.
The last line is the count.
"""
import argparse
import http.server
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATIENCE = 20
CASES = []


class Failure(Exception):
    """What is not as it should be."""


def expect(truth, message):
    if not truth:
        raise Failure(message)


def case(name, ours=False, **changes):
    """Registers a case; `ours` for what Envoy skips, `changes` for what the file says instead."""
    def register(play):
        CASES.append((name, ours, tuple(sorted(changes.items())), play))
        return play
    return register


class Upstream:
    """A service that remembers the requests it got."""

    def __init__(self):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                length = self.headers.get('content-length')
                body = self.rfile.read(int(length)) if length else b''
                if self.headers.get('transfer-encoding'):
                    while (size := int(self.rfile.readline(), 16)) > 0:
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, len(body)))
                self.send_response(200)
                for name, value in [('content-length', '3'), ('x-powered-by', 'a/1.0'), ('x-internal-user', 'bob')]:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b'ok\n')

            do_POST = do_GET

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(('127.0.0.1', 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def request(self, path):
        """-> the headers of the request for a path, which has to come"""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for one in list(self.seen):
                if one[0] == path:
                    return one[1]
            time.sleep(0.01)
        raise Failure(f'no request for {path} came, only {[one[0] for one in self.seen]}')

    def has(self, path):
        return any(one[0] == path for one in self.seen)


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class Proxy:
    """One of the two with the file."""

    def __init__(self, binary, is_envoy, text, changes, folder):
        self.primary, self.candidate = Upstream(), Upstream()
        self.port, admin = free_port(), free_port()
        for name, port in [('primary', self.primary.port), ('candidate', self.candidate.port)]:
            text = replaced(text, f'address: {name}, port_value: 8080', f'address: 127.0.0.1, port_value: {port}')
        text = replaced(text, 'address: 0.0.0.0, port_value: 10000', f'address: 127.0.0.1, port_value: {self.port}')
        text = replaced(text, 'port_value: 9901', f'port_value: {admin}')
        for name, value in changes:
            text, times = re.subn(rf'\b{name}: [^\s,}}]+', f'{name}: {value}', text, 0 if 'prefix' in name else 1)
            expect(times, f'the file does not have {name}')
        path = folder / f'{self.port}.yaml'
        path.write_text(text)
        more = ['--use-dynamic-base-id', '--disable-hot-restart'] if is_envoy else []
        self.log = open(folder / f'{self.port}.log', 'wb')
        self.process = subprocess.Popen([binary, '-c', str(path), '--concurrency', '1', '-l', 'error', *more],
                                        stdout=subprocess.DEVNULL, stderr=self.log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not self.is_ready(admin):
            if self.process.poll() is not None or time.monotonic() > end:
                self.end()
                words = (folder / f'{self.port}.log').read_text(errors='replace')
                raise Failure(f'does not start: {words[:600]}')
            time.sleep(0.02)

    @staticmethod
    def is_ready(port):
        try:
            with socket.create_connection(('127.0.0.1', port), 1) as one:
                one.sendall(b'GET /ready HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
                return b'LIVE' in received(one)
        except OSError:
            return False

    def end(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        for one in (self.primary, self.candidate):
            one.server.shutdown()
            one.server.server_close()

    def connect(self):
        return socket.create_connection(('127.0.0.1', self.port), PATIENCE)

    def send(self, target, *lines, method='GET', body=b''):
        """-> status, headers and body of one request on a connection of its own"""
        head = '\r\n'.join([f'{method} {target} HTTP/1.1', 'host: edge.example', 'connection: close', *lines, '', ''])
        with self.connect() as one:
            try:
                one.sendall(head.encode() + body)
            except OSError:
                pass  # It may have had enough already.
            answer = received(one)
        expect(answer.startswith(b'HTTP/1.1 '), f'no answer but {answer[:80]!r}')
        head, _, rest = answer.decode('latin-1').partition('\r\n\r\n')
        first, *lines = head.split('\r\n')
        fields = [line.partition(':') for line in lines]
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in fields}, rest


def replaced(text, old, new):
    expect(old in text, f'the file does not have {old!r}')
    return text.replace(old, new)


def received(connection):
    data = b''
    try:
        while piece := connection.recv(65536):
            data += piece
    except OSError:
        pass
    return data


@case('a request is answered by the service, and a copy goes to the mirror')
def _(proxy):
    status, headers, body = proxy.send('/plain')
    expect((status, body) == (200, 'ok\n'), f'{status} {body!r}')
    host = proxy.candidate.request('/plain')['host']
    expect(host == 'edge.example-shadow', f'the copy is for {host}')


@case('what the service says of itself stays inside')
def _(proxy):
    _, headers, _ = proxy.send('/')
    for name in ('x-powered-by', 'x-internal-user'):
        expect(name not in headers, f'{name}: {headers.get(name)}')


@case('a head that is too large is a 431')
def _(proxy):
    status, _, _ = proxy.send('/', 'x-large: ' + 'x' * 40_000)
    expect(status == 431, status)
    status, _, _ = proxy.send('/', *[f'x-{n}: 1' for n in range(150)])
    expect(status == 431, status)


@case('a header with an underscore is a 400')
def _(proxy):
    status, _, _ = proxy.send('/underscore', 'x_internal_user: root')
    expect(status == 400, status)
    expect(not proxy.primary.has('/underscore'), 'the service saw it')


@case('an escaped slash is redirected to the path that it means')
def _(proxy):
    for target in ('/a%2Fb', '/a%2fb', '/a%5Cb'):
        status, headers, _ = proxy.send(target)
        expect(status == 307 and headers['location'].endswith('/a/b'), f'{target}: {status} {headers}')


@case('several slashes are one')
def _(proxy):
    proxy.send('//several///slashes')
    proxy.primary.request('/several/slashes')


@case('no spelling of a path gets past a route that refuses it')
def _(proxy):
    for target in ('/admin', '/admin/x', '//admin', '/./admin', '/x/../admin', '/x/%2e%2e/admin', '/%61dmin',
                   '/x/..//admin', '///admin'):
        status, _, _ = proxy.send(target)
        expect(status == 403, f'{target}: {status}')
    for target in ('/%2Fadmin', '/x/..%2Fadmin', '/x%5C..%5Cadmin'):
        status, headers, _ = proxy.send(target)
        expect(status == 307 and re.search(r'/admin$', headers['location']), f'{target}: {status} {headers}')
    expect(not any('admin' in one[0] for one in proxy.primary.seen), 'the service saw one')


@case('a head that comes too slowly is cut', request_headers_timeout='0.5s')
def _(proxy):
    with proxy.connect() as one:
        started = time.monotonic()
        one.sendall(b'GET / HTTP/1.1\r\nhost: a\r\nx-slow: ')
        answer = received(one)
        expect(time.monotonic() - started < PATIENCE, 'it was not cut')
    expect(answer.startswith(b'HTTP/1.1 408 '), answer[:80])


@case('a body that stops coming is cut', stream_idle_timeout='0.5s')
def _(proxy):
    started = time.monotonic()
    status, _, _ = proxy.send('/stops', 'content-length: 10', method='POST', body=b'12345')
    expect(status == 408 and time.monotonic() - started < PATIENCE, status)
    expect(not proxy.primary.has('/stops'), 'the service saw it')


@case('a connection that does nothing is closed', idle_timeout='0.5s')
def _(proxy):
    with proxy.connect() as one:
        started = time.monotonic()
        expect(received(one) == b'' and time.monotonic() - started < PATIENCE, 'it stays open')


@case('a connection carries so many requests and no more', max_requests_per_connection=2)
def _(proxy):
    with proxy.connect() as one:
        one.sendall(b'GET /one HTTP/1.1\r\nhost: a\r\n\r\nGET /two HTTP/1.1\r\nhost: a\r\n\r\n')
        answer = received(one)
    expect(answer.count(b'HTTP/1.1 200') == 2 and answer.lower().count(b'connection: close') == 1, answer)


@case('a body that is too large is a 413, and the service never sees it')
def _(proxy):
    for lines, body in [(['content-length: 2000000'], b'x' * 2_000_000),
                        (['transfer-encoding: chunked'], b'10000\r\n' + b'x' * 65536 + b'\r\n')]:
        body = body if lines[0].startswith('c') else body * 20 + b'0\r\n\r\n'
        status, _, _ = proxy.send('/large', *lines, method='POST', body=body)
        expect(status == 413, f'{lines}: {status}')
    expect(not proxy.primary.has('/large'), 'the service saw it')
    status, _, _ = proxy.send('/small', 'content-length: 1000000', method='POST', body=b'x' * 1_000_000)
    expect(status == 200, f'a body within the limit: {status}')


def crowd(proxy, allowed):
    """As many clients as may be there, and one more."""
    clients = []
    try:
        for number in range(allowed):
            clients.append(proxy.connect())
            clients[-1].sendall(f'GET /{number} HTTP/1.1\r\nhost: a\r\n\r\n'.encode())
            expect(clients[-1].recv(65536).startswith(b'HTTP/1.1 200'), f'client {number} is refused')
        with proxy.connect() as one:
            try:
                one.sendall(b'GET /crowd HTTP/1.1\r\nhost: a\r\n\r\n')
            except OSError:
                pass
            expect(received(one) == b'', 'one too many is served')
        clients.pop().close()
        end = time.monotonic() + PATIENCE
        while True:
            with proxy.connect() as one:
                one.settimeout(PATIENCE)
                try:
                    one.sendall(b'GET /again HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
                except OSError:
                    pass
                if received(one).startswith(b'HTTP/1.1 200'):
                    return
            expect(time.monotonic() < end, 'no place becomes free')
            time.sleep(0.05)
    finally:
        for one in clients:
            one.close()


@case('more connections than a listener may have are refused', max_connections=3)
def _(proxy):
    crowd(proxy, 3)


@case('more connections than the process may have are refused', max_active_downstream_connections=3)
def _(proxy):
    # The one that asked whether the proxy is ready may still be counted.
    crowd(proxy, 3)


@case('what a client says of its own address is not believed')
def _(proxy):
    proxy.send('/forged', 'x-forwarded-for: 10.1.2.3', 'x-envoy-external-address: 10.1.2.3', 'x-envoy-internal: true',
               'x-forwarded-proto: https')
    seen = proxy.primary.request('/forged')
    # Behind the client's words stands the address that the proxy saw; Envoy shows another one for the loopback.
    expect(re.fullmatch(r'10\.1\.2\.3, *(?!10\.1\.2\.3)[\d.]+', seen['x-forwarded-for']), seen['x-forwarded-for'])
    expect(seen.get('x-envoy-external-address') == '127.0.0.1', seen.get('x-envoy-external-address'))
    expect('x-envoy-internal' not in seen, 'x-envoy-internal')
    expect(seen['x-forwarded-proto'] == 'http', seen['x-forwarded-proto'])


@case('headers that are for the inside only are removed')
def _(proxy):
    proxy.send('/inside', 'x-internal-user: root', 'X-Internal-Role: admin', 'x-envoy-retry-on: 5xx',
               'x-envoy-max-retries: 50', 'x-envoy-upstream-rq-timeout-ms: 1000000', 'x-envoy-decorator-operation: a')
    for seen in (proxy.primary.request('/inside'), proxy.candidate.request('/inside')):
        left = [name for name in seen if name.startswith('x-internal') or name in (
            'x-envoy-retry-on', 'x-envoy-max-retries', 'x-envoy-upstream-rq-timeout-ms', 'x-envoy-decorator-operation')]
        expect(not left, left)


@case('a request that two hops could frame differently reaches nobody')
def _(proxy):
    status, _, _ = proxy.send('/smuggle', 'content-length: 4', 'transfer-encoding: chunked', method='POST',
                              body=b'0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n')
    expect(status == 400, status)
    expect(not proxy.primary.has('/smuggle') and not proxy.primary.has('/smuggled'), 'the service saw it')


@case('an untrusted client chooses no mirror', ours=True)
def _(proxy):
    proxy.send('/choose/untrusted', 'x-mirror-to: candidate')
    expect('x-mirror-to' not in proxy.primary.request('/choose/untrusted'), 'the header goes on to the service')
    proxy.send('/marker')
    proxy.candidate.request('/marker')
    expect(not proxy.candidate.has('/choose/untrusted'), 'a copy was made')


@case('a trusted peer chooses among the mirrors that it may choose', ours=True, address_prefix='127.0.0.0')
def _(proxy):
    proxy.send('/choose/trusted', 'x-mirror-to: candidate')
    proxy.candidate.request('/choose/trusted')
    proxy.send('/choose/other', 'x-mirror-to: primary')
    proxy.send('/marker')
    proxy.candidate.request('/marker')
    copies = [one for one in proxy.primary.seen if one[0] == '/choose/other']
    expect(len(copies) == 1, f'the service saw it {len(copies)} times')


@case('a copy is marked, and a mark of a stranger does not count', ours=True)
def _(proxy):
    proxy.send('/marked', 'x-understudy-mirror-hops: 1')
    expect(proxy.candidate.request('/marked').get('x-understudy-mirror-hops') == '1', 'the copy has no mark')
    expect('x-understudy-mirror-hops' not in proxy.primary.request('/marked'), 'the stranger\'s mark goes on')


@case('what a trusted peer marked as a copy is not copied again', ours=True, address_prefix='127.0.0.0')
def _(proxy):
    proxy.send('/copied', 'x-understudy-mirror-hops: 1')
    proxy.send('/marker')
    proxy.candidate.request('/marker')
    expect(not proxy.candidate.has('/copied'), 'it was copied again')


def validated(binary, path, *more):
    done = subprocess.run([binary, *more, str(path)], capture_output=True, text=True, timeout=120)
    return None if done.returncode == 0 else (done.stdout + done.stderr)[:1000]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=str(ROOT / '.build/debug/understudy'), help='default: the debug build')
    parser.add_argument('--envoy', default=shutil.which('envoy'), help='default: the one on the PATH')
    parser.add_argument('--config', type=pathlib.Path, default=ROOT / 'examples/edge/envoy.yaml')
    parser.add_argument('--only', default='', help='cases whose name has this in it')
    arguments = parser.parse_args()
    passed = failed = 0

    def count(name, wrong):
        nonlocal passed, failed
        passed, failed = passed + (wrong is None), failed + (wrong is not None)
        if wrong is not None:
            print(f'FAIL {name}: {wrong}', flush=True)

    who = [('Understudy', arguments.binary, False)] + ([('Envoy', arguments.envoy, True)] if arguments.envoy else [])
    for name, binary, is_envoy in who:
        more = ['--mode', 'validate', '-l', 'critical', '-c'] if is_envoy else ['validate']
        count(f'{name} loads it', validated(binary, arguments.config, *more))
    text = arguments.config.read_text()
    with tempfile.TemporaryDirectory() as folder:
        for name, binary, is_envoy in who:
            chosen = [one for one in CASES if arguments.only in one[0] and not (is_envoy and one[1])]
            for changes in sorted({one[2] for one in chosen}):
                for title, _, _, play in [one for one in chosen if one[2] == changes]:
                    proxy = None
                    try:
                        proxy = Proxy(binary, is_envoy, text, changes, pathlib.Path(folder))
                        play(proxy)
                        expect(proxy.process.poll() is None, 'the process ended')
                        count(title, None)
                    except (Failure, OSError, KeyError) as error:
                        count(f'{name}: {title}', f'{error}')
                    finally:
                        if proxy:
                            proxy.end()
    if not arguments.envoy:
        print('Envoy was not asked, since there is none')
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
