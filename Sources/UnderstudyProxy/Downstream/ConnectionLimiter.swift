// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The network filter that refuses connections beyond a number.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Under `connection_limit.<stat_prefix>.`; filters with the same prefix share it.
final class ConnectionLimitStatistics: Sendable {
    let limited = Counter()
    let active = Gauge()

    func scope(_ prefix: String) -> StatisticsScope {
        var scope = StatisticsScope(.connectionLimit(prefix))
        scope.counter("limited_connections", limited)
        scope.gauge("active_connections", active)
        return scope
    }
}

/// One filter of one listener.
struct ConnectionLimiter: Sendable {
    let limit: ConnectionLimit
    let statistics: ConnectionLimitStatistics
    /// Goes on through reloads.
    let open: Gauge

    enum Entry {
        case counted
        case refused
        /// The filter is switched off.
        case ignored
    }

    func enter(_ runtime: RuntimeSnapshot) -> Entry {
        guard limit.isEnabled.isOn(runtime) else { return .ignored }
        guard open.adding(1) <= Int(clamping: limit.maximum) else {
            open.add(-1)
            statistics.limited.add()
            return .refused
        }
        statistics.active.add(1)
        return .counted
    }

    /// Of a connection that was counted.
    func leave() {
        open.add(-1)
        statistics.active.add(-1)
    }
}

/// A connection beyond a limit: nothing is read from it, and after the delay it is closed.
///
/// Loop-bound.
final class RefusedClient: TransportUser, Timed {
    var deadlineSlot = -1
    private let transport: any ClientTransport
    private let link: ClientLink
    private let loop: LoopContext
    private let start = NIODeadline.now()

    init(_ transport: any ClientTransport, link: ClientLink, delay: TimeAmount, loop: LoopContext) {
        self.transport = transport
        self.link = link
        self.loop = loop
        link.refusedOpened()
        if delay > .zero { loop.deadlines.set(self, after: delay) } else { close() }
    }

    func deadlinePassed() { close() }

    private func close() {
        finish(byPeer: false)
        transport.close()
    }

    private func finish(byPeer: Bool) {
        loop.deadlines.clear(self)
        link.refusedClosed(age: UInt64(max(0, (NIODeadline.now() - start).nanoseconds / 1_000_000)), byPeer: byPeer)
    }

    func transportConnected() { transport.setReading(false) }
    func transportReceived(_ bytes: ByteBuffer) {}
    func transportWritabilityChanged() {}
    func transportClosed(_ reason: TransportEnd) { finish(byPeer: true) }
}

@available(*, unavailable)
extension RefusedClient: Sendable {}
