// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bytes and times of certificates as text.

internal import UnderstudyCore

enum TLSText {
    private static let digits = Array("0123456789abcdef".utf8)

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    /// `2026-11-29T16:29:27Z`.
    static func time(_ seconds: Int64) -> String {
        guard seconds >= 0 else { return "a time before 1970" }
        let time = HTTPDate.components(secondsSince1970: Int(seconds))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(time.year)-\(two(time.month))-\(two(time.day))T"
            + "\(two(time.hour)):\(two(time.minute)):\(two(time.second))Z"
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let lineLength = 64

    /// A certificate in PEM with a line feed behind each line.
    ///
    /// - Source: RFC 7468 section 5.
    static func pem(_ der: [UInt8]) -> [UInt8] {
        var text = Array("-----BEGIN CERTIFICATE-----\n".utf8)
        var column = 0
        for letter in base64(der) {
            text.append(letter)
            column += 1
            if column == lineLength {
                text.append(0x0A)
                column = 0
            }
        }
        if column > 0 { text.append(0x0A) }
        text.append(contentsOf: "-----END CERTIFICATE-----\n".utf8)
        return text
    }

    /// - Source: RFC 4648 section 4.
    private static func base64(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for index in 0..<3 { group = group << 8 | UInt32(index < count ? bytes[start + index] : 0) }
            for index in 0..<4 {
                let letter = Int(group >> UInt32(18 - 6 * index)) & 63
                text.append(index <= count ? alphabet[letter] : 0x3D)
            }
        }
        return text
    }
}
