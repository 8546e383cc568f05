#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the field tables of docs/configuration.md from the comments in api/, between its two marker lines.

Run it after a change in api/.  With --check nothing is written, and it ends with 1 if the page is not up to date.
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / 'docs/configuration.md'
BEGIN, END = '<!-- fields: begin -->', '<!-- fields: end -->'
# The order in which a file nests them; anything else follows.
ORDER = ['Bootstrap', 'Admin', 'Listener', 'FilterChain', 'Filter', 'HttpConnectionManager', 'HttpFilter', 'Router',
         'RouteConfiguration', 'VirtualHost', 'Route', 'RouteMatch', 'RouteAction', 'RequestMirrorPolicy',
         'RuntimeFractionalPercent', 'FractionalPercent', 'Cluster', 'ClusterLoadAssignment', 'LocalityLbEndpoints',
         'LbEndpoint', 'Endpoint', 'Address', 'SocketAddress', 'RegexMatcher']
SHORT = {'google.protobuf.Duration': 'duration', 'google.protobuf.Any': 'typed config', 'bool': 'true/false',
         'google.protobuf.BoolValue': 'true/false', 'google.protobuf.UInt32Value': 'number', 'uint32': 'number',
         'string': 'text'}


def read(path):
    """-> {message: (package, summary, [(field, type, comment)])}, {enum: [values]}"""
    messages, enums, stack, comment, package = {}, {}, [], [], ''
    for raw in path.read_text().splitlines():
        line = raw.strip()
        if line.startswith('//'):
            comment.append(line[2:].strip())
            continue
        if found := re.match(r'package ([\w.]+);', line):
            package = found[1]
        elif found := re.match(r'(message|enum|oneof) (\w+) \{(\})?', line):
            if found[1] == 'message':
                messages[found[2]] = (package, ' '.join(comment), [])
            elif found[1] == 'enum':
                enums[found[2]] = []
            if not found[3]:
                stack.append((found[1], found[2]))
        elif line == '}':
            stack.pop()
        elif stack and stack[-1][0] == 'enum' and (found := re.match(r'(\w+) = \d+', line)):
            enums[stack[-1][1]].append(found[1])
        elif stack and (found := re.match(r'(repeated )?([\w.]+) (\w+) = \d+', line)):
            owner = next(name for kind, name in reversed(stack) if kind == 'message')
            messages[owner][2].append(((found[1] or '') + found[2], found[3], ' '.join(comment)))
        comment = []
    return messages, enums


def type_text(name, messages, enums):
    repeated, name = name.startswith('repeated '), name.removeprefix('repeated ')
    short = name.split('.')[-1]
    if short in enums:
        text = ' '.join(f'`{value}`' for value in enums[short])
    elif short in messages:
        text = f'[{short}](#{short.lower()})'
    else:
        text = SHORT.get(name, name)
    return ('list of ' if repeated else '') + text


def tables():
    messages, enums = {}, {}
    for path in sorted((ROOT / 'api').rglob('*.proto')):
        found, values = read(path)
        messages |= found
        enums |= values
    rank = {name: index for index, name in enumerate(ORDER)}
    out = []
    for name in sorted(messages, key=lambda name: (rank.get(name, len(ORDER)), name)):
        package, summary, fields = messages[name]
        out += [f'### {name}', '', f'`{package}.{name}`: {summary}', '']
        if fields:
            out += ['| field | type | |', '|---|---|---|']
            out += [f'| `{field}` | {type_text(kind, messages, enums)} | {text} |' for kind, field, text in fields]
            out.append('')
    return '\n'.join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true')
    arguments = parser.parse_args()
    old = PAGE.read_text()
    head, rest = old.split(BEGIN)
    new = f'{head}{BEGIN}\n\n{tables()}\n{END}{rest.split(END)[1]}'
    if arguments.check:
        if old != new:
            print('docs/configuration.md is not up to date: run scripts/configuration-doc.py', file=sys.stderr)
            return 1
        print('docs/configuration.md lists the fields of api/')
        return 0
    PAGE.write_text(new)
    return 0


if __name__ == '__main__':
    sys.exit(main())
