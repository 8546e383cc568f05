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
ORDER = ['Bootstrap', 'Node', 'Locality', 'ClusterManager', 'StatsConfig', 'Admin', 'LayeredRuntime', 'RuntimeLayer', 'DiskLayer', 'OverloadManager', 'ResourceMonitor', 'FixedHeapConfig', 'DownstreamConnectionsConfig', 'OverloadAction', 'Trigger', 'ThresholdTrigger', 'StaticResources', 'Listener',
         'ListenerFilter', 'TlsInspector', 'FilterChain', 'FilterChainMatch', 'TransportSocket', 'RawBuffer',
         'DownstreamTlsContext', 'UpstreamTlsContext', 'CommonTlsContext', 'TlsParameters', 'TlsCertificate',
         'CertificateValidationContext', 'SubjectAltNameMatcher', 'WatchedDirectory', 'Filter', 'ConnectionLimit', 'RuntimeFeatureFlag', 'HttpConnectionManager', 'HttpConnectionManager.UpgradeConfig',
         'SetCurrentClientCertDetails', 'InternalAddressConfig', 'CidrRange', 'SchemeHeaderTransformation', 'RequestIDExtension', 'UuidRequestIdConfig',
         'core.HttpProtocolOptions', 'Http1ProtocolOptions', 'HeaderKeyFormat', 'TypedExtensionConfig',
         'PreserveCaseFormatterConfig', 'Http2ProtocolOptions', 'KeepaliveSettings', 'LocalReplyConfig', 'ResponseMapper', 'AccessLog', 'FileAccessLog', 'StdoutAccessLog', 'StderrAccessLog', 'HcmAccessLogOptions',
         'UpstreamAccessLogOptions', 'AccessLogFilter', 'StatusCodeFilter',
         'DurationFilter', 'ComparisonFilter', 'RuntimeUInt32', 'NotHealthCheckFilter', 'RuntimeFilter', 'AndFilter',
         'OrFilter', 'HeaderFilter', 'ResponseFlagFilter', 'HttpFilter', 'Router', 'Buffer', 'BufferPerRoute', 'RouteConfiguration', 'VirtualHost',
         'Route', 'RouteMatch', 'HeaderMatcher', 'QueryParameterMatcher', 'StringMatcher', 'RegexMatcher', 'RouteAction',
         'RequestMirrorPolicy', 'HeaderMutation', 'RemoveOnMatch', 'WeightedCluster', 'ClusterWeight',
         'RegexMatchAndSubstitute', 'RetryPolicy', 'RetryBackOff', 'RateLimitedRetryBackOff', 'ResetHeader',
         'RetryHostPredicate', 'PreviousHostsPredicate', 'InternalRedirectPolicy', 'RouteAction.UpgradeConfig',
         'ConnectConfig', 'MaxStreamDuration', 'HashPolicy', 'Header', 'Cookie', 'ConnectionProperties',
         'QueryParameter', 'RedirectAction', 'DirectResponseAction', 'NonForwardingAction', 'HeaderValueOption',
         'HeaderValue', 'SubstitutionFormatString', 'DataSource', 'RuntimeFractionalPercent', 'FractionalPercent',
         'Int64Range', 'FilterConfig', 'MirroringPerRoute', 'Mirroring', 'Total', 'Mirror', 'ClusterHeader', 'Hops',
         'xds.type.v3.TypedStruct', 'udpa.type.v1.TypedStruct', 'Cluster', 'ClusterLoadAssignment', 'LocalityLbEndpoints', 'LbEndpoint', 'Endpoint', 'LoadBalancingPolicy',
         'CommonLbConfig', 'CircuitBreakers', 'Thresholds', 'RetryBudget', 'HttpHealthCheck', 'TcpHealthCheck', 'Payload',
         'UpstreamConnectionOptions', 'TcpKeepalive', 'DnsCluster',
         'http.HttpProtocolOptions', 'ExplicitHttpConfig', 'UseDownstreamHttpConfig', 'AutoHttpConfig',
         'UpstreamHttpProtocolOptions', 'Address', 'SocketAddress']
SHORT = {'google.protobuf.Duration': 'duration', 'google.protobuf.Any': 'typed config', 'bool': 'true/false',
         'google.protobuf.BoolValue': 'true/false', 'google.protobuf.UInt32Value': 'number',
         'google.protobuf.UInt64Value': 'number', 'double': 'number', 'google.protobuf.Struct': 'free-form mapping', 'uint32': 'number',
         'uint64': 'number', 'int64': 'number', 'string': 'text', 'bytes': 'base64'}
FIELD = re.compile(r'(repeated )?(map<string, )?([\w.]+)>? (\w+) = \d+')


def read(path):
    """-> {full name: (summary, [(field, type, comment)])}, {full name: [values]}"""
    messages, enums, stack, comment, package = {}, {}, [], [], ''

    def scope():
        return '.'.join([package] + [name for kind, name in stack if kind == 'message'])

    for raw in path.read_text().splitlines():
        line = raw.strip()
        if line.startswith('//'):
            comment.append(line[2:].strip())
            continue
        if found := re.match(r'package ([\w.]+);', line):
            package = found[1]
        elif found := re.match(r'(message|enum|oneof) (\w+) \{(\})?', line):
            if found[1] == 'message':
                messages[f'{scope()}.{found[2]}'] = (' '.join(comment), [])
            elif found[1] == 'enum':
                enums[f'{scope()}.{found[2]}'] = []
            if not found[3]:
                stack.append((found[1], found[2]))
        elif line == '}':
            stack.pop()
        elif stack and stack[-1][0] == 'enum' and (found := re.match(r'(\w+) = \d+', line)):
            enums[f'{scope()}.{stack[-1][1]}'].append(found[1])
        elif stack and (found := FIELD.match(line)):
            kind = (found[1] or '') + ('map ' if found[2] else '') + found[3]
            messages[scope()][1].append((kind, found[4], ' '.join(comment)))
        comment = []
    return messages, enums


def headings(names):
    """-> {full name: heading}: as short as it can be without standing for two."""
    def candidates(name):
        parts = name.split('.')
        start = next(i for i, part in enumerate(parts) if part[0].isupper())
        nested = parts[start:]
        yield nested[-1]
        yield '.'.join(nested[-2:])
        yield f'{parts[start - 2]}.{nested[-1]}'       # before the version

    result = {}
    for name in names:
        for candidate in candidates(name):
            if sum(candidate in list(candidates(other)) for other in names) == 1:
                result[name] = candidate
                break
        else:
            result[name] = name
    return result


def resolve(name, scope, known):
    """The full name that a name means in a scope, as protoc looks it up; None if it is no message or enumeration."""
    parts = scope.split('.')
    for count in range(len(parts), -1, -1):
        full = '.'.join(parts[:count] + [name])
        if full in known:
            return full
    return None


def type_text(kind, scope, messages, enums, titles):
    words = kind.split(' ')
    name, full = words[-1], resolve(words[-1], scope, {**messages, **enums})
    if full in enums:
        text = ' '.join(f'`{value}`' for value in enums[full])
    elif full in messages:
        text = f'[{titles[full]}](#{titles[full].lower().replace(".", "")})'
    else:
        text = SHORT.get(name, name)
    return {'repeated': 'list of ', 'map': 'by name: '}.get(words[0] if len(words) > 1 else '', '') + text


def tables():
    messages, enums = {}, {}
    for path in sorted((ROOT / 'api').rglob('*.proto')):
        found, values = read(path)
        messages |= found
        enums |= values
    titles = headings(list(messages))
    rank = {name: index for index, name in enumerate(ORDER)}
    out = []
    for full in sorted(messages, key=lambda full: (rank.get(titles[full], len(ORDER)), titles[full])):
        summary, fields = messages[full]
        out += [f'### {titles[full]}', '', f'`{full}`: {summary}', '']
        if fields:
            out += ['| field | type | |', '|---|---|---|']
            for kind, field, text in fields:
                out.append(f'| `{field}` | {type_text(kind, full, messages, enums, titles)} | {text} |')
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
