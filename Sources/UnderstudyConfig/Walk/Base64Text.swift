// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The notations of bytes: base64 in either alphabet, with or without padding.

/// Source: the JSON mapping of `bytes`, and what Envoy 1.40 accepts of it.
enum Base64Text {
    /// The standard alphabet with padding (RFC 4648 section 4); `nil` if the text is no base64.
    static func canonical(_ text: String) -> String? {
        var digits = Array(text.utf8)
        for _ in 0..<2 where digits.last == UInt8(ascii: "=") && text.utf8.count % 4 == 0 { digits.removeLast() }
        guard digits.count % 4 != 1 else { return nil }
        for index in digits.indices {
            switch digits[index] {
            case UInt8(ascii: "-"): digits[index] = UInt8(ascii: "+")
            case UInt8(ascii: "_"): digits[index] = UInt8(ascii: "/")
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): break
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"): break
            default: return nil
            }
        }
        let padding = (4 - digits.count % 4) % 4
        return String(decoding: digits, as: UTF8.self) + String(repeating: "=", count: padding)
    }
}
