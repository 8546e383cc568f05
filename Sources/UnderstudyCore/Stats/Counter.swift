// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers that every worker adds to and anyone may read.

public import Synchronization

/// A count that only grows, until an operator sets it back.
///
/// One relaxed add per event, inlined wherever it is called; the handle is resolved when the configuration is.
public final class Counter: Sendable {
    @usableFromInline let value = Atomic<UInt64>(0)
    /// What `value` was at the last reset, so that a reset loses no add that happens meanwhile.
    private let base = Atomic<UInt64>(0)

    public init() {}

    @inlinable
    @inline(__always)
    public func add() { add(1) }

    @inlinable
    @inline(__always)
    public func add(_ amount: UInt64) {
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
///
/// One relaxed add per event, as of a counter: what is added and what is taken away are counted apart, which also tells
/// whether it was ever used.
public final class Gauge: Sendable {
    @usableFromInline let added = Atomic<Int>(0)
    @usableFromInline let taken = Atomic<Int>(0)

    public init() {}

    /// - Parameter amount: Negative for what is taken away.
    @inlinable
    @inline(__always)
    public func add(_ amount: Int) {
        if amount < 0 {
            taken.wrappingSubtract(amount, ordering: .releasing)
        } else {
            added.wrappingAdd(amount, ordering: .relaxed)
        }
    }

    /// The same, for a number that is held against a limit.
    ///
    /// - Returns: The value after the change, or more if something is taken away at this very moment: a limit never
    ///   lets in too many.
    public func adding(_ amount: Int) -> Int {
        if amount < 0 {
            let taken = taken.wrappingSubtract(amount, ordering: .releasing).newValue
            return added.load(ordering: .relaxed) &- taken
        }
        // What others take from here on does not count: some of them have only added before, and were refused.
        let taken = taken.load(ordering: .acquiring)
        return added.wrappingAdd(amount, ordering: .relaxed).newValue &- taken
    }

    /// Changes it to a number; not while others do.
    public func set(_ number: Int) {
        add(number - current)
    }

    /// What was taken is looked at first, so that what others do meanwhile never makes it look less than nothing.
    public var current: Int {
        let taken = taken.load(ordering: .acquiring)
        return added.load(ordering: .relaxed) &- taken
    }

    /// Was ever changed, also if it is zero again.
    public var isUsed: Bool { added.load(ordering: .relaxed) != 0 || taken.load(ordering: .relaxed) != 0 }
}
