// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Parameters as they stand in a URL or in a form.

/// Names and values in order, decoded; of several with one name the first.
///
/// - Source: measured on Envoy 1.40: a percent sign that begins no byte stays, and so does a plus.
struct QueryParameters: Sendable, Equatable {
    private(set) var all: [Parameter] = []

    struct Parameter: Sendable, Equatable {
        var name: String
        var value: String
    }

    init(_ text: String) {
        var names: Set<String> = []
        for part in text.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.decoded(pair[0])
            guard names.insert(name).inserted else { continue }
            all.append(Parameter(name: name, value: pair.count > 1 ? Self.decoded(pair[1]) : ""))
        }
    }

    subscript(name: String) -> String? {
        all.first { $0.name == name }?.value
    }

    func has(_ name: String) -> Bool {
        all.contains { $0.name == name }
    }

    /// Without percent signs that begin a byte.
    static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, let high = digit(rest.first), let low = digit(rest.dropFirst().first) {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8?) -> UInt8? {
        switch byte {
        case .some(let byte) where (0x30...0x39).contains(byte): byte - 0x30
        case .some(let byte) where (0x41...0x46).contains(byte): byte - 0x37
        case .some(let byte) where (0x61...0x66).contains(byte): byte - 0x57
        default: nil
        }
    }
}
