# SPDX-License-Identifier: Apache-2.0
"""TLS of the soak: certificates made for the run, contexts of both ends, and handshakes that are done by hand."""
import contextlib
import ssl
import subprocess

# Each vouches for itself, and its file is what the other end trusts.  Nobody trusts the stranger's.
NAMES = ('soak', 'alpha', 'stranger')


def make_certificates(folder):
    for name in NAMES:
        # The stranger says that it is the mirror, so that it is refused for want of trust.
        host = 'alpha' if name == 'stranger' else name
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-days', '2', '-subj', f'/CN={host}', '-addext', f'subjectAltName=DNS:{host}',
                        '-keyout', f'{folder}/{name}.key', '-out', f'{folder}/{name}.pem'],
                       check=True, capture_output=True, timeout=30)


def server_context(folder, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f'{folder}/{name}.pem', f'{folder}/{name}.key')
    return context


def client_contexts(folder, name):
    """One for each version, because their handshakes end differently."""
    contexts = []
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=f'{folder}/{name}.pem')
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(['http/1.1'])
        contexts.append(context)
    return contexts


def ignore_second_end(loop, context):
    """Python may end a connection by TLS twice if it breaks while more is being written; the second end is an error."""
    if '_call_connection_lost' not in context['message']:
        loop.default_exception_handler(context)


class Handshake:
    """One end of a handshake, without a connection: what is sent, and how much of it, is up to the caller."""

    def __init__(self, context, **options):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.end = context.wrap_bio(self.incoming, self.outgoing, **options)

    def step(self, received=b''):
        """What is to be sent now; an alert if this end refuses."""
        self.incoming.write(received)
        with contextlib.suppress(ssl.SSLError):
            self.end.do_handshake()
        return self.outgoing.read()
