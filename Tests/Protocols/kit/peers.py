# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Clients and upstreams for {h1, h2} x {plain, TLS}, with the certificates of examples/tls."""
import asyncio
import pathlib
import ssl
import subprocess

from .http1 import HTTP1Connection
from .http2 import HTTP2Connection

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROTOCOLS = {'h1': (HTTP1Connection, 'http/1.1'), 'h2': (HTTP2Connection, 'h2')}
KINDS = ("h1", "h2", "h1s", "h2s")        # s: over TLS


def make_certificates(folder):
    subprocess.run([ROOT / 'examples/tls/certificates.sh', folder], check=True)


def server_context(folder, name, protocol):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f'{name}.crt', folder / f'{name}.key')
    context.set_alpn_protocols([protocol])
    return context


def client_context(folder, *protocols):
    context = ssl.create_default_context(cafile=folder / 'ca.crt')
    context.set_alpn_protocols(list(protocols))
    return context


async def connect(port, kind, folder, name='shop.example', **more):
    """-> a connection of a client, which has shaken hands"""
    make, protocol = PROTOCOLS[kind[:2]]
    context = client_context(folder, protocol) if kind.endswith('s') else None
    reader, writer = await asyncio.open_connection('127.0.0.1', port, ssl=context,
                                                   server_hostname=name if context else None)
    if context and writer.get_extra_info('ssl_object').selected_alpn_protocol() != protocol:
        raise OSError(f'{protocol} was not agreed on')
    return make(reader, writer, True, **more)


class Upstream:
    """A service of one kind that plays for every request what its path is registered for, and remembers all."""

    def __init__(self, kind, name, folder):
        self.kind, self.name, self.folder = kind, name, folder
        self.scripts, self.streams, self.connections, self.options = {}, [], [], {}

    async def listen(self, port=0):
        context = None
        if self.kind.endswith('s'):
            context = server_context(self.folder, self.name, PROTOCOLS[self.kind[:2]][1])
        self.server = await asyncio.start_server(self.accepted, '127.0.0.1', port, ssl=context, limit=1 << 18,
                                                 backlog=1024)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def accepted(self, reader, writer):
        make, _ = PROTOCOLS[self.kind[:2]]
        self.connections.append(make(reader, writer, False, serve=self.serve, **self.options))

    async def serve(self, stream):
        self.streams.append(stream)
        token = (stream.target.split(b'?')[0].split(b'/') + [b'', b''])[2].decode()
        script = self.scripts.get(token, plain_answer)
        try:
            await script(stream)
        except (OSError, TimeoutError):
            pass

    async def close(self):
        self.server.close()
        for connection in self.connections:
            connection.task.cancel()
            connection.writer.transport.abort()


async def plain_answer(stream):
    await stream.whole()
    await stream.answer(body=b'ok')
