// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers that every worker adds to and anyone may read.

internal import Synchronization

/// A count that only grows, until an operator sets it back.
///
/// One relaxed add per event; the handle is resolved when the configuration is.
public final class Counter: Sendable {
    private let value = Atomic<UInt64>(0)
    /// What `value` was at the last reset, so that a reset loses no add that happens meanwhile.
    private let base = Atomic<UInt64>(0)

    public init() {}

    public func add(_ amount: UInt64 = 1) {
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The count since the last reset.
    public var current: UInt64 {
        // Relaxed loads may be seen out of order, so a reset in between may show a base above the value.
        let base = base.load(ordering: .relaxed)
        let value = value.load(ordering: .relaxed)
        return value > base ? value - base : 0
    }

    /// The count since the start; no reset touches it.
    public var total: UInt64 { value.load(ordering: .relaxed) }

    /// Was ever added to, also before a reset.
    public var isUsed: Bool { total != 0 }

    /// Begins again at zero.
    ///
    /// - Source: Envoy `/reset_counters`.
    public func reset() {
        base.store(value.load(ordering: .relaxed), ordering: .relaxed)
    }
}

/// A number that goes up and down.
public final class Gauge: Sendable {
    private let value = Atomic<Int>(0)
    private let wasChanged = Atomic<Bool>(false)

    public init() {}

    /// - Returns: The value after the change.
    @discardableResult
    public func add(_ amount: Int) -> Int {
        markUsed()
        return value.wrappingAdd(amount, ordering: .relaxed).newValue
    }

    public func set(_ number: Int) {
        markUsed()
        value.store(number, ordering: .relaxed)
    }

    public var current: Int { value.load(ordering: .relaxed) }

    /// Was ever changed, also if it is zero again.
    public var isUsed: Bool { wasChanged.load(ordering: .relaxed) }

    private func markUsed() {
        // A load of a shared cache line costs less than a store to it.
        if !wasChanged.load(ordering: .relaxed) { wasChanged.store(true, ordering: .relaxed) }
    }
}
