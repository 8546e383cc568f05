# SPDX-License-Identifier: Apache-2.0
"""Takes out of a transcript what may differ from run to run, or from proxy to proxy."""
import re
import socket


def local_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:      # connect() on UDP sends nothing
        try:
            s.connect(('192.0.2.1', 9))
            return s.getsockname()[0]
        except OSError:
            return None


LOCAL = local_address()
UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')


def normalise(lines, ports):
    """`ports`: what to call a port in the text -> its number."""
    ids, out = {}, []
    for l in lines:
        # Numbered, not erased: "the same id on both" must stay visible.
        l = UUID.sub(lambda m: f'<id-{ids.setdefault(m.group(0), len(ids) + 1)}>', l)
        l = re.sub(r'^(  date: ).*', r'\1<date>', l, flags=re.I)
        l = re.sub(r'^(  server: )understudy$', r'\1envoy', l, flags=re.I)      # a proxy says its own name
        l = re.sub(r'^(  x-envoy-upstream-service-time: )\d+$', r'\1<ms>', l, flags=re.I)
        if LOCAL and l.lower().startswith(('  x-forwarded-for:', '  x-envoy-external-address:', '  x-peer:')):
            l = l.replace(LOCAL, '<local address>')
        l = re.sub(r'^(  x-envoy-expected-rq-timeout-ms: )(\d+)$',
                   lambda m: m.group(1) + str(-(-int(m.group(2)) // 250) * 250), l, flags=re.I)
        for name, port in ports.items():
            l = re.sub(rf':{port}\b', f':<port{name}>', l)
            l = re.sub(rf'^(  x-forwarded-port: ){port}$', rf'\1<port{name}>', l, flags=re.I)
        out.append(l)
    return out


def comparable(lines, strict):
    """Header order (between different names) is not compared unless --strict."""
    if strict:
        return lines
    out, block = [], []
    for l in lines + ['']:
        if re.match(r'  [^=>|\s]', l):
            block.append(l)
        else:
            out += sorted(block, key=lambda x: x.partition(': ')[0])
            block = []
            out.append(l)
    return out[:-1]
