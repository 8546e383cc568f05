#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Loads examples/tls/envoy.yaml in Understudy and in Envoy, and plays TLS clients and services against it.

Certificates are made at run time, addresses become free ports of this machine, connecting may take longer on a busy
one, and each case may change a line of the file.  Clients are curl, openssl and Python, and h2load where it is installed.  Where an Envoy is found, every case but
those that it cannot do is played against it, too: the expectations are Envoy's.  The last line is the count.
"""
import argparse
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.parse

sys.dont_write_bytecode = True
from tls_kit import (EXAMPLE, PATIENCE, ROOT, Failure, Proxy, asked, certificates, eventually, expect,  # noqa: E402
                     received, replaced, run)

CASES = []
FORGED = 'By=spiffe://forged;Hash=00;URI=spiffe://admin'
FAILED = 'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure'
BAD_FILE = re.compile(r'(certificate\S*|ssl\S*|tls\S*|key_rotation)\S*(fail|reject)\S*: [1-9]')


def case(name, *edits, ours=False, alone=False):
    """Registers a case; `ours` for what Envoy cannot do, `edits` are (old, new) texts of the file."""
    def register(play):
        CASES.append((name, ours, edits, alone or bool(edits), play))
        return play
    return register


@case('each name gets its certificate')
def _(proxy):
    for name, common in [('shop.example', 'shop.example'), ('SHOP.example', 'shop.example'),
                         ('a.shop.example', '*.shop.example')]:
        with proxy.shake(name) as one:
            subject = dict(pair[0] for pair in one.getpeercert()['subject'])
            expect(subject['commonName'] == common, f'{name}: {subject}')


@case('a name that no chain has, or none, gets no certificate')
def _(proxy):
    before = proxy.statistic(r'listener\.\S+\.no_filter_chain_match')
    for words in (['-servername', 'other.example'], ['-servername', 'shop.example.other'], ['-noservername']):
        text = proxy.openssl(*words)
        expect('no peer certificate available' in text, f'{words}: {text[:200]}')
    expect(proxy.statistic(r'listener\.\S+\.no_filter_chain_match') == before + 3, 'it is not counted')


@case('a protocol is agreed on by ALPN, and the server has the choice')
def _(proxy):
    for offer, agreed in [(['h2'], 'h2'), (['http/1.1'], 'http/1.1'), (['http/1.1', 'h2'], 'h2'), (['spdy/1'], None),
                          ([], None)]:
        with proxy.shake('shop.example', proxy.context(alpn=offer)) as one:
            expect(one.selected_alpn_protocol() == agreed, f'{offer}: {one.selected_alpn_protocol()}')
            if agreed != 'h2':
                expect(asked(one, '/alpn', 'shop.example')[0] == 200, f'{offer}: no answer')


@case('TLS 1.2 and 1.3 where the file says so')
def _(proxy):
    for version, name in [(ssl.TLSVersion.TLSv1_2, 'TLSv1.2'), (ssl.TLSVersion.TLSv1_3, 'TLSv1.3')]:
        with proxy.shake('shop.example', proxy.context(version=version)) as one:
            expect(one.version() == name, one.version())
            expect(asked(one, '/version', 'shop.example')[0] == 200, 'no answer')
    why = proxy.refused('a.shop.example', version=ssl.TLSVersion.TLSv1_2)
    expect('PROTOCOL_VERSION' in why, why)
    expect(proxy.get('/1.3', 'a.shop.example', version=ssl.TLSVersion.TLSv1_3)[0] == 200, 'no answer')


@case('what is older is refused')
def _(proxy):
    text = proxy.openssl('-servername', 'shop.example', '-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0')
    expect('alert protocol version' in text or 'no protocols available' in text, text[:300])


@case('curl is answered over HTTP/2 and over HTTP/1.1')
def _(proxy):
    for word, version in [('--http2', '2'), ('--http1.1', '1.1')]:
        seen = proxy.curl(f'https://shop.example/curl{version}', word)
        expect(seen == (version, '200', 'ok\n'), seen)
        headers = proxy.primary.request(f'/curl{version}')
        expect(headers['x-forwarded-proto'] == 'https', headers)
        expect(headers['host'] == 'shop.example', headers)
        expect(proxy.candidate.request(f'/curl{version}')['host'] == 'shop.example-shadow', 'the copy')


@case('h2load is answered on many streams')
def _(proxy):
    if not shutil.which('h2load'):
        return
    code, text = run('h2load', '-n', 200, '-c', 4, '-m', 8, f'--connect-to=127.0.0.1:{proxy.port}',
                     f'https://shop.example:{proxy.port}/h2load')
    expect(code == 0 and '200 succeeded' in text, text[-600:])


@case('services are asked for by the name of their cluster, never by that of the copy')
def _(proxy):
    expect(proxy.get('/names')[0] == 200, 'no answer')
    copy = proxy.candidate.request('/names')
    expect(copy['host'] == 'shop.example-shadow', copy)
    expect(set(proxy.primary.names) == {'primary.internal'}, proxy.primary.names)
    expect(set(proxy.candidate.names) == {'candidate.internal'}, proxy.candidate.names)


@case('a copy is asked for by its own host where the file says so',
      ('  - name: candidate\n', '''  - name: candidate
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: { http_protocol_options: {} }
        upstream_http_protocol_options: { auto_sni: true }
'''))
def _(proxy):
    expect(proxy.get('/auto')[0] == 200, 'no answer')
    proxy.candidate.request('/auto')
    expect(proxy.candidate.names == ['shop.example-shadow'], proxy.candidate.names)


@case('a partner without a certificate, or with a stranger\'s, is refused')
def _(proxy):
    shown = ['-cert', proxy.tls / 'shop.crt', '-key', proxy.tls / 'shop.key']
    for word, missing in [('-tls1_2', 'handshake failure'), ('-tls1_3', 'certificate required')]:
        for more, alert in [([], missing), (shown, 'unknown ca')]:
            text = proxy.openssl('-servername', 'partners.example', word, '-ign_eof', *more)
            expect(f'alert {alert}' in text, f'{word} {alert}: {text[:300]}')
    eventually(lambda: proxy.statistic(r'listener\.\S+\.ssl\.fail_verify_no_cert') == 2, 'fail_verify_no_cert')
    expect(proxy.statistic(r'listener\.\S+\.ssl\.fail_verify_error') == 2, 'fail_verify_error')
    for certificate in (None, 'shop'):
        proxy.refused('partners.example', certificate=certificate)
    expect(proxy.get('/partner', 'partners.example', certificate='plain-client')[0] == 200, 'no answer')


@case('a partner\'s certificate reaches both services, and nobody can forge it')
def _(proxy):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        path = f'/partner/{version.name}'
        status, _ = proxy.get(path, 'partners.example', f'x-forwarded-client-cert: {FORGED}', version=version,
                              certificate='client')
        expect(status == 200, status)
        told = (f'By=spiffe://shop.example/edge;Hash={proxy.hash("client")};Subject="CN=client-1,O=Partner\\, Inc.";'
                'URI=spiffe://partner.example/client-1;DNS=client-1.partner.example')
        for seen in (proxy.primary.request(path), proxy.candidate.request(path)):
            expect(seen.get('x-forwarded-client-cert') == told, seen.get('x-forwarded-client-cert'))
    proxy.get('/forged', 'shop.example', f'x-forwarded-client-cert: {FORGED}')
    for seen in (proxy.primary.request('/forged'), proxy.candidate.request('/forged')):
        expect('x-forwarded-client-cert' not in seen, 'what a client said of itself goes on')


@case('a certificate without a URI has an empty place for it')
def _(proxy):
    expect(proxy.get('/empty', 'partners.example', certificate='plain-client')[0] == 200, 'no answer')
    told = (f'By=spiffe://shop.example/edge;Hash={proxy.hash("plain-client")};Subject="CN=plain-client";URI=;'
            'DNS=plain.partner.example')
    seen = proxy.primary.request('/empty')['x-forwarded-client-cert']
    expect(seen == told, seen)


def forwarding(mode, old, new):
    """What a service is told under a mode, of a client with and without a certificate that says something itself."""
    @case(f'x-forwarded-client-cert under {mode}',
          ('forward_client_cert_details: SANITIZE_SET', f'forward_client_cert_details: {mode}'),
          ('require_client_certificate: true', 'require_client_certificate: false'),
          ('{ subject: true, uri: true, dns: true }', '{ cert: true }'))
    def _(proxy):
        for certificate, wanted in (('client', old), (None, new)):
            forged = f'x-forwarded-client-cert: {FORGED}'
            proxy.get(f'/{certificate}', 'partners.example', forged, certificate=certificate)
            escaped = urllib.parse.quote((proxy.tls / 'client.crt').read_text(), safe='')
            own = f'By=spiffe://shop.example/edge;Hash={proxy.hash("client")};Cert="{escaped}"'
            told = wanted and wanted.format(forged=FORGED, own=own)
            for seen in (proxy.primary.request(f'/{certificate}'), proxy.candidate.request(f'/{certificate}')):
                seen = seen.get('x-forwarded-client-cert')
                expect(seen == told, f'{certificate}: {seen}')


forwarding('SANITIZE', None, None)
forwarding('FORWARD_ONLY', '{forged}', None)
forwarding('APPEND_FORWARD', '{forged},{own}', None)
forwarding('SANITIZE_SET', '{own}', None)
forwarding('ALWAYS_FORWARD_ONLY', '{forged}', '{forged}')


@case('plain text on the TLS port ends')
def _(proxy):
    for data in (b'GET / HTTP/1.1\r\nhost: a\r\n\r\n', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', b'\0' * 300):
        with socket.create_connection(('127.0.0.1', proxy.port), PATIENCE) as one:
            one.sendall(data)
            expect(b'HTTP' not in received(one), 'it is answered in plain text')
    expect(proxy.get('/after')[0] == 200, 'nobody is served afterwards')


@case('TLS on the plain port ends')
def _(proxy):
    with socket.create_connection(('127.0.0.1', proxy.plain), PATIENCE) as one:
        try:
            proxy.context().wrap_socket(one, server_hostname='shop.example')
            raise Failure('it shakes hands')
        except ssl.SSLError as error:
            expect('WRONG_VERSION' in str(error) or 'EOF' in str(error), error)
    version, status, _ = proxy.curl('http://shop.example/a?b=c', '--dump-header', proxy.tls / 'head')
    expect(status == '301' and 'location: https://shop.example/a?b=c' in (proxy.tls / 'head').read_text(), status)


@case('clients that leave in the middle of a handshake harm nobody')
def _(proxy):
    hello = b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'
    for data in (b'', hello[:1], hello, hello[:3] + b'\xff\xff' + b'\x01' * 999):
        with socket.create_connection(('127.0.0.1', proxy.port), PATIENCE) as one:
            one.sendall(data)
    expect(proxy.get('/after-leaving')[0] == 200, 'nobody is served afterwards')


@case('a session is taken up again')
def _(proxy):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = proxy.context(version=version)
        with proxy.shake('shop.example', context) as one:
            asked(one, '/session', 'shop.example')
            session = one.session
        with proxy.shake('shop.example', context, session) as one:
            expect(one.session_reused, f'{version.name}: it is not')
            expect(asked(one, '/again', 'shop.example')[0] == 200, 'no answer')


@case('a primary that cannot be verified is a 503', alone=True)
def _(proxy):
    for certificate, counter in [('stranger', 'fail_verify_error'), ('expired', 'fail_verify_error'),
                                 ('candidate', 'fail_verify_san')]:
        proxy.primary.server.certificate = proxy.tls / certificate
        before = proxy.statistic(rf'cluster\.primary\.ssl\.{counter}')
        status, body = proxy.get('/unverified', 'shop.example', 'connection: close')
        expect((status, body) == (503, FAILED), f'{certificate}: {status} {body!r}')
        expect(proxy.statistic(rf'cluster\.primary\.ssl\.{counter}') == before + 1, f'{certificate}: {counter}')
    expect(not proxy.primary.has('/unverified'), 'the service saw it')
    proxy.candidate.request('/unverified')


@case('a mirror that cannot be verified gets nothing, and no client notices', alone=True)
def _(proxy):
    proxy.candidate.server.certificate = proxy.tls / 'primary'
    expect(proxy.get('/unverified')[0] == 200, 'the client notices')
    eventually(lambda: proxy.statistic(r'cluster\.candidate\.ssl\.fail_verify_san') == 1, 'it is not counted')
    expect(proxy.statistic(r'cluster\.candidate\.upstream_cx_connect_fail') == 1, 'upstream_cx_connect_fail')
    expect(not proxy.candidate.has('/unverified'), 'the mirror saw it')


@case('handshakes are counted', alone=True)
def _(proxy):
    proxy.get('/one', version=ssl.TLSVersion.TLSv1_3)
    proxy.get('/two', version=ssl.TLSVersion.TLSv1_2)
    proxy.get('/three', 'partners.example', certificate='client')
    for name, count in [('handshake', 3), ('no_certificate', 2), ('versions.TLSv1.3', 2), ('versions.TLSv1.2', 1)]:
        seen = proxy.statistic(rf'listener\.[^:]*\.ssl\.{re.escape(name)}')
        expect(seen == count, f'{name}: {seen}')
    for cluster in ('primary', 'candidate'):
        eventually(lambda: proxy.statistic(rf'cluster\.{cluster}\.ssl\.handshake') >= 1, f'{cluster} has no handshake')
    text = proxy.ask('/certs')
    for name in ('shop', 'wildcard', 'partners', 'ca', 'clients-ca'):
        expect(f'{proxy.tls}/{name}.crt' in text, f'/certs does not have {name}')


TLS_LINE = '%DOWNSTREAM_TLS_VERSION% %REQUESTED_SERVER_NAME% %DOWNSTREAM_PEER_SUBJECT% %DOWNSTREAM_PEER_URI_SAN% ' \
    '%DOWNSTREAM_PEER_FINGERPRINT_256% %PROTOCOL%'


@case('the access log tells of TLS', ('stat_prefix: partners\n', f'''stat_prefix: partners
          access_log:
          - name: envoy.access_loggers.file
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
              path: /etc/understudy/tls/access.log
              log_format: {{ text_format_source: {{ inline_string: "{TLS_LINE}\\n" }} }}
'''))
def _(proxy):
    proxy.get('/log', 'partners.example', version=ssl.TLSVersion.TLSv1_3, certificate='client')
    log = proxy.tls / 'access.log'
    wanted = (f'TLSv1.3 partners.example CN=client-1,O=Partner\\, Inc. spiffe://partner.example/client-1 '
              f'{proxy.hash("client")} HTTP/1.1\n')
    eventually(lambda: log.exists() and log.read_text().endswith('\n'), 'there is no line')
    expect(log.read_text() == wanted, log.read_text())


@case('the listener\'s log tells why a handshake has failed, or how long it took', ('  - name: https\n', '''  - name: https
    access_log:
    - name: envoy.access_loggers.file
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
        path: /etc/understudy/tls/access.log
        log_format: { text_format_source: { inline_string: "%DOWNSTREAM_TRANSPORT_FAILURE_REASON% %DOWNSTREAM_HANDSHAKE_DURATION%\\n" } }
'''))
def _(proxy):
    shown = ['-cert', proxy.tls / 'shop.crt', '-key', proxy.tls / 'shop.key']
    shop, partners = ['-servername', 'shop.example'], ['-servername', 'partners.example']
    run('curl', '--silent', '--tls-max', '1.2', '--connect-to', f'shop.example::127.0.0.1:{proxy.port}',
        'https://shop.example/')
    wanted = ['TLS_error:|268436504:SSL_routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA']
    for words, number, reason in [
            ([*partners, '-tls1_2'], 268435648, 'PEER_DID_NOT_RETURN_A_CERTIFICATE:peer_did_not_provide_required_'
                                                'client_certificate'),
            ([*partners, '-tls1_3', '-ign_eof'], 268435648, 'PEER_DID_NOT_RETURN_A_CERTIFICATE:peer_did_not_provide_'
                                                            'required_client_certificate'),
            ([*partners, '-tls1_2', *shown], 268435581, 'CERTIFICATE_VERIFY_FAILED:verify_cert_failed'),
            ([*shop, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], 268435696, 'UNSUPPORTED_PROTOCOL'),
            ([*shop, '-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-CCM'], 268435640, 'NO_SHARED_CIPHER')]:
        proxy.openssl(*words)
        wanted.append(f'TLS_error:|{number}:SSL_routines:OPENSSL_internal:{reason}')
    proxy.get('/well')
    log = proxy.tls / 'access.log'
    eventually(lambda: log.exists() and log.read_text().count('\n') == len(wanted) + 1, 'lines are missing')
    *failed, well = log.read_text().splitlines()
    for line, start in zip(failed, wanted):
        expect(line.startswith(start) and line.endswith(':TLS_error_end -'), f'{line}, not {start}')
    expect(re.fullmatch(r'- \d+', well), well)


def serial(proxy, name='shop.example'):
    with proxy.shake(name) as one:
        return one.getpeercert()['serialNumber']


@case('files that are replaced are used by new handshakes, and connections stay', ours=True, alone=True)
def _(proxy):
    before = serial(proxy)
    with proxy.shake('shop.example') as one:
        expect(asked(one, '/before', 'shop.example')[0] == 200, 'no answer')
        proxy.replace('shop', 'renewed')
        eventually(lambda: serial(proxy) != before, 'the new certificate is not used')
        expect(asked(one, '/same-connection', 'shop.example')[0] == 200, 'the connection did not stay')


@case('files behind a symbolic link that is swapped, as Kubernetes does, are used', ours=True, alone=True)
def _(proxy):
    first, second = proxy.tls / '..first', proxy.tls / '..second'
    for folder, source in ((first, 'shop'), (second, 'renewed')):
        folder.mkdir()
        for kind in ('crt', 'key'):
            shutil.copy(proxy.tls / f'{source}.{kind}', folder / f'shop.{kind}')
    os.symlink('..first', proxy.tls / '..data')
    for kind in ('crt', 'key'):
        os.symlink(f'..data/shop.{kind}', proxy.tls / 'new')
        os.rename(proxy.tls / 'new', proxy.tls / f'shop.{kind}')
    before = serial(proxy)
    os.symlink('..second', proxy.tls / 'new')
    os.rename(proxy.tls / 'new', proxy.tls / '..data')
    eventually(lambda: serial(proxy) != before, 'the new certificate is not used')


@case('a pair that does not fit leaves the old one in use, and is counted', ours=True, alone=True)
def _(proxy):
    before = serial(proxy)
    proxy.replace('shop', 'text', 'crt')
    eventually(lambda: BAD_FILE.search(proxy.ask('/stats')), 'no counter tells')
    expect(serial(proxy) == before, 'the old one is not in use')
    eventually(lambda: f'{proxy.tls}/shop.crt' in proxy.log.read_text(errors='replace'), 'no line names the file')
    proxy.replace('shop', 'renewed')
    eventually(lambda: serial(proxy) != before, 'a good pair is not used afterwards')


@case('trusted authorities that are replaced are used', ours=True, alone=True)
def _(proxy):
    expect(proxy.get('/trusted', 'partners.example', certificate='client')[0] == 200, 'no answer')
    proxy.replace('clients-ca', 'ca', 'crt')

    def is_refused():
        try:
            return proxy.get('/trusted', 'partners.example', certificate='client')[0] != 200
        except (OSError, Failure):
            return True

    eventually(is_refused, 'the old authority is still trusted')
    expect(proxy.get('/now', 'partners.example', certificate='shop')[0] == 200, 'the new one is not')


def validated(command, path):
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=120)
    return None if done.returncode == 0 else (done.stdout + done.stderr)[-1500:]


BAD_FILES = {
    'a key of another certificate': {'shop.key': 'partners.key'},
    'a certificate that is not there': {'shop.crt': 'no.crt'},
    'a key that is not there': {'shop.key': 'no.key'},
    'a certificate that is no PEM': {'shop.crt': 'text.crt'},
    'a key that is no PEM': {'shop.key': 'text.key'},
    'authorities that are no PEM': {'clients-ca.crt': 'text.crt'},
    'a folder in the place of a file': {'shop.crt': 'folder.crt'},
    'an expired certificate': {'shop.crt': 'expired.crt', 'shop.key': 'expired.key'},
}


def loads(command, is_envoy, text, folder):
    """Yields what was tried and what is wrong: the file as it is, and bad files in it, which have to be named."""
    path = folder / 'load.yaml'

    def verdict(changes):
        changed = text
        for old, new in changes.items():
            changed = replaced(changed, f'tls/{old} ', f'tls/{new} ')
        path.write_text(changed.replace('/etc/understudy/tls', str(folder)))
        return validated(command, path)

    yield 'loads it', verdict({})
    for what, changes in BAD_FILES.items():
        if is_envoy and 'expired' in what:
            continue  # It loads them.
        words = verdict(changes)
        named = words and str(folder / next(iter(changes.values()))) in words
        yield f'refuses {what}', None if named else f'no path in {words}' if words else 'it loads'


def play_all(binary, is_envoy, text, tls, folder, only, count):
    """Plays the cases, those that change nothing against one process."""
    shared = None
    try:
        for title, ours, edits, alone, play in CASES:
            if only not in title or ours and is_envoy:
                continue
            proxy = None
            try:
                proxy = shared if shared and not alone else Proxy(binary, is_envoy, text, edits, tls, folder)
                shared = shared if alone else proxy
                play(proxy)
                expect(proxy.process.poll() is None, 'the process ended')
                count(title, None)
            except Exception as error:  # Whatever a bad answer makes of a case counts as wrong.
                count(title, f'{error}' if isinstance(error, Failure) else f'{error!r}')
            finally:
                if proxy and proxy is not shared:
                    proxy.end()
    finally:
        if shared:
            shared.end()


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
        folder = pathlib.Path(folder)
        tls = folder / 'tls'
        tls.mkdir()
        certificates(tls)
        for name, binary, is_envoy in who:
            command = [binary, *(['--mode', 'validate', '-l', 'critical', '-c'] if is_envoy else ['validate'])]
            for what, wrong in [] if arguments.only else loads(command, is_envoy, text, tls):
                count(f'{name} {what}', wrong)
            play_all(binary, is_envoy, text, tls, folder, arguments.only,
                     lambda title, wrong: count(f'{name}: {title}', wrong))
    if not arguments.envoy:
        print('Envoy was not asked, since there is none')
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
