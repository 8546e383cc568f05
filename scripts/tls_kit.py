# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""What check-tls.py needs: services over TLS, a proxy with a folder of certificates, and clients of both."""
import hashlib
import http.server
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / 'examples/tls'
PATIENCE = 20


class Failure(Exception):
    """What is not as it should be."""


def expect(truth, message):
    if not truth:
        raise Failure(message)


def eventually(truth, message):
    end = time.monotonic() + PATIENCE
    while not truth():
        expect(time.monotonic() < end, message)
        time.sleep(0.02)


def run(*command, data=b''):
    done = subprocess.run([str(word) for word in command], input=data, capture_output=True, timeout=PATIENCE)
    return done.returncode, (done.stdout + done.stderr).decode('latin-1')


class Upstream:
    """A service over TLS that remembers the requests that it got, and by which name it was asked for."""

    def __init__(self, certificate):
        seen, names = self.seen, self.names = [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.send_response(200)
                self.send_header('content-length', '3')
                self.end_headers()
                self.wfile.write(b'ok\n')

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 256

            def handle_error(self, *_):
                pass

            def finish_request(self, connection, address):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(f'{self.certificate}.crt', f'{self.certificate}.key')
                context.set_alpn_protocols(['http/1.1'])
                context.sni_callback = lambda _, name, __: names.append(name)
                super().finish_request(context.wrap_socket(connection, server_side=True), address)

        self.server = Server(('127.0.0.1', 0), Handler)
        self.server.certificate = certificate
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def request(self, path):
        """-> the headers of the request for a path, which has to come"""
        eventually(lambda: self.has(path), f'no request for {path} came, only {[one[0] for one in self.seen]}')
        return next(one[1] for one in self.seen if one[0] == path)

    def has(self, path):
        return any(one[0] == path for one in list(self.seen))

    def end(self):
        self.server.shutdown()
        self.server.server_close()


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def replaced(text, old, new):
    expect(old in text, f'the file does not have {old!r}')
    return text.replace(old, new)


class Proxy:
    """One of the two with the file and a folder of certificates of its own."""

    def __init__(self, binary, is_envoy, text, edits, certificates, folder):
        self.tls = pathlib.Path(tempfile.mkdtemp(dir=folder))
        shutil.copytree(certificates, self.tls, dirs_exist_ok=True)
        self.primary, self.candidate = Upstream(self.tls / 'primary'), Upstream(self.tls / 'candidate')
        self.port, self.plain, self.admin = free_port(), free_port(), free_port()
        for old, new in edits:
            text = replaced(text, old, new)
        text = replaced(text, 'connect_timeout: 1s', 'connect_timeout: 10s')
        for name, port in [('primary', self.primary.port), ('candidate', self.candidate.port)]:
            text = replaced(text, f'address: {name}, port_value: 8443', f'address: 127.0.0.1, port_value: {port}')
        for old, new in [(10443, self.port), (10080, self.plain)]:
            text = replaced(text, f'address: 0.0.0.0, port_value: {old}', f'address: 127.0.0.1, port_value: {new}')
        text = replaced(text, 'port_value: 9901', f'port_value: {self.admin}')
        text = replaced(text, '/etc/understudy/tls', str(self.tls))
        self.path = self.tls / 'envoy.yaml'
        self.path.write_text(text)
        self.log = self.tls / 'proxy.log'
        more = ['--use-dynamic-base-id', '--disable-hot-restart'] if is_envoy else []
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                [binary, '-c', str(self.path), '--concurrency', '1', '-l', 'warning', *more],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            eventually(lambda: self.process.poll() is not None or self.is_ready(), 'it does not become ready')
            expect(self.process.poll() is None, f'does not start: {self.log.read_text(errors="replace")[-600:]}')
        except Failure:
            self.end()
            raise

    def is_ready(self):
        try:
            return 'LIVE' in self.ask('/ready')
        except OSError:
            return False

    def ask(self, path):
        with socket.create_connection(('127.0.0.1', self.admin), PATIENCE) as one:
            one.sendall(f'GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'.encode())
            return received(one).decode('latin-1')

    def statistic(self, pattern):
        """-> the sum of all counters whose name fits"""
        lines = re.findall(rf'^(?:{pattern}): (\d+)\s*$', self.ask('/stats'), re.M)
        return sum(int(value) for value in lines)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.primary.end()
        self.candidate.end()

    def context(self, *, alpn=(), version=None, certificate=None):
        context = ssl.create_default_context(cafile=self.tls / 'ca.crt')
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if version:
            context.minimum_version = context.maximum_version = version
        if certificate:
            context.load_cert_chain(self.tls / f'{certificate}.crt', self.tls / f'{certificate}.key')
        return context

    def shake(self, name, context=None, session=None):
        """-> a connection after its handshake, in which the certificate was verified for the name"""
        raw = socket.create_connection(('127.0.0.1', self.port), PATIENCE)
        try:
            return (context or self.context()).wrap_socket(raw, server_hostname=name, session=session)
        except BaseException:
            raw.close()
            raise

    def get(self, path, name='shop.example', *lines, **more):
        """-> status and body over HTTP/1.1"""
        with self.shake(name, self.context(**more)) as one:
            return asked(one, path, name, *lines)

    def refused(self, name, **more):
        """-> why a client gets no answer"""
        try:
            status, _ = self.get('/refused', name, **more)
        except (OSError, Failure) as error:
            expect(not self.primary.has('/refused'), 'the service saw it')
            return str(error)
        raise Failure(f'it is answered with {status}')

    def curl(self, url, *words):
        """-> version, status and body"""
        host = re.sub(r'^https?://', '', url).split('/')[0]
        port = self.port if url.startswith('https') else self.plain
        code, text = run('curl', '--silent', '--show-error', '--max-time', PATIENCE, '--cacert', self.tls / 'ca.crt',
                         '--connect-to', f'{host}::127.0.0.1:{port}', '--write-out', '\n%{http_version} %{http_code}',
                         *words, url)
        expect(code == 0, f'curl says {code}: {text}')
        body, _, last = text.rpartition('\n')
        return *last.split(), body

    def openssl(self, *words, data=b''):
        return run('openssl', 's_client', '-connect', f'127.0.0.1:{self.port}', '-CAfile', self.tls / 'ca.crt', *words,
                   data=data)[1]

    def hash(self, name):
        pem = (self.tls / f'{name}.crt').read_text()
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    def replace(self, target, source, *kinds):
        """Puts files of one name in the place of others, each at once."""
        for kind in kinds or ('key', 'crt'):
            shutil.copy(self.tls / f'{source}.{kind}', self.tls / 'new')
            os.rename(self.tls / 'new', self.tls / f'{target}.{kind}')


def asked(connection, path, host, *lines):
    head = '\r\n'.join([f'GET {path} HTTP/1.1', f'host: {host}', *lines, '', ''])
    connection.sendall(head.encode())
    answer = b''
    while b'\r\n\r\nok\n' not in answer:
        piece = connection.recv(65536)
        expect(piece, f'it ended after {answer[:80]!r}')
        answer += piece
        if re.search(rb'\r\n\r\n(?!ok)', answer) and not answer.startswith(b'HTTP/1.1 200'):
            break
    head, _, body = answer.decode('latin-1').partition('\r\n\r\n')
    return int(head.split()[1]), body


def received(connection):
    data = b''
    try:
        while piece := connection.recv(65536):
            data += piece
    except OSError:
        pass
    return data


def make(folder, name, days=30, authority='ca', names='DNS:shop.example'):
    """One more certificate, beside those of the example."""
    key, request, certificate = (folder / f'{name}.{kind}' for kind in ('key', 'csr', 'crt'))
    code, text = run('openssl', 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-subj',
                     f'/CN={name}', '-addext', f'subjectAltName={names}', '-keyout', key, '-out', request)
    expect(code == 0, text)
    code, text = run('openssl', 'x509', '-req', '-in', request, '-CA', folder / f'{authority}.crt', '-CAkey',
                     folder / f'{authority}.key', '-days', days, '-copy_extensions', 'copy', '-out', certificate)
    expect(code == 0, text)


def certificates(folder):
    run(EXAMPLE / 'certificates.sh', folder)
    make(folder, 'renewed')
    make(folder, 'expired', days=-1)
    make(folder, 'stranger', authority='clients-ca', names='DNS:primary.internal')
    make(folder, 'plain-client', authority='clients-ca', names='DNS:plain.partner.example')
    (folder / 'text.crt').write_text('this is no certificate\n')
    (folder / 'text.key').write_text('this is no key\n')
    (folder / 'folder.crt').mkdir()
