# SPDX-License-Identifier: Apache-2.0
"""Spellings of a path that a route denies (path rules of the connection manager)."""
from kit.case import Case, Want, accepted, either, request

RULE = 'RFC 3986 section 6.2.2; normalize_path, merge_slashes, path_with_escaped_slashes_action'

DENIED = [
    b'/denied', b'/denied/', b'/denied/{id}', b'/denied?{id}', b'//denied', b'///denied', b'/./denied',
    b'/x/../denied', b'/../denied', b'/../../denied', b'/%64enied',
    b'/%64%65%6e%69%65%64', b'/%64%65%6E%69%65%64', b'/d%65nied', b'/%2e/denied', b'/%2E/denied', b'/x/%2e%2e/denied',
    b'/x/%2E%2e/denied', b'/x/.%2e/denied',
    b'/x/%2e./denied', b'/\\denied', b'/x\\..\\denied', b'/.\\denied', b'/x/..\\denied', b'/%2fdenied', b'/%2Fdenied',
    b'/%5cdenied', b'/%5Cdenied',
    b'/x%2f..%2fdenied', b'/x%5c..%5cdenied', b'/x%2f%2e%2e%2fdenied', b'/.;/denied', b'/x/..;/denied',
    b'/x/..;a=b/denied', b'/..;/denied', b'/./././denied',
    b'/x/./../denied', b'/x/y/../../denied', b'/x/..//denied', b'/denied/.', b'/denied/x/..', b'/denied/../denied',
    b'/denied%2f', b'/denied%2fx',
    b'/denied%5cx', b'/denied%3fx', b'/denied;a=b', b'/denied/%2e', b'/denied//x', b'/%2e%2f%2e%2fdenied',
    b'//%2e//denied', b'/x/%2e%2e%2f/denied', b'/%2e%2e%5cdenied',
    b'http://a.example/denied', b'http://a.example//denied', b'http://a.example/%64enied',
    b'http://a.example/x/../denied', b'/denied/%zz', b'/denied%',
    b'/x/%2e%2e;/denied', b'/x/.%2E;a=b/denied', b'/%2e;/denied', b'/x\\..;\\denied', b'/x/..;\\denied',
    b'/x\\.;\\..\\denied', b'/x/..%3b/denied', b'/x%5c..;%5cdenied',
    b'/%2e%2e;%2fdenied', b'/x/%2e%2e;/..;/denied', b'/d%65%6Eied', b'/x/y/%2e%2e/..;/denied', b'/%2F%2e%2E%2F%64enied',
]
# The canonical form is another path: served, and exactly that is forwarded.
FORWARDED = [
    (b'/{id}', b'/{id}'), (b'/{id}/../{id}', b'/{id}'), (b'/{id}//x', b'/{id}/x'), (b'/{id}/./x', b'/{id}/x'),
    (b'/denied/../{id}', b'/{id}'), (b'/denied/%2e%2e/{id}', b'/{id}'),
    (b'/{id}%2fx', b'/{id}/x'), (b'/{id}\\x', b'/{id}/x'), (b'/{id}%5cx', b'/{id}/x'), (b'/{id}/%41', b'/{id}/A'),
    (b'/{id}/%7e', b'/{id}/~'), (b'/{id}?a/../b//c', b'/{id}?a/../b//c'),
    (b'/{id}/%252e%252e/x', b'/{id}/%252e%252e/x'), (b'/{id}/%25', b'/{id}/%25'), (b'/{id}/..;/{id}/x', b'/{id}/x'),
    (b'/{id}/x/..', b'/{id}/'), (b'/{id}/.', b'/{id}/'),
    (b'/{id}/...', b'/{id}/...'), (b'/{id}/%20', b'/{id}/%20'), (b'/{id}/%3f', b'/{id}/%3f'),
    (b'/{id}/%23', b'/{id}/%23'), (b'/{id}?%2e%2e%2f', b'/{id}?%2e%2e%2f'),
    (b'/%252e%252e/denied/{id}', b'/%252e%252e/denied/{id}'),
]


def get(target):
    return request(b'X-Case: {id}\r\n', b'GET ' + target + b' HTTP/1.1')


def cases():
    for target in DENIED:
        yield Case(f'denied {target!r}', RULE, get(target), denied(), entry='paths')
        if b'%2f' not in target.lower() and b'%5c' not in target.lower():
            yield Case(f'denied {target!r}, refusing', RULE, get(target), denied(), entry='refusing')
    for target, path in FORWARDED:
        yield Case(f'forwarded {target!r}', RULE, get(target), accepted(target=path), entry='paths')
    for target in (b'/{id}%2fx', b'/{id}%5Cx', b'/x%2f{id}', b'/{id}%00', b'/{id}/%00/x'):
        yield Case(f'refused {target!r}', RULE, get(target), denied((400,)), entry='refusing')
    yield Case('an escaped zero byte', RULE, get(b'/{id}%00'), denied((400,)), entry='paths')
    yield Case('a query may have one', RULE, get(b'/{id}?%00'), accepted(), entry='paths')
    for target in (b'/{id}%0d%0a', b'/{id}%ff%fe', b'/{id}%c0%ae', b'/{id}%u002e', b'/{id}/%%32%65'):
        yield Case(f'odd {target!r}', RULE, get(target), either(), entry='paths')


def denied(status=(403, 400, 404)):
    """Neither upstream sees anything; the connection may live on."""
    return Want(('answer',), 1, status=status, copies=0, primaries=0)
