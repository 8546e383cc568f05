// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A number as the admin server shows it.

/// One counter or gauge under Envoy's hierarchical name.
package struct Statistic: Sendable, Equatable {
    package let name: String
    package let value: UInt64

    package init(_ name: String, _ value: UInt64) {
        self.name = name
        self.value = value
    }
}

/// Whoever has numbers to show.
package protocol StatisticsSource: Sendable {
    /// All numbers as they are now, in no particular order.
    func statistics() -> [Statistic]
    /// The proxy takes new requests.
    var isReady: Bool { get }
}
