// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whether clients are asked to go, for all workers.

public import NIOCore
internal import Synchronization
internal import UnderstudyCore

/// How many answers say `connection: close` while listeners are drained.
///
/// - Source: Envoy `--drain-strategy`.
public enum DrainStrategy: Sendable {
    /// Few at first, all once the drain time is over.
    case gradual
    case immediate
}

public final class DrainControl: Sendable {
    private let isFailing = Atomic(false)
    private let scope = Atomic<UInt8>(0)
    /// On the monotonic clock, in nanoseconds.
    private let start = Atomic<UInt64>(0)
    private let duration: UInt64
    private let strategy: DrainStrategy

    private static let inbound: UInt8 = 1
    private static let all: UInt8 = 2

    public init(_ strategy: DrainStrategy = .gradual, duration: TimeAmount = .seconds(600)) {
        self.strategy = strategy
        self.duration = UInt64(max(0, duration.nanoseconds))
    }

    /// `/healthcheck/fail` was called.
    public var isHealthCheckFailing: Bool { isFailing.load(ordering: .relaxed) }

    public func failHealthChecks(_ isFailing: Bool) {
        self.isFailing.store(isFailing, ordering: .relaxed)
    }

    /// Listeners are being drained.
    public var isDraining: Bool { scope.load(ordering: .relaxed) != 0 }

    func beginDrain(onlyInbound: Bool) {
        start.store(NIODeadline.now().uptimeNanoseconds, ordering: .relaxed)
        scope.store(onlyInbound ? Self.inbound : Self.all, ordering: .releasing)
    }

    /// An answer may end its connection.
    var mayEnd: Bool { isHealthCheckFailing || isDraining }

    /// Whether an answer to a client of this listener ends its connection.
    ///
    /// - Parameter random: Asked only while listeners are being drained little by little.
    func ends(_ listener: SharedListener, random: () -> UInt64) -> Bool {
        if isFailing.load(ordering: .relaxed), listener.configuration.drainsOnHealthFailure { return true }
        let scope = scope.load(ordering: .acquiring)
        guard scope != 0, scope == Self.all || listener.configuration.isInbound else { return false }
        guard strategy == .gradual, duration > 0 else { return true }
        // Another drain may begin at this very moment.
        let (now, start) = (NIODeadline.now().uptimeNanoseconds, start.load(ordering: .relaxed))
        let elapsed = now > start ? now - start : 0
        return elapsed >= duration || random() % duration < elapsed
    }
}
