# SPDX-License-Identifier: Apache-2.0
"""The primary and its mirrors: nginx, which counts requests itself, and a mirror that never answers."""
import os
import pathlib
import pwd
import subprocess
import sys
import time
import urllib.request

from rig.processes import LOAD_CORE, Session, free_port

MEGABYTE = 1_000_000
# What nginx needs to run in a folder, for upstreams and proxy alike.
NGINX = '''
daemon off; master_process off; pid {folder}/{name}.pid; error_log {folder}/{name}.log crit; {user}
events {{ worker_connections 16384; }}
http {{
    access_log {log}; keepalive_requests 1000000000; keepalive_timeout 600s; client_max_body_size 0;
    client_body_buffer_size 2m; proxy_max_temp_file_size 0; sendfile on; tcp_nopush on;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    {http}
}}
'''
# `/body` answers when the whole body is here: `mirror` reads it, and what would then refuse the method answers instead.
HTTP = '''
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {folder}/files;
        location / {{ return 200 "hello\\n"; }}
        location = /large {{ }}
        location = /body {{ mirror /read; error_page 404 405 =200 @hello; }}
        location = /read {{ internal; return 204; }}
        location @hello {{ return 200 "hello\\n"; }}
        location = /requests {{ stub_status; }}
    }}
'''


def nginx_configuration(name, folder, http, log='off'):
    user = f'user {pwd.getpwuid(0).pw_name};' if os.geteuid() == 0 else ''
    return NGINX.format(name=name, folder=folder, http=http, log=log, user=user)


def make_certificate(folder):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                    '-days', '2', '-subj', '/CN=localhost', '-keyout', folder / 'key.pem',
                    '-out', folder / 'cert.pem'], check=True, capture_output=True)


class Upstreams:
    """Ports by name: `primary`, `mirror`, further mirrors, and `silent`, which never answers and does not count."""

    def __init__(self, nginx, folder, undo, mirrors=2, silent=True):
        self.folder = folder
        self.names = ['primary', 'mirror', *(f'mirror-{n}' for n in range(2, mirrors + 1))]
        self.ports = {name: free_port() for name in self.names}
        self.asked = dict.fromkeys(self.names, 0)
        files = folder / 'files'
        files.mkdir()
        (files / 'large').write_bytes(b'x' * MEGABYTE)
        for name in self.names:
            path = folder / f'upstream-{name}.conf'
            path.write_text(nginx_configuration(f'upstream-{name}', folder,
                                                HTTP.format(port=self.ports[name], folder=folder)))
            self.start(undo, [nginx, '-c', path], name)
        if silent:
            self.ports['silent'] = free_port()
            script = pathlib.Path(__file__).with_name('silence.py')
            self.start(undo, [sys.executable, script, self.ports['silent']], 'silent')

    def start(self, undo, command, name):
        session = Session(command, LOAD_CORE, self.ports[name], self.folder / f'upstream-{name}.out')
        undo.callback(session.kill)

    def count(self, name):
        """Requests it has answered, without the ones that asked."""
        with urllib.request.urlopen(f'http://127.0.0.1:{self.ports[name]}/requests', timeout=5) as answer:
            total = int(answer.read().split(b'\n')[2].split()[2])
        self.asked[name] += 1
        return total - self.asked[name]

    def counts(self):
        return {name: self.count(name) for name in self.names}

    def settled(self, mirrors, before):
        """Counts since `before` once the mirrors have caught up, or have made no progress for half a second."""
        last, since = None, time.monotonic()
        while True:
            now = {name: self.count(name) - before[name] for name in ('primary', *mirrors)}
            behind = any(now[name] < now['primary'] for name in mirrors)
            if now == last and (not behind or time.monotonic() - since > 0.5):
                return now
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.02)
