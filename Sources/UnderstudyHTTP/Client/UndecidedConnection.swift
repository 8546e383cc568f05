// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A connection to an upstream that has still to say what it speaks.

internal import NIOCore
internal import UnderstudyCore

/// Loop-bound.
final class UndecidedConnection: OutgoingConnection {
    let limits: UpstreamLimits
    let isPatient: Bool
    private let pool: AutomaticPool
    private var transport: any Transport = WaitingTransport()
    private var start = NIODeadline.now()

    init(_ pool: AutomaticPool, _ limits: UpstreamLimits, isPatient: Bool) {
        self.pool = pool
        self.limits = limits
        self.isPatient = isPatient
    }

    var isRestrained: Bool { limits.isRestrained }

    func isConnecting(on transport: any Transport) {
        self.transport = transport
        start = .now()
        pool.counters.connections.add()
        pool.counters.activeConnections.add(1)
        pool.host.connections.add()
        pool.host.activeConnections.add(1)
    }

    func transportConnected() {
        pool.counters.connectTime.record(UInt64(max(0, (NIODeadline.now() - start).nanoseconds / 1_000_000)))
        pool.decided(self, transport, start: start)
    }

    func transportReceived(_ bytes: ByteBuffer) {}

    func transportWritabilityChanged() {}

    func transportClosed(_ reason: TransportEnd) {
        let timedOut = reason == .connectTimedOut
        pool.counters.connectFailures.add()
        pool.host.connectFailures.add()
        if timedOut { pool.counters.connectTimeouts.add() }
        pool.counters.activeConnections.add(-1)
        pool.host.activeConnections.add(-1)
        pool.counters.destroyed.add()
        pool.counters.destroyedRemotely.add()
        pool.failed(self, timedOut ? .connectTimeout : .connectFailure, error: transport.connectError)
    }
}

@available(*, unavailable)
extension UndecidedConnection: Sendable {}
