// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One log line before it has a form.

internal import Logging

struct LogRecord {
    var level: Logger.Level
    var component: String
    /// Without line breaks and other control characters, which could pretend to be lines of ours.
    var message: String
    /// Sorted by key, and as clean.
    var metadata: [(key: String, value: String)] = []
    /// `Module/File.swift`.
    var file: String
    var line: UInt
    var function: String
    var thread: UInt64
    var process: Int32
    /// Nanoseconds since 1970.
    var time: Int64

    /// `message key=value`.
    var text: String {
        metadata.reduce(message) { $0 + " \($1.key)=\($1.value)" }
    }

    /// Control characters as `\\n`, `\\t`, `\\r` or `\\u0000`.
    static func clean(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isHarmful(scalar):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Controls of ASCII and Latin-1, the two line separators, and what turns the direction of writing.
    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
