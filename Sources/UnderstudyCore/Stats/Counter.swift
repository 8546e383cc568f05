// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers that every worker adds to and anyone may read.

internal import Synchronization

/// A count that only grows.
///
/// One relaxed add per event; the handle is resolved when the configuration is.
package final class Counter: Sendable {
    private let value = Atomic<UInt64>(0)

    package init() {}

    package func add(_ amount: UInt64 = 1) {
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    package var current: UInt64 { value.load(ordering: .relaxed) }
}

/// A number that goes up and down.
package final class Gauge: Sendable {
    private let value = Atomic<Int>(0)

    package init() {}

    /// - Returns: The value after the change.
    @discardableResult
    package func add(_ amount: Int) -> Int {
        value.wrappingAdd(amount, ordering: .relaxed).newValue
    }

    package var current: Int { value.load(ordering: .relaxed) }
}
