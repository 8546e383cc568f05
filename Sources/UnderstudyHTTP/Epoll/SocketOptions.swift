// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a socket is asked for before it is used.

#if os(Linux)
internal import NIOCore
internal import UnderstudyCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// Of a connection to an upstream.
struct SocketOptions {
    var connectTimeout: TimeAmount
    var keepalive: TCPKeepalive?
    /// Bytes that the system may keep in either direction; `nil` for what it thinks right.
    var systemBuffer: CInt?

    func apply(to descriptor: CInt) {
        Self.sendAtOnce(descriptor)
        if let systemBuffer {
            SystemSocket.set(descriptor, SOL_SOCKET, SO_SNDBUF, systemBuffer)
            SystemSocket.set(descriptor, SOL_SOCKET, SO_RCVBUF, systemBuffer)
        }
        if let keepalive { Self.apply(keepalive, to: descriptor) }
    }

    /// Small pieces leave without waiting for more.
    static func sendAtOnce(_ descriptor: CInt) {
        SystemSocket.set(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    private static func apply(_ keepalive: TCPKeepalive, to descriptor: CInt) {
        SystemSocket.set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        let names = [TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL]
        for (name, value) in zip(names, [keepalive.probes, keepalive.time, keepalive.interval]) {
            guard let value else { continue }
            SystemSocket.set(descriptor, CInt(IPPROTO_TCP), name, CInt(clamping: value))
        }
    }
}
#endif
