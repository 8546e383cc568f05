// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Runtime values as a configuration file nests them, and how they become a flat list of keys.

/// A value of a static layer as the file has it.
///
/// - Source: `google.protobuf.Value`, the type of `RuntimeLayer.static_layer`.
public indirect enum RuntimeTree: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case list
    case object([String: RuntimeTree])
}

/// A change or a layer that the runtime refuses.
public struct RuntimeFault: Error, Equatable {
    /// Envoy's own wording.
    public let message: String

    public init(_ message: String) {
        self.message = message
    }
}

extension RuntimeValue {
    /// The values of a static layer under their full keys: the names on the way to them with dots between.
    ///
    /// An object with a `numerator` or a `denominator`, or with nothing, is a value itself.
    ///
    /// - Throws: For lists and nulls, as Envoy does.
    public static func flatten(_ fields: [String: RuntimeTree]) throws(RuntimeFault) -> [String: RuntimeValue] {
        var values: [String: RuntimeValue] = [:]
        // In order, so that it is always the same of two equal keys that wins.
        for name in fields.keys.sorted() {
            if let tree = fields[name] { try add(tree, name, to: &values) }
        }
        return values
    }

    private static func add(
        _ tree: RuntimeTree,
        _ key: String,
        to values: inout [String: RuntimeValue]
    ) throws(RuntimeFault) {
        switch tree {
        case .null, .list: throw RuntimeFault("Invalid runtime entry value for \(key)")
        case .bool(let bool): values[key] = RuntimeValue(text: bool ? "true" : "false", bool: bool)
        case .number(let number): values[key] = RuntimeValue(number, text: SixDigits.text(number))
        case .string(let text): values[key] = RuntimeValue(plain: text)
        case .object(let fields):
            if fields.isEmpty || fields["numerator"] != nil || fields["denominator"] != nil {
                values[key] = RuntimeValue(fields)
                return
            }
            for name in fields.keys.sorted() {
                if let tree = fields[name] { try add(tree, "\(key).\(name)", to: &values) }
            }
        }
    }

    private init(_ fields: [String: RuntimeTree]) {
        self.init(text: RuntimeJSON.text(.object(fields)), fraction: Fraction(fields))
    }
}

extension Fraction {
    /// The share that an object describes, or `nil` if that is no share.
    ///
    /// - Source: measured on Envoy 1.40, where a numerator that is no number counts as 0, one below 0 as always, and
    ///   an unknown field or denominator makes the whole object mean nothing.
    init?(_ fields: [String: RuntimeTree]) {
        var fraction = Fraction(numerator: 0, denominator: 100)
        for (name, value) in fields {
            switch (name, value) {
            case ("numerator", .number(let number)):
                fraction.numerator = number < 0 ? .max : UInt32(exactly: number.rounded(.down)) ?? .max
            case ("numerator", _): break
            case ("denominator", .string("HUNDRED")): fraction.denominator = 100
            case ("denominator", .string("TEN_THOUSAND")): fraction.denominator = 10_000
            case ("denominator", .string("MILLION")): fraction.denominator = 1_000_000
            default: return nil
            }
        }
        self = fraction
    }
}
