// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The one event loop that all health checks run on, and how many may run at a time.

public import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Shared by the checkers of all clusters.
public final class ProbeLoop: Sendable {
    public let eventLoop: any EventLoop
    let gate: NIOLoopBoundBox<ProbeGate>

    /// - Parameters:
    ///   - eventLoop: Carries no traffic.
    ///   - mostProbes: Checks that run at a time; more wait for their turn.
    public init(_ eventLoop: any EventLoop, mostProbes: Int = 256) {
        self.eventLoop = eventLoop
        gate = NIOLoopBoundBox.makeBoxSendingValue(
            ProbeGate(context: LoopContext(eventLoop: eventLoop), places: mostProbes),
            eventLoop: eventLoop
        )
    }
}

/// Places for checks that run, and those that wait for one, which are no more than there are endpoints.
///
/// Loop-bound.
final class ProbeGate {
    let context: LoopContext
    private var places: Int
    private var waiting: [HealthCheckSession] = []

    init(context: LoopContext, places: Int) {
        self.context = context
        self.places = max(1, places)
    }

    /// Begins the session's check, now or when there is a place.
    func enter(_ session: HealthCheckSession) {
        guard places > 0 else { return waiting.append(session) }
        places -= 1
        session.beginProbe()
    }

    func leave() {
        places += 1
        while places > 0, !waiting.isEmpty {
            let next = waiting.removeFirst()
            guard !next.isStopped else { continue }
            places -= 1
            next.beginProbe()
        }
    }

    func forget(_ session: HealthCheckSession) {
        waiting.removeAll { $0 === session }
    }
}

@available(*, unavailable)
extension ProbeGate: Sendable {}
