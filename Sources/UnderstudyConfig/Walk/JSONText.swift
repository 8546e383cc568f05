// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proto3 JSON that the walker hands to the protocol buffer parser, written once from front to back.

/// JSON in the making.
struct JSONText {
    private(set) var bytes: [UInt8] = []

    var count: Int { bytes.count }

    mutating func append(_ raw: String) {
        bytes.append(contentsOf: raw.utf8)
    }

    /// Appends text as a JSON string (RFC 8259 section 7).
    mutating func append(quoting text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                append(byte < 0x10 ? "\\u000" : "\\u00")
                append(String(byte, radix: 16))
            default:
                bytes.append(byte)
            }
        }
        append("\"")
    }

    /// Takes back everything after the first `count` bytes: the field just begun turned out to be faulty.
    mutating func truncate(to count: Int) {
        bytes.removeSubrange(count...)
    }
}
