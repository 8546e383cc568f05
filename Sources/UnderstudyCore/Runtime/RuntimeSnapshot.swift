// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The runtime as every request sees it: one value per key, whatever layer it comes from.

/// Values that are looked up by key; immutable, replaced as a whole when any changes.
///
/// - Source: Envoy `LayeredRuntime`.
package struct RuntimeSnapshot: Sendable, Equatable {
    private var values: [String: RuntimeValue]

    package static let empty = RuntimeSnapshot([:])

    package init(_ values: [String: RuntimeValue]) {
        self.values = values
    }

    package subscript(key: String) -> RuntimeValue? { values[key] }

    package var count: Int { values.count }

    /// The share under this key; `nil` if there is none, or it is none.
    ///
    /// - Source: Envoy `Snapshot.featureEnabled`: an integer is a percentage, above 100 means always.
    package func fraction(_ key: String) -> Fraction? {
        guard let value = values[key] else { return nil }
        if let fraction = value.fraction { return fraction }
        guard let number = value.integer else { return nil }
        return Fraction(numerator: UInt32(min(number, 100)), denominator: 100)
    }

    /// The whole number under this key.
    package func integer(_ key: String) -> UInt64? { values[key]?.integer }
}

/// One value in all the guises that it may be asked for in.
package struct RuntimeValue: Sendable, Equatable {
    /// As the admin server shows it.
    package var text: String
    package var integer: UInt64?
    package var fraction: Fraction?
    package var bool: Bool?

    package init(text: String, integer: UInt64? = nil, fraction: Fraction? = nil, bool: Bool? = nil) {
        self.text = text
        self.integer = integer
        self.fraction = fraction
        self.bool = bool
    }
}
