# SPDX-License-Identifier: Apache-2.0
"""How a connection begins (RFC 9113 section 3.4)."""
from http2.case import Case, Until, answered, closed, connection_error, lives, seen
from http2.frames import (ACK, FRAME_SIZE_ERROR, PREFACE, PROTOCOL_ERROR, SETTINGS, SETTINGS_ACK, frame, headers,
                          ping, settings)

RULE = 'RFC 9113 section 3.4'
GREETED = Until('SETTINGS of the server', lambda trace: trace.settings is not None)

# What is no preface, and no request of HTTP/1.1 either.
BAD = [
    b'INVALID CONNECTION PREFACE\r\n\r\n', PREFACE[:14] + b'\r\n\r\nXX\r\n\r\n' + settings(),
    PREFACE.replace(b'2.0', b'2.1') + settings(), PREFACE.replace(b'*', b'/') + settings(),
    b'PRI * HTTP/2.0\r\n\r\nSM\r\n\rX' + settings(), b'pri * HTTP/2.0\r\n\r\nSM\r\n\r\n' + settings(),
    b'PRI * HTTP/2.0\r\n\r\n\r\n\r\n\r\n' + settings(), b'PRI  * HTTP/2.0\r\n\r\nSM\r\n\r\n' + settings(),
    b'\x16\x03\x01\x00\x40' + b'hello' * 13, b'\0' * 24, settings() * 4, b'\n' + PREFACE + settings(),
]


def cases(ask):
    yield Case('SETTINGS is the first frame of a server', RULE, [PREFACE + settings((4, 65535))],
               seen('SETTINGS first', lambda trace: trace.frames and trace.frames[0].kind == SETTINGS
                    and not trace.frames[0].flags & ACK), greet=False)
    yield Case('empty SETTINGS will do', RULE, [PREFACE + settings(), GREETED], lives(), greet=False)
    yield Case('a request need not wait for SETTINGS', RULE, [PREFACE + settings() + headers(1, ask.get())],
               answered(1), greet=False)
    yield Case('a preface byte by byte', RULE,
               [*(bytes([byte]) for byte in PREFACE + settings()), headers(1, ask.get())], answered(1), greet=False)
    for text in BAD:
        yield Case(f'no preface: {text[:32]!r}', RULE, [text], closed(), greet=False)
    for name, first in (('PING', ping()), ('HEADERS', headers(1, ask.get())),
                        ('an acknowledgement', SETTINGS_ACK),
                        ('a frame of unknown kind', frame(0x16, 0, 0, b'12345678'))):
        yield Case(f'{name} instead of SETTINGS', RULE, [PREFACE + first], connection_error(PROTOCOL_ERROR),
                   greet=False)
    yield Case('SETTINGS of a bad length first', RULE, [PREFACE + frame(SETTINGS, 0, 0, b'123')],
               connection_error(FRAME_SIZE_ERROR, silent=True), greet=False)
    yield Case('SETTINGS on a stream first', RULE, [PREFACE + frame(SETTINGS, 0, 1)],
               connection_error(PROTOCOL_ERROR, silent=True), greet=False)
    yield Case('SETTINGS that never arrive in full', RULE,
               [PREFACE + frame(SETTINGS, 0, 0, b'', length=1 << 20)], connection_error(FRAME_SIZE_ERROR, silent=True),
               greet=False)
    yield Case('a second preface', RULE, [PREFACE], connection_error(PROTOCOL_ERROR, FRAME_SIZE_ERROR))
