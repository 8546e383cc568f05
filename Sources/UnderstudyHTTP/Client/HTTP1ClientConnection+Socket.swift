// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The way of an upstream connection to a socket, and how the request on it is counted.

internal import NIOCore
internal import UnderstudyCore

extension HTTP1ClientConnection {
    /// How far the connection is from having a socket.
    enum Stage { case waiting, connecting, connected }

    /// There is no connection for its request yet.
    func waitForConnection(_ limits: UpstreamLimits) {
        self.limits = limits
        pool.counters.pendingRequests.add()
        pool.counters.activePendingRequests.add(1)
    }

    var isRestrained: Bool { limits?.isRestrained == true }

    func rest() {
        if restingPlace == nil { restingPlace = RestingPlace(self) }
        if let restingPlace { loop.resting.append(restingPlace) }
    }

    func stopResting() {
        if let restingPlace { loop.resting.remove(restingPlace) }
    }

    func isConnecting(on transport: any Transport) {
        self.transport = transport
        stage = .connecting
        start = .now()
        pool.counters.connections.add()
        pool.counters.activeConnections.add(1)
        pool.host.connections.add()
        pool.host.activeConnections.add(1)
        pool.counters.http1Connections.add()
    }

    /// Goes on with a socket that somebody else has connected and counted.
    func adopt(_ limits: UpstreamLimits, start: NIODeadline) {
        self.limits = limits
        self.start = start
        stage = .connected
        pool.counters.http1Connections.add()
    }

    /// Counts the request that waits as one that is under way.
    ///
    /// - Returns: Whether there may be another; otherwise its waiting has ended in an overflow.
    func mayTakeOver() -> Bool {
        if let limits, attach(to: limits) { return true }
        pool.counters.activeOverflows.add()
        endWaiting()
        let handler = self.handler
        self.handler = nil
        phase = .closed
        outgoing.removeAll(loop)
        held = ByteBuffer()
        handler?.upstreamFailed(.overflow)
        return false
    }

    /// Gets the socket of another that has become free; `mayTakeOver` came before.
    func takeOver(_ other: HTTP1ClientConnection) {
        requestCount += other.requestCount
        isReused = other.isReused
        start = other.start
        transport = other.giveUpTransport()
        stage = .connected
        endWaiting()
        transport.attach(self)
        useTransport()
    }

    private func giveUpTransport() -> any Transport {
        if let restingPlace { loop.resting.forget(restingPlace) }
        phase = .closed
        loop.deadlines.clear(self)
        outgoing.removeAll(loop)
        return transport
    }

    /// Counts a request on a connection that is ready.
    ///
    /// - Returns: Whether there may be another.
    func attach(to limits: UpstreamLimits) -> Bool {
        assert(limits === self.limits, "a request was counted elsewhere than its connection")
        guard limits.requests.reserve() else { return false }
        isAttached = true
        pool.counters.requests.add()
        pool.counters.activeRequests.add(1)
        pool.host.requests.add()
        pool.host.activeRequests.add(1)
        return true
    }

    func detachRequest() {
        guard isAttached, let limits else { return }
        isAttached = false
        limits.requests.free()
        pool.counters.activeRequests.add(-1)
        pool.host.activeRequests.add(-1)
    }

    func endWaiting() {
        limits?.pending.free()
        pool.counters.activePendingRequests.add(-1)
    }

    public func transportConnected() {
        if stage == .connecting {
            pool.counters.connectTime.record(UInt64(max(0, (NIODeadline.now() - start).nanoseconds / 1_000_000)))
        }
        stage = .connected
        if transport.applicationProtocol == .http2, let slot = limits?.slot { pool.onOtherProtocol?(slot) }
        endWaiting()
        guard let limits, attach(to: limits) else { return overflow() }
        useTransport()
    }

    private func useTransport() {
        if case .connecting = phase { openRawTunnel() }
        transportWritabilityChanged()
    }

    /// It is connected, but too many requests are under way for its own.
    private func overflow() {
        pool.counters.activeOverflows.add()
        let handler = self.handler
        self.handler = nil
        outgoing.removeAll(loop)
        held = ByteBuffer()
        requestCount -= 1
        phase = .idle
        pool.release(self)
        handler?.upstreamFailed(.overflow)
    }
}
