// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Shares of requests that may be changed while traffic flows.

/// Source: Envoy `RuntimeFractionalPercent`.
public struct RuntimeFraction: Sendable, Equatable {
    public var fraction: Fraction
    /// The runtime key whose value replaces the fraction; empty for none.
    public var key: String

    public static let always = RuntimeFraction(.always)

    public init(_ fraction: Fraction, key: String = "") {
        self.fraction = fraction
        self.key = key
    }

    /// Whether a request that drew `random` is part of the share.
    public func includes(_ random: UInt64, _ runtime: RuntimeSnapshot) -> Bool {
        guard !key.isEmpty, let fraction = runtime.fraction(key) else { return fraction.includes(random) }
        return fraction.includes(random)
    }
}
