# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""The files of hostile.py: what each is called, how it is made, and what has to be said of it.

Large files are written piece by piece, so that the test itself stays small: the system counts the memory of the
process that starts another one towards that other one.
"""
import dataclasses
import os
import pathlib
import re
import socket
from typing import Callable

# A little over what is read at all, and a little under it.
OVER, UNDER = 10_000_000, (8 << 20) - 4096

BASE = '''static_resources:
  listeners:
  - name: main
    address: {socket_address: {address: 127.0.0.1, port_value: 0}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: ingress_http
#manager
          route_config:
            virtual_hosts:
#hosts
            - name: rest
              domains: ["*"]
              routes:
#routes
              - {match: {prefix: "/"}, direct_response: {status: 200, body: {inline_string: "old"}}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
#clusters
  - {name: c1, type: STATIC, connect_timeout: 1s, load_assignment: {cluster_name: c1, endpoints: []}}
#end
'''


@dataclasses.dataclass
class Case:
    """One file and the verdict on it."""
    name: str
    make: Callable[[pathlib.Path], None]
    # A regular expression for the message; None: the file is accepted.
    says: str | None = None
    # What the process may take; None: only reported.
    seconds: float | None = 2
    megabytes: int | None = 200
    # Also given to a serving process, whose old configuration has to go on.
    reload: bool = False


def text(data):
    return lambda path: path.write_bytes(data if isinstance(data, bytes) else data.encode())


def filled(size, piece, head='', tail='', first=0):
    """A file of about `size` bytes: `piece` over and over, each time with a number in it if it asks for one."""
    def make(path):
        with path.open('w') as file:
            written, number = file.write(head), first
            while written + len(tail) < size:
                block = ''.join(piece.replace('%d', str(n)) for n in range(number, number + 64))
                if written + len(block) + len(tail) > size:
                    block = piece.replace('%d', str(number)) if '\n' in piece else block[:size - written - len(tail)]
                written += file.write(block)
                number += 64
            file.write(tail)
    return make


def base(**places):
    """The base file with lines at the marked places."""
    result = BASE
    for place, lines in places.items():
        result = result.replace(f'#{place}\n', lines)
    return result


def many(place, line, count, head='', tail=''):
    """The base file with `count` numbered lines at a marked place."""
    def make(path):
        before, after = BASE.split(f'#{place}\n')
        with path.open('w') as file:
            file.write(before + head)
            for start in range(0, count, 1000):
                file.write(''.join(line.replace('%d', str(n)) for n in range(start, min(count, start + 1000))))
            file.write(tail + after)
    return make


def full():
    """Files that have nearly as many values as may be: all of them are read before anything is wrong.

    Such a file costs what a good one of its size costs; the debug build takes up to twice the time.
    """
    clusters = 'static_resources:\n  clusters:\n'
    for name, piece, head, tail, count in [
            ('list items', '- 1\n', '', '', 395_000),
            ('list items on one line', '1,', '[', '1]\n', 395_000),
            ('empty mappings', '{},', '[', '{}]\n', 395_000),
            ('keys', 'k%d: 1\n', '', '', 195_000),
            ('quoted keys', '"k%d": 1,', '{', 'a: 1}', 195_000),
            ('clusters that are numbers', '  - 1\n', clusters, '', 395_000),
            ('nulls', '  - ~\n', clusters, '', 395_000),
            ('clusters without a name', '  - {name: ""}\n', clusters, '', 130_000),
            ('clusters of one name', '  - {name: x}\n', clusters, '', 130_000),
            ('anchors', '- &a%d 1\n', '', '', 395_000),
            ('aliases', '- *a\n', '- &a x\n', '', 395_000),
            ('tags', '- !!str 1\n', '', '', 395_000),
            ('comments', '# %d\n', '', '', 395_000),
            ('empty lines', '\n', '', '', 395_000),
            ('directives', '%TAG !t%d! tag:example.com,2000:\n', '', '--- 1\n', 1000)]:
        size = len(head) + len(tail) + sum(len(piece.replace('%d', str(n))) for n in range(count))
        yield Case(f'{count:,} {name}', filled(size, piece, head, tail), '.', 4, reload=name == 'keys')


def large():
    """Files of ten megabytes, and the same as large as they may be to be read at all."""
    kinds = [
        ('one long plain scalar', 'x', 'a: ', '\n', 'text too long|unknown'),
        ('one long quoted scalar', 'x', 'node: {id: "', '"}\n', 'text too long'),
        ('one long block scalar', 'x y z\n  ', 'a: |\n  ', '\n', None),
        ('one long key', 'k', '', ': 1\n', None),
        ('keys', 'k%d: 1\n', '', '', None),
        ('keys of a field', '  k%d: 1\n', 'admin:\n', '', None),
        ('the same key', 'admin: {}\n', '', '', None),
        ('list items', '- 1\n', '', '', None),
        ('list items on one line', '1,', '[', '1]\n', None),
        ('empty lists', '[],', '[', '1]\n', None),
        ('empty mappings in a known list', '{},', 'static_resources: {clusters: [', ']}\n', None),
        ('nulls', '~,', '[', '~]\n', None),
        ('comments', '# comment\n', '', '', None),
        ('comments behind values', 'k%d: 1 # and so on\n', '', '', None),
        ('empty lines', '\n', '', '', None),
        ('empty lines in brackets', '\n ', 'node: [', ']\n', None),
        ('blanks', ' ', '', '\n', 'empty'),
        ('tabs', '\t', '', '\n', None),
        ('colons', ':', '', '\n', None),
        ('colons with blanks', ': ', '', '\n', None),
        ('question marks', '? ', '', '\n', None),
        ('hyphens', '- ', '', '\n', None),
        ('wrong values', '  - {name: 1}\n', 'static_resources:\n  clusters:\n', '', None),
        ('unknown fields', '  - {nmae: x}\n', 'static_resources:\n  clusters:\n', '', None),
        ('empty documents', '---\n', '', '', None),
        ('document ends', '...\n', '', '', None),
        ('anchors', '- &a%d 1\n', '', '', None),
        ('anchors without blanks', '&a', '', ' 1\n', None),
        ('aliases', '*a,', '[&a x,', '*a]\n', None),
        ('aliases of nothing', '*a,', '[', '*a]\n', None),
        ('tags', '- !t%d 1\n', '', '', None),
        ('long tags', '!t', '', ' 1\n', None),
        ('directives', '%TAG !t%d! tag:example.com,2000:\n', '', '--- 1\n', None),
        ('one directive', '%YAML 1.1\n', '', '--- 1\n', None),
        ('unknown directives', '%X y\n', '', '--- 1\n', None),
        ('merge keys', '<<: {a%d: 1}\n', '', '', None),
        ('flow mappings in a list', '- {a: {b: {c: 1}}}\n', '', '', None),
        ('escapes', '\\u0041', 'node: {id: "', '"}\n', None),
        ('unfinished escapes', '\\x', 'node: {id: "', '"}\n', None),
        ('emoji', '\U0001F600', 'node: {id: "', '"}\n', None),
        ('quotes', '"a",', '[', '"a"]\n', None),
        ('single quotes', "'", '', '\n', None),
        ('NUL', '\0', '', '', None),
        ('JSON', '{"k": [1, 2, {"a": null}]},', '[', '{}]\n', None),
        ('JSON strings', '"x\\ny",', '{"static_resources": [', '""]}', None),
        ('open sequences', '[', '', '', None),
        ('open mappings', '{', '', '', None),
        ('open mappings with keys', '{"a":', '', '', None),
        ('open block sequences', '- ', '', '1', None),
        ('open explicit keys', '? ', '', '1', None),
    ]
    for name, piece, head, tail, says in kinds:
        yield Case(f'10 MB of {name}', filled(OVER, piece, head, tail), 'larger than 8 MiB',
                   reload=name in ('keys', 'NUL'))
        yield Case(f'8 MiB of {name}', filled(UNDER, piece, head, tail), says or '.', reload=name == 'wrong values')
    # Only the first document is read.
    yield Case('8 MiB of documents', filled(UNDER, '--- 1\n', 'static_resources: {}\n', ''))
    deep = '\n'.join(' ' * n + 'a:' for n in range(4000))
    yield Case('8 MiB of indentation', text(deep), '.')


BOMB = 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n' + ''.join(
    f'a{n}: &a{n} [{",".join([f"*a{n - 1}"] * 10)}]\n' for n in range(1, 12))


def aliases():
    for fuse in ['static_resources: *a11', 'admin: {address: *a11}', '? *a11\n: 1', '*a11 : 1', 'q: {[*a11]: 1}',
                 'q: {? *a11 : 1}', '<<: *a11', '{}']:
        yield Case(f'an alias bomb and {fuse!r}', text(BOMB + fuse + '\n'), '.', reload=fuse.startswith('static'))
    routes = '- &r {match: {prefix: /}, route: {cluster: c1}}\n'.rjust(65)
    yield Case('a million aliases of a route', many('routes', ' ' * 14 + '- *r\n', 1_000_000), '.')
    yield Case('200,000 aliases of a route', text(
        base(routes=' ' * 14 + routes.strip() + '\n' + (' ' * 14 + '- *r\n') * 200_000)), '.')
    squared = ''.join(f'a{n}: &a{n} {{b: *a{n - 1}, c: *a{n - 1}}}\n' for n in range(1, 40))
    yield Case('an alias bomb of mappings', text('a0: &a0 {x: y}\n' + squared + 'static_resources: *a39\n'), '.')
    yield Case('an alias inside what it names', text('static_resources: &a {clusters: *a}\n'), 'alias|unknown')
    yield Case('a long text behind many aliases', text(
        'static_resources:\n  clusters:\n  - name: &n "' + 'x' * 30_000 + '"\n' + '  - name: *n\n' * 3000), 'too large')
    yield Case('one anchor over and over', text(
        'a: &a [x,x,x,x]\n' + 'b: &a [*a,*a,*a,*a]\n' * 40 + '? *a\n: 1\n'), '.')


def nesting():
    for opening, closing in [('[', ']'), ('{a: ', '}'), ('- ', ''), ('? ', ''), ('{', '}'), ('{? ', '}'),
                             ('[{a: [', ']}]'), ('{"a":', '}'), ('["a",', ']')]:
        for depth in (90, 1000, 50_000):
            yield Case(f'{depth:,} times {opening!r}', text(opening * depth + '1' + closing * depth + '\n'), '.',
                       reload=depth == 50_000 and opening == '[')
    steps = ''.join(' ' * n + f'a{n}:\n' for n in range(3000))
    yield Case('3000 mappings by indentation', text(steps), '.')
    rules = '{and_rules: {rules: [' * 60 + '{any: true}' + ']}}' * 60
    yield Case('60 rules in one another', text(base(manager='          x: ' + rules + '\n')), 'unknown')
    matcher = '{not_match: ' * 200 + '{any_match: true}' + '}' * 200
    yield Case('200 matchers in one another', text(base(
        manager='          access_log: [{filter: ' + matcher + '}]\n')), '.')
    filters = '{and_filter: {filters: [' * 200 + '{not_health_check_filter: {}}' + ']}}' * 200
    yield Case('200 filters in one another', text(base(
        manager=f'          access_log: [{{name: a, filter: {filters}}}]\n')), 'nested too deeply')
    struct = '{a: ' * 300 + '1' + '}' * 300
    yield Case('300 mappings in a free-form value', text(base(
        end=f'layered_runtime: {{layers: [{{name: a, static_layer: {struct}}}]}}\n')), '.')


def encodings():
    good = base()
    yield Case('Latin-1', text('node: {id: "caf\xe9"}\n'.encode('latin-1')), r':1:16  error: not UTF-8', reload=True)
    for name in ('utf-16', 'utf-16-le', 'utf-16-be', 'utf-32'):
        yield Case(name.upper(), text(good.encode(name)), 'not UTF-8|control|NUL')
    yield Case('overlong', text(b'node: {id: "\xc0\xaf"}\n'), r':1:13  error: not UTF-8')
    yield Case('a lone surrogate', text(b'node: {id: "\xed\xa0\x80"}\n'), r':1:13  error: not UTF-8')
    yield Case('a lone surrogate as an escape', text('node: {id: "\\ud800"}\n'), '.')
    yield Case('beyond Unicode', text(b'node: {id: "\xf5\x80\x80\x80"}\n'), 'not UTF-8')
    yield Case('a character cut short', text(b'node: {id: "\xf0\x9f'), 'not UTF-8')
    yield Case('a NUL', text(b'node: {id: "a\0b"}\n'), '.')
    yield Case('8 MiB of good text and a wrong byte', lambda path: path.write_bytes(b'# \n' * 2_000_000 + b'\xff'),
               'not UTF-8')
    yield Case('a byte order mark', text(b'\xef\xbb\xbf' + good.encode()))
    yield Case('a byte order mark in the middle', text(base(hosts='\ufeff')), '.')
    yield Case('an executable', text(pathlib.Path('/bin/ls').read_bytes()), 'not UTF-8|control')


def keys():
    yield Case('a key twice', text(base(end='static_resources: {}\n')), 'more than once', reload=True)
    yield Case('a key twice in a mapping', text('node: {id: a, id: b}\n'), r'"id" is given more than once')
    yield Case('a key in both spellings', text('static_resources: {}\nstaticResources: {}\n'), 'repeats')
    yield Case('a merge key', text('x: &x {}\nstatic_resources:\n  <<: *x\n'), '.')
    yield Case('a key that is a list', text('? [a]\n: 1\n'), '.')
    yield Case('a key that is nothing', text(': 1\n'), '.')
    yield Case('100,000 keys twice', text(''.join(f'k{n}: 1\n' for n in [*range(50_000), *range(50_000)])), '.')


def numbers():
    manager = '          {}\n'
    for value in ['99999999999999999999', '1e400', '-1', '0x' + 'f' * 60, '1' * 30_000, '.inf', '.nan', '4294967296']:
        yield Case(f'max_requests_per_connection: {value[:20]}', text(base(
            manager=manager.format(f'common_http_protocol_options: {{max_requests_per_connection: {value}}}'))), '.')
    for value in ['9223372036s', '-1s', '1e9s', '1' * 30_000 + 's', '0.' + '1' * 30_000 + 's', '1', 'nans', 's', '1m',
                  '{seconds: 9223372036854775807}', '{seconds: 1, nanos: 1000000000}']:
        yield Case(f'request_timeout: {value[:30]}', text(base(manager=manager.format(f'request_timeout: {value}'))),
                   'duration|integer|range|whole|positive', reload=value == '-1s')
    yield Case('a port of 70000', text(base().replace('port_value: 0', 'port_value: 70000')), '.')


def patterns():
    route = '              - {match: {safe_regex: {regex: \'%s\'}}, route: {cluster: c1}}\n'
    for name, pattern, is_good in [
            ('counted repetition', '((a{100}){100}){100}', False),
            ('a thousand times a thousand', '(a{1000}){1000}', False),
            ('alternatives', '|'.join(f'(x{n}.*y)' for n in range(2000)), True),
            ('open parentheses', '(' * 10_000, False),
            ('nested groups', '(' * 900 + 'a' + ')' * 900, True), ('nested stars', '(' * 900 + 'a*' + ')*' * 900, True),
            ('classes', r'[\pL\pN]{900}' * 30, False), ('look-ahead', '(?=a)b', False),
            ('a back-reference', r'(a)\1', False), ('an open class', '[a', False),
            ('wide ranges', '.{1000}' * 100, False),
            ('too many letters', 'a' * 40_000, False), ('letters and stars', 'a*' * 15_000, True)]:
        yield Case(f'a pattern of {name}', text(base(routes=route % pattern)), None if is_good else '.',
                   reload=name == 'counted repetition')
    yield Case('3000 good patterns', many('routes', route % '/a%d/[a-z]+(?:b|c)*', 3000), None, None, None)


def special(folder):
    """What is no ordinary file."""
    def linked(target):
        return lambda path: path.symlink_to(target)

    def listening(path):
        # The name of a socket stays when the socket is gone.
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))

    def loop(path):
        (path.parent / 'other').unlink(missing_ok=True)
        (path.parent / 'other').symlink_to(path)
        path.symlink_to(path.parent / 'other')

    def chain(path):
        before = path.parent / 'good.yaml'
        before.write_text(base())
        for n in range(60):
            link = path.parent / f'link{n}'
            link.unlink(missing_ok=True)
            link.symlink_to(before)
            before = link
        path.symlink_to(before)

    def good(path):
        target = path.parent / 'good.yaml'
        target.write_text(base())
        path.symlink_to(target)

    yield Case('no such file', lambda path: None, 'no such file', reload=True)
    yield Case('a directory', lambda path: path.mkdir(), 'a directory, not a file', reload=True)
    yield Case('a link to a directory', linked('/tmp'), 'a directory, not a file', reload=True)
    yield Case('a link to a file', good)
    yield Case('a link to nothing', linked('/nonexistent/x'), 'a link that leads nowhere')
    yield Case('a link to itself', lambda path: path.symlink_to(path), 'a link that leads nowhere', reload=True)
    yield Case('two links to each other', loop, 'a link that leads nowhere')
    yield Case('60 links in a row', chain, 'a link that leads nowhere')
    yield Case('a link to /dev/zero', linked('/dev/zero'), 'a device, not a file', reload=True)
    yield Case('a link to /dev/urandom', linked('/dev/urandom'), 'a device, not a file')
    yield Case('a link to /dev/null', linked('/dev/null'), 'a device, not a file')
    yield Case('a link to /dev/full', linked('/dev/full'), 'a device, not a file')
    yield Case('a pipe that nobody writes', lambda path: os.mkfifo(path), 'a pipe, not a file', reload=True)
    yield Case('a link to a pipe', lambda path: (os.mkfifo(path.parent / 'fifo'), path.symlink_to(
        path.parent / 'fifo')), 'a pipe, not a file')
    yield Case('a socket', listening, 'a socket, not a file', reload=True)
    yield Case('an empty file', text(''), 'empty', reload=True)
    yield Case('a file of one blank', text(' '), 'empty')
    yield Case('a file below a file', lambda path: None, 'no such file')
    yield Case('a sparse file of a terabyte', lambda path: (path.touch(), os.truncate(path, 1 << 40)), 'larger than')
    yield Case('/proc/self/mem', linked('/proc/self/mem'), 'cannot be read|cannot be opened')
    yield Case('/proc/self/maps', linked('/proc/self/maps'), '.')


def named(folder):
    """Files that a configuration names."""
    kinds = {'a directory': '/tmp', 'a device': '/dev/zero', 'random bytes': '/dev/urandom',
             'nothing': '/nonexistent/x', 'a pipe': f'{folder}/fifo', 'a socket': f'{folder}/socket',
             'a link to itself': f'{folder}/loop',
             'a terabyte': f'{folder}/sparse', 'a name with a NUL': 'a\\0b', 'a long name': '/tmp/' + 'x' * 5000,
             'memory': '/proc/self/mem'}
    for name, path in kinds.items():
        shown = f'"{path}"'
        answer = f'{{status: 200, body: {{filename: {shown}}}}}'
        routes = f'              - {{match: {{prefix: /x}}, direct_response: {answer}}}\n'
        yield Case(f'{name} as the body of an answer', text(base(routes=routes)), '.', reload=name == 'a pipe')
        format_ = f'          local_reply_config: {{body_format: {{text_format_source: {{filename: {shown}}}}}}}\n'
        yield Case(f'{name} as a format', text(base(manager=format_)), '.')
        root = f'layered_runtime: {{layers: [{{name: a, disk_layer: {{symlink_root: {shown}}}}}]}}\n'
        says = '.' if name in ('nothing', 'a name with a NUL') else None
        yield Case(f'{name} as the root of a runtime layer', text(base(end=root)), says)


def legitimate():
    """Large files that somebody may mean: accepted, whatever that takes."""
    route = '              - {match: {prefix: "/r%d"}, route: {cluster: c1}}\n'
    yield Case('10,000 routes', many('routes', route, 10_000), None, None, None)
    yield Case('25,000 routes', many('routes', route, 25_000), None, None, None)
    host = '            - {name: h%d, domains: [h%d.com], routes: [{match: {prefix: /}, route: {cluster: c1}}]}\n'
    yield Case('10,000 virtual hosts', many('hosts', host, 10_000), None, None, None)
    # A list in a list counts as one.
    head, tail = ' ' * 12 + '- [', ']\n'
    json = '{"name": "h%d", "domains": ["h%d.com"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c1"}}]},'
    for count, seconds in (1000, 2), (10_000, None):
        yield Case(f'{count:,} virtual hosts on one line', many('hosts', json, count, head, tail), None, seconds)
    broken = re.sub(r'([{\[,]|(?=[]}]))', r'\1\n' + ' ' * 14, json)
    yield Case('10,000 virtual hosts, each on many lines', many('hosts', broken, 10_000, head, tail), None, None, None)
    domains = ''.join(f'              - h{n}.com\n' for n in range(100_000))
    yield Case('100,000 domains', text(base(
        hosts=f'            - name: many\n              domains:\n{domains}              routes: []\n'
    )), None, None, None)
    cluster = '  - {name: k%d, type: STATIC, load_assignment: {cluster_name: k%d}}\n'
    yield Case('10,000 clusters', many('clusters', cluster, 10_000), None, None, None)
    yield Case('25,000 clusters', many('clusters', cluster, 25_000), None, None, None)


def mistakes():
    line = '              - {match: {prefix: "/r%d"}, route: {cluster: gone%d}}\n'
    yield Case('100,000 mistakes', many('routes', line, 100_000), 'too large')
    yield Case('10,000 mistakes', many('routes', line, 10_000), 'unknown cluster', 4, reload=True)
    yield Case('1000 mistakes', many('routes', line, 1000), 'stopped after 100')


def cases(folder):
    for source in (special(folder), aliases(), nesting(), encodings(), keys(), numbers(), patterns(),
                   named(folder), mistakes(), legitimate(), full(), large()):
        yield from source
