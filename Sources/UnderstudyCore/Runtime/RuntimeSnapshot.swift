// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The runtime as every request sees it: one value per key, whatever layer it comes from.

/// Values that are looked up by key; immutable, replaced as a whole when any changes.
///
/// - Source: Envoy `LayeredRuntime`.
public struct RuntimeSnapshot: Sendable, Equatable {
    private var values: [String: RuntimeValue]

    public static let empty = RuntimeSnapshot([:])

    public init(_ values: [String: RuntimeValue]) {
        self.values = values
    }

    public subscript(key: String) -> RuntimeValue? { values[key] }

    public var count: Int { values.count }

    /// The share under this key; `nil` if there is none, or it is none.
    ///
    /// - Source: Envoy `Snapshot.featureEnabled`: an integer is a percentage, above 100 means always.
    public func fraction(_ key: String) -> Fraction? {
        guard let value = values[key] else { return nil }
        if let fraction = value.fraction { return fraction }
        guard let number = value.integer else { return nil }
        return Fraction(numerator: UInt32(min(number, 100)), denominator: 100)
    }

    /// The whole number under this key.
    public func integer(_ key: String) -> UInt64? { values[key]?.integer }
}

/// One value in all the guises that it may be asked for in.
public struct RuntimeValue: Sendable, Equatable {
    /// As the admin server shows it.
    public var text: String
    public var integer: UInt64?
    public var fraction: Fraction?
    public var bool: Bool?

    public init(text: String, integer: UInt64? = nil, fraction: Fraction? = nil, bool: Bool? = nil) {
        self.text = text
        self.integer = integer
        self.fraction = fraction
        self.bool = bool
    }
}
