// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A number under its whole name.

/// One counter under Envoy's hierarchical name, for tests and small lists.
package struct Statistic: Sendable, Equatable {
    package let name: String
    package let value: UInt64

    package init(_ name: String, _ value: UInt64) {
        self.name = name
        self.value = value
    }
}
