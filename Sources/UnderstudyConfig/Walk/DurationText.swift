// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The one notation of durations: decimal seconds with an `s`.

/// A duration as a file writes it, such as `0.25s` or `-1s`.
///
/// - Source: the JSON mapping of `google.protobuf.Duration`.
struct DurationText {
    let isNegative: Bool
    let seconds: Int64
    let nanoseconds: Int64

    /// Envoy refuses this many seconds and more, because it counts nanoseconds in 64 bits.
    static let limit: Int64 = 9_223_372_036

    /// `nil` unless the text is digits, at most nine digits after a point, and an `s`.
    init?(_ text: String) {
        var digits = text[...]
        let hasSign = digits.first == "-"
        if hasSign { digits.removeFirst() }
        guard digits.popLast() == "s" else { return nil }
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, Self.areDigits(whole) else { return nil }
        var fraction: Int64 = 0
        if parts.count == 2 {
            guard Self.areDigits(parts[1]), parts[1].utf8.count <= 9 else { return nil }
            let padded = parts[1] + String(repeating: "0", count: 9 - parts[1].utf8.count)
            fraction = Int64(padded) ?? 0
        }
        seconds = Int64(whole) ?? .max
        nanoseconds = fraction
        isNegative = hasSign && (seconds != 0 || nanoseconds != 0)
    }

    private static func areDigits(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
