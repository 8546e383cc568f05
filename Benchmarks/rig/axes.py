# SPDX-License-Identifier: Apache-2.0
"""What `make bench-growth` lets grow: for each axis its steps, and the configuration and requests of each."""
import dataclasses

from rig import configuration as c

# Lua for wrk: each request is another of `count` values; prepared before the load begins.
RANDOM = '''
local prepared = {{}}
function init()
    math.randomseed(8)
    for index = 1, 8192 do
        local number = math.random(0, {count} - 1)
        prepared[index] = wrk.format("GET", {path}, {headers})
    end
end
local next = 0
function request()
    next = next % #prepared + 1
    return prepared[next]
end
'''


@dataclasses.dataclass
class Step:
    """One row: the hosts and clusters of the configuration, and the requests that wrk sends."""
    label: str
    hosts: list
    clusters: tuple = ('primary',)      # all lead to the primary but those that are mirrors
    mirrors: int = 0
    path: str = '/'
    script: str | None = None
    idle: int = 0
    workers: int = 1
    is_pinned: bool = True


def requests(count, which, path='"/"', headers='{}'):
    """Lua: the last of all values, or any of them; `number` is what differs."""
    if which == 'random':
        return RANDOM.format(count=count, path=path, headers=headers)
    number = str(count - 1)
    return (f'wrk.method = "GET"\nlocal number = {number}\nlocal path = {path}\nlocal headers = {headers}\n'
            'local prepared\nfunction init() prepared = wrk.format("GET", path, headers) end\n'
            'function request() return prepared end\n')


# Routes

def by_domain(count):
    return [c.host([c.route(f'all-{n}', c.action())], f'host-{n}', [f'host-{n}.example.com']) for n in range(count)]


def by_prefix(count):
    return [c.host([c.route(f'route-{n}', c.action(), prefix=f'/service-{n:05}/') for n in range(count)])]


def by_path(count):
    return [c.host([c.route(f'route-{n}', c.action(), path=f'/service-{n:05}') for n in range(count)])]


ROUTES = {
    'virtual hosts': (by_domain, '"/"', '{["Host"] = "host-" .. number .. ".example.com"}'),
    'prefixes in one virtual host': (by_prefix, 'string.format("/service-%05d/item", number)', '{}'),
    'exact paths in one virtual host': (by_path, 'string.format("/service-%05d", number)', '{}'),
}


def routes(shape):
    make, path, headers = ROUTES[shape]
    return [Step(f'{count:,}, {which}', make(count), script=requests(count, which, path, headers))
            for count in (10, 100, 1000, 10000) for which in ('last', 'random')]


# Everything else

def clusters():
    hosts = [c.host([c.route('all', {'cluster_header': 'x-cluster'})])]
    return [Step(f'{count:,}, {which}', hosts, tuple(f'cluster-{n}' for n in range(count)),
                 script=requests(count, which, headers='{["x-cluster"] = "cluster-" .. number}'))
            for count in (1, 10, 100, 1000) for which in ('last', 'random') if count > 1 or which == 'last']


def mirrors():
    names = ('mirror', *(f'mirror-{n}' for n in range(2, 6)))
    return [Step(str(count), [c.host([c.route('all', c.action(names[:count]))])], ('primary', *names[:count]), count)
            for count in range(6)]


def idle():
    return [Step(f'{count:,}', one_mirror(), ('primary', 'mirror'), 1, idle=count) for count in (1, 100, 1000, 10000)]


def workers():
    return [Step(str(count), one_mirror(), ('primary', 'mirror'), 1, workers=count, is_pinned=False)
            for count in (1, 2)]


def one_mirror():
    return [c.host([c.route('all', c.action(['mirror']))])]


AXES = {
    **{f'routes: {shape}': (lambda shape=shape: routes(shape)) for shape in ROUTES},
    'clusters': clusters,
    'mirrors per request': mirrors,
    'idle connections beside 64 busy': idle,
    'workers': workers,
}
