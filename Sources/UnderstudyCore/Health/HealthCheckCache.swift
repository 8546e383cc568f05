// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The last answer to a health check, remembered for a while.

internal import Synchronization

/// One answer, shared by all workers.
///
/// Time is cut into spans of the lifetime, and an answer counts to the end of its span: so Envoy's timer has it.
public final class HealthCheckCache: Sendable {
    public struct Answer: Sendable, Equatable {
        public var status: Int
        public var isDegraded: Bool

        public init(status: Int, isDegraded: Bool) {
            self.status = status
            self.isDegraded = isDegraded
        }
    }

    private let lifetime: Int64
    private let start: Int64
    /// Span and one (48 bits), degraded (1 bit), status (10 bits).
    private let state = Atomic<UInt64>(0)

    /// - Parameter now: In nanoseconds.
    public init(lifetime: Duration, now: Int64) {
        // Envoy counts whole milliseconds.
        // Safe: cut to what 64 bits hold, some 300 years.
        self.lifetime = Int64(max(1, min(lifetime.milliseconds, 9_000_000_000_000))) * 1_000_000
        start = now
    }

    public func answer(now: Int64) -> Answer? {
        let packed = state.load(ordering: .relaxed)
        guard packed >> 16 == span(now) else { return nil }
        return Answer(status: Int(packed & 0x3FF), isDegraded: packed & 0x400 != 0)
    }

    public func store(status: Int, isDegraded: Bool, now: Int64) {
        let packed = span(now) << 16 | (isDegraded ? 0x400 : 0) | UInt64(status & 0x3FF)
        state.store(packed, ordering: .relaxed)
    }

    private func span(_ now: Int64) -> UInt64 {
        (UInt64(max(0, now - start) / lifetime) + 1) & 0xFFFF_FFFF_FFFF
    }
}
