// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A number under its whole name.

/// One counter under Envoy's hierarchical name, for tests and small lists.
public struct Statistic: Sendable, Equatable {
    public let name: String
    public let value: UInt64

    public init(_ name: String, _ value: UInt64) {
        self.name = name
        self.value = value
    }
}
