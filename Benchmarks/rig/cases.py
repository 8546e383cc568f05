# SPDX-License-Identifier: Apache-2.0
"""What `make bench` measures, and how far ahead Understudy has to be in it."""
import dataclasses

from rig.upstreams import MEGABYTE

KIB = 1024
# What a browser says of itself: long values, where a load generator's are short.
BROWSER = (
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    'Accept-Language: en-GB,en;q=0.7,de;q=0.3',
    'Accept-Encoding: gzip, deflate, br',
    'Referer: https://www.example.com/some/page?with=a&few=parameters',
    'Cookie: session=6f1ed002ab5595859014ebf0951522d9; theme=dark; seen=1764500000',
)
# p50 and p99 of clients beside a bad mirror, to those of the same round beside a good one.
LATENCY_LIMIT = 1.10


@dataclasses.dataclass(frozen=True)
class Variant:
    """The same case with something changed, as rows of its own."""
    name: str
    kinds: tuple = ('understudy',)
    mirrors: tuple | None = None
    log: bool = False


@dataclasses.dataclass(frozen=True)
class Case:
    """`limits` is the CPU per request that Understudy may take, by peer, as a share of the peer's."""
    name: str
    mirrors: tuple = ()
    protocol: str = 'http'
    path: str = '/'
    body: int = 0
    headers: tuple = ()
    connections: int = 64
    kinds: tuple = ('understudy', 'envoy', 'nginx')
    limits: dict = dataclasses.field(default_factory=dict)
    timeout: str | None = None
    silent: bool = False
    variants: tuple = ()
    latency: str | None = None       # the variant whose p50 and p99 Understudy's are held against


EVERYONE = ('understudy', 'envoy', 'nginx', 'haproxy')       # HAProxy mirrors only with an agent beside it
ONE, TWO = ('mirror',), ('mirror', 'mirror-2')
CASES = [
    Case('GET', kinds=EVERYONE, limits={'envoy': 0.42, 'nginx': 1.25}),
    Case('GET + mirror', ONE, limits={'envoy': 0.30, 'nginx': 0.35}),
    Case("GET + mirror, a browser's headers", ONE, headers=BROWSER),
    Case('GET + two mirrors', TWO),
    Case('POST 10 KiB', path='/body', body=10 * KIB, kinds=EVERYONE),
    Case('POST 10 KiB + mirror', ONE, path='/body', body=10 * KIB, limits={'envoy': 0.33, 'nginx': 0.35}),
    Case('HTTPS GET + mirror', ONE, protocol='https', limits={'envoy': 0.36, 'nginx': 0.55}),
    Case('HTTP/2 GET + mirror', ONE, protocol='h2', limits={'envoy': 0.60}),
    # nginx answers each connection once and then hangs with its mirror.
    Case('GET, mirror never answers', ('silent',), kinds=('understudy', 'envoy'), limits={'envoy': 0.35}, timeout='1s',
         silent=True, variants=(Variant('healthy mirror', mirrors=ONE),), latency='healthy mirror'),
    Case('1 MB answers', path='/large', kinds=EVERYONE),
    Case('1 MB answers + mirror', ONE, path='/large'),
    Case('1 MB requests + mirror', ONE, path='/body', body=MEGABYTE),
    Case('GET + mirror, 1 connection', ONE, connections=1),
    Case('GET + mirror, 1,000 connections', ONE, connections=1000),
    Case('GET + mirror, access log', ONE, kinds=('understudy', 'envoy'),
         variants=(Variant('access log', ('understudy', 'envoy'), log=True),)),
]
